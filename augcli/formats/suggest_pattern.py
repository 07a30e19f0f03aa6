"""The pattern that reads the same pairs as another layout: a line to paste and to change."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence

from augcli.data import Dataset, Item
from augcli.errors import DatasetError
from augcli.formats import FORMATS
from augcli.formats.base import recipe_line
from augcli.formats.detect import read_dataset
from augcli.formats.names import core, with_placeholder
from augcli.formats.pattern import FORMAT as PATTERN
from augcli.formats.pattern.pattern import keys_of
from augcli.text import nfc


def equal_pattern(dataset: Dataset) -> str | None:
    """The recipe line of a pattern that reads the pairs that this data set has; None where none does."""
    items = dataset.items
    is_suited = FORMATS[dataset.layout].pairs_by_name and dataset.layout != PATTERN.name
    if not is_suited or any(set(one.masks) != {"mask"} for one in items):
        return None
    for images, mask in _candidates(items):
        if _reads_the_same(dataset, images, mask):
            return recipe_line(keys_of(images, {"mask": mask}))
    return None


def _reads_the_same(dataset: Dataset, images: str, mask: str) -> bool:
    try:
        found = read_dataset(dataset.root, layout="pattern", images=images, masks=mask)
    except DatasetError:
        return False
    return _pairs(found.items) == _pairs(dataset.items)


def _pairs(items: Sequence[Item]) -> set[tuple[str, str, str | None]]:
    return {(item.image, item.masks["mask"], item.split) for item in items}


def _candidates(items: Sequence[Item]) -> Iterator[tuple[str, str]]:
    """Patterns that fit the first pair; more general ones later."""
    item = items[0]
    (folder, image), (other, mask) = (posixpath.split(nfc(p)) for p in (item.image, item.masks["mask"]))
    named = _names(posixpath.splitext(image), mask)
    if named is None:
        return
    for left, right in _folders(folder.split("/") if folder else [], other.split("/") if other else []):
        yield left + named[0], right + named[1]


def _names(image: tuple[str, str], mask: str) -> tuple[str, str] | None:
    """The names' part: `{name}.jpg` and `{name}_mask.png`; None where the mask is named otherwise."""
    stem, suffix = image
    for base in (stem, core(stem)):
        if base and mask.startswith(base):
            return f"{{name}}{stem[len(base) :]}{suffix}", f"{{name}}{mask[len(base) :]}"
    return None


def _folders(image: list[str], mask: list[str]) -> Iterator[tuple[str, str]]:
    """The folders' part: what both paths end in is any folders; what they begin with is kept, or any, too."""
    tail = 0
    while tail < min(len(image), len(mask)) and image[-1 - tail] == mask[-1 - tail]:
        tail += 1
    left, right = image[: len(image) - tail], mask[: len(mask) - tail]
    shared = len(posixpath.commonprefix([left, right]))
    own, others = "/".join(left[shared:]), "/".join(right[shared:])
    for start in dict.fromkeys((*_forms("/".join(left[:shared])), "**" if own and shared else "")):
        for one, other in ((own, others), *_split_forms(own, others)):
            yield _path(start, one), _path(start, other)


def _forms(folder: str) -> tuple[str, ...]:
    """A folder, and the same with `{split}` for its split."""
    return tuple(dict.fromkeys((folder, with_placeholder(folder)[0])))


def _split_forms(left: str, right: str) -> list[tuple[str, str]]:
    """Two folders with `{split}` for the split that both name."""
    (one, first), (other, second) = with_placeholder(left), with_placeholder(right)
    return [(one, other)] if first and first == second else []


def _path(start: str, own: str) -> str:
    return "".join(f"{part}/" for part in (start, own, "**") if part)
