"""The JSON Schema describes every field, accepts what the parser accepts, and refuses what it refuses."""

import json
import re
from typing import Any

import pytest
import yaml
from support.recipe_texts import DESIGN

from augcli.recipe import parse_recipe, recipe_schema
from augcli.recipe.parse import examples
from augcli.transforms import TRANSFORMS

SCHEMA = recipe_schema()
TYPES: dict[str, Any] = {
    "object": dict,
    "array": list,
    "string": str,
    "integer": int,
    "number": (int, float),
    "null": type(None),
    "boolean": bool,
}
DECORATION = {"$schema", "$defs", "title", "description", "default"}


def fits(value: Any, schema: dict[str, Any]) -> bool:
    """Whether a value fits, by the part of JSON Schema that the recipe's uses; any other keyword fails."""
    return all(_RULES[key](value, schema[key], schema) for key in schema.keys() - DECORATION)


def is_type(value: Any, names: Any, _: Any) -> bool:
    names = [names] if isinstance(names, str) else names
    return any(isinstance(value, TYPES[n]) and (n == "boolean") == isinstance(value, bool) for n in names)


def known(value: Any, schema: dict[str, Any]) -> bool:
    patterns = schema.get("patternProperties", {})
    rest = [
        inner
        for key, inner in value.items()
        if key not in schema.get("properties", {}) and not any(re.search(p, key) for p in patterns)
    ]
    further = schema["additionalProperties"]
    return not rest if further is False else all(fits(inner, further) for inner in rest)


def number(value: Any) -> bool:
    return isinstance(value, int | float)


_RULES: dict[str, Any] = {
    "$ref": lambda v, ref, _: fits(v, SCHEMA["$defs"][ref.removeprefix("#/$defs/")]),
    "anyOf": lambda v, forms, _: any(fits(v, form) for form in forms),
    "not": lambda v, form, _: not fits(v, form),
    "type": is_type,
    "enum": lambda v, words, _: v in words,
    "const": lambda v, word, _: v == word,
    "properties": lambda v, props, _: (
        not isinstance(v, dict) or all(fits(v[k], props[k]) for k in v if k in props)
    ),
    "patternProperties": lambda v, props, _: (
        not isinstance(v, dict)
        or all(fits(v[k], form) for p, form in props.items() for k in v if re.search(p, k))
    ),
    "additionalProperties": lambda v, _, schema: not isinstance(v, dict) or known(v, schema),
    "propertyNames": lambda v, form, _: not isinstance(v, dict) or all(fits(k, form) for k in v),
    "required": lambda v, names, _: not isinstance(v, dict) or all(n in v for n in names),
    "minProperties": lambda v, n, _: not isinstance(v, dict) or len(v) >= n,
    "maxProperties": lambda v, n, _: not isinstance(v, dict) or len(v) <= n,
    "items": lambda v, form, _: not isinstance(v, list) or all(fits(i, form) for i in v),
    "prefixItems": lambda v, forms, _: not isinstance(v, list) or all(map(fits, v, forms)),
    "minItems": lambda v, n, _: not isinstance(v, list) or len(v) >= n,
    "maxItems": lambda v, n, _: not isinstance(v, list) or len(v) <= n,
    "minLength": lambda v, n, _: not isinstance(v, str) or len(v) >= n,
    "pattern": lambda v, p, _: not isinstance(v, str) or bool(re.search(p, v)),
    "minimum": lambda v, n, _: not number(v) or v >= n,
    "maximum": lambda v, n, _: not number(v) or v <= n,
    "exclusiveMinimum": lambda v, n, _: not number(v) or v > n,
}


def as_json(text: str) -> Any:
    """A recipe as JSON data: keys are text."""
    return json.loads(json.dumps(yaml.safe_load(text)))


def test_it_is_plain_json_of_draft_2020_12() -> None:
    assert json.loads(json.dumps(SCHEMA)) == SCHEMA
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"


def test_the_example_and_its_resolved_form_fit() -> None:
    assert fits(as_json(DESIGN), SCHEMA)
    assert fits(parse_recipe(DESIGN, "r").resolved(), SCHEMA)


@pytest.mark.parametrize("line", examples().values())
def test_every_example_of_a_step_fits(line: str) -> None:
    assert fits({"transforms": [yaml.safe_load(line)]}, SCHEMA)


@pytest.mark.parametrize(
    "text",
    [
        "seed: -1",
        "augcli: 2",
        "sead: 1",
        "transforms: []",
        "transforms: [xyz]",
        "transforms: [rotate]",
        "transforms: [rotate: {}]",
        "transforms: [rotate: {degree: 5}]",
        "transforms: [rotate: {degrees: five}]",
        "transforms: [transpose: {p: 2}]",
        "transforms: [transpose: {weight: 2}]",
        "transforms: [{transpose: {}, rotate90: {}}]",
        "transforms: [one_of: [transpose: {weight: 0}]]",
        "transforms: [some_of: [transpose]]",
        "transforms: [center_crop: {size: [3, 4]}]",
        "{variants: {a: [transpose]}, transforms: [transpose]}",
        "variants: {original: [transpose]}",
        "variants: {Flip: [transpose]}",
        "variants: {a: {copies: 0, transforms: [transpose]}}",
        "output: {fill: 256}",
        "output: {fit: fill}",
        "output: {image: {quality: 0}}",
        "input: {classes: {car: red}}",
        "input: {expand: []}",
    ],
)
def test_what_the_parser_refuses_does_not_fit(text: str) -> None:
    assert not fits(as_json(text), SCHEMA)


@pytest.mark.parametrize(
    "text",
    [
        "transforms: [transpose, transpose: , one_of: [transpose: {weight: 2, p: 0.5}]]",
        "transforms: [one_of: [sequence: {weight: 2, transforms: [transpose]}]]",
        "transforms: [some_of: {n: [0, 1], transforms: [transpose]}]",
        "output: {size: 384x192, fill: '#010203'}",
        "input: {classes: {car: '#00008e'}, mask: {ignore: null}}",
        "input: {classes: [background, car]}",
    ],
)
def test_what_the_parser_accepts_fits(text: str) -> None:
    assert parse_recipe(text, "r")
    assert fits(as_json(text), SCHEMA)


@pytest.mark.parametrize("name", TRANSFORMS)
def test_every_transform_and_each_of_its_fields_is_described(name: str) -> None:
    schema = SCHEMA["$defs"][name]
    assert schema["properties"].keys() == TRANSFORMS[name].model_fields.keys()
    assert all(field.get("description") for field in schema["properties"].values())
    assert schema["description"]


def test_every_section_describes_its_fields() -> None:
    sections = [
        "InputOptions",
        "MaskOptions",
        "ImageRange",
        "OutputOptions",
        "ImageOutput",
        "MaskOutput",
        "variant",
    ]
    fields = [field for name in sections for field in SCHEMA["$defs"][name]["properties"].items()]
    undescribed = [key for key, field in fields if not field.get("description")]
    assert undescribed == ["transforms"]
