"""Random displacement fields: smoothed noise, and grids of control points. All join one warp."""

from __future__ import annotations

import re
from functools import partial
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import BeforeValidator, Field, PlainSerializer, WithJsonSchema, model_validator

from augcli.geometry import RMS_OF_UNIT_ALPHA, Frame, elastic_field, grid_field, plate_field, triangle_field
from augcli.rng import Draws
from augcli.transforms.base import Transform
from augcli.transforms.operations import Applied, SpatialOp
from augcli.transforms.parameters import Distribution, Number, mistake

Amount = Annotated[Distribution, Number(neutral=0.0, low=0.0)]
Sigma = Annotated[Distribution, Number(low=0.5)]


class Elastic(Transform, family="elastic"):
    """Distort by a smooth random field: one field for picture and labels."""

    moves: ClassVar[bool] = True
    fuses: ClassVar[str] = "joins the warp"
    source: ClassVar[str] = "Simard 2003: uniform(-1, 1) noise, Gaussian sigma, times alpha pixels"
    example: ClassVar[str] = "elastic: {alpha: [300, 800], sigma: 24}"

    alpha: Amount | None = Field(default=None, description="pixels, multiplies the smoothed noise")
    sigma: Sigma = Field(description="pixels, the Gaussian that smooths the noise")
    displacement_px: Amount | None = Field(
        default=None, description="root mean square displacement in pixels, instead of alpha"
    )

    @model_validator(mode="after")
    def _one_strength(self) -> Elastic:
        if (self.alpha is None) == (self.displacement_px is None):
            raise mistake("elastic takes sigma and exactly one of alpha, displacement_px")
        return self

    @property
    def is_random(self) -> bool:
        """Return True: the field is drawn."""
        return True

    def draw(self, draws: Draws) -> dict[str, Any]:
        """Draw the strength; the field itself is stored as its key."""
        drawn = super().draw(draws)
        alpha = drawn.get("alpha")
        if alpha is None:
            alpha = drawn["displacement_px"] * drawn["sigma"] / RMS_OF_UNIT_ALPHA
        return {"alpha": alpha, "sigma": drawn["sigma"], "key": draws.key("field")}

    @classmethod
    def operate(cls, params: dict[str, Any], frame: Frame) -> SpatialOp:
        """Make the field for this frame."""
        return SpatialOp((elastic_field(frame, params["key"], params["alpha"], params["sigma"]),), frame)


MOST_POINTS, MOST_PLATE_POINTS = 64, 10  # along a side; a plate's equations are as many as its points


def _points(value: Any, most: int) -> tuple[int, int]:
    """Read `3` or `3x3` (across x down)."""
    match = re.fullmatch(r"(\d+)(?:x(\d+))?", str(value)) if not isinstance(value, bool | tuple) else None
    across, down = value if isinstance(value, tuple) else (0, 0)
    if match:
        across, down = int(match[1]), int(match[2] or match[1])
    if not (2 <= across <= most and 2 <= down <= most):
        raise mistake(f"expected 3 or 3x3 (points across x down, 2 to {most}), got {value!r}")
    return across, down


_as_text = PlainSerializer(lambda points: f"{points[0]}x{points[1]}", return_type=str)
_schema = WithJsonSchema(
    {"anyOf": [{"type": "integer", "minimum": 2}, {"type": "string", "pattern": r"^\d+x\d+$"}]}
)
Points = Annotated[tuple[int, int], BeforeValidator(partial(_points, most=MOST_POINTS)), _as_text, _schema]
PlatePoints = Annotated[
    tuple[int, int], BeforeValidator(partial(_points, most=MOST_PLATE_POINTS)), _as_text, _schema
]


class ControlGrid(Transform):
    """A grid of control points over the frame, each displaced at random."""

    moves: ClassVar[bool] = True
    fuses: ClassVar[str] = "joins the warp"

    points: Points = Field(default=(3, 3), description="control points: 3, or 3x3 across x down")
    sigma: Amount = Field(description="pixels, standard deviation of the displacements")

    @property
    def is_random(self) -> bool:
        """Return True: the displacements are drawn."""
        return True

    def draw(self, draws: Draws) -> dict[str, Any]:
        """Draw (dx, dy) for each control point, rows from the top."""
        sigma = self.sigma.draw(draws.words("sigma"))
        words = draws.words("displacements")
        across, down = self.points
        grid = [[[sigma * words.normal() for _ in "xy"] for _ in range(across)] for _ in range(down)]
        return {"displacements": grid}


class ElasticGrid(ControlGrid, family="elastic"):
    """Distort by a coarse grid of random displacements with splines between them."""

    source: ClassVar[str] = "U-Net (Ronneberger 2015) and the package elasticdeform"
    example: ClassVar[str] = "elastic_grid: {points: 3, sigma: 10}"

    order: Literal[1, 2, 3] = Field(
        default=3,
        description="of the B-splines between the points: 1 is linear, 3 (the default) cubic as in "
        "elasticdeform, whose own order is that of the picture's interpolation: output.interpolation here",
    )

    def resolve(self, drawn: dict[str, Any], frame: Frame) -> list[Applied]:
        """Add the order."""
        return [Applied(self.name, drawn | {"order": self.order})]

    @classmethod
    def operate(cls, params: dict[str, Any], frame: Frame) -> SpatialOp:
        """Make the field for this frame."""
        return SpatialOp((grid_field(frame, params["displacements"], params["order"]),), frame)


class PiecewiseAffine(ControlGrid, family="elastic"):
    """Distort by a grid of random displacements, affine on each triangle between three of its points."""

    source: ClassVar[str] = (
        "imgaug's and scikit-image's PiecewiseAffine: a grid over the frame, which shows nothing outside it"
    )
    example: ClassVar[str] = "piecewise_affine: {points: 4, sigma: 8}"

    points: Points = Field(default=(4, 4), description="control points: 4, or 4x3 across x down")

    def resolve(self, drawn: dict[str, Any], frame: Frame) -> list[Applied]:
        """Keep what each control point shows inside the frame."""
        shifts = np.asarray(drawn["displacements"], np.float64)
        rows, columns = shifts.shape[:2]
        places = np.stack(
            np.meshgrid(np.linspace(0, frame.width, columns), np.linspace(0, frame.height, rows)), axis=-1
        )
        inside = np.clip(shifts, -places, (frame.width, frame.height) - places)
        return [Applied(self.name, {"displacements": inside.tolist()})]

    @classmethod
    def operate(cls, params: dict[str, Any], frame: Frame) -> SpatialOp:
        """Make the field for this frame."""
        return SpatialOp((triangle_field(frame, params["displacements"]),), frame)


class ThinPlateSpline(ControlGrid, family="elastic"):
    """Distort by a grid of random displacements that a thin metal plate goes through: smooth everywhere."""

    source: ClassVar[str] = "Bookstein 1989; scipy's RBFInterpolator (thin_plate_spline, degree 1)"
    example: ClassVar[str] = "thin_plate_spline: {points: 4, sigma: 10}"

    points: PlatePoints = Field(default=(4, 4), description="control points: 4, or 4x3 across x down")

    @classmethod
    def operate(cls, params: dict[str, Any], frame: Frame) -> SpatialOp:
        """Make the field for this frame."""
        return SpatialOp((plate_field(frame, params["displacements"]),), frame)
