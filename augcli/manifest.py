"""One manifest line: where a pair's pixels came from, and how points move with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from augcli.data import Files
from augcli.geometry import Border, Floats, Fold, Frame, Warp, map_of_record, projective_of
from augcli.labels.annotations import DroppedAnnotation
from augcli.labels.instances import Dropped
from augcli.labels.segmentation import Boxes
from augcli.transforms.operations import Applied

Matrix = list[list[float]]


@dataclass(frozen=True)
class Source:
    """The files that a pair was made from, relative to the input, and the picture's upright size.

    `page`, from 1, is the page of the image that it was made from, None where that is the whole file.
    """

    image: str
    sha256: str
    width: int
    height: int
    masks: Mapping[str, Files] = field(default_factory=dict)
    mask_sha256: Mapping[str, Files] = field(default_factory=dict)
    page: int | None = None

    def as_line(self) -> dict[str, Any]:
        """The source as a manifest line holds it."""
        line: dict[str, Any] = {"image": self.image, "mask": None}
        line |= {name: _plain(files) for name, files in self.masks.items()}
        line |= {"sha256": self.sha256, "mask_sha256": None}
        line |= {f"{name}_sha256": _plain(digests) for name, digests in self.mask_sha256.items()}
        return line | {"page": self.page, "width": self.width, "height": self.height}


@dataclass(frozen=True)
class Record:
    """One pair. Paths are relative to the output; `border` is dataset.json's, and not in the line.

    `filled` is the share of pixels that a constant border filled; `reencoded` says why an original is not
    the source's bytes (None: it is, or the pair is no original); `note` what was converted in reading it.
    `annotation_ids` are those of its annotations by file, `left_out` those of its source that it does not
    have (None: there are no annotation files). `boxes` is the rule by which boxes without a segmentation were
    turned, `corners` or `ellipse` (None: none were). `attempts` counts how often the pair was drawn until its
    variant accepted it.
    `masks` and `mask_sha256` go by the mask's name: a file, several where its instances were kept apart, None
    where there is none. `dropped` are instances of which too little was left (None: there are no instances),
    `overlaps` the pixels, by mask, in which instances that were joined lay over each other. `maps` are its
    pixel maps by annotation file.
    """

    file_name: str
    masks: Mapping[str, Files | None]
    sources: tuple[Source, ...]
    group: str
    split: str | None
    label: str | None
    variant: str
    copy: int
    applied: tuple[Applied, ...]
    matrix: Matrix
    warp: list[dict[str, Any]] | None
    width: int
    height: int
    sha256: str
    mask_sha256: Mapping[str, Files | None]
    filled: float = 0.0
    reencoded: str | None = None
    note: str | None = None
    attempts: int = 1
    left_out: tuple[DroppedAnnotation, ...] | None = None
    boxes: Boxes | None = None
    annotation_ids: Mapping[str, Sequence[int]] | None = None
    dropped: tuple[Dropped, ...] | None = None
    overlaps: Mapping[str, int] | None = None
    maps: Mapping[str, str] = field(default_factory=dict)
    map_sha256: Mapping[str, str] = field(default_factory=dict)
    border: Border = "reflect"

    def as_line(self) -> dict[str, Any]:
        """The record as JSON data, keys in their documented order."""
        line: dict[str, Any] = {"file_name": self.file_name, "mask_file_name": None}
        line |= {f"{name}_file_name": _plain(files) for name, files in self.masks.items()}
        line |= {
            "sources": [source.as_line() for source in self.sources],
            "group": self.group,
            "split": self.split,
            "label": self.label,
            "variant": self.variant,
            "copy": self.copy,
            "applied": [{"name": a.name, "params": a.params} for a in self.applied],
            "matrix": self.matrix,
            "warp": self.warp,
            "width": self.width,
            "height": self.height,
            "filled": self.filled,
            "attempts": self.attempts,
            "reencoded": self.reencoded,
            "note": self.note,
            "sha256": self.sha256,
            "mask_sha256": None,
        }
        line |= {f"{name}_sha256": _plain(digests) for name, digests in self.mask_sha256.items()}
        if self.dropped is not None:
            line["dropped"] = [one.as_record() for one in self.dropped]
        if self.left_out is not None:
            line["annotation_ids"] = dict(self.annotation_ids or {})
            line["annotations_left_out"] = [one.as_record() for one in self.left_out]
        if self.boxes:
            line["boxes"] = self.boxes
        if self.maps:
            digests = self.map_sha256
            line["pixelmaps"] = {f: {"file_name": n, "sha256": digests[f]} for f, n in self.maps.items()}
        return line | ({"overlaps": dict(self.overlaps)} if self.overlaps else {})

    @staticmethod
    def of_line(line: Mapping[str, Any], border: Border) -> Record:
        """A record from a manifest line."""
        return Record(
            file_name=line["file_name"],
            masks=_named(line, "_file_name"),
            sources=tuple(_source(source) for source in line["sources"]),
            applied=tuple(Applied(step["name"], step["params"]) for step in line["applied"]),
            mask_sha256=_named(line, "_sha256"),
            border=border,
            dropped=_dropped(line.get("dropped")),
            overlaps=line.get("overlaps"),
            maps={file: one["file_name"] for file, one in line.get("pixelmaps", {}).items()},
            map_sha256={file: one["sha256"] for file, one in line.get("pixelmaps", {}).items()},
            annotation_ids=line.get("annotation_ids"),
            left_out=_left_out(line.get("annotations_left_out")),
            boxes=line.get("boxes"),
            **{name: line[name] for name in _PLAIN},
        )

    def chain(self) -> Warp:
        """The way of a point from the source to this picture."""
        source, target = self.sources[0], Frame(self.width, self.height)
        frame = Frame(source.width, source.height)
        if self.warp is not None:
            return Warp(frame, target, tuple(map_of_record(step) for step in self.warp))
        return Warp(frame, target, (Fold.of(frame, self.border), projective_of(self.matrix)))

    def to_output(self, points: npt.ArrayLike) -> Floats:
        """Source points (N, 2) to output points (N, 2), in pixels, centres at +0.5; may lie outside."""
        return self.chain().forward(points)

    def to_source(self, points: npt.ArrayLike) -> Floats:
        """Output points (N, 2) to the source points that are seen there; NaN where a border was filled."""
        chain = self.chain()
        result = chain.backward(points)
        result[chain.filled(points)] = np.nan
        return result


_PLAIN = (
    "group",
    "split",
    "label",
    "variant",
    "copy",
    "matrix",
    "warp",
    "width",
    "height",
    "filled",
    "attempts",
    "reencoded",
    "note",
    "sha256",
)


def _plain(files: Files | None) -> str | list[str] | None:
    return list(files) if isinstance(files, tuple) else files


def _dropped(line: list[dict[str, Any]] | None) -> tuple[Dropped, ...] | None:
    return None if line is None else tuple(Dropped(**one) for one in line)


def _left_out(line: list[dict[str, Any]] | None) -> tuple[DroppedAnnotation, ...] | None:
    return None if line is None else tuple(DroppedAnnotation(**one) for one in line)


def _named(line: Mapping[str, Any], ending: str) -> dict[str, Files]:
    """The masks' values of keys that end so, by mask name."""
    found = {key.removesuffix(ending): v for key, v in line.items() if key.endswith(ending) and v is not None}
    return {name: tuple(value) if isinstance(value, list) else value for name, value in found.items()}


def _source(line: Mapping[str, Any]) -> Source:
    plain = ("image", "sha256", "page", "width", "height")
    digests = _named(line, "_sha256")
    files = {name: line[name] for name in digests}
    masks = {name: tuple(value) if isinstance(value, list) else value for name, value in files.items()}
    return Source(**{name: line[name] for name in plain}, masks=masks, mask_sha256=digests)
