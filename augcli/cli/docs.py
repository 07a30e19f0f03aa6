"""Writes the generated parts of README.md and of the manual: `python -m augcli.cli.docs [--check]`.

A part stands between `<!-- begin NAME -->` and `<!-- end NAME -->` on one of the pages. It comes from the
code and from recipes/, and depends on nothing else, such as the terminal's width. To add one, write a
function with `@part` and put its two markers on a page.
"""

from __future__ import annotations

import re
import sys
import textwrap
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from itertools import groupby
from pathlib import Path

import click

from augcli.cli import DONE, FAILED, exit_code
from augcli.cli.app import cli
from augcli.cli.help import PAGES, summary
from augcli.errors import AugcliError
from augcli.formats import FORMATS, Format
from augcli.recipe.catalogue import CatalogueEntry, Parameter, catalogue, recipe_options
from augcli.recipe.format_words import FORMAT_WORDS

WIDTH = 80
RECIPES = "../../recipes"  # as the manual's pages link to it
SHEETS = {
    "geometric": "spatial",
    "elastic": "elastic",
    "color": "color",
    "tone": "color",
    "filter": "filter",
    "noise": "filter",
    "artefact": "filter",
    "weather": "weather",
    "dropping": "dropping",
    "policy": "policy",
}
_PART = re.compile(r"^(<!-- begin ([a-z-]+) -->\n).*?^(<!-- end \2 -->)$", re.DOTALL | re.MULTILINE)
_MARKER = re.compile(r"^<!-- (?:begin|end) (\S+) -->$", re.MULTILINE)

Part = Callable[[Path], str]
PARTS: dict[str, Part] = {}


def part(function: Part) -> Part:
    """Register a generated part: `recipe_options_part` is written between the markers `recipe-options`.

    The function gets the folder that holds README.md, augcli/ and recipes/.
    """
    PARTS[function.__name__.removesuffix("_part").replace("_", "-")] = function
    return function


@part
def transforms_part(root: Path) -> str:
    """A block for each transform and group, by family, with the sheet that shows the family."""
    families = groupby(catalogue(), lambda entry: entry.family)
    return "\n".join(_family(family, list(entries)) for family, entries in families)


@part
def options_part(root: Path) -> str:
    """Every key of a recipe outside its steps, by section."""
    by_section: dict[str, list[Parameter]] = defaultdict(list)
    for option in recipe_options():
        by_section[option.name.rpartition(".")[0].split(".")[0]].append(option)
    blocks = ((_code(name) or "Top level", options) for name, options in by_section.items())
    return "\n".join(f"## {head}\n\n{''.join(map(_parameter, options))}" for head, options in blocks)


@part
def commands_part(root: Path) -> str:
    """What --help says, of the program and of every command."""
    top = click.Context(cli, info_name="augcli", terminal_width=WIDTH, **cli.context_settings)
    helps = _helps(cli, top)
    return "\n".join(f"## `{name}`\n\n```text\n{text.rstrip()}\n```\n" for name, text in helps)


@part
def recipes_part(root: Path) -> str:
    """The recipes that come with augcli, each with the first line of its comment."""
    paths = sorted(root.glob("recipes/**/*.yaml"))
    names = ((path.relative_to(root / "recipes").as_posix(), _first_comment(path)) for path in paths)
    return "".join(_item(f"[{name}]({RECIPES}/{name}): {comment}") for name, comment in names)


@part
def formats_part(root: Path) -> str:
    """What augcli reads and writes, for README.md."""
    yes = {True: "yes", False: "no"}
    rows = (
        (f"[{one.title}](augcli/manual/{one.page}.md)", one.labels, yes[one.words.is_read], yes[_writes(one)])
        for one in _listed()
    )
    return _table(("format", "labels", "reads", "writes"), rows)


@part
def format_words_part(root: Path) -> str:
    """What the recipe calls each format, for the manual."""
    rows = (
        (
            one.title,
            one.labels,
            _code(one.name) if one.words.is_read else "",
            _code(one.name) if one.words.is_written else "",
            ", ".join(map(_code, one.words.also)),
        )
        for one in _listed()
    )
    return _table(("format", "labels", "read as", "`output.layout`", "`output.also`"), rows)


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    return "".join(f"| {' | '.join(row)} |\n" for row in (head, ("---",) * len(head), *rows))


def _listed() -> list[Format]:
    return [FORMATS[words.name] for words in FORMAT_WORDS]


def _writes(one: Format) -> bool:
    """Whether an output can be in this format; one that is read is written as it was read."""
    return one.words.is_read or bool(one.words.also)


@part
def manual_part(root: Path) -> str:
    """The pages of the manual, each with what it is about."""
    return "\n".join(_pages_under(head, topics) for head, topics in PAGES.items())


def _family(family: str, entries: list[CatalogueEntry]) -> str:
    sheet = SHEETS.get(family)
    picture = f"![The {family} transforms]({RECIPES}/gallery/{sheet}.webp)\n\n" if sheet else ""
    return f"## {family}\n\n{picture}" + "\n".join(map(_transform, entries))


def _transform(entry: CatalogueEntry) -> str:
    facts = [_item(f"Labels {entry.labels}."), _item(f"Fusing: {entry.fuses}.")]
    source = [_item(f"Source: {entry.source}.")] if entry.source else []
    parameters = [_parameter(parameter) for parameter in entry.parameters]
    example = f"```yaml\n- {entry.example}\n```\n"
    text = textwrap.fill(entry.summary, WIDTH, break_on_hyphens=False)
    return f"### {entry.name}\n\n{text}\n\n{''.join([*parameters, *facts, *source])}\n{example}"


def _parameter(parameter: Parameter) -> str:
    """`degrees` (number, required): what it says. Several facts are parted by semicolons."""
    default = "required" if parameter.default is None else f"default `{parameter.default}`"
    facts = "; ".join(filter(None, (parameter.form, parameter.bounds, default)))
    return _item(f"`{parameter.name}` ({facts}): {parameter.description}")


def _item(text: str) -> str:
    """A list item, broken into lines between words."""
    return (
        textwrap.fill(
            text,
            WIDTH,
            initial_indent="* ",
            subsequent_indent="  ",
            break_long_words=False,
            break_on_hyphens=False,
        )
        + "\n"
    )


def _code(text: str) -> str:
    return f"`{text}`" if text else ""


def _helps(command: click.Command, context: click.Context) -> Iterator[tuple[str, str]]:
    """A command's path and help, then those of the commands below it."""
    yield context.command_path, command.get_help(context)
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            if below := command.get_command(context, name):
                yield from _helps(below, click.Context(below, info_name=name, parent=context))


def _pages_under(head: str, topics: Iterable[str]) -> str:
    items = (_item(f"[{topic}](augcli/manual/{topic}.md): {summary(topic)}") for topic in topics)
    return f"{head}:\n\n{''.join(items)}"


def _first_comment(path: Path) -> str:
    line = path.read_text(encoding="utf-8").split("\n", 1)[0]
    if not line.startswith("# "):
        raise AugcliError("its first line does not say what it is for", where=str(path), hint="write # ...")
    return line.removeprefix("# ")


def pages(root: Path) -> list[Path]:
    """The files that may hold generated parts."""
    return [root / "README.md", *sorted(root.glob("augcli/manual/*.md"))]


def regenerated(text: str, root: Path) -> tuple[str, list[str]]:
    """A page's text with its parts written anew, and the names of the parts that have changed."""
    stale: list[str] = []

    def rewritten(match: re.Match[str]) -> str:
        written = f"{match[1]}\n{PARTS[match[2]](root).rstrip()}\n\n{match[3]}"
        if written != match[0]:
            stale.append(match[2])
        return written

    return _PART.sub(rewritten, text), stale


def check_markers(texts: Iterable[str]) -> None:
    """Raise AugcliError for a marker of an unknown name, and for a part that does not stand there once."""
    whole = "\n".join(texts)
    markers, parts = Counter(_MARKER.findall(whole)), Counter(match[2] for match in _PART.finditer(whole))
    for name in (*PARTS, *markers):
        if name not in PARTS:
            raise AugcliError(f"there is no generated part '{name}'", hint=f"there are {', '.join(PARTS)}")
        if (markers[name], parts[name]) != (2, 1):
            hint = f"write <!-- begin {name} --> and <!-- end {name} --> once, on lines of their own"
            raise AugcliError(f"the part '{name}' is not on one page once", hint=hint)


@click.command()
@click.argument("root", type=click.Path(path_type=Path, file_okay=False), default=".")
@click.option("--check", is_flag=True, help="Write nothing; exit 1 where a part is stale.")
def docs(root: Path, check: bool) -> int:
    """Write the generated parts of README.md and the manual below ROOT again."""
    texts = {path: _text(path) for path in pages(root)}
    check_markers(texts.values())
    code = DONE
    for path, text in texts.items():
        fresh, stale = regenerated(text, root)
        if check and stale:
            click.echo(f"{path} is stale: {', '.join(stale)}; run make docs", err=True)
            code = FAILED
        elif stale:
            path.write_text(fresh, encoding="utf-8")
            click.echo(f"{path}: wrote {', '.join(stale)}")
    return code


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise AugcliError(f"cannot be read ({error.strerror})", where=str(path)) from None


def main() -> int:
    """Run the command; an expected error is one line and exit code 2."""
    code = docs.main(standalone_mode=False)
    return code if isinstance(code, int) else DONE


if __name__ == "__main__":
    sys.exit(exit_code(main))
