"""What the recipe language has and this version has not: each is one mistake at its line."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from augcli.recipe.messages import Report
from augcli.recipe.nodes import KeyPath


def _other_description(value: Any) -> str | None:
    names = value if isinstance(value, list) else []
    other = next((name for name in names if isinstance(name, str) and name not in _DESCRIPTIONS), None)
    return f"a description other than {', '.join(_DESCRIPTIONS)} ({other})" if other else None


_DESCRIPTIONS = ("huggingface",)
_LATER: dict[KeyPath, Callable[[Any], str | None]] = {
    ("input", "layout"): lambda v: f"layout: {v}" if v == "coco" else None,
    ("output", "layout"): lambda v: f"layout: {v}" if v == "coco" else None,
    ("output", "also"): _other_description,
}
_OF_LATER_LAYOUTS = ("images", "masks")


def without_later(data: dict[Any, Any], report: Report) -> dict[Any, Any]:
    """Report what is not in this version, and leave out what only such a layout could read."""
    layout_is_later = False
    for path, later in _LATER.items():
        if what := later(_value_at(data, path)):
            report.add(path, f"{what} is not in this version")
            layout_is_later = layout_is_later or path == ("input", "layout")
    if not layout_is_later:
        return data
    kept = {key: value for key, value in data["input"].items() if key not in _OF_LATER_LAYOUTS}
    return data | {"input": kept}


def _value_at(data: Any, path: KeyPath) -> Any:
    for key in path:
        data = data.get(key) if isinstance(data, dict) else None
    return data
