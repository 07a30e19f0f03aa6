"""Crops, resizes and pads of albumentations as steps of a recipe."""

from __future__ import annotations

from typing import Any

from augcli.commands.convert.call import (
    Call,
    Converter,
    Equivalent,
    NoEqualError,
    StepData,
    between,
    plain,
    read_pair,
    said,
    size_of,
)
from augcli.text import shown

_POSITION = "there the picture is placed {}; here in the middle"


def crop_of(name: str) -> Converter:
    """A converter for a crop of one size."""

    def converter(call: Call) -> Equivalent:
        size = call.size()
        padding, notes = _padding(call, size)
        return said(*padding, {name: {"size": size}}, notes=notes)

    return converter


def _padding(call: Call, size: str) -> tuple[list[StepData], list[str]]:
    """The step before a crop with pad_if_needed."""
    if not call.get("pad_if_needed"):
        return [], []
    position = call.get("pad_position", default="center")
    notes = [] if position == "center" else [_POSITION.format(position)]
    return [{"pad_if_needed": {"size": size}}], notes


def crop(call: Call) -> Equivalent:
    """Crop: a box in pixels."""
    defaults = {"x_min": 0, "y_min": 0, "x_max": 1024, "y_max": 1024}
    left, top, right, bottom = (int(call.number(key, default=value)) for key, value in defaults.items())
    params: dict[str, Any] = {"x": left, "y": top, "width": right - left, "height": bottom - top}
    padding, notes = _padding(call, size_of(bottom, right))
    if padding:
        notes.append("there only what is missing to the right and below is added")
    return said(*padding, {"crop": params | {"unit": "pixels"}}, notes=notes)


def mask_crop(call: Call) -> Equivalent:
    """CropNonEmptyMaskIfExists."""
    notes = ["boxes at the picture's edge are likelier there; here all that show the pixel are alike likely"]
    if ignored := call.get("ignore_values"):
        notes.append(f"ignore_values {shown(ignored)}: name the classes that count, like classes: [1, 2]")
    return said({"mask_crop": {"size": call.size()}}, notes=notes)


def random_resized_crop(call: Call) -> Equivalent:
    """RandomResizedCrop, which is torchvision's."""
    params = {
        "size": call.size(),
        "scale": between(call.pair("scale", default=(0.08, 1.0))),
        "ratio": between(call.pair("ratio", default=(0.75, 4 / 3))),
    }
    return said({"random_resized_crop": params})


def random_sized_crop(call: Call) -> Equivalent:
    """RandomSizedCrop: heights in pixels, one ratio."""
    low, high = call.pair("min_max_height", default=(1, 1))
    ratio = call.number("w2h_ratio", default=1.0)
    if low == high:
        height = int(high)
        part = size_of(height, int(height * ratio))
        return said({"random_crop": {"size": part}}, {"resize": {"size": call.size()}})
    scale = [plain(round((low / high) ** 2, 6)), 1]
    notes = [
        f"there {plain(low)} to {plain(high)} pixels of height; here {plain(high)} are all of the picture"
    ]
    params = {"size": call.size(), "scale": scale, "ratio": plain(ratio)}
    return said({"random_resized_crop": params}, notes=notes)


def crop_from_borders(call: Call) -> Equivalent:
    """RandomCropFromBorders: each border is cut by a number of its own."""
    left, right, top, bottom = (
        call.number(f"crop_{side}", default=0.1) for side in ("left", "right", "top", "bottom")
    )
    box = {
        "x": between((0.0, left + right)),
        "y": between((0.0, top + bottom)),
        "width": plain(1 - left - right),
        "height": plain(1 - top - bottom),
    }
    notes = ["there each border is cut by its own number; here the box always has its smallest size"]
    return said({"crop": box}, notes=notes)


def crop_and_pad(call: Call) -> Equivalent:
    """CropAndPad, where it magnifies or adds pixels."""
    percent, pixels = call.get("percent"), call.get("px")
    if percent is not None and call.get("keep_size", default=True) and _is_short(percent):
        low, high = read_pair("percent", percent)
        notes = ["there whole pixels are cut or added"]
        notes += [] if low == high else ["there each side is cut or padded by its own number; here all alike"]
        return said({"scale": {"factor": between((1 / (1 + 2 * high), 1 / (1 + 2 * low)))}}, notes=notes)
    if pixels is not None and not call.get("keep_size", default=True) and _is_short(pixels):
        low, high = read_pair("px", pixels)
        if low >= 0:
            margin = between((low, max(low, high - (low < high))))  # randrange leaves the end out
            return said({"pad": dict.fromkeys(("left", "top", "right", "bottom"), margin)})
    raise NoEqualError("write crop, pad or scale steps for what it does")


def _is_short(value: Any) -> bool:
    return not isinstance(value, list | tuple) or len(value) == 2


def resize(call: Call) -> Equivalent:
    """Resize."""
    return said({"resize": {"size": call.size()}})


def resize_by(side: str) -> Converter:
    """A converter for a resize by one side; several sizes are alike likely."""

    def converter(call: Call) -> Equivalent:
        sizes = call.get("max_size")
        if sizes is None:
            raise NoEqualError(
                "max_size_hw has no equal: write resize: {size: ...} or letterbox: {size: ...}"
            )
        sizes = sizes if isinstance(sizes, list | tuple) else [sizes]
        steps = [{"resize": {side: size}} for size in sizes]
        return said(steps[0]) if len(steps) == 1 else said({"one_of": {"transforms": steps}})

    return converter


def pad(call: Call) -> Equivalent:
    """Pad by pixels: all sides, (across, down), or left, top, right, bottom."""
    padding = call.get("padding", default=0)
    sides = list(padding) if isinstance(padding, list | tuple) else [padding] * 4
    sides = sides * 2 if len(sides) == 2 else sides
    if len(sides) != 4:
        raise NoEqualError(f"padding: expected one, two or four numbers, got {shown(padding)}")
    return said({"pad": dict(zip(("left", "top", "right", "bottom"), sides, strict=True))})


def pad_if_needed(call: Call) -> Equivalent:
    """PadIfNeeded."""
    if call.get("pad_height_divisor") or call.get("pad_width_divisor"):
        raise NoEqualError("padding to a multiple has no equal: write pad_if_needed: {size: ...}")
    size = size_of(call.get("min_height", default=1024), call.get("min_width", default=1024))
    position = str(call.get("position", default="center")).rsplit(".", 1)[-1].lower()
    notes = [] if position == "center" else [_POSITION.format(position)]
    return said({"pad_if_needed": {"size": size}}, notes=notes)


FRAMES: dict[str, Converter] = {
    "RandomCrop": crop_of("random_crop"),
    "CenterCrop": crop_of("center_crop"),
    "Crop": crop,
    "CropNonEmptyMaskIfExists": mask_crop,
    "RandomResizedCrop": random_resized_crop,
    "RandomSizedCrop": random_sized_crop,
    "RandomCropFromBorders": crop_from_borders,
    "CropAndPad": crop_and_pad,
    "Resize": resize,
    "SmallestMaxSize": resize_by("short_side"),
    "LongestMaxSize": resize_by("long_side"),
    "Pad": pad,
    "PadIfNeeded": pad_if_needed,
}
