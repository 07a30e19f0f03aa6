"""What storing a picture does to it: JPEG and WebP artefacts, and too few pixels."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from augcli.data import Array, PixelFormat
from augcli.errors import ImageError
from augcli.geometry import Frame
from augcli.imageio import decode_image, encode_image
from augcli.transforms.filters import Neighbourhood, depth_of, refuse_bands
from augcli.transforms.operations import Applied, cast, luma
from augcli.transforms.parameters import Distribution, Number

Quality = Annotated[Distribution, Number(low=1, high=100, whole=True)]
Factor = Annotated[Distribution, Number(neutral=1.0, low=0.0, high=1.0, above=True)]

WEBP_SIDE = 16_383  # pixels, by the format


class JpegArtefacts(Neighbourhood, family="artefact"):
    """Compress as JPEG and decode again."""

    source: ClassVar[str] = "libjpeg-turbo with 4:2:0 subsampling, as `output.image` writes"
    example: ClassVar[str] = "jpeg_artefacts: {quality: [10, 60]}"

    quality: Quality = Field(description="1 to 100; none is neutral")

    @classmethod
    def filtered(cls, pixels: Array, meaning: PixelFormat, params: dict[str, Any]) -> Array:
        """Code and decode; ImageError for more than 8 bits and for many bands."""
        return recoded(cls.name, "jpeg", pixels, meaning, params["quality"])


class WebpArtefacts(Neighbourhood, family="artefact"):
    """Compress as WebP and decode again."""

    definition_number: ClassVar[int] = 2
    source: ClassVar[str] = "libwebp through Pillow, as `output.image` writes"
    example: ClassVar[str] = "webp_artefacts: {quality: [5, 50]}"

    quality: Quality = Field(description="1 to 100; none is neutral")

    @classmethod
    def filtered(cls, pixels: Array, meaning: PixelFormat, params: dict[str, Any]) -> Array:
        """Code and decode; ImageError for more than 8 bits, many bands, and too long a side."""
        if max(pixels.shape[:2]) > WEBP_SIDE:
            height, width = pixels.shape[:2]
            what = f"{cls.name} takes sides of at most {WEBP_SIDE} pixels, this picture is {width}x{height}"
            raise ImageError(what, hint="resize or crop first")
        return recoded(cls.name, "webp", pixels, meaning, params["quality"])


def recoded(name: str, kind: str, pixels: Array, meaning: PixelFormat, quality: int) -> Array:
    """8-bit pixels (H, W, 1 or 3) through a lossy format; where that stores grey as RGB, grey again.

    Raises ImageError for more than 8 bits and for many bands, with the step's name.
    """
    refuse_bands(name, pixels, meaning)
    if pixels.dtype != np.uint8:
        what = f"{name} takes 8-bit pixels, this picture has {depth_of(pixels)}"
        raise ImageError(what, hint=f"leave {name} out of the recipe")
    data = encode_image(pixels, format=kind, colors=meaning.colors, quality=quality)
    stored = decode_image(data, where=name, max_pixels=pixels.shape[0] * pixels.shape[1]).pixels
    if stored.shape == pixels.shape:
        return stored
    return cast(luma(stored), np.uint8)[..., None]


class Downscale(Neighbourhood, family="artefact"):
    """Shrink and enlarge again: the picture of a camera of fewer pixels."""

    source: ClassVar[str] = "albumentations' Downscale with areas for the shrink"
    example: ClassVar[str] = "downscale: {factor: [0.25, 0.75]}"

    factor: Factor = Field(description="shares of width and height that are left; 1 is neutral")
    interpolation: Literal["nearest", "linear"] = Field(
        default="nearest", description="how it is enlarged; nearest (the default) shows squares"
    )

    def resolve(self, drawn: dict[str, Any], frame: Frame) -> list[Applied]:
        """Keep the interpolation beside the factor."""
        return [Applied(self.name, drawn | {"interpolation": self.interpolation})]

    @classmethod
    def filtered(cls, pixels: Array, meaning: PixelFormat, params: dict[str, Any]) -> Array:
        """Shrink and enlarge."""
        return downscaled(pixels, params["factor"], params["interpolation"])


def downscaled(pixels: Array, factor: float, interpolation: str) -> Array:
    """(H, W, C) of any dtype by the mean of areas to `factor` of each side, at least a pixel, and back."""
    import cv2  # here, so that reading and checking a recipe does not load OpenCV

    height, width = pixels.shape[:2]
    small = (max(1, round(factor * width)), max(1, round(factor * height)))
    if small == (width, height):
        return pixels
    planes = []
    for channel in range(pixels.shape[-1]):
        plane = np.ascontiguousarray(pixels[..., channel])
        shrunk = cv2.resize(plane, small, interpolation=cv2.INTER_AREA)
        if interpolation == "linear":
            planes.append(cv2.resize(shrunk, (width, height), interpolation=cv2.INTER_LINEAR))
        else:
            planes.append(shrunk[_nearest(small[1], height)][:, _nearest(small[0], width)])
    return np.stack(planes, axis=-1)


def _nearest(few: int, many: int) -> Array:
    """The index among `few` pixels of each of `many`, by their centres."""
    return (2 * np.arange(many) + 1) * few // (2 * many)
