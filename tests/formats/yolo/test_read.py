"""The layout yolo: label files in, the same label files out."""

import contextlib
import json
from pathlib import Path

import numpy as np
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from support import datasets_on_disk, object_datasets
from support.commands import run

from augcli.errors import DatasetError
from augcli.formats.detect import read_dataset
from augcli.formats.yolo.config import Config, read_config
from augcli.formats.yolo.rows import read_rows
from augcli.pipeline.plan import Selection

W, H = object_datasets.SIZE
FLIP = "variants: {fliplr: [horizontal_flip]}\n"
BOX = "1 0.25 0.2 0.25 0.2\n"
SEGMENT = "0 0.125 0.1 0.375 0.1 0.375 0.5\n"
NAMES = ("cat", "dog")


def yolo(tmp_path, labels, **keys):
    return object_datasets.yolo(tmp_path / "in", labels, **keys)


def expanded(tmp_path, root, text=FLIP):
    out = tmp_path / "out"
    report = datasets_on_disk.run(text, root, out)
    assert report.failed == []
    return out, report


def read(text, keypoints=(), dimensions=3):
    return read_rows(text, object_datasets.SIZE, Config("data.yaml", NAMES, keypoints, dimensions), "a.txt")


def refusal(root, **options):
    with pytest.raises(DatasetError) as error:
        read_dataset(root, **options)
    return str(error.value)


# --- rows


def test_a_box_becomes_pixels():
    (one,) = read(BOX).annotations
    assert one["id"] == 1
    assert one["category_id"] == 2
    assert one["bbox"] == [8, 4, 16, 8]


def test_a_segment_has_the_box_and_the_area_of_its_polygon():
    (one,) = read(SEGMENT).annotations
    assert one["segmentation"] == [[8, 4, 24, 4, 24, 20]]
    assert (one["bbox"], one["area"]) == ([8, 4, 16, 16], 128)


def test_keypoints_of_three_numbers_have_flags():
    (one,) = read("0 .5 .5 .5 .5 .25 .25 2 0 0 0", ("left_1", "right_1")).annotations
    assert one["keypoints"] == [15.5, 9.5, 2, 0, 0, 0]
    assert one["num_keypoints"] == 1


def test_keypoints_of_two_numbers_are_labelled_unless_they_are_0():
    (one,) = read("0 .5 .5 .5 .5 .25 .25 0 0", ("left_1", "right_1"), 2).annotations
    assert one["keypoints"] == [15.5, 9.5, 2, 0, 0, 0]


@pytest.mark.parametrize(
    ("row", "wrong"),
    [
        ("0 .5 .5 .5", "has 4 numbers, a box has 5, a segment 7, 9, 11 or more"),
        ("0 .5 .5 .5 .5 .5", "has 6 numbers, a box has 5, a segment 7, 9, 11 or more"),
        ("0 .5 .5 .5 .5 .5 .5 .5", "has 8 numbers, a box has 5, a segment 7, 9, 11 or more"),
        ("0 .5 .5 .5 cat", "'cat' is no number"),
        ("0 .5 .5 .5 nan", "'nan' is no number"),
        ("0.5 .5 .5 .5 .5", "0.5 is no class"),
        ("-1 .5 .5 .5 .5", "-1 is no class"),
        ("2 .5 .5 .5 .5", "class 2 has no name in data.yaml"),
        ("0 250 .5 .5 .5", "250 is no share of the picture's side, 0 to 1"),
        ("0 .5 .5 -.001 .5", "its box has a side below 0"),
    ],
)
def test_a_faulty_row_is_named_with_its_line_and_the_good_ones_are_read(row, wrong):
    rows = read(f"{BOX}\n{row}\n{BOX}")
    assert rows.faults == (f"a.txt: line 3: {wrong}; the line is left out",)
    assert [one["id"] for one in rows.annotations] == [1, 4]


@pytest.mark.parametrize(
    ("row", "wrong"),
    [
        ("0 .5 .5 .5 .5", "has 5 numbers, kpt_shape asks for 8"),
        ("0 .5 .5 .5 .5 .5 .5 3", "a keypoint's flag is 3, and not 0, 1 or 2"),
        ("0 .5 .5 .5 .5 7 .5 1", "7 is no share of the picture's side, 0 to 1"),
    ],
)
def test_a_faulty_row_of_a_pose_is_named(row, wrong):
    assert read(row, ("nose",)).faults == (f"a.txt: line 1: {wrong}; the line is left out",)


def test_boxes_among_segments_are_named():
    rows = read(BOX + SEGMENT)
    assert rows.faults == (
        "a.txt: line 1: is a box, other lines of the file are segments; the line is left out",
    )


@given(st.text())
def test_no_text_is_too_odd_to_be_read(text):
    for keypoints in ((), ("a", "b")):
        read(text, keypoints)


# --- round trips


shares = st.floats(0.05, 0.95).map(lambda value: round(value, 6))


@settings(max_examples=10)
@given(st.lists(st.tuples(st.integers(0, 1), *[shares] * 6), max_size=4), st.booleans())
def test_without_variants_the_same_rows_come_out(tmp_path_factory, rows, segments):
    if segments:
        text = "".join(f"{' '.join(map(str, row))}\n" for row in rows)
    else:  # boxes that lie in the picture
        text = "".join(f"{row[0]} 0.5 0.5 {row[3]} {row[4]}\n" for row in rows)
    home = tmp_path_factory.mktemp("yolo")
    root = object_datasets.yolo(home / "in", {"a": text})
    datasets_on_disk.run("keep_original: true", root, home / "out")
    before, after = (
        object_datasets.rows(root, "labels/a.txt"),
        object_datasets.rows(home / "out", "labels/a.txt"),
    )
    assert np.allclose(before, after, atol=2e-6)
    splits = {"train": "train.txt", "val": None}
    assert object_datasets.config(home / "out") == {**splits, "names": {0: "cat", 1: "dog"}}


@pytest.mark.parametrize("form", ["yolo-boxes", "yolo-segments", "yolo-pose"])
@datasets_on_disk.needs("coco_mini80")
def test_what_a_coco_output_says_is_read_again(form, tmp_path):
    one, two = tmp_path / "one", tmp_path / "two"
    text = FLIP + f"output: {{also: [{form}]}}\n"
    datasets_on_disk.run(text, datasets_on_disk.DATA / "coco_mini80", one, selection=Selection(limit=4))
    datasets_on_disk.run("input: {layout: yolo}\nkeep_original: true\n", one, two)
    labels = sorted(path.relative_to(one) for path in (one / "val2017").glob("*.txt"))
    assert len(labels) == 8
    for label in labels:
        before, after = object_datasets.rows(one, label), object_datasets.rows(two, label)
        assert [len(row) for row in before] == [len(row) for row in after]
        assert all(np.allclose(a, b, atol=2e-6) for a, b in zip(before, after, strict=True))
    assert object_datasets.config(one) == object_datasets.config(two)


def test_boxes_are_mirrored_exactly(tmp_path):
    out, _ = expanded(tmp_path, yolo(tmp_path, {"a": BOX}))
    assert (out / "labels/a__fliplr.txt").read_text() == "1 0.75 0.2 0.25 0.2\n"
    assert (out / "labels/a.txt").read_text() == BOX


def test_segments_turn_with_their_picture(tmp_path):
    root = yolo(tmp_path, {"a": SEGMENT})
    out, _ = expanded(tmp_path, root, "variants: {turned: [rotate90: {turns: 2}]}\n")
    (row,) = object_datasets.rows(out, "labels/a__turned.txt")
    assert row == [0, 0.875, 0.9, 0.625, 0.9, 0.625, 0.5]


def test_flip_idx_says_which_keypoints_a_mirror_exchanges(tmp_path):
    row = "0 0.5 0.5 0.5 0.5 0.25 0.25 2 0.5 0.75 1 0 0 0"
    root = yolo(tmp_path, {"a": row}, kpt_shape=[3, 3], flip_idx=[1, 0, 2])
    out, _ = expanded(tmp_path, root)
    (mirrored,) = object_datasets.rows(out, "labels/a__fliplr.txt")
    assert mirrored == [0, 0.5, 0.5, 0.5, 0.5, 0.5, 0.75, 1, 0.75, 0.25, 2, 0, 0, 0]
    assert object_datasets.config(out)["flip_idx"] == [1, 0, 2]
    assert object_datasets.config(out)["kpt_shape"] == [3, 3]


def test_poses_of_two_numbers_are_written_with_flags(tmp_path):
    root = yolo(tmp_path, {"a": "0 0.5 0.5 0.5 0.5 0.25 0.25"}, kpt_shape=[1, 2])
    out, _ = expanded(tmp_path, root)
    assert object_datasets.rows(out, "labels/a.txt") == [[0, 0.5, 0.5, 0.5, 0.5, 0.25, 0.25, 2]]
    config = object_datasets.config(out)
    assert config["kpt_shape"] == [1, 3]
    assert "flip_idx" not in config


def test_further_keys_and_names_of_keypoints_are_kept(tmp_path):
    keys = {"kpt_shape": [2, 3], "flip_idx": [1, 0], "kpt_names": {0: ["port", "starboard"]}}
    root = yolo(tmp_path, {"a": ""}, license="CC0", nc=2, path="/elsewhere", **keys)
    out, _ = expanded(tmp_path, root)
    data = {"train": "train.txt", "val": None, "names": {0: "cat", 1: "dog"}}
    assert object_datasets.config(out) == {**data, **keys, "license": "CC0"}


def test_a_picture_without_a_label_file_has_no_objects(tmp_path):
    out, _ = expanded(tmp_path, yolo(tmp_path, {"a": BOX, "b": None}))
    assert (out / "labels/b__fliplr.txt").read_bytes() == b""
    assert len(datasets_on_disk.manifest(out)) == 4


def test_faulty_rows_are_reported_and_the_others_done(tmp_path):
    out, report = expanded(tmp_path, yolo(tmp_path, {"a": BOX + "9 0 0 0 0\n"}))
    fault = "labels/a.txt: line 2: class 9 has no name in data.yaml; the line is left out"
    assert [line.sentence() for line in report.left_out] == [fault]
    assert (out / "labels/a.txt").read_text() == BOX
    assert datasets_on_disk.failures(out)[0]["where"] == "labels/a.txt"


def test_annotations_are_numbered_over_the_whole_output(tmp_path):
    out, _ = expanded(tmp_path, yolo(tmp_path, {"a": BOX * 2, "b": BOX}))
    ids = [line["annotation_ids"]["labels"] for line in datasets_on_disk.manifest(out)]
    assert ids == [[1, 2], [3, 4], [5], [6]]


def test_an_output_is_read_as_its_input_was(tmp_path):
    out, _ = expanded(tmp_path, yolo(tmp_path, {"a": BOX, "b": SEGMENT}))
    found = read_dataset(out)
    assert found.layout == "yolo"
    assert [item.image for item in found.items] == sorted(
        line["file_name"] for line in datasets_on_disk.manifest(out)
    )


def test_yolo_becomes_coco(tmp_path):
    root = yolo(tmp_path, {"a": BOX, "b": SEGMENT})
    out, _ = expanded(tmp_path, root, FLIP + "output: {also: [coco]}\n")
    data = json.loads((out / "annotations/instances.json").read_text())
    assert [image["file_name"] for image in data["images"]] == [
        line["file_name"] for line in datasets_on_disk.manifest(out)
    ]
    assert [one["id"] for one in data["annotations"]] == [1, 2, 3, 4]
    assert [one["category_id"] for one in data["annotations"]] == [2, 2, 1, 1]
    assert data["categories"] == [{"id": 1, "name": "cat"}, {"id": 2, "name": "dog"}]


def test_copies_of_yolo_name_in_coco_the_originals_that_they_came_from(tmp_path):
    root = yolo(tmp_path, {"a": BOX, "b": BOX + "0 0.5 0.5 0.1 0.1\n"})
    out, _ = expanded(tmp_path, root, FLIP + "output: {also: [coco]}\n")
    data = json.loads((out / "annotations/instances.json").read_text())
    assert [(one["id"], one.get("source_image_id")) for one in data["images"]] == [
        *[(1, None), (2, 1)],
        *[(3, None), (4, 3)],
    ]
    assert [(one["id"], one.get("source_annotation_id")) for one in data["annotations"]] == [
        *[(1, None), (2, 1)],
        *[(3, None), (4, None), (5, 3), (6, 4)],
    ]


def test_copies_of_yolo_without_originals_name_nothing(tmp_path):
    text = "keep_original: false\n" + FLIP + "output: {also: [coco]}\n"
    out, _ = expanded(tmp_path, yolo(tmp_path, {"a": BOX}), text)
    data = json.loads((out / "annotations/instances.json").read_text())
    (image,), (one,) = data["images"], data["annotations"]
    assert (image["id"], one["id"], one["image_id"]) == (1, 1, 1)
    assert "source_image_id" not in image
    assert "source_annotation_id" not in one


def test_yolo_is_not_described_as_yolo(tmp_path):
    root = yolo(tmp_path, {"a": BOX})
    with pytest.raises(DatasetError) as error:
        datasets_on_disk.run(FLIP + "output: {also: [yolo]}\n", root, tmp_path / "out")
    assert str(error.value) == f"{root}: also: yolo is what the output is already; leave it out"


def test_check_tells_classes_by_the_numbers_that_the_files_have(tmp_path, capsys, monkeypatch):
    yolo(tmp_path, {"a": BOX})
    monkeypatch.chdir(tmp_path)
    Path("r.yaml").write_text(FLIP)
    out = run(capsys, "check", "r.yaml", "in")[1].splitlines()
    at = next(number for number, line in enumerate(out) if line.startswith("categories"))
    assert out[at : at + 3] == [
        "categories  category  id  annotations  images",
        "            dog        1            1       1",
        "            1 of 2 are never used: cat (0)",
    ]
    data = json.loads(run(capsys, "check", "r.yaml", "in", "--json")[1])["data"]
    assert [row["id"] for row in data["annotations"]["labels"]["categories"]] == [0, 1]


# --- where pictures lie


def test_splits_are_those_of_data_yaml(tmp_path):
    keys = {"path": "/far/away/in", "train": "images/first", "val": ["images/second", "images/third"]}
    root = yolo(tmp_path, {"first/a": BOX, "second/b": BOX, "third/c": BOX, "fourth/d": BOX}, **keys)
    found = read_dataset(root)
    assert {item.image: item.split for item in found.items} == {
        "images/first/a.png": "train",
        "images/second/b.png": "val",
        "images/third/c.png": "val",
    }
    assert found.skipped == ("images/fourth: 1 image outside the data set",)


def test_paths_of_other_machines_are_found_by_their_ends(tmp_path):
    root = yolo(tmp_path, {"a/x": BOX, "b/y": BOX}, train="../images/a", val="C:\\work\\images\\b")
    assert [item.split for item in read_dataset(root).items] == ["train", "val"]


def test_lists_name_pictures(tmp_path):
    root = yolo(tmp_path, {"a": BOX, "b": BOX, "c": BOX}, train="lists/train.txt", val="val.txt")
    (root / "lists").mkdir()
    (root / "lists/train.txt").write_text("/data/images/a.png\nimages/b.png\n\nimages/none.png\n")
    (root / "val.txt").write_text("./images/c.png\n")
    assert [item.split for item in read_dataset(root).items] == ["train", "train", "val"]


def test_splits_pass_into_the_output(tmp_path):
    root = yolo(tmp_path, {"train/a": BOX, "val/b": BOX}, train="images/train", val="images/val")
    out, _ = expanded(tmp_path, root)
    assert (out / "val.txt").read_text() == "./images/val/b.png\n"
    assert (out / "train.txt").read_text() == "./images/train/a.png\n./images/train/a__fliplr.png\n"
    assert {item.split for item in read_dataset(out).items} == {"train", "val"}


def test_a_folder_that_is_not_there_is_named(tmp_path):
    root = yolo(tmp_path, {"a": BOX}, train="images", test="nowhere")
    assert read_dataset(root).skipped == ("data.yaml: test: there are no pictures in nowhere",)


@pytest.mark.parametrize("nothing", ["", "null", "~", "[]"])
def test_a_split_that_is_nothing_has_no_pictures(nothing, tmp_path):
    root = yolo(tmp_path, {"a": BOX})
    (root / "data.yaml").write_text(f"names: [cat, dog]\ntrain: images\nval: {nothing}\n")
    found = read_dataset(root)
    assert ([item.split for item in found.items], found.skipped) == (["train"], ())


def remarks(found):
    return found.annotation_files["labels"].remarks


def test_pictures_in_two_splits_are_of_the_first_one(tmp_path):
    root = yolo(tmp_path, {"a": BOX, "b": BOX}, train="images", val="images")
    found = read_dataset(root)
    assert [item.split for item in found.items] == ["train", "train"]
    said = "data.yaml: 2 images in train and in val, taken as train's: images/a.png ..."
    assert remarks(found) == (said,)
    out, _ = expanded(tmp_path, root)
    assert (object_datasets.config(out)["val"], len(datasets_on_disk.manifest(out))) == (None, 4)


def class_names(root, **options):
    found = read_dataset(root, **options).annotation_files["labels"]
    return [one["name"] for one in found.categories], found.remarks


UNNAMED = (
    "no file names the classes, they are called by their numbers; "
    "name them: input: {layout: yolo, classes: [cat, dog]}"
)


@pytest.mark.parametrize(
    "file", ["classes.txt", "labels/classes.txt", "obj.names", "labels/_darknet.labels", "cfg/coco.names"]
)
def test_files_of_names_name_the_classes(file, tmp_path):
    root = yolo(tmp_path, {"a": BOX})
    (root / "data.yaml").unlink()
    assert class_names(root) == (["0", "1"], (UNNAMED,))
    (root / file).parent.mkdir(exist_ok=True)
    (root / file).write_text("cat\ndog\n")
    assert class_names(root) == (list(NAMES), ())
    assert read_dataset(root).skipped == ()


def test_a_class_that_a_file_does_not_name_is_a_fault(tmp_path):
    root = yolo(tmp_path, {"a": BOX})
    (root / "data.yaml").unlink()
    (root / "obj.names").write_text("cat\n")
    assert read_dataset(root).annotation_files["labels"].faults == (
        "labels/a.txt: line 1: class 1 has no name in obj.names; the line is left out",
    )


def test_files_that_name_classes_differently_are_refused(tmp_path):
    root = yolo(tmp_path, {"train/a": BOX, "val/b": BOX})
    (root / "data.yaml").unlink()
    for split, text in (("train", "cat\ndog"), ("val", "dog\ncat")):
        (root / f"labels/{split}/classes.txt").write_text(text)
    assert refusal(root) == (
        f"{root}: labels/train/classes.txt and labels/val/classes.txt name the classes differently; "
        "name them in the recipe: input: {layout: yolo, classes: [cat, dog]}"
    )
    assert class_names(root, classes={0: "cat", 1: "dog"}) == (list(NAMES), ())


def test_the_recipe_names_the_classes(tmp_path):
    root = yolo(tmp_path, {"a": BOX})
    text = "input: {layout: yolo, classes: [man, woman]}\n" + FLIP
    out, _ = expanded(tmp_path, root, text)
    assert object_datasets.config(out)["names"] == {0: "man", 1: "woman"}


def test_a_class_that_the_recipe_does_not_name_is_a_fault(tmp_path):
    found = read_dataset(yolo(tmp_path, {"a": BOX}), classes={0: "man"})
    assert found.annotation_files["labels"].faults == (
        "labels/a.txt: line 1: class 1 has no name in input.classes; the line is left out",
    )


def test_a_data_yaml_without_splits_names_the_classes(tmp_path):
    root = yolo(tmp_path, {"val/a": BOX})
    (root / "data.yaml").write_text("nc: 2\nnames: [cat, dog]\n")
    assert class_names(root) == (list(NAMES), ())
    assert [item.split for item in read_dataset(root).items] == ["val"]


def test_a_yaml_file_is_no_folder(tmp_path):
    root = yolo(tmp_path, {"a": BOX})
    assert refusal(root / "data.yaml") == (
        f"{root / 'data.yaml'}: is a YAML file and no folder; "
        "give the folder that holds the images, with this file in it"
    )


def test_without_data_yaml_the_labels_say_it_all(tmp_path):
    root = yolo(tmp_path, {"train/a": BOX, "val/b": "0 .5 .5 1 1"})
    (root / "data.yaml").unlink()
    found = read_dataset(root)
    assert (found.layout, found.reason) == ("yolo", "2 label files of YOLO; 2 images with 2 objects")
    assert [item.split for item in found.items] == ["train", "val"]
    assert [one["name"] for one in found.annotation_files["labels"].categories] == ["0", "1"]
    (root / "classes.txt").write_text("cat\ndog\n")
    assert [one["name"] for one in read_dataset(root).annotation_files["labels"].categories] == list(NAMES)


def test_label_files_without_a_picture_are_named(tmp_path):
    root = yolo(tmp_path, {"a": BOX})
    (root / "labels/b.txt").write_text(BOX)
    assert read_dataset(root).skipped == ("1 label file without an image, first labels/b.txt",)


def test_several_data_yaml_are_told_apart_by_a_recipe_line(tmp_path):
    root = yolo(tmp_path, {"a": BOX})
    (root / "other.yaml").write_bytes((root / "data.yaml").read_bytes())
    assert refusal(root) == (
        f"{root}: can be read in several ways; put one of these lines into the recipe: "
        "input: {layout: yolo, annotations: data.yaml} or input: {layout: yolo, annotations: other.yaml}"
    )
    found = read_dataset(root, layout="yolo", annotations="other.yaml")
    assert found.reading == {"layout": "yolo", "annotations": "other.yaml"}


def test_texts_beside_pictures_that_are_no_labels_make_no_yolo(tmp_path):
    datasets_on_disk.plain(tmp_path / "in")
    (tmp_path / "in/a.txt").write_text("a cat on a mat, seen from above")
    assert read_dataset(tmp_path / "in").layout == "images"


def test_nothing_of_yolo_is_refused_by_name(tmp_path):
    root = datasets_on_disk.plain(tmp_path / "in")
    assert refusal(root, layout="yolo") == (
        f"{root}: no image has a label file of YOLO (images/X.jpg and labels/X.txt); "
        "name data.yaml: input: {layout: yolo, annotations: FILE}"
    )


# --- data.yaml


LONG = "9" * 5000  # digits, more than Python turns into a number


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("- a", "is no mapping; give YOLO's data.yaml, with names:"),
        ("train: a", "names is nothing, and not a list of names, or names by number; "
         "write names: {0: cat, 1: dog}"),
        ("names: {a: b}", "names is a mapping, and not a list of names, or names by number; "
         "write names: {0: cat, 1: dog}"),
        ("names: [a]\nkpt_shape: 17", "kpt_shape is '17', and not [number of keypoints, 2 or 3]; "
         "write kpt_shape: [17, 3]"),
        (f"names: [a]\nkpt_shape: ['{LONG}', 3]",
         "kpt_shape is a list, and not [number of keypoints, 2 or 3]; write kpt_shape: [17, 3]"),
        (f"names: [a]\nkpt_shape: [2, 3]\nflip_idx: ['{LONG}', '0']",
         "flip_idx is a list, and no exchange of 2 "
         "keypoints two and two; write for each keypoint the number of its mirror image"),
        ("names: [a]\nkpt_shape: [2, 3]\nflip_idx: [1, 1]", "flip_idx is a list, and no exchange of 2 "
         "keypoints two and two; write for each keypoint the number of its mirror image"),
        ("names: &a [a]\nkpt_names: *a", "aliases (*name) are not read in it; write them out"),
    ],
)  # fmt: skip
def test_a_faulty_data_yaml_is_refused_in_one_line(tmp_path, text, wrong):
    root = yolo(tmp_path, {"a": BOX})
    (root / "data.yaml").write_text(text)
    assert refusal(root, layout="yolo", annotations="data.yaml") == f"data.yaml: {wrong}"


@pytest.mark.parametrize(
    ("text", "place", "wrong"),
    [
        ("names: [a", "line 1, column 10", "expected ',' or ']', but got '<stream end>'"),
        ("names:\n\t0: a", "line 2, column 1", "found character '\\t' that cannot start any token"),
        ("names: [a]\n---\nb: 1", "line 2, column 1", "but found another document"),
    ],
)
def test_a_broken_data_yaml_is_refused_with_its_place(tmp_path, text, place, wrong):
    root = yolo(tmp_path, {"a": BOX})
    (root / "data.yaml").write_text(text)
    said = f"data.yaml: {place}: is no YAML ({wrong}); write the file again, or mend it there"
    assert refusal(root) == refusal(root, layout="yolo", annotations="data.yaml") == said


def test_a_broken_yaml_file_of_another_name_is_refused_if_its_lines_say_what_data_yaml_says(tmp_path):
    root = yolo(tmp_path, {"a": BOX})
    (root / "data.yaml").rename(root / "coco8.yaml")
    (root / "other.yaml").write_text("train: [\n")
    assert read_dataset(root).layout == "yolo"
    (root / "coco8.yaml").write_text("train: images\nnames:\n  0: [a\n")
    assert refusal(root).startswith("coco8.yaml: line 4, column 1: is no YAML")


def test_a_broken_data_yaml_beside_no_labels_of_yolo_is_somebody_elses(tmp_path):
    root = datasets_on_disk.plain(tmp_path / "in")
    (root / "data.yaml").write_text("names: [a")
    (root / "notes.txt").write_text("seen from above")
    assert read_dataset(root).layout == "images"


@given(
    st.recursive(
        st.none() | st.integers() | st.floats() | st.text(),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(
                st.sampled_from(["names", "train", "kpt_shape", "flip_idx", "kpt_names", "path"])
                | st.text()
                | st.integers(),
                inner,
            )
        ),
    )
)
def test_no_data_yaml_is_too_odd_to_be_refused(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("yaml") / "data.yaml"
    path.write_text(yaml.safe_dump(data))
    with contextlib.suppress(DatasetError):
        read_config(path, "data.yaml")


@pytest.mark.parametrize(
    "text", ["a: !!int x", "a: !!python/name:os.system", "? [a]\n: b", "\x00", "a: {2020-01-01: b}"]
)
def test_odd_tags_and_keys_are_no_crash(tmp_path, text):
    (tmp_path / "data.yaml").write_text(f"names: [a]\n{text}\n")
    with contextlib.suppress(DatasetError):
        read_config(tmp_path / "data.yaml", "data.yaml")


def test_validation_is_val_for_yolo(tmp_path):
    root = yolo(tmp_path, {"train/a": BOX, "valid/b": BOX})
    (root / "data.yaml").unlink()
    out, _ = expanded(tmp_path, root)
    assert object_datasets.config(out)["val"] == "val.txt"
    assert (out / "val.txt").read_text() == "./images/valid/b.png\n"


def test_classes_may_be_called_no_and_have_gaps(tmp_path):
    root = yolo(tmp_path, {"a": BOX})
    (root / "data.yaml").write_text("names: {0: no, 2: 1e3}\ntrain: images\n")
    categories = read_dataset(root).annotation_files["labels"].categories
    assert [one["name"] for one in categories] == ["no", "1", "1e3"]


@pytest.mark.parametrize(
    ("keys", "does"),
    [
        ({}, "do not exchange left and right keypoints"),
        ({"kpt_names": {0: ["left", "right"]}}, "exchange left and right keypoints by their names alone"),
    ],
)
def test_a_missing_flip_idx_is_remarked_on(tmp_path, keys, does):
    found = read_dataset(yolo(tmp_path, {"a": ""}, kpt_shape=[2, 3], **keys))
    said = f"data.yaml: kpt_shape without flip_idx: mirrored copies {does}; say flip_idx"
    assert (remarks(found), found.skipped) == ((said,), ())
