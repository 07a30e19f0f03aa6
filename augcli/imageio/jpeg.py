"""JPEG files as a row of marker segments: what is metadata, how many scans, where an ICC profile goes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from augcli.errors import ImageError

_APP0, _APP15, _COM = 0xE0, 0xEF, 0xFE
_SOI, _EOI, _SOS, _TEM = 0xD8, 0xD9, 0xDA, 0x01
_KEPT = {0xE0: b"JFIF\0", 0xE2: b"ICC_PROFILE\0", 0xEE: b"Adobe"}
_MARKER = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")  # not a stuffed byte, not fill, not a restart marker
_ICC_CHUNK = 65_519  # 65,535 minus 2 bytes of length, 12 of name, 2 of numbering
_ICC_CHUNKS = 255


@dataclass(frozen=True)
class MarkerSegment:
    """One marker segment: `data[start:end]` holds the marker, its length and its content."""

    marker: int
    start: int
    end: int


def segments(data: bytes) -> Iterator[MarkerSegment]:
    """The marker segments of a JPEG, to its end-of-image marker (ITU-T T.81, annex B).

    Coded data stands between a start-of-scan segment and the next. As libjpeg does, bytes that are no
    marker are skipped.
    """
    position = 2
    while match := _MARKER.search(data, position):
        marker, position = data[match.start() + 1], match.end()
        if marker not in (_SOI, _EOI, _TEM):
            length = int.from_bytes(data[position : position + 2], "big")
            position = min(position + max(length, 2), len(data))
        yield MarkerSegment(marker, match.start(), position)
        if marker == _EOI:
            return


def count_scans(data: bytes) -> int:
    """How many scans a JPEG has: 1, or about 10 where it is progressive."""
    return sum(segment.marker == _SOS for segment in segments(data))


def strip_metadata(data: bytes) -> bytes:
    """A JPEG without EXIF, XMP, IPTC, comments, thumbnails and whatever follows its end.

    JFIF, the ICC profile and Adobe's colour marker stay; so does every coded byte. EXIF orientation goes
    too: strip only what is stored upright.
    """
    pieces, position = [], 0
    for segment in segments(data):
        if _is_metadata(data, segment):
            pieces.append(data[position : segment.start])
            position = segment.end
        elif segment.marker == _EOI:
            return b"".join([*pieces, data[position : segment.end]])
    return b"".join([*pieces, data[position:]])


def _is_metadata(data: bytes, segment: MarkerSegment) -> bool:
    if segment.marker != _COM and not _APP0 <= segment.marker <= _APP15:
        return False
    kept = _KEPT.get(segment.marker)
    return kept is None or not data.startswith(kept, segment.start + 4)


def insert_icc(data: bytes, icc: bytes, *, where: str) -> bytes:
    """A JPEG with `icc` in APP2 segments behind its JFIF header (ICC.1:2022, annex B.4).

    Raises ImageError where the profile needs more than 255 segments.
    """
    chunks = [icc[i : i + _ICC_CHUNK] for i in range(0, len(icc), _ICC_CHUNK)]
    if len(chunks) > _ICC_CHUNKS:
        what = f"its ICC profile of {len(icc):,} bytes does not fit into a JPEG"
        raise ImageError(what, where=where, hint="set `output.image.format: png`")
    first = next(segments(data))
    split = first.end if first.marker == _APP0 else 2
    spliced = b"".join(_icc_segment(c, i, len(chunks)) for i, c in enumerate(chunks, 1))
    return data[:split] + spliced + data[split:]


def _icc_segment(chunk: bytes, number: int, count: int) -> bytes:
    content = b"ICC_PROFILE\0" + bytes([number, count]) + chunk
    return b"\xff\xe2" + (len(content) + 2).to_bytes(2, "big") + content
