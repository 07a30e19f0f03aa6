"""The files beside an output's images and masks: those of its own format, and what `output.also` asks for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from augcli.data import Dataset
from augcli.errors import DatasetError
from augcli.formats import FORMATS, Format
from augcli.formats.base import LineData, OutputSources
from augcli.formats.coco.ids import Numbers
from augcli.formats.objects import Described, OutputObjects
from augcli.recipe.format_words import format_of

Mirror = tuple[tuple[str, str], ...]


def formats_written(layout: str, also: Iterable[str]) -> set[str]:
    """The formats that an output is in: that of its input, and those of its further descriptions."""
    return {layout, *map(format_of, also)}


def check_also(names: Sequence[str], dataset: Dataset) -> None:
    """Raise DatasetError for descriptions that a data set cannot have, or not together."""
    wanted = {name: one for name in names if (one := _format(name)).describe}
    for name, one in wanted.items():
        if not any(head.kind == "objects" for head in dataset.annotation_files.values()):
            what = f"also: {name} describes objects, and there are no annotations of objects"
            raise DatasetError(what, where=str(dataset.root), hint="leave it out")
        if one.name == dataset.layout:
            what = f"also: {name} is what the output is already"
            raise DatasetError(what, where=str(dataset.root), hint="leave it out")
        same = [other for other in names if wanted.get(other) is one]
        if len(same) > 1:
            what = f"also: {', '.join(same)} would be files of the same names"
            raise DatasetError(what, hint="choose one of them")
        if one.check:
            one.check(name, dataset)


def is_from_lines(name: str) -> bool:
    """Whether a description is made of manifest lines alone."""
    return _format(name).describe_lines is not None


def from_lines(names: Iterable[str], lines: Sequence[LineData]) -> dict[str, dict[str, bytes]]:
    """The files of those descriptions that are made of manifest lines, by description and path.

    Paths are relative to the output; equal lines give equal bytes.
    """
    makers = {name: _format(name).describe_lines for name in names}
    return {name: make(lines) for name, make in makers.items() if make}


def from_objects(
    names: Iterable[str], dataset: Dataset, mirror: Mirror, numbers: Numbers
) -> dict[str, Described]:
    """The files of the data set's own format, and of those descriptions that tell of objects, by these names.

    All tell of the same finished and numbered pairs. `mirror` are the names of keypoints that a mirror
    exchanges. Raises DatasetError where two files would have one name.
    """
    objects = OutputObjects(dataset.annotation_files, [pair for pair, _, _ in numbers.given], mirror)
    sources = OutputSources(dataset, objects, numbers)
    own = FORMATS[dataset.layout].write
    found = {dataset.layout: own(sources)} if own else {}
    makers = {name: _format(name).describe for name in names}
    return found | {name: make(name, sources) for name, make in makers.items() if make}


def _format(name: str) -> Format:
    return FORMATS[format_of(name)]
