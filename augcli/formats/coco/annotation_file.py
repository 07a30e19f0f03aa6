"""Reading one annotation file of COCO: its images, and for each the JSON texts of its annotations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from augcli.data import AnnotationHead
from augcli.errors import DatasetError, printable
from augcli.formats.coco.document import elements, read_document
from augcli.formats.coco.entries import ImageEntry
from augcli.formats.coco.images import Images, read_images, refusals
from augcli.formats.coco.objects import AnnotationIndex, Kind, read_annotations, stranger_lines
from augcli.labels.coco_json import MAX_ID, read_categories

_LISTS = ("images", "annotations")


@dataclass(frozen=True)
class AnnotationFile:
    """An annotation file: what stands in it besides, its images that can be used, and their annotations."""

    head: AnnotationHead
    images: tuple[ImageEntry, ...]
    _annotations: AnnotationIndex = field(repr=False)

    @property
    def name(self) -> str:
        """The file's name."""
        return self.head.path.name

    @property
    def kind(self) -> Kind:
        """`panoptic` where an annotation is the segments of a picture, in a PNG; else `objects`."""
        return self.head.kind

    @property
    def categories(self) -> tuple[Mapping[str, Any], ...]:
        """The categories that have an id of their own and a name."""
        return self.head.categories

    @property
    def rest(self) -> Mapping[str, bytes]:
        """The JSON texts of all top-level keys but `images` and `annotations`."""
        return self.head.rest

    @property
    def faults(self) -> tuple[str, ...]:
        """What is wrong in the file, a line each."""
        return self.head.faults

    def annotations_of(self, image_id: int) -> tuple[bytes, ...]:
        """The JSON texts of an image's annotations, in the order of the file."""
        return tuple(self._annotations.text(at) for at in self._annotations.places.get(image_id, ()))

    def all_annotations(self) -> Iterator[bytes]:
        """The JSON texts of the annotations of all images, in the order of the file."""
        places = sorted(at for own in self._annotations.places.values() for at in own)
        return (self._annotations.text(at) for at in places)


def read_annotation_file(path: Path, *, where: str, max_id: int = MAX_ID) -> AnnotationFile:
    """Read a data set's JSON file: instances, keypoints, captions, stuff, panoptic segments, or images alone.

    What is wrong with single entries stands in `faults`, each line begins with `where`, and costs only those
    entries. Ids of annotations below 1 or above `max_id`, and those that two share, are replaced; images with
    such a large one are left out. All texts are valid JSON.
    Raises DatasetError for a file that cannot be read or is no JSON (with line and column), for a list of
    results, and where `images` or `annotations` is no list, or `images` is missing.
    """
    document, repaired = read_document(path, where)
    if "images" not in document:
        hint = "give an annotation file of COCO"
        raise DatasetError("has no images, and so is no data set", where=where, hint=hint)
    raw_images, raw_annotations = (
        elements(document[key], key, where) if key in document else [] for key in _LISTS
    )
    images = read_images(raw_images, max_id)
    found = read_annotations(raw_annotations, {image.id for image in images.usable}, max_id)
    rest = {key: bytes(text) for key, text in document.items() if key not in _LISTS}
    categories, bad = read_categories(rest.get("categories"))
    lines = (*bad, *_faults(images, found))
    head = AnnotationHead(
        kind=found.kind,
        keys=tuple(document),
        rest=rest,
        categories=categories,
        largest_image_id=images.largest_id,
        largest_annotation_id=found.largest_id,
        faults=tuple(printable(f"{where}: {line}") for line in lines),
        remarks=tuple(repaired),
        renumbered=tuple(found.renumbered),
        path=path,
    )
    return AnnotationFile(head, images.usable, found)


def _faults(images: Images, annotations: AnnotationIndex) -> Iterator[str]:
    """What is wrong with images, then what with annotations, a line each."""
    lost = {image: number for image, (number, _) in annotations.strangers.items()}
    left_out = {entry.id for entry in images.refused if entry.id is not None}
    yield from images.remarks
    yield from refusals(images.refused, lost)
    yield from stranger_lines(annotations.strangers, left_out)
    yield from annotations.faults
