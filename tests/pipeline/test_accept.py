"""accept: a copy that shows too little, or is filled too much, is drawn again."""

import json
from collections import Counter

import numpy as np
import pytest
from click.testing import CliRunner
from support.datasets_on_disk import failures, manifest, read, run, save

import augcli
from augcli.cli.app import cli
from augcli.errors import RecipeError
from augcli.recipe import parse_recipe

CROP = "transforms: [random_crop: {size: 8}]\n"
RECIPE = f"variants:\n  part:\n    copies: 12\n    accept: {{min_foreground: 0.05}}\n    {CROP}"


@pytest.fixture
def spots(tmp_path):
    """One picture whose mask has one small square: a crop of 8 x 8 meets it about once in six."""
    pixels = np.random.default_rng(0).integers(0, 256, (32, 40, 3), np.uint8)
    mask = np.zeros((32, 40), np.uint8)
    mask[10:14, 20:24] = 255
    save(tmp_path / "in" / "images" / "a.png", pixels)
    save(tmp_path / "in" / "masks" / "a.png", mask)
    return tmp_path


def test_every_copy_shows_enough_and_the_attempts_stand_in_the_manifest(spots):
    run(RECIPE.replace("tries", ""), spots / "in", spots / "out")
    lines = [line for line in manifest(spots / "out") if line["variant"] == "part"]
    assert lines
    for line in lines:
        mask = read(spots / "out" / line["mask_file_name"])
        assert (mask > 0).mean() >= 0.05
    assert max(line["attempts"] for line in lines) > 1
    assert min(line["attempts"] for line in lines) >= 1


def test_a_copy_that_no_try_meets_fails_by_name(spots):
    text = RECIPE.replace("min_foreground: 0.05", "min_foreground: 0.5, tries: 3")
    run(text, spots / "in", spots / "out")
    (first, *_) = failures(spots / "out")
    assert first["what"].startswith("none of 3 tries was accepted: ")
    assert first["what"].endswith("% of the last were foreground, min_foreground is 0.5")
    assert first["mend"] == "raise tries, ask for less, or let the steps move the picture less (part)"


def test_a_first_attempt_that_is_accepted_is_the_copy_without_accept(spots):
    run(RECIPE, spots / "in", spots / "out")
    run(RECIPE.replace("    accept: {min_foreground: 0.05}\n", ""), spots / "in", spots / "plain")
    plain = {line["copy"]: line for line in manifest(spots / "plain") if line["variant"] == "part"}
    lines = [line for line in manifest(spots / "out") if line["variant"] == "part"]
    same = [line["sha256"] == plain[line["copy"]]["sha256"] for line in lines]
    assert same == [line["attempts"] == 1 for line in lines]


def test_attempts_are_drawn_by_their_number_and_not_by_what_was_asked(spots):
    """The copies that take three tries are the same whatever refused the first two."""
    run(RECIPE, spots / "in", spots / "out")
    stricter = RECIPE.replace("min_foreground: 0.05", "min_foreground: 0.06")
    run(stricter, spots / "in", spots / "stricter")
    found = {(line["copy"], line["attempts"]): line["sha256"] for line in manifest(spots / "out")}
    again = {(line["copy"], line["attempts"]): line["sha256"] for line in manifest(spots / "stricter")}
    both = found.keys() & again.keys()
    assert len(both) > 3
    assert all(found[key] == again[key] for key in both)


def test_max_filled_bounds_what_a_constant_border_fills(spots):
    text = """
variants:
  moved:
    copies: 8
    accept: {max_filled: 0.2, tries: 100}
    transforms: [translate: {x: {limit: 0.9}}]
output: {border: constant}
"""
    run(text, spots / "in", spots / "out")
    lines = [line for line in manifest(spots / "out") if line["variant"] == "moved"]
    assert len(lines) == 8
    assert all(line["filled"] <= 0.2 for line in lines)
    assert any(line["attempts"] > 1 for line in lines)


def test_apply_gives_the_pixels_of_expand(spots):
    run(RECIPE, spots / "in", spots / "out")
    (spots / "r.yaml").write_text(RECIPE)
    recipe = augcli.load_recipe(spots / "r.yaml")
    image, mask = read(spots / "in/images/a.png"), read(spots / "in/masks/a.png")
    for line in manifest(spots / "out"):
        made, labels = recipe.apply(image, mask, key="images/a", variant=line["variant"], copy=line["copy"])
        np.testing.assert_array_equal(made, read(spots / "out" / line["file_name"]))
        np.testing.assert_array_equal(labels, read(spots / "out" / line["mask_file_name"]))


TRIED = """
variants:
  tight: [crop_to_mask: {classes: [1]}]
  part:
    copies: 4
    accept: {min_foreground: 0.2, tries: 2}
    transforms: [random_crop: {size: 8}]
  moved:
    copies: 4
    accept: {max_filled: 0.05, tries: 2}
    transforms: [translate: {x: {limit: 0.3}}]
input: {classes: {0: background, 1: spot}}
output: {border: constant}
"""


def test_check_names_the_very_pairs_that_expand_will_fail(spots):
    save(spots / "in" / "images" / "b.png", np.zeros((32, 40, 3), np.uint8))
    save(spots / "in" / "masks" / "b.png", np.zeros((32, 40), np.uint8))
    report = run(TRIED, spots / "in", spots / "out")
    (spots / "r.yaml").write_text(TRIED)
    done = CliRunner().invoke(cli, ["check", str(spots / "r.yaml"), str(spots / "in"), "--json", "-j", "1"])
    listed = json.loads(done.stdout)["data"]["failures"]
    found = {(f["key"], f["variant"], f["pairs"]) for f in listed}
    counts = Counter((failed.pair.key, failed.pair.variant) for failed in report.failed)
    assert found == {(*place, pairs) for place, pairs in counts.items()}
    assert 3 < len(report.failed) < report.planned


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "transforms: [rotate: {degrees: [0, 9]}]\naccept: {}",
            "2:9: accept: accept needs min_foreground or max_filled, for example {min_foreground: 0.01}",
        ),
        (
            "transforms: [rotate: {degrees: [0, 9]}]\naccept: {max_filled: 0.1, classes: [1]}\n"
            "output: {border: constant}",
            "2:9: accept: classes goes with min_foreground",
        ),
        (
            "transforms: [rotate: {degrees: [0, 9]}]\naccept: {max_filled: 0.1}",
            "2:10: accept.max_filled: only border: constant fills: write output: {border: constant}, "
            "or leave it out",
        ),
        (
            "transforms: [horizontal_flip]\naccept: {min_foreground: 0.1}",
            "2:1: accept: nothing in 'aug' is drawn, so every try would be the same: remove accept",
        ),
        (
            "transforms: [rotate: {degrees: [0, 9]}]\naccept: {min_foreground: 2}",
            "2:26: accept.min_foreground: expected a number of at most 1, got 2",
        ),
        ("accept: {min_foreground: 0.1}", "1:1: accept: accept of what? Add transforms:, "),
    ],
)
def test_mistakes(text, message):
    with pytest.raises(RecipeError) as caught:
        parse_recipe(text, "r")
    assert f"r:{message}" in str(caught.value)


def test_a_recipe_with_accept_resolves_to_itself():
    recipe = parse_recipe(RECIPE, "r")
    again = parse_recipe(json.dumps(recipe.resolved()), "r")
    assert again.resolved() == recipe.resolved()
    assert again.variants[0].accept == recipe.variants[0].accept
