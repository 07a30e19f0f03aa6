"""Blurs: Gaussian, box, median, motion and defocus."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Annotated, Any, ClassVar

import numpy as np
import numpy.typing as npt
from pydantic import Field, field_validator

from augcli.data import Array, PixelFormat
from augcli.errors import ImageError
from augcli.rng import Draws
from augcli.transforms.base import fixed
from augcli.transforms.filters import Neighbourhood, convolved, depth_of
from augcli.transforms.operations import cast
from augcli.transforms.parameters import Distribution, Number, mistake

Kernel = npt.NDArray[np.float64]
Sigma = Annotated[Distribution, Number(neutral=0.0, low=0.0, high=1000.0)]
Side = Annotated[Distribution, Number(neutral=1.0, low=1.0, high=1000.0)]
Window = Annotated[Distribution, Number(neutral=1, low=1, high=99, whole=True)]
Length = Annotated[Distribution, Number(neutral=1.0, low=1.0, high=500.0)]
Direction = Annotated[Distribution, Number(low=-360.0, high=360.0)]
Bias = Annotated[Distribution, Number(low=-1.0, high=1.0)]
Radius = Annotated[Distribution, Number(neutral=0, low=0, high=100, whole=True)]
Softness = Annotated[Distribution, Number(low=0.0, high=10.0)]

ANY_DIRECTION = Distribution("uniform", (-180.0, 180.0))
WINDOW_BEYOND_8_BITS = 5  # the largest that OpenCV's median takes


class GaussianBlur(Neighbourhood, family="filter"):
    """Blur by a Gaussian; the edge pixels are mirrored."""

    source: ClassVar[str] = "a Gaussian cut at 4 sigma; scipy's gaussian_filter"
    example: ClassVar[str] = "gaussian_blur: {sigma: [0.5, 2]}"

    sigma: Sigma = Field(description="pixels, standard deviation; 0 is neutral")

    @classmethod
    def filtered(cls, pixels: Array, meaning: PixelFormat, params: dict[str, Any]) -> Array:
        """Blur."""
        return gaussian_blur(pixels, params["sigma"])


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
    def filtered(cls, pixels: Array, meaning: PixelFormat, params: dict[str, Any]) -> Array:
        """Blur."""
        return box_blur(pixels, params["size"])


def box_blur(pixels: Array, size: float) -> Array:
    """Blur (H, W, C) of any dtype by the mean of a square of `size` pixels; its rim weighs a fraction."""
    import cv2  # here, so that reading and checking a recipe does not load OpenCV

    whole, fraction = divmod((size - 1) / 2, 1)
    kernel = np.array([fraction, *[1.0] * (2 * int(whole) + 1), fraction]) / size
    blurred = cv2.sepFilter2D(pixels, -1, kernel, kernel, borderType=cv2.BORDER_REPLICATE)
    return np.asarray(blurred).reshape(pixels.shape)


class MedianBlur(Neighbourhood, family="filter"):
    """Replace each pixel by the median of a square around it; the edge pixels are continued."""

    source: ClassVar[str] = "the median of each channel; scipy's median_filter with mode nearest"
    example: ClassVar[str] = "median_blur: {size: [3, 7]}"

    size: Window = Field(
        description="pixels, side of the square, odd; at most 5 for more than 8 bits; 1 is neutral"
    )

    @field_validator("size")
    @classmethod
    def _is_odd(cls, size: Distribution) -> Distribution:
        values = () if size.kind == "normal" else size.values
        if even := [value for value in values if value % 2 == 0]:
            raise mistake(f"median_blur takes odd sizes, got {even[0]:g}: write {even[0] + 1:g}")
        return size

    def draw(self, draws: Draws) -> dict[str, Any]:
        """Draw an odd size; those of a range are equally likely."""
        size = self.size
        if size.kind == "uniform":
            size = replace(size, values=(size.values[0] - 1, size.values[1]))
        return {"size": int(size.draw(draws.words("size"))) | 1}

    @classmethod
    def filtered(cls, pixels: Array, meaning: PixelFormat, params: dict[str, Any]) -> Array:
        """Take the median; ImageError where OpenCV has none for this depth."""
        return median_blur(pixels, params["size"])


def median_blur(pixels: Array, size: int) -> Array:
    """The median of each channel of (H, W, C) over squares of an odd side.

    Raises ImageError for sides above 5 of pixels of more than 8 bits.
    """
    import cv2  # here, so that reading and checking a recipe does not load OpenCV

    if size == 1:
        return pixels
    if size > WINDOW_BEYOND_8_BITS and pixels.dtype != np.uint8:
        raise ImageError(
            f"median_blur has size {size}, and {depth_of(pixels)} take at most {WINDOW_BEYOND_8_BITS}",
            hint="write median_blur: {size: [3, 5]}",
        )
    planes = [cv2.medianBlur(np.ascontiguousarray(pixels[..., c]), size) for c in range(pixels.shape[-1])]
    return np.stack(planes, axis=-1)


class MotionBlur(Neighbourhood, family="filter"):
    """Blur along a line, as a moving camera does; the edge pixels are mirrored."""

    source: ClassVar[str] = (
        "albumentations' MotionBlur without its shift, each pixel by its length of the line"
    )
    example: ClassVar[str] = "motion_blur: {size: [5, 15]}"

    size: Length = Field(description="pixels, length of the line; 1 is neutral")
    degrees: Direction = Field(
        default=ANY_DIRECTION, description="direction of the line, counter-clockwise from the right"
    )
    direction: Bias = Field(
        default=fixed(0.0), description="0 smears to both sides, 1 forwards alone, -1 backwards alone"
    )

    @classmethod
    def filtered(cls, pixels: Array, meaning: PixelFormat, params: dict[str, Any]) -> Array:
        """Blur."""
        kernel = line_kernel(params["size"], params["degrees"], params["direction"])
        return pixels if kernel.size == 1 else cast(convolved(pixels, kernel), pixels.dtype)


def line_kernel(size: float, degrees: float, direction: float = 0.0) -> Kernel:
    """A kernel (n, n), n odd, of sum 1: each pixel weighs what it holds of a line of `size` pixels.

    The line goes through the centre. What it blurs is smeared towards `degrees` (counter-clockwise as
    seen) where `direction` is 1: then the line is one half of itself, and half a pixel.
    """
    half = (size - 1) / 2
    begin = -half * (1 - max(direction, 0.0)) - 0.5
    end = half * (1 + min(direction, 0.0)) + 0.5
    step = np.array([-math.cos(math.radians(degrees)), math.sin(math.radians(degrees))])
    reach = math.ceil(half)
    edges = np.arange(-reach - 0.5, reach + 1)
    crossings = [edges / along for along in step if abs(along) > 1e-9]
    cuts = np.clip(np.concatenate([[begin, end], *crossings]), begin, end)
    cuts.sort()
    middles = (cuts[:-1] + cuts[1:])[:, None] / 2 * step
    columns, rows = np.clip(np.rint(middles).astype(int) + reach, 0, 2 * reach).T
    kernel = np.zeros((2 * reach + 1, 2 * reach + 1))
    np.add.at(kernel, (rows, columns), np.diff(cuts))
    kernel /= kernel.sum()
    return kernel


class DefocusBlur(Neighbourhood, family="filter"):
    """Blur by a disc, as a lens out of focus does; the edge pixels are mirrored."""

    source: ClassVar[str] = "Hendrycks 2019 (imagecorruptions) and albumentations' Defocus"
    example: ClassVar[str] = "defocus_blur: {radius: [2, 6]}"

    radius: Radius = Field(description="pixels, radius of the disc; 0 is neutral")
    alias_sigma: Softness = Field(
        default=fixed(0.5), description="pixels, the Gaussian that softens the disc's rim"
    )

    @classmethod
    def filtered(cls, pixels: Array, meaning: PixelFormat, params: dict[str, Any]) -> Array:
        """Blur."""
        if params["radius"] == 0:
            return pixels
        return cast(convolved(pixels, disc_kernel(params["radius"], params["alias_sigma"])), pixels.dtype)


def disc_kernel(radius: int, alias_sigma: float) -> Kernel:
    """A kernel (n, n) of sum 1: pixels within `radius`, under a Gaussian of 3 taps, or of 5 from radius 9."""
    taps = 1 if radius <= 8 else 2
    reach = np.arange(-radius - taps, radius + taps + 1)
    disc = (reach[:, None] ** 2 + reach**2 <= radius**2).astype(np.float64)
    if alias_sigma > 0:
        weights = np.exp(-(np.arange(-taps, taps + 1) ** 2) / (2 * alias_sigma**2))
        weights /= weights.sum()
        disc = _softened(_softened(disc, weights).T, weights).T
    disc /= disc.sum()
    return disc


def _softened(disc: Kernel, weights: npt.NDArray[np.float64]) -> Kernel:
    """Each column under symmetric weights (2 t + 1,); all is 0 within t of the upper and lower edges."""
    shifted = (np.roll(disc, shift - len(weights) // 2, axis=0) for shift in range(len(weights)))
    return np.asarray(sum(weight * rows for weight, rows in zip(weights, shifted, strict=True)))
