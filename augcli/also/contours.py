"""A segmentation as one closed line: its parts joined by lines without a width, as YOLO's labels need it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from augcli.annotations.rle import drawn, mask_of
from augcli.geometry import Floats
from augcli.geometry.polygon import LEAST_AREA, clipped, rings_of
from augcli.pixelmaps.outlines import rings
from augcli.sample import Array

Segmentation = Sequence[Sequence[float]] | Mapping[str, Any]  # polygons, or an RLE


def contours_of(segmentation: Segmentation, size: tuple[int, int]) -> list[Floats]:
    """The closed lines (n, 2) of a segmentation, in pixel edges; filled together by even and odd they are it.

    `size` is the picture's (width, height). Polygons are cut at the frame. Where lines alone do not say them
    (an RLE, parts that overlap, a cut that leaves a hole) they follow the edges of the segmentation's pixels.
    Empty where nothing lies in the picture.
    """
    if isinstance(segmentation, Mapping):
        return _along_pixels(mask_of(segmentation))
    inside = clipped(rings_of(segmentation), (0, 0, *size))
    lines = [ring for ring in inside.each() if np.ptp(ring, axis=0).all()]
    if inside.pierced or _overlap(lines):
        return _along_pixels(mask_of(drawn(segmentation, *size)))
    return lines


def _along_pixels(mask: Array) -> list[Floats]:
    return [ring.astype(np.float64) for ring in rings(mask)]


def _overlap(lines: Sequence[Floats]) -> bool:
    """Whether any two of several closed lines have some area in common."""
    if len(lines) < 2:
        return False
    import shapely  # here, so that polygons of one part do not load it

    each = shapely.make_valid([shapely.Polygon(line) for line in lines])
    return bool(shapely.area(each).sum() > shapely.area(shapely.union_all(each)) + LEAST_AREA)


def is_cut(segmentation: Sequence[Sequence[float]], size: tuple[int, int]) -> bool:
    """Whether a polygon reaches beyond its picture."""
    points = np.concatenate([np.asarray(part, np.float64) for part in segmentation]).reshape(-1, 2)
    return bool((points < 0).any() or (points > size).any())


def joined(contours: Sequence[Floats]) -> Floats:
    """One closed line (n, 2) of several: each is entered and left again where it is nearest to those before.

    The line goes there and back the same way, so that the area by even and odd stays what it was. Ultralytics
    joins the parts of COCO's polygons so (`merge_multi_segment`), though not by the shortest ways.
    """
    line, *others = contours
    for other in others:
        leaves, enters = _nearest(line, other)
        way = np.concatenate([other[enters:], other[: enters + 1]])
        line = np.concatenate([line[: leaves + 1], way, line[leaves:]])
    return line


def _nearest(line: Floats, other: Floats) -> tuple[int, int]:
    """The vertices of two lines that are nearest to each other."""
    best = (np.inf, 0, 0)
    for number, point in enumerate(other):
        far = ((line - point) ** 2).sum(axis=1)
        at = int(far.argmin())
        best = min(best, (float(far[at]), at, number))
    return best[1], best[2]
