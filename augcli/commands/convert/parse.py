"""A saved albumentations pipeline, JSON or YAML: a file -> plain data, with the limits of a recipe."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from augcli.errors import AugcliError, RecipeError
from augcli.recipe.yaml_text import MAX_BYTES, TAGGED, parse_document
from augcli.text import shown

CLASS = "__class_fullname__"
_SAVE = "save one with albumentations.save(transform, 'aug.json')"


@dataclass(frozen=True)
class Pipeline:
    """What was saved: its outermost transform, and the version of albumentations where that is said."""

    file: str
    transform: Mapping[str, Any]
    version: str = ""

    @property
    def major(self) -> int:
        """The major version; 2 where none is said."""
        head = self.version.split(".", 1)[0]
        return int(head) if head.isascii() and head.isdigit() and len(head) < 4 else 2


def read_pipeline(path: Path) -> Pipeline:
    """Read a file. Raises AugcliError where it cannot be read or is no pipeline."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise AugcliError(f"cannot be read ({error.strerror})", where=str(path)) from None
    return parse_pipeline(data, str(path))


def parse_pipeline(data: bytes, file: str) -> Pipeline:
    """Read a saved pipeline's bytes; `file` is its name in messages.

    Raises AugcliError where it is too long or no pipeline, RecipeError with line and column where it is
    neither JSON nor YAML.
    """
    if len(data) > MAX_BYTES:
        raise AugcliError("a pipeline is at most 1 MiB", where=file)
    if not data.strip():
        raise AugcliError("is empty", where=file, hint=_SAVE)
    saved = _plain(data, file)
    if not isinstance(saved, dict):
        raise AugcliError(f"is no pipeline: it is {_kind(saved)}", where=file, hint=_SAVE)
    version = saved.get("__version__")
    transform = saved.get("transform", saved)
    if not isinstance(transform, dict) or not isinstance(transform.get(CLASS), str):
        if "transforms" in saved or "variants" in saved:
            raise AugcliError("is a recipe already, or no pipeline of albumentations", where=file, hint=_SAVE)
        raise AugcliError(f"is no pipeline: it has no {CLASS}", where=file, hint=_SAVE)
    return Pipeline(file, transform, version if isinstance(version, str) else "")


def _kind(value: Any) -> str:
    return "a list" if isinstance(value, list) else shown(value)


def _plain(data: bytes, file: str) -> Any:
    """The data of JSON, else of YAML, in which tags (!!python/tuple) are passed over."""
    if data.lstrip().startswith(b"{"):
        try:
            return json.loads(data)
        except (ValueError, RecursionError):
            pass  # flow-style YAML, or what YAML's reader names with its place
    document = parse_document(data, file)
    if wrong := [mistake for mistake in document.mistakes if not mistake.message.startswith(TAGGED)]:
        raise RecipeError(wrong)
    return document.data
