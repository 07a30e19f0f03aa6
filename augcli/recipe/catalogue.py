"""The catalogue: every step, parameter and option of a recipe, read from the fields that validate them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from augcli.errors import AugcliError
from augcli.recipe.errors import either, nearest
from augcli.recipe.foreign_names import step_alias
from augcli.recipe.format_words import OneOf
from augcli.recipe.mask_options import Masks
from augcli.recipe.options import GroupOptions, RecipeOptions, SomeOfOptions, VariantOptions, WeightOptions
from augcli.recipe.parse import GROUP_EXAMPLES, GROUPS, examples
from augcli.transforms import TRANSFORMS, Transform
from augcli.transforms.base import Family
from augcli.transforms.parameters import Distribution, Number, Size

GROUP = "group"
GRAMMAR = "5, [low, high], {limit: x}, {choice: [...]}, {normal: [mean, std]} or {log_uniform: [low, high]}"
MOVED, KEPT = "move with the picture", "stay as they are"
_GROUP_SUMMARIES = {
    "one_of": "One of the steps, chosen by weight.",
    "some_of": "n of the steps, in the order of the recipe.",
    "random_order": "All steps, in an order that is drawn.",
    "sequence": "All steps in their order: with p, all or none of them.",
}


@dataclass(frozen=True)
class Parameter:
    """A key of a step or section: its form, default as a recipe says it (None: required), and bounds.

    A key of a nested mapping is called `outer.inner`. `form` and `bounds` are words.
    """

    name: str
    form: str
    default: str | None
    bounds: str
    description: str


@dataclass(frozen=True)
class CatalogueEntry:
    """A transform or a group: everything that its documentation says. `parameters` are without `p`."""

    name: str
    family: str
    summary: str
    parameters: tuple[Parameter, ...]
    p: Parameter
    labels: str
    fuses: str
    source: str
    definition_number: int | None
    example: str

    def as_json(self) -> dict[str, Any]:
        """The entry as JSON data."""
        return asdict(self) | {"parameters": [asdict(parameter) for parameter in self.parameters]}


def catalogue() -> list[CatalogueEntry]:
    """All transforms, family by family, then the groups; in the order in which they are defined."""
    families = get_args(Family)
    ordered = sorted(TRANSFORMS.values(), key=lambda cls: families.index(cls.family))
    return [*map(_transform_entry, ordered), *map(_group_entry, GROUPS)]


def entry_of(name: str) -> CatalogueEntry:
    """One transform or group. Raises AugcliError with the nearest name, or the line to write instead."""
    found = next((entry for entry in catalogue() if entry.name == name), None)
    if found is None:
        known = examples()
        close = nearest(name, known)
        hint = step_alias(name, known) or (f"did you mean {close}?" if close else "see augcli transforms")
        raise AugcliError(f"there is no transform '{name}'", hint=hint)
    return found


def recipe_options() -> list[Parameter]:
    """Every key of a recipe outside its steps; those of sections as `output.image.format`."""
    return [*parameters_of(RecipeOptions), *parameters_of(VariantOptions)]


def parameters_of(model: type[BaseModel]) -> list[Parameter]:
    """A model's fields in their order, those of nested models flattened."""
    return list(_flattened(model, ""))


def _transform_entry(cls: type[Transform]) -> CatalogueEntry:
    p, *parameters = parameters_of(cls)
    labels = cls.labels or (MOVED if cls.moves else KEPT)
    return CatalogueEntry(
        name=cls.name,
        family=cls.family,
        summary=cls.summary(),
        parameters=tuple(parameters),
        p=p,
        labels=labels,
        fuses=cls.fuses,
        source=cls.source,
        definition_number=cls.definition_number,
        example=cls.example,
    )


def _group_entry(name: str) -> CatalogueEntry:
    p, *parameters = parameters_of(SomeOfOptions if name == "some_of" else GroupOptions)
    steps = Parameter("transforms", "list of steps", None, "", "the steps of the group")
    weights = parameters_of(WeightOptions) if name == "one_of" else []
    children = [
        Parameter(f"transforms.{w.name}", w.form, w.default, w.bounds, w.description) for w in weights
    ]
    return CatalogueEntry(
        name=name,
        family=GROUP,
        summary=_GROUP_SUMMARIES[name],
        parameters=(*parameters, steps, *children),
        p=p,
        labels="as its steps do",
        fuses="as its steps do",
        source="",
        definition_number=None,
        example=GROUP_EXAMPLES[name],
    )


def _flattened(model: type[BaseModel], prefix: str) -> Iterator[Parameter]:
    for name, field in model.model_fields.items():
        nested = field.annotation
        if section := _section(nested):
            yield from _flattened(section, f"{prefix}{name}.")
        else:
            yield _parameter(prefix + name, field)
            if below := _model_by_name(nested):
                yield from _flattened(below, f"{prefix}{name}.NAME.")


def _section(annotation: Any) -> type[BaseModel] | None:
    """The model of a nested mapping, which may be left out."""
    kinds = [part for part in get_args(annotation) or (annotation,) if part is not type(None)]
    (kind, *others) = kinds
    return kind if not others and isinstance(kind, type) and issubclass(kind, BaseModel) else None


def _model_by_name(annotation: Any) -> type[BaseModel] | None:
    """The model of a mapping's values: its keys are the user's own names."""
    found = (get_args(part)[1] for part in get_args(annotation) if get_origin(part) is dict)
    return next((value for value in found if isinstance(value, type) and issubclass(value, BaseModel)), None)


def _parameter(name: str, field: FieldInfo) -> Parameter:
    parts = list(_parts(field.annotation, field.metadata))
    number = next((part for part in parts if isinstance(part, Number)), None)
    default = None if field.is_required() else _written(field.default, number)
    bounds = _number_bounds(number) if number else _plain_bounds(parts)
    return Parameter(name, _form(parts, number), default, bounds, field.description or "")


def _parts(annotation: Any, metadata: list[Any]) -> Iterator[Any]:
    """Every type and mark that an annotation holds, whatever it is wrapped in."""
    yield from metadata
    if isinstance(annotation, FieldInfo):
        yield from annotation.metadata
    yield annotation
    if get_origin(annotation) not in (None, Literal, tuple, dict):
        for inner in get_args(annotation):
            yield from _parts(inner, [])


def _form(parts: list[Any], number: Number | None) -> str:
    if number:
        form = "whole number" if number.whole else "number"
        return f"{form}, x is {{limit: x}}" if number.bare == "limit" else form
    if choices := _choices(parts):
        return either(map(str, choices))
    return next((words for kind, words in _FORMS.items() if kind in parts), "")


def _choices(parts: list[Any]) -> tuple[Any, ...]:
    """The words that a field may have; none where it is not one of some."""
    for part in parts:
        if isinstance(part, OneOf):
            return part.words
        if get_origin(part) is Literal:
            return get_args(part)
    return ()


# What is left when the numbers that are drawn, and the words to choose from, are taken away.
_FORMS: dict[Any, str] = {
    Size: "size",
    tuple[int, int]: "3 or 3x3",
    bool: "true or false",
    int | str | None: "value or colour",
    tuple[int, int, int]: "value or colour",
    tuple[float, float] | None: "[low, high]",
    tuple[str, ...]: "list of names",
    tuple[tuple[str, str], ...]: "list of pairs of names",
    tuple[int, ...]: "list of whole numbers",
    tuple[float, ...]: "list of numbers",
    tuple[tuple[float, float], ...]: "list of [x, y]",
    tuple[str | int, ...]: "list of names or values",
    dict[int, str] | dict[str, str] | None: "mapping or list",
    str | Masks | None: "text or mapping",
    int: "fixed whole number",
    float: "fixed number",
    str: "text",
}


def _number_bounds(number: Number) -> str:
    if number.above or math.inf in (-number.low, number.high):
        return "" if number.range_text == "a number" else number.range_text
    return f"{number.low:g} to {number.high:g}"


def _plain_bounds(parts: list[Any]) -> str:
    """The bounds of a number that is never drawn."""
    marks = {
        mark: getattr(part, mark) for part in parts for mark in ("ge", "gt", "le") if hasattr(part, mark)
    }
    if "gt" in marks:
        return f"above {marks['gt']} and at most {_short(marks['le'])}"
    return f"{marks['ge']} to {marks['le']}" if marks else ""


def _written(value: Any, number: Number | None) -> str:
    """A default as a recipe says it."""
    if isinstance(value, Distribution):
        plain = value.as_recipe()
        if number and number.bare == "limit" and value.kind == "fixed":
            plain = plain - (number.neutral or 0.0)  # color_jitter's 0 is a factor of 1
        if number and number.pair == "log_uniform" and value.kind == "log_uniform":
            plain = list(value.values)
        return _short(plain)
    if isinstance(value, tuple) and all(type(part) is int for part in value) and len(value) == 2:
        return "x".join(map(str, value))
    return _short(value)


def _short(value: Any) -> str:
    """Plain data in YAML's flow form, numbers to four digits behind the point."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{round(value, 4):.10g}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(_short(part) for part in value)}]"
    return str(value)
