"""verify and replay of outputs of COCO data sets: whole, and each planted damage named with its mend."""

import json
import shutil

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.coco_examples import (
    CATEGORIES,
    HEIGHT,
    SQUARE,
    WIDTH,
    annotation,
    annotations,
    change,
    image,
    panoptic,
    town,
)
from support.datasets_on_disk import manifest, needs, read, run, save, tree
from support.paths import DATA
from support.recipe_steps import program_of

from augcli.commands.replay.replay import replay
from augcli.commands.verify.verify import verify
from augcli.errors import AugcliError
from augcli.geometry import Frame
from augcli.labels.consistency import disagreements, panoptic_disagreements
from augcli.labels.panoptic import colors_of_ids
from augcli.labels.validate import categories_of
from augcli.labels.warp import AnnotationRules, moved
from augcli.pipeline.plan import Selection

FLIP = "variants: {fliplr: [horizontal_flip]}\n"
TURNED = "variants: {turned: {copies: 2, transforms: [rotate: {degrees: [-30, 30]}]}}\n"
SMALL = "output: {size: 24x20}\n" + FLIP
FILE = "annotations/instances.json"
ANEW = "; remove manifest.jsonl and run expand again"
FLIPPED, MOVED = "images/a__fliplr.png", "images/a__turned-1.png"


def made(root, text=FLIP, make=town, **fields):
    """An output in `out`, made of `in`."""
    make(root / "in", **fields)
    report = run(text, root / "in", root / "out")
    assert not report.failed
    return root / "out"


@pytest.fixture
def out(tmp_path):
    """Images 1 and 2 with annotations 1 to 5; the copies are images 3 and 4 with annotations 6 to 10."""
    return made(tmp_path)


def said(out, **options):
    return [damage.sentence() for damage in verify(out, **options).damages]


def annotations_of(data, number):
    return next(one for one in data["annotations"] if one["id"] == number)


# --- whole


@pytest.mark.parametrize("make", [town, panoptic])
@pytest.mark.parametrize("text", [FLIP, TURNED, "keep_original: false\n" + TURNED, SMALL])
def test_a_finished_output_is_whole_and_stays_as_it_is(make, text, tmp_path):
    out = made(tmp_path, text, make)
    before = tree(out)
    found = verify(out)
    assert (found.damages, tree(out)) == ((), before)
    assert all("does not name" not in remark for remark in found.remarks)
    assert verify(out, source=tmp_path / "in").damages == ()


def test_what_could_not_be_used_is_remarked_and_no_damage(tmp_path):
    lost = annotation(9, 99, bbox=[1, 1, 2, 2])
    out = made(tmp_path, listed=[*annotations(), lost], categories=[*CATEGORIES, {"id": "x"}])
    found = verify(out)
    assert found.damages == ()
    assert found.remarks == (
        "some annotations could not be used when it was made: failures.jsonl names them",
    )


def test_workers_find_what_one_process_finds(out, monkeypatch):
    change(out, lambda data: annotations_of(data, 6).update(area=5))
    alone = verify(out)
    monkeypatch.setattr("augcli.commands.verify.verify.PAIRS_PER_WORKER", 1)
    assert (len(alone.damages), verify(out, workers=2)) == (1, alone)


def test_without_our_own_folder_files_are_still_known(out):
    shutil.rmtree(out / ".augcli")
    assert verify(out).remarks == ()
    change(out, lambda data: annotations_of(data, 6).update(area=5))
    assert said(out)[0].endswith("; expand the input anew")


# --- damages of a file


def test_a_file_that_is_missing_or_broken_is_named_once(out):
    (out / FILE).write_text('{"images": [}')
    assert said(out) == [f"{FILE}: line 1, column 13: invalid character{ANEW}"]
    (out / FILE).unlink()
    assert said(out) == [f"{FILE}: is missing{ANEW}"]
    (out / FILE).mkdir()
    assert said(out) == [f"{FILE}: is no file{ANEW}"]


def of_annotation(number, **fields):
    return lambda data: annotations_of(data, number).update(fields)


def of_image(number, **fields):
    return lambda data: next(one for one in data["images"] if one["id"] == number).update(fields)


def remove(key, number):
    return lambda data: data[key].remove(next(one for one in data[key] if one["id"] == number))


@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        (of_annotation(6, area=5), f"annotation 6 ({FLIPPED}): its area is 5, expected 100"),
        (of_annotation(6, area="5"), f"annotation 6 ({FLIPPED}): its area is missing, expected 100"),
        (
            of_annotation(6, bbox=[10, 5, 10, 10]),
            f"annotation 6 ({FLIPPED}): its bbox is [10, 5, 10, 10], expected [20, 5, 10, 10]",
        ),
        (of_annotation(7, area=49), f"annotation 7 ({FLIPPED}): its area is 49, expected 48"),
        (of_annotation(8, area=1.5), f"annotation 8 ({FLIPPED}): its area is 1.5, expected 48"),
        (
            of_annotation(9, num_keypoints=2),
            f"annotation 9 ({FLIPPED}): its num_keypoints is 2, expected 3",
        ),
        (
            of_annotation(6, category_id=4),
            f"annotation 6 ({FLIPPED}): its category 4 is none of the file's categories",
        ),
        (
            of_annotation(1, segmentation=[[1, 2, 3, 4]]),
            "annotation 1 (images/a.png): part 1 of its segmentation has 2 points, a polygon has at least 3",
        ),
        (of_image(3, width=41), f"image 3 ({FLIPPED}) is 41x30, expected 40x30"),
        (
            remove("annotations", 7),
            f"image 3 ({FLIPPED}) has no annotation 7, expected what manifest.jsonl says",
        ),
        (
            lambda data: data["annotations"].append(annotation(99, image=3, bbox=[1, 1, 2, 2], area=4)),
            f"image 3 ({FLIPPED}) has annotation 99, expected what manifest.jsonl says",
        ),
        (
            of_image(3, file_name="c.png"),
            f"has no image {FLIPPED}, expected one as manifest.jsonl says",
        ),
        (
            lambda data: data["images"].append(image(77, "c.png")),
            "has 1 image that manifest.jsonl does not name: images/c.png",
        ),
    ],
)
def test_what_an_annotation_file_says_wrongly_is_named_with_its_mend(edit, expected, out):
    change(out, edit)
    assert said(out)[0] == f"{FILE}: {expected}{ANEW}"


def test_ids_have_to_be_unique_and_images_known(out):
    change(out, of_annotation(8, id=7))
    assert said(out) == [
        f"{FILE}: image 3 ({FLIPPED}) has no annotation 8, expected what manifest.jsonl says{ANEW}",
        f"{FILE}: image 3 ({FLIPPED}) has annotation 11, expected what manifest.jsonl says{ANEW}",
        f"{FILE}: annotation 7 (entry 7): another one before it has this id{ANEW}",
    ]


def test_annotations_of_images_that_are_not_there_are_named(out):
    change(out, remove("images", 4))
    assert said(out) == [
        f"{FILE}: annotation 10: its image 4 is not in images{ANEW}",
        f"{FILE}: has no image images/b__fliplr.png, expected one as manifest.jsonl says{ANEW}",
    ]


def test_areas_of_originals_are_as_they_came(tmp_path):
    out = made(tmp_path, listed=[annotation(1, segmentation=[SQUARE], area=98.7, bbox=[9.5, 5, 10, 10])])
    assert said(out) == []


def test_a_run_writes_a_damaged_file_again(out):
    before = (out / FILE).read_bytes()
    change(out, of_annotation(6, area=5))
    (out / "manifest.jsonl").unlink()
    run(FLIP, out.parent / "in", out)
    assert (said(out), (out / FILE).read_bytes()) == ([], before)


def test_segments_are_held_against_their_png(tmp_path):
    out = made(tmp_path, make=panoptic)

    def wrong(data):
        first, second = data["annotations"][1]["segments_info"]
        first["area"] = 1
        second["id"] = 8

    change(out, wrong, "panoptic.json")
    start = "annotations/panoptic.json: the annotation of image 2 (images/a__fliplr.png): "
    assert said(out) == [
        f"{start}it has segment 8, expected only segments that its PNG shows{ANEW}",
        f"{start}its PNG shows segment 7, expected only segments that it has{ANEW}",
        f"{start}the area of its segment 300 is 1, expected 100{ANEW}",
    ]


def test_pixels_of_no_segment_are_void_in_copies(tmp_path):
    panoptic(tmp_path / "in")
    path = tmp_path / "in/panoptic/a_ids.png"
    colors = read(path)
    colors[0, 0] = (9, 0, 0)
    save(path, colors)
    run(FLIP, tmp_path / "in", tmp_path / "out")
    assert said(tmp_path / "out") == []
    assert read(tmp_path / "out/panoptic/a__fliplr_ids.png")[0, -1].tolist() == [0, 0, 0]


def test_faulty_segments_are_named(tmp_path):
    out = made(tmp_path, make=panoptic)
    change(out, lambda data: data["annotations"][0].update(segments_info=[{"id": 0}]), "panoptic.json")
    assert said(out) == [
        "annotations/panoptic.json: the annotation of image 1 (images/a.png): a segment has an id that is no "
        f"whole number from 1 to 16777215{ANEW}"
    ]


def test_a_panoptic_png_that_is_damaged_is_said_of_the_png_alone(tmp_path):
    out = made(tmp_path, make=panoptic)
    (out / "panoptic/a__fliplr_ids.png").unlink()
    assert said(out) == ["panoptic/a__fliplr_ids.png: is missing; run expand again"]


# --- the law behind it


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 359), st.floats(0.6, 1.5), st.booleans())
def test_what_a_program_moves_agrees_with_its_labels(degrees, factor, flip):
    mirror = ["horizontal_flip"] if flip else []
    steps = [{"rotate": {"degrees": degrees}}, {"scale": {"factor": factor}}, *mirror]
    program = program_of(steps, Frame(WIDTH, HEIGHT), "constant")
    results = moved(annotations()[:4], program, categories_of(CATEGORIES), AnnotationRules())
    for one in results:
        assert one.annotation is None or list(disagreements(one.annotation, (WIDTH, HEIGHT))) == []


def test_a_box_alone_says_its_area():
    box = annotation(1, bbox=[1, 1, 2.5, 2], area=5)
    assert list(disagreements(box, (WIDTH, HEIGHT))) == []
    assert list(disagreements(box | {"area": None}, (WIDTH, HEIGHT))) == [("its area is missing", "5")]


def test_a_caption_says_nothing_of_areas():
    assert list(disagreements({"id": 1, "caption": "x"}, (WIDTH, HEIGHT))) == []


def test_many_segments_are_cut():
    colors = colors_of_ids(np.arange(1, 9, dtype=np.uint32)[None])
    assert list(panoptic_disagreements({"segments_info": []}, colors)) == [
        ("its PNG shows segment 1, 2, 3, 4, 5 and 3 more", "only segments that it has")
    ]


# --- replay


def test_a_pair_is_made_again_with_its_annotations(tmp_path):
    out = made(tmp_path, TURNED)
    again = replay(out, MOVED, tmp_path / "again")
    assert (again.is_equal, again.line) == (True, ())
    assert again.files == {MOVED: "equal", FILE: "equal"}
    alone, whole = (json.loads((folder / FILE).read_text()) for folder in (tmp_path / "again", out))
    (entry,) = alone["images"]
    assert entry == next(one for one in whole["images"] if one["id"] == entry["id"])
    own = [one for one in whole["annotations"] if one["image_id"] == entry["id"]]
    assert (alone["annotations"], alone["categories"]) == (own, whole["categories"])
    assert own


def test_an_original_is_made_again(out, tmp_path):
    assert replay(out, "images/a.png", tmp_path / "again").files == {"images/a.png": "equal", FILE: "equal"}


def test_a_panoptic_pair_is_made_again(tmp_path):
    out = made(tmp_path, TURNED, panoptic)
    again = replay(out, MOVED, tmp_path / "again")
    assert (again.is_equal, len(again.files)) == (True, 3)


def test_several_annotation_files_are_made_again(tmp_path):
    town(tmp_path / "in", [{"id": 4, "image_id": 1, "caption": "x"}], images=(1,), name="captions.json")
    out = made(tmp_path, TURNED)
    again = replay(out, MOVED, tmp_path / "again")
    assert (again.is_equal, list(again.files)) == (True, [MOVED, "annotations/captions.json", FILE])


def test_without_originals_annotations_are_those_of_the_input(tmp_path):
    out = made(tmp_path, "keep_original: false\n" + TURNED)
    with pytest.raises(AugcliError) as refusal:
        replay(out, MOVED, tmp_path / "again")
    assert "name the data set that was expanded with --input" in str(refusal.value)
    assert replay(out, MOVED, tmp_path / "again", source=tmp_path / "in").is_equal


def test_annotations_that_could_not_be_used_do_not_make_a_difference(tmp_path):
    out = made(tmp_path, TURNED, listed=[annotation(9, 99, bbox=[1, 1, 2, 2]), *annotations()])
    for folder, source in (("one", None), ("two", tmp_path / "in")):
        again = replay(out, MOVED, tmp_path / folder, source=source)
        assert (again.is_equal, again.line) == (True, ())


def test_what_differs_is_said(out, tmp_path):
    change(out, of_annotation(6, area=5))
    again = replay(out, FLIPPED, tmp_path / "one")
    assert not again.is_equal
    assert again.files[FILE] == "1 of 4 annotations differ, first 6: area was 5, is 100"
    change(out, remove("annotations", 7))
    assert replay(out, FLIPPED, tmp_path / "two").files[FILE] == "4 annotations, the output's own file has 3"
    change(out, of_image(3, width=41))
    assert replay(out, FLIPPED, tmp_path / "three").files[FILE] == "another image entry: width was 41, is 40"
    change(out, remove("images", 3))
    assert replay(out, FLIPPED, tmp_path / "four").files[FILE] == "the output's own file has no such image"


def test_a_missing_annotation_file_is_made_again_from_the_input(out, tmp_path):
    (out / FILE).unlink()
    again = replay(out, FLIPPED, tmp_path / "again", source=tmp_path / "in")
    assert again.files[FILE] == "held against nothing: the output's own file is missing"
    assert len(json.loads((tmp_path / "again" / FILE).read_text())["annotations"]) == 4
    assert not again.is_equal


def test_annotations_that_are_not_at_hand_are_asked_for(out, tmp_path):
    change(out, remove("images", 1))
    with pytest.raises(AugcliError) as refusal:
        replay(out, FLIPPED, tmp_path / "again")
    assert str(refusal.value) == (
        f"{out / FILE}: has no image images/a.png, whose annotations are needed; "
        "name the data set that was expanded with --input"
    )


def test_another_data_set_is_refused(out, tmp_path):
    town(tmp_path / "other", name="others.json")
    with pytest.raises(AugcliError) as refusal:
        replay(out, FLIPPED, tmp_path / "again", source=tmp_path / "other")
    assert str(refusal.value) == (
        f"{tmp_path / 'other'}: its annotation files are not those that images/a.png had; "
        "name the data set that was expanded"
    )


def test_nothing_is_overwritten(out, tmp_path):
    (tmp_path / "again/annotations").mkdir(parents=True)
    (tmp_path / "again" / FILE).write_text("mine")
    with pytest.raises(AugcliError, match="exists already"):
        replay(out, FLIPPED, tmp_path / "again")
    assert (tmp_path / "again" / FILE).read_text() == "mine"


# --- real sets


@needs("coco_mini80")
def test_real_instances_keypoints_and_captions_are_whole_and_made_again(tmp_path):
    text = "transforms: [rotate: {degrees: [-20, 20]}, elastic: {alpha: 300, sigma: 20}]\n"
    run(text, DATA / "coco_mini80", tmp_path / "out", selection=Selection(None, 4))
    found = verify(tmp_path / "out")
    assert (found.damages, found.remarks, found.pairs) == ((), (), 8)
    name = manifest(tmp_path / "out")[1]["file_name"]
    assert replay(tmp_path / "out", name, tmp_path / "again").is_equal


@needs("coco_datumaro_assets")
@pytest.mark.parametrize("name", ["coco_instances", "coco_person_keypoints", "coco_stuff", "coco_roboflow"])
def test_annotation_files_of_every_kind_are_whole_and_made_again(name, tmp_path):
    source = DATA / "coco_datumaro_assets/coco_dataset" / name
    run(FLIP, source, tmp_path / "out")
    assert verify(tmp_path / "out").damages == ()
    copy = next(line["file_name"] for line in manifest(tmp_path / "out") if line["variant"] == "fliplr")
    assert replay(tmp_path / "out", copy, tmp_path / "again", source=source).is_equal
