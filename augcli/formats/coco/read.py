"""The layout `coco`: annotation files, and the images that they name."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from augcli.data import Item
from augcli.errors import DatasetError, printable
from augcli.formats.base import DetectedLayout, outside, recipe_line
from augcli.formats.coco.annotation_file import read_annotation_file
from augcli.formats.coco.detect import (
    annotation_files,
    files_with_labels,
    holds,
    home_of,
    lies_with_annotations,
)
from augcli.formats.coco.merge import Joined, image_root, why_unused
from augcli.formats.coco.places import Places
from augcli.formats.names import role
from augcli.formats.tree import Tree
from augcli.labels.coco_json import MAX_SOURCE_ID
from augcli.text import count

_FOLDER = "annotations"  # of an output, for files that lie elsewhere in the input


def find(tree: Tree, annotations: str | None, images: str | None, *, is_named: bool) -> list[DetectedLayout]:
    """The readings: one for each data set that has annotation files, and at least one image that they name.

    `annotations` is an annotation file, or a folder of some; `images` the folder that `file_name`s start
    from. Both are relative to the root, or absolute. Raises DatasetError for a file that is no data set, for
    one whose images may lie in two folders, and where the layout `is_named` and no image is there.
    """
    files = _given_files(tree, annotations) if annotations is not None else _found(tree)
    folder = None if images is None else path_below(tree.root, tree.root / images)
    joined, unused = _joined(tree, files, folder, annotations)
    if is_named and unused and not joined:
        raise _unused(tree.root, files, unused[0])
    if annotations is None:
        unused += [_why_closed(tree, name) for name in filter(lies_with_annotations, tree.closed_documents)]
    paths = {"annotations": annotations, "images": None if folder is None else folder or "."}
    below = {key: path for key, path in paths.items() if path and not Path(path).is_absolute()}
    readings = [_reading(data, home, {"layout": "coco"} | below, unused) for home, data in joined.items()]
    if len(readings) == 1:
        return readings
    keys = [_keys_of(reading) for reading in readings]
    return [
        replace(reading, keys=own if keys.count(own) == 1 else _keys_by_images(reading))
        for reading, own in zip(readings, keys, strict=True)
    ]


def check_no_labels(tree: Tree, otherwise: Mapping[str, str]) -> None:
    """Raise DatasetError for a file that may hold labels, of which nothing is used.

    `otherwise` are the recipe's keys of the reading that does without it.
    """
    name = next(files_with_labels(tree), None)
    if name is not None:
        hint = f"mend the file, or to do without its labels say {recipe_line(otherwise)}"
        raise DatasetError(_why_not_read(tree, name), where=str(tree.root), hint=hint)


def _why_not_read(tree: Tree, name: str) -> str:
    if name in tree.closed_documents:
        return _why_closed(tree, name)
    try:
        file = read_annotation_file(tree.root / name, where=name, max_id=MAX_SOURCE_ID)
    except DatasetError as error:
        return f"{error.where}: {error.what}"
    places = Places(tree.files)
    if places.folders(map(places.name_of, file.images)):
        line = recipe_line({"layout": "coco", "annotations": name})
        return f"{name}: does not begin as annotation files do; if it is one say {line}"
    return why_unused(name, file)


def _why_closed(tree: Tree, name: str) -> str:
    is_link = (tree.root / name).is_symlink()
    return f"{name}: is {'a link, and links are not followed' if is_link else 'packed, and not read'}"


def _unused(root: Path, files: Mapping[str, Path], why: str) -> DatasetError:
    """The refusal of the only files that are named, with the place of one that lies elsewhere."""
    away = [path for name, path in files.items() if path != root / name]
    if away:
        hint = f"its images are looked for in {root}: name the folder where its file_names start"
        return DatasetError(why, where=str(away[0].parent), hint=hint)
    hint = "name the folder where its file_names start: input: {layout: coco, images: DIR}"
    return DatasetError(why, where=str(root), hint=hint)


def _joined(
    tree: Tree, files: Mapping[str, Path], folder: str | None, annotations: str | None
) -> tuple[dict[str, Joined], list[str]]:
    """The data sets of these files by their folder, and why some of the files are of none.

    Files are of one data set where the folders of their images are, without their words for images and
    splits; or always, where the user names them as `annotations`.
    """
    places = Places(tree.files)
    joined: dict[str, Joined] = {}
    unused: list[str] = []
    below = None if annotations is None or Path(annotations).is_absolute() else annotations
    for name, path in files.items():
        where = name if path == tree.root / name else path.name
        file = read_annotation_file(path, where=where, max_id=MAX_SOURCE_ID)
        root = image_root(tree.root, name, file, places, folder, below)
        if root is None:
            unused.append(why_unused(where, file))
        else:
            home = "" if annotations is not None else home_of(root)
            joined.setdefault(home, Joined(tree, places)).add(name, file, root)
    return joined, unused


def around(file: Path, images: str | None) -> tuple[Path, str, str | None]:
    """The root of an annotation file's data set, the file, and the folder of the images where it is told.

    An absolute folder of images is the root; except for a panoptic file around both: its PNGs lie beside it.
    """
    home, path = home_of_file(file), str(file.absolute())
    if images is None or not Path(images).is_absolute():
        return home, path, images
    below = Path(os.path.relpath(Path(images).resolve(), home.resolve())).as_posix()
    if below != "." and not _is_outside(below) and holds(file, b'"segments_info"'):
        return home, path, below
    return Path(images), path, "."


def home_of_file(path: Path) -> Path:
    """The folder of the data set that an annotation file belongs to: its own, or the one around it."""
    folder = Path(os.path.abspath(path)).parent
    return folder.parent if role(folder.name) == "mask" else folder


def path_below(root: Path, path: Path) -> str:
    """A path relative to the root, with `/`, `""` for the root. Raises DatasetError for one outside."""
    relative = Path(os.path.relpath(path, root)).as_posix()
    if _is_outside(relative):
        raise DatasetError("lies outside the data set", where=str(path), hint=f"name a folder in {root}")
    return "" if relative == "." else relative


def _found(tree: Tree) -> dict[str, Path]:
    """The annotation files below the root, by their paths."""
    return {name: tree.root / name for name in annotation_files(tree)}


def _given_files(tree: Tree, annotations: str) -> dict[str, Path]:
    """The annotation files that are named, by what they are called."""
    path = tree.root / annotations
    if path.is_dir():
        folder = path_below(tree.root, path)
        found = {
            name: tree.root / name for name in annotation_files(tree) if posixpath.dirname(name) == folder
        }
        if not found:
            hint = "name the file: input: {layout: coco, annotations: FILE}"
            raise DatasetError("no annotation file lies in this folder", where=str(path), hint=hint)
        return found
    relative = Path(os.path.relpath(path, tree.root)).as_posix()
    return {f"{_FOLDER}/{path.name}" if _is_outside(relative) else relative: path}


def _is_outside(relative: str) -> bool:
    return relative.split("/")[0] == ".." or Path(relative).is_absolute()


def _reading(found: Joined, home: str, keys: Mapping[str, str], unused: Sequence[str]) -> DetectedLayout:
    items, files = found.items(), found.tree.files
    images = {item.image for item in items}
    folders = {posixpath.dirname(path) for path in images}
    unnamed = found.unnamed_maps()
    taken, maps = {item.key for item in items}, found.maps.union(*unnamed.values()) - images
    rest = [file for file in files if file.path not in images and file.path not in maps]
    near = (file for file in rest if posixpath.dirname(file.path) in folders)
    loose = {file: file.path for file in near if file.key not in taken}
    written = _written(list(found.heads))
    return DetectedLayout(
        keys=keys,
        reason=_reason(list(found.heads), items),
        items=items,
        orphan_images=tuple(loose.values()),
        skipped=(
            *unused,
            *found.skipped,
            *(_unnamed_line(folder, own) for folder, own in unnamed.items()),
            *found.missing_lines(),
            *outside(file for file in rest if file not in loose),
        ),
        home=home,
        annotation_files={name: replace(head, written=written[name]) for name, head in found.heads.items()},
        maps=frozenset(maps),
    )


def _unnamed_line(folder: str, paths: Sequence[str]) -> str:
    them = count(len(paths), "PNG")
    return printable(f"{folder}: {them} that no annotation names, first {posixpath.basename(paths[0])}")


def _reason(names: Sequence[str], items: Sequence[Item]) -> str:
    shown = names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"
    annotations = sum(len(texts) for item in items for texts in item.annotations.values())
    return f"{shown}: {count(len(items), 'image')} with {count(annotations, 'annotation')}"


def _written(names: Sequence[str]) -> dict[str, str]:
    """Where the annotation files go in an output: into one folder, or as they lie where two share a name."""
    alone = {name: f"{_FOLDER}/{posixpath.basename(name)}" for name in names}
    is_clear = len({path.casefold() for path in alone.values()}) == len(names)
    return alone if is_clear else {name: name for name in names}


def _keys_by_images(reading: DetectedLayout) -> dict[str, str]:
    """The recipe's keys that tell a reading from others whose annotation files lie in the same folder."""
    roots = [head.image_root for head in reading.annotation_files.values()]
    return {"layout": "coco", "images": (posixpath.commonpath(roots) if all(roots) else "") or "."}


def _keys_of(reading: DetectedLayout) -> dict[str, str]:
    """The recipe's keys that tell one of several readings from the others."""
    names = list(reading.annotation_files)
    return {
        "layout": "coco",
        "annotations": names[0] if len(names) == 1 else posixpath.commonpath(names) or ".",
    }
