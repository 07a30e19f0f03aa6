"""How values stand in messages."""

import math

import pytest

from augcli.text import shown


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, "nothing"),
        (True, "true"),
        ("a", "'a'"),
        ("x" * 50, f"'{'x' * 37}...'"),
        (-0.5, "-0.5"),
        (math.nan, "nan"),
        (1.0000000000000002e144, "1.0000000000000002e+144"),
        (2**64 - 1, "18446744073709551615"),
        (-(10**20), "a whole number of 21 digits"),
        (10**144, "a whole number of 145 digits"),
        (10**144 - 1, "a whole number of 144 digits"),
        ([1, 2.5], "[1, 2.5]"),
        ([10**144], "[a whole number of 145 digits]"),
        ([1, 2, 3, 4, 5], "a list"),
        (["a"], "a list"),
        ({"a": 1}, "a mapping"),
    ],
)
def test_a_value_is_shown_in_a_few_words(value, expected):
    assert shown(value) == expected


def test_a_number_that_python_refuses_to_write_is_shown():
    assert shown(10**5000) == "a whole number of 5001 digits"
