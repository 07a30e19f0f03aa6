"""The journal of an output: which pairs are whole on disk. One line a pair, each with its checksum."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from augcli.store import Store

JOURNAL = ".augcli/journal.jsonl"


@dataclass(frozen=True)
class Entry:
    """A finished pair: its id, digest and manifest line, the sizes of its files in bytes, and its inputs.

    `inputs` maps each source file to (bytes, modification time in ns): while these stay, so do its contents.
    `annotations` are the JSON texts of its annotations by annotation file, without ids of their own yet.
    """

    pair: str
    digest: str
    line: Mapping[str, Any]
    sizes: Mapping[str, int]
    inputs: Mapping[str, tuple[int, int]]
    annotations: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """The entry as JSON data."""
        return {
            "pair": self.pair,
            "digest": self.digest,
            "line": self.line,
            "sizes": self.sizes,
            "inputs": self.inputs,
            **({"annotations": self.annotations} if self.annotations else {}),
        }


def dumps(data: Any) -> str:
    """JSON on one line, as all our files hold it."""
    return json.dumps(data, ensure_ascii=False, separators=(", ", ": "), allow_nan=False)


def append(store: Store, entries: Iterable[Entry]) -> None:
    """Add finished pairs, and make them durable."""
    lines = (dumps(entry.as_json()).encode() for entry in entries)
    data = b"".join(b"%08x %s\n" % (zlib.crc32(line), line) for line in lines)
    if data:
        store.append(JOURNAL, data)


def read(store: Store) -> dict[str, Entry]:
    """The pairs of the journal's valid beginning, by id; what follows a torn or changed line is cut off."""
    data = store.read(JOURNAL) or b""
    entries: dict[str, Entry] = {}
    valid = 0
    for line in data.splitlines(keepends=True):
        entry = _entry(line)
        if entry is None:
            store.truncate(JOURNAL, valid)
            break
        entries[entry.pair] = entry
        valid += len(line)
    return entries


def _entry(line: bytes) -> Entry | None:
    checksum, _, body = line.partition(b" ")
    if not body.endswith(b"\n") or checksum != b"%08x" % zlib.crc32(body[:-1]):
        return None
    data = json.loads(body)
    inputs = {name: (stat[0], stat[1]) for name, stat in data["inputs"].items()}
    annotations = data.get("annotations", {})
    return Entry(data["pair"], data["digest"], data["line"], data["sizes"], inputs, annotations)
