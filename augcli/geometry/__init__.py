"""Coordinate maps and their chains: Projective, Field, Fold, Warp.

Coordinates are continuous, [0, W] x [0, H], y down, pixel centres at +0.5. Every map knows both directions:
`push` takes points from the source side to the output side, `pull` takes them back. Rendering pulls: it asks
for each output pixel where it comes from (inverse warping; Wolberg 1990, "Digital Image Warping", 3.1).
"""

from augcli.geometry.field import Field
from augcli.geometry.fields import (
    RMS_OF_UNIT_ALPHA,
    Lens,
    elastic_field,
    grid_field,
    lens_field,
    plate_field,
    steps_field,
    triangle_field,
)
from augcli.geometry.fold import Fold, fold_axis
from augcli.geometry.frame import Border, Floats, Frame, Point, Scalar
from augcli.geometry.linear import product, solved
from augcli.geometry.projective import IDENTITY, Projective, projective_of, square_to
from augcli.geometry.warp import Map, Warp, map_of_record

__all__ = [
    "IDENTITY",
    "RMS_OF_UNIT_ALPHA",
    "Border",
    "Field",
    "Floats",
    "Fold",
    "Frame",
    "Lens",
    "Map",
    "Point",
    "Projective",
    "Scalar",
    "Warp",
    "elastic_field",
    "fold_axis",
    "grid_field",
    "lens_field",
    "map_of_record",
    "plate_field",
    "product",
    "projective_of",
    "solved",
    "square_to",
    "steps_field",
    "triangle_field",
]
