"""One job: read and decode a source once, make its pairs, leave their files to be committed."""

from __future__ import annotations

import hashlib
import posixpath
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from augcli.annotations.moving import Rules
from augcli.annotations.pairs import Annotated, Setting, annotated, check_entries
from augcli.annotations.segments import Category
from augcli.augment import ORIGINAL, Augmented, augment, variant_of
from augcli.encoding import encoded, targets
from augcli.errors import ImageError, PluginError
from augcli.geometry import Border
from augcli.journal import Entry, Input, dumps
from augcli.keys import key_of
from augcli.masks import MaskLook, MaskSpec, look_at, unreadable
from augcli.ops import Applied
from augcli.pixelmaps.pairs import Labelled, MapRules, OnMap, map_of
from augcli.plan import Job, Pair
from augcli.program import needs_chain
from augcli.recipe import Recipe
from augcli.record import Record, Source
from augcli.sample import PANOPTIC, Files, Item
from augcli.source import Decoded, read_file, read_source, whole_mask
from augcli.store import TEMPORARY, Store, StoreError


@dataclass(frozen=True)
class Context:
    """What every job of a run shares."""

    root: Path
    staging: Path
    recipe: Recipe
    border: Border
    fingerprint: str
    max_pixels: int
    categories: Mapping[str, Mapping[int, Category]] = field(default_factory=dict)  # by annotation file
    maps: Mapping[str, MapRules] = field(default_factory=dict)  # by annotation file

    @property
    def rules(self) -> Rules:
        """What becomes of annotations."""
        said = self.recipe.output.annotations
        return Rules(said.min_area, said.min_visibility, said.boxes, self.recipe.input.mirror)

    @cached_property
    def pixel_options(self) -> dict[str, Any]:
        """The output options that a pair's bytes depend on; worked out once, not for every pair."""
        options = self.recipe.resolved()["output"]
        return {key: value for key, value in options.items() if key != "also"}


@dataclass(frozen=True)
class Look:
    """A job: look at the masks of this item."""

    item: Item


@dataclass(frozen=True)
class Make:
    """A job: make these pairs."""

    job: Job
    specs: Mapping[str, MaskSpec]


@dataclass(frozen=True)
class Failed:
    """A pair that could not be made: what, where, how to mend it."""

    pair: Pair
    what: str
    where: str
    mend: str
    traceback: str = ""  # of a user's own transform

    def sentence(self) -> str:
        """The failure in one line."""
        return str(ImageError(self.what, where=self.where, mend=self.mend))

    def as_line(self) -> dict[str, Any]:
        """The failure as failures.jsonl holds it."""
        return {
            "source": self.pair.key,
            "variant": self.pair.variant,
            "copy": self.pair.copy,
            "what": self.what,
            "where": self.where,
            "mend": self.mend,
            **({"traceback": self.traceback} if self.traceback else {}),
        }


@dataclass(frozen=True)
class Made:
    """A pair whose files lie under temporary names, to be renamed and journaled."""

    entry: Entry
    moves: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Unwritable:
    """The output cannot be written: the run ends."""

    error: StoreError


Task = Look | Make
Answer = Sequence[MaskLook | Made | Failed] | Unwritable


def set_up(context: Context) -> Callable[[Task], Answer]:
    """Prepare a worker; returns its job function."""
    import cv2

    cv2.setNumThreads(1)

    def answer(task: Task) -> Answer:
        return looks(context, task.item) if isinstance(task, Look) else make(context, task)

    return answer


def looks(context: Context, item: Item) -> list[MaskLook]:
    """How an item's masks look, or why they cannot be read; those fail later, by name."""
    found = []
    for name, path in item.masks.items():
        if context.recipe.input.mask_of(name).kind == "image":
            continue
        try:
            data = read_file(context.root / path, path)
            found.append(look_at(whole_mask(data, item, path, context.max_pixels), path, name))
        except ImageError as error:
            found.append(unreadable(path, name, error))
        except MemoryError:
            found.append(unreadable(path, name, _out_of_memory(path)))
    return found


def make(context: Context, task: Make) -> Answer:
    """Make a job's pairs. A fault of the source fails all of them, a fault of one pair that one."""
    try:
        source = read_source(context.root, task.job.item, task.specs, context.recipe, context.max_pixels)
        check_entries(source.item, *source.header.upright_size)
    except ImageError as error:
        return [_failed(pair, error) for pair in task.job.pairs]
    except MemoryError:
        return [_failed(pair, _out_of_memory(task.job.item.image)) for pair in task.job.pairs]
    try:
        return [_made(context, source, pair) for pair in task.job.pairs]
    except StoreError as error:
        return Unwritable(error)


def _out_of_memory(where: str) -> ImageError:
    return ImageError("not enough memory", where=where, mend="use fewer workers (-j)")


def _failed(pair: Pair, error: ImageError) -> Failed:
    return Failed(pair, error.what, error.where, error.mend)


@dataclass(frozen=True)
class Finished:
    """A pair in memory: its manifest line, its files' bytes, and its annotations' JSON texts by file.

    `maps` says by annotation file what is on its pixel maps.
    """

    record: Record
    files: Mapping[str, bytes]
    annotations: Mapping[str, Sequence[str]]
    maps: Mapping[str, OnMap]


def finished(
    context: Context, source: Decoded, pair: Pair, applied: Sequence[Applied] | None = None
) -> Finished:
    """Make a pair in memory. With `applied` nothing is drawn. Raises ImageError."""
    result = augment(
        context.recipe,
        source.sample,
        key=pair.key,
        variant=pair.variant,
        copy=pair.copy,
        border=context.border,
        specs=source.spec_of,
        further=[page.sample for page in source.further],
        applied=applied,
    )
    own = _annotated(context, source, pair, result)
    if own.colors is not None:
        masks = result.sample.masks | {PANOPTIC: own.colors}
        result = replace(result, sample=replace(result.sample, masks=masks))
    files, reencoded = encoded(context.recipe, source, pair, result)
    maps = _maps(context, pair, result, own)
    files |= {pair.maps[file]: data for file, (data, _) in maps.items()}
    record = _record(source, pair, result, files, reencoded)
    if source.item.entries:
        record = replace(record, left_out=own.left_out, boxes=own.boxes)
    return Finished(record, files, own.texts, {file: on_map for file, (_, on_map) in maps.items()})


def _maps(context: Context, pair: Pair, result: Augmented, own: Annotated) -> dict[str, tuple[bytes, OnMap]]:
    """The pixel maps of a pair, by annotation file."""
    labelled = Labelled(result.sample.size, own.texts, own.colors)
    return {file: map_of(labelled, file, context.maps[file]) for file in pair.maps}


def _annotated(context: Context, source: Decoded, pair: Pair, result: Augmented) -> Annotated:
    """The annotations of a pair; they stay as they are where nothing was applied."""
    program, size = (result.program if result.applied else None), source.header.upright_size
    colors = source.sample.masks.get(PANOPTIC)
    setting = Setting(program, size, context.rules, context.categories, source.marked, colors)
    name = pair.masks.get(PANOPTIC)
    shown = posixpath.basename(name) if isinstance(name, str) else None
    return annotated(source.item, setting, shown, result.sample.masks.get(PANOPTIC))


def _made(context: Context, source: Decoded, pair: Pair) -> Made | Failed:
    try:
        made = finished(context, source, pair)
    except ImageError as error:
        traceback = error.traceback if isinstance(error, PluginError) else ""
        return Failed(pair, error.what, error.where or source.item.image, error.mend, traceback)
    except MemoryError:
        return _failed(pair, _out_of_memory(source.item.image))
    sizes = {name: len(data) for name, data in made.files.items()}
    digest, line = pair_digest(context, source, pair), made.record.as_line()
    inputs = {path: Input(*stat, source.sha256[path]) for path, stat in source.stats.items()}
    entry = Entry(
        pair.id, digest, line, sizes, inputs, source.item.labels_digest, made.annotations, made.maps
    )
    return Made(entry, tuple(_left(context, source, pair, made.files)))


def _left(context: Context, source: Decoded, pair: Pair, files: Mapping[str, bytes]) -> list[tuple[str, str]]:
    """Write files under temporary names; an original that is the source's bytes may be a hard link."""
    store = Store(context.staging)
    links = _links(context, source, pair)
    moves = []
    for number, (name, data) in enumerate(files.items()):
        temporary = f"{TEMPORARY}/{key_of(pair.id)}-{number}"
        if name in links and data is source.data[links[name]]:
            store.link(context.root / links[name], temporary)
        else:
            store.write(temporary, data)
        moves.append((temporary, name))
    return moves


def _links(context: Context, source: Decoded, pair: Pair) -> dict[str, str]:
    """Output files that may be linked to their source file."""
    if context.recipe.output.originals != "hardlink" or pair.variant != ORIGINAL:
        return {}
    return {pair.image: source.item.image} | {path: source.path_of(key) for key, path in targets(pair)}


def _record(
    source: Decoded, pair: Pair, result: Augmented, files: Mapping[str, bytes], reencoded: str | None
) -> Record:
    item, warp = source.item, result.program.warp()
    names = dict.fromkeys((*pair.masks, *source.specs))
    simple = warp.simplified()
    digests = {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
    width, height = result.sample.size
    return Record(
        file_name=pair.image,
        masks={name: pair.masks.get(name) for name in names},
        sources=(_source_of(source),),
        group=item.group,
        split=item.split,
        label=item.label,
        variant=pair.variant,
        copy=pair.copy,
        applied=result.applied,
        matrix=warp.projective().matrix(),
        warp=[step.as_record() for step in simple.maps] if needs_chain(simple) else None,
        width=width,
        height=height,
        sha256=digests[pair.image],
        mask_sha256={name: _each_of(digests, pair.masks.get(name)) for name in names},
        filled=result.filled,
        attempts=result.attempts,
        reencoded=reencoded,
        note=source.image.note or None,
        dropped=result.dropped if source.instances else None,
        overlaps=_overlaps(source) or None,
        maps=pair.maps,
        map_sha256={file: digests[path] for file, path in pair.maps.items()},
    )


def _overlaps(source: Decoded) -> dict[str, int]:
    """The pixels of all pages, by mask, in which its parts lie over each other."""
    overlaps: Counter[str] = Counter()
    for page in source.pages:
        overlaps.update(page.labels.overlaps)
    return dict(overlaps)


def _source_of(source: Decoded) -> Source:
    item, size = source.item, source.header.upright_size
    files: dict[str, Files] = {name: item.parts.get(name, path) for name, path in item.masks.items()}
    digests = {name: found for name, f in files.items() if (found := _each_of(source.sha256, f)) is not None}
    return Source(item.image, source.sha256[item.image], *size, files, digests, item.page or None)


def _each_of(digests: Mapping[str, str], files: Files | None) -> Files | None:
    """The digests of a mask's files, in the form of their names."""
    if files is None or isinstance(files, str):
        return None if files is None else digests[files]
    return tuple(digests[path] for path in files)


def pair_digest(context: Context, source: Decoded, pair: Pair) -> str:
    """What a pair depends on: its sources' bytes, its steps, the output options, seed and fingerprint."""
    recipe = context.recipe
    variant = variant_of(recipe, pair.variant)
    steps = variant.resolved() if variant else None
    digests = list(source.sha256.values())
    parts = [recipe.seed, pair.id, steps, context.pixel_options, context.fingerprint, digests]
    return key_of(dumps(parts), source.item.labels_digest)
