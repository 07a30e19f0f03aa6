"""Whether an output can be continued, and what of it is kept: the same recipe, inputs and fingerprint."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from augcli.journal import Entry
from augcli.output import Begun, is_whole
from augcli.plan import Job, Selection
from augcli.recipe import Recipe

_ABSENT = object()
_OTHER = {"plugins": "other plugins"}


@dataclass(frozen=True)
class Identity:
    """What an output belongs to."""

    recipe: Recipe
    selection: Selection
    fingerprint: Mapping[str, str]
    jobs: Sequence[Job]
    root: Path

    def as_json(self) -> dict[str, Any]:
        """What run.json holds."""
        return {
            "recipe": self.recipe.resolved(),
            "order of variants": [variant.name for variant in self.recipe.variants],
            "selection": {"only": self.selection.only, "limit": self.selection.limit},
            "fingerprint": dict(self.fingerprint),
            "plugins": {plugin.name: plugin.digest for plugin in self.recipe.plugins},
            "sources": [job.item.key for job in self.jobs],
        }

    def refusal(self, begun: Begun) -> str:
        """Why an output cannot be continued, with the difference named; empty where it can."""
        before, now = _of_pairs(begun.run), _of_pairs(self.as_json())
        for name in ("recipe", "order of variants", "selection", "fingerprint", "plugins"):
            changed = list(differences(before.get(name), now[name]))
            if changed:
                more = f" and {len(changed) - 3} more" if len(changed) > 3 else ""
                return f"belongs to {_OTHER.get(name, f'another {name}')}: {'; '.join(changed[:3])}{more}"
        return self._changed_names(begun) or self._changed_contents(begun)

    def _changed_names(self, begun: Begun) -> str:
        before, now = set(begun.run["sources"]), {job.item.key for job in self.jobs}
        done = {_source_of(entry) for entry in begun.entries.values()}
        added, gone = sorted(now - before), sorted((before - now) & done)
        words = [f"{len(keys)} {what} ({keys[0]})" for keys, what in ((added, "new"), (gone, "gone")) if keys]
        return f"belongs to other inputs: {', '.join(words)}" if words else ""

    def _changed_contents(self, begun: Begun) -> str:
        """A source that was finished and whose bytes have changed since."""
        finished = self._finished(begun)
        for entry in begun.entries.values():
            if _source_of(entry) in finished:
                path = changed_file(self.root, entry)
                if path:
                    return f"belongs to other inputs: {path} has changed"
        return ""

    def _finished(self, begun: Begun) -> set[str]:
        """Sources all of whose pairs are finished; the others are tried again, whatever changed."""
        return {job.item.key for job in self.jobs if all(pair.id in begun.entries for pair in job.pairs)}

    def kept(self, begun: Begun) -> dict[str, Entry]:
        """Finished pairs that are planned, whole on disk, and of unchanged sources; by id."""
        planned = {pair.id for job in self.jobs for pair in job.pairs}
        finished = self._finished(begun)
        return {
            pair: entry
            for pair, entry in begun.entries.items()
            if pair in planned
            and is_whole(begun.folder, entry)
            and (_source_of(entry) in finished or not changed_file(self.root, entry))
        }


def _of_pairs(run: Mapping[str, Any]) -> Mapping[str, Any]:
    """run.json without what no pair depends on: every run writes the further descriptions anew."""
    recipe = run["recipe"]
    options = {key: value for key, value in recipe["output"].items() if key != "also"}
    return {**run, "recipe": {**recipe, "output": options}}


def _source_of(entry: Entry) -> str:
    return entry.pair.rsplit("|", 2)[0]


def changed_file(root: Path, entry: Entry) -> str:
    """The first of an entry's source files whose bytes are not those it was made from; empty if none.

    A file of the same length and modification time is taken to be the same; any other is read.
    """
    source = entry.line["sources"][0]
    digests = {source["image"]: source["sha256"]}
    for name in (key.removesuffix("_sha256") for key in source if key.endswith("_sha256") and source[key]):
        digests |= zip(_listed(source[name]), _listed(source[f"{name}_sha256"]), strict=True)
    return next(
        (path for path in digests if not _is_same(root / path, entry.inputs[path], digests[path])), ""
    )


def _listed(one: str | list[str]) -> list[str]:
    return [one] if isinstance(one, str) else one


def _is_same(path: Path, stat: tuple[int, int], digest: str) -> bool:
    try:
        found = path.stat()
        if (found.st_size, found.st_mtime_ns) == stat:
            return True
        return found.st_size == stat[0] and hashlib.sha256(path.read_bytes()).hexdigest() == digest
    except OSError:
        return False


def differences(before: Any, now: Any, path: str = "") -> Iterator[str]:
    """What differs between two pieces of JSON data, each `path was x, is y`."""
    if isinstance(before, Mapping) and isinstance(now, Mapping):
        for key in dict.fromkeys([*before, *now]):
            inner = f"{path}.{key}" if path else str(key)
            yield from differences(before.get(key, _ABSENT), now.get(key, _ABSENT), inner)
    elif isinstance(before, list) and isinstance(now, list) and len(before) == len(now):
        for number, (a, b) in enumerate(zip(before, now, strict=True)):
            yield from differences(a, b, f"{path}[{number}]")
    elif before is _ABSENT:
        yield f"{path} is new"
    elif now is _ABSENT:
        yield f"{path} is gone"
    elif before != now:
        yield f"{path} was {_short(before)}, is {_short(now)}"


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 60 else text[:57] + "..."
