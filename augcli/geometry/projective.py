"""Projective: a 3x3 map of the plane, exact where its entries are whole or rational."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from augcli.geometry.frame import Floats, Point, Scalar

Rows = tuple[tuple[Scalar, ...], ...]


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

    def corners(self, points: Iterable[Point]) -> tuple[Point, ...]:
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


def projective_of(matrix: Iterable[Iterable[float]]) -> Projective:
    """A map from its 3x3 matrix; whole entries are exact again."""
    return Projective(tuple(tuple(int(v) if v == int(v) else v for v in row) for row in matrix))
