"""Noise against its published distributions."""

import albumentations
import cv2
import numpy as np
import pytest
from scipy import stats
from skimage import data, util
from support.recipe_steps import applied, run

from augcli.data import PixelFormat
from augcli.geometry import Frame
from augcli.rng import key_of, normal_noise, poisson_noise
from augcli.transforms.noise import add_noise, iso_noise

PHOTO = data.astronaut()[60:160, 140:260]
FLAT = np.full((300, 400, 3), 128, np.uint8)
KEYED = {
    "gaussian_noise": {"std": 0.04},
    "poisson_noise": {"photons": 100},
    "speckle_noise": {"std": 0.1},
    "salt_and_pepper": {"amount": 0.1},
    "iso_noise": {"intensity": 0.5},
}
EACH = pytest.mark.parametrize("name", KEYED)
EACH_CHANNEL = pytest.mark.parametrize("name", ["gaussian_noise", "poisson_noise", "speckle_noise"])


def noisy(name, picture=PHOTO, **params):
    return run([{name: KEYED[name] | params}], picture)[0]


@EACH
def test_noise_is_drawn_for_each_copy_and_source(name):
    pictures = [run([{name: KEYED[name]}], PHOTO, copy=c, key=k)[0].tobytes() for c in (1, 2) for k in "ab"]
    assert len(set(pictures)) == 4
    assert pictures[0] == run([{name: KEYED[name]}], PHOTO, copy=1, key="a")[0].tobytes()


@EACH
def test_noise_is_stored_as_a_key(name):
    (step,) = applied([{name: KEYED[name]}], Frame(8, 8))
    assert step.params["key"] == key_of(0, "key", "aug", 1, f"{name}#0", "noise")


@EACH_CHANNEL
def test_noise_of_pixels_and_channels_is_not_related(name):
    noise = noisy(name, FLAT) - 128.0
    pairs = ((noise[1:], noise[:-1]), (noise[:, 1:], noise[:, :-1]), (noise[..., 0], noise[..., 1]))
    for a, b in pairs:
        assert abs(np.corrcoef(a.ravel(), b.ravel())[0, 1]) < 4 / np.sqrt(a.size)


def test_gaussian_noise_has_mean_zero_and_its_deviation():
    noise = noisy("gaussian_noise", FLAT) - 128.0
    assert abs(noise.mean()) < 4 * 10.2 / np.sqrt(noise.size)
    assert noise.std() == pytest.approx(np.hypot(0.04 * 255, np.sqrt(1 / 12)), rel=0.01)


def test_gaussian_noise_is_clipped_and_rounded():
    ends = np.array([[[0, 255]]], np.uint8).repeat(50, axis=1)
    result = add_noise(ends, PixelFormat(), 0.1, key_of("clip"))
    assert result.dtype == np.uint8
    assert set(np.unique(result[..., 0])) >= {0}
    assert result[..., 0].max() < 128 < result[..., 1].min()


@pytest.mark.parametrize("photons", [6, 40, 5000])
def test_counts_have_poissons_mean_and_variance(photons):
    """The mean of n counts of mean m is m, and their variance m too, each within four of its deviations."""
    levels = np.full((300, 400), 0.4, np.float32)
    counts = noisy("poisson_noise", levels, photons=photons).astype(float) * photons
    mean, n = 0.4 * photons, levels.size
    lost = stats.poisson.sf(photons, mean)
    assert lost < 0.02  # counts beyond full scale are cut
    assert abs(counts.mean() - mean) < 4 * np.sqrt(mean / n) + lost * photons
    assert counts.var() == pytest.approx(mean, rel=4 * np.sqrt((2 + 1 / mean) / n) + 6 * lost)
    np.testing.assert_allclose(counts, np.rint(counts), atol=1e-3)


def test_counts_are_distributed_as_scikit_images():
    """Its photons at full scale are the number of different values, up to a power of two: 256 here."""
    ramp = np.tile(np.arange(256, dtype=np.float32) / 255, (400, 1))
    found = np.rint(noisy("poisson_noise", ramp, photons=256) * 256)
    theirs = np.rint(util.random_noise(ramp, "poisson", rng=7) * 256)
    for column in (2, 20, 100, 200):
        assert stats.ks_2samp(found[:, column], theirs[:, column], method="asymp").pvalue > 1e-3


def test_linear_light_is_albumentations_shot_noise():
    """Its `scale` is one over our photons, and it decodes by a power of 2.2."""
    found = noisy("poisson_noise", FLAT, photons=20, definition="linear")
    theirs = albumentations.ShotNoise(scale_range=(0.05, 0.05), p=1)(image=FLAT)["image"]
    assert found.mean() == pytest.approx(theirs.mean(), abs=0.5)
    assert found.std() == pytest.approx(theirs.std(), rel=0.02)


def test_black_has_no_shot_noise():
    assert not noisy("poisson_noise", np.zeros((20, 20, 3), np.uint8)).any()


def test_speckle_noise_is_scikit_images_formula():
    found = noisy("speckle_noise")
    (step,) = applied([{"speckle_noise": KEYED["speckle_noise"]}], Frame(120, 100))
    shares = PHOTO / 255
    expected = np.clip(shares + shares * 0.1 * normal_noise(step.params["key"], PHOTO.shape), 0, 1) * 255
    assert np.abs(found - expected).max() <= 0.51


def test_speckle_noise_is_as_strong_as_scikit_images():
    theirs = util.random_noise(FLAT, "speckle", rng=7, var=0.01) * 255
    assert noisy("speckle_noise", FLAT).std() == pytest.approx(theirs.std(), rel=0.02)


@pytest.mark.parametrize(("amount", "salt"), [(0.02, 0.5), (0.3, 0.2), (1, 1)])
def test_salt_and_pepper_have_their_shares(amount, salt):
    result = noisy("salt_and_pepper", FLAT, amount=amount, salt=salt)
    pixels = FLAT.size / 3
    for value, share in ((255, amount * salt), (0, amount * (1 - salt))):
        found = (result == value).all(axis=-1).mean()
        assert abs(found - share) <= 4 * np.sqrt(share * (1 - share) / pixels)
    assert set(np.unique(result)) <= {0, 128, 255}
    assert (
        result == result[..., :1]
    ).all()  # whole pixels, as in albumentations; scikit-image's are single channels


def slow_iso_noise(picture, key, intensity, color_shift):
    """Albumentations 1.4's lines with our noise."""
    hls = cv2.cvtColor(picture.astype(np.float32) / 255, cv2.COLOR_RGB2HLS)
    _, deviation = cv2.meanStdDev(hls)
    mean = np.full(hls.shape[:2], deviation[1, 0] * intensity * 255, np.float32)
    hls[..., 0] += color_shift * 360 * intensity * normal_noise(key_of(key, "hue"), hls.shape[:2])
    hls[..., 0] %= 360
    hls[..., 1] += (poisson_noise(key, mean) / 255) * (1.0 - hls[..., 1])
    return cv2.cvtColor(hls, cv2.COLOR_HLS2RGB) * 255


@pytest.mark.parametrize(("intensity", "color_shift"), [(0.1, 0.01), (0.5, 0.05), (2, 0.3)])
def test_iso_noise_is_albumentations_1_4(intensity, color_shift):
    params = {"intensity": intensity, "color_shift": color_shift}
    (step,) = applied([{"iso_noise": params}], Frame(120, 100))
    expected = slow_iso_noise(PHOTO, step.params["key"], intensity, color_shift)
    difference = np.abs(noisy("iso_noise", **params) - expected)
    assert (
        np.quantile(difference, 0.999) <= 0.6
    )  # a count may be one off where the deviation is rounded apart


def test_albumentations_2_0_8_shifts_no_hue():
    """It takes turns for degrees: a shift of 0.3 turns changes no level by more than a few."""
    theirs = albumentations.ISONoise(color_shift=(0.3, 0.3), intensity=(1e-9, 1e-9), p=1)
    assert np.abs(theirs(image=PHOTO)["image"].astype(int) - PHOTO).max() <= 1
    shares = PHOTO.astype(np.float32) / 255
    ours = iso_noise(shares, key_of("hue"), 1.0, 0.3)
    assert np.abs(ours - shares).mean() > 0.05


def test_grey_gets_the_lightness_noise_alone():
    grey = data.camera()[100:180, 150:280]
    strong = noisy("iso_noise", grey, color_shift=1)
    np.testing.assert_array_equal(strong, noisy("iso_noise", grey, color_shift=0))
    assert (strong >= grey).all()
