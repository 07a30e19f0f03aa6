"""The command `augcli preview`."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from augcli.cli import DONE, FAILED
from augcli.cli.options import PATH, images_option, max_pixels_option, override_options, plugin_option
from augcli.cli.sections import MADE, OUTPUT, command, option
from augcli.errors import AugcliError, OutputError

if TYPE_CHECKING:
    from PIL import Image

_JPEG: tuple[str, dict[str, Any]] = ("JPEG", {"quality": 92, "subsampling": 0})
FORMATS: dict[str, tuple[str, dict[str, Any]]] = {
    ".png": ("PNG", {"optimize": True}),
    ".jpg": _JPEG,
    ".jpeg": _JPEG,
    ".webp": ("WEBP", {"quality": 90}),
}
PAGE = ".html"


@command()
@click.argument("recipe", type=PATH)
@click.argument("input", type=PATH)
@option(
    "-o",
    "--output",
    section=OUTPUT,
    type=PATH,
    required=True,
    help="The sheet: a .png, .jpg, .webp or .html file.",
)
@option(
    "--rows",
    section=OUTPUT,
    metavar="N",
    type=click.IntRange(1, 100),
    default=4,
    show_default=True,
    help="Sources; with --strip copies of one.",
)
@option(
    "--cols",
    section=OUTPUT,
    metavar="N",
    type=click.IntRange(1, 100),
    default=5,
    show_default=True,
    help="Copies beside each source.",
)
@option(
    "--sample",
    section=MADE,
    metavar="KEY",
    help="One source by its key or path: its copies fill all rows and columns.",
)
@option(
    "--strip",
    section=MADE,
    is_flag=True,
    help="The steps to each copy of one source: a row a copy, a column a step.",
)
@option(
    "--variant",
    section=MADE,
    metavar="NAME",
    help="Only copies of this variant. Default with --strip: the first random one.",
)
@option(
    "--copy",
    section=MADE,
    type=click.IntRange(min=1),
    metavar="N",
    help="Only copies of this number, from 1.",
)
@override_options
@option(
    "--cell",
    section=OUTPUT,
    metavar="N",
    type=click.IntRange(64, 2048),
    default=240,
    show_default=True,
    help="Pixels a picture.",
)
@images_option
@plugin_option
@max_pixels_option
def preview(
    recipe: Path,
    input: Path,  # noqa: A002 - the argument's name is what --help shows
    output: Path,
    rows: int,
    cols: int,
    sample: str | None,
    strip: bool,
    variant: str | None,
    copy: int | None,
    copies: int | None,
    seed: int | None,
    cell: int,
    images: Path | None,
    max_pixels: int,
) -> int:
    """Draw a contact sheet: sources of INPUT with their labels, and the copies that RECIPE makes of them.

    The pixels are those that expand writes. Without --sample the sources are spread evenly over INPUT, and
    each row shows one of them with every variant's first copies.

    Classes and instances lie over the picture as tints with contours, boxes without a segmentation as
    outlines, keypoints as dots, left and right in two colours; a ring is labelled and not visible. A mask of
    kind image (depth, a matte) stands below it, in one range of colours for a source and its copies.

    With --strip a row shows one copy: the source, then what the recipe would give if it ended with the first
    step, the second, and so on, each with its numbers. A step that was not drawn has no column, one that
    draws several (color_jitter, a policy) has one for each.

    A .html file holds its pictures, which are seen with labels and without; it needs no network and no
    script.

    \b
    Example:
      augcli preview recipe.yaml photos/ -o sheet.html
      augcli preview recipe.yaml photos/ -o cat.png --sample images/cat --rows 2 --cols 4 -n 8
      augcli preview recipe.yaml photos/ -o steps.png --strip --variant jitter --rows 3
    """
    from augcli.cli.progress import Terminal
    from augcli.commands.preview.preview import Selected
    from augcli.commands.preview.preview import preview as draw
    from augcli.recipe import load_recipe, with_overrides

    check_place(output, input)
    if strip and _is_given("cols"):
        raise AugcliError("with --strip a column is a step", hint="leave out --cols, or --strip")
    loaded = with_overrides(load_recipe(recipe), copies=copies, seed=seed)
    wanted = Selected(rows, cols, sample, cell, max_pixels, variant, copy, strip, images)
    drawn = draw(loaded, input, wanted, Terminal(recipe=loaded))
    size = write_page(drawn.page, output) if is_page(output) else write_sheet(drawn.image, output)
    for failure in drawn.failures:
        click.echo(f"failed: {failure}", err=True)
    if drawn.left_out:
        first, *others = drawn.left_out
        more = f"; and {len(others)} more: augcli check names them" if others else ""
        click.echo(f"left out: {first}{more}", err=True)
    click.echo(f"{output}: {drawn.sentence()}; {size}")
    return FAILED if drawn.failures else DONE


def _is_given(option: str) -> bool:
    source = click.get_current_context().get_parameter_source(option)
    return source is not click.core.ParameterSource.DEFAULT


def is_page(output: Path) -> bool:
    """Whether a sheet of this name is an HTML page."""
    return output.suffix.lower() == PAGE


def check_place(output: Path, root: Path) -> None:
    """Refuse a sheet of another format, or one that would become a picture of the data set."""
    if output.suffix.lower() not in (*FORMATS, PAGE):
        what = "a sheet is a .png, .jpg, .webp or .html file"
        raise OutputError(what, where=str(output), hint="name such a file with -o")
    if output.is_dir():
        raise OutputError("is a folder", where=str(output), hint="name a file with -o")
    if root.resolve() in output.resolve().parents:
        hint = "put it beside the input"
        raise OutputError(
            "the sheet would lie in the input, as a picture of it", where=str(output), hint=hint
        )


def write_page(text: str, output: Path) -> str:
    """Write a page whole or not at all; returns its size in words."""
    from augcli.cli.plan import size_text
    from augcli.output.store import Store

    data = text.encode("utf-8")
    Store(output.parent).replace(output.name, data)
    return size_text(len(data))


def write_sheet(image: Image.Image, output: Path) -> str:
    """Write a sheet whole or not at all; returns its size in words.

    Raises OutputError for a format that cannot hold it.
    """
    from augcli.output.store import Store

    buffer = io.BytesIO()
    kind, options = FORMATS[output.suffix.lower()]
    try:
        image.save(buffer, kind, **options)
    except (OSError, ValueError) as error:
        what = f"{kind} cannot hold a sheet of {image.width}x{image.height} pixels"
        raise OutputError(what, where=str(output), hint="name a .png file") from error
    Store(output.parent).replace(output.name, buffer.getvalue())
    return f"{image.width}x{image.height} pixels"
