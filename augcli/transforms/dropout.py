"""Steps that take parts of the picture away. What masks get there is the step's `mask`."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from augcli.data import Array, PixelFormat, Sample
from augcli.geometry import Frame
from augcli.rng import Draws, unit_noise
from augcli.transforms.base import Transform, fixed
from augcli.transforms.color import Color
from augcli.transforms.fields import FILL_SCHEMA, ParsedField, Rgb, read_fill
from augcli.transforms.operations import (
    Applied,
    Area,
    ColorFunction,
    ColorMatrix,
    Drop,
    Policy,
    cast,
    luma,
)
from augcli.transforms.parameters import Distribution, Number

Count = Annotated[Distribution, Number(neutral=0, low=0, high=10_000, whole=True)]
Length = Annotated[Distribution, Number(neutral=0.0, low=0.0, high=1.0)]
Span = Annotated[Distribution, Number(low=0.0, high=1.0, above=True)]
Ratio = Annotated[Distribution, Number(low=0.01, high=100.0, pair="log_uniform")]
Share = Annotated[Distribution, Number(neutral=0.0, low=0.0, high=1.0)]

TRIES = 10
WORDS = ("mean", "noise")


def _read_paint(value: Any) -> Rgb | str:
    """A colour, or where it comes from."""
    return value if value in WORDS and isinstance(value, str) else read_fill(value)


_PAINT_SCHEMA = {"anyOf": [*FILL_SCHEMA["anyOf"], {"enum": [*WORDS]}]}
Paint = Annotated[Rgb | Literal["mean", "noise"], ParsedField(_read_paint, _PAINT_SCHEMA)]
_PAINTED = 'what is seen there: 0 to 255, "#rrggbb", [r, g, b], mean (of the picture) or noise'


class Dropping(Transform):
    """A step that drops parts of the picture. The default of `mask` is the same for all of them."""

    fuses: ClassVar[str] = "ends the warp"
    ends_warp: ClassVar[bool] = True
    labels: ClassVar[str] = "there: as `mask` says"

    fill: Paint = Field(default=(0, 0, 0), description=_PAINTED)
    mask: Policy = Field(
        default="keep", description="what masks get there: their own labels, their ignore value, background"
    )

    @property
    def mask_policy(self) -> Policy:
        """What masks get where the step drops parts of the picture."""
        return self.mask

    def draw(self, draws: Draws) -> dict[str, Any]:
        """Draw the numbers, and the key of what noise fills."""
        return super().draw(draws) | self.fill_key(draws)

    def fill_key(self, draws: Draws) -> dict[str, str]:
        """The key of what noise fills; nothing where something else does."""
        return {"key": draws.key("fill")} if self.fill == "noise" else {}

    def dropped(self, drawn: dict[str, Any], **where: Any) -> list[Applied]:
        """The resolved step: where, and what is seen and labelled there."""
        fill = list(self.fill) if isinstance(self.fill, tuple) else self.fill
        key = {"key": drawn["key"]} if "key" in drawn else {}
        return [Applied(self.name, where | {"fill": fill, "mask": self.mask} | key)]

    @classmethod
    def operate(cls, params: dict[str, Any], frame: Frame) -> Drop:
        """Return the step: an area, and its paint."""
        return Drop(cls.name, cls.area(params), _painter(cls.name, params), params["mask"])

    @classmethod
    def area(cls, params: dict[str, Any]) -> Callable[[Sample], Area]:
        """Which pixels go, by resolved parameters."""
        raise NotImplementedError


def _painter(name: str, params: dict[str, Any]) -> Callable[[Array, Area, PixelFormat], Array]:
    def paint(pixels: Array, area: Area, meaning: PixelFormat) -> Array:
        if not area.any():
            return pixels
        painted = pixels.copy()
        painted[area] = _paint(pixels, area, meaning, params)
        return painted

    return paint


def _paint(pixels: Array, area: Area, meaning: PixelFormat, params: dict[str, Any]) -> Array:
    """What is seen in the area: (N, C), or one colour (C,)."""
    fill, channels = params["fill"], pixels.shape[-1]
    if fill == "mean":
        return cast(pixels.reshape(-1, channels).mean(axis=0, dtype=np.float64), pixels.dtype)
    span = meaning.high - meaning.low
    if fill == "noise":  # of the whole frame, so that a larger area changes no other pixel's noise
        shares = unit_noise(params["key"], pixels.shape)[area]
        return cast(shares * span + meaning.low, pixels.dtype)
    color = np.asarray(fill, np.float64) / 255
    levels = color if meaning.colors == "rgb" else np.full(channels, luma(color))
    return cast(levels * span + meaning.low, pixels.dtype)


def _in_boxes(params: dict[str, Any]) -> Callable[[Sample], Area]:
    """The pixels of boxes [left, top, width, height] that lie in the frame."""

    def area(sample: Sample) -> Area:
        inside = np.zeros(sample.size[::-1], bool)
        for left, top, width, height in params["boxes"]:
            inside[max(0, top) : max(0, top + height), max(0, left) : max(0, left + width)] = True
        return inside

    return area


class Boxes(Dropping):
    """A step that drops whole-pixel boxes."""

    @classmethod
    def area(cls, params: dict[str, Any]) -> Callable[[Sample], Area]:
        """Return the boxes."""
        return _in_boxes(params)


class Cutout(Boxes, family="dropping"):
    """Drop squares whose centres lie anywhere in the picture; what leaves it is cut."""

    source: ClassVar[str] = "DeVries and Taylor 2017 (arXiv 1708.04552); there size is 0.5 on CIFAR-10"
    example: ClassVar[str] = "cutout: {size: 0.25}"

    size: Length = Field(description="side of a square, a share of the picture's shorter side")
    count: Count = Field(default=fixed(1), description="how many squares")

    @property
    def is_random(self) -> bool:
        """Return True: the places are drawn."""
        return True

    def draw(self, draws: Draws) -> dict[str, Any]:
        """Draw the number of squares and the place of each."""
        drawn = super().draw(draws)
        x, y = draws.words("x"), draws.words("y")
        return drawn | {"places": [(x.unit(), y.unit()) for _ in range(drawn["count"])]}

    def resolve(self, drawn: dict[str, Any], frame: Frame) -> list[Applied]:
        """Place whole-pixel squares."""
        side = round(drawn["size"] * min(frame.width, frame.height))
        centres = ((int(x * frame.width), int(y * frame.height)) for x, y in drawn["places"])
        boxes = [[x - side // 2, y - side // 2, side, side] for x, y in centres]
        return self.dropped(drawn, boxes=boxes)


class RandomErasing(Boxes, family="dropping"):
    """Drop one box of a random area and ratio that lies in the picture."""

    source: ClassVar[str] = "Zhong 2017 (arXiv 1708.04896), with ten tries as torchvision's RandomErasing"
    example: ClassVar[str] = "random_erasing: {p: 0.5}"

    scale: Span = Field(default=Distribution("uniform", (0.02, 0.33)), description="share of the area")
    ratio: Ratio = Field(
        default=Distribution("log_uniform", (0.3, 3.3)), description="width to height; a pair is log-uniform"
    )
    fill: Paint = Field(default="noise", description=_PAINTED)

    @property
    def is_random(self) -> bool:
        """Return True: the place is drawn."""
        return True

    def draw(self, draws: Draws) -> dict[str, Any]:
        """Draw ten tries, each an area, a ratio and a place."""
        scale, ratio, x, y = (draws.words(name) for name in ("scale", "ratio", "x", "y"))
        tries = [(self.scale.draw(scale), self.ratio.draw(ratio), x.unit(), y.unit()) for _ in range(TRIES)]
        return {"tries": tries} | self.fill_key(draws)

    def resolve(self, drawn: dict[str, Any], frame: Frame) -> list[Applied]:
        """Take the first try that fits; none is dropped where no try does."""
        for scale, ratio, x, y in drawn["tries"]:
            area = scale * frame.width * frame.height
            width, height = round(math.sqrt(area * ratio)), round(math.sqrt(area / ratio))
            if 0 < width < frame.width and 0 < height < frame.height:
                left, top = int(x * (frame.width - width + 1)), int(y * (frame.height - height + 1))
                return self.dropped(drawn, boxes=[[left, top, width, height]])
        return self.dropped(drawn, boxes=[])


class CoarseDropout(Boxes, family="dropping"):
    """Drop several boxes that lie in the picture."""

    source: ClassVar[str] = "albumentations' CoarseDropout; one number is drawn for each box and side"
    example: ClassVar[str] = "coarse_dropout: {count: [3, 8], width: [0.05, 0.15], height: [0.05, 0.15]}"

    count: Count = Field(default=fixed(8), description="how many boxes")
    width: Length = Field(default=fixed(0.1), description="share of the picture's width")
    height: Length = Field(default=fixed(0.1), description="share of the picture's height")

    @property
    def is_random(self) -> bool:
        """Return True: the places are drawn."""
        return True

    def draw(self, draws: Draws) -> dict[str, Any]:
        """Draw the number of boxes, then the size and place of each."""
        count = int(self.count.draw(draws.words("count")))
        width, height, x, y = (draws.words(name) for name in ("width", "height", "x", "y"))
        boxes = [(self.width.draw(width), self.height.draw(height), x.unit(), y.unit()) for _ in range(count)]
        return {"boxes": boxes} | self.fill_key(draws)

    def resolve(self, drawn: dict[str, Any], frame: Frame) -> list[Applied]:
        """Round to whole pixels."""
        boxes = []
        for across, down, x, y in drawn["boxes"]:
            width, height = round(across * frame.width), round(down * frame.height)
            left, top = int(x * (frame.width - width + 1)), int(y * (frame.height - height + 1))
            boxes.append([left, top, width, height])
        return self.dropped(drawn, boxes=boxes)


class GridMask(Dropping, family="dropping"):
    """Drop squares that stand in a grid."""

    source: ClassVar[str] = "Chen 2020 (arXiv 2001.04086), without its turn of the grid"
    example: ClassVar[str] = "grid_mask: {distance: [0.15, 0.3]}"

    distance: Span = Field(
        default=Distribution("uniform", (0.2, 0.4)),
        description="from one square to the next, a share of the picture's shorter side",
    )
    ratio: Share = Field(
        default=fixed(0.4), description="side of a square, a share of the distance; the paper's 1 - r"
    )

    @property
    def is_random(self) -> bool:
        """Return True: where the grid begins is drawn."""
        return True

    def draw(self, draws: Draws) -> dict[str, Any]:
        """Draw the grid and where it begins."""
        return super().draw(draws) | {name: draws.words(name).unit() for name in "xy"}

    def resolve(self, drawn: dict[str, Any], frame: Frame) -> list[Applied]:
        """Round to whole pixels."""
        distance = max(2, round(drawn["distance"] * min(frame.width, frame.height)))
        begins = {name: int(drawn[name] * distance) for name in "xy"}
        return self.dropped(drawn, every=distance, side=round(drawn["ratio"] * distance), **begins)

    @classmethod
    def area(cls, params: dict[str, Any]) -> Callable[[Sample], Area]:
        """Return the squares."""
        distance, side = params["every"], params["side"]

        def area(sample: Sample) -> Area:
            width, height = sample.size
            across = (np.arange(width) - params["x"]) % distance < side
            down = (np.arange(height) - params["y"]) % distance < side
            return np.asarray(down[:, None] & across[None, :])

        return area


class PixelDropout(Dropping, family="dropping"):
    """Drop single pixels."""

    source: ClassVar[str] = "albumentations' PixelDropout (per_channel=False)"
    example: ClassVar[str] = "pixel_dropout: {share: [0.01, 0.05]}"

    share: Share = Field(description="probability that a pixel is dropped; 0 is neutral")

    @property
    def is_random(self) -> bool:
        """Return True: the pixels are drawn."""
        return True

    def draw(self, draws: Draws) -> dict[str, Any]:
        """Draw the share; which pixels is stored as a key."""
        return super().draw(draws) | {"pixels": draws.key("pixels")}

    def resolve(self, drawn: dict[str, Any], frame: Frame) -> list[Applied]:
        """Keep the share and the key."""
        return self.dropped(drawn, share=drawn["share"], pixels=drawn["pixels"])

    @classmethod
    def area(cls, params: dict[str, Any]) -> Callable[[Sample], Area]:
        """Return the pixels whose number, uniform in (0, 1), is below the share."""

        def area(sample: Sample) -> Area:
            width, height = sample.size
            return np.asarray(unit_noise(params["pixels"], (height, width)) < params["share"])

        return area


class ChannelDropout(Color, family="dropping"):
    """Drop whole colour channels; a grey picture stays as it is, and labels do: all places are seen."""

    source: ClassVar[str] = "albumentations' ChannelDropout"
    example: ClassVar[str] = "channel_dropout: {count: [1, 2]}"
    color_only: ClassVar[bool] = True

    count: Annotated[Distribution, Number(neutral=0, low=0, high=3, whole=True)] = Field(
        default=fixed(1), description="how many of red, green and blue"
    )
    fill: Annotated[Distribution, Number(low=0.0, high=1.0)] = Field(
        default=fixed(0.0), description="what is seen there, a share of the range"
    )

    @property
    def is_random(self) -> bool:
        """Whether which channels is drawn: not where it is none or all."""
        return super().is_random or not (self.count.is_always(0) or self.count.is_always(3))

    def draw(self, draws: Draws) -> dict[str, Any]:
        """Draw how many channels, which, and what is seen there."""
        drawn = super().draw(draws)
        ranked = sorted(range(3), key=lambda channel: draws.words(f"rank.{channel}").word())
        return {"channels": sorted(ranked[: drawn["count"]]), "fill": drawn["fill"]}

    @classmethod
    def color_op(cls, params: dict[str, Any]) -> ColorFunction:
        """Return the matrix."""
        kept = [float(channel not in params["channels"]) for channel in range(3)]
        return ColorMatrix.of(np.diag(kept), [(1 - share) * params["fill"] for share in kept])
