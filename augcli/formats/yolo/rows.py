"""A row of a label file as an annotation of COCO: a box, a segment, or a box with keypoints.

All numbers but the class are shares of the picture's sides, from its upper left edge.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from augcli.formats.to_coco import outlined
from augcli.formats.yolo.config import Config
from augcli.text import shortened

BEYOND = 0.01  # of a side, that Ultralytics too lets a coordinate lie outside of the picture
BOX, LEAST_SEGMENT = 5, 7  # numbers in a row
HALF = 0.5  # COCO counts keypoints from the centre of the first pixel


@dataclass(frozen=True)
class Rows:
    """The annotations of a label file, each with its line as its id, and what is wrong in it, a line each."""

    annotations: tuple[dict[str, Any], ...]
    faults: tuple[str, ...]


def read_rows(text: str, size: tuple[int, int], config: Config, where: str) -> Rows:
    """Read a label file of a picture of this (width, height)."""
    lines = [(number, line.split()) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
    has_segments = not config.keypoints and any(_may_be_segment(len(words)) for _, words in lines)
    good, faults = [], []
    for number, words in lines:
        try:
            values = _values(words, config, has_segments=has_segments)
            good.append({"id": number, "image_id": 0, **_annotation(values, size, config), "iscrowd": 0})
        except ValueError as wrong:
            faults.append(f"{where}: line {number}: {wrong}; the line is left out")
    return Rows(tuple(good), tuple(faults))


def category_id(number: int) -> int:
    """The id of a class as a category: COCO's begin with 1, and Ultralytics' converter takes 1 from them."""
    return number + 1


def looks_like_rows(text: str) -> bool:
    """Whether the first line that is not empty may be a row: a class and at least four more numbers."""
    words = next((line.split() for line in text.splitlines() if line.strip()), [])
    try:
        return (
            len(words) >= BOX and float(words[0]).is_integer() and all(map(math.isfinite, map(float, words)))
        )
    except ValueError:
        return False


def _values(words: Sequence[str], config: Config, *, has_segments: bool) -> list[float]:
    """The numbers of a row. Raises ValueError with what is wrong with it."""
    values = [_number(word) for word in words]
    _check_class(values[0], words[0], config)
    if config.keypoints:
        wanted = BOX + len(config.keypoints) * config.dimensions
        if len(values) != wanted:
            raise ValueError(f"has {len(values)} numbers, kpt_shape asks for {wanted}")
        return values
    if has_segments and len(values) == BOX:
        raise ValueError("is a box, other lines of the file are segments")
    if len(values) != BOX and not _may_be_segment(len(values)):
        raise ValueError(f"has {len(values)} numbers, a box has 5, a segment 7, 9, 11 or more")
    for word, value in zip(words[1:], values[1:], strict=True):
        _check_share(word, value)
    return values


def _may_be_segment(count: int) -> bool:
    """Whether so many numbers are a class and the points of a polygon."""
    return count >= LEAST_SEGMENT and count % 2 == 1


def _number(word: str) -> float:
    try:
        value = float(word)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise ValueError(f"{shortened(word, 20)!r} is no number")
    return value


def _check_class(value: float, word: str, config: Config) -> None:
    if not value.is_integer() or value < 0:
        raise ValueError(f"{shortened(word, 20)} is no class")
    if value >= len(config.names):
        raise ValueError(f"class {shortened(word, 20)} has no name in {config.named_in or config.file}")


def _check_share(word: str, value: float) -> None:
    if not -BEYOND <= value <= 1 + BEYOND:
        raise ValueError(f"{shortened(word, 20)} is no share of the picture's side, 0 to 1")


def _annotation(values: Sequence[float], size: tuple[int, int], config: Config) -> dict[str, Any]:
    label = {"category_id": category_id(int(values[0]))}
    if len(values) > BOX and not config.keypoints:
        return label | _segment(values[1:], size)
    for value in values[1:BOX]:
        _check_share(f"{value:g}", value)
    width, height = values[3] * size[0], values[4] * size[1]
    if width < 0 or height < 0:
        raise ValueError("its box has a side below 0")
    left, top = values[1] * size[0] - width / 2, values[2] * size[1] - height / 2
    box = {"bbox": [left, top, width, height], "area": width * height}
    return label | box | (_points(values[BOX:], size, config.dimensions) if config.keypoints else {})


def _segment(values: Sequence[float], size: tuple[int, int]) -> dict[str, Any]:
    return outlined([(x * size[0], y * size[1]) for x, y in zip(values[::2], values[1::2], strict=True)])


def _points(values: Sequence[float], size: tuple[int, int], dimensions: int) -> dict[str, Any]:
    """Keypoints; of two numbers, they are labelled unless both are 0 or one is below."""
    points: list[float] = []
    for at in range(0, len(values), dimensions):
        x, y, *flags = values[at : at + dimensions]
        flag = flags[0] if flags else 2.0 * (min(x, y) >= 0 and max(x, y) > 0)
        if flag not in (0, 1, 2):
            raise ValueError(f"a keypoint's flag is {flag:g}, and not 0, 1 or 2")
        for value in (x, y) if flag else ():
            _check_share(f"{value:g}", value)
        points += [x * size[0] - HALF, y * size[1] - HALF, int(flag)] if flag else [0, 0, 0]
    return {"keypoints": points, "num_keypoints": sum(flag > 0 for flag in points[2::3])}
