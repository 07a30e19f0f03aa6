"""Polygons through a warp: edges get more vertices where a map bends them, and are cut where a fold cuts.

A ring is filled by even and odd, as pycocotools fills it: what lies inside of it twice lies outside.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from augcli.geometry.field import Field
from augcli.geometry.fold import Fold
from augcli.geometry.frame import Floats
from augcli.geometry.projective import HORIZON, Projective
from augcli.geometry.warp import Map, Warp

Index = npt.NDArray[np.int64]
Box = tuple[float, float, float, float]  # left, top, right, bottom
EVERYWHERE: Box = (-1e9, -1e9, 1e9, 1e9)
ON_THE_EDGE = 1e-6  # pixels that a vertex may lie outside of a box without being cut off
GRID = 1e-7  # pixels: where a line crosses itself is rounded to this, so that it can always be told
LEAST_AREA = 1e-6  # square pixels of a part that is more than the rounding of a cut
BENT = 0.04  # pixels that a curve may be off its chord at a quarter of it: everywhere less than 0.05
QUARTERS = np.array([0.0, 0.25, 0.5, 0.75, 1.0])
LEAST_PIECE, MOST_PIECES, MOST_HALVINGS = 16.0, 256, 8
TANGLED = 256, 4.0  # vertices, and vertices a pixel: more than a line has that turns once in two pixels
ROUNDS = 3  # of a fixed point: each is nearer by the share that neighbouring displacements differ
POLYGON = 3  # shapely's number of the type
BEYOND = 16.0  # pixels around what can be seen, where edges are still bent


@dataclass(frozen=True)
class Rings:
    """Closed lines in one array: ring r is `points[starts[r]:starts[r + 1]]`, float64 (N, 2).

    Its last edge leads back to its first vertex. `owners` (R,) rises: the number of the ring that each was
    at first, before cuts made several of one, or none. `pierced` are those that lines do not describe any
    more: a cut leaves holes (then only their outer lines are here), or a field tangles them (they are gone).
    """

    points: Floats
    starts: Index
    owners: Index
    pierced: frozenset[int] = frozenset()

    @property
    def lengths(self) -> Index:
        """How many vertices each ring has."""
        return np.diff(self.starts)

    def each(self) -> list[Floats]:
        """The vertices (n, 2) of each ring."""
        return np.split(self.points, self.starts[1:-1]) if len(self.owners) else []


def rings_of(lines: Sequence[npt.ArrayLike]) -> Rings:
    """Rings of lines of at least three vertices each, (n, 2) or flat as in COCO: x1, y1, x2, y2, ..."""
    arrays = [np.asarray(line, np.float64).reshape(-1, 2) for line in lines]
    return _packed(arrays, np.arange(len(arrays)))


def _packed(arrays: Sequence[Floats], owners: Index, pierced: frozenset[int] = frozenset()) -> Rings:
    starts = np.cumsum([0, *(len(array) for array in arrays)], dtype=np.int64)
    return Rings(np.concatenate([np.empty((0, 2)), *arrays]), starts, owners, pierced)


def moved_rings(rings: Rings, warp: Warp, *, cut: bool = True) -> Rings:
    """Where the rings' insides are in the output: cut by every fold and by the output's frame.

    A fold cuts whatever its border rule. Curves are off by less than 0.05 output pixels. Without `cut` the
    rings go as far as they go, over an unbounded canvas.
    """
    seen = _seen(warp)
    for number, step in enumerate(warp.maps):
        if isinstance(step, Fold):
            rings = clipped(rings, _box(step)) if cut else rings
        elif isinstance(step, Projective):
            rings = _pushed(_before_horizon(rings, step), step)
        else:
            rings = _bent(clipped(rings, seen[number]) if cut else rings, step, warp.maps[number + 1 :])
    return clipped(rings, _box(Fold.of(warp.target))) if cut else rings


def _box(fold: Fold) -> Box:
    return fold.left, fold.top, fold.right, fold.bottom


def _pushed(rings: Rings, step: Map) -> Rings:
    return replace(rings, points=np.stack(step.push(*rings.points.T), axis=-1))


def _seen(warp: Warp) -> list[Box]:
    """For each map a box on its source side: outside of it nothing is seen in the output."""
    if not any(isinstance(step, Field) for step in warp.maps):
        return [EVERYWHERE] * len(warp.maps)
    box, boxes = _box(Fold.of(warp.target)), []
    for step in reversed(warp.maps):
        box = _seen_before(step, box)
        boxes.append(_grown(box, BEYOND))
    return boxes[::-1]


def _seen_before(step: Map, box: Box) -> Box:
    if isinstance(step, Field):
        return _grown(box, step.reach)
    left, top, right, bottom = box
    if isinstance(step, Fold):
        return max(left, step.left), max(top, step.top), min(right, step.right), min(bottom, step.bottom)
    back, corners = step.inverse(), [(left, top), (right, top), (right, bottom), (left, bottom)]
    if min(back.weights(corners)) <= HORIZON:
        return EVERYWHERE
    xs, ys = zip(*back.corners(corners), strict=True)
    return float(min(xs)), float(min(ys)), float(max(xs)), float(max(ys))


def _grown(box: Box, by: float) -> Box:
    left, top, right, bottom = box
    return left - by, top - by, right + by, bottom + by


# --- cuts


def clipped(rings: Rings, box: Box) -> Rings:
    """What of the rings' insides lies in a box; a ring that lies in it as a whole keeps its vertices."""
    if not len(rings.owners):
        return rings
    low = np.minimum.reduceat(rings.points, rings.starts[:-1])
    high = np.maximum.reduceat(rings.points, rings.starts[:-1])
    first, last = np.array(box[:2]), np.array(box[2:])
    inside = np.all((low >= first - ON_THE_EDGE) & (high <= last + ON_THE_EDGE), axis=1)
    if inside.all():
        return rings
    import shapely  # here, so that a command that cuts no polygon does not load it

    crossing = ~inside & np.all((low < last) & (high > first), axis=1)
    return _joined(_chosen(rings, inside), _cut(_chosen(rings, crossing), shapely.box(*box)))


def _before_horizon(rings: Rings, step: Projective) -> Rings:
    """What lies on this side of a projective map's horizon."""
    if step.is_affine:
        return rings
    g, h, i = step.matrix()[2]
    weights = rings.points[:, 0] * g + rings.points[:, 1] * h + i
    if weights.min(initial=1.0) >= HORIZON:
        return rings
    import shapely  # as above

    low = np.minimum.reduceat(weights, rings.starts[:-1])
    high = np.maximum.reduceat(weights, rings.starts[:-1])
    near = shapely.Polygon(_half(rings.points, (g, h, i - HORIZON)))
    crossing = (low < HORIZON) & (high > HORIZON)
    return _joined(_chosen(rings, low >= HORIZON), _cut(_chosen(rings, crossing), near))


def _half(points: Floats, line: tuple[float, float, float]) -> list[tuple[float, float]]:
    """The part of a box around points where g x + h y + i >= 0: its corners in order."""
    (left, top), (right, bottom) = points.min(axis=0) - 1, points.max(axis=0) + 1
    corners = [(left, top), (right, top), (right, bottom), (left, bottom)]
    weights = [line[0] * x + line[1] * y + line[2] for x, y in corners]
    kept = []
    for k in range(4):
        (x, y), (u, v), a, b = corners[k - 1], corners[k], weights[k - 1], weights[k]
        if (a < 0) != (b < 0):
            kept.append((x + (u - x) * a / (a - b), y + (v - y) * a / (a - b)))
        if b >= 0:
            kept.append((u, v))
    return kept


def _chosen(rings: Rings, chosen: npt.NDArray[np.bool_]) -> Rings:
    starts = np.cumsum(np.concatenate([[0], rings.lengths[chosen]]), dtype=np.int64)
    points = rings.points[np.repeat(chosen, rings.lengths)]
    return Rings(points, starts, rings.owners[chosen], rings.pierced)


def _joined(first: Rings, second: Rings) -> Rings:
    """Both, in the order of their owners."""
    owners = np.concatenate([first.owners, second.owners])
    order = np.argsort(owners, kind="stable")
    each = first.each() + second.each()
    return _packed([each[number] for number in order], owners[order], first.pierced | second.pierced)


def _cut(rings: Rings, area: Any) -> Rings:
    """What of the rings' insides lies in a convex polygon."""
    import shapely  # as above

    if not len(rings.owners):
        return rings
    parts, ring = shapely.get_parts(shapely.intersection(_regions(rings), area), return_index=True)
    full = (shapely.get_type_id(parts) == POLYGON) & (shapely.area(parts) > LEAST_AREA)
    parts, owners = parts[full], rings.owners[ring[full]]
    pierced = owners[shapely.get_num_interior_rings(parts) > 0]
    lines = [shapely.get_coordinates(line)[:-1] for line in shapely.get_exterior_ring(parts)]
    return _packed(lines, owners, rings.pierced.union(pierced.tolist()))


def _regions(rings: Rings) -> npt.NDArray[Any]:
    """The inside of each ring as shapely's (multi-)polygon, valid."""
    import shapely  # as above

    numbers = np.repeat(np.arange(len(rings.owners)), rings.lengths + 1)
    closed = np.insert(np.arange(len(rings.points)), rings.starts[1:], rings.starts[:-1])
    lines = shapely.linearrings(rings.points[closed], indices=numbers)
    regions = shapely.polygons(lines)
    for number in np.flatnonzero(~shapely.is_valid(regions)):
        regions[number] = _inside(lines[number])
    return np.asarray(regions)


def _inside(line: Any) -> Any:
    """The inside of a line that crosses or touches itself: the faces around which it goes an odd time."""
    import shapely  # as above

    crossed = shapely.union_all([line], grid_size=GRID)
    faces = shapely.get_parts(shapely.polygonize([crossed]))
    points = shapely.get_coordinates(shapely.point_on_surface(faces))
    rounded = np.rint(shapely.get_coordinates(line)[:-1] / GRID) * GRID  # as the faces are
    return shapely.union_all(faces[is_inside(rounded, points)])


def is_inside(ring: Floats, points: Floats) -> npt.NDArray[np.bool_]:
    """Whether points (P, 2) lie inside a ring (n, 2), by even and odd: Shimrat 1962, CACM algorithm 112."""
    x, y = points[:, :1], points[:, 1:]
    (u, v), (s, t) = ring.T, np.roll(ring, -1, axis=0).T
    spans = (v <= y) != (t <= y)
    level = np.where(t == v, 1.0, t - v)
    crossed = spans & (u + (y - v) * (s - u) / level > x)
    odd: npt.NDArray[np.bool_] = crossed.sum(axis=1) % 2 == 1
    return odd


def areas(rings: Rings, owners: int) -> Floats:
    """The area of each owner's rings, (owners,) square pixels; holes are not taken off."""
    import shapely  # as above

    if not len(rings.owners):
        return np.zeros(owners)
    each = np.zeros(owners)
    np.add.at(each, rings.owners, shapely.area(_regions(rings)))
    return each


# --- bends


def _bent(rings: Rings, field: Field, later: Sequence[Map]) -> Rings:
    """Rings through a field, with so many more vertices that what comes later shows no straight edges."""
    if not len(rings.owners):
        return rings
    following = np.arange(1, len(rings.points) + 1)
    following[rings.starts[1:] - 1] = rings.starts[:-1]
    ways = rings.points[following] - rings.points

    def at(edges: Index, shares: Floats) -> Floats:
        return rings.points[edges] + shares[..., None] * ways[edges]

    def curve(edges: Index, shares: Floats) -> Floats:
        return _nearly([field], at(np.broadcast_to(edges[:, None], shares.shape), shares))

    lengths = np.hypot(*ways.T)
    longest = max(4 * min(field.spacing), LEAST_PIECE)
    edges, shares = _vertices(lengths, longest, curve, partial(_nearly, later))
    order = np.lexsort((shares, edges))
    edges, shares = edges[order], shares[order]
    starts = np.searchsorted(edges, rings.starts).astype(np.int64)
    bent = _untangled(replace(rings, points=at(edges, shares), starts=starts), rings, lengths)
    return _pushed(bent, field)


def _untangled(bent: Rings, before: Rings, lengths: Floats) -> Rings:
    """Without the rings that turn so often that they cross themselves everywhere: they would take hours."""
    around = np.add.reduceat(lengths, before.starts[:-1])
    tangled = bent.lengths > TANGLED[0] + TANGLED[1] * around + before.lengths
    if not tangled.any():
        return bent
    return replace(_chosen(bent, ~tangled), pierced=bent.pierced.union(bent.owners[tangled].tolist()))


def _nearly(maps: Sequence[Map], points: Floats) -> Floats:
    """Points (..., 2) through maps, fields solved only so far that one sees how they bend a line."""
    x, y = points[..., 0], points[..., 1]
    for step in maps:
        if isinstance(step, Field):
            u, v = x, y
            for _ in range(ROUNDS):
                dx, dy = step.displacement(u, v)
                u, v = x - dx, y - dy
            x, y = u, v
        else:
            x, y = step.push(x, y)
    return np.stack([x, y], axis=-1)


def _vertices(
    lengths: Floats,
    longest: float,
    curve: Callable[[Index, Floats], Floats],
    shown: Callable[[Floats], Floats],
) -> tuple[Index, Floats]:
    """Vertices that keep edges of these lengths near their curves: edges, and shares of them in [0, 1).

    `curve` takes edges (M,) and shares (M, K) of each to points (M, K, 2) of the curves, and `shown` any
    points to where they are seen. No piece is longer than `longest`, so that no bend hides between the points
    that are looked at.
    """
    pieces = np.clip(np.ceil(lengths / longest), 1, MOST_PIECES).astype(np.int64)
    edge = np.repeat(np.arange(len(lengths)), pieces)
    low = (np.arange(edge.size) - np.repeat(np.cumsum(pieces) - pieces, pieces)) / pieces[edge]
    size = 1 / pieces[edge]
    edges, shares = [edge], [low]
    points = curve(edge, low[:, None] + size[:, None] * QUARTERS)
    for _ in range(MOST_HALVINGS):
        bent = _off_chord(points, shown) > BENT
        edge, low, size, points = edge[bent], low[bent], size[bent] / 2, points[bent]
        if not edge.size:
            break
        edges.append(edge)
        shares.append(low + size)
        edge, low, size = np.tile(edge, 2), np.concatenate([low, low + size]), np.tile(size, 2)
        points = np.insert(
            np.concatenate([points[:, :3], points[:, 2:]]),
            (1, 2),
            curve(edge, low[:, None] + size[:, None] * QUARTERS[[1, 3]]),
            axis=1,
        )
    return np.concatenate(edges), np.concatenate(shares)


def _off_chord(points: Floats, shown: Callable[[Floats], Floats]) -> Floats:
    """How far curves (M, 5, 2) are seen off the straight lines between their ends, (M,)."""
    start, chord = points[:, :1], points[:, -1:] - points[:, :1]
    way, square = points[:, 1:-1] - start, np.maximum(np.square(chord).sum(axis=-1), 1e-12)
    share = np.clip((way * chord).sum(axis=-1) / square, 0, 1)[..., None]
    off = shown(start + way) - shown(start + share * chord)
    farthest: Floats = np.hypot(off[..., 0], off[..., 1]).max(axis=-1)
    return farthest
