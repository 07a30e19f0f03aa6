"""COCO in, COCO out: what expand makes of annotation files."""

import json
from collections import Counter
from operator import itemgetter

import numpy as np
import pytest
from PIL import Image
from pycocotools import mask as coco_mask
from pycocotools.coco import COCO
from support.coco_datasets import (
    BOX,
    CROWD,
    FLIP,
    IMAGES,
    SEGMENTS,
    SQUARE,
    WARPED,
    written,
    written_panoptic,
)
from support.datasets_on_disk import failures, manifest, needs, read, run, tree
from support.paths import DATA

from augcli.data import Item
from augcli.errors import DatasetError, ImageError, OutputError
from augcli.labels.annotations import check_entries
from augcli.manifest import Record


@pytest.fixture
def coco(tmp_path):
    return written(tmp_path / "in", [SQUARE, CROWD, BOX])


def loaded(out, name="instances_train.json"):
    return json.loads((out / "annotations" / name).read_text())


def test_without_variants_the_file_is_semantically_the_one_that_went_in(coco, tmp_path):
    run("keep_original: true", coco, tmp_path / "out")
    assert loaded(tmp_path / "out") == loaded(coco)


def test_new_ids_go_on_from_the_largest_in_plan_order_and_name_where_they_come_from(coco, tmp_path):
    run(FLIP, coco, tmp_path / "out")
    made = loaded(tmp_path / "out")
    assert [(i["id"], i["file_name"], i.get("source_image_id")) for i in made["images"]] == [
        (7, "a.png", None),
        (10, "a__fliplr.png", 7),
        (9, "sub/b.png", None),
        (11, "sub/b__fliplr.png", 9),
    ]
    assert [(a["id"], a["image_id"], a.get("source_annotation_id")) for a in made["annotations"]] == [
        (11, 7, None),
        (12, 7, None),
        (14, 10, 11),
        (15, 10, 12),
        (13, 9, None),
        (16, 11, 13),
    ]
    lines = {line["file_name"]: line["annotation_ids"] for line in manifest(tmp_path / "out")}
    file = "annotations/instances_train.json"
    assert lines["images/a__fliplr.png"] == {file: [14, 15]}
    assert lines["images/sub/b.png"] == {file: [13]}


def test_a_flip_moves_polygons_crowds_and_boxes_and_keeps_their_other_fields(coco, tmp_path):
    run(FLIP, coco, tmp_path / "out")
    square, crowd, box = (a for a in loaded(tmp_path / "out")["annotations"] if "source_annotation_id" in a)
    assert square["bbox"] == [34, 4, 12, 10]
    assert (square["area"], square["note"], square["category_id"]) == (120, "kept", 3)
    corners = np.array(square["segmentation"]).reshape(-1, 2)
    assert sorted(map(tuple, corners.tolist())) == [(34, 4), (34, 14), (46, 4), (46, 14)]
    assert crowd["iscrowd"] == 1
    assert crowd["segmentation"]["size"] == [40, 50]
    rle = coco_mask.frPyObjects(crowd["segmentation"], 40, 50)
    np.testing.assert_array_equal(np.argwhere(coco_mask.decode(rle)), [[0, 48], [0, 49], [1, 48], [1, 49]])
    assert box["bbox"] == [10, 10, 10, 10]


def test_labels_of_warped_copies_are_true(coco, tmp_path):
    run(WARPED, coco, tmp_path / "out")
    made = COCO(str(tmp_path / "out" / "annotations" / "instances_train.json"))
    assert len(made.imgs) == 8
    for annotation in made.dataset["annotations"]:
        if annotation.get("segmentation"):
            inside = made.annToMask(annotation)
            rows, columns = np.nonzero(inside)
            assert annotation["area"] == inside.sum()
            box = [columns.min(), rows.min(), np.ptp(columns) + 1, np.ptp(rows) + 1]
            assert annotation["bbox"] == box
    for entry in made.dataset["images"]:
        with Image.open(tmp_path / "out" / "images" / entry["file_name"]) as picture:
            assert picture.size == (entry["width"], entry["height"])


def test_any_number_of_workers_gives_the_same_tree(coco, tmp_path):
    for workers in (1, 3):
        run(WARPED, coco, tmp_path / f"out{workers}", workers=workers)
    assert tree(tmp_path / "out1") == tree(tmp_path / "out3")


def test_a_run_that_is_taken_up_again_gives_the_same_tree(coco, tmp_path):
    run(WARPED, coco, tmp_path / "out")
    whole = tree(tmp_path / "out")
    (tmp_path / "out" / "manifest.jsonl").unlink()
    (tmp_path / "out" / "images" / "a__fliplr.png").unlink()
    (tmp_path / "out" / "annotations" / "instances_train.json").unlink()
    run(WARPED, coco, tmp_path / "out")
    assert tree(tmp_path / "out") == whole


def test_what_is_hardly_left_is_dropped_and_listed(coco, tmp_path):
    text = "variants: {cut: [crop: {x: 0, y: 0, width: 0.2, height: 1}]}\n"
    run(text + "output: {annotations: {min_visibility: 0.6}}", coco, tmp_path / "out")
    lines = {line["file_name"]: line for line in manifest(tmp_path / "out")}
    file = "annotations/instances_train.json"
    (left_out,) = lines["images/a__cut.png"]["annotations_left_out"]
    assert (left_out["file"], left_out["id"]) == (file, 11)
    assert left_out["reason"].startswith("visibility 0.5")
    (gone,) = lines["images/sub/b__cut.png"]["annotations_left_out"]
    assert gone == {"file": file, "id": 13, "reason": "nothing of it is in the picture"}
    assert lines["images/a.png"]["annotations_left_out"] == []


def test_several_files_of_the_same_pictures_go_together(tmp_path):
    root = written(tmp_path / "in", [SQUARE])
    captions = [{"id": 5, "image_id": 7, "caption": "a square"}]
    written(root, captions, name="captions_train.json")
    run(FLIP, root, tmp_path / "out")
    texts = loaded(tmp_path / "out", "captions_train.json")
    assert [(a["id"], a["image_id"], a["caption"]) for a in texts["annotations"]] == [
        (5, 7, "a square"),
        (6, 10, "a square"),
    ]
    images = [loaded(tmp_path / "out", n)["images"] for n in ("captions_train.json", "instances_train.json")]
    assert images[0] == images[1]


def test_faulty_annotations_are_named_and_the_others_done(tmp_path):
    strange = SQUARE | {"id": 20, "category_id": 99}
    root = written(tmp_path / "in", [SQUARE, strange, BOX | {"id": 21, "bbox": [1, 2, 3]}])
    report = run(FLIP, root, tmp_path / "out")
    file = "annotations/instances_train.json"
    assert [line.sentence() for line in report.left_out] == [
        f"{file}: annotation 20: its category 99 is none of the file's categories; "
        "the annotation is left out",
        f"{file}: annotation 21: its bbox is 3 numbers, and not [x, y, width, height]; "
        "the annotation is left out",
    ]
    assert [line["where"] for line in failures(tmp_path / "out")] == [file, file]
    assert [a["id"] for a in loaded(tmp_path / "out")["annotations"]] == [11, 22]


@pytest.mark.parametrize("side", [None, 0, 50, 50.0])
def test_a_size_of_null_or_0_is_as_if_missing(side):
    check_entries(Item("a", "a.png", entries={"x.json": json.dumps({"width": side}).encode()}), 50, 40)


def test_a_size_that_is_no_number_is_said_as_what_it_is():
    entry = json.dumps({"width": 50, "height": "40"}).encode()
    with pytest.raises(ImageError) as caught:
        check_entries(Item("a", "a.png", entries={"x.json": entry}), 50, 40)
    assert str(caught.value) == (
        "a.png: its height in x.json is '40', and no number; write the number of pixels, without quotes"
    )


def test_a_picture_of_another_size_than_its_entry_says_fails_by_name(tmp_path):
    images = [IMAGES[0] | {"width": 51}, IMAGES[1]]
    run(FLIP, written(tmp_path / "in", [SQUARE, BOX], images), tmp_path / "out")
    assert {line["what"] for line in failures(tmp_path / "out")} == {
        "the picture is 50x40, annotations/instances_train.json says 51x40"
    }
    assert [i["file_name"] for i in loaded(tmp_path / "out")["images"]] == ["sub/b.png", "sub/b__fliplr.png"]


@pytest.mark.parametrize("border", ["reflect", "replicate", "wrap"])
def test_a_border_that_shows_objects_twice_is_refused(coco, tmp_path, border):
    with pytest.raises(DatasetError) as caught:
        run(f"{FLIP}output: {{border: {border}}}", coco, tmp_path / "out")
    assert str(caught.value) == (
        f"{coco}: border: {border} would show objects twice that are annotated once; "
        "write output: {border: constant}, or auto"
    )


def test_output_layouts(coco, tmp_path):
    for layout in ("like-input", "coco"):
        run(f"{FLIP}output: {{layout: {layout}}}", coco, tmp_path / layout)
    assert tree(tmp_path / "coco") == tree(tmp_path / "like-input")
    with pytest.raises(DatasetError) as caught:
        run(f"{FLIP}output: {{layout: folders}}", coco, tmp_path / "out")
    assert str(caught.value) == (
        f"{coco}: output: {{layout: folders}} has no place for annotations; "
        "write output: {layout: like-input}"
    )


@pytest.fixture
def panoptic(tmp_path):
    return written_panoptic(tmp_path / "in")


def segments_of(out, number=-1):
    data = loaded(out, "panoptic_train.json")
    annotation = data["annotations"][number]
    colors = read(out / "panoptic_train" / annotation["file_name"]).astype(int)
    ids = colors[..., 0] + 256 * colors[..., 1] + 65536 * colors[..., 2]
    return annotation, ids


def test_panoptic_segments_are_worked_out_from_the_warped_ids(panoptic, tmp_path):
    run(WARPED, panoptic, tmp_path / "out")
    assert segments_of(tmp_path / "out", 0)[0]["segments_info"] == SEGMENTS
    for number in range(4):
        annotation, ids = segments_of(tmp_path / "out", number)
        assert {s["id"] for s in annotation["segments_info"]} == set(np.unique(ids)) - {0}
        for segment in annotation["segments_info"]:
            rows, columns = np.nonzero(ids == segment["id"])
            assert segment["area"] == rows.size
            assert segment["bbox"] == [columns.min(), rows.min(), np.ptp(columns) + 1, np.ptp(rows) + 1]


@pytest.mark.parametrize(
    ("steps", "options", "expected"),
    [
        ("[rotate: {degrees: 30}]", "", "corners"),
        ("[rotate: {degrees: 30}]", "output: {annotations: {boxes: ellipse}}", "ellipse"),
        ("[elastic: {displacement_px: 1, sigma: 8}]", "", "corners"),
        ("[horizontal_flip, rotate90, center_crop: {size: 20}]", "", None),  # they stay boxes
        ("[rotate: {degrees: 90}]", "", None),
    ],
)
def test_the_manifest_says_by_which_rule_boxes_turned(tmp_path, steps, options, expected):
    root = written(tmp_path / "in", [SQUARE, BOX])
    run(f"transforms: {steps}\n{options}", root, tmp_path / "out")
    lines = manifest(tmp_path / "out")
    found = {(line["sources"][0]["image"], line["variant"]): line.get("boxes") for line in lines}
    with_box, with_polygon = "images/sub/b.png", "images/a.png"
    assert found == {
        (with_box, "original"): None,
        (with_box, "aug"): expected,
        (with_polygon, "original"): None,
        (with_polygon, "aug"): None,
    }
    assert [Record.of_line(line, "constant").as_line() for line in lines] == lines


def test_panoptic_flips_are_exact_and_small_segments_are_void(panoptic, tmp_path):
    run(FLIP + "output: {annotations: {min_area: 2}}", panoptic, tmp_path / "out")
    annotation, ids = segments_of(tmp_path / "out")
    assert annotation["segments_info"] == [SEGMENTS[0] | {"bbox": [30, 0, 20, 10]}]
    assert Counter(ids.ravel().tolist()) == {0: 1800, 258: 200}
    (left_out,) = manifest(tmp_path / "out")[1]["annotations_left_out"]
    assert (left_out["id"], left_out["reason"]) == (65536, "1 px are left, min_area is 2")


@needs("coco_mini80")
def test_the_real_sample_keeps_every_annotation(tmp_path):
    run("keep_original: true", DATA / "coco_mini80", tmp_path / "out")
    for name in ("instances", "person_keypoints", "captions"):
        before = loaded(DATA / "coco_mini80", f"{name}_val2017.json")
        after = loaded(tmp_path / "out", f"{name}_val2017.json")
        assert list(after) == list(before)
        for part in after:
            is_list_of_ids = part in ("images", "annotations")
            parts = [before[part], after[part]]
            if is_list_of_ids:
                parts = [sorted(entries, key=itemgetter("id")) for entries in parts]
            assert parts[0] == parts[1], part


CHANGES = [
    ("annotations", 0, "bbox", [4, 4, 13, 10], "the annotations of images/a.png have changed"),
    ("images", 1, "license", 9, "the annotations of images/sub/b.png have changed"),
    ("categories", 0, "name", "van", "annotations/instances_train.json has changed"),
]


@pytest.mark.parametrize(("key", "place", "field", "value", "what"), CHANGES)
def test_an_output_of_other_annotations_is_refused_by_name(coco, tmp_path, key, place, field, value, what):
    run(FLIP, coco, tmp_path / "out")
    data = loaded(coco)
    data[key][place][field] = value
    (coco / "annotations/instances_train.json").write_text(json.dumps(data))
    with pytest.raises(OutputError) as caught:
        run(FLIP, coco, tmp_path / "out")
    assert f"belongs to other inputs: {what}; name another output, or use --overwrite" in str(caught.value)


def test_a_further_annotation_file_is_another_input(coco, tmp_path):
    run(FLIP, coco, tmp_path / "out")
    written(coco, [BOX], name="boxes_train.json")
    with pytest.raises(OutputError, match=r"belongs to other inputs: annotations/boxes_train\.json is new"):
        run(FLIP, coco, tmp_path / "out")


def test_a_file_written_anew_with_the_same_annotations_is_the_same_input(coco, tmp_path):
    run(FLIP, coco, tmp_path / "out")
    (coco / "annotations/instances_train.json").write_text(json.dumps(loaded(coco)))
    assert run(FLIP, coco, tmp_path / "out").already == 4


def test_a_picture_that_failed_is_tried_again_with_its_mended_entry(coco, tmp_path):
    data = loaded(coco)
    data["images"][0]["width"] = 51
    (coco / "annotations/instances_train.json").write_text(json.dumps(data))
    assert len(run(FLIP, coco, tmp_path / "out").failed) == 2
    written(coco, [SQUARE, CROWD, BOX])
    report = run(FLIP, coco, tmp_path / "out")
    assert (report.already, report.written, report.failed) == (2, 2, [])
