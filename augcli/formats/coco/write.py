"""Writing an annotation file of COCO, part by part."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain

from augcli.data import AnnotationHead
from augcli.labels.coco_json import on_one_line, text_of


def write_annotation_file(
    head: AnnotationHead, images: Iterable[bytes], annotations: Iterable[bytes]
) -> Iterator[bytes]:
    """The parts of a JSON file with the keys of `head` in their order, and these images and annotations.

    Each image and each annotation is a JSON text and gets a line of its own. A key `images` or `annotations`
    that `head` does not have stands last; `annotations` only where there are some.
    """
    lists = {"images": iter(images), "annotations": iter(annotations)}
    for place, key in enumerate(_keys(head, lists)):
        yield (b",\n" if place else b"{\n") + text_of(key) + b": "
        if key in lists:
            yield from _list(lists[key])
        else:
            yield on_one_line(head.rest[key])
    yield b"\n}\n"


def _keys(head: AnnotationHead, lists: dict[str, Iterator[bytes]]) -> Iterator[str]:
    """The keys of the file. The annotations are only looked at when all the others are written."""
    yield from head.keys
    if "images" not in head.keys:
        yield "images"
    if "annotations" in head.keys:
        return
    first = next(lists["annotations"], None)
    if first is not None:
        lists["annotations"] = chain([first], lists["annotations"])
        yield "annotations"


def _list(texts: Iterator[bytes]) -> Iterator[bytes]:
    """The parts of a list, an entry a line."""
    before = b"[\n"
    for text in texts:
        yield before + on_one_line(text)
        before = b",\n"
    yield b"[]" if before == b"[\n" else b"\n]"
