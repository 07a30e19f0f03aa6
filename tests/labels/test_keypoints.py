"""Keypoints: counted in pixels, gone where they are cut off, left and right exchanged by mirrors alone."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.annotations import HEIGHT, POSE, WIDTH, annotation, mini80, run
from support.image_files import needs

from augcli.geometry import Frame
from augcli.labels.keypoints import side_of, swapped, unpaired
from augcli.labels.rasterize import PaintedMasks, taken_by
from augcli.labels.warp import AnnotationRules

FRAME = Frame(WIDTH, HEIGHT)
POINTS = [5, 6, 2, 8, 9, 1, 30, 12, 2]  # nose, left_eye, right_eye


def moved_points(steps, points=POINTS, category=1, **options):
    before = annotation(category_id=category, keypoints=points, num_keypoints=len(points) // 3)
    (after,), _ = run(steps, before, frame=FRAME, **options)
    assert after.reason == ""
    return after.annotation["keypoints"], after.annotation["num_keypoints"]


def triples(points):
    return [tuple(points[n : n + 3]) for n in range(0, len(points), 3)]


def test_a_mirror_counts_from_the_last_pixel_and_exchanges_left_and_right():
    points, count = moved_points(["horizontal_flip"])
    assert triples(points) == [(34, 6, 2), (9, 12, 2), (31, 9, 1)]
    assert (count, {type(value) for value in points}) == (3, {int})


@pytest.mark.parametrize(
    ("steps", "exchanged"),
    [
        (["horizontal_flip"], True),
        (["vertical_flip"], True),
        (["transpose"], True),
        ([{"rotate90": {"turns": 2}}], False),
        ([{"rotate": {"degrees": 170}}], False),
        (["horizontal_flip", "vertical_flip"], False),
        (["horizontal_flip", {"rotate": {"degrees": 30}}], True),
        (["horizontal_flip", {"perspective": {"strength": 0.2}}], True),
        ([{"elastic": {"alpha": 100, "sigma": 6}}], False),
        ([{"elastic": {"alpha": 15, "sigma": 2}}], False),  # turns over between many neighbouring pixels
        ([{"elastic": {"alpha": 100, "sigma": 6}}, "transpose"], True),
        ([{"shear": {"x": 40}}, {"scale": {"factor": 0.5}}], False),
    ],
)
def test_left_and_right_are_exchanged_by_mirrors_and_by_nothing_else(steps, exchanged):
    flags = [2, 1, 2]  # of nose, left_eye, right_eye: a flag tells which point it was
    points = [
        value
        for (x, y), flag in zip([(18, 14), (20, 15), (16, 15)], flags, strict=True)
        for value in (x, y, flag)
    ]
    assert moved_points(steps, points)[0][2::3] == ([2, 2, 1] if exchanged else flags)


def test_points_of_a_category_without_names_stay_where_they_are_in_the_list():
    points, _ = moved_points(["horizontal_flip"], category=3)
    assert points == [34, 6, 2, 31, 9, 1, 9, 12, 2]


def test_a_point_that_leaves_the_picture_is_no_point():
    points, count = moved_points([{"translate": {"x": 0.5, "y": 0}}])
    assert (triples(points), count) == ([(25, 6, 2), (28, 9, 1), (0, 0, 0)], 2)


def test_a_point_that_a_crop_in_the_middle_cut_off_does_not_come_back():
    points, count = moved_points([{"center_crop": {"size": 26}}, {"pad": {"size": "40x30"}}])
    assert (triples(points), count) == ([(0, 0, 0), (8, 9, 1), (30, 12, 2)], 2)


def test_the_centres_of_the_outermost_pixels_are_in_the_picture():
    corners = [0, 0, 2, WIDTH - 1, 0, 2, WIDTH - 1, HEIGHT - 1, 2]
    points, count = moved_points([{"rotate90": {"turns": 1}}], corners)
    assert (triples(points), count) == ([(0, WIDTH - 1, 2), (0, 0, 2), (HEIGHT - 1, 0, 2)], 3)


def test_what_is_not_labelled_stays_nothing():
    points, count = moved_points(["horizontal_flip"], [3, 4, 0, 8.5, 9, 2, 0, 0, 0])
    assert (triples(points), count) == ([(0, 0, 0), (0, 0, 0), (30.5, 9, 2)], 1)


def test_keypoints_alone_that_all_leave_are_dropped():
    before = annotation(category_id=1, keypoints=POINTS)
    away = [{"crop": {"x": 0.8, "y": 0.8, "width": 0.2, "height": 0.2}}]
    (after,), _ = run(away, before, frame=FRAME)
    assert (after.annotation, after.reason) == (None, "nothing of it is in the picture")


def test_an_object_without_a_labelled_point_is_kept():
    before = annotation(category_id=1, keypoints=[0] * 9, num_keypoints=0, bbox=[5, 5, 9, 9])
    (after,), _ = run(["horizontal_flip"], before, frame=FRAME)
    assert (after.annotation["keypoints"], after.annotation["num_keypoints"]) == ([0] * 9, 0)


def test_a_point_that_a_step_takes_from_the_labels_is_no_point():
    erased = {"grid_mask": {"distance": 0.5, "ratio": 0.5, "mask": "background"}}
    every = [value for x in range(0, WIDTH, 3) for y in range(0, HEIGHT, 3) for value in (x, y, 2)]
    before = annotation(keypoints=every, bbox=[0, 0, WIDTH, HEIGHT])
    (after,), program = run([erased, "vertical_flip"], before, frame=FRAME)
    kept = taken_by(program, PaintedMasks())[::-1] == 0
    assert after.annotation["keypoints"][2::3] == [2 * int(kept[y, x]) for x, y, _ in triples(every)]
    assert 0 < after.annotation["num_keypoints"] < len(every) // 3


def test_where_a_field_turns_over_a_point_is_where_it_is_shown_or_nowhere():
    every = [value for x in range(0, WIDTH, 2) for y in range(0, HEIGHT, 2) for value in (x, y, 2)]
    folding = [{"elastic": {"alpha": 200, "sigma": 4}}]
    (after,), program = run(folding, annotation(keypoints=every, bbox=[0, 0, WIDTH, HEIGHT]), frame=FRAME)
    before, there = (np.reshape(each, (-1, 3)) for each in (every, after.annotation["keypoints"]))
    seen = there[:, 2] > 0
    back = program.warp().backward(there[seen, :2] + 0.5) - 0.5
    assert 0.5 < seen.mean() < 1
    assert np.abs(back - before[seen, :2]).max() < 0.6


def test_the_points_of_each_object_stay_with_it():
    beside, turned = ([4, 20, 2, 2, 21, 1, 6, 21, 2], [30, 20, 2, 28, 21, 1, 32, 21, 2])
    each = [annotation(category_id=1, keypoints=points) for points in (beside, turned)]
    results, _ = run(["vertical_flip"], *each, annotation(bbox=[1, 1, 2, 2]), frame=FRAME)
    assert [after.annotation.get("keypoints", [])[2::3] for after in results] == [[2, 2, 1], [2, 2, 1], []]


@pytest.mark.parametrize(
    ("names", "mirror", "order"),
    [
        (POSE, (), [0, 2, 1]),
        (["a", "b", "c"], (), [0, 1, 2]),
        (["a", "b", "c"], (("c", "a"),), [2, 1, 0]),
        (["left_eye", "right_eye", "x"], (("left_eye", "x"),), [2, 1, 0]),  # what is said outweighs the names
        (["Left Eye", "RIGHT_EAR", "Right Eye", "LEFT_EAR"], (), [2, 3, 0, 1]),
        (["eye-left", "eye-right", "cleft", "crightt"], (), [1, 0, 2, 3]),
        (["left_eye", "nose"], (), [0, 1]),
        (["left_eye", "left_eye", "right_eye"], (), [0, 2, 1]),  # nothing is lost where a name is there twice
        (["a", "b", "c"], (("a", "b"), ("b", "c")), [0, 2, 1]),
    ],
)
def test_pairs_are_found_by_their_names(names, mirror, order):
    assert swapped(names, mirror) == order


@pytest.mark.parametrize(
    ("left", "right"),
    [  # as mmpose's tables of the sets (configs/_base_/datasets) pair them
        ("left_eye", "right_eye"),  # COCO, Halpe, OCHuman, CrowdPose, MPII, PoseTrack
        ("left_big_toe", "right_big_toe"),  # COCO-WholeBody
        ("left_middle_finger2", "right_middle_finger2"),  # InterHand2.6M
        ("left sleeve", "right sleeve"),  # DeepFashion
        ("Mouth_Back_Left", "Mouth_Back_Right"),  # Animal Kingdom
        ("L_EarBase", "R_EarBase"),  # AnimalPose
        ("L_F_Paw", "R_F_Paw"),  # AP-10K
        ("L_Pinky_4", "R_Pinky_4"),  # UBody
        ("eyeL", "eyeR"),  # Vinegar Fly
        ("forelegL1", "forelegR1"),  # Grevy's Zebra, Desert Locust
        # and as people call them
        ("leftEye", "rightEye"),
        ("LeftUpLeg", "RightUpLeg"),
        ("lefteye", "righteye"),
        ("LShoulder", "RShoulder"),
        ("lShldr", "rShldr"),
        ("l_ankle", "r_ankle"),
        ("eye_l", "eye_r"),
        ("hand.L.001", "hand.R.001"),
        ("LEFT_EYE", "RIGHT_EYE"),
        ("L1", "R1"),
        ("left_eye", "right eye"),
        ("left_eye_right_corner", "right_eye_left_corner"),
        ("L_eye_R", "R_eye_L"),
    ],
)
def test_a_side_is_a_word_of_a_name_or_a_letter_at_its_beginning_or_end(left, right):
    assert swapped([left, "nose", right]) == [2, 1, 0]
    assert swapped([left, "nose"]) == [0, 1]
    assert (side_of(left), side_of(right), side_of("nose")) == ("left", "right", "")


@pytest.mark.parametrize(
    "names",
    [
        ["leg", "reg"],
        ["lip", "rip"],
        ["lankle", "rankle"],
        ["bright_spot", "bleft_spot"],
        ["a_l_b", "a_r_b"],
        ["kpt-1", "kpt-2"],
        ["left_eye", "right_ear"],
        ["left_eye", "right_eye", "rightEye"],  # which of the two?
        ["l", "left", "right"],
    ],
)
def test_names_are_no_pair_by_accident(names):
    assert swapped(names) == [*range(len(names))]


@pytest.mark.parametrize(
    ("names", "mirror", "expected"),
    [
        (["left_eye", "rihgt_eye", "nose"], (), ["left_eye"]),
        (["left_eye", "right_eye", "right_ear", "nose"], (), ["right_ear"]),
        (["left_eye", "rihgt_eye"], (("left_eye", "rihgt_eye"),), []),
        (["l_eye", "nose"], (), []),  # the letter may mean anything
        (["l_eye", "r_eye", "l_ear"], (), ["l_ear"]),
        (["nose", "chin"], (), []),
    ],
)
def test_names_of_one_side_without_the_other_are_unpaired(names, mirror, expected):
    assert unpaired(names, mirror) == expected


@given(st.lists(st.text("lrLR_1aeft igh", max_size=12), max_size=6))
def test_a_mirror_of_any_names_is_its_own_inverse(names):
    order = swapped(names)
    assert [order[other] for other in order] == [*range(len(names))]


def test_the_pairs_of_the_recipe_are_exchanged():
    points, _ = moved_points(["horizontal_flip"], rules=AnnotationRules(mirror=(("nose", "left_eye"),)))
    assert triples(points) == [(31, 9, 1), (34, 6, 2), (9, 12, 2)]


point = st.tuples(st.integers(0, WIDTH - 1), st.integers(0, HEIGHT - 1), st.integers(1, 2))


@given(
    st.lists(point, min_size=3, max_size=3),
    st.sampled_from(["horizontal_flip", "vertical_flip", "transpose"]),
)
@settings(max_examples=50, deadline=None)
def test_two_mirrors_are_the_identity(points, mirror):
    flat = [value for triple in points for value in triple]
    assert moved_points([mirror, mirror], flat) == (flat, 3)


@needs("coco_mini80")
def test_coco_pairs_are_all_that_are_left_and_right():
    _, categories = mini80("person_keypoints")
    assert swapped(categories[1].keypoints) == [0, 2, 1, 4, 3, 6, 5, 8, 7, 10, 9, 12, 11, 14, 13, 16, 15]


@needs("coco_mini80")
def test_real_keypoints_are_mirrored_and_back():
    pictures, categories = mini80("person_keypoints")
    for (width, height), each in pictures:
        frame = Frame(width, height)
        once, _ = run(["horizontal_flip"], *each, frame=frame, categories=categories)
        twice, _ = run(["horizontal_flip"], *(a.annotation for a in once), frame=frame, categories=categories)
        for before, mirrored, after in zip(each, once, twice, strict=True):
            x, flags = np.array(before["keypoints"][::3]), np.array(before["keypoints"][2::3])
            order = swapped(categories[1].keypoints)
            there = np.where(flags > 0, width - 1 - x, 0)[order]
            assert mirrored.annotation["keypoints"][::3] == there.tolist()
            assert after.annotation["keypoints"] == before["keypoints"]
            assert after.annotation["num_keypoints"] == before["num_keypoints"]
