"""Maps of the plane, each in both directions, and their chains."""

import json
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import ndimage

from augcli.geometry import (
    IDENTITY,
    Field,
    Fold,
    Frame,
    Projective,
    Warp,
    elastic_field,
    fold_axis,
    grid_field,
    map_of_record,
    projective_of,
)
from augcli.rng import key_of, uniform_noise

FRAME = Frame(64, 48)
numbers = st.floats(-3, 3)
rationals = st.fractions(-3, 3, max_denominator=12)
PAD_MODES = {"reflect": "symmetric", "replicate": "edge", "wrap": "wrap"}


def grid_of_points(frame: Frame) -> np.ndarray:
    x, y = np.meshgrid(np.arange(frame.width) + 0.5, np.arange(frame.height) + 0.5)
    return np.stack([x.ravel(), y.ravel()], axis=-1)


affines = (
    st.tuples(*[numbers] * 6)
    .filter(lambda v: abs(v[0] * v[4] - v[1] * v[3]) > 0.05)
    .map(lambda v: Projective.affine(*v))
)
exact = (
    st.tuples(*[rationals] * 6)
    .filter(lambda v: v[0] * v[4] != v[1] * v[3])
    .map(lambda v: Projective.affine(*v))
)
tilts = st.tuples(st.floats(-0.002, 0.002), st.floats(-0.002, 0.002)).map(
    lambda t: Projective(((1, 0, 0), (0, 1, 0), (*t, 1)))
)
fields = st.builds(
    lambda seed, sigma: elastic_field(FRAME, key_of(seed), 2 * sigma, sigma),
    st.integers(0, 9),
    st.floats(4, 20),
)


def axes(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return points[:, 0], points[:, 1]


# one map


@settings(deadline=None)
@given(st.one_of(affines, tilts, st.tuples(affines, tilts).map(lambda both: both[0].then(both[1]))))
def test_pull_inverts_push(projective):
    g, h, i = projective.matrix()[2]
    x, y = axes(grid_of_points(FRAME))
    assume((g * x + h * y + i > 0.2).all())  # before the horizon
    back = projective.pull(*projective.push(x, y))
    np.testing.assert_allclose(back, (x, y), atol=1e-6)


@settings(deadline=None)
@given(affines, affines)
def test_a_chain_of_two_is_their_product(first, second):
    x, y = axes(grid_of_points(Frame(5, 4)))
    np.testing.assert_allclose(first.then(second).push(x, y), second.push(*first.push(x, y)), atol=1e-9)


@settings(deadline=None)
@given(exact)
def test_rational_maps_stay_exact(projective):
    inverse = projective.inverse()
    assert inverse.is_exact
    assert projective.then(inverse).rows == IDENTITY.rows
    assert inverse.then(projective).rows == IDENTITY.rows
    assert inverse.corners(projective.corners([(Fraction(1, 3), 7)])) == ((Fraction(1, 3), 7),)


def test_whole_entries_of_a_record_are_exact_again():
    assert projective_of([[0.0, 1.0, 0.0], [-1.0, 0.0, 5.0], [0.0, 0.0, 1.0]]).is_exact
    assert not projective_of([[0.5, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]).is_exact


@pytest.mark.parametrize(
    ("entries", "aligned"),
    [
        ((2, 0, 1, 0, -3, 1), True),
        ((0, 2, 1, -1, 0, 1), True),
        ((1, 1, 0, 0, 1, 0), False),
        ((1, 0, 0, 1, 1, 0), False),
    ],
)
def test_only_maps_of_axes_to_axes_are_aligned(entries, aligned):
    assert Projective.affine(*entries).is_aligned == aligned


def test_a_perspective_is_not_affine():
    tilted = Projective(((1, 0, 0), (0, 1, 0), (0.001, 0, 1)))
    assert not tilted.is_affine
    assert not tilted.is_aligned
    assert tilted.push(np.array([100.0]), np.array([0.0]))[0] == pytest.approx(100 / 1.1)


# folds


@pytest.mark.parametrize("border", PAD_MODES)
@settings(deadline=None)
@given(st.integers(1, 7), st.integers(0, 20), st.integers(-5, 5))
def test_folds_read_what_numpy_pads(border, size, margin, start):
    expected = np.pad(np.arange(start, start + size), margin, PAD_MODES[border])
    outside = np.arange(start - margin, start + size + margin)
    fold = Fold(start, 0, start + size, 1, border)
    x, _ = fold.pull(outside + 0.5, np.full(outside.shape, 0.5))
    np.testing.assert_array_equal(x, expected + 0.5)
    exact = fold_axis(2 * outside + 1, 2 * start, 2 * (start + size), border, 1)
    np.testing.assert_array_equal(exact, 2 * expected + 1)


@pytest.mark.parametrize("border", [*PAD_MODES, "constant"])
@settings(deadline=None)
@given(st.floats(-50, 50))
def test_a_folded_point_lies_inside_and_stays_there(border, value):
    fold = Fold(2, -3, 9, 4, border)
    x, y = fold.pull(np.array([value]), np.array([value]))
    assert fold.holds([(x[0], y[0])])
    np.testing.assert_allclose(fold.pull(x, y), (x, y), atol=0.5 if border == "constant" else 1e-9)


@pytest.mark.parametrize("border", [*PAD_MODES, "constant"])
@settings(deadline=None)
@given(st.floats(2, 8.999), st.floats(-3, 3.999))
def test_points_inside_a_frame_are_not_folded(border, x, y):
    fold = Fold(2, -3, 9, 4, border)
    np.testing.assert_allclose(fold.pull(np.array([x]), np.array([y])), [[x], [y]], atol=1e-12)
    assert not fold.outside(np.array([x]), np.array([y])).any()


@pytest.mark.parametrize("border", [*PAD_MODES, "constant"])
def test_folding_keeps_single_precision(border):
    x = np.linspace(-20, 20, 11, dtype=np.float32)
    assert [axis.dtype for axis in Fold(2, 3, 9, 8, border).pull(x, x)] == [np.float32, np.float32]


def test_the_left_and_top_edge_belong_to_a_frame_the_right_and_bottom_do_not():
    fold = Fold(0, 0, 4, 3, "constant")
    x, y = np.array([0.0, 4.0, 0.0, -0.1]), np.array([0.0, 0.0, 3.0, 1.0])
    assert fold.outside(x, y).tolist() == [False, True, True, True]


# fields


@pytest.mark.parametrize(("sigma", "size"), [(2.0, 256), (5.0, 512), (10.0, 768), (24.0, 1536)])
def test_elastic_has_the_displacement_of_its_formula(sigma, size):
    frame = Frame(size, size)
    x, y = axes(np.random.default_rng(0).uniform(0, size, (20_000, 2)))
    squares = [
        np.square(elastic_field(frame, key_of("rms", i), 50.0, sigma).displacement(x, y)).mean()
        for i in range(6)
    ]
    assert np.sqrt(np.mean(squares)) == pytest.approx(0.1629 * 50 / sigma, rel=0.04)


def test_elastic_of_a_small_sigma_is_scipys_gaussian_of_its_noise():
    sigma, alpha, margin = 4.0, 34.0, 16
    field = elastic_field(FRAME, key_of("simard"), alpha, sigma)
    rows, columns = FRAME.height + 1 + 2 * margin, FRAME.width + 1 + 2 * margin
    noise = uniform_noise(key_of("simard"), 2 * rows, columns).reshape(2, rows, columns).astype(float)
    inner = slice(margin, -margin), slice(margin, -margin)
    for axis in (0, 1):
        expected = alpha * ndimage.gaussian_filter(noise[axis], sigma, truncate=4)[inner]
        np.testing.assert_allclose(field.grid[..., axis], expected, atol=1e-4)


def test_elastic_has_no_detail_finer_than_sigma():
    sigma, size = 12.0, 512
    x, y = axes(grid_of_points(Frame(size, size)))
    dx, _ = elastic_field(Frame(size, size), key_of("band"), 100.0, sigma).displacement(x, y)
    window = np.hanning(size)[:, None] * np.hanning(size)
    power = np.abs(np.fft.fft2(dx.reshape(size, size) * window)) ** 2
    frequency = np.hypot(*np.meshgrid(np.fft.fftfreq(size), np.fft.fftfreq(size)))
    assert power[frequency > 0.5 / sigma].sum() < 0.005 * power.sum()


def test_elastic_is_determined_by_its_key():
    fields = [elastic_field(FRAME, key, 60.0, 6.0).grid for key in (key_of(1), key_of(2))]
    elastic_field.cache_clear()
    again = elastic_field(FRAME, key_of(1), 60.0, 6.0).grid
    np.testing.assert_array_equal(again, fields[0])
    assert abs(np.corrcoef(fields[0].ravel(), fields[1].ravel())[0, 1]) < 0.3
    assert abs(np.corrcoef(again[..., 0].ravel(), again[..., 1].ravel())[0, 1]) < 0.3


def test_elastic_of_zero_strength_moves_nothing():
    x, y = axes(grid_of_points(FRAME))
    field = elastic_field(FRAME, key_of(1), 0.0, 8.0)
    np.testing.assert_array_equal(field.pull(x, y), (x, y))


CONTROL = np.random.default_rng(5).normal(0, 6, (3, 4, 2))


def test_the_grid_is_scipys_cubic_spline():
    x, y = axes(grid_of_points(FRAME))
    at = (y - 0.5) * 2 / (FRAME.height - 1), (x - 0.5) * 3 / (FRAME.width - 1)
    found = grid_field(FRAME, CONTROL.tolist()).displacement(x, y)
    for axis in (0, 1):
        expected = ndimage.map_coordinates(CONTROL[..., axis], at, order=3, mode="mirror")
        np.testing.assert_allclose(found[axis], expected, atol=0.005)


def test_the_grid_goes_through_its_control_points():
    x, y = np.meshgrid(np.linspace(0.5, FRAME.width - 0.5, 4), np.linspace(0.5, FRAME.height - 0.5, 3))
    dx, dy = grid_field(FRAME, CONTROL.tolist()).displacement(x, y)
    np.testing.assert_allclose(np.stack([dx, dy], axis=-1), CONTROL, atol=1e-4)


@pytest.mark.parametrize("frame", [Frame(1, 1), Frame(1, 9), Frame(9, 1)])
def test_fields_live_on_a_frame_of_one_pixel(frame):
    for field in (elastic_field(frame, key_of(1), 5.0, 2.0), grid_field(frame, CONTROL.tolist())):
        assert np.isfinite(field.pull(*axes(grid_of_points(frame)))).all()


def test_a_field_continues_by_its_edge_value():
    field = grid_field(FRAME, CONTROL.tolist())
    inside, outside = np.array([0.5]), np.array([-100.0])
    assert field.displacement(outside, outside) == field.displacement(inside, inside)


@settings(max_examples=40, deadline=None)
@given(fields)
def test_push_inverts_the_pull_of_a_field(field):
    assume(not field.folds())
    x, y = axes(grid_of_points(FRAME))
    np.testing.assert_allclose(field.push(*field.pull(x, y)), (x, y), atol=1e-6)
    np.testing.assert_allclose(field.pull(*field.push(x, y)), (x, y), atol=1e-6)


def bend(slope: float) -> Field:
    """Source x = (1 + slope) x, through 9 nodes eight pixels apart."""
    x = np.arange(9, dtype=np.float32) * 8
    grid = np.stack([np.tile(slope * x, (9, 1)), np.zeros((9, 9))], axis=-1).astype(np.float32)
    return Field(grid, (0.0, 0.0), (8.0, 8.0))


@pytest.mark.parametrize(("slope", "folds"), [(0.5, False), (-0.9, False), (-1.1, True)])
def test_a_field_that_turns_over_is_found(slope, folds):
    assert bend(slope).folds() == folds


@pytest.mark.parametrize("strength", [0.1, 1.0])
def test_folding_is_found_where_points_overtake_each_other(strength):
    sigma = 8.0
    field = elastic_field(FRAME, key_of("fold"), strength * sigma * sigma / 0.1629, sigma)
    x, _ = field.pull(*axes(grid_of_points(FRAME)))
    overtakes = (np.diff(x.reshape(FRAME.height, FRAME.width), axis=1) <= 0).any()
    assert overtakes == (strength == 1.0)
    assert field.folds() or not overtakes


LARGE = Frame(2000, 1500)
STRONG = elastic_field(LARGE, key_of("strong"), 3000.0, 40.0)


@settings(max_examples=30, deadline=None)
@given(st.floats(-3.2, 3.2), st.floats(0.5, 2))
def test_single_precision_is_within_a_thousandth_of_a_pixel(angle, scale):
    turn = Projective.affine(np.cos(angle), np.sin(angle), 0, -np.sin(angle), np.cos(angle), 0)
    centred = [Projective.affine(1, 0, -1000, 0, 1, -750), Projective.affine(scale, 0, 1000, 0, scale, 750)]
    x, y = np.random.default_rng(0).uniform(0, 1500, (2, 20, 25))
    expected, found = (x, y), (x.astype(np.float32), y.astype(np.float32))
    for step in (STRONG, *centred[::-1], turn):
        expected, found = step.pull(*expected), step.pull(*found)
    assert [axis.dtype for axis in found] == [np.float32, np.float32]
    np.testing.assert_allclose(found, expected, atol=1e-3)


# chains


def test_a_warp_is_its_maps_one_by_one():
    maps = (
        Fold.of(FRAME),
        Projective.affine(0.9, 0.2, 3, -0.1, 1.1, 2),
        grid_field(FRAME, (CONTROL / 4).tolist()),
        Projective.affine(1, 0, -4, 0, 1, 7),
    )
    warp, points = Warp(FRAME, FRAME, maps), grid_of_points(FRAME)
    x, y = axes(points)
    for step in maps:
        x, y = step.push(x, y)
    np.testing.assert_array_equal(warp.forward(points), np.stack([x, y], axis=-1))
    for step in reversed(maps):
        x, y = step.pull(x, y)
    np.testing.assert_array_equal(warp.backward(warp.forward(points)), np.stack([x, y], axis=-1))
    np.testing.assert_allclose(np.stack([x, y], axis=-1), points, atol=1e-6)


def test_the_matrix_of_a_warp_sets_its_fields_to_zero():
    a, b = Projective.affine(2, 0, 1, 0, 2, 1), Projective.affine(0, 1, 0, -1, 0, 64)
    warp = Warp(FRAME, FRAME, (Fold.of(FRAME), a, grid_field(FRAME, CONTROL.tolist()), b))
    assert warp.projective().rows == a.then(b).rows


def test_a_simplified_warp_has_no_needless_map():
    flip = Projective.affine(-1, 0, 64, 0, 1, 0)
    warp = Warp(FRAME, FRAME, (Fold.of(FRAME), flip, Fold.of(FRAME), flip))
    assert warp.simplified().maps == ()


def test_a_simplified_warp_keeps_the_fold_that_is_needed():
    shift = Projective.affine(1, 0, 5, 0, 1, 0)
    assert Warp(FRAME, FRAME, (Fold.of(FRAME), shift)).simplified().maps == (Fold.of(FRAME), shift)


def test_only_a_constant_border_is_filled():
    shift = Projective.affine(1, 0, 5, 0, 1, 0)
    points = [[4.5, 1], [5.5, 1]]
    for border in ("constant", "reflect", "replicate", "wrap"):
        filled = Warp(FRAME, FRAME, (Fold.of(FRAME, border), shift)).filled(points)
        assert filled.tolist() == [border == "constant", False]


@pytest.mark.parametrize(
    "step",
    [
        Projective.affine(0.1, 0.2, 0.3, -0.4, 0.5, 1e-17),
        Projective(((1, 0, 0), (0, 1, 0), (1e-3, -1e-3, 1))),
        Fold(3, 4, 40, 30, "wrap"),
        elastic_field(FRAME, key_of("record"), 55.5, 7.25),
        grid_field(FRAME, CONTROL.tolist()),
    ],
)
def test_a_map_read_back_from_its_record_is_the_same_map(step):
    again = map_of_record(json.loads(json.dumps(step.as_record())))
    x, y = axes(grid_of_points(FRAME))
    np.testing.assert_array_equal(again.pull(x, y), step.pull(x, y))
    np.testing.assert_array_equal(again.push(x, y), step.push(x, y))
    assert again.as_record() == step.as_record()
