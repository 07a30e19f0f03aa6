"""Reading COCO's annotation files, and finding the images that they name."""

import json
import os
import pickle
import shutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.coco_files import coco, image, note, plant, refusal
from support.datasets_on_disk import needs
from support.paths import DATA

from augcli.data import Dataset
from augcli.errors import DatasetError
from augcli.formats.coco.annotation_file import AnnotationFile, read_annotation_file
from augcli.formats.detect import read_dataset
from augcli.labels.coco_json import entry_of

NOT_HERE = "no test data (set AUGCLI_TEST_DATA)"


def read(folder: Path, data: Any) -> AnnotationFile:
    return read_annotation_file(plant(folder, {"i.json": data}) / "i.json", where="i.json")


def ids(texts: Any) -> list[int]:
    return [json.loads(text)["id"] for text in texts]


# --- one file


def test_images_come_with_their_annotations_in_the_order_of_the_file(tmp_path: Path) -> None:
    data = coco([image(7, "b/c.jpg"), image(5)], [note(9, 5), note(2, 7), note(4, 5)])
    file = read(tmp_path, data)
    assert [(i.id, i.file_name, i.width, i.height) for i in file.images] == [
        (7, "b/c.jpg", 4, 3),
        (5, "a.jpg", 4, 3),
    ]
    assert json.loads(file.images[0].text) == data["images"][0]
    assert [ids(file.annotations_of(number)) for number in (5, 7, 1)] == [[9, 4], [2], []]
    assert ids(file.all_annotations()) == [9, 2, 4]
    assert (file.name, file.kind, file.faults) == ("i.json", "objects", ())
    assert (file.head.largest_image_id, file.head.largest_annotation_id) == (7, 9)


def test_a_text_is_as_it_stands_in_the_file(tmp_path: Path) -> None:
    text = b'{"bbox" : [1.50, 2e0],\n "id":3, "image_id":1, "x": "\\u00e9"}'
    data = b'{"images": [{"id":1, "file_name":"a.jpg"}], "annotations": [' + text + b"]}"
    assert read(tmp_path, data).annotations_of(1) == (text,)


def test_what_else_stands_in_a_file_is_kept_in_order(tmp_path: Path) -> None:
    data = {"info": {"year": 2017}, **coco([image()], []), "own": [1], "categories": [{"id": 3, "name": "a"}]}
    file = read(tmp_path, data)
    assert file.head.keys == ("info", "images", "annotations", "own", "categories")
    assert {key: json.loads(text) for key, text in file.rest.items()} == {
        key: data[key] for key in ("info", "own", "categories")
    }
    assert file.categories == ({"id": 3, "name": "a"},)


def test_images_without_annotations_are_a_file_too(tmp_path: Path) -> None:
    file = read(tmp_path, coco([image(0)]))
    assert ([i.id for i in file.images], list(file.all_annotations()), file.faults) == ([0], [], ())


def test_a_panoptic_file_is_told_by_its_segments(tmp_path: Path) -> None:
    segments = {"image_id": 1, "file_name": "a.png", "segments_info": [{"id": 0}]}
    file = read(tmp_path, coco([image()], [segments]))
    assert (file.kind, file.faults) == ("panoptic", ())
    assert [entry_of(text) for text in file.annotations_of(1)] == [segments]


def test_a_size_that_is_none_is_zero(tmp_path: Path) -> None:
    sizes = [(None, 3), ("4", 3.0), (-4, True), (2**40, 0)]
    entries = [image(n, f"{n}.jpg") | {"width": w, "height": h} for n, (w, h) in enumerate(sizes)]
    assert [(i.width, i.height) for i in read(tmp_path, coco(entries)).images] == [
        (0, 3),
        (0, 0),
        (0, 0),
        (0, 0),
    ]


MEND = "write the file again, or mend it there"
GIVE = "give an annotation file of COCO"
BROKEN = [
    (b"", f"is empty; {GIVE}"),
    (b'[{"image_id": 1}]', "a list of results, not a data set; give the annotation file, with its images"),
    (b"[]", "a list, not a data set; give the annotation file, with its images"),
    (b"3", f"is no JSON object; {GIVE}"),
    (b'{"info": 1}', f"has no images, and so is no data set; {GIVE}"),
    (b'{"images": {}}', f"images is no list; {GIVE}"),
    (b'{"images": [], "annotations": null}', f"annotations is no list; {GIVE}"),
    (b'{"images": [],\n "\xc3\xa4": [}', f"line 2, column 8: invalid character; {MEND}"),
    (b'{"images": [],}', f"line 1, column 15: trailing comma in object; {MEND}"),
    (b'{"images": [1,\n2', f"line 2, column 2: the file ends in the middle; {MEND}"),
    (b'{"images": [{}', f"line 1, column 15: the file ends in the middle; {MEND}"),
    (b'{"images": []} x', f"line 1, column 17: trailing characters; {MEND}"),
    (b'{"images": [],\n"a": "\xff"}', f"line 2, column 7: is no UTF-8; {MEND}"),
    (b'{"images": [], "a": "\\ud800"}', f"line 1, column 22: half a surrogate pair; {MEND}"),
    (b'{"images": [], "a": [NaN}', f"line 1, column 22: NaN and Infinity are no JSON; {MEND}"),
    (b'{"images": ' + b"[" * 3000, f"lists and objects are nested too deeply; {MEND}"),
    (b'{"images": [], "a": 1, "images": []}', "holds 'images' twice; leave one of them"),
    (b'{"images": [], "a": NaN, "a": 1}', "holds 'a' twice; leave one of them"),
    (b"\x1f\x8b\x08\x00", "is packed by gzip; unpack it"),
    ('{"images": []}'.encode("utf-16"), "is UTF-16; write it as UTF-8"),
    (
        b"version https://git-lfs.github.com/spec/v1\n",
        "is a pointer of Git LFS and not the file; get the file: git lfs pull",
    ),
    (b'{"images": [' + b"1" * 4301 + b"]}", f"line 1, column 13: a number of more than 4300 digits; {MEND}"),
]


@pytest.mark.parametrize(("data", "said"), BROKEN)
def test_a_file_that_is_no_data_set_is_refused_with_the_place(tmp_path: Path, data: bytes, said: str) -> None:
    assert refusal(read, tmp_path, data) == f"i.json: {said}"


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    said = refusal(read_annotation_file, tmp_path / "no.json", where="no.json")
    assert (
        said == "no.json: cannot be read (No such file or directory); check the path of the annotation file"
    )


def test_a_mark_of_byte_order_and_long_digits_in_a_text_are_no_fault(tmp_path: Path) -> None:
    data = b'\xef\xbb\xbf{"images": [], "counts": "' + b"0" * 5000 + b'"}'
    assert read(tmp_path, data).faults == ()


def test_not_a_number_is_read_as_null_and_named(tmp_path: Path) -> None:
    data = b'{"images": [],\n"a": [NaN, "NaN \\" NaN", -Infinity, Infinity]}'
    file = read(tmp_path, data)
    assert json.loads(file.rest["a"]) == [None, 'NaN " NaN', None, None]
    said = "NaN and Infinity are no JSON; null is read for them (3 in the file)"
    assert (file.head.remarks, file.faults) == ((f"i.json: line 2, column 7: {said}",), ())


IMAGES = [
    ([3], "entry 1 of images: cannot be read: expected `object`, got `int`; the image is left out"),
    ([image("1")], "entry 1 of images: its id '1' is no whole number; the image is left out"),
    ([image(1.0)], "entry 1 of images: its id 1.0 is no whole number; the image is left out"),
    ([image(True)], "entry 1 of images: its id true is no whole number; the image is left out"),
    ([image(2**53 + 1)], f"entry 1 of images: its id {2**53 + 1} is too large; the image is left out"),
    ([{"file_name": "a.jpg"}], "entry 1 of images: has no id; the image is left out"),
    ([{"id": 1}], "image 1: has no file_name; the image is left out with its 1 annotation"),
    ([image(1, 5)], "image 1: its file_name 5 is no text; the image is left out with its 1 annotation"),
    ([image(2, "")], "image 2: has no file_name; the image is left out"),
    ([image(2, "/etc/a.jpg")], "image 2: its file_name '/etc/a.jpg' is absolute; the image is left out"),
    ([image(2, "C:/a.jpg")], "image 2: its file_name 'C:/a.jpg' is absolute; the image is left out"),
    (
        [image(2, "x/../../a.jpg")],
        "image 2: its file_name 'x/../../a.jpg' leads out of the image folder; the image is left out",
    ),
    (
        [image(2, "x\\..\\..\\a.jpg")],
        "image 2: its file_name 'x\\..\\..\\a.jpg' leads out of the image folder; the image is left out",
    ),
    ([image(2, "C:\\a.jpg")], "image 2: its file_name 'C:\\a.jpg' is absolute; the image is left out"),
    (
        [image(2, "a\n.jpg")],
        "image 2: its file_name 'a\\n.jpg' holds a control character or a line break; the image is left out",
    ),
    ([image(2, "x/")], "image 2: its file_name 'x/' names no file; the image is left out"),
]


@pytest.mark.parametrize(("entries", "said"), IMAGES)
def test_an_image_that_cannot_be_used_is_left_out_and_named(
    tmp_path: Path, entries: list[Any], said: str
) -> None:
    file = read(tmp_path, coco([*entries, image(8, "good.jpg")], [note(5, 1), note(6, 8)]))
    faults = [line for line in file.faults if "annotation 5: its image" not in line]
    assert faults == [f"i.json: {said}"]
    assert [i.id for i in file.images] == [8]
    assert ids(file.all_annotations()) == [6]


def test_an_entry_that_is_repeated_is_read_once(tmp_path: Path) -> None:
    file = read(tmp_path, coco([image(1), image(1)], [note(5)]))
    assert file.faults == ("i.json: image 1: has 2 entries; the first one is read",)
    assert (len(file.images), ids(file.annotations_of(1))) == (1, [5])


def test_images_whose_annotations_nobody_can_tell_apart_are_left_out(tmp_path: Path) -> None:
    entries = [
        image(1, "a.jpg"),
        image(1, "b.jpg"),
        image(2, "c.jpg"),
        image(3, "./c.jpg"),
        image(4, "d.jpg"),
    ]
    file = read(tmp_path, coco(entries, [note(5), note(6, 2), note(7, 4)]))
    assert [i.id for i in file.images] == [4]
    assert file.faults == (
        "i.json: image 1: its id is that of 'a.jpg' and 'b.jpg'; the image is left out with its 1 annotation",
        "i.json: image 2: its file 'c.jpg' is that of image 3, too; "
        "the image is left out with its 1 annotation",
        "i.json: image 3: its file 'c.jpg' is that of image 2, too; the image is left out",
    )


def test_accents_that_are_stored_otherwise_make_no_other_name(tmp_path: Path) -> None:
    file = read(tmp_path, coco([image(1, "\u00e9.jpg"), image(2, "e\u0301.jpg")], [note(5, 2)]))
    but = "too, but for how its accents are stored; the image is left out"
    assert (file.images, file.faults) == (
        (),
        (
            f"i.json: image 1: its file '\u00e9.jpg' is that of image 2, {but}",
            f"i.json: image 2: its file '\u00e9.jpg' is that of image 1, {but} with its 1 annotation",
        ),
    )


ANNOTATIONS = [
    (7, "entry 2 of annotations: cannot be read: expected `object`, got `int`; it is left out"),
    (note("7"), "entry 2 of annotations: its id '7' is no whole number; the annotation is left out"),
    ({"image_id": 1}, "entry 2 of annotations: has no id; the annotation is left out"),
    (note(7, "1"), "annotation 7: its image_id '1' is no whole number; the annotation is left out"),
    ({"id": 7}, "annotation 7: has no image_id; the annotation is left out"),
    (
        note(7, segments_info=[]),
        "annotation 7: has segments_info, which most others in this file have not; "
        "the annotation is left out",
    ),
    (note(7, 99), "annotation 7: its image 99 is not in images; the annotation is left out"),
]


@pytest.mark.parametrize(("entry", "said"), ANNOTATIONS)
def test_an_annotation_that_cannot_be_used_is_left_out_and_named(
    tmp_path: Path, entry: Any, said: str
) -> None:
    file = read(tmp_path, coco([image()], [note(3), entry, note(4)]))
    assert file.faults == (f"i.json: {said}",)
    assert ids(file.annotations_of(1)) == [3, 4]


def test_a_number_that_no_computer_holds_costs_its_annotation(tmp_path: Path) -> None:
    file = read(tmp_path, b'{"images": [], "annotations": [{"id": 1e999}]}')
    said = "entry 1 of annotations: cannot be read: number out of range; it is left out"
    assert file.faults == (f"i.json: {said}",)
    assert refusal(entry_of, b'{"a": 1e999}') == "an entry cannot be read: Number out of range"


def test_annotations_of_a_lost_image_are_one_line(tmp_path: Path) -> None:
    file = read(tmp_path, coco([image()], [note(3, 99), note(4, 99), note(5)]))
    said = "annotation 3 and 1 more: their image 99 is not in images; they are left out"
    assert file.faults == (f"i.json: {said}",)


def test_ids_that_cannot_stay_are_replaced_and_listed(tmp_path: Path) -> None:
    file = read(tmp_path, coco([image()], [note(0), note(5), note(5), note(-1), note(5)]))
    assert ids(file.all_annotations()) == [6, 5, 7, 8, 9]
    assert file.head.renumbered == ((0, 6), (5, 7), (-1, 8), (5, 9))
    assert file.head.largest_annotation_id == 9
    none, twice = "ids start at 1, 0 is none to pycocotools", "another one before it has this id"
    assert file.faults == (
        f"i.json: annotation 0 (entry 1): {none}; its id is 6 now",
        f"i.json: annotation 5 (entry 3): {twice}; its id is 7 now",
        f"i.json: annotation -1 (entry 4): {none}; its id is 8 now",
        f"i.json: annotation 5 (entry 5): {twice}; its id is 9 now",
    )


def test_new_ids_are_above_those_that_are_left_out(tmp_path: Path) -> None:
    file = read(tmp_path, coco([image(1), image(99, "/x.jpg")], [note(50, 99), note(1), note(1)]))
    assert (file.head.largest_image_id, ids(file.all_annotations())) == (99, [1, 51])


def test_ids_that_leave_no_room_for_those_of_copies_are_replaced_or_refused(tmp_path: Path) -> None:
    data = coco([image(99), image(100, "b.jpg")], [note(100, 99), note(99, 99), note(10**30, 99)])
    path = plant(tmp_path, {"i.json": data}) / "i.json"
    file = read_annotation_file(path, where="i.json", max_id=99)
    assert (ids(file.all_annotations()), file.head.largest_annotation_id) == ([100, 99, 101], 101)
    assert (file.head.renumbered, file.head.largest_image_id) == (((100, 100), (10**30, 101)), 99)
    assert file.faults == (
        "i.json: entry 2 of images: its id 100 is too large; the image is left out",
        "i.json: annotation 100 (entry 1): ids above 99 are too large; its id is 100 now",
        "i.json: annotation a whole number of 31 digits (entry 3): "
        "ids above 99 are too large; its id is 101 now",
    )


def test_ids_of_copies_have_room_below_the_largest_number(tmp_path: Path) -> None:
    data = coco([image(2**53, "b.jpg"), image()], [note(2**53)])
    found = read_dataset(plant(tmp_path, {"x.json": data}, ["a.jpg", "b.jpg"]))
    head = found.annotation_files["x.json"]
    assert (head.largest_image_id, head.largest_annotation_id) == (1, 1)


@pytest.mark.parametrize("odd", [None, "x", {}, 5])
def test_segments_info_that_is_no_list_makes_no_panoptic_file(tmp_path: Path, odd: Any) -> None:
    file = read(tmp_path, coco([image()], [note(3, segments_info=odd), note(4)]))
    assert (file.kind, ids(file.annotations_of(1)), file.faults) == ("objects", [3, 4], ())


def test_what_most_annotations_are_is_what_the_file_is(tmp_path: Path) -> None:
    good = [{"image_id": n, "file_name": "a.png", "segments_info": []} for n in (2, 3)]
    images = [image(n, f"{n}.jpg") for n in (1, 2, 3)]
    file = read(tmp_path, coco(images, [good[0] | {"image_id": 1, "segments_info": None}, *good]))
    assert file.kind == "panoptic"
    said = "annotation of image 1: its segments_info is no list of segments; the annotation is left out"
    assert file.faults == (f"i.json: {said}",)


def test_a_panoptic_annotation_that_cannot_be_used_is_named_by_its_image(tmp_path: Path) -> None:
    good = {"image_id": 1, "file_name": "a.png", "segments_info": []}
    windows = good | {"file_name": "x\\a.png"}
    bad = [good | {"file_name": "../a.png"}, windows, good | {"image_id": 9}, note(3)]
    assert read(tmp_path, coco([image()], [good, *bad])).faults == (
        "i.json: annotation of image 9: its image 9 is not in images; the annotation is left out",
        "i.json: annotation of image 1: its file_name '../a.png' leads out of the image folder; "
        "the annotation is left out",
        "i.json: annotation of image 1: its file_name 'x\\a.png' has a backslash, write /; "
        "the annotation is left out",
        "i.json: annotation of image 1: has no segments_info, as others in this file do; "
        "the annotation is left out",
    )


def test_of_two_panoptic_annotations_of_a_picture_the_first_is_read(tmp_path: Path) -> None:
    each = [{"image_id": 1, "file_name": f"{name}.png", "segments_info": []} for name in "ab"]
    file = read(tmp_path, coco([image()], each))
    assert [json.loads(text)["file_name"] for text in file.annotations_of(1)] == ["a.png"]
    assert file.faults == (
        "i.json: annotation of image 1: another one before it is of this image; the annotation is left out",
    )


def test_a_category_that_cannot_be_used_is_left_out_and_named(tmp_path: Path) -> None:
    good = {"id": 1, "name": "a", "keypoints": ["nose"]}
    entries = [5, {"id": "1", "name": "a"}, {"id": 1}, good, {"id": 1, "name": "b"}]
    file = read(tmp_path, coco([], categories=entries))
    assert file.categories == (good,)
    assert file.faults == (
        "i.json: entry 1 of categories: 5 is no category; the category is left out",
        "i.json: entry 2 of categories: its id '1' is no whole number; the category is left out",
        "i.json: entry 3 of categories: has no name; the category is left out",
        "i.json: entry 5 of categories: another one before it has the id 1; the category is left out",
    )
    none = read(tmp_path, coco([], categories=5))
    assert none.faults == ("i.json: categories cannot be read: expected `array`, got `int`",)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-3, 3)
    | st.integers()
    | st.floats()
    | st.sampled_from(["", "1", "a.jpg"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["id", "image_id", "file_name", "segments_info", "width"]), inner)
    ),
    max_leaves=12,
)


@settings(max_examples=150)
@given(
    entries=st.fixed_dictionaries({}, optional=dict.fromkeys(["images", "annotations", "categories"], JSON))
)
def test_nothing_crashes_on_any_json(
    tmp_path_factory: pytest.TempPathFactory, entries: dict[str, Any]
) -> None:
    check_no_crash(tmp_path_factory.getbasetemp(), json.dumps(entries).encode())


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A good file of which some values are others, or some bytes are."""
    data: Any = coco([image(n, f"{n}.jpg") for n in (1, 2)], [note(n, n % 2 + 1) for n in range(1, 5)])
    for _ in range(draw(st.integers(0, 4))):
        entry = draw(st.sampled_from([*data["images"], *data["annotations"]]))
        entry[draw(st.sampled_from(["id", "image_id", "file_name", "width", "new"]))] = draw(JSON)
    text = bytearray(json.dumps(data).encode())
    for _ in range(draw(st.integers(0, 2))):
        text[draw(st.integers(0, len(text) - 1))] = draw(st.integers(0, 255))
    return bytes(text)


@settings(max_examples=200)
@given(data=mutated())
def test_nothing_crashes_on_a_damaged_file(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    check_no_crash(tmp_path_factory.getbasetemp(), data)


def check_no_crash(folder: Path, data: bytes) -> None:
    """A refusal, or a file of which each text is valid JSON, each line one line, and each id unique."""
    try:
        file = read(folder, data)
    except DatasetError:
        return
    texts = list(file.all_annotations())
    assert all(isinstance(json.loads(text), dict) for text in (*texts, *(i.text for i in file.images)))
    assert all(line.startswith("i.json: ") and "\n" not in line for line in file.faults)
    assert len({i.id for i in file.images}) == len(file.images)
    if file.kind == "objects":
        assert len(set(ids(texts))) == len(texts)
        assert all(1 <= number <= file.head.largest_annotation_id for number in ids(texts))


# --- a data set


def test_files_of_the_same_pictures_go_together(tmp_path: Path) -> None:
    images = [image(1, "a.jpg"), image(2, "b.jpg")]
    files = {
        "annotations/instances_val2017.json": coco(images, [note(1), note(2)]),
        "annotations/captions_val2017.json": coco(images, [note(7, 2)]),
    }
    found = read_dataset(plant(tmp_path, files, ["val2017/a.jpg", "val2017/b.jpg", "val2017/c.jpg"]))
    first, second = found.items
    assert (first.key, first.image, first.split, first.group) == (
        "val2017/a",
        "val2017/a.jpg",
        "val",
        "val2017/a",
    )
    captions, instances = found.annotation_files
    assert (captions, instances) == tuple(sorted(files))
    assert {file: ids(texts) for file, texts in first.annotations.items()} == {
        captions: [],
        instances: [1, 2],
    }
    assert {file: ids(texts) for file, texts in second.annotations.items()} == {captions: [7], instances: []}
    assert {file: json.loads(text) for file, text in second.entries.items()} == dict.fromkeys(
        files, images[1]
    )
    assert (found.layout, found.reading, found.orphan_images) == (
        "coco",
        {"layout": "coco"},
        ("val2017/c.jpg",),
    )
    assert found.reason == f"{captions} and 1 more: 2 images with 3 annotations"
    head = found.annotation_files[instances]
    assert (head.image_root, head.written, head.split) == ("val2017", instances, "val")
    assert head.order == ("val2017/a", "val2017/b")


def test_items_and_heads_travel_to_other_processes(tmp_path: Path) -> None:
    found = read_dataset(plant(tmp_path, {"i.json": coco([image()], [note()])}, ["a.jpg"]))
    assert pickle.loads(pickle.dumps(found)) == found  # noqa: S301 - our own bytes


SPLITS = {"annotations/instances_train.json": [1], "annotations/instances_val.json": [2]}
PLACES = [
    (["images/train/1.jpg", "images/val/2.jpg"], "annotations/instances_{}.json"),
    (["images/train2017/1.jpg", "images/val2017/2.jpg"], "annotations/instances_{}2017.json"),
    (["train/1.jpg", "val/2.jpg"], "annotations/{}.json"),
    (["train/1.jpg", "val/2.jpg"], "{}/_annotations.coco.json"),
    (["images/1.jpg", "images/2.jpg"], "annotations/person_keypoints_{}.json"),
    (["1.jpg", "2.jpg"], "{}.json"),
]


@pytest.mark.parametrize(("pictures", "name"), PLACES)
def test_splits_come_from_the_files_or_folders(tmp_path: Path, pictures: list[str], name: str) -> None:
    files = {name.format(split): coco([image(n, f"{n}.jpg")]) for n, split in ((1, "train"), (2, "val"))}
    found = read_dataset(plant(tmp_path, files, pictures))
    assert {item.image: item.split for item in found.items} == dict(
        zip(pictures, ("train", "val"), strict=True)
    )
    assert read_dataset(tmp_path, **found.reading).items == found.items


def test_pictures_of_one_name_in_two_splits_are_told_apart(tmp_path: Path) -> None:
    files = {
        f"annotations/{split}.json": coco([image(1)], [note(n)])
        for n, split in enumerate(("train", "val"), 1)
    }
    found = read_dataset(plant(tmp_path, files, ["images/train/a.jpg", "images/val/a.jpg"]))
    assert [(item.image, ids(*item.annotations.values())) for item in found.items] == [
        ("images/train/a.jpg", [1]),
        ("images/val/a.jpg", [2]),
    ]


def test_pictures_of_another_split_are_never_taken(tmp_path: Path) -> None:
    files = {f"annotations/{split}.json": coco([image(1)]) for split in ("train", "val")}
    found = read_dataset(plant(tmp_path, files, ["images/train/a.jpg"]))
    assert [item.split for item in found.items] == ["train"]
    assert found.skipped == ("annotations/val.json: none of its 1 image is here, first a.jpg",)


def test_folders_in_file_names_are_followed(tmp_path: Path) -> None:
    files = {"data/annotations.json": coco([image(1, "batch_1/a.jpg"), image(2, "./batch_2/a.jpg")])}
    found = read_dataset(plant(tmp_path, files, ["data/batch_1/a.jpg", "data/batch_2/a.jpg", "Other/a.jpg"]))
    assert [item.image for item in found.items] == ["data/batch_1/a.jpg", "data/batch_2/a.jpg"]
    assert found.annotation_files["data/annotations.json"].image_root == "data"
    assert found.annotation_files["data/annotations.json"].written == "annotations/annotations.json"
    assert found.skipped == ("Other: 1 image outside the data set",)


def test_one_file_with_a_folder_of_images(tmp_path: Path) -> None:
    plant(tmp_path, {"elsewhere/val.json": coco([image()], [note()])}, ["photos/a.jpg", "photos/b.jpg"])
    found = read_dataset(tmp_path / "elsewhere/val.json", images=str(tmp_path / "photos"))
    (item,) = found.items
    assert (found.root, item.image, item.split) == (tmp_path / "photos", "a.jpg", "val")
    assert list(item.annotations) == list(found.annotation_files) == ["annotations/val.json"]
    head = found.annotation_files["annotations/val.json"]
    assert (head.path, head.written, head.image_root) == (
        tmp_path / "elsewhere/val.json",
        "annotations/val.json",
        "",
    )
    assert found.orphan_images == ("b.jpg",)


def test_one_file_alone_finds_its_images_around_it(tmp_path: Path) -> None:
    files = {"annotations/one.json": coco([image()]), "annotations/two.json": coco([image()])}
    found = read_dataset(plant(tmp_path, files, ["photos/a.jpg"]) / "annotations/one.json")
    assert (found.root, list(found.annotation_files)) == (tmp_path, ["annotations/one.json"])
    assert [item.image for item in found.items] == ["photos/a.jpg"]
    named = read_dataset(tmp_path / "annotations/one.json", images="photos")
    assert (named.root, named.items) == (found.root, found.items)


def test_files_can_be_named(tmp_path: Path) -> None:
    files = {"annotations/one.json": coco([image()]), "annotations/two.json": coco([image()])}
    plant(tmp_path, files, ["photos/a.jpg"])
    one = read_dataset(tmp_path, annotations="annotations/one.json")
    assert list(one.annotation_files) == ["annotations/one.json"]
    assert one.reading == {"layout": "coco", "annotations": "annotations/one.json"}
    both = read_dataset(tmp_path, layout="coco", annotations="annotations")
    assert list(both.annotation_files) == ["annotations/one.json", "annotations/two.json"]
    said = refusal(read_dataset, tmp_path, layout="coco", annotations="photos")
    hint = "name the file: input: {layout: coco, annotations: FILE}"
    assert said == f"{tmp_path}/photos: no annotation file lies in this folder; {hint}"


def test_panoptic_pngs_are_no_images_and_no_second_reading(tmp_path: Path) -> None:
    segments = {"image_id": 1, "file_name": "a.png", "segments_info": []}
    files = {"annotations/panoptic_val.json": coco([image()], [segments])}
    found = read_dataset(plant(tmp_path, files, ["images/val/a.jpg", "annotations/panoptic_val/a.png"]))
    assert (found.layout, [item.image for item in found.items]) == ("coco", ["images/val/a.jpg"])
    head = found.annotation_files["annotations/panoptic_val.json"]
    assert (head.kind, head.map_root) == ("panoptic", "annotations/panoptic_val")
    assert (found.orphan_images, found.skipped) == ((), ())
    (tmp_path / "annotations/panoptic_val/a.png").unlink()
    lost = read_dataset(tmp_path)
    assert lost.skipped == ("annotations/panoptic_val.json: none of its 1 PNG is here",)


def test_missing_images_are_listed_and_the_rest_is_done(tmp_path: Path) -> None:
    images = [image(1), image(2, "b.jpg"), image(3, "c.heic"), image(4, "d.jpg"), image(5, "e/f.jpg")]
    files = {f"annotations/{name}.json": coco(images, [note(2, 2)]) for name in ("one", "two")}
    plant(tmp_path, files, ["photos/a.jpg", "photos/c.heic", "away/f.jpg"])
    (tmp_path / "photos/d.jpg").symlink_to(tmp_path / "photos/a.jpg")
    (tmp_path / "photos/e").symlink_to(tmp_path / "away")
    found = read_dataset(tmp_path)
    assert [item.image for item in found.items] == ["photos/a.jpg"]
    has = "annotations/one.json and 1 more has it"
    link = "a link, and links are not followed"
    assert found.skipped == (
        f"photos/d.jpg: is {link}",
        f"photos/e: is {link}",
        f"photos/b.jpg: is not there; {has}",
        f"photos/c.heic: is no kind of picture that augcli reads; {has}",
        f"photos/d.jpg: is {link}; {has}",
        f"photos/e/f.jpg: lies behind {link}; {has}",
        "away: 1 image outside the data set",
    )


def test_a_name_is_found_however_its_accents_are_stored(tmp_path: Path) -> None:
    plant(
        tmp_path,
        {"x.json": coco([image(1, "e\u0301.jpg"), image(2, "\u00fc.jpg")])},
        ["\u00e9.jpg", "u\u0308.jpg"],
    )
    found = read_dataset(tmp_path)
    assert [(item.key, item.image) for item in found.items] == [
        ("\u00e9", "\u00e9.jpg"),
        ("\u00fc", "u\u0308.jpg"),
    ]


def test_a_name_that_no_disk_holds_is_a_missing_image(tmp_path: Path) -> None:
    long = f"{'a' * 3000}.jpg"
    found = read_dataset(plant(tmp_path, {"x.json": coco([image(), image(2, long)])}, ["a.jpg"]))
    assert found.skipped == (f"{long}: is not there; x.json has it",)


def test_a_folder_of_the_same_names_is_asked_about(tmp_path: Path) -> None:
    plant(tmp_path, {"annotations/x.json": coco([image()])}, ["large/a.jpg", "small/a.jpg"])
    line = "input: {layout: coco, images: %s}"
    assert refusal(read_dataset, tmp_path) == (
        f"{tmp_path}: the images of annotations/x.json may be those in large or in small; "
        f"put one of these lines into the recipe: {line % 'large'} or {line % 'small'}"
    )
    named = read_dataset(tmp_path, layout="coco", images="small")
    assert [item.image for item in named.items] == ["small/a.jpg"]
    whole = read_dataset(tmp_path, layout="coco", images=str(tmp_path / "small"))
    assert (whole.items, whole.reading) == (named.items, {"layout": "coco", "images": "small"})
    one = {"layout": "coco", "annotations": "annotations/x.json"}
    line = "input: {layout: coco, annotations: annotations/x.json, images: large}"
    assert f"put one of these lines into the recipe: {line} or " in refusal(read_dataset, tmp_path, **one)
    assert read_dataset(tmp_path, **one, images="large").items[0].image == "large/a.jpg"


def test_annotations_beside_masks_are_asked_about(tmp_path: Path) -> None:
    plant(tmp_path, {"coco.json": coco([image()])}, ["images/a.jpg", "masks/a.png"])
    assert refusal(read_dataset, tmp_path) == (
        f"{tmp_path}: can be read in several ways; put one of these lines into the recipe: "
        "input: {layout: coco} or input: {layout: folders, images: images, masks: masks}"
    )
    assert read_dataset(tmp_path, layout="coco").layout == "coco"
    assert read_dataset(tmp_path, images="images", masks="masks").layout == "folders"


def test_several_data_sets_are_asked_about(tmp_path: Path) -> None:
    files = {f"{name}/annotations/x.json": coco([image()]) for name in ("one", "two")}
    plant(tmp_path, files, ["one/images/a.jpg", "two/images/a.jpg"])
    assert refusal(read_dataset, tmp_path) == (
        f"{tmp_path}: holds 2 separate data sets; "
        f"give one of them as the input: {tmp_path}/one, {tmp_path}/two"
    )
    assert len(read_dataset(tmp_path, layout="coco", annotations="two/annotations").items) == 1


def test_a_picture_of_two_splits_is_refused(tmp_path: Path) -> None:
    plant(tmp_path, {f"annotations/{s}.json": coco([image()]) for s in ("train", "test")}, ["images/a.jpg"])
    assert refusal(read_dataset, tmp_path) == (
        f"{tmp_path}: images/a.jpg stands in annotations/test.json and in annotations/train.json; "
        "a picture belongs to one split"
    )


def test_files_without_their_images_are_refused_where_the_layout_is_named(tmp_path: Path) -> None:
    plant(tmp_path, {"x.json": coco([image(1, "b.jpg")])}, ["a.jpg"])
    assert refusal(read_dataset, tmp_path, layout="coco") == (
        f"{tmp_path}: x.json: none of its 1 image is here, first b.jpg; "
        "name the folder where its file_names start: input: {layout: coco, images: DIR}"
    )
    plant(tmp_path, {"x.json": coco([image("1")])})
    assert "x.json: no image in it can be used (entry 1 of images: its id '1' is no whole number); " in (
        refusal(read_dataset, tmp_path, layout="coco")
    )
    (tmp_path / "x.json").unlink()
    assert refusal(read_dataset, tmp_path, layout="coco") == (
        f"{tmp_path}: there is no annotation file of COCO, like annotations/instances_train.json; "
        "name it: input: {layout: coco, annotations: FILE}"
    )


def test_a_folder_outside_of_the_data_set_is_refused(tmp_path: Path) -> None:
    plant(tmp_path / "in", {"x.json": coco([image()])}, ["a.jpg"])
    said = refusal(read_dataset, tmp_path / "in", layout="coco", images="../photos")
    assert said == f"{tmp_path}/in/../photos: lies outside the data set; name a folder in {tmp_path}/in"


@pytest.mark.parametrize(
    "data", [b'{"shapes": [], "imagePath": "a.jpg"}', b'{"info": 1}', b"", b"{", b'["images"]']
)
def test_other_json_files_say_nothing(tmp_path: Path, data: bytes) -> None:
    assert read_dataset(plant(tmp_path, {"a.json": data}, ["a.jpg"])).layout == "images"


def test_a_broken_annotation_file_is_not_passed_over(tmp_path: Path) -> None:
    plant(tmp_path, {"annotations/x.json": b'{"info": 1, "images": ['}, ["a.jpg"])
    said = f"annotations/x.json: line 1, column 24: the file ends in the middle; {MEND}"
    assert refusal(read_dataset, tmp_path) == said


# --- real files

REAL = [
    ("coco_mini80", 79, 1137, 11),
    ("coco_labelme3", 3, 12, 0),
    ("coco_panoptic_sample", 2, 52, 0),
    ("coco_datumaro_assets/coco_dataset/coco", 2, 16, 0),
    ("coco_datumaro_assets/coco_dataset/coco_roboflow", 2, 3, 0),
    ("coco_datumaro_assets/coco_dataset/mmdet_coco", 2, 3, 0),
]


def annotations_in(dataset: Dataset) -> int:
    return sum(len(texts) for item in dataset.items for texts in item.annotations.values())


@pytest.mark.skipif(not DATA.is_dir(), reason=NOT_HERE)
@pytest.mark.parametrize(("folder", "items", "annotations", "orphans"), REAL)
def test_a_real_data_set_is_found(folder: str, items: int, annotations: int, orphans: int) -> None:
    found = read_dataset(DATA / folder)
    assert (found.layout, len(found.items), annotations_in(found)) == ("coco", items, annotations)
    assert len(found.orphan_images) == orphans
    assert all((DATA / folder / item.image).is_file() for item in found.items)


@needs("coco_taco_json")
def test_ids_that_taco_has_twice_are_replaced() -> None:
    file = read_annotation_file(DATA / "coco_taco_json/data/annotations.json", where="annotations.json")
    assert (len(file.images), len(list(file.all_annotations()))) == (1500, 4784)
    assert file.head.renumbered == ((309, 4784), (4040, 4785))


@needs("coco_results")
def test_results_are_refused_as_such() -> None:
    for path in (DATA / "coco_results/results").glob("*.json"):
        assert "a list of results, not a data set" in refusal(read_annotation_file, path, where=path.name)


@needs("coco_labelme3")
def test_a_link_to_an_annotation_file_can_be_named(tmp_path: Path) -> None:
    shutil.copytree(DATA / "coco_labelme3/JPEGImages", tmp_path / "in/JPEGImages")
    os.symlink(DATA / "coco_labelme3/annotations.json", tmp_path / "in/a.json")
    assert len(read_dataset(tmp_path / "in", annotations="a.json").items) == 3
