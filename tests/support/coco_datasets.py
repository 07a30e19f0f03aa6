"""Small made-up data sets of COCO, and recipes for them."""

import json

import numpy as np
from support.datasets_on_disk import save

FLIP = "variants: {fliplr: [horizontal_flip]}\n"
WARPED = """
variants:
  fliplr: [horizontal_flip]
  warped:
    copies: 2
    transforms:
      - rotate: {degrees: [-25, 25]}
      - elastic: {displacement_px: 2, sigma: 8}
      - random_crop: {size: 40x30}
"""
SQUARE = {"id": 11, "image_id": 7, "category_id": 3, "segmentation": [[4, 4, 16, 4, 16, 14, 4, 14]]}
SQUARE |= {"bbox": [4, 4, 12, 10], "area": 120, "iscrowd": 0, "note": "kept"}
CROWD = {"id": 12, "image_id": 7, "category_id": 5, "iscrowd": 1, "area": 4, "bbox": [0, 0, 2, 2]}
CROWD |= {"segmentation": {"size": [40, 50], "counts": [0, 2, 38, 2, 1958]}}
BOX = {"id": 13, "image_id": 9, "category_id": 5, "bbox": [30, 10, 10, 10], "area": 100, "iscrowd": 0}
IMAGES = [
    {"id": 7, "file_name": "a.png", "width": 50, "height": 40, "license": 4},
    {"id": 9, "file_name": "sub/b.png", "width": 50, "height": 40},
]
CATEGORIES = [{"id": 3, "name": "car", "supercategory": "vehicle"}, {"id": 5, "name": "cat"}]


def written(root, annotations, images=IMAGES, name="instances_train.json", **rest):
    for entry in images:
        pixels = np.random.default_rng(entry["id"]).integers(0, 256, (40, 50, 3), np.uint8)
        save(root / "images" / entry["file_name"], pixels)
    (root / "annotations").mkdir(exist_ok=True)
    data = {"info": {"year": 2017}, "images": images, "annotations": annotations, "categories": CATEGORIES}
    (root / "annotations" / name).write_text(json.dumps(data | rest))
    return root


SEGMENTS = [
    {"id": 258, "category_id": 3, "area": 200, "bbox": [0, 0, 20, 10], "iscrowd": 0},
    {"id": 65536, "category_id": 5, "area": 1, "bbox": [49, 39, 1, 1], "iscrowd": 0},
]


def written_panoptic(root):
    colors = np.zeros((40, 50, 3), np.uint8)
    colors[:10, :20], colors[39, 49] = (2, 1, 0), (0, 0, 1)
    save(root / "panoptic_train" / "a.png", colors)
    annotation = {"image_id": 7, "file_name": "a.png", "segments_info": SEGMENTS}
    return written(root, [annotation], IMAGES[:1], name="panoptic_train.json")


POSED = [
    {"id": 21, "image_id": 7, "category_id": 1, "bbox": [3.5, 4.25, 30, 28.5], "iscrowd": 0, "area": 855},
    SQUARE | {"id": 22, "category_id": 1, "segmentation": [[8.5, 3, 44, 6.25, 40, 35, 12, 33.75]]},
    SQUARE | {"id": 23, "category_id": 1, "segmentation": [[1, 1, 9, 1, 9, 9], [20, 20, 49, 20, 35, 39.5]]},
    CROWD
    | {
        "id": 24,
        "category_id": 1,
        "iscrowd": 0,
        "segmentation": {"size": [40, 50], "counts": [800, 900, 300]},
    },
    {"id": 25, "image_id": 7, "category_id": 1, "bbox": [0, 0, 2, 2], "iscrowd": 0, "area": 4},
]
POINTS = ("left_eye", "right_eye", "nose", "front", "back")
POSES = [
    [10, 9, 2, 22, 9.5, 2, 16, 15, 1, 0, 0, 0, 30.25, 31, 2],
    [15, 15, 1, 30, 15, 2, 22, 20, 2, 40, 20, 2, 10, 20, 2],
    [0] * 15,
    [5, 20, 2, 44, 20, 1, 0, 0, 0, 0, 0, 0, 25, 25, 2],
    [1, 1, 2, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0],
]


def written_poses(root):
    """One picture with five objects: boxes, polygons, an RLE, and five keypoints each."""
    annotations = [
        one | {"keypoints": points, "num_keypoints": 0} for one, points in zip(POSED, POSES, strict=True)
    ]
    written(root, annotations, IMAGES[:1])
    file = root / "annotations" / "instances_train.json"
    categories = [{"id": 1, "name": "animal", "keypoints": list(POINTS), "skeleton": []}]
    file.write_text(json.dumps(json.loads(file.read_text()) | {"categories": categories}))
    return root
