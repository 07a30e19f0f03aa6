"""The names of a copy's files in the layouts of images and masks; masks are without suffix.

Each function takes an item, the ending of its copy's names and the image's suffix, as `Format.copy_name`.
"""

from __future__ import annotations

import posixpath
from collections.abc import Sequence

from augcli.data import Item
from augcli.errors import DatasetError
from augcli.formats.names import SPLITS, split_word
from augcli.text import nfc

Paths = tuple[str, dict[str, str]]


def in_folders(item: Item, tag: str, image_suffix: str) -> Paths:
    """`images/a.jpg` and `masks/a`."""
    name = f"{posixpath.join(_place(item), posixpath.basename(item.key))}{tag}"
    masks = {m: f"{'masks' if m == 'mask' else m}/{name}" for m in item.masks}
    return f"images/{name}{image_suffix}", masks


def beside_images(item: Item, tag: str, image_suffix: str) -> Paths:
    """`a.jpg` and `a_mask`."""
    name = f"{item.key}{tag}"
    return name + image_suffix, {m: f"{name}_{m}" for m in item.masks}


def in_carvana_folders(item: Item, tag: str, image_suffix: str) -> Paths:
    """`train/a.jpg` and `train_masks/a_mask`."""
    split = item.split or "train"
    place = [part for part in _place(item).split("/") if part]
    own = next((part for part in place if SPLITS.get(split_word(part)) == item.split), None)
    if item.split and own:
        place.remove(own)
    name = "/".join([*place, posixpath.basename(item.key)]) + tag
    folders = {m: f"{split}_{'masks' if m == 'mask' else m}" for m in item.masks}
    masks = {m: f"{folder}/{name}_{m}" for m, folder in folders.items()}
    return f"{split}/{name}{image_suffix}", masks


def in_class_folders(item: Item, tag: str, image_suffix: str) -> Paths:
    """`cat/a.jpg`. Raises DatasetError for an item without a label."""
    if item.label is None:
        hint = "choose another output layout"
        raise DatasetError(f"output layout classes: the source {item.key} has no class folder", hint=hint)
    *folders, stem = item.key.split("/")
    label = nfc(item.label)
    below = folders[folders.index(label) + 1 :] if label in folders else []
    parts = [*([item.split] if item.split else []), label, *below, stem]
    return "/".join(parts) + tag + image_suffix, {}


def _place(item: Item) -> str:
    """The folder of an item below its image folder, the split kept: `train/a` of `train_images/a`.

    The image folder is what its path does not share with the mask's; an item without a mask has none.
    """
    image = item.key.split("/")[:-1]
    mask = next((nfc(path).split("/")[:-1] for path in item.masks.values()), image)
    tail = _shared(image[::-1], mask[::-1])
    head = _shared(image[: len(image) - tail], mask[: len(mask) - tail])
    own = (split_word(part) for part in image[head : len(image) - tail])
    split = next(([SPLITS[word]] for word in own if word), [])
    return "/".join([*image[:head], *split, *image[len(image) - tail :]])


def _shared(left: Sequence[str], right: Sequence[str]) -> int:
    """How many elements two sequences begin with in common."""
    pairs = enumerate(zip(left, right, strict=False))
    return next((at for at, (one, other) in pairs if one != other), min(len(left), len(right)))
