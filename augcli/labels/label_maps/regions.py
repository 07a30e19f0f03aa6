"""From a pixel map to the regions that it shows: RLE or polygons, for each value or each connected part."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any, Literal

import cv2
import numpy as np

from augcli.data import Array
from augcli.labels.label_maps.polygons import outlines
from augcli.labels.label_maps.runs import runs_of

Form = Literal["rle", "polygons"]
Per = Literal["class", "part"]


@dataclass(frozen=True)
class Region:
    """The pixels of one value, or of one connected part of them, as an annotation has them.

    `segmentation` is a compressed RLE (its counts a str) or a list of polygons in pixel edges; `area` is the
    number of pixels, `bbox` their tight box as x, y, width, height.
    """

    value: int
    segmentation: Any
    area: int
    bbox: tuple[int, ...]


def regions(
    values: Array, *, leave_out: Collection[int], form: Form, per: Per, as_rle: Collection[int] = ()
) -> Iterator[Region]:
    """The regions of a map (H, W) of whole numbers, by value, then in reading order of their first pixels.

    Pixels of one part touch by sides or corners. Polygons follow the pixels' edges; where there is a hole,
    and of the values `as_rle`, the region is an RLE. So both give the very pixels again.
    """
    columns = np.ascontiguousarray(values.T)  # RLE goes down the columns
    for value in runs_of(columns).counts():
        if value not in leave_out:
            mask = (columns == value).T
            for part in [mask] if per == "class" else _parts(mask):
                yield _region(value, part, "rle" if value in as_rle else form)


def _region(value: int, mask: Array, form: Form) -> Region:
    box = tuple(cv2.boundingRect(mask.view(np.uint8)))
    polygons = _polygons(mask, box) if form == "polygons" else None
    return Region(value, polygons or _rle(mask), int(np.count_nonzero(mask)), box)


def _rle(mask: Array) -> dict[str, Any]:
    from pycocotools.mask import encode

    found = encode(np.asfortranarray(mask.view(np.uint8)))
    return {"size": list(mask.shape), "counts": found["counts"].decode("ascii")}


def _polygons(mask: Array, box: tuple[int, ...]) -> list[list[float]] | None:
    """The outlines of a mask, flat; None where there is a hole."""
    x, y, width, height = box
    found = outlines(mask[y : y + height, x : x + width])
    return None if found is None else [np.add(polygon, (x, y)).ravel().tolist() for polygon in found]


def _parts(mask: Array) -> Iterator[Array]:
    """The connected parts of a mask, in reading order of their first pixels."""
    _, numbers = cv2.connectedComponents(np.ascontiguousarray(mask.view(np.uint8)), connectivity=8)
    present, first = np.unique(numbers, return_index=True)
    for number in present[np.argsort(first)]:
        if number:
            yield numbers == number
