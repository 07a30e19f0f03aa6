"""Draws depend on names: editing a recipe changes no other draw, and chances are what they say."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.recipe_steps import applied, drawn, variant_of

from augcli.geometry import Frame
from augcli.recipe import parse_recipe
from augcli.render.draw import draw, frame_after, resolve
from augcli.transforms.operations import Applied

STEPS = [
    {"horizontal_flip": {"p": 0.5}},
    {"rotate": {"degrees": [-15, 15], "p": 0.7}},
    {"scale": {"factor": {"normal": [1, 0.2]}}},
    {"elastic": {"alpha": [10, 20], "sigma": [4, 8]}},
    {"color_jitter": {"brightness": 0.5, "hue": 0.1}},
    {"gaussian_noise": {"std": [0, 0.1]}},
    {
        "one_of": {
            "p": 0.5,
            "transforms": [{"gamma": {"gamma": [0.5, 2]}}, {"contrast": {"factor": [0.5, 2]}}],
        }
    },
    {"some_of": {"n": 1, "transforms": [{"shear": {"x": [-5, 5]}}, {"translate": {"x": [-0.1, 0.1]}}]}},
    {"random_order": [{"brightness": {"factor": [0, 2]}}, {"saturation": {"factor": [0, 2]}}]},
]
subsets = st.sets(st.integers(0, len(STEPS) - 1), min_size=1).map(lambda s: [STEPS[i] for i in sorted(s)])


def values(steps, **options):
    """What is applied, by name; a flip that is not applied is left out."""
    return {d.transform.name: d.values for d in drawn(steps, **options)}


@settings(max_examples=60, deadline=None)
@given(subsets, subsets, st.integers(1, 50), st.text(max_size=5))
def test_adding_and_removing_steps_changes_no_other_draw(first, second, copy, key):
    shared = [step for step in first if step in second]
    if shared:
        expected = values(shared, copy=copy, key=key)
        for steps in (first, second):
            found = values(steps, copy=copy, key=key)
            assert {name: v for name, v in found.items() if name in expected} == expected


@settings(max_examples=30, deadline=None)
@given(st.permutations(STEPS), st.integers(1, 50))
def test_the_order_of_steps_changes_no_draw(steps, copy):
    assert values(steps, copy=copy) == values(STEPS, copy=copy)


@given(st.integers(1, 9), st.integers(1, 9))
@settings(max_examples=20, deadline=None)
def test_a_variant_draws_the_same_beside_others_and_with_more_copies(copies, copy):
    alone = {"jitter": {"transforms": STEPS}}
    beside = {"first": {"transforms": ["transpose"]}, "jitter": {"transforms": STEPS, "copies": copies}}
    one, many = (parse_recipe(json.dumps({"variants": v}), "r.yaml").variants[-1] for v in (alone, beside))
    found = [[d.values for d in draw(v, seed=3, source="a/b", copy=copy)] for v in (one, many)]
    assert found[0] == found[1]


def test_seed_source_variant_and_copy_each_change_the_draw():
    step = [{"rotate": {"degrees": [-15, 15]}}]
    found = {
        draw(variant_of(step, name), seed=seed, source=source, copy=copy)[0].values["degrees"]
        for name in ("a", "b")
        for seed in (0, 1)
        for source in ("x", "y")
        for copy in (1, 2)
    }
    assert len(found) == 16


def test_equal_names_are_counted_in_their_group():
    twice = [{"rotate": {"degrees": [-15, 15]}}] * 2
    first, second = (d.values["degrees"] for d in drawn(twice))
    assert first != second
    assert first == drawn(twice[:1])[0].values["degrees"]


def test_an_inner_step_draws_by_its_path():
    step = {"rotate": {"degrees": [-15, 15]}}
    found = {
        drawn(s)[0].values["degrees"] for s in ([step], [{"sequence": [step]}], [{"random_order": [step]}])
    }
    assert len(found) == 3


@settings(max_examples=30, deadline=None)
@given(st.sets(st.integers(0, 5), min_size=2), st.integers(1, 50))
def test_a_step_more_in_a_random_order_keeps_the_order_of_the_rest(kept, copy):
    steps = STEPS[:6]
    whole = list(values([{"random_order": [without_p(s) for s in steps]}], copy=copy))
    part = list(values([{"random_order": [without_p(steps[i]) for i in sorted(kept)]}], copy=copy))
    assert [name for name in whole if name in part] == part


def without_p(step):
    ((name, params),) = step.items()
    return {name: params | {"p": 1}}


def test_draws_stay_what_they_are():
    (rotate, jitter) = drawn([STEPS[1], STEPS[4]], key="car/01", copy=3, seed=66)
    assert rotate.values == PINNED["rotate"]
    assert jitter.values == PINNED["color_jitter"]


# chances: the keys are fixed, so that these numbers never change


def counts(steps, tries=2000):
    found: dict[str, int] = {}
    for copy in range(tries):
        for d in drawn(steps, copy=copy):
            found[d.transform.name] = found.get(d.transform.name, 0) + 1
    return found


def within(count, share, tries=2000):
    return abs(count - tries * share) < 4 * np.sqrt(tries * share * (1 - share))


@pytest.mark.parametrize("p", [0.05, 0.5, 0.9])
def test_a_step_is_applied_with_its_probability(p):
    assert within(counts([{"transpose": {"p": p}}])["transpose"], p)


def test_one_of_follows_its_weights():
    steps = [{"transpose": {"weight": 3}}, {"horizontal_flip": {"weight": 1}}, "vertical_flip"]
    found = counts([{"one_of": steps}])
    assert sum(found.values()) == 2000
    assert within(found["transpose"], 0.6)
    assert within(found["horizontal_flip"], 0.2)
    assert within(found["vertical_flip"], 0.2)


def test_a_childs_own_p_is_tried_after_it_was_chosen():
    steps = [{"transpose": {"p": 0.5}}, "horizontal_flip"]
    found = counts([{"one_of": {"p": 0.8, "transforms": steps}}])
    assert within(found["transpose"], 0.2)
    assert within(found["horizontal_flip"], 0.4)


FOUR = ["transpose", "horizontal_flip", "vertical_flip", {"rotate90": {"turns": 1}}]


@pytest.mark.parametrize("n", [1, 2, 4])
def test_some_of_picks_n_in_the_order_of_the_recipe(n):
    names = ["transpose", "horizontal_flip", "vertical_flip", "rotate90"]
    for copy in range(100):
        found = [d.transform.name for d in drawn([{"some_of": {"n": n, "transforms": FOUR}}], copy=copy)]
        assert len(set(found)) == n
        assert found == sorted(found, key=names.index)


def test_some_of_picks_each_equally_often():
    found = counts([{"some_of": {"n": 2, "transforms": FOUR}}])
    assert all(within(count, 0.5) for count in found.values())


def test_some_of_draws_its_number():
    steps = [{"some_of": {"n": [1, 3], "transforms": FOUR}}]
    sizes = [len(drawn(steps, copy=copy)) for copy in range(2000)]
    assert all(within(sizes.count(n), 1 / 3) for n in (1, 2, 3))


def test_every_order_is_equally_likely():
    steps = [{"random_order": FOUR[:3]}]
    orders = [tuple(d.transform.name for d in drawn(steps, copy=copy)) for copy in range(2000)]
    assert len(set(orders)) == 6
    assert all(within(orders.count(order), 1 / 6) for order in set(orders))


def test_a_sequence_is_all_its_steps_or_none():
    steps = [{"sequence": {"p": 0.5, "transforms": FOUR}}]
    sizes = [len(drawn(steps, copy=copy)) for copy in range(2000)]
    assert set(sizes) == {0, 4}
    assert within(sizes.count(4), 0.5)


def test_groups_nest():
    inner = {"one_of": {"weight": 3, "transforms": ["transpose", "horizontal_flip"]}}
    found = counts([{"one_of": [inner, "vertical_flip"]}])
    assert within(found["transpose"], 0.375)
    assert within(found["vertical_flip"], 0.25)


# resolving


def test_each_step_is_resolved_for_the_frame_that_it_meets():
    steps = [
        {"resize": {"size": "100x50"}},
        {"rotate90": {"turns": 1}},
        {"crop": {"width": 0.5, "height": 0.5}},
    ]
    assert applied(steps, Frame(8, 8))[-1].params == {
        "x": 0,
        "y": 0,
        "width": 25,
        "height": 50,
        "unit": "pixels",
    }
    assert resolve(drawn(steps), Frame(8, 8))[1] == Frame(25, 50)


def test_only_spatial_steps_change_a_frame():
    assert frame_after(Applied("gaussian_blur", {"sigma": 1.0}), Frame(3, 4)) == Frame(3, 4)
    assert frame_after(Applied("transpose", {}), Frame(3, 4)) == Frame(4, 3)


PINNED = {
    "rotate": {"degrees": 13.805362208654216},
    "color_jitter": {
        "brightness": 0.5458346910476921,
        "contrast": 1.0,
        "saturation": 1.0,
        "hue": -0.027039263924022824,
        "order": ["contrast", "brightness", "saturation", "hue"],
    },
}


def test_where_a_filter_stands_and_not_its_chance_ends_the_warp():
    for filters in (
        {"gaussian_blur": {"sigma": 1, "p": 0}},
        {"one_of": {"p": 0, "transforms": [{"box_blur": {"size": 3}}, {"gamma": {"gamma": 1}}]}},
        {"some_of": {"n": 0, "transforms": [{"gaussian_noise": {"std": 0.1}}]}},
    ):
        steps = [{"rotate": {"degrees": 30}}, filters, {"rotate": {"degrees": -30}}]
        assert [d.transform.name for d in drawn(steps)] == ["rotate", "end_warp", "rotate"]


def test_a_chosen_filter_ends_the_warp_once():
    steps = [{"one_of": [{"gaussian_blur": {"sigma": 1}}, {"box_blur": {"size": 3}}]}]
    names = {tuple(d.transform.name for d in drawn(steps, copy=copy)) for copy in range(1, 30)}
    assert names == {("gaussian_blur",), ("box_blur",)}
