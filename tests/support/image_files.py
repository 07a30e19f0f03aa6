"""Small files for the tests of the codec, and the messages that all of them expect."""

import io
import re
import zlib

import numpy as np
import pytest
from PIL import Image as PilImage
from support.paths import DATA

from augcli.errors import ImageError
from augcli.imageio import decode_image, decode_mask, decode_mask_pages, decode_pages, read_header

RNG = np.random.default_rng(7)
NOISE = RNG.integers(0, 256, (12, 9, 3), dtype=np.uint8)
GREY = NOISE[..., 0]
ICC = RNG.integers(0, 256, 150_000, dtype=np.uint8).tobytes()
DAMAGED = "it is damaged or of a rare kind: replace it or save it again"
PICTURE = "save it as a PNG or TIFF of grey or RGB with 8 or 16 bits a channel"
MASK = "save it as a PNG of 1-bit, 8-bit or 16-bit grey, palette or RGB"
PAGES = "set `input: {pages: each}` for draws of their own, or `input: {pages: together}` for one draw"
READERS = (read_header, decode_image, decode_mask, decode_pages, decode_mask_pages)


def needs(folder):
    missing = not (DATA / folder).is_dir()
    return pytest.mark.skipif(missing, reason=f"no test data: {folder} (set AUGCLI_TEST_DATA)")


def files(folder, pattern="*"):
    return sorted(p for p in (DATA / folder).rglob(pattern) if p.is_file())


def saved(picture, name, **options):
    buffer = io.BytesIO()
    (PilImage.fromarray(picture) if isinstance(picture, np.ndarray) else picture).save(
        buffer, name, **options
    )
    return buffer.getvalue()


def exif(orientation):
    tags = PilImage.Exif()
    tags[274] = orientation
    return tags


def chunk(name, content):
    return len(content).to_bytes(4, "big") + name + content + zlib.crc32(name + content).to_bytes(4, "big")


def png(depth, colour, row, *chunks, size=(2, 1), interlaced=0):
    header = b"".join(n.to_bytes(4, "big") for n in size) + bytes([depth, colour, 0, 0, interlaced])
    pixels = zlib.compress((b"\0" + row) * size[1])
    body = [chunk(b"IHDR", header), *chunks, chunk(b"IDAT", pixels), chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(body)


def tagged_tiff(pixels, *tags, order="<"):
    """A TIFF of one strip at offset 8: `tags` are (number, type 3 or 4, values), strip tags included."""
    mark, names = {"<": (b"II*\0", "little"), ">": (b"MM\0*", "big")}[order]
    pixels += b"\0" * (len(pixels) % 2)
    place = 8 + len(pixels)
    behind = place + 6 + 12 * len(tags)
    entries = outside = b""
    for number, kind, values in sorted(tags):
        size = 2 if kind == 3 else 4
        content = b"".join(value.to_bytes(size, names) for value in values)
        if len(content) > 4:
            content, outside = (behind + len(outside)).to_bytes(4, names), outside + content
        entries += number.to_bytes(2, names) + kind.to_bytes(2, names) + len(values).to_bytes(4, names)
        entries += content.ljust(4, b"\0")
    directory = len(tags).to_bytes(2, names) + entries + bytes(4)
    return mark + place.to_bytes(4, names) + pixels + directory + outside


def strip(width, height, depth, length, **changes):
    """The tags of one uncompressed strip of grey; `changes` by `t` and their number."""
    tags = {256: width, 257: height, 258: depth, 259: 1, 262: 1, 273: 8, 277: 1, 278: height, 279: length}
    tags |= {int(name[1:]): value for name, value in changes.items()}
    return [(n, 4 if n == 279 else 3, v if isinstance(v, tuple) else (v,)) for n, v in tags.items()]


def refusal(function, data, **options):
    with pytest.raises(ImageError) as caught:
        function(data, where="a.x", **options)
    return str(caught.value)


def check(data):
    """Every reader gives a result within the limit, or one line. Returns the messages."""
    messages = []
    for function in READERS:
        try:
            function(data, where="a.x")
        except ImageError as error:
            messages.append(str(error))
    assert all(re.fullmatch(r"a\.x: (?!.* at 0x)[^\n]+; [^\n]+", message) for message in messages)
    return messages
