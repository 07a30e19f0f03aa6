"""The steps of a variant, whatever groups they stand in, and whether every copy has them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from augcli.recipe import Group, Step, Variant
from augcli.transforms import Transform


@dataclass(frozen=True)
class Placed:
    """A step in its variant; `always`: no group chooses it or leaves it out."""

    variant: Variant
    step: Step
    always: bool

    @property
    def transform(self) -> Transform:
        """The step's transform."""
        return self.step.transform

    def remark(self, text: str) -> str:
        """A remark on the step."""
        return f"{self.variant.name}: {self.transform.name} {text}"


def steps_of(variant: Variant) -> Iterator[Placed]:
    """All steps of a variant, in their order."""
    return _steps(variant, variant.children, always=True)


def _steps(variant: Variant, children: Iterable[Step | Group], *, always: bool) -> Iterator[Placed]:
    for child in children:
        if isinstance(child, Step):
            yield Placed(variant, child, always)
        else:
            taken = always and child.p == 1 and _takes_all(child)
            yield from _steps(variant, child.children, always=taken)


def _takes_all(group: Group) -> bool:
    if group.kind == "some_of":
        return group.n is None or group.n.ends[0] >= len(group.children)
    return group.kind != "one_of" or len(group.children) == 1
