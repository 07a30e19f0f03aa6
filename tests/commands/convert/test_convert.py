"""Pipelines of albumentations as recipes: each class, whole texts, and what a file may not be."""

from __future__ import annotations

import inspect
import json
import re
from typing import Any

import albumentations as A  # noqa: N812 - as its users write it
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from support.albumentations_pipelines import of, of_class, of_saved, quiet, steps_of

from augcli.commands.convert.convert import convert, parse_pipeline
from augcli.commands.convert.translate import CONVERTERS
from augcli.commands.convert.unsupported import NO_EQUAL
from augcli.errors import AugcliError
from augcli.recipe import parse_recipe

SAVE = "save one with albumentations.save(transform, 'aug.json')"
HEAD = """\
# Made by augcli convert from aug.json, a pipeline of albumentations 2.0.8.
# True of all steps: neighbouring ones that move pixels are sampled once, every shrink is
# antialiased, and labels are exact. Comments below a step say what else is not the same.

augcli: 1
# keep_original: false  # a pipeline gives no originals: this line leaves them out
"""
SIZED = ("AtLeastOneBBoxRandomCrop", "CenterCrop", "CropNonEmptyMaskIfExists", "RandomCrop", "Resize")
REQUIRED: dict[str, dict[str, Any]] = {
    **{name: {"height": 96, "width": 128} for name in (*SIZED, "RandomSizedBBoxSafeCrop")},
    "RandomResizedCrop": {"size": (96, 128)},
    "RandomSizedCrop": {"min_max_height": (50, 90), "size": (96, 128)},
    "SmallestMaxSize": {"max_size": 100},
    "LongestMaxSize": {"max_size": [100, 120]},
    "CropAndPad": {"percent": (-0.1, 0.1)},
    "GridElasticDeform": {"num_grid_xy": (4, 3), "magnitude": 10},
    "CenterCrop3D": {"size": (8, 8, 8)},
    "RandomCrop3D": {"size": (8, 8, 8)},
    "Pad3D": {"padding": 8},
    "PadIfNeeded3D": {"min_zyx": (8, 8, 8)},
    "TextImage": {"font_path": "font.ttf"},
    "Lambda": {"name": "mine"},
}
NEUTRAL = {"NoOp", "Affine"}  # with their defaults
ABSTRACT = {"BasicTransform", "DualTransform", "ImageOnlyTransform", "Transform3D"}
NOT_SAVED = {"FDA", "HistogramMatching", "PixelDistributionAdaptation"}  # save refuses them
CLASSES = sorted(
    name
    for name, cls in vars(A).items()
    if inspect.isclass(cls) and issubclass(cls, A.BasicTransform) and name not in ABSTRACT | NOT_SAVED
)


def refused(data: bytes) -> str:
    with pytest.raises(AugcliError) as error:
        convert(parse_pipeline(data, "aug.json"))
    return str(error.value)


@pytest.mark.parametrize("name", CLASSES)
def test_every_class_with_its_defaults_is_translated_or_named_with_a_reason(name: str) -> None:
    converted = of(quiet(getattr(A, name), **REQUIRED.get(name, {})))
    parse_recipe(converted.text, "recipe.yaml")
    assert (name in CONVERTERS) == (converted.left_out == ())
    if name not in CONVERTERS:
        (left_out,) = converted.left_out
        assert (left_out.path, left_out.name) == ("transform.transforms[0]", name)
        assert not left_out.reason.startswith("no class")
    else:
        assert bool(steps_of(converted)) == (name not in NEUTRAL)


@pytest.mark.parametrize("name", sorted(NOT_SAVED))
def test_what_is_never_saved_has_a_reason_too(name: str) -> None:
    assert (
        of_class(name).left_out[0].reason
        == "it makes a picture look like others, which a recipe does not hold"
    )


def test_no_class_is_both_translated_and_left_out() -> None:
    assert CONVERTERS.keys() & NO_EQUAL.keys() == set()


NEAREST = [line for reason in NO_EQUAL.values() for line in re.findall(r"\w+: \{[^}]*\}", reason)]


@pytest.mark.parametrize("line", NEAREST)
def test_the_nearest_step_that_a_reason_shows_is_one(line: str) -> None:
    parse_recipe(f"transforms:\n  - {line}\n", "recipe.yaml")


def test_a_whole_recipe() -> None:
    converted = of(
        A.RandomResizedCrop((200, 300), scale=(0.25, 1)),
        A.HorizontalFlip(),
        A.OneOf([A.GaussianBlur(p=0.2), A.ISONoise(p=0.8)], p=0.3),
        A.Rotate((-15, 15), border_mode=2),
        A.Normalize(),
    )
    assert converted.text == HEAD.replace(
        "\n\naugcli",
        "\n#\n# What has no equal here:\n"
        "# - transform.transforms[4]: Normalize: the network's values are not pixels of a file: do this in\n"
        "#   your loader\n\naugcli",
    ) + (
        "copies: 1             # of each source; augcli expand -n 10 makes more\n"
        "transforms:\n"
        "  - random_resized_crop: {size: 300x200, scale: [0.25, 1], ratio: [0.75, 1.333333333333]}\n"
        "  - horizontal_flip: {p: 0.5}\n"
        "  - one_of:\n"
        "      p: 0.3\n"
        "      transforms:\n"
        "        - gaussian_blur: {sigma: [0.5, 3], weight: 0.2}\n"
        "        - iso_noise: {intensity: [0.1, 0.5], color_shift: [0.01, 0.05], weight: 0.8}\n"
        "          # as in 1.4; 2.0.8 lost its factors 255 (counts) and 360 (hue) and hardly shows\n"
        "  - rotate: {degrees: [-15, 15], p: 0.5}\n"
        "  # Normalize is left out\n"
        "\n"
        "output:\n"
        "  border: reflect\n"
    )


def test_a_pipeline_without_chance_has_no_copies() -> None:
    assert of(A.HorizontalFlip(p=1)).text == HEAD + "transforms:\n  - horizontal_flip\n"


def test_a_pipeline_of_which_nothing_is_left_is_a_recipe_of_originals() -> None:
    converted = of(A.Normalize(), A.ToFloat())
    assert "# The pipeline does nothing that a recipe can say.\n  # Normalize is left out\n" in converted.text
    assert parse_recipe(converted.text, "recipe.yaml").variants == ()


def test_what_belongs_to_the_data_set_is_told() -> None:
    text = of(
        A.HorizontalFlip(),
        bbox_params=A.BboxParams("coco"),
        keypoint_params=A.KeypointParams("xy"),
        additional_targets={"mask2": "mask"},
    ).text
    assert (
        "# bbox_params: boxes belong to the data set, not to the recipe; this version does not read them.\n"
        "# keypoint_params: keypoints belong to the data set, not to the recipe; this version does not read\n"
        "# them.\n"
        "# additional_targets: further masks are named under input: {masks: {...}}, and move with the\n"
        "# picture.\n"
    ) in text


@pytest.mark.parametrize(
    "saved_as", ["HorizontalFlip", "albumentations.augmentations.transforms.HorizontalFlip"]
)
def test_modules_before_a_name_are_passed_over(saved_as: str) -> None:
    assert steps_of(of_class(saved_as)) == ["horizontal_flip"]


@pytest.mark.parametrize("data_format", ["json", "yaml"])
def test_both_formats_are_read(data_format: Any, tmp_path: Any) -> None:
    pipeline = A.Compose([A.RandomGamma((70, 130)), A.OneOf([A.Blur(), A.Transpose()])])
    A.save(pipeline, tmp_path / "aug", data_format=data_format)
    converted = convert(parse_pipeline((tmp_path / "aug").read_bytes(), "aug.json"))
    assert converted.text == of(*pipeline.transforms).text


def test_tuples_that_yaml_dump_tags_are_lists() -> None:
    text = yaml.dump(A.to_dict(A.Compose([A.Rotate((-15, 20))])))
    assert "!!python/tuple" in text
    converted = convert(parse_pipeline(text.encode(), "aug.yaml"))
    assert steps_of(converted) == [{"rotate": {"degrees": [-15, 20], "p": 0.5}}]


def test_a_replayed_pipeline_is_read() -> None:
    saved = {"__class_fullname__": "ReplayCompose", "transforms": [], "applied": True, "params": None}
    saved["transforms"] = [{"__class_fullname__": "VerticalFlip", "p": 0.5, "applied": False, "params": None}]
    assert steps_of(of_saved(saved)) == [{"vertical_flip": {"p": 0.5}}]


def test_always_apply_of_1_x_is_a_p_of_1() -> None:
    assert steps_of(of_class("VerticalFlip", "1.3.1", p=0.5, always_apply=True)) == ["vertical_flip"]


# What a file may not be


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", f"aug.json: is empty; {SAVE}"),
        (b"[1]", f"aug.json: is no pipeline: it is a list; {SAVE}"),
        (b"hello", f"aug.json: is no pipeline: it is 'hello'; {SAVE}"),
        (b"{}", f"aug.json: is no pipeline: it has no __class_fullname__; {SAVE}"),
        (b"transforms: [rotate]", f"aug.json: is a recipe already, or no pipeline of albumentations; {SAVE}"),
        (b"x" * (2**20 + 1), "aug.json: a pipeline is at most 1 MiB"),
        (b"{a: 1, a: 2}", "aug.json:1:8: a: the key 'a' is given twice, first in line 1"),
        (b'{"a": ', "aug.json:1:7: not valid YAML: expected the node content, but found '<stream end>'"),
        (b"\xff", "aug.json:1:1: not UTF-8: byte 0xff; save the recipe as UTF-8"),
        (b'{"a":' * 100_000, "aug.json:1:247: more than 50 levels"),
    ],
)
def test_what_is_no_pipeline_is_refused(data: bytes, message: str) -> None:
    assert refused(data) == message


def test_groups_nest_to_twelve_levels() -> None:
    saved: Any = {"__class_fullname__": "HorizontalFlip", "p": 0.5}
    for _ in range(12):
        saved = {"__class_fullname__": "OneOf", "p": 0.5, "transforms": [saved, saved]}
        saved["transforms"][1] = {"__class_fullname__": "Transpose", "p": 0.25}
    assert of_saved(saved).left_out == ()
    deeper = {"__class_fullname__": "OneOf", "p": 0.5, "transforms": [saved]}
    message = f"aug.json: transform{'.transforms[0]' * 13}: a pipeline has at most 12 levels of groups"
    assert refused(json.dumps(deeper).encode()) == message


def test_a_pipeline_has_at_most_a_thousand_transforms() -> None:
    many = {"__class_fullname__": "Compose", "transforms": [{"__class_fullname__": "NoOp"}] * 1000}
    message = "aug.json: transform.transforms[999]: a pipeline has at most 1000 transforms"
    assert refused(json.dumps(many).encode()) == message


@pytest.mark.parametrize(
    ("name", "params", "reason"),
    [
        ("HorizontalFlp", {}, "no class of albumentations that is known here, did you mean HorizontalFlip?"),
        ("Xyz", {}, "no class of albumentations that is known here"),
        ("mine.Smudge", {}, "mine.Smudge is not albumentations' own; a plugin can add it"),
        (
            "albumentations.pytorch.transforms.ToTensorV2",
            {},
            "the network's values are not pixels of a file: do this in your loader",
        ),
        ("Lambda", {}, "code does not go into a recipe: do this in your loader"),
        ("Rotate", {"limit": "x"}, "its parameters are not as albumentations saves them"),
        ("Rotate", {"limit": [1, 2, 3]}, "limit: expected a number or a pair, got [1, 2, 3]"),
        ("Rotate", {"limit": [1, None]}, "limit: expected a number, got nothing"),
        ("Resize", {"width": 5}, "height: expected a whole number of pixels, got nothing"),
        ("Blur", {"blur_limit": [3, 10**9]}, "squares of 1000000001 pixels have no equal: at most 499"),
        ("Rotate", {"p": 2}, "p: expected a number from 0 to 1, got 2"),
        ("OneOf", {"transforms": 3}, "transforms: expected a list, got 3"),
        ("SomeOf", {"transforms": [], "n": 0}, "n: expected a whole number above 0, got 0"),
        (
            "OpticalDistortion",
            {"distort_limit": [-0.9, 0.9]},
            "its numbers are not allowed here: optical_distortion.k: "
            "expected at least -0.3 and at most 1, got -0.9",
        ),
        (
            "Illumination",
            {"mode": "corner"},
            "corner light has no equal: gradient_illumination and vignette are the nearest",
        ),
        ("CropAndPad", {"px": -3}, "write crop, pad or scale steps for what it does"),
        (
            "SmallestMaxSize",
            {"max_size_hw": [3, 4]},
            "max_size_hw has no equal: write resize: {size: ...} or letterbox: {size: ...}",
        ),
        (
            "PadIfNeeded",
            {"pad_height_divisor": 32},
            "padding to a multiple has no equal: write pad_if_needed: {size: ...}",
        ),
        ("Pad", {"padding": [1, 2, 3]}, "padding: expected one, two or four numbers, got [1, 2, 3]"),
        (
            "AdditiveNoise",
            {"noise_type": "beta"},
            "beta noise that is constant has no equal: gaussian_noise is the nearest",
        ),
    ],
)
def test_a_transform_is_left_out_with_a_reason(name: str, params: dict[str, Any], reason: str) -> None:
    (left_out,) = of_class(name, **params).left_out
    assert left_out.reason == reason


def test_names_in_comments_stay_comments() -> None:
    converted = of_class("x\ntransforms: [invert]\n#")
    assert steps_of(converted) == []
    assert "# x\\ntransforms: [invert]\\n# is left out\n" in converted.text


NUMBERS = st.one_of(st.integers(-300, 300), st.floats(), st.none(), st.text(max_size=4), st.booleans())
VALUES = st.recursive(NUMBERS, lambda inner: st.lists(inner, max_size=4), max_leaves=8)
KEYS = sorted({key for name in CLASSES for key in inspect.signature(getattr(A, name)).parameters})
CALLS = st.builds(
    lambda name, params: {"__class_fullname__": name} | params,
    st.sampled_from(sorted({*CONVERTERS, *NO_EQUAL})),
    st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=6),
)
TREES = st.recursive(
    CALLS,
    lambda inner: st.builds(
        lambda name, transforms, params: {"__class_fullname__": name, "transforms": transforms} | params,
        st.sampled_from(["Compose", "OneOf", "SomeOf", "Sequential", "OneOrOther", "RandomOrder"]),
        st.lists(inner, max_size=4),
        st.dictionaries(st.sampled_from(["p", "n", "replace"]), VALUES, max_size=3),
    ),
    max_leaves=8,
)


@settings(deadline=None)
@given(TREES, st.sampled_from(["2.0.8", "1.3.1", "", "x"]))
def test_whatever_was_saved_becomes_a_recipe_that_parses(tree: Any, version: str) -> None:
    converted = of_saved({"__version__": version, "transform": tree})
    parse_recipe(converted.text, "recipe.yaml")
