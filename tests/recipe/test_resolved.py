"""A recipe as resolved is a recipe that means the same: every step and option, in each of its forms."""

import json

import pytest
import yaml
from pydantic import BaseModel, ValidationError
from support.paths import ROOT

from augcli.errors import RecipeError
from augcli.recipe import load_recipe, parse_recipe
from augcli.recipe.label_map_options import PixelMapOutput
from augcli.recipe.mask_options import MaskOptions, NamedMask
from augcli.recipe.options import (
    AcceptOptions,
    AnnotationOutput,
    ImageOutput,
    InputOptions,
    MaskOutput,
    OutputOptions,
)
from augcli.transforms import TRANSFORMS

RECIPES = sorted(ROOT.glob("recipes/**/*.yaml"))
NUMBERS = [0, 1, 2, 3, 5, 21, 64, 0.2, 0.5, -0.1, 1.5, 6500]
PAIRS = [[0, 0], [0, 1], [1, 2], [0.1, 0.2], [-0.1, 0.1], [3, 5], [64, 80]]
FORMS = [
    *({"limit": number} for number in (0, 0.1, 2)),
    *({"choice": chosen} for chosen in ([1], [1, 2], [0.1, 0.25], [3, 5])),
    *({"normal": pair} for pair in ([0, 1], [1, 0.1], [4, 1])),
    *({"log_uniform": pair} for pair in ([1, 2], [0.1, 0.2], [3, 5])),
]
TEXTS = [
    None,
    True,
    False,
    "256",
    "9x7",
    "3x3",
    "#010203",
    [1, 2, 3],
    [0, 1, 2, 3],
    [[0, 0], [1, 1]],
    {"x": 0.1},
    0.01,
]
ANYTHING = [*NUMBERS, *PAIRS, *FORMS, *TEXTS]


def assert_resolved_is_the_same(data):
    read = parse_recipe(json.dumps(data), "r")
    again = parse_recipe(json.dumps(read.resolved()), "r")
    assert again.resolved() == read.resolved()
    assert [one.resolved() for one in again.variants] == [one.resolved() for one in read.variants]
    assert parse_recipe(yaml.safe_dump(read.resolved()), "r").resolved() == read.resolved()


def words(schema):
    """All words that a JSON Schema allows somewhere."""
    if isinstance(schema, dict):
        found = [*schema.get("enum", []), *([schema["const"]] if "const" in schema else [])]
        return found + [word for inner in schema.values() for word in words(inner)]
    return [word for inner in schema for word in words(inner)] if isinstance(schema, list) else []


def takes(model, parameters):
    try:
        model.model_validate(parameters)
    except ValidationError:
        return False
    return True


def variations(model, example):
    """An example, and what the model takes with one key of it, or one alone, said in another form."""
    found = [example]
    schema = model.model_json_schema()
    for key in model.model_fields:
        values = [*ANYTHING, *words(schema["properties"].get(key, {})), *words(schema.get("$defs", {}))]
        found += [base | {key: value} for value in values for base in ({}, example)]
    unlike = {json.dumps(one): one for one in found}.values()
    return [one for one in unlike if takes(model, one)]


@pytest.mark.parametrize("name", sorted(TRANSFORMS))
def test_every_step_in_each_form(name):
    model = TRANSFORMS[name]
    example = yaml.safe_load(model.example or name)
    found = variations(model, example[name] if isinstance(example, dict) else {})
    assert {key for one in found for key in one} == set(model.model_fields)
    steps = [{name: one} for one in found]
    if name == "tiles":  # which stands first in its variant
        variants = {f"v{number}": {"transforms": [step]} for number, step in enumerate(steps)}
        assert_resolved_is_the_same({"variants": variants})
    else:
        assert_resolved_is_the_same({"transforms": steps})


@pytest.mark.parametrize(
    "step",
    [
        {"one_of": [{"rotate": {"degrees": 5, "weight": 2}}, "horizontal_flip"]},
        {"one_of": {"p": 0.5, "transforms": [{"pad": {"size": 99}}, {"sequence": ["vertical_flip"]}]}},
        {"some_of": {"n": 1, "transforms": ["transpose", {"hue": {"shift": 0.1, "p": 0}}]}},
        {"some_of": {"n": [0, 2], "p": 0.25, "transforms": ["transpose", "horizontal_flip"]}},
        {"random_order": ["transpose", "horizontal_flip"]},
        {"sequence": {"p": 0.5, "transforms": ["transpose"]}},
    ],
)
def test_every_group_in_each_form(step):
    assert_resolved_is_the_same({"transforms": [step]})


@pytest.mark.parametrize("path", RECIPES, ids=[path.stem for path in RECIPES])
def test_every_recipe_that_comes_with_augcli(path):
    read = load_recipe(path)
    assert parse_recipe(json.dumps(read.resolved()), "r").resolved() == read.resolved()


LAYOUTS = words(InputOptions.model_json_schema()["properties"]["layout"])
INPUT = [
    *({"layout": layout} for layout in LAYOUTS if layout != "pattern"),
    {"layout": "folders", "images": "images/", "masks": "masks"},
    {"layout": "folders", "masks": {"a": "x", "b": {"path": "y", "kind": "image", "optional": True}}},
    {"layout": "pattern", "images": "{i}.png", "masks": "{i}_m.png"},
    {
        "layout": "pattern",
        "images": "{i}.png",
        "masks": {"a": {"path": "{i}/*", "kind": "instance", "join": False}, "b": {"path": "b/{i}.png"}},
    },
    {"layout": "pattern", "pairs": "pairs.csv", "masks": {"a": {"threshold": 7}, "b": {"ignore": 3}}},
    {"layout": "coco", "annotations": "annotations/a.json", "images": "pictures", "mirror": [["a", "b"]]},
    {"layout": "suffix", "suffix": "_m"},
    {"expand": ["train", "val"], "group": "{car}_{view}"},
    {"expand": ["val"], "group": "^(a+)"},
    {"classes": ["a", "b"]},
    {"classes": {0: "a", 7: "7"}, "mask": {"kind": "index", "ignore": 255}},
    {"classes": {"car": "#00008e", "7": "#010203"}, "mask": {"kind": "rgb", "ignore": "#000000"}},
    {"mask": {"kind": "binary", "threshold": 108}, "image": {"range": [0, 4095]}},
    {"image": {"range": [-1.5, 1]}, "pages": "together"},
    {"pages": "each"},
]
OUTPUT = [
    *({"layout": layout} for layout in words(OutputOptions.model_json_schema()["properties"]["layout"])),
    *({"size": 9, "fit": fit} for fit in ("stretch", "letterbox", "crop")),
    *({"border": border} for border in ("auto", "reflect", "replicate", "wrap", "constant")),
    *({"fill": fill} for fill in (7, "#010203", [1, 2, 3])),
    *({"interpolation": kernel} for kernel in ("linear", "cubic", "lanczos")),
    *({"image": {"format": kind}} for kind in ("same", "jpeg", "png", "webp", "tiff")),
    *({"image": {"quality": 60, "subsampling": how}} for how in (420, "422", 444)),
    {"mask": {"format": "png", "foreground": 1}},
    {"annotations": {"min_area": 9, "min_visibility": 0.1, "boxes": "ellipse", "renumber": True}},
    *({"pixelmaps": kind} for kind in ("semantic", "instance", "panoptic", None)),
    {"pixelmaps": {"kind": "semantic", "space": "file", "on_overlap": "last", "crowd": "include"}},
    {"originals": "hardlink", "also": ["yolo-boxes", "huggingface"]},
    {"size": "384x192", "also": ["voc"]},
]
ACCEPT = [
    {"min_foreground": 0.1, "classes": ["a", 7], "in_mask": "m", "tries": 3},
    {"min_foreground": 0, "max_filled": 1},
]


@pytest.mark.parametrize("said", [{"input": one} for one in INPUT] + [{"output": one} for one in OUTPUT])
def test_every_option_in_each_form(said):
    assert_resolved_is_the_same({"transforms": ["horizontal_flip"], **said})


@pytest.mark.parametrize("accept", ACCEPT)
def test_what_a_copy_has_to_be_like_in_each_form(accept):
    variant = {"copies": 2, "accept": accept, "transforms": [{"rotate": {"degrees": {"limit": 9}}}]}
    assert_resolved_is_the_same({"variants": {"a": variant}, "output": {"border": "constant"}})


def keys(said):
    """The keys of a section and of those below it, and of each of the masks."""
    for key, value in said.items():
        yield key
        if isinstance(value, dict) and key not in ("classes", "masks"):
            yield from keys(value)
        for mask in value.values() if key == "masks" and isinstance(value, dict) else ():
            yield from keys(mask) if isinstance(mask, dict) else ()


def test_no_option_is_missing_here():
    sections: dict[str, tuple[list[dict], list[type[BaseModel]]]] = {
        "input": (INPUT, [InputOptions, MaskOptions, NamedMask]),
        "output": (OUTPUT, [OutputOptions, ImageOutput, MaskOutput, AnnotationOutput, PixelMapOutput]),
        "accept": (ACCEPT, [AcceptOptions]),
    }
    for said, models in sections.values():
        tried = {key for one in said for key in keys(one)}
        assert {key for model in models for key in model.model_fields} <= tried


def test_pad_takes_a_size_or_sides():
    message = "pad takes size, or any of left, top, right, bottom"
    for said in ({}, {"size": 9, "left": 1}, {"size": 9, "bottom": [0, 2]}):
        with pytest.raises(RecipeError) as caught:
            parse_recipe(json.dumps({"transforms": [{"pad": said}]}), "r")
        assert str(caught.value).endswith(message)
