"""A folder with small data sets of the names that the manual's examples use."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

SIZE = (340, 300)
NAMES = ("000000000139", "000000000285")
SQUARE = [20, 20, 120, 20, 120, 100, 20, 100]


def furnish(root: Path) -> None:
    """Write `photos/`, `data/raw/`, `coco/`, `annotations/` with `val2017/`, and `predicted/`."""
    for seed, name in enumerate("ab"):
        _photo(root / f"photos/images/{name}.jpg", seed)
        _stripes(root / f"photos/masks/{name}.png", 1)
    shutil.copytree(root / "photos", root / "data/raw")
    for seed, name in enumerate(NAMES):
        _photo(root / f"coco/train2017/{name}.jpg", seed)
        _photo(root / f"val2017/{name}.jpg", seed)
        _stripes(root / f"predicted/{name}.png", 100)
        _stripes(root / f"annotations/panoptic_val2017/{name}.png", (1, 0, 0))
    _annotations(root / "coco/annotations/instances_train2017.json", 1, segmentation=[SQUARE])
    _annotations(root / "annotations/instances_val2017.json", 1, segmentation=[SQUARE])
    _annotations(root / "annotations/stuff_val2017.json", 92, segmentation=[SQUARE])
    _panoptic(root / "annotations/panoptic_val2017.json")


def _photo(path: Path, seed: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    color = tuple(int(level) for level in np.random.default_rng(seed).integers(0, 256, 3))
    Image.new("RGB", SIZE, color).save(path)


def _stripes(path: Path, value: int | tuple[int, int, int]) -> None:
    """A mask whose right half has a value, or a colour."""
    path.parent.mkdir(parents=True, exist_ok=True)
    image = Image.new("L" if isinstance(value, int) else "RGB", SIZE)
    image.paste(value, (SIZE[0] // 2, 0, *SIZE))
    image.save(path)


def _annotations(path: Path, category: int, **label: Any) -> None:
    """A file with one annotation of the category for each image."""
    box = {"bbox": [20, 20, 100, 80], "area": 8000, "iscrowd": 0, "category_id": category}
    entries = [box | label | {"id": i, "image_id": int(name)} for i, name in enumerate(NAMES, start=1)]
    _write(path, entries, category)


def _panoptic(path: Path) -> None:
    segment = {"id": 1, "category_id": 1, "area": 51000, "bbox": [170, 0, 170, 300], "iscrowd": 0}
    entries = [
        {"image_id": int(name), "file_name": f"{name}.png", "segments_info": [segment]} for name in NAMES
    ]
    _write(path, entries, 1)


def _write(path: Path, annotations: list[dict[str, Any]], category: int) -> None:
    width, height = SIZE
    images = [
        {"id": int(name), "file_name": f"{name}.jpg", "width": width, "height": height} for name in NAMES
    ]
    categories = [{"id": category, "name": f"category {category}", "isthing": int(category < 92)}]
    path.parent.mkdir(parents=True, exist_ok=True)
    data = {"images": images, "annotations": annotations, "categories": categories}
    path.write_text(json.dumps(data), encoding="utf-8")
