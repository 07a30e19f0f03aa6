"""Objects as arrays: turned into COCO annotations, moved as those are, and turned back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from augcli.data import Array, Objects
from augcli.errors import ImageError
from augcli.geometry import Floats, Frame
from augcli.labels.keypoints import HALF
from augcli.labels.rasterize import PaintedMasks, taken_by
from augcli.labels.rle import coded, mask_of
from augcli.labels.validate import Category, checked
from augcli.labels.warp import AnnotationRules, WarpedAnnotation, moved
from augcli.render.program import Program

_CONVERT = "see help(augcli.Objects)"
CATEGORY = 1  # all objects are of one: a category is there for the names of its keypoints
Annotations = Sequence[Mapping[str, Any]]


def sound_objects(objects: Objects, frame: Frame, where: str) -> Objects:
    """The objects with their numbers as float64 and their masks as bool.

    Raises ImageError for arrays of another shape, and for objects that `expand` would leave out as faulty.
    """
    polygons, instances = objects.polygons, objects.instances
    found = replace(
        objects,
        boxes=_optional_floats(objects.boxes, "boxes", 2, 4, where),
        polygons=None if polygons is None else [_parts(parts, where) for parts in polygons],
        instances=None if instances is None else [_mask(mask, frame, where) for mask in instances],
        keypoints=_optional_floats(objects.keypoints, "keypoints", 3, 3, where),
    )
    _check_rows(found, where)
    _check_names(found, where)
    _check_each(found, frame, where)
    return found


def unmoved_objects(objects: Objects) -> Objects:
    """Sound objects of a picture to which nothing was applied: all are kept, where they are."""
    return replace(objects, kept=tuple(range(count_of(objects))), dropped={})


def moved_objects(objects: Objects, program: Program, rules: AnnotationRules, masks: PaintedMasks) -> Objects:
    """Sound objects (see `sound_objects`) after a program, by the rules for annotations of COCO.

    An object lies where its polygons or its mask say, without both where its box says. Its box is then the
    tight one around what is left. Where polygons cannot say what is left (it has holes, a field turns over,
    or pixels of it were dropped), the object has a mask in `instances` instead. Numbers are rounded to two
    decimals. `masks` are those of the picture: steps that drop whole objects look there.
    """
    annotations = [_annotation(objects, number) for number in range(count_of(objects))]
    taken = taken_by(program, masks)
    return _collected(objects, moved(annotations, program, _categories(objects), rules, taken))


def count_of(objects: Objects) -> int:
    """How many objects there are."""
    return max(_lengths(objects).values(), default=0)


def _lengths(objects: Objects) -> dict[str, int]:
    names = ("boxes", "polygons", "instances", "keypoints", "classes")
    fields = {name: getattr(objects, name) for name in names}
    return {name: len(value) for name, value in fields.items() if value is not None}


def _optional_floats(
    value: npt.ArrayLike | None, name: str, axes: int, last: int, where: str
) -> Floats | None:
    return None if value is None else _floats(value, name, axes, last, where)


def _parts(parts: Sequence[npt.ArrayLike], where: str) -> list[Floats]:
    """The parts (M, 2) of one object's polygon. Raises ImageError."""
    return [_floats(part, "a part of a polygon", 2, 2, where) for part in parts]


def _floats(value: npt.ArrayLike, name: str, axes: int, last: int, where: str) -> Floats:
    """A new array with so many axes, the last of that length. Raises ImageError for any other."""
    wanted = f"({'N, K' if axes == 3 else 'N'}, {last})"
    try:
        array = np.array(value, np.float64)
    except (TypeError, ValueError):
        raise ImageError(f"{name}: wanted numbers {wanted}", where=where, hint=_CONVERT) from None
    if array.ndim != axes or array.shape[-1] != last:
        raise ImageError(f"{name}: wanted {wanted}, got {array.shape}", where=where, hint=_CONVERT)
    return array


def _mask(mask: npt.ArrayLike | None, frame: Frame, where: str) -> Array | None:
    """The mask of one object as bool (H, W). Raises ImageError."""
    if mask is None:
        return None
    pixels = np.asarray(mask).astype(bool)
    if pixels.shape != (frame.height, frame.width):
        what = f"a mask in instances is {pixels.shape}, the image is {frame.width}x{frame.height}"
        raise ImageError(
            what, where=where, hint="give each object a mask (H, W) of the image's size, or None"
        )
    return pixels


def _check_rows(objects: Objects, where: str) -> None:
    lengths = _lengths(objects)
    if len(set(lengths.values())) > 1:
        said = ", ".join(f"{name} {length}" for name, length in lengths.items())
        raise ImageError(f"not as many rows everywhere: {said}", where=where, hint="row i is of object i")


def _check_names(objects: Objects, where: str) -> None:
    names, points = objects.keypoint_names, objects.keypoints
    if points is not None and names and len(names) != points.shape[1]:
        what = f"{points.shape[1]} keypoints an object, and {len(names)} keypoint_names"
        raise ImageError(what, where=where, hint="give one name for each keypoint, or none")


def _check_each(objects: Objects, frame: Frame, where: str) -> None:
    categories = _categories(objects)
    for number in range(count_of(objects)):
        if _parts_of(objects, number) and _mask_of(objects, number) is not None:
            what = f"object {number} has polygons and a mask"
            raise ImageError(what, where=where, hint="give one of them")
        if fault := checked(_annotation(objects, number), frame.width, frame.height, categories):
            raise ImageError(f"object {number}: {fault}", where=where, hint="correct it, or leave it out")


def _categories(objects: Objects) -> dict[int, Category]:
    return {CATEGORY: Category(CATEGORY, "object", tuple(objects.keypoint_names))}


def _parts_of(objects: Objects, number: int) -> Sequence[Array]:
    """The parts (M, 2) of an object's polygon; none where it has no polygon."""
    return objects.polygons[number] if objects.polygons is not None else ()


def _mask_of(objects: Objects, number: int) -> Array | None:
    """An object's own mask (H, W), if it has one."""
    return objects.instances[number] if objects.instances is not None else None


def _annotation(objects: Objects, number: int) -> dict[str, Any]:
    """One object as COCO has it: boxes with their size, flat lists, keypoints in pixel indices."""
    annotation: dict[str, Any] = {"id": number, "category_id": CATEGORY}
    if objects.boxes is not None:
        x0, y0, x1, y1 = objects.boxes[number].tolist()
        annotation["bbox"] = [x0, y0, x1 - x0, y1 - y0]
    if parts := _parts_of(objects, number):
        annotation["segmentation"] = [part.ravel().tolist() for part in parts]
    if (mask := _mask_of(objects, number)) is not None:
        annotation["segmentation"] = coded(mask.astype(np.uint8))
    if objects.keypoints is not None:
        annotation["keypoints"] = _shifted(objects.keypoints[number], -HALF).ravel().tolist()
    return annotation


def _shifted(points: Floats, by: float) -> Floats:
    """Points (K, 3) moved along both axes; those that are not labelled are zeros."""
    return np.where(points[:, 2:] == 0, 0.0, points + np.array([by, by, 0.0]))


def _collected(before: Objects, results: Sequence[WarpedAnnotation]) -> Objects:
    """The objects that are left, with those fields that they had before."""
    left = {n: result.annotation for n, result in enumerate(results) if result.annotation is not None}
    annotations = [*left.values()]
    return Objects(
        boxes=None if before.boxes is None else _boxes(annotations),
        polygons=None if before.polygons is None else [_polygons(one) for one in annotations],
        instances=_instances(before, annotations),
        keypoints=None if before.keypoints is None else _keypoints(annotations, before.keypoints.shape[1]),
        keypoint_names=before.keypoint_names,
        classes=None if before.classes is None else [before.classes[number] for number in left],
        kept=tuple(left),
        dropped={n: result.reason for n, result in enumerate(results) if result.annotation is None},
    )


def _boxes(annotations: Annotations) -> Floats:
    """The boxes (N, 4) as x0, y0, x1, y1."""
    boxes = np.array([one["bbox"] for one in annotations], np.float64).reshape(-1, 4)
    return np.concatenate([boxes[:, :2], boxes[:, :2] + boxes[:, 2:]], axis=1)


def _polygons(annotation: Mapping[str, Any]) -> list[Floats]:
    """The parts (M, 2) of an object's polygon; none where it has another segmentation."""
    segmentation = annotation.get("segmentation")
    parts = segmentation if isinstance(segmentation, list) else []
    return [np.array(part, np.float64).reshape(-1, 2) for part in parts]


def _instances(before: Objects, annotations: Annotations) -> list[Array | None] | None:
    """The masks (H, W) of objects, None for those without; None where there never was one."""
    masks = [_pixels(one.get("segmentation")) for one in annotations]
    return None if before.instances is None and all(mask is None for mask in masks) else masks


def _pixels(segmentation: Any) -> Array | None:
    """The pixels (H, W), bool, of an RLE."""
    return mask_of(segmentation) != 0 if isinstance(segmentation, dict) else None


def _keypoints(annotations: Annotations, count: int) -> Floats:
    """The keypoints (N, K, 3) in continuous coordinates."""
    each = [np.array(one["keypoints"], np.float64).reshape(count, 3) for one in annotations]
    return np.array([_shifted(points, HALF) for points in each]).reshape(len(each), count, 3)
