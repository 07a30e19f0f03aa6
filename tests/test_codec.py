"""Files in, arrays out, and back: exact masks, upright pictures, one line for everything else."""

import io
import os
import re
import subprocess
import sys
import warnings
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image as PilImage
from PIL import TiffImagePlugin

from augcli.codec import (
    FORMATS,
    decode_image,
    decode_mask,
    encode_image,
    encode_mask,
    read_header,
    strip_metadata,
)
from augcli.codec.jpeg import segments
from augcli.errors import ImageError
from augcli.sample import Coding

DATA = Path(os.environ.get("AUGCLI_TEST_DATA", Path(__file__).parents[2] / "shared" / "data"))
HOSTILE = ("hostile_pillow", "hostile_pngsuite", "hostile_bombs", "photo_odd_jpeg", "fmt_16bit_etc")
SHAPES = hnp.array_shapes(min_dims=2, max_dims=2, max_side=17)
RNG = np.random.default_rng(7)
NOISE = RNG.integers(0, 256, (12, 9, 3), dtype=np.uint8)
ICC = RNG.integers(0, 256, 150_000, dtype=np.uint8).tobytes()
DAMAGED = "it is damaged or of a rare kind: replace it or save it again"
PICTURE = "save it as 8-bit grey, RGB or RGBA"
MASK = "save it as a PNG of 1-bit, 8-bit or 16-bit grey, palette or RGB"


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


def png(depth, colour, row, *chunks, size=(2, 1)):
    header = b"".join(n.to_bytes(4, "big") for n in size) + bytes([depth, colour, 0, 0, 0])
    pixels = zlib.compress((b"\0" + row) * size[1])
    body = [chunk(b"IHDR", header), *chunks, chunk(b"IDAT", pixels), chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(body)


def refusal(function, data, **options):
    with pytest.raises(ImageError) as caught:
        function(data, where="a.x", **options)
    return str(caught.value)


# --- headers


def test_header_tells_what_the_file_says():
    data = saved(NOISE, "PNG", exif=exif(6), icc_profile=b"profile")
    header = read_header(data, where="a.png")
    assert (header.format, header.mode, header.frames) == ("png", "RGB", 1)
    assert (header.size, header.orientation, header.upright_size) == ((9, 12), 6, (12, 9))
    assert header.has_icc
    assert header.has_metadata


@pytest.mark.parametrize("name", ["JPEG", "PNG", "WEBP", "TIFF", "BMP"])
def test_plain_file_has_no_metadata_and_stands_upright(name):
    header = read_header(saved(NOISE, name), where="a")
    assert header.format == name.lower()
    assert (header.orientation, header.has_icc, header.has_metadata) == (1, False, False)


def test_metadata_behind_the_pixels_of_a_png_is_seen():
    data = saved(NOISE, "PNG")
    data = data[:-12] + chunk(b"eXIf", exif(8).tobytes()[6:]) + data[-12:]
    header = read_header(data, where="a")
    assert (header.orientation, header.has_metadata) == (8, True)


@pytest.mark.parametrize("text", [b"XML:com.adobe.xmp", b"Raw profile type exif", b"Software"])
def test_profiles_in_png_text_are_metadata_and_other_text_is_not(text):
    data = png(8, 2, bytes(6), chunk(b"tEXt", text + b"\0..."))
    assert read_header(data, where="a").has_metadata == (text != b"Software")


def test_bmp_of_the_oldest_kind_is_read():
    core = b"BM" + bytes(8) + b"\x1a\0\0\0\x0c\0\0\0\2\0\1\0\1\0\x18\0"
    image = decode_image(core + bytes([1, 2, 3, 4, 5, 6, 0, 0]), where="a")
    assert image.pixels.tolist() == [[[3, 2, 1], [6, 5, 4]]]


def test_unreadable_exif_means_upright():
    header = read_header(saved(NOISE, "JPEG", exif=b"Exif\0\0MM\0*\xff\xff\xff\xff"), where="a")
    assert (header.orientation, header.has_metadata) == (1, True)
    assert read_header(saved(NOISE, "JPEG", exif=exif(9)), where="a").orientation == 1


def test_empty_file_says_so():
    assert refusal(read_header, b"") == "a.x: the file is empty (0 bytes); replace it or leave it out"


def test_text_is_no_image():
    expected = (
        "a.x: not an image of a format that is read (JPEG, PNG, GIF, TIFF, WebP and BMP); save it as PNG"
    )
    assert refusal(read_header, b"hello") == expected


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


# --- pictures


@pytest.mark.parametrize(
    ("name", "channels"), [(n, c) for n in ("png", "tiff", "bmp") for c in (1, 3, 4) if (n, c) != ("bmp", 4)]
)
def test_lossless_picture_round_trip_is_exact(name, channels):
    pixels = RNG.integers(0, 256, (6, 5, channels), dtype=np.uint8)
    data = encode_image(pixels, format=name)
    image = decode_image(data, where="a")
    assert np.array_equal(image.pixels, pixels)
    assert (image.format, image.stored_size, image.icc) == (name, (5, 6), None)
    assert data == encode_image(pixels, format=name)


@pytest.mark.parametrize("subsampling", ["444", "422", "420"])
def test_jpeg_has_the_subsampling_and_the_quality_that_were_asked(subsampling):
    smooth = np.add.outer(np.arange(40), np.arange(40)).astype(np.uint8)[..., None].repeat(3, 2)
    good = encode_image(smooth, format="jpeg", quality=95, subsampling=subsampling)
    sampling = {"444": (1, 1), "422": (2, 1), "420": (2, 2)}[subsampling]
    assert PilImage.open(io.BytesIO(good)).layer[0][1:3] == sampling
    assert np.abs(decode_image(good, where="a").pixels.astype(int) - smooth).max() <= 3
    assert len(encode_image(smooth, format="jpeg", quality=20)) < len(good)


def test_grey_jpeg_stays_grey():
    grey = NOISE[..., :1]
    assert decode_image(encode_image(grey, format="jpeg"), where="a").pixels.shape == (12, 9, 1)
    assert decode_image(encode_image(grey, format="webp"), where="a").pixels.shape == (12, 9, 3)


@pytest.mark.parametrize("name", ["jpeg", "png", "webp", "tiff"])
def test_icc_profile_survives(name):
    for icc in (b"short profile", ICC):
        data = encode_image(NOISE, format=name, icc=icc)
        assert decode_image(data, where="a").icc == icc
        assert read_header(data, where="a").has_icc


def test_icc_profile_leaves_the_coded_jpeg_alone():
    plain, profiled = (encode_image(NOISE, format="jpeg", icc=icc) for icc in (None, ICC))
    lengths = [s.end - s.start for s in segments(profiled) if s.marker == 0xE2]
    assert lengths == [65_537, 65_537, 150_000 - 2 * 65_519 + 18]
    assert profiled.startswith(plain[:20])
    assert profiled.endswith(plain[20:])


@pytest.mark.parametrize(
    ("name", "channels", "icc", "what"),
    [
        ("jpeg", 4, None, "JPEG cannot hold an alpha channel"),
        ("bmp", 4, None, "BMP cannot hold an alpha channel"),
        ("bmp", 3, b"x", "BMP cannot hold an ICC profile"),
        ("jpeg", 3, bytes(16_707_346), "its ICC profile of 16,707,346 bytes does not fit into a JPEG"),
    ],
)
def test_what_a_format_cannot_hold_is_said(name, channels, icc, what):
    pixels = np.zeros((2, 2, channels), np.uint8)
    with pytest.raises(ImageError) as caught:
        encode_image(pixels, format=name, icc=icc, where="b")
    assert str(caught.value) == f"b: {what}; set `output.image.format: png`"


@pytest.mark.parametrize("name", ["jpeg", "webp"])
def test_picture_that_is_too_wide_for_a_format_is_said(name):
    with pytest.raises(ImageError, match=r"^b: cannot be written as (JPEG|WebP) \(.*\); set `output.image"):
        encode_image(np.zeros((1, 66_000, 3), np.uint8), format=name, where="b")


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize(
    ("name", "options"),
    [("PNG", {}), ("WEBP", {"lossless": True}), ("TIFF", {}), ("TIFF", {"compression": "tiff_lzw"})],
)
def test_orientation_is_applied_once(name, options, orientation):
    tag = {"tiffinfo": {274: orientation}} if name == "TIFF" else {"exif": exif(orientation)}
    image = decode_image(saved(NOISE, name, **tag, **options), where="a")
    turned = {
        1: NOISE,
        2: np.fliplr(NOISE),
        3: np.rot90(NOISE, 2),
        4: np.flipud(NOISE),
        5: NOISE.swapaxes(0, 1),
        6: np.rot90(NOISE, -1),
        7: np.rot90(NOISE, 2).swapaxes(0, 1),
        8: np.rot90(NOISE),
    }
    assert np.array_equal(image.pixels, turned[orientation])
    assert image.stored_size == (9, 12)


def test_orientation_of_a_rare_type_counts_too():
    tags = TiffImagePlugin.ImageFileDirectory_v2()
    tags.tagtype[274] = 5  # a rational
    tags[274] = 6
    data = saved(NOISE, "TIFF", tiffinfo=tags)
    header, image = read_header(data, where="a"), decode_image(data, where="a")
    assert header.orientation == 6
    assert np.array_equal(image.pixels, np.rot90(NOISE, -1))


def test_orientation_in_xmp_alone_is_not_applied():
    xmp = b"""<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF
        xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description
        xmlns:tiff="http://ns.adobe.com/tiff/1.0/" tiff:Orientation="6"/></rdf:RDF></x:xmpmeta>"""
    tags = TiffImagePlugin.ImageFileDirectory_v2()
    tags[700], tags.tagtype[700] = xmp, 1
    for data in (saved(NOISE, "TIFF", tiffinfo=tags), saved(NOISE, "WEBP", xmp=xmp, lossless=True)):
        assert np.array_equal(decode_image(data, where="a").pixels, NOISE)
        assert read_header(data, where="a").has_metadata


@needs("photo_exif_orientation")
def test_photographs_of_all_orientations_look_alike():
    found = {}
    for path in files("photo_exif_orientation", "Landscape_[1-8].jpg"):
        data = path.read_bytes()
        pixels = decode_image(data, where=path.name).pixels
        assert pixels.shape == (1200, 1800, 3)
        found[read_header(data, where="").orientation] = pixels[::4, ::4].astype(int)
    assert sorted(found) == list(range(1, 9))
    assert all(np.abs(pixels - found[1]).mean() < 4 for pixels in found.values())


REFUSED_PICTURES = {
    "16-bit grey": png(16, 0, bytes(4)),
    "16-bit RGB": png(16, 2, bytes(12)),
    "16-bit RGB and alpha": png(16, 6, bytes(16)),
    "grey and alpha": png(8, 4, bytes(4)),
    "1-bit": png(1, 0, b"\x80"),
    "2-bit grey": png(2, 0, b"\x10"),
    "4-bit grey": png(4, 0, b"\x12"),
    "palette": png(8, 3, b"\0\1", chunk(b"PLTE", bytes(6))),
    "CMYK": saved(PilImage.new("CMYK", (2, 1)), "JPEG"),
    "YCbCr": saved(PilImage.new("YCbCr", (2, 1)), "TIFF"),
    "floating-point grey": saved(PilImage.new("F", (2, 1)), "TIFF"),
    "signed 32-bit grey": saved(PilImage.new("I", (2, 1)), "TIFF"),
    "LAB": saved(PilImage.new("LAB", (2, 1)), "TIFF"),
    "5-bit RGB": (
        b"BM" + bytes(8) + b"\x36\0\0\0\x28\0\0\0\2\0\0\0\1\0\0\0\1\0\x10\0" + bytes(24) + bytes(4)
    ),
    "grey with white as zero": saved(NOISE[..., 0], "TIFF", tiffinfo={262: 0}),
    "RGB and premultiplied alpha": saved(PilImage.new("RGBA", (2, 1)), "TIFF").replace(
        b"\x52\1\3\0\1\0\0\0\2", b"\x52\1\3\0\1\0\0\0\1"
    ),
    "RGB and further channels": saved(PilImage.new("RGBX", (2, 1)), "TIFF"),
}


@pytest.mark.parametrize("kind", REFUSED_PICTURES)
def test_picture_of_another_kind_is_refused_by_name(kind):
    expected = f"a.x: {kind}: pictures have to be 8-bit grey, RGB or RGBA; {PICTURE}"
    assert refusal(decode_image, REFUSED_PICTURES[kind]) == expected


@pytest.mark.parametrize(
    "kind", [k for k in REFUSED_PICTURES if k not in ("16-bit grey", "1-bit", "palette")]
)
def test_mask_without_exact_labels_is_refused_by_name(kind):
    expected = f"a.x: {kind}: no exact labels can be read from it; {MASK}"
    assert refusal(decode_mask, REFUSED_PICTURES[kind]) == expected


TWO = {"save_all": True, "append_images": [PilImage.new("L", (9, 12), 9)]}
GREY = NOISE[..., 0]


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (saved(GREY, "GIF", **TWO), "2 frames in one file: only single pictures are read"),
        (saved(GREY, "PNG", **TWO), "2 frames in one file: only single pictures are read"),
        (saved(GREY, "WEBP", **TWO), "2 frames in one file: only single pictures are read"),
        (saved(GREY, "TIFF", **TWO), "2 pages in one file: only single pictures are read"),
        (
            saved(NOISE, "TIFF", compression="jpeg"),
            "a TIFF with JPEG compression: damage in it goes unnoticed",
        ),
        (
            saved(GREY > 9, "TIFF", compression="group4"),
            "a TIFF with fax compression: damage in it goes unnoticed",
        ),
        (
            png(8, 2, bytes(6), chunk(b"tRNS", bytes(6))),
            "one colour is declared transparent (tRNS), which the copies would lose",
        ),
    ],
)
def test_what_neither_picture_nor_mask_may_be_is_refused_by_name(data, what):
    assert refusal(decode_image, data) == f"a.x: {what}; {PICTURE}"
    assert refusal(decode_mask, data) == f"a.x: {what}; {MASK}"


def test_gif_is_no_picture():
    expected = f"a.x: a GIF: pictures with a palette are not read; {PICTURE}"
    assert refusal(decode_image, saved(GREY, "GIF")) == expected


# --- damage


def test_truncated_jpeg_is_not_half_a_picture():
    data = encode_image(NOISE.repeat(9, 0).repeat(9, 1), format="jpeg")
    expected = f"a.x: cannot be read as JPEG (Premature end of JPEG file); {DAMAGED}"
    assert refusal(decode_image, data[: len(data) // 2]) == expected


@pytest.mark.parametrize("name", ["PNG", "WebP", "TIFF", "BMP"])
def test_truncated_picture_is_refused(name):
    data = saved(NOISE, name)
    line = refusal(decode_image, data[: len(data) // 2])
    assert line.startswith(f"a.x: cannot be read as {name} (")
    assert line.endswith(f"); {DAMAGED}")


def test_jpeg_that_two_readers_see_in_two_sizes_is_refused(monkeypatch):
    monkeypatch.setattr("simplejpeg.decode_jpeg_header", lambda data: (12, 90_000, "YCbCr", "420"))
    expected = f"a.x: cannot be read as JPEG (its header gives two sizes); {DAMAGED}"
    assert refusal(decode_image, saved(NOISE, "JPEG")) == expected


def test_damaged_tiffs_print_nothing():
    damaged = bytearray(saved(NOISE, "TIFF", compression="tiff_adobe_deflate"))
    damaged[40:60] = bytes(20)
    samples = saved(NOISE, "TIFF").replace(b"\x15\1\3\0\1\0\0\0\3\0", b"\x15\1\3\0\1\0\0\0\xff\xff")
    code = """
import sys, augcli.codec, augcli.errors
try:
    augcli.codec.decode_image(sys.stdin.buffer.read(), where="a")
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
@settings(max_examples=150, deadline=None)
def test_damage_never_gives_anything_but_pixels_or_one_line(draw):
    data = bytearray(draw.draw(st.sampled_from([encode_image(NOISE, format=f) for f in FORMATS])))
    for _ in range(draw.draw(st.integers(1, 4))):
        data[draw.draw(st.integers(0, len(data) - 1))] = draw.draw(st.integers(0, 255))
    check(bytes(data[: draw.draw(st.integers(1, len(data)))]))


def check(data):
    """Every reader gives a result within the limit, or one line. Returns the messages."""
    messages = []
    for function in (read_header, decode_image, decode_mask):
        try:
            function(data, where="a.x")
        except ImageError as error:
            messages.append(str(error))
    assert all(re.fullmatch(r"a\.x: (?!.* at 0x)[^\n]+; [^\n]+", message) for message in messages)
    return messages


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


# --- agreement with Pillow


@needs("photo_odd_jpeg")
def test_jpegs_decode_as_with_pillow():
    compared = 0
    for path in files("photo_odd_jpeg", "*.jp*g"):
        data = path.read_bytes()
        try:
            image = decode_image(data, where=path.name)
        except ImageError:
            continue
        other = np.asarray(PilImage.open(io.BytesIO(data))).reshape(image.pixels.shape)
        assert np.abs(image.pixels.astype(int) - other).max() <= 2, path.name
        compared += 1
    assert compared > 30


@needs("hostile_pngsuite")
def test_png_masks_decode_as_with_pillow_and_come_back_exactly():
    modes = set()
    for path in files("hostile_pngsuite", "*.png"):
        data = path.read_bytes()
        try:
            mask = decode_mask(data, where=path.name)
        except ImageError:
            continue
        other = PilImage.open(io.BytesIO(data))
        assert np.array_equal(mask.values, np.asarray(other)), path.name
        again = decode_mask(encode_mask(mask.values, mask.coding), where=path.name)
        assert np.array_equal(again.values, mask.values), path.name
        assert again.coding.mode == mask.coding.mode
        modes.add(mask.coding.mode)
    assert modes == {"1", "L", "P", "I;16", "RGB"}


# --- masks


@st.composite
def masks(draw):
    mode = draw(st.sampled_from(["1", "L", "P", "I;16", "RGB"]))
    dtype = np.uint16 if mode == "I;16" else np.uint8
    shape = (*draw(SHAPES), 3) if mode == "RGB" else draw(SHAPES)
    highest = {"1": 1, "I;16": 65_535}.get(mode, 255)
    values = draw(hnp.arrays(dtype, shape, elements=st.integers(0, highest)))
    if mode != "P":
        return values, Coding(mode)
    palette = draw(st.binary(min_size=3, max_size=768).map(lambda b: b[: len(b) // 3 * 3]))
    last = len(palette) // 3 - 1
    transparency = draw(st.none() | st.integers(0, last) | st.binary(min_size=1, max_size=last + 1))
    return values, Coding(mode, palette, transparency)


@given(masks())
@settings(deadline=None)
def test_mask_round_trip_is_exact(drawn):
    values, coding = drawn
    data = encode_mask(values, coding)
    mask = decode_mask(data, where="a")
    assert np.array_equal(mask.values, values)
    assert (mask.values.dtype, mask.coding.mode, mask.format) == (values.dtype, coding.mode, "png")
    assert data == encode_mask(values, coding)
    if coding.palette is not None:
        assert mask.coding.palette.startswith(coding.palette)
        assert encode_mask(values, mask.coding) == encode_mask(values, decode_mask(data, where="").coding)


def test_palette_and_transparency_survive_and_grow_only_when_needed():
    values = np.array([[0, 1, 2]], np.uint8)
    for transparency in (None, 1, b"\0\x80\xff"):
        coding = Coding("P", b"\0\0\0\xff\0\0\0\xff\0", transparency)
        assert decode_mask(encode_mask(values, coding), where="a").coding == coding
    grown = decode_mask(encode_mask(values + 1, coding), where="a")
    assert grown.coding.palette == coding.palette.ljust(768, b"\0")
    assert np.array_equal(grown.values, values + 1)


@pytest.mark.parametrize("mode", ["L", "I;16"])
def test_transparent_grey_of_a_mask_survives(mode):
    coding = Coding(mode, transparency=7)
    values = np.full((2, 2), 7, np.uint16 if mode == "I;16" else np.uint8)
    assert decode_mask(encode_mask(values, coding), where="a").coding == coding


@pytest.mark.parametrize(("mode", "label", "limit"), [("1", 2, 1), ("L", 256, 255), ("P", 300, 255)])
def test_label_that_does_not_fit_is_said(mode, label, limit):
    with pytest.raises(ImageError) as caught:
        encode_mask(np.array([[0, label]], np.uint16), Coding(mode, bytes(6)))
    assert str(caught.value) == (
        f"the label {label} does not fit a mask of mode {mode}, which ends at {limit}; "
        "choose `ignore` and fill values within it, or store the masks with more bits"
    )


def test_gif_mask_keeps_indices_or_grey_values():
    indexed = PilImage.new("P", (3, 1))
    indexed.putpalette(b"\0\0\0\xff\xff\xff")
    indexed.putdata([0, 1, 1])
    mask = decode_mask(saved(indexed, "GIF"), where="a")
    assert (mask.format, mask.coding.mode, mask.values.tolist()) == ("gif", "P", [[0, 1, 1]])
    assert mask.coding.palette[:6] == b"\0\0\0\xff\xff\xff"
    grey = decode_mask(saved(np.arange(256, dtype=np.uint8)[None], "GIF"), where="a")
    assert (grey.coding.mode, grey.values.tolist()) == ("L", [list(range(256))])


def test_gif_frame_that_leaves_pixels_open_is_refused():
    data = bytearray(saved(GREY, "GIF"))
    data[6] += 1  # the screen is one pixel wider than its frame
    expected = "a.x: a GIF whose frame does not fill the picture: the pixels around it have no value"
    assert refusal(decode_mask, bytes(data)) == f"{expected}; {MASK}"


def test_big_endian_tiff_mask_has_native_values():
    header = b"MM\0*\0\0\0\x0c" + bytes([1, 2, 3, 4])
    tags = [(256, 2), (257, 1), (258, 16), (259, 1), (262, 1), (273, 8), (277, 1), (278, 1), (279, 4)]
    entries = b"".join(
        n.to_bytes(2, "big") + b"\0\3\0\0\0\1" + v.to_bytes(2, "big") + b"\0\0" for n, v in tags
    )
    mask = decode_mask(header + len(tags).to_bytes(2, "big") + entries + bytes(4), where="a")
    assert (mask.values.tolist(), mask.values.dtype, mask.coding.mode) == (
        [[0x0102, 0x0304]],
        np.uint16,
        "I;16",
    )


def test_grey_jpeg_mask_is_decoded_and_marked():
    values = np.full((8, 8, 1), 200, np.uint8)
    for pixels in (values, values.repeat(3, 2)):
        mask = decode_mask(encode_image(pixels, format="jpeg"), where="a")
        assert (mask.format, mask.coding, mask.values.shape) == ("jpeg", Coding("L"), (8, 8))
        assert (mask.values == 200).all()


def test_one_bit_mask_with_a_transparent_colour_is_refused():
    expected = f"a.x: one colour is declared transparent (tRNS), which the copies would lose; {MASK}"
    assert refusal(decode_mask, png(1, 0, b"\x80", chunk(b"tRNS", b"\0\1"))) == expected


def test_mask_stored_inexactly_or_turned_is_refused_by_name():
    colour = "a JPEG in colour: no exact labels can be read from it"
    lossy = "lossy WebP: its values are not those that were drawn"
    turned = "a mask with EXIF orientation 6: its picture may not be turned the same way"
    alpha = "RGB and alpha: no exact labels can be read from it"
    assert refusal(decode_mask, saved(NOISE, "JPEG")) == f"a.x: {colour}; {MASK}"
    assert refusal(decode_mask, saved(NOISE, "WEBP", icc_profile=b"x")) == f"a.x: {lossy}; {MASK}"
    assert refusal(decode_mask, saved(NOISE, "PNG", exif=exif(6))) == f"a.x: {turned}; {MASK}"
    assert refusal(decode_mask, saved(PilImage.new("RGBA", (2, 2)), "PNG")) == f"a.x: {alpha}; {MASK}"
    lossless = decode_mask(saved(NOISE, "WEBP", lossless=True), where="a")
    assert np.array_equal(lossless.values, NOISE)


# --- JPEG metadata


def test_stripping_leaves_the_profile_and_every_coded_byte():
    plain = saved(NOISE, "JPEG", icc_profile=b"profile", progressive=True)
    full = saved(
        NOISE, "JPEG", icc_profile=b"profile", progressive=True, exif=exif(1), comment=b"me", xmp=b"<x/>"
    )
    assert len(full) > len(plain)
    assert strip_metadata(full) == plain
    assert strip_metadata(full[:2] + b"\xff\x01" + full[2:]) == plain[:2] + b"\xff\x01" + plain[2:]
    assert strip_metadata(full + b"\xff\xd8 a second picture") == plain
    assert read_header(full, where="").has_metadata
    assert read_header(plain + b"tail", where="").has_metadata
    assert not read_header(plain, where="").has_metadata


def test_stripping_keeps_the_colours_of_an_adobe_jpeg():
    adobe = b"\xff\xee\0\x0eAdobe\0\x64\0\0\0\0\0"  # its last byte says: three channels are RGB
    comment = b"\xff\xfe\0\4me"
    coded = encode_image(NOISE, format="jpeg", subsampling="444")[20:]
    assert strip_metadata(b"\xff\xd8" + adobe + comment + coded) == b"\xff\xd8" + adobe + coded


@needs("photo_odd_jpeg")
def test_stripping_changes_no_pixel_of_any_jpeg():
    for path in files("photo_odd_jpeg", "*.jp*g"):
        data = path.read_bytes()
        stripped = strip_metadata(data)
        assert strip_metadata(stripped) == stripped
        try:
            image = decode_image(data, where="")
        except ImageError:
            continue
        if read_header(data, where="").orientation == 1:
            assert np.array_equal(decode_image(stripped, where="").pixels, image.pixels), path.name


@given(st.binary(max_size=200))
def test_stripping_accepts_any_bytes(tail):
    stripped = strip_metadata(b"\xff\xd8" + tail)
    assert strip_metadata(stripped) == stripped


def test_codec_works_without_opencv():
    code = "import sys, augcli.codec; sys.exit('cv2' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
