"""The Python API: the same thing without the shell."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields
from os import PathLike
from pathlib import Path
from typing import Any, overload

import numpy as np

from augcli import recipe as recipes
from augcli import run
from augcli.augment import ORIGINAL, augment, variant_of
from augcli.codec import MAX_PIXELS
from augcli.errors import AugcliError, ImageError
from augcli.masks import find_spec, look_at, prepared
from augcli.output import DATASET, MANIFEST
from augcli.plan import Selection
from augcli.recipe.labels import SOLE
from augcli.record import Record
from augcli.report import Report
from augcli.sample import Array, Coding, Mask, Sample

Place = str | PathLike[str]


class Recipe(recipes.Recipe):
    """A validated recipe that can be applied to arrays."""

    @overload
    def apply(
        self, image: Array, mask: Array | None = None, *, key: str, variant: str, copy: int = 1
    ) -> tuple[Array, Array | None]: ...

    @overload
    def apply(
        self, image: Array, mask: Mapping[str, Array], *, key: str, variant: str, copy: int = 1
    ) -> tuple[Array, dict[str, Array]]: ...

    def apply(
        self,
        image: Array,
        mask: Array | Mapping[str, Array] | None = None,
        *,
        key: str,
        variant: str,
        copy: int = 1,
    ) -> tuple[Array, Array | dict[str, Array] | None]:
        """One copy of a picture and its mask: the very pixels that `expand` writes, before they are encoded.

        `image` is uint8, (H, W) grey, (H, W, 3) RGB or (H, W, 4) RGBA; `mask` is uint8 or uint16 (H, W), or
        uint8 (H, W, 3) for colours; several masks go by their names, and come back so. A mask that the recipe
        declares to be `kind: image` may be uint8, uint16 or float32, (H, W) or (H, W, C). `key` is the
        source's key (its path below the input without its suffix); `copy` counts from 1. Returns new arrays
        of the same dtypes and dimensions. The kind of a mask is the recipe's; where that is `auto` and the
        border rule needs it, it is found from this mask alone.

        Raises AugcliError for another dtype or shape, an unknown variant, or a recipe that does not fit.
        """
        _check_variant(self, variant, copy)
        named = mask if isinstance(mask, Mapping) else {} if mask is None else {SOLE: mask}
        kinds = {name: self.input.mask_of(name).kind for name in named}
        ready = {name: self._target(name, array, key) for name, array in named.items()}
        result = augment(
            self,
            Sample(
                _checked_image(image),
                {name: values for name, (values, _) in ready.items()},
                soft=frozenset(name for name, kind in kinds.items() if kind == "image"),
            ),
            key=key,
            variant=variant,
            copy=copy,
            border=run.border_of(self),
            fills={name: fill for name, (_, fill) in ready.items()},
            instances=[name for name, kind in kinds.items() if kind == "instance"],
        )
        picture = result.sample.image[..., 0] if image.ndim == 2 else result.sample.image
        masks = {name: result.sample.masks[name].copy() for name in named}
        return picture.copy(), masks if isinstance(mask, Mapping) else masks.get(SOLE)

    def _target(self, name: str, mask: Array, key: str) -> tuple[Array, Any]:
        """A mask as it will be written, and its fill."""
        border, said = run.border_of(self), self.input.mask_of(name)
        if said.kind == "image":
            return _checked_soft(mask), 0
        decoded = _checked_mask(mask)
        if (said.kind, said.threshold) == ("auto", None) and border != "constant":
            return decoded.values, 0
        spec = find_spec([look_at(decoded, key, name)], self.input, self.output.mask, border, name)
        return prepared(decoded, spec, self.output.mask, key).values, spec.fill


def _check_variant(recipe: recipes.Recipe, variant: str, copy: int) -> None:
    chosen = variant_of(recipe, variant)
    if chosen is None and variant != ORIGINAL:
        known = ", ".join([ORIGINAL, *(v.name for v in recipe.variants)])
        raise AugcliError(f"the recipe has no variant '{variant}'", mend=f"it has {known}")
    if copy < 1 or (copy > 1 and not (chosen and chosen.is_random)):
        raise AugcliError(f"variant {variant} has no copy {copy}", mend="copies count from 1")


def _checked_image(image: Array) -> Array:
    shaped = image[..., None] if image.ndim == 2 else image
    if image.dtype != np.uint8 or shaped.ndim != 3 or shaped.shape[2] not in (1, 3, 4) or not image.size:
        raise ImageError(
            f"an image is uint8 (H, W), (H, W, 3) or (H, W, 4), got {image.dtype} {image.shape}",
            mend="convert it first",
        )
    return np.ascontiguousarray(shaped)


def _checked_mask(mask: Array) -> Mask:
    is_rgb = mask.dtype == np.uint8 and mask.ndim == 3 and mask.shape[2] == 3
    if not is_rgb and (mask.dtype not in (np.uint8, np.uint16) or mask.ndim != 2):
        raise ImageError(
            f"a mask is uint8 or uint16 (H, W), or uint8 (H, W, 3), got {mask.dtype} {mask.shape}",
            mend="convert it first",
        )
    mode = "RGB" if is_rgb else "L" if mask.dtype == np.uint8 else "I;16"
    return Mask(np.ascontiguousarray(mask), Coding(mode))


def _checked_soft(mask: Array) -> Array:
    if mask.dtype not in (np.uint8, np.uint16, np.float32) or mask.ndim not in (2, 3) or not mask.size:
        raise ImageError(
            f"a mask of kind: image is uint8, uint16 or float32 (H, W) or (H, W, C), "
            f"got {mask.dtype} {mask.shape}",
            mend="convert it first",
        )
    return np.ascontiguousarray(mask)


def load_recipe(path: Place) -> Recipe:
    """Read a recipe file. Raises RecipeError, which holds every mistake with its line and column."""
    loaded = recipes.load_recipe(path)
    return Recipe(**{field.name: getattr(loaded, field.name) for field in fields(loaded)})


def expand(
    recipe: recipes.Recipe | Place,
    input: Place,  # noqa: A002 - the command's own word
    output: Place,
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


def read_manifest(output: Place) -> list[Record]:
    """All pairs of a finished output, in plan order. Raises AugcliError where there is no manifest."""
    folder = Path(output)
    try:
        lines = (folder / MANIFEST).read_text(encoding="utf-8").splitlines()
        border = json.loads((folder / DATASET).read_text(encoding="utf-8"))["border"]
    except FileNotFoundError as error:
        raise AugcliError(
            f"no {Path(error.filename).name}", where=str(folder), mend="name the output of a finished run"
        ) from None
    return [Record.of_line(json.loads(line), border) for line in lines]
