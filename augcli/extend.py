"""What a file with transforms of one's own imports; see `augcli help plugins`."""

from pydantic import Field as Parameter

from augcli.data import LabelMap, PixelFormat, Sample
from augcli.errors import ImageError
from augcli.geometry import Field, Fold, Frame, Projective
from augcli.rng import Draws, normal_noise, uniform_noise, unit_noise
from augcli.transforms.base import Transform, fixed
from augcli.transforms.color import Color
from augcli.transforms.dropout import Dropping
from augcli.transforms.filters import Neighbourhood
from augcli.transforms.geometric import Geometric
from augcli.transforms.operations import Applied, ColorMatrix, ColorOp, Drop, Filter, SpatialOp
from augcli.transforms.parameters import Distribution, Number, Size

__all__ = [
    "Applied",
    "Color",
    "ColorMatrix",
    "ColorOp",
    "Distribution",
    "Draws",
    "Drop",
    "Dropping",
    "Field",
    "Filter",
    "Fold",
    "Frame",
    "Geometric",
    "ImageError",
    "LabelMap",
    "Neighbourhood",
    "Number",
    "Parameter",
    "PixelFormat",
    "Projective",
    "Sample",
    "Size",
    "SpatialOp",
    "Transform",
    "fixed",
    "normal_noise",
    "uniform_noise",
    "unit_noise",
]
