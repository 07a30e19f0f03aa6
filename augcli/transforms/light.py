"""Light that a scene or lens adds or takes: vignette, gradients, shadows, sun flares."""

from __future__ import annotations

import math
from typing import Annotated, Any, ClassVar

import numpy as np
from pydantic import Field

from augcli.data import Array, PixelFormat
from augcli.rng import Words, key_of
from augcli.transforms.base import fixed
from augcli.transforms.blur import ANY_DIRECTION, Direction, gaussian_blur
from augcli.transforms.filters import Neighbourhood, Shares, pixels_of, shares_of
from augcli.transforms.operations import luma
from augcli.transforms.parameters import Distribution, Number

Strength = Annotated[Distribution, Number(neutral=0.0, low=0.0, high=1.0)]
Falloff = Annotated[Distribution, Number(neutral=0.0, low=0.0, high=0.99)]
Place = Annotated[Distribution, Number(low=-1.0, high=2.0)]
Count = Annotated[Distribution, Number(low=1, high=20, whole=True)]
Ghosts = Annotated[Distribution, Number(low=0, high=20, whole=True)]
Size = Annotated[Distribution, Number(low=0.0, high=2.0, above=True)]
Softness = Annotated[Distribution, Number(low=0.0, high=0.1)]
Radius = Annotated[Distribution, Number(low=0.0, high=1.0, above=True)]


class Vignette(Neighbourhood, family="weather"):
    """Darken towards the corners, as a lens does."""

    source: ClassVar[str] = "the cosine-fourth law of illumination (natural vignetting)"
    example: ClassVar[str] = "vignette: {strength: [0.2, 0.7]}"

    strength: Falloff = Field(description="share of the light that the corners lose; 0 is neutral")
    x: Place = Field(default=fixed(0.5), description="centre, a share of the width")
    y: Place = Field(default=fixed(0.5), description="centre, a share of the height")

    @classmethod
    def filtered(cls, pixels: Array, meaning: PixelFormat, params: dict[str, Any]) -> Array:
        """Darken."""
        if params["strength"] == 0:
            return pixels
        x, y = around(pixels, params["x"], params["y"])
        square = (x * x + y * y) / (diagonal(pixels) / 2) ** 2
        # cos^4 of the angle is (1 + r^2 / f^2)^-2; f makes it 1 - strength at the corners
        steepness = 1 / math.sqrt(1 - params["strength"]) - 1
        return lit(pixels, meaning, (1 + steepness * square) ** -2)


class GradientIllumination(Neighbourhood, family="weather"):
    """Brighten one side and darken the other, evenly."""

    source: ClassVar[str] = "albumentations' Illumination (linear), with the same range for every direction"
    example: ClassVar[str] = "gradient_illumination: {strength: [0.2, 0.6]}"

    strength: Strength = Field(description="at the ends light is 1 - x and 1 + x; 0 is neutral")
    degrees: Direction = Field(
        default=ANY_DIRECTION, description="the brighter side, counter-clockwise from the right"
    )

    @classmethod
    def filtered(cls, pixels: Array, meaning: PixelFormat, params: dict[str, Any]) -> Array:
        """Multiply by the gradient."""
        if params["strength"] == 0:
            return pixels
        height, width = pixels.shape[:2]
        across, up = (f(math.radians(params["degrees"])) for f in (math.cos, math.sin))
        x, y = around(pixels, 0.5, 0.5)
        extent = (abs(across) * width + abs(up) * height) / 2
        ramp = x * (across / extent) - y * (up / extent)
        return lit(pixels, meaning, 1 + params["strength"] * ramp)


class Shadow(Neighbourhood, family="weather"):
    """Throw shadows: polygons of five corners that take light away."""

    has_noise: ClassVar[bool] = True
    source: ClassVar[str] = "Automold and albumentations' RandomShadow, with corners in order and soft edges"
    example: ClassVar[str] = "shadow: {count: [1, 3], strength: [0.3, 0.6]}"

    strength: Strength = Field(description="share of the light that a shadow takes; 0 is neutral")
    count: Count = Field(default=fixed(1), description="how many shadows")
    size: Size = Field(
        default=Distribution("uniform", (0.5, 1.2)),
        description="how far a shadow reaches across, as shares of width and height",
    )
    softness: Softness = Field(
        default=fixed(0.005), description="standard deviation of its edge, a share of the diagonal"
    )

    @classmethod
    def filtered(cls, pixels: Array, meaning: PixelFormat, params: dict[str, Any]) -> Array:
        """Darken."""
        if params["strength"] == 0:
            return pixels
        gain = np.ones(pixels.shape[:2], np.float32)
        for number in range(params["count"]):
            corners = shadow_corners(key_of(params["key"], number), params["size"])
            cover = gaussian_blur(polygon(pixels, corners), params["softness"] * diagonal(pixels))
            gain *= 1 - params["strength"] * cover[..., 0]
        return lit(pixels, meaning, gain)


def shadow_corners(key: str, size: float) -> Array:
    """Five corners (5, 2) as shares of width and height, around a centre in the picture.

    They lie in five equal sectors, at half to all of `size / 2` from the centre, so that no edges cross.
    """
    words = Words(key)
    centre = np.array([words.unit(), words.unit()])
    turns = np.array([(number + words.unit()) / 5 for number in range(5)]) * 2 * math.pi
    reaches = np.array([[size / 4 * (1 + words.unit())] for _ in range(5)])
    corners: Array = centre + reaches * np.column_stack([np.cos(turns), np.sin(turns)])
    return corners


def polygon(pixels: Array, corners: Array) -> Shares:
    """How much of each pixel of a picture lies in a polygon, (H, W, 1); corners in shares of its sides.

    Drawn by OpenCV, whose antialiased edge is about a pixel wide.
    """
    import cv2  # here, so that reading and checking a recipe does not load OpenCV

    height, width = pixels.shape[:2]
    points = (corners * (width, height) - 0.5) * 256  # OpenCV counts from pixel centres
    cover = np.zeros((height, width), np.uint8)
    cv2.fillPoly(cover, [np.rint(points).astype(np.int32)], 255, cv2.LINE_AA, shift=8)
    return cover[..., None].astype(np.float32) / 255


class SunFlare(Neighbourhood, family="weather"):
    """Let the sun shine into the lens: a glow, rays, and ghosts on the line through the centre."""

    has_noise: ClassVar[bool] = True
    definition_number: ClassVar[int] = 2
    source: ClassVar[str] = (
        "albumentations' RandomSunFlare (physics-based): light is added by screen blending"
    )
    example: ClassVar[str] = "sun_flare: {strength: [0.5, 1]}"

    strength: Strength = Field(description="share of the flare's light that is added; 0 is neutral")
    x: Place = Field(default=Distribution("uniform", (0.0, 1.0)), description="the sun, a share of the width")
    y: Place = Field(
        default=Distribution("uniform", (0.0, 0.5)), description="the sun, a share of the height"
    )
    radius: Radius = Field(default=fixed(0.05), description="of the sun's glow, a share of the diagonal")
    ghosts: Ghosts = Field(
        default=Distribution("uniform", (3, 7), whole=True), description="circles of light from the lens"
    )

    @classmethod
    def filtered(cls, pixels: Array, meaning: PixelFormat, params: dict[str, Any]) -> Array:
        """Add the light; on grey and many bands its luma."""
        if params["strength"] == 0:
            return pixels
        light = params["strength"] * flare(pixels, params)
        if meaning.colors != "rgb":
            light = luma(light)[..., None]
        shares = shares_of(pixels, meaning)
        return pixels_of(1 - (1 - shares) * (1 - light), meaning, pixels.dtype)


SUN = (1.0, 0.96, 0.86)
RAYS = (0, 45, 90, 135)  # degrees, as albumentations'


def flare(pixels: Array, params: dict[str, Any]) -> Shares:
    """The light of a flare for a picture, (H, W, 3), 0 to 1."""
    x, y = around(pixels, params["x"], params["y"])
    radius = params["radius"] * diagonal(pixels)
    distance = np.sqrt(x * x + y * y) / radius
    glow = 1.2 * np.exp(-distance * distance / 2) + 0.5 * np.exp(-distance / 2)
    for degrees in RAYS:
        c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
        aside = (s * x + c * y) / radius
        glow = glow + 0.4 * np.exp(-((aside / 0.06) ** 2) - distance / 2.5)
    light: Shares = glow[..., None] * np.array(SUN, np.float32)
    for number in range(params["ghosts"]):
        light += ghost(pixels, params["x"], params["y"], key_of(params["key"], number))
    return np.clip(light, 0, 1, out=light)


def ghost(pixels: Array, x: float, y: float, key: str) -> Shares:
    """A faint coloured disc with a brighter rim, mirrored through the centre by a factor that is drawn."""
    words = Words(key)
    along, size, opacity = words.between(-0.6, 1.4), words.between(0.01, 0.06), words.between(0.05, 0.2)
    color = np.array([words.between(0.5, 1.0) for _ in range(3)], np.float32)
    dx, dy = around(pixels, 0.5 + along * (0.5 - x), 0.5 + along * (0.5 - y))
    radius = size * diagonal(pixels)
    distance = np.sqrt(dx * dx + dy * dy)
    inside = np.clip(radius + 0.5 - distance, 0, 1)
    brightness = inside * (0.6 + 0.4 * (distance / radius) ** 4)
    return (opacity * brightness)[..., None] * color


def around(pixels: Array, x: float, y: float) -> tuple[Shares, Shares]:
    """Pixel centres as pixels right of (1, W) and below (H, 1) a point in shares of the sides."""
    height, width = pixels.shape[:2]
    right = np.arange(width, dtype=np.float32) + (0.5 - x * width)
    below = np.arange(height, dtype=np.float32) + (0.5 - y * height)
    return right[None], below[:, None]


def diagonal(pixels: Array) -> float:
    """The diagonal of a picture in pixels."""
    return math.hypot(*pixels.shape[:2])


def lit(pixels: Array, meaning: PixelFormat, gain: Shares) -> Array:
    """Pixels (H, W, C) whose levels are multiplied by a gain (H, W), and clipped."""
    return pixels_of(shares_of(pixels, meaning) * gain[..., None], meaning, pixels.dtype)
