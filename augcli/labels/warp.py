"""The annotations of a picture through the program that its pixels go through."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from augcli.data import Array
from augcli.geometry import Floats
from augcli.labels import densepose, wholebody
from augcli.labels.densepose import moved_densepose
from augcli.labels.keypoints import moved_keypoints
from augcli.labels.segmentation import (
    DECIMALS,
    Annotation,
    Boxes,
    How,
    Label,
    as_before,
    how_of,
    moved_labels,
    source_mask,
)
from augcli.labels.validate import Category
from augcli.labels.wholebody import moved_parts
from augcli.render.program import Program

NOTHING = "nothing of it is in the picture"
FURTHER = wholebody.FIELDS | densepose.FIELDS


@dataclass(frozen=True)
class AnnotationRules:
    """What becomes of annotations of which little is left, of boxes that turn, and of left and right.

    `min_area` is in pixels of the output: what has fewer, and had as many before, is dropped. `boxes` says
    around what a box without a segmentation turns. `mirror` are names of keypoints that a mirror exchanges.
    """

    min_area: float = 0
    min_visibility: float = 0
    boxes: Boxes = "corners"
    mirror: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class WarpedAnnotation:
    """An annotation after the program, or None and the reason why it was dropped.

    `how` says what its box was made from: `polygons`, `rle`, `corners`, `ellipse`, or nothing. `lost` are the
    reasons why it has some further fields no longer.
    """

    annotation: dict[str, Any] | None
    reason: str = ""
    how: How = ""
    lost: tuple[str, ...] = ()


def moved(
    annotations: Sequence[Annotation],
    program: Program,
    categories: Mapping[int, Category],
    rules: AnnotationRules,
    taken: Array | None = None,
) -> list[WarpedAnnotation]:
    """Sound annotations (see `checked`) of one picture, in their order, after a program.

    Polygons stay polygons, RLEs stay what they are; a polygon becomes a compressed RLE where what is left has
    holes, where a field turns over on the way, or where pixels of it are `taken` (H, W; see `taken_by`).
    `area` is the number of its pixels by pycocotools, `bbox` the tight box around them. Floats are rounded to
    two decimals, ints stay ints where they can. Fields of COCO-WholeBody and DensePose move, too, or are left
    out; all others, ids too, are copied.
    """
    if not annotations:
        return []
    visibilities = rules.min_visibility > 0
    labels = moved_labels(annotations, program, rules.boxes, taken, visibilities=visibilities)
    points = _moved_points(annotations, program, categories, rules, taken)
    results = [
        _assembled(annotation, label, points.get(number), program, rules)
        for number, (annotation, label) in enumerate(zip(annotations, labels, strict=True))
    ]
    return [
        _with_further(before, after, program, rules, taken)
        for before, after in zip(annotations, results, strict=True)
    ]


def _moved_points(
    annotations: Sequence[Annotation],
    program: Program,
    categories: Mapping[int, Category],
    rules: AnnotationRules,
    taken: Array | None,
) -> dict[int, Floats]:
    """The keypoints (K, 3) of those annotations that have any, by their places in the list."""
    numbers = [number for number, annotation in enumerate(annotations) if annotation.get("keypoints")]
    each = [annotations[number] for number in numbers]
    known = [categories.get(annotation.get("category_id", 0)) for annotation in each]
    keypoints = [annotation["keypoints"] for annotation in each]
    results = moved_keypoints(keypoints, program.warp(), known, rules.mirror, taken)
    return dict(zip(numbers, results, strict=True))


def _assembled(
    before: Annotation, label: Label | None, points: Floats | None, program: Program, rules: AnnotationRules
) -> WarpedAnnotation:
    how, after = how_of(before, rules.boxes), dict(before)
    if how and label is None:
        return WarpedAnnotation(None, NOTHING, how)
    if label:
        if reason := _too_little(before, label, program, rules):
            return WarpedAnnotation(None, reason, label.how)
        after |= _fields(before, label)
    if points is not None:
        after |= _point_fields(before["keypoints"], points)
        if not how and any(before["keypoints"][2::3]) and not after["num_keypoints"]:
            return WarpedAnnotation(None, NOTHING)
    return WarpedAnnotation(after, how=label.how if label else "")


def _with_further(
    before: Annotation, after: WarpedAnnotation, program: Program, rules: AnnotationRules, taken: Array | None
) -> WarpedAnnotation:
    """What was moved, with the fields of COCO-WholeBody and DensePose moved, too."""
    if after.annotation is None or FURTHER.isdisjoint(before):
        return after
    kept = {key: value for key, value in after.annotation.items() if key not in FURTHER}
    parts = moved_parts(before, program, rules.boxes, taken)
    lost = list(parts.reasons)
    fields = dict(parts.fields)
    if not densepose.FIELDS.isdisjoint(before):
        found = moved_densepose(before, after.annotation.get("bbox"), program, taken)
        if isinstance(found, str):
            lost.append(found)
        else:
            fields |= found
    order = {key: None for key in after.annotation if key in kept or key in fields}
    return replace(after, annotation=order | kept | fields, lost=tuple(lost))


def _too_little(before: Annotation, label: Label, program: Program, rules: AnnotationRules) -> str:
    """Why the rules drop what is left of a label; empty where they keep it."""
    if label.area < rules.min_area <= _area(before, program):
        return f"{label.area:.10g} px are left, min_area is {rules.min_area:g}"
    if label.visibility < rules.min_visibility:
        return f"visibility {label.visibility:.3g}, min_visibility {rules.min_visibility:g}"
    return ""


def _area(annotation: Annotation, program: Program) -> float:
    """The pixels that an annotation labels in its own picture."""
    if annotation.get("segmentation"):
        return int(source_mask(annotation, program.source).sum(dtype=np.int64))
    return float(annotation["bbox"][2] * annotation["bbox"][3])


def _fields(before: Annotation, label: Label) -> dict[str, Any]:
    """The fields of an annotation that its label says, each of the type that it had."""
    box = before.get("bbox") or [0.0]
    whole = all(type(value) is int for value in box)
    is_float = not label.area.is_integer() or isinstance(before.get("area"), float)
    fields = {
        "area": float(label.area) if is_float else int(label.area),
        "bbox": as_before(label.box, whole=whole),
    }
    return fields if label.segmentation is None else fields | {"segmentation": label.segmentation}


def _point_fields(before: Sequence[float], points: Floats) -> dict[str, Any]:
    """Keypoints as they are written, and how many of them are labelled."""
    whole = all(type(value) is int for value in before)
    values = (np.round(points, DECIMALS) + 0.0).tolist()
    keypoints: list[float] = []
    for x, y, flag in values:
        keypoints += [*as_before([x, y], whole=whole), int(flag)]
    return {"keypoints": keypoints, "num_keypoints": int(np.count_nonzero(points[:, 2]))}
