"""Random numbers that depend on names alone: hashes, counter-based words, numbers from words.

A draw's key is a hash of what it is for (seed, source, variant, copy, path, field). Philox 4x64-10
(Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3") turns a key into 64-bit words; the few
lines here turn words into numbers, so that no library version changes a draw.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass, field
from statistics import NormalDist
from typing import Any

import numpy as np
import numpy.typing as npt

_STANDARD_NORMAL = NormalDist()


def key_of(*parts: str | int) -> str:
    """The 128-bit BLAKE2b hash of the parts, as 32 hexadecimal digits. No two lists of parts collide."""
    digest = hashlib.blake2b(digest_size=16)
    for part in parts:
        data = f"{type(part).__name__}:{part}".encode("utf-8", "surrogateescape")
        digest.update(len(data).to_bytes(8, "little"))
        digest.update(data)
    return digest.hexdigest()


def raw_words(key: str, count: int) -> npt.NDArray[np.uint64]:
    """The first `count` words of a key's stream."""
    words: npt.NDArray[np.uint64] = np.random.Philox(key=int(key, 16)).random_raw(count)
    return words


def uniform_noise(key: str, height: int, width: int) -> npt.NDArray[np.float32]:
    """Numbers uniform in (-1, 1), float32 of shape (height, width), two to a word."""
    words = raw_words(key, (height * width + 1) // 2).astype("<u8").view("<u4")[: height * width]
    noise = (words.astype(np.float64) + 0.5) * 2.0**-31 - 1.0
    return noise.astype(np.float32).reshape(height, width)


def normal_noise(key: str, shape: tuple[int, ...]) -> npt.NDArray[np.float32]:
    """Standard normal numbers, float32, four to a word: 16 bits each through the exact quantile function."""
    count = int(np.prod(shape))
    words = raw_words(key, (count + 3) // 4).astype("<u8").view("<u2")[:count]
    noise: npt.NDArray[np.float32] = _normal_quantiles()[words].reshape(shape)
    return noise


def unit_noise(key: str, shape: tuple[int, ...]) -> npt.NDArray[np.float32]:
    """Numbers uniform in (0, 1), float32, two to a word: the midpoints of 2^23 equal parts."""
    count = int(np.prod(shape))
    words = raw_words(key, (count + 1) // 2).astype("<u8").view("<u4")[:count]
    units = (words >> 9).astype(np.float32)
    units += 0.5
    units *= 2.0**-23
    return units.reshape(shape)


def poisson_noise(key: str, means: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Poisson numbers of these means (any shape), float32: each the quantile of one uniform number.

    Up to a mean of 10 they are found by summing the probabilities. Above, they are the rounded Cornish-Fisher
    expansion to the order of 1/sqrt(mean) (Abramowitz and Stegun 26.2.49), which is one off the quantile in
    less than 0.3 % of the draws.
    """
    units, flat = unit_noise(key, means.shape).ravel(), means.ravel()
    counts = np.empty(flat.size, np.float32)
    for start in range(0, flat.size, _CHUNK):
        part = slice(start, start + _CHUNK)
        counts[part] = _poisson_quantiles(units[part], flat[part])
    return counts.reshape(means.shape)


_CHUNK = 65_536  # keeps the float64 temporaries in the processor's cache
_MOST_SUMMED = 10.0


def _poisson_quantiles(
    units: npt.NDArray[np.float32], means: npt.NDArray[np.float32]
) -> npt.NDArray[np.float64]:
    z = _normal_quantiles()[(units * 65536).astype(np.intp)].astype(np.float64)
    root = np.sqrt(np.maximum(means, _MOST_SUMMED), dtype=np.float64)
    square = z * z  # z**3 would be a slow power
    counts = np.rint(means + root * z + (square - 1) / 6 - (square + 2) * z / (72 * root))
    few = means <= _MOST_SUMMED
    counts[few] = _summed_quantiles(units[few], means[few].astype(np.float64))
    return np.asarray(np.maximum(counts, 0))


def _summed_quantiles(
    units: npt.NDArray[np.float32], means: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """The smallest k whose cumulative probability is at least the unit; means of at most 10."""
    counts = np.zeros(means.shape)
    chance = np.exp(-means)
    total = chance.copy()
    for k in range(1, 60):  # of mean 10, more than 59 have a chance below 1e-23
        beyond = units > total
        if not beyond.any():
            break
        counts[beyond] = k
        chance *= means / k
        total += chance
    return counts


@dataclass
class Words:
    """One field's stream of words, read one number at a time."""

    key: str
    _words: list[int] = field(default_factory=list)
    _used: int = 0

    def word(self) -> int:
        """The next 64-bit word."""
        if self._used == len(self._words):
            self._words = [int(w) for w in raw_words(self.key, max(4, 2 * len(self._words)))]
        self._used += 1
        return self._words[self._used - 1]

    def unit(self) -> float:
        """Uniform in [0, 1)."""
        return (self.word() >> 11) * 2.0**-53

    def between(self, low: float, high: float) -> float:
        """Uniform in [low, high], both ends included."""
        share = (self.word() >> 11) / (2.0**53 - 1.0)
        return min(high, low + (high - low) * share)

    def integer(self, low: int, high: int) -> int:
        """A whole number, uniform from low to high, both ends included."""
        return low + (self.word() * (high - low + 1) >> 64)

    def normal(self) -> float:
        """A standard normal number."""
        return _STANDARD_NORMAL.inv_cdf(((self.word() >> 12) + 0.5) * 2.0**-52)  # never 0 or 1

    def gamma(self, shape: float) -> float:
        """A gamma number of this shape (above 0) and scale 1; Marsaglia and Tsang 2000."""
        if shape < 1:
            return self.gamma(shape + 1) * math.pow(1 - self.unit(), 1 / shape)
        d = shape - 1 / 3
        while True:
            x = self.normal()
            v = (1 + x / math.sqrt(9 * d)) ** 3
            if v > 0 and math.log(1 - self.unit()) < x * x / 2 + d - d * v + d * math.log(v):
                return d * v


@dataclass(frozen=True)
class Draws:
    """Where a draw stands: (seed, source key, variant, copy) and the path of names below them."""

    parts: tuple[str | int, ...]

    @property
    def copy(self) -> int:
        """The number of the copy, from 1."""
        return int(self.parts[3])

    def at(self, name: str) -> Draws:
        """The draws of a step or group called `name` below this one."""
        return Draws((*self.parts, name))

    def words(self, field_name: str) -> Words:
        """The stream of words of one field."""
        return Words(self.key(field_name))

    def key(self, field_name: str) -> str:
        """The key of one field: what a noise field is stored as."""
        return key_of(*self.parts, field_name)


_quantiles: list[npt.NDArray[Any]] = []


def _normal_quantiles() -> npt.NDArray[np.float32]:
    """The standard normal quantiles of the 65,536 midpoints, computed once in a process."""
    if not _quantiles:
        half = [_STANDARD_NORMAL.inv_cdf((i + 0.5) / 65536) for i in range(32768)]
        _quantiles.append(np.array(half + [-q for q in reversed(half)], np.float32))
    return _quantiles[0]
