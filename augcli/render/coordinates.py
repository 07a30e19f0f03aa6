"""Where each output pixel comes from: the one place that knows that a pixel's centre is at +0.5."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from augcli.geometry import Fold, Projective, Warp, fold_axis

Index = npt.NDArray[np.int64]
NOT_FILLED = -1
STRIP_ROWS = 64  # a strip's coordinates stay in the processor's cache
EXACT_BITS = 62


@dataclass(frozen=True)
class Strip:
    """Some output rows: source coordinates (rows, W), and which fold filled a pixel (NOT_FILLED: none)."""

    start: int
    stop: int
    x: npt.NDArray[np.float32]
    y: npt.NDArray[np.float32]
    filled: npt.NDArray[np.int8] | None


def strips(warp: Warp) -> Iterator[Strip]:
    """The source coordinates of all output pixels, a few rows at a time, float32."""
    columns = np.arange(warp.target.width, dtype=np.float32)[None, :] + np.float32(0.5)
    for start in range(0, warp.target.height, STRIP_ROWS):
        stop = min(start + STRIP_ROWS, warp.target.height)
        rows = np.arange(start, stop, dtype=np.float32)[:, None] + np.float32(0.5)
        yield _strip(warp, start, stop, columns, rows)


def _strip(warp: Warp, start: int, stop: int, x: Any, y: Any) -> Strip:
    filled = None
    for step in reversed(warp.maps):
        if isinstance(step, Fold):
            if step.border == "constant":
                filled = _filled_more(
                    filled, step, np.broadcast_to(step.outside(x, y), (stop - start, x.shape[1]))
                )
            elif _inside(step, x, y):
                continue
        x, y = step.pull(x, y)
    shape = (stop - start, warp.target.width)
    return Strip(start, stop, np.broadcast_to(x, shape), np.broadcast_to(y, shape), filled)


def _inside(fold: Fold, x: Any, y: Any) -> bool:
    return bool(
        x.min() >= fold.left and x.max() < fold.right and y.min() >= fold.top and y.max() < fold.bottom
    )


def _filled_more(
    filled: npt.NDArray[np.int8] | None, fold: Fold, outside: Any
) -> npt.NDArray[np.int8] | None:
    """What an earlier-visited fold has filled stays: it stands nearer to the output."""
    if not outside.any():
        return filled
    if filled is None:
        filled = np.full(outside.shape, NOT_FILLED, np.int8)
    filled[outside & (filled == NOT_FILLED)] = fold.tints_before
    return filled


@dataclass(frozen=True)
class Axis:
    """One source coordinate along one output axis, exactly: `numerators / denominator`."""

    numerators: Index
    denominator: int
    filled: npt.NDArray[np.int8]

    @staticmethod
    def centres(count: int) -> Axis:
        """The centres of `count` output pixels."""
        return Axis(2 * np.arange(count, dtype=np.int64) + 1, 2, np.full(count, NOT_FILLED, np.int8))

    def mapped(self, scale: Fraction, shift: Fraction) -> Axis:
        """Apply scale * value + shift; raises OverflowError beyond 62 bits."""
        denominator = math.lcm(self.denominator * scale.denominator, shift.denominator)
        factor = scale.numerator * (denominator // (self.denominator * scale.denominator))
        offset = shift.numerator * (denominator // shift.denominator)
        largest = int(np.abs(self.numerators).max(initial=0)) * abs(factor) + abs(offset)
        if max(largest, denominator).bit_length() > EXACT_BITS:
            raise OverflowError
        return Axis(self.numerators * factor + offset, denominator, self.filled)

    def folded(self, low: int, high: int, fold: Fold) -> Axis:
        """Read outside values inside, and remember what a constant border fills."""
        a, b = low * self.denominator, high * self.denominator
        filled = self.filled
        if fold.border == "constant":
            outside = (self.numerators < a) | (self.numerators >= b)
            filled = np.where(outside & (filled == NOT_FILLED), fold.tints_before, filled).astype(np.int8)
        folded = fold_axis(self.numerators, a, b, fold.border, self.denominator // 2)
        return replace(self, numerators=folded, filled=filled)

    def index(self, size: int) -> Index:
        """The source pixels: floor, kept inside."""
        return np.clip(self.numerators // self.denominator, 0, size - 1)

    @property
    def is_centred(self) -> bool:
        """Whether every value is the centre of a pixel."""
        return bool((2 * (self.numerators % self.denominator) == self.denominator).all())


@dataclass(frozen=True)
class Alignment:
    """An axis-aligned warp: source x and y, each along one output axis (exchanged if `transposed`)."""

    x: Axis
    y: Axis
    transposed: bool
    is_unit: bool

    @property
    def filled(self) -> npt.NDArray[np.int8] | None:
        """Which fold filled a pixel, (H, W) of the output; None where none did."""
        if max(self.x.filled.max(initial=NOT_FILLED), self.y.filled.max(initial=NOT_FILLED)) == NOT_FILLED:
            return None
        both = np.maximum(self.y.filled[:, None], self.x.filled[None, :])
        return both.T if self.transposed else both


def alignment(warp: Warp) -> Alignment | None:
    """The exact source coordinates of an axis-aligned chain of exact maps; None for any other chain."""
    matrices = [m for m in warp.maps if isinstance(m, Projective)]
    if any(not isinstance(m, Projective | Fold) for m in warp.maps):
        return None
    if not all(m.is_exact and m.is_aligned for m in matrices):
        return None
    try:
        return _aligned(warp)
    except OverflowError:
        return None


def _aligned(warp: Warp) -> Alignment:
    x, y = Axis.centres(warp.target.width), Axis.centres(warp.target.height)
    transposed, unit = False, True
    for step in reversed(warp.maps):
        if isinstance(step, Fold):
            x, y = x.folded(step.left, step.right, step), y.folded(step.top, step.bottom, step)
        elif isinstance(step, Projective):
            (a, b, c), (d, e, f), _ = ([Fraction(v) for v in row] for row in step.inverse().rows)
            unit = unit and {abs(a), abs(b), abs(d), abs(e)} <= {0, 1}
            if b:
                x, y = y.mapped(b, c), x.mapped(d, f)
                transposed = not transposed
            else:
                x, y = x.mapped(a, c), y.mapped(e, f)
    return Alignment(x, y, transposed, unit and x.is_centred and y.is_centred)
