"""The layout `classes`: one folder per class, no masks; with or without folders for the splits."""

from __future__ import annotations

from augcli.formats.base import DetectedLayout, Format, item, words_of
from augcli.formats.masks.output_names import in_class_folders
from augcli.formats.names import SPLITS, role
from augcli.formats.tree import Tree
from augcli.text import count


def find(tree: Tree) -> list[DetectedLayout]:
    """The reading, if there are at least two class folders: `cat/x.png` or `train/cat/x.png`.

    An item's label is its class folder's name. Images outside the class folders are left over.
    """
    level = _level(tree)
    labelled = [(file, file.key.split("/")) for file in tree.files]
    inside = {file: parts[level] for file, parts in labelled if len(parts) > level + 1}
    labels = set(inside.values())
    if len(labels) < 2:
        return []
    return [
        DetectedLayout(
            keys={"layout": "classes"},
            reason=f"{count(len(inside), 'image')} in {len(labels)} class folders, no masks",
            items=tuple(item(file, label=label) for file, label in inside.items()),
            orphan_images=tuple(file.path for file in tree.files if file not in inside),
        )
    ]


def find_clear(tree: Tree) -> list[DetectedLayout]:
    """The reading, if every image lies directly in a class folder and no such folder's name says its role."""
    depth = _level(tree) + 1
    folders: set[str] = {file.folder for file in tree.files}
    names = [folder.split("/") for folder in folders]
    clear = all(len(parts) == depth and folder for folder, parts in zip(folders, names, strict=True))
    return find(tree) if clear and not any(role(parts[-1]) for parts in names) else []


def _level(tree: Tree) -> int:
    """The depth of the class folders: 1 below folders that are all named after splits, else 0."""
    top = [file.key.split("/")[0] for file in tree.files if "/" in file.key]
    return int(bool(top) and all(name.lower() in SPLITS for name in top))


FORMAT = Format(
    words_of("classes"),
    title="class folders",
    labels="classes: the folders' names",
    page="folders",
    find=lambda tree, options: find(tree),
    nothing="there are fewer than two class folders with images",
    hint="put each class into a folder of its own, or use input: {layout: images}",
    copy_name=in_class_folders,
    splits_in_folders=True,
)
