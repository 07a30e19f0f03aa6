"""PNG as a row of chunks: checksums, the end, 16-bit colour in and out (Pillow has no mode for it)."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

import numpy as np

from augcli.data import Array

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_COLOURS = {1: 0, 2: 4, 3: 2, 4: 6}  # the colour type by the number of channels
_ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
_CHECKED = (b"acTL", b"fcTL", b"fdAT")


def png_chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """The type of each chunk of a PNG, and where its content starts and ends (beyond `data` if truncated)."""
    position = 8
    while position + 8 <= len(data):
        start = position + 8
        end = start + int.from_bytes(data[position : position + 4], "big")
        yield data[position + 4 : start], start, end
        position = end + 4


def check_png(data: bytes) -> None:
    """Check what Pillow does not: checksums of pixels and frames, and the end. ValueError on damage."""
    view = memoryview(data)
    for name, start, end in png_chunks(data):
        if end + 4 > len(data):
            raise ValueError("the file is truncated")
        checked = name[:1].isupper() or name in _CHECKED
        if checked and zlib.crc32(view[start - 4 : end]) != int.from_bytes(view[end : end + 4], "big"):
            raise ValueError(f"bad checksum of chunk {name.decode('latin-1')}")
        if name == b"IEND":
            return
    raise ValueError("the file is truncated")


def deep_pixels(data: bytes) -> Array:
    """The pixels (H, W, C), uint16, of a 16-bit PNG without its tRNS. Raises ValueError on damage."""
    import cv2

    _check_pixels(data)
    kept = [
        data[start - 8 : end + 4]
        for name, start, end in png_chunks(data)
        if name in (b"IHDR", b"IDAT", b"IEND")  # libpng prints what it dislikes in others
    ]
    bare = np.frombuffer(SIGNATURE + b"".join(kept), np.uint8)
    decoded: Array | None = cv2.imdecode(bare, cv2.IMREAD_UNCHANGED)
    if decoded is None or decoded.dtype != np.uint16:
        raise ValueError("its pixels cannot be decoded")
    order = {0: [0], 4: [0, 3], 2: [2, 1, 0], 6: [2, 1, 0, 3]}[data[25]]
    return np.ascontiguousarray(decoded.reshape(*decoded.shape[:2], -1)[..., order])


def write_png(pixels: Array, icc: bytes | None) -> bytes:
    """A PNG of uint16 pixels (H, W, C), C = 1 to 4, each line stored as differences to the left."""
    height, width, channels = pixels.shape
    size = width.to_bytes(4, "big") + height.to_bytes(4, "big")
    lines = pixels.astype(">u2").view(np.uint8).reshape(height, -1)
    filtered = np.ones((height, lines.shape[1] + 1), np.uint8)  # 1: the filter Sub
    filtered[:, 1:] = lines
    filtered[:, 1 + 2 * channels :] -= lines[:, : -2 * channels]
    return b"".join(
        [
            SIGNATURE,
            _chunk(b"IHDR", size + bytes([16, _COLOURS[channels], 0, 0, 0])),
            _chunk(b"iCCP", b"ICC Profile\0\0" + zlib.compress(icc)) if icc else b"",
            _chunk(b"IDAT", zlib.compress(filtered.tobytes(), 1)),
            _chunk(b"IEND", b""),
        ]
    )


def _chunk(name: bytes, content: bytes) -> bytes:
    checksum = zlib.crc32(name + content).to_bytes(4, "big")
    return len(content).to_bytes(4, "big") + name + content + checksum


def _check_pixels(data: bytes) -> None:
    """Inflate the pixel data: what is short or has an unknown filter, libpng reports by printing."""
    passes = _passes(data)
    size = sum(rows * line for rows, line in passes)
    stream = zlib.decompressobj()
    coded = b"".join(data[start:end] for name, start, end in png_chunks(data) if name == b"IDAT")
    try:
        lines = stream.decompress(coded, size)
        stream.decompress(stream.unconsumed_tail, 1)
    except zlib.error as error:
        raise ValueError(str(error)) from error
    if len(lines) < size:
        raise ValueError("the file is truncated")
    if not stream.eof:
        raise ValueError("it has more pixels than its header says")
    for rows, line in passes:
        if max(lines[: rows * line : line], default=0) > 4:
            raise ValueError("unknown filter")
        lines = lines[rows * line :]


def _passes(data: bytes) -> list[tuple[int, int]]:
    """Rows and bytes a row, with the filter's, of each pass of a 16-bit PNG (7 where it is interlaced)."""
    width, height = int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")
    pixel = 2 * _CHANNELS[data[25]]
    grid = _ADAM7 if data[28] else ((0, 0, 1, 1),)
    sizes = [(-(-(width - x) // dx), -(-(height - y) // dy)) for x, y, dx, dy in grid]
    return [(rows, 1 + columns * pixel) for columns, rows in sizes if columns > 0 and rows > 0]
