"""Help under headings: each option says its section, each group of commands has a table of its own."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import click

INPUT, MADE, RUNNING, OUTPUT, OTHER = "Input", "What is made", "Running", "Output", "Other"
SECTIONS = (INPUT, MADE, RUNNING, OUTPUT, OTHER)
_NAME_WIDTH = 30  # letters; a longer name stands on a line of its own
_UNCUT = 10_000

Row = tuple[str, str]


class Option(click.Option):
    """An option that --help lists under the heading `section`."""

    def __init__(self, *args: Any, section: str = OTHER, **attributes: Any) -> None:
        super().__init__(*args, **attributes)
        self.section = section


class Command(click.Command):
    """A command whose --help lists its options by section."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options under the headings of their sections; under one where sections tell nothing."""
        by_section: dict[str, list[Row]] = defaultdict(list)
        for parameter, row in _rows(self.get_params(ctx), ctx):
            by_section[getattr(parameter, "section", OTHER)].append(row)
        if len(by_section.keys() - {OTHER}) <= 1:
            by_section = {"Options": [row for name in SECTIONS for row in by_section[name]]}
        _write_sections(formatter, {name: by_section.get(name, []) for name in ("Options", *SECTIONS)})


class Group(click.Group):
    """A group whose --help lists its commands under headings, each with its whole first sentence."""

    command_class = Command

    def sections(self, ctx: click.Context) -> Mapping[str, Sequence[str]]:
        """The names of the commands by heading."""
        return {"Commands": self.list_commands(ctx)}

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands under their headings."""
        sections = self.sections(ctx)
        _write_sections(formatter, {head: self._short_helps(ctx, names) for head, names in sections.items()})

    def _short_helps(self, ctx: click.Context, names: Iterable[str]) -> list[Row]:
        commands = ((name, self.get_command(ctx, name)) for name in names)
        return [(name, command.get_short_help_str(_UNCUT)) for name, command in commands if command]


option = partial(click.option, cls=Option)
command = partial(click.command, cls=Command)


def group(function: Callable[..., Any]) -> Group:
    """A group of commands whose help is the function's docstring."""
    return click.group(cls=Group)(function)


def _rows(parameters: Iterable[click.Parameter], ctx: click.Context) -> Iterator[tuple[click.Parameter, Row]]:
    """The parameters that have a row in the help, with their row."""
    for parameter in parameters:
        row = parameter.get_help_record(ctx)
        if row and isinstance(parameter, click.Option):
            yield parameter, row


def _write_sections(formatter: click.HelpFormatter, sections: Mapping[str, Sequence[Row]]) -> None:
    """Write the sections that have rows, all with the second column at the same place."""
    names = [name for rows in sections.values() for name, _ in rows]
    width = min(max(map(len, names), default=0), _NAME_WIDTH)
    for head, rows in sections.items():
        if rows:
            with formatter.section(head):
                formatter.write_dl([(name.ljust(width), text) for name, text in rows])
