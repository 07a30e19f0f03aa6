"""Cityscapes' polygons: as a layout, and beside another output."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as PilImage
from support import datasets_on_disk, object_datasets
from support.commands import run

from augcli.commands.verify.verify import verify
from augcli.data import Item
from augcli.errors import DatasetError
from augcli.formats.cityscapes.names import MASKS
from augcli.formats.cityscapes.read import object_of
from augcli.formats.cityscapes.write import polygon_of
from augcli.formats.coco.ids import AnnotatedPair
from augcli.formats.detect import read_dataset
from augcli.formats.objects import Object

W, H = object_datasets.SIZE
FLIP = "variants: {fliplr: [horizontal_flip]}\n"
IMAGE = "leftImg8bit/train/ulm/ulm_000001_000002_leftImg8bit.png"
POLYGONS = "gtFine/train/ulm/ulm_000001_000002_gtFine_polygons.json"
COPY = "gtFine/train/ulm/ulm_000001_000002__fliplr_gtFine_polygons.json"
ROAD = {"label": "road", "polygon": [[0, 20], [W - 1, 20], [W - 1, H - 1], [0, H - 1]]}
CAR = {"label": "car", "polygon": [[8, 4], [23, 4], [23, 19]], "id": 4, "user": "me"}


def cityscapes(root, found, image=IMAGE, polygons=POLYGONS):
    object_datasets.photo(root, image)
    (root / polygons).parent.mkdir(parents=True, exist_ok=True)
    (root / polygons).write_text(json.dumps({"imgHeight": H, "imgWidth": W, "objects": found}))
    return root


def loaded(out, name):
    return json.loads((out / name).read_text())


def expanded(tmp_path, root, text=FLIP):
    out = tmp_path / "out"
    report = datasets_on_disk.run(text, root, out)
    assert report.failed == []
    return out, report


def test_without_variants_the_same_polygons_come_out(tmp_path):
    root = cityscapes(tmp_path / "in", [ROAD, CAR])
    out, report = expanded(tmp_path, root, "keep_original: true\n")
    assert loaded(out, POLYGONS) == loaded(root, POLYGONS)
    assert report.losses == []


@given(st.lists(st.tuples(st.integers(0, W - 1), st.integers(0, H - 1)), min_size=3, max_size=6))
def test_vertices_are_pixels_and_are_mirrored_as_such(points):
    pair = AnnotatedPair(Item("a", "a.png"), "a.png", True, object_datasets.SIZE, {})
    _, fields = object_of(1, {"label": "car", "polygon": [list(point) for point in points]})
    assert polygon_of(Object(0, fields), pair).polygon == [list(point) for point in points]
    flat = fields["segmentation"][0]
    mirrored = fields | {"segmentation": [[v if n % 2 else W - v for n, v in enumerate(flat)]]}
    assert polygon_of(Object(0, mirrored), pair).polygon == [[W - 1 - x, y] for x, y in points]


def test_a_mirrored_polygon_lies_on_the_mirrored_pixels(tmp_path):
    out, _ = expanded(tmp_path, cityscapes(tmp_path / "in", [CAR]))
    (car,) = loaded(out, COPY)["objects"]
    assert sorted(car["polygon"]) == sorted([W - 1 - x, y] for x, y in CAR["polygon"])
    assert (car["label"], car["id"], car["user"]) == ("car", 4, "me")


def test_the_order_that_says_what_lies_on_top_is_kept(tmp_path):
    out, _ = expanded(tmp_path, cityscapes(tmp_path / "in", [ROAD, CAR, ROAD]))
    assert [one["label"] for one in loaded(out, COPY)["objects"]] == ["road", "car", "road"]


def test_an_output_is_read_as_its_input_was(tmp_path):
    out, _ = expanded(tmp_path, cityscapes(tmp_path / "in", [CAR]))
    found = read_dataset(out)
    assert found.layout == "cityscapes"
    assert [item.image for item in found.items] == sorted(
        line["file_name"] for line in datasets_on_disk.manifest(out)
    )
    assert {item.split for item in found.items} == {"train"}


def test_deleted_objects_are_left_out_and_said(tmp_path):
    root = cityscapes(tmp_path / "in", [CAR, ROAD | {"deleted": 1}])
    found = read_dataset(root)
    assert found.reason == "1 file of polygons as in Cityscapes with 1 object"
    assert found.skipped == ("1 object deleted by who drew them",)


@pytest.mark.parametrize(
    ("one", "wrong"),
    [
        (5, "object 1: it is 5, and not a mapping"),
        ({"polygon": CAR["polygon"]}, "object 1: it has no label"),
        ({"label": "car"}, "object 1 (car): its polygon is no list of points [x, y]"),
        (CAR | {"polygon": [[1, "x"]]}, "object 1 (car): its polygon is no list of points [x, y]"),
        (
            CAR | {"polygon": [[1, 2], [3, 4]]},
            "object 1 (car): its polygon has 2 points, at least 3 are needed",
        ),
    ],
)
def test_a_faulty_object_is_named_and_the_others_are_read(tmp_path, one, wrong):
    found = read_dataset(cityscapes(tmp_path / "in", [one, ROAD]))
    assert found.annotation_files["gtFine"].faults == (f"{POLYGONS}: {wrong}; it is left out",)
    assert len(found.items[0].annotations["gtFine"]) == 1


def test_a_file_that_cannot_be_read_costs_its_picture_alone(tmp_path):
    root = cityscapes(tmp_path / "in", [CAR])
    for name, text in (("b", "{"), ("c", "{}"), ("e", ""), ("f", "[]"), ("g", '[{"image_id": 1}]')):
        cityscapes(root, [], IMAGE.replace("ulm_0", f"{name}_0"), POLYGONS.replace("ulm_0", f"{name}_0"))
        (root / POLYGONS.replace("ulm_0", f"{name}_0")).write_text(text)
    (root / POLYGONS.replace("ulm_0", "d_0")).write_text("{}")
    found = read_dataset(root)
    one, two, *others = (POLYGONS.replace("ulm_0", f"{name}_0") for name in "bcefg")
    why = ("is empty", "is a list and no object", "is a list and no object")
    assert found.annotation_files["gtFine"].faults == (
        f"{one}: line 1, column 2: the file ends in the middle; write the file again, or mend it there; "
        "its picture is left out",
        f"{two}: has no objects; its picture is left out",
        *(f"{name}: {what}; its picture is left out" for name, what in zip(others, why, strict=True)),
    )
    assert found.skipped == (f"{POLYGONS.replace('ulm_0', 'd_0')}: its picture is not there",)
    assert [item.image for item in found.items] == [IMAGE]
    assert len(found.orphan_images) == 5


def partner(image, ending):
    """The labels of a picture as loaders of Cityscapes find them, torchvision's among them."""
    return image.replace("leftImg8bit/", "gtFine/").split("_leftImg8bit")[0] + ending


def test_loaders_find_the_polygons_of_a_copy_and_not_those_of_its_original(tmp_path):
    out, _ = expanded(tmp_path, cityscapes(tmp_path / "in", [CAR]))
    images = [line["file_name"] for line in datasets_on_disk.manifest(out)]
    assert [partner(image, "_gtFine_polygons.json") for image in images] == [POLYGONS, COPY]
    assert all((out / image).exists() and image.endswith("_leftImg8bit.png") for image in images)


def test_loaders_find_the_masks_of_a_copy(tmp_path):
    mask = POLYGONS.replace("_polygons.json", "_labelIds.png")
    datasets_on_disk.save(tmp_path / "in" / IMAGE, datasets_on_disk.photo())
    datasets_on_disk.save(tmp_path / "in" / mask, datasets_on_disk.labels())
    out, _ = expanded(tmp_path, tmp_path / "in")
    for line in datasets_on_disk.manifest(out):
        assert partner(line["file_name"], "_gtFine_labelIds.png") == line["mask_file_name"]


def masked(root):
    """A picture with polygons and PNGs of labels, of 16 bits for instances."""
    cityscapes(root, [CAR])
    ids = np.full((H, W), 7, np.uint16)
    ids[4:20, 8:24] = 26
    datasets_on_disk.save(root / name_of("label_ids"), ids.astype(np.uint8))
    datasets_on_disk.save(root / name_of("instance_ids"), np.where(ids == 26, 26003, ids).astype(np.uint16))
    datasets_on_disk.save(root / name_of("label_train_ids"), np.where(ids == 26, 13, 0).astype(np.uint8))
    datasets_on_disk.save(
        root / POLYGONS.replace("_polygons.json", "_color.png"), datasets_on_disk.photo(width=W, height=H)
    )
    return root


def name_of(mask, polygons=POLYGONS):
    return polygons.replace("_polygons.json", MASKS[mask])


def pixels(path):
    with PilImage.open(path) as image:
        return np.asarray(image).astype(np.uint16)


@pytest.mark.parametrize("mask", MASKS)
def test_pngs_of_labels_go_with_their_polygons(tmp_path, mask):
    root = masked(tmp_path / "in")
    out, _ = expanded(tmp_path, root, "input: {layout: cityscapes}\n" + FLIP)
    before = pixels(root / name_of(mask))
    assert np.array_equal(pixels(out / name_of(mask)), before)
    assert np.array_equal(pixels(out / name_of(mask, COPY)), before[:, ::-1])
    found = verify(out)
    assert (found.damages, found.remarks) == ((), ())


def test_pngs_of_labels_are_filled_with_what_means_unlabeled(tmp_path):
    text = "input: {layout: cityscapes}\nvariants: {moved: [translate: {x: -0.25}]}\n"
    out, _ = expanded(tmp_path, masked(tmp_path / "in"), text)
    copy = COPY.replace("fliplr", "moved")
    assert {name: set(pixels(out / name_of(name, copy))[:, -1]) for name in MASKS} == {
        "label_ids": {0},
        "instance_ids": {0},
        "label_train_ids": {255},
    }


def test_the_recipe_says_what_else_means_unlabeled(tmp_path):
    text = "input: {layout: cityscapes, mask: {ignore: 3}}\nvariants: {moved: [translate: {x: -0.25}]}\n"
    out, _ = expanded(tmp_path, masked(tmp_path / "in"), text)
    assert set(pixels(out / name_of("label_ids", COPY.replace("fliplr", "moved")))[:, -1]) == {3}


def test_check_tells_of_masks_with_long_names(tmp_path, capsys):
    masked(tmp_path / "in")
    (tmp_path / "r.yaml").write_text("input: {layout: cityscapes}\n" + FLIP)
    out = run(capsys, "check", str(tmp_path / "r.yaml"), str(tmp_path / "in"))[1].splitlines()
    assert "instance_ids 1 PNG I;16" in out


def test_pictures_for_people_are_outside_of_the_data_set(tmp_path):
    found = read_dataset(masked(tmp_path / "in"), layout="cityscapes")
    assert found.skipped == ("gtFine/train/ulm: 1 image outside the data set",)


def test_coco_is_described_as_polygons(tmp_path):
    square, other = [8, 4, 24, 4, 24, 20, 8, 20], [30, 4, 40, 4, 40, 20]
    box = [8, 4, 16, 16]
    annotations = [
        object_datasets.annotation(1, segmentation=[square], bbox=box, area=256),
        object_datasets.annotation(2, segmentation=[square, other], bbox=box, area=336),
        object_datasets.annotation(3, bbox=box),
    ]
    root = object_datasets.coco(tmp_path / "in", annotations)
    out, report = expanded(tmp_path, root, FLIP + "output: {also: [cityscapes]}\n")
    first, second = loaded(out, "gtFine/images/train/a_gtFine_polygons.json")["objects"]
    assert first == {"label": "cat", "polygon": [[8, 4], [24, 4], [24, 20], [8, 20]]}
    assert len(second["polygon"]) == 4 + 1 + 3 + 1
    assert report.losses == [
        "cityscapes: 2 left out: it has no segmentation",
        "cityscapes: 2 changed: its parts or holes are joined to one line",
    ]


def test_polygons_and_masks_are_two_readings(tmp_path):
    root = cityscapes(tmp_path / "in", [CAR])
    mask = POLYGONS.replace("_polygons.json", "_labelIds.png")
    datasets_on_disk.save(root / mask, datasets_on_disk.labels(width=W, height=H))
    with pytest.raises(DatasetError) as error:
        read_dataset(root)
    assert str(error.value) == (
        f"{root}: can be read in several ways; put one of these lines into the recipe: "
        "input: {layout: cityscapes} or input: {layout: folders, images: leftImg8bit, masks: gtFine}"
    )


def test_nothing_of_cityscapes_is_refused_by_name(tmp_path):
    root = datasets_on_disk.plain(tmp_path / "in")
    with pytest.raises(DatasetError) as error:
        read_dataset(root, layout="cityscapes")
    assert str(error.value) == (
        f"{root}: no image has polygons of Cityscapes (leftImg8bit/X_leftImg8bit.png, "
        "gtFine/X_gtFine_polygons.json); name each file of polygons after its image"
    )
