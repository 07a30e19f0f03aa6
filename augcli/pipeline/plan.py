"""Recipe x Dataset -> Jobs: which pairs there will be, and what their files are called."""

from __future__ import annotations

import fnmatch
import posixpath
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from augcli.data import AnnotationHead, Dataset, Files, Item, each
from augcli.errors import DatasetError, ImageError
from augcli.formats.naming import copy_name
from augcli.formats.pattern import FORMAT as PATTERN
from augcli.formats.roundtrip import check_readable
from augcli.formats.sizes import upright_size
from augcli.geometry import Frame
from augcli.imageio import FORMATS
from augcli.labels.label_maps.options import labelled_files, map_path
from augcli.pipeline.augment import ORIGINAL
from augcli.recipe import Recipe, Variant
from augcli.recipe.format_words import LIKE_INPUT

TIFF_SUFFIXES = (".tif", ".tiff")
OURS = ("manifest.jsonl", "dataset.json", "failures.jsonl", ".augcli")


@dataclass(frozen=True)
class Pair:
    """One picture to be written with its masks: the unit of identity, commit, retry and failure.

    `maps` are the pixel maps of its annotations, by annotation file.
    """

    key: str
    variant: str
    copy: int
    image: str
    masks: Mapping[str, Files]
    maps: Mapping[str, str] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """The pair's identity, stable whatever else is in the plan."""
        return f"{self.key}|{self.variant}|{self.copy}"

    @property
    def files(self) -> tuple[str, ...]:
        """Its files, relative to the output."""
        masks = (path for files in self.masks.values() for path in each(files))
        return (self.image, *masks, *self.maps.values())


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
    """All jobs in the order of their sources.

    Raises DatasetError where two files would have one name, or where a copy's name would pair it with
    another mask when the output is read again.
    """
    items = selection.of(dataset.items)
    if not items:
        what = f"no source matches --only {selection.only}" if selection.only else "there is nothing to do"
        raise DatasetError(what, where=str(dataset.root))
    splits = {item.split for item in dataset.items if item.split}
    drawn = labelled_files(dataset) if recipe.output.pixelmaps else {}
    jobs = [Job(item, tuple(_pairs(recipe, dataset, item, splits, drawn))) for item in items]
    check_names(jobs)
    named = [(pair.image, pair.masks) for job in jobs for pair in _first_and_last(job)]
    check_readable(dataset.reading, recipe.output.layout, named)
    return [job for job in jobs if job.pairs]


def _first_and_last(job: Job) -> Iterable[Pair]:
    """The first and the last copy of each variant: the names of those between differ by a number alone."""
    ends: dict[str, dict[int, Pair]] = {}
    for pair in job.pairs:
        ends.setdefault(pair.variant, {})[min(pair.copy, 2)] = pair
    return (pair for found in ends.values() for pair in found.values())


def is_expanded(recipe: Recipe, item: Item, splits: Iterable[str]) -> bool:
    """Whether an item's split is one of those that get copies; where there is one split, it is."""
    return item.split is None or len(set(splits)) < 2 or item.split in recipe.input.expand


def _pairs(
    recipe: Recipe, dataset: Dataset, item: Item, splits: set[str], drawn: Mapping[str, AnnotationHead]
) -> Iterable[Pair]:
    expanded = is_expanded(recipe, item, splits)
    planned: list[tuple[str, int, str | None]] = []
    planned += [(ORIGINAL, 1, None)] if recipe.keep_original or not expanded else []
    for variant in recipe.variants if expanded else ():
        for copy in range(1, _copies(variant, dataset.root, item) + 1):
            name = f"{variant.name}-{copy}" if variant.is_numbered else variant.name
            planned.append((variant.name, copy, name))
    for name, copy, tag in planned:
        image, masks = _names(recipe, dataset, item, tag)
        maps = {file: map_path(drawn[file], image) for file in item.entries if file in drawn}
        yield Pair(item.key, name, copy, image, masks, maps)


def _copies(variant: Variant, root: Path, item: Item) -> int:
    """How many copies a variant makes of a source: of each tile, where it cuts tiles."""
    tiles = variant.tiles
    if tiles is None:
        return variant.copies
    size = upright_size(root / item.image, item.image)
    return variant.copies * (tiles.count(Frame(*size)) if size else 1)


def _names(recipe: Recipe, dataset: Dataset, item: Item, tag: str | None) -> tuple[str, dict[str, Files]]:
    """The image of a pair, and its masks by name; `tag` is a copy's."""
    written, layout = recipe.output.image.format, recipe.output.layout
    suffix = posixpath.splitext(item.image)[1] if written == "same" else FORMATS[written]
    if suffix.lower() == ".gif":  # read, and never written
        suffix = FORMATS["png"]
    apart = [name for name in item.parts if recipe.input.is_apart(name)]
    says_suffix = dataset.layout == PATTERN.name and layout == LIKE_INPUT
    suffixes = {name: _mask_suffix(recipe, item, name, says_suffix) for name in item.masks}
    return copy_name(item, tag, layout, suffix, suffixes, apart, dataset.reading)


def _mask_suffix(recipe: Recipe, item: Item, name: str, says_suffix: bool) -> str:
    """How the files of a mask end; as the source's, where the input's pattern says it (`says_suffix`)."""
    own, is_soft_one = posixpath.splitext(item.masks[name])[1], is_soft(recipe, name)
    if format_of(own) == "tiff" and (is_soft_one or says_suffix):
        return own
    if item.is_stack(name) and not is_soft_one:
        return FORMATS["tiff"]
    return own if own.lower() == FORMATS["png"] and (is_soft_one or says_suffix) else FORMATS["png"]


def format_of(path: str) -> str:
    """The format in which a mask of this name is written."""
    return "tiff" if path.lower().endswith(TIFF_SUFFIXES) else "png"


def is_soft(recipe: Recipe, name: str) -> bool:
    """Whether a mask is a picture (depth, a matte): interpolated, and written in a format of pictures."""
    return recipe.input.mask_of(name).kind == "image"


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
    hint = "rename one of the sources"
    if first and first is not second and set(first.files) & set(second.files):
        hint = "they share a mask: give each its own copy with output: {layout: folders}"
    return DatasetError(f"two files would be called {name}: of {owner} and of {second.image}", hint=hint)


@dataclass(frozen=True)
class FailedPair:
    """A pair that could not be made: what, where, how to mend it."""

    pair: Pair
    what: str
    where: str
    hint: str
    traceback: str = ""  # of a user's own transform

    def sentence(self) -> str:
        """The failure in one line."""
        return str(ImageError(self.what, where=self.where, hint=self.hint))

    def as_line(self) -> dict[str, Any]:
        """The failure as failures.jsonl holds it."""
        return {
            "source": self.pair.key,
            "variant": self.pair.variant,
            "copy": self.pair.copy,
            "what": self.what,
            "where": self.where,
            "mend": self.hint,
            **({"traceback": self.traceback} if self.traceback else {}),
        }
