"""Run lengths: what pycocotools writes is read, and what is written pycocotools reads."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pycocotools import mask as coco
from support.annotations import runs

from augcli.labels.rle import area_of, box_of, coded, drawn, encoded, mask_of, runs_of


def random_mask(seed):
    rng = np.random.default_rng(seed)
    height, width = rng.integers(1, 200, 2)
    return (rng.random((height, width)) < rng.choice([0, 0.01, 0.5, 0.99, 1])).astype(np.uint8)


masks = st.integers(0, 2**32 - 1).map(random_mask)


@given(masks)
@settings(max_examples=60, deadline=None)
def test_compressed_counts_are_read_as_pycocotools_means_them(mask):
    counts = coco.encode(np.asfortranarray(mask))["counts"]
    assert runs_of(counts).tolist() == runs_of(counts.decode()).tolist() == runs(mask)


@given(masks, st.booleans())
@settings(max_examples=60, deadline=None)
def test_a_mask_written_and_read_is_the_same(mask, compressed):
    segmentation = coded(mask, "" if compressed else [])
    assert isinstance(segmentation["counts"], str if compressed else list)
    assert np.array_equal(mask_of(segmentation), mask)
    assert runs_of(segmentation["counts"]).sum() == mask.size


@pytest.mark.parametrize("mask", [np.zeros((2, 3)), np.ones((2, 3)), np.array([[0, 1, 0], [0, 0, 1]])])
def test_uncompressed_counts_go_down_the_columns_and_begin_with_zeros(mask):
    assert coded(mask, [])["counts"] == runs(mask.astype(int))


def test_the_order_is_that_of_columns():
    assert mask_of({"size": [2, 3], "counts": [2, 1, 3]}).tolist() == [[0, 1, 0], [0, 0, 0]]


@given(masks)
@settings(max_examples=30, deadline=None)
def test_area_and_box_are_those_of_the_pixels(mask):
    rle, (rows, columns) = encoded(mask), np.nonzero(mask)
    assert area_of(rle) == mask.sum()
    if len(rows):
        x, y = columns.min(), rows.min()
        assert box_of(rle) == [x, y, columns.max() + 1 - x, rows.max() + 1 - y]


def test_parts_that_overlap_are_counted_once():
    left, right = [0, 0, 6, 0, 6, 5, 0, 5], [4, 0, 9, 0, 9, 5, 4, 5]
    assert area_of(drawn([left, right], 10, 8)) == 45
