"""COCO's own annotations through flips and warps, against their pixels."""

import numpy as np
import pytest
from support.annotations import by_centres, mini80, pixels_of, run
from support.image_files import needs

from augcli.geometry import Frame
from augcli.geometry.polygon import is_inside

pytestmark = needs("coco_mini80")
FINE, FINER = 8, 32  # samples a pixel, across and down
FLIPS = {
    "horizontal_flip": lambda mask: mask[:, ::-1],
    "vertical_flip": lambda mask: mask[::-1],
    "transpose": lambda mask: mask.T,
    "rotate90": lambda mask: np.rot90(mask),
}
WARPS = {
    "rotate": [{"rotate": {"degrees": 17}}],
    "perspective": [{"perspective": {"strength": 0.2}}],
    "elastic": [{"elastic": {"alpha": 600, "sigma": 24}}],
    "elastic that turns over": [{"elastic": {"alpha": 300, "sigma": 12}}],
    "a crop in the middle": [
        {"rotate": {"degrees": 20}},
        {"center_crop": {"size": "300x250"}},
        {"elastic_grid": {"points": 4, "sigma": 8}},
        {"rotate": {"degrees": -30}},
    ],
}


def objects(steps, every=1):
    """(source, result, size, program) of annotations of every n-th picture, as far as something is left."""
    pictures, categories = mini80("instances")
    for size, each in pictures[::every]:
        results, program = run(steps, *each, frame=Frame(*size), categories=categories)
        for before, after in zip(each, results, strict=True):
            if after.annotation:
                yield before, after.annotation, size, program


def is_polygon(annotation):
    return isinstance(annotation["segmentation"], list)


def inside_of(segmentation, points):
    """Whether points (N, 2) lie in any part of a polygon."""
    return np.any([is_inside(np.reshape(part, (-1, 2)), points) for part in segmentation], axis=0)


def near_centres(annotation, most=1500):
    """Places (N, 2) in the pixels in and around a box, so near the centres that none lies on an edge."""
    x, y, width, height = (int(value) for value in annotation["bbox"])
    pixels = np.stack(np.meshgrid(np.arange(x - 1, x + width + 1), np.arange(y - 1, y + height + 1)), axis=-1)
    return np.add(pixels.reshape(-1, 2)[:: max(1, pixels.size // 2 // most)], (0.5013, 0.5017))


@pytest.mark.parametrize("name", FLIPS)
def test_a_turned_polygon_fills_the_turned_pixels(name):
    """By the rule that a pixel belongs to a polygon if its centre lies inside."""
    for before, after, _, program in objects([name]):
        if is_polygon(before):
            points, warp = near_centres(after), program.warp()
            turned = inside_of(before["segmentation"], warp.backward(points)) & ~warp.filled(points)
            assert np.array_equal(inside_of(after["segmentation"], points), turned)


@pytest.mark.parametrize("name", FLIPS)
def test_a_turned_rle_has_the_turned_pixels(name):
    found = 0
    for before, after, size, program in objects([name]):
        if not is_polygon(before):
            turned = FLIPS[name](pixels_of(before["segmentation"], *size))
            frame = program.target
            assert np.array_equal(pixels_of(after["segmentation"], frame.width, frame.height), turned)
            found += 1
    assert found == 5


@pytest.mark.parametrize("name", FLIPS)
def test_pycocotools_draws_turned_polygons_a_little_differently(name):
    """Its rule is no mirror of itself: it rounds to fifths of a pixel, upwards."""
    off, whole = 0, 0
    for before, after, size, program in objects([name], every=2):
        turned = FLIPS[name](pixels_of(before["segmentation"], *size))
        found = pixels_of(after["segmentation"], program.target.width, program.target.height)
        off, whole = off + int((turned != found).sum()), whole + int(turned.sum())
    assert off / whole < 0.002


@pytest.mark.parametrize("mirror", ["horizontal_flip", "vertical_flip", "transpose"])
def test_two_mirrors_give_back_every_vertex(mirror):
    for before, after, _, _ in objects([mirror, mirror]):
        assert after["segmentation"] == before["segmentation"]


@pytest.mark.parametrize("name", WARPS)
def test_areas_count_pixels_and_boxes_are_tight(name):
    for _, after, _, program in objects(WARPS[name], every=3):
        found = pixels_of(after["segmentation"], program.target.width, program.target.height)
        x, y, width, height = after["bbox"]
        rows, columns = np.flatnonzero(found.any(axis=1)), np.flatnonzero(found.any(axis=0))
        assert after["area"] == found.sum()
        assert (x, y, x + width, y + height) == (columns[0], rows[0], columns[-1] + 1, rows[-1] + 1)


def window(annotation, frame):
    """The whole pixels in and around an annotation's box."""
    x, y, width, height = annotation["bbox"]
    right, bottom = min(frame.width, x + width + 3), min(frame.height, y + height + 3)
    return int(max(0, x - 3)), int(max(0, y - 3)), int(right), int(bottom)


def overlap(before, after, program):
    """Intersection over union of a moved polygon and the warped source, both at 8 x 8 points a pixel."""
    left, top, right, bottom = window(after, program.target)
    columns, rows = (np.arange(a * FINE, b * FINE) for a, b in ((left, right), (top, bottom)))
    points = (np.stack(np.meshgrid(columns, rows), axis=-1).reshape(-1, 2) + 0.5) / FINE
    warp = program.warp()
    truth = shown(before, program, warp.backward(points)) & ~warp.filled(points)
    found = fine(after["segmentation"], (left, top, right, bottom), FINE).ravel()
    return (found & truth).sum() / (found | truth).sum()


def shown(before, program, points):
    """Whether source points lie in an annotation's mask, of 32 x 32 pixels for each pixel."""
    box = window(before, program.source)
    mask = fine(before["segmentation"], box, FINER)
    x, y = np.floor(FINER * (points - box[:2])).astype(int).T
    inside = (x >= 0) & (y >= 0) & (x < mask.shape[1]) & (y < mask.shape[0])
    return inside & mask[np.where(inside, y, 0), np.where(inside, x, 0)]


def fine(segmentation, box, times):
    """The pixels of a polygon in a box of whole pixels, several across and down for each."""
    left, top, right, bottom = box
    moved = [times * (np.reshape(part, (-1, 2)) - (left, top)) for part in segmentation]
    return by_centres(moved, times * (right - left), times * (bottom - top))


@pytest.mark.parametrize("name", WARPS)
def test_warped_polygons_cover_the_warped_pixels(name):
    small, large = [], []
    for before, after, _, program in objects(WARPS[name], every=4):
        if is_polygon(after) and 0 < after["bbox"][2] * after["bbox"][3] < 4000:
            shares = large if after["area"] > 1000 else small
            if len(shares) < 10:
                shares.append(overlap(before, after, program))
    assert len(large) >= 8
    assert min(large) >= 0.99
    assert np.median(small + large) >= 0.99
