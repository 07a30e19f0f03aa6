"""An XML file of Pascal VOC as an entry and annotations of COCO.

A box in VOC has whole pixels counted from 1, and both corners belong to it: xmin 1 and xmax 3 are the first
three pixels, [0, 3] in pixel edges.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from augcli.formats.voc.names import DEPTH, PART_OF, XML
from augcli.wording import shown

_CORNERS = ("xmin", "ymin", "xmax", "ymax")
_FLAGS = ("truncated", "difficult")
_OF_OBJECTS = ("name", "pose", *_FLAGS, "bndbox", "part")
_OF_FILES = ("folder", "filename", "size", "segmented", "object")


@dataclass(frozen=True)
class Document:
    """What an XML file says: the picture's file name, its entry, the objects by class, and what is wrong.

    Each object has its number in the file as `id`; a part of another one says that one's as `part_of`.
    """

    file_name: str
    entry: dict[str, Any]
    objects: tuple[tuple[str, dict[str, Any]], ...]
    faults: tuple[str, ...]


def read_document(data: bytes) -> Document | str | None:
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
    numbers = iter(range(1, 1 << 30))
    for element in root.findall("object"):
        number = next(numbers)
        try:
            good += list(_object(element, number, numbers))
        except ValueError as wrong:
            name = _text(element, "name")
            faults.append(f"object {number}{f' ({name})' if name else ''}: {wrong}; it is left out")
    return Document(_text(root, "filename"), _entry(root), tuple(good), tuple(faults))


def _entry(root: Element) -> dict[str, Any]:
    """What the file says of its picture; sizes of 0 are none."""
    size = root.find("size")
    sides = {key: _text(size, key) for key in ("width", "height", DEPTH)} if size is not None else {}
    entry: dict[str, Any] = {key: int(text) for key, text in sides.items() if text.isdecimal() and int(text)}
    return entry | {XML: _further(root, _OF_FILES)}


def _object(element: Element, number: int, numbers: Iterator[int]) -> Iterator[tuple[str, dict[str, Any]]]:
    """An object, and its parts. Raises ValueError with what is wrong."""
    flags = {key: int(text) for key in _FLAGS if (text := _text(element, key)).isdecimal()}
    pose = {"pose": text} if (text := _text(element, "pose")) else {}
    further = {XML: _further(element, _OF_OBJECTS)}
    parts = element.findall("part")
    found = [(_name(element), {"id": number, **_box(element), **pose, **flags, **further})]
    for part in parts:
        fields = {"id": next(numbers), **_box(part), PART_OF: number, XML: _further(part, _OF_OBJECTS)}
        found.append((_name(part), fields))
    yield from found


def _name(element: Element) -> str:
    if not (name := _text(element, "name")):
        raise ValueError("it has no name")
    return name


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
