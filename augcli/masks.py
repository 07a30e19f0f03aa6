"""What the masks of a data set are: found once from some of them, then held against every one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from augcli.errors import DatasetError, ImageError
from augcli.geometry import Border
from augcli.keys import key_of
from augcli.recipe.labels import SOLE, MaskOptions
from augcli.recipe.options import InputOptions, MaskOutput
from augcli.sample import Array, Coding, Item, Mask, MaskKind

MOST_LOOKED_AT = 200
DEFAULT_IGNORE = 255
GREY_EDGES = 8  # so many values between 0 and 255, in few pixels, are not classes
GREY_EDGE_SHARE = 0.1

Rgb = tuple[int, int, int]


@dataclass(frozen=True)
class MaskLook:
    """One mask as it was found: its mode and format, its values with their shares of the pixels.

    `shares` is empty for colours; `black_and_white` tells of a palette that shows 0 and 1 so. `name` is the
    mask's name.
    """

    where: str
    mode: str
    format: str
    shares: Mapping[int, float]
    black_and_white: bool = False
    name: str = SOLE


@dataclass(frozen=True)
class MaskSpec:
    """What the masks of a data set are, and what they are written as.

    `foreground` is a binary mask's value for 1 in the source, `written` in the output; `fill` is the value
    (for RGB the colour) that a constant border shows. `colors` are the declared ones of RGB masks.
    """

    kind: MaskKind
    foreground: int | None = None
    written: int | None = None
    threshold: int | None = None
    fill: int | Rgb = 0
    colors: tuple[Rgb, ...] = ()
    name: str = SOLE

    def as_record(self) -> dict[str, Any]:
        """The kind as dataset.json holds it."""
        fill = list(self.fill) if isinstance(self.fill, tuple) else self.fill
        return {
            "kind": self.kind,
            "foreground": self.written,
            "threshold": self.threshold,
            "fill": fill,
        }


def looked_at(items: Sequence[Item]) -> list[Item]:
    """At most 200 items for each mask's name, chosen by the hash of their keys."""
    left = Counter({name: MOST_LOOKED_AT for item in items for name in item.masks})
    chosen = []
    for item in sorted((i for i in items if i.masks), key=lambda item: key_of("look", item.key)):
        if any(left[name] > 0 for name in item.masks):
            chosen.append(item)
            left.subtract(list(item.masks))
    return chosen


def look_at(mask: Mask, where: str, name: str = SOLE) -> MaskLook:
    """Count the values of a mask."""
    grey = _as_grey(mask.values)
    if grey is None:
        return MaskLook(where, mask.coding.mode, mask.format, {}, name=name)
    shares = {value: count / grey.size for value, count in counted(grey).items()}
    return MaskLook(where, mask.coding.mode, mask.format, shares, _is_black_and_white(mask.coding), name)


def counted(values: Array) -> dict[int, int]:
    """How many pixels each value of a uint8 or uint16 mask has, by value; several times np.unique's speed."""
    counts = np.bincount(values.ravel())
    return {int(value): int(counts[value]) for value in np.flatnonzero(counts)}


def _as_grey(values: Array) -> Array | None:
    """A mask's values, also where they are stored as RGB with equal channels; None for colours."""
    if values.ndim == 2:
        return values
    red = values[..., 0]
    return red if (values == red[..., None]).all() else None


def _is_black_and_white(coding: Coding) -> bool:
    return coding.palette is not None and coding.palette[:6] == b"\0\0\0\xff\xff\xff"


@dataclass(frozen=True)
class _Open:
    """What is asked about the masks of one name: what the recipe says of them, and of everything."""

    name: str
    said: MaskOptions
    options: InputOptions
    border: Border

    def line(self, mask: str) -> str:
        """The recipe line that says more of them."""
        return line_for(self.name, mask)


def line_for(name: str, mask: str) -> str:
    """The recipe line that says something of one mask: `input: {mask: {kind: index}}`."""
    return f"input: {{mask: {mask}}}" if name == SOLE else f"input: {{masks: {{{name}: {mask}}}}}"


def find_spec(
    looks: Sequence[MaskLook], options: InputOptions, output: MaskOutput, border: Border, name: str = SOLE
) -> MaskSpec:
    """What the masks of one name are.

    Raises DatasetError, with the recipe lines to paste, where that is open.
    """
    asked = _Open(name, options.mask_of(name), options, border)
    if asked.said.kind == "image":
        return MaskSpec("image", name=name)
    if asked.said.threshold is None:
        looks = _without_jpeg(looks, asked)
    kind = asked.said.kind if asked.said.kind != "auto" else _found_kind(looks, asked)
    if kind == "instance":
        return MaskSpec("instance", name=name)
    if kind == "rgb":
        return _rgb_spec(asked)
    if kind == "binary":
        return _binary_spec(looks, asked, output)
    return MaskSpec("index", fill=_index_fill(looks, asked), name=name)


def _without_jpeg(looks: Sequence[MaskLook], asked: _Open) -> list[MaskLook]:
    """Looks whose values can be trusted; the others fail by name. Raises DatasetError where none is left."""
    exact = [look for look in looks if look.format != "jpeg"]
    if looks and not exact:
        mend = _threshold_line(asked.name) if asked.said.kind in ("auto", "binary") else _AS_PNG
        raise DatasetError(_JPEG, where=looks[0].where, mend=mend)
    return exact


_JPEG = "a JPEG mask: compression has smeared its values"
_AS_PNG = "save it as PNG"


def _threshold_line(name: str) -> str:
    return f"if the masks are binary say {line_for(name, '{threshold: 127}')}, else save them as PNG"


def _found_kind(looks: Sequence[MaskLook], asked: _Open) -> MaskKind:
    rgb = [look for look in looks if look.mode == "RGB"]
    if rgb and len(rgb) < len(looks):
        other = next(look for look in looks if look.mode != "RGB")
        raise DatasetError(
            f"masks of two kinds: {rgb[0].where} is RGB, {other.where} is not",
            mend="convert the ones or the others",
        )
    if asked.said.threshold is not None:
        return "binary"
    if rgb:
        return "rgb"
    return _kind_by_values(looks, asked)


def _kind_by_values(looks: Sequence[MaskLook], asked: _Open) -> MaskKind:
    values = sorted({value for look in looks for value in look.shares})
    if all(look.mode == "1" for look in looks):
        return "binary"
    if values == [0]:
        raise _open_question(asked, f"the {len(looks)} masks looked at hold only 0", "{kind: binary}")
    if _has_grey_edges(looks, values):
        raise _open_question(
            asked, f"masks of 0, 255 and {len(values) - 2} values between", "{threshold: 127}"
        )
    palettes = [look for look in looks if look.mode == "P"]
    if values in ([0, 1], [1]):
        return "binary" if all(look.black_and_white for look in palettes) else "index"
    return "binary" if values in ([0, 255], [255]) and not palettes else "index"


def _has_grey_edges(looks: Sequence[MaskLook], values: Sequence[int]) -> bool:
    """Many values between 0 and 255 that cover little: an edge that was drawn soft, or resized."""
    between = [v for v in values if 0 < v < 255]
    if len(between) < GREY_EDGES or not {0, 255} <= set(values) or values[-1] > 255:
        return False
    share = sum(s for look in looks for v, s in look.shares.items() if 0 < v < 255) / len(looks)
    return share < GREY_EDGE_SHARE


def _open_question(asked: _Open, what: str, first: str) -> DatasetError:
    return DatasetError(what, mend=f"say {asked.line(first)} or {asked.line('{kind: index}')}")


def _binary_spec(looks: Sequence[MaskLook], asked: _Open, output: MaskOutput) -> MaskSpec:
    threshold = asked.said.threshold
    foreground = 255 if threshold is not None else _foreground(looks, asked)
    return MaskSpec("binary", foreground, output.foreground or foreground, threshold, name=asked.name)


def _rgb_spec(asked: _Open) -> MaskSpec:
    colors = tuple(_rgb(color) for color in asked.options.class_colors.values())
    ignore = asked.said.ignore
    if not isinstance(ignore, str):
        if asked.border == "constant":
            raise DatasetError(
                "border: constant needs a colour for RGB masks",
                mend=f"say {asked.line(_BLACK)}",
            )
        return MaskSpec("rgb", fill=(0, 0, 0), colors=colors, name=asked.name)
    if asked.border == "constant" and _rgb(ignore) in colors:
        raise _fill_in_use(asked, ignore)
    declared = (*colors, _rgb(ignore)) if colors else ()
    return MaskSpec("rgb", fill=_rgb(ignore), colors=declared, name=asked.name)


_BLACK = '{ignore: "#000000"}'


def _rgb(color: str) -> Rgb:
    red, green, blue = bytes.fromhex(color[1:])
    return red, green, blue


def _index_fill(looks: Sequence[MaskLook], asked: _Open) -> int:
    ignore = asked.said.ignore
    if asked.border == "constant":
        if ignore is None and any(max(look.shares, default=0) > DEFAULT_IGNORE for look in looks):
            raise DatasetError(
                "border: constant needs to know which value of these 16-bit masks means: no label",
                mend=f"say {asked.line('{ignore: 65535}')}",
            )
        if (DEFAULT_IGNORE if ignore is None else ignore) in asked.options.class_names:
            raise _fill_in_use(asked, DEFAULT_IGNORE if ignore is None else ignore)
    return ignore if isinstance(ignore, int) else DEFAULT_IGNORE


def _fill_in_use(asked: _Open, value: int | str) -> DatasetError:
    return DatasetError(
        f"border: constant would fill masks with {value}, which is a class in use",
        mend=f"say {asked.line('{ignore: N}')} with a value that no class has",
    )


def _foreground(looks: Sequence[MaskLook], asked: _Open) -> int:
    """The one value besides 0 of more than half of the masks that have any; the others fail by name."""
    ones = [tuple(sorted(value for value in look.shares if value)) for look in looks]
    ones = [values for values in ones if values]
    for values, masks in Counter(ones).items():
        if len(values) == 1 and 2 * masks > len(ones):
            return values[0]
    if ones:
        shown = ", ".join(map(str, sorted(set().union(*ones))[:6]))
        raise DatasetError(
            f"binary masks have one value besides 0, these have {shown}",
            mend=f"say {asked.line('{threshold: N}')} or {{kind: index}}",
        )
    return 255


def check_threshold(looks: Sequence[MaskLook], spec: MaskSpec) -> None:
    """Raise DatasetError for a threshold that no mask reaches: it was meant for masks of other values."""
    highest = max((value for look in looks for value in look.shares), default=None)
    if spec.threshold is not None and highest is not None and highest <= spec.threshold:
        raise DatasetError(
            f"no mask looked at has a value above the threshold {spec.threshold}, the highest is {highest}",
            mend=f"say {line_for(spec.name, '{threshold: N}')} with a lower one, or leave it out",
        )


def prepared(mask: Mask, spec: MaskSpec, output: MaskOutput, where: str) -> Mask:
    """A decoded mask as it will be written. Raises ImageError where it contradicts the data set's kind."""
    if mask.format == "jpeg" and spec.threshold is None:
        mend = _AS_PNG if spec.kind == "instance" else _threshold_line(spec.name)
        raise ImageError(_JPEG, where=where, mend=mend)
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
                mend=f"mend it, or say {line_for(spec.name, '{threshold: N}')} or {{kind: index}}",
            )
        if output.foreground is None:
            return mask
    values = np.where(foreground, written, 0).astype(np.uint8 if written < 256 else np.uint16)
    return replace(mask, values=values, coding=Coding("L" if written < 256 else "I;16"), format="png")


def _check_colors(values: Array, colors: Sequence[Rgb], where: str) -> None:
    found, counts = np.unique(packed(values), return_counts=True)
    known = {(r << 16) | (g << 8) | b for r, g, b in colors}
    strange = [(int(c), int(n)) for c, n in zip(found, counts, strict=True) if int(c) not in known]
    if strange:
        color, count = max(strange, key=lambda cn: cn[1])
        raise ImageError(
            f"{len(strange)} colours that no class has, most often #{color:06x} ({count} pixels)",
            where=where,
            mend="declare it under input.classes, or save the mask without smoothing",
        )


def packed(values: Array) -> Array:
    """RGB uint8 (H, W, 3) as uint32 (H, W): 0xrrggbb."""
    channels = values.astype(np.uint32)
    colors: Array = (channels[..., 0] << 16) | (channels[..., 1] << 8) | channels[..., 2]
    return colors


def specs_to_json(specs: Mapping[str, MaskSpec]) -> dict[str, Any]:
    """The masks' specs by name as JSON data."""
    return {name: asdict(spec) for name, spec in specs.items()}


def specs_of_json(data: Mapping[str, Any]) -> dict[str, MaskSpec]:
    """Specs from their JSON data."""
    return {name: _spec_of_json(spec) for name, spec in data.items()}


def _spec_of_json(data: Mapping[str, Any]) -> MaskSpec:
    fill = data["fill"]
    colors = tuple((r, g, b) for r, g, b in data["colors"])
    return MaskSpec(**{**data, "fill": tuple(fill) if isinstance(fill, list) else fill, "colors": colors})
