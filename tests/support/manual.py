"""README.md and the pages of the manual, and the examples on them."""

from __future__ import annotations

import re

from support.paths import ROOT

PAGES = {
    path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
    for path in (ROOT / "README.md", *sorted(ROOT.glob("augcli/manual/*.md")))
}
_GENERATED = re.compile(r"^<!-- begin (\S+) -->$.*?^<!-- end \1 -->$", re.DOTALL | re.MULTILINE)


def page(topic: str) -> str:
    """The text of a page of the manual."""
    return PAGES[f"augcli/manual/{topic}.md"]


def written(text: str) -> str:
    """A page without its generated parts."""
    return _GENERATED.sub("", text)


def blocks(language: str, text: str) -> list[str]:
    """The fenced examples of a page in a language, outside of its generated parts."""
    return re.findall(rf"^```{language}\n(.*?)^```$", written(text), re.DOTALL | re.MULTILINE)


def all_blocks(language: str) -> list[tuple[str, str]]:
    """All examples in a language, each with the name of its page."""
    return [(name, block) for name, text in PAGES.items() for block in blocks(language, text)]


def augcli_lines(block: str) -> list[str]:
    """The lines of a shell example that call augcli."""
    lines = (line.removeprefix("srun ") for line in block.splitlines())
    return [line for line in lines if line.startswith("augcli ")]


def mentioned_commands(text: str) -> list[str]:
    """The commands of a page in its sentences, and in examples for other programs."""
    inline = re.findall(r"`(augcli \w+ [^`]+)`", " ".join(written(text).split()))
    others = [block for language in ("make", "yml", "snakemake") for block in blocks(language, text)]
    commands = re.findall(r"(?<=[\t\" ])augcli [^\"\n]+", "\n".join(others))
    return [*inline, *(line.replace("{threads}", "8") for line in commands)]
