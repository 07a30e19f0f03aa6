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
from augcli.sample import Dataset, Item

OURS = ("manifest.jsonl", "dataset.json", "failures.jsonl", ".augcli")


@dataclass(frozen=True)
class Pair:
    """One picture to be written with its masks: the unit of identity, commit, retry and failure."""

    key: str
    variant: str
    copy: int
    image: str
    masks: Mapping[str, str]

    @property
    def id(self) -> str:
        """The pair's identity, stable whatever else is in the plan."""
        return f"{self.key}|{self.variant}|{self.copy}"

    @property
    def files(self) -> tuple[str, ...]:
        """Its files, relative to the output."""
        return (self.image, *self.masks.values())


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
    image, masks = copy_name(item, tag, recipe.output.layout, suffix)
    return Pair(item.key, variant, copy, image, masks)


def check_names(jobs: Iterable[Job]) -> None:
    """No two files may share a name, nor differ in case or Unicode form alone, nor be called as ours are."""
    seen: dict[str, str] = dict.fromkeys(OURS, "augcli's own file")
    for job in jobs:
        for pair in job.pairs:
            for name in pair.files:
                folded = unicodedata.normalize("NFC", name).casefold()
                if folded in seen:
                    raise DatasetError(
                        f"two files would be called {name}: of {seen[folded]} and of {job.item.image}",
                        mend="rename one of the sources",
                    )
                seen[folded] = job.item.image
