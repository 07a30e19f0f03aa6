"""The layout `voc`: pictures in `JPEGImages`, XML files of the same names in `Annotations`, and ImageSets."""

from __future__ import annotations

import posixpath
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from augcli.data import Item
from augcli.errors import printable
from augcli.formats.base import DetectedLayout, outside
from augcli.formats.splits import with_lists
from augcli.formats.to_coco import categories_of, head_of, item_of
from augcli.formats.tree import File, Tree
from augcli.formats.voc.names import ANNOTATIONS, IMAGES, LISTS, PATH, listed
from augcli.formats.voc.objects import VocFile, read_document
from augcli.text import count, nfc


@dataclass
class _VocParts:
    """What comes together of a data set: documents and pictures by XML file, and these by picture."""

    documents: dict[str, VocFile] = field(default_factory=dict)
    images: dict[str, str] = field(default_factory=dict)
    owners: dict[str, str] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)


def find(tree: Tree, *, is_named: bool) -> list[DetectedLayout]:
    """The readings: one for each folder that holds XML files of VOC, at least one of which has its picture.

    Files that only may be VOC's, for they cannot be read, count where the layout `is_named`.
    """
    index = _VocImages(tree)
    homes: dict[str, _VocParts] = defaultdict(_VocParts)
    for path in tree.texts:
        if path.lower().endswith(".xml"):
            _add(homes, tree, index, path, is_named=is_named)
    return [_reading(tree, home, found) for home, found in sorted(homes.items()) if found.images]


def _add(homes: dict[str, _VocParts], tree: Tree, index: _VocImages, path: str, *, is_named: bool) -> None:
    try:
        document = read_document((tree.root / path).read_bytes())
    except OSError as error:
        document = f"cannot be read ({error.strerror})"
    place = listed(path)
    if document is None or (isinstance(document, str) and not (place or is_named)):
        return
    found = homes[place[0] if place else ""]
    if isinstance(document, str):
        found.faults.append(printable(f"{path}: {document}; its picture is left out"))
        return
    image = index.find(path, document.file_name)
    if image is None:
        name = document.file_name or "of its name"
        found.skipped.append(printable(f"{path}: its picture {name} is not there"))
    elif (first := found.owners.setdefault(image, path)) != path:
        found.faults.append(
            printable(f"{path}: its picture {image} is that of {first}; the file is left out")
        )
    else:
        found.documents[path], found.images[path] = document, image
        found.faults += [printable(f"{path}: {fault}") for fault in document.faults]


class _VocImages:
    """The pictures of a tree by their paths without suffix."""

    def __init__(self, tree: Tree) -> None:
        self._by_key = {file.key: file.path for file in tree.files}
        self._by_name: dict[str, list[str]] = defaultdict(list)
        for file in tree.files:
            self._by_name[posixpath.basename(file.key)].append(file.path)

    def find(self, path: str, file_name: str) -> str | None:
        """The picture of an XML file: where VOC has it, beside the file, or the only one of its name."""
        key = nfc(posixpath.splitext(path)[0])
        stem = nfc(posixpath.splitext(posixpath.basename(file_name.replace("\\", "/")))[0])
        own = [key, posixpath.join(posixpath.dirname(key), stem)] if stem else [key]
        places = (place for name in own for place in _places(name))
        if hit := next((self._by_key[place] for place in places if place in self._by_key), None):
            return hit
        alone = (self._by_name.get(posixpath.basename(name), []) for name in own)
        return next((hits[0] for hits in alone if len(hits) == 1), None)


def _places(key: str) -> Iterator[str]:
    """Where the picture of an XML file may lie."""
    if place := listed(key + ".xml"):
        yield from (posixpath.join(place[0], folder, place[1]) for folder in IMAGES)
    yield key


def _reading(tree: Tree, home: str, found: _VocParts) -> DetectedLayout:
    images = set(found.images.values())
    folders = {File(path).folder for path in images}
    names = sorted({name for document in found.documents.values() for name, _ in document.objects})
    numbers = {name: number for number, name in enumerate(names, 1)}
    items = [_item(path, found, numbers) for path in found.images]
    listed = with_lists(tree.root, home, items, (LISTS,))
    rest = [file for file in tree.files if file.path not in images]
    orphans = [file for file in rest if file.folder in folders]
    objects = sum(len(texts) for item in items for texts in item.annotations.values())
    return DetectedLayout(
        keys={"layout": "voc"},
        reason=f"{count(len(items), 'XML file')} of Pascal VOC with {count(objects, 'object')}",
        items=listed.items,
        orphan_images=tuple(file.path for file in orphans),
        skipped=(
            *found.skipped,
            *listed.remarks,
            *outside(file for file in rest if file not in set(orphans)),
        ),
        home=home,
        lists=listed.lists,
        annotation_files={
            ANNOTATIONS: head_of(tree.root / ANNOTATIONS, categories_of(numbers), items, found.faults)
        },
    )


def _item(path: str, found: _VocParts, numbers: Mapping[str, int]) -> Item:
    document, image = found.documents[path], found.images[path]
    entry = {"id": 0, "file_name": image, **document.entry, PATH: path}
    return item_of(image, ANNOTATIONS, entry, document.objects, numbers)
