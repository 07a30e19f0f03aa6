"""The values of a map by their runs, of which there are many fewer than pixels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from augcli.data import Array


@dataclass(frozen=True)
class Runs:
    """A map as runs of equal values in reading order: which value each has, and how many pixels.

    `values` are the values that occur, in their order; `index` (a place in `values`) and `lengths` are of
    the runs; `shape` is the map's.
    """

    values: Array
    index: Array
    lengths: Array
    shape: tuple[int, ...]

    def counts(self) -> dict[int, int]:
        """How many pixels each value has."""
        pixels = np.bincount(self.index, weights=self.lengths)
        return {int(value): int(count) for value, count in zip(self.values, pixels, strict=True)}

    def replaced(self, others: Array) -> Array:
        """The map with `others[n]` instead of the value `values[n]`."""
        found: Array = np.repeat(others[self.index], self.lengths).reshape(self.shape)
        return found


def runs_of(values: Array) -> Runs:
    """The runs of a map (H, W) of whole numbers."""
    flat = values.ravel()
    starts = np.flatnonzero(np.append(True, flat[1:] != flat[:-1]))
    found, index = np.unique(flat[starts], return_inverse=True)
    return Runs(found, index, np.diff(starts, append=flat.size), values.shape)
