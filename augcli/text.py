"""How a value is shown in a message."""

from __future__ import annotations

import json
import math
import re
import unicodedata
from collections.abc import Mapping
from typing import Any

MOST_DIGITS = 20  # of a number that is written out, as many as those of 64 bits have
MOST_READ_DIGITS = 18  # of a number in a file: more than any size or flag has, and few enough for 64 bits


def shown(value: Any) -> str:
    """A value in a message, never longer than a few words."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f"'{shortened(value, 40)}'"
    if isinstance(value, list | tuple):
        is_short = len(value) <= 4 and all(_is_number(v) for v in value)
        return f"[{', '.join(map(shown, value))}]" if is_short else "a list"
    if isinstance(value, int) and abs(value) >= 10**MOST_DIGITS:  # Python refuses to write more than 4300
        return f"a whole number of {_digits(abs(value))} digits"
    return repr(value) if isinstance(value, int | float) else "a mapping"


def _digits(value: int) -> int:
    """How many digits a number above 0 has."""
    nearest = round(math.log10(value))
    return nearest + int(value >= 10**nearest)


def flow(value: Any) -> str:
    """A number, text or list of them as YAML on one line."""
    if isinstance(value, list | tuple):
        return f"[{', '.join(flow(v) for v in value)}]"
    return str(value)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def shortened(text: str, length: int) -> str:
    """Text of at most `length` characters."""
    return text if len(text) <= length else f"{text[: length - 3]}..."


def dumps(data: Any) -> str:
    """JSON on one line, as all our files hold it."""
    return json.dumps(data, ensure_ascii=False, separators=(", ", ": "), allow_nan=False)


_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_./-]*")


_NOT_TEXT = {"true", "false", "null", "yes", "no", "on", "off", "y", "n"}


def yaml_flow(value: Any) -> str:
    """Text, or mappings of text, as YAML on one line."""
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{key}: {yaml_flow(inner)}' for key, inner in value.items())}}}"
    return scalar(str(value))


def scalar(text: str) -> str:
    """Text as a YAML scalar within a flow mapping, quoted where it would not stay text."""
    plain = _PLAIN.fullmatch(text) and text.lower() not in _NOT_TEXT
    return text if plain else json.dumps(text, ensure_ascii=False)


def count(number: int, noun: str) -> str:
    """`1 image`, `2 images`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def nfc(text: str) -> str:
    """The text in Unicode NFC: macOS and Linux may store one name as different bytes."""
    return unicodedata.normalize("NFC", text)


def whole(text: str) -> int | None:
    """The whole number, 0 or more, that a text of digits is; None where it is none, or too long."""
    return int(text) if text.isdecimal() and len(text) <= MOST_READ_DIGITS else None
