"""What is wanted of pixel maps, and the rules that this becomes for an annotation file."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable
from dataclasses import dataclass

from augcli.data import AnnotationHead, Dataset
from augcli.errors import DatasetError
from augcli.labels.label_maps.draw import DrawRules, Kind, Overlaps
from augcli.labels.label_maps.label_spaces import LabelSpace, SpaceName, has_coco_stuff, space_of
from augcli.labels.validate import categories_of
from augcli.text import nfc

MAPS = "pixelmaps"  # the folder of an output
MAP_SUFFIX = ".png"
_DEEP = 255  # more instances than this need 16 bits


@dataclass(frozen=True)
class LabelMapOptions:
    """What is asked for; None stands for what depends on the annotation file.

    `space` is `json` then. `overlaps` is `error` for a file with COCO's stuff classes, as in the reference
    implementation, else `smallest-on-top`. Crowds are drawn of panoptic files only.
    """

    kind: Kind = "semantic"
    space: SpaceName | None = None
    overlaps: Overlaps | None = None
    with_crowds: bool | None = None


def labelled_files(dataset: Dataset) -> dict[str, AnnotationHead]:
    """The annotation files that have categories, and annotations of some picture."""
    return {
        file: head
        for file, head in dataset.annotation_files.items()
        if head.categories and any(item.annotations.get(file) for item in dataset.items)
    }


def rules_of(head: AnnotationHead, wishes: LabelMapOptions) -> DrawRules:
    """How a file's annotations become labels. Raises DatasetError where they cannot."""
    where = head.path.name
    if not head.categories:
        hint = "give a file of instances, stuff or panoptic segments"
        raise DatasetError("has no categories, and so no labels", where=where, hint=hint)
    is_panoptic = head.kind == "panoptic"
    is_stuff = has_coco_stuff(head.categories) and not is_panoptic
    return DrawRules(
        kind=wishes.kind,
        space=_space(head, wishes),
        overlaps=wishes.overlaps or ("error" if is_stuff else "smallest-on-top"),
        with_crowds=is_panoptic if wishes.with_crowds is None else wishes.with_crowds,
        categories=categories_of(head.categories),
    )


def _space(head: AnnotationHead, wishes: LabelMapOptions) -> LabelSpace:
    if wishes.kind != "semantic":
        return LabelSpace(wishes.kind, 0, {})
    return space_of(wishes.space or "json", head.categories, where=head.path.name)


def is_deep(head: AnnotationHead, rules: DrawRules, pictures: Iterable[tuple[bytes, ...]]) -> bool:
    """Whether the maps need 16 bits, by the texts of each picture's annotations; all maps have as many."""
    if rules.kind == "semantic":
        return rules.space.is_deep
    return any(_at_most(texts, head) > _DEEP for texts in pictures)


def _at_most(texts: tuple[bytes, ...], head: AnnotationHead) -> int:
    """A picture has at most this many instances."""
    return len(texts) if head.kind == "objects" else sum(text.count(b'"category_id"') for text in texts)


def maps_folder(head: AnnotationHead) -> str:
    """The folder of an output that has the maps of an annotation file."""
    return posixpath.join(MAPS, posixpath.splitext(head.written.removeprefix("annotations/"))[0])


def map_path(head: AnnotationHead, image: str) -> str:
    """Where the map of a picture is that lies at `image`; both relative to the output."""
    return posixpath.join(maps_folder(head), map_name(posixpath.relpath(image, head.image_root or ".")))


def map_name(file_name: str) -> str:
    """What a map is called: as its picture, with another suffix."""
    return posixpath.splitext(nfc(file_name))[0] + MAP_SUFFIX
