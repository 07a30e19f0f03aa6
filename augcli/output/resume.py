"""Whether an output can be continued, and what of it is kept: the same recipe, inputs and fingerprint."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from augcli.data import AnnotationHead, Dataset, Item
from augcli.output.journal import Input, JournalSpan, KeptEntry
from augcli.output.staging import StartedRun, is_whole
from augcli.pipeline.plan import Job, Selection
from augcli.recipe import Recipe
from augcli.rng import key_of

_ABSENT = object()
_OTHER = {"plugins": "other plugins"}


@dataclass(frozen=True)
class Identity:
    """What an output belongs to."""

    recipe: Recipe
    selection: Selection
    fingerprint: Mapping[str, str]
    jobs: Sequence[Job]
    dataset: Dataset

    @property
    def root(self) -> Path:
        """Where the input lies."""
        return self.dataset.root

    def as_json(self) -> dict[str, Any]:
        """What run.json holds."""
        return {
            "recipe": self.recipe.resolved(),
            "order of variants": [variant.name for variant in self.recipe.variants],
            "selection": {"only": self.selection.only, "limit": self.selection.limit},
            "fingerprint": dict(self.fingerprint),
            "plugins": {plugin.name: plugin.digest for plugin in self.recipe.plugins},
            "sources": [job.item.key for job in self.jobs],
            "annotation files": self._annotation_files,
        }

    @property
    def _annotation_files(self) -> dict[str, str]:
        return {name: _digest(head) for name, head in self.dataset.annotation_files.items()}

    def refusal(self, begun: StartedRun) -> str:
        """Why an output cannot be continued, with the difference named; empty where it can."""
        before, now = _of_pairs(begun.run), _of_pairs(self.as_json())
        for name in ("recipe", "order of variants", "selection", "fingerprint", "plugins"):
            changed = list(differences(before.get(name), now[name]))
            if changed:
                more = f" and {len(changed) - 3} more" if len(changed) > 3 else ""
                return f"belongs to {_OTHER.get(name, f'another {name}')}: {'; '.join(changed[:3])}{more}"
        return self._changed_names(begun) or self._changed_files(begun) or self._changed_contents(begun)

    def _changed_names(self, begun: StartedRun) -> str:
        before, now = set(begun.run["sources"]), {job.item.key for job in self.jobs}
        done = {_source_of(entry) for entry in begun.entries.values()}
        added, gone = sorted(now - before), sorted((before - now) & done)
        words = [f"{len(keys)} {what} ({keys[0]})" for keys, what in ((added, "new"), (gone, "gone")) if keys]
        return f"belongs to other inputs: {', '.join(words)}" if words else ""

    def _changed_files(self, begun: StartedRun) -> str:
        """An annotation file that is new, gone, or says another thing of what all its images share."""
        before, now = begun.run["annotation files"], self._annotation_files
        for name in dict.fromkeys((*before, *now)):
            if before.get(name) != now.get(name):
                what = "is new" if name not in before else "is gone" if name not in now else "has changed"
                return f"belongs to other inputs: {name} {what}"
        return ""

    def _changed_contents(self, begun: StartedRun) -> str:
        """A source that was finished and whose bytes or annotations have changed since."""
        finished, items = self._finished(begun), self._items
        for entry in begun.entries.values():
            key = _source_of(entry)
            if key in finished and (path := changed_file(self.root, entry)):
                return f"belongs to other inputs: {path} has changed"
            if key in finished and entry.labels != items[key].labels_digest:
                return f"belongs to other inputs: the annotations of {items[key].image} have changed"
        return ""

    @property
    def _items(self) -> dict[str, Item]:
        return {job.item.key: job.item for job in self.jobs}

    def _finished(self, begun: StartedRun) -> set[str]:
        """Sources all of whose pairs are finished; the others are tried again, whatever changed."""
        return {job.item.key for job in self.jobs if all(pair.id in begun.entries for pair in job.pairs)}

    def kept(self, begun: StartedRun) -> dict[str, JournalSpan]:
        """Finished pairs that are planned, whole on disk, and of unchanged sources: their places, by id."""
        planned = {pair.id for job in self.jobs for pair in job.pairs}
        finished, items = self._finished(begun), self._items
        return {
            pair: entry.place
            for pair, entry in begun.entries.items()
            if pair in planned
            and is_whole(begun.folder, entry)
            and (_source_of(entry) in finished or self._is_as_it_was(entry, items[_source_of(entry)]))
        }

    def _is_as_it_was(self, entry: KeptEntry, item: Item) -> bool:
        return entry.labels == item.labels_digest and not changed_file(self.root, entry)


def _of_pairs(run: Mapping[str, Any]) -> Mapping[str, Any]:
    """run.json without what no pair depends on: every run writes the further descriptions anew."""
    recipe = run["recipe"]
    options = {key: value for key, value in recipe["output"].items() if key != "also"}
    return {**run, "recipe": {**recipe, "output": options}}


def _digest(head: AnnotationHead) -> str:
    """A hash of what an annotation file holds besides its images and annotations."""
    return key_of(*(part for key, text in head.rest.items() for part in (key, repr(text))))


def _source_of(entry: KeptEntry) -> str:
    return entry.pair.rsplit("|", 2)[0]


def changed_file(root: Path, entry: KeptEntry) -> str:
    """The first of an entry's source files whose bytes are not those it was made from; empty if none.

    A file of the same length and modification time is taken to be the same; any other is read.
    """
    return next((path for path, was in entry.inputs.items() if not _is_same(root / path, was)), "")


def _is_same(path: Path, was: Input) -> bool:
    try:
        found = path.stat()
        if (found.st_size, found.st_mtime_ns) == (was.size, was.mtime):
            return True
        return found.st_size == was.size and hashlib.sha256(path.read_bytes()).hexdigest() == was.sha256
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
