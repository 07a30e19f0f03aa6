"""Crops that look at the labels: the tightest box, and a box that shows enough."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from skimage import data
from support.recipe_steps import applied, run

from augcli.data import LabelMap
from augcli.errors import ImageError
from augcli.geometry import Frame
from augcli.transforms.mask_aware import foreground, label_of

PHOTO = data.astronaut()[:180, :240]
SPOT = np.zeros((180, 240), np.uint8)
SPOT[50:80, 100:160] = 3
SPOT[70:71, 10:12] = 5
FRAME = Frame(240, 180)


def crop_of(steps, mask, **draws):
    return [s.params for s in applied(steps, Frame(mask.shape[1], mask.shape[0]), mask=mask, **draws)][-1]


def test_the_tightest_box_around_any_label():
    image, mask = run([{"crop_to_mask": {}}], PHOTO, SPOT)
    np.testing.assert_array_equal(image, PHOTO[50:80, 10:160])
    np.testing.assert_array_equal(mask, SPOT[50:80, 10:160])


def test_the_tightest_box_around_chosen_classes():
    image, _ = run([{"crop_to_mask": {"classes": 3}}], PHOTO, SPOT)
    np.testing.assert_array_equal(image, PHOTO[50:80, 100:160])


def test_a_margin_is_a_share_of_the_longer_side_and_ends_at_the_frame():
    image, _ = run([{"crop_to_mask": {"classes": [3], "margin": 1}}], PHOTO, SPOT)
    np.testing.assert_array_equal(image, PHOTO[0:140, 40:220])


@given(st.integers(0, 179), st.integers(0, 239), st.integers(1, 60), st.integers(1, 60))
def test_the_box_is_that_of_the_label(top, left, height, width):
    mask = np.zeros((180, 240), np.uint8)
    mask[top : top + height, left : left + width] = 9
    rows, columns = np.nonzero(mask)
    box = crop_of(["crop_to_mask"], mask)
    assert (box["x"], box["y"]) == (columns.min(), rows.min())
    assert (box["width"], box["height"]) == (np.ptp(columns) + 1, np.ptp(rows) + 1)


@pytest.mark.parametrize(
    "first", ["horizontal_flip", {"rotate90": {"turns": 1}}, {"rotate": {"degrees": 30}}]
)
def test_labels_are_seen_as_the_steps_before_leave_them(first):
    _, moved = run([first], PHOTO, SPOT, border="constant")
    moved = np.where(moved == 255, 0, moved)
    _, mask = run([first, {"crop_to_mask": {"classes": [3, 5]}}], PHOTO, SPOT, border="constant")
    rows, columns = np.nonzero(moved)
    expected = moved[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    np.testing.assert_array_equal(np.where(mask == 255, 0, mask), expected)


def test_what_a_step_before_has_dropped_is_not_seen():
    steps = [{"cutout": {"size": 1, "count": 50, "mask": "background"}}, "crop_to_mask"]
    with pytest.raises(ImageError):
        applied(steps, FRAME, mask=SPOT)


def test_a_picture_without_the_class_fails_by_name():
    with pytest.raises(ImageError) as caught:
        applied([{"crop_to_mask": {"classes": [7]}}], FRAME, mask=SPOT)
    assert str(caught.value) == (
        "crop_to_mask: nothing of 7 is in the picture; "
        "leave such pictures out by --only, or write empty: keep"
    )


def test_a_picture_without_the_class_may_keep_its_frame():
    image, _ = run([{"crop_to_mask": {"classes": [7], "empty": "keep"}}], PHOTO, SPOT)
    np.testing.assert_array_equal(image, PHOTO)


@pytest.mark.parametrize("copy", range(1, 30))
def test_a_mask_crop_is_never_empty(copy):
    lonely = np.zeros((180, 240), np.uint8)
    lonely[170, 230] = 1
    _, mask = run([{"mask_crop": {"size": 32}}], PHOTO, lonely, copy=copy)
    assert mask.shape == (32, 32)
    assert mask.sum() == 1


def test_a_mask_crop_is_uniform_over_the_places_that_show_the_pixel():
    lonely = np.zeros((60, 60), np.uint8)
    lonely[30, 30] = 1
    boxes = [crop_of([{"mask_crop": {"size": 4}}], lonely, copy=copy) for copy in range(400)]
    assert {box["x"] for box in boxes} == {27, 28, 29, 30}
    counts = np.unique([box["y"] for box in boxes], return_counts=True)[1]
    assert counts.min() > 70


def test_a_mask_crop_of_an_empty_mask_is_any_crop():
    boxes = {crop_of([{"mask_crop": {"size": 100}}], np.zeros_like(SPOT), copy=c)["x"] for c in range(20)}
    assert len(boxes) > 10


def test_no_class_has_more_than_its_share():
    mask = np.zeros((180, 240), np.uint8)
    mask[:, 120:] = 1
    for copy in range(30):
        box = crop_of([{"mask_crop": {"size": 60, "max_ratio": 0.75, "tries": 200}}], mask, copy=copy)
        part = mask[box["y"] : box["y"] + 60, box["x"] : box["x"] + 60]
        assert np.bincount(part.ravel()).max() / part.size <= 0.75


def test_a_mask_crop_that_does_not_fit_fails_by_name():
    with pytest.raises(ImageError) as caught:
        applied([{"mask_crop": {"size": 400}}], FRAME, mask=SPOT)
    assert "a crop of 400x400 does not fit in 240x180" in str(caught.value)


NAMED = LabelMap(SPOT, "index", ignore=5, classes={"car": 3})


def test_foreground_is_what_is_neither_background_nor_ignored():
    np.testing.assert_array_equal(foreground(NAMED), SPOT == 3)
    np.testing.assert_array_equal(foreground(NAMED, ["car"]), SPOT == 3)
    np.testing.assert_array_equal(foreground(NAMED, [5, "car"]), SPOT != 0)


def test_colours_go_by_the_name_of_their_class():
    colors = np.zeros((2, 2, 3), np.uint8)
    colors[0, 0] = (1, 2, 3)
    label = LabelMap(colors, "rgb", background=(0, 0, 0), classes={"car": (1, 2, 3)})
    assert foreground(label, ["car"]).tolist() == [[True, False], [False, False]]
    assert foreground(label).tolist() == [[True, False], [False, False]]


@pytest.mark.parametrize(
    ("label", "name", "message"),
    [
        (NAMED, "bus", "there is no class called 'bus'; there are car"),
        (LabelMap(SPOT, "index"), "bus", "there is no class called 'bus'; name them under input.classes"),
    ],
)
def test_an_unknown_class_is_named(label, name, message):
    with pytest.raises(ImageError) as caught:
        foreground(label, [name])
    assert str(caught.value) == message


def test_a_missing_mask_is_named():
    with pytest.raises(ImageError) as caught:
        label_of({"cells": NAMED}, "cars", "crop_to_mask")
    assert str(caught.value) == "crop_to_mask: there is no mask called cars; there are cells"
    with pytest.raises(ImageError) as caught:
        label_of({}, None, "crop_to_mask")
    assert str(caught.value) == "crop_to_mask looks at a mask, and there is none; leave crop_to_mask out"
