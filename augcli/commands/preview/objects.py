"""The annotations of a picture as they are drawn: a map of its objects, boxes, keypoints with skeletons."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from augcli.commands.preview.marks import Dot, DrawnLine, Shape
from augcli.commands.preview.overlay import QUALITATIVE, Rgb
from augcli.data import AnnotationHead, Array
from augcli.labels.annotations import Annotated
from augcli.labels.coco_json import entry_of
from augcli.labels.keypoints import HALF, side_of, swapped
from augcli.labels.panoptic import ids_of_colors, is_panoptic
from augcli.labels.rle import drawn, mask_of

LEFT, RIGHT, MIDDLE = (255, 140, 20), (30, 144, 255), (250, 250, 210)  # of keypoints, by their side
_SIDES = {LEFT: "left keypoints", RIGHT: "right keypoints", MIDDLE: "keypoints"}


@dataclass(frozen=True)
class CategoryStyle:
    """A category as it is drawn: the colours of its keypoints, and its skeleton as pairs of their numbers."""

    name: str
    sides: tuple[Rgb, ...] = ()
    skeleton: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True)
class ObjectLayer:
    """What is drawn of a picture's annotations.

    `numbers` (H, W), uint32, has the number of the object that is seen in each pixel, from 1; `palette` their
    colours as RGB bytes, by number. `total` counts the objects.
    """

    numbers: Array
    palette: bytes
    marks: tuple[Shape, ...]
    total: int


@dataclass
class Legend:
    """The colours of categories and of keypoints, given out as they are met."""

    files: Mapping[str, AnnotationHead]
    mirror: Sequence[tuple[str, str]] = ()
    colors: dict[str, Rgb] = field(default_factory=dict)
    sides: dict[str, Rgb] = field(default_factory=dict)
    known: dict[str, dict[int, CategoryStyle]] = field(default_factory=dict)

    def category(self, file: str, number: object) -> CategoryStyle:
        """A category of a file; one without a name has its number as its name."""
        if file not in self.known:
            self.known[file] = {one["id"]: _category(one, self.mirror) for one in self.files[file].categories}
        found = self.known[file].get(number) if isinstance(number, int) else None
        return found or CategoryStyle(f"category {number}")

    def color(self, name: str) -> Rgb:
        """The colour of a category."""
        return self.colors.setdefault(name, QUALITATIVE[len(self.colors) % len(QUALITATIVE)])

    def side(self, color: Rgb) -> Rgb:
        """The colour of a keypoint, which is told in the legend from here on."""
        return self.sides.setdefault(_SIDES[color], color)

    def entries(self) -> dict[str, Rgb]:
        """What is told: the categories as they were met, then the sides of keypoints."""
        told = (name for name in _SIDES.values() if name in self.sides)
        return self.colors | {name: self.sides[name] for name in told}


def _category(entry: Mapping[str, Any], mirror: Sequence[tuple[str, str]]) -> CategoryStyle:
    names = entry.get("keypoints")
    names = [str(name) for name in names] if isinstance(names, list) else []
    there = swapped(names, mirror)
    sides = tuple(_side(name, number, there[number]) for number, name in enumerate(names))
    return CategoryStyle(entry["name"], sides, tuple(_bones(entry.get("skeleton"), len(names))))


def _side(name: str, number: int, other: int) -> Rgb:
    """The colour of a keypoint's side; of two that a mirror exchanges and say none the first is left."""
    if number == other:
        return MIDDLE
    return {"left": LEFT, "right": RIGHT}.get(side_of(name), RIGHT if other < number else LEFT)


def _bones(skeleton: Any, points: int) -> Iterator[tuple[int, int]]:
    """The pairs of a skeleton, which counts from 1; those that name no keypoint are left out."""
    for bone in skeleton if isinstance(skeleton, list) else ():
        if isinstance(bone, list) and len(bone) == 2 and all(_is_place(end, points) for end in bone):
            yield bone[0] - 1, bone[1] - 1


def _is_place(end: Any, points: int) -> bool:
    return type(end) is int and 1 <= end <= points


def objects_of(annotated: Annotated, size: tuple[int, int], legend: Legend) -> ObjectLayer:
    """What is drawn of annotations in a picture of this (width, height): small objects over large ones.

    What several files have of one object (its polygon here, its keypoints there) is one object.
    """
    masks = list(_segments(annotated, legend))
    marks: list[Shape] = []
    seen: set[tuple[Any, ...]] = set()
    for file, one in _entries(annotated):
        category = legend.category(file, one.get("category_id"))
        marks += _points(one.get("keypoints") or (), category, legend)
        place = (one.get("id"), category.name, str(one.get("bbox")))
        if not _has_place(one) or place in seen:
            continue
        seen.add(place)
        color = legend.color(category.name)
        if one.get("segmentation"):
            masks.append((_mask(one["segmentation"], size), color))
        elif one.get("bbox"):
            marks.append(_box(one["bbox"], color))
    return _together(masks, size, tuple(marks), len(seen) + len(list(_listed(annotated))))


def _together(
    masks: Sequence[tuple[Array, Rgb]], size: tuple[int, int], marks: tuple[Shape, ...], total: int
) -> ObjectLayer:
    """Masks (H, W) of objects as one map of their numbers."""
    ordered = sorted(masks, key=lambda mask: -np.count_nonzero(mask[0]))
    numbers = np.zeros((size[1], size[0]), np.uint32)
    for number, (mask, _) in enumerate(ordered, 1):
        numbers[mask != 0] = number
    palette = bytes(level for color in ((0, 0, 0), *(color for _, color in ordered)) for level in color)
    return ObjectLayer(numbers, palette, marks, total)


def _entries(annotated: Annotated) -> Iterator[tuple[str, dict[str, Any]]]:
    """The annotations of all files."""
    for file, texts in annotated.texts.items():
        yield from ((file, entry_of(text.encode())) for text in texts)


def _listed(annotated: Annotated) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The segments of panoptic annotations."""
    for file, entry in _entries(annotated):
        if is_panoptic(entry):
            yield from ((file, segment) for segment in entry["segments_info"])


def _segments(annotated: Annotated, legend: Legend) -> Iterator[tuple[Array, Rgb]]:
    """The pixels of each panoptic segment, and its colour."""
    ids = None if annotated.colors is None else ids_of_colors(annotated.colors)
    for file, segment in _listed(annotated):
        if ids is not None:
            name = legend.category(file, segment.get("category_id")).name
            yield ids == segment["id"], legend.color(name)


def _has_place(one: Mapping[str, Any]) -> bool:
    """Whether an annotation is that of an object, and no caption."""
    return any(one.get(key) for key in ("segmentation", "bbox", "keypoints"))


def _mask(segmentation: Any, size: tuple[int, int]) -> Array:
    if isinstance(segmentation, dict):
        return mask_of(segmentation)
    return mask_of(drawn(segmentation, *size))


def _box(box: Sequence[float], color: Rgb) -> DrawnLine:
    x, y, width, height = box
    right, bottom = x + width, y + height
    return DrawnLine(((x, y), (right, y), (right, bottom), (x, bottom), (x, y)), color)


def _points(keypoints: Sequence[float], category: CategoryStyle, legend: Legend) -> Iterator[Shape]:
    """The labelled keypoints of an object, and the bones between them."""
    points = list(zip(keypoints[::3], keypoints[1::3], keypoints[2::3], strict=True))
    sides = category.sides if len(category.sides) == len(points) else (MIDDLE,) * len(points)
    places = {n: (x + HALF, y + HALF) for n, (x, y, flag) in enumerate(points) if flag}
    for number in places:
        yield Dot(places[number], legend.side(sides[number]), is_visible=points[number][2] == 2)
    for one, other in category.skeleton:
        if one in places and other in places:
            yield DrawnLine((places[one], places[other]), _of_bone(sides[one], sides[other]))


def _of_bone(one: Rgb, other: Rgb) -> Rgb:
    """The colour of a bone: that of its side, also where one end is in the middle."""
    if one == other or other == MIDDLE:
        return one
    return other if one == MIDDLE else MIDDLE
