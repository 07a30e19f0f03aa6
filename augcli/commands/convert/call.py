"""One transform of a saved albumentations pipeline: its parameters, and what it is in a recipe."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from augcli.text import shown

FloatPair = tuple[float, float]
StepData = dict[str, Any]  # {name: parameters}, as a recipe has it

ASSUMED_SIDE = 512
MOST_SIZE = 499
ASSUMED = f"pixels there, shares here: for pictures with a side of {ASSUMED_SIDE}"


class NoEqualError(Exception):
    """A transform, or a use of one, that a recipe cannot say; the text is the reason."""


@dataclass(frozen=True)
class Equivalent:
    """What a transform is here: steps, none where it does nothing, and what is not the same."""

    steps: tuple[StepData, ...]
    notes: tuple[str, ...] = ()


def said(*steps: StepData, notes: list[str] | None = None) -> Equivalent:
    """Steps and notes in one."""
    return Equivalent(steps, tuple(notes or ()))


Converter = Callable[["Call"], Equivalent]


def always(*steps: StepData) -> Converter:
    """A converter for a transform that has no parameters."""
    return lambda call: said(*steps)


@dataclass(frozen=True)
class Call:
    """A transform with its saved parameters. `version` is albumentations' major version."""

    name: str
    params: Mapping[str, Any]
    version: int = 2

    def get(self, *keys: str, default: Any = None) -> Any:
        """The first of these parameters that is given and not null; releases spell them differently."""
        found = (self.params[key] for key in keys if self.params.get(key) is not None)
        return next(found, default)

    def number(self, *keys: str, default: float = 0.0) -> float:
        """A number. Raises NoEqualError where it is something else."""
        return _number(keys[0], self.get(*keys, default=default))

    def pair(self, *keys: str, default: FloatPair = (0.0, 0.0)) -> FloatPair:
        """A range; x means [x, x]. Raises NoEqualError where it is something else."""
        return read_pair(keys[0], self.get(*keys, default=default))

    def limits(self, *keys: str, default: FloatPair = (0.0, 0.0)) -> FloatPair:
        """A range; x means [-x, x]. Raises NoEqualError where it is something else."""
        value = self.get(*keys, default=default)
        return read_pair(keys[0], value if isinstance(value, list | tuple) else [-value, value])

    def size(self) -> str:
        """`size` (height, width), or `height` and `width`, as WxH."""
        height, width = self.get("size", default=(self.get("height"), self.get("width")))
        return size_of(height, width)


def read_pair(key: str, value: Any) -> FloatPair:
    """A range, low end first; a number is both ends. Raises NoEqualError where it is something else."""
    values = value if isinstance(value, list | tuple) else [value, value]
    if len(values) != 2:
        raise NoEqualError(f"{key}: expected a number or a pair, got {shown(value)}")
    low, high = sorted(_number(key, part) for part in values)
    return low, high


def _number(key: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise NoEqualError(f"{key}: expected a number, got {shown(value)}")
    return value


def size_of(height: Any, width: Any) -> str:
    """A size as a recipe says it. Raises NoEqualError where a side is no whole number above 0."""
    for key, side in (("height", height), ("width", width)):
        if type(side) is not int or side < 1:
            raise NoEqualError(f"{key}: expected a whole number of pixels, got {shown(side)}")
    return f"{width}x{height}"


def plain(value: float) -> float:
    """A number without what arithmetic added in its last bits, whole where it is."""
    rounded = round(value, 12)
    return int(rounded) if rounded == int(rounded) else rounded


def between(pair: FloatPair, factor: float = 1.0, plus: float = 0.0) -> Any:
    """A range as a recipe says it, each end times `factor` and `plus` more: a number or [low, high]."""
    low, high = sorted(plain(end * factor + plus) for end in pair)
    return low if low == high else [low, high]


def odd_sizes(pair: FloatPair, least: int = 3) -> Any:
    """The odd numbers of a range as a recipe says them: one, or a choice of equally likely ones.

    Even ends are raised by one, as albumentations does. Raises NoEqualError above 499.
    """
    low, high = (max(least, int(end) + (int(end) % 2 == 0)) for end in pair)
    if high > MOST_SIZE:
        raise NoEqualError(f"squares of {high} pixels have no equal: at most {MOST_SIZE}")
    sizes = list(range(low, high + 1, 2))
    return sizes[0] if len(sizes) == 1 else {"choice": sizes}


def sigma_of(size: float) -> float:
    """The deviation that OpenCV takes for a Gaussian of `size` pixels when none is given."""
    return plain(0.3 * ((size - 1) / 2 - 1) + 0.8)


def sigmas_of(pair: FloatPair) -> Any:
    """What `odd_sizes` are as deviations, where none are given."""
    sizes = odd_sizes(pair)
    return {"choice": [sigma_of(s) for s in sizes["choice"]]} if isinstance(sizes, dict) else sigma_of(sizes)
