"""Pictures of any depth and number of bands as something a screen can show."""

from __future__ import annotations

import numpy as np

from augcli.sample import Array, PixelFormat
from augcli.source import Decoded

DARKEST, BRIGHTEST = 0.5, 99.5  # percentiles: what is shown as black and white where nothing is declared
STEP = 8  # every eighth row and column is looked at for them

Window = tuple[float, float]


def window_of(source: Decoded, declared: Window | None) -> Window:
    """The values that are shown as black and white: of 8 bits all, else as declared, else by percentiles.

    A microscope's 16 bits may use the lowest thousand values only.
    """
    pixels, meaning = source.image.pixels, source.format
    if pixels.dtype == np.uint8 or declared:
        return meaning.low, meaning.high
    seen = pixels[::STEP, ::STEP, : pixels.shape[2] - meaning.alpha]
    low, high = np.percentile(seen, [DARKEST, BRIGHTEST])
    return float(low), max(float(high), float(low) + 1e-6)


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
