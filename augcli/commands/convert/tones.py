"""Colour and tone of albumentations as steps of a recipe. Its numbers are those of 8-bit pictures."""

from __future__ import annotations

from typing import Any

from augcli.commands.convert.call import (
    Call,
    Converter,
    Equivalent,
    StepData,
    always,
    between,
    plain,
    read_pair,
    said,
)

NONE = (0.0, 0.0)
FULL = 255


def brightness_contrast(call: Call) -> Equivalent:
    """RandomBrightnessContrast: x (1 + contrast) + brightness, as one run of colours."""
    contrast = call.limits("contrast_limit", default=(-0.2, 0.2))
    brightness = call.limits("brightness_limit", default=(-0.2, 0.2))
    steps: list[StepData] = []
    if contrast != NONE:
        factor = between(contrast, plus=1)
        steps.append({"contrast": {"factor": factor, "definition": "albumentations"}})
    by_max, notes = call.get("brightness_by_max", default=True), []
    if brightness != NONE and by_max:
        steps.append({"brightness": {"shift": between(brightness)}})
    elif brightness != NONE:
        steps.append({"brightness": {"factor": between(brightness, plus=1)}})
        notes.append("there a share of the mean is added; here all levels are multiplied, to the same mean")
    if call.get("ensure_safe_range"):
        notes.append("ensure_safe_range keeps within the range; here what leaves it is clipped")
    return said(*steps, notes=notes if steps else [])


def brightness_alone(call: Call) -> Equivalent:
    """RandomBrightness of 1.x and before."""
    return said({"brightness": {"shift": between(call.limits("limit", "brightness_limit"))}})


def contrast_alone(call: Call) -> Equivalent:
    """RandomContrast of 1.x and before."""
    factor = between(call.limits("limit", "contrast_limit"), plus=1)
    return said({"contrast": {"factor": factor, "definition": "albumentations"}})


def gamma(call: Call) -> Equivalent:
    """RandomGamma, in per cent."""
    return said({"gamma": {"gamma": between(call.pair("gamma_limit", default=(80, 120)), factor=0.01)}})


def hue_saturation_value(call: Call) -> Equivalent:
    """HueSaturationValue: hue in units of 2 degrees, saturation and value in levels."""
    hue = call.limits("hue_shift_limit", default=(-20, 20))
    saturation = call.limits("sat_shift_limit", default=(-30, 30))
    value = call.limits("val_shift_limit", default=(-20, 20))
    steps, notes = [], []
    if hue != NONE:
        turns = [-0.5, 0.5] if hue[1] - hue[0] >= 180 else between(hue, factor=1 / 180)
        steps.append({"hue": {"shift": turns, "definition": "hsv8"}})
    if saturation != NONE:
        factor = between((max(saturation[0], -FULL), saturation[1]), factor=1 / FULL, plus=1)
        steps.append({"saturation": {"factor": factor, "definition": "tensorflow"}})
        notes.append("there a number is added to the saturation of HSV, here it is multiplied")
    if value != NONE:
        steps.append({"brightness": {"shift": between(value, factor=1 / FULL)}})
        notes.append("there the value of HSV is shifted, here red, green and blue alike")
    return said(*steps, notes=notes)


def rgb_shift(call: Call) -> Equivalent:
    """RGBShift: levels, or shares where no limit is above 1."""
    params = {}
    for name in ("red", "green", "blue"):
        limit = call.limits(f"{name[0]}_shift_limit", default=(-20, 20))
        if limit != NONE:
            params[name] = between(limit, factor=1 / FULL if max(map(abs, limit)) > 1 else 1)
    return said({"rgb_shift": params}) if params else said()


def color_jitter(call: Call) -> Equivalent:
    """ColorJitter, which rounds after each step."""
    params: dict[str, Any] = {}
    for name, low, middle, high in (*((n, 0.8, 1, 1.2) for n in _FACTORS), ("hue", -0.5, 0, 0.5)):
        given = call.get(name, default=(low, high))
        if isinstance(given, list | tuple):
            pair = read_pair(name, given)
        else:
            pair = read_pair(name, [max(middle - given, 0) if middle else -given, middle + given])
        if pair != (middle, middle):
            params[name] = [plain(end) for end in pair]
    return said({"color_jitter": params | {"definition": "albumentations"}}) if params else said()


_FACTORS = ("brightness", "contrast", "saturation")


def clahe(call: Call) -> Equivalent:
    """CLAHE."""
    across, down = call.get("tile_grid_size", default=(8, 8))
    limit = between(call.pair("clip_limit", default=(1, 4)))
    return said({"clahe": {"clip_limit": limit, "tiles": f"{across}x{down}"}})


def equalize(call: Call) -> Equivalent:
    """Equalize by OpenCV or as Pillow."""
    notes = []
    if call.get("by_channels") is False:
        notes.append("by_channels: false equalizes the luma alone; here each channel")
    if call.get("mask") is not None:
        notes.append("mask chooses the pixels that count; here all do")
    definition = "pillow" if call.get("mode", default="cv") == "pil" else "cv2"
    if definition == "pillow":
        notes.append("there a level's own pixels count as below it; here as in Pillow itself")
    return said({"equalize": {"definition": definition}}, notes=notes)


def auto_contrast(call: Call) -> Equivalent:
    """AutoContrast: a stretch, or by `cdf` what OpenCV calls equalizing."""
    cutoff = plain(call.number("cutoff"))
    notes = ["full scale is not counted there"]
    if call.get("ignore") is not None:
        notes.append("ignore leaves a level out; here all count")
    if call.get("method", default="cdf") == "pil":
        return said({"autocontrast": {"cutoff": cutoff}}, notes=notes)
    if cutoff:
        notes.append(f"cutoff {cutoff:g} leaves out levels at both ends first; here all count")
    return said({"equalize": {"definition": "cv2"}}, notes=notes)


def posterize(call: Call) -> Equivalent:
    """Posterize."""
    bits, notes = call.get("num_bits", default=(4, 4)), []
    if isinstance(bits, list | tuple) and bits and isinstance(bits[0], list | tuple):
        bits, notes = bits[0], ["there each channel has its own bits; here all have the first's"]
    return said({"posterize": {"bits": between(read_pair("num_bits", bits))}}, notes=notes)


def solarize(call: Call) -> Equivalent:
    """Solarize: a share of the range, in 1.x a level."""
    if call.get("threshold_range") is not None:
        return said({"solarize": {"threshold": between(call.pair("threshold_range"))}})
    levels = call.pair("threshold", default=(FULL / 2, FULL / 2))
    return said({"solarize": {"threshold": between(levels, factor=1 / FULL)}})


def to_gray(call: Call) -> Equivalent:
    """ToGray by one of several formulas."""
    method = call.get("method", default="weighted_average")
    notes = [] if method == "weighted_average" else [f"there by {method}; here by 0.299, 0.587 and 0.114"]
    if call.get("num_output_channels", default=3) != 3:
        notes.append("there the result has other channels; here the picture keeps its three")
    return said({"grayscale": {}}, notes=notes)


def fancy_pca(call: Call) -> Equivalent:
    """FancyPCA by the colours of the picture itself."""
    notes = ["there along the colours of the picture itself; here along those of ImageNet, as AlexNet"]
    return said({"lighting": {"std": plain(call.number("alpha", default=0.1))}}, notes=notes)


def planckian(call: Call) -> Equivalent:
    """PlanckianJitter between two temperatures."""
    notes = ["there 6000 K is neutral, and half of the draws are below it; here 6500 K, and all alike likely"]
    if call.get("mode") == "cied":
        notes.append("cied is daylight; here the light is a black body's")
    kelvin = between(call.pair("temperature_limit", default=(3000, 15000)))
    return said({"color_temperature": {"kelvin": kelvin}}, notes=notes)


def tone_curve(call: Call) -> Equivalent:
    """RandomToneCurve."""
    scale = plain(call.number("scale", default=0.1))
    notes = ["per_channel bends each channel by its own curve; here one bends all"]
    params = {"low_y": {"normal": [0.25, scale]}, "high_y": {"normal": [0.75, scale]}}
    return said({"tone_curve": params}, notes=notes if call.get("per_channel") else [])


TONES: dict[str, Converter] = {
    "RandomBrightnessContrast": brightness_contrast,
    "RandomBrightness": brightness_alone,
    "RandomContrast": contrast_alone,
    "RandomGamma": gamma,
    "HueSaturationValue": hue_saturation_value,
    "RGBShift": rgb_shift,
    "ColorJitter": color_jitter,
    "CLAHE": clahe,
    "Equalize": equalize,
    "AutoContrast": auto_contrast,
    "Posterize": posterize,
    "Solarize": solarize,
    "InvertImg": always({"invert": {}}),
    "ToGray": to_gray,
    "ToSepia": always({"to_sepia": {}}),
    "ChannelShuffle": always({"channel_shuffle": {}}),
    "FancyPCA": fancy_pca,
    "PlanckianJitter": planckian,
    "RandomToneCurve": tone_curve,
}
