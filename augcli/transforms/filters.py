"""Steps that look at neighbours or positions: blurs and noise. Each ends a warp."""

from __future__ import annotations

import math
from typing import Annotated, Any, ClassVar

import numpy as np
from pydantic import Field

from augcli.geometry import Frame
from augcli.keys import Draws, normal_noise
from augcli.ops import Filter, cast
from augcli.sample import Array, PixelFormat
from augcli.transforms.base import Transform
from augcli.transforms.parameters import Distribution, Number

Sigma = Annotated[Distribution, Number(neutral=0.0, low=0.0, high=1000.0)]
Side = Annotated[Distribution, Number(neutral=1.0, low=1.0, high=1000.0)]
Deviation = Annotated[Distribution, Number(neutral=0.0, low=0.0, high=1.0)]


class Neighbourhood(Transform):
    """A step that cannot join a warp or a colour run."""

    fuses: ClassVar[str] = "ends the warp"
    ends_warp: ClassVar[bool] = True


class EndWarp(Neighbourhood, family="filter"):
    """Do nothing but end the warp: sample here, and forget what lies outside the frame."""

    source: ClassVar[str] = "what stands where a blur or noise was not drawn, so that chance moves no border"
    example: ClassVar[str] = "end_warp"

    @classmethod
    def operate(cls, params: dict[str, Any], frame: Frame) -> Filter:
        """Return the filter that does nothing."""
        return Filter(cls.name, lambda pixels, _: pixels)


class GaussianBlur(Neighbourhood, family="filter"):
    """Blur by a Gaussian; the edge pixels are mirrored."""

    source: ClassVar[str] = "a Gaussian cut at 4 sigma; scipy's gaussian_filter"
    example: ClassVar[str] = "gaussian_blur: {sigma: [0.5, 2]}"

    sigma: Sigma = Field(description="pixels, standard deviation; 0 is neutral")

    @classmethod
    def operate(cls, params: dict[str, Any], frame: Frame) -> Filter:
        """Return the blur."""
        return Filter(cls.name, lambda pixels, _: gaussian_blur(pixels, params["sigma"]))


def gaussian_blur(pixels: Array, sigma: float) -> Array:
    """Blur (H, W, C) of any dtype by a Gaussian of `sigma` pixels cut at 4 sigma."""
    import cv2  # here, so that reading and checking a recipe does not load OpenCV

    if sigma < 0.05:  # narrower than what changes a level of 8 bits
        return pixels
    taps = 2 * math.ceil(4 * sigma) + 1
    blurred = cv2.GaussianBlur(pixels, (taps, taps), sigma, borderType=cv2.BORDER_REFLECT)
    return np.asarray(blurred).reshape(pixels.shape)


class BoxBlur(Neighbourhood, family="filter"):
    """Blur by the mean of a square; the edge pixels are continued."""

    source: ClassVar[str] = "Pillow's BoxBlur of radius (size - 1) / 2, fractions included"
    example: ClassVar[str] = "box_blur: {size: [1, 5]}"

    size: Side = Field(description="pixels, side of the square; 1 is neutral")

    @classmethod
    def operate(cls, params: dict[str, Any], frame: Frame) -> Filter:
        """Return the blur."""
        return Filter(cls.name, lambda pixels, _: box_blur(pixels, params["size"]))


def box_blur(pixels: Array, size: float) -> Array:
    """Blur (H, W, C) of any dtype by the mean of a square of `size` pixels; its rim weighs a fraction."""
    import cv2  # here, so that reading and checking a recipe does not load OpenCV

    whole, fraction = divmod((size - 1) / 2, 1)
    kernel = np.array([fraction, *[1.0] * (2 * int(whole) + 1), fraction]) / size
    blurred = cv2.sepFilter2D(pixels, -1, kernel, kernel, borderType=cv2.BORDER_REPLICATE)
    return np.asarray(blurred).reshape(pixels.shape)


class GaussianNoise(Neighbourhood, family="noise"):
    """Add normal noise, drawn for each pixel and channel."""

    source: ClassVar[str] = "x + std * normal(0, 1), clipped; the field is stored as its key"
    example: ClassVar[str] = "gaussian_noise: {std: [0.01, 0.04]}"

    std: Deviation = Field(description="standard deviation, a share of the range; 0 is neutral")

    @property
    def is_random(self) -> bool:
        """Return True: the noise is drawn."""
        return True

    def draw(self, draws: Draws) -> dict[str, Any]:
        """Draw the strength; the noise itself is stored as its key."""
        return super().draw(draws) | {"key": draws.key("noise")}

    @classmethod
    def operate(cls, params: dict[str, Any], frame: Frame) -> Filter:
        """Return the noise."""
        return Filter(
            cls.name, lambda pixels, meaning: add_noise(pixels, meaning, params["std"], params["key"])
        )


def add_noise(pixels: Array, meaning: PixelFormat, std: float, key: str) -> Array:
    """Add normal noise of `std` (share of the range) to (H, W, C), and clip to the range."""
    noise = normal_noise(key, pixels.shape)
    noise *= np.float32((meaning.high - meaning.low) * std)
    noise += pixels
    return cast(np.clip(noise, meaning.low, meaning.high), pixels.dtype)
