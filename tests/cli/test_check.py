"""`augcli check`: what it prints, and what it ends with."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from support.commands import mask, pairs, picture, run
from support.paths import DATA

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder, so that messages hold no path of the machine."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "recipe.yaml").write_text("copies: 2\ntransforms: [rotate: {degrees: [-5, 5]}]\n")
    return tmp_path


def test_a_good_recipe_is_one_line(here: Path, capsys: Capture) -> None:
    assert run(capsys, "check", "recipe.yaml") == (
        0,
        "recipe.yaml: ok: 1 variant, 3 pairs per source\n",
        "",
    )


def test_remarks_do_not_change_the_exit_code(here: Path, capsys: Capture) -> None:
    Path("recipe.yaml").write_text("variants: {same: [gamma: {gamma: 1}]}\nkeep_original: false\n")
    assert run(capsys, "check", "recipe.yaml") == (
        0,
        "recipe.yaml: ok: 1 variant, 1 pair per source\n"
        "remark: same: changes nothing: its copies are the originals again\n",
        "",
    )


def test_every_mistake_is_told_and_ends_with_two(here: Path, capsys: Capture) -> None:
    Path("recipe.yaml").write_text("transforms: [rotat, horizontal_flip: {p: 2}]\n")
    code, out, err = run(capsys, "check", "recipe.yaml")
    assert (code, out) == (2, "")
    assert [line.split(": ")[0] for line in err.splitlines()] == ["recipe.yaml:1:14", "recipe.yaml:1:42"]


def test_a_data_set_is_told_in_aligned_lines(here: Path, capsys: Capture) -> None:
    pairs(here / "in", [0, 1, 2], [0, 1], [0, 9])
    picture(here / "in/images/lonely.jpg")
    mask(here / "in/masks/odd.png", [0, 1])
    assert run(capsys, "check", "recipe.yaml", "in") == (
        0,
        """\
recipe.yaml: ok: 1 variant, 3 pairs per source

layout      folders: the folders' names say so: images (images) and masks (masks); 3 pairs of matching names
            to name it for good: input: {layout: folders, images: images, masks: masks}
            as a pattern, to be changed: \
input: {layout: pattern, images: "images/**/{name}.jpg", masks: "masks/**/{name}.png"}
sources     3, for 9 pairs
images      3 JPEG RGB
sizes       40x30 (all 3)
masks       3 PNG L
kind        index: values 0, 1, 2 and 9 in the 3 looked at
values      value  pixels  masks
            0      45.0 %      3
            1      27.5 %      2
            2      10.8 %      1
            9      16.7 %      1
left over   1 image without a mask: images/lonely.jpg
            1 mask without an image: masks/odd.png
            what does not pair up is left out, and was not decoded

9 pairs would be written, 0 would fail
""",
        "",
    )


def test_everything_there_is_to_tell_is_told(here: Path, capsys: Capture) -> None:
    Path("recipe.yaml").write_text(
        "input: {layout: folders, images: '{split}/x', masks: '{split}/y', classes: [sky, car, bus],\n"
        "        group: '{car}_{view}'}\n"
        "variants: {crop: [center_crop: {size: 50}]}\noutput: {size: 20}\n"
    )
    for name, size in (("train/x/a_1", (40, 30)), ("train/x/a_2", (60, 80)), ("val/x/b_1", (60, 80))):
        picture(here / f"in/{name}.png", size)
        mask(here / f"in/{name.replace('x', 'y')}.png", [0, 1, 9], size)
    picture(here / "in/val/x/c_1.jpg", (80, 60), "L")
    (here / "in/val/y").joinpath("c_1.png").write_bytes(b"")
    code, out, err = run(capsys, "check", "recipe.yaml", "in")
    assert (code, err) == (1, "")
    assert (
        out
        == """\
recipe.yaml: ok: 1 variant, 2 pairs per source

layout      folders: the recipe names {split}/x (images) and {split}/y (masks); 4 pairs of matching names
sources     4, for 6 pairs
splits      train 2 (expanded), val 2 (passed through once)
groups      3, by {car}_{view}
images      3 PNG RGB, 1 JPEG L
sizes       40x30 to 80x60, median 60x80
            3 sizes, most often 60x80 (2), 40x30 (1), 80x60 (1)
masks       3 PNG L
kind        index: values 0, 1 and 9 in the 3 looked at
values      value  class  pixels  masks
            0      sky    33.5 %      3
            1      car    33.2 %      3
            9             33.2 %      3

remark: masks hold 9 (33.2 % of the pixels), which input.classes does not name, first in train/y/a_1.png
remark: input.classes names bus, in none of the masks
remark: output.size 20x20 changes the ratio of width to height of 4 of 4 pictures; \
to keep it say output: {fit: letterbox} or {fit: crop}
would fail (1 pair): train/x/a_1.png: variant crop: a crop of 50x50 does not fit in 40x30; \
crop less, resize first, or put pad_if_needed: {size: 50x50} before it
would fail (1 pair): val/y/c_1.png: the file is empty (0 bytes); replace it or leave it out
4 pairs would be written, 2 would fail
"""
    )


def test_pictures_in_class_folders_are_told(here: Path, capsys: Capture) -> None:
    for name in ("cat/1", "cat/2", "dog/1"):
        picture(here / f"in/{name}.png")
    _, out, _ = run(capsys, "check", "recipe.yaml", "in")
    assert "classes     2 cat, 1 dog\n" in out
    assert "masks       none\n" in out


def test_an_orientation_is_told(here: Path, capsys: Capture) -> None:
    from PIL import Image

    exif = Image.Exif()
    exif[274] = 3
    picture(here / "in/a.jpg", exif=exif)
    _, out, _ = run(capsys, "check", "recipe.yaml", "in")
    assert "EXIF        1 image with an orientation: applied once, and not written again\n" in out


def test_values_of_few_masks_are_told_with_the_masks(here: Path, capsys: Capture) -> None:
    for number in range(20):
        picture(here / f"in/images/{number:02}.png")
        mask(
            here / f"in/masks/{number:02}.png",
            [0, 1, 2, 8 if number in (3, 4) else 1, 9 if number == 5 else 2],
        )
    _, out, _ = run(capsys, "check", "recipe.yaml", "in")
    assert "rare        8 in masks/03.png and masks/04.png\n            9 in masks/05.png\n" in out


def test_of_many_rare_values_the_first_are_told(here: Path, capsys: Capture) -> None:
    for number in range(10):
        picture(here / f"in/images/{number}.png")
        mask(here / f"in/masks/{number}.png", [0, 1, *(range(2, 9) if number == 5 else ())])
    _, out, _ = run(capsys, "check", "recipe.yaml", "in")
    assert "            6 in masks/5.png\n            and 2 more\n" in out


def test_the_instances_of_all_masks_are_told(here: Path, capsys: Capture) -> None:
    Path("recipe.yaml").write_text("input: {mask: {kind: instance}}\ntransforms: [horizontal_flip]\n")
    pairs(here / "in", [0, 1, 2], [7])
    _, out, _ = run(capsys, "check", "recipe.yaml", "in")
    assert "kind        instance, says the recipe\ninstances   3 in 2 masks\n" in out


def test_where_names_collide_damaged_files_are_told_without_a_number_of_pairs(
    here: Path, capsys: Capture
) -> None:
    for name in ("a", "a__aug-1", "b"):
        picture(here / f"in/{name}.png")
    (here / "in/b.png").write_bytes(b"")
    code, out, err = run(capsys, "check", "recipe.yaml", "in")
    assert code == 2
    assert out.endswith("would fail: b.png: the file is empty (0 bytes); replace it or leave it out\n")
    assert "two files would be called a__aug-1.png" in err


def test_an_open_question_is_a_refusal_below_the_report(here: Path, capsys: Capture) -> None:
    pairs(here / "in", [0], [0])
    code, out, err = run(capsys, "check", "recipe.yaml", "in")
    assert code == 2
    assert out.endswith(
        "values      value   pixels  masks\n            0      100.0 %      2\n"
        "empty       2 masks: masks/a.png, masks/b.png\n\n"
    )
    assert err == (
        "augcli: the 2 masks looked at hold only 0; "
        "say input: {mask: {kind: binary}} or input: {mask: {kind: index}}\n"
    )


def test_orphans_are_a_refusal_under_strict(here: Path, capsys: Capture) -> None:
    pairs(here / "in", [0, 1])
    picture(here / "in/images/lonely.jpg")
    code, _, err = run(capsys, "check", "recipe.yaml", "in", "--strict")
    assert code == 2
    assert "images/lonely.jpg" in err
    assert err.startswith("augcli: in: --strict: ")


def test_strict_without_a_data_set_is_refused(here: Path, capsys: Capture) -> None:
    code, _, err = run(capsys, "check", "recipe.yaml", "--strict")
    assert code == 2
    assert err.endswith("Error: --strict is about the data set: name INPUT\n")


def test_more_failures_than_fit_are_counted(here: Path, capsys: Capture) -> None:
    for number in range(23):
        picture(here / f"in/{number:02}.png")
        (here / f"in/{number:02}.png").write_bytes(b"")
    code, out, _ = run(capsys, "check", "recipe.yaml", "in")
    assert code == 1
    assert out.count("would fail (3 pairs): ") == 20
    assert out.endswith("and 3 more, all in --json\n0 pairs would be written, 69 would fail\n")


def test_json_holds_the_recipe_alone(here: Path, capsys: Capture) -> None:
    code, out, err = run(capsys, "check", "recipe.yaml", "--json")
    assert (code, err) == (0, "")
    assert json.loads(out) == {
        "recipe": "recipe.yaml",
        "variants": 1,
        "pairs_per_source": 3,
        "remarks": [],
    }


def test_json_holds_all_that_the_text_says(here: Path, capsys: Capture) -> None:
    pairs(here / "in", [0, 1], [0, 9])
    picture(here / "in/images/c.jpg")
    (here / "in/masks/c.png").write_bytes(b"")
    code, out, err = run(capsys, "check", "recipe.yaml", "in", "--json")
    assert (code, err) == (1, "")
    both = ["masks/a.png", "masks/b.png"]
    assert json.loads(out)["data"] == {
        "input": "in",
        "layout": "folders",
        "reason": "the folders' names say so: images (images) and masks (masks); 3 pairs of matching names",
        "reading": {"layout": "folders", "images": "images", "masks": "masks"},
        "pattern": 'input: {layout: pattern, images: "images/**/{name}.jpg", masks: "masks/**/{name}.png"}',
        "sources": 3,
        "pairs": 9,
        "splits": {},
        "labels": {},
        "groups": 3,
        "shared_groups": {},
        "images": {"JPEG RGB": 3},
        "turned": 0,
        "sizes": {"smallest": "40x30", "median": "40x30", "largest": "40x30", "counts": {"40x30": 3}},
        "notes": {},
        "duplicates": [],
        "annotations": {},
        "without_annotations": [],
        "left_out": [],
        "masks": {
            "mask": {
                "files": {"PNG L": 2},
                "kind": "index",
                "reason": "index: values 0, 1 and 9 in the 2 looked at",
                "looked_at": 2,
                "masks": 2,
                "instances": None,
                "empty": [],
                "values": [
                    {"value": 0, "name": "", "share": 0.5, "masks": 2, "held_by": both},
                    {"value": 1, "name": "", "share": 0.25, "masks": 1, "held_by": both[:1]},
                    {"value": 9, "name": "", "share": 0.25, "masks": 1, "held_by": both[1:]},
                ],
            }
        },
        "orphan_images": [],
        "orphan_masks": [],
        "skipped": [],
        "failing_pairs": 3,
        "failures": [
            {
                "key": "images/c",
                "variant": None,
                "pairs": 3,
                "what": "the file is empty (0 bytes)",
                "where": "masks/c.png",
                "mend": "replace it or leave it out",
            }
        ],
        "remarks": [],
        "refusals": [],
    }


def test_help_loads_nothing_heavy() -> None:
    code = "import sys\nfrom augcli.cli.app import cli\ncli.main(['--help'], standalone_mode=False)\n"
    code += "print(sorted({'numpy', 'PIL', 'pydantic', 'cv2', 'yaml'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.skipif(not DATA.is_dir(), reason="no test data: set AUGCLI_TEST_DATA")
def test_real_street_scenes_are_told(here: Path, capsys: Capture) -> None:
    code, out, _ = run(capsys, "check", "recipe.yaml", DATA / "seg_camvid_train", "-j1")
    assert code == 0
    assert "kind        index: 12 values from 0 to 11 in the 30 looked at\n" in out
    assert out.endswith("90 pairs would be written, 0 would fail\n")
