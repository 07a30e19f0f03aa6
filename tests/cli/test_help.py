"""`augcli help`, and how --help is laid out."""

from __future__ import annotations

from pathlib import Path

import click
import pytest
from support.commands import run
from support.manual import PAGES as FILES
from support.manual import page

from augcli.cli.app import COMMANDS, READ_MORE, SECTIONS, cli
from augcli.cli.help import TOPICS, summary
from augcli.cli.sections import OTHER, Command, command, option

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal of 80 columns."""
    monkeypatch.setenv("COLUMNS", "80")


def test_every_page_is_a_topic_and_every_topic_a_page() -> None:
    assert {Path(name).stem for name in FILES if name != "README.md"} == set(TOPICS)
    assert len(TOPICS) == len(set(TOPICS))


@pytest.mark.parametrize("topic", TOPICS)
def test_a_page_begins_with_its_title_and_what_it_is_about(topic: str) -> None:
    title, empty, about, below = page(topic).splitlines()[:4]
    assert title.startswith("# ")
    assert (empty, below) == ("", "")
    assert about.endswith(".")


def test_help_lists_every_page_in_80_columns(capsys: Capture) -> None:
    code, out, _ = run(capsys, "help")
    assert code == 0
    for topic in TOPICS:
        assert f"  {topic:<14}{summary(topic)}\n" in out
    assert max(map(len, out.splitlines())) <= 80


def test_a_page_is_shown_without_what_only_a_browser_shows(capsys: Capture) -> None:
    _, out, _ = run(capsys, "help", "transforms")
    assert out.startswith("# Transforms\n")
    assert "### rotate\n" in out
    assert "<!--" not in out
    assert "![" not in out


def test_a_page_is_paged_in_a_terminal(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    paged: list[str] = []
    monkeypatch.setattr(click, "echo_via_pager", paged.append)
    assert run(capsys, "help", "masks") == (0, "", "")
    assert paged == [page("masks").rstrip()]


def test_a_command_has_its_help(capsys: Capture, terminal: None) -> None:
    assert "expand" not in TOPICS
    _, by_option, _ = run(capsys, "expand", "--help")
    _, out, _ = run(capsys, "help", "expand")
    assert out.rstrip() == by_option.rstrip()


def test_a_page_that_is_called_as_a_command_names_it(capsys: Capture) -> None:
    _, out, _ = run(capsys, "help", "convert")
    assert out.startswith("# Convert from albumentations\n")
    assert out.endswith("\naugcli convert --help shows the options of the command.\n")


def test_a_transform_has_what_the_catalogue_says_of_it(capsys: Capture) -> None:
    _, by_name, _ = run(capsys, "transforms", "rotate")
    assert run(capsys, "help", "rotate") == (0, by_name, "")


@pytest.mark.parametrize(
    ("topic", "message"),
    [
        ("mask", "the manual has no 'mask'; did you mean masks?"),
        ("expnd", "the manual has no 'expnd'; did you mean expand?"),
        ("rotat", "the manual has no 'rotat'; did you mean rotate?"),
        ("qqq", "the manual has no 'qqq'; augcli help lists the pages"),
    ],
)
def test_another_topic_is_answered_with_the_nearest(topic: str, message: str, capsys: Capture) -> None:
    assert run(capsys, "help", topic) == (2, "", f"augcli: {message}\n")


def test_the_programs_help_groups_all_commands(capsys: Capture, terminal: None) -> None:
    _, out, _ = run(capsys, "--help")
    places = [out.index(f"\n{head}:\n") for head in SECTIONS]
    assert places == sorted(places)
    for name in COMMANDS:
        assert out.count(f"\n  {name} ") == 1
    assert "..." not in out.replace("[ARGS]...", "")
    assert max(map(len, out.splitlines())) <= 80
    assert " ".join(out.split()).endswith(READ_MORE)


def test_the_help_of_expand_groups_its_options(capsys: Capture, terminal: None) -> None:
    _, out, _ = run(capsys, "expand", "--help")
    heads = [line for line in out.splitlines() if line.endswith(":") and not line.startswith(" ")]
    assert heads == ["Input:", "What is made:", "Running:", "Output:", "Other:"]
    assert out.index("Input:") < out.index("--only GLOB") < out.index("What is made:")
    assert out.index("Running:") < out.index("-j, --workers N") < out.index("Output:")


def test_every_option_of_expand_but_help_has_a_section() -> None:
    expand = cli.get_command(click.Context(cli), "expand")
    assert isinstance(expand, Command)
    sections = {option.name: option.section for option in expand.params if isinstance(option, click.Option)}
    assert [name for name, section in sections.items() if section == OTHER] == []


def test_options_of_one_section_stand_under_one_heading() -> None:
    @command()
    @option("--one", section="Input", help="The first.")
    @option("--two", help="The second.")
    def plain() -> None:
        """Do nothing."""

    text = plain.get_help(click.Context(plain, terminal_width=80))
    assert text.endswith(
        "Options:\n"
        "  --one TEXT  The first.\n"
        "  --two TEXT  The second.\n"
        "  --help      Show this message and exit."
    )
