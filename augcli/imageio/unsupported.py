"""Which files are not read as pictures or as masks, and why, in words."""

from __future__ import annotations

from augcli.imageio import tiff
from augcli.imageio.header import OpenedFile

CONVERT_PICTURE = "save it as a PNG or TIFF of grey or RGB with 8 or 16 bits a channel"
CONVERT_MASK = "save it as a PNG of 1-bit, 8-bit or 16-bit grey, palette or RGB"
_GREY = ("1", "L", "L;2", "L;4", "LA")
_DEEP = ("I;16", "LA;16", "RGB;16", "RGBA;16")
_PICTURE_MODES = {
    "jpeg": ("L", "RGB", "CMYK"),
    "png": (*_GREY, *_DEEP, "P", "RGB", "RGBA"),
    "gif": ("L", "P", "RGB", "RGBA"),
    "webp": ("RGB", "RGBA"),
    "bmp": ("1", "L", "L;1", "L;4", "P", "RGB", "RGBA", "RGB;5"),
    "jp2": ("L", "LA", "RGB", "RGBA", "I;16", "P"),
}
_FEW_BITS = ("1", "2", "3", "4", "5", "6", "7")  # Pillow scales JPEG 2000 of fewer bits to 8
_MASK_MODES = {
    "jpeg": ("L", "RGB"),
    "png": ("1", "L", "L;2", "L;4", "P", "I;16", "RGB"),
    "gif": ("L", "P"),
    "webp": ("RGB",),
    "bmp": ("1", "L", "P", "RGB"),
    "tiff": ("1", "L", "L;2", "L;4", "L;12", "P", "I;16", "RGB"),
}
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
_NUMBERS = {"S": "signed ", "F": "floating-point ", "?": "unknown "}
_TRANSPARENT = "one colour is declared transparent (tRNS), which the copies would lose"


def picture_refusal(opened: OpenedFile) -> tuple[str, str] | None:
    """Why a file is refused as a picture, and the mend; None where it is not."""
    for page in opened.pages:
        if what := tiff.refusal(page) or _page_refusal(page):
            return what, CONVERT_PICTURE
    mode = opened.header.mode
    name, _, depth = mode.partition(";")
    known = name if opened.header.format == "jp2" and depth in _FEW_BITS else mode
    if not opened.pages and known not in _PICTURE_MODES[opened.header.format]:
        return f"{kind(mode)}: pictures of this kind are not read", CONVERT_PICTURE
    if opened.picture and opened.header.frames > 1 and opened.header.dtype != "uint8":
        return "an animation of 16 bits: it is not read", "save each frame as a PNG of its own"
    return None


def mask_refusal(opened: OpenedFile) -> tuple[str, str] | None:
    """Why a file is refused as a mask, and the mend; None where it is not."""
    if opened.picture and opened.header.frames > 1:
        what = f"an animation of {opened.header.frames} frames: no exact labels can be read from it"
        return what, "save the masks as the pages of one TIFF"
    what = next((found for page in opened.pages if (found := tiff.refusal(page))), "")
    what = what or _inexact(opened)
    return (what, CONVERT_MASK) if what else None


def kind(mode: str) -> str:
    """A mode in words."""
    if mode in _KINDS:
        return _KINDS[mode]
    if mode.endswith(";I"):
        return f"{kind(mode[:-2])} with white as zero"
    channels, _, depth = mode.partition(";")
    named = _KINDS.get(channels, channels).removeprefix("8-bit ")
    return f"{_NUMBERS.get(depth[-1:], '')}{depth.rstrip('SF?')}-bit {named}" if depth else mode


def _page_refusal(page: tiff.Page) -> str:
    """Why the samples of a TIFF page are no picture."""
    is_known = page.photometric in (0, 1, 2) or page.mode == "P"
    is_white_float = page.photometric == 0 and page.kind == 3
    if is_known and tiff.is_readable(page) and not is_white_float and 1 not in page.extra:
        return ""
    return f"{kind(page.mode)}: pictures of this kind are not read"


def _inexact(opened: OpenedFile) -> str:
    header, picture = opened.header, opened.picture
    if header.orientation != 1:
        return (
            f"a mask with EXIF orientation {header.orientation}: its picture may not be turned the same way"
        )
    if header.mode not in _MASK_MODES.get(header.format, ()):
        return f"{kind(header.mode)}: no exact labels can be read from it"
    if header.format == "webp" and _is_lossy_webp(opened.data):
        return "lossy WebP: its values are not those that were drawn"
    if header.mode in ("1", "RGB") and "transparency" in opened.info:
        return _TRANSPARENT
    if header.format == "gif" and picture and picture.tile[0].extents != (0, 0, *header.size):
        return "a GIF whose frame does not fill the picture: the pixels around it have no value"
    return ""


def _is_lossy_webp(data: bytes) -> bool:
    """Whether a WebP file has a lossy bitstream (RFC 9649: chunk `VP8 `, a blank behind)."""
    position = 12
    while position + 8 <= len(data):
        if data[position : position + 4] == b"VP8 ":
            return True
        length = int.from_bytes(data[position + 4 : position + 8], "little")
        position += 8 + length + length % 2
    return False
