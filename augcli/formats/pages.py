"""Files of several pages: how many there are, and each page a source of its own."""

from __future__ import annotations

import io
import posixpath
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from augcli.data import Dataset, Item
from augcli.errors import DatasetError, ImageError
from augcli.imageio import count_frames

STACK_SUFFIXES = (".tif", ".tiff", ".png", ".gif", ".webp")


def with_pages(dataset: Dataset, *, each: bool) -> Dataset:
    """The data set with the pages of its files counted; with `each`, every page of an image is an item.

    Looks into the files whose suffix may mean several pages, and reads no pixels. What cannot be read counts
    as one page, and fails later, by name. Raises DatasetError where a page has the key of another source.
    """
    counts: dict[str, int] = {}
    for path in dict.fromkeys(path for item in dataset.items for path in item.files):
        if (found := _count(dataset.root, path)) > 1:
            counts[path] = found
    counted = [with_counts(item, counts) for item in dataset.items]
    items = [page for item in counted for page in (_pages(item) if each else [item])]
    _check_keys(dataset, items)
    return replace(dataset, items=tuple(items))


def _count(root: Path, path: str) -> int:
    if posixpath.splitext(path)[1].lower() not in STACK_SUFFIXES:
        return 1
    try:
        with (root / path).open("rb") as file:
            return count_frames(file, where=path)
    except (ImageError, OSError, MemoryError):
        return 1


def pages_in(data: bytes, path: str) -> int:
    """How many pages a file has. Raises ImageError as `read_header` does."""
    if posixpath.splitext(path)[1].lower() not in STACK_SUFFIXES:
        return 1
    return count_frames(io.BytesIO(data), where=path)


def with_counts(item: Item, counts: Mapping[str, int]) -> Item:
    """An item that knows how many pages those of its files have that have several."""
    own = {path: counts[path] for path in item.files if path in counts}
    return replace(item, pages=own) if own else item


def _pages(item: Item) -> list[Item]:
    """The pages of an item's image. They stay in its group."""
    count = item.pages.get(item.image, 1)
    if count == 1:
        return [item]
    return [replace(item, key=f"{item.key}#{page:03}", page=page) for page in range(1, count + 1)]


def _check_keys(dataset: Dataset, items: list[Item]) -> None:
    key, times = next(iter(Counter(item.key for item in items).most_common(1)), ("", 0))
    if times > 1:
        paths = " and of ".join(sorted({item.image for item in items if item.key == key}))
        what = f"two sources would have the key {key}: of {paths}"
        raise DatasetError(what, where=str(dataset.root), hint="rename one of them")
