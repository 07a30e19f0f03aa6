"""Coordinate maps and their chains: Projective, Field, Fold, Warp.

Coordinates are continuous, [0, W] x [0, H], y down, pixel centres at +0.5. Every map knows both directions:
`push` takes points from the source side to the output side, `pull` takes them back. Rendering pulls: it asks
for each output pixel where it comes from (inverse warping; Wolberg 1990, "Digital Image Warping", 3.1).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache, reduce
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from augcli.keys import uniform_noise

Floats = npt.NDArray[np.floating[Any]]
Scalar = int | Fraction | float
Rows = tuple[tuple[Scalar, ...], ...]
Border = Literal["reflect", "replicate", "wrap", "constant"]


@dataclass(frozen=True)
class Frame:
    """A picture's width and height in pixels."""

    width: int
    height: int

    @property
    def corners(self) -> tuple[tuple[Scalar, Scalar], ...]:
        """The four corners, clockwise from the origin."""
        return ((0, 0), (self.width, 0), (self.width, self.height), (0, self.height))


@dataclass(frozen=True)
class Projective:
    """A projective map, 3x3, source to output. Whole and rational entries stay exact."""

    rows: Rows

    @staticmethod
    def affine(a: Scalar, b: Scalar, c: Scalar, d: Scalar, e: Scalar, f: Scalar) -> Projective:
        """Build x' = a x + b y + c, y' = d x + e y + f."""
        return Projective(((a, b, c), (d, e, f), (0, 0, 1)))

    def then(self, after: Projective) -> Projective:
        """Chain this map with `after`."""
        return Projective(
            tuple(
                tuple(sum(after.rows[i][k] * self.rows[k][j] for k in range(3)) for j in range(3))
                for i in range(3)
            )
        )

    def inverse(self) -> Projective:
        """The map back; by the adjugate, so that exact entries stay exact."""
        (a, b, c), (d, e, f), (g, h, i) = self.rows
        adjugate = (
            (e * i - f * h, c * h - b * i, b * f - c * e),
            (f * g - d * i, a * i - c * g, c * d - a * f),
            (d * h - e * g, b * g - a * h, a * e - b * d),
        )
        determinant = a * adjugate[0][0] + b * adjugate[1][0] + c * adjugate[2][0]
        if isinstance(determinant, int):
            determinant = Fraction(determinant)
        return Projective(tuple(tuple(value / determinant for value in row) for row in adjugate))

    @property
    def is_affine(self) -> bool:
        """Whether parallel lines stay parallel."""
        g, h, i = self.rows[2]
        return g == 0 and h == 0 and i == 1

    @property
    def is_exact(self) -> bool:
        """Whether all entries are whole or rational."""
        return all(isinstance(value, int | Fraction) for row in self.rows for value in row)

    @property
    def is_aligned(self) -> bool:
        """Whether it maps the axes to the axes: scalings, flips, quarter turns, shifts."""
        (a, b, _), (d, e, _), _ = self.rows
        return self.is_affine and ((b == 0 and d == 0) or (a == 0 and e == 0))

    def matrix(self) -> list[list[float]]:
        """The 3x3 matrix as floats."""
        return [[float(value) for value in row] for row in self.rows]

    def push(self, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        """Source points to output points; `x` and `y` broadcast, and keep their dtype."""
        (a, b, c), (d, e, f), (g, h, i) = self.matrix()
        u, v = x * a + (y * b + c), x * d + (y * e + f)
        if self.is_affine:
            return u, v
        w = x * g + (y * h + i)
        return u / w, v / w

    def pull(self, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        """Output points to source points."""
        return self.inverse().push(x, y)

    def corners(self, points: Iterable[tuple[Scalar, Scalar]]) -> tuple[tuple[Scalar, Scalar], ...]:
        """Map a few points one by one, exactly where the entries are exact."""
        (a, b, c), (d, e, f), (g, h, i) = self.rows
        weighted = ((a * x + b * y + c, d * x + e * y + f, g * x + h * y + i) for x, y in points)
        if self.is_affine:
            return tuple((u, v) for u, v, _ in weighted)
        return tuple((u / w, v / w) for u, v, w in weighted)

    def as_record(self) -> dict[str, Any]:
        """The map as a manifest line holds it."""
        return {"projective": self.matrix()}


IDENTITY = Projective(((1, 0, 0), (0, 1, 0), (0, 0, 1)))


@dataclass(frozen=True)
class Fold:
    """A frame with its border rule: what lies outside is read inside, or filled (`constant`).

    `reflect` repeats the edge pixel (d c b a | a b c d | d c b a), `replicate` continues it, `wrap` starts
    again at the other side. `tints_before` counts the colour steps of the run that stand before it: its fill
    is in the colours of its own step.
    """

    left: int
    top: int
    right: int
    bottom: int
    border: Border = "reflect"
    tints_before: int = 0

    @staticmethod
    def of(frame: Frame, border: Border = "reflect") -> Fold:
        """The fold of a whole frame."""
        return Fold(0, 0, frame.width, frame.height, border)

    def holds(self, points: Iterable[tuple[Scalar, Scalar]]) -> bool:
        """Whether all points lie inside, within a billionth of a pixel."""
        e = Fraction(1, 10**9)
        return all(
            self.left - e <= x <= self.right + e and self.top - e <= y <= self.bottom + e for x, y in points
        )

    @property
    def corners(self) -> tuple[tuple[Scalar, Scalar], ...]:
        """The four corners of the frame."""
        return (
            (self.left, self.top),
            (self.right, self.top),
            (self.right, self.bottom),
            (self.left, self.bottom),
        )

    def push(self, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        """Points stay where they are; a point outside the frame is the caller's to judge."""
        return x, y

    def pull(self, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        """Read outside points at their place inside."""
        return fold_axis(x, self.left, self.right, self.border), fold_axis(
            y, self.top, self.bottom, self.border
        )

    def outside(self, x: Floats, y: Floats) -> npt.NDArray[np.bool_]:
        """Whether points lie outside the frame, the right and bottom edges included."""
        beyond: npt.NDArray[np.bool_] = (
            (x < self.left) | (x >= self.right) | (y < self.top) | (y >= self.bottom)
        )
        return beyond

    def as_record(self) -> dict[str, Any]:
        """The fold as a manifest line holds it."""
        return {"fold": [self.left, self.top, self.right, self.bottom], "border": self.border}


def fold_axis(value: Any, low: int, high: int, border: Border) -> Any:
    """One coordinate folded into [low, high]; exact for whole numbers as well as for floats."""
    if border in ("replicate", "constant"):
        return np.clip(value, low, high)
    period = high - low
    if border == "wrap":
        return low + np.mod(value - low, period)
    return low + period - np.abs(np.mod(value - low, 2 * period) - period)


@dataclass(frozen=True, eq=False)
class Field:
    """A displacement field: output point p comes from source point p + d(p), in pixels of its frame.

    `grid` holds d at nodes, float32 (rows, columns, 2); node (i, j) stands at `origin + spacing * (j, i)`.
    Between nodes it is bilinear, outside it continues by its edge value. `spec` makes it again.
    """

    grid: npt.NDArray[np.float32]
    origin: tuple[float, float]
    spacing: tuple[float, float]
    spec: Mapping[str, Any] = field(default_factory=dict)

    def displacement(self, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        """The displacement (dx, dy) at points of any shape."""
        gx = (x - self.origin[0]) / self.spacing[0]
        gy = (y - self.origin[1]) / self.spacing[1]
        gx, gy = np.broadcast_arrays(gx, gy)
        return _bilinear_fast(self.grid, gx, gy) if gx.dtype == np.float32 else _bilinear(self.grid, gx, gy)

    @property
    def reach(self) -> float:
        """The longest step of any node along one axis, in pixels."""
        return float(np.abs(self.grid).max(initial=0.0))

    def pull(self, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        """Output points to source points."""
        dx, dy = self.displacement(x, y)
        return x + dx, y + dy

    def push(self, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        """Source points to output points: p = q - d(p) by iteration, exact where the field does not fold."""
        u, v = x, y
        for _ in range(200):
            dx, dy = self.displacement(u, v)
            step = max(float(np.abs(x - dx - u).max(initial=0)), float(np.abs(y - dy - v).max(initial=0)))
            u, v = x - dx, y - dy
            if step < 1e-9:
                break
        return u, v

    def folds(self) -> bool:
        """Whether the map turns over somewhere: its Jacobian is not positive at some node."""
        if min(self.grid.shape[:2]) < 2:
            return False
        dy = np.gradient(self.grid, self.spacing[1], axis=0)
        dx = np.gradient(self.grid, self.spacing[0], axis=1)
        jacobian = (1 + dx[..., 0]) * (1 + dy[..., 1]) - dx[..., 1] * dy[..., 0]
        return bool((jacobian <= 0).any())

    def as_record(self) -> dict[str, Any]:
        """The field as a manifest line holds it: what it is made from, not its values."""
        return {"field": dict(self.spec)}


def _bilinear(grid: npt.NDArray[np.float32], gx: Floats, gy: Floats) -> tuple[Floats, Floats]:
    """Sample a node grid at points, in float64: for points."""
    rows, columns = grid.shape[:2]
    gx, gy = np.clip(gx, 0, columns - 1), np.clip(gy, 0, rows - 1)
    j = np.minimum(gx.astype(np.int64), max(columns - 2, 0))
    i = np.minimum(gy.astype(np.int64), max(rows - 2, 0))
    fx, fy = (gx - j)[..., None], (gy - i)[..., None]
    right, below = np.minimum(j + 1, columns - 1), np.minimum(i + 1, rows - 1)
    upper = grid[i, j] * (1 - fx) + grid[i, right] * fx
    lower = grid[below, j] * (1 - fx) + grid[below, right] * fx
    value = upper * (1 - fy) + lower * fy
    return value[..., 0], value[..., 1]


def _bilinear_fast(grid: npt.NDArray[np.float32], gx: Floats, gy: Floats) -> tuple[Floats, Floats]:
    """The same for the millions of pixels of a picture, in float32."""
    import cv2  # here, so that reading and checking a recipe does not load OpenCV

    value = cv2.remap(
        grid,
        np.ascontiguousarray(gx),
        np.ascontiguousarray(gy),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    ).astype(np.float32, copy=False)
    return value[..., 0], value[..., 1]


# Root mean square of the smoothed noise: a uniform(-1, 1) field of variance 1/3, under a Gaussian of energy
# 1 / (4 pi sigma^2), has deviation 1 / (sigma sqrt(12 pi)).
RMS_OF_UNIT_ALPHA = 1.0 / math.sqrt(12.0 * math.pi)
NODES_PER_SIGMA = 4


@lru_cache(maxsize=4)
def elastic_field(frame: Frame, key: str, alpha: float, sigma: float) -> Field:
    """Simard's elastic field (2003): uniform(-1, 1) noise, Gaussian of `sigma` pixels, times `alpha` pixels.

    Smoothed noise has no detail finer than sigma, so it is drawn on a grid of spacing s = sigma / 4 (at least
    one pixel); a cell's noise stands for s x s pixels and is 1/s as strong, which keeps the statistics.
    """
    import cv2  # here, so that reading and checking a recipe does not load OpenCV

    spacing = max(1, int(sigma / NODES_PER_SIGMA))
    cell_sigma = sigma / spacing
    margin = math.ceil(4 * cell_sigma)
    columns = math.ceil(frame.width / spacing) + 1 + 2 * margin
    rows = math.ceil(frame.height / spacing) + 1 + 2 * margin
    noise = uniform_noise(key, 2 * rows, columns).reshape(2, rows, columns)
    taps = 2 * margin + 1
    smooth = [cv2.GaussianBlur(n, (taps, taps), cell_sigma, borderType=cv2.BORDER_REFLECT) for n in noise]
    inner = np.stack(smooth, axis=-1)[margin : rows - margin, margin : columns - margin]
    spec = {
        "kind": "elastic",
        "key": key,
        "alpha": alpha,
        "sigma": sigma,
        "width": frame.width,
        "height": frame.height,
    }
    return Field(
        np.ascontiguousarray(inner * np.float32(alpha / spacing)),
        (0.0, 0.0),
        (float(spacing), float(spacing)),
        spec,
    )


GRID_NODES_PER_CELL = 64


def grid_field(frame: Frame, displacements: list[list[list[float]]]) -> Field:
    """A field through a coarse grid of control displacements, cubic B-splines between them.

    `displacements[i][j]` is (dx, dy) in pixels; the outer points stand on the centres of the corner pixels,
    as in the package elasticdeform (van Tulder) and U-Net (Ronneberger 2015).
    """
    control = np.asarray(displacements, np.float64)
    rows, columns = control.shape[:2]
    down, across = _spline_matrix(rows), _spline_matrix(columns)
    grid = np.einsum("ik,klc,jl->ijc", down, control, across).astype(np.float32)
    spec = {
        "kind": "grid",
        "displacements": displacements,
        "width": frame.width,
        "height": frame.height,
    }
    spacing = (
        (frame.width - 1) / (grid.shape[1] - 1) or 1.0,
        (frame.height - 1) / (grid.shape[0] - 1) or 1.0,
    )
    return Field(grid, (0.5, 0.5), spacing, spec)


def _spline_matrix(count: int) -> npt.NDArray[np.float64]:
    """Rows that turn `count` values into their interpolating cubic spline (mirrored at the ends), finely."""
    index = np.arange(count)
    collocation = np.zeros((count, count))
    for offset, weight in ((-1, 1 / 6), (0, 4 / 6), (1, 1 / 6)):
        np.add.at(collocation, (index, _mirror(index + offset, count)), weight)
    at = np.linspace(0, count - 1, GRID_NODES_PER_CELL * (count - 1) + 1)
    cell = np.minimum(at.astype(int), count - 2)
    t = at - cell
    weights = (
        (1 - t) ** 3 / 6,
        (3 * t**3 - 6 * t**2 + 4) / 6,
        (-3 * t**3 + 3 * t**2 + 3 * t + 1) / 6,
        t**3 / 6,
    )
    basis = np.zeros((at.size, count))
    for offset, weights_here in enumerate(weights):
        np.add.at(basis, (np.arange(at.size), _mirror(cell + offset - 1, count)), weights_here)
    return basis @ np.linalg.inv(collocation)


def _mirror(index: npt.NDArray[np.int_], count: int) -> npt.NDArray[np.int_]:
    """Indices mirrored about the first and the last, which are not repeated."""
    mirrored: npt.NDArray[np.int_] = (count - 1) - np.abs(np.mod(index, 2 * (count - 1)) - (count - 1))
    return mirrored


Map = Projective | Field | Fold


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
        region: tuple[tuple[Scalar, Scalar], ...] = self.target.corners
        kept: list[Map] = []
        for step in reversed(self.maps):
            region, needed = _region_before(step, region)
            if needed:
                kept.append(step)
        return Warp(self.source, self.target, _merged(reversed(kept)))


def _columns(points: npt.ArrayLike) -> tuple[Floats, Floats]:
    array = np.asarray(points, np.float64).reshape(-1, 2)
    return array[:, 0], array[:, 1]


def _region_before(
    step: Map, region: tuple[tuple[Scalar, Scalar], ...]
) -> tuple[tuple[tuple[Scalar, Scalar], ...], bool]:
    """The corners of what is read on the source side of a step, and whether the step does anything."""
    if isinstance(step, Projective):
        return step.inverse().corners(region), True
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
    spec = record["field"]
    frame = Frame(spec["width"], spec["height"])
    if spec["kind"] == "grid":
        return grid_field(frame, spec["displacements"])
    return elastic_field(frame, spec["key"], spec["alpha"], spec["sigma"])


def projective_of(matrix: Iterable[Iterable[float]]) -> Projective:
    """A map from its 3x3 matrix; whole entries are exact again."""
    return Projective(tuple(tuple(int(v) if v == int(v) else v for v in row) for row in matrix))
