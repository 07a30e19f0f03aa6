"""What a file says about itself before anything is decoded: format, mode, size, orientation, frames."""

from __future__ import annotations

import ctypes
import io
import logging
import re
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import IO, Any

from PIL import (
    BmpImagePlugin,
    GifImagePlugin,
    ImageFile,
    JpegImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
    _imaging,
)
from PIL import Image as PilImage

from augcli.codec.jpeg import strip_metadata
from augcli.errors import ImageError

MAX_PIXELS = 64_000_000
READ = "JPEG, PNG, GIF, TIFF, WebP and BMP"
NAMES = {"jpeg": "JPEG", "png": "PNG", "gif": "GIF", "tiff": "TIFF", "webp": "WebP", "bmp": "BMP"}
ORIENTATION = 274  # the tag's number in EXIF and TIFF

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
}
# The plugins themselves and not PIL.Image.open: that one tries every format and has a size limit of its own.
_OPENERS: dict[str, Callable[[IO[bytes]], ImageFile.ImageFile]] = {
    "jpeg": JpegImagePlugin.JpegImageFile,
    "png": PngImagePlugin.PngImageFile,
    "gif": GifImagePlugin.GifImageFile,
    "tiff": TiffImagePlugin.TiffImageFile,
    "webp": WebPImagePlugin.WebPImageFile,
    "bmp": BmpImagePlugin.BmpImageFile,
}
_DEPTHS = {"1": 1, "I;16": 16, "I": 32, "F": 32}  # bits a channel; all other modes have 8
_TIFF_METADATA = (700, 33723, 34377, 34665, 34853)  # XMP, IPTC, Photoshop, EXIF, GPS
_PNG_PROFILES = (b"XML:com.adobe.xmp", b"Raw profile type")
_TRANSPOSED = (5, 6, 7, 8)

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
    `RGB;16` has 16 bits a channel, `L;4` is 4-bit grey, `L;I` grey with white as zero, `RGBa` has
    premultiplied alpha, a last `X` means further channels. `orientation` is EXIF's, 1 to 8 (1 where there
    is none or none that can be read). `frames` counts pages too; the pictures behind the first of an MPO
    are no frames. `has_metadata`: `strip_metadata` would shorten this JPEG; in other formats: there is
    EXIF, XMP, IPTC or GPS.
    """

    format: str
    mode: str
    width: int
    height: int
    orientation: int
    frames: int
    has_icc: bool
    has_metadata: bool

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) in pixels, as stored."""
        return self.width, self.height

    @property
    def upright_size(self) -> tuple[int, int]:
        """(width, height) in pixels, after EXIF orientation."""
        return (self.height, self.width) if self.orientation in _TRANSPOSED else self.size


def read_header(data: bytes, *, where: str, max_pixels: int = MAX_PIXELS) -> Header:
    """The header of a picture or mask file; nothing is decoded.

    Raises ImageError where the bytes are empty, no image, of a format that is not read, damaged, or of
    more than `max_pixels` pixels.
    """
    return open_picture(data, where=where, max_pixels=max_pixels)[0]


def open_picture(data: bytes, *, where: str, max_pixels: int) -> tuple[Header, ImageFile.ImageFile]:
    """The header, and Pillow's picture of which nothing is decoded yet. Raises what `read_header` raises."""
    kind = _sniff(data, where)
    with pillow(kind, where=where, max_pixels=max_pixels):
        picture = _OPENERS[kind](io.BytesIO(data))
        header = _describe(kind, data, picture)
    if header.width * header.height > max_pixels:
        raise _too_large(header.width * header.height, max_pixels, where)
    return header, picture


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
            raise _too_large(int(pixels[0]) if pixels else 2 * max_pixels, max_pixels, where) from error
        except Exception as error:  # on hostile bytes Pillow raises errors of a dozen types
            raise damaged(kind, str(error) or type(error).__name__, where) from error
        finally:
            PilImage.MAX_IMAGE_PIXELS = before


def damaged(kind: str, reason: str, where: str) -> ImageError:
    """The error for a file that begins as a `kind` and cannot be read as one."""
    what = f"cannot be read as {NAMES[kind]} ({' '.join(reason.split())})"
    return ImageError(what, where=where, mend="it is damaged or of a rare kind: replace it or save it again")


def icc_profile(picture: ImageFile.ImageFile) -> bytes | None:
    """The file's ICC profile; a hostile TIFF may hold numbers in its place."""
    profile = picture.info.get("icc_profile")
    return profile if isinstance(profile, bytes) and profile else None


def png_chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """The type of each chunk of a PNG, and where its content starts and ends (beyond `data` if truncated)."""
    position = 8
    while position + 8 <= len(data):
        start = position + 8
        end = start + int.from_bytes(data[position : position + 4], "big")
        yield data[position + 4 : start], start, end
        position = end + 4


def _sniff(data: bytes, where: str) -> str:
    """The format by the first bytes."""
    if not data:
        raise ImageError("the file is empty (0 bytes)", where=where, mend="replace it or leave it out")
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return "webp"
    for magic, kind in _MAGIC.items():
        if data.startswith(magic):
            return kind
    raise ImageError(f"not an image of a format that is read ({READ})", where=where, mend="save it as PNG")


def _too_large(pixels: int, limit: int, where: str) -> ImageError:
    what = f"{pixels:,} pixels are more than the limit of {limit:,}"
    return ImageError(what, where=where, mend=f"if the file is to be trusted, use `--max-pixels {pixels}`")


def _describe(kind: str, data: bytes, picture: ImageFile.ImageFile) -> Header:
    width, height = picture.size
    orientation = _exif_orientation(_exif(kind, data, picture))
    if isinstance(picture, TiffImagePlugin.TiffImageFile):
        width, height = picture.tag_v2[256], picture.tag_v2[257]
        orientation = _orientation(picture.tag_v2.get(ORIENTATION))
    return Header(
        format=kind,
        mode=_mode(kind, data, picture),
        width=width,
        height=height,
        orientation=orientation,
        frames=getattr(picture, "n_frames", 1),
        has_icc=icc_profile(picture) is not None,
        has_metadata=_has_metadata(kind, data, picture),
    )


def _mode(kind: str, data: bytes, picture: ImageFile.ImageFile) -> str:
    if isinstance(picture, TiffImagePlugin.TiffImageFile):
        return _tiff_mode(picture)
    mode, depth = picture.mode, _DEPTHS.get(picture.mode, 8)
    if kind == "png":
        depth = data[24]
    elif kind == "bmp":
        core = int.from_bytes(data[14:18], "little") == 12
        bits = int.from_bytes(data[24:26] if core else data[28:30], "little")
        depth = 5 if bits == 16 else min(bits, 8)
    return _with_depth(mode, depth)


def _tiff_mode(picture: TiffImagePlugin.TiffImageFile) -> str:
    """The mode as stored: Pillow drops channels, inverts grey, and divides by alpha without a word."""
    tags = picture.tag_v2
    mode = "I;16" if picture.mode.startswith("I;16") else picture.mode
    photometric, extra = tags.get(262, 0), tags.get(338, ())
    if photometric == 6:
        return "YCbCr"
    if tags.get(277, 1) > PilImage.getmodebands(mode):
        return f"{mode}X"
    if 1 in extra:
        return f"{mode[:-1]}a"
    if 2 in tags.get(339, ()):
        return f"{mode[0]};{max(tags.get(258, (1,)))}S"
    if photometric == 0 and mode != "1":
        return f"{mode};I"
    return _with_depth(mode, max(tags.get(258, (1,))))


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
    if isinstance(picture, TiffImagePlugin.TiffImageFile):
        return any(tag in picture.tag_v2 for tag in _TIFF_METADATA)
    return "exif" in picture.info or "xmp" in picture.info
