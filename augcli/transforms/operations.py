"""What a resolved step does: moves points (SpatialOp), changes colours (ColorOp), or looks around (Filter).

Colours are float32 shares of the range, RGB last. A run of colour operations is composed, clipped and rounded
once; a single one equals torchvision's.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal, Protocol

import numpy as np
import numpy.typing as npt

from augcli.data import Array, PixelFormat, Sample
from augcli.geometry import Frame, Map, product

Colors = npt.NDArray[np.floating[Any]]
LUMA = (0.299, 0.587, 0.114)  # ITU-R BT.601, as Pillow's and torchvision's grey


def luma(colors: npt.NDArray[Any]) -> Colors:
    """The grey (...,) of RGB colours (..., 3); whole numbers give float64, floats keep their dtype."""
    red, green, blue = LUMA
    grey: Colors = colors[..., 0] * red + colors[..., 1] * green + colors[..., 2] * blue
    return grey


@dataclass(frozen=True)
class Applied:
    """A transform's name and the resolved plain numbers that it was applied with."""

    name: str
    params: dict[str, Any]


@dataclass(frozen=True)
class SpatialOp:
    """A spatial step: the maps it adds to the warp, and the frame it ends in."""

    maps: tuple[Map, ...]
    frame: Frame


class ColorFunction(Protocol):
    """Changes colours pixel by pixel: (..., 3) shares of the range in and out."""

    def __call__(self, colors: Colors) -> Colors:
        """Apply to colours."""
        ...


@dataclass(frozen=True)
class ColorMatrix:
    """An affine map of colours: rows of (red, green, blue, shift), 3x4."""

    rows: tuple[tuple[float, float, float, float], ...]

    @staticmethod
    def of(linear: npt.ArrayLike, shift: npt.ArrayLike = (0.0, 0.0, 0.0)) -> ColorMatrix:
        """Build from a 3x3 matrix and a shift of three."""
        full = np.column_stack([np.asarray(linear, np.float64), np.asarray(shift, np.float64)])
        return ColorMatrix(tuple((float(r), float(g), float(b), float(s)) for r, g, b, s in full))

    def then(self, after: ColorMatrix) -> ColorMatrix:
        """Chain this matrix with `after`."""
        first, second = np.asarray(self.rows), np.asarray(after.rows)
        chained = product(second[:, :3], first)
        return ColorMatrix.of(chained[:, :3], chained[:, 3] + second[:, 3])

    @property
    def is_per_channel(self) -> bool:
        """Whether no channel looks at another."""
        linear = np.asarray(self.rows)[:, :3]
        return not (linear - np.diag(np.diag(linear))).any()

    def __call__(self, colors: Colors) -> Colors:
        """Apply to colours; not clipped."""
        red, green, blue = colors[..., 0], colors[..., 1], colors[..., 2]
        return np.stack([red * r + green * g + blue * b + shift for r, g, b, shift in self.rows], axis=-1)


@dataclass(frozen=True)
class ContrastOp:
    """Blend with the mean grey of the frame as it enters the step (torchvision); needs that mean first."""

    factor: float

    def bound(self, mean: Colors) -> ColorMatrix:
        """Return the matrix for a frame whose mean colour is `mean`."""
        grey = float(luma(mean))
        return ColorMatrix.of(self.factor * np.eye(3), np.full(3, (1 - self.factor) * grey))


@dataclass(frozen=True)
class GammaCurve:
    """x ** gamma, with x clipped to [0, 1] first."""

    gamma: float
    is_per_channel = True

    def __call__(self, colors: Colors) -> Colors:
        """Apply to colours."""
        curved: Colors = np.power(np.clip(colors, 0, 1), colors.dtype.type(self.gamma))
        return curved


@dataclass(frozen=True)
class Round:
    """Clip to [0, 1] and round to whole levels, as a chain of separate steps does; 0 steps only clip."""

    steps: float = 255
    is_per_channel = True

    def __call__(self, colors: Colors) -> Colors:
        """Apply to colours."""
        clipped: Colors = np.clip(colors, 0, 1)
        return np.rint(clipped * self.steps) / colors.dtype.type(self.steps) if self.steps else clipped


@dataclass(frozen=True)
class Saturate:
    """Multiply the saturation of HSV, cut at 1, with colours clipped to [0, 1] first."""

    factor: float

    def __call__(self, colors: Colors) -> Colors:
        """Apply to colours."""
        import cv2  # here, so that reading and checking a recipe does not load OpenCV

        strip = np.clip(colors, 0, 1).astype(np.float32).reshape(1, -1, 3)
        hsv = cv2.cvtColor(strip, cv2.COLOR_RGB2HSV)
        hsv[..., 1] = np.minimum(hsv[..., 1] * np.float32(self.factor), 1)
        return cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB).reshape(colors.shape).astype(colors.dtype)


@dataclass(frozen=True)
class ByteHueTurn:
    """Turn the hue of OpenCV's HSV of 8 bits, whose hue has 180 steps; at other depths, of plain HSV."""

    turns: float
    steps: float = 255

    def on(self, steps: float) -> ByteHueTurn:
        """The same for a picture with so many steps from black to full scale."""
        return replace(self, steps=steps)

    def __call__(self, colors: Colors) -> Colors:
        """Apply to colours."""
        import cv2  # here, so that reading and checking a recipe does not load OpenCV

        if self.steps != 255:
            return HueTurn(self.turns, "hsv")(colors)
        strip = np.rint(np.clip(colors, 0, 1) * 255).astype(np.uint8).reshape(1, -1, 3)
        hsv = cv2.cvtColor(strip, cv2.COLOR_RGB2HSV)
        hsv[..., 0] = np.mod(hsv[..., 0] + 180.0 * self.turns, 180.0).astype(np.uint8)
        turned = cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB).reshape(colors.shape)
        return turned.astype(colors.dtype) / colors.dtype.type(255)


@dataclass(frozen=True)
class HueTurn:
    """Turn the hue of HSV or HLS by `turns`, with colours clipped to [0, 1] first."""

    turns: float
    space: Literal["hsv", "hls"]

    def __call__(self, colors: Colors) -> Colors:
        """Apply to colours."""
        import cv2  # here, so that reading and checking a recipe does not load OpenCV

        to, back = _HUE_CODES[self.space]
        strip = np.clip(colors, 0, 1).astype(np.float32).reshape(1, -1, 3)
        turned = cv2.cvtColor(strip, getattr(cv2, to))
        turned[..., 0] = np.mod(turned[..., 0] + 360.0 * self.turns, 360.0)
        result = cv2.cvtColor(turned, getattr(cv2, back)).reshape(colors.shape)
        return result.astype(colors.dtype)


_HUE_CODES = {
    "hsv": ("COLOR_RGB2HSV", "COLOR_HSV2RGB"),
    "hls": ("COLOR_RGB2HLS", "COLOR_HLS2RGB"),
}


@dataclass(frozen=True)
class ColorOp:
    """A colour step of a run. Its `op` is a ColorOp, or a Contrast that waits for its statistic."""

    op: ColorFunction | ContrastOp
    name: str = ""
    color_only: bool = False  # has no meaning on a grey picture, and leaves it alone
    rounded: bool = False  # followed by a clip and a rounding of its own


@dataclass(frozen=True)
class Filter:
    """A step that looks at neighbours or positions, and so ends a warp.

    `run` takes pixels (H, W, C) without alpha, and what they mean, to the same shape and type.
    """

    name: str
    run: Callable[[Array, PixelFormat], Array]


Area = npt.NDArray[np.bool_]
Policy = Literal["keep", "ignore", "background"]


@dataclass(frozen=True)
class Drop:
    """A step that takes parts of a picture away, and so ends a warp.

    `area` says of a sample which pixels (H, W) go. `paint` takes pixels (H, W, C) without alpha, that area,
    and what the pixels mean, to the same shape and type. `labels` is what masks get in the area.
    """

    name: str
    area: Callable[[Sample], Area]
    paint: Callable[[Array, Area, PixelFormat], Array]
    labels: Policy = "keep"


Operation = SpatialOp | ColorOp | Filter | Drop


def fused(ops: list[ColorFunction]) -> list[ColorFunction]:
    """The same colour operations with neighbouring matrices multiplied."""
    result: list[ColorFunction] = []
    for op in ops:
        if isinstance(op, ColorMatrix) and result and isinstance(result[-1], ColorMatrix):
            result[-1] = result[-1].then(op)
        else:
            result.append(op)
    return result


def as_shares(pixels: Array, format: PixelFormat, dtype: npt.DTypeLike = np.float32) -> Colors:  # noqa: A002
    """The colours of pixels (..., C) as shares of the range: (..., 3) for RGB.

    Each channel of a grey or multi-band picture is a grey of its own: (..., C, 3). Alpha is left out.
    """
    channels = pixels.shape[-1] - format.alpha
    shares: Colors = pixels[..., :channels].astype(dtype)
    shares = (shares - np.asarray(format.low, dtype)) / np.asarray(format.high - format.low, dtype)
    return shares if format.colors == "rgb" else np.repeat(shares[..., None], 3, axis=-1)


def to_levels(colors: Colors, format: PixelFormat, dtype: npt.DTypeLike = np.uint8) -> Array:  # noqa: A002
    """Shares of the range as pixels again: clipped, and rounded where the dtype is whole."""
    levels = np.clip(colors if format.colors == "rgb" else colors[..., 0], 0, 1)
    levels = levels * (format.high - format.low) + format.low
    return cast(levels, dtype)


def cast(values: Array, dtype: npt.DTypeLike) -> Array:
    """Numbers as a dtype: for whole types rounded, and clipped to what they hold."""
    kind = np.dtype(dtype)
    if kind.kind != "u":
        return values.astype(kind, copy=False)
    rounded: Array = np.rint(np.clip(values, 0, np.iinfo(kind).max)).astype(kind)
    return rounded


def run_ops(ops: list[ColorFunction], colors: Colors) -> Colors:
    """The operations in order, neither clipped nor rounded at the end."""
    for op in ops:
        colors = op(colors)
    return colors


def apply_colors(ops: list[ColorFunction], pixels: Array, format: PixelFormat | None = None) -> Array:  # noqa: A002
    """A run of colour operations on pixels (H, W, C), clipped and rounded once; alpha is left alone."""
    ops, meaning = fused(ops), format or PixelFormat.of(pixels)
    if not ops:
        return pixels
    if pixels.dtype.kind == "u" and all(getattr(op, "is_per_channel", False) for op in ops):
        return _looked_up(ops, pixels, meaning)
    strips = [pixels[i : i + STRIP_ROWS] for i in range(0, pixels.shape[0], STRIP_ROWS)]
    return np.concatenate([_computed(ops, strip, meaning) for strip in strips], axis=0)


STRIP_ROWS = 64  # keeps the float32 temporaries of a strip in the processor's cache


def _looked_up(ops: list[ColorFunction], pixels: Array, meaning: PixelFormat) -> Array:
    """Through a table of all levels a channel, computed in float64."""
    import cv2  # here, so that reading and checking a recipe does not load OpenCV

    channels = pixels.shape[-1]
    levels = np.arange(np.iinfo(pixels.dtype).max + 1).astype(pixels.dtype)
    table = np.repeat(levels[:, None], channels, axis=1)
    colored = channels - meaning.alpha
    plain = replace(meaning, alpha=False)
    table[:, :colored] = to_levels(
        run_ops(ops, as_shares(table[:, :colored], plain, np.float64)), plain, pixels.dtype
    )
    if pixels.dtype == np.uint8 and channels in (1, 3, 4):
        return np.asarray(cv2.LUT(pixels, table[None])).reshape(pixels.shape)
    return np.stack([table[:, c][pixels[..., c]] for c in range(channels)], axis=-1)


def _computed(ops: list[ColorFunction], pixels: Array, meaning: PixelFormat) -> Array:
    out = pixels.copy()
    colors = to_levels(run_ops(ops, as_shares(pixels, meaning)), meaning, pixels.dtype)
    out[..., : colors.shape[-1]] = colors
    return out
