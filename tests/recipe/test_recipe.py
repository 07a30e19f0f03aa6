"""What a recipe means: its variants, options and defaults, its digest, and that it never fails oddly."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from support.recipe_texts import DESIGN

from augcli.errors import AugcliError, Mistake, RecipeError
from augcli.recipe import Group, Recipe, Step, load_recipe, parse_recipe, with_overrides
from augcli.recipe.parse import GROUP_EXAMPLES
from augcli.transforms import TRANSFORMS


def recipe(text: str) -> Recipe:
    return parse_recipe(text, "r.yaml")


def steps(text: str) -> tuple[Step | Group, ...]:
    return recipe(f"transforms: {text}").variants[0].children


def test_the_whole_language_is_read() -> None:
    read = recipe(DESIGN)
    assert (read.seed, read.keep_original, read.file) == (66, True, "r.yaml")
    assert [(v.name, v.copies, v.is_random) for v in read.variants] == [
        ("flipud", 1, False),
        ("fliplr", 1, False),
        ("jitter", 5, True),
    ]
    assert read.input.class_names == {0: "background", 1: "car"}
    assert (read.input.mask.threshold, read.input.mask.ignore) == (108, 255)
    assert (read.output.fill, read.output.image.subsampling) == ((0, 0, 0), "420")


def test_an_almost_empty_recipe_has_the_documented_defaults() -> None:
    read = recipe("transforms: [horizontal_flip]")
    assert [(v.name, v.copies) for v in read.variants] == [("aug", 1)]
    assert (
        read.resolved() == recipe("variants: {aug: [horizontal_flip: {p: 1.0}]}\ninput:\noutput:").resolved()
    )
    assert read.resolved()["output"] == {
        "layout": "like-input",
        "size": None,
        "fit": "stretch",
        "border": "auto",
        "fill": [0, 0, 0],
        "interpolation": "linear",
        "image": {"format": "same", "quality": 95, "subsampling": "420"},
        "mask": {"format": "png", "foreground": None},
        "annotations": {"min_area": 0, "min_visibility": 0, "boxes": "corners", "renumber": False},
        "pixelmaps": None,
        "originals": "copy",
        "also": [],
    }


def test_a_recipe_of_originals_alone_is_allowed() -> None:
    assert recipe("augcli: 1").variants == ()


def test_equal_names_are_counted_in_their_group() -> None:
    names = [
        s.name for s in steps("[transpose, sequence: [transpose], rotate90, transpose, sequence: [rotate90]]")
    ]
    assert names == ["transpose#0", "sequence#0", "rotate90#0", "transpose#1", "sequence#1"]


def test_adding_a_step_of_another_name_renames_no_step() -> None:
    before = {s.name for s in steps("[transpose, rotate90, transpose]")}
    assert before < {s.name for s in steps("[vertical_flip, transpose, rotate90, transpose]")}


def test_groups_nest_and_carry_p_n_and_weight() -> None:
    (group,) = steps(
        "[one_of: [transpose, some_of: {n: [1, 2], p: 0.5, weight: 3, transforms: [transpose, rotate90]}]]"
    )
    assert isinstance(group, Group)
    first, second = group.children
    assert isinstance(second, Group)
    assert (first.weight, second.weight, second.p, second.kind) == (1.0, 3.0, 0.5, "some_of")
    assert second.n is not None
    assert (second.n.values, second.n.high) == ((1, 2), 2)


@pytest.mark.parametrize(
    ("text", "random"),
    [
        ("[transpose]", False),
        ("[transpose: {p: 0}]", False),
        ("[transpose: {p: 0.5}]", True),
        ("[rotate: {degrees: 5}]", False),
        ("[rotate: {degrees: [5, 5]}]", False),
        ("[rotate: {degrees: [4, 5]}]", True),
        ("[gaussian_noise: {std: 0.1}]", True),
        ("[sequence: [transpose]]", False),
        ("[sequence: {p: 0.5, transforms: [transpose]}]", True),
        ("[sequence: [rotate: {degrees: {limit: 5}}]]", True),
        ("[one_of: [transpose]]", False),
        ("[one_of: [transpose, rotate90]]", True),
        ("[random_order: [transpose, rotate90]]", True),
        ("[some_of: {n: 2, transforms: [transpose, rotate90]}]", False),
        ("[some_of: {n: 1, transforms: [transpose, rotate90]}]", True),
        ("[some_of: {n: [0, 2], transforms: [transpose, rotate90]}]", True),
    ],
)
def test_a_variant_is_random_if_anything_in_it_is_drawn(text: str, random: bool) -> None:
    assert recipe(f"transforms: {text}").variants[0].is_random is random


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("transforms: [rotate: {degrees: 15}]", "transforms: [rotate: {degrees: 15.0, p: 1}]"),
        ("transforms: [rotate: {degrees: {limit: 15}}]", "transforms: [rotate: {degrees: [-15, 15.0]}]"),
        ("transforms: [transpose]", "transforms:\n- transpose:\n"),
        (
            "transforms: [one_of: [transpose]]",
            "transforms: [one_of: {p: 1, transforms: [transpose: {weight: 1}]}]",
        ),
        ("output: {size: 256}", 'output: {size: "256x256"}'),
        ("output: {fill: 255}", 'output: {fill: "#FFFFFF"}'),
        ("output: {fill: [1, 2, 3]}", 'output: {fill: "#010203"}'),
        ("input: {classes: [a, b]}", "input: {classes: {1: b, 0: a}}"),
        ('input: {classes: {car: "#00008E"}}', 'input: {classes: {car: "#00008e"}}'),
        ("output: {image: {subsampling: 444}}", 'output: {image: {subsampling: "444"}}'),
        ("input: {images: a/}", "input: {images: a}"),
    ],
)
def test_recipes_that_mean_the_same_have_one_digest(one: str, other: str) -> None:
    first, second = recipe(one), parse_recipe(other, "another name.yaml")
    assert json.dumps(first.resolved(), sort_keys=True) == json.dumps(second.resolved(), sort_keys=True)
    assert first.digest() == second.digest()


@pytest.mark.parametrize(
    "changed",
    [
        "{seed: 1, transforms: [rotate: {degrees: 5}]}",
        "{keep_original: false, transforms: [rotate: {degrees: 5}]}",
        "{transforms: [rotate: {degrees: 6}]}",
        "{variants: {other: [rotate: {degrees: 5}]}}",
        "{transforms: [rotate: {degrees: 5}], output: {border: reflect}}",
        "{transforms: [rotate: {degrees: 5}], input: {layout: folders}}",
    ],
)
def test_a_recipe_that_means_something_else_has_another_digest(changed: str) -> None:
    assert recipe(changed).digest() != recipe("transforms: [rotate: {degrees: 5}]").digest()


def test_a_variants_steps_are_plain_data_with_definition_numbers() -> None:
    variant = recipe("transforms: [one_of: [rotate: {degrees: 5, weight: 2}, transpose]]").variants[0]
    rotate = {"p": 1, "degrees": 5, "weight": 2, "definition_number": TRANSFORMS["rotate"].definition_number}
    transpose = {"p": 1, "weight": 1, "definition_number": TRANSFORMS["transpose"].definition_number}
    below = [{"rotate": rotate}, {"transpose": transpose}]
    assert variant.resolved() == [{"one_of": {"p": 1, "transforms": below}}]


def test_copies_do_not_stand_in_a_variants_steps() -> None:
    few, many = (recipe(f"{{copies: {n}, transforms: [random_crop: {{size: 9}}]}}") for n in (1, 5))
    assert few.variants[0].resolved() == many.variants[0].resolved()
    assert few.digest() != many.digest()


def test_overrides_replace_copies_of_random_variants_and_the_seed() -> None:
    changed = with_overrides(recipe(DESIGN), copies=2, seed=7)
    assert [v.copies for v in changed.variants] == [1, 1, 2]
    assert changed.seed == 7
    assert with_overrides(recipe(DESIGN)) == recipe(DESIGN)


@pytest.mark.parametrize(
    ("override", "line"),
    [
        (
            {"copies": 2},
            "r.yaml: no variant is random, so 2 copies would be the same; "
            "leave out -n, or draw something, like rotate: {degrees: [-15, 15]}",
        ),
        ({"copies": 0}, "copies are 1 to 1000000, got 0"),
        ({"seed": -1}, "a seed is 0 to 9223372036854775807, got -1"),
    ],
)
def test_an_override_without_meaning_is_refused(override: dict[str, int], line: str) -> None:
    with pytest.raises(AugcliError) as caught:
        with_overrides(recipe("transforms: [transpose]"), **override)
    assert str(caught.value) == line


def test_a_recipe_is_loaded_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "r.yaml"
    path.write_text(DESIGN, encoding="utf-8")
    assert load_recipe(path).digest() == recipe(DESIGN).digest()
    assert load_recipe(str(path)).file == str(path)


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("missing.yaml", "there is no such recipe; check the path"),
        (
            ".",
            "is a folder, not a recipe; the recipe comes first: augcli expand recipe.yaml in/ out/",
        ),
        ("file/below", "cannot be read (Not a directory)"),
    ],
)
def test_a_file_that_cannot_be_read_is_one_line(tmp_path: Path, name: str, what: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(AugcliError) as caught:
        load_recipe(tmp_path / name)
    assert str(caught.value) == f"{tmp_path / name}: {what}"


def test_a_name_with_a_nul_is_no_path() -> None:
    with pytest.raises(AugcliError) as caught:
        load_recipe("a\0b")
    assert str(caught.value) == "a\\x00b: is no path of a file"


_ANYWHERE = {name: cls.example for name, cls in TRANSFORMS.items() if name != "tiles"}  # which stands first
VALID = [yaml.safe_load(line or name) for name, line in _ANYWHERE.items()]
PROBABILITY = st.floats(0, 1)


@st.composite
def valid_step(draw: st.DrawFn) -> Any:
    step = draw(st.sampled_from(VALID))
    name, parameters = next(iter(step.items())) if isinstance(step, dict) else (step, {})
    if name == "rotate":
        number = st.one_of(st.floats(-90, 90), st.integers(-90, 90))
        form = st.one_of(
            number,
            st.lists(number, min_size=2, max_size=2).map(sorted),
            st.fixed_dictionaries({"choice": st.lists(number, min_size=1, max_size=3)}),
            st.fixed_dictionaries({"normal": st.tuples(number, st.floats(0, 9)).map(list)}),
            st.fixed_dictionaries({"limit": st.floats(0, 9)}),
        )
        parameters = {"degrees": draw(form)}
    return {name: {**parameters, "p": draw(PROBABILITY)}}


def group_of(steps: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    several = st.lists(steps, min_size=1, max_size=3)
    kinds = st.sampled_from(["one_of", "random_order", "sequence"])
    mappings = st.builds(
        lambda kind, p, below: {kind: {"p": p, "transforms": below}}, kinds, PROBABILITY, several
    )
    some = several.map(lambda below: {"some_of": {"n": [0, len(below)], "transforms": below}})
    return st.one_of(mappings, some, st.builds(lambda kind, below: {kind: below}, kinds, several))


valid_steps = st.recursive(valid_step(), group_of, max_leaves=6)
valid_recipes = st.fixed_dictionaries(
    {"seed": st.integers(0, 2**63 - 1), "transforms": st.lists(valid_steps, min_size=1, max_size=3)},
    optional={"keep_original": st.booleans(), "output": st.just({"size": "9x7", "fill": "#010203"})},
)


@given(valid_recipes)
def test_a_resolved_recipe_is_a_recipe_of_the_same_digest(data: dict[str, Any]) -> None:
    read = recipe(json.dumps(data))
    again = recipe(json.dumps(read.resolved()))
    assert again.resolved() == read.resolved()
    assert again.digest() == read.digest()
    assert [v.resolved() for v in again.variants] == [v.resolved() for v in read.variants]
    assert recipe(yaml.safe_dump(read.resolved())).digest() == read.digest()


def test_neutral_jitter_keeps_its_meaning_when_it_is_written_out() -> None:
    read = recipe("transforms: [color_jitter: {brightness: 0, hue: 0.1}]")
    assert recipe(json.dumps(read.resolved())).resolved() == read.resolved()


names = st.sampled_from([*TRANSFORMS, *GROUP_EXAMPLES, "HorizontalFlip", "foo"])
fields = sorted({field for cls in TRANSFORMS.values() for field in cls.model_fields})
keys = st.sampled_from([*fields, "weight", "transforms", "n", "copies", "limit", "choice", "normal", 0])
leaves = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.sampled_from(["", "a", "256x256", "#ff00ff", "pattern", "(", "9" * 5000 + "x1"]),
)
anything = st.recursive(
    leaves, lambda below: st.lists(below, max_size=3) | st.dictionaries(keys | names, below, max_size=3)
)
top_keys = [
    "augcli",
    "seed",
    "keep_original",
    "input",
    "output",
    "variants",
    "transforms",
    "copies",
    "size",
    "foo",
]
section_keys = [
    "layout",
    "mask",
    "image",
    "classes",
    "fill",
    "size",
    "group",
    "expand",
    "images",
    "also",
    "kind",
]
any_step = names | st.dictionaries(names, anything, max_size=2)
any_value = st.one_of(
    anything,
    st.dictionaries(st.sampled_from(section_keys), anything),
    st.lists(any_step, max_size=3),
    st.dictionaries(st.sampled_from(["a", "B", "original", 1]), st.lists(any_step, max_size=2), max_size=2),
)
any_recipe = st.dictionaries(st.sampled_from(top_keys), any_value)


def read_or_mistakes(text: str | bytes) -> Recipe | list[Mistake]:
    try:
        return parse_recipe(text, "r.yaml")
    except RecipeError as error:
        return error.mistakes


@given(any_recipe)
def test_any_mapping_is_a_recipe_or_its_mistakes(data: dict[str, Any]) -> None:
    found = read_or_mistakes(json.dumps(data).replace("NaN", ".nan").replace("Infinity", ".inf"))
    if isinstance(found, Recipe):
        assert found.digest()
    else:
        assert found
        assert all("\n" not in str(m) and m.line == 1 and m.column >= 1 for m in found)


@given(st.text() | st.binary())
def test_any_text_is_a_recipe_or_its_mistakes(text: str | bytes) -> None:
    found = read_or_mistakes(text)
    assert found.digest() if isinstance(found, Recipe) else found
