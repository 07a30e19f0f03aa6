"""What a transform is: one class whose fields are its recipe keys.

Validation, drawing, the JSON Schema, `augcli transforms`, the manual's page of transforms and the contract
tests all come from those fields. A transform registers by being defined.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from augcli.data import LabelMap
from augcli.geometry import Frame
from augcli.rng import Draws
from augcli.transforms.operations import Applied, Operation, Policy
from augcli.transforms.parameters import Distribution

TRANSFORMS: dict[str, type[Transform]] = {}

Family = Literal[
    "geometric", "elastic", "color", "tone", "filter", "noise", "artefact", "weather", "dropping", "policy"
]
LabelsHere = Callable[[], Mapping[str, LabelMap]]  # worked out where a step asks
Probability = Annotated[float, Field(ge=0, le=1, strict=True)]


class Transform(BaseModel):
    """A step's parameters, and how they become numbers and then an operation.

    `draw` takes every random number before a pixel is touched, free of any size; `resolve` turns them into
    plain numbers for a frame, without randomness; `operate` says what those numbers do.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: ClassVar[str] = ""
    family: ClassVar[Family]
    definition_number: ClassVar[int] = 1  # raised when the pixels of a transform change; part of the digest
    moves: ClassVar[bool] = False  # whether it moves pixels, and so the labels with them
    ends_warp: ClassVar[bool] = False  # whether it looks at neighbours, positions or the whole picture
    needs_labels: ClassVar[bool] = False  # whether what it resolves to depends on the labels
    fuses: ClassVar[str] = ""
    labels: ClassVar[str] = ""  # what becomes of labels, where neither moving nor staying says it
    source: ClassVar[str] = ""
    example: ClassVar[str] = ""
    plugin: ClassVar[str] = ""  # the plugin that defines it, and the digest of that plugin's file
    plugin_digest: ClassVar[str] = ""

    p: Probability = Field(default=1.0, description="probability that the step is applied")

    def __init_subclass__(cls, *, family: Family | None = None, **kwargs: Any) -> None:
        """Register a transform that names its family."""
        super().__init_subclass__(**kwargs)
        if family:
            cls.family = family
            cls.name = _snake_case(cls.__name__)
            TRANSFORMS[cls.name] = cls

    def distributions(self) -> dict[str, Distribution]:
        """The parameters that are numbers to be drawn, by name; nested ones as `outer.inner`."""
        return dict(_distributions(self))

    @property
    def mask_policy(self) -> Policy:
        """What masks get where the step drops parts of the picture."""
        return "keep"

    @property
    def is_random(self) -> bool:
        """Whether anything in the step is drawn."""
        return 0 < self.p < 1 or any(d.is_random for d in self.distributions().values())

    def draw(self, draws: Draws) -> dict[str, Any]:
        """Every number of the step, from its own streams of words."""
        return {name: d.draw(draws.words(name)) for name, d in self.distributions().items()}

    def resolve(self, drawn: dict[str, Any], frame: Frame) -> list[Applied]:
        """The drawn numbers as plain parameters for a frame; one step may give several."""
        return [Applied(self.name, drawn)]

    def resolve_on(self, drawn: dict[str, Any], frame: Frame, labels: LabelsHere) -> list[Applied]:
        """The same for a step that looks at the labels as they lie in its frame; most do not."""
        return self.resolve(drawn, frame)

    @classmethod
    def operate(cls, params: dict[str, Any], frame: Frame) -> Operation:
        """What resolved parameters do to a picture of this frame."""
        raise NotImplementedError(f"{cls.name} resolves to other transforms")

    @classmethod
    def summary(cls) -> str:
        """The first line of the class's docstring."""
        return (cls.__doc__ or "").strip().split("\n")[0]


def _distributions(model: BaseModel, prefix: str = "") -> Iterator[tuple[str, Distribution]]:
    for name in type(model).model_fields:
        value = getattr(model, name)
        if isinstance(value, Distribution):
            yield prefix + name, value
        elif isinstance(value, BaseModel):
            yield from _distributions(value, f"{prefix}{name}.")


def _snake_case(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def fixed(value: float) -> Distribution:
    """A default that is not drawn; an int for a parameter of whole numbers."""
    return Distribution("fixed", (value,), whole=isinstance(value, int))
