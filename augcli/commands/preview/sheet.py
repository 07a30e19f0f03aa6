"""The sheet itself: rows of cells on white, a header above, the classes below."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from PIL import Image, ImageDraw

from augcli.commands.preview.captions import cut, font_of, legible, paragraph, shortened, wrapped
from augcli.commands.preview.overlay import HATCH_DARK, HATCH_LIGHT, Rgb
from augcli.errors import AugcliError

MARGIN, GAP, ROW_GAP, INSET = 28, 14, 22, 12  # pixels
INK, GREY, SLOT, RED, ROSE = "#1b1f24", "#656d76", "#f3f4f6", "#a4262c", "#fdf1f0"
CHIP_EDGE = "#c4c9d0"
TITLE, SUBTITLE, CAPTION, DETAIL = 22, 13, 13, 11  # sizes of letters
TITLE_LINE, SUBTITLE_LINE, CAPTION_LINE, DETAIL_LINE, LEGEND_LINE = 30, 32, 19, 15, 22
CAPTION_GAP = 5
MOST_DETAIL_LINES, MOST_LEGEND_LINES, MOST_REASON_LINES = 4, 3, 7
HEAVY = 0.35  # pixels of outline: a heavier weight than the one that the font has
CHIP, CHIP_GAP, CLASS_GAP = 12, 6, 18
MOST_PIXELS = 100_000_000

CellPosition = tuple[int, int]


@dataclass(frozen=True)
class Cell:
    """One picture with what stands under it; without a picture, the reason why there is none.

    `plain` is the picture without its masks, where it has any.
    """

    title: str
    size: str = ""
    details: tuple[str, ...] = ()
    picture: Image.Image | None = None
    reason: str = ""
    plain: Image.Image | None = None


@dataclass(frozen=True)
class Chip:
    """A class in the legend; the one without a colour is hatched. `further` are bands behind the first."""

    name: str
    color: Rgb | None
    further: tuple[Rgb, ...] = ()

    @property
    def width(self) -> int:
        """Pixels of its coloured part."""
        return CHIP if not self.further else 3 * CHIP


Row = Sequence[Cell | None]


@dataclass(frozen=True)
class Sheet:
    """What a sheet shows: rows of cells, each picture in a square of `box` pixels, and a legend."""

    title: str
    subtitle: str
    rows: Sequence[Row]
    legend: Sequence[Chip]
    box: int

    @property
    def pictures(self) -> list[Image.Image]:
        """The pictures of all cells, in their order."""
        return [cell.picture for row in self.rows for cell in row if cell and cell.picture]


def check_pixels(pixels: int, what: str) -> None:
    """Refuse what would not fit in memory. Raises AugcliError."""
    if pixels > MOST_PIXELS:
        raise AugcliError(what, hint="use fewer --rows or --cols, or a smaller --cell")


def draw_sheet(sheet: Sheet) -> Image.Image:
    """Draw a sheet as one picture. Raises AugcliError for a huge one."""
    rows, box = sheet.rows, sheet.box
    columns = max(len(row) for row in rows)
    width = 2 * MARGIN + columns * box + (columns - 1) * GAP
    tops = [MARGIN + TITLE_LINE + SUBTITLE_LINE]
    for row in rows:
        tops.append(tops[-1] + _picture_height(row, box) + _text_height(row, box) + ROW_GAP)
    chips, places = _legend_places(sheet.legend, width - 2 * MARGIN)
    height = tops[-1] + (places[-1][1] + LEGEND_LINE if places else -ROW_GAP) + MARGIN
    check_pixels(width * height, f"the sheet would have {width}x{height} pixels")
    image = Image.new("RGB", (width, height), "white")
    _draw_header(ImageDraw.Draw(image), sheet.title, sheet.subtitle, width - 2 * MARGIN)
    for row, top in zip(rows, tops, strict=False):
        for number, cell in enumerate(row):
            if cell:
                place = (MARGIN + number * (box + GAP), top)
                _draw_cell(image, cell, place, (box, _picture_height(row, box)))
    for chip, (x, y) in zip(chips, places, strict=True):
        _draw_chip(ImageDraw.Draw(image), chip, (MARGIN + x, tops[-1] + y))
    return image


def _draw_header(draw: ImageDraw.ImageDraw, title: str, subtitle: str, width: int) -> None:
    name = cut(legible(title), font_of(TITLE), width)
    draw.text((MARGIN, MARGIN), name, font=font_of(TITLE), fill=INK, stroke_width=HEAVY)
    line = cut(legible(subtitle), font_of(SUBTITLE), width)
    draw.text((MARGIN, MARGIN + TITLE_LINE), line, font=font_of(SUBTITLE), fill=GREY)


def _picture_height(row: Row, box: int) -> int:
    tall = [cell.picture.height if cell.picture else box // 2 for cell in row if cell]
    return max(tall)


def _text_height(row: Row, box: int) -> int:
    lines = max(len(_detail_lines(cell, box)) for cell in row if cell)
    return CAPTION_GAP + CAPTION_LINE + lines * DETAIL_LINE


def _detail_lines(cell: Cell, box: int) -> list[str]:
    return wrapped(map(legible, cell.details), font_of(DETAIL), box, MOST_DETAIL_LINES)


def _draw_cell(sheet: Image.Image, cell: Cell, place: CellPosition, slot: tuple[int, int]) -> None:
    """A picture in the middle of its slot (width, height), and what stands under it."""
    draw = ImageDraw.Draw(sheet)
    (left, top), (width, height) = place, slot
    draw.rectangle((left, top, left + width - 1, top + height - 1), SLOT if cell.picture else ROSE)
    if cell.picture:
        across, down = width - cell.picture.width, height - cell.picture.height
        sheet.paste(cell.picture, (left + across // 2, top + down // 2))
    else:
        _draw_reason(draw, cell.reason, place, slot)
    _draw_caption(draw, cell, (left, top + height + CAPTION_GAP), width)


def _draw_reason(draw: ImageDraw.ImageDraw, reason: str, place: CellPosition, slot: tuple[int, int]) -> None:
    most = min(MOST_REASON_LINES, max(1, (slot[1] - 2 * INSET) // DETAIL_LINE))
    lines = paragraph(legible(reason), font_of(DETAIL), slot[0] - 2 * INSET, most)
    _draw_lines(draw, lines, (place[0] + INSET, place[1] + INSET), RED)


def _draw_caption(draw: ImageDraw.ImageDraw, cell: Cell, place: CellPosition, width: int) -> None:
    left, top = place
    size_width = font_of(DETAIL).getlength(cell.size)
    title = shortened(legible(cell.title), font_of(CAPTION), width - size_width - CHIP_GAP)
    draw.text(place, title, font=font_of(CAPTION), fill=INK, stroke_width=HEAVY)
    draw.text((left + width - size_width, top + 2), cell.size, font=font_of(DETAIL), fill=GREY)
    _draw_lines(draw, _detail_lines(cell, width), (left, top + CAPTION_LINE), GREY)


def _draw_lines(draw: ImageDraw.ImageDraw, lines: Iterable[str], place: CellPosition, color: str) -> None:
    for number, line in enumerate(lines):
        draw.text((place[0], place[1] + number * DETAIL_LINE), line, font=font_of(DETAIL), fill=color)


def _legend_places(legend: Sequence[Chip], width: int) -> tuple[list[Chip], list[CellPosition]]:
    """The chips that find a place, and where: left to right, a few lines; the last says how many do not."""
    places: list[CellPosition] = []
    x = y = 0
    for number, chip in enumerate(legend):
        wide = _chip_width(chip)
        if x and x + wide > width:
            x, y = 0, y + LEGEND_LINE
        if y >= MOST_LEGEND_LINES * LEGEND_LINE:
            kept = max(1, number - 1)
            more = Chip(f"and {len(legend) - kept + 1} more", (255, 255, 255))
            return [*legend[: kept - 1], more], places[:kept]
        places.append((x, y))
        x += wide + CLASS_GAP
    return list(legend), places


def _chip_width(chip: Chip) -> int:
    return chip.width + CHIP_GAP + round(font_of(SUBTITLE).getlength(legible(chip.name)))


def _draw_chip(draw: ImageDraw.ImageDraw, chip: Chip, place: CellPosition) -> None:
    left, top = place
    edges = (left, top + 2, left + chip.width - 1, top + CHIP + 1)
    if not chip.color:
        draw.rounded_rectangle(edges, 3, (HATCH_LIGHT,) * 3)
        draw.line((left + 2, top + CHIP, left + CHIP - 2, top + 3), (HATCH_DARK,) * 3, 3)
    elif chip.further:
        _draw_bands(draw, (chip.color, *chip.further), (left, top + 2), chip.width)
    else:
        draw.rounded_rectangle(edges, 3, chip.color, outline=CHIP_EDGE if min(chip.color) > 215 else None)
    name_place = (left + chip.width + CHIP_GAP, top)
    draw.text(name_place, legible(chip.name), font=font_of(SUBTITLE), fill=INK)


def _draw_bands(draw: ImageDraw.ImageDraw, colors: Sequence[Rgb], place: CellPosition, width: int) -> None:
    left, top = place
    for column in range(width):
        color = colors[column * len(colors) // width]
        draw.line((left + column, top, left + column, top + CHIP - 1), color)
