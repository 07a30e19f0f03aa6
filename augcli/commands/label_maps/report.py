"""What became of an annotation file's images and annotations."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from augcli.errors import printable
from augcli.labels.label_maps.draw import DrawnMap, DrawRules
from augcli.text import count


@dataclass
class MapsReport:
    """The maps that were made, and what of the annotations is in them.

    `failed` has a line for each image without a map, `faults` one for each entry that was left out, and
    `remarks` one for each that has another id, or no pixel that is seen.
    """

    rules: DrawRules
    maps: int = 0
    drawn: int = 0
    crowds: int = 0
    unvalued: int = 0
    overlapping: int = 0
    overlapped_maps: int = 0
    failed: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    def add(self, drawn: DrawnMap, where: str) -> None:
        """Count a map; `where` begins the lines of its faults."""
        self.maps += 1
        self.drawn += drawn.drawn
        self.crowds += drawn.crowds
        self.unvalued += drawn.unvalued
        self.overlapping += drawn.overlapping
        self.overlapped_maps += drawn.overlapping > 0
        self.faults += [printable(f"{where}: {line}") for line in drawn.faults]
        self.remarks += [printable(f"{where}: {line}") for line in drawn.unseen]

    def sentence(self) -> str:
        """The closing sentence."""
        rules = self.rules
        parts = [f"{count(self.maps, f'{rules.kind} map')} of {count(self.drawn, 'annotation')}"]
        space = f"space {rules.space.name}: " if rules.kind == "semantic" else ""
        parts.append(f"{space}{rules.space.sentence()}")
        if self.crowds:
            parts.append(f"{count(self.crowds, 'crowd')} skipped")
        if self.unvalued:
            parts.append(f"{count(self.unvalued, 'annotation')} without a value unlabelled")
        if self.overlapping:
            found = f"{count(self.overlapping, 'pixel')} of {count(self.overlapped_maps, 'map')}"
            parts.append(f"{found} with several labels ({rules.overlaps})")
        if self.faults:
            parts.append(f"{count(len(self.faults), 'fault')}")
        return "; ".join([*parts, f"{len(self.failed)} failed"])

    def as_json(self) -> dict[str, Any]:
        """The report for programs."""
        rules = self.rules
        return {
            "kind": rules.kind,
            "space": rules.space.name,
            "on_overlap": rules.overlaps,
            "crowd": "include" if rules.with_crowds else "skip",
            "maps": self.maps,
            "drawn": self.drawn,
            "crowds_skipped": self.crowds,
            "without_value": self.unvalued,
            "overlapping_pixels": self.overlapping,
            "overlapping_maps": self.overlapped_maps,
            "failed": self.failed,
            "faults": self.faults,
            "remarks": self.remarks,
        }
