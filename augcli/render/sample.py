"""Sampling, once: a picture and its masks through a warp.

A picture goes one of three ways: whole pixels are gathered (bit-exact), an axis-aligned stretch is Pillow's
antialiased resize, everything else is OpenCV's remap. Masks are always gathered at floor(x), floor(y).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
import numpy.typing as npt
from PIL import Image

from augcli.data import Array
from augcli.geometry import Projective, Warp
from augcli.render.antialias import Shrunk, by_planes, shrunk
from augcli.render.clip import without_cut
from augcli.render.coordinates import NOT_FILLED, Alignment, Index, Strip, alignment, strips
from augcli.transforms.operations import cast

Interpolation = Literal["linear", "cubic", "lanczos"]
Filled = npt.NDArray[np.int8] | None
NOTHING: Array = np.empty((0, 0, 0), np.uint8)

_PILLOW = {
    "linear": Image.Resampling.BILINEAR,
    "cubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
}


@dataclass(frozen=True)
class Sampled:
    """A warped picture (H, W, C), its masks, and which fold filled a pixel (None: nothing filled)."""

    image: Array
    masks: dict[str, Array] = field(default_factory=dict)
    filled: Filled = None


def sample(
    image: Array,
    masks: Mapping[str, Array],
    warp: Warp,
    interpolation: Interpolation,
    soft: frozenset[str] = frozenset(),
) -> Sampled:
    """Everything through a warp; what is interpolated holds, where it is filled, what is at the edge.

    Masks named in `soft` are interpolated as the picture is, all others are gathered.
    """
    labels = {name: mask for name, mask in masks.items() if name not in soft}
    result = _sampled(image, labels, warp, interpolation)
    for name in masks.keys() & soft:
        plane = masks[name][..., None] if masks[name].ndim == 2 else masks[name]
        result.masks[name] = _sampled(plane, {}, warp, interpolation).image.reshape(
            *result.image.shape[:2], *masks[name].shape[2:]
        )
    return result


def _sampled(image: Array, masks: Mapping[str, Array], warp: Warp, interpolation: Interpolation) -> Sampled:
    image, masks, warp = without_cut(image, masks, warp)
    if _is_nothing(warp):
        return Sampled(image, dict(masks))
    aligned = alignment(warp)
    picture = _without_remap(image, warp, aligned, interpolation)
    if picture is None and not aligned:
        return _by_strips(image, masks, warp, interpolation)
    if picture is None:
        picture = _by_strips(image, {}, warp, interpolation).image
    return replace(_labelled(masks, warp, aligned), image=picture)


def sample_labels(masks: Mapping[str, Array], warp: Warp) -> Sampled:
    """Labels alone, as `sample` gives them beside a picture; the picture is empty."""
    stand_in = np.empty((warp.source.height, warp.source.width, 0), np.uint8)
    _, masks, warp = without_cut(stand_in, masks, warp)
    return Sampled(NOTHING, dict(masks)) if _is_nothing(warp) else _labelled(masks, warp, alignment(warp))


def _is_nothing(warp: Warp) -> bool:
    return not warp.maps and warp.source == warp.target  # a crop at the origin has no map either


def _labelled(masks: Mapping[str, Array], warp: Warp, aligned: Alignment | None) -> Sampled:
    """Labels gathered at floor(x), floor(y)."""
    if aligned:
        return Sampled(NOTHING, {name: gather(mask, aligned) for name, mask in masks.items()}, aligned.filled)
    return _by_strips(None, masks, warp, "linear") if masks else Sampled(NOTHING)


def _without_remap(
    image: Array, warp: Warp, aligned: Alignment | None, interpolation: Interpolation
) -> Array | None:
    """The picture, where whole pixels or an axis-aligned stretch say it all; else None."""
    if aligned and aligned.is_unit:
        return gather(image, aligned)
    step = warp.maps[0]
    if len(warp.maps) == 1 and isinstance(step, Projective) and step.is_aligned:
        return stretched(image, step, warp, interpolation)
    return None


def gather(array: Array, aligned: Alignment) -> Array:
    """The source pixels at floor(x), floor(y) of an exact axis-aligned warp."""
    height, width = array.shape[:2]
    rows = _taken(array, aligned.y.index(height), 0)
    both = _taken(rows, aligned.x.index(width), 1)
    return np.ascontiguousarray(both.swapaxes(0, 1) if aligned.transposed else both)


def _taken(array: Array, index: Index, axis: int) -> Array:
    """Rows or columns by index; a run of neighbours, forwards or backwards, is a slice."""
    steps = np.diff(index)
    if len(index) > 1 and abs(int(steps[0])) == 1 and (steps == steps[0]).all():
        low, high = sorted((int(index[0]), int(index[-1])))
        run = array[low : high + 1] if axis == 0 else array[:, low : high + 1]
        return run if steps[0] > 0 else np.flip(run, axis)
    return np.take(array, index, axis=axis)


def stretched(image: Array, step: Projective, warp: Warp, interpolation: Interpolation) -> Array:
    """An axis-aligned stretch by Pillow's resize, whose filter widens with the shrink (antialiased)."""
    transposed = step.rows[0][1] != 0
    corners = step.inverse().corners(warp.target.corners)
    (x0, y0), (x1, y1) = corners[0], corners[2]
    edges = (float(min(x0, x1)), float(min(y0, y1)), float(max(x0, x1)), float(max(y0, y1)))
    height, width = image.shape[:2]
    box = (max(edges[0], 0.0), max(edges[1], 0.0), min(edges[2], width), min(edges[3], height))
    size = (warp.target.width, warp.target.height)
    result = _resized(image, size[::-1] if transposed else size, box, _PILLOW[interpolation])
    flips = tuple(axis for axis, (a, b) in enumerate(((y0, y1), (x0, x1))) if a > b)
    result = np.flip(result, flips) if flips else result
    return np.ascontiguousarray(result.swapaxes(0, 1) if transposed else result)


def _resized(
    image: Array, size: tuple[int, int], box: tuple[float, float, float, float], method: Image.Resampling
) -> Array:
    """Pillow's resize; alpha weighs nothing here, as in every other warp."""
    if image.dtype == np.uint8 and image.shape[2] == 3:
        return np.asarray(Image.fromarray(image).resize(size, method, box))
    planes = [image[..., c] for c in range(image.shape[2])]
    return np.dstack([_resized_plane(plane, size, box, method) for plane in planes])


def _resized_plane(
    plane: Array, size: tuple[int, int], box: tuple[float, float, float, float], method: Image.Resampling
) -> Array:
    """One channel; what has more than 8 bits as float32."""
    exact = plane if plane.dtype == np.uint8 else plane.astype(np.float32)
    return cast(np.asarray(Image.fromarray(exact).resize(size, method, box)), plane.dtype)


def _by_strips(
    image: Array | None, masks: Mapping[str, Array], warp: Warp, interpolation: Interpolation
) -> Sampled:
    """The general way: coordinates a strip at a time, the picture by remap, masks by their index."""
    height, width = warp.target.height, warp.target.width
    source = shrunk(image, warp) if image is not None else None
    picture = NOTHING if image is None else np.empty((height, width, image.shape[2]), image.dtype)
    labels = {name: np.empty((height, width, *m.shape[2:]), m.dtype) for name, m in masks.items()}
    filled = np.full((height, width), NOT_FILLED, np.int8)
    for strip in strips(warp):
        rows = slice(strip.start, strip.stop)
        if source:
            picture[rows] = _remapped(source, strip, interpolation)
        for name, mask in masks.items():
            labels[name][rows] = _gathered(mask, strip)
        if strip.filled is not None:
            filled[rows] = strip.filled
    return Sampled(picture, labels, filled if (filled != NOT_FILLED).any() else None)


def _remapped(source: Shrunk, strip: Strip, interpolation: Interpolation) -> Array:
    import cv2  # here, so that a picture that is only cut or flipped does not load OpenCV

    methods = {"linear": cv2.INTER_LINEAR, "cubic": cv2.INTER_CUBIC, "lanczos": cv2.INTER_LANCZOS4}
    x = strip.x / np.float32(source.factor_x) - np.float32(0.5)
    y = strip.y / np.float32(source.factor_y) - np.float32(0.5)
    return by_planes(
        lambda pixels: cv2.remap(pixels, x, y, methods[interpolation], borderMode=cv2.BORDER_REPLICATE),
        source.pixels,
    )


def _gathered(mask: Array, strip: Strip) -> Array:
    height, width = mask.shape[:2]
    column = np.clip(np.floor(strip.x), 0, width - 1).astype(np.intp)
    row = np.clip(np.floor(strip.y), 0, height - 1).astype(np.intp)
    flat = mask.reshape(height * width, *mask.shape[2:])
    values: Array = np.take(flat, row * width + column, axis=0)
    return values
