"""How a value is shown in a message."""

from __future__ import annotations

import math
from typing import Any

MOST_DIGITS = 20  # of a number that is written out, as many as those of 64 bits have


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
