"""Dropping whole objects: instances, or connected parts of one class."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import numpy as np
from pydantic import Field

from augcli.data import Array, LabelMap, Sample, name_of
from augcli.errors import ImageError
from augcli.geometry import Frame
from augcli.rng import Draws
from augcli.transforms.base import LabelsHere, fixed
from augcli.transforms.dropout import Count, Dropping
from augcli.transforms.mask_aware import MASK_NAME, foreground
from augcli.transforms.operations import Applied, Area


class MaskDropout(Dropping, family="dropping"):
    """Drop whole objects: instances, or connected parts of one class."""

    needs_labels: ClassVar[bool] = True
    source: ClassVar[str] = "albumentations' MaskDropout; parts touch by sides or corners"
    example: ClassVar[str] = "mask_dropout: {count: [1, 2]}"

    count: Count = Field(default=fixed(1), description="how many objects, at most all")
    in_mask: str | None = Field(default=None, description=MASK_NAME)

    @property
    def is_random(self) -> bool:
        """Return True: the objects are drawn."""
        return True

    def draw(self, draws: Draws) -> dict[str, Any]:
        """Draw how many, and for each a share that says which of those that are left."""
        drawn, which = super().draw(draws), draws.words("which")
        return drawn | {"which": [which.unit() for _ in range(drawn["count"])]}

    def resolve_on(self, drawn: dict[str, Any], frame: Frame, labels: LabelsHere) -> list[Applied]:
        """Choose objects; each is named by its mask and its first pixel."""
        found = objects_in(labels(), self.in_mask, self.name)
        chosen = [found.pop(int(share * len(found))) for share in drawn["which"] if found]
        return self.dropped(drawn, objects=chosen)

    @classmethod
    def area(cls, params: dict[str, Any]) -> Callable[[Sample], Area]:
        """Return the objects that hold the named pixels."""

        def area(sample: Sample) -> Area:
            inside = np.zeros(sample.size[::-1], bool)
            for key, x, y, whole in params["objects"]:
                if key in sample.masks:
                    inside |= _object_at(sample.masks[key], x, y, whole=whole)
            return inside

        return area


def objects_in(labels: Mapping[str, LabelMap], in_mask: str | None, step: str) -> list[list[Any]]:
    """The objects of a mask as [key, x, y, whole], by their first pixels, row by row.

    `whole` says that an object is all pixels of its value: an instance, not a connected part. Raises
    ImageError where there is no such mask.
    """
    names = dict.fromkeys(map(name_of, labels))
    instances = [name_of(key) for key, label in labels.items() if label.kind == "instance"]
    wanted = in_mask or next(iter([*instances, *names]), None)
    if wanted not in names:
        called = f" called {in_mask}" if in_mask else ""
        hint = f"there are {', '.join(names)}" if names else f"leave {step} out"
        raise ImageError(f"{step} looks at a mask, and there is none{called}", hint=hint)
    return [
        [key, x, y, label.kind == "instance"]
        for key, label in labels.items()
        if name_of(key) == wanted
        for x, y in _first_pixels(label)
    ]


def _first_pixels(label: LabelMap) -> list[tuple[int, int]]:
    """(x, y) of the first pixel of each object, in the order of those pixels."""
    inside = foreground(label)
    numbers = _numbered(label, inside)
    flat = np.where(inside, numbers, 0).ravel()
    values, first = np.unique(flat, return_index=True)
    starts = sorted(int(place) for value, place in zip(values, first, strict=True) if value)
    return [(place % inside.shape[1], place // inside.shape[1]) for place in starts]


def _numbered(label: LabelMap, inside: Area) -> Array:
    """Objects by number: an instance's id, else connected parts of one class, numbered over all classes."""
    if label.kind == "instance":
        return label.values
    import cv2  # here, so that reading and checking a recipe does not load OpenCV

    classes = _as_numbers(label.values)
    numbers, last = np.zeros(classes.shape, np.int64), 0
    for value in np.unique(classes[inside]):
        found, parts = cv2.connectedComponents((inside & (classes == value)).astype(np.uint8), connectivity=8)
        numbers[parts > 0] = parts[parts > 0] + last
        last += found - 1
    return numbers


def _as_numbers(values: Array) -> Array:
    """One number a pixel, also for colours."""
    if values.ndim == 2:
        return values
    return values[..., 0].astype(np.int64) << 16 | values[..., 1].astype(np.int64) << 8 | values[..., 2]


def _object_at(values: Array, x: int, y: int, *, whole: bool) -> Area:
    """The pixels of the object at a place."""
    numbers = _as_numbers(values)
    same = numbers == numbers[y, x]
    if whole:
        return np.asarray(same)
    import cv2  # here, so that reading and checking a recipe does not load OpenCV

    _, parts = cv2.connectedComponents(same.astype(np.uint8), connectivity=8)
    return np.asarray(parts == parts[y, x])
