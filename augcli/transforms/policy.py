"""Published policies: each draws a few steps of other families, which move masks as they move pictures."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from augcli.data import Array, PixelFormat
from augcli.geometry import Frame
from augcli.rng import Draws
from augcli.transforms.base import TRANSFORMS, Transform, fixed
from augcli.transforms.curves import PosterizeCurve, SolarizeCurve
from augcli.transforms.filters import EndWarp, clipped
from augcli.transforms.histogram import Autocontrast, Equalize
from augcli.transforms.operations import Applied, Filter, apply_colors
from augcli.transforms.parameters import Distribution, Number
from augcli.transforms.policy_tables import (
    AUTO_AUGMENT,
    DRAWN_ALIKE,
    GEOMETRIC,
    RAND_AUGMENT,
    SUB_POLICIES,
    TONES,
    WIDE,
    MagnitudeSpace,
)

Count = Annotated[Distribution, Number(low=1, high=20, whole=True)]
Magnitude = Annotated[Distribution, Number(low=0, high=30, whole=True)]
Severity = Annotated[Distribution, Number(low=1, high=10, whole=True)]
Few = Annotated[Distribution, Number(low=1, high=10, whole=True)]
Concentration = Annotated[Distribution, Number(low=0.1, high=100.0)]

ROUNDED = {"rounded": True}  # each step of a policy sees whole levels, as in the published code
_PARAMS: dict[str, Callable[[float], dict[str, Any]]] = {
    "brightness": lambda m: {"factor": 1 + m} | ROUNDED,
    "saturation": lambda m: {"factor": 1 + m, "definition": "torchvision"} | ROUNDED,
    "contrast": lambda m: {"factor": 1 + m, "definition": "torchvision"} | ROUNDED,
    "sharpen": lambda m: {"factor": 1 + m},
    "posterize": lambda bits: {"bits": int(bits)} | ROUNDED,
    "solarize": lambda threshold: {"threshold": threshold} | ROUNDED,
    "invert": lambda _: dict(ROUNDED),
    "autocontrast": lambda _: {"cutoff": 0.0},
    "equalize": lambda _: {"definition": "pillow"},
}


def step_of(op: str, number: float, frame: Frame, *, in_pixels: bool = False) -> Applied:
    """A published operation and its number (see Space.number) as a step of ours, for a frame."""
    name, _, axis = op.partition("_")
    if op == "rotate":
        return Applied(op, {"degrees": number})
    if name == "shear":
        return Applied(name, {"x": 0.0, "y": 0.0} | {axis: math.degrees(math.atan(number))})
    if name == "translate":
        side = frame.width if axis == "x" else frame.height
        whole = math.trunc(number if in_pixels else number * side)
        return Applied(name, {"x": 0.0, "y": 0.0} | {axis: whole / side})
    return Applied(op, _PARAMS[op](number))


class PublishedPolicy(Transform):
    """A step that draws other steps.

    What it draws is `ops`: pairs of an operation and its number, free of any size. A picture of many bands is
    refused where saturation is drawn; grey pictures stay as they are there.
    """

    moves: ClassVar[bool] = True
    ends_warp: ClassVar[bool] = True
    fuses: ClassVar[str] = "as the steps it draws do; the warp ends behind them"
    in_pixels: ClassVar[bool] = False  # whether shifts are pixels, not shares of the side

    @property
    def is_random(self) -> bool:
        """True: which steps there are is drawn."""
        return True

    def resolve(self, drawn: dict[str, Any], frame: Frame) -> list[Applied]:
        """Give the drawn steps; the warp ends behind them, whatever they are."""
        applied = [step_of(op, number, frame, in_pixels=self.in_pixels) for op, number in drawn["ops"]]
        ended = bool(applied) and TRANSFORMS[applied[-1].name].ends_warp
        return applied if ended else [*applied, Applied(EndWarp.name, {})]


def one_of(names: tuple[str, ...], draws: Draws) -> str:
    """One of some operations, each as likely as the others."""
    return names[draws.words("op").integer(0, len(names) - 1)]


def signed(number: float, draws: Draws) -> float:
    """The number or its negative; 0 is 0."""
    return -number if number and draws.words("sign").integer(0, 1) else number


def drawn_number(space: MagnitudeSpace, op: str, chosen: int, draws: Draws) -> float:
    """What a bin means for an operation, with its sign drawn where it has one."""
    number = space.number(op, chosen)
    return signed(number, draws) if space.is_signed(op) else number


class RandAugment(PublishedPolicy, family="policy"):
    """Apply a few operations that are drawn from 14, all of one magnitude."""

    definition_number: ClassVar[int] = 2
    source: ClassVar[str] = (
        "Cubuk 2020, with the 31 bins of torchvision's RandAugment; shears are about the centre, and "
        "magnitude 0 of solarize inverts nothing, where torchvision inverts full white"
    )
    example: ClassVar[str] = "rand_augment: {count: 2, magnitude: 9}"

    count: Count = Field(default=fixed(2), description="how many operations; one may be drawn twice")
    magnitude: Magnitude = Field(default=fixed(9), description="bin, 0 to 30, of each operation's strength")

    def draw(self, draws: Draws) -> dict[str, Any]:
        """Draw the operations and their signs."""
        drawn = super().draw(draws)
        ops = [self._drawn(draws.at(str(i)), drawn["magnitude"]) for i in range(drawn["count"])]
        return drawn | {"ops": [op for op in ops if op[0] != "identity"]}

    def _drawn(self, draws: Draws, magnitude: int) -> list[Any]:
        op = one_of(DRAWN_ALIKE, draws)
        return [op, drawn_number(RAND_AUGMENT, op, magnitude, draws)]


class TrivialAugment(PublishedPolicy, family="policy"):
    """Apply one operation that is drawn from 14, of a magnitude that is drawn from a wide space.

    Shears have slopes up to 0.99, shifts are up to 32 pixels, rotations up to 135 degrees.
    """

    definition_number: ClassVar[int] = 2
    source: ClassVar[str] = (
        "Mueller and Hutter 2021, TA (Wide), as torchvision's TrivialAugmentWide; shears are about the "
        "centre, and the first bin of solarize inverts nothing"
    )
    example: ClassVar[str] = "trivial_augment"
    in_pixels: ClassVar[bool] = WIDE.in_pixels

    def draw(self, draws: Draws) -> dict[str, Any]:
        """Draw the operation, its bin and its sign."""
        op, chosen = one_of(DRAWN_ALIKE, draws), draws.words("bin").integer(0, WIDE.bins - 1)
        return {"ops": [] if op == "identity" else [[op, drawn_number(WIDE, op, chosen, draws)]]}


class AutoAugment(PublishedPolicy, family="policy"):
    """Apply one of 25 pairs of operations that were learned on a data set, each with its own odds."""

    definition_number: ClassVar[int] = 2
    source: ClassVar[str] = (
        "Cubuk 2019, appendix, with the 10 bins of torchvision's AutoAugment; shears are about the centre"
    )
    example: ClassVar[str] = "auto_augment: {policy: imagenet}"

    policy: Literal["imagenet", "cifar10", "svhn"] = Field(
        default="imagenet", description="the data set that the pairs were learned on"
    )

    def draw(self, draws: Draws) -> dict[str, Any]:
        """Draw the pair, and which of its two operations are applied."""
        pairs, ops = SUB_POLICIES[self.policy], []
        for i, chance in enumerate(pairs[draws.words("pair").integer(0, len(pairs) - 1)]):
            here = draws.at(str(i))
            if here.words("p").unit() < chance.p:
                ops.append([chance.op, drawn_number(AUTO_AUGMENT, chance.op, chance.chosen, here)])
        return {"ops": ops}


class AugMix(PublishedPolicy, family="policy"):
    """Blend the picture with a mix of chains of tone steps; move picture and labels at most once.

    The published chains hold rotations, shears and shifts too, each moved otherwise, and a blend of those has
    no true label. Here one of the nine published operations is drawn for the copy: a geometric one (5 of 9)
    moves picture and labels, before the chains are mixed. The chains draw from the other four.
    """

    fuses: ClassVar[str] = "its one spatial step joins the warp; then the warp ends"
    source: ClassVar[str] = (
        "Hendrycks 2020 and its code, with Dirichlet weights and Beta blend; but geometry is drawn once for "
        "the copy (5 of 9) and moves the labels too, and the chains are autocontrast, equalize, posterize, "
        "solarize: blended geometry has no true label"
    )
    example: ClassVar[str] = "aug_mix: {severity: 3}"

    severity: Severity = Field(default=fixed(3), description="strength of each operation, 1 to 10")
    width: Few = Field(default=fixed(3), description="number of chains")
    depth: Few = Field(
        default=Distribution("uniform", (1, 3), 1, 10, whole=True),
        description="operations in a chain, drawn for each",
    )
    alpha: Concentration = Field(
        default=fixed(1.0), description="of the Dirichlet and Beta distributions: larger is more even"
    )

    def draw(self, draws: Draws) -> dict[str, Any]:
        """Draw the geometry, the chains, their weights and the share of the picture that stays."""
        severity, width = self.severity.draw(draws.words("severity")), self.width.draw(draws.words("width"))
        alpha, here = self.alpha.draw(draws.words("alpha")), draws.at("geometry")
        op = one_of((*TONES, *GEOMETRIC), here)
        moved = [[op, signed(_strength(op, severity, here), here)]] if op in GEOMETRIC else []
        places = [draws.at(str(i)) for i in range(int(width))]
        chains = [self._chain(place, severity) for place in places]
        weights = dirichlet([place.words("weight").gamma(alpha) for place in places])
        keep = dirichlet([draws.words(name).gamma(alpha) for name in ("kept", "mixed")])[0]
        return {"ops": moved, "chains": chains, "weights": weights, "keep": keep}

    def _chain(self, draws: Draws, severity: float) -> list[list[Any]]:
        places = [draws.at(str(i)) for i in range(int(self.depth.draw(draws.words("depth"))))]
        ops = [(one_of(TONES, place), place) for place in places]
        return [[op, _strength(op, severity, place)] for op, place in ops]

    def resolve(self, drawn: dict[str, Any], frame: Frame) -> list[Applied]:
        """Give the step that moves, if there is one, and the mix."""
        moved = [step_of(op, number, frame) for op, number in drawn["ops"]]
        steps = [[step_of(op, number, frame) for op, number in chain] for chain in drawn["chains"]]
        chains = [
            {"weight": weight, "steps": [{"name": step.name, "params": step.params} for step in chain]}
            for weight, chain in zip(drawn["weights"], steps, strict=True)
        ]
        return [*moved, Applied(self.name, {"chains": chains, "keep": drawn["keep"]})]

    @classmethod
    def operate(cls, params: dict[str, Any], frame: Frame) -> Filter:
        """Return the mix."""
        chains, keep = params["chains"], params["keep"]
        return Filter(cls.name, lambda pixels, meaning: mixed(pixels, meaning, chains, keep, frame))


def dirichlet(gammas: list[float]) -> list[float]:
    """Shares of a whole from gamma numbers of one shape: a Dirichlet draw; of two, a Beta draw."""
    total = sum(gammas)
    return [gamma / total for gamma in gammas]


def _strength(op: str, severity: float, draws: Draws) -> float:
    """The number of an operation of AugMix, whose level is uniform in [0.1, severity], of 10."""
    level = draws.words("level").between(0.1, severity) / 10
    if op == "rotate":
        return float(math.trunc(30 * level))
    if op == "posterize":
        return max(1, 4 - math.trunc(4 * level))
    if op == "solarize":
        return min(1.0, (256 - math.trunc(256 * level)) / 255)
    return level * {"shear": 0.3, "translate": 1 / 3}.get(op.partition("_")[0], 0.0)


def mixed(
    pixels: Array, meaning: PixelFormat, chains: list[dict[str, Any]], keep: float, frame: Frame
) -> Array:
    """Blend pixels (H, W, C) without alpha, of which `keep` stays, with chains by weights that sum to 1."""
    plain = replace(meaning, alpha=False)
    total = np.float32(keep) * pixels.astype(np.float32)
    for chain in chains:
        result = pixels
        for step in chain["steps"]:
            result = _toned(step["name"], step["params"], result, plain, frame)
        total += np.float32((1 - keep) * chain["weight"]) * result
    return clipped(total, meaning, pixels.dtype)


def _toned(name: str, params: dict[str, Any], pixels: Array, meaning: PixelFormat, frame: Frame) -> Array:
    """One step of a chain, rounded by itself."""
    if name in _HISTOGRAM:
        return _HISTOGRAM[name].operate(params, frame).run(pixels, meaning)
    levels = meaning.high - meaning.low if pixels.dtype.kind == "u" else 0.0
    solarize = name == "solarize"
    op = SolarizeCurve(params["threshold"]) if solarize else PosterizeCurve(params["bits"], levels)
    return apply_colors([op], pixels, meaning)


_HISTOGRAM: dict[str, type[Autocontrast] | type[Equalize]] = {
    "autocontrast": Autocontrast,
    "equalize": Equalize,
}
