"""Field: displacements on a grid of nodes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from augcli.geometry.frame import Floats, Frame

Grid = npt.NDArray[np.float32]
Displacement = Callable[[Floats, Floats], tuple[Floats, Floats]]


@dataclass(frozen=True, eq=False)
class Field:
    """A displacement field: output point p comes from source point p + d(p), in pixels of its frame.

    `grid` holds d at nodes, float32 (rows, columns, 2); node (i, j) stands at `origin + spacing * (j, i)`.
    Between nodes it is bilinear, or linear on the two triangles into which the diagonal from the upper left
    cuts each cell; outside it continues by its edge value. `spec` makes it again.
    """

    grid: Grid
    origin: tuple[float, float]
    spacing: tuple[float, float]
    spec: Mapping[str, Any] = field(default_factory=dict)
    triangles: bool = False

    @staticmethod
    def over(frame: Frame, grid: Floats, spec: Mapping[str, Any], *, triangles: bool = False) -> Field:
        """The field whose outer nodes stand on the edges of a frame; at least 2 x 2 nodes."""
        rows, columns = grid.shape[:2]
        spacing = (frame.width / (columns - 1), frame.height / (rows - 1))
        return Field(np.ascontiguousarray(grid, np.float32), (0.0, 0.0), spacing, spec, triangles)

    def displacement(self, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        """The displacement (dx, dy) at points of any shape."""
        gx = (x - self.origin[0]) / self.spacing[0]
        gy = (y - self.origin[1]) / self.spacing[1]
        gx, gy = np.broadcast_arrays(gx, gy)
        if gx.dtype != np.float32:
            dx, dy = _bilinear(self.grid, gx, gy)
        else:
            gx, gy = np.ascontiguousarray(gx), np.ascontiguousarray(gy)
            across, down = self._planes
            dx, dy = _bilinear_fast(across, gx, gy), _bilinear_fast(down, gx, gy)
        if not self.triangles:
            return dx, dy
        bend_x, bend_y = _bend(self._twist, gx, gy)
        return dx + bend_x, dy + bend_y

    @cached_property
    def _planes(self) -> tuple[Grid, Grid]:
        """The two components of the grid, each (rows, columns)."""
        return np.ascontiguousarray(self.grid[..., 0]), np.ascontiguousarray(self.grid[..., 1])

    @cached_property
    def _twist(self) -> Grid:
        """How far each cell is from a parallelogram, (rows - 1, columns - 1, 2)."""
        g = self.grid
        return g[:-1, :-1] + g[1:, 1:] - g[:-1, 1:] - g[1:, :-1]

    @property
    def reach(self) -> float:
        """The longest step of any node along one axis, in pixels."""
        return float(np.abs(self.grid).max(initial=0.0))

    def pull(self, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        """Output points to source points."""
        dx, dy = self.displacement(x, y)
        return x + dx, y + dy

    def push(self, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        """Source points (N,) to output points: p + d(p) = q solved for p, exactly where nothing folds."""
        return _solved(self.displacement, self.spacing, x, y)

    def folds(self) -> bool:
        """Whether the map turns over in some cell: its Jacobian, taken at the corners, is not positive."""
        rows, columns = self.grid.shape[:2]
        across = np.diff(self.grid, axis=1) / self.spacing[0]
        down = np.diff(self.grid, axis=0) / self.spacing[1]
        for below, right in ((0, 1), (1, 0)) if self.triangles else ((0, 0), (0, 1), (1, 0), (1, 1)):
            a, d = across[below : rows - 1 + below], down[:, right : columns - 1 + right]
            if ((1 + a[..., 0]) * (1 + d[..., 1]) <= a[..., 1] * d[..., 0]).any():
                return True
        return False

    def as_record(self) -> dict[str, Any]:
        """The field as a manifest line holds it: what it is made from, not its values."""
        return {"field": dict(self.spec)}


def _bilinear(grid: Grid, gx: Floats, gy: Floats) -> tuple[Floats, Floats]:
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


def _bilinear_fast(plane: Grid, gx: Floats, gy: Floats) -> Floats:
    """The same for the millions of pixels of a picture, in float32, one plane (rows, columns) of the grid.

    OpenCV 5.0 rounds positions to 1/32 of a node where there are two channels, and not where there is one.
    """
    import cv2  # here, so that reading and checking a recipe does not load OpenCV

    value = cv2.remap(plane, gx, gy, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return value.astype(np.float32, copy=False)


def _bend(twist: Grid, gx: Floats, gy: Floats) -> tuple[Floats, Floats]:
    """What two triangles add to a bilinear cell: the twist times min(fx, fy) (1 - max(fx, fy))."""
    rows, columns = twist.shape[:2]
    gx, gy = np.clip(gx, 0, columns), np.clip(gy, 0, rows)
    j = np.minimum(gx.astype(np.intp), columns - 1)
    i = np.minimum(gy.astype(np.intp), rows - 1)
    fx, fy = gx - j.astype(gx.dtype), gy - i.astype(gy.dtype)
    weight = np.minimum(fx, fy) * (1 - np.maximum(fx, fy))
    cell = i * columns + j
    return np.take(twist[..., 0], cell) * weight, np.take(twist[..., 1], cell) * weight


NEAR_ENOUGH = 1e-9  # pixels
MOST_STEPS, MOST_HALVINGS = 60, 8


def _solved(
    displacement: Displacement, spacing: tuple[float, float], x: Floats, y: Floats
) -> tuple[Floats, Floats]:
    """The points p with p + d(p) = (x, y), by Newton's method with steps halved while they make it worse."""
    dx, dy = displacement(x, y)
    u, v = x - dx, y - dy
    left = np.arange(x.size)
    for _ in range(MOST_STEPS):
        off_x, off_y = _missed(displacement, u[left], v[left], x[left], y[left])
        open_ = np.maximum(np.abs(off_x), np.abs(off_y)) >= NEAR_ENOUGH
        left, off_x, off_y = left[open_], off_x[open_], off_y[open_]
        if not left.size:
            break
        step_x, step_y = _newton_step(displacement, spacing, u[left], v[left], off_x, off_y)
        missed, share = np.hypot(off_x, off_y), np.ones(left.size)
        for _ in range(MOST_HALVINGS):
            ahead = u[left] + share * step_x, v[left] + share * step_y
            worse = np.hypot(*_missed(displacement, *ahead, x[left], y[left])) >= missed
            if not worse.any():
                break
            share[worse] /= 2
        u[left] += share * step_x
        v[left] += share * step_y
    return u, v


def _missed(displacement: Displacement, u: Floats, v: Floats, x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """How far (u, v) lands from (x, y)."""
    dx, dy = displacement(u, v)
    return u + dx - x, v + dy - y


def _newton_step(
    displacement: Displacement,
    spacing: tuple[float, float],
    u: Floats,
    v: Floats,
    off_x: Floats,
    off_y: Floats,
) -> tuple[Floats, Floats]:
    """The step that mends `off` where the field is linear; where it is flat, the step back by `off`."""
    dx, dy = displacement(u, v)
    h, k = 1e-4 * spacing[0], 1e-4 * spacing[1]
    right, below = displacement(u + h, v), displacement(u, v + k)
    a, c = 1 + (right[0] - dx) / h, (right[1] - dy) / h
    b, d = (below[0] - dx) / k, 1 + (below[1] - dy) / k
    determinant = a * d - b * c
    flat = np.abs(determinant) < 1e-3
    whole = np.where(flat, 1.0, determinant)
    step_x, step_y = (b * off_y - d * off_x) / whole, (c * off_x - a * off_y) / whole
    return np.where(flat, -off_x, step_x), np.where(flat, -off_y, step_y)
