"""Random numbers that depend on names alone: hashes, counter-based words, numbers from words.

A draw's key is a hash of what it is for (seed, source, variant, copy, path, field). Philox 4x64-10
(Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3") turns a key into 64-bit words; the few
lines here turn words into numbers, so that no library version changes a draw.
"""

from __future__ import annotations

import hashlib
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


@dataclass(frozen=True)
class Draws:
    """Where a draw stands: (seed, source key, variant, copy) and the path of names below them."""

    parts: tuple[str | int, ...]

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
