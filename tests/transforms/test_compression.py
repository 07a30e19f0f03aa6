"""Artefacts of storage against the libraries that make them."""

import io

import albumentations
import numpy as np
import pytest
from PIL import Image
from skimage import data
from support.recipe_steps import run

from augcli.errors import ImageError
from augcli.imageio import decode_image, encode_image
from augcli.transforms.compression import downscaled

PHOTO = data.astronaut()[60:160, 140:260]
GREY = data.camera()[100:180, 150:280]
PICTURES = pytest.mark.parametrize("picture", [PHOTO, GREY], ids=["rgb", "grey"])
CODECS = pytest.mark.parametrize("name", ["jpeg_artefacts", "webp_artefacts"])


def stored(picture, kind, **options):
    """What Pillow writes and reads again."""
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, kind, **options)
    return np.asarray(Image.open(buffer).convert("L" if picture.ndim == 2 else "RGB"))


def psnr(a, b):
    return 10 * np.log10(255**2 / np.square(a.astype(float) - b).mean())


@PICTURES
@pytest.mark.parametrize("quality", [1, 10, 50, 95, 100])
def test_jpeg_artefacts_are_pillows(picture, quality):
    """Both are libjpeg-turbo with 4:2:0; ours has its fast transform, which is a little less exact."""
    found, _ = run([{"jpeg_artefacts": {"quality": quality}}], picture)
    theirs = stored(picture, "JPEG", quality=quality, subsampling=2)
    assert np.square(found.astype(float) - theirs).mean() < 3
    assert psnr(theirs, picture) - psnr(found, picture) < 1


@PICTURES
def test_jpeg_artefacts_are_those_of_a_written_file(picture):
    found, _ = run([{"jpeg_artefacts": {"quality": 30}}], picture)
    data = encode_image(np.atleast_3d(picture), format="jpeg", quality=30)
    expected = decode_image(data, where="a.jpg").pixels
    np.testing.assert_array_equal(found, expected.reshape(picture.shape))


@PICTURES
@pytest.mark.parametrize("quality", [1, 40, 100])
def test_webp_artefacts_are_pillows(picture, quality):
    found, _ = run([{"webp_artefacts": {"quality": quality}}], picture)
    theirs = stored(picture, "WEBP", quality=quality)
    assert np.abs(found.astype(int) - theirs).max() <= 1


@CODECS
def test_less_quality_is_farther_from_the_picture(name):
    results = [run([{name: {"quality": quality}}], PHOTO)[0] for quality in (5, 25, 60, 95)]
    distances = [psnr(result, PHOTO) for result in results]
    assert distances == sorted(distances)


@CODECS
@pytest.mark.parametrize(
    ("dtype", "depth"), [(np.uint16, "16-bit pixels"), (np.float32, "floating-point pixels")]
)
def test_more_than_8_bits_are_refused_by_name(name, dtype, depth):
    with pytest.raises(ImageError) as caught:
        run([{name: {"quality": 50}}], PHOTO.astype(dtype))
    assert str(caught.value) == (
        f"{name} takes 8-bit pixels, this picture has {depth}; leave {name} out of the recipe"
    )


def test_a_side_that_webp_does_not_have_is_refused_by_name():
    with pytest.raises(ImageError) as caught:
        run([{"webp_artefacts": {"quality": 50}}], np.zeros((2, 16384), np.uint8))
    assert str(caught.value) == (
        "webp_artefacts takes sides of at most 16383 pixels, this picture is 16384x2; resize or crop first"
    )


def areas(few, many):
    """How much of each of `few` cells each of `many` pixels is, rows of sum 1."""
    edges = np.linspace(0, many, few + 1)
    pixels = np.arange(many)
    shared = np.minimum(edges[1:, None], pixels + 1) - np.maximum(edges[:-1, None], pixels)
    return np.clip(shared, 0, None) * few / many


def slow_downscale(picture, factor):
    height, width = picture.shape[:2]
    rows, columns = max(1, round(factor * height)), max(1, round(factor * width))
    small = np.tensordot(areas(rows, height), picture.astype(float), (1, 0))
    small = np.moveaxis(np.tensordot(areas(columns, width), small, (1, 1)), 0, 1)
    row = ((np.arange(height) + 0.5) * rows / height).astype(int)
    column = ((np.arange(width) + 0.5) * columns / width).astype(int)
    return small[row][:, column]


@PICTURES
@pytest.mark.parametrize("factor", [0.001, 0.25, 0.37, 0.9])
def test_downscale_is_the_mean_of_areas(picture, factor):
    found, _ = run([{"downscale": {"factor": factor}}], picture)
    assert np.abs(found - slow_downscale(picture, factor)).max() <= 0.6


def test_downscale_is_albumentations_with_areas():
    pair = {"downscale": 3, "upscale": 1}  # OpenCV's area and linear
    theirs = albumentations.Downscale(scale_range=(0.25, 0.25), interpolation_pair=pair, p=1)(image=PHOTO)
    found, _ = run([{"downscale": {"factor": 0.25, "interpolation": "linear"}}], PHOTO)
    assert np.abs(found.astype(int) - theirs["image"]).max() <= 1


def test_a_factor_that_leaves_every_pixel_is_the_identity():
    np.testing.assert_array_equal(downscaled(PHOTO, 0.999, "nearest"), PHOTO)
