"""Random numbers depend on names alone, and stay what they are."""

from statistics import NormalDist
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from augcli.rng import Draws, Words, key_of, normal_noise, poisson_noise, raw_words, uniform_noise, unit_noise

MASK = 2**64 - 1
parts = st.lists(st.one_of(st.text(max_size=4), st.integers(-5, 5)), max_size=4)


def philox(counter: list[int], key: list[int]) -> list[int]:
    """Philox 4x64-10, after section 4 of Salmon et al. 2011."""
    c, k = list(counter), list(key)
    for _ in range(10):
        first, second = 0xD2E7470EE14C6C93 * c[0], 0xCA5A826395121157 * c[2]
        c = [second >> 64 ^ c[1] ^ k[0], second & MASK, first >> 64 ^ c[3] ^ k[1], first & MASK]
        k = [(k[0] + 0x9E3779B97F4A7C15) & MASK, (k[1] + 0xBB67AE8584CAA73B) & MASK]
    return c


def test_the_slow_philox_gives_the_known_answers_of_random123():
    assert philox([0] * 4, [0] * 2) == [
        0x16554D9ECA36314C,
        0xDB20FE9D672D0FDC,
        0xD7E772CEE186176B,
        0x7E68B68AEC7BA23B,
    ]
    assert philox([MASK] * 4, [MASK] * 2) == [
        0x87B092C3013FE90B,
        0x438C3C67BE8D0224,
        0x9CC7D7C69CD777B6,
        0xA09CAEBF594F0BA0,
    ]


@settings(deadline=None)
@given(st.integers(0, 2**128 - 1))
def test_words_are_philox_with_a_counter_from_one(number):
    key = [number & MASK, number >> 64]
    expected = [word for block in (1, 2, 3) for word in philox([block, 0, 0, 0], key)]
    assert [int(w) for w in raw_words(f"{number:032x}", 12)] == expected


@settings(deadline=None)
@given(parts, parts)
def test_no_two_lists_of_parts_have_one_key(a, b):
    assert (key_of(*a) == key_of(*b)) == (a == b)


@pytest.mark.parametrize(
    ("a", "b"),
    [(("ab", "c"), ("a", "bc")), (("1",), (1,)), (("a", ""), ("a",)), ((1, 2), (12,)), (("str:a",), ("a",))],
)
def test_parts_do_not_collide_by_concatenation(a, b):
    assert key_of(*a) != key_of(*b)


def test_a_file_name_that_is_no_text_has_a_key():
    assert key_of("\udcff") != key_of("\udcfe")


def test_keys_stay_what_they_are():
    assert key_of() == PINNED["empty"]
    assert key_of(66, "car/01", "jitter", 3, "rotate#0", "degrees") == PINNED["path"]


def test_words_stay_what_they_are():
    assert [int(w) for w in raw_words(key_of("pinned"), 4)] == PINNED["words"]


def test_numbers_stay_what_they_are():
    words = Words(key_of("pinned"))
    assert [words.unit() for _ in range(6)] == PINNED["unit"]
    assert [words.between(-15, 15) for _ in range(6)] == PINNED["between"]
    assert [words.integer(0, 10**12) for _ in range(6)] == PINNED["integer"]
    assert [words.normal() for _ in range(6)] == PINNED["normal"]


def test_noise_stays_what_it_is():
    assert uniform_noise(key_of("pinned"), 1, 4).tolist() == [PINNED["uniform noise"]]
    assert normal_noise(key_of("pinned"), (1, 4)).tolist() == [PINNED["normal noise"]]


def test_a_stream_is_read_in_order_however_long():
    words = Words("2a")
    assert [words.word() for _ in range(50)] == [int(w) for w in raw_words("2a", 50)]


@settings(deadline=None)
@given(st.integers(0, MASK))
def test_unit_is_below_one_and_not_negative(word):
    assert 0 <= Words("0", [word]).unit() < 1


@settings(deadline=None)
@given(st.integers(0, MASK), st.floats(-1e6, 1e6), st.floats(-1e6, 1e6))
def test_between_stays_between(word, a, b):
    assert min(a, b) <= Words("0", [word]).between(min(a, b), max(a, b)) <= max(a, b)


@settings(deadline=None)
@given(st.integers(0, MASK), st.integers(-1000, 1000), st.integers(0, 1000))
def test_integer_stays_between(word, low, span):
    assert low <= Words("0", [word]).integer(low, low + span) <= low + span


def test_both_ends_can_be_drawn():
    assert Words("0", [0]).integer(-3, 9) == -3
    assert Words("0", [MASK]).integer(-3, 9) == 9
    assert Words("0", [0]).between(-0.1, 0.3) == -0.1
    assert Words("0", [MASK]).between(-0.1, 0.3) == 0.3


def test_integers_are_equally_likely():
    words = Words(key_of("dice"))
    counts = np.bincount([words.integer(1, 6) for _ in range(12_000)])[1:]
    assert (
        (counts - 2000) ** 2 / 2000
    ).sum() < 20.5  # chi squared, 5 degrees, 0.1 per cent; the key is fixed


@settings(deadline=None)
@given(st.integers(0, MASK))
def test_normal_is_the_quantile_of_the_word(word):
    share = ((word >> 12) + 0.5) / 2**52
    assert Words("0", [word]).normal() == NormalDist().inv_cdf(share)


def test_normal_is_finite_and_odd_at_its_ends():
    low, high = Words("0", [0]).normal(), Words("0", [MASK]).normal()
    assert low == -high
    assert 8 < high < 9


def test_normal_noise_is_the_quantile_of_sixteen_bits():
    noise = normal_noise(key_of("noise"), (3, 5, 2)).ravel()
    halves = raw_words(key_of("noise"), 8).astype("<u8").view("<u2")[:30]
    expected = [NormalDist().inv_cdf((int(h) + 0.5) / 65536) for h in halves]
    np.testing.assert_allclose(noise, expected, rtol=1e-6)


def test_normal_noise_has_mean_zero_and_deviation_one():
    noise = normal_noise(key_of("noise"), (400, 500)).astype(float)
    assert abs(noise.mean()) < 4 / np.sqrt(noise.size)
    assert abs(noise.std() - 1) < 4 / np.sqrt(2 * noise.size)


def test_uniform_noise_has_the_moments_of_uniform_noise():
    noise = uniform_noise(key_of("noise"), 401, 501).astype(float)
    assert abs(noise.mean()) < 4 / np.sqrt(3 * noise.size)
    assert abs(noise.var() - 1 / 3) < 0.003
    assert -1 <= noise.min() < -0.9999
    assert 0.9999 < noise.max() <= 1


def test_draws_of_a_field_are_those_of_its_whole_path():
    draws = Draws((66, "car", "jitter", 3)).at("one_of#0").at("rotate#0")
    assert draws.key("degrees") == key_of(66, "car", "jitter", 3, "one_of#0", "rotate#0", "degrees")
    assert draws.words("degrees").word() == int(raw_words(draws.key("degrees"), 1)[0])


PINNED: dict[str, Any] = {
    "empty": "cae66941d9efbd404e4d88758ea67670",
    "path": "a17fb347c0f442c483c74f6cc67d9546",
    "words": [7681079795071267422, 9970874390916169252, 12580150858632286055, 13938920143852227137],
    "unit": [
        0.41639217004253903,
        0.5405221838105695,
        0.6819713445562253,
        0.7556303751033272,
        0.7034084457795574,
        0.15960943195831445,
    ],
    "between": [
        6.831258599245803,
        0.572617783765061,
        11.400671017528666,
        -12.933200413249637,
        -9.418355939266583,
        -9.599976717660448,
    ],
    "integer": [718964898834, 953016420714, 438611283561, 864334670725, 964198088309, 781509255686],
    "normal": [
        0.24907263644829145,
        1.7239394488837028,
        0.12861408143181358,
        -0.5070502283639978,
        0.3544241097389095,
        1.6092884548567876,
    ],
    "uniform noise": [0.2863524258136749, -0.16721566021442413, -0.5422060489654541, 0.08104436844587326],
    "normal noise": [-0.8532712459564209, 0.3669741451740265, 0.46003296971321106, -0.21113884449005127],
}


def test_unit_noise_is_the_upper_bits_of_its_words():
    words = raw_words(key_of("unit"), 3)
    halves = [int(word) >> shift & 0xFFFFFFFF for word in words for shift in (0, 32)][:5]
    expected = [((half >> 9) + 0.5) / 2**23 for half in halves]
    assert unit_noise(key_of("unit"), (5, 1)).ravel().tolist() == expected


def test_unit_noise_is_uniform_and_never_an_end():
    noise = unit_noise(key_of("ends"), (400, 500))
    assert 0 < noise.min() < 1e-4
    assert 1 - 1e-4 < noise.max() < 1
    assert stats.kstest(noise.ravel(), "uniform").pvalue > 1e-3


@pytest.mark.parametrize("mean", [0.0, 0.01, 0.7, 5.0, 10.0])
def test_small_poisson_numbers_are_exact_quantiles(mean):
    means = np.full((300, 400), mean, np.float32)
    expected = stats.poisson.ppf(unit_noise(key_of("few"), means.shape).astype(float), float(means[0, 0]))
    np.testing.assert_array_equal(poisson_noise(key_of("few"), means), expected)


@pytest.mark.parametrize("mean", [10.001, 30.0, 255.0, 40_000.0])
def test_large_poisson_numbers_are_rarely_one_off_their_quantiles(mean):
    """The upper 16 bits of the uniform number decide: a quantile is that of the middle of its 1/65536."""
    units = np.floor(unit_noise(key_of("many"), (100, 300)) * 65536.0) / 65536 + 0.5 / 65536
    found = poisson_noise(key_of("many"), np.full(units.shape, mean, np.float32))
    off = np.abs(found - stats.poisson.ppf(units, mean))
    assert off.max() <= 1
    assert off.mean() < 0.003


def test_poisson_numbers_of_a_picture_do_not_depend_on_its_other_means():
    means = np.linspace(0, 100, 200_000, dtype=np.float32)
    first = means.copy()
    first[100_000:] = 3
    together, apart = (poisson_noise(key_of("each"), values)[:100_000] for values in (means, first))
    np.testing.assert_array_equal(together, apart)


def test_units_and_counts_stay_what_they_are():
    means = np.array([[0.5, 9], [11, 1000]], np.float32)
    assert unit_noise(key_of("a"), (2, 2)).tolist() == [
        [0.6260594725608826, 0.2698395848274231],
        [0.6078035235404968, 0.3605284094810486],
    ]
    assert poisson_noise(key_of("a"), means).tolist() == [[1, 7], [12, 989]]
