"""The output folder's protocol: built beside its place as OUT.partial, published by one rename.

The manifest is the last thing to appear and the mark that the rest is whole. Nothing is removed that our own
manifest or journal does not list.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import msgspec

from augcli.errors import OutputError
from augcli.output import journal
from augcli.output.journal import KeptEntry
from augcli.output.store import (
    TEMPORARY,
    Store,
    StoreError,
    is_same,
    move,
    new_name,
    rename_folder,
    sync_folder,
)
from augcli.text import dumps

MANIFEST = "manifest.jsonl"
DATASET = "dataset.json"
FAILURES = "failures.jsonl"
RUN = ".augcli/run.json"
ALSO = ".augcli/also.json"  # the further descriptions, each with its files
OWN_FOLDER = ".augcli"
Content = bytes | Iterable[bytes]


def staging_of(out: Path) -> Path:
    """Where an output is built: beside its place, or inside it where that is a mount point."""
    if os.path.ismount(out):
        return out / ".augcli.partial"
    return out.with_name(out.name + ".partial")


@contextlib.contextmanager
def locked(out: Path) -> Iterator[None]:
    """Hold the output's lock, a sibling file; a second run is refused at once."""
    path = out.with_name(out.name + ".lock")
    handle = _lock(path, out)
    try:
        yield
    finally:
        with contextlib.suppress(OSError):  # Windows cannot remove an open file
            path.unlink()
        os.close(handle)


def _lock(path: Path, out: Path) -> int:
    """A handle that holds the lock. Raises OutputError where another run does."""
    while True:
        handle = _opened(path)
        try:
            _take(handle, out)
            with contextlib.suppress(FileNotFoundError):
                if os.path.samestat(os.fstat(handle), path.stat()):
                    return handle
        except BaseException:
            os.close(handle)
            raise
        os.close(handle)  # its holder has removed it since: a third run would lock a new one


def _opened(path: Path) -> int:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise StoreError(f"cannot write: {error.strerror}", where=str(path)) from error


def _take(handle: int, out: Path) -> None:
    try:
        import fcntl
    except ImportError:  # Windows has no flock; two runs on one output are then the user's to avoid
        return
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise OutputError("another run is writing this output", where=str(out), hint="wait for it") from None


@dataclass(frozen=True)
class StartedRun:
    """An output of ours as a run finds it: what run.json says, and which pairs are whole."""

    folder: Path
    run: Mapping[str, Any]
    entries: Mapping[str, KeptEntry]
    is_published: bool


def find(out: Path) -> list[StartedRun]:
    """What stands at an output's place and beside it, the one to be continued first.

    Raises OutputError where something stands there that is not ours.
    """
    here, beside = _begun(out), _begun(staging_of(out))
    if beside:  # a manifest there is not yet, or no longer, true
        beside = replace(beside, is_published=False)
    if not here and not beside:
        for place in (out, staging_of(out)):
            _check_free(place)
    return [begun for begun in ((here, beside) if here and here.is_published else (beside, here)) if begun]


def _check_free(place: Path) -> None:
    """Raise OutputError where a place holds anything but what a new file system begins with."""
    if place.exists() and not (place.is_dir() and all(p.name == "lost+found" for p in place.iterdir())):
        raise OutputError(
            "exists and augcli did not write it",
            where=str(place),
            hint="name another output, or remove it yourself",
        )


def _begun(folder: Path) -> StartedRun | None:
    store = Store(folder)
    run = _own_data(store, RUN) if folder.is_dir() else None
    return None if run is None else StartedRun(folder, run, journal.read(store), (folder / MANIFEST).exists())


def _own_data(store: Store, name: str) -> Any:
    """What a JSON file of our own folder holds; None where there is no such file."""
    data = store.read(name)
    try:
        return None if data is None else json.loads(data)
    except ValueError as error:
        raise _damaged(name, store.root) from error


def _damaged(name: str, where: Path) -> OutputError:
    return OutputError(
        f"{name} is damaged", where=str(where), hint="remove the folder, or name another output"
    )


def _further(store: Store) -> dict[str, dict[str, str]] | None:
    """The further descriptions that an output has; None where there is no list of them.

    Each has its files with their SHA-256, which is empty while they are being written.
    """
    data = _own_data(store, ALSO)
    try:
        return msgspec.convert(data, dict[str, dict[str, str]] | None)
    except msgspec.ValidationError as error:
        raise _damaged(ALSO, store.root) from error


def _further_files(store: Store) -> dict[str, str]:
    return _files_in(_further(store) or {})


def _files_in(described: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    return {path: digest for files in described.values() for path, digest in files.items()}


def further_files(folder: Path) -> dict[str, str] | None:
    """The files of an output's further descriptions with their SHA-256, as its own folder lists them.

    None where there is no such list.
    """
    described = _further(Store(folder))
    return None if described is None else _files_in(described)


def has_further(folder: Path, names: Iterable[str]) -> bool:
    """Whether an output has these further descriptions, no others, and all their files."""
    store = Store(folder)
    described = _further(store) or {}
    return set(described) == set(names) and all(store.path(f).exists() for f in _files_in(described))


def is_whole(folder: Path, entry: KeptEntry) -> bool:
    """Whether all files of a pair are there with their sizes."""
    store = Store(folder)
    return all(store.size(name) == size for name, size in entry.sizes.items())


def begin(out: Path, run: Mapping[str, Any]) -> Store:
    """A new staging folder."""
    store = Store(staging_of(out))
    store.make()
    store.replace(RUN, dumps(run).encode() + b"\n")
    return store


def reopen(out: Path, begun: StartedRun) -> Store:
    """The staging folder of an unfinished output, or of a published one that is to be worked on again.

    Raises OutputError where another unfinished run stands in the way.
    """
    staging = staging_of(out)
    Store(begun.folder).remove(MANIFEST)
    if begun.folder != staging:
        if staging.exists() or os.path.ismount(out):
            _take_back(begun, staging)
        else:
            rename_folder(begun.folder, staging)
    store = Store(staging)
    store.remove_folder(TEMPORARY)
    for name in (RUN, ALSO, DATASET, *_further_files(store), FAILURES, MANIFEST):
        store.remove(new_name(name))
    return store


def _take_back(begun: StartedRun, staging: Path) -> None:
    """Move what is ours to the staging folder: the way back of `_publish_into`."""
    if (staging / RUN).exists():
        raise OutputError(
            "another unfinished run stands in the way",
            where=str(staging),
            hint="finish that run, or remove its folder",
        )
    others = _further_files(Store(begun.folder))
    for name in (*_names(begun), *others, DATASET, FAILURES, ALSO, journal.JOURNAL, RUN):
        if (begun.folder / name).exists():
            move(begun.folder / name, staging / name)


def _names(begun: StartedRun) -> list[str]:
    """The files of an output's pairs."""
    return [name for entry in begun.entries.values() for name in entry.sizes]


def discard(begun: StartedRun) -> None:
    """Remove an output of ours: what its journal lists and our own files, nothing else."""
    store = Store(begun.folder)
    names = [MANIFEST, *_names(begun), *_further_files(store), DATASET, FAILURES]
    for name in names:
        store.remove(name)
    store.remove_folder(OWN_FOLDER)
    store.prune(names)


def describe(
    store: Store,
    lines: Iterable[bytes],
    dataset: Mapping[str, Any],
    failures: Sequence[str],
    also: Mapping[str, Mapping[str, Content]] = MappingProxyType({}),
) -> None:
    """Write what describes the output, the manifest last.

    `lines` are the manifest's, without their ends. `also` holds further descriptions: for each the bytes, or
    their parts, of its files by their paths.
    """
    store.remove_folder(TEMPORARY)
    _describe_further(store, also)
    store.replace(DATASET, (json.dumps(dataset, ensure_ascii=False, indent=2) + "\n").encode())
    if failures:
        store.replace(FAILURES, "".join(line + "\n" for line in failures).encode())
    else:
        store.remove(FAILURES)
    store.replace(MANIFEST, (line + b"\n" for line in lines))


def publish(store: Store, out: Path) -> None:
    """Put a described output in its place."""
    if os.path.ismount(out) or (out.is_dir() and any(out.iterdir())):
        _publish_into(store, out)
    else:
        rename_folder(store.root, out)


def _describe_further(store: Store, also: Mapping[str, Mapping[str, Content]]) -> None:
    """Write further descriptions in the place of earlier ones; first the list that makes them ours."""
    files = {path: data for described in also.values() for path, data in described.items()}
    ours = _further_files(store)
    for name in files:
        if name not in ours and store.path(name).exists():  # a finished output may hold files of others
            raise _in_the_way(name, store.root)
    for name in (*ours, ALSO):
        store.remove(name)
    if also:
        digests = dict.fromkeys(files, "")
        _list_further(store, also, digests)
        for path, data in files.items():
            digests[path] = _replaced(store, path, data)
        _list_further(store, also, digests)


def _list_further(store: Store, also: Mapping[str, Iterable[str]], digests: Mapping[str, str]) -> None:
    listed = {name: {path: digests[path] for path in paths} for name, paths in also.items()}
    store.replace(ALSO, dumps(listed).encode() + b"\n")


def _replaced(store: Store, path: str, data: Content) -> str:
    """Write a file, and return its SHA-256."""
    digest = hashlib.sha256()

    def parts() -> Iterator[bytes]:
        for part in (data,) if isinstance(data, bytes) else data:
            digest.update(part)
            yield part

    store.replace(path, parts())
    return digest.hexdigest()


def _in_the_way(name: str, where: Path) -> OutputError:
    return OutputError(f"{name} is in the way, and augcli did not write it", where=str(where), hint="move it")


def _publish_into(store: Store, out: Path) -> None:
    """Move everything into a folder that has to stay (files of others, a mount point), manifest last.

    A run that was killed here has left some of it there already.
    """
    last = (DATASET, FAILURES, ALSO, RUN, journal.JOURNAL, MANIFEST)
    names = sorted(store.files(), key=lambda name: (last.index(name) if name in last else -1, name))
    for name in names:
        if name not in last and (out / name).exists() and not is_same(store.path(name), out / name):
            raise _in_the_way(name, out)
    for name in names:
        move(store.path(name), out / name)
    sync_folder(out)
    store.prune(names)
