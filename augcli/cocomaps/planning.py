"""What will be made of an annotation file: where its PNGs are, names, and whether there is room for them."""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from augcli.codec import MAX_PIXELS
from augcli.errors import DatasetError, OutputError, printable
from augcli.formats.coco.entries import ImageEntry
from augcli.formats.coco.files import AnnotationFile
from augcli.formats.reading import count
from augcli.pixelmaps.labels import LABELS
from augcli.pixelmaps.wishes import Wishes as MapWishes
from augcli.pixelmaps.wishes import map_name


@dataclass(frozen=True)
class Wishes(MapWishes):
    """What is asked for. `segments` is where a panoptic file's PNGs are: in the folder of its name."""

    segments: Path | None = None
    max_pixels: int = MAX_PIXELS
    overwrite: bool = False


def segments_folder(file: AnnotationFile, wishes: Wishes) -> Path | None:
    """Where a panoptic file's PNGs are; None for other files. Raises DatasetError where there is none."""
    if file.kind != "panoptic":
        if wishes.segments is not None:
            mend = "leave --segments out"
            raise DatasetError(
                "is no panoptic file, and so has no PNGs of segments", where=file.name, mend=mend
            )
        return None
    folder = wishes.segments or file.head.path.with_suffix("")
    if not folder.is_dir():
        mend = "name the folder of the panoptic PNGs with --segments"
        raise DatasetError("no such folder", where=str(folder), mend=mend)
    return folder


def shared_names(images: Iterable[ImageEntry]) -> Iterator[tuple[ImageEntry, ImageEntry]]:
    """Each image whose map would have the name of another one's before it, with that one."""
    before: dict[str, ImageEntry] = {}
    for image in images:
        other = before.setdefault(map_name(image.file_name).casefold(), image)
        if other is not image:
            yield image, other


def check_dest(dest: Path, names: Collection[str], described: bytes, *, overwrite: bool) -> None:
    """Raise OutputError where a map would lie outside of the folder, or over a file.

    Maps that the same command made of the same annotations are made again: that ends an interrupted run.
    """
    if dest.exists() and not dest.is_dir():
        raise OutputError("is a file", where=str(dest), mend="name a folder")
    root = dest.resolve()
    for folder in sorted({posixpath.dirname(name) for name in names}):
        if not (dest / folder).resolve().is_relative_to(root):
            what = f"is a link that leads out of {dest}"
            raise OutputError(what, where=str(dest / folder), mend="remove it, or name another folder")
    if overwrite or _is_ours(dest, described):
        return
    if there := [name for name in (LABELS, *names) if (dest / name).exists()]:
        what = f"{count(len(there), 'file')} would be written over, the first is {printable(there[0])}"
        raise OutputError(what, where=str(dest), mend="name another folder, or use --overwrite")


def _is_ours(dest: Path, described: bytes) -> bool:
    path = dest / LABELS
    return path.is_file() and path.read_bytes() == described
