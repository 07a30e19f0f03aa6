"""A picture with its masks laid over it: each class a tint and a contour, ignored pixels hatched.

A contour is a line in the class's colour with a light or dark rim inside it: where the picture hides the one,
the other is seen.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

from augcli.data import Array
from augcli.transforms.operations import luma

Rgb = tuple[int, int, int]

TINT, LINE, RIM, HATCH = 0.42, 0.95, 0.9, 0.7  # opacities
FINER = 2  # drawn so many times larger and then reduced: smooth edges, contours of fractions of a pixel
LINE_PIXELS, RIM_PIXELS = 2, 1  # of a contour, and of the rim inside it, before the reduction
HATCH_PIXELS = 7 * FINER
HATCH_LIGHT, HATCH_DARK = 225, 110
RIM_LIGHT, RIM_DARK = 255, 16
MIDDLE = 128  # of the lightness of a class's colour: darker ones have a light rim, others a dark one
TILE_GAP = 4  # pixels between a picture and a depth map or matte below it

# Twenty colours that neighbours can be told apart by, strong ones first.
QUALITATIVE: tuple[Rgb, ...] = (
    (230, 57, 70),
    (29, 120, 216),
    (255, 183, 3),
    (42, 157, 72),
    (155, 81, 224),
    (0, 188, 198),
    (247, 111, 30),
    (236, 72, 178),
    (143, 206, 48),
    (125, 84, 58),
    (93, 93, 235),
    (255, 145, 133),
    (0, 128, 115),
    (214, 179, 255),
    (158, 26, 76),
    (250, 225, 96),
    (122, 199, 255),
    (110, 122, 20),
    (150, 255, 190),
    (184, 116, 166),
)


@dataclass(frozen=True)
class LabelStyle:
    """What the labels of a mask look like.

    `palette` is RGB bytes by value; without one the colours are our own. With `is_rgb` a label is a packed
    colour, red highest. `ignore` is the label that means: no label here. 0 is background, and black.
    """

    palette: bytes | None = None
    is_rgb: bool = False
    ignore: int | None = None

    def color(self, label: int) -> Rgb:
        """The colour of a label."""
        if self.is_rgb:
            return label >> 16, (label >> 8) & 255, label & 255
        if self.palette and label < len(self.palette) // 3:
            red, green, blue = self.palette[3 * label : 3 * label + 3]
            return red, green, blue
        return QUALITATIVE[(label - 1) % len(QUALITATIVE)]

    def is_shown(self, label: int) -> bool:
        """Whether a label is drawn at all."""
        return label != 0 or label == self.ignore


def colorful(palette: bytes | None) -> bytes | None:
    """A palette that tells classes apart by colour; None for one of greys alone."""
    entries = np.frombuffer(palette or b"", np.uint8).reshape(-1, 3)
    return palette if (entries != entries[:, :1]).any() else None


@dataclass(frozen=True)
class Overlaid:
    """A picture with its masks over it, the same without them, and the (mask name, label) that are seen."""

    picture: Image.Image
    plain: Image.Image
    seen: set[tuple[str, int]]


def overlaid(
    image: Array,
    masks: Mapping[str, Array],
    looks: Mapping[str, LabelStyle],
    box: int,
    over: Callable[[Image.Image], None] | None = None,
) -> Overlaid:
    """Draw a picture in a square of `box` pixels.

    `image` is uint8 (H, W, 1, 3 or 4), alpha lies on white; masks are (H, W), or (H, W, 3) of colours. `over`
    draws further on it, FINER times as large as it will be.
    """
    width, height = fitted_size((image.shape[1], image.shape[0]), box)
    fine = (FINER * width, FINER * height)
    canvas = np.asarray(flattened(image).resize(fine, Image.Resampling.LANCZOS), np.float32)
    plain, seen = _finished(canvas), set[tuple[str, int]]()
    for name, values in masks.items():
        labels = reduced(packed(values), fine)
        canvas, shown = painted(canvas, labels, looks[name])
        seen |= {(name, label) for label in shown}
    return Overlaid(_finished(canvas, over) if masks or over else plain, plain, seen)


def _finished(
    canvas: npt.NDArray[np.float32], over: Callable[[Image.Image], None] | None = None
) -> Image.Image:
    picture = Image.fromarray(np.rint(np.clip(canvas, 0, 255)).astype(np.uint8))
    if over:
        over(picture)
    return picture.reduce(FINER)


def fitted_size(size: tuple[int, int], box: int) -> tuple[int, int]:
    """The largest size of the same ratio in a square."""
    longest = max(size)
    return max(1, round(size[0] * box / longest)), max(1, round(size[1] * box / longest))


def below(first: Image.Image, others: Sequence[Image.Image]) -> Image.Image:
    """Pictures of one width below each other, on white."""
    pictures = [first, *others]
    height = sum(picture.height for picture in pictures) + TILE_GAP * len(others)
    column = Image.new("RGB", (first.width, height), "white")
    top = 0
    for picture in pictures:
        column.paste(picture, (0, top))
        top += picture.height + TILE_GAP
    return column


def flattened(image: Array) -> Image.Image:
    """A picture of 1, 3 or 4 channels as RGB."""
    if image.shape[2] < 4:
        return Image.fromarray(image[..., 0] if image.shape[2] == 1 else image).convert("RGB")
    white = Image.new("RGBA", (image.shape[1], image.shape[0]), "white")
    return Image.alpha_composite(white, Image.fromarray(image)).convert("RGB")


def packed(values: Array) -> npt.NDArray[np.int64]:
    """Labels as one whole number each: values as they are, colours as red * 65536 + green * 256 + blue."""
    wide = values.astype(np.int64)
    return wide if values.ndim == 2 else (wide[..., 0] << 16) | (wide[..., 1] << 8) | wide[..., 2]


def reduced(labels: npt.NDArray[np.int64], size: tuple[int, int]) -> npt.NDArray[np.int64]:
    """The labels at the centres of the pixels of another size (width, height)."""
    rows, columns = (
        (2 * np.arange(wanted) + 1) * length // (2 * wanted)
        for wanted, length in zip(size[::-1], labels.shape, strict=True)
    )
    picked: npt.NDArray[np.int64] = labels[rows[:, None], columns[None, :]]
    return picked


def painted(
    canvas: npt.NDArray[np.float32], labels: npt.NDArray[np.int64], look: LabelStyle
) -> tuple[npt.NDArray[np.float32], list[int]]:
    """Lay labels (H, W) over colours (H, W, 3) of 0 to 255; returns the result and what is drawn."""
    known, places = np.unique(labels, return_inverse=True)
    places = places.reshape(labels.shape)
    shown = [int(label) for label in known if look.is_shown(int(label))]
    palette = np.array([look.color(int(label)) for label in known], np.float32)
    colors = palette[places]
    opacity = np.where([look.is_shown(int(label)) for label in known], TINT, 0.0)[places]
    drawn, line = opacity > 0, contours(places, LINE_PIXELS)
    rim = drawn & ~line & contours(places, LINE_PIXELS + RIM_PIXELS)
    colors[rim], opacity[rim] = rims(palette)[places[rim]], RIM
    if look.ignore in shown:
        ignored = labels == look.ignore
        colors[ignored] = hatching(labels.shape)[ignored]
        opacity[ignored] = HATCH
    opacity[drawn & line] = LINE
    return _blended(canvas, colors, opacity), shown


def _blended(
    canvas: npt.NDArray[np.float32], colors: npt.NDArray[np.float32], opacity: Array
) -> npt.NDArray[np.float32]:
    share = opacity[..., None].astype(np.float32)
    mixed: npt.NDArray[np.float32] = canvas * (1 - share) + colors * share
    return mixed


def hatching(shape: Sequence[int]) -> npt.NDArray[np.float32]:
    """Grey stripes (H, W, 3) at 45 degrees."""
    rows, columns = np.indices((shape[0], shape[1]))
    is_light = (rows + columns) % HATCH_PIXELS < HATCH_PIXELS // 2
    stripes = np.where(is_light, np.float32(HATCH_LIGHT), np.float32(HATCH_DARK))
    return np.repeat(stripes[..., None], 3, axis=2)


def rims(colors: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """The greys (N, 3) that stand out from colours (N, 3)."""
    is_dark = luma(colors) < MIDDLE
    greys = np.where(is_dark, np.float32(RIM_LIGHT), np.float32(RIM_DARK))
    return np.repeat(greys[:, None], 3, axis=1)


def contours(labels: Array, pixels: int) -> npt.NDArray[np.bool_]:
    """The pixels (H, W) that lie within so many of another label, inside their own."""
    edge = np.zeros(labels.shape, bool)
    for step in range(1, pixels + 1):
        across = labels[:, step:] != labels[:, :-step]
        down = labels[step:] != labels[:-step]
        edge[:, step:] |= across
        edge[:, :-step] |= across
        edge[step:] |= down
        edge[:-step] |= down
    return edge
