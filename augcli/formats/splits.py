"""Splits by list files: `train.txt`, `val.txt`, ... beside the images, in `splits/`, or VOC's ImageSets."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from augcli.data import Item, SplitList
from augcli.errors import DatasetError
from augcli.formats.names import SPLITS, core
from augcli.formats.tree import is_image
from augcli.text import count, nfc

FOLDERS = ("", "splits", "ImageSets/Segmentation", "ImageSets/Main", "ImageSets")
UNLISTED = "unlisted"  # where there are lists, a picture in none of them belongs to no split
TOGETHER = "trainval"  # VOC's list of train and val, which is no split
MAX_LIST_BYTES = 100_000_000


@dataclass(frozen=True)
class SplitItems:
    """Items with the splits that list files give them, these files, and what is to be said of them."""

    items: tuple[Item, ...]
    lists: tuple[SplitList, ...] = ()
    remarks: tuple[str, ...] = ()


def with_lists(root: Path, home: str, items: Sequence[Item], folders: Sequence[str] = FOLDERS) -> SplitItems:
    """The items with the splits that list files give them.

    The lists lie in one of these folders below `home`, a folder below the root, or below the root itself.
    A line names a picture by its path, its path's end, or its name, with or without its suffix; what stands
    behind it in the line is ignored. Lists are only read where no folder says the split. Raises DatasetError
    for a picture that stands in two lists.
    """
    if any(item.split for item in items):
        return SplitItems(tuple(items))
    place = next((home for home in (home, "") if _lists(root / home, folders)), "")
    files, index = _lists(root / place, folders), _KeyIndex(items)
    chosen: dict[str, tuple[str, str]] = {}
    lists, remarks = [], []
    for split, file in files.items():
        name = file.relative_to(root).as_posix()
        lines, unknown = index.keys_of(_lines(file))
        lists.append(SplitList(place, file.relative_to(root / place).as_posix(), lines))
        for key in lines if split != TOGETHER else ():
            if (first := chosen.setdefault(key, (split, name)))[0] != split:
                what = f"{index.image_of(key)} stands in {first[1]} and in {name}"
                raise DatasetError(what, where=str(root), hint="a picture belongs to one split")
        if unknown and split != TOGETHER:
            remarks.append(f"{name}: {count(len(unknown), 'name')} without an image, first {unknown[0]}")
    if not chosen:
        return SplitItems(tuple(items))
    placed = tuple(replace(item, split=chosen.get(item.key, (UNLISTED, ""))[0]) for item in items)
    return SplitItems(placed, tuple(lists), tuple(remarks))


def _lists(home: Path, folders: Sequence[str]) -> dict[str, Path]:
    """The first of these folders that has lists, and its lists by split, at last that of train and val."""
    for folder in folders:
        names = dict.fromkeys((*SPLITS.values(), TOGETHER))
        found = {name: home / folder / f"{name}.txt" for name in names}
        present = {split: file for split, file in found.items() if file.is_file() and not file.is_symlink()}
        if set(present) - {TOGETHER}:
            return present
    return {}


def _lines(file: Path) -> list[str]:
    """The lines that are not empty. Raises DatasetError for a file that is no text, or far too long."""
    try:
        if file.stat().st_size > MAX_LIST_BYTES:
            raise DatasetError(f"is longer than {MAX_LIST_BYTES} bytes", where=str(file))
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DatasetError(
            f"cannot be read as text ({error})", where=str(file), hint="save it as UTF-8"
        ) from error
    return [line.strip() for line in text.splitlines() if line.strip()]


class _KeyIndex:
    """Items by the ends of their keys: each item by its name, and by every longer end of its path."""

    def __init__(self, items: Iterable[Item]) -> None:
        self._by_name: dict[str, list[Item]] = defaultdict(list)
        self._images: dict[str, str] = {}
        for item in items:
            self._images[item.key] = item.image
            name = item.key.rpartition("/")[2]
            for known in {name, core(name)}:  # a list may leave out _img as masks do
                self._by_name[known].append(item)

    def image_of(self, key: str) -> str:
        """The image of an item."""
        return self._images[key]

    def keys_of(self, lines: Iterable[str]) -> tuple[dict[str, str], list[str]]:
        """The lines by the items that they name, and those that name none."""
        known: dict[str, str] = {}
        unknown = []
        for line in lines:
            if item := self._find(line):
                known.setdefault(item.key, line)
            else:
                unknown.append(line)
        return known, unknown

    def _find(self, line: str) -> Item | None:
        """The one item that a line names: the whole line, or its first word."""
        return self._named(line) or self._named(line.split()[0])

    def _named(self, text: str) -> Item | None:
        path = nfc(text).lstrip("./")
        key = os.path.splitext(path)[0] if is_image(path) else path
        near = self._by_name.get(key.rpartition("/")[2], [])
        fits = [item for item in near if _is_end(item.key, key) or _is_end(core(item.key), key)]
        return fits[0] if len(fits) == 1 else None


def _is_end(key: str, other: str) -> bool:
    """Whether one path is the end of the other, component by component."""
    short, long = sorted((key.split("/"), other.split("/")), key=len)
    return long[len(long) - len(short) :] == short


def shared_groups(items: Iterable[Item]) -> Mapping[str, tuple[str, ...]]:
    """The groups that lie in more than one split: what training sees there, testing has seen too."""
    splits: dict[str, set[str]] = defaultdict(set)
    for item in items:
        if item.split:
            splits[item.group].add(item.split)
    return {group: tuple(sorted(found)) for group, found in sorted(splits.items()) if len(found) > 1}
