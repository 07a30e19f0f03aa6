"""The annotations of pictures, counted: what files hold, by category, and what of them cannot be used."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from augcli.data import PANOPTIC, Array, Item
from augcli.labels.annotations import NO_MAP, DroppedAnnotation, number_of, read_annotation
from augcli.labels.panoptic import fault_of, is_panoptic, usable_segments
from augcli.labels.segmentation import how_of
from augcli.labels.validate import Category, checked

SLACK = 1  # pixels: boxes are rounded, and may reach so far out of their picture
_Key = TypeVar("_Key")
_WITH = {"polygons": "with polygons", "rle": "with an RLE", "corners": "with a box alone"}


@dataclass
class Counts:
    """How many images and annotations there are in a file, and of which kinds; images go by category, too.

    `bare` counts images without annotations, `crowds` annotations with iscrowd, `posed` those that have
    keypoints. `kinds` say where the objects are: `with polygons`, `with an RLE`, ... Of a panoptic file the
    segments are counted as annotations.
    """

    images: int = 0
    bare: int = 0
    annotations: int = 0
    crowds: int = 0
    posed: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    of_category: Counter[int] = field(default_factory=Counter)
    images_of_category: Counter[int] = field(default_factory=Counter)

    def add(self, other: Counts, times: int = 1) -> None:
        """Add what was counted elsewhere, some times over."""
        self.images += times * other.images
        self.bare += times * other.bare
        self.annotations += times * other.annotations
        self.crowds += times * other.crowds
        self.posed += times * other.posed
        self.kinds.update(_each_times(other.kinds, times))
        self.of_category.update(_each_times(other.of_category, times))
        self.images_of_category.update(_each_times(other.images_of_category, times))


def _each_times(counts: Mapping[_Key, int], times: int) -> dict[_Key, int]:
    return {key: times * number for key, number in counts.items()}


@dataclass(frozen=True)
class Counted:
    """The annotations of one image: counts by file, those that cannot be used, and boxes that reach out."""

    counts: Mapping[str, Counts] = field(default_factory=dict)
    left_out: tuple[DroppedAnnotation, ...] = ()
    outside: tuple[tuple[str, int], ...] = ()


def counted(
    item: Item,
    size: tuple[int, int] | None,
    categories: Mapping[str, Mapping[int, Category]],
    colors: Array | None = None,
) -> Counted:
    """Count the annotations of an image of this (width, height); `categories` go by file.

    Those that cannot be used count, too. Where the size is not known (None) nobody can tell which they are.
    `colors` (H, W, 3) is its panoptic map.
    """
    counts: dict[str, Counts] = {}
    left_out: list[DroppedAnnotation] = []
    outside: list[tuple[str, int]] = []
    for file, texts in item.annotations.items():
        entries = [read_annotation(text) for text in texts]
        for entry, unread in entries:
            if fault := unread or (size and _fault(item, entry, size, categories[file])):
                left_out.append(DroppedAnnotation(file, number_of(entry), fault, fault=True))
            elif colors is not None and is_panoptic(entry):
                faults = usable_segments(entry["segments_info"], colors, categories[file]).faults
                left_out += [
                    DroppedAnnotation(file, number_of(entry), why, fault=True, partly=True) for why in faults
                ]
            elif size and _reaches_out(entry, size):
                outside.append((file, number_of(entry)))
        counts[file] = _counts([one for entry, _ in entries for one in _objects(entry)])
    return Counted(counts, tuple(left_out), tuple(outside))


def _fault(
    item: Item, entry: Mapping[str, Any], size: tuple[int, int], known: Mapping[int, Category]
) -> str | None:
    if not is_panoptic(entry):
        return checked(entry, *size, known)
    return fault_of(entry) or (None if PANOPTIC in item.masks else NO_MAP)


def _reaches_out(entry: Mapping[str, Any], size: tuple[int, int]) -> bool:
    """Whether a sound annotation's box leaves its picture by more than rounding."""
    x, y, width, height = entry.get("bbox") or (0, 0, 0, 0)
    return bool(min(x, y) < -SLACK or x + width > size[0] + SLACK or y + height > size[1] + SLACK)


def _objects(entry: Mapping[str, Any]) -> Sequence[Any]:
    """What an annotation labels: one object, or the segments of a panoptic map."""
    segments: Sequence[Any] = entry["segments_info"] if is_panoptic(entry) else [entry]
    return segments


def _counts(objects: Sequence[Any]) -> Counts:
    known = [one for one in objects if isinstance(one, dict)]
    of_category = Counter(one["category_id"] for one in known if type(one.get("category_id")) is int)
    return Counts(
        images=1,
        bare=int(not objects),
        annotations=len(objects),
        crowds=sum(one.get("iscrowd") == 1 for one in known),
        posed=sum(bool(one.get("keypoints")) for one in known),
        kinds=Counter(map(_kind, known)),
        of_category=of_category,
        images_of_category=Counter(set(of_category)),
    )


def _kind(one: Mapping[str, Any]) -> str:
    """What says where an object is."""
    if "image_id" not in one:
        return "in a PNG"
    if how := how_of(one, "corners"):
        return _WITH[how]
    others = ("keypoints", "keypoints alone"), ("caption", "a caption"), ("category_id", "a category alone")
    return "with " + next((name for key, name in others if one.get(key) is not None), "nothing")
