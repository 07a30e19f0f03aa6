"""Splits by list files, and groups that lie in several splits."""

from pathlib import Path

import pytest
from support.paths import DATA

from augcli.errors import DatasetError
from augcli.formats.detect import read_dataset
from augcli.formats.splits import shared_groups


def tree(root: Path, *names: str, **lists: str) -> Path:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    for name, text in lists.items():
        path = root / name.replace("__", "/")
        path = path.with_name(path.name + ".txt")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def splits(root: Path, **options) -> dict[str, str | None]:
    return {item.key.rpartition("/")[2]: item.split for item in read_dataset(root, **options).items}


def pairs(*stems: str) -> list[str]:
    return [f"{folder}/{stem}.png" for stem in stems for folder in ("images", "masks")]


def test_lists_beside_the_folders_give_the_splits(tmp_path: Path):
    tree(tmp_path, *pairs("a", "b", "c"), train="a\nb\n", val="c\n")
    assert splits(tmp_path) == {"a": "train", "b": "train", "c": "val"}


def test_vocs_image_sets_give_the_splits_and_lists_of_a_class_do_not(tmp_path: Path):
    names = [f"{f}/{s}.{e}" for s in "ab" for f, e in (("JPEGImages", "jpg"), ("SegmentationClass", "png"))]
    lists = {"ImageSets__Segmentation__train": "a\n", "ImageSets__Segmentation__val": "b\n"}
    tree(tmp_path, *names, **lists, ImageSets__Segmentation__cat_train="b 1\n")
    assert splits(tmp_path) == {"a": "train", "b": "val"}


@pytest.mark.parametrize(
    "line",
    ["a", "a.png", "images/a.png", "./images/a.png", "/data/set/images/a.png /data/set/masks/a.png", "a 1"],
)
def test_a_line_names_a_picture_in_many_ways(tmp_path: Path, line: str):
    tree(tmp_path, *pairs("a", "b"), splits__train=line, splits__test="b")
    assert splits(tmp_path) == {"a": "train", "b": "test"}


def test_a_name_with_spaces_is_the_whole_line(tmp_path: Path):
    tree(tmp_path, *pairs("a b", "c"), train="a b\n", val="c")
    assert splits(tmp_path) == {"a b": "train", "c": "val"}


def test_what_no_list_names_belongs_to_no_split(tmp_path: Path):
    tree(tmp_path, *pairs("a", "b"), train="a")
    assert splits(tmp_path) == {"a": "train", "b": "unlisted"}


def test_folders_say_more_than_lists(tmp_path: Path):
    names = [f"{kind}/{split}/x{split}.png" for split in ("train", "val") for kind in ("images", "masks")]
    tree(tmp_path, *names, train="xval")
    assert splits(tmp_path) == {"xtrain": "train", "xval": "val"}


def test_lists_that_name_none_of_the_pictures_are_no_lists(tmp_path: Path):
    tree(tmp_path, *pairs("a"), train="other")
    assert splits(tmp_path) == {"a": None}


def test_names_without_an_image_are_told(tmp_path: Path):
    tree(tmp_path, *pairs("a"), train="a\nghost\nspectre")
    assert read_dataset(tmp_path).skipped == ("train.txt: 2 names without an image, first ghost",)


def test_a_picture_in_two_lists_is_refused(tmp_path: Path):
    tree(tmp_path, *pairs("a"), splits__train="a", splits__val="a")
    with pytest.raises(DatasetError) as caught:
        read_dataset(tmp_path)
    assert str(caught.value) == (
        f"{tmp_path}: images/a.png stands in splits/train.txt and in splits/val.txt; "
        "a picture belongs to one split"
    )


def test_a_list_that_is_no_text_is_refused_in_one_line(tmp_path: Path):
    tree(tmp_path, *pairs("a"))
    (tmp_path / "train.txt").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DatasetError, match=r"train\.txt: cannot be read as text .*; save it as UTF-8"):
        read_dataset(tmp_path)


def test_a_group_in_two_splits_is_found(tmp_path: Path):
    tree(tmp_path, *pairs("car1_a", "car1_b", "car2_a"), train="car1_a\ncar2_a", val="car1_b")
    items = read_dataset(tmp_path, group="{car}_{view}").items
    assert shared_groups(items) == {"car1": ("train", "val")}
    assert shared_groups(read_dataset(tmp_path).items) == {}


@pytest.mark.skipif(not DATA.is_dir(), reason="needs AUGCLI_TEST_DATA")
def test_lists_of_a_real_set_leave_out_what_the_images_names_add():
    found = splits(DATA / "seg_mmseg_samples/pseudo_dataset")
    assert found["00000_img"] == "train"
    assert found["00004_img"] == "val"
    assert set(found.values()) == {"train", "val"}
