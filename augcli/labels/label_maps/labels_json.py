"""labels.json: what stands beside pixel maps and says what their values mean."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import numpy as np

from augcli.errors import DatasetError
from augcli.labels.coco_json import read_categories, text_of
from augcli.labels.label_maps.draw import DrawRules, Kind
from augcli.labels.label_maps.label_spaces import HIGHEST, Entry, LabelSpace, is_whole
from augcli.labels.label_maps.palette import colors_of

LABELS = "labels.json"
SEGMENTS = "segments.json"  # of instance and panoptic maps: what each value shows, picture by picture


@dataclass(frozen=True)
class MapLabels:
    """What the values of a folder of pixel maps mean: the kind of map, the label space, the categories."""

    kind: Kind
    space: LabelSpace
    categories: tuple[Entry, ...]


def digest_of(annotations: Path) -> str:
    """The SHA-256 of an annotation file."""
    with annotations.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def labels_json(rules: DrawRules, categories: Sequence[Entry], *, source: str, sha256: str) -> bytes:
    """The file as `rules` make it, one label a line: each with its value, its category and its colour.

    `categories` are as in the annotation file, whose name is `source`.
    """
    head = {
        "kind": rules.kind,
        "space": rules.space.name,
        "unlabelled": rules.space.unlabelled,
        "on_overlap": rules.overlaps,
        "crowd": "include" if rules.with_crowds else "skip",
        "annotations": source,
        "sha256": sha256,
    }
    lines = [f"{json.dumps(key)}: {json.dumps(value)}" for key, value in head.items()]
    lists: dict[str, Sequence[Mapping[str, Any]]] = {"labels": _labels(rules), "categories": categories}
    lines += [f"{json.dumps(key)}: [\n{_lines(entries)}\n]" for key, entries in lists.items()]
    return ("{\n" + ",\n".join(lines) + "\n}\n").encode()


def _labels(rules: DrawRules) -> list[dict[str, Any]]:
    values = rules.space.values
    colors = colors_of(np.array([*values.values()], np.uint32)).tolist()
    return [
        {"value": value, "id": number, "name": rules.categories[number].name, "color": color}
        for (number, value), color in zip(values.items(), colors, strict=True)
    ]


def _lines(entries: Sequence[Mapping[str, Any]]) -> str:
    return ",\n".join(json.dumps(entry, ensure_ascii=False) for entry in entries)


def read_labels(folder: Path) -> MapLabels | None:
    """What the file in a folder of maps says, or None where there is none.

    Raises DatasetError for a file that does not say it.
    """
    path = folder / LABELS
    try:
        found = json.loads(path.read_bytes())
        kind, space, unlabelled = found["kind"], found["space"], found["unlabelled"]
        categories, faults = read_categories(text_of(found["categories"]))
        values = {entry["id"]: entry["value"] for entry in found["labels"]}
    except FileNotFoundError:
        return None
    except (OSError, ValueError, LookupError, TypeError, RecursionError) as error:
        raise _unusable(path) from error
    numbers = [unlabelled, *values, *values.values()]
    is_good = kind in get_args(Kind) and isinstance(space, str) and not faults
    if not is_good or not all(is_whole(number) and number >= 0 for number in numbers):
        raise _unusable(path)
    if len({unlabelled, *values.values()}) != len(values) + 1 or max(values.values(), default=0) > HIGHEST:
        raise _unusable(path)
    return MapLabels(kind, LabelSpace(space, unlabelled, values), categories)


def _unusable(path: Path) -> DatasetError:
    hint = "make the maps anew, or remove it and name the label space with --space"
    return DatasetError("does not say what the values of the maps mean", where=str(path), hint=hint)
