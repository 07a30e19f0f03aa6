"""Projective: a 3x3 map of the plane, exact where its entries are whole or rational."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from augcli.geometry.frame import Floats, Point, Scalar

Rows = tuple[tuple[Scalar, ...], ...]
# The least weight w of a point (u / w, v / w): what lies on the horizon or beyond it goes as far as this
# lets it go, which is 10,000 times as far as where w is 1, and never comes back from the other side.
HORIZON = 1e-4


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
        columns = tuple(zip(*self.rows, strict=True))
        return Projective(
            tuple(tuple(a * x + b * y + c * z for x, y, z in columns) for a, b, c in after.rows)
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
    def is_mirror(self) -> bool:
        """Whether left hands become right hands, in front of its horizon: its determinant is negative."""
        (a, b, c), (d, e, f), (g, h, i) = self.rows
        return bool(a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g) < 0)

    @property
    def is_aligned(self) -> bool:
        """Whether it maps the axes to the axes: scalings, flips, quarter turns, shifts."""
        (a, b, _), (d, e, _), _ = self.rows
        return self.is_affine and ((b == 0 and d == 0) or (a == 0 and e == 0))

    def matrix(self) -> list[list[float]]:
        """The 3x3 matrix as floats."""
        return [[float(value) for value in row] for row in self.rows]

    def push(self, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        """Source points to output points; `x` and `y` broadcast, and keep their dtype.

        Points beyond the horizon (w <= 0) have no place in the output: they go very far away.
        """
        (a, b, c), (d, e, f), (g, h, i) = self.matrix()
        u, v = x * a + (y * b + c), x * d + (y * e + f)
        if self.is_affine:
            return u, v
        w = np.maximum(x * g + (y * h + i), HORIZON)
        return u / w, v / w

    def pull(self, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        """Output points to source points."""
        return self.inverse().push(x, y)

    def corners(self, points: Iterable[Point]) -> tuple[Point, ...]:
        """Map a few points one by one, exactly where the entries are exact."""
        (a, b, c), (d, e, f), (g, h, i) = self.rows
        weighted = ((a * x + b * y + c, d * x + e * y + f, g * x + h * y + i) for x, y in points)
        if self.is_affine:
            return tuple((u, v) for u, v, _ in weighted)
        return tuple((u / w, v / w) for u, v, w in weighted)

    def weights(self, points: Iterable[Point]) -> tuple[Scalar, ...]:
        """What `push` divides each point by: 1 for an affine map, above 0 on this side of the horizon."""
        g, h, i = self.rows[2]
        return tuple(g * x + h * y + i for x, y in points)

    def as_record(self) -> dict[str, Any]:
        """The map as a manifest line holds it."""
        return {"projective": self.matrix()}


IDENTITY = Projective(((1, 0, 0), (0, 1, 0), (0, 0, 1)))


def projective_of(matrix: Iterable[Iterable[float]]) -> Projective:
    """A map from its 3x3 matrix; whole entries are exact again."""
    return Projective(tuple(tuple(int(v) if v == int(v) else v for v in row) for row in matrix))


def square_to(corners: Sequence[Point]) -> Projective:
    """The map of the unit square onto a convex quadrilateral, corners clockwise from the origin's.

    Heckbert 1989, "Fundamentals of Texture Mapping and Image Warping", 2.2.3; exact for exact corners.
    """
    (x0, y0), (x1, y1), (x2, y2), (x3, y3) = corners
    ax, bx, cx = x1 - x2, x3 - x2, x0 - x1 + x2 - x3
    ay, by, cy = y1 - y2, y3 - y2, y0 - y1 + y2 - y3
    g: Scalar = 0
    h: Scalar = 0
    if cx or cy:
        determinant = ax * by - bx * ay
        g, h = (cx * by - bx * cy) / determinant, (ax * cy - cx * ay) / determinant
    return Projective(
        (
            (x1 - x0 + g * x1, x3 - x0 + h * x3, x0),
            (y1 - y0 + g * y1, y3 - y0 + h * y3, y0),
            (g, h, 1),
        )
    )
