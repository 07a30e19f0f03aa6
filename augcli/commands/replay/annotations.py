"""The annotations of one pair made again, and held against those that its output has of it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, count
from pathlib import Path
from typing import Any

from augcli.data import AnnotationHead, Item
from augcli.errors import DatasetError, OutputError
from augcli.formats.coco import FORMAT as COCO
from augcli.formats.coco.ids import AnnotatedPair as Numbered
from augcli.formats.coco.ids import Numbers, annotation_files
from augcli.labels.coco_json import entry_of
from augcli.labels.validate import Category, categories_of
from augcli.manifest import Record
from augcli.output.read import FinishedOutput, ManifestLine, item_of, read_lines
from augcli.output.read_annotations import AnnotationsReadBack, WrittenFile, read_written
from augcli.output.resume import differences
from augcli.pipeline.augment import ORIGINAL
from augcli.pipeline.prepare import read_input
from augcli.text import count as counted

EQUAL = "equal"


@dataclass(frozen=True)
class Origin:
    """The source of a pair with its annotations, and what their files hold besides, by the files."""

    item: Item
    heads: Mapping[str, AnnotationHead]

    @property
    def categories(self) -> dict[str, dict[int, Category]]:
        """The categories of each file, by id."""
        return {file: categories_of(head.categories) for file, head in self.heads.items()}


def origin_of(there: FinishedOutput, record: Record, root: Path | None) -> Origin:
    """The source of a pair: from the data set `root`, else as the output has its original.

    Raises AugcliError where its annotations are not at hand.
    """
    item = item_of(record)
    if not record.annotation_ids or not there.annotation_files:
        return Origin(item, {})
    return _of_input(there, item, root) if root else _of_output(there, item, record)


def _of_input(there: FinishedOutput, item: Item, root: Path) -> Origin:
    dataset = read_input(there.recipe, root)
    found = next((one for one in dataset.items if one.key == item.key), None)
    if found is None or not found.entries.keys() <= there.annotation_files.keys():
        what = f"its annotation files are not those that {item.image} had"
        raise DatasetError(what, where=str(root), hint="name the data set that was expanded")
    heads = {name: dataset.annotation_files[name] for name in found.entries}
    return Origin(replace(item, entries=found.entries, annotations=found.annotations), _placed(there, heads))


def _placed(there: FinishedOutput, heads: Mapping[str, AnnotationHead]) -> dict[str, AnnotationHead]:
    """What files hold, with the places that they have in the output."""
    places = there.annotation_files
    return {
        name: replace(head, written=places[name].file, image_root=places[name].image_root)
        for name, head in heads.items()
    }


def _of_output(there: FinishedOutput, item: Item, record: Record) -> Origin:
    hint = "name the data set that was expanded with --input"
    original = _original(there, item)
    if original is None:
        what = f"holds no annotations of the source {item.image}"
        raise OutputError(what, where=str(there.folder), hint=hint)
    entries, annotations, heads = {}, {}, {}
    for name in record.annotation_ids or {}:
        written = read_written(there, name)
        told = written.told(original.file_name)
        if told is None:
            what = f"has no image {original.file_name}, whose annotations are needed"
            raise OutputError(what, where=str(there.folder / written.place.file), hint=hint)
        entries[name], annotations[name], heads[name] = told.entry, told.annotations, written.file.head
    return Origin(replace(item, entries=entries, annotations=annotations), _placed(there, heads))


def _original(there: FinishedOutput, item: Item) -> Record | None:
    """The original of a source in the output, where it has the size and the annotations of the source."""
    records = (line.record for line in read_lines(there) if isinstance(line, ManifestLine))
    originals = (r for r in records if r.variant == ORIGINAL and item_of(r).key == item.key)
    return next((record for record in originals if not record.applied), None)


def told_again(
    there: FinishedOutput, record: Record, origin: Origin, texts: Mapping[str, Sequence[str]]
) -> tuple[dict[str, bytes], dict[str, str]]:
    """The annotation files of a pair alone, by path, and how each differs from what the output says of it.

    `texts` are its annotations as they were made again, with the ids of those they came from.
    """
    written = {name: _written(there, name) for name in origin.heads}
    told = {name: one.told(record.file_name) for name, one in written.items() if isinstance(one, WrittenFile)}
    size, is_original = (record.width, record.height), record.variant == ORIGINAL
    pair = Numbered(origin.item, record.file_name, is_original, size, texts)
    images = {name: _image_id(told.get(name), text) for name, text in origin.item.entries.items()}
    ids = {name: _ids(record, name, texts.get(name, ())) for name in origin.heads}
    numbers = Numbers(iter(()), {}, [(pair, images, ids)], anew=not _has_ids(there))
    made = annotation_files(origin.heads, numbers)
    files = {path: b"".join(parts) for path, parts in made.items()}
    found = {}
    for name, one in written.items():
        path = there.annotation_files[name].file
        if isinstance(one, str):
            found[path] = one
        else:
            found[path] = _compared(told[name], json.loads(files[path]), _unlike(there))
    return files, found


def _written(there: FinishedOutput, name: str) -> WrittenFile | str:
    """An annotation file of the output, or why nothing can be held against it."""
    try:
        return read_written(there, name)
    except DatasetError as error:
        return f"held against nothing: the output's own file {error.what}"


def _image_id(told: AnnotationsReadBack | None, entry: bytes) -> int:
    """The id of the image: the output's, where it has one, else the source's."""
    return told.image_id if told else int(entry_of(entry)["id"])


def _ids(record: Record, name: str, texts: Sequence[str]) -> list[int]:
    """The ids of annotations, by the manifest; should it say fewer, further ones."""
    said = (record.annotation_ids or {}).get(name, ())
    numbers = chain(said, count(max(said, default=0) + 1))
    return [next(numbers) for text in texts if "id" in entry_of(text.encode())]


def _has_ids(there: FinishedOutput) -> bool:
    """Whether the input's files say ids of images and annotations."""
    return there.recipe.input.layout == COCO.name


def _unlike(there: FinishedOutput) -> tuple[str, ...]:
    """What is not compared: of files without ids, those of the sources are not known any more."""
    return () if _has_ids(there) else ("source_image_id", "source_annotation_id")


def _compared(told: AnnotationsReadBack | None, made: Mapping[str, Any], unlike: Sequence[str]) -> str:
    """How what the output says of a pair differs from what was made again."""
    if told is None:
        return "the output's own file has no such image"
    (image,) = (_without(one, unlike) for one in made["images"])
    after = [_without(one, unlike) for one in made.get("annotations", [])]
    before = [_without(entry_of(text), unlike) for text in told.annotations]
    if changed := next(differences(_without(entry_of(told.entry), unlike), image), ""):
        return f"another image entry: {changed}"
    if len(before) != len(after):
        return f"{counted(len(after), 'annotation')}, the output's own file has {len(before)}"
    if changes := list(_changes(before, after)):
        return f"{len(changes)} of {counted(len(after), 'annotation')} differ, first {changes[0]}"
    return EQUAL


def _without(entry: Mapping[str, Any], keys: Sequence[str]) -> dict[str, Any]:
    return {key: value for key, value in entry.items() if key not in keys}


def _changes(before: Sequence[Mapping[str, Any]], after: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """The first difference of each annotation that has one."""
    for old, new in zip(before, after, strict=True):
        if changed := next(differences(old, new), ""):
            yield f"{new.get('id', new['image_id'])}: {changed}"
