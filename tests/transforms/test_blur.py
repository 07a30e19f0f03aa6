"""Blurs against second formulas."""

import numpy as np
import pytest
from albumentations.augmentations.blur import functional as albumentations
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageFilter
from scipy import ndimage
from skimage import data
from support.recipe_steps import applied, run

from augcli.errors import ImageError, RecipeError
from augcli.geometry import Frame
from augcli.recipe import parse_recipe
from augcli.transforms.blur import disc_kernel, line_kernel

PHOTO = data.astronaut()[60:160, 140:260]
GREY = data.camera()[100:180, 150:280]
PICTURES = pytest.mark.parametrize("picture", [PHOTO, GREY], ids=["rgb", "grey"])
INNER = slice(30, -30)  # albumentations mirrors without the edge pixel


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


@PICTURES
@pytest.mark.parametrize("size", [3, 5, 11])
def test_median_blur_is_scipys(picture, size):
    found, _ = run([{"median_blur": {"size": size}}], picture)
    window = (size, size, 1)[: picture.ndim]
    np.testing.assert_array_equal(found, ndimage.median_filter(picture, window, mode="nearest"))


def test_odd_sizes_of_a_range_are_equally_likely():
    step = [{"median_blur": {"size": [3, 7]}}]
    sizes = [applied(step, Frame(8, 8), copy=copy)[0].params["size"] for copy in range(600)]
    assert all(160 < sizes.count(size) < 240 for size in (3, 5, 7))
    assert set(sizes) == {3, 5, 7}


def test_an_even_size_is_a_mistake():
    with pytest.raises(RecipeError) as caught:
        parse_recipe("transforms: [median_blur: {size: [3, 6]}]", "r.yaml")
    assert str(caught.value) == (
        "r.yaml:1:34: transforms[0].median_blur.size: median_blur takes odd sizes, got 6: write 7"
    )


@pytest.mark.parametrize(
    ("dtype", "depth"), [(np.uint16, "16-bit pixels"), (np.float32, "floating-point pixels")]
)
def test_a_large_median_of_more_than_8_bits_is_refused_by_name(dtype, depth):
    with pytest.raises(ImageError) as caught:
        run([{"median_blur": {"size": 7}}], GREY.astype(dtype))
    assert str(caught.value) == (
        f"median_blur has size 7, and {depth} take at most 5; write median_blur: {{size: [3, 5]}}"
    )


def slow_line(size, degrees, direction):
    """Points along the line, each in the pixel that is nearest."""
    half = (size - 1) / 2
    begin, end = -half * min(1, 1 - direction), half * min(1, 1 + direction)
    points = np.linspace(begin - 0.5, end + 0.5, 200_001)
    reach = int(np.ceil(half))
    columns = reach - np.rint(points * np.cos(np.radians(degrees))).astype(int)
    rows = reach + np.rint(points * np.sin(np.radians(degrees))).astype(int)
    inside = (np.abs(columns - reach) <= reach) & (np.abs(rows - reach) <= reach)
    kernel = np.zeros((2 * reach + 1, 2 * reach + 1))
    np.add.at(kernel, (rows[inside], columns[inside]), 1)
    return kernel / kernel.sum()


@pytest.mark.parametrize("size", [2.5, 5, 9, 14.2])
@pytest.mark.parametrize("degrees", [0, 17, 45, 90, 130, -80])
@pytest.mark.parametrize("direction", [0, 1, -0.5])
def test_a_pixel_of_the_line_weighs_what_it_holds_of_it(size, degrees, direction):
    assert off(line_kernel(size, degrees, direction), slow_line(size, degrees, direction)) < 1e-4


@pytest.mark.parametrize("degrees", [0, 90, 180])
@pytest.mark.parametrize("direction", [0, 1, -1])
def test_along_the_axes_the_line_is_albumentations(degrees, direction):
    """Its kernel looks forwards where ours smears forwards, and its degrees are clockwise as seen."""
    theirs = albumentations.create_motion_kernel(
        7, -degrees, direction, allow_shifted=False, random_state=None
    )
    assert off(line_kernel(7, degrees, direction), theirs[::-1, ::-1] / theirs.sum()) < 1e-6


@given(st.floats(1, 40), st.floats(-360, 360), st.floats(-1, 1))
def test_a_line_kernel_is_a_mean(size, degrees, direction):
    kernel = line_kernel(size, degrees, direction)
    assert kernel.sum() == pytest.approx(1)
    assert kernel.min() >= 0
    assert kernel[len(kernel) // 2, len(kernel) // 2] > 0


@PICTURES
def test_motion_blur_is_the_correlation_with_its_line(picture):
    found, _ = run([{"motion_blur": {"size": 13, "degrees": 25, "direction": 0.3}}], picture)
    kernel = line_kernel(13, 25, 0.3)
    expected = ndimage.correlate(
        picture.astype(float), kernel[..., None] if picture.ndim == 3 else kernel, mode="reflect"
    )
    assert off(found, expected) <= 0.51


@pytest.mark.parametrize(
    ("degrees", "row", "column"), [(0, 15, 18), (90, 12, 15), (180, 15, 12), (-90, 18, 15)]
)
def test_forwards_smears_a_point_in_its_direction(degrees, row, column):
    point = np.zeros((31, 31), np.uint8)
    point[15, 15] = 255
    smeared, _ = run([{"motion_blur": {"size": 9, "degrees": degrees, "direction": 1}}], point)
    assert smeared[row, column] == smeared[15, 15] == 51
    assert smeared[30 - row, 30 - column] == 0


@pytest.mark.parametrize("radius", [1, 3, 6])
@pytest.mark.parametrize("sigma", [0.1, 0.5, 2.0])
def test_defocus_blur_is_albumentations(radius, sigma):
    found, _ = run([{"defocus_blur": {"radius": radius, "alias_sigma": sigma}}], PHOTO)
    theirs = albumentations.defocus(PHOTO, radius, sigma)
    assert off(found[INNER, INNER], theirs[INNER, INNER]) <= 1


@pytest.mark.parametrize(("radius", "taps"), [(8, 1), (9, 2), (30, 2)])
def test_a_disc_has_a_soft_rim_of_its_own(radius, taps):
    """Albumentations' kernel ends with the disc from radius 8 on, and mirrors the rim into it."""
    reach = np.arange(-radius, radius + 1)
    disc = np.pad((reach[:, None] ** 2 + reach**2 <= radius**2).astype(float), taps)
    expected = ndimage.gaussian_filter(disc, 0.7, mode="constant", radius=taps)
    assert off(disc_kernel(radius, 0.7), expected / expected.sum()) < 1e-12


def test_no_alias_sigma_is_a_hard_disc():
    """Albumentations' OpenCV takes a sigma of 0 for 0.8."""
    reach = np.arange(-5, 6)
    disc = np.pad((reach[:, None] ** 2 + reach**2 <= 25).astype(float), 1)
    assert off(disc_kernel(5, 0.0), disc / disc.sum()) < 1e-12
