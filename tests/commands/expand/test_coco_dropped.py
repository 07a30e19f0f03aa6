"""COCO: what of a picture's annotations its copies do not have, and how that is said."""

import json
from pathlib import Path

import numpy as np
import pytest
from support.datasets_on_disk import failures, manifest, read, run, save

from augcli.commands.check.survey import survey
from augcli.errors import DatasetError
from augcli.recipe import parse_recipe

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
    why = "an entry cannot be read: Number out of range"
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


def found_by_check(root):
    looked = survey(parse_recipe(FLIP, "r"), root, workers=1, max_pixels=10**6)
    return [one.what for one in looked.left_out]


def written_maps(out):
    """Of each panoptic annotation the ids of its segments, and those that its PNG shows."""
    annotations = json.loads((out / "annotations/panoptic_train.json").read_text())["annotations"]
    maps = [read(out / "panoptic_train" / one["file_name"]).reshape(-1, 3).astype(int) for one in annotations]
    shown = [set((colors @ [1, 256, 65536]).tolist()) - {0} for colors in maps]
    return [{segment["id"] for segment in one["segments_info"]} for one in annotations], shown


def test_pixels_whose_id_no_segment_has_are_counted_and_void(tmp_path):
    root = panoptic(tmp_path / "in", SEGMENT)
    report = run(FLIP, root, tmp_path / "out")
    why = "the ids 5, 65536 of its PNG are no segment's; their pixels are unlabelled (7)"
    assert [one.what for one in report.left_out] == [f"annotation 7: {why}"]
    assert found_by_check(root) == [f"annotation 7: {why}"]
    left_out = {
        "file": "annotations/panoptic_train.json",
        "id": 7,
        "reason": why,
        "fault": True,
        "partly": True,
    }
    assert [line["annotations_left_out"] for line in manifest(tmp_path / "out")] == [[left_out]] * 2
    assert written_maps(tmp_path / "out") == ([{258}] * 2, [{258}] * 2)


@pytest.mark.parametrize(
    ("segment", "why"),
    [
        ({"id": 5, "category_id": 99}, "its category 99 is none of the file's categories"),
        ({"id": 5, "category_id": "3"}, "its category '3' is none of the file's categories"),
        ({"id": 5}, "it has no category_id"),
        ({"id": 6, "category_id": 3}, "no pixel of its PNG has its id"),
    ],
)
def test_a_segment_that_is_not_sound_is_left_out_of_originals_and_copies(tmp_path, segment, why):
    others = [
        SEGMENT,
        {"id": 65536, "category_id": 3},
        *({"id": 5, "category_id": 3},) * (segment["id"] != 5),
    ]
    root = panoptic(tmp_path / "in", *others, segment)
    report = run(FLIP, root, tmp_path / "out")
    what = f"annotation 7: segment {segment['id']}: {why}; the segment is left out"
    assert [one.what for one in report.left_out] == [what]
    kept = {one["id"] for one in others}
    assert written_maps(tmp_path / "out") == ([kept] * 2, [kept] * 2)
    assert found_by_check(root) == [what]
    originals = json.loads((tmp_path / "out/annotations/panoptic_train.json").read_text())["annotations"]
    assert originals[0]["segments_info"] == others  # their other fields are as they came


def test_all_faults_of_a_panoptic_annotation_are_named_once(tmp_path):
    segments = [{"id": 258, "category_id": 4}, {"id": 5, "category_id": 4}]
    report = run(FLIP, panoptic(tmp_path / "in", *segments), tmp_path / "out")
    category = "its category 4 is none of the file's categories; the segment is left out"
    assert [one.what for one in report.left_out] == [
        f"annotation 7: segment 258: {category}",
        f"annotation 7: segment 5: {category}",
        "annotation 7: the id 65536 of its PNG is no segment's; its pixels are unlabelled (1)",
    ]


def test_a_sound_panoptic_original_keeps_its_bytes(tmp_path):
    segments = [SEGMENT, {"id": 65536, "category_id": 3}, {"id": 5, "category_id": 3, "score": 1e-3}]
    root = panoptic(tmp_path / "in", *segments)
    run(FLIP, root, tmp_path / "out")
    png = Path("panoptic_train/m.png")
    assert (tmp_path / "out" / png).read_bytes() == (root / png).read_bytes()
    before, after = (
        json.loads((each / "annotations/panoptic_train.json").read_text())["annotations"][0]
        for each in (root, tmp_path / "out")
    )
    assert after == before


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
