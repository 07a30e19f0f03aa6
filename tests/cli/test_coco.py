"""`augcli coco pixelmaps` and `coco annotations`: what they write and print, and what they end with."""

import errno
import json
from pathlib import Path

import click
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as PilImage
from pycocotools.coco import COCO
from support.commands import run as command
from support.datasets_on_disk import needs, tree
from support.label_spaces import box
from support.paths import DATA

from augcli.cli.app import cli
from augcli.cli.docs import commands_part
from augcli.commands.label_maps import to_maps as making
from augcli.commands.label_maps.from_maps import FromMapsOptions as Back
from augcli.commands.label_maps.from_maps import collect
from augcli.commands.label_maps.options import ToMapsOptions
from augcli.commands.label_maps.to_maps import make_maps
from augcli.errors import AugcliError

STUFF = "coco_stuff_sample/annotations/stuff_examples.json"
MINI = "coco_mini80/annotations/instances_val2017.json"
PANOPTIC = "coco_panoptic_sample/sample_data/panoptic_examples.json"
SMALLEST = "space json: values are category ids, 0 is unlabelled"


def image(number, name=None, width=8, height=6, **more):
    return {"id": number, "file_name": name or f"{number:012}.jpg", "width": width, "height": height, **more}


def data_set(**changes):
    return {
        "info": {"year": 2017},
        "images": [image(3, license=1), image(9)],
        "annotations": [
            box(1, 7, 0, 0, 4, 4, image_id=3),
            box(2, 1, 3, 3, 3, 3, image_id=3),
            box(5, 1, 0, 0, 8, 6, image_id=3, iscrowd=1),
        ],
        "categories": [{"id": 1, "name": "a", "supercategory": "x"}, {"id": 7, "name": "b"}],
    } | changes


@pytest.fixture
def call(tmp_path, monkeypatch, capsys):
    """Runs the command in a folder that holds a.json."""
    monkeypatch.chdir(tmp_path)
    save(data_set())
    return lambda *words: command(capsys, "coco", *words)


def save(found, name="a.json"):
    Path(name).write_text(json.dumps(found))


def values_of(name):
    return np.array(PilImage.open(name))


def test_maps_are_written_for_all_images_and_described(call):
    assert call("pixelmaps", "a.json", "out") == (
        0,
        f"2 semantic maps of 2 annotations; {SMALLEST}; 1 crowd skipped; "
        "1 pixel of 1 map with several labels (smallest-on-top); 0 failed\n",
        "",
    )
    assert sorted(tree(Path("out"))) == ["000000000003.png", "000000000009.png", "labels.json"]
    expected = np.zeros((6, 8), int)
    expected[:4, :4], expected[3:6, 3:6] = 7, 1
    assert (values_of("out/000000000003.png") == expected).all()
    assert not values_of("out/000000000009.png").any()
    assert PilImage.open("out/000000000003.png").mode == "P"
    labels = json.loads(Path("out/labels.json").read_text())
    assert labels["labels"] == [
        {"value": 1, "id": 1, "name": "a", "color": [128, 0, 0]},
        {"value": 7, "id": 7, "name": "b", "color": [128, 128, 128]},
    ]
    assert {key: labels[key] for key in ("kind", "space", "unlabelled", "on_overlap", "crowd")} == {
        "kind": "semantic",
        "space": "json",
        "unlabelled": 0,
        "on_overlap": "smallest-on-top",
        "crowd": "skip",
    }
    assert labels["categories"] == data_set()["categories"]


def test_the_report_as_json_holds_the_same(call):
    code, out, _ = call("pixelmaps", "a.json", "out", "--json", "--crowd", "include", "--on-overlap", "last")
    assert code == 0
    assert json.loads(out) == {
        "kind": "semantic",
        "space": "json",
        "on_overlap": "last",
        "crowd": "include",
        "maps": 2,
        "drawn": 3,
        "crowds_skipped": 0,
        "without_value": 0,
        "overlapping_pixels": 16,
        "overlapping_maps": 1,
        "failed": [],
        "faults": [],
        "remarks": [],
    }
    assert (values_of("out/000000000003.png") == 1).all()


def test_an_image_with_overlaps_has_no_map_where_that_is_the_rule(call):
    assert call("pixelmaps", "a.json", "out", "--on-overlap", "error") == (
        1,
        f"1 semantic map of 0 annotations; {SMALLEST}; 1 failed\n",
        "a.json: 000000000003.jpg: 1 pixel of annotation 2 (a) have another label already, the first that of "
        "annotation 1 (b); say which is seen on overlap: first, last or smallest-on-top\n",
    )
    assert sorted(tree(Path("out"))) == ["000000000009.png", "labels.json"]


def test_the_rule_for_a_file_of_stuff_is_error(call):
    stuff = [{"id": 92, "name": "banner"}, {"id": 93, "name": "blanket"}]
    overlap = [box(1, 92, 0, 0, 4, 4, image_id=3), box(2, 93, 0, 0, 2, 2, image_id=3)]
    save(data_set(categories=stuff, annotations=overlap))
    assert call("pixelmaps", "a.json", "out")[0] == 1
    assert json.loads(Path("out/labels.json").read_text())["on_overlap"] == "error"


def test_what_is_left_out_is_named_and_the_rest_is_done(call):
    bad = [
        box(1, 4, 0, 0, 2, 2, image_id=3),
        box(5, 1, 0, 0, 2, 2, image_id=3, iscrowd="1"),
        box(6, 1, 0, 0, 2, 2, image_id=3, iscrowd=2),
        box("2", 1, 0, 0, 2, 2, image_id=3),
        {"id": 3, "image_id": 3, "category_id": 1, "segmentation": {"size": [6, 8], "counts": [10]}},
        box(4, 1, 0, 0, 2, 2, image_id=3),
    ]
    save(
        data_set(
            annotations=bad, images=[image(3), image(4, "x/4.jpg", 0), image(5, width=10**5, height=10**4)]
        )
    )
    code, out, err = call("pixelmaps", "a.json", "out")
    assert (code, out) == (1, f"1 semantic map of 1 annotation; {SMALLEST}; 5 faults; 2 failed\n")
    assert err.splitlines() == [
        "a.json: x/4.jpg: its width and height are not known; write them into its entry of images",
        "a.json: 000000000005.jpg: 1,000,000,000 pixels are more than the limit of 64,000,000; "
        "if the file is to be trusted, use `--max-pixels 1000000000`",
        "a.json: entry 4 of annotations: its id '2' is no whole number; the annotation is left out",
        "a.json: annotation 1: its category 4 is none of the file's categories; the annotation is left out",
        "a.json: annotation 5: its iscrowd is '1', and neither 0 nor 1; the annotation is left out",
        "a.json: annotation 6: its iscrowd is 2, and neither 0 nor 1; the annotation is left out",
        "a.json: annotation 3: its RLE counts add up to 10, its size is 8x6 = 48; the annotation is left out",
    ]
    assert values_of("out/000000000003.png").sum() == 4


def test_an_annotation_that_cannot_be_read_is_named_by_its_id(call):
    Path("a.json").write_text(json.dumps(data_set()).replace('"iscrowd": 1', '"iscrowd": 1e999'))
    code, _, err = call("pixelmaps", "a.json", "out")
    said = "a.json: annotation 5: an entry cannot be read: Number out of range; it is left out\n"
    assert (code, err) == (1, said)


@pytest.mark.parametrize(
    ("size", "said"),
    [
        ({"width": 20.0}, "its width is 20.0; write width and height as whole numbers of pixels"),
        (
            {"width": "20", "height": -6},
            "its width is '20' and its height is -6; write width and height as whole numbers of pixels",
        ),
        ({"width": None}, "its width and height are not known; write them into its entry of images"),
    ],
)
def test_a_size_that_is_none_is_shown(call, size, said):
    save(data_set(images=[{**image(3, "a.jpg"), **size}]))
    code, _, err = call("pixelmaps", "a.json", "out")
    assert (code, err.splitlines()[0]) == (1, f"a.json: a.jpg: {said}")


@pytest.mark.parametrize(
    ("first", "second", "clash"),
    [
        ("x/a.jpg", "x/A.png", "its map would be called as that of x/a.jpg"),
        ("a.jpg", "A.png/b.jpg", "the folder of its map would be called as the map of a.jpg"),
        ("x/a.png/b/c.jpg", "X/a.jpg", "its map would be called as the folder that the map of {} is in"),
    ],
)
def test_two_images_whose_maps_cannot_lie_together_cost_the_second(call, first, second, clash):
    save(data_set(images=[image(3, first), image(9, second)]))
    code, _, err = call("pixelmaps", "a.json", "out")
    assert (code, err) == (1, f"a.json: {second}: {clash.format(first)}; rename one of the two\n")
    assert sorted(tree(Path("out"))) == sorted([str(Path(first).with_suffix(".png")), "labels.json"])


@pytest.mark.parametrize(("before", "letters"), [("", 252), ("", 5000), ("x/", 300), ("x" * 300 + "/", 3)])
def test_a_name_that_no_file_can_have_costs_its_image(call, before, letters):
    name = before + "a" * letters
    save(data_set(images=[image(3, f"{name}.jpg"), image(9)]))
    code, out, err = call("pixelmaps", "a.json", "out")
    shown = f"{name}.jpg" if len(name) <= 196 else f"{name[:197]}..."
    said = "its map cannot be written: File name too long; give it another file_name"
    assert (code, err) == (1, f"a.json: {shown}: {said}\n")
    assert out == f"1 semantic map of 0 annotations; {SMALLEST}; 1 failed\n"
    assert sorted(tree(Path("out"))) == ["000000000009.png", "labels.json"]


def test_a_name_as_long_as_a_file_can_have_is_none_too_long(call):
    save(data_set(images=[image(3, "a" * 251 + ".jpg")]))
    assert call("pixelmaps", "a.json", "out")[::2] == (0, "")


@pytest.mark.parametrize("name", ["/a.jpg", "../a.jpg", "x/../../a.jpg", "x\\..\\..\\a.jpg"])
def test_no_map_is_written_outside_of_the_folder(call, name):
    save(data_set(images=[image(3, name), image(9)]))
    assert call("pixelmaps", "a.json", "out/below")[0] == 1
    assert sorted(tree(Path("out"))) == ["below/000000000009.png", "below/labels.json"]


def test_a_link_that_leads_out_of_the_folder_is_refused(call):
    Path("out").mkdir()
    Path("elsewhere").mkdir()
    Path("out/x").symlink_to("../elsewhere")
    save(data_set(images=[image(3, "x/a.jpg")]))
    said = "augcli: out/x: is a link that leads out of out; remove it, or name another folder\n"
    assert call("pixelmaps", "a.json", "out", "--overwrite") == (2, "", said)
    assert not list(Path("elsewhere").iterdir())


def test_files_are_written_over_only_when_asked_or_made_by_the_same_command(call):
    call("pixelmaps", "a.json", "out")
    before = tree(Path("out"))
    Path("out/000000000003.png").unlink()
    assert call("pixelmaps", "a.json", "out")[0] == 0
    assert tree(Path("out")) == before
    said = "augcli: out: 3 files would be written over, the first is labels.json; "
    other = call("pixelmaps", "a.json", "out", "--space", "file")
    assert other == (2, "", f"{said}name another folder, or use --overwrite\n")
    assert tree(Path("out")) == before
    assert call("pixelmaps", "a.json", "out", "--space", "file", "--overwrite")[0] == 0
    assert values_of("out/000000000003.png").max() == 2


def test_a_new_run_removes_what_an_earlier_one_wrote_and_nothing_else(call):
    save(data_set(images=[image(3, "x/a.jpg"), image(9)]))
    call("pixelmaps", "a.json", "out", "--kind", "instance")
    for name in ("x/mine.png", "other.png"):
        Path("out", name).write_bytes(b"mine")
    assert call("pixelmaps", "a.json", "out", "--on-overlap", "error", "--overwrite")[0] == 1
    assert sorted(tree(Path("out"))) == ["000000000009.png", "labels.json", "other.png", "x/mine.png"]
    save(data_set(images=[image(9, "b/c.jpg"), image(3, "x/mine.jpg")]))
    said = "augcli: out: 3 files would be written over, the first is labels.json; "
    assert call("pixelmaps", "a.json", "out") == (2, "", f"{said}name another folder, or use --overwrite\n")
    assert Path("out/x/mine.png").read_bytes() == b"mine"
    save(data_set(images=[image(9, "b/c.jpg")], annotations=[]))
    assert call("pixelmaps", "a.json", "out", "--overwrite")[0] == 0
    assert sorted(tree(Path("out"))) == ["b/c.png", "labels.json", "other.png", "x/mine.png"]


def test_the_same_command_does_not_write_over_a_file_that_it_did_not_make(call):
    call("pixelmaps", "a.json", "out", "--on-overlap", "error")
    Path("out/000000000003.png").write_bytes(b"mine")
    said = "augcli: out: 1 file would be written over, the first is 000000000003.png; "
    assert call("pixelmaps", "a.json", "out", "--on-overlap", "error") == (
        2,
        "",
        f"{said}name another folder, or use --overwrite\n",
    )


@pytest.mark.parametrize("kind", ["semantic", "instance"])
def test_an_interrupted_run_does_not_pass_for_a_whole_one_and_can_be_ended(call, kind, monkeypatch):
    call("pixelmaps", "a.json", "whole", "--kind", kind)

    def one_map(*args, **named):
        yield next(results(*args, **named))
        raise KeyboardInterrupt

    results = making.results
    with monkeypatch.context() as patched:
        patched.setattr(making, "results", one_map)
        assert call("pixelmaps", "a.json", "out", "--kind", kind)[0] == 130
    assert sorted(tree(Path("out"))) == ["000000000003.png"]
    said = (
        "augcli: out: not all of its maps are made; run the augcli coco pixelmaps that was interrupted again"
    )
    assert call("annotations", "out", "b.json", "--space", "json") == (2, "", f"{said}\n")
    said = "augcli: out: 1 file would be written over, the first is 000000000003.png; "
    other = call("pixelmaps", "a.json", "out", "--kind", kind, "--on-overlap", "first")
    assert other == (2, "", f"{said}name another folder, or use --overwrite\n")
    assert call("pixelmaps", "a.json", "out", "--kind", kind)[0] == 0
    assert tree(Path("out")) == tree(Path("whole"))
    assert call("annotations", "out", "b.json")[0] == 0


def test_a_list_of_files_that_leads_out_of_the_folder_is_refused(call):
    call("pixelmaps", "a.json", "out")
    Path("mine.png").touch()
    Path("out/.augcli/maps.json").write_text('{"labels": "", "files": ["../mine.png"]}')
    said = "augcli: out/..: is a link that leads out of out; remove it, or name another folder\n"
    assert call("pixelmaps", "a.json", "out", "--overwrite") == (2, "", said)
    assert Path("mine.png").exists()
    Path("out/.augcli/maps.json").write_text("[")
    said = "augcli: out/.augcli/maps.json: does not say which files earlier runs wrote; name another folder\n"
    assert call("pixelmaps", "a.json", "out", "--overwrite") == (2, "", said)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["pixelmaps", "a.json", "a.json"], "augcli: a.json: is a file; name a folder\n"),
        (
            ["pixelmaps", "none.json", "out"],
            "augcli: none.json: cannot be read (No such file or directory); "
            "check the path of the annotation file\n",
        ),
        (
            ["pixelmaps", "a.json", "out", "--segments", "."],
            "augcli: a.json: is no panoptic file, and so has no PNGs of segments; leave --segments out\n",
        ),
        (
            ["annotations", "none", "b.json", "--space", "json"],
            "augcli: none: no such folder; check the path of the input\n",
        ),
        (
            ["annotations", "maps", "b.json", "--space", "json"],
            "augcli: maps: no PNG is in it; name the folder of the maps\n",
        ),
        (
            ["annotations", "maps", "b.json"],
            "augcli: maps: no labels.json says what the values mean; "
            "name the label space of the maps with --space\n",
        ),
        (
            ["annotations", "maps", "b.json", "--space", "file"],
            "augcli: maps: nothing says which categories label space file has; "
            "name the annotation file with --images-like\n",
        ),
        (
            ["annotations", "maps", "a.json"],
            "augcli: a.json: exists already; name another file, or use --overwrite\n",
        ),
        (["annotations", "maps", "maps"], "augcli: maps: is a folder; name a file\n"),
    ],
)
def test_what_cannot_be_done_is_refused_in_one_line(call, words, said):
    Path("maps").mkdir()
    assert call(*words) == (2, "", said)
    assert not Path("out").exists()
    assert not Path("b.json").exists()


def test_files_without_labels_are_refused(call):
    save(data_set(categories=[]))
    said = "augcli: a.json: has no categories, and so no labels; "
    assert call("pixelmaps", "a.json", "out") == (
        2,
        "",
        f"{said}give a file of instances, stuff or panoptic segments\n",
    )
    save([{"image_id": 3}])
    said = "augcli: a.json: a list of results, not a data set; give the annotation file, with its images\n"
    assert call("pixelmaps", "a.json", "out") == (2, "", said)


def test_space_is_of_semantic_maps_only(call):
    code, _, err = call("pixelmaps", "a.json", "out", "--kind", "panoptic", "--space", "json")
    assert code == 2
    assert "Error: --space says what classes are, and --kind panoptic shows none\n" in err


def test_bounds_without_a_category_between_them_are_refused(call):
    code, _, err = call("annotations", "maps", "b.json", "--from", "100", "--to", "50")
    assert code == 2
    assert "Error: --from 100 --to 50: no category lies between them\n" in err


@pytest.mark.parametrize("kind", ["semantic", "instance", "panoptic"])
def test_pixels_of_a_value_to_be_ignored_have_no_label(call, kind):
    call("pixelmaps", "a.json", "out", "--kind", kind)
    values = values_of("out/000000000003.png")
    values[4:, :2] = 255
    old = PilImage.open("out/000000000003.png")
    new = PilImage.fromarray(values, old.mode)
    if old.mode == "P":
        new.putpalette(old.getpalette())
    new.save("out/000000000003.png")
    number = 255 if kind != "panoptic" else 255 * (1 + 256 + 65536)
    code, _, err = call("annotations", "out", "b.json")
    assert code == 1
    assert f"the value {number} of 4 pixels means nothing" in err
    assert err.endswith(f"or use --ignore {number}\n")
    assert call("annotations", "out", "b.json", "--ignore", number, "--overwrite")[::2] == (0, "")
    found = json.loads(Path("b.json").read_text())
    assert sorted(one["area"] for one in found["annotations"]) == [9, 15]


def test_maps_become_annotations_that_pycocotools_reads(call):
    call("pixelmaps", "a.json", "out")
    assert call("annotations", "out", "b.json", "--images-like", "a.json", "--form", "polygons") == (
        0,
        f"2 annotations of 2 semantic maps; {SMALLEST}; image ids of a.json; 0 failed\n",
        "",
    )
    found = json.loads(Path("b.json").read_text())
    assert found["images"] == data_set()["images"]
    assert (found["categories"], found["info"]) == (data_set()["categories"], {"year": 2017})
    assert found["annotations"][1] == {
        "id": 2,
        "image_id": 3,
        "category_id": 7,
        "segmentation": [[0, 0, 4, 0, 4, 3, 3, 3, 3, 4, 0, 4]],
        "area": 15,
        "bbox": [0, 0, 4, 4],
        "iscrowd": 0,
    }
    coco = COCO("b.json")
    assert [coco.annToMask(one).sum() for one in coco.loadAnns(coco.getAnnIds(imgIds=3))] == [9, 15]


def test_instances_survive_the_way_there_and_back(call):
    assert call("pixelmaps", "a.json", "out", "--kind", "instance")[:2] == (
        0,
        "2 instance maps of 2 annotations; values are the instances of a picture from 1, 0 is unlabelled; "
        "1 crowd skipped; 1 pixel of 1 map with several labels (smallest-on-top); 0 failed\n",
    )
    assert call("annotations", "out", "b.json")[:2] == (
        0,
        "2 annotations of 2 instance maps; values are the instances of a picture from 1, 0 is unlabelled; "
        "image ids of segments.json; 0 failed\n",
    )
    found = json.loads(Path("b.json").read_text())
    assert [(a["image_id"], a["category_id"], a["area"]) for a in found["annotations"]] == [
        (3, 7, 15),
        (3, 1, 9),
    ]
    assert found["images"] == data_set()["images"]
    said = "augcli: out: instance maps give one annotation a segment; leave --per out\n"
    assert call("annotations", "out", "c.json", "--per", "part") == (2, "", said)
    said = "augcli: out/labels.json: says that the label space is instance, and --space that it is json; "
    assert call("annotations", "out", "c.json", "--space", "json") == (2, "", f"{said}leave --space out\n")
    Path("out/segments.json").unlink()
    said = "augcli: out: no segments.json says what the values of instance maps show; "
    assert call("annotations", "out", "c.json") == (
        2,
        "",
        f"{said}make the maps with augcli coco pixelmaps\n",
    )


def test_more_than_255_instances_make_all_maps_16_bits_deep(call):
    many = [box(number, 1, number % 20, number // 20, 1, 1, image_id=3) for number in range(1, 260)]
    save(data_set(images=[image(3, width=20, height=14), image(9)], annotations=many))
    assert call("pixelmaps", "a.json", "out", "--kind", "instance", "-j2")[0] == 0
    assert {PilImage.open(path).mode for path in Path("out").glob("*.png")} == {"I;16"}
    assert sorted(np.unique(values_of("out/000000000003.png"))) == list(range(260))


def panoptic(ids, segments):
    """p.json with p/x.png, whose ids are those given."""
    Path("p").mkdir()
    ids = np.array(ids)
    colors = np.stack([ids % 256, ids // 256 % 256, ids // 65536], axis=-1).astype(np.uint8)
    PilImage.fromarray(colors).save("p/x.png")
    height, width = ids.shape
    one = {"image_id": 3, "file_name": "x.png", "segments_info": segments}
    save(data_set(images=[image(3, "x.jpg", width, height), image(9)], annotations=[one]), "p.json")


def test_panoptic_maps_keep_ids_void_and_crowds(call):
    panoptic(
        [[0, 70000, 5], [5, 5, 77]],
        [{"id": 70000, "category_id": 7, "iscrowd": 1}, {"id": 5, "category_id": 1}],
    )
    assert call("pixelmaps", "p.json", "out", "--kind", "panoptic") == (
        1,
        "2 panoptic maps of 2 annotations; colours are segment ids, R + 256 G + 65536 B, 0 is unlabelled; "
        "1 fault; 0 failed\n",
        "p.json: x.jpg: the id 77 of its PNG is no segment's; its pixels are unlabelled\n",
    )
    expected = values_of("p/x.png")
    expected[1, 2] = 0
    assert (values_of("out/x.png") == expected).all()
    assert not values_of("out/000000000009.png").any()
    found = json.loads(Path("out/segments.json").read_text())
    assert found["annotations"] == [
        {
            "image_id": 3,
            "file_name": "x.png",
            "segments_info": [
                {"id": 70000, "category_id": 7, "area": 1, "bbox": [1, 0, 1, 1], "iscrowd": 1},
                {"id": 5, "category_id": 1, "area": 3, "bbox": [0, 0, 3, 2], "iscrowd": 0},
            ],
        },
        {"image_id": 9, "file_name": "000000000009.png", "segments_info": []},
    ]
    assert call("annotations", "out", "b.json", "--form", "polygons")[0] == 0
    crowd = json.loads(Path("b.json").read_text())["annotations"][1]
    assert (crowd["iscrowd"], crowd["category_id"], type(crowd["segmentation"])) == (1, 7, dict)


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda: Path("p/x.png").unlink(), "x.png: cannot be read: No such file or directory"),
        (
            lambda: PilImage.new("RGB", (5, 5)).save("p/x.png"),
            "x.png: is 5x5, and its image 3x2; put right the sizes in images, or the PNG",
        ),
        (
            lambda: PilImage.new("L", (3, 2)).save("p/x.png"),
            "x.png: has no ids: they are colours, R + 256 G + 65536 B; save it as RGB",
        ),
        (
            lambda: (Path("p/x.png").rename("y.png"), Path("p/x.png").symlink_to("../y.png")),
            "x.png: is a link that leads out of its folder; put the file there",
        ),
    ],
)
def test_a_panoptic_png_that_cannot_be_used_costs_its_image(call, spoil, said):
    panoptic([[0, 70000, 5], [5, 5, 5]], [])
    spoil()
    code, _, err = call("pixelmaps", "p.json", "out")
    assert (code, err) == (1, f"{said}\n")
    assert sorted(tree(Path("out"))) == ["000000000009.png", "labels.json"]


def test_the_pngs_of_a_panoptic_file_are_beside_it_or_named(call):
    panoptic([[0, 5]], [{"id": 5, "category_id": 1}])
    Path("p").rename("q")
    said = "augcli: p: no such folder; name the folder of the panoptic PNGs with --segments\n"
    assert call("pixelmaps", "p.json", "out") == (2, "", said)
    assert call("pixelmaps", "p.json", "out", "--segments", "q")[0] == 0


def test_image_ids_are_numbers_in_the_names_where_all_have_one(call):
    Path("maps").mkdir()
    for name in ("COCO_train2014_000000000934", "000000000007"):
        PilImage.new("L", (2, 2), 92).save(f"maps/{name}.png")
    Path("maps/more.jpg").touch()
    assert call("annotations", "maps", "b.json", "--space", "json", "--from", "92") == (
        0,
        f"2 annotations of 2 semantic maps; {SMALLEST}; image ids of the names; 0 failed\n",
        "remark: 1 file of other formats than PNG passed over\n",
    )
    found = json.loads(Path("b.json").read_text())
    assert found["images"] == [
        {"id": 7, "file_name": "000000000007.png", "width": 2, "height": 2},
        {"id": 934, "file_name": "COCO_train2014_000000000934.png", "width": 2, "height": 2},
    ]
    assert [entry["id"] for entry in found["categories"]] == list(range(92, 184))
    PilImage.new("L", (2, 2), 92).save("maps/other.png")
    assert (
        "image ids by the order of the names" in call("annotations", "maps", "c.json", "--space", "json")[1]
    )
    assert [entry["id"] for entry in json.loads(Path("c.json").read_text())["images"]] == [1, 2, 3]


def test_things_and_stuff_can_be_chosen(call):
    Path("maps").mkdir()
    PilImage.fromarray(np.array([[0, 91, 92, 183]], np.uint8)).save("maps/1.png")
    for bounds, expected in [
        ([], [91, 92, 183]),
        (["--from", "92"], [92, 183]),
        (["--to", "91"], [91]),
        (["--from", "92", "--to", "182"], [92]),
    ]:
        assert call("annotations", "maps", "b.json", "--space", "json", "--overwrite", *bounds)[0] == 0
        found = json.loads(Path("b.json").read_text())
        assert [one["category_id"] for one in found["annotations"]] == expected


def test_maps_that_cannot_be_read_are_named_and_the_rest_is_done(call):
    Path("maps").mkdir()
    PilImage.new("L", (8, 6), 7).save("maps/000000000003.png")
    PilImage.new("L", (8, 6), 9).save("maps/000000000009.png")
    PilImage.new("L", (8, 6), 7).save("maps/000000000010.png")
    save(data_set(images=[image(3), image(9), image(11)]))
    code, out, err = call("annotations", "maps", "b.json", "--space", "json", "--images-like", "a.json")
    assert (code, out) == (
        1,
        f"1 annotation of 1 semantic map; {SMALLEST}; image ids of a.json; 2 failed\n",
    )
    assert err.splitlines() == [
        "000000000010.png: no image of a.json has this name; leave it out",
        "000000000009.png: the value 9 of 48 pixels means nothing in label space json; "
        "name the space that the maps are in, mend the map, or use --ignore 9",
        "remark: 1 image of a.json without a map, the first is 000000000011.jpg",
    ]
    assert [entry["id"] for entry in json.loads(Path("b.json").read_text())["images"]] == [3]
    PilImage.new("L", (8, 5), 7).save("maps/000000000003.png")
    err = call("annotations", "maps", "b.json", "--space", "json", "--images-like", "a.json", "--overwrite")[
        2
    ]
    assert "000000000003.png: is 8x5, and its image 8x6; give the annotation file of these maps\n" in err


def test_a_segments_json_that_says_nothing_costs_its_maps(call):
    call("pixelmaps", "a.json", "out", "--kind", "instance")
    found = json.loads(Path("out/segments.json").read_text())
    found["annotations"][0]["segments_info"] = [{"id": "x"}]
    found["annotations"][1]["segments_info"] = [{"id": 4}]
    save(found, "out/segments.json")
    code, _, err = call("annotations", "out", "b.json")
    assert (code, err) == (
        1,
        "000000000003.png: segments.json does not say what its values show; make the maps anew\n",
    )


def test_what_stands_in_the_way_of_a_map_costs_its_image(call):
    Path("out").mkdir()
    Path("out/x").touch()
    Path("out/000000000009.png").mkdir()
    save(data_set(images=[image(3, "x/a.jpg"), image(9), image(10)]))
    code, _, err = call("pixelmaps", "a.json", "out")
    assert (code, err.splitlines()) == (
        1,
        [
            "a.json: x/a.jpg: its map cannot be written: File exists; give it another file_name",
            "a.json: 000000000009.jpg: its map cannot be written: Is a directory; give it another file_name",
        ],
    )
    assert sorted(tree(Path("out"))) == ["000000000010.png", "labels.json", "x"]


def test_a_full_disk_ends_with_74_and_nothing_half_made(call, monkeypatch):
    def full(path, data):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    code, _, err = call("pixelmaps", "a.json", "out")
    said = "augcli: out/.augcli/tmp/0.png: cannot write: No space left on device; "
    assert (code, err) == (74, f"{said}mend that and run the same command again\n")
    assert not tree(Path("out"))


def test_the_number_of_workers_changes_nothing(call):
    many = [image(number) for number in range(1, 131)]
    boxes = [
        box(number, 1 + 6 * (number % 2), number % 5, 0, 3, 4, image_id=number) for number in range(1, 131)
    ]
    save(data_set(images=many, annotations=boxes))
    for workers in ("1", "2"):
        assert call("pixelmaps", "a.json", workers, "--kind", "instance", f"-j{workers}")[0] == 0
        assert call("annotations", workers, f"{workers}.json", f"-j{workers}")[0] == 0
    assert tree(Path("1")) == tree(Path("2"))
    assert Path("1.json").read_bytes() == Path("2.json").read_bytes()


MUTATIONS = st.lists(
    st.tuples(
        st.sampled_from(["images", "annotations", "categories"]),
        st.sampled_from(
            ["id", "image_id", "file_name", "width", "height", "category_id", "segmentation", "name", None]
        ),
        st.none() | st.integers() | st.floats() | st.text(max_size=9) | st.just([]) | st.just({}),
    ),
    max_size=4,
)


@given(MUTATIONS, st.sampled_from(["semantic", "instance", "panoptic"]))
@settings(max_examples=40)
def test_no_annotation_file_whatever_breaks_the_command(tmp_path_factory, mutations, kind):
    root = tmp_path_factory.mktemp("fuzz")
    found = data_set()
    for where, key, value in mutations:
        if key is None:
            found[where] = value
        elif isinstance(found[where], list) and found[where]:
            found[where][0][key] = value
    (root / "a.json").write_text(json.dumps(found))
    try:
        made = make_maps(root / "a.json", root / "out", ToMapsOptions(kind=kind), workers=1)
    except AugcliError:
        return
    assert made.maps == len(list((root / "out").rglob("*.png")))
    assert collect(root / "out", root / "b.json", Back(), workers=1).failed == [] if made.maps else True


def test_every_command_below_coco_is_documented():
    text = commands_part(Path())
    group = cli.get_command(click.Context(cli), "coco")
    for name, below in group.commands.items():
        section = text.split(f"## `augcli coco {name}`")[1].split("## ")[0]
        flags = [flag for option in below.params for flag in option.opts if flag.startswith("--")]
        assert all(flag in section for flag in flags)


def _shape(annotation):
    """What has to survive of an annotation, to sort by."""
    names = ("image_id", "category_id", "area", "bbox", "iscrowd")
    return [*(annotation[name] for name in names), json.dumps(annotation["segmentation"], sort_keys=True)]


@needs("coco_stuff_sample")
def test_the_stuff_sample_keeps_every_area_and_box_in_every_space(call):
    before = json.loads((DATA / STUFF).read_text())
    for space in ("json", "stuffthingmaps", "train171", "file"):
        assert call("pixelmaps", DATA / STUFF, space, "--space", space)[0] == 0
        assert call("annotations", space, f"{space}.json", "--images-like", DATA / STUFF)[0] == 0
        after = json.loads(Path(f"{space}.json").read_text())
        has_other = space in ("json", "file")
        expected = [a for a in before["annotations"] if has_other or a["category_id"] != 183]
        assert sorted(map(_shape, after["annotations"])) == sorted(map(_shape, expected))
        assert after["images"] == before["images"]


@needs("coco_panoptic_sample")
def test_the_panoptic_sample_survives_exactly(call):
    assert call("pixelmaps", DATA / PANOPTIC, "out", "--kind", "panoptic")[0] == 0
    before, after = (
        json.loads((DATA / PANOPTIC).read_text()),
        json.loads(Path("out/segments.json").read_text()),
    )
    assert before == after
    for one in before["annotations"]:
        there = values_of((DATA / PANOPTIC).with_suffix("") / one["file_name"])
        assert (values_of(Path("out", one["file_name"])) == there).all()
    assert call("annotations", "out", "b.json")[0] == 0
    detection = json.loads((DATA / PANOPTIC).with_name("panoptic_coco_detection_format.json").read_text())
    found = json.loads(Path("b.json").read_text())
    assert sorted(map(_shape, found["annotations"])) == sorted(map(_shape, detection["annotations"]))


@needs("coco_mini80")
def test_real_instances_go_through_pycocotools_both_ways(call):
    code, out, _ = call("pixelmaps", DATA / MINI, "out", "--kind", "instance", "-j2")
    assert code == 0
    assert "79 instance maps of 619 annotations" in out
    assert call("annotations", "out", "b.json", "--form", "polygons", "-j2")[0] == 0
    coco, found = COCO("b.json"), json.loads(Path("b.json").read_text())
    for one in found["annotations"]:
        assert coco.annToMask(one).sum() == one["area"]


def test_of_many_faults_the_first_are_said_and_how_many_more(call):
    data = {"images": [{"id": 1, "file_name": "a.jpg", "width": 9, "height": 9}]}
    data |= {"categories": [{"id": 1, "name": "a"}]}
    data["annotations"] = [{"id": n, "image_id": 1, "category_id": 2} for n in range(1, 51)]
    Path("many.json").write_text(json.dumps(data))
    code, _, said = call("pixelmaps", "many.json", "out")
    lines = said.splitlines()
    assert (code, len(lines), lines[-1]) == (1, 21, "and 30 more: --json has them all")
    assert len(json.loads(call("pixelmaps", "many.json", "other", "--json")[1])["faults"]) == 50
