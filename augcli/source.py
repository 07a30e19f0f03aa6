"""Reading a source: its files as bytes, decoded and held against each other."""

from __future__ import annotations

import hashlib
import os
import posixpath
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from augcli.codec import FORMATS, MAX_PIXELS, Header, decode_image, decode_mask, read_header
from augcli.errors import ImageError
from augcli.masks import MaskSpec, prepared
from augcli.recipe.options import MaskOutput
from augcli.sample import Image, Item, Mask, Sample


@dataclass(frozen=True)
class Decoded:
    """A source in memory: its files as read, and what they hold. `data` and `stats` go by path.

    `masks` are as they will be written; `untouched` names those that are as they were read.
    """

    item: Item
    data: Mapping[str, bytes]
    stats: Mapping[str, tuple[int, int]]
    header: Header
    image: Image
    masks: Mapping[str, Mask]
    untouched: frozenset[str]

    @property
    def sample(self) -> Sample:
        """The pixels alone."""
        return Sample(self.image.pixels, {name: mask.values for name, mask in self.masks.items()})

    @cached_property
    def sha256(self) -> dict[str, str]:
        """The digest of each file that was read, by path."""
        return {path: hashlib.sha256(data).hexdigest() for path, data in self.data.items()}


def read_source(
    root: Path, item: Item, spec: MaskSpec | None, output: MaskOutput, max_pixels: int = MAX_PIXELS
) -> Decoded:
    """Read, decode and check a source. Raises ImageError."""
    paths = [item.image, *item.masks.values()]
    stats = {path: _stat(root / path, path) for path in paths}
    data = {path: read_file(root / path, path) for path in paths}
    header = read_header(data[item.image], where=item.image, max_pixels=max_pixels)
    check_name(item.image, header)
    image = decode_image(data[item.image], where=item.image, max_pixels=max_pixels)
    masks, untouched = {}, set()
    for name, path in item.masks.items():
        read = decode_mask(data[path], where=path, max_pixels=max_pixels)
        check_size(header, _size_of(read), item.image, path)
        masks[name] = prepared(read, spec, output, path) if spec else read
        if masks[name] is read:
            untouched.add(name)
    return Decoded(item, data, stats, header, image, masks, frozenset(untouched))


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
}


def _size_of(mask: Mask) -> tuple[int, int]:
    height, width = mask.values.shape[:2]
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
