"""Masks: the exact values come out of a file and go back into one."""

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image as PilImage
from support.image_files import GREY, MASK, NOISE, chunk, exif, files, needs, png, refusal, saved

from augcli.data import Coding
from augcli.errors import ImageError
from augcli.imageio import decode_mask, encode_image, encode_mask, read_header

SHAPES = hnp.array_shapes(min_dims=2, max_dims=2, max_side=17)


@needs("hostile_pngsuite")
def test_png_masks_decode_as_with_pillow_and_come_back_exactly():
    modes = set()
    for path in files("hostile_pngsuite", "*.png"):
        data = path.read_bytes()
        try:
            mask = decode_mask(data, where=path.name)
        except ImageError:
            continue
        other = np.asarray(PilImage.open(io.BytesIO(data)))
        scale = {"L;2": 85, "L;4": 17}.get(read_header(data, where="").mode, 1)
        assert np.array_equal(mask.values, other // scale), path.name
        again = decode_mask(encode_mask(mask.values, mask.coding), where=path.name)
        assert np.array_equal(again.values, mask.values), path.name
        assert again.coding.mode == mask.coding.mode
        modes.add(mask.coding.mode)
    assert modes == {"1", "L", "P", "I;16", "RGB"}


@st.composite
def masks(draw):
    mode = draw(st.sampled_from(["1", "L", "P", "I;16", "RGB"]))
    dtype = np.uint16 if mode == "I;16" else np.uint8
    shape = (
        (*draw(hnp.array_shapes(min_dims=2, max_dims=2, max_side=17)), 3)
        if mode == "RGB"
        else draw(hnp.array_shapes(min_dims=2, max_dims=2, max_side=17))
    )
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
