"""What the values of masks are, by class: counted mask by mask, and added up."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from augcli.data import Mask
from augcli.labels.masks import MaskInspection, MaskSpec, counted_colors, look_at
from augcli.recipe.mask_options import SOLE, MaskOptions
from augcli.recipe.options import InputOptions

MOST_COLORS = 256
MOST_NAMED = 5  # masks, of all that hold a value
BLACK = "#000000"

Value = int | str  # a mask's value, or a colour as #rrggbb


@dataclass(frozen=True)
class Values:
    """A mask that was decoded: how it looks, its number of pixels, and their shares by colour.

    `colors` go by `#rrggbb` and are empty where the mask is not stored as RGB; of more than 256 the commonest
    are kept. `files` is the number of files that the mask consists of, where each shows one instance, and
    `blank` are those of them that show none.
    """

    look: MaskInspection
    pixels: int
    colors: Mapping[str, float]
    files: int = 0
    blank: tuple[str, ...] = ()

    @property
    def instances(self) -> int:
        """How many instances there are, if it is a mask of instances: its files, or its values besides 0."""
        if self.files > 1:
            return self.files - len(self.blank)
        return sum(value != 0 for value in self.look.shares)


@dataclass(frozen=True)
class ClassRow:
    """A value that masks hold, and its class (`""` where it has none).

    `share` of the pixels, 0 to 1; `masks` counts the masks that hold it, `held_by` are the first five of them
    by their paths.
    """

    value: Value
    name: str
    share: float
    masks: int
    held_by: tuple[str, ...] = field(default=(), compare=False)


def values_of(mask: Mask, where: str, name: str = SOLE, files: int = 0) -> Values:
    """Count the values, or the colours, of a decoded mask."""
    look = look_at(mask, where, name)
    height, width = mask.values.shape[:2]
    if mask.values.ndim == 2:
        return Values(look, width * height, {}, files)
    commonest = sorted(counted_colors(mask.values).items(), key=lambda counted: -counted[1])[:MOST_COLORS]
    colors = {f"#{color:06x}": count / (width * height) for color, count in commonest}
    return Values(look, width * height, colors, files)


def together(parts: Sequence[Values]) -> Values:
    """The values of the files of one mask, at least one, each with one instance, added up."""
    pixels = sum(one.pixels for one in parts)
    shares: dict[int, float] = defaultdict(float)
    for one in parts:
        for value, share in one.look.shares.items():
            shares[value] += share * one.pixels / pixels
    blank = tuple(one.look.where for one in parts if not any(one.look.shares))
    return Values(replace(parts[0].look, shares=dict(shares)), pixels, {}, len(parts), blank)


@dataclass
class _Count:
    """How often a value was met: in how many pixels and masks, and the first masks by their paths."""

    pixels: int = 0
    masks: int = 0
    held_by: tuple[str, ...] = ()

    def add(self, pixels: int, where: str) -> None:
        self.pixels += pixels
        self.masks += 1
        self.held_by = tuple(sorted((*self.held_by, where))[:MOST_NAMED])


class Tally:
    """The masks of one name, added up in any order: what is kept grows with their values, not their pixels.

    With a threshold, values are counted as they will be written. Of instances only the number is kept.
    """

    def __init__(self, spec: MaskSpec | None, options: InputOptions, name: str = SOLE) -> None:
        self.spec, self.options = spec, options
        self.ignore = options.mask_of(name).ignore
        self.masks = self.pixels = self.instances = 0
        self._empty: list[str] = []
        self._counts: dict[Value, _Count] = {}
        self._lone: Counter[int] = Counter()
        self._drawn = 0

    @property
    def empty(self) -> list[str]:
        """The files in which nothing is drawn, by their paths: 0, black or the ignored value alone."""
        return sorted(self._empty)

    @property
    def foreground(self) -> tuple[int, int] | None:
        """The one value besides 0 of more than half of the masks that hold any, and how many hold others.

        None where there is no such value. Palettes do not count: their 255 is one index among others.
        """
        for value, masks in self._lone.most_common(1):
            if 2 * masks > self._drawn:
                return value, self._drawn - masks
        return None

    def add(self, one: Values) -> None:
        """Count a mask."""
        where, shares = one.look.where, _shares(one, self.spec)
        self.masks += 1
        self.pixels += one.pixels
        self._empty += [where] if self._is_empty(one, shares) else one.blank
        if self.spec and self.spec.kind == "instance":
            self.instances += one.instances
            return
        drawn = [value for value in one.look.shares if value]
        self._drawn += bool(drawn)
        if len(drawn) == 1 and one.look.mode != "P":
            self._lone[drawn[0]] += 1
        for value, share in shares.items():
            self._counts.setdefault(value, _Count()).add(round(share * one.pixels), where)

    def _is_empty(self, one: Values, shares: Mapping[Value, float]) -> bool:
        return not one.files and bool(shares) and shares.keys() <= {0, BLACK, self.ignore}

    def rows(self) -> list[ClassRow]:
        """The values in their order; none of instances."""
        names = _names(self.spec, self.options)
        rows = [
            ClassRow(value, names.get(value, ""), count.pixels / self.pixels, count.masks, count.held_by)
            for value, count in self._counts.items()
        ]
        return sorted(rows, key=lambda row: (isinstance(row.value, str), row.value))


def class_rows(values: Iterable[Values], spec: MaskSpec | None, options: InputOptions) -> list[ClassRow]:
    """The values of these masks in order."""
    tally = Tally(spec, options)
    for one in values:
        tally.add(one)
    return tally.rows()


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
    """The masks of one name: what they are (None: that is open), by which looks, and all of them counted."""

    name: str
    spec: MaskSpec | None
    values: tuple[Values, ...]
    tally: Tally
    kinds: Counter[str]
    options: InputOptions

    @property
    def classes(self) -> list[ClassRow]:
        """The values of all masks; none of instances and pictures."""
        return self.tally.rows()

    @property
    def said(self) -> MaskOptions:
        """What the recipe says of these masks."""
        return self.options.mask_of(self.name)


def kind_reason(values: Sequence[Values], spec: MaskSpec, options: InputOptions) -> str:
    """What the masks are and why, in one phrase."""
    looked = f"in the {len(values)} looked at"
    said = ", says the recipe" if options.mask_of(spec.name).kind != "auto" else ""
    if spec.kind == "image":
        return "image: a second picture, interpolated like the first, says the recipe"
    if spec.kind == "instance":
        return f"instance{said}"
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
        shown = listed([str(row.value) for row in nameless])
        where = f", first in {nameless[0].held_by[0]}"
        remarks.append(
            f"masks hold {shown} ({percent(share)} of the pixels), which input.classes does not name{where}"
        )
    if unseen:
        remarks.append(f"input.classes names {listed(unseen)}, in none of the masks")
    return remarks


def listed(names: Sequence[str], most: int = 8) -> str:
    """The first few names, and how many more there are."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def percent(share: float) -> str:
    """A share of 1 in per cent: `12.3 %`, `under 0.1 %`."""
    return "under 0.1 %" if 0 < share < 0.0005 else f"{100 * share:.1f} %"
