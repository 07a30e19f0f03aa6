"""`pairs`: a CSV file below the root that names each image and its masks, one row for each pair."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from augcli.data import Item
from augcli.errors import DatasetError
from augcli.formats.base import DetectedLayout, outside
from augcli.formats.names import split_of
from augcli.formats.tree import File, Tree
from augcli.recipe.mask_options import is_mask_name
from augcli.text import count, nfc

MOST_BYTES = 100_000_000
IMAGE = "image"

Row = tuple[int, list[str]]  # the file's line, its cells


def find(
    tree: Tree, path: str, names: Collection[str] = (), optional: Collection[str] = ()
) -> DetectedLayout:
    """The reading of a CSV file; `path` is relative to the root, and so are the paths in it.

    Its header is `image` and a column for each mask; where `names` says which masks are wanted, other columns
    are left alone. An empty cell means that there is no such mask: the image is an orphan then, unless the
    mask is `optional`. Raises DatasetError, with the line's number, for everything else.
    """
    rows = list(_rows(tree.root, path))
    if not rows:
        raise DatasetError("is empty", where=path, hint=f"begin it with the header {IMAGE},mask")
    table = _Table(tree, path, _columns(path, rows[0], names))
    for row in rows[1:]:
        table.add(row, optional)
    if not table.items:
        raise DatasetError("names no image that has its masks", where=path)
    used = {name for item in table.items for name in item.files} | set(table.orphans)
    return DetectedLayout(
        keys={"layout": "pattern", "pairs": path},
        reason=f"{path} names {count(len(table.items), 'image')}",
        items=tuple(table.items),
        orphan_images=tuple(table.orphans),
        skipped=outside(file for file in tree.files if file.path not in used),
    )


def written(pairs: Iterable[tuple[str, Sequence[str | None]]], names: Sequence[str]) -> bytes:
    """The CSV file that `find` reads these pairs from: each an image, and its masks in the names' order."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow((IMAGE, *names))
    writer.writerows((image, *masks) for image, masks in pairs)
    return text.getvalue().encode()


def _rows(root: Path, path: str) -> Iterator[Row]:
    """The rows that hold anything. Raises DatasetError for a file that is none, or no CSV."""
    place = root / path
    if not place.is_file() or root.resolve() not in place.resolve().parents:
        raise DatasetError("no such file below the input", where=path, hint="check input.pairs")
    if place.stat().st_size > MOST_BYTES:
        raise DatasetError(
            f"has more than {MOST_BYTES // 1_000_000} MB", where=path, hint="split the data set"
        )
    with place.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file, strict=True)
        try:
            for row in reader:
                if any(cell.strip() for cell in row):
                    yield reader.line_num, [cell.strip() for cell in row]
        except UnicodeDecodeError:
            raise DatasetError("is not UTF-8", where=path, hint="save it as CSV UTF-8") from None
        except csv.Error as error:
            raise _mistake(path, reader.line_num, f"is no CSV: {error}") from None


def _mistake(path: str, line: int, what: str, hint: str = "mend the line") -> DatasetError:
    return DatasetError(what, where=f"{path}:{line}", hint=hint)


def _columns(path: str, header: Row, names: Collection[str]) -> dict[str, int]:
    """The wanted columns by name, the image's first. Raises DatasetError for a header that has them not."""
    line, cells = header
    wanted = f"the header is {IMAGE} and a name for each mask, with commas between, like {IMAGE},mask"
    if IMAGE not in cells:
        raise _mistake(path, line, f"no column is called {IMAGE}", wanted)
    for cell in cells:
        if cells.count(cell) > 1:
            raise _mistake(path, line, f"two columns are called {cell or 'nothing'}", wanted)
        if not names and cell != IMAGE and not is_mask_name(cell):
            hint = "rename it, or name the columns that are masks: input: {masks: {NAME: {kind: auto}}}"
            raise _mistake(path, line, f"no mask may be called {cell or 'nothing'}", hint)
    if missing := [name for name in names if name not in cells]:
        raise _mistake(path, line, f"no column is called {missing[0]}, as input.masks has it", wanted)
    return {name: cells.index(name) for name in (IMAGE, *(names or (c for c in cells if c != IMAGE)))}


@dataclass
class _Table:
    """The rows as they are read."""

    tree: Tree
    path: str
    columns: dict[str, int]
    items: list[Item] = field(default_factory=list)
    orphans: list[str] = field(default_factory=list)
    lines: dict[str, int] = field(default_factory=dict)
    by_path: dict[str, File] = field(init=False)

    def __post_init__(self) -> None:
        self.by_path = {nfc(file.path): file for file in self.tree.files}

    def add(self, row: Row, optional: Collection[str]) -> None:
        """Read a row. Raises DatasetError."""
        line, cells = row
        if len(cells) <= max(self.columns.values()):
            what = f"{count(len(cells), 'cell')}, where the header has more"
            raise _mistake(self.path, line, what)
        image = self._file(line, IMAGE, cells)
        if image is None:
            raise _mistake(self.path, line, "names no image")
        if first := self.lines.get(image.path):
            raise _mistake(self.path, line, f"{image.path} stands in line {first} already")
        self.lines[image.path] = line
        found = {name: self._file(line, name, cells) for name in self.columns if name != IMAGE}
        masks = {name: file.path for name, file in found.items() if file}
        if image.path in masks.values():
            raise _mistake(self.path, line, f"{image.path} is its own mask")
        if all(name in masks or name in optional for name in found):
            self.items.append(Item(image.key, image.path, masks, split_of(image.folder)))
        else:
            self.orphans.append(image.path)

    def _file(self, line: int, name: str, cells: Sequence[str]) -> File | None:
        """The file that a cell names; None for an empty one."""
        text = nfc(cells[self.columns[name]])
        if not text:
            return None
        if file := self.by_path.get(text.removeprefix("./")):
            return file
        if text.startswith("/") or ".." in text.split("/") or "\\" in text:
            hint = "paths are relative to the input, with / between folders"
            raise _mistake(self.path, line, f"{name}: {text} is no path below the input", hint)
        raise _mistake(self.path, line, f"{name}: there is no image file {text}", "mend the path")
