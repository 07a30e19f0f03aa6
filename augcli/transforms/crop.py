"""Changes of the frame: crops, resizing, padding. All join one warp."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, model_validator

from augcli.errors import ImageError
from augcli.geometry import Fold, Frame, Projective
from augcli.rng import Draws
from augcli.transforms.base import fixed
from augcli.transforms.geometric import Geometric
from augcli.transforms.operations import Applied, SpatialOp
from augcli.transforms.parameters import Distribution, Number, Size, mistake

Edge = Annotated[Distribution, Number(low=0.0)]
Margin = Annotated[Distribution, Number(neutral=0.0, low=0, high=32767, whole=True)]
Pixels = Annotated[int, Field(ge=1, le=32767, strict=True)]


def cut(frame: Frame, x: int, y: int, width: int, height: int) -> SpatialOp:
    """Cut a whole-pixel box out of a frame: what lies outside the box is forgotten."""
    fold = Fold(x, y, x + width, y + height)
    return SpatialOp((fold, Projective.affine(1, 0, -x, 0, 1, -y)), Frame(width, height))


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
    def operate(cls, params: dict[str, Any], frame: Frame) -> SpatialOp:
        """Cut the box out; it must lie inside the frame."""
        x, y, width, height = (int(params[name]) for name in ("x", "y", "width", "height"))
        if width < 1 or height < 1 or x + width > frame.width or y + height > frame.height:
            raise ImageError(
                f"a crop of {width}x{height} at ({x}, {y}) does not fit in {frame.width}x{frame.height}",
                hint=_crop_less(Size(x + max(width, 1), y + max(height, 1))),
            )
        return cut(frame, x, y, width, height)


def _crop_less(needed: Size) -> str:
    """How to mend a crop that needs a picture of this size."""
    return f"crop less, resize first, or put pad_if_needed: {{size: {needed}}} before it"


def window(frame: Frame, size: Size, x: float, y: float) -> Applied:
    """A box of `size` whose free space is shared out by x and y in [0, 1)."""
    if size.width > frame.width or size.height > frame.height:
        raise ImageError(
            f"a crop of {size} does not fit in {frame.width}x{frame.height}",
            hint=_crop_less(size),
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
    def operate(cls, params: dict[str, Any], frame: Frame) -> SpatialOp:
        """Stretch the frame."""
        width, height = int(params["width"]), int(params["height"])
        return SpatialOp((stretch(frame, width, height),), Frame(width, height))


def padded(frame: Frame, size: Size) -> Applied:
    """A resolved pad to at least a size, the odd pixel to the right and the bottom."""
    across, down = max(0, size.width - frame.width), max(0, size.height - frame.height)
    left, top = across // 2, down // 2
    return Applied("pad", {"left": left, "top": top, "right": across - left, "bottom": down - top})


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
        sides = {"left": self.left, "top": self.top, "right": self.right, "bottom": self.bottom}
        is_said = not self.model_fields_set.isdisjoint(sides)
        # A recipe as resolved says every side: beside a size those are 0.
        is_wanted = any(not side.is_always(0) for side in sides.values())
        if is_wanted if self.size else not is_said:
            raise mistake("pad takes size, or any of left, top, right, bottom")
        return self

    def resolve(self, drawn: dict[str, Any], frame: Frame) -> list[Applied]:
        """Work out the four margins."""
        if self.size is None:
            return [Applied(self.name, drawn)]
        if self.size.width < frame.width or self.size.height < frame.height:
            raise ImageError(
                f"{frame.width}x{frame.height} cannot be padded to {self.size}, which is smaller",
                hint=f"resize or crop first, or write pad_if_needed: {{size: {self.size}}}",
            )
        return [padded(frame, self.size)]

    @classmethod
    def operate(cls, params: dict[str, Any], frame: Frame) -> SpatialOp:
        """Fold the frame and shift it into the larger one."""
        left, top, right, bottom = (int(params[name]) for name in ("left", "top", "right", "bottom"))
        target = Frame(frame.width + left + right, frame.height + top + bottom)
        return SpatialOp((Fold.of(frame), Projective.affine(1, 0, left, 0, 1, top)), target)


class PadIfNeeded(Geometric, family="geometric"):
    """Enlarge what is smaller than a size, the picture in the middle; larger sides stay. Bit-exact."""

    source: ClassVar[str] = "albumentations' PadIfNeeded (position center)"
    example: ClassVar[str] = "pad_if_needed: {size: 256}"

    size: Size = Field(description="256 (square) or 384x192 (width x height)")

    def resolve(self, drawn: dict[str, Any], frame: Frame) -> list[Applied]:
        """Work out the four margins."""
        return [padded(frame, self.size)]


class Letterbox(Geometric, family="geometric"):
    """Resize to fit inside a size, the ratio kept, and pad the rest, the picture in the middle."""

    source: ClassVar[str] = "the rule of output: {fit: letterbox}; the other side is rounded half up"
    example: ClassVar[str] = "letterbox: {size: 256}"

    size: Size = Field(description="256 (square) or 384x192 (width x height)")

    def resolve(self, drawn: dict[str, Any], frame: Frame) -> list[Applied]:
        """Work out both sides, and the margins where there are any."""
        inner = scaled_to(frame, self.size, cover=False)
        resize = Applied(Resize.name, {"width": inner.width, "height": inner.height})
        full = (inner.width, inner.height) == (self.size.width, self.size.height)
        return [resize] if full else [resize, padded(inner, self.size)]


def scaled_to(frame: Frame, size: Size, *, cover: bool) -> Frame:
    """The frame's ratio inside (or around) a size, in whole pixels."""
    across, down = size.width * frame.height, size.height * frame.width
    if (across < down) != cover:
        height = (2 * size.width * frame.height + frame.width) // (2 * frame.width)
        return Frame(size.width, max(1, height))
    width = (2 * size.height * frame.width + frame.height) // (2 * frame.height)
    return Frame(max(1, width), size.height)
