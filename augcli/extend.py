"""What a file with transforms of one's own imports; see "Transforms of your own" in the README."""

from pydantic import Field as Parameter

from augcli.errors import ImageError
from augcli.geometry import Field, Fold, Frame, Projective
from augcli.keys import Draws, normal_noise, uniform_noise, unit_noise
from augcli.ops import Applied, ColorMatrix, Drop, Filter, Move, Tint
from augcli.sample import LabelMap, PixelFormat, Sample
from augcli.transforms.base import Transform, fixed
from augcli.transforms.color import Color
from augcli.transforms.dropping import Dropping
from augcli.transforms.filters import Neighbourhood
from augcli.transforms.geometric import Geometric
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
