"""The list files that say an output's splits."""

import pytest
from support import datasets_on_disk

from augcli.data import Item, SplitList
from augcli.formats.detect import read_dataset
from augcli.formats.split_lists import described

FLIP = "variants: {fliplr: [horizontal_flip]}\n"


def voc(root, names="abc"):
    """The masks of VOC, with lists that say its splits."""
    for number, name in enumerate(names):
        datasets_on_disk.save(root / f"JPEGImages/{name}.png", datasets_on_disk.photo(number))
        datasets_on_disk.save(root / f"SegmentationClass/{name}.png", datasets_on_disk.labels(number))
    lists = root / "ImageSets/Segmentation"
    lists.mkdir(parents=True)
    for split, own in (("train", "ab"), ("val", "c"), ("trainval", "abc")):
        (lists / f"{split}.txt").write_text("".join(f"{name}\n" for name in own))
    return root


def texts(out, folder="ImageSets/Segmentation"):
    return {path.stem: path.read_text().split() for path in (out / folder).glob("*.txt")}


@pytest.mark.parametrize("output", ["", "output: {layout: folders}\n"])
def test_lists_are_written_again_and_say_the_same_splits(tmp_path, output):
    root, out = voc(tmp_path / "in"), tmp_path / "out"
    datasets_on_disk.run(FLIP + output, root, out)
    assert texts(out) == {
        "train": ["a", "a__fliplr", "b", "b__fliplr"],
        "val": ["c"],
        "trainval": ["a", "a__fliplr", "b", "b__fliplr", "c"],
    }
    again = read_dataset(out)
    assert [item.split for item in again.items] == ["train"] * 4 + ["val"]
    assert again.skipped == ()


def test_lists_beside_a_data_set_inside_the_input_stay_with_it(tmp_path):
    voc(tmp_path / "in/VOC2012")
    datasets_on_disk.run(FLIP, tmp_path / "in", tmp_path / "out")
    assert texts(tmp_path / "out/VOC2012")["val"] == ["c"]


def test_a_run_that_has_its_lists_has_nothing_to_do(tmp_path):
    root, out = voc(tmp_path / "in"), tmp_path / "out"
    datasets_on_disk.run(FLIP, root, out)
    before = (out / "manifest.jsonl").stat().st_mtime_ns
    datasets_on_disk.run(FLIP, root, out)
    assert (out / "manifest.jsonl").stat().st_mtime_ns == before
    (out / "ImageSets/Segmentation/val.txt").unlink()
    datasets_on_disk.run(FLIP, root, out)
    assert texts(out)["val"] == ["c"]


def test_layouts_whose_folders_say_the_splits_have_no_lists(tmp_path):
    datasets_on_disk.run(FLIP + "output: {layout: carvana}\n", voc(tmp_path / "in"), tmp_path / "out")
    assert sorted(path.name for path in (tmp_path / "out").glob("**/*.txt")) == []


@pytest.mark.parametrize(
    ("line", "copy"),
    [
        ("a", "a__x"),
        ("a.jpg", "a__x.png"),
        ("photos/a", "photos/a__x"),
        ("./photos/a.jpg", "./photos/a__x.png"),
        ("/set/photos/a.jpg /set/masks/a_m.gif", "/set/photos/a__x.png /set/masks/a__x_m.png"),
        ("a  1", "a__x  1"),
    ],
)
def test_a_line_names_a_copy_as_it_names_the_source(line, copy):
    item = Item("photos/a", "photos/a.jpg", {"mask": "masks/a_m.gif"})
    one = SplitList("", "train.txt", {"photos/a": line})
    pairs = [
        (item, "photos/a.jpg", {"mask": "masks/a_m.gif"}),
        (item, "photos/a__x.png", {"mask": "masks/a__x_m.png"}),
    ]
    assert described({"train.txt": one}, pairs) == {"train.txt": f"{line}\n{copy}\n".encode()}


def test_a_line_that_leaves_out_the_images_ending_names_a_copy_whole():
    item = Item("0_img", "0_img.jpg")
    one = SplitList("", "train.txt", {"0_img": "0"})
    pairs = [(item, "0_img.jpg", {}), (item, "0_img__x.jpg", {})]
    assert described({"train.txt": one}, pairs) == {"train.txt": b"0\n0_img__x\n"}
