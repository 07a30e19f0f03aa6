"""What the values of masks are, by class: counted in the masks that were looked at."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from augcli.masks import MaskLook, MaskSpec, look_at, packed
from augcli.recipe.labels import SOLE
from augcli.recipe.options import InputOptions
from augcli.sample import Mask

MOST_COLORS = 256

Value = int | str  # a mask's value, or a colour as #rrggbb


@dataclass(frozen=True)
class Values:
    """A mask that was decoded: how it looks, its number of pixels, and their shares by colour.

    `colors` go by `#rrggbb` and are empty where the mask is not stored as RGB; of more than 256 the commonest
    are kept. `files` is the number of files that the mask consists of, where each shows one instance.
    """

    look: MaskLook
    pixels: int
    colors: Mapping[str, float]
    files: int = 0

    @property
    def instances(self) -> int:
        """How many instances there are, if it is a mask of instances: its files, or its values besides 0."""
        return self.files or sum(value != 0 for value in self.look.shares)


@dataclass(frozen=True)
class ClassRow:
    """A value that masks hold, and its class (`""` where it has none).

    `share` of the pixels looked at, 0 to 1; `masks` counts the masks looked at that hold it.
    """

    value: Value
    name: str
    share: float
    masks: int


def values_of(mask: Mask, where: str, name: str = SOLE, files: int = 0) -> Values:
    """Count the values, or the colours, of a decoded mask."""
    look = look_at(mask, where, name)
    height, width = mask.values.shape[:2]
    if mask.values.ndim == 2:
        return Values(look, width * height, {}, files)
    found, counts = np.unique(packed(mask.values), return_counts=True)
    commonest = np.argsort(-counts, kind="stable")[:MOST_COLORS]
    colors = {f"#{int(found[i]):06x}": float(counts[i]) / (width * height) for i in commonest}
    return Values(look, width * height, colors, files)


def class_rows(values: Sequence[Values], spec: MaskSpec | None, options: InputOptions) -> list[ClassRow]:
    """The values of these masks in order. With a threshold: as they will be written; none of instances."""
    if spec and spec.kind == "instance":
        return []
    pixels: dict[Value, float] = defaultdict(float)
    masks: Counter[Value] = Counter()
    for one in values:
        for value, share in _shares(one, spec).items():
            pixels[value] += share * one.pixels
            masks[value] += 1
    total = sum(one.pixels for one in values)
    names = _names(spec, options)
    rows = [ClassRow(v, names.get(v, ""), pixels[v] / total, masks[v]) for v in pixels]
    return sorted(rows, key=lambda row: (isinstance(row.value, str), row.value))


def _shares(one: Values, spec: MaskSpec | None) -> dict[Value, float]:
    shares: dict[Value, float] = defaultdict(float)
    if one.colors and (spec is None or spec.kind == "rgb"):
        for color, share in one.colors.items():
            shares[color] = share
        return shares
    for value, share in one.look.shares.items():
        shares[_as_written(value, spec)] += share
    return shares


def _as_written(value: int, spec: MaskSpec | None) -> int:
    """What a threshold makes of a value."""
    if spec is None or spec.threshold is None:
        return value
    return (spec.written or 255) if value > spec.threshold else 0


def _names(spec: MaskSpec | None, options: InputOptions) -> dict[Value, str]:
    """Class names by value. In a binary mask the class 1 is the foreground, whatever its value."""
    names: dict[Value, str] = {color: name for name, color in options.class_colors.items()}
    for value, name in options.class_names.items():
        names[value] = name
    if spec and spec.kind == "binary" and 1 in names:
        foreground = spec.foreground if spec.threshold is None else spec.written
        names.setdefault(foreground or 255, names[1])
    ignored = options.mask_of(spec.name if spec else SOLE).ignore
    if ignored is not None and (spec is None or spec.kind != "binary"):
        names.setdefault(ignored, "(ignored)")
    return names


@dataclass(frozen=True)
class MasksSeen:
    """The masks of one name: what they are (None: that is open), and those that were looked at."""

    name: str
    spec: MaskSpec | None
    values: tuple[Values, ...]
    kinds: Counter[str]
    options: InputOptions

    @property
    def classes(self) -> list[ClassRow]:
        """The values of the masks looked at; none of instances and pictures."""
        return class_rows(self.values, self.spec, self.options) if self.values else []

    @property
    def ignore(self) -> int | str | None:
        """The value or colour that the recipe says means: no label."""
        return self.options.mask_of(self.name).ignore


def kind_reason(values: Sequence[Values], spec: MaskSpec, options: InputOptions) -> str:
    """What the masks are and why, in one phrase."""
    looked = f"in the {len(values)} looked at"
    said = ", says the recipe" if options.mask_of(spec.name).kind != "auto" else ""
    if spec.kind == "image":
        return "image: a second picture, interpolated like the first, says the recipe"
    if spec.kind == "instance":
        return f"instance{said}: {sum(one.instances for one in values)} instances {looked}"
    found = sorted({value for one in values for value in one.look.shares})
    if spec.threshold is not None:
        return f"binary: above {spec.threshold} is foreground, says the recipe"
    if spec.kind == "rgb":
        colors = {value for one in values for value in one.colors}
        return f"rgb{said}: {len(colors)} {'colour' if len(colors) == 1 else 'colours'} {looked}"
    if all(one.look.mode == "1" for one in values):
        return f"{spec.kind}{said}: 1 bit a pixel {looked}"
    return f"{spec.kind}{said}: {shown_values(found)} {looked}"


def shown_values(values: Sequence[int]) -> str:
    """`values 0 and 255`, `values 0, 1, 2`, `12 values from 0 to 255`."""
    if not values:
        return "no value"
    if len(values) > 4:
        return f"{len(values)} values from {values[0]} to {values[-1]}"
    *most, last = map(str, values)
    return f"values {', '.join(most)} and {last}" if most else f"the value {last}"


def class_remarks(rows: Sequence[ClassRow], options: InputOptions) -> list[str]:
    """Values that no declared class has, and declared classes that were not seen."""
    if not options.classes or not rows:
        return []
    nameless = [row for row in rows if not row.name]
    seen = {row.name for row in rows}
    declared = [*options.class_names.values(), *options.class_colors]
    unseen = [name for name in declared if name not in seen]
    remarks = []
    if nameless:
        share = sum(row.share for row in nameless)
        shown = _listed([str(row.value) for row in nameless])
        much = f"{percent(share)} of the pixels looked at"
        remarks.append(f"masks hold {shown} ({much}), which input.classes does not name")
    if unseen:
        remarks.append(f"input.classes names {_listed(unseen)}, in none of the masks looked at")
    return remarks


def _listed(names: Sequence[str], most: int = 8) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def percent(share: float) -> str:
    """A share of 1 in per cent: `12.3 %`, `under 0.1 %`."""
    return "under 0.1 %" if 0 < share < 0.0005 else f"{100 * share:.1f} %"
