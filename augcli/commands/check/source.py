"""One source as `check` examines it: its files decoded, its masks counted, and what would fail of it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from augcli.data import PANOPTIC, Array, Colors
from augcli.errors import ImageError
from augcli.geometry import Frame
from augcli.imageio import Header, encode_image, read_header
from augcli.labels.annotations import check_entries
from augcli.labels.instances import checked_part
from augcli.labels.mask_statistics import Values, together, values_of
from augcli.labels.masks import MaskSpec, prepared
from augcli.labels.statistics import Counted, counted
from augcli.labels.validate import Category
from augcli.pipeline.augment import ORIGINAL, Making, accepted, fitted, variant_of
from augcli.pipeline.encode import written_format
from augcli.pipeline.load import (
    check_name,
    check_pages,
    check_size,
    image_pages,
    pixel_format,
    read_file,
    read_source,
    whole_mask,
)
from augcli.pipeline.plan import Job, Pair, is_soft
from augcli.pipeline.prepare import border_of
from augcli.recipe import Group, Recipe, Step, Variant
from augcli.render.draw import draw, resolve


@dataclass(frozen=True)
class Failure:
    """Why `pairs` pairs of a source would fail: those of one variant, or (`variant` None) all of them."""

    key: str
    variant: str | None
    pairs: int
    what: str
    where: str
    hint: str

    def sentence(self) -> str:
        """The failure in one line."""
        of = f"variant {self.variant}: " if self.variant else ""
        return str(ImageError(of + self.what, where=self.where, hint=self.hint))

    def as_json(self) -> dict[str, Any]:
        """The failure for programs."""
        return {
            "key": self.key,
            "variant": self.variant,
            "pairs": self.pairs,
            "what": self.what,
            "where": self.where,
            "mend": self.hint,
        }


@dataclass(frozen=True)
class Seen:
    """One source as it was read: the headers of its files by path, its masks counted, what would fail.

    `note` says what reading the picture converts. `sha256` is that of the image's file (with `#` and the
    page where that is one of several), and `labels` one of all its masks' values; both are empty where a
    file could not be read. `annotations` are those that annotation files have of it.
    """

    key: str
    image: Header | None = None
    masks: Mapping[str, Header] = field(default_factory=dict)
    values: tuple[Values, ...] = ()
    failures: tuple[Failure, ...] = ()
    note: str = ""
    sha256: str = ""
    labels: str = ""
    annotations: Counted = field(default_factory=Counted)


@dataclass(frozen=True)
class CheckContext:
    """What all tasks of a survey share; `categories` go by annotation file."""

    root: Path
    recipe: Recipe
    max_pixels: int
    categories: Mapping[str, Mapping[int, Category]] = field(default_factory=dict)


@dataclass(frozen=True)
class CountValues:
    """A task: count the values of a source's masks, before it is known what masks are here."""

    job: Job


@dataclass(frozen=True)
class Examine:
    """A task: decode a source's files, and hold its masks against what masks are here."""

    job: Job
    specs: Mapping[str, MaskSpec]


CheckTask = CountValues | Examine


def set_up(context: CheckContext) -> Callable[[CheckTask], Seen]:
    """Prepare a worker; returns its job function."""
    return lambda task: _looked(context, task) if isinstance(task, CountValues) else _examined(context, task)


def failure_of(job: Job, error: ImageError) -> Failure:
    """The failure of all pairs of a source."""
    where = error.where or job.item.image
    return Failure(job.item.key, None, len(job.pairs), error.what, where, error.hint)


@contextmanager
def _noted(errors: list[ImageError], where: str) -> Iterator[None]:
    """Go on after an ImageError, and keep it."""
    try:
        yield
    except ImageError as error:
        errors.append(error)
    except MemoryError:
        errors.append(ImageError("not enough memory", where=where, hint="use fewer workers (-j)"))


def _looked(context: CheckContext, task: CountValues) -> Seen:
    """The values of a source's masks, of several files the first one's; what fails is left out."""
    item, values = task.job.item, list[Values]()
    for name, path in item.masks.items():
        if not is_soft(context.recipe, name):
            with _noted([], path):
                data = read_file(context.root / path, path)
                mask = whole_mask(data, item, path, context.max_pixels)
                values.append(values_of(mask, path, name, len(item.parts.get(name, ()))))
    return Seen(item.key, values=tuple(values))


def _examined(context: CheckContext, task: Examine) -> Seen:
    """All there is to say of a source. Its faults are named file by file, one of each."""
    item, source = task.job.item, _SourceFindings(context, task)
    with _noted(source.errors, item.image):
        source.read_image()
    for name in item.masks:
        source.read_masks(name)
    failures = [failure_of(task.job, error) for error in source.errors]
    if source.image and not failures:
        failures = _pair_failures(context, task, source.image)
    return source.seen(tuple(failures))


class _SourceFindings:
    """What is found of a source while its files are read, one after the other.

    No pixels are kept but those of the map of panoptic segments.
    """

    def __init__(self, context: CheckContext, task: Examine) -> None:
        self.context, self.item, self.specs = context, task.job.item, task.specs
        self.image: Header | None = None
        self.masks: dict[str, Header] = {}
        self.values: list[Values] = []
        self.errors: list[ImageError] = []
        self.note = self.sha256 = ""
        self.labels = hashlib.sha256()
        self.colors: Array | None = None

    def read_image(self) -> None:
        """Raises ImageError as `read_source` does."""
        path, most = self.item.image, self.context.max_pixels
        data = read_file(self.context.root / path, path)
        header = read_header(data, where=path, max_pixels=most)
        check_name(path, header)
        check_pages(self.item, header, self.context.recipe)
        images = image_pages({path: data}, self.item, path, most)
        self.image, self.note = header, images[0].note
        self.sha256 = hashlib.sha256(data).hexdigest()
        for image in images:
            pixel_format(image, self.context.recipe.input.image.range, path)
        check_entries(self.item, *header.upright_size)

    def read_masks(self, name: str) -> None:
        """Read all the files of a mask, and keep what is wrong with each, as `read_labels` says it."""
        counted: list[Values] = []
        for path in self.item.files_of(name):
            with _noted(self.errors, path):
                counted += self._read_mask(name, path)
        if counted:
            self.values.append(together(counted) if self._is_several(name) else counted[0])

    def _is_several(self, name: str) -> bool:
        return len(self.item.files_of(name)) > 1

    def _read_mask(self, name: str, path: str) -> list[Values]:
        """The values of a mask's file; none of a second picture's."""
        most = self.context.max_pixels
        data = read_file(self.context.root / path, path)
        header = self.masks[path] = read_header(data, where=path, max_pixels=most)
        if is_soft(self.context.recipe, name):
            for image in image_pages({path: data}, self.item, path, most):
                self._hash(name, image.pixels)
            self._check(header.upright_size, path)
            return []
        values = self._count(data, name, path)
        self._check(header.size, path)
        return [values]

    def _check(self, size: tuple[int, int], path: str) -> None:
        if self.image:
            check_size(self.image, size, self.item.image, path)

    def _count(self, data: bytes, name: str, path: str) -> Values:
        """Hold a mask's values against what masks are here, and count them."""
        mask = whole_mask(data, self.item, path, self.context.max_pixels)
        self._hash(name, mask.values)
        if name == PANOPTIC and self.item.entries:
            self.colors = mask.values
        if spec := self.specs.get(name):
            ready = prepared(mask, spec, self.context.recipe.output.mask, path)
            if self._is_several(name) or self.context.recipe.input.is_apart(name):
                checked_part(ready, path)
        return values_of(mask, path, name)

    def _hash(self, name: str, values: Array) -> None:
        self.labels.update(f"{name} {values.dtype} {values.shape} ".encode())
        self.labels.update(np.ascontiguousarray(values).data)

    def seen(self, failures: tuple[Failure, ...]) -> Seen:
        """What was found, and what would fail."""
        labels = "" if self.errors else self.labels.hexdigest()
        size = self.image.upright_size if self.image and not self.errors else None
        annotations = counted(self.item, size, self.context.categories, self.colors)
        found = (self.image, self.masks, tuple(self.values), failures)
        return Seen(self.item.key, *found, self.note, self.sha256, labels, annotations)


def _pair_failures(context: CheckContext, task: Examine, header: Header) -> list[Failure]:
    """The variants whose pairs would fail: for the picture's size, its labels, or what a format can hold."""
    recipe, item = context.recipe, task.job.item
    failed: dict[str, list[ImageError]] = {}
    making = _making(context, task) if any(map(_is_tried, recipe.variants)) else None
    for pair in task.job.pairs:
        chosen = variant_of(recipe, pair.variant)
        try:
            if making and chosen and _is_tried(chosen):
                accepted(making, pair.key, pair.variant, pair.copy)
            _check_pair(recipe, pair, header)
        except ImageError as error:
            failed.setdefault(pair.variant, []).append(error)
    return [
        Failure(item.key, variant, len(errors), errors[0].what, item.image, errors[0].hint)
        for variant, errors in failed.items()
    ]


def _is_tried(variant: Variant) -> bool:
    """Whether only the source itself can tell if a variant's copies can be made."""
    return variant.accept is not None or variant.looks_at_labels


def _making(context: CheckContext, task: Examine) -> Making:
    """The source in memory."""
    recipe = context.recipe
    source = read_source(context.root, task.job.item, task.specs, recipe, context.max_pixels)
    return Making(recipe, source.sample, border_of(recipe), source.spec_of)


def _check_pair(recipe: Recipe, pair: Pair, header: Header) -> None:
    """Raise ImageError where a picture is too small or too large for a pair's steps, or cannot be written."""
    chosen = variant_of(recipe, pair.variant)
    frame = Frame(*header.upright_size)
    if chosen and not chosen.looks_at_labels:
        frame = last_frame(recipe, chosen, pair.key, pair.copy, frame)
    fitted(recipe.output, frame)
    wanted = recipe.output.image.format
    written = written_format(header.format) if wanted == "same" else wanted
    is_encoded = pair.variant != ORIGINAL or written != header.format
    made = (header.dtype, header.colors, header.alpha, header.channels, header.has_icc)
    if is_encoded and (refusal := _encoding_error(written, *made)):
        raise ImageError(refusal[0], hint=refusal[1])


def last_frame(recipe: Recipe, variant: Variant, key: str, copy: int, frame: Frame) -> Frame:
    """The frame that a copy's steps end in. Raises ImageError as `augment` does."""
    # Draws go by names: what is drawn for the others does not depend on those that are left out.
    moving = replace(variant, children=tuple(child for child in variant.children if _moves(child)))
    drawn = draw(moving, seed=recipe.seed, source=key, copy=copy)
    # An elastic field fits every picture, and making one here would load OpenCV.
    return resolve([step for step in drawn if step.transform.family != "elastic"], frame)[1]


def _moves(child: Step | Group) -> bool:
    """Whether a step, or one of a group, may change the frame."""
    return any(map(_moves, child.children)) if isinstance(child, Group) else child.transform.moves


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
        return error.what, error.hint
    return None
