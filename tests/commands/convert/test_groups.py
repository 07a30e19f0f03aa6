"""Compositions of albumentations as groups of a recipe, and its borders as the one rule of `output`."""

from __future__ import annotations

from typing import Any

import albumentations as A  # noqa: N812 - as its users write it
import pytest
from support.albumentations_pipelines import of, of_class, output_of, steps_of


def test_the_p_of_several_steps_is_that_of_a_sequence() -> None:
    rotate90, transpose = {"rotate90": {"turns": [0, 3]}}, {"transpose": {"p": 0.5}}
    assert steps_of(of(A.D4(p=0.4))) == [{"sequence": {"p": 0.4, "transforms": [rotate90, transpose]}}]


def test_a_composition_inside_is_a_sequence_only_where_it_has_a_p() -> None:
    inner = [A.HorizontalFlip(p=1), A.Transpose(p=1)]
    assert steps_of(of(A.Compose(inner))) == ["horizontal_flip", "transpose"]
    sequence = {"sequence": {"p": 0.25, "transforms": ["horizontal_flip", "transpose"]}}
    assert steps_of(of(A.Compose(inner, p=0.25))) == steps_of(of(A.Sequential(inner, p=0.25))) == [sequence]


def test_the_p_of_children_of_one_of_is_their_weight() -> None:
    (step,) = steps_of(of(A.OneOf([A.HorizontalFlip(p=0.3), A.D4(p=0.9), A.Transpose(p=0)], p=1)))
    flip, symmetry = step["one_of"]
    assert flip == {"horizontal_flip": {"weight": 0.3}}
    assert symmetry["sequence"]["weight"] == 0.9
    assert "p" not in symmetry["sequence"]


def test_weights_that_are_equal_are_not_said() -> None:
    assert steps_of(of(A.OneOf([A.HorizontalFlip(), A.Transpose()], p=1))) == [
        {"one_of": ["horizontal_flip", "transpose"]}
    ]


def test_what_is_left_out_of_a_choice_keeps_its_share() -> None:
    converted = of(A.OneOf([A.Morphological(p=0.2), A.Transpose(p=0.8)], p=1))
    assert steps_of(converted) == [
        {"one_of": [{"horizontal_flip": {"p": 0, "weight": 0.2}}, {"transpose": {"weight": 0.8}}]}
    ]
    assert (
        "      - horizontal_flip: {p: 0, weight: 0.2}\n"
        "        # Morphological is left out\n"
        "        # nothing is done here, so that the others keep their share\n"
    ) in converted.text
    assert [left_out.path for left_out in converted.left_out] == ["transform.transforms[0].transforms[0]"]


def test_a_choice_of_which_nothing_is_left_is_left_out() -> None:
    assert steps_of(of(A.OneOf([A.Normalize(), A.NoOp()]), A.Transpose(p=1))) == ["transpose"]


def test_one_or_other_is_a_choice_by_p() -> None:
    assert steps_of(of(A.OneOrOther(A.HorizontalFlip(), A.Transpose(), p=0.25))) == [
        {"one_of": [{"horizontal_flip": {"weight": 0.25}}, {"transpose": {"weight": 0.75}}]}
    ]


def test_children_of_some_of_keep_their_p() -> None:
    assert steps_of(of(A.SomeOf([A.HorizontalFlip(p=0.3), A.Transpose(p=1), A.NoOp()], n=2, p=0.7))) == [
        {
            "some_of": {
                "n": 2,
                "p": 0.7,
                "transforms": [{"horizontal_flip": {"p": 0.3}}, "transpose", {"horizontal_flip": {"p": 0}}],
            }
        }
    ]


def test_some_of_1_x_applies_what_it_chose() -> None:
    flip = {"__class_fullname__": "HorizontalFlip", "p": 0.3}
    converted = of_class("SomeOf", "1.4.0", transforms=[flip, flip | {"p": 0.6}], n=1, replace=False)
    assert steps_of(converted) == [
        {"some_of": {"n": 1, "transforms": ["horizontal_flip", "horizontal_flip"]}}
    ]
    assert "# the likelier ones by p are chosen more often there" in converted.text


def test_a_random_order_of_all_is_ours_and_of_some_is_some_of() -> None:
    three = [A.HorizontalFlip(p=1), A.Transpose(p=1), A.InvertImg(p=1)]
    names = ["horizontal_flip", "transpose", "invert"]
    assert steps_of(of(A.RandomOrder(three, n=3))) == [{"random_order": names}]
    some = of(A.RandomOrder(three, n=2))
    assert steps_of(some) == [{"some_of": {"n": 2, "transforms": names}}]
    assert "# there in an order that is drawn; here in this one" in some.text
    again = of(A.RandomOrder(three, n=2, replace=True))
    assert "# replace lets one be chosen several times; here each at most once" in again.text


# The one border rule


def test_a_border_and_fill_that_all_steps_share_are_the_output() -> None:
    converted = of(A.Rotate(fill=(9, 8, 7)), A.PadIfNeeded(64, 64, fill=(9, 8, 7)))
    assert output_of(converted) == {"border": "constant", "fill": [9, 8, 7]}
    assert (
        "  # in masks the ignore value is seen there (255 where none is given), and 0 in binary masks\n"
        in converted.text
    )


def test_borders_that_differ_are_named() -> None:
    converted = of(A.Rotate(border_mode=0), A.Pad(3, border_mode=1), A.HorizontalFlip())
    assert output_of(converted) == {}
    told = "the border is one rule for all steps, and auto here; there Rotate has constant, Pad has replicate"
    assert f"\n# {told}\n" in converted.text


def test_fills_that_differ_or_are_no_levels_are_named() -> None:
    differs = of(A.Rotate(fill=3), A.Pad(3, fill=4))
    assert output_of(differs) == {"border": "constant"}
    assert "# the fill is one for all steps, and 0 here; there it differs" in differs.text
    assert "# the fill was 0.5" in of(A.Rotate(fill=0.5)).text


@pytest.mark.parametrize(("code", "rule"), [(0, "constant"), (1, "replicate"), (2, "reflect"), (3, "wrap")])
def test_borders_have_their_names(code: Any, rule: str) -> None:
    assert output_of(of(A.Affine(rotate=9, border_mode=code)))["border"] == rule


def test_a_mirror_without_the_edge_pixel_is_told() -> None:
    converted = of(A.Rotate(border_mode=4))
    assert output_of(converted) == {"border": "reflect"}
    assert "  # the edge pixel is repeated here, and was not there\n" in converted.text


def test_the_border_of_a_crop_counts_only_where_it_pads() -> None:
    assert output_of(of(A.RandomCrop(9, 9, border_mode=1))) == {}
    assert output_of(of(A.RandomCrop(9, 9, pad_if_needed=True, border_mode=1))) == {"border": "replicate"}


def test_the_interpolation_that_all_steps_share_is_the_output() -> None:
    assert output_of(of(A.Resize(9, 9, interpolation=2))) == {"interpolation": "cubic"}
    mixed = of(A.Resize(9, 9, interpolation=2), A.RandomScale(interpolation=4))
    assert output_of(mixed) == {}
    assert "# the interpolation is one for all steps, and linear here; there cubic, lanczos\n" in mixed.text
    nearest = of(A.Resize(9, 9, interpolation=0))
    assert "# pictures are sampled linearly here; there by the nearest pixel\n" in nearest.text
