"""preview: a contact sheet of sources and their copies, pixels as `expand` writes them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image

from augcli.augment import ORIGINAL, augment, variant_of
from augcli.codec import MAX_PIXELS
from augcli.engines import Engine
from augcli.engines.local import local_engine
from augcli.errors import DatasetError, ImageError
from augcli.instances import PART, name_of
from augcli.masks import MaskSpec, looked_at
from augcli.plan import EVERYTHING, Job, Pair, is_expanded, make_plan
from augcli.preview.captions import DOT, described
from augcli.preview.display import displayed, window_of
from augcli.preview.overlay import Labels, Rgb, colorful, overlaid
from augcli.preview.sheet import Cell, Chip, Row, draw_sheet
from augcli.recipe import Recipe
from augcli.recipe.labels import SOLE
from augcli.report import Progress
from augcli.run import border_of, read_input, specs_by_looking
from augcli.sample import Array, Coding, Dataset, Sample
from augcli.source import Decoded, read_source
from augcli.worker import Answer, Context, Task, set_up


@dataclass(frozen=True)
class Wanted:
    """What a sheet is to show: `rows` sources and `cols` copies of each, or of one `sample` rows x cols.

    A picture is brought into a square of `cell` pixels.
    """

    rows: int = 4
    cols: int = 5
    sample: str | None = None
    cell: int = 240
    max_pixels: int = MAX_PIXELS


@dataclass(frozen=True)
class Preview:
    """A finished sheet, how many sources and copies it shows, and one line for each that failed."""

    image: Image.Image
    sources: int
    copies: int
    failures: tuple[str, ...]

    def sentence(self) -> str:
        """The closing sentence."""
        shown = f"{counted(self.sources, 'source')}, {counted(self.copies, 'copy', 'copies')}"
        return f"{shown}, {len(self.failures)} failed; {self.image.width}x{self.image.height} pixels"


def counted(number: int, one: str, many: str = "") -> str:
    """A number with its noun."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def preview(recipe: Recipe, root: Path, wanted: Wanted, progress: Progress | None = None) -> Preview:
    """Draw a contact sheet. Raises AugcliError where the recipe does not fit the data set."""
    dataset = read_input(recipe, root)
    (progress or Progress()).found(dataset)
    plan = make_plan(recipe, dataset, EVERYTHING)
    jobs = chosen_jobs(_expanded(recipe, dataset, plan), wanted, root)
    specs = mask_specs(recipe, dataset, wanted.max_pixels)
    drawing = _Drawing(recipe, root, specs, wanted)
    rows = [row for job in jobs for row in drawing.rows(job)]
    image = draw_sheet(
        Path(recipe.file).name, _summary(recipe, dataset, plan, specs), rows, drawing.legend(), wanted.cell
    )
    return Preview(image, len(jobs), drawing.copies, tuple(drawing.failures))


def _expanded(recipe: Recipe, dataset: Dataset, plan: Iterable[Job]) -> list[Job]:
    splits = {item.split for item in dataset.items if item.split}
    return [job for job in plan if is_expanded(recipe, job.item, splits)]


def chosen_jobs(jobs: Sequence[Job], wanted: Wanted, root: Path) -> list[Job]:
    """The named sample's job, or `rows` of them spread evenly. Raises DatasetError where there is none."""
    if not jobs:
        raise DatasetError("no source is in a split that is expanded", where=str(root))
    if wanted.sample is None:
        rows = min(wanted.rows, len(jobs))
        return [jobs[(2 * row + 1) * len(jobs) // (2 * rows)] for row in range(rows)]
    for job in jobs:
        if wanted.sample in (job.item.key, job.item.image, str(root / job.item.image)):
            return [job]
    near = get_close_matches(wanted.sample, [job.item.key for job in jobs], 1, 0)
    mend = f"--sample takes a key or a path, like {near[0] if near else jobs[0].item.key}"
    raise DatasetError(f"no source that is expanded is called {wanted.sample}", where=str(root), mend=mend)


def chosen_pairs(job: Job, most: int) -> list[Pair]:
    """At most `most` copies of a source in plan order: one of each variant, then second ones, and so on."""
    copies = [pair for pair in job.pairs if pair.variant != ORIGINAL]
    first = sorted(range(len(copies)), key=lambda number: (copies[number].copy, number))[:most]
    return [copies[number] for number in sorted(first)]


def mask_specs(recipe: Recipe, dataset: Dataset, max_pixels: int = MAX_PIXELS) -> dict[str, MaskSpec]:
    """What the masks of a data set are, by name, found as `expand` finds it."""
    items = looked_at(dataset.items)
    if not items:
        return {}
    context = Context(dataset.root, dataset.root, recipe, border_of(recipe), "", max_pixels)
    engine: Engine[Task, Answer] = local_engine(
        partial(set_up, context), workers=1, alone=lambda task: [task]
    )
    return specs_by_looking(recipe, engine, items)


def _summary(recipe: Recipe, dataset: Dataset, plan: Sequence[Job], specs: Mapping[str, MaskSpec]) -> str:
    variants = [f"{v.name} {v.copies}" if v.is_random else v.name for v in recipe.variants]
    kinds = [spec.kind if name == SOLE else f"{name}: {spec.kind}" for name, spec in specs.items()]
    parts = [
        counted(len(dataset.items), "source"),
        counted(sum(len(job.pairs) for job in plan), "pair"),
        f"variants: {', '.join(variants)}" if variants else "no variants",
        f"{', '.join(kinds)} masks" if kinds else "no masks",
        f"border: {border_of(recipe)}",
        f"seed {recipe.seed}",
    ]
    return DOT.join(parts)


@dataclass
class _Drawing:
    """The cells as they are made, and what was met on the way."""

    recipe: Recipe
    root: Path
    specs: Mapping[str, MaskSpec]
    wanted: Wanted
    copies: int = 0
    failures: list[str] = field(default_factory=list)
    seen: dict[tuple[str, int], Rgb | None] = field(default_factory=dict)

    def rows(self, job: Job) -> list[Row]:
        """A source's rows: the source itself, its copies beside it, further copies below."""
        try:
            source = read_source(self.root, job.item, self.specs, self.recipe, self.wanted.max_pixels)
        except (ImageError, MemoryError) as error:
            return [[self._failed(job.item.key, error, job.item.image)]]
        first = self._cell(source, source.sample, job.item.key, ())
        across = self.wanted.cols
        most = across if self.wanted.sample is None else across * self.wanted.rows
        cells = [self._copy(source, pair) for pair in chosen_pairs(job, most)]
        starts = range(0, max(1, len(cells)), across)
        return [[None if start else first, *cells[start : start + across]] for start in starts]

    def _copy(self, source: Decoded, pair: Pair) -> Cell:
        variant = variant_of(self.recipe, pair.variant)
        title = f"{pair.variant} {pair.copy}" if variant and variant.is_random else pair.variant
        try:
            result = augment(
                self.recipe,
                source.sample,
                key=pair.key,
                variant=pair.variant,
                copy=pair.copy,
                border=border_of(self.recipe),
                fills=source.fills,
                instances=source.instances,
                further=[page.sample for page in source.further],
            )
        except (ImageError, MemoryError) as error:
            return self._failed(title, error, source.item.image)
        self.copies += 1
        filled = [f"{100 * result.filled:.0f} % filled"] if result.filled else []
        return self._cell(source, result.sample, title, [*described(result.applied), *filled])

    def _cell(self, source: Decoded, sample: Sample, title: str, details: Sequence[str]) -> Cell:
        looks = {key: self._look(name_of(key), mask.coding) for key, mask in source.masks.items()}
        window = window_of(source, self.recipe.input.image.range)
        shown = displayed(sample.image, source.format, window)
        drawn = {key: _by_number(key, sample.masks[key]) for key in looks}
        picture, seen = overlaid(shown, drawn, looks, self.wanted.cell)
        for key, label in (one for one in seen if one[0] not in source.instances):
            look = looks[key]
            self.seen.setdefault((key, label), None if label == look.ignore else look.color(label))
        width, height = sample.size
        return Cell(title, f"{width}x{height}", tuple(details), picture)

    def _look(self, name: str, coding: Coding) -> Labels:
        """How labels are drawn: in the colours of the mask itself, or of its palette, or in ours."""
        ignored = ignored_label(self.recipe, self.specs.get(name))
        return Labels(colorful(coding.palette), coding.mode == "RGB", ignored)

    def _failed(self, title: str, error: ImageError | MemoryError, where: str) -> Cell:
        if isinstance(error, MemoryError):
            error = ImageError("not enough memory", where=where)
        reason = str(ImageError(error.what, where=error.where or where, mend=error.mend))
        self.failures.append(reason)
        return Cell(title, reason=reason)

    def legend(self) -> list[Chip]:
        """The classes that are seen, in the order of their labels; ignored pixels last."""
        order = sorted(self.seen.items(), key=lambda known: (known[1] is None, known[0]))
        chips = (
            Chip(class_name(self.recipe, self.specs.get(name), label, color), color)
            for (name, label), color in order
        )
        return list(dict.fromkeys(chips))


def _by_number(key: str, values: Array) -> Array:
    """A single instance's mask with its number as its label, so that each has a colour of its own."""
    _, _, number = key.partition(PART)
    return np.where(values != 0, np.uint16(number), np.uint16(0)) if number else values


def ignored_label(recipe: Recipe, spec: MaskSpec | None) -> int | None:
    """The label that means: no label here, as `overlay` counts labels; None where there is none."""
    if spec is None or spec.kind in ("binary", "instance"):
        return None
    if isinstance(spec.fill, int):
        return None if spec.fill in recipe.input.class_names else spec.fill
    red, green, blue = spec.fill
    return (
        (red << 16) + (green << 8) + blue if isinstance(recipe.input.mask_of(spec.name).ignore, str) else None
    )


def class_name(recipe: Recipe, spec: MaskSpec | None, label: int, color: Rgb | None) -> str:
    """What the legend calls a label."""
    if spec and spec.kind == "binary":
        return recipe.input.class_names.get(1, "foreground")
    if color is None:
        return "ignored"
    if spec and spec.kind == "rgb":
        named = {color: name for name, color in recipe.input.class_colors.items()}
        return named.get(f"#{label:06x}", f"#{label:06x}")
    return recipe.input.class_names.get(label, str(label))
