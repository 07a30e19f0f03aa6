"""Vignettes, gradients, shadows and flares against their formulas, written slowly."""

import math

import albumentations.augmentations.pixel.functional as albumentations
import numpy as np
import pytest
from scipy import ndimage
from skimage import data
from skimage.draw import polygon2mask
from support.recipe_steps import applied, run

from augcli.geometry import Frame
from augcli.rng import key_of
from augcli.transforms.light import flare, polygon, shadow_corners

PHOTO = data.coffee()[100:300, 150:450]
FRAME = Frame(300, 200)
Y, X = np.mgrid[:200, :300] + 0.5


@pytest.mark.parametrize("strength", [0.1, 0.5, 0.99])
def test_vignette_is_the_fourth_power_of_the_cosine(strength):
    """The focal length is what takes `strength` of the light at the corners."""
    corner = math.hypot(300, 200) / 2
    focal = corner / math.tan(math.acos((1 - strength) ** 0.25))
    angle = np.arctan(np.hypot(X - 150, Y - 100) / focal)
    expected = PHOTO * np.cos(angle)[..., None] ** 4
    found, _ = run([{"vignette": {"strength": strength}}], PHOTO)
    assert np.abs(found - expected).max() <= 0.51


def test_a_vignette_has_its_centre():
    white = np.full((200, 300), 65535, np.uint16)
    found, _ = run([{"vignette": {"strength": 0.5, "x": 0.25, "y": 0.75}}], white)
    assert np.unravel_index(found.argmax(), found.shape) in {(149, 74), (149, 75), (150, 74), (150, 75)}


@pytest.mark.parametrize("degrees", [0, 35, 90, -120, 180])
def test_a_gradient_goes_from_one_minus_strength_to_one_plus(degrees):
    c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    ramp = (X - 150) * c - (Y - 100) * s
    ramp /= (abs(c) * 300 + abs(s) * 200) / 2
    expected = np.clip(PHOTO * (1 + 0.4 * ramp)[..., None], 0, 255)
    found, _ = run([{"gradient_illumination": {"strength": 0.4, "degrees": degrees}}], PHOTO)
    assert np.abs(found - expected).max() <= 0.51


@pytest.mark.parametrize(("ours", "theirs"), [(0, 0), (-90, 90), (180, 180), (90, 270)])
def test_a_gradient_along_an_axis_is_albumentations(ours, theirs):
    """Its degrees are clockwise, its ends are pixel centres, and at other angles it has another range."""
    expected = albumentations.apply_linear_illumination(PHOTO, 0.2, theirs).astype(float)
    found, _ = run([{"gradient_illumination": {"strength": 0.2, "degrees": ours}}], PHOTO)
    assert np.abs(found - expected).max() <= 2


@pytest.mark.parametrize("number", range(6))
def test_shadows_are_their_polygons(number):
    """Against polygons of 8 x 8 points a pixel: OpenCV draws edges that are up to a pixel wider."""
    corners = shadow_corners(key_of("shadow", number), 1.0)
    fine = polygon2mask((1600, 2400), corners[:, ::-1] * (1600, 2400) - 0.5)
    expected = fine.reshape(200, 8, 300, 8).mean(axis=(1, 3))
    found = polygon(PHOTO, corners)[..., 0]
    assert np.abs(found - expected).mean() < 0.006
    far = np.abs(ndimage.uniform_filter(expected, 5) - 0.5) > 0.4999
    assert np.abs(found - expected)[far].max() < 0.01


@pytest.mark.parametrize("number", range(20))
def test_the_edges_of_a_shadow_do_not_cross(number):
    """Seen from its centre the corners go around once."""
    corners = shadow_corners(key_of("cross", number), 0.8)
    edges = np.roll(corners, -1, axis=0) - corners
    turns = np.cross(
        np.column_stack([edges, np.zeros(5)]), np.column_stack([np.roll(edges, -1, axis=0), np.zeros(5)])
    )
    angles = np.arctan2(turns[:, 2], (edges * np.roll(edges, -1, axis=0)).sum(axis=1))
    assert angles.sum() == pytest.approx(2 * math.pi)


def test_shadows_take_their_share_and_overlaps_take_it_twice():
    params = {"strength": 0.4, "count": 3, "size": 1.2, "softness": 0.01}
    (step,) = applied([{"shadow": params}], FRAME)
    gain = np.ones((200, 300))
    for number in range(3):
        corners = shadow_corners(key_of(step.params["key"], number), 1.2)
        sigma = 0.01 * math.hypot(300, 200)
        soft = ndimage.gaussian_filter(polygon(PHOTO, corners)[..., 0].astype(float), sigma, mode="reflect")
        gain *= 1 - 0.4 * soft
    found, _ = run([{"shadow": params}], PHOTO)
    assert np.abs(found - PHOTO * gain[..., None]).max() <= 0.7
    assert gain.min() < 0.37


def test_a_flare_is_added_by_screen_blending():
    params = {"strength": 0.8, "x": 0.3, "y": 0.2, "ghosts": 4}
    (step,) = applied([{"sun_flare": params}], FRAME)
    light = 0.8 * flare(PHOTO, step.params).astype(float)
    expected = 255 - (255 - PHOTO) * (1 - light)
    found, _ = run([{"sun_flare": params}], PHOTO)
    assert np.abs(found - expected).max() <= 0.51
    assert (found >= PHOTO).all()


def test_the_sun_is_where_it_is_said_to_be():
    black = np.zeros((200, 300, 3), np.uint8)
    found, _ = run([{"sun_flare": {"strength": 1, "x": 0.7, "y": 0.4, "ghosts": 0}}], black)
    rows, columns = np.nonzero(found.min(axis=-1) >= found.min(axis=-1).max())
    assert rows.mean() + 0.5 == pytest.approx(80, abs=1)
    assert columns.mean() + 0.5 == pytest.approx(210, abs=1)


def test_a_flare_without_ghosts_is_its_own_mirror_image():
    black = np.zeros((200, 300, 3), np.uint8)
    found, _ = run([{"sun_flare": {"strength": 1, "x": 0.5, "y": 0.5, "ghosts": 0}}], black)
    for mirrored in (found[::-1], found[:, ::-1]):
        assert np.abs(found.astype(int) - mirrored).max() <= 1


def test_ghosts_lie_on_the_line_through_sun_and_centre():
    params = {"strength": 1.0, "x": 0.2, "y": 0.1, "radius": 0.01, "ghosts": 6, "key": key_of("ghosts")}
    ghosts = flare(PHOTO, params) - flare(PHOTO, params | {"ghosts": 0})
    rows, columns = np.nonzero(ghosts.max(axis=-1) > 0.02)
    across = (columns + 0.5 - 150) * (0.1 - 0.5) * 200 - (rows + 0.5 - 100) * (0.2 - 0.5) * 300
    distance = across / math.hypot((0.1 - 0.5) * 200, (0.2 - 0.5) * 300)
    assert np.abs(distance).max() <= 0.06 * math.hypot(300, 200) + 1
