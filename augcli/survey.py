"""What a data set holds: the headers of all its files, the values of some masks, and what would fail."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property, lru_cache, partial
from pathlib import Path

import numpy as np

from augcli.augment import ORIGINAL, fitted, variant_of
from augcli.codec import Header, check_image, check_mask, decode_mask, encode_image
from augcli.draw import draw, resolve
from augcli.engines import Engine, Lost, Raised
from augcli.engines.local import local_engine
from augcli.errors import AugcliError, DatasetError, ImageError
from augcli.geometry import Frame
from augcli.masks import MaskSpec, looked_at
from augcli.plan import EVERYTHING, Job, Pair, is_expanded, is_soft, make_plan
from augcli.recipe import Recipe, Variant
from augcli.run import Bug, read_input, specs_of
from augcli.sample import Colors, Dataset, Item
from augcli.source import check_name, check_size, read_file, read_labels
from augcli.values import MasksSeen, Values, values_of
from augcli.worker import written_format

SOURCES_PER_WORKER = 64  # fewer are read before another process has started

Size = tuple[int, int]


@dataclass(frozen=True)
class Failure:
    """Why `pairs` pairs of a source would fail: those of one variant, or (`variant` None) all of them."""

    key: str
    variant: str | None
    pairs: int
    what: str
    where: str
    mend: str

    def sentence(self) -> str:
        """The failure in one line."""
        of = f"variant {self.variant}: " if self.variant else ""
        return str(ImageError(of + self.what, where=self.where, mend=self.mend))


@dataclass(frozen=True)
class Seen:
    """One source as it was read: the headers of its files by path, its decoded masks, what would fail."""

    key: str
    image: Header | None = None
    masks: Mapping[str, Header] = field(default_factory=dict)
    values: tuple[Values, ...] = ()
    failures: tuple[Failure, ...] = ()


@dataclass(frozen=True)
class Survey:
    """A data set and what a recipe would make of it. `seen` is in the order of the data set's items.

    `collision` says why there can be no plan, `question` why it is open what the masks are.
    """

    recipe: Recipe
    dataset: Dataset
    jobs: tuple[Job, ...]
    seen: tuple[Seen, ...]
    specs: Mapping[str, MaskSpec]
    collision: AugcliError | None
    question: AugcliError | None

    @property
    def refusals(self) -> list[AugcliError]:
        """Why `expand` would do nothing at all."""
        return [error for error in (self.collision, self.question) if error]

    @cached_property
    def masks(self) -> list[MasksSeen]:
        """The masks, those of each name together."""
        names = dict.fromkeys(name for item in self.dataset.items for name in item.masks)
        return [self._masks_of(name) for name in names]

    def _masks_of(self, name: str) -> MasksSeen:
        values = tuple(one for seen in self.seen for one in seen.values if one.look.name == name)
        paths = {path for item in self.dataset.items if name in item.masks for path in item.files_of(name)}
        headers = (seen.masks[path] for seen in self.seen for path in seen.masks if path in paths)
        return MasksSeen(
            name, self.specs.get(name), values, Counter(map(kind_of, headers)), self.recipe.input
        )

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


@dataclass(frozen=True)
class Context:
    """What all tasks of a survey share."""

    root: Path
    recipe: Recipe
    max_pixels: int


@dataclass(frozen=True)
class Read:
    """A task: read the headers of a source's files, and decode its masks if they are `looked_at`."""

    job: Job
    looked_at: bool


@dataclass(frozen=True)
class Hold:
    """A task: decode a source's masks and hold them against what masks are here."""

    job: Job
    specs: Mapping[str, MaskSpec]


Task = Read | Hold


def survey(recipe: Recipe, root: Path, *, workers: int, max_pixels: int) -> Survey:
    """Look at a data set as a recipe's `input` reads it. Writes nothing, and needs no OpenCV.

    Reads the headers of all files, and decodes at most 200 masks. Raises DatasetError where there is no data
    set to look at; other reasons to refuse it are in the result.
    """
    dataset = read_input(recipe, root)
    jobs, collision = _planned(recipe, dataset)
    chosen = {item.key for item in looked_at(dataset.items)}
    engine = survey_engine(Context(root, recipe, max_pixels), len(jobs), workers)
    try:
        seen = run_tasks(engine, [Read(job, job.item.key in chosen) for job in jobs])
        tried = [item for item in dataset.items if item.key in chosen]
        specs, question = _specs(recipe, seen, tried)
        held = run_tasks(engine, _to_hold(jobs, seen, specs)) if specs else {}
    finally:
        engine.close()
    ordered = tuple(_with_failures(seen[job.item.key], held.get(job.item.key)) for job in jobs)
    return Survey(recipe, dataset, tuple(jobs), ordered, specs, collision, question)


def _planned(recipe: Recipe, dataset: Dataset) -> tuple[list[Job], AugcliError | None]:
    """The plan; where names collide, the sources without it."""
    try:
        return make_plan(recipe, dataset, EVERYTHING), None
    except DatasetError as error:
        return [Job(item, ()) for item in dataset.items], error


def _specs(
    recipe: Recipe, seen: Mapping[str, Seen], tried: Sequence[Item]
) -> tuple[dict[str, MaskSpec], AugcliError | None]:
    """What the masks are, or the open question."""
    looks = [one.look for source in seen.values() for one in source.values]
    try:
        return specs_of(recipe, looks, tried), None
    except DatasetError as error:
        return {}, error


def _to_hold(jobs: Iterable[Job], seen: Mapping[str, Seen], specs: Mapping[str, MaskSpec]) -> list[Hold]:
    """The sources whose masks were looked at, and those with masks of a format or mode that was not."""
    known = {kind_of(h) for source in seen.values() if source.values for h in source.masks.values()}
    return [
        Hold(job, specs)
        for job in jobs
        if (source := seen[job.item.key]).values
        or any(kind_of(header) not in known for header in source.masks.values())
    ]


def _with_failures(seen: Seen, held: Seen | None) -> Seen:
    """A source with what was found when its masks were held against the others."""
    if held is None or any(failure.variant is None for failure in seen.failures):
        return seen
    return Seen(seen.key, seen.image, seen.masks, seen.values, held.failures + seen.failures)


def survey_engine(context: Context, tasks: int, workers: int) -> Engine[Task, Seen]:
    """An engine for a survey: this process alone for a small data set."""
    most = max(1, min(workers, math.ceil(tasks / SOURCES_PER_WORKER)))
    return local_engine(partial(set_up, context), workers=most, alone=lambda task: [task])


def set_up(context: Context) -> Callable[[Task], Seen]:
    """Prepare a worker; returns its job function."""
    return lambda task: _read(context, task) if isinstance(task, Read) else _held(context, task)


def run_tasks(engine: Engine[Task, Seen], tasks: Iterable[Task]) -> dict[str, Seen]:
    """What came of each task, by the source's key. Raises Bug."""
    found = {}
    for task, outcome in engine.run(tasks):
        if isinstance(outcome, Raised):
            raise Bug(outcome.traceback)
        if isinstance(outcome, Lost):
            error = ImageError(f"the worker died: {outcome.reason}", where=task.job.item.image)
            found[task.job.item.key] = Seen(task.job.item.key, failures=(_failure(task.job, error),))
        else:
            found[task.job.item.key] = outcome.result
    return found


def _failure(job: Job, error: ImageError) -> Failure:
    where = error.where or job.item.image
    return Failure(job.item.key, None, len(job.pairs), error.what, where, error.mend)


@contextmanager
def _noted(errors: list[ImageError], where: str) -> Iterator[None]:
    """Go on after an ImageError, and keep it."""
    try:
        yield
    except ImageError as error:
        errors.append(error)
    except MemoryError:
        errors.append(ImageError("not enough memory", where=where, mend="use fewer workers (-j)"))


def _read(context: Context, task: Read) -> Seen:
    """A source's headers and values, and what would fail of it."""
    item = task.job.item
    image: Header | None = None
    masks: dict[str, Header] = {}
    values: list[Values] = []
    errors: list[ImageError] = []
    with _noted(errors, item.image):
        image = _image_header(context, item)
    for name, path in _mask_files(item):
        with _noted(errors, path):
            data = read_file(context.root / path, path)
            check = check_image if is_soft(context.recipe, name) else check_mask
            masks[path] = check(data, where=path, max_pixels=context.max_pixels)
            if task.looked_at and path == item.masks[name] and check is check_mask:
                decoded = decode_mask(data, where=path, max_pixels=context.max_pixels)
                values.append(values_of(decoded, path, name, len(item.parts.get(name, ()))))
            if image:
                size = masks[path].upright_size if check is check_image else masks[path].size
                check_size(image, size, item.image, path)
    failures = [_failure(task.job, error) for error in errors]
    if image and not failures:
        failures = _pair_failures(context.recipe, task.job, image)
    return Seen(item.key, image, masks, tuple(values), tuple(failures))


def _mask_files(item: Item) -> Iterator[tuple[str, str]]:
    for name in item.masks:
        yield from ((name, path) for path in item.files_of(name))


def _image_header(context: Context, item: Item) -> Header:
    data = read_file(context.root / item.image, item.image)
    header = check_image(data, where=item.image, max_pixels=context.max_pixels)
    check_name(item.image, header)
    return header


def _held(context: Context, task: Hold) -> Seen:
    """What of a source's masks contradicts the others."""
    item, errors = task.job.item, list[ImageError]()
    with _noted(errors, item.image):
        header = _image_header(context, item)
        data = {path: read_file(context.root / path, path) for path in item.files}
        read_labels(data, item, header, task.specs, context.recipe, context.max_pixels)
    return Seen(item.key, failures=tuple(_failure(task.job, error) for error in errors))


def _pair_failures(recipe: Recipe, job: Job, header: Header) -> list[Failure]:
    """The variants whose pairs would fail: for the picture's size, or for what a format cannot hold."""
    failed: dict[str, list[ImageError]] = {}
    for pair in job.pairs:
        try:
            _check_pair(recipe, pair, header)
        except ImageError as error:
            failed.setdefault(pair.variant, []).append(error)
    image = job.item.image
    return [
        Failure(job.item.key, variant, len(errors), errors[0].what, image, errors[0].mend)
        for variant, errors in failed.items()
    ]


def _check_pair(recipe: Recipe, pair: Pair, header: Header) -> None:
    """Raise ImageError where a picture is too small or too large for a pair's steps, or cannot be written."""
    chosen = variant_of(recipe, pair.variant)
    frame = Frame(*header.upright_size)
    fitted(recipe.output, last_frame(recipe, chosen, pair.key, pair.copy, frame) if chosen else frame)
    wanted = recipe.output.image.format
    written = written_format(header.format) if wanted == "same" else wanted
    is_encoded = pair.variant != ORIGINAL or written != header.format
    made = (header.dtype, header.colors, header.alpha, header.channels, header.has_icc)
    if is_encoded and (refusal := _encoding_error(written, *made)):
        raise ImageError(refusal[0], mend=refusal[1])


def last_frame(recipe: Recipe, variant: Variant, key: str, copy: int, frame: Frame) -> Frame:
    """The frame that a copy's steps end in. Raises ImageError as `augment` does."""
    drawn = draw(variant, seed=recipe.seed, source=key, copy=copy)
    # An elastic field fits every picture, and making one here would load OpenCV.
    return resolve([step for step in drawn if step.transform.family != "elastic"], frame)[1]


@lru_cache
def _encoding_error(
    written: str, dtype: str, colors: Colors, alpha: bool, channels: int, has_icc: bool
) -> tuple[str, str] | None:
    """Why no picture of this kind can be written in a format, and the mend: found by writing one pixel."""
    pixel = np.zeros((1, 1, channels), dtype)
    profile = b"profile" if has_icc else None
    try:
        encode_image(pixel, format=written, colors=colors, alpha=alpha, icc=profile)
    except ImageError as error:
        return error.what, error.mend
    return None
