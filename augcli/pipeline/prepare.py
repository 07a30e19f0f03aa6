"""The input as a run takes it: which data set it is, its border rule, and what its masks are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from augcli.data import Dataset, Item
from augcli.errors import DatasetError
from augcli.formats import FORMATS
from augcli.formats.coco import FORMAT as COCO
from augcli.formats.detect import read_dataset
from augcli.formats.orphans import missing_images, missing_words, orphans
from augcli.formats.pages import with_pages
from augcli.formats.write import check_also, formats_written
from augcli.geometry import Border
from augcli.labels.label_maps.of_pair import MapRules
from augcli.labels.label_maps.options import LabelMapOptions, is_deep, labelled_files, rules_of
from augcli.labels.mask_kinds import BACKGROUND, FILLED, IGNORED, find_spec
from augcli.labels.masks import MaskInspection, MaskSpec, check_threshold
from augcli.labels.mirror import check_mirror
from augcli.labels.validate import Category, categories_of
from augcli.labels.warp import AnnotationRules
from augcli.recipe import MIRRORED, Recipe
from augcli.recipe.format_words import ANNOTATED, AUTO
from augcli.recipe.mask_options import SOLE


def read_input(recipe: Recipe, root: Path, images: Path | None = None) -> Dataset:
    """The data set as the recipe's `input` says. Raises DatasetError.

    `root` may be an annotation file of COCO, and `images` is then the folder of its images.
    """
    chosen, named = recipe.input, recipe.input.named_masks
    found = read_dataset(
        root,
        layout=chosen.layout,
        images=chosen.images if images is None else str(images.resolve()),
        masks=chosen.mask_paths,
        suffix=chosen.suffix,
        pairs=chosen.pairs,
        optional=[name for name, mask in named.items() if mask.optional],
        several=[name for name in named or (SOLE,) if chosen.mask_of(name).kind == "instance"],
        group=chosen.group,
        annotations=chosen.annotations,
        classes=chosen.class_names,
    )
    return found if chosen.pages == "refuse" else with_pages(found, each=chosen.pages == "each")


def border_of(recipe: Recipe) -> Border:
    """The border rule; `auto` is `reflect`, and `constant` where a mirrored object would have no label."""
    chosen = recipe.output.border
    if chosen == "auto":
        return "constant" if recipe.input.has_objects else "reflect"
    return chosen


def as_found(recipe: Recipe, dataset: Dataset) -> Recipe:
    """The recipe for this data set: a layout `auto` that found annotations is the one found from here on.

    Raises DatasetError for a border that would show objects twice that are annotated once, for an output
    layout that has no place for annotations, for names in `input.mirror` that nothing has, and for further
    descriptions and pixel maps that this data set cannot have.
    """
    check_mirror(recipe, dataset)
    check_also(recipe.output.also, dataset)
    maps_by_file(recipe, dataset)
    if dataset.layout not in ANNOTATED:
        return recipe
    check_border(recipe, str(dataset.root))
    if recipe.output.layout not in ("like-input", dataset.layout):
        what = f"output: {{layout: {recipe.output.layout}}} has no place for annotations"
        raise DatasetError(what, where=str(dataset.root), hint="write output: {layout: like-input}")
    written = recipe.output.model_copy(update={"layout": "like-input"})
    found = recipe.input.model_copy(update={"layout": dataset.layout})
    return replace(recipe, input=found, output=written)


def check_border(recipe: Recipe, where: str) -> None:
    """Raise DatasetError for a border that would show objects twice that are annotated once."""
    if recipe.output.border in MIRRORED:
        what = f"border: {recipe.output.border} would show objects twice that are annotated once"
        raise DatasetError(what, where=where, hint="write output: {border: constant}, or auto")


def annotation_rules(recipe: Recipe) -> AnnotationRules:
    """What becomes of annotations of which little is left, that turn, or that are mirrored."""
    options = recipe.output.annotations
    return AnnotationRules(options.min_area, options.min_visibility, options.boxes, recipe.input.mirror)


def fillers_of(recipe: Recipe) -> list[str]:
    """The recipe's words that write into masks what no source has."""
    policies = {t.mask_policy for variant in recipe.variants for t in variant.transforms()}
    words = [word for word in (IGNORED, BACKGROUND) if word.removeprefix("mask: ") in policies]
    return [FILLED, *words] if border_of(recipe) == "constant" else words


def categories_by_file(dataset: Dataset) -> dict[str, dict[int, Category]]:
    """The categories of each annotation file, by id."""
    return {file: categories_of(head.categories) for file, head in dataset.annotation_files.items()}


def wishes_of(recipe: Recipe) -> LabelMapOptions | None:
    """What `output.pixelmaps` asks for; None where it asks for nothing."""
    said = recipe.output.pixelmaps
    if said is None:
        return None
    return LabelMapOptions(
        said.kind, said.space, said.on_overlap, None if said.crowd is None else said.crowd == "include"
    )


def maps_by_file(recipe: Recipe, dataset: Dataset) -> dict[str, MapRules]:
    """How `output.pixelmaps` draws the annotations of each file that has categories; empty without it.

    Raises DatasetError where there is nothing to draw, and for categories that have no place in the space.
    """
    wishes = wishes_of(recipe)
    if wishes is None:
        return {}
    heads = labelled_files(dataset)
    if not heads or COCO.name not in formats_written(dataset.layout, recipe.output.also):
        what = "output.pixelmaps draws the annotations of COCO files, and the output has none with labels"
        hint = "write output: {also: [coco]}" if heads else "leave it out"
        raise DatasetError(what, where=str(dataset.root), hint=hint)
    found = {}
    for file, head in heads.items():
        rules = rules_of(head, wishes)
        pictures = (item.annotations.get(file, ()) for item in dataset.items)
        found[file] = MapRules(rules, is_deep(head, rules, pictures), head.kind == "panoptic")
    return found


def refuse_orphans(dataset: Dataset) -> None:
    """Raise DatasetError that names what did not pair up, and images of annotation files that are missing."""
    missing = missing_images(dataset)
    names = [*dataset.orphan_images, *dataset.orphan_masks, *missing]
    if names:
        named = ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
        words = [*orphans(dataset), *([missing_words(dataset)] if missing else [])]
        what = f"--strict: {', '.join(words)}: {named}"
        raise DatasetError(what, where=str(dataset.root), hint="pair them up, or leave out --strict")


def specs_of(recipe: Recipe, looks: Sequence[MaskInspection], tried: Sequence[Item]) -> dict[str, MaskSpec]:
    """What the masks are, by name, by those that could be read. Raises DatasetError where that is open."""
    names = dict.fromkeys(name for item in tried for name in item.masks)
    return {name: _spec_of(recipe, name, looks, [i for i in tried if name in i.masks]) for name in names}


def _spec_of(recipe: Recipe, name: str, looks: Sequence[MaskInspection], tried: Sequence[Item]) -> MaskSpec:
    if own_mask := _own_mask(recipe, name):
        return own_mask
    named = sorted((look for look in looks if look.name == name), key=lambda look: look.where)
    own = [look for look in named if not look.fault]
    if not own and recipe.input.mask_of(name).kind == "auto":
        raise _none_readable(name, named, tried)
    spec = find_spec(own, recipe.input, recipe.output.mask, fillers_of(recipe), name)
    check_threshold(own, spec)
    return spec


def _own_mask(recipe: Recipe, name: str) -> MaskSpec | None:
    """What a mask is that the input's format defines; None for the user's own."""
    layout = recipe.input.layout
    own_mask = None if layout == AUTO else FORMATS[layout].own_mask
    return own_mask(name, recipe.input) if own_mask else None


def _none_readable(name: str, looks: Sequence[MaskInspection], tried: Sequence[Item]) -> DatasetError:
    """The refusal of masks that cannot be read: why not, of the first source's."""
    what = f"none of the {len(tried)} masks{'' if name == SOLE else f' {name}'} looked at can be read"
    faults = {look.where: look.fault for look in looks if look.fault}
    for item in sorted(tried, key=lambda item: item.key):
        if fault := faults.get(item.masks[name]):
            return DatasetError(f"{fault.what}, and {what}", where=item.masks[name], hint=fault.hint)
    return DatasetError(what, hint="augcli check says why")
