"""Fold: a frame with its border rule."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from augcli.geometry.frame import Border, Floats, Frame, Point


@dataclass(frozen=True)
class Fold:
    """A frame with its border rule: what lies outside is read inside, or filled (`constant`).

    `reflect` repeats the edge pixel (d c b a | a b c d | d c b a), `replicate` continues it, `wrap` starts
    again at the other side. `tints_before` counts the colour steps of the run that stand before it: its fill
    is in the colours of its own step.
    """

    left: int
    top: int
    right: int
    bottom: int
    border: Border = "reflect"
    tints_before: int = 0

    @staticmethod
    def of(frame: Frame, border: Border = "reflect") -> Fold:
        """The fold of a whole frame."""
        return Fold(0, 0, frame.width, frame.height, border)

    def holds(self, points: Iterable[Point]) -> bool:
        """Whether all points lie inside, within a billionth of a pixel."""
        e = Fraction(1, 10**9)
        return all(
            self.left - e <= x <= self.right + e and self.top - e <= y <= self.bottom + e for x, y in points
        )

    @property
    def corners(self) -> tuple[Point, ...]:
        """The four corners of the frame."""
        return (
            (self.left, self.top),
            (self.right, self.top),
            (self.right, self.bottom),
            (self.left, self.bottom),
        )

    def push(self, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        """Points stay where they are; a point outside the frame is the caller's to judge."""
        return x, y

    def pull(self, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        """Read outside points at their place inside."""
        return fold_axis(x, self.left, self.right, self.border, 0.5), fold_axis(
            y, self.top, self.bottom, self.border, 0.5
        )

    def outside(self, x: Floats, y: Floats) -> npt.NDArray[np.bool_]:
        """Whether points lie outside the frame, the right and bottom edges included."""
        beyond: npt.NDArray[np.bool_] = (
            (x < self.left) | (x >= self.right) | (y < self.top) | (y >= self.bottom)
        )
        return beyond

    def as_record(self) -> dict[str, Any]:
        """The fold as a manifest line holds it."""
        return {"fold": [self.left, self.top, self.right, self.bottom], "border": self.border}


def fold_axis(value: Any, low: int, high: int, border: Border, half: float) -> Any:
    """One coordinate folded into [low, high]; exact for whole numbers as well as for floats.

    `half` is half a pixel: what lies outside a continued edge is read at the centre of the edge pixel, so
    that nothing beyond the edge is seen.
    """
    if border in ("replicate", "constant"):
        return np.where(value < low, low + half, np.where(value >= high, high - half, value))
    period = high - low
    if border == "wrap":
        return low + np.mod(value - low, period)
    once = period - np.abs(period - np.abs(value - low))  # right within one period on either side, and fast
    if np.min(once, initial=0) >= 0:
        return low + once
    return low + period - np.abs(np.mod(value - low, 2 * period) - period)
