"""Blurs, noise and artefacts of albumentations as steps of a recipe."""

from __future__ import annotations

import math
from typing import Any

from augcli.commands.convert.call import (
    Call,
    Converter,
    Equivalent,
    NoEqualError,
    between,
    odd_sizes,
    plain,
    read_pair,
    said,
    sigmas_of,
)

AREA, NEAREST, LINEAR = 3, 0, 1  # cv2.INTER_AREA, INTER_NEAREST, INTER_LINEAR
SHARPEST = 13  # x + 9 a (x - mean of 3 x 3) is a blend by 1 + 13 a with Pillow's smooth copy
FULL = 255
_COUNTED = "there a fixed number of pixels, here each by itself with that probability"
_EXCHANGED = "there red and blue are exchanged while the picture is compressed"
_ONE_NOISE = "one noise for all channels there; here each channel has its own"


def blur(call: Call) -> Equivalent:
    """Blur: odd squares."""
    return said({"box_blur": {"size": odd_sizes(call.pair("blur_limit", default=(3, 7)))}})


def median_blur(call: Call) -> Equivalent:
    """MedianBlur: odd squares."""
    return said({"median_blur": {"size": odd_sizes(call.pair("blur_limit", default=(3, 7)))}})


def gaussian_blur(call: Call) -> Equivalent:
    """GaussianBlur; where sigma is 0, OpenCV finds it from the size."""
    size, sigma = call.pair("blur_limit"), call.pair("sigma_limit", default=(0.5, 3.0))
    if sigma[1] == 0:
        return said({"gaussian_blur": {"sigma": sigmas_of(size)}})
    notes = [f"there the Gaussian is cut to {size[1]:g} pixels"] if size[1] else []
    return said({"gaussian_blur": {"sigma": between(sigma)}}, notes=notes)


def motion_blur(call: Call) -> Equivalent:
    """MotionBlur, whose degrees are clockwise and whose kernel looks forwards where ours smears."""
    low, high = call.pair("angle_range", default=(0, 360))
    direction = between(call.pair("direction_range", default=(-1, 1)))
    params: dict[str, Any] = {"size": odd_sizes(call.pair("blur_limit", default=(3, 7)))}
    params |= {"degrees": between((180 - high, 180 - low)), "direction": direction}
    notes = [] if low == high and low % 90 == 0 else ["there slanted lines are jagged"]
    if call.get("allow_shifted", default=True):
        notes.append("allow_shifted moves the picture by up to a quarter of the line; here it stays")
    return said({"motion_blur": params}, notes=notes)


def defocus(call: Call) -> Equivalent:
    """Defocus."""
    radius = between(call.pair("radius", default=(3, 10)))
    alias = between(call.pair("alias_blur", default=(0.1, 0.5)))
    return said({"defocus_blur": {"radius": radius, "alias_sigma": alias}})


def sharpen(call: Call) -> Equivalent:
    """Sharpen by a kernel of 3 x 3, or by what a Gaussian takes away."""
    alpha = call.pair("alpha", default=(0.2, 0.5))
    if call.get("method") == "gaussian":
        size = call.number("kernel_size", default=5)
        notes = [f"there the Gaussian is cut to {size:g} pixels"]
        notes.append("2.0.8 wraps around below 0 in 8-bit pictures; here levels are clipped")
        params = {"amount": between(alpha), "sigma": plain(call.number("sigma", default=1.0))}
        return said({"unsharp_mask": params}, notes=notes)
    light = call.pair("lightness", default=(0.5, 1.0))
    notes = [] if light == (1, 1) else ["lightness also changes the brightness there; here it stays"]
    return said({"sharpen": {"factor": between(alpha, factor=SHARPEST, plus=1)}}, notes=notes)


def unsharp_mask(call: Call) -> Equivalent:
    """UnsharpMask."""
    sigma = call.pair("sigma_limit")
    size = call.pair("blur_limit", default=(3, 7))
    threshold = call.number("threshold", default=10)
    params: dict[str, Any] = {"amount": between(call.pair("alpha", default=(0.2, 0.5)))}
    params["sigma"] = between(sigma) if sigma[1] else sigmas_of(size)
    notes = [f"there the Gaussian is cut to {size[1]:g} pixels"]
    if threshold:
        params["threshold"] = plain(threshold / FULL)
        notes.append("there what is sharpened has soft edges; here the threshold is sharp")
    return said({"unsharp_mask": params}, notes=notes)


def emboss(call: Call) -> Equivalent:
    """Emboss."""
    alpha, strength = call.pair("alpha", default=(0.2, 0.5)), call.pair("strength", default=(0.2, 0.7))
    return said({"emboss": {"alpha": between(alpha), "strength": between(strength)}})


def gauss_noise(call: Call) -> Equivalent:
    """GaussNoise by deviations of the range, in 1.x by variances of 8-bit levels."""
    notes = []
    if call.get("var_limit") is not None:
        low, high = call.pair("var_limit")
        std = between((math.sqrt(max(low, 0)) / FULL, math.sqrt(max(high, 0)) / FULL))
        notes += ["there the variance is uniform, here the deviation"] if low < high else []
    else:
        std = between(call.pair("std_range", default=(0.2, 0.44)))
    if call.get("mean_range", "mean", default=0) not in (0, [0, 0], (0, 0)):
        notes.append("there the noise has a mean; here it is 0: add brightness: {shift: ...}")
    if not call.get("per_channel", default=True):
        notes.append(_ONE_NOISE)
    if call.number("noise_scale_factor", default=1) != 1:
        notes.append("noise_scale_factor makes coarse grains; here each pixel has its own noise")
    return said({"gaussian_noise": {"std": std}}, notes=notes)


def additive_noise(call: Call) -> Equivalent:
    """AdditiveNoise where it is normal for each pixel, or one uniform number for a channel."""
    kind, mode = call.get("noise_type", default="uniform"), call.get("spatial_mode", default="constant")
    params = call.get("noise_params", default={"ranges": [[-0.1, 0.1]]})
    inner = Call(call.name, params if isinstance(params, dict) else {})
    if kind == "gaussian" and mode != "constant":
        noise = dict(inner.params) | {"per_channel": mode == "per_pixel"}
        return gauss_noise(Call(call.name, noise))
    ranges = inner.get("ranges", default=[])
    if kind == "uniform" and mode == "constant" and len(ranges) in (1, 3):
        shifts = [between(read_pair("ranges", pair)) for pair in ranges]
        if len(shifts) == 1:
            return said({"channel_shift": {"shift": shifts[0]}})
        return said({"rgb_shift": dict(zip(("red", "green", "blue"), shifts, strict=True))})
    raise NoEqualError(f"{kind} noise that is {mode} has no equal: gaussian_noise is the nearest")


def multiplicative_noise(call: Call) -> Equivalent:
    """MultiplicativeNoise: one factor for the picture, or uniform ones for each pixel."""
    multiplier = call.pair("multiplier", default=(0.9, 1.1))
    by_channel = call.get("per_channel", default=False)
    if not call.get("elementwise"):
        notes = ["there each channel has its own factor; here all have one"] if by_channel else []
        return said({"brightness": {"factor": between(multiplier)}}, notes=notes)
    std = round((multiplier[1] - multiplier[0]) / math.sqrt(12), 6)
    notes = ["there factors are uniform; here they are normal, of the same deviation, around 1"]
    notes += [] if by_channel else [_ONE_NOISE]
    return said({"speckle_noise": {"std": plain(std)}}, notes=notes)


def salt_and_pepper(call: Call) -> Equivalent:
    """SaltAndPepper."""
    amount = between(call.pair("amount", default=(0.01, 0.06)))
    salt = between(call.pair("salt_vs_pepper", default=(0.4, 0.6)))
    return said({"salt_and_pepper": {"amount": amount, "salt": salt}}, notes=[_COUNTED])


def shot_noise(call: Call) -> Equivalent:
    """ShotNoise, whose scale is one over the photons."""
    low, high = call.pair("scale_range", default=(0.1, 0.3))
    few, many = (plain(round(1 / max(scale, 1e-6), 6)) for scale in (high, low))
    photons = few if few == many else {"log_uniform": [few, many]}
    notes = [] if few == many else ["there one over the photons is uniform"]
    return said({"poisson_noise": {"photons": photons, "definition": "linear"}}, notes=notes)


def iso_noise(call: Call) -> Equivalent:
    """ISONoise as it was in 1.4."""
    shift, strength = (
        call.pair("color_shift", default=(0.01, 0.05)),
        call.pair("intensity", default=(0.1, 0.5)),
    )
    notes = ["as in 1.4; 2.0.8 lost its factors 255 (counts) and 360 (hue) and hardly shows"]
    params = {"intensity": between(strength), "color_shift": between(shift)}
    return said({"iso_noise": params}, notes=notes)


def compression(call: Call) -> Equivalent:
    """ImageCompression as JPEG or WebP."""
    ends = (call.number("quality_lower", default=99), call.number("quality_upper", default=100))
    quality = between(call.pair("quality_range", default=ends))
    kind = str(call.get("compression_type", default="jpeg")).rsplit(".", 1)[-1].lower()
    if kind in ("webp", "1"):
        return said({"webp_artefacts": {"quality": quality}}, notes=[_EXCHANGED])
    return said({"jpeg_artefacts": {"quality": quality}}, notes=[_EXCHANGED])


def downscale(call: Call) -> Equivalent:
    """Downscale; ours shrinks by areas."""
    ends = (call.number("scale_min", default=0.25), call.number("scale_max", default=0.25))
    pair = call.get("interpolation_pair", "interpolation", default={})
    down, up = (
        pair.get(key, NEAREST) if isinstance(pair, dict) else pair for key in ("downscale", "upscale")
    )
    notes = [] if down == AREA else ["there the shrink is not antialiased"]
    if up not in (NEAREST, LINEAR):
        notes.append("there it is enlarged by another interpolation; here linearly")
    params: dict[str, Any] = {"factor": between(call.pair("scale_range", default=ends))}
    return said({"downscale": params | ({} if up == NEAREST else {"interpolation": "linear"})}, notes=notes)


FILTERS: dict[str, Converter] = {
    "Blur": blur,
    "MedianBlur": median_blur,
    "GaussianBlur": gaussian_blur,
    "MotionBlur": motion_blur,
    "Defocus": defocus,
    "Sharpen": sharpen,
    "UnsharpMask": unsharp_mask,
    "Emboss": emboss,
    "GaussNoise": gauss_noise,
    "AdditiveNoise": additive_noise,
    "MultiplicativeNoise": multiplicative_noise,
    "SaltAndPepper": salt_and_pepper,
    "ShotNoise": shot_noise,
    "ISONoise": iso_noise,
    "ImageCompression": compression,
    "JpegCompression": compression,
    "Downscale": downscale,
}
