"""The names of YOLO's files."""

from __future__ import annotations

import posixpath

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
