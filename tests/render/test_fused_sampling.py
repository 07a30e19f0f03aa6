"""A chain of spatial steps samples the picture once, and is nearer to the truth for it."""

import numpy as np
import pytest
from scipy import ndimage
from skimage import data
from support.recipe_steps import pixels, program_of, run

from augcli.geometry import Frame, Warp
from augcli.render import sample as picture

PHOTO = data.astronaut()[:256, 60:316]
HEIGHT, WIDTH = PHOTO.shape[:2]
FRAME = Frame(WIDTH, HEIGHT)
SIX = [
    {"rotate": {"degrees": 11}},
    {"elastic_grid": {"points": 4, "sigma": 3}},
    {"perspective": {"strength": 0.1}},
    {"scale": {"factor": 1.15}},
    {"optical_distortion": {"k": -0.1}},
    {"shear": {"x": 5}},
]
EDGE = 80  # as far from the edge no step reads across the border
FINE = 8


@pytest.fixture
def sampled(monkeypatch):
    """The number of rows of each array that was sampled, in order: strips of it, or the whole."""
    rows = []
    for name in ("_remapped", "gather", "stretched"):
        original = getattr(picture, name)

        def counting(*arguments, original=original):
            result = original(*arguments)
            rows.append(len(result))
            return result

        monkeypatch.setattr(picture, name, counting)
    return rows


def test_six_steps_cost_one_sampling(sampled):
    run(SIX, PHOTO)
    assert sum(sampled) == HEIGHT


def test_six_steps_one_by_one_cost_six_samplings(sampled):
    one_by_one(PHOTO)
    assert sum(sampled) == 6 * HEIGHT


def test_a_colour_step_between_spatial_steps_costs_no_sampling(sampled):
    run([SIX[0], {"brightness": {"factor": 1.2}}, SIX[1], {"gamma": {"gamma": 1.1}}, SIX[2]], PHOTO)
    assert sum(sampled) == HEIGHT


def test_a_flip_and_a_crop_cost_one_sampling(sampled):
    run(["horizontal_flip", {"center_crop": {"size": 100}}, "transpose"], PHOTO)
    assert sampled == [100]


def one_by_one(image):
    for number in range(len(SIX)):
        step = program_of(SIX, FRAME).stages[0].warp.maps[1 + number]
        image = remade(image, Warp(FRAME, FRAME, (step,)))
    return image


def remade(image, warp):
    """A picture through a warp of its own: sampled and rounded to 8 bits."""
    return picture.sample(image, {}, warp, "linear").image


def supersampled(warp):
    """The truth in the middle: each pixel the mean of 8 x 8 points of the cubic spline through the source."""
    places = (np.arange(EDGE * FINE, (WIDTH - EDGE) * FINE) + 0.5) / FINE
    y, x = np.meshgrid(places, places, indexing="ij")
    at = (warp.backward(np.stack([x.ravel(), y.ravel()], axis=-1)) - 0.5).T[::-1]
    side, bands = WIDTH - 2 * EDGE, []
    for band in range(3):
        fine = ndimage.map_coordinates(PHOTO[..., band].astype(float), at, order=3, mode="mirror")
        bands.append(fine.reshape(side, FINE, side, FINE).mean(axis=(1, 3)))
    return np.stack(bands, axis=-1)


def decibels(found, truth):
    middle = found[EDGE:-EDGE, EDGE:-EDGE].astype(float)
    return 10 * np.log10(255**2 / np.square(middle - truth).mean())


def test_the_fused_chain_is_nearer_to_the_truth():
    program = program_of(SIX, FRAME)
    truth = supersampled(program.warp())
    fused, chained = pixels(program, PHOTO)[0], one_by_one(PHOTO)
    assert decibels(fused, truth) > 40
    assert decibels(fused, truth) > decibels(chained, truth) + 10
