"""What can go wrong for a user: what, where, and how to mend it, in one line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

_SHOWN = 4  # recipe lines in one message


def printable(text: str) -> str:
    """Text with control characters escaped, so that a file name cannot write to a terminal."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


class AugcliError(Exception):
    """An expected error. Its text is one line: `where: what; mend`."""

    def __init__(self, what: str, *, where: str = "", hint: str = "") -> None:
        super().__init__(what, where, hint)
        self.what = what
        self.where = where
        self.hint = hint

    def __reduce__(self) -> tuple[object, ...]:
        return (_restore, (type(self), self.what, self.where, self.hint))

    def __str__(self) -> str:
        line = f"{self.where}: {self.what}" if self.where else self.what
        return printable(f"{line}; {self.hint}" if self.hint else line)


def _restore(kind: type[AugcliError], what: str, where: str, hint: str) -> AugcliError:
    """Rebuild an error that crossed a process border."""
    return kind(what, where=where, hint=hint)


@dataclass(frozen=True)
class Mistake:
    """One mistake in a recipe: its place, the path of keys to it, and what was expected."""

    file: str
    line: int
    column: int
    path: str
    message: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}"
        return printable(f"{place}: {self.path}: {self.message}" if self.path else f"{place}: {self.message}")


class RecipeError(AugcliError):
    """A recipe that cannot be used. Holds every mistake that was found, in the order of the file."""

    def __init__(self, mistakes: list[Mistake]) -> None:
        super().__init__("\n".join(str(m) for m in mistakes))
        self.mistakes = mistakes

    def __reduce__(self) -> tuple[object, ...]:
        return (RecipeError, (self.mistakes,))

    def __str__(self) -> str:
        return "\n".join(str(m) for m in self.mistakes)


class DatasetError(AugcliError):
    """A data set that cannot be used as it is: nothing was written."""


class ChoiceError(DatasetError):
    """A data set that can be read in several ways; each of `lines`, put into a recipe, says which."""

    def __init__(self, what: str, *, where: str = "", lines: Sequence[str]) -> None:
        more = f" ... and {len(lines) - _SHOWN} more" if len(lines) > _SHOWN else ""
        shown = " or ".join(lines[:_SHOWN]) + more
        super().__init__(what, where=where, hint=f"put one of these lines into the recipe: {shown}")
        self.lines = tuple(lines)

    def __reduce__(self) -> tuple[object, ...]:
        return (partial(ChoiceError, where=self.where, lines=self.lines), (self.what,))


class ImageError(AugcliError):
    """One image or mask that cannot be used: its pairs fail, the others are done."""


class PluginError(ImageError):
    """A user's own transform that failed; `traceback` is as Python prints it."""

    def __init__(self, what: str, *, where: str = "", hint: str = "", traceback: str = "") -> None:
        super().__init__(what, where=where, hint=hint)
        self.traceback = traceback

    def __reduce__(self) -> tuple[object, ...]:
        made = partial(PluginError, where=self.where, hint=self.hint, traceback=self.traceback)
        return (made, (self.what,))


class OutputError(AugcliError):
    """An output that is refused: not ours, of another recipe, of other inputs, or in use."""
