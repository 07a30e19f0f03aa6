"""Frames, and the words that all maps share."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating[Any]]
Scalar = int | Fraction | float
Border = Literal["reflect", "replicate", "wrap", "constant"]
Point = tuple[Scalar, Scalar]


@dataclass(frozen=True)
class Frame:
    """A picture's width and height in pixels."""

    width: int
    height: int

    @property
    def corners(self) -> tuple[Point, ...]:
        """The four corners, clockwise from the origin."""
        return ((0, 0), (self.width, 0), (self.width, self.height), (0, self.height))
