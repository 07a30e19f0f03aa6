"""What the recipe language has and this version has not: each is one mistake at its line."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from augcli.recipe.errors import Mistakes
from augcli.recipe.format_words import ALSO
from augcli.recipe.yaml_text import KeyPath


def _other_description(value: Any) -> str | None:
    names = value if isinstance(value, list) else []
    other = next((name for name in names if isinstance(name, str) and name not in ALSO), None)
    return f"a description other than {', '.join(ALSO)} ({other})" if other else None


_LATER: dict[KeyPath, Callable[[Any], str | None]] = {("output", "also"): _other_description}


def report_later(data: dict[Any, Any], report: Mistakes) -> None:
    """Report what is not in this version."""
    for path, later in _LATER.items():
        if what := later(_value_at(data, path)):
            report.add(path, f"{what} is not in this version")


def _value_at(data: Any, path: KeyPath) -> Any:
    for key in path:
        data = data.get(key) if isinstance(data, dict) else None
    return data
