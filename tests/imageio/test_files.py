"""Files in, arrays out, and back: what files say, pictures written, exact masks, JPEG metadata."""

import io
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as PilImage
from PIL import TiffImagePlugin
from support.image_files import ICC, NOISE, RNG, chunk, exif, files, needs, png, refusal, saved

from augcli.errors import ImageError
from augcli.imageio import decode_image, encode_image, read_header, strip_metadata
from augcli.imageio.jpeg import segments


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
        "a.x: not an image of a format that is read (JPEG, PNG, GIF, TIFF, WebP, BMP and JPEG 2000); "
        "save it as PNG"
    )
    assert refusal(read_header, b"hello") == expected


@pytest.mark.parametrize(
    ("name", "channels"),
    [(n, c) for n in ("png", "tiff", "bmp", "jp2") for c in (1, 3, 4) if (n, c) != ("bmp", 4)],
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
    code = "import sys, augcli.imageio; sys.exit('cv2' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
