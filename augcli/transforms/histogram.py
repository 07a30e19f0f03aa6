"""Steps that look at a picture's histogram: equalize, autocontrast, CLAHE. Each ends a warp."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt
from pydantic import BeforeValidator, Field, PlainSerializer, WithJsonSchema

from augcli.data import Array, PixelFormat
from augcli.errors import ImageError
from augcli.geometry import Frame
from augcli.transforms.base import fixed
from augcli.transforms.filters import Neighbourhood
from augcli.transforms.operations import Applied, Filter, cast
from augcli.transforms.parameters import Distribution, Number, mistake

Counts = npt.NDArray[np.int64]
Table = npt.NDArray[np.float64]  # the new level, 0 to N - 1, of each of N levels
Cutoff = Annotated[Distribution, Number(low=0.0, high=49.0)]
Limit = Annotated[Distribution, Number(low=1.0, high=100.0)]
FLOAT_LEVELS = 65536


class Equalize(Neighbourhood, family="tone"):
    """Spread the levels of each channel so that all are used alike."""

    source: ClassVar[str] = (
        "pillow: ImageOps.equalize, as torchvision and AutoAugment; cv2: equalizeHist, as albumentations; "
        "more than 256 levels by the same formula without whole division"
    )
    example: ClassVar[str] = "equalize: {p: 0.5}"

    definition: Literal["pillow", "cv2"] = Field(
        default="pillow", description="how the histogram becomes a table of levels"
    )

    def resolve(self, drawn: dict[str, Any], frame: Frame) -> list[Applied]:
        """Name the definition."""
        return [Applied(self.name, {"definition": self.definition})]

    @classmethod
    def operate(cls, params: dict[str, Any], frame: Frame) -> Filter:
        """Return the filter."""
        table = _EQUALIZED[params["definition"]]
        return Filter(cls.name, lambda pixels, meaning: by_histogram(pixels, meaning, table))


class Autocontrast(Neighbourhood, family="tone"):
    """Stretch each channel so that its darkest level is black and its lightest is full scale."""

    source: ClassVar[str] = "Pillow's ImageOps.autocontrast, as torchvision and AutoAugment with cutoff 0"
    example: ClassVar[str] = "autocontrast: {cutoff: [0, 5]}"

    cutoff: Cutoff = Field(
        default=fixed(0.0), description="per cent of the pixels that are left out at each end"
    )

    @classmethod
    def operate(cls, params: dict[str, Any], frame: Frame) -> Filter:
        """Return the filter."""
        cutoff = params["cutoff"]
        return Filter(
            cls.name,
            lambda pixels, meaning: by_histogram(pixels, meaning, lambda counts: stretched(counts, cutoff)),
        )


def by_histogram(pixels: Array, meaning: PixelFormat, table_of: Callable[[Counts], Table]) -> Array:
    """Map the levels of each channel of (H, W, C) by a table made from their counts.

    Whole pixels have the levels of their range, high - low + 1. Floats are counted, and come out, as the
    nearest of 65,536 levels.
    """
    mapped = [_mapped(pixels[..., c], meaning, table_of) for c in range(pixels.shape[-1])]
    return np.stack(mapped, axis=-1)


def _mapped(channel: Array, meaning: PixelFormat, table_of: Callable[[Counts], Table]) -> Array:
    if channel.dtype.kind == "f":
        places = _places(channel, meaning, FLOAT_LEVELS)
        counts = np.bincount(places.ravel(), minlength=FLOAT_LEVELS)
        return _values(table_of(counts), meaning, channel.dtype)[places]
    held = np.arange(np.iinfo(channel.dtype).max + 1)
    levels = int(meaning.high - meaning.low) + 1
    places, counts = _places(held, meaning, levels), np.zeros(levels, np.int64)
    np.add.at(counts, places, np.bincount(channel.ravel(), minlength=len(held)))
    return _values(table_of(counts), meaning, channel.dtype)[places][channel]


def _places(values: Array, meaning: PixelFormat, levels: int) -> npt.NDArray[np.intp]:
    """The level, 0 to N - 1, that is nearest to each value."""
    shares = (values.astype(np.float64) - meaning.low) / (meaning.high - meaning.low)
    return np.rint(np.clip(shares, 0, 1) * (levels - 1)).astype(np.intp)


def _values(table: Table, meaning: PixelFormat, dtype: npt.DTypeLike) -> Array:
    """A table of levels as values of the picture."""
    return cast(table / (len(table) - 1) * (meaning.high - meaning.low) + meaning.low, dtype)


def equalized_as_pillow(counts: Counts) -> Table:
    """The table of Pillow's equalize: the pixels below a level and half a step, in steps of equal numbers."""
    levels, used = len(counts), np.flatnonzero(counts)
    step = (int(counts.sum()) - int(counts[used[-1]])) / (levels - 1)
    whole = levels <= 256
    if len(used) < 2 or (whole and step < 1):
        return np.arange(levels, dtype=np.float64)
    step, half = (int(step), int(step) // 2) if whole else (step, step / 2)
    below = np.concatenate([[0], np.cumsum(counts)[:-1]])
    return np.minimum(np.floor((half + below) / step), levels - 1)


def equalized_as_cv2(counts: Counts) -> Table:
    """The table of OpenCV's equalizeHist: the darkest level becomes black, the lightest full scale."""
    levels, used = len(counts), np.flatnonzero(counts)
    if len(used) < 2:
        return np.arange(levels, dtype=np.float64)
    first = int(counts[used[0]])
    scale = (levels - 1) / (int(counts.sum()) - first)
    if levels <= 256:  # OpenCV's own precision decides its ties
        scale = float(np.float32(scale))
    return np.rint(np.maximum(np.cumsum(counts) - first, 0) * scale)


_EQUALIZED = {"pillow": equalized_as_pillow, "cv2": equalized_as_cv2}


def stretched(counts: Counts, cutoff: float) -> Table:
    """The table of Pillow's autocontrast: the levels left after `cutoff` per cent at each end, stretched."""
    levels, cut = len(counts), int(int(counts.sum()) * cutoff // 100)
    up, down = np.cumsum(counts), np.cumsum(counts[::-1])
    low, high = int(np.argmax(up > cut)), levels - 1 - int(np.argmax(down > cut))
    plain = np.arange(levels, dtype=np.float64)
    if high <= low:
        return plain
    scale = (levels - 1) / (high - low)
    return np.clip(np.trunc(plain * scale + -low * scale), 0, levels - 1)


def _tiles(value: Any) -> tuple[int, int]:
    """Read `8` or `8x4` (across x down)."""
    match = re.fullmatch(r"(\d+)(?:x(\d+))?", str(value)) if not isinstance(value, bool | tuple) else None
    across, down = value if isinstance(value, tuple) else (0, 0)
    if match:
        across, down = int(match[1]), int(match[2] or match[1])
    if not (1 <= across <= 64 and 1 <= down <= 64):
        raise mistake(f"expected 8 or 8x8 (tiles across x down, 1 to 64), got {value!r}")
    return across, down


Tiles = Annotated[
    tuple[int, int],
    BeforeValidator(_tiles),
    PlainSerializer(lambda tiles: f"{tiles[0]}x{tiles[1]}", return_type=str),
    WithJsonSchema(
        {"anyOf": [{"type": "integer", "minimum": 1}, {"type": "string", "pattern": r"^\d+x\d+$"}]}
    ),
]


class Clahe(Neighbourhood, family="tone"):
    """Equalize each part of the picture by itself, with a limit to the contrast (CLAHE)."""

    source: ClassVar[str] = (
        "Zuiderveld 1994 as OpenCV's createCLAHE; of RGB the lightness of Lab, as albumentations; "
        "bands one by one"
    )
    example: ClassVar[str] = "clahe: {clip_limit: [1, 4]}"

    clip_limit: Limit = Field(
        default=fixed(4.0), description="how often a level may occur in a tile, relative to the average"
    )
    tiles: Tiles = Field(default=(8, 8), description="parts of the picture: 8, or 8x8 across x down")

    def resolve(self, drawn: dict[str, Any], frame: Frame) -> list[Applied]:
        """Add the tiles to the drawn limit."""
        return [Applied(self.name, drawn | self.model_dump(mode="json", include={"tiles"}))]

    @classmethod
    def operate(cls, params: dict[str, Any], frame: Frame) -> Filter:
        """Return the filter."""
        limit, tiles = params["clip_limit"], _tiles(params["tiles"])
        return Filter(cls.name, lambda pixels, meaning: clahe(pixels, meaning, limit, tiles))


def clahe(pixels: Array, meaning: PixelFormat, limit: float, tiles: tuple[int, int]) -> Array:
    """Equalize (H, W, C) of uint8 or uint16 tile by tile, (across, down) of them.

    Pictures with all levels of 8 bits are equalized at 8 bits, others at 16. Raises ImageError for floats.
    """
    if pixels.dtype.kind != "u":
        what = "clahe takes pictures of 8 or 16 bits, not of floats"
        raise ImageError(what, hint="leave clahe out of the recipe")
    is_rgb = meaning.colors == "rgb"
    if pixels.dtype == np.uint8 and (meaning.low, meaning.high) == (0, 255):
        return _bytes_of_lab(pixels, limit, tiles) if is_rgb else _each(pixels, limit, tiles)
    span = meaning.high - meaning.low
    shares = np.clip((pixels.astype(np.float32) - np.float32(meaning.low)) / np.float32(span), 0, 1)
    equalized = _shares_of_lab(shares, limit, tiles) if is_rgb else _at_16_bits(shares, 1.0, limit, tiles)
    return cast(np.clip(equalized, 0, 1) * np.float32(span) + np.float32(meaning.low), pixels.dtype)


def _each(pixels: Array, limit: float, tiles: tuple[int, int]) -> Array:
    """OpenCV's CLAHE of each channel of (H, W, C)."""
    import cv2  # here, so that reading and checking a recipe does not load OpenCV

    equalizer = cv2.createCLAHE(clipLimit=limit, tileGridSize=tiles)
    channels = [equalizer.apply(np.ascontiguousarray(pixels[..., c])) for c in range(pixels.shape[-1])]
    return np.stack(channels, axis=-1)


def _at_16_bits(numbers: Array, full: float, limit: float, tiles: tuple[int, int]) -> Array:
    """CLAHE of floats (H, W, C) from 0 to `full`, by way of 65,536 levels."""
    levels = np.rint(numbers * np.float32(65535 / full)).astype(np.uint16)
    return _each(levels, limit, tiles).astype(np.float32) * np.float32(full / 65535)


def _bytes_of_lab(pixels: Array, limit: float, tiles: tuple[int, int]) -> Array:
    import cv2  # here, so that reading and checking a recipe does not load OpenCV

    lab = cv2.cvtColor(pixels, cv2.COLOR_RGB2LAB)
    lab[..., :1] = _each(lab[..., :1], limit, tiles)
    return np.asarray(cv2.cvtColor(lab, cv2.COLOR_LAB2RGB))


def _shares_of_lab(shares: Array, limit: float, tiles: tuple[int, int]) -> Array:
    import cv2  # here, so that reading and checking a recipe does not load OpenCV

    lab = cv2.cvtColor(shares, cv2.COLOR_RGB2LAB)
    lab[..., :1] = _at_16_bits(lab[..., :1], 100.0, limit, tiles)  # the lightness of Lab goes to 100
    return np.asarray(cv2.cvtColor(lab, cv2.COLOR_LAB2RGB))
