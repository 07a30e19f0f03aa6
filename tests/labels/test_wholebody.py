"""COCO-WholeBody: face, hands and feet move with the person, and change sides in a mirror."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.annotations import HEIGHT, WIDTH, annotation, run

from augcli.geometry import Frame
from augcli.labels.warp import AnnotationRules
from augcli.labels.wholebody import MIRRORED

FRAME = Frame(WIDTH, HEIGHT)
SIZES = {"face": 68, "lefthand": 21, "righthand": 21, "foot": 6}
RIGHT_HALF = [{"crop": {"x": 20, "y": 0, "width": 20, "height": 30, "unit": "pixels"}}]
TURNED = [{"rotate": {"degrees": 20}}]


def spots(part, first_x=5.0):
    """Points of a part in a row, each with a flag of its own."""
    return [value for n in range(SIZES[part]) for value in (first_x + n / 10, 10.0, 1 + n / 100)]


def person(**fields):
    parts = {f"{part}_kpts": spots(part) for part in SIZES}
    boxes = {"face_box": [4.0, 8.0, 9.0, 4.0], "lefthand_box": [5.0, 9.0, 2.0, 3.0]}
    valid = {f"{part}_valid": True for part in SIZES}
    return annotation(
        **(
            {"category_id": 1, "bbox": [2, 2, 30, 20], "area": 600, "righthand_box": [0.0] * 4}
            | parts
            | boxes
            | valid
            | fields
        )
    )


def one(steps, before, **options):
    (after,), _ = run(steps, before, frame=FRAME, **options)
    return after


def flags(points):
    return points[2::3]


@pytest.mark.parametrize(
    ("field", "runs"),
    [
        ("foot_kpts", {(0, 3), (1, 4), (2, 5)}),
        (
            "face_kpts",
            {(n, 16 - n) for n in range(8)}  # the jaw
            | {(n, 43 - n) for n in range(17, 22)}  # the brows
            | {(31, 35), (32, 34), (36, 45), (37, 44), (38, 43), (39, 42), (40, 47), (41, 46)}
            | {(48, 54), (49, 53), (50, 52), (55, 59), (56, 58), (60, 64), (61, 63), (65, 67)},
        ),
    ],
)
def test_the_pairs_of_points_are_those_of_the_published_order(field, runs):
    order = MIRRORED[field]
    assert {(n, other) for n, other in enumerate(order) if n < other} == runs
    assert [order[other] for other in order] == list(range(SIZES[field[:4]]))


def test_a_mirror_exchanges_hands_and_the_points_of_face_and_feet():
    before = person(righthand_kpts=spots("righthand", 25.0), righthand_valid=False)
    after = one(["horizontal_flip"], before).annotation
    for field, order in MIRRORED.items():
        x, there = np.array(before[field][::3]), flags(before[field])
        assert after[field][::3] == pytest.approx((WIDTH - 1 - x)[list(order)], abs=0.01)
        assert flags(after[field]) == [there[n] for n in order]
    assert flags(after["righthand_kpts"]) == flags(before["lefthand_kpts"])
    assert after["righthand_kpts"][:3] == [34.0, 10.0, 1.0]
    assert after["lefthand_kpts"][:3] == [14.0, 10.0, 1.0]
    assert (after["righthand_box"], after["lefthand_box"]) == ([33.0, 9.0, 2.0, 3.0], [0.0] * 4)
    assert (after["righthand_valid"], after["lefthand_valid"]) == (True, False)
    assert list(after) == list(before)


def test_a_turn_exchanges_nothing():
    before = person()
    after = one(TURNED, before).annotation
    for part in SIZES:
        assert flags(after[f"{part}_kpts"]) == flags(before[f"{part}_kpts"])
    assert after["righthand_box"] == [0.0] * 4


@given(st.sampled_from([TURNED, RIGHT_HALF, [{"elastic": {"alpha": 60, "sigma": 6}}]]), st.integers(0, 99))
@settings(max_examples=20, deadline=None)
def test_points_and_boxes_move_as_those_of_whole_objects_do(steps, seed):
    points = [value for n in range(6) for value in (3.0 + 6 * n, 4.0 + 3 * n, 2.0)]
    box = [8.0, 6.0, 17.5, 9.0]
    both = [
        annotation(keypoints=points, bbox=box),
        person(bbox=[1, 1, 38, 28], foot_kpts=points, face_box=box),
    ]
    (alone, after), _ = run(steps, *both, frame=FRAME, seed=seed)
    assert after.annotation["foot_kpts"] == alone.annotation["keypoints"]
    assert after.annotation["face_box"] == alone.annotation["bbox"]


def test_a_part_that_leaves_the_picture_is_all_zero_and_not_valid():
    before = person(foot_kpts=spots("foot", 22.0), lefthand_valid=1)
    after = one(RIGHT_HALF, before).annotation
    assert (after["face_box"], after["face_kpts"], after["face_valid"]) == ([0.0] * 4, [0.0] * 204, False)
    assert (after["lefthand_valid"], type(after["lefthand_valid"])) == (0, int)
    assert (after["foot_kpts"][:3], after["foot_valid"]) == ([2.0, 10.0, 1.0], True)


def test_whole_numbers_stay_whole():
    before = person(foot_kpts=[5, 6, 2] * 6, face_box=[4, 8, 9, 4])
    after = one(["vertical_flip"], before).annotation
    assert {type(value) for value in (*after["foot_kpts"], *after["face_box"])} == {int}


def test_a_field_without_content_stays_as_it_is():
    before = person(face_kpts=[], foot_kpts=[]) | {"face_box": None}
    after = one(["horizontal_flip"], before)
    assert (after.lost, after.annotation["face_kpts"], after.annotation["face_box"]) == ((), [], None)
    assert after.annotation["foot_valid"] is True


def test_one_hand_alone_becomes_the_other():
    before = annotation(bbox=[2, 2, 30, 20], lefthand_box=[5, 9, 2, 3])
    after = one(["horizontal_flip"], before).annotation
    assert (after.get("lefthand_box"), after["righthand_box"]) == (None, [33, 9, 2, 3])


def test_boxes_follow_the_rule_for_boxes():
    before = person(face_box=[15.0, 10.0, 10.0, 10.0])
    after = one([{"rotate": {"degrees": 45}}], before, rules=AnnotationRules(boxes="ellipse")).annotation
    assert after["face_box"] == [15.0, 10.0, 10.0, 10.0]


@pytest.mark.parametrize(
    ("field", "value", "why"),
    [
        ("face_box", [1, 2, 3], "its face_box is [1, 2, 3], and not [x, y, width, height]"),
        ("face_box", [1, 2, -3, 4], "its face_box is [1, 2, -3, 4], and not [x, y, width, height]"),
        ("face_box", "here", "its face_box is 'here', and not a list"),
        ("foot_kpts", [1, 2, 2, 4], "its foot_kpts are 4 numbers, and not three for each"),
        ("foot_kpts", [1, None, 2], "its foot_kpts hold nothing, which is no number"),
        (
            "lefthand_kpts",
            [9e9, 2, 2],
            "its lefthand_kpts hold 9000000000.0, which is far outside of the picture",
        ),
    ],
)
def test_what_is_no_place_is_left_out_of_copies(field, value, why):
    after = one(TURNED, person(**{field: value}))
    assert (after.lost, field in after.annotation) == ((why,), False)


def test_points_of_another_number_are_left_out_where_a_mirror_would_exchange_them():
    before = person(face_kpts=[5.0, 6.0, 2.0] * 70)
    after = one(["transpose"], before)
    assert after.lost == ("its face_kpts are 70 points, and left and right are known of 68",)
    assert "face_kpts" not in after.annotation
    assert one(TURNED, before).lost == ()


@given(st.sampled_from(["horizontal_flip", "vertical_flip", "transpose"]))
@settings(max_examples=3, deadline=None)
def test_two_mirrors_are_the_identity(mirror):
    twice = one([mirror, mirror], person()).annotation
    assert twice == one([{"brightness": {"factor": 1.1}}], person()).annotation
