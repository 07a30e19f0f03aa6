"""Fog, rain and snow against their formulas, written slowly."""

import math

import numpy as np
import pytest
from skimage import data
from support.recipe_steps import applied, run

from augcli.geometry import Frame
from augcli.rng import key_of
from augcli.transforms.weather import DISTANCES, Stroke, draw_stroke, fractal_noise, strewn

PHOTO = data.coffee()[100:300, 150:450]
FRAME = Frame(300, 200)


def test_fog_is_koschmieders_law():
    params = {"density": 0.9, "variation": 0.5, "light": 0.8}
    (step,) = applied([{"fog": params}], FRAME)
    depth = 0.9 * (1 + 0.5 * fractal_noise(step.params["key"], 200, 300).astype(float))[..., None]
    left = np.exp(-depth)
    expected = PHOTO * left + 0.8 * 255 * (1 - left)
    assert np.abs(run([{"fog": params}], PHOTO)[0] - expected).max() <= 0.51


def test_even_fog_leaves_a_share_of_the_contrast():
    found, _ = run([{"fog": {"density": 1, "variation": 0}}], PHOTO)
    assert np.polyfit(PHOTO.ravel(), found.ravel(), 1)[0] == pytest.approx(math.exp(-1), abs=0.001)


def test_clouds_are_smooth_and_reach_one_end():
    noise = fractal_noise(key_of("clouds"), 400, 600)
    assert np.abs(noise).max() == 1
    assert np.abs(np.diff(noise, axis=0)).max() < 0.08
    assert np.abs(np.diff(noise, axis=1)).max() < 0.08
    assert noise.std() > 0.2


def test_clouds_are_the_same_at_another_size():
    large = fractal_noise(key_of("clouds"), 400, 600).reshape(200, 2, 300, 2).mean(axis=(1, 3))
    assert np.abs(large - fractal_noise(key_of("clouds"), 200, 300)).max() < 0.05


def slow_stroke(shape, stroke, centre, opacity):
    """The distance of every pixel of the picture from the line between two points, in float64."""
    fall = np.array([math.sin(math.radians(stroke.degrees)), math.cos(math.radians(stroke.degrees))])
    y, x = np.mgrid[: shape[0], : shape[1]] + 0.5
    points = np.stack([x, y], axis=-1) - np.array(centre)
    along = np.clip(points @ fall, -stroke.length / 2, stroke.length / 2)
    distance = np.linalg.norm(points - along[..., None] * fall, axis=-1)
    fade = max(1.0, stroke.fading * stroke.width)
    return opacity * min(1, stroke.width) * np.clip((max(stroke.width, 1) / 2 - distance) / fade + 0.5, 0, 1)


@pytest.mark.parametrize("width", [0.4, 1.0, 5.5])
@pytest.mark.parametrize("degrees", [0, 20, -90])
@pytest.mark.parametrize("centre", [(30.2, 17.9), (-2.0, 39.0), (100.0, 100.0)])
def test_a_stroke_is_what_is_near_its_line(width, degrees, centre):
    stroke = Stroke(14.0, width, degrees, 0.5)
    cover = np.zeros((40, 60), np.float32)
    draw_stroke(cover, stroke, centre, 0.7)
    assert np.abs(cover - slow_stroke(cover.shape, stroke, centre, 0.7)).max() < 1e-5


@pytest.mark.parametrize("width", [0.3, 1.0, 4.3])
def test_a_stroke_covers_its_area(width):
    stroke = Stroke(20.0, width, 25.0, 0.0)
    cover = np.zeros((60, 60), np.float32)
    draw_stroke(cover, stroke, (30.3, 29.6), 1.0)
    caps = max(width, 1) * min(width, 1)  # a line thinner than a pixel has caps of a pixel, and is fainter
    assert cover.sum() == pytest.approx(20 * width + math.pi / 4 * max(width, 1) * caps, rel=0.03)


@pytest.mark.parametrize("stroke", [Stroke(0.1, 0.003, 10.0, 0.0), Stroke(0.01, 0.02, -20.0, 0.5)])
@pytest.mark.parametrize("density", [0.02, 0.1])
def test_strokes_cover_their_share(stroke, density):
    """As if they had no overlaps, and were opaque: measured by what is covered at all at each distance."""
    cover = strewn(np.empty((600, 900, 3)), stroke, density, key_of("share"))
    opacities = [opacity for _, _, opacity in DISTANCES]
    assert cover.max() <= max(opacities)
    expected = sum(share * scale**2 * opacity for scale, share, opacity in DISTANCES)
    expected *= density / sum(share * scale**2 for scale, share, _ in DISTANCES)
    assert 0.8 * expected < cover.mean() < 1.15 * expected  # overlaps; sizes within 30 % have areas of 1.03


@pytest.mark.parametrize("name", ["rain", "snow"])
def test_it_falls_alike_at_another_size(name):
    small, large = np.zeros((200, 300, 3), np.uint8), np.zeros((400, 600, 3), np.uint8)
    step = [{name: {"density": 0.1}}]
    half = run(step, large)[0].reshape(200, 2, 300, 2, 3).mean(axis=(1, 3))
    found = run(step, small)[0].astype(float)
    assert np.corrcoef(half.ravel(), found.ravel())[0, 1] > 0.9
    assert found.mean() == pytest.approx(half.mean(), rel=0.1)


@pytest.mark.parametrize(
    ("name", "params", "light"), [("rain", {"opacity": 0.5}, 0.8), ("snow", {"opacity": 0.9}, 1)]
)
def test_what_falls_is_blended_with_its_light(name, params, light):
    params = (
        params
        | {"density": 0.1, "degrees": 12}
        | ({"length": 0.1} if name == "rain" else {"size": 0.02, "speed": 1})
    )
    (step,) = applied([{name: params}], FRAME)
    stroke = Stroke(0.1, 0.003, 12.0, 0.0) if name == "rain" else Stroke(0.02, 0.02, 12.0, 0.5)
    cover = params["opacity"] * strewn(PHOTO, stroke, 0.1, step.params["key"])[..., None].astype(float)
    expected = PHOTO + cover * (light * 255 - PHOTO)
    assert np.abs(run([{name: params}], PHOTO)[0] - expected).max() <= 0.51


def test_rain_above_zero_degrees_falls_to_the_right():
    """Along the direction of the fall neighbours are alike, along its mirror image they are not."""
    black = np.zeros((200, 300), np.uint8)
    rain = run([{"rain": {"density": 0.1, "degrees": 45}}], black)[0].astype(float)
    right = np.corrcoef(rain[:-3, :-3].ravel(), rain[3:, 3:].ravel())[0, 1]
    left = np.corrcoef(rain[:-3, 3:].ravel(), rain[3:, :-3].ravel())[0, 1]
    assert right > 0.5 > left
