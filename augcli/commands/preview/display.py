"""Pictures of any depth and number of bands as something a screen can show."""

from __future__ import annotations

import numpy as np

from augcli.data import Array, Image, PixelFormat

DARKEST, BRIGHTEST = 0.5, 99.5  # percentiles: what is shown as black and white where nothing is declared
STEP = 8  # every eighth row and column is looked at for them

# Dark to bright in even steps: the map viridis of Smith and van der Walt (2015, CC0) at every eighth.
RAMP: tuple[tuple[int, int, int], ...] = (
    (68, 1, 84),
    (71, 45, 123),
    (59, 82, 139),
    (44, 114, 142),
    (33, 145, 140),
    (40, 174, 128),
    (94, 201, 98),
    (173, 220, 48),
    (253, 231, 37),
)

Window = tuple[float, float]


def window_of(pixels: Array, meaning: PixelFormat, declared: Window | None) -> Window:
    """The values that are shown as black and white: of 8 bits all, else as declared, else by percentiles.

    A microscope's 16 bits may use the lowest thousand values only.
    """
    if pixels.dtype == np.uint8 or declared:
        return meaning.low, meaning.high
    return _percentiles(pixels[..., : pixels.shape[2] - meaning.alpha])


def _percentiles(pixels: Array) -> Window:
    low, high = np.percentile(pixels[::STEP, ::STEP], [DARKEST, BRIGHTEST])
    return float(low), max(float(high), float(low) + 1e-6)


def levels_shown(image: Image) -> Window:
    """The values of a depth map or matte that are shown at the ends of the ramp."""
    return _percentiles(image.pixels[..., 0])


def ramped(values: Array, window: Window) -> Array:
    """Values (H, W) as colours (H, W, 3), uint8, from the ramp's dark end to its bright one."""
    shares = np.clip((values.astype(np.float64) - window[0]) / (window[1] - window[0]), 0, 1)
    stops = np.linspace(0, 1, len(RAMP))
    channels = [np.interp(shares, stops, channel) for channel in np.array(RAMP, np.float64).T]
    colors: Array = np.rint(np.stack(channels, axis=-1)).astype(np.uint8)
    return colors


def displayed(pixels: Array, meaning: PixelFormat, window: Window) -> Array:
    """A picture as uint8 (H, W, 1, 3 or 4): of many bands the first three, alpha behind three."""
    channels = pixels.shape[2] - meaning.alpha
    shown = pixels[..., :3] if channels >= 3 else pixels[..., :1]
    if pixels.dtype != np.uint8:
        shares = (shown.astype(np.float32) - window[0]) / (window[1] - window[0])
        shown = np.rint(255 * np.clip(shares, 0, 1)).astype(np.uint8)
    if not meaning.alpha:
        return np.ascontiguousarray(shown)
    alpha = pixels[..., -1:].astype(np.float32) / (meaning.high or 1)
    opaque = np.rint(255 * np.clip(alpha, 0, 1)).astype(np.uint8)
    return np.dstack([np.broadcast_to(shown, (*shown.shape[:2], 3)), opaque])
