"""Reading a source: its files as bytes, decoded and held against each other."""

from __future__ import annotations

import hashlib
import os
import posixpath
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from augcli.codec import FORMATS, MAX_PIXELS, Header, decode_image, decode_mask, read_header
from augcli.errors import ImageError
from augcli.instances import PART, checked_part, joined, keys_of, name_of
from augcli.masks import MaskSpec, Rgb, prepared
from augcli.recipe import Recipe
from augcli.sample import Array, Image, Item, Mask, PixelFormat, Sample


@dataclass(frozen=True)
class Labels:
    """What moves with a picture, by key: a mask's name, for single parts of it with a number.

    `masks` are as they will be written, and `untouched` names those that are as they were read; `soft` are
    pictures (depth, mattes). `overlaps` counts, by mask, the pixels in which its parts lie over each other.
    """

    masks: Mapping[str, Mask]
    soft: Mapping[str, Image]
    untouched: frozenset[str]
    overlaps: Mapping[str, int]


@dataclass(frozen=True)
class Decoded:
    """A source in memory: its files as read, and what they hold. `data` and `stats` go by path."""

    item: Item
    data: Mapping[str, bytes]
    stats: Mapping[str, tuple[int, int]]
    header: Header
    image: Image
    labels: Labels
    format: PixelFormat
    specs: Mapping[str, MaskSpec]

    @property
    def masks(self) -> Mapping[str, Mask]:
        """The masks that hold labels, as they will be written."""
        return self.labels.masks

    @property
    def sample(self) -> Sample:
        """The pixels alone."""
        masks = {key: mask.values for key, mask in self.masks.items()}
        soft = {key: image.pixels for key, image in self.labels.soft.items()}
        return Sample(self.image.pixels, masks | soft, self.format, frozenset(soft))

    @property
    def fills(self) -> dict[str, int | Rgb]:
        """What a constant border shows in each mask."""
        filled = {key: self.specs.get(name_of(key)) for key in (*self.masks, *self.labels.soft)}
        return {key: spec.fill if spec else 0 for key, spec in filled.items()}

    @property
    def instances(self) -> frozenset[str]:
        """The keys of masks that tell objects apart."""
        kinds = {name: spec.kind for name, spec in self.specs.items()}
        return frozenset(key for key in self.masks if kinds.get(name_of(key)) == "instance")

    def path_of(self, key: str) -> str:
        """The file that an array was read from; of several that were joined, the first."""
        name, _, number = key.partition(PART)
        return self.item.files_of(name)[int(number or 1) - 1]

    @cached_property
    def sha256(self) -> dict[str, str]:
        """The digest of each file that was read, by path."""
        return {path: hashlib.sha256(data).hexdigest() for path, data in self.data.items()}


def read_source(
    root: Path, item: Item, specs: Mapping[str, MaskSpec], recipe: Recipe, max_pixels: int = MAX_PIXELS
) -> Decoded:
    """Read, decode and check a source; `specs` say what its masks are. Raises ImageError."""
    stats = {path: _stat(root / path, path) for path in item.files}
    data = {path: read_file(root / path, path) for path in item.files}
    header = read_header(data[item.image], where=item.image, max_pixels=max_pixels)
    check_name(item.image, header)
    image = decode_image(data[item.image], where=item.image, max_pixels=max_pixels)
    labels = read_labels(data, item, header, specs, recipe, max_pixels)
    meaning = pixel_format(image, recipe.input.image.range, item.image)
    return Decoded(item, data, stats, header, image, labels, meaning, specs)


def read_labels(
    data: Mapping[str, bytes],
    item: Item,
    header: Header,
    specs: Mapping[str, MaskSpec],
    recipe: Recipe,
    max_pixels: int = MAX_PIXELS,
) -> Labels:
    """Decode a source's masks and hold them against its image's header. Raises ImageError."""
    masks: dict[str, Mask] = {}
    soft: dict[str, Image] = {}
    untouched: set[str] = set()
    overlaps: dict[str, int] = {}
    for name, path in item.masks.items():
        spec = specs.get(name)
        if spec and spec.kind == "image":
            soft[name] = decode_image(data[path], where=path, max_pixels=max_pixels)
            check_size(header, _size_of(soft[name].pixels), item.image, path)
            continue
        read = {p: decode_mask(data[p], where=p, max_pixels=max_pixels) for p in item.files_of(name)}
        for one, mask in read.items():
            check_size(header, _size_of(mask.values), item.image, one)
        ready = [prepared(mask, spec, recipe.output.mask, p) if spec else mask for p, mask in read.items()]
        if name in item.parts:
            ready = [checked_part(mask, p) for mask, p in zip(ready, read, strict=True)]
        if name in item.parts and not recipe.input.is_apart(name):
            masks[name], overlaps[name] = joined(ready)
            continue
        keys = keys_of(name, item.parts.get(name, path))
        masks |= zip(keys, ready, strict=True)
        untouched |= {k for k, was, now in zip(keys, read.values(), ready, strict=True) if was is now}
    return Labels(masks, soft, frozenset(untouched), overlaps)


def pixel_format(image: Image, full_range: tuple[float, float] | None, where: str) -> PixelFormat:
    """What a picture's numbers mean. Raises ImageError for numbers outside the declared range."""
    whole = image.pixels.dtype.kind == "u"
    most = float(np.iinfo(image.pixels.dtype).max) if whole else 1.0
    if not whole and not np.isfinite(image.pixels).all():
        raise ImageError(
            "holds values that are no numbers (NaN or infinite)", where=where, mend="replace them"
        )
    low, high = full_range or (0.0, most)
    if whole and high > most:
        raise ImageError(f"has values up to {most:.0f}, the range goes to {high:g}", where=where, mend=_RANGE)
    if full_range and (image.pixels.min() < low or image.pixels.max() > high):
        found = f"{image.pixels.min():g} to {image.pixels.max():g}"
        raise ImageError(f"holds {found}, beyond the range {low:g} to {high:g}", where=where, mend=_RANGE)
    return PixelFormat(image.colors, image.alpha, low, high)


_RANGE = "change input: {image: {range: [LOW, HIGH]}}"


def read_file(path: Path, where: str) -> bytes:
    """A file's bytes. Raises ImageError, which calls it `where`."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise ImageError(f"cannot be read: {error.strerror or error}", where=where) from error


def _stat(path: Path, where: str) -> tuple[int, int]:
    try:
        found = os.stat(path)
    except OSError as error:
        raise ImageError(f"cannot be read: {error.strerror or error}", where=where) from error
    return found.st_size, found.st_mtime_ns


def check_name(path: str, header: Header) -> None:
    """A copy is written in its name's format, so the name has to tell the truth. Raises ImageError."""
    suffix = posixpath.splitext(path)[1].lower()
    if suffix not in SUFFIXES.get(header.format, (suffix,)):
        mend = f"rename it to end in {FORMATS.get(header.format, header.format)}"
        raise ImageError(f"a {header.format.upper()} file called {suffix}", where=path, mend=mend)


SUFFIXES = {
    "jpeg": (".jpg", ".jpeg"),
    "png": (".png",),
    "webp": (".webp",),
    "tiff": (".tif", ".tiff"),
    "bmp": (".bmp",),
    "jp2": (".jp2", ".j2k", ".jpx"),
    "gif": (".gif",),
}


def _size_of(values: Array) -> tuple[int, int]:
    height, width = values.shape[:2]
    return width, height


def check_size(header: Header, size: tuple[int, int], where: str, mask_path: str) -> None:
    """Raise ImageError where a mask's (width, height) is not that of its upright image."""
    width, height = size
    if (width, height) == header.upright_size:
        return
    across, down = header.upright_size
    shown = f"the image is {across}x{down}, its mask {mask_path} is {width}x{height}"
    if (width, height) == header.size:
        raise ImageError(
            f"{shown}: the mask fits only the unrotated image (EXIF orientation {header.orientation})",
            where=where,
            mend="turn the mask as the image is shown, or remove the orientation from the image",
        )
    raise ImageError(shown, where=where, mend="save both at one size")
