"""Decoding: pictures to 8-bit arrays, masks to their exact values. What is not meant to be read is named."""

from __future__ import annotations

import zlib

import numpy as np
import simplejpeg
from PIL import ImageFile

from augcli.codec.header import MAX_PIXELS, Header, damaged, icc_profile, open_picture, pillow, png_chunks
from augcli.codec.jpeg import count_scans
from augcli.errors import ImageError
from augcli.sample import Array, Coding, Image, Mask

_MAX_SCANS = 100  # each costs a pass over all pixels, however few bytes it has; encoders write about 10
_PICTURE_MODES = ("L", "RGB", "RGBA")
_MASK_MODES = ("1", "L", "P", "I;16", "RGB")
_CONVERT_PICTURE = "save it as 8-bit grey, RGB or RGBA"
_CONVERT_MASK = "save it as a PNG of 1-bit, 8-bit or 16-bit grey, palette or RGB"
# libtiff decodes broken data of these and reports success
_UNCHECKED = {"jpeg": "JPEG", "tiff_jpeg": "JPEG", "group3": "fax", "group4": "fax", "tiff_ccitt": "fax"}
_KINDS = {
    "1": "1-bit",
    "L": "8-bit grey",
    "L;I": "grey with white as zero",
    "I;16;I": "16-bit grey with white as zero",
    "P": "palette",
    "PA": "palette and alpha",
    "LA": "grey and alpha",
    "La": "grey and premultiplied alpha",
    "RGBA": "RGB and alpha",
    "RGBa": "RGB and premultiplied alpha",
    "I": "32-bit grey",
    "I;16": "16-bit grey",
    "I;16S": "signed 16-bit grey",
    "I;32S": "signed 32-bit grey",
    "L;8S": "signed 8-bit grey",
    "F": "floating-point grey",
}
_CHANNELS = {"L": "grey", "I": "grey", "LA": "grey and alpha", "RGBA": "RGB and alpha"}


def decode_image(data: bytes, *, where: str, max_pixels: int = MAX_PIXELS) -> Image:
    """A picture file as uint8 pixels (H, W, C), upright: 8-bit grey, RGB or RGBA, and nothing else.

    EXIF orientation is applied; orientation in XMP is not. Raises ImageError for what `read_header` refuses,
    for damaged or truncated data, and by name for each other kind of picture: nothing is converted.
    """
    header, picture = _opened_image(data, where, max_pixels)
    pixels = _decode(header, picture, data, where, max_pixels)
    if header.format != "tiff":  # Pillow has turned a TIFF upright already
        pixels = _upright(pixels, header.orientation)
    pixels = pixels if pixels.ndim == 3 else pixels[..., None]
    return Image(pixels, header.format, icc_profile(picture), header.size)


def decode_mask(data: bytes, *, where: str, max_pixels: int = MAX_PIXELS) -> Mask:
    """A mask file as its exact values: uint8 or uint16 (H, W), or uint8 (H, W, 3).

    Palette masks give indices, 1-bit masks 0 and 1, a grey JPEG its grey values (the caller decides whether
    they can be trusted). Raises ImageError for what `read_header` refuses, for damaged or truncated data,
    and by name for each kind of file whose values are not exact or not clear.
    """
    header, picture = _opened_mask(data, where, max_pixels)
    values = _decode(header, picture, data, where, max_pixels)
    if header.format == "jpeg":
        return Mask(_grey(values, where), Coding("L"), header.format)
    if header.mode == "I;16":
        values = values.astype(np.uint16)
    elif header.mode == "1":
        values = values.astype(np.uint8)
    return Mask(values, _coding(header, picture), header.format)


def check_image(data: bytes, *, where: str, max_pixels: int = MAX_PIXELS) -> Header:
    """The header of a picture file that `decode_image` reads; no pixel is decoded.

    Raises ImageError as `decode_image` does, but for damage that only decoding shows.
    """
    header, _ = _opened_image(data, where, max_pixels)
    if header.format == "png":
        _check_png(data, where)
    return header


def check_mask(data: bytes, *, where: str, max_pixels: int = MAX_PIXELS) -> Header:
    """The header of a mask file that `decode_mask` reads; no pixel is decoded.

    Raises ImageError as `decode_mask` does, but for damage that only decoding shows.
    """
    header, _ = _opened_mask(data, where, max_pixels)
    if header.format == "png":
        _check_png(data, where)
    return header


def _opened_image(data: bytes, where: str, max_pixels: int) -> tuple[Header, ImageFile.ImageFile]:
    header, picture = open_picture(data, where=where, max_pixels=max_pixels)
    if reason := _picture_refusal(header, picture):
        raise ImageError(reason, where=where, mend=_CONVERT_PICTURE)
    return header, picture


def _opened_mask(data: bytes, where: str, max_pixels: int) -> tuple[Header, ImageFile.ImageFile]:
    header, picture = open_picture(data, where=where, max_pixels=max_pixels)
    if reason := _mask_refusal(header, picture, data):
        raise ImageError(reason, where=where, mend=_CONVERT_MASK)
    return header, picture


def _picture_refusal(header: Header, picture: ImageFile.ImageFile) -> str:
    """Why a file is refused as a picture; empty where it is not."""
    if reason := _common_refusal(header, picture):
        return reason
    if header.format == "gif":
        return "a GIF: pictures with a palette are not read"
    if header.mode not in _PICTURE_MODES:
        return f"{_kind(header.mode)}: pictures have to be 8-bit grey, RGB or RGBA"
    if "transparency" in picture.info:
        return "one colour is declared transparent (tRNS), which the copies would lose"
    return ""


def _mask_refusal(header: Header, picture: ImageFile.ImageFile, data: bytes) -> str:
    """Why a file is refused as a mask; empty where it is not."""
    if reason := _common_refusal(header, picture):
        return reason
    if header.orientation != 1:
        return (
            f"a mask with EXIF orientation {header.orientation}: its picture may not be turned the same way"
        )
    if header.mode not in _MASK_MODES:
        return f"{_kind(header.mode)}: no exact labels can be read from it"
    if header.format == "webp" and _is_lossy_webp(data):
        return "lossy WebP: its values are not those that were drawn"
    if header.mode in ("1", "RGB") and "transparency" in picture.info:
        return "one colour is declared transparent (tRNS), which the copies would lose"
    if header.format == "gif" and picture.tile[0].extents != (0, 0, *header.size):
        return "a GIF whose frame does not fill the picture: the pixels around it have no value"
    return ""


def _common_refusal(header: Header, picture: ImageFile.ImageFile) -> str:
    if header.frames > 1:
        kind = "pages" if header.format == "tiff" else "frames"
        return f"{header.frames} {kind} in one file: only single pictures are read"
    if header.format == "tiff" and (name := _UNCHECKED.get(picture.info.get("compression", ""))):
        return f"a TIFF with {name} compression: damage in it goes unnoticed"
    return ""


def _kind(mode: str) -> str:
    """A mode in words."""
    if mode in _KINDS:
        return _KINDS[mode]
    if mode.endswith("X"):
        return f"{_kind(mode[:-1])} and further channels"
    channels, _, depth = mode.partition(";")
    return f"{depth}-bit {_CHANNELS.get(channels, channels)}" if depth else mode


def _decode(header: Header, picture: ImageFile.ImageFile, data: bytes, where: str, max_pixels: int) -> Array:
    """The stored pixels: (H, W) or (H, W, C)."""
    if header.format == "jpeg":
        return _decode_jpeg(header, data, where)
    if header.format == "png":
        _check_png(data, where)
    # An orientation that stands in XMP alone would be applied by Pillow to TIFF, and to TIFF only.
    picture.info.pop("xmp", None)
    with pillow(header.format, where=where, max_pixels=max_pixels):
        return np.array(picture)


def _decode_jpeg(header: Header, data: bytes, where: str) -> Array:
    if (scans := count_scans(data)) > _MAX_SCANS:
        raise damaged("jpeg", f"{scans} scans, the limit is {_MAX_SCANS}", where)
    try:
        height, width, *_ = simplejpeg.decode_jpeg_header(data)
        if (
            width,
            height,
        ) != header.size:  # two readers of one broken header: the limit was for the other size
            raise ValueError("its header gives two sizes")
        pixels: Array = simplejpeg.decode_jpeg(data, "RGB" if header.mode == "RGB" else "GRAY", strict=True)
    except (ValueError, MemoryError) as error:
        raise damaged("jpeg", str(error) or type(error).__name__, where) from error
    return pixels


def _check_png(data: bytes, where: str) -> None:
    """Check what Pillow does not: the checksums of the pixel data, and that the file has its end."""
    view = memoryview(data)
    for name, start, end in png_chunks(data):
        if end + 4 > len(data):
            raise damaged("png", "the file is truncated", where)
        critical = name[:1].isupper()
        if critical and zlib.crc32(view[start - 4 : end]) != int.from_bytes(view[end : end + 4], "big"):
            raise damaged("png", f"bad checksum of chunk {name.decode('latin-1')}", where)
        if name == b"IEND":
            return
    raise damaged("png", "the file is truncated", where)


def _upright(pixels: Array, orientation: int) -> Array:
    """Pixels (H, W, ...) after EXIF orientation (CIPA DC-008, tag 274)."""
    if orientation > 4:
        pixels = pixels.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    return np.ascontiguousarray(pixels)


def _grey(values: Array, where: str) -> Array:
    """Grey values (H, W) of a decoded JPEG mask (H, W, 1 or 3)."""
    if not (values == values[..., :1]).all():
        what = "a JPEG in colour: no exact labels can be read from it"
        raise ImageError(what, where=where, mend=_CONVERT_MASK)
    return np.ascontiguousarray(values[..., 0])


def _coding(header: Header, picture: ImageFile.ImageFile) -> Coding:
    palette = picture.getpalette("RGB") if header.mode == "P" else None
    return Coding(
        mode=header.mode,
        palette=None if palette is None else bytes(palette),
        transparency=picture.info.get("transparency"),
    )


def _is_lossy_webp(data: bytes) -> bool:
    """Whether a WebP file has a lossy bitstream (RFC 9649: chunk `VP8 `, a blank behind)."""
    position = 12
    while position + 8 <= len(data):
        if data[position : position + 4] == b"VP8 ":
            return True
        length = int.from_bytes(data[position + 4 : position + 8], "little")
        position += 8 + length + length % 2
    return False
