"""A stage's run of colours: statistics first, then everything composed and clipped once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from augcli.data import Array, PixelFormat
from augcli.errors import ImageError
from augcli.geometry import Warp
from augcli.render.coordinates import NOT_FILLED
from augcli.render.program import Colored, Stage
from augcli.render.sample import Interpolation, Sampled, sample
from augcli.transforms.curves import PosterizeCurve
from augcli.transforms.operations import (
    STRIP_ROWS,
    ByteHueTurn,
    ColorFunction,
    ColorMatrix,
    Colors,
    ContrastOp,
    Round,
    apply_colors,
    as_shares,
    luma,
    run_ops,
    to_levels,
)

Steps = list[list[ColorFunction]]  # the operations of each colour step of the run


@dataclass(frozen=True)
class RenderOptions:
    """How a picture is sampled, and the colour that a constant border shows, as RGB of 0 to 255."""

    interpolation: Interpolation = "linear"
    fill: tuple[int, int, int] = (0, 0, 0)


@dataclass(frozen=True)
class ColorRun:
    """The colours of one stage: of a picture as it entered the stage, and as the warp left it."""

    entered: Array
    warped: Sampled
    stage: Stage
    look: RenderOptions
    meaning: PixelFormat

    def colored(self) -> Array:
        """Apply the colours to the warped picture, and paint what a constant border fills."""
        steps = self._bound()
        picture = apply_colors(_flat(steps), self.warped.image, self.meaning)
        return picture if self.warped.filled is None else self._painted(picture, steps)

    def _painted(self, picture: Array, steps: Steps) -> Array:
        """Fill pixels in the colours of their own step: only later colour steps have changed them."""
        picture = picture.copy()
        filled = self.warped.filled
        for since in np.unique(filled) if filled is not None else ():
            if since != NOT_FILLED:
                color = np.zeros(picture.shape[-1], picture.dtype)  # a filled pixel is transparent
                color[: color.size - self.meaning.alpha] = self._levels(self._fill_after(steps[since:]))
                picture[filled == since] = color
        return picture

    def _levels(self, color: Colors) -> Array:
        """A colour (3,) as one pixel: its RGB, or its grey in every band."""
        grey = self.meaning.colors != "rgb"
        return to_levels(np.full((1, 3), luma(color)) if grey else color, self.meaning, self.entered.dtype)

    def _fill_after(self, steps: Steps) -> Colors:
        return run_ops(_flat(steps), np.array(self.look.fill, np.float64) / 255)

    def _bound(self) -> Steps:
        """The operations of each step, with their statistics filled in."""
        steps: Steps = []
        for colored in self.stage.tints:
            op = colored.tint.op
            if colored.tint.color_only and not self._has_color(colored):
                steps.append([])
                continue
            if isinstance(op, ContrastOp):
                op = op.bound(self._mean_before(colored, steps))
            elif isinstance(op, PosterizeCurve | ByteHueTurn):
                op = op.on(self._levels_of_range)
            steps.append([op, Round(self._levels_of_range)] if colored.tint.rounded else [op])
        return steps

    @property
    def _levels_of_range(self) -> float:
        whole = self.entered.dtype.kind == "u"
        return self.meaning.high - self.meaning.low if whole else 0.0

    def _has_color(self, colored: Colored) -> bool:
        if self.meaning.colors == "multi":
            bands = self.entered.shape[-1] - self.meaning.alpha
            raise ImageError(
                f"{colored.tint.name} has no meaning for a picture of {bands} bands",
                hint=f"leave {colored.tint.name} out of the recipe",
            )
        return self.meaning.colors == "rgb"

    def _mean_before(self, colored: Colored, steps: Steps) -> Colors:
        """The mean colour (3,) of the frame as it enters a step, shares of the range, in float64."""
        seen = self.warped
        if colored.depth < len(self.stage.warp.maps):
            partial = Warp(self.stage.warp.source, colored.frame, self.stage.warp.maps[: colored.depth])
            seen = sample(self.entered, {}, partial, self.look.interpolation)
        if seen.filled is None:
            return self._mean(seen.image, _flat(steps))
        kept = seen.filled == NOT_FILLED
        mean = np.zeros(3)
        if kept.any():
            mean = kept.mean() * self._mean(seen.image[kept][:, None], _flat(steps))
        for since in np.unique(seen.filled[~kept]):
            mean = mean + (seen.filled == since).mean() * self._fill_after(steps[since:])
        return mean

    def _mean(self, pixels: Array, ops: list[ColorFunction]) -> Colors:
        """The mean colour after some operations; a matrix of the mean is the mean of the matrix."""
        if all(isinstance(op, ColorMatrix) for op in ops):
            return run_ops(ops, _per_color(as_shares(_mean_pixel(pixels), self.meaning, np.float64)))
        strips = [pixels[i : i + STRIP_ROWS] for i in range(0, len(pixels), STRIP_ROWS)]
        means = [_per_color(run_ops(ops, as_shares(strip, self.meaning))) for strip in strips]
        mean: Colors = np.average(means, axis=0, weights=[len(strip) for strip in strips])
        return mean


def _flat(steps: Steps) -> list[ColorFunction]:
    return [op for step in steps for op in step]


def _per_color(colors: Colors) -> Colors:
    """The mean (C,) of (..., C), float64."""
    mean: Colors = colors.reshape(-1, colors.shape[-1]).mean(axis=0, dtype=np.float64)
    return mean


def _mean_pixel(pixels: Array) -> Array:
    """The mean of each channel of (H, W, C), (1, C) float64; exact for whole numbers, and fast for bytes."""
    import cv2  # here, so that a picture that is only cut or flipped does not load OpenCV

    channels = pixels.shape[-1]
    if pixels.dtype.kind == "u" and channels <= 4:  # of floats OpenCV's order is the CPU's
        return np.array([cv2.sumElems(pixels)[:channels]]) / pixels[..., 0].size
    return _per_color(pixels)[None]
