"""Aligned lines of text for the terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

WIDTH = 12
MOST_NAMED = 20  # of lines of one sort


def fact(name: str, *lines: str) -> list[str]:
    """A named fact; its further lines stand below the first."""
    heads = [f"{name} "] + [""] * (len(lines) - 1)
    return [f"{head:<{WIDTH}}{line}".rstrip() for head, line in zip(heads, lines, strict=True)]


def first(lines: Sequence[str], rest: str) -> Iterator[str]:
    """The first of some lines, and how many more there are; `rest` ends that line, and says where."""
    yield from lines[:MOST_NAMED]
    if len(lines) > MOST_NAMED:
        yield f"and {len(lines) - MOST_NAMED} more{rest}"


def table(rows: Iterable[Sequence[str]], left: int = 1) -> list[str]:
    """Rows as aligned columns, the first `left` of them to the left, the others to the right.

    A column in which nothing stands is left out.
    """
    rows = list(rows)
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [_row(row, widths, left) for row in rows]


def _row(row: Sequence[str], widths: Sequence[int], left: int) -> str:
    cells = (_cell(row[i], width, i < left) for i, width in enumerate(widths) if width)
    return "  ".join(cells).rstrip()


def _cell(text: str, width: int, left: bool) -> str:
    return text.ljust(width) if left else text.rjust(width)


def counted(counts: Mapping[str, int], most: int = 8) -> str:
    """`28 JPEG RGB, 2 PNG L`, the commonest first."""
    ordered = sorted(counts.items(), key=lambda named: (-named[1], named[0]))
    more = f" and {len(ordered) - most} more kinds" if len(ordered) > most else ""
    return ", ".join(f"{number} {name}" for name, number in ordered[:most]) + more
