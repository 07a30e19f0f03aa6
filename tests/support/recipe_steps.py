"""Steps as a recipe writes them, run on pictures in memory: what the tests of the mathematics share."""

import json
from functools import lru_cache
from typing import Any

import numpy as np

from augcli.data import FillValues, Sample
from augcli.geometry import Border, Frame
from augcli.labels.masks import MaskSpec
from augcli.pipeline.augment import Making
from augcli.recipe import Variant, parse_recipe
from augcli.render.draw import Drawn, draw, resolve
from augcli.render.program import Program, build_program
from augcli.render.render import RenderOptions, render
from augcli.transforms.operations import Applied

IGNORE = 255


def variant_of(steps: list[Any], name: str = "aug") -> Variant:
    return _variant(json.dumps({"variants": {name: {"transforms": steps}}}))


@lru_cache(maxsize=64)
def _variant(text: str) -> Variant:
    return parse_recipe(text, "recipe.yaml").variants[0]


def drawn(steps: list[Any], *, key: str = "key", copy: int = 1, seed: int = 0) -> list[Drawn]:
    return draw(variant_of(steps), seed=seed, source=key, copy=copy)


def applied(
    steps: list[Any], frame: Frame, *, mask: Any = None, border: Border = "reflect", **draws: Any
) -> list[Applied]:
    """What steps resolve to; those that look at labels see this mask, or two blocks in the middle."""
    height, width = frame.height, frame.width
    if mask is None:
        mask = np.zeros((height, width), np.uint8)
        mask[height // 4 : height - height // 4, width // 4 : width // 2] = 1
        mask[height // 4 : height - height // 4, width // 2 : width - width // 4] = 2
    kind = "instance" if mask.dtype == np.uint16 else "rgb" if mask.ndim == 3 else "index"
    sample = Sample(np.empty((height, width, 0), np.uint8), {"mask": mask})
    specs = {"mask": MaskSpec(kind, fill=IGNORE)}
    making = Making(parse_recipe("augcli: 1", "recipe.yaml"), sample, border, specs)
    return resolve(drawn(steps, **draws), frame, making.labels_after)[0]


def program_of(steps: list[Any], frame: Frame, border: Border = "reflect", **draws: Any) -> Program:
    return build_program(applied(steps, frame, border=border, **draws), frame, border)


def pixels(
    program: Program,
    image: Any,
    mask: Any = None,
    *,
    fill: tuple[int, int, int] = (0, 0, 0),
    interpolation: str = "linear",
) -> tuple[Any, Any]:
    """A picture (H, W), (H, W, 3) or (H, W, 4), and a mask, through a program; grey stays (H, W)."""
    image = np.asarray(image)
    flat = image.ndim == 2
    sample = Sample(image[..., None] if flat else image, {} if mask is None else {"mask": mask})
    look = RenderOptions(interpolation, fill)  # type: ignore[arg-type]
    result = render(program, sample, look, {"mask": FillValues(IGNORE)}).sample
    return (result.image[..., 0] if flat else result.image), result.masks.get("mask")


def run(
    steps: list[Any],
    image: Any,
    mask: Any = None,
    *,
    border: Border = "reflect",
    fill: tuple[int, int, int] = (0, 0, 0),
    interpolation: str = "linear",
    **draws: Any,
) -> tuple[Any, Any]:
    """A picture and a mask through steps; returns both."""
    height, width = image.shape[:2]
    program = program_of(steps, Frame(width, height), border, mask=mask, **draws)
    return pixels(program, image, mask, fill=fill, interpolation=interpolation)
