"""The annotations of one pair: those of its source, through what its pixels went through."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from augcli.annotations.moving import Rules, moved
from augcli.annotations.panoptic import fault_of, segments_after, unknown_pixels
from augcli.annotations.pixels import Masks, taken_by
from augcli.annotations.segments import Category, checked
from augcli.errors import DatasetError, ImageError
from augcli.formats.coco.entries import annotation_fields
from augcli.formats.coco.texts import entry_of, text_of
from augcli.program import Program
from augcli.sample import Array, Item


@dataclass(frozen=True)
class LeftOut:
    """An annotation that a pair does not have: its file, the id it has there, and why.

    A panoptic annotation goes by the id of its image, one of its segments by its own.
    """

    file: str
    id: int
    reason: str
    fault: bool = False  # of the annotation itself, whatever the pair
    partly: bool = False  # the annotation is there, without what the reason says

    def as_record(self) -> dict[str, Any]:
        """The annotation as a manifest line holds it."""
        record = {"file": self.file, "id": self.id, "reason": self.reason}
        said = {"fault": self.fault, "partly": self.partly}
        return record | {key: True for key, value in said.items() if value}


@dataclass(frozen=True)
class Annotated:
    """The JSON texts of a pair's annotations by file, each with the id of the one it came from.

    `colors` (H, W, 3) is the pair's panoptic map, None where there is none.
    """

    texts: Mapping[str, Sequence[str]]
    left_out: tuple[LeftOut, ...] = ()
    colors: Array | None = None


@dataclass(frozen=True)
class Setting:
    """What the annotations of a picture go through: its program (None: they stay), its size, and the rules.

    `categories` go by file; those of panoptic files are not asked for. `masks` are those that the picture
    has besides: steps that drop whole objects look there.
    """

    program: Program | None
    size: tuple[int, int]
    rules: Rules
    categories: Mapping[str, Mapping[int, Category]]
    masks: Masks = field(default_factory=Masks)

    @cached_property
    def taken(self) -> Array | None:
        """The pixels of the output that steps have taken from the labels, see `taken_by`."""
        return None if self.program is None else taken_by(self.program, self.masks)


def check_entries(item: Item, width: int, height: int) -> None:
    """Raise ImageError where an annotation file says another size than the picture has."""
    for file, text in item.entries.items():
        entry = entry_of(text)
        said = (entry.get("width", width), entry.get("height", height))
        if said != (width, height):
            what = f"the picture is {width}x{height}, {file} says {said[0]}x{said[1]}"
            raise ImageError(
                what, where=item.image, mend="mend the file, or turn the picture as it is annotated"
            )


Entries = list[tuple[str, dict[str, Any]]]


def read_annotation(text: bytes) -> tuple[dict[str, Any], str]:
    """An annotation, and why it cannot be read: then it has its ids alone."""
    try:
        return entry_of(text), ""
    except DatasetError as error:
        fields = annotation_fields(text)
        ids = {} if isinstance(fields, str) else {"id": fields.id, "image_id": fields.image_id}
        return ids, error.what


def annotated(item: Item, setting: Setting, map_name: str | None, colors: Array | None) -> Annotated:
    """The annotations of one pair.

    `map_name` is the path of its panoptic PNG, and `colors` (H, W, 3) what the warp has left of that.
    """
    texts: dict[str, Sequence[str]] = {}
    left_out: list[LeftOut] = []
    for file, raw in item.annotations.items():
        entries = Entries()
        for text in raw:
            entry, unread = read_annotation(text)
            if unread:
                left_out.append(LeftOut(file, number_of(entry), unread, fault=True))
            else:
                entries.append((text.decode(), entry))
        if any("segments_info" in entry for _, entry in entries):
            made = _panoptic(file, entries, setting, map_name, colors)
            colors = made.colors
        else:
            made = _objects(file, entries, setting)
        texts |= made.texts
        left_out += made.left_out
    return Annotated(texts, tuple(left_out), colors)


def number_of(entry: Mapping[str, Any]) -> int:
    """What an annotation is called by: a panoptic one has no id of its own."""
    is_panoptic = "segments_info" in entry or entry.get("id") is None
    return int(entry.get("image_id", 0) if is_panoptic else entry["id"])


def _objects(file: str, entries: Entries, setting: Setting) -> Annotated:
    """The annotations of a file that has one for each object, or caption."""
    categories, good = setting.categories[file], Entries()
    left_out: list[LeftOut] = []
    for text, entry in entries:
        if fault := checked(entry, *setting.size, categories):
            left_out.append(LeftOut(file, entry["id"], fault, fault=True))
        else:
            good.append((text, entry))
    if setting.program is None:
        return Annotated({file: [text for text, _ in good]}, tuple(left_out))
    entry_list = [entry for _, entry in good]
    results = moved(entry_list, setting.program, categories, setting.rules, setting.taken)
    kept = [text_of(after.annotation).decode() for after in results if after.annotation is not None]
    for (_, before), after in zip(good, results, strict=True):
        if after.annotation is None:
            left_out.append(LeftOut(file, before["id"], after.reason))
        left_out += [LeftOut(file, before["id"], reason, partly=True) for reason in after.lost]
    return Annotated({file: kept}, tuple(left_out))


def _panoptic(
    file: str, entries: Entries, setting: Setting, map_name: str | None, colors: Array | None
) -> Annotated:
    """The annotation of a panoptic file, one, whose segments are those that the map shows."""
    kept: list[str] = []
    left_out: list[LeftOut] = []
    for text, entry in entries:
        number = number_of(entry)
        fault = fault_of(entry) or ("its PNG is not there" if colors is None or map_name is None else None)
        if fault or colors is None or map_name is None:
            left_out.append(LeftOut(file, number, fault or "", fault=True))
            continue
        if unknown := unknown_pixels(entry["segments_info"], colors):
            left_out.append(LeftOut(file, number, unknown, fault=True, partly=True))
        if setting.program is None:
            kept.append(text)
            continue
        after = segments_after(entry["segments_info"], colors, setting.rules.min_area)
        colors = after.colors
        kept.append(text_of({**entry, "segments_info": after.left, "file_name": map_name}).decode())
        left_out += [LeftOut(file, gone, why) for gone, why in after.gone]
    return Annotated({file: kept}, tuple(left_out), colors)
