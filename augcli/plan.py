"""Recipe x Dataset -> Jobs: which pairs there will be, and what their files are called."""

from __future__ import annotations

import fnmatch
import posixpath
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from augcli.augment import ORIGINAL
from augcli.codec import FORMATS
from augcli.errors import DatasetError
from augcli.formats import copy_name
from augcli.recipe import Recipe
from augcli.sample import Dataset, Files, Item, each

OURS = ("manifest.jsonl", "dataset.json", "failures.jsonl", ".augcli")


@dataclass(frozen=True)
class Pair:
    """One picture to be written with its masks: the unit of identity, commit, retry and failure."""

    key: str
    variant: str
    copy: int
    image: str
    masks: Mapping[str, Files]

    @property
    def id(self) -> str:
        """The pair's identity, stable whatever else is in the plan."""
        return f"{self.key}|{self.variant}|{self.copy}"

    @property
    def files(self) -> tuple[str, ...]:
        """Its files, relative to the output."""
        return (self.image, *(path for files in self.masks.values() for path in each(files)))


@dataclass(frozen=True)
class Job:
    """One source and its pairs, made from one decode."""

    item: Item
    pairs: tuple[Pair, ...]


@dataclass(frozen=True)
class Selection:
    """Which part of the plan is wanted: sources whose key or path matches a glob, the first N sources."""

    only: str | None = None
    limit: int | None = None

    def of(self, items: Sequence[Item]) -> list[Item]:
        """The chosen items, in their order."""
        chosen = [i for i in items if self.only is None or _matches(i, self.only)]
        return chosen[: self.limit] if self.limit is not None else chosen


EVERYTHING = Selection()


def _matches(item: Item, pattern: str) -> bool:
    return fnmatch.fnmatchcase(item.key, pattern) or fnmatch.fnmatchcase(item.image, pattern)


def make_plan(recipe: Recipe, dataset: Dataset, selection: Selection) -> list[Job]:
    """All jobs in the order of their sources. Raises DatasetError where two files would have one name."""
    items = selection.of(dataset.items)
    if not items:
        what = f"no source matches --only {selection.only}" if selection.only else "there is nothing to do"
        raise DatasetError(what, where=str(dataset.root))
    splits = {item.split for item in dataset.items if item.split}
    jobs = [Job(item, tuple(_pairs(recipe, item, splits))) for item in items]
    check_names(jobs)
    return [job for job in jobs if job.pairs]


def is_expanded(recipe: Recipe, item: Item, splits: Iterable[str]) -> bool:
    """Whether an item's split is one of those that get copies; where there is one split, it is."""
    return item.split is None or len(set(splits)) < 2 or item.split in recipe.input.expand


def _pairs(recipe: Recipe, item: Item, splits: set[str]) -> Iterable[Pair]:
    expanded = is_expanded(recipe, item, splits)
    if recipe.keep_original or not expanded:
        yield _pair(recipe, item, ORIGINAL, 1, None)
    for variant in recipe.variants if expanded else ():
        for copy in range(1, variant.copies + 1):
            tag = f"{variant.name}-{copy}" if variant.is_random else variant.name
            yield _pair(recipe, item, variant.name, copy, tag)


def _pair(recipe: Recipe, item: Item, variant: str, copy: int, tag: str | None) -> Pair:
    written = recipe.output.image.format
    suffix = posixpath.splitext(item.image)[1] if written == "same" else FORMATS[written]
    if suffix.lower() == ".gif":  # read, and never written
        suffix = FORMATS["png"]
    apart = [name for name in item.parts if recipe.input.is_apart(name)]
    suffixes = {name: FORMATS["tiff"] for name in item.masks if item.is_stack(name)}
    suffixes |= {name: _soft_suffix(path) for name, path in item.masks.items() if is_soft(recipe, name)}
    image, masks = copy_name(item, tag, recipe.output.layout, suffix, suffixes, apart)
    return Pair(item.key, variant, copy, image, masks)


def is_soft(recipe: Recipe, name: str) -> bool:
    """Whether a mask is a picture (depth, a matte): interpolated, and written in a format of pictures."""
    return recipe.input.mask_of(name).kind == "image"


def _soft_suffix(path: str) -> str:
    """How the files of such a mask end: as the source where that is lossless in any depth."""
    suffix = posixpath.splitext(path)[1]
    return suffix if suffix.lower() in (".png", ".tif", ".tiff") else FORMATS["png"]


def check_names(jobs: Iterable[Job]) -> None:
    """No two files may share a name, nor differ in case or Unicode form alone, nor be called as ours are."""
    seen: dict[str, Item | None] = dict.fromkeys(OURS)
    for job in jobs:
        for pair in job.pairs:
            for name in pair.files:
                folded = unicodedata.normalize("NFC", name).casefold()
                if folded in seen:
                    raise _collision(name, seen[folded], job.item)
                seen[folded] = job.item


def _collision(name: str, first: Item | None, second: Item) -> DatasetError:
    owner = first.image if first else "augcli's own file"
    mend = "rename one of the sources"
    if first and first is not second and set(first.files) & set(second.files):
        mend = "they share a mask: give each its own copy with output: {layout: folders}"
    return DatasetError(f"two files would be called {name}: of {owner} and of {second.image}", mend=mend)
