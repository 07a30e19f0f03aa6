"""One pair in memory: draw, resolve, program, render. What `expand`, `preview` and `apply` share."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from augcli.data import Array, FillValues, LabelMap, Sample
from augcli.errors import ImageError
from augcli.geometry import Border, Frame
from augcli.labels.instances import Dropped, settled
from augcli.labels.masks import MaskSpec, exchanged, label_map
from augcli.recipe import Recipe, Variant
from augcli.recipe.options import AcceptOptions, OutputOptions
from augcli.render.draw import draw, resolve
from augcli.render.program import Program, build_program
from augcli.render.render import Rendered, RenderOptions, render, render_labels
from augcli.transforms.crop import Letterbox, centre_window, scaled_to
from augcli.transforms.mask_aware import foreground, label_of
from augcli.transforms.operations import Applied

ORIGINAL = "original"


@dataclass(frozen=True)
class Augmented:
    """A finished pair: its pixels, what was applied, and the program that it went through.

    `dropped` are the instances of which too little was left, `further` the pages behind the first. `attempts`
    counts how often it was drawn until its variant accepted it.
    """

    sample: Sample
    applied: tuple[Applied, ...]
    program: Program
    filled: float
    dropped: tuple[Dropped, ...] = ()
    further: tuple[Sample, ...] = ()
    attempts: int = 1

    @property
    def pages(self) -> tuple[Sample, ...]:
        """All pages: one, or those of a stack."""
        return (self.sample, *self.further)


def variant_of(recipe: Recipe, name: str) -> Variant | None:
    """A recipe's variant by name; None for the original."""
    return next((variant for variant in recipe.variants if variant.name == name), None)


@dataclass(frozen=True)
class Making:
    """What the copies of one source share: the recipe, the border rule, and what its masks are, by key."""

    recipe: Recipe
    source: Sample
    border: Border
    specs: Mapping[str, MaskSpec]

    @property
    def frame(self) -> Frame:
        """The source's frame."""
        return Frame(*self.source.size)

    @property
    def marks(self) -> dict[str, FillValues]:
        """What is written into each mask besides its own values."""
        return {key: spec.marks for key, spec in self.specs.items()}

    def program(self, applied: Sequence[Applied]) -> Program:
        """What the pixels go through."""
        return build_program(applied, self.frame, self.border)

    def labels_after(self, applied: Sequence[Applied]) -> dict[str, LabelMap]:
        """The source's labels as some steps leave them, by key."""
        return self.label_maps(render_labels(self.program(applied), self.source, self.marks))

    def mirrored(self, program: Program, sample: Sample) -> Sample:
        """The sample with left and right classes exchanged, where the recipe names them and a mirror asks."""
        pairs = self.recipe.input.mirror
        if not pairs or not program.warp().projective().is_mirror:
            return sample
        masks = dict(sample.masks)
        for key in masks.keys() - sample.continuous:
            label = label_map(masks[key], self.specs[key], self.recipe.input)
            masks[key] = exchanged(masks[key], label, pairs)
        return replace(sample, masks=masks)

    def label_maps(self, rendered: Rendered) -> dict[str, LabelMap]:
        """Masks with what their values mean, by key."""
        masks = rendered.sample.masks
        return {key: label_map(mask, self.specs[key], self.recipe.input) for key, mask in masks.items()}


def augment(
    recipe: Recipe,
    source: Sample,
    *,
    key: str,
    variant: str,
    copy: int,
    border: Border,
    specs: Mapping[str, MaskSpec],
    further: Sequence[Sample] = (),
    applied: Sequence[Applied] | None = None,
) -> Augmented:
    """Make one pair from a decoded source; `specs` say what each of its masks is.

    `further` are the pages behind the first, all of one size: they go through the same program, noise and
    all. Of their masks they hold those that are stacks. With `applied` nothing is drawn: these are the steps.
    Raises ImageError where the recipe does not fit.
    """
    making = Making(recipe, source, border, specs)
    applied, attempts = (applied, 1) if applied is not None else accepted(making, key, variant, copy)
    program, sources = making.program(applied), (source, *further)
    rendered = [render(program, page, render_options(recipe.output), making.marks) for page in sources]
    after = [making.mirrored(program, page.sample) for page in rendered]
    instances = [name for name, spec in specs.items() if spec.kind == "instance"]
    maps = (_volumes(sources, instances), _volumes(after, instances))
    volumes, dropped = settled(*maps, instances, recipe.output.annotations)
    result, *others = (_with_slices(page, volumes, number) for number, page in enumerate(after))
    filled = rendered[0].filled
    return Augmented(result, tuple(applied), program, filled, dropped, tuple(others), attempts)


def accepted(making: Making, key: str, variant: str, copy: int) -> tuple[list[Applied], int]:
    """The steps of the first attempt that the variant accepts, and how many attempts there were."""
    recipe, chosen = making.recipe, variant_of(making.recipe, variant)
    accept, fault = (chosen.accept if chosen else None), ""
    for attempt in range(1, accept.tries + 1 if accept else 2):
        drawn = draw(chosen, seed=recipe.seed, source=key, copy=copy, attempt=attempt) if chosen else []
        applied, last = resolve(drawn, making.frame, making.labels_after)
        applied += fitted(recipe.output, last)
        fault = _fault(making, applied, accept) if accept else ""
        if not fault:
            return applied, attempt
    hint = "raise tries, ask for less, or let the steps move the picture less"
    raise ImageError(f"none of {attempt} tries was accepted: {fault}", hint=f"{hint} ({variant})")


def _fault(making: Making, applied: Sequence[Applied], accept: AcceptOptions) -> str:
    """What an attempt has too much or too little of; empty where it is accepted."""
    rendered = render_labels(making.program(applied), making.source, making.marks)
    if accept.max_filled is not None and rendered.filled > accept.max_filled:
        return f"{100 * rendered.filled:.3g} % of the last were filled, max_filled is {accept.max_filled:g}"
    if accept.min_foreground is None:
        return ""
    label = label_of(making.label_maps(rendered), accept.in_mask, "accept")
    fraction, least = float(foreground(label, accept.classes).mean()), accept.min_foreground
    if fraction >= least:
        return ""
    return f"{100 * fraction:.3g} % of the last were foreground, min_foreground is {least:g}"


def _volumes(pages: Sequence[Sample], names: Collection[str]) -> dict[str, Array]:
    """Masks as (pages, H, W): an object of a stack is one object, on however many pages it is seen."""
    return {name: np.stack([page.masks[name] for page in pages if name in page.masks]) for name in names}


def _with_slices(page: Sample, volumes: Mapping[str, Array], number: int) -> Sample:
    """A page with its slice (H, W) of each volume (pages, H, W) that it has a part in."""
    return replace(page, masks=page.masks | {n: volumes[n][number] for n in volumes if n in page.masks})


def render_options(output: OutputOptions) -> RenderOptions:
    """How pictures are sampled under these options."""
    return RenderOptions(output.interpolation, output.fill)


def fitted(output: OutputOptions, frame: Frame) -> list[Applied]:
    """The last resize of `output.size`: stretch, letterbox (bars all around) or crop (the middle)."""
    size = output.size
    if size is None or (size.width, size.height) == (frame.width, frame.height):
        return []
    if output.fit == "stretch":
        return [Applied("resize", {"width": size.width, "height": size.height})]
    if output.fit == "letterbox":
        return Letterbox(size=size).resolve({}, frame)
    inner = scaled_to(frame, size, cover=True)
    resize = Applied("resize", {"width": inner.width, "height": inner.height})
    full = (inner.width, inner.height) == (size.width, size.height)
    return [resize] if full else [resize, centre_window(inner, size)]
