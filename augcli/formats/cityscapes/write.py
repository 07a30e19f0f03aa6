"""Cityscapes' JSON files: a polygon for each object, whose vertices are pixels.

See https://github.com/mcordts/cityscapesScripts. A vertex is the pixel in which it lies, counted from 0.
"""

from __future__ import annotations

import json
import math
import posixpath
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from augcli.errors import DatasetError
from augcli.formats.cityscapes.names import (
    FURTHER,
    IMAGE_ENDING,
    IMAGES,
    LABEL_ENDING,
    LABELS,
    PATH,
    POLYGONS,
)
from augcli.formats.coco.ids import AnnotatedPair
from augcli.formats.objects import LOST, Described, Losses, Object, OutputObjects
from augcli.formats.yolo.contours import contours_of
from augcli.labels.coco_json import entry_of
from augcli.text import dumps

REPORT = "cityscapes.json"
_CROWD = "a crowd (iscrowd), for which Cityscapes has no word"


@dataclass(frozen=True)
class PolygonObject:
    """An object's polygon, a pixel for each vertex, or None; `lost` says why, or what it does not say."""

    polygon: list[list[int]] | None
    lost: tuple[str, ...] = ()


def described(objects: OutputObjects, *, own: bool = False) -> Described:
    """The files with polygons, and cityscapes.json that counts what they do not say.

    `own` are those of a data set that was read from such files: they lie as those do. Raises DatasetError
    where two pictures' files would have one name.
    """
    losses = Losses(left_out=objects.others())
    for pair in objects.pairs:
        for one in objects.of(pair):
            converted = polygon_of(one, pair)
            (losses.changed if converted.polygon else losses.left_out).update(converted.lost)
    paths = [_own_path(pair) if own else _path(pair.image) for pair in objects.pairs]
    if taken := next((path for path, times in Counter(paths).items() if times > 1), None):
        raise DatasetError(
            f"the polygons of two pictures would be {taken}", hint="rename one of the pictures"
        )
    files = {path: _file(objects, pair) for path, pair in zip(paths, objects.pairs, strict=True)}
    report = json.dumps(losses.as_json(), ensure_ascii=False, indent=2) + "\n"
    return Described({**files, REPORT: report.encode()}, losses)


def _path(image: str) -> str:
    """The place of a picture's polygons: in `gtFine` for `leftImg8bit`, or its path below `gtFine`."""
    folder, name = posixpath.split(image)
    parts = folder.split("/") if folder else []
    parts = [LABELS if part == IMAGES else part for part in parts] if IMAGES in parts else [LABELS, *parts]
    stem = posixpath.splitext(name)[0].removesuffix(IMAGE_ENDING)
    return "/".join([*parts, stem + LABEL_ENDING + POLYGONS])


def _own_path(pair: AnnotatedPair) -> str:
    """The place of a picture's polygons beside those of its source."""
    (text,) = pair.item.entries.values()
    folder, name = posixpath.split(str(entry_of(text)[PATH]))
    stem = posixpath.splitext(posixpath.basename(pair.image))[0].removesuffix(IMAGE_ENDING)
    if pair.is_original:
        return posixpath.join(folder, name)
    kind = name.removesuffix(POLYGONS).rpartition("_gt")[2]
    return posixpath.join(folder, f"{stem}_gt{kind}{POLYGONS}")


def polygon_of(one: Object, pair: AnnotatedPair) -> PolygonObject:
    """The polygon of an object; several parts become one line, as do the edges of an RLE's pixels."""
    fields = one.fields
    if fields.get("iscrowd"):
        return PolygonObject(None, (_CROWD,))
    segmentation = fields.get("segmentation")
    if not segmentation:
        return PolygonObject(None, ("it has no segmentation",))
    if FURTHER in fields and isinstance(segmentation, list) and len(segmentation) == 1:
        return PolygonObject(
            _pixels(zip(segmentation[0][::2], segmentation[0][1::2], strict=True), pair.size)
        )
    contours = contours_of(segmentation, pair.size)
    if not contours.lines:
        return PolygonObject(None, ("it lies outside of the picture",))
    points = (LOST["keypoints"],) if fields.get("keypoints") else ()
    return PolygonObject(_pixels(contours.joined().tolist(), pair.size), (*points, *contours.lost))


def _pixels(points: Iterable[Sequence[float]], size: tuple[int, int]) -> list[list[int]]:
    """The pixels in which points lie; those on the picture's far edges are in the last ones."""
    return [
        [side - 1 if value == side else math.floor(value) for value, side in zip(point, size, strict=True)]
        for point in points
    ]


def _file(objects: OutputObjects, pair: AnnotatedPair) -> Iterator[bytes]:
    """A file with polygons, in one part."""
    entries: list[dict[str, Any]] = []
    for one in objects.of(pair):
        if polygon := polygon_of(one, pair).polygon:
            label = {"label": objects.classes.names[one.label], "polygon": polygon}
            entries.append(label | one.fields.get(FURTHER, {}))
    width, height = pair.size
    yield (dumps({"imgHeight": height, "imgWidth": width, "objects": entries}) + "\n").encode()
