"""Mistakes in our words: what pydantic found, unknown names, and the report that collects them."""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from augcli.errors import RecipeError
from augcli.recipe.foreign_names import parameter_alias
from augcli.recipe.yaml_text import KeyPath, YamlDocument, mistake_at, shown_path
from augcli.text import shown

MAX_MISTAKES = 100


class Mistakes:
    """Collects the mistakes of one recipe."""

    def __init__(self, file: str, document: YamlDocument) -> None:
        self._file = file
        self._document = document
        self._mistakes = list(document.mistakes)

    def add(self, path: KeyPath, message: str, *, key: bool = False) -> None:
        """Add a mistake at a path's value, or at its key; raises RecipeError when there are too many."""
        place = self._document.place(path, key=key)
        self._mistakes.append(mistake_at(self._file, place, path, message))
        if len(self._mistakes) >= MAX_MISTAKES:
            self.close()

    def add_invalid(
        self, path: KeyPath, error: ValidationError, model: type[BaseModel], also: Sequence[str] = ()
    ) -> None:
        """Add what pydantic found in the mapping at `path`; `also` are keys allowed besides the model's."""
        for detail in error.errors(include_url=False):
            self._add_detail(path, detail, model, also)

    def _add_detail(
        self, path: KeyPath, detail: ErrorDetails, model: type[BaseModel], also: Sequence[str]
    ) -> None:
        loc, kind = detail["loc"], detail["type"]
        if kind == "missing":
            owner = _model_at(model, loc[:-1])
            self.add((*path, *loc[:-1]), _missing(str(loc[-1]), owner), key=True)
        elif kind in ("extra_forbidden", "invalid_key"):
            owner = _model_at(model, loc[:-1])
            allowed = [*owner.model_fields, *(also if owner is model else ())]
            message = misplaced(owner, str(loc[-1])) or unknown_key(loc[-1], allowed)
            self.add((*path, *loc), message, key=True)
        else:
            at = self._known((*path, *loc))
            self.add(at, explain(detail), key=kind == "augcli" and not loc)

    def _known(self, path: KeyPath) -> KeyPath:
        """The part of a path that stands in the file: pydantic adds names of its own for unions."""
        while path and path not in self._document.values:
            path = path[:-1]
        return path

    def close(self) -> None:
        """Raise RecipeError with every mistake in file order, if there is one."""
        if self._mistakes:
            raise RecipeError(sorted(self._mistakes, key=lambda m: (m.line, m.column)))


def either(words: Iterable[str]) -> str:
    """`a, b or c`."""
    *some, last = words
    return f"{', '.join(some)} or {last}" if some else last


def nearest(word: object, words: Iterable[str], share: float = 0.6) -> str | None:
    """The spelling nearest to a word, if it shares enough of its letters."""
    close = difflib.get_close_matches(str(word).lower()[:60], list(words), 1, share)
    return close[0] if close else None


def misplaced(model: type[BaseModel], key: str) -> str | None:
    """Where a key belongs that stands too high: in a section below this one."""
    homes = list(_homes(model, key))
    if len(homes) == 1:
        line = f"{key}: ..."
        for section in reversed(homes[0]):
            line = f"{section}: {{{line}}}"
        return f"'{key}' belongs to {shown_path(homes[0])}: write {line}"
    return f"'{key}' belongs to {either(shown_path(home) for home in homes)}" if homes else None


def _homes(model: type[BaseModel], key: str) -> Iterator[tuple[str, ...]]:
    """The paths of the sections below `model` that have this key."""
    for name, field in model.model_fields.items():
        if below := _model_in(field.annotation):
            if key in below.model_fields:
                yield (name,)
            yield from ((name, *home) for home in _homes(below, key))


def unknown_key(key: object, allowed: Sequence[str]) -> str:
    """What to write instead of a key that is not allowed."""
    listing = f"allowed here: {', '.join(allowed)}"
    if hint := parameter_alias(str(key), allowed):
        return f"unknown key {shown(str(key))}: {hint}; {listing}"
    close = nearest(key, allowed)
    return f"unknown key {shown(str(key))}{f', did you mean {close}?' if close else ''}; {listing}"


def explain(detail: ErrorDetails) -> str:
    """One pydantic error in our words: what was expected and what was found."""
    kind, context, found = detail["type"], detail.get("ctx", {}), shown(detail["input"])
    if kind == "augcli":
        return str(context["message"])
    if kind == "literal_error":
        return _not_among(str(context["expected"]), detail["input"])
    if kind in _BOUNDS:
        words, bound = _BOUNDS[kind]
        return f"expected {words} {_plain(context[bound])}, got {found}"
    return f"expected {_EXPECTED.get(kind, 'another value')}, got {found}"


_BOUNDS = {
    "greater_than": ("a number above", "gt"),
    "greater_than_equal": ("a number of at least", "ge"),
    "less_than": ("a number below", "lt"),
    "less_than_equal": ("a number of at most", "le"),
}

_EXPECTED = {
    "bool_type": "true or false",
    "finite_number": "a finite number",
    "float_type": "a number",
    "int_from_float": "a whole number",
    "int_type": "a whole number",
    "model_type": "a mapping of keys to values",
    "string_too_short": "text that is not empty",
    "string_type": "text (put a number in quotes)",
}


def _plain(bound: Any) -> str:
    return (
        str(int(bound))
        if isinstance(bound, float) and math.isfinite(bound) and bound == int(bound)
        else str(bound)
    )


def _not_among(expected: str, found: Any) -> str:
    """`expected` is pydantic's listing of a Literal: `'a', 'b' or 'c'`."""
    words = expected.replace(" or ", ", ").replace("'", "").split(", ")
    close = nearest(found, words, 0.75) if isinstance(found, str) else None
    return f"expected {either(words)}, got {shown(found)}{f', did you mean {close}?' if close else ''}"


def _missing(key: str, model: type[BaseModel]) -> str:
    about = model.model_fields[key].description
    example = getattr(model, "example", "")
    return f"{key} is missing{f' ({about})' if about else ''}{f', for example {example}' if example else ''}"


def _model_at(model: type[BaseModel], loc: Sequence[str | int]) -> type[BaseModel]:
    """The model that holds the keys at a place below `model`."""
    for part in loc:
        known = model.model_fields.get(str(part))
        model = (_model_in(known.annotation, in_mappings=True) if known else None) or model
    return model


def _model_in(annotation: Any, *, in_mappings: bool = False) -> type[BaseModel] | None:
    """The model that an annotation is, or holds; a mapping's values count only where they are wanted."""
    for part in (annotation, *get_args(annotation)):
        if isinstance(part, type) and issubclass(part, BaseModel):
            return part
        if in_mappings and part is not annotation and get_origin(part) is dict:
            return _model_in(part)
    return None
