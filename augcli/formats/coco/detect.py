"""Which JSON files are annotation files, or may be, and what their names say; nothing is parsed."""

from __future__ import annotations

import codecs
import mmap
import posixpath
import re
from collections.abc import Iterator
from pathlib import Path

from augcli.formats.names import SPLITS, names_annotations, names_images, split_of, split_word, words
from augcli.formats.tree import Tree, beginning

_FIRST_KEY = re.compile(
    rb'(?:\xef\xbb\xbf)?\s*\{\s*"(?:info|licenses|images|annotations|categories|type)"\s*:'
)
_HEAD = 1 << 14  # bytes
_TOKEN = re.compile(rb'"((?:[^"\\]|\\.)*)"(\s*:\s*\[)?|[{}\[\]]', re.DOTALL)
_IMAGES, _ANNOTATIONS = (re.compile(rb'"%b"\s*:\s*\[' % key) for key in (b"images", b"annotations"))


def annotation_files(tree: Tree) -> tuple[str, ...]:
    """The JSON files of a tree that look like COCO's: by their first key, and by the names of others."""
    return tuple(path for path in tree.documents if _looks_like_coco(tree.root / path))


def files_with_labels(tree: Tree) -> Iterator[str]:
    """The JSON files that may hold labels of COCO: in a folder of annotations, or by the lists in them.

    Links, and files that are packed, are among them.
    """
    for path in (*tree.documents, *tree.closed_documents):
        if lies_with_annotations(path) or _has_words_of_coco(tree.root / path):
            yield path


def lies_with_annotations(path: str) -> bool:
    """Whether a file lies in a folder of annotations, by its name."""
    return any(map(names_annotations, path.split("/")[:-1]))


def holds(path: Path, text: bytes | re.Pattern[bytes]) -> bool:
    """Whether a file has these bytes anywhere; False where it cannot be read, or is empty."""
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            return data.find(text) >= 0 if isinstance(text, bytes) else text.search(data) is not None
    except (OSError, ValueError):  # an empty file cannot be mapped
        return False


def home_of(folder: str) -> str:
    """The data set's folder, of a folder of its images: without `images`, `train2017` and the like."""
    parts = folder.split("/") if folder else []
    while parts and (_says_images(parts[-1]) or split_word(parts[-1])):
        parts.pop()
    return "/".join(parts)


def _says_images(name: str) -> bool:
    return names_images(name) and len(words(name)) <= 2  # `input_images`, not the name of a whole data set


def split_of_file(path: str) -> str | None:
    """The split that an annotation file's name says (`instances_train2017.json`), or else its folder."""
    folder, name = posixpath.split(path)
    stem = name.partition(".")[0]
    own = (SPLITS[word] for word in words(stem) if word in SPLITS)
    return next(own, None) or split_of(folder)


def _looks_like_coco(path: Path) -> bool:
    head = beginning(path, _HEAD)
    if _FIRST_KEY.match(head):
        return holds(path, b'"images"')
    return b"images" in _lists_in(head) and holds(path, _ANNOTATIONS)


def _has_words_of_coco(path: Path) -> bool:
    return bool(_IMAGES.search(beginning(path, _HEAD)) or _looks_like_coco(path)) and holds(
        path, _ANNOTATIONS
    )


def _lists_in(head: bytes) -> set[bytes]:
    """The top-level keys that hold lists, as far as the beginning of a JSON object shows them."""
    keys, depth = set(), 0
    if head.removeprefix(codecs.BOM_UTF8).lstrip()[:1] != b"{" or not _IMAGES.search(head):
        return set()
    for token in _TOKEN.finditer(head):
        if token[2] and depth == 1:
            keys.add(token[1])
        depth += token[0][-1:] in (b"{", b"[")
        depth -= token[0] in (b"}", b"]")
    return keys
