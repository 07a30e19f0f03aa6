"""Objects through `Recipe.apply`: what `expand` makes of the same ones in a COCO file, and the laws."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pycocotools import mask as coco_mask
from support.coco_datasets import POINTS, written_poses
from support.datasets_on_disk import read, run

import augcli
from augcli import Objects, PixelFormat, Sample
from augcli.data import Array
from augcli.errors import AugcliError, DatasetError, ImageError

WARPS = """
input: {mirror: [[front, back]]}
variants:
  fliplr: [horizontal_flip]
  upright: [transpose]
  warped:
    copies: 4
    transforms:
      - horizontal_flip: {p: 0.5}
      - rotate: {degrees: [-25, 25]}
      - elastic: {displacement_px: 2, sigma: 8}
      - random_crop: {size: 40x30}
      - gaussian_noise: {std: 0.02}
  holes:
    copies: 3
    transforms:
      - rotate: {degrees: [-8, 8]}
      - coarse_dropout: {mask: background}
"""
RULES = [
    "output: {annotations: {min_area: 40, min_visibility: 0.5}}",
    "output: {annotations: {boxes: ellipse}, size: 64, fit: letterbox}",
]
PHOTO = np.random.default_rng(4).integers(0, 256, (40, 50, 3), np.uint8)
TRIANGLE = np.array([[5.0, 5], [25, 5], [5, 30]])


def loaded(root: Path, text: str) -> augcli.Recipe:
    (root / "recipe.yaml").write_text(text)
    return augcli.load_recipe(root / "recipe.yaml")


def objects_of(annotations: list[dict[str, Any]]) -> Objects:
    """Annotations of COCO as arrays."""
    corners = np.array([one["bbox"] for one in annotations]).reshape(-1, 4)
    keypoints = np.array([one["keypoints"] for one in annotations], float).reshape(-1, len(POINTS), 3)
    keypoints[..., :2] += 0.5 * (keypoints[..., 2:] > 0)
    return Objects(
        boxes=np.concatenate([corners[:, :2], corners[:, :2] + corners[:, 2:]], axis=1),
        polygons=[polygons_of(one) for one in annotations],
        instances=[pixels_of(one) for one in annotations],
        keypoints=keypoints,
        keypoint_names=POINTS,
        classes=[one["id"] for one in annotations],
    )


def polygons_of(annotation: dict[str, Any]) -> list[Array]:
    segmentation = annotation.get("segmentation", [])
    parts = segmentation if isinstance(segmentation, list) else []
    return [np.array(part, float).reshape(-1, 2) for part in parts]


def pixels_of(annotation: dict[str, Any]) -> Array | None:
    segmentation = annotation.get("segmentation")
    if not isinstance(segmentation, dict):
        return None
    if isinstance(segmentation["counts"], list):
        segmentation = coco_mask.frPyObjects(segmentation, *segmentation["size"])
    return coco_mask.decode(segmentation) != 0


def assert_equal(made: Objects, written: Objects) -> None:
    np.testing.assert_allclose(made.boxes, written.boxes, atol=1e-9)
    np.testing.assert_allclose(made.keypoints, written.keypoints, atol=1e-9)
    assert made.polygons is not None
    assert written.polygons is not None
    for ours, theirs in zip(made.polygons, written.polygons, strict=True):
        assert len(ours) == len(theirs)
        for part, other in zip(ours, theirs, strict=True):
            np.testing.assert_allclose(part, other, atol=1e-9)
    assert made.instances is not None
    assert written.instances is not None
    for mask, other in zip(made.instances, written.instances, strict=True):
        assert (mask is None) == (other is None)
        assert mask is None or np.array_equal(mask, other)


@pytest.mark.parametrize("rules", RULES)
def test_objects_are_those_that_expand_writes_for_coco(tmp_path: Path, rules: str):
    run(WARPS + rules, written_poses(tmp_path / "in"), tmp_path / "out")
    recipe = loaded(tmp_path, WARPS + rules)
    before = json.loads((tmp_path / "in/annotations/instances_train.json").read_text())["annotations"]
    after = json.loads((tmp_path / "out/annotations/instances_train.json").read_text())["annotations"]
    image, counts, masks = read(tmp_path / "in/images/a.png"), [], 0
    for record in augcli.read_manifest(tmp_path / "out"):
        [ids] = (record.annotation_ids or {}).values()
        written = [one for one in after if one["id"] in ids]
        sample = Sample(image, objects=objects_of(before))
        made = recipe.apply(sample, key="images/a", variant=record.variant, copy=record.copy)
        assert np.array_equal(made.image, read(tmp_path / "out" / record.file_name))
        assert made.objects
        assert_equal(made.objects, objects_of(written))
        sources = [one.get("source_annotation_id", one["id"]) for one in written]
        assert made.objects.classes == sources
        assert [before[row]["id"] for row in made.objects.kept] == sources
        assert sorted((*made.objects.kept, *made.objects.dropped)) == [0, 1, 2, 3, 4]
        counts.append(len(ids))
        masks += sum(mask is not None for mask in made.objects.instances or ())
    assert len(counts) == 10
    assert min(counts) < 5
    assert masks > len(counts)


def objects_after(recipe: augcli.Recipe, objects: Objects, variant: str = "aug") -> Objects:
    made = recipe.apply(Sample(PHOTO, objects=objects), key="a", variant=variant).objects
    assert made is not None
    return made


def everything() -> Objects:
    """An object of polygons, one of a mask, one of a box alone; three keypoints each."""
    disc = np.hypot(*np.mgrid[-20:20, -25:25]) < 9
    keypoints = np.array([[6.5, 7.5, 2], [11, 9, 1], [0, 0, 0]])
    return Objects(
        boxes=np.array([[5.0, 5, 25, 30], [17, 12, 34, 29], [30.25, 8.5, 49, 39.75]]),
        polygons=[[TRIANGLE], [], []],
        instances=[None, disc, None],
        keypoints=np.stack([keypoints, keypoints[[2, 0, 1]], keypoints[[1, 0, 2]]]),
        keypoint_names=("left_eye", "right_eye", "nose"),
        classes=["a", 7, "c"],
    )


def test_the_original_keeps_its_objects_in_new_arrays(tmp_path: Path):
    before = everything()
    after = objects_after(loaded(tmp_path, "transforms: [horizontal_flip]"), before, "original")
    assert_equal(after, before)
    assert (after.classes, after.kept, after.dropped) == (before.classes, (0, 1, 2), {})
    assert after.boxes is not before.boxes


@pytest.mark.parametrize("flip", ["horizontal_flip", "vertical_flip", "transpose", "rotate: {degrees: 180}"])
def test_what_undoes_itself_brings_all_objects_back(tmp_path: Path, flip: str):
    recipe = loaded(tmp_path, f"transforms: [{flip}]")
    before = everything()
    once = recipe.apply(Sample(PHOTO, objects=before), key="a", variant="aug")
    assert once.objects
    assert not np.array_equal(once.objects.boxes, before.boxes)
    twice = recipe.apply(once, key="a", variant="aug")
    assert twice.objects
    assert np.array_equal(twice.image, PHOTO)
    np.testing.assert_allclose(twice.objects.boxes[1:], before.boxes[1:], atol=0.01)
    np.testing.assert_allclose(twice.objects.boxes[0], before.boxes[0], atol=1)  # of the pixels it fills
    np.testing.assert_allclose(twice.objects.keypoints, before.keypoints, atol=0.01)
    assert sorted(twice.objects.polygons[0][0].tolist()) == sorted(TRIANGLE.tolist())
    assert np.array_equal(twice.objects.instances[1], before.instances[1])


def test_a_mirror_exchanges_left_and_right_by_the_names_of_keypoints(tmp_path: Path):
    before = everything()
    after = objects_after(loaded(tmp_path, "transforms: [horizontal_flip]"), before)
    assert after.keypoints[0].tolist() == [[39, 9, 1], [43.5, 7.5, 2], [0, 0, 0]]
    unnamed = objects_after(
        loaded(tmp_path, "transforms: [horizontal_flip]"), replace(before, keypoint_names=())
    )
    assert unnamed.keypoints[0].tolist() == [[43.5, 7.5, 2], [39, 9, 1], [0, 0, 0]]


def test_the_box_is_that_of_what_is_left_of_the_polygon(tmp_path: Path):
    recipe = loaded(tmp_path, "transforms: [center_crop: {size: 30x20}]")
    square = np.array([[2.0, 2], [20, 2], [20, 20], [2, 20]])
    boxes = np.array([[2.0, 2, 20, 20], [45, 0, 50, 9]])
    after = objects_after(recipe, Objects(boxes, [[square], []], classes=["left", "out"]))
    assert after.boxes.tolist() == [[0, 0, 10, 10]]
    assert sorted(after.polygons[0][0].tolist()) == [[0, 0], [0, 10], [10, 0], [10, 10]]
    assert (after.classes, after.kept, after.instances) == (["left"], (0,), None)
    assert after.dropped == {1: "nothing of it is in the picture"}


def test_what_is_not_given_is_not_returned(tmp_path: Path):
    recipe = loaded(tmp_path, "transforms: [rotate: {degrees: 20}]")
    after = objects_after(recipe, Objects(polygons=[[TRIANGLE]]))
    assert (after.boxes, after.instances, after.keypoints, after.classes) == (None, None, None, None)
    plain = recipe.apply(Sample(PHOTO), key="a", variant="aug")
    assert (plain.objects, plain.masks) == (None, {})


def test_a_picture_may_have_no_objects(tmp_path: Path):
    none = Objects(np.zeros((0, 4)), [], [], np.zeros((0, 3, 3)), ("a", "b", "c"), [])
    for variant in ("original", "aug"):
        after = objects_after(loaded(tmp_path, "transforms: [rotate: {degrees: 9}]"), none, variant)
        assert (after.boxes.shape, after.keypoints.shape) == ((0, 4), (0, 3, 3))
        assert (after.polygons, after.instances, after.classes, after.kept) == ([], [], [], ())


def test_masks_and_objects_go_through_one_map(tmp_path: Path):
    recipe = loaded(tmp_path, "input: {mask: {kind: index, ignore: 9}}\n" + WARPS[WARPS.index("variants") :])
    mask = coco_mask.decode(coco_mask.frPyObjects([TRIANGLE.ravel().tolist()], 40, 50)[0])
    sample = Sample(PHOTO, {"mask": mask}, objects=Objects(instances=[mask != 0]))
    for copy in (1, 2, 3, 4):
        made = recipe.apply(sample, key="a", variant="warped", copy=copy)
        assert made.objects
        [instance] = made.objects.instances
        assert np.array_equal(instance, made.masks["mask"] == 1)
        assert instance.any()


def test_a_sample_is_the_same_as_its_arrays(tmp_path: Path):
    recipe = loaded(
        tmp_path,
        "input:\n"
        "  layout: pattern\n"
        "  images: '{n}.png'\n"
        "  masks:\n"
        "    depth: {path: '{n}_depth.png', kind: image}\n"
        "    cells: {path: '{n}_cell_*.png', kind: instance, join: false}\n"
        "transforms: [rotate: {degrees: 30}, brightness: {factor: 1.3}]",
    )
    bands = np.random.default_rng(1).integers(0, 4000, (40, 50, 4), np.uint16)
    depth, cells = bands[..., 0], [(bands[..., n] > 2000).astype(np.uint8) for n in (1, 2)]
    image, masks = recipe.apply(
        bands, {"depth": depth, "cells": cells}, key="a", variant="aug", colors="multi"
    )
    sample = Sample(bands, {"depth": depth, "cells#1": cells[0], "cells#2": cells[1]}, PixelFormat("multi"))
    made = recipe.apply(sample, key="a", variant="aug")
    assert np.array_equal(made.image, image)
    assert np.array_equal(made.masks["depth"], masks["depth"])
    assert made.continuous == {"depth"}
    for number, cell in enumerate(masks["cells"], 1):
        assert np.array_equal(made.masks[f"cells#{number}"], cell)


BOX = np.array([[3.0, 3, 9, 9]])


@pytest.mark.parametrize(
    ("objects", "message"),
    [
        (Objects(BOX[0]), "a: boxes: wanted (N, 4), got (4,); see help(augcli.Objects)"),
        (Objects(np.array([["x"] * 4])), "a: boxes: wanted numbers (N, 4); see help(augcli.Objects)"),
        (Objects(keypoints=BOX[None]), "a: keypoints: wanted (N, K, 3), got (1, 1, 4); "),
        (Objects(polygons=[TRIANGLE]), "a: a part of a polygon: wanted (N, 2), got (2,); "),
        (Objects(BOX, classes=["a", "b"]), "a: not as many rows everywhere: boxes 1, classes 2; "),
        (Objects(BOX, instances=[np.ones((9, 9))]), "a: a mask in instances is (9, 9), the image is 50x40; "),
        (Objects(polygons=[[TRIANGLE]], instances=[PHOTO[..., 0]]), "a: object 0 has polygons and a mask; "),
        (Objects(BOX[:, ::-1]), "a: object 0: its bbox is -6 wide and -6 high; correct it, or leave it out"),
        (Objects(BOX * np.nan), "a: object 0: its bbox holds nan, which is no number; "),
        (
            Objects(keypoints=np.ones((1, 2, 3)), keypoint_names=["x"]),
            "a: 2 keypoints an object, and 1 keypoint_",
        ),
        (
            Objects(keypoints=np.full((1, 2, 3), 3.0)),
            "a: object 0: a keypoint's flag is 3.0, and not 0, 1 or 2",
        ),
    ],
)
def test_faulty_objects_are_refused_in_words(tmp_path: Path, objects: Objects, message: str):
    recipe = loaded(tmp_path, "transforms: [horizontal_flip]")
    with pytest.raises(ImageError) as caught:
        objects_after(recipe, objects)
    assert str(caught.value).startswith(message)


def test_a_border_that_shows_objects_twice_is_refused(tmp_path: Path):
    text = "transforms: [rotate: {degrees: 20}]\noutput: {border: reflect}"
    with pytest.raises(
        DatasetError, match="border: reflect would show objects twice that are annotated once"
    ):
        objects_after(loaded(tmp_path, text), Objects(BOX))


def test_masks_beside_a_sample_are_refused(tmp_path: Path):
    recipe: Any = loaded(tmp_path, "transforms: [horizontal_flip]")
    with pytest.raises(AugcliError, match="a Sample has its own masks and colours; give them in the Sample"):
        recipe.apply(Sample(PHOTO), PHOTO[..., 0], key="a", variant="aug")
