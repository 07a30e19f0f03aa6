"""The names of a copy's files where patterns read the data set: the same patterns read them again."""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Iterator, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from augcli.data import Files, Item
from augcli.errors import DatasetError
from augcli.formats.pattern.pattern import SPLIT, Pattern

Bound = Mapping[str, str]


class _Names(NamedTuple):
    """What a pattern finds in a path: what its placeholders and folders stand for, and each `*`."""

    bound: Bound
    stars: tuple[str, ...]


@lru_cache
def patterns_of(images: str, masks: tuple[tuple[str, str], ...]) -> tuple[Pattern, Mapping[str, Pattern]]:
    """The patterns of a reading, made once."""
    return Pattern(images), {name: Pattern(text) for name, text in masks}


def is_by_pattern(reading: Mapping[str, Any]) -> bool:
    """Whether a reading's keys say patterns (and no CSV file)."""
    return reading.get("layout") == "pattern" and "images" in reading


def texts_of(reading: Mapping[str, Any]) -> tuple[str, tuple[tuple[str, str], ...]]:
    """The patterns of a reading's keys as texts: of the images, and of each mask by its name."""
    masks = reading.get("masks", {})
    return reading["images"], tuple({"mask": masks}.items() if isinstance(masks, str) else masks.items())


def by_pattern(
    item: Item, tag: str, image_suffix: str, reading: Mapping[str, Any], apart: Collection[str]
) -> tuple[str, dict[str, Files]]:
    """The image's path, and those of its masks without their suffixes; `tag` is what a copy's name adds.

    The tag goes to the end of the last placeholder of the image's file name that all masks use, too; where
    there is none, to that of a folder, then to what `**` stands for. Parts that become one mask are named
    after the image. Raises DatasetError where no place lets the pattern read the copy with its masks.
    """
    images, masks = patterns_of(*texts_of(reading))
    found = images.bind(item.image) or {}
    before = _Names(found, images.stars(item.image, found) or ())
    image, bound = _image(item, before, tag, image_suffix, images, masks)
    stem = posixpath.splitext(posixpath.basename(image))[0]
    bases: dict[str, Files] = {}
    for name in item.masks:
        joined = stem if name in item.parts and name not in apart else ""
        files = item.files_of(name)[:1] if joined else item.files_of(name)
        paths = tuple(_mask(masks[name], file, before.bound, bound, joined) for file in files)
        bases[name] = paths if name in item.parts and not joined else paths[0]
    return image, bases


def _mask(pattern: Pattern, file: str, before: Bound, after: Bound, joined: str) -> str:
    """A mask's path without suffix; of one that is `joined`, its last `*` stands for that name."""
    stars = list(pattern.stars(file, before) or ()) if pattern.is_open else []
    if joined:
        is_last = pattern.tokens[-1][0] == "any"
        stars[-1] = joined + posixpath.splitext(file)[1] * is_last
    return posixpath.splitext(pattern.filled(after, stars))[0]


def _image(
    item: Item, before: _Names, tag: str, suffix: str, images: Pattern, masks: Mapping[str, Pattern]
) -> tuple[str, Bound]:
    """The new path of the image, and what the pattern finds in it."""
    written = images.with_suffix(suffix)
    last = images.tokens[-1][1]  # what it stands for may end in the suffix
    for names in _tagged(before, tag, images, masks):
        image = posixpath.splitext(images.filled(*names))[0] + suffix
        found = written.bind(image)
        if found is not None and all(
            found[name] == text for name, text in names.bound.items() if name != last
        ):
            return image, found
    lost = f"{images.text} does not read{' with its masks' if masks else ''}"
    what = f"a copy of it would get a name that {lost}"
    hint = "use one placeholder in images and in all masks, or set `output: {layout: folders}`"
    raise DatasetError(what, where=item.image, hint=hint)


def _tagged(before: _Names, tag: str, images: Pattern, masks: Mapping[str, Pattern]) -> Iterator[_Names]:
    """What the new name may say, the best first."""
    if not tag:
        yield before
        return
    bound, stars = before
    for place in _places(images.text, tuple(pattern.text for pattern in masks.values())):
        if place.kind == "any":
            number = int(place.name)
            yield _Names(bound, (*stars[:number], place.tagged(stars[number], tag), *stars[number + 1 :]))
        else:
            yield _Names({**bound, place.name: place.tagged(bound[place.name], tag)}, stars)


class _Place(NamedTuple):
    """A token that may take a tag: its kind, its name (of a `*` its number), and whether the path ends so."""

    kind: str
    name: str
    is_last: bool

    def tagged(self, text: str, tag: str) -> str:
        """What it stands for, with the tag: before the `/` of folders, before a suffix."""
        if self.kind == "folders":
            return f"{text[:-1]}{tag}/"
        stem, suffix = posixpath.splitext(text) if self.is_last else (text, "")
        return stem + tag + suffix


@lru_cache
def _places(images: str, masks: tuple[str, ...]) -> tuple[_Place, ...]:
    """Where a tag may stand in the images' pattern, the best first: all masks' patterns have it, too."""
    tokens, targets = Pattern(images).tokens, [Pattern(text) for text in masks]
    found, stars = list[tuple[tuple[bool, bool, bool, int], _Place]](), 0
    above = [at for at, (kind, text) in enumerate(tokens) if kind == "folders" or "/" in text]
    for at, (kind, value) in enumerate(tokens):
        name = str(stars) if kind == "any" else value
        stars += kind == "any"
        if kind != "text" and value != SPLIT and all(name in target.names for target in targets):
            rank = (at <= max(above, default=-1), kind == "folders", kind == "any", -at)
            found.append((rank, _Place(kind, name, at == len(tokens) - 1)))
    return tuple(place for _, place in sorted(found))
