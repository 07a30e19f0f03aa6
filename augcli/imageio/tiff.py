"""TIFF pages: what their tags say, and their pixels, read strip by strip (TIFF 6.0, BigTIFF).

Pillow reads the tags, zlib and Pillow's libtiff undo the compression of a strip or tile; the rest is here,
because no reader at hand gives 16-bit colour and many bands, and notices each damage.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Any

import numpy as np
from PIL import TiffImagePlugin
from PIL.TiffImagePlugin import ImageFileDirectory_v2

from augcli.data import Array

MAX_PAGES = 10_000
_PLAIN, _DEFLATE, _LIBTIFF = 1, (8, 32946), {5: "LZW", 32773: "PackBits", 34925: "LZMA", 50000: "Zstandard"}
_LOSSY = {6: "JPEG", 7: "JPEG", 2: "fax", 3: "fax", 4: "fax", 34892: "JPEG", 33007: "JPEG", 50001: "WebP"}
_METADATA = (700, 33723, 34377, 34665, 34853)  # XMP, IPTC, Photoshop, EXIF, GPS
_REDUCED, _MASK = 1, 4  # bits of NewSubfileType: a thumbnail, a transparency mask of another page
_SPACES = {5: "CMYK", 6: "YCbCr", 8: "LAB", 9: "LAB", 10: "LAB"}
_TYPES = {(8, 1): "u1", (12, 1): "u2", (16, 1): "u2", (32, 3): "f4"}
_PACKED = (1, 2, 4, 12)
_MIRROR = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


@dataclass(frozen=True)
class Page:
    """One page of a TIFF file by its tags. `block` is (width, height) of a tile or strip; strips fill a row.

    `kind` is SampleFormat (1 unsigned, 2 signed, 3 float), `extra` ExtraSamples, `order` `<` or `>`,
    `palette` the ColorMap as RGB bytes.
    """

    width: int
    height: int
    samples: int
    depths: tuple[int, ...]
    kind: int
    photometric: int
    extra: tuple[int, ...]
    is_planar: bool
    compression: int
    predictor: int
    is_mirrored: bool
    block: tuple[int, int]
    is_tiled: bool
    offsets: tuple[int, ...]
    counts: tuple[int, ...]
    palette: bytes
    orientation: int
    icc: bytes | None
    has_metadata: bool
    order: str

    @property
    def depth(self) -> int:
        """Bits a sample."""
        return max(self.depths)

    @property
    def alpha(self) -> bool:
        """Whether the last sample is alpha: declared so, or the fourth of RGB with nothing declared."""
        rgba = self.photometric == 2 and self.samples == 4 and not self.extra
        return rgba or (self.samples > 1 and self.extra[-1:] == (2,))

    @property
    def bands(self) -> int:
        """Samples a pixel without alpha."""
        return self.samples - self.alpha

    @property
    def is_grey(self) -> bool:
        """One sample of grey, with alpha or without."""
        return self.photometric in (0, 1) and self.bands == 1

    @property
    def is_rgb(self) -> bool:
        """Three samples of RGB, with alpha or without."""
        return self.photometric == 2 and self.bands == 3

    @property
    def memory(self) -> int:
        """Bytes of the pixels in memory, whole tiles counted."""
        width, height = self.block
        across, down = -(-self.width // width), -(-self.height // height)
        rows = down * height if self.is_tiled else self.height
        return across * width * rows * self.samples * max(self.depth // 8, 1)

    @property
    def mode(self) -> str:
        """Pillow's mode, or one made like it: `RGB;16`, `RGB;32F`, `I;16S`, `L;I`, `RGBa`, `5 bands`."""
        if self.photometric in _SPACES:
            return _SPACES[self.photometric]
        if self.photometric == 3 and self.samples == 1:
            return "P"
        return self._named() + (";I" if self.photometric == 0 and self.depth > 1 else "")

    def _named(self) -> str:
        letter = {1: "", 2: "S", 3: "F"}.get(self.kind, "?")
        grey = {(1, 1): "1", (16, 1): "I;16", (32, 1): "I", (16, 2): "I;16S", (32, 2): "I;32S", (32, 3): "F"}
        if self.samples == 1 and (self.depth, self.kind) in grey:
            return grey[self.depth, self.kind]
        name = "L" if self.is_grey else "RGB" if self.is_rgb else f"{self.bands} bands"
        if self.samples > 1 and 1 in self.extra:
            name = {(0, 2): "La", (1, 2): "La", (2, 4): "RGBa"}.get((self.photometric, self.samples), name)
        elif self.alpha:
            name += "A" if self.is_grey or self.is_rgb else " and alpha"
        return name if (self.depth, self.kind) == (8, 1) else f"{name};{self.depth}{letter}"


def read_pages(file: IO[bytes]) -> list[Page]:
    """The pages of a TIFF file; thumbnails and transparency masks don't count. Any exception means damage.

    Only the tags are read.
    """
    length, _ = file.seek(0, io.SEEK_END), file.seek(0)
    header = file.read(16)
    directories = list(_directories(file, header[: 16 if header[2] == 43 else 8]))
    whole = [tags for tags in directories if not _number(tags, 254, 0) & (_REDUCED | _MASK)]
    pages = [_page(tags, "<" if header[:2] == b"II" else ">", length) for tags in whole or directories]
    if not pages:
        raise ValueError("no page")
    return pages


def cost(page: Page) -> int:
    """What decoding a page takes, in pixels of 16 bytes (RGB and alpha as 32-bit floats)."""
    return -(-page.memory // 16)


def refusal(page: Page) -> str:
    """Why the pixels of a page cannot be read; empty where they can."""
    if name := _LOSSY.get(page.compression):
        return f"a TIFF with {name} compression: damage in it goes unnoticed"
    if page.compression not in (_PLAIN, *_DEFLATE, *_LIBTIFF):
        return f"a TIFF with compression {page.compression}: it is not read"
    if len(set(page.depths)) > 1:
        return f"a TIFF whose channels have {', '.join(map(str, page.depths))} bits: one depth is needed"
    if page.predictor not in (1, 2, 3) or (page.predictor == 3) > (page.kind == 3):
        return f"a TIFF with predictor {page.predictor}: it is not read"
    if page.predictor == 2 and page.depth not in (8, 16, 32):
        return f"a TIFF with a predictor at {page.depth} bits: it is not read"
    return ""


def is_readable(page: Page) -> bool:
    """Whether `page_pixels` gives the samples: 1, 2, 4, 8, 12 or 16 bits unsigned, or 32-bit floats."""
    return (page.depth, page.kind) in _TYPES or (page.kind == 1 and page.depth in _PACKED)


def page_pixels(data: bytes, page: Page) -> Array:
    """The samples as stored, (H, W, samples), uint8, uint16 or float32. Raises ValueError on damage."""
    width, height = page.block
    across, down = -(-page.width // width), -(-page.height // height)
    channels = 1 if page.is_planar else page.samples
    planes = page.samples // channels
    needed, found = planes * across * down, min(len(page.offsets), len(page.counts))
    if found < needed:
        raise ValueError(f"{found} strips or tiles where {needed} are needed")
    pixels = np.empty((page.height, page.width, page.samples), _TYPES.get((page.depth, page.kind), "u1"))
    for number in range(needed):
        plane, place = divmod(number, across * down)
        y, x = (place // across) * height, (place % across) * width
        rows = height if page.is_tiled else min(height, page.height - y)
        target = pixels[y : y + rows, x : x + width, plane * channels : (plane + 1) * channels]
        block = _block(data, page, number, (rows, width, channels))
        target[...] = block[: target.shape[0], : target.shape[1]]
    return pixels


def _directories(file: IO[bytes], header: bytes) -> Iterator[ImageFileDirectory_v2]:
    seen = set[int]()
    position = ImageFileDirectory_v2(header).next
    while position and position not in seen:
        if len(seen) == MAX_PAGES:
            raise ValueError(f"more than {MAX_PAGES:,} pages")
        seen.add(position)
        file.seek(position)
        tags = ImageFileDirectory_v2(header)
        tags.load(file)
        yield tags
        position = tags.next


def _page(tags: ImageFileDirectory_v2, order: str, length: int) -> Page:
    width, height = _number(tags, 256), _number(tags, 257)
    is_tiled = 322 in tags
    rows = min(_number(tags, 278, height), height)
    block = (_number(tags, 322), _number(tags, 323)) if is_tiled else (width, rows)
    if min(width, height, *block) < 1:
        raise ValueError("a side of 0 pixels")
    offsets = _numbers(tags, 324 if is_tiled else 273)
    compression = _number(tags, 259, 1)
    icc = tags.get(34675)
    orientation = _numbers(tags, 274)[:1]  # a rational 6/1 turns the picture as well
    return Page(
        width=width,
        height=height,
        samples=max(_number(tags, 277, 1), 1),
        depths=_numbers(tags, 258) or (1,),
        kind=_kind(tags),
        photometric=_number(tags, 262, 1),
        extra=_numbers(tags, 338),
        is_planar=_number(tags, 284, 1) == 2 and _number(tags, 277, 1) > 1,
        compression=compression,
        predictor=1 if compression in (_PLAIN, 32773) else _number(tags, 317, 1),
        is_mirrored=_number(tags, 266, 1) == 2,
        block=block,
        is_tiled=is_tiled,
        offsets=offsets,
        counts=_numbers(tags, 325 if is_tiled else 279) or (length,) * len(offsets),
        palette=_palette(_numbers(tags, 320)),
        orientation=orientation[0] if orientation and 1 <= orientation[0] <= 8 else 1,
        icc=icc if isinstance(icc, bytes) and icc else None,
        has_metadata=any(tag in tags for tag in _METADATA),
        order=order,
    )


def _numbers(tags: ImageFileDirectory_v2, tag: int) -> tuple[int, ...]:
    value: Any = tags.get(tag, ())
    return tuple(int(each) for each in (value if isinstance(value, tuple) else (value,)))


def _number(tags: ImageFileDirectory_v2, tag: int, default: int | None = None) -> int:
    found = _numbers(tags, tag)
    if not found and default is None:
        raise ValueError(f"tag {tag} is missing")
    return found[0] if found else int(default or 0)


def _kind(tags: ImageFileDirectory_v2) -> int:
    """SampleFormat; 4, undefined, is read as unsigned, and kinds that differ as none."""
    kinds = {1 if kind == 4 else kind for kind in _numbers(tags, 339)} or {1}
    return kinds.pop() if len(kinds) == 1 else 0


def _palette(colormap: tuple[int, ...]) -> bytes:
    """A ColorMap (all reds, greens, blues; 16 bits) as RGB bytes; some writers store 8 bits."""
    shift = 8 if any(value > 255 for value in colormap) else 0
    third = len(colormap) // 3
    return bytes(colormap[c * third + i] >> shift & 255 for i in range(third) for c in range(3))


def _block(data: bytes, page: Page, number: int, shape: tuple[int, int, int]) -> Array:
    """The samples of a strip or tile (rows, width, channels)."""
    rows, width, channels = shape
    line = -(-width * channels * page.depth // 8)
    start, size = page.offsets[number], rows * line
    raw = data[start : start + (size if page.compression == _PLAIN else page.counts[number])]
    if page.is_mirrored:
        raw = raw.translate(_MIRROR)
    raw = _expanded(raw, page.compression, size)
    if len(raw) < size:
        raise ValueError("the file is truncated")
    lines = np.frombuffer(raw, np.uint8, size).reshape(rows, line)
    if page.depth in _PACKED:
        return _unpacked(lines, page.depth, width * channels).reshape(shape)
    if page.predictor == 3:
        return _float_undone(lines, shape)
    samples = lines.view(np.dtype(f"{page.order}u{page.depth // 8}")).reshape(shape)
    if page.predictor == 2:
        samples = np.cumsum(samples, 1, dtype=f"u{page.depth // 8}")
    native = np.ascontiguousarray(samples, samples.dtype.newbyteorder("="))
    return native.view("f4") if page.kind == 3 else native


def _expanded(raw: bytes, compression: int, size: int) -> bytes:
    """At least `size` decompressed bytes, or fewer where the data ends early."""
    if compression == _PLAIN:
        return raw
    if compression in _LIBTIFF:
        return _by_libtiff(raw, compression, size)
    try:
        stream = zlib.decompressobj()
        expanded = stream.decompress(raw, size)
        stream.decompress(stream.unconsumed_tail, 1)  # where the stream ends here, its checksum is checked
    except zlib.error as error:
        raise ValueError(str(error)) from error
    return expanded


def _by_libtiff(raw: bytes, compression: int, size: int) -> bytes:
    """The same through Pillow: the bytes are made the one row of an 8-bit grey TIFF, `size` pixels wide."""
    tags = {256: size, 257: 1, 258: 8, 259: compression, 262: 1, 273: 8, 277: 1, 278: 1, 279: len(raw)}
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags.items())
    padded = raw + b"\0" * (len(raw) % 2)
    head = b"II*\0" + struct.pack("<I", 8 + len(padded))
    data = head + padded + struct.pack("<H", len(tags)) + entries + bytes(4)
    return TiffImagePlugin.TiffImageFile(io.BytesIO(data)).tobytes()


def _unpacked(lines: Array, depth: int, count: int) -> Array:
    """`count` samples a line of 1, 2, 4 or 12 bits, the highest bit first."""
    bits = np.unpackbits(lines, axis=1)[:, : count * depth].reshape(len(lines), count, depth)
    found = np.zeros(bits.shape[:2], np.uint16 if depth > 8 else np.uint8)
    for i in range(depth):
        found = found << 1 | bits[..., i]
    return found


def _float_undone(lines: Array, shape: tuple[int, int, int]) -> Array:
    """32-bit floats behind predictor 3: differences of bytes, the highest first (TIFF Technical Note 3)."""
    rows, width, channels = shape
    summed = np.cumsum(lines.reshape(rows, -1, channels), 1, dtype=np.uint8).reshape(
        rows, 4, width * channels
    )
    return np.ascontiguousarray(summed.transpose(0, 2, 1)).view(">f4").astype("f4").reshape(shape)
