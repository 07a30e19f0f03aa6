"""Arrays as a decoded source: what `apply` is given, held against the recipe as `expand` holds files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from augcli.data import Array, Arrays, Coding, Colors, Image, Item, Mask
from augcli.errors import ImageError
from augcli.labels.mask_kinds import find_spec
from augcli.labels.masks import MaskSpec, look_at
from augcli.pipeline.load import Content, check_numbers, labels_of_page, pixel_format
from augcli.recipe import Recipe
from augcli.recipe.mask_options import SOLE

_DTYPES = (np.uint8, np.uint16, np.float32)
_CONVERT = "convert it first"


def picture_of(pixels: Array, colors: Colors | None, alpha: bool) -> Image:
    """A picture (H, W) or (H, W, C) of uint8, uint16 or float32 with what its channels are.

    Without `colors` the channels say it: 1 is grey, 3 RGB, 2 and 4 the same with alpha, more are bands.
    Raises ImageError for another dtype or shape, and for colours that the channels are not.
    """
    if pixels.dtype not in _DTYPES or pixels.ndim not in (2, 3) or not pixels.size:
        what = f"an image is uint8, uint16 or float32 (H, W) or (H, W, C), got {_shown(pixels)}"
        raise ImageError(what, hint=_CONVERT)
    shaped = np.ascontiguousarray(pixels[..., None] if pixels.ndim == 2 else pixels)
    channels = shaped.shape[2]
    if colors is None:
        colors = "grey" if channels < 3 else "rgb" if channels < 5 else "multi"
        alpha = alpha or channels in (2, 4)
    wanted = {"grey": 1, "rgb": 3, "multi": max(channels - alpha, 1)}.get(colors, 0) + alpha
    if channels != wanted:
        what = f"{channels} channels are not {colors}{' with alpha' if alpha else ''}"
        raise ImageError(what, hint="colors is grey, rgb or multi; alpha is one more channel behind them")
    return Image(shaped, "png", colors=colors, alpha=alpha)


def content(
    recipe: Recipe, fillers: Sequence[str], image: Image, masks: Mapping[str, Arrays], key: str
) -> Content:
    """A source of arrays as `expand` would have it from files; `fillers` are what writes a fill into masks.

    A mask's array is uint8 or uint16 (H, W), or uint8 (H, W, 3) for colours; of `kind: image` also float32
    and of any number of channels. Raises ImageError where the arrays do not fit each other or the recipe, and
    DatasetError where it is open what a mask is.
    """
    check_numbers(image.pixels, key)
    read = {name: _read(recipe, arrays, name, image, key) for name, arrays in masks.items()}
    first = {name: next(iter(files)) for name, files in read.items()}
    parts = {name: tuple(files) for name, files in read.items() if not isinstance(masks[name], np.ndarray)}
    item = Item(key, key, first, parts=parts)
    found = {name: _spec_of(recipe, fillers, name, files) for name, files in read.items()}
    specs = {name: spec for name, spec in found.items() if spec}
    labels = labels_of_page(read, item, specs, recipe)
    return Content(item, image, labels, pixel_format(image, recipe.input.image.range, key), specs)


def _read(recipe: Recipe, arrays: Arrays, name: str, image: Image, key: str) -> dict[str, Image | Mask]:
    """The arrays of a mask, (H, W) or (H, W, C), by what errors call them."""
    kind = recipe.input.mask_of(name).kind
    if isinstance(arrays, np.ndarray):
        return {name: _one(arrays, name, kind, image, key)}
    if kind != "instance" or not arrays:
        what = f"{len(arrays)} arrays for the mask {name}: only a mask of kind: instance may have several"
        raise ImageError(what, where=key, hint="give one array, or say the kind in the recipe")
    return {
        f"{name} {number}": _one(part, f"{name} {number}", kind, image, key)
        for number, part in enumerate(arrays, 1)
    }


def _one(array: Array, name: str, kind: str, image: Image, key: str) -> Image | Mask:
    """A mask's array, (H, W) or (H, W, C), of the size of its image. Raises ImageError."""
    one = _continuous(array, name) if kind == "image" else _labels(array)
    height, width = image.pixels.shape[:2]
    if array.shape[:2] != (height, width):
        called = "its mask" if name == SOLE else f"its mask {name}"
        what = f"the image is {width}x{height}, {called} is {array.shape[1]}x{array.shape[0]}"
        raise ImageError(what, where=key, hint="bring both to one size")
    return one


def _labels(mask: Array) -> Mask:
    """A mask of labels: uint8 or uint16 (H, W), or uint8 (H, W, 3) for colours. Raises ImageError."""
    is_rgb = mask.dtype == np.uint8 and mask.ndim == 3 and mask.shape[2] == 3
    if not is_rgb and (mask.dtype not in (np.uint8, np.uint16) or mask.ndim != 2):
        what = f"a mask is uint8 or uint16 (H, W), or uint8 (H, W, 3), got {_shown(mask)}"
        raise ImageError(what, hint=_CONVERT)
    mode = "RGB" if is_rgb else "L" if mask.dtype == np.uint8 else "I;16"
    return Mask(np.ascontiguousarray(mask), Coding(mode))


def _continuous(mask: Array, name: str) -> Image:
    """A mask that is interpolated: uint8, uint16 or float32, (H, W) or (H, W, C). Raises ImageError."""
    if mask.dtype not in _DTYPES or mask.ndim not in (2, 3) or not mask.size:
        what = "a mask of kind: image is uint8, uint16 or float32 (H, W) or (H, W, C)"
        raise ImageError(f"{what}, got {_shown(mask)}", hint=_CONVERT)
    check_numbers(mask, name)
    return Image(np.ascontiguousarray(mask[..., None] if mask.ndim == 2 else mask), "png")


def _spec_of(
    recipe: Recipe, fillers: Sequence[str], name: str, files: Mapping[str, Image | Mask]
) -> MaskSpec | None:
    """What a mask is; None where that is open and nothing depends on it."""
    options = recipe.input.mask_of(name)
    is_open = (options.kind, options.threshold, recipe.output.mask.foreground) == ("auto", None, None)
    if is_open and not (fillers or recipe.looks_at_labels):
        return None
    inspections = [look_at(mask, where, name) for where, mask in files.items() if isinstance(mask, Mask)]
    return find_spec(inspections, recipe.input, recipe.output.mask, fillers, name)


def _shown(array: Array) -> str:
    return f"{array.dtype} {array.shape}"
