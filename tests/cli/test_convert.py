"""The command `augcli convert`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from support.commands import run

from augcli.recipe import load_recipe

Capture = pytest.CaptureFixture[str]
FLIP = {"__class_fullname__": "HorizontalFlip", "p": 0.5}
NORMALIZE = {"__class_fullname__": "Normalize", "p": 1.0}
REASON = "the network's values are not pixels of a file: do this in your loader"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def save(*transforms: Any, file: str = "aug.json") -> None:
    compose = {"__class_fullname__": "Compose", "p": 1.0, "transforms": list(transforms)}
    Path(file).write_text(json.dumps({"__version__": "2.0.8", "transform": compose}), encoding="utf-8")


def test_a_pipeline_is_printed_as_a_recipe(here: Path, capsys: Capture) -> None:
    save(FLIP)
    code, out, err = run(capsys, "convert", "aug.json")
    assert (code, err) == (0, "")
    assert (
        out
        == """\
# Made by augcli convert from aug.json, a pipeline of albumentations 2.0.8.
# True of all steps: neighbouring ones that move pixels are sampled once, every shrink is
# antialiased, and labels are exact. Comments below a step say what else is not the same.

augcli: 1
# keep_original: false  # a pipeline gives no originals: this line leaves them out
copies: 1             # of each source; augcli expand -n 10 makes more
transforms:
  - horizontal_flip: {p: 0.5}
"""
    )


def test_what_was_written_passes_check(here: Path, capsys: Capture) -> None:
    save(FLIP)
    assert run(capsys, "convert", "aug.json", "-o", "recipe.yaml") == (
        0,
        "recipe.yaml written; next: augcli check recipe.yaml\n",
        "",
    )
    assert len(load_recipe("recipe.yaml").variants) == 1
    assert run(capsys, "check", "recipe.yaml")[0] == 0


def test_what_is_left_out_is_named_and_the_code_is_1(here: Path, capsys: Capture) -> None:
    save(FLIP, NORMALIZE)
    code, out, err = run(capsys, "convert", "aug.json", "-o", "recipe.yaml")
    assert (code, err) == (1, f"aug.json: left out: transform.transforms[1]: Normalize: {REASON}\n")
    assert out == "recipe.yaml written; next: augcli check recipe.yaml\n"
    assert "# - transform.transforms[1]: Normalize: the" in Path("recipe.yaml").read_text(encoding="utf-8")


def test_a_file_that_is_there_is_kept_without_force(here: Path, capsys: Capture) -> None:
    save(FLIP)
    Path("recipe.yaml").write_text("mine", encoding="utf-8")
    assert run(capsys, "convert", "aug.json", "-o", "recipe.yaml") == (
        2,
        "",
        "augcli: recipe.yaml: exists already; name another file, or use --force\n",
    )
    assert run(capsys, "convert", "aug.json", "-o", "recipe.yaml", "--force")[0] == 0
    assert load_recipe("recipe.yaml").variants


def test_what_cannot_be_read_is_refused(here: Path, capsys: Capture) -> None:
    Path("aug.json").write_text("[]", encoding="utf-8")
    hint = "save one with albumentations.save(transform, 'aug.json')"
    assert run(capsys, "convert", "aug.json") == (
        2,
        "",
        f"augcli: aug.json: is no pipeline: it is a list; {hint}\n",
    )
    assert run(capsys, "convert", "none.json") == (
        2,
        "",
        "augcli: none.json: cannot be read (No such file or directory)\n",
    )
    assert run(capsys, "convert", ".") == (2, "", "augcli: .: cannot be read (Is a directory)\n")
