"""The only pixel loop: a sample through a program."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from augcli.errors import ImageError
from augcli.ops import Filter, Pixels
from augcli.program import Program, Stage
from augcli.render.colors import Look, colored
from augcli.render.picture import Array, sample
from augcli.sample import Sample

__all__ = ["Look", "Rendered", "render"]


@dataclass(frozen=True)
class Rendered:
    """A finished sample, and the share of its pixels that a constant border filled, 0 to 1."""

    sample: Sample
    filled: float = 0.0


def render(program: Program, source: Sample, look: Look, fills: Mapping[str, Any]) -> Rendered:
    """Put a sample through a program. `fills` is each mask's value where a constant border fills.

    The source's arrays are not changed; the result may share them where nothing was done.
    Raises ImageError where the sample does not have the program's frame.
    """
    expected = (program.source.width, program.source.height)
    if source.size != expected:
        raise ImageError(f"a program for {expected} met a picture of {source.size}")
    image, masks, filled = source.image, dict(source.masks), 0.0
    for stage in program.stages:
        image, masks, share = _render_stage(stage, image, masks, look, fills)
        filled = max(filled, share)
    return Rendered(Sample(image, masks), filled)


def _render_stage(
    stage: Stage, image: Pixels, masks: dict[str, Array], look: Look, fills: Mapping[str, Any]
) -> tuple[Pixels, dict[str, Array], float]:
    warped = sample(image, masks, stage.warp, look.interpolation)
    picture = colored(image, stage, warped, look)
    share = 0.0
    if warped.filled is not None:
        outside = warped.filled >= 0
        share = float(outside.mean())
        for name, mask in warped.masks.items():
            mask[outside] = fills[name]
    if stage.filter:
        picture = _filtered(picture, stage.filter)
    return picture, warped.masks, share


def _filtered(picture: Pixels, operation: Filter) -> Pixels:
    """Run a filter on the colours; alpha is left alone."""
    if picture.shape[-1] < 4:
        return operation.run(picture)
    return np.dstack([operation.run(np.ascontiguousarray(picture[..., :3])), picture[..., 3:]])
