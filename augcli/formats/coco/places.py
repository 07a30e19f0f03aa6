"""Where the images of an annotation file lie: in which folder its `file_name`s start."""

from __future__ import annotations

import posixpath
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

from augcli.formats.coco.entries import ImageEntry
from augcli.formats.names import names_annotations, role, split_of
from augcli.formats.tree import File
from augcli.text import nfc

_SAME_SPLIT = {"valid": "val", "validation": "val"}


class Places:
    """The images of a tree by their names."""

    def __init__(self, files: Iterable[File]) -> None:
        self._files: dict[str, File] = {}
        self._by_name: dict[str, list[str]] = defaultdict(list)
        exact: dict[str, File] = {}
        for file in files:
            path = nfc(file.path)
            exact[file.path] = self._files[path] = file
            self._by_name[posixpath.basename(path)].append(path)
        self._files |= exact

    def file(self, folder: str, name: str) -> File | None:
        """The image with this `file_name` below a folder."""
        path = posixpath.join(folder, name)
        return self._files.get(path) or self._files.get(nfc(path))

    def name_of(self, image: ImageEntry) -> str:
        """The `file_name` of an image: with backslashes only where a file has them in its name."""
        before = image.with_backslash
        return before if before and nfc(posixpath.basename(before)) in self._by_name else image.file_name

    def folders(self, names: Iterable[str]) -> Counter[str]:
        """For each folder, how many of these `file_name`s lie below it."""
        found: Counter[str] = Counter()
        for name in map(nfc, names):
            for path in self._by_name.get(posixpath.basename(name), ()):
                if path == name:
                    found[""] += 1
                elif path.endswith(f"/{name}"):
                    found[path[: -len(name) - 1]] += 1
        return found


def image_roots(
    found: Counter[str],
    annotation_file: str,
    split: str | None,
    named: str | None,
    *,
    of_maps: bool = False,
) -> list[str]:
    """The folders that may be meant, the most likely alone where one is likelier: none, one, or several.

    A folder of another split is never meant. `named` is the folder that the user names: images lie in it, or
    in a folder below it. Where there are others, a folder of labels is never meant, except `of_maps`.
    """
    fits = {folder: n for folder, n in found.items() if _may_be(folder, split, named)}
    if not of_maps:
        fits = _without_labels(fits, posixpath.dirname(annotation_file)) or fits
    near = sorted(folder for folder, n in fits.items() if 2 * n >= max(fits.values()))
    place, stem = posixpath.split(posixpath.splitext(annotation_file)[0])
    closest = max((_shared(folder, place) for folder in near), default=0)
    hints = (
        lambda folder: folder == named,
        lambda folder: _shared(folder, place) == closest,
        lambda folder: posixpath.basename(folder) and posixpath.basename(folder) in stem,
        lambda folder: split and _same(split_of(folder)) == _same(split),
    )
    for hint in hints:
        near = [folder for folder in near if hint(folder)] or near
    return near


def _without_labels(folders: Mapping[str, int], place: str) -> dict[str, int]:
    """The folders that neither lie below the one of annotations nor are called like masks.

    `place` is the folder of the annotation file.
    """
    parts = place.split("/") if place else []
    says = [names_annotations(part) for part in parts[:-1]] + [role(part) == "mask" for part in parts[-1:]]
    home = parts[: says.index(True)] if True in says else parts
    labels = parts[: len(home) + 1] if True in says else None
    return {folder: n for folder, n in folders.items() if not _is_of_labels(folder.split("/"), home, labels)}


def _is_of_labels(folder: Sequence[str], home: Sequence[str], labels: Sequence[str] | None) -> bool:
    """Whether a folder lies below `labels`, or its path says so from where it leaves that of `home`."""
    if labels is not None and folder[: len(labels)] == labels:
        return True
    own = folder[_common(folder, home) :]
    return any(map(names_annotations, own)) or any(role(part) == "mask" for part in own[-1:])


def _shared(one: str, other: str) -> int:
    """How many folders two paths begin with in common."""
    return _common(one.split("/"), other.split("/")) if one and other else 0


def _common(one: Sequence[str], other: Sequence[str]) -> int:
    return len(posixpath.commonprefix([list(one), list(other)]))


def _may_be(folder: str, split: str | None, named: str | None) -> bool:
    if named is not None:
        return named in ("", folder) or folder.startswith(f"{named}/")
    split_of_folder = split_of(folder)
    return not split_of_folder or not split or _same(split_of_folder) == _same(split)


def _same(split: str | None) -> str | None:
    """One name for the splits that mean the same."""
    return _SAME_SPLIT.get(split, split) if split else None
