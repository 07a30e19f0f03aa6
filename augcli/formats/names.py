"""What the names of folders and files say: image, mask, split."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal

SPLITS = {  # a folder's word -> the split's name
    "train": "train",
    "training": "train",
    "val": "val",
    "valid": "valid",
    "validation": "validation",
    "test": "test",
    "testing": "test",
}
MASK_SUFFIXES = (  # longest first, so that _gtFine_labelIds is not read as something with _labelIds
    "_gtFine_labelTrainIds",
    "_gtFine_instanceIds",
    "_instance_color_RGB",
    "_gtFine_labelIds",
    "_labelTrainIds",
    "_segmentation",
    "_annotations",
    "_annotation",
    "_labelIds",
    "_gtFine",
    "_labels",
    "_manual1",
    "_annot",
    "_label",
    "_masks",
    "-label",
    "-mask",
    "_mask",
    "_seg",
    "-seg",
    "_gt",
    "-gt",
)
_IMAGE_ENDING = re.compile(r"(_leftImg8bit|_training|_rgb|_sat|[_-]image|[_-]img)\Z", re.IGNORECASE)

_MASK_WORD = re.compile(
    "masks?|labels?|annot(ation)?s?|anno|anns?|gts?|groundtruth|segs?|segmentations?|semseg|segmaps?"
)
_IMAGE_WORD = re.compile("images?|imgs?|photos?|pictures?|rgb|jpegimages")
_ANNOTATION_WORD = re.compile("annot(ation)?s?|anno|anns?")
# These name images only where nothing else is in the name: `data`, `train_data`, but not `data_voc`.
_WEAK_IMAGE_WORD = re.compile("data|inputs?|frames?|left|raw|originals?")
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_GLUED = re.compile(f"({'|'.join(sorted(SPLITS, key=len, reverse=True))})(.+)")


def words(name: str) -> list[str]:
    """The words of a name in lower case: `JPEGImages` is jpeg, images; `trainannot` is train, annot."""
    found: list[str] = []
    for word in (match.lower() for match in _WORD.findall(name)):
        glued = _GLUED.fullmatch(word)
        if glued and (_MASK_WORD.fullmatch(glued[2]) or _IMAGE_WORD.fullmatch(glued[2])):
            found += [glued[1], glued[2]]
        else:
            found.append(word)
    return found


def for_people(name: str) -> bool:
    """Whether a folder holds pictures made for people to look at (`*Visualization`): never masks."""
    return any(word.startswith("visuali") for word in words(name))


def names_annotations(name: str) -> bool:
    """Whether a folder's name says "annotations"."""
    return any(_ANNOTATION_WORD.fullmatch(word) for word in words(name))


def names_masks(name: str) -> bool:
    """Whether a file's name itself says "mask"."""
    return bool({"mask", "masks"} & set(words(name)))


def names_images(name: str) -> bool:
    """Whether a folder's name says "images" by a word for them, not only by a split or a word like "data"."""
    found = any(_IMAGE_WORD.fullmatch(word) for word in (*words(name), name.lower()))
    return found and role(name) == "image"


def role(name: str) -> Literal["image", "mask"] | None:
    """What a folder's name says it holds."""
    found = words(name)
    if not found or for_people(name):
        return None
    if any(_MASK_WORD.fullmatch(word) for word in found):
        return "mask"
    strong = any(_IMAGE_WORD.fullmatch(word) for word in (*found, name.lower()))
    weak = all(word in SPLITS or _WEAK_IMAGE_WORD.fullmatch(word) for word in found)
    return "image" if strong or weak else None


def split_word(name: str) -> str:
    """The word in a folder's name that names a split, in lower case; `""` where there is none."""
    if name.lower() in SPLITS:
        return name.lower()
    return next((word for word in words(name) if word in SPLITS), "") if role(name) else ""


@lru_cache(maxsize=4096)
def split_of(folder: str) -> str | None:
    """The split that a folder path says: that of its first component that names one."""
    found = (split_word(part) for part in folder.split("/"))
    return next((SPLITS[word] for word in found if word), None)


def with_placeholder(folder: str) -> tuple[str, str]:
    """A folder path with its split word replaced by `{split}`, and that word (`""` where there is none)."""
    parts = folder.split("/")
    for index, part in enumerate(parts):
        if word := split_word(part):
            start = part.lower().index(word)
            parts[index] = part[:start] + "{split}" + part[start + len(word) :]
            return "/".join(parts), word
    return folder, ""


def core(key: str) -> str:
    """A key without the suffix that says "I am the image": `00000_img` is `00000`."""
    return _IMAGE_ENDING.sub("", key)
