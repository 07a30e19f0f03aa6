"""What annotations label, polygons, an RLE or a box, through what the pixels of their picture go through."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from augcli.data import Array
from augcli.geometry import Field, Floats, Frame, Warp
from augcli.geometry.polygon import Rings, areas, clipped, moved_rings, rings_of
from augcli.labels.boxes import corners, ellipse, hull
from augcli.labels.rasterize import area_after, warped
from augcli.labels.rle import area_of, box_of, coded, drawn, encoded, mask_of
from augcli.render.program import Program

Boxes = Literal["corners", "ellipse"]
How = Literal["polygons", "rle", "corners", "ellipse", ""]
Annotation = Mapping[str, Any]
DECIMALS = 2  # as COCO's own files have them


@dataclass(frozen=True)
class Outline:
    """What an annotation labels: the parts of its polygon, or the outline of its box; an RLE has none."""

    how: How
    parts: tuple[npt.ArrayLike, ...] = ()


@dataclass(frozen=True)
class Label:
    """What is left of a label: its area in pixels, its tight box, and its segmentation (None for a box).

    `visibility` is the share of it, 0 to 1, that was not cut off; it is worked out where it is asked for.
    """

    how: How
    area: float
    box: list[float]
    segmentation: Any = None
    visibility: float = 1.0


@dataclass(frozen=True)
class _Outlines:
    """The outlines of several annotations together: `whose` says which annotation each ring belongs to."""

    each: Sequence[Outline]
    rings: Rings
    whose: npt.NDArray[np.int64]

    @staticmethod
    def of(each: Sequence[Outline]) -> _Outlines:
        whose = [number for number, outline in enumerate(each) for _ in outline.parts]
        return _Outlines(each, rings_of([p for o in each for p in o.parts]), np.array(whose, np.int64))

    def moved(self, warp: Warp) -> _Outlines:
        return replace(self, rings=moved_rings(self.rings, warp))

    def spread(self, warp: Warp) -> _Outlines:
        """What of them is in the source's frame, moved, and nothing cut off."""
        frame = warp.source
        inside = clipped(self.rings, (0, 0, frame.width, frame.height))
        return replace(self, rings=moved_rings(inside, warp, cut=False))

    def areas(self) -> Floats:
        """The area of each annotation's outline; parts that overlap count twice."""
        each = np.zeros(len(self.each))
        np.add.at(each, self.whose, areas(self.rings, len(self.whose)))
        return each

    def parts(self) -> list[list[Floats]]:
        """The rings of each annotation, rounded as they are written; those without an extent are left out."""
        points = np.round(self.rings.points, DECIMALS) + 0.0  # so that -0.0 is 0.0
        parts: list[list[Floats]] = [[] for _ in self.each]
        for owner, part in zip(self.rings.owners, replace(self.rings, points=points).each(), strict=True):
            if np.ptp(part, axis=0).all():
                parts[self.whose[owner]].append(part)
        return parts

    def pierced(self) -> set[int]:
        """The annotations into which a cut makes holes."""
        return {int(self.whose[owner]) for owner in self.rings.pierced}


def how_of(annotation: Annotation, boxes: Boxes) -> How:
    """What says where a sound annotation's object is: nothing, if it is a caption or has only keypoints."""
    segmentation = annotation.get("segmentation")
    if segmentation:
        return "rle" if isinstance(segmentation, dict) else "polygons"
    return boxes if annotation.get("bbox") else ""


def outline_of(annotation: Annotation, boxes: Boxes) -> Outline:
    """What a sound annotation labels."""
    how = how_of(annotation, boxes)
    if how == "polygons":
        return Outline(how, tuple(annotation["segmentation"]))
    if how in ("corners", "ellipse"):
        box = annotation["bbox"]
        return Outline(how, (corners(box) if how == "corners" else ellipse(box),))
    return Outline(how)


def moved_labels(
    annotations: Sequence[Annotation],
    program: Program,
    boxes: Boxes,
    taken: Array | None,
    *,
    visibilities: bool,
) -> list[Label | None]:
    """The label of each sound annotation of a picture after the program; None where nothing is left of it.

    `taken` are the pixels of the output that steps have taken from the labels, see `taken_by`.
    """
    warp = program.warp()
    before = _Outlines.of([outline_of(annotation, boxes) for annotation in annotations])
    after = before.moved(warp)
    pierced = after.pierced()
    labels = [
        None if number in pierced else _of_parts(annotation, outline.how, parts, program.target, taken)
        for number, (annotation, outline, parts) in enumerate(
            zip(annotations, before.each, after.parts(), strict=True)
        )
    ]
    pixels = _moved_as_pixels(before.each, pierced, warp)
    masks = warped(pixels, lambda number: _pixels(before, annotations, number, warp.source), program, taken)
    for number, mask in zip(pixels, masks, strict=True):
        if not _follows(labels[number], mask):
            labels[number] = _of_pixels(mask, annotations[number], before.each[number].how)
    return _with_visibilities(labels, annotations, before, after, warp) if visibilities else labels


def _moved_as_pixels(outlines: Sequence[Outline], pierced: Set[int], warp: Warp) -> list[int]:
    """RLEs, outlines into which a cut makes holes, and all where a field turns over: no line follows it."""
    over = any(isinstance(step, Field) and step.folds() for step in warp.maps)
    return [
        number
        for number, outline in enumerate(outlines)
        if outline.how == "rle" or (outline.how and (over or number in pierced))
    ]


def _pixels(before: _Outlines, annotations: Sequence[Annotation], number: int, frame: Frame) -> Array:
    """The pixels (H, W), uint8, of what an annotation labels in its own picture."""
    if annotations[number].get("segmentation"):
        return source_mask(annotations[number], frame)
    return _drawn_parts(before.each[number].parts, frame)


def _drawn_parts(parts: Sequence[npt.ArrayLike], frame: Frame) -> Array:
    """The pixels (H, W), uint8, that parts (n, 2) fill."""
    return mask_of(drawn([np.ravel(part).tolist() for part in parts], frame.width, frame.height))


def _follows(label: Label | None, mask: Array) -> bool:
    """Whether polygons are nowhere three pixels off what they should be, in pixels (H, W)."""
    if label is None or label.how != "polygons":
        return False
    import cv2  # here, so that reading and checking a recipe does not load OpenCV

    height, width = mask.shape
    off = mask_of(drawn(label.segmentation, width, height)) ^ mask
    return not cv2.erode(off.astype(np.uint8), np.ones((3, 3), np.uint8)).any()


def source_mask(annotation: Annotation, frame: Frame) -> Array:
    """The pixels (H, W), uint8, of a segmentation in its own picture."""
    segmentation = annotation["segmentation"]
    if isinstance(segmentation, dict):
        return mask_of(segmentation)
    return mask_of(drawn(segmentation, frame.width, frame.height))


def _of_parts(
    annotation: Annotation, how: How, parts: Sequence[Floats], frame: Frame, taken: Array | None
) -> Label | None:
    if not parts:
        return None
    if how != "polygons":
        label = _boxed(how, hull(np.concatenate(parts)))
        return label if taken is None else _box_without(taken, label, _drawn_parts(parts, frame))
    whole = all(type(value) is int for part in annotation["segmentation"] for value in part)
    segmentation = [as_before(part.ravel().tolist(), whole=whole) for part in parts]
    rle = drawn(segmentation, frame.width, frame.height)
    if taken is not None and (mask := mask_of(rle))[taken != 0].any():
        return _of_pixels(mask * (taken == 0), annotation, how)
    area = area_of(rle)
    return Label(how, area, box_of(rle), segmentation) if area else None


def _boxed(how: How, box: Sequence[float]) -> Label:
    """What is left of a box."""
    x, y, width, height = (round(value, DECIMALS) for value in box)
    return Label(how, round(width * height, DECIMALS), [x, y, width, height])


def _box_without(taken: Array, label: Label, mask: Array) -> Label | None:
    """A box around those of the object's pixels (H, W) that are not taken; its other sides stay."""
    left = mask * (taken == 0)
    before, after = (np.array(box_of(encoded(pixels))) for pixels in (mask, left))
    if not before[2:].all() or not after[2:].all():
        return None if mask.any() else label
    old, first, last = (np.append(box[:2], box[:2] + box[2:]) for box in (np.array(label.box), before, after))
    sides = np.where(first == last, old, last)
    share = float(left.sum(dtype=np.int64) / mask.sum(dtype=np.int64))
    box = np.concatenate([sides[:2], sides[2:] - sides[:2]]).tolist()
    return replace(_boxed(label.how, box), visibility=share)


def as_before(values: list[float], *, whole: bool) -> list[float]:
    """Numbers as they are written: ints where they were `whole` before and still are, else floats."""
    if whole and all(value.is_integer() for value in values):
        return [int(value) for value in values]
    return values


def _of_pixels(mask: Array, annotation: Annotation, how: How) -> Label | None:
    rle = encoded(mask)
    if not (area := area_of(rle)):
        return None
    if how in ("corners", "ellipse"):
        return _boxed(how, box_of(rle))
    before = annotation["segmentation"]
    counts = before["counts"] if isinstance(before, dict) else ""
    return Label("rle", area, box_of(rle), coded(mask, counts))


def _with_visibilities(
    labels: Sequence[Label | None],
    annotations: Sequence[Annotation],
    before: _Outlines,
    after: _Outlines,
    warp: Warp,
) -> list[Label | None]:
    """The labels with their visibilities: their areas by those they would have if nothing were cut off."""
    spread = before.spread(warp)
    whole, left = spread.areas(), after.areas()
    whole[list(after.pierced() | spread.pierced())] = 0  # no line says how much of them is cut off
    for number, label in enumerate(labels):
        if label and label.how == "rle":
            left[number] = label.area
            whole[number] = area_after(source_mask(annotations[number], warp.source), warp)
    shares = np.where(whole > 0, np.minimum(left / np.maximum(whole, 1e-9), 1), 1)
    return [
        label and replace(label, visibility=label.visibility * float(share))
        for label, share in zip(labels, shares, strict=True)
    ]
