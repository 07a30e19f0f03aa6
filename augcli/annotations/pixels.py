"""Objects as pixels through a program: each a label of its own, for they may overlap."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from augcli.geometry import Warp
from augcli.ops import Drop
from augcli.program import Program, Stage
from augcli.render import render_labels
from augcli.sample import Array, Marks, Sample

MOST_PIXELS = 1 << 26  # that are warped together, a byte each
LONGEST_RUN = 16  # pixels whose edges are taken to stay straight


def warped(numbers: Sequence[int], mask: Callable[[int], Array], program: Program) -> Iterator[Array]:
    """The masks (H, W) of objects by their numbers, uint8, after the program; 0 where a border is filled.

    Where a step takes parts of the picture from the labels, too, nothing is left of the objects.
    """
    together = max(1, MOST_PIXELS // (program.source.width * program.source.height))
    for start in range(0, len(numbers), together):
        masks = {str(number): mask(number) for number in numbers[start : start + together]}
        yield from _rendered(program, masks).values()


def dropped(program: Program) -> Array | None:
    """Which output pixels (H, W) steps have taken from the labels, 0 or 1; None where no step does."""
    if not any(_drops_labels(stage) for stage in program.stages):
        return None
    source = program.source
    whole = {"": np.ones((source.height, source.width), np.uint8)}
    moved = replace(program, stages=tuple(replace(stage, end=None) for stage in program.stages))
    lost: Array = _rendered(moved, whole)[""] - _rendered(program, whole)[""]
    return lost


def _drops_labels(stage: Stage) -> bool:
    return isinstance(stage.end, Drop) and stage.end.labels != "keep"


def _rendered(program: Program, masks: Mapping[str, Array]) -> dict[str, Array]:
    """Masks after those steps of a program that change labels; what is filled or dropped is 0."""
    stages = (s if _drops_labels(s) else replace(s, end=None) for s in program.stages)
    picture = np.empty((program.source.height, program.source.width, 0), np.uint8)
    labels = replace(program, stages=tuple(stages))
    return render_labels(labels, Sample(picture, dict(masks)), dict.fromkeys(masks, Marks())).sample.masks


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
