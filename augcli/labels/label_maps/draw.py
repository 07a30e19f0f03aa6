"""From the annotations of one picture to a pixel map, and which label wins where several lie on a pixel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from augcli.data import Array
from augcli.errors import ImageError
from augcli.labels.label_maps.label_spaces import HIGHEST, LabelSpace, is_whole
from augcli.labels.label_maps.palette import segment_id
from augcli.labels.label_maps.runs import runs_of
from augcli.labels.rle import drawn, mask_of
from augcli.labels.validate import Category, checked
from augcli.text import count, shown

Annotation = Mapping[str, Any]
Kind = Literal["semantic", "instance", "panoptic"]
Overlaps = Literal["error", "first", "last", "smallest-on-top"]
_NOT_KEPT = ("id", "image_id", "segmentation", "area", "bbox", "iscrowd")


@dataclass(frozen=True)
class DrawRules:
    """How annotations become labels: kind and space of the map, overlaps, crowds, the file's categories."""

    kind: Kind
    space: LabelSpace
    overlaps: Overlaps
    with_crowds: bool
    categories: Mapping[int, Category]


@dataclass(frozen=True)
class DrawnSegment:
    """What one value of an instance or panoptic map shows: its annotation, and its pixels that are seen.

    `area` is their number, `bbox` their tight box as x, y, width, height in pixels.
    """

    value: int
    annotation: Annotation
    area: int
    bbox: tuple[int, ...]

    def as_json(self) -> dict[str, Any]:
        """The segment as `segments_info` has it: what the annotation says, with area and box of its own."""
        kept = {key: value for key, value in self.annotation.items() if key not in _NOT_KEPT}
        crowd = int(is_crowd(self.annotation))
        return {"id": self.value, **kept, "area": self.area, "bbox": list(self.bbox), "iscrowd": crowd}


@dataclass(frozen=True)
class DrawnMap:
    """A pixel map (H, W), uint8, uint16 or (panoptic) uint32, and what became of the annotations.

    `drawn`, `crowds` (skipped) and `unvalued` (no value in the label space) are numbers of annotations,
    `overlapping` is the number of pixels that several labels claim. `faults` has a line for each
    annotation that cannot be drawn, `unseen` one for each that has no pixel of an instance or panoptic map.
    """

    values: Array
    segments: tuple[DrawnSegment, ...] = ()
    drawn: int = 0
    crowds: int = 0
    unvalued: int = 0
    overlapping: int = 0
    faults: tuple[str, ...] = ()
    unseen: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Layer:
    """The pixels of one annotation: a mask inside a window of the picture."""

    window: tuple[slice, slice]
    mask: Array
    area: int


@dataclass(frozen=True)
class _Choice:
    """The annotations that are drawn, their values, and what became of the others."""

    annotations: Sequence[Annotation]
    crowds: int
    unvalued: int
    faults: list[str]


def is_crowd(annotation: Annotation) -> bool:
    """Whether an annotation is a region of many objects."""
    return annotation.get("iscrowd") == 1


def draw(annotations: Sequence[Any], width: int, height: int, rules: DrawRules) -> DrawnMap:
    """The pixel map of one picture from its annotations; polygons are filled by pycocotools' rule.

    Two labels overlap where they claim a pixel with different values. Segments say the id of their
    annotation as `annotation_id`. Raises ImageError where labels overlap and the rule is `error`, and for
    more instances than a map has values.
    """
    choice = _choose(annotations, rules, "annotation")
    shapes = [(one, _layer(one, width, height, rules)) for one in choice.annotations]
    faults = [_fault("annotation", one, shape) for one, shape in shapes if isinstance(shape, str)]
    layers = [shape for _, shape in shapes if isinstance(shape, _Layer)]
    chosen = [one for one, shape in shapes if isinstance(shape, _Layer)]
    values = _values(chosen, rules)
    owner, overlapping = _stacked(layers, chosen, values, (height, width), rules)
    named = [{**one, "annotation_id": one.get("id")} for one in chosen]
    choice = replace(choice, annotations=named, faults=choice.faults + faults)
    return _drawn(owner, choice, values, overlapping, rules)


def draw_segments(segments: Sequence[Any], ids: Array, rules: DrawRules) -> DrawnMap:
    """The pixel map of one picture from its panoptic ids (H, W), uint32, and its `segments_info`.

    What has an id that no segment has is unlabelled, and a fault; segments of a panoptic map keep their ids.
    Raises ImageError for more instances than a map has values.
    """
    runs = runs_of(ids)
    places = {int(number): place for place, number in enumerate(runs.values) if number}
    choice = _choose(segments, rules, "segment")
    by_id: dict[int, Annotation] = {}
    faults = []
    for one in choice.annotations:
        if (number := _id(one)) not in places or number in by_id:
            why = "another one before it has its id" if number in by_id else "no pixel of its PNG has its id"
            faults.append(_fault("segment", one, why))
        else:
            by_id[number] = one
    known = {_id(one) for one in segments if isinstance(one, dict)}
    lost = (f"the id {number} of its PNG is no segment's; its pixels are unlabelled" for number in places)
    faults += [line for line, number in zip(lost, places, strict=True) if number not in known]
    choice = replace(choice, annotations=list(by_id.values()), faults=choice.faults + faults)
    values = list(by_id) if rules.kind == "panoptic" else _values(choice.annotations, rules)
    owners = np.zeros(len(runs.values), np.uint32)
    owners[[places[number] for number in by_id]] = np.arange(1, len(by_id) + 1)
    return _drawn(runs.replaced(owners), choice, values, 0, rules)


def _id(segment: Annotation) -> int:
    """A segment's id; -1 where it is no whole number."""
    number: Any = segment.get("id")
    return number if is_whole(number) else -1


def _choose(annotations: Sequence[Any], rules: DrawRules, noun: str) -> _Choice:
    """The annotations that the rules want drawn."""
    wanted: list[Annotation] = []
    faults = []
    crowds = unvalued = 0
    for place, one in enumerate(annotations, 1):
        category = one.get("category_id") if isinstance(one, dict) else None
        if not isinstance(one, dict):
            faults.append(f"{noun} {place} is {shown(one)}, and not a mapping; it is left out")
        elif not is_whole(category) or category not in rules.categories:
            faults.append(
                _fault(noun, one, f"its category {shown(category)} is none of the file's categories")
            )
        elif one.get("iscrowd") not in (None, 0, 1):
            faults.append(_fault(noun, one, f"its iscrowd is {shown(one['iscrowd'])}, and neither 0 nor 1"))
        elif is_crowd(one) and not rules.with_crowds:
            crowds += 1
        elif category in rules.space.without:
            unvalued += 1
        else:
            wanted.append(one)
    return _Choice(wanted, crowds, unvalued, faults)


def _fault(noun: str, annotation: Annotation, what: str) -> str:
    return f"{noun} {shown(annotation.get('id'))}: {what}; the {noun} is left out"


def _box_around(mask: Array) -> tuple[int, ...]:
    """x, y, width and height of what is not 0 in a mask (H, W), uint8."""
    import cv2  # here, so that reading and checking a recipe does not load OpenCV

    return tuple(cv2.boundingRect(mask))


def _layer(annotation: Annotation, width: int, height: int, rules: DrawRules) -> _Layer | str:
    """An annotation's pixels, or why there are none to be had."""
    segmentation = annotation.get("segmentation")
    if wrong := checked(annotation, width, height, rules.categories):
        return wrong
    if not segmentation:
        return "it has no segmentation"
    is_rle = isinstance(segmentation, dict)
    found = mask_of(segmentation if is_rle else drawn(segmentation, width, height))
    x, y, columns, rows = _box_around(found)
    window = (slice(y, y + rows), slice(x, x + columns))
    mask = found[window].astype(bool)
    return _Layer(window, mask, int(np.count_nonzero(mask)))


def _values(annotations: Sequence[Annotation], rules: DrawRules) -> list[int]:
    """The value of each annotation in the map."""
    if rules.kind == "semantic":
        return [rules.space.values[one["category_id"]] for one in annotations]
    numbers = range(1, len(annotations) + 1)
    if rules.kind == "panoptic":
        return [segment_id(number) for number in numbers]
    if len(annotations) > HIGHEST:
        what = f"{len(annotations)} instances, and a map has at most {HIGHEST}"
        raise ImageError(what, hint="make panoptic maps")
    return list(numbers)


def _stacked(
    layers: Sequence[_Layer],
    annotations: Sequence[Annotation],
    values: Sequence[int],
    shape: tuple[int, int],
    rules: DrawRules,
) -> tuple[Array, int]:
    """Which annotation each pixel shows, from 1 and 0 for none, and how many pixels several labels claim."""
    owner = np.zeros(shape, np.uint32)
    overlap = np.zeros(shape, bool)
    table = np.array([0, *values], np.int64)
    for at in _order(layers, rules.overlaps):
        window, mask = layers[at].window, layers[at].mask
        before = owner[window]
        clash = mask & (before > 0) & (table[before] != values[at])
        if rules.overlaps == "error" and clash.any():
            raise _overlap(clash, annotations[at], annotations[before[clash][0] - 1], rules)
        overlap[window] |= clash
        before[mask & (before == 0) if rules.overlaps == "first" else mask] = at + 1
    return owner, int(np.count_nonzero(overlap))


def _order(layers: Sequence[_Layer], overlaps: Overlaps) -> Sequence[int]:
    """In which order annotations are laid down; of equally small ones the later lies on top."""
    if overlaps != "smallest-on-top":
        return range(len(layers))
    return sorted(range(len(layers)), key=lambda at: -layers[at].area)


def _overlap(clash: Array, upper: Annotation, lower: Annotation, rules: DrawRules) -> ImageError:
    name, other = (
        f"annotation {shown(one.get('id'))} ({rules.categories[one['category_id']].name})"
        for one in (upper, lower)
    )
    pixels = count(int(np.count_nonzero(clash)), "pixel")
    what = f"{pixels} of {name} have another label already, the first that of {other}"
    return ImageError(what, hint="say which is seen on overlap: first, last or smallest-on-top")


def _drawn(
    owner: Array, choice: _Choice, values: Sequence[int], overlapping: int, rules: DrawRules
) -> DrawnMap:
    dtype = np.uint32 if rules.kind == "panoptic" else np.uint16
    table = np.array([rules.space.unlabelled, *values], dtype)
    segments: list[DrawnSegment] = []
    unseen = []
    if rules.kind != "semantic":
        for number, (one, value) in enumerate(zip(choice.annotations, values, strict=True), 1):
            seen = (owner == number).view(np.uint8)
            if area := int(np.count_nonzero(seen)):
                segments.append(DrawnSegment(value, one, area, _box_around(seen)))
            else:
                unseen.append(f"annotation {shown(one.get('id'))}: no pixel of it is seen")
    return DrawnMap(
        table[owner],
        tuple(segments),
        len(choice.annotations),
        choice.crowds,
        choice.unvalued,
        overlapping,
        tuple(choice.faults),
        tuple(unseen),
    )
