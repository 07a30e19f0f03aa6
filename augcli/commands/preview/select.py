"""Which sources and which of their copies a sheet shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from augcli.errors import AugcliError, DatasetError
from augcli.imageio import MAX_PIXELS
from augcli.pipeline.augment import ORIGINAL
from augcli.pipeline.plan import Job, Pair
from augcli.recipe import Recipe


@dataclass(frozen=True)
class Selected:
    """What a sheet is to show: `rows` sources and `cols` copies of each, or of one `sample` rows x cols.

    With `variant` only copies of that one, with `copy` only those of that number. A `strip` shows one source:
    a row for each of its first `rows` copies, a column for each step. A picture is brought into a square of
    `cell` pixels. `images` is the folder of the images, where the input is an annotation file.
    """

    rows: int = 4
    cols: int = 5
    sample: str | None = None
    cell: int = 240
    max_pixels: int = MAX_PIXELS
    variant: str | None = None
    copy: int | None = None
    strip: bool = False
    images: Path | None = None

    @property
    def most(self) -> int:
        """How many copies of a source are shown at most."""
        if self.strip:
            return self.rows
        return self.cols if self.sample is None else self.cols * self.rows


def chosen_jobs(jobs: Sequence[Job], wanted: Selected, root: Path) -> list[Job]:
    """The named sample's job, or `rows` of them spread evenly. Raises DatasetError where there is none."""
    if not jobs:
        raise DatasetError("no source is in a split that is expanded", where=str(root))
    if wanted.sample is None:
        rows = 1 if wanted.strip else min(wanted.rows, len(jobs))
        return [jobs[(2 * row + 1) * len(jobs) // (2 * rows)] for row in range(rows)]
    for job in jobs:
        if wanted.sample in (job.item.key, job.item.image, str(root / job.item.image)):
            return [job]
    near = get_close_matches(wanted.sample, [job.item.key for job in jobs], 1, 0)
    hint = f"--sample takes a key or a path, like {near[0] if near else jobs[0].item.key}"
    raise DatasetError(f"no source that is expanded is called {wanted.sample}", where=str(root), hint=hint)


def chosen_variant(recipe: Recipe, wanted: Selected) -> str | None:
    """The one variant that is shown, None for all; a strip's is by default the first that is random.

    Raises AugcliError where there is none.
    """
    names = [variant.name for variant in recipe.variants]
    if not names and (wanted.strip or wanted.variant or wanted.copy):
        hint = "leave out --strip, --variant and --copy"
        raise AugcliError("the recipe has no variants", where=recipe.file, hint=hint)
    if wanted.variant is None:
        return next((v.name for v in recipe.variants if v.is_random), names[0]) if wanted.strip else None
    if wanted.variant not in names:
        hint = f"it has {', '.join(names)}"
        raise AugcliError(f"the recipe has no variant '{wanted.variant}'", where=recipe.file, hint=hint)
    return wanted.variant


def chosen_copies(recipe: Recipe, jobs: Sequence[Job], wanted: Selected) -> list[list[Pair]]:
    """The copies of each job that are shown. Raises AugcliError where no job has one of that number."""
    variant = chosen_variant(recipe, wanted)
    known = [[p for p in job.pairs if p.variant != ORIGINAL and variant in (None, p.variant)] for job in jobs]
    found = [[pair for pair in pairs if wanted.copy in (None, pair.copy)] for pairs in known]
    if wanted.copy is not None and not any(found):
        last = max(pair.copy for pairs in known for pair in pairs)
        makes = f"variant {variant} makes no" if variant else "no variant makes a"
        what = f"{makes} copy {wanted.copy}"
        raise AugcliError(what, where=recipe.file, hint=f"the last is copy {last}")
    return [chosen_pairs(pairs, wanted.most) for pairs in found]


def chosen_pairs(copies: Sequence[Pair], most: int) -> list[Pair]:
    """At most `most` copies of a source in plan order: one of each variant, then second ones, and so on."""
    first = sorted(range(len(copies)), key=lambda number: (copies[number].copy, number))[:most]
    return [copies[number] for number in sorted(first)]
