"""Encoding: arrays to picture files, label values to PNG or TIFF. Equal arrays give equal bytes."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
import simplejpeg
from PIL import Image as PilImage

from augcli.data import Array, Coding, Colors
from augcli.errors import ImageError
from augcli.imageio.header import NAMES
from augcli.imageio.jpeg import insert_icc
from augcli.imageio.png import write_png

FORMATS: Mapping[str, str] = MappingProxyType(
    {"jpeg": ".jpg", "png": ".png", "webp": ".webp", "tiff": ".tif", "bmp": ".bmp", "jp2": ".jp2"}
)
_LIMITS = {"1": 1, "L": 255, "P": 255, "I;16": 65_535, "RGB": 255}
_USE_PNG = "set `output.image.format: png`"
_USE_TIFF = "set `output.image.format: tiff`"
_DEPTHS = {"png": ("uint8", "uint16"), "tiff": ("uint8", "uint16", "float32"), "jp2": ("uint8", "uint16")}
_NO_ALPHA = ("jpeg", "bmp")
_NO_PROFILE = ("bmp", "jp2")
_BITS = {"uint8": "8-bit pixels", "uint16": "16-bit pixels", "float32": "floating-point pixels"}
_MODES = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}


def encode_image(
    pixels: Array,
    *,
    format: str,  # noqa: A002
    colors: Colors | None = None,
    alpha: bool = False,
    quality: int = 95,
    subsampling: str = "420",
    icc: bytes | None = None,
    where: str = "",
) -> bytes:
    """A picture file of pixels (H, W, C), uint8, uint16 or float32; `format` is one of FORMATS.

    Without `colors` the channels say it: 1 is grey, 3 RGB, 2 and 4 the same with alpha, more are bands.
    `quality` (1 to 100) is for JPEG and WebP, `subsampling` (`444`, `422`, `420`) for JPEG; JPEG 2000 is
    lossless. WebP has no grey: there it is stored as RGB. Raises ImageError where the format cannot hold
    the pixels or the profile exactly, and names one that can.
    """
    pixels = np.ascontiguousarray(pixels)
    colors, alpha = (colors, alpha) if colors else _colors_of(pixels.shape[2])
    _check_fits(pixels, format, colors, alpha, icc, where)
    if format == "jpeg":
        return _encode_jpeg(pixels, quality, subsampling, icc, where)
    if format == "tiff":
        return _write_tiff([pixels], **_tiff_kind(colors, alpha, pixels.shape[2]), icc=icc)
    if format == "png" and pixels.dtype == np.uint16:
        return write_png(pixels, icc)
    options: dict[str, dict[str, Any]] = {
        "png": {"compress_level": 1},
        "webp": {"quality": quality},
        "bmp": {},
        "jp2": {"irreversible": False},
    }
    profile = {"icc_profile": icc} if icc else {}
    try:
        return _save(_pillow_picture(pixels), NAMES[format].replace(" ", ""), **options[format], **profile)
    except (ValueError, OSError) as error:
        raise _unwritable(format, error, where) from error


def encode_pages(
    pages: Sequence[Array],
    *,
    format: str,  # noqa: A002
    colors: Colors | None = None,
    alpha: bool = False,
    icc: bytes | None = None,
    where: str = "",
) -> bytes:
    """One file of several pictures of one shape and dtype: TIFF pages, or the frames of an 8-bit APNG.

    The arguments are those of `encode_image`. Raises ImageError where the format holds no such stack.
    """
    channels = pages[0].shape[2]
    colors, alpha = (colors, alpha) if colors else _colors_of(channels)
    if format not in ("tiff", "png") or (format == "png" and pages[0].dtype != np.uint8):
        kind = _BITS[pages[0].dtype.name]
        raise ImageError(f"{NAMES[format]} cannot hold pages of {kind}", where=where, hint=_USE_TIFF)
    _check_fits(pages[0], format, colors, alpha, icc, where)
    if format == "tiff":
        return _write_tiff(pages, **_tiff_kind(colors, alpha, channels), icc=icc)
    first, *others = [_pillow_picture(np.ascontiguousarray(page)) for page in pages]
    profile = {"icc_profile": icc} if icc else {}
    return _save(first, "PNG", compress_level=1, save_all=True, append_images=others, **profile)


def encode_mask(values: Array, coding: Coding) -> bytes:
    """A PNG of mask values, stored as `coding` says; decoding it gives the same values.

    `values` are (H, W), or (H, W, 3) for mode `RGB`. A palette keeps its entries; where an index beyond it is
    used, black ones are added up to 256. Raises ImageError where a value does not fit the mode.
    """
    highest = _checked_highest([values], coding)
    transparency = {} if coding.transparency is None else {"transparency": coding.transparency}
    return _save(_mask_picture(values, coding, highest), "PNG", compress_level=1, **transparency)


def encode_mask_pages(pages: Sequence[Array], codings: Sequence[Coding]) -> bytes:
    """A TIFF of masks of one shape and mode, one page each, stored as its coding says (but for transparency).

    Raises ImageError where a value does not fit the mode.
    """
    _checked_highest(pages, codings[0])
    stored = [_stored(page, coding) for page, coding in zip(pages, codings, strict=True)]
    if codings[0].mode == "P":
        return _write_tiff(stored, photometric="palette", colormaps=[_colormap(c) for c in codings])
    return _write_tiff(stored, photometric="rgb" if codings[0].mode == "RGB" else "minisblack")


def _colormap(coding: Coding) -> Array:
    """A palette as a TIFF's ColorMap (3, 256), 16 bits."""
    palette = np.frombuffer((coding.palette or b"").ljust(768, b"\0"), np.uint8).reshape(256, 3)
    colormap: Array = palette.T.astype(np.uint16) * 257
    return colormap


def _colors_of(channels: int) -> tuple[Colors, bool]:
    if channels > 4:
        return "multi", False
    return ("grey" if channels < 3 else "rgb"), channels in (2, 4)


def _check_fits(pixels: Array, kind: str, colors: Colors, alpha: bool, icc: bytes | None, where: str) -> None:
    """Raise ImageError where a format cannot hold pixels of this kind, or the profile."""
    depth, deepest = pixels.dtype.name, _DEPTHS.get(kind, ("uint8",))
    if colors == "multi" and kind != "tiff":
        lacking, hint = f"{pixels.shape[2]} bands", _USE_TIFF
    elif depth not in deepest or (kind == "jp2" and depth == "uint16" and pixels.shape[2] > 1):
        lacking, hint = _BITS[depth], _USE_TIFF if depth == "float32" else _USE_PNG
    elif alpha and kind in _NO_ALPHA:
        lacking, hint = "an alpha channel", _USE_PNG
    elif icc and kind in _NO_PROFILE:
        lacking, hint = "an ICC profile", _USE_PNG
    else:
        return
    raise ImageError(f"{NAMES[kind]} cannot hold {lacking}", where=where, hint=hint)


def _encode_jpeg(pixels: Array, quality: int, subsampling: str, icc: bytes | None, where: str) -> bytes:
    grey = pixels.shape[2] == 1
    colorspace, sampling = ("GRAY", "Gray") if grey else ("RGB", subsampling)
    try:
        data = bytes(simplejpeg.encode_jpeg(pixels, quality, colorspace, sampling))
    except ValueError as error:
        raise _unwritable("jpeg", error, where) from error
    return insert_icc(data, icc, where=where) if icc else data


def _tiff_kind(colors: Colors, alpha: bool, channels: int) -> dict[str, Any]:
    """What tifffile has to know: the photometric interpretation, and what further samples are."""
    extra = ["unassalpha"] if alpha else []
    if colors == "multi":
        extra = ["unspecified"] * (channels - 1 - alpha) + extra
    return {"photometric": "rgb" if colors == "rgb" else "minisblack", "extrasamples": extra}


def _write_tiff(
    pages: Sequence[Array],
    *,
    photometric: str,
    extrasamples: Sequence[str] = (),
    colormaps: Sequence[Array] = (),
    icc: bytes | None = None,
) -> bytes:
    from tifffile import TiffWriter

    buffer = io.BytesIO()
    with TiffWriter(buffer) as writer:
        for number, page in enumerate(pages):
            flat = page[..., 0] if page.shape[2:] == (1,) else page
            writer.write(
                flat,
                photometric=photometric,
                planarconfig="contig" if flat.ndim == 3 else None,
                extrasamples=extrasamples if flat.ndim == 3 else None,
                colormap=colormaps[number] if colormaps else None,
                compression="adobe_deflate",
                iccprofile=icc,
                metadata=None,
                software=False,
                contiguous=False,
            )
    return buffer.getvalue()


def _pillow_picture(pixels: Array) -> PilImage.Image:
    return PilImage.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels)


def _checked_highest(pages: Sequence[Array], coding: Coding) -> int:
    limit, highest = _LIMITS[coding.mode], max(int(page.max()) for page in pages)
    if highest > limit:
        what = f"the label {highest} does not fit a mask of mode {coding.mode}, which ends at {limit}"
        raise ImageError(
            what, hint="choose `ignore` and fill values within it, or store the masks with more bits"
        )
    return highest


def _stored(values: Array, coding: Coding) -> Array:
    return np.ascontiguousarray(values, {"1": np.bool_, "I;16": np.uint16}.get(coding.mode, np.uint8))


def _mask_picture(values: Array, coding: Coding, highest: int) -> PilImage.Image:
    picture = PilImage.fromarray(_stored(values, coding))
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
    return ImageError(what, where=where, hint=_USE_PNG)
