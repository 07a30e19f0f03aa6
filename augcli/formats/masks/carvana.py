"""The layout `carvana`: `train/X.jpg` with `train_masks/X_mask.gif`; also for val and test."""

from __future__ import annotations

from dataclasses import replace

from augcli.formats.base import DetectedLayout, Format, outside, words_of
from augcli.formats.masks import folders
from augcli.formats.masks.output_names import in_carvana_folders
from augcli.formats.names import SPLITS
from augcli.formats.tree import Tree
from augcli.text import count

SUFFIX = "_mask"


def find(tree: Tree) -> list[DetectedLayout]:
    """The reading, if there is a folder of a split's name with a sibling `<split>_masks` that fits exactly.

    It fits exactly where every mask is called `<something>_mask` and at least one image has its mask.
    """
    splits = [name for name in tree.children[""] if name in SPLITS and f"{name}_masks" in tree.children]
    masks = [file for name in splits for file in tree.below(f"{name}_masks")]
    if not all(file.key.endswith(SUFFIX) for file in masks):
        return []
    names = (splits[0], f"{splits[0]}_masks") if len(splits) == 1 else ("{split}", "{split}_masks")
    return [_renamed(tree, reading) for reading in folders.find(tree, *names, SUFFIX)] if splits else []


def _renamed(tree: Tree, reading: DetectedLayout) -> DetectedLayout:
    """The reading under this layout's name, with the images in other folders (test/ without masks)."""
    reason = f"train/X with train_masks/X_mask, as in the Carvana set; {count(len(reading.items), 'pair')}"
    known = {path for item in reading.items for path in (item.image, *item.masks.values())}
    known.update(reading.orphan_images, reading.orphan_masks)
    skipped = (*reading.skipped, *outside(file for file in tree.files if file.path not in known))
    return replace(reading, keys={"layout": "carvana"}, reason=reason, skipped=skipped)


FORMAT = Format(
    words_of("carvana"),
    title="folders as in Carvana's set",
    labels="masks, as in mask folders",
    page="folders",
    find=lambda tree, options: find(tree),
    nothing="there is no train/X.jpg with train_masks/X_mask.gif",
    hint="for other folders or names use input: {layout: folders, images: DIR, masks: DIR}",
    pairs_by_name=True,
    copy_name=in_carvana_folders,
    splits_in_folders=True,
)
