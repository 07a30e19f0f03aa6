"""What the maps of a folder mean: their kind, label space and categories, by what says it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from augcli.commands.label_maps.folder import is_unfinished
from augcli.errors import DatasetError
from augcli.formats.coco.annotation_file import AnnotationFile, read_annotation_file
from augcli.labels.label_maps.draw import Kind
from augcli.labels.label_maps.label_spaces import Entry, LabelSpace, SpaceName, coco_categories, space_of
from augcli.labels.label_maps.labels_json import LABELS, SEGMENTS, MapLabels, read_labels


@dataclass(frozen=True)
class Meaning:
    """The kind and label space of maps, the categories that are wanted, and what says more of each map.

    `segments` says what each value of an instance or panoptic map shows; `images` which images there are.
    """

    kind: Kind
    space: LabelSpace
    categories: tuple[Entry, ...]
    segments: AnnotationFile | None
    images: AnnotationFile | None

    @property
    def categories_of_values(self) -> Mapping[int, int]:
        """The ids of the wanted categories by their values in a semantic map."""
        wanted = {entry["id"] for entry in self.categories}
        return {value: number for number, value in self.space.values.items() if number in wanted}


def meaning_of(
    folder: Path, *, space: SpaceName | None, like: Path | None, first: int | None, last: int | None
) -> Meaning:
    """What the maps in a folder mean, with the categories `first` to `last` wanted (None: no bound).

    labels.json says it, else `space`, with the categories of the file `like`, else COCO's.
    Raises DatasetError where nothing says it, and where what says it is contradictory or cannot be used.
    """
    if is_unfinished(folder):
        hint = "run the augcli coco pixelmaps that was interrupted again"
        raise DatasetError("not all of its maps are made", where=str(folder), hint=hint)
    labels = read_labels(folder)
    images = read_annotation_file(like, where=like.name) if like else None
    if labels:
        _check_space(labels, space, folder)
        known = images.categories if images else labels.categories
        found, kind = labels.space, labels.kind
    else:
        known = _known(folder, space, images)
        found, kind = space_of(space or "json", known, where=like.name if like else str(folder)), "semantic"
    wanted = tuple(
        entry
        for entry in known
        if (kind != "semantic" or entry["id"] in found.values)
        and (first is None or entry["id"] >= first)
        and (last is None or entry["id"] <= last)
    )
    segments = None if kind == "semantic" else _segments(folder, kind)
    return Meaning(kind, found, wanted, segments, images or segments)


def _check_space(labels: MapLabels, space: SpaceName | None, folder: Path) -> None:
    if space not in (None, labels.space.name):
        what = f"says that the label space is {labels.space.name}, and --space that it is {space}"
        raise DatasetError(what, where=str(folder / LABELS), hint="leave --space out")


def _known(folder: Path, space: SpaceName | None, images: AnnotationFile | None) -> tuple[Entry, ...]:
    """The categories of maps that have no labels.json."""
    if space is None:
        hint = "name the label space of the maps with --space"
        raise DatasetError(f"no {LABELS} says what the values mean", where=str(folder), hint=hint)
    if images:
        return images.categories
    if space == "file":
        hint = "name the annotation file with --images-like"
        raise DatasetError("nothing says which categories label space file has", where=str(folder), hint=hint)
    return coco_categories()


def _segments(folder: Path, kind: Kind) -> AnnotationFile:
    path = folder / SEGMENTS
    if not path.is_file():
        what = f"no {SEGMENTS} says what the values of {kind} maps show"
        raise DatasetError(what, where=str(folder), hint="make the maps with augcli coco pixelmaps")
    return read_annotation_file(path, where=str(path))
