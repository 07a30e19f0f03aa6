"""What a data set holds: all its files decoded, the values of its masks counted, and what would fail."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path

from augcli.commands.check.source import (
    CheckContext,
    CheckTask,
    CountValues,
    Examine,
    Failure,
    Seen,
    failure_of,
    set_up,
)
from augcli.data import Dataset, Item
from augcli.engines import Bug, Engine, Lost, Raised
from augcli.engines.local import local_engine
from augcli.errors import AugcliError, DatasetError, ImageError
from augcli.imageio import Header
from augcli.labels.mask_statistics import MasksSeen, Tally, Values
from augcli.labels.masks import MaskSpec, looked_at
from augcli.labels.statistics import Counts
from augcli.output.report import LeftOutLine, Progress
from augcli.pipeline.plan import EVERYTHING, Job, is_expanded, make_plan
from augcli.pipeline.prepare import as_found, categories_by_file, read_input, specs_of
from augcli.recipe import Recipe

SOURCES_PER_WORKER = 64  # fewer are read before another process has started

Size = tuple[int, int]


@dataclass(frozen=True)
class Duplicate:
    """Pictures whose files are equal byte by byte, in the order of their keys.

    `masks_differ`: so do not their masks; `splits` are those in which they lie, in the order of their names.
    """

    images: tuple[str, ...]
    masks_differ: bool
    splits: tuple[str, ...]


def _duplicate(several: Sequence[tuple[Item, Seen]]) -> Duplicate:
    items = [item for item, _ in several]
    labels = {seen.labels for _, seen in several if seen.labels}
    splits = sorted({item.split for item in items if item.split})
    return Duplicate(tuple(item.image for item in items), len(labels) > 1, tuple(splits))


@dataclass(frozen=True)
class Survey:
    """A data set and what a recipe would make of it. `seen` is in the order of the data set's items.

    `looks` are the masks by which it was found what masks are here; `tallies` count all of them, by name.
    `annotations` are counted by annotation file.
    `collision` says why there can be no plan, `questions` why it is open what the masks of a name are.
    """

    recipe: Recipe
    dataset: Dataset
    jobs: tuple[Job, ...]
    seen: tuple[Seen, ...]
    looks: tuple[Values, ...]
    specs: Mapping[str, MaskSpec]
    tallies: Mapping[str, Tally]
    annotations: Mapping[str, Counts]
    collision: AugcliError | None
    questions: tuple[AugcliError, ...]

    @property
    def refusals(self) -> list[AugcliError]:
        """Why `expand` would do nothing at all."""
        return [*([self.collision] if self.collision else []), *self.questions]

    @cached_property
    def masks(self) -> list[MasksSeen]:
        """The masks, those of each name together."""
        names = dict.fromkeys(name for item in self.dataset.items for name in item.masks)
        return [self._masks_of(name) for name in names]

    def _masks_of(self, name: str) -> MasksSeen:
        looks = tuple(one for one in self.looks if one.look.name == name)
        paths = {path for item in self.dataset.items if name in item.masks for path in item.files_of(name)}
        headers = (seen.masks[path] for seen in self.seen for path in seen.masks if path in paths)
        kinds = Counter(map(kind_of, headers))
        return MasksSeen(name, self.specs.get(name), looks, self.tallies[name], kinds, self.recipe.input)

    @property
    def headers(self) -> list[Header]:
        """The headers of the images that can be read."""
        return [seen.image for seen in self.seen if seen.image]

    @property
    def sizes(self) -> Counter[Size]:
        """How many images have a (width, height), upright."""
        return Counter(header.upright_size for header in self.headers)

    @property
    def image_kinds(self) -> Counter[str]:
        """How many images are of a format and mode: `JPEG RGB`."""
        return Counter(map(kind_of, self.headers))

    @property
    def turned(self) -> int:
        """How many images have an EXIF orientation."""
        return sum(header.orientation != 1 for header in self.headers)

    @property
    def notes(self) -> Counter[str]:
        """What is converted in reading pictures, and in how many of them."""
        return Counter(seen.note for seen in self.seen if seen.note)

    @cached_property
    def duplicates(self) -> list[Duplicate]:
        """The pictures that are there more than once."""
        equal: dict[tuple[str, int], list[tuple[Item, Seen]]] = defaultdict(list)
        for job, seen in zip(self.jobs, self.seen, strict=True):
            if seen.sha256:
                equal[seen.sha256, job.item.page].append((job.item, seen))
        return [_duplicate(several) for several in equal.values() if len(several) > 1]

    @property
    def splits(self) -> dict[str, int]:
        """How many sources are in each split; empty where there are no splits."""
        return dict(Counter(item.split for item in self.dataset.items if item.split))

    @property
    def labels(self) -> dict[str, int]:
        """How many sources each class folder holds."""
        return dict(Counter(item.label for item in self.dataset.items if item.label))

    @property
    def groups(self) -> int:
        """How many groups there are."""
        return len({item.group for item in self.dataset.items})

    @property
    def failures(self) -> list[Failure]:
        """What would fail, source by source."""
        return [failure for seen in self.seen for failure in seen.failures]

    @cached_property
    def left_out(self) -> list[LeftOutLine]:
        """What of the annotation files cannot be used, file by file: first what is wrong with the file."""
        lines = []
        for file, head in self.dataset.annotation_files.items():
            lines += [LeftOutLine(fault.partition(": ")[0], None, fault) for fault in head.left_out]
            lines += [
                LeftOutLine(file, job.item.image, one.sentence())
                for job, seen in zip(self.jobs, self.seen, strict=True)
                for one in seen.annotations.left_out
                if one.file == file
            ]
        return lines

    @property
    def bare(self) -> list[str]:
        """The images of which no annotation file has an annotation."""
        return [i.image for i in self.dataset.items if i.entries and not any(i.annotations.values())]

    @property
    def outside(self) -> list[tuple[str, int, str]]:
        """The boxes that reach out of their picture: the annotation's file and id, and the image."""
        jobs = zip(self.jobs, self.seen, strict=True)
        return [(*one, job.item.image) for job, seen in jobs for one in seen.annotations.outside]

    @property
    def pairs(self) -> int:
        """How many pairs are planned."""
        return sum(len(job.pairs) for job in self.jobs)

    @property
    def failing_pairs(self) -> int:
        """How many of them would fail."""
        planned = {job.item.key: len(job.pairs) for job in self.jobs}
        return sum(min(planned[s.key], sum(f.pairs for f in s.failures)) for s in self.seen)

    def is_expanded(self, split: str) -> bool:
        """Whether the sources of a split get copies."""
        one = next(item for item in self.dataset.items if item.split == split)
        return is_expanded(self.recipe, one, self.splits)


def kind_of(header: Header) -> str:
    """A file's format and mode: `JPEG RGB`."""
    return f"{header.format.upper()} {header.mode}"


def survey(
    recipe: Recipe,
    root: Path,
    *,
    workers: int,
    max_pixels: int,
    images: Path | None = None,
    progress: Progress | None = None,
) -> Survey:
    """Look at a data set as a recipe's `input` reads it. Writes nothing, and needs no OpenCV.

    Decodes all files in the workers, and at most 200 masks once more before that, to find what they are.
    Of each source a few numbers are kept, no pixels. Raises DatasetError where there is no data set to look
    at; other reasons to refuse it are in the result.
    """
    dataset = read_input(recipe, root, images)
    recipe = as_found(recipe, dataset)
    jobs, collision = _planned(recipe, dataset)
    chosen = {item.key for item in looked_at(dataset.items)}
    tried = [job for job in jobs if job.item.key in chosen]
    context = CheckContext(dataset.root, recipe, max_pixels, categories_by_file(dataset))
    engine = survey_engine(context, len(jobs), workers)
    progress = progress or Progress()
    progress.begins(len(tried) + len(jobs), 0)
    try:
        looks = look(engine, tried, progress)
        specs, questions = _specs(recipe, looks, [job.item for job in tried])
        tallies = _tallies(recipe, dataset, specs)
        counts = {file: Counts() for file in dataset.annotation_files}
        tasks = (Examine(job, specs) for job in jobs)
        seen = {key: _tallied(one, tallies, counts) for key, one in _run_tasks(engine, tasks, progress)}
    finally:
        engine.close()
        progress.ends()
    ordered = tuple(seen[job.item.key] for job in jobs)
    told = (tallies, counts, collision, questions)
    return Survey(recipe, dataset, tuple(jobs), ordered, looks, specs, *told)


def _planned(recipe: Recipe, dataset: Dataset) -> tuple[list[Job], AugcliError | None]:
    """The plan; where names collide, the sources without it."""
    try:
        return make_plan(recipe, dataset, EVERYTHING), None
    except DatasetError as error:
        return [Job(item, ()) for item in dataset.items], error


def _specs(
    recipe: Recipe, looks: Sequence[Values], tried: Sequence[Item]
) -> tuple[dict[str, MaskSpec], tuple[AugcliError, ...]]:
    """What the masks of each name are, and the questions that stay open."""
    specs: dict[str, MaskSpec] = {}
    questions: list[AugcliError] = []
    for name in dict.fromkeys(name for item in tried for name in item.masks):
        own = [replace(item, masks={name: item.masks[name]}) for item in tried if name in item.masks]
        try:
            specs |= specs_of(recipe, [one.look for one in looks], own)
        except DatasetError as error:
            questions.append(error)
    return specs, tuple(questions)


def _tallies(recipe: Recipe, dataset: Dataset, specs: Mapping[str, MaskSpec]) -> dict[str, Tally]:
    """An empty tally for each mask's name."""
    names = dict.fromkeys(name for item in dataset.items for name in item.masks)
    return {name: Tally(specs.get(name), recipe.input, name) for name in names}


def _tallied(seen: Seen, tallies: Mapping[str, Tally], counts: Mapping[str, Counts]) -> Seen:
    """A source without its masks' values and counts of annotations, which are added up."""
    for one in seen.values:
        tallies[one.look.name].add(one)
    for file, own in seen.annotations.counts.items():
        counts[file].add(own)
    annotations = replace(seen.annotations, counts={}) if seen.annotations.counts else seen.annotations
    return replace(seen, values=(), annotations=annotations)


def survey_engine(context: CheckContext, tasks: int, workers: int) -> Engine[CheckTask, Seen]:
    """An engine for a survey: this process alone for a small data set."""
    most = max(1, min(workers, math.ceil(tasks / SOURCES_PER_WORKER)))
    return local_engine(partial(set_up, context), workers=most, alone=lambda task: [task])


def look(
    engine: Engine[CheckTask, Seen], jobs: Sequence[Job], progress: Progress | None = None
) -> tuple[Values, ...]:
    """The values of these sources' masks, in their order; of those that can be read. Raises Bug."""
    found = dict(_run_tasks(engine, map(CountValues, jobs), progress or Progress()))
    return tuple(one for job in jobs for one in found[job.item.key].values)


def _run_tasks(
    engine: Engine[CheckTask, Seen], tasks: Iterable[CheckTask], progress: Progress
) -> Iterator[tuple[str, Seen]]:
    """What came of each task, with the source's key. Raises Bug."""
    for task, outcome in engine.run(tasks):
        progress.advances()
        if isinstance(outcome, Raised):
            raise Bug(outcome.traceback)
        if isinstance(outcome, Lost):
            error = ImageError(f"the worker died: {outcome.reason}", where=task.job.item.image)
            yield task.job.item.key, Seen(task.job.item.key, failures=(failure_of(task.job, error),))
        else:
            yield task.job.item.key, outcome.result
