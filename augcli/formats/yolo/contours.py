"""A segmentation as one closed line: its parts joined by lines without a width, as YOLO's labels need it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from augcli.data import Array
from augcli.geometry import Floats
from augcli.geometry.polygon import LEAST_AREA, clipped, rings_of
from augcli.labels.label_maps.polygons import rings
from augcli.labels.rle import area_of, drawn, mask_of

_RUNS = "its run lengths became a line along the edges of its pixels"
_OVERLAPS = "its overlapping parts or holes became a line along the edges of its pixels"
_UNSEEN = "a part of it without a pixel is left out"
_JOINED = "its parts or holes are joined to one line"

Segmentation = Sequence[Sequence[float]] | Mapping[str, Any]  # polygons, or an RLE


@dataclass(frozen=True)
class Contours:
    """The closed lines (n, 2) of a segmentation, in pixel edges, and what they do not say as it is."""

    lines: list[Floats]
    lost: tuple[str, ...] = ()

    def joined(self) -> Floats:
        """One closed line (n, 2): each is entered and left again where it is nearest to those before.

        It goes there and back the same way, so that the area by even and odd stays what it was. Ultralytics
        joins the parts of COCO's polygons so (`merge_multi_segment`), though not by the shortest ways.
        """
        line, *others = self.lines
        for other in others:
            leaves, enters = _nearest(line, other)
            way = np.concatenate([other[enters:], other[: enters + 1]])
            line = np.concatenate([line[: leaves + 1], way, line[leaves:]])
        return line


def contours_of(segmentation: Segmentation, size: tuple[int, int]) -> Contours:
    """The closed lines of a segmentation; filled together by even and odd they are it.

    `size` is the picture's (width, height). Polygons are cut at the frame. Where lines alone do not say them
    (an RLE, parts that overlap, a cut that leaves a hole) they follow the edges of the segmentation's pixels.
    There are none where nothing lies in the picture.
    """
    if isinstance(segmentation, Mapping):
        return _counted(_along_pixels(mask_of(segmentation)), _RUNS)
    inside = clipped(rings_of(segmentation), (0, 0, *size))
    lines = [ring for ring in inside.each() if np.ptp(ring, axis=0).all()]
    if inside.pierced or _overlap(lines):
        return _counted(_along_pixels(mask_of(drawn(segmentation, *size))), _OVERLAPS)
    seen = _with_pixels(lines, size)
    return _counted(seen, _UNSEEN) if len(seen) < len(lines) else _counted(seen)


def _counted(lines: list[Floats], *lost: str) -> Contours:
    return Contours(lines, (*lost, _JOINED) if len(lines) > 1 else lost)


def _with_pixels(lines: list[Floats], size: tuple[int, int]) -> list[Floats]:
    """The lines with a pixel in them; all where none has one.

    What is left of a part at the frame may be a sliver, and would still stretch the object's box.
    """
    if len(lines) < 2:
        return lines
    return [line for line in lines if area_of(drawn([line.ravel().tolist()], *size))] or lines


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


def _nearest(line: Floats, other: Floats) -> tuple[int, int]:
    """The vertices of two lines that are nearest to each other."""
    best = (np.inf, 0, 0)
    for number, point in enumerate(other):
        far = ((line - point) ** 2).sum(axis=1)
        at = int(far.argmin())
        best = min(best, (float(far[at]), at, number))
    return best[1], best[2]
