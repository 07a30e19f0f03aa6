"""Pascal VOC's XML files: a box for each object, what else they had of it, and lists of the splits.

See http://host.robots.ox.ac.uk/pascal/VOC/voc2012/htmldoc: coordinates are whole pixels, counted from 1, and
both corners belong to the box. An edge of a box that lies within a pixel goes to the nearer side of it.
"""

from __future__ import annotations

import json
import math
import posixpath
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from augcli.data import SplitList
from augcli.errors import DatasetError
from augcli.formats.coco.ids import AnnotatedPair
from augcli.formats.objects import LOST, Described, Losses, Object, OutputObjects, box_of
from augcli.formats.splits import TOGETHER
from augcli.formats.voc.names import DEPTH, LISTS, PART_OF, PATH, XML, listed, xml_path
from augcli.formats.voc.objects import hull_of
from augcli.formats.voc.shapes import further, shapes_of
from augcli.labels.coco_json import entry_of

REPORT = "voc.json"
UNSPECIFIED = "Unspecified"
_CROWD = "a crowd (iscrowd), for which VOC has no word"
_OUTSIDE = "it lies outside of the picture"
_NO_BOX = "it has no box"
HALF = 0.5  # pixels within which a box touches a side


def described(objects: OutputObjects, *, own: bool = False, lists: Sequence[SplitList] = ()) -> Described:
    """The XML files, ImageSets/Main, and voc.json that counts what they do not say.

    `own` are the files of a data set that was read from such files: they lie as those do, and there are lists
    where it had splits, of train and val together where one of its `lists` was that. Raises DatasetError
    where two pictures' files would have one name.
    """
    losses = Losses(left_out=objects.others())
    for pair in objects.pairs:
        for checked in _checked_objects(objects, pair):
            _count(checked, pair.size, losses)
    paths = [_path(pair, own) for pair in objects.pairs]
    if taken := next((path for path, times in Counter(paths).items() if times > 1), None):
        raise DatasetError(f"the XML of two pictures would be {taken}", hint="rename one of the pictures")
    files = {path: _file(objects, pair) for path, pair in zip(paths, objects.pairs, strict=True)}
    report = json.dumps(losses.as_json(), ensure_ascii=False, indent=2) + "\n"
    return Described({**files, **_lists(objects, own, lists), REPORT: report.encode()}, losses)


def _path(pair: AnnotatedPair, own: bool) -> str:
    if not own:
        return xml_path(pair.image)
    (text,) = pair.item.entries.values()
    folder = posixpath.dirname(entry_of(text)[PATH])
    return posixpath.join(folder, posixpath.splitext(posixpath.basename(pair.image))[0] + ".xml")


def _lists(objects: OutputObjects, own: bool, lists: Sequence[SplitList]) -> dict[str, bytes]:
    """A list for each split, in the folder that holds its XML files' `Annotations`."""
    names: dict[str, list[str]] = {}
    splits = objects.splits()
    if any(posixpath.basename(one.path) == f"{TOGETHER}.txt" for one in lists):
        splits[TOGETHER] = [pair for pair in objects.pairs if pair.item.split in ("train", "val")]
    for split, pairs in splits.items():
        for pair in pairs:
            place = listed(_path(pair, own))
            if place and (pair.item.split or not own):
                names.setdefault(posixpath.join(place[0], LISTS, f"{split}.txt"), []).append(place[1])
    return {path: "".join(f"{name}\n" for name in own_names).encode() for path, own_names in names.items()}


@dataclass(frozen=True)
class _CheckedObject:
    """An object, its fields in its source, and why it is left out, empty where it is not.

    `is_same`: it lies where it lay.
    """

    one: Object
    source: Mapping[str, Any]
    is_same: bool
    why: str


def _checked_objects(objects: OutputObjects, pair: AnnotatedPair) -> Iterator[_CheckedObject]:
    """Each object of a pair, those that are parts of others last."""
    before = {e["id"]: e for texts in pair.item.annotations.values() for e in map(entry_of, texts)}
    said: set[int] = set()
    for one in sorted(objects.of(pair), key=lambda one: PART_OF in one.fields):
        why = _why_omitted(one.fields, pair.size)
        if not why and one.fields.get(PART_OF, 0) not in {0, *said}:
            why = "a part of an object that is left out"
        if not why:
            said.add(one.fields["id"])
        source = before[one.fields["id"]]
        is_same = one.fields == source and (pair.is_original or not _is_centred(source, pair.size))
        yield _CheckedObject(one, source, is_same, why)


def _is_centred(fields: Mapping[str, Any], size: tuple[int, int]) -> bool:
    """Whether a box lies in the middle of a picture's side, so that a mirror leaves it where it was."""
    box = box_of(fields)
    return any(2 * box[at] + box[at + 2] == side for at, side in enumerate(size) if box)


def _why_omitted(fields: Mapping[str, Any], size: tuple[int, int]) -> str:
    if fields.get("iscrowd"):
        return _CROWD
    if not (box := _box_of(fields)):
        return _NO_BOX
    return "" if pixels(box, size) else _OUTSIDE


def _count(checked: _CheckedObject, size: tuple[int, int], losses: Losses) -> None:
    fields = checked.one.fields
    if checked.why:
        losses.left_out[checked.why] += 1
    elif XML in fields:
        losses.changed.update(shapes_of(fields, size, is_same=checked.is_same).lost)
    else:
        losses.changed.update(lost for key, lost in LOST.items() if fields.get(key))


def pixels(box: Sequence[float], size: tuple[int, int]) -> tuple[int, int, int, int] | None:
    """xmin, ymin, xmax, ymax of [x, y, width, height], from 1, at least a pixel; None outside the picture."""
    low, high = [], []
    for at, side in enumerate(size):
        first, last = max(0.0, box[at]), min(float(side), box[at] + box[at + 2])
        if last < first:
            return None
        low.append(min(math.floor(first + 0.5) + 1, side))
        high.append(max(math.floor(last + 0.5), low[at]))
    return low[0], low[1], high[0], high[1]


def _file(objects: OutputObjects, pair: AnnotatedPair) -> Iterator[bytes]:
    """An XML file, in one part."""
    entry = next((entry_of(text) for text in pair.item.entries.values()), {})
    root = Element("annotation")
    folder, name = posixpath.split(pair.image)
    _add(root, "folder", posixpath.basename(folder))
    _add(root, "filename", name)
    size = SubElement(root, "size")
    for key, value in (("width", pair.size[0]), ("height", pair.size[1]), (DEPTH, entry.get(DEPTH))):
        if value is not None:
            _add(size, key, value)
    root.extend(further(entry))
    _add(root, "segmented", 0)
    _add_objects(root, objects, pair, entry)
    ElementTree.indent(root, "\t")
    yield ElementTree.tostring(root, "utf-8") + b"\n"


def _add(parent: Element, tag: str, text: object) -> None:
    SubElement(parent, tag).text = str(text)


def _add_objects(
    root: Element, objects: OutputObjects, pair: AnnotatedPair, entry: Mapping[str, Any]
) -> None:
    """An element for each object, and in it one for each of its parts."""
    elements: dict[int, Element] = {}
    for checked in _checked_objects(objects, pair):
        if checked.why:
            continue
        one, fields, source, is_same = checked.one, checked.one.fields, checked.source, checked.is_same
        is_part = PART_OF in fields
        element = SubElement(elements[fields[PART_OF]], "part") if is_part else SubElement(root, "object")
        elements[fields["id"]] = element
        _add(element, "name", objects.classes.names[one.label])
        if not is_part:
            is_cut = not is_same and _is_newly_cut(fields, source, pair.size, entry)
            _add_flags(element, fields, is_same=is_same, is_cut=is_cut)
        is_own = XML in fields
        element.extend(shapes_of(fields, pair.size, is_same=is_same).elements if is_own else ())
        if is_same and is_own:
            _add_box(element, _as_it_stood(box_of(fields)))
        else:
            _add_box(element, pixels(_box_of(fields), pair.size) or ())


def _box_of(fields: Mapping[str, Any]) -> Sequence[float]:
    """The box of an object; one that was read from such a file has its polygon's vertices in it."""
    outlines = fields.get("segmentation")
    return hull_of(outlines) if XML in fields and isinstance(outlines, list) else box_of(fields)


def _add_flags(element: Element, fields: Mapping[str, Any], *, is_same: bool, is_cut: bool) -> None:
    """What VOC says of an object besides. Whether a moved one still faces left, nobody knows."""
    flags = {"pose": UNSPECIFIED, "truncated": 0, "difficult": 0} if XML not in fields else {}
    flags |= {key: fields[key] for key in ("pose", "truncated", "difficult") if key in fields}
    if "pose" in flags and not is_same:
        flags["pose"] = UNSPECIFIED
    for tag, text in (flags | ({"truncated": 1} if is_cut else {})).items():
        _add(element, tag, text)


def _is_newly_cut(
    fields: Mapping[str, Any], source: Mapping[str, Any], size: tuple[int, int], entry: Mapping[str, Any]
) -> bool:
    """Whether a moved box touches more of the picture's sides than it did in its source."""
    before = (entry.get("width", math.inf), entry.get("height", math.inf))
    return _touched(box_of(fields), size) > _touched(box_of(source), before)


def _touched(box: Sequence[float], size: tuple[float, float]) -> int:
    """How many sides of its picture a box touches."""
    ends = ((box[at], box[at] + box[at + 2], side) for at, side in enumerate(size))
    return sum((first < HALF) + (last > side - HALF) for first, last, side in ends)


def _as_it_stood(box: Sequence[float]) -> tuple[float, ...]:
    """The corners of a box that was read from XML and did not move, which may not be whole."""
    return box[0] + 1, box[1] + 1, box[0] + box[2], box[1] + box[3]


def _add_box(element: Element, corners: Sequence[float]) -> None:
    place = SubElement(element, "bndbox")
    for tag, value in zip(("xmin", "ymin", "xmax", "ymax"), corners, strict=False):
        _add(place, tag, f"{value:.10g}")
