"""What the masks of a data set are: found once from some of them, then held against every one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from augcli.data import Array, Coding, FillValues, Item, LabelMap, Mask, MaskKind
from augcli.errors import DatasetError, ImageError
from augcli.recipe.mask_options import SOLE
from augcli.recipe.options import InputOptions, MaskOutput
from augcli.rng import key_of
from augcli.transforms.mask_aware import shows

MOST_LOOKED_AT = 200

Rgb = tuple[int, int, int]


@dataclass(frozen=True)
class MaskInspection:
    """One mask as it was found: its mode and format, its values with their shares of the pixels.

    `shares` is empty for colours; `black_and_white` tells of a palette that shows 0 and 1 so. `name` is the
    mask's name. `fault` says why a mask cannot be read; nothing else is known of it then.
    """

    where: str
    mode: str
    format: str
    shares: Mapping[int, float]
    black_and_white: bool = False
    name: str = SOLE
    fault: ImageError | None = None


@dataclass(frozen=True)
class MaskSpec:
    """What the masks of a data set are, and what they are written as.

    `foreground` is a binary mask's value for 1 in the source, `written` in the output; `fill` is the value
    (for RGB the colour) that a constant border shows, `background` that of where nothing is, and `ignore`
    that of where nothing is known (None: there is none). `colors` are the declared ones of RGB masks.
    """

    kind: MaskKind
    foreground: int | None = None
    written: int | None = None
    threshold: int | None = None
    fill: int | Rgb = 0
    colors: tuple[Rgb, ...] = ()
    name: str = SOLE
    background: int | Rgb = 0
    ignore: int | Rgb | None = None

    @property
    def marks(self) -> FillValues:
        """What is written into such a mask besides its own values."""
        return FillValues(self.fill, self.background)


def looked_at(items: Sequence[Item]) -> list[Item]:
    """At most 200 items for each mask's name, chosen by the hash of their keys."""
    left = Counter({name: MOST_LOOKED_AT for item in items for name in item.masks})
    chosen = []
    for item in sorted((i for i in items if i.masks), key=lambda item: key_of("look", item.key)):
        if any(left[name] > 0 for name in item.masks):
            chosen.append(item)
            left.subtract(list(item.masks))
    return chosen


def look_at(mask: Mask, where: str, name: str = SOLE) -> MaskInspection:
    """Count the values of a mask."""
    grey = _as_grey(mask.values)
    if grey is None:
        return MaskInspection(where, mask.coding.mode, mask.format, {}, name=name)
    shares = {value: count / grey.size for value, count in counted(grey).items()}
    return MaskInspection(
        where, mask.coding.mode, mask.format, shares, _is_black_and_white(mask.coding), name
    )


def unreadable(where: str, name: str, fault: ImageError) -> MaskInspection:
    """A mask that cannot be read."""
    return MaskInspection(where, "", "", {}, name=name, fault=fault)


def counted(values: Array) -> dict[int, int]:
    """How many pixels each value of a uint8 or uint16 mask has, by value; several times np.unique's speed."""
    counts = _byte_counts(values.ravel()) if values.dtype == np.uint8 else np.bincount(values.ravel())
    return {int(value): int(counts[value]) for value in np.flatnonzero(counts)}


def _byte_counts(values: Array) -> Array:
    """np.bincount of uint8 values, two at a time: twice its speed."""
    even = values.size // 2 * 2
    pairs = np.bincount(values[:even].view(np.uint16), minlength=1 << 16).reshape(256, 256)
    counts: Array = pairs.sum(0) + pairs.sum(1) + np.bincount(values[even:], minlength=256)
    return counts


def _as_grey(values: Array) -> Array | None:
    """A mask's values, also where they are stored as RGB with equal channels; None for colours."""
    if values.ndim == 2:
        return values
    red = values[..., 0]
    return red if (values == red[..., None]).all() else None


def _is_black_and_white(coding: Coding) -> bool:
    return coding.palette is not None and coding.palette[:6] == b"\0\0\0\xff\xff\xff"


def line_for(name: str, mask: str) -> str:
    """The recipe line that says something of one mask: `input: {mask: {kind: index}}`."""
    return f"input: {{mask: {mask}}}" if name == SOLE else f"input: {{masks: {{{name}: {mask}}}}}"


FROM_JPEG = "a JPEG mask: compression has smeared its values"
AS_PNG = "save it as PNG"


def threshold_line(name: str) -> str:
    """What to do about a mask whose values were smeared."""
    return f"if the masks are binary say {line_for(name, '{threshold: 127}')}, else save them as PNG"


def rgb_of(color: str) -> Rgb:
    """A colour of the recipe, `#rrggbb`."""
    red, green, blue = bytes.fromhex(color[1:])
    return red, green, blue


def check_threshold(looks: Sequence[MaskInspection], spec: MaskSpec) -> None:
    """Raise DatasetError for a threshold that no mask reaches: it was meant for masks of other values."""
    highest = max((value for look in looks for value in look.shares), default=None)
    if spec.threshold is not None and highest is not None and highest <= spec.threshold:
        raise DatasetError(
            f"no mask looked at has a value above the threshold {spec.threshold}, the highest is {highest}",
            hint=f"say {line_for(spec.name, '{threshold: N}')} with a lower one, or leave it out",
        )


def prepared(mask: Mask, spec: MaskSpec, output: MaskOutput, where: str) -> Mask:
    """A decoded mask as it will be written. Raises ImageError where it contradicts the data set's kind."""
    if mask.format == "jpeg" and spec.threshold is None:
        hint = AS_PNG if spec.kind == "instance" else threshold_line(spec.name)
        raise ImageError(FROM_JPEG, where=where, hint=hint)
    if spec.kind == "binary" and mask.coding.mode == "RGB":
        grey = _as_grey(mask.values)
        mask = mask if grey is None else replace(mask, values=grey, coding=Coding("L"))
    if (mask.values.ndim == 3) != (spec.kind == "rgb"):
        raise ImageError(f"a mask of mode {mask.coding.mode} among {spec.kind} masks", where=where)
    if spec.kind == "binary":
        return _binary(mask, spec, output, where)
    if spec.colors:
        _check_colors(mask.values, spec.colors, where)
    return mask


def _binary(mask: Mask, spec: MaskSpec, output: MaskOutput, where: str) -> Mask:
    written = spec.written or 255
    if spec.threshold is not None:
        if mask.coding.mode in ("P", "1"):
            kind = "palette indices" if mask.coding.mode == "P" else "a 1-bit mask"
            raise ImageError(f"a threshold has no meaning for {kind}", where=where)
        foreground = mask.values > spec.threshold
    else:
        foreground = mask.values == spec.foreground
        strange = np.unique(mask.values[~foreground & (mask.values != 0)])
        if strange.size:
            shown = ", ".join(str(v) for v in strange[:6])
            raise ImageError(
                f"binary masks hold 0 and {spec.foreground}, this one also {shown}",
                where=where,
                hint=f"mend it, or say {line_for(spec.name, '{threshold: N}')} or {{kind: index}}",
            )
        if output.foreground is None:
            return mask
    values = np.where(foreground, written, 0).astype(np.uint8 if written < 256 else np.uint16)
    return replace(mask, values=values, coding=Coding("L" if written < 256 else "I;16"), format="png")


def _check_colors(values: Array, colors: Sequence[Rgb], where: str) -> None:
    known = {(r << 16) | (g << 8) | b for r, g, b in colors}
    strange = [(color, count) for color, count in counted_colors(values).items() if color not in known]
    if strange:
        color, count = max(strange, key=lambda cn: cn[1])
        raise ImageError(
            f"{len(strange)} colours that no class has, most often #{color:06x} ({count} pixels)",
            where=where,
            hint="declare it under input.classes, or save the mask without smoothing",
        )


def counted_colors(values: Array) -> dict[int, int]:
    """How many pixels each colour of RGB uint8 (H, W, 3) has, by 0xrrggbb.

    Runs of one colour are counted at once: a mask has many fewer of them than pixels.
    """
    colors = packed(values).ravel()
    starts = np.flatnonzero(np.append(True, colors[1:] != colors[:-1]))
    found, runs = np.unique(colors[starts], return_inverse=True)
    counts = np.bincount(runs, weights=np.diff(starts, append=colors.size))
    return {int(color): int(count) for color, count in zip(found, counts, strict=True)}


def packed(values: Array) -> Array:
    """RGB uint8 (H, W, 3) as uint32 (H, W): 0xrrggbb."""
    channels = values.astype(np.uint32)
    colors: Array = (channels[..., 0] << 16) | (channels[..., 1] << 8) | channels[..., 2]
    return colors


def label_map(values: Array, spec: MaskSpec, options: InputOptions) -> LabelMap:
    """A mask as a step sees it: its values, and what they mean."""
    names: dict[str, Any] = {name: value for value, name in options.class_names.items()}
    if spec.kind == "binary":
        names = {name: spec.written if value else 0 for name, value in names.items()}
    if spec.kind == "rgb":
        names = {name: rgb_of(color) for name, color in options.class_colors.items()}
    return LabelMap(values, spec.kind, spec.background, spec.ignore, names)


def exchanged(values: Array, label: LabelMap, pairs: Sequence[tuple[str, str]]) -> Array:
    """A mirrored mask with the classes of each pair exchanged: what was left is right. The given stays.

    A pair of which this mask does not name both is not its own.
    """
    result = values
    for left, right in pairs:
        if left in label.classes and right in label.classes:
            one, other = np.asarray(label.classes[left]), np.asarray(label.classes[right])
            was_left, was_right = shows(values, one), shows(values, other)
            result = result.copy()
            result[was_left], result[was_right] = other, one
    return result


def specs_to_json(specs: Mapping[str, MaskSpec]) -> dict[str, Any]:
    """The masks' specs by name as JSON data."""
    return {name: asdict(spec) for name, spec in specs.items()}


def specs_of_json(data: Mapping[str, Any]) -> dict[str, MaskSpec]:
    """Specs from their JSON data."""
    return {name: _spec_of_json(spec) for name, spec in data.items()}


def _spec_of_json(data: Mapping[str, Any]) -> MaskSpec:
    marks = {key: _value(data[key]) for key in ("fill", "background", "ignore")}
    colors = tuple((r, g, b) for r, g, b in data["colors"])
    return MaskSpec(**{**data, **marks, "colors": colors})


def _value(value: Any) -> Any:
    """A mask's value: a colour as a tuple."""
    return tuple(value) if isinstance(value, list) else value
