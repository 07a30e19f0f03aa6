"""Displacement fields: Simard's elastic distortion and U-Net's coarse grid. Both join one warp."""

from __future__ import annotations

import re
from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, Field, PlainSerializer, WithJsonSchema, model_validator

from augcli.geometry import RMS_OF_UNIT_ALPHA, Frame, elastic_field, grid_field
from augcli.keys import Draws
from augcli.ops import Move
from augcli.transforms.base import Transform
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
    def operate(cls, params: dict[str, Any], frame: Frame) -> Move:
        """Make the field for this frame."""
        return Move((elastic_field(frame, params["key"], params["alpha"], params["sigma"]),), frame)


def _points(value: Any) -> tuple[int, int]:
    """Read `3` or `3x3` (across x down)."""
    match = re.fullmatch(r"(\d+)(?:x(\d+))?", str(value)) if not isinstance(value, bool | tuple) else None
    across, down = value if isinstance(value, tuple) else (0, 0)
    if match:
        across, down = int(match[1]), int(match[2] or match[1])
    if not (2 <= across <= 64 and 2 <= down <= 64):
        raise mistake(f"expected 3 or 3x3 (points across x down, 2 to 64), got {value!r}")
    return across, down


Points = Annotated[
    tuple[int, int],
    BeforeValidator(_points),
    PlainSerializer(lambda points: f"{points[0]}x{points[1]}", return_type=str),
    WithJsonSchema(
        {"anyOf": [{"type": "integer", "minimum": 2}, {"type": "string", "pattern": r"^\d+x\d+$"}]}
    ),
]


class ElasticGrid(Transform, family="elastic"):
    """Distort by a coarse grid of random displacements with cubic splines between them."""

    moves: ClassVar[bool] = True
    fuses: ClassVar[str] = "joins the warp"
    source: ClassVar[str] = "U-Net (Ronneberger 2015) and the package elasticdeform"
    example: ClassVar[str] = "elastic_grid: {points: 3, sigma: 10}"

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

    @classmethod
    def operate(cls, params: dict[str, Any], frame: Frame) -> Move:
        """Make the field for this frame."""
        return Move((grid_field(frame, params["displacements"]),), frame)
