"""From a mask to polygons that follow the edges of its pixels, so that filling them gives the mask again."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from augcli.data import Array


def outlines(mask: Array) -> list[Array] | None:
    """The polygons (N, 2) of x, y in pixel edges around the True pixels of a mask (H, W).

    There is one for each part whose pixels touch by sides: parts that touch by a corner only stay apart.
    Only turning points are vertices. None where a part has a hole, which a list of polygons cannot say.
    Every polygon begins at its highest, leftmost vertex; they are in the order of these.
    """
    found = rings(mask)
    return None if any(not mask[y, x] for (x, y), *_ in found) else found


def rings(mask: Array) -> list[Array]:
    """The outlines of all parts and of all their holes, as `outlines` has them; filled by even and odd."""
    corners, right, down = _corners(np.pad(np.asarray(mask, bool), 1))
    return [corners[polygon] for polygon in _walks(corners, right, down)]


def _corners(padded: Array) -> tuple[Array, Array, Array]:
    """The turning points (N, 2) as x, y, in reading order; whether each goes on to the right, and down.

    Where two pixels touch by a corner only there are two turning points, one for each pixel.
    """
    above_left, above_right = padded[:-1, :-1], padded[:-1, 1:]
    below_left, below_right = padded[1:, :-1], padded[1:, 1:]
    left, right = above_left ^ below_left, above_right ^ below_right
    up, down = above_left ^ above_right, below_left ^ below_right
    y, x = np.nonzero((left | right) & (up | down))
    goes_right, goes_down = right[y, x], down[y, x]
    crossing = left[y, x] & goes_right & up[y, x] & goes_down
    falling = above_left[y, x]  # the pixels of a crossing lie above left and below right
    first = np.stack([x, y], axis=1), goes_right & ~crossing, np.where(crossing, ~falling, goes_down)
    second = first[0][crossing], np.ones(np.count_nonzero(crossing), bool), falling[crossing]
    joined = [np.concatenate(pair) for pair in zip(first, second, strict=True)]
    order = np.lexsort((joined[1], joined[0][:, 0], joined[0][:, 1]))
    return joined[0][order], joined[1][order], joined[2][order]


def _walks(corners: Array, right: Array, down: Array) -> Iterator[list[int]]:
    """The closed walks along the edges, each as numbers of corners, beginning at its first one."""
    across = np.arange(len(corners)) ^ 1  # along a line of pixel edges corners are joined two and two
    order = np.lexsort((down, corners[:, 1], corners[:, 0]))
    along = np.empty(len(corners), np.intp)
    along[order] = order[np.arange(len(corners)) ^ 1]
    next_across, next_along = across.tolist(), along.tolist()
    unseen = bytearray(b"\1") * len(corners)
    for start in range(len(corners)):
        walk = []
        at = start
        while unseen[at]:
            beside = next_across[at]
            unseen[at] = unseen[beside] = 0
            walk += [at, beside]
            at = next_along[beside]
        if walk:
            yield walk
