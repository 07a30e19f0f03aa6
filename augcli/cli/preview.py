"""The command `augcli preview`."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from augcli.cli import DONE, FAILED
from augcli.cli.options import PATH, max_pixels_option, override_options
from augcli.errors import OutputError

if TYPE_CHECKING:
    from PIL import Image

_JPEG: tuple[str, dict[str, Any]] = ("JPEG", {"quality": 92, "subsampling": 0})
FORMATS: dict[str, tuple[str, dict[str, Any]]] = {
    ".png": ("PNG", {"optimize": True}),
    ".jpg": _JPEG,
    ".jpeg": _JPEG,
    ".webp": ("WEBP", {"quality": 90}),
}


@click.command()
@click.argument("recipe", type=PATH)
@click.argument("input", type=PATH)
@click.option("-o", "--output", type=PATH, required=True, help="The sheet: a .png, .jpg or .webp file.")
@click.option("--rows", type=click.IntRange(1, 100), default=4, show_default=True, help="Sources.")
@click.option(
    "--cols", type=click.IntRange(1, 100), default=5, show_default=True, help="Copies beside each source."
)
@click.option(
    "--sample", metavar="KEY", help="One source by its key or path: its copies fill all rows and columns."
)
@override_options
@click.option(
    "--cell", type=click.IntRange(64, 2048), default=240, show_default=True, help="Pixels a picture."
)
@max_pixels_option
def preview(
    recipe: Path,
    input: Path,  # noqa: A002 - the argument's name is what --help shows
    output: Path,
    rows: int,
    cols: int,
    sample: str | None,
    copies: int | None,
    seed: int | None,
    cell: int,
    max_pixels: int,
) -> int:
    """Draw a contact sheet: sources of INPUT with their masks, and the copies that RECIPE makes of them.

    The pixels are those that expand writes. Without --sample the sources are spread evenly over INPUT, and
    each row shows one of them with every variant's first copies.

    \b
    Example:
      augcli preview recipe.yaml photos/ -o sheet.png
      augcli preview recipe.yaml photos/ -o cat.png --sample cat --rows 2 --cols 4
    """
    from augcli.cli.progress import Terminal
    from augcli.preview import Wanted
    from augcli.preview import preview as draw
    from augcli.recipe import load_recipe, with_overrides

    check_place(output, input)
    loaded = with_overrides(load_recipe(recipe), copies=copies, seed=seed)
    sheet = draw(loaded, input, Wanted(rows, cols, sample, cell, max_pixels), Terminal())
    write_sheet(sheet.image, output)
    for failure in sheet.failures:
        click.echo(f"failed: {failure}", err=True)
    click.echo(f"{output}: {sheet.sentence()}")
    return FAILED if sheet.failures else DONE


def check_place(output: Path, root: Path) -> None:
    """Refuse a sheet of another format, or one that would become a picture of the data set."""
    if output.suffix.lower() not in FORMATS:
        raise OutputError(
            "a sheet is a .png, .jpg or .webp file", where=str(output), mend="name such a file with -o"
        )
    if output.is_dir():
        raise OutputError("is a folder", where=str(output), mend="name a file with -o")
    if root.resolve() in output.resolve().parents:
        mend = "put it beside the input"
        raise OutputError(
            "the sheet would lie in the input, as a picture of it", where=str(output), mend=mend
        )


def write_sheet(image: Image.Image, output: Path) -> None:
    """Write the sheet whole or not at all. Raises OutputError for a format that cannot hold it."""
    from augcli.store import Store

    buffer = io.BytesIO()
    kind, options = FORMATS[output.suffix.lower()]
    try:
        image.save(buffer, kind, **options)
    except (OSError, ValueError) as error:
        what = f"{kind} cannot hold a sheet of {image.width}x{image.height} pixels"
        raise OutputError(what, where=str(output), mend="name a .png file") from error
    Store(output.parent).replace(output.name, buffer.getvalue())
