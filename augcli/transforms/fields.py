"""Parameters that are not numbers to be drawn: colours, lists of classes, and how they are read."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import core_schema

from augcli.text import shown
from augcli.transforms.parameters import mistake

Rgb = tuple[int, int, int]

COLOR = re.compile(r"#[0-9a-fA-F]{6}")
COLOR_SCHEMA = {"type": "string", "pattern": "^#[0-9a-fA-F]{6}$"}
_BYTE_SCHEMA = {"type": "integer", "minimum": 0, "maximum": 255}


@dataclass(frozen=True)
class ParsedField:
    """Reads a field by a function, so that its mistakes are in our words; `schema` is its JSON Schema."""

    read: Callable[[Any], Any]
    schema: dict[str, Any]

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> Any:
        """Tell pydantic to read the field by `read`."""
        return core_schema.no_info_plain_validator_function(self.read)

    def __get_pydantic_json_schema__(self, schema: Any, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """The field's form."""
        return self.schema


def read_color(value: Any) -> str:
    """A colour as `#rrggbb` in lower case."""
    if value is None:
        raise mistake(
            'expected a colour like "#00008e" in quotes, got nothing: without quotes # is a comment'
        )
    if not isinstance(value, str) or not COLOR.fullmatch(value):
        raise mistake(f'expected a colour like "#00008e", got {shown(value)}')
    return value.lower()


def read_fill(value: Any) -> Rgb:
    """A picture's fill as (red, green, blue) of 0 to 255."""
    if isinstance(value, str):
        red, green, blue = bytes.fromhex(read_color(value)[1:])
        return red, green, blue
    channels = value if isinstance(value, list | tuple) else [value] * 3
    if len(channels) != 3 or not all(type(c) is int and 0 <= c <= 255 for c in channels):
        raise mistake(f'expected a number from 0 to 255, "#rrggbb" or [r, g, b], got {shown(value)}')
    return channels[0], channels[1], channels[2]


FILL_SCHEMA = {
    "anyOf": [
        _BYTE_SCHEMA,
        COLOR_SCHEMA,
        {"type": "array", "items": _BYTE_SCHEMA, "minItems": 3, "maxItems": 3},
    ]
}


def _classes(value: Any) -> tuple[str | int, ...]:
    """Read `[car, 3]`: names of classes or values of masks."""
    values = value if isinstance(value, list | tuple) else [value]
    if not all(isinstance(v, str | int) and not isinstance(v, bool) and v != "" for v in values):
        raise mistake(f"expected names or values of classes, like [car, 3], got {shown(value)}")
    return tuple(values)


_CLASSES_SCHEMA = {"type": "array", "items": {"type": ["string", "integer"]}}
Classes = Annotated[tuple[str | int, ...], ParsedField(_classes, _CLASSES_SCHEMA)]
