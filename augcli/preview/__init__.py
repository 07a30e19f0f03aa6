"""preview: a contact sheet of sources and their copies, pixels as `expand` writes them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import partial
from pathlib import Path

from PIL import Image

from augcli.augment import ORIGINAL, augment, variant_of
from augcli.codec import MAX_PIXELS
from augcli.engines import Engine
from augcli.engines.local import local_engine
from augcli.errors import DatasetError, ImageError
from augcli.masks import MaskSpec, looked_at
from augcli.plan import EVERYTHING, Job, Pair, is_expanded, make_plan
from augcli.preview.captions import DOT, described
from augcli.preview.overlay import Labels, Rgb, colorful, overlaid
from augcli.preview.sheet import Cell, Chip, Row, draw_sheet
from augcli.recipe import Recipe
from augcli.report import Progress
from augcli.run import border_of, read_input, spec_by_looking
from augcli.sample import Coding, Dataset, Sample
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
    spec = mask_spec(recipe, dataset, wanted.max_pixels)
    drawing = _Drawing(recipe, root, spec, wanted)
    rows = [row for job in jobs for row in drawing.rows(job)]
    image = draw_sheet(
        Path(recipe.file).name, _summary(recipe, dataset, plan, spec), rows, drawing.legend(), wanted.cell
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


def mask_spec(recipe: Recipe, dataset: Dataset, max_pixels: int = MAX_PIXELS) -> MaskSpec | None:
    """What the masks of a data set are, found as `expand` finds it; None where there are none."""
    items = looked_at(dataset.items)
    if not items:
        return None
    context = Context(dataset.root, dataset.root, recipe, border_of(recipe), "", max_pixels)
    engine: Engine[Task, Answer] = local_engine(
        partial(set_up, context), workers=1, alone=lambda task: [task]
    )
    return spec_by_looking(recipe, engine, items)


def _summary(recipe: Recipe, dataset: Dataset, plan: Sequence[Job], spec: MaskSpec | None) -> str:
    variants = [f"{v.name} {v.copies}" if v.is_random else v.name for v in recipe.variants]
    parts = [
        counted(len(dataset.items), "source"),
        counted(sum(len(job.pairs) for job in plan), "pair"),
        f"variants: {', '.join(variants)}" if variants else "no variants",
        f"{spec.kind} masks" if spec else "no masks",
        f"border: {border_of(recipe)}",
        f"seed {recipe.seed}",
    ]
    return DOT.join(parts)


@dataclass
class _Drawing:
    """The cells as they are made, and what was met on the way."""

    recipe: Recipe
    root: Path
    spec: MaskSpec | None
    wanted: Wanted
    copies: int = 0
    failures: list[str] = field(default_factory=list)
    seen: dict[int, Rgb | None] = field(default_factory=dict)

    def rows(self, job: Job) -> list[Row]:
        """A source's rows: the source itself, its copies beside it, further copies below."""
        options = self.recipe.output.mask
        try:
            source = read_source(self.root, job.item, self.spec, options, self.wanted.max_pixels)
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
                fills=dict.fromkeys(source.masks, self.spec.fill if self.spec else 0),
            )
        except (ImageError, MemoryError) as error:
            return self._failed(title, error, source.item.image)
        self.copies += 1
        filled = [f"{100 * result.filled:.0f} % filled"] if result.filled else []
        return self._cell(source, result.sample, title, [*described(result.applied), *filled])

    def _cell(self, source: Decoded, sample: Sample, title: str, details: Sequence[str]) -> Cell:
        looks = {name: self._look(mask.coding) for name, mask in source.masks.items()}
        picture, seen = overlaid(sample.image, sample.masks, looks, self.wanted.cell)
        for name, label in seen:
            look = looks[name]
            self.seen.setdefault(label, None if label == look.ignore else look.color(label))
        width, height = sample.size
        return Cell(title, f"{width}x{height}", tuple(details), picture)

    def _look(self, coding: Coding) -> Labels:
        """How labels are drawn: in the colours of the mask itself, or of its palette, or in ours."""
        return Labels(colorful(coding.palette), coding.mode == "RGB", ignored_label(self.recipe, self.spec))

    def _failed(self, title: str, error: ImageError | MemoryError, where: str) -> Cell:
        if isinstance(error, MemoryError):
            error = ImageError("not enough memory", where=where)
        reason = str(ImageError(error.what, where=error.where or where, mend=error.mend))
        self.failures.append(reason)
        return Cell(title, reason=reason)

    def legend(self) -> list[Chip]:
        """The classes that are seen, in the order of their labels; ignored pixels last."""
        order = sorted(self.seen.items(), key=lambda known: (known[1] is None, known[0]))
        return [Chip(class_name(self.recipe, self.spec, label, color), color) for label, color in order]


def ignored_label(recipe: Recipe, spec: MaskSpec | None) -> int | None:
    """The label that means: no label here, as `overlay` counts labels; None where there is none."""
    if spec is None or spec.kind == "binary":
        return None
    if isinstance(spec.fill, int):
        return None if spec.fill in recipe.input.class_names else spec.fill
    red, green, blue = spec.fill
    return (red << 16) + (green << 8) + blue if isinstance(recipe.input.mask.ignore, str) else None


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
