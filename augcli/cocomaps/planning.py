"""What will be made of an annotation file: rules, names, and whether there is room for them."""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from augcli.annotations.segments import categories_of
from augcli.codec import MAX_PIXELS
from augcli.errors import DatasetError, OutputError, printable
from augcli.formats.coco.entries import ImageEntry
from augcli.formats.coco.files import AnnotationFile
from augcli.formats.reading import count
from augcli.formats.walk import nfc
from augcli.pixelmaps.drawing import Kind, Overlaps, Rules
from augcli.pixelmaps.labels import LABELS
from augcli.pixelmaps.spaces import Space, SpaceName, has_coco_stuff, space_of

MAP_SUFFIX = ".png"


@dataclass(frozen=True)
class Wishes:
    """What is asked for; None stands for what depends on the annotation file.

    `space` is `json` then. `overlaps` is `error` for a file with COCO's stuff classes, as in the reference
    implementation, else `smallest-on-top`. Crowds are drawn of panoptic files only. `segments` is the folder
    of a panoptic file's PNGs: the one of its name beside it.
    """

    kind: Kind = "semantic"
    space: SpaceName | None = None
    overlaps: Overlaps | None = None
    with_crowds: bool | None = None
    segments: Path | None = None
    max_pixels: int = MAX_PIXELS
    overwrite: bool = False


def rules_of(file: AnnotationFile, wishes: Wishes) -> Rules:
    """How this file's annotations become labels. Raises DatasetError where they cannot."""
    if not file.categories:
        mend = "give a file of instances, stuff or panoptic segments"
        raise DatasetError("has no categories, and so no labels", where=file.name, mend=mend)
    is_panoptic = file.kind == "panoptic"
    is_stuff = has_coco_stuff(file.categories) and not is_panoptic
    return Rules(
        kind=wishes.kind,
        space=_space(file, wishes),
        overlaps=wishes.overlaps or ("error" if is_stuff else "smallest-on-top"),
        with_crowds=is_panoptic if wishes.with_crowds is None else wishes.with_crowds,
        categories=categories_of(file.categories),
    )


def _space(file: AnnotationFile, wishes: Wishes) -> Space:
    if wishes.kind != "semantic":
        return Space(wishes.kind, 0, {})
    return space_of(wishes.space or "json", file.categories, where=file.name)


def segments_folder(file: AnnotationFile, wishes: Wishes) -> Path | None:
    """Where a panoptic file's PNGs are; None for other files. Raises DatasetError where there is none."""
    if file.kind != "panoptic":
        if wishes.segments is not None:
            mend = "leave --segments out"
            raise DatasetError(
                "is no panoptic file, and so has no PNGs of segments", where=file.name, mend=mend
            )
        return None
    folder = wishes.segments or file.head.path.with_suffix("")
    if not folder.is_dir():
        mend = "name the folder of the panoptic PNGs with --segments"
        raise DatasetError("no such folder", where=str(folder), mend=mend)
    return folder


def is_deep(file: AnnotationFile, rules: Rules) -> bool:
    """Whether the maps need 16 bits; all maps of a folder have as many."""
    if rules.kind == "semantic":
        return rules.space.is_deep
    return any(_at_most(file.annotations_of(image.id), file) > 255 for image in file.images)


def _at_most(texts: tuple[bytes, ...], file: AnnotationFile) -> int:
    """A picture has at most this many instances."""
    return len(texts) if file.kind == "objects" else sum(text.count(b'"category_id"') for text in texts)


def map_name(image: ImageEntry) -> str:
    """The name of an image's map: that of the image with another suffix."""
    return posixpath.splitext(nfc(image.file_name))[0] + MAP_SUFFIX


def shared_names(images: Iterable[ImageEntry]) -> Iterator[tuple[ImageEntry, ImageEntry]]:
    """Each image whose map would have the name of another one's before it, with that one."""
    before: dict[str, ImageEntry] = {}
    for image in images:
        other = before.setdefault(map_name(image).casefold(), image)
        if other is not image:
            yield image, other


def check_dest(dest: Path, names: Collection[str], described: bytes, *, overwrite: bool) -> None:
    """Raise OutputError where a map would lie outside of the folder, or over a file.

    Maps that the same command made of the same annotations are made again: that ends an interrupted run.
    """
    if dest.exists() and not dest.is_dir():
        raise OutputError("is a file", where=str(dest), mend="name a folder")
    root = dest.resolve()
    for folder in sorted({posixpath.dirname(name) for name in names}):
        if not (dest / folder).resolve().is_relative_to(root):
            what = f"is a link that leads out of {dest}"
            raise OutputError(what, where=str(dest / folder), mend="remove it, or name another folder")
    if overwrite or _is_ours(dest, described):
        return
    if there := [name for name in (LABELS, *names) if (dest / name).exists()]:
        what = f"{count(len(there), 'file')} would be written over, the first is {printable(there[0])}"
        raise OutputError(what, where=str(dest), mend="name another folder, or use --overwrite")


def _is_ours(dest: Path, described: bytes) -> bool:
    path = dest / LABELS
    return path.is_file() and path.read_bytes() == described
