"""Field: displacements on a grid of nodes, and the two ways of making one."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from augcli.geometry.frame import Floats, Frame
from augcli.keys import uniform_noise


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
        if gx.dtype != np.float32:
            return _bilinear(self.grid, gx, gy)
        gx, gy = np.ascontiguousarray(gx), np.ascontiguousarray(gy)
        across, down = self._planes
        return _bilinear_fast(across, gx, gy), _bilinear_fast(down, gx, gy)

    @cached_property
    def _planes(self) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        """The two components of the grid, each (rows, columns)."""
        return np.ascontiguousarray(self.grid[..., 0]), np.ascontiguousarray(self.grid[..., 1])

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


def _bilinear_fast(plane: npt.NDArray[np.float32], gx: Floats, gy: Floats) -> Floats:
    """The same for the millions of pixels of a picture, in float32, one plane (rows, columns) of the grid.

    OpenCV 5.0 rounds positions to 1/32 of a node where there are two channels, and not where there is one.
    """
    import cv2  # here, so that reading and checking a recipe does not load OpenCV

    value = cv2.remap(plane, gx, gy, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return value.astype(np.float32, copy=False)


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
