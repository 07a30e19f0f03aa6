"""COCO: what of a picture's annotations its copies do not have, and how that is said."""

import json

import numpy as np
import pytest
from sets import failures, manifest, read, run, save

from augcli.errors import DatasetError

FLIP = "variants: {fliplr: [horizontal_flip]}\n"
IMAGE = {"id": 7, "file_name": "a.png", "width": 50, "height": 40}
BOX = {"id": 11, "image_id": 7, "category_id": 3, "bbox": [4, 4, 12, 10], "area": 120, "iscrowd": 0}
SEGMENT = {"id": 258, "category_id": 3, "area": 200, "bbox": [0, 0, 20, 10], "iscrowd": 0}


def written(root, annotations, name="instances_train.json"):
    save(root / "images" / "a.png", np.random.default_rng(7).integers(0, 256, (40, 50, 3), np.uint8))
    (root / "annotations").mkdir(exist_ok=True)
    categories = [{"id": 3, "name": "person"}]
    data = {"images": [IMAGE], "annotations": annotations, "categories": categories}
    (root / "annotations" / name).write_text(json.dumps(data))
    return root


def panoptic(root, *segments, name="panoptic_train"):
    colors = np.zeros((40, 50, 3), np.uint8)
    colors[:10, :20], colors[20:22, 5:8], colors[39, 49] = (2, 1, 0), (5, 0, 0), (0, 0, 1)
    save(root / name / "m.png", colors)
    annotation = {"image_id": 7, "file_name": "m.png", "segments_info": list(segments)}
    return written(root, [annotation], f"{name}.json")


def copied(out, name="instances_train.json"):
    return json.loads((out / "annotations" / name).read_text())["annotations"][1:]


def test_an_annotation_that_cannot_be_read_is_called_by_its_id(tmp_path):
    root = written(tmp_path / "in", [BOX, BOX | {"id": 12, "score": "1e999"}])
    path = root / "annotations/instances_train.json"
    path.write_text(path.read_text().replace('"1e999"', "1e999"))
    report = run(FLIP, root, tmp_path / "out")
    (line,) = failures(tmp_path / "out")
    why = "an entry cannot be read: Number out of range - at `$[...]`"
    what = f"annotation 12: {why}; the annotation is left out"
    assert line["what"] == what
    assert [one.what for one in report.left_out] == [what]
    assert [annotation["source_annotation_id"] for annotation in copied(tmp_path / "out")] == [11]


def test_a_field_that_a_copy_does_not_have_is_named_in_its_line(tmp_path):
    points = {"dp_x": [9.0], "dp_y": [9.0], "dp_I": [3.0], "dp_U": [0.1], "dp_V": [0.2]}
    run(FLIP, written(tmp_path / "in", [BOX | points]), tmp_path / "out")
    (annotation,) = copied(tmp_path / "out")
    assert not points.keys() & annotation.keys()
    original, flipped = (line["annotations_left_out"] for line in manifest(tmp_path / "out"))
    why = "its DensePose points have no mirror: where on the other side of the body they lie is not known"
    left_out = {"file": "annotations/instances_train.json", "id": 11, "reason": why, "partly": True}
    assert (original, flipped) == ([], [left_out])


def test_pixels_whose_id_no_segment_has_are_counted_and_void_in_copies(tmp_path):
    report = run(FLIP, panoptic(tmp_path / "in", SEGMENT), tmp_path / "out")
    why = "the ids 5, 65536 of its PNG are no segment's; their pixels are unlabelled (7)"
    assert [one.what for one in report.left_out] == [f"annotation 7: {why}"]
    left_out = {
        "file": "annotations/panoptic_train.json",
        "id": 7,
        "reason": why,
        "fault": True,
        "partly": True,
    }
    assert [line["annotations_left_out"] for line in manifest(tmp_path / "out")] == [[left_out]] * 2
    (annotation,) = copied(tmp_path / "out", "panoptic_train.json")
    colors = read(tmp_path / "out" / "panoptic_train" / annotation["file_name"])
    assert np.unique(colors.reshape(-1, 3), axis=0).tolist() == [[0, 0, 0], [2, 1, 0]]


def test_two_panoptic_files_of_one_picture_are_refused(tmp_path):
    root = panoptic(panoptic(tmp_path / "in", SEGMENT), SEGMENT, name="panoptic_other")
    with pytest.raises(DatasetError) as caught:
        run(FLIP, root, tmp_path / "out")
    lines = (
        f"input: {{layout: coco, annotations: annotations/panoptic_{n}.json}}" for n in ("other", "train")
    )
    assert str(caught.value) == (
        f"{root}: images/a.png has a panoptic map in annotations/panoptic_other.json and in "
        f"annotations/panoptic_train.json; put one of these lines into the recipe: {' or '.join(lines)}"
    )
    assert not (tmp_path / "out").exists()


def test_objects_that_a_step_drops_go_from_the_annotations(tmp_path):
    root = panoptic(tmp_path / "in", SEGMENT, {"id": 5, "category_id": 3, "iscrowd": 0})
    whole, part, beside = [0, 0, 20, 10], [10, 0, 20, 10], [30, 20, 10, 10]
    boxes = [BOX | {"id": n, "bbox": box} for n, box in enumerate((whole, part, beside), 1)]
    written(root, boxes)
    run("variants: {dropped: [mask_dropout: {count: 3, mask: background}]}", root, tmp_path / "out")
    copies = json.loads((tmp_path / "out/annotations/instances_train.json").read_text())["annotations"][3:]
    assert [(a["source_annotation_id"], a["bbox"]) for a in copies] == [(2, [20, 0, 10, 10]), (3, beside)]
