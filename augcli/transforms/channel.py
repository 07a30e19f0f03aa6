"""Steps that mix, shift or weigh the red, green and blue of a pixel; grey pictures stay as they are."""

from __future__ import annotations

import math
from itertools import permutations
from typing import Annotated, Any, ClassVar

import numpy as np
from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from augcli.geometry import Frame, product
from augcli.rng import Draws
from augcli.transforms.base import fixed
from augcli.transforms.color import Color, Level
from augcli.transforms.operations import LUMA, Applied, ColorFunction, ColorMatrix
from augcli.transforms.parameters import Distribution, Number, is_list_of, mistake

Strength = Annotated[Distribution, Number(neutral=0.0, low=0.0, high=1.0)]
Spread = Annotated[Distribution, Number(neutral=0.0, low=0.0, high=10.0)]
CHANNELS = ("red", "green", "blue")


class Grayscale(Color, family="color"):
    """Give all three channels the picture's grey."""

    definition_number: ClassVar[int] = 2
    source: ClassVar[str] = "torchvision's rgb_to_grayscale with three channels; ITU-R BT.601's luma"
    example: ClassVar[str] = "grayscale: {p: 0.2}"
    color_only: ClassVar[bool] = True

    @classmethod
    def color_op(cls, params: dict[str, Any]) -> ColorFunction:
        """Return the matrix."""
        return ColorMatrix.of(np.tile(LUMA, (3, 1)))


SEPIA = np.array([[0.393, 0.769, 0.189], [0.349, 0.686, 0.168], [0.272, 0.534, 0.131]])


class ToSepia(Color, family="color"):
    """Tint as an old print, wholly or in part; a grey picture stays as it is."""

    definition_number: ClassVar[int] = 2
    source: ClassVar[str] = "albumentations' ToSepia, and Microsoft's sepia matrix before it"
    example: ClassVar[str] = "to_sepia: {strength: [0.5, 1]}"
    color_only: ClassVar[bool] = True

    strength: Strength = Field(default=fixed(1.0), description="share of the sepia; 0 is neutral")

    @classmethod
    def color_op(cls, params: dict[str, Any]) -> ColorFunction:
        """Return the blend of the identity and the sepia matrix."""
        share = params["strength"]
        return ColorMatrix.of((1 - share) * np.eye(3) + share * SEPIA)


class RgbShift(Color, family="color"):
    """Shift red, green and blue, each by its own number; a grey picture stays as it is."""

    source: ClassVar[str] = "albumentations' RGBShift, in shares of the range"
    example: ClassVar[str] = "rgb_shift: {red: {limit: 0.1}, green: {limit: 0.1}, blue: {limit: 0.1}}"
    color_only: ClassVar[bool] = True

    red: Level = Field(default=fixed(0.0), description="share of the range, 0 is neutral")
    green: Level = Field(default=fixed(0.0), description="share of the range, 0 is neutral")
    blue: Level = Field(default=fixed(0.0), description="share of the range, 0 is neutral")

    @classmethod
    def color_op(cls, params: dict[str, Any]) -> ColorFunction:
        """Return the matrix."""
        return ColorMatrix.of(np.eye(3), [params[name] for name in CHANNELS])


class ChannelShift(Color, family="color"):
    """Shift each channel by a number of its own from one range; a grey picture stays as it is."""

    source: ClassVar[str] = (
        "random_channel_shift of Keras before 2.2, clipped at the range; later ones draw one number for all "
        "channels, which is brightness: {shift: ...}"
    )
    example: ClassVar[str] = "channel_shift: {shift: {limit: 0.1}}"
    color_only: ClassVar[bool] = True

    shift: Level = Field(description="share of the range, drawn for each channel; 0 is neutral")

    def draw(self, draws: Draws) -> dict[str, Any]:
        """Draw a number for each channel."""
        return {name: self.shift.draw(draws.words(name)) for name in CHANNELS}

    def resolve(self, drawn: dict[str, Any], frame: Frame) -> list[Applied]:
        """Give the shift of red, green and blue."""
        return [Applied(RgbShift.name, drawn)]


ORDERS = tuple(permutations(range(3)))


def _order(value: Any) -> tuple[int, ...]:
    """Read a permutation of three channels."""
    if not is_list_of(value, int) or sorted(value) != [0, 1, 2]:
        raise mistake(f"an order names 0, 1 and 2 once each, like [2, 0, 1], got {value!r}")
    return tuple(value)


Order = Annotated[
    tuple[int, ...],
    BeforeValidator(_order),
    WithJsonSchema({"type": "array", "items": {"enum": [0, 1, 2]}, "minItems": 3, "maxItems": 3}),
]


class ChannelShuffle(Color, family="color"):
    """Exchange red, green and blue; a grey picture stays as it is."""

    source: ClassVar[str] = (
        "albumentations' ChannelShuffle: one of the six orders, the unchanged one included"
    )
    example: ClassVar[str] = "channel_shuffle"
    color_only: ClassVar[bool] = True

    order: Order | None = Field(
        default=None, description="where red, green and blue come from, like [2, 0, 1]; drawn by default"
    )

    @property
    def is_random(self) -> bool:
        """Whether the order, or p, is drawn."""
        return super().is_random or (self.order is None and self.p > 0)

    def draw(self, draws: Draws) -> dict[str, Any]:
        """Draw one of the six orders, unless it is given."""
        chosen = draws.words("order").integer(0, len(ORDERS) - 1)
        return {"order": list(self.order or ORDERS[chosen])}

    @classmethod
    def color_op(cls, params: dict[str, Any]) -> ColorFunction:
        """Return the permutation's matrix."""
        return ColorMatrix.of(np.eye(3)[params["order"]])


# The principal components of ImageNet's colours as Krizhevsky's later code and Torch's ResNet publish them:
# deviations as shares of the range (mx.image has them times 255), vectors in columns, in the order R, G, B.
PCA_DEVIATIONS = np.array([0.2175, 0.0188, 0.0045])
PCA_VECTORS = np.array(
    [[-0.5675, 0.7192, 0.4009], [-0.5808, -0.0045, -0.8140], [-0.5836, -0.6948, 0.4203]],
)


def _three(value: Any) -> tuple[float, ...]:
    """Read three numbers."""
    if not is_list_of(value, int | float) or len(value) != 3 or not all(map(math.isfinite, value)):
        raise mistake(f"expected three numbers, like [0.1, -0.05, 0], got {value!r}")
    return tuple(map(float, value))


Three = Annotated[
    tuple[float, ...],
    BeforeValidator(_three),
    WithJsonSchema({"type": "array", "items": {"type": "number"}, "minItems": 3, "maxItems": 3}),
]


class Lighting(Color, family="color"):
    """Add noise along the principal components of ImageNet's colours; a grey picture stays as it is."""

    source: ClassVar[str] = (
        "AlexNet (Krizhevsky 2012) with the published components of ImageNet; Gluon's RandomLighting"
    )
    example: ClassVar[str] = "lighting: {std: 0.1}"
    color_only: ClassVar[bool] = True

    std: Spread = Field(default=fixed(0.1), description="deviation of the three normal numbers; 0 is neutral")
    alpha: Three | None = Field(
        default=None, description="the three numbers themselves, in place of drawn ones"
    )

    @property
    def is_random(self) -> bool:
        """Whether the three numbers, or p, are drawn."""
        drawn = self.alpha is None and not self.std.is_always(0)
        return 0 < self.p < 1 or (drawn and self.p > 0)

    def draw(self, draws: Draws) -> dict[str, Any]:
        """Draw the three numbers, unless they are given."""
        if self.alpha is not None:
            return {"alpha": list(self.alpha)}
        std, words = self.std.draw(draws.words("std")), draws.words("alpha")
        return {"alpha": [std * words.normal() for _ in range(3)]}

    @classmethod
    def color_op(cls, params: dict[str, Any]) -> ColorFunction:
        """Return the shift."""
        return ColorMatrix.of(np.eye(3), product(PCA_VECTORS, PCA_DEVIATIONS * params["alpha"]))


NEUTRAL_KELVIN = 6500.0
KELVIN_LOW, KELVIN_HIGH = 2000.0, 15000.0  # above Krystek's fit ends; below the blue of sRGB is negative
MIRED_LOW = 1e6 / KELVIN_HIGH - 1e6 / NEUTRAL_KELVIN
MIRED_HIGH = 1e6 / KELVIN_LOW - 1e6 / NEUTRAL_KELVIN
Kelvin = Annotated[Distribution, Number(neutral=NEUTRAL_KELVIN, low=KELVIN_LOW, high=KELVIN_HIGH)]
Mired = Annotated[Distribution, Number(neutral=0.0, low=math.ceil(MIRED_LOW), high=math.floor(MIRED_HIGH))]
XYZ_TO_RGB = np.array(  # IEC 61966-2-1
    [[3.2406, -1.5372, -0.4986], [-0.9689, 1.8758, 0.0415], [0.0557, -0.2040, 1.0570]]
)
ENCODING = 2.2  # sRGB's curve as one power, so that a gain in linear light is a gain of the encoded value


class ColorTemperature(Color, family="color"):
    """Light the picture as a black body of another temperature would; a grey picture stays as it is."""

    source: ClassVar[str] = (
        "von Kries gains in linear light of a Planckian radiator (Krystek 1985) in sRGB, relative to 6500 K "
        "and to green, encoded by a power of 1 / 2.2"
    )
    example: ClassVar[str] = "color_temperature: {mired: {limit: 60}}"
    color_only: ClassVar[bool] = True

    kelvin: Kelvin | None = Field(
        default=None, description="temperature of the light: lower is redder, 6500 is neutral"
    )
    mired: Mired | None = Field(
        default=None, description="shift of 1,000,000 / kelvin: above 0 is redder, 0 is neutral"
    )

    @model_validator(mode="after")
    def _one_of_two(self) -> ColorTemperature:
        if (self.kelvin is None) == (self.mired is None):
            raise mistake("color_temperature takes exactly one of kelvin, mired")
        return self

    @classmethod
    def color_op(cls, params: dict[str, Any]) -> ColorFunction:
        """Return the gains of red, green and blue."""
        kelvin = params.get("kelvin", 1e6 / (1e6 / NEUTRAL_KELVIN + params.get("mired", 0.0)))
        gains = planckian_rgb(kelvin) / planckian_rgb(NEUTRAL_KELVIN)
        return ColorMatrix.of(np.diag((gains / gains[1]) ** (1 / ENCODING)))


def planckian_rgb(kelvin: float) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """The light of a black body of 1000 to 15000 K as linear sRGB (3,), of luminance 1 (Krystek 1985)."""
    t = kelvin
    u = (0.860117757 + 1.54118254e-4 * t + 1.28641212e-7 * t**2) / (
        1 + 8.42420235e-4 * t + 7.08145163e-7 * t**2
    )
    v = (0.317398726 + 4.22806245e-5 * t + 4.20481691e-8 * t**2) / (
        1 - 2.89741816e-5 * t + 1.61456053e-7 * t**2
    )
    x, y = 3 * u / (2 * u - 8 * v + 4), 2 * v / (2 * u - 8 * v + 4)
    return product(XYZ_TO_RGB, [x / y, 1.0, (1 - x - y) / y])
