"""Perspective: its corners, the picture against Pillow's, and what is seen towards the horizon."""

import cv2
import numpy as np
import pytest
from PIL import Image
from skimage import data
from support.recipe_steps import IGNORE, applied, drawn, pixels, program_of, run

from augcli.geometry import Frame

PHOTO = data.coffee()[40:240, 100:400]
SMOOTH = cv2.blur(PHOTO, (7, 7))  # the same with and without antialiasing
MASK = np.arange(200 * 300, dtype=np.uint16).reshape(200, 300)
HEIGHT, WIDTH = MASK.shape
FRAME = Frame(WIDTH, HEIGHT)
CORNERS = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], float)
SIZE = np.array([WIDTH, HEIGHT])


def step(strength, definition="torchvision"):
    return {"perspective": {"strength": strength, "definition": definition}}


def corners_of(strength, definition="torchvision", copy=1):
    return np.array(drawn([step(strength, definition)], copy=copy)[0].values["corners"])


def published_coefficients(start, end):
    """torchvision's _get_perspective_coeffs: the eight numbers that take `end` back to `start`."""
    rows, values = [], []
    for (x, y), (u, v) in zip(end, start, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        values += [u, v]
    return np.linalg.lstsq(np.array(rows), np.array(values), rcond=None)[0]


def by_pillow(picture, coefficients, method=Image.Resampling.BILINEAR):
    image = Image.fromarray(picture)
    return np.asarray(image.transform(image.size, Image.Transform.PERSPECTIVE, coefficients, method))


@pytest.mark.parametrize("copy", [1, 2, 3])
def test_the_picture_is_pillows_by_torchvisions_coefficients(copy):
    """With corners on the edges of the picture; torchvision has them on pixel centres, W - 1 apart."""
    end = corners_of(0.5, copy=copy) * SIZE
    coefficients = published_coefficients(CORNERS * SIZE, end).tolist()
    found, _ = run([step(0.5)], SMOOTH, border="constant", copy=copy)
    white = by_pillow(np.full((HEIGHT, WIDTH), 255, np.uint8), coefficients, Image.Resampling.NEAREST)
    inside = cv2.erode(white, np.ones((5, 5))) == 255
    assert 0.2 < inside.mean() < 0.95
    off = np.abs(found.astype(int) - by_pillow(SMOOTH, coefficients))[inside]
    assert off.mean() < 1
    assert not found[cv2.dilate(white, np.ones((5, 5))) == 0].any()


@pytest.mark.parametrize("copy", [1, 2, 3])
def test_albumentations_draws_what_becomes_the_frame(copy):
    """Its matrix, in pixels from edge to edge; it applies it to indices of pixels, half a pixel off."""
    points = np.float32(corners_of(0.08, "albumentations", copy) * SIZE)
    expected = cv2.getPerspectiveTransform(points, np.float32(CORNERS * SIZE))
    warp = program_of([step(0.08, "albumentations")], FRAME, copy=copy).warp()
    found = np.array(warp.projective().matrix())
    np.testing.assert_allclose(found / found[2, 2], expected / expected[2, 2], rtol=1e-3, atol=1e-6)
    shown = warp.backward(CORNERS * SIZE)
    np.testing.assert_allclose(shown, points, atol=1e-3)


def test_torchvisions_corners_are_uniform_up_to_half_the_strength():
    jitter = np.abs([corners_of(0.4, copy=copy) - CORNERS for copy in range(300)]).ravel()
    quarters = np.histogram(jitter, np.linspace(0, 0.2, 5))[0]
    assert quarters.sum() == jitter.size
    assert np.abs(quarters - 600).max() < 100


def test_albumentations_corners_are_normal_and_folded():
    jitter = np.abs([corners_of(0.1, "albumentations", copy) - CORNERS for copy in range(300)]).ravel()
    assert np.sqrt(np.square(jitter).mean()) == pytest.approx(0.1, rel=0.05)
    wide = np.abs([corners_of(1.0, "albumentations", copy) - CORNERS for copy in range(100)])
    assert wide.max() < 0.32


@pytest.mark.parametrize("definition", ["torchvision", "albumentations"])
def test_the_frame_never_reaches_the_horizon(definition):
    for copy in range(150):
        warp = program_of([step(1.0, definition)], FRAME, copy=copy).warp()
        there, back = warp.forward(CORNERS * SIZE), warp.backward(CORNERS * SIZE)
        assert np.abs(np.concatenate([there, back])).max() < 20 * WIDTH
        np.testing.assert_allclose(warp.maps[-1].pull(*there.T), (CORNERS * SIZE).T, atol=1e-6)


def beyond(warp):
    """Which output pixels no source could show: they lie at the horizon or beyond it."""
    y, x = np.mgrid[: warp.target.height, : warp.target.width] + 0.5
    g, h, i = warp.projective().inverse().matrix()[2]
    return g * x + h * y + i < 1e-3


@pytest.mark.parametrize("border", ["reflect", "replicate", "wrap", "constant"])
def test_beyond_a_horizon_that_comes_into_view_there_is_only_border(border):
    steps = [step(1.0), {"scale": {"factor": 0.4}}, {"rotate": {"degrees": 10}}]
    found = 0
    for copy in range(1, 9):
        program = program_of(steps, FRAME, border, copy=copy)
        image, mask = pixels(program, PHOTO, MASK, fill=(9, 9, 9))
        sky = beyond(program.warp())
        found += sky.any()
        assert np.isin(mask[sky], MASK if border != "constant" else IGNORE).all()
        if border == "constant":
            assert (image[sky] == 9).all()
    assert found >= 3


def test_an_elastic_field_before_a_horizon_is_read_without_fault():
    steps = [{"elastic": {"displacement_px": 3, "sigma": 20}}, step(1.0), {"scale": {"factor": 0.3}}]
    for copy in range(1, 5):
        _, mask = run(steps, PHOTO, MASK, copy=copy)
        assert np.isin(mask, MASK).all()


def test_corners_stand_in_the_record_as_shares():
    (resolved,) = applied([step(0.3)], FRAME)
    assert resolved.params["definition"] == "torchvision"
    assert np.array(resolved.params["corners"]).shape == (4, 2)
    assert resolved == applied([step(0.3)], Frame(17, 900))[0]
