"""What a file says about itself before anything is decoded: format, mode, size, orientation, frames."""

from __future__ import annotations

import ctypes
import io
import logging
import re
import sys
import threading
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import IO, Any

from PIL import (
    BmpImagePlugin,
    GifImagePlugin,
    ImageFile,
    Jpeg2KImagePlugin,
    JpegImagePlugin,
    PngImagePlugin,
    WebPImagePlugin,
    _imaging,
)
from PIL import Image as PilImage

from augcli.data import Colors
from augcli.errors import ImageError
from augcli.imageio import tiff
from augcli.imageio.jpeg import strip_metadata
from augcli.imageio.png import png_chunks

MAX_PIXELS = 64_000_000
READ = "JPEG, PNG, GIF, TIFF, WebP, BMP and JPEG 2000"
NAMES = {
    "jpeg": "JPEG",
    "png": "PNG",
    "gif": "GIF",
    "tiff": "TIFF",
    "webp": "WebP",
    "bmp": "BMP",
    "jp2": "JPEG 2000",
}
ORIENTATION = 274  # the tag's number in EXIF

_CODESTREAM = b"\xff\x4f\xff\x51"  # how JPEG 2000 pixels begin, in a file of boxes or bare
_MAGIC = {
    b"\xff\xd8\xff": "jpeg",
    b"\x89PNG\r\n\x1a\n": "png",
    b"GIF87a": "gif",
    b"GIF89a": "gif",
    b"II*\0": "tiff",
    b"MM\0*": "tiff",
    b"II+\0": "tiff",
    b"MM\0+": "tiff",
    b"BM": "bmp",
    b"\0\0\0\x0cjP  \r\n\x87\n": "jp2",
    _CODESTREAM: "jp2",
}
# The plugins themselves and not PIL.Image.open: that one tries every format and has a size limit of its own.
_OPENERS: dict[str, Callable[[IO[bytes]], ImageFile.ImageFile]] = {
    "jpeg": JpegImagePlugin.JpegImageFile,
    "png": PngImagePlugin.PngImageFile,
    "gif": GifImagePlugin.GifImageFile,
    "webp": WebPImagePlugin.WebPImageFile,
    "bmp": BmpImagePlugin.BmpImageFile,
    "jp2": Jpeg2KImagePlugin.Jpeg2KImageFile,
}
_DEPTHS = {"1": 1, "I;16": 16, "I": 32, "F": 32}  # bits a channel; all other modes have 8
_PNG_PROFILES = (b"XML:com.adobe.xmp", b"Raw profile type")
_TRANSPOSED = (5, 6, 7, 8)
_WEBP_ANIMATED = 2  # a bit of VP8X, the first chunk of an extended file

# Pillow's limit and the warning filters belong to the process; they are changed by one thread at a time.
_PILLOW = threading.Lock()
# Pillow logs, and its libtiff prints, errors that are raised as well.
logging.getLogger("PIL").addHandler(logging.NullHandler())
with suppress(AttributeError, OSError):  # where libtiff is linked so that it cannot be reached, it prints
    ctypes.CDLL(_imaging.__file__).TIFFSetErrorHandler(None)


@dataclass(frozen=True)
class Header:
    """What a file says about itself.

    `mode` is Pillow's name for the pixels as they are stored, also where Pillow would convert them:
    `RGB;16` has 16 bits a channel, `L;4` is 4-bit grey, `L;I` grey with white as zero, `RGB;32F` floats,
    `RGBa` has premultiplied alpha, `5 bands` five channels without a colour. `orientation` is EXIF's, 1 to 8
    (1 where there is none or none that can be read). `frames` counts pages too, without a TIFF's thumbnails;
    the pictures behind the first of an MPO are no frames. `has_metadata`: `strip_metadata` would shorten
    this JPEG; in other formats: there is EXIF, XMP, IPTC or GPS. `dtype`, `colors`, `alpha` and `channels`
    (alpha among them) are those of the pixels that `decode_image` gives, where it does not refuse the file.
    """

    format: str
    mode: str
    width: int
    height: int
    orientation: int
    frames: int
    has_icc: bool
    has_metadata: bool
    dtype: str = "uint8"
    colors: Colors = "rgb"
    alpha: bool = False
    channels: int = 3

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) in pixels, as stored."""
        return self.width, self.height

    @property
    def upright_size(self) -> tuple[int, int]:
        """(width, height) in pixels, after EXIF orientation."""
        return (self.height, self.width) if self.orientation in _TRANSPOSED else self.size


@dataclass(frozen=True)
class OpenedFile:
    """A file of which the header was read: Pillow's picture with nothing decoded, or the pages of a TIFF."""

    data: bytes
    where: str
    max_pixels: int
    header: Header
    picture: ImageFile.ImageFile | None = None
    pages: tuple[tiff.Page, ...] = ()

    @property
    def info(self) -> dict[str | tuple[int, int], Any]:
        """What Pillow found beside the pixels; empty for TIFF."""
        return self.picture.info if self.picture else {}

    @property
    def icc(self) -> bytes | None:
        """The file's ICC profile."""
        return self.pages[0].icc if self.pages else icc_profile(self.header.format, self.data, self.info)


def read_header(data: bytes, *, where: str, max_pixels: int = MAX_PIXELS) -> Header:
    """The header of a picture or mask file; nothing is decoded.

    Raises ImageError where the bytes are empty, no image, of a format that is not read, damaged, or of
    more than `max_pixels` pixels.
    """
    return open_file(data, where=where, max_pixels=max_pixels).header


def count_frames(file: IO[bytes], *, where: str) -> int:
    """How many frames or pages a file has: its header's `frames`, read without the pixels.

    Of a GIF the blocks are passed over one by one, and an animated WebP is read as a whole: nothing in them
    says the number. Raises what `read_header` raises, but has no limit of pixels.
    """
    start = file.read(32)
    kind = _sniff(start, where)
    if kind == "webp" and not (start[12:16] == b"VP8X" and start[20] & _WEBP_ANIMATED):
        return 1
    file.seek(0)
    with pillow(kind, where=where, max_pixels=sys.maxsize):
        return len(tiff.read_pages(file)) if kind == "tiff" else _frames(_OPENERS[kind](file))


def open_file(data: bytes, *, where: str, max_pixels: int) -> OpenedFile:
    """The header, and what decoding begins with. Raises what `read_header` raises."""
    kind = _sniff(data, where)
    with pillow(kind, where=where, max_pixels=max_pixels):
        if kind == "tiff":
            pages = tuple(tiff.read_pages(io.BytesIO(data)))
            opened = OpenedFile(data, where, max_pixels, _describe_tiff(pages), None, pages)
        else:
            picture = _OPENERS[kind](io.BytesIO(data))
            opened = OpenedFile(data, where, max_pixels, _describe(kind, data, picture), picture)
    pixels = opened.header.width * opened.header.height
    if opened.pages:
        pixels = max(pixels, tiff.cost(opened.pages[0]))
    if pixels > max_pixels:
        raise too_large(pixels, max_pixels, where)
    return opened


@contextmanager
def pillow(kind: str, *, where: str, max_pixels: int) -> Iterator[None]:
    """Run Pillow on untrusted bytes: whatever it raises is an ImageError, and it prints nothing."""
    with _PILLOW, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        before, PilImage.MAX_IMAGE_PIXELS = PilImage.MAX_IMAGE_PIXELS, max_pixels
        try:
            yield
        except PilImage.DecompressionBombError as error:
            pixels = re.search(r"\d+", str(error))
            raise too_large(int(pixels[0]) if pixels else 2 * max_pixels, max_pixels, where) from error
        except Exception as error:  # on hostile bytes Pillow raises errors of a dozen types
            raise damaged(kind, str(error) or type(error).__name__, where) from error
        finally:
            PilImage.MAX_IMAGE_PIXELS = before


def damaged(kind: str, reason: str, where: str) -> ImageError:
    """The error for a file that begins as a `kind` and cannot be read as one."""
    what = f"cannot be read as {NAMES[kind]} ({' '.join(reason.split())})"
    return ImageError(what, where=where, hint="it is damaged or of a rare kind: replace it or save it again")


def icc_profile(kind: str, data: bytes, info: Mapping[Any, Any]) -> bytes | None:
    """The ICC profile of a file that is no TIFF; JPEG 2000 has it in a `colr` box (ISO 15444-1, I.5.3)."""
    if kind == "jp2":
        start = data.find(b"colr", 0, max(data.find(_CODESTREAM), 0))
        length = int.from_bytes(data[max(start - 4, 0) : max(start, 0)], "big")
        return data[start + 7 : start - 4 + length] or None if start > 3 and data[start + 4] == 2 else None
    profile = info.get("icc_profile")
    return profile if isinstance(profile, bytes) and profile else None


def _sniff(data: bytes, where: str) -> str:
    """The format by the first bytes."""
    if not data:
        raise ImageError("the file is empty (0 bytes)", where=where, hint="replace it or leave it out")
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return "webp"
    for magic, kind in _MAGIC.items():
        if data.startswith(magic):
            return kind
    raise ImageError(f"not an image of a format that is read ({READ})", where=where, hint="save it as PNG")


def too_large(pixels: int, limit: int, where: str, pages: int = 1) -> ImageError:
    """The error for more pixels than the limit, which all pages may exceed `pages` times."""
    together = "" if pages == 1 else " for all pages"
    what = f"{pixels:,} pixels are more than the limit of {pages * limit:,}{together}"
    hint = f"if the file is to be trusted, use `--max-pixels {-(-pixels // pages)}`"
    return ImageError(what, where=where, hint=hint)


def _describe(kind: str, data: bytes, picture: ImageFile.ImageFile) -> Header:
    mode = _mode(kind, data, picture)
    dtype, colors, alpha = _decoded_as(mode, "transparency" in picture.info)
    width, height = picture.size
    return Header(
        format=kind,
        mode=mode,
        width=width,
        height=height,
        orientation=_exif_orientation(_exif(kind, data, picture)),
        frames=_frames(picture),
        has_icc=icc_profile(kind, data, picture.info) is not None,
        has_metadata=_has_metadata(kind, data, picture),
        dtype=dtype,
        colors=colors,
        alpha=alpha,
        channels=(1 if colors == "grey" else 3) + alpha,
    )


def _frames(picture: ImageFile.ImageFile) -> int:
    """How many frames are shown: an APNG may have a further picture for viewers that show only one."""
    count = getattr(picture, "n_frames", 1)
    return max(count - bool(picture.info.get("default_image")), 1)


def _describe_tiff(pages: tuple[tiff.Page, ...]) -> Header:
    page = pages[0]
    palette = page.mode == "P"
    return Header(
        format="tiff",
        mode=page.mode,
        width=page.width,
        height=page.height,
        orientation=page.orientation,
        frames=len(pages),
        has_icc=page.icc is not None,
        has_metadata=any(each.has_metadata for each in pages),
        dtype="float32" if page.kind == 3 else "uint16" if page.depth > 8 else "uint8",
        colors="rgb" if palette or page.is_rgb else "grey" if page.is_grey else "multi",
        alpha=page.alpha,
        channels=3 if palette else page.samples,
    )


def _decoded_as(mode: str, is_transparent: bool) -> tuple[str, Colors, bool]:
    """The dtype, the colours and whether there is alpha, of the pixels that a mode is decoded to."""
    name = mode.split(";")[0]
    is_grey = name in ("1", "L", "LA", "I", "F")
    return (
        "uint16" if mode.endswith("16") else "uint8",
        "grey" if is_grey else "rgb",
        is_transparent or name in ("LA", "RGBA", "PA"),
    )


def _mode(kind: str, data: bytes, picture: ImageFile.ImageFile) -> str:
    mode, depth = picture.mode, _DEPTHS.get(picture.mode, 8)
    if kind == "png":
        mode = "LA" if data[25] == 4 else mode  # Pillow makes RGBA of 16-bit grey and alpha
        depth = data[24]
    elif kind == "bmp":
        core = int.from_bytes(data[14:18], "little") == 12
        bits = int.from_bytes(data[24:26] if core else data[28:30], "little")
        depth = 5 if bits == 16 else min(bits, 8)
    elif kind == "jp2":
        depth, is_signed = codestream_depth(data)
        if is_signed:
            return f"{mode.split(';')[0]};{depth}S"
        if mode == "I;16":
            return "I;16"
    return _with_depth(mode, depth)


def codestream_depth(data: bytes) -> tuple[int, bool]:
    """The bits of JPEG 2000's deepest channel, and whether one is signed (ISO 15444-1, A.5.1: SIZ)."""
    start = data.index(_CODESTREAM)
    count = int.from_bytes(data[start + 40 : start + 42], "big")
    depths = data[start + 42 : start + 42 + 3 * count : 3]
    return max(depth & 127 for depth in depths) + 1, max(depths) > 127


def _with_depth(mode: str, depth: int) -> str:
    """`mode`, with the stored depth where it is another than the mode has in memory."""
    if mode == "P" or depth == _DEPTHS.get(mode, 8):
        return mode
    return f"{mode.split(';')[0]};{depth}"


def _exif(kind: str, data: bytes, picture: ImageFile.ImageFile) -> bytes:
    if kind == "png":  # the chunk may stand behind the pixels, where Pillow looks only after decoding
        return next((data[start:end] for name, start, end in png_chunks(data) if name == b"eXIf"), b"")
    exif = picture.info.get("exif", b"")
    return exif if isinstance(exif, bytes) else b""


def _exif_orientation(exif: bytes) -> int:
    try:
        tags = PilImage.Exif()
        tags.load(exif)
        return _orientation(tags.get(ORIENTATION))
    except Exception:  # an EXIF block that cannot be read says nothing about the pixels
        return 1


def _orientation(value: Any) -> int:
    return int(value) if value in range(1, 9) else 1  # a rational 6/1 turns the picture as well


def _has_metadata(kind: str, data: bytes, picture: ImageFile.ImageFile) -> bool:
    if kind == "jpeg":
        return len(strip_metadata(data)) != len(data)
    if kind == "png":
        return any(
            name == b"eXIf" or (name[1:] in (b"EXt", b"TXt") and data.startswith(_PNG_PROFILES, start))
            for name, start, _ in png_chunks(data)
        )
    return "exif" in picture.info or "xmp" in picture.info
