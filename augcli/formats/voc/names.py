"""The names of Pascal VOC's files."""

from __future__ import annotations

import posixpath

ANNOTATIONS = "Annotations"
IMAGES = ("JPEGImages", "images")
LISTS = "ImageSets/Main"
POLYGON, POINT = "polygon", "point"  # elements of an object
PART_OF, XML, DEPTH, PATH = "part_of", "xml", "depth", "annotation_file"  # further fields of an entry


def xml_path(image: str) -> str:
    """The path of a picture's XML: in `Annotations` for its last folder `JPEGImages` or `images`.

    Where there is no such folder, its path below `Annotations`.
    """
    folder, name = posixpath.split(image)
    parts = folder.split("/") if folder else []
    at = next((n for n in reversed(range(len(parts))) if parts[n] in IMAGES), -1)
    below = [*parts[:at], ANNOTATIONS, *parts[at + 1 :]] if at >= 0 else [ANNOTATIONS, *parts]
    return "/".join([*below, posixpath.splitext(name)[0]]) + ".xml"


def listed(path: str) -> tuple[str, str] | None:
    """The folder that holds an XML file's `Annotations`, and what lists call it; None for one elsewhere."""
    parts = posixpath.splitext(path)[0].split("/")
    if ANNOTATIONS not in parts[:-1]:
        return None
    at = len(parts) - 1 - parts[::-1].index(ANNOTATIONS)
    return "/".join(parts[:at]), "/".join(parts[at + 1 :])
