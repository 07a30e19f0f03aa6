"""One way to read a folder: its items, what is left over, and the recipe line that names it."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from augcli.formats.names import split_of
from augcli.formats.walk import File
from augcli.sample import AnnotationHead, Item, SplitList

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_./-]*")
_NOT_TEXT = {"true", "false", "null", "yes", "no", "on", "off", "y", "n"}


@dataclass(frozen=True)
class Reading:
    """A reading: `keys` are the recipe's `input:` keys that name it, `reason` is one sentence.

    `home` is the folder that holds this data set, relative to the root: readings with different homes are
    separate data sets. `skipped` has the images that are no part of this reading. `annotation_files`
    and `lists` are those of `Dataset`, and `maps` the images that only they explain, as labels.
    """

    keys: Mapping[str, Any]
    reason: str
    items: tuple[Item, ...]
    orphan_images: tuple[str, ...] = ()
    orphan_masks: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()
    home: str = ""
    annotation_files: Mapping[str, AnnotationHead] = field(default_factory=dict)
    maps: frozenset[str] = frozenset()
    lists: tuple[SplitList, ...] = ()


def item(image: File, mask: File | None = None, label: str | None = None) -> Item:
    """The item of an image and its mask; the group is filled in later."""
    masks = {} if mask is None else {"mask": mask.path}
    return Item(image.key, image.path, masks, split_of(image.folder), label=label)


def recipe_line(keys: Mapping[str, Any]) -> str:
    """The line to paste into a recipe: `input: {layout: folders, images: a, masks: b}`."""
    return f"input: {flow(keys)}"


def flow(value: Any) -> str:
    """Text, or mappings of text, as YAML on one line."""
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{key}: {flow(inner)}' for key, inner in value.items())}}}"
    return scalar(str(value))


def scalar(text: str) -> str:
    """Text as a YAML scalar within a flow mapping, quoted where it would not stay text."""
    plain = _PLAIN.fullmatch(text) and text.lower() not in _NOT_TEXT
    return text if plain else json.dumps(text, ensure_ascii=False)


MOST_DIGITS = 18  # of a number in a file: more than any size or flag has, and few enough for 64 bits


def whole(text: str) -> int | None:
    """The whole number, 0 or more, that a text of digits is; None where it is none, or too long."""
    return int(text) if text.isdecimal() and len(text) <= MOST_DIGITS else None


def count(number: int, noun: str) -> str:
    """`1 image`, `2 images`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def outside(files: Iterable[File]) -> tuple[str, ...]:
    """One line per folder for images that are no part of a reading."""
    by_folder = Counter(file.folder or "." for file in files)
    return tuple(f"{folder}: {count(n, 'image')} outside the data set" for folder, n in by_folder.items())
