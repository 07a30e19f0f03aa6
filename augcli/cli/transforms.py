"""The command `augcli transforms`."""

from __future__ import annotations

import json
from itertools import groupby
from typing import TYPE_CHECKING

import click

from augcli.cli.options import plugin_option
from augcli.cli.sections import OUTPUT, command, option

if TYPE_CHECKING:
    from augcli.recipe.catalogue import CatalogueEntry, Parameter


@command()
@click.argument("name", required=False)
@plugin_option
@option("--json", "as_json", section=OUTPUT, is_flag=True, help="Print the catalogue, or one entry, as JSON.")
def transforms(name: str | None, as_json: bool) -> None:
    """List the transforms, or tell all about the one called NAME.

    A NAME of another library is answered with the line to write.

    \b
    Example:
      augcli transforms random_resized_crop
    """
    from augcli.recipe.catalogue import catalogue, entry_of

    if as_json:
        data = entry_of(name).as_json() if name else [entry.as_json() for entry in catalogue()]
        click.echo(json.dumps(data, indent=2, ensure_ascii=False))
    else:
        click.echo(described(entry_of(name)) if name else listed(catalogue()))


def listed(entries: list[CatalogueEntry]) -> str:
    """The names by family, each with what it does."""
    wide = max(len(entry.name) for entry in entries) + 2
    lines: list[str] = []
    for family, members in groupby(entries, lambda entry: entry.family):
        lines += [family, *(f"  {entry.name:<{wide}}{entry.summary}" for entry in members), ""]
    return "\n".join([*lines, "augcli transforms NAME tells the parameters of one of them."])


def described(entry: CatalogueEntry) -> str:
    """Everything about one transform or group."""
    from augcli.recipe.catalogue import GRAMMAR

    parameters = [*entry.parameters, entry.p]
    facts = {
        "labels": entry.labels,
        "fusing": entry.fuses,
        "source": entry.source,
        "definition": f"number {entry.definition_number}" if entry.definition_number else "",
        "example": f"- {entry.example}",
    }
    lines = [f"{entry.name} ({entry.family})", f"  {entry.summary}", "", "parameters"]
    for parameter in parameters:
        lines += _parameter_lines(parameter)
    if any(parameter.form.startswith(("number", "whole number")) for parameter in parameters):
        lines += ["", f"A number is {GRAMMAR}."]
    return "\n".join([*lines, "", *(f"{key:<12}{value}" for key, value in facts.items() if value)])


def _parameter_lines(parameter: Parameter) -> list[str]:
    default = "required" if parameter.default is None else f"default {parameter.default}"
    facts = (parameter.form, parameter.bounds, default)
    return [f"  {parameter.name}: {parameter.description}", f"      {'; '.join(filter(None, facts))}"]
