"""From an annotation file to a folder of pixel maps, one for each of its images."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from augcli.annotations.writing import write_annotation_file
from augcli.cocomaps.planning import (
    Wishes,
    check_dest,
    segments_folder,
    shared_names,
)
from augcli.cocomaps.report import Made
from augcli.cocomaps.running import Failed, results, write_in_parts
from augcli.codec.header import too_large
from augcli.errors import DatasetError, ImageError
from augcli.formats.coco.entries import ImageEntry
from augcli.formats.coco.files import AnnotationFile, read_annotation_file
from augcli.formats.coco.texts import entry_of, text_of
from augcli.pixelmaps.drawing import Drawn, Rules, draw, draw_segments
from augcli.pixelmaps.files import decode_map, encode_map
from augcli.pixelmaps.labels import LABELS, SEGMENTS, labels_json
from augcli.pixelmaps.wishes import is_deep, map_name, rules_of
from augcli.report import Progress
from augcli.sample import Array
from augcli.source import read_file
from augcli.store import Store, new_name


@dataclass(frozen=True)
class Task:
    """One image, the name of its map, and the texts of its annotations."""

    number: int
    image: ImageEntry
    map_name: str
    texts: tuple[bytes, ...]

    @property
    def name(self) -> str:
        """What messages call it."""
        return self.image.file_name


@dataclass(frozen=True)
class Context:
    """What all tasks share. `segments` is the folder of a panoptic file's PNGs, None for other files."""

    source: str
    dest: Path
    rules: Rules
    deep: bool
    segments: Path | None
    max_pixels: int


def make_maps(
    annotations: Path, dest: Path, wishes: Wishes, *, workers: int, progress: Progress | None = None
) -> Made:
    """Write a pixel map for each image of an annotation file, and labels.json, which says what they show.

    Maps of instances and panoptic maps also get segments.json, in COCO's panoptic form. Files are renamed
    into place when they are whole. Raises DatasetError for an annotation file that cannot be used,
    OutputError where files would be written over or outside of `dest`, and StoreError where they cannot be
    written.
    """
    file = read_annotation_file(annotations, where=annotations.name)
    rules = rules_of(file.head, wishes)
    made = _begun(file, rules)
    images = {image.id: image for image in file.images}
    for image, other in shared_names(file.images):
        del images[image.id]
        mend = "rename one of the two"
        what = f"its map would be called as that of {other.file_name}"
        made.failed.append(str(ImageError(what, where=f"{file.name}: {image.file_name}", mend=mend)))
    deep = is_deep(file.head, rules, (file.annotations_of(image.id) for image in file.images))
    context = Context(file.name, dest, rules, deep, segments_folder(file, wishes), wishes.max_pixels)
    described = labels_json(rules, file.categories, source=file.name, sha256=_sha256(annotations))
    check_dest(
        dest, [map_name(image.file_name) for image in images.values()], described, overwrite=wishes.overwrite
    )
    Store(dest).replace(LABELS, described)
    _write(context, file, images, made, workers, progress or Progress())
    return made


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _begun(file: AnnotationFile, rules: Rules) -> Made:
    """The report as it begins: with what was found in reading."""
    return Made(rules, faults=list(file.head.left_out), remarks=list(file.head.replaced_ids))


def _write(
    context: Context,
    file: AnnotationFile,
    images: Mapping[int, ImageEntry],
    made: Made,
    workers: int,
    progress: Progress,
) -> None:
    """Write the maps, and what they show where that is another thing on each."""
    tasks = (
        Task(number, image, map_name(image.file_name), file.annotations_of(image.id))
        for number, image in enumerate(images.values())
    )
    found = results(partial(_make, context), tasks, len(images), workers=workers, progress=progress)
    entries: list[bytes] = []
    annotations = _annotations(found, entries, made, context)
    if context.rules.kind == "semantic":
        for _ in annotations:
            pass
        return
    # The images last: only then it is known which of them have a map.
    head = replace(file.head, keys=(*file.rest, "annotations", "images"))
    write_in_parts(Store(context.dest), SEGMENTS, write_annotation_file(head, iter(entries), annotations))


def _annotations(
    found: Iterator[tuple[Task, Drawn | Failed]], entries: list[bytes], made: Made, context: Context
) -> Iterator[bytes]:
    """The entries of segments.json, while the maps are made; those of its images are put into `entries`."""
    for task, drawn in found:
        if isinstance(drawn, Failed):
            made.failed.append(drawn.reason)
            continue
        is_panoptic = context.segments is not None
        made.add(drawn, f"{context.source}: {task.name}" if is_panoptic else context.source)
        entries.append(task.image.text)
        segments = [segment.as_json() for segment in drawn.segments]
        yield text_of({"image_id": task.image.id, "file_name": task.map_name, "segments_info": segments})


def _make(context: Context, task: Task) -> Drawn:
    """Write one map. Returns what is on it, without its pixels."""
    try:
        drawn = _drawn(context, task)
    except ImageError as error:
        where = f"{context.source}: {task.name}"
        raise ImageError(error.what, where=error.where or where, mend=error.mend) from error
    store, name = Store(context.dest), task.map_name
    store.write(new_name(name), encode_map(drawn.values, context.rules.kind, deep=context.deep))
    store.move(new_name(name), name)
    return replace(drawn, values=drawn.values[:0])


def _drawn(context: Context, task: Task) -> Drawn:
    width, height = task.image.width, task.image.height
    if not width or not height:
        mend = "write them into its entry of images"
        raise ImageError("its width and height are not known", mend=mend)
    if width * height > context.max_pixels:
        raise too_large(width * height, context.max_pixels, "")
    entries, faults = _entries(task.texts)
    if context.segments is None:
        drawn = draw(entries, width, height, context.rules)
    else:
        drawn = _of_panoptic(context, entries, width, height)
    return replace(drawn, faults=(*faults, *drawn.faults))


def _entries(texts: tuple[bytes, ...]) -> tuple[list[dict[str, Any]], list[str]]:
    """The annotations of their texts, and a line for each that cannot be read."""
    entries, faults = [], []
    for text in texts:
        try:
            entries.append(entry_of(text))
        except DatasetError as error:
            faults.append(f"{error}; it is left out")
    return entries, faults


def _of_panoptic(context: Context, entries: list[dict[str, Any]], width: int, height: int) -> Drawn:
    """The map of a picture's panoptic PNG; of a picture without one nothing is known."""
    if not entries:
        return draw([], width, height, context.rules)
    name, segments = entries[0]["file_name"], entries[0]["segments_info"]
    ids = _ids(context, name)
    if ids.shape != (height, width):
        what = f"is {ids.shape[1]}x{ids.shape[0]}, and its image {width}x{height}"
        raise ImageError(what, where=name, mend="put right the sizes in images, or the PNG")
    again = [f"{len(entries)} annotations of this image; the first is read"] * (len(entries) > 1)
    if not isinstance(segments, list):
        segments = []
        again.append("its segments_info is no list; nothing of it is known")
    drawn = draw_segments(segments, ids, context.rules)
    return replace(drawn, faults=(*again, *drawn.faults))


def _ids(context: Context, name: str) -> Array:
    folder = context.segments or Path()
    if not (folder / name).resolve().is_relative_to(folder.resolve()):
        raise ImageError("is a link that leads out of its folder", where=name, mend="put the file there")
    data = read_file(folder / name, name)
    return decode_map(data, "panoptic", where=name, max_pixels=context.max_pixels)
