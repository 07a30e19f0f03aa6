"""The annotation files of an output: which ids images and annotations have, and the files themselves.

What stands in the input keeps its id; what is new goes on from the largest one, in plan order.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count

from augcli.annotations.writing import write_annotation_file
from augcli.formats.coco.texts import entry_of, with_fields
from augcli.sample import AnnotationHead, Item


@dataclass(frozen=True)
class Finished:
    """A finished pair, as its annotations are numbered; `size` is its picture's (width, height)."""

    item: Item
    image: str
    is_original: bool
    size: tuple[int, int]
    texts: Mapping[str, Iterable[str]]


@dataclass
class Numbers:
    """The ids that are given out: one row of image ids for all files, one of annotation ids for each."""

    images: Iterator[int]
    annotations: Mapping[str, Iterator[int]]
    given: list[tuple[Finished, dict[str, int], dict[str, list[int]]]] = field(default_factory=list)


def numbered(
    heads: Mapping[str, AnnotationHead], pairs: Iterable[Finished], *, anew: bool = False
) -> Numbers:
    """Give every pair its image id, and each of its annotations an id, by file.

    With `anew` originals get new ones, too: where the input's files have no ids.
    """
    largest = max((head.largest_image_id for head in heads.values()), default=0)
    numbers = Numbers(
        count(largest + 1), {file: count(head.largest_annotation_id + 1) for file, head in heads.items()}
    )
    for pair in pairs:
        new = None if pair.is_original and not anew else next(numbers.images)
        images, annotations = {}, {}
        for file, entry in pair.item.entries.items():
            images[file] = int(entry_of(entry)["id"]) if new is None else new
            found = (entry_of(text.encode()).get("id") for text in pair.texts.get(file, ()))
            ids = [number for number in found if number is not None]  # a panoptic annotation has none
            annotations[file] = ids if new is None else [next(numbers.annotations[file]) for _ in ids]
        numbers.given.append((pair, images, annotations))
    return numbers


def annotation_files(heads: Mapping[str, AnnotationHead], numbers: Numbers) -> dict[str, Iterator[bytes]]:
    """The output's annotation files by path, each as its parts, one after the other."""
    return {
        head.written: write_annotation_file(head, _images(file, head, numbers), _annotations(file, numbers))
        for file, head in heads.items()
    }


def _images(file: str, head: AnnotationHead, numbers: Numbers) -> Iterator[bytes]:
    for pair, images, _ in numbers.given:
        if file in images:
            width, height = pair.size
            name = posixpath.relpath(pair.image, head.image_root)
            changes = {"id": images[file], "file_name": name, "width": width, "height": height}
            source = {} if pair.is_original else {"source_image_id": entry_of(pair.item.entries[file])["id"]}
            yield with_fields(pair.item.entries[file], **changes, **source)


def _annotations(file: str, numbers: Numbers) -> Iterator[bytes]:
    for pair, images, given in numbers.given:
        ids = iter(given.get(file, ()))
        for text in pair.texts.get(file, ()):
            before = entry_of(text.encode()).get("id")
            changes = {"image_id": images[file]} | ({} if before is None else {"id": next(ids)})
            source = {} if pair.is_original or before is None else {"source_annotation_id": before}
            yield with_fields(text.encode(), **changes, **source)
