"""What a run would make and cost: its pairs counted, its bytes and time measured on a few of them."""

from __future__ import annotations

import itertools
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from augcli.commands.check.source import CheckContext as SurveyContext
from augcli.commands.check.survey import look, survey_engine
from augcli.commands.expand.worker import set_up
from augcli.data import PANOPTIC, Dataset
from augcli.errors import ImageError
from augcli.labels.annotations import check_entries
from augcli.labels.mask_statistics import ClassRow, Values, class_rows
from augcli.labels.masks import MaskSpec, looked_at
from augcli.labels.statistics import Counts, counted
from augcli.pipeline.load import Decoded, read_source
from augcli.pipeline.pair import PairContext, finished
from augcli.pipeline.plan import Job, Selection, is_expanded, make_plan
from augcli.pipeline.prepare import (
    as_found,
    border_of,
    categories_by_file,
    maps_by_file,
    read_input,
    specs_of,
)
from augcli.recipe import Recipe

MOST_SOURCES = 6  # spread evenly over the data set
COPIES_EACH = 2  # of every random variant
ENOUGH_SECONDS = 5.0


@dataclass(frozen=True)
class Split:
    """A split: its sources, its pairs, and whether it is expanded."""

    sources: int
    pairs: int
    expanded: bool


@dataclass(frozen=True)
class Cost:
    """Bytes on disk and seconds of work for the whole run, extrapolated from `from_pairs` pairs."""

    bytes: int
    seconds: float
    from_pairs: int


@dataclass(frozen=True)
class MaskCounts:
    """The masks of one name that were looked at: how many, and the classes or instances that they hold."""

    name: str
    looked_at: int
    classes: list[ClassRow]
    instances: int | None


def _masks(recipe: Recipe, name: str, spec: MaskSpec, values: Sequence[Values]) -> MaskCounts:
    own = [one for one in values if one.look.name == name]
    rows = class_rows(own, spec, recipe.input) if own else []
    return MaskCounts(
        name, len(own), rows, sum(o.instances for o in own) if spec.kind == "instance" else None
    )


@dataclass(frozen=True)
class AnnotationCounts:
    """The annotations of one file: those of the sources, and those of the pairs before any is left out."""

    of_sources: Counts
    of_pairs: Counts


@dataclass(frozen=True)
class Forecast:
    """What a run would make. `labels` counts pairs by class folder; `masks` are those that hold labels.

    `annotations` go by annotation file.
    `cost` is None where none of the sources tried can be made; `trouble` then says why.
    """

    dataset: Dataset
    sources: int
    pairs: int
    files: int
    variants: dict[str, int]
    splits: dict[str, Split]
    labels: dict[str, int]
    masks: list[MaskCounts]
    annotations: Mapping[str, AnnotationCounts]
    cost: Cost | None
    trouble: str


def outlook(
    recipe: Recipe,
    root: Path,
    selection: Selection,
    *,
    workers: int,
    max_pixels: int,
    images: Path | None = None,
) -> Forecast:
    """Count what a run would make, look at some masks, and make a few pairs in memory. Writes nothing.

    Raises DatasetError where the run would be refused.
    """
    dataset = read_input(recipe, root, images)
    root = dataset.root
    recipe = as_found(recipe, dataset)
    jobs = make_plan(recipe, dataset, selection)
    values, specs = _look(recipe, dataset, root, workers, max_pixels)
    cost, trouble = _measured(recipe, dataset, jobs, specs, max_pixels)
    return Forecast(
        dataset=dataset,
        sources=len(jobs),
        pairs=sum(len(job.pairs) for job in jobs),
        files=sum(len(pair.files) for job in jobs for pair in job.pairs) + len(dataset.annotation_files),
        variants=dict(Counter(pair.variant for job in jobs for pair in job.pairs)),
        splits=_splits(recipe, dataset, jobs),
        labels=_labels(jobs),
        masks=[_masks(recipe, name, spec, values) for name, spec in specs.items() if _is_told(spec, dataset)],
        annotations=_annotations(dataset, jobs),
        cost=cost,
        trouble=trouble,
    )


def _look(
    recipe: Recipe, dataset: Dataset, root: Path, workers: int, max_pixels: int
) -> tuple[Sequence[Values], dict[str, MaskSpec]]:
    """At most 200 masks of the whole data set, as a run looks at them, whatever part of it is wanted."""
    items = looked_at(dataset.items)
    if not items:
        return [], {}
    engine = survey_engine(SurveyContext(root, recipe, max_pixels), len(items), workers)
    try:
        values = look(engine, [Job(item, ()) for item in items])
    finally:
        engine.close()
    return values, specs_of(recipe, [one.look for one in values], items)


def _splits(recipe: Recipe, dataset: Dataset, jobs: Sequence[Job]) -> dict[str, Split]:
    """The splits of the sources that are wanted."""
    names = {item.split for item in dataset.items if item.split}
    found: dict[str, Split] = {}
    for job in jobs:
        if name := job.item.split:
            before = found.get(name, Split(0, 0, is_expanded(recipe, job.item, names)))
            found[name] = Split(before.sources + 1, before.pairs + len(job.pairs), before.expanded)
    return found


def _labels(jobs: Sequence[Job]) -> dict[str, int]:
    labels: Counter[str] = Counter()
    for job in jobs:
        if job.item.label:
            labels[job.item.label] += len(job.pairs)
    return dict(labels)


def _is_told(spec: MaskSpec, dataset: Dataset) -> bool:
    """Whether a mask holds classes; a panoptic one has ids of segments, whose classes its file says."""
    return spec.kind != "image" and not (dataset.annotation_files and spec.name == PANOPTIC)


def _annotations(dataset: Dataset, jobs: Sequence[Job]) -> dict[str, AnnotationCounts]:
    """The annotations of the sources that are wanted, and of their pairs."""
    found = {file: AnnotationCounts(Counts(), Counts()) for file in dataset.annotation_files}
    for job in jobs:
        for file, counts in counted(job.item, None, {}).counts.items():
            found[file].of_sources.add(counts)
            found[file].of_pairs.add(counts, len(job.pairs))
    return found


@dataclass
class _Tally:
    """Measured pairs of one variant."""

    pairs: int = 0
    bytes: int = 0
    seconds: float = 0.0


def _measured(
    recipe: Recipe, dataset: Dataset, jobs: Sequence[Job], specs: Mapping[str, MaskSpec], max_pixels: int
) -> tuple[Cost | None, str]:
    """The cost of the run, or why none can be told."""
    root, border, categories = dataset.root, border_of(recipe), categories_by_file(dataset)
    maps = maps_by_file(recipe, dataset)
    context = PairContext(root, root, recipe, border, "", max_pixels, categories, maps)
    set_up(context)  # loads OpenCV, with one thread as a worker has
    tallies: dict[str, _Tally] = {}
    reading, read, trouble = 0.0, 0, ""
    deadline = time.perf_counter() + ENOUGH_SECONDS
    for job in evenly(jobs, MOST_SOURCES):
        if read and time.perf_counter() > deadline:
            break
        before = time.perf_counter()
        try:
            source = read_source(root, job.item, specs, recipe, max_pixels)
            check_entries(job.item, *source.header.upright_size)
            reading, read = reading + time.perf_counter() - before, read + 1
            _measure(context, source, job, tallies, deadline)
        except ImageError as error:
            trouble = trouble or str(error)
    return _extrapolated(jobs, tallies, reading / max(1, read)), trouble


def _measure(
    context: PairContext,
    source: Decoded,
    job: Job,
    tallies: dict[str, _Tally],
    deadline: float,
) -> None:
    """Make some pairs of a source, each variant's first copies."""
    for pair in job.pairs:
        is_known = pair.variant in tallies
        if pair.copy > COPIES_EACH or (is_known and time.perf_counter() > deadline):
            continue
        before = time.perf_counter()
        made = finished(context, source, pair)
        tally = tallies.setdefault(pair.variant, _Tally())
        tally.seconds += time.perf_counter() - before
        tally.bytes += sum(map(len, (*made.files.values(), *itertools.chain(*made.annotations.values()))))
        tally.pairs += 1


def _extrapolated(jobs: Sequence[Job], tallies: dict[str, _Tally], reading: float) -> Cost | None:
    """The mean cost of a variant's pairs times their number; a variant that was not met costs the mean."""
    measured = sum(tally.pairs for tally in tallies.values())
    if not measured:
        return None
    mean = _Tally(measured, sum(t.bytes for t in tallies.values()), sum(t.seconds for t in tallies.values()))
    size, seconds = 0.0, reading * len(jobs)
    for variant, number in Counter(pair.variant for job in jobs for pair in job.pairs).items():
        tally = tallies.get(variant, mean)
        size += number * tally.bytes / tally.pairs
        seconds += number * tally.seconds / tally.pairs
    return Cost(round(size), seconds, measured)


def evenly(jobs: Sequence[Job], most: int) -> list[Job]:
    """At most `most` jobs, each from the middle of one of as many equal parts."""
    number = min(most, len(jobs))
    return [jobs[(2 * i + 1) * len(jobs) // (2 * number)] for i in range(number)]
