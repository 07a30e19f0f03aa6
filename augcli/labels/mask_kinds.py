"""What kind the masks of a data set are: found once, from the recipe and from some of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from augcli.data import MaskKind
from augcli.errors import DatasetError
from augcli.labels.masks import (
    AS_PNG,
    FROM_JPEG,
    MaskInspection,
    MaskSpec,
    Rgb,
    line_for,
    rgb_of,
    threshold_line,
)
from augcli.recipe.mask_options import SOLE, MaskOptions
from augcli.recipe.options import InputOptions, MaskOutput

DEFAULT_IGNORE = 255
GREY_EDGES = 8  # so many values between 0 and 255, in few pixels, are not classes
GREY_EDGE_SHARE = 0.1
BLACK: Rgb = (0, 0, 0)
FILLED, IGNORED, BACKGROUND = "border: constant", "mask: ignore", "mask: background"  # what writes a fill


@dataclass(frozen=True)
class _Question:
    """What is asked about the masks of one name: what the recipe says of them, and of everything."""

    name: str
    said: MaskOptions
    options: InputOptions
    fillers: Sequence[str]

    def line(self, mask: str) -> str:
        """The recipe line that says more of them."""
        return line_for(self.name, mask)


def find_spec(
    looks: Sequence[MaskInspection],
    options: InputOptions,
    output: MaskOutput,
    fillers: Sequence[str],
    name: str = SOLE,
) -> MaskSpec:
    """What the masks of one name are. `fillers` are the recipe's words that write a fill into masks.

    Raises DatasetError, with the recipe lines to paste, where that is open.
    """
    asked = _Question(name, options.mask_of(name), options, fillers)
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
    return _index_spec(looks, asked)


def _without_jpeg(looks: Sequence[MaskInspection], asked: _Question) -> list[MaskInspection]:
    """Looks whose values can be trusted; the others fail by name. Raises DatasetError where none is left."""
    exact = [look for look in looks if look.format != "jpeg"]
    if looks and not exact:
        hint = threshold_line(asked.name) if asked.said.kind in ("auto", "binary") else AS_PNG
        raise DatasetError(FROM_JPEG, where=looks[0].where, hint=hint)
    return exact


def _found_kind(looks: Sequence[MaskInspection], asked: _Question) -> MaskKind:
    rgb = [look for look in looks if look.mode == "RGB"]
    if rgb and len(rgb) < len(looks):
        other = next(look for look in looks if look.mode != "RGB")
        raise DatasetError(
            f"masks of two kinds: {rgb[0].where} is RGB, {other.where} is not",
            hint="convert the ones or the others",
        )
    if asked.said.threshold is not None:
        return "binary"
    if rgb:
        return "rgb"
    return _kind_by_values(looks, asked)


def _kind_by_values(looks: Sequence[MaskInspection], asked: _Question) -> MaskKind:
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


def _has_grey_edges(looks: Sequence[MaskInspection], values: Sequence[int]) -> bool:
    """Many values between 0 and 255 that cover little: an edge that was drawn soft, or resized."""
    between = [v for v in values if 0 < v < 255]
    if len(between) < GREY_EDGES or not {0, 255} <= set(values) or values[-1] > 255:
        return False
    share = sum(s for look in looks for v, s in look.shares.items() if 0 < v < 255) / len(looks)
    return share < GREY_EDGE_SHARE


def _open_question(asked: _Question, what: str, first: str) -> DatasetError:
    return DatasetError(what, hint=f"say {asked.line(first)} or {asked.line('{kind: index}')}")


def _binary_spec(looks: Sequence[MaskInspection], asked: _Question, output: MaskOutput) -> MaskSpec:
    if IGNORED in asked.fillers:
        what = f"{IGNORED} has no meaning for binary masks, which have no value for it"
        raise DatasetError(what, hint="write mask: background, mask: keep, or say kind: index")
    threshold = asked.said.threshold
    foreground = 255 if threshold is not None else _foreground(looks, asked)
    return MaskSpec("binary", foreground, output.foreground or foreground, threshold, name=asked.name)


def _rgb_spec(asked: _Question) -> MaskSpec:
    colors = tuple(rgb_of(color) for color in asked.options.class_colors.values())
    ignore = asked.said.ignore
    if not isinstance(ignore, str):
        if _fills(asked):
            raise DatasetError(
                f"{_fills(asked)} needs a colour for RGB masks",
                hint=f"say {asked.line(_BLACK)}",
            )
        return MaskSpec("rgb", fill=BLACK, colors=colors, name=asked.name, background=_background(asked))
    if _fills(asked) and rgb_of(ignore) in colors:
        raise _fill_in_use(asked, ignore)
    declared = (*colors, rgb_of(ignore)) if colors else ()
    return MaskSpec(
        "rgb",
        fill=rgb_of(ignore),
        colors=declared,
        name=asked.name,
        background=_background(asked),
        ignore=rgb_of(ignore),
    )


def _background(asked: _Question) -> Rgb:
    """The colour of the class called background, or black."""
    named = asked.options.class_colors.get("background")
    if (
        BACKGROUND in asked.fillers
        and not named
        and BLACK not in map(rgb_of, asked.options.class_colors.values())
    ):
        hint = f'say input: {{classes: {{background: "#000000", ...}}}}, or write {IGNORED}'
        raise DatasetError(f"{BACKGROUND} needs to know which colour is the background", hint=hint)
    return rgb_of(named) if named else BLACK


_BLACK = '{ignore: "#000000"}'


def _index_spec(looks: Sequence[MaskInspection], asked: _Question) -> MaskSpec:
    ignore = asked.said.ignore
    fill = ignore if isinstance(ignore, int) else DEFAULT_IGNORE
    is_deep = any(max(look.shares, default=0) > DEFAULT_IGNORE for look in looks)
    if _fills(asked):
        if ignore is None and is_deep:
            raise DatasetError(
                f"{_fills(asked)} needs to know which value of these 16-bit masks means: no label",
                hint=f"say {asked.line('{ignore: 65535}')}",
            )
        if fill in asked.options.class_names:
            raise _fill_in_use(asked, fill)
    is_known = ignore is not None or not (is_deep or fill in asked.options.class_names)
    return MaskSpec("index", fill=fill, name=asked.name, ignore=fill if is_known else None)


def _fills(asked: _Question) -> str:
    """The recipe's word that writes the ignore value into masks; empty where none does."""
    return next((word for word in asked.fillers if word != BACKGROUND), "")


def _fill_in_use(asked: _Question, value: int | str) -> DatasetError:
    return DatasetError(
        f"{_fills(asked)} would fill masks with {value}, which is a class in use",
        hint=f"say {asked.line('{ignore: N}')} with a value that no class has",
    )


def _foreground(looks: Sequence[MaskInspection], asked: _Question) -> int:
    """The one value besides 0 of more than half of the masks that have any; the others fail by name."""
    ones = [tuple(sorted(value for value in look.shares if value)) for look in looks]
    ones = [values for values in ones if values]
    for values, masks in Counter(ones).items():
        if len(values) == 1 and 2 * masks > len(ones):
            return values[0]
    if ones:
        first = {value: look.where for look in reversed(looks) for value in look.shares if value}
        shown = ", ".join(f"{value} ({first[value]})" for value in sorted(first)[:6])
        raise DatasetError(
            f"binary masks have one value besides 0, these have {shown}",
            hint=f"say {asked.line('{threshold: N}')} or {{kind: index}}",
        )
    return 255
