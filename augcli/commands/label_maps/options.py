"""What will be made of an annotation file: what is asked for, where its PNGs are, and names that clash."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from augcli.errors import DatasetError
from augcli.formats.coco.annotation_file import AnnotationFile
from augcli.formats.coco.entries import ImageEntry
from augcli.imageio import MAX_PIXELS
from augcli.labels.label_maps.options import LabelMapOptions, map_name
from augcli.text import shortened

LONGEST = 200  # characters of a name in a message


@dataclass(frozen=True)
class ToMapsOptions(LabelMapOptions):
    """What is asked for. `segments` is where a panoptic file's PNGs are: in the folder of its name."""

    segments: Path | None = None
    max_pixels: int = MAX_PIXELS
    overwrite: bool = False


def segments_folder(file: AnnotationFile, wishes: ToMapsOptions) -> Path | None:
    """Where a panoptic file's PNGs are; None for other files. Raises DatasetError where there is none."""
    if file.kind != "panoptic":
        if wishes.segments is not None:
            hint = "leave --segments out"
            raise DatasetError(
                "is no panoptic file, and so has no PNGs of segments", where=file.name, hint=hint
            )
        return None
    folder = wishes.segments or file.head.path.with_suffix("")
    if not folder.is_dir():
        hint = "name the folder of the panoptic PNGs with --segments"
        raise DatasetError("no such folder", where=str(folder), hint=hint)
    return folder


def name_clashes(images: Iterable[ImageEntry]) -> Iterator[tuple[ImageEntry, str]]:
    """Each image whose map cannot lie beside those of the images before it, and why."""
    files: dict[str, ImageEntry] = {}
    folders: dict[str, ImageEntry] = {}
    for image in images:
        name = map_name(image.file_name).casefold()
        above = [str(folder) for folder in PurePosixPath(name).parents]
        if other := files.get(name):
            yield image, f"its map would be called as that of {_called(other)}"
        elif other := folders.get(name):
            yield image, f"its map would be called as the folder that the map of {_called(other)} is in"
        elif taken := next((folder for folder in above if folder in files), None):
            yield image, f"the folder of its map would be called as the map of {_called(files[taken])}"
        else:
            files[name] = image
            folders |= {folder: image for folder in above if folder not in folders}


def _called(image: ImageEntry) -> str:
    return shortened(image.file_name, LONGEST)
