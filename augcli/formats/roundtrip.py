"""Whether an output, read as its input was, gives the pairs that were planned."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from augcli.data import Files, each
from augcli.errors import DatasetError
from augcli.formats import FORMATS
from augcli.formats.detect import read_names
from augcli.formats.pattern.naming import is_by_pattern, texts_of
from augcli.formats.pattern.pattern import Pattern, keys_of
from augcli.recipe.format_words import LIKE_INPUT

Pairs = Sequence[tuple[str, Mapping[str, Files]]]  # image, masks by name
Masks = Mapping[str, tuple[str, ...]]
_HINT = "rename the source or the variant, or set `output: {layout: folders}`"


def check_readable(reading: Mapping[str, Any], layout: str, pairs: Pairs) -> None:
    """Raise DatasetError where files of the planned names would be read as other pairs.

    `reading` are the `input:` keys by which the input is read, `layout` is the output's. There is something
    to check where copies are named after files of others' choice: with `like-input` and `suffix`. Several
    files of one mask stand beside their image for people only: no suffix reads them.
    """
    names = tuple(dict.fromkeys(name for _, masks in pairs for name in masks))
    if layout == "suffix":
        several = {name for _, masks in pairs for name, files in masks.items() if not isinstance(files, str)}
        for name in (name for name in names if name not in several):
            _check({"layout": "suffix", "suffix": f"_{name}"}, {"mask": name}, pairs)
    elif names and layout == LIKE_INPUT and _pairs_by_name(reading):
        _check(_keys_of_output(reading, names, pairs), {name: name for name in names}, pairs)


def _pairs_by_name(reading: Mapping[str, Any]) -> bool:
    return "layout" in reading and FORMATS[reading["layout"]].pairs_by_name and "pairs" not in reading


def _check(keys: Mapping[str, Any], called: Mapping[str, str], pairs: Pairs) -> None:
    """Hold what these keys read against the plan; `called` are the masks' names by those in the reading."""
    optional = [read for read, name in called.items() if any(name not in masks for _, masks in pairs)]
    files = (path for image, masks in pairs for path in (image, *_paths(masks.values())))
    try:
        items = read_names(files, **keys, optional=optional, several=tuple(called))
    except DatasetError as error:
        raise DatasetError(f"the output could not be read again: {error.what}", hint=_HINT) from error
    found = {item.image: {called[name]: item.files_of(name) for name in item.masks} for item in items}
    for image, masks in pairs:
        planned = {name: each(masks[name]) for name in called.values() if name in masks}
        if found.get(image, {}) != planned:
            what = f"would be read again with {_shown(found.get(image, {}))} instead of {_shown(planned)}"
            raise DatasetError(what, where=image, hint=_HINT)


def _shown(masks: Masks) -> str:
    return " and ".join(_paths(masks.values())) or "no mask"


def _paths(masks: Iterable[Files]) -> Iterator[str]:
    return (path for files in masks for path in each(files))


def _keys_of_output(reading: Mapping[str, Any], names: Sequence[str], pairs: Pairs) -> dict[str, Any]:
    """The reading's keys for the masks that there are, patterns with the suffixes that are written."""
    if is_by_pattern(reading):
        images, templates = texts_of(reading)
        return keys_of(
            _with_suffix(images, (image for image, _ in pairs)),
            {
                name: _with_suffix(text, _paths(masks[name] for _, masks in pairs if name in masks))
                for name, text in templates
                if name in names
            },
        )
    masks = reading.get("masks")
    if isinstance(masks, Mapping):
        return {**reading, "masks": {name: masks[name] for name in names}}
    return dict(reading)


def _with_suffix(text: str, paths: Iterable[str]) -> str:
    """A pattern for files that all have another suffix than it says."""
    suffixes = {posixpath.splitext(path)[1] for path in paths}
    return Pattern(text).with_suffix(suffixes.pop()).text if len(suffixes) == 1 else text
