"""Maps of the plane: flips, turns, affine maps. All join one warp."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field, model_validator

from augcli.geometry import Frame, Projective, Scalar
from augcli.transforms.base import Transform, fixed
from augcli.transforms.operations import Applied, SpatialOp
from augcli.transforms.parameters import Distribution, Number, mistake

Degrees = Annotated[Distribution, Number(neutral=0.0)]
ShearDegrees = Annotated[Distribution, Number(neutral=0.0, low=-80.0, high=80.0)]
Factor = Annotated[Distribution, Number(neutral=1.0, low=0.01, high=100.0)]
Shift = Annotated[Distribution, Number(neutral=0.0, low=-10.0, high=10.0)]


class Geometric(Transform):
    """A spatial step."""

    moves: ClassVar[bool] = True
    fuses: ClassVar[str] = "joins the warp"


def centred(frame: Frame, a: Scalar, b: Scalar, d: Scalar, e: Scalar) -> Projective:
    """The linear map [[a, b], [d, e]] about the centre of a frame."""
    x, y = Fraction(frame.width, 2), Fraction(frame.height, 2)
    return Projective.affine(a, b, x - a * x - b * y, d, e, y - d * x - e * y)


def cosine_and_sine(degrees: float) -> tuple[Scalar, Scalar]:
    """Exact at multiples of 90 degrees."""
    turns, rest = divmod(degrees, 90.0)
    if rest == 0:
        return ((1, 0), (0, 1), (-1, 0), (0, -1))[int(turns) % 4]
    return math.cos(math.radians(degrees)), math.sin(math.radians(degrees))


def whole_if_exact(value: float) -> Scalar:
    """A whole number as an int, so that a neutral parameter leaves a map exact."""
    return int(value) if value == int(value) else value


class HorizontalFlip(Geometric, family="geometric"):
    """Mirror left and right. Bit-exact."""

    source: ClassVar[str] = "x' = W - x; torchvision's hflip"
    example: ClassVar[str] = "horizontal_flip: {p: 0.5}"

    @classmethod
    def operate(cls, params: dict[str, Any], frame: Frame) -> SpatialOp:
        """Return x' = W - x."""
        return SpatialOp((Projective.affine(-1, 0, frame.width, 0, 1, 0),), frame)


class VerticalFlip(Geometric, family="geometric"):
    """Mirror top and bottom. Bit-exact."""

    source: ClassVar[str] = "y' = H - y; torchvision's vflip"
    example: ClassVar[str] = "vertical_flip"

    @classmethod
    def operate(cls, params: dict[str, Any], frame: Frame) -> SpatialOp:
        """Return y' = H - y."""
        return SpatialOp((Projective.affine(1, 0, 0, 0, -1, frame.height),), frame)


class Transpose(Geometric, family="geometric"):
    """Mirror about the main diagonal: rows become columns. Bit-exact."""

    source: ClassVar[str] = "x' = y, y' = x; numpy's transpose"
    example: ClassVar[str] = "transpose: {p: 0.5}"

    @classmethod
    def operate(cls, params: dict[str, Any], frame: Frame) -> SpatialOp:
        """Return x' = y, y' = x, with the frame's sides exchanged."""
        return SpatialOp((Projective.affine(0, 1, 0, 1, 0, 0),), Frame(frame.height, frame.width))


class AntiTranspose(Geometric, family="geometric"):
    """Mirror about the other diagonal, from the lower left to the upper right. Bit-exact."""

    source: ClassVar[str] = "x' = H - y, y' = W - x; numpy's transpose turned by a half turn"
    example: ClassVar[str] = "anti_transpose: {p: 0.5}"

    @classmethod
    def operate(cls, params: dict[str, Any], frame: Frame) -> SpatialOp:
        """Return x' = H - y, y' = W - x, with the frame's sides exchanged."""
        mirror = Projective.affine(0, -1, frame.height, -1, 0, frame.width)
        return SpatialOp((mirror,), Frame(frame.height, frame.width))


class Rotate90(Geometric, family="geometric"):
    """Turn by quarter turns counter-clockwise; the frame turns too. Bit-exact."""

    source: ClassVar[str] = "numpy's rot90"
    example: ClassVar[str] = "rotate90: {turns: [0, 3]}"

    turns: Annotated[Distribution, Number(neutral=0, low=-3, high=3, whole=True)] = Field(
        default=fixed(1), description="quarter turns counter-clockwise"
    )

    @classmethod
    def operate(cls, params: dict[str, Any], frame: Frame) -> SpatialOp:
        """Return the quarter turn and the turned frame."""
        turns = int(params["turns"]) % 4
        w, h = frame.width, frame.height
        matrix = (
            Projective.affine(1, 0, 0, 0, 1, 0),
            Projective.affine(0, 1, 0, -1, 0, w),
            Projective.affine(-1, 0, w, 0, -1, h),
            Projective.affine(0, -1, h, 1, 0, 0),
        )[turns]
        return SpatialOp((matrix,), Frame(h, w) if turns % 2 else frame)


class Rotate(Geometric, family="geometric"):
    """Turn counter-clockwise as seen, about the centre; the frame stays."""

    source: ClassVar[str] = "torchvision's rotate (expand=False)"
    example: ClassVar[str] = "rotate: {degrees: [-15, 15]}"

    degrees: Degrees = Field(description="degrees counter-clockwise as seen")

    @classmethod
    def operate(cls, params: dict[str, Any], frame: Frame) -> SpatialOp:
        """Return the turn about the centre; multiples of 90 degrees are exact."""
        c, s = cosine_and_sine(params["degrees"])
        return SpatialOp((centred(frame, c, s, -s, c),), frame)


class SafeRotate(Geometric, family="geometric"):
    """Turn counter-clockwise as seen; the frame grows to hold the whole turned picture."""

    source: ClassVar[str] = "torchvision's rotate (expand=True); sides W |cos| + H |sin| rounded up to pixels"
    example: ClassVar[str] = "safe_rotate: {degrees: [-15, 15]}"

    degrees: Degrees = Field(description="degrees counter-clockwise as seen")

    @classmethod
    def operate(cls, params: dict[str, Any], frame: Frame) -> SpatialOp:
        """Return the turn that takes the centre to the centre of the larger frame."""
        c, s = cosine_and_sine(params["degrees"])
        across, down = abs(float(c)), abs(float(s))
        width = _whole_side(frame.width * across + frame.height * down)
        height = _whole_side(frame.width * down + frame.height * across)
        shift = (Fraction(width - frame.width, 2), Fraction(height - frame.height, 2))
        to_centre = Projective.affine(1, 0, shift[0], 0, 1, shift[1])
        return SpatialOp((centred(frame, c, s, -s, c).then(to_centre),), Frame(width, height))


def _whole_side(length: float) -> int:
    """Rounded up, but for what is above a whole number by rounding alone."""
    return math.ceil(length - 1e-9)


class Scale(Geometric, family="geometric"):
    """Magnify about the centre; the frame stays."""

    source: ClassVar[str] = "torchvision's affine (scale)"
    example: ClassVar[str] = "scale: {factor: [0.8, 1.2]}"

    factor: Factor = Field(description="magnification; 1 is neutral")

    @classmethod
    def operate(cls, params: dict[str, Any], frame: Frame) -> SpatialOp:
        """Return the scaling about the centre."""
        factor = whole_if_exact(params["factor"])
        return SpatialOp((centred(frame, factor, 0, 0, factor),), frame)


class Translate(Geometric, family="geometric"):
    """Shift; the frame stays."""

    source: ClassVar[str] = "torchvision's RandomAffine (translate)"
    example: ClassVar[str] = "translate: {x: {limit: 0.1}, y: {limit: 0.1}}"

    x: Shift = Field(default=fixed(0.0), description="fraction of the width, positive to the right")
    y: Shift = Field(default=fixed(0.0), description="fraction of the height, positive downwards")

    @classmethod
    def operate(cls, params: dict[str, Any], frame: Frame) -> SpatialOp:
        """Return the shift."""
        shift = Projective.affine(
            1,
            0,
            _pixels(params["x"], frame.width),
            0,
            1,
            _pixels(params["y"], frame.height),
        )
        return SpatialOp((shift,), frame)


def _pixels(share: float, side: int) -> Scalar:
    """A share of a side in pixels; a whole number where only rounding keeps it from being one."""
    pixels, whole = share * side, round(share * side)
    return whole if abs(pixels - whole) < 1e-9 else pixels


class Shear(Geometric, family="geometric"):
    """Slant about the centre: x' = x + tan(a) y, y' = y + tan(b) x; the frame stays."""

    source: ClassVar[str] = "the shear matrix, with both angles about the centre"
    example: ClassVar[str] = "shear: {x: {limit: 5}}"

    x: ShearDegrees = Field(default=fixed(0.0), description="degrees by which columns slant")
    y: ShearDegrees = Field(default=fixed(0.0), description="degrees by which rows slant")

    @model_validator(mode="after")
    def _does_not_fold(self) -> Shear:
        check_shear(self.x, self.y)
        return self

    @classmethod
    def operate(cls, params: dict[str, Any], frame: Frame) -> SpatialOp:
        """Return the shear about the centre."""
        return SpatialOp((centred(frame, 1, tangent(params["x"]), tangent(params["y"]), 1),), frame)


def tangent(degrees: float) -> Scalar:
    """The tangent, exact at 0."""
    return math.tan(math.radians(degrees)) if degrees else 0


def check_shear(x: Distribution, y: Distribution) -> None:
    """Refuse shears that could press the picture into a line: tan(x) tan(y) = 1."""
    most = max(tangent(a) * tangent(b) for a in x.ends for b in y.ends)
    if most >= 0.95:
        raise mistake("shears of x and y together press the picture flat: tan(x) tan(y) must stay below 0.95")


class ShiftPair(BaseModel):
    """The shift of an affine step, in fractions."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    x: Shift = Field(default=fixed(0.0), description="fraction of the width, positive to the right")
    y: Shift = Field(default=fixed(0.0), description="fraction of the height, positive downwards")


class ShearPair(BaseModel):
    """The shear of an affine step, in degrees."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    x: ShearDegrees = Field(default=fixed(0.0), description="degrees by which columns slant")
    y: ShearDegrees = Field(default=fixed(0.0), description="degrees by which rows slant")


class Affine(Geometric, family="geometric"):
    """Scale, shear, turn about the centre, then shift; the frame stays."""

    source: ClassVar[str] = "translate . centre . rotate . shear . scale . -centre"
    example: ClassVar[str] = "affine: {degrees: {limit: 10}, scale: [0.9, 1.1], shear: {x: {limit: 5}}}"

    degrees: Degrees = Field(default=fixed(0.0), description="degrees counter-clockwise as seen")
    scale: Factor = Field(default=fixed(1.0), description="magnification; 1 is neutral")
    translate: ShiftPair = Field(default=ShiftPair(), description="shift, in fractions of width and height")
    shear: ShearPair = Field(default=ShearPair(), description="slant, in degrees")

    @model_validator(mode="after")
    def _does_not_fold(self) -> Affine:
        check_shear(self.shear.x, self.shear.y)
        return self

    def resolve(self, drawn: dict[str, Any], frame: Frame) -> list[Applied]:
        """Nest the pairs again."""
        pairs = {pair: {axis: drawn[f"{pair}.{axis}"] for axis in "xy"} for pair in ("translate", "shear")}
        return [Applied(self.name, {"degrees": drawn["degrees"], "scale": drawn["scale"], **pairs})]

    @classmethod
    def operate(cls, params: dict[str, Any], frame: Frame) -> SpatialOp:
        """Multiply the five matrices in their documented order."""
        c, s = cosine_and_sine(params["degrees"])
        k = whole_if_exact(params["scale"])
        shear_x, shear_y = tangent(params["shear"]["x"]), tangent(params["shear"]["y"])
        maps = (
            centred(frame, k, 0, 0, k),
            centred(frame, 1, shear_x, shear_y, 1),
            centred(frame, c, s, -s, c),
            *Translate.operate(params["translate"], frame).maps,
        )
        return SpatialOp(maps, frame)


class ShiftScaleRotate(Geometric, family="geometric"):
    """Magnify and turn about the centre, then shift; the frame stays."""

    source: ClassVar[str] = "albumentations' ShiftScaleRotate; it is recorded as the affine step that it is"
    example: ClassVar[str] = (
        "shift_scale_rotate: {shift_x: {limit: 0.06}, shift_y: {limit: 0.06}, "
        "scale: [0.9, 1.1], degrees: {limit: 45}}"
    )

    shift_x: Shift = Field(default=fixed(0.0), description="fraction of the width, positive to the right")
    shift_y: Shift = Field(default=fixed(0.0), description="fraction of the height, positive downwards")
    scale: Factor = Field(default=fixed(1.0), description="magnification; 1 is neutral")
    degrees: Degrees = Field(default=fixed(0.0), description="degrees counter-clockwise as seen")

    def resolve(self, drawn: dict[str, Any], frame: Frame) -> list[Applied]:
        """Say the same as an affine step without shear."""
        shift = {"x": drawn["shift_x"], "y": drawn["shift_y"]}
        params = {"degrees": drawn["degrees"], "scale": drawn["scale"], "translate": shift}
        return [Applied(Affine.name, params | {"shear": {"x": 0.0, "y": 0.0}})]
