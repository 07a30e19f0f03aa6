"""What a run says: its progress as it goes, and what became of every planned pair."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from augcli.data import Dataset
from augcli.errors import printable
from augcli.pipeline.plan import FailedPair
from augcli.text import count


@dataclass(frozen=True)
class LeftOutLine:
    """What of an annotation file could not be used, and is in no pair: one sentence."""

    file: str
    source: str | None
    what: str

    def sentence(self) -> str:
        """The line for people."""
        return printable(self.what if self.what.startswith(self.file) else f"{self.file}: {self.what}")

    def as_line(self) -> dict[str, Any]:
        """The line as failures.jsonl holds it."""
        return {
            "source": self.source,
            "variant": None,
            "copy": None,
            "what": self.what,
            "where": self.file,
            "mend": "",
        }


def missing_lines(dataset: Dataset) -> list[LeftOutLine]:
    """The images that annotation files name and that are missing, with the number of their annotations."""
    return [
        LeftOutLine(file, one.image, f"{one.image}: {one.why}; the image is left out{_with(one.annotations)}")
        for file, head in dataset.annotation_files.items()
        for one in head.missing
    ]


def _with(annotations: int) -> str:
    return f" with its {count(annotations, 'annotation')}" if annotations else ""


@dataclass
class Report:
    """What became of the planned pairs."""

    planned: int = 0
    written: int = 0
    already: int = 0
    failed: list[FailedPair] = field(default_factory=list)
    notes: Counter[str] = field(default_factory=Counter)
    left_out: list[LeftOutLine] = field(default_factory=list)
    losses: list[str] = field(default_factory=list)  # what descriptions do not say as it is
    seconds: float = 0.0
    dataset: Dataset | None = None

    def sentence(self) -> str:
        """The closing sentence."""
        if not (self.written or self.failed or self.left_out):
            return f"nothing to do: all {self.planned} pairs are there"
        rate = self.written / self.seconds if self.seconds else 0.0
        parts = [f"{self.written} pairs written"]
        if self.already:
            parts.append(f"{self.already} already there")
        parts.append(f"{len(self.failed)} failed")
        if self.left_out:
            parts.append(f"{count(len(self.left_out), 'thing')} in annotation files left out")
        return f"{', '.join(parts)}; {self.seconds:.1f} s, {rate:.1f} pairs per second"

    def as_json(self) -> dict[str, Any]:
        """The report for programs."""
        dataset = self.dataset
        missing = missing_lines(dataset) if dataset else []
        return {
            "planned": self.planned,
            "written": self.written,
            "already": self.already,
            "failed": [failure.as_line() for failure in self.failed],
            "notes": dict(self.notes),
            "left_out": [line.as_line() for line in (*missing, *self.left_out)],
            "losses": self.losses,
            "orphan_images": list(dataset.orphan_images) if dataset else [],
            "orphan_masks": list(dataset.orphan_masks) if dataset else [],
            "seconds": round(self.seconds, 3),
        }


class Progress:
    """Hears of the run as it goes; this one says nothing."""

    def found(self, dataset: Dataset) -> None:
        """Hear what data set was found."""

    def begins(self, total: int, done: int) -> None:
        """Hear that `total` pairs are planned and `done` of them are there."""

    def advances(self) -> None:
        """Hear that one more pair is done or failed."""

    def ends(self) -> None:
        """Hear that the work is over."""
