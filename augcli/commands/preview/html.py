"""A sheet as one HTML file: pictures embedded, captions as text, no script and nothing from a network."""

from __future__ import annotations

import io
from base64 import b64encode
from html import escape

from PIL import Image

from augcli.commands.preview.captions import DOT
from augcli.commands.preview.overlay import HATCH_DARK, HATCH_LIGHT, Rgb
from augcli.commands.preview.sheet import CHIP, Cell, Chip, Row, Sheet, check_pixels
from augcli.errors import printable

QUALITY = 92  # of the embedded JPEG
_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
_STYLE = """
:root { color-scheme: light dark; --ink: #1b1f24; --grey: #59636e; --paper: #fff; --slot: #f3f4f6;
  --red: #a4262c; --rose: #fdf1f0; --edge: #c4c9d0; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6e9ed; --grey: #9aa4af; --paper: #14171b; --slot: #22262c; --red: #ff9c94; --rose: #351b1b;
    --edge: #4a525c; }
}
body { margin: 28px; background: var(--paper); color: var(--ink); font: 13px/1.4 system-ui, sans-serif; }
h1 { margin: 0; font-size: 22px; overflow-wrap: anywhere; }
header p, small, .details { color: var(--grey); }
main { margin-top: 14px; overflow-x: auto; }
.row { display: flex; gap: 14px; margin-bottom: 22px; }
.row > * { flex: none; width: var(--cell); margin: 0; overflow-wrap: anywhere; }
.picture { display: grid; place-items: center; min-height: calc(var(--cell) / 2); background: var(--slot); }
.picture img { grid-area: 1 / 1; }
.plain { visibility: hidden; }
#masks:checked ~ main .picture:hover .plain { visibility: visible; }
#masks:not(:checked) ~ main .picture:not(:hover) .plain { visibility: visible; }
.reason { box-sizing: border-box; min-height: calc(var(--cell) / 2); padding: 12px; background: var(--rose);
  color: var(--red); }
figcaption { display: flex; flex-wrap: wrap; justify-content: space-between; gap: 0 6px; margin-top: 5px; }
.details { flex: 100%; font-size: 11px; }
ul { display: flex; flex-wrap: wrap; gap: 6px 18px; padding: 0; list-style: none; }
i { display: inline-block; height: 12px; margin-right: 6px; border: 1px solid var(--edge); border-radius: 3px;
  vertical-align: -2px; }
"""
# It stands before the pictures, so that a style can tell them its state: a script is not needed.
_SWITCH = (
    '<input type="checkbox" id="masks" checked><label for="masks"> labels</label>'
    " <small>Point at a picture to see it the other way.</small>"
)


def written(sheet: Sheet) -> str:
    """A sheet as the text of an HTML file. Raises AugcliError for a huge one."""
    pixels = sum(picture.width * picture.height for picture in sheet.pictures)
    check_pixels(pixels, f"the pictures of the page would have {pixels} pixels")
    has_masks = any(cell and cell.plain for row in sheet.rows for cell in row)
    lines = [
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{_text(sheet.title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>",
        f"<header><h1>{_text(sheet.title)}</h1>\n<p>{_text(sheet.subtitle)}</p></header>",
        *([_SWITCH] if has_masks else []),
        f'<main style="--cell: {sheet.box}px">',
        *map(_row, sheet.rows),
        "</main>",
        *(["<ul>", *map(_chip, sheet.legend), "</ul>"] if sheet.legend else []),
        "</body>\n</html>\n",
    ]
    return "\n".join(lines)


def _text(text: str) -> str:
    """Text that is nothing but text in HTML, whatever a file is called."""
    return escape(printable(text))


def _row(row: Row) -> str:
    cells = [_figure(cell) if cell else "<div></div>" for cell in row]
    return "\n".join(['<div class="row">', *cells, "</div>"])


def _figure(cell: Cell) -> str:
    details = f'<span class="details">{_text(DOT.join(cell.details))}</span>' if cell.details else ""
    caption = f"<b>{_text(cell.title)}</b> <small>{cell.size}</small>{details}"
    return f"<figure>{_shown(cell)}<figcaption>{caption}</figcaption></figure>"


def _shown(cell: Cell) -> str:
    if cell.picture is None:
        return f'<div class="reason">{_text(cell.reason)}</div>'
    pictures = f'<img src="{_embedded(cell.picture)}" alt="{_text(cell.title)}">'
    if cell.plain:
        pictures += f'<img class="plain" src="{_embedded(cell.plain)}" alt="">'
    return f'<div class="picture">{pictures}</div>'


def _embedded(picture: Image.Image) -> str:
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=QUALITY, subsampling=0)
    return f"data:image/jpeg;base64,{b64encode(buffer.getvalue()).decode('ascii')}"


def _chip(chip: Chip) -> str:
    return (
        f'<li><i style="width: {chip.width}px; background: {_background(chip)}"></i>{_text(chip.name)}</li>'
    )


def _background(chip: Chip) -> str:
    """A colour, bands of colours, or stripes for what is ignored."""
    if chip.color is None:
        light, dark = (_code((level,) * 3) for level in (HATCH_LIGHT, HATCH_DARK))
        half, whole = CHIP // 4, CHIP // 2
        return f"repeating-linear-gradient(-45deg, {light} 0 {half}px, {dark} {half}px {whole}px)"
    if not chip.further:
        return _code(chip.color)
    bands = [chip.color, *chip.further]
    ends = [
        f"{_code(c)} {100 * n / len(bands):.4g}% {100 * (n + 1) / len(bands):.4g}%"
        for n, c in enumerate(bands)
    ]
    return f"linear-gradient(90deg, {', '.join(ends)})"


def _code(color: Rgb) -> str:
    return "#{:02x}{:02x}{:02x}".format(*color)
