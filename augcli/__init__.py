"""augcli: expands a labelled image data set on disk, label-true, from a YAML recipe.

recipe = augcli.load_recipe("recipe.yaml")
image, mask = recipe.apply(image, mask, key="cars/0cdf5b5d0ce1_01", variant="jitter", copy=3)
sample = recipe.apply(augcli.Sample(image, objects=augcli.Objects(boxes=boxes)), key="a", variant="jitter")
augcli.expand(recipe, "in", "out")
records = augcli.read_manifest("out")
damages = augcli.verify("out").damages
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from augcli.errors import AugcliError, DatasetError, ImageError, OutputError, RecipeError

if TYPE_CHECKING:
    from augcli.api import expand, load_recipe, read_manifest, replay, verify
    from augcli.commands.replay.replay import Replayed
    from augcli.commands.verify.verify import Verified
    from augcli.data import Objects, PixelFormat, Sample
    from augcli.manifest import Record
    from augcli.output.report import Report
    from augcli.recipe import Recipe

__all__ = [
    "AugcliError",
    "DatasetError",
    "ImageError",
    "Objects",
    "OutputError",
    "PixelFormat",
    "Recipe",
    "RecipeError",
    "Record",
    "Replayed",
    "Report",
    "Sample",
    "Verified",
    "expand",
    "load_recipe",
    "read_manifest",
    "replay",
    "verify",
]


def __getattr__(name: str) -> Any:
    """Import the API when it is first used: `augcli --help` needs none of it."""
    if name in __all__:
        from augcli import api

        return getattr(api, name)
    raise AttributeError(f"module 'augcli' has no attribute '{name}'")


def __dir__() -> list[str]:
    """All public names, those too that were not used yet."""
    return sorted({*globals(), *__all__})
