"""Single values of the recipe's options: how each is read, in our words, and its JSON Schema."""

from __future__ import annotations

import math
import re
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from augcli.text import shown
from augcli.transforms.fields import COLOR, COLOR_SCHEMA, ParsedField, read_color
from augcli.transforms.parameters import mistake


def read_version(value: Any) -> int:
    """The version of the recipe language: 1."""
    if value != 1 or isinstance(value, bool):
        raise mistake(f"expected 1, the version of the recipe language, got {shown(value)}")
    return 1


def read_ignore(value: Any) -> int | str | None:
    """A mask value, or a colour as `#rrggbb`."""
    if isinstance(value, int) and not isinstance(value, bool):
        if not 0 <= value <= 65535:
            raise mistake(f"expected a mask value from 0 to 65535, got {value}")
        return value
    if isinstance(value, str):
        return read_color(value)
    if value is None:
        return None
    raise mistake(
        f'expected a mask value like 255, or for rgb masks a colour like "#ffffff", got {shown(value)}'
    )


def read_classes(value: Any) -> dict[int, str] | dict[str, str] | None:
    """Class names by mask value, or colours by class name."""
    if value is None:
        return None
    if not isinstance(value, dict | list) or not value:
        raise mistake(f"expected {_CLASSES_FORMS}, got {shown(value)}")
    value = dict(enumerate(value)) if isinstance(value, list) else value
    numbers = {key: _class_number(key) for key in value}
    if all(n is not None for n in numbers.values()) and not any(_is_color(v) for v in value.values()):
        return _distinct(
            {n: _class_name(value[k]) for k, n in sorted(numbers.items(), key=lambda kn: kn[1] or 0)}
        )
    return _distinct({_class_name(key): read_color(color) for key, color in value.items()})


_CLASSES_FORMS = '{0: background, 1: car}, [background, car] or, for rgb masks, {car: "#00008e"}'


def _distinct(classes: dict[Any, str]) -> dict[Any, str]:
    """Refuse two classes of one name, or of one colour."""
    seen: set[str] = set()
    for value in classes.values():
        if value in seen:
            raise mistake(f"'{value}' stands for two classes")
        seen.add(value)
    return classes


def _class_number(key: str | int) -> int | None:
    """A mask value, as a number or as the text that JSON makes of it."""
    if isinstance(key, str) and not re.fullmatch(r"(0|[1-9][0-9]{0,4})", key):
        return None
    return int(key) if 0 <= int(key) <= 65535 else None


def _class_name(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise mistake(f"a class's name is text, got {shown(value)}; the forms are {_CLASSES_FORMS}")
    return value


def _is_color(value: Any) -> bool:
    return isinstance(value, str) and COLOR.fullmatch(value) is not None


def read_range(value: Any) -> tuple[float, float] | None:
    """(low, high) of the values that mean black and full scale."""
    if value is None:
        return None
    pair = list(value) if isinstance(value, list | tuple) else []
    numbers = [v for v in pair if type(v) in (int, float) and math.isfinite(v)]
    if len(pair) != 2 or len(numbers) != 2 or not pair[0] < pair[1]:
        raise mistake(f"expected [low, high] like [0, 255], got {shown(value)}")
    return pair[0], pair[1]


def read_subsampling(value: Any) -> str:
    """JPEG's colour resolution as text."""
    if str(value) not in ("420", "422", "444") or isinstance(value, bool):
        raise mistake(f"expected 420, 422 or 444, got {shown(value)}")
    return str(value)


def read_folder(value: Any) -> str | None:
    """A folder's name below the input, or a file's."""
    if value is None:
        return None
    if not isinstance(value, str) or not value.strip("/"):
        raise mistake(f"expected a folder's name below the input, got {shown(value)}")
    if value.startswith("/") or ".." in value.split("/"):
        is_file = value.lower().endswith(_FILES)
        what, hint = ("a file", "; copy it there") if is_file else ("a folder", "")
        raise mistake(f"expected {what} below the input, got {shown(value)}{hint}")
    return value.rstrip("/")


_FILES = (".yaml", ".yml", ".json", ".csv")


def read_texts(value: Any) -> tuple[str, ...]:
    """A list of texts that are not empty."""
    if not isinstance(value, list | tuple) or not all(isinstance(v, str) and v for v in value):
        raise mistake(f"expected a list of names in [brackets], got {shown(value)}")
    return tuple(value)


def read_splits(value: Any) -> tuple[str, ...]:
    """A list of at least one split."""
    if not (splits := read_texts(value)):
        raise mistake("expected at least one split, for example [train]")
    return splits


def read_mirror(value: Any) -> tuple[tuple[str, str], ...]:
    """Pairs of names that a mirror exchanges."""
    pairs: list[Any] = list(value) if isinstance(value, list | tuple) else [0]
    if not all(isinstance(pair, list | tuple) and len(pair) == 2 for pair in pairs):
        raise mistake(f"expected pairs of names, like [[left_eye, right_eye]], got {shown(value)}")
    names = [name for pair in pairs for name in pair]
    if not all(isinstance(name, str) and name for name in names) or len(set(names)) < len(names):
        raise mistake("each name stands in one pair, once, like [[left_eye, right_eye]]")
    return tuple((str(left), str(right)) for left, right in pairs)


def read_group(value: Any) -> str | None:
    """A pattern with placeholders, or a regular expression with exactly one group."""
    if value is None or (isinstance(value, str) and re.search(r"\{[A-Za-z_]\w*\}", value)):
        return value
    try:
        groups = re.compile(value).groups if isinstance(value, str) else 0
    except (re.error, OverflowError, RecursionError):
        groups = 0
    if groups != 1:
        raise mistake(
            'expected placeholders like "{car}_{view}" or a regular expression with one group, '
            f"got {shown(value)}"
        )
    return str(value)


Text = Annotated[str, Field(min_length=1)]
Folder = Annotated[str | None, ParsedField(read_folder, {"type": ["string", "null"]})]
MIRROR_SCHEMA = {
    "type": "array",
    "items": {"type": "array", "items": {"type": "string"}, "minItems": 2, "maxItems": 2},
}
TEXTS_SCHEMA = {"type": "array", "items": {"type": "string", "minLength": 1}}
IGNORE_SCHEMA = {
    "anyOf": [{"type": "integer", "minimum": 0, "maximum": 65535}, COLOR_SCHEMA, {"type": "null"}]
}
RANGE_SCHEMA = {
    "anyOf": [
        {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2},
        {"type": "null"},
    ]
}
CLASSES_SCHEMA = {
    "anyOf": [
        {
            "type": "object",
            "patternProperties": {"^[0-9]{1,5}$": {"type": "string"}},
            "additionalProperties": COLOR_SCHEMA,
        },
        {"type": "array", "items": {"type": "string"}, "minItems": 1},
        {"type": "null"},
    ]
}
SUBSAMPLING_SCHEMA = {"enum": [420, 422, 444, "420", "422", "444"]}


class Options(BaseModel):
    """A section of the recipe: unknown keys are mistakes, and `5` is never text."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)
