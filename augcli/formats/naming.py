"""The names of a copy's files, for each layout that is written."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from augcli.data import Files, Item
from augcli.errors import DatasetError
from augcli.formats import FORMATS
from augcli.formats.cityscapes.names import IMAGE_ENDING
from augcli.formats.names import core
from augcli.formats.pattern.naming import by_pattern, is_by_pattern
from augcli.recipe.format_words import LIKE_INPUT, OUTPUT_LAYOUTS
from augcli.text import nfc

MASK_SUFFIX = ".png"
Paths = tuple[str, dict[str, Files]]
Bases = tuple[str, dict[str, str]]


def copy_name(
    item: Item,
    tag: str | None,
    layout: str,
    image_suffix: str,
    mask_suffixes: Mapping[str, str] | None = None,
    apart: Collection[str] = (),
    reading: Mapping[str, Any] = MappingProxyType({}),
) -> Paths:
    """The paths of a copy relative to the output: (image, {mask name: mask path}), in NFC.

    `tag` is None for the original, else `<variant>` or `<variant>-<copy>`; `image_suffix` has its dot.
    `layout` is `like-input`, `folders`, `suffix`, `carvana` or `classes`. Masks end in `.png`, or as
    `mask_suffixes` says by name. Masks that are kept `apart` have a path for each of their files.
    The name of one page of a stack has `__p` and its number before the tag. `reading` are the `input:` keys
    by which the item was found: `like-input` names copies so that patterns read them again.
    Raises DatasetError for `classes` with an item that has no label, for another layout, and where a pattern
    has no place for a copy's name.
    """
    name_copy = _naming_of(layout)
    ending = "" if tag is None else f"__{tag}"
    if item.page:
        item, ending = replace(item, key=item.key.rpartition("#")[0]), f"__p{item.page:03}{ending}"
    if layout == "like-input" and is_by_pattern(reading):
        image, bases = by_pattern(item, ending, image_suffix, reading, apart)
    else:
        image, plain = name_copy(item, ending, image_suffix)
        bases = {name: _numbered(item, name, base, apart) for name, base in plain.items()}
    suffixes = {name: (mask_suffixes or {}).get(name, MASK_SUFFIX) for name in bases}
    return image, {name: _suffixed(base, suffixes[name]) for name, base in bases.items()}


def _naming_of(layout: str) -> Callable[[Item, str, str], Bases]:
    known = {LIKE_INPUT: _like_input} | {f.name: f.copy_name for f in FORMATS.values() if f.copy_name}
    if layout not in known:
        hint = f"use one of {', '.join(name for name in OUTPUT_LAYOUTS if name in known)}"
        raise DatasetError(f"output layout {layout} cannot be written", hint=hint)
    return known[layout]


def _numbered(item: Item, name: str, base: str, apart: Collection[str]) -> Files:
    """A mask's path without suffix, or those of its several files, numbered from 1."""
    if name not in apart or name not in item.parts:
        return base
    return tuple(f"{base}-{number}" for number in range(1, len(item.parts[name]) + 1))


def _suffixed(bases: Files, suffix: str) -> Files:
    return bases + suffix if isinstance(bases, str) else tuple(base + suffix for base in bases)


def _like_input(item: Item, tag: str, image_suffix: str) -> Bases:
    name = item.key.removesuffix(IMAGE_ENDING)
    # Loaders of Cityscapes put another ending in this one's place, or look for what stands before it.
    image = f"{name}{tag}{item.key[len(name) :]}{image_suffix}"
    return image, {name: _mask_like_input(item, mask, tag, image) for name, mask in item.masks.items()}


def _mask_like_input(item: Item, mask: str, tag: str, image: str) -> str:
    """A mask's path without suffix, whose name stands to the new image's as it stood to the old image's."""
    folder, name = posixpath.split(nfc(mask))
    stem, old = posixpath.splitext(name)[0], posixpath.basename(item.key)
    old_name, new_name = posixpath.basename(nfc(item.image)), posixpath.basename(image)
    if stem.startswith(old_name):  # X.jpg.png
        stem = new_name + stem[len(old_name) :]
    else:
        base = next((name for name in (old, core(old)) if name and stem.startswith(name)), None)
        new = posixpath.splitext(new_name)[0]
        if base != old:
            new = new.removesuffix(IMAGE_ENDING)
        stem = stem + tag if base is None or not tag else new + stem[len(base) :]
    return posixpath.join(folder, stem)
