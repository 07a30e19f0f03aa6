"""metadata.jsonl: the pairs as Hugging Face's `datasets` reads them, images and masks as columns.

See https://huggingface.co/docs/datasets/image_dataset. `file_name` becomes the image column `image`, another
`X_file_name` the image column `X`, `X_file_names` a column of lists of images. Paths are relative to the
file's own folder and may not leave it.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from augcli.formats.base import Format, LineData, words_of
from augcli.text import dumps

Row = dict[str, Any]

NAME = "metadata.jsonl"  # the library looks for no other
_ENDING = "_file_name"
_PLAIN = ("variant", "copy", "split", "group", "label")
# A folder that the library takes for a split's: its SPLIT_KEYWORDS between NON_WORDS_CHARS (data_files.py).
_SPLIT = re.compile(
    r"(.*[-._ 0-9])?"
    r"(train|training|validation|valid|dev|val|test|testing|eval|evaluation)"
    r"([-._ 0-9].*)?"
)


def described(lines: Sequence[LineData]) -> dict[str, bytes]:
    """The file with a row for each manifest line, and one more in each split's folder; bytes by path.

    A library that is given the whole output takes folders called like splits for these, and does not see the
    file above them. So each of them gets one, where every pair has all its files in one such folder.
    """
    columns = _mask_columns(lines)
    homes = {"": list(lines)} | _homes(lines, columns)
    return {
        posixpath.join(home, NAME): _file([_row(line, columns, home) for line in own])
        for home, own in homes.items()
    }


def _mask_columns(lines: Iterable[LineData]) -> dict[str, str]:
    """The manifest's columns that name a mask in some line, and what they are called here."""
    columns: dict[str, str] = {}
    for line in lines:
        for key, value in line.items():
            if key.endswith(_ENDING) and value:
                columns[key] = f"{key}s" if isinstance(value, list) else columns.get(key, key)
    return columns


def _row(line: LineData, columns: Mapping[str, str], home: str) -> Row:
    row: Row = {"file_name": line["file_name"].removeprefix(f"{home}/")}
    for key, name in columns.items():
        paths = [path.removeprefix(f"{home}/") for path in _paths_in(line, key)]
        row[name] = paths if name != key else paths[0] if paths else None
    return row | {key: line[key] for key in _PLAIN} | {"source": line["sources"][0]["image"]}


def _paths_in(line: LineData, key: str) -> list[str]:
    value = line.get(key) or []
    return value if isinstance(value, list) else [value]


def _homes(lines: Iterable[LineData], columns: Iterable[str]) -> dict[str, list[LineData]]:
    """The lines by the split folder that holds their files; none where a pair has no such folder."""
    homes: dict[str, list[LineData]] = {}
    for line in lines:
        found = {_split_folder(path) for key in ("file_name", *columns) for path in _paths_in(line, key)}
        if len(found) > 1 or "" in found:
            return {}
        homes.setdefault(found.pop(), []).append(line)
    return homes


def _split_folder(path: str) -> str:
    """The path down to the first folder that the library takes for a split's; empty where there is none."""
    folders = path.split("/")[:-1]
    depth = next((number for number, folder in enumerate(folders, 1) if _SPLIT.fullmatch(folder)), 0)
    return "/".join(folders[:depth])


def _file(rows: Sequence[Row]) -> bytes:
    return "".join(dumps(row) + "\n" for row in _typed_first(rows)).encode()


def _typed_first(rows: Sequence[Row]) -> list[Row]:
    """The rows, in front those with a column's first value: the library finds types in the first 10 MB."""
    columns = rows[0] if rows else {}
    firsts = {next((number for number, row in enumerate(rows) if row[key]), 0) for key in columns}
    return [rows[n] for n in sorted(firsts)] + [row for n, row in enumerate(rows) if n not in firsts]


FORMAT = Format(
    words_of("huggingface"),
    title="Hugging Face datasets",
    labels="image and mask columns",
    page="huggingface",
    describe_lines=described,
)
