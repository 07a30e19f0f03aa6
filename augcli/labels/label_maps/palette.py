"""Colours of labels: the palette of pixel maps, and the ids of panoptic segments."""

from __future__ import annotations

from functools import cache

import numpy as np

from augcli.data import Array
from augcli.labels.panoptic import ids_of_colors

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
    return int(ids_of_colors(colors_of(np.array([number])))[0])
