"""Instances: parts that become one map, small remains, and new numbers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from augcli.data import Coding, Mask, keys_of, name_of
from augcli.errors import ImageError
from augcli.labels.instances import Dropped, checked_part, joined, renumbered, settled, without_small
from augcli.recipe.options import AnnotationOutput

MAPS = hnp.arrays(np.uint16, (6, 7), elements=st.sampled_from([0, 1, 5, 255, 300, 65535]))


def part(*pixels, value=255, shape=(2, 3)):
    values = np.zeros(shape, np.uint8)
    values.flat[list(pixels)] = value
    return Mask(values, Coding("L"))


def test_parts_are_numbered_in_their_order_and_later_ones_lie_on_top():
    mask, overlap = joined([part(0, 1), part(1, 2, value=1), part(5)])
    assert mask.values.tolist() == [[1, 2, 2], [0, 0, 3]]
    assert (overlap, mask.values.dtype, mask.coding.mode) == (1, np.uint8, "L")


def test_more_than_255_parts_need_16_bits():
    parts = [part(number, shape=(1, 256)) for number in range(256)]
    mask, overlap = joined(parts)
    assert mask.values.tolist() == [list(range(1, 257))]
    assert (overlap, mask.values.dtype, mask.coding.mode) == (0, np.uint16, "I;16")


def test_a_single_file_of_several_ids_is_a_map_already():
    whole = Mask(np.array([[0, 7, 300]], np.uint16), Coding("I;16"))
    assert joined([whole]) == (whole, 0)
    assert joined([part(0, value=7)])[0].values.tolist() == [[1, 0, 0], [0, 0, 0]]


def test_a_part_shows_one_instance():
    with pytest.raises(ImageError) as caught:
        checked_part(Mask(np.array([[0, 1, 2]], np.uint8), Coding("L")), "a.png")
    assert str(caught.value) == (
        "a.png: one of several files, each for one instance, and it holds 2 values besides 0; "
        "save it with 0 and one other value, as grey PNG"
    )
    with pytest.raises(ImageError, match="it holds colours; save it"):
        checked_part(Mask(np.zeros((1, 1, 3), np.uint8), Coding("RGB")), "a.png")


def test_an_empty_part_is_allowed():
    assert checked_part(part(), "a.png").values.max() == 0


def test_keys_of_parts_are_numbered():
    assert keys_of("n", "a.png") == ("n",)
    assert keys_of("n", ("a.png", "b.png")) == ("n#1", "n#2")
    assert [name_of(key) for key in ("n", "n#2")] == ["n", "n"]


def test_what_is_left_too_small_is_dropped_and_listed():
    before = np.array([[1, 1, 1, 2, 2, 3]], np.uint8)
    after = np.array([[1, 1, 2, 2, 3, 0]], np.uint8)
    values, small = without_small(before, after, 3)
    assert small == [(1, 2)]  # 2 and 3 never had 3 pixels
    assert values.tolist() == [[0, 0, 2, 2, 3, 0]]
    assert after.tolist() == [[1, 1, 2, 2, 3, 0]]


def test_what_is_gone_altogether_is_not_listed():
    assert without_small(np.array([[1, 1]], np.uint8), np.array([[0, 0]], np.uint8), 2)[1] == []


@given(MAPS, MAPS, st.integers(0, 9))
def test_dropping_makes_no_new_value_and_leaves_the_large_alone(before, after, least):
    values, small = without_small(before, after, least)
    assert set(np.unique(values)) <= {*np.unique(after), 0}
    kept = ~np.isin(after, [number for number, _ in small])
    assert np.array_equal(values[kept], after[kept])
    assert all(area < least for _, area in small)


@given(MAPS)
def test_new_numbers_tell_the_same_instances_apart(values):
    again = renumbered(values)
    ids = [number for number in np.unique(again) if number]
    assert ids == list(range(1, len(ids) + 1))
    assert np.array_equal(again == 0, values == 0)
    for number in ids:
        assert len(np.unique(values[again == number])) == 1
    assert again.dtype == values.dtype


def test_parts_that_are_kept_apart_are_dropped_by_their_number_and_keep_their_value():
    before, after = {"n#2": part(0, 1, 2).values}, {"n#2": part(0).values}
    masks, dropped = settled(before, after, ["n#2"], AnnotationOutput(min_area=2, renumber=True))
    assert dropped == (Dropped("n", 2, 1),)
    assert masks["n#2"].max() == 0
    masks, _ = settled(before, before, ["n#2"], AnnotationOutput(renumber=True))
    assert masks["n#2"].max() == 255


def test_other_masks_are_left_alone():
    masks = {"c": part(0).values}
    assert settled(masks, masks, [], AnnotationOutput(min_area=5, renumber=True)) == (masks, ())
