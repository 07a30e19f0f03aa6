"""Annotations through what the pixels go through: each keeps its form, and its numbers count its pixels."""

import copy
from dataclasses import replace
from itertools import chain

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pycocotools import mask as coco
from support.annotations import (
    BLOB,
    HEIGHT,
    KEYHOLE,
    SQUARE,
    TRIANGLE,
    WIDTH,
    annotation,
    by_centres,
    centres_on_edges,
    pixels_of,
    polygons,
    rle,
    run,
    runs,
)
from support.recipe_steps import pixels

from augcli.geometry import Frame
from augcli.labels.rasterize import PaintedMasks, taken_by
from augcli.labels.warp import AnnotationRules, WarpedAnnotation

FRAME = Frame(WIDTH, HEIGHT)
FLIPS = {
    "horizontal_flip": lambda mask: mask[:, ::-1],
    "vertical_flip": lambda mask: mask[::-1],
    "transpose": lambda mask: mask.T,
    "rotate90": lambda mask: np.rot90(mask),
}
TURNED = [{"rotate": {"degrees": 20}}]
FOLDING = [{"elastic": {"alpha": 200, "sigma": 4}}]


def one(steps, before, **options):
    """What becomes of one annotation."""
    options.setdefault("frame", FRAME)
    (after,), _ = run(steps, before, **options)
    return after


def fields(steps, before, **options):
    after = one(steps, before, **options)
    assert after.reason == ""
    return after.annotation


# --- what is copied, and what is not


def test_other_fields_are_copied_and_the_source_is_left_alone():
    before = polygons(SQUARE, attributes={"a": [1]})
    untouched = copy.deepcopy(before)
    after = fields(["horizontal_flip"], before)
    assert before == untouched
    assert list(after) == list(before)
    assert {key for key in after if after[key] != before[key]} == {"segmentation", "area", "bbox"}


def test_annotations_keep_their_order():
    results, _ = run(["horizontal_flip"], rle(BLOB), polygons(SQUARE), annotation(caption="x"), frame=FRAME)
    assert [after.how for after in results] == ["rle", "polygons", ""]


def test_no_annotations_are_no_annotations():
    assert run(TURNED, frame=FRAME)[0] == []


def test_captions_and_labels_stay_as_they_are():
    for before in (annotation(), {"id": 1, "image_id": 2, "caption": "x"}):
        assert one(TURNED, before) == WarpedAnnotation(before)


# --- polygons


def test_a_flipped_polygon_is_flipped_vertex_by_vertex():
    after = fields(["horizontal_flip"], polygons(SQUARE, TRIANGLE))
    assert after["segmentation"] == [
        [30.0, 5.0, 20.0, 5.0, 20.0, 15.0, 30.0, 15.0],
        [14.5, 5.25, 2.0, 20.0, 12.0, 27.75],
    ]


def test_area_and_box_are_those_of_the_pixels():
    after = fields(["horizontal_flip"], polygons(SQUARE))
    assert (after["area"], after["bbox"]) == (100.0, [20.0, 5.0, 10.0, 10.0])


def test_whole_numbers_stay_whole_where_they_can():
    before = polygons([10, 5, 20, 5, 20, 15]) | {"bbox": [10, 5, 10, 10], "area": 50}
    flipped, turned = fields(["vertical_flip"], before), fields(TURNED, before)
    assert [type(v) for v in (*flipped["segmentation"][0], *flipped["bbox"], flipped["area"])] == [int] * 11
    assert {type(v) for v in turned["segmentation"][0]} == {float}
    assert {type(v) for v in (*turned["bbox"], turned["area"])} == {int}  # they count pixels


def test_floats_have_two_decimals_and_no_negative_zero():
    for before in (polygons(SQUARE, TRIANGLE), annotation(bbox=[0.0, 1.005, 20.3, 20.7])):
        after = fields(TURNED, before)
        values = [*after["bbox"], *chain(*after.get("segmentation", []))]
        assert values == [round(value, 2) for value in values]
        assert "-0.0" not in map(str, values)


def test_a_cut_polygon_ends_at_the_frame_and_may_fall_apart():
    horseshoe = [5.0, 0.0, 35.0, 0.0, 35.0, 28.0, 25.0, 28.0, 25.0, 14.0, 15.0, 14.0, 15.0, 28.0, 5.0, 28.0]
    lower_half = [{"crop": {"x": 0, "y": 0.5, "width": 1, "height": 0.5}}]
    after = fields(lower_half, polygons(horseshoe))
    assert sorted(sorted(zip(part[::2], part[1::2], strict=True)) for part in after["segmentation"]) == [
        [(5, 0), (5, 13), (15, 0), (15, 13)],
        [(25, 0), (25, 13), (35, 0), (35, 13)],
    ]


def test_what_a_crop_in_the_middle_cuts_off_does_not_come_back():
    steps = [{"center_crop": {"size": 10}}, {"pad": {"size": "40x30"}}]
    after = fields(steps, polygons([0.0, 0.0, 40.0, 0.0, 40.0, 30.0, 0.0, 30.0]))
    assert (after["bbox"], after["area"]) == ([15.0, 10.0, 10.0, 10.0], 100.0)


def test_a_polygon_with_a_bridge_to_its_hole_stays_one_where_nothing_cuts_it():
    after = one(["horizontal_flip"], polygons(KEYHOLE))
    assert after.how == "polygons"
    assert after.annotation["area"] == 300


def test_where_a_cut_leaves_a_hole_the_polygon_becomes_an_rle():
    steps = ["horizontal_flip", {"crop": {"x": 0.275, "y": 0, "width": 0.725, "height": 1}}]
    after, program = run(steps, polygons(KEYHOLE), frame=FRAME)
    assert after[0].how == "rle"
    found = pixels_of(after[0].annotation["segmentation"], program.target.width, HEIGHT)
    assert np.array_equal(found, by_centres([KEYHOLE], WIDTH, HEIGHT)[:, ::-1][:, 11:])
    assert isinstance(after[0].annotation["segmentation"]["counts"], str)


def test_a_polygon_that_crosses_itself_is_cut_to_what_it_fills():
    star = [20.13, 2.37, 28.81, 26.6, 8.29, 11.77, 32.43, 11.2, 12.57, 26.9]
    after = fields([{"crop": {"x": 0, "y": 0, "width": 1, "height": 0.8}}], polygons(star))
    expected = by_centres([star], WIDTH, HEIGHT)[:24]
    assert np.array_equal(by_centres(after["segmentation"], WIDTH, 24), expected)


def test_where_a_field_turns_over_a_label_is_what_the_pixels_show():
    whole = [1.0, 1.0, 39.0, 1.0, 39.0, 29.0, 1.0, 29.0]
    (after,), program = run(FOLDING, polygons(whole), frame=FRAME)
    source = pixels_of([whole], WIDTH, HEIGHT)
    _, shown = pixels(program, np.zeros((HEIGHT, WIDTH), np.uint8), source)
    assert after.how == "rle"
    assert np.array_equal(pixels_of(after.annotation["segmentation"], WIDTH, HEIGHT), shown == 1)


def test_where_a_field_turns_over_a_box_is_around_what_the_pixels_show():
    for seed in range(5):
        (after,), program = run(FOLDING, annotation(bbox=[8, 5, 22, 16]), frame=FRAME, seed=seed)
        inside = np.pad(np.ones((16, 22), np.uint8), ((5, 9), (8, 10)))
        _, shown = pixels(program, np.zeros((HEIGHT, WIDTH), np.uint8), inside)
        rows, columns = np.nonzero(shown == 1)
        x, y = columns.min(), rows.min()
        assert (after.how, after.annotation["bbox"]) == (
            "corners",
            [x, y, np.ptp(columns) + 1, np.ptp(rows) + 1],
        )


# --- run lengths


@pytest.mark.parametrize("name", FLIPS)
@pytest.mark.parametrize("compressed", [True, False])
def test_an_rle_is_turned_pixel_by_pixel_and_keeps_its_form(name, compressed):
    after = fields([name], rle(BLOB, compressed=compressed, iscrowd=1))
    turned = FLIPS[name](BLOB)
    counts = coco.encode(np.asfortranarray(turned))["counts"].decode() if compressed else runs(turned)
    assert after["segmentation"] == {"size": list(turned.shape), "counts": counts}
    assert (after["iscrowd"], after["area"]) == (1, BLOB.sum())


def test_an_rle_is_warped_as_a_label_with_nothing_around_it():
    (after,), program = run(TURNED, rle(BLOB), frame=FRAME)
    _, shown = pixels(program, np.zeros((HEIGHT, WIDTH), np.uint8), BLOB)
    assert np.array_equal(pixels_of(after.annotation["segmentation"], WIDTH, HEIGHT), shown == 1)


def test_counts_of_a_mask_that_begins_with_the_object_begin_with_zero():
    whole = fields(["transpose"], rle(np.ones((HEIGHT, WIDTH), np.uint8), compressed=False))
    assert whole["segmentation"] == {"size": [WIDTH, HEIGHT], "counts": [0, WIDTH * HEIGHT]}


# --- boxes


def test_a_box_alone_is_turned_by_arithmetic():
    before = annotation(bbox=[3.25, 4.5, 10.0, 20.5], segmentation=[])
    x, y, width, height = before["bbox"]
    for rule in ("corners", "ellipse"):
        assert {
            name: fields([name], before, rules=AnnotationRules(boxes=rule))["bbox"] for name in FLIPS
        } == {
            "horizontal_flip": [WIDTH - x - width, y, width, height],
            "vertical_flip": [x, HEIGHT - y - height, width, height],
            "transpose": [y, x, height, width],
            "rotate90": [y, WIDTH - x - width, height, width],
        }
        after = fields(["transpose"], before, rules=AnnotationRules(boxes=rule))
        assert (after["area"], after["segmentation"]) == (205, [])


def test_a_turned_box_is_around_its_corners_or_its_ellipse():
    before, eighth = annotation(bbox=[15, 10, 10, 10]), [{"rotate": {"degrees": 45}}]
    side = 10 * 2**0.5
    corners, ellipse = (
        one(eighth, before, rules=AnnotationRules(boxes=rule)) for rule in ("corners", "ellipse")
    )
    assert corners.annotation["bbox"] == pytest.approx([20 - side / 2, 15 - side / 2, side, side], abs=0.01)
    assert ellipse.annotation["bbox"] == [15, 10, 10, 10]
    assert (corners.how, ellipse.how) == ("corners", "ellipse")


def test_a_box_is_cut_before_its_hull_is_taken():
    tip = [
        {"rotate": {"degrees": 45}},
        {"crop": {"x": 0, "y": 20, "width": 40, "height": 10, "unit": "pixels"}},
    ]
    after = fields(tip, annotation(bbox=[15.0, 10.0, 10.0, 10.0]))
    height = 10 / 2**0.5 - 5  # of the lowest corner of a square that stands on it
    assert after["bbox"] == pytest.approx([20 - height, 0, 2 * height, height], abs=0.01)


def test_a_bent_box_holds_its_bent_edges():
    frame, steps = Frame(400, 400), [{"optical_distortion": {"k": 0.4}}]
    (after,), program = run(steps, annotation(bbox=[50.0, 20.0, 300.0, 300.0]), frame=frame)
    y = after.annotation["bbox"][1]
    ((_, top),) = program.warp().forward([(200, 20)])
    corners = program.warp().forward([(50, 20), (350, 20)])
    assert y == pytest.approx(min(top, *corners[:, 1]), abs=0.05)
    assert top != pytest.approx(corners[0, 1], abs=1)


# --- what is dropped

RIGHT_HALF = [{"crop": {"x": 0.5, "y": 0, "width": 0.5, "height": 1}}]
LEFT = [0.0, 0.0, 10.0, 0.0, 10.0, 10.0, 0.0, 10.0]
ACROSS = [19.0, 0.0, 29.0, 0.0, 29.0, 10.0, 19.0, 10.0]  # a tenth of it is in the left half
LEFT_HALF = [{"crop": {"x": 0, "y": 0, "width": 0.5, "height": 1}}]


def in_every_form(ring):
    mask = pixels_of([ring], WIDTH, HEIGHT)
    box = [ring[0], ring[1], ring[4] - ring[0], ring[5] - ring[1]]
    return polygons(ring), rle(mask), rle(mask, compressed=False), annotation(bbox=box)


def test_what_is_outside_is_dropped():
    for before in in_every_form(LEFT):
        after = one(RIGHT_HALF, before)
        assert (after.annotation, after.reason) == (None, "nothing of it is in the picture")


def test_what_no_pixel_shows_is_dropped():
    assert one(["horizontal_flip"], polygons([1.1, 1.1, 1.2, 1.1, 1.2, 1.2])).annotation is None


def test_what_is_left_too_small_is_dropped():
    for before in in_every_form(ACROSS):
        assert one(LEFT_HALF, before, rules=AnnotationRules(min_area=10)).annotation["area"] == 10
        after = one(LEFT_HALF, before, rules=AnnotationRules(min_area=10.5))
        assert (after.annotation, after.reason) == (None, "10 px are left, min_area is 10.5")


def test_what_was_small_before_is_kept():
    for before in in_every_form([5.0, 5.0, 8.0, 5.0, 8.0, 8.0, 5.0, 8.0]):
        assert one(["vertical_flip"], before, rules=AnnotationRules(min_area=100)).annotation["area"] == 9


def test_what_is_hardly_visible_is_dropped():
    for before in in_every_form(ACROSS):
        assert one(LEFT_HALF, before, rules=AnnotationRules(min_visibility=0.1)).reason == ""
        after = one(LEFT_HALF, before, rules=AnnotationRules(min_visibility=0.25))
        assert (after.annotation, after.reason) == (None, "visibility 0.1, min_visibility 0.25")


def test_visibility_is_the_share_after_the_warp():
    larger = [{"scale": {"factor": 2}}, *LEFT_HALF]  # 2 by 5 pixels are left of 20 by 20
    for before in in_every_form(ACROSS):
        assert one(larger, before, rules=AnnotationRules(min_visibility=0.02)).reason == ""
        assert one(larger, before, rules=AnnotationRules(min_visibility=0.03)).reason.startswith(
            "visibility 0.025, "
        )


def test_an_object_that_left_the_source_is_as_visible_as_it_was():
    before = polygons([-10.0, 5.0, 10.0, 5.0, 10.0, 15.0, -10.0, 15.0])
    assert one(["vertical_flip"], before, rules=AnnotationRules(min_visibility=0.99)).reason == ""


# --- steps that take pixels away


def test_a_step_that_keeps_the_labels_changes_nothing():
    before, cutout = polygons(SQUARE), {"cutout": {"size": 0.5, "count": 3}}
    assert one([cutout, "horizontal_flip"], before) == one(["horizontal_flip"], before)


@pytest.mark.parametrize("policy", ["ignore", "background"])
def test_a_step_that_takes_pixels_from_the_labels_takes_them_from_objects(policy):
    grid = {"grid_mask": {"distance": 0.3, "ratio": 0.5, "mask": policy}}
    each = [polygons(SQUARE), rle(pixels_of([SQUARE], WIDTH, HEIGHT))]
    (polygon, mask), program = run([grid, "vertical_flip"], *each, frame=FRAME)
    ones = np.ones((HEIGHT, WIDTH), np.uint8)
    kept = pixels(program, np.zeros((HEIGHT, WIDTH, 3), np.uint8), ones)[1] == 1
    expected = pixels_of([SQUARE], WIDTH, HEIGHT)[::-1] * kept
    for after in (polygon, mask):
        assert after.how == "rle"
        assert np.array_equal(pixels_of(after.annotation["segmentation"], WIDTH, HEIGHT), expected)
        assert after.annotation["area"] == expected.sum() < 100


def test_polygons_of_which_nothing_is_taken_stay_polygons():
    erased = {"grid_mask": {"distance": 0.3, "ratio": 0.01, "mask": "background"}}
    assert one([erased], polygons(SQUARE)).how == "polygons"


@pytest.mark.parametrize("policy", ["ignore", "background"])
@pytest.mark.parametrize("turn", ["horizontal_flip", {"rotate": {"degrees": 25}}])
def test_a_box_is_around_what_a_step_leaves_of_it(policy, turn):
    found = 0
    for seed in range(20):
        step = {"random_erasing": {"scale": [0.1, 0.4], "mask": policy}}
        before = annotation(bbox=[8, 5, 22, 16])
        (after,), program = run([step, turn], before, frame=FRAME, seed=seed)
        inside = np.pad(np.ones((16, 22), np.uint8), ((5, 9), (8, 10)))
        _, shown = pixels(program, np.zeros((HEIGHT, WIDTH, 3), np.uint8), inside)
        rows, columns = np.nonzero(shown == 1)
        tight = [columns.min(), rows.min(), np.ptp(columns) + 1, np.ptp(rows) + 1]
        assert after.annotation["bbox"] == pytest.approx(tight, abs=1.5)
        found += after.annotation["bbox"] != fields([turn], before)["bbox"]
    assert found > 4


def test_a_box_of_which_nothing_is_left_is_dropped():
    after = one([{"pixel_dropout": {"share": 1, "mask": "ignore"}}], annotation(bbox=[8, 5, 22, 16]))
    assert (after.annotation, after.reason) == (None, "nothing of it is in the picture")


def test_what_a_step_takes_of_a_box_is_not_visible():
    erased = [{"grid_mask": {"distance": 1, "ratio": 0.5, "mask": "ignore"}}]
    before = annotation(bbox=[0, 0, 40, 30])
    share = taken_by(run(erased, before, frame=FRAME)[1], PaintedMasks()).mean()
    assert 0.1 < share < 0.9
    assert one(erased, before, rules=AnnotationRules(min_visibility=0.99 - share)).reason == ""
    least = AnnotationRules(min_visibility=1.01 - share)
    assert one(erased, before, rules=least).reason.startswith(f"visibility {1 - share:.3g}, ")


# --- laws

STEPS = [
    "horizontal_flip",
    "vertical_flip",
    "transpose",
    "rotate90",
    {"rotate": {"degrees": [-40, 40]}},
    {"affine": {"scale": [0.7, 1.5], "translate": {"x": [-0.2, 0.2]}, "shear": {"x": [-10, 10]}}},
    {"perspective": {"strength": [0, 0.3]}},
    {"elastic": {"alpha": [20, 120], "sigma": 6}},
    {"crop": {"x": 0.1, "y": 0.2, "width": 0.7, "height": 0.8}},
    {"pad": {"left": 7, "top": 3}},
    {"resize": {"size": "50x20"}},
    {"brightness": {"factor": 1.2}},
    {"gaussian_blur": {"sigma": 1}},
]
steps = st.lists(st.sampled_from(STEPS), min_size=1, max_size=4)
place = st.floats(-5, 45, width=32).map(lambda value: round(value, 2)) | st.integers(-5, 45)
parts = st.lists(st.tuples(place, place), min_size=3, max_size=8).map(lambda ring: list(chain(*ring)))
blobs = st.integers(0, 2**32 - 1).map(
    lambda seed: np.kron(np.random.default_rng(seed).random((6, 8)) < 0.4, np.ones((5, 5))).astype(np.uint8)
)
some = st.lists(parts, min_size=1, max_size=3).map(lambda each: polygons(*each)) | st.builds(
    rle, blobs, compressed=st.booleans()
)


@given(some, steps, st.integers(0, 99))
@settings(max_examples=150, deadline=None)
def test_areas_count_pixels_and_boxes_are_tight(before, steps, seed):
    (after,), program = run(steps, before, frame=FRAME, seed=seed)
    if after.annotation:
        frame = program.target
        found = pixels_of(after.annotation["segmentation"], frame.width, frame.height)
        x, y, width, height = after.annotation["bbox"]
        rows, columns = np.flatnonzero(found.any(axis=1)), np.flatnonzero(found.any(axis=0))
        assert after.annotation["area"] == found.sum() > 0
        assert (x, y) == (columns[0], rows[0])
        assert (x + width, y + height) == (columns[-1] + 1, rows[-1] + 1)


@given(some, st.sampled_from(["horizontal_flip", "vertical_flip", "transpose"]))
@settings(max_examples=60, deadline=None)
@example(polygons([0, 0, 45, 0, 35, 5.73]), "vertical_flip")  # cut at 2.865: half of what is written down
def test_two_mirrors_are_the_identity(before, mirror):
    twice, same = one([mirror, mirror], before), one([{"brightness": {"factor": 1.1}}], before)
    assert without_polygons(twice) == without_polygons(same)
    for found, expected in zip(polygons_in(twice), polygons_in(same), strict=True):
        np.testing.assert_allclose(found, expected, atol=WRITTEN)


WRITTEN = 0.0101  # pixels, of which coordinates are written as hundredths


def polygons_in(moved):
    shape = moved.annotation["segmentation"] if moved.annotation else []
    return shape if isinstance(shape, list) else []


def without_polygons(moved):
    if not polygons_in(moved):
        return moved
    return replace(moved, annotation=moved.annotation | {"segmentation": len(polygons_in(moved))})


@given(parts, st.sampled_from(list(FLIPS)))
@settings(max_examples=100, deadline=None)
def test_a_turned_polygon_fills_the_turned_pixels(part, name):
    inside = [min(max(value, 0), (WIDTH, HEIGHT)[n % 2]) for n, value in enumerate(part)]
    after = one([name], polygons(inside)).annotation
    if after:
        source, on_an_edge = by_centres([inside], WIDTH, HEIGHT), centres_on_edges([inside], WIDTH, HEIGHT)
        turned, clear = FLIPS[name](source), ~FLIPS[name](on_an_edge)
        found = by_centres(after["segmentation"], *turned.shape[::-1])
        assert np.array_equal(found[clear], turned[clear])
