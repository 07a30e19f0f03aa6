"""Reading a data set: the layout that the recipe names, or the one that the names on disk show."""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

from augcli.data import Dataset, Item
from augcli.errors import ChoiceError, DatasetError
from augcli.formats import FORMATS, Format
from augcli.formats.base import DetectedLayout, MaskPaths, ReadOptions, recipe_line
from augcli.formats.coco import FORMAT as COCO
from augcli.formats.group import group_of
from augcli.formats.masks import detect as masks_detect
from augcli.formats.masks.folders import FORMAT as FOLDERS
from augcli.formats.masks.suffix import FORMAT as SUFFIX
from augcli.formats.splits import with_lists
from augcli.formats.tree import IMAGE_SUFFIXES, Tree, tree_of, walk
from augcli.recipe.format_words import AUTO, INPUT_LAYOUTS, keys_of
from augcli.text import nfc

_SHOWN = 4  # folders in one message


def read_dataset(
    root: Path,
    *,
    layout: str = "auto",
    images: str | None = None,
    masks: MaskPaths = None,
    suffix: str | None = None,
    pairs: str | None = None,
    optional: Collection[str] = (),
    several: Collection[str] = (),
    group: str | None = None,
    annotations: str | None = None,
    classes: Mapping[int, str] = MappingProxyType({}),
) -> Dataset:
    """Find the images below `root` and pair them with their masks, by their names alone, or by COCO's files.

    `layout` is one of `INPUT_LAYOUTS`. `images` and `masks` name the folders of the layout `folders`,
    relative to the root, or the patterns of the layout `pattern`; `masks` by name are several masks of one
    image. `pairs` is a CSV file instead of patterns. Masks that are `optional` may be missing; those among
    `several` may consist of several files. `suffix` is what a mask's name has after the image's. `group` says
    what must stay together (see `group_of`). Links are not followed.

    `annotations` is an annotation file of the layout `coco`, or a folder of some, and `images` the folder
    where its names start; relative to the root, or absolute. Where `root` is itself an annotation file
    (.json), an absolute folder `images` is the root instead, or else the folder that holds the file, without
    one called `annotations`; that is also the root of a panoptic file whose images lie below it.
    `classes` are names of YOLO's classes by number, which come before those of its files.

    Raises DatasetError where there is nothing to read, where nothing pairs, where two readings are possible
    (the message shows both as recipe lines), and for two items with one key.
    """
    if root.suffix.lower() == ".json" and root.is_file():
        root, annotations, images = _around(root, images)
    if root.suffix.lower() in (".yaml", ".yml") and root.is_file():
        hint = "give the folder that holds the images, with this file in it"
        raise DatasetError("is a YAML file and no folder", where=str(root), hint=hint)
    is_named = layout != AUTO
    options = ReadOptions(images, masks, suffix, pairs, optional, several, annotations, classes, is_named)
    _check_options(layout, options)
    tree = walk(root)
    if not tree.files:
        raise _no_images(tree, annotations)
    return _dataset(tree, _sole(tree, layout, options), group)


def read_names(
    names: Iterable[str],
    *,
    layout: str = "auto",
    images: str | None = None,
    masks: MaskPaths = None,
    suffix: str | None = None,
    optional: Collection[str] = (),
    several: Collection[str] = (),
) -> tuple[Item, ...]:
    """The items that image files of these names would be, by the options and errors of `read_dataset`."""
    options = ReadOptions(images, masks, suffix, None, optional, several, is_named=layout != AUTO)
    return _sole(tree_of(names), layout, options).items


def _sole(tree: Tree, layout: str, options: ReadOptions) -> DetectedLayout:
    """The one reading, with keys that differ. Raises DatasetError."""
    readings = _find(tree, FORMATS[layout], options) if options.is_named else _detect(tree, options)
    if len(readings) > 1:
        raise _several(tree.root, readings)
    _check_keys(tree.root, readings[0])
    return readings[0]


def _check_options(layout: str, options: ReadOptions) -> None:
    """Raise DatasetError for an unknown layout, and for an option that says nothing to this one."""
    if layout not in INPUT_LAYOUTS:
        hint = f"use one of {', '.join(INPUT_LAYOUTS)}"
        raise DatasetError(f"input layout {layout} is not known", hint=hint)
    unused = [key for key in options.given() if key not in keys_of(layout)]
    if unused:
        hint = "leave it out, or use layout: folders"
        raise DatasetError(f"input: {unused[0]} means nothing to layout: {layout}", hint=hint)


def _around(file: Path, images: str | None) -> tuple[Path, str, str | None]:
    """The root of an annotation file's data set, the file, and the folder of the images where it is given."""
    from augcli.formats.coco.read import around

    return around(file, images)


def _readings(tree: Tree, one: Format, options: ReadOptions) -> list[DetectedLayout]:
    """The readings of one format; none where the folder is of others."""
    return one.find(tree, options) if one.find else []


def _find(tree: Tree, one: Format, options: ReadOptions) -> list[DetectedLayout]:
    """The readings of one format, at least one. Raises DatasetError."""
    options = replace(options, is_named=True)
    found = _readings(tree, one, options)
    if not found:
        raise _nothing(tree.root, one, options)
    return found


def _detect(tree: Tree, options: ReadOptions) -> list[DetectedLayout]:
    """The readings that the names allow, at least one: pairs first, then class folders, then images.

    Annotation files come before those, unless masks are named, and stand beside the pairs.
    """
    if options.annotations is not None:
        return _find(tree, _format_of_file(options.annotations), options)
    annotated = _annotated(tree, options)
    if annotated:
        tree = tree.without(frozenset[str]().union(*(reading.maps for reading in annotated)))
    if options.images is not None or options.masks is not None:
        by_folders = _readings if annotated else _find
        return annotated + by_folders(tree, FOLDERS, options)
    found = masks_detect.pairing(tree, options.suffix)
    if not found and options.suffix is not None:
        raise _nothing(tree.root, SUFFIX, options)
    return annotated + found or _without_labels(tree)


def _annotated(tree: Tree, options: ReadOptions) -> list[DetectedLayout]:
    """The readings of annotation files; none where masks are named.

    Where a folder of images is named, only the formats that have that key are tried.
    """
    if options.masks is not None or options.suffix is not None:
        return []
    formats = [one for one in FORMATS.values() if one.words.has_annotations]
    able = [one for one in formats if options.images is None or "images" in one.words.keys]
    return [reading for one in able for reading in _readings(tree, one, options)]


def _format_of_file(name: str) -> Format:
    """The format of what `input.annotations` names: COCO's files, or a folder of some, have any name."""
    return next((one for one in FORMATS.values() if one.takes_file and one.takes_file(name)), COCO)


def _without_labels(tree: Tree) -> list[DetectedLayout]:
    """The readings as pictures alone. Raises DatasetError where labels lie there that are not read."""
    found = masks_detect.without_masks(tree)
    if tree.documents or tree.closed_documents:
        from augcli.formats.coco.read import check_no_labels

        check_no_labels(tree, found[0].keys)
    return found


def _no_images(tree: Tree, annotations: str | None) -> DatasetError:
    """The refusal of a folder without images, with what to say where only annotations lie there."""
    what = "no images below this folder" + (f" ({tree.skipped[0]})" if tree.skipped else "")
    hint = f"augcli reads {' '.join(IMAGE_SUFFIXES)}"
    if tree.documents:
        from augcli.formats.coco.detect import annotation_files

        names = [annotations] if annotations is not None else annotation_files(tree)
        for name in names[:1]:
            hint = f"if they lie elsewhere say augcli expand RECIPE {tree.root / name} OUTPUT --images DIR"
    return DatasetError(what, where=str(tree.root), hint=hint)


def _nothing(root: Path, one: Format, options: ReadOptions) -> DatasetError:
    given = ", ".join(f"{key}: {value}" for key, value in options.given().items())
    what = f"{one.nothing} with {given}" if given else one.nothing
    return DatasetError(what, where=str(root), hint=one.hint)


def _several(root: Path, readings: Sequence[DetectedLayout]) -> DatasetError:
    """The refusal of several readings: separate data sets, or one that can be read in several ways."""
    homes = sorted({reading.home for reading in readings})
    if len(homes) > 1 and "" not in homes:
        what, places = f"holds {len(homes)} separate data sets", [str(root / home) for home in homes]
        more = f" ... and {len(places) - _SHOWN} more" if len(places) > _SHOWN else ""
        hint = f"give one of them as the input: {', '.join(places[:_SHOWN])}{more}"
        return DatasetError(what, where=str(root), hint=hint)
    what = f"holds {len(homes)} separate data sets" if len(homes) > 1 else "can be read in several ways"
    return ChoiceError(what, where=str(root), lines=[recipe_line(reading.keys) for reading in readings])


def _dataset(tree: Tree, reading: DetectedLayout, group: str | None) -> Dataset:
    items = sorted(reading.items, key=lambda item: item.key)
    listed = with_lists(tree.root, reading.home, items)
    return Dataset(
        root=tree.root,
        layout=reading.keys["layout"],
        reading=reading.keys,
        reason=reading.reason,
        items=tuple(replace(item, group=group_of(item.key, group)) for item in listed.items),
        orphan_images=reading.orphan_images,
        orphan_masks=reading.orphan_masks,
        skipped=(*tree.skipped, *reading.skipped, *listed.remarks),
        annotation_files=reading.annotation_files,
        lists=(*reading.lists, *listed.lists),
    )


def _check_keys(root: Path, reading: DetectedLayout) -> None:
    """Raise DatasetError where an item's key is that of another image, too."""
    seen: dict[str, str] = {}
    for item in reading.items:
        if (first := seen.setdefault(item.key, item.image)) != item.image:
            raise _twice(root, first, item.image)
    for path in reading.orphan_images:
        key = nfc(posixpath.splitext(path)[0])
        if key in seen:
            raise _twice(root, seen[key], path)


def _twice(root: Path, first: str, second: str) -> DatasetError:
    what = f"two images with one name before the suffix, {first} and {second}"
    return DatasetError(what, where=str(root), hint="rename one of them, or move it away")
