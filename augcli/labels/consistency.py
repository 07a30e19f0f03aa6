"""Whether an annotation that was written says of its label what is so: its area, box, keypoints, segments."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from augcli.data import Array
from augcli.geometry import Frame
from augcli.labels.panoptic import VOID, ids_of_colors, listed, segments_after
from augcli.labels.rle import area_of, box_of, encoded
from augcli.labels.segmentation import source_mask

CLOSE = 0.01  # what is written has two decimals
Disagreement = tuple[str, str]  # what was found, and what was expected


def disagreements(annotation: Mapping[str, Any], size: tuple[int, int]) -> Iterator[Disagreement]:
    """What a sound annotation (see `checked`) of a picture of this (width, height) says wrongly.

    Of annotations that were moved: those of originals are as they came.
    """
    area, box = _measured(annotation, size)
    if area is not None and not _is_close([annotation.get("area")], [area]):
        yield f"its area is {_shown(annotation.get('area'))}", f"{area:.10g}"
    if box is not None and not _is_close(annotation.get("bbox"), box):
        yield f"its bbox is {_shown(annotation.get('bbox'))}", _shown(box)
    if keypoints := annotation.get("keypoints"):
        number = sum(flag != 0 for flag in keypoints[2::3])
        if annotation.get("num_keypoints") != number:
            yield f"its num_keypoints is {_shown(annotation.get('num_keypoints'))}", str(number)


def _measured(
    annotation: Mapping[str, Any], size: tuple[int, int]
) -> tuple[float | None, Sequence[float] | None]:
    """The area and box that a label has; None where nothing says them."""
    if annotation.get("segmentation"):
        rle = encoded(source_mask(annotation, Frame(*size)))
        return area_of(rle), box_of(rle)
    if box := annotation.get("bbox"):
        return box[2] * box[3], None
    return None, None


def _is_close(found: Any, expected: Sequence[float]) -> bool:
    """Whether numbers are those expected, but for what rounding does."""
    if not isinstance(found, list) or len(found) != len(expected):
        return False
    if not all(type(value) in (int, float) for value in found):
        return False
    return bool(np.allclose(found, expected, rtol=0, atol=CLOSE))


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_shown, value))}]"
    return f"{value:.10g}" if isinstance(value, int | float) else "missing"


def panoptic_disagreements(annotation: Mapping[str, Any], colors: Array) -> Iterator[Disagreement]:
    """What a sound panoptic annotation (see `fault_of`) that was moved says, and its PNG (H, W, 3) not."""
    segments = annotation["segments_info"]
    there = set(np.unique(ids_of_colors(colors)).tolist()) - {VOID}
    said = {segment["id"] for segment in segments}
    if said - there:
        yield f"it has segment {listed(sorted(said - there))}", "only segments that its PNG shows"
    if there - said:
        yield f"its PNG shows segment {listed(sorted(there - said))}", "only segments that it has"
    known = [segment for segment in segments if segment["id"] in there]
    for before, after in zip(known, segments_after(known, colors, 0).left, strict=True):
        wrong = [key for key in ("area", "bbox") if before.get(key) != after[key]]
        for key in wrong:
            found = f"the {key} of its segment {before['id']} is {_shown(before.get(key))}"
            yield found, _shown(after[key])
