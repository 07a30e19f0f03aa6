"""Pipelines that albumentations saved, as recipes: what each transform is here, and what has no equal."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from augcli.commands.convert.parse import Pipeline, parse_pipeline, read_pipeline
from augcli.commands.convert.translate import UnsupportedTransform, translate
from augcli.commands.convert.write import written

__all__ = ["Converted", "Pipeline", "UnsupportedTransform", "convert", "convert_file", "parse_pipeline"]


@dataclass(frozen=True)
class Converted:
    """The text of a recipe, and what of the pipeline is not in it."""

    text: str
    left_out: tuple[UnsupportedTransform, ...]


def convert(pipeline: Pipeline) -> Converted:
    """A saved pipeline as a recipe. Raises AugcliError where it is too deep or too long."""
    translation = translate(pipeline)
    return Converted(written(pipeline, translation), tuple(translation.left_out))


def convert_file(path: Path) -> Converted:
    """The same of a file. Raises AugcliError where it cannot be read or is no pipeline."""
    return convert(read_pipeline(path))
