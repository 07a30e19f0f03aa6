"""Plain data -> variants and steps. Every mistake goes to the report; what is left is still read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError

from augcli.recipe.errors import Mistakes, misplaced, nearest, unknown_key
from augcli.recipe.foreign_names import step_alias
from augcli.recipe.options import GroupOptions, RecipeOptions, SomeOfOptions, VariantOptions, WeightOptions
from augcli.recipe.steps import Group, GroupKind, Step, Variant
from augcli.recipe.unsupported import report_later
from augcli.recipe.yaml_text import KeyPath
from augcli.text import flow, shown
from augcli.transforms.base import TRANSFORMS, Transform
from augcli.transforms.parameters import Distribution
from augcli.transforms.tiles import Tiles

M = TypeVar("M", bound=BaseModel)

GROUPS: dict[str, GroupKind] = {kind: kind for kind in get_args(GroupKind)}
GROUP_EXAMPLES = {
    "one_of": "one_of: [horizontal_flip, vertical_flip]",
    "some_of": "some_of: {n: 2, transforms: [horizontal_flip, vertical_flip, transpose]}",
    "random_order": "random_order: [brightness: {factor: [0.8, 1.2]}, gamma: {gamma: [0.8, 1.2]}]",
    "sequence": "sequence: {p: 0.5, transforms: [horizontal_flip, transpose]}",
}
VARIANT_KEYS = ("transforms", "copies", "accept")  # at the top of a recipe: of its one variant
VARIANT_NAME = re.compile(r"[a-z0-9]+([-_][a-z0-9]+)*")
_EXAMPLE = "for example [horizontal_flip, rotate: {degrees: [-15, 15]}]"


def examples() -> dict[str, str]:
    """A line for each name a step may have."""
    return {name: cls.example or name for name, cls in TRANSFORMS.items()} | GROUP_EXAMPLES


def read_variants(data: dict[str | int, Any], report: Mistakes) -> tuple[Variant, ...]:
    """The variants of a recipe's top level: `variants`, or `transforms` and `copies` as one called `aug`."""
    if "variants" in data:
        for key in {*VARIANT_KEYS} & data.keys():
            report.add(
                (key,), f"'{key}' and 'variants' do not go together: give each variant its own", key=True
            )
        return _read_all(data["variants"], report)
    if "transforms" in data:
        variant = _read_variant("aug", {k: data[k] for k in data if k in VARIANT_KEYS}, (), report)
        return (variant,) if variant else ()
    for key in {*VARIANT_KEYS} & data.keys():
        report.add((key,), f"{key} of what? Add transforms:, {_EXAMPLE}", key=True)
    return ()


def _read_all(data: Any, report: Mistakes) -> tuple[Variant, ...]:
    if data is None:
        return ()
    if not isinstance(data, dict):
        wanted = "expected variants by name, for example {fliplr: [horizontal_flip]}"
        report.add(("variants",), f"{wanted}, got {shown(data)}; a list of steps goes under transforms:")
        return ()
    variants = []
    for name, value in data.items():
        path: KeyPath = ("variants", name)
        if problem := _name_problem(name):
            report.add(path, problem, key=True)
        if variant := _read_variant(str(name), value, path, report):
            variants.append(variant)
    return tuple(variants)


def _name_problem(name: str | int) -> str | None:
    if isinstance(name, int):
        return f"a variant's name is text: put {name} in quotes"
    if name == "original":
        return "the name 'original' is taken by the sources themselves"
    if not VARIANT_NAME.fullmatch(name):
        return "a variant's name is lower-case letters and digits with single - or _ between, like jitter-2"
    return None


def _read_variant(name: str, data: Any, path: KeyPath, report: Mistakes) -> Variant | None:
    if not isinstance(data, dict):
        children = _read_steps(data, path, report)
        return Variant(name, 1, children) if children else None
    options = _options(data, path, report)
    valid = _validated(VariantOptions, options, path, report, also=("transforms",))
    children = _transforms(data, path, report, "a variant needs transforms:")
    if valid is None or not children:
        return None
    variant = Variant(name, valid.copies, children, valid.accept)
    if variant.copies > 1 and not variant.is_random:
        message = (
            f"nothing in '{name}' is drawn, so its {variant.copies} copies would be the same: "
            "remove copies, or draw something, like rotate: {degrees: [-15, 15]}"
        )
        report.add((*path, "copies"), message)
    if any(isinstance(t, Tiles) and t is not variant.tiles for t in variant.transforms()):
        message = "tiles is the first step of a variant, and stands there once"
        report.add(path or ("transforms",), message, key=True)
    if variant.accept and not variant.is_random:
        message = f"nothing in '{name}' is drawn, so every try would be the same: remove accept"
        report.add((*path, "accept"), message, key=True)
    return variant


def _options(data: dict[str | int, Any], path: KeyPath, report: Mistakes) -> dict[str | int, Any]:
    """A variant's or group's keys without its steps; steps that stand among them are mistakes."""
    options = {}
    for key, value in data.items():
        if key in TRANSFORMS or key in GROUPS:
            report.add((*path, key), f"a step belongs to the list below transforms: write - {key}", key=True)
        elif key != "transforms":
            options[key] = value
    return options


def _transforms(
    data: Mapping[str | int, Any], path: KeyPath, report: Mistakes, needs: str, *, weighted: bool = False
) -> tuple[Step | Group, ...]:
    if "transforms" not in data:
        report.add(path, f"{needs} {_EXAMPLE}", key=True)
        return ()
    return _read_steps(data["transforms"], (*path, "transforms"), report, weighted=weighted)


def _read_steps(
    data: Any, path: KeyPath, report: Mistakes, *, weighted: bool = False
) -> tuple[Step | Group, ...]:
    """Read a list of steps; their path names count equal names."""
    if not isinstance(data, list) or not data:
        found = "an empty list" if data == [] else shown(data)
        report.add(path, f"expected a list of steps, {_EXAMPLE}, got {found}")
        return ()
    steps: list[Step | Group] = []
    counts: dict[str, int] = {}
    for index, item in enumerate(data):
        named = _named(item, (*path, index), report)
        if named is None:
            continue
        count = counts[named.name] = counts.get(named.name, -1) + 1
        if step := _read_step(named, f"{named.name}#{count}", report, weighted=weighted):
            steps.append(step)
    return tuple(steps)


@dataclass(frozen=True)
class _Named:
    """A known name with its parameters; `path` leads to the parameters."""

    name: str
    parameters: Any
    path: KeyPath


def _named(item: Any, path: KeyPath, report: Mistakes) -> _Named | None:
    """A step's name and parameters, if the name is known."""
    if isinstance(item, str):
        problem = _step_problem(item)
        if problem:
            report.add(path, problem)
        return None if problem else _Named(item, None, path)
    if not isinstance(item, dict) or not item:
        found = "an empty mapping" if item == {} else shown(item)
        report.add(path, f"expected a step, like rotate: {{degrees: [-15, 15]}}, got {found}")
        return None
    name, *others = item
    if others:
        report.add((*path, others[0]), _two_names(str(name), str(others[0])), key=True)
        return None
    if problem := _step_problem(str(name)):
        report.add((*path, name), problem, key=True)
        return None
    return _Named(str(name), item[name], (*path, name))


def _step_problem(name: str) -> str | None:
    """What is wrong with a step's name."""
    if name in TRANSFORMS or name in GROUPS:
        return None
    known = examples()
    if hint := step_alias(name, known):
        return f"unknown transform {shown(name)}: {hint}"
    close = nearest(name, known)
    hint = f"did you mean {close}?" if close else "augcli transforms lists those there are"
    return f"unknown transform {shown(name)}: {hint}"


def _two_names(first: str, second: str) -> str:
    if first in ("name", "type", "transform"):
        return "a step is its name with its parameters below it, like - rotate: {degrees: [-15, 15]}"
    below: Mapping[str, Any] = (
        TRANSFORMS[first].model_fields if first in TRANSFORMS else {"p": 0, "transforms": 0}
    )
    if second in below or second == "weight":
        return f"'{second}' belongs to {first}: indent it further, or write {first}: {{{second}: ...}}"
    return f"one step, one name: put a dash before '{second}'"


def _read_step(named: _Named, path_name: str, report: Mistakes, *, weighted: bool) -> Step | Group | None:
    if named.name in GROUPS:
        return _read_group(named, path_name, report, weighted=weighted)
    cls = TRANSFORMS[named.name]
    parameters = {} if named.parameters is None else named.parameters
    if not isinstance(parameters, dict):
        report.add(named.path, _nameless(cls, parameters))
        return None
    weight, parameters = _weight(parameters, named.path, report, weighted=weighted)
    transform = _validated(cls, parameters, named.path, report, also=("weight",) if weighted else ())
    return None if transform is None else Step(path_name, transform, weight)


def _nameless(cls: type[Transform], value: Any) -> str:
    """What to write for parameters without names."""
    fields = [name for name in cls.model_fields if name != "p"]
    required = [name for name in fields if cls.model_fields[name].is_required()]
    sole = required if len(required) == 1 else fields if len(fields) == 1 else [] if fields else ["p"]
    if sole and not isinstance(value, str | bool):
        line = f"{cls.name}: {{{sole[0]}: {flow(value)}}}"
        return f"parameters have names: write {line}"
    return f"parameters have names, for example {cls.example or cls.name}"


def _weight(
    parameters: dict[str | int, Any], path: KeyPath, report: Mistakes, *, weighted: bool
) -> tuple[float, dict[str | int, Any]]:
    """A step's weight, and its parameters without it."""
    if "weight" not in parameters:
        return 1.0, parameters
    rest = {key: value for key, value in parameters.items() if key != "weight"}
    if not weighted:
        report.add((*path, "weight"), "weight has a meaning only for the steps of a one_of", key=True)
        return 1.0, rest
    valid = _validated(WeightOptions, {"weight": parameters["weight"]}, path, report)
    return (valid.weight if valid else 1.0), rest


def _read_group(named: _Named, path_name: str, report: Mistakes, *, weighted: bool) -> Group | None:
    kind, path = GROUPS[named.name], named.path
    data = named.parameters if isinstance(named.parameters, dict) else None
    if data is None and (kind == "some_of" or not isinstance(named.parameters, list)):
        report.add(path, f"expected steps, for example {GROUP_EXAMPLES[kind]}, got {shown(named.parameters)}")
        return None
    if data is None:
        children = _read_steps(named.parameters, path, report, weighted=kind == "one_of")
        return Group(path_name, kind, 1.0, children) if children else None
    weight, rest = _weight(data, path, report, weighted=weighted)
    options = _options(rest, path, report)
    model = SomeOfOptions if kind == "some_of" else GroupOptions
    also = ("transforms", "weight") if weighted else ("transforms",)
    valid = _validated(model, options, path, report, also=also)
    children = _transforms(data, path, report, f"{kind} needs transforms:", weighted=kind == "one_of")
    if valid is None or not children:
        return None
    n = _checked_n(valid.n, data["transforms"], path, report) if isinstance(valid, SomeOfOptions) else None
    return Group(path_name, kind, valid.p, children, n, weight)


def _checked_n(n: Distribution, transforms: list[Any], path: KeyPath, report: Mistakes) -> Distribution:
    """some_of's n with the number of steps as its upper bound."""
    count = len(transforms)
    most = n.values[0] if n.kind == "normal" else n.ends[1]
    if most > count:
        report.add((*path, "n"), f"n is at most the number of steps, {count}, got {most:g}")
    return replace(n, high=count)


def _validated(
    model: type[M], data: Any, path: KeyPath, report: Mistakes, also: tuple[str, ...] = ()
) -> M | None:
    """A mapping as a model; None and mistakes where it does not fit. `also` are keys read elsewhere."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        report.add_invalid(path, error, model, also)
        return None


def read_options(data: dict[str | int, Any], report: Mistakes) -> RecipeOptions:
    """The recipe's top level without its variants; the defaults where there were mistakes."""
    readable = {}
    for key, value in data.items():
        if key in RecipeOptions.model_fields:
            readable[key] = {} if value is None and key in ("input", "output") else value
        elif key not in (*VARIANT_KEYS, "variants"):
            report.add((key,), _unknown_top_key(str(key)), key=True)
    report_later(readable, report)
    return _validated(RecipeOptions, readable, (), report) or RecipeOptions()


_TOP_KEYS = ("augcli", "seed", "plugins", "keep_original", "input", "variants", *VARIANT_KEYS, "output")


def _unknown_top_key(key: str) -> str:
    """What to write instead of an unknown key at the top of the recipe."""
    if key in examples():
        return f"a step belongs to transforms: write transforms: [{examples()[key]}]"
    if where := misplaced(RecipeOptions, key):
        return where
    message, hint = unknown_key(key, _TOP_KEYS), step_alias(key, examples())
    return (
        f"unknown key {shown(key)}: under transforms: {hint}" if hint and "write" not in message else message
    )
