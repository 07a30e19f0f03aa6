"""What of a data set did not pair up, in words."""

from __future__ import annotations

from augcli.formats.reading import count
from augcli.sample import Dataset


def orphans(dataset: Dataset) -> dict[str, tuple[str, ...]]:
    """The images and masks that stand alone, by the words for them: `2 images without a mask`."""
    images, masks = dataset.orphan_images, dataset.orphan_masks
    lonely = "that no annotation file names" if dataset.annotation_files else "without a mask"
    named = {
        f"{count(len(images), 'image')} {lonely}": images,
        f"{count(len(masks), 'mask')} without an image": masks,
    }
    return {words: names for words, names in named.items() if names}
