"""The output folder's protocol: built beside its place as OUT.partial, published by one rename.

The manifest is the last thing to appear and the mark that the rest is whole. Nothing is removed that our own
manifest or journal does not list.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from augcli import journal
from augcli.errors import OutputError
from augcli.journal import Entry, dumps
from augcli.store import Store, StoreError, rename_folder

MANIFEST = "manifest.jsonl"
DATASET = "dataset.json"
FAILURES = "failures.jsonl"
RUN = ".augcli/run.json"
OWN_FOLDER = ".augcli"


def staging_of(out: Path) -> Path:
    """Where an output is built: beside its place, or inside it where that is a mount point."""
    if os.path.ismount(out):
        return out / ".augcli.partial"
    return out.with_name(out.name + ".partial")


@contextlib.contextmanager
def locked(out: Path) -> Iterator[None]:
    """Hold the output's lock, a sibling file; a second run is refused at once."""
    path = out.with_name(out.name + ".lock")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise StoreError(f"cannot write: {error.strerror}", where=str(path)) from error
    try:
        _lock(handle, out)
        yield
        path.unlink(missing_ok=True)
    finally:
        os.close(handle)


def _lock(handle: int, out: Path) -> None:
    try:
        import fcntl
    except ImportError:  # Windows has no flock; two runs on one output are then the user's to avoid
        return
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise OutputError("another run is writing this output", where=str(out), mend="wait for it") from None


@dataclass(frozen=True)
class Begun:
    """An output of ours as a run finds it: what run.json says, and which pairs are whole."""

    folder: Path
    run: Mapping[str, Any]
    entries: Mapping[str, Entry]
    is_published: bool


def find(out: Path) -> Begun | None:
    """What stands at an output's place. Raises OutputError where it is not ours."""
    staging = staging_of(out)
    published = _begun(out)
    if published and (out / MANIFEST).exists():
        return published
    unfinished = _begun(staging) or published
    if unfinished:
        return unfinished
    for place in (out, staging):
        if place.exists() and (not place.is_dir() or any(place.iterdir())):
            raise OutputError(
                "exists and augcli did not write it",
                where=str(place),
                mend="name another output, or remove it yourself",
            )
    return None


def unfinished(out: Path) -> Begun | None:
    """What an interrupted run has left beside an output."""
    return _begun(staging_of(out))


def _begun(folder: Path) -> Begun | None:
    store = Store(folder)
    data = store.read(RUN) if folder.is_dir() else None
    if data is None:
        return None
    try:
        run = json.loads(data)
    except ValueError as error:
        raise OutputError(
            f"{RUN} is damaged", where=str(folder), mend="remove the folder, or name another output"
        ) from error
    return Begun(folder, run, journal.read(store), (folder / MANIFEST).exists())


def is_whole(folder: Path, entry: Entry) -> bool:
    """Whether all files of a pair are there with their sizes."""
    store = Store(folder)
    return all(store.size(name) == size for name, size in entry.sizes.items())


def begin(out: Path, run: Mapping[str, Any]) -> Store:
    """A new staging folder."""
    store = Store(staging_of(out))
    store.make()
    store.replace(RUN, dumps(run).encode() + b"\n")
    return store


def reopen(out: Path, begun: Begun) -> Store:
    """The staging folder of an unfinished output, or of a published one that is to be worked on again."""
    staging = staging_of(out)
    if begun.folder != staging:
        if staging == out / ".augcli.partial":  # a mount point: publish by moves again at the end
            for name in Store(out).files():
                Store(out).move(name, f".augcli.partial/{name}")
        else:
            rename_folder(begun.folder, staging)
    store = Store(staging)
    store.remove_folder(".augcli/tmp")
    return store


def discard(begun: Begun) -> None:
    """Remove an output of ours: what its journal lists and our own files, nothing else."""
    store = Store(begun.folder)
    for entry in begun.entries.values():
        for name in entry.sizes:
            store.remove(name)
    for name in (MANIFEST, DATASET, FAILURES):
        store.remove(name)
    store.remove_folder(OWN_FOLDER)
    store.prune()


def publish(
    store: Store, out: Path, lines: list[str], dataset: Mapping[str, Any], failures: list[str]
) -> None:
    """Write what describes the output, the manifest last, and put it in its place."""
    store.remove_folder(".augcli/tmp")
    store.replace(DATASET, (json.dumps(dataset, ensure_ascii=False, indent=2) + "\n").encode())
    if failures:
        store.replace(FAILURES, "".join(line + "\n" for line in failures).encode())
    else:
        store.remove(FAILURES)
    store.replace(MANIFEST, "".join(line + "\n" for line in lines).encode())
    if (out.is_dir() and any(entry != store.root for entry in out.iterdir())) or os.path.ismount(out):
        _publish_into(store, out)
    else:
        rename_folder(store.root, out)


def _publish_into(store: Store, out: Path) -> None:
    """Move everything into a folder that has to stay (files of others, a mount point), manifest last."""
    target = Store(out)
    names = sorted(store.files(), key=lambda name: (name == MANIFEST, name))
    for name in names:
        if (out / name).exists() and name != MANIFEST:
            raise OutputError(
                f"{name} is in the way, and augcli did not write it", where=str(out), mend="move it"
            )
    for name in names:
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        rename_folder(store.path(name), target.path(name))
    store.prune()
