"""The annotations of a file: which belong to which image, and which get another id."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import msgspec

from augcli.labels.coco_json import (
    MAX_ID,
    AnnotationFields,
    annotation_fields,
    has_segments,
    why_no_id,
    why_no_path,
    with_fields,
)
from augcli.text import shown

Kind = Literal["objects", "panoptic"]
_ASKED = 100  # annotations that tell what a file is of


@dataclass
class AnnotationIndex:
    """The annotations of a file by their place in it, from 0.

    `places` has those of each image, `strangers` those of each image id that no image has (how many, and the
    name of the first). `new_ids` are those of annotations that shared one, or had one below 1 or too large.
    """

    kind: Kind
    texts: Sequence[msgspec.Raw]
    places: dict[int, list[int]] = field(default_factory=dict)
    strangers: dict[int, tuple[int, str]] = field(default_factory=dict)
    new_ids: dict[int, int] = field(default_factory=dict)
    renumbered: list[tuple[int, int]] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    largest_id: int = 0
    max_id: int = MAX_ID

    def text(self, at: int) -> bytes:
        """The JSON text of the annotation at a place, with the id that it has from here on."""
        text = bytes(self.texts[at])
        return with_fields(text, id=self.new_ids[at]) if at in self.new_ids else text


def read_annotations(
    texts: Sequence[msgspec.Raw], images: Collection[int], max_id: int = MAX_ID
) -> AnnotationIndex:
    """Read the entries of `annotations`; `images` are the ids of those images that can be used.

    Annotations whose id is above `max_id` get another.
    """
    found = AnnotationIndex(_kind(texts), texts, max_id=max_id)
    used: set[int] = set()
    doubtful: list[tuple[int, int]] = []
    for at, text in enumerate(texts):
        fields = annotation_fields(text)
        if isinstance(fields, str):
            found.faults.append(f"entry {at + 1} of annotations: {fields}; it is left out")
        elif found.kind == "objects" and _is_plain(fields, used, images, max_id):
            used.add(fields.id)
            found.places.setdefault(fields.image_id, []).append(at)
        elif _place(found, at, fields, images) and found.kind == "objects":
            doubtful.append((at, fields.id))
    found.largest_id = max(found.largest_id, max(used, default=0))
    _renumber(found, doubtful)
    return found


def _is_plain(fields: AnnotationFields, used: Collection[int], images: Collection[int], max_id: int) -> bool:
    """Whether nothing is odd about an annotation: a short way, for files of a million of them."""
    number, image = fields.id, fields.image_id
    return (
        type(number) is int
        and type(image) is int
        and 0 < number <= max_id
        and number not in used
        and image in images
        and not has_segments(fields)
    )


def stranger_lines(strangers: Mapping[int, tuple[int, str]], refused: Collection[int]) -> Iterator[str]:
    """A line for each image that annotations name and the file has not, not even as one that is left out."""
    for image, (number, first) in strangers.items():
        if image in refused:
            continue
        if number == 1:
            yield f"{first}: its image {image} is not in images; the annotation is left out"
        else:
            yield f"{first} and {number - 1} more: their image {image} is not in images; they are left out"


def _kind(texts: Sequence[msgspec.Raw]) -> Kind:
    """What most of the first annotations show: in a panoptic file they have lists of segments."""
    fields = (annotation_fields(text) for text in texts[:_ASKED])
    have_segments = [has_segments(one) for one in fields if isinstance(one, AnnotationFields)]
    return "panoptic" if 2 * sum(have_segments) > len(have_segments) else "objects"


def _place(found: AnnotationIndex, at: int, fields: AnnotationFields, images: Collection[int]) -> bool:
    """Put an annotation to its image; whether it has one."""
    is_panoptic = found.kind == "panoptic"
    if not is_panoptic and type(fields.id) is int and fields.id <= found.max_id:
        found.largest_id = max(found.largest_id, fields.id)
    name = _name(at, fields, is_panoptic)
    if why := _why_refused(fields, is_panoptic):
        found.faults.append(f"{name}: {why}; the annotation is left out")
        return False
    if is_panoptic and fields.image_id in found.places:
        found.faults.append(f"{name}: another one before it is of this image; the annotation is left out")
        return False
    if fields.image_id not in images:
        number, first = found.strangers.get(fields.image_id, (0, name))
        found.strangers[fields.image_id] = (number + 1, first)
        return False
    found.places.setdefault(fields.image_id, []).append(at)
    return True


def _name(at: int, fields: AnnotationFields, is_panoptic: bool) -> str:
    """What an annotation is called in messages."""
    number, noun = (fields.image_id, "annotation of image") if is_panoptic else (fields.id, "annotation")
    return f"entry {at + 1} of annotations" if why_no_id(number) else f"{noun} {shown(number)}"


def _why_refused(fields: AnnotationFields, is_panoptic: bool) -> str:
    own = _why_no_map(fields) if is_panoptic else _why_no_object(fields)
    return own or why_no_id(fields.image_id, "image_id")


def _why_no_map(fields: AnnotationFields) -> str:
    if fields.segments_info is msgspec.UNSET:
        return "has no segments_info, as others in this file do"
    if not has_segments(fields):
        return "its segments_info is no list of segments"
    if isinstance(fields.file_name, str) and "\\" in fields.file_name:
        return f"its file_name {shown(fields.file_name)} has a backslash, write /"
    return why_no_path(fields.file_name)


def _why_no_object(fields: AnnotationFields) -> str:
    if has_segments(fields):
        return "has segments_info, which most others in this file have not"
    return "" if type(fields.id) is int else why_no_id(fields.id)


def _renumber(found: AnnotationIndex, doubtful: Sequence[tuple[int, int]]) -> None:
    """Give new ids to annotations whose id is 0, negative, too large, or another one's."""
    for at, old in doubtful:
        found.largest_id += 1
        found.new_ids[at] = found.largest_id
        found.renumbered.append((old, found.largest_id))
        why = "another one before it has this id" if old > 0 else "ids start at 1, 0 is none to pycocotools"
        why = f"ids above {found.max_id} are too large" if old > found.max_id else why
        found.faults.append(
            f"annotation {shown(old)} (entry {at + 1}): {why}; its id is {found.largest_id} now"
        )
