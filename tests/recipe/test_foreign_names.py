"""Other libraries' names are answered with a line that can be pasted, or with what to do instead."""

import pytest

from augcli.errors import RecipeError
from augcli.recipe import parse_recipe
from augcli.recipe.foreign_names import lines_to_paste, parameter_alias, step_alias
from augcli.recipe.parse import GROUPS, examples
from augcli.transforms import TRANSFORMS

LOADER = "the network's values are not pixels of a file: do this in your loader"
ABSENT = "this transform is not in this version"


@pytest.mark.parametrize("line", lines_to_paste())
def test_every_line_to_paste_is_a_step(line: str) -> None:
    assert len(parse_recipe(f"transforms:\n  {line}\n", "r").variants) == 1


@pytest.mark.parametrize("line", examples().values())
def test_every_example_is_a_step(line: str) -> None:
    assert len(parse_recipe(f"transforms:\n  - {line}\n", "r").variants) == 1


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("HorizontalFlip", "write - horizontal_flip: {p: 0.5}"),
        ("RandomHorizontalFlip", "write - horizontal_flip: {p: 0.5}"),
        ("A.HorizontalFlip", "write - horizontal_flip: {p: 0.5}"),
        ("fliplr", "write - horizontal_flip: {p: 0.5}"),
        ("hflip", "write - horizontal_flip: {p: 0.5}"),
        ("RandomFlipLeftRight", "write - horizontal_flip: {p: 0.5}"),
        ("flip_left_right", "write - horizontal_flip: {p: 0.5}"),
        ("iaa.Flipud", "write - vertical_flip: {p: 0.5}"),
        ("Flip", "write - one_of: [horizontal_flip, vertical_flip, rotate90: {turns: 2}]"),
        ("RandomRotate90", "write - rotate90: {turns: [0, 3]}"),
        ("RandomRotation", "write - rotate: {degrees: {limit: 15}}"),
        (
            "ShiftScaleRotate",
            "write - shift_scale_rotate: {shift_x: {limit: 0.06}, shift_y: {limit: 0.06}, "
            "scale: [0.9, 1.1], degrees: {limit: 45}}",
        ),
        ("ElasticTransform", "write - elastic: {alpha: [300, 800], sigma: 24}"),
        ("PerspectiveTransform", "write - perspective: {strength: [0.1, 0.4]}"),
        ("iaa.PiecewiseAffine", "write - piecewise_affine: {points: 4, sigma: 8}"),
        ("rotate_without_crop", "write - safe_rotate: {degrees: {limit: 15}}"),
        ("PadToFixedSize", "write - pad_if_needed: {size: 512}"),
        ("RandomCrop", "write - random_crop: {size: 256}"),
        ("GaussNoise", "write - gaussian_noise: {std: [0.01, 0.04]}"),
        ("GaussianBlur", "write - gaussian_blur: {sigma: [0.5, 2]}"),
        (
            "RandomBrightnessContrast",
            "write - sequence: [contrast: {factor: [0.8, 1.2], definition: albumentations}, "
            "brightness: {shift: {limit: 0.2}}]",
        ),
        ("HueSaturationValue", "write - color_jitter: {saturation: 0.3, hue: 0.05}"),
        (
            "ColorJitter",
            "write - color_jitter: {brightness: 0.5, contrast: 0.5, saturation: 0.5, hue: 0.1}",
        ),
        ("FancyPCA", "write - lighting: {std: 0.1}"),
        ("PlanckianJitter", "write - color_temperature: {mired: {limit: 60}}"),
        ("InvertImg", "write - invert: {p: 0.1}"),
        ("LinearContrast", "write - contrast: {factor: [0.8, 1.2], definition: imgaug}"),
        ("channel_shift_range", "write - brightness: {shift: {limit: 0.1}}"),
        ("RandomPosterize", "write - posterize: {bits: [3, 6]}"),
        ("ToGray", "write - grayscale: {p: 0.2}"),
        ("A.Defocus", "write - defocus_blur: {radius: [2, 6]}"),
        ("RandomAdjustSharpness", "write - sharpen: {factor: [0.5, 3]}"),
        ("ShotNoise", "write - poisson_noise: {photons: {log_uniform: [30, 300]}}"),
        ("MultiplicativeNoise", "write - speckle_noise: {std: [0.05, 0.2]}"),
        ("SaltAndPepper", "write - salt_and_pepper: {amount: [0.005, 0.03]}"),
        ("ImageCompression", "write - jpeg_artefacts: {quality: [10, 60]}"),
        ("RandomSunFlare", "write - sun_flare: {strength: [0.5, 1]}"),
        ("RandomFog", "write - fog: {density: [0.3, 1.2]}"),
        ("OneOf", "write - one_of: [horizontal_flip, vertical_flip]"),
        ("RandomApply", "write - sequence: {p: 0.5, transforms: [horizontal_flip, transpose]}"),
        ("Compose", "steps are a list: write them one below the other under transforms:"),
        ("Normalize", LOADER),
        ("ToTensorV2", LOADER),
        ("transforms.ToTensor", LOADER),
        ("rescale", LOADER),
        ("RandAugment", "write - rand_augment: {count: 2, magnitude: 9}"),
        ("transforms.TrivialAugmentWide", "write - trivial_augment"),
        ("AutoAugment", "write - auto_augment: {policy: imagenet}"),
        ("AugMix", "write - aug_mix: {severity: 3}"),
        ("RandomErasing", "write - random_erasing: {p: 0.5}"),
        (
            "CoarseDropout",
            "write - coarse_dropout: {count: [3, 8], width: [0.05, 0.15], height: [0.05, 0.15]}",
        ),
        ("CropNonEmptyMaskIfExists", "write - mask_crop: {size: 256}"),
        ("GridDropout", "write - grid_mask: {distance: [0.15, 0.3]}"),
        ("MixUp", ABSENT),
        ("NoSuchThing", None),
        ("Random", None),
    ],
)
def test_a_transform_of_another_library_is_answered(name: str, answer: str | None) -> None:
    assert step_alias(name, examples()) == answer


def test_a_name_that_is_here_has_no_other_meaning() -> None:
    for name in [*TRANSFORMS, *GROUPS]:
        assert (step_alias(name, examples()) or "").startswith(f"write - {examples()[name]}")


@pytest.mark.parametrize(
    ("transform", "key", "answer"),
    [
        ("rotate", "rotate_limit", "write degrees ({limit: 15} is -15 to 15)"),
        ("rotate", "limit", "write degrees ({limit: 5} is within 5 of neutral)"),
        ("rotate", "angle", "write degrees"),
        ("rotate", "prob", "write p"),
        ("rotate", "probability", "write p"),
        ("rotate", "keep_size", "leave it out: rotate, scale, shear and affine keep the frame"),
        ("rotate", "border_mode", "one rule for all steps: write output: {border: reflect}"),
        ("scale", "scale_limit", "write factor ({limit: 0.2} is 0.8 to 1.2)"),
        ("affine", "scale_limit", "write scale ({limit: 0.2} is 0.8 to 1.2)"),
        ("affine", "shift_limit", "write translate (fractions, {limit: 0.1} is -0.1 to 0.1)"),
        ("gaussian_blur", "sigma_limit", "write sigma"),
        ("gaussian_blur", "blur_limit", "write sigma (in pixels)"),
        ("box_blur", "blur_limit", "write size (in pixels)"),
        ("gaussian_noise", "var_limit", "write std (a share of the range: sqrt(variance) / 255)"),
        ("rgb_shift", "r_shift_limit", "write red (a share of the range: 20 there is 0.08 here)"),
        ("clahe", "tile_grid_size", "write tiles (across x down, like 8x8)"),
        ("posterize", "num_bits", "write bits"),
        ("solarize", "threshold_range", "write threshold (a share of the range)"),
        ("lighting", "alpha_std", "write std"),
        ("motion_blur", "blur_limit", "write size (in pixels)"),
        ("motion_blur", "angle_range", "write degrees"),
        ("unsharp_mask", "radius", "write sigma (in pixels)"),
        ("unsharp_mask", "percent", "write amount (150 there is 1.5 here)"),
        ("jpeg_artefacts", "quality_range", "write quality"),
        ("salt_and_pepper", "salt_vs_pepper", "write salt"),
        ("shadow", "shadow_intensity_range", "write strength"),
        ("center_crop", "height", "write size (width x height, like 384x192)"),
        ("rand_augment", "num_ops", "write count"),
        ("rand_augment", "num_magnitude_bins", "leave it out: magnitude is a bin from 0 to 30"),
        ("aug_mix", "mixture_width", "write width"),
        ("aug_mix", "chain_depth", "write depth"),
        ("transpose", "always_apply", "leave it out: a step always runs unless p is below 1"),
        ("transpose", "rotate_limit", None),
        ("shift_scale_rotate", "shift_limit", "write shift_x (fractions, {limit: 0.1} is -0.1 to 0.1)"),
        ("perspective", "distortion_scale", "write strength"),
        ("grid_distortion", "num_steps", "write steps"),
        ("optical_distortion", "distort_limit", "write k"),
        ("safe_rotate", "expand", "leave it out: the frame stays, and safe_rotate makes it grow"),
    ],
)
def test_a_parameter_of_another_library_is_answered(transform: str, key: str, answer: str | None) -> None:
    assert parameter_alias(key, list(TRANSFORMS[transform].model_fields)) == answer


def test_an_answer_reaches_the_user() -> None:
    with pytest.raises(RecipeError) as caught:
        parse_recipe("transforms: [A.GaussNoise: {var_limit: 10}]", "r.yaml")
    assert str(caught.value) == (
        "r.yaml:1:14: transforms[0].A.GaussNoise: unknown transform 'A.GaussNoise': "
        "write - gaussian_noise: {std: [0.01, 0.04]}"
    )
