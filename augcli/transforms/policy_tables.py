"""Published augmentation policies as data: spaces of magnitudes, and AutoAugment's learned sub-policies.

Operations have our names: Color is `saturation`, Sharpness `sharpen`. A magnitude is one of a few bins.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

GEOMETRIC = ("rotate", "shear_x", "shear_y", "translate_x", "translate_y")
FACTORS = ("brightness", "saturation", "contrast", "sharpen")
TONES = ("autocontrast", "equalize", "posterize", "solarize")


@dataclass(frozen=True)
class MagnitudeSpace:
    """What the bins 0 to `bins` - 1 of a magnitude mean for each operation.

    `most` is what the last bin means where a sign is drawn: degrees of a rotation, slope of a shear, shift
    (a share of the side; pixels where `in_pixels`), or what a factor differs from 1. `posterized` is how many
    of 8 bits the last bin takes away.
    """

    bins: int
    most: Mapping[str, float]
    posterized: int
    in_pixels: bool = False

    def is_signed(self, op: str) -> bool:
        """Whether a sign is drawn."""
        return op in self.most

    def number(self, op: str, chosen: int) -> float:
        """What a bin means, without a sign: bits of posterize, a share of the range of solarize.

        0 for operations without a magnitude. The last bin of solarize inverts all, the first one nothing.
        """
        last = self.bins - 1
        if op in self.most:
            return self.most[op] * chosen / last
        if op == "posterize":
            return 8 - round(self.posterized * chosen / last)
        return (last - chosen) / last if op == "solarize" else 0.0


def _most(rotate: float, shear: float, translate: float, factor: float) -> dict[str, float]:
    moved = {"rotate": rotate, "shear_x": shear, "shear_y": shear}
    return moved | {"translate_x": translate, "translate_y": translate} | dict.fromkeys(FACTORS, factor)


RAND_AUGMENT = MagnitudeSpace(
    31, _most(rotate=30.0, shear=0.3, translate=150 / 331, factor=0.9), posterized=4
)
AUTO_AUGMENT = MagnitudeSpace(10, RAND_AUGMENT.most, posterized=4)
WIDE = MagnitudeSpace(
    31, _most(rotate=135.0, shear=0.99, translate=32.0, factor=0.99), posterized=6, in_pixels=True
)
DRAWN_ALIKE = ("identity", *GEOMETRIC, *FACTORS, *TONES)  # the 14 of RandAugment and TrivialAugment


@dataclass(frozen=True)
class Chance:
    """One operation of a sub-policy: how likely it is, and its bin (0 where it has no magnitude)."""

    op: str
    p: float
    chosen: int


SubPolicy = tuple[Chance, ...]


def _read(table: str) -> tuple[SubPolicy, ...]:
    """A line is a sub-policy: `posterize .4 8, rotate .6 9`."""
    lines = table.strip().splitlines()
    return tuple(tuple(_chance(*part.split()) for part in line.split(",")) for line in lines)


def _chance(op: str, p: str, chosen: str = "0") -> Chance:
    return Chance(op, float(p), int(chosen))


_IMAGENET = """
posterize .4 8, rotate .6 9
solarize .6 5, autocontrast .6
equalize .8, equalize .6
posterize .6 7, posterize .6 6
equalize .4, solarize .2 4
equalize .4, rotate .8 8
solarize .6 3, equalize .6
posterize .8 5, equalize 1
rotate .2 3, solarize .6 8
equalize .6, posterize .4 6
rotate .8 8, saturation .4 0
rotate .4 9, equalize .6
equalize 0, equalize .8
invert .6, equalize 1
saturation .6 4, contrast 1 8
rotate .8 8, saturation 1 2
saturation .8 8, solarize .8 7
sharpen .4 7, invert .6
shear_x .6 5, equalize 1
saturation .4 0, equalize .6
equalize .4, solarize .2 4
solarize .6 5, autocontrast .6
invert .6, equalize 1
saturation .6 4, contrast 1 8
equalize .8, equalize .6
"""
_CIFAR10 = """
invert .1, contrast .2 6
rotate .7 2, translate_x .3 9
sharpen .8 1, sharpen .9 3
shear_y .5 8, translate_y .7 9
autocontrast .5, equalize .9
shear_y .2 7, posterize .3 7
saturation .4 3, brightness .6 7
sharpen .3 9, brightness .7 9
equalize .6, equalize .5
contrast .6 7, sharpen .6 5
saturation .7 7, translate_x .5 8
equalize .3, autocontrast .4
translate_y .4 3, sharpen .2 6
brightness .9 6, saturation .2 8
solarize .5 2, invert 0
equalize .2, autocontrast .6
equalize .2, equalize .6
saturation .9 9, equalize .6
autocontrast .8, solarize .2 8
brightness .1 3, saturation .7 0
solarize .4 5, autocontrast .9
translate_y .9 9, translate_y .7 9
autocontrast .9, solarize .8 3
equalize .8, invert .1
translate_y .7 9, autocontrast .9
"""
_SVHN = """
shear_x .9 4, invert .2
shear_y .9 8, invert .7
equalize .6, solarize .6 6
invert .9, equalize .6
equalize .6, rotate .9 3
shear_x .9 4, autocontrast .8
shear_y .9 8, invert .4
shear_y .9 5, solarize .2 6
invert .9, autocontrast .8
equalize .6, rotate .9 3
shear_x .9 4, solarize .3 3
shear_y .8 8, invert .7
equalize .9, translate_y .6 6
invert .9, equalize .6
contrast .3 3, rotate .8 4
invert .8, translate_y 0 2
shear_y .7 6, solarize .4 8
invert .6, rotate .8 4
shear_y .3 7, translate_x .9 3
shear_x .1 6, invert .6
solarize .7 2, translate_y .6 7
shear_y .8 4, invert .8
shear_x .7 9, translate_y .8 3
shear_y .8 5, autocontrast .7
shear_x .7 2, invert .1
"""
SUB_POLICIES = {"imagenet": _read(_IMAGENET), "cifar10": _read(_CIFAR10), "svhn": _read(_SVHN)}
