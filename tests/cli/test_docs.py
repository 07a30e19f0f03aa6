"""The README's generated parts: complete, up to date, and the same on every terminal."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import click
import pytest
from support.paths import ROOT

from augcli.cli.app import COMMANDS, cli
from augcli.cli.docs import PARTS, commands_part, options_part, recipes_part, regenerated, transforms_part
from augcli.errors import AugcliError
from augcli.recipe.parse import GROUPS
from augcli.transforms import TRANSFORMS

EMPTY = "".join(f"# {name}\n<!-- begin {name} -->\n<!-- end {name} -->\n" for name in PARTS)


def run(*arguments: str, columns: int = 80) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"COLUMNS": str(columns)}
    command = [sys.executable, "-m", "augcli.cli.docs", *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=environment, check=False)


@pytest.fixture
def readme(tmp_path: Path) -> Path:
    path = tmp_path / "README.md"
    path.write_text(EMPTY, encoding="utf-8")
    return path


def test_the_readme_is_up_to_date() -> None:
    _, stale = regenerated((ROOT / "README.md").read_text(encoding="utf-8"), ROOT)
    assert stale == [], "run make docs"


def test_every_transform_and_parameter_is_documented() -> None:
    rows = transforms_part(ROOT).splitlines()
    for name, model in TRANSFORMS.items():
        (row,) = [row for row in rows if row.startswith(f"| `{name}` |")]
        assert all(f"`{field}" in row for field in model.model_fields if field != "p"), row
    assert all(any(row.startswith(f"| `{name}` |") for row in rows) for name in GROUPS)


def test_every_command_and_option_is_documented() -> None:
    text = commands_part(ROOT)
    for name in COMMANDS:
        assert f"### `augcli {name}`" in text
        command = cli.get_command(click.Context(cli), name)
        assert command is not None
        flags = [flag for option in command.params for flag in option.opts if flag.startswith("--")]
        assert all(flag in text.split(f"### `augcli {name}`")[1].split("### ")[0] for flag in flags)


def test_every_command_has_an_example() -> None:
    for section in commands_part(ROOT).split("### `")[1:]:
        assert "Example:\n" in section, section


def test_every_option_of_a_recipe_is_documented() -> None:
    table = options_part(ROOT)
    for key in ("seed", "keep_original", "copies", "input.mask.threshold", "output.image.quality"):
        assert f"| `{key}` |" in table


def test_every_recipe_is_listed_with_what_it_is_for() -> None:
    lines = recipes_part(ROOT).splitlines()
    listed = [line[3 : line.index("]")] for line in lines]
    assert listed == sorted(path.relative_to(ROOT).as_posix() for path in ROOT.glob("recipes/**/*.yaml"))


def test_the_width_of_the_terminal_changes_nothing(readme: Path) -> None:
    assert run(str(readme), columns=50).returncode == 0
    narrow = readme.read_text(encoding="utf-8")
    assert run(str(readme), "--check", columns=200).returncode == 0
    assert max(map(len, commands_part(readme.parent).splitlines())) <= 100
    assert narrow != EMPTY


def test_a_stale_part_is_named_and_nothing_is_written(readme: Path) -> None:
    run(str(readme))
    text = readme.read_text(encoding="utf-8").replace("Mirror left and right", "Mirror up and down")
    readme.write_text(text, encoding="utf-8")
    result = run(str(readme), "--check")
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr == f"{readme} is stale: transforms; run make docs\n"
    assert readme.read_text(encoding="utf-8") == text


def test_what_was_written_is_said(readme: Path) -> None:
    assert run(str(readme)).stdout == f"{readme}: wrote transforms, options, commands, recipes\n"
    assert run(str(readme)).stdout == ""


def test_text_outside_the_parts_is_kept(readme: Path) -> None:
    fresh, _ = regenerated(EMPTY, readme.parent)
    assert [line for line in fresh.splitlines() if line.startswith("# ")] == [f"# {name}" for name in PARTS]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            EMPTY + "<!-- begin option -->\n<!-- end option -->\n",
            "there is no generated part 'option'; there are transforms, options, commands, recipes",
        ),
        (
            EMPTY.replace("<!-- end options -->\n", ""),
            "the part 'options' is not there once; write <!-- begin options --> and <!-- end options --> "
            "once, on lines of their own",
        ),
        (
            EMPTY + EMPTY,
            "the part 'transforms' is not there once; write <!-- begin transforms --> and "
            "<!-- end transforms --> once, on lines of their own",
        ),
    ],
)
def test_markers_that_do_not_fit_are_refused(text: str, message: str) -> None:
    with pytest.raises(AugcliError) as error:
        regenerated(text, ROOT)
    assert str(error.value) == message


def test_a_recipe_that_does_not_say_what_it_is_for_is_refused(tmp_path: Path) -> None:
    (tmp_path / "recipes").mkdir()
    (tmp_path / "recipes" / "a.yaml").write_text("seed: 1\n", encoding="utf-8")
    with pytest.raises(AugcliError) as error:
        recipes_part(tmp_path)
    where = tmp_path / "recipes" / "a.yaml"
    assert str(error.value) == f"{where}: its first line does not say what it is for; write # ..."


def test_a_missing_readme_is_one_line_and_exit_code_2(tmp_path: Path) -> None:
    result = run(str(tmp_path / "README.md"))
    assert result.returncode == 2
    assert result.stderr == f"augcli: {tmp_path / 'README.md'}: cannot be read (No such file or directory)\n"
