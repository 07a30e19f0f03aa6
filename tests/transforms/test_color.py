"""Colour against the published formulas, written out slowly."""

import colorsys

import albumentations as A  # noqa: N812 - as its users write it
import numpy as np
import pytest
from albumentations.augmentations.pixel import functional
from skimage import data
from support.recipe_steps import applied, run, variant_of

from augcli.geometry import Frame
from augcli.transforms.color import YIQ
from augcli.transforms.operations import LUMA

PHOTO = data.astronaut()[100:164, 150:230]
CUBE = np.stack(np.meshgrid(*[np.linspace(0, 255, 6)] * 3), axis=-1).reshape(12, 18, 3).astype(np.uint8)
PICTURES = pytest.mark.parametrize("picture", [PHOTO, CUBE], ids=["photo", "cube"])
FACTORS = pytest.mark.parametrize("factor", [0.0, 0.3, 1.0, 1.7])


def step(name, **params):
    return {name: params}


def off(found, expected):
    return np.abs(found.astype(float) - np.clip(expected, 0, 255)).max()


def grey(picture):
    return picture.astype(float) @ np.array([0.299, 0.587, 0.114])


def blend(picture, other, factor):
    """torchvision's _blend: factor * picture + (1 - factor) * other."""
    return factor * picture.astype(float) + (1 - factor) * other


@PICTURES
@FACTORS
def test_brightness_multiplies(picture, factor):
    found, _ = run([step("brightness", factor=factor)], picture)
    assert off(found, blend(picture, 0, factor)) <= 0.501


@PICTURES
@pytest.mark.parametrize("shift", [-0.3, 0.0, 0.2])
def test_a_brightness_shift_adds_a_share_of_the_range(picture, shift):
    found, _ = run([step("brightness", shift=shift)], picture)
    assert off(found, picture + 255 * shift) <= 0.501


@PICTURES
@FACTORS
def test_contrast_blends_with_the_mean_grey(picture, factor):
    found, _ = run([step("contrast", factor=factor)], picture)
    assert off(found, blend(picture, grey(picture).mean(), factor)) <= 0.501
    floored = blend(picture, np.floor(grey(picture)).mean(), factor)  # torchvision's grey is whole levels
    assert off(found, np.floor(floored)) <= 1.5


@PICTURES
@FACTORS
def test_contrast_about_black_is_that_of_albumentations(picture, factor):
    found, _ = run([step("contrast", factor=factor, definition="albumentations")], picture)
    theirs = A.RandomBrightnessContrast((0, 0), (factor - 1, factor - 1), p=1)(image=picture)["image"]
    assert off(found, theirs) <= 1  # it cuts the fraction off


@PICTURES
@FACTORS
def test_contrast_about_mid_grey_is_that_of_imgaug(picture, factor):
    found, _ = run([step("contrast", factor=factor, definition="imgaug")], picture)
    assert off(found, 127 + factor * (picture - 127.0)) <= 1.01  # it rounds 127.5 to 127


@PICTURES
@FACTORS
def test_saturation_of_tensorflow_scales_that_of_hsv(picture, factor):
    found, _ = run([step("saturation", factor=factor, definition="tensorflow")], picture)
    expected = np.empty(picture.shape)
    for place in np.ndindex(picture.shape[:2]):
        hue, saturation, value = colorsys.rgb_to_hsv(*(picture[place] / 255))
        expected[place] = colorsys.hsv_to_rgb(hue, min(1, saturation * factor), value)
    assert off(found, 255 * expected) <= 0.51


@PICTURES
@FACTORS
def test_saturation_blends_with_the_grey_picture(picture, factor):
    found, _ = run([step("saturation", factor=factor)], picture)
    assert off(found, blend(picture, grey(picture)[..., None], factor)) <= 0.502


@PICTURES
@pytest.mark.parametrize("gamma", [0.4, 1.0, 2.2])
def test_gamma_is_a_power_of_the_share(picture, gamma):
    found, _ = run([step("gamma", gamma=gamma)], picture)
    assert off(found, 255 * (picture / 255) ** gamma) <= 0.501


def turned(picture, shift, to, back, hue_at=0):
    out = np.empty(picture.shape)
    for place in np.ndindex(picture.shape[:2]):
        parts = list(to(*(picture[place] / 255)))
        parts[hue_at] = (parts[hue_at] + shift) % 1
        out[place] = back(*parts)
    return 255 * out


@PICTURES
@pytest.mark.parametrize("shift", [-0.5, -0.1, 0.0, 0.25])
def test_hue_turns_hsv_as_colorsys_does(picture, shift):
    found, _ = run([step("hue", shift=shift)], picture)
    assert off(found, turned(picture, shift, colorsys.rgb_to_hsv, colorsys.hsv_to_rgb)) <= 0.51


@PICTURES
@pytest.mark.parametrize("shift", [-0.5, -0.1, 0.0, 0.25])
def test_hue_turns_hls_as_colorsys_does(picture, shift):
    found, _ = run([step("hue", shift=shift, definition="hls")], picture)
    assert off(found, turned(picture, shift, colorsys.rgb_to_hls, colorsys.hls_to_rgb)) <= 0.51


def test_hls_and_hsv_turn_the_same_hue():
    a, b = (run([step("hue", shift=0.2, definition=d)], CUBE)[0].astype(int) for d in ("hsv", "hls"))
    assert np.abs(a - b).max() <= 1


@pytest.mark.parametrize("shift", [-0.3, 0.1, 0.5])
def test_yiq_keeps_luma_and_white(shift):
    soft = np.uint8(100 + PHOTO * 0.2)  # so that nothing is clipped
    found, _ = run([step("hue", shift=shift, definition="yiq")], soft)
    assert np.abs(grey(found) - grey(soft)).max() <= 1
    greys = np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 3, axis=-1)
    turned_greys, _ = run([step("hue", shift=shift, definition="yiq")], greys)
    assert np.abs(turned_greys.astype(int) - greys).max() <= 1


def test_yiq_turns_the_plane_of_i_and_q():
    soft = np.uint8(100 + PHOTO * 0.2)
    found, _ = run([step("hue", shift=0.25, definition="yiq")], soft)
    before, after = soft @ YIQ.T, found @ YIQ.T
    np.testing.assert_allclose(after[..., 1], -before[..., 2], atol=2.5)
    np.testing.assert_allclose(after[..., 2], before[..., 1], atol=2.5)


@pytest.mark.parametrize("shift", [-0.3, 0.1, 0.45])
def test_yiq_is_mxnets_rotation_but_for_its_inexact_inverse(shift):
    """HueJitterAug turns by alpha pi, alpha = 2 shift; its ityiq makes white (255.09, 255.10, 254.28)."""
    soft = np.uint8(100 + PHOTO * 0.2)
    found, _ = run([step("hue", shift=shift, definition="yiq")], soft)
    ityiq = np.array([[1.0, 0.956, 0.621], [1.0, -0.272, -0.647], [1.0, -1.107, 1.705]])
    u, w = np.cos(2 * shift * np.pi), np.sin(2 * shift * np.pi)
    turn = ityiq @ np.array([[1, 0, 0], [0, u, -w], [0, w, u]]) @ YIQ
    assert off(found, soft @ turn.T) <= 1.5


@PICTURES
@pytest.mark.parametrize("shift", [-0.5, -0.123, 0.25, 0.4])
def test_hue_in_eight_bits_is_that_of_albumentations(picture, shift):
    found, _ = run([step("hue", shift=shift, definition="hsv8")], picture)
    theirs = functional.adjust_hue_torchvision(picture, shift)
    assert off(found, theirs) <= 1  # OpenCV rounds the last pixels of a row another way than the others
    assert (found != functional.adjust_hue_torchvision(picture, shift + 1 / 180)).mean() > 0.02


def test_hue_in_eight_bits_is_plain_hsv_at_sixteen():
    deep = PHOTO.astype(np.uint16) * 257
    found, plain = (run([step("hue", shift=0.123, definition=d)], deep)[0] for d in ("hsv8", "hsv"))
    np.testing.assert_array_equal(found, plain)


@pytest.mark.parametrize("definition", ["hsv", "hls", "yiq"])
def test_half_a_turn_twice_is_the_picture(definition):
    soft = np.uint8(100 + PHOTO * 0.2)
    once = [step("hue", shift=0.5, definition=definition)]
    found, _ = run(once, run(once, soft)[0])
    assert np.abs(found.astype(int) - soft).max() <= 2


NEUTRAL = [
    step("brightness", factor=1),
    step("brightness", shift=0),
    *[step("contrast", factor=1, definition=d) for d in ("torchvision", "albumentations", "imgaug")],
    *[step("saturation", factor=1, definition=d) for d in ("torchvision", "tensorflow")],
    *[step("hue", shift=0, definition=d) for d in ("hsv", "hls", "yiq", "hsv8")],
]


@pytest.mark.parametrize("neutral", NEUTRAL, ids=str)
def test_neutral_values_change_no_bit_at_any_depth(neutral):
    for picture in (CUBE, CUBE.astype(np.uint16) * 257, CUBE.astype(np.float32) / 255):
        found, _ = run([neutral], picture)
        np.testing.assert_array_equal(found, picture)


# composition

JITTER = [step("brightness", factor=1.6), step("contrast", factor=0.6), step("saturation", factor=1.5)]


def test_a_run_is_the_float_chain_clipped_once():
    found, _ = run(JITTER, PHOTO)
    chained = PHOTO * 1.6
    chained = blend(chained, grey(chained).mean(), 0.6)
    chained = blend(chained, grey(chained)[..., None], 1.5)
    assert off(found, chained) <= 0.502


def order_of(params):
    return [(step.name, step.params) for step in applied([step_of(params)], Frame(8, 8))]


def step_of(params):
    return {"color_jitter": params}


TORCHVISION = {"brightness": [1.6, 1.6], "contrast": [0.6, 0.6], "saturation": [1.5, 1.5], "hue": [0.1, 0.1]}


def chained_slowly(picture, steps):
    """The four of torchvision in this order, each clipped and rounded."""
    for name, params in steps:
        if name == "brightness":
            value = blend(picture, 0, params["factor"])
        elif name == "contrast":
            value = blend(picture, grey(picture).mean(), params["factor"])
        elif name == "saturation":
            value = blend(picture, grey(picture)[..., None], params["factor"])
        else:
            value = turned(picture, params["shift"], colorsys.rgb_to_hsv, colorsys.hsv_to_rgb)
        picture = np.rint(np.clip(value, 0, 255))
    return picture


@pytest.mark.parametrize("definition", ["torchvision", "gluon"])
def test_the_definitions_of_libraries_round_after_each_step(definition):
    """Gluon's saturation is meant as torchvision's: its code takes 0.114 B alone for the grey, a slip."""
    params = TORCHVISION | {"definition": definition}
    found, _ = run([step_of(params)], PHOTO)
    away = np.abs(found - chained_slowly(PHOTO, order_of(params)))
    assert (away > 0.5).mean() < 0.001  # a tie may round either way, and a hue step spreads it
    composed, _ = run([step_of(TORCHVISION)], PHOTO)
    assert (composed != found).mean() > 0.05


def test_the_albumentations_definition_is_its_color_jitter():
    params = TORCHVISION | {"definition": "albumentations"}
    found, _ = run([step_of(params)], PHOTO)
    picture = PHOTO
    for name, given in order_of(params):
        adjust = getattr(functional, f"adjust_{name}_torchvision")
        picture = adjust(picture, given.get("factor", given.get("shift")))
    away = np.abs(found.astype(int) - picture)
    assert (away > 2).mean() < 0.05  # it cuts fractions off, and a level more or less is another step of hue
    assert away.mean() < 1


@pytest.mark.parametrize(
    ("definition", "hue"),
    [("composed", "hsv"), ("torchvision", "hsv"), ("gluon", "hls"), ("albumentations", "hsv8")],
)
def test_a_definition_of_the_jitter_names_that_of_its_hue(definition, hue):
    ((name, params),) = order_of({"hue": [0.1, 0.1], "definition": definition})
    assert (name, params["definition"]) == ("hue", hue)
    assert params.get("rounded", False) == (definition != "composed")


def test_color_jitter_in_fixed_order():
    params = TORCHVISION | {"order": "fixed"}
    for copy in range(1, 9):
        names = [s.name for s in applied([step_of(params)], Frame(8, 8), copy=copy)]
        assert names == ["brightness", "contrast", "saturation", "hue"]
    assert not variant_of([step_of(params)]).is_random
    assert variant_of([step_of(TORCHVISION)]).is_random


def test_color_jitter_is_its_steps_in_their_order():
    steps = [{name: params} for name, params in order_of(TORCHVISION)]
    assert sorted(next(iter(s)) for s in steps) == ["brightness", "contrast", "hue", "saturation"]
    np.testing.assert_array_equal(run([step_of(TORCHVISION)], PHOTO)[0], run(steps, PHOTO)[0])


def test_color_jitter_draws_every_order():
    params = {"brightness": 0.5, "contrast": 0.5, "saturation": 0.5, "hue": 0.1}
    orders = [tuple(s.name for s in applied([step_of(params)], Frame(8, 8), copy=i)) for i in range(400)]
    assert len(set(orders)) == 24


def test_color_jitter_leaves_out_what_it_does_not_do():
    assert [name for name, _ in order_of({"contrast": 0.5})] == ["contrast"]
    assert order_of({}) == []


# statistics are those of the frame as it enters the step

CROP = step("crop", x=0.5, y=0, width=0.5, height=1)
CONTRAST = step("contrast", factor=0.0)
HALVES = np.repeat(np.repeat([[[40], [200]]], 4, axis=0), 4, axis=1).astype(np.uint8).repeat(3, axis=-1)


def test_contrast_before_a_crop_sees_the_whole_frame():
    assert np.unique(run([CONTRAST, CROP], HALVES)[0]).tolist() == [120]
    assert np.unique(run([CROP, CONTRAST], HALVES)[0]).tolist() == [200]


def test_contrast_sees_what_a_constant_border_filled():
    pad = step("pad", left=8)
    found, _ = run([pad, CONTRAST], HALVES, border="constant", fill=(20, 20, 20))
    assert np.unique(found).tolist() == [70]
    mirrored, _ = run([pad, CONTRAST], HALVES)
    assert np.unique(mirrored).tolist() == [120]


def test_contrast_sees_the_colour_steps_before_it():
    steps = [step("pad", left=8), step("brightness", factor=0.5), CONTRAST]
    found, _ = run(steps, HALVES, border="constant", fill=(20, 20, 20))
    assert np.unique(found).tolist() == [35]


@pytest.mark.parametrize("name", ["gamma", "hue"])
def test_contrast_sees_curves_before_it(name):
    before = step("gamma", gamma=2.0) if name == "gamma" else step("hue", shift=0.3)
    found, _ = run([before, CONTRAST], PHOTO)
    first, _ = run([before], PHOTO)
    assert np.abs(found - grey(first).mean()).max() <= 0.6


# the fill is in the colours of its own step

FILL = (100, 50, 200)


def test_a_colour_step_after_a_pad_changes_the_fill():
    found, _ = run([step("pad", left=2), step("brightness", factor=0.5)], PHOTO, border="constant", fill=FILL)
    assert found[5, 0].tolist() == [50, 25, 100]


def test_a_colour_step_before_a_pad_leaves_the_fill():
    found, _ = run([step("brightness", factor=0.5), step("pad", left=2)], PHOTO, border="constant", fill=FILL)
    assert found[5, 0].tolist() == list(FILL)


def test_two_fills_have_the_colours_of_their_steps():
    steps = [step("pad", left=2), step("brightness", factor=0.5), step("pad", left=2)]
    found, _ = run(steps, PHOTO, border="constant", fill=FILL)
    assert found[5, [0, 2]].tolist() == [list(FILL), [50, 25, 100]]


# grey pictures


def test_saturation_and_hue_leave_a_grey_picture_alone():
    camera = data.camera()[:32, :32]
    for only in (
        step("saturation", factor=0.0),
        step("hue", shift=0.5),
        step("hue", shift=0.5, definition="yiq"),
    ):
        np.testing.assert_array_equal(run([only], camera)[0], camera)


def test_a_grey_picture_is_brightened_as_rgb_is():
    camera = data.camera()[:32, :32]
    rgb, _ = run(JITTER[:2], np.repeat(camera[..., None], 3, axis=-1))
    np.testing.assert_array_equal(run(JITTER[:2], camera)[0], rgb[..., 0])


def test_luma_is_that_of_bt_601():
    assert LUMA == (0.299, 0.587, 0.114)
