"""Keypoints: moved, gone where they are cut off, left and right exchanged by mirrors.

COCO counts keypoints in pixels, the centre of the first is 0: half a pixel less than coordinates elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from augcli.data import Array
from augcli.geometry import Field, Floats, Fold, Projective, Warp
from augcli.geometry.projective import HORIZON
from augcli.labels.validate import Category

HALF = 0.5
_SIDES = {"left": "right", "right": "left"}
_LETTERS = {"l": "left", "r": "right"}
_SPELLED = re.compile(r"(?<![a-z])(left|right)(?=[a-z])", re.IGNORECASE)  # lefteye, and not bright
_CUTS = re.compile(
    r"[\s_./:-]+|(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|(?<=[A-Za-z])(?=[0-9])|(?<=[0-9])(?=[A-Za-z])"
)


def moved_keypoints(
    all_keypoints: Sequence[Sequence[float]],
    warp: Warp,
    categories: Sequence[Category | None],
    mirror: Sequence[tuple[str, str]] = (),
    taken: Array | None = None,
) -> list[Floats]:
    """Keypoints (K, 3) of objects, x, y and flag, each with its category, where the warp takes them.

    See `moved_points`. Where the warp is a mirror, the points that `swapped` pairs change places.
    """
    result = moved_points(all_keypoints, warp, taken)
    if not is_mirror(warp):
        return result
    return [_exchanged(*pair, mirror) for pair in zip(result, categories, strict=True)]


def moved_points(
    all_keypoints: Sequence[Sequence[float]], warp: Warp, taken: Array | None = None
) -> list[Floats]:
    """Lists of points (K, 3), x, y and flag in pixel indices, where the warp takes them, in their order.

    What is not labelled, leaves the frame, is cut off by a fold or lies on a pixel that is `taken` (H, W)
    from the labels is (0, 0, 0).
    """
    each = [_labelled(keypoints) for keypoints in all_keypoints]
    if not each:
        return []
    points = np.concatenate(each)
    places, lost = seen_points(points[:, :2] + HALF, warp, taken)
    gone = lost | (points[:, 2] == 0)
    moved = np.where(gone[:, None], 0.0, np.column_stack([places - HALF, points[:, 2]]))
    return np.split(moved, np.cumsum([len(keypoints) for keypoints in each])[:-1])


def _exchanged(points: Floats, category: Category | None, mirror: Sequence[tuple[str, str]]) -> Floats:
    """The points of an object with left and right exchanged, where its category names them."""
    names = category.keypoints if category else ()
    return points[swapped(names, mirror)] if len(names) == len(points) else points


def _labelled(keypoints: Sequence[float]) -> Floats:
    """The points (K, 3) of a flat list; those that are not labelled hold nothing but zeros."""
    flags = keypoints[2::3]
    points = zip(keypoints[::3], keypoints[1::3], flags, strict=True)
    return np.array([point if point[2] else (0, 0, 0) for point in points], np.float64).reshape(-1, 3)


def seen_points(
    points: Floats, warp: Warp, taken: Array | None = None
) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """Where points (N, 2) go, in pixel edges, and which are not in the output, or taken (H, W) from it.

    Where a field turns over it may show a point nowhere.
    """
    (x, y), lost = points.T, np.zeros(len(points), bool)
    for step in (*warp.maps, Fold.of(warp.target)):
        if isinstance(step, Fold):
            lost |= step.outside(x, y)
        elif isinstance(step, Projective):
            g, h, i = step.matrix()[2]
            lost |= x * g + (y * h + i) <= HORIZON
        before, (x, y) = (x, y), step.push(x, y)
        if isinstance(step, Field):
            lost |= np.hypot(*np.subtract(step.pull(x, y), before)) > HALF
    if taken is not None:
        columns, rows = (np.where(lost, 0, value).astype(np.intp) for value in (x, y))
        lost |= taken[rows, columns] != 0
    return np.stack([x, y], axis=-1), lost


def is_mirror(warp: Warp) -> bool:
    """Whether the warp turns objects over: its Jacobian is negative, wherever it shows the source.

    That of a projective map has the sign of its determinant on this side of the horizon. A field may turn
    over between neighbouring pixels; that makes no mirror.
    """
    return sum(step.is_mirror for step in warp.maps if isinstance(step, Projective)) % 2 == 1


def swapped(names: Sequence[str], mirror: Sequence[tuple[str, str]] = ()) -> list[int]:
    """For each keypoint the number of the one that stands there in a mirror.

    Names of equal words but for left and right are pairs (left_eye and right_eye, leftEye and rightEye,
    L_F_Paw and R_F_Paw, eyeL and eyeR, LShoulder and RShoulder), and those of `mirror`.
    """
    others = _by_name(names)
    for one, other in mirror:
        others |= {one: other, other: one}
    places = {name: number for number, name in enumerate(names)}
    there = [places.get(others[name], number) for number, name in enumerate(names)]
    return [other if there[other] == number else number for number, other in enumerate(there)]


def unpaired(names: Sequence[str], mirror: Sequence[tuple[str, str]] = ()) -> list[str]:
    """The keypoints that a mirror leaves in their places although their names say a side.

    The letters l and r say one only where a mirror exchanges others.
    """
    there = swapped(names, mirror)
    any_pairs = there != list(range(len(names)))
    alone = (name for number, name in enumerate(names) if there[number] == number)
    return [name for name in alone if side_of(name) and (any_pairs or re.search("left|right", name, re.I))]


def side_of(name: str) -> str:
    """The side that a keypoint's name says: `left` or `right` (the first, if it says both), or nothing."""
    return next((word for word in words_of(name) if word in _SIDES), "")


def other_side(words: Sequence[str]) -> tuple[str, ...]:
    """The words of a name with left and right exchanged."""
    return tuple(_SIDES.get(word, word) for word in words)


def _by_name(names: Sequence[str]) -> dict[str, str]:
    """For each name the one on the other side; itself where there is none, or where it may be several."""
    called: dict[tuple[str, ...], list[str]] = {}
    for name in dict.fromkeys(names):
        called.setdefault(words_of(name), []).append(name)
    alone = {words: own[0] for words, own in called.items() if len(own) == 1}
    return {name: name for name in names} | {n: alone.get(other_side(words), n) for words, n in alone.items()}


def words_of(name: str) -> tuple[str, ...]:
    """The words of a name in lower case, the sides as `left` and `right`.

    Words are cut at capitals, digits and separators. The letters l and r are sides where they are the first
    word, or the last but for numbers, and no side is spelled out.
    """
    words = [word.lower() for word in _CUTS.split(_SPELLED.sub(r"\1_", name)) if word]
    letters = [place for place, word in enumerate(words) if not word.isdecimal()]
    if letters and not _SIDES.keys() & set(words):
        for place in (letters[0], letters[-1]):
            words[place] = _LETTERS.get(words[place], words[place])
    return tuple(words)
