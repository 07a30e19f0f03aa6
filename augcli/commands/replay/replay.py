"""replay: one pair of a finished output made again from its manifest line, dataset.json and its sources."""

from __future__ import annotations

import contextlib
import hashlib
import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from augcli.commands.replay.annotations import EQUAL, Origin, origin_of, told_again
from augcli.data import Array, each
from augcli.errors import DatasetError, ImageError, OutputError
from augcli.imageio import MAX_PIXELS, decode_mask_pages, decode_pages
from augcli.labels.label_maps.of_pair import MapRules
from augcli.labels.label_maps.options import rules_of
from augcli.manifest import Record
from augcli.output.fingerprint import fingerprint
from augcli.output.read import (
    FinishedOutput,
    ManifestLine,
    check_input,
    files_of,
    read_finished,
    read_lines,
    source_digests,
    with_pages_of,
)
from augcli.output.resume import differences
from augcli.output.store import Store
from augcli.pipeline.augment import ORIGINAL, variant_of
from augcli.pipeline.load import decoded, read_file
from augcli.pipeline.pair import FinishedPair as Pixels
from augcli.pipeline.pair import PairContext, finished
from augcli.pipeline.plan import Pair, is_soft
from augcli.pipeline.prepare import wishes_of
from augcli.text import count, dumps, nfc
from augcli.transforms import TRANSFORMS
from augcli.transforms.operations import Applied

MOST_NAMED = 3


@dataclass(frozen=True)
class Replayed:
    """A pair that was made again: its files below `folder`, each with `equal` or how it differs.

    `versions` names what of the fingerprint is another here than there. `line` names what the manifest's
    line would be now, where it is another. With `by_line` the draws of this augcli differ, and the steps
    are those that stand in the line.
    """

    folder: Path
    files: Mapping[str, str]
    versions: tuple[str, ...]
    line: tuple[str, ...]
    by_line: bool

    @property
    def is_equal(self) -> bool:
        """Whether all files are equal bit for bit; where the fingerprint is the same, the line too."""
        return all(found == EQUAL for found in self.files.values()) and not (self.line and not self.versions)

    def lines(self) -> list[str]:
        """What is to be said, line by line."""
        said = [f"another fingerprint: {version}" for version in self.versions]
        if self.by_line:
            said.append("this augcli draws other numbers: made with those of the manifest")
        said += [f"another manifest line: {change}" for change in self.line[:MOST_NAMED]]
        if len(self.line) > MOST_NAMED:
            more = count(len(self.line) - MOST_NAMED, "more difference")
            said.append(f"and {more} in the manifest line")
        said += [f"{self.folder / name}: {found}" for name, found in self.files.items()]
        if not (self.is_equal or self.versions):
            said.append(
                "the fingerprint is the same: the output was changed since, or this is a bug in augcli"
            )
        return said


def replay(
    out: Path, name: str, folder: Path, *, source: Path | None = None, max_pixels: int = MAX_PIXELS
) -> Replayed:
    """Make the pair again that has a file called `name`, and write its files below `folder`.

    The sources are read from `source`, or are those originals in the output that are their very bytes.
    Raises AugcliError where there is no such pair, where a source is missing or not the one that the pair
    was made of, and where a file would be overwritten.
    """
    check_input(source)
    there = read_finished(out)
    line = _line_of(there, name)
    record = line.record
    _check_free(folder, files_of(record))
    data = _from_input(source, record) if source else _from_output(there, record)
    origin = origin_of(there, record, source)
    _check_free(folder, (head.written for head in origin.heads.values()))
    made, by_line = _made(there, record, origin, data, max_pixels)
    found = {file: _compared(there, record, file, content) for file, content in made.files.items()}
    annotations, differing = told_again(there, record, origin, made.annotations)
    for file, content in {**made.files, **annotations}.items():
        Store(folder).replace(file, content)
    changes = tuple(_changes(line, made.record, by_line))
    return Replayed(folder, found | differing, tuple(_versions(there)), changes, by_line)


def _line_of(there: FinishedOutput, name: str) -> ManifestLine:
    """The line of the pair that has a file of this name, given as the manifest does or as a path."""
    wanted, known = nfc(name), ""
    with contextlib.suppress(ValueError):
        wanted = nfc(Path(name).relative_to(there.folder).as_posix())
    for line in read_lines(there):
        if isinstance(line, ManifestLine):
            if wanted in files_of(line.record):
                return line
            known = known or line.record.file_name
    hint = f"name a file as the manifest does, like {known}" if known else "augcli verify says more"
    raise OutputError(f"no pair has a file called {name}", where=str(there.folder), hint=hint)


def _check_free(folder: Path, files: Iterable[str]) -> None:
    for path in (folder / file for file in files):
        if path.exists() or path.is_symlink():
            raise OutputError("exists already", where=str(path), hint="name another folder with -o")


# --- the sources


def _from_input(root: Path, record: Record) -> dict[str, bytes]:
    """The bytes of the files that a pair was made of, by their paths in the input."""
    found = {}
    for path, digest in source_digests(record).items():
        data = found[path] = read_file(root / path, str(root / path))
        if _sha256(data) != digest:
            what = f"is not the file that was expanded: sha256 {_sha256(data)[:12]}, expected {digest[:12]}"
            raise DatasetError(what, where=str(root / path), hint="name the data set that was expanded")
    return found


def _from_output(there: FinishedOutput, record: Record) -> dict[str, bytes]:
    """The same from the output's files that hold these very bytes, known by their digests."""
    wanted = source_digests(record)
    places: dict[str, str] = {}
    for line in read_lines(there):
        if isinstance(line, ManifestLine):
            files = files_of(line.record)
            places |= {digest: file for file, digest in files.items() if digest in wanted.values()}
    return {path: _copy_of(path, digest, places, there.folder) for path, digest in wanted.items()}


def _copy_of(path: str, digest: str, places: Mapping[str, str], folder: Path) -> bytes:
    hint = "name the data set that was expanded with --input"
    if digest not in places:
        raise OutputError(f"holds no copy of the source {path}", where=str(folder), hint=hint)
    where = folder / places[digest]
    try:
        data = read_file(where, str(where))
    except ImageError as error:
        raise OutputError(
            f"{error.what}, and the source {path} is needed", where=str(where), hint=hint
        ) from None
    if _sha256(data) != digest:
        what = f"is not as it was written, and the source {path} is needed"
        raise OutputError(what, where=str(where), hint=hint)
    return data


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


# --- the pair


def _made(
    there: FinishedOutput, record: Record, origin: Origin, data: Mapping[str, bytes], max_pixels: int
) -> tuple[Pixels, bool]:
    """A pair as expand makes it, or by the steps of its line where the draws and the bytes are others."""
    recipe = there.recipe
    if record.variant != ORIGINAL and not variant_of(recipe, record.variant):
        what = f"{record.file_name} is of the variant {record.variant}, which its recipe does not have"
        raise OutputError(what, where=str(there.folder), hint="augcli verify says more")
    item = with_pages_of(origin.item, data, recipe)
    source = decoded(data, {}, item, there.specs, recipe, max_pixels)
    masks = {name: files for name, files in record.masks.items() if files is not None}
    rules = _maps(there, origin)
    maps = {file: path for file, path in record.maps.items() if file in rules}
    pair = Pair(item.key, record.variant, record.copy, record.file_name, masks, maps)
    border, categories = there.described["border"], origin.categories
    context = PairContext(there.folder, there.folder, recipe, border, "", max_pixels, categories, rules)
    made = finished(context, source, pair)
    if files_of(made.record) == files_of(record) or _plain(made.record.applied) == _plain(record.applied):
        return made, False
    hint = f"use augcli {there.described['fingerprint'].get('augcli', 'as it was then')}"
    if unknown := [step.name for step in record.applied if step.name not in TRANSFORMS]:
        raise OutputError(f"this augcli has no step {unknown[0]}", where=str(there.folder), hint=hint)
    try:
        made = finished(context, source, pair, record.applied)
    except (LookupError, TypeError, ValueError):
        what = f"the steps of {record.file_name} in the manifest cannot be carried out"
        raise OutputError(what, where=str(there.folder), hint=hint) from None
    return made, True


def _maps(there: FinishedOutput, origin: Origin) -> dict[str, MapRules]:
    """How the pixel maps of the annotation files that are at hand are drawn."""
    wishes, told = wishes_of(there.recipe), there.described["pixelmaps"]
    if wishes is None:
        return {}
    return {
        file: MapRules(rules_of(head, wishes), told[file]["bits"] == 16, head.kind == "panoptic")
        for file, head in origin.heads.items()
        if file in told
    }


def _plain(applied: Sequence[Applied]) -> Any:
    """Steps as a manifest line gives them back."""
    return json.loads(dumps([[step.name, step.params] for step in applied]))


# --- the comparison


def _versions(there: FinishedOutput) -> Iterator[str]:
    """What decides the bytes and is another here than there."""
    here = fingerprint() | {f"plugin {plugin.name}": plugin.digest for plugin in there.recipe.plugins}
    plugins = {f"plugin {name}": digest for name, digest in there.described["plugins"].items()}
    before = {**there.described["fingerprint"], **plugins}
    for name in dict.fromkeys([*before, *here]):
        if before.get(name) != here.get(name):
            yield f"{name} {here.get(name, 'missing')} here, {before.get(name, 'missing')} there"


def _changes(line: ManifestLine, made: Record, by_line: bool) -> Iterator[str]:
    """What the manifest's line would be now; the digests are compared file by file."""
    unlike = {key for key in line.data if key.endswith("sha256")} | ({"attempts"} if by_line else set())
    if made.left_out is None:  # without annotation files nothing is made of annotations
        unlike.add(_LEFT_OUT)
    now = json.loads(dumps(made.as_line()))
    before, after = ({k: v for k, v in _told(one).items() if k not in unlike} for one in (line.data, now))
    yield from differences(before, after)


_LEFT_OUT = "annotations_left_out"


def _told(line: Mapping[str, Any]) -> dict[str, Any]:
    """A line without what is not made again: ids of annotations, and those that could not be used.

    Ids are given out in all of an output together; an original in it has only what could be used.
    """
    told = {key: value for key, value in line.items() if key != "annotation_ids"}
    if _LEFT_OUT in told:
        told[_LEFT_OUT] = [one for one in told[_LEFT_OUT] if not one.get("fault")]
    return told


def _compared(there: FinishedOutput, record: Record, file: str, content: bytes) -> str:
    """How a file differs from the one that the manifest names."""
    digest = files_of(record)[file]
    if _sha256(content) == digest:
        return EQUAL
    try:
        before = read_file(there.folder / file, file)
    except ImageError:
        return "other bytes than in the manifest; the output's own file is missing"
    if _sha256(before) != digest:
        return "other bytes than in the manifest; the output's own file is not as it was written"
    name = next((name for name, files in record.masks.items() if files and file in each(files)), "")
    if name and not is_soft(there.recipe, name):
        return _of_labels(_labels_in(before, file), _labels_in(content, file))
    return _of_pixels(_pixels_in(before, file), _pixels_in(content, file))


def _labels_in(data: bytes, file: str) -> Array:
    return np.stack([mask.values for mask in decode_mask_pages(data, where=file, max_pixels=sys.maxsize)])


def _pixels_in(data: bytes, file: str) -> Array:
    return np.stack([image.pixels for image in decode_pages(data, where=file, max_pixels=sys.maxsize)])


def _of_labels(before: Array, after: Array) -> str:
    if (before.shape, before.dtype) != (after.shape, after.dtype):
        return "a mask of another size or depth"
    other = _differing(before, after)
    return f"{other.sum()} of {other.size} labels differ" if other.any() else "equal labels, other bytes"


def _of_pixels(before: Array, after: Array) -> str:
    if (before.shape, before.dtype) != (after.shape, after.dtype):
        return "a picture of another size or depth"
    other = _differing(before, after)
    if not other.any():
        return "equal pixels, other bytes"
    most = np.abs(before.astype(np.float64) - after).max()
    return f"{other.sum()} of {other.size} pixels differ, by at most {most:g}"


def _differing(before: Array, after: Array) -> Array:
    """Which pixels of some pages (N, H, W, ...) are not equal in all channels, (N, H, W)."""
    other: Array = (before != after).reshape(*before.shape[:3], -1).any(axis=-1)
    return other
