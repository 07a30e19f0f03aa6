"""The layout `yolo`: pictures in `images`, label files of the same names in `labels`, and data.yaml."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from augcli.data import AnnotationHead, Item
from augcli.errors import printable
from augcli.formats.base import DetectedLayout, outside
from augcli.formats.coco.read import path_below
from augcli.formats.names import split_of
from augcli.formats.sizes import upright_size
from augcli.formats.to_coco import head_of
from augcli.formats.tree import File, Tree, is_image
from augcli.formats.yolo.classes import is_class_file, named_by_files, named_by_recipe
from augcli.formats.yolo.config import Config, is_sound, looks_like_config, read_config, tails
from augcli.formats.yolo.names import LABELS, NAMES, label_path, text_of_file
from augcli.formats.yolo.rows import category_id, looks_like_rows, read_rows
from augcli.labels.coco_json import text_of
from augcli.text import count, nfc

MOST_LOOKED_AT = 5  # label files, to see whether they are YOLO's


@dataclass
class _YoloParts:
    """What comes together of a data set: pictures with their splits, and what is to be said."""

    splits: dict[str, str | None] = field(default_factory=dict)
    skipped: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


def find(
    tree: Tree, config: str | None, classes: Mapping[int, str] = MappingProxyType({}), *, is_named: bool
) -> list[DetectedLayout]:
    """The readings: one for each data.yaml, or one by the label files where there is none.

    `config` is the path of a data.yaml, relative to the root or absolute. `classes` are names by number that
    count instead of those that files say. Where the layout is not named, its label files have to look like
    YOLO's. Raises DatasetError for a data.yaml that is broken.
    """
    labels = _labels(tree)
    if config is not None:
        name = path_below(tree.root, tree.root / config)
        files = {name: tree.root / name}
    else:
        yamls = [path for path in tree.texts if path.lower().endswith((".yaml", ".yml"))]
        files = {path: tree.root / path for path in yamls if looks_like_config(tree.root / path)}
        if not (is_named or _look_like_rows(tree.root, labels.values())):  # then it may be anybody's file
            files = {name: path for name, path in files.items() if is_sound(path)}
    configs = [read_config(path, name) for name, path in files.items()] or [Config()]
    readings = [_reading(tree, labels, one, classes, is_named=is_named) for one in configs]
    found = [reading for reading in readings if reading]
    return found if config is None and len(found) < 2 else [_named(tree.root, reading) for reading in found]


def _named(root: Path, reading: DetectedLayout) -> DetectedLayout:
    """The reading with the name of its data.yaml, which tells it from others."""
    path = reading.annotation_files[LABELS].path.relative_to(root).as_posix()
    return replace(reading, keys={**reading.keys, "annotations": path})


def _reading(
    tree: Tree, labels: Mapping[str, str], config: Config, classes: Mapping[int, str], *, is_named: bool
) -> DetectedLayout | None:
    found = _by_config(tree, config) if config.splits else _by_labels(tree, labels)
    own = {path: labels[path] for path in found.splits if path in labels}
    is_yolo = bool(config.file and own) or _look_like_rows(tree.root, own.values())
    if not found.splits or not (is_named or is_yolo):
        return None
    config = _with_names(tree, config, classes, own.values())
    items = [_item(tree, path, own.get(path), config, found) for path in found.splits]
    objects = sum(len(item.annotations[LABELS]) for item in items)
    labelled = f"{count(len(items), 'image')} with {count(objects, 'object')}"
    reason = f"{count(len(own), 'label file')} of YOLO; {labelled}"
    return DetectedLayout(
        keys={"layout": "yolo"},
        reason=f"{config.file}: {reason}" if config.file else reason,
        items=tuple(items),
        skipped=(
            *found.skipped,
            *_lonely(tree, labels.values()),
            *outside(file for file in tree.files if file.path not in found.splits),
        ),
        annotation_files={LABELS: _head(tree, config, items, found)},
    )


def _with_names(tree: Tree, config: Config, classes: Mapping[int, str], labels: Iterable[str]) -> Config:
    """What data.yaml says, with the names of the classes from elsewhere where it has none."""
    if config.names and not classes:
        return config
    named = named_by_recipe(classes) if classes else named_by_files(tree, labels)
    remarks = (*config.remarks, *named.remarks)
    return replace(config, names=named.names, named_in=named.where, remarks=remarks)


def _labels(tree: Tree) -> dict[str, str]:
    """The label files by their pictures, both as they are on disk."""
    texts = {nfc(path): path for path in tree.texts}
    wanted = ((file.path, nfc(label_path(file.path))) for file in tree.files)
    return {path: texts[label] for path, label in wanted if label in texts}


def _lonely(tree: Tree, used: Iterable[str]) -> list[str]:
    """A line for the label files that no picture has."""
    known = set(used)
    files = (path for path in tree.texts if path.lower().endswith(".txt") and LABELS in path.split("/")[:-1])
    lonely = [path for path in files if path not in known and not is_class_file(path)]
    return (
        [f"{count(len(lonely), 'label file')} without an image, first {printable(lonely[0])}"]
        if lonely
        else []
    )


def _by_labels(tree: Tree, labels: Mapping[str, str]) -> _YoloParts:
    """The pictures of the folders in which some have a label file."""
    folders = {File(path).folder for path in labels}
    return _YoloParts({file.path: split_of(file.folder) for file in tree.files if file.folder in folders})


def _by_config(tree: Tree, config: Config) -> _YoloParts:
    """The pictures that data.yaml names; those of two splits, as in COCO128, are of the first one."""
    found = _YoloParts()
    twice: dict[tuple[str, str], list[str]] = {}
    home = posixpath.dirname(config.file)
    for split, texts in config.splits.items():
        for text in texts:
            paths = _images_below(tree, home, config.folder, text)
            if not paths:
                found.skipped.append(printable(f"{config.file}: {split}: there are no pictures in {text}"))
            for path in paths:
                if (first := found.splits.setdefault(path, split) or "") != split:
                    twice.setdefault((first, split), []).append(path)
    for (first, split), paths in twice.items():
        what = f"{count(len(paths), 'image')} in {first} and in {split}, taken as {first}'s: {paths[0]}"
        found.remarks.append(printable(f"{config.file}: {what}{' ...' if len(paths) > 1 else ''}"))
    return found


def _images_below(tree: Tree, home: str, folder: str, text: str) -> list[str]:
    """The pictures that an entry of data.yaml means: those below a folder, or those of a list."""
    for place in (*tails(home, folder, text), *tails("", folder, text)):
        if place in tree.texts:
            return _listed(tree, place)
        if place in tree.children and place not in ("", home):
            return [file.path for file in tree.below(place)]
    return [file.path for file in tree.below(home)] if text in (".", "./") else []


def _listed(tree: Tree, path: str) -> list[str]:
    """The pictures that a list names, relative to its own folder or by the ends of their paths."""
    known = {nfc(file.path): file.path for file in tree.files}
    folder = posixpath.dirname(path)
    lines = (line.strip() for line in text_of_file(tree.root / path).splitlines())
    places = ((*tails(folder, nfc(line)), *tails("", nfc(line))) for line in lines if is_image(line))
    hits = (next((place for place in each if place in known), None) for each in places)
    return list(dict.fromkeys(known[hit] for hit in hits if hit))


def _look_like_rows(root: Path, files: Iterable[str]) -> bool:
    texts = (text for file in sorted(files) if (text := text_of_file(root / file)).strip())
    looked_at = [looks_like_rows(text) for _, text in zip(range(MOST_LOOKED_AT), texts, strict=False)]
    return bool(looked_at) and all(looked_at)


def _item(tree: Tree, path: str, labels: str | None, config: Config, found: _YoloParts) -> Item:
    """The item of a picture; one without a label file has no objects."""
    text = text_of_file(tree.root / labels) if labels else ""
    entry: dict[str, Any] = {"id": 0, "file_name": path}
    annotations: Sequence[Mapping[str, Any]] = ()
    if labels and text.strip() and (size := upright_size(tree.root / path, path)):
        rows = read_rows(text, size, config, labels)
        annotations = rows.annotations
        found.faults += map(printable, rows.faults)
        entry |= {"width": size[0], "height": size[1]}
    return Item(
        File(path).key,
        path,
        split=found.splits[path],
        entries={LABELS: text_of(entry)},
        annotations={LABELS: tuple(map(text_of, annotations))},
    )


def _head(tree: Tree, config: Config, items: Sequence[Item], found: _YoloParts) -> AnnotationHead:
    """What a file of COCO with these annotations would hold besides."""
    points = {"keypoints": list(config.keypoints)} if config.keypoints else {}
    names = enumerate(config.names)
    categories = tuple({"id": category_id(number), "name": name, **points} for number, name in names)
    rest = {key: text_of(value) for key, value in config.rest.items()}
    head = head_of(tree.root / (config.file or NAMES), categories, items, found.faults, rest)
    return replace(head, remarks=(*config.remarks, *found.remarks), id_offset=category_id(0))
