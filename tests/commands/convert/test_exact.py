"""Transforms that are said to be the same: both libraries on one photograph, with fixed parameters.

At the outermost pixels filters see another border (2.0.8 mirrors without the edge pixel), and where a picture
meets a fill, 2.0.8 blends the two: such cases are compared inside, or but for a share of the pixels.
"""

from __future__ import annotations

from typing import Any

import albumentations as A  # noqa: N812 - as its users write it
import numpy as np
import pytest
from skimage import data
from support.albumentations_pipelines import of, of_class, output_of, quiet, steps_of
from support.recipe_steps import run

PHOTO = data.astronaut()
INNER = slice(20, -20)
WHOLE = slice(None)


def class_name(value: Any) -> str | None:
    return type(value).__name__ if isinstance(value, A.BasicTransform) else None


def both(transform: Any) -> tuple[Any, Any]:
    """The photograph through a transform, and through the recipe that it becomes."""
    converted = of(transform)
    output = output_of(converted)
    fill = output.get("fill", 0)
    ours, _ = run(
        steps_of(converted),
        PHOTO,
        border=output.get("border", "reflect"),
        fill=tuple(fill) if isinstance(fill, list) else (fill,) * 3,
    )
    return transform(image=PHOTO)["image"].astype(int), ours.astype(int)


def off(transform: Any, part: slice = WHOLE) -> Any:
    """By how many levels each pixel differs."""
    theirs, ours = both(transform)
    assert ours.shape == theirs.shape
    return np.abs(ours - theirs)[part, part]


@pytest.mark.parametrize(
    "transform",
    [
        A.HorizontalFlip(p=1),
        A.VerticalFlip(p=1),
        A.Transpose(p=1),
        quiet(A.TimeReverse, p=1),
        A.CenterCrop(200, 301, p=1),
        A.Crop(10, 20, 110, 220, p=1),
        A.PadIfNeeded(601, 700, border_mode=2, p=1),
        A.PadIfNeeded(601, 700, fill=(10, 20, 30), p=1),
        A.Pad((3, 5, 7, 9), p=1),
        A.Pad((3, 5), border_mode=1, p=1),
        A.Pad(4, border_mode=3, p=1),
        A.RandomCrop(600, 512, pad_if_needed=True, p=1),
        A.Affine(translate_percent={"x": (0.125, 0.125), "y": (-0.25, -0.25)}, p=1),
        A.Affine(translate_px={"x": (20, 20), "y": (5, 5)}, p=1),
        A.Posterize(3, p=1),
        A.Solarize((0.4, 0.4), p=1),
        A.InvertImg(p=1),
        A.Equalize(p=1),
        A.CLAHE((3, 3), (4, 8), p=1),
        A.RGBShift((20, 20), (-30, -30), (5, 5), p=1),
        A.ColorJitter((1, 1), (1, 1), (1, 1), (0.1, 0.1), p=1),
        A.HueSaturationValue((30, 30), (0, 0), (0, 0), p=1),
        A.MedianBlur((5, 5), p=1),
        A.RandomToneCurve(0, p=1),
        A.Downscale((0.25, 0.25), {"downscale": 3, "upscale": 0}, p=1),
        A.Downscale((0.25, 0.25), {"downscale": 3, "upscale": 1}, p=1),
        A.PixelDropout(1, drop_value=30, p=1),
    ],
    ids=class_name,
)
def test_bit_for_bit(transform: Any) -> None:
    assert off(transform).max() == 0


@pytest.mark.parametrize(
    "transform",
    [
        A.Resize(700, 900, p=1),
        A.SmallestMaxSize(700, p=1),
        A.LongestMaxSize(700, p=1),
        A.RandomResizedCrop((600, 700), (1, 1), (1, 1), p=1),
        A.RandomBrightnessContrast((0.2, 0.2), (-0.3, -0.3), p=1),
        A.RandomGamma((150, 150), p=1),
        A.RandomGamma((60, 60), p=1),
        A.ToGray(p=1),
        A.ToSepia(p=1),
        A.ColorJitter((1.2, 1.2), (1, 1), (1, 1), (0, 0), p=1),
        A.ColorJitter((1, 1), (1.3, 1.3), (1, 1), (0, 0), p=1),
        A.ColorJitter((1, 1), (1, 1), (1.3, 1.3), (0, 0), p=1),
        A.MultiplicativeNoise((1.1, 1.1), p=1),
        A.AdditiveNoise("uniform", "constant", {"ranges": [[0.1, 0.1]]}, p=1),
        A.Illumination(intensity_range=(0.2, 0.2), effect_type="brighten", angle_range=(90, 90), p=1),
        A.Illumination(intensity_range=(0.2, 0.2), effect_type="darken", angle_range=(90, 90), p=1),
        A.AutoContrast(p=1),
        A.AutoContrast(method="pil", p=1),
    ],
    ids=class_name,
)
def test_within_one_level(transform: Any) -> None:
    assert off(transform).max() <= 1


@pytest.mark.parametrize(
    "transform",
    [
        A.Blur((5, 5), p=1),
        A.GaussianBlur(sigma_limit=(2, 2), p=1),
        A.MotionBlur((7, 7), allow_shifted=False, angle_range=(90, 90), direction_range=(1, 1), p=1),
        A.MotionBlur((7, 7), allow_shifted=False, angle_range=(0, 0), direction_range=(1, 1), p=1),
        A.Defocus((4, 4), (0.3, 0.3), p=1),
        A.Sharpen((0.3, 0.3), (1, 1), p=1),
        A.UnsharpMask((9, 9), (1, 1), (0.5, 0.5), 0, p=1),
        A.Emboss((0.3, 0.3), (0.5, 0.5), p=1),
    ],
    ids=class_name,
)
def test_within_one_level_inside(transform: Any) -> None:
    assert off(transform, INNER).max() <= 1


@pytest.mark.parametrize(
    "transform",
    [
        A.Rotate((30, 30), p=1),
        A.Affine(rotate=(20, 20), scale=(1.2, 1.2), p=1),
        A.Affine(shear={"x": (10, 10), "y": (-5, -5)}, p=1),
        A.Affine(
            scale=(1.2, 1.2),
            rotate=(20, 20),
            shear={"x": (10, 10), "y": (-5, -5)},
            translate_percent={"x": (0.125, 0.125), "y": (-0.25, -0.25)},
            p=1,
        ),
        quiet(A.ShiftScaleRotate, (0.125, 0.125), (0.3, 0.3), (-25, -25), p=1),
    ],
    ids=["rotate", "affine", "shear", "all", "shift_scale_rotate"],
)
def test_affine_maps_differ_only_where_the_fill_begins(transform: Any) -> None:
    differs = off(transform).max(axis=-1) > 2
    assert 0 < differs.mean() < 0.005


def test_a_fisheye_is_the_same_to_a_fraction_of_a_pixel() -> None:
    assert off(A.OpticalDistortion((-0.2, -0.2), mode="fisheye", p=1), INNER).mean() < 0.5


def test_the_exchanged_colours_of_compression_are_told() -> None:
    converted = of(A.ImageCompression("webp", (30, 30), p=1))
    assert "# there red and blue are exchanged while the picture is compressed" in converted.text
    theirs = A.ImageCompression("webp", (30, 30), p=1)(image=PHOTO)["image"]
    ours, _ = run(steps_of(converted), PHOTO[..., ::-1].copy())
    assert (ours[..., ::-1] == theirs).all()


def test_a_gaussian_sharpening_is_the_same_where_2_0_8_does_not_wrap_around() -> None:
    sharpen = A.Sharpen((0.5, 0.5), method="gaussian", kernel_size=9, p=1)
    converted, picture = of(sharpen), (PHOTO / 255).astype(np.float32)
    assert "# 2.0.8 wraps around below 0 in 8-bit pictures; here levels are clipped" in converted.text
    ours, _ = run(steps_of(converted), picture)
    assert np.abs(ours - sharpen(image=picture)["image"])[INNER, INNER].max() < 1e-4


@pytest.mark.parametrize(
    ("name", "params", "steps"),
    [
        ("RandomRotate90", {}, [{"rotate90": {"turns": [0, 3]}}]),
        ("RandomResizedCrop", {"height": 20, "width": 30}, "30x20"),
        ("GaussNoise", {"var_limit": [650.25, 2601]}, [{"gaussian_noise": {"std": [0.1, 0.2]}}]),
        (
            "GaussianBlur",
            {"blur_limit": [3, 7], "sigma_limit": 0},
            [{"gaussian_blur": {"sigma": [0.8, 1.1, 1.4]}}],
        ),
        ("Solarize", {"threshold": [51, 102]}, [{"solarize": {"threshold": [0.2, 0.4]}}]),
        (
            "ImageCompression",
            {"quality_lower": 40, "quality_upper": 60},
            [{"jpeg_artefacts": {"quality": [40, 60]}}],
        ),
        ("Downscale", {"scale_min": 0.5, "scale_max": 0.75}, [{"downscale": {"factor": [0.5, 0.75]}}]),
        (
            "CoarseDropout",
            {"max_holes": 8, "min_holes": 2, "max_height": 64, "max_width": 128, "mask_fill_value": 0},
            [{"coarse_dropout": {"count": [2, 8], "width": 0.25, "height": 0.125, "mask": "background"}}],
        ),
        (
            "Flip",
            {},
            [{"one_of": {"transforms": ["horizontal_flip", "vertical_flip", {"rotate90": {"turns": 2}}]}}],
        ),
        ("RandomBrightness", {"limit": [-0.1, 0.1]}, [{"brightness": {"shift": [-0.1, 0.1]}}]),
        (
            "RandomContrast",
            {"limit": 0.1},
            [{"contrast": {"factor": [0.9, 1.1], "definition": "albumentations"}}],
        ),
        ("ElasticTransform", {"alpha": 300, "sigma": 24}, [{"elastic": {"alpha": 300, "sigma": 24}}]),
    ],
)
def test_the_spellings_of_1_x_are_read(name: str, params: dict[str, Any], steps: Any) -> None:
    found = steps_of(of_class(name, "1.3.1", **params))
    if name == "RandomResizedCrop":
        found = found[0]["random_resized_crop"]["size"]
    if name == "GaussianBlur":
        found = [{"gaussian_blur": {"sigma": found[0]["gaussian_blur"]["sigma"]["choice"]}}]
    assert found == steps


@pytest.mark.parametrize(
    ("transform", "steps"),
    [
        (
            A.HueSaturationValue((-180, 180), 0, 0, p=1),
            [{"hue": {"shift": [-0.5, 0.5], "definition": "hsv8"}}],
        ),
        (A.GaussNoise((0.1, 0.2), p=1), [{"gaussian_noise": {"std": [0.1, 0.2]}}]),
        (A.ShotNoise((0.1, 0.1), p=1), [{"poisson_noise": {"photons": 10, "definition": "linear"}}]),
        (A.Blur((3, 7), p=1), [{"box_blur": {"size": {"choice": [3, 5, 7]}}}]),
        (A.RandomScale(0.2, p=1), [{"scale": {"factor": [0.8, 1.2]}}]),
        (
            A.LongestMaxSize([90, 99], p=1),
            [{"one_of": {"transforms": [{"resize": {"long_side": 90}}, {"resize": {"long_side": 99}}]}}],
        ),
        (
            A.Erasing(fill="random", fill_mask=255, p=1),
            [
                {
                    "random_erasing": {
                        "scale": [0.02, 0.33],
                        "ratio": [0.3, 3.3],
                        "mask": "ignore",
                        "fill": "noise",
                    }
                }
            ],
        ),
        (A.MaskDropout((1, 2), p=1), [{"mask_dropout": {"count": [1, 2], "mask": "background"}}]),
        (A.GridDropout(holes_number_xy=(5, 4), p=1), [{"grid_mask": {"distance": 0.2, "ratio": 0.5}}]),
        (
            A.CropAndPad(px=(2, 9), keep_size=False, p=1),
            [{"pad": {side: [2, 8] for side in ("left", "top", "right", "bottom")}}],
        ),
        (
            A.GridElasticDeform((4, 3), 3, p=1),
            [{"elastic_grid": {"points": "5x4", "sigma": 1.7321, "order": 1}}],
        ),
    ],
    ids=class_name,
)
def test_numbers_are_converted(transform: Any, steps: Any) -> None:
    assert steps_of(of(transform)) == steps


def test_normal_displacements_move_as_far() -> None:
    """2.0.8 divides normal noise by its largest value."""
    (step,) = steps_of(of(A.ElasticTransform(300, 24, p=1)))
    noise = np.random.default_rng(0).normal(size=(2, 512, 512))
    ratio = (noise / np.abs(noise).max()).std() * np.sqrt(3)
    assert step["elastic"]["alpha"] / 300 == pytest.approx(ratio, rel=0.05)


@pytest.mark.parametrize("name", ["x", "y"])
def test_sides_that_are_magnified_apart_are_told(name: str) -> None:
    converted = of(A.Affine(scale={name: (0.8, 1.2)}, p=1))
    assert steps_of(converted) == [{"affine": {"scale": [0.8, 1.2]}}]
    assert "    # x and y are magnified apart there, alike here\n" in converted.text
    assert "magnified apart" not in of(A.Affine(scale=(0.8, 1.2), keep_ratio=True, p=1)).text
