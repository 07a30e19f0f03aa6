"""`output.pixelmaps`: which pixel maps are drawn of annotations, in the words of `augcli coco pixelmaps`."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, model_validator

from augcli.recipe.fields import Options
from augcli.text import shown
from augcli.transforms.parameters import mistake

Kind = Literal["semantic", "instance", "panoptic"]
KINDS = ("semantic", "instance", "panoptic")


class PixelMapOutput(Options):
    """`output.pixelmaps`: label PNGs beside annotation files."""

    kind: Kind = Field(description="what a pixel's value says: its class, its instance, or its segment's id")
    space: Literal["json", "stuffthingmaps", "train171", "file"] | None = Field(
        default=None, description="kind semantic: which value a class has; default its id in the JSON"
    )
    on_overlap: Literal["error", "first", "last", "smallest-on-top"] | None = Field(
        default=None,
        description="which of several labels a pixel gets; default error for COCO's stuff, else the smallest",
    )
    crowd: Literal["include", "skip"] | None = Field(
        default=None, description="whether crowds are drawn; default of panoptic files only"
    )

    @model_validator(mode="after")
    def _space_fits_the_kind(self) -> PixelMapOutput:
        if self.space is not None and self.kind != "semantic":
            raise mistake(f"space says what classes are, and maps of kind {self.kind} show none")
        return self


def read_pixelmaps(value: Any) -> PixelMapOutput | None:
    """A kind of map, or a mapping with further wishes; None for no maps."""
    if value is None or isinstance(value, PixelMapOutput):
        return value
    if not isinstance(value, dict) and value not in KINDS:
        raise mistake(
            f"expected semantic, instance or panoptic, or {{kind: semantic, ...}}, got {shown(value)}"
        )
    return PixelMapOutput.model_validate(value if isinstance(value, dict) else {"kind": value})


PIXELMAPS_SCHEMA = {"anyOf": [{"enum": [*KINDS, None]}, PixelMapOutput.model_json_schema()]}
