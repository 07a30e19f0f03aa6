"""The steps of a variant: transforms and groups of them, and what they are as plain data."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from augcli.recipe.options import AcceptOptions
from augcli.transforms.base import Transform
from augcli.transforms.parameters import Distribution
from augcli.transforms.tiles import Tiles

GroupKind = Literal["one_of", "some_of", "random_order", "sequence"]


@dataclass(frozen=True)
class Step:
    """One transform with its parameters. `name` is its path name: `rotate#0`, `rotate#1` in one group."""

    name: str
    transform: Transform
    weight: float = 1.0

    @property
    def is_random(self) -> bool:
        """Whether anything in the step is drawn."""
        return self.transform.is_random

    def written(self) -> dict[str, Any]:
        """The step's name and its parameters as a recipe says them, every default included."""
        return {self.transform.name: self.transform.model_dump(mode="json")}


@dataclass(frozen=True)
class Group:
    """Steps that are chosen from, shuffled, or applied in a row. `name` is `one_of#0`; `n` is some_of's."""

    name: str
    kind: GroupKind
    p: float
    children: tuple[Step | Group, ...]
    n: Distribution | None = None
    weight: float = 1.0

    @property
    def is_random(self) -> bool:
        """Whether anything in the group is drawn: its choice, its order, or a step in it."""
        chooses = self.kind in ("one_of", "random_order") and len(self.children) > 1
        picks = self.n is not None and (self.n.is_random or self.n.ends[0] < len(self.children))
        return 0 < self.p < 1 or chooses or picks or any(child.is_random for child in self.children)

    def written(self) -> dict[str, Any]:
        """The group without its children, as a recipe says it."""
        number = {} if self.n is None else {"n": self.n.as_recipe()}
        return {self.kind: {"p": self.p, **number}}


@dataclass(frozen=True)
class Variant:
    """One way of making copies: `copies` of each source, each with draws of its own."""

    name: str
    copies: int
    children: tuple[Step | Group, ...]
    accept: AcceptOptions | None = None

    @property
    def is_random(self) -> bool:
        """Whether anything in the variant is drawn."""
        return any(child.is_random for child in self.children)

    @property
    def tiles(self) -> Tiles | None:
        """The step that cuts each source into tiles, where there is one."""
        first = self.children[0]
        found = first.transform if isinstance(first, Step) else None
        return found if isinstance(found, Tiles) else None

    @property
    def is_numbered(self) -> bool:
        """Whether it makes several copies of a source, so that their names carry a number."""
        return self.is_random or self.tiles is not None

    @property
    def looks_at_labels(self) -> bool:
        """Whether what its copies are depends on the labels."""
        asked = self.accept is not None and self.accept.min_foreground is not None
        return asked or any(transform.needs_labels for transform in self.transforms())

    def transforms(self) -> Iterator[Transform]:
        """Every transform of the variant, whatever group it stands in."""
        return _transforms(self.children)

    def resolved(self) -> list[Any]:
        """The steps as plain JSON data with every default and each transform's definition number.

        What a pair's digest covers of its variant: neither the name nor the number of copies.
        """
        return [*resolved_steps(self.children, definitions=True), *self.conditions()]

    def conditions(self) -> list[Any]:
        """What a copy has to be like, as plain JSON data; empty where any will do."""
        return [{"accept": plain(self.accept.model_dump(mode="json"))}] if self.accept else []


def _transforms(children: tuple[Step | Group, ...]) -> Iterator[Transform]:
    for child in children:
        if isinstance(child, Step):
            yield child.transform
        else:
            yield from _transforms(child.children)


def resolved_steps(
    children: tuple[Step | Group, ...], *, definitions: bool, weighted: bool = False
) -> list[Any]:
    """Steps as plain JSON data that a recipe may hold, and with `definitions` their definition numbers too.

    A whole number is written as an int, so that `15` and `15.0` are the same.
    """
    return [_resolved(child, definitions=definitions, weighted=weighted) for child in children]


def _resolved(child: Step | Group, *, definitions: bool, weighted: bool) -> dict[str, Any]:
    ((name, parameters),) = child.written().items()
    extra: dict[str, Any] = {"weight": child.weight} if weighted else {}
    if isinstance(child, Group):
        below = resolved_steps(child.children, definitions=definitions, weighted=child.kind == "one_of")
        extra["transforms"] = below
    elif definitions:
        extra["definition_number"] = child.transform.definition_number
        extra |= {"plugin": child.transform.plugin_digest} if child.transform.plugin else {}
    return {name: plain(parameters | extra)}


def plain(value: Any) -> Any:
    """JSON data in one form: lists for tuples, text keys, ints for whole floats."""
    if isinstance(value, dict):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain(inner) for inner in value]
    if isinstance(value, float) and value == int(value) and abs(value) < 2**53:
        return int(value)
    return value
