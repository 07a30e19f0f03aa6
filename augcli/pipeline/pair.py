"""A pair in memory: its pixels, labels and manifest line, before anything is written."""

from __future__ import annotations

import hashlib
import posixpath
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from augcli.data import PANOPTIC, Files
from augcli.geometry import Border
from augcli.labels.annotations import Annotated, AnnotationSetting, annotated
from augcli.labels.label_maps.of_pair import Labelled, MapRules, OnMap, map_of
from augcli.labels.validate import Category
from augcli.labels.warp import AnnotationRules
from augcli.manifest import Record, Source
from augcli.pipeline.augment import Augmented, augment, variant_of
from augcli.pipeline.encode import encoded
from augcli.pipeline.load import Decoded
from augcli.pipeline.plan import Pair
from augcli.pipeline.prepare import annotation_rules
from augcli.recipe import Recipe
from augcli.render.program import needs_chain
from augcli.rng import key_of
from augcli.text import dumps
from augcli.transforms.operations import Applied


@dataclass(frozen=True)
class PairContext:
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
    def rules(self) -> AnnotationRules:
        """What becomes of annotations."""
        return annotation_rules(self.recipe)

    @cached_property
    def pixel_options(self) -> dict[str, Any]:
        """The output options that a pair's bytes depend on; worked out once, not for every pair."""
        options = self.recipe.resolved()["output"]
        return {key: value for key, value in options.items() if key != "also"}


@dataclass(frozen=True)
class FinishedPair:
    """A pair in memory: its manifest line, its files' bytes, and its annotations' JSON texts by file.

    `maps` says by annotation file what is on its pixel maps.
    """

    record: Record
    files: Mapping[str, bytes]
    annotations: Mapping[str, Sequence[str]]
    maps: Mapping[str, OnMap]


def finished(
    context: PairContext, source: Decoded, pair: Pair, applied: Sequence[Applied] | None = None
) -> FinishedPair:
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
    return FinishedPair(record, files, own.texts, {file: on_map for file, (_, on_map) in maps.items()})


def _maps(
    context: PairContext, pair: Pair, result: Augmented, own: Annotated
) -> dict[str, tuple[bytes, OnMap]]:
    """The pixel maps of a pair, by annotation file."""
    labelled = Labelled(result.sample.size, own.texts, own.colors)
    return {file: map_of(labelled, file, context.maps[file]) for file in pair.maps}


def _annotated(context: PairContext, source: Decoded, pair: Pair, result: Augmented) -> Annotated:
    """The annotations of a pair; they stay as they are where nothing was applied."""
    program, size = (result.program if result.applied else None), source.header.upright_size
    colors = source.sample.masks.get(PANOPTIC)
    setting = AnnotationSetting(program, size, context.rules, context.categories, source.marked, colors)
    name = pair.masks.get(PANOPTIC)
    shown = posixpath.basename(name) if isinstance(name, str) else None
    return annotated(source.item, setting, shown, result.sample.masks.get(PANOPTIC))


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


def pair_digest(context: PairContext, source: Decoded, pair: Pair) -> str:
    """What a pair depends on: its sources' bytes, its steps, the output options, seed and fingerprint."""
    recipe = context.recipe
    variant = variant_of(recipe, pair.variant)
    steps = variant.resolved() if variant else None
    digests = list(source.sha256.values())
    parts = [recipe.seed, pair.id, steps, context.pixel_options, context.fingerprint, digests]
    return key_of(dumps(parts), source.item.labels_digest)
