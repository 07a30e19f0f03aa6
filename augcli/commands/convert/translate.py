"""A saved pipeline -> steps of a recipe, what differs in each, and what was left out."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from augcli.commands.convert.call import Call, Converter, Equivalent, NoEqualError, StepData, plain
from augcli.commands.convert.filters import FILTERS
from augcli.commands.convert.frames import FRAMES
from augcli.commands.convert.nodes import Node, Part, as_one, in_a_list
from augcli.commands.convert.parse import CLASS, Pipeline
from augcli.commands.convert.spatial import SPATIAL
from augcli.commands.convert.tones import TONES
from augcli.commands.convert.unsupported import NO_EQUAL, reason_for
from augcli.commands.convert.weather import SCENES
from augcli.errors import AugcliError, RecipeError
from augcli.recipe import parse_recipe
from augcli.text import shortened, shown

CONVERTERS: dict[str, Converter] = SPATIAL | FRAMES | TONES | FILTERS | SCENES
MAX_NESTING, MAX_TRANSFORMS = 12, 1000
_ODD = (TypeError, ValueError, KeyError, IndexError, AttributeError, ArithmeticError)


@dataclass(frozen=True)
class UnsupportedTransform:
    """A transform that has no equal: where it stands in the pipeline, its class, and why."""

    path: str
    name: str
    reason: str

    def __str__(self) -> str:
        return f"{self.path}: {self.name}: {self.reason}"


@dataclass
class Translation:
    """The steps of a pipeline, the transforms that they came from, and those that were left out."""

    nodes: tuple[Node, ...] = ()
    calls: list[Call] = field(default_factory=list)
    left_out: list[UnsupportedTransform] = field(default_factory=list)
    seen: int = 0


def translate(pipeline: Pipeline) -> Translation:
    """Translate a pipeline. Raises AugcliError where it is too deep or too long."""
    walk = _Walk(pipeline, Translation())
    walk.result.nodes = in_a_list(walk.part(pipeline.transform, "transform", 0))
    return walk.result


@dataclass(frozen=True)
class _Walk:
    pipeline: Pipeline
    result: Translation

    def part(self, transform: Any, path: str, level: int) -> Part:
        """What one transform or composition becomes."""
        self.result.seen += 1
        if level > MAX_NESTING or self.result.seen > MAX_TRANSFORMS:
            most = (
                f"{MAX_TRANSFORMS} transforms" if level <= MAX_NESTING else f"{MAX_NESTING} levels of groups"
            )
            raise AugcliError(f"a pipeline has at most {most}", where=f"{self.pipeline.file}: {path}")
        params = transform if isinstance(transform, Mapping) else {}
        full_name = params.get(CLASS)
        if not isinstance(full_name, str):
            return self._missing(path, shown(transform), f"it has no {CLASS}", params)
        name = _bare(full_name)
        try:
            if name in _COMPOSITIONS:
                return _COMPOSITIONS[name](self, params, path, level)
            said = self._said(Call(name, params, self.pipeline.major), full_name)
            return Part(tuple(_nodes(said)), _probability(params))
        except NoEqualError as error:
            return self._missing(path, shortened(name, 60), str(error), params)

    def _said(self, call: Call, full_name: str) -> Equivalent:
        """What a transform says here, of which every step is valid."""
        if call.name not in CONVERTERS:
            raise NoEqualError(reason_for(call.name) or _unknown(call.name, full_name))
        try:
            said = CONVERTERS[call.name](call)
        except _ODD:
            raise NoEqualError("its parameters are not as albumentations saves them") from None
        for step in said.steps:
            _check(step)
        self.result.calls += [call] if said.steps else []
        return said

    def _missing(self, path: str, name: str, reason: str, params: Mapping[str, Any]) -> Part:
        self.result.left_out.append(UnsupportedTransform(path, name, reason))
        comment = Node("", notes=(f"{name} is left out",))
        return Part((comment,), weight=p if _is_probability(p := params.get("p")) else 0.5)

    def children(self, params: Mapping[str, Any], path: str, level: int) -> list[Part]:
        """The parts of a composition."""
        transforms = params.get("transforms")
        if not isinstance(transforms, list):
            raise NoEqualError(f"transforms: expected a list, got {shown(transforms)}")
        return [self.part(t, f"{path}.transforms[{i}]", level + 1) for i, t in enumerate(transforms)]


def _bare(full_name: str) -> str:
    """A class without the modules of albumentations."""
    inside = full_name.startswith("albumentations.")
    return full_name.rsplit(".", 1)[-1] if inside else full_name


def _unknown(name: str, full_name: str) -> str:
    if "." in name:
        return f"{shortened(full_name, 60)} is not albumentations' own; a plugin can add it"
    near = get_close_matches(name[:60], [*CONVERTERS, *NO_EQUAL, *_COMPOSITIONS], 1)
    return f"no class of albumentations that is known here{f', did you mean {near[0]}?' if near else ''}"


def _nodes(said: Equivalent) -> list[Node]:
    """The steps of a transform; its notes stand below the last."""
    pairs = [next(iter(step.items())) for step in said.steps]
    nodes = [Node(name, params) for name, params in pairs]
    return [*nodes[:-1], Node(nodes[-1].name, nodes[-1].params, (), said.notes)] if nodes else []


def _check(step: StepData) -> None:
    """Raise NoEqualError where the numbers of a step are not allowed here."""
    try:
        parse_recipe(json.dumps({"transforms": [step]}), "recipe")
    except RecipeError as error:
        mistake = error.mistakes[0]
        where = mistake.path.removeprefix("transforms[0].")
        raise NoEqualError(f"its numbers are not allowed here: {where}: {mistake.message}") from None


def _probability(params: Mapping[str, Any], default: float = 0.5) -> float:
    """A transform's p; always_apply of 1.x is p: 1."""
    p = params.get("p", default)
    if not _is_probability(p):
        raise NoEqualError(f"p: expected a number from 0 to 1, got {shown(p)}")
    return 1 if params.get("always_apply") is True else plain(p)


def _is_probability(p: Any) -> bool:
    return isinstance(p, int | float) and not isinstance(p, bool) and 0 <= p <= 1


def _in_a_row(walk: _Walk, params: Mapping[str, Any], path: str, level: int, default: float) -> Part:
    nodes = [node for part in walk.children(params, path, level) for node in in_a_list(part)]
    return Part(tuple(nodes), _probability(params, default))


def _compose(walk: _Walk, params: Mapping[str, Any], path: str, level: int) -> Part:
    """Compose and ReplayCompose: all, in their order."""
    return _in_a_row(walk, params, path, level, 1.0)


def _sequential(walk: _Walk, params: Mapping[str, Any], path: str, level: int) -> Part:
    """Sequential: all, in their order, with p 0.5."""
    return _in_a_row(walk, params, path, level, 0.5)


def _one_of(walk: _Walk, params: Mapping[str, Any], path: str, level: int) -> Part:
    """OneOf: a child's p is how likely it is chosen; then it is applied whatever its p."""
    parts = walk.children(params, path, level)
    weights = [part.p if part.weight is None else part.weight for part in parts]
    return Part(_chosen(parts, weights), _probability(params))


def _one_or_other(walk: _Walk, params: Mapping[str, Any], path: str, level: int) -> Part:
    """OneOrOther: the first with probability p, else the last."""
    parts = walk.children(params, path, level)
    p = _probability(params)
    return Part(_chosen([parts[0], parts[-1]], [p, plain(1 - p)]), weight=p) if parts else Part(())


def _chosen(parts: list[Part], weights: list[float]) -> tuple[Node, ...]:
    """A one_of of the parts that can be chosen; just comments where none of them does anything."""
    possible = [(part, weight) for part, weight in zip(parts, weights, strict=True) if weight > 0]
    if not any(part.steps for part, _ in possible):
        return _comments(parts)
    nodes = [as_one(part.nodes) for part, _ in possible]
    if len({weight for _, weight in possible}) > 1:
        nodes = [node.also(weight=weight) for node, (_, weight) in zip(nodes, possible, strict=True)]
    return (Node("one_of", {}, tuple(nodes)),)


def _comments(parts: list[Part]) -> tuple[Node, ...]:
    return tuple(node for part in parts for node in part.nodes if not node.name)


def _some_of(walk: _Walk, params: Mapping[str, Any], path: str, level: int) -> Part:
    """SomeOf: n of them; since 2.0 each then has its own p."""
    return _picked(walk, params, path, level)


def _random_order(walk: _Walk, params: Mapping[str, Any], path: str, level: int) -> Part:
    """RandomOrder: n of them, in an order that is drawn."""
    return _picked(walk, params, path, level, shuffled=True)


def _picked(walk: _Walk, params: Mapping[str, Any], path: str, level: int, *, shuffled: bool = False) -> Part:
    parts = walk.children(params, path, level)
    n, p = params.get("n", 1), _probability(params, 1.0)
    if type(n) is not int or n < 1:
        raise NoEqualError(f"n: expected a whole number above 0, got {shown(n)}")
    if not any(part.steps for part in parts):
        return Part(_comments(parts))
    forced = walk.pipeline.major < 2
    nodes = tuple(as_one(part.nodes if forced else in_a_list(part)) for part in parts)
    notes = ["the likelier ones by p are chosen more often there"] if forced and _differ(parts) else []
    if params.get("replace", n > len(parts)) and n > 1:
        notes.append("replace lets one be chosen several times; here each at most once")
    n = min(n, len(nodes))
    if shuffled and n == len(nodes):
        group = Node("random_order", {}, nodes, tuple(notes))
    else:
        notes += ["there in an order that is drawn; here in this one"] if shuffled and n > 1 else []
        group = Node("some_of", {"n": n}, nodes, tuple(notes))
    return Part(in_a_list(Part((group,), p)), weight=p)


def _differ(parts: list[Part]) -> bool:
    return len({part.p for part in parts}) > 1


_COMPOSITIONS: dict[str, Callable[[_Walk, Mapping[str, Any], str, int], Part]] = {
    "Compose": _compose,
    "ReplayCompose": _compose,
    "Sequential": _sequential,
    "OneOf": _one_of,
    "OneOrOther": _one_or_other,
    "SomeOf": _some_of,
    "RandomOrder": _random_order,
}
