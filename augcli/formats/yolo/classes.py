"""The names of YOLO's classes where no data.yaml says them: files of names, or the classes' numbers."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from augcli.errors import DatasetError
from augcli.formats.tree import Tree
from augcli.formats.yolo.names import text_of_file

CLASS_FILES = ("classes.txt", "_darknet.labels")  # a name in each line, as in *.names
MOST_DIGITS = 5  # of the number of a class without a name
LINE = "input: {layout: yolo, classes: [cat, dog]}"


@dataclass(frozen=True)
class ClassNames:
    """The names of the classes from 0, where they are said, and what is to be said of them."""

    names: tuple[str, ...]
    where: str
    remarks: tuple[str, ...] = ()


def named_by_recipe(classes: Mapping[int, str]) -> ClassNames:
    """The names that a recipe gives to numbers; one that it leaves out is called by its number."""
    names = tuple(classes.get(number, str(number)) for number in range(max(classes) + 1))
    return ClassNames(names, "input.classes")


def named_by_files(tree: Tree, labels: Iterable[str]) -> ClassNames:
    """The names that lie with these label files, or else the numbers of the classes in them.

    Files of names in the folders of the label files, and in those around them, come before others. Raises
    DatasetError where two of them say different names.
    """
    labels = list(labels)
    files = [path for path in tree.texts if is_class_file(path)]
    around = {folder for path in labels for folder in _around(path)}
    near = [path for path in files if posixpath.dirname(path) in around]
    names_by_file = {path: _lines(tree, path) for path in near or files}
    for path, names in names_by_file.items():
        first, others = next(iter(names_by_file.items()))
        if names != others:
            what = f"{first} and {path} name the classes differently"
            raise DatasetError(what, where=str(tree.root), hint=f"name them in the recipe: {LINE}")
    for path, names in names_by_file.items():
        return ClassNames(tuple(names), path)
    return _numbered(tree, labels)


def is_class_file(path: str) -> bool:
    """Whether a file is called as those that name classes are: classes.txt, obj.names, _darknet.labels."""
    name = posixpath.basename(path)
    return name in CLASS_FILES or name.lower().endswith(".names")


def _around(path: str) -> Iterator[str]:
    """The folder of a file, and all folders around it, `""` for the root."""
    while path:
        path = posixpath.dirname(path)
        yield path


def _lines(tree: Tree, path: str) -> list[str]:
    return [line.strip() for line in text_of_file(tree.root / path).splitlines() if line.strip()]


def _numbered(tree: Tree, labels: Iterable[str]) -> ClassNames:
    """The numbers up to the largest one as names."""
    lines = (line for path in labels for line in _lines(tree, path))
    first = (line.split(maxsplit=1)[0] for line in lines)
    largest = max((int(word) for word in first if word.isdecimal() and len(word) < MOST_DIGITS), default=-1)
    remark = f"no file names the classes, they are called by their numbers; name them: {LINE}"
    names = tuple(map(str, range(largest + 1)))
    return ClassNames(names, "any file", (remark,) if names else ())
