"""What is wrong with an annotation: one line each, and never an exception."""

import json

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from support.annotations import (
    BLOB,
    CATEGORIES,
    HEIGHT,
    POSE,
    SQUARE,
    WIDTH,
    annotation,
    mini80,
    polygons,
    rle,
    runs,
)
from support.image_files import needs
from support.paths import DATA
from support.recipe_steps import program_of

from augcli.errors import printable
from augcli.geometry import Frame
from augcli.labels.validate import Category, categories_of, checked
from augcli.labels.warp import AnnotationRules, moved

POINTS = [5, 6, 2, 8, 9, 1, 0, 0, 0]


def fault(one, categories=CATEGORIES):
    return checked(one, WIDTH, HEIGHT, categories)


def box(*numbers, **fields):
    return annotation(bbox=list(numbers), **fields)


def person(keypoints, **fields):
    return annotation(category_id=1, keypoints=keypoints, **fields)


def size_and_counts(size, counts):
    return annotation(segmentation={"size": size, "counts": counts})


SOUND = {
    "polygons": polygons(SQUARE, [0, 0, 4, 0, 4, 4]),
    "a compressed RLE": rle(BLOB, iscrowd=1),
    "an uncompressed RLE": rle(BLOB, compressed=False),
    "a box": box(1, 2.5, 3, 4),
    "a box beside an empty segmentation": box(1, 2, 3, 4, segmentation=[]),
    "a flat box beside a segmentation": polygons(SQUARE) | {"bbox": [1, 2, 0, 4]},
    "an empty box beside a segmentation": polygons(SQUARE) | {"bbox": []},
    "keypoints": person(POINTS),
    "keypoints of which nothing is known but three": person([None, "x", 0, 1, 2, 1, 3, 4, 2]),
    "keypoints of a category without names": person([1, 2, 2]) | {"category_id": 3},
    "a label": annotation(),
    "a caption": {"id": 1, "image_id": 2, "caption": "x"},
    "an object partly outside of the picture": polygons([-30, -20, 60, 10, 20, 50]),
}

NONE = "its segmentation is empty, and it has no bbox"
COUNTS, NONE_OF_THE_FILES = "its RLE counts", "is none of the file's categories"
WRONG = [
    ([], "it is [], and not a mapping"),
    (None, "it is nothing, and not a mapping"),
    (annotation(id="7"), "its id is '7', and no whole number"),
    (annotation(image_id=1.5), "its image_id is 1.5, and no whole number"),
    (annotation(category_id=3.0), "its category_id is 3.0: write it as 3"),
    (annotation(category_id=2.0**53), "its category_id is 9007199254740992.0: write it as a whole number"),
    (
        annotation(category_id=1.0000000000000002e144),
        "its category_id is 1.0000000000000002e+144: write it as a whole number",
    ),
    (annotation(category_id=-(10**144)), f"its category a whole number of 145 digits {NONE_OF_THE_FILES}"),
    (annotation(iscrowd="1"), "its iscrowd is '1', and neither 0 nor 1"),
    (annotation(iscrowd=2), "its iscrowd is 2, and neither 0 nor 1"),
    (annotation(id=True), "its id is true, and no whole number"),
    (annotation(category_id=[3]), "its category_id is [3], and no whole number"),
    (annotation(category_id=9), f"its category 9 {NONE_OF_THE_FILES}"),
    (polygons(SQUARE, category_id=None), "it has no category_id"),
    (box(1, 2, 3), "its bbox is 3 numbers, and not [x, y, width, height]"),
    (box(), "its bbox is 0 numbers, and not [x, y, width, height]"),
    (annotation(bbox="x"), "its bbox is 'x', and not [x, y, width, height]"),
    (box(1, 2, -3, 4), "its bbox is -3 wide and 4 high"),
    (box(1, 2, 3.5, 0), "its bbox is 3.5 wide and 0 high"),
    (box(1, 2, float("nan"), 4), "its bbox holds nan, which is no number"),
    (box(1, "2", 3, 4), "its bbox holds '2', which is no number"),
    (box(161, 2, 3, 4), "its bbox holds 161, which is far outside of the picture"),
    (annotation(segmentation=[]), NONE),
    (annotation(segmentation=[], bbox=[]), "its bbox is 0 numbers, and not [x, y, width, height]"),
    (annotation(segmentation="x"), "its segmentation is 'x', and neither polygons nor an RLE"),
    (polygons(SQUARE, [1, 2, 3, 4]), "part 2 of its segmentation has 2 points, a polygon has at least 3"),
    (polygons([]), "part 1 of its segmentation has 0 points, a polygon has at least 3"),
    (polygons([1, 2, 3, 4, 5, 6, 7]), "part 1 of its segmentation has 7 numbers, which are no pairs"),
    (polygons(*SQUARE), "part 1 of its segmentation is 10.0, and not a list of numbers"),
    (polygons([1, 2, 3, 4, 5, "6"]), "part 1 of its segmentation holds '6', which is no number"),
    (polygons([1, 2, 3, 4, 5, None]), "part 1 of its segmentation holds nothing, which is no number"),
    (polygons([1, 2, 3, 4, 5, float("nan")]), "part 1 of its segmentation holds nan, which is no number"),
    (polygons([1, 2, 3, 4, 5, -1e400]), "part 1 of its segmentation holds -inf, which is no number"),
    (
        polygons([1, 2, 3, 4, 5, 10**400]),
        "part 1 of its segmentation holds a whole number of 401 digits, which is far outside of the picture",
    ),
    (annotation(segmentation={}), "its RLE has no size [height, width]"),
    (size_and_counts([30.0, 40.0], [1200]), "its RLE has no size [height, width]"),
    (size_and_counts([40, 30], [1200]), "its RLE is of a picture of 30x40, and the picture has 40x30"),
    (
        size_and_counts([100_000, 100_000], [10**10]),
        "its RLE is of a picture of 100000x100000, and the picture has 40x30",
    ),
    (size_and_counts([30, 40], [10]), f"{COUNTS} add up to 10, its size is 40x30 = 1200"),
    (size_and_counts([30, 40], "0"), f"{COUNTS} add up to 0, its size is 40x30 = 1200"),
    (size_and_counts([30, 40], None), f"{COUNTS} are nothing, and neither a list nor text"),
    (size_and_counts([30, 40], [1203, -3]), f"{COUNTS} hold -3, which is no number of pixels"),
    (size_and_counts([30, 40], [1.0]), f"{COUNTS} hold 1.0, which is no number of pixels"),
    (size_and_counts([30, 40], [10**400]), f"{COUNTS} hold a number that is too long"),
    (size_and_counts([30, 40], "é"), f"{COUNTS} hold a character that compressed counts do not have"),
    (size_and_counts([30, 40], "0Q"), f"{COUNTS} end within a number"),
    (size_and_counts([30, 40], "Q" * 20 + "0"), f"{COUNTS} hold a number that is too long"),
    (size_and_counts([30, 40], "O"), f"{COUNTS} hold -1, which is no number of pixels"),
    (person({}), "its keypoints are a mapping, and not a list"),
    (person([1, 2]), "its keypoints are 2 numbers, and not three for each"),
    (person(POINTS[:6]), "it has 2 keypoints, its category has 3"),
    (person([1, 2, 3, *POINTS[3:]]), "a keypoint's flag is 3, and not 0, 1 or 2"),
    (person([1, 2, True, *POINTS[3:]]), "a keypoint's flag is true, and not 0, 1 or 2"),
    (person([1, "2", 1, *POINTS[3:]]), "its keypoints hold '2', which is no number"),
    (person([1, -500, 1, *POINTS[3:]]), "its keypoints hold -500, which is far outside of the picture"),
]


@pytest.mark.parametrize("one", SOUND.values(), ids=SOUND)
def test_nothing_is_wrong_with(one):
    assert fault(one) is None


@pytest.mark.parametrize(("one", "message"), WRONG, ids=[message for _, message in WRONG])
def test_what_is_wrong_is_one_line(one, message):
    assert fault(one) == message


def test_a_file_without_categories_may_have_captions_with_one():
    assert fault({"id": 1, "category_id": 0, "caption": "x"}, {}) is None
    assert fault(polygons(SQUARE), {}) == "its category 3 is none of the file's categories"


def test_categories_that_are_none_are_left_out():
    entries = [
        {"id": 0},
        {"id": "1", "name": "a"},
        7,
        {"id": 2, "name": "b", "keypoints": POSE},
        {"name": "c"},
    ]
    assert categories_of(entries) == {0: Category(0, "0"), 2: Category(2, "b", tuple(POSE))}


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3) | st.integers(0, 40),
    lambda inner: st.lists(inner, max_size=7) | st.dictionaries(st.sampled_from(["size", "counts"]), inner),
    max_leaves=6,
)
near = st.integers(-20, 60) | st.floats(-20, 60)
masks = st.integers(0, 2**32 - 1).map(lambda seed: np.random.default_rng(seed).random((HEIGHT, WIDTH)) < 0.3)
segmentations = (
    st.lists(
        st.lists(st.tuples(near, near), min_size=3, max_size=6).map(lambda p: sum(p, ())).map(list),
        max_size=3,
    )
    | masks.map(lambda mask: {"size": [HEIGHT, WIDTH], "counts": runs(mask)})
    | masks.map(lambda mask: rle(mask.astype(np.uint8))["segmentation"])
)
keypoints = st.lists(st.tuples(near, near, st.integers(0, 2)), min_size=3, max_size=3).map(
    lambda p: list(sum(p, ()))
)
annotations = st.fixed_dictionaries(
    {"id": st.integers() | anything, "category_id": st.sampled_from([1, 3]) | anything},
    optional={
        "segmentation": segmentations | anything,
        "bbox": st.lists(near, min_size=4, max_size=4) | anything,
        "keypoints": keypoints | anything,
        "area": anything,
        "caption": anything,
    },
)
PROGRAMS = [
    program_of(steps, Frame(WIDTH, HEIGHT), "constant")
    for steps in (
        ["horizontal_flip"],
        [{"rotate": {"degrees": 30}}, {"crop": {"x": 0.1, "y": 0.2, "width": 0.6, "height": 0.6}}],
        [{"elastic_grid": {"points": 3, "sigma": 2}}, {"perspective": {"strength": 0.3}}],
        [{"elastic": {"alpha": 200, "sigma": 4}}],  # turns over
    )
]


@given(anything | annotations)
@example(annotation(id=1.0000000000000002e153, category_id=10**4400))
@settings(max_examples=200, deadline=None)
def test_whatever_json_says_gets_at_most_one_line(one):
    message = fault(one)
    assert message is None or (message and message == printable(message) and len(message) < 200)


@given(annotations, st.sampled_from(PROGRAMS), st.sampled_from(["corners", "ellipse"]))
@settings(max_examples=200, deadline=None)
def test_what_is_sound_can_be_moved_and_is_sound_after(one, program, boxes):
    if fault(one) is None:
        (after,) = moved([one], program, CATEGORIES, AnnotationRules(2, 0.01, boxes))
        assert (after.annotation is None) == bool(after.reason)
        if after.annotation is not None:
            again = json.loads(json.dumps(after.annotation))
            assert checked(again, program.target.width, program.target.height, CATEGORIES) is None


@needs("coco_mini80")
def test_real_annotations_are_sound():
    for name in ("instances", "person_keypoints"):
        pictures, categories = mini80(name)
        for (width, height), each in pictures:
            assert [checked(one, width, height, categories) for one in each] == [None] * len(each)


@needs("coco_taco_json")
def test_a_third_partys_annotations_are_sound():
    content = json.loads((DATA / "coco_taco_json" / "data" / "annotations.json").read_text())
    sizes = {image["id"]: (image["width"], image["height"]) for image in content["images"]}
    categories = categories_of(content["categories"])
    faults = [checked(one, *sizes[one["image_id"]], categories) for one in content["annotations"]]
    assert set(faults) == {None}
