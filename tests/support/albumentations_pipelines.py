"""Pipelines of albumentations made, saved and converted in memory: shared by the tests of convert."""

from __future__ import annotations

import json
import warnings
from typing import Any

import albumentations as A  # noqa: N812 - as its users write it
import yaml

from augcli.commands.convert.convert import Converted, convert, parse_pipeline


def quiet(cls: Any, *args: Any, **params: Any) -> Any:
    """A transform, though it announces that it is slow or old."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return cls(*args, **params)


def of_saved(saved: Any) -> Converted:
    return convert(parse_pipeline(json.dumps(saved).encode(), "aug.json"))


def of_class(name: str, version: str = "2.0.8", **params: Any) -> Converted:
    return of_saved({"__version__": version, "transform": {"__class_fullname__": name, "p": 1.0} | params})


def of(*transforms: Any, **options: Any) -> Converted:
    return of_saved(A.to_dict(A.Compose(list(transforms), **options)))


def steps_of(converted: Converted) -> Any:
    return yaml.safe_load(converted.text).get("transforms", [])


def output_of(converted: Converted) -> Any:
    return yaml.safe_load(converted.text).get("output", {})
