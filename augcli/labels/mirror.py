"""Left and right in mirrored copies: which variants mirror, and whose sides a mirror cannot exchange."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec

from augcli.data import AnnotationHead, Dataset
from augcli.errors import DatasetError, printable
from augcli.labels.keypoints import other_side, swapped, unpaired, words_of
from augcli.labels.validate import Category, categories_of
from augcli.recipe import Recipe, Variant
from augcli.recipe.traverse import steps_of
from augcli.text import scalar
from augcli.transforms import Transform

FLIPS = {
    "horizontal_flip": "mirrors",
    "vertical_flip": "turns upside down",
    "transpose": "transposes",
    "anti_transpose": "transposes",
}
ALIKE = 0.75  # of difflib's ratio: of a name that is a slip of another
Pairs = Sequence[tuple[str, str]]


def can_mirror(variant: Variant) -> bool:
    """Whether copies of a variant may be mirrored, none of its elastic fields folding.

    Mirrors that no copy is without cancel each other two and two. A plugin's step that moves pixels may do
    anything.
    """
    found = [placed for placed in steps_of(variant) if _turns_over(placed.transform)]
    if all(placed.always and placed.transform.p == 1 and not placed.transform.plugin for placed in found):
        return len(found) % 2 == 1
    return True


def _turns_over(transform: Transform) -> bool:
    return transform.p > 0 and (transform.name in FLIPS or (bool(transform.plugin) and transform.moves))


def check_mirror(recipe: Recipe, dataset: Dataset) -> None:
    """Raise DatasetError for a name in `input.mirror` that no keypoint and no class of a mask has."""
    heads = dataset.annotation_files.values()
    keypoints = (name for head in heads for one in _categories(head) for name in one.keypoints)
    classes = [*recipe.input.class_names.values(), *recipe.input.class_colors]
    known = dict.fromkeys((*classes, *keypoints))
    for name in (name for pair in recipe.input.mirror for name in pair):
        if name not in known:
            near = difflib.get_close_matches(name, known, 1)
            hint = f"did you mean {near[0]}?" if near else "name keypoints, or classes of masks"
            what = f"input.mirror names {name}, and no keypoint and no class is called so"
            raise DatasetError(printable(what), where=recipe.file, hint=printable(hint))


def mirror_remarks(recipe: Recipe, dataset: Dataset) -> Iterator[str]:
    """For each annotation file the keypoints that mirrored copies keep in their places, sides or no sides.

    Nothing is said of YOLO's data.yaml: there `flip_idx` has the pairs, and where it is missing that is said.
    """
    mirroring = [variant.name for variant in recipe.variants if can_mirror(variant)]
    if not mirroring:
        return
    for file, head in dataset.annotation_files.items():
        named = () if "flip_idx" in head.rest else _categories(head)
        doubtful = [one for one in named if _is_doubtful(one, recipe.input.mirror)]
        posed = _posed(dataset, file) if doubtful else {}
        if found := [one for one in doubtful if posed.get(one.id, 0) > (0 if one.keypoints else 1)]:
            more = f" and {len(found) - 1} more" if len(found) > 1 else ""
            said = _said(found[0], recipe.input.mirror, f"mirrored copies ({', '.join(mirroring)})")
            yield printable(f"{file}: category {found[0].name}{more}: {said}")


def _categories(head: AnnotationHead) -> Iterable[Category]:
    return categories_of(head.categories).values()


def _is_doubtful(category: Category, mirror: Pairs) -> bool:
    """Whether a mirror exchanges no keypoints of a category, or not all whose names say a side."""
    names = category.keypoints
    if len(names) == 1:
        return bool(unpaired(names, mirror))
    return swapped(names, mirror) == [*range(len(names))] or bool(unpaired(names, mirror))


class _Posed(msgspec.Struct):
    category_id: Any = None
    keypoints: Any = None


def _posed(dataset: Dataset, file: str) -> dict[int, int]:
    """How many keypoints annotations have at most, by category; of those that have any."""
    texts = (text for item in dataset.items for text in item.annotations.get(file, ()))
    found: dict[int, int] = {}
    for text in texts:
        if b'"keypoints"' in text:  # in files of a million annotations most have none
            own, points = (posed := _pose_of(text)).category_id, posed.keypoints
            if points and isinstance(points, list) and isinstance(own, int):
                found[own] = max(found.get(own, 0), len(points) // 3)
    return found


def _pose_of(text: bytes) -> _Posed:
    try:
        return msgspec.json.decode(text, type=_Posed)
    except (msgspec.MsgspecError, RecursionError):
        return _Posed()  # it is named where it is read


def _said(category: Category, mirror: Pairs, copies: str) -> str:
    """What becomes of a category's keypoints, and the mend."""
    names = category.keypoints
    if not names:
        stay = f"its keypoints have no names, and keep their places in {copies}"
        return f"{stay}; where some have sides, write their names into its keypoints"
    if alone := unpaired(names, mirror):
        line = _line(mirror, _close_pairs(alone, names, mirror))
        has, places = ("has", "its place") if len(alone) == 1 else ("have", "their places")
        lack = f"{has} no counterpart of the other side by name, and would keep {places} in {copies}"
        return f"{', '.join(alone)} {lack}; write {line}"
    line = _line(mirror, _guessed_pairs(names))
    lack = f"no keypoint has a counterpart of the other side by name, and all keep their places in {copies}"
    return f"{lack}; where some have one, write {line}"


def _close_pairs(alone: Sequence[str], names: Sequence[str], mirror: Pairs) -> list[tuple[str, str]]:
    """Names without a counterpart, each with the one that may be a slip of it."""
    there = swapped(names, mirror)
    free = {"_".join(words_of(name)): name for n, name in enumerate(names) if there[n] == n}
    pairs = []
    for name in alone:
        own = "_".join(words_of(name))
        others = [other for other in free if other != own]
        near = difflib.get_close_matches("_".join(other_side(words_of(name))), others, 1, ALIKE)
        if own in free and near:
            pairs.append((free.pop(own), free.pop(near[0])))
    return pairs


def _guessed_pairs(names: Sequence[str]) -> list[tuple[str, str]]:
    """Names that begin or end with l where others begin or end with r; none is in two pairs."""
    pairs: dict[str, str] = {}
    for name in names:
        for pattern, right in ((r"^l", "r"), (r"^L", "R"), (r"l$", "r"), (r"L$", "R")):
            other = re.sub(pattern, right, name)
            if other != name and other in names and not {name, other} & {*pairs, *pairs.values()}:
                pairs[name] = other
    return [*pairs.items()]


def _line(mirror: Pairs, pairs: Pairs) -> str:
    """The recipe's line with pairs, those that it has already and further ones."""
    each = [*mirror, *(pairs or [("LEFT_NAME", "RIGHT_NAME")])]
    shown = ", ".join(f"[{scalar(left)}, {scalar(right)}]" for left, right in each)
    return f"input: {{mirror: [{shown}]}}"
