"""One copy of arrays, in memory: what `Recipe.apply` does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from augcli.data import PART, Array, Arrays, Colors, Image, Objects, Sample, keys_of, name_of
from augcli.errors import AugcliError
from augcli.labels.objects import moved_objects, sound_objects, unmoved_objects
from augcli.pipeline.arrays import content, picture_of
from augcli.pipeline.augment import ORIGINAL, Augmented, augment, variant_of
from augcli.pipeline.load import Content
from augcli.pipeline.prepare import annotation_rules, border_of, check_border, fillers_of
from augcli.recipe import Recipe
from augcli.recipe.mask_options import SOLE


def apply(
    recipe: Recipe,
    image: Array | Sample,
    mask: Arrays | Mapping[str, Arrays] | None = None,
    *,
    key: str,
    variant: str,
    copy: int = 1,
    colors: Colors | None = None,
    alpha: bool = False,
) -> Any:
    """One copy of a sample, or of an image (H, W) or (H, W, C) and its masks; see `Recipe.apply`."""
    _check_variant(recipe, variant, copy)
    make = partial(_made, recipe, key=key, variant=variant, copy=copy)
    if not isinstance(image, Sample):
        return _copy_of_arrays(make, picture_of(image, colors, alpha), image, mask)
    if mask is not None or colors is not None or alpha:
        raise AugcliError("a Sample has its own masks and colours", hint="give them in the Sample")
    return _copy_of_sample(make, image)


def _copy_of_arrays(
    make: Callable[..., Sample], picture: Image, image: Array, mask: Arrays | Mapping[str, Arrays] | None
) -> tuple[Array, Any]:
    """The copy's image, and its mask or its masks by name: in the form of those that were given."""
    named = mask if isinstance(mask, Mapping) else {} if mask is None else {SOLE: mask}
    made = make(picture, named)
    masks = {name: _in_form_of(given, name, made.masks) for name, given in named.items()}
    return _like(image, made.image), masks if isinstance(mask, Mapping) else masks.get(SOLE)


def _copy_of_sample(make: Callable[..., Sample], sample: Sample) -> Sample:
    colors, alpha = (sample.format.colors, sample.format.alpha) if sample.format else (None, False)
    made = make(picture_of(sample.image, colors, alpha), _grouped(sample.masks), sample.objects)
    first = {name_of(key): array for key, array in reversed(sample.masks.items())}
    masks = {key: _like(first[name_of(key)], array) for key, array in made.masks.items()}
    return replace(made, image=_like(sample.image, made.image), masks=masks)


def _made(
    recipe: Recipe,
    picture: Image,
    masks: Mapping[str, Arrays],
    objects: Objects | None = None,
    *,
    key: str,
    variant: str,
    copy: int,
) -> Sample:
    """One copy, its image (H, W, C); its arrays may be those that were given."""
    if objects is not None:
        recipe = _for_objects(recipe)
    source = content(recipe, fillers_of(recipe), picture, masks, key)
    border, specs = border_of(recipe), source.spec_of
    result = augment(recipe, source.sample, key=key, variant=variant, copy=copy, border=border, specs=specs)
    moved = None if objects is None else _objects_after(recipe, source, objects, result)
    return replace(result.sample, objects=moved)


def _for_objects(recipe: Recipe) -> Recipe:
    """The recipe for a picture whose objects are labelled: its border shows none of them twice."""
    check_border(recipe, recipe.file)
    if recipe.output.border != "auto":
        return recipe
    return replace(recipe, output=recipe.output.model_copy(update={"border": "constant"}))


def _objects_after(recipe: Recipe, source: Content, objects: Objects, result: Augmented) -> Objects:
    sound = sound_objects(objects, result.program.source, source.item.key)
    if not result.applied:
        return unmoved_objects(sound)
    return moved_objects(sound, result.program, annotation_rules(recipe), source.marked)


def _grouped(masks: Mapping[str, Array]) -> dict[str, Arrays]:
    """A sample's masks by name: (H, W) or (H, W, C), or a list where instances stay apart (`cells#1`)."""
    lists: dict[str, list[Array]] = {}
    for key, array in masks.items():
        lists.setdefault(name_of(key), []).append(array)
    return {name: each if f"{name}{PART}1" in masks else each[0] for name, each in lists.items()}


def _in_form_of(given: Arrays, name: str, made: Mapping[str, Array]) -> Any:
    """A mask as it was given: one array, or a list where its instances stay apart."""
    if isinstance(given, np.ndarray):
        return _like(given, made[name])
    return made[name].copy() if name in made else [made[k].copy() for k in keys_of(name, ("",) * len(given))]


def _like(given: Array, made: Array) -> Array:
    """A copy of a result (H, W, C) without its last axis, where what was given has none."""
    return (made[..., 0] if given.ndim < made.ndim else made).copy()


def _check_variant(recipe: Recipe, variant: str, copy: int) -> None:
    chosen = variant_of(recipe, variant)
    if chosen is None and variant != ORIGINAL:
        known = ", ".join([ORIGINAL, *(v.name for v in recipe.variants)])
        raise AugcliError(f"the recipe has no variant '{variant}'", hint=f"it has {known}")
    if copy < 1 or (copy > 1 and not (chosen and chosen.is_numbered)):
        raise AugcliError(f"variant {variant} has no copy {copy}", hint="copies count from 1")
