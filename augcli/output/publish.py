"""The end of a run: the journal becomes what tells of its pairs, the manifest last of all."""

from __future__ import annotations

import posixpath
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import msgspec

from augcli.data import AnnotationHead, Item
from augcli.formats import FORMATS
from augcli.formats import label_maps as pixelmaps
from augcli.formats import split_lists as lists
from augcli.formats.coco import FORMAT as COCO
from augcli.formats.coco.ids import AnnotatedPair, Numbers, numbered
from augcli.formats.objects import Content, Described, Losses
from augcli.formats.pattern import csv_pairs as pairs
from augcli.formats.write import formats_written, from_lines, from_objects, is_from_lines
from augcli.labels.annotations import DroppedAnnotation
from augcli.labels.label_maps.of_pair import MapRules, OnMap
from augcli.labels.label_maps.options import MAPS, maps_folder
from augcli.labels.masks import MaskSpec, specs_to_json
from augcli.output import journal
from augcli.output import staging as output
from augcli.output.journal import JournalSpan
from augcli.output.report import LeftOutLine, missing_lines
from augcli.output.resume import Identity
from augcli.output.store import Store
from augcli.pipeline.augment import ORIGINAL
from augcli.pipeline.plan import FailedPair, Pair
from augcli.pipeline.prepare import border_of
from augcli.text import dumps

Read = Callable[[JournalSpan, type[Any]], Any]


@dataclass(frozen=True)
class PublishReport:
    """What a run has to say of its output: annotations that are in no pair, and what descriptions lose."""

    left_out: list[LeftOutLine]
    losses: list[str]


@dataclass(frozen=True)
class FinishedRun:
    """A run all of whose pairs are made or failed; the journal has those that are made at `places`, by id.

    `specs` go by mask, `maps` by annotation file.
    """

    identity: Identity
    specs: Mapping[str, MaskSpec]
    maps: Mapping[str, MapRules]
    places: Mapping[str, JournalSpan]
    failed: Sequence[FailedPair]


def publish(out: Path, store: Store, ended: FinishedRun) -> PublishReport:
    """Describe what a run has made, and put the output in its place.

    Raises StoreError where it cannot be written, and DatasetError where two files would have one name.
    """
    with journal.reading(store) as read:
        ending = _Ending(ended.identity, ended.specs, ended.maps, ended.places, len(ended.failed), read)
        objects, left_out = ending.objects(), list(ending.left_out())
        objects |= ending.pixelmaps(store.root)
        also = ending.descriptions() | {name: one.files for name, one in objects.items()}
        failures = [dumps(failure.as_line()) for failure in ended.failed]
        lines = [*missing_lines(ended.identity.dataset), *left_out]
        failures += [dumps(line.as_line()) for line in lines]
        output.describe(store, ending.lines(), ending.dataset_json(), failures, also)
    output.publish(store, out)
    return PublishReport(left_out, [line for name, one in objects.items() for line in one.losses.lines(name)])


class _Line(msgspec.Struct):
    line: msgspec.Raw


class _Size(msgspec.Struct):
    width: int
    height: int


class _Sized(msgspec.Struct):
    line: _Size


class _SourceLine(msgspec.Struct):
    image: str


class _Incomplete(msgspec.Struct):
    sources: list[_SourceLine]
    annotations_left_out: list[DroppedAnnotation] = []


class _Lacking(msgspec.Struct):
    line: _Incomplete


class _Mapped(msgspec.Struct):
    maps: dict[str, OnMap]


class _Labelled(msgspec.Struct):
    annotations: dict[str, list[str]] = {}


@dataclass(frozen=True)
class _Texts(Mapping[str, Sequence[str]]):
    """The texts of a pair's annotations by file, which are read when they are asked for."""

    read: Read
    place: JournalSpan

    def _found(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = self.read(self.place, _Labelled).annotations
        return found

    def __getitem__(self, file: str) -> Sequence[str]:
        return self._found()[file]

    def __iter__(self) -> Iterator[str]:
        return iter(self._found())

    def __len__(self) -> int:
        return len(self._found())


@dataclass(frozen=True)
class _Ending:
    """The finished pairs of a run, and what tells of them."""

    identity: Identity
    specs: Mapping[str, MaskSpec]
    maps: Mapping[str, MapRules]
    places: Mapping[str, JournalSpan]
    failed: int
    read: Read

    def pairs(self) -> Iterator[tuple[Item, Pair, JournalSpan]]:
        """The finished pairs in plan order."""
        for job in self.identity.jobs:
            for pair in job.pairs:
                if place := self.places.get(pair.id):
                    yield job.item, pair, place

    @cached_property
    def _numbers(self) -> Numbers | None:
        """The ids of all annotations; None where there are no annotation files."""
        dataset = self.identity.dataset
        if not dataset.annotation_files:
            return None
        finished = [self._finished(item, pair, place) for item, pair, place in self.pairs()]
        return numbered(dataset.annotation_files, finished, anew=not FORMATS[dataset.layout].keeps_ids)

    def _finished(self, item: Item, pair: Pair, place: JournalSpan) -> AnnotatedPair:
        size = self.read(place, _Sized).line
        is_original = pair.variant == ORIGINAL
        return AnnotatedPair(
            item, pair.image, is_original, (size.width, size.height), _Texts(self.read, place)
        )

    def lines(self) -> Iterator[bytes]:
        """The manifest's lines, with the ids of their annotations."""
        raw = (bytes(self.read(place, _Line).line) for _, _, place in self.pairs())
        if self._numbers is None:
            yield from raw
            return
        for line, (_, _, ids) in zip(raw, self._numbers.given, strict=True):
            yield _with_ids(line, ids)

    def _data(self) -> list[dict[str, Any]]:
        return [msgspec.json.decode(line) for line in self.lines()]

    def descriptions(self) -> dict[str, dict[str, bytes]]:
        """The further descriptions that tell of files alone."""
        wanted = [name for name in self.identity.recipe.output.also if is_from_lines(name)]
        return from_lines(wanted, self._data() if wanted else []) | self._pairs_file() | self._list_files()

    def objects(self) -> dict[str, Described]:
        """The layout's own files of annotations, and the further descriptions that tell of objects."""
        recipe = self.identity.recipe
        if self._numbers is None:
            return {}
        return from_objects(recipe.output.also, self.identity.dataset, recipe.input.mirror, self._numbers)

    def pixelmaps(self, folder: Path) -> dict[str, Described]:
        """What says of the pixel maps what they show; `folder` has the annotation files by then."""
        if self._numbers is None or not self.maps:
            return {}
        heads = self.identity.dataset.annotation_files
        files: dict[str, Content] = {}
        losses = Losses()
        for file, how in self.maps.items():
            on_maps = _OnMaps(self, file)
            one = pixelmaps.described(file, heads[file], how, self._numbers, on_maps, folder)
            files |= one.files
            losses.left_out.update(one.losses.left_out)
        return {MAPS: Described(files, losses)}

    def on_maps(self, file: str) -> Iterator[OnMap]:
        """What is on the maps of an annotation file, in plan order."""
        for item, _, place in self.pairs():
            if file in item.entries:
                yield self.read(place, _Mapped).maps[file]

    def _pairs_file(self) -> dict[str, dict[str, bytes]]:
        """The CSV file that says the pairs, where one says those of the input: it has its name."""
        dataset = self.identity.dataset
        if "pairs" not in dataset.reading:
            return {}
        used = (name for item in dataset.items for name in item.masks)
        names = list(dict.fromkeys((*self.identity.recipe.input.named_masks, *used)))
        table = ((line["file_name"], [line[f"{name}_file_name"] for name in names]) for line in self._data())
        return {"pairs": {posixpath.normpath(dataset.reading["pairs"]): pairs.written(table, names)}}

    def _list_files(self) -> dict[str, dict[str, bytes]]:
        """The files that list the pictures of each split, where such files say the splits of the input."""
        found = lists.lists_of(self.identity.recipe, self.identity.dataset)
        pairs = ((item, pair.image, pair.masks) for item, pair, _ in self.pairs())
        return {lists.LISTS: lists.described(found, pairs)} if found else {}

    def left_out(self) -> Iterator[LeftOutLine]:
        """What of the annotation files could not be used, each once."""
        files = self.identity.dataset.annotation_files
        for head in files.values():
            yield from (LeftOutLine(fault.partition(": ")[0], None, fault) for fault in head.left_out)
        seen = set()
        for _, _, place in self.pairs() if files else ():
            line: _Incomplete = self.read(place, _Lacking).line
            for one in line.annotations_left_out:
                source = line.sources[0].image
                if one.fault and (one.file, one.id, one.reason, source) not in seen:
                    seen.add((one.file, one.id, one.reason, source))
                    yield LeftOutLine(one.file, source, one.sentence())

    def _annotation_places(self) -> dict[str, dict[str, str]]:
        """Where annotation files of COCO are, and where their file_names start; by what lines call them.

        Also the ids of annotations that were replaced, where any were.
        """
        dataset = self.identity.dataset
        formats = formats_written(dataset.layout, self.identity.recipe.output.also)
        heads = dataset.annotation_files.items() if COCO.name in formats else ()
        return {f: {"file": h.written, "image_root": h.image_root} | _renumbered(h) for f, h in heads}

    def _map_places(self) -> dict[str, dict[str, Any]]:
        """The folders of the pixel maps, and the bits of a pixel, by what lines call annotation files."""
        heads = self.identity.dataset.annotation_files
        bits = {
            f: 24 if how.rules.kind == "panoptic" else 16 if how.deep else 8 for f, how in self.maps.items()
        }
        return {file: {"folder": maps_folder(heads[file]), "bits": bits[file]} for file in self.maps}

    def dataset_json(self) -> dict[str, Any]:
        """What dataset.json holds: no times, hosts or absolute paths."""
        identity, dataset = self.identity.as_json(), self.identity.dataset
        variants = Counter(pair.variant for _, pair, _ in self.pairs())
        counts = {"sources": len(self.identity.jobs), "pairs": len(self.places)}
        return {
            "recipe": identity["recipe"],
            "recipe_digest": self.identity.recipe.digest(),
            "selection": identity["selection"],
            "fingerprint": identity["fingerprint"],
            "plugins": identity["plugins"],
            "input": {"layout": dataset.layout, **dataset.reading},
            "border": border_of(self.identity.recipe),
            "masks": specs_to_json(self.specs),
            "annotation_files": self._annotation_places(),
            "pixelmaps": self._map_places(),
            "classes": identity["recipe"]["input"]["classes"],
            "counts": {**counts, "failed": self.failed, "variants": dict(variants)},
        }


@dataclass(frozen=True)
class _OnMaps(Iterable[OnMap]):
    """What is on the maps of an annotation file, as often as it is asked for."""

    ending: _Ending
    file: str

    def __iter__(self) -> Iterator[OnMap]:
        return self.ending.on_maps(self.file)


def _renumbered(head: AnnotationHead) -> dict[str, Any]:
    """The ids of annotations that were replaced: [before, now], in the order of the file."""
    return {"renumbered": [list(pair) for pair in head.renumbered]} if head.renumbered else {}


def _with_ids(line: bytes, ids: Mapping[str, Sequence[int]]) -> bytes:
    """A line with the ids of its annotations; the rest of it keeps its very text."""
    # A text cannot look like the key: its quotes are escaped. What comes before may have a key of that name.
    before, _, after = line.rpartition(_NO_IDS)
    return before + b'"annotation_ids": ' + dumps(ids).encode() + after


_NO_IDS = b'"annotation_ids": {}'
