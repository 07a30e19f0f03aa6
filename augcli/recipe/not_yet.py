"""What the recipe language has and this version has not: each is one mistake at its line."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from augcli.recipe.messages import Report
from augcli.recipe.nodes import KeyPath


def _is_other_range(value: Any) -> bool:
    pair = value if isinstance(value, list) and all(type(v) in (int, float) for v in value) else []
    return len(pair) == 2 and pair[0] < pair[1] and pair != [0, 255]


_LATER: dict[KeyPath, Callable[[Any], str | None]] = {
    ("input", "layout"): lambda v: f"layout: {v}" if v in ("coco", "pattern") else None,
    ("input", "mask", "kind"): lambda v: f"kind: {v}" if v == "instance" else None,
    ("input", "image", "range"): lambda v: "a range other than [0, 255]" if _is_other_range(v) else None,
    ("output", "layout"): lambda v: f"layout: {v}" if v == "coco" else None,
    ("output", "also"): lambda v: "a further description (also)" if isinstance(v, list) and v else None,
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
