"""Transforms of albumentations that a recipe cannot say, each with the reason or what is nearest."""

from __future__ import annotations

from augcli.recipe.foreign_names import step_alias

_BOXES = "boxes are not read in this version; mask_crop: {size: 256} keeps labels in view"
_PICTURES = "several pictures are not mixed in this version"
_LIKE = "it makes a picture look like others, which a recipe does not hold"
_VOLUMES = "volumes are not read: a picture has two sides"
_STRIPES = "stripes have no equal; coarse_dropout: {count: 1, width: 0.05, height: 1} drops one"
_BANDS = "a picture keeps its bands: do this in your loader"
_NO_BLUR = "it has no equal; gaussian_blur: {sigma: [0.5, 2]} is the nearest"

NO_EQUAL = {
    "AtLeastOneBBoxRandomCrop": _BOXES,
    "BBoxSafeRandomCrop": _BOXES,
    "RandomSizedBBoxSafeCrop": _BOXES,
    "RandomCropNearBBox": _BOXES,
    "ConstrainedCoarseDropout": "its holes follow boxes or objects; write coarse_dropout: {count: 2}",
    "FDA": _LIKE,
    "HistogramMatching": _LIKE,
    "PixelDistributionAdaptation": _LIKE,
    "TemplateTransform": _LIKE,
    "MixUp": _PICTURES,
    "Mosaic": _PICTURES,
    "OverlayElements": _PICTURES,
    "TextImage": "text is not drawn into pictures",
    "CenterCrop3D": _VOLUMES,
    "RandomCrop3D": _VOLUMES,
    "Pad3D": _VOLUMES,
    "PadIfNeeded3D": _VOLUMES,
    "CoarseDropout3D": _VOLUMES,
    "CubicSymmetry": _VOLUMES,
    "XYMasking": _STRIPES,
    "TimeMasking": _STRIPES,
    "FrequencyMasking": _STRIPES,
    "ToRGB": _BANDS,
    "AdvancedBlur": _NO_BLUR,
    "GlassBlur": _NO_BLUR,
    "ZoomBlur": "it has no equal; motion_blur: {size: [5, 15]} is the nearest",
    "RingingOvershoot": "it has no equal; unsharp_mask: {amount: [0.5, 2]} is the nearest",
    "ChromaticAberration": "channels are not moved apart",
    "Morphological": "it would change labels by more than their places",
    "RandomGridShuffle": "parts of a picture do not change places",
    "HEStain": "stains have no equal; color_jitter: {saturation: 0.3, hue: 0.05} is the nearest",
    "PlasmaBrightnessContrast": "clouds of light have no equal; fog: {density: [0.3, 1.2]} is the nearest",
    "PlasmaShadow": "clouds of shadow have no equal; shadow: {strength: [0.3, 0.7]} is the nearest",
    "RandomGravel": "it has no equal; coarse_dropout: {count: 20, width: 0.02, height: 0.02} is the nearest",
    "Spatter": "it has no equal; rain: {density: [0.04, 0.15]} is the nearest",
    "Superpixels": "it has no equal; downscale: {factor: [0.25, 0.75]} is the nearest",
    "SelectiveChannelTransform": "steps see all channels, and which ones it chose is not saved",
}


def reason_for(name: str) -> str | None:
    """Why a transform has no equal; None where nothing is known of it."""
    if name in NO_EQUAL:
        return NO_EQUAL[name]
    advice = step_alias(name, {})
    return advice if advice and not advice.startswith("write") else None
