"""Stored pixels made pictures: palettes, few bits, transparent colours, white as zero, CMYK."""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
import simplejpeg
from PIL import Image as PilImage
from PIL import ImageCms

from augcli.data import Array, Colors
from augcli.errors import ImageError
from augcli.imageio import tiff
from augcli.imageio.header import OpenedFile, codestream_depth, damaged, pillow
from augcli.imageio.jpeg import count_scans
from augcli.imageio.png import deep_pixels

_MAX_SCANS = 100  # each costs a pass over all pixels, however few bytes it has; encoders write about 10


@dataclass(frozen=True)
class DecodedPixels:
    """Pixels (H, W, C) as stored, before EXIF orientation, and what they are."""

    pixels: Array
    colors: Colors
    alpha: bool = False
    note: str = ""
    keeps_profile: bool = True


def picture_pixels(opened: OpenedFile) -> DecodedPixels:
    """The pixels of a file that is not refused, its first picture. Raises ImageError on damage."""
    header = opened.header
    if opened.pages:
        with pillow("tiff", where=opened.where, max_pixels=opened.max_pixels):
            return tiff_picture(opened.data, opened.pages[0])
    pixels = stored_pixels(opened)
    pixels = pixels if pixels.ndim == 3 else pixels[..., None]
    if header.mode == "CMYK":
        return _without_inks(pixels, opened)
    if header.mode == "P":
        return _coloured(pixels[..., 0], _table(opened), opened)
    note = _note(opened)
    if header.mode == "1":
        pixels = pixels.astype(np.uint8) * 255
    if header.format == "jp2" and header.mode == "I;16":
        pixels = pixels >> (16 - codestream_depth(opened.data)[0])  # Pillow fills 16 bits
    key = opened.info.get("transparency")
    if header.format == "png" and key is not None:
        note = _joined(note, "its transparent colour (tRNS) converted to alpha")
        pixels = _with_alpha(pixels, key, header.mode)
    elif header.format == "gif" and key is not None:
        alpha = np.where(pixels == key, 0, 255).astype(np.uint8)
        pixels = np.concatenate([pixels, alpha], 2)
    return DecodedPixels(pixels, header.colors, header.alpha, note)


def stored_pixels(opened: OpenedFile) -> Array:
    """Pixels as they are stored in a file that is no TIFF: (H, W) or (H, W, C)."""
    if opened.header.format == "jpeg":
        return _decode_jpeg(opened)
    with pillow(opened.header.format, where=opened.where, max_pixels=opened.max_pixels):
        if opened.header.format == "png" and opened.header.mode in ("LA;16", "RGB;16", "RGBA;16"):
            return deep_pixels(opened.data)
        pixels = np.array(opened.picture)
        return pixels.astype(np.uint16) if opened.header.mode == "I;16" else pixels


def tiff_picture(data: bytes, page: tiff.Page) -> DecodedPixels:
    """The picture of a TIFF page. Raises ValueError on damage."""
    pixels = tiff.page_pixels(data, page)
    if page.mode == "P":
        table = np.frombuffer(page.palette, np.uint8).reshape(-1, 3)
        if pixels.max() >= len(table):
            raise ValueError(f"index {pixels.max()} is beyond its palette of {len(table)}")
        return DecodedPixels(table[pixels[..., 0]], "rgb", note=_PALETTE)
    note = ""
    if page.photometric == 0:
        note = "grey with white as zero inverted"
        pixels[..., : page.bands] = (1 << page.depth) - 1 - pixels[..., : page.bands]
    if page.depth < 8:
        note = _joined(note, _scaled(page.depth))
        pixels = pixels * (255 // ((1 << page.depth) - 1))
    if page.alpha and not page.extra:
        note = _joined(note, "its fourth channel read as alpha")
    colors: Colors = "grey" if page.is_grey else "rgb" if page.is_rgb else "multi"
    return DecodedPixels(pixels, colors, page.alpha, note)


_PALETTE = "its palette converted to RGB"


def _scaled(depth: int) -> str:
    return f"{depth} bit{'s' * (depth > 1)} a channel scaled to 8"


def _joined(*notes: str) -> str:
    return ", ".join(filter(None, notes))


def _note(opened: OpenedFile) -> str:
    """What Pillow has converted already, and which picture of an MPO this is."""
    header = opened.header
    if header.format == "jpeg" and "mp" in opened.info:
        return "the first of several pictures (MPO)"
    if header.mode == "1":
        return _scaled(1)
    depth = header.mode.partition(";")[2]
    if header.format in ("png", "jp2") and depth.isdigit() and int(depth) < 8:
        return _scaled(int(depth))
    return _scaled(5) if header.mode == "RGB;5" else ""


def _decode_jpeg(opened: OpenedFile) -> Array:
    data, where, mode = opened.data, opened.where, opened.header.mode
    if (scans := count_scans(data)) > _MAX_SCANS:
        raise damaged("jpeg", f"{scans} scans, the limit is {_MAX_SCANS}", where)
    try:
        height, width, *_ = simplejpeg.decode_jpeg_header(data)
        if (width, height) != opened.header.size:  # the limit was for the other size
            raise ValueError("its header gives two sizes")
        space = mode if mode in ("RGB", "CMYK") else "GRAY"
        pixels: Array = simplejpeg.decode_jpeg(data, space, strict=True)
    except (ValueError, MemoryError) as error:
        raise damaged("jpeg", str(error) or type(error).__name__, where) from error
    return pixels


def _table(opened: OpenedFile) -> Array:
    """The palette as (N, 3) or, where it has transparency, (N, 4)."""
    entries = (opened.picture and opened.picture.getpalette("RGB")) or []
    table = np.array(entries, np.uint8).reshape(-1, 3)
    key = opened.info.get("transparency")
    if key is None:
        return table
    alpha = np.full((len(table), 1), 255, np.uint8)
    if isinstance(key, bytes):
        alpha[: len(key), 0] = np.frombuffer(key, np.uint8)[: len(table)]
    elif key < len(table):
        alpha[key] = 0
    return np.concatenate([table, alpha], 1)


def _coloured(indices: Array, table: Array, opened: OpenedFile) -> DecodedPixels:
    if indices.max() >= len(table):
        reason = f"index {indices.max()} is beyond its palette of {len(table)}"
        raise damaged(opened.header.format, reason, opened.where)
    alpha = table.shape[1] == 4
    return DecodedPixels(table[indices], "rgb", alpha, _PALETTE + " and alpha" * alpha)


def _with_alpha(pixels: Array, key: int | tuple[int, ...], mode: str) -> Array:
    """Pixels with 0 as alpha where they have the PNG's transparent colour (PNG 3, 11.3.1.1)."""
    scale = {"L;2": 85, "L;4": 17}.get(mode, 1)  # `key` is in stored values, Pillow's pixels are scaled
    is_key = (pixels == np.array(key) * scale).all(2, keepdims=True)
    opaque = np.iinfo(pixels.dtype).max
    return np.concatenate([pixels, np.where(is_key, 0, opaque).astype(pixels.dtype)], 2)


def _without_inks(inks: Array, opened: OpenedFile) -> DecodedPixels:
    """CMYK (H, W, 4) in sRGB: through its profile, or by (1 - ink) (1 - black) where it has none."""
    if "adobe" in opened.info:  # Adobe stores CMYK inverted
        inks = 255 - inks
    profile = opened.icc
    if profile is None:
        light = 255 - inks.astype(np.uint32)
        pixels = ((light[..., :3] * light[..., 3:] + 127) // 255).astype(np.uint8)
        return DecodedPixels(pixels, "rgb", note="CMYK without a profile converted by the plain formula")
    try:
        converted = ImageCms.profileToProfile(
            PilImage.fromarray(np.ascontiguousarray(inks), "CMYK"),
            ImageCms.ImageCmsProfile(io.BytesIO(profile)),
            ImageCms.createProfile("sRGB"),
            renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
            outputMode="RGB",
            flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
        )
    except (ImageCms.PyCMSError, OSError, ValueError) as error:
        what = f"a CMYK JPEG whose profile cannot be used ({' '.join(str(error).split())})"
        raise ImageError(what, where=opened.where, hint="save it as RGB") from error
    note = "CMYK converted to sRGB through its profile (relative colorimetric)"
    return DecodedPixels(np.array(converted), "rgb", note=note, keeps_profile=False)
