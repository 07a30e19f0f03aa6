"""What of a data set did not pair up, in words."""

from __future__ import annotations

from augcli.data import Dataset
from augcli.text import count


def missing_images(dataset: Dataset) -> list[str]:
    """The images that annotation files name and that cannot be used, each once."""
    heads = dataset.annotation_files.values()
    return list(dict.fromkeys(one.image for head in heads for one in head.missing))


def missing_words(dataset: Dataset) -> str:
    """How many images are missing, and annotations with them: `2 images missing, with 5 annotations`."""
    heads = dataset.annotation_files.values()
    lost = sum(one.annotations for head in heads for one in head.missing)
    images = count(len(missing_images(dataset)), "image")
    return f"{images} missing, with {count(lost, 'annotation') if lost else 'no annotations'}"


def orphans(dataset: Dataset) -> dict[str, tuple[str, ...]]:
    """The images and masks that stand alone, by the words for them: `2 images without a mask`."""
    images, masks = dataset.orphan_images, dataset.orphan_masks
    lonely = "that no annotation file names" if dataset.annotation_files else "without a mask"
    named = {
        f"{count(len(images), 'image')} {lonely}": images,
        f"{count(len(masks), 'mask')} without an image": masks,
    }
    return {words: names for words, names in named.items() if names}
