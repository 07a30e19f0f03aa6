"""What stands under a picture: text that the sheet's font can show, shortened to its place."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from PIL import ImageFont

from augcli.data import Array, name_of
from augcli.recipe.mask_options import SOLE
from augcli.transforms.filters import EndWarp
from augcli.transforms.operations import Applied

Font = ImageFont.FreeTypeFont
DOT, DOTS = "  \u00b7  ", "\u2026"
_BEYOND_ASCII = "\u00b7\u2026\u00b0"  # what the font of Pillow's load_default has of use besides ASCII
_UNITS = {"degrees": "\u00b0"}
KEY_LENGTH = 32  # hexadecimal digits of the key of a field of noise


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
    """Each applied step in a few words: `rotate -7.3°`, `crop 312x256 at 40, 12`; an ended warp in none."""
    return [_step(step) for step in applied if step.name != EndWarp.name]


def _step(step: Applied) -> str:
    numbers, lists = dict(_numbers(step.params)), _lists(step.params)
    if size := _size(numbers):
        return f"{step.name} {size}"
    if len(numbers) == 1 and not lists:
        ((name, value),) = numbers.items()
        return f"{step.name} {_with_unit(name, value)}"
    return f"{step.name} {', '.join([*_telling(numbers), *lists])}".rstrip()


def parameters(step: Applied) -> list[str]:
    """The resolved parameters of a step, each in a few words: `degrees -7.3°`, `sigma 24`, `4 boxes`.

    Left out are numbers that are 0, keys of noise, and lists that are too long to read.
    """
    numbers = dict(_numbers(step.params))
    size = _size(numbers)
    words = [f"{name} {value}" for name, value in step.params.items() if _is_word(name, value)]
    switches = [name for name, value in step.params.items() if value is True]
    return [*([size] if size else []), *_telling(numbers), *_lists(step.params), *words, *switches]


def _size(numbers: dict[str, float]) -> str:
    """A box's size and place, which are taken out of the numbers; empty where there is none."""
    if not {"width", "height"} <= numbers.keys():
        return ""
    size = f"{shortest(numbers.pop('width'))}x{shortest(numbers.pop('height'))}"
    place = [shortest(numbers.pop(axis)) for axis in "xy" if axis in numbers]
    return f"{size} at {', '.join(place)}" if place else size


def _telling(numbers: Mapping[str, float]) -> list[str]:
    return [f"{name} {_with_unit(name, value)}" for name, value in numbers.items() if value]


def _with_unit(name: str, value: float) -> str:
    return shortest(value) + _UNITS.get(name, "")


def _is_word(name: str, value: Any) -> bool:
    """Whether a text tells something: a definition or a policy does, a key of noise does not."""
    return isinstance(value, str) and name != "unit" and len(value) < KEY_LENGTH


def _lists(params: Mapping[str, Any]) -> list[str]:
    """The lists among resolved parameters that are short enough to be read, boxes by their number."""
    found = []
    for name, value in params.items():
        if name == "chains":
            found += [_chain(chain) for chain in value]
        elif name == "boxes":
            found.append(counted(len(value), "box", "boxes"))
        elif isinstance(value, list | tuple) and len(value) <= 4 and _is_told(value):
            found.append(f"{name} {', '.join(map(shortest, value))}")
    return found


def _is_told(values: Sequence[Any]) -> bool:
    return all(isinstance(value, int | float) for value in values) and (any(values) or len(values) == 1)


def _chain(chain: Mapping[str, Any]) -> str:
    """A weighted chain of AugMix: `0.34 solarize 0.8 > posterize 4`."""
    steps = described(Applied(step["name"], step["params"]) for step in chain["steps"])
    return f"{shortest(chain['weight'])} {' > '.join(steps)}"


def counted(number: int, one: str, many: str = "") -> str:
    """A number with its noun."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def of_mask(name: str, text: str) -> str:
    """What is said of a mask: with its name, where there are several."""
    return text if name == SOLE else f"{name}: {text}"


def instances_shown(masks: Mapping[str, Array], keys: Iterable[str]) -> list[str]:
    """How many instances are seen in each mask of `keys`: `nuclei: 46 instances`."""
    found: Counter[str] = Counter()
    for key in sorted(keys):
        found[name_of(key)] += int(np.count_nonzero(np.unique(masks[key])))
    return [of_mask(name, counted(number, "instance")) for name, number in found.items()]


def range_shown(name: str, values: Array) -> str:
    """The least and the greatest value of a depth map or matte: `depth: 0.25 to 12.5`."""
    return of_mask(name, f"{shortest(float(values.min()))} to {shortest(float(values.max()))}")


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
