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

    `shares` is empty for colours; `black_and_white` tells of a palette that shows 0 and 1 so.
    """

    where: str
    mode: str
    format: str
    shares: Mapping[int, float]
    black_and_white: bool = False


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
    """At most 200 items with a mask, chosen by the hash of their keys."""
    masked = [item for item in items if item.masks]
    return sorted(masked, key=lambda item: key_of("look", item.key))[:MOST_LOOKED_AT]


def look_at(mask: Mask, where: str) -> MaskLook:
    """Count the values of a mask."""
    grey = _as_grey(mask.values)
    if grey is None:
        return MaskLook(where, mask.coding.mode, mask.format, {})
    values, counts = np.unique(grey, return_counts=True)
    shares = {int(v): float(c) / grey.size for v, c in zip(values, counts, strict=True)}
    return MaskLook(where, mask.coding.mode, mask.format, shares, _is_black_and_white(mask.coding))


def _as_grey(values: Array) -> Array | None:
    """A mask's values, also where they are stored as RGB with equal channels; None for colours."""
    if values.ndim == 2:
        return values
    red = values[..., 0]
    return red if (values == red[..., None]).all() else None


def _is_black_and_white(coding: Coding) -> bool:
    return coding.palette is not None and coding.palette[:6] == b"\0\0\0\xff\xff\xff"


def find_spec(
    looks: Sequence[MaskLook], options: InputOptions, output: MaskOutput, border: Border
) -> MaskSpec:
    """What these masks are. Raises DatasetError, with the recipe lines to paste, where that is open."""
    if options.mask.threshold is None:
        looks = _without_jpeg(looks)
    kind = options.mask.kind if options.mask.kind not in ("auto", "instance") else _found_kind(looks, options)
    if kind == "rgb":
        return _rgb_spec(options, border)
    if kind == "binary":
        return _binary_spec(looks, options, output)
    return MaskSpec("index", fill=_index_fill(looks, options, border))


def _without_jpeg(looks: Sequence[MaskLook]) -> list[MaskLook]:
    """Looks whose values can be trusted; the others fail by name. Raises DatasetError where none is left."""
    exact = [look for look in looks if look.format != "jpeg"]
    if looks and not exact:
        raise DatasetError(_JPEG, where=looks[0].where, mend=_THRESHOLD_LINE)
    return exact


_JPEG = "a JPEG mask: compression has smeared its values"
_THRESHOLD_LINE = "if the masks are binary say input: {mask: {threshold: 127}}, else save them as PNG"


def _found_kind(looks: Sequence[MaskLook], options: InputOptions) -> MaskKind:
    rgb = [look for look in looks if look.mode == "RGB"]
    if rgb and len(rgb) < len(looks):
        other = next(look for look in looks if look.mode != "RGB")
        raise DatasetError(
            f"masks of two kinds: {rgb[0].where} is RGB, {other.where} is not",
            mend="convert the ones or the others",
        )
    if options.mask.threshold is not None:
        return "binary"
    if rgb:
        return "rgb"
    return _kind_by_values(looks)


def _kind_by_values(looks: Sequence[MaskLook]) -> MaskKind:
    values = sorted({value for look in looks for value in look.shares})
    if all(look.mode == "1" for look in looks):
        return "binary"
    if values == [0]:
        raise _open_question(f"the {len(looks)} masks looked at hold only 0", "{kind: binary}")
    if _has_grey_edges(looks, values):
        raise _open_question(f"masks of 0, 255 and {len(values) - 2} values between", "{threshold: 127}")
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


def _open_question(what: str, first: str) -> DatasetError:
    return DatasetError(what, mend=f"say input: {{mask: {first}}} or input: {{mask: {{kind: index}}}}")


def _binary_spec(looks: Sequence[MaskLook], options: InputOptions, output: MaskOutput) -> MaskSpec:
    threshold = options.mask.threshold
    foreground = 255 if threshold is not None else _foreground(looks)
    return MaskSpec("binary", foreground, output.foreground or foreground, threshold)


def _rgb_spec(options: InputOptions, border: Border) -> MaskSpec:
    colors = tuple(_rgb(color) for color in options.class_colors.values())
    ignore = options.mask.ignore
    if not isinstance(ignore, str):
        if border == "constant":
            raise DatasetError(
                "border: constant needs a colour for RGB masks",
                mend='say input: {mask: {ignore: "#000000"}}',
            )
        return MaskSpec("rgb", fill=(0, 0, 0), colors=colors)
    if border == "constant" and _rgb(ignore) in colors:
        raise _fill_in_use(ignore)
    return MaskSpec("rgb", fill=_rgb(ignore), colors=(*colors, _rgb(ignore)) if colors else ())


def _rgb(color: str) -> Rgb:
    red, green, blue = bytes.fromhex(color[1:])
    return red, green, blue


def _index_fill(looks: Sequence[MaskLook], options: InputOptions, border: Border) -> int:
    ignore = options.mask.ignore
    if border == "constant":
        if ignore is None and any(max(look.shares, default=0) > DEFAULT_IGNORE for look in looks):
            raise DatasetError(
                "border: constant needs to know which value of these 16-bit masks means: no label",
                mend="say input: {mask: {ignore: 65535}}",
            )
        if (DEFAULT_IGNORE if ignore is None else ignore) in options.class_names:
            raise _fill_in_use(DEFAULT_IGNORE if ignore is None else ignore)
    return ignore if isinstance(ignore, int) else DEFAULT_IGNORE


def _fill_in_use(value: int | str) -> DatasetError:
    return DatasetError(
        f"border: constant would fill masks with {value}, which is a class in use",
        mend="say input: {mask: {ignore: N}} with a value that no class has",
    )


def _foreground(looks: Sequence[MaskLook]) -> int:
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
            mend="say input: {mask: {threshold: N}} or {kind: index}",
        )
    return 255


def check_threshold(looks: Sequence[MaskLook], spec: MaskSpec) -> None:
    """Raise DatasetError for a threshold that no mask reaches: it was meant for masks of other values."""
    highest = max((value for look in looks for value in look.shares), default=None)
    if spec.threshold is not None and highest is not None and highest <= spec.threshold:
        raise DatasetError(
            f"no mask looked at has a value above the threshold {spec.threshold}, the highest is {highest}",
            mend="say input: {mask: {threshold: N}} with a lower one, or leave it out",
        )


def prepared(mask: Mask, spec: MaskSpec, output: MaskOutput, where: str) -> Mask:
    """A decoded mask as it will be written. Raises ImageError where it contradicts the data set's kind."""
    if mask.format == "jpeg" and spec.threshold is None:
        raise ImageError(_JPEG, where=where, mend=_THRESHOLD_LINE)
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
                mend="mend it, or say input: {mask: {threshold: N}} or {kind: index}",
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


def spec_to_json(spec: MaskSpec | None) -> dict[str, Any] | None:
    """A spec as JSON data."""
    return asdict(spec) if spec else None


def spec_of_json(data: Mapping[str, Any] | None) -> MaskSpec | None:
    """A spec from its JSON data."""
    if not data:
        return None
    fill = data["fill"]
    colors = tuple((r, g, b) for r, g, b in data["colors"])
    return MaskSpec(**{**data, "fill": tuple(fill) if isinstance(fill, list) else fill, "colors": colors})
