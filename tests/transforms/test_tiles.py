"""tiles: windows that cover a source, one copy each."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.datasets_on_disk import manifest, plain, read, run, save

from augcli.errors import RecipeError
from augcli.geometry import Frame
from augcli.recipe import parse_recipe
from augcli.transforms import TRANSFORMS


def boxes(width, height, size, overlap=0):
    step = TRANSFORMS["tiles"].model_validate({"size": size, "overlap": overlap})
    frame = Frame(width, height)
    resolved = [step.resolve({"copy": copy}, frame)[0].params for copy in range(1, step.count(frame) + 1)]
    return [(b["x"], b["y"], b["width"], b["height"]) for b in resolved]


def test_tiles_go_row_by_row_and_the_last_ends_at_the_edge():
    assert boxes(10, 5, "4x3") == [
        (0, 0, 4, 3), (4, 0, 4, 3), (6, 0, 4, 3), (0, 2, 4, 3), (4, 2, 4, 3), (6, 2, 4, 3)
    ]  # fmt: skip
    assert boxes(8, 8, 4) == [(0, 0, 4, 4), (4, 0, 4, 4), (0, 4, 4, 4), (4, 4, 4, 4)]


def test_a_source_that_is_smaller_is_one_tile():
    assert boxes(3, 2, 8) == [(0, 0, 3, 2)]
    assert boxes(10, 2, 8) == [(0, 0, 8, 2), (2, 0, 8, 2)]


@given(st.integers(1, 200), st.integers(1, 200), st.integers(16, 64), st.integers(0, 60))
def test_tiles_cover_the_source_overlap_enough_and_none_is_there_twice(width, height, size, overlap):
    overlap = min(overlap, size - 8)
    found = boxes(width, height, size, overlap)
    covered = np.zeros((height, width), bool)
    for x, y, w, h in found:
        assert 0 <= x <= x + w <= width
        assert 0 <= y <= y + h <= height
        covered[y : y + h, x : x + w] = True
    assert covered.all()
    assert len(set(found)) == len(found)
    columns = sorted({x for x, *_ in found})
    assert all(size - (b - a) >= overlap for a, b in pairwise(columns))


def test_expand_writes_every_tile_of_every_source(tmp_path):
    plain(tmp_path / "in", count=1)
    rng = np.random.default_rng(3)
    pixels, mask = rng.integers(0, 256, (20, 50, 3), np.uint8), rng.integers(0, 3, (20, 50), np.uint8)
    save(tmp_path / "in" / "images" / "wide.png", pixels)
    save(tmp_path / "in" / "masks" / "wide.png", mask)
    run("variants: {tile: [tiles: {size: 16}]}\nkeep_original: false", tmp_path / "in", tmp_path / "out")
    lines = [line for line in manifest(tmp_path / "out") if "wide" in line["file_name"]]
    assert [line["file_name"] for line in lines] == [f"images/wide__tile-{n}.png" for n in range(1, 9)]
    image, labels = np.zeros_like(pixels), np.full_like(mask, 99)
    for line in lines:
        (crop,) = [step["params"] for step in line["applied"]]
        where = np.s_[crop["y"] : crop["y"] + 16, crop["x"] : crop["x"] + 16]
        image[where] = read(tmp_path / "out" / line["file_name"])
        labels[where] = read(tmp_path / "out" / line["mask_file_name"])
    np.testing.assert_array_equal(image, pixels)
    np.testing.assert_array_equal(labels, mask)


def test_random_steps_draw_anew_for_each_tile_and_each_copy_of_it(tmp_path):
    save(tmp_path / "in" / "images" / "a.png", np.zeros((16, 32, 3), np.uint8))
    save(tmp_path / "in" / "masks" / "a.png", np.eye(16, 32, dtype=np.uint8) * 255)
    text = "copies: 3\ntransforms: [tiles: {size: 16}, rotate: {degrees: [-30, 30]}]"
    run(text, tmp_path / "in", tmp_path / "out")
    lines = [line for line in manifest(tmp_path / "out") if line["variant"] == "aug"]
    assert [line["applied"][0]["params"]["x"] for line in lines] == [0, 16] * 3
    assert len({line["applied"][1]["params"]["degrees"] for line in lines}) == 6
    masks = [read(tmp_path / "out" / line["mask_file_name"]) for line in lines]
    assert all(np.isin(mask, (0, 255)).all() for mask in masks)


ROTATED = "tiles is the first step of a variant, and stands there once"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("transforms: [rotate: {degrees: [0, 9]}, tiles: {size: 8}]", f"1:1: transforms: {ROTATED}"),
        ("transforms: [tiles: {size: 8}, tiles: {size: 4}]", f"1:1: transforms: {ROTATED}"),
        ("transforms: [one_of: [tiles: {size: 8}]]", f"1:1: transforms: {ROTATED}"),
        (
            "transforms: [tiles: {size: 8, overlap: 8}]",
            "1:14: transforms[0].tiles: overlap is smaller than a tile",
        ),
        (
            "transforms: [tiles: {size: 8, p: 0.5}]",
            "1:14: transforms[0].tiles: tiles are always cut: leave p out",
        ),
        (
            "copies: 2\ntransforms: [tiles: {size: 8}]",
            "1:9: copies: nothing in 'aug' is drawn, so its 2 copies would be the same: "
            "remove copies, or draw something, like rotate: {degrees: [-15, 15]}",
        ),
    ],
)
def test_mistakes(text, message):
    with pytest.raises(RecipeError) as caught:
        parse_recipe(text, "r")
    assert str(caught.value) == f"r:{message}"
