"""A stage's run of colours: statistics first, then everything composed and clipped once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from augcli.geometry import Warp
from augcli.ops import (
    LUMA,
    ColorMatrix,
    ColorOp,
    Colors,
    Contrast,
    Pixels,
    Round,
    apply_colors,
    as_rgb,
    run_ops,
    to_levels,
)
from augcli.program import Colored, Stage
from augcli.render.coordinates import NOT_FILLED
from augcli.render.picture import Interpolation, Sampled, sample


@dataclass(frozen=True)
class Look:
    """How a picture is sampled, and the colour that a constant border shows, as RGB levels."""

    interpolation: Interpolation = "linear"
    fill: tuple[int, int, int] = (0, 0, 0)


def colored(image: Pixels, stage: Stage, warped: Sampled, look: Look) -> Pixels:
    """Apply the stage's colours to the warped picture, and paint what a constant border fills."""
    ops = _bound(image, stage, warped, look)
    picture = apply_colors([op for step in ops for op in step], warped.image)
    if warped.filled is None:
        return picture
    return _painted(picture, warped, ops, look)


def _painted(picture: Pixels, warped: Sampled, ops: list[list[ColorOp]], look: Look) -> Pixels:
    """Fill pixels in the colours of their own step: only later colour steps have changed them."""
    picture = picture.copy()
    filled = warped.filled
    for since in np.unique(filled) if filled is not None else ():
        if since != NOT_FILLED:
            color = np.zeros(picture.shape[-1], np.uint8)  # a filled pixel is transparent
            color[:3] = _as_channels(_fill_after(ops[since:], look), picture.shape[-1])
            picture[filled == since] = color
    return picture


def _as_channels(color: Colors, channels: int) -> Pixels:
    """A colour as the levels of a grey or an RGB picture."""
    return to_levels(color if channels >= 3 else np.dot(LUMA, color)[None])


def _fill_after(ops: list[list[ColorOp]], look: Look) -> Colors:
    return run_ops([op for step in ops for op in step], np.array(look.fill, np.float64) / 255)


def _bound(image: Pixels, stage: Stage, warped: Sampled, look: Look) -> list[list[ColorOp]]:
    """The colour operations of each step, with their statistics filled in."""
    ops: list[list[ColorOp]] = []
    grey = image.shape[-1] == 1
    for step in stage.tints:
        if step.tint.color_only and grey:
            ops.append([])
            continue
        op = step.tint.op
        if isinstance(op, Contrast):
            op = op.bound(_mean_before(image, stage, step, warped, ops, look))
        ops.append([op, Round()] if step.tint.rounded else [op])
    return ops


def _mean_before(
    image: Pixels, stage: Stage, step: Colored, warped: Sampled, ops: list[list[ColorOp]], look: Look
) -> Colors:
    """The mean colour (3,) of the frame as it enters a step, shares of the range, in float64."""
    seen = warped
    if step.depth < len(stage.warp.maps):
        partial = Warp(stage.warp.source, step.frame, stage.warp.maps[: step.depth])
        seen = sample(image, {}, partial, look.interpolation)
    flat = [op for each in ops for op in each]
    if seen.filled is None:
        return _mean(seen.image, flat)
    kept = seen.filled == NOT_FILLED
    mean = kept.mean() * _mean(seen.image[kept][:, None], flat) if kept.any() else np.zeros(3)
    for since in np.unique(seen.filled[~kept]):
        mean = mean + (seen.filled == since).mean() * _fill_after(ops[since:], look)
    return mean


def _mean(pixels: Pixels, ops: list[ColorOp]) -> Colors:
    """The mean colour after some operations; a matrix of the mean is the mean of the matrix."""
    if all(isinstance(op, ColorMatrix) for op in ops):
        return run_ops(ops, _mean_color(pixels))
    rows = [run_ops(ops, as_rgb(row)).mean(axis=0, dtype=np.float64) for row in pixels]
    mean: Colors = np.mean(rows, axis=0)
    return mean


def _mean_color(pixels: Pixels) -> Colors:
    import cv2  # here, so that a picture that is only cut or flipped does not load OpenCV

    levels = cv2.mean(pixels)
    return np.array(levels[:3] if pixels.shape[-1] >= 3 else levels[:1] * 3) / 255
