"""What annotations may hold: their categories, and whether they are sound."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from augcli.errors import printable
from augcli.labels.rle import runs_of
from augcli.text import shown

LEAST_INEXACT = 2**53  # from here on a float64 may stand for a neighbouring whole number
FAR = 4  # sides of the picture: a coordinate beyond is a mistake, and would take long to draw


@dataclass(frozen=True)
class Category:
    """A category of an annotation file, with the names of its keypoints in their order."""

    id: int
    name: str
    keypoints: tuple[str, ...] = ()


def categories_of(entries: Iterable[Any]) -> dict[int, Category]:
    """The categories of an annotation file by their ids; what has no whole number as its id is left out."""
    known = {}
    for entry in entries:
        if isinstance(entry, dict) and type(number := entry.get("id")) is int:
            names = entry.get("keypoints")
            keypoints = tuple(map(str, names)) if isinstance(names, list) else ()
            known[number] = Category(number, str(entry.get("name", number)), keypoints)
    return known


def checked(annotation: Any, width: int, height: int, categories: Mapping[int, Category]) -> str | None:
    """What is wrong with an annotation of a picture of this size, None where nothing is. Never raises.

    An empty segmentation beside a bbox says that there is only a box, as detection sets have it.
    """
    if not isinstance(annotation, dict):
        return printable(f"it is {shown(annotation)}, and not a mapping")
    fault = (
        _ids(annotation)
        or _category(annotation, categories)
        or _crowd(annotation)
        or _box(annotation, width, height)
        or _segmentation(annotation, width, height)
        or _keypoints(annotation, width, height, categories)
    )
    return printable(fault) if fault else None


def _ids(annotation: dict[str, Any]) -> str | None:
    for key in ("id", "image_id", "category_id"):
        value = annotation.get(key, 0)
        if isinstance(value, float) and value.is_integer():
            is_exact = abs(value) < LEAST_INEXACT
            return f"its {key} is {shown(value)}: write it as {int(value) if is_exact else 'a whole number'}"
        if type(value) is not int:
            return f"its {key} is {shown(value)}, and no whole number"
    return None


def _crowd(annotation: dict[str, Any]) -> str | None:
    value = annotation.get("iscrowd")
    return None if value in (None, 0, 1) else f"its iscrowd is {shown(value)}, and neither 0 nor 1"


def _category(annotation: dict[str, Any], categories: Mapping[int, Category]) -> str | None:
    has_shape = any(annotation.get(key) for key in ("segmentation", "bbox", "keypoints"))
    if "category_id" not in annotation:
        return "it has no category_id" if has_shape else None
    if annotation["category_id"] in categories or not (has_shape or categories):
        return None
    return f"its category {shown(annotation['category_id'])} is none of the file's categories"


def wrong_number(values: Iterable[Any], width: int, height: int) -> str | None:
    """What is wrong with the first of some coordinates that is not in or near the picture."""
    farthest = FAR * max(width, height)
    for value in values:
        if type(value) not in (int, float) or value != value or abs(value) == math.inf:
            return f"{shown(value)}, which is no number"
        if abs(value) > farthest:
            return f"{shown(value)}, which is far outside of the picture"
    return None


def _box(annotation: dict[str, Any], width: int, height: int) -> str | None:
    box = annotation.get("bbox")
    if box is None or (box == [] and annotation.get("segmentation")):
        return None
    if not isinstance(box, list) or len(box) != 4:
        found = f"{len(box)} numbers" if isinstance(box, list) else shown(box)
        return f"its bbox is {found}, and not [x, y, width, height]"
    if wrong := wrong_number(box, width, height):
        return f"its bbox holds {wrong}"
    if min(box[2:]) < 0 or (min(box[2:]) == 0 and not annotation.get("segmentation")):
        return f"its bbox is {box[2]:g} wide and {box[3]:g} high"
    return None


def _segmentation(annotation: dict[str, Any], width: int, height: int) -> str | None:
    segmentation = annotation.get("segmentation")
    if segmentation is None:
        return None
    if isinstance(segmentation, dict):
        return wrong_rle(segmentation, width, height)
    if not isinstance(segmentation, list):
        return f"its segmentation is {shown(segmentation)}, and neither polygons nor an RLE"
    if not segmentation and not annotation.get("bbox"):
        return "its segmentation is empty, and it has no bbox"
    for number, part in enumerate(segmentation, 1):
        if wrong := _part(part, width, height):
            return f"part {number} of its segmentation {wrong}"
    return None


def _part(part: Any, width: int, height: int) -> str | None:
    if not isinstance(part, list):
        return f"is {shown(part)}, and not a list of numbers"
    if wrong := wrong_number(part, width, height):
        return f"holds {wrong}"
    if len(part) % 2:
        return f"has {len(part)} numbers, which are no pairs"
    return f"has {len(part) // 2} points, a polygon has at least 3" if len(part) < 6 else None


def wrong_rle(segmentation: dict[str, Any], width: int, height: int) -> str | None:
    """What is wrong with the RLE of a picture of this size, None where nothing is."""
    size = segmentation.get("size")
    if not isinstance(size, list) or [type(side) for side in size] != [int, int]:
        return "its RLE has no size [height, width]"
    if size != [height, width]:
        stated = f"{shown(size[1])}x{shown(size[0])}"
        return f"its RLE is of a picture of {stated}, and the picture has {width}x{height}"
    try:
        total = int(runs_of(segmentation.get("counts")).sum())
    except ValueError as wrong:
        return f"its RLE counts {wrong}"
    if total != width * height:
        return f"its RLE counts add up to {total}, its size is {width}x{height} = {width * height}"
    return None


def _keypoints(
    annotation: dict[str, Any], width: int, height: int, categories: Mapping[int, Category]
) -> str | None:
    keypoints = annotation.get("keypoints")
    if keypoints is None:
        return None
    if not isinstance(keypoints, list):
        return f"its keypoints are {shown(keypoints)}, and not a list"
    if len(keypoints) % 3:
        return f"its keypoints are {len(keypoints)} numbers, and not three for each"
    category = categories.get(annotation.get("category_id", 0))
    if category and category.keypoints and len(keypoints) != 3 * len(category.keypoints):
        return f"it has {len(keypoints) // 3} keypoints, its category has {len(category.keypoints)}"
    points = list(zip(keypoints[::3], keypoints[1::3], keypoints[2::3], strict=True))
    for flag in keypoints[2::3]:
        if type(flag) not in (int, float) or flag not in (0, 1, 2):
            return f"a keypoint's flag is {shown(flag)}, and not 0, 1 or 2"
    wrong = wrong_number((value for *place, flag in points if flag for value in place), width, height)
    return f"its keypoints hold {wrong}" if wrong else None
