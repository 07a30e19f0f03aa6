"""YOLO's label files and data.yaml. What the format needs is imported where there is a file of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from augcli.data import Dataset
from augcli.formats.base import DetectedLayout, Format, OutputSources, ReadOptions, words_of
from augcli.formats.tree import Tree

if TYPE_CHECKING:
    from augcli.formats.objects import Described


def _find(tree: Tree, options: ReadOptions) -> list[DetectedLayout]:
    if not tree.texts and options.annotations is None:
        return []
    from augcli.formats.yolo import read

    return read.find(tree, options.annotations, options.classes, is_named=options.is_named)


def _write(sources: OutputSources) -> Described:
    from augcli.formats.yolo import write

    return write.described_as_read(sources.objects)


def _describe(name: str, sources: OutputSources) -> Described:
    from augcli.formats.yolo import write

    return write.described(sources.objects, write.form_of(name, sources.dataset))


def _check(name: str, dataset: Dataset) -> None:
    from augcli.formats.yolo import write

    write.form_of(name, dataset)


FORMAT = Format(
    words_of("yolo"),
    title="YOLO",
    labels="boxes, segments, oriented boxes, poses",
    page="yolo",
    find=_find,
    nothing="no image has a label file of YOLO (images/X.jpg and labels/X.txt)",
    hint="name data.yaml: input: {layout: yolo, annotations: FILE}",
    takes_file=lambda name: name.lower().endswith((".yaml", ".yml")),
    write=_write,
    describe=_describe,
    check=_check,
    splits_in_files=True,
)
