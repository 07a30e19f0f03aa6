"""Lines and dots over a picture: boxes of objects without a segmentation, keypoints and skeletons."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from PIL import Image, ImageDraw

from augcli.commands.preview.overlay import FINER, RIM_DARK, Rgb

Point = tuple[float, float]

WIDE, RADIUS, RIM = 2 * FINER, 2.5 * FINER, FINER  # pixels before the reduction
_RIM_COLOR = (RIM_DARK,) * 3


@dataclass(frozen=True)
class DrawnLine:
    """A line from point to point, in pixels of the picture, edges at whole numbers."""

    points: tuple[Point, ...]
    color: Rgb


@dataclass(frozen=True)
class Dot:
    """A keypoint; one that is labelled and not visible is a ring."""

    place: Point
    color: Rgb
    is_visible: bool = True


Shape = DrawnLine | Dot


def draw_marks(marks: Iterable[Shape], size: tuple[int, int], picture: Image.Image) -> None:
    """Draw marks of a frame of this (width, height) on a picture of another size; dots lie over lines."""
    draw = ImageDraw.Draw(picture)
    across, down = picture.width / size[0], picture.height / size[1]
    ordered = sorted(marks, key=lambda mark: isinstance(mark, Dot))
    for mark in ordered:
        if isinstance(mark, DrawnLine):
            _draw_line(draw, [(x * across, y * down) for x, y in mark.points], mark.color)
        else:
            _draw_dot(draw, (mark.place[0] * across, mark.place[1] * down), mark)


def _draw_line(draw: ImageDraw.ImageDraw, points: list[Point], color: Rgb) -> None:
    draw.line(points, _RIM_COLOR, WIDE + RIM, joint="curve")
    draw.line(points, color, WIDE, joint="curve")


def _draw_dot(draw: ImageDraw.ImageDraw, place: Point, dot: Dot) -> None:
    x, y = place
    rim, inner = RADIUS + RIM / 2, RADIUS / 2
    draw.ellipse((x - rim, y - rim, x + rim, y + rim), _RIM_COLOR)
    draw.ellipse((x - RADIUS, y - RADIUS, x + RADIUS, y + RADIUS), dot.color)
    if not dot.is_visible:
        draw.ellipse((x - inner, y - inner, x + inner, y + inner), _RIM_COLOR)
