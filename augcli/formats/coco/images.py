"""The images of an annotation file: those that can be used, and why others cannot."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from augcli.formats.coco.entries import ImageEntry, image_entry
from augcli.labels.coco_json import MAX_ID, Refused
from augcli.text import count, nfc, shown


@dataclass(frozen=True)
class Images:
    """The images of a file in its order, those left out, remarks on others, and the largest id (or 0)."""

    usable: tuple[ImageEntry, ...]
    refused: tuple[Refused, ...]
    remarks: tuple[str, ...]
    largest_id: int


def read_images(texts: Sequence[msgspec.Raw], max_id: int = MAX_ID) -> Images:
    """Read the entries of `images`. Where nobody can tell whose annotations are whose, all are left out.

    An image whose id is above `max_id` is left out, too.
    """
    found = [image_entry(bytes(text), place, max_id) for place, text in enumerate(texts, 1)]
    entries = [entry for entry in found if isinstance(entry, ImageEntry)]
    refused = [entry for entry in found if isinstance(entry, Refused)]
    by_id, remarks = _by_id(entries)
    names = {number: {nfc(entry.file_name) for entry in same} for number, same in by_id.items()}
    ids: dict[str, list[int]] = defaultdict(list)
    for number, own in names.items():
        for name in own:
            ids[name].append(number)
    shared = [*_of_several_files(names), *_of_several_ids(ids, names, by_id)]
    left_out = {entry.id for entry in shared}
    usable = tuple(same[0] for number, same in by_id.items() if number not in left_out)
    known = [entry.id for entry in found if entry.id is not None]
    return Images(usable, (*refused, *shared), tuple(remarks), max(known, default=0))


def refusals(refused: Iterable[Refused], annotations: Mapping[int, int]) -> Iterator[str]:
    """A line for each image that is left out; `annotations` counts those that go with it, by its id."""
    for entry in refused:
        lost = annotations.get(entry.id, 0) if entry.id is not None else 0
        yield f"{entry.name}: {entry.why}; the image is left out" + (
            f" with its {count(lost, 'annotation')}" if lost else ""
        )


def _by_id(entries: Iterable[ImageEntry]) -> tuple[dict[int, list[ImageEntry]], list[str]]:
    """The entries of each id, and a remark where one is repeated."""
    by_id: dict[int, list[ImageEntry]] = {}
    for entry in entries:
        by_id.setdefault(entry.id, []).append(entry)
    several = (
        (same[0], len(same))
        for same in by_id.values()
        if len({nfc(e.file_name) for e in same}) == 1 < len(same)
    )
    return by_id, [f"image {e.id}: has {n} entries; the first one is read" for e, n in several]


def _of_several_files(names: Mapping[int, set[str]]) -> Iterator[Refused]:
    for number, own in names.items():
        if len(own) > 1:
            files = " and ".join(shown(name) for name in sorted(own)[:2])
            yield Refused(f"image {number}", number, f"its id is that of {files}")


def _of_several_ids(
    ids: Mapping[str, list[int]], names: Mapping[int, set[str]], by_id: Mapping[int, list[ImageEntry]]
) -> Iterator[Refused]:
    for name, numbers in ids.items():
        if len(numbers) > 1:
            for number in (number for number in numbers if len(names[number]) == 1):
                other = next(n for n in numbers if n != number)
                is_exact = by_id[number][0].file_name == by_id[other][0].file_name
                but = "" if is_exact else ", but for how its accents are stored"
                why = f"its file {shown(name)} is that of image {other}, too{but}"
                yield Refused(f"image {number}", number, why)
