"""Encoding: 8-bit arrays to picture files, label values to PNG. Equal arrays give equal bytes."""

from __future__ import annotations

import io
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
import simplejpeg
from PIL import Image as PilImage

from augcli.codec.header import NAMES
from augcli.codec.jpeg import insert_icc
from augcli.errors import ImageError
from augcli.sample import Array, Coding

FORMATS: Mapping[str, str] = MappingProxyType(
    {"jpeg": ".jpg", "png": ".png", "webp": ".webp", "tiff": ".tif", "bmp": ".bmp"}
)
_LIMITS = {"1": 1, "L": 255, "P": 255, "I;16": 65_535, "RGB": 255}
_USE_PNG = "set `output.image.format: png`"


def encode_image(
    pixels: Array,
    *,
    format: str,  # noqa: A002
    quality: int = 95,
    subsampling: str = "420",
    icc: bytes | None = None,
    where: str = "",
) -> bytes:
    """A picture file of uint8 pixels (H, W, C), C = 1, 3 or 4; `format` is one of FORMATS.

    `quality` (1 to 100) is for JPEG and WebP, `subsampling` (`444`, `422`, `420`) for JPEG. WebP has no grey:
    there it is stored as RGB. Raises ImageError where the format cannot hold the pixels or the profile.
    """
    pixels = np.ascontiguousarray(pixels)
    if format == "jpeg":
        return _encode_jpeg(pixels, quality, subsampling, icc, where)
    if format == "bmp" and (icc or pixels.shape[2] == 4):
        what = f"BMP cannot hold {'an ICC profile' if icc else 'an alpha channel'}"
        raise ImageError(what, where=where, mend=_USE_PNG)
    options: dict[str, dict[str, Any]] = {
        "png": {"compress_level": 1},
        "webp": {"quality": quality},
        "tiff": {"compression": "tiff_adobe_deflate"},
        "bmp": {},
    }
    picture = PilImage.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels)
    profile = {"icc_profile": icc} if icc else {}
    try:
        return _save(picture, NAMES[format], **options[format], **profile)
    except (ValueError, OSError) as error:
        raise _unwritable(format, error, where) from error


def encode_mask(values: Array, coding: Coding) -> bytes:
    """A PNG of mask values, stored as `coding` says; decoding it gives the same values.

    `values` are (H, W), or (H, W, 3) for mode `RGB`. A palette keeps its entries; where an index beyond it is
    used, black ones are added up to 256. Raises ImageError where a value does not fit the mode.
    """
    limit, highest = _LIMITS[coding.mode], int(values.max())
    if highest > limit:
        what = f"the label {highest} does not fit a mask of mode {coding.mode}, which ends at {limit}"
        raise ImageError(
            what, mend="choose `ignore` and fill values within it, or store the masks with more bits"
        )
    transparency = {} if coding.transparency is None else {"transparency": coding.transparency}
    return _save(_mask_picture(values, coding, highest), "PNG", compress_level=1, **transparency)


def _encode_jpeg(pixels: Array, quality: int, subsampling: str, icc: bytes | None, where: str) -> bytes:
    if pixels.shape[2] == 4:
        raise ImageError("JPEG cannot hold an alpha channel", where=where, mend=_USE_PNG)
    grey = pixels.shape[2] == 1
    colorspace, sampling = ("GRAY", "Gray") if grey else ("RGB", subsampling)
    try:
        data = bytes(simplejpeg.encode_jpeg(pixels, quality, colorspace, sampling))
    except ValueError as error:
        raise _unwritable("jpeg", error, where) from error
    return insert_icc(data, icc, where=where) if icc else data


def _mask_picture(values: Array, coding: Coding, highest: int) -> PilImage.Image:
    dtype = {"1": np.bool_, "I;16": np.uint16}.get(coding.mode, np.uint8)
    picture = PilImage.fromarray(np.ascontiguousarray(values, dtype=dtype))
    if coding.mode == "P":
        palette = coding.palette or b""
        picture.putpalette(palette if highest < len(palette) // 3 else palette.ljust(768, b"\0"))
    return picture


def _save(picture: PilImage.Image, pillow_format: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, pillow_format, **options)
    return buffer.getvalue()


def _unwritable(kind: str, error: Exception, where: str) -> ImageError:
    what = f"cannot be written as {NAMES[kind]} ({' '.join(str(error).split())})"
    return ImageError(what, where=where, mend=_USE_PNG)
