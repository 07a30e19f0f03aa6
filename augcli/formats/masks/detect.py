"""The layout `auto`: which readings the names on disk allow."""

from __future__ import annotations

from pathlib import Path

from augcli.errors import DatasetError
from augcli.formats.base import DetectedLayout, recipe_line
from augcli.formats.masks import carvana, classes, folders, images, suffix
from augcli.formats.names import for_people, names_images, names_masks, role
from augcli.formats.pattern.pattern import parts_line
from augcli.formats.tree import Tree


def pairing(tree: Tree, declared: str | None) -> list[DetectedLayout]:
    """The readings that pair images with masks; Carvana's names before `folders` for the same pairs."""
    exact = carvana.find(tree) if declared in (None, carvana.SUFFIX) else []
    by_folder = exact + [
        reading
        for reading in folders.find(tree, suffix=declared)
        if all(reading.items != other.items for other in exact)
    ]
    # A few stray X_mask.png beside thousands of pairs in two folders make no second reading.
    most = max((len(reading.items) for reading in by_folder), default=0)
    beside = [reading for reading in suffix.find(tree, declared) if 2 * len(reading.items) >= most]
    return by_folder + beside


def without_masks(tree: Tree) -> list[DetectedLayout]:
    """The readings as pictures without masks, and with folders that only may be masks.

    Raises DatasetError where names say "mask" and nothing pairs: masks must never be read as pictures.
    """
    plain = classes.find_clear(tree) or images.find(tree)
    if suspect := _unpaired_masks(tree):
        where = str(tree.root)
        what = f"{suspect} looks like masks, but no image has a mask of its name"
        choice = recipe_line({"layout": "folders", "images": "DIR", "masks": "DIR"})
        as_images = recipe_line((_as_classes(tree) or plain)[0].keys)
        hint = f"name each mask after its image, or say {choice}, or if all are pictures {as_images}"
        if line := parts_line(tree):
            hint = f"if each mask is one object say {line}, or if all are pictures {as_images}"
        raise DatasetError(what, where=where, hint=hint)
    twins = _twins(tree)
    return [*twins, *plain] if twins else plain


def _unpaired_masks(tree: Tree) -> str:
    """A folder whose name says masks, or a file if such files are many; `""` where there is none."""
    for folder in sorted(tree.image_folders):
        if any(role(part) == "mask" for part in folder.split("/")):
            return folder
    named = [file for file in tree.files if names_masks(Path(file.key).name)]
    return named[0].path if 4 * len(named) >= len(tree.files) else ""


def _as_classes(tree: Tree) -> list[DetectedLayout]:
    """The reading as class folders, also where one is called like masks (`gas_mask`)."""
    says_images = (names_images(part) for folder in tree.children for part in folder.split("/"))
    return [] if any(says_images) else classes.find(tree)


def _twins(tree: Tree) -> list[DetectedLayout]:
    """Readings with a folder beside an image folder that holds files of the same names, whatever its own."""
    found: list[DetectedLayout] = []
    for children in tree.children.values():
        named = [(folder, folder.rpartition("/")[2]) for folder in children]
        unknown = [folder for folder, name in named if role(name) is None and not for_people(name)]
        for left in (folder for folder, name in named if names_images(name)):
            for right in unknown:
                found += folders.find(tree, left, right)
    return found
