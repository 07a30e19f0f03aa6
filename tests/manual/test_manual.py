"""What README.md and the manual show is true: recipes, commands, Python, stages, messages, links."""

from __future__ import annotations

import ast
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import click
import numpy as np
import pytest
import yaml
from support.commands import run
from support.desk import furnish
from support.manual import (
    PAGES,
    all_blocks,
    augcli_lines,
    blocks,
    mentioned_commands,
    page,
    written,
)
from support.paths import ROOT

import augcli
from augcli.cli.app import cli
from augcli.cli.help import text_about
from augcli.errors import RecipeError
from augcli.manifest import Record
from augcli.recipe import parse_recipe

README = PAGES["README.md"]
QUICK_START = blocks("yaml", page("quickstart"))[0]
SHELL = [(name, text) for name, text in all_blocks("sh") if augcli_lines(text)]
MENTIONED = list(dict.fromkeys(line for text in PAGES.values() for line in mentioned_commands(text)))
EXIT_CODES = {"augcli convert aug.json -o converted.yaml": 1}  # the page says so: Normalize has no equal


@pytest.fixture
def desk(furnished: Path, tmp_path: Path) -> Path:
    """The folder of somebody who has followed the manual."""
    return shutil.copytree(furnished, tmp_path / "desk")


@pytest.fixture(scope="module")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with data, recipes, a plugin, a saved pipeline and an output."""
    root = tmp_path_factory.mktemp("furnished")
    furnish(root)
    several = next(text for text in blocks("yaml", page("pattern")) if "nuclei" in text)
    texts = {"recipe.yaml": QUICK_START, "several.yaml": several, "film.py": plugin()}
    for name, text in texts.items():
        (root / name).write_text(text, encoding="utf-8")
    (pipeline,) = blocks("python", page("convert"))
    run_script(root, pipeline)
    augcli.expand(augcli.load_recipe(root / "recipe.yaml"), root / "photos", root / "augmented", workers=1)
    return root


def plugin() -> str:
    (text,) = blocks("python", page("plugins"))
    return text


# --- recipes


@pytest.mark.parametrize(("name", "text"), all_blocks("yaml"))
def test_every_recipe_makes_copies(name: str, text: str, tmp_path: Path) -> None:
    (tmp_path / "recipe.yaml").write_text(text, encoding="utf-8")
    recipe = augcli.load_recipe(tmp_path / "recipe.yaml")
    assert recipe.variants, name
    image = np.random.default_rng(0).integers(0, 256, (600, 700, 3), np.uint8)
    for variant in recipe.variants:
        made, _ = recipe.apply(image, mask_for(recipe), key="a", variant=variant.name)
        assert made.size


def mask_for(recipe: augcli.Recipe) -> np.ndarray | dict[str, np.ndarray]:
    """A mask of 700 x 600 pixels, half of it labelled, of the kind that a recipe declares."""
    labels = np.zeros((600, 700), np.uint8)
    labels[:, 300:] = 200 if recipe.input.mask.kind == "binary" else 1
    labels[:, 600:] *= 2 if recipe.input.mask.kind == "auto" else 1
    if recipe.input.mask.kind == "rgb":
        colours = np.array([[0x80, 0x40, 0x80], [0, 0, 0x8E]], np.uint8)
        return colours[labels]
    names = recipe.input.masks
    return dict.fromkeys(names, labels) if isinstance(names, dict) else labels


def test_the_quick_start_is_the_same_in_the_readme() -> None:
    assert blocks("yaml", README) == [QUICK_START]


# --- commands


@pytest.mark.parametrize(("name", "text"), SHELL)
def test_every_shell_example_runs(
    name: str,
    text: str,
    desk: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    no_plugins: None,
) -> None:
    monkeypatch.chdir(desk)
    for line in augcli_lines(text):
        code, _, said = run(capsys, *shlex.split(line)[1:])
        assert code == EXIT_CODES.get(line, 0), f"{name}: {line}: {said}"


@pytest.mark.parametrize("line", MENTIONED)
def test_every_command_that_is_mentioned_is_one(line: str) -> None:
    name, *arguments = shlex.split(line)[1:]
    top = click.Context(cli, info_name="augcli", **cli.context_settings)
    command = cli.get_command(top, name)
    assert command is not None, f"there is no augcli {name}"
    command.make_context(name, arguments, parent=top)
    if name == "help" and arguments:
        assert text_about(arguments[0], top)


# --- Python


def run_script(desk: Path, text: str) -> str:
    """What a script prints that is run in the folder."""
    (desk / "script.py").write_text(text, encoding="utf-8")
    environment = os.environ | {"NO_ALBUMENTATIONS_UPDATE": "1"}
    command = [sys.executable, "script.py"]
    result = subprocess.run(command, cwd=desk, capture_output=True, text=True, env=environment, check=False)
    assert result.returncode == 0, result.stderr
    return result.stdout


@pytest.mark.parametrize(
    ("name", "text"), [(name, text) for name, text in all_blocks("python") if "load_dataset" not in text]
)
def test_every_python_example_runs(name: str, text: str, desk: Path) -> None:
    """The lines for Hugging Face's datasets need another output: test_also runs them."""
    run_script(desk, text)


@pytest.mark.parametrize(("name", "text"), all_blocks("python"))
def test_every_python_example_uses_names_that_there_are(name: str, text: str) -> None:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "augcli":
            assert node.attr in augcli.__all__


def test_the_script_expands_and_reads_the_manifest(desk: Path) -> None:
    (script,) = [text for text in blocks("python", page("python")) if "augcli.replay" in text]
    shutil.rmtree(desk / "augmented")
    said, *lines = run_script(desk, script).splitlines()
    assert said.startswith("14 pairs written, 0 failed; ")
    assert [line.split()[1] for line in lines] == ["original", "fliplr", *["jitter"] * 5] * 2
    assert (desk / "again/images/a__jitter-1.jpg").exists()


def test_all_files_of_the_quick_start_have_one_size(desk: Path) -> None:
    (text,) = blocks("python", page("quickstart"))
    shapes = "\nprint({(i.shape, m.shape) for i, m in (pairs[k] for k in range(len(pairs)))}, batch.shape)"
    assert run_script(desk, text + shapes) == "{((256, 256, 3), (256, 256))} (4, 256, 256, 3)\n"


def test_the_plugin_works(desk: Path, monkeypatch: pytest.MonkeyPatch, no_plugins: None) -> None:
    monkeypatch.chdir(desk)
    text = "plugins: [film]\ntransforms: [squeeze: {factor: 0.5}, film_grain: {strength: 0.1}]\ncopies: 1"
    (desk / "r.yaml").write_text(text)
    recipe = augcli.load_recipe("r.yaml", plugins=["film.py"])
    image = np.full((40, 60, 3), 128, np.uint8)
    image[:, 20:40] = 255
    made, _ = recipe.apply(image, key="a", variant="aug")
    assert (made[:, 25:35] == 255).all()  # 20 to 40 is squeezed to 25 to 35, and white has no grain
    assert 15 < made[:, 15:24].std() < 40


# --- what is said


def test_the_manifest_line_has_the_fields_that_a_line_has() -> None:
    (shown,) = (json.loads(block) for block in blocks("json", page("manifest")))
    assert Record.of_line(shown, "reflect").as_line() == shown
    described = set(re.findall(r"`(\w+)`", page("manifest")[page("manifest").index("| field | is |") :]))
    assert set(shown) <= described


def test_the_makefile_stage_is_the_one_that_is_tested() -> None:
    (stage,) = blocks("make", page("pipelines"))
    source = (ROOT / "tests/cli/test_makefile_stage.py").read_text(encoding="utf-8")
    assert stage.replace("\t", "\\t") in source


def test_the_stage_of_dvc_is_sound_yaml() -> None:
    (stage,) = blocks("yml", page("pipelines"))
    augment = yaml.safe_load(stage)["stages"]["augment"]
    assert [*augment["deps"], *augment["outs"]] == augment["cmd"].split()[-3:]


def test_the_message_that_is_shown_is_the_one_that_is_given() -> None:
    with pytest.raises(RecipeError) as error:
        parse_recipe("seed: 66\ntransforms:\n  - RandomRotate\n", "recipe.yaml")
    assert f"{error.value}\n" in blocks("text", page("recipe"))


@pytest.mark.parametrize("name", PAGES)
def test_links_and_pictures_are_there(name: str) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", PAGES[name]):
        assert ((ROOT / name).parent / target).exists(), target


def test_the_rooms_and_files_that_contributors_are_sent_to_are_there() -> None:
    named = re.findall(r"`((?:augcli|tests|recipes)/[^`]*)`", page("contributing"))
    assert len(named) > 20
    assert [path for path in named if not re.search("NAME|TOPIC", path) and not (ROOT / path).exists()] == []


def test_pictures_are_small() -> None:
    pictures = [*ROOT.glob("recipes/**/*.jpg"), *ROOT.glob("recipes/**/*.webp")]
    assert all(path.stat().st_size < 300_000 for path in pictures)
    assert sum(path.stat().st_size for path in pictures) < 1_500_000


@pytest.mark.parametrize("name", PAGES)
def test_sentences_fit_a_terminal(name: str) -> None:
    prose = re.sub(r"^```.*?^```$", "", written(PAGES[name]), flags=re.DOTALL | re.MULTILINE)
    lines = [line for line in prose.splitlines() if not line.startswith(("|", "!["))]
    assert [line for line in lines if len(line) > 80 and " " in line.strip()] == []


def test_the_readme_is_short() -> None:
    assert len(README.splitlines()) <= 300
