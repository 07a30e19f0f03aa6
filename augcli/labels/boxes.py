"""The outlines of boxes that stand for objects without a segmentation."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from augcli.geometry import Floats

ELLIPSE_VERTICES = 256  # of an ellipse 600 pixels wide the polygon misses less than 0.03 pixels


def corners(box: Sequence[float]) -> Floats:
    """The corners (4, 2) of [x, y, width, height]."""
    x, y, width, height = box
    return np.array([(x, y), (x + width, y), (x + width, y + height), (x, y + height)], np.float64)


def ellipse(box: Sequence[float]) -> Floats:
    """The ellipse in [x, y, width, height], (256, 2): where it turns, objects in boxes mostly do.

    Albumentations' pull request 1394; it touches the box at four of its vertices.
    """
    x, y, width, height = box
    turns = np.linspace(0, 2 * np.pi, ELLIPSE_VERTICES, endpoint=False)
    return np.stack([x + width * (1 + np.cos(turns)) / 2, y + height * (1 + np.sin(turns)) / 2], axis=-1)


def hull(points: Floats) -> list[float]:
    """The tight box [x, y, width, height] of points (N, 2)."""
    (left, top), (right, bottom) = points.min(axis=0), points.max(axis=0)
    return [float(left), float(top), float(right - left), float(bottom - top)]
