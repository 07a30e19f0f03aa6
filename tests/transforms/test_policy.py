"""Published policies: their spaces and tables, their steps against Pillow's, and their draws."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageEnhance, ImageOps
from scipy import stats
from skimage import data
from support.recipe_steps import applied, drawn, pixels, run

from augcli.errors import RecipeError
from augcli.geometry import Frame
from augcli.recipe import parse_recipe
from augcli.render.program import build_program
from augcli.rng import Draws, Words, key_of
from augcli.transforms import TRANSFORMS
from augcli.transforms.operations import Applied
from augcli.transforms.policy import AugMix, step_of
from augcli.transforms.policy_tables import (
    AUTO_AUGMENT,
    DRAWN_ALIKE,
    FACTORS,
    GEOMETRIC,
    RAND_AUGMENT,
    SUB_POLICIES,
    TONES,
    WIDE,
)

PHOTO = data.astronaut()[60:200, 120:330]
GREY = data.camera()[100:240, 150:360]
FRAME = Frame(210, 140)
PICTURES = pytest.mark.parametrize("picture", [PHOTO, GREY], ids=["rgb", "grey"])
POLICIES = ["rand_augment", "trivial_augment", "auto_augment", "aug_mix"]
MOVING = {"rotate", "shear", "translate"}


def off(found, expected):
    return np.abs(found.astype(float) - np.asarray(expected, float)).max()


def through(steps, picture):
    frame = Frame(picture.shape[1], picture.shape[0])
    return pixels(build_program(steps, frame, "reflect"), picture)[0]


# torchvision's tables of magnitudes, as a function of its number of bins
SIGNED = {
    "rand": {"rotate": 30.0, "shear": 0.3, "translate": 150 / 331, "factor": 0.9},
    "wide": {"rotate": 135.0, "shear": 0.99, "translate": 32.0, "factor": 0.99},
}


@pytest.mark.parametrize(
    ("space", "bins", "name", "bits"),
    [(RAND_AUGMENT, 31, "rand", 4), (AUTO_AUGMENT, 10, "rand", 4), (WIDE, 31, "wide", 6)],
    ids=["rand_augment", "auto_augment", "trivial_augment"],
)
def test_the_bins_are_torchvisions(space, bins, name, bits):
    for op in (*GEOMETRIC, *FACTORS):
        most = SIGNED[name]["factor" if op in FACTORS else op.split("_")[0]]
        found = [space.number(op, chosen) for chosen in range(bins)]
        np.testing.assert_allclose(found, np.linspace(0, most, bins), rtol=1e-12)
    posterized = 8 - np.round(np.arange(bins) / ((bins - 1) / bits))
    assert [space.number("posterize", chosen) for chosen in range(bins)] == posterized.tolist()
    thresholds = [space.number("solarize", chosen) * 255 for chosen in range(bins)]
    np.testing.assert_allclose(thresholds, np.linspace(255, 0, bins), atol=1e-12)


def test_a_policy_of_auto_augment_is_25_pairs_of_operations_that_are_known():
    assert sorted(SUB_POLICIES) == ["cifar10", "imagenet", "svhn"]
    for pairs in SUB_POLICIES.values():
        assert [len(pair) for pair in pairs] == [2] * 25
        for chance in (chance for pair in pairs for chance in pair):
            assert chance.op in {*GEOMETRIC, *FACTORS, *TONES, "invert"}
            assert 0 <= chance.p <= 1
            assert 0 <= chance.chosen < AUTO_AUGMENT.bins


def test_the_published_odds_add_up_as_they_do_in_the_papers_tables():
    """A slip of one digit in a table would change these sums, which were taken from torchvision's tables."""
    odds = {name: sum(c.p for pair in pairs for c in pair) for name, pairs in SUB_POLICIES.items()}
    bins = {name: sum(c.chosen for pair in pairs for c in pair) for name, pairs in SUB_POLICIES.items()}
    assert odds == pytest.approx(ODDS)
    assert bins == BINS


ODDS = {"imagenet": 31.0, "cifar10": 26.5, "svhn": 32.9}
BINS = {"imagenet": 159, "cifar10": 187, "svhn": 143}


def theirs(op, number, picture):
    """The operation by Pillow; `number` as in Space.number, with its sign."""
    image = Image.fromarray(picture)
    enhancers = {
        "brightness": ImageEnhance.Brightness,
        "saturation": ImageEnhance.Color,
        "contrast": ImageEnhance.Contrast,
        "sharpen": ImageEnhance.Sharpness,
    }
    if op in enhancers:
        return np.asarray(enhancers[op](image).enhance(1 + number))
    if op == "posterize":
        return np.asarray(ImageOps.posterize(image, int(number)))
    if op == "solarize":
        threshold = 256 if number == 1 else round(number * 255, 9)
        return np.asarray(ImageOps.solarize(image, threshold))
    return np.asarray(getattr(ImageOps, op)(image))


@PICTURES
@pytest.mark.parametrize("chosen", [0, 9, 16, 30])
@pytest.mark.parametrize("op", [*FACTORS, *TONES, "invert"])
def test_an_operation_is_pillows(op, chosen, picture):
    """Within 1: Pillow cuts off what is rounded here, and rounds contrast's mean and the smoothing first."""
    for sign in (1, -1) if op in FACTORS else (1,):
        number = sign * RAND_AUGMENT.number(op, chosen)
        found = through([step_of(op, number, FRAME)], picture)
        assert off(found, theirs(op, number, picture)) <= (1 if op in FACTORS else 0)


def test_each_step_of_a_drawn_policy_is_pillows_on_what_the_one_before_left():
    compared = set()
    magnitude = {
        "choice": [4, 12, 24]
    }  # whose factors bring no level to a half, which could round either way
    for copy in range(60):
        step = drawn([{"rand_augment": {"count": 3, "magnitude": magnitude}}], copy=copy)[0]
        steps = step.transform.resolve(step.values, FRAME)
        for i, (op, number) in enumerate(step.values["ops"]):
            if op not in GEOMETRIC:
                before, found = through(steps[:i], PHOTO), through(steps[: i + 1], PHOTO)
                assert off(found, theirs(op, number, before)) <= 1
                compared.add(op)
    assert compared == {*FACTORS, *TONES}


@pytest.mark.parametrize(("chosen", "shift"), [(9, 28), (1, 3), (30, 95)])
def test_shifts_are_cut_to_whole_pixels_as_torchvisions(chosen, shift):
    """int(150 / 331 * 210 * bin / 30), moved bit for bit."""
    number = RAND_AUGMENT.number("translate_x", chosen)
    right, left = (through([step_of("translate_x", n, FRAME)], PHOTO) for n in (number, -number))
    np.testing.assert_array_equal(right[:, shift:], PHOTO[:, :-shift])
    np.testing.assert_array_equal(left[:, :-shift], PHOTO[:, shift:])


@settings(deadline=None, max_examples=60)
@given(side=st.integers(1, 4000), shift=st.integers(-32, 32))
def test_a_shift_in_pixels_is_whole_whatever_the_side(side, shift):
    step = step_of("translate_y", float(shift), Frame(50, side), in_pixels=True)
    ((_, (_, _, moved), _),) = (
        m.rows for m in TRANSFORMS["translate"].operate(step.params, Frame(50, side)).maps
    )
    assert type(moved) is int
    assert moved == shift


@pytest.mark.parametrize("chosen", [1, 9, 30])
def test_a_shear_has_the_published_slope_about_the_centre(chosen):
    for op, (i, j) in {"shear_x": (0, 1), "shear_y": (1, 0)}.items():
        slope = -WIDE.number(op, chosen)
        program = build_program([step_of(op, slope, FRAME)], FRAME, "reflect")
        matrix = program.warp().simplified().maps[-1].matrix()
        expected = np.eye(3)
        expected[i, j] = slope
        expected[:2, 2] = np.array([105, 70]) - expected[:2, :2] @ [105, 70]
        np.testing.assert_allclose(matrix, expected, atol=1e-9)


@pytest.mark.parametrize("name", POLICIES)
def test_the_warp_ends_behind_a_policy_whatever_it_drew(name):
    for copy in range(40):
        last = applied([name], FRAME, copy=copy)[-1]
        assert TRANSFORMS[last.name].ends_warp
        assert last.name not in MOVING


def test_operations_are_drawn_alike():
    ops = [d.values["ops"] for d in (drawn(["trivial_augment"], copy=copy)[0] for copy in range(1400))]
    counts = {op: sum([op] == [o for o, _ in found] for found in ops) for op in DRAWN_ALIKE[1:]}
    counts["identity"] = ops.count([])
    assert set(counts) == set(DRAWN_ALIKE)
    assert stats.chisquare(list(counts.values())).pvalue > 0.001


def test_signs_are_drawn_alike():
    ops = [op for copy in range(300) for op in drawn(["rand_augment"], copy=copy)[0].values["ops"]]
    negative = [number < 0 for op, number in ops if op in (*GEOMETRIC, *FACTORS)]
    assert stats.binomtest(sum(negative), len(negative)).pvalue > 0.001
    assert all(number >= 0 for op, number in ops if op in TONES)


def test_magnitude_zero_leaves_what_has_a_magnitude_as_it_is():
    """torchvision's solarize inverts full white even then: its threshold is 255, and 255 is at it."""
    white = PHOTO.copy()
    white[:50, :50] = 255
    for op in (*GEOMETRIC, *FACTORS, "posterize", "solarize"):
        step = step_of(op, RAND_AUGMENT.number(op, 0), FRAME)
        np.testing.assert_array_equal(through([step], white), white)


def test_as_many_operations_are_drawn_as_count_says_but_for_identities():
    found = [len(drawn([{"rand_augment": {"count": 5}}], copy=c)[0].values["ops"]) for c in range(60)]
    assert max(found) == 5
    assert np.mean(found) == pytest.approx(5 * 13 / 14, abs=0.3)


def test_a_pair_of_auto_augment_is_applied_by_its_odds():
    values = [drawn([{"auto_augment": {"policy": "svhn"}}], copy=c)[0].values["ops"] for c in range(800)]
    expected = np.mean([sum(chance.p for chance in pair) for pair in SUB_POLICIES["svhn"]])
    assert np.mean([len(ops) for ops in values]) == pytest.approx(expected, abs=0.08)


def augmix_slowly(picture, params):
    """The published augment_and_mix with Pillow's operations, its draws given."""
    mix = np.zeros(picture.shape)
    for chain in params["chains"]:
        image = Image.fromarray(picture)
        for step in chain["steps"]:
            name, numbers = step["name"], step["params"]
            if name == "posterize":
                image = ImageOps.posterize(image, numbers["bits"])
            elif name == "solarize":
                image = ImageOps.solarize(image, round(255 * numbers["threshold"]))
            else:
                image = getattr(ImageOps, name)(image)
        mix += chain["weight"] * np.asarray(image, float)
    return params["keep"] * picture + (1 - params["keep"]) * mix


@PICTURES
def test_aug_mix_is_the_published_mix(picture):
    seen = set()
    for copy in range(12):
        mix = applied([{"aug_mix": {"severity": [1, 10], "alpha": 0.7}}], FRAME, copy=copy)[-1]
        assert off(through([mix], picture), augmix_slowly(picture, mix.params)) <= 0.51
        seen |= {step["name"] for chain in mix.params["chains"] for step in chain["steps"]}
    assert seen == set(TONES)


def test_aug_mix_of_16_bits_is_that_of_8_within_the_finer_steps_of_equalize():
    for copy in range(6):
        mix = applied(["aug_mix"], FRAME, copy=copy)[-1]
        fine = through([mix], PHOTO.astype(np.uint16) * 257)
        assert fine.dtype == np.uint16
        assert np.abs(fine / 257 - through([mix], PHOTO)).mean() < 2


def test_aug_mix_of_floats_and_bands_keeps_their_range():
    mix = applied(["aug_mix"], FRAME, copy=3)[-1]
    bands = np.dstack([PHOTO, GREY, GREY]).astype(np.float32) / 255
    found = through([mix], bands)
    assert found.dtype == np.float32
    assert found.min() >= 0
    assert found.max() <= 1
    np.testing.assert_array_equal(found[..., 3], found[..., 4])


def test_aug_mix_moves_five_copies_of_nine():
    steps = [applied(["aug_mix"], FRAME, copy=copy) for copy in range(900)]
    assert {s.name for found in steps for s in found} == MOVING | {"aug_mix"}
    assert sum(len(found) == 2 for found in steps) / 900 == pytest.approx(5 / 9, abs=0.05)


def test_numbers_of_aug_mix_are_the_published_ones_at_its_severity():
    for copy in range(60):
        values = drawn([{"aug_mix": {"severity": 10, "width": 4}}], copy=copy)[0].values
        assert len(values["chains"]) == len(values["weights"]) == 4
        assert sum(values["weights"]) == pytest.approx(1)
        assert 0 <= values["keep"] <= 1
        for chain in values["chains"]:
            assert 1 <= len(chain) <= 3
            for op, number in chain:
                assert number in {"posterize": (1, 2, 3, 4)}.get(op, (number,))
                assert 0 <= number <= {"posterize": 4}.get(op, 1)
        for op, number in values["ops"]:
            most = {"rotate": 30, "shear_x": 0.3, "shear_y": 0.3}.get(op, 1 / 3)
            assert abs(number) <= most


def test_a_mild_aug_mix_is_published_mild():
    """Severity 1 takes no bit away of the 4 that posterize leaves, and solarizes only the lightest tenth."""
    for copy in range(40):
        chains = drawn([{"aug_mix": {"severity": 1}}], copy=copy)[0].values["chains"]
        for op, number in (step for chain in chains for step in chain):
            assert op != "posterize" or number == 4
            assert op != "solarize" or number >= 231 / 255


def test_masks_follow_the_geometry_of_a_policy_and_nothing_else():
    mask = np.arange(140 * 210, dtype=np.uint16).reshape(140, 210)
    for copy in range(25):
        steps = applied(["rand_augment"], FRAME, copy=copy)
        _, found = run(["rand_augment"], PHOTO, mask, copy=copy)
        moved = any(step.name in MOVING for step in steps)
        assert (found != mask).any() == moved


@pytest.mark.parametrize("shape", [0.1, 0.7, 1.0, 2.5, 40.0])
def test_gamma_numbers_have_their_distribution(shape):
    words = Words(key_of("gamma"))
    found = [words.gamma(shape) for _ in range(2000)]
    assert stats.kstest(found, stats.gamma(shape).cdf).pvalue > 0.001


def test_equal_weights_need_a_large_alpha():
    def spread(alpha):
        mix = AugMix.model_validate({"alpha": alpha})
        return np.std([mix.draw(Draws((copy,)))["weights"] for copy in range(100)])

    assert spread(100) < 0.05 < spread(1) < spread(0.1)


@pytest.mark.parametrize(
    ("step", "message"),
    [
        ("rand_augment: {magnitude: 31}", "magnitude: expected at least 0 and at most 30, got 31"),
        ("rand_augment: {magnitude: 2.5}", "magnitude: expected a whole number, got 2.5"),
        ("rand_augment: {count: 0}", "count: expected at least 1 and at most 20, got 0"),
        ("auto_augment: {policy: mnist}", "policy: expected imagenet, cifar10 or svhn, got 'mnist'"),
        ("aug_mix: {severity: 11}", "severity: expected at least 1 and at most 10, got 11"),
        ("aug_mix: {alpha: 0}", "alpha: expected at least 0.1 and at most 100, got 0"),
        ("trivial_augment: {magnitude: 3}", "magnitude: unknown key 'magnitude'; allowed here: p"),
    ],
)
def test_nonsense_is_refused(step, message):
    with pytest.raises(RecipeError) as caught:
        parse_recipe(f"transforms: [{step}]", "r.yaml")
    assert str(caught.value).split(f".{step.split(':')[0]}.", 1)[1] == message


def test_the_manifest_shows_plain_steps():
    step = Applied("shear", {"x": math.degrees(math.atan(-0.3)), "y": 0.0})
    assert step_of("shear_x", -0.3, FRAME) == step
    rounded = {"factor": 1.5, "definition": "torchvision", "rounded": True}
    assert step_of("saturation", 0.5, FRAME) == Applied("saturation", rounded)
