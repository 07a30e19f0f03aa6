"""The pairs of one source as `verify` checks them: the bytes, sizes and values of their files."""

from __future__ import annotations

import hashlib
import shlex
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np

from augcli.commands.verify.annotations import telling_faults
from augcli.data import PANOPTIC, Array, Mask, Value, keys_of, name_of
from augcli.errors import ImageError, printable
from augcli.imageio import decode_mask_pages, decode_pages, read_header
from augcli.labels.mask_kinds import BACKGROUND
from augcli.labels.masks import MaskSpec, counted, packed
from augcli.labels.validate import Category
from augcli.manifest import Record
from augcli.output.read import digests_of, item_of, source_digests, with_pages_of
from augcli.output.read_annotations import AnnotationsReadBack
from augcli.output.staging import MANIFEST
from augcli.pipeline.load import read_file, read_labels
from augcli.pipeline.prepare import fillers_of
from augcli.recipe import Recipe

AGAIN = "run expand again"
MOST_VALUES = 8

Values = Mapping[str, frozenset[int]]  # of masks, by key; colours as 0xrrggbb


@dataclass(frozen=True)
class Damage:
    """A file that is not as it was made: what was found, what was expected (or nothing), how to mend it."""

    file: str
    found: str
    expected: str
    hint: str

    def sentence(self) -> str:
        """The damage in one line."""
        expected = f", expected {self.expected}" if self.expected else ""
        return printable(f"{self.file}: {self.found}{expected}; {self.hint}")

    def as_json(self) -> dict[str, str]:
        """The damage for programs."""
        return {"file": self.file, "found": self.found, "expected": self.expected, "mend": self.hint}


@dataclass(frozen=True)
class Undeclared:
    """A mask with values that the recipe's classes do not name; whether its source has them is not known."""

    file: str
    values: str


@dataclass(frozen=True)
class Checked:
    """What was found in some pairs of one source.

    `unheld` counts masks of which nothing says what values they may hold; `unlike` are files of the input
    that are not those which the pairs were made of.
    """

    damages: tuple[Damage, ...] = ()
    undeclared: tuple[Undeclared, ...] = ()
    unheld: int = 0
    unlike: tuple[str, ...] = ()


@dataclass(frozen=True)
class VerifyContext:
    """What all tasks share. `input` is where the sources are, if that is known.

    `continues`: a further run of expand can mend the output. `categories` go by annotation file, as the
    manifest calls them.
    """

    folder: Path
    input: Path | None
    recipe: Recipe
    specs: Mapping[str, MaskSpec]
    continues: bool
    categories: Mapping[str, Mapping[int, Category]] = field(default_factory=dict)

    @cached_property
    def fillers(self) -> list[str]:
        """The recipe's words that write into masks what no source has."""
        return fillers_of(self.recipe)

    def spec_of(self, key: str) -> MaskSpec:
        """What a mask, or a single part of one, is."""
        return self.specs.get(name_of(key)) or MaskSpec("index")

    def hint(self, file: str, how: str) -> str:
        """How to get a file back."""
        return how if self.continues else f"make it again: augcli replay OUTPUT {shlex.quote(file)} -o DIR"


def anew(continues: bool) -> str:
    """How to get our own files back."""
    return f"remove {MANIFEST} and run expand again" if continues else "expand the input anew"


AnnotationsByFile = Mapping[
    str, tuple[str, AnnotationsReadBack]
]  # by what the manifest calls an annotation file, with where it is


@dataclass(frozen=True)
class VerifyTask:
    """Some pairs of one source, and its original where that was not resized. `number` counts tasks.

    `told` is what annotation files say of each pair.
    """

    number: int
    records: tuple[Record, ...]
    original: Record | None
    told: tuple[AnnotationsByFile, ...]


def set_up(context: VerifyContext) -> Callable[[VerifyTask], Checked]:
    """Prepare a worker; returns its job function."""
    return lambda task: _checked(context, task)


def _checked(context: VerifyContext, task: VerifyTask) -> Checked:
    known, unlike = _of_input(context, task.records[0])
    if known is None and task.original:
        known = _of_original(context, task.original)
    files = [one for record in task.records for one in _files(record)]
    rules = {key: _rule(context, key, (known or {}).get(key)) for _, _, _, key in files if key}
    found = [_file_fault(context, *one, rules) for one in files]
    labels = [key for _, _, _, key in files if key and context.spec_of(key).kind != "image"]
    told = zip(task.records, task.told, strict=True)
    annotated = (damage for one in told for damage in _annotation_damages(context, *one))
    return Checked(
        (*(one for one in found if isinstance(one, Damage)), *annotated),
        tuple(one for one in found if isinstance(one, Undeclared)),
        sum(rules[key] is None for key in labels),
        unlike,
    )


_File = tuple[Record, str, str, str]


def _files(record: Record) -> Iterator[_File]:
    """A pair's files: its record, the path, the SHA-256, and the mask's key (empty for what is none)."""
    yield record, record.file_name, record.sha256, ""
    for name, file in record.maps.items():
        yield record, file, record.map_sha256[name], ""
    for name, files in record.masks.items():
        if files is not None:
            digests = digests_of({name: files}, record.mask_sha256)
            yield from (
                (record, *one, key) for one, key in zip(digests.items(), keys_of(name, files), strict=True)
            )


# --- the values that a mask may hold


@dataclass(frozen=True)
class _Rule:
    """The values that a mask may hold; not `is_sure` where others may be there all the same."""

    values: frozenset[int]
    is_sure: bool = True


def _rule(context: VerifyContext, key: str, known: frozenset[int] | None) -> _Rule | None:
    """What a mask may hold: what its source holds, or what its kind allows, and what the recipe fills in."""
    spec = context.spec_of(key)
    marks = {_number(spec.background if word == BACKGROUND else spec.fill) for word in context.fillers}
    if spec.kind == "image":
        return None
    if known is None:
        return _rule_of_kind(context, spec, marks)
    if spec.kind == "instance":
        is_new = context.recipe.output.annotations.renumber and key == name_of(key)
        known = frozenset(range(len(known - {0}) + 1)) if is_new else known | {0}
    return _Rule(known | marks)


def _rule_of_kind(context: VerifyContext, spec: MaskSpec, marks: set[int]) -> _Rule | None:
    if spec.kind == "binary":
        return _Rule(frozenset({0, spec.written or 255} | marks))
    if spec.kind == "rgb" and spec.colors:
        return _Rule(frozenset({*map(_number, spec.colors)} | marks))
    classes = context.recipe.input.class_names
    if spec.kind == "index" and classes:
        ignored = {_number(spec.ignore)} if spec.ignore is not None else set()
        return _Rule(frozenset({*classes} | marks | ignored), is_sure=False)
    return None


def _of_input(context: VerifyContext, record: Record) -> tuple[Values | None, tuple[str, ...]]:
    """The values of a source's masks, as expand would write them; None where its files are not at hand.

    Also the files of the input that are others than those of which the pairs were made.
    """
    if context.input is None or not record.masks:
        return None, ()
    digests = source_digests(record)
    data = {path: _bytes_or_none(context.input, path, digest) for path, digest in digests.items()}
    unlike = tuple(path for path, found in data.items() if found is None)
    if unlike:
        return None, unlike
    try:
        return _read_values(context, record, {path: found or b"" for path, found in data.items()}), ()
    except (ImageError, MemoryError):
        return None, (record.sources[0].image,)


def _read_values(context: VerifyContext, record: Record, data: Mapping[str, bytes]) -> Values:
    item = with_pages_of(item_of(record), data, context.recipe)
    header = read_header(data[item.image], where=item.image, max_pixels=sys.maxsize)
    pages = read_labels(data, item, header, context.specs, context.recipe, sys.maxsize)
    keys = dict.fromkeys(key for page in pages for key in page.masks)
    return {key: _union(page.masks[key].values for page in pages if key in page.masks) for key in keys}


def _of_original(context: VerifyContext, original: Record) -> Values:
    """The values of an original's masks; without those that are damaged."""
    found = {}
    for _, file, digest, key in _files(original):
        data = _bytes_or_none(context.folder, file, digest)
        if data is None or not key or context.spec_of(key).kind == "image":
            continue
        try:
            found[key] = _union(mask.values for mask in _masks_in(data, file))
        except (ImageError, MemoryError):
            continue
    return found


def _bytes_or_none(folder: Path, path: str, digest: str) -> bytes | None:
    try:
        data = read_file(folder / path, path)
    except ImageError:
        return None
    return data if hashlib.sha256(data).hexdigest() == digest else None


def _masks_in(data: bytes, file: str) -> list[Mask]:
    """The pages of a mask, of any size: its bytes are those that were written."""
    return decode_mask_pages(data, where=file, max_pixels=sys.maxsize)


def _union(arrays: Iterable[Array]) -> frozenset[int]:
    """The values that some masks hold; colours as numbers."""
    return frozenset(value for values in arrays for value in _held(values))


def _held(values: Array) -> Iterable[int]:
    return counted(values) if values.ndim == 2 else np.unique(packed(values)).tolist()


def _number(value: Value) -> int:
    """A mask's value, a colour as 0xrrggbb."""
    return value if isinstance(value, int) else (value[0] << 16) | (value[1] << 8) | value[2]


# --- one file


def _file_fault(
    context: VerifyContext,
    record: Record,
    file: str,
    digest: str,
    key: str,
    rules: Mapping[str, _Rule | None],
) -> Damage | Undeclared | None:
    """What is wrong with a file. It is decoded only where its bytes are those that the manifest names."""
    path = context.folder / file
    again, anew = context.hint(file, AGAIN), context.hint(file, f"remove it and {AGAIN}")
    if not path.is_file():
        return (
            Damage(file, "is no file", "", anew) if path.exists() else Damage(file, "is missing", "", again)
        )
    try:
        data = read_file(path, file)
        if fault := _bytes_fault(data, digest) or _size_fault(data, file, record, key):
            return Damage(file, *fault, anew)
        if key and context.spec_of(key).kind != "image":
            return _values_fault(_masks_in(data, file), file, context.spec_of(key), rules[key], anew)
        decode_pages(data, where=file, max_pixels=sys.maxsize)
    except ImageError as error:
        return Damage(file, error.what, "", anew)
    except MemoryError:
        return Damage(file, "not enough memory", "", "use fewer workers (-j)")
    return None


def _bytes_fault(data: bytes, digest: str) -> tuple[str, str] | None:
    found = hashlib.sha256(data).hexdigest()
    return (f"sha256 {found[:12]}", digest[:12]) if found != digest else None


def _size_fault(data: bytes, file: str, record: Record, key: str) -> tuple[str, str] | None:
    header = read_header(data, where=file, max_pixels=sys.maxsize)
    width, height = header.size if key else header.upright_size
    if (width, height) == (record.width, record.height):
        return None
    return f"{width}x{height} pixels", f"{record.width}x{record.height}"


def _values_fault(
    pages: Sequence[Mask], file: str, spec: MaskSpec, rule: _Rule | None, hint: str
) -> Damage | Undeclared | None:
    mode = pages[0].coding.mode
    if (mode == "RGB") != (spec.kind == "rgb"):
        return Damage(file, f"a mask of mode {mode}", f"one of kind {spec.kind}", hint)
    strange = _union(page.values for page in pages) - rule.values if rule else frozenset()
    if not strange or not rule:
        return None
    held = _shown(strange, spec)
    if not rule.is_sure:
        return Undeclared(file, held)
    return Damage(file, f"holds {held}", f"only {_shown(rule.values, spec)}", hint)


def _shown(values: Iterable[int], spec: MaskSpec) -> str:
    """Some values in words, at most eight of them."""
    ordered = sorted(values)
    words = [f"#{value:06x}" if spec.kind == "rgb" else str(value) for value in ordered[:MOST_VALUES]]
    more = f" and {len(ordered) - MOST_VALUES} more" if len(ordered) > MOST_VALUES else ""
    return ", ".join(words) + more


# --- the annotations


def _annotation_damages(context: VerifyContext, record: Record, told: AnnotationsByFile) -> Iterator[Damage]:
    """What annotation files say of a pair that is not so."""
    colors = _panoptic_colors(context, record) if record.applied and told else None
    for name, (file, one) in told.items():
        for found, expected in telling_faults(record, name, one, context.categories.get(name, {}), colors):
            yield Damage(file, found, expected, anew(context.continues))


def _panoptic_colors(context: VerifyContext, record: Record) -> Array | None:
    """A pair's panoptic PNG; None where it is damaged, which is said of itself."""
    file, digest = record.masks.get(PANOPTIC), record.mask_sha256.get(PANOPTIC)
    if not isinstance(file, str) or not isinstance(digest, str):
        return None
    data = _bytes_or_none(context.folder, file, digest)
    try:
        return None if data is None else _masks_in(data, file)[0].values
    except (ImageError, MemoryError):
        return None
