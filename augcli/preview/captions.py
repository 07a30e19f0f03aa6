"""What stands under a picture: text that the sheet's font can show, shortened to its place."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from PIL import ImageFont

from augcli.ops import Applied

Font = ImageFont.FreeTypeFont
DOT, DOTS = "  \u00b7  ", "\u2026"
_BEYOND_ASCII = "\u00b7\u2026\u00b0"  # what the font of Pillow's load_default has of use besides ASCII
_UNITS = {"degrees": "\u00b0"}


def font_of(size: int) -> Font:
    """Pillow's own font, so that a sheet looks the same everywhere."""
    found = ImageFont.load_default(size)
    if not isinstance(found, ImageFont.FreeTypeFont):
        raise RuntimeError("this Pillow was built without FreeType")
    return found


def legible(text: str) -> str:
    """Text in the font's characters: accents are dropped, what it cannot show is a question mark."""
    plain = (c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return "".join(c if " " <= c <= "~" or c in _BEYOND_ASCII else "?" for c in plain)


def described(applied: Iterable[Applied]) -> list[str]:
    """Each applied step in a few words: `rotate -7.3°`, `crop 312x256 at 40, 12`."""
    return [_step(step) for step in applied]


def _step(step: Applied) -> str:
    numbers = dict(_numbers(step.params))
    width, height = numbers.pop("width", None), numbers.pop("height", None)
    if width is not None and height is not None:
        size = f"{step.name} {shortest(width)}x{shortest(height)}"
        place = [shortest(numbers[axis]) for axis in "xy" if axis in numbers]
        return f"{size} at {', '.join(place)}" if place else size
    shown = {name: shortest(value) + _UNITS.get(name, "") for name, value in numbers.items()}
    if len(shown) == 1:
        return f"{step.name} {next(iter(shown.values()))}"
    telling = [f"{name} {shown[name]}" for name, value in numbers.items() if value]
    return f"{step.name} {', '.join(telling)}".rstrip()


def _numbers(params: Mapping[str, Any], outer: str = "") -> Iterator[tuple[str, float]]:
    """The plain numbers among resolved parameters, nested ones as `outer inner`."""
    for name, value in params.items():
        if isinstance(value, Mapping):
            yield from _numbers(value, f"{outer}{name} ")
        elif isinstance(value, int | float) and not isinstance(value, bool):
            yield outer + name, value


def shortest(value: float) -> str:
    """Two or three figures of a number, or all of a whole one."""
    if value == int(value) or abs(value) >= 100:
        return f"{value:.0f}"
    return f"{value:.3g}" if abs(value) >= 1 else f"{value:.2g}"


def shortened(text: str, font: Font, width: float) -> str:
    """A text that fits in a width: its end, which tells one key from another, is kept."""
    if font.getlength(text) <= width:
        return text
    start = next((i for i in range(len(text)) if font.getlength(DOTS + text[i:]) <= width), len(text))
    return DOTS + text[start:]


def wrapped(pieces: Iterable[str], font: Font, width: float, most: int) -> list[str]:
    """Pieces with dots between them on at most `most` lines; what does not fit is shown as an ellipsis."""
    lines: list[str] = []
    for piece in pieces:
        joined = lines[-1] + DOT + piece if lines else piece
        if lines and font.getlength(joined) <= width:
            lines[-1] = joined
        else:
            lines.append(cut(piece, font, width))
    if len(lines) > most:
        lines = [*lines[: most - 1], cut(lines[most - 1] + DOT + DOTS, font, width)]
    return lines


def paragraph(text: str, font: Font, width: float, most: int) -> list[str]:
    """A text broken at its spaces into at most `most` lines; the last one ends in an ellipsis if cut."""
    lines: list[str] = []
    for word in text.split():
        if lines and font.getlength(f"{lines[-1]} {word}") <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(cut(word, font, width))
    return lines if len(lines) <= most else [*lines[: most - 1], cut(lines[most - 1] + DOTS, font, width)]


def cut(text: str, font: Font, width: float) -> str:
    """A text that fits in a width: its start is kept."""
    if font.getlength(text) <= width:
        return text
    stop = next((i for i in range(len(text), 0, -1) if font.getlength(text[:i] + DOTS) <= width), 0)
    return text[:stop].rstrip() + DOTS
