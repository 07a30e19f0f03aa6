"""The pixel maps of one pair, drawn of its annotations as they were moved."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from augcli.data import Array
from augcli.errors import ImageError
from augcli.labels.coco_json import entry_of
from augcli.labels.label_maps.draw import Annotation, DrawnMap, DrawnSegment, DrawRules, draw, draw_segments
from augcli.labels.label_maps.png import encode_map
from augcli.labels.panoptic import ids_of_colors


@dataclass(frozen=True)
class MapRules:
    """How the maps of an annotation file are drawn; `deep` for 16 bits. `is_panoptic` is the file."""

    rules: DrawRules
    deep: bool
    is_panoptic: bool


@dataclass(frozen=True)
class Labelled:
    """A picture's size (width, height), and what annotation files say of it.

    `texts` are JSON by file, each with the id of the annotation of the source that it came from. `colors`
    (H, W, 3) is its panoptic map.
    """

    size: tuple[int, int]
    texts: Mapping[str, Sequence[str]]
    colors: Array | None


@dataclass(frozen=True)
class ShownSegment:
    """What one value of a map shows: the annotation, or panoptic segment, of this id; its area and box."""

    value: int
    id: int
    area: int
    bbox: tuple[int, ...]

    def of(self, annotation: Annotation) -> dict[str, Any]:
        """The entry of `segments_info` that says so, by what the annotation is in its file."""
        return DrawnSegment(self.value, annotation, self.area, self.bbox).as_json()


@dataclass(frozen=True)
class OnMap:
    """What is on a map of instances or segments, and why annotations are not, each with how many."""

    shown: Sequence[ShownSegment]
    undrawn: Mapping[str, int]

    @staticmethod
    def of(drawn: DrawnMap) -> OnMap:
        """What is on a map that was drawn."""
        reasons = Counter(line.partition(": ")[2] for line in drawn.faults + drawn.unseen)
        shown = [ShownSegment(one.value, one.annotation["id"], one.area, one.bbox) for one in drawn.segments]
        return OnMap(shown, dict(reasons))


def map_of(labelled: Labelled, file: str, how: MapRules) -> tuple[bytes, OnMap]:
    """The PNG of a picture's map of an annotation file, and what is on it.

    Raises ImageError as `draw` does.
    """
    entries = [entry_of(text.encode()) for text in labelled.texts.get(file, ())]
    try:
        drawn = _drawn(labelled, entries, how)
    except ImageError as error:
        hint = f"output.pixelmaps: {error.hint}"
        raise ImageError(f"pixel map of {file}: {error.what}", hint=hint) from None
    return encode_map(drawn.values, how.rules.kind, deep=how.deep), OnMap.of(drawn)


def _drawn(labelled: Labelled, entries: Sequence[Annotation], how: MapRules) -> DrawnMap:
    if not how.is_panoptic:
        return draw(entries, *labelled.size, how.rules)
    if not entries or labelled.colors is None:
        return draw([], *labelled.size, how.rules)
    return draw_segments(entries[0]["segments_info"], ids_of_colors(labelled.colors), how.rules)
