"""Pixel maps as PNG: values with our palette, of 16 bits, or ids as colours."""

from __future__ import annotations

import numpy as np

from augcli.data import Array, Coding
from augcli.errors import ImageError
from augcli.imageio import decode_mask, encode_mask
from augcli.labels.label_maps.draw import Kind
from augcli.labels.label_maps.palette import palette
from augcli.labels.panoptic import colors_of_ids, ids_of_colors


def encode_map(values: Array, kind: Kind, *, deep: bool) -> bytes:
    """A PNG of a map (H, W): panoptic ids as RGB, else grey of 16 bits if `deep`, else palette indices."""
    if kind == "panoptic":
        return encode_mask(colors_of_ids(values), Coding("RGB"))
    return encode_mask(values, Coding("I;16") if deep else Coding("P", palette()))


def decode_map(data: bytes, kind: Kind, *, where: str, max_pixels: int) -> Array:
    """The values (H, W) of a PNG: panoptic ids, uint32, else palette indices or grey values.

    Raises ImageError for a file that is not of this kind, and for what `decode_mask` refuses.
    """
    values = decode_mask(data, where=where, max_pixels=max_pixels).values
    if kind == "panoptic":
        if values.ndim == 2:
            raise ImageError(
                "has no ids: they are colours, R + 256 G + 65536 B", where=where, hint="save it as RGB"
            )
        return ids_of_colors(values)
    if values.ndim == 3:
        what = "has colours, where a map has one value a pixel"
        raise ImageError(what, where=where, hint="save it as a palette or grey PNG")
    return np.asarray(values)
