"""Antialiasing for warps: the source is smoothed, and reduced by whole factors, before it is sampled.

An output pixel whose footprint in the source is f pixels wide needs a source without detail finer than f.
A whole factor k = floor(f) is an exact mean of k x k pixels; the rest r = f / k is a Gaussian of (r - 1) / 2
(scikit-image's choice in `resize`).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from augcli.data import Array
from augcli.geometry import Warp

PROBES = 9
NEGLIGIBLE = 1.1  # a footprint below this is left to the interpolation


@dataclass(frozen=True)
class Shrunk:
    """A source reduced by whole factors: its coordinates are the source's divided by them."""

    pixels: Array
    factor_x: int
    factor_y: int


def footprint(warp: Warp) -> tuple[float, float]:
    """Width and height in source pixels of the middle output pixel's share (median over a grid)."""
    width, height = warp.target.width, warp.target.height
    x, y = np.meshgrid(np.linspace(0.5, width - 0.5, PROBES), np.linspace(0.5, height - 0.5, PROBES))
    here = np.stack([x.ravel(), y.ravel()], axis=-1)
    start = warp.backward(here)
    right, down = (warp.backward(here + step) - start for step in ((0.5, 0), (0, 0.5)))
    widths = np.median(2 * np.hypot(right, down), axis=0)
    return float(widths[0]), float(widths[1])


def shrunk(pixels: Array, warp: Warp) -> Shrunk:
    """The source as the warp is to sample it."""
    across, down = (max(1.0, f if f > NEGLIGIBLE else 1.0) for f in footprint(warp))
    factor_x, factor_y = _whole_factor(across), _whole_factor(down)
    reduced = _reduced(pixels, factor_x, factor_y)
    return Shrunk(_smoothed(reduced, across / factor_x, down / factor_y), factor_x, factor_y)


def _whole_factor(footprint: float) -> int:
    """The whole factor in a footprint; one that is all but met is taken."""
    return max(1, math.floor(footprint + NEGLIGIBLE - 1))


def _reduced(pixels: Array, factor_x: int, factor_y: int) -> Array:
    """The mean of factor_x x factor_y pixels; the last ones are continued to fill up."""
    import cv2  # here, so that a picture that is only cut or flipped does not load OpenCV

    if factor_x == factor_y == 1:
        return pixels
    height, width = pixels.shape[:2]
    below, right = -height % factor_y, -width % factor_x
    size = ((width + right) // factor_x, (height + below) // factor_y)

    def mean(planes: Array) -> Array:
        full = cv2.copyMakeBorder(planes, 0, below, 0, right, cv2.BORDER_REPLICATE)
        return cv2.resize(full, size, interpolation=cv2.INTER_AREA)

    return by_planes(mean, pixels)


def _smoothed(pixels: Array, across: float, down: float) -> Array:
    """A Gaussian for what a whole factor leaves over."""
    import cv2  # as above

    if max(across, down) <= NEGLIGIBLE:
        return pixels
    sigma_x, sigma_y = max(1e-3, (across - 1) / 2), max(1e-3, (down - 1) / 2)
    return by_planes(
        lambda planes: cv2.GaussianBlur(
            planes, (5, 5), sigmaX=sigma_x, sigmaY=sigma_y, borderType=cv2.BORDER_REPLICATE
        ),
        pixels,
    )


def by_planes(operation: Callable[[Array], Array], pixels: Array) -> Array:
    """An OpenCV operation on (H, W, C): at once for 1, 3 and 4 channels, else one after the other.

    OpenCV's remap takes at most 4 channels, and rounds positions to 1/32 pixel for 2.
    """
    channels = pixels.shape[2]
    if channels in (1, 3, 4):
        result = np.asarray(operation(pixels))
        return result.reshape(*result.shape[:2], channels)
    planes = [np.asarray(operation(np.ascontiguousarray(pixels[..., c]))) for c in range(channels)]
    return np.stack(planes, axis=-1)
