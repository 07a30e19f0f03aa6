"""Damaged, hostile and oversized files: pixels or one line, and nothing is printed."""

import io
import re
import subprocess
import sys
import warnings
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as PilImage
from support.image_files import DAMAGED, NOISE, check, chunk, files, needs, png, refusal, saved

from augcli.errors import ImageError
from augcli.imageio import FORMATS, decode_image, decode_mask, encode_image, encode_pages, read_header
from augcli.imageio.jpeg import segments

HOSTILE = ("hostile_pillow", "hostile_pngsuite", "hostile_bombs", "photo_odd_jpeg", "fmt_16bit_etc")
DEEP = NOISE.astype(np.uint16) * 257
SAMPLES = [
    *(encode_image(NOISE, format=name) for name in FORMATS),
    *(encode_image(DEEP, format=name) for name in ("png", "tiff")),
    encode_image(DEEP[..., [0, 1, 2, 0, 1]].astype(np.float32), format="tiff"),
    encode_pages([NOISE, ~NOISE], format="tiff"),
    encode_pages([NOISE, ~NOISE], format="png"),
    saved(NOISE, "TIFF", compression="tiff_lzw"),
    saved(NOISE, "GIF", save_all=True, append_images=[PilImage.fromarray(~NOISE)]),
    saved(PilImage.fromarray(NOISE).convert("CMYK"), "JPEG"),
]


@pytest.mark.parametrize("function", [read_header, decode_image, decode_mask])
def test_bomb_is_refused_with_the_numbers_and_the_option(function):
    expected = (
        "a.x: 108 pixels are more than the limit of 107; if the file is to be trusted, use `--max-pixels 108`"
    )
    assert refusal(function, saved(NOISE, "PNG"), max_pixels=107) == expected
    assert read_header(saved(NOISE, "PNG"), where="", max_pixels=108).size == (9, 12)


def test_our_limit_decides_and_not_that_of_pillow(monkeypatch):
    monkeypatch.setattr(PilImage, "MAX_IMAGE_PIXELS", 4)
    for name in ("PNG", "WEBP", "TIFF", "BMP"):
        assert decode_image(saved(NOISE, name), where="a").stored_size == (9, 12)
    assert PilImage.MAX_IMAGE_PIXELS == 4


def test_bomb_that_pillow_sees_first_has_the_same_message():
    assert refusal(read_header, saved(NOISE, "WEBP"), max_pixels=4) == (
        "a.x: 108 pixels are more than the limit of 4; if the file is to be trusted, use `--max-pixels 108`"
    )


def test_truncated_jpeg_is_not_half_a_picture():
    data = encode_image(NOISE.repeat(9, 0).repeat(9, 1), format="jpeg")
    expected = f"a.x: cannot be read as JPEG (Premature end of JPEG file); {DAMAGED}"
    assert refusal(decode_image, data[: len(data) // 2]) == expected


@pytest.mark.parametrize("name", ["PNG", "WebP", "TIFF", "BMP", "JPEG 2000"])
def test_truncated_picture_is_refused(name):
    data = saved(NOISE, name.replace(" ", ""))
    line = refusal(decode_image, data[: len(data) // 2])
    assert line.startswith(f"a.x: cannot be read as {name} (")
    assert line.endswith(f"); {DAMAGED}")


@pytest.mark.parametrize("colour", [2, 4, 6])
@pytest.mark.parametrize(("length", "what"), [(5, "file is truncated"), (50, "more pixels than its header")])
def test_16_bit_png_of_another_length_is_refused_and_nothing_is_printed(colour, length, what, capfd):
    assert what in refusal(decode_image, png(16, colour, bytes(length)))
    assert capfd.readouterr() == ("", "")


def test_16_bit_png_with_an_unknown_filter_is_refused_and_nothing_is_printed(capfd):
    pixels = chunk(b"IDAT", zlib.compress(b"\x09" + bytes(12)))
    data = png(16, 2, b"")
    start = data.index(b"IDAT") - 4
    line = refusal(decode_image, data[:start] + pixels + data[-12:])
    assert line == f"a.x: cannot be read as PNG (unknown filter); {DAMAGED}"
    assert capfd.readouterr() == ("", "")


def test_jpeg_that_two_readers_see_in_two_sizes_is_refused(monkeypatch):
    monkeypatch.setattr("simplejpeg.decode_jpeg_header", lambda data: (12, 90_000, "YCbCr", "420"))
    expected = f"a.x: cannot be read as JPEG (its header gives two sizes); {DAMAGED}"
    assert refusal(decode_image, saved(NOISE, "JPEG")) == expected


def test_damaged_tiffs_print_nothing():
    damaged = bytearray(saved(NOISE, "TIFF", compression="tiff_adobe_deflate"))
    damaged[40:60] = bytes(20)
    samples = saved(NOISE, "TIFF").replace(b"\x15\1\3\0\1\0\0\0\3\0", b"\x15\1\3\0\1\0\0\0\xff\xff")
    code = """
import sys, augcli.imageio, augcli.errors
try:
    augcli.imageio.decode_image(sys.stdin.buffer.read(), where="a")
except augcli.errors.ImageError:
    print("refused")
"""
    for data in (bytes(damaged), samples):
        done = subprocess.run([sys.executable, "-c", code], input=data, capture_output=True, check=False)
        assert (done.stdout, done.stderr) == (b"refused\n", b"")


def test_png_pixels_with_a_wrong_checksum_are_refused():
    data = bytearray(saved(NOISE, "PNG", compress_level=0))
    data[100] ^= 1
    expected = f"a.x: cannot be read as PNG (bad checksum of chunk IDAT); {DAMAGED}"
    assert refusal(decode_image, bytes(data)) == expected


def test_png_without_its_end_is_truncated():
    expected = f"a.x: cannot be read as PNG (the file is truncated); {DAMAGED}"
    for cut in (4, 12):
        assert refusal(decode_mask, saved(NOISE, "PNG")[:-cut]) == expected


def test_jpeg_of_very_many_scans_is_refused():
    data = saved(NOISE, "JPEG", progressive=True)
    scan = next(s for s in segments(data) if s.marker == 0xDA)
    data = data[: scan.start] + data[scan.start : scan.end] * 600 + data[scan.start :]
    assert re.search(r"\(61\d scans, the limit is 100\)", refusal(decode_image, data))


@given(st.data())
@settings(max_examples=120, deadline=None)
def test_damage_never_gives_anything_but_pixels_or_one_line(draw):
    data = bytearray(draw.draw(st.sampled_from(SAMPLES)))
    for _ in range(draw.draw(st.integers(1, 4))):
        data[draw.draw(st.integers(0, len(data) - 1))] = draw.draw(st.integers(0, 255))
    check(bytes(data[: draw.draw(st.integers(1, len(data)))]))


@needs("hostile_pillow")
@pytest.mark.parametrize("folder", HOSTILE)
def test_hostile_files_give_pixels_or_one_line_and_nothing_is_printed(folder, capfd):
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        messages = [check(path.read_bytes()) for path in files(folder)]
    assert any(messages)
    assert not warned
    assert capfd.readouterr() == ("", "")


@needs("hostile_bombs")
def test_bombs_are_refused_before_they_are_decoded():
    bombs = files("hostile_bombs", "*K*.*")
    assert len(bombs) == 6
    for path in bombs:
        assert "pixels are more than the limit of 64,000,000" in refusal(decode_mask, path.read_bytes())


@needs("photo_odd_jpeg")
def test_jpegs_decode_as_with_pillow():
    compared = 0
    for path in files("photo_odd_jpeg", "*.jp*g"):
        data = path.read_bytes()
        try:
            image = decode_image(data, where=path.name)
        except ImageError:
            continue
        if "CMYK" in image.note:
            continue
        other = np.asarray(PilImage.open(io.BytesIO(data))).reshape(image.pixels.shape)
        assert np.abs(image.pixels.astype(int) - other).max() <= 2, path.name
        compared += 1
    assert compared > 30
