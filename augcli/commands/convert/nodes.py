"""What a conversion makes: steps and groups of a recipe as they will be written, with comments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

NEVER = "horizontal_flip"  # with p: 0 it stands where nothing is done, so that the others keep their share


@dataclass(frozen=True)
class Node:
    """A step or group with comments; a comment alone where it has no name."""

    name: str
    params: Mapping[str, Any] = field(default_factory=dict)
    children: tuple[Node, ...] = ()
    notes: tuple[str, ...] = ()

    def also(self, **params: Any) -> Node:
        """The same with further parameters."""
        return replace(self, params={**self.params, **params})


@dataclass(frozen=True)
class Part:
    """What one transform became: nodes that are applied together with probability `p`.

    `weight` is how likely it is chosen by a OneOf; `p` where it is not given.
    """

    nodes: tuple[Node, ...]
    p: float = 1.0
    weight: float | None = None

    @property
    def steps(self) -> tuple[Node, ...]:
        """The nodes that are more than a comment."""
        return tuple(node for node in self.nodes if node.name)


def in_a_list(part: Part) -> tuple[Node, ...]:
    """The nodes of a part in a list of steps, with its p."""
    if part.p >= 1 or not part.steps:
        return part.nodes
    if len(part.steps) > 1:
        return (Node("sequence", {"p": part.p}, part.nodes),)
    return tuple(node.also(p=part.p) if node.name else node for node in part.nodes)


def as_one(nodes: tuple[Node, ...]) -> Node:
    """Nodes as one node that a group can choose."""
    steps = [node for node in nodes if node.name]
    remarks = tuple(note for node in nodes if not node.name for note in node.notes)
    if not steps:
        return Node(
            NEVER, {"p": 0}, (), (*remarks, "nothing is done here, so that the others keep their share")
        )
    if len(steps) > 1:
        return Node("sequence", {}, nodes)
    return replace(steps[0], notes=(*steps[0].notes, *remarks))
