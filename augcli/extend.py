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
from augcli.transforms.operations import Applied, ColorMatrix, Drop, Filter, Move, Tint
from augcli.transforms.parameters import Distribution, Number, Size

__all__ = [
    "Applied",
    "Color",
    "ColorMatrix",
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
    "Move",
    "Neighbourhood",
    "Number",
    "Parameter",
    "PixelFormat",
    "Projective",
    "Sample",
    "Size",
    "Tint",
    "Transform",
    "fixed",
    "normal_noise",
    "uniform_noise",
    "unit_noise",
]
