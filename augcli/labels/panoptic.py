"""Panoptic annotations: the segments of a picture, whose ids are the colours of a PNG."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from augcli.data import Array
from augcli.text import shown

VOID = 0  # the id of pixels without a segment
MOST_SHOWN = 5


@dataclass(frozen=True)
class Segments:
    """The segments that are left, the map (H, W, 3) that shows them, and those that are not, with why."""

    left: Sequence[Mapping[str, Any]]
    colors: Array
    gone: Sequence[tuple[int, str]]


def segments_after(segments: Sequence[Mapping[str, Any]], colors: Array, min_area: float) -> Segments:
    """Work out the segments again from the map (H, W, 3) uint8 that a warp has left.

    `area` is the count of pixels, `bbox` the tight box. A segment of which fewer than `min_area` pixels are
    left, or none, is gone, and its pixels are void; so are those whose id is no segment's.
    """
    ids = ids_of_colors(colors)
    left, gone = [], []
    for segment in segments:
        inside = ids == segment["id"]
        area = int(inside.sum())
        if area == 0 or area < min_area:
            least = f"{area} px are left, min_area is {min_area:g}"
            why = least if area else "nothing of it is in the picture"
            gone.append((int(segment["id"]), why))
            ids[inside] = VOID
        else:
            left.append({**segment, "area": area, "bbox": _box(inside)})
    ids[~np.isin(ids, [segment["id"] for segment in left])] = VOID
    return Segments(left, colors_of_ids(ids), gone)


@dataclass(frozen=True)
class Usable:
    """The segments of a panoptic annotation that can be used, and what is wrong, a line each."""

    segments: Sequence[Mapping[str, Any]]
    faults: Sequence[str]


def usable_segments(
    segments: Sequence[Mapping[str, Any]], colors: Array, categories: Container[int]
) -> Usable:
    """Hold sound segments (see `fault_of`) against their map (H, W, 3) and the ids of the file's categories.

    Left out are segments of another category, and those that no pixel shows. Pixels whose id no segment has
    are a fault, too.
    """
    there, counts = np.unique(ids_of_colors(colors), return_counts=True)
    pixels = dict(zip(there.tolist(), counts.tolist(), strict=True))
    usable, faults = [], []
    for segment in segments:
        if why := _why_unusable(segment, pixels, categories):
            faults.append(f"segment {segment['id']}: {why}; the segment is left out")
        else:
            usable.append(segment)
    unknown = {number: pixels[number] for number in pixels.keys() - {VOID, *(s["id"] for s in segments)}}
    return Usable(usable, [*faults, *_unknown_pixels(unknown)])


def _why_unusable(
    segment: Mapping[str, Any], pixels: Container[int], categories: Container[int]
) -> str | None:
    category = segment.get("category_id")
    if category is None:
        return "it has no category_id"
    if type(category) is not int or category not in categories:
        return f"its category {shown(category)} is none of the file's categories"
    return None if segment["id"] in pixels else "no pixel of its PNG has its id"


def _unknown_pixels(counts: Mapping[int, int]) -> Iterator[str]:
    """What is wrong with pixels whose id no segment has, by id."""
    numbers, total = sorted(counts), sum(counts.values())
    if len(numbers) == 1:
        yield f"the id {numbers[0]} of its PNG is no segment's; its pixels are unlabelled ({total})"
    elif numbers:
        yield f"the ids {listed(numbers)} of its PNG are no segment's; their pixels are unlabelled ({total})"


def void_but(colors: Array, segments: Sequence[Mapping[str, Any]]) -> Array:
    """A map (H, W, 3) with void for every id that is none of these segments'; the given where it has none."""
    ids = ids_of_colors(colors)
    strange = ~np.isin(ids, [VOID, *(segment["id"] for segment in segments)])
    return np.where(strange[..., None], np.uint8(VOID), colors) if strange.any() else colors


def listed(numbers: Sequence[int]) -> str:
    """The first few numbers, and how many more there are."""
    more = f" and {len(numbers) - MOST_SHOWN} more" if len(numbers) > MOST_SHOWN else ""
    return f"{', '.join(map(str, numbers[:MOST_SHOWN]))}{more}"


def _box(inside: Array) -> list[int]:
    """[x, y, width, height] around what is inside."""
    columns, rows = np.flatnonzero(inside.any(axis=0)), np.flatnonzero(inside.any(axis=1))
    left, top = int(columns[0]), int(rows[0])
    return [left, top, int(columns[-1]) + 1 - left, int(rows[-1]) + 1 - top]


def ids_of_colors(colors: Array) -> Array:
    """The ids (...), uint32, of colours (..., 3), uint8: R + 256 G + 65536 B (panopticapi's rgb2id)."""
    wide = colors.astype(np.uint32)
    ids: Array = wide[..., 0] | wide[..., 1] << 8 | wide[..., 2] << 16
    return ids


def colors_of_ids(ids: Array) -> Array:
    """The colours (..., 3), uint8, of ids (...)."""
    return np.stack([ids & 255, ids >> 8 & 255, ids >> 16 & 255], axis=-1).astype(np.uint8)


def is_panoptic(annotation: Mapping[str, Any]) -> bool:
    """Whether an annotation is the segments of a picture."""
    return isinstance(annotation.get("segments_info"), list)


def fault_of(annotation: Mapping[str, Any]) -> str | None:
    """What is wrong with a panoptic annotation (see `is_panoptic`), None where nothing is."""
    segments = annotation["segments_info"]
    if not all(isinstance(segment, dict) for segment in segments):
        return "its segments_info is no list of segments"
    ids = [segment.get("id") for segment in segments]
    if not all(type(number) is int and 0 < number < 1 << 24 for number in ids):
        return "a segment has an id that is no whole number from 1 to 16777215"
    if len(set(ids)) < len(ids):
        return "two of its segments have one id"
    return None
