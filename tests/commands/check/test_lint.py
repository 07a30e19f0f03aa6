"""Remarks: what is allowed and yet looks like a slip, each with its exact text."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from support.commands import looked, mask, pairs, picture, recipe_of

from augcli.commands.check.lint import MOST_RMS_PER_SIGMA, data_remarks, recipe_remarks
from augcli.geometry import RMS_OF_UNIT_ALPHA, Frame, elastic_field
from augcli.rng import key_of


def of_steps(*steps: str, top: str = "") -> list[str]:
    return recipe_remarks(recipe_of(f"transforms: [{', '.join(steps)}]\n{top}"))


def test_a_sensible_recipe_gets_no_remark() -> None:
    assert (
        of_steps(
            "horizontal_flip: {p: 0.5}",
            "rotate: {degrees: [-15, 15]}",
            "elastic: {alpha: [300, 800], sigma: 24}",
            "elastic: {displacement_px: 4, sigma: 24}",
            "color_jitter: {brightness: 0.5, contrast: 0.5, saturation: 1, hue: 0.1}",
            "gaussian_noise: {std: [0, 0.04]}",
        )
        == []
    )


@pytest.mark.parametrize(
    ("flip", "does"),
    [
        ("horizontal_flip", "mirrors"),
        ("vertical_flip", "turns upside down"),
        ("transpose", "transposes"),
        ("anti_transpose", "transposes"),
    ],
)
def test_a_flip_of_every_random_copy_is_remarked(flip: str, does: str) -> None:
    assert of_steps(flip, "rotate: {degrees: [-5, 5]}") == [
        f"aug: {flip} has no p: it {does} every copy; for half of them write {flip}: {{p: 0.5}}"
    ]


@pytest.mark.parametrize(
    "step",
    [
        "one_of: [horizontal_flip, vertical_flip]",
        "some_of: {n: 1, transforms: [horizontal_flip, vertical_flip]}",
        "sequence: {p: 0.5, transforms: [horizontal_flip]}",
    ],
)
def test_a_flip_that_a_group_may_leave_out_is_not_remarked(step: str) -> None:
    assert of_steps(step) == []


@pytest.mark.parametrize(
    "step",
    [
        "some_of: {n: 2, transforms: [horizontal_flip, rotate: {degrees: [-5, 5]}]}",
        "random_order: [horizontal_flip, rotate: {degrees: [-5, 5]}]",
    ],
)
def test_a_flip_in_a_group_that_takes_all_is_remarked(step: str) -> None:
    assert len(of_steps(step)) == 1


def test_a_flip_of_a_fixed_variant_is_what_is_meant() -> None:
    assert recipe_remarks(recipe_of("variants: {fliplr: [horizontal_flip]}")) == []


def test_an_elastic_that_nobody_sees_is_remarked_with_one_that_is_seen() -> None:
    assert of_steps("elastic: {alpha: 1, sigma: 50}") == [
        "aug: elastic moves pixels by 0.0033 px (root mean square, 0.163 alpha / sigma), which nobody sees; "
        "for 2 px write elastic: {displacement_px: 2, sigma: 50}"
    ]
    assert of_steps("elastic: {displacement_px: 0.05, sigma: [10, 20]}") == [
        "aug: elastic moves pixels by 0.05 px (root mean square), which nobody sees; "
        "for 2 px write elastic: {displacement_px: 2, sigma: 20}"
    ]


def test_an_elastic_that_folds_is_remarked() -> None:
    assert of_steps("elastic: {displacement_px: [1, 8], sigma: 16}") == [
        "aug: elastic moves pixels by up to 8 px (root mean square) with sigma 16: "
        "above 0.4 sigma the picture folds over itself in places"
    ]
    assert of_steps("elastic: {displacement_px: {normal: [4, 1]}, sigma: 16}") == [
        "aug: elastic moves pixels by up to 7 px (root mean square) with sigma 16: "
        "above 0.4 sigma the picture folds over itself in places"
    ]


def folded_share(rms_per_sigma: float) -> float:
    """The share of pixels where fields as `elastic` makes them have a negative Jacobian."""
    sigma = 7.0  # its field has a node a pixel
    alpha = rms_per_sigma * sigma**2 / RMS_OF_UNIT_ALPHA
    shares = []
    for number in range(6):
        grid = elastic_field(Frame(600, 600), key_of("fold", number), alpha, sigma).grid
        across, down = np.gradient(grid, axis=1), np.gradient(grid, axis=0)
        jacobian = (1 + across[..., 0]) * (1 + down[..., 1]) - across[..., 1] * down[..., 0]
        shares.append((jacobian < 0).mean())
    return float(np.mean(shares))


def test_the_stated_rule_of_folding_is_what_fields_do() -> None:
    assert 0.0004 < folded_share(MOST_RMS_PER_SIGMA) < 0.0015
    assert folded_share(0.3) < 0.0001


def test_factors_of_zero_are_remarked() -> None:
    assert of_steps("brightness: {factor: [0, 2]}", "contrast: {factor: {limit: 1}}") == [
        "aug: brightness can draw a factor of 0: such a copy is black",
        "aug: contrast can draw a factor of 0: such a copy is flat grey",
    ]
    assert of_steps("color_jitter: {brightness: 1, contrast: 1.5, saturation: 1}") == [
        "aug: color_jitter can draw a brightness factor of 0: such a copy is black",
        "aug: color_jitter can draw a contrast factor of 0: such a copy is flat grey",
    ]
    assert of_steps("brightness: {shift: [-0.1, 0.1]}") == []


def test_control_points_that_hardly_move_are_remarked_with_ones_that_do() -> None:
    assert of_steps("thin_plate_spline: {points: 4x3, sigma: [0.01, 0.05]}") == [
        "aug: thin_plate_spline moves its points by 0.05 px (standard deviation), which nobody sees; "
        "for 2 px write thin_plate_spline: {points: 4x3, sigma: 2}"
    ]
    assert of_steps("elastic_grid: {sigma: 0.1}", "piecewise_affine: {sigma: 0.1}") == []


def test_a_normal_factor_is_judged_by_three_deviations() -> None:
    assert of_steps("brightness: {factor: {normal: [1, 0.2]}}") == []
    assert len(of_steps("brightness: {factor: {normal: [1, 0.4]}}")) == 1


def test_a_constant_border_that_comes_into_view_is_remarked_once_a_variant() -> None:
    steps = ("rotate: {degrees: [-5, 5]}", "scale: {factor: [0.9, 1]}", "rotate: {degrees: 180}")
    assert of_steps(*steps, top="output: {border: constant}") == [
        "aug: rotate, scale can bring into view what lies outside the picture: "
        "border: constant shows fill there, and in the mask its ignore value"
    ]


@pytest.mark.parametrize(
    "step",
    [
        "rotate: {degrees: {choice: [90, 180]}}",
        "safe_rotate: {degrees: [-5, 5]}",
        "shift_scale_rotate: {shift_x: 0.1}",
        "perspective: {strength: 0.3}",
        "optical_distortion: {k: [-0.1, 0.1]}",
        "elastic_grid: {sigma: 5}",
        "thin_plate_spline: {sigma: 5}",
    ],
)
def test_what_can_show_the_outside_is_named(step: str) -> None:
    (remark,) = of_steps(step, top="output: {border: constant}")
    assert remark.startswith(
        f"aug: {step.partition(':')[0]} can bring into view what lies outside the picture"
    )


@pytest.mark.parametrize(
    "step",
    [
        "scale: {factor: [1, 2]}",
        "rotate: {degrees: 180}",
        "safe_rotate: {degrees: {choice: [90, 180, 270]}}",
        "perspective: {strength: 0.05, definition: albumentations}",
        "optical_distortion: {k: [-0.1, 0]}",
        "grid_distortion: {limit: 0.3}",
        "piecewise_affine: {sigma: 5}",
    ],
)
def test_what_stays_inside_the_picture_needs_no_border(step: str) -> None:
    assert of_steps(step, top="output: {border: constant}") == []


@pytest.mark.parametrize(
    "steps",
    [
        "[rotate: {degrees: 0}]",
        "[horizontal_flip: {p: 0}]",
        "[brightness: {factor: 1}, hue: {shift: 0}]",
        "[color_jitter: {}]",
        "[affine: {}]",
        "[elastic: {alpha: 0, sigma: 4}]",
        "[pad: {left: 0}]",
        "[elastic_grid: {sigma: 0}]",
        "[perspective: {strength: 0}]",
        "[shift_scale_rotate: {}]",
        "[grid_distortion: {limit: 0}, optical_distortion: {k: 0}]",
    ],
)
def test_a_variant_without_effect_is_remarked(steps: str) -> None:
    remarks = recipe_remarks(recipe_of(f"variants: {{same: {steps}}}"))
    assert remarks == ["same: changes nothing: its copies are the originals again"]


def test_a_step_without_effect_is_remarked() -> None:
    assert of_steps("gamma: {gamma: 1}", "rotate: {degrees: [-5, 5]}") == [
        "aug: gamma changes nothing with these numbers"
    ]


@pytest.mark.parametrize(
    "step",
    [
        "crop: {width: 0.5, height: 0.5}",
        "pad: {size: 9000}",
        "resize: {short_side: 100}",
        "rotate90",
        "random_resized_crop: {size: 64}",
        "letterbox: {size: 64}",
        "pad_if_needed: {size: 64}",
    ],
)
def test_steps_without_a_neutral_number_have_an_effect(step: str) -> None:
    assert "changes nothing" not in "".join(of_steps(step))


def test_copies_of_another_size_than_the_originals_are_remarked() -> None:
    steps = ("random_crop: {size: 200}", "resize: {short_side: 100}")
    assert of_steps(*steps) == [
        "aug: its copies become 100x100, the originals keep their sizes; "
        "for one size write output: {size: 100x100}"
    ]
    assert of_steps(*steps, top="output: {size: 100}") == []
    assert of_steps(*steps, top="keep_original: false") == []
    assert of_steps("resize: {short_side: 100}") == []


def test_a_recipe_without_variants_is_remarked() -> None:
    assert recipe_remarks(recipe_of("seed: 1")) == [
        "there are no variants: only the originals would be written"
    ]


@given(st.floats(0.1, 50), st.floats(0.5, 100))
def test_an_elastic_is_remarked_below_a_tenth_of_a_pixel_or_above_two_fifths_of_sigma(
    pixels: float, sigma: float
) -> None:
    remarks = of_steps(f"elastic: {{displacement_px: {pixels!r}, sigma: {sigma!r}}}")
    assert bool(remarks) == (pixels > MOST_RMS_PER_SIGMA * sigma)


# --- with a data set


def of_data(root: Path, text: str = "transforms: [horizontal_flip]") -> list[str]:
    return data_remarks(looked(root, text))


def test_one_split_of_another_name_is_remarked(tmp_path: Path) -> None:
    picture(tmp_path / "test/images/a.png")
    mask(tmp_path / "test/masks/a.png", [0, 1])
    assert of_data(tmp_path) == ["there is one split, called test: it is expanded"]


def test_equal_pictures_are_remarked_the_worst_first_and_not_all(tmp_path: Path) -> None:
    for number in range(7):
        picture(tmp_path / f"images/{number}.png")
        (tmp_path / f"images/x{number}.png").write_bytes((tmp_path / f"images/{number}.png").read_bytes())
        mask(tmp_path / f"masks/{number}.png", [0, 1])
        mask(tmp_path / f"masks/x{number}.png", [0, 2 if number == 6 else 1])
    assert of_data(tmp_path) == [
        "equal pictures: images/6.png, images/x6.png, and their masks differ",
        *(f"equal pictures: images/{n}.png, images/x{n}.png" for n in range(4)),
        "and 2 more sets of equal pictures, all in --json",
    ]


def test_splits_that_nobody_expands_are_remarked(tmp_path: Path) -> None:
    for name in ("val/images/a", "test/images/b", "test/images/c"):
        picture(tmp_path / f"{name}.png")
        mask(tmp_path / f"{name.replace('images', 'masks')}.png", [0, 1])
    assert of_data(tmp_path) == [
        "input.expand names train; the splits here are test, val",
        "no split is expanded: only originals would be written; say input: {expand: [test]}",
    ]


def test_masks_of_0_and_255_but_for_a_few_are_named_and_each_line_settles_it(tmp_path: Path) -> None:
    root = pairs(tmp_path, [0, 255], [0, 255], [255], [0, 7, 255], [0])
    lines = ("input: {mask: {kind: binary, threshold: 127}}", "input: {mask: {ignore: 255}}")
    assert of_data(root) == [
        "masks hold 0 and 255, but for 1 of 5 with 7: masks/d.png; mend it, or say "
        f"{lines[0]} where 255 is foreground, {lines[1]} where it means: no label"
    ]
    for line in lines:
        assert of_data(root, f"{line}\ntransforms: [horizontal_flip]") == []


def test_of_many_masks_that_hold_more_than_0_and_255_the_first_are_named(tmp_path: Path) -> None:
    for number in range(20):
        picture(tmp_path / f"images/{number:02}.jpg")
        mask(tmp_path / f"masks/{number:02}.png", [0, number, 255] if 10 < number < 18 else [0, 255])
    remark = next(remark for remark in of_data(tmp_path) if remark.startswith("masks"))
    assert remark.startswith(
        "masks hold 0 and 255, but for 7 of 20 with 11, 12, 13, 14, 15, 16, 17: "
        "masks/11.png, masks/12.png, masks/13.png, masks/14.png, masks/15.png and 2 more; mend them, or say "
    )


def test_a_lone_255_above_the_classes_is_asked_about(tmp_path: Path) -> None:
    root = pairs(tmp_path, [0, 1, 7, 255])
    assert of_data(root) == ["masks hold 255; if that means: no label, say input: {mask: {ignore: 255}}"]
    assert of_data(root, "input: {mask: {ignore: 255}}\ntransforms: [horizontal_flip]") == []


def test_values_that_are_no_classes_are_asked_about(tmp_path: Path) -> None:
    picture(tmp_path / "images/a.png")
    depth = np.arange(1200, dtype=np.uint16).reshape(30, 40)
    (tmp_path / "masks").mkdir()
    Image.fromarray(depth).save(tmp_path / "masks/a.png")
    assert of_data(tmp_path) == ["masks hold 1200 different values: are they classes?"]


def test_black_and_white_stored_as_rgb_is_remarked(tmp_path: Path) -> None:
    assert of_data(pairs(tmp_path, [(0, 0, 0), (255, 255, 255)])) == [
        "masks are stored as RGB and hold black and white alone; "
        "to have them as 0 and 255 say input: {mask: {kind: binary}}"
    ]


def test_an_output_size_that_enlarges_or_bends_is_remarked(tmp_path: Path) -> None:
    root = pairs(tmp_path, [0, 1])
    picture(root / "images/b.jpg", (400, 400))
    mask(root / "masks/b.png", [0, 1], (400, 400))
    text = "transforms: [horizontal_flip]\noutput: {size: 64}"
    assert of_data(root, text) == [
        "output.size 64x64 is larger than 1 of 2 pictures: they are enlarged",
        "output.size 64x64 changes the ratio of width to height of 1 of 2 pictures; "
        "to keep it say output: {fit: letterbox} or {fit: crop}",
    ]
    assert len(of_data(root, text.replace("64", "64, fit: crop"))) == 1


def test_a_grid_that_folds_in_the_smallest_picture_is_remarked(tmp_path: Path) -> None:
    root = pairs(tmp_path, [0, 1])
    assert of_data(root, "transforms: [elastic_grid: {points: 3, sigma: 10}]") == [
        "aug: elastic_grid has sigma 10 with points 15 px apart in a picture of 40x30: "
        "above a quarter of that distance it folds over itself in places"
    ]
    assert of_data(root, "transforms: [elastic_grid: {points: 3, sigma: 3}]") == []
    for name in ("piecewise_affine", "thin_plate_spline"):
        (remark,) = of_data(root, f"transforms: [{name}: {{points: 3, sigma: 10}}]")
        assert remark.startswith(f"aug: {name} has sigma 10 with points 15 px apart")
    assert of_data(root, "transforms: [grid_distortion: {limit: 0.9}, optical_distortion: {k: 1}]") == []
