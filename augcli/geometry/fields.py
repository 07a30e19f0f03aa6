"""The ways of making a field: smoothed noise, splines and triangles through control points, lenses, steps.

What a field is made from stands in its `spec`, which `field_of_spec` reads: `kind`, the frame's `width` and
`height` in pixels, and the maker's own arguments.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from augcli.geometry.field import Field
from augcli.geometry.frame import Floats, Frame
from augcli.geometry.linear import product, solved
from augcli.rng import uniform_noise

Displacements = Sequence[Sequence[Sequence[float]]]  # rows of points of (dx, dy), in pixels
Lens = Literal["camera", "fisheye"]

# Root mean square of the smoothed noise: a uniform(-1, 1) field of variance 1/3, under a Gaussian of energy
# 1 / (4 pi sigma^2), has deviation 1 / (sigma sqrt(12 pi)).
RMS_OF_UNIT_ALPHA = 1.0 / math.sqrt(12.0 * math.pi)
NODES_PER_SIGMA = 4


def _spec(kind: str, frame: Frame, **made_from: Any) -> dict[str, Any]:
    return {"kind": kind, **made_from, "width": frame.width, "height": frame.height}


def field_of_spec(spec: Mapping[str, Any]) -> Field:
    """A field from what it is made from."""
    made_from = {key: value for key, value in spec.items() if key not in ("kind", "width", "height")}
    return _MAKERS[spec["kind"]](Frame(spec["width"], spec["height"]), **made_from)


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
    return Field(
        np.ascontiguousarray(inner * np.float32(alpha / spacing)),
        (0.0, 0.0),
        (float(spacing), float(spacing)),
        _spec("elastic", frame, key=key, alpha=alpha, sigma=sigma),
    )


GRID_NODES_PER_CELL = 64


def grid_field(frame: Frame, displacements: Displacements, order: int = 3) -> Field:
    """A field through a coarse grid of control displacements, B-splines of order 1, 2 or 3 between them.

    The outer points stand on the centres of the corner pixels, as in the package elasticdeform (van Tulder),
    whose order is 3, and U-Net (Ronneberger 2015).
    """
    control = np.asarray(displacements, np.float64)
    rows, columns = control.shape[:2]
    down = _refined(control.reshape(rows, -1), order).reshape(-1, columns, 2).swapaxes(0, 1)
    both = _refined(down.reshape(columns, -1), order).reshape(-1, down.shape[1], 2).swapaxes(0, 1)
    grid = np.ascontiguousarray(both, np.float32)
    spacing = (
        (frame.width - 1) / (grid.shape[1] - 1) or 1.0,
        (frame.height - 1) / (grid.shape[0] - 1) or 1.0,
    )
    spec = _spec("grid", frame, displacements=displacements, order=order)
    return Field(grid, (0.5, 0.5), spacing, spec)


def _refined(values: npt.NDArray[np.float64], order: int) -> npt.NDArray[np.float64]:
    """The spline through `values` (n, m), mirrored at the ends, at GRID_NODES_PER_CELL nodes a cell."""
    count = len(values)
    at = np.linspace(0, count - 1, GRID_NODES_PER_CELL * (count - 1) + 1)
    weights = solved(_basis(np.arange(count, dtype=np.float64), count, order), values)
    return product(_basis(at, count, order), weights)


def _basis(at: Floats, count: int, order: int) -> npt.NDArray[np.float64]:
    """The B-splines that stand on 0 to count - 1, at positions between: (positions, count)."""
    first = np.floor(at + 0.5).astype(int) - 1 if order == 2 else np.minimum(at.astype(int), count - 2)
    first -= order == 3
    basis = np.zeros((at.size, count))
    for knot in range(order + 1):
        weights = _b_spline(at - (first + knot), order)
        np.add.at(basis, (np.arange(at.size), _mirror(first + knot, count)), weights)
    return basis


def _b_spline(t: Floats, order: int) -> Floats:
    """The B-spline of an order at distances t from its centre (Unser 1999, "Splines", box 1)."""
    t = np.abs(t)
    if order == 1:
        return np.maximum(1 - t, 0)
    if order == 2:
        return np.where(t <= 0.5, 0.75 - t**2, np.maximum(1.5 - t, 0) ** 2 / 2)
    return np.where(t <= 1, 2 / 3 - t**2 * (2 - t) / 2, np.maximum(2 - t, 0) ** 3 / 6)


def _mirror(index: npt.NDArray[np.int_], count: int) -> npt.NDArray[np.int_]:
    """Indices mirrored about the first and the last, which are not repeated."""
    mirrored: npt.NDArray[np.int_] = (count - 1) - np.abs(np.mod(index, 2 * (count - 1)) - (count - 1))
    return mirrored


def triangle_field(frame: Frame, displacements: Displacements) -> Field:
    """A field that is affine on each triangle between control points; the outer ones stand on the edges."""
    spec = _spec("triangles", frame, displacements=displacements)
    return Field.over(frame, np.asarray(displacements, np.float64), spec, triangles=True)


def plate_field(frame: Frame, displacements: Displacements) -> Field:
    """Thin-plate splines (Bookstein 1989) through control displacements; the outer points on the edges."""
    grid = _plate(frame, tuple(tuple(map(tuple, row)) for row in displacements))
    return Field.over(frame, grid, _spec("plate", frame, displacements=displacements))


@lru_cache(maxsize=4)
def _plate(frame: Frame, displacements: tuple[Any, ...]) -> npt.NDArray[np.float32]:
    """The spline at nodes, control points among them."""
    values = np.asarray(displacements, np.float64)
    rows, columns = values.shape[:2]
    # Bilinear between n nodes a cell, a plate that moves points by m pixels is off by up to 1.4 m / n^2.
    per_cell = min(128, max(16, math.ceil(math.sqrt(70 * np.abs(values).max()))))
    x, y = np.meshgrid(np.linspace(0, frame.width, columns), np.linspace(0, frame.height, rows))
    weights = _plate_weights(x.ravel(), y.ravel(), values.reshape(-1, 2))
    nodes_x, nodes_y = (np.linspace(0, 1, per_cell * (n - 1) + 1) for n in (columns, rows))
    nodes_x, nodes_y = nodes_x[None, :] * frame.width, nodes_y[:, None] * frame.height
    # Control points are nodes, so that one table of the kernel by distances in nodes serves them all.
    quarter = _plate_kernel(nodes_x**2 + nodes_y**2)
    half = np.concatenate([quarter[:0:-1], quarter])
    table = np.concatenate([half[:, :0:-1], half], axis=1)
    constant, slope_x, slope_y = weights[-3:, :, None, None]
    grid = constant + slope_x * nodes_x + slope_y * nodes_y
    (height, width), bends = quarter.shape, weights[:-3].reshape(rows, columns, 2, 1, 1)
    for i, j in np.ndindex(rows, columns):
        top, left = height - 1 - i * per_cell, width - 1 - j * per_cell
        grid += table[top : top + height, left : left + width] * bends[i, j]
    nodes: npt.NDArray[np.float32] = np.moveaxis(grid, 0, -1).astype(np.float32)
    return nodes


def _plate_weights(x: Floats, y: Floats, values: Floats) -> Floats:
    """Weights (n + 3, 2) of the n kernels, then of 1, x and y, of the spline through `values` (n, 2)."""
    count = x.size
    plane = np.stack([np.ones(count), x, y], axis=-1)
    system = np.zeros((count + 3, count + 3))
    system[:count, :count] = _plate_kernel(np.square(x[:, None] - x) + np.square(y[:, None] - y))
    system[:count, count:], system[count:, :count] = plane, plane.T
    return solved(system, np.concatenate([values, np.zeros((3, 2))]))


def _plate_kernel(square: Floats) -> Floats:
    """U = r^2 log r^2, 0 at the centre."""
    return square * np.log(np.where(square > 0, square, 1))


def steps_field(frame: Frame, across: Sequence[float], down: Sequence[float]) -> Field:
    """Equal columns and rows of the output show source columns and rows of widths in these proportions.

    `across` from the left and `down` from the top, each at least two numbers above 0; together the columns
    show the whole width, and the rows the whole height.
    """
    dx, dy = _shifts(across) * frame.width, _shifts(down) * frame.height
    grid = np.stack(np.broadcast_arrays(dx[None, :], dy[:, None]), axis=-1)
    return Field.over(frame, grid, _spec("steps", frame, across=across, down=down))


def _shifts(widths: Sequence[float]) -> npt.NDArray[np.float64]:
    """How far the edges of columns of these widths lie from equal columns', as shares of the whole."""
    edges = np.concatenate([[0.0], np.cumsum(widths)])
    shifts: npt.NDArray[np.float64] = edges / edges[-1] - np.arange(len(edges)) / len(widths)
    return shifts


LEAST_LENS_NODES = 32


def lens_field(frame: Frame, k: float, definition: Lens) -> Field:
    """A radial lens about the centre: output point p comes from centre + (p - centre) (1 + k s).

    `camera`: s = r^2 + r^4 with x and y in shares of width and height, OpenCV's undistortion with k1 = k2 = k
    and a focal length of the picture's sides. `fisheye`: s = r^2 with r in shares of half the diagonal.
    """
    # Bilinear between n nodes, a cubic of side W is off by less than W |k| (3 + 5 / 4) / (8 n^2) pixels.
    count = max(LEAST_LENS_NODES, math.ceil(math.sqrt(100 * abs(k) * max(frame.width, frame.height))))
    x, y = np.linspace(-0.5, 0.5, count)[None, :], np.linspace(-0.5, 0.5, count)[:, None]
    if definition == "camera":
        square = x**2 + y**2
        bent = k * (square + square**2)
    else:
        square = (x * frame.width) ** 2 + (y * frame.height) ** 2
        bent = k * square * 4 / (frame.width**2 + frame.height**2)
    grid = np.stack([bent * x * frame.width, bent * y * frame.height], axis=-1)
    return Field.over(frame, grid, _spec("lens", frame, k=k, definition=definition))


_MAKERS: dict[str, Callable[..., Field]] = {
    "elastic": elastic_field,
    "grid": grid_field,
    "triangles": triangle_field,
    "plate": plate_field,
    "steps": steps_field,
    "lens": lens_field,
}
