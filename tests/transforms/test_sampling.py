"""How spatial steps read a source: shrinking is antialiased, labels are exact."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage import data
from support.recipe_steps import IGNORE, pixels, program_of, run

from augcli.errors import ImageError
from augcli.geometry import Frame

PHOTO = data.astronaut()[20:173, 90:291]  # odd sides
MASK = (np.arange(153 * 201) % 65521).astype(np.uint16).reshape(153, 201)
HEIGHT, WIDTH = MASK.shape
BORDERS = ["reflect", "replicate", "wrap", "constant"]


# shrinking is antialiased, whichever way the pixels go

QUARTER = {"scale": {"factor": 0.25}}
SHRINKING = {
    "resize": [{"resize": {"size": 64}}],
    "scale": [QUARTER],
    "rotated": [{"rotate": {"degrees": 30}}, QUARTER],
    "affine": [{"affine": {"degrees": 45, "scale": 0.25}}],
    "padded": [{"resize": {"size": 64}}, {"pad": {"left": 9}}],
    "elastic": [{"elastic": {"alpha": 50, "sigma": 30}}, {"resize": {"size": 64}}],
    "flipped": ["horizontal_flip", {"resize": {"size": 64}}],
    "in two steps": [{"scale": {"factor": 0.5}}, {"resize": {"size": 128}}],
}


@pytest.mark.parametrize("steps", SHRINKING.values(), ids=SHRINKING)
@pytest.mark.parametrize("kind", ["linear", "cubic", "lanczos"])
def test_a_checkerboard_shrunk_by_four_is_grey(steps, kind):
    board = np.uint8(255 * (np.indices((256, 256)).sum(axis=0) % 2))
    found, _ = run(steps, board, interpolation=kind)
    middle = found[found.shape[0] // 2 - 20 :, found.shape[1] // 2 - 20 :][:40, :40]
    assert np.abs(middle - 127.5).max() < 16  # a bent field leaves means of 3 x 3 pixels: a ninth of 127


@pytest.mark.parametrize("steps", [[], [{"rotate": {"degrees": 30}}]], ids=["straight", "turned"])
def test_noise_shrunk_by_sixteen_has_a_sixteenth_of_its_deviation(steps):
    noise = np.random.default_rng(0).integers(0, 256, (512, 512), np.uint8)
    found, _ = run([*steps, {"resize": {"size": 32}}], noise)
    assert 0.5 < found[6:-6, 6:-6].std() / (noise.std() / 16) < 1.25


# labels

CHAINS = {
    "rotate": [{"rotate": {"degrees": 17}}],
    "scale": [{"scale": {"factor": 0.45}}],
    "affine": [{"affine": {"degrees": -40, "scale": 1.7, "shear": {"x": 20}}}],
    "elastic": [{"elastic": {"displacement_px": 3, "sigma": 25}}],
    "grid": [{"elastic_grid": {"sigma": 8}}],
    "cut": [{"rotate": {"degrees": 30}}, {"center_crop": {"size": "90x80"}}, {"rotate": {"degrees": 20}}],
    "padded": [{"pad": {"left": 40, "top": 90}}, {"rotate": {"degrees": 5}}, {"resize": {"size": "333x111"}}],
    "all": [
        {"elastic": {"displacement_px": 2, "sigma": 12}},
        "transpose",
        {"shear": {"x": 12}},
        {"random_crop": {"size": "120x130"}},
        {"elastic_grid": {"sigma": 5}},
        {"scale": {"factor": 0.8}},
    ],
}


@pytest.mark.parametrize("border", BORDERS)
@pytest.mark.parametrize("steps", CHAINS.values(), ids=CHAINS)
def test_a_label_is_the_sources_at_floor_of_its_point(steps, border):
    program = program_of(steps, Frame(WIDTH, HEIGHT), border)
    _, mask = pixels(program, PHOTO, MASK)
    y, x = np.mgrid[: mask.shape[0], : mask.shape[1]] + 0.5
    centres = np.stack([x.ravel(), y.ravel()], axis=-1)
    points, warp = program.warp().backward(centres), program.warp()
    columns = np.clip(np.floor(points[:, 0]), 0, WIDTH - 1).astype(int)
    rows = np.clip(np.floor(points[:, 1]), 0, HEIGHT - 1).astype(int)
    expected = np.where(warp.filled(centres), IGNORE, MASK[rows, columns])
    wrong = mask.ravel() != expected
    assert wrong.mean() < 0.01
    to_edge = np.abs(points[wrong] - np.rint(points[wrong])).min(axis=1)
    assert (to_edge <= 1 / 32).all()


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.sampled_from([s for chain in CHAINS.values() for s in chain]), min_size=1, max_size=4),
    st.sampled_from(BORDERS),
    st.integers(1, 10**6),
)
def test_a_mask_never_gains_a_value(steps, border, copy):
    sparse = np.uint16(1000 * (MASK // 17 % 3) + 7)
    try:
        _, mask = run(steps, PHOTO, sparse, border=border, copy=copy)
    except ImageError:
        return  # a crop that does not fit after another
    assert set(np.unique(mask)) <= set(np.unique(sparse)) | ({IGNORE} if border == "constant" else set())


def test_colours_of_an_rgb_mask_are_read_whole():
    colours = np.stack([MASK % 251, MASK % 7 * 30, MASK // 300], axis=-1).astype(np.uint8)
    _, found = run(CHAINS["all"], PHOTO, colours)
    known = {tuple(c) for c in colours.reshape(-1, 3).tolist()}
    assert {tuple(c) for c in found.reshape(-1, 3).tolist()} <= known
