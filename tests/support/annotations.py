"""Annotations for the tests: sound ones, their pixels, and a slow, obvious rule of what a polygon fills."""

import json
from functools import lru_cache

import numpy as np
import shapely
from pycocotools import mask as coco
from support.paths import DATA
from support.recipe_steps import program_of

from augcli.labels.rasterize import PaintedMasks, taken_by
from augcli.labels.validate import categories_of, checked
from augcli.labels.warp import AnnotationRules, moved

WIDTH, HEIGHT = 40, 30
POSE = ["nose", "left_eye", "right_eye"]
CATEGORIES = categories_of(
    [{"id": 3, "name": "car"}, {"id": 1, "name": "person", "keypoints": POSE, "skeleton": []}]
)
SQUARE = [10.0, 5.0, 20.0, 5.0, 20.0, 15.0, 10.0, 15.0]
TRIANGLE = [25.5, 5.25, 38.0, 20.0, 28.0, 27.75]
KEYHOLE = [10, 5, 30, 5, 30, 25, 10, 25, 10, 15, 15, 15, 15, 20, 25, 20, 25, 10, 15, 10, 15, 15, 10, 15]
BLOB = np.zeros((HEIGHT, WIDTH), np.uint8)
BLOB[4:18, 6:30] = 1
BLOB[8:12, 15:20] = 0  # a hole


def annotation(**fields):
    """A sound annotation; a field of None is left out."""
    whole = {"id": 7, "image_id": 1, "category_id": 3, "iscrowd": 0, "note": {"by": ["x"]}} | fields
    return {key: value for key, value in whole.items() if value is not None}


def polygons(*parts, **fields):
    return annotation(segmentation=list(parts), area=1.5, bbox=[0.0, 0.0, 1.0, 1.0], **fields)


def rle(mask, *, compressed=True, **fields):
    coded = coco.encode(np.asfortranarray(mask))
    counts = coded["counts"].decode() if compressed else runs(mask)
    return annotation(segmentation={"size": list(mask.shape), "counts": counts}, **fields)


def runs(mask):
    """Run lengths down the columns, the first of zeros, one pixel at a time."""
    counts, value = [0], 0
    for pixel in mask.T.ravel().tolist():
        if pixel != value:
            counts.append(0)
            value = pixel
        counts[-1] += 1
    return counts


def pixels_of(segmentation, width, height):
    """The pixels (H, W) of a segmentation, by pycocotools alone."""
    if isinstance(segmentation, list):
        return coco.decode(coco.merge(coco.frPyObjects(segmentation, height, width)))
    if isinstance(segmentation["counts"], list):
        return coco.decode(coco.frPyObjects(segmentation, height, width))
    return coco.decode(segmentation)


def by_centres(segmentation, width, height):
    """The pixels (H, W) whose centres lie inside a polygon's parts: those right of an odd number of edges."""
    return np.any([_part_by_centres(np.reshape(p, (-1, 2)), width, height) for p in segmentation], axis=0)


def _part_by_centres(ring, width, height):
    crossings = np.zeros((height, width + 1), np.uint8)
    for (x, y), (u, v) in zip(ring, np.roll(ring, -1, axis=0), strict=True):
        first, last = np.clip(np.ceil(np.sort([y, v]) - 0.5), 0, height).astype(int)
        rows = np.arange(first, last)
        at = x + (rows + 0.5 - y) * (u - x) / (v - y) if len(rows) else np.empty(0)
        crossings[rows, np.clip(np.ceil(at - 0.5), 0, width).astype(int)] ^= 1
    return np.bitwise_xor.accumulate(crossings[:, :-1], axis=1) == 1


def centres_on_edges(segmentation, width, height):
    """The pixels (H, W) whose centres lie on an edge: whether they are inside is a matter of taste."""
    x, y = np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5)
    edges = shapely.multilinestrings([shapely.linearrings(np.reshape(p, (-1, 2))) for p in segmentation])
    return shapely.dwithin(edges, shapely.points(x, y), 1e-6)


def run(steps, *annotations, frame, rules=None, categories=CATEGORIES, **draws):
    """Annotations through steps: what becomes of each, and the program."""
    for one in annotations:
        assert checked(one, frame.width, frame.height, categories) is None
    program = program_of(steps, frame, "constant", **draws)
    taken = taken_by(program, PaintedMasks())
    return moved(annotations, program, categories, rules or AnnotationRules(), taken), program


@lru_cache
def mini80(name):
    """One of coco_mini80's files: (size, annotations) of each picture that has any, and the categories."""
    content = json.loads((DATA / "coco_mini80" / "annotations" / f"{name}_val2017.json").read_text())
    each = {image["id"]: ((image["width"], image["height"]), []) for image in content["images"]}
    for one in content["annotations"]:
        each[one["image_id"]][1].append(one)
    return [pair for pair in each.values() if pair[1]], categories_of(content["categories"])
