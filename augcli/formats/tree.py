"""The image and JSON files below a folder: names only, in one order on every machine."""

from __future__ import annotations

import os
import sys
import unicodedata
from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from augcli.errors import DatasetError, printable
from augcli.text import nfc

IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".bmp", ".gif", ".jp2", ".j2k")
_PACKED = (".json.gz", ".json.bz2", ".json.xz", ".json.zip", ".json.zst")
TEXT_SUFFIXES = (".txt", ".xml", ".yaml", ".yml", ".names", ".labels")
_UNSAFE = ("Cc", "Zl", "Zp")  # control characters, line and paragraph separators


@dataclass(frozen=True)
class File:
    """An image file: `path` relative to the root as it is on disk, with `/`."""

    path: str

    @cached_property
    def key(self) -> str:
        """The path in NFC without its last suffix."""
        return nfc(self.path)[: -len(self.suffix)]

    @cached_property
    def suffix(self) -> str:
        """The last suffix as written, with its dot."""
        return os.path.splitext(self.path)[1]

    @property
    def folder(self) -> str:
        """The folder in NFC, `""` for the root."""
        return self.key.rpartition("/")[0]


@dataclass(frozen=True)
class Tree:
    """All image files below `root`, ordered by the bytes of their NFC paths, and what was passed over.

    `documents` are the paths of its JSON files, in the same order, `texts` those of TXT, XML, YAML files
    and of lists of names.
    `closed_documents` are JSON files that are not read: links, and packed ones.
    """

    root: Path
    files: tuple[File, ...]
    skipped: tuple[str, ...] = ()
    documents: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    closed_documents: tuple[str, ...] = ()

    @cached_property
    def _paths(self) -> list[str]:
        return [nfc(file.path) for file in self.files]

    @cached_property
    def children(self) -> dict[str, list[str]]:
        """For each folder with images anywhere below it: the paths of its sub-folders that have some."""
        found: dict[str, set[str]] = {"": set()}
        for folder in {file.folder for file in self.files}:
            while folder:
                parent = folder.rpartition("/")[0]
                found.setdefault(folder, set())
                found.setdefault(parent, set()).add(folder)
                folder = parent
        return {folder: sorted(below) for folder, below in sorted(found.items())}

    @cached_property
    def image_folders(self) -> frozenset[str]:
        """The folders that hold images themselves."""
        return frozenset(file.folder for file in self.files)

    def below(self, folder: str) -> tuple[File, ...]:
        """The files in a folder and its sub-folders; `""` is the root."""
        if not folder:
            return self.files
        # "0" is the character after "/": the range holds exactly the paths that start with "folder/".
        first, last = bisect_left(self._paths, f"{folder}/"), bisect_left(self._paths, f"{folder}0")
        return self.files[first:last]

    def without(self, paths: Collection[str]) -> Tree:
        """The tree without files of these paths."""
        kept = tuple(file for file in self.files if file.path not in paths)
        return replace(self, files=kept)

    def starting(self, start: str) -> tuple[File, ...]:
        """The files whose NFC paths begin so."""
        last = start + chr(sys.maxunicode)
        return self.files[bisect_left(self._paths, start) : bisect_left(self._paths, last)]


def walk(root: Path) -> Tree:
    """List the image files below `root`, and the JSON files.

    Links are not followed, hidden names are ignored, so are files of other kinds. What looks like an
    input and cannot be one (links, pipes, names that are not text) is listed in `skipped` with the reason.
    Raises DatasetError for a root that is missing or no folder, and for a folder that cannot be read.
    """
    _check_root(root)
    files: list[File] = []
    skipped: list[str] = []
    documents: list[str] = []
    texts: list[str] = []
    closed: list[str] = []
    pending = [""]
    while pending:
        for path, entry in _entries(root, pending.pop()):
            if reason := _why_skipped(entry):
                skipped.append(f"{printable(path)}: {reason}")
            elif entry.is_dir(follow_symlinks=False):
                pending.append(path)
            elif is_image(entry.name):
                files.append(File(path))
            elif entry.name.lower().endswith(_PACKED) or (entry.is_symlink() and _is_document(entry.name)):
                closed.append(path)
            elif entry.is_file(follow_symlinks=False):
                documents += [path] if _is_document(entry.name) else []
                texts += [path] if entry.name.lower().endswith(TEXT_SUFFIXES) else []
    ordered = (tuple(sorted(paths, key=nfc)) for paths in (documents, texts, closed))
    return Tree(root, _ordered(files), tuple(sorted(skipped)), *ordered)


def tree_of(names: Iterable[str]) -> Tree:
    """The tree that image files of these names would be."""
    return Tree(Path(), _ordered(map(File, names)))


def _ordered(files: Iterable[File]) -> tuple[File, ...]:
    # Code points of str sort as the bytes of UTF-8 do.
    return tuple(sorted(files, key=lambda file: nfc(file.path)))


def is_image(name: str) -> bool:
    """Whether the name's last suffix is an image's, in any case."""
    return os.path.splitext(name)[1].lower() in IMAGE_SUFFIXES


def _is_document(name: str) -> bool:
    return os.path.splitext(name)[1].lower() == ".json"


def _check_root(root: Path) -> None:
    if not os.path.lexists(root):
        raise DatasetError("no such folder", where=str(root), hint="check the path of the input")
    if not root.is_dir():
        raise DatasetError("is not a folder", where=str(root), hint="give the folder that holds the images")


def _entries(root: Path, folder: str) -> Iterator[tuple[str, os.DirEntry[str]]]:
    """The visible entries of a folder with their paths relative to the root."""
    try:
        with os.scandir(root / folder) as entries:
            visible = [entry for entry in entries if not entry.name.startswith(".")]
    except OSError as error:
        where, what = str(root / folder), f"cannot be read ({error.strerror})"
        raise DatasetError(what, where=where, hint="make it readable, or move it out of the input") from error
    return ((f"{folder}/{entry.name}" if folder else entry.name, entry) for entry in visible)


def _why_skipped(entry: os.DirEntry[str]) -> str:
    """Why an entry cannot be an input, or `""`; also `""` for what nobody would take for one."""
    wanted = is_image(entry.name) or entry.is_dir()
    if entry.is_symlink():
        return "is a link, and links are not followed" if wanted else ""
    if not (entry.is_dir() or entry.is_file()):
        return "is not a regular file"
    return _bad_name(entry.name) if wanted else ""


def _bad_name(name: str) -> str:
    try:
        name.encode()
    except UnicodeEncodeError:
        return "its name is not valid UTF-8"
    if any(unicodedata.category(character) in _UNSAFE for character in name):
        return "its name holds a control character or a line break"
    return ""


def beginning(path: Path, length: int) -> bytes:
    """The first bytes of a file, at most `length`; nothing where it cannot be read."""
    try:
        with path.open("rb") as file:
            return file.read(length)
    except OSError:
        return b""
