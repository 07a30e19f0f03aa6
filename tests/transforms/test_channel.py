"""Steps that mix the channels, against second formulas."""

import albumentations as A  # noqa: N812 - as its users write it
import numpy as np
import pytest
from PIL import Image
from skimage import data
from support.recipe_steps import applied, drawn, run, variant_of

from augcli.data import PixelFormat, Sample
from augcli.errors import ImageError, RecipeError
from augcli.geometry import Frame
from augcli.render.program import build_program
from augcli.render.render import RenderOptions, render
from augcli.transforms.channel import PCA_DEVIATIONS, PCA_VECTORS, planckian_rgb

PHOTO = data.astronaut()[100:164, 150:230]
FRAME = Frame(80, 64)
STEPS = {
    "grayscale": {},
    "to_sepia": {"strength": 0.7},
    "rgb_shift": {"red": 0.1, "green": -0.05, "blue": 0.2},
    "channel_shift": {"shift": [-0.2, 0.2]},
    "channel_shuffle": {"order": [2, 0, 1]},
    "lighting": {"std": 2},
    "color_temperature": {"kelvin": 4000},
}
EACH = pytest.mark.parametrize("name", STEPS)


def ran(name, picture, **params):
    return run([{name: params or STEPS[name]}], picture)[0]


def off(found, expected):
    return np.abs(found.astype(float) - np.clip(expected, 0, 255)).max()


def test_grayscale_is_pillows_luma_in_all_channels():
    found = ran("grayscale", PHOTO)
    luma = np.asarray(Image.fromarray(PHOTO).convert("L"))
    assert off(found, np.repeat(luma[..., None], 3, axis=-1)) <= 1  # Pillow has weights of 16 bits
    assert (found[..., :1] == found).all()


def test_sepia_is_that_of_albumentations():
    theirs = A.ToSepia(p=1)(image=PHOTO)["image"]
    assert off(ran("to_sepia", PHOTO, strength=1), theirs) <= 1  # OpenCV has weights of 10 bits there


def test_half_a_sepia_is_half_way():
    soft = np.uint8(PHOTO * 0.7)  # so that nothing is clipped
    half = ran("to_sepia", soft, strength=0.5)
    assert np.abs(half - (soft / 2 + ran("to_sepia", soft, strength=1) / 2)).max() <= 1


def test_rgb_shift_is_that_of_albumentations():
    theirs = A.RGBShift((20, 20), (-30, -30), (50, 50), p=1)(image=PHOTO)["image"]
    np.testing.assert_array_equal(
        ran("rgb_shift", PHOTO, red=20 / 255, green=-30 / 255, blue=50 / 255), theirs
    )


def test_a_channel_shift_draws_a_number_for_each_channel():
    shifts = [applied([{"channel_shift": {"shift": [-0.2, 0.2]}}], FRAME, copy=c)[0] for c in range(1, 101)]
    assert {shift.name for shift in shifts} == {"rgb_shift"}
    drawn_numbers = np.array([[s.params[name] for name in ("red", "green", "blue")] for s in shifts])
    assert np.abs(drawn_numbers).max() <= 0.2
    assert np.abs(np.corrcoef(drawn_numbers.T) - np.eye(3)).max() < 0.4  # 4 / sqrt(100)


def test_a_channel_shift_is_kerass_of_one_number_each():
    (step,) = applied([{"channel_shift": {"shift": [-0.2, 0.2]}}], FRAME)
    found = ran("channel_shift", PHOTO)
    for channel, name in enumerate(("red", "green", "blue")):
        assert off(found[..., channel], PHOTO[..., channel] + 255 * step.params[name]) <= 0.501


@pytest.mark.parametrize("order", [[0, 1, 2], [2, 0, 1], [1, 0, 2]])
def test_a_shuffle_takes_the_channels_in_this_order(order):
    np.testing.assert_array_equal(ran("channel_shuffle", PHOTO, order=order), PHOTO[..., order])


def test_all_six_orders_are_drawn_alike():
    orders = [tuple(d.values["order"]) for c in range(600) for d in drawn(["channel_shuffle"], copy=c)]
    counts = [orders.count(order) for order in set(orders)]
    assert len(counts) == 6
    assert max(abs(count - 100) for count in counts) < 40  # four deviations of a binomial


def test_lighting_shifts_along_the_published_components():
    """mx.image has the deviations 55.46, 4.794, 1.148 for pictures of 0 to 255; these are their shares."""
    alpha = [1.5, -1.0, 2.0]
    expected = PHOTO.astype(float)
    vectors = [[-0.5675, -0.5808, -0.5836], [0.7192, -0.0045, -0.6948], [0.4009, -0.8140, 0.4203]]
    for number, deviation, vector in zip(alpha, [55.46, 4.794, 1.148], vectors, strict=True):
        expected = expected + number * deviation * np.array(vector)
    assert off(ran("lighting", PHOTO, alpha=alpha), expected) <= 0.52


def test_the_components_are_orthonormal_within_their_four_digits():
    np.testing.assert_allclose(PCA_VECTORS.T @ PCA_VECTORS, np.eye(3), atol=2e-4)
    np.testing.assert_allclose(PCA_DEVIATIONS * 255, [55.46, 4.794, 1.148], atol=3e-3)


def test_lighting_draws_three_normal_numbers():
    numbers = np.array([d.values["alpha"] for c in range(400) for d in drawn([{"lighting": {}}], copy=c)])
    assert numbers.shape == (400, 3)
    assert abs(numbers.mean()) < 4 * 0.1 / np.sqrt(1200)
    assert numbers.std() == pytest.approx(0.1, rel=0.1)


def spectral_rgb(kelvin):
    """Linear sRGB of Planck's law seen by the CIE 1931 observer, as Wyman et al. (2013) fit it."""
    nm = np.arange(360.0, 831.0)

    def lobe(mean, below, above):
        return np.exp(-0.5 * ((nm - mean) / np.where(nm < mean, below, above)) ** 2)

    x = 1.056 * lobe(599.8, 37.9, 31.0) + 0.362 * lobe(442.0, 16.0, 26.7) - 0.065 * lobe(501.1, 20.4, 26.2)
    y = 0.821 * lobe(568.8, 46.9, 40.5) + 0.286 * lobe(530.9, 16.3, 31.1)
    z = 1.217 * lobe(437.0, 11.8, 36.0) + 0.681 * lobe(459.0, 26.0, 13.8)
    power = nm**-5.0 / np.expm1(1.4387769e7 / (nm * kelvin))
    xyz = np.array([(curve * power).sum() for curve in (x, y, z)])
    to_rgb = [[3.2406, -1.5372, -0.4986], [-0.9689, 1.8758, 0.0415], [0.0557, -0.2040, 1.0570]]
    return np.array(to_rgb) @ (xyz / xyz[1])


@pytest.mark.parametrize("kelvin", [2500, 3000, 4000, 5000, 6500, 9000, 15000])
def test_the_light_of_a_black_body_is_plancks(kelvin):
    np.testing.assert_allclose(planckian_rgb(kelvin), spectral_rgb(kelvin), atol=0.025)


@pytest.mark.parametrize("kelvin", [3000, 4500, 8000, 12000])
def test_a_temperature_is_a_gain_of_linear_light(kelvin):
    soft = np.uint8(20 + PHOTO * 0.3)  # so that nothing is clipped
    gain = spectral_rgb(kelvin) / spectral_rgb(6500)
    linear = (soft / 255) ** 2.2 * (gain / gain[1])
    assert off(ran("color_temperature", soft, kelvin=kelvin), 255 * linear ** (1 / 2.2)) <= 3


def test_lower_temperatures_are_redder_and_green_is_kept():
    soft = np.uint8(20 + PHOTO * 0.3)
    warm, cold = (ran("color_temperature", soft, kelvin=k) for k in (3500, 10000))
    assert warm[..., 0].mean() > soft[..., 0].mean() > cold[..., 0].mean()
    assert warm[..., 2].mean() < soft[..., 2].mean() < cold[..., 2].mean()
    np.testing.assert_array_equal(warm[..., 1], soft[..., 1])


def test_mired_count_from_6500_kelvin():
    kelvin = 1e6 / (1e6 / 6500 + 50)
    np.testing.assert_array_equal(
        ran("color_temperature", PHOTO, mired=50), ran("color_temperature", PHOTO, kelvin=kelvin)
    )


# depths, grey, bands


@EACH
def test_sixteen_bits_are_eight_bits_with_more_depth(name):
    deep = ran(name, PHOTO.astype(np.uint16) * 257)
    assert deep.dtype == np.uint16
    assert np.abs(deep / 257 - ran(name, PHOTO)).max() <= 0.51


@EACH
def test_floats_are_clipped_to_their_range(name):
    shares = ran(name, PHOTO.astype(np.float32) / 255)
    assert shares.dtype == np.float32
    assert 0 <= shares.min() <= shares.max() <= 1
    assert np.abs(shares * 255 - ran(name, PHOTO)).max() <= 0.51


@EACH
def test_a_grey_picture_stays_as_it_is(name):
    np.testing.assert_array_equal(ran(name, PHOTO[..., 1]), PHOTO[..., 1])


@EACH
def test_bands_are_refused_by_name(name):
    (step,) = applied([{name: STEPS[name]}], FRAME)
    program = build_program([step], FRAME, "reflect")
    bands = Sample(np.zeros((64, 80, 5), np.uint8), {}, PixelFormat("multi"))
    expected = f"{step.name} has no meaning for a picture of 5 bands; leave {step.name} out of the recipe"
    with pytest.raises(ImageError) as caught:
        render(program, bands, RenderOptions(), {})
    assert str(caught.value) == expected


# mistakes


@pytest.mark.parametrize(
    ("step", "message"),
    [
        (
            {"channel_shuffle": {"order": [0, 1, 1]}},
            "order: an order names 0, 1 and 2 once each, like [2, 0, 1], got [0, 1, 1]",
        ),
        (
            {"channel_shuffle": {"order": "rgb"}},
            "order: an order names 0, 1 and 2 once each, like [2, 0, 1], got 'rgb'",
        ),
        (
            {"lighting": {"alpha": [0.1, True, 0]}},
            "alpha: expected three numbers, like [0.1, -0.05, 0], got [0.1, True, 0]",
        ),
        ({"lighting": {"alpha": 0.1}}, "alpha: expected three numbers, like [0.1, -0.05, 0], got 0.1"),
        ({"lighting": {"std": -1}}, "std: expected at least 0 and at most 10, got -1"),
        ({"to_sepia": {"strength": 1.5}}, "strength: expected at least 0 and at most 1, got 1.5"),
        ({"rgb_shift": {"red": 20}}, "red: expected at least -1 and at most 1, got 20"),
        ({"color_temperature": {"kelvin": 600}}, "kelvin: expected at least 2000 and at most 15000, got 600"),
        ({"color_temperature": {"mired": 400}}, "mired: expected at least -87 and at most 346, got 400"),
        ({"color_temperature": {}}, "color_temperature takes exactly one of kelvin, mired"),
    ],
)
def test_a_mistake_gets_its_line(step, message):
    with pytest.raises(RecipeError) as caught:
        variant_of([step])
    assert str(caught.value).endswith(f": {message}") or str(caught.value).endswith(f".{message}")


def test_what_is_given_is_not_drawn():
    given = [{"channel_shuffle": {"order": [1, 0, 2]}}, {"lighting": {"alpha": [1, 0, 0]}}]
    assert not variant_of(given).is_random
    assert variant_of(["channel_shuffle"]).is_random
    assert variant_of([{"lighting": {}}]).is_random
    assert not variant_of([{"lighting": {"std": 0}}]).is_random
