"""Several pictures in one file: TIFF pages and the frames of animations, read and written."""

import io

import numpy as np
import pytest
import tifffile
from PIL import Image as PilImage
from support.image_files import GREY, NOISE, PAGES, RNG, files, needs, refusal, saved

from augcli.data import Coding
from augcli.errors import ImageError
from augcli.imageio import (
    count_frames,
    decode_image,
    decode_mask,
    decode_mask_page,
    decode_mask_pages,
    decode_page,
    decode_pages,
    encode_image,
    encode_mask_pages,
    encode_pages,
    read_header,
)

TWO = {"save_all": True, "append_images": [PilImage.new("L", (9, 12), 9)]}
SEPARATE = "save each page as a file of its own"


def stack(*pages, **options):
    buffer = io.BytesIO()
    with tifffile.TiffWriter(buffer) as writer:
        for page in pages:
            own = page if isinstance(page, dict) else {"data": page}
            writer.write(**own, metadata=None, contiguous=False, **options)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("name", "word"), [("TIFF", "pages"), ("GIF", "frames"), ("PNG", "frames"), ("WEBP", "frames")]
)
def test_one_picture_is_not_taken_from_several(name, word):
    data = saved(GREY, name, **TWO)
    expected = f"a.x: 2 {word} in one file, where one picture is expected; {PAGES}"
    assert refusal(decode_image, data) == expected
    assert read_header(data, where="a").frames == 2


def test_one_mask_is_not_taken_from_several():
    tiff, gif = saved(GREY, "TIFF", **TWO), saved(GREY, "GIF", **TWO)
    assert refusal(decode_mask, tiff) == f"a.x: 2 pages in one file, where one picture is expected; {PAGES}"
    animation = "an animation of 2 frames: no exact labels can be read from it"
    for function in (decode_mask, decode_mask_pages):
        expected = f"a.x: {animation}; save the masks as the pages of one TIFF"
        assert refusal(function, gif) == expected


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
@pytest.mark.parametrize("channels", [1, 2, 3, 4, 5])
def test_stack_comes_back_exactly(dtype, channels):
    pages = [RNG.integers(0, 250, (4, 3, channels)).astype(dtype) for _ in range(3)]
    data = encode_pages(pages, format="tiff", icc=b"profile")
    images = decode_pages(data, where="a")
    assert np.array_equal([image.pixels for image in images], pages)
    assert {(image.icc, image.pixels.dtype.name) for image in images} == {(b"profile", dtype)}
    assert data == encode_pages(pages, format="tiff", icc=b"profile")


@pytest.mark.parametrize("channels", [3, 4])
def test_apng_comes_back_exactly_also_where_frames_are_equal(channels):
    one, two = (RNG.integers(1, 255, (4, 3, channels), dtype=np.uint8) for _ in range(2))
    pages = [one, one, two, one]
    assert np.array_equal(
        [i.pixels for i in decode_pages(encode_pages(pages, format="png"), where="a")], pages
    )


@pytest.mark.parametrize("kind", ["tiff", "png"])
def test_one_page_is_that_of_the_stack(kind):
    data = encode_pages([NOISE, NOISE ^ 1, NOISE ^ 2], format=kind)
    page, pages = decode_page(data, 2, where="a"), decode_pages(data, where="a")
    assert np.array_equal(page.pixels, pages[1].pixels)
    assert (page.alpha, page.note, page.format) == (pages[1].alpha, pages[1].note, kind)


def test_one_page_of_a_mask_is_that_of_the_stack():
    data = encode_mask_pages([GREY, GREY ^ 1], [Coding("L")] * 2)
    assert np.array_equal(decode_mask_page(data, 2, where="a").values, GREY ^ 1)


def test_page_that_there_is_not_is_said():
    data = encode_mask_pages([GREY, GREY], [Coding("L")] * 2)
    for function in (decode_page, decode_mask_page):
        with pytest.raises(ImageError) as caught:
            function(data, 3, where="a")
        assert str(caught.value) == (
            "a: page 3 is wanted, and it has 2; if the file is being changed, run again later"
        )


def test_file_of_one_picture_is_a_stack_of_one():
    for name in ("png", "tiff", "jpeg"):
        data = encode_image(NOISE, format=name)
        image, (page,) = decode_image(data, where="a"), decode_pages(data, where="a")
        assert np.array_equal(image.pixels, page.pixels)
        assert page.note == image.note


@pytest.mark.parametrize(
    ("name", "dtype", "what"),
    [
        ("png", "uint16", "PNG cannot hold pages of 16-bit pixels"),
        ("jpeg", "uint8", "JPEG cannot hold pages of 8-bit pixels"),
    ],
)
def test_stack_that_a_format_cannot_hold_is_said(name, dtype, what):
    with pytest.raises(ImageError) as caught:
        encode_pages([np.zeros((2, 2, 1), dtype)] * 2, format=name, where="b")
    assert str(caught.value) == f"b: {what}; set `output.image.format: tiff`"


@pytest.mark.parametrize(
    ("mode", "dtype", "highest"),
    [
        ("1", "uint8", 1),
        ("L", "uint8", 255),
        ("P", "uint8", 255),
        ("I;16", "uint16", 65_535),
        ("RGB", "uint8", 255),
    ],
)
def test_stack_of_masks_comes_back_exactly(mode, dtype, highest):
    shape = (5, 9, 3) if mode == "RGB" else (5, 9)
    pages = [RNG.integers(0, highest, shape, dtype, endpoint=True) for _ in range(3)]
    palette = bytes(range(256)) * 3 if mode == "P" else None
    masks = decode_mask_pages(encode_mask_pages(pages, [Coding(mode, palette)] * len(pages)), where="a")
    assert np.array_equal([mask.values for mask in masks], pages)
    assert {mask.coding for mask in masks} == {Coding(mode, palette)}


def test_each_page_of_a_mask_keeps_its_own_palette():
    codings = [Coding("P", RNG.bytes(768)) for _ in range(3)]
    data = encode_mask_pages([GREY, GREY ^ 1, GREY ^ 2], codings)
    assert [mask.coding for mask in decode_mask_pages(data, where="a")] == codings
    assert [decode_mask_page(data, number, where="a").coding for number in (1, 2, 3)] == codings


def test_label_beyond_the_coding_of_a_stack_is_said():
    with pytest.raises(ImageError, match="the label 300 does not fit a mask of mode L, which ends at 255"):
        encode_mask_pages([np.array([[1]]), np.array([[300]])], [Coding("L")] * 2)


@needs("seg_nuclei")
def test_stack_of_nuclei_agrees_with_tifffile():
    image, mask = (files("seg_nuclei", f"{name}3d.tif")[0] for name in ("img", "mask"))
    pages = decode_pages(image.read_bytes(), where="a")
    assert np.array_equal([page.pixels[..., 0] for page in pages], tifffile.imread(image))
    masks = decode_mask_pages(mask.read_bytes(), where="a")
    assert np.array_equal([page.values for page in masks], tifffile.imread(mask))
    assert len(masks) == 31


def test_thumbnails_and_transparency_masks_are_no_pages():
    thumbnail = {"data": NOISE[::2, ::2], "subfiletype": 1, "photometric": "rgb"}
    mask = {"data": GREY > 9, "subfiletype": 4, "photometric": "minisblack"}
    for second in (thumbnail, mask):
        data = stack({"data": NOISE, "photometric": "rgb"}, second)
        assert read_header(data, where="a").frames == 1
        assert np.array_equal(decode_image(data, where="a").pixels, NOISE)


def test_thumbnail_in_front_is_passed_over():
    data = stack({"data": NOISE[::2, ::2], "subfiletype": 1}, NOISE, photometric="rgb")
    assert decode_image(data, where="a").stored_size == (9, 12)


def test_pages_that_differ_are_refused_by_name():
    data = stack({"data": NOISE, "photometric": "rgb"}, {"data": GREY})
    what = "its pages are not of one kind: page 1 is 9x12 RGB, page 2 is 9x12 L"
    assert refusal(decode_pages, data) == f"a.x: {what}; {SEPARATE}"
    data = stack(GREY.astype(np.uint16), GREY[1:].astype(np.uint16))
    what = "its pages are not of one kind: page 1 is 9x12 I;16, page 2 is 9x11 I;16"
    assert refusal(decode_mask_pages, data) == f"a.x: {what}; {SEPARATE}"


def test_page_that_cannot_be_read_is_named_before_the_number_of_pages():
    data = stack(GREY.astype(np.int16), GREY.astype(np.int16))
    for function, line in (
        (decode_image, "pictures of this kind are not read"),
        (decode_mask, "no exact labels"),
    ):
        assert refusal(function, data).startswith(f"a.x: signed 16-bit grey: {line}")


def test_stack_has_at_most_four_times_the_pixels_of_a_picture():
    others = [PilImage.fromarray(NOISE ^ np.uint8(n)) for n in (1, 2, 4, 8)]
    for data in (stack(*[GREY] * 5), saved(NOISE, "PNG", save_all=True, append_images=others)):
        assert len(decode_pages(data, where="a", max_pixels=135)) == 5
        assert refusal(decode_pages, data, max_pixels=134) == (
            "a.x: 540 pixels are more than the limit of 536 for all pages; "
            "if the file is to be trusted, use `--max-pixels 135`"
        )


def test_more_pages_than_ten_thousand_are_refused(monkeypatch):
    monkeypatch.setattr("augcli.imageio.tiff.MAX_PAGES", 3)
    assert "(more than 3 pages)" in refusal(read_header, stack(*[GREY] * 4))


def test_pages_in_a_ring_end():
    data = bytearray(stack(GREY))
    first = int.from_bytes(data[4:8], "little")
    end = first + 2 + 12 * int.from_bytes(data[first : first + 2], "little")
    data[end : end + 4] = data[4:8]
    assert read_header(bytes(data), where="a").frames == 1


def test_animation_is_read_as_it_is_shown():
    first, second = PilImage.new("RGB", (4, 2), "red"), PilImage.new("RGB", (4, 2), "red")
    second.putpixel((1, 1), (0, 0, 255))
    for name in ("GIF", "PNG", "WEBP"):
        options = {"lossless": True} if name == "WEBP" else {}
        frames = decode_pages(saved(first, name, save_all=True, append_images=[second], **options), where="a")
        assert np.array_equal([f.pixels for f in frames], [np.asarray(first), np.asarray(second)])
        assert {(f.colors, f.alpha, f.note) for f in frames} == {
            ("rgb", False, "a frame of an animation, as it is shown")
        }


@needs("fmt_16bit_etc")
def test_cover_of_an_apng_is_no_frame():
    path = files("fmt_16bit_etc", "fcTL-blend-source-transparent.png")[0]
    data = path.read_bytes()
    assert read_header(data, where="a").frames == len(decode_pages(data, where="a")) == 2


@needs("fmt_16bit_etc")
def test_animation_of_16_bits_is_refused():
    path = files("fmt_16bit_etc", "rgba16.png")[0]
    expected = "a.x: an animation of 16 bits: it is not read; save each frame as a PNG of its own"
    assert refusal(decode_pages, path.read_bytes()) == expected


# --- counting


class Watched(io.BytesIO):
    """A file that counts what is read of it."""

    taken = 0

    def read(self, size=-1, /):
        data = super().read(size)
        self.taken += len(data)
        return data


def big_stack(*pages):
    buffer = io.BytesIO()
    with tifffile.TiffWriter(buffer, bigtiff=True) as writer:
        for page in pages:
            writer.write(page, metadata=None, contiguous=False)
    return buffer.getvalue()


SHOWN_APART = {"save_all": True, "default_image": True, "append_images": [PilImage.new("L", (9, 12), 9)] * 2}
COUNTED = {
    "a picture": saved(GREY, "PNG"),
    "a JPEG": saved(GREY, "JPEG"),
    "a BMP": saved(GREY, "BMP"),
    "a still GIF": saved(GREY, "GIF"),
    "a still WebP": saved(GREY, "WEBP"),
    "a still WebP of the extended kind": saved(NOISE, "WEBP", exif=b"Exif\0\0" + bytes(8)),
    **{f"an animated {name}": saved(GREY, name, **TWO) for name in ("PNG", "GIF", "WEBP", "TIFF")},
    "an APNG with a picture that is not shown": saved(GREY, "PNG", **SHOWN_APART),
    "a stack with a thumbnail": stack(GREY, {"data": GREY[::2], "subfiletype": 1}, GREY),
    "a BigTIFF": big_stack(GREY, GREY, GREY),
}


@pytest.mark.parametrize("name", COUNTED)
def test_frames_are_counted_as_the_header_counts_them(name):
    assert count_frames(io.BytesIO(COUNTED[name]), where="a") == read_header(COUNTED[name], where="a").frames


def test_no_pixels_are_read_to_count_frames():
    noise = RNG.integers(0, 256, (300, 400, 3), dtype=np.uint8)
    for data in (encode_pages([noise] * 3, format="tiff"), saved(noise, "PNG"), saved(noise, "WEBP")):
        file = Watched(data)
        count_frames(file, where="a")
        assert len(data) > 50_000 > 20 * file.taken


def test_what_is_no_picture_has_no_frames():
    for data, what in ((b"", "the file is empty (0 bytes)"), (b"II*\0", "cannot be read as TIFF")):
        with pytest.raises(ImageError) as caught:
            count_frames(io.BytesIO(data), where="a")
        assert what in str(caught.value)


@needs("hostile_pillow")
def test_frames_of_odd_files_are_counted_as_the_header_counts_them():
    for path in files("hostile_pillow"):
        data = path.read_bytes()
        try:
            frames = read_header(data, where="a", max_pixels=2**62).frames
        except ImageError:
            continue
        assert count_frames(io.BytesIO(data), where="a") == frames, path
