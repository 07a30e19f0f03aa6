"""From an annotation file to a folder of pixel maps, one for each of its images."""

from __future__ import annotations

import errno
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from augcli.commands.label_maps.folder import begin, end
from augcli.commands.label_maps.options import LONGEST, ToMapsOptions, name_clashes, segments_folder
from augcli.commands.label_maps.parallel import FailedMap, results, write_in_parts
from augcli.commands.label_maps.report import MapsReport
from augcli.data import Array
from augcli.errors import ImageError
from augcli.formats.coco.annotation_file import AnnotationFile, read_annotation_file
from augcli.formats.coco.entries import ImageEntry
from augcli.formats.coco.write import write_annotation_file
from augcli.imageio.header import too_large
from augcli.labels.annotations import number_of, read_annotation
from augcli.labels.coco_json import text_of
from augcli.labels.label_maps.draw import DrawnMap, DrawRules, draw, draw_segments
from augcli.labels.label_maps.labels_json import SEGMENTS, digest_of, labels_json
from augcli.labels.label_maps.options import MAP_SUFFIX, is_deep, map_name, rules_of
from augcli.labels.label_maps.png import decode_map, encode_map
from augcli.output.report import Progress
from augcli.output.store import TEMPORARY, Store, StoreError, new_name
from augcli.pipeline.load import read_file
from augcli.text import shortened, shown

# Errors that come back however often the same name is tried.
_OF_THE_NAME = (errno.ENAMETOOLONG, errno.ENOTDIR, errno.EISDIR, errno.EEXIST, errno.EILSEQ, errno.EINVAL)


@dataclass(frozen=True)
class ToMapTask:
    """One image, the name of its map, and the texts of its annotations."""

    number: int
    image: ImageEntry
    map_name: str
    texts: tuple[bytes, ...]

    @property
    def name(self) -> str:
        """What messages call it."""
        return shortened(self.image.file_name, LONGEST)


@dataclass(frozen=True)
class ToMapsContext:
    """What all tasks share. `segments` is the folder of a panoptic file's PNGs, None for other files."""

    source: str
    dest: Path
    rules: DrawRules
    deep: bool
    segments: Path | None
    max_pixels: int


def make_maps(
    annotations: Path, dest: Path, wishes: ToMapsOptions, *, workers: int, progress: Progress | None = None
) -> MapsReport:
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
    for image, clash in name_clashes(file.images):
        del images[image.id]
        where = f"{file.name}: {shortened(image.file_name, LONGEST)}"
        made.failed.append(str(ImageError(clash, where=where, hint="rename one of the two")))
    deep = is_deep(file.head, rules, (file.annotations_of(image.id) for image in file.images))
    context = ToMapsContext(file.name, dest, rules, deep, segments_folder(file, wishes), wishes.max_pixels)
    described = labels_json(rules, file.categories, source=file.name, sha256=digest_of(annotations))
    beside = () if rules.kind == "semantic" else (SEGMENTS, new_name(SEGMENTS))
    names = [*beside, *(map_name(image.file_name) for image in images.values())]
    begin(dest, names, described, overwrite=wishes.overwrite)
    written = _write(context, file, images, made, workers, progress or Progress())
    end(dest, written, described)
    return made


def _begun(file: AnnotationFile, rules: DrawRules) -> MapsReport:
    """The report as it begins: with what was found in reading."""
    return MapsReport(
        rules, faults=list(file.head.left_out), remarks=[*file.head.remarks, *file.head.replaced_ids]
    )


def _write(
    context: ToMapsContext,
    file: AnnotationFile,
    images: Mapping[int, ImageEntry],
    made: MapsReport,
    workers: int,
    progress: Progress,
) -> list[str]:
    """Write the maps, and what they show where that is another thing on each. Returns the files' names."""
    tasks = (
        ToMapTask(number, image, map_name(image.file_name), file.annotations_of(image.id))
        for number, image in enumerate(images.values())
    )
    found = results(partial(_make, context), tasks, len(images), workers=workers, progress=progress)
    done: list[ToMapTask] = []
    annotations = _annotations(found, done, made, context)
    if context.rules.kind == "semantic":
        for _ in annotations:
            pass
        return [task.map_name for task in done]
    # The images last: only then it is known which of them have a map.
    head = replace(file.head, keys=(*file.rest, "annotations", "images"))
    entries = (task.image.text for task in done)
    write_in_parts(Store(context.dest), SEGMENTS, write_annotation_file(head, entries, annotations))
    return [SEGMENTS, *(task.map_name for task in done)]


def _annotations(
    found: Iterator[tuple[ToMapTask, DrawnMap | FailedMap]],
    done: list[ToMapTask],
    made: MapsReport,
    context: ToMapsContext,
) -> Iterator[bytes]:
    """The entries of segments.json, while the maps are made; what has a map is put into `done`."""
    for task, drawn in found:
        if isinstance(drawn, FailedMap):
            made.failed.append(drawn.reason)
            continue
        is_panoptic = context.segments is not None
        made.add(drawn, f"{context.source}: {task.name}" if is_panoptic else context.source)
        done.append(task)
        segments = [segment.as_json() for segment in drawn.segments]
        yield text_of({"image_id": task.image.id, "file_name": task.map_name, "segments_info": segments})


def _make(context: ToMapsContext, task: ToMapTask) -> DrawnMap:
    """Write one map. Returns what is on it, without its pixels."""
    try:
        drawn = _drawn(context, task)
        _save(Store(context.dest), task, encode_map(drawn.values, context.rules.kind, deep=context.deep))
    except ImageError as error:
        where = f"{context.source}: {task.name}"
        raise ImageError(error.what, where=error.where or where, hint=error.hint) from error
    return replace(drawn, values=drawn.values[:0])


def _save(store: Store, task: ToMapTask, data: bytes) -> None:
    """Write a map. Raises ImageError where no file can have its name, and StoreError for other reasons."""
    beside = f"{TEMPORARY}/{task.number}{MAP_SUFFIX}"
    store.write(beside, data)
    try:
        store.move(beside, task.map_name)
    except StoreError as error:
        if not isinstance(error.__cause__, OSError) or error.__cause__.errno not in _OF_THE_NAME:
            raise
        why = error.__cause__.strerror or str(error.__cause__)
        raise ImageError(f"its map cannot be written: {why}", hint="give it another file_name") from error


def _drawn(context: ToMapsContext, task: ToMapTask) -> DrawnMap:
    width, height = task.image.width, task.image.height
    if not width or not height:
        raise _no_size(task.image)
    if width * height > context.max_pixels:
        raise too_large(width * height, context.max_pixels, "")
    entries, faults = _entries(task.texts)
    if context.segments is None:
        drawn = draw(entries, width, height, context.rules)
    else:
        drawn = _of_panoptic(context, entries, width, height)
    return replace(drawn, faults=(*faults, *drawn.faults))


def _no_size(image: ImageEntry) -> ImageError:
    """Why an image's size is not known: what its entry says, if it says anything."""
    entry, _ = read_annotation(image.text)
    sides = {"width": image.width, "height": image.height}
    said = {key: entry[key] for key, side in sides.items() if not side and entry.get(key)}
    if not said:
        return ImageError("its width and height are not known", hint="write them into its entry of images")
    what = " and ".join(f"its {key} is {shown(value)}" for key, value in said.items())
    return ImageError(what, hint="write width and height as whole numbers of pixels")


def _entries(texts: tuple[bytes, ...]) -> tuple[list[dict[str, Any]], list[str]]:
    """The annotations of their texts, and a line for each that cannot be read."""
    entries, faults = [], []
    for text in texts:
        entry, unread = read_annotation(text)
        if unread:
            faults.append(f"annotation {number_of(entry)}: {unread}; it is left out")
        else:
            entries.append(entry)
    return entries, faults


def _of_panoptic(context: ToMapsContext, entries: list[dict[str, Any]], width: int, height: int) -> DrawnMap:
    """The map of a picture's panoptic PNG; of a picture without one nothing is known."""
    if not entries:
        return draw([], width, height, context.rules)
    name, segments = entries[0]["file_name"], entries[0]["segments_info"]
    ids = _ids(context, name)
    if ids.shape != (height, width):
        what = f"is {ids.shape[1]}x{ids.shape[0]}, and its image {width}x{height}"
        raise ImageError(what, where=name, hint="put right the sizes in images, or the PNG")
    again = [f"{len(entries)} annotations of this image; the first is read"] * (len(entries) > 1)
    if not isinstance(segments, list):
        segments = []
        again.append("its segments_info is no list; nothing of it is known")
    drawn = draw_segments(segments, ids, context.rules)
    return replace(drawn, faults=(*again, *drawn.faults))


def _ids(context: ToMapsContext, name: str) -> Array:
    folder = context.segments or Path()
    if not (folder / name).resolve().is_relative_to(folder.resolve()):
        raise ImageError("is a link that leads out of its folder", where=name, hint="put the file there")
    data = read_file(folder / name, name)
    return decode_map(data, "panoptic", where=name, max_pixels=context.max_pixels)
