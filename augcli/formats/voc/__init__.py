"""Pascal VOC's XML files. What the format needs is imported where there is a file of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from augcli.formats.base import DetectedLayout, Format, OutputSources, ReadOptions, words_of
from augcli.formats.tree import Tree

if TYPE_CHECKING:
    from augcli.formats.objects import Described


def _find(tree: Tree, options: ReadOptions) -> list[DetectedLayout]:
    if not any(path.lower().endswith(".xml") for path in tree.texts):
        return []
    from augcli.formats.voc import read

    return read.find(tree, is_named=options.is_named)


def _write(sources: OutputSources) -> Described:
    from augcli.formats.voc import write

    return write.described(sources.objects, own=True, lists=sources.dataset.lists)


def _describe(name: str, sources: OutputSources) -> Described:
    from augcli.formats.voc import write

    return write.described(sources.objects)


FORMAT = Format(
    words_of("voc"),
    title="Pascal VOC",
    labels="boxes, parts, polygons, points",
    page="voc",
    find=_find,
    nothing="no image has an XML file of Pascal VOC (JPEGImages/X.jpg and Annotations/X.xml)",
    hint="name each XML file after its image",
    write=_write,
    describe=_describe,
    splits_in_files=True,
)
