"""An XML file of Pascal VOC as an entry and annotations of COCO.

A box in VOC has whole pixels counted from 1, and both corners belong to it: xmin 1 and xmax 3 are the first
three pixels, [0, 3] in pixel edges. The vertices of a polygon, and a point, are pixels counted so, too.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from augcli.formats.to_coco import outlined
from augcli.formats.voc.names import DEPTH, PART_OF, POINT, POLYGON, XML
from augcli.text import shown, whole

_CORNERS = ("xmin", "ymin", "xmax", "ymax")
_FLAGS = ("truncated", "difficult")
_OF_OBJECTS = ("name", "pose", *_FLAGS, "bndbox", "part", POLYGON, POINT)
_OF_FILES = ("folder", "filename", "path", "size", "imagesize", "segmented", "object")
HALF = 0.5  # a pixel's centre lies so far from its edge
_X = re.compile(r"x([0-9]{1,6})")


@dataclass(frozen=True)
class VocFile:
    """What an XML file says: the picture's file name, its entry, the objects by class, and what is wrong.

    Each object has its number in the file as `id`; a part of another one has a further number, and says that
    one's as `part_of`.
    """

    file_name: str
    entry: dict[str, Any]
    objects: tuple[tuple[str, dict[str, Any]], ...]
    faults: tuple[str, ...]


def read_document(data: bytes) -> VocFile | str | None:
    """What an XML file says, why it cannot be read, or None for XML of another kind."""
    if b"<!DOCTYPE" in data or b"<!ENTITY" in data:  # entities can grow without end
        return "has a document type, which VOC's files have not"
    try:
        root = ElementTree.fromstring(data)  # noqa: S314 - without a document type there are no entities
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        return f"is broken: {error}"
    if root.tag != "annotation":
        return None
    good, faults = [], []
    elements = root.findall("object")
    parts = count(len(elements) + 1)
    for number, element in enumerate(elements, 1):
        try:
            good += list(_object(element, number, parts))
        except ValueError as wrong:
            name = _text(element, "name")
            faults.append(f"object {number}{f' ({name})' if name else ''}: {wrong}; it is left out")
    return VocFile(_text(root, "filename"), _entry(root), tuple(good), tuple(faults))


def _entry(root: Element) -> dict[str, Any]:
    """What the file says of its picture; sizes of 0 are none."""
    size = root.find("size")
    sides = {key: _text(size, key) for key in ("width", "height", DEPTH)} if size is not None else {}
    entry: dict[str, Any] = {key: side for key, text in sides.items() if (side := whole(text))}
    return entry | {XML: _further(root, _OF_FILES)}


def _object(element: Element, number: int, numbers: Iterator[int]) -> Iterator[tuple[str, dict[str, Any]]]:
    """An object, and its parts. Raises ValueError with what is wrong."""
    flags = {key: flag for key in _FLAGS if (flag := whole(_text(element, key))) is not None}
    pose = {"pose": text} if (text := _text(element, "pose")) else {}
    further = {XML: _further(element, _OF_OBJECTS)}
    parts = element.findall("part")
    found = [(_name(element), {"id": number, **_place(element), **pose, **flags, **further})]
    for part in parts:
        fields = {"id": next(numbers), **_place(part), PART_OF: number, XML: _further(part, _OF_OBJECTS)}
        found.append((_name(part), fields))
    yield from found


def _name(element: Element) -> str:
    if not (name := _text(element, "name")):
        raise ValueError("it has no name")
    return name


def _place(element: Element) -> dict[str, Any]:
    """The box and the polygons in pixel edges, the point as COCO counts keypoints."""
    polygons = [outlined(points) for points in map(_vertices, element.findall(POLYGON)) if points]
    fields = _box(element) if not polygons or element.find("bndbox") is not None else {}
    if polygons:
        outlines = [part for polygon in polygons for part in polygon["segmentation"]]
        box = {"bbox": hull_of(outlines), "area": sum(polygon["area"] for polygon in polygons)}
        fields = {**box, **fields, "segmentation": outlines, "area": box["area"], "iscrowd": 0}
    if (point := element.find(POINT)) is not None:
        fields |= {"keypoints": [_number(point, "x") - 1, _number(point, "y") - 1, 2], "num_keypoints": 1}
    return fields


def hull_of(outlines: Sequence[Sequence[float]]) -> list[float]:
    """The box around the pixels that are the vertices of polygons; both in pixel edges."""
    sides = [[value for line in outlines for value in line[axis::2]] for axis in (0, 1)]
    low, high = [min(side) - HALF for side in sides], [max(side) + HALF for side in sides]
    return [*low, *(last - first for first, last in zip(low, high, strict=True))]


def _vertices(polygon: Element) -> list[tuple[float, float]]:
    """The vertices of a polygon in pixel edges: x1, y1, x2, ... of Roboflow, or the pt of LabelMe."""
    points = [(_number(one, "x"), _number(one, "y")) for one in polygon.findall("pt")]
    numbers = sorted(int(found[1]) for child in polygon if (found := _X.fullmatch(child.tag)))
    points += [(_number(polygon, f"x{number}"), _number(polygon, f"y{number}")) for number in numbers]
    if points and len(points) < 3:
        raise ValueError(f"its polygon has {len(points)} points, at least 3 are needed")
    return [(x - HALF, y - HALF) for x, y in points]


def _box(element: Element) -> dict[str, Any]:
    """The box in pixel edges."""
    place = element.find("bndbox")
    if place is None:
        raise ValueError("it has no bndbox")
    xmin, ymin, xmax, ymax = (_number(place, corner) for corner in _CORNERS)
    for low, high, axis in ((xmin, xmax, "x"), (ymin, ymax, "y")):
        if high < low:
            raise ValueError(f"its {axis}min is {low:g} and its {axis}max {high:g}")
    width, height = xmax - xmin + 1, ymax - ymin + 1
    return {"bbox": [xmin - 1, ymin - 1, width, height], "area": width * height, "iscrowd": 0}


def _number(place: Element, tag: str) -> float:
    """A number, an int where it is whole."""
    text = _text(place, tag)
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise ValueError(f"its {tag} is {shown(text or None)}, which is no number")
    return int(value) if value.is_integer() else value


def _text(element: Element, tag: str) -> str:
    return (element.findtext(tag) or "").strip()


def _further(element: Element, known: Sequence[str]) -> str:
    """The other elements, as text."""
    others = (child for child in element if child.tag not in known)
    return "".join(ElementTree.tostring(child, "unicode").strip() for child in others)
