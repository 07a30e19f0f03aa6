"""How colour operations compose."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from augcli.data import PixelFormat
from augcli.transforms.operations import (
    LUMA,
    ColorMatrix,
    ContrastOp,
    GammaCurve,
    HueTurn,
    Round,
    apply_colors,
    as_shares,
    fused,
    run_ops,
    to_levels,
)

entries = st.floats(-2, 2)
matrices = st.builds(
    lambda linear, shift: ColorMatrix.of(np.reshape(linear, (3, 3)), shift),
    st.lists(entries, min_size=9, max_size=9),
    st.lists(entries, min_size=3, max_size=3),
)
others = st.sampled_from([GammaCurve(0.5), HueTurn(0.2, "hsv")])  # Round would turn a tie into a level
CUBE = np.stack(np.meshgrid(*[np.linspace(0, 255, 9)] * 3), axis=-1).reshape(27, 27, 3).astype(np.uint8)
IDENTITY = ColorMatrix.of(np.eye(3))
RGB8 = PixelFormat()


@settings(deadline=None)
@given(matrices, matrices)
def test_a_product_of_matrices_is_one_after_the_other(first, second):
    colors = as_shares(CUBE, RGB8, np.float64)
    np.testing.assert_allclose(first.then(second)(colors), second(first(colors)), atol=1e-12)


@settings(deadline=None)
@given(st.lists(st.one_of(matrices, others), max_size=5))
def test_fused_operations_are_the_operations_one_by_one(ops):
    colors = as_shares(CUBE, RGB8, np.float64)
    chained, at_once = run_ops(ops, colors), run_ops(fused(ops), colors)
    np.testing.assert_allclose(at_once, chained, atol=1e-5)


def test_no_two_matrices_stay_side_by_side():
    ops = [IDENTITY, IDENTITY, GammaCurve(2.0), IDENTITY, IDENTITY]
    assert [type(op) for op in fused(ops)] == [ColorMatrix, GammaCurve, ColorMatrix]


@settings(max_examples=30, deadline=None)
@given(st.lists(matrices, min_size=1, max_size=4))
def test_a_run_is_the_float_chain_clipped_once(ops):
    expected = as_shares(CUBE, RGB8, np.float64)
    for op in ops:
        expected = op(expected)
    off = apply_colors(list(ops), CUBE) - np.clip(expected, 0, 1) * 255
    assert np.abs(off).max() < 0.501  # half a level, and what float32 leaves


def test_a_run_is_not_clipped_in_between():
    ops = [ColorMatrix.of(4 * np.eye(3)), ColorMatrix.of(0.25 * np.eye(3))]
    np.testing.assert_array_equal(apply_colors(list(ops), CUBE), CUBE)
    clipped = apply_colors([ops[0], Round(), ops[1]], CUBE)
    assert clipped.max() == 64


def test_the_table_and_the_long_way_agree():
    per_channel = ColorMatrix.of(np.diag([0.5, 1.1, 0.9]), (0.1, -0.1, 0.0))
    long_way = to_levels(per_channel(as_shares(CUBE, RGB8, np.float64)), RGB8)
    np.testing.assert_array_equal(apply_colors([per_channel], CUBE), long_way)


@pytest.mark.parametrize("op", [ColorMatrix.of(0.5 * np.eye(3)), HueTurn(0.3, "hsv")])
def test_alpha_is_left_alone(op):
    rgba = np.dstack([CUBE, CUBE[..., 1]])
    out = apply_colors([op], rgba)
    np.testing.assert_array_equal(out[..., 3], rgba[..., 3])
    np.testing.assert_array_equal(out[..., :3], apply_colors([op], CUBE))


def test_grey_is_rgb_three_times_over():
    grey = CUBE[..., :1]
    for op in (ColorMatrix.of(0.5 * np.eye(3)), ColorMatrix.of(np.tile(LUMA, (3, 1)), (0.1, 0.1, 0.1))):
        np.testing.assert_array_equal(
            apply_colors([op], grey), apply_colors([op], np.repeat(grey, 3, -1))[..., :1]
        )


def test_a_picture_is_not_changed_in_place():
    before = CUBE.copy()
    apply_colors([ColorMatrix.of(0.5 * np.eye(3))], CUBE)
    apply_colors([HueTurn(0.3, "hls")], CUBE)
    np.testing.assert_array_equal(CUBE, before)


def test_nothing_to_do_is_the_picture_itself():
    assert apply_colors([], CUBE) is CUBE


@pytest.mark.parametrize(("linear", "expected"), [(np.diag([1, 2, 3]), True), (np.tile(LUMA, (3, 1)), False)])
def test_a_diagonal_matrix_is_per_channel(linear, expected):
    assert ColorMatrix.of(linear).is_per_channel == expected


def test_contrast_blends_with_the_grey_of_the_mean():
    mean = np.array([0.2, 0.4, 0.6])
    grey = 0.299 * 0.2 + 0.587 * 0.4 + 0.114 * 0.6
    np.testing.assert_allclose(ContrastOp(0.0).bound(mean)(CUBE / 255), np.full(CUBE.shape, grey))
    np.testing.assert_allclose(ContrastOp(1.0).bound(mean)(CUBE / 255), CUBE / 255)


def test_rounding_is_to_whole_levels():
    np.testing.assert_allclose(Round()(np.array([-0.1, 0.5, 1.2]) / 1), np.array([0, 128, 255]) / 255)


def test_levels_are_clipped_and_rounded():
    assert to_levels(np.array([-1, 0, 100.4 / 255, 100.6 / 255, 2]), RGB8).tolist() == [0, 0, 100, 101, 255]
