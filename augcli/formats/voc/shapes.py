"""What VOC's XML files say of an object besides its box: a polygon, a point, and whatever else was there."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from augcli.formats.voc.names import POINT, POLYGON, XML
from augcli.formats.voc.objects import HALF
from augcli.formats.yolo.contours import contours_of

_COORDINATES = re.compile(
    "(c?[xy]|[xy](min|max|[0-9]+)|cent(er|re)_?[xy]|pt|points?|coordinates?|segm)", re.I
)


@dataclass(frozen=True)
class Shapes:
    """The elements of an object besides its box, and what is no longer said of it as it was."""

    elements: list[Element]
    lost: tuple[str, ...] = ()


def shapes_of(fields: Mapping[str, Any], size: tuple[int, int], *, is_same: bool) -> Shapes:
    """The further elements of an object that was read from XML, in a picture of this (width, height).

    Polygons and points are written where they are now; other elements that hold coordinates are left out
    unless the object `is_same`, for it lies where it lay.
    """
    others = further(fields)
    stale = [] if is_same else [element for element in others if _holds_coordinates(element)]
    kept = [element for element in others if element not in stale]
    lost = [f"its {element.tag} is not moved, and left out" for element in stale]
    outlines, said = _outlines(fields.get("segmentation"), size, is_same=is_same)
    points = fields.get("keypoints") or ()
    if points and not points[2]:
        said = (*said, "its point lies outside of the picture")
    polygons = [_polygon(line, size, is_same=is_same) for line in outlines]
    point = [_point(points)] if points and points[2] else []
    return Shapes([*kept, *polygons, *point], (*lost, *said))


def further(entry: Mapping[str, Any]) -> list[Element]:
    """The further elements that an entry has as text."""
    return list(ElementTree.fromstring(f"<x>{entry.get(XML, '')}</x>"))  # noqa: S314 - written by the reader


def _holds_coordinates(element: Element) -> bool:
    words = (word for child in element.iter() for word in (child.tag, *child.attrib))
    return any(map(_COORDINATES.fullmatch, words))


def _outlines(
    segmentation: Any, size: tuple[int, int], *, is_same: bool
) -> tuple[Sequence[Sequence[float]], tuple[str, ...]]:
    """The lines x, y, x, y, ... of a segmentation in pixel edges, one where it moved, and what they lack."""
    if not segmentation:
        return (), ()
    if is_same or (isinstance(segmentation, list) and len(segmentation) == 1):
        return segmentation, ()
    contours = contours_of(segmentation, size)
    if not contours.lines:
        return (), ("its polygon lies outside of the picture",)
    return [contours.joined().ravel().tolist()], contours.lost


def _polygon(line: Sequence[float], size: tuple[int, int], *, is_same: bool) -> Element:
    """A line as pixels counted from 1, those of one that moved within the picture."""
    polygon = Element(POLYGON)
    for number, (x, y) in enumerate(zip(line[::2], line[1::2], strict=True), 1):
        for tag, value, side in (("x", x, size[0]), ("y", y, size[1])):
            pixel = value + HALF if is_same else min(max(value + HALF, 1), side)
            SubElement(polygon, f"{tag}{number}").text = _text(pixel)
    return polygon


def _point(values: Sequence[float]) -> Element:
    point = Element(POINT)
    for tag, value in zip("xy", values, strict=False):
        SubElement(point, tag).text = _text(value + 1)
    return point


def _text(value: float) -> str:
    return f"{value:.10g}"
