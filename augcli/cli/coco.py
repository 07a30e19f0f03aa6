"""The commands `augcli coco pixelmaps` and `augcli coco annotations`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from augcli.cli import DONE, FAILED
from augcli.cli.options import PATH, max_pixels_option, workers_option
from augcli.cli.sections import INPUT, MADE, OUTPUT, group, option
from augcli.cli.tables import first


@group
def coco() -> None:
    """Turn annotation files of COCO into label PNGs, and back.

    \b
    Example:
      augcli coco pixelmaps annotations/stuff_val2017.json maps/
      augcli coco annotations maps/ stuff.json
    """


@coco.command()
@click.argument("annotations", type=PATH)
@click.argument("dest", type=PATH)
@option(
    "--kind",
    section=MADE,
    type=click.Choice(["semantic", "instance", "panoptic"]),
    default="semantic",
    show_default=True,
    help="Values: classes, the instances of a picture, or ids as colours.",
)
@option(
    "--space",
    section=MADE,
    type=click.Choice(["json", "stuffthingmaps", "train171", "file"]),
    help="What the values of classes are. Default: json.",
)
@option(
    "--on-overlap",
    "overlaps",
    section=MADE,
    type=click.Choice(["error", "first", "last", "smallest-on-top"]),
    help="Which of several labels a pixel gets. Default: error for COCO stuff, else smallest-on-top.",
)
@option(
    "--crowd",
    section=MADE,
    type=click.Choice(["skip", "include"]),
    help="What becomes of iscrowd. Default: include for panoptic files, else skip.",
)
@option(
    "--segments", section=INPUT, type=PATH, metavar="DIR", help="A panoptic file's PNGs, if not beside it."
)
@workers_option
@max_pixels_option
@option(
    "--overwrite",
    section=OUTPUT,
    is_flag=True,
    help="Write over files that are there; maps of earlier runs are removed.",
)
@option("--json", "as_json", section=OUTPUT, is_flag=True, help="Print the report as JSON.")
def pixelmaps(
    annotations: Path, dest: Path, crowd: str | None, workers: int | None, as_json: bool, **wishes: Any
) -> int:
    """Write a label PNG for each image of ANNOTATIONS into the folder DEST.

    ANNOTATIONS is a file of stuff, instances or panoptic segments; the pictures are not needed. Maps have a
    palette, and 16 bits of grey where 8 are too few. DEST/labels.json says what the values mean; for
    instances and panoptic maps DEST/segments.json says it of each picture, in COCO's panoptic form.
    labels.json is written last; the same command ends an interrupted run.

    Spaces: json has category ids as they are (COCO: 1-183), stuffthingmaps ids less 1, train171 COCO's 171
    training ids, file the categories in their order from 1. Pixels without a label are 0 in json and file,
    else 255.

    Ends with 1 if an image has no map or an annotation was left out; each is named.

    \b
    Example:
      augcli coco pixelmaps annotations/stuff_val2017.json maps/ --space stuffthingmaps
      augcli coco pixelmaps annotations/instances_val2017.json ids/ --kind instance
    """
    from augcli.cli.progress import Terminal
    from augcli.commands.expand.run import usable_cpus
    from augcli.commands.label_maps.options import ToMapsOptions
    from augcli.commands.label_maps.to_maps import make_maps

    if wishes["space"] and wishes["kind"] != "semantic":
        raise click.UsageError(f"--space says what classes are, and --kind {wishes['kind']} shows none")
    wanted = ToMapsOptions(with_crowds=None if crowd is None else crowd == "include", **wishes)
    made = make_maps(annotations, dest, wanted, workers=workers or usable_cpus(), progress=Terminal("map"))
    if as_json:
        click.echo(json.dumps(made.as_json(), ensure_ascii=False))
    else:
        _say_lines(made.failed, made.faults, made.remarks)
        click.echo(made.sentence())
    return FAILED if made.failed or made.faults else DONE


@coco.command("annotations")
@click.argument("pngdir", type=PATH)
@click.argument("dest", type=PATH)
@option(
    "--form",
    section=MADE,
    type=click.Choice(["rle", "polygons"]),
    default="rle",
    show_default=True,
    help="Polygons follow the pixels' edges; what has a hole stays RLE.",
)
@option(
    "--per",
    section=MADE,
    type=click.Choice(["class", "part"]),
    help="One annotation for each class of a picture (default), or for each connected part.",
)
@option(
    "--space",
    section=MADE,
    type=click.Choice(["json", "stuffthingmaps", "train171", "file"]),
    help="What the values of classes are, where no labels.json says it.",
)
@option(
    "--from",
    "first",
    section=MADE,
    type=int,
    metavar="ID",
    help="Only categories from this id: 92 for stuff.",
)
@option(
    "--to", "last", section=MADE, type=int, metavar="ID", help="Only categories up to this id: 91 for things."
)
@option(
    "--ignore",
    section=MADE,
    type=click.IntRange(0),
    metavar="VALUE",
    help="Pixels of this value have no label: VOC's 255.",
)
@option(
    "--images-like",
    "like",
    section=INPUT,
    type=PATH,
    metavar="FILE",
    help="An annotation file: its images, by their names, with their ids, and its categories.",
)
@workers_option
@max_pixels_option
@option("--overwrite", section=OUTPUT, is_flag=True, help="Write over DEST.")
@option("--json", "as_json", section=OUTPUT, is_flag=True, help="Print the report as JSON.")
def from_maps(pngdir: Path, dest: Path, workers: int | None, as_json: bool, **wishes: Any) -> int:
    """Write the annotation file DEST of the label PNGs in the folder PNGDIR.

    What the values mean is said by PNGDIR/labels.json, as pixelmaps writes it, else by --space; then the
    categories are COCO's, or those of --images-like. Each class of a picture becomes one annotation, of
    instance and panoptic maps each segment. Connected parts touch by sides or corners.

    Image ids are those of --images-like, else the numbers in names such as 000000000934.png or
    COCO_train2014_000000000934.png where all have one, else 1, 2, ... in the order of the names.

    Ends with 1 if a map could not be read; each is named.

    \b
    Example:
      augcli coco annotations maps/ stuff.json --images-like annotations/stuff_val2017.json
      augcli coco annotations predicted/ stuff.json --space json --from 92 --per part
    """
    from augcli.cli.progress import Terminal
    from augcli.commands.expand.run import usable_cpus
    from augcli.commands.label_maps.from_maps import FromMapsOptions, collect

    first, last = wishes["first"], wishes["last"]
    if first is not None and last is not None and first > last:
        raise click.UsageError(f"--from {first} --to {last}: no category lies between them")
    wanted = FromMapsOptions(**wishes)
    found = collect(pngdir, dest, wanted, workers=workers or usable_cpus(), progress=Terminal("map"))
    if as_json:
        click.echo(json.dumps(found.as_json(), ensure_ascii=False))
    else:
        _say_lines(found.failed, [], found.remarks)
        click.echo(found.sentence())
    return FAILED if found.failed else DONE


def _say_lines(failed: list[str], faults: list[str], remarks: list[str]) -> None:
    """Say the first lines of each sort, and how many more there are."""
    for lines in (failed, faults, [f"remark: {remark}" for remark in remarks]):
        for line in first(lines, ": --json has them all"):
            click.echo(line, err=True)
