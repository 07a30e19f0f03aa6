"""Colours of labels: the palette of pixel maps, and the ids of panoptic segments."""

from __future__ import annotations

from functools import cache

import numpy as np

from augcli.sample import Array

_BITS = 8


def colors_of(numbers: Array) -> Array:
    """The colour (N, 3), uint8, of each label 0 to 2**24 - 1: PASCAL VOC's formula.

    Bits 0, 1 and 2 of the label are the highest bits of red, green and blue, bits 3, 4 and 5 the next ones,
    and so on. So neighbours look unlike each other, 0 is black, and no two labels share a colour.
    """
    rest = np.asarray(numbers, np.uint32)[:, None] >> np.arange(3, dtype=np.uint32)
    planes = [((rest >> 3 * bit) & 1) << (_BITS - 1 - bit) for bit in range(_BITS)]
    colors: Array = np.bitwise_or.reduce(planes).astype(np.uint8)
    return colors


@cache
def palette() -> bytes:
    """The 256 entries of the palette of 8-bit pixel maps, 768 bytes RGB."""
    return colors_of(np.arange(256)).tobytes()


def segment_id(number: int) -> int:
    """The panoptic id of a picture's segment of this number, from 1: its colour as R + 256 G + 65536 B."""
    return int(packed_ids(colors_of(np.array([number])))[0])


def packed_ids(colors: Array) -> Array:
    """The ids (...), uint32, of the colours (..., 3), uint8, of a panoptic PNG."""
    wide = colors.astype(np.uint32)
    packed: Array = wide[..., 0] | wide[..., 1] << 8 | wide[..., 2] << 16
    return packed


def unpacked_ids(ids: Array) -> Array:
    """The colours (..., 3), uint8, of ids (...) as a panoptic PNG has them."""
    return np.stack([ids & 255, ids >> 8 & 255, ids >> 16 & 255], axis=-1).astype(np.uint8)
