"""Mirrored copies: which variants make them, and what is said where left and right cannot be exchanged."""

import json
from pathlib import Path

import numpy as np
import pytest
from support.datasets_on_disk import run, save

from augcli.cli.progress import Terminal
from augcli.commands.check.lint import data_remarks
from augcli.commands.check.survey import survey
from augcli.errors import DatasetError
from augcli.formats.detect import read_dataset
from augcli.labels.mirror import can_mirror, mirror_remarks
from augcli.recipe import parse_recipe

POINTS = [5, 6, 2, 8, 9, 1, 30, 12, 2]
FILE = "annotations/keypoints.json"
FLIP = "variants: {fliplr: [horizontal_flip], still: [brightness: {factor: 1.5}]}\n"


def written(root: Path, *categories: dict, posed: tuple[int, ...] = (1,)) -> Path:
    """A picture with an object that has keypoints, for each of the `posed` categories."""
    save(root / "images" / "a.png", np.zeros((40, 50, 3), np.uint8))
    (root / "annotations").mkdir()
    objects = [
        {"id": n, "image_id": 7, "category_id": n, "bbox": [2, 2, 9, 9], "keypoints": POINTS} for n in posed
    ]
    named = [{"id": n, "name": f"kind {n}"} | one for n, one in enumerate(categories, 1)]
    images = [{"id": 7, "file_name": "a.png", "width": 50, "height": 40}]
    data = {"images": images, "annotations": objects, "categories": named}
    (root / FILE).write_text(json.dumps(data))
    return root


def remarks(root: Path, text: str = FLIP) -> list[str]:
    return list(mirror_remarks(parse_recipe(text, "r.yaml"), read_dataset(root)))


def keypoints(*names: str) -> dict:
    return {"keypoints": list(names)}


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ("[horizontal_flip]", True),
        ("[vertical_flip]", True),
        ("[transpose]", True),
        ("[anti_transpose]", True),
        ("[rotate90, rotate: {degrees: 30}, shear: {x: 40}, perspective: {strength: 1}]", False),
        ("[elastic: {alpha: 300, sigma: 5}, brightness: {factor: 2}]", False),
        ("[horizontal_flip, vertical_flip]", False),
        ("[horizontal_flip, vertical_flip, transpose]", True),
        ("[horizontal_flip: {p: 0.5}, vertical_flip: {p: 0.5}]", True),
        ("[horizontal_flip: {p: 0}]", False),
        ("[{one_of: [horizontal_flip, rotate90]}]", True),
        ("[{one_of: [{sequence: [horizontal_flip, transpose]}, {sequence: [rotate90]}]}]", True),
    ],
)
def test_a_variant_can_mirror_where_flips_do_not_always_cancel(steps, expected):
    (variant,) = parse_recipe(f"variants: {{v: {{transforms: {steps}}}}}", "r").variants
    assert can_mirror(variant) == expected


def test_categories_whose_keypoints_a_mirror_exchanges_are_not_remarked(tmp_path):
    assert remarks(written(tmp_path, keypoints("nose", "L_Eye", "R_Eye"))) == []


def test_keypoints_that_are_no_pairs_are_remarked_with_the_line_to_write(tmp_path):
    said = f"{FILE}: category kind 1: no keypoint has a counterpart of the other side by name, and all keep"
    root = written(tmp_path, keypoints("head", "Lwrist", "Rwrist"))
    line = "input: {mirror: [[Lwrist, Rwrist]]}"
    assert remarks(root) == [
        f"{said} their places in mirrored copies (fliplr); where some have one, write {line}"
    ]
    assert remarks(root, f"{line}\n{FLIP}") == []


def test_no_name_is_guessed_to_be_in_two_pairs(tmp_path):
    (remark,) = remarks(written(tmp_path, keypoints("lal", "ral", "lar")))
    assert remark.endswith("write input: {mirror: [[lal, ral]]}")


def test_of_yolo_nothing_is_remarked_for_flip_idx_says_the_pairs(tmp_path):
    save(tmp_path / "images/a.png", np.zeros((40, 50, 3), np.uint8))
    (tmp_path / "labels").mkdir()
    (tmp_path / "labels/a.txt").write_text("0 0.5 0.5 0.5 0.5 0.4 0.4 2 0.6 0.6 2\n")
    text = "names: [cat]\ntrain: images\nval: images\nkpt_shape: [2, 3]\nflip_idx: [0, 1]\n"
    (tmp_path / "data.yaml").write_text(text)
    assert read_dataset(tmp_path).layout == "yolo"
    assert remarks(tmp_path) == []


def test_where_no_pair_can_be_guessed_the_line_has_places_for_names(tmp_path):
    (remark,) = remarks(written(tmp_path, keypoints("bow", "port", "starboard")))
    assert remark.endswith("; where some have one, write input: {mirror: [[LEFT_NAME, RIGHT_NAME]]}")


def test_halves_of_pairs_are_remarked_with_the_line_that_joins_them(tmp_path):
    root = written(tmp_path, keypoints("left_ear", "rigth_ear", "port"))
    line = "input: {mirror: [[left_ear, rigth_ear]]}"
    assert remarks(root) == [
        f"{FILE}: category kind 1: left_ear has no counterpart of the other side by name, and would keep its "
        f"place in mirrored copies (fliplr); write {line}"
    ]
    assert remarks(root, f"{line}\n{FLIP}") == []


def test_the_line_has_the_pairs_that_the_recipe_has_already(tmp_path):
    root = written(tmp_path, keypoints("left_ear", "bow", "stern"))
    (remark,) = remarks(root, f"input: {{mirror: [[bow, stern]]}}\n{FLIP}")
    assert remark.endswith("; write input: {mirror: [[bow, stern], [LEFT_NAME, RIGHT_NAME]]}")


def test_keypoints_without_names_are_remarked(tmp_path):
    assert remarks(written(tmp_path, {})) == [
        f"{FILE}: category kind 1: its keypoints have no names, and keep their places in mirrored copies "
        "(fliplr); where some have sides, write their names into its keypoints"
    ]


def test_a_file_has_one_remark_and_says_how_many_categories_there_are_like_the_first(tmp_path):
    names = keypoints("a", "b", "c")
    root = written(tmp_path, names, names, names, keypoints("a", "left", "right"), posed=(1, 3, 4))
    (remark,) = remarks(root)
    assert remark.startswith(f"{FILE}: category kind 1 and 1 more: no keypoint has")  # none is of the second


def test_without_mirrors_nothing_is_remarked(tmp_path):
    assert remarks(written(tmp_path, {}), "transforms: [rotate90]") == []


def test_check_expand_and_preview_say_it(tmp_path, capsys):
    root = written(tmp_path, {})
    looked = survey(parse_recipe(FLIP, "r.yaml"), root, workers=1, max_pixels=10**6)
    assert data_remarks(looked) == remarks(root)
    Terminal(recipe=parse_recipe(FLIP, "r.yaml")).found(read_dataset(root))
    assert capsys.readouterr().err.splitlines()[-1] == f"warning: {remarks(root)[0]}"


@pytest.mark.parametrize(
    ("pair", "what"),
    [
        (
            "[left_ear, rigth_ear]",
            "rigth_ear, and no keypoint and no class is called so; did you mean right_ear?",
        ),
        (
            "[bow, stern]",
            "bow, and no keypoint and no class is called so; name keypoints, or classes of masks",
        ),
    ],
)
def test_names_that_nothing_has_are_refused_before_anything_is_written(tmp_path, pair, what):
    root = written(tmp_path / "in", keypoints("left_ear", "right_ear", "nose"))
    with pytest.raises(DatasetError) as caught:
        run(f"input: {{mirror: [{pair}]}}\n{FLIP}", root, tmp_path / "out")
    assert str(caught.value) == f"recipe.yaml: input.mirror names {what}"
    assert [path.name for path in tmp_path.iterdir()] == ["in"]
