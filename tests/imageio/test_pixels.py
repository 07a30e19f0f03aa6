"""Pictures of every depth and kind: 16 bits, floats, bands, alpha, palettes, few bits, CMYK."""

import io
import re

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image as PilImage
from PIL import ImageCms
from support.image_files import GREY, MASK, NOISE, PICTURE, RNG, chunk, files, needs, png, refusal, saved

from augcli.errors import ImageError
from augcli.imageio import decode_image, decode_mask, encode_image, read_header
from augcli.imageio.jpeg import insert_icc

TRANSPARENT = "its transparent colour (tRNS) converted to alpha"
KINDS = {1: ("grey", False), 2: ("grey", True), 3: ("rgb", False), 4: ("rgb", True)}
HOLDS = {
    "png": [(d, c) for d in ("uint8", "uint16") for c in (1, 2, 3, 4)],
    "tiff": [(d, c) for d in ("uint8", "uint16", "float32") for c in (1, 2, 3, 4, 7)],
    "jp2": [("uint16", 1), *(("uint8", c) for c in (1, 2, 3, 4))],
    "bmp": [("uint8", 1), ("uint8", 3)],
}


def noise(*shape, dtype=np.uint16):
    return RNG.integers(0, np.iinfo(dtype).max, shape, dtype=dtype, endpoint=True)


# --- there and back


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_what_a_format_holds_comes_back_exactly(draw):
    name = draw.draw(st.sampled_from(sorted(HOLDS)))
    dtype, channels = draw.draw(st.sampled_from(HOLDS[name]))
    shape = (*draw.draw(hnp.array_shapes(min_dims=2, max_dims=2, max_side=20)), channels)
    pixels = draw.draw(hnp.arrays(dtype, shape))
    data = encode_image(pixels, format=name)
    image, header = decode_image(data, where="a"), read_header(data, where="a")
    assert np.array_equal(image.pixels, pixels, equal_nan=dtype == "float32")
    assert image.pixels.dtype == dtype
    assert (image.colors, image.alpha) == KINDS.get(channels, ("multi", False))
    assert (header.dtype, header.colors, header.alpha, header.channels) == (
        dtype,
        image.colors,
        image.alpha,
        channels,
    )
    assert data == encode_image(pixels, format=name)


def test_bands_and_their_alpha_come_back_as_such():
    pixels = noise(4, 5, 6)
    data = encode_image(pixels, format="tiff", colors="multi", alpha=True)
    image = decode_image(data, where="a")
    assert (image.colors, image.alpha) == ("multi", True)
    assert np.array_equal(image.pixels, pixels)
    three = decode_image(encode_image(pixels[..., :3], format="tiff", colors="multi"), where="a")
    assert (three.colors, three.pixels.shape[2]) == ("multi", 3)


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_written_16_bit_png_is_what_opencv_reads(channels):
    pixels = noise(7, 5, channels)
    read = cv2.imdecode(np.frombuffer(encode_image(pixels, format="png"), np.uint8), cv2.IMREAD_UNCHANGED)
    order = {1: [0], 2: [0, 3], 3: [2, 1, 0], 4: [2, 1, 0, 3]}[channels]
    assert np.array_equal(read.reshape(7, 5, -1)[..., order], pixels)


@pytest.mark.parametrize("channels", [1, 3])
def test_profile_of_a_16_bit_picture_survives(channels):
    pixels = noise(3, 2, channels)
    for name in ("png", "tiff"):
        image = decode_image(encode_image(pixels, format=name, icc=b"profile"), where="a")
        assert image.icc == b"profile"
        assert np.array_equal(image.pixels, pixels)


@pytest.mark.parametrize(
    ("name", "dtype", "channels", "what", "hint"),
    [
        ("jpeg", "uint16", 3, "JPEG cannot hold 16-bit pixels", "png"),
        ("webp", "uint16", 1, "WebP cannot hold 16-bit pixels", "png"),
        ("bmp", "float32", 3, "BMP cannot hold floating-point pixels", "tiff"),
        ("png", "float32", 1, "PNG cannot hold floating-point pixels", "tiff"),
        ("jp2", "uint16", 3, "JPEG 2000 cannot hold 16-bit pixels", "png"),
        ("png", "uint8", 5, "PNG cannot hold 5 bands", "tiff"),
        ("jpeg", "uint8", 2, "JPEG cannot hold an alpha channel", "png"),
    ],
)
def test_what_a_format_cannot_hold_names_one_that_can(name, dtype, channels, what, hint):
    with pytest.raises(ImageError) as caught:
        encode_image(np.zeros((2, 2, channels), dtype), format=name, where="b")
    assert str(caught.value) == f"b: {what}; set `output.image.format: {hint}`"


# --- PNG


@pytest.mark.parametrize(("colour", "channels"), [(0, 1), (4, 2), (2, 3), (6, 4)])
@pytest.mark.parametrize("row", [b"\x12\x34\xab\xcd", b"\xff\xff\0\0"])
def test_16_bit_png_gives_its_stored_values(colour, channels, row):
    data = png(16, colour, row * channels)
    expected = np.frombuffer(row * channels, ">u2").reshape(1, 2, channels)
    assert np.array_equal(decode_image(data, where="a").pixels, expected)


@needs("hostile_pngsuite")
def test_16_bit_pngs_agree_with_opencv_also_interlaced():
    order = {1: [0], 2: [0, 3], 3: [2, 1, 0], 4: [2, 1, 0, 3]}
    seen = set()
    for path in files("hostile_pngsuite", "*16.png"):
        image = decode_image(path.read_bytes(), where=path.name)
        if image.note or image.pixels.dtype != np.uint16:
            continue
        other = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
        channels = image.pixels.shape[2]
        assert np.array_equal(other.reshape(*other.shape[:2], -1)[..., order[channels]], image.pixels), path
        seen.add(channels)
    assert seen == {1, 2, 3, 4}


@pytest.mark.parametrize(("depth", "row", "grey"), [(1, b"\x40", [0, 255]), (2, b"\x90", [170, 85])])
def test_grey_of_few_bits_is_scaled_and_said(depth, row, grey):
    image = decode_image(png(depth, 0, row), where="a")
    assert image.pixels.ravel().tolist() == grey
    assert image.note == f"{depth} bit{'s' * (depth > 1)} a channel scaled to 8"


@pytest.mark.parametrize(("depth", "row", "labels"), [(2, b"\x90", [2, 1]), (4, b"\xf3", [15, 3])])
def test_grey_mask_of_few_bits_gives_its_stored_labels(depth, row, labels):
    mask = decode_mask(png(depth, 0, row), where="a")
    assert (mask.values.tolist(), mask.coding.mode) == ([labels], "L")


@pytest.mark.parametrize(
    ("depth", "colour", "row", "key", "alpha"),
    [
        (4, 0, b"\x12", b"\0\2", [255, 0]),
        (1, 0, b"\x40", b"\0\1", [255, 0]),
        (8, 0, b"\7\x08", b"\0\7", [0, 255]),
        (8, 2, b"\1\2\3\1\2\4", b"\0\1\0\2\0\3", [0, 255]),
        (16, 0, b"\1\2\1\3", b"\1\3", [65_535, 0]),
        (16, 2, b"\1\2\1\2\1\2\1\2\1\2\1\3", b"\1\2" * 3, [0, 65_535]),
    ],
)
def test_transparent_colour_becomes_alpha(depth, colour, row, key, alpha):
    image = decode_image(png(depth, colour, row, chunk(b"tRNS", key)), where="a")
    assert image.pixels[0, :, -1].tolist() == alpha
    assert image.alpha
    assert image.note.endswith(TRANSPARENT)


@needs("hostile_pngsuite")
def test_palettes_agree_with_pillow():
    compared = 0
    for path in files("hostile_pngsuite", "*.png"):
        data = path.read_bytes()
        try:
            image = decode_image(data, where=path.name)
        except ImageError:
            continue
        if "palette" in image.note:
            other = PilImage.open(io.BytesIO(data)).convert("RGBA" if image.alpha else "RGB")
            assert np.array_equal(image.pixels, np.asarray(other)), path.name
            compared += 1
    assert compared > 20


def test_index_beyond_the_palette_is_damage():
    line = refusal(decode_image, png(8, 3, b"\0\5", chunk(b"PLTE", bytes(6))))
    assert line.startswith("a.x: cannot be read as PNG (index 5 is beyond its palette of 2);")


def test_gif_is_a_picture_by_its_palette():
    picture = PilImage.new("P", (2, 1))
    picture.putpalette(b"\1\2\3\4\5\6")
    picture.putdata([1, 0])
    image = decode_image(saved(picture, "GIF"), where="a")
    assert image.pixels.tolist() == [[[4, 5, 6], [1, 2, 3]]]
    assert image.note == "its palette converted to RGB"
    image = decode_image(saved(picture, "GIF", transparency=0), where="a")
    assert (image.pixels[..., 3].tolist(), image.note) == (
        [[255, 0]],
        "its palette converted to RGB and alpha",
    )


# --- JPEG, JPEG 2000, BMP


def cmyk(profile=None):
    picture = PilImage.fromarray(NOISE.repeat(4, 0).repeat(4, 1)).convert("CMYK")
    return saved(picture, "JPEG", quality=100, **({"icc_profile": profile} if profile else {}))


def test_cmyk_without_a_profile_is_converted_by_the_formula():
    data = cmyk()
    image = decode_image(data, where="a")
    inks = np.asarray(PilImage.open(io.BytesIO(data))).astype(float) / 255
    expected = 255 * (1 - inks[..., :3]) * (1 - inks[..., 3:])
    assert np.abs(image.pixels - expected).max() < 3
    assert (image.colors, image.icc) == ("rgb", None)
    assert image.note == "CMYK without a profile converted by the plain formula"


@needs("hostile_pillow")
def test_cmyk_jpegs_have_the_inks_that_pillow_reads():
    seen = 0
    for path in files("hostile_pillow", "*.jpg"):
        data = path.read_bytes()
        try:
            image = decode_image(data, where=path.name)
        except ImageError:
            continue
        if image.note.startswith("CMYK without"):
            inks = np.asarray(PilImage.open(io.BytesIO(data))).astype(float) / 255
            expected = 255 * (1 - inks[..., :3]) * (1 - inks[..., 3:])
            assert np.abs(image.pixels - expected).mean() < 1, path.name
            seen += 1
    assert seen


def test_cmyk_with_a_profile_that_is_none_is_refused():
    line = refusal(decode_image, cmyk(b"no profile"))
    assert re.fullmatch(r"a\.x: a CMYK JPEG whose profile cannot be used \(.+\); save it as RGB", line)
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert "whose profile cannot be used" in refusal(decode_image, cmyk(srgb))


def test_cmyk_is_no_mask():
    assert refusal(decode_mask, cmyk()) == f"a.x: CMYK: no exact labels can be read from it; {MASK}"


def test_first_picture_of_an_mpo_is_read_and_said():
    other = PilImage.fromarray(NOISE[::-1])
    data = saved(PilImage.fromarray(NOISE), "MPO", save_all=True, append_images=[other])
    image = decode_image(data, where="a")
    assert image.note == "the first of several pictures (MPO)"
    assert np.array_equal(image.pixels, decode_image(saved(NOISE, "JPEG"), where="a").pixels)


@needs("hostile_pillow")
def test_9_bits_of_jpeg_2000_are_the_stored_values():
    path = files("hostile_pillow", "9bit.j2k")[0]
    pixels = decode_image(path.read_bytes(), where="a").pixels
    assert 255 < pixels.max() < 512


def test_deep_jpeg_2000_in_colour_is_refused_by_name():
    data = bytearray(saved(NOISE, "JPEG2000"))
    start = data.index(b"\xff\x4f\xff\x51") + 42
    data[start : start + 9 : 3] = bytes([15, 15, 15])
    for depth, kind in ((15, "16-bit RGB"), (0x87, "signed 8-bit RGB")):
        data[start : start + 9 : 3] = bytes([depth] * 3)
        expected = f"a.x: {kind}: pictures of this kind are not read; {PICTURE}"
        assert refusal(decode_image, bytes(data)) == expected


def test_profile_of_jpeg_2000_is_found():
    data = saved(GREY, "JPEG2000")
    start = data.index(b"colr") - 4
    box = b"\0\0\0\x13colr\2\0\0abcdefgh"
    header = data.index(b"jp2h") - 4
    length = int.from_bytes(data[header : header + 4], "big") + len(box) - 15
    data = data[:header] + length.to_bytes(4, "big") + data[header + 4 : start] + box + data[start + 15 :]
    image = decode_image(data, where="a")
    assert image.icc == b"abcdefgh"
    assert np.array_equal(image.pixels[..., 0], GREY)


def test_5_bits_of_a_bmp_are_scaled_and_said():
    head = b"BM" + bytes(8) + b"\x36\0\0\0\x28\0\0\0\2\0\0\0\1\0\0\0\1\0\x10\0" + bytes(24)
    image = decode_image(head + b"\xff\x7f\0\0", where="a")
    assert image.pixels.tolist() == [[[255] * 3, [0] * 3]]
    assert image.note == "5 bits a channel scaled to 8"


# ISO 12647-2, coated paper, rounded: L, a, b of each overprint with K fastest, then Y, M, C.
OVERPRINTS = (
    *((100, 0, 0), (16, 0, 0), (89, -5, 93), (14, 0, 4), (48, 74, -3), (10, 3, 0), (47, 68, 48), (9, 3, 2)),
    *(
        (55, -37, -50),
        (11, -2, -4),
        (50, -65, 27),
        (10, -4, 2),
        (24, 17, -46),
        (7, 1, -3),
        (23, 0, 0),
        (5, 0, 0),
    ),
)


def cmyk_profile():
    """A printer profile: a table of two steps for each ink, as offset prints them (ICC.1: lut8Type)."""
    corners = b"".join(bytes([round(2.55 * L), a + 128, b + 128]) for L, a, b in OVERPRINTS)
    ramp = bytes(range(256))
    identity = b"".join((65_536 * (n % 4 == 0)).to_bytes(4, "big") for n in range(9))
    table = b"mft1\0\0\0\0\4\3\2\0" + identity + ramp * 4 + corners + ramp * 3
    white = b"XYZ \0\0\0\0" + b"".join(n.to_bytes(4, "big") for n in (63_190, 65_536, 54_061))
    text = b"text\0\0\0\0none\0\0\0\0"
    tags, body = b"", b""
    for name, content in ((b"desc", text), (b"cprt", text), (b"wtpt", white), (b"A2B0", table)):
        content += bytes(-len(content) % 4)
        place = 132 + 4 * 12 + len(body)
        tags += name + place.to_bytes(4, "big") + len(content).to_bytes(4, "big")
        body += content
    size = (132 + len(tags) + len(body)).to_bytes(4, "big")
    head = size + bytes(4) + b"\2\0\0\0prtrCMYKLab " + bytes(12) + b"acsp" + bytes(28) + white[8:] + bytes(48)
    return head + (4).to_bytes(4, "big") + tags + body


def in_srgb(picture, profile):
    """A picture's colours by Pillow's ImageCms: relative colorimetric, with black point compensation."""
    transform = ImageCms.buildTransform(
        ImageCms.ImageCmsProfile(io.BytesIO(profile)),
        ImageCms.createProfile("sRGB"),
        picture.mode,
        "RGB",
        ImageCms.Intent.RELATIVE_COLORIMETRIC,
        ImageCms.Flags.BLACKPOINTCOMPENSATION,
    )
    return np.asarray(ImageCms.applyTransform(picture, transform)).astype(int)


def srgb_of(lightness, a, b):
    """A colour of CIELAB (D50) in sRGB, 0 to 255, cut to its range; the matrix is Lindbloom's (Bradford)."""
    y = (lightness + 16) / 116
    f = np.array([y + a / 500, y, y - b / 200])
    xyz = np.where(f > 6 / 29, f**3, (f - 16 / 116) * 108 / 841) * (0.9642, 1, 0.8249)
    matrix = [[3.13386, -1.61687, -0.49061], [-0.97877, 1.91614, 0.03345], [0.07195, -0.22899, 1.40524]]
    linear = np.clip(matrix @ xyz, 0, 1)
    return 255 * np.where(linear > 0.0031308, 1.055 * linear ** (1 / 2.4) - 0.055, 12.92 * linear)


@pytest.mark.parametrize("number", range(16))
def test_inks_are_printed_as_their_profile_says(number):
    inks = [255 * (number >> shift & 1) for shift in (3, 2, 1, 0)]
    patch = PilImage.fromarray(np.full((16, 16, 4), inks, np.uint8), "CMYK")
    data = saved(patch, "JPEG", quality=100, icc_profile=cmyk_profile())
    image = decode_image(data, where="a")
    assert image.note == "CMYK converted to sRGB through its profile (relative colorimetric)"
    assert (image.icc, image.colors) == (None, "rgb")
    assert np.abs(image.pixels[8, 8] - srgb_of(*OVERPRINTS[number])).max() < 3


@needs("hostile_pillow")
def test_a_real_cmyk_photograph_is_converted_as_pillow_does_it():
    (path,) = files("hostile_pillow", "pil_sample_cmyk.jpg")  # by Photoshop, inks inverted
    data = insert_icc(path.read_bytes(), cmyk_profile(), where="a")
    image, picture = decode_image(data, where="a"), PilImage.open(io.BytesIO(data))
    assert (picture.mode, picture.info["icc_profile"]) == ("CMYK", cmyk_profile())
    assert np.abs(image.pixels - in_srgb(picture, cmyk_profile())).max() <= 1
    plain = decode_image(path.read_bytes(), where="a").pixels.astype(int)
    assert np.abs(image.pixels - plain).mean() > 5


@needs("photo_odd_jpeg")
@pytest.mark.parametrize("transparency", [None, 3])
def test_a_palette_keeps_the_profile_of_its_colours(transparency):
    (path,) = files("photo_odd_jpeg", "sample.jpg")  # in the colours of Adobe RGB
    photo = PilImage.open(path)
    profile = photo.info["icc_profile"]
    options = {} if transparency is None else {"transparency": transparency}
    data = saved(photo.quantize(64), "PNG", icc_profile=profile, **options)
    image = decode_image(data, where="a")
    assert (image.icc, image.alpha) == (profile, transparency is not None)
    written = encode_image(image.pixels, format="png", icc=image.icc)
    shown = PilImage.open(io.BytesIO(written))
    expected = in_srgb(PilImage.open(io.BytesIO(data)).convert("RGB"), profile)
    assert np.array_equal(in_srgb(shown.convert("RGB"), shown.info["icc_profile"]), expected)
    assert np.abs(expected - image.pixels[..., :3]).mean() > 2


@needs("fmt_16bit_etc")
def test_real_palettes_are_shown_as_pillow_shows_them():
    compared = set()
    for path in files("fmt_16bit_etc"):
        data = path.read_bytes()
        try:
            image = decode_image(data, where=path.name)
        except ImageError:
            continue
        if "palette" in image.note and image.format != "tiff":
            other = PilImage.open(io.BytesIO(data)).convert("RGBA" if image.alpha else "RGB")
            assert np.array_equal(image.pixels, np.asarray(other)), path.name
            compared.add((image.format, image.alpha))
    assert compared >= {("png", True), ("png", False), ("gif", True), ("gif", False)}
