"""Progress on the terminal: a bar, or without a terminal one plain line a minute."""

from __future__ import annotations

import sys
import time
from typing import Any

import click

from augcli.commands.check.lint import shared_group_remarks
from augcli.data import Dataset
from augcli.formats.orphans import orphans
from augcli.labels.mirror import mirror_remarks
from augcli.output.report import Progress
from augcli.recipe import Recipe
from augcli.text import count

PLAIN_SECONDS = 60.0
MOST_LINES = 5


class Terminal(Progress):
    """Says what was found, and what of it the recipe may have overlooked; and how far the work is.

    The work is counted in pairs or sources.
    """

    def __init__(self, unit: str = "pair", recipe: Recipe | None = None) -> None:
        self._unit, self._recipe = unit, recipe
        self._bar: Any = None
        self._total = self._done = 0
        self._said = time.monotonic()

    def found(self, dataset: Dataset) -> None:
        """Say what data set was found, and what did not pair up."""
        click.echo(f"{dataset.layout}: {dataset.reason}", err=True)
        skipped = {f"{count(len(dataset.skipped), 'thing')} skipped": dataset.skipped}
        for what, names in (orphans(dataset) | (skipped if dataset.skipped else {})).items():
            click.echo(f"{what}: {shortened(names)}", err=True)
        for head in dataset.annotation_files.values():
            for line in (*head.remarks, *head.replaced_ids[:MOST_LINES]):
                click.echo(f"note: {line}", err=True)
            if len(head.replaced_ids) > MOST_LINES:
                more = len(head.replaced_ids) - MOST_LINES
                click.echo(f"note: and {more} more ids replaced, all in the output's dataset.json", err=True)
        mirrored = mirror_remarks(self._recipe, dataset) if self._recipe else ()
        for remark in (*shared_group_remarks(dataset), *mirrored):
            click.echo(f"warning: {remark}", err=True)

    def begins(self, total: int, done: int) -> None:
        """Show the bar, or remember the numbers."""
        self._total, self._done = total, done
        if sys.stderr.isatty():
            from tqdm import tqdm

            self._bar = tqdm(total=total, initial=done, unit=self._unit, dynamic_ncols=True)

    def advances(self) -> None:
        """Move the bar, or say a line when a minute has passed."""
        self._done += 1
        if self._bar is not None:
            self._bar.update()
        elif time.monotonic() - self._said > PLAIN_SECONDS:
            self._said = time.monotonic()
            click.echo(f"{self._done} of {self._total} {self._unit}s", err=True)

    def ends(self) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.close()


def shortened(names: tuple[str, ...], most: int = 5) -> str:
    """The first few names, and how many more there are."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
