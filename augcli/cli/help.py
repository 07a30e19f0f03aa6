"""The command `augcli help`: the pages of the manual, which come with the package."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import get_close_matches
from importlib.resources import files

import click

from augcli.cli.sections import command
from augcli.errors import AugcliError

PAGES = {
    "Start": ("quickstart", "check", "recipe", "options", "transforms", "commands"),
    "Data sets": ("formats", "folders", "pattern", "coco", "yolo", "voc", "cityscapes", "pages"),
    "Labels": ("masks", "borders", "labelmaps"),
    "Results": ("output", "manifest", "huggingface", "python", "pipelines"),
    "More": ("convert", "plugins", "performance", "limits", "contributing"),
}
TOPICS = tuple(topic for topics in PAGES.values() for topic in topics)
_NOT_FOR_TERMINALS = re.compile(r"^(?:<!-- .* -->|!\[.*\]\(.*\))\n\n?", re.MULTILINE)


@command()
@click.argument("topic", required=False)
@click.pass_context
def help(context: click.Context, topic: str | None) -> None:  # noqa: A001 - the command's name
    """Show a page of the manual, or list the pages.

    TOPIC is a page, a command or a transform.

    \b
    Example:
      augcli help
      augcli help masks
      augcli help random_resized_crop
    """
    if topic:
        click.echo_via_pager(text_about(topic, context.parent or context).rstrip("\n"))
    else:
        click.echo("\n".join(listed()))


def text_about(topic: str, top: click.Context) -> str:
    """What the manual says of a page, else of a command, else of a transform.

    `top` is the context of the program. Raises AugcliError with the nearest name where there is none.
    """
    from augcli.cli.app import COMMANDS, cli

    if topic in TOPICS:
        return _NOT_FOR_TERMINALS.sub("", page(topic)) + _command_of_that_name(topic, COMMANDS)
    if below := cli.get_command(top, topic):
        return below.get_help(click.Context(below, info_name=topic, parent=top))
    return _text_about_a_step(topic)


def _text_about_a_step(topic: str) -> str:
    from augcli.cli.app import COMMANDS
    from augcli.cli.transforms import described
    from augcli.recipe.catalogue import catalogue, entry_of

    steps = [entry.name for entry in catalogue()]
    if topic in steps:
        return described(entry_of(topic))
    near = get_close_matches(topic, (*TOPICS, *COMMANDS, *steps), n=1)
    hint = f"did you mean {near[0]}?" if near else "augcli help lists the pages"
    raise AugcliError(f"the manual has no '{topic}'", hint=hint)


def page(topic: str) -> str:
    """A page as it is written, in Markdown."""
    return files("augcli").joinpath("manual", f"{topic}.md").read_text(encoding="utf-8")


def summary(topic: str) -> str:
    """What a page is about: the line below its heading."""
    return page(topic).splitlines()[2]


def listed() -> Iterator[str]:
    """The lines that name every page, with what it is about."""
    wide = max(map(len, TOPICS)) + 2
    for head, topics in PAGES.items():
        yield from (f"{head}:", *(f"  {topic:<{wide}}{summary(topic)}" for topic in topics), "")
    yield "augcli help TOPIC shows a page; a TOPIC may also be a command or a transform."


def _command_of_that_name(topic: str, commands: tuple[str, ...]) -> str:
    """A last line for a page that is called as a command."""
    return f"\naugcli {topic} --help shows the options of the command.\n" if topic in commands else ""
