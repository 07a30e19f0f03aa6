"""How a value is shown in a message."""

from __future__ import annotations

from typing import Any


def shown(value: Any) -> str:
    """A value in a message, never longer than a few words."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f"'{shortened(value, 40)}'"
    if isinstance(value, list | tuple):
        return flow(value) if len(value) <= 4 and all(_is_number(v) for v in value) else "a list"
    return repr(value) if isinstance(value, int | float) else "a mapping"


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
