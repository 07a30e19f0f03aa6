"""The annotation files of an output: which ids images and annotations have, and the files themselves.

What stands in the input keeps its id; what is new goes on from the largest one, in plan order.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import msgspec

from augcli.data import AnnotationHead, Item
from augcli.formats.coco.write import write_annotation_file
from augcli.formats.voc.names import PART_OF
from augcli.labels.coco_json import entry_of, with_fields


@dataclass(frozen=True)
class AnnotatedPair:
    """A finished pair, as its annotations are numbered; `size` is its picture's (width, height)."""

    item: Item
    image: str
    is_original: bool
    size: tuple[int, int]
    texts: Mapping[str, Iterable[str]]


@dataclass
class Numbers:
    """The ids that are given out: one row of image ids for all files, one of annotation ids for each.

    `anew`: originals have new ones, too, for the input's files have no ids.
    """

    images: Iterator[int]
    annotations: Mapping[str, Iterator[int]]
    given: list[tuple[AnnotatedPair, dict[str, int], dict[str, list[int]]]] = field(default_factory=list)
    anew: bool = False


def numbered(
    heads: Mapping[str, AnnotationHead], pairs: Iterable[AnnotatedPair], *, anew: bool = False
) -> Numbers:
    """Give every pair its image id, and each of its annotations an id, by file.

    With `anew` originals get new ones, too: where the input's files have no ids.
    """
    largest = max((head.largest_image_id for head in heads.values()), default=0)
    annotation_ids = {file: count(head.largest_annotation_id + 1) for file, head in heads.items()}
    numbers = Numbers(count(largest + 1), annotation_ids, anew=anew)
    for pair in pairs:
        new = None if pair.is_original and not anew else next(numbers.images)
        images, annotations = {}, {}
        for file, entry in pair.item.entries.items():
            images[file] = int(entry_of(entry)["id"]) if new is None else new
            ids = [number for number in ids_in(pair.texts.get(file, ())) if number is not None]
            annotations[file] = ids if new is None else [next(numbers.annotations[file]) for _ in ids]
        numbers.given.append((pair, images, annotations))
    return numbers


class _Numbered(msgspec.Struct):
    """What an annotation's text says of ids, and nothing else of it."""

    id: int | None = None
    part_of: Any = msgspec.field(name=PART_OF, default=None)  # a number in VOC, and whatever it is in COCO


_numbered = msgspec.json.Decoder(_Numbered)


def ids_in(texts: Iterable[str]) -> Iterator[int | None]:
    """The ids in the texts of annotations; a panoptic one has none."""
    return (_numbered.decode(text).id for text in texts)


def annotation_files(heads: Mapping[str, AnnotationHead], numbers: Numbers) -> dict[str, Iterator[bytes]]:
    """The output's annotation files by path, each as its parts, one after the other."""
    return {
        head.written: write_annotation_file(
            head,
            images_of(file, head, numbers),
            (text for _, texts in annotations_of(file, numbers) for text in texts),
        )
        for file, head in heads.items()
    }


class _Sources:
    """What copies came from: ids of the input, or where it has none those of the originals in the output."""

    def __init__(self, *, anew: bool) -> None:
        self.anew = anew
        self._key = ""
        self._known: dict[int | None, int] = {}  # of one source: its pairs follow each other

    def of(self, pair: AnnotatedPair, before: int | None, now: int) -> int | None:
        """The id of what became `now`; None for what is the source itself, and where that has no id."""
        if not self.anew:
            return None if pair.is_original else before
        if pair.item.key != self._key:
            self._key, self._known = pair.item.key, {}
        if not pair.is_original:
            return self._known.get(before)
        self._known[before] = now
        return None


def images_of(file: str, head: AnnotationHead, numbers: Numbers) -> Iterator[bytes]:
    """The entry of each image of a file, in plan order."""
    sources = _Sources(anew=numbers.anew)
    for pair, images, _ in numbers.given:
        if file in images:
            width, height = pair.size
            name = posixpath.relpath(pair.image, head.image_root)
            changes = {"id": images[file], "file_name": name, "width": width, "height": height}
            before = sources.of(pair, entry_of(pair.item.entries[file])["id"], images[file])
            source = {} if before is None else {"source_image_id": before}
            yield with_fields(pair.item.entries[file], **changes, **source)


def annotations_of(file: str, numbers: Numbers) -> Iterator[tuple[AnnotatedPair, list[bytes]]]:
    """The annotations of each image of a file, in plan order, with the pair that has them."""
    sources = _Sources(anew=numbers.anew)
    for pair, images, given in numbers.given:
        if file in images:
            yield pair, list(_annotations(pair, file, images[file], given.get(file, ()), sources))


def _annotations(
    pair: AnnotatedPair, file: str, image: int, given: Iterable[int], sources: _Sources
) -> Iterator[bytes]:
    ids, own = iter(given), dict[int, int]()
    for text in pair.texts.get(file, ()):
        changes: dict[str, int | None] = {"image_id": image}
        entry = _numbered.decode(text)
        if entry.id is not None:
            changes["id"] = own[entry.id] = next(ids)
            if sources.anew and entry.part_of is not None:
                changes[PART_OF] = own.get(entry.part_of)
            if (before := sources.of(pair, entry.id, own[entry.id])) is not None:
                changes["source_annotation_id"] = before
        yield with_fields(text.encode(), **changes)
