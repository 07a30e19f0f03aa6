"""The annotations of one pair: those of its source, through what its pixels went through."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from augcli.data import Array, Item
from augcli.errors import DatasetError, ImageError
from augcli.geometry import Field, Projective, Warp
from augcli.labels.coco_json import annotation_fields, entry_of, text_of
from augcli.labels.panoptic import fault_of, is_panoptic, segments_after, usable_segments, void_but
from augcli.labels.rasterize import PaintedMasks, taken_by
from augcli.labels.segmentation import Boxes
from augcli.labels.validate import Category, checked
from augcli.labels.warp import AnnotationRules, moved
from augcli.render.program import Program
from augcli.text import shown


@dataclass(frozen=True)
class DroppedAnnotation:
    """An annotation that a pair does not have: its file, the id it has there, and why.

    A panoptic annotation goes by the id of its image, one of its segments by its own.
    """

    file: str
    id: int
    reason: str
    fault: bool = False  # of the annotation itself, whatever the pair
    partly: bool = False  # the annotation is there, without what the reason says

    def sentence(self) -> str:
        """What is wrong with an annotation, and what becomes of it."""
        gone = "" if self.partly else "; the annotation is left out"
        return f"annotation {self.id}: {self.reason}{gone}"

    def as_record(self) -> dict[str, Any]:
        """The annotation as a manifest line holds it."""
        record = {"file": self.file, "id": self.id, "reason": self.reason}
        said = {"fault": self.fault, "partly": self.partly}
        return record | {key: True for key, value in said.items() if value}


@dataclass(frozen=True)
class Annotated:
    """The JSON texts of a pair's annotations by file, each with the id of the one it came from.

    `colors` (H, W, 3) is the pair's panoptic map, None where there is none. `boxes` is the rule by which
    boxes without a segmentation turned, None where none did.
    """

    texts: Mapping[str, Sequence[str]]
    left_out: tuple[DroppedAnnotation, ...] = ()
    colors: Array | None = None
    boxes: Boxes | None = None


@dataclass(frozen=True)
class AnnotationSetting:
    """What the annotations of a picture go through: its program (None: they stay), its size, and the rules.

    `categories` go by file. `masks` are those that the picture has besides: steps that drop whole objects
    look there. `colors` (H, W, 3) is its panoptic map, None where there is none.
    """

    program: Program | None
    size: tuple[int, int]
    rules: AnnotationRules
    categories: Mapping[str, Mapping[int, Category]]
    masks: PaintedMasks = field(default_factory=PaintedMasks)
    colors: Array | None = None

    @cached_property
    def taken(self) -> Array | None:
        """The pixels of the output that steps have taken from the labels, see `taken_by`."""
        return None if self.program is None else taken_by(self.program, self.masks)


def check_entries(item: Item, width: int, height: int) -> None:
    """Raise ImageError where an annotation file says another size than the picture has.

    A width or height that is missing, null or 0 says nothing.
    """
    for file, text in item.entries.items():
        entry = entry_of(text)
        said = (_side(item, file, entry, "width") or width, _side(item, file, entry, "height") or height)
        if said != (width, height):
            what = f"the picture is {width}x{height}, {file} says {shown(said[0])}x{shown(said[1])}"
            raise ImageError(
                what, where=item.image, hint="mend the file, or turn the picture as it is annotated"
            )


def _side(item: Item, file: str, entry: Mapping[str, Any], key: str) -> float | None:
    """What an image's entry says of its width or height."""
    value = entry.get(key)
    if value is None or (isinstance(value, int | float) and not isinstance(value, bool)):
        return value
    what = f"its {key} in {file} is {shown(value)}, and no number"
    raise ImageError(what, where=item.image, hint="write the number of pixels, without quotes")


Entries = list[tuple[str, dict[str, Any]]]
NO_MAP = "its PNG is not there"


def read_annotation(text: bytes) -> tuple[dict[str, Any], str]:
    """An annotation, and why it cannot be read: then it has its ids alone."""
    try:
        return entry_of(text), ""
    except DatasetError as error:
        fields = annotation_fields(text)
        ids = {} if isinstance(fields, str) else {"id": fields.id, "image_id": fields.image_id}
        return ids, error.what


def annotated(
    item: Item, setting: AnnotationSetting, map_name: str | None, colors: Array | None
) -> Annotated:
    """The annotations of one pair.

    `map_name` is the path of its panoptic PNG, and `colors` (H, W, 3) what the warp has left of that.
    """
    texts: dict[str, Sequence[str]] = {}
    left_out: list[DroppedAnnotation] = []
    boxes: Boxes | None = None
    for file, raw in item.annotations.items():
        entries = Entries()
        for text in raw:
            entry, unread = read_annotation(text)
            if unread:
                left_out.append(DroppedAnnotation(file, number_of(entry), unread, fault=True))
            else:
                entries.append((text.decode(), entry))
        if any(is_panoptic(entry) for _, entry in entries):
            made = _panoptic(file, entries, setting, map_name, colors)
            colors = made.colors
        else:
            made = _objects(file, entries, setting)
            boxes = made.boxes or boxes
        texts |= made.texts
        left_out += made.left_out
    return Annotated(texts, tuple(left_out), colors, boxes)


def number_of(entry: Mapping[str, Any]) -> int:
    """What an annotation is called by: a panoptic one has no id of its own."""
    is_of_image = is_panoptic(entry) or entry.get("id") is None
    return int(entry.get("image_id", 0) if is_of_image else entry["id"])


def _objects(file: str, entries: Entries, setting: AnnotationSetting) -> Annotated:
    """The annotations of a file that has one for each object, or caption."""
    categories, good = setting.categories[file], Entries()
    left_out: list[DroppedAnnotation] = []
    for text, entry in entries:
        if fault := checked(entry, *setting.size, categories):
            left_out.append(DroppedAnnotation(file, entry["id"], fault, fault=True))
        else:
            good.append((text, entry))
    if setting.program is None:
        return Annotated({file: [text for text, _ in good]}, tuple(left_out))
    entry_list = [entry for _, entry in good]
    results = moved(entry_list, setting.program, categories, setting.rules, setting.taken)
    kept = [text_of(after.annotation).decode() for after in results if after.annotation is not None]
    for (_, before), after in zip(good, results, strict=True):
        if after.annotation is None:
            left_out.append(DroppedAnnotation(file, before["id"], after.reason))
        left_out += [DroppedAnnotation(file, before["id"], reason, partly=True) for reason in after.lost]
    boxes = setting.rules.boxes
    is_turned = _turns(setting.program.warp()) and any(a.annotation and a.how == boxes for a in results)
    return Annotated({file: kept}, tuple(left_out), boxes=boxes if is_turned else None)


def _turns(warp: Warp) -> bool:
    """Whether a box may become something else than a box."""
    matrices = (step for step in warp.maps if isinstance(step, Projective))
    return any(isinstance(step, Field) for step in warp.maps) or not all(m.is_aligned for m in matrices)


def _panoptic(
    file: str, entries: Entries, setting: AnnotationSetting, map_name: str | None, colors: Array | None
) -> Annotated:
    """The annotation of a panoptic file, one, whose segments are those that the map shows."""
    kept: list[str] = []
    left_out: list[DroppedAnnotation] = []
    for text, entry in entries:
        fault = fault_of(entry) or NO_MAP
        if fault is not NO_MAP or colors is None or setting.colors is None or map_name is None:
            left_out.append(DroppedAnnotation(file, number_of(entry), fault, fault=True))
            continue
        usable = usable_segments(entry["segments_info"], setting.colors, setting.categories[file])
        left_out += [
            DroppedAnnotation(file, number_of(entry), why, fault=True, partly=True) for why in usable.faults
        ]
        if setting.program is None:
            colors = void_but(colors, usable.segments)
            is_whole = len(usable.segments) == len(entry["segments_info"])
            kept.append(text if is_whole else _with_segments(entry, usable.segments))
            continue
        after = segments_after(usable.segments, colors, setting.rules.min_area)
        colors = after.colors
        kept.append(_with_segments(entry | {"file_name": map_name}, after.left))
        left_out += [DroppedAnnotation(file, gone, why) for gone, why in after.gone]
    return Annotated({file: kept}, tuple(left_out), colors)


def _with_segments(entry: Mapping[str, Any], segments: Sequence[Mapping[str, Any]]) -> str:
    return text_of({**entry, "segments_info": segments}).decode()
