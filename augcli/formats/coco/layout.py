"""The layout `coco`: annotation files, and the images that they name."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from augcli.errors import DatasetError
from augcli.formats.coco.files import read_annotation_file
from augcli.formats.coco.finding import annotation_files, home_of
from augcli.formats.coco.joining import Joined, image_root, why_unused
from augcli.formats.coco.places import Places
from augcli.formats.names import role
from augcli.formats.reading import Reading, count, outside
from augcli.formats.walk import Tree
from augcli.sample import Item

_FOLDER = "annotations"  # of an output, for files that lie elsewhere in the input


def find(tree: Tree, annotations: str | None, images: str | None, *, is_named: bool) -> list[Reading]:
    """The readings: one for each data set that has annotation files, and at least one image that they name.

    `annotations` is an annotation file, or a folder of some; `images` the folder that `file_name`s start
    from. Both are relative to the root, or absolute. Raises DatasetError for a file that is no data set, for
    one whose images may lie in two folders, and where the layout `is_named` and no image is there.
    """
    files = _told(tree, annotations) if annotations is not None else _found(tree)
    folder = None if images is None else path_below(tree.root, tree.root / images)
    joined, unused = _joined(tree, files, folder, is_one=annotations is not None)
    if is_named and unused and not joined:
        mend = "name the folder where its file_names start: input: {layout: coco, images: DIR}"
        raise DatasetError(unused[0], where=str(tree.root), mend=mend)
    said = {"annotations": annotations, "images": None if folder is None else folder or "."}
    told = {key: path for key, path in said.items() if path and not Path(path).is_absolute()}
    readings = [_reading(data, home, {"layout": "coco"} | told, unused) for home, data in joined.items()]
    return readings if len(readings) == 1 else [replace(r, keys=_keys_of(r)) for r in readings]


def _joined(
    tree: Tree, files: Mapping[str, Path], folder: str | None, *, is_one: bool
) -> tuple[dict[str, Joined], list[str]]:
    """The data sets of these files by their folder, and why some of the files are of none.

    Files are of one data set where the folders of their images are, without their words for images and
    splits; or always, where they are to be `is_one`.
    """
    places = Places(tree.files)
    joined: dict[str, Joined] = {}
    unused: list[str] = []
    for name, path in files.items():
        file = read_annotation_file(path, where=name if path == tree.root / name else path.name)
        root = image_root(tree.root, name, file, places, folder)
        if root is None:
            unused.append(why_unused(name, file))
        else:
            home = "" if is_one else home_of(root)
            joined.setdefault(home, Joined(tree, places)).add(name, file, root)
    return joined, unused


def home_of_file(path: Path) -> Path:
    """The folder of the data set that an annotation file belongs to: its own, or the one around it."""
    folder = Path(os.path.abspath(path)).parent
    return folder.parent if role(folder.name) == "mask" else folder


def path_below(root: Path, path: Path) -> str:
    """A path relative to the root, with `/`, `""` for the root. Raises DatasetError for one outside."""
    relative = Path(os.path.relpath(path, root)).as_posix()
    if _is_outside(relative):
        raise DatasetError("lies outside the data set", where=str(path), mend=f"name a folder in {root}")
    return "" if relative == "." else relative


def _found(tree: Tree) -> dict[str, Path]:
    """The annotation files below the root, by their paths."""
    return {name: tree.root / name for name in annotation_files(tree)}


def _told(tree: Tree, annotations: str) -> dict[str, Path]:
    """The annotation files that are named, by what they are called."""
    path = tree.root / annotations
    if path.is_dir():
        folder = path_below(tree.root, path)
        found = {
            name: tree.root / name for name in annotation_files(tree) if posixpath.dirname(name) == folder
        }
        if not found:
            mend = "name the file: input: {layout: coco, annotations: FILE}"
            raise DatasetError("no annotation file lies in this folder", where=str(path), mend=mend)
        return found
    relative = Path(os.path.relpath(path, tree.root)).as_posix()
    return {f"{_FOLDER}/{path.name}" if _is_outside(relative) else relative: path}


def _is_outside(relative: str) -> bool:
    return relative.split("/")[0] == ".." or Path(relative).is_absolute()


def _reading(found: Joined, home: str, keys: Mapping[str, str], unused: Sequence[str]) -> Reading:
    items, files = found.items(), found.tree.files
    pictures = {item.image for item in items}
    folders = {posixpath.dirname(path) for path in pictures}
    taken, maps = {item.key for item in items}, found.maps - pictures
    rest = [file for file in files if file.path not in pictures and file.path not in maps]
    near = (file for file in rest if posixpath.dirname(file.path) in folders)
    loose = {file: file.path for file in near if file.key not in taken}
    written = _written(list(found.heads))
    return Reading(
        keys=keys,
        reason=_reason(list(found.heads), items),
        items=items,
        orphan_images=tuple(loose.values()),
        skipped=(
            *unused,
            *found.skipped,
            *found.missing_lines(),
            *outside(file for file in rest if file not in loose),
        ),
        home=home,
        annotation_files={name: replace(head, written=written[name]) for name, head in found.heads.items()},
        maps=frozenset(maps),
    )


def _reason(names: Sequence[str], items: Sequence[Item]) -> str:
    shown = names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"
    annotations = sum(len(texts) for item in items for texts in item.annotations.values())
    return f"{shown}: {count(len(items), 'image')} with {count(annotations, 'annotation')}"


def _written(names: Sequence[str]) -> dict[str, str]:
    """Where the annotation files go in an output: into one folder, or as they lie where two share a name."""
    alone = {name: f"{_FOLDER}/{posixpath.basename(name)}" for name in names}
    is_clear = len({path.casefold() for path in alone.values()}) == len(names)
    return alone if is_clear else {name: name for name in names}


def _keys_of(reading: Reading) -> dict[str, str]:
    """The recipe's keys that tell one of several readings from the others."""
    names = list(reading.annotation_files)
    return {
        "layout": "coco",
        "annotations": names[0] if len(names) == 1 else posixpath.commonpath(names) or ".",
    }
