"""What other annotated layouts are read into: items and a head as a file of COCO would have them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from augcli.data import AnnotationHead, Item
from augcli.formats.names import split_of
from augcli.formats.tree import File
from augcli.labels.coco_json import text_of

_KEYS = ("images", "annotations", "categories")
_WRITTEN = "annotations/instances.json"


def item_of(
    image: str,
    source: str,
    entry: Mapping[str, Any],
    objects: Iterable[tuple[str, Mapping[str, Any]]],
    numbers: Mapping[str, int],
) -> Item:
    """The item of an image: its entry, and its objects as (class, fields), by the `source` that says them.

    `numbers` are the category ids by class.
    """
    texts = [text_of({"image_id": 0, "category_id": numbers[name], **fields}) for name, fields in objects]
    return Item(
        File(image).key,
        image,
        split=split_of(File(image).folder),
        entries={source: text_of(entry)},
        annotations={source: tuple(texts)},
    )


def outlined(points: Sequence[Sequence[float]]) -> dict[str, Any]:
    """The fields of an object that one polygon says; its points are in pixel edges."""
    xs, ys = [point[0] for point in points], [point[1] for point in points]
    turned = zip(xs, ys, [*xs[1:], xs[0]], [*ys[1:], ys[0]], strict=True)
    return {
        "segmentation": [[value for point in points for value in point]],
        "bbox": [min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys)],
        "area": abs(sum(x * v - u * y for x, y, u, v in turned)) / 2,
    }


def head_of(
    path: Path,
    categories: Sequence[Mapping[str, Any]],
    items: Sequence[Item],
    faults: Sequence[str],
    rest: Mapping[str, bytes] = MappingProxyType({}),
) -> AnnotationHead:
    """What a file of COCO with these items would hold besides; `rest` are further texts of its keys."""
    return AnnotationHead(
        keys=_KEYS,
        rest={"categories": text_of(categories), **rest},
        categories=tuple(categories),
        faults=tuple(faults),
        path=path,
        written=_WRITTEN,
        order=tuple(item.key for item in items),
    )


def categories_of(numbers: Mapping[str, int]) -> tuple[dict[str, Any], ...]:
    """The categories of classes that have only a name, by their ids."""
    return tuple({"id": number, "name": name} for name, number in numbers.items())
