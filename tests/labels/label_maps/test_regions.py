"""From pixel maps to regions, and the laws of the way there and back."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image as PilImage
from pycocotools import mask as coco_mask
from support.datasets_on_disk import needs
from support.label_spaces import SPACES, rules
from support.paths import DATA

from augcli.labels.label_maps.draw import draw
from augcli.labels.label_maps.label_spaces import category_of, coco_categories
from augcli.labels.label_maps.polygons import outlines
from augcli.labels.label_maps.regions import regions
from augcli.labels.label_maps.runs import runs_of

MASKS = arrays(bool, st.tuples(st.integers(1, 9), st.integers(1, 9)))
STUFF = "coco_stuff_sample/results/segmentations/examples"


def filled(polygons, shape):
    """The mask that pycocotools fills."""
    parts = [polygon.ravel().tolist() for polygon in polygons]
    if not parts:
        return np.zeros(shape, bool)
    return coco_mask.decode(coco_mask.merge(coco_mask.frPyObjects(parts, *shape))).astype(bool)


def has_hole(mask):
    """Whether a pixel that is not set cannot reach the outside, by sides and corners."""
    height, width = mask.shape
    free = {(y, x) for y in range(-1, height + 1) for x in range(-1, width + 1)}
    free -= {(y, x) for y, x in np.argwhere(mask).tolist()}
    pending = [(-1, -1)]
    while pending:
        y, x = pending.pop()
        if (y, x) in free:
            free.remove((y, x))
            pending += [(y + i, x + j) for i in (-1, 0, 1) for j in (-1, 0, 1)]
    return bool(free)


@given(MASKS)
@settings(max_examples=300)
def test_outlines_filled_are_the_very_mask_and_only_holes_have_none(mask):
    polygons = outlines(mask)
    assert (polygons is None) == has_hole(mask)
    if polygons is not None:
        assert (filled(polygons, mask.shape) == mask).all()
        area = sum(
            abs(np.sum(p[:, 0] * np.roll(p[:, 1], 1) - p[:, 1] * np.roll(p[:, 0], 1))) / 2 for p in polygons
        )
        assert area == mask.sum()


def test_a_square_has_four_vertices_on_the_edges_of_its_pixels():
    mask = np.zeros((12, 12), bool)
    mask[1:11, 2:12] = True
    assert [polygon.tolist() for polygon in outlines(mask)] == [[[2, 1], [12, 1], [12, 11], [2, 11]]]


def test_parts_that_touch_by_a_corner_stay_apart():
    assert [polygon.tolist() for polygon in outlines(np.eye(2, dtype=bool))] == [
        [[0, 0], [1, 0], [1, 1], [0, 1]],
        [[1, 1], [2, 1], [2, 2], [1, 2]],
    ]


@given(arrays(np.uint32, st.tuples(st.integers(1, 6), st.integers(1, 6)), elements=st.integers(0, 3)))
def test_runs_count_and_replace_values(values):
    runs = runs_of(values)
    assert runs.counts() == {v: int((values == v).sum()) for v in np.unique(values).tolist()}
    assert (runs.replaced(runs.values + 5) == values + 5).all()


def annotations_of(values, space, form, per):
    """The annotations of a map, as an annotation file has them."""
    ids = category_of(space)
    found = regions(values, leave_out={space.unlabelled}, form=form, per=per)
    return [
        {
            "id": number,
            "category_id": ids[region.value],
            "segmentation": region.segmentation,
            "area": region.area,
            "bbox": list(region.bbox),
        }
        for number, region in enumerate(found, 1)
    ]


@pytest.mark.parametrize("space", SPACES)
@given(data=st.data(), form=st.sampled_from(["rle", "polygons"]), per=st.sampled_from(["class", "part"]))
@settings(max_examples=25)
def test_map_to_annotations_to_map_is_the_identity(space, data, form, per):
    wanted = rules(space, coco_categories(), overlaps="error")
    values = st.sampled_from([wanted.space.unlabelled, *wanted.space.values.values()])
    size = st.tuples(st.integers(1, 12), st.integers(1, 12))
    some = data.draw(arrays(np.uint16, size, elements=values, fill=values))
    drawn = draw(annotations_of(some, wanted.space, form, per), some.shape[1], some.shape[0], wanted)
    assert (drawn.values == some).all()
    assert drawn.faults == ()


@pytest.mark.parametrize("space", SPACES)
@pytest.mark.parametrize("per", ["class", "part"])
def test_all_values_of_a_space_survive_the_way_there_and_back(space, per):
    wanted = rules(space, coco_categories(), overlaps="error")
    known = [wanted.space.unlabelled, *wanted.space.values.values()]
    values = np.resize(np.array(known, np.uint8), (23, 40))
    drawn = draw(annotations_of(values, wanted.space, "rle", per), 40, 23, wanted)
    assert (drawn.values == values).all()


@given(arrays(np.uint8, (9, 11), elements=st.integers(0, 3)), st.sampled_from(["rle", "polygons"]))
@settings(max_examples=60)
def test_annotations_to_map_to_annotations_keeps_every_area_and_box(values, form):
    wanted = rules("file", overlaps="error")
    before = annotations_of(values, wanted.space, form, "class")
    after = annotations_of(draw(before, 11, 9, wanted).values, wanted.space, "rle", "class")
    assert [(a["category_id"], a["area"], a["bbox"]) for a in after] == [
        (b["category_id"], b["area"], b["bbox"]) for b in before
    ]


@given(MASKS, st.sampled_from(["rle", "polygons"]), st.sampled_from(["class", "part"]))
def test_areas_and_boxes_are_those_of_pycocotools(mask, form, per):
    together = np.zeros(mask.shape, int)
    for region in regions(mask.astype(np.uint8), leave_out={0}, form=form, per=per):
        segmentation = region.segmentation
        if isinstance(segmentation, list):
            segmentation = coco_mask.merge(coco_mask.frPyObjects(segmentation, *mask.shape))
        assert region.area == coco_mask.area(segmentation)
        assert list(region.bbox) == coco_mask.toBbox(segmentation).tolist()
        together += coco_mask.decode(segmentation)
        json.dumps(region.segmentation)
    assert (together == mask).all()


def test_parts_touch_by_corners_and_come_in_reading_order():
    values = np.array([[0, 0, 5, 0], [5, 0, 0, 5], [0, 5, 0, 0], [0, 0, 0, 5]])
    boxes = [region.bbox for region in regions(values, leave_out={0}, form="rle", per="part")]
    assert boxes == [(2, 0, 2, 2), (0, 1, 2, 2), (3, 3, 1, 1)]


def test_what_has_a_hole_and_crowds_stay_rle():
    values = np.full((3, 8), 1)
    values[1, 1], values[:, 3:5], values[:, 5:] = 0, 2, 3
    found = regions(values, leave_out={0}, form="polygons", per="class", as_rle={3})
    assert [type(region.segmentation) for region in found] == [dict, list, dict]


@needs("coco_stuff_sample")
@pytest.mark.parametrize("name", ["000000000934.png", "000000013715.png"])
@pytest.mark.parametrize(("form", "per"), [("rle", "part"), ("polygons", "class")])
def test_the_official_pixel_maps_survive_the_way_there_and_back(name, form, per):
    values = np.array(PilImage.open(DATA / STUFF / name))
    wanted = rules("json", coco_categories(), overlaps="error")
    annotations = annotations_of(values, wanted.space, form, per)
    drawn = draw(annotations, values.shape[1], values.shape[0], wanted)
    assert (drawn.values == values).all()
    if per == "class":
        assert len(annotations) == len(np.unique(values))
