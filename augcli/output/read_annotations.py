"""The annotation files of a finished output, read again: what they say of each pair."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from augcli.data import AnnotationHead
from augcli.errors import DatasetError, printable
from augcli.formats.coco.annotation_file import AnnotationFile, read_annotation_file
from augcli.formats.coco.entries import ImageEntry
from augcli.labels.coco_json import read_categories
from augcli.labels.validate import Category, categories_of
from augcli.output.read import AnnotationPlace, FinishedOutput


@dataclass(frozen=True)
class AnnotationsReadBack:
    """What an annotation file says of a pair: its image's id, entry and size, and its annotations' texts."""

    image_id: int
    entry: bytes
    size: tuple[int, int]
    annotations: tuple[bytes, ...]


@dataclass(frozen=True)
class WrittenFile:
    """An annotation file of an output: what the manifest calls it, and where it is."""

    name: str
    place: AnnotationPlace
    file: AnnotationFile

    @cached_property
    def images(self) -> Mapping[str, ImageEntry]:
        """The images by their paths in the output."""
        root = self.place.image_root
        return {
            posixpath.normpath(posixpath.join(root, i.with_backslash or i.file_name)): i
            for i in self.file.images
        }

    @cached_property
    def head(self) -> AnnotationHead:
        """The file's head, with the places that it has in the output."""
        return replace(self.file.head, written=self.place.file, image_root=self.place.image_root)

    @cached_property
    def categories(self) -> dict[int, Category]:
        """The categories by id."""
        return categories_of(self.file.categories)

    def told(self, path: str) -> AnnotationsReadBack | None:
        """What it says of the pair whose image has this path; None where it does not know it."""
        image = self.images.get(path)
        if image is None:
            return None
        annotations = self.file.annotations_of(image.id)
        return AnnotationsReadBack(image.id, image.text, (image.width, image.height), annotations)

    def faults(self) -> Iterator[str]:
        """What is wrong in the file by itself; its categories are as they came, and are not looked at."""
        head = self.file.head
        where = f"{self.place.file}: "
        as_they_came = {printable(where + line) for line in read_categories(head.rest.get("categories"))[1]}
        for fault in (*head.remarks, *head.faults):
            if fault not in as_they_came:
                # What the reader makes of it is said behind the last semicolon.
                yield fault.removeprefix(where).rpartition("; ")[0]


def read_written(there: FinishedOutput, name: str) -> WrittenFile:
    """Read an annotation file of an output. Raises DatasetError where that is impossible."""
    place = there.annotation_files[name]
    path: Path = there.folder / place.file
    if not path.is_file():
        raise DatasetError("is no file" if path.exists() else "is missing", where=place.file)
    return WrittenFile(name, place, read_annotation_file(path, where=place.file))
