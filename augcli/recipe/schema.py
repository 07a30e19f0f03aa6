"""The recipe's JSON Schema (draft 2020-12) for editors, from the fields that validate it."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, models_json_schema

from augcli.recipe.options import GroupOptions, RecipeOptions, SomeOfOptions, VariantOptions, WeightOptions
from augcli.recipe.parse import GROUPS, VARIANT_NAME
from augcli.transforms.base import TRANSFORMS

Schema = dict[str, Any]


class _Untitled(GenerateJsonSchema):
    """Leaves out titles that only repeat a key."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


def recipe_schema() -> Schema:
    """The JSON Schema of a recipe, as plain JSON data."""
    models: list[type[BaseModel]] = [
        RecipeOptions,
        VariantOptions,
        WeightOptions,
        GroupOptions,
        SomeOfOptions,
        *TRANSFORMS.values(),
    ]
    refs, shared = models_json_schema([(model, "validation") for model in models], schema_generator=_Untitled)
    definitions: dict[str, Schema] = dict(shared["$defs"])
    found = {model: definitions.pop(ref["$ref"].rpartition("/")[2]) for (model, _), ref in refs.items()}
    top, variant = found[RecipeOptions], found[VariantOptions]
    definitions |= _step_definitions(found)
    definitions["variant"] = _with(variant, {"transforms": _ref("steps")}, ["transforms"])
    properties = {"transforms": _ref("steps"), **variant["properties"], "variants": _variants()}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "augcli recipe",
        **_with(top, properties, []),
        "not": {"required": ["variants", "transforms"]},
        "$defs": definitions,
    }


def _ref(name: str) -> Schema:
    return {"$ref": f"#/$defs/{name}"}


def _with(schema: Schema, properties: dict[str, Schema], required: list[str]) -> Schema:
    """An object's schema with further properties."""
    both = {"properties": schema.get("properties", {}) | properties}
    needed = [*schema.get("required", []), *required]
    return schema | both | ({"required": needed} if needed else {})


def _variants() -> Schema:
    return {
        "type": "object",
        "description": "copies by name: a list of steps, or copies and transforms",
        "propertyNames": {"pattern": f"^{VARIANT_NAME.pattern}$", "not": {"const": "original"}},
        "additionalProperties": {"anyOf": [_ref("steps"), _ref("variant")]},
    }


def _step_definitions(found: dict[Any, Schema]) -> dict[str, Schema]:
    """Definitions of lists of steps, with and without weights (which only one_of's children have)."""
    weight = found[WeightOptions]["properties"]
    definitions = {cls.name: found[cls] for cls in TRANSFORMS.values()}
    for kind in GROUPS:
        model = SomeOfOptions if kind == "some_of" else GroupOptions
        steps = _ref("weighted_steps" if kind == "one_of" else "steps")
        definitions[kind] = _with(found[model], {"transforms": steps}, ["transforms"])
    plain = _any_step({name: _ref(name) for name in definitions})
    weighted = _any_step({name: _with(schema, weight, []) for name, schema in definitions.items()})
    lists = {"steps": plain, "weighted_steps": weighted}
    return definitions | {
        name: {"type": "array", "description": "steps, in their order", "items": step, "minItems": 1}
        for name, step in lists.items()
    }


def _any_step(parameters: dict[str, Schema]) -> Schema:
    """A bare name, or one name with its parameters."""
    bare = [
        name
        for name, cls in TRANSFORMS.items()
        if not any(f.is_required() for f in cls.model_fields.values())
    ]
    one = {
        "type": "object",
        "properties": {name: _parameters(name, schema, name in bare) for name, schema in parameters.items()},
        "minProperties": 1,
        "maxProperties": 1,
        "additionalProperties": False,
    }
    return {"anyOf": [{"enum": bare}, one]}


def _parameters(name: str, schema: Schema, may_be_empty: bool) -> Schema:
    forms = [schema]
    if may_be_empty:
        forms.append({"type": "null"})
    if name in GROUPS and name != "some_of":
        forms.append(_ref("weighted_steps" if name == "one_of" else "steps"))
    return {"anyOf": forms} if len(forms) > 1 else schema
