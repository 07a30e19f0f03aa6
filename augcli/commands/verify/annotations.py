"""Whether what an annotation file of an output says of a pair is so."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from augcli.data import Array
from augcli.labels.coco_json import entry_of
from augcli.labels.consistency import Disagreement, disagreements, panoptic_disagreements
from augcli.labels.panoptic import fault_of, is_panoptic
from augcli.labels.validate import Category, checked
from augcli.manifest import Record
from augcli.output.read_annotations import AnnotationsReadBack
from augcli.output.staging import MANIFEST

MOST_IDS = 8


def telling_faults(
    record: Record,
    name: str,
    told: AnnotationsReadBack,
    categories: Mapping[int, Category],
    colors: Array | None,
) -> Iterator[Disagreement]:
    """What a file, which the manifest calls `name`, says of a pair that is not so.

    Of a pair that was moved, areas, boxes and numbers of keypoints are held against the labels; `colors`
    (H, W, 3) is then its panoptic PNG, None where there is none that can be looked at.
    """
    size = (record.width, record.height)
    if told.size != size:
        found, expected = ("{}x{}".format(*wh) for wh in (told.size, size))
        yield f"image {told.image_id} ({record.file_name}) is {found}", expected
        return
    entries = [entry_of(text) for text in told.annotations]
    yield from _id_faults(record, name, told, entries)
    for entry in entries:
        noun = f"annotation {entry['id']}" if "id" in entry else f"the annotation of image {told.image_id}"
        for found, expected in _entry_faults(record, entry, categories, colors):
            yield f"{noun} ({record.file_name}): {found}", expected


def _id_faults(
    record: Record, name: str, told: AnnotationsReadBack, entries: Sequence[Mapping[str, Any]]
) -> Iterator[Disagreement]:
    """Annotations that the manifest has and the file has not, and the reverse."""
    wanted = set((record.annotation_ids or {}).get(name, ()))
    there = {entry["id"] for entry in entries if "id" in entry and not is_panoptic(entry)}
    image = f"image {told.image_id} ({record.file_name})"
    if lost := wanted - there:
        yield f"{image} has no {_ids(lost)}", f"what {MANIFEST} says"
    if strange := there - wanted:
        yield f"{image} has {_ids(strange)}", f"what {MANIFEST} says"


def _ids(numbers: Iterable[int]) -> str:
    ordered = sorted(numbers)
    more = f" and {len(ordered) - MOST_IDS} more" if len(ordered) > MOST_IDS else ""
    return f"annotation {', '.join(map(str, ordered[:MOST_IDS]))}{more}"


def _entry_faults(
    record: Record, entry: Mapping[str, Any], categories: Mapping[int, Category], colors: Array | None
) -> Iterator[Disagreement]:
    size = (record.width, record.height)
    if fault := fault_of(entry) if is_panoptic(entry) else checked(entry, *size, categories):
        yield fault, ""
    elif is_panoptic(entry):
        yield from panoptic_disagreements(entry, colors) if colors is not None else ()
    elif record.applied:
        yield from disagreements(entry, size)
