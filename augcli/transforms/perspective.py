"""Perspective: the picture as a plane seen at an angle. It joins the warp."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from augcli.geometry import Frame, Projective, square_to
from augcli.rng import Draws, Words
from augcli.transforms.geometric import Geometric, whole_if_exact
from augcli.transforms.operations import Applied, SpatialOp
from augcli.transforms.parameters import MAX_REDRAWS, Distribution, Number

Strength = Annotated[Distribution, Number(neutral=0.0, low=0.0, high=1.0)]
Corner = tuple[float, float]
Jitter = Callable[[float, Words], float]
SQUARE: tuple[Corner, ...] = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))
MOST_JITTER = 0.32  # albumentations' bound, which keeps the quadrilateral convex
LEAST_WEIGHT = 0.1  # at a corner of the frame, as a share of the greatest; 0 is the horizon


class Perspective(Geometric, family="geometric"):
    """See the picture at an angle: its corners move, straight lines stay straight; the frame stays."""

    source: ClassVar[str] = (
        "torchvision's RandomPerspective (corners not rounded to pixels), "
        "or albumentations' Perspective (keep_size)"
    )
    example: ClassVar[str] = "perspective: {strength: [0.1, 0.4]}"

    strength: Strength = Field(
        description="torchvision's distortion_scale (corners move inwards by up to half of it, as a share of "
        "the sides), or albumentations' scale (by a normal share of this deviation); 0 is neutral"
    )
    definition: Literal["torchvision", "albumentations"] = Field(
        default="torchvision",
        description="torchvision (the default) draws the picture's corners into the frame, so that the "
        "border comes into view; albumentations draws what becomes the frame's corners, so that it does not",
    )

    @property
    def is_random(self) -> bool:
        """Return True: the corners are drawn."""
        return True

    def draw(self, draws: Draws) -> dict[str, Any]:
        """Draw the corners, clockwise from the upper left; again where the frame would reach the horizon."""
        strength, words = self.strength.draw(draws.words("strength")), draws.words("corners")
        jitter = _uniform if self.definition == "torchvision" else _folded_normal
        for _ in range(MAX_REDRAWS):
            corners = tuple(_moved_in(corner, strength, words, jitter) for corner in SQUARE)
            if is_seen_whole(square_to(corners)):
                return {"corners": [list(corner) for corner in corners]}
        return {"corners": [list(corner) for corner in SQUARE]}

    def resolve(self, drawn: dict[str, Any], frame: Frame) -> list[Applied]:
        """Say whose corners they are."""
        return [Applied(self.name, drawn | {"definition": self.definition})]

    @classmethod
    def operate(cls, params: dict[str, Any], frame: Frame) -> SpatialOp:
        """Return the map of the frame onto the quadrilateral, or back."""
        corners = [(whole_if_exact(x), whole_if_exact(y)) for x, y in params["corners"]]
        onto = in_pixels(square_to(corners), frame)
        return SpatialOp((onto if params["definition"] == "torchvision" else onto.inverse(),), frame)


def _uniform(strength: float, words: Words) -> float:
    return words.between(0.0, strength / 2)


def _folded_normal(strength: float, words: Words) -> float:
    return abs(strength * words.normal()) % MOST_JITTER


def _moved_in(corner: Corner, strength: float, words: Words, jitter: Jitter) -> Corner:
    x, y = (jitter(strength, words) for _ in "xy")
    return abs(corner[0] - x), abs(corner[1] - y)


def is_seen_whole(onto: Projective) -> bool:
    """Whether the unit square and its image lie well before the horizon, either seen from the other."""
    for way in (onto, onto.inverse()):
        weights = way.weights(SQUARE)
        if min(weights) <= LEAST_WEIGHT * max(weights):
            return False
    return True


def in_pixels(unit: Projective, frame: Frame) -> Projective:
    """A map in shares of width and height as one of pixels."""
    w, h = frame.width, frame.height
    shares = Projective.affine(Fraction(1, w), 0, 0, 0, Fraction(1, h), 0)
    return shares.then(unit).then(Projective.affine(w, 0, 0, 0, h, 0))
