"""Any names of files: a pattern says which masks go with an image, or a CSV file does."""

from __future__ import annotations

from collections.abc import Mapping

from augcli.errors import DatasetError
from augcli.formats.base import DetectedLayout, Format, ReadOptions, words_of
from augcli.formats.pattern import csv_pairs, pattern
from augcli.formats.tree import Tree


def _find(tree: Tree, options: ReadOptions) -> list[DetectedLayout]:
    masks = options.masks if isinstance(options.masks, Mapping) else {"mask": options.masks}
    if options.pairs is not None:
        names = tuple(masks) if isinstance(options.masks, Mapping) else ()
        return [csv_pairs.find(tree, options.pairs, names, options.optional)]
    if options.images is None:
        raise DatasetError(
            "layout: pattern without images", hint="say input: {images: PATTERN} or {pairs: FILE}"
        )
    given = {name: path for name, path in masks.items() if path is not None}
    return [pattern.find(tree, options.images, given, options.optional, options.several)]


FORMAT = Format(
    words_of("pattern"),
    title="any names of files",
    labels="masks, one or several for an image",
    page="pattern",
    find=_find,
    pairs_by_name=True,
)
