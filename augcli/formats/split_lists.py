"""The list files that say an output's splits, where such files say those of the input."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Mapping

from augcli.data import Dataset, Files, Item, SplitList, each
from augcli.formats import FORMATS
from augcli.formats.names import core
from augcli.formats.tree import File, is_image
from augcli.formats.write import formats_written
from augcli.recipe import Recipe
from augcli.recipe.format_words import LIKE_INPUT
from augcli.text import nfc

LISTS = "lists"
WrittenItem = tuple[Item, str, Mapping[str, Files]]  # an item, and its image and masks in the output


def lists_of(recipe: Recipe, dataset: Dataset) -> Mapping[str, SplitList]:
    """The lists that an output has as its input has them, by their paths in it."""
    formats = [FORMATS[name] for name in formats_written(dataset.layout, recipe.output.also)]
    is_like = recipe.output.layout == LIKE_INPUT
    in_folders = not is_like and FORMATS[recipe.output.layout].splits_in_folders
    if in_folders or any(one.splits_in_files for one in formats):
        return {}
    return {posixpath.join(one.home if is_like else "", one.path): one for one in dataset.lists}


def described(lists: Mapping[str, SplitList], pairs: Iterable[WrittenItem]) -> dict[str, bytes]:
    """The list files by path: for each pair the line of its source, with the pair's names in it."""
    lines: dict[str, list[str]] = {path: [] for path in lists}
    for item, image, masks in pairs:
        names = {item.image: image}
        for name, files in masks.items():
            names |= dict(zip(item.files_of(name), each(files), strict=False))
        for path, one in lists.items():
            if line := one.lines.get(File(item.image).key):
                lines[path].append(_renamed(line, {item.image: image}) or _by_words(line, names))
    return {path: "".join(f"{line}\n" for line in own).encode() for path, own in lines.items()}


def _by_words(line: str, names: Mapping[str, str]) -> str:
    """A line with those of its words renamed that name files."""
    return "".join(_renamed(word, names) or word for word in re.split(r"(\s+)", line))


def _renamed(text: str, names: Mapping[str, str]) -> str | None:
    """A file's new name as the text says the old one: as much of its path, with its suffix or not.

    None for a text that names none of the files.
    """
    for old, new in names.items():
        first, second = (nfc(old), new) if is_image(text) else (File(old).key, File(new).key)
        parts = nfc(text).split("/")
        own = [part for part in parts if part not in ("", ".")]
        for known in {first, core(first)}:
            shared = min(len(own), len(known.split("/")))
            if shared and own[-shared:] == known.split("/")[-shared:]:
                return text if old == new else "/".join([*parts[:-shared], *second.split("/")[-shared:]])
    return None
