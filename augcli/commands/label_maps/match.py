"""Which image each map of a folder shows: by an annotation file, or by the numbers in the names."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from augcli.errors import DatasetError, ImageError, printable
from augcli.formats.coco.annotation_file import AnnotationFile
from augcli.formats.coco.entries import ImageEntry
from augcli.formats.tree import walk
from augcli.labels.label_maps.options import MAP_SUFFIX, map_name
from augcli.text import count, nfc

_NUMBERED = re.compile(r"(?:COCO_[A-Za-z0-9]+_)?([0-9]{1,15})")


@dataclass(frozen=True)
class Matched:
    """The maps of a folder, by path, with their images, ordered by id; `how` says what the ids are."""

    maps: tuple[tuple[str, ImageEntry], ...]
    how: str
    failed: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()


def match(folder: Path, images: AnnotationFile | None) -> Matched:
    """Find the maps below a folder, and their images: those of a file, or new ones of unknown size.

    Raises DatasetError for a folder without PNGs.
    """
    tree = walk(folder)
    paths = [file.path for file in tree.files if file.suffix.lower() == MAP_SUFFIX]
    if not paths:
        raise DatasetError("no PNG is in it", where=str(folder), hint="name the folder of the maps")
    remarks = list(tree.skipped)
    if others := len(tree.files) - len(paths):
        remarks.append(f"{count(others, 'file')} of other formats than PNG passed over")
    return _by_file(paths, images, remarks) if images else _by_number(paths, remarks)


def _by_file(paths: Sequence[str], images: AnnotationFile, remarks: list[str]) -> Matched:
    entries = {map_name(image.file_name): image for image in images.images}
    pairs = [(path, entries.pop(nfc(path), None)) for path in paths]
    failed = [
        str(ImageError(f"no image of {images.name} has this name", where=path, hint="leave it out"))
        for path, image in pairs
        if image is None
    ]
    if entries:
        first = printable(next(iter(entries.values())).file_name)
        remarks.append(f"{count(len(entries), 'image')} of {images.name} without a map, the first is {first}")
    found = sorted(((path, image) for path, image in pairs if image), key=lambda pair: pair[1].id)
    return Matched(tuple(found), f"image ids of {images.name}", tuple(failed), tuple(remarks))


def _by_number(paths: Sequence[str], remarks: list[str]) -> Matched:
    """The number in each name is its image's id where all names have one of their own."""
    found = [_NUMBERED.fullmatch(posixpath.basename(path)[: -len(MAP_SUFFIX)]) for path in paths]
    ids = [int(match[1]) for match in found if match]
    if len(set(ids)) == len(paths):
        how = "image ids of the names"
    else:
        ids, how = list(range(1, len(paths) + 1)), "image ids by the order of the names"
    entries = (ImageEntry(number, nfc(path), 0, 0, b"{}") for number, path in zip(ids, paths, strict=True))
    maps = sorted(zip(paths, entries, strict=True), key=lambda pair: pair[1].id)
    return Matched(tuple(maps), how, remarks=tuple(remarks))
