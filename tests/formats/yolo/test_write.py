"""YOLO's label files beside a COCO output, and what of COCO they cannot say."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pycocotools import mask as coco_masks
from support import datasets_on_disk, object_datasets

from augcli.errors import DatasetError
from augcli.formats.objects import Object
from augcli.formats.yolo.contours import contours_of
from augcli.formats.yolo.write import row_of
from augcli.pipeline.plan import Selection

PLAIN = "variants: {fliplr: [horizontal_flip]}\noutput: {also: [%s]}\n"
SQUARE = [8, 4, 24, 4, 24, 20, 8, 20]
PERSON = {"id": 1, "name": "person", "keypoints": object_datasets.EYES}
W, H = object_datasets.SIZE


def expanded(tmp_path, root, name="yolo", text=PLAIN):
    out = tmp_path / "out"
    report = datasets_on_disk.run(text % name, root, out)
    assert report.failed == []
    return out, report


def polygon(number, parts=(SQUARE,), **fields):
    return object_datasets.annotation(
        number, segmentation=list(parts), bbox=[8, 4, 16, 16], area=256, **fields
    )


def test_boxes_are_centres_and_sides_in_shares_of_the_picture(tmp_path):
    root = object_datasets.coco(tmp_path / "in", [object_datasets.annotation(7, 2, bbox=[8, 4, 16, 8])])
    out, report = expanded(tmp_path, root)
    assert (out / "labels/train/a.txt").read_text() == "1 0.25 0.2 0.25 0.2\n"
    assert (out / "labels/train/a__fliplr.txt").read_text() == "1 0.75 0.2 0.25 0.2\n"
    assert (out / "train.txt").read_text() == "./images/train/a.png\n./images/train/a__fliplr.png\n"
    assert object_datasets.config(out) == {"train": "train.txt", "val": None, "names": {0: "cat", 1: "dog"}}
    assert report.losses == []


def test_category_ids_with_gaps_become_classes_without(tmp_path):
    categories = [{"id": 90, "name": "b"}, {"id": 3, "name": "a"}]
    annotations = [
        object_datasets.annotation(1, 3, bbox=[0, 0, W, H]),
        object_datasets.annotation(2, 90, bbox=[0, 0, W, H]),
    ]
    out, _ = expanded(tmp_path, object_datasets.coco(tmp_path / "in", annotations, categories))
    assert [row[0] for row in object_datasets.rows(out, "labels/train/a.txt")] == [1, 0]
    assert object_datasets.config(out)["names"] == {0: "b", 1: "a"}


def test_labels_lie_beside_pictures_that_are_in_no_folder_called_images(tmp_path):
    root = object_datasets.coco(tmp_path / "in", [polygon(1)], images=("photos/a.png",))
    out, _ = expanded(tmp_path, root)
    assert (out / "photos/a.txt").exists()
    assert (out / "photos/a__fliplr.txt").exists()


def test_a_picture_without_objects_has_an_empty_label_file(tmp_path):
    out, _ = expanded(tmp_path, object_datasets.coco(tmp_path / "in", []))
    assert (out / "labels/train/a.txt").read_bytes() == b""


def test_segments_are_polygons_in_shares_of_the_picture(tmp_path):
    out, _ = expanded(tmp_path, object_datasets.coco(tmp_path / "in", [polygon(1)]))
    (row,) = object_datasets.rows(out, "labels/train/a.txt")
    assert np.allclose(np.reshape(row[1:], (-1, 2)) * object_datasets.SIZE, np.reshape(SQUARE, (-1, 2)))
    assert json.loads((out / "yolo.json").read_text()) == {"form": "segments", "left_out": {}, "changed": {}}


def test_parts_are_joined_and_counted(tmp_path):
    other = [30, 4, 40, 4, 40, 20]
    out, report = expanded(tmp_path, object_datasets.coco(tmp_path / "in", [polygon(1, [SQUARE, other])]))
    assert report.losses == ["yolo: 2 changed: its parts or holes are joined to one line"]
    (row,) = object_datasets.rows(out, "labels/train/a.txt")
    assert len(row) == 1 + 2 * (4 + 1 + 3 + 1)
    assert area_of(np.reshape(row[1:], (-1, 2)) * object_datasets.SIZE) == pytest.approx(256 + 80, abs=0.01)


def test_crowds_captions_and_objects_without_a_segmentation_are_left_out_and_counted(tmp_path):
    rle = {"size": [H, W], "counts": [0, W * H]}
    crowd = object_datasets.annotation(2, segmentation=rle, bbox=[0, 0, W, H], area=W * H) | {"iscrowd": 1}
    caption = {"id": 4, "image_id": 1, "caption": "a cat"}
    annotations = [polygon(1), crowd, object_datasets.annotation(3, bbox=[0, 0, 9, 9]), caption]
    out, report = expanded(tmp_path, object_datasets.coco(tmp_path / "in", annotations))
    assert report.losses == [
        "yolo: 2 left out: a caption",
        "yolo: 2 left out: a crowd (iscrowd), for which YOLO has no word",
        "yolo: 2 left out: it has no segmentation",
    ]
    assert len(object_datasets.rows(out, "labels/train/a.txt")) == 1


def test_boxes_that_were_asked_for_say_that_they_are_no_more(tmp_path):
    out, report = expanded(tmp_path, object_datasets.coco(tmp_path / "in", [polygon(1)]), "yolo-boxes")
    assert (out / "labels/train/a.txt").read_text() == "0 0.25 0.3 0.25 0.4\n"
    assert report.losses == ["yolo-boxes: 2 changed: its segmentation is not said"]


def test_a_box_is_cut_at_the_edge_of_its_picture():
    said = row_of(Object(0, {"bbox": [-16, -10, 32, 20]}), object_datasets.SIZE, "boxes")
    assert said.numbers == [0.125, 0.125, 0.25, 0.25]


def test_what_lies_outside_of_the_picture_is_left_out():
    for form in ("boxes", "segments"):
        fields = {"bbox": [W + 1, 0, 9, 9], "segmentation": [[W + 1, 0, W + 9, 0, W + 9, 9]]}
        said = row_of(Object(0, fields), object_datasets.SIZE, form)
        assert (said.numbers, said.lost) == (None, ("it lies outside of the picture",))


# --- poses


def pose(number, points, **fields):
    fields = {"keypoints": points, "num_keypoints": 2, "bbox": [8, 4, 16, 16], **fields}
    return object_datasets.annotation(number, **fields)


def test_poses_count_from_the_edge_and_are_exchanged_in_a_mirror(tmp_path):
    root = object_datasets.coco(tmp_path / "in", [pose(1, [10, 5, 2, 12, 6, 1, 0, 0, 0])], [PERSON])
    out, _ = expanded(tmp_path, root)
    (row,) = object_datasets.rows(out, "labels/train/a.txt")
    assert np.allclose(row[5:], [10.5 / W, 5.5 / H, 2, 12.5 / W, 6.5 / H, 1, 0, 0, 0], atol=1e-6)
    (row,) = object_datasets.rows(out, "labels/train/a__fliplr.txt")
    assert np.allclose(row[5:], [1 - 10.5 / W, 5.5 / H, 2, 0, 0, 0, 1 - 12.5 / W, 6.5 / H, 1], atol=1e-6)
    config = object_datasets.config(out)
    assert (config["kpt_shape"], config["flip_idx"]) == ([3, 3], [0, 2, 1])
    assert config["kpt_names"] == {0: object_datasets.EYES}


def test_keypoints_of_no_side_say_no_flip_idx(tmp_path):
    category = PERSON | {"keypoints": ["tip", "tail", "fin"]}
    out, _ = expanded(tmp_path, object_datasets.coco(tmp_path / "in", [pose(1, [1, 1, 2] * 3)], [category]))
    assert "flip_idx" not in object_datasets.config(out)


def test_names_of_the_recipe_pair_keypoints(tmp_path):
    category = PERSON | {"keypoints": ["tip", "port", "starboard"]}
    text = "input: {mirror: [[port, starboard]]}\n" + PLAIN
    root = object_datasets.coco(tmp_path / "in", [pose(1, [1, 1, 2] * 3)], [category])
    out, _ = expanded(tmp_path, root, text=text)
    assert object_datasets.config(out)["flip_idx"] == [0, 2, 1]


def test_an_object_of_two_files_is_one_with_the_fields_of_both(tmp_path):
    root = object_datasets.coco(tmp_path / "in", [polygon(1), polygon(2, category=2)], ["person", "dog"])
    object_datasets.coco(root, [pose(1, [10, 5, 2] * 3)], [PERSON], name="person_keypoints")
    out, report = expanded(tmp_path, root, "yolo-segments")
    assert [row[0] for row in object_datasets.rows(out, "labels/train/a.txt")] == [0, 1]
    assert report.losses == ["yolo-segments: 2 changed: its keypoints are not said"]
    (tmp_path / "again").mkdir()
    out, report = expanded(tmp_path / "again", root, "yolo-pose")
    assert [row[0] for row in object_datasets.rows(out, "labels/train/a.txt")] == [0]
    assert report.losses == [
        "yolo-pose: 2 left out: it has no keypoints",
        "yolo-pose: 2 changed: its segmentation is not said",
    ]


# --- Ultralytics


@datasets_on_disk.needs("coco_mini80")
@pytest.mark.parametrize("form", ["boxes", "segments", "pose"])
def test_ultralytics_reads_every_object(form, tmp_path, monkeypatch):
    monkeypatch.setenv("YOLO_CONFIG_DIR", str(tmp_path))
    utils = pytest.importorskip("ultralytics.data.utils", reason="ultralytics is not installed")
    text = PLAIN % f"yolo-{form}"
    report = datasets_on_disk.run(
        text, datasets_on_disk.DATA / "coco_mini80", tmp_path / "out", selection=Selection(limit=5)
    )
    assert report.failed == []
    data = utils.check_det_dataset(str(tmp_path / "out/data.yaml"), split="val", autodownload=False)
    images = [str(tmp_path / "out" / line) for line in (tmp_path / "out/val.txt").read_text().split()]
    points = data["kpt_shape"] if form == "pose" else (0, 0)
    for image, labels in zip(images, utils.img2label_paths(images), strict=True):
        args = (image, labels, "", form == "pose", data["nc"], *points, False)
        _, boxes, _, segments, _, missing, found, _, corrupt, said = utils.verify_image_label(args)
        rows = len(object_datasets.rows(tmp_path, labels))
        assert (missing, found, corrupt, said, len(boxes)) == (0, 1, 0, "", rows)
        assert len(segments) == (rows if form == "segments" else 0)


# --- refused


def refusal(tmp_path, root, name):
    with pytest.raises(DatasetError) as error:
        datasets_on_disk.run(PLAIN % name, root, tmp_path / "out")
    assert not (tmp_path / "out").exists()
    return str(error.value)


def test_yolo_alone_does_not_choose_between_segments_and_poses(tmp_path):
    root = object_datasets.coco(tmp_path / "in", [polygon(1)], [PERSON, {"id": 2, "name": "dog"}])
    assert refusal(tmp_path, root, "yolo") == (
        f"{root}: also: yolo may be segments or pose here, for some classes have keypoints and others none; "
        "write yolo-boxes, yolo-segments or yolo-pose"
    )


def test_poses_need_one_list_of_keypoints(tmp_path):
    root = object_datasets.coco(tmp_path / "in", [polygon(1)])
    hint = "write yolo-boxes, yolo-segments or yolo-pose"
    assert refusal(tmp_path, root, "yolo-pose") == (
        f"{root}: also: yolo-pose: there are no keypoints; {hint}"
    )
    fish = {"id": 2, "name": "fish", "keypoints": ["fin"]}
    root = object_datasets.coco(tmp_path / "two", [polygon(1)], [PERSON, fish])
    assert refusal(tmp_path, root, "yolo-pose") == (
        f"{root}: also: yolo-pose: classes have different keypoints, and YOLO one list for all; {hint}"
    )


def test_descriptions_of_objects_need_objects(tmp_path):
    root = datasets_on_disk.folders(tmp_path / "in")
    assert refusal(tmp_path, root, "yolo") == (
        f"{root}: also: yolo describes objects, and there are no annotations of objects; leave it out"
    )


def test_one_output_is_described_for_yolo_once(tmp_path):
    root = object_datasets.coco(tmp_path / "in", [polygon(1)])
    assert refusal(tmp_path, root, "yolo-boxes, yolo-segments") == (
        "also: yolo-boxes, yolo-segments would be files of the same names; choose one of them"
    )
    assert refusal(tmp_path, root, "coco") == (
        f"{root}: also: coco is what the output is already; leave it out"
    )


def test_labels_never_take_the_name_of_a_list(tmp_path):
    root = object_datasets.coco(tmp_path / "in", [polygon(1)], images=("train.png",))
    with pytest.raises(DatasetError) as error:
        datasets_on_disk.run(PLAIN % "yolo", root, tmp_path / "out")
    assert str(error.value) == (
        "YOLO would look for the labels of a picture in train.txt, which is another file's name; "
        "rename the picture or its folder"
    )


def test_a_description_can_be_added_to_a_finished_output(tmp_path):
    root, out = object_datasets.coco(tmp_path / "in", [polygon(1)]), tmp_path / "out"
    datasets_on_disk.run("variants: {fliplr: [horizontal_flip]}\n", root, out)
    before = datasets_on_disk.tree(out)
    assert datasets_on_disk.run(PLAIN % "yolo", root, out).written == 0
    assert (out / "labels/train/a.txt").exists()
    assert datasets_on_disk.run("variants: {fliplr: [horizontal_flip]}\n", root, out).written == 0
    assert datasets_on_disk.tree(out) == before


# --- one line for several


def area_of(points):
    x, y = points.T
    return abs((x * np.roll(y, -1) - np.roll(x, -1) * y).sum()) / 2


def drawn(line):
    rle = coco_masks.frPyObjects([line.ravel().tolist()], H, W)
    return coco_masks.decode(rle)[..., 0]


@given(st.integers(0, 2**32), st.floats(0.05, 0.9))
def test_the_line_around_an_rle_has_its_pixels_with_all_holes(seed, share):
    mask = (np.random.default_rng(seed).random((H // 4, W // 4)) < share).repeat(4, 0).repeat(4, 1)
    rle = coco_masks.encode(np.asfortranarray(mask.astype(np.uint8)))
    contours = contours_of({"size": rle["size"], "counts": rle["counts"].decode()}, object_datasets.SIZE)
    if mask.any():
        assert np.array_equal(drawn(contours.joined()), mask)
    else:
        assert contours.lines == []


def test_parts_that_overlap_are_drawn_together(tmp_path):
    parts = [SQUARE, [12, 8, 40, 8, 40, 16, 12, 16]]
    assert drawn(contours_of(parts, object_datasets.SIZE).joined()).sum() == 16 * 16 + 16 * 8
    _, report = expanded(tmp_path, object_datasets.coco(tmp_path / "in", [polygon(1, parts)]))
    what = "its overlapping parts or holes became a line along the edges of its pixels"
    assert report.losses == [f"yolo: 2 changed: {what}"]


def test_a_part_without_a_pixel_does_not_stretch_the_box(tmp_path):
    sliver = [59.6, 30, 59.8, 30, 59.7, 33]
    out, report = expanded(tmp_path, object_datasets.coco(tmp_path / "in", [polygon(1, [SQUARE, sliver])]))
    assert report.losses == ["yolo: 2 changed: a part of it without a pixel is left out"]
    (row,) = object_datasets.rows(out, "labels/train/a.txt")
    assert np.allclose(np.reshape(row[1:], (-1, 2)) * object_datasets.SIZE, np.reshape(SQUARE, (-1, 2)))


def test_an_object_of_which_no_part_has_a_pixel_stays(tmp_path):
    slivers = [[59.6, 30, 59.8, 30, 59.7, 33], [49.6, 30, 49.8, 30, 49.7, 33]]
    contours = contours_of(slivers, object_datasets.SIZE)
    assert (len(contours.lines), contours.lost) == (2, ("its parts or holes are joined to one line",))
