"""Further descriptions of an output's files: what `output.also` asks for, and a layout's own files."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import msgspec

from augcli.data import Dataset
from augcli.errors import DatasetError
from augcli.formats import huggingface
from augcli.formats.cityscapes import write as cityscapes
from augcli.formats.coco.ids import Numbers, annotation_files
from augcli.formats.huggingface import LineData
from augcli.formats.objects import Described, OutputObjects
from augcli.formats.voc import write as voc
from augcli.formats.yolo import write as yolo
from augcli.formats.yolo.names import NAMES

DESCRIPTIONS: Mapping[str, Callable[[Sequence[LineData]], dict[str, bytes]]] = {
    "huggingface": huggingface.described,
}
OF_OBJECTS = ("yolo", "yolo-boxes", "yolo-segments", "yolo-pose", "voc", "cityscapes", "coco")
Mirror = tuple[tuple[str, str], ...]


def described(names: Iterable[str], lines: Sequence[LineData]) -> dict[str, dict[str, bytes]]:
    """For each name of DESCRIPTIONS the files that describe a finished output in that way.

    `lines` are the manifest's. Paths are relative to the output; equal lines give equal bytes. Names of
    OF_OBJECTS are passed over.
    """
    return {name: DESCRIPTIONS[name](lines) for name in names if name in DESCRIPTIONS}


def check_names(names: Sequence[str], dataset: Dataset) -> None:
    """Raise DatasetError for descriptions that a data set cannot have, or not together."""
    wanted = [name for name in names if name in OF_OBJECTS]
    families = [name.partition("-")[0] for name in wanted]
    for name, family in zip(wanted, families, strict=True):
        if not any(head.kind == "objects" for head in dataset.annotation_files.values()):
            what = f"also: {name} describes objects, and there are no annotations of objects"
            raise DatasetError(what, where=str(dataset.root), hint="leave it out")
        if family == dataset.layout:
            what = f"also: {name} is what the output is already"
            raise DatasetError(what, where=str(dataset.root), hint="leave it out")
        if families.count(family) > 1:
            two = ", ".join(other for other, own in zip(wanted, families, strict=True) if own == family)
            raise DatasetError(f"also: {two} would be files of the same names", hint="choose one of them")
        if family == "yolo":
            yolo.form_of(name, dataset)


def of_objects(
    names: Iterable[str], dataset: Dataset, mirror: Mirror, numbers: Numbers
) -> dict[str, Described]:
    """The files of the data set's own layout, and for each name of OF_OBJECTS those that describe it so.

    All tell of the same finished and numbered pairs. `mirror` are the names of keypoints that a mirror
    exchanges. Raises DatasetError where two files would have one name.
    """
    objects = OutputObjects(dataset.annotation_files, [pair for pair, _, _ in numbers.given], mirror)
    found = {dataset.layout: _own(dataset, objects, numbers)}
    for name in names:
        if name == "coco":
            found[name] = Described(annotation_files(objects.heads, numbers))
        elif name == "voc":
            found[name] = voc.described(objects)
        elif name == "cityscapes":
            found[name] = cityscapes.described(objects)
        elif name in OF_OBJECTS:
            found[name] = yolo.described(objects, yolo.form_of(name, dataset))
    return found


def _own(dataset: Dataset, objects: OutputObjects, numbers: Numbers) -> Described:
    """The files of annotations as the layout of the input has them."""
    if dataset.layout == "voc":
        return voc.described(objects, own=True, lists=dataset.lists)
    if dataset.layout == "cityscapes":
        return cityscapes.described(objects, own=True)
    if dataset.layout == "yolo":
        (head,) = objects.heads.values()
        rest = {key: _as_yaml(text) for key, text in head.rest.items() if key not in head.keys}
        return yolo.described(objects, "as read", posixpath.basename(head.path.name) or NAMES, rest)
    return Described(annotation_files(objects.heads, numbers))


def _as_yaml(text: bytes) -> Any:
    """The value of a JSON text, whose mappings have numbers as keys again where they are written as text."""
    value = msgspec.json.decode(text)
    if not isinstance(value, dict):
        return value
    return {int(key) if key.isdecimal() else key: inner for key, inner in value.items()}
