"""What the README shows is true: its recipes, its commands, its Python, its Makefile stage."""

from __future__ import annotations

import ast
import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import click
import numpy as np
import pytest
from support.commands import mask, picture
from support.manual_blocks import PROSE, TEXT, blocks
from support.paths import ROOT

import augcli
from augcli.cli.app import cli
from augcli.errors import RecipeError
from augcli.manifest import Record
from augcli.recipe import parse_recipe


def commands() -> list[str]:
    shell = [line for block in blocks("sh") for line in block.splitlines() if line.startswith("augcli ")]
    inline = re.findall(r"`(augcli [^`]+)`", " ".join(PROSE.split()))
    make = [line.strip() for block in blocks("make") for line in block.splitlines() if "\taugcli" in line]
    return [*shell, *inline, *make]


@pytest.mark.parametrize("text", blocks("yaml"))
def test_every_recipe_is_valid(text: str) -> None:
    assert parse_recipe(text, "README.md").variants


@pytest.fixture
def film(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, no_plugins: None) -> Path:
    """The README's plugin as a file in the working folder."""
    (block,) = [text for text in blocks("python") if "augcli.extend" in text]
    (tmp_path / "film.py").write_text(block)
    monkeypatch.chdir(tmp_path)
    return tmp_path / "film.py"


def test_the_plugin_works(film: Path) -> None:
    text = "plugins: [film]\ntransforms: [squeeze: {factor: 0.5}, film_grain: {strength: 0.1}]\ncopies: 1"
    (film.parent / "r.yaml").write_text(text)
    recipe = augcli.load_recipe("r.yaml", plugins=["film.py"])
    image = np.full((40, 60, 3), 128, np.uint8)
    image[:, 20:40] = 255
    made, _ = recipe.apply(image, key="a", variant="aug")
    assert (made[:, 25:35] == 255).all()  # 20 to 40 is squeezed to 25 to 35, and white has no grain
    assert 15 < made[:, 15:24].std() < 40


@pytest.mark.parametrize("line", commands())
def test_every_command_is_one(line: str, film: Path) -> None:
    name, *arguments = shlex.split(line.split(">")[0])[1:]
    top = click.Context(cli, info_name="augcli", **cli.context_settings)
    command = cli.get_command(top, name)
    assert command is not None, f"there is no augcli {name}"
    command.make_context(name, arguments, parent=top)


@pytest.mark.parametrize("text", blocks("python"))
def test_every_python_block_compiles_and_uses_names_that_there_are(text: str) -> None:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "augcli":
            assert node.attr in augcli.__all__


def test_the_python_block_runs_as_a_script(tmp_path: Path) -> None:
    (script,) = [text for text in blocks("python") if "augcli.expand" in text]
    recipe = next(text for text in blocks("yaml") if "  jitter:" in text)
    (tmp_path / "script.py").write_text(script)
    (tmp_path / "recipe.yaml").write_text(recipe)
    for name in "ab":
        picture(tmp_path / f"photos/images/{name}.jpg")
        mask(tmp_path / f"photos/masks/{name}.png", [0, 1])
    command = [sys.executable, "script.py"]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    said, *lines = run.stdout.splitlines()
    assert said.startswith("14 pairs written, 0 failed; ")
    assert [line.split()[1] for line in lines] == ["original", "fliplr", *["jitter"] * 5] * 2
    assert (tmp_path / "again/images/a__jitter-1.jpg").exists()


def test_the_manifest_line_has_the_fields_that_a_line_has() -> None:
    (shown,) = (json.loads(block) for block in blocks("json"))
    assert Record.of_line(shown, "reflect").as_line() == shown
    described = set(
        re.findall(r"`(\w+)`", TEXT[TEXT.index("| field | is |") : TEXT.index("### Interrupted")])
    )
    assert set(shown) <= described


def test_the_makefile_stage_is_the_one_that_is_tested() -> None:
    (stage,) = blocks("make")
    source = (ROOT / "tests" / "cli" / "test_makefile_stage.py").read_text(encoding="utf-8")
    assert stage.replace("\t", "\\t") in source


def test_the_message_that_is_shown_is_the_one_that_is_given() -> None:
    with pytest.raises(RecipeError) as error:
        parse_recipe("seed: 66\ntransforms:\n  - RandomRotate\n", "recipe.yaml")
    assert f"{error.value}\n" in blocks("text")


def test_links_and_pictures_are_there() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", TEXT):
        assert (ROOT / target).exists(), target
    assert all(path.stat().st_size < 300_000 for path in ROOT.glob("recipes/demo/sheet.*"))
