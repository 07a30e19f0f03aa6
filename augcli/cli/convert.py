"""The command `augcli convert`."""

from __future__ import annotations

from pathlib import Path

import click

from augcli.cli import DONE, FAILED
from augcli.cli.options import PATH
from augcli.cli.sections import OUTPUT, command, option

STDOUT = Path("-")


@command()
@click.argument("pipeline", type=PATH)
@option(
    "-o",
    "--output",
    section=OUTPUT,
    type=PATH,
    default=STDOUT,
    metavar="RECIPE",
    help="The recipe to write; default: print it.",
)
@option("--force", section=OUTPUT, is_flag=True, help="Write over an existing file.")
def convert(pipeline: Path, output: Path, force: bool) -> int:
    """Write the recipe that says what a saved PIPELINE of albumentations says.

    PIPELINE is JSON or YAML, by albumentations.save. Comments in the recipe say what is not the same here.
    Ends with 1 if something has no equal and was left out; each is named.

    \b
    Example:
      augcli convert aug.json -o recipe.yaml
    """
    from augcli.commands.convert.convert import convert_file
    from augcli.errors import AugcliError, printable
    from augcli.output.store import Store

    if output != STDOUT and output.exists() and not force:
        raise AugcliError("exists already", where=str(output), hint="name another file, or use --force")
    converted = convert_file(pipeline)
    if output == STDOUT:
        click.echo(converted.text, nl=False)
    else:
        Store(output.parent).replace(output.name, converted.text.encode())
        click.echo(f"{output} written; next: augcli check {output}")
    for left_out in converted.left_out:
        click.echo(printable(f"{pipeline}: left out: {left_out}"), err=True)
    return FAILED if converted.left_out else DONE
