"""One pair in memory: draw, resolve, program, render. What `expand`, `preview` and `apply` share."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from augcli.draw import draw, resolve
from augcli.geometry import Border, Frame
from augcli.instances import Dropped, settled
from augcli.ops import Applied
from augcli.program import Program, build_program
from augcli.recipe import Recipe, Variant
from augcli.recipe.options import OutputOptions
from augcli.render import Look, render
from augcli.sample import Array, Sample
from augcli.transforms import TRANSFORMS

ORIGINAL = "original"


@dataclass(frozen=True)
class Augmented:
    """A finished pair: its pixels, what was applied, and the program that it went through.

    `dropped` are the instances of which too little was left, `further` the pages behind the first.
    """

    sample: Sample
    applied: tuple[Applied, ...]
    program: Program
    filled: float
    dropped: tuple[Dropped, ...] = ()
    further: tuple[Sample, ...] = ()

    @property
    def pages(self) -> tuple[Sample, ...]:
        """All pages: one, or those of a stack."""
        return (self.sample, *self.further)


def variant_of(recipe: Recipe, name: str) -> Variant | None:
    """A recipe's variant by name; None for the original."""
    return next((variant for variant in recipe.variants if variant.name == name), None)


def augment(
    recipe: Recipe,
    source: Sample,
    *,
    key: str,
    variant: str,
    copy: int,
    border: Border,
    fills: Mapping[str, Any],
    instances: Collection[str] = (),
    further: Sequence[Sample] = (),
) -> Augmented:
    """Make one pair from a decoded source; `instances` names the masks that tell objects apart.

    `further` are the pages behind the first, all of one size: they go through the same program, noise and
    all. Of their masks they hold those that are stacks. Raises ImageError where the recipe does not fit.
    """
    frame = Frame(*source.size)
    chosen = variant_of(recipe, variant)
    drawn = draw(chosen, seed=recipe.seed, source=key, copy=copy) if chosen else []
    applied, last = resolve(drawn, frame)
    applied += fitted(recipe.output, last)
    program = build_program(applied, frame, border)
    sources = (source, *further)
    rendered = [render(program, page, look_of(recipe.output), fills) for page in sources]
    after = [page.sample for page in rendered]
    maps = (_volumes(sources, instances), _volumes(after, instances))
    volumes, dropped = settled(*maps, instances, recipe.output.annotations)
    result, *others = (_with_slices(page, volumes, number) for number, page in enumerate(after))
    return Augmented(result, tuple(applied), program, rendered[0].filled, dropped, tuple(others))


def _volumes(pages: Sequence[Sample], names: Collection[str]) -> dict[str, Array]:
    """Masks as (pages, H, W): an object of a stack is one object, on however many pages it is seen."""
    return {name: np.stack([page.masks[name] for page in pages if name in page.masks]) for name in names}


def _with_slices(page: Sample, volumes: Mapping[str, Array], number: int) -> Sample:
    """A page with its slice of each volume that it has a part in."""
    return replace(page, masks=page.masks | {n: volumes[n][number] for n in volumes if n in page.masks})


def look_of(output: OutputOptions) -> Look:
    """How pictures are sampled under these options."""
    return Look(output.interpolation, output.fill)


def fitted(output: OutputOptions, frame: Frame) -> list[Applied]:
    """The last resize of `output.size`: stretch, letterbox (bars all around) or crop (the middle)."""
    size = output.size
    if size is None or (size.width, size.height) == (frame.width, frame.height):
        return []
    if output.fit == "stretch":
        return [Applied("resize", {"width": size.width, "height": size.height})]
    inner = _scaled_to(frame, size.width, size.height, cover=output.fit == "crop")
    resized = Applied("resize", {"width": inner.width, "height": inner.height})
    last = "center_crop" if output.fit == "crop" else "pad"
    if (inner.width, inner.height) == (size.width, size.height):
        return [resized]
    return [resized, *TRANSFORMS[last].model_validate({"size": size}).resolve({}, inner)]


def _scaled_to(frame: Frame, width: int, height: int, *, cover: bool) -> Frame:
    """The frame's ratio inside (or around) a box, in whole pixels."""
    across, down = width * frame.height, height * frame.width
    if (across < down) != cover:
        return Frame(width, max(1, (2 * width * frame.height + frame.width) // (2 * frame.width)))
    return Frame(max(1, (2 * height * frame.width + frame.height) // (2 * frame.height)), height)
