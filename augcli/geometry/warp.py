"""Warp: an ordered chain of maps. Pixels go through it once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np
import numpy.typing as npt

from augcli.geometry.field import Field
from augcli.geometry.fields import field_of_spec
from augcli.geometry.fold import Fold
from augcli.geometry.frame import Floats, Frame, Point
from augcli.geometry.projective import HORIZON, IDENTITY, Projective, projective_of

Map = Projective | Field | Fold
EVERYWHERE: tuple[Point, ...] = tuple((x * 10**9, y * 10**9) for x, y in ((-1, -1), (1, -1), (1, 1), (-1, 1)))


@dataclass(frozen=True)
class Warp:
    """An ordered chain of maps from a source frame to an output frame; pixels go through it once."""

    source: Frame
    target: Frame
    maps: tuple[Map, ...]

    def forward(self, points: npt.ArrayLike) -> Floats:
        """Source points (N, 2) to output points (N, 2), float64; they may lie outside the frame."""
        x, y = _columns(points)
        for step in self.maps:
            x, y = step.push(x, y)
        return np.stack([x, y], axis=-1)

    def backward(self, points: npt.ArrayLike) -> Floats:
        """Output points (N, 2) to the source points they are read from, float64."""
        x, y = _columns(points)
        for step in reversed(self.maps):
            x, y = step.pull(x, y)
        return np.stack([x, y], axis=-1)

    def filled(self, points: npt.ArrayLike) -> npt.NDArray[np.bool_]:
        """Whether output points (N, 2) show a constant border's fill instead of the source."""
        x, y = _columns(points)
        filled = np.zeros(x.shape, bool)
        for step in reversed(self.maps):
            if isinstance(step, Fold) and step.border == "constant":
                filled |= step.outside(x, y)
            x, y = step.pull(x, y)
        return filled

    def projective(self) -> Projective:
        """The whole chain with displacement fields set to zero."""
        return reduce(Projective.then, (m for m in self.maps if isinstance(m, Projective)), IDENTITY)

    def simplified(self) -> Warp:
        """The same warp without folds that fold nothing, and with neighbouring matrices multiplied."""
        region: tuple[Point, ...] = self.target.corners
        kept: list[Map] = []
        for step in reversed(self.maps):
            region, needed = _region_before(step, region)
            if needed:
                kept.append(step)
        return Warp(self.source, self.target, _merged(reversed(kept)))


def _columns(points: npt.ArrayLike) -> tuple[Floats, Floats]:
    array = np.asarray(points, np.float64).reshape(-1, 2)
    return array[:, 0], array[:, 1]


def _region_before(step: Map, region: tuple[Point, ...]) -> tuple[tuple[Point, ...], bool]:
    """The corners of what is read on the source side of a step, and whether the step does anything."""
    if isinstance(step, Projective):
        back = step.inverse()
        return (back.corners(region) if min(back.weights(region)) > HORIZON else EVERYWHERE), True
    if isinstance(step, Fold):
        return (region, False) if step.holds(region) else (step.corners, True)
    reach = step.reach
    xs, ys = [x for x, _ in region], [y for _, y in region]
    left, right, top, bottom = min(xs) - reach, max(xs) + reach, min(ys) - reach, max(ys) + reach
    return ((left, top), (right, top), (right, bottom), (left, bottom)), reach > 0


def _merged(maps: Iterable[Map]) -> tuple[Map, ...]:
    """A chain in which no two matrices stand side by side, and no identity stands at all."""
    merged: list[Map] = []
    for step in maps:
        if isinstance(step, Projective) and merged and isinstance(merged[-1], Projective):
            merged[-1] = merged[-1].then(step)
        else:
            merged.append(step)
    return tuple(m for m in merged if not isinstance(m, Projective) or m.rows != IDENTITY.rows)


def map_of_record(record: Mapping[str, Any]) -> Map:
    """A map from its form in a manifest line."""
    if "projective" in record:
        return projective_of(record["projective"])
    if "fold" in record:
        left, top, right, bottom = record["fold"]
        return Fold(left, top, right, bottom, record["border"])
    return field_of_spec(record["field"])
