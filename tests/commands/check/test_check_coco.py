"""check, plan and init on COCO data sets: what they tell, and what they end with."""

import json
from pathlib import Path

import pytest
from support.coco_examples import CAR, SIGN, SQUARE, annotation, annotations, image, panoptic, town, write
from support.commands import run
from support.datasets_on_disk import needs, photo, save
from support.paths import DATA

RECIPE = "variants: {fliplr: [horizontal_flip]}\n"


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A working folder, so that messages hold no path of the machine."""
    monkeypatch.chdir(tmp_path)
    Path("r.yaml").write_text(RECIPE)
    return tmp_path


def closing(out):
    """The lines behind what the data set holds."""
    return out.rpartition("\n\n")[2].splitlines()


def checked(capsys, *words):
    return json.loads(run(capsys, "check", "r.yaml", "in", "--json", *words)[1])["data"]


# --- check


def test_what_annotation_files_hold_is_told_in_aligned_lines(here, capsys):
    town(here / "in", images=(1, 2, 3))
    save(here / "in/images/lonely.png", photo())
    assert run(capsys, "check", "r.yaml", "in") == (
        0,
        """\
r.yaml: ok: 1 variant, 2 pairs per source

layout      coco: annotations/instances.json: 3 images with 5 annotations
            to name it for good: input: {layout: coco}
sources     3, for 6 pairs
images      3 PNG RGB
sizes       40x30 (all 3)
annotations annotations/instances.json: 3 images (1 without annotations), 5 annotations: \
2 with a box alone, 2 with polygons, 1 with an RLE; 1 with iscrowd, 1 with keypoints
categories  category  id  annotations  images
            car        3            2       2
            person     1            2       1
            sign       7            1       1
unlabelled  1 image without any annotation: images/c.png
left over   1 image that no annotation file names: images/lonely.png
            what does not pair up is left out, and was not decoded

6 pairs would be written, 0 would fail
""",
        "",
    )


def test_several_files_are_told_one_by_one_with_categories_that_are_never_used(here, capsys):
    captions = [{"id": 9, "image_id": 1, "caption": "a square"}]
    town(here / "in", captions, name="captions.json", categories=())
    town(here / "in", [annotation(1, SIGN)])
    _, out, _ = run(capsys, "check", "r.yaml", "in")
    assert (
        """\
annotations annotations/captions.json: 2 images (1 without annotations), 1 annotation: 1 with a caption
            annotations/instances.json: 2 images (1 without annotations), 1 annotation: \
1 with a category alone
categories  annotations/instances.json
            category  id  annotations  images
            sign       7            1       1
            2 of 3 are never used: car (3), person (1)
"""
        in out
    )


def test_segments_of_panoptic_maps_are_counted_and_their_ids_are_no_classes(here, capsys):
    panoptic(here / "in")
    code, out, _ = run(capsys, "check", "r.yaml", "in")
    assert code == 0
    assert "panoptic.json: 1 image, 2 annotations: 2 in a PNG\n" in out
    assert "\npanoptic    1 PNG RGB\n\n2 pairs would be written" in out


def test_faults_of_files_and_annotations_are_told_one_line_each(here, capsys):
    faulty = [
        annotation(11, 99, segmentation=[SQUARE], bbox=[10, 5, 10, 10]),
        annotation(12, segmentation=[[1, 2, 3, 4]], bbox=[10, 5, 10, 10]),
        annotation(13, segmentation={"size": [3, 4], "counts": [12]}),
        annotation(14, image=77, bbox=[1, 1, 2, 2]),
    ]
    town(here / "in", [*annotations(), *faulty, annotation(5, bbox=[1, 1, 2, 2])])
    code, out, _ = run(capsys, "check", "r.yaml", "in")
    where, end = "annotations/instances.json: annotation", "the annotation is left out"
    assert (code, closing(out)) == (
        1,
        [
            f"remark: {where} 5 (entry 10): another one before it has this id; its id is 15 now",
            f"fault: {where} 14: its image 77 is not in images; {end}",
            f"fault: {where} 11: its category 99 is none of the file's categories; {end}",
            f"fault: {where} 12: part 1 of its segmentation has 2 points, a polygon has at least 3; {end}",
            f"fault: {where} 13: its RLE is of a picture of 4x3, and the picture has 40x30; {end}",
            "4 pairs would be written, 0 would fail",
        ],
    )


def test_many_faults_are_cut_and_all_in_json(here, capsys):
    town(here / "in", [annotation(n, 99, bbox=[1, 1, 2, 2]) for n in range(1, 31)])
    _, out, _ = run(capsys, "check", "r.yaml", "in")
    assert closing(out)[20] == "and 10 more, all in --json"
    left_out = checked(capsys)["left_out"]
    assert len(left_out) == 30
    assert left_out[0] == {
        "source": "images/a.png",
        "variant": None,
        "copy": None,
        "what": "annotation 1: its category 99 is none of the file's categories; the annotation is left out",
        "where": "annotations/instances.json",
        "mend": "",
    }


def test_replaced_ids_are_remarks_and_many_are_cut(here, capsys):
    town(here / "in", [annotation(1, bbox=[1, 1, 2, 2]) for _ in range(8)])
    code, out, _ = run(capsys, "check", "r.yaml", "in")
    assert code == 0
    assert closing(out)[5] == "remark: annotations/instances.json: and 2 more ids replaced, all in --json"
    before_and_now = [[1, number] for number in range(2, 9)]
    assert checked(capsys)["annotations"]["annotations/instances.json"]["renumbered"] == before_and_now


def test_expand_says_the_first_replaced_ids_and_the_output_has_them_all(here, capsys):
    town(here / "in", [annotation(1, bbox=[1, 1, 2, 2]) for _ in range(8)])
    code, _, err = run(capsys, "expand", "r.yaml", "in", "out", "-j1")
    file = "annotations/instances.json"
    why = "another one before it has this id; its id is"
    assert (code, err.splitlines()[1:]) == (
        0,
        [
            *(f"note: {file}: annotation 1 (entry {n}): {why} {n} now" for n in range(2, 7)),
            "note: and 2 more ids replaced, all in the output's dataset.json",
        ],
    )
    described = json.loads((here / "out/dataset.json").read_text())["annotation_files"][file]
    assert described["renumbered"] == [[1, number] for number in range(2, 9)]


def test_what_is_read_otherwise_than_it_stands_is_remarked_and_costs_nothing(here, capsys):
    town(here / "in")
    path = here / "in/annotations/instances.json"
    path.write_text(path.read_text().replace('"id": 5, ', '"id": 5, "score": NaN, '))
    column = path.read_text().index("NaN") + 1
    said = f"annotations/instances.json: line 1, column {column}: NaN and Infinity are no JSON; null is read"
    code, out, _ = run(capsys, "check", "r.yaml", "in")
    assert (code, f"remark: {said} for them (1 in the file)" in out) == (0, True)
    code, _, err = run(capsys, "expand", "r.yaml", "in", "out", "-j1")
    assert (code, f"note: {said} for them (1 in the file)\n" in err) == (0, True)


def test_a_number_that_no_computer_holds_costs_its_annotation_alone(here, capsys):
    town(here / "in")
    path = here / "in/annotations/instances.json"
    path.write_text(path.read_text().replace('"id": 5, ', '"id": 5, "score": 1e999, '))
    code, out, _ = run(capsys, "check", "r.yaml", "in")
    assert code == 1
    assert "annotation 5: an entry cannot be read: Number out of range" in closing(out)[0]


def test_a_picture_of_another_size_than_its_entry_says_fails(here, capsys):
    town(here / "in", images=(image(1, width=41), 2))
    code, out, _ = run(capsys, "check", "r.yaml", "in")
    assert (code, closing(out)) == (
        1,
        [
            "would fail (2 pairs): images/a.png: the picture is 40x30, annotations/instances.json says "
            "41x30; mend the file, or turn the picture as it is annotated",
            "2 pairs would be written, 2 would fail",
        ],
    )


def test_missing_images_are_left_over(here, capsys):
    town(here / "in")
    (here / "in/images/b.png").unlink()
    code, out, _ = run(capsys, "check", "r.yaml", "in")
    assert code == 0
    assert (
        """\
left over   1 skipped: images/b.png: is not there; annotations/instances.json has it
            1 image missing, with 1 annotation; all in --json
"""
        in out
    )


def test_missing_images_are_listed_with_their_annotations_and_fail_nothing(here, capsys):
    town(here / "in", images=range(1, 9))
    for letter in "bcdefgh":
        (here / "in/images" / f"{letter}.png").unlink()
    code, out, err = run(capsys, "expand", "r.yaml", "in", "out", "-j1", "--json")
    assert (code, err.splitlines()[-1]) == (
        0,
        "note: 7 images missing, with 1 annotation: all in out/failures.jsonl",
    )
    listed = [json.loads(line) for line in (here / "out/failures.jsonl").read_text().splitlines()]
    assert listed == json.loads(out)["left_out"] == checked(capsys)["left_out"]
    assert [line["what"] for line in listed[:2]] == [
        "images/b.png: is not there; the image is left out with its 1 annotation",
        "images/c.png: is not there; the image is left out",
    ]
    assert listed[0] | {"what": ""} == {
        "source": "images/b.png",
        "variant": None,
        "copy": None,
        "what": "",
        "where": "annotations/instances.json",
        "mend": "",
    }
    written = (here / "out/manifest.jsonl").stat()
    assert run(capsys, "expand", "r.yaml", "in", "out", "-j1")[1] == "nothing to do: all 2 pairs are there\n"
    assert (here / "out/manifest.jsonl").stat().st_mtime_ns == written.st_mtime_ns
    (here / "in/images/b.png").write_bytes((here / "in/images/a.png").read_bytes())
    assert run(capsys, "expand", "r.yaml", "in", "out", "-j1", "--overwrite")[0] == 0
    assert len((here / "out/failures.jsonl").read_text().splitlines()) == 6


def test_strict_refuses_missing_images(here, capsys):
    town(here / "in")
    (here / "in/images/b.png").unlink()
    refusal = (
        "in: --strict: 1 image missing, with 1 annotation: images/b.png; pair them up, or leave out --strict"
    )
    assert run(capsys, "check", "r.yaml", "in", "--strict")[::2] == (2, f"augcli: {refusal}\n")
    assert run(capsys, "expand", "r.yaml", "in", "out", "--strict", "-q") == (2, "", f"augcli: {refusal}\n")


def test_a_panoptic_png_that_is_missing_is_a_fault(here, capsys):
    panoptic(here / "in")
    (here / "in/panoptic/a_ids.png").unlink()
    code, out, _ = run(capsys, "check", "r.yaml", "in")
    assert code == 1
    assert "annotation 1: its PNG is not there; the annotation is left out" in out


def test_boxes_that_reach_out_of_their_picture_are_remarked(here, capsys):
    boxes = ([-1, -1, 42, 32], [-1.5, 0, 5, 5], [30, 20, 11.5, 5])  # the first within rounding
    town(here / "in", [annotation(n, bbox=box) for n, box in enumerate(boxes, 1)])
    code, out, _ = run(capsys, "check", "r.yaml", "in")
    assert (code, closing(out)[0]) == (
        0,
        "remark: annotations/instances.json: the box of annotation 2 reaches out of images/a.png by more "
        "than a pixel, and 1 more: copies have what is inside",
    )


def test_json_holds_what_the_text_says(here, capsys):
    town(here / "in", images=(1, 2, 3))
    data = checked(capsys)
    assert (data["without_annotations"], data["left_out"]) == (["images/c.png"], [])
    assert data["annotations"] == {
        "annotations/instances.json": {
            "split": None,
            "images": 3,
            "without_annotations": 1,
            "annotations": 5,
            "kinds": {"with polygons": 2, "with an RLE": 1, "with a box alone": 2},
            "iscrowd": 1,
            "keypoints": 1,
            "renumbered": [],
            "categories": [
                {"id": 3, "name": "car", "annotations": 2, "images": 2},
                {"id": 1, "name": "person", "annotations": 2, "images": 1},
                {"id": 7, "name": "sign", "annotations": 1, "images": 1},
            ],
        }
    }


def test_workers_count_what_one_process_counts(here, capsys, monkeypatch):
    town(here / "in", images=range(1, 9))
    alone = checked(capsys, "-j1")
    monkeypatch.setattr("augcli.commands.check.survey.SOURCES_PER_WORKER", 1)
    assert checked(capsys, "-j2") == alone


def test_strict_names_images_that_no_annotation_file_names(here, capsys):
    town(here / "in")
    save(here / "in/images/lonely.png", photo())
    refusal = "in: --strict: 1 image that no annotation file names: images/lonely.png; " + (
        "pair them up, or leave out --strict\n"
    )
    code, _, err = run(capsys, "check", "r.yaml", "in", "--strict")
    assert (code, err) == (2, f"augcli: {refusal}")
    assert run(capsys, "expand", "r.yaml", "in", "out", "--strict", "-q") == (2, "", f"augcli: {refusal}")


def test_expand_says_which_images_no_annotation_file_names(here, capsys):
    town(here / "in")
    save(here / "in/images/lonely.png", photo())
    _, _, err = run(capsys, "expand", "r.yaml", "in", "out", "-j1")
    assert "1 image that no annotation file names: images/lonely.png\n" in err


# --- plan and init


def test_a_plan_tells_annotations_by_category(here, capsys):
    town(here / "in")
    _, out, _ = run(capsys, "plan", "r.yaml", "in", "-j1")
    assert (
        """\
annotations annotations/instances.json: 5 in the sources, 10 in the pairs
            less those that leave their picture or cannot be used
categories  category  of sources  of pairs
            car                2         4
            person             2         4
            sign               1         2
files       7, with manifest.jsonl and dataset.json
"""
        in out
    )


def test_a_plan_tells_several_files_one_by_one_and_as_json(here, capsys):
    town(here / "in", [annotation(1, SIGN)], categories=[{"id": SIGN, "name": "sign"}])
    town(panoptic(here / "in"), name="more.json", listed=[annotation(1, CAR)])
    _, out, _ = run(capsys, "plan", "r.yaml", "in", "-j1")
    assert "categories  annotations/more.json\n            category  of sources  of pairs\n" in out
    data = json.loads(run(capsys, "plan", "r.yaml", "in", "-j1", "--json", "--only", "*a")[1])
    assert data["masks"] == {}
    assert data["annotations"]["annotations/instances.json"] == {
        "sources": 1,
        "pairs": 2,
        "categories": [{"id": 7, "name": "sign", "sources": 1, "pairs": 2}],
    }


def test_a_plan_tells_why_nothing_could_be_tried(here, capsys):
    town(here / "in", images=(image(1, width=41),))
    _, out, _ = run(capsys, "plan", "r.yaml", "in", "-j1")
    assert "none, for no pair tried could be made: images/a.png: the picture is 40x30, annotations/" in out


def test_init_writes_a_recipe_that_runs(here, capsys):
    town(here / "in")
    assert run(capsys, "init", "in", "-o", "first.yaml")[0] == 0
    text = Path("first.yaml").read_text()
    assert (
        """\
input:
  # Found: annotations/instances.json: 2 images with 5 annotations.
  layout: coco
  # Categories and their annotations: car (2), person (2), sign (1).
  # Mirrors exchange keypoints whose names differ in left and right alone (left_eye and right_eye,
  # L_Paw and R_Paw). Others are told here, by their names:
  # mirror: [[port, starboard]]

"""
        in text
    )
    assert (
        """\
output:
  # What a turn or a shrink brings into view: `auto` is `constant` here, which fills the picture
  # with `fill`: mirrored objects would have no label.
  border: auto
  # To drop objects of which little is left (pixels, and a share of 1):
  # annotations: {min_area: 16, min_visibility: 0.1}
"""
        in text
    )
    Path("first.yaml").write_text(text.replace("# annotations", "annotations"))
    assert run(capsys, "expand", "first.yaml", "in", "out", "-j1", "-q")[0] == 0


def test_init_says_nothing_of_keypoints_where_there_are_none(here, capsys):
    town(here / "in", [annotation(1, SIGN, bbox=[1, 1, 5, 5])])
    _, out, _ = run(capsys, "init", "in", "-o", "-")
    assert "Categories and their annotations: sign (1)." in out
    assert "mirror" not in out.partition("variants:")[0]


# --- real sets


@needs("coco_mini80")
def test_real_instances_keypoints_and_captions_are_sound(here, capsys):
    code, out, _ = run(capsys, "check", "r.yaml", DATA / "coco_mini80")
    assert code == 0
    assert "person_keypoints_val2017.json: 79 images (40 without annotations), 118 annotations: " in out
    assert "2 of 80 are never used: hot dog (58), teddy bear (88)\n" in out
    assert "11 images that no annotation file names: val2017/" in out


@needs("coco_labelme3")
def test_an_id_0_is_a_remark(here, capsys):
    code, out, _ = run(capsys, "check", "r.yaml", DATA / "coco_labelme3")
    assert code == 0
    assert "annotation 0 (entry 1): ids start at 1, 0 is none to pycocotools; its id is 12 now" in out


@needs("coco_taco_json")
def test_an_annotation_file_without_its_pictures_is_refused(here, capsys):
    file = DATA / "coco_taco_json/data/annotations.json"
    save(here / "pictures/a.png", photo())
    code, _, err = run(capsys, "check", "r.yaml", file, "--images", here / "pictures")
    assert code == 2
    assert "none of its 1500 images is here, first batch_1/000006.jpg" in err


@needs("coco_datumaro_assets")
@pytest.mark.parametrize("name", ["coco", "coco_captions", "coco_image_info", "coco_labels", "coco_stuff"])
def test_annotation_files_of_every_kind_are_told(name, here, capsys):
    folder = DATA / "coco_datumaro_assets/coco_dataset" / name
    code, out, _ = run(capsys, "check", "r.yaml", folder)
    assert (code, closing(out)[-1]) == (0, "3 pairs would be written, 0 would fail")
    assert run(capsys, "plan", "r.yaml", folder, "-j1")[0] == 0
    assert run(capsys, "init", folder, "-o", "-")[0] == 0


def test_an_empty_data_set_of_annotations_is_told(here, capsys):
    save(here / "in/images/a.png", photo(width=40, height=30))
    write(here / "in", {"images": [image(1)]})
    code, out, _ = run(capsys, "check", "r.yaml", "in")
    assert code == 0
    assert "annotations annotations/instances.json: 1 image (1 without annotations), 0 annotations\n" in out
