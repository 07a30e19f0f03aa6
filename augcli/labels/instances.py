"""Instances: a map of ids of one picture, made of one file or of one for each object."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from augcli.data import PART, Array, Coding, Mask
from augcli.errors import ImageError
from augcli.labels.masks import counted
from augcli.recipe.options import AnnotationOutput

MOST_INSTANCES = 65_535


@dataclass(frozen=True)
class Dropped:
    """An instance that was dropped for what was left of it: `area` in pixels of the output."""

    mask: str
    id: int
    area: int

    def as_record(self) -> dict[str, Any]:
        """The instance as a manifest line holds it."""
        return {"mask": self.mask, "id": self.id, "area": self.area}


def checked_part(mask: Mask, where: str) -> Mask:
    """A file that shows one instance. Raises ImageError where it holds more than one value besides 0."""
    ids = _ids(mask.values)
    if mask.values.ndim == 3 or ids > 1:
        found = "colours" if mask.values.ndim == 3 else f"{ids} values besides 0"
        what = f"one of several files, each for one instance, and it holds {found}"
        raise ImageError(what, where=where, hint="save it with 0 and one other value, as grey PNG")
    return mask


def _ids(values: Array) -> int:
    """How many values there are besides 0."""
    return sum(value != 0 for value in counted(values))


def joined(parts: Sequence[Mask]) -> tuple[Mask, int]:
    """The map (H, W) with ids 1, 2, ... of single instances of one size, and how many pixels overlap.

    What is not 0 belongs to the instance; later ones lie on top. uint8 for up to 255 instances, else uint16.
    A single file that holds several ids is such a map already.
    """
    if len(parts) == 1 and _ids(parts[0].values) > 1:
        return parts[0], 0
    deep = len(parts) > 255
    values = np.zeros(parts[0].values.shape, np.uint16 if deep else np.uint8)
    overlap = 0
    for number, part in enumerate(parts, 1):
        inside = part.values != 0
        overlap += int(np.count_nonzero(values[inside]))
        values[inside] = number
    return Mask(values, Coding("I;16" if deep else "L")), overlap


def settled(
    before: Mapping[str, Array],
    after: Mapping[str, Array],
    instances: Collection[str],
    rule: AnnotationOutput,
) -> tuple[dict[str, Array], tuple[Dropped, ...]]:
    """Instance maps (H, W) after a warp: what is left too small is dropped, ids may be numbered anew.

    `instances` names the masks that are such maps, with `PART` and a number for single parts.
    """
    masks, dropped = dict(after), []
    for name in sorted(instances):
        mask, _, part = name.partition(PART)
        masks[name], small = without_small(before[name], after[name], rule.min_area)
        dropped += [Dropped(mask, int(part) if part else number, area) for number, area in small]
        if rule.renumber and not part:
            masks[name] = renumbered(masks[name])
    return masks, tuple(dropped)


def without_small(before: Array, after: Array, min_area: int) -> tuple[Array, list[tuple[int, int]]]:
    """A map without the ids of which fewer than `min_area` pixels are left, of at least as many before.

    Returns it with the dropped (id, area). The given map is not changed.
    """
    if min_area < 2:
        return after, []
    had, left = _areas(before), _areas(after)
    small = [(number, area) for number, area in left.items() if area < min_area <= had.get(number, 0)]
    if not small:
        return after, []
    return np.where(np.isin(after, [number for number, _ in small]), after.dtype.type(0), after), small


def _areas(values: Array) -> dict[int, int]:
    return {number: area for number, area in counted(values).items() if number}


def renumbered(values: Array) -> Array:
    """The same map with ids 1 to n, in the order of the old ones."""
    ids, places = np.unique(values, return_inverse=True)
    numbers = np.arange(len(ids)) + (0 if ids[0] == 0 else 1)
    result: Array = numbers.astype(values.dtype)[places].reshape(values.shape)
    return result
