"""expand: the pieces in order, and the report."""

from __future__ import annotations

import os
import posixpath
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from augcli import journal, output
from augcli.also import described
from augcli.codec import MAX_PIXELS
from augcli.engines import Done, Engine, Lost, Outcome, Raised
from augcli.engines.local import local_engine
from augcli.errors import DatasetError, OutputError
from augcli.fingerprint import fingerprint
from augcli.formats import pairs, read_dataset, with_pages
from augcli.formats.reading import count
from augcli.geometry import Border
from augcli.journal import Entry, dumps
from augcli.kinds import BACKGROUND, FILLED, IGNORED, find_spec
from augcli.masks import (
    MaskLook,
    MaskSpec,
    check_threshold,
    looked_at,
    specs_of_json,
    specs_to_json,
)
from augcli.output import Begun
from augcli.plan import EVERYTHING, Job, Selection, make_plan
from augcli.recipe import Recipe
from augcli.recipe.labels import SOLE
from augcli.report import Progress, Report
from augcli.resume import Identity
from augcli.sample import Dataset, Item
from augcli.store import Store
from augcli.worker import Answer, Context, Failed, Look, Made, Make, Task, Unwritable, set_up

COMMIT_SECONDS = 1.0  # the journal is made durable this often


class Bug(Exception):  # noqa: N818 - it is no user's error
    """Something that must not happen; holds the traceback of the process where it did."""


@dataclass(frozen=True)
class Settings:
    """What a run is told besides its recipe, input and output."""

    workers: int
    selection: Selection = EVERYTHING
    strict: bool = False
    overwrite: bool = False
    max_pixels: int = MAX_PIXELS


def usable_cpus() -> int:
    """The CPUs this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def read_input(recipe: Recipe, root: Path) -> Dataset:
    """The data set as the recipe's `input` says. Raises DatasetError."""
    chosen, named = recipe.input, recipe.input.named_masks
    found = read_dataset(
        root,
        layout=chosen.layout,
        images=chosen.images,
        masks=chosen.mask_paths,
        suffix=chosen.suffix,
        pairs=chosen.pairs,
        optional=[name for name, mask in named.items() if mask.optional],
        several=[name for name in named or (SOLE,) if chosen.mask_of(name).kind == "instance"],
        group=chosen.group,
    )
    return found if chosen.pages == "refuse" else with_pages(found, each=chosen.pages == "each")


def border_of(recipe: Recipe) -> Border:
    """The border rule; `auto` is `reflect`, and `constant` where a mirrored object would have no label."""
    chosen = recipe.output.border
    if chosen == "auto":
        return "constant" if recipe.input.has_instances else "reflect"
    return chosen


def fillers_of(recipe: Recipe) -> list[str]:
    """The recipe's words that write into masks what no source has."""
    policies = {t.mask_policy for variant in recipe.variants for t in variant.transforms()}
    words = [word for word in (IGNORED, BACKGROUND) if word.removeprefix("mask: ") in policies]
    return [FILLED, *words] if border_of(recipe) == "constant" else words


def expand(
    recipe: Recipe, root: Path, out: Path, settings: Settings, progress: Progress | None = None
) -> Report:
    """Write the data set that a recipe makes of another. Returns what became of every planned pair.

    Raises AugcliError where nothing can be done, and nothing is then written.
    """
    started = time.monotonic()
    progress = progress or Progress()
    check_places(root, out)
    if out.is_symlink() or out.name in ("", ".."):  # what stands beside it is named after it
        out = out.resolve()
    dataset = read_input(recipe, root)
    progress.found(dataset)
    if settings.strict:
        refuse_orphans(dataset)
    jobs = make_plan(recipe, dataset, settings.selection)
    identity = Identity(recipe, settings.selection, fingerprint(), jobs, root)
    with output.locked(out):
        report = _Run(identity, out, settings, progress, dataset).go()
    report.seconds = time.monotonic() - started
    report.dataset = dataset
    return report


def check_places(root: Path, out: Path) -> None:
    """Refuse an output inside the input, or the reverse."""
    inside, outside = root.resolve(), out.resolve()
    if inside == outside or inside in outside.parents:
        raise OutputError("the output lies in the input", where=str(out), mend="put it beside the input")
    if outside in inside.parents:
        raise OutputError("the input lies in the output", where=str(out), mend="put the output beside it")


def refuse_orphans(dataset: Dataset) -> None:
    """Raise DatasetError that names what did not pair up."""
    orphans = [*dataset.orphan_images, *dataset.orphan_masks]
    if orphans:
        named = ", ".join(orphans[:5]) + (f" and {len(orphans) - 5} more" if len(orphans) > 5 else "")
        images, masks = len(dataset.orphan_images), len(dataset.orphan_masks)
        lonely = f"{count(images, 'image')} without a mask, {count(masks, 'mask')} without an image"
        what = f"--strict: {lonely}: {named}"
        raise DatasetError(what, where=str(dataset.root), mend="pair them up, or leave out --strict")


class _Run:
    """One run of expand: the state that its steps share."""

    def __init__(
        self, identity: Identity, out: Path, settings: Settings, progress: Progress, dataset: Dataset
    ) -> None:
        self.identity, self.recipe = identity, identity.recipe
        self.out, self.settings, self.progress, self.dataset = out, settings, progress, dataset
        self.pairs = [pair for job in identity.jobs for pair in job.pairs]
        self.entries: dict[str, Entry] = {}
        self.uncommitted: list[Entry] = []
        self.specs: dict[str, MaskSpec] = {}
        self.report = Report(planned=len(self.pairs))

    def go(self) -> Report:
        begun, replaced = self._found()
        if begun:
            self.specs = specs_of_json(begun.run.get("masks", {}))
            self.entries = self.identity.kept(begun)
        self.report.already = len(self.entries)
        if begun and begun.is_published and self._is_all_there(begun):
            return self.report
        store = self._work(begun)
        if replaced:
            output.discard(replaced)
        self._publish(store)
        return self.report

    def _is_all_there(self, begun: Begun) -> bool:
        """Whether nothing is pending or to be described, nor any failure listed of a source that is gone."""
        wanted = [*self.recipe.output.also, *(["pairs"] if "pairs" in self.dataset.reading else [])]
        if not output.has_further(begun.folder, wanted):
            return False
        return len(self.entries) == len(self.pairs) and not (begun.folder / output.FAILURES).exists()

    def _found(self) -> tuple[Begun | None, Begun | None]:
        """An output that can be continued, and one at its place that is to be replaced."""
        found = output.find(self.out)
        refusals = {begun.folder: self.identity.refusal(begun) for begun in found}
        fitting = next((begun for begun in found if not refusals[begun.folder]), None)
        stale = [begun for begun in found if refusals[begun.folder]]
        if stale and not self.settings.overwrite and not (fitting and fitting.is_published):
            where, mend = stale[0].folder, "name another output, or use --overwrite"
            raise OutputError(refusals[where], where=str(where), mend=mend)
        replaced = None
        for begun in stale if self.settings.overwrite else ():
            if begun.folder == self.out:
                replaced = begun
            else:
                output.discard(begun)
        return fitting, replaced

    def _work(self, begun: Begun | None) -> Store:
        """Make what is pending. Nothing is written before it is known what the masks are."""
        pending = [job for job in map(self._pending, self.identity.jobs) if job.pairs]
        with self._engine(len(pending)) as engine:
            items = looked_at(self.dataset.items)
            if items and not self.specs:
                self.specs = specs_by_looking(self.recipe, engine, items)
            run = self.identity.as_json() | {"masks": specs_to_json(self.specs)}
            store = output.reopen(self.out, begun) if begun else output.begin(self.out, run)
            try:
                self._commit_all(store, engine.run(Make(job, self.specs) for job in pending))
            finally:
                self._flush(store)
        return store

    @contextmanager
    def _engine(self, jobs: int) -> Iterator[Engine[Task, Answer]]:
        context = Context(
            self.identity.root,
            output.staging_of(self.out),
            self.recipe,
            border_of(self.recipe),
            dumps(self.identity.fingerprint),
            self.settings.max_pixels,
        )
        workers = max(1, min(self.settings.workers, jobs))
        engine: Engine[Task, Answer] = local_engine(partial(set_up, context), workers=workers, alone=_alone)
        self.progress.begins(len(self.pairs), len(self.entries))
        try:
            yield engine
        finally:
            engine.close()
            self.progress.ends()

    def _pending(self, job: Job) -> Job:
        return replace(job, pairs=tuple(pair for pair in job.pairs if pair.id not in self.entries))

    def _commit_all(self, store: Store, outcomes: Iterator[tuple[Task, Outcome[Answer]]]) -> None:
        flushed = time.monotonic()
        for task, outcome in outcomes:
            for made in _results(task, outcome):
                self._commit(store, made)
            if time.monotonic() - flushed > COMMIT_SECONDS:
                self._flush(store)
                flushed = time.monotonic()

    def _commit(self, store: Store, made: Made | Failed) -> None:
        if isinstance(made, Failed):
            self.report.failed.append(made)
        else:
            for temporary, name in made.moves:
                store.move(temporary, name)
            self.entries[made.entry.pair] = made.entry
            self.uncommitted.append(made.entry)
            self.report.written += 1
            if note := made.entry.line.get("note"):
                self.report.notes[note] += 1
        self.progress.advances()

    def _flush(self, store: Store) -> None:
        entries, self.uncommitted = self.uncommitted, []
        journal.append(store, entries)

    def _publish(self, store: Store) -> None:
        order = {pair.id: number for number, pair in enumerate(self.pairs)}
        self.report.failed.sort(key=lambda failure: order[failure.pair.id])
        done, failed = len(self.entries), len(self.report.failed)
        if done + failed != len(self.pairs):
            raise Bug(f"{len(self.pairs)} pairs planned, {done} done, {failed} failed")
        for failure in self.report.failed:  # an earlier run may have made some of it
            for name in failure.pair.files:
                store.remove(name)
        lines = [self.entries[pair.id].line for pair in self.pairs if pair.id in self.entries]
        also = described(self.recipe.output.also, lines) | self._pairs_file(lines)
        failures = [dumps(failure.as_line()) for failure in self.report.failed]
        output.publish(store, self.out, [*map(dumps, lines)], self._description(), failures, also)

    def _pairs_file(self, lines: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, bytes]]:
        """The CSV file that says the pairs, where one says those of the input: it has its name."""
        if "pairs" not in self.dataset.reading:
            return {}
        used = (name for item in self.dataset.items for name in item.masks)
        names = list(dict.fromkeys((*self.recipe.input.named_masks, *used)))
        table = ((line["file_name"], [line[f"{name}_file_name"] for name in names]) for line in lines)
        return {"pairs": {posixpath.normpath(self.dataset.reading["pairs"]): pairs.written(table, names)}}

    def _description(self) -> dict[str, Any]:
        """What dataset.json holds: no times, hosts or absolute paths."""
        identity = self.identity.as_json()
        variants = Counter(pair.variant for pair in self.pairs if pair.id in self.entries)
        counts = {"sources": len(self.identity.jobs), "pairs": len(self.entries)}
        return {
            "recipe": identity["recipe"],
            "recipe_digest": self.recipe.digest(),
            "selection": identity["selection"],
            "fingerprint": identity["fingerprint"],
            "plugins": identity["plugins"],
            "input": {"layout": self.dataset.layout, **self.dataset.reading},
            "border": border_of(self.recipe),
            "masks": specs_to_json(self.specs),
            "classes": identity["recipe"]["input"]["classes"],
            "counts": {**counts, "failed": len(self.report.failed), "variants": dict(variants)},
        }


def _alone(task: Task) -> Sequence[Task]:
    """A suspect job's pairs one by one."""
    if isinstance(task, Look):
        return [task]
    return [replace(task, job=replace(task.job, pairs=(pair,))) for pair in task.job.pairs]


def _results(task: Task, outcome: Outcome[Answer]) -> Iterable[Made | Failed]:
    """What came of a job's pairs. Raises StoreError where the output cannot be written, and Bug."""
    pairs = task.job.pairs if isinstance(task, Make) else ()
    if isinstance(outcome, Raised):
        raise Bug(outcome.traceback)
    if isinstance(outcome, Lost):
        mend = "if memory ran out, use fewer workers (-j)"
        return [Failed(pair, f"the worker died: {outcome.reason}", pair.key, mend) for pair in pairs]
    if isinstance(outcome.result, Unwritable):
        raise outcome.result.error
    return [made for made in outcome.result if not isinstance(made, MaskLook)]


def specs_by_looking(
    recipe: Recipe, engine: Engine[Task, Answer], items: Sequence[Item]
) -> dict[str, MaskSpec]:
    """Look at these items' masks in the engine. Raises DatasetError where their kind is open."""
    looks: list[MaskLook] = []
    for _, outcome in engine.run(Look(item) for item in items):
        if isinstance(outcome, Raised):
            raise Bug(outcome.traceback)
        if isinstance(outcome, Done) and not isinstance(outcome.result, Unwritable):
            looks += [look for look in outcome.result if isinstance(look, MaskLook)]
    return specs_of(recipe, looks, items)


def specs_of(recipe: Recipe, looks: Sequence[MaskLook], tried: Sequence[Item]) -> dict[str, MaskSpec]:
    """What the masks are, by name, by those that could be read. Raises DatasetError where that is open."""
    names = dict.fromkeys(name for item in tried for name in item.masks)
    return {name: _spec_of(recipe, name, looks, [i for i in tried if name in i.masks]) for name in names}


def _spec_of(recipe: Recipe, name: str, looks: Sequence[MaskLook], tried: Sequence[Item]) -> MaskSpec:
    named = sorted((look for look in looks if look.name == name), key=lambda look: look.where)
    own = [look for look in named if not look.fault]
    if not own and recipe.input.mask_of(name).kind == "auto":
        raise _none_readable(name, named, tried)
    spec = find_spec(own, recipe.input, recipe.output.mask, fillers_of(recipe), name)
    check_threshold(own, spec)
    return spec


def _none_readable(name: str, looks: Sequence[MaskLook], tried: Sequence[Item]) -> DatasetError:
    """The refusal of masks that cannot be read: why not, of the first source's."""
    what = f"none of the {len(tried)} masks{'' if name == SOLE else f' {name}'} looked at can be read"
    faults = {look.where: look.fault for look in looks if look.fault}
    for item in sorted(tried, key=lambda item: item.key):
        if fault := faults.get(item.masks[name]):
            return DatasetError(f"{fault.what}, and {what}", where=item.masks[name], mend=fault.mend)
    return DatasetError(what, mend="augcli check says why")
