"""Distortions by a formula: columns and rows of changed widths, and a radial lens. Both join one warp."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from augcli.geometry import Frame, lens_field, steps_field
from augcli.rng import Draws
from augcli.transforms.base import Transform
from augcli.transforms.operations import Applied, SpatialOp
from augcli.transforms.parameters import Distribution, Number

Limit = Annotated[Distribution, Number(neutral=0.0, low=0.0, high=0.95)]
Coefficient = Annotated[Distribution, Number(neutral=0.0, low=-0.3, high=1.0)]
Steps = Annotated[int, Field(ge=2, le=64, strict=True)]


class GridDistortion(Transform, family="elastic"):
    """Stretch and press columns and rows at random; the frame keeps showing the whole picture."""

    moves: ClassVar[bool] = True
    fuses: ClassVar[str] = "joins the warp"
    source: ClassVar[str] = (
        "albumentations' GridDistortion (normalized), with steps of W / steps that need not be whole pixels"
    )
    example: ClassVar[str] = "grid_distortion: {steps: 5, limit: 0.3}"

    steps: Steps = Field(default=5, description="columns and rows")
    limit: Limit = Field(
        description="each column and row shows 1 - limit to 1 + limit of its size, before they are brought "
        "to fill the frame; it cannot fold"
    )

    @property
    def is_random(self) -> bool:
        """Return True: the widths are drawn."""
        return True

    def draw(self, draws: Draws) -> dict[str, Any]:
        """Draw the width that each column and row shows, in proportion."""
        limit = self.limit.draw(draws.words("limit"))
        return {
            axis: [1.0 + words.between(-limit, limit) for _ in range(self.steps)]
            for axis, words in (("across", draws.words("across")), ("down", draws.words("down")))
        }

    @classmethod
    def operate(cls, params: dict[str, Any], frame: Frame) -> SpatialOp:
        """Make the field for this frame."""
        return SpatialOp((steps_field(frame, params["across"], params["down"]),), frame)


class OpticalDistortion(Transform, family="elastic"):
    """Bend as a lens does, about the centre; the frame stays."""

    moves: ClassVar[bool] = True
    fuses: ClassVar[str] = "joins the warp"
    source: ClassVar[str] = (
        "albumentations' OpticalDistortion about the true centre: OpenCV's initUndistortRectifyMap with "
        "k1 = k2 = k and the focal lengths W and H, or its fisheye, r (1 + k r^2)"
    )
    example: ClassVar[str] = "optical_distortion: {k: [-0.2, 0.3]}"

    k: Coefficient = Field(
        description="above 0 a barrel (the edges are drawn in), below 0 a pincushion; it cannot fold"
    )
    definition: Literal["camera", "fisheye"] = Field(
        default="camera",
        description="camera (the default): 1 + k (r^2 + r^4), x and y in shares of width and height; "
        "fisheye: 1 + k r^2, r in shares of half the diagonal",
    )

    def resolve(self, drawn: dict[str, Any], frame: Frame) -> list[Applied]:
        """Add the definition."""
        return [Applied(self.name, drawn | {"definition": self.definition})]

    @classmethod
    def operate(cls, params: dict[str, Any], frame: Frame) -> SpatialOp:
        """Make the field for this frame."""
        return SpatialOp((lens_field(frame, params["k"], params["definition"]),), frame)
