"""The command `augcli schema`."""

from __future__ import annotations

import json

import click

from augcli.cli.options import plugin_option
from augcli.cli.sections import command


@command()
@plugin_option
def schema() -> None:
    """Print the JSON Schema of the recipe language, for editors.

    \b
    Example:
      augcli schema > recipe.schema.json
    """
    from augcli.recipe import recipe_schema

    click.echo(json.dumps(recipe_schema(), indent=2, ensure_ascii=False))
