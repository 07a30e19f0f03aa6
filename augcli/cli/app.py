"""The command group. A command's module is imported when the command is named, or listed by --help."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from importlib import import_module

import click

from augcli.cli.sections import Group

SECTIONS = {
    "Main job": ("expand",),
    "Write a recipe": ("init", "convert"),
    "Look before": ("check", "plan", "preview"),
    "Check and rebuild after": ("verify", "replay"),
    "Labels": ("coco",),
    "Reference": ("help", "transforms", "schema"),
}
COMMANDS = tuple(name for names in SECTIONS.values() for name in names)
READ_MORE = "augcli COMMAND --help shows the options of a command; augcli help lists the pages of the manual."


class Commands(Group):
    """A group whose commands are modules of this package, each with a function of its own name."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """List the commands in the order in which one meets them."""
        return list(COMMANDS)

    def sections(self, ctx: click.Context) -> Mapping[str, Sequence[str]]:
        """The names of the commands by what one does with them."""
        return SECTIONS

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """Import a command."""
        if name not in COMMANDS:
            return None
        command: click.Command = getattr(import_module(f"augcli.cli.{name}"), name)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that was named, or name the nearest."""
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            near = get_close_matches(args[0], COMMANDS, n=1)
            meant = f"did you mean {near[0]}?" if near else f"the commands are {', '.join(COMMANDS)}"
            ctx.fail(f"no command '{args[0]}'; {meant}")
        return super().resolve_command(ctx, args)


@click.group(
    cls=Commands,
    epilog=READ_MORE,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(package_name="augcli", message="augcli %(version)s")
def cli() -> None:
    """Expand a labelled image data set on disk, label-true, from a YAML recipe.

    \b
    Example:
      augcli init photos/ -o recipe.yaml
      augcli preview recipe.yaml photos/ -o sheet.png
      augcli expand recipe.yaml photos/ augmented/
    """
