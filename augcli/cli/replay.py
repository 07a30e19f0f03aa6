"""The command `augcli replay`."""

from __future__ import annotations

from pathlib import Path

import click

from augcli.cli import DONE, FAILED
from augcli.cli.options import PATH, max_pixels_option, plugin_option


@click.command()
@click.argument("output", type=PATH)
@click.argument("file_name")
@click.option(
    "-o", "--to", "folder", type=PATH, metavar="DIR", required=True, help="Where to write the pair."
)
@click.option("--input", "source", type=PATH, metavar="DIR", help="The data set that was expanded.")
@plugin_option
@max_pixels_option
def replay(output: Path, file_name: str, folder: Path, source: Path | None, max_pixels: int) -> int:
    """Make one pair of OUTPUT again, bit for bit, and say whether it is equal.

    FILE_NAME is that of its picture or of a mask, as the manifest has it. The pair is made from its manifest
    line, the recipe in dataset.json and the sources: those of --input, else the originals in OUTPUT that are
    their very bytes. With other versions than those that wrote OUTPUT it is made all the same, and what
    differs is said. Ends with 0 if all files are equal, with 1 if not. Nothing is overwritten.

    The annotations of a pair of COCO are written beside it, into files that hold this pair alone, and held
    against those of OUTPUT. They are made of those of --input, else of the original in OUTPUT.

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
