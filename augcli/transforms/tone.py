"""Tone curves: each channel through a curve of its own values."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Any, ClassVar

import numpy as np
from pydantic import BeforeValidator, Field, WithJsonSchema

from augcli.transforms import curves
from augcli.transforms.base import fixed
from augcli.transforms.color import Color
from augcli.transforms.operations import ColorFunction, ColorMatrix
from augcli.transforms.operations import GammaCurve as GammaOp
from augcli.transforms.parameters import Distribution, Number, is_list_of, mistake

Exponent = Annotated[Distribution, Number(neutral=1.0, low=0.01, high=100.0)]
Threshold = Annotated[Distribution, Number(neutral=1.0, low=0.0, high=1.0)]
Bits = Annotated[Distribution, Number(neutral=8, low=1, high=8, whole=True)]
LowControl = Annotated[Distribution, Number(neutral=1 / 3, low=0.0, high=1.0)]
HighControl = Annotated[Distribution, Number(neutral=2 / 3, low=0.0, high=1.0)]
MOST_POINTS = 256


class Gamma(Color, family="tone"):
    """Raise each level, as a share of the range, to a power."""

    source: ClassVar[str] = "torchvision's adjust_gamma with gain 1"
    example: ClassVar[str] = "gamma: {gamma: {log_uniform: [0.8, 1.25]}}"

    gamma: Exponent = Field(description="exponent; 1 is neutral, below 1 is brighter")

    @classmethod
    def color_op(cls, params: dict[str, Any]) -> ColorFunction:
        """Return the curve."""
        return GammaOp(params["gamma"])


class Invert(Color, family="tone"):
    """Turn light to dark and dark to light: full scale minus each level."""

    source: ClassVar[str] = "Pillow's ImageOps.invert"
    example: ClassVar[str] = "invert: {p: 0.1}"

    @classmethod
    def color_op(cls, params: dict[str, Any]) -> ColorFunction:
        """Return the matrix."""
        return ColorMatrix.of(-np.eye(3), (1.0, 1.0, 1.0))


class Solarize(Color, family="tone"):
    """Invert all levels at or above a threshold."""

    source: ClassVar[str] = "Pillow's ImageOps.solarize; its threshold T is T / 255 here, 256 is 1"
    example: ClassVar[str] = "solarize: {threshold: [0.5, 0.9]}"

    threshold: Threshold = Field(
        default=fixed(0.5), description="share of the range; 1 is neutral and inverts nothing"
    )

    @classmethod
    def color_op(cls, params: dict[str, Any]) -> ColorFunction:
        """Return the curve."""
        return curves.SolarizeCurve(params["threshold"])


class Posterize(Color, family="tone"):
    """Keep the highest bits of each level."""

    source: ClassVar[str] = "Pillow's ImageOps.posterize; at other depths the highest bits of the range"
    example: ClassVar[str] = "posterize: {bits: [3, 6]}"

    bits: Bits = Field(description="bits that are kept; 8 is neutral for pictures of 8 bits")

    @classmethod
    def color_op(cls, params: dict[str, Any]) -> ColorFunction:
        """Return the steps."""
        return curves.PosterizeCurve(params["bits"])


class ToneCurve(Color, family="tone"):
    """Bend shadows and lights by a Bezier curve from black to white."""

    source: ClassVar[str] = "albumentations' RandomToneCurve, which draws around 0.25 and 0.75"
    example: ClassVar[str] = "tone_curve: {low_y: {normal: [0.25, 0.1]}, high_y: {normal: [0.75, 0.1]}}"

    low_y: LowControl = Field(description="height of the control point at 1/3; 1/3 is neutral")
    high_y: HighControl = Field(description="height of the control point at 2/3; 2/3 is neutral")

    @classmethod
    def color_op(cls, params: dict[str, Any]) -> ColorFunction:
        """Return the curve."""
        return curves.BezierCurve(params["low_y"], params["high_y"])


def _points(value: Any) -> tuple[tuple[float, float], ...]:
    """Read the points of a curve: pairs of shares, x rising from 0 to 1."""
    if not is_list_of(value, list | tuple) or not all(map(_is_pair_of_shares, value)):
        raise mistake(f"expected pairs of numbers from 0 to 1, like {_CURVE}")
    points = tuple((float(x), float(y)) for x, y in value)
    across = [x for x, _ in points]
    if not 2 <= len(points) <= MOST_POINTS or across[0] != 0 or across[-1] != 1:
        raise mistake(
            f"a curve has 2 to {MOST_POINTS} points, the first at x = 0, the last at x = 1, like {_CURVE}"
        )
    if any(left >= right for left, right in pairwise(across)):
        raise mistake(f"the points of a curve have rising x, got {', '.join(f'{x:g}' for x in across)}")
    return points


def _is_pair_of_shares(value: Any) -> bool:
    return is_list_of(value, int | float) and len(value) == 2 and all(0 <= share <= 1 for share in value)


_CURVE = "[[0, 0], [0.5, 0.6], [1, 1]]"
_SHARE = {"type": "number", "minimum": 0, "maximum": 1}
_PAIR = {"type": "array", "items": _SHARE, "minItems": 2, "maxItems": 2}
Points = Annotated[
    tuple[tuple[float, float], ...],
    BeforeValidator(_points),
    WithJsonSchema({"type": "array", "items": _PAIR, "minItems": 2, "maxItems": MOST_POINTS}),
]


class Curve(Color, family="tone"):
    """Map each level by a smooth curve through given points, monotone between each two of them."""

    source: ClassVar[str] = "PCHIP (Fritsch and Butland 1984), as scipy's PchipInterpolator"
    example: ClassVar[str] = "curve: {points: [[0, 0], [0.25, 0.15], [0.75, 0.85], [1, 1]]}"
    kept: ClassVar[frozenset[str]] = frozenset({"points"})

    points: Points = Field(description="pairs [x, y] of shares of the range, from x = 0 to x = 1")

    @classmethod
    def color_op(cls, params: dict[str, Any]) -> ColorFunction:
        """Return the curve."""
        return curves.PchipCurve(tuple((float(x), float(y)) for x, y in params["points"]))
