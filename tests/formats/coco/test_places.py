"""Where the pictures of annotation files lie, and files whose pictures nobody finds."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from support.coco_datasets import FLIP
from support.coco_files import coco, image, note, plant, refusal
from support.datasets_on_disk import photo, run, save

from augcli.formats.detect import read_dataset

GOOD = coco([image()], [note()])
INSTANCES = "annotations/instances_val.json"


def segments(*names: str) -> dict[str, Any]:
    """A panoptic file of pictures 1.jpg, 2.jpg and so on, and of PNGs of these names."""
    images = [image(n, f"{n}.jpg") for n in range(1, len(names) + 1)]
    rows = [{"image_id": n, "file_name": name, "segments_info": []} for n, name in enumerate(names, 1)]
    return coco(images, rows)


# --- annotation files of which nothing can be used

WORDS = json.dumps(GOOD).encode()
UNREAD = [
    (INSTANCES, b"", "is empty"),
    (INSTANCES, b"<html>404</html>", "is no JSON object"),
    (INSTANCES, b'[{"image_id": 1}]', "a list of results, not a data set"),
    (INSTANCES, b'{"shapes": []}', "has no images, and so is no data set"),
    (INSTANCES, WORDS[:20].replace(b'"', b"'"), "line 1, column 2: object keys must be strings"),
    (INSTANCES, gzip.compress(WORDS), "is packed by gzip"),
    (f"{INSTANCES}.gz", gzip.compress(WORDS), "is packed, and not read"),
    ("x.json", b"// exported\n" + WORDS, "is no JSON object"),
    ("x.json", {"data": GOOD}, "has no images, and so is no data set"),
    ("x.json", coco([image(1, "b.jpg")], []), "none of its 1 image is here, first b.jpg"),
    (INSTANCES, coco([image(1, "y\\b.jpg")]), "none of its 1 image is here, first y\\b.jpg"),
    ("x.json", coco([], []), "no image in it can be used (it has none)"),
    (
        "x.json",
        coco([image(1, "../a.jpg")], [note()]),
        "no image in it can be used (image 1: its file_name '../a.jpg' leads out of the image folder)",
    ),
]


@pytest.mark.parametrize(("name", "data", "why"), UNREAD)
def test_labels_that_nobody_can_read_are_not_left_out_in_silence(
    tmp_path: Path, name: str, data: Any, why: str
) -> None:
    plant(tmp_path, {name: data}, ["photos/a.jpg"])
    hint = "mend the file, or to do without its labels say input: {layout: images}"
    assert refusal(read_dataset, tmp_path) == f"{tmp_path}: {name}: {why}; {hint}"
    assert read_dataset(tmp_path, layout="images").layout == "images"


def test_class_folders_are_offered_where_they_are_what_is_left(tmp_path: Path) -> None:
    plant(tmp_path, {INSTANCES: b""}, ["cat/a.jpg", "dog/b.jpg"])
    assert refusal(read_dataset, tmp_path).endswith("say input: {layout: classes}")
    assert read_dataset(tmp_path, layout="classes").layout == "classes"


def test_a_link_to_an_annotation_file_is_not_passed_over(tmp_path: Path) -> None:
    plant(tmp_path, {"away/x.json": GOOD, "in/annotations/y.json": GOOD}, ["in/a.jpg"])
    link = tmp_path / "in/annotations/x.json"
    link.symlink_to(tmp_path / "away/x.json")
    said = "annotations/x.json: is a link, and links are not followed"
    assert read_dataset(tmp_path / "in").skipped == (said,)
    (tmp_path / "in/annotations/y.json").unlink()
    assert f"{said}; mend the file, or to do" in refusal(read_dataset, tmp_path / "in")


def test_masks_beside_an_unread_file_are_paired(tmp_path: Path) -> None:
    plant(tmp_path, {INSTANCES: b""}, ["images/a.jpg", "masks/a.png"])
    assert read_dataset(tmp_path).layout == "folders"


@pytest.mark.parametrize(
    "data",
    [
        {"version": "2", **GOOD},
        {"videos": [{"id": 1, "images": {}}], **GOOD},
        b"\xef\xbb\xbf" + json.dumps({"x": '{"', **GOOD}).encode(),
    ],
)
def test_an_annotation_file_may_begin_with_any_key(tmp_path: Path, data: Any) -> None:
    found = read_dataset(plant(tmp_path, {"x.json": data}, ["a.jpg"]))
    assert (found.layout, found.reason) == ("coco", "x.json: 1 image with 1 annotation")


def test_a_file_whose_images_come_late_can_be_named(tmp_path: Path) -> None:
    plant(tmp_path, {INSTANCES: {"videos": ["x" * 20_000], **GOOD}}, ["a.jpg"])
    line = f"input: {{layout: coco, annotations: {INSTANCES}}}"
    assert f"{INSTANCES}: does not begin as annotation files do; if it is one say {line}; mend" in (
        refusal(read_dataset, tmp_path)
    )
    assert read_dataset(tmp_path, layout="coco", annotations=INSTANCES).layout == "coco"


OTHERS = [
    {"version": "5", "flags": {}, "shapes": [{"label": "images"}], "imagePath": "a.jpg"},
    {"images": ["a.jpg"]},
    coco([image(1, "b.jpg")]),
    {"settings": {"images": None, "annotations": {"min_area": 1}}},
    b"\x00\xff{",
]


@pytest.mark.parametrize("data", OTHERS)
def test_files_that_hold_no_labels_of_coco_say_nothing(tmp_path: Path, data: Any) -> None:
    assert read_dataset(plant(tmp_path, {"meta/a.json": data}, ["a.jpg"])).layout == "images"


def test_where_only_annotations_lie_the_images_are_asked_for(tmp_path: Path) -> None:
    path = plant(tmp_path, {INSTANCES: GOOD}) / INSTANCES
    (tmp_path / "none").mkdir()
    said = f"no images below this folder; if they lie elsewhere say augcli expand RECIPE {path} OUTPUT"
    assert refusal(read_dataset, tmp_path) == f"{tmp_path}: {said} --images DIR"
    assert refusal(read_dataset, path.parent) == f"{path.parent}: {said} --images DIR"
    assert refusal(read_dataset, path) == f"{tmp_path}: {said} --images DIR"


def test_a_file_that_lies_elsewhere_is_named_by_its_own_folder(tmp_path: Path) -> None:
    plant(tmp_path, {"labels/x.json": coco([image(1, "../a.jpg")])}, ["photos/a.jpg", "photos/b/a.jpg"])
    path, photos = tmp_path / "labels/x.json", str(tmp_path / "photos")
    assert refusal(read_dataset, path, images=photos) == (
        f"{tmp_path}/labels: x.json: no image in it can be used (image 1: its file_name '../a.jpg' leads out "
        f"of the image folder); its images are looked for in {photos}: name the folder where its file_names "
        "start"
    )
    plant(tmp_path, {"labels/x.json": coco([image(), image(2, "c.jpg")])})
    found = read_dataset(path, images=photos)
    assert found.skipped[0] == "c.jpg: is not there; x.json has it"


def test_an_output_without_labels_is_no_annotation_file(tmp_path: Path) -> None:
    save(tmp_path / "in/a.png", photo())
    run(FLIP, tmp_path / "in", tmp_path / "out")
    assert read_dataset(tmp_path / "out").layout == "images"


# --- backslashes


def test_backslashes_are_read_as_separators_where_only_so_a_picture_is_found(tmp_path: Path) -> None:
    names = ["y\\a.jpg", ".\\y\\b.jpg", "y/c.jpg"]
    data = coco([image(n, name) for n, name in enumerate(names)])
    found = read_dataset(plant(tmp_path, {"x.json": data}, ["y/a.jpg", "y/b.jpg", "y/c.jpg"]))
    assert [item.image for item in found.items] == ["y/a.jpg", "y/b.jpg", "y/c.jpg"]
    head = found.annotation_files["x.json"]
    assert (head.remarks, head.faults) == (("x.json: \\ in 2 file_names is read as /, first y\\a.jpg",), ())


def test_a_backslash_in_the_name_of_a_picture_is_one(tmp_path: Path) -> None:
    found = read_dataset(plant(tmp_path, {"x.json": coco([image(1, "y\\a.jpg")])}, ["y\\a.jpg", "y/a.jpg"]))
    assert [item.image for item in found.items] == ["y\\a.jpg"]
    assert found.annotation_files["x.json"].remarks == ()


def test_one_picture_with_either_separator_is_one_picture(tmp_path: Path) -> None:
    data = coco([image(1, "y\\a.jpg"), image(2, "y/a.jpg"), image(3, "b.jpg")])
    found = read_dataset(plant(tmp_path, {"x.json": data}, ["y/a.jpg", "b.jpg"]))
    assert [item.image for item in found.items] == ["b.jpg"]
    assert found.annotation_files["x.json"].faults[0] == (
        "x.json: image 1: its file 'y/a.jpg' is that of image 2, too; the image is left out"
    )


# --- pictures and maps of the same names


@pytest.mark.parametrize(
    ("pictures", "maps"),
    [
        ("val", "annotations/panoptic_val"),
        ("images", "annotations/semantic"),
        ("segmentation/images", "segmentation/annotations/maps"),
        ("data", "masks"),
    ],
)
def test_labels_are_never_taken_for_pictures(tmp_path: Path, pictures: str, maps: str) -> None:
    home = maps.rpartition("annotations")[0]
    file = f"{home}annotations/x.json" if "annotations" in maps else "x.json"
    plant(tmp_path, {file: coco([image(1, "a.png")])}, [f"{pictures}/a.png", f"{maps}/a.png"])
    found = read_dataset(tmp_path, layout="coco")
    assert [item.image for item in found.items] == [f"{pictures}/a.png"]


def test_pictures_below_the_annotations_are_found_where_they_are_alone(tmp_path: Path) -> None:
    found = read_dataset(plant(tmp_path, {INSTANCES: GOOD}, ["annotations/val/a.jpg"]))
    assert [item.image for item in found.items] == ["annotations/val/a.jpg"]


def test_each_line_that_is_offered_for_pictures_and_maps_gives_what_it_says(tmp_path: Path) -> None:
    plant(tmp_path, {"annotations/x.json": coco([image(1, "a.png")])})
    plant(tmp_path, {}, ["images/a.png", "annotations/semantic/a.png"])
    assert refusal(read_dataset, tmp_path).endswith(
        "input: {layout: coco} or input: {layout: folders, images: images, masks: annotations/semantic}"
    )
    assert [item.image for item in read_dataset(tmp_path, layout="coco").items] == ["images/a.png"]
    named = {"images": "images", "masks": "annotations/semantic"}
    assert [item.image for item in read_dataset(tmp_path, layout="folders", **named).items] == [
        "images/a.png"
    ]


def test_instances_and_a_panoptic_file_of_png_pictures_are_one_data_set(tmp_path: Path) -> None:
    panoptic = segments("1.png")
    panoptic["images"] = [image(1, "1.png")]
    files = {INSTANCES: coco(panoptic["images"], [note()]), "annotations/panoptic_val.json": panoptic}
    plant(tmp_path, files, ["val/1.png", "annotations/panoptic_val/1.png"])
    (item,) = read_dataset(tmp_path).items
    assert (item.image, item.masks) == ("val/1.png", {"panoptic": "annotations/panoptic_val/1.png"})


def test_two_data_sets_in_one_folder_of_annotations_are_told_apart_by_their_images(tmp_path: Path) -> None:
    names = {"annotations/a.json": "1", "annotations/b.json": "2", "annotations/c.json": "3"}
    names |= {"annotations/d.json": "4"}
    files = {file: coco([image(1, f"{name}.jpg")]) for file, name in names.items()}
    plant(tmp_path, files, ["images/1.jpg", "images/2.jpg", "more/images/3.jpg", "more/images/4.jpg"])
    assert refusal(read_dataset, tmp_path).endswith(
        "input: {layout: coco, images: images} or input: {layout: coco, images: more/images}"
    )
    for folder, number in (("images", "1"), ("more/images", "3")):
        found = read_dataset(tmp_path, layout="coco", images=folder)
        assert (found.items[0].image, len(found.items)) == (f"{folder}/{number}.jpg", 2)


# --- panoptic PNGs


PNGS = ["annotations/panoptic_val/1.png", "annotations/panoptic_val/2.png", "annotations/panoptic_val/3.png"]
JPEGS = ["val/1.jpg", "val/2.jpg", "val/3.jpg"]


def test_a_png_more_than_the_file_has_makes_no_second_reading(tmp_path: Path) -> None:
    files = {"annotations/panoptic_val.json": segments("1.png", "2.png")}
    found = read_dataset(plant(tmp_path, files, [*JPEGS, *PNGS]))
    assert (found.layout, found.orphan_images) == ("coco", ("val/3.jpg",))
    assert found.skipped == ("annotations/panoptic_val: 1 PNG that no annotation names, first 3.png",)


def test_a_bad_name_of_a_png_makes_no_second_reading(tmp_path: Path) -> None:
    files = {"annotations/panoptic_val.json": segments("1.png", "2.png", "../3.png")}
    found = read_dataset(plant(tmp_path, files, [*JPEGS, *PNGS]))
    assert [item.masks for item in found.items] == [{"panoptic": PNGS[0]}, {"panoptic": PNGS[1]}, {}]
    assert found.skipped == ("annotations/panoptic_val: 1 PNG that no annotation names, first 3.png",)


def test_a_folder_of_pngs_of_which_few_are_named_is_asked_about(tmp_path: Path) -> None:
    files = {"annotations/panoptic_val.json": segments("1.png")}
    plant(tmp_path, files, [*JPEGS, *PNGS])
    assert "can be read in several ways" in refusal(read_dataset, tmp_path)


def test_a_panoptic_file_with_a_folder_of_images_finds_the_pngs_beside_it(tmp_path: Path) -> None:
    file = "annotations/panoptic_val.json"
    plant(tmp_path, {file: segments("1.png", "2.png", "3.png")}, [*JPEGS, *PNGS, "train/1.jpg"])
    found = read_dataset(tmp_path / file, images=str(tmp_path / "val"))
    assert (found.root, [item.image for item in found.items]) == (tmp_path, JPEGS)
    assert [item.masks["panoptic"] for item in found.items] == PNGS


def test_pngs_out_of_reach_are_said_with_what_to_give(tmp_path: Path) -> None:
    plant(tmp_path / "here", {"annotations/panoptic_val.json": segments("1.png")}, PNGS[:1])
    plant(tmp_path / "there", {}, JPEGS[:1])
    file = tmp_path / "here/annotations/panoptic_val.json"
    assert read_dataset(file, images=str(tmp_path / "there")).skipped == (
        "panoptic_val.json: none of its 1 PNG is here; give the folder that holds them and the pictures as "
        "the input",
    )


# --- accents


def test_of_two_names_that_differ_in_how_accents_are_stored_the_exact_one_is_meant(tmp_path: Path) -> None:
    composed, apart = "\u00e9.jpg", "e\u0301.jpg"
    for name in (composed, apart):
        plant(tmp_path, {"x.json": coco([image(1, name)])}, [composed, apart])
        assert [item.image for item in read_dataset(tmp_path).items] == [name]
