"""Data sets on disk: the formats that are known, in the order in which a folder is tried for them."""

from __future__ import annotations

from augcli.formats.base import Format
from augcli.formats.cityscapes import FORMAT as CITYSCAPES
from augcli.formats.coco import FORMAT as COCO
from augcli.formats.huggingface import FORMAT as HUGGINGFACE
from augcli.formats.masks.carvana import FORMAT as CARVANA
from augcli.formats.masks.classes import FORMAT as CLASSES
from augcli.formats.masks.folders import FORMAT as FOLDERS
from augcli.formats.masks.images import FORMAT as IMAGES
from augcli.formats.masks.suffix import FORMAT as SUFFIX
from augcli.formats.pattern import FORMAT as PATTERN
from augcli.formats.voc import FORMAT as VOC
from augcli.formats.yolo import FORMAT as YOLO

FORMATS: dict[str, Format] = {
    one.name: one
    for one in (
        # Annotations first: their images would also do as images alone, or in class folders.
        *(COCO, YOLO, VOC, CITYSCAPES),
        # Then pairs of images and masks, which `masks.detect` weighs against each other.
        *(CARVANA, FOLDERS, SUFFIX),
        # What has no labels that pair up comes last: never are masks read as images.
        *(CLASSES, IMAGES),
        # A pattern is never guessed, and what is only written is never found.
        *(PATTERN, HUGGINGFACE),
    )
}

__all__ = ["FORMATS", "Format"]
