"""The folder that maps are written into: which of its files are ours, and whether all of them are there.

`labels.json` is the mark that the rest is whole: it goes before anything is written, and comes back last.
What is ours stands in a list in `.augcli`, which is no part of the maps; nothing else is ever removed.
"""

from __future__ import annotations

import hashlib
import json
import os
import posixpath
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

from augcli.errors import OutputError, printable
from augcli.labels.label_maps.labels_json import LABELS
from augcli.output.store import TEMPORARY, Store
from augcli.text import count

LIST = ".augcli/maps.json"


@dataclass(frozen=True)
class ListedFiles:
    """The files that earlier runs wrote into a folder, and the digest of the labels.json that ends them."""

    labels: str = ""
    files: tuple[str, ...] = ()


def is_unfinished(folder: Path) -> bool:
    """Whether a run into this folder has not come to its end."""
    return (folder / LIST).is_file() and not (folder / LABELS).is_file()


def begin(dest: Path, names: Collection[str], described: bytes, *, overwrite: bool) -> None:
    """Make room for files of these names: those that earlier runs wrote are removed, and labels.json first.

    `described` is labels.json as it will be. Files of the same labels.json are made again: that ends an
    interrupted run. Raises OutputError where files would be written outside of the folder or over others,
    and StoreError where it cannot be written.
    """
    if dest.exists() and not dest.is_dir():
        raise OutputError("is a file", where=str(dest), hint="name a folder")
    listed = _listed(dest)
    _check_links(dest, [LABELS, TEMPORARY + "/", *names, *listed.files])
    if not overwrite:
        _check_room(dest, names, listed, described)
    store, old = Store(dest), {*listed.files, *names}
    _write_list(store, described, old)
    for name in [LABELS, *sorted(name for name in old if _is_there(dest / name))]:
        store.remove(name)
    store.prune(listed.files)


def end(dest: Path, names: Iterable[str], described: bytes) -> None:
    """Write labels.json: these files are there and whole."""
    store = Store(dest)
    store.remove_folder(TEMPORARY)
    _write_list(store, described, names)
    store.replace(LABELS, described)


def _listed(dest: Path) -> ListedFiles:
    try:
        found = json.loads((dest / LIST).read_bytes())
        return ListedFiles(str(found["labels"]), tuple(str(name) for name in found["files"]))
    except (FileNotFoundError, NotADirectoryError):
        return ListedFiles()
    except (OSError, ValueError, LookupError, TypeError, RecursionError) as error:
        what = "does not say which files earlier runs wrote"
        raise OutputError(what, where=str(dest / LIST), hint="name another folder") from error


def _write_list(store: Store, described: bytes, files: Iterable[str]) -> None:
    listed = {"labels": _digest(described), "files": sorted(files)}
    store.replace(LIST, (json.dumps(listed, ensure_ascii=False, indent=0) + "\n").encode())


def _check_room(dest: Path, names: Collection[str], listed: ListedFiles, described: bytes) -> None:
    """Raise OutputError where a file would be lost that the same command did not write."""
    ours = {LABELS, *(listed.files or names)} if _is_same(dest, listed, described) else set()
    files = dict.fromkeys((LABELS, *names, *listed.files))
    if there := [name for name in files if name not in ours and _is_there(dest / name)]:
        what = f"{count(len(there), 'file')} would be written over, the first is {printable(there[0])}"
        raise OutputError(what, where=str(dest), hint="name another folder, or use --overwrite")


def _is_same(dest: Path, listed: ListedFiles, described: bytes) -> bool:
    """Whether the same command wrote what is there."""
    path = dest / LABELS
    if path.is_file():
        return path.read_bytes() == described
    return listed.labels == _digest(described)


def _digest(described: bytes) -> str:
    return hashlib.sha256(described).hexdigest()


def _is_there(path: Path) -> bool:
    """Whether it is a file; a name that no file can have is none."""
    return os.path.lexists(path) and not os.path.isdir(path)


def _check_links(dest: Path, names: Iterable[str]) -> None:
    """Raise OutputError where a file would lie outside of the folder."""
    root = dest.resolve()
    for folder in sorted({posixpath.dirname(name) for name in names}):
        if not (dest / folder).resolve().is_relative_to(root):
            what = f"is a link that leads out of {dest}"
            raise OutputError(what, where=str(dest / folder), hint="remove it, or name another folder")
