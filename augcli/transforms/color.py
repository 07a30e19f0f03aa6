"""Colour: brightness, contrast, saturation, hue. A run of them is composed and clipped once."""

from __future__ import annotations

import math
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import Field, model_validator

from augcli.geometry import Frame, product, solved
from augcli.rng import Draws
from augcli.transforms.base import Transform, fixed
from augcli.transforms.operations import (
    LUMA,
    Applied,
    ByteHueTurn,
    ColorFunction,
    ColorMatrix,
    ColorOp,
    ContrastOp,
    HueTurn,
    Saturate,
)
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
    kept: ClassVar[frozenset[str]] = frozenset()  # fields that are not drawn and belong to the record

    def resolve(self, drawn: dict[str, Any], frame: Frame) -> list[Applied]:
        """Give the drawn numbers, and beside them the fields that are kept as they are."""
        return [Applied(self.name, drawn | self.model_dump(mode="json", include=set(self.kept)))]

    @classmethod
    def color_op(cls, params: dict[str, Any]) -> ColorFunction | ContrastOp:
        """What resolved parameters do to colours."""
        raise NotImplementedError

    @classmethod
    def operate(cls, params: dict[str, Any], frame: Frame) -> ColorOp:
        """Return the step of the colour run."""
        return ColorOp(cls.color_op(params), cls.name, cls.color_only, bool(params.get("rounded")))


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
    def color_op(cls, params: dict[str, Any]) -> ColorFunction | ContrastOp:
        """Return the matrix."""
        factor, shift = params.get("factor", 1.0), params.get("shift", 0.0)
        return ColorMatrix.of(factor * np.eye(3), (shift,) * 3)


class Contrast(Color, family="color"):
    """Blend with one grey: by default with the mean grey of the frame as it enters the step."""

    source: ClassVar[str] = (
        "torchvision's adjust_contrast, which is Gluon's too; albumentations' RandomBrightnessContrast; "
        "imgaug's LinearContrast"
    )
    example: ClassVar[str] = "contrast: {factor: [0.8, 1.2]}"
    kept: ClassVar[frozenset[str]] = frozenset({"definition"})

    factor: Factor = Field(description="1 is neutral, 0 is all of that grey")
    definition: Literal["torchvision", "albumentations", "imgaug"] = Field(
        default="torchvision",
        description="the grey: the frame's mean (torchvision), black (albumentations), mid grey (imgaug)",
    )

    @classmethod
    def color_op(cls, params: dict[str, Any]) -> ColorFunction | ContrastOp:
        """Return the blend, which for torchvision's definition waits for the mean."""
        factor, definition = params["factor"], params["definition"]
        if definition == "torchvision":
            return ContrastOp(factor)
        grey = 0.5 if definition == "imgaug" else 0.0
        return ColorMatrix.of(factor * np.eye(3), ((1 - factor) * grey,) * 3)


class Saturation(Color, family="color"):
    """Blend with the picture's grey, or scale the saturation of HSV; a grey picture stays as it is."""

    definition_number: ClassVar[int] = 2
    source: ClassVar[str] = (
        "torchvision's adjust_saturation, which Gluon means too; tensorflow: tf.image.adjust_saturation"
    )
    example: ClassVar[str] = "saturation: {factor: [0.8, 1.2]}"
    color_only: ClassVar[bool] = True
    kept: ClassVar[frozenset[str]] = frozenset({"definition"})

    factor: Factor = Field(description="1 is neutral, 0 is grey")
    definition: Literal["torchvision", "tensorflow"] = Field(
        default="torchvision",
        description="torchvision blends with the luma, tensorflow multiplies the saturation of HSV",
    )

    @classmethod
    def color_op(cls, params: dict[str, Any]) -> ColorFunction | ContrastOp:
        """Return the matrix f I + (1 - f) grey, or the scaling in HSV."""
        factor = params["factor"]
        if params["definition"] == "tensorflow" and factor != 1:  # HSV and back costs the last bits
            return Saturate(factor)
        grey = np.tile(LUMA, (3, 1))
        return ColorMatrix.of(factor * np.eye(3) + (1 - factor) * grey)


# NTSC's RGB to YIQ (FCC 1953), as in MXNet's HueJitterAug; inverted exactly here, so that white stays white.
YIQ = np.array([[0.299, 0.587, 0.114], [0.596, -0.274, -0.321], [0.211, -0.523, 0.311]])


class Hue(Color, family="color"):
    """Turn the hue; a grey picture stays as it is."""

    definition_number: ClassVar[int] = 2
    source: ClassVar[str] = (
        "hsv: torchvision's adjust_hue; hls: Gluon's operator; yiq: MXNet's HueJitterAug, inverted exactly; "
        "hsv8: albumentations' ColorJitter"
    )
    example: ClassVar[str] = "hue: {shift: {limit: 0.1}}"
    color_only: ClassVar[bool] = True
    kept: ClassVar[frozenset[str]] = frozenset({"definition"})

    shift: Turns = Field(description="turns, -0.5 to 0.5; 0 is neutral")
    definition: Literal["hsv", "hls", "yiq", "hsv8"] = Field(
        default="hsv",
        description="the colour space whose hue is turned; yiq, as MXNet's, turns the other way round; "
        "hsv8 is HSV, at 8 bits in steps of 2 degrees",
    )

    @classmethod
    def color_op(cls, params: dict[str, Any]) -> ColorFunction | ContrastOp:
        """Return a rotation in YIQ, or a turn of HSV's or HLS's hue."""
        turns, space = params["shift"], params["definition"]
        if turns == 0:  # the way to another space and back costs the last bits
            return ColorMatrix.of(np.eye(3))
        if space == "hsv8":
            return ByteHueTurn(turns)
        if space != "yiq":
            return HueTurn(turns, space)
        c, s = math.cos(2 * math.pi * turns), math.sin(2 * math.pi * turns)
        turn = np.array([[1, 0, 0], [0, c, -s], [0, s, c]])
        return ColorMatrix.of(solved(YIQ, product(turn, YIQ)))


NEUTRAL = {"brightness": 1.0, "contrast": 1.0, "saturation": 1.0, "hue": 0.0}
HUE_OF = {"composed": "hsv", "torchvision": "hsv", "gluon": "hls", "albumentations": "hsv8"}


class ColorJitter(Color, family="color"):
    """Brightness, contrast, saturation and hue in random or fixed order, by torchvision's numbers."""

    definition_number: ClassVar[int] = 2
    source: ClassVar[str] = (
        "torchvision's ColorJitter: x means a factor in [max(0, 1 - x), 1 + x]; Gluon's RandomColorJitter, "
        "whose grey in the saturation is meant as 0.299 R + 0.587 G + 0.114 B; albumentations' ColorJitter"
    )
    example: ClassVar[str] = "color_jitter: {brightness: 0.5, contrast: 0.5, saturation: 0.5, hue: 0.1}"

    brightness: Jitter = Field(default=fixed(1.0), description="x, or a pair of factors")
    contrast: Jitter = Field(default=fixed(1.0), description="x, or a pair of factors")
    saturation: Jitter = Field(default=fixed(1.0), description="x, or a pair of factors")
    hue: JitterTurns = Field(default=fixed(0.0), description="turns in [-x, x], or a pair of turns")
    order: Literal["random", "fixed"] = Field(
        default="random", description="fixed is brightness, contrast, saturation, hue"
    )
    definition: Literal["composed", "torchvision", "gluon", "albumentations"] = Field(
        default="composed",
        description="composed clips and rounds once, the others after each step; the hue is that of hsv, for "
        "gluon of hls, for albumentations of hsv8",
    )

    @property
    def is_random(self) -> bool:
        """Whether a factor is drawn, or the order of two that do something."""
        return super().is_random or (self.order == "random" and len(self._used()) > 1)

    def _used(self) -> list[str]:
        return [name for name, neutral in NEUTRAL.items() if not getattr(self, name).is_always(neutral)]

    def draw(self, draws: Draws) -> dict[str, Any]:
        """Draw the four numbers and, where it is random, their order."""
        order = list(NEUTRAL)
        if self.order == "random":
            order.sort(key=lambda name: draws.words(f"order.{name}").word())
        return super().draw(draws) | {"order": order}

    def resolve(self, drawn: dict[str, Any], frame: Frame) -> list[Applied]:
        """Give the steps that do something, in their order."""
        used = self._used()
        return [self._jittered(name, drawn[name]) for name in drawn["order"] if name in used]

    def _jittered(self, name: str, value: float) -> Applied:
        rounded = {} if self.definition == "composed" else {"rounded": True}
        if name == "hue":
            return Applied(name, {"shift": value, "definition": HUE_OF[self.definition]} | rounded)
        definition = {} if name == "brightness" else {"definition": "torchvision"}
        return Applied(name, {"factor": value} | definition | rounded)
