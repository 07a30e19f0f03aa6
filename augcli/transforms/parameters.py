"""The one grammar of numeric parameters, and sizes.

`15` is fixed; `[lo, hi]` uniform, both ends included; `{limit: x}` uniform within x of the neutral value;
`{choice: [...]}`; `{normal: [mean, std]}`, drawn again outside the bounds; `{log_uniform: [lo, hi]}`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import UnionType
from typing import Any, Literal

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import PydanticCustomError, core_schema

from augcli.rng import Words
from augcli.text import shown

Kind = Literal["fixed", "uniform", "choice", "normal", "log_uniform"]
MAX_REDRAWS = 100


@dataclass(frozen=True)
class Distribution:
    """A number to be drawn. `values`: the fixed value, the ends, the choices, or mean and deviation."""

    kind: Kind
    values: tuple[float, ...]
    low: float = -math.inf
    high: float = math.inf
    whole: bool = False

    @property
    def is_random(self) -> bool:
        """Whether two draws can differ."""
        return self.kind != "fixed"

    def is_always(self, value: float) -> bool:
        """Whether every draw is this value."""
        return self.kind == "fixed" and self.values == (value,)

    @property
    def ends(self) -> tuple[float, float]:
        """The smallest and the largest value that can be drawn."""
        if self.kind == "normal":
            return self.low, self.high
        return min(self.values), max(self.values)

    def draw(self, words: Words) -> float:
        """One number, an int where the parameter is whole."""
        value = _DRAWN[self.kind](self, words)
        return int(value) if self.whole else float(value)

    def as_recipe(self) -> Any:
        """The parameter as a recipe says it: a number, a pair, or a mapping of one key."""
        if self.kind == "fixed":
            return self.values[0]
        return list(self.values) if self.kind == "uniform" else {self.kind: list(self.values)}


def _draw_uniform(d: Distribution, words: Words) -> float:
    low, high = d.values
    return words.integer(int(low), int(high)) if d.whole else words.between(low, high)


def _draw_log_uniform(d: Distribution, words: Words) -> float:
    low, high = d.values
    value = math.exp(words.between(math.log(low), math.log(high)))
    value = min(high, max(low, value))
    return round(value) if d.whole else value


def _draw_normal(d: Distribution, words: Words) -> float:
    """Drawn again outside the bounds; after 100 tries the nearest bound."""
    mean, std = d.values
    for _ in range(MAX_REDRAWS):
        value = mean + std * words.normal()
        value = round(value) if d.whole else value
        if d.low <= value <= d.high:
            return value
    return min(d.high, max(d.low, mean))


_DRAWN: dict[str, Callable[[Distribution, Words], float]] = {
    "fixed": lambda d, _: d.values[0],
    "uniform": _draw_uniform,
    "choice": lambda d, words: d.values[words.integer(0, len(d.values) - 1)],
    "normal": _draw_normal,
    "log_uniform": _draw_log_uniform,
}


@dataclass(frozen=True)
class Number:
    """How one parameter's number is read: its bounds, its neutral value, and what a bare number means.

    `bare='limit'` is color_jitter's exception: x means within x of the neutral value, cut at the bound.
    `pair='log_uniform'` makes `[lo, hi]` log-uniform (random_resized_crop's ratio).
    """

    neutral: float | None = None
    low: float = -math.inf
    high: float = math.inf
    whole: bool = False
    above: bool = False  # the lower bound itself is excluded
    bare: Literal["fixed", "limit"] = "fixed"
    pair: Literal["uniform", "log_uniform"] = "uniform"

    def read(self, value: Any) -> Distribution:
        """A recipe's value as a Distribution; raises PydanticCustomError with what was expected."""
        if isinstance(value, Distribution):
            return value
        if isinstance(value, Mapping):
            return self._mapping(value)
        if isinstance(value, list | tuple):
            return self._made(self.pair, self._numbers(value, 2, "a pair is [low, high]"))
        number = self._number(value)
        return self._limit(number, cut=True) if self.bare == "limit" else self._made("fixed", (number,))

    def write(self, value: Any) -> Any:
        """A Distribution as `read` reads it; a bare number would be a limit where `bare` says so."""
        if not isinstance(value, Distribution):
            return value
        written = value.as_recipe()
        return [written, written] if value.kind == "fixed" and self.bare == "limit" else written

    def _mapping(self, value: Mapping[Any, Any]) -> Distribution:
        if len(value) != 1:
            raise mistake(f"expected one of {_FORMS}")
        ((kind, inner),) = value.items()
        if kind == "limit":
            return self._limit(self._number(inner), cut=False)
        if kind == "choice":
            if not isinstance(inner, list | tuple) or not inner:
                raise mistake("choice takes a list of at least one number")
            return self._made("choice", tuple(self._number(v) for v in inner))
        if kind == "normal":
            return self._made("normal", self._numbers(inner, 2, "normal takes [mean, std]"))
        if kind == "log_uniform":
            return self._made("log_uniform", self._numbers(inner, 2, "log_uniform takes [low, high]"))
        raise mistake(f"unknown form '{kind}': expected one of {_FORMS}")

    def _limit(self, limit: float, *, cut: bool) -> Distribution:
        if self.neutral is None:
            raise mistake("limit has no meaning here, there is no neutral value: give [low, high]")
        if limit < 0:
            raise mistake(f"a limit is not negative, got {limit:g}")
        if limit == 0:
            return self._made("fixed", (self.neutral,))
        low, high = self.neutral - limit, self.neutral + limit
        return self._made("uniform", (max(self.low, low) if cut else low, high))

    def _made(self, kind: Kind, values: tuple[float, ...]) -> Distribution:
        if kind in ("uniform", "log_uniform") and values[0] > values[1]:
            raise mistake(f"the lower end comes first: [{values[1]:g}, {values[0]:g}]")
        if kind == "log_uniform" and values[0] <= 0:
            raise mistake("log_uniform needs ends above 0")
        if kind == "normal" and values[1] < 0:
            raise mistake(f"a standard deviation is not negative, got {values[1]:g}")
        for value in values[:1] if kind == "normal" else values:
            self._check(value)
        if kind in ("uniform", "log_uniform") and values[0] == values[1]:
            kind, values = "fixed", values[:1]
        plain = tuple(int(v) if self.whole and v == int(v) else float(v) for v in values)
        return Distribution(kind, plain, self.low, self.high, self.whole)

    def _check(self, value: float) -> None:
        if self.whole and value != int(value):
            raise mistake(f"expected a whole number, got {value:g}")
        if not self.low <= value <= self.high or (self.above and value == self.low):
            raise mistake(f"expected {self.range_text}, got {value:g}")

    @property
    def range_text(self) -> str:
        """The bounds in words."""
        below = "" if self.high == math.inf else f"at most {self.high:g}"
        if self.low == -math.inf:
            return below or "a number"
        over = f"above {self.low:g}" if self.above else f"at least {self.low:g}"
        return f"{over} and {below}" if below else over

    def _numbers(self, value: Any, count: int, form: str) -> tuple[float, ...]:
        if not isinstance(value, list | tuple) or len(value) != count:
            raise mistake(form)
        return tuple(self._number(v) for v in value)

    def _number(self, value: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise mistake(f"expected a number or one of {_FORMS}, got {shown(value)}")
        if not math.isfinite(value):
            raise mistake(f"expected a finite number, got {value}")
        return value

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> Any:
        """Tell pydantic to read this parameter by `read` and to write it as a recipe does."""
        return core_schema.no_info_plain_validator_function(
            self.read, serialization=core_schema.plain_serializer_function_ser_schema(self.write)
        )

    def __get_pydantic_json_schema__(self, schema: Any, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """The grammar as JSON Schema."""
        one: dict[str, Any] = {"type": "integer" if self.whole else "number"}
        if math.isfinite(self.low):
            one["exclusiveMinimum" if self.above else "minimum"] = self.low
        if math.isfinite(self.high):
            one["maximum"] = self.high
        free = {"type": "number"}
        pair = {"type": "array", "items": one, "minItems": 2, "maxItems": 2}
        forms = {
            "limit": {"type": "number", "minimum": 0},
            "choice": {"type": "array", "items": one, "minItems": 1},
            "normal": {"type": "array", "prefixItems": [one, free], "minItems": 2, "maxItems": 2},
            "log_uniform": pair,
        }
        mappings = [_one_key(name, form) for name, form in forms.items()]
        return {"anyOf": [one, pair, *mappings]}


_FORMS = "5, [low, high], {limit: x}, {choice: [...]}, {normal: [mean, std]}, {log_uniform: [low, high]}"


def _one_key(name: str, form: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {name: form},
        "required": [name],
        "additionalProperties": False,
    }


def mistake(message: str) -> PydanticCustomError:
    """A mistake in a parameter, in our words."""
    return PydanticCustomError("augcli", "{message}", {"message": message})


def is_list_of(value: Any, kind: type | UnionType) -> bool:
    """Whether a recipe's value is a list of such things; true and false are no numbers."""
    return isinstance(value, list | tuple) and all(
        isinstance(part, kind) and not isinstance(part, bool) for part in value
    )


@dataclass(frozen=True)
class Size:
    """A width and a height in pixels; `256` or `384x192` in a recipe."""

    width: int
    height: int

    @classmethod
    def read(cls, value: Any) -> Size:
        """Read `256`, `"384x192"`; a list is refused, for libraries disagree about its order."""
        if isinstance(value, Size):
            return value
        if isinstance(value, list | tuple):
            raise mistake(_both_readings(value))
        if isinstance(value, int) and not isinstance(value, bool):
            return cls._checked(value, value)
        match = re.fullmatch(r"\s*(\d{1,9})\s*x\s*(\d{1,9})\s*", value) if isinstance(value, str) else None
        if not match:
            raise mistake(f"expected 256 (square) or 384x192 (width x height), got {shown(value)}")
        return cls._checked(int(match[1]), int(match[2]))

    @classmethod
    def _checked(cls, width: int, height: int) -> Size:
        if not (1 <= width <= 32767 and 1 <= height <= 32767):
            raise mistake(f"a side is 1 to 32767 pixels, got {width}x{height}")
        return cls(width, height)

    def __str__(self) -> str:
        return f"{self.width}x{self.height}"

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> Any:
        """Tell pydantic to read a size by `read`."""
        return core_schema.no_info_plain_validator_function(
            cls.read, serialization=core_schema.plain_serializer_function_ser_schema(str)
        )

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: Any, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """A whole number or width x height."""
        return {"anyOf": [{"type": "integer", "minimum": 1}, {"type": "string", "pattern": r"^\d+x\d+$"}]}


def _both_readings(value: list[Any] | tuple[Any, ...]) -> str:
    if len(value) == 2 and all(isinstance(v, int) for v in value):
        a, b = value
        return (
            f"a size is never a list: write {a}x{b} for width {a} and height {b}, "
            f"or {b}x{a} for height {a} and width {b}"
        )
    return "a size is never a list: write 256 (square) or 384x192 (width x height)"
