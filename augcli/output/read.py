"""A finished output as it is read again: dataset.json, and the manifest line by line."""

from __future__ import annotations

import json
import posixpath
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from augcli.data import Files, Item, each
from augcli.errors import AugcliError, OutputError
from augcli.formats.pages import pages_in, with_counts
from augcli.labels.masks import MaskSpec, specs_of_json
from augcli.manifest import Record
from augcli.output.staging import DATASET, MANIFEST, staging_of
from augcli.recipe import Recipe, parse_recipe
from augcli.text import nfc, shown

_ANEW = "remove manifest.jsonl and run expand again"
_BORDERS = ("reflect", "replicate", "wrap", "constant")


@dataclass(frozen=True)
class AnnotationPlace:
    """Where an annotation file of COCO is, and where its `file_name`s start; both relative to the output."""

    file: str
    image_root: str


@dataclass(frozen=True)
class FinishedOutput:
    """A finished output: its folder, and what dataset.json says of it.

    `annotation_files` are those of COCO, by what the manifest calls them.
    """

    folder: Path
    described: Mapping[str, Any]
    recipe: Recipe
    specs: Mapping[str, MaskSpec]
    annotation_files: Mapping[str, AnnotationPlace]


@dataclass(frozen=True)
class ManifestLine:
    """A line of the manifest, counted from 1: its JSON data, and the record that it holds."""

    number: int
    data: Mapping[str, Any]
    record: Record


@dataclass(frozen=True)
class BadLine:
    """A line of the manifest that holds no pair: what was found there, and what was expected."""

    number: int
    found: str
    expected: str


def read_finished(folder: Path) -> FinishedOutput:
    """What dataset.json says of a finished output.

    Raises OutputError where there is none, and RecipeError where this augcli cannot read its recipe.
    """
    if not (folder / MANIFEST).is_file():
        raise _unfinished(folder)
    try:
        described = json.loads((folder / DATASET).read_text(encoding="utf-8"))
        text = json.dumps(described["recipe"], ensure_ascii=False)
        specs = specs_of_json(described["masks"])
        files = described["annotation_files"].items()
        places = {name: AnnotationPlace(place["file"], place["image_root"]) for name, place in files}
        if described["border"] not in _BORDERS or not _has_versions(described):
            raise ValueError
        if any(_leaving(path) for place in places.values() for path in (place.file, f"./{place.image_root}")):
            raise ValueError
    except OSError as error:
        what = f"{DATASET} cannot be read: {error.strerror or error}"
        raise OutputError(what, where=str(folder), hint=_ANEW) from None
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        raise OutputError(f"{DATASET} is damaged", where=str(folder), hint=_ANEW) from None
    return FinishedOutput(folder, described, parse_recipe(text, str(folder / DATASET)), specs, places)


def _has_versions(described: Mapping[str, Any]) -> bool:
    return all(isinstance(described[key], dict) for key in ("fingerprint", "plugins", "pixelmaps"))


def _unfinished(folder: Path) -> OutputError:
    if staging_of(folder).is_dir():
        what, hint = "the run that writes it is not finished", "run the same expand again"
        return OutputError(what, where=str(folder), hint=hint)
    return OutputError(f"no {MANIFEST}", where=str(folder), hint="name the output of a finished run")


def read_lines(finished: FinishedOutput) -> Iterator[ManifestLine | BadLine]:
    """The lines of an output's manifest, one after the other. Raises OutputError where it cannot be read."""
    try:
        with (finished.folder / MANIFEST).open("rb") as file:
            for number, text in enumerate(file, 1):
                yield _line(number, text, finished)
    except OSError as error:
        what = f"{MANIFEST} cannot be read: {error.strerror or error}"
        raise OutputError(what, where=str(finished.folder)) from error


def _line(number: int, text: bytes, finished: FinishedOutput) -> ManifestLine | BadLine:
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return BadLine(number, "no JSON", "a pair")
    if not isinstance(data, dict):
        return BadLine(number, shown(data), "a pair")
    try:
        if fault := _fault(data):
            return BadLine(number, *fault)
        record = Record.of_line(data, finished.described["border"])
        _check_paths((*files_of(record), *source_digests(record), item_of(record).key))
    except (ValueError, LookupError, TypeError, AttributeError):
        return BadLine(number, "parts that do not fit together", "a pair as expand writes it")
    return ManifestLine(number, data, record)


_NOTHING = type(None)
_TEXT = ("text", (str,))
_OPTIONAL = ("text or null", (str, _NOTHING))
_WHOLE = ("a whole number", (int,))
_LIST = ("a list", (list,))
_FILES = ("text, a list of texts or null", (str, list, _NOTHING))
_SHAPES: Mapping[str, tuple[str, tuple[type, ...]]] = {
    "file_name": _TEXT,
    "mask_file_name": _FILES,
    "sources": _LIST,
    "group": _TEXT,
    "split": _OPTIONAL,
    "label": _OPTIONAL,
    "variant": _TEXT,
    "copy": _WHOLE,
    "applied": _LIST,
    "matrix": _LIST,
    "warp": ("a list or null", (list, _NOTHING)),
    "width": _WHOLE,
    "height": _WHOLE,
    "filled": ("a number", (int, float)),
    "attempts": _WHOLE,
    "reencoded": _OPTIONAL,
    "note": _OPTIONAL,
    "sha256": _TEXT,
    "mask_sha256": _FILES,
}


def _fault(data: Mapping[str, Any]) -> tuple[str, str] | None:
    """What is wrong with a line's keys, and what was expected; None where nothing is."""
    if missing := [key for key in _SHAPES if key not in data]:
        return f"no {', '.join(missing)}", "all keys of a pair"
    further = {key: _FILES for key in data if key.endswith(("_file_name", "_sha256"))}
    for key, (expected, types) in ({**further, **_SHAPES}).items():
        if not isinstance(data[key], types):
            return f"{key} is {shown(data[key])}", expected
        if key.endswith("file_name") and (leaving := _leaving(data[key])):
            return f"{key} is {shown(leaving)}", "a path in the output"
    for file, one in data.get("pixelmaps", {}).items():
        if leaving := _leaving(one["file_name"]):
            return f"the pixel map of {file} is {shown(leaving)}", "a path in the output"
    return None if data["sources"] else ("no source", "one")


def _check_paths(paths: Iterable[Any]) -> None:
    """Raise TypeError where a path is no text."""
    for path in paths:
        if not isinstance(path, str):
            raise TypeError(path)


def _leaving(files: Any) -> str:
    """The first of some paths that leads out of its folder; empty where none does."""
    paths = [path for path in (files if isinstance(files, list) else [files]) if isinstance(path, str)]
    return next((path for path in paths if path[:1] in ("", "/") or ".." in path.split("/")), "")


def files_of(record: Record) -> dict[str, str]:
    """The SHA-256 of each of a pair's files, by its path."""
    own = {record.file_name: record.sha256} | digests_of(record.masks, record.mask_sha256)
    return own | {path: record.map_sha256[file] for file, path in record.maps.items()}


def digests_of(masks: Mapping[str, Files | None], digests: Mapping[str, Files | None]) -> dict[str, str]:
    """The SHA-256 of each file of some masks, by its path. Raises ValueError where some have none."""
    found: dict[str, str] = {}
    for name, files in masks.items():
        if files is not None:
            found |= zip(each(files), each(digests[name] or ()), strict=True)
    return found


def item_of(record: Record) -> Item:
    """The source that a pair was made of, as the input's layout gave it; its pages are not counted yet."""
    (source, *_) = record.sources
    key, page = nfc(posixpath.splitext(source.image)[0]), source.page or 0
    return Item(
        f"{key}#{page:03}" if page else key,
        source.image,
        {name: each(files)[0] for name, files in source.masks.items()},
        record.split,
        record.group,
        record.label,
        {name: files for name, files in source.masks.items() if isinstance(files, tuple)},
        page,
    )


def with_pages_of(item: Item, data: Mapping[str, bytes], recipe: Recipe) -> Item:
    """An item with the pages of its files counted, where the recipe reads files of several pages."""
    if recipe.input.pages == "refuse":
        return item
    found = {path: pages_in(content, path) for path, content in data.items()}
    return with_counts(item, {path: pages for path, pages in found.items() if pages > 1})


def source_digests(record: Record) -> dict[str, str]:
    """The SHA-256 of each file that a pair was made of, by its path in the input."""
    (source, *_) = record.sources
    return {source.image: source.sha256} | digests_of(source.masks, source.mask_sha256)


def check_input(folder: Path | None) -> None:
    """Raise AugcliError where an input is named that is no folder."""
    if folder is not None and not folder.is_dir():
        raise AugcliError(
            "is no folder", where=str(folder), hint="--input names the data set that was expanded"
        )
