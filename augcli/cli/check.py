"""The command `augcli check`."""

from __future__ import annotations

import json
from pathlib import Path

import click

from augcli.cli import DONE, FAILED, REFUSED
from augcli.cli.options import PATH, images_option, max_pixels_option, plugin_option, workers_option
from augcli.cli.sections import INPUT, OUTPUT, command, option


@command()
@click.argument("recipe", type=PATH)
@click.argument("input", type=PATH, required=False)
@workers_option
@option(
    "--strict",
    section=INPUT,
    is_flag=True,
    help="Images, masks or annotations that do not pair up are an error.",
)
@images_option
@plugin_option
@max_pixels_option
@option("--json", "as_json", section=OUTPUT, is_flag=True, help="Print the same as one JSON object.")
def check(
    recipe: Path,
    input: Path | None,  # noqa: A002 - the argument's name is what --help shows
    workers: int | None,
    strict: bool,
    images: Path | None,
    max_pixels: int,
    as_json: bool,
) -> int:
    """Say what is wrong or odd in RECIPE, and what INPUT holds. Writes nothing.

    All files of INPUT are decoded, all masks and annotations are counted. Ends with 0 if expand would make
    every pair, with 1 if some would fail or annotations would be left out, with 2 if it would refuse.

    \b
    Example:
      augcli check recipe.yaml photos/
    """
    from augcli.cli.check_text import as_data, refusals_of, text
    from augcli.cli.progress import Terminal
    from augcli.commands.check.survey import survey
    from augcli.commands.expand.run import usable_cpus
    from augcli.recipe import load_recipe

    if strict and input is None:
        raise click.UsageError("--strict is about the data set: name INPUT")
    loaded = load_recipe(recipe)
    looked = None
    if input:
        numbers = {"workers": workers or usable_cpus(), "max_pixels": max_pixels}
        looked = survey(loaded, input, **numbers, images=images, progress=Terminal("source"))
    refusals = refusals_of(looked, strict) if looked else []
    data = as_data(loaded, looked, refusals) if as_json else None
    click.echo(json.dumps(data, ensure_ascii=False) if data else text(loaded, looked, refusals))
    for refusal in refusals:
        click.echo(f"augcli: {refusal}", err=True)
    if refusals:
        return REFUSED
    return FAILED if looked and (looked.failures or looked.left_out) else DONE
