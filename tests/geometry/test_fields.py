"""Fields through control points, by a lens and by steps: each against a second formula, and back again."""

import json

import cv2
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import ndimage
from scipy.interpolate import RBFInterpolator
from skimage.transform import PiecewiseAffineTransform

from augcli.geometry import (
    Field,
    Frame,
    elastic_field,
    grid_field,
    lens_field,
    map_of_record,
    plate_field,
    steps_field,
    triangle_field,
)
from augcli.rng import key_of

FRAME = Frame(640, 480)
CONTROL = np.random.default_rng(5).normal(0, 8, (3, 4, 2))  # 3 rows of 4 points
X, Y = np.random.default_rng(1).uniform(0, 1, (2, 4000)) * [[FRAME.width], [FRAME.height]]
ZERO = np.zeros((3, 3, 2)).tolist()


def control_places(frame: Frame, shape: tuple[int, int]) -> np.ndarray:
    x, y = np.meshgrid(np.linspace(0, frame.width, shape[1]), np.linspace(0, frame.height, shape[0]))
    return np.stack([x.ravel(), y.ravel()], axis=-1)


# second formulas


@pytest.mark.parametrize("order", [1, 2, 3])
def test_a_grid_is_scipys_spline_of_its_order(order):
    at = (Y - 0.5) * 2 / (FRAME.height - 1), (X - 0.5) * 3 / (FRAME.width - 1)
    inside = (at[0] >= 0) & (at[0] <= 2) & (at[1] >= 0) & (at[1] <= 3)
    found = grid_field(FRAME, CONTROL.tolist(), order).displacement(X, Y)
    for axis in (0, 1):
        expected = ndimage.map_coordinates(CONTROL[..., axis], at, order=order, mode="mirror")
        np.testing.assert_allclose(found[axis][inside], expected[inside], atol=0.02)


ELASTICDEFORM = {  # (column, row): (dx, dy) by elasticdeform 0.5.1 on 64 x 48 pixels, from ramps of x and y
    (9, 10): (1.3291, 0.7154),
    (20, 17): (-3.2624, 1.5734),
    (30, 24): (-1.1068, -1.1544),
    (41, 33): (2.8387, 0.5063),
    (50, 40): (0.6897, 1.7084),
    (56, 12): (1.3248, -0.9304),
}
ITS_CONTROL = [
    [[3.0, -2.0], [0.5, 4.0], [-1.5, 1.0], [2.0, -3.5]],
    [[1.0, 2.5], [-4.0, 0.0], [3.5, -1.0], [0.0, 2.0]],
    [[-2.5, 1.5], [2.0, -3.0], [1.0, 3.0], [-0.5, -1.0]],
]


def test_a_cubic_grid_is_elasticdeforms():
    x, y = np.array(list(ELASTICDEFORM), float).T + 0.5
    found = np.stack(grid_field(Frame(64, 48), ITS_CONTROL).displacement(x, y), axis=-1)
    np.testing.assert_allclose(found, list(ELASTICDEFORM.values()), atol=1e-3)


def test_triangles_are_scikit_images():
    """A slant of a millionth makes Delaunay take the diagonal from the upper left in every cell."""
    places = control_places(FRAME, (3, 4))
    slant = places + np.stack([-1e-6 * places[:, 1], 0 * places[:, 1]], axis=-1)
    theirs = PiecewiseAffineTransform.from_estimate(slant, places + CONTROL.reshape(-1, 2))
    expected = theirs(np.stack([X, Y], axis=-1))
    known = (expected >= 0).all(axis=1)  # it answers -1 outside its triangles
    assert known.mean() > 0.99
    found = np.stack(triangle_field(FRAME, CONTROL.tolist()).pull(X, Y), axis=-1)
    np.testing.assert_allclose(found[known], expected[known], atol=1e-3)


@pytest.mark.parametrize("shape", [(2, 2), (3, 4), (10, 10)])
def test_a_plate_is_scipys_thin_plate_spline(shape):
    shifts = np.random.default_rng(2).normal(0, 10, (*shape, 2))
    plate = RBFInterpolator(
        control_places(FRAME, shape), shifts.reshape(-1, 2), kernel="thin_plate_spline", degree=1
    )
    found = np.stack(plate_field(FRAME, shifts.tolist()).displacement(X, Y), axis=-1)
    np.testing.assert_allclose(found, plate(np.stack([X, Y], axis=-1)), atol=0.05)


@pytest.mark.parametrize("make", [triangle_field, plate_field])
def test_control_points_move_by_their_displacements(make):
    x, y = control_places(FRAME, (3, 4)).T
    found = np.stack(make(FRAME, CONTROL.tolist()).displacement(x, y), axis=-1)
    np.testing.assert_allclose(found, CONTROL.reshape(-1, 2), atol=1e-3)


def test_steps_show_source_columns_of_their_widths():
    field = steps_field(FRAME, [1.0, 2.0, 1.0], [3.0, 1.0])
    x, _ = field.pull(np.array([0, 640 / 3, 320, 2 * 640 / 3, 640]), np.zeros(5))
    np.testing.assert_allclose(x, [0, 160, 320, 480, 640], atol=1e-3)
    _, y = field.pull(np.zeros(4), np.array([0, 120, 240, 480.0]))
    np.testing.assert_allclose(y, [0, 180, 360, 480], atol=1e-3)


@pytest.mark.parametrize("k", [-0.3, 0.2, 1.0])
def test_a_camera_is_opencvs_undistortion_about_the_true_centre(k):
    """OpenCV counts from pixel centres: its centre is half a pixel less."""
    width, height = FRAME.width, FRAME.height
    camera = np.array([[width, 0, (width - 1) / 2], [0, height, (height - 1) / 2], [0, 0, 1]])
    size = (width, height)
    maps = cv2.initUndistortRectifyMap(camera, np.array([k, k, 0, 0]), None, None, size, cv2.CV_32FC1)
    y, x = np.mgrid[:height, :width] + 0.5
    for found, expected in zip(lens_field(FRAME, k, "camera").pull(x, y), maps, strict=True):
        np.testing.assert_allclose(found, expected + 0.5, atol=0.02)


@pytest.mark.parametrize("k", [-0.3, 0.5])
def test_a_fisheye_is_its_formula(k):
    centre = np.array([320.0, 240.0])
    away = np.stack([X, Y], axis=-1) - centre
    share = np.hypot(*away.T) / np.hypot(*centre)
    found = np.stack(lens_field(FRAME, k, "fisheye").pull(X, Y), axis=-1)
    np.testing.assert_allclose(found, centre + away * (1 + k * share**2)[:, None], atol=0.02)


# laws

control = st.tuples(st.integers(2, 5), st.integers(2, 5), st.integers(0, 99), st.floats(0, 12)).map(
    lambda v: np.random.default_rng(v[2]).normal(0, v[3], (v[0], v[1], 2)).tolist()
)
widths = st.lists(st.floats(0.05, 1.95), min_size=2, max_size=9)
fields = st.one_of(
    st.builds(grid_field, st.just(FRAME), control, st.integers(1, 3)),
    st.builds(triangle_field, st.just(FRAME), control),
    st.builds(plate_field, st.just(FRAME), control),
    st.builds(steps_field, st.just(FRAME), widths, widths),
    st.builds(lens_field, st.just(FRAME), st.floats(-0.3, 1), st.sampled_from(["camera", "fisheye"])),
)


@settings(max_examples=60, deadline=None)
@given(fields)
def test_points_go_there_and_come_back(field):
    assume(not field.folds())
    x, y = X[::20], Y[::20]
    np.testing.assert_allclose(field.pull(*field.push(x, y)), (x, y), atol=1e-5)
    np.testing.assert_allclose(field.push(*field.pull(x, y)), (x, y), atol=1e-3)


@settings(max_examples=40, deadline=None)
@given(fields)
def test_a_field_is_made_again_from_its_record(field):
    again = map_of_record(json.loads(json.dumps(field.as_record())))
    np.testing.assert_array_equal(again.pull(X, Y), field.pull(X, Y))


@settings(max_examples=40, deadline=None)
@given(fields)
def test_pixels_and_points_see_the_same_field(field):
    """Pixels are worked out in single precision, points in double."""
    x, y = X.reshape(40, -1), Y.reshape(40, -1)
    single = field.pull(x.astype(np.float32), y.astype(np.float32))
    assert [axis.dtype for axis in single] == [np.float32, np.float32]
    np.testing.assert_allclose(single, field.pull(x, y), atol=1 / 256)


@settings(max_examples=40, deadline=None)
@given(widths, widths, st.floats(-0.3, 1), st.sampled_from(["camera", "fisheye"]))
def test_steps_and_lenses_never_fold(across, down, k, definition):
    assert not steps_field(FRAME, across, down).folds()
    assert not lens_field(FRAME, k, definition).folds()


@pytest.mark.parametrize(
    "field",
    [
        grid_field(FRAME, ZERO),
        grid_field(FRAME, ZERO, 1),
        triangle_field(FRAME, ZERO),
        plate_field(FRAME, ZERO),
        steps_field(FRAME, [1.0] * 7, [1.0] * 3),
        lens_field(FRAME, 0.0, "camera"),
    ],
)
def test_a_field_of_no_strength_moves_nothing(field):
    assert field.reach == 0


@pytest.mark.parametrize("frame", [Frame(1, 1), Frame(1, 9), Frame(9, 1)])
def test_fields_live_on_a_frame_of_one_pixel(frame):
    for field in (
        triangle_field(frame, CONTROL.tolist()),
        plate_field(frame, CONTROL.tolist()),
        steps_field(frame, [1.0, 2.0], [2.0, 1.0]),
        lens_field(frame, 0.5, "camera"),
    ):
        assert np.isfinite(field.pull(*np.array([[0.5], [0.5]]))).all()


# folding is found exactly


@pytest.mark.parametrize(("shift", "folds"), [(-0.9, False), (-1.1, True)])
@pytest.mark.parametrize("triangles", [False, True])
def test_a_cell_folds_where_a_corner_passes_its_neighbour(shift, folds, triangles):
    grid = np.zeros((2, 2, 2), np.float32)
    grid[1, 1, 0] = shift
    assert Field(grid, (0.0, 0.0), (1.0, 1.0), triangles=triangles).folds() == folds


def test_a_corner_past_the_other_diagonal_folds_a_bilinear_cell_and_no_triangle():
    """The upper left corner passes the diagonal of the other two: both triangles keep their side."""
    grid = np.zeros((2, 2, 2), np.float32)
    grid[0, 0] = (0.6, 0.6)
    assert Field(grid, (0.0, 0.0), (1.0, 1.0)).folds()
    assert not Field(grid, (0.0, 0.0), (1.0, 1.0), triangles=True).folds()


def test_points_of_a_folding_field_still_end_somewhere():
    field = elastic_field(Frame(64, 48), key_of("folds"), 600.0, 6.0)
    assert field.folds()
    x, y = np.random.default_rng(0).uniform(0, 48, (2, 100))
    assert np.isfinite(field.push(x, y)).all()
