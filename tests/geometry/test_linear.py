"""Small matrices, multiplied and solved in one order."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from augcli.geometry import product, solved

sizes = st.integers(1, 6)
seeds = st.integers(0, 2**32 - 1)


@given(seeds, sizes, sizes, sizes)
def test_a_product_is_numpys(seed, n, k, m):
    random = np.random.default_rng(seed)
    left, right = random.normal(size=(n, k)), random.normal(size=(k, m))
    np.testing.assert_allclose(product(left, right), left @ right, atol=1e-12)
    np.testing.assert_allclose(product(left, right[:, 0]), left @ right[:, 0], atol=1e-12)


def test_a_product_is_summed_from_the_first_to_the_last():
    row = [1e16, 1.0, -1e16, 1.0]
    assert product([row], np.ones(4)).tolist() == [((1e16 + 1.0) - 1e16) + 1.0]


@given(seeds, st.integers(1, 40))
def test_what_is_solved_is_the_right_side_again(seed, n):
    random = np.random.default_rng(seed)
    system = random.normal(size=(n, n)) + 3 * n * np.eye(n)[random.permutation(n)]  # pivots lie anywhere
    values = random.normal(size=(n, 2))
    found = solved(system, values)
    np.testing.assert_allclose(product(system, found), values, atol=1e-9)
    np.testing.assert_allclose(found, np.linalg.solve(system, values), atol=1e-9)


@pytest.mark.parametrize("system", [[[0, 1], [1, 0]], [[0, 0, 2], [1, 0, 0], [0, 3, 0]]])
def test_a_zero_on_the_diagonal_is_no_obstacle(system):
    values = np.arange(len(system))[:, None]
    np.testing.assert_allclose(product(system, solved(system, values)), values)
