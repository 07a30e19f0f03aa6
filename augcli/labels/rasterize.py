"""Objects as pixels through a program: each a label of its own, for they may overlap."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from augcli.data import Array, FillValues, Sample
from augcli.geometry import Warp
from augcli.render.program import Program, Stage
from augcli.render.render import render_labels
from augcli.transforms.operations import Drop

MOST_PIXELS = 1 << 26  # that are warped together, a byte each
LONGEST_RUN = 16  # pixels whose edges are taken to stay straight


@dataclass(frozen=True)
class PaintedMasks:
    """The masks of a picture by name, (H, W) or (H, W, 3), and what steps write into each.

    Steps that drop whole objects find these there.
    """

    arrays: Mapping[str, Array] = field(default_factory=dict)
    marks: Mapping[str, FillValues] = field(default_factory=dict)


def warped(
    numbers: Sequence[int], mask: Callable[[int], Array], program: Program, taken: Array | None
) -> Iterator[Array]:
    """The masks (H, W) of objects by their numbers, uint8, after the program; 0 where a border is filled.

    Nothing is left of them where pixels are `taken` from the labels, see there.
    """
    together = max(1, MOST_PIXELS // (program.source.width * program.source.height))
    for start in range(0, len(numbers), together):
        masks = {str(number): mask(number) for number in numbers[start : start + together]}
        found = _rendered(_without_ends(program), masks, {}).values()
        yield from found if taken is None else (mask * (taken == 0) for mask in found)


def taken_by(program: Program, masks: PaintedMasks) -> Array | None:
    """Which output pixels (H, W) steps have taken from the labels, 0 or 1; None where no step does.

    `masks` are those that the picture has besides its annotations.
    """
    if not any(_takes_labels(stage) for stage in program.stages):
        return None
    source = program.source
    whole = {"": np.ones((source.height, source.width), np.uint8)}
    kept = tuple(stage if _takes_labels(stage) else replace(stage, end=None) for stage in program.stages)
    left = _rendered(replace(program, stages=kept), whole | dict(masks.arrays), masks.marks)[""]
    taken: Array = _rendered(_without_ends(program), whole, {})[""] - left
    return taken


def _takes_labels(stage: Stage) -> bool:
    return isinstance(stage.end, Drop) and stage.end.labels != "keep"


def _without_ends(program: Program) -> Program:
    """The way of the pixels, and nothing else."""
    return replace(program, stages=tuple(replace(stage, end=None) for stage in program.stages))


def _rendered(
    program: Program, masks: Mapping[str, Array], marks: Mapping[str, FillValues]
) -> dict[str, Array]:
    """Masks after a program; what is filled or dropped is 0 in those that have no marks."""
    picture = np.empty((program.source.height, program.source.width, 0), np.uint8)
    each = dict.fromkeys(masks, FillValues()) | dict(marks)
    return render_labels(program, Sample(picture, dict(masks)), each).sample.masks


def area_after(mask: Array, warp: Warp) -> float:
    """How many pixels of the output a mask (H, W) would have if nothing were cut off."""
    edges = np.diff(np.pad(mask.T != 0, ((0, 0), (1, 1))).astype(np.int8), axis=1)
    (x, top), bottom = np.nonzero(edges > 0), np.nonzero(edges < 0)[1]
    pieces = -(-(bottom - top) // LONGEST_RUN)
    first = np.repeat(np.cumsum(pieces) - pieces, pieces)
    x, top = np.repeat(x, pieces), np.repeat(top, pieces) + LONGEST_RUN * (np.arange(len(first)) - first)
    bottom = np.minimum(np.repeat(bottom, pieces), top + LONGEST_RUN)
    corners = np.stack([x, top, x + 1, top, x + 1, bottom, x, bottom], axis=-1).reshape(-1, 2)
    a, b, c, d = warp.forward(corners).reshape(-1, 4, 2).transpose(1, 2, 0)
    (u, v), (s, t) = c - a, d - b
    return float(np.abs(u * t - v * s).sum()) / 2
