"""Tone curves and histograms, against Pillow, OpenCV, scipy and albumentations."""

from itertools import pairwise

import albumentations as A  # noqa: N812 - as its users write it
import cv2
import numpy as np
import pytest
from albumentations.augmentations.pixel import functional
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps
from scipy.interpolate import PchipInterpolator
from skimage import data
from support.recipe_steps import program_of, run, variant_of

from augcli.data import PixelFormat, Sample
from augcli.errors import ImageError, RecipeError
from augcli.geometry import Frame
from augcli.render.render import RenderOptions, render
from augcli.transforms import curves

PHOTO = data.astronaut()[100:164, 150:230]
GREY = data.camera()[100:190, 200:300]
FLAT = np.full((40, 50, 3), 77, np.uint8)
DIM = np.uint8(60 + PHOTO * 0.4)
PICTURES = pytest.mark.parametrize("picture", [PHOTO, GREY, DIM, FLAT], ids=["photo", "grey", "dim", "flat"])
RAMP = np.arange(256, dtype=np.uint8).reshape(16, 16)
POINTS = [[0, 0.1], [0.2, 0.15], [0.5, 0.7], [0.8, 0.7], [1, 0.9]]
STEPS = {
    "invert": {},
    "solarize": {"threshold": 0.4},
    "posterize": {"bits": 3},
    "tone_curve": {"low_y": 0.1, "high_y": 0.8},
    "curve": {"points": POINTS},
    "equalize": {},
    "autocontrast": {"cutoff": 3},
    "clahe": {"clip_limit": 3, "tiles": 2},
}
EACH = pytest.mark.parametrize("name", STEPS)
WHOLE = pytest.mark.parametrize("name", sorted(set(STEPS) - {"clahe"}))


def ran(name, picture, **params):
    return run([{name: params or STEPS[name]}], picture)[0]


def pillow(operation, picture, *options, **named):
    return np.asarray(operation(Image.fromarray(picture), *options, **named))


def off(found, expected):
    return np.abs(found.astype(float) - expected).max()


def rendered(name, pixels, meaning):
    """A step on pixels (H, W, C) of another meaning than their channels and type say."""
    frame = Frame(pixels.shape[1], pixels.shape[0])
    sample = Sample(pixels, {}, meaning)
    return render(program_of([{name: STEPS[name]}], frame), sample, RenderOptions(), {}).sample.image


# curves


@PICTURES
def test_invert_is_pillows(picture):
    np.testing.assert_array_equal(ran("invert", picture), pillow(ImageOps.invert, picture))


@PICTURES
@pytest.mark.parametrize("threshold", [0, 1, 100, 128, 254, 256])
def test_solarize_is_pillows(picture, threshold):
    found = ran("solarize", picture, threshold=min(1.0, threshold / 255))
    np.testing.assert_array_equal(found, pillow(ImageOps.solarize, picture, threshold))


@PICTURES
@pytest.mark.parametrize("bits", range(1, 9))
def test_posterize_is_pillows(picture, bits):
    np.testing.assert_array_equal(
        ran("posterize", picture, bits=bits), pillow(ImageOps.posterize, picture, bits)
    )


@pytest.mark.parametrize(("high", "bits"), [(65535, 3), (65535, 8), (4095, 5)])
def test_posterize_masks_the_highest_bits_of_deeper_ranges(high, bits):
    levels = np.arange(high + 1, dtype=np.uint16).reshape(64, -1, 1)
    sample = Sample(levels, {}, PixelFormat("grey", high=high))
    program = program_of([{"posterize": {"bits": bits}}], Frame(levels.shape[1], 64))
    found = render(program, sample, RenderOptions(), {}).sample.image
    lost = (high + 1) >> bits
    np.testing.assert_array_equal(found, levels & ~np.uint16(lost - 1))


def test_posterize_of_floats_has_equal_steps_from_black():
    shares = np.linspace(0, 1, 1001, dtype=np.float32).reshape(7, 143)
    found = ran("posterize", shares, bits=2)
    np.testing.assert_array_equal(found, np.minimum(np.floor(shares * 4), 3) / 4)


@PICTURES
@pytest.mark.parametrize(("low_y", "high_y"), [(0.25, 0.75), (0.0, 1.0), (0.6, 0.1)])
def test_a_tone_curve_is_that_of_albumentations(picture, low_y, high_y):
    theirs = functional.move_tone_curve(picture, low_y, high_y)
    np.testing.assert_array_equal(ran("tone_curve", picture, low_y=low_y, high_y=high_y), theirs)


def test_a_straight_tone_curve_is_the_picture_at_sixteen_bits():
    levels = np.arange(65536, dtype=np.uint16).reshape(256, 256)
    np.testing.assert_array_equal(ran("tone_curve", levels, low_y=1 / 3, high_y=2 / 3), levels)


@PICTURES
@pytest.mark.parametrize("points", [POINTS, [[0, 1], [1, 0]], [[0, 0], [0.3, 0.9], [1, 0.2]]])
def test_a_curve_is_scipys_pchip(picture, points):
    x, y = np.array(points).T
    expected = np.clip(PchipInterpolator(x, y)(picture / 255), 0, 1) * 255
    assert off(ran("curve", picture, points=points), expected) <= 0.501


def test_a_straight_curve_is_the_picture_at_sixteen_bits():
    levels = np.arange(65536, dtype=np.uint16).reshape(256, 256)
    for points in ([[0, 0], [1, 1]], [[0, 0], [0.25, 0.25], [0.5, 0.5], [1, 1]]):
        np.testing.assert_array_equal(ran("curve", levels, points=points), levels)


heights = st.lists(st.floats(0, 1), min_size=2, max_size=8)


@settings(deadline=None)
@given(heights, st.randoms(use_true_random=False))
def test_a_curve_goes_through_its_points_and_never_beyond_them(ys, random):
    xs = [0.0, *sorted(random.sample(range(1, 1000), len(ys) - 2)), 1000.0]
    points = tuple((x / 1000, y) for x, y in zip(xs, ys, strict=True))
    curve = curves.PchipCurve(points)
    np.testing.assert_allclose(curve(np.array([x for x, _ in points])), ys, atol=1e-12)
    for (left, low), (right, high) in pairwise(points):
        between = curve(np.linspace(left, right, 30))
        assert between.min() >= min(low, high) - 1e-12
        assert between.max() <= max(low, high) + 1e-12
        assert (np.diff(between) * np.sign(high - low) >= -1e-12).all()


@settings(deadline=None)
@given(heights, st.randoms(use_true_random=False))
def test_any_curve_is_scipys_pchip(ys, random):
    xs = [0.0, *sorted(random.sample(range(1, 1000), len(ys) - 2)), 1000.0]
    x, y = np.array(xs) / 1000, np.array(ys)
    y[np.abs(y) < 1e-6] = 0  # scipy's harmonic mean divides by slopes of nearly nothing
    at = np.linspace(0, 1, 400)
    expected = PchipInterpolator(x, y)(at)
    np.testing.assert_allclose(curves.PchipCurve(tuple(zip(x, y, strict=True)))(at), expected, atol=1e-9)


@pytest.mark.parametrize(
    "neutral",
    [
        {"gamma": {"gamma": 1}},
        {"solarize": {"threshold": 1}},
        {"tone_curve": {"low_y": {"limit": 0}, "high_y": {"limit": 0}}},
        {"curve": {"points": [[0, 0], [1, 1]]}},
    ],
)
def test_neutral_values_change_no_bit_at_any_depth(neutral):
    for picture in (PHOTO, PHOTO.astype(np.uint16) * 257, PHOTO.astype(np.float32) / 255):
        np.testing.assert_array_equal(run([neutral], picture)[0], picture)


# histograms


@PICTURES
def test_equalize_is_pillows(picture):
    np.testing.assert_array_equal(ran("equalize", picture), pillow(ImageOps.equalize, picture))


def test_equalize_of_few_pixels_is_pillows_too():
    for side in (1, 2, 9, 15, 16, 17):
        few = PHOTO[:side, :side]
        np.testing.assert_array_equal(ran("equalize", few), pillow(ImageOps.equalize, few))


@PICTURES
def test_equalize_of_cv2_is_that_of_albumentations(picture):
    theirs = A.Equalize(mode="cv", p=1)(image=picture)["image"]
    np.testing.assert_array_equal(ran("equalize", picture, definition="cv2"), theirs)


@pytest.mark.parametrize("definition", ["pillow", "cv2"])
def test_equalize_uses_all_levels_of_sixteen_bits_alike(definition):
    deep = (np.linspace(0, 1, 300 * 400) ** 3 * 60000 + 1000).astype(np.uint16).reshape(300, 400)
    found = ran("equalize", deep, definition=definition)
    counts = np.histogram(found, bins=16, range=(0, 65536))[0]
    assert found.dtype == np.uint16
    assert np.abs(counts / found.size - 1 / 16).max() < 0.03
    assert found.max() == 65535


@PICTURES
@pytest.mark.parametrize("cutoff", [0, 0.5, 2, 10, 49])
def test_autocontrast_is_pillows(picture, cutoff):
    found = ran("autocontrast", picture, cutoff=cutoff)
    np.testing.assert_array_equal(found, pillow(ImageOps.autocontrast, picture, cutoff=cutoff))


def test_autocontrast_stretches_sixteen_bits_to_the_range():
    deep = (1000 + PHOTO.astype(np.uint16) * 100)[..., :1]
    found = ran("autocontrast", deep[..., 0], cutoff=0)
    assert (found.min(), found.max()) == (0, 65535)
    low, high = int(deep.min()), int(deep.max())
    assert off(found, (deep[..., 0] - low) * (65535 / (high - low))) <= 1
    sample = Sample(deep, {}, PixelFormat("grey", low=500, high=40000))
    stretched = render(program_of(["autocontrast"], Frame(80, 64)), sample, RenderOptions(), {}).sample.image
    assert (stretched.min(), stretched.max()) == (500, 40000)


@pytest.mark.parametrize("picture", [PHOTO, GREY, DIM], ids=["photo", "grey", "dim"])
@pytest.mark.parametrize(("limit", "tiles"), [(1.0, 8), (4.0, 8), (40.0, 2)])
def test_clahe_is_that_of_albumentations(picture, limit, tiles):
    theirs = A.CLAHE((limit, limit), (tiles, tiles), p=1)(image=picture)["image"]
    np.testing.assert_array_equal(ran("clahe", picture, clip_limit=limit, tiles=tiles), theirs)


def test_tiles_are_counted_across_and_down():
    theirs = cv2.createCLAHE(3.0, (5, 2)).apply(GREY)
    np.testing.assert_array_equal(ran("clahe", GREY, clip_limit=3, tiles="5x2"), theirs)
    assert (ran("clahe", GREY, clip_limit=3, tiles="2x5") != theirs).any()


def test_clahe_of_sixteen_bits_is_opencvs_of_all_levels():
    deep = GREY.astype(np.uint16) * 257
    theirs = cv2.createCLAHE(3.0, (8, 8)).apply(deep)
    assert off(ran("clahe", deep, clip_limit=3), theirs) <= 1
    twelve = (GREY.astype(np.uint16) * 16)[..., None]
    scaled = cv2.createCLAHE(3.0, (2, 2)).apply(np.rint(twelve[..., 0] * (65535 / 4095)).astype(np.uint16))
    assert off(rendered("clahe", twelve, PixelFormat("grey", high=4095))[..., 0], scaled / 16.0037) <= 1


def test_clahe_of_deep_rgb_changes_the_lightness_of_lab():
    found = ran("clahe", PHOTO.astype(np.uint16) * 257, clip_limit=3, tiles=2)
    before, after = (
        cv2.cvtColor(p.astype(np.float32) / q, cv2.COLOR_RGB2LAB) for p, q in ((PHOTO, 255), (found, 65535))
    )
    inside = (found > 0).all(axis=-1) & (found < 65535).all(axis=-1)
    assert np.abs(after - before)[inside][:, 1:].max() < 0.6
    lightness = np.rint(before[..., 0] * 655.35).astype(np.uint16)
    expected = cv2.createCLAHE(3.0, (2, 2)).apply(lightness) / 655.35
    assert np.abs(after[..., 0] - expected)[inside].max() < 0.3  # of 100: OpenCV's Lab and back


def test_clahe_takes_pictures_smaller_than_its_tiles():
    for width, height in ((1, 1), (3, 2), (9, 5)):
        assert ran("clahe", PHOTO[:height, :width], tiles=8).shape == (height, width, 3)


# depths, grey, bands


@WHOLE
def test_sixteen_bits_are_eight_bits_with_more_depth(name):
    deep = ran(name, PHOTO.astype(np.uint16) * 257)
    assert deep.dtype == np.uint16
    most = {"posterize": 0.97, "equalize": 1.6, "autocontrast": 1.01}.get(name, 0.51)  # what 8 bits cut off
    assert np.abs(deep / 257 - ran(name, PHOTO)).max() <= most


@WHOLE
def test_floats_stay_in_their_range(name):
    depth = PHOTO[..., :1].astype(np.float32) * 4 - 100
    found = rendered(name, depth, PixelFormat("grey", low=-100, high=920))
    assert found.dtype == np.float32
    assert -100 <= found.min() < found.max() <= 920
    shares = (found[..., 0] + 100) / 1020
    most = {"posterize": 0.9, "equalize": 1.6, "autocontrast": 1.01}.get(name, 0.51)
    assert np.abs(shares * 255 - ran(name, PHOTO[..., 0])).max() <= most


def test_clahe_refuses_floats_by_name():
    with pytest.raises(ImageError) as caught:
        ran("clahe", PHOTO.astype(np.float32) / 255)
    assert str(caught.value) == (
        "clahe takes pictures of 8 or 16 bits, not of floats; leave clahe out of the recipe"
    )


@EACH
def test_bands_are_each_a_grey_picture(name):
    bands = np.dstack([PHOTO, PHOTO[..., ::-1]])[..., :5]
    found = rendered(name, bands, PixelFormat("multi"))
    for band in range(5):
        np.testing.assert_array_equal(found[..., band], ran(name, np.ascontiguousarray(bands[..., band])))


@EACH
def test_alpha_is_left_alone(name):
    rgba = np.dstack([PHOTO, PHOTO[..., 0]])
    found = ran(name, rgba)
    np.testing.assert_array_equal(found[..., 3], rgba[..., 3])
    np.testing.assert_array_equal(found[..., :3], ran(name, PHOTO))


# mistakes


@pytest.mark.parametrize(
    ("step", "message"),
    [
        ({"solarize": {"threshold": 128}}, "threshold: expected at least 0 and at most 1, got 128"),
        ({"posterize": {"bits": 0}}, "bits: expected at least 1 and at most 8, got 0"),
        ({"posterize": {"bits": 3.5}}, "bits: expected a whole number, got 3.5"),
        ({"autocontrast": {"cutoff": 60}}, "cutoff: expected at least 0 and at most 49, got 60"),
        ({"clahe": {"clip_limit": 0}}, "clip_limit: expected at least 1 and at most 100, got 0"),
        ({"clahe": {"tiles": 0}}, "tiles: expected 8 or 8x8 (tiles across x down, 1 to 64), got 0"),
        ({"clahe": {"tiles": [8, 8]}}, "tiles: expected 8 or 8x8 (tiles across x down, 1 to 64), got [8, 8]"),
        ({"equalize": {"definition": "pil"}}, "definition: expected pillow or cv2, got 'pil'"),
        (
            {"curve": {"points": [[0, 0], [1, 300]]}},
            "points: expected pairs of numbers from 0 to 1, like [[0, 0], [0.5, 0.6], [1, 1]]",
        ),
        (
            {"curve": {"points": [[0, 0]]}},
            "points: a curve has 2 to 256 points, the first at x = 0, the last at x = 1, "
            "like [[0, 0], [0.5, 0.6], [1, 1]]",
        ),
        (
            {"curve": {"points": [[0, 0], [0.5, 0.2], [0.5, 0.3], [1, 1]]}},
            "points: the points of a curve have rising x, got 0, 0.5, 0.5, 1",
        ),
    ],
)
def test_a_mistake_gets_its_line(step, message):
    with pytest.raises(RecipeError) as caught:
        variant_of([step])
    assert str(caught.value).endswith(f".{message}")
