"""Blurs and noise against second formulas."""

import numpy as np
import pytest
from PIL import Image, ImageFilter
from scipy import ndimage
from skimage import data
from steps import applied, run

from augcli.geometry import Frame
from augcli.keys import key_of
from augcli.sample import PixelFormat
from augcli.transforms.filters import add_noise

PHOTO = data.astronaut()[60:160, 140:260]
GREY = data.camera()[100:180, 150:280]
PICTURES = pytest.mark.parametrize("picture", [PHOTO, GREY], ids=["rgb", "grey"])


def off(found, expected):
    return np.abs(found.astype(float) - expected).max()


@PICTURES
@pytest.mark.parametrize("sigma", [0.4, 1.0, 2.5, 6.0])
def test_gaussian_blur_is_scipys(picture, sigma):
    found, _ = run([{"gaussian_blur": {"sigma": sigma}}], picture)
    along = (sigma, sigma, 0)[: picture.ndim]
    expected = ndimage.gaussian_filter(picture.astype(float), along, mode="reflect", truncate=4)
    assert off(found, expected) <= 1.1  # OpenCV's Gaussian of 8-bit pictures has weights of 8 bits


def test_a_gaussian_keeps_the_mean():
    found, _ = run([{"gaussian_blur": {"sigma": 3}}], GREY)
    assert abs(found.mean() - GREY.mean()) < 0.5


@PICTURES
@pytest.mark.parametrize("size", [3, 5, 9])
def test_box_blur_is_the_mean_of_a_square(picture, size):
    found, _ = run([{"box_blur": {"size": size}}], picture)
    along = (size, size, 1)[: picture.ndim]
    assert off(found, ndimage.uniform_filter(picture.astype(float), along, mode="nearest")) <= 1


@PICTURES
@pytest.mark.parametrize("size", [1.5, 2.0, 4.0])
def test_a_box_of_broken_size_weighs_its_rim(picture, size):
    found, _ = run([{"box_blur": {"size": size}}], picture)
    whole = int((size - 1) // 2)
    rim = ((size - 1) / 2 - whole) / size
    kernel = np.array([rim, *[1 / size] * (2 * whole + 1), rim])
    expected = picture.astype(float)
    for axis in (0, 1):
        expected = ndimage.correlate1d(expected, kernel, axis=axis, mode="nearest")
    assert off(found, expected) <= 1


def test_box_blur_is_pillows_within_its_rounding_between_rows_and_columns():
    found, _ = run([{"box_blur": {"size": 4}}], PHOTO)
    expected = Image.fromarray(PHOTO).filter(ImageFilter.BoxBlur(1.5))
    assert off(found, np.asarray(expected, float)) <= 1


def test_noise_has_mean_zero_and_its_deviation():
    flat = np.full((300, 400, 3), 128, np.uint8)
    noise = run([{"gaussian_noise": {"std": 0.04}}], flat)[0] - 128.0
    assert abs(noise.mean()) < 4 * 10.2 / np.sqrt(noise.size)
    assert noise.std() == pytest.approx(np.hypot(0.04 * 255, np.sqrt(1 / 12)), rel=0.01)


def test_noise_of_pixels_and_channels_is_not_related():
    flat = np.full((300, 400, 3), 128, np.uint8)
    noise = run([{"gaussian_noise": {"std": 0.04}}], flat)[0] - 128.0
    pairs = ((noise[1:], noise[:-1]), (noise[:, 1:], noise[:, :-1]), (noise[..., 0], noise[..., 1]))
    for a, b in pairs:
        assert abs(np.corrcoef(a.ravel(), b.ravel())[0, 1]) < 4 / np.sqrt(a.size)


def test_noise_is_drawn_for_each_copy_and_source():
    step = [{"gaussian_noise": {"std": 0.04}}]
    flat = np.full((8, 8, 3), 128, np.uint8)
    pictures = [run(step, flat, copy=c, key=k)[0].tobytes() for c in (1, 2) for k in ("a", "b")]
    assert len(set(pictures)) == 4
    assert pictures[0] == run(step, flat, copy=1, key="a")[0].tobytes()


def test_noise_is_stored_as_a_key():
    (step,) = applied([{"gaussian_noise": {"std": 0.04}}], Frame(8, 8))
    assert step.params == {"std": 0.04, "key": key_of(0, "key", "aug", 1, "gaussian_noise#0", "noise")}


def test_noise_is_clipped_and_rounded():
    ends = np.array([[[0, 255]]], np.uint8).repeat(50, axis=1)
    noisy = add_noise(ends, PixelFormat(), 0.1, key_of("clip"))
    assert noisy.dtype == np.uint8
    assert set(np.unique(noisy[..., 0])) >= {0}
    assert noisy[..., 0].max() < 128 < noisy[..., 1].min()
