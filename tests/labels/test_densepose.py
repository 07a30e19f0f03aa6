"""DensePose: points and masks in an object's box are where they were on the object, or they are left out."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.annotations import BLOB, HEIGHT, WIDTH, pixels_of, rle, run

from augcli.geometry import Frame
from augcli.labels.densepose import FIELDS, NO_MIRROR, SIDE
from augcli.labels.rasterize import PaintedMasks, taken_by
from augcli.labels.rle import coded

FRAME = Frame(WIDTH, HEIGHT)
BOX = [6, 4, 24, 14]
HALF_OF_IT = [{"crop": {"x": 18, "y": 0, "width": 22, "height": 30, "unit": "pixels"}}]
SQUARE = np.zeros((SIDE, SIDE), np.uint8)
SQUARE[32:96, 160:224] = 1


def pose(**fields):
    points = {"dp_x": [32.0, 128.0, 240.0], "dp_y": [64.0, 128.0, 192.0], "dp_I": [1.0, 2.0, 23.0]}
    surface = {
        "dp_U": [0.1, 0.2, 0.3],
        "dp_V": [0.4, 0.5, 0.6],
        "dp_masks": [coded(SQUARE), [], coded(SQUARE.T)],
    }
    return rle(BLOB, **({"category_id": 1, "bbox": BOX} | points | surface | fields))


def one(steps, before, **options):
    (after,), program = run(steps, before, frame=FRAME, **options)
    return after, program


def absolute(one):
    """The points of an annotation in its picture, (N, 2)."""
    inside = np.stack([one["dp_x"], one["dp_y"]], axis=-1)
    return np.array(one["bbox"][:2]) + inside / SIDE * one["bbox"][2:]


@given(
    st.sampled_from([{"rotate": {"degrees": [-30, 30]}}, {"elastic": {"alpha": 40, "sigma": 6}}, "rotate90"]),
    st.integers(0, 99),
)
@settings(max_examples=30, deadline=None)
def test_points_are_where_the_warp_takes_them(step, seed):
    before = pose()
    after, program = one([step], before, seed=seed)
    found, places = after.annotation, program.warp().forward(absolute(before))
    there = dict(zip(before["dp_I"], places, strict=True))
    expected = np.array([there[number] for number in found["dp_I"]])
    assert absolute(found) == pytest.approx(expected, abs=0.005)


def test_points_that_are_cut_off_go_from_all_lists():
    after = one(HALF_OF_IT, pose(dp_vertex=[7, 8, 9]))[0].annotation
    assert (after["dp_I"], after["dp_U"], after["dp_V"], after["dp_vertex"]) == (
        [2, 23],
        [0.2, 0.3],
        [0.5, 0.6],
        [8, 9],
    )
    assert (after["dp_x"], after["dp_y"]) == ([0.0, 224.0], [128.0, 192.0])


def test_masks_show_what_their_part_of_the_box_showed():
    before = pose()
    half, turned = (one(steps, before)[0].annotation for steps in (HALF_OF_IT, [{"rotate90": {"turns": 2}}]))
    masks = [pixels_of(mask, SIDE, SIDE) if mask else None for mask in half["dp_masks"]]
    assert np.array_equal(masks[0], np.repeat(SQUARE[:, SIDE // 2 :], 2, axis=1))
    assert masks[1] is None
    assert half["dp_masks"][2] == []  # nothing of it is left
    assert np.array_equal(pixels_of(turned["dp_masks"][0], SIDE, SIDE), SQUARE[::-1, ::-1])


def test_a_mask_of_the_whole_object_stays_one():
    after = one([{"rotate90": {"turns": 1}}], pose(dp_masks=coded(SQUARE)))[0].annotation
    assert np.array_equal(pixels_of(after["dp_masks"], SIDE, SIDE), np.rot90(SQUARE))


def test_what_a_step_takes_from_the_labels_it_takes_from_points_and_masks():
    before = pose(dp_masks=coded(np.ones((SIDE, SIDE), np.uint8)))
    after, program = one([{"grid_mask": {"distance": 0.4, "ratio": 0.6, "mask": "ignore"}}], before, seed=7)
    found, kept = after.annotation, taken_by(program, PaintedMasks()) == 0
    x, y, width, height = found["bbox"]
    columns, rows = (
        np.floor(low + (np.arange(SIDE) + 0.5) / SIDE * size).astype(int)
        for low, size in ((x, width), (y, height))
    )
    assert np.array_equal(pixels_of(found["dp_masks"], SIDE, SIDE) == 1, kept[np.ix_(rows, columns)])
    seen = [kept[int(y), int(x)] for x, y in absolute(before)]
    assert found["dp_I"] == [number for number, is_seen in zip(before["dp_I"], seen, strict=True) if is_seen]
    assert 0 < len(found["dp_I"]) < 3


@pytest.mark.parametrize("mirror", ["horizontal_flip", "transpose"])
def test_a_mirror_leaves_them_out_and_says_so(mirror):
    after = one([mirror], pose(ref_model="smpl_27554"))[0]
    assert after.lost == (NO_MIRROR,)
    assert FIELDS.isdisjoint(after.annotation)
    assert one([mirror, "vertical_flip"], pose())[0].lost == ()


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"dp_y": None}, "its DensePose fields have no bbox, no dp_x or no dp_y"),
        ({"bbox": None}, "its DensePose fields have no bbox, no dp_x or no dp_y"),
        ({"dp_U": [0.1]}, "its DensePose fields are no lists of one length"),
        ({"dp_I": 3}, "its DensePose fields are no lists of one length"),
        ({"dp_x": [1, 2, "3"]}, "its dp_x and dp_y are not all numbers in its bbox"),
        ({"dp_masks": [{"size": [4, 4], "counts": [16]}]}, "its dp_masks are not all RLEs of 256x256"),
        ({"dp_masks": ["x"]}, "its dp_masks are not all RLEs of 256x256"),
        (
            {"dp_x": [1.0], "dp_y": [1.0], "dp_I": [1.0], "dp_U": [1.0], "dp_V": [1.0]},
            "none of its DensePose points is in the picture",
        ),
    ],
)
def test_what_cannot_be_moved_is_left_out(fields, why):
    after = one(HALF_OF_IT, pose(**fields))[0]
    assert after.lost == (why,)
    assert FIELDS.isdisjoint(after.annotation)
