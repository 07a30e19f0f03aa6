"""COCO's run lengths: counts of pixels down the columns, the first of them of what is not the object.

Definitions and the compressed form: pycocotools' `mask.py` and `maskApi.c`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from augcli.data import Array
from augcli.text import shown

Runs = npt.NDArray[np.int64]
Rle = dict[str, Any]  # pycocotools' own: `size` [height, width], compressed `counts` as bytes
FIRST, MORE, SIGN = 48, 0x20, 0x10  # of a character of compressed counts, five bits of a number each
MOST_DIGITS = 8


def runs_of(counts: object) -> Runs:
    """The run lengths that counts say: a list of whole numbers, or pycocotools' compressed text.

    Raises ValueError with what is wrong with them, as it follows "its RLE counts".
    """
    if isinstance(counts, str | bytes):
        return _decompressed(counts.encode() if isinstance(counts, str) else counts)
    if not isinstance(counts, list):
        raise ValueError(f"are {shown(counts)}, and neither a list nor text")
    for count in counts:
        if type(count) is not int or count < 0:
            raise ValueError(f"hold {shown(count)}, which is no number of pixels")
        if count >= 2**32:
            raise ValueError("hold a number that is too long")
    return np.array(counts, np.int64)


def _decompressed(text: bytes) -> Runs:
    digits = np.frombuffer(text, np.uint8).astype(np.int64) - FIRST
    if ((digits < 0) | (digits > 63)).any():
        raise ValueError("hold a character that compressed counts do not have")
    last = np.flatnonzero(digits & MORE == 0)
    first = np.concatenate([[0], last + 1])
    if first[-1] != len(digits):
        raise ValueError("end within a number")
    sizes = np.diff(first)
    if sizes.max(initial=0) > MOST_DIGITS:
        raise ValueError("hold a number that is too long")
    places = np.arange(len(digits)) - np.repeat(first[:-1], sizes)
    numbers = np.zeros(len(last), np.int64)
    np.add.at(numbers, np.repeat(np.arange(len(last)), sizes), (digits & 31) << (5 * places))
    numbers -= np.where(digits[last] & SIGN, np.int64(1) << (5 * sizes), 0)
    for parity in (1, 2):  # all but the first three are told by their difference from the last but one
        numbers[parity::2] = np.cumsum(numbers[parity::2])
    if (numbers < 0).any():
        raise ValueError(f"hold {numbers.min()}, which is no number of pixels")
    return numbers


def mask_of(segmentation: Mapping[str, Any]) -> Array:
    """The pixels (H, W) of an RLE, uint8, 1 where the object is. The counts have to be sound."""
    from pycocotools import mask as coco  # here, so that a command that reads no RLE does not load it

    height, width = segmentation["size"]
    if isinstance(segmentation["counts"], list):
        return np.asarray(coco.decode(coco.frPyObjects(dict(segmentation), height, width)))
    return np.asarray(coco.decode(dict(segmentation)))


def coded(mask: Array, counts: object = "") -> Rle:
    """The segmentation of pixels (H, W): counts as a list where `counts` is one, else compressed text."""
    if isinstance(counts, list):
        return {"size": list(mask.shape), "counts": _runs(mask)}
    rle = encoded(mask)
    return {"size": rle["size"], "counts": rle["counts"].decode("ascii")}


def encoded(mask: Array) -> Rle:
    """Pixels (H, W), uint8, as pycocotools' RLE."""
    from pycocotools import mask as coco  # as above

    rle: Rle = coco.encode(np.asfortranarray(mask))
    return rle


def _runs(mask: Array) -> list[int]:
    flat = mask.ravel(order="F") != 0
    changes = np.flatnonzero(flat[1:] != flat[:-1]) + 1
    edges = [0] * bool(flat.size and flat[0]) + [0, *changes.tolist(), flat.size]
    return [int(count) for count in np.diff(edges)]


def drawn(parts: Sequence[Sequence[float]], width: int, height: int) -> Rle:
    """The pixels of a polygon's parts together, by pycocotools' own rule, as its RLE."""
    from pycocotools import mask as coco  # as above

    each = coco.frPyObjects(list(parts), height, width)
    rle: Rle = each[0] if len(each) == 1 else coco.merge(each)
    return rle


def area_of(rle: Rle) -> float:
    """How many pixels an RLE has."""
    from pycocotools import mask as coco  # as above

    return float(coco.area(rle))


def box_of(rle: Rle) -> list[float]:
    """The tight box of an RLE: [x, y, width, height]; all 0 where it is empty."""
    from pycocotools import mask as coco  # as above

    return [float(value) for value in coco.toBbox(rle)]
