"""The objects of a finished output, as the descriptions tell of them that know no annotation files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from augcli.data import AnnotationHead
from augcli.formats.coco.ids import AnnotatedPair
from augcli.formats.splits import UNLISTED
from augcli.labels.boxes import hull
from augcli.labels.coco_json import entry_of
from augcli.labels.panoptic import is_panoptic
from augcli.labels.rle import box_of as rle_box
from augcli.labels.rle import encoded, mask_of
from augcli.labels.validate import categories_of

Content = bytes | Iterable[bytes]
LOST = {  # what of an object a description may have no words for
    "segmentation": "its segmentation is not said",
    "keypoints": "its keypoints are not said",
}
NO_SPLIT = "train"  # where a data set has no splits, all of it is there to train with


@dataclass(frozen=True)
class Classes:
    """The classes of all annotation files together: their names, and the names of their keypoints.

    `numbers` says which class, from 0, a category of a file is: categories of one name are one class.
    """

    names: tuple[str, ...]
    keypoints: tuple[tuple[str, ...], ...]
    numbers: Mapping[tuple[str, int], int]


@dataclass(frozen=True)
class Object:
    """An object of a picture: the number of its class, and its fields as in COCO.

    Where several files have it, as instances and person_keypoints do, these are the fields of all of them.
    """

    label: int
    fields: Mapping[str, Any]


@dataclass(frozen=True)
class OutputObjects:
    """The finished pairs of an output, in plan order, with what is annotated in them.

    `mirror` are the names of keypoints that a mirror exchanges, besides those with left and right in them.
    """

    heads: Mapping[str, AnnotationHead]
    pairs: Sequence[AnnotatedPair]
    mirror: tuple[tuple[str, str], ...] = ()

    @cached_property
    def classes(self) -> Classes:
        """The classes, in the order of the files and of their categories."""
        return classes_of(self.heads)

    def splits(self) -> dict[str, list[AnnotatedPair]]:
        """The pairs by their splits; those that no list file names are in none."""
        found: dict[str, list[AnnotatedPair]] = {}
        for pair in self.pairs:
            if (split := pair.item.split or NO_SPLIT) != UNLISTED:
                found.setdefault(split, []).append(pair)
        return found

    def of(self, pair: AnnotatedPair) -> list[Object]:
        """The objects of a pair, in the order of the files."""
        return objects_of(pair.texts, self.classes, Counter())

    def others(self) -> Counter[str]:
        """How many annotations there are that are no objects, by what they are."""
        found: Counter[str] = Counter()
        for pair in self.pairs:
            objects_of(pair.texts, self.classes, found)
        return found


@dataclass
class Losses:
    """What a description does not say as it is: how many annotations are left out or changed, by reason."""

    left_out: Counter[str] = field(default_factory=Counter)
    changed: Counter[str] = field(default_factory=Counter)

    def as_json(self) -> dict[str, dict[str, int]]:
        """The counts as JSON data."""
        return {
            "left_out": dict(sorted(self.left_out.items())),
            "changed": dict(sorted(self.changed.items())),
        }

    def lines(self, name: str) -> list[str]:
        """A line for each reason."""
        both = ((self.left_out, "left out"), (self.changed, "changed"))
        return [f"{name}: {n} {what}: {why}" for counts, what in both for why, n in sorted(counts.items())]


@dataclass(frozen=True)
class Described:
    """The files of a description, bytes or their parts by path, and what it does not say as it is."""

    files: Mapping[str, Content]
    losses: Losses = field(default_factory=Losses)


def classes_of(heads: Mapping[str, AnnotationHead]) -> Classes:
    """The classes of annotation files. Two categories of one file are two classes, whatever their names."""
    known: dict[tuple[str, int], int] = {}
    keypoints: dict[int, tuple[str, ...]] = {}
    numbers: dict[tuple[str, int], int] = {}
    for file, head in heads.items():
        times: Counter[str] = Counter()
        for category in categories_of(head.categories).values():
            times[category.name] += 1
            number = known.setdefault((category.name, times[category.name]), len(known))
            numbers[file, category.id] = number
            keypoints[number] = keypoints.get(number) or category.keypoints
    names = tuple(name for name, _ in known)
    return Classes(names, tuple(keypoints[number] for number in range(len(names))), numbers)


def objects_of(texts: Mapping[str, Iterable[str]], classes: Classes, others: Counter[str]) -> list[Object]:
    """The objects that JSON texts of annotations say, by file; `others` counts what is no object."""
    found: dict[Any, dict[str, Any]] = {}
    for file, own in texts.items():
        for text in own:
            entry = entry_of(text.encode())
            label = classes.numbers.get((file, entry.get("category_id", -1)))
            if label is None:
                others[_what(entry)] += 1
            else:
                key = (label, entry["id"], tuple(entry.get("bbox") or ()))
                found[key] = entry | found.get(key, {})
    return [Object(key[0], fields) for key, fields in found.items()]


def _what(entry: Mapping[str, Any]) -> str:
    """What an annotation is that is no object."""
    if is_panoptic(entry):
        return "segments of a panoptic PNG"
    return "a caption" if "caption" in entry else "it has no category"


def box_of(fields: Mapping[str, Any]) -> list[float]:
    """The box [x, y, width, height] of an object, or the tight one of its segmentation; empty if none."""
    segmentation = fields.get("segmentation")
    if fields.get("bbox") or not segmentation:
        return list(fields.get("bbox") or ())
    if isinstance(segmentation, Mapping):
        return rle_box(encoded(mask_of(segmentation)))
    return hull(np.concatenate([np.asarray(part, np.float64).reshape(-1, 2) for part in segmentation]))
