"""Spatial transforms against second formulas: numpy, Pillow, scikit-image, and the published definitions."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from skimage import data
from skimage.transform import warp as skimage_warp
from support.recipe_steps import IGNORE, applied, drawn, pixels, program_of, run

from augcli.errors import ImageError
from augcli.geometry import Frame

PHOTO = data.astronaut()[20:173, 90:291]  # odd sides
MASK = (np.arange(153 * 201) % 65521).astype(np.uint16).reshape(153, 201)
HEIGHT, WIDTH = MASK.shape
PAD_MODES = {"reflect": "symmetric", "replicate": "edge", "wrap": "wrap"}


def pixel_box(x, y, width, height):
    return {"crop": {"x": x, "y": y, "width": width, "height": height, "unit": "pixels"}}


def padded(array, margins, border, fill):
    left, top, right, bottom = margins
    widths = ((top, bottom), (left, right), (0, 0))[: array.ndim]
    if border == "constant":
        return np.pad(array, widths, constant_values=fill)
    return np.pad(array, widths, PAD_MODES[border])


# bit for bit

NUMPY = {
    "horizontal_flip": ("horizontal_flip", np.fliplr),
    "vertical_flip": ("vertical_flip", np.flipud),
    "transpose": ("transpose", lambda a: a.swapaxes(0, 1)),
    **{f"turns {n}": ({"rotate90": {"turns": n}}, lambda a, n=n: np.rot90(a, n)) for n in range(-3, 4)},
    "rotate 180": ({"rotate": {"degrees": 180}}, lambda a: np.rot90(a, 2)),
    "crop at the origin": (pixel_box(0, 0, 101, 90), lambda a: a[:90, :101]),
    "crop": (pixel_box(13, 7, 101, 90), lambda a: a[7:97, 13:114]),
    "center_crop": ({"center_crop": {"size": "100x50"}}, lambda a: a[51:101, 50:150]),
}


@pytest.mark.parametrize(("step", "formula"), NUMPY.values(), ids=NUMPY)
@pytest.mark.parametrize("border", ["reflect", "constant"])
def test_what_never_interpolates_is_numpys_bit_for_bit(step, formula, border):
    image, mask = run([step], PHOTO, MASK, border=border)
    np.testing.assert_array_equal(image, formula(PHOTO))
    np.testing.assert_array_equal(mask, formula(MASK))
    assert mask.dtype == np.uint16


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_rotate_by_quarter_turns_is_rotate90_on_a_square(turns):
    square, labels = PHOTO[:151, :151], MASK[:151, :151]
    image, mask = run([{"rotate": {"degrees": 90 * turns}}], square, labels)
    np.testing.assert_array_equal(image, np.rot90(square, turns))
    np.testing.assert_array_equal(mask, np.rot90(labels, turns))


@pytest.mark.parametrize("border", [*PAD_MODES, "constant"])
@pytest.mark.parametrize("margins", [(5, 0, 3, 8), (300, 200, 410, 170)])
def test_padding_is_numpys(border, margins):
    sides = dict(zip(("left", "top", "right", "bottom"), margins, strict=True))
    image, mask = run([{"pad": sides}], PHOTO, MASK, border=border, fill=(9, 9, 9))
    np.testing.assert_array_equal(image, padded(PHOTO, margins, border, 9))
    np.testing.assert_array_equal(mask, padded(MASK, margins, border, IGNORE))


@pytest.mark.parametrize("border", [*PAD_MODES, "constant"])
@pytest.mark.parametrize("flip", [False, True])
def test_padding_after_a_crop_sees_only_the_crop(border, flip):
    before = ["horizontal_flip"] if flip else []
    steps = [*before, pixel_box(30, 20, 60, 50), {"pad": {"left": 70, "top": 9, "right": 80, "bottom": 55}}]
    image, mask = run(steps, PHOTO, MASK, border=border, fill=(9, 9, 9))
    for found, source, fill in ((image, PHOTO, 9), (mask, MASK, IGNORE)):
        cut = (np.fliplr(source) if flip else source)[20:70, 30:90]
        np.testing.assert_array_equal(found, padded(cut, (70, 9, 80, 55), border, fill))


def test_pad_to_a_size_puts_the_picture_in_the_middle():
    image, _ = run([{"pad": {"size": "210x160"}}], PHOTO, border="constant")
    np.testing.assert_array_equal(image, padded(PHOTO, (4, 3, 5, 4), "constant", 0))


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.sampled_from(["horizontal_flip", "vertical_flip", "transpose", {"rotate90": {"turns": 1}}]),
        max_size=6,
    )
)
def test_chains_of_flips_are_numpys(steps):
    formulas = {
        "horizontal_flip": np.fliplr,
        "vertical_flip": np.flipud,
        "transpose": lambda a: a.swapaxes(0, 1),
    }
    expected = PHOTO
    for step in steps:
        expected = formulas[step](expected) if isinstance(step, str) else np.rot90(expected)
    np.testing.assert_array_equal(run([*steps, "horizontal_flip", "horizontal_flip"], PHOTO)[0], expected)


def test_whole_pixel_shifts_are_bit_exact():
    image, mask = run([{"translate": {"x": 5 / 201, "y": -3 / 153}}], PHOTO, MASK)
    np.testing.assert_array_equal(image[:-3, 5:], PHOTO[3:, :-5])
    np.testing.assert_array_equal(mask[:-3, 5:], MASK[3:, :-5])


# crops


@pytest.mark.parametrize(("x", "width"), [(0.1, 0.8), (0.25, 0.5), (0.0, 1.0), (0.333, 0.333)])
def test_fractions_become_whole_edges(x, width):
    image, _ = run([{"crop": {"x": x, "y": 0, "width": width, "height": 1}}], PHOTO)
    left, right = math.floor(x * WIDTH + 0.5), math.floor((x + width) * WIDTH + 0.5)
    np.testing.assert_array_equal(image, PHOTO[:, left:right])


def test_a_random_crop_reaches_every_place_equally():
    size = f"{WIDTH - 3}x{HEIGHT - 1}"
    boxes = [applied([{"random_crop": {"size": size}}], Frame(WIDTH, HEIGHT), copy=i)[0] for i in range(800)]
    places, counts = np.unique([(b.params["x"], b.params["y"]) for b in boxes], axis=0, return_counts=True)
    assert places.tolist() == [[x, y] for x in range(4) for y in range(2)]
    assert ((counts - 100) ** 2 / 100).sum() < 24.3  # chi squared, 7 degrees, 0.1 per cent; keys are fixed


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        (
            {"random_crop": {"size": 256}},
            "a crop of 256x256 does not fit in 201x153; "
            "crop less, resize first, or put pad_if_needed: {size: 256x256} before it",
        ),
        (
            {"center_crop": {"size": 256}},
            "a crop of 256x256 does not fit in 201x153; "
            "crop less, resize first, or put pad_if_needed: {size: 256x256} before it",
        ),
        (
            pixel_box(150, 0, 60, 60),
            "a crop of 60x60 at (150, 0) does not fit in 201x153; "
            "crop less, resize first, or put pad_if_needed: {size: 210x60} before it",
        ),
        (
            {"pad": {"size": 160}},
            "201x153 cannot be padded to 160x160, which is smaller; "
            "resize or crop first, or write pad_if_needed: {size: 160x160}",
        ),
    ],
)
def test_what_does_not_fit_says_so(step, expected):
    with pytest.raises(ImageError) as caught:
        run([step], PHOTO)
    assert str(caught.value) == expected


# random_resized_crop: torchvision's RandomResizedCrop.get_params


def published_box(tries, width, height, ratio):
    for scale, aspect, x, y in tries:
        target = scale * width * height
        w, h = round(math.sqrt(target * aspect)), round(math.sqrt(target / aspect))
        if 0 < w <= width and 0 < h <= height:
            return math.floor(x * (width - w + 1)), math.floor(y * (height - h + 1)), w, h
    w, h = width, height
    if width / height < ratio[0]:
        h = round(w / ratio[0])
    elif width / height > ratio[1]:
        w = round(h * ratio[1])
    return (width - w) // 2, (height - h) // 2, w, h


@pytest.mark.parametrize("frame", [(201, 153), (40, 300), (500, 30)])
def test_random_resized_crop_is_the_published_formula(frame):
    step = {"random_resized_crop": {"size": 64, "scale": [0.3, 1.0], "ratio": [0.75, 1.3333]}}
    for copy in range(100):
        (draw,) = drawn([step], copy=copy)
        box, resize = applied([step], Frame(*frame), copy=copy)
        found = tuple(box.params[name] for name in ("x", "y", "width", "height"))
        assert found == published_box(draw.values["tries"], *frame, (0.75, 1.3333))
        assert (resize.name, resize.params) == ("resize", {"width": 64, "height": 64})


@pytest.mark.parametrize(("frame", "box"), [((40, 300), (0, 123, 40, 53)), ((500, 30), (230, 0, 40, 30))])
def test_where_no_try_fits_the_middle_of_an_allowed_ratio_is_taken(frame, box):
    step = {"random_resized_crop": {"size": 64, "scale": 1, "ratio": [0.75, 1.3333]}}
    params = applied([step], Frame(*frame))[0].params
    assert tuple(params[name] for name in ("x", "y", "width", "height")) == box


def test_areas_are_uniform_and_ratios_log_uniform():
    step = {"random_resized_crop": {"size": 8, "scale": [0.1, 0.3], "ratio": [0.5, 2.0]}}
    boxes = [applied([step], Frame(1000, 1000), copy=i)[0].params for i in range(1500)]
    area = np.array([b["width"] * b["height"] / 1e6 for b in boxes])
    ratio = np.array([math.log2(b["width"] / b["height"]) for b in boxes])
    for values, low, high in ((area, 0.1, 0.3), (ratio, -1, 1)):
        quarters = np.histogram(values, np.linspace(low - 1e-2, high + 1e-2, 5))[0]
        assert np.abs(quarters - 375).max() < 75
        assert low - 0.01 < values.min() < low + 0.01 * (high - low) + 0.01
        assert high - 0.01 * (high - low) - 0.01 < values.max() < high + 0.01


# resize


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 40), st.integers(1, 40), st.integers(1, 90), st.integers(1, 90))
def test_a_resized_mask_is_read_at_pixel_centres(width, height, wide, high):
    mask = np.arange(width * height, dtype=np.uint16).reshape(height, width)
    _, found = run([{"resize": {"size": f"{wide}x{high}"}}], np.uint8(mask % 251), mask)
    rows = [(2 * i + 1) * height // (2 * high) for i in range(high)]
    columns = [(2 * j + 1) * width // (2 * wide) for j in range(wide)]
    np.testing.assert_array_equal(found, mask[np.ix_(rows, columns)])


@pytest.mark.parametrize("size", [(100, 76), (201, 40), (300, 300), (1, 1)])
@pytest.mark.parametrize("kind", ["linear", "cubic", "lanczos"])
def test_a_resized_picture_is_pillows(size, kind):
    method = {"linear": "BILINEAR", "cubic": "BICUBIC", "lanczos": "LANCZOS"}[kind]
    found, _ = run([{"resize": {"size": f"{size[0]}x{size[1]}"}}], PHOTO, interpolation=kind)
    np.testing.assert_array_equal(
        found, np.asarray(Image.fromarray(PHOTO).resize(size, Image.Resampling[method]))
    )


@pytest.mark.parametrize("flips", [["horizontal_flip"], ["transpose"], [{"rotate90": {"turns": 1}}]])
def test_a_flip_before_a_resize_is_a_flip_after_it(flips):
    first, first_mask = run([*flips, {"resize": {"size": "96x80"}}], PHOTO, MASK)
    turned, turned_mask = run(flips, PHOTO, MASK)
    expected, _ = run([{"resize": {"size": "96x80"}}], np.ascontiguousarray(turned), turned_mask)
    assert np.abs(first.astype(int) - expected).max() <= 1  # Pillow rounds its weights
    assert first.shape == (*first_mask.shape, 3)


@pytest.mark.parametrize(
    ("params", "size"),
    [({"short_side": 100}, (131, 100)), ({"long_side": 100}, (100, 76)), ({"size": "30x40"}, (30, 40))],
)
def test_the_other_side_keeps_the_ratio(params, size):
    (step,) = applied([{"resize": params}], Frame(201, 153))
    assert step.params == {"width": size[0], "height": size[1]}


# every map against a blob, and against scikit-image

GEOMETRIC = [
    "horizontal_flip",
    "vertical_flip",
    "transpose",
    {"rotate90": {"turns": 3}},
    {"rotate": {"degrees": 17}},
    {"scale": {"factor": 1.3}},
    {"scale": {"factor": 0.7}},
    {"translate": {"x": 0.0713, "y": -0.033}},
    {"shear": {"x": 11, "y": -4}},
    {"affine": {"degrees": -20, "scale": 0.9, "translate": {"x": 0.05}, "shear": {"x": 6, "y": 3}}},
    {"crop": {"x": 0.1, "y": 0.05, "width": 0.8, "height": 0.9}},
    {"center_crop": {"size": "150x130"}},
    {"random_crop": {"size": "180x140"}},
    {"random_resized_crop": {"size": "160x100", "scale": [0.8, 0.9], "ratio": [1.2, 1.4]}},
    {"resize": {"size": "123x131"}},
    {"resize": {"size": "302x190"}},
    {"pad": {"left": 7, "bottom": 12}},
]
NAMES = [str(step) for step in GEOMETRIC]
CENTRE = (95.3, 80.8)


def distances():
    y, x = np.mgrid[:HEIGHT, :WIDTH] + 0.5
    return np.hypot(x - CENTRE[0], y - CENTRE[1])


BLOB = np.rint(255 * np.exp(-(distances() ** 2) / 72)).astype(np.uint8)
DISC = (distances() < 25).astype(np.uint16)


def centroid(weights):
    y, x = np.mgrid[: weights.shape[0], : weights.shape[1]] + 0.5
    return np.array([(x * weights).sum(), (y * weights).sum()]) / weights.sum()


@pytest.mark.parametrize("step", GEOMETRIC, ids=NAMES)
def test_a_blob_follows_the_recorded_matrix(step):
    program = program_of([step], Frame(WIDTH, HEIGHT))
    image, mask = pixels(program, BLOB, DISC)
    matrix = np.array(program.warp().projective().matrix())
    labels = 0.5 if "translate" in step else 0.1  # labels are shifted by whole pixels
    for weights, source, tolerance in ((image, BLOB, 0.05), (mask, DISC, labels)):
        expected = matrix @ [*centroid(source.astype(float)), 1]
        assert np.abs(centroid(weights.astype(float)) - expected[:2]).max() < tolerance


@pytest.mark.parametrize("step", [{"elastic": {"alpha": 300, "sigma": 30}}, {"elastic_grid": {"sigma": 3}}])
def test_a_small_blob_follows_a_field(step):
    small = np.rint(255 * np.exp(-(distances() ** 2) / 8)).astype(np.uint8)
    program = program_of([step], Frame(WIDTH, HEIGHT))
    image, mask = pixels(program, small, (distances() < 4).astype(np.uint16))
    expected = program.warp().forward([CENTRE])[0]
    assert np.abs(expected - CENTRE).max() > 0.5
    assert np.abs(centroid(image.astype(float)) - expected).max() < 0.1  # the field bends within the blob
    assert np.abs(centroid(mask.astype(float)) - expected).max() < 0.5  # labels are shifted by whole pixels


@pytest.mark.parametrize(
    "step",
    [
        {"rotate": {"degrees": 17}},
        {"rotate": {"degrees": -133}},
        {"scale": {"factor": 1.3}},
        {"translate": {"x": 0.0713, "y": -0.033}},
        {"shear": {"x": 11, "y": -4}},
        {"affine": {"degrees": -20, "scale": 1.1, "translate": {"x": 0.05}, "shear": {"x": 6, "y": 3}}},
    ],
    ids=str,
)
def test_an_affine_picture_is_scikit_images(step):
    program = program_of([step], Frame(WIDTH, HEIGHT), "constant")
    found, _ = pixels(program, PHOTO)
    half = np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1]])
    matrix = np.array(program.warp().projective().inverse().matrix())
    expected = skimage_warp(PHOTO, np.linalg.inv(half) @ matrix @ half, order=1, preserve_range=True)
    inside = skimage_warp(np.ones(BLOB.shape), np.linalg.inv(half) @ matrix @ half, order=1) > 0.999
    off = np.abs(found - expected)[inside]
    assert off.mean() < 0.3  # rounding alone is 0.25
    assert off.max() <= 1.01  # Pillow rounds after each axis


def test_displacement_px_is_the_root_mean_square():
    step, frame = {"elastic": {"displacement_px": 3, "sigma": 10}}, Frame(600, 600)
    points = np.random.default_rng(0).uniform(50, 550, (5000, 2))
    ways = [program_of([step], frame, copy=copy).warp().backward(points) - points for copy in range(5)]
    assert np.sqrt(np.square(ways).mean()) == pytest.approx(3, rel=0.05)


def test_grid_displacements_are_normal_in_pixels():
    step = {"elastic_grid": {"points": "4x3", "sigma": 10}}
    drawn_values = [drawn([step], copy=copy)[0].values["displacements"] for copy in range(200)]
    assert np.shape(drawn_values) == (200, 3, 4, 2)  # three rows of four points
    assert np.std(drawn_values) == pytest.approx(10, rel=4 / math.sqrt(2 * 4800))
    assert abs(np.mean(drawn_values)) < 4 * 10 / math.sqrt(4800)


# rotation is counter-clockwise as seen, and x goes right


def test_a_positive_angle_turns_counter_clockwise_as_seen():
    ((x, y),) = program_of([{"rotate": {"degrees": 10}}], Frame(100, 100)).warp().forward([[90, 50]])
    assert (x, y) == pytest.approx(
        (50 + 40 * math.cos(math.radians(10)), 50 - 40 * math.sin(math.radians(10)))
    )


@pytest.mark.parametrize(
    ("step", "point"),
    [
        ({"translate": {"x": 0.1, "y": 0.2}}, (70, 50)),
        ({"shear": {"x": 45}}, (40, 30)),
        ({"shear": {"y": 45}}, (60, 40)),
        ({"scale": {"factor": 2}}, (70, 10)),
        ({"affine": {"scale": 2, "degrees": 90, "translate": {"x": 0.1}}}, (20, 30)),
    ],
)
def test_a_point_goes_where_the_table_says(step, point):
    """From (60, 30) in a frame of 100 x 100 with its centre at (50, 50)."""
    assert program_of([step], Frame(100, 100)).warp().forward([[60, 30]])[0] == pytest.approx(point)


def test_an_affine_step_is_its_parts_in_order():
    parts = [
        {"scale": {"factor": 0.8}},
        {"shear": {"x": 10, "y": 5}},
        {"rotate": {"degrees": 25}},
        {"translate": {"x": 0.1, "y": -0.2}},
    ]
    whole = {
        "affine": {
            "scale": 0.8,
            "shear": {"x": 10, "y": 5},
            "degrees": 25,
            "translate": {"x": 0.1, "y": -0.2},
        }
    }
    frame = Frame(WIDTH, HEIGHT)
    np.testing.assert_allclose(
        program_of([whole], frame).warp().projective().matrix(),
        program_of(parts, frame).warp().projective().matrix(),
        atol=1e-9,
    )
