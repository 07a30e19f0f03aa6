"""Noise: Gaussian, Poisson, ISO, speckle, salt and pepper. Each field is stored as its key."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from augcli.data import Array, PixelFormat
from augcli.geometry import Frame
from augcli.rng import key_of, normal_noise, poisson_noise, unit_noise
from augcli.transforms.base import fixed
from augcli.transforms.filters import Neighbourhood, Shares, pixels_of, refuse_bands, shares_of
from augcli.transforms.operations import Applied, cast
from augcli.transforms.parameters import Distribution, Number

Deviation = Annotated[Distribution, Number(neutral=0.0, low=0.0, high=1.0)]
Photons = Annotated[Distribution, Number(low=1.0, high=1_000_000.0)]
Intensity = Annotated[Distribution, Number(neutral=0.0, low=0.0, high=10.0)]
ColorShift = Annotated[Distribution, Number(low=0.0, high=1.0)]
Amount = Annotated[Distribution, Number(neutral=0.0, low=0.0, high=1.0)]
Share = Annotated[Distribution, Number(low=0.0, high=1.0)]

GAMMA = 2.2  # of stored levels, as albumentations has it


class GaussianNoise(Neighbourhood, family="noise"):
    """Add normal noise, drawn for each pixel and channel."""

    has_noise: ClassVar[bool] = True
    source: ClassVar[str] = "x + std * normal(0, 1), clipped; the field is stored as its key"
    example: ClassVar[str] = "gaussian_noise: {std: [0.01, 0.04]}"

    std: Deviation = Field(description="standard deviation, a share of the range; 0 is neutral")

    @classmethod
    def filtered(cls, pixels: Array, meaning: PixelFormat, params: dict[str, Any]) -> Array:
        """Add the noise."""
        return add_noise(pixels, meaning, params["std"], params["key"])


def add_noise(pixels: Array, meaning: PixelFormat, std: float, key: str) -> Array:
    """Add normal noise of `std` (share of the range) to (H, W, C), and clip to the range."""
    if std == 0:
        return pixels
    noise = normal_noise(key, pixels.shape)
    noise *= np.float32((meaning.high - meaning.low) * std)
    noise += pixels
    return cast(np.clip(noise, meaning.low, meaning.high), pixels.dtype)


class PoissonNoise(Neighbourhood, family="noise"):
    """Count photons: shot noise, drawn for each pixel and channel."""

    has_noise: ClassVar[bool] = True
    source: ClassVar[str] = "scikit-image's poisson noise; linear: albumentations' ShotNoise, gamma 2.2"
    example: ClassVar[str] = "poisson_noise: {photons: {log_uniform: [30, 300]}}"

    photons: Photons = Field(description="mean count of a pixel at full scale; fewer are noisier")
    definition: Literal["stored", "linear"] = Field(
        default="stored",
        description="whether stored levels (the default) or those of linear light are counted",
    )

    def resolve(self, drawn: dict[str, Any], frame: Frame) -> list[Applied]:
        """Keep the definition beside the numbers."""
        return [Applied(self.name, drawn | {"definition": self.definition})]

    @classmethod
    def filtered(cls, pixels: Array, meaning: PixelFormat, params: dict[str, Any]) -> Array:
        """Count."""
        linear, photons = params["definition"] == "linear", params["photons"]
        light = np.clip(shares_of(pixels, meaning), 0, 1)
        counts = poisson_noise(params["key"], (light**GAMMA if linear else light) * photons)
        light = np.clip(counts / photons, 0, 1)
        return pixels_of(light ** (1 / GAMMA) if linear else light, meaning, pixels.dtype)


class SpeckleNoise(Neighbourhood, family="noise"):
    """Multiply by normal noise around 1, drawn for each pixel and channel."""

    has_noise: ClassVar[bool] = True
    source: ClassVar[str] = "x + x * std * normal(0, 1), clipped; scikit-image's speckle noise"
    example: ClassVar[str] = "speckle_noise: {std: [0.05, 0.2]}"

    std: Deviation = Field(description="standard deviation of the factor; 0 is neutral")

    @classmethod
    def filtered(cls, pixels: Array, meaning: PixelFormat, params: dict[str, Any]) -> Array:
        """Multiply."""
        if params["std"] == 0:
            return pixels
        factors = 1 + params["std"] * normal_noise(params["key"], pixels.shape)
        return pixels_of(shares_of(pixels, meaning) * factors, meaning, pixels.dtype)


class SaltAndPepper(Neighbourhood, family="noise"):
    """Turn single pixels white or black, in all channels at once."""

    has_noise: ClassVar[bool] = True
    source: ClassVar[str] = (
        "albumentations' SaltAndPepper, each pixel by itself with the probability `amount`"
    )
    example: ClassVar[str] = "salt_and_pepper: {amount: [0.005, 0.03]}"

    amount: Amount = Field(description="share of the pixels, on average; 0 is neutral")
    salt: Share = Field(default=fixed(0.5), description="share of white ones among them")

    @classmethod
    def filtered(cls, pixels: Array, meaning: PixelFormat, params: dict[str, Any]) -> Array:
        """Strew."""
        units = unit_noise(params["key"], pixels.shape[:2])
        result = pixels.copy()
        result[units < params["amount"]] = meaning.low
        result[units < params["amount"] * params["salt"]] = meaning.high
        return result


class IsoNoise(Neighbourhood, family="noise"):
    """Add the noise of a camera at a high ISO: counts in the lightness, shifts of the hue."""

    has_noise: ClassVar[bool] = True
    source: ClassVar[str] = "albumentations 1.4's ISONoise; 2.0.8 lost its factors 255 (counts) and 360 (hue)"
    example: ClassVar[str] = "iso_noise: {intensity: [0.2, 0.6], color_shift: [0.01, 0.05]}"

    intensity: Intensity = Field(description="factor of both noises; 0 is neutral")
    color_shift: ColorShift = Field(
        default=Distribution("uniform", (0.01, 0.05)),
        description="turns of the hue, standard deviation at intensity 1",
    )

    @classmethod
    def filtered(cls, pixels: Array, meaning: PixelFormat, params: dict[str, Any]) -> Array:
        """Add the noise; ImageError for many bands."""
        refuse_bands(cls.name, pixels, meaning)
        if params["intensity"] == 0:
            return pixels
        noisy = iso_noise(shares_of(pixels, meaning), **params)
        return pixels_of(noisy, meaning, pixels.dtype)


def iso_noise(shares: Shares, key: str, intensity: float, color_shift: float) -> Shares:
    """ISO noise on shares of the range (H, W, 1 or 3); grey pictures have a lightness, and no hue."""
    if shares.shape[-1] == 1:
        return _counted(shares[..., 0], key, intensity)[..., None]
    import cv2  # here, so that reading and checking a recipe does not load OpenCV

    hls = np.asarray(cv2.cvtColor(np.clip(shares, 0, 1), cv2.COLOR_RGB2HLS), np.float32)
    shifts = normal_noise(key_of(key, "hue"), shares.shape[:2])
    hls[..., 0] = np.mod(hls[..., 0] + 360 * color_shift * intensity * shifts, 360)
    hls[..., 1] = _counted(hls[..., 1], key, intensity)
    return np.asarray(cv2.cvtColor(hls, cv2.COLOR_HLS2RGB), np.float32)


def _counted(lightness: Shares, key: str, intensity: float) -> Shares:
    """Lightness (H, W) with counts added, whose mean is its deviation in levels of 8 bits."""
    mean = float(lightness.std(dtype=np.float64)) * intensity * 255
    counts = poisson_noise(key, np.full(lightness.shape, mean, np.float32))
    return lightness + counts / 255 * (1 - lightness)
