"""Weather, light and dropped parts of albumentations as steps of a recipe."""

from __future__ import annotations

from typing import Any

from augcli.commands.convert.call import (
    ASSUMED,
    ASSUMED_SIDE,
    Call,
    Converter,
    Equivalent,
    NoEqualError,
    between,
    plain,
    said,
)
from augcli.text import shown

FULL = 255
RAIN = {"drizzle": 1 / 32, "heavy": 1 / 8, "torrential": 1 / 4}  # drops of H / 8, so many times H / 8
MOST_DENSITY = 0.5
_OTHER = "drawn by other formulas: look at it with augcli preview"


def rain(call: Call) -> Equivalent:
    """RandomRain: drops one after the other, and a darker picture."""
    density = RAIN.get(str(call.get("rain_type")), 1 / 24) * call.number("drop_width", default=1)
    color = call.get("drop_color", default=(200, 200, 200))
    low, high = call.number("slant_lower", default=-10), call.number("slant_upper", default=10)
    length = call.number("drop_length", default=ASSUMED_SIDE / 8) / ASSUMED_SIDE
    params = {
        "density": plain(round(min(density, MOST_DENSITY), 4)),
        "length": plain(round(length, 4)),
        "degrees": between(call.pair("slant_range", default=(low, high))),
        "light": plain(round(sum(color) / len(color) / FULL, 4)),
    }
    darker = call.number("brightness_coefficient", default=0.7)
    steps = [{"rain": params}, *([{"brightness": {"factor": plain(darker)}}] if darker != 1 else [])]
    return said(*steps, notes=[_OTHER])


def fog(call: Call) -> Equivalent:
    """RandomFog."""
    ends = (call.number("fog_coef_lower", default=0.3), call.number("fog_coef_upper", default=1.0))
    return said({"fog": {"density": between(call.pair("fog_coef_range", default=ends))}}, notes=[_OTHER])


def snow(call: Call) -> Equivalent:
    """RandomSnow, which bleaches."""
    notes = ["there the ground is bleached; here flakes fall"]
    return said({"snow": {"density": [0.03, 0.1]}}, notes=notes)


def shadow(call: Call) -> Equivalent:
    """RandomShadow."""
    ends = (call.number("num_shadows_lower", default=1), call.number("num_shadows_upper", default=2))
    strength = between(call.pair("shadow_intensity_range", default=(0.5, 0.5)))
    count = between(call.pair("num_shadows_limit", default=ends))
    notes = ["shadow_roi keeps them in a part of the picture; here they fall anywhere, with soft edges"]
    return said({"shadow": {"strength": strength, "count": count}}, notes=notes)


def sun_flare(call: Call) -> Equivalent:
    """RandomSunFlare."""
    x_min, y_min, x_max, y_max = call.get("flare_roi", default=(0, 0, 1, 0.5))
    ends = (
        call.number("num_flare_circles_lower", default=6),
        call.number("num_flare_circles_upper", default=10),
    )
    params = {
        "strength": 1,
        "x": between((x_min, x_max)),
        "y": between((y_min, y_max)),
        "ghosts": between(call.pair("num_flare_circles_range", default=ends)),
    }
    return said({"sun_flare": params}, notes=[_OTHER])


def illumination(call: Call) -> Equivalent:
    """Illumination by a linear gradient; its degrees are clockwise."""
    mode = call.get("mode", default="linear")
    if mode != "linear":
        raise NoEqualError(f"{mode} light has no equal: gradient_illumination and vignette are the nearest")
    low, high = call.pair("angle_range", default=(0, 360))
    effect = call.get("effect_type", default="both")
    degrees = between((180 - high, 180 - low) if effect == "darken" else (-high, -low))
    notes = ["there the range of light changes with the direction; here it is the same for all"]
    if effect == "both" and high - low < 360:
        notes.append("effect_type both exchanges the bright and the dark side in half of the copies")
    strength = between(call.pair("intensity_range", default=(0.01, 0.2)))
    return said({"gradient_illumination": {"strength": strength, "degrees": degrees}}, notes=notes)


def coarse_dropout(call: Call) -> Equivalent:
    """CoarseDropout in shares or pixels; of 1.x with max_holes and the like."""
    most = call.number("max_holes", "num_holes", default=2 if call.version >= 2 else 8)
    count = call.pair("num_holes_range", default=(call.number("min_holes", default=most), most))
    params: dict[str, Any] = {"count": between(count)}
    notes: list[str] = []
    for side, short in (("width", "w"), ("height", "h")):
        last = call.number(f"max_{side}", f"max_{short}_size", default=0.2 if call.version >= 2 else 8)
        ends = (call.number(f"min_{side}", default=last), last)
        pair = call.pair(f"hole_{side}_range", default=ends)
        in_pixels = pair[1] >= 1
        notes += [ASSUMED] if in_pixels and ASSUMED not in notes else []
        params[side] = between(pair, factor=1 / ASSUMED_SIDE if in_pixels else 1)
    return _dropped(call, "coarse_dropout", params, notes)


def erasing(call: Call) -> Equivalent:
    """Erasing; ours draws again until a box fits."""
    scale, ratio = call.pair("scale", default=(0.02, 0.33)), call.pair("ratio", default=(0.3, 3.3))
    params = {"scale": between(scale), "ratio": between(ratio)}
    notes = ["there area and ratio are drawn so that every box fits; here again, up to ten times"]
    return _dropped(call, "random_erasing", params, notes)


def grid_dropout(call: Call) -> Equivalent:
    """GridDropout."""
    params: dict[str, Any] = {}
    notes = ["there each hole has an offset of its own; here all have one"]
    if cells := call.get("holes_number_xy"):
        params["distance"] = plain(round(1 / max(cells), 6))
    elif call.get("unit_size_range") is not None:
        params["distance"] = between(call.pair("unit_size_range"), factor=1 / ASSUMED_SIDE)
        notes.append(ASSUMED)
    else:
        params["distance"] = 0.1
    params["ratio"] = plain(call.number("ratio", default=0.5))
    return _dropped(
        call, "grid_mask", params, notes if call.get("random_offset", default=True) else notes[1:]
    )


def pixel_dropout(call: Call) -> Equivalent:
    """PixelDropout."""
    notes = ["per_channel drops single channels of a pixel; here all of them"]
    params = {"share": plain(call.number("dropout_prob", default=0.01))}
    return _dropped(call, "pixel_dropout", params, notes if call.get("per_channel") else [])


def mask_dropout(call: Call) -> Equivalent:
    """MaskDropout."""
    count = {"count": between(call.pair("max_objects", default=(1, 1)))}
    return _dropped(call, "mask_dropout", count, [])


def channel_dropout(call: Call) -> Equivalent:
    """ChannelDropout."""
    count = between(call.pair("channel_drop_range", default=(1, 1)))
    fill = call.number("fill", "fill_value")
    filled = {"fill": plain(fill / FULL)} if fill else {}
    return said({"channel_dropout": {"count": count} | filled})


def _dropped(call: Call, name: str, params: dict[str, Any], notes: list[str]) -> Equivalent:
    """The step with what is seen and labelled where parts are dropped."""
    fill, more = _paint(call)
    label = call.get("fill_mask", "mask_fill_value", "mask_drop_value")
    if label is not None:
        params = params | {"mask": "background" if label == 0 else "ignore"}
        more += [] if label == 0 else [f"masks get {shown(label)} there; here their ignore value"]
    painted = {} if fill == 0 and name != "random_erasing" else {"fill": fill}
    return said({name: params | painted}, notes=[*notes, *more])


def _paint(call: Call) -> tuple[Any, list[str]]:
    """The fill of dropped parts, and what is not the same."""
    if call.name == "PixelDropout" and "drop_value" in call.params and call.params["drop_value"] is None:
        return "noise", []
    fill = call.get("fill", "fill_value", "drop_value", default=0)
    if fill == "random":
        return "noise", []
    if fill == "random_uniform":
        return "noise", ["random_uniform paints each box in one colour; here each pixel has its own"]
    if isinstance(fill, str):
        return "mean", [f"{fill} paints in what is around; here it is the mean of the picture"]
    levels = list(fill) if isinstance(fill, list | tuple) else [fill]
    if len(levels) not in (1, 3) or not all(_is_level(level) for level in levels):
        return 0, [f"fill is {shown(fill)} there; here 0"]
    return ([int(v) for v in levels] if len(levels) == 3 else int(levels[0])), []


def _is_level(value: Any) -> bool:
    return isinstance(value, int | float) and value == int(value) and 0 <= value <= FULL


SCENES: dict[str, Converter] = {
    "RandomRain": rain,
    "RandomFog": fog,
    "RandomSnow": snow,
    "RandomShadow": shadow,
    "RandomSunFlare": sun_flare,
    "Illumination": illumination,
    "CoarseDropout": coarse_dropout,
    "Cutout": coarse_dropout,
    "Erasing": erasing,
    "GridDropout": grid_dropout,
    "PixelDropout": pixel_dropout,
    "MaskDropout": mask_dropout,
    "ChannelDropout": channel_dropout,
}
