"""The command `augcli verify`."""

from __future__ import annotations

import json
from pathlib import Path

import click

from augcli.cli import DONE, FAILED
from augcli.cli.options import PATH, plugin_option, workers_option
from augcli.cli.sections import INPUT, OUTPUT, command, option


@command()
@click.argument("output", type=PATH)
@option("--input", "source", section=INPUT, type=PATH, metavar="DIR", help="The data set that was expanded.")
@workers_option
@plugin_option
@option("--json", "as_json", section=OUTPUT, is_flag=True, help="Print the same as one JSON object.")
def verify(output: Path, source: Path | None, workers: int | None, as_json: bool) -> int:
    """Say whether every file of OUTPUT is there, whole and as its manifest says. Writes nothing.

    Every file is hashed and decoded. Sizes are compared with the manifest, the values of masks with those of
    their sources: of the data set given as --input, else of the originals in OUTPUT, else with what the
    recipe declares. COCO annotation files are compared with the manifest, their areas and boxes with their
    labels; YOLO labels and other descriptions with their hashes. Ends with 0 if all is well, with 1 if
    anything is damaged; each damage is one line that says how to repair it.

    \b
    Example:
      augcli verify augmented/
    """
    from augcli.cli.progress import Terminal
    from augcli.commands.expand.run import usable_cpus
    from augcli.commands.verify.verify import verify as run
    from augcli.errors import printable

    found = run(output, source=source, workers=workers or usable_cpus(), progress=Terminal())
    if as_json:
        click.echo(json.dumps(found.as_json(), ensure_ascii=False))
    else:
        for damage in found.damages:
            click.echo(damage.sentence())
        for remark in found.remarks:
            click.echo(f"remark: {printable(remark)}")
        click.echo(found.sentence())
    return FAILED if found.damages else DONE
