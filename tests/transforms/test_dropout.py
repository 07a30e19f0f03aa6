"""Dropping: which pixels go, what is seen there, and what masks get."""

import math

import numpy as np
import pytest
from skimage import data
from support.recipe_steps import applied, program_of, run

from augcli.data import Coding, FillValues, LabelMap, Mask, Sample
from augcli.errors import AugcliError, ImageError
from augcli.geometry import Frame
from augcli.labels.mask_kinds import find_spec
from augcli.labels.masks import look_at
from augcli.pipeline.prepare import fillers_of
from augcli.recipe import parse_recipe
from augcli.render.render import RenderOptions, render
from augcli.transforms.mask_dropout import objects_in

PHOTO = data.astronaut()[:180, :240]
MASK = np.tile(np.array([1, 2, 3], np.uint8), (180, 80))
FRAME = Frame(240, 180)
BOXES = ["cutout", "random_erasing", "coarse_dropout", "grid_mask", "pixel_dropout"]
STEPS = {
    "cutout": {"size": 0.4},
    "random_erasing": {"fill": 0},
    "coarse_dropout": {},
    "grid_mask": {},
    "pixel_dropout": {"share": 0.2},
}


def dropped(image):
    return (image == 0).all(axis=-1)


@pytest.mark.parametrize("name", BOXES)
@pytest.mark.parametrize(("policy", "value"), [("keep", None), ("ignore", 255), ("background", 0)])
def test_masks_get_in_the_dropped_area_what_the_policy_says(name, policy, value):
    white = np.full_like(PHOTO, 255)
    image, mask = run([{name: STEPS[name] | {"mask": policy}}], white, MASK)
    area = dropped(image)
    assert 0 < area.mean() < 1
    expected = MASK if value is None else np.where(area, np.uint8(value), MASK)
    np.testing.assert_array_equal(mask, expected)


@pytest.mark.parametrize("name", BOXES)
def test_what_is_not_dropped_is_untouched(name):
    white = np.full_like(PHOTO, 255)
    area = dropped(run([{name: STEPS[name]}], white)[0])
    image, _ = run([{name: STEPS[name]}], PHOTO)
    np.testing.assert_array_equal(image[~area], PHOTO[~area])
    assert (image[area] == 0).all()


@pytest.mark.parametrize("copy", range(1, 20))
def test_cutout_is_the_paper_s(copy):
    """The loop of DeVries' code: a square about a pixel, clipped to the picture."""
    (step,) = applied([{"cutout": {"size": 0.5}}], FRAME, copy=copy)
    ((left, top, side, _),) = step.params["boxes"]
    y, x = top + side // 2, left + side // 2
    assert 0 <= x < 240
    assert 0 <= y < 180
    expected = np.ones((180, 240), bool)
    expected[
        np.clip(y - 45, 0, 180) : np.clip(y + 45, 0, 180), np.clip(x - 45, 0, 240) : np.clip(x + 45, 0, 240)
    ] = 0
    image, _ = run([{"cutout": {"size": 0.5}}], np.full_like(PHOTO, 255), copy=copy)
    np.testing.assert_array_equal(~dropped(image), expected)


def test_random_erasing_keeps_the_published_areas_and_ratios():
    boxes = [applied([{"random_erasing": {}}], FRAME, copy=copy)[0].params["boxes"] for copy in range(200)]
    boxes = [box for (box,) in (b for b in boxes if b)]
    areas = [w * h / (240 * 180) for _, _, w, h in boxes]
    ratios = [w / h for _, _, w, h in boxes]
    assert len(boxes) > 190
    assert 0.018 < min(areas) < 0.05
    assert 0.28 < max(areas) < 0.34
    assert min(ratios) > 0.28
    assert max(ratios) < 3.5
    assert abs(np.mean(np.log(ratios))) < 0.15  # log-uniform about 1
    assert all(x >= 0 and y >= 0 and x + w <= 240 and y + h <= 180 for x, y, w, h in boxes)


def test_random_erasing_fills_with_uniform_noise():
    image, _ = run([{"random_erasing": {"scale": 0.3, "ratio": 1}}], np.full_like(PHOTO, 7))
    noise = image[(image != 7).any(axis=-1)].astype(float)
    assert abs(noise.mean() - 127.5) < 2
    assert abs(noise.std() - 255 / math.sqrt(12)) < 2


def test_grid_mask_drops_the_paper_s_share():
    """The paper keeps 1 - (1 - r)^2 of a unit, where r is 1 minus our ratio."""
    image, _ = run(
        [{"grid_mask": {"distance": 20 / 180, "ratio": 0.4}}], np.full((180, 240, 3), 255, np.uint8)
    )
    assert dropped(image).mean() == pytest.approx(0.4**2)
    along = dropped(image).any(axis=0)
    np.testing.assert_array_equal(along[20:], along[:-20])


def test_pixel_dropout_drops_its_share_of_pixels_everywhere():
    image, _ = run([{"pixel_dropout": {"share": 0.1}}], np.full((600, 600, 3), 255, np.uint8))
    area = dropped(image)
    assert area.mean() == pytest.approx(0.1, abs=0.005)
    quarters = [area[:300, :300], area[300:, :300], area[:300, 300:], area[300:, 300:]]
    assert all(abs(q.mean() - 0.1) < 0.01 for q in quarters)


def test_coarse_dropout_counts_and_places_boxes():
    (step,) = applied([{"coarse_dropout": {"count": 5, "width": 0.1, "height": 0.2}}], FRAME)
    assert [(w, h) for _, _, w, h in step.params["boxes"]] == [(24, 36)] * 5
    assert all(0 <= x <= 216 and 0 <= y <= 144 for x, y, _, _ in step.params["boxes"])
    assert len({tuple(box) for box in step.params["boxes"]}) == 5


@pytest.mark.parametrize(
    "image", [PHOTO, PHOTO[..., 1], PHOTO.astype(np.uint16) * 257], ids=["rgb", "grey", "deep"]
)
def test_the_mean_fills_with_the_picture_s_mean(image):
    filled, _ = run([{"cutout": {"size": 1, "count": 20, "fill": "mean"}}], image)
    mean = np.rint(image.reshape(-1, *image.shape[2:]).mean(axis=0))
    assert (filled == mean).all(axis=-1).mean() > 0.5 if image.ndim == 3 else (filled == mean).mean() > 0.5


def test_a_colour_fills_grey_pictures_with_its_grey_and_deep_ones_with_its_share():
    grey, _ = run(
        [{"cutout": {"size": 1, "count": 9, "fill": [255, 0, 0]}}], np.full((50, 50), 200, np.uint8)
    )
    assert set(np.unique(grey)) <= {76, 200}
    deep, _ = run([{"cutout": {"size": 1, "count": 9, "fill": 128}}], np.full((50, 50), 7, np.uint16))
    assert set(np.unique(deep)) <= {7, 128 * 257}


@pytest.mark.parametrize("count", [1, 2])
def test_channel_dropout_empties_channels(count):
    image, mask = run([{"channel_dropout": {"count": count}}], PHOTO, MASK)
    empty = [bool((image[..., c] == 0).all()) for c in range(3)]
    kept = [c for c in range(3) if not empty[c]]
    assert sum(empty) == count
    np.testing.assert_array_equal(image[..., kept], PHOTO[..., kept])
    np.testing.assert_array_equal(mask, MASK)


OBJECTS = np.array(
    [
        [1, 1, 0, 0, 2],
        [0, 0, 1, 0, 2],
        [0, 0, 0, 0, 0],
        [1, 0, 2, 2, 255],
    ],
    np.uint8,
)


def test_objects_are_connected_parts_of_one_class_by_their_first_pixels():
    found = objects_in({"mask": LabelMap(OBJECTS, "index", ignore=255)}, None, "mask_dropout")
    assert found == [["mask", *place, False] for place in [(0, 0), (4, 0), (0, 3), (2, 3)]]


def test_objects_of_an_instance_map_are_its_ids():
    found = objects_in({"mask": LabelMap(OBJECTS, "instance")}, None, "mask_dropout")
    assert found == [["mask", *place, True] for place in [(0, 0), (4, 0), (4, 3)]]


def test_colours_are_objects_too():
    colors = np.zeros((3, 3, 3), np.uint8)
    colors[0, 0], colors[2, 2] = (9, 0, 0), (0, 9, 0)
    found = objects_in({"mask": LabelMap(colors, "rgb", background=(0, 0, 0))}, None, "mask_dropout")
    assert [place[1:3] for place in found] == [[0, 0], [2, 2]]


@pytest.mark.parametrize("copy", range(1, 6))
def test_mask_dropout_drops_one_whole_object_and_nothing_else(copy):
    mask = np.kron(OBJECTS, np.ones((10, 10), np.uint8))
    image, after = run(
        [{"mask_dropout": {"mask": "background"}}], np.full((40, 50, 3), 255, np.uint8), mask, copy=copy
    )
    area = dropped(image)
    np.testing.assert_array_equal(area, mask != after)
    assert len(np.unique(mask[area])) == 1
    sizes = {tuple(s): np.prod(s) for s in [(1, 3), (2, 1), (1, 1), (1, 2)]}  # of the four parts, in cells
    assert area.sum() / 100 in set(sizes.values())


def test_mask_dropout_of_more_objects_than_there_are_drops_all():
    mask = np.kron(OBJECTS, np.ones((10, 10), np.uint8))
    image, after = run(
        [{"mask_dropout": {"count": 50, "mask": "background"}}], np.full((40, 50, 3), 255, np.uint8), mask
    )
    assert set(np.unique(after)) == {0}  # 255 is a class here: nothing says that it is ignored
    np.testing.assert_array_equal(dropped(image), mask != 0)


def test_mask_dropout_needs_a_mask():
    with pytest.raises(ImageError) as caught:
        objects_in({}, None, "mask_dropout")
    assert str(caught.value) == "mask_dropout looks at a mask, and there is none; leave mask_dropout out"
    with pytest.raises(ImageError) as caught:
        objects_in({"cells": LabelMap(OBJECTS, "index")}, "cars", "mask_dropout")
    assert str(caught.value) == (
        "mask_dropout looks at a mask, and there is none called cars; there are cells"
    )


def test_a_soft_mask_is_filled_with_0_and_kept_under_keep():
    depth = np.full((180, 240), 2.5, np.float32)
    sample = Sample(PHOTO, {"depth": depth}, continuous=frozenset({"depth"}))
    for policy, lowest in (("background", 0), ("keep", 2.5)):
        program = program_of([{"cutout": {"size": 0.5, "mask": policy}}], FRAME)
        found = render(program, sample, RenderOptions(), {"depth": FillValues()}).sample.masks["depth"]
        assert found.min() == lowest
    assert (depth == 2.5).all()


def spec_for(text, values, mode="L"):
    recipe = parse_recipe(text, "recipe.yaml")
    look = look_at(Mask(np.array(values, np.uint8), Coding(mode)), "a.png")
    return find_spec([look], recipe.input, recipe.output.mask, fillers_of(recipe))


CUT = "transforms: [cutout: {size: 0.3, mask: %s}]\n"


@pytest.mark.parametrize(
    ("text", "values", "message"),
    [
        (
            CUT % "ignore",
            [[0, 255]],
            "mask: ignore has no meaning for binary masks, which have no value for it; "
            "write mask: background, mask: keep, or say kind: index",
        ),
        (
            CUT % "ignore" + "input: {classes: {0: a, 1: b, 255: c}}",
            [[0, 1, 255]],
            "mask: ignore would fill masks with 255, which is a class in use; "
            "say input: {mask: {ignore: N}} with a value that no class has",
        ),
    ],
)
def test_a_policy_that_a_data_set_cannot_follow_is_refused(text, values, message):
    with pytest.raises(AugcliError) as caught:
        spec_for(text, values)
    assert str(caught.value) == message


def test_rgb_masks_need_colours_for_the_policies():
    colors = [[[0, 0, 0], [9, 9, 1]]]
    with pytest.raises(AugcliError) as caught:
        spec_for(CUT % "ignore", colors, "RGB")
    assert str(caught.value) == (
        'mask: ignore needs a colour for RGB masks; say input: {mask: {ignore: "#000000"}}'
    )
    with pytest.raises(AugcliError) as caught:
        spec_for(CUT % "background" + 'input: {classes: {car: "#090901"}}', colors, "RGB")
    assert str(caught.value) == (
        "mask: background needs to know which colour is the background; "
        'say input: {classes: {background: "#000000", ...}}, or write mask: ignore'
    )
    text = CUT % "background" + 'input: {classes: {background: "#090901"}}'
    assert spec_for(text, colors, "RGB").background == (9, 9, 1)


def test_a_policy_asks_nothing_of_masks_that_can_follow_it():
    assert spec_for(CUT % "background", [[0, 255]]).marks == FillValues(0, 0)
    assert spec_for(CUT % "ignore", [[0, 1, 2]]).marks == FillValues(255, 0)
