"""Which pairs there will be, in which order, and what their files are called."""

from pathlib import Path

import pytest

from augcli.data import Dataset, Item
from augcli.errors import DatasetError
from augcli.pipeline.plan import EVERYTHING, Pair, Selection, make_plan
from augcli.recipe import parse_recipe

BOTH = """
variants:
  flip: [horizontal_flip]
  turn: {copies: 2, transforms: [{rotate: {degrees: [-5, 5]}}]}
"""


def item(key, suffix=".jpg", **more):
    return Item(key=key, image=key + suffix, **more)


def plan(items, text=BOTH, selection=EVERYTHING):
    dataset = Dataset(Path("in"), "folders", {}, "", tuple(items))
    return make_plan(parse_recipe(text, "recipe.yaml"), dataset, selection)


def names(jobs):
    return [pair.image for job in jobs for pair in job.pairs]


def refusal(*args, **options):
    with pytest.raises(DatasetError) as caught:
        plan(*args, **options)
    return str(caught.value)


def test_a_source_gives_its_original_each_fixed_variant_once_and_the_copies_of_random_ones():
    assert names(plan([item("b"), item("a")])) == [
        *("b.jpg", "b__flip.jpg", "b__turn-1.jpg", "b__turn-2.jpg"),
        *("a.jpg", "a__flip.jpg", "a__turn-1.jpg", "a__turn-2.jpg"),
    ]


def test_no_originals_where_the_recipe_wants_none():
    assert names(plan([item("a")], "keep_original: false\nvariants: {flip: [transpose]}")) == ["a__flip.jpg"]


def test_one_random_copy_is_numbered_too():
    assert names(plan([item("a")], "transforms: [{rotate: {degrees: [1, 2]}}]"))[1:] == ["a__aug-1.jpg"]


def test_masks_are_png_and_named_as_the_input_names_them():
    jobs = plan([Item("train/x", "train/x.jpg", {"mask": "train_masks/x_mask.gif"})])
    assert [dict(pair.masks) for pair in jobs[0].pairs][:2] == [
        {"mask": "train_masks/x_mask.png"},
        {"mask": "train_masks/x__flip_mask.png"},
    ]


@pytest.mark.parametrize(("written", "suffix"), [("same", ".JPG"), ("png", ".png"), ("jpeg", ".jpg")])
def test_the_suffix_is_the_sources_or_the_written_formats(written, suffix):
    text = f"{BOTH}output: {{image: {{format: {written}}}}}"
    assert names(plan([item("a", ".JPG")], text))[0] == f"a{suffix}"


def test_only_the_train_split_is_expanded():
    items = [item(f"{split}/a", split=split) for split in ("train", "val", "test")]
    assert [len(job.pairs) for job in plan(items)] == [4, 1, 1]
    assert [len(job.pairs) for job in plan(items, BOTH + "input: {expand: [val, test]}")] == [1, 4, 4]


def test_other_splits_pass_through_even_where_originals_are_not_kept():
    items = [item("train/a", split="train"), item("val/a", split="val")]
    jobs = plan(items, BOTH + "keep_original: false")
    assert names(jobs) == ["train/a__flip.jpg", "train/a__turn-1.jpg", "train/a__turn-2.jpg", "val/a.jpg"]


def test_a_single_split_is_expanded_whatever_it_is_called():
    assert [len(job.pairs) for job in plan([item("val/a", split="val")])] == [4]


def test_a_selection_does_not_change_what_is_a_split():
    items = [item("train/a", split="train"), item("val/a", split="val")]
    assert names(plan(items, selection=Selection(only="val/*"))) == ["val/a.jpg"]


@pytest.mark.parametrize(
    ("selection", "keys"),
    [
        (Selection(limit=2), ["a1", "a2"]),
        (Selection(only="a*"), ["a1", "a2", "a3"]),
        (Selection(only="*.png"), ["b1"]),
        (Selection(only="a*", limit=1), ["a1"]),
        (Selection(only="a[23]", limit=9), ["a2", "a3"]),
    ],
)
def test_only_matches_keys_and_paths_and_limit_counts_what_is_left(selection, keys):
    items = [item("a1"), item("a2"), item("a3"), item("b1", ".png")]
    assert [job.item.key for job in plan(items, selection=selection)] == keys


def test_a_selection_plans_the_same_pairs_as_the_full_run():
    items = [item(key) for key in "abcd"]
    full = plan(items)
    assert plan(items, selection=Selection(limit=2)) == full[:2]
    assert plan(items, selection=Selection(only="c")) == full[2:3]


def test_a_glob_that_nothing_matches_is_refused():
    assert refusal([item("a")], selection=Selection(only="z*")) == "in: no source matches --only z*"


@pytest.mark.parametrize(
    ("first", "second", "shown", "of", "and_of"),
    [
        ("a", "A", "A.jpg", "a.jpg", "A.jpg"),
        ("caf\u00e9", "cafe\u0301", "cafe\u0301.jpg", "caf\u00e9.jpg", "cafe\u0301.jpg"),
        ("a", "a__flip", "a__flip.jpg", "a.jpg", "a__flip.jpg"),
    ],
)
def test_two_files_of_one_name_are_refused_also_where_case_or_unicode_form_alone_differs(
    first, second, shown, of, and_of
):
    expected = f"two files would be called {shown}: of {of} and of {and_of}; rename one of the sources"
    assert refusal([item(first), item(second)]) == expected


def test_an_image_and_a_mask_of_one_name_are_refused():
    both = Item("a", "a.jpg", {"mask": "a.png"})
    text = BOTH + "output: {image: {format: png}}"
    assert refusal([both], text).startswith("two files would be called a.png: of a.jpg and of a.jpg; ")


def test_a_source_called_as_our_own_files_is_refused():
    files = [Item("manifest", "manifest.jsonl")]
    assert refusal(files, BOTH).startswith("two files would be called manifest.jsonl: of augcli's own file ")


def test_a_pair_is_known_by_key_variant_and_copy():
    pair = Pair("a|b", "turn", 2, "x.jpg", {"mask": "x.png"})
    assert pair.id == "a|b|turn|2"
    assert pair.files == ("x.jpg", "x.png")
