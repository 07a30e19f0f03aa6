"""output.pixelmaps: what expand draws is what `coco pixelmaps` draws of its output, file by file."""

import json
import shutil

import numpy as np
import pytest
from pycocotools.coco import COCO
from support.coco_datasets import BOX, CROWD, FLIP, SQUARE, WARPED, written, written_panoptic
from support.commands import run as command
from support.datasets_on_disk import failures, manifest, needs, read, run, tree
from support.paths import DATA

from augcli.errors import DatasetError, RecipeError
from augcli.pipeline.plan import Selection
from augcli.recipe import parse_recipe

KINDS = ["semantic", "instance", "panoptic"]


def with_maps(wanted, recipe=WARPED):
    return f"{recipe}\noutput: {{pixelmaps: {wanted}}}\n"


def check_same(capsys, out, name, folder, *options):
    """The maps of an annotation file of an output are those that the other command makes of it."""
    annotations = out / "annotations" / f"{name}.json"
    assert command(capsys, "coco", "pixelmaps", annotations, folder, *options)[0] < 2
    assert tree(folder) == tree(out / "pixelmaps" / name)


@pytest.fixture
def coco(tmp_path):
    return written(tmp_path / "in", [SQUARE, CROWD, BOX])


@pytest.mark.parametrize("kind", KINDS)
def test_maps_of_objects_are_those_of_the_other_command(coco, tmp_path, kind, capsys):
    report = run(with_maps(kind), coco, tmp_path / "out")
    check_same(capsys, tmp_path / "out", "instances_train", tmp_path / "maps", "--kind", kind)
    assert report.losses == ["pixelmaps: 4 left out: it has no segmentation; the annotation is left out"]


@pytest.mark.parametrize("kind", KINDS)
def test_maps_of_segments_are_those_of_the_other_command(tmp_path, kind, capsys):
    run(with_maps(kind), written_panoptic(tmp_path / "in"), tmp_path / "out")
    folder = str(tmp_path / "out/panoptic_train")
    shutil.copytree(folder, tmp_path / "out/annotations/panoptic_train")
    check_same(capsys, tmp_path / "out", "panoptic_train", tmp_path / "maps", "--kind", kind)


@needs("coco_mini80")
@pytest.mark.parametrize("kind", ["semantic", "instance"])
def test_maps_of_the_real_sample_are_those_of_the_other_command(tmp_path, kind, capsys):
    report = run(with_maps(kind), DATA / "coco_mini80", tmp_path / "out", selection=Selection(limit=10))
    assert not report.failed
    for name in ("instances_val2017", "person_keypoints_val2017"):
        check_same(capsys, tmp_path / "out", name, tmp_path / name, "--kind", kind)
    assert not (tmp_path / "out/pixelmaps/captions_val2017").exists()


def test_the_pixels_of_a_flipped_polygon_are_those_of_pycocotools(coco, tmp_path):
    run(with_maps("semantic", FLIP), coco, tmp_path / "out")
    annotations = COCO(str(tmp_path / "out/annotations/instances_train.json"))
    (flipped,) = (one for one in annotations.anns.values() if one.get("source_annotation_id") == SQUARE["id"])
    found = read(tmp_path / "out/pixelmaps/instances_train/a__fliplr.png")
    assert np.array_equal(found == SQUARE["category_id"], annotations.annToMask(flipped) == 1)
    assert set(np.unique(found)) == {0, SQUARE["category_id"]}


def test_wishes_are_those_of_the_other_command(coco, tmp_path, capsys):
    run(with_maps("{kind: semantic, space: file, on_overlap: first, crowd: include}"), coco, tmp_path / "out")
    options = ("--space", "file", "--on-overlap", "first", "--crowd", "include")
    check_same(capsys, tmp_path / "out", "instances_train", tmp_path / "maps", *options)


def test_the_manifest_names_each_map_with_its_digest(coco, tmp_path):
    run(with_maps("instance", FLIP), coco, tmp_path / "out")
    (line, *_) = manifest(tmp_path / "out")
    (told,) = line["pixelmaps"].values()
    assert list(line["pixelmaps"]) == ["annotations/instances_train.json"]
    assert told["file_name"] == "pixelmaps/instances_train/a.png"
    described = json.loads((tmp_path / "out/dataset.json").read_text())
    assert described["pixelmaps"] == {
        "annotations/instances_train.json": {"folder": "pixelmaps/instances_train", "bits": 8}
    }


def test_without_the_wish_there_are_no_maps(coco, tmp_path):
    run(FLIP, coco, tmp_path / "out")
    assert not (tmp_path / "out/pixelmaps").exists()
    assert "pixelmaps" not in manifest(tmp_path / "out")[0]


def test_a_lost_map_is_made_again(coco, tmp_path):
    run(with_maps("instance"), coco, tmp_path / "out")
    before = tree(tmp_path / "out")
    (tmp_path / "out/pixelmaps/instances_train/a__fliplr.png").unlink()
    assert run(with_maps("instance"), coco, tmp_path / "out").written == 1
    assert tree(tmp_path / "out") == before


def test_verify_sees_a_changed_map_and_replay_makes_it_again(coco, tmp_path, capsys):
    out, name = tmp_path / "out", "pixelmaps/instances_train/a__fliplr.png"
    run(with_maps("instance"), coco, out)
    kept = (out / name).read_bytes()
    shutil.copy(out / "pixelmaps/instances_train/a.png", out / name)
    code, shown, _ = command(capsys, "verify", out)
    assert (code, shown.startswith(f"{name}: sha256 ")) == (1, True)
    command(capsys, "replay", out, name, "-o", tmp_path / "again", "--input", coco)
    assert (tmp_path / "again" / name).read_bytes() == kept


def test_overlaps_can_fail_a_picture_by_name(tmp_path):
    other = SQUARE | {"id": 14, "category_id": 5}
    coco = written(tmp_path / "in", [SQUARE, other, BOX])
    report = run(with_maps("{kind: semantic, on_overlap: error}", FLIP), coco, tmp_path / "out")
    assert [failed.pair.image for failed in report.failed] == ["images/a.png", "images/a__fliplr.png"]
    assert failures(tmp_path / "out")[0]["what"] == (
        "pixel map of annotations/instances_train.json: 120 pixels of annotation 14 (cat) have another "
        "label already, the first that of annotation 11 (car)"
    )
    assert failures(tmp_path / "out")[0]["mend"] == (
        "output.pixelmaps: say which is seen on overlap: first, last or smallest-on-top"
    )
    assert not list((tmp_path / "out/pixelmaps").rglob("a*.png"))


def test_a_data_set_without_annotations_is_refused(tmp_path):
    coco = written(tmp_path / "in", [])
    with pytest.raises(DatasetError) as caught:
        run(with_maps("semantic"), coco, tmp_path / "out")
    assert str(caught.value) == (
        f"{coco}: output.pixelmaps draws the annotations of COCO files, and the output has none with labels; "
        "leave it out"
    )
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("wanted", "what"),
    [
        ("colour", "expected semantic, instance or panoptic, or {kind: semantic, ...}, got 'colour'"),
        ("{kind: instance, space: file}", "space says what classes are, and maps of kind instance show none"),
        ("{space: file}", "kind"),
        ("3", "expected semantic, instance or panoptic"),
    ],
)
def test_a_wish_that_cannot_be_is_a_mistake_of_the_recipe(wanted, what):
    with pytest.raises(RecipeError) as caught:
        parse_recipe(with_maps(wanted, FLIP), "r.yaml")
    assert "output.pixelmaps" in str(caught.value)
    assert what in str(caught.value)


@pytest.mark.parametrize("words", [("check",), ("plan",), ("preview", "-o", "sheet.png")])
def test_other_commands_refuse_what_expand_refuses(tmp_path, capsys, monkeypatch, words):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "r.yaml").write_text(with_maps("semantic", FLIP))
    written(tmp_path / "in", [])
    command_name, *options = words
    code, _, shown = command(capsys, command_name, "r.yaml", "in", *options)
    assert (code, "output.pixelmaps draws the annotations of COCO files" in shown) == (2, True)


def test_plan_counts_the_bytes_of_maps(coco, tmp_path, capsys):
    told = []
    for wanted in ("null", "panoptic"):
        (tmp_path / "r.yaml").write_text(with_maps(wanted))
        told.append(json.loads(command(capsys, "plan", tmp_path / "r.yaml", coco, "--json")[1]))
    assert told[0]["estimate"]["bytes"] < told[1]["estimate"]["bytes"]
