"""From a variant to resolved steps: every random number first, then whole numbers for a frame."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from augcli.data import LabelMap
from augcli.geometry import Frame
from augcli.recipe import Group, Step, Variant
from augcli.rng import Draws
from augcli.transforms import TRANSFORMS, Transform
from augcli.transforms.filters import EndWarp
from augcli.transforms.operations import Applied, SpatialOp


@dataclass(frozen=True)
class Drawn:
    """A step that is to be applied, with its numbers, free of any size."""

    transform: Transform
    values: dict[str, Any]


def draw(variant: Variant, *, seed: int, source: str, copy: int, attempt: int = 1) -> list[Drawn]:
    """All draws of one attempt at a pair, in the order in which the steps are applied."""
    again = (attempt,) if attempt > 1 else ()
    draws = Draws((seed, source, variant.name, copy, *again))
    return list(_draw_all(variant.children, draws))


def _draw_all(nodes: Iterable[Step | Group], draws: Draws) -> Iterator[Drawn]:
    for node in nodes:
        here = draws.at(node.name)
        p = node.p if isinstance(node, Group) else node.transform.p
        if here.words("p").unit() < p:
            yield from _draw_group(node, here) if isinstance(node, Group) else _draw_step(node, here)
        elif _ends_warp(node):
            yield NOT_DRAWN


def _draw_step(step: Step, draws: Draws) -> Iterator[Drawn]:
    yield Drawn(step.transform, step.transform.draw(draws))


def _draw_group(group: Group, draws: Draws) -> Iterator[Drawn]:
    chosen = _CHOSEN[group.kind](group, draws)
    yield from _draw_all(chosen, draws)
    if _ends_warp(group) and not any(map(_ends_warp, chosen)):
        yield NOT_DRAWN


# Where a step that ends the warp stands decides that the warp ends there, not whether it was drawn.
NOT_DRAWN = Drawn(EndWarp(), {})


def _ends_warp(node: Step | Group) -> bool:
    if isinstance(node, Group):
        return any(map(_ends_warp, node.children))
    return node.transform.ends_warp


def _one(group: Group, draws: Draws) -> list[Step | Group]:
    """One child, by weight."""
    point = draws.words("choice").unit() * sum(child.weight for child in group.children)
    for child in group.children:
        point -= child.weight
        if point < 0:
            return [child]
    return [group.children[-1]]


def _shuffled(group: Group, draws: Draws) -> list[Step | Group]:
    """Draw a rank for each child by name, so that another child changes no order among the rest."""
    return sorted(group.children, key=lambda child: draws.at(child.name).words("rank").word())


def _some(group: Group, draws: Draws) -> list[Step | Group]:
    """`n` children of the lowest ranks, in the order of the recipe."""
    count = int(group.n.draw(draws.words("n"))) if group.n else len(group.children)
    chosen = {child.name for child in _shuffled(group, draws)[:count]}
    return [child for child in group.children if child.name in chosen]


_CHOSEN: dict[str, Callable[[Group, Draws], list[Step | Group]]] = {
    "one_of": _one,
    "some_of": _some,
    "random_order": _shuffled,
    "sequence": lambda group, draws: list(group.children),
}


LabelsAfter = Callable[[Sequence[Applied]], Mapping[str, LabelMap]]


def resolve(
    drawn: Iterable[Drawn], frame: Frame, labels_after: LabelsAfter = lambda applied: {}
) -> tuple[list[Applied], Frame]:
    """Plain numbers for a source of this frame, and the frame that the steps end in; no randomness.

    `labels_after` gives the source's labels as some steps leave them, to steps that look at labels.
    """
    result: list[Applied] = []
    for step in drawn:
        before = tuple(result)
        for applied in step.transform.resolve_on(step.values, frame, partial(labels_after, before)):
            result.append(applied)
            frame = frame_after(applied, frame)
    return result, frame


def frame_after(applied: Applied, frame: Frame) -> Frame:
    """The frame that a resolved step ends in."""
    operation = TRANSFORMS[applied.name].operate(applied.params, frame)
    return operation.frame if isinstance(operation, SpatialOp) else frame
