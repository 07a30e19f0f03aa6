"""Flips, turns, affine maps and distortions of albumentations as steps of a recipe."""

from __future__ import annotations

import math
from typing import Any

from augcli.commands.convert.call import (
    ASSUMED,
    ASSUMED_SIDE,
    Call,
    Converter,
    Equivalent,
    FloatPair,
    always,
    between,
    plain,
    read_pair,
    said,
    size_of,
)

ONE: FloatPair = (1.0, 1.0)
NONE: FloatPair = (0.0, 0.0)
_SIDES_APART = "x and y are magnified apart there, alike here"
_WHOLE_PIXELS = "shifts are whole pixels there"


def rotate(call: Call) -> Equivalent:
    """Rotate, whose degrees are counter-clockwise as ours."""
    notes = ["crop_border cuts off what a turn brings into view; here the frame stays"]
    degrees = between(call.limits("limit", default=(-90, 90)))
    return said({"rotate": {"degrees": degrees}}, notes=notes if call.get("crop_border") else [])


def safe_rotate(call: Call) -> Equivalent:
    """SafeRotate, which shrinks the grown frame to the picture's own size."""
    degrees = between(call.limits("limit", default=(-90, 90)))
    notes = ["there the grown frame is brought back to the picture's size"]
    return said({"safe_rotate": {"degrees": degrees}}, notes=notes)


def shift_scale_rotate(call: Call) -> Equivalent:
    """ShiftScaleRotate; its scale_limit is what the factor differs from 1."""
    both = call.limits("shift_limit", default=(-0.0625, 0.0625))
    shifts = {f"shift_{axis}": call.limits(f"shift_limit_{axis}", default=both) for axis in "xy"}
    scale = call.limits("scale_limit", default=(-0.1, 0.1))
    params = {name: between(shift) for name, shift in shifts.items() if shift != NONE}
    if scale != NONE:
        params["scale"] = between(scale, plus=1)
    if (degrees := call.limits("rotate_limit", default=(-45, 45))) != NONE:
        params["degrees"] = between(degrees)
    notes = [_SIDES_APART] if call.version >= 2 and scale[0] < scale[1] else []
    notes += [_WHOLE_PIXELS] if any(shift != NONE for shift in shifts.values()) else []
    return said({"shift_scale_rotate": params}, notes=notes) if params else said()


def affine(call: Call) -> Equivalent:
    """Affine, which scales, turns, slants and shifts, where our affine slants before it turns."""
    scale, degrees = _axes(call, "scale", 1.0), call.pair("rotate")
    shear, shift = _axes(call, "shear"), _shift(call)
    notes = _affine_notes(call, scale)
    params: dict[str, Any] = {}
    if degrees != NONE:
        params["degrees"] = between(degrees)
    if (seen := scale["x"] if scale["x"] != ONE else scale["y"]) != ONE:
        params["scale"] = between(seen)
    slant = {axis: between(pair, factor=-1) for axis, pair in shear.items() if pair != NONE}
    moved = {axis: between(pair) for axis, pair in shift.items() if pair != NONE}
    if moved:
        notes.append(_WHOLE_PIXELS if call.get("translate_percent") is not None else ASSUMED)
    if not slant or not params.get("degrees"):
        params |= ({"shear": slant} if slant else {}) | ({"translate": moved} if moved else {})
        return said({"affine": params}, notes=notes) if params else said()
    steps = [{"affine": params}, {"shear": slant}, *([{"translate": moved}] if moved else [])]
    return said(*steps, notes=notes)


def _affine_notes(call: Call, scale: dict[str, FloatPair]) -> list[str]:
    notes = []
    if scale["x"] != scale["y"] or (scale["x"][0] < scale["x"][1] and not call.get("keep_ratio")):
        notes.append(_SIDES_APART)
    if call.get("balanced_scale"):
        notes.append("balanced_scale magnifies as often as it shrinks; here all factors are alike likely")
    if call.get("fit_output"):
        notes.append("fit_output makes the frame fit; here it stays")
    return notes


def _axes(call: Call, key: str, neutral: float = 0.0) -> dict[str, FloatPair]:
    """A parameter that is a number, a pair, or either for x and y."""
    value = call.get(key, default=neutral)
    if not isinstance(value, dict):
        value = {"x": value, "y": value}
    return {axis: read_pair(f"{key}.{axis}", value.get(axis, neutral)) for axis in "xy"}


def _shift(call: Call) -> dict[str, FloatPair]:
    """The shift in shares of width and height."""
    if call.get("translate_percent") is not None:
        return _axes(call, "translate_percent")
    pixels = _axes(call, "translate_px")
    return {axis: (low / ASSUMED_SIDE, high / ASSUMED_SIDE) for axis, (low, high) in pixels.items()}


def random_scale(call: Call) -> Equivalent:
    """RandomScale, which changes the frame's size."""
    factor = between(call.limits("scale_limit", default=(-0.1, 0.1)), plus=1)
    notes = ["there the frame's size changes too; here it stays"]
    return said({"scale": {"factor": factor}}, notes=notes)


def perspective(call: Call) -> Equivalent:
    """Perspective; ours has its corners."""
    strength = between(call.pair("scale", default=(0.05, 0.1)))
    notes = []
    if call.get("keep_size") is False:
        notes.append("keep_size: false lets the frame shrink; here it stays")
    if call.get("fit_output"):
        notes.append("fit_output shows the whole picture; here the frame is filled")
    return said({"perspective": {"strength": strength, "definition": "albumentations"}}, notes=notes)


def elastic(call: Call) -> Equivalent:
    """ElasticTransform; normal noise is divided by its largest value, about 4.9 deviations of 512 x 512."""
    alpha, sigma = call.number("alpha", default=1.0), call.number("sigma", default=50.0)
    notes = []
    noise = call.get("noise_distribution", default="uniform" if call.version < 2 else "gaussian")
    if noise == "gaussian":
        alpha *= math.sqrt(3) / 4.9  # a uniform(-1, 1) number has the deviation 1 / sqrt(3)
        notes.append("normal noise there; alpha is changed so that pixels move as far in 512 x 512")
    if call.get("same_dxdy"):
        notes.append("same_dxdy moves along one diagonal; here dx and dy are drawn apart")
    if call.get("approximate"):
        notes.append("approximate smooths by 17 pixels alone; here sigma holds")
    if call.get("alpha_affine"):
        notes.append("alpha_affine adds an affine map: add a step affine")
    return said({"elastic": {"alpha": round(alpha, 6), "sigma": plain(sigma)}}, notes=notes)


def grid_distortion(call: Call) -> Equivalent:
    """GridDistortion; ours is the normalized one."""
    low, high = call.limits("distort_limit", default=(-0.3, 0.3))
    limit = max(abs(low), abs(high))
    notes = []
    if -low != high:
        notes.append(f"distort_limit is [{plain(low)}, {plain(high)}] there; here it is symmetrical")
    if not call.get("normalized", default=call.version >= 2):
        notes.append("normalized: false can leave the frame unfilled; here it shows the whole picture")
    steps = int(call.number("num_steps", default=5))
    return said({"grid_distortion": {"steps": steps, "limit": plain(limit)}}, notes=notes)


def optical_distortion(call: Call) -> Equivalent:
    """OpticalDistortion; ours has the true centre, which is half a pixel away."""
    params: dict[str, Any] = {"k": between(call.limits("distort_limit", default=(-0.05, 0.05)))}
    if call.get("mode") == "fisheye":
        params["definition"] = "fisheye"
    notes = ["there the centre is half a pixel to the right and below"]
    if call.limits("shift_limit") != NONE:
        notes.append("shift_limit moves the lens; here it is in the centre")
    return said({"optical_distortion": params}, notes=notes)


def piecewise_affine(call: Call) -> Equivalent:
    """PiecewiseAffine: a grid whose points move by a third of `scale` of the shorter side."""
    side = 1 if call.get("absolute_scale") else ASSUMED_SIDE
    across, down = (call.pair(key, default=(4, 4))[1] for key in ("nb_cols", "nb_rows"))
    notes = ["there all points pull on every pixel; here each triangle is affine"]
    notes += [f"sigma is for pictures with a shorter side of {ASSUMED_SIDE}"] if side > 1 else []
    sigma = between(call.pair("scale", default=(0.03, 0.05)), factor=side / 3)
    params = {"points": f"{int(across)}x{int(down)}", "sigma": sigma}
    return said({"piecewise_affine": params}, notes=notes)


def thin_plate_spline(call: Call) -> Equivalent:
    """ThinPlateSpline: points move by a tenth of `scale_range` of the sides."""
    sigma = between(call.pair("scale_range", default=(0.2, 0.4)), factor=ASSUMED_SIDE / 10)
    points = int(call.number("num_control_points", default=4))
    notes = [
        f"sigma is for pictures with sides of {ASSUMED_SIDE}",
        "2.0.8 solves for another kernel than it evaluates; here the spline goes through its points",
    ]
    return said({"thin_plate_spline": {"points": points, "sigma": sigma}}, notes=notes)


def grid_elastic(call: Call) -> Equivalent:
    """GridElasticDeform: the inner corners of the cells move by whole pixels, the outer ones stay."""
    cells = call.get("num_grid_xy", default=(4, 4))
    across, down = read_pair("num_grid_xy", cells) if not isinstance(cells, list | tuple) else cells
    size_of(across, down)  # both are whole numbers
    sigma = plain(round(call.number("magnitude", default=10) / math.sqrt(3), 4))
    params = {"points": f"{across + 1}x{down + 1}", "sigma": sigma, "order": 1}
    notes = ["uniform moves of inner points alone there; normal moves of all points here"]
    return said({"elastic_grid": params}, notes=notes)


def d4(call: Call) -> Equivalent:
    """All eight turns and mirrors of a square, alike likely."""
    return said({"rotate90": {"turns": [0, 3]}}, {"transpose": {"p": 0.5}})


def flip(call: Call) -> Equivalent:
    """Flip of 1.x: left and right, top and bottom, or both."""
    choices = [{"horizontal_flip": {}}, {"vertical_flip": {}}, {"rotate90": {"turns": 2}}]
    return said({"one_of": {"transforms": choices}})


def no_op(call: Call) -> Equivalent:
    """Nothing."""
    return said()


SPATIAL: dict[str, Converter] = {
    "HorizontalFlip": always({"horizontal_flip": {}}),
    "TimeReverse": always({"horizontal_flip": {}}),
    "VerticalFlip": always({"vertical_flip": {}}),
    "Flip": flip,
    "Transpose": always({"transpose": {}}),
    "RandomRotate90": always({"rotate90": {"turns": [0, 3]}}),
    "D4": d4,
    "SquareSymmetry": d4,
    "NoOp": no_op,
    "Rotate": rotate,
    "SafeRotate": safe_rotate,
    "ShiftScaleRotate": shift_scale_rotate,
    "Affine": affine,
    "RandomScale": random_scale,
    "Perspective": perspective,
    "ElasticTransform": elastic,
    "GridDistortion": grid_distortion,
    "OpticalDistortion": optical_distortion,
    "PiecewiseAffine": piecewise_affine,
    "ThinPlateSpline": thin_plate_spline,
    "GridElasticDeform": grid_elastic,
}
