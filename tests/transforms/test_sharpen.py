"""Sharpening, unsharp masking and embossing against second formulas."""

import albumentations
import numpy as np
import pytest
from PIL import Image, ImageEnhance, ImageFilter
from scipy import ndimage
from skimage import data, filters
from support.recipe_steps import run

PHOTO = data.astronaut()[60:160, 140:260]
GREY = data.camera()[100:180, 150:280]
PICTURES = pytest.mark.parametrize("picture", [PHOTO, GREY], ids=["rgb", "grey"])
INNER = slice(8, -8)


def off(found, expected):
    return np.abs(found.astype(float) - expected).max()


def per_channel(picture, kernel):
    planes = np.atleast_3d(picture.astype(float))
    found = [ndimage.correlate(planes[..., c], kernel, mode="reflect") for c in range(planes.shape[2])]
    return np.dstack(found).reshape(picture.shape)


@PICTURES
@pytest.mark.parametrize("factor", [0, 0.4, 1.7, 5.0])
def test_sharpen_is_torchvisions_formula(picture, factor):
    """Its blend is cut to whole levels after a smoothing that is rounded: written here without either."""
    smooth = picture.astype(float)
    kernel = np.array([[1, 1, 1], [1, 5, 1], [1, 1, 1]]) / 13
    smooth[1:-1, 1:-1] = per_channel(picture, kernel)[1:-1, 1:-1]
    expected = np.clip(factor * picture.astype(float) + (1 - factor) * smooth, 0, 255)
    found, _ = run([{"sharpen": {"factor": factor}}], picture)
    assert off(found, expected) <= 0.51


@PICTURES
@pytest.mark.parametrize("factor", [0, 0.4, 3.0])
def test_sharpen_is_pillows_within_its_two_roundings(picture, factor):
    found, _ = run([{"sharpen": {"factor": factor}}], picture)
    theirs = ImageEnhance.Sharpness(Image.fromarray(picture)).enhance(factor)
    assert off(found, np.asarray(theirs, float)) <= 1 + 0.5 * abs(1 - factor)


def test_sharpen_keeps_the_outermost_pixels():
    found, _ = run([{"sharpen": {"factor": 8}}], PHOTO)
    for edge in (np.s_[0], np.s_[-1], np.s_[:, 0], np.s_[:, -1]):
        np.testing.assert_array_equal(found[edge], PHOTO[edge])


@PICTURES
@pytest.mark.parametrize(("sigma", "amount"), [(0.7, 0.5), (2, 1.5), (5, 4)])
def test_unsharp_mask_is_scikit_images(picture, sigma, amount):
    found, _ = run([{"unsharp_mask": {"sigma": sigma, "amount": amount}}], picture)
    axis = 2 if picture.ndim == 3 else None  # with -1 it takes rows for channels (0.26)
    theirs = filters.unsharp_mask(picture, sigma, amount, channel_axis=axis) * 255
    assert off(found, theirs) <= 0.51


def test_differences_up_to_the_threshold_are_left_alone():
    found, _ = run([{"unsharp_mask": {"sigma": 2, "amount": 1.5, "threshold": 0.05}}], GREY)
    detail = GREY - ndimage.gaussian_filter(GREY.astype(float), 2, mode="reflect", truncate=4)
    expected = np.where(np.abs(detail) > 0.05 * 255, GREY + 1.5 * detail, GREY)
    assert off(found, np.clip(expected, 0, 255)) <= 0.51


def test_unsharp_mask_is_pillows_within_its_approximate_gaussian():
    """Pillow blurs by three boxes, and rounds that."""
    found, _ = run([{"unsharp_mask": {"sigma": 2, "amount": 1.5}}], GREY)
    theirs = Image.fromarray(GREY).filter(ImageFilter.UnsharpMask(radius=2, percent=150, threshold=0))
    difference = np.abs(found.astype(float) - np.asarray(theirs, float))
    assert difference[INNER, INNER].mean() < 1
    assert difference[INNER, INNER].max() <= 10


@pytest.mark.parametrize(("alpha", "strength"), [(0.2, 0.0), (0.5, 0.7), (1.0, 2.0)])
def test_emboss_is_albumentations(alpha, strength):
    found, _ = run([{"emboss": {"alpha": alpha, "strength": strength}}], PHOTO)
    theirs = albumentations.Emboss(alpha=(alpha, alpha), strength=(strength, strength), p=1)(image=PHOTO)
    assert off(found[INNER, INNER], theirs["image"][INNER, INNER].astype(float)) <= 1


def test_emboss_lights_from_the_upper_left():
    """A raised square is bright where it faces the lower right: the kernel's sign is the published one."""
    raised = np.full((30, 30), 100, np.uint8)
    raised[10:20, 10:20] = 120
    found, _ = run([{"emboss": {"alpha": 1, "strength": 1}}], raised)
    assert found[9, 9] > 100 > found[20, 20]
