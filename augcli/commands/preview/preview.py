"""preview: a sheet of sources and their copies, or of the steps to them, pixels as `expand` writes them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path

from PIL import Image

from augcli.commands.expand.worker import ExpandResult, ExpandTask, set_up, specs_by_looking
from augcli.commands.preview.captions import DOT, counted
from augcli.commands.preview.cells import Drawing
from augcli.commands.preview.html import written
from augcli.commands.preview.select import Selected, chosen_copies, chosen_jobs
from augcli.commands.preview.sheet import Sheet, draw_sheet
from augcli.data import Dataset
from augcli.engines import Engine
from augcli.engines.local import local_engine
from augcli.imageio import MAX_PIXELS
from augcli.labels.masks import MaskSpec, looked_at
from augcli.output.report import Progress
from augcli.pipeline.pair import PairContext
from augcli.pipeline.plan import EVERYTHING, Job, is_expanded, make_plan
from augcli.pipeline.prepare import as_found, border_of, read_input
from augcli.recipe import Recipe
from augcli.recipe.mask_options import SOLE

__all__ = ["Preview", "Selected", "mask_specs", "preview"]


@dataclass(frozen=True)
class Preview:
    """A finished sheet, how many sources and copies it shows, and one line for each that failed.

    `left_out` says what of annotation files cannot be used, whatever the picture, a line each.
    `image` and `page` raise AugcliError for a sheet too large for memory.
    """

    sheet: Sheet
    sources: int
    copies: int
    failures: tuple[str, ...]
    left_out: tuple[str, ...] = ()

    @cached_property
    def image(self) -> Image.Image:
        """The sheet as a picture."""
        return draw_sheet(self.sheet)

    @cached_property
    def page(self) -> str:
        """The sheet as one HTML page that holds its pictures."""
        return written(self.sheet)

    def sentence(self) -> str:
        """The closing sentence."""
        shown = f"{counted(self.sources, 'source')}, {counted(self.copies, 'copy', 'copies')}"
        return f"{shown}, {len(self.failures)} failed"


def preview(recipe: Recipe, root: Path, wanted: Selected, progress: Progress | None = None) -> Preview:
    """Draw a sheet. Raises AugcliError where the recipe does not fit the data set or what is wanted."""
    dataset = read_input(recipe, root, wanted.images)
    root = dataset.root
    recipe = as_found(recipe, dataset)
    (progress or Progress()).found(dataset)
    plan = make_plan(recipe, dataset, EVERYTHING)
    jobs = chosen_jobs(_expanded(recipe, dataset, plan), wanted, root)
    copies = chosen_copies(recipe, jobs, wanted)
    specs = mask_specs(recipe, dataset, wanted.max_pixels)
    drawing = Drawing(recipe, dataset, specs, wanted)
    rows = [row for job, pairs in zip(jobs, copies, strict=True) for row in drawing.rows(job, pairs)]
    summary = _summary(recipe, dataset, plan, specs)
    sheet = Sheet(Path(recipe.file).name, summary, rows, drawing.legend(), wanted.cell)
    left_out = tuple(line for head in dataset.annotation_files.values() for line in head.left_out)
    return Preview(sheet, len(jobs), drawing.copies, tuple(drawing.failures), left_out)


def _expanded(recipe: Recipe, dataset: Dataset, plan: Iterable[Job]) -> list[Job]:
    splits = {item.split for item in dataset.items if item.split}
    return [job for job in plan if is_expanded(recipe, job.item, splits)]


def mask_specs(recipe: Recipe, dataset: Dataset, max_pixels: int = MAX_PIXELS) -> dict[str, MaskSpec]:
    """What the masks of a data set are, by name, found as `expand` finds it."""
    items = looked_at(dataset.items)
    if not items:
        return {}
    context = PairContext(dataset.root, dataset.root, recipe, border_of(recipe), "", max_pixels)
    engine: Engine[ExpandTask, ExpandResult] = local_engine(
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
        f"{dataset.layout} annotations"
        if dataset.annotation_files
        else f"{', '.join(kinds)} masks"
        if kinds
        else "no masks",
        f"border: {border_of(recipe)}",
        f"seed {recipe.seed}",
    ]
    return DOT.join(parts)
