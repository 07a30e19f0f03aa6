"""Pixel maps: label spaces, colours, and which label a pixel gets."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pycocotools import mask as coco_mask
from support.datasets_on_disk import needs
from support.label_spaces import ABC, SPACES, box, rules
from support.paths import DATA

from augcli.errors import DatasetError, ImageError
from augcli.labels.label_maps.draw import draw, draw_segments
from augcli.labels.label_maps.label_spaces import UNUSED, coco_categories, has_coco_stuff, space_of
from augcli.labels.label_maps.labels_json import LABELS, labels_json, read_labels
from augcli.labels.label_maps.palette import colors_of, palette, segment_id
from augcli.labels.label_maps.png import decode_map, encode_map
from augcli.labels.panoptic import colors_of_ids, ids_of_colors


def test_the_table_of_coco_has_ids_1_to_183():
    assert [entry["id"] for entry in coco_categories()] == list(range(1, 184))
    assert coco_categories()[0] == {"supercategory": "person", "id": 1, "name": "person"}
    assert coco_categories()[182]["name"] == "other"


@needs("coco_stuff_sample")
@needs("coco_mini80")
def test_the_table_of_coco_is_that_of_its_files():
    table = {entry["id"]: entry for entry in coco_categories()}
    for name in (
        "coco_stuff_sample/annotations/stuff_examples.json",
        "coco_mini80/annotations/instances_val2017.json",
    ):
        for entry in json.loads((DATA / name).read_text())["categories"]:
            assert table[entry["id"]] == entry


def test_spaces_have_the_values_of_their_sources():
    every = coco_categories()
    assert dict(space_of("json", every, where="").values) == {n: n for n in range(1, 184)}
    stuff = space_of("stuffthingmaps", every, where="")
    assert (stuff.values[1], stuff.values[182], stuff.unlabelled, stuff.without) == (0, 181, 255, (183,))
    train = space_of("train171", every, where="")
    # mmsegmentation's coco_stuff164k: 11 less for the ids that no annotation has, 80 things, then stuff
    assert sorted(train.values.values()) == list(range(171))
    assert (train.values[1], train.values[13], train.values[90], train.values[92]) == (0, 11, 79, 80)
    assert (train.values[182], train.unlabelled) == (170, 255)
    assert set(train.without) == {183, *UNUSED}
    assert space_of("file", ABC, where="").values == {1: 1, 7: 2, 3: 3}


def test_ids_that_have_no_place_in_a_space_are_refused():
    for name, number, said in [
        (
            "json",
            0,
            "x.json: category 0 has no value in label space json: values are 1 to 65535, "
            "and 0 is unlabelled; take the space file",
        ),
        (
            "train171",
            184,
            "x.json: label space train171 is of COCO's categories 1 to 183, and there is a category 184; "
            "take the space json, or file",
        ),
        (
            "stuffthingmaps",
            0,
            "x.json: label space stuffthingmaps is of COCO's categories 1 to 183, and there is a category 0; "
            "take the space file",
        ),
    ]:
        with pytest.raises(DatasetError) as error:
            space_of(name, [{"id": number, "name": "a"}], where="x.json")
        assert str(error.value) == said


def test_a_file_of_stuff_is_known_by_ids_and_names():
    assert has_coco_stuff(coco_categories())
    assert not has_coco_stuff(coco_categories()[:91])
    assert not has_coco_stuff([{"id": 92, "name": "screw"}])


def test_the_palette_is_that_of_pascal_voc():
    def slow(label):
        color = [0, 0, 0]
        for bit in range(24):
            color[bit % 3] |= (label >> bit & 1) << (7 - bit // 3)
        return color

    assert np.frombuffer(palette(), np.uint8).reshape(256, 3).tolist() == [slow(n) for n in range(256)]
    assert colors_of(np.array([1, 2, 15])).tolist() == [[128, 0, 0], [0, 128, 0], [192, 128, 128]]


@given(st.lists(st.integers(0, 2**24 - 1), min_size=1, max_size=50))
def test_ids_are_colours_and_back(ids):
    ids = np.array(ids, np.uint32)
    assert (ids_of_colors(colors_of_ids(ids)) == ids).all()
    assert len(np.unique(colors_of(ids), axis=0)) == len(np.unique(ids))
    assert colors_of_ids(ids)[0].tolist() == [ids[0] % 256, ids[0] // 256 % 256, ids[0] // 65536]


def test_a_segment_never_has_the_id_of_void():
    assert 0 not in {segment_id(number) for number in range(1, 300)}


def test_without_annotations_everything_is_unlabelled():
    for space in SPACES:
        categories = coco_categories()
        drawn = draw([], 4, 3, rules(space, categories))
        assert drawn.values.tolist() == np.full((3, 4), 0 if space in ("json", "file") else 255).tolist()


BOXES = st.builds(
    box,
    st.integers(1, 99),
    st.sampled_from([1, 7, 3]),
    st.integers(0, 8),
    st.integers(0, 6),
    st.integers(1, 9),
    st.integers(1, 9),
)


def slow_map(annotations, width, height, overlaps):
    """The map and the number of contested pixels, pixel by pixel."""
    parts = [annotation["segmentation"][0] for annotation in annotations]
    values, contested = np.zeros((height, width), int), 0

    def area(part):
        return (min(part[2], width) - part[0]) * (min(part[5], height) - part[1])

    for y in range(height):
        for x in range(width):
            here = [n for n, p in enumerate(parts) if p[0] <= x < p[2] and p[1] <= y < p[5]]
            contested += len({annotations[n]["category_id"] for n in here}) > 1
            order = {
                "first": lambda n: n,
                "last": lambda n: -n,
                "smallest-on-top": lambda n: (area(parts[n]), -n),
            }
            if here:
                values[y, x] = annotations[min(here, key=order[overlaps])]["category_id"]
    return values.tolist(), contested


@given(st.lists(BOXES, max_size=6), st.sampled_from(["first", "last", "smallest-on-top"]))
@settings(max_examples=60)
def test_overlaps_are_settled_and_counted_pixel_by_pixel(annotations, overlaps):
    inside = [one for one in annotations if one["segmentation"][0][0] < 9 and one["segmentation"][0][1] < 7]
    drawn = draw(inside, 9, 7, rules(overlaps=overlaps))
    assert (drawn.values.tolist(), drawn.overlapping) == slow_map(inside, 9, 7, overlaps)


def test_overlapping_labels_are_an_error_where_that_is_the_rule():
    lower, upper = box(4, 1, 0, 0, 3, 3), box(9, 7, 2, 2, 3, 3)
    with pytest.raises(ImageError) as error:
        draw([lower, upper], 8, 8, rules(overlaps="error"))
    assert str(error.value) == (
        "1 pixel of annotation 9 (b) have another label already, the first that of annotation 4 (a); "
        "say which is seen on overlap: first, last or smallest-on-top"
    )


def test_one_class_over_itself_is_no_overlap_but_one_instance_over_another_is():
    twice = [box(4, 1, 0, 0, 3, 3), box(9, 1, 2, 2, 3, 3)]
    assert draw(twice, 8, 8, rules(overlaps="error")).overlapping == 0
    assert draw(twice, 8, 8, rules(kind="instance")).overlapping == 1
    with pytest.raises(ImageError):
        draw(twice, 8, 8, rules(overlaps="error", kind="instance"))


def test_crowds_are_drawn_only_when_asked():
    crowd = box(4, 1, 0, 0, 3, 3, iscrowd=1)
    skipped = draw([crowd], 8, 8, rules())
    assert (skipped.values.max(), skipped.crowds, skipped.drawn) == (0, 1, 0)
    drawn = draw([crowd], 8, 8, rules(with_crowds=True))
    assert (drawn.values.max(), drawn.crowds, drawn.drawn) == (1, 0, 1)


def test_other_has_no_value_in_coco_s_own_spaces():
    other = box(4, 183, 0, 0, 3, 3)
    for space in ("stuffthingmaps", "train171"):
        drawn = draw([other], 8, 8, rules(space, coco_categories()))
        assert (drawn.values.min(), drawn.unvalued, drawn.drawn) == (255, 1, 0)
    assert draw([other], 8, 8, rules("json", coco_categories())).values.max() == 183


def test_instances_are_numbered_and_described():
    shown = box(4, 7, 0, 0, 5, 4, note="x")
    hidden = box(5, 1, 1, 1, 2, 2)
    drawn = draw([shown, hidden, box(9, 1, 1, 1, 2, 2)], 8, 8, rules(kind="instance"))
    assert drawn.values[:4, :5].tolist() == [
        [1, 1, 1, 1, 1],
        [1, 3, 3, 1, 1],
        [1, 3, 3, 1, 1],
        [1, 1, 1, 1, 1],
    ]
    first, last = (segment.as_json() for segment in drawn.segments)
    assert first == {
        "id": 1,
        "category_id": 7,
        "note": "x",
        "annotation_id": 4,
        "area": 16,
        "bbox": [0, 0, 5, 4],
        "iscrowd": 0,
    }
    assert (last["id"], last["annotation_id"], last["bbox"]) == (3, 9, [1, 1, 2, 2])
    assert drawn.unseen == ("annotation 5: no pixel of it is seen",)


def test_panoptic_segments_have_the_colours_of_the_palette_as_ids():
    drawn = draw([box(4, 7, 0, 0, 2, 2), box(5, 1, 3, 3, 2, 2)], 8, 8, rules(kind="panoptic"))
    assert [segment.value for segment in drawn.segments] == [128, 128 * 256]
    assert sorted(np.unique(drawn.values)) == [0, 128, 128 * 256]


def test_what_cannot_be_drawn_is_named():
    good = box(1, 1, 0, 0, 2, 2)
    rle = {"size": [4, 4], "counts": [2, 8]}
    for bad, said in [
        (good | {"category_id": 5}, "annotation 1: its category 5 is none of the file's categories"),
        (good | {"category_id": "1"}, "annotation 1: its category '1' is none of the file's categories"),
        (good | {"id": "1"}, "annotation 1: its id is '1', and no whole number"),
        (good | {"segmentation": rle}, "annotation 1: its RLE counts add up to 10, its size is 4x4 = 16"),
        (good | {"segmentation": [], "bbox": [0, 0, 1, 1]}, "annotation 1: it has no segmentation"),
        ({"id": 1, "category_id": 1}, "annotation 1: it has no segmentation"),
    ]:
        drawn = draw([bad, box(2, 7, 0, 0, 1, 1)], 4, 4, rules())
        assert drawn.faults == (f"{said}; the annotation is left out".replace("1: its id", "'1': its id"),)
        assert (drawn.values.sum(), drawn.drawn) == (7, 1)
    assert draw([5], 4, 4, rules()).faults == ("annotation 1 is 5, and not a mapping; it is left out",)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=8) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)
NUMBERS = st.lists(st.integers(-30, 60) | st.floats() | ANYTHING, max_size=10)
ODD = st.fixed_dictionaries(
    {"category_id": st.sampled_from([1, 7, 3]) | ANYTHING},
    optional={
        "id": ANYTHING,
        "iscrowd": ANYTHING,
        "bbox": NUMBERS,
        "segmentation": st.lists(NUMBERS, max_size=3)
        | st.fixed_dictionaries(
            {"size": st.just([5, 6]) | ANYTHING, "counts": NUMBERS | st.text("0123456789:;<=>?@PQo`abc")}
        )
        | ANYTHING,
    },
)


@given(st.lists(ODD | ANYTHING, max_size=4), st.sampled_from(["semantic", "instance", "panoptic"]))
@settings(max_examples=200)
def test_no_annotation_whatever_breaks_a_map(annotations, kind):
    drawn = draw(annotations, 6, 5, rules(kind=kind))
    assert drawn.values.shape == (5, 6)
    assert drawn.drawn + drawn.crowds + len(drawn.faults) == len(annotations)
    ids = np.arange(30, dtype=np.uint32).reshape(5, 6) % 3
    assert draw_segments(annotations, ids, rules(kind=kind)).values.shape == (5, 6)


def test_a_panoptic_png_becomes_any_kind_of_map():
    ids = np.array([[0, 70000, 70000], [5, 5, 9]], np.uint32)
    segments = [
        {"id": 70000, "category_id": 7, "iscrowd": 1},
        {"id": 5, "category_id": 3},
        {"id": 9, "category_id": 1},
    ]
    found = {
        kind: draw_segments(segments, ids, rules(kind=kind, with_crowds=True))
        for kind in ("semantic", "instance", "panoptic")
    }
    assert found["semantic"].values.tolist() == [[0, 7, 7], [3, 3, 1]]
    assert found["instance"].values.tolist() == [[0, 1, 1], [2, 2, 3]]
    assert found["panoptic"].values.tolist() == ids.tolist()
    assert found["panoptic"].segments[0].as_json() == {
        "id": 70000,
        "category_id": 7,
        "area": 2,
        "bbox": [1, 0, 2, 1],
        "iscrowd": 1,
    }


def test_segments_that_a_png_does_not_have_are_named_and_so_are_ids_without_one():
    ids = np.array([[0, 4, 4], [5, 5, 9]], np.uint32)
    segments = [{"id": n, "category_id": 1} for n in (4, 4, 6, "9")]
    drawn = draw_segments(segments, ids, rules(kind="panoptic"))
    assert drawn.values.tolist() == [[0, 4, 4], [0, 0, 0]]
    assert drawn.faults == (
        "segment 4: another one before it has its id; the segment is left out",
        "segment 6: no pixel of its PNG has its id; the segment is left out",
        "segment '9': no pixel of its PNG has its id; the segment is left out",
        "the id 5 of its PNG is no segment's; its pixels are unlabelled",
        "the id 9 of its PNG is no segment's; its pixels are unlabelled",
    )


def test_maps_are_stored_as_they_are_and_read_back():
    for values, kind, deep in [
        (np.arange(256, dtype=np.uint16).reshape(16, 16), "semantic", False),
        (np.arange(65536, dtype=np.uint16).reshape(256, 256), "instance", True),
        (np.arange(0, 2**24, 4099, dtype=np.uint32)[:4000].reshape(40, 100), "panoptic", False),
    ]:
        data = encode_map(values, kind, deep=deep)
        assert (decode_map(data, kind, where="a.png", max_pixels=10**6) == values).all()


def test_a_png_of_another_kind_is_refused():
    flat, ids = np.zeros((2, 2), np.uint8), np.zeros((2, 2), np.uint32)
    for data, kind, said in [
        (
            encode_map(flat, "semantic", deep=False),
            "panoptic",
            "a.png: has no ids: they are colours, R + 256 G + 65536 B; save it as RGB",
        ),
        (
            encode_map(ids, "panoptic", deep=False),
            "semantic",
            "a.png: has colours, where a map has one value a pixel; save it as a palette or grey PNG",
        ),
    ]:
        with pytest.raises(ImageError) as error:
            decode_map(data, kind, where="a.png", max_pixels=100)
        assert str(error.value) == said


@pytest.mark.parametrize("space", SPACES)
def test_labels_json_says_what_the_values_mean(tmp_path, space):
    wanted = rules(space, coco_categories())
    data = labels_json(wanted, coco_categories(), source="stuff.json", sha256="0")
    (tmp_path / LABELS).write_bytes(data)
    found = read_labels(tmp_path)
    assert found is not None
    assert (found.kind, found.space) == ("semantic", replace(wanted.space, without=()))
    assert list(found.categories) == list(coco_categories())
    label = json.loads(data)["labels"][0]
    value = wanted.space.values[1]
    color = list(palette()[3 * value : 3 * value + 3])
    assert label == {"value": value, "id": 1, "name": "person", "color": color}


LABEL = {"value": 1, "id": 1}
SOUND = {"kind": "semantic", "space": "json", "unlabelled": 0, "labels": [LABEL], "categories": ABC}


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "depth"},
        {"space": 3},
        {"unlabelled": 1},
        {"labels": [LABEL | {"value": -1}]},
        {"labels": [LABEL, {"value": 1, "id": 7}]},
        {"labels": [LABEL | {"value": 70000}]},
        {"labels": [3]},
        {"categories": [{"id": "1"}]},
    ],
)
def test_a_labels_json_that_says_something_else_is_refused(tmp_path, change):
    (tmp_path / LABELS).write_text(json.dumps(SOUND))
    assert read_labels(tmp_path)
    (tmp_path / LABELS).write_text(json.dumps(SOUND | change))
    with pytest.raises(DatasetError) as error:
        read_labels(tmp_path)
    assert str(error.value) == (
        f"{tmp_path}/labels.json: does not say what the values of the maps mean; "
        "make the maps anew, or remove it and name the label space with --space"
    )


@needs("coco_stuff_sample")
def test_the_stuff_sample_is_drawn_as_the_reference_draws_it():
    """By cocostuffhelper.cocoSegmentationToSegmentationMap: zeros, then each annotation's id in its mask."""
    found = json.loads((DATA / "coco_stuff_sample/annotations/stuff_examples.json").read_text())
    wanted = rules("json", found["categories"], overlaps="error")
    for image in found["images"]:
        annotations = [one for one in found["annotations"] if one["image_id"] == image["id"]]
        expected = np.zeros((image["height"], image["width"]), int)
        for one in annotations:
            expected[coco_mask.decode(one["segmentation"]) == 1] = one["category_id"]
        drawn = draw(annotations, image["width"], image["height"], wanted)
        assert (drawn.values == expected).all()
        assert drawn.drawn == len(annotations)
