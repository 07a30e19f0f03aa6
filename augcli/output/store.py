"""Every file operation on an output, so that faults can be injected and other stores can come."""

from __future__ import annotations

import contextlib
import errno
import filecmp
import functools
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from augcli.errors import AugcliError

TEMPORARY = ".augcli/tmp"  # what is not whole yet


class StoreError(AugcliError):
    """The output cannot be written: disk full, I/O error, read-only. A new run resumes."""


@contextlib.contextmanager
def _named(what: str, path: Path) -> Iterator[None]:
    """Turn the system's errors into one line."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise StoreError(
            f"cannot {what}: {reason}", where=str(path), hint="mend that and run the same command again"
        ) from error


@dataclass(frozen=True)
class Store:
    """A folder that is being written. Paths are relative to it, with `/`."""

    root: Path

    def path(self, name: str) -> Path:
        """Where a file lies."""
        return self.root / name

    def write(self, name: str, data: bytes) -> None:
        """Write a file whole; a reader never sees a part of it under this name if it is then renamed."""
        path = self.path(name)
        with _named("write", path):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)

    def replace(self, name: str, data: bytes | Iterable[bytes]) -> None:
        """Write a file, whole or part by part, beside its name, make it durable, and rename it into place."""
        path, beside = self.path(name), self.path(new_name(name))
        with _named("write", path):
            path.parent.mkdir(parents=True, exist_ok=True)
            with beside.open("wb") as file:
                file.writelines([data] if isinstance(data, bytes) else data)
                file.flush()
                os.fsync(file.fileno())
            beside.replace(path)

    def append(self, name: str, data: bytes) -> None:
        """Append to a file and make it durable."""
        path = self.path(name)
        with _named("write", path), path.open("ab") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())

    def move(self, name: str, to: str) -> None:
        """Rename a file inside the store, over whatever stands there."""
        move(self.path(name), self.path(to))

    def link(self, source: Path, name: str) -> None:
        """Hard-link a file from outside the store; copy it where file systems cannot be linked."""
        path = self.path(name)
        with _named("hard-link", path):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.unlink(missing_ok=True)
            try:
                os.link(source, path)
            except OSError as error:
                if error.errno not in (errno.EXDEV, errno.EPERM, errno.EMLINK, errno.ENOTSUP):
                    raise
                path.write_bytes(source.read_bytes())

    def truncate(self, name: str, length: int) -> None:
        """Cut a file to its first `length` bytes."""
        with _named("write", self.path(name)), self.path(name).open("r+b") as file:
            file.truncate(length)

    def read(self, name: str) -> bytes | None:
        """A file's bytes, or None where there is none."""
        with _named("read", self.path(name)), contextlib.suppress(FileNotFoundError):
            return self.path(name).read_bytes()
        return None

    def lines(self, name: str) -> Iterator[bytes]:
        """A file's lines with their ends, one after the other; none where there is no such file."""
        path = self.path(name)
        with _named("read", path), contextlib.suppress(FileNotFoundError), path.open("rb") as file:
            yield from file

    @contextlib.contextmanager
    def reading(self, name: str) -> Iterator[Callable[[int, int], bytes]]:
        """A function that reads so many bytes of a file, from an offset on; opened when first called."""
        path = self.path(name)
        with contextlib.ExitStack() as stack:

            @functools.cache
            def file() -> BinaryIO:
                return stack.enter_context(path.open("rb"))

            def at(offset: int, length: int) -> bytes:
                with _named("read", path):
                    file().seek(offset)
                    return file().read(length)

            yield at

    def size(self, name: str) -> int | None:
        """A file's length in bytes, or None where there is none."""
        with contextlib.suppress(OSError):
            return self.path(name).stat().st_size
        return None

    def remove(self, name: str) -> None:
        """Remove a file; one that is not there is no error."""
        with _named("remove", self.path(name)):
            self.path(name).unlink(missing_ok=True)

    def remove_folder(self, name: str) -> None:
        """Remove a folder of ours with everything in it."""
        with _named("remove", self.path(name)):
            if self.path(name).is_dir():
                shutil.rmtree(self.path(name))

    def prune(self, names: Iterable[str]) -> None:
        """Remove the folders that these files stood in, the root too, where nothing is left in them."""
        folders = {folder for name in names for folder in Path(name).parents}
        for folder in sorted(folders, key=lambda path: len(path.parts), reverse=True):
            with contextlib.suppress(OSError):
                (self.root / folder).rmdir()

    def files(self) -> list[str]:
        """All files, sorted, relative to the root."""
        found = [
            Path(folder, name).relative_to(self.root).as_posix()
            for folder, _, names in os.walk(self.root)
            for name in names
        ]
        return sorted(found)

    def make(self) -> None:
        """Make the folder."""
        with _named("make the folder", self.root):
            self.root.mkdir(parents=True, exist_ok=True)


def new_name(name: str) -> str:
    """What a file is called until it is whole and `replace` gives it its name."""
    return name + ".new"


def move(source: Path, target: Path) -> None:
    """Rename a file, over whatever stands there."""
    with _named("write", target):
        target.parent.mkdir(parents=True, exist_ok=True)
        source.replace(target)


def is_same(one: Path, other: Path) -> bool:
    """Whether two files hold the same bytes."""
    with _named("read", other):
        return other.is_file() and filecmp.cmp(one, other, shallow=False)


def rename_folder(source: Path, target: Path) -> None:
    """Publish a folder by one rename, and make the rename durable."""
    with _named("rename to", target):
        source.rename(target)
    sync_folder(target.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable, where its file system can do that."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
