"""DensePose's fields: points in an object's box and where on a body's surface they lie, and its parts.

Definition: `projects/DensePose/doc/DENSEPOSE_DATASETS.md` of github.com/facebookresearch/detectron2.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from augcli.data import Array
from augcli.geometry import Floats, Warp
from augcli.labels.keypoints import is_mirror, seen_points
from augcli.labels.rle import coded, mask_of
from augcli.labels.segmentation import DECIMALS, Annotation
from augcli.labels.validate import wrong_number, wrong_rle
from augcli.render.program import Program

PLACES, MASKS = ("dp_x", "dp_y"), "dp_masks"
LISTS = (*PLACES, "dp_I", "dp_U", "dp_V", "dp_vertex")
FIELDS = frozenset([*LISTS, MASKS])
SIDE = 256  # of a box, whatever its size, in the units of points and in pixels of masks
NO_MIRROR = "its DensePose points have no mirror: where on the other side of the body they lie is not known"


def moved_densepose(
    before: Annotation, box: Sequence[float] | None, program: Program, taken: Array | None
) -> dict[str, Any] | str:
    """The fields of an annotation whose bbox is `box` after a program, or why it has none of them any more.

    Points that leave the picture, or the box, are left out of all lists.
    """
    warp = program.warp()
    if is_mirror(warp):
        return NO_MIRROR
    if fault := _fault(before):
        return fault
    if box is None:
        return "its DensePose points have no bbox any more"
    old, new = np.array(before["bbox"], np.float64), np.array(box, np.float64)
    inside = np.array([before[key] for key in PLACES], np.float64).T
    places, lost = seen_points(old[:2] + inside / SIDE * old[2:], warp, taken)
    moved = np.round((places - new[:2]) / new[2:] * SIDE, DECIMALS) + 0.0
    kept = np.flatnonzero(~lost & ((moved >= 0) & (moved <= SIDE)).all(axis=1)).tolist()
    if not kept:
        return "none of its DensePose points is in the picture"
    fields = {key: [before[key][n] for n in kept] for key in LISTS if key in before}
    fields |= {key: moved[kept, axis].tolist() for axis, key in enumerate(PLACES)}
    return fields | ({MASKS: _masks(before[MASKS], old, new, warp, taken)} if before.get(MASKS) else {})


def _fault(before: Annotation) -> str:
    lists = [before.get(key) for key in LISTS if key in before]
    if not before.get("bbox") or not all(key in before for key in PLACES):
        return "its DensePose fields have no bbox, no dp_x or no dp_y"
    if not all(isinstance(values, list) and len(values) == len(before["dp_x"]) for values in lists):
        return "its DensePose fields are no lists of one length"
    if any(wrong_number(before[key], SIDE, SIDE) for key in PLACES):
        return "its dp_x and dp_y are not all numbers in its bbox"
    masks = before.get(MASKS) or []
    for mask in [masks] if isinstance(masks, dict) else masks:
        if mask and (not isinstance(mask, dict) or wrong_rle(mask, SIDE, SIDE)):
            return f"its dp_masks are not all RLEs of {SIDE}x{SIDE}"
    return ""


def _masks(masks: Any, old: Floats, new: Floats, warp: Warp, taken: Array | None) -> Any:
    """Masks in a box: each pixel is what its centre shows of the masks in the old box."""
    centres = (np.stack(np.meshgrid(*2 * [np.arange(SIDE)]), axis=-1).reshape(-1, 2) + 0.5) / SIDE
    points = new[:2] + centres * new[2:]
    x, y = np.floor((warp.backward(points) - old[:2]) / old[2:] * SIDE).T
    seen = (x >= 0) & (y >= 0) & (x < SIDE) & (y < SIDE) & ~warp.filled(points)
    if taken is not None:
        columns, rows = np.minimum(points.astype(np.intp), np.array(taken.shape[::-1]) - 1).T
        seen &= taken[rows, columns] == 0
    at = np.where(seen, y, 0).astype(np.intp), np.where(seen, x, 0).astype(np.intp)
    if isinstance(masks, dict):
        return _mask(masks, at, seen)
    return [_mask(mask, at, seen) if mask else mask for mask in masks]


def _mask(rle: dict[str, Any], at: tuple[npt.NDArray[np.intp], ...], seen: npt.NDArray[np.bool_]) -> Any:
    """An RLE's pixels at rows and columns where they are seen; an empty list where none is left."""
    pixels = (mask_of(rle)[at] * seen).astype(np.uint8).reshape(SIDE, SIDE)
    return coded(pixels, rle["counts"]) if pixels.any() else []
