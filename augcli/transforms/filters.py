"""Steps that look at neighbours, positions or the whole picture: their base, and what they share."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from augcli.data import Array, PixelFormat
from augcli.errors import ImageError
from augcli.geometry import Frame
from augcli.rng import Draws
from augcli.transforms.base import Transform
from augcli.transforms.operations import Filter, cast

Shares = npt.NDArray[np.floating[Any]]


class Neighbourhood(Transform):
    """A step that cannot join a warp or a colour run."""

    fuses: ClassVar[str] = "ends the warp"
    ends_warp: ClassVar[bool] = True
    has_noise: ClassVar[bool] = False  # whether a field of noise is drawn, which is stored as its key

    @property
    def is_random(self) -> bool:
        """Whether a parameter or a field of noise is drawn."""
        return self.has_noise or super().is_random

    def draw(self, draws: Draws) -> dict[str, Any]:
        """Draw the parameters; a field of noise is stored as its key."""
        drawn = super().draw(draws)
        return drawn | {"key": draws.key("noise")} if self.has_noise else drawn

    @classmethod
    def operate(cls, params: dict[str, Any], frame: Frame) -> Filter:
        """Return `filtered` with these parameters."""
        return Filter(cls.name, lambda pixels, meaning: cls.filtered(pixels, meaning, params))

    @classmethod
    def filtered(cls, pixels: Array, meaning: PixelFormat, params: dict[str, Any]) -> Array:
        """What resolved parameters make of pixels (H, W, C) without alpha: the same shape and dtype."""
        raise NotImplementedError


class EndWarp(Neighbourhood, family="filter"):
    """Do nothing but end the warp: sample here, and forget what lies outside the frame."""

    source: ClassVar[str] = "what stands where a blur or noise was not drawn, so that chance moves no border"
    example: ClassVar[str] = "end_warp"

    @classmethod
    def filtered(cls, pixels: Array, meaning: PixelFormat, params: dict[str, Any]) -> Array:
        """Return the pixels."""
        return pixels


def shares_of(pixels: Array, meaning: PixelFormat) -> Shares:
    """Pixels (H, W, C) without alpha as shares of the range, float32 of the same shape."""
    shares: Shares = pixels.astype(np.float32)
    shares -= meaning.low
    shares /= meaning.high - meaning.low
    return shares


def pixels_of(shares: Shares, meaning: PixelFormat, dtype: npt.DTypeLike) -> Array:
    """Shares of the range as pixels of a dtype: clipped to 0 to 1, and rounded where the dtype is whole."""
    levels = np.clip(shares, 0, 1)
    levels *= meaning.high - meaning.low
    levels += meaning.low
    return cast(levels, dtype)


def convolved(pixels: Array, kernel: npt.NDArray[np.floating[Any]]) -> Shares:
    """Correlate each channel of (H, W, C) with a kernel of odd sides; float32. Edges are mirrored."""
    import cv2  # here, so that reading and checking a recipe does not load OpenCV

    result = cv2.filter2D(pixels, cv2.CV_32F, kernel.astype(np.float32), borderType=cv2.BORDER_REFLECT)
    return np.asarray(result, np.float32).reshape(pixels.shape)


def clipped(levels: Shares, meaning: PixelFormat, dtype: npt.DTypeLike) -> Array:
    """Levels as pixels of a dtype: clipped to the range, and rounded where the dtype is whole."""
    return cast(np.clip(levels, meaning.low, meaning.high), dtype)


def refuse_bands(name: str, pixels: Array, meaning: PixelFormat) -> None:
    """Raise ImageError where a step has no meaning for pictures of many bands, and this is one."""
    if meaning.colors == "multi":
        raise ImageError(
            f"{name} has no meaning for a picture of {pixels.shape[-1]} bands",
            hint=f"leave {name} out of the recipe",
        )


def depth_of(pixels: Array) -> str:
    """The depth of pixels in words."""
    return {"u1": "8-bit", "u2": "16-bit"}.get(pixels.dtype.str[1:], "floating-point") + " pixels"
