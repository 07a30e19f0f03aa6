"""The command `augcli init`."""

from __future__ import annotations

from pathlib import Path

import click

from augcli.cli import DONE
from augcli.cli.options import PATH, max_pixels_option, workers_option
from augcli.cli.sections import OUTPUT, command, option

STDOUT = Path("-")


@command()
@click.argument("input", type=PATH)
@option(
    "-o",
    "--output",
    section=OUTPUT,
    type=PATH,
    required=True,
    metavar="RECIPE",
    help="The recipe to write; - prints it.",
)
@option("--force", section=OUTPUT, is_flag=True, help="Write over an existing file.")
@workers_option
@max_pixels_option
def init(
    input: Path,  # noqa: A002 - the argument's name is what --help shows
    output: Path,
    force: bool,
    workers: int | None,
    max_pixels: int,
) -> int:
    """Look at a data set and write a commented first recipe for it.

    Where it can be read in several ways, each is a comment in the recipe: choose one.

    \b
    Example:
      augcli init photos/ -o recipe.yaml
    """
    from augcli.cli.progress import Terminal
    from augcli.commands.check.survey import survey
    from augcli.commands.expand.run import usable_cpus
    from augcli.commands.init import recipe_for_looking, starter, undecided
    from augcli.errors import AugcliError, ChoiceError

    if output != STDOUT and output.exists() and not force:
        raise AugcliError("exists already", where=str(output), hint="name another file, or use --force")
    name = "recipe.yaml" if output == STDOUT else str(output)
    numbers = {"workers": workers or usable_cpus(), "max_pixels": max_pixels}
    try:
        looked = survey(recipe_for_looking(), input, **numbers, images=None, progress=Terminal("source"))
    except ChoiceError as error:
        _write(output, undecided(error, input, name))
        hint = f"remove the # before one of the {len(error.lines)} lines `input:` in {name}"
        click.echo(f"{error.where}: {error.what}; {hint}, then augcli check {name} {input}", err=True)
        return DONE
    _write(output, starter(looked, name))
    if output != STDOUT:
        click.echo(f"{output} written; next: augcli check {output} {input}")
    for refusal in looked.refusals:
        click.echo(f"expand would still refuse: {refusal}", err=True)
    if looked.failures:
        click.echo(
            f"{looked.failing_pairs} of {looked.pairs} sources would fail: augcli check names them", err=True
        )
    return DONE


def _write(output: Path, text: str) -> None:
    from augcli.output.store import Store

    if output == STDOUT:
        click.echo(text, nl=False)
    else:
        Store(output.parent).replace(output.name, text.encode())
