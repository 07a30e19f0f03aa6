"""What all steps that end the warp share: depths, bands, the range, neutral values."""

import numpy as np
import pytest
from skimage import data
from support.recipe_steps import drawn, run

from augcli.data import PixelFormat
from augcli.errors import ImageError
from augcli.geometry import Frame
from augcli.recipe import parse_recipe
from augcli.transforms import TRANSFORMS
from augcli.transforms.filters import pixels_of, shares_of

PHOTO = data.astronaut()[60:160, 140:260]
STEPS = {
    "gaussian_blur": {"sigma": 1.5},
    "box_blur": {"size": 4},
    "median_blur": {"size": 5},
    "motion_blur": {"size": 9, "degrees": 30},
    "defocus_blur": {"radius": 4},
    "sharpen": {"factor": 2.5},
    "unsharp_mask": {"sigma": 2, "amount": 1.5},
    "emboss": {"alpha": 0.5},
    "gaussian_noise": {"std": 0.05},
    "speckle_noise": {"std": 0.2},
    "salt_and_pepper": {"amount": 0.05},
    "iso_noise": {"intensity": 0.5},
    "downscale": {"factor": 0.4},
    "vignette": {"strength": 0.6},
    "gradient_illumination": {"strength": 0.5, "degrees": 20},
    "shadow": {"strength": 0.5, "count": 3},
    "sun_flare": {"strength": 0.9},
    "fog": {"density": 0.8},
    "rain": {"density": 0.1},
    "snow": {"density": 0.1},
}
ALL = pytest.mark.parametrize("name", STEPS)


def filtered(name, pixels, meaning=None, **params):
    """A step on pixels (H, W, C), with the draws of its first copy."""
    step = drawn([{name: STEPS.get(name, {}) | params}])[0]
    frame = Frame(pixels.shape[1], pixels.shape[0])
    (applied,) = step.transform.resolve(step.values, frame)
    operation = TRANSFORMS[name].operate(applied.params, frame)
    return operation.run(pixels, meaning or PixelFormat.of(pixels))


def test_the_list_is_complete():
    mine = {name for name, t in TRANSFORMS.items() if t.family in ("filter", "noise", "artefact", "weather")}
    others = {"end_warp", "poisson_noise", "jpeg_artefacts", "webp_artefacts"}  # in tests of their own
    assert mine == {*STEPS, *others}


@ALL
def test_16_bits_give_the_same_picture(name):
    deep = filtered(name, PHOTO.astype(np.uint16) * 257)
    assert deep.dtype == np.uint16
    assert np.abs(deep / 257 - filtered(name, PHOTO)).max() <= 1.1


@ALL
def test_floats_give_the_same_picture(name):
    shares = filtered(name, PHOTO.astype(np.float32) / 255)
    assert shares.dtype == np.float32
    assert np.abs(shares * 255 - filtered(name, PHOTO)).max() <= 1.1
    assert shares.min() >= 0
    assert shares.max() <= 1


@ALL
def test_a_declared_range_is_scaled_and_kept(name):
    """12 bits in 16: full scale is 4095, and nothing gets beyond it."""
    levels = np.rint(PHOTO * (4095 / 255)).astype(np.uint16)
    result = filtered(name, levels, PixelFormat("rgb", False, 0, 4095))
    assert result.max() <= 4095
    assert np.abs(result / 4095 * 255 - filtered(name, PHOTO)).max() <= 2.5


@pytest.mark.parametrize("name", sorted(set(STEPS) - {"iso_noise"}))
def test_many_bands_are_filtered_each(name):
    bands = np.dstack([PHOTO, PHOTO[..., ::-1]])
    result = filtered(name, bands)
    assert result.shape == bands.shape
    if name not in (
        "gaussian_noise",
        "speckle_noise",
        "sun_flare",
    ):  # noise of each band; light of one colour
        assert np.abs(result[..., :3].astype(int) - filtered(name, PHOTO)).max() <= 1


@pytest.mark.parametrize("name", ["iso_noise", "jpeg_artefacts", "webp_artefacts"])
def test_what_needs_colours_refuses_many_bands_by_name(name):
    params = {} if name == "iso_noise" else {"quality": 50}
    with pytest.raises(ImageError) as caught:
        filtered(name, np.dstack([PHOTO, PHOTO]), **params)
    expected = f"{name} has no meaning for a picture of 6 bands; leave {name} out of the recipe"
    assert str(caught.value) == expected


@ALL
def test_a_picture_of_one_pixel_is_no_trouble(name):
    assert filtered(name, PHOTO[:1, :1]).shape == (1, 1, 3)


@ALL
def test_the_given_pixels_are_not_written_to(name):
    pixels = PHOTO.copy()
    pixels.flags.writeable = False
    filtered(name, pixels)
    np.testing.assert_array_equal(pixels, PHOTO)


def test_shares_are_pixels_again():
    levels = np.arange(65536, dtype=np.uint16).reshape(256, 256, 1)
    meaning = PixelFormat.of(levels)
    np.testing.assert_array_equal(pixels_of(shares_of(levels, meaning), meaning, np.uint16), levels)


def test_end_warp_does_nothing_to_pixels():
    np.testing.assert_array_equal(run(["end_warp"], PHOTO)[0], PHOTO)


def test_reading_a_recipe_of_filters_does_not_load_opencv(monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "cv2", None)  # an import of it would raise
    text = "transforms: [" + ", ".join(f"{{{t.example}}}" for t in map(TRANSFORMS.get, STEPS)) + "]"
    assert len(parse_recipe(text, "r").variants[0].children) == len(STEPS)
