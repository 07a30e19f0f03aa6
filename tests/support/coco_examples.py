"""Small made-up COCO data sets, shared by the tests of check, plan, init, preview, verify and replay."""

import json

import numpy as np
from pycocotools import mask as rle
from support.datasets_on_disk import photo, save

WIDTH, HEIGHT = 40, 30
EYES = ["nose", "left_eye", "right_eye"]
CAR, PERSON, SIGN = 3, 1, 7
CATEGORIES = (
    {"id": CAR, "name": "car", "supercategory": "vehicle"},
    {"id": PERSON, "name": "person", "keypoints": EYES, "skeleton": [[1, 2], [1, 3]]},
    {"id": SIGN, "name": "sign"},
)
SQUARE = [10, 5, 20, 5, 20, 15, 10, 15]
POSE = [15.0, 10.0, 2, 18.0, 8.0, 2, 12.0, 8.0, 1]


def ring():
    """An RLE with a hole: a square of 8 pixels, 4 of them open."""
    mask = np.zeros((HEIGHT, WIDTH), np.uint8, order="F")
    mask[2:10, 28:36] = 1
    mask[4:8, 30:34] = 0
    coded = rle.encode(mask)
    return {"size": coded["size"], "counts": coded["counts"].decode()}


def annotation(number, category=CAR, image=1, **fields):
    return {"id": number, "image_id": image, "category_id": category, "iscrowd": 0, **fields}


def annotations():
    """Of image 1 a polygon, a crowd, a box and keypoints; of image 2 a polygon."""
    return [
        annotation(1, segmentation=[SQUARE], area=100, bbox=[10, 5, 10, 10]),
        annotation(2, PERSON, segmentation=ring(), area=48, bbox=[28, 2, 8, 8]) | {"iscrowd": 1},
        annotation(3, SIGN, bbox=[2, 20, 6, 8], area=48),
        annotation(4, PERSON, keypoints=POSE, num_keypoints=3, bbox=[11, 7, 9, 5], area=45),
        annotation(5, image=2, segmentation=[SQUARE], area=100, bbox=[10, 5, 10, 10]),
    ]


def image(number, name=None, **fields):
    name = name or f"{'_abcdefgh'[number]}.png"
    return {"id": number, "file_name": name, "width": WIDTH, "height": HEIGHT, **fields}


def town(root, listed=None, images=(1, 2), categories=CATEGORIES, name="instances.json", **rest):
    """`images/<letter>.png` and one annotation file; `listed` are its annotations."""
    entries = [image(one) if isinstance(one, int) else one for one in images]
    for entry in entries:
        path = root / "images" / entry["file_name"]
        if not path.exists():
            save(path, photo(entry["id"], width=WIDTH, height=HEIGHT))
    listed = annotations() if listed is None else listed
    write(root, {"images": entries, "annotations": listed, "categories": list(categories)} | rest, name)
    return root


def write(root, data, name="instances.json"):
    path = root / "annotations" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(data))


def change(out, edit, name="instances.json"):
    """An annotation file with its data changed in place."""
    path = out / "annotations" / name
    data = json.loads(path.read_text())
    edit(data)
    path.write_text(json.dumps(data))


def panoptic(root):
    """One picture whose PNG shows two segments, of a car and a sign, and void."""
    ids = np.zeros((HEIGHT, WIDTH), np.uint32)
    ids[5:15, 10:20], ids[20:28, 2:8] = 300, 7
    save(root / "images/a.png", photo(1, width=WIDTH, height=HEIGHT))
    save(root / "panoptic/a_ids.png", np.stack([ids & 255, ids >> 8, ids >> 16], axis=-1).astype(np.uint8))
    segments = [
        {"id": 300, "category_id": CAR, "area": 100, "bbox": [10, 5, 10, 10], "iscrowd": 0},
        {"id": 7, "category_id": SIGN, "area": 48, "bbox": [2, 20, 6, 8], "iscrowd": 0},
    ]
    listed = [{"image_id": 1, "file_name": "a_ids.png", "segments_info": segments}]
    write(
        root,
        {"images": [image(1)], "annotations": listed, "categories": list(CATEGORIES)},
        "panoptic.json",
    )
    return root
