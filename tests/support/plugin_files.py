"""A plugin file, and a recipe that uses it."""

PLUGIN = '''
"""Two transforms."""

from typing import Annotated, ClassVar

import numpy as np

from augcli.extend import (
    Distribution, Geometric, SpatialOp, Neighbourhood, Number, Parameter, Projective, normal_noise
)


class FilmGrain(Neighbourhood, family="noise"):
    """Add grain."""

    has_noise: ClassVar[bool] = True
    source: ClassVar[str] = "a test"
    example: ClassVar[str] = "film_grain: {strength: 0.1}"

    strength: Annotated[Distribution, Number(neutral=0.0, low=0.0, high=1.0)] = Parameter(
        description="share of the range"
    )

    @classmethod
    def filtered(cls, pixels, meaning, params):
        grain = normal_noise(params["key"], pixels.shape) * params["strength"] * meaning.high
        return np.rint(np.clip(pixels + grain, meaning.low, meaning.high)).astype(pixels.dtype)


class Squeeze(Geometric, family="geometric"):
    """Squeeze the width about the centre."""

    source: ClassVar[str] = "a test"
    example: ClassVar[str] = "squeeze: {factor: 0.5}"

    factor: Annotated[Distribution, Number(neutral=1.0, low=0.1, high=9.0)] = Parameter(
        description="magnification; 1 is neutral"
    )

    @classmethod
    def operate(cls, params, frame):
        k = params["factor"]
        return SpatialOp((Projective.affine(k, 0, frame.width / 2 * (1 - k), 0, 1, 0),), frame)
'''


RECIPE = """
plugins: [film]
variants:
  grainy:
    copies: 2
    transforms: [squeeze: {factor: [0.5, 0.9]}, rotate: {degrees: [-9, 9]}, film_grain: {strength: 0.1}]
output: {image: {format: png}}
"""
