"""The Python API: the same thing without the shell."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import fields
from os import PathLike
from pathlib import Path
from typing import Any, overload

import numpy as np

from augcli import recipe as recipes
from augcli.commands.expand import run
from augcli.commands.replay import replay as replaying
from augcli.commands.replay.replay import Replayed
from augcli.commands.verify import verify as verifying
from augcli.commands.verify.verify import Verified
from augcli.data import Array, Colors, keys_of
from augcli.errors import AugcliError
from augcli.imageio import MAX_PIXELS
from augcli.manifest import Record
from augcli.output.report import Report
from augcli.output.staging import DATASET, MANIFEST
from augcli.pipeline.arrays import Arrays, content, picture_of
from augcli.pipeline.augment import ORIGINAL, augment, variant_of
from augcli.pipeline.load import Content
from augcli.pipeline.plan import Selection
from augcli.pipeline.prepare import border_of, fillers_of
from augcli.recipe.mask_options import SOLE
from augcli.transforms.plugins import load_file

AnyPath = str | PathLike[str]


class Recipe(recipes.Recipe):
    """A validated recipe that can be applied to arrays."""

    @overload
    def apply(
        self,
        image: Array,
        mask: Arrays | None = None,
        *,
        key: str,
        variant: str,
        copy: int = 1,
        colors: Colors | None = None,
        alpha: bool = False,
    ) -> tuple[Array, Array | None]: ...

    @overload
    def apply(
        self,
        image: Array,
        mask: Mapping[str, Arrays],
        *,
        key: str,
        variant: str,
        copy: int = 1,
        colors: Colors | None = None,
        alpha: bool = False,
    ) -> tuple[Array, dict[str, Any]]: ...

    def apply(
        self,
        image: Array,
        mask: Arrays | Mapping[str, Arrays] | None = None,
        *,
        key: str,
        variant: str,
        copy: int = 1,
        colors: Colors | None = None,
        alpha: bool = False,
    ) -> tuple[Array, Array | dict[str, Any] | None]:
        """One copy of a picture and its masks: the very pixels that `expand` writes, before they are encoded.

        `image` is uint8, uint16 or float32, (H, W) grey or (H, W, C). `colors` says what its channels are,
        `alpha` that one more stands behind them; without both 1 is grey, 3 RGB, 2 and 4 the same with alpha,
        more are bands. `mask` is uint8 or uint16 (H, W), or uint8 (H, W, 3) for colours; one that the recipe
        declares to be `kind: image` may be uint8, uint16 or float32, (H, W) or (H, W, C). Several masks go by
        their names, and come back so. A mask of `kind: instance` may be a list of arrays, one for each
        instance: it becomes one map, or with `join: false` stays a list. `key` is the source's key (its path
        below the input without its suffix); `copy` counts from 1. What a mask is, the recipe says; where that
        is `auto` and it matters, this mask alone decides. Returns new arrays with as many dimensions as the
        given ones.

        Raises AugcliError for another dtype or shape, for values that are no numbers or beyond the recipe's
        range, an unknown variant, or a recipe that does not fit.
        """
        _check_variant(self, variant, copy)
        named = mask if isinstance(mask, Mapping) else {} if mask is None else {SOLE: mask}
        source = content(self, fillers_of(self), picture_of(image, colors, alpha), named, key)
        result = augment(
            self,
            source.sample,
            key=key,
            variant=variant,
            copy=copy,
            border=border_of(self),
            specs=source.spec_of,
        ).sample
        picture = _like(image, result.image)
        masks = {name: _returned(source, name, given, result.masks) for name, given in named.items()}
        return picture, masks if isinstance(mask, Mapping) else masks.get(SOLE)


def _returned(source: Content, name: str, given: Arrays, made: Mapping[str, Array]) -> Any:
    """A mask's arrays as they were given: one, or a list where its instances stay apart."""
    if name not in made:
        return [made[key].copy() for key in keys_of(name, source.item.files_of(name))]
    return _like(given, made[name]) if isinstance(given, np.ndarray) else made[name].copy()


def _like(given: Array, made: Array) -> Array:
    """A copy of a result (H, W, C) without its last axis, where what was given has none."""
    return (made[..., 0] if given.ndim < made.ndim else made).copy()


def _check_variant(recipe: recipes.Recipe, variant: str, copy: int) -> None:
    chosen = variant_of(recipe, variant)
    if chosen is None and variant != ORIGINAL:
        known = ", ".join([ORIGINAL, *(v.name for v in recipe.variants)])
        raise AugcliError(f"the recipe has no variant '{variant}'", hint=f"it has {known}")
    if copy < 1 or (copy > 1 and not (chosen and chosen.is_numbered)):
        raise AugcliError(f"variant {variant} has no copy {copy}", hint="copies count from 1")


def load_recipe(path: AnyPath, *, plugins: Iterable[AnyPath] = ()) -> Recipe:
    """Read a recipe file; `plugins` are the files of transforms that it uses besides augcli's own.

    Raises RecipeError, which holds every mistake with its line and column, and AugcliError for a plugin that
    cannot be loaded.
    """
    for plugin in plugins:
        load_file(Path(plugin))
    loaded = recipes.load_recipe(path)
    return Recipe(**{field.name: getattr(loaded, field.name) for field in fields(loaded)})


def expand(
    recipe: recipes.Recipe | AnyPath,
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
    max_pixels: int = MAX_PIXELS,
) -> Report:
    """Do what the command `augcli expand` does, with the same options. Returns what became of every pair.

    Failed inputs do not raise: they are in the report's `failed`. With more than one worker, call it from
    under `if __name__ == "__main__":`, as every program that starts processes. Raises AugcliError where
    nothing can be done.
    """
    loaded = recipe if isinstance(recipe, recipes.Recipe) else recipes.load_recipe(recipe)
    loaded = recipes.with_overrides(loaded, copies=copies, seed=seed)
    count = workers if workers is not None else run.usable_cpus()
    settings = run.Settings(count, Selection(only, limit), strict, overwrite, max_pixels)
    return run.expand(loaded, Path(input), Path(output), settings)


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
    for plugin in plugins:
        load_file(Path(plugin))
    count = workers if workers is not None else run.usable_cpus()
    return verifying.verify(Path(output), source=_optional(input), workers=count)


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
    for plugin in plugins:
        load_file(Path(plugin))
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
