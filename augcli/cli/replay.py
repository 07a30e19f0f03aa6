"""The command `augcli replay`."""

from __future__ import annotations

from pathlib import Path

import click

from augcli.cli import DONE, FAILED
from augcli.cli.options import PATH, max_pixels_option, plugin_option
from augcli.cli.sections import INPUT, OUTPUT, command, option


@command()
@click.argument("output", type=PATH)
@click.argument("file_name")
@option(
    "-o",
    "--to",
    "folder",
    section=OUTPUT,
    type=PATH,
    metavar="DIR",
    required=True,
    help="Where to write the pair.",
)
@option("--input", "source", section=INPUT, type=PATH, metavar="DIR", help="The data set that was expanded.")
@plugin_option
@max_pixels_option
def replay(output: Path, file_name: str, folder: Path, source: Path | None, max_pixels: int) -> int:
    """Make one pair of OUTPUT again, bit for bit, and say whether it is equal.

    FILE_NAME is that of its image or of a mask, as in the manifest. The pair is made from its manifest line,
    the recipe in dataset.json and the sources: those of --input, else the originals in OUTPUT, if they have
    the same bytes. With other versions than those that wrote OUTPUT the pair is still made, and what differs
    is said. Ends with 0 if all files are equal, with 1 if not. Nothing is overwritten.

    The annotations of a COCO pair are written beside it, into files that hold only this pair, and compared
    with those of OUTPUT. They are made from those of --input, else from those of the original in OUTPUT.

    \b
    Example:
      augcli replay augmented/ images/a__jitter-1.jpg -o again/
    """
    from augcli.commands.replay.replay import replay as run
    from augcli.errors import printable

    found = run(output, file_name, folder, source=source, max_pixels=max_pixels)
    for line in found.lines():
        click.echo(printable(line))
    return DONE if found.is_equal else FAILED
