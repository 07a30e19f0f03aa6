"""Tone curves as colour operations: each channel through a curve of its own values."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from augcli.transforms.operations import Colors

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True)
class SolarizeCurve:
    """1 - x where x, clipped to [0, 1], is at or above the threshold; a threshold of 1 inverts nothing."""

    threshold: float
    is_per_channel = True

    def __call__(self, colors: Colors) -> Colors:
        """Apply to colours."""
        clipped: Colors = np.clip(colors, 0, 1)
        if self.threshold >= 1:
            return clipped
        return np.where(clipped >= colors.dtype.type(self.threshold), 1 - clipped, clipped)


@dataclass(frozen=True)
class PosterizeCurve:
    """Keep the highest `bits` bits of the whole level nearest to x; 0 steps are a range without levels."""

    bits: int
    steps: float = 255
    is_per_channel = True

    def on(self, steps: float) -> PosterizeCurve:
        """The same for a picture with so many steps from black to full scale."""
        return replace(self, steps=steps)

    def __call__(self, colors: Colors) -> Colors:
        """Apply to colours."""
        kept, clipped = 2**self.bits, np.clip(colors, 0, 1)
        if not self.steps:
            cut: Colors = np.minimum(np.floor(clipped * kept), kept - 1) / colors.dtype.type(kept)
            return cut
        levels = np.rint(clipped * self.steps).astype(np.float64)
        width = (self.steps + 1) / kept
        posterized: Colors = np.floor(levels / width) * width / self.steps
        return posterized.astype(colors.dtype)


@dataclass(frozen=True)
class BezierCurve:
    """A cubic Bezier of x clipped to [0, 1]: from 0 to 1 with control points at 1/3 and 2/3."""

    low_y: float
    high_y: float
    is_per_channel = True

    def __call__(self, colors: Colors) -> Colors:
        """Apply to colours."""
        x: Colors = np.clip(colors, 0, 1)
        rest = 1 - x
        # as what it adds to x, so that 1/3 and 2/3 change no bit
        return x + 3 * x * rest * (rest * (self.low_y - 1 / 3) + x * (self.high_y - 2 / 3))


@dataclass(frozen=True)
class PchipCurve:
    """The cubics through (x, y) points that are monotone between them (PCHIP); x is clipped to [0, 1]."""

    points: tuple[tuple[float, float], ...]
    is_per_channel = True

    def __call__(self, colors: Colors) -> Colors:
        """Apply to colours."""
        x, y = np.array(self.points, np.float64).T
        widths, rises = np.diff(x), np.diff(y) / np.diff(x)
        slopes = _pchip_slopes(widths, rises)
        square = (3 * rises - 2 * slopes[:-1] - slopes[1:]) / widths
        cube = (slopes[:-1] + slopes[1:] - 2 * rises) / widths**2
        clipped = np.clip(colors, 0, 1)
        piece = np.clip(np.searchsorted(x, clipped, "right") - 1, 0, len(widths) - 1)
        t = clipped - x[piece]
        curved: Colors = y[piece] + t * (slopes[piece] + t * (square[piece] + t * cube[piece]))
        return curved.astype(colors.dtype)


def _pchip_slopes(widths: Numbers, rises: Numbers) -> Numbers:
    """The slopes at the points: harmonic means where neighbouring pieces agree in sign (Fritsch, Butland)."""
    if len(rises) == 1:
        return np.repeat(rises, 2)
    before, after = rises[:-1], rises[1:]
    first, second = 2 * widths[1:] + widths[:-1], widths[1:] + 2 * widths[:-1]
    same = before * after > 0
    inner = np.zeros(len(before))
    inner[same] = (first + second)[same] / (first[same] / before[same] + second[same] / after[same])
    return np.array([_end_slope(widths, rises), *inner, _end_slope(widths[::-1], rises[::-1])])


def _end_slope(widths: Numbers, rises: Numbers) -> float:
    """The slope of the parabola through the three outer points, held back so that nothing overshoots."""
    slope = ((2 * widths[0] + widths[1]) * rises[0] - widths[0] * rises[1]) / (widths[0] + widths[1])
    if slope * rises[0] <= 0:
        return 0.0
    if rises[0] * rises[1] < 0 and abs(slope) > 3 * abs(rises[0]):
        return float(3 * rises[0])
    return float(slope)
