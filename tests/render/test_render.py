"""The pixel loop: sampled once, borders that picture and labels share, nothing changed in place."""

import numpy as np
import pytest
from PIL import Image
from skimage import data
from support.recipe_steps import IGNORE, pixels, program_of, run

import augcli.render.render as rendering
from augcli.data import FillValues, Sample
from augcli.errors import ImageError
from augcli.geometry import Frame
from augcli.render import coordinates
from augcli.render.render import RenderOptions, render

PHOTO = data.astronaut()[20:173, 90:291]
MASK = (np.arange(153 * 201) % 65521).astype(np.uint16).reshape(153, 201)
CHAIN = [{"rotate": {"degrees": 7}}, {"scale": {"factor": 0.9}}, {"shear": {"x": 4}}]
HARD = [*CHAIN, {"elastic": {"displacement_px": 3, "sigma": 20}}, {"center_crop": {"size": 140}}]


def psnr(found, reference):
    return 10 * np.log10(255**2 / np.square(found.astype(float) - reference).mean())


def enlarged(image, factor):
    height, width = image.shape[:2]
    return np.asarray(
        Image.fromarray(image).resize((width * factor, height * factor), Image.Resampling.LANCZOS)
    )


def reduced(image, factor):
    height, width, channels = image.shape
    blocks = image.reshape(height // factor, factor, width // factor, factor, channels)
    return blocks.mean(axis=(1, 3))


@pytest.mark.parametrize("interpolation", ["linear", "cubic"])
def test_one_sampling_beats_three(interpolation):
    photo = data.astronaut()[:256, 100:356]
    reference = enlarged(photo, 4)
    chained = photo
    for step in CHAIN:
        reference, _ = run([step], reference, interpolation="cubic")
        chained, _ = run([step], chained, interpolation=interpolation)
    fused, _ = run(CHAIN, photo, interpolation=interpolation)
    inside = np.s_[40:-40, 40:-40]
    sharp = reduced(reference, 4)[inside]
    once, thrice = psnr(fused[inside], sharp), psnr(chained[inside], sharp)
    assert once > thrice + 1


def samplings(monkeypatch, steps, **options):
    calls = []
    sample = rendering.sample
    monkeypatch.setattr(rendering, "sample", lambda *a: calls.append(a) or sample(*a))
    run(steps, PHOTO, MASK, **options)
    return len(calls)


def test_a_chain_is_sampled_once(monkeypatch):
    assert samplings(monkeypatch, [*HARD, {"brightness": {"factor": 1.1}}, {"pad": {"left": 3}}]) == 1


def test_a_filter_costs_one_more_sampling(monkeypatch):
    assert samplings(monkeypatch, [*CHAIN, {"gaussian_blur": {"sigma": 1}}, *CHAIN]) == 2


def test_turning_there_and_back_is_the_picture_bit_for_bit():
    steps = [{"rotate": {"degrees": 30}}, {"rotate": {"degrees": -30}}]
    image, mask = run(steps, PHOTO, MASK)
    np.testing.assert_array_equal(image, PHOTO)
    np.testing.assert_array_equal(mask, MASK)


def test_colour_in_between_does_not_change_that():
    steps = [{"rotate": {"degrees": 30}}, {"brightness": {"factor": 0.5}}, {"rotate": {"degrees": -30}}]
    image, _ = run(steps, PHOTO)
    np.testing.assert_array_equal(image, run(steps[1:2], PHOTO)[0])


# what a crop cuts off is forgotten

AFTER_A_CROP = {
    "nothing": [],
    "flipped": ["horizontal_flip"],
    "turned": [{"rotate": {"degrees": 30}}],
    "shrunk": [{"resize": {"size": 20}}],
    "enlarged": [{"resize": {"size": 90}}],
    "padded": [{"pad": {"left": 9}}, {"resize": {"size": 40}}],
    "distorted": [{"elastic": {"displacement_px": 2, "sigma": 10}}],
    "cut again": [{"center_crop": {"size": 20}}, {"scale": {"factor": 0.3}}],
    "contrast": [{"contrast": {"factor": 0.5}}, {"rotate": {"degrees": 9}}],
}


@pytest.mark.parametrize("steps", AFTER_A_CROP.values(), ids=AFTER_A_CROP)
@pytest.mark.parametrize("border", ["reflect", "replicate", "wrap", "constant"])
def test_what_a_crop_cuts_off_is_not_seen(steps, border):
    box = {"crop": {"x": 20, "y": 30, "width": 60, "height": 50, "unit": "pixels"}}
    found = []
    for outside in (0, 255):
        image, mask = np.full_like(PHOTO, outside), np.full_like(MASK, outside)
        image[30:80, 121:181], mask[30:80, 121:181] = PHOTO[30:80, 121:181], MASK[30:80, 121:181]
        found.append(run(["horizontal_flip", box, *steps], image, mask, border=border))
    np.testing.assert_array_equal(found[0][0], found[1][0])
    np.testing.assert_array_equal(found[0][1], found[1][1])


# borders

FILLING = {
    "rotate": CHAIN,
    "elastic": [{"elastic": {"displacement_px": 8, "sigma": 20}}],
    "shift": [{"translate": {"x": 0.3, "y": -0.2}}],
    "crop and pad": [{"crop": {"width": 0.5, "height": 0.5}}, {"pad": {"right": 9, "top": 4}}],
    "cut while turned": [{"rotate": {"degrees": 30}}, {"center_crop": {"size": 140}}, {"pad": {"left": 50}}],
    "shrunk": [{"scale": {"factor": 0.3}}, {"rotate": {"degrees": 12}}],
    "blurred in between": [{"translate": {"x": 0.3}}, {"box_blur": {"size": 1}}, {"pad": {"left": 9}}],
}


@pytest.mark.parametrize("steps", FILLING.values(), ids=FILLING)
def test_a_constant_border_fills_picture_and_mask_at_the_same_pixels(steps):
    white, ones = np.full_like(PHOTO, 255), np.ones_like(MASK)
    image, mask = run(steps, white, ones, border="constant")
    filled = (image == 0).all(axis=-1)
    assert 0 < filled.mean() < 1
    np.testing.assert_array_equal(filled, mask == IGNORE)
    assert set(np.unique(image)) == {0, 255}


@pytest.mark.parametrize("steps", FILLING.values(), ids=FILLING)
@pytest.mark.parametrize("border", ["reflect", "replicate", "wrap"])
def test_other_borders_fill_nothing(steps, border):
    image, mask = run(steps, np.full_like(PHOTO, 255), np.ones_like(MASK), border=border)
    assert np.unique(image).tolist() == [255]
    assert np.unique(mask).tolist() == [1]


def test_the_share_of_filled_pixels_is_told():
    program = program_of([{"translate": {"x": 0.25}}], Frame(40, 10), "constant")
    sample = Sample(np.full((10, 40, 3), 9, np.uint8), {})
    assert render(program, sample, RenderOptions(), {}).filled == 0.25
    program = program_of([{"translate": {"x": 0.25}}], Frame(40, 10), "reflect")
    assert render(program, sample, RenderOptions(), {}).filled == 0


def test_a_filled_pixel_is_transparent():
    rgba = np.full((10, 40, 4), 200, np.uint8)
    image, _ = run([{"pad": {"left": 1}}], rgba, border="constant", fill=(1, 2, 3))
    assert image[0, 0].tolist() == [1, 2, 3, 0]
    assert image[0, 1].tolist() == [200] * 4


def test_each_mask_has_its_fill():
    masks = {"cells": np.ones((4, 4), np.uint16), "colours": np.ones((4, 4, 3), np.uint8)}
    sample = Sample(np.ones((4, 4, 1), np.uint8), masks)
    program = program_of([{"pad": {"left": 1}}], Frame(4, 4), "constant")
    found = render(
        program, sample, RenderOptions(), {"cells": FillValues(65535), "colours": FillValues((9, 8, 7))}
    ).sample.masks
    assert found["cells"][:, 0].tolist() == [65535] * 4
    assert found["colours"][0].tolist() == [[9, 8, 7]] + [[1, 1, 1]] * 4


@pytest.mark.parametrize("size", [(3, 4), (4, 3), (3, 3)])
@pytest.mark.parametrize("border", ["constant", "reflect"])
def test_a_source_is_not_changed(size, border):
    """A cut and a pad that together keep every place, in a picture of this size."""
    width, height = size
    image, mask = np.full((height, width, 3), 5, np.uint8), np.full((height, width), 5, np.uint8)
    box = {"x": 0, "y": 0, "unit": "pixels"}
    for cut, pad in (((width - 1, height), "right"), ((width, height - 1), "bottom")):
        steps = [
            {"crop": box | {"width": cut[0], "height": cut[1]}},
            {"pad": {pad: 1}},
            {"brightness": {"factor": 2}},
        ]
        run(steps, image, mask, border=border)
        assert (image == 5).all()
        assert (mask == 5).all()


def test_a_picture_of_another_size_is_refused():
    with pytest.raises(ImageError) as caught:
        pixels(program_of(CHAIN, Frame(10, 20)), PHOTO)
    assert str(caught.value) == "a program for (10, 20) met a picture of (201, 153)"


# how the work is cut up does not show


@pytest.mark.parametrize("rows", [1, 7, 1000])
def test_the_height_of_a_strip_does_not_show(monkeypatch, rows):
    expected = run(HARD, PHOTO, MASK)
    monkeypatch.setattr(coordinates, "STRIP_ROWS", rows)
    found = run(HARD, PHOTO, MASK)
    assert (
        np.abs(found[0].astype(int) - expected[0]).max() <= 1
    )  # a strip that meets no border skips its fold,
    assert (found[1] != expected[1]).mean() < 0.001  # which saves a rounding of its coordinates


def test_masks_do_not_change_the_picture_nor_the_picture_the_masks():
    image, mask = run(HARD, PHOTO, MASK)
    np.testing.assert_array_equal(run(HARD, PHOTO)[0], image)
    np.testing.assert_array_equal(run(HARD, PHOTO[..., 0], MASK)[1], mask)


@pytest.mark.parametrize("interpolation", ["linear", "cubic", "lanczos"])
def test_a_flat_picture_stays_flat(interpolation):
    flat = np.full((60, 80, 3), 77, np.uint8)
    for steps in (HARD[:4], [{"resize": {"size": "33x91"}}], [{"scale": {"factor": 0.21}}]):
        assert np.unique(run(steps, flat, interpolation=interpolation)[0]).tolist() == [77]


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (9, 1)])
def test_a_picture_of_one_pixel_can_be_warped(size):
    height, width = size
    image, mask = run(HARD[:4], np.full((height, width, 3), 9, np.uint8), np.ones((height, width), np.uint8))
    assert image.shape == (height, width, 3)
    assert np.unique(image).tolist() == [9]
    assert np.unique(mask).tolist() == [1]
