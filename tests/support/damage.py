"""Damaged bytes, and a good copy of a data set: what the planting of faults begins with."""

from __future__ import annotations

import io
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from augcli.commands.check.survey import Survey
from augcli.data import Item
from augcli.imageio import Header
from augcli.labels.mask_statistics import MasksSeen

FLIP: list[Any] = ["horizontal_flip"]
HTML = b"<!DOCTYPE html><html><body>404 Not Found</body></html>"
HUGE = 40_000  # pixels a side: 1,600,000,000 in all, within what each format can say
EIGHT_BITS = ("L", "RGB")


# --- bytes


def cut_short(data: bytes) -> bytes:
    return data[: len(data) * 2 // 3]


def with_bad_checksum(png: bytes) -> bytes:
    """One bit of the pixels is another."""
    damaged = bytearray(png)
    damaged[damaged.index(b"IDAT") + 5] ^= 1
    return bytes(damaged)


def huge_png(png: bytes) -> bytes:
    """Its header says 40,000 x 40,000."""
    head = b"IHDR" + 2 * HUGE.to_bytes(4, "big") + png[24:29]
    return png[:12] + head + zlib.crc32(head).to_bytes(4, "big") + png[33:]


def huge_jpeg(jpeg: bytes, width: int, height: int) -> bytes:
    """Its frame header (SOF0 to SOF2, ITU T.81 B.2.2; not that of a thumbnail) says 40,000 x 40,000."""
    size = height.to_bytes(2, "big") + width.to_bytes(2, "big")
    frame = re.search(rb"\xff[\xc0-\xc2]\x00[\x0b\x11]\x08" + re.escape(size), jpeg, re.DOTALL)
    assert frame
    return jpeg[: frame.end() - 4] + 2 * HUGE.to_bytes(2, "big") + jpeg[frame.end() :]


def saved(picture: Image.Image, kind: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def pil(data: bytes) -> Image.Image:
    picture = Image.open(io.BytesIO(data))
    picture.load()
    return picture


def like(values: np.ndarray, was: Image.Image) -> Image.Image:
    """A mask of these values, coded as it was."""
    picture = Image.fromarray(values)
    if was.mode == "P":
        picture.putpalette(was.getpalette() or [])
    return picture


# --- a copy of a set


@dataclass(frozen=True)
class Good:
    """A good copy of a set: what the recipe says of it, and what check saw there."""

    root: Path
    said: Mapping[str, Any]
    survey: Survey

    @property
    def items(self) -> tuple[Item, ...]:
        return self.survey.dataset.items

    @property
    def victim(self) -> Item:
        """The source that the fault is planted in."""
        return self.items[0]

    @property
    def image(self) -> str:
        return self.victim.image

    @property
    def header(self) -> Header:
        header = self.survey.seen[0].image
        assert header
        return header

    @cached_property
    def masks(self) -> MasksSeen | None:
        """The first masks of the set that hold labels."""
        return next((masks for masks in self.survey.masks if self.kind_of(masks) != "image"), None)

    @staticmethod
    def kind_of(masks: MasksSeen) -> str:
        return masks.spec.kind if masks.spec else "open"

    @property
    def kind(self) -> str:
        """What the masks are, "" where there are none."""
        return self.kind_of(self.masks) if self.masks else ""

    @property
    def mask(self) -> str:
        """The victim's mask, of several parts the first."""
        assert self.masks
        return self.victim.masks[self.masks.name]

    @property
    def mask_header(self) -> Header:
        return self.survey.seen[0].masks[self.mask]

    @property
    def parts(self) -> bool:
        return bool(self.victim.parts)

    @property
    def values(self) -> list[Any]:
        """The values of all masks but the ignored one; of instances those of the victim's."""
        assert self.masks
        if self.kind == "instance":
            return sorted(set(np.asarray(pil(self.read(self.mask))).flat))
        return [row.value for row in self.masks.classes if row.value != self.masks.said.ignore]

    @property
    def unused(self) -> int:
        """A value that no mask has."""
        return next(value for value in range(1, 255) if value not in self.values)

    @property
    def pages(self) -> bool:
        return any(item.pages for item in self.items)

    @property
    def is_auto(self) -> bool:
        """Whether the masks' kind is found by looking at them."""
        masks = self.masks
        return masks is not None and masks.said.kind == "auto" and masks.said.threshold is None

    @property
    def only_mask(self) -> int:
        """The exit code where the victim's mask cannot be used: without any other, its kind is open."""
        return 2 if self.is_auto and len(self.items) == 1 else 1

    def read(self, path: str) -> bytes:
        return (self.root / path).read_bytes()

    def of_format(self, kind: str) -> str | None:
        """The victim's first file of a format, the image or a mask."""
        headers = {self.image: self.header, **self.survey.seen[0].masks}
        return next((path for path, header in headers.items() if header.format == kind), None)

    @cached_property
    def name(self) -> str:
        """What all paths of the victim hold of its name: the longest part of the image's, if any."""
        stem = Path(self.image).stem
        ends = range(len(stem), 0, -1)
        parts = (stem[start : start + size] for size in ends for start in range(len(stem) - size + 1))
        without_suffix = [str(Path(path).with_suffix("")) for path in self.victim.files]
        shared = next((part for part in parts if all(part in path for path in without_suffix)), "")
        return shared.strip("_-. ")

    def twin(self, path: str) -> str:
        """What a file would be called that belongs to a second source of the same files."""
        return path.replace(self.name, f"{self.name}9")


@dataclass(frozen=True)
class Plan:
    """What is to be written (None: removed), what check must say then, and the exit code and recipe of it.

    `names` are files that it must name in any order.
    """

    says: str
    files: Mapping[str, bytes | None] = field(default_factory=dict)
    code: int = 1
    said: Mapping[str, Any] = field(default_factory=dict)
    transforms: list[Any] = field(default_factory=lambda: FLIP)
    links: Mapping[str, str] = field(default_factory=dict)
    names: tuple[str, ...] = ()
