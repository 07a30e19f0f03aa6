"""Steps that bring out edges: sharpening, unsharp masking and embossing."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

import numpy as np
from pydantic import Field

from augcli.data import Array, PixelFormat
from augcli.transforms.base import fixed
from augcli.transforms.blur import gaussian_blur
from augcli.transforms.filters import Neighbourhood, clipped, convolved
from augcli.transforms.parameters import Distribution, Number

Factor = Annotated[Distribution, Number(neutral=1.0, low=0.0, high=100.0)]
Amount = Annotated[Distribution, Number(neutral=0.0, low=0.0, high=100.0)]
Sigma = Annotated[Distribution, Number(low=0.0, high=1000.0, above=True)]
Threshold = Annotated[Distribution, Number(low=0.0, high=1.0)]
Blend = Annotated[Distribution, Number(neutral=0.0, low=0.0, high=1.0)]
Strength = Annotated[Distribution, Number(low=0.0, high=10.0)]

SMOOTH = np.array([[1, 1, 1], [1, 5, 1], [1, 1, 1]]) / 13  # Pillow's ImageFilter.SMOOTH


class Sharpen(Neighbourhood, family="filter"):
    """Blend with a smoothed copy, or away from it; the outermost pixels stay."""

    source: ClassVar[str] = "torchvision's adjust_sharpness and Pillow's ImageEnhance.Sharpness"
    example: ClassVar[str] = "sharpen: {factor: [0.5, 3]}"

    factor: Factor = Field(description="1 is neutral, 0 is smoothed, above 1 is sharper")

    @classmethod
    def filtered(cls, pixels: Array, meaning: PixelFormat, params: dict[str, Any]) -> Array:
        """Blend."""
        factor = params["factor"]
        if factor == 1 or min(pixels.shape[:2]) < 3:
            return pixels
        smooth = convolved(pixels, SMOOTH)[1:-1, 1:-1]
        result = pixels.copy()
        sharp = smooth + factor * (pixels[1:-1, 1:-1] - smooth)
        result[1:-1, 1:-1] = clipped(sharp, meaning, pixels.dtype)
        return result


class UnsharpMask(Neighbourhood, family="filter"):
    """Add what a Gaussian blur takes away."""

    source: ClassVar[str] = "x + amount (x - blurred): scikit-image's unsharp_mask; the threshold is Pillow's"
    example: ClassVar[str] = "unsharp_mask: {sigma: [1, 3], amount: [0.5, 2]}"

    amount: Amount = Field(description="how much of the difference is added; 0 is neutral")
    sigma: Sigma = Field(default=fixed(1.0), description="pixels, standard deviation of the blur")
    threshold: Threshold = Field(
        default=fixed(0.0), description="share of the range; differences up to it are left alone"
    )

    @classmethod
    def filtered(cls, pixels: Array, meaning: PixelFormat, params: dict[str, Any]) -> Array:
        """Sharpen."""
        if params["amount"] == 0:
            return pixels
        levels = pixels.astype(np.float32)
        detail = levels - gaussian_blur(levels, params["sigma"])
        if params["threshold"] > 0:
            detail[np.abs(detail) <= params["threshold"] * (meaning.high - meaning.low)] = 0
        return clipped(levels + params["amount"] * detail, meaning, pixels.dtype)


class Emboss(Neighbourhood, family="filter"):
    """Blend with a relief that is lit from the upper left; the edge pixels are mirrored."""

    source: ClassVar[str] = "albumentations' and imgaug's Emboss"
    example: ClassVar[str] = "emboss: {alpha: [0.2, 0.5], strength: [0.2, 0.7]}"

    alpha: Blend = Field(description="share of the relief in the result; 0 is neutral")
    strength: Strength = Field(default=fixed(0.5), description="how steep the relief is")

    @classmethod
    def filtered(cls, pixels: Array, meaning: PixelFormat, params: dict[str, Any]) -> Array:
        """Blend."""
        if params["alpha"] == 0:
            return pixels
        relief = convolved(pixels, emboss_kernel(params["alpha"], params["strength"]))
        return clipped(relief, meaning, pixels.dtype)


def emboss_kernel(alpha: float, strength: float) -> Array:
    """The 3x3 kernel of the blend, of sum 1."""
    s = strength
    relief = np.array([[-1 - s, -s, 0], [-s, 1, s], [0, s, 1 + s]])
    return alpha * relief + (1 - alpha) * np.array([[0, 0, 0], [0, 1, 0], [0, 0, 0]])
