"""Reading a data set: the layout that the recipe names, or the one that the names on disk show."""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType

from augcli.data import Dataset, Item
from augcli.errors import ChoiceError, DatasetError
from augcli.formats.base import DetectedLayout, recipe_line
from augcli.formats.group import group_of
from augcli.formats.masks import carvana, classes, folders, pattern, suffix
from augcli.formats.masks import csv_pairs as pairs
from augcli.formats.masks import detect as guess
from augcli.formats.masks import images as plain
from augcli.formats.splits import with_lists
from augcli.formats.tree import IMAGE_SUFFIXES, Tree, tree_of, walk
from augcli.text import nfc, yaml_flow

LAYOUTS = (
    "auto",
    "folders",
    "suffix",
    "carvana",
    "classes",
    "images",
    "pattern",
    "coco",
    "yolo",
    "voc",
    "cityscapes",
)
Masks = str | Mapping[str, str | None] | None
_SHOWN = 4  # folders in one message

_NOTHING = {  # layout -> (what was not found, how to mend it)
    "folders": (
        "no image has a mask of its name in the mask folder",
        "name the two folders: input: {layout: folders, images: DIR, masks: DIR}",
    ),
    "suffix": (
        "no image has a mask beside it (X.jpg and X_mask.png)",
        "name what the masks' names end in: input: {layout: suffix, suffix: _mask}",
    ),
    "carvana": (
        "there is no train/X.jpg with train_masks/X_mask.gif",
        "for other folders or names use input: {layout: folders, images: DIR, masks: DIR}",
    ),
    "classes": (
        "there are fewer than two class folders with images",
        "put each class into a folder of its own, or use input: {layout: images}",
    ),
    "coco": (
        "there is no annotation file of COCO, like annotations/instances_train.json",
        "name it: input: {layout: coco, annotations: FILE}",
    ),
    "yolo": (
        "no image has a label file of YOLO (images/X.jpg and labels/X.txt)",
        "name data.yaml: input: {layout: yolo, annotations: FILE}",
    ),
    "voc": (
        "no image has an XML file of Pascal VOC (JPEGImages/X.jpg and Annotations/X.xml)",
        "name each XML file after its image",
    ),
    "cityscapes": (
        "no image has polygons of Cityscapes (leftImg8bit/X_leftImg8bit.png, gtFine/X_gtFine_polygons.json)",
        "name each file of polygons after its image",
    ),
}


@dataclass(frozen=True)
class _Options:
    images: str | None
    masks: Masks
    suffix: str | None
    pairs: str | None
    optional: Collection[str]
    several: Collection[str]
    annotations: str | None = None
    classes: Mapping[int, str] = field(default_factory=dict)

    def told(self) -> dict[str, str]:
        """What the recipe says, as text."""
        masks = yaml_flow(self.masks) if isinstance(self.masks, Mapping) else self.masks
        said = {
            "images": self.images,
            "masks": masks,
            "suffix": self.suffix,
            "pairs": self.pairs,
            "annotations": self.annotations,
        }
        return {key: value for key, value in said.items() if value is not None}


def read_dataset(
    root: Path,
    *,
    layout: str = "auto",
    images: str | None = None,
    masks: Masks = None,
    suffix: str | None = None,
    pairs: str | None = None,
    optional: Collection[str] = (),
    several: Collection[str] = (),
    group: str | None = None,
    annotations: str | None = None,
    classes: Mapping[int, str] = MappingProxyType({}),
) -> Dataset:
    """Find the images below `root` and pair them with their masks, by their names alone, or by COCO's files.

    `layout` is one of LAYOUTS. `images` and `masks` name the folders of the layout `folders`, relative to
    the root, or the patterns of the layout `pattern`; `masks` by name are several masks of one image. `pairs`
    is a CSV file instead of patterns. Masks that are `optional` may be missing; those among `several` may
    consist of several files. `suffix` is what a mask's name has after the image's. `group` says what must
    stay together (see `group_of`). Links are not followed.

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
    options = _Options(images, masks, suffix, pairs, optional, several, annotations, classes)
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
    masks: Masks = None,
    suffix: str | None = None,
    optional: Collection[str] = (),
    several: Collection[str] = (),
) -> tuple[Item, ...]:
    """The items that image files of these names would be, by the options and errors of `read_dataset`."""
    options = _Options(images, masks, suffix, None, optional, several)
    return _sole(tree_of(names), layout, options).items


def _sole(tree: Tree, layout: str, options: _Options) -> DetectedLayout:
    """The one reading, with keys that differ. Raises DatasetError."""
    readings = _detect(tree, options) if layout == "auto" else _find(tree, layout, options)
    if len(readings) > 1:
        raise _several(tree.root, readings)
    _check_keys(tree.root, readings[0])
    return readings[0]


def _check_options(layout: str, options: _Options) -> None:
    """Raise DatasetError for an unknown layout, and for an option that says nothing to this one."""
    if layout not in LAYOUTS:
        raise DatasetError(f"input layout {layout} is not known", hint=f"use one of {', '.join(LAYOUTS)}")
    deaf = [key for key in options.told() if key not in _HEARD.get(layout, ())]
    if deaf:
        hint = "leave it out, or use layout: folders"
        raise DatasetError(f"input: {deaf[0]} means nothing to layout: {layout}", hint=hint)


def _around(file: Path, images: str | None) -> tuple[Path, str, str | None]:
    """The root of an annotation file's data set, the file, and the folder of the images where it is told."""
    from augcli.formats.coco.layout import around

    return around(file, images)


_HEARD = {
    "auto": ("images", "masks", "suffix", "annotations"),
    "folders": ("images", "masks", "suffix"),
    "suffix": ("suffix",),
    "pattern": ("images", "masks", "pairs"),
    "coco": ("images", "annotations"),
    "yolo": ("annotations",),
}


def _find(tree: Tree, layout: str, options: _Options) -> list[DetectedLayout]:
    """The readings of one layout, at least one."""
    found = _readings(tree, layout, options)
    if not found:
        raise _nothing(tree.root, layout, options)
    return found


def _readings(tree: Tree, layout: str, options: _Options) -> list[DetectedLayout]:
    match layout:
        case "folders":
            return _in_folders(tree, options)
        case "pattern":
            return [_by_pattern(tree, options)]
        case "suffix":
            return suffix.find(tree, options.suffix)
        case "carvana":
            return carvana.find(tree)
        case "classes":
            return classes.find(tree)
        case "coco":
            return _annotated(tree, options, is_named=True)
        case "yolo":
            return _of_yolo(tree, options, is_named=True)
        case "voc":
            return _of_voc(tree, is_named=True)
        case "cityscapes":
            return _of_cityscapes(tree)
        case _:
            return plain.find(tree)


def _in_folders(tree: Tree, options: _Options) -> list[DetectedLayout]:
    if isinstance(options.masks, Mapping):
        masks = {name: path for name, path in options.masks.items() if path is not None}
        return folders.find_several(tree, options.images, masks, options.suffix, options.optional)
    return folders.find(tree, options.images, options.masks, options.suffix)


def _by_pattern(tree: Tree, options: _Options) -> DetectedLayout:
    named = options.masks if isinstance(options.masks, Mapping) else {"mask": options.masks}
    if options.pairs is not None:
        names = options.masks if isinstance(options.masks, Mapping) else ()
        return pairs.find(tree, options.pairs, tuple(names), options.optional)
    if options.images is None:
        raise DatasetError(
            "layout: pattern without images", hint="say input: {images: PATTERN} or {pairs: FILE}"
        )
    masks = {name: path for name, path in named.items() if path is not None}
    return pattern.find(tree, options.images, masks, options.optional, options.several)


def _annotated(tree: Tree, options: _Options, *, is_named: bool) -> list[DetectedLayout]:
    """The readings of COCO's files. What they need is only loaded where there is a JSON file."""
    if not tree.documents and options.annotations is None:
        return []
    from augcli.formats.coco import layout

    return layout.find(tree, options.annotations, options.images, is_named=is_named)


def _of_yolo(tree: Tree, options: _Options, *, is_named: bool) -> list[DetectedLayout]:
    """The readings of YOLO's files. What they need is only loaded where there is a text file."""
    if not tree.texts and options.annotations is None:
        return []
    from augcli.formats.yolo import layout

    return layout.find(tree, options.annotations, options.classes, is_named=is_named)


def _of_voc(tree: Tree, *, is_named: bool) -> list[DetectedLayout]:
    """The readings of VOC's files. What they need is only loaded where there is an XML file."""
    if not any(path.lower().endswith(".xml") for path in tree.texts):
        return []
    from augcli.formats.voc import layout

    return layout.find(tree, is_named=is_named)


def _of_cityscapes(tree: Tree) -> list[DetectedLayout]:
    """The readings of Cityscapes' polygons. What they need is only loaded where there is a JSON file."""
    if not tree.documents:
        return []
    from augcli.formats.cityscapes import read as cityscapes

    return cityscapes.find(tree)


def _detect(tree: Tree, options: _Options) -> list[DetectedLayout]:
    """The readings that the names allow, at least one: pairs first, then class folders, then pictures.

    Annotation files come before those, unless masks are named, and stand beside the pairs.
    """
    if options.annotations is not None:
        is_yaml = options.annotations.lower().endswith((".yaml", ".yml"))
        return _find(tree, "yolo" if is_yaml else "coco", options)
    says_masks = options.masks is not None or options.suffix is not None
    annotated = [] if says_masks else _annotated(tree, options, is_named=False)
    if not says_masks and options.images is None:
        annotated += _of_yolo(tree, options, is_named=False)
        annotated += [*_of_voc(tree, is_named=False), *_of_cityscapes(tree)]
    if annotated:
        tree = tree.without(frozenset[str]().union(*(reading.maps for reading in annotated)))
    if options.images is not None or options.masks is not None:
        return (
            annotated + _readings(tree, "folders", options) if annotated else _find(tree, "folders", options)
        )
    found = guess.pairing(tree, options.suffix)
    if not found and options.suffix is not None:
        raise _nothing(tree.root, "suffix", options)
    return annotated + found or _without_labels(tree)


def _without_labels(tree: Tree) -> list[DetectedLayout]:
    """The readings as pictures alone. Raises DatasetError where labels lie there that are not read."""
    found = guess.without_masks(tree)
    if tree.documents or tree.closed_documents:
        from augcli.formats.coco.layout import check_no_labels

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


def _nothing(root: Path, layout: str, options: _Options) -> DatasetError:
    what, hint = _NOTHING[layout]
    said = ", ".join(f"{key}: {value}" for key, value in options.told().items())
    return DatasetError(f"{what} with {said}" if said else what, where=str(root), hint=hint)


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
        skipped=(*tree.skipped, *reading.skipped, *listed.said),
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
