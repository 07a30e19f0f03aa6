"""Label spaces: which value of a pixel map means which category. COCO's own table of categories."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal

from augcli.errors import DatasetError

SpaceName = Literal["json", "stuffthingmaps", "train171", "file"]
Entry = Mapping[str, Any]  # of `categories`, as a file has it: `id`, `name` and more

HIGHEST = 65_535  # a pixel map has at most 16 bits
OTHER = 183  # COCO's "other": all things, in the stuff files
FIRST_STUFF = 92
UNUSED = frozenset({12, 26, 29, 30, 45, 66, 68, 69, 71, 83, 91})  # no annotation of COCO has them
_COCO = ("stuffthingmaps", "train171")  # the spaces that are made for COCO's categories alone


@dataclass(frozen=True)
class LabelSpace:
    """A label space: the value of each category by its id, and the value of pixels that have no label.

    `without` are the ids of categories that have no value here: their pixels are unlabelled.
    """

    name: str
    unlabelled: int
    values: Mapping[int, int]
    without: tuple[int, ...] = ()

    @property
    def is_deep(self) -> bool:
        """Whether 8 bits are too few for its values."""
        return max(self.values.values(), default=0) > 255

    def sentence(self) -> str:
        """What the values are, in a few words."""
        return f"{_MEANINGS[self.name]}, {self.unlabelled} is unlabelled"


_MEANINGS = {
    "json": "values are category ids",
    "stuffthingmaps": "values are category ids less 1",
    "train171": "values are COCO's 171 training ids",
    "file": "values are the categories in file order from 1",
    "instance": "values are the instances of a picture from 1",
    "panoptic": "colours are segment ids, R + 256 G + 65536 B",
}


@cache
def coco_categories() -> tuple[dict[str, Any], ...]:
    """COCO's 183 categories in the order of their ids, the eleven that no annotation has among them."""
    text = files("augcli.labels.label_maps").joinpath("coco_categories.txt").read_text("utf-8")
    rows = (line.split(" ", 2) for line in text.splitlines()[1:])
    return tuple({"supercategory": above, "id": int(number), "name": name} for number, above, name in rows)


def has_coco_stuff(categories: Iterable[Entry]) -> bool:
    """Whether COCO's stuff classes are among the categories, by id and name."""
    names = {entry["id"]: entry["name"] for entry in coco_categories()[FIRST_STUFF - 1 :]}
    return any(names.get(entry["id"], "") == entry.get("name") for entry in categories)


def is_whole(value: object) -> bool:
    """Whether a value of JSON is a whole number of at most 64 bits."""
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < 1 << 63


def space_of(name: SpaceName, categories: Sequence[Entry], *, where: str) -> LabelSpace:
    """The label space of this name for the categories of a file, each with an id of its own.

    `json` has ids as they are, `stuffthingmaps` COCO's ids less 1, `train171` the 171 ids that models are
    trained with (80 things, then 91 stuff; mmsegmentation's coco_stuff164k), `file` 1, 2, ... in the order of
    the file. Unlabelled is 255 in the two of COCO, else 0. Raises DatasetError for ids that have no place.
    """
    if name == "file":
        values = {entry["id"]: value for value, entry in enumerate(categories, 1)}
        _check_range(name, values, where)
        return LabelSpace(name, 0, values)
    if name == "json":
        values = {entry["id"]: entry["id"] for entry in categories}
        _check_range(name, values, where)
        return LabelSpace(name, 0, values)
    ids = [entry["id"] for entry in categories]
    _check_coco(name, ids, where)
    table = _coco_values(name)
    without = tuple(number for number in ids if number not in table)
    return LabelSpace(name, 255, {number: table[number] for number in ids if number in table}, without)


def _coco_values(name: SpaceName) -> dict[int, int]:
    """The value of each of COCO's ids that has one."""
    used = [number for number in range(1, OTHER) if name == "stuffthingmaps" or number not in UNUSED]
    return {number: number - 1 if name == "stuffthingmaps" else at for at, number in enumerate(used)}


def _check_coco(name: str, ids: Sequence[int], where: str) -> None:
    if wrong := [number for number in ids if not 1 <= number <= OTHER]:
        what = f"label space {name} is of COCO's categories 1 to {OTHER}, and there is a category {wrong[0]}"
        raise DatasetError(
            what, where=where, hint="take the space json, or file" if min(ids) > 0 else "take the space file"
        )


def _check_range(name: str, values: Mapping[int, int], where: str) -> None:
    if wrong := [number for number, value in values.items() if not 1 <= value <= HIGHEST]:
        hint = "take the space file" if name == "json" else "leave out categories"
        what = f"category {wrong[0]} has no value in label space {name}: values are 1 to {HIGHEST}"
        raise DatasetError(f"{what}, and 0 is unlabelled" if name == "json" else what, where=where, hint=hint)


def category_of(space: LabelSpace) -> dict[int, int]:
    """The id of the category that each value means."""
    return {value: number for number, value in space.values.items()}
