"""The names of YOLO's files."""

from __future__ import annotations

import posixpath
from pathlib import Path

from augcli.errors import DatasetError

NAMES = "data.yaml"
KEYS = {"valid": "val", "validation": "val"}  # a split's key in data.yaml, where it is not the split's name
SPLITS = ("train", "val", "test")  # the keys of data.yaml that say pictures
IMAGES, LABELS = "images", "labels"


def label_path(image: str) -> str:
    """The path of a picture's labels: in `labels` for the last folder `images`, or beside it."""
    folder, name = posixpath.split(image)
    parts = folder.split("/") if folder else []
    if IMAGES in parts:
        last = len(parts) - 1 - parts[::-1].index(IMAGES)
        parts[last] = LABELS
    return "/".join([*parts, posixpath.splitext(name)[0]]) + ".txt"


def text_of_file(path: Path) -> str:
    """The text of a file; what is no UTF-8 is replaced, and then no number."""
    try:
        return path.read_text(encoding="utf-8-sig", errors="replace")
    except OSError as error:
        what = f"cannot be read ({error.strerror})"
        raise DatasetError(what, where=str(path), hint="make it readable, or move it away") from error
