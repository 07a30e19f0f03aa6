"""TIFF: every depth, layout and compression against a second reader, and what is refused by name."""

import io

import numpy as np
import pytest
import tifffile
from PIL import Image as PilImage
from support.image_files import MASK, NOISE, PICTURE, RNG, files, needs, refusal, saved, strip, tagged_tiff

from augcli.errors import ImageError
from augcli.imageio import decode_image, decode_mask, read_header


def written(pixels, **options):
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, pixels, metadata=None, **options)
    return buffer.getvalue()


def noise(*shape, dtype=np.uint16):
    return RNG.integers(0, np.iinfo(dtype).max, shape, dtype=dtype, endpoint=True)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
@pytest.mark.parametrize("byteorder", ["<", ">"])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"planarconfig": "separate"},
        {"tile": (16, 32)},
        {"tile": (16, 16), "planarconfig": "separate", "compression": "zlib"},
        {"rowsperstrip": 7, "compression": "zlib", "predictor": True},
        {"bigtiff": True, "compression": "lzma"},
    ],
)
def test_tiffs_of_another_writer_are_read(dtype, byteorder, options):
    if byteorder == ">" and ("bigtiff" in options or (dtype == "float32" and "predictor" in options)):
        pytest.skip("Pillow reads no big-endian BigTIFF; tifffile writes no such predictor")
    if dtype == "float32" and "predictor" in options:
        pytest.skip("tifffile writes floats with a predictor only with another package")
    pixels = noise(37, 41, 3).astype(dtype)
    separate = options.get("planarconfig") == "separate"
    stored = pixels.transpose(2, 0, 1) if separate else pixels
    data = written(stored, photometric="rgb", byteorder=byteorder, **options)
    image = decode_image(data, where="a")
    assert np.array_equal(image.pixels, pixels)
    assert (image.colors, image.alpha, image.note) == ("rgb", False, "")


@pytest.mark.parametrize("compression", ["tiff_lzw", "packbits", "tiff_deflate", "lzma", "zstd"])
def test_compressions_of_libtiff_are_read(compression):
    grey = PilImage.fromarray(noise(33, 21))
    for picture in (NOISE, grey):
        data = saved(picture, "TIFF", compression=compression)
        assert np.array_equal(decode_image(data, where="a").pixels.squeeze(), np.asarray(picture))


@needs("hostile_pillow")
@pytest.mark.parametrize("form", ["strip", "tiled"])
def test_planes_of_16_bits_with_lzw_are_the_picture_without_either(form):
    plain = files("hostile_pillow", "tiff_16bit_RGB.tiff")[0]
    path = files("hostile_pillow", f"tiff_{form}_planar_16bit_RGB.tiff")[0]
    assert np.array_equal(decode_image(path.read_bytes(), where="a").pixels, tifffile.imread(plain))


@needs("hostile_pillow")
def test_tiffs_agree_with_tifffile_or_pillow():
    compared = set()
    for path in files("hostile_pillow", "*.tif*") + files("seg_nuclei", "*2d.tif"):
        data = path.read_bytes()
        try:
            image = decode_image(data, where=path.name)
        except ImageError:
            continue
        if image.note or read_header(data, where="").orientation != 1:
            continue
        if image.pixels.dtype == np.uint8 or read_header(data, where="").mode == "L;12":
            other = np.asarray(PilImage.open(path))
        else:
            try:
                other = tifffile.imread(path)
            except ValueError:  # LZW needs another package there
                continue
        assert np.array_equal(image.pixels.squeeze(), other.squeeze()), path.name
        compared.add(image.pixels.dtype.name)
    assert compared == {"uint8", "uint16"}


def test_floats_with_a_predictor_are_those_of_libtiff():
    pixels = noise(9, 13).astype(np.float32) / 7
    data = saved(PilImage.fromarray(pixels), "TIFF", compression="tiff_lzw", tiffinfo={317: 3})
    assert read_header(data, where="a").mode == "F"
    assert np.array_equal(decode_image(data, where="a").pixels[..., 0], pixels)


@pytest.mark.parametrize("depth", [1, 2, 4, 12])
def test_few_bits_of_a_tiff_are_unpacked(depth):
    values = RNG.integers(0, 1 << depth, (3, 5))
    bits = (values[..., None] >> np.arange(depth)[::-1] & 1).reshape(3, -1).astype(np.uint8)
    packed = np.packbits(bits, axis=1).tobytes()
    data = tagged_tiff(packed, *strip(5, 3, depth, len(packed)))
    assert np.array_equal(decode_mask(data, where="a").values, values)
    scale = 255 // ((1 << depth) - 1) if depth < 8 else 1
    assert np.array_equal(decode_image(data, where="a").pixels[..., 0], values * scale)


def test_white_as_zero_is_inverted_and_said():
    for depth, pixels, inverted in ((8, b"\0\1", [255, 254]), (16, b"\0\0\1\0", [65_535, 65_534])):
        data = tagged_tiff(pixels, *strip(2, 1, depth, len(pixels), t262=0))
        image = decode_image(data, where="a")
        assert image.pixels.ravel().tolist() == inverted
        assert image.note == "grey with white as zero inverted"


def test_mirrored_bits_and_a_palette_are_read():
    data = tagged_tiff(b"\x80\x40", *strip(2, 1, 8, 2, t266=2))
    assert decode_image(data, where="a").pixels.ravel().tolist() == [1, 2]
    colours = tuple(range(0, 256 * 256, 256)) * 3
    data = tagged_tiff(b"\x05\x07", *strip(2, 1, 8, 2, t262=3, t320=colours))
    assert decode_image(data, where="a").pixels.tolist() == [[[5] * 3, [7] * 3]]
    mask = decode_mask(data, where="a")
    assert (mask.values.tolist(), mask.coding.palette[15:18]) == ([[5, 7]], b"\5\5\5")


def test_undeclared_fourth_channel_is_alpha_and_a_declared_other_one_a_band():
    rgba = strip(1, 1, (8, 8, 8, 8), 4, t262=2, t277=4)
    image = decode_image(tagged_tiff(b"\1\2\3\4", *rgba), where="a")
    assert (image.colors, image.alpha, image.note) == ("rgb", True, "its fourth channel read as alpha")
    image = decode_image(tagged_tiff(b"\1\2\3\4", *rgba, (338, 3, (0,))), where="a")
    assert (image.colors, image.alpha) == ("multi", False)


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"t258": 32}, "32-bit grey"),
        ({"t258": 32, "t339": 2}, "signed 32-bit grey"),
        ({"t339": 2}, "signed 8-bit grey"),
        ({"t258": 64, "t339": 3}, "floating-point 64-bit grey"),
        ({"t258": 16, "t339": 3}, "floating-point 16-bit grey"),
        ({"t258": 5}, "5-bit grey"),
        ({"t262": 5}, "CMYK"),
        ({"t262": 6}, "YCbCr"),
        ({"t262": 8}, "LAB"),
        ({"t277": 2, "t338": 1}, "grey and premultiplied alpha"),
        ({"t277": 4, "t262": 2, "t338": 1}, "RGB and premultiplied alpha"),
    ],
)
def test_tiff_of_another_kind_is_refused_by_name(changes, kind):
    data = tagged_tiff(bytes(64), *strip(1, 1, changes.get("t258", 8), 64, **changes))
    assert refusal(decode_image, data) == f"a.x: {kind}: pictures of this kind are not read; {PICTURE}"
    assert refusal(decode_mask, data) == f"a.x: {kind}: no exact labels can be read from it; {MASK}"


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"t259": 7}, "a TIFF with JPEG compression: damage in it goes unnoticed"),
        ({"t259": 4}, "a TIFF with fax compression: damage in it goes unnoticed"),
        ({"t259": 99}, "a TIFF with compression 99: it is not read"),
        ({"t258": (8, 8, 16), "t277": 3}, "a TIFF whose channels have 8, 8, 16 bits: one depth is needed"),
        ({"t259": 8, "t317": 9}, "a TIFF with predictor 9: it is not read"),
        ({"t259": 8, "t317": 2, "t258": 4}, "a TIFF with a predictor at 4 bits: it is not read"),
    ],
)
def test_tiff_that_cannot_be_read_safely_is_refused_by_name(changes, what):
    data = tagged_tiff(bytes(64), *strip(1, 1, changes.get("t258", 8), 64, **changes))
    assert refusal(decode_image, data) == f"a.x: {what}; {PICTURE}"
    assert refusal(decode_mask, data) == f"a.x: {what}; {MASK}"


@needs("seg_nuclei")
def test_label_map_of_16_bits_comes_from_a_tiff():
    path = files("seg_nuclei", "mask2d.tif")[0]
    mask = decode_mask(path.read_bytes(), where="a")
    assert (mask.coding.mode, mask.format) == ("I;16", "tiff")
    assert np.array_equal(mask.values, tifffile.imread(path))


@pytest.mark.parametrize(
    ("changes", "pixels"),
    [
        ({"t322": 60_000, "t323": 60_000}, 225_000_000),
        ({"t277": 65_535, "t256": 200, "t257": 100}, 81_918_750),
    ],
)
def test_tiles_and_channels_count_as_pixels(changes, pixels):
    tags = strip(changes.get("t256", 1), changes.get("t257", 1), 8, 64, **changes)
    tags += [(324, 4, (8,)), (325, 4, (64,))] if "t322" in changes else []
    assert refusal(read_header, tagged_tiff(bytes(64), *tags)) == (
        f"a.x: {pixels:,} pixels are more than the limit of 64,000,000; "
        f"if the file is to be trusted, use `--max-pixels {pixels}`"
    )


@pytest.mark.parametrize("compression", ["tiff_lzw", "packbits", "tiff_adobe_deflate", "zstd"])
def test_strip_that_ends_early_is_damage(compression):
    data = saved(noise(40, 30, dtype=np.uint8), "TIFF", compression=compression)
    with tifffile.TiffFile(io.BytesIO(data)) as file:
        counts = file.pages[0].tags[279]
    half = (counts.value[0] // 2).to_bytes(4, "little")
    place = counts.offset + 8
    assert int.from_bytes(data[place : place + 4], "little") == counts.value[0]
    line = refusal(decode_image, data[:place] + half + data[place + 4 :])
    assert line.startswith("a.x: cannot be read as TIFF (")


def test_strips_that_are_missing_are_damage():
    line = refusal(decode_image, tagged_tiff(b"\0" * 8, *strip(2, 4, 8, 8, t278=2)))
    assert "(1 strips or tiles where 2 are needed)" in line
    assert "(the file is truncated)" in refusal(decode_image, tagged_tiff(b"", *strip(40, 40, 8, 1600)))
