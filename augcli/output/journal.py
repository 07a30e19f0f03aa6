"""The journal of an output: which pairs are whole on disk. One line a pair, each with its checksum."""

from __future__ import annotations

import contextlib
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, NamedTuple, TypeVar

import msgspec

from augcli.labels.label_maps.of_pair import OnMap
from augcli.output.store import Store
from augcli.text import dumps

JOURNAL = ".augcli/journal.jsonl"
_T = TypeVar("_T")


class Input(NamedTuple):
    """A source file as it was read: bytes, modification time in ns, SHA-256."""

    size: int
    mtime: int
    sha256: str


class JournalSpan(NamedTuple):
    """Where a journal has the JSON of an entry: its first byte, and how many there are."""

    offset: int
    length: int


@dataclass(frozen=True)
class JournalEntry:
    """A finished pair: its id, digest and manifest line, the sizes of its files in bytes, and its inputs.

    `inputs` are its source files by path, and `labels` the hash of what annotation files say of its source:
    while these stay, so does the pair. `annotations` are the JSON texts of its annotations by annotation
    file, without ids of their own yet, and `maps` what is on its pixel maps.
    """

    pair: str
    digest: str
    line: Mapping[str, Any]
    sizes: Mapping[str, int]
    inputs: Mapping[str, Input]
    labels: str = ""
    annotations: Mapping[str, Sequence[str]] = field(default_factory=dict)
    maps: Mapping[str, OnMap] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """The entry as JSON data."""
        return {
            "pair": self.pair,
            "digest": self.digest,
            "line": self.line,
            "sizes": self.sizes,
            "inputs": self.inputs,
            **({"labels": self.labels, "annotations": self.annotations} if self.labels else {}),
            **({"maps": {file: asdict(one) for file, one in self.maps.items()}} if self.maps else {}),
        }


class KeptEntry(msgspec.Struct, frozen=True):
    """What a new run has to know of an entry: a journal may be larger than the memory."""

    pair: str
    sizes: dict[str, int]
    inputs: dict[str, Input]
    labels: str = ""
    place: JournalSpan = JournalSpan(0, 0)


def append(store: Store, entries: Iterable[JournalEntry]) -> dict[str, JournalSpan]:
    """Add finished pairs, and make them durable. Returns their places, by id."""
    places, lines = {}, []
    end = store.size(JOURNAL) or 0
    for entry in entries:
        body = dumps(entry.as_json()).encode()
        lines.append(b"%08x %s\n" % (zlib.crc32(body), body))
        places[entry.pair] = JournalSpan(end + 9, len(body))
        end += len(lines[-1])
    if lines:
        store.append(JOURNAL, b"".join(lines))
    return places


def read(store: Store) -> dict[str, KeptEntry]:
    """The pairs of the journal's valid beginning, by id; what follows a torn or changed line is cut off."""
    decoder = msgspec.json.Decoder(KeptEntry)
    entries: dict[str, KeptEntry] = {}
    valid = 0
    for line in store.lines(JOURNAL):
        body = line[9:-1]
        if not line.endswith(b"\n") or line[:9] != b"%08x " % zlib.crc32(body):
            break
        entry = decoder.decode(body)
        entries[entry.pair] = msgspec.structs.replace(entry, place=JournalSpan(valid + 9, len(body)))
        valid += len(line)
    if valid < (store.size(JOURNAL) or 0):
        store.truncate(JOURNAL, valid)
    return entries


@contextlib.contextmanager
def reading(store: Store) -> Iterator[Callable[[JournalSpan, type[_T]], _T]]:
    """A function that reads what a type has of the entry at a place; the type's fields are called as Entry's.

    Raises StoreError where the journal cannot be read.
    """
    with store.reading(JOURNAL) as at:
        yield lambda place, kind: msgspec.json.decode(at(*place), type=kind)
