"""Steps that fit a frame to the picture or the picture to a frame, and the turn in one step."""

import math

import numpy as np
import pytest
from albumentations.augmentations.geometric.functional import create_affine_transformation_matrix
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from skimage import data
from support.recipe_steps import applied, program_of, run

from augcli.errors import RecipeError
from augcli.geometry import Frame
from augcli.pipeline.augment import fitted
from augcli.recipe import parse_recipe

PHOTO = data.astronaut()[20:173, 90:291]  # odd sides
HEIGHT, WIDTH = PHOTO.shape[:2]
FRAME = Frame(WIDTH, HEIGHT)
MASK = np.arange(HEIGHT * WIDTH, dtype=np.uint16).reshape(HEIGHT, WIDTH)
sides = st.integers(1, 300)


# anti_transpose


def test_anti_transpose_is_numpys_transpose_turned_by_a_half_turn():
    image, mask = run(["anti_transpose"], PHOTO, MASK)
    np.testing.assert_array_equal(image, np.rot90(PHOTO.swapaxes(0, 1), 2))
    np.testing.assert_array_equal(mask, np.rot90(MASK.T, 2))


# safe_rotate


@pytest.mark.parametrize("turns", [-1, 0, 1, 2, 3, 4])
def test_safe_rotate_by_quarter_turns_is_numpys_bit_for_bit(turns):
    image, mask = run([{"safe_rotate": {"degrees": 90 * turns}}], PHOTO, MASK)
    np.testing.assert_array_equal(image, np.rot90(PHOTO, turns))
    np.testing.assert_array_equal(mask, np.rot90(MASK, turns))


@settings(max_examples=60, deadline=None)
@given(st.floats(-400, 400), sides, sides)
def test_safe_rotate_holds_the_whole_picture_and_not_a_pixel_more(degrees, width, height):
    frame = Frame(width, height)
    warp = program_of([{"safe_rotate": {"degrees": degrees}}], frame).warp()
    corners, size = warp.forward(frame.corners), (warp.target.width, warp.target.height)
    assert corners.min() > -1e-6
    assert (corners < np.add(size, 1e-6)).all()
    assert (np.ptp(corners, axis=0) > np.subtract(size, 1 + 1e-6)).all()
    np.testing.assert_allclose(corners.mean(axis=0), np.divide(size, 2), atol=1e-6)


@pytest.mark.parametrize("degrees", [17, -133])
def test_safe_rotate_is_pillows_rotate_with_expand(degrees):
    """Pillow may make the frame a pixel wider and higher, and keeps the centre in the middle."""
    found, _ = run([{"safe_rotate": {"degrees": degrees}}], PHOTO, border="constant")
    expected = Image.fromarray(PHOTO).rotate(degrees, Image.Resampling.BILINEAR, expand=True)
    more = np.subtract(expected.size, found.shape[1::-1])
    assert set(more) <= {0, 1}
    centred = Image.fromarray(found).transform(
        expected.size,
        Image.Transform.AFFINE,
        (1, 0, -more[0] / 2, 0, 1, -more[1] / 2),
        Image.Resampling.BILINEAR,
    )
    off = np.abs(np.asarray(centred).astype(int) - np.asarray(expected))[40:-40, 40:-40]
    assert off.mean() < (1 if not more.any() else 6)


# pad_if_needed


@settings(max_examples=40, deadline=None)
@given(sides, sides)
def test_pad_if_needed_pads_what_is_smaller_and_leaves_what_is_larger(width, height):
    image, mask = run([{"pad_if_needed": {"size": f"{width}x{height}"}}], PHOTO, MASK, border="replicate")
    across, down = max(0, width - WIDTH), max(0, height - HEIGHT)
    margins = ((down // 2, down - down // 2), (across // 2, across - across // 2))
    np.testing.assert_array_equal(image, np.pad(PHOTO, (*margins, (0, 0)), "edge"))
    np.testing.assert_array_equal(mask, np.pad(MASK, margins, "edge"))


def test_pad_if_needed_makes_room_for_a_crop():
    image, _ = run([{"pad_if_needed": {"size": 256}}, {"center_crop": {"size": 256}}], PHOTO)
    assert image.shape == (256, 256, 3)


# letterbox


@settings(max_examples=60, deadline=None)
@given(sides, sides, sides, sides)
def test_letterbox_is_what_fit_letterbox_does(width, height, wide, high):
    frame, size = Frame(width, height), f"{wide}x{high}"
    output = parse_recipe(f"output: {{size: {size}, fit: letterbox}}", "r").output
    ours = applied([{"letterbox": {"size": size}}], frame)
    if (width, height) == (wide, high):
        assert fitted(output, frame) == []
    else:
        assert fitted(output, frame) == ours
    target = program_of([{"letterbox": {"size": size}}], frame).target
    assert (target.width, target.height) == (wide, high)


@settings(max_examples=60, deadline=None)
@given(sides, sides, sides, sides)
def test_letterbox_touches_two_sides_and_keeps_the_ratio(width, height, wide, high):
    resize = applied([{"letterbox": {"size": f"{wide}x{high}"}}], Frame(width, height))[0].params
    assert resize["width"] == wide or resize["height"] == high
    scale = min(wide / width, high / height)
    assert abs(resize["width"] - max(1, scale * width)) <= 0.5 + 1e-9
    assert abs(resize["height"] - max(1, scale * height)) <= 0.5 + 1e-9


def test_letterbox_is_pillows_resize_in_numpys_padding():
    """Enlarging: a shrink inside a larger frame is antialiased by another filter than Pillow's."""
    found, _ = run([{"letterbox": {"size": "300x300"}}], PHOTO, border="constant", fill=(7, 7, 7))
    high = math.floor(300 * HEIGHT / WIDTH + 0.5)
    inner = np.asarray(Image.fromarray(PHOTO).resize((300, high), Image.Resampling.BILINEAR))
    top = (300 - high) // 2
    expected = np.pad(inner, ((top, 300 - high - top), (0, 0), (0, 0)), constant_values=7)
    assert np.abs(found.astype(int) - expected).max() <= 1


# shift_scale_rotate

FULL = {"shift_scale_rotate": {"shift_x": 0.1, "shift_y": -0.05, "scale": 0.9, "degrees": 30}}


def test_shift_scale_rotate_is_albumentations():
    """Its matrix is of indices of pixels, about their true centre."""
    shift, centre = {"x": 0.1 * WIDTH, "y": -0.05 * HEIGHT}, (WIDTH / 2, HEIGHT / 2)
    none, scale = {"x": 0, "y": 0}, {"x": 0.9, "y": 0.9}
    expected = create_affine_transformation_matrix(shift, none, scale, 30, centre)
    found = program_of([FULL], FRAME).warp().projective().matrix()
    np.testing.assert_allclose(found, expected, atol=1e-9)


def test_shift_scale_rotate_is_recorded_as_an_affine_step():
    (step,) = applied([FULL], FRAME)
    same = {"degrees": 30, "scale": 0.9, "translate": {"x": 0.1, "y": -0.05}}
    assert [step] == applied([{"affine": same}], FRAME)


# what contradicts itself

MISTAKES = {
    "crop: {x: 0.5, width: 0.6, height: 1}": (
        "crop: the box leaves the picture: x + width and y + height are at most 1"
    ),
    "crop: {width: 1.2, height: 1}": (
        "crop: the box leaves the picture: x + width and y + height are at most 1"
    ),
    "crop: {width: 0, height: 1}": "crop: a crop has a width and a height above 0",
    "random_crop: {size: 0}": "random_crop.size: a side is 1 to 32767 pixels, got 0x0",
    "one_of: []": (
        "one_of: expected a list of steps, for example [horizontal_flip, rotate: {degrees: [-15, 15]}], "
        "got an empty list"
    ),
}


@pytest.mark.parametrize(("step", "message"), MISTAKES.items())
def test_what_contradicts_itself_is_refused_with_its_line(step, message):
    with pytest.raises(RecipeError) as caught:
        parse_recipe(f"transforms:\n  - {step}\n", "r.yaml")
    assert str(caught.value).startswith("r.yaml:2:")
    assert str(caught.value).partition("transforms[0].")[2] == message
