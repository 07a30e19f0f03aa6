"""Distortions on a photograph, each against its published formula written out, or another library's."""

import cv2
import numpy as np
import pytest
from albumentations.augmentations.geometric import functional as albumentations
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage
from skimage import data
from skimage.transform import PiecewiseAffineTransform, ThinPlateSplineTransform
from support.recipe_steps import applied, drawn, pixels, program_of, run

from augcli.errors import RecipeError
from augcli.geometry import Frame
from augcli.recipe import parse_recipe

PHOTO = cv2.blur(data.astronaut()[20:180, 90:290], (5, 5))  # smooth: the same with and without antialiasing
HEIGHT, WIDTH = PHOTO.shape[:2]
FRAME = Frame(WIDTH, HEIGHT)
CENTRES = np.stack(np.meshgrid(np.arange(WIDTH) + 0.5, np.arange(HEIGHT) + 0.5), axis=-1).reshape(-1, 2)


def read(points):
    """PHOTO at source points (N, 2), linear between pixels."""
    at = points[:, ::-1].T - 0.5
    bands = [
        ndimage.map_coordinates(PHOTO[..., c].astype(float), at, order=1, mode="nearest") for c in range(3)
    ]
    return np.stack(bands, axis=-1).reshape(PHOTO.shape)


def inside(points, margin=1.0):
    ahead = (points >= margin) & (points <= (WIDTH - margin, HEIGHT - margin))
    return ahead.all(axis=1).reshape(HEIGHT, WIDTH)


def assert_shows(step, points, copy=1):
    """The picture after a step is PHOTO read at `points`, and its warp says so too."""
    program = program_of([step], FRAME, copy=copy)
    np.testing.assert_allclose(
        program.warp().backward(CENTRES)[inside(points).ravel()], points[inside(points).ravel()], atol=0.05
    )
    found, _ = pixels(program, PHOTO)
    off = np.abs(found - read(points))[inside(points)]
    assert off.mean() < 0.6
    assert np.percentile(off, 99) < 4


def numbers(step, copy=1):
    return applied([step], FRAME, copy=copy)[0].params


# grid_distortion

STEPS = {"grid_distortion": {"steps": 5, "limit": 0.4}}


@pytest.mark.parametrize("copy", [1, 2, 3])
def test_grid_distortion_is_interpolation_along_each_axis(copy):
    params, axes = numbers(STEPS, copy), []
    for widths, side, places in (("across", WIDTH, CENTRES[:, 0]), ("down", HEIGHT, CENTRES[:, 1])):
        edges = np.concatenate([[0], np.cumsum(params[widths])])
        axes.append(np.interp(places, np.linspace(0, side, 6), edges / edges[-1] * side))
    assert_shows(STEPS, np.stack(axes, axis=-1), copy)


def test_grid_distortion_is_albumentations():
    """But for its pixels: the last of a step and the first of the next are read at the same place there."""
    params = numbers(STEPS)
    widths = {axis: [*params[axis], 1.0] for axis in ("across", "down")}  # the last: no pixels are left over
    steps = albumentations.normalize_grid_distortion_steps(
        (HEIGHT, WIDTH), 5, widths["across"], widths["down"]
    )
    maps = albumentations.generate_grid((HEIGHT, WIDTH), steps["steps_x"], steps["steps_y"], 5)
    points = program_of([STEPS], FRAME).warp().backward(CENTRES) - 0.5
    for found, expected in zip(points.T, maps, strict=True):
        np.testing.assert_allclose(found, expected.ravel(), atol=1.2)  # half a pixel of either side


@settings(max_examples=30, deadline=None)
@given(st.integers(2, 9), st.floats(0, 0.95), st.integers(1, 99))
def test_grid_distortion_keeps_the_frame(steps, limit, copy):
    warp = program_of([{"grid_distortion": {"steps": steps, "limit": limit}}], FRAME, copy=copy).warp()
    np.testing.assert_allclose(warp.backward(FRAME.corners), FRAME.corners, atol=1e-3)
    assert inside(warp.backward(CENTRES), 0).all()


def test_grid_distortion_draws_within_its_limit():
    found = np.array([drawn([STEPS], copy=copy)[0].values["across"] for copy in range(200)]).ravel()
    assert (found.min(), found.max()) == pytest.approx((0.6, 1.4), abs=0.01)
    assert found.mean() == pytest.approx(1, abs=0.03)


# optical_distortion


@pytest.mark.parametrize("k", [-0.3, 0.2, 0.8])
def test_a_camera_lens_is_opencvs_undistortion(k):
    camera = np.array([[WIDTH, 0, (WIDTH - 1) / 2], [0, HEIGHT, (HEIGHT - 1) / 2], [0, 0, 1]])
    distortion = np.array([k, k, 0, 0])
    maps = cv2.initUndistortRectifyMap(camera, distortion, None, None, (WIDTH, HEIGHT), cv2.CV_32FC1)
    points = np.stack(maps, axis=-1).reshape(-1, 2) + 0.5
    assert_shows({"optical_distortion": {"k": k}}, points.astype(float))


@pytest.mark.parametrize("k", [-0.3, 0.5])
def test_a_fisheye_lens_is_albumentations(k):
    """Its centre, W / 2 in indices of pixels, is half a pixel to the right of and below the true one."""
    maps = albumentations.get_fisheye_distortion_maps((HEIGHT, WIDTH), k)
    step = {"optical_distortion": {"k": k, "definition": "fisheye"}}
    found = program_of([step], FRAME).warp().backward(CENTRES)
    expected = np.stack(maps, axis=-1).reshape(-1, 2) + 0.5
    seen = inside(expected, 2).ravel()
    np.testing.assert_allclose(found[seen], expected[seen], atol=1)
    away = CENTRES - (WIDTH / 2, HEIGHT / 2)
    share = np.hypot(*away.T) / np.hypot(WIDTH / 2, HEIGHT / 2)
    assert_shows(step, (WIDTH / 2, HEIGHT / 2) + away * (1 + k * share**2)[:, None])


# control grids


def places(shape):
    x, y = np.meshgrid(np.linspace(0, WIDTH, shape[1]), np.linspace(0, HEIGHT, shape[0]))
    return np.stack([x, y], axis=-1)


@pytest.mark.parametrize("copy", [1, 2])
def test_piecewise_affine_is_scikit_images(copy):
    """albumentations' PiecewiseAffine is no second formula: it weighs all points by their distance."""
    step = {"piecewise_affine": {"points": "4x3", "sigma": 7}}
    shifts, start = np.array(numbers(step, copy)["displacements"]), places((3, 4)).reshape(-1, 2)
    slant = start + np.stack([-1e-6 * start[:, 1], 0 * start[:, 1]], axis=-1)  # decides the diagonals
    theirs = PiecewiseAffineTransform.from_estimate(slant, start + shifts.reshape(-1, 2))
    assert_shows(step, theirs(CENTRES), copy)


@settings(max_examples=30, deadline=None)
@given(st.floats(0, 60), st.integers(1, 99))
def test_piecewise_affine_shows_nothing_outside(sigma, copy):
    warp = program_of([{"piecewise_affine": {"sigma": sigma}}], FRAME, copy=copy).warp()
    assert inside(warp.backward(CENTRES), -1e-3).all()


@pytest.mark.parametrize("copy", [1, 2])
def test_thin_plate_spline_is_scikit_images(copy):
    """albumentations' is no second formula: it solves for r^4 log r^2 and evaluates r^2 log r^2."""
    step = {"thin_plate_spline": {"points": 4, "sigma": 6}}
    shifts, start = np.array(numbers(step, copy)["displacements"]), places((4, 4)).reshape(-1, 2)
    theirs = ThinPlateSplineTransform.from_estimate(start, start + shifts.reshape(-1, 2))
    assert_shows(step, theirs(CENTRES), copy)


@pytest.mark.parametrize("order", [1, 2, 3])
def test_an_elastic_grid_is_scipys_spline(order):
    step = {"elastic_grid": {"points": "4x3", "sigma": 5, "order": order}}
    shifts = np.array(numbers(step)["displacements"])
    x, y = CENTRES.T - 0.5
    at = y * 2 / (HEIGHT - 1), x * 3 / (WIDTH - 1)
    field = [ndimage.map_coordinates(shifts[..., c], at, order=order, mode="mirror") for c in (0, 1)]
    assert_shows(step, CENTRES + np.stack(field, axis=-1))


@pytest.mark.parametrize("name", ["elastic_grid", "piecewise_affine", "thin_plate_spline"])
def test_control_points_are_rows_from_the_top_and_normal_in_pixels(name):
    step = {name: {"points": "4x3", "sigma": 10}}
    found = [drawn([step], copy=copy)[0].values["displacements"] for copy in range(100)]
    assert np.shape(found) == (100, 3, 4, 2)
    assert np.std(found) == pytest.approx(10, rel=0.06)


@pytest.mark.parametrize(
    "step", [STEPS, {"optical_distortion": {"k": 0.3}}, {"piecewise_affine": {"sigma": 6}}]
)
def test_a_band_is_bent_as_the_picture_is(step):
    whole, _ = run([step], PHOTO)
    np.testing.assert_array_equal(run([step], PHOTO[..., 1])[0], whole[..., 1])


# what a recipe may not say

MISTAKES = {
    "elastic_grid: {sigma: 5, order: 4}": "order: expected 1, 2 or 3, got 4",
    "elastic_grid: {sigma: -1}": "sigma: expected at least 0, got -1",
    "elastic_grid: {points: 65, sigma: 5}": (
        "points: expected 3 or 3x3 (points across x down, 2 to 64), got 65"
    ),
    "thin_plate_spline: {points: 11, sigma: 5}": (
        "points: expected 3 or 3x3 (points across x down, 2 to 10), got 11"
    ),
    "grid_distortion: {limit: 1}": "limit: expected at least 0 and at most 0.95, got 1",
    "grid_distortion: {steps: 1, limit: 0.3}": "steps: expected a number of at least 2, got 1",
    "optical_distortion: {k: -0.4}": "k: expected at least -0.3 and at most 1, got -0.4",
    "perspective: {strength: 1.2}": "strength: expected at least 0 and at most 1, got 1.2",
    "elastic: {alpha: 100, sigma: 0}": "sigma: expected at least 0.5, got 0",
}


@pytest.mark.parametrize(("step", "message"), MISTAKES.items())
def test_nonsense_is_refused_with_its_line(step, message):
    with pytest.raises(RecipeError) as caught:
        parse_recipe(f"transforms:\n  - {step}\n", "r.yaml")
    name = step.partition(":")[0]
    line, _, rest = str(caught.value).partition(f": transforms[0].{name}.")
    assert line.startswith("r.yaml:2:")
    assert rest == message
