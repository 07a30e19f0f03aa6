"""Pictures of other types than 8 bits: the same mathematics at their own depth."""

import numpy as np
import pytest
from skimage import data
from support.recipe_steps import program_of

from augcli.data import FillValues, PixelFormat, Sample
from augcli.errors import ImageError
from augcli.geometry import Frame
from augcli.render.render import RenderOptions, render

PHOTO = np.ascontiguousarray(data.astronaut()[:120, :160])
STEPS = [
    {"rotate": {"degrees": 20}},
    {"elastic": {"displacement_px": 2, "sigma": 12}},
    {"brightness": {"factor": 1.2}},
    {"contrast": {"factor": 0.8}},
]
SHRINKS = [[{"resize": {"size": 50}}], [{"scale": {"factor": 0.4}}, {"rotate": {"degrees": 9}}]]
SIXTEEN = PHOTO.astype(np.uint16) * 257


def run(steps, image, meaning=None, masks=None, continuous=frozenset(), border="reflect"):
    frame = Frame(image.shape[1], image.shape[0])
    sample = Sample(image, masks or {}, meaning, continuous)
    marks = dict.fromkeys(sample.masks, FillValues())
    return render(program_of(steps, frame, border), sample, RenderOptions(), marks).sample


@pytest.mark.parametrize(
    "steps", [STEPS, *SHRINKS, [{"gaussian_blur": {"sigma": 2}}], [{"box_blur": {"size": 3.5}}]]
)
def test_sixteen_bits_are_eight_bits_with_more_depth(steps):
    deep, shallow = run(steps, SIXTEEN).image, run(steps, PHOTO).image
    assert deep.dtype == np.uint16
    assert np.abs(deep / 257 - shallow).max() <= 1.6  # 8 bits round, between passes too


def test_sixteen_bits_keep_what_eight_cannot_hold():
    ramp = np.arange(120 * 160, dtype=np.uint16).reshape(120, 160, 1)
    turned = run([{"rotate90": {"turns": 2}}, {"rotate": {"degrees": 180}}], ramp).image
    np.testing.assert_array_equal(turned, ramp)
    brighter = run([{"brightness": {"shift": 100 / 65535}}], ramp).image
    np.testing.assert_array_equal(brighter, ramp + 100)


def test_the_range_says_what_full_scale_means():
    twelve = (PHOTO.astype(np.uint16) * 16)[..., :1]
    brighter = run([{"brightness": {"shift": 0.25}}], twelve, PixelFormat("grey", high=4095)).image
    np.testing.assert_array_equal(brighter, np.minimum(twelve + 1024, 4095))
    noisy = run([{"gaussian_noise": {"std": 0.1}}], twelve, PixelFormat("grey", high=4095)).image
    assert noisy.max() == 4095


def test_floats_are_neither_rounded_nor_scaled():
    depth = PHOTO[..., :1].astype(np.float32) / 1000
    turned = run([{"rotate": {"degrees": 20}}], depth).image
    assert turned.dtype == np.float32
    assert np.abs(turned * 1000 - run([{"rotate": {"degrees": 20}}], PHOTO[..., :1]).image).max() < 0.6


@pytest.mark.parametrize("steps", [STEPS, *SHRINKS])
def test_bands_are_each_a_grey_picture_but_for_the_mean(steps):
    bands = np.dstack([PHOTO, PHOTO[..., ::-1]])[..., :5]
    found = run(steps[:2] + steps[2:3], bands, PixelFormat("multi")).image
    for band in range(5):
        alone = run(steps[:2] + steps[2:3], np.ascontiguousarray(bands[..., band : band + 1])).image
        np.testing.assert_allclose(found[..., band : band + 1].astype(int), alone, atol=1)


@pytest.mark.parametrize("name", ["saturation", "hue"])
def test_colour_of_bands_is_refused_by_name(name):
    steps = [{name: {"factor" if name == "saturation" else "shift": 0.4}}]
    with pytest.raises(
        ImageError, match=f"^{name} has no meaning for a picture of 5 bands; leave {name} out"
    ):
        run(steps, np.zeros((8, 8, 5), np.uint8), PixelFormat("multi"))


def test_alpha_of_a_grey_picture_moves_and_is_not_coloured():
    grey = np.dstack([PHOTO[..., 0], PHOTO[..., 1]])
    found = run(STEPS, grey).image
    plain = run(STEPS[:2], np.ascontiguousarray(PHOTO[..., 1:2])).image
    np.testing.assert_array_equal(found[..., 1:], plain)
    np.testing.assert_array_equal(found[..., :1], run(STEPS, np.ascontiguousarray(PHOTO[..., :1])).image)


@pytest.mark.parametrize("steps", [STEPS, *SHRINKS])
def test_a_soft_mask_is_interpolated_as_the_picture_and_never_coloured(steps):
    depth = SIXTEEN[..., 0]
    found = run(steps, PHOTO, masks={"depth": depth}, continuous=frozenset({"depth"})).masks["depth"]
    moves = [step for step in steps if not step.keys() & {"brightness", "contrast"}]
    expected = run(moves, np.ascontiguousarray(depth[..., None])).image[..., 0]
    np.testing.assert_array_equal(found, expected)


def test_a_soft_mask_is_filled_where_the_picture_is():
    depth = np.full((120, 160), 9, np.uint16)
    found = run(
        [{"pad": {"left": 7}}], PHOTO, masks={"d": depth}, continuous=frozenset("d"), border="constant"
    )
    assert (found.masks["d"][:, :7] == 0).all()
    assert (found.masks["d"][:, 7:] == 9).all()
