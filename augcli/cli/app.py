"""The command group. A command's module is imported when the command is named, or listed by --help."""

from __future__ import annotations

from importlib import import_module

import click

COMMANDS = ("expand", "check", "plan", "preview", "init", "transforms", "schema")


class Commands(click.Group):
    """A group whose commands are modules of this package, each with a function of its own name."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """List the commands in the order in which one meets them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """Import a command."""
        if name not in COMMANDS:
            return None
        command: click.Command = getattr(import_module(f"augcli.cli.{name}"), name)
        return command


@click.group(
    cls=Commands,
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
