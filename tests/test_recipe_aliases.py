"""Other libraries' names are answered with a line that can be pasted, or with what to do instead."""

import pytest

from augcli.errors import RecipeError
from augcli.recipe import parse_recipe
from augcli.recipe.aliases import lines_to_paste, parameter_alias, step_alias
from augcli.recipe.reading import GROUPS, examples
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
            "write - affine: {degrees: {limit: 15}, scale: [0.9, 1.1], "
            "translate: {x: {limit: 0.1}, y: {limit: 0.1}}}",
        ),
        ("ElasticTransform", "write - elastic: {alpha: [300, 800], sigma: 24}"),
        ("RandomCrop", "write - random_crop: {size: 256}"),
        ("GaussNoise", "write - gaussian_noise: {std: [0.01, 0.04]}"),
        ("GaussianBlur", "write - gaussian_blur: {sigma: [0.5, 2]}"),
        (
            "RandomBrightnessContrast",
            "write - sequence: [brightness: {shift: {limit: 0.2}}, contrast: {factor: [0.8, 1.2]}]",
        ),
        ("HueSaturationValue", "write - color_jitter: {saturation: 0.3, hue: 0.05}"),
        (
            "ColorJitter",
            "write - color_jitter: {brightness: 0.5, contrast: 0.5, saturation: 0.5, hue: 0.1}",
        ),
        ("OneOf", "write - one_of: [horizontal_flip, vertical_flip]"),
        ("RandomApply", "write - sequence: {p: 0.5, transforms: [horizontal_flip, transpose]}"),
        ("Compose", "steps are a list: write them one below the other under transforms:"),
        ("Normalize", LOADER),
        ("ToTensorV2", LOADER),
        ("transforms.ToTensor", LOADER),
        ("rescale", LOADER),
        ("RandAugment", ABSENT),
        ("RandomErasing", ABSENT),
        ("CoarseDropout", ABSENT),
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
        ("center_crop", "height", "write size (width x height, like 384x192)"),
        ("transpose", "always_apply", "leave it out: a step always runs unless p is below 1"),
        ("transpose", "rotate_limit", None),
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
