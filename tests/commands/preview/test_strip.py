"""The strip: a row a copy, a column a step, each the picture that the steps so far would give."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from support.commands import mask, picture

from augcli.cli.app import cli
from augcli.commands.preview.preview import Preview, Selected, preview
from augcli.commands.preview.sheet import Cell
from augcli.errors import AugcliError
from augcli.recipe import parse_recipe

LIKE = "input: {mask: {kind: index}}\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for letter in "abc":
        picture(tmp_path / f"in/images/{letter}.png")
        mask(tmp_path / f"in/masks/{letter}.png", [0, 1])
    return tmp_path / "in"


def sheet_of(root: Path, text: str, **wanted: Any) -> Preview:
    return preview(parse_recipe(LIKE + text, "recipe.yaml"), root, Selected(cell=64, **wanted))


def strip(root: Path, text: str, **wanted: Any) -> list[list[Cell]]:
    rows = sheet_of(root, text, strip=True, **wanted).sheet.rows
    return [[cell for cell in row if cell] for row in rows]


def titles(row: list[Cell]) -> list[str]:
    return [cell.title for cell in row]


def pixels(cell: Cell | None) -> Any:
    assert cell is not None
    return np.asarray(cell.picture)


def test_a_row_is_the_source_and_its_steps_with_their_parameters(root: Path) -> None:
    (row,) = strip(root, "transforms: [rotate: {degrees: 20}, crop: {width: 0.5, height: 1}, transpose]")
    assert titles(row) == ["images/b", "rotate", "crop", "transpose"]
    assert [cell.details for cell in row] == [("aug",), ("degrees 20\u00b0",), ("20x30 at 0, 0",), ()]
    assert [cell.size for cell in row] == ["40x30", "40x30", "20x30", "30x20"]


def test_a_column_is_what_the_recipe_gives_if_it_ends_there(root: Path) -> None:
    steps = ["rotate: {degrees: 20}", "gaussian_blur: {sigma: 2}", "hue: {shift: 0.2}", "vertical_flip"]
    (row,) = strip(root, f"transforms: [{', '.join(steps)}]")
    for number in range(1, len(steps) + 1):
        shorter = sheet_of(root, f"transforms: [{', '.join(steps[:number])}]", sample="images/b")
        assert np.array_equal(pixels(row[number]), pixels(shorter.sheet.rows[0][1]))


def test_the_last_column_is_the_copy(root: Path) -> None:
    text = "{copies: 3, transforms: [rotate: {degrees: [-40, 40]}, gaussian_blur: {sigma: [1, 3], p: 0.5}]}"
    rows = strip(root, f"variants: {{jitter: {text}}}", sample="images/c")
    copies = sheet_of(root, f"variants: {{jitter: {text}}}", sample="images/c").sheet.rows[0][1:]
    assert [row[0].details for row in rows] == [("jitter 1",), ("jitter 2",), ("jitter 3",)]
    for row, copy in zip(rows, copies, strict=True):
        assert np.array_equal(pixels(row[-1]), pixels(copy))


def test_a_step_that_was_not_drawn_has_no_column(root: Path) -> None:
    text = "copies: 4\ntransforms: [gaussian_blur: {sigma: 2, p: 0.5}, rotate: {degrees: [1, 9]}]"
    rows = {tuple(titles(row)[1:]) for row in strip(root, text)}
    assert rows == {("gaussian_blur", "rotate"), ("rotate",)}


def test_a_copy_without_steps_says_so(root: Path) -> None:
    rows = strip(root, "copies: 4\ntransforms: [gaussian_blur: {sigma: 2, p: 0.5}]")
    assert {(len(row), row[0].details[1:]) for row in rows} == {(1, ("no step was applied",)), (2, ())}


def test_a_step_that_gives_several_shows_each(root: Path) -> None:
    text = (
        "copies: 1\ntransforms: [color_jitter: {brightness: 0.3, hue: 0.1}, random_resized_crop: {size: 20}]"
    )
    (row,) = strip(root, text)
    assert sorted(titles(row)[1:3]) == ["brightness", "hue"]
    assert titles(row)[3:] == ["crop", "resize"]


def test_a_policy_shows_the_steps_that_it_drew(root: Path) -> None:
    (row,) = strip(root, "seed: 3\ncopies: 1\ntransforms: [rand_augment: {count: 3}]")
    assert titles(row) == ["images/b", "equalize", "translate"]  # of three one is Identity


def test_the_last_resize_is_a_step(root: Path) -> None:
    (row,) = strip(root, "output: {size: 20}\ntransforms: [horizontal_flip]")
    assert titles(row) == ["images/b", "horizontal_flip", "resize"]


def test_tiles_are_rows(root: Path) -> None:
    rows = strip(root, "transforms: [tiles: {size: 20}, transpose]", rows=9)
    assert [row[0].details for row in rows] == [(f"aug {number}",) for number in range(1, 5)]
    assert [row[1].details for row in rows[:3]] == [
        ("20x20 at 0, 0",),
        ("20x20 at 20, 0",),
        ("20x20 at 0, 10",),
    ]


def test_steps_that_look_at_labels_show_what_they_saw(root: Path) -> None:
    (row,) = strip(root, "transforms: [horizontal_flip, crop_to_mask]")
    assert titles(row) == ["images/b", "horizontal_flip", "crop"]
    assert row[2].details == ("20x30 at 0, 0",)


def test_attempts_are_told_where_there_were_several(root: Path) -> None:
    accept = "accept: {min_foreground: 0.8, tries: 99}"
    text = f"variants: {{a: {{copies: 4, {accept}, transforms: [random_crop: {{size: 8}}]}}}}"
    in_strip = [row[0].details[1:] for row in strip(root, text)]
    grid = sheet_of(root, text, sample="images/b").sheet.rows[0][1:]
    in_grid = [tuple(detail for detail in cell.details if "attempt" in detail) for cell in grid if cell]
    assert in_strip == in_grid
    assert set(in_strip) > {()}
    assert all(re.fullmatch(r"([2-9]|[1-9]\d) attempts", detail) for (detail,) in filter(None, in_strip))


def test_a_copy_that_fails_is_shown_beside_its_source(root: Path) -> None:
    found = sheet_of(root, "transforms: [center_crop: {size: 35}]", strip=True)
    ((source, failed),) = found.sheet.rows
    assert source is not None
    assert failed is not None
    reason = (
        "images/b.png: a crop of 35x35 does not fit in 40x30; "
        "crop less, resize first, or put pad_if_needed: {size: 35x35} before it"
    )
    assert (source.title, failed.title, failed.reason) == ("images/b", "aug", reason)
    assert (found.copies, found.failures) == (0, (reason,))


def test_the_command_writes_a_strip(root: Path, tmp_path: Path) -> None:
    (tmp_path / "r.yaml").write_text("transforms: [horizontal_flip]")
    words = ["preview", str(tmp_path / "r.yaml"), str(root), "-o", str(tmp_path / "s.png"), "--strip"]
    result = CliRunner().invoke(cli, [*words, "--cell", "64"], catch_exceptions=False, standalone_mode=False)
    assert result.return_value == 0
    assert result.stdout == f"{tmp_path}/s.png: 1 source, 1 copy, 0 failed; 198x249 pixels\n"


def test_columns_cannot_be_counted_in_a_strip() -> None:
    words = ["preview", "r.yaml", "in", "-o", "s.png", "--strip", "--cols", "5"]
    with pytest.raises(AugcliError) as caught:
        CliRunner().invoke(cli, words, catch_exceptions=False, standalone_mode=False)
    assert str(caught.value) == "with --strip a column is a step; leave out --cols, or --strip"
