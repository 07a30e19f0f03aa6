"""input.mirror: what was left is right in a mirror, in masks as in keypoints."""

import numpy as np
import pytest
from support.datasets_on_disk import manifest, read, run, save

from augcli.errors import RecipeError
from augcli.geometry import Projective
from augcli.recipe import parse_recipe

CLASSES = "{0: background, 1: left_lung, 2: right_lung, 3: heart}"
INPUT = f"input: {{classes: {CLASSES}, mirror: [[left_lung, right_lung]]}}\n"
MASK = np.zeros((20, 30), np.uint8)
MASK[5:15, 2:10], MASK[5:15, 18:29], MASK[8:12, 12:16] = 1, 2, 3
SWAPPED = np.array([0, 2, 1, 3], np.uint8)


@pytest.fixture
def lungs(tmp_path):
    save(tmp_path / "in" / "images" / "a.png", np.zeros((20, 30, 3), np.uint8))
    save(tmp_path / "in" / "masks" / "a.png", MASK)
    return tmp_path


@pytest.mark.parametrize(
    ("steps", "moved", "is_mirror"),
    [
        ("[horizontal_flip]", MASK[:, ::-1], True),
        ("[vertical_flip]", MASK[::-1], True),
        ("[transpose]", MASK.T, True),
        ("[rotate90]", np.rot90(MASK), False),
        ("[rotate90: {turns: 2}]", MASK[::-1, ::-1], False),
        ("[horizontal_flip, vertical_flip]", MASK[::-1, ::-1], False),
        ("[horizontal_flip, rotate90: {turns: 2}]", MASK[::-1], True),
    ],
)
def test_left_and_right_classes_are_exchanged_by_mirrors_and_by_nothing_else(lungs, steps, moved, is_mirror):
    run(f"{INPUT}transforms: {steps}\nkeep_original: false", lungs / "in", lungs / "out")
    (line,) = manifest(lungs / "out")
    found = read(lungs / "out" / line["mask_file_name"])
    np.testing.assert_array_equal(found, SWAPPED[moved] if is_mirror else moved)


@pytest.mark.parametrize("rows", [((1, 0, 0), (0, 1, 5), (0, 1, 4)), ((1, 0, 0), (0, 1, 3), (0, 1, 4))])
def test_a_projective_map_is_a_mirror_by_its_whole_determinant(rows):
    """y' = (y + a) / (y + 4) turns over for a = 5 and not for 3, whatever the upper left 2x2 says."""
    x, y = np.array([1.0, 1.0]), np.array([1.0, 1.5])
    _, moved = Projective(rows).push(x, y)
    assert Projective(rows).is_mirror == (moved[1] < moved[0])


def test_colours_are_exchanged_too(tmp_path):
    colors = np.array([[0, 0, 0], [200, 0, 0], [0, 200, 0], [0, 0, 200]], np.uint8)
    save(tmp_path / "in" / "images" / "a.png", np.zeros((20, 30, 3), np.uint8))
    save(tmp_path / "in" / "masks" / "a.png", colors[MASK])
    text = """
input:
  mask: {kind: rgb, ignore: "#000000"}
  classes: {left_lung: "#c80000", right_lung: "#00c800", heart: "#0000c8"}
  mirror: [[left_lung, right_lung]]
transforms: [horizontal_flip]
"""
    run(text, tmp_path / "in", tmp_path / "out")
    line = manifest(tmp_path / "out")[1]
    found = read(tmp_path / "out" / line["mask_file_name"])
    np.testing.assert_array_equal(found, colors[SWAPPED[MASK[:, ::-1]]])


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("[[a]]", "expected pairs of names, like [[left_eye, right_eye]], got a list"),
        ("left", "expected pairs of names, like [[left_eye, right_eye]], got 'left'"),
        ("[[a, a]]", "each name stands in one pair, once, like [[left_eye, right_eye]]"),
        ("[[a, b], [b, c]]", "each name stands in one pair, once, like [[left_eye, right_eye]]"),
    ],
)
def test_mistakes(value, message):
    with pytest.raises(RecipeError) as caught:
        parse_recipe(f"input: {{mirror: {value}}}\ntransforms: [transpose]", "r")
    assert str(caught.value) == f"r:1:17: input.mirror: {message}"
