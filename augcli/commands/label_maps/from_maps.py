"""From a folder of pixel maps to an annotation file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from augcli.commands.label_maps.interpret import Meaning, meaning_of
from augcli.commands.label_maps.match import match
from augcli.commands.label_maps.parallel import FailedMap, results, write_in_parts
from augcli.data import AnnotationHead, Array
from augcli.errors import DatasetError, ImageError, OutputError
from augcli.formats.coco.entries import ImageEntry
from augcli.formats.coco.write import write_annotation_file
from augcli.imageio import MAX_PIXELS
from augcli.labels.coco_json import entry_of, text_of, with_fields
from augcli.labels.label_maps.draw import Kind, is_crowd
from augcli.labels.label_maps.label_spaces import LabelSpace, SpaceName
from augcli.labels.label_maps.options import map_name
from augcli.labels.label_maps.png import decode_map
from augcli.labels.label_maps.regions import Form, Per, Region, regions
from augcli.labels.label_maps.runs import runs_of
from augcli.output.report import Progress
from augcli.output.store import Store
from augcli.pipeline.load import read_file
from augcli.text import count


@dataclass(frozen=True)
class FromMapsOptions:
    """What is asked for: the form of annotations, one for each class or part, and what the maps mean.

    `per` None is `class`, and the only one for maps of instances and panoptic maps. `first` and `last` bound
    the ids of categories that are wanted. `like` is an annotation file whose images and categories these are.
    Pixels of the value `ignore` have no label.
    """

    form: Form = "rle"
    per: Per | None = None
    space: SpaceName | None = None
    first: int | None = None
    last: int | None = None
    like: Path | None = None
    ignore: int | None = None
    max_pixels: int = MAX_PIXELS
    overwrite: bool = False


@dataclass
class Collected:
    """The annotations that were written, and a line for each map that could not be read."""

    meaning: Meaning
    how: str
    maps: int = 0
    annotations: int = 0
    failed: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    def sentence(self) -> str:
        """The closing sentence."""
        kind, space = self.meaning.kind, self.meaning.space
        name = f"space {space.name}: " if kind == "semantic" else ""
        made = f"{count(self.annotations, 'annotation')} of {count(self.maps, f'{kind} map')}"
        return f"{made}; {name}{space.sentence()}; {self.how}; {len(self.failed)} failed"

    def as_json(self) -> dict[str, Any]:
        """The report for programs."""
        return {
            "kind": self.meaning.kind,
            "space": self.meaning.space.name,
            "maps": self.maps,
            "annotations": self.annotations,
            "image_ids": self.how,
            "failed": self.failed,
            "remarks": self.remarks,
        }


@dataclass(frozen=True)
class FromMapTask:
    """One map: its path below the folder, its image, and the text that says what its segments are."""

    number: int
    name: str
    image: ImageEntry
    segments: bytes | None


@dataclass(frozen=True)
class FromMapsContext:
    """What all tasks share: `categories` has the ids of the wanted categories by their values."""

    folder: Path
    kind: Kind
    space: LabelSpace
    categories: Mapping[int, int]
    wanted: frozenset[int]
    form: Form
    per: Per
    ignored: frozenset[int]
    max_pixels: int


@dataclass(frozen=True)
class FoundAnnotations:
    """The size of a map, and the texts of its annotations, which have no id yet."""

    width: int
    height: int
    annotations: tuple[bytes, ...]


def collect(
    folder: Path, dest: Path, wishes: FromMapsOptions, *, workers: int, progress: Progress | None = None
) -> Collected:
    """Write an annotation file of the pixel maps below a folder, ordered by image id, then by value.

    Raises DatasetError where it is not known what the maps mean, OutputError where the file is there already,
    and StoreError where it cannot be written.
    """
    if dest.is_dir() or (dest.exists() and not wishes.overwrite):
        hint = "name a file" if dest.is_dir() else "name another file, or use --overwrite"
        raise OutputError("is a folder" if dest.is_dir() else "exists already", where=str(dest), hint=hint)
    meaning = meaning_of(folder, space=wishes.space, like=wishes.like, first=wishes.first, last=wishes.last)
    if wishes.per and meaning.kind != "semantic":
        hint = "leave --per out"
        raise DatasetError(f"{meaning.kind} maps give one annotation a segment", where=str(folder), hint=hint)
    matched = match(folder, meaning.images)
    collected = Collected(meaning, matched.how, failed=list(matched.failed), remarks=list(matched.remarks))
    context = _context(folder, meaning, wishes)
    segments = _segments(meaning)
    tasks = (
        FromMapTask(number, path, image, segments.get(map_name(image.file_name)))
        for number, (path, image) in enumerate(matched.maps)
    )
    found = results(
        partial(_read, context), tasks, len(matched.maps), workers=workers, progress=progress or Progress()
    )
    entries: list[bytes] = []
    parts = write_annotation_file(_head(meaning), iter(entries), _annotations(found, entries, collected))
    write_in_parts(Store(dest.parent), dest.name, parts)
    return collected


def _context(folder: Path, meaning: Meaning, wishes: FromMapsOptions) -> FromMapsContext:
    return FromMapsContext(
        folder,
        meaning.kind,
        meaning.space,
        meaning.categories_of_values,
        frozenset(entry["id"] for entry in meaning.categories),
        wishes.form,
        wishes.per or "class",
        frozenset() if wishes.ignore is None else frozenset({wishes.ignore}),
        wishes.max_pixels,
    )


def _head(meaning: Meaning) -> AnnotationHead:
    """What the file says besides; the images last, as only then it is known which of them have a map."""
    kept = {} if meaning.images is None else dict(meaning.images.rest)
    rest = kept | {"categories": text_of(meaning.categories)}
    return AnnotationHead(keys=(*rest, "annotations", "images"), rest=rest)


def _segments(meaning: Meaning) -> dict[str, bytes]:
    """The text of what the segments of each map are, by the map's name."""
    if meaning.segments is None:
        return {}
    texts = meaning.segments.all_annotations()
    return {entry_of(text)["file_name"]: text for text in texts}


def _annotations(
    found: Iterator[tuple[FromMapTask, FoundAnnotations | FailedMap]],
    entries: list[bytes],
    collected: Collected,
) -> Iterator[bytes]:
    """The annotations while the maps are read; the entries of their images are put into `entries`."""
    for task, one in found:
        if isinstance(one, FailedMap):
            collected.failed.append(one.reason)
            continue
        collected.maps += 1
        entries.append(_image(task.image, one))
        for text in one.annotations:
            collected.annotations += 1
            yield with_fields(text, id=collected.annotations)


def _image(image: ImageEntry, found: FoundAnnotations) -> bytes:
    """An image's entry: as it was, with what it did not say."""
    own = {"id": image.id, "file_name": image.file_name} if image.text == b"{}" else {}
    size = {} if image.width and image.height else {"width": found.width, "height": found.height}
    return with_fields(image.text, **own, **size)


def _read(context: FromMapsContext, task: FromMapTask) -> FoundAnnotations:
    """The annotations of one map."""
    data = read_file(context.folder / task.name, task.name)
    values = decode_map(data, context.kind, where=task.name, max_pixels=context.max_pixels)
    height, width = values.shape
    image = task.image
    if image.width and image.height and (width, height) != (image.width, image.height):
        what = f"is {width}x{height}, and its image {image.width}x{image.height}"
        raise ImageError(what, where=task.name, hint="give the annotation file of these maps")
    found = (_classes if context.kind == "semantic" else _objects)(context, task, values)
    return FoundAnnotations(width, height, tuple(found))


def _classes(context: FromMapsContext, task: FromMapTask, values: Array) -> Iterator[bytes]:
    """The annotations of a semantic map."""
    meant = {value: number for number, value in context.space.values.items()}
    known = {context.space.unlabelled, *meant, *context.ignored}
    _check_values(values, known, f"label space {context.space.name}", task.name)
    others = context.ignored | {value for value in known if value not in context.categories}
    for region in regions(values, leave_out=others, form=context.form, per=context.per):
        yield _text(task.image.id, context.categories[region.value], region, crowd=0)


def _objects(context: FromMapsContext, task: FromMapTask, values: Array) -> Iterator[bytes]:
    """The annotations of an instance or panoptic map."""
    segments = _by_value(task)
    _check_values(values, {0, *segments, *context.ignored}, "segments.json", task.name)
    wanted = {
        value: segment
        for value, segment in segments.items()
        if segment.get("category_id") in context.wanted and value not in context.ignored
    }
    crowds = {value for value, segment in wanted.items() if is_crowd(segment)}
    others = {0, *segments, *context.ignored} - set(wanted)
    for region in regions(values, leave_out=others, form=context.form, per="class", as_rle=crowds):
        segment = wanted[region.value]
        yield _text(task.image.id, segment["category_id"], region, crowd=int(region.value in crowds))


def _by_value(task: FromMapTask) -> dict[int, dict[str, Any]]:
    """What each value of a map shows."""
    try:
        listed = entry_of(task.segments or b"{}").get("segments_info", [])
        return {int(segment["id"]): dict(segment) for segment in listed}
    except (DatasetError, TypeError, ValueError, LookupError, OverflowError) as error:
        what = "segments.json does not say what its values show"
        raise ImageError(what, where=task.name, hint="make the maps anew") from error


def _check_values(values: Array, known: set[int], by: str, where: str) -> None:
    """Raise ImageError for a value that means nothing."""
    for value, pixels in runs_of(values).counts().items():
        if value not in known:
            what = f"the value {value} of {count(pixels, 'pixel')} means nothing in {by}"
            hint = f"name the space that the maps are in, mend the map, or use --ignore {value}"
            raise ImageError(what, where=where, hint=hint)


def _text(image: int, category: int, region: Region, *, crowd: int) -> bytes:
    return text_of(
        {
            "id": 0,
            "image_id": image,
            "category_id": category,
            "segmentation": region.segmentation,
            "area": region.area,
            "bbox": region.bbox,
            "iscrowd": crowd,
        }
    )
