"""Tone curves: each channel through a curve of its own values."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from pydantic import Field

from augcli.ops import ColorOp
from augcli.ops import Gamma as GammaOp
from augcli.transforms.color import Color
from augcli.transforms.parameters import Distribution, Number

Exponent = Annotated[Distribution, Number(neutral=1.0, low=0.01, high=100.0)]


class Gamma(Color, family="tone"):
    """Raise each level, as a share of the range, to a power."""

    source: ClassVar[str] = "torchvision's adjust_gamma with gain 1"
    example: ClassVar[str] = "gamma: {gamma: {log_uniform: [0.8, 1.25]}}"

    gamma: Exponent = Field(description="exponent; 1 is neutral, below 1 is brighter")

    @classmethod
    def color_op(cls, params: dict[str, Any]) -> ColorOp:
        """Return the curve."""
        return GammaOp(params["gamma"])
