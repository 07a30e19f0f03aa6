"""Steps that look at the labels before they choose their frame: crops around and onto what is labelled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field

from augcli.data import LabelMap
from augcli.errors import ImageError
from augcli.geometry import Frame
from augcli.rng import Draws
from augcli.transforms.base import LabelsHere, fixed
from augcli.transforms.crop import box, window
from augcli.transforms.fields import Classes
from augcli.transforms.geometric import Geometric
from augcli.transforms.operations import Applied, Area
from augcli.transforms.parameters import Distribution, Number, Size

Margin = Annotated[Distribution, Number(low=0.0, high=10.0)]
Share = Annotated[float, Field(ge=0, le=1)]
Tries = Annotated[int, Field(ge=1, le=1000, strict=True)]


MASK_NAME = "which of several masks; default the first"


def foreground(label: LabelMap, classes: Sequence[str | int] = ()) -> Area:
    """The pixels (H, W) of these classes; without any, those that are neither background nor ignored.

    Raises ImageError for a name that no class has.
    """
    if classes:
        wanted = [shows(label.values, _value_of(name, label)) for name in classes]
        return np.asarray(np.logical_or.reduce(wanted))
    inside = ~shows(label.values, label.background)
    return inside if label.ignore is None else inside & ~shows(label.values, label.ignore)


def _value_of(name: str | int, label: LabelMap) -> Any:
    if name in label.classes:
        return label.classes[str(name)]
    if isinstance(name, int) and label.values.ndim == 2:
        return name
    known = f"there are {', '.join(label.classes)}" if label.classes else "name them under input.classes"
    raise ImageError(f"there is no class called '{name}'", hint=known)


def shows(values: npt.NDArray[Any], value: Any) -> Area:
    """The pixels (H, W) of a mask that have a value, or a colour."""
    same = np.asarray(values == np.asarray(value))
    return np.asarray(same.all(axis=-1)) if values.ndim == 3 else same


def label_of(labels: Mapping[str, LabelMap], mask: str | None, step: str) -> LabelMap:
    """The mask of this name, or the first. Raises ImageError where there is none."""
    if mask in labels or (mask is None and labels):
        return labels[mask or next(iter(labels))]
    if not labels:
        raise ImageError(f"{step} looks at a mask, and there is none", hint=f"leave {step} out")
    raise ImageError(f"{step}: there is no mask called {mask}", hint=f"there are {', '.join(labels)}")


class CropToMask(Geometric, family="geometric"):
    """Cut out the tightest box around what is labelled, with a margin. Bit-exact."""

    needs_labels: ClassVar[bool] = True
    source: ClassVar[str] = "the bounding box of the classes' pixels, widened and cut at the frame"
    example: ClassVar[str] = "crop_to_mask: {margin: [0, 0.2]}"

    classes: Classes = Field(default=(), description="names or values of classes; default any label")
    margin: Margin = Field(
        default=fixed(0.0), description="added on each side, a share of the box's longer side"
    )
    in_mask: str | None = Field(default=None, description=MASK_NAME)
    empty: Literal["fail", "keep"] = Field(
        default="fail", description="whether a picture without these classes fails, or keeps its frame"
    )

    def resolve_on(self, drawn: dict[str, Any], frame: Frame, labels: LabelsHere) -> list[Applied]:
        """Find the box."""
        inside = foreground(label_of(labels(), self.in_mask, self.name), self.classes)
        columns, rows = np.flatnonzero(inside.any(axis=0)), np.flatnonzero(inside.any(axis=1))
        if not columns.size:
            return self._of_nothing(frame)
        left, right = int(columns[0]), int(columns[-1]) + 1
        top, bottom = int(rows[0]), int(rows[-1]) + 1
        extra = int(drawn["margin"] * max(right - left, bottom - top) + 0.5)
        left, top = max(0, left - extra), max(0, top - extra)
        right, bottom = min(frame.width, right + extra), min(frame.height, bottom + extra)
        return [box(left, top, right - left, bottom - top)]

    def _of_nothing(self, frame: Frame) -> list[Applied]:
        if self.empty == "keep":
            return [box(0, 0, frame.width, frame.height)]
        wanted = ", ".join(map(str, self.classes)) or "any class"
        what = f"{self.name}: nothing of {wanted} is in the picture"
        raise ImageError(what, hint="leave such pictures out by --only, or write empty: keep")


class MaskCrop(Geometric, family="geometric"):
    """Cut out a box of a fixed size that shows enough of the labels. Bit-exact."""

    needs_labels: ClassVar[bool] = True
    source: ClassVar[str] = (
        "albumentations' CropNonEmptyMaskIfExists, and cat_max_ratio of MMSegmentation's RandomCrop"
    )
    example: ClassVar[str] = "mask_crop: {size: 256}"

    size: Size = Field(description="256 (square) or 384x192 (width x height)")
    classes: Classes = Field(default=(), description="names or values of classes; default any label")
    max_ratio: Share = Field(
        default=1.0, description="the largest share that one class may have of the labelled pixels"
    )
    in_mask: str | None = Field(default=None, description=MASK_NAME)
    tries: Tries = Field(default=10, description="places that are tried for max_ratio; the last one is taken")

    @property
    def is_random(self) -> bool:
        """Return True: the place is drawn."""
        return True

    def draw(self, draws: Draws) -> dict[str, Any]:
        """Draw for each try which labelled pixel it shows, and where in the box that lies."""
        pixel, x, y = (draws.words(name) for name in ("pixel", "x", "y"))
        return {"tries": [(pixel.unit(), x.unit(), y.unit()) for _ in range(self.tries)]}

    def resolve_on(self, drawn: dict[str, Any], frame: Frame, labels: LabelsHere) -> list[Applied]:
        """Take the first try in which no class has too large a share."""
        label = label_of(labels(), self.in_mask, self.name)
        inside = foreground(label, self.classes)
        places = np.flatnonzero(inside)
        chosen = window(frame, self.size, 0, 0)  # raises where the box does not fit
        for pixel, x, y in drawn["tries"]:
            chosen = self._around(places, frame, pixel, x, y)
            if self.max_ratio >= 1 or _largest_share(label, chosen) <= self.max_ratio:
                break
        return [chosen]

    def _around(
        self, places: npt.NDArray[np.intp], frame: Frame, pixel: float, x: float, y: float
    ) -> Applied:
        """A box that shows a labelled pixel; where nothing is labelled, any box."""
        if not places.size:
            return window(frame, self.size, x, y)
        row, column = divmod(int(places[int(pixel * places.size)]), frame.width)
        left = _start(column, self.size.width, frame.width, x)
        top = _start(row, self.size.height, frame.height, y)
        return box(left, top, self.size.width, self.size.height)


def _start(place: int, length: int, whole: int, share: float) -> int:
    """Where a box begins that holds `place`, uniform over whole pixels."""
    first, last = max(0, place - length + 1), min(place, whole - length)
    return first + int(share * (last - first + 1))


def _largest_share(label: LabelMap, chosen: Applied) -> float:
    """The share of the commonest class, background included, of the pixels that are not ignored."""
    x, y, width, height = (chosen.params[name] for name in ("x", "y", "width", "height"))
    part = label.values[y : y + height, x : x + width]
    flat = part.reshape(-1, part.shape[2]) if part.ndim == 3 else part.reshape(-1, 1)
    if label.ignore is not None:
        flat = flat[~(flat == np.asarray(label.ignore)).all(axis=1)]
    if not flat.size:
        return 1.0
    _, counts = np.unique(flat, axis=0, return_counts=True)
    return float(counts.max() / counts.sum())
