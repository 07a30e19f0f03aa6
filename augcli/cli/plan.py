"""The command `augcli plan`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from augcli.cli import DONE
from augcli.cli.options import (
    PATH,
    images_option,
    max_pixels_option,
    override_options,
    plugin_option,
    selection_options,
    workers_option,
)
from augcli.cli.sections import OUTPUT, command, option
from augcli.cli.tables import fact, table

if TYPE_CHECKING:
    from augcli.commands.plan import Forecast

MOST_ROWS = 40
FEW_SECONDS = 5.0
OWN_FILES = 2  # manifest.jsonl and dataset.json


@command()
@click.argument("recipe", type=PATH)
@click.argument("input", type=PATH)
@override_options
@workers_option
@selection_options
@images_option
@plugin_option
@max_pixels_option
@option("--json", "as_json", section=OUTPUT, is_flag=True, help="Print the same as one JSON object.")
def plan(
    recipe: Path,
    input: Path,  # noqa: A002 - the argument's name is what --help shows
    copies: int | None,
    seed: int | None,
    workers: int | None,
    only: str | None,
    limit: int | None,
    images: Path | None,
    max_pixels: int,
    as_json: bool,
) -> int:
    """Say how many pairs RECIPE makes of INPUT, and about how large and slow that is. Writes nothing.

    Makes a few pairs in memory to estimate bytes and time.

    \b
    Example:
      augcli plan recipe.yaml photos/ -n 10 -j 8
    """
    from augcli.commands.expand.run import usable_cpus
    from augcli.commands.plan import outlook
    from augcli.pipeline.plan import Selection
    from augcli.recipe import load_recipe, with_overrides

    loaded = with_overrides(load_recipe(recipe), copies=copies, seed=seed)
    number = workers or usable_cpus()
    found = outlook(
        loaded, input, Selection(only, limit), workers=number, max_pixels=max_pixels, images=images
    )
    used = min(number, found.sources)
    click.echo(json.dumps(as_data(found, used), ensure_ascii=False) if as_json else text(found, used))
    return DONE


def text(outlook: Forecast, workers: int) -> str:
    """The plan as aligned lines."""
    from augcli.cli.annotation_text import planned_lines

    classes = [*planned_lines(outlook), *_class_lines(outlook)]
    return "\n".join([*_count_lines(outlook), *classes, *_cost_lines(outlook, workers)])


def _count_lines(outlook: Forecast) -> Iterator[str]:
    from augcli.text import count

    sources = count(outlook.sources, "source")
    yield from fact("pairs", f"{outlook.pairs} of {sources}")
    yield from fact("variants", *table((name, str(n)) for name, n in outlook.variants.items()))
    if outlook.splits:
        rows = (
            (name, count(s.sources, "source"), count(s.pairs, "pair"), _what_becomes(s.expanded))
            for name, s in outlook.splits.items()
        )
        yield from fact("splits", *table(rows, left=4))
    if outlook.labels:
        rows_of_labels = [(name, count(n, "pair")) for name, n in outlook.labels.items()]
        yield from fact("classes", *_cut(table(rows_of_labels, left=2)))


def _what_becomes(expanded: bool) -> str:
    return "expanded" if expanded else "passed through once"


def _class_lines(outlook: Forecast) -> Iterator[str]:
    """How many masks hold each class: of those that were looked at, for no others are known."""
    from augcli.text import count

    for masks in outlook.masks:
        called = f" {masks.name}" if len(outlook.masks) > 1 else ""
        looked = f"of the {count(masks.looked_at, 'mask')}{called} looked at"
        if masks.instances is not None:
            yield from fact("instances", f"{masks.instances}, {looked}")
        elif masks.classes:
            is_named = any(row.name for row in masks.classes)
            rows = [("value", "class" if is_named else "", "masks")]
            rows += [(str(row.value), row.name, str(row.masks)) for row in masks.classes]
            yield from fact("classes", looked, *_cut(table(rows, left=2)))


def _cut(lines: list[str]) -> list[str]:
    more = len(lines) - MOST_ROWS
    return [*lines[:MOST_ROWS], f"and {more} more"] if more > 0 else lines


def _cost_lines(outlook: Forecast, workers: int) -> Iterator[str]:
    from augcli.text import count

    yield from fact("files", f"{outlook.files + OWN_FILES}, with manifest.jsonl and dataset.json")
    if outlook.cost is None:
        yield from fact("estimate", f"none, for no pair tried could be made: {outlook.trouble}")
        return
    basis = f"estimated from {count(outlook.cost.from_pairs, 'pair')}"
    yield from fact("size", f"about {size_text(outlook.cost.bytes)}, {basis}")
    duration = time_text(outlook.cost.seconds / workers)
    yield from fact("time", f"{duration} of work for {count(workers, 'worker')}, {basis} made here")


def size_text(number: float) -> str:
    """Bytes in decimal units: `3.4 MB`."""
    for unit in ("bytes", "kB", "MB", "GB"):
        if number < 1000:
            return f"{number:.0f} {unit}" if number >= 100 or unit == "bytes" else f"{number:.1f} {unit}"
        number /= 1000
    return f"{number:.1f} TB"


def time_text(seconds: float) -> str:
    """A duration in the unit that suits it: `a few seconds`, `about 40 s`, `about 12 min`, `about 3.5 h`."""
    if seconds < FEW_SECONDS:
        return "a few seconds"
    if seconds < 120:
        return f"about {seconds:.0f} s"
    return f"about {seconds / 60:.0f} min" if seconds < 7200 else f"about {seconds / 3600:.1f} h"


def as_data(outlook: Forecast, workers: int) -> dict[str, Any]:
    """The plan as JSON data."""
    from augcli.cli.annotation_text import planned_data

    cost = outlook.cost
    return {
        "sources": outlook.sources,
        "pairs": outlook.pairs,
        "files": outlook.files + OWN_FILES,
        "variants": outlook.variants,
        "splits": {name: vars(split) for name, split in outlook.splits.items()},
        "labels": outlook.labels,
        "masks": {
            masks.name: {
                "looked_at": masks.looked_at,
                "instances": masks.instances,
                "values": [{"value": r.value, "name": r.name, "masks": r.masks} for r in masks.classes],
            }
            for masks in outlook.masks
        },
        "annotations": planned_data(outlook),
        "estimate": None
        if cost is None
        else {
            "bytes": cost.bytes,
            "seconds": round(cost.seconds / workers, 1),
            "workers": workers,
            "from_pairs": cost.from_pairs,
        },
    }
