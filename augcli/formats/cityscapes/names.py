"""How the files of Cityscapes are called, and the fields of an entry and an annotation that say more."""

from __future__ import annotations

POLYGONS = "_polygons.json"
IMAGES, IMAGE_ENDING, LABELS, LABEL_ENDING = "leftImg8bit", "_leftImg8bit", "gtFine", "_gtFine"
PATH, FURTHER = "annotation_file", "further"  # fields of an entry, of an annotation
MASKS = {  # a mask's name -> what its files end in
    "label_ids": "_labelIds.png",
    "instance_ids": "_instanceIds.png",
    "label_train_ids": "_labelTrainIds.png",
}
UNLABELED = {"label_ids": 0, "instance_ids": 0, "label_train_ids": 255}  # their values for it
