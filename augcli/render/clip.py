"""What a cut forgets: pixels outside the first cuts of a warp are taken away before anything reads them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from augcli.data import Array
from augcli.geometry import IDENTITY, Fold, Frame, Projective, Warp


def without_cut(image: Array, masks: Mapping[str, Array], warp: Warp) -> tuple[Array, dict[str, Array], Warp]:
    """The part of a picture and its masks that a warp may read, and the simplified warp of that part."""
    part = leading_cut(warp)
    if part == Fold.of(warp.source):
        return image, dict(masks), warp.simplified()
    rest = Warp(
        Frame(part.right - part.left, part.bottom - part.top),
        warp.target,
        (Projective.affine(1, 0, part.left, 0, 1, part.top), *warp.maps),
    )
    return _cut(image, part), {name: _cut(mask, part) for name, mask in masks.items()}, rest.simplified()


def _cut(array: Array, part: Fold) -> Array:
    return np.ascontiguousarray(array[part.top : part.bottom, part.left : part.right])


def leading_cut(warp: Warp) -> Fold:
    """The last cut that stands before any map that could read between pixels, in source pixels."""
    part, way = Fold.of(warp.source), IDENTITY
    for step in warp.maps:
        if isinstance(step, Fold):
            corners = way.inverse().corners(step.corners)
            if not part.holds(corners):
                break
            xs, ys = [int(x) for x, _ in corners], [int(y) for _, y in corners]
            part = Fold(min(xs), min(ys), max(xs), max(ys))
        elif isinstance(step, Projective) and _keeps_pixels(step):
            way = way.then(step)
        else:
            break
    return part


def _keeps_pixels(step: Projective) -> bool:
    """Whether whole pixels go to whole pixels."""
    (a, b, c), (d, e, f), _ = step.rows
    unit = {abs(a), abs(b), abs(d), abs(e)} <= {0, 1}
    return step.is_exact and step.is_aligned and unit and c == int(c) and f == int(f)
