"""One pair in memory: draw, resolve, program, render. What `expand`, `preview` and `apply` share."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

from augcli.draw import draw, resolve
from augcli.geometry import Border, Frame
from augcli.instances import Dropped, settled
from augcli.ops import Applied
from augcli.program import Program, build_program
from augcli.recipe import Recipe, Variant
from augcli.recipe.options import OutputOptions
from augcli.render import Look, render
from augcli.sample import Sample
from augcli.transforms import TRANSFORMS

ORIGINAL = "original"


@dataclass(frozen=True)
class Augmented:
    """A finished pair: its pixels, what was applied, and the program that it went through.

    `dropped` are the instances of which too little was left.
    """

    sample: Sample
    applied: tuple[Applied, ...]
    program: Program
    filled: float
    dropped: tuple[Dropped, ...] = ()


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
) -> Augmented:
    """Make one pair from a decoded source; `instances` names the masks that tell objects apart.

    Raises ImageError where the recipe does not fit the picture.
    """
    frame = Frame(*source.size)
    chosen = variant_of(recipe, variant)
    drawn = draw(chosen, seed=recipe.seed, source=key, copy=copy) if chosen else []
    applied, last = resolve(drawn, frame)
    applied += fitted(recipe.output, last)
    program = build_program(applied, frame, border)
    rendered = render(program, source, look_of(recipe.output), fills)
    result = rendered.sample
    masks, dropped = settled(source.masks, result.masks, instances, recipe.output.annotations)
    result = replace(result, masks=masks)
    return Augmented(result, tuple(applied), program, rendered.filled, dropped)


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
