"""Tiles: one source to many windows that cover it."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from pydantic import Field, model_validator

from augcli.geometry import Frame
from augcli.rng import Draws
from augcli.transforms.crop import box
from augcli.transforms.geometric import Geometric
from augcli.transforms.operations import Applied
from augcli.transforms.parameters import Size, mistake


class Tiles(Geometric, family="geometric"):
    """Cut the source into windows that cover it, a copy for each. Bit-exact; the first step of a variant."""

    source: ClassVar[str] = "SAHI's slices (Akyon 2022): the last window of a row ends at the edge"
    example: ClassVar[str] = "tiles: {size: 256, overlap: 32}"

    size: Size = Field(description="256 (square) or 384x192 (width x height); a smaller source is one tile")
    overlap: Annotated[int, Field(ge=0, le=32766, strict=True)] = Field(
        default=0, description="pixels that neighbours share at least"
    )

    @model_validator(mode="after")
    def _moves_on(self) -> Tiles:
        if self.overlap >= min(self.size.width, self.size.height):
            raise mistake("overlap is smaller than a tile")
        if self.p != 1:
            raise mistake("tiles are always cut: leave p out")
        return self

    def count(self, frame: Frame) -> int:
        """How many windows cover a frame."""
        return len(self._starts(frame.width, self.size.width)) * len(
            self._starts(frame.height, self.size.height)
        )

    def draw(self, draws: Draws) -> dict[str, Any]:
        """Take the number of the copy: nothing is drawn."""
        return {"copy": draws.copy}

    def resolve(self, drawn: dict[str, Any], frame: Frame) -> list[Applied]:
        """Find the window of this copy: row by row, and again from the first for further copies."""
        columns = self._starts(frame.width, self.size.width)
        rows = self._starts(frame.height, self.size.height)
        row, column = divmod((drawn["copy"] - 1) % (len(rows) * len(columns)), len(columns))
        width, height = min(self.size.width, frame.width), min(self.size.height, frame.height)
        return [box(columns[column], rows[row], width, height)]

    def _starts(self, whole: int, length: int) -> list[int]:
        """Where windows begin along one side; the last one ends at the edge."""
        if whole <= length:
            return [0]
        step = length - self.overlap
        return [*range(0, whole - length, step), whole - length]
