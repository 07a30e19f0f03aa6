"""The only pixel loop: a sample through a program."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from augcli.errors import ImageError
from augcli.ops import Filter
from augcli.program import Program, Stage
from augcli.render.colors import ColorRun, Look
from augcli.render.picture import sample
from augcli.sample import Array, PixelFormat, Sample

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
    filled = 0.0
    for stage in program.stages:
        source, share = _render_stage(stage, source, look, fills)
        filled = max(filled, share)
    return Rendered(replace(source, masks=dict(source.masks)), filled)


def _render_stage(stage: Stage, source: Sample, look: Look, fills: Mapping[str, Any]) -> tuple[Sample, float]:
    warped = sample(source.image, source.masks, stage.warp, look.interpolation, source.soft)
    meaning = source.format or PixelFormat.of(source.image)
    picture = ColorRun(source.image, warped, stage, look, meaning).colored()
    share = 0.0
    if warped.filled is not None:
        outside = warped.filled >= 0
        share = float(outside.mean())
        for name, mask in warped.masks.items():
            mask[outside] = fills[name]
    if stage.filter:
        picture = _filtered(picture, stage.filter, meaning)
    return replace(source, image=picture, masks=warped.masks), share


def _filtered(picture: Array, operation: Filter, meaning: PixelFormat) -> Array:
    """Run a filter on the colours; alpha is left alone."""
    if not meaning.alpha:
        return operation.run(picture, meaning)
    color = operation.run(np.ascontiguousarray(picture[..., :-1]), meaning)
    return np.dstack([color, picture[..., -1:]])
