"""Small data sets and a way to run the command, shared by the tests of check, plan and init."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
import pytest
from PIL import Image

from augcli.cli import exit_code
from augcli.cli.app import cli
from augcli.commands.check.survey import Survey, survey
from augcli.recipe import Recipe, parse_recipe


def recipe_of(text: str) -> Recipe:
    return parse_recipe(text, "recipe.yaml")


def picture(path: Path, size: tuple[int, int] = (40, 30), mode: str = "RGB", **options: Any) -> None:
    """A picture of one colour, which its name and folder say."""
    path.parent.mkdir(parents=True, exist_ok=True)
    color = crc32(f"{path.parent.name}/{path.stem}".encode()) % 251
    Image.new(mode, size, color).save(path, **options)


def mask(path: Path, values: Sequence[Any], size: tuple[int, int] = (40, 30)) -> None:
    """A mask of equal stripes of the values; colours where they are triples."""
    path.parent.mkdir(parents=True, exist_ok=True)
    width, height = size
    stripes = np.asarray(values, np.uint8)[np.arange(width) * len(values) // width]
    Image.fromarray(np.broadcast_to(stripes, (height, *stripes.shape)).copy()).save(path)


def pairs(root: Path, *values: Sequence[Any], size: tuple[int, int] = (40, 30)) -> Path:
    """`images/<letter>.jpg` and `masks/<letter>.png`, one for each sequence of mask values."""
    for letter, found in zip("abcdefgh", values, strict=False):
        picture(root / f"images/{letter}.jpg", size)
        mask(root / f"masks/{letter}.png", found, size)
    return root


def looked(root: Path, text: str = "transforms: [horizontal_flip]", **options: int) -> Survey:
    return survey(recipe_of(text), root, **{"workers": 1, "max_pixels": 10_000_000, **options})


def run(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[int, str, str]:
    """Exit code, output and errors of a command."""
    words = [str(argument) for argument in arguments]
    code = exit_code(lambda: cli.main(words, prog_name="augcli", standalone_mode=False) or 0)
    shown = capsys.readouterr()
    return code, shown.out, shown.err
