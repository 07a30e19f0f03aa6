"""Reading a source: its files as bytes, decoded and held against each other."""

from __future__ import annotations

import hashlib
import os
import posixpath
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TypeVar

import numpy as np

from augcli.data import PART, Array, Image, Item, Mask, PixelFormat, Sample, keys_of, name_of
from augcli.errors import ImageError
from augcli.imageio import (
    FORMATS,
    MAX_PIXELS,
    Header,
    decode_image,
    decode_mask,
    decode_mask_page,
    decode_mask_pages,
    decode_page,
    decode_pages,
    read_header,
)
from augcli.labels.instances import checked_part, joined
from augcli.labels.masks import MaskSpec, prepared
from augcli.labels.rasterize import PaintedMasks
from augcli.recipe import Recipe


@dataclass(frozen=True)
class LoadedLabels:
    """What moves with a picture, by key: a mask's name, for single parts of it with a number.

    `masks` are as they will be written, and `untouched` names those that are as they were read; `soft` are
    pictures (depth, mattes). `overlaps` counts, by mask, the pixels in which its parts lie over each other.
    """

    masks: Mapping[str, Mask]
    soft: Mapping[str, Image]
    untouched: frozenset[str]
    overlaps: Mapping[str, int]


_Page = TypeVar("_Page", Image, Mask)
_NO_LABELS = LoadedLabels({}, {}, frozenset(), {})


@dataclass(frozen=True)
class Content:
    """What a source holds: a picture with its labels, and what their values mean."""

    item: Item
    image: Image
    labels: LoadedLabels
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
    def spec_of(self) -> dict[str, MaskSpec]:
        """What each mask, or single part of one, is; soft ones included."""
        keys = (*self.masks, *self.labels.soft)
        return {key: self.specs.get(name_of(key)) or MaskSpec("index") for key in keys}

    @property
    def marked(self) -> PaintedMasks:
        """The masks that hold labels, and what steps write into each."""
        arrays = {key: mask.values for key, mask in self.masks.items()}
        return PaintedMasks(arrays, {key: self.spec_of[key].marks for key in arrays})

    @property
    def instances(self) -> frozenset[str]:
        """The keys of masks that tell objects apart."""
        return frozenset(key for key, spec in self.spec_of.items() if spec.kind == "instance")


@dataclass(frozen=True)
class Decoded(Content):
    """A source in memory: what it holds, and its files as read. `data` and `stats` go by path.

    Of a stack this is the first page, and `further` are those behind it, with the masks that are stacks.
    """

    data: Mapping[str, bytes]
    stats: Mapping[str, tuple[int, int]]
    header: Header
    further: tuple[Decoded, ...] = ()

    @property
    def pages(self) -> tuple[Decoded, ...]:
        """All its pages: one, or those of a stack."""
        return (self, *self.further)

    def path_of(self, key: str) -> str:
        """The file that an array was read from; of several that were joined, the first."""
        name, _, number = key.partition(PART)
        return self.item.files_of(name)[int(number or 1) - 1]

    def is_page_of(self, key: str) -> bool:
        """Whether an array is one page of a file that has several."""
        return self.item.page > 0 and self.path_of(key) in self.item.pages

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
    return decoded(data, stats, item, specs, recipe, max_pixels)


def decoded(
    data: Mapping[str, bytes],
    stats: Mapping[str, tuple[int, int]],
    item: Item,
    specs: Mapping[str, MaskSpec],
    recipe: Recipe,
    max_pixels: int = MAX_PIXELS,
) -> Decoded:
    """Decode and check a source's files, given by their paths as the item names them. Raises ImageError."""
    header = read_header(data[item.image], where=item.image, max_pixels=max_pixels)
    check_name(item.image, header)
    check_pages(item, header, recipe)
    images = image_pages(data, item, item.image, max_pixels)
    labels = read_labels(data, item, header, specs, recipe, max_pixels)
    labels += [_NO_LABELS] * (len(images) - len(labels))
    meanings = [pixel_format(image, recipe.input.image.range, item.image) for image in images]
    first, *further = (
        Decoded(item, *page, specs, data, stats, header)
        for page in zip(images, labels, meanings, strict=True)
    )
    return replace(first, further=tuple(further))


def read_labels(
    data: Mapping[str, bytes],
    item: Item,
    header: Header,
    specs: Mapping[str, MaskSpec],
    recipe: Recipe,
    max_pixels: int = MAX_PIXELS,
) -> list[LoadedLabels]:
    """Decode a source's masks and hold them against its image's header. Raises ImageError.

    Of a stack one for each page; those behind the first have no part of the masks of one page.
    """
    read: dict[str, dict[str, Sequence[Image | Mask]]] = {}
    for name in item.masks:
        is_soft = name in specs and specs[name].kind == "image"
        decode = image_pages if is_soft else mask_pages
        read[name] = {path: decode(data, item, path, max_pixels) for path in item.files_of(name)}
        for path, pages in read[name].items():
            check_size(header, _size_of(pages[0]), item.image, path)
    counts = {name: max(map(len, files.values())) for name, files in read.items()}
    return [
        labels_of_page(
            {n: _page_of(files, number) for n, files in read.items() if number < counts[n]},
            item,
            specs,
            recipe,
        )
        for number in range(max(counts.values(), default=1))
    ]


def _page_of(files: Mapping[str, Sequence[Image | Mask]], number: int) -> dict[str, Image | Mask]:
    """One page of each file of a mask; a single instance of one page is on every page of the others."""
    return {path: pages[min(number, len(pages) - 1)] for path, pages in files.items()}


def labels_of_page(
    read: Mapping[str, Mapping[str, Image | Mask]], item: Item, specs: Mapping[str, MaskSpec], recipe: Recipe
) -> LoadedLabels:
    """The labels of one page: decoded files by mask and path. Raises ImageError."""
    masks: dict[str, Mask] = {}
    soft: dict[str, Image] = {}
    untouched: set[str] = set()
    overlaps: dict[str, int] = {}
    for name, files in read.items():
        first = files[item.masks[name]]
        if isinstance(first, Image):
            soft[name] = first
            continue
        labels = {path: one for path, one in files.items() if isinstance(one, Mask)}
        spec = specs.get(name)
        ready = [prepared(mask, spec, recipe.output.mask, p) if spec else mask for p, mask in labels.items()]
        if len(ready) > 1 or recipe.input.is_apart(name):
            ready = [checked_part(mask, p) for mask, p in zip(ready, labels, strict=True)]
        if name in item.parts and not recipe.input.is_apart(name):
            masks[name], overlaps[name] = joined(ready)
        else:
            keys = keys_of(name, item.parts.get(name, item.masks[name]))
            masks |= zip(keys, ready, strict=True)
            same = zip(keys, ready, labels.values(), strict=True)
            untouched |= {key for key, now, was in same if now is was}
    return LoadedLabels(masks, soft, frozenset(untouched), overlaps)


def image_pages(data: Mapping[str, bytes], item: Item, path: str, max_pixels: int) -> list[Image]:
    """What of a picture file belongs to a source: one page, or all pages of a stack. Raises ImageError."""
    images = _decoded_pages(data, item, path, max_pixels)
    for image in images:
        check_numbers(image.pixels, path)
    return images


def _decoded_pages(data: Mapping[str, bytes], item: Item, path: str, max_pixels: int) -> list[Image]:
    if path not in item.pages:
        return [decode_image(data[path], where=path, max_pixels=max_pixels)]
    if item.page:
        return [decode_page(data[path], item.page, where=path, max_pixels=max_pixels)]
    return _as_counted(decode_pages(data[path], where=path, max_pixels=max_pixels), item, path)


def mask_pages(data: Mapping[str, bytes], item: Item, path: str, max_pixels: int) -> list[Mask]:
    """What of a mask file belongs to a source: one page, or all pages of a stack. Raises ImageError."""
    if path not in item.pages:
        return [decode_mask(data[path], where=path, max_pixels=max_pixels)]
    if item.page:
        return [decode_mask_page(data[path], item.page, where=path, max_pixels=max_pixels)]
    return _as_counted(decode_mask_pages(data[path], where=path, max_pixels=max_pixels), item, path)


def _as_counted(pages: list[_Page], item: Item, path: str) -> list[_Page]:
    """The pages of a stack. Raises ImageError where they are not as many as when the run was planned."""
    if len(pages) == item.pages[path]:
        return pages
    what = f"has {len(pages)} pages, and had {item.pages[path]} when the run began"
    raise ImageError(what, where=path, hint="run again when the file is no longer being changed")


def whole_mask(data: bytes, item: Item, path: str, max_pixels: int) -> Mask:
    """The same as one mask, pages below each other: for looking at its values. Raises ImageError."""
    first, *others = mask_pages({path: data}, item, path, max_pixels)
    return replace(first, values=np.concatenate([page.values for page in (first, *others)]))


def pixel_format(image: Image, full_range: tuple[float, float] | None, where: str) -> PixelFormat:
    """What a picture's numbers mean. Raises ImageError for numbers outside the declared range."""
    whole = image.pixels.dtype.kind == "u"
    most = float(np.iinfo(image.pixels.dtype).max) if whole else 1.0
    low, high = full_range or (0.0, most)
    if whole and high > most:
        raise ImageError(f"has values up to {most:.0f}, the range goes to {high:g}", where=where, hint=_RANGE)
    if full_range and (image.pixels.min() < low or image.pixels.max() > high):
        found = f"{image.pixels.min():g} to {image.pixels.max():g}"
        raise ImageError(f"holds {found}, beyond the range {low:g} to {high:g}", where=where, hint=_RANGE)
    return PixelFormat(image.colors, image.alpha, low, high)


_RANGE = "change input: {image: {range: [LOW, HIGH]}}"


def check_numbers(pixels: Array, where: str) -> None:
    """Raise ImageError where float pixels (H, W, C) hold NaN or infinity: sampling would spread them."""
    if pixels.dtype.kind != "f" or np.isfinite(pixels).all():
        return
    strange = int(np.count_nonzero(~np.isfinite(pixels)))
    what = f"holds values that are no numbers (NaN or infinite), {strange} of {pixels.size}"
    raise ImageError(what, where=where, hint="replace them")


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
        hint = f"rename it to end in {FORMATS.get(header.format, header.format)}"
        raise ImageError(f"a {header.format.upper()} file called {suffix}", where=path, hint=hint)


SUFFIXES = {
    "jpeg": (".jpg", ".jpeg"),
    "png": (".png",),
    "webp": (".webp",),
    "tiff": (".tif", ".tiff"),
    "bmp": (".bmp",),
    "jp2": (".jp2", ".j2k", ".jpx"),
    "gif": (".gif",),
}


def check_pages(item: Item, header: Header, recipe: Recipe) -> None:
    """Raise ImageError where masks have other numbers of pages, or where a stack cannot be written."""
    count = item.pages.get(item.image, 1)
    for path in item.files[1:]:
        pages = item.pages.get(path, 1)
        if pages not in (1, count):
            what = f"the image has {count} page{'s' if count > 1 else ''}, its mask {path} has {pages}"
            hint = "save the mask with one page, or with as many as the image has"
            raise ImageError(what, where=item.image, hint=hint)
    wanted = recipe.output.image.format
    written = header.format if wanted == "same" else wanted
    deep = header.dtype != "uint8"
    if not item.is_stack() or written == "tiff" or (written == "png" and not deep):
        return
    depth = " with more than 8 bits" if deep else ""
    what = f"a stack of {count} pages{depth} cannot be written as {written.upper()}"
    hint = "set `output: {image: {format: tiff}}` or `input: {pages: each}`"
    raise ImageError(what, where=item.image, hint=hint)


def _size_of(one: Image | Mask) -> tuple[int, int]:
    height, width = (one.pixels if isinstance(one, Image) else one.values).shape[:2]
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
            hint="turn the mask as the image is shown, or remove the orientation from the image",
        )
    raise ImageError(shown, where=where, hint="save both at one size")
