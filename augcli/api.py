"""The Python API: the same thing without the shell."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from os import PathLike
from pathlib import Path

from augcli import recipe as recipes
from augcli.commands.expand import run
from augcli.commands.replay import replay as replaying
from augcli.commands.replay.replay import Replayed
from augcli.commands.verify import verify as verifying
from augcli.commands.verify.verify import Verified
from augcli.data import Objects, PixelFormat, Sample
from augcli.errors import AugcliError
from augcli.imageio import MAX_PIXELS
from augcli.manifest import Record
from augcli.output.report import Report
from augcli.output.staging import DATASET, MANIFEST
from augcli.pipeline.apply import apply
from augcli.pipeline.plan import Selection
from augcli.recipe import Recipe, with_overrides
from augcli.transforms.plugins import load_file

__all__ = [
    "Objects",
    "PixelFormat",
    "Recipe",
    "Record",
    "Replayed",
    "Report",
    "Sample",
    "Verified",
    "expand",
    "load_recipe",
    "read_manifest",
    "replay",
    "verify",
]

AnyPath = str | PathLike[str]


def load_recipe(path: AnyPath, *, plugins: Iterable[AnyPath] = ()) -> Recipe:
    """Read a recipe file; `plugins` are the files of transforms that it uses besides augcli's own.

    Raises RecipeError, which holds every mistake with its line and column, and AugcliError for a plugin that
    cannot be loaded.
    """
    _load_plugins(plugins)
    return replace(recipes.load_recipe(path), applier=apply)


def _load_plugins(files: Iterable[AnyPath]) -> None:
    for file in files:
        load_file(Path(file))


def expand(
    recipe: Recipe | AnyPath,
    input: AnyPath,  # noqa: A002 - the command's own word
    output: AnyPath,
    *,
    copies: int | None = None,
    seed: int | None = None,
    workers: int | None = None,
    only: str | None = None,
    limit: int | None = None,
    strict: bool = False,
    overwrite: bool = False,
    images: AnyPath | None = None,
    max_pixels: int = MAX_PIXELS,
    plugins: Iterable[AnyPath] = (),
) -> Report:
    """Do what the command `augcli expand` does, with the same options. Returns what became of every pair.

    `copies` (of every random variant) and `seed` stand instead of the recipe's. `workers` are processes, all
    CPUs by default. `only` is a glob for keys or paths of sources, `limit` takes the first so many. `strict`
    refuses images, masks or annotations that do not pair up; `overwrite` replaces an output of another
    recipe. `images` is the folder of the images where `input` is a COCO file. Pictures of more than
    `max_pixels` fail. `plugins` are files with transforms that a recipe given as a path uses.

    Failed inputs do not raise: they are in the report's `failed`. With more than one worker, call it from
    under `if __name__ == "__main__":`, as every program that starts processes. Raises AugcliError where
    nothing can be done.
    """
    _check_positive(workers=workers, limit=limit, max_pixels=max_pixels)
    _load_plugins(plugins)
    loaded = recipe if isinstance(recipe, Recipe) else recipes.load_recipe(recipe)
    settings = run.Settings(
        workers or run.usable_cpus(),
        Selection(only, limit),
        strict,
        overwrite,
        max_pixels,
        _optional(images),
    )
    return run.expand(with_overrides(loaded, copies=copies, seed=seed), Path(input), Path(output), settings)


def _check_positive(**numbers: int | None) -> None:
    for name, number in numbers.items():
        if number is not None and number < 1:
            raise AugcliError(f"{name} is {number}", hint=f"{name} is at least 1")


def verify(
    output: AnyPath,
    *,
    input: AnyPath | None = None,  # noqa: A002 - the command's own word
    workers: int | None = None,
    plugins: Iterable[AnyPath] = (),
) -> Verified:
    """Do what the command `augcli verify` does. Damage does not raise: it is in the result's `damages`.

    Raises AugcliError where there is no finished output to look at, and for a plugin that cannot be loaded.
    """
    _load_plugins(plugins)
    _check_positive(workers=workers)
    return verifying.verify(Path(output), source=_optional(input), workers=workers or run.usable_cpus())


def replay(
    output: AnyPath,
    file_name: str,
    folder: AnyPath,
    *,
    input: AnyPath | None = None,  # noqa: A002 - the command's own word
    max_pixels: int = MAX_PIXELS,
    plugins: Iterable[AnyPath] = (),
) -> Replayed:
    """Do what the command `augcli replay` does: make one pair again below `folder`, and compare it.

    A pair that is not equal does not raise: the result says how it differs. Raises AugcliError where it
    cannot be made, where a file would be overwritten, and for a plugin that cannot be loaded.
    """
    _load_plugins(plugins)
    source = _optional(input)
    return replaying.replay(Path(output), file_name, Path(folder), source=source, max_pixels=max_pixels)


def _optional(place: AnyPath | None) -> Path | None:
    return None if place is None else Path(place)


def read_manifest(output: AnyPath) -> list[Record]:
    """All pairs of a finished output, in plan order. Raises AugcliError where there is no manifest."""
    folder = Path(output)
    try:
        lines = (folder / MANIFEST).read_text(encoding="utf-8").splitlines()
        border = json.loads((folder / DATASET).read_text(encoding="utf-8"))["border"]
    except FileNotFoundError as error:
        raise AugcliError(
            f"no {Path(error.filename).name}", where=str(folder), hint="name the output of a finished run"
        ) from None
    return [Record.of_line(json.loads(line), border) for line in lines]
