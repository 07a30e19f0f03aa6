"""The demo's data: annotations.json is true COCO, and make_pairs.py writes what it says."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image
from pycocotools import mask as coco_mask
from support.paths import RECIPES

DEMO = RECIPES / "demo"
COCO: dict[str, Any] = json.loads((DEMO / "annotations.json").read_text(encoding="utf-8"))
IMAGES = {image["id"]: image for image in COCO["images"]}

# pycocotools 2.0.11 has not caught up with numpy 2's __array__
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


def make_pairs(dest: Path) -> str:
    command = [sys.executable, str(DEMO / "make_pairs.py"), str(dest)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    dest = tmp_path_factory.mktemp("demo") / "in"
    assert make_pairs(dest) == f"5 pairs written to {dest}\n"
    return dest


def pixels_of(annotation: dict[str, Any]) -> npt.NDArray[np.bool_]:
    image = IMAGES[annotation["image_id"]]
    parts = coco_mask.frPyObjects(annotation["segmentation"], image["height"], image["width"])
    return np.asarray(coco_mask.decode(coco_mask.merge(parts)), dtype=bool)


@pytest.mark.parametrize("kind", ["images", "categories", "annotations"])
def test_ids_count_from_one(kind: str) -> None:
    assert [entry["id"] for entry in COCO[kind]] == list(range(1, len(COCO[kind]) + 1))


def test_annotations_point_at_images_and_categories() -> None:
    assert {a["image_id"] for a in COCO["annotations"]} == set(IMAGES)
    assert {a["category_id"] for a in COCO["annotations"]} == {c["id"] for c in COCO["categories"]}
    assert {a["iscrowd"] for a in COCO["annotations"]} == {0}


def test_areas_count_the_pixels_that_coco_draws() -> None:
    assert [a["area"] for a in COCO["annotations"]] == [pixels_of(a).sum() for a in COCO["annotations"]]


def test_boxes_are_tight() -> None:
    for annotation in COCO["annotations"]:
        rows, columns = np.nonzero(pixels_of(annotation))
        left, top = columns.min(), rows.min()
        assert annotation["bbox"] == [left, top, columns.max() - left + 1, rows.max() - top + 1]


def test_polygons_have_corners_enough_and_stay_inside_their_picture() -> None:
    for annotation in COCO["annotations"]:
        image = IMAGES[annotation["image_id"]]
        for part in annotation["segmentation"]:
            points = np.reshape(part, (-1, 2))
            assert len(points) >= 3
            assert (points >= 0).all()
            assert (points <= (image["width"], image["height"])).all()


def test_pictures_are_the_bytes_that_scikit_image_ships(pairs: Path) -> None:
    written = {path.name: path.read_bytes() for path in (pairs / "images").iterdir()}
    shipped = files("skimage") / "data"
    assert written == {i["file_name"]: (shipped / i["file_name"]).read_bytes() for i in COCO["images"]}


def test_pictures_have_the_annotated_size(pairs: Path) -> None:
    for image in COCO["images"]:
        with Image.open(pairs / "images" / image["file_name"]) as picture:
            assert picture.size == (image["width"], image["height"])


def test_masks_hold_the_annotated_categories_in_a_palette(pairs: Path) -> None:
    for image in COCO["images"]:
        expected = {a["category_id"] for a in COCO["annotations"] if a["image_id"] == image["id"]}
        with Image.open((pairs / "masks" / image["file_name"]).with_suffix(".png")) as mask:
            palette = mask.getpalette()
            assert palette is not None
            assert mask.mode == "P"
            assert mask.size == (image["width"], image["height"])
            assert set(np.unique(np.asarray(mask)).tolist()) == expected | {0}
            for category in COCO["categories"]:
                start = 3 * category["id"]
                assert palette[start : start + 3] == category["color"]


def test_a_later_annotation_lies_on_top(pairs: Path) -> None:
    last = COCO["annotations"][-1]
    name = IMAGES[last["image_id"]]["file_name"]
    with Image.open((pairs / "masks" / name).with_suffix(".png")) as mask:
        assert set(np.asarray(mask)[pixels_of(last)].tolist()) == {last["category_id"]}


def test_the_same_files_are_written_twice(pairs: Path, tmp_path: Path) -> None:
    make_pairs(tmp_path)
    first, second = (
        {path.relative_to(root): path.read_bytes() for path in root.rglob("*.*")}
        for root in (pairs, tmp_path)
    )
    assert len(first) == 10
    assert first == second
