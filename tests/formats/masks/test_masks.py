"""Finding images and masks on disk, and naming what is written."""

from __future__ import annotations

import os
import tempfile
import unicodedata
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.paths import DATA

from augcli.data import Item
from augcli.errors import DatasetError
from augcli.formats.base import recipe_line
from augcli.formats.detect import read_dataset
from augcli.formats.group import group_of
from augcli.formats.names import role, split_of
from augcli.formats.naming import copy_name


def plant(root: Path, names: Iterable[str]) -> Path:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    return root


def pairs(root: Path, **options: str | None) -> dict[str, str]:
    found = read_dataset(root, **options)  # type: ignore[arg-type]
    return {item.image: item.masks.get("mask", "") for item in found.items}


def refusal(root: Path, **options: str | None) -> str:
    with pytest.raises(DatasetError) as caught:
        read_dataset(root, **options)  # type: ignore[arg-type]
    assert "\n" not in str(caught.value)
    return str(caught.value).replace(str(root), "IN")


# --- the walk ---------------------------------------------------------------------------------------


def test_only_images_are_seen_and_hidden_names_are_not(tmp_path: Path) -> None:
    plant(tmp_path, ["b.JPG", "a.tiff", "notes.txt", "LICENSE", ".hidden.png", ".git/x.png"])
    assert list(pairs(tmp_path)) == ["a.tiff", "b.JPG"]


def test_links_pipes_and_bad_names_are_skipped_with_the_reason(tmp_path: Path) -> None:
    plant(tmp_path, ["a.png", "other/b.png", "new\nline.png"])
    (tmp_path / "link.png").symlink_to(tmp_path / "a.png")
    (tmp_path / "folder").symlink_to(tmp_path / "other")
    os.mkfifo(tmp_path / "pipe.png")
    (Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.png"))).touch()
    found = read_dataset(tmp_path)
    assert [item.key for item in found.items] == ["a", "other/b"]
    assert found.skipped == (
        "\\udcff.png: its name is not valid UTF-8",
        "folder: is a link, and links are not followed",
        "link.png: is a link, and links are not followed",
        "new\\nline.png: its name holds a control character or a line break",
        "pipe.png: is not a regular file",
    )


def test_keys_are_nfc_and_sorted_by_their_bytes(tmp_path: Path) -> None:
    decomposed = unicodedata.normalize("NFD", "images/é.jpg")
    plant(tmp_path, [decomposed, "masks/é.png", "images/z.jpg", "masks/z.png", "images/Z.jpg", "masks/Z.png"])
    found = read_dataset(tmp_path)
    assert [item.key for item in found.items] == ["images/Z", "images/z", "images/é"]
    assert found.items[2].image == decomposed


def test_only_the_last_suffix_is_stripped(tmp_path: Path) -> None:
    plant(tmp_path, ["images/a.1.jpg", "images/a.2.jpg", "masks/a.1.png", "masks/a.2.png"])
    assert pairs(tmp_path) == {"images/a.1.jpg": "masks/a.1.png", "images/a.2.jpg": "masks/a.2.png"}


def test_a_root_that_cannot_be_read_is_refused_in_one_line(tmp_path: Path) -> None:
    plant(tmp_path, ["a.png", "empty/notes.txt"])
    suffixes = ".jpg .jpeg .png .webp .tif .tiff .bmp .gif .jp2 .j2k"
    assert refusal(tmp_path / "no") == "IN: no such folder; check the path of the input"
    assert refusal(tmp_path / "a.png") == "IN: is not a folder; give the folder that holds the images"
    assert refusal(tmp_path / "empty") == f"IN: no images below this folder; augcli reads {suffixes}"
    (tmp_path / "empty" / "x.png").symlink_to(tmp_path / "a.png")
    assert refusal(tmp_path / "empty") == (
        "IN: no images below this folder (x.png: is a link, and links are not followed); "
        f"augcli reads {suffixes}"
    )


def test_a_folder_that_cannot_be_listed_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(path: Path) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(os, "scandir", denied)
    assert refusal(tmp_path) == (
        "IN: cannot be read (Permission denied); make it readable, or move it out of the input"
    )


# --- folders ----------------------------------------------------------------------------------------

FOLDERS = [
    ("images/x.jpg", "masks/x.png", None),
    ("images/x.jpg", "masks/x.jpg.png", None),
    ("images/a/b/x.jpg", "masks/a/b/x.png", None),
    ("images/train/x.jpg", "masks/train/x.png", "train"),
    ("training/images/x.jpg", "training/masks/x.png", "train"),
    ("valid/image/x.jpg", "valid/label/x.png", "valid"),
    ("train/x.png", "trainannot/x.png", "train"),
    ("train_images/x.jpg", "train_segmentations/x.png", "train"),
    ("validation/x.jpg", "validation_labels/x.png", "validation"),
    ("train2017/x.jpg", "train2017_gt/x.png", "train"),
    ("voc/JPEGImages/x.jpg", "voc/SegmentationClassPNG/x.png", None),
    ("imgs/x_img.jpg", "gts/x_gt.png", None),
    ("img_dir/P0.png", "ann_dir/P0_instance_color_RGB.png", None),
    ("leftImg8bit/val/f/f_1_leftImg8bit.png", "gtFine/val/f/f_1_gtFine_labelIds.png", "val"),
    ("images/10k/train/x.jpg", "labels/sem_seg/masks/train/x.png", "train"),
    ("photos/x.webp", "Annotations_osvos/x.PNG", None),
    ("data/x.bmp", "seg/x-mask.gif", None),
]


@pytest.mark.parametrize(("image", "mask", "split"), FOLDERS)
def test_folders_pair_by_their_names(tmp_path: Path, image: str, mask: str, split: str | None) -> None:
    (item,) = read_dataset(plant(tmp_path, [image, mask])).items
    assert (item.image, item.masks, item.split) == (image, {"mask": mask}, split)


@pytest.mark.parametrize(("image", "mask", "split"), FOLDERS)
def test_a_reading_names_itself_for_good(tmp_path: Path, image: str, mask: str, split: str | None) -> None:
    plant(tmp_path, [image, mask])
    first = read_dataset(tmp_path)
    again = read_dataset(tmp_path, **first.reading)  # type: ignore[arg-type]
    assert (again.items, again.reading) == (first.items, first.reading)


def test_splits_are_one_data_set(tmp_path: Path) -> None:
    names = [f"{split}_{what}/x.png" for split in ("train", "val") for what in ("images", "masks")]
    found = read_dataset(plant(tmp_path, names))
    assert [(i.key, i.split) for i in found.items] == [("train_images/x", "train"), ("val_images/x", "val")]
    assert found.reading == {"layout": "folders", "images": "{split}_images", "masks": "{split}_masks"}
    assert found.reason == (
        "the folders' names say so: {split}_images (images) and {split}_masks (masks); "
        "2 pairs of matching names"
    )
    assert read_dataset(tmp_path, **found.reading).items == found.items  # type: ignore[arg-type]
    assert list(pairs(tmp_path, images="val_images")) == ["val_images/x.png"]


def test_orphans_are_listed_and_no_items(tmp_path: Path) -> None:
    plant(tmp_path, ["images/a.jpg", "images/b.jpg", "masks/a.png", "masks/c.png", "notes/fig.png"])
    found = read_dataset(tmp_path)
    assert [item.key for item in found.items] == ["images/a"]
    assert (found.orphan_images, found.orphan_masks) == (("images/b.jpg",), ("masks/c.png",))
    assert found.skipped == ("notes: 1 image outside the data set",)


def test_pictures_for_people_are_no_masks(tmp_path: Path) -> None:
    names = ["JPEGImages/x.jpg", "SegmentationClass/x.png", "SegmentationClassVisualization/x.jpg"]
    assert pairs(plant(tmp_path, names)) == {"JPEGImages/x.jpg": "SegmentationClass/x.png"}


def test_two_mask_folders_are_two_readings(tmp_path: Path) -> None:
    plant(tmp_path, ["JPEGImages/x.jpg", "SegmentationClass/x.png", "SegmentationObject/x.png"])
    assert refusal(tmp_path) == (
        "IN: can be read in several ways; put one of these lines into the recipe: "
        "input: {layout: folders, images: JPEGImages, masks: SegmentationClass} or "
        "input: {layout: folders, images: JPEGImages, masks: SegmentationObject}"
    )
    assert pairs(tmp_path, masks="SegmentationObject") == {"JPEGImages/x.jpg": "SegmentationObject/x.png"}


def test_two_masks_of_one_image_are_two_readings_by_suffix(tmp_path: Path) -> None:
    plant(tmp_path, ["images/x.png", "gt/x_labelIds.png", "gt/x_labelTrainIds.png"])
    assert refusal(tmp_path) == (
        "IN: can be read in several ways; put one of these lines into the recipe: "
        "input: {layout: folders, images: images, masks: gt, suffix: _labelIds} or "
        "input: {layout: folders, images: images, masks: gt, suffix: _labelTrainIds}"
    )
    found = read_dataset(tmp_path, suffix="_labelIds")
    assert dict(found.items[0].masks) == {"mask": "gt/x_labelIds.png"}
    assert found.orphan_masks == ()
    assert found.skipped == ("gt: 1 mask ending in _labelTrainIds not chosen",)


def test_separate_data_sets_are_refused(tmp_path: Path) -> None:
    plant(tmp_path, [f"{home}/{what}/x.png" for home in "abcde" for what in ("images", "masks")])
    assert refusal(tmp_path) == (
        "IN: holds 5 separate data sets; give one of them as the input: IN/a, IN/b, IN/c, IN/d ... and 1 more"
    )
    plant(tmp_path, ["images/y.png", "masks/y.png"])
    assert refusal(tmp_path).startswith(
        "IN: holds 6 separate data sets; put one of these lines into the recipe: "
        "input: {layout: folders, images: a/images, masks: a/masks} or "
    )


def test_named_folders_settle_it(tmp_path: Path) -> None:
    plant(tmp_path, ["pics/x.jpg", "maps/x.png", "y.jpg", "drawn/y.png"])
    assert pairs(tmp_path, images="pics/", masks="./maps") == {"pics/x.jpg": "maps/x.png"}
    assert pairs(tmp_path, images=".", masks="drawn") == {"y.jpg": "drawn/y.png"}


def test_named_folders_that_cannot_be_are_refused(tmp_path: Path) -> None:
    plant(tmp_path, ["images/x.jpg", "maps/y.png"])
    assert refusal(tmp_path, images="imagse", masks="maps") == (
        "IN: images: no images below a folder imagse; did you mean images?"
    )
    assert refusal(tmp_path, images="images", masks="../q") == (
        "IN: masks: no images below a folder ../q; name a folder relative to the input"
    )
    assert refusal(tmp_path, images="images", masks="images") == (
        "IN: images: images and masks: images do not name two folders of one data set; "
        "name two folders, with {split} in both or in neither; for one folder use layout: suffix"
    )
    assert refusal(tmp_path, images="images", masks="maps") == (
        "IN: no image has a mask of its name in the mask folder with images: images, masks: maps; "
        "name the two folders: input: {layout: folders, images: DIR, masks: DIR}"
    )


def test_two_masks_of_one_name_are_refused(tmp_path: Path) -> None:
    plant(tmp_path, ["images/x.jpg", "masks/x.png", "masks/x.tif"])
    assert refusal(tmp_path) == (
        "IN: two masks for one image, masks/x.png and masks/x.tif for images/x.jpg; move one of them away"
    )


@pytest.mark.parametrize("names", [["a.jpg", "a.png"], ["images/a.jpg", "images/a.png", "masks/a.png"]])
def test_two_images_with_one_key_are_refused(tmp_path: Path, names: list[str]) -> None:
    plant(tmp_path, names)
    assert refusal(tmp_path) == (
        f"IN: two images with one name before the suffix, {names[0]} and {names[1]}; "
        "rename one of them, or move it away"
    )


@pytest.mark.parametrize(
    ("name", "said"),
    [
        *[(n, "mask") for n in ("SegmentationClass", "trainannot", "gtFine", "ann_dir")],
        *[(n, "image") for n in ("JPEGImages", "leftImg8bit", "test", "train_data", "Photos")],
        *[
            (n, None)
            for n in ("SegmentationClassVisualization", "data_dataset_voc", "cat", "2021", "Hangtag")
        ],
    ],
)
def test_a_folder_name_says_its_role(name: str, said: str | None) -> None:
    assert role(name) == said


def test_a_split_is_read_only_from_whole_words() -> None:
    assert split_of("images/Train/a") == "train"
    assert split_of("testing/images") == "test"
    assert split_of("test_tube/a") is None
    assert split_of("trains/a") is None


# --- suffix, carvana, classes, images ---------------------------------------------------------------


@pytest.mark.parametrize("suffix", ["_mask", "_seg", "_label", "_labels", "_gt", "_annotation", "-mask"])
def test_a_mask_beside_its_image_is_found(tmp_path: Path, suffix: str) -> None:
    plant(tmp_path, ["sub/x.jpg", f"sub/x{suffix}.png", "y.jpg", f"z{suffix}.png"])
    found = read_dataset(tmp_path)
    assert found.reading == {"layout": "suffix", "suffix": suffix}
    assert found.reason == f"1 image with a mask beside it, named like it with {suffix}"
    assert pairs(tmp_path) == {"sub/x.jpg": f"sub/x{suffix}.png"}
    assert (found.orphan_images, found.orphan_masks) == (("y.jpg",), (f"z{suffix}.png",))


def test_several_suffixes_are_several_readings(tmp_path: Path) -> None:
    plant(tmp_path, ["x.jpg", "x_mask.png", "x_seg.png"])
    assert refusal(tmp_path) == (
        "IN: can be read in several ways; put one of these lines into the recipe: "
        "input: {layout: suffix, suffix: _mask} or input: {layout: suffix, suffix: _seg}"
    )
    found = read_dataset(tmp_path, suffix="_seg")
    assert (found.items[0].masks, found.orphan_images) == ({"mask": "x_seg.png"}, ())
    assert found.skipped == (".: 1 mask ending in _mask not chosen",)


def test_an_unknown_suffix_can_be_named(tmp_path: Path) -> None:
    plant(tmp_path, ["x.jpg", "x.lab.png"])
    assert pairs(tmp_path, layout="suffix", suffix=".lab") == {"x.jpg": "x.lab.png"}
    assert refusal(tmp_path, suffix="_no") == (
        "IN: no image has a mask beside it (X.jpg and X_mask.png) with suffix: _no; "
        "name what the masks' names end in: input: {layout: suffix, suffix: _mask}"
    )


def test_an_image_with_a_mask_is_an_image_whatever_its_name(tmp_path: Path) -> None:
    plant(tmp_path, ["x.jpg", "x_mask.png", "x_seg.jpg", "x_seg_mask.png"])
    assert pairs(tmp_path) == {"x.jpg": "x_mask.png", "x_seg.jpg": "x_seg_mask.png"}


def test_folders_and_a_mask_beside_the_image_are_two_readings(tmp_path: Path) -> None:
    plant(tmp_path, ["images/x.jpg", "images/x_mask.png", "masks/x.png"])
    assert refusal(tmp_path) == (
        "IN: can be read in several ways; put one of these lines into the recipe: "
        "input: {layout: folders, images: images, masks: masks} or input: {layout: suffix, suffix: _mask}"
    )


def test_carvana_is_told_from_folders_by_its_names(tmp_path: Path) -> None:
    plant(tmp_path, ["train/a_01.jpg", "train_masks/a_01_mask.gif", "test/b.jpg"])
    found = read_dataset(tmp_path)
    assert (found.layout, found.reading) == ("carvana", {"layout": "carvana"})
    assert found.reason == "train/X with train_masks/X_mask, as in the Carvana set; 1 pair"
    assert pairs(tmp_path) == {"train/a_01.jpg": "train_masks/a_01_mask.gif"}
    assert found.skipped == ("test: 1 image outside the data set",)
    plant(tmp_path, ["train_masks/c.png"])
    assert read_dataset(tmp_path).layout == "folders"


def test_carvana_reads_every_split(tmp_path: Path) -> None:
    plant(tmp_path, [f"{s}{m}" for s in ("train", "test") for m in ("/s/x.jpg", "_masks/s/x_mask.png")])
    assert [item.split for item in read_dataset(tmp_path, layout="carvana").items] == ["test", "train"]


@pytest.mark.parametrize("above", ["", "train/", "test/"])
def test_class_folders_give_labels(tmp_path: Path, above: str) -> None:
    plant(tmp_path, [f"{above}cat/1.png", f"{above}dog/1.png"])
    found = read_dataset(tmp_path)
    assert [(item.key, item.label, item.split) for item in found.items] == [
        (f"{above}cat/1", "cat", above[:-1] or None),
        (f"{above}dog/1", "dog", above[:-1] or None),
    ]
    assert found.reason == "2 images in 2 class folders, no masks"


def test_a_named_layout_of_classes_takes_what_is_not_clear(tmp_path: Path) -> None:
    plant(tmp_path, ["gas_mask/1.png", "dog/deep/1.png", "stray.png"])
    found = read_dataset(tmp_path, layout="classes")
    assert {item.label for item in found.items} == {"gas_mask", "dog"}
    assert found.orphan_images == ("stray.png",)


def test_pictures_alone_are_read_as_pictures(tmp_path: Path) -> None:
    found = read_dataset(plant(tmp_path, ["x.jpg", "sub/y.jpg"]))
    assert (found.reading, found.reason) == ({"layout": "images"}, "2 images, no masks")


def test_masks_are_never_read_as_pictures(tmp_path: Path) -> None:
    hint = (
        "name each mask after its image, or say input: {layout: folders, images: DIR, masks: DIR}, "
        "or if all are pictures input: {layout: images}"
    )
    plant(tmp_path, ["a/images/x.jpg", "a/masks/y.png", "b/img2d.tif", "b/mask2d.tif"])
    assert refusal(tmp_path / "a") == (
        f"IN: masks looks like masks, but no image has a mask of its name; {hint}"
    )
    assert refusal(tmp_path / "b") == (
        f"IN: mask2d.tif looks like masks, but no image has a mask of its name; {hint}"
    )
    assert len(pairs(tmp_path / "b", layout="images")) == 2


def test_class_folders_with_a_name_like_masks_are_offered_as_classes(tmp_path: Path) -> None:
    plant(tmp_path, ["gas_mask/1.png", "dog/2.png"])
    assert refusal(tmp_path).endswith("or if all are pictures input: {layout: classes}")


def test_a_folder_of_equal_names_may_be_masks(tmp_path: Path) -> None:
    plant(tmp_path, ["images/x.jpg", "v1.2/x.png"])
    assert refusal(tmp_path) == (
        "IN: can be read in several ways; put one of these lines into the recipe: "
        "input: {layout: folders, images: images, masks: v1.2} or input: {layout: images}"
    )


@pytest.mark.parametrize(
    ("layout", "said"),
    [
        (
            "folders",
            "no image has a mask of its name in the mask folder; "
            "name the two folders: input: {layout: folders, images: DIR, masks: DIR}",
        ),
        (
            "suffix",
            "no image has a mask beside it (X.jpg and X_mask.png); "
            "name what the masks' names end in: input: {layout: suffix, suffix: _mask}",
        ),
        (
            "carvana",
            "there is no train/X.jpg with train_masks/X_mask.gif; "
            "for other folders or names use input: {layout: folders, images: DIR, masks: DIR}",
        ),
        (
            "classes",
            "there are fewer than two class folders with images; "
            "put each class into a folder of its own, or use input: {layout: images}",
        ),
    ],
)
def test_a_named_layout_that_does_not_fit_is_refused(tmp_path: Path, layout: str, said: str) -> None:
    assert refusal(plant(tmp_path, ["cat/x.jpg"]), layout=layout) == f"IN: {said}"


def test_options_that_say_nothing_are_refused(tmp_path: Path) -> None:
    plant(tmp_path, ["x.jpg"])
    assert refusal(tmp_path, layout="suffix", masks="m") == (
        "input: masks means nothing to layout: suffix; leave it out, or use layout: folders"
    )
    assert refusal(tmp_path, layout="labelme") == (
        "input layout labelme is not known; use one of auto, folders, suffix, carvana, classes, images, "
        "pattern, coco, yolo, voc, cityscapes"
    )


def test_recipe_lines_are_quoted_where_yaml_needs_it() -> None:
    keys = {"images": "{split}/images", "masks": "no", "suffix": "-mask"}
    assert recipe_line(keys) == 'input: {images: "{split}/images", masks: "no", suffix: "-mask"}'


# --- groups -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "pattern", "group"),
    [
        ("train/29bb_11", None, "train/29bb_11"),
        ("train/29bb_11", "{car}_{view}", "29bb"),
        ("p1/s2/x_raw", "{patient}/{slide}/{rest}", "p1"),
        ("a_b_c", "{car}_{view}", "a"),
        ("x+1", "{car}+{view}", "x"),
        ("7-8-7", "{a}-{b}-{a}", "7"),
        ("train/29bb_11", r"^(\w+)_\d+$", "29bb"),
        ("p1/x", r"^(\w+)/", "p1"),
    ],
)
def test_a_group_is_read_from_the_key(key: str, pattern: str | None, group: str) -> None:
    assert group_of(key, pattern) == group


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        ("{car}-{view}", "the source a_1 does not fit group: {car}-{view}; "),
        ("(x)", "the source a_1 does not fit group: (x); "),
        ("(b?)", "the source a_1 does not fit group: (b?); "),
    ],
)
def test_a_key_that_does_not_fit_the_group_is_refused(pattern: str, said: str) -> None:
    with pytest.raises(DatasetError) as caught:
        group_of("a_1", pattern)
    assert str(caught.value) == said + "change the pattern so that it fits every source"


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        ("(a", "is not a regular expression (missing ), unterminated subpattern)"),
        ("a", "has 0 groups instead of one"),
        ("(a)(b)", "has 2 groups instead of one"),
    ],
)
def test_a_group_that_is_no_pattern_is_refused(pattern: str, said: str) -> None:
    with pytest.raises(DatasetError) as caught:
        group_of("a_1", pattern)
    hint = 'write placeholders like "{car}_{view}", or a regular expression with one group'
    assert str(caught.value) == f"group: {pattern} {said}; {hint}"


def test_groups_stand_in_the_items(tmp_path: Path) -> None:
    plant(tmp_path, ["a_1.jpg", "a_2.jpg", "b_1.jpg"])
    found = read_dataset(tmp_path, group="{car}_{view}")
    assert [item.group for item in found.items] == ["a", "a", "b"]


# --- names of copies --------------------------------------------------------------------------------

NAMES = [
    ("images/a/x.jpg", "masks/a/x.gif", "like-input", "images/a/x__t.jpg", "masks/a/x__t.png"),
    ("x.jpg", "x_mask.png", "like-input", "x__t.jpg", "x__t_mask.png"),
    ("images/x.jpg", "masks/x.jpg.png", "like-input", "images/x__t.jpg", "masks/x__t.jpg.png"),
    ("imgs/0_img.jpg", "gts/0_gt.png", "like-input", "imgs/0_img__t.jpg", "gts/0_img__t_gt.png"),
    ("train/x.jpg", "train_masks/x_mask.gif", "like-input", "train/x__t.jpg", "train_masks/x__t_mask.png"),
    ("JPEGImages/a/x.jpg", "Seg/a/x.png", "folders", "images/a/x__t.jpg", "masks/a/x__t.png"),
    ("train/x.jpg", "trainannot/x.png", "folders", "images/train/x__t.jpg", "masks/train/x__t.png"),
    ("val/images/x.jpg", "val/masks/x.png", "folders", "images/val/x__t.jpg", "masks/val/x__t.png"),
    ("sub/x.jpg", "sub/x_seg.png", "folders", "images/sub/x__t.jpg", "masks/sub/x__t.png"),
    ("images/x.jpg", "masks/x.png", "suffix", "images/x__t.jpg", "images/x__t_mask.png"),
    ("images/a/x.jpg", "masks/a/x.png", "carvana", "train/a/x__t.jpg", "train_masks/a/x__t_mask.png"),
    ("images/test/x.jpg", "masks/test/x.png", "carvana", "test/x__t.jpg", "test_masks/x__t_mask.png"),
]


@pytest.mark.parametrize(("image", "mask", "layout", "new_image", "new_mask"), NAMES)
def test_a_copy_is_named_after_its_source(
    image: str, mask: str, layout: str, new_image: str, new_mask: str
) -> None:
    item = Item(image[:-4], image, {"mask": mask}, split_of(image.rpartition("/")[0]))
    assert copy_name(item, "t", layout, ".jpg") == (new_image, {"mask": new_mask})


def test_an_original_keeps_its_name_but_for_the_suffix() -> None:
    item = Item("imgs/0_img", "imgs/0_img.jpg", {"mask": "gts/0_gt.gif"})
    assert copy_name(item, None, "like-input", ".webp") == ("imgs/0_img.webp", {"mask": "gts/0_gt.png"})
    item = Item("i/x", "i/x.jpg", {"mask": "m/x.jpg.png"})
    assert copy_name(item, None, "like-input", ".png") == ("i/x.png", {"mask": "m/x.png.png"})


@pytest.mark.parametrize(
    ("item", "name"),
    [
        (Item("cat/1", "cat/1.png", label="cat"), "cat/1__t.png"),
        (Item("train/cat/a/1", "train/cat/a/1.png", split="train", label="cat"), "train/cat/a/1__t.png"),
    ],
)
def test_a_copy_stays_in_its_class_folder(item: Item, name: str) -> None:
    assert copy_name(item, "t", "classes", ".png") == (name, {})
    assert copy_name(item, "t", "like-input", ".png") == (name, {})


def test_names_that_cannot_be_given_are_refused() -> None:
    with pytest.raises(DatasetError) as caught:
        copy_name(Item("x", "x.png"), None, "classes", ".png")
    assert str(caught.value) == (
        "output layout classes: the source x has no class folder; choose another output layout"
    )
    with pytest.raises(DatasetError) as caught:
        copy_name(Item("x", "x.png"), None, "coco", ".png")
    assert str(caught.value) == (
        "output layout coco cannot be written; use one of like-input, folders, suffix, carvana, classes"
    )


STEMS = st.sets(st.from_regex(r"[a-z0-9é][a-z0-9é. ]{0,3}(_seg)?", fullmatch=True), min_size=2, max_size=4)
TAGS = st.sets(
    st.from_regex(r"[a-z0-9]{1,3}([-_](mask|seg|[a-z0-9]{1,2}))?(-[1-9])?", fullmatch=True), max_size=3
)
INPUTS = [  # layout, image, mask ("" for none), what reads it
    ("folders", "images/a/{}.jpg", "masks/a/{}.png", {"images": "images", "masks": "masks"}),
    ("folders", "images/{}.jpg", "masks/{}.jpg.png", {"images": "images", "masks": "masks"}),
    ("folders", "train_imgs/{}_img.jpg", "train_gts/{}_gt.png", {}),
    ("folders", "val/JPEGImages/{}.png", "val/SegmentationClass/{}.gif", {}),
    ("suffix", "{}.jpg", "{}_mask.png", {"suffix": "_mask"}),
    ("suffix", "test/{}.jpg", "test/{}.lab.png", {"suffix": ".lab"}),
    ("carvana", "train/{}.jpg", "train_masks/{}_mask.gif", {}),
]
READ_AGAIN: dict[str, dict[str, str]] = {
    "folders": {"layout": "folders", "images": "images", "masks": "masks"},
    "suffix": {"layout": "suffix", "suffix": "_mask"},
    "carvana": {"layout": "carvana"},
}


@settings(max_examples=60, deadline=None)
@given(STEMS, TAGS, st.sampled_from(INPUTS), st.sampled_from(["like-input", *READ_AGAIN]))
def test_what_is_written_pairs_when_it_is_read_again(
    stems: set[str], tags: set[str], source: tuple[str, str, str, dict[str, str]], layout_out: str
) -> None:
    layout, image, mask, options = source
    with tempfile.TemporaryDirectory() as folder:
        root, out = Path(folder, "in"), Path(folder, "out")
        plant(root, [name.format(stem) for stem in stems for name in (image, mask)])
        found = read_dataset(root, layout=layout, **options)  # type: ignore[arg-type]
        assert len(found.items) == len(stems)
        named = [copy_name(item, tag, layout_out, ".jpg") for item in found.items for tag in (None, *tags)]
        plant(out, [name for new_image, masks in named for name in (new_image, *masks.values())])
        again = READ_AGAIN.get(layout_out, dict(found.reading))
        assert pairs(out, **again) == {new_image: masks["mask"] for new_image, masks in named}


# --- real data sets ---------------------------------------------------------------------------------

READ = [
    ("seg_camvid_train", "folders", 30),
    ("seg_ade20k/mseg/ADE20K_test_data", "folders", 2),
    ("seg_davis2017_palette", "folders", 40),
    ("seg_labelme/semantic_segmentation/data_dataset_voc", "folders", 3),
    ("seg_labelme/semantic_segmentation", "folders", 3),
    ("seg_labelme/video_annotation/data_dataset_voc", "folders", 5),
    ("seg_mmseg_samples/pseudo_dataset", "folders", 5),
    ("seg_mmseg_samples/pseudo_isaid_dataset", "folders", 2),
    ("seg_mmseg_samples/pseudo_lip_dataset", "folders", 2),
    ("seg_mmseg_samples/pseudo_loveda_dataset", "folders", 3),
    ("seg_mmseg_samples/pseudo_bdd100k_dataset", "folders", 6),
    ("seg_mmseg_samples/pseudo_nyu_dataset", "folders", 1),
    ("seg_mmseg_samples/pseudo_potsdam_dataset", "folders", 1),
    ("seg_mmseg_samples/pseudo_vaihingen_dataset", "folders", 1),
    ("seg_mmseg_samples/pseudo_refuge_dataset", "folders", 1),
    ("seg_mmseg_samples/pseudo_synapse_dataset", "folders", 2),
    ("seg_opensfm_berlin", "folders", 3),
    ("named_inputs/dmlc_data_aug", "suffix", 1),
    ("named_inputs/d2l/img", "images", 5),
]
REFUSED = [
    ("seg_ade20k", "holds 2 separate data sets", "images: images, masks: annotations}"),
    ("seg_ade20k/mseg/SUNRGBD_test_data", "looks like masks", "images: DIR, masks: DIR}"),
    ("seg_labelme", "holds 3 separate data sets", "video_annotation/data_dataset_voc"),
    ("seg_labelme/instance_segmentation/data_dataset_voc", "several ways", "masks: SegmentationObject}"),
    ("seg_mmseg_samples", "holds 11 separate data sets", "pseudo_dataset"),
    ("seg_mmseg_samples/pseudo_cityscapes_dataset", "several ways", "suffix: _gtFine_labelTrainIds}"),
    ("seg_mmseg_samples/pseudo_mapillary_dataset", "several ways", "masks: v2.0}"),
    ("seg_mmseg_samples/pseudo_hsidrive20_dataset", "looks like masks", "images: DIR, masks: DIR}"),
    (
        "seg_nuclei",
        "looks like masks",
        'images: "dsb2018/{id}/images/{id}.png", masks: {mask: {path: "dsb2018/{id}/masks/*.png", '
        "kind: instance}}}",
    ),
    ("seg_nuclei/stardist", "looks like masks", "layout: images}"),
]
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="the test data (AUGCLI_TEST_DATA) is not here")


@needs_data
@pytest.mark.parametrize(("folder", "layout", "number"), READ)
def test_a_real_data_set_is_read(folder: str, layout: str, number: int) -> None:
    found = read_dataset(DATA / folder)
    assert (found.layout, len(found.items)) == (layout, number)
    assert all((DATA / folder / path).is_file() for i in found.items for path in (i.image, *i.masks.values()))


@needs_data
@pytest.mark.parametrize(("folder", "what", "hint"), REFUSED)
def test_a_real_data_set_that_is_not_clear_is_refused_with_the_mend(
    folder: str, what: str, hint: str
) -> None:
    said = refusal(DATA / folder)
    assert what in said
    assert hint in said
