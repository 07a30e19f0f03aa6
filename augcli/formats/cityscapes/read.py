"""The layout `cityscapes`: pictures in `leftImg8bit`, JSON files with polygons and label PNGs in `gtFine`.

See https://github.com/mcordts/cityscapesScripts. A vertex there is a pixel, of which (0, 0) is the first: its
centre lies half a pixel further in pixel edges. Later polygons lie on top of earlier ones.
"""

from __future__ import annotations

import posixpath
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec

from augcli.errors import DatasetError, printable
from augcli.formats.base import DetectedLayout, outside
from augcli.formats.cityscapes.names import (
    FURTHER,
    IMAGE_ENDING,
    IMAGES,
    LABELS,
    MASKS,
    PATH,
    POLYGONS,
)
from augcli.formats.coco.document import read_document
from augcli.formats.to_coco import categories_of, head_of, item_of, outlined
from augcli.formats.tree import File, Tree
from augcli.labels.coco_json import reason_of
from augcli.text import count, nfc, shown

_OWN = ("label", "polygon", "deleted")
HALF = 0.5


@dataclass
class _CityscapesParts:
    """What comes together: items, their objects by class, and what is to be said."""

    entries: dict[str, dict[str, Any]] = field(default_factory=dict)
    objects: dict[str, list[tuple[str, dict[str, Any]]]] = field(default_factory=dict)
    masks: dict[str, dict[str, str]] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    repaired: list[str] = field(default_factory=list)
    deleted: int = 0


def find(tree: Tree) -> list[DetectedLayout]:
    """The reading of all JSON files called `*_polygons.json` that have a picture, if there is one."""
    index = _CityscapesImages(tree)
    found = _CityscapesParts()
    for path in tree.documents:
        if path.endswith(POLYGONS):
            _add(found, tree, index, path)
    return [_reading(tree, found)] if found.entries else []


class _CityscapesImages:
    """The pictures of a tree by their paths without suffix, and by the ends of these."""

    def __init__(self, tree: Tree) -> None:
        self._by_key = {file.key: file.path for file in tree.files}
        self._by_name: dict[str, list[str]] = defaultdict(list)
        for file in tree.files:
            self._by_name[posixpath.basename(file.key)].append(file.path)

    def find(self, path: str) -> str | None:
        """The picture of a file with polygons: in `leftImg8bit` for its `gt` folder, or the only one."""
        folder, name = posixpath.split(nfc(path).removesuffix(POLYGONS))
        name = name.rpartition("_gt")[0] or name
        parts = [IMAGES if part.startswith("gt") else part for part in folder.split("/")]
        for stem in (name + IMAGE_ENDING, name):
            if hit := self._by_key.get(posixpath.join(*parts, stem)):
                return hit
            if len(hits := self._by_name.get(stem, [])) == 1:
                return hits[0]
        return None

    def masks_of(self, path: str) -> dict[str, str]:
        """The PNGs of labels beside a file with polygons, by the masks' names."""
        key = nfc(path).removesuffix(POLYGONS)
        found = {name: self._by_key.get(key + posixpath.splitext(end)[0]) for name, end in MASKS.items()}
        return {name: file for name, file in found.items() if file}


def _add(found: _CityscapesParts, tree: Tree, index: _CityscapesImages, path: str) -> None:
    image = index.find(path)
    if image is None:
        found.skipped.append(printable(f"{path}: its picture is not there"))
        return
    if image in found.entries:
        other = found.entries[image][PATH]
        what = f"its picture {image} is that of {other}; the file is left out"
        found.faults.append(printable(f"{path}: {what}"))
        return
    try:
        document, repaired = read_document(tree.root / path, path)
        sides, objects = _sides(document), _list(document.get("objects"))
    except (DatasetError, ValueError) as error:
        said = _said(error) if isinstance(error, DatasetError) else f"{path}: {error}"
        found.faults.append(printable(f"{said}; its picture is left out"))
        return
    found.repaired += repaired
    found.entries[image] = {"id": 0, "file_name": image, **sides, PATH: path}
    found.masks[image] = index.masks_of(path)
    found.objects[image] = []
    for number, one in enumerate(objects, 1):
        _add_object(found, path, image, number, one)


def _said(error: DatasetError) -> str:
    """What is wrong with a JSON file, without the words for those of COCO."""
    what = "is a list and no object" if error.what.startswith("a list") else error.what
    hint = "" if "annotation file" in error.hint else error.hint
    return str(DatasetError(what, where=error.where, hint=hint))


def _sides(document: Mapping[str, msgspec.Raw]) -> dict[str, int]:
    """The size of the picture, where the file says it."""
    keys = {"imgWidth": "width", "imgHeight": "height"}
    said = {keys[key]: msgspec.json.decode(text) for key, text in document.items() if key in keys}
    return {key: value for key, value in said.items() if type(value) is int and value > 0}


def _list(text: msgspec.Raw | None) -> list[Any]:
    if text is None:
        raise ValueError("has no objects")
    try:
        return msgspec.json.decode(text, type=list[Any])
    except msgspec.MsgspecError as error:
        raise ValueError(f"objects cannot be read: {reason_of(error)}") from error


def _add_object(found: _CityscapesParts, path: str, image: str, number: int, one: Any) -> None:
    if isinstance(one, dict) and one.get("deleted"):
        found.deleted += 1
        return
    try:
        found.objects[image].append(object_of(number, one))
    except ValueError as wrong:
        name = one.get("label") if isinstance(one, dict) else None
        label = f" ({name})" if isinstance(name, str) else ""
        found.faults.append(printable(f"{path}: object {number}{label}: {wrong}; it is left out"))


def object_of(number: int, one: Any) -> tuple[str, dict[str, Any]]:
    """The class and the annotation of an object. Raises ValueError with what is wrong with it."""
    if not isinstance(one, dict):
        raise ValueError(f"it is {shown(one)}, and not a mapping")
    if not isinstance(one.get("label"), str):
        raise ValueError("it has no label")
    points = one.get("polygon")
    if not isinstance(points, list) or not all(map(_is_point, points)):
        raise ValueError("its polygon is no list of points [x, y]")
    if len(points) < 3:
        raise ValueError(f"its polygon has {count(len(points), 'point')}, at least 3 are needed")
    return one["label"], {
        "id": number,
        **outlined([(x + HALF, y + HALF) for x, y in points]),
        "iscrowd": 0,
        FURTHER: {key: value for key, value in one.items() if key not in _OWN},
    }


def _is_point(point: Any) -> bool:
    return isinstance(point, list) and len(point) == 2 and all(type(v) in (int, float) for v in point)


def _reading(tree: Tree, found: _CityscapesParts) -> DetectedLayout:
    folders = {File(path).folder for path in found.entries}
    names = sorted({name for objects in found.objects.values() for name, _ in objects})
    numbers = {name: number for number, name in enumerate(names, 1)}
    items = [
        replace(item_of(image, LABELS, entry, found.objects[image], numbers), masks=found.masks[image])
        for image, entry in found.entries.items()
    ]
    used = {path for item in items for path in item.files}
    rest = [file for file in tree.files if file.path not in used]
    orphans = [file for file in rest if file.folder in folders]
    objects = sum(map(len, found.objects.values()))
    head = head_of(tree.root / LABELS, categories_of(numbers), items, found.faults)
    more = f" and so in {len(found.repaired) - 1} more" if len(found.repaired) > 1 else ""
    deleted = [f"{count(found.deleted, 'object')} deleted by who drew them"] if found.deleted else []
    return DetectedLayout(
        keys={"layout": "cityscapes"},
        reason=f"{count(len(items), 'file')} of polygons as in Cityscapes with {count(objects, 'object')}",
        items=tuple(items),
        orphan_images=tuple(file.path for file in orphans),
        skipped=(*found.skipped, *deleted, *outside(f for f in rest if f not in set(orphans))),
        annotation_files={LABELS: replace(head, remarks=tuple(line + more for line in found.repaired[:1]))},
    )
