"""The only pixel loop: a sample through a program."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from augcli.data import Array, FillValues, PixelFormat, Sample, Value
from augcli.errors import ImageError
from augcli.geometry import Frame
from augcli.render.color import ColorRun, RenderOptions
from augcli.render.program import Program, Stage
from augcli.render.sample import Sampled, sample, sample_labels
from augcli.transforms.operations import Area, Drop

__all__ = ["RenderOptions", "Rendered", "render", "render_labels"]


@dataclass(frozen=True)
class Rendered:
    """A finished sample, and the share of its pixels that a constant border filled, 0 to 1."""

    sample: Sample
    filled: float = 0.0


def render(
    program: Program, source: Sample, look: RenderOptions, marks: Mapping[str, FillValues]
) -> Rendered:
    """Put a sample through a program. `marks` are each mask's values for what is filled or dropped.

    The source's arrays are not changed; the result may share them where nothing was done.
    Raises ImageError where the sample does not have the program's frame.
    """
    expected = (program.source.width, program.source.height)
    if source.size != expected:
        raise ImageError(f"a program for {expected} met a picture of {source.size}")
    filled = 0.0
    for stage in program.stages:
        source, share = _render_stage(stage, source, look, marks)
        filled = max(filled, share)
    return Rendered(replace(source, masks=dict(source.masks)), filled)


def render_labels(program: Program, source: Sample, marks: Mapping[str, FillValues]) -> Rendered:
    """What `render` gives, without the picture and without continuous masks."""
    labels = {name: mask for name, mask in source.masks.items() if name not in source.continuous}
    here, filled = _without_picture(program.source, labels), 0.0
    for stage in program.stages:
        warped = sample_labels(here.masks, stage.warp)
        filled = max(filled, _fill(warped, marks))
        here = _without_picture(stage.warp.target, warped.masks)
        if isinstance(stage.end, Drop):
            here.masks = _dropped_labels(here, stage.end, stage.end.area(here), marks)
    return Rendered(here, filled)


def _without_picture(frame: Frame, masks: dict[str, Array]) -> Sample:
    return Sample(np.empty((frame.height, frame.width, 0), np.uint8), masks)


def _render_stage(
    stage: Stage, source: Sample, look: RenderOptions, marks: Mapping[str, FillValues]
) -> tuple[Sample, float]:
    warped = sample(source.image, source.masks, stage.warp, look.interpolation, source.continuous)
    meaning = source.format or PixelFormat.of(source.image)
    picture = ColorRun(source.image, warped, stage, look, meaning).colored()
    share = _fill(warped, marks)
    result = replace(source, image=picture, masks=warped.masks)
    return _ended(stage, result, meaning, marks), share


def _fill(warped: Sampled, marks: Mapping[str, FillValues]) -> float:
    """Write each mask's fill where a constant border fills; returns the share of such pixels."""
    if warped.filled is None:
        return 0.0
    outside = warped.filled >= 0
    for name, mask in warped.masks.items():
        _write(mask, outside, marks[name].fill)
    return float(outside.mean())


def _write(mask: Array, area: Area, value: Value) -> None:
    """Write a value into an area of a mask. Raises ImageError where the mask has too few bits for it."""
    if mask.dtype.kind == "u" and np.max(value) > (most := np.iinfo(mask.dtype).max):
        what = f"the label {value} does not fit a mask of {8 * mask.itemsize} bits, which ends at {most}"
        hint = "choose `ignore` and fill values within it, or store the masks with more bits"
        raise ImageError(what, hint=hint)
    mask[area] = value


def _ended(stage: Stage, warped: Sample, meaning: PixelFormat, marks: Mapping[str, FillValues]) -> Sample:
    """Run the step that ends a stage; alpha is left alone."""
    end = stage.end
    if end is None:
        return warped
    color = np.ascontiguousarray(warped.image[..., :-1]) if meaning.alpha else warped.image
    if isinstance(end, Drop):
        area = end.area(warped)
        masks = _dropped_labels(warped, end, area, marks)
        color = end.paint(color, area, meaning)
    else:
        masks, color = warped.masks, end.run(color, meaning)
    picture = np.dstack([color, warped.image[..., -1:]]) if meaning.alpha else color
    return replace(warped, image=picture, masks=masks)


def _dropped_labels(here: Sample, end: Drop, area: Area, marks: Mapping[str, FillValues]) -> dict[str, Array]:
    """Masks with their ignore value, or their background, in an area; the given ones are not changed."""
    if end.labels == "keep" or not area.any():
        return here.masks
    dropped = {}
    for name, mask in here.masks.items():
        dropped[name] = mask.copy()
        mark = marks[name].fill if end.labels == "ignore" else marks[name].background
        _write(dropped[name], area, mark)
    return dropped
