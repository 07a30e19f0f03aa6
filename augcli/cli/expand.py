"""The command `augcli expand`."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from augcli.cli import DONE, FAILED
from augcli.cli.options import (
    PATH,
    images_option,
    max_pixels_option,
    override_options,
    plugin_option,
    selection_options,
    workers_option,
)
from augcli.cli.sections import INPUT, OUTPUT, command, option
from augcli.cli.tables import first

if TYPE_CHECKING:
    from augcli.output.report import Report
    from augcli.pipeline.plan import FailedPair


@command()
@click.argument("recipe", type=PATH)
@click.argument("input", type=PATH)
@click.argument("output", type=PATH)
@override_options
@workers_option
@selection_options
@option(
    "--strict",
    section=INPUT,
    is_flag=True,
    help="Images, masks or annotations that do not pair up are an error.",
)
@option(
    "--overwrite",
    section=OUTPUT,
    is_flag=True,
    help="Replace an output of another recipe or of other inputs.",
)
@images_option
@plugin_option
@max_pixels_option
@option(
    "-q", "--quiet", section=OUTPUT, is_flag=True, help="Say nothing but errors and the closing sentence."
)
@option("--json", "as_json", section=OUTPUT, is_flag=True, help="Print the report as JSON.")
def expand(
    recipe: Path,
    input: Path,  # noqa: A002 - the argument's name is what --help shows
    output: Path,
    copies: int | None,
    seed: int | None,
    workers: int | None,
    only: str | None,
    limit: int | None,
    strict: bool,
    overwrite: bool,
    images: Path | None,
    max_pixels: int,
    quiet: bool,
    as_json: bool,
) -> int:
    """Write the data set that RECIPE makes of INPUT to OUTPUT.

    The same command continues an interrupted run and tries failed inputs again. It gives the same bytes,
    whatever the number of workers.

    \b
    Example:
      augcli expand recipe.yaml photos/ augmented/ -n 10 -j 4
    """
    from augcli.cli.progress import Terminal
    from augcli.commands.expand.run import Settings, usable_cpus
    from augcli.commands.expand.run import expand as run
    from augcli.output.report import Progress
    from augcli.pipeline.plan import Selection
    from augcli.recipe import load_recipe, with_overrides

    loaded = with_overrides(load_recipe(recipe), copies=copies, seed=seed)
    settings = Settings(
        workers or usable_cpus(), Selection(only, limit), strict, overwrite, max_pixels, images
    )
    report = run(loaded, input, output, settings, Progress() if quiet else Terminal(recipe=loaded))
    _say_details(report, output)
    if as_json:
        click.echo(json.dumps(report.as_json(), ensure_ascii=False))
    else:
        click.echo(report.sentence())
    return FAILED if report.failed or report.left_out else DONE


def _say_details(report: Report, output: Path) -> None:
    """What was converted, what failed, and what of the labels is not there."""
    from augcli.formats.orphans import missing_images, missing_words

    for note, pairs in report.notes.items():
        click.echo(f"note ({pairs} written): {note}", err=True)
    say_failures(report.failed, output)
    say_lines([f"left out: {line.sentence()}" for line in report.left_out], output)
    if report.dataset and missing_images(report.dataset):
        where = output / "failures.jsonl"
        click.echo(f"note: {missing_words(report.dataset)}: all in {where}", err=True)
    for loss in report.losses:
        click.echo(f"note: {loss}", err=True)


def say_failures(failed: Sequence[FailedPair], output: Path) -> None:
    """Name what failed, one line a reason."""
    from augcli.text import count

    reasons = Counter(failure.sentence() for failure in failed)
    say_lines([f"failed ({count(pairs, 'pair')}): {reason}" for reason, pairs in reasons.items()], output)


def say_lines(lines: Sequence[str], output: Path) -> None:
    """Say the first of some lines, and how many more there are."""
    for line in first(lines, f", all in {output / 'failures.jsonl'}"):
        click.echo(line, err=True)
