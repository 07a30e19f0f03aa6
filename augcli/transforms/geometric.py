"""Maps of the plane: flips, turns, affine maps, crops, resizing, padding. All join one warp."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from augcli.errors import ImageError
from augcli.geometry import Fold, Frame, Projective, Scalar
from augcli.keys import Draws
from augcli.ops import Applied, Move
from augcli.transforms.base import Transform, fixed
from augcli.transforms.parameters import Distribution, Number, Size, mistake

Degrees = Annotated[Distribution, Number(neutral=0.0)]
ShearDegrees = Annotated[Distribution, Number(neutral=0.0, low=-80.0, high=80.0)]
Factor = Annotated[Distribution, Number(neutral=1.0, low=0.01, high=100.0)]
Shift = Annotated[Distribution, Number(neutral=0.0, low=-10.0, high=10.0)]
Edge = Annotated[Distribution, Number(low=0.0)]
Margin = Annotated[Distribution, Number(neutral=0.0, low=0, high=32767, whole=True)]
Pixels = Annotated[int, Field(ge=1, le=32767, strict=True)]


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
    def operate(cls, params: dict[str, Any], frame: Frame) -> Move:
        """Return x' = W - x."""
        return Move((Projective.affine(-1, 0, frame.width, 0, 1, 0),), frame)


class VerticalFlip(Geometric, family="geometric"):
    """Mirror top and bottom. Bit-exact."""

    source: ClassVar[str] = "y' = H - y; torchvision's vflip"
    example: ClassVar[str] = "vertical_flip"

    @classmethod
    def operate(cls, params: dict[str, Any], frame: Frame) -> Move:
        """Return y' = H - y."""
        return Move((Projective.affine(1, 0, 0, 0, -1, frame.height),), frame)


class Transpose(Geometric, family="geometric"):
    """Mirror about the main diagonal: rows become columns. Bit-exact."""

    source: ClassVar[str] = "x' = y, y' = x; numpy's transpose"
    example: ClassVar[str] = "transpose: {p: 0.5}"

    @classmethod
    def operate(cls, params: dict[str, Any], frame: Frame) -> Move:
        """Return x' = y, y' = x, with the frame's sides exchanged."""
        return Move((Projective.affine(0, 1, 0, 1, 0, 0),), Frame(frame.height, frame.width))


class Rotate90(Geometric, family="geometric"):
    """Turn by quarter turns counter-clockwise; the frame turns too. Bit-exact."""

    source: ClassVar[str] = "numpy's rot90"
    example: ClassVar[str] = "rotate90: {turns: [0, 3]}"

    turns: Annotated[Distribution, Number(neutral=0, low=-3, high=3, whole=True)] = Field(
        default=fixed(1), description="quarter turns counter-clockwise"
    )

    @classmethod
    def operate(cls, params: dict[str, Any], frame: Frame) -> Move:
        """Return the quarter turn and the turned frame."""
        turns = int(params["turns"]) % 4
        w, h = frame.width, frame.height
        matrix = (
            Projective.affine(1, 0, 0, 0, 1, 0),
            Projective.affine(0, 1, 0, -1, 0, w),
            Projective.affine(-1, 0, w, 0, -1, h),
            Projective.affine(0, -1, h, 1, 0, 0),
        )[turns]
        return Move((matrix,), Frame(h, w) if turns % 2 else frame)


class Rotate(Geometric, family="geometric"):
    """Turn counter-clockwise as seen, about the centre; the frame stays."""

    source: ClassVar[str] = "torchvision's rotate (expand=False)"
    example: ClassVar[str] = "rotate: {degrees: [-15, 15]}"

    degrees: Degrees = Field(description="degrees counter-clockwise as seen")

    @classmethod
    def operate(cls, params: dict[str, Any], frame: Frame) -> Move:
        """Return the turn about the centre; multiples of 90 degrees are exact."""
        c, s = cosine_and_sine(params["degrees"])
        return Move((centred(frame, c, s, -s, c),), frame)


class Scale(Geometric, family="geometric"):
    """Magnify about the centre; the frame stays."""

    source: ClassVar[str] = "torchvision's affine (scale)"
    example: ClassVar[str] = "scale: {factor: [0.8, 1.2]}"

    factor: Factor = Field(description="magnification; 1 is neutral")

    @classmethod
    def operate(cls, params: dict[str, Any], frame: Frame) -> Move:
        """Return the scaling about the centre."""
        factor = whole_if_exact(params["factor"])
        return Move((centred(frame, factor, 0, 0, factor),), frame)


class Translate(Geometric, family="geometric"):
    """Shift; the frame stays."""

    source: ClassVar[str] = "torchvision's RandomAffine (translate)"
    example: ClassVar[str] = "translate: {x: {limit: 0.1}, y: {limit: 0.1}}"

    x: Shift = Field(default=fixed(0.0), description="fraction of the width, positive to the right")
    y: Shift = Field(default=fixed(0.0), description="fraction of the height, positive downwards")

    @classmethod
    def operate(cls, params: dict[str, Any], frame: Frame) -> Move:
        """Return the shift."""
        shift = Projective.affine(
            1,
            0,
            whole_if_exact(params["x"] * frame.width),
            0,
            1,
            whole_if_exact(params["y"] * frame.height),
        )
        return Move((shift,), frame)


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
    def operate(cls, params: dict[str, Any], frame: Frame) -> Move:
        """Return the shear about the centre."""
        return Move((centred(frame, 1, tangent(params["x"]), tangent(params["y"]), 1),), frame)


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
    def operate(cls, params: dict[str, Any], frame: Frame) -> Move:
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
        return Move(maps, frame)


def cut(frame: Frame, x: int, y: int, width: int, height: int) -> Move:
    """Cut a whole-pixel box out of a frame: what lies outside the box is forgotten."""
    fold = Fold(x, y, x + width, y + height)
    return Move((fold, Projective.affine(1, 0, -x, 0, 1, -y)), Frame(width, height))


def stretch(frame: Frame, width: int, height: int) -> Projective:
    """The map from a frame onto another size."""
    return Projective.affine(Fraction(width, frame.width), 0, 0, 0, Fraction(height, frame.height), 0)


def box(x: int, y: int, width: int, height: int) -> Applied:
    """A resolved crop in pixels."""
    return Applied("crop", {"x": x, "y": y, "width": width, "height": height, "unit": "pixels"})


class Crop(Geometric, family="geometric"):
    """Cut out a fixed box. Bit-exact."""

    source: ClassVar[str] = "edges at floor(f W + 0.5)"
    example: ClassVar[str] = "crop: {x: 0.1, y: 0.1, width: 0.8, height: 0.8}"

    x: Edge = Field(default=fixed(0.0), description="left edge, a fraction of the width or pixels")
    y: Edge = Field(default=fixed(0.0), description="top edge, a fraction of the height or pixels")
    width: Edge = Field(description="a fraction of the width, or pixels")
    height: Edge = Field(description="a fraction of the height, or pixels")
    unit: Literal["fraction", "pixels"] = Field(default="fraction", description="what the numbers count")

    @model_validator(mode="after")
    def _fits(self) -> Crop:
        for start, length in ((self.x, self.width), (self.y, self.height)):
            if length.ends[1] <= 0:
                raise mistake("a crop has a width and a height above 0")
            if self.unit == "fraction" and start.ends[1] + length.ends[1] > 1 + 1e-9:
                raise mistake("the box leaves the picture: x + width and y + height are at most 1")
        return self

    def resolve(self, drawn: dict[str, Any], frame: Frame) -> list[Applied]:
        """Round the edges to whole pixels."""
        across = (frame.width, frame.height) if self.unit == "fraction" else (1, 1)
        left, right = (math.floor(v * across[0] + 0.5) for v in (drawn["x"], drawn["x"] + drawn["width"]))
        top, bottom = (math.floor(v * across[1] + 0.5) for v in (drawn["y"], drawn["y"] + drawn["height"]))
        return [box(left, top, right - left, bottom - top)]

    @classmethod
    def operate(cls, params: dict[str, Any], frame: Frame) -> Move:
        """Cut the box out; it must lie inside the frame."""
        x, y, width, height = (int(params[name]) for name in ("x", "y", "width", "height"))
        if width < 1 or height < 1 or x + width > frame.width or y + height > frame.height:
            raise ImageError(
                f"a crop of {width}x{height} at ({x}, {y}) does not fit in {frame.width}x{frame.height}",
                mend="crop less, or resize or pad first",
            )
        return cut(frame, x, y, width, height)


def window(frame: Frame, size: Size, x: float, y: float) -> Applied:
    """A box of `size` whose free space is shared out by x and y in [0, 1)."""
    if size.width > frame.width or size.height > frame.height:
        raise ImageError(
            f"a crop of {size} does not fit in {frame.width}x{frame.height}",
            mend="crop less, or resize or pad first",
        )
    left = math.floor(x * (frame.width - size.width + 1))
    top = math.floor(y * (frame.height - size.height + 1))
    return box(left, top, size.width, size.height)


def centre_window(frame: Frame, size: Size) -> Applied:
    """The box of `size` in the middle, the odd pixel to the right and the bottom."""
    applied = window(frame, size, 0, 0)
    place = {"x": (frame.width - size.width) // 2, "y": (frame.height - size.height) // 2}
    return Applied(applied.name, applied.params | place)


class CenterCrop(Geometric, family="geometric"):
    """Cut out the middle. Bit-exact."""

    source: ClassVar[str] = "offset floor((W - w) / 2)"
    example: ClassVar[str] = "center_crop: {size: 256}"

    size: Size = Field(description="256 (square) or 384x192 (width x height)")

    def resolve(self, drawn: dict[str, Any], frame: Frame) -> list[Applied]:
        """Place the box."""
        return [centre_window(frame, self.size)]


class RandomCrop(Geometric, family="geometric"):
    """Cut out a box of a fixed size at a random place. Bit-exact."""

    source: ClassVar[str] = "torchvision's RandomCrop: uniform over whole pixels, both ends included"
    example: ClassVar[str] = "random_crop: {size: 256}"

    size: Size = Field(description="256 (square) or 384x192 (width x height)")

    @property
    def is_random(self) -> bool:
        """Return True: the place is drawn."""
        return True

    def draw(self, draws: Draws) -> dict[str, Any]:
        """Draw the place, as shares of the free space."""
        return {"x": draws.words("x").unit(), "y": draws.words("y").unit()}

    def resolve(self, drawn: dict[str, Any], frame: Frame) -> list[Applied]:
        """Place the box."""
        return [window(frame, self.size, drawn["x"], drawn["y"])]


TRIES = 10
Share = Annotated[Distribution, Number(low=0.0, high=1.0, above=True)]
Ratio = Annotated[Distribution, Number(low=0.0, above=True, pair="log_uniform")]


class RandomResizedCrop(Geometric, family="geometric"):
    """Cut out a random part of the picture and bring it to a fixed size."""

    source: ClassVar[str] = "Szegedy 2014; torchvision's RandomResizedCrop, with its central fallback"
    example: ClassVar[str] = "random_resized_crop: {size: 224, scale: [0.08, 1.0], ratio: [0.75, 1.3333]}"

    size: Size = Field(description="256 (square) or 384x192 (width x height)")
    scale: Share = Field(
        default=Distribution("uniform", (0.08, 1.0)), description="share of the picture's area"
    )
    ratio: Ratio = Field(
        default=Distribution("log_uniform", (3 / 4, 4 / 3)),
        description="width to height of the part; a pair is log-uniform",
    )

    @property
    def is_random(self) -> bool:
        """Return True: the place is drawn."""
        return True

    def draw(self, draws: Draws) -> dict[str, Any]:
        """Draw ten tries, each an area, a ratio, and a place."""
        scale, ratio, x, y = (draws.words(name) for name in ("scale", "ratio", "x", "y"))
        return {
            "tries": [
                (self.scale.draw(scale), self.ratio.draw(ratio), x.unit(), y.unit()) for _ in range(TRIES)
            ]
        }

    def resolve(self, drawn: dict[str, Any], frame: Frame) -> list[Applied]:
        """Take the first try that fits, or the largest central part of an allowed ratio."""
        resize = Applied("resize", {"width": self.size.width, "height": self.size.height})
        for scale, ratio, x, y in drawn["tries"]:
            area = scale * frame.width * frame.height
            width, height = round(math.sqrt(area * ratio)), round(math.sqrt(area / ratio))
            if 0 < width <= frame.width and 0 < height <= frame.height:
                return [window(frame, Size(width, height), x, y), resize]
        return [centre_window(frame, self._central(frame)), resize]

    def _central(self, frame: Frame) -> Size:
        narrowest, widest = self.ratio.ends
        ratio = min(max(frame.width / frame.height, narrowest), widest)
        width = min(frame.width, max(1, round(frame.height * ratio)))
        return Size(width, min(frame.height, max(1, round(width / ratio))))


class Resize(Geometric, family="geometric"):
    """Bring to a size; every shrink is antialiased, labels are exact."""

    source: ClassVar[str] = "pixel centres at +0.5; short and long side as torchvision's resize"
    example: ClassVar[str] = "resize: {short_side: 512}"

    size: Size | None = Field(default=None, description="256 (square) or 384x192 (width x height)")
    short_side: Pixels | None = Field(default=None, description="pixels; the ratio is kept")
    long_side: Pixels | None = Field(default=None, description="pixels; the ratio is kept")

    @model_validator(mode="after")
    def _one_of_three(self) -> Resize:
        if sum(v is not None for v in (self.size, self.short_side, self.long_side)) != 1:
            raise mistake("resize takes exactly one of size, short_side, long_side")
        return self

    def resolve(self, drawn: dict[str, Any], frame: Frame) -> list[Applied]:
        """Work out both sides."""
        target = self.size or self._scaled(frame)
        return [Applied(self.name, {"width": target.width, "height": target.height})]

    def _scaled(self, frame: Frame) -> Size:
        sides = (frame.width, frame.height)
        known, wanted = (min(sides), self.short_side) if self.short_side else (max(sides), self.long_side)
        factor = Fraction(wanted or known, known)
        width, height = (max(1, math.floor(side * factor + Fraction(1, 2))) for side in sides)
        return Size(width, height)

    @classmethod
    def operate(cls, params: dict[str, Any], frame: Frame) -> Move:
        """Stretch the frame."""
        width, height = int(params["width"]), int(params["height"])
        return Move((stretch(frame, width, height),), Frame(width, height))


class Pad(Geometric, family="geometric"):
    """Enlarge the frame; the border rule says what is seen there. Bit-exact."""

    source: ClassVar[str] = "torchvision's pad; with `size`, the picture stands in the middle"
    example: ClassVar[str] = "pad: {left: 16, right: 16}"

    size: Size | None = Field(default=None, description="256 (square) or 384x192 (width x height)")
    left: Margin = Field(default=fixed(0), description="pixels")
    top: Margin = Field(default=fixed(0), description="pixels")
    right: Margin = Field(default=fixed(0), description="pixels")
    bottom: Margin = Field(default=fixed(0), description="pixels")

    @model_validator(mode="after")
    def _size_or_sides(self) -> Pad:
        sides = self.model_fields_set & {"left", "top", "right", "bottom"}
        if (self.size is None) == (not sides):
            raise mistake("pad takes size, or any of left, top, right, bottom")
        return self

    def resolve(self, drawn: dict[str, Any], frame: Frame) -> list[Applied]:
        """Work out the four margins."""
        if self.size is None:
            return [Applied(self.name, drawn)]
        across, down = self.size.width - frame.width, self.size.height - frame.height
        if across < 0 or down < 0:
            raise ImageError(
                f"{frame.width}x{frame.height} cannot be padded to {self.size}, which is smaller",
                mend="resize or crop first",
            )
        margins = {"left": across // 2, "top": down // 2}
        return [
            Applied(self.name, margins | {"right": across - margins["left"], "bottom": down - margins["top"]})
        ]

    @classmethod
    def operate(cls, params: dict[str, Any], frame: Frame) -> Move:
        """Fold the frame and shift it into the larger one."""
        left, top, right, bottom = (int(params[name]) for name in ("left", "top", "right", "bottom"))
        target = Frame(frame.width + left + right, frame.height + top + bottom)
        return Move((Fold.of(frame), Projective.affine(1, 0, left, 0, 1, top)), target)
