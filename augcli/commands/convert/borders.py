"""The one border rule and interpolation of a recipe, from those of each step of a pipeline."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from augcli.commands.convert.call import Call
from augcli.text import shown

_RULES = {0: "constant", 1: "replicate", 2: "reflect", 3: "wrap", 4: "reflect"}  # cv2.BORDER_...
REFLECT_101 = 4
_SAMPLED = {0: "nearest", 1: "linear", 2: "cubic", 3: "linear", 4: "lanczos", 5: "linear", 6: "nearest"}
_ALWAYS = {"Rotate", "SafeRotate", "ShiftScaleRotate", "Affine", "ElasticTransform", "OpticalDistortion"} | {
    "ThinPlateSpline",
    "Pad",
    "PadIfNeeded",
    "CropAndPad",
}
_PADDED = {"RandomCrop", "CenterCrop", "Crop"}
FULL = 255


@dataclass(frozen=True)
class OutputLines:
    """What `output` says, as lines of a recipe, and comments on it."""

    options: dict[str, Any]
    notes: tuple[str, ...]


def look_of(calls: Iterable[Call]) -> OutputLines:
    """The border, fill and interpolation that the steps of a pipeline agree on, or what they differ in."""
    calls = list(calls)
    border, border_notes = _border([call for call in calls if _shows_outside(call)])
    sampling, sampling_notes = _interpolation(calls)
    return OutputLines(border | sampling, (*border_notes, *sampling_notes))


def _shows_outside(call: Call) -> bool:
    return call.name in _ALWAYS or (call.name in _PADDED and bool(call.get("pad_if_needed")))


def _code(call: Call) -> Any:
    return call.get("border_mode", "mode", default=REFLECT_101 if call.version < 2 else 0)


def _border(calls: list[Call]) -> tuple[dict[str, Any], list[str]]:
    rules = {call.name: _rule(call) for call in calls}
    if len(set(rules.values())) > 1:
        named = ", ".join(f"{name} has {rule}" for name, rule in rules.items())
        return {}, [f"the border is one rule for all steps, and auto here; there {named}"]
    if not rules or (rule := next(iter(rules.values()))) == "an unknown border":
        return {}, []
    if rule == "constant":
        return _filled(calls)
    notes = ["the edge pixel is repeated here, and was not there"] if REFLECT_101 in map(_code, calls) else []
    return {"border": rule}, notes


def _rule(call: Call) -> str:
    code = _code(call)
    return _RULES.get(code, "an unknown border") if type(code) is int else "an unknown border"


def _filled(calls: list[Call]) -> tuple[dict[str, Any], list[str]]:
    notes = ["in masks the ignore value is seen there (255 where none is given), and 0 in binary masks"]
    fills = [call.get("fill", "value", "cval", default=0) for call in calls]
    if any(fill != fills[0] for fill in fills):
        return {"border": "constant"}, [*notes, "the fill is one for all steps, and 0 here; there it differs"]
    fill = _as_fill(fills[0])
    if fill is None:
        return {"border": "constant"}, [*notes, f"the fill was {shown(fills[0])}"]
    return {"border": "constant", "fill": fill}, notes


def _as_fill(fill: Any) -> Any:
    """A fill in 8-bit levels as a recipe says it: a number or three; None where it is something else."""
    levels = list(fill) if isinstance(fill, list | tuple) else [fill]
    if not all(isinstance(v, int | float) and 0 <= v <= FULL and v == int(v) for v in levels):
        return None
    whole = [int(v) for v in levels]
    return {1: whole[0], 3: whole}.get(len(whole)) if whole else None


def _interpolation(calls: list[Call]) -> tuple[dict[str, Any], list[str]]:
    found = dict.fromkeys(_samplings(calls))
    if len(found) > 1:
        return {}, [f"the interpolation is one for all steps, and linear here; there {', '.join(found)}"]
    if "nearest" in found:
        return {}, ["pictures are sampled linearly here; there by the nearest pixel"]
    name = next(iter(found), "linear")
    return ({} if name == "linear" else {"interpolation": name}), []


def _samplings(calls: list[Call]) -> Iterator[str]:
    for call in calls:
        code = call.get("interpolation")
        if type(code) is int and code in _SAMPLED and call.name != "Downscale":
            yield _SAMPLED[code]
