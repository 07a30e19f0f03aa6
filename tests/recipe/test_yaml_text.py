"""YAML text to plain data: scalars, places, limits, and what is refused."""

import math
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from augcli.errors import RecipeError
from augcli.recipe.yaml_text import MAX_BYTES, Position, parse_document, shown_path


def refusal(text: str | bytes) -> str:
    with pytest.raises(RecipeError) as caught:
        parse_document(text, "r.yaml")
    return str(caught.value)


def mistakes(text: str) -> list[str]:
    return [str(m) for m in parse_document(text, "r.yaml").mistakes]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-3", 0.001),
        ("010", 10),
        ("0o10", 8),
        ("0x1f", 31),
        ("-7", -7),
        ("+.5", 0.5),
        ("3.", 3.0),
        ("no", "no"),
        ("yes", "yes"),
        ("on", "on"),
        ("3:4", "3:4"),
        ("1_000", "1_000"),
        ("2020-01-01", "2020-01-01"),
        ("true", True),
        ("False", False),
        ("~", None),
        ("Null", None),
        ("-.inf", -math.inf),
        ("'5'", "5"),
        ("256x256", "256x256"),
        ("9223372036854775807", 2**63 - 1),
        ("9223372036854775808", 2.0**63),
        ("9" * 5000, math.inf),
        ("0x" + "f" * 5000, math.inf),
    ],
)
def test_scalars_follow_yaml_1_2(text: str, value: object) -> None:
    found = parse_document(f"a: {text}", "r.yaml").data["a"]
    assert (found, type(found)) == (value, type(value))


def test_nan_is_a_float() -> None:
    assert math.isnan(parse_document("a: .nan", "r.yaml").data["a"])


def test_every_key_and_value_has_its_place() -> None:
    document = parse_document("a:\n  - b: 1\n    c: [2,\n      3]\n", "r.yaml")
    assert document.data == {"a": [{"b": 1, "c": [2, 3]}]}
    assert document.keys["a", 0, "c"] == Position(3, 5)
    assert document.values["a", 0, "c"] == Position(3, 8)
    assert document.values["a", 0, "c", 1] == Position(4, 7)
    assert document.place(("a", 0, "missing", 5), key=True) == Position(2, 5)


def test_a_path_is_shown_as_keys_and_indices() -> None:
    path = ("variants", "jitter", "transforms", 2, "rotate", "degrees")
    assert shown_path(path) == "variants.jitter.transforms[2].rotate.degrees"


def test_a_byte_order_mark_is_no_part_of_the_text() -> None:
    assert parse_document(b"\xef\xbb\xbfa: 1", "r.yaml").keys["a",] == Position(1, 1)


def test_aliases_are_allowed() -> None:
    assert parse_document("a: &x [1]\nb: *x", "r.yaml").data == {"a": [1], "b": [1]}


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", "r.yaml:1:1: the recipe is empty; `augcli init` writes a first one"),
        ("# only a comment\n", "r.yaml:1:1: the recipe is empty; `augcli init` writes a first one"),
        ("a: 1\n---\nb: 2", "r.yaml:2:1: a recipe is one document; remove the second '---'"),
        (b"a: 1\nb: \xff", "r.yaml:2:4: not UTF-8: byte 0xff; save the recipe as UTF-8"),
        ("a: 1\nb: \x07", "r.yaml:2:4: the character U+0007 may not stand in YAML"),
        ("a:\n\t- b", "r.yaml:2:1: not valid YAML: a tab cannot indent; use spaces"),
        ("a: [1, 2\nb: 3", "r.yaml:2:2: not valid YAML: expected ',' or ']', but got ':'"),
        (
            "a: b: c",
            "r.yaml:1:5: not valid YAML: a second ': ' in one line; indent by lines, or put text in quotes",
        ),
        (
            "a:\n    - b\n  - c",
            "r.yaml:3:3: not valid YAML: this line's indentation does not fit the lines above",
        ),
        ("a: *x", "r.yaml:1:4: not valid YAML: found undefined alias 'x'"),
        ("a: &x [*x]", "r.yaml:1:4: an alias that refers to itself"),
        (r'a: "\UFFFFFFFF"', "r.yaml:1:7: not valid YAML: a number here is too large"),
    ],
)
def test_what_cannot_be_read_is_refused_in_one_line(text: str | bytes, line: str) -> None:
    assert refusal(text) == line


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a: 1\nb: 2\na: 3", "r.yaml:3:1: a: the key 'a' is given twice, first in line 1"),
        ("1: a\n'1': b", "r.yaml:2:1: 1: the key '1' is given twice, first in line 1"),
        (
            "a: &x {b: 1}\nc:\n  <<: *x",
            "r.yaml:3:3: c: the merge key '<<' is not in YAML 1.2: write the keys out",
        ),
        ("true: 1", "r.yaml:1:1: a key is text or a whole number; put other keys in quotes"),
        ("[a, b]: 1", "r.yaml:1:1: a key is text or a whole number; put other keys in quotes"),
        ("a: !!str 5", "r.yaml:1:4: a tag has no meaning in a recipe: remove !!str"),
        ("a: !tool [1]", "r.yaml:1:4: a tag has no meaning in a recipe: remove !tool"),
        ("a: !!python/none", "r.yaml:1:4: a tag has no meaning in a recipe: remove !!python/none"),
        (r'a: "\ud800"', "r.yaml:1:4: a: half of a surrogate pair is not a character"),
    ],
)
def test_a_readable_mistake_is_noted_with_its_place(text: str, line: str) -> None:
    assert mistakes(text) == [line]


def test_the_first_of_two_equal_keys_is_kept() -> None:
    assert parse_document("a: 1\na: 2", "r.yaml").data == {"a": 1}


def test_more_than_a_mebibyte_is_refused() -> None:
    assert refusal("#" * (MAX_BYTES + 1)) == "r.yaml:1:1: a recipe is at most 1 MiB"


def test_fifty_levels_are_read_and_one_more_is_refused() -> None:
    assert parse_document("[" * 49 + "1" + "]" * 49, "r.yaml").data
    assert refusal("[" * 50 + "1" + "]" * 50) == "r.yaml:1:51: more than 50 levels"


def test_levels_are_counted_through_aliases() -> None:
    chain = "a0: &a0 [x]\n" + "".join(f"a{i}: &a{i} [*a{i - 1}]\n" for i in range(1, 200))
    assert refusal(chain) == "r.yaml:50:6: more than 50 levels"


def test_a_bomb_of_aliases_is_refused_before_it_is_expanded() -> None:
    names = "abcdefghijklmnopqrstuvwxyz"
    rows = [f"{names[i]}: &{names[i]} [{', '.join([f'*{names[i - 1]}'] * 10)}]" for i in range(1, 26)]
    bomb = "\n".join(["a: &a [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]", *rows])
    assert refusal(bomb) == "r.yaml:5:4: more than 100,000 nodes, counted after aliases are expanded"


def test_mistakes_stay_short_whatever_the_text() -> None:
    assert len(mistakes(f"a: !{'x' * 100_000} 1")[0]) < 1100
    assert len(mistakes(f"{'k' * 1000}: 1\n{'k' * 1000}: 1")[0]) < 300


@given(st.one_of(st.text(), st.binary(), st.text("[]{}:,-&*!|>'\"%#? \n\tab0<=~.\\x")))
def test_any_text_gives_a_document_or_one_recipe_error(text: str | bytes) -> None:
    with suppress(RecipeError):
        document = parse_document(text, "r.yaml")
        assert all("\n" not in str(m) for m in document.mistakes)
        assert () in document.values
