"""Which JSON files are annotation files, and what their names say; nothing is parsed."""

from __future__ import annotations

import mmap
import posixpath
import re
from pathlib import Path

from augcli.formats.names import SPLITS, names_images, split_of, split_word, words
from augcli.formats.walk import Tree

_FIRST_KEY = re.compile(
    rb'(?:\xef\xbb\xbf)?\s*\{\s*"(?:info|licenses|images|annotations|categories|type)"\s*:'
)
_HEAD = 4096  # bytes


def annotation_files(tree: Tree) -> tuple[str, ...]:
    """The JSON files of a tree that look like COCO's: by their first key, and by the name of another."""
    return tuple(path for path in tree.documents if _looks_like_coco(tree.root / path))


def home_of(folder: str) -> str:
    """The data set's folder, of a folder of its images: without `images`, `train2017` and the like."""
    parts = folder.split("/") if folder else []
    while parts and (_says_images(parts[-1]) or split_word(parts[-1])):
        parts.pop()
    return "/".join(parts)


def _says_images(name: str) -> bool:
    return names_images(name) and len(words(name)) <= 2  # `input_images`, not the name of a whole data set


def split_said(path: str) -> str | None:
    """The split that an annotation file's name says (`instances_train2017.json`), or else its folder."""
    folder, name = posixpath.split(path)
    stem = name.partition(".")[0]
    own = (SPLITS[word] for word in words(stem) if word in SPLITS)
    return next(own, None) or split_of(folder)


def _looks_like_coco(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            if not _FIRST_KEY.match(file.read(_HEAD)):
                return False
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
                return data.find(b'"images"') >= 0
    except OSError:
        return False
