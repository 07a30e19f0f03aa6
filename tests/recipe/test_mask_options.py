"""`input.masks`, `input.pairs` and what the recipe says of each mask."""

import json

import pytest

from augcli.errors import RecipeError
from augcli.recipe import parse_recipe
from augcli.recipe.mask_options import MaskOptions
from augcli.recipe.schema import recipe_schema

BY_NAME = "expected a folder, a pattern or masks by name, like {cells: cells, depth: depth}"
CONFLICT = "would show objects twice that are labelled once: use constant or auto"


def recipe(section: str, rest: str = ""):
    return parse_recipe(f"input: {section}\n{rest}", "r")


def said(section: str, rest: str = "") -> list[str]:
    with pytest.raises(RecipeError) as caught:
        recipe(section, rest)
    return [line.removeprefix("r:") for line in str(caught.value).split("\n")]


def test_masks_by_name_may_be_text_alone():
    short, long = "{masks: {a: x, b: {path: y}}}", "{masks: {a: {path: x}, b: y}}"
    assert recipe(short).input == recipe(long).input
    assert recipe(short).input.named_masks["a"].path == "x"


def test_a_resolved_recipe_with_masks_is_a_recipe_of_the_same_digest():
    before = recipe("{layout: pattern, images: '{i}.png', masks: {a: {path: '{i}/*', kind: instance}}}")
    assert parse_recipe(json.dumps(before.resolved()), "r").digest() == before.digest()


def test_a_mask_says_what_the_section_mask_leaves_open():
    section = (
        "{mask: {ignore: 9}, masks: {a: x, b: {path: y, kind: index, ignore: 3}, c: {path: z, kind: image}}}"
    )
    options = recipe(section).input
    assert options.mask_of("a") == MaskOptions(ignore=9)
    assert options.mask_of("b") == MaskOptions(kind="index", ignore=3)
    assert options.mask_of("c") == MaskOptions(kind="image")


def test_a_threshold_of_its_own_makes_a_mask_binary():
    options = recipe("{mask: {kind: index}, masks: {a: {path: x, threshold: 7}}}").input
    assert options.mask_of("a") == MaskOptions(kind="binary", threshold=7)


def test_a_threshold_for_all_is_for_those_that_may_be_binary():
    options = recipe("{mask: {threshold: 7}, masks: {a: {path: x, kind: index}, b: y}}").input
    assert (options.mask_of("a").threshold, options.mask_of("b").threshold) == (None, 7)


def test_a_colour_to_ignore_is_for_rgb_masks_alone():
    options = recipe('{mask: {ignore: "#000000"}, masks: {a: {path: x, kind: index}, b: y}}').input
    assert (options.mask_of("a").ignore, options.mask_of("b").ignore) == (None, "#000000")


@pytest.mark.parametrize(
    ("section", "line"),
    [
        (
            "{layout: pattern}",
            '1:8: input: layout: pattern needs images: and a pattern, like "{id}.jpg", or pairs:',
        ),
        ("{pairs: p.csv}", "1:8: input: pairs goes with layout: pattern, not with layout: auto"),
        (
            "{layout: pattern, pairs: p.csv, images: x}",
            "1:8: input: images and pairs: the file p.csv names them, leave images out",
        ),
        (
            "{layout: pattern, pairs: p.csv, masks: x}",
            "1:8: input: masks and pairs: the file p.csv names them, leave their paths out",
        ),
        (
            "{layout: pattern, pairs: p.csv, masks: {a: x}}",
            "1:8: input: masks and pairs: the file p.csv names them, leave their paths out",
        ),
        ("{masks: {}}", f"1:16: input.masks: {BY_NAME}, got an empty mapping"),
        ("{masks: [a]}", f"1:16: input.masks: {BY_NAME}, got a list"),
        ("{masks: {a: 3}}", "1:20: input.masks.a: expected a mapping of keys to values, got 3"),
        ("{masks: {1: a}}", "1:20: input.masks[1]: expected text (put a number in quotes), got 1"),
        (
            "{masks: {Cells: a}}",
            "1:24: input.masks.Cells: a mask's name is lower-case letters, digits and _, like nuclei_2, "
            "got 'Cells'",
        ),
        (
            "{masks: {image: a}}",
            "1:24: input.masks.image: the name image is taken: choose another, for example image_mask",
        ),
        (
            "{masks: {a_sha256: a}}",
            "1:27: input.masks.a_sha256: the name a_sha256 is taken: "
            "choose another, for example a_sha256_mask",
        ),
        (
            "{masks: {a: {path: x, kindd: index}}}",
            "1:30: input.masks.a.kindd: unknown key 'kindd', did you mean kind?; "
            "allowed here: path, kind, threshold, ignore, optional, join",
        ),
        (
            "{masks: {a: {path: x, kind: foo}}}",
            "1:36: input.masks.a.kind: expected auto, index, binary, rgb, instance or image, got 'foo'",
        ),
        ("{masks: {a: {path: 5}}}", "1:27: input.masks.a.path: expected a path below the input, got 5"),
        (
            "{masks: {a: {path: ../x}}}",
            "1:27: input.masks.a.path: expected a path below the input, got '../x'",
        ),
        ("{masks: {a: {kind: index}}}", "1:8: input: masks.a needs a path, for example {a: {path: a}}"),
        (
            "{masks: {a: {path: x, kind: image, threshold: 5}}}",
            "1:20: input.masks.a: threshold goes with kind: binary, not with kind: image",
        ),
        (
            "{mask: {kind: instance, threshold: 5}}",
            "1:15: input.mask: threshold goes with kind: binary, not with kind: instance",
        ),
        (
            "{mask: {kind: instance, ignore: 255}}",
            "1:15: input.mask: ignore has no meaning for kind: instance: instances are filled with 0",
        ),
        (
            "{mask: {kind: image, ignore: 255}}",
            "1:15: input.mask: ignore has no meaning for kind: image: it is filled with 0",
        ),
        (
            "{images: '{id}/x', masks: m}",
            "1:8: input: images: {id} in {id}/x goes with layout: pattern",
        ),
        ("{masks: {a: 'x/*'}}", "1:8: input: masks.a: * in x/* goes with layout: pattern"),
        (
            "{masks: {a: {path: x, kind: instance, join: false}}}",
            "1:8: input: masks.a: join: false goes with kind: instance and a * in its path",
        ),
        (
            "{layout: pattern, images: '{i}.png', masks: {a: {path: '{i}/*', join: false}}}",
            "1:8: input: masks.a: join: false goes with kind: instance and a * in its path",
        ),
    ],
)
def test_mistakes_in_masks(section, line):
    assert said(section) == [line]


@pytest.mark.parametrize("border", ["reflect", "replicate", "wrap"])
def test_mirrored_instances_are_refused(border):
    line = f"2:18: output.border: {border} {CONFLICT}"
    assert said("{masks: {a: {path: x, kind: instance}}}", f"output: {{border: {border}}}") == [line]
    assert said("{mask: {kind: instance}}", f"output: {{border: {border}}}") == [line]


def test_mirrored_class_maps_and_pictures_are_allowed():
    section = "{mask: {kind: instance}, masks: {a: {path: x, kind: index}, b: {path: y, kind: image}}}"
    assert not recipe(section, "output: {border: reflect}").input.has_instances


def test_mistakes_in_annotations():
    assert said("", "output: {annotations: {min_area: -1, renumber: maybe}}") == [
        "2:34: output.annotations.min_area: expected a number of at least 0, got -1",
        "2:48: output.annotations.renumber: expected true or false, got 'maybe'",
    ]


def test_the_schema_knows_the_keys_of_a_mask():
    schema = recipe_schema()
    masks = schema["$defs"]["InputOptions"]["properties"]["masks"]["anyOf"][1]
    entry = masks["additionalProperties"]["anyOf"][1]
    assert list(entry["properties"]) == ["path", "kind", "threshold", "ignore", "optional", "join"]
    assert all(field["description"] for field in entry["properties"].values())
