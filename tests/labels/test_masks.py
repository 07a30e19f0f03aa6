"""What the masks of a data set are, what they are written as, and what contradicts it."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from augcli.data import Coding, Item, Mask
from augcli.errors import AugcliError, ImageError
from augcli.labels.mask_kinds import FILLED, find_spec
from augcli.labels.masks import (
    MOST_LOOKED_AT,
    MaskSpec,
    check_threshold,
    look_at,
    looked_at,
    prepared,
    specs_of_json,
    specs_to_json,
)
from augcli.recipe import parse_recipe
from augcli.recipe.options import MaskOutput

BLACK_WHITE = b"\0\0\0\xff\xff\xff" + bytes(762)
ANY = MaskOutput()


def mask(values, mode="L", palette=None, file_format="png"):
    dtype = np.uint16 if mode == "I;16" else np.uint8
    return Mask(np.array(values, dtype), Coding(mode, palette), file_format)


def spec_of(*masks, text="", border="reflect"):
    recipe = parse_recipe(text or "augcli: 1", "recipe.yaml")
    looks = [look_at(m, f"{number}.png") for number, m in enumerate(masks)]
    return find_spec(looks, recipe.input, recipe.output.mask, [FILLED] if border == "constant" else [])


def refusal(function, *args, **options):
    with pytest.raises(AugcliError) as caught:
        function(*args, **options)
    return str(caught.value)


def soft(between):
    """A mask of 0 and 255 with so many values between, one pixel each, in 400."""
    values = np.repeat([0, 255], 200).astype(np.uint8)
    values[:between] = np.arange(1, between + 1)
    return mask(values.reshape(20, 20))


# --- the kind


@pytest.mark.parametrize(
    ("found", "kind", "foreground"),
    [
        (mask([[0, 255]]), "binary", 255),
        (mask([[255, 255]]), "binary", 255),
        (mask([[0, 1]]), "binary", 1),
        (mask([[0, 1]], "1"), "binary", 1),
        (mask([[0, 1]], "P", BLACK_WHITE, "gif"), "binary", 1),
        (mask([[0, 1]], "P", bytes(768)), "index", None),
        (mask([[0, 255]], "P", bytes(768)), "index", None),
        (mask([[0, 1, 2]]), "index", None),
        (mask([[0, 1, 255]]), "index", None),
        (mask([[0, 300, 65535]], "I;16"), "index", None),
        (mask([[[0, 0, 142], [1, 2, 3]]], "RGB"), "rgb", None),
    ],
)
def test_the_kind_is_found_from_mode_and_values(found, kind, foreground):
    spec = spec_of(found)
    assert (spec.kind, spec.foreground) == (kind, foreground)


def test_values_of_all_masks_count_together():
    assert spec_of(mask([[0, 255]]), mask([[0, 7]])).kind == "index"
    assert spec_of(mask([[0, 0]]), mask([[0, 1]])).kind == "binary"


def test_masks_that_are_all_empty_are_an_open_question():
    assert refusal(spec_of, mask([[0]]), mask([[0]])) == (
        "the 2 masks looked at hold only 0; say input: {mask: {kind: binary}} or input: {mask: {kind: index}}"
    )


def test_soft_edges_are_an_open_question():
    assert refusal(spec_of, soft(9)) == (
        "masks of 0, 255 and 9 values between; "
        "say input: {mask: {threshold: 127}} or input: {mask: {kind: index}}"
    )
    assert spec_of(soft(7)).kind == "index"
    assert spec_of(soft(100)).kind == "index"  # a quarter of the pixels is no edge


def test_rgb_among_others_is_refused():
    colors = mask([[[0, 0, 1]]], "RGB")
    expected = "masks of two kinds: 1.png is RGB, 0.png is not; convert the ones or the others"
    assert refusal(spec_of, mask([[0, 1]]), colors) == expected


def test_a_jpeg_mask_needs_a_threshold():
    jpeg = mask([[0, 255]], file_format="jpeg")
    assert refusal(spec_of, jpeg) == (
        "0.png: a JPEG mask: compression has smeared its values; "
        "if the masks are binary say input: {mask: {threshold: 127}}, else save them as PNG"
    )
    assert spec_of(jpeg, text="input: {mask: {threshold: 127}}").kind == "binary"
    late = refusal(prepared, jpeg, MaskSpec("index"), ANY, "a.jpg")
    assert late.startswith("a.jpg: a JPEG mask: compression has smeared its values; ")


def test_one_jpeg_among_exact_masks_says_nothing_about_them():
    jpeg = mask([[0, 1, 7, 250]], file_format="jpeg")
    assert spec_of(mask([[0, 255]]), jpeg).foreground == 255


def test_a_stray_value_in_one_of_many_declared_binary_masks_is_not_their_foreground():
    text = "input: {mask: {kind: binary}}"
    good, empty = mask([[0, 255]]), mask([[0, 0]])
    assert spec_of(good, empty, mask([[0, 254, 255]]), good, text=text).foreground == 255
    assert "these have 1 (0.png), 255 (1.png); " in refusal(spec_of, mask([[0, 1]]), good, empty, text=text)


def test_a_declared_kind_is_taken():
    assert spec_of(mask([[0, 1]]), text="input: {mask: {kind: index}}").kind == "index"
    assert spec_of(mask([[0]]), text="input: {mask: {kind: binary}}").foreground == 255


def test_declared_binary_masks_of_three_values_are_refused():
    assert refusal(spec_of, mask([[0, 1, 2]]), text="input: {mask: {kind: binary}}") == (
        "binary masks have one value besides 0, these have 1 (0.png), 2 (0.png); "
        "say input: {mask: {threshold: N}} or {kind: index}"
    )


def test_a_threshold_that_no_mask_reaches_is_refused():
    spec = spec_of(mask([[0, 1]]), text="input: {mask: {threshold: 108}}")
    assert refusal(check_threshold, [look_at(mask([[0, 108]]), "a")], spec) == (
        "no mask looked at has a value above the threshold 108, the highest is 108; "
        "say input: {mask: {threshold: N}} with a lower one, or leave it out"
    )
    check_threshold([look_at(mask([[0, 1]]), "a"), look_at(mask([[0, 109]]), "b")], spec)
    check_threshold([], spec)


def test_at_most_200_masks_are_looked_at_whatever_else_is_there():
    items = [Item(f"{n:03}", f"{n:03}.jpg", {"mask": f"{n:03}.png"}) for n in range(300)]
    chosen = looked_at(items)
    assert len(chosen) == MOST_LOOKED_AT
    assert chosen == looked_at([Item("bare", "bare.jpg"), *reversed(items)])


# --- fills


def test_the_fill_of_index_masks_is_ignore():
    assert spec_of(mask([[0, 1, 2]]), border="constant").fill == 255
    assert spec_of(mask([[0, 1, 2]]), text="input: {mask: {ignore: 9}}", border="constant").fill == 9


def test_the_fill_of_binary_masks_is_0():
    assert spec_of(mask([[0, 255]]), border="constant").fill == 0


@pytest.mark.parametrize(
    ("found", "text", "message"),
    [
        (
            mask([[0, 1, 2]]),
            "input: {classes: {0: sky, 255: car}}",
            "border: constant would fill masks with 255, which is a class in use; "
            "say input: {mask: {ignore: N}} with a value that no class has",
        ),
        (
            mask([[0, 300]], "I;16"),
            "",
            "border: constant needs to know which value of these 16-bit masks means: no label; "
            "say input: {mask: {ignore: 65535}}",
        ),
        (
            mask([[[0, 0, 1]]], "RGB"),
            "",
            'border: constant needs a colour for RGB masks; say input: {mask: {ignore: "#000000"}}',
        ),
        (
            mask([[[0, 0, 1]]], "RGB"),
            'input: {classes: {car: "#000001"}, mask: {ignore: "#000001"}}',
            "border: constant would fill masks with #000001, which is a class in use; "
            "say input: {mask: {ignore: N}} with a value that no class has",
        ),
    ],
)
def test_a_fill_that_is_missing_or_a_class_is_refused_where_the_border_is_constant(found, text, message):
    assert refusal(spec_of, found, text=text, border="constant") == message
    assert spec_of(found, text=text)  # no other border fills


def test_rgb_masks_are_filled_with_the_declared_colour():
    spec = spec_of(mask([[[1, 2, 3]]], "RGB"), text='input: {mask: {ignore: "#0a0b0c"}}', border="constant")
    assert spec.fill == (10, 11, 12)


# --- one mask


def test_index_masks_are_written_as_they_are():
    one = mask([[0, 5, 300]], "I;16")
    assert prepared(one, MaskSpec("index"), ANY, "a") is one


def test_binary_masks_keep_their_foreground_unless_another_is_wanted():
    one = mask([[0, 1]], "1")
    assert prepared(one, spec_of(one), ANY, "a") is one
    spec = spec_of(one, text="output: {mask: {foreground: 255}}")
    wanted = prepared(one, spec, MaskOutput(foreground=255), "a")
    assert wanted.values.tolist() == [[0, 255]]
    assert wanted.coding == Coding("L")


@given(hnp.arrays(np.uint8, (3, 4)), st.integers(0, 254))
def test_above_a_threshold_is_foreground_and_the_threshold_itself_is_not(values, threshold):
    spec = MaskSpec("binary", 255, 255, threshold)
    written = prepared(Mask(values, Coding("L")), spec, ANY, "a").values
    assert np.array_equal(written == 255, values > threshold)
    assert np.array_equal(written == 0, values <= threshold)


@pytest.mark.parametrize(
    ("one", "spec", "message"),
    [
        (
            mask([[0, 7, 9, 255]]),
            MaskSpec("binary", 255, 255),
            "a.png: binary masks hold 0 and 255, this one also 7, 9; "
            "mend it, or say input: {mask: {threshold: N}} or {kind: index}",
        ),
        (
            mask([[[0, 0, 0]]], "RGB"),
            MaskSpec("index"),
            "a.png: a mask of mode RGB among index masks",
        ),
        (mask([[0]]), MaskSpec("rgb"), "a.png: a mask of mode L among rgb masks"),
        (
            mask([[0]], "P", BLACK_WHITE),
            MaskSpec("binary", 255, 255, 127),
            "a.png: a threshold has no meaning for palette indices",
        ),
        (
            mask([[1]], "1"),
            MaskSpec("binary", 255, 255, 127),
            "a.png: a threshold has no meaning for a 1-bit mask",
        ),
        (
            mask([[[0, 0, 142], [1, 2, 3], [1, 2, 3], [9, 9, 9]]], "RGB"),
            MaskSpec("rgb", colors=((0, 0, 142),)),
            "a.png: 2 colours that no class has, most often #010203 (2 pixels); "
            "declare it under input.classes, or save the mask without smoothing",
        ),
    ],
)
def test_a_mask_that_contradicts_the_others_is_refused_by_name(one, spec, message):
    with pytest.raises(ImageError) as caught:
        prepared(one, spec, ANY, "a.png")
    assert str(caught.value) == message


@pytest.mark.parametrize(
    "spec",
    [
        MaskSpec("binary", 1, 255, 108),
        MaskSpec("rgb", fill=(1, 2, 3), colors=((0, 0, 142), (1, 2, 3))),
    ],
)
def test_a_spec_survives_json(spec):
    assert specs_of_json(json.loads(json.dumps(specs_to_json({"a": spec})))) == {"a": spec}
