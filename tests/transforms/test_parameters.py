"""The one grammar of numeric parameters, and sizes: what it reads, what it draws, and what it says."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic_core import PydanticCustomError

from augcli.rng import Words, key_of
from augcli.transforms.parameters import Distribution, Number, Size

FORMS = "5, [low, high], {limit: x}, {choice: [...]}, {normal: [mean, std]}, {log_uniform: [low, high]}"
FREE = Number()
FACTOR = Number(neutral=1.0, low=0.0)
SHARE = Number(low=0.0, high=1.0, above=True)
WHOLE = Number(neutral=0, low=-3, high=3, whole=True)
JITTER = Number(neutral=1.0, low=0.0, bare="limit")


def message(number: Number, value: object) -> str:
    with pytest.raises(PydanticCustomError) as caught:
        number.read(value)
    return caught.value.message()


def draws(distribution: Distribution, count: int = 300) -> list[float]:
    return [distribution.draw(Words(key_of("draw", i))) for i in range(count)]


@pytest.mark.parametrize(
    ("value", "kind", "values"),
    [
        (15, "fixed", (15.0,)),
        ([-2, 3], "uniform", (-2.0, 3.0)),
        ([2, 2], "fixed", (2.0,)),
        ({"choice": [1, 5, 2]}, "choice", (1.0, 5.0, 2.0)),
        ({"normal": [0, 2.5]}, "normal", (0.0, 2.5)),
        ({"log_uniform": [0.5, 2]}, "log_uniform", (0.5, 2.0)),
    ],
)
def test_every_form_is_read(value, kind, values):
    read = FREE.read(value)
    assert (read.kind, read.values) == (kind, values)
    assert FREE.read(read.as_recipe()) == read


def test_a_limit_is_around_the_neutral_value():
    assert Number(neutral=0.0).read({"limit": 15}).values == (-15, 15)
    assert FACTOR.read({"limit": 0.25}).values == (0.75, 1.25)
    assert FACTOR.read({"limit": 0}) == FACTOR.read(1)


def test_a_bare_number_of_color_jitter_is_a_limit_cut_at_the_bound():
    assert JITTER.read(0.5).values == (0.5, 1.5)
    assert JITTER.read(1.5).values == (0, 2.5)
    assert JITTER.read([0.2, 0.4]).values == (0.2, 0.4)


def test_a_ratio_pair_is_log_uniform():
    assert Number(low=0.0, above=True, pair="log_uniform").read([0.5, 2]).kind == "log_uniform"


def test_a_whole_parameter_keeps_its_deviation():
    assert WHOLE.read({"normal": [1, 0.6]}).values == (1, 0.6)


@pytest.mark.parametrize(
    ("number", "value", "expected"),
    [
        (FREE, "5", f"expected a number or one of {FORMS}, got '5'"),
        (FREE, True, f"expected a number or one of {FORMS}, got true"),
        (FREE, None, f"expected a number or one of {FORMS}, got nothing"),
        (FREE, math.inf, "expected a finite number, got inf"),
        (FREE, math.nan, "expected a finite number, got nan"),
        (FREE, [1], "a pair is [low, high]"),
        (FREE, [1, 2, 3], "a pair is [low, high]"),
        (FREE, [2, 1], "the lower end comes first: [1, 2]"),
        (FREE, {"limit": 3}, "limit has no meaning here, there is no neutral value: give [low, high]"),
        (FACTOR, {"limit": -1}, "a limit is not negative, got -1"),
        (FACTOR, {"limit": 2}, "expected at least 0, got -1"),
        (FREE, {"choice": []}, "choice takes a list of at least one number"),
        (FREE, {"choice": 3}, "choice takes a list of at least one number"),
        (FREE, {"normal": 3}, "normal takes [mean, std]"),
        (FREE, {"normal": [0, -1]}, "a standard deviation is not negative, got -1"),
        (FACTOR, {"normal": [-1, 1]}, "expected at least 0, got -1"),
        (FREE, {"log_uniform": [1]}, "log_uniform takes [low, high]"),
        (FREE, {"log_uniform": [0, 1]}, "log_uniform needs ends above 0"),
        (FREE, {"log_uniform": [2, 1]}, "the lower end comes first: [1, 2]"),
        (FREE, {"beta": 3}, f"unknown form 'beta': expected one of {FORMS}"),
        (FREE, {}, f"expected one of {FORMS}"),
        (FREE, {"limit": 1, "choice": [1]}, f"expected one of {FORMS}"),
        (SHARE, 0, "expected above 0 and at most 1, got 0"),
        (SHARE, [0.5, 1.5], "expected above 0 and at most 1, got 1.5"),
        (WHOLE, 4, "expected at least -3 and at most 3, got 4"),
        (WHOLE, 1.5, "expected a whole number, got 1.5"),
        (WHOLE, {"choice": [1, 0.5]}, "expected a whole number, got 0.5"),
        (Number(high=5.0), 6, "expected at most 5, got 6"),
    ],
)
def test_a_mistake_says_what_was_expected(number, value, expected):
    assert message(number, value) == expected


ends = st.tuples(st.floats(0.01, 50), st.floats(0.01, 50)).map(sorted)
forms = st.one_of(
    st.floats(0.01, 50),
    ends,
    st.fixed_dictionaries({"limit": st.floats(0, 0.9)}),
    st.fixed_dictionaries({"choice": st.lists(st.floats(0.01, 50), min_size=1, max_size=5)}),
    st.fixed_dictionaries({"normal": st.tuples(st.floats(0.01, 50), st.floats(0, 99)).map(list)}),
    st.fixed_dictionaries({"log_uniform": ends}),
)


@settings(deadline=None)
@given(forms, st.integers(0, 2**64))
def test_draws_stay_in_bounds_for_every_form(form, seed):
    read = Number(neutral=1.0, low=0.01, high=50.0).read(form)
    low, high = read.ends
    value = read.draw(Words(key_of(seed)))
    assert 0.01 <= low <= value <= high <= 50
    assert isinstance(value, float)


@settings(deadline=None)
@given(st.integers(-3, 3), st.integers(-3, 3), st.integers(0, 2**64))
def test_whole_draws_are_whole(a, b, seed):
    value = WHOLE.read([min(a, b), max(a, b)]).draw(Words(key_of(seed)))
    assert min(a, b) <= value <= max(a, b)
    assert isinstance(value, int)


def test_whole_numbers_include_both_ends():
    assert set(draws(WHOLE.read([-1, 2]))) == {-1, 0, 1, 2}
    assert set(draws(WHOLE.read({"normal": [0, 3]}))) == set(range(-3, 4))
    assert set(draws(Number(low=1, whole=True).read({"log_uniform": [1, 4]}))) == {1, 2, 3, 4}


def test_every_choice_is_drawn():
    assert set(draws(FREE.read({"choice": [1, 5, 2]}))) == {1, 5, 2}


def test_normal_has_its_mean_and_deviation():
    values = np.array(draws(FREE.read({"normal": [3, 2]}), 4000))
    assert abs(values.mean() - 3) < 4 * 2 / math.sqrt(4000)
    assert abs(values.std() - 2) < 4 * 2 / math.sqrt(2 * 4000)


def test_normal_is_drawn_again_outside_the_bounds():
    values = np.array(draws(FACTOR.read({"normal": [0.1, 1]})))
    assert values.min() > 0  # cut values would stand exactly at 0
    assert (values > 1).any()


def test_normal_that_never_falls_inside_is_its_mean():
    narrow = Distribution("normal", (5.0, 1e9), 5.0, 5.0)
    assert narrow.draw(Words("1")) == 5


def test_log_uniform_has_half_its_draws_below_the_geometric_mean():
    values = np.array(draws(FREE.read({"log_uniform": [0.1, 10]}), 2000))
    assert abs((values < 1).mean() - 0.5) < 4 * 0.5 / math.sqrt(2000)


def test_only_a_fixed_number_is_not_random():
    assert not FREE.read(3).is_random
    assert all(FREE.read(form).is_random for form in ([1, 2], {"choice": [1, 2]}, {"normal": [0, 1]}))


@pytest.mark.parametrize(
    ("value", "size"), [(256, (256, 256)), ("384x192", (384, 192)), (" 3 x 4 ", (3, 4)), (Size(1, 2), (1, 2))]
)
def test_sizes_are_width_by_height(value, size):
    read = Size.read(value)
    assert (read.width, read.height) == size
    assert Size.read(str(read)) == read


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (
            [384, 192],
            "a size is never a list: write 384x192 for width 384 and height 192, "
            "or 192x384 for height 384 and width 192",
        ),
        ([1], "a size is never a list: write 256 (square) or 384x192 (width x height)"),
        ("big", "expected 256 (square) or 384x192 (width x height), got 'big'"),
        (True, "expected 256 (square) or 384x192 (width x height), got true"),
        (2.5, "expected 256 (square) or 384x192 (width x height), got 2.5"),
        (0, "a side is 1 to 32767 pixels, got 0x0"),
        ("1x40000", "a side is 1 to 32767 pixels, got 1x40000"),
    ],
)
def test_a_mistaken_size_says_what_was_expected(value, expected):
    with pytest.raises(PydanticCustomError) as caught:
        Size.read(value)
    assert caught.value.message() == expected
