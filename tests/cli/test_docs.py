"""The generated parts of README.md and the manual: complete, up to date, the same on every terminal."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import click
import pytest
from support.paths import ROOT

from augcli.cli.app import COMMANDS, cli
from augcli.cli.docs import (
    PARTS,
    SHEETS,
    check_markers,
    commands_part,
    options_part,
    pages,
    recipes_part,
    regenerated,
    transforms_part,
)
from augcli.errors import AugcliError
from augcli.recipe.catalogue import recipe_options
from augcli.recipe.parse import GROUPS
from augcli.transforms import TRANSFORMS

EMPTY = "".join(f"# {name}\n<!-- begin {name} -->\n<!-- end {name} -->\n" for name in PARTS)


def run(*arguments: str, columns: int = 80) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"COLUMNS": str(columns)}
    command = [sys.executable, "-m", "augcli.cli.docs", *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=environment, check=False)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder with a README that has every part, and a page of the manual that has none."""
    (tmp_path / "augcli" / "manual").mkdir(parents=True)
    (tmp_path / "augcli" / "manual" / "page.md").write_text("# A page\n", encoding="utf-8")
    (tmp_path / "README.md").write_text(EMPTY, encoding="utf-8")
    return tmp_path


def test_all_pages_are_up_to_date() -> None:
    texts = {path.name: path.read_text(encoding="utf-8") for path in pages(ROOT)}
    check_markers(texts.values())
    assert {name: stale for name, text in texts.items() if (stale := regenerated(text, ROOT)[1])} == {}


def test_every_transform_and_parameter_is_documented() -> None:
    blocks = {block.split("\n")[0]: block for block in transforms_part(ROOT).split("### ")[1:]}
    for name, model in TRANSFORMS.items():
        assert all(f"* `{field}" in blocks[name] for field in model.model_fields if field != "p"), name
    assert set(blocks) == {*TRANSFORMS, *GROUPS}


def test_every_family_has_a_sheet_that_shows_its_transforms() -> None:
    recipes = {path.stem: path.read_text(encoding="utf-8") for path in ROOT.glob("recipes/gallery/*.yaml")}
    elsewhere = [name for name, cls in TRANSFORMS.items() if name not in recipes[SHEETS[cls.family]]]
    assert elsewhere == ["channel_dropout"]  # among the colours


def test_every_command_and_option_is_documented() -> None:
    text = commands_part(ROOT)
    for name in COMMANDS:
        assert f"## `augcli {name}`" in text
        command = cli.get_command(click.Context(cli), name)
        assert command is not None
        flags = [flag for option in command.params for flag in option.opts if flag.startswith("--")]
        assert all(flag in text.split(f"## `augcli {name}`")[1].split("## ")[0] for flag in flags)


def test_every_command_has_an_example() -> None:
    for section in commands_part(ROOT).split("## `")[1:]:
        assert "Example:\n" in section, section


def test_every_option_of_a_recipe_is_documented() -> None:
    text = options_part(ROOT)
    for option in recipe_options():
        assert f"* `{option.name}` (" in text


def test_every_recipe_is_listed_with_what_it_is_for() -> None:
    lines = recipes_part(ROOT).splitlines()
    listed = [line[3 : line.index("]")] for line in lines if line.startswith("* ")]
    paths = ROOT.glob("recipes/**/*.yaml")
    assert listed == sorted(path.relative_to(ROOT / "recipes").as_posix() for path in paths)


def test_the_width_of_the_terminal_changes_nothing(root: Path) -> None:
    assert run(str(root), columns=50).returncode == 0
    assert run(str(root), "--check", columns=200).returncode == 0
    assert (root / "README.md").read_text(encoding="utf-8") != EMPTY


def test_a_stale_part_is_named_and_nothing_is_written(root: Path) -> None:
    readme = root / "README.md"
    run(str(root))
    text = readme.read_text(encoding="utf-8").replace("Mirror left and right", "Mirror up and down")
    readme.write_text(text, encoding="utf-8")
    result = run(str(root), "--check")
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr == f"{readme} is stale: transforms; run make docs\n"
    assert readme.read_text(encoding="utf-8") == text


def test_what_was_written_is_said(root: Path) -> None:
    assert run(str(root)).stdout == f"{root / 'README.md'}: wrote {', '.join(PARTS)}\n"
    assert run(str(root)).stdout == ""


def test_a_part_may_stand_on_any_page(root: Path) -> None:
    page = root / "augcli" / "manual" / "page.md"
    part = "<!-- begin recipes -->\n<!-- end recipes -->\n"
    (root / "README.md").write_text(EMPTY.replace(part, ""), encoding="utf-8")
    page.write_text(part, encoding="utf-8")
    assert f"{page}: wrote recipes\n" in run(str(root)).stdout


def test_text_outside_the_parts_is_kept(root: Path) -> None:
    fresh, _ = regenerated(EMPTY, root)
    heads = [line for line in fresh.splitlines() if line in {f"# {name}" for name in PARTS}]
    assert heads == [f"# {name}" for name in PARTS]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            EMPTY + "<!-- begin option -->\n<!-- end option -->\n",
            f"there is no generated part 'option'; there are {', '.join(PARTS)}",
        ),
        (
            EMPTY.replace("<!-- end options -->\n", ""),
            "the part 'options' is not on one page once; write <!-- begin options --> and "
            "<!-- end options --> once, on lines of their own",
        ),
        (
            EMPTY + EMPTY,
            "the part 'transforms' is not on one page once; write <!-- begin transforms --> and "
            "<!-- end transforms --> once, on lines of their own",
        ),
    ],
)
def test_markers_that_do_not_fit_are_refused(text: str, message: str) -> None:
    with pytest.raises(AugcliError) as error:
        check_markers([text])
    assert str(error.value) == message


def test_a_part_on_two_pages_is_refused() -> None:
    with pytest.raises(AugcliError, match="the part 'transforms' is not on one page once"):
        check_markers([EMPTY, EMPTY])


def test_a_recipe_that_does_not_say_what_it_is_for_is_refused(tmp_path: Path) -> None:
    (tmp_path / "recipes").mkdir()
    (tmp_path / "recipes" / "a.yaml").write_text("seed: 1\n", encoding="utf-8")
    with pytest.raises(AugcliError) as error:
        recipes_part(tmp_path)
    where = tmp_path / "recipes" / "a.yaml"
    assert str(error.value) == f"{where}: its first line does not say what it is for; write # ..."


def test_a_missing_readme_is_one_line_and_exit_code_2(tmp_path: Path) -> None:
    result = run(str(tmp_path))
    assert result.returncode == 2
    assert result.stderr == f"augcli: {tmp_path / 'README.md'}: cannot be read (No such file or directory)\n"
