"""Values of masks: counted, named, and what is remarkable about them."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from augcli.data import Coding, Mask
from augcli.labels.mask_statistics import (
    ClassRow,
    Tally,
    class_remarks,
    class_rows,
    kind_reason,
    percent,
    shown_values,
    together,
    values_of,
)
from augcli.labels.masks import MaskSpec, counted, counted_colors
from augcli.recipe.options import InputOptions

INDEX = MaskSpec("index", fill=255)
BINARY = MaskSpec("binary", 255, 255)
THRESHOLD = MaskSpec("binary", 255, 255, threshold=108)
RGB = MaskSpec("rgb", fill=(0, 0, 0))


def grey(*rows: list[int]) -> Mask:
    return Mask(np.array(rows, np.uint8), Coding("L"))


def rgb(*rows: list[tuple[int, int, int]]) -> Mask:
    return Mask(np.array(rows, np.uint8), Coding("RGB"))


def options(**keys: object) -> InputOptions:
    return InputOptions.model_validate(keys)


PLAIN = options()
NAMED = options(classes={0: "sky", 1: "car"})


def rows_of(masks: list[Mask], spec: MaskSpec | None, said: InputOptions = PLAIN) -> list[ClassRow]:
    return class_rows([values_of(mask, f"{i}.png") for i, mask in enumerate(masks)], spec, said)


def test_shares_count_pixels_of_all_masks_and_not_masks() -> None:
    small, large = grey([1]), grey([0, 0, 0, 1])
    assert rows_of([small, large], INDEX) == [ClassRow(0, "", 0.6, 1), ClassRow(1, "", 0.4, 2)]


@given(arrays.arrays(np.uint8, st.tuples(st.integers(1, 9), st.integers(1, 9))))
def test_shares_of_a_mask_sum_to_one(values: np.ndarray) -> None:
    rows = rows_of([Mask(values, Coding("L"))], INDEX)
    assert sum(row.share for row in rows) == pytest.approx(1)
    assert [row.value for row in rows] == np.unique(values).tolist()


def test_a_threshold_counts_what_will_be_written() -> None:
    rows = rows_of([grey([0, 108, 109, 255])], THRESHOLD, NAMED)
    assert rows == [ClassRow(0, "sky", 0.5, 1), ClassRow(255, "car", 0.5, 1)]


def test_the_foreground_of_a_binary_mask_is_class_one() -> None:
    assert [row.name for row in rows_of([grey([0, 255])], BINARY, NAMED)] == ["sky", "car"]


def test_colors_are_counted_and_named() -> None:
    said = options(classes={"car": "#00008e"})
    rows = rows_of([rgb([(0, 0, 142), (0, 0, 142), (1, 2, 3), (0, 0, 142)])], RGB, said)
    assert rows == [ClassRow("#00008e", "car", 0.75, 1), ClassRow("#010203", "", 0.25, 1)]


def test_grey_stored_as_rgb_counts_as_values_where_masks_are_binary() -> None:
    assert rows_of([rgb([(0, 0, 0), (255, 255, 255)])], BINARY) == [
        ClassRow(0, "", 0.5, 1),
        ClassRow(255, "", 0.5, 1),
    ]


def test_of_many_colors_the_commonest_are_kept() -> None:
    values = np.zeros((300, 2, 3), np.uint8)
    values[:, 1, 0], values[:, 1, 1] = np.arange(300) % 256, np.arange(300) // 256
    found = values_of(Mask(values, Coding("RGB")), "a.png").colors
    assert len(found) == 256
    assert found["#000000"] == max(found.values())


@given(st.permutations([[0, 0], [0, 1], [255, 0], [1, 1], [255, 255]]))
def test_a_tally_does_not_depend_on_the_order(order: list[list[int]]) -> None:
    tally = Tally(INDEX, options(mask={"ignore": 255}))
    for row in order:
        tally.add(values_of(grey(row), f"{row}.png"))
    assert tally.rows() == [
        ClassRow(0, "", 0.4, 3),
        ClassRow(1, "", 0.3, 2),
        ClassRow(255, "(ignored)", 0.3, 2),
    ]
    assert [row.held_by for row in tally.rows()] == [
        ("[0, 0].png", "[0, 1].png", "[255, 0].png"),
        ("[0, 1].png", "[1, 1].png"),
        ("[255, 0].png", "[255, 255].png"),
    ]
    assert tally.empty == ["[0, 0].png", "[255, 0].png", "[255, 255].png"]


@given(st.permutations(range(9)))
def test_of_the_masks_that_hold_a_value_the_first_five_are_kept(order: list[int]) -> None:
    tally = Tally(INDEX, PLAIN)
    for number in order:
        tally.add(values_of(grey([3]), f"{number}.png"))
    assert [(row.masks, row.held_by) for row in tally.rows()] == [
        (9, ("0.png", "1.png", "2.png", "3.png", "4.png"))
    ]


@pytest.mark.parametrize(
    ("masks", "found"),
    [
        ([[0, 255], [255, 255], [0, 0], [7, 255]], (255, 1)),
        ([[0, 255], [0, 255]], (255, 0)),
        ([[0, 255], [7, 255]], None),
        ([[0, 0]], None),
        ([[1, 0], [1, 1], [0, 2]], (1, 1)),
    ],
)
def test_the_lone_value_of_more_than_half_of_the_masks_is_the_foreground(
    masks: list[list[int]], found: tuple[int, int] | None
) -> None:
    tally = Tally(INDEX, PLAIN)
    for number, row in enumerate(masks):
        tally.add(values_of(grey(row), f"{number}.png"))
    assert tally.foreground == found


def test_an_index_of_a_palette_is_no_foreground() -> None:
    tally = Tally(INDEX, PLAIN)
    tally.add(values_of(Mask(np.array([[0, 255]], np.uint8), Coding("P", bytes(768))), "a.png"))
    assert tally.foreground is None


def test_the_files_of_one_mask_are_counted_together() -> None:
    parts = [values_of(grey(row), f"{row}.png") for row in ([0, 9, 9], [0, 0, 0], [0, 0, 9])]
    whole = together(parts)
    assert whole.look.shares == {0: pytest.approx(6 / 9), 9: pytest.approx(3 / 9)}
    assert (whole.pixels, whole.files, whole.instances) == (9, 3, 2)
    tally = Tally(MaskSpec("instance"), PLAIN)
    tally.add(whole)
    assert (tally.masks, tally.instances, tally.empty) == (1, 2, ["[0, 0, 0].png"])


@given(
    arrays.arrays(
        np.uint8, st.tuples(st.integers(1, 5), st.integers(1, 7)), elements=st.sampled_from([0, 7, 255])
    )
)
def test_values_and_colors_are_counted_as_one_by_one(values: np.ndarray) -> None:
    pixels = Counter(values.ravel().tolist())
    assert counted(values) == pixels
    assert counted(values.astype(np.uint16)) == pixels
    colors = np.stack([values, values, 255 - values], 2)
    assert counted_colors(colors) == {v << 16 | v << 8 | 255 - v: n for v, n in pixels.items()}


def test_of_instances_the_number_is_kept() -> None:
    tally = Tally(MaskSpec("instance"), PLAIN)
    for row in ([0, 0, 0], [0, 1, 7]):
        tally.add(values_of(grey(row), f"{row}.png"))
    assert (tally.masks, tally.instances, tally.rows()) == (2, 2, [])
    assert tally.empty == ["[0, 0, 0].png"]


def test_the_ignored_value_is_named_so() -> None:
    rows = rows_of([grey([0, 255])], INDEX, options(mask={"ignore": 255}))
    assert [row.name for row in rows] == ["", "(ignored)"]


@pytest.mark.parametrize(
    ("mask", "spec", "said", "reason"),
    [
        (grey([0, 1, 2]), INDEX, {}, "index: values 0, 1 and 2 in the 1 looked at"),
        (grey([*range(6)]), INDEX, {}, "index: 6 values from 0 to 5 in the 1 looked at"),
        (
            grey([0, 255]),
            BINARY,
            {"kind": "binary"},
            "binary, says the recipe: values 0 and 255 in the 1 looked at",
        ),
        (grey([0, 99]), THRESHOLD, {"threshold": 108}, "binary: above 108 is foreground, says the recipe"),
        (rgb([(0, 0, 0)]), RGB, {}, "rgb: 1 colour in the 1 looked at"),
        (
            Mask(np.ones((1, 1), np.uint8), Coding("1")),
            MaskSpec("binary", 1, 1),
            {},
            "binary: 1 bit a pixel in the 1 looked at",
        ),
    ],
)
def test_the_kind_comes_with_its_reason(
    mask: Mask, spec: MaskSpec, said: dict[str, object], reason: str
) -> None:
    assert kind_reason([values_of(mask, "a.png")], spec, options(mask=said)) == reason


def test_values_are_shown_in_words() -> None:
    assert [shown_values(v) for v in ([], [7], [0, 255], [0, 1, 2, 3], [0, 1, 2, 3, 9])] == [
        "no value",
        "the value 7",
        "values 0 and 255",
        "values 0, 1, 2 and 3",
        "5 values from 0 to 9",
    ]


def test_undeclared_values_and_unused_classes_are_remarked() -> None:
    said = options(classes={0: "sky", 5: "bus", 6: "tram"})
    assert class_remarks(rows_of([grey([0, 0, 3, 4])], INDEX, said), said) == [
        "masks hold 3, 4 (50.0 % of the pixels), which input.classes does not name, first in 0.png",
        "input.classes names bus, tram, in none of the masks",
    ]


def test_without_declared_classes_nothing_is_remarked() -> None:
    assert class_remarks(rows_of([grey([0, 3])], INDEX), PLAIN) == []


def test_many_undeclared_values_are_shortened() -> None:
    said = options(classes=["zero"])
    (remark,) = class_remarks(rows_of([grey([*range(12)])], INDEX, said), said)
    assert remark.startswith("masks hold 1, 2, 3, 4, 5, 6, 7, 8 and 3 more (91.7 %")


def test_small_shares_are_not_rounded_to_nothing() -> None:
    assert [percent(share) for share in (0, 0.0001, 0.0005, 0.123, 1)] == [
        "0.0 %",
        "under 0.1 %",
        "0.1 %",
        "12.3 %",
        "100.0 %",
    ]
