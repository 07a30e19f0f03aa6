"""Writes the generated parts of the README: `python -m augcli.cli.docs README.md [--check]`.

A part stands between `<!-- begin NAME -->` and `<!-- end NAME -->`. It comes from the code and from recipes/
beside the README, and depends on nothing else, such as the terminal's width.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import click

from augcli.cli import DONE, FAILED, exit_code
from augcli.cli.app import cli
from augcli.errors import AugcliError
from augcli.recipe.catalogue import CatalogueEntry, Parameter, catalogue, recipe_options

WIDTH = 100
_PART = re.compile(r"(<!-- begin ([a-z-]+) -->\n).*?(<!-- end \2 -->)", re.DOTALL)
_MARKER = re.compile(r"<!-- (?:begin|end) (\S+) -->")


def transforms_part(root: Path) -> str:
    """The tables of the transforms and groups."""
    head = ("name", "family", "what it does", "parameters (default)", "fusing", "labels", "source")
    groups = ("name", "what it does", "parameters (default)", "example")
    entries = [entry for entry in catalogue() if entry.definition_number]
    rest = [entry for entry in catalogue() if not entry.definition_number]
    rows = (
        (_code(e.name), e.family, e.summary, _parameters(e), e.fuses, e.labels, e.source) for e in entries
    )
    group_rows = ((_code(e.name), e.summary, _parameters(e), _code(e.example)) for e in rest)
    return f"{_table(head, rows)}\n{_table(groups, group_rows)}"


def options_part(root: Path) -> str:
    """The table of every key of a recipe outside its steps."""
    rows = ((_code(o.name), _values(o), _code(o.default or ""), o.description) for o in recipe_options())
    return _table(("key", "values", "default", "what it says"), rows)


def commands_part(root: Path) -> str:
    """What --help says, of the program and of every command."""
    top = click.Context(cli, info_name="augcli", terminal_width=WIDTH, **cli.context_settings)
    helps = _helps(cli, top)
    return "\n".join(f"### `{name}`\n\n```text\n{text.rstrip()}\n```\n" for name, text in helps)


def _helps(command: click.Command, context: click.Context) -> Iterator[tuple[str, str]]:
    """A command's path and help, then those of the commands below it."""
    yield context.command_path, command.get_help(context)
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            if below := command.get_command(context, name):
                yield from _helps(below, click.Context(below, info_name=name, parent=context))


def recipes_part(root: Path) -> str:
    """The recipes that come with augcli, each with the first line of its comment."""
    paths = sorted(root.glob("recipes/**/*.yaml"))
    lines = ((path.relative_to(root).as_posix(), _first_comment(path)) for path in paths)
    return "".join(f"* [{name}]({name}): {comment}\n" for name, comment in lines)


PARTS: dict[str, Callable[[Path], str]] = {
    "transforms": transforms_part,
    "options": options_part,
    "commands": commands_part,
    "recipes": recipes_part,
}


def regenerated(text: str, root: Path) -> tuple[str, list[str]]:
    """The text with every part written anew, and the names of the parts that have changed.

    `root` is the folder that holds recipes/. Raises AugcliError for a marker without its partner or of an
    unknown name, and for a part that the text does not have.
    """
    found = [match[2] for match in _PART.finditer(text)]
    for name in (*PARTS, *_MARKER.findall(text)):
        if name not in PARTS:
            raise AugcliError(f"there is no generated part '{name}'", hint=f"there are {', '.join(PARTS)}")
        if found.count(name) != 1 or _MARKER.findall(text).count(name) != 2:
            hint = f"write <!-- begin {name} --> and <!-- end {name} --> once, on lines of their own"
            raise AugcliError(f"the part '{name}' is not there once", hint=hint)
    stale: list[str] = []

    def rewritten(match: re.Match[str]) -> str:
        part = f"{match[1]}\n{PARTS[match[2]](root).rstrip()}\n\n{match[3]}"
        if part != match[0]:
            stale.append(match[2])
        return part

    return _PART.sub(rewritten, text), stale


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    heads = list(head)
    lines = [heads, ["---"] * len(heads), *rows]
    return "".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |\n" for row in lines)


def _code(text: str) -> str:
    return f"`{text}`" if text else ""


def _parameters(entry: CatalogueEntry) -> str:
    """`degrees`, `x` (0): a parameter without a default is required."""
    return ", ".join(_code(p.name) + (f" ({p.default})" if p.default else "") for p in entry.parameters)


def _values(option: Parameter) -> str:
    return f"{option.form}, {option.bounds}" if option.bounds else option.form


def _first_comment(path: Path) -> str:
    line = path.read_text(encoding="utf-8").split("\n", 1)[0]
    if not line.startswith("# "):
        raise AugcliError("its first line does not say what it is for", where=str(path), hint="write # ...")
    return line.removeprefix("# ")


@click.command()
@click.argument("readme", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--check", is_flag=True, help="Write nothing; exit 1 where a part is stale.")
def docs(readme: Path, check: bool) -> int:
    """Write the generated parts of README again."""
    try:
        text = readme.read_text(encoding="utf-8")
    except OSError as error:
        raise AugcliError(f"cannot be read ({error.strerror})", where=str(readme)) from None
    fresh, stale = regenerated(text, readme.resolve().parent)
    if check and stale:
        click.echo(f"{readme} is stale: {', '.join(stale)}; run make docs", err=True)
        return FAILED
    if stale:
        readme.write_text(fresh, encoding="utf-8")
        click.echo(f"{readme}: wrote {', '.join(stale)}")
    return DONE


def main() -> int:
    """Run the command; an expected error is one line and exit code 2."""
    code = docs.main(standalone_mode=False)
    return code if isinstance(code, int) else DONE


if __name__ == "__main__":
    sys.exit(exit_code(main))
