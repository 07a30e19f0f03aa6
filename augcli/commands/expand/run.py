"""expand: the pieces in order, and the report."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from augcli.commands.expand.worker import (
    ExpandResult,
    ExpandTask,
    InspectMasks,
    MakePairs,
    StagedPair,
    Unwritable,
    set_up,
    specs_by_looking,
)
from augcli.engines import Bug, Engine, Lost, Outcome, Raised
from augcli.engines.local import local_engine
from augcli.errors import OutputError
from augcli.formats.split_lists import LISTS, lists_of
from augcli.imageio import MAX_PIXELS
from augcli.labels.label_maps.options import MAPS
from augcli.labels.masks import MaskInspection, MaskSpec, looked_at, specs_of_json, specs_to_json
from augcli.output import journal
from augcli.output import staging as output
from augcli.output.fingerprint import fingerprint
from augcli.output.journal import JournalEntry, JournalSpan
from augcli.output.publish import FinishedRun, publish
from augcli.output.report import Progress, Report, missing_lines
from augcli.output.resume import Identity
from augcli.output.staging import StartedRun
from augcli.output.store import Store
from augcli.pipeline.pair import PairContext
from augcli.pipeline.plan import EVERYTHING, FailedPair, Job, Selection, make_plan
from augcli.pipeline.prepare import (
    as_found,
    border_of,
    categories_by_file,
    maps_by_file,
    read_input,
    refuse_orphans,
)
from augcli.recipe import Recipe
from augcli.text import dumps

COMMIT_SECONDS = 1.0  # the journal is made durable this often


@dataclass(frozen=True)
class Settings:
    """What a run is told besides its recipe, input and output."""

    workers: int
    selection: Selection = EVERYTHING
    strict: bool = False
    overwrite: bool = False
    max_pixels: int = MAX_PIXELS
    images: Path | None = None  # the folder of the images, where the input is an annotation file


def usable_cpus() -> int:
    """The CPUs this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def expand(
    recipe: Recipe, root: Path, out: Path, settings: Settings, progress: Progress | None = None
) -> Report:
    """Write the data set that a recipe makes of another. Returns what became of every planned pair.

    Raises AugcliError where nothing can be done, and nothing is then written.
    """
    started = time.monotonic()
    progress = progress or Progress()
    if out.is_symlink() or out.name in ("", ".."):  # what stands beside it is named after it
        out = out.resolve()
    dataset = read_input(recipe, root, settings.images)
    recipe = as_found(recipe, dataset)
    check_places(dataset.root, out)
    progress.found(dataset)
    if settings.strict:
        refuse_orphans(dataset)
    jobs = make_plan(recipe, dataset, settings.selection)
    identity = Identity(recipe, settings.selection, fingerprint(), jobs, dataset)
    with output.locked(out):
        report = _Run(identity, out, settings, progress).go()
    report.seconds = time.monotonic() - started
    report.dataset = dataset
    return report


def check_places(root: Path, out: Path) -> None:
    """Refuse an output inside the input, or the reverse."""
    inside, outside = root.resolve(), out.resolve()
    if inside == outside or inside in outside.parents:
        raise OutputError("the output lies in the input", where=str(out), hint="put it beside the input")
    if outside in inside.parents:
        raise OutputError("the input lies in the output", where=str(out), hint="put the output beside it")


class _Run:
    """One run of expand: the state that its steps share."""

    def __init__(self, identity: Identity, out: Path, settings: Settings, progress: Progress) -> None:
        self.identity, self.recipe = identity, identity.recipe
        self.dataset, self.out, self.settings, self.progress = identity.dataset, out, settings, progress
        self.maps = maps_by_file(self.recipe, self.dataset)
        self.pairs = [pair for job in identity.jobs for pair in job.pairs]
        self.places: dict[str, JournalSpan] = {}
        self.uncommitted: list[JournalEntry] = []
        self.specs: dict[str, MaskSpec] = {}
        self.report = Report(planned=len(self.pairs))

    def go(self) -> Report:
        begun, replaced = self._found()
        if begun:
            self.specs = specs_of_json(begun.run.get("masks", {}))
            self.places = self.identity.kept(begun)
        self.report.already = len(self.places)
        if begun and begun.is_published and self._is_all_there(begun):
            return self.report
        store = self._work(begun)
        if replaced:
            output.discard(replaced)
        self._publish(store)
        return self.report

    def _is_all_there(self, begun: StartedRun) -> bool:
        """Whether nothing is pending or to be described, nor any failure listed but missing images."""
        wanted = [*self.recipe.output.also, *(["pairs"] if "pairs" in self.dataset.reading else [])]
        wanted += [self.dataset.layout] if self.dataset.annotation_files else []
        wanted += [MAPS] if self.maps else []
        wanted += [LISTS] if lists_of(self.recipe, self.dataset) else []
        if not output.has_further(begun.folder, wanted):
            return False
        missing = "".join(dumps(line.as_line()) + "\n" for line in missing_lines(self.dataset))
        listed = Store(begun.folder).read(output.FAILURES) or b""
        return len(self.places) == len(self.pairs) and listed == missing.encode()

    def _found(self) -> tuple[StartedRun | None, StartedRun | None]:
        """An output that can be continued, and one at its place that is to be replaced."""
        found = output.find(self.out)
        refusals = {begun.folder: self.identity.refusal(begun) for begun in found}
        fitting = next((begun for begun in found if not refusals[begun.folder]), None)
        stale = [begun for begun in found if refusals[begun.folder]]
        if stale and not self.settings.overwrite and not (fitting and fitting.is_published):
            where, hint = stale[0].folder, "name another output, or use --overwrite"
            raise OutputError(refusals[where], where=str(where), hint=hint)
        replaced = None
        for begun in stale if self.settings.overwrite else ():
            if begun.folder == self.out:
                replaced = begun
            else:
                output.discard(begun)
        return fitting, replaced

    def _work(self, begun: StartedRun | None) -> Store:
        """Make what is pending. Nothing is written before it is known what the masks are."""
        pending = [job for job in map(self._pending, self.identity.jobs) if job.pairs]
        with self._engine(len(pending)) as engine:
            items = looked_at(self.dataset.items)
            if items and not self.specs:
                self.specs = specs_by_looking(self.recipe, engine, items)
            run = self.identity.as_json() | {"masks": specs_to_json(self.specs)}
            store = output.reopen(self.out, begun) if begun else output.begin(self.out, run)
            try:
                self._commit_all(store, engine.run(MakePairs(job, self.specs) for job in pending))
            finally:
                self._flush(store)
        return store

    @contextmanager
    def _engine(self, jobs: int) -> Iterator[Engine[ExpandTask, ExpandResult]]:
        context = PairContext(
            self.identity.root,
            output.staging_of(self.out),
            self.recipe,
            border_of(self.recipe),
            dumps(self.identity.fingerprint),
            self.settings.max_pixels,
            categories_by_file(self.dataset),
            self.maps,
        )
        workers = max(1, min(self.settings.workers, jobs))
        engine: Engine[ExpandTask, ExpandResult] = local_engine(
            partial(set_up, context), workers=workers, alone=_alone
        )
        self.progress.begins(len(self.pairs), len(self.places))
        try:
            yield engine
        finally:
            engine.close()
            self.progress.ends()

    def _pending(self, job: Job) -> Job:
        return replace(job, pairs=tuple(pair for pair in job.pairs if pair.id not in self.places))

    def _commit_all(self, store: Store, outcomes: Iterator[tuple[ExpandTask, Outcome[ExpandResult]]]) -> None:
        flushed = time.monotonic()
        for task, outcome in outcomes:
            for made in _results(task, outcome):
                self._commit(store, made)
            if time.monotonic() - flushed > COMMIT_SECONDS:
                self._flush(store)
                flushed = time.monotonic()

    def _commit(self, store: Store, made: StagedPair | FailedPair) -> None:
        if isinstance(made, FailedPair):
            self.report.failed.append(made)
        else:
            for temporary, name in made.moves:
                store.move(temporary, name)
            self.uncommitted.append(made.entry)
            self.report.written += 1
            if note := made.entry.line.get("note"):
                self.report.notes[note] += 1
        self.progress.advances()

    def _flush(self, store: Store) -> None:
        entries, self.uncommitted = self.uncommitted, []
        self.places |= journal.append(store, entries)

    def _publish(self, store: Store) -> None:
        order = {pair.id: number for number, pair in enumerate(self.pairs)}
        self.report.failed.sort(key=lambda failure: order[failure.pair.id])
        done, failed = len(self.places), len(self.report.failed)
        if done + failed != len(self.pairs):
            raise Bug(f"{len(self.pairs)} pairs planned, {done} done, {failed} failed")
        for failure in self.report.failed:  # an earlier run may have made some of it
            for name in failure.pair.files:
                store.remove(name)
        ended = FinishedRun(self.identity, self.specs, self.maps, self.places, self.report.failed)
        told = publish(self.out, store, ended)
        self.report.left_out, self.report.losses = told.left_out, told.losses


def _alone(task: ExpandTask) -> Sequence[ExpandTask]:
    """A suspect job's pairs one by one."""
    if isinstance(task, InspectMasks):
        return [task]
    return [replace(task, job=replace(task.job, pairs=(pair,))) for pair in task.job.pairs]


def _results(task: ExpandTask, outcome: Outcome[ExpandResult]) -> Iterable[StagedPair | FailedPair]:
    """What came of a job's pairs. Raises StoreError where the output cannot be written, and Bug."""
    pairs = task.job.pairs if isinstance(task, MakePairs) else ()
    if isinstance(outcome, Raised):
        raise Bug(outcome.traceback)
    if isinstance(outcome, Lost):
        hint = "if memory ran out, use fewer workers (-j)"
        return [FailedPair(pair, f"the worker died: {outcome.reason}", pair.key, hint) for pair in pairs]
    if isinstance(outcome.result, Unwritable):
        raise outcome.result.error
    return [made for made in outcome.result if not isinstance(made, MaskInspection)]
