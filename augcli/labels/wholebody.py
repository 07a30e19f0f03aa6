"""What COCO-WholeBody adds to a person: keypoints and boxes of face, hands and feet.

Definitions: `data_format.md` of github.com/jin-s13/COCO-WholeBody. The order of the points, and which of
them a mirror exchanges: `configs/_base_/datasets/coco_wholebody.py` of github.com/open-mmlab/mmpose.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from augcli.data import Array
from augcli.geometry import Floats, Frame
from augcli.labels.keypoints import is_mirror, moved_points
from augcli.labels.segmentation import DECIMALS, Annotation, Boxes, as_before, moved_labels
from augcli.labels.validate import wrong_number
from augcli.render.program import Program
from augcli.text import shown

PARTS = ("face", "lefthand", "righthand", "foot")
BOXES = tuple(f"{part}_box" for part in PARTS[:3])
POINTS = tuple(f"{part}_kpts" for part in PARTS)
FIELDS = frozenset([*BOXES, *POINTS, *(f"{part}_valid" for part in PARTS)])
MIRRORED = {
    "foot_kpts": (3, 4, 5, 0, 1, 2),
    "face_kpts": (
        *(*range(16, -1, -1), *range(26, 16, -1), 27, 28, 29, 30, *range(35, 30, -1)),
        *(45, 44, 43, 42, 47, 46, 39, 38, 37, 36, 41, 40),
        *(*range(54, 47, -1), *range(59, 54, -1), *range(64, 59, -1), 67, 66, 65),
    ),
}


@dataclass(frozen=True)
class Further:
    """Fields of an annotation after a program, and the reasons why it has others of its kind no longer."""

    fields: dict[str, Any]
    reasons: tuple[str, ...] = ()


def moved_parts(annotation: Annotation, program: Program, boxes: Boxes, taken: Array | None) -> Further:
    """The fields of face, hands and feet after a program.

    Boxes and keypoints move as those of whole objects do; a flag above 0, also a fraction, stays as it is.
    What is not there is all zero, and a part of which nothing is left is not valid. A mirror exchanges the
    hands, and the points of face and feet.
    """
    own, warp = [key for key in annotation if key in FIELDS], program.warp()
    mirror = is_mirror(warp)
    faults = {key: _fault(key, annotation[key], program.source, mirror=mirror) for key in own}
    fields = {key: annotation[key] for key in own if not faults[key]}
    boxed = [key for key in BOXES if key in fields and any(fields[key] or ())]
    labels = moved_labels([{"bbox": fields[key]} for key in boxed], program, boxes, taken, visibilities=False)
    for key, label in zip(boxed, labels, strict=True):
        fields[key] = _numbers(label.box if label else [0.0] * 4, fields[key])
    pointed = [key for key in POINTS if fields.get(key)]
    for key, points in zip(pointed, moved_points([fields[key] for key in pointed], warp, taken), strict=True):
        fields[key] = _points(
            points[list(MIRRORED[key])] if mirror and key in MIRRORED else points, fields[key]
        )
    if mirror:
        fields = {_other_hand(key): value for key, value in fields.items()}
    return Further(fields | _validities(fields), tuple(fault for fault in faults.values() if fault))


def _fault(key: str, value: Any, frame: Frame, *, mirror: bool) -> str:
    """Why a field cannot be moved; empty where it can, or where nothing is in it."""
    if not value or key.endswith("_valid"):
        return ""
    if not isinstance(value, list):
        return f"its {key} is {shown(value)}, and not a list"
    if key in BOXES:
        wrong = wrong_number(value, frame.width, frame.height)
        if len(value) != 4 or wrong or (any(value) and min(value[2:]) <= 0):
            return f"its {key} is {shown(value)}, and not [x, y, width, height]"
        return ""
    if len(value) % 3:
        return f"its {key} are {len(value)} numbers, and not three for each"
    if wrong := wrong_number(value, frame.width, frame.height):
        return f"its {key} hold {wrong}"
    known = len(MIRRORED.get(key, ()))
    if mirror and known and len(value) != 3 * known:
        return f"its {key} are {len(value) // 3} points, and left and right are known of {known}"
    return ""


def _numbers(values: Sequence[float], before: Sequence[float]) -> list[float]:
    """Numbers as they are written beside those that stood there: rounded, and whole where those were."""
    rounded = [round(float(value), DECIMALS) + 0.0 for value in values]
    return as_before(rounded, whole=all(type(value) is int for value in before))


def _points(points: Floats, before: Sequence[float]) -> list[float]:
    """Keypoints (K, 3) as they are written; flags are not rounded."""
    flags = as_before(points[:, 2].tolist(), whole=all(type(flag) is int for flag in before[2::3]))
    places = [_numbers(place, before[::3]) for place in points[:, :2].tolist()]
    return [value for place, flag in zip(places, flags, strict=True) for value in (*place, flag)]


def _other_hand(key: str) -> str:
    if key.startswith("lefthand"):
        return key.replace("left", "right", 1)
    return key.replace("right", "left", 1) if key.startswith("righthand") else key


def _validities(fields: dict[str, Any]) -> dict[str, Any]:
    """Those that change: what has neither a box nor a point any more is not valid."""
    changed = {}
    for part in PARTS:
        box, points, valid = (fields.get(f"{part}_{name}") for name in ("box", "kpts", "valid"))
        if valid and (box or points) and not any(box or ()) and not any((points or ())[2::3]):
            changed[f"{part}_valid"] = type(valid)(False)
    return changed
