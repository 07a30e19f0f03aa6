"""One way to read a folder: its items, what is left over, and the recipe line that names it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from augcli.data import AnnotationHead, Item, SplitList
from augcli.formats.names import split_of
from augcli.formats.tree import File
from augcli.text import count, yaml_flow


@dataclass(frozen=True)
class DetectedLayout:
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
    return f"input: {yaml_flow(keys)}"


def outside(files: Iterable[File]) -> tuple[str, ...]:
    """One line per folder for images that are no part of a reading."""
    by_folder = Counter(file.folder or "." for file in files)
    return tuple(f"{folder}: {count(n, 'image')} outside the data set" for folder, n in by_folder.items())
