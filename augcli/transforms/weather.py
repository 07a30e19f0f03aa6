"""Weather between the scene and the camera: fog, rain, snow."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import numpy as np
from pydantic import Field

from augcli.data import Array, PixelFormat
from augcli.rng import key_of, uniform_noise, unit_noise
from augcli.transforms.base import fixed
from augcli.transforms.filters import Neighbourhood, Shares, pixels_of, shares_of
from augcli.transforms.parameters import Distribution, Number

Thickness = Annotated[Distribution, Number(neutral=0.0, low=0.0, high=10.0)]
Cover = Annotated[Distribution, Number(neutral=0.0, low=0.0, high=0.5)]
Share = Annotated[Distribution, Number(low=0.0, high=1.0)]
Length = Annotated[Distribution, Number(low=0.02, high=1.0)]
FlakeSize = Annotated[Distribution, Number(low=0.005, high=0.1)]
Slant = Annotated[Distribution, Number(low=-90.0, high=90.0)]
Speed = Annotated[Distribution, Number(low=0.0, high=10.0)]

OCTAVES = (3, 6, 12, 24, 48)  # cells across the picture, each half as strong as the one before


class Fog(Neighbourhood, family="weather"):
    """Veil the picture in patchy fog."""

    has_noise: ClassVar[bool] = True
    source: ClassVar[str] = "Koschmieder 1924, x t + light (1 - t), t = exp(-density d), over fractal noise d"
    example: ClassVar[str] = "fog: {density: [0.3, 1.2]}"

    density: Thickness = Field(
        description="mean optical thickness: 1 leaves 37 % of the contrast; 0 is neutral"
    )
    variation: Share = Field(default=fixed(0.6), description="how patchy it is; 0 is even")
    light: Share = Field(default=fixed(0.85), description="the fog's own light, a share of the range")

    @classmethod
    def filtered(cls, pixels: Array, meaning: PixelFormat, params: dict[str, Any]) -> Array:
        """Blend with the fog's light."""
        if params["density"] == 0:
            return pixels
        height, width = pixels.shape[:2]
        depth = 1 + params["variation"] * fractal_noise(params["key"], height, width)
        cover = 1 - np.exp(-params["density"] * depth)
        return veiled(pixels, meaning, cover, params["light"])


def fractal_noise(key: str, height: int, width: int) -> Shares:
    """Smooth noise in [-1, 1], float32 (height, width): octaves of uniform noise, cubic between the cells.

    The same key gives the same clouds at any size. It is stretched so that it reaches one of its ends.
    """
    import cv2  # here, so that reading and checking a recipe does not load OpenCV

    noise = np.zeros((height, width), np.float32)
    for number, cells in enumerate(OCTAVES):
        coarse = uniform_noise(key_of(key, cells), cells, cells)
        fine = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
        noise += fine * 0.5**number
    noise /= np.abs(noise).max()
    return noise


def veiled(pixels: Array, meaning: PixelFormat, cover: Shares, light: float) -> Array:
    """Pixels (H, W, C) behind what covers shares (H, W) of them, and has one light (share of the range)."""
    shares = shares_of(pixels, meaning)
    return pixels_of(shares + cover[..., None] * (light - shares), meaning, pixels.dtype)


class Rain(Neighbourhood, family="weather"):
    """Let it rain: light streaks, near and far."""

    has_noise: ClassVar[bool] = True
    source: ClassVar[str] = "Automold and albumentations' RandomRain, antialiased and at three distances"
    example: ClassVar[str] = "rain: {density: [0.04, 0.15]}"

    density: Cover = Field(description="share of the picture under streaks; 0 is neutral")
    length: Length = Field(
        default=Distribution("uniform", (0.06, 0.12)),
        description="of the near streaks, a share of the height",
    )
    degrees: Slant = Field(
        default=Distribution("uniform", (-15.0, 15.0)),
        description="slant from straight down; above 0 it falls to the right",
    )
    opacity: Share = Field(default=fixed(0.5), description="of the near streaks")
    light: Share = Field(default=fixed(0.8), description="the streaks' own light, a share of the range")

    @classmethod
    def filtered(cls, pixels: Array, meaning: PixelFormat, params: dict[str, Any]) -> Array:
        """Draw the streaks."""
        if params["density"] == 0:
            return pixels
        stroke = Stroke(params["length"], RAIN_WIDTH, params["degrees"], 0.0)
        cover = strewn(pixels, stroke, params["density"], params["key"])
        return veiled(pixels, meaning, params["opacity"] * cover, params["light"])


RAIN_WIDTH = 0.003  # of a near streak, a share of the height


class Snow(Neighbourhood, family="weather"):
    """Let it snow: soft white flakes, near and far."""

    has_noise: ClassVar[bool] = True
    source: ClassVar[str] = "imgaug's Snowflakes (density, size, angle, speed), as shapes at three distances"
    example: ClassVar[str] = "snow: {density: [0.03, 0.1]}"

    density: Cover = Field(description="share of the picture under flakes; 0 is neutral")
    size: FlakeSize = Field(
        default=Distribution("uniform", (0.01, 0.02)), description="of the near flakes, a share of the height"
    )
    speed: Speed = Field(
        default=Distribution("uniform", (0.0, 1.0)),
        description="sizes that a flake falls while it is exposed",
    )
    degrees: Slant = Field(
        default=Distribution("uniform", (-30.0, 30.0)),
        description="slant from straight down; above 0 it falls to the right",
    )
    opacity: Share = Field(default=fixed(0.9), description="of the near flakes")

    @classmethod
    def filtered(cls, pixels: Array, meaning: PixelFormat, params: dict[str, Any]) -> Array:
        """Draw the flakes."""
        if params["density"] == 0:
            return pixels
        size = params["size"]
        stroke = Stroke(size * params["speed"], size, params["degrees"], 0.5)
        cover = strewn(pixels, stroke, params["density"], params["key"])
        return veiled(pixels, meaning, params["opacity"] * cover, 1.0)


@dataclass(frozen=True)
class Stroke:
    """A line with round ends.

    `length` between their centres and `width` are in one unit, pixels or shares of a height; `degrees` is the
    slant from straight down, `fading` the share of the width over which its rim fades.
    """

    length: float
    width: float
    degrees: float
    fading: float

    @property
    def area(self) -> float:
        """What it covers, in square units."""
        return self.width * (self.length + math.pi / 4 * self.width)

    def scaled(self, factor: float) -> Stroke:
        """The same, larger or smaller."""
        return Stroke(self.length * factor, self.width * factor, self.degrees, self.fading)


# Three distances: how large a stroke is there, its share of all strokes, and how opaque it is.
DISTANCES = ((1.0, 0.2, 1.0), (0.6, 0.3, 0.8), (0.35, 0.5, 0.6))


def strewn(pixels: Array, stroke: Stroke, density: float, key: str) -> Shares:
    """Strokes at random places over a picture: how opaque they are at each pixel, (H, W), 0 to 1.

    `stroke` is a near one, in shares of the height; all together cover the share `density`, had they no
    overlaps. Places, and sizes within 30 %, come from the key, and are the same at any size of a ratio.
    """
    height, width = pixels.shape[:2]
    cover = np.zeros((height, width), np.float32)
    mean = sum(share * stroke.scaled(scale).area for scale, share, _ in DISTANCES)
    margin = stroke.length + stroke.width
    across, down = width / height + margin, 1 + margin
    for number, (scale, share, opacity) in enumerate(DISTANCES):
        count = round(share * density * across * down / mean)
        units = unit_noise(key_of(key, number), (count, 3))
        for x, y, size in units.tolist():
            near = stroke.scaled(scale * (0.7 + 0.6 * size) * height)
            place = ((x * across - margin / 2) * height, (y * down - margin / 2) * height)
            draw_stroke(cover, near, place, opacity)
    return cover


def draw_stroke(cover: Shares, stroke: Stroke, centre: tuple[float, float], opacity: float) -> None:
    """Draw a stroke in pixels into (H, W), where it is more opaque than what is there.

    A pixel's share is what its distance from the line says of an edge that fades over at least one pixel; a
    line thinner than a pixel is fainter instead.
    """
    fall_x, fall_y = math.sin(math.radians(stroke.degrees)), math.cos(math.radians(stroke.degrees))
    fade = max(1.0, stroke.fading * stroke.width)
    reach = max(stroke.width, 1.0) / 2 + fade / 2
    rows = _span(centre[1], abs(fall_y) * stroke.length / 2 + reach, cover.shape[0])
    columns = _span(centre[0], abs(fall_x) * stroke.length / 2 + reach, cover.shape[1])
    part = cover[rows, columns]
    y = np.arange(rows.start, rows.stop, dtype=np.float32)[:, None] + (0.5 - centre[1])
    x = np.arange(columns.start, columns.stop, dtype=np.float32) + (0.5 - centre[0])
    along = np.clip(fall_x * x + fall_y * y, -stroke.length / 2, stroke.length / 2)
    distance = np.hypot(x - fall_x * along, y - fall_y * along)
    inside = np.clip((max(stroke.width, 1.0) / 2 - distance) / fade + 0.5, 0, 1)
    np.maximum(part, opacity * min(1.0, stroke.width) * inside, out=part)


def _span(middle: float, reach: float, length: int) -> slice:
    """The pixels within reach of a middle that are in the picture."""
    first, last = math.floor(middle - reach), math.ceil(middle + reach)
    return slice(min(max(first, 0), length), min(max(last, 0), length))
