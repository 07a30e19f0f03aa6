"""The HTML page: one file that holds its pictures, runs nothing, and asks nobody for anything."""

from __future__ import annotations

import io
from base64 import b64decode
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image
from support.commands import pairs

from augcli.cli.app import cli
from augcli.commands.preview.html import written
from augcli.commands.preview.overlay import Rgb
from augcli.commands.preview.sheet import Cell, Chip, Sheet
from augcli.errors import AugcliError

VOID = {"meta", "img", "input"}


class Page(HTMLParser):
    """The tags of a page in their order, its text, and whether every tag was closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.open: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self.open += [] if tag in VOID else [tag]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data if "style" not in self.open else ""

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]

    def pictures(self) -> list[Image.Image]:
        found = []
        for image in self.all("img"):
            head, _, data = str(image["src"]).partition(",")
            assert head == "data:image/jpeg;base64"
            found.append(Image.open(io.BytesIO(b64decode(data, validate=True))))
        return found


def plain(color: str | Rgb, size: tuple[int, int] = (64, 48)) -> Image.Image:
    return Image.new("RGB", size, color)


def page_of(*cells: Cell | None, title: str = "recipe.yaml", legend: tuple[Chip, ...] = ()) -> Page:
    page = Page(written(Sheet(title, "1 source", [cells], legend, 64)))
    assert page.open == []
    return page


def test_pictures_are_in_the_page_with_their_masks_and_without() -> None:
    page = page_of(Cell("a", "64x48", ("rotate 5",), plain("red"), plain=plain("blue")))
    over, without = (np.asarray(image) for image in page.pictures())
    assert over.shape == (48, 64, 3)
    assert np.abs(over[9, 9].astype(int) - [255, 0, 0]).max() < 5
    assert np.abs(without[9, 9].astype(int) - [0, 0, 255]).max() < 5
    assert [image.get("class") for image in page.all("img")] == [None, "plain"]
    assert [box["id"] for box in page.all("input")] == ["masks"]
    assert "rotate 5" in page.text


def test_without_masks_there_is_no_switch() -> None:
    page = page_of(Cell("a", picture=plain("red")))
    assert len(page.pictures()) == 1
    assert page.all("input") == []


HOSTILE = "<script>alert(1)</script>\"'&\u202e\x00\udc80"


@pytest.mark.parametrize("field", ["title", "details", "reason", "legend", "head"])
def test_a_name_is_text_whatever_it_holds(field: str) -> None:
    name = HOSTILE if field == "title" else "a"
    details = (HOSTILE,) if field == "details" else ()
    cells = [Cell(name, "1x1", details, plain("red")), Cell(name, reason=HOSTILE * (field == "reason"))]
    legend = (Chip(HOSTILE, (1, 2, 3)),) if field == "legend" else ()
    page = page_of(*cells, title=HOSTILE if field == "head" else "r", legend=legend)
    shown = "<script>alert(1)</script>\"'&\\u202e\\x00\\udc80"
    assert page.text.count(shown) == (2 if field in ("title", "head") else 1)
    assert page.all("script") == []
    known = {"name", "content", "charset", "http-equiv", "lang", "style", "class", "src", "alt", "type", "id"}
    assert {name for _, attributes in page.tags for name in attributes} <= known | {"for", "checked"}


def test_nothing_is_fetched_and_nothing_runs() -> None:
    page = page_of(Cell("a", picture=plain("red"), plain=plain("blue")), Cell("b", reason="too small"))
    policies = [meta["content"] for meta in page.all("meta") if meta.get("http-equiv")]
    assert policies == ["default-src 'none'; img-src data:; style-src 'unsafe-inline'"]
    assert {tag for tag, _ in page.tags}.isdisjoint({"script", "link", "iframe", "a", "object"})
    assert "url(" not in written(Sheet("", "", [[Cell("a")]], [], 64))


def test_the_legend_has_colours_bands_and_stripes() -> None:
    legend = (Chip("car", (255, 0, 128)), Chip("depth", (0, 0, 0), ((255, 255, 255),)), Chip("ignored", None))
    looks = [str(chip["style"]) for chip in page_of(Cell("a"), legend=legend).all("i")]
    assert looks == [
        "width: 12px; background: #ff0080",
        "width: 36px; background: linear-gradient(90deg, #000000 0% 50%, #ffffff 50% 100%)",
        "width: 12px; background: repeating-linear-gradient(-45deg, #e1e1e1 0 3px, #6e6e6e 3px 6px)",
    ]


def test_a_row_keeps_the_place_of_what_is_not_there() -> None:
    page = page_of(None, Cell("a", picture=plain("red")))
    after = [tag for tag, _ in page.tags if tag in ("div", "figure")]
    assert after == ["div", "div", "figure", "div"]  # the row, the empty place, the cell, its picture


def test_a_page_too_large_for_memory_is_refused() -> None:
    cell = Cell("a", picture=plain("red", (2000, 1000)))
    with pytest.raises(AugcliError) as caught:
        written(Sheet("", "", [[cell] * 51], [], 2048))
    assert str(caught.value) == (
        "the pictures of the page would have 102000000 pixels; "
        "use fewer --rows or --cols, or a smaller --cell"
    )


def test_the_command_writes_the_same_page_each_time(tmp_path: Path) -> None:
    root = pairs(tmp_path / "in", [0, 1], [0, 255])
    recipe = "input: {mask: {kind: index}}\ncopies: 2\ntransforms: [rotate: {degrees: [-9, 9]}]"
    (tmp_path / "r.yaml").write_text(recipe)
    for name in ("1.html", "2.HTML"):
        words = ["preview", str(tmp_path / "r.yaml"), str(root), "-o", str(tmp_path / name), "--cell", "90"]
        result = CliRunner().invoke(cli, words, catch_exceptions=False, standalone_mode=False)
        size = f"{(tmp_path / name).stat().st_size / 1000:.1f} kB"
        assert result.stdout == f"{tmp_path}/{name}: 2 sources, 4 copies, 0 failed; {size}\n"
    first, second = ((tmp_path / name).read_text(encoding="utf-8") for name in ("1.html", "2.HTML"))
    assert first == second
    page = Page(first)
    assert [image.size for image in page.pictures()] == [(90, 68)] * 12
    assert [main["style"] for main in page.all("main")] == ["--cell: 90px"]
