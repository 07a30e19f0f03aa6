"""Colour: brightness, contrast, saturation, hue. A run of them is composed and clipped once."""

from __future__ import annotations

import math
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import Field, model_validator

from augcli.geometry import Frame
from augcli.keys import Draws
from augcli.ops import LUMA, Applied, ColorMatrix, ColorOp, HueTurn, Tint
from augcli.ops import Contrast as ContrastOp
from augcli.transforms.base import Transform, fixed
from augcli.transforms.parameters import Distribution, Number, mistake

Factor = Annotated[Distribution, Number(neutral=1.0, low=0.0)]
Jitter = Annotated[Distribution, Number(neutral=1.0, low=0.0, bare="limit")]
JitterTurns = Annotated[Distribution, Number(neutral=0.0, low=-0.5, high=0.5, bare="limit")]
Level = Annotated[Distribution, Number(neutral=0.0, low=-1.0, high=1.0)]
Turns = Annotated[Distribution, Number(neutral=0.0, low=-0.5, high=0.5)]


class Color(Transform):
    """A step that changes each pixel's colour by itself."""

    fuses: ClassVar[str] = "joins the colour run"
    color_only: ClassVar[bool] = False  # has no meaning on a grey picture, and leaves it alone

    @classmethod
    def color_op(cls, params: dict[str, Any]) -> ColorOp | ContrastOp:
        """What resolved parameters do to colours."""
        raise NotImplementedError

    @classmethod
    def operate(cls, params: dict[str, Any], frame: Frame) -> Tint:
        """Return the step of the colour run."""
        return Tint(cls.color_op(params), cls.name, cls.color_only, bool(params.get("rounded")))


class Brightness(Color, family="color"):
    """Multiply by a factor, or shift all levels."""

    source: ClassVar[str] = "torchvision's adjust_brightness (factor)"
    example: ClassVar[str] = "brightness: {factor: [0.8, 1.2]}"

    factor: Factor | None = Field(default=None, description="1 is neutral, 0 is black")
    shift: Level | None = Field(default=None, description="share of the range, 0 is neutral")

    @model_validator(mode="after")
    def _one_of_two(self) -> Brightness:
        if (self.factor is None) == (self.shift is None):
            raise mistake("brightness takes exactly one of factor, shift")
        return self

    @classmethod
    def color_op(cls, params: dict[str, Any]) -> ColorOp | ContrastOp:
        """Return the matrix."""
        factor, shift = params.get("factor", 1.0), params.get("shift", 0.0)
        return ColorMatrix.of(factor * np.eye(3), (shift,) * 3)


class Contrast(Color, family="color"):
    """Blend with the mean grey of the frame as it enters the step."""

    source: ClassVar[str] = "torchvision's adjust_contrast"
    example: ClassVar[str] = "contrast: {factor: [0.8, 1.2]}"

    factor: Factor = Field(description="1 is neutral, 0 is all mean grey")

    @classmethod
    def color_op(cls, params: dict[str, Any]) -> ColorOp | ContrastOp:
        """Return the blend, which waits for the mean."""
        return ContrastOp(params["factor"])


class Saturation(Color, family="color"):
    """Blend with the picture's grey; a grey picture stays as it is."""

    source: ClassVar[str] = "torchvision's adjust_saturation"
    example: ClassVar[str] = "saturation: {factor: [0.8, 1.2]}"
    color_only: ClassVar[bool] = True

    factor: Factor = Field(description="1 is neutral, 0 is grey")

    @classmethod
    def color_op(cls, params: dict[str, Any]) -> ColorOp | ContrastOp:
        """Return the matrix f I + (1 - f) grey."""
        factor = params["factor"]
        grey = np.tile(LUMA, (3, 1))
        return ColorMatrix.of(factor * np.eye(3) + (1 - factor) * grey)


# NTSC's RGB to YIQ (FCC 1953), as in MXNet's HueJitterAug; inverted exactly here, so that white stays white.
YIQ = np.array([[0.299, 0.587, 0.114], [0.596, -0.274, -0.321], [0.211, -0.523, 0.311]])


class Hue(Color, family="color"):
    """Turn the hue; a grey picture stays as it is."""

    source: ClassVar[str] = "hsv: torchvision's adjust_hue; hls: Gluon's operator; yiq: MXNet's HueJitterAug"
    example: ClassVar[str] = "hue: {shift: {limit: 0.1}}"
    color_only: ClassVar[bool] = True

    shift: Turns = Field(description="turns, -0.5 to 0.5; 0 is neutral")
    definition: Literal["hsv", "hls", "yiq"] = Field(
        default="hsv", description="the colour space whose hue is turned"
    )

    def resolve(self, drawn: dict[str, Any], frame: Frame) -> list[Applied]:
        """Keep the definition beside the shift."""
        return [Applied(self.name, drawn | {"definition": self.definition})]

    @classmethod
    def color_op(cls, params: dict[str, Any]) -> ColorOp | ContrastOp:
        """Return a rotation in YIQ, or a turn of HSV's or HLS's hue."""
        turns, space = params["shift"], params["definition"]
        if space != "yiq":
            return HueTurn(turns, space)
        c, s = math.cos(2 * math.pi * turns), math.sin(2 * math.pi * turns)
        turn = np.array([[1, 0, 0], [0, c, -s], [0, s, c]])
        return ColorMatrix.of(np.linalg.inv(YIQ) @ turn @ YIQ)


NEUTRAL = {"brightness": 1.0, "contrast": 1.0, "saturation": 1.0, "hue": 0.0}


class ColorJitter(Color, family="color"):
    """Brightness, contrast, saturation and hue in random order, by torchvision's numbers."""

    source: ClassVar[str] = "torchvision's ColorJitter: x means a factor in [max(0, 1 - x), 1 + x]"
    example: ClassVar[str] = "color_jitter: {brightness: 0.5, contrast: 0.5, saturation: 0.5, hue: 0.1}"

    brightness: Jitter = Field(default=fixed(1.0), description="x, or a pair of factors")
    contrast: Jitter = Field(default=fixed(1.0), description="x, or a pair of factors")
    saturation: Jitter = Field(default=fixed(1.0), description="x, or a pair of factors")
    hue: JitterTurns = Field(default=fixed(0.0), description="turns in [-x, x], or a pair of turns")
    definition: Literal["composed", "torchvision"] = Field(
        default="composed", description="clip and round once, or (torchvision) after each of the four"
    )

    @property
    def is_random(self) -> bool:
        """Whether a factor is drawn, or the order of two that do something."""
        return super().is_random or len(self._used()) > 1

    def _used(self) -> list[str]:
        return [name for name, neutral in NEUTRAL.items() if not getattr(self, name).is_always(neutral)]

    def draw(self, draws: Draws) -> dict[str, Any]:
        """Draw the four numbers and their order."""
        order = sorted(NEUTRAL, key=lambda name: draws.words(f"order.{name}").word())
        return super().draw(draws) | {"order": order}

    def resolve(self, drawn: dict[str, Any], frame: Frame) -> list[Applied]:
        """Give the steps that do something, in their order."""
        rounded = {"rounded": True} if self.definition == "torchvision" else {}
        used = self._used()
        return [_jittered(name, drawn[name], rounded) for name in drawn["order"] if name in used]


def _jittered(name: str, value: float, rounded: dict[str, Any]) -> Applied:
    if name == "hue":
        return Applied(name, {"shift": value, "definition": "hsv"} | rounded)
    return Applied(name, {"factor": value} | rounded)
