"""Pascal VOC's XML files: as a layout, and beside another output."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import datasets_on_disk, object_datasets

from augcli.commands.replay.replay import replay
from augcli.errors import DatasetError
from augcli.formats.detect import read_dataset
from augcli.formats.voc.objects import read_document
from augcli.formats.voc.shapes import shapes_of
from augcli.formats.voc.write import pixels
from augcli.labels.mirror import mirror_remarks
from augcli.pipeline.plan import Selection
from augcli.recipe import parse_recipe

W, H = object_datasets.SIZE
FLIP = "variants: {fliplr: [horizontal_flip]}\n"
BOX = object_datasets.box(9, 5, 24, 12)
CAT = f"<name>cat</name><pose>Left</pose><truncated>0</truncated><difficult>1</difficult>{BOX}"


def expanded(tmp_path, root, text=FLIP):
    out = tmp_path / "out"
    report = datasets_on_disk.run(text, root, out)
    assert report.failed == []
    return out, report


def read(inner):
    return read_document(f"<annotation>{inner}</annotation>".encode())


# --- as a description


def test_corners_count_from_1_and_belong_to_the_box(tmp_path):
    root = object_datasets.coco(tmp_path / "in", [object_datasets.annotation(1, 2, bbox=[8, 4, 16, 8])])
    out, report = expanded(tmp_path, root, FLIP + "output: {also: [voc]}\n")
    found, tree = object_datasets.xml(out, "Annotations/train/a.xml")
    assert found == [("dog", (9, 5, 24, 12))]
    assert object_datasets.xml(out, "Annotations/train/a__fliplr.xml")[0] == [("dog", (41, 5, 56, 12))]
    assert (tree.findtext("folder"), tree.findtext("filename")) == ("train", "a.png")
    assert (tree.findtext("size/width"), tree.findtext("size/height")) == (str(W), str(H))
    flags = [tree.findtext(f"object/{tag}") for tag in ("pose", "truncated", "difficult")]
    assert flags == ["Unspecified", "0", "0"]
    assert (out / "ImageSets/Main/train.txt").read_text() == "train/a\ntrain/a__fliplr\n"
    assert report.losses == []


def test_what_xml_does_not_say_is_counted(tmp_path):
    fields = {"bbox": [8, 4, 16, 8], "segmentation": [[8, 4, 24, 4, 24, 12, 8, 12]], "area": 128}
    crowd = object_datasets.annotation(2, bbox=[0, 0, 4, 4]) | {"iscrowd": 1}
    caption = {"id": 4, "image_id": 1, "caption": "a cat"}
    root = object_datasets.coco(tmp_path / "in", [object_datasets.annotation(1, **fields), crowd, caption])
    out, report = expanded(tmp_path, root, FLIP + "output: {also: [voc]}\n")
    assert report.losses == [
        "voc: 2 left out: a caption",
        "voc: 2 left out: a crowd (iscrowd), for which VOC has no word",
        "voc: 2 changed: its segmentation is not said",
    ]
    assert json.loads((out / "voc.json").read_text()) == {
        "left_out": {"a caption": 2, "a crowd (iscrowd), for which VOC has no word": 2},
        "changed": {"its segmentation is not said": 2},
    }


def test_a_copy_that_is_newly_cut_is_truncated(tmp_path):
    root = object_datasets.coco(tmp_path / "in", [object_datasets.annotation(1, bbox=[8, 4, 16, 8])])
    text = "variants: {moved: [translate: {x: -0.25}]}\noutput: {also: [voc]}\n"
    out, _ = expanded(tmp_path, root, text)
    found, tree = object_datasets.xml(out, "Annotations/train/a__moved.xml")
    assert found == [("cat", (1, 5, 8, 12))]
    assert tree.findtext("object/truncated") == "1"


def test_two_pictures_never_share_an_xml_file(tmp_path):
    images = ("images/train/a.png", "JPEGImages/train/a.png")
    root = object_datasets.coco(tmp_path / "in", [], images=())
    document = json.loads((root / "annotations/instances_train.json").read_text())
    document["images"] = [{"id": n, "file_name": name} for n, name in enumerate(images)]
    (root / "annotations/instances_train.json").write_text(json.dumps(document))
    for image in images:
        object_datasets.photo(root, image)
    with pytest.raises(DatasetError) as error:
        datasets_on_disk.run(FLIP + "output: {also: [voc]}\n", root, tmp_path / "out")
    assert str(error.value) == (
        "the XML of two pictures would be Annotations/train/a.xml; rename one of the pictures"
    )


@given(st.floats(-9, W), st.floats(-9, H), st.floats(0, W), st.floats(0, H))
def test_corners_are_whole_pixels_within_half_a_pixel_of_the_box(x, y, width, height):
    found = pixels([x, y, width, height], object_datasets.SIZE)
    if found is None:
        assert x + width < 0 or y + height < 0
        return
    xmin, ymin, xmax, ymax = found
    assert 1 <= xmin <= xmax <= W
    assert 1 <= ymin <= ymax <= H
    left, right = max(0, x), min(W, x + width)
    assert abs(xmin - 1 - left) <= 0.5 or left > W - 1
    assert abs(xmax - right) <= 0.5 or xmax == xmin


# --- as a layout


def test_an_object_becomes_pixels_from_0():
    ((name, cat),) = read(f"<object>{CAT}</object>").objects
    assert name == "cat"
    assert (cat["bbox"], cat["area"]) == ([8, 4, 16, 8], 128)
    assert (cat["pose"], cat["truncated"], cat["difficult"]) == ("Left", 0, 1)


def test_a_part_says_whose_it_is():
    part = f"<part><name>head</name>{object_datasets.box(5.5, 6, 7.5, 8)}</part>"
    (_, whole), (name, head) = read(f"<object><name>cat</name>{BOX}{part}</object>").objects
    assert (whole["id"], head["id"], head["part_of"], name) == (1, 2, 1, "head")
    assert head["bbox"] == [4.5, 5, 3, 3]


@pytest.mark.parametrize(
    ("inner", "wrong"),
    [
        ("<name>cat</name>", "object 1 (cat): it has no bndbox"),
        (BOX, "object 1: it has no name"),
        (
            "<name>cat</name>" + object_datasets.box(9, 5, 8, 12),
            "object 1 (cat): its xmin is 9 and its xmax 8",
        ),
        (
            "<name>cat</name>" + object_datasets.box(9, "x", 8, 12),
            "object 1 (cat): its ymin is 'x', which is no number",
        ),
        (
            "<name>cat</name><bndbox><xmin>1</xmin></bndbox>",
            "object 1 (cat): its ymin is nothing, which is no number",
        ),
    ],
)
def test_a_faulty_object_is_named_and_the_others_are_read(inner, wrong):
    found = read(f"<object>{inner}</object><object>{CAT}</object>")
    assert found.faults == (f"{wrong}; it is left out",)
    assert [(name, one["id"]) for name, one in found.objects] == [("cat", 2)]


@given(st.binary())
def test_no_bytes_are_too_odd_to_be_read(data):
    read_document(data)
    read_document(b"<annotation><object>" + data + b"</object></annotation>")


def test_without_variants_the_same_objects_come_out(tmp_path):
    part = f"<part><name>head</name>{object_datasets.box(10.5, 6, 17.5, 8)}</part>"
    actions = "<actions><running>1</running></actions>"
    further = "<source><database>mine</database></source>"
    root = object_datasets.voc(
        tmp_path / "in", [CAT + actions + part, f"<name>dog</name>{BOX}"], further=further
    )
    out, _ = expanded(tmp_path, root, "keep_original: true\n")
    before, after = (object_datasets.xml(folder, "Annotations/a.xml") for folder in (root, out))
    assert before[0] == after[0]
    for path in ("pose", "truncated", "difficult", "actions/running", "part/name"):
        assert [e.text for e in after[1].findall(f"object/{path}")] == [
            e.text for e in before[1].findall(f"object/{path}")
        ]
    assert object_datasets.corners(after[1].find("object/part")) == (10.5, 6, 17.5, 8)
    assert after[1].findtext("source/database") == "mine"
    assert after[1].findtext("size/depth") == "3"
    assert not (out / "ImageSets").exists()


def test_a_moved_object_faces_nowhere_and_its_parts_go_with_it(tmp_path):
    part = f"<part><name>head</name>{object_datasets.box(9, 5, 12, 8)}</part>"
    out, _ = expanded(tmp_path, object_datasets.voc(tmp_path / "in", [CAT + part]))
    found, tree = object_datasets.xml(out, "Annotations/a__fliplr.xml")
    assert found == [("cat", (41, 5, 56, 12))]
    assert object_datasets.corners(tree.find("object/part")) == (53, 5, 56, 8)
    assert tree.findtext("object/pose") == "Unspecified"
    assert tree.findtext("object/difficult") == "1"


def vertices(*points):
    each = (f"<x{n}>{x}</x{n}><y{n}>{y}</y{n}>" for n, (x, y) in enumerate(points, 1))
    return f"<polygon>{''.join(each)}</polygon>"


def shape(out, name, tag="polygon"):
    """The numbers in an element of the one object of an XML file."""
    found = object_datasets.xml(out, name)[1].find(f"object/{tag}")
    return None if found is None else [float(value.text) for value in found]


CORNERS = [(9, 5), (24, 5), (24, 12.25)]
POLYGON = vertices(*CORNERS)
POINT = "<point><x>10</x><y>6</y></point>"


def test_vertices_are_pixels_from_1_and_a_point_is_one():
    ((_, one),) = read(f"<object>{CAT}{POLYGON}{POINT}</object>").objects
    assert one["segmentation"] == [[8.5, 4.5, 23.5, 4.5, 23.5, 11.75]]
    assert (one["bbox"], one["area"]) == ([8, 4, 16, 8], 15 * 7.25 / 2)
    assert (one["keypoints"], one["num_keypoints"]) == ([9, 5, 2], 1)


def test_a_polygon_of_labelme_needs_no_box():
    points = "".join(f"<pt><x>{x}</x><y>{y}</y></pt>" for x, y in CORNERS)
    ((_, one),) = read(f"<object><name>cat</name><polygon>{points}</polygon></object>").objects
    assert one["segmentation"] == [[8.5, 4.5, 23.5, 4.5, 23.5, 11.75]]
    assert one["bbox"] == [8, 4, 16, 8.25]


def test_a_polygon_of_two_points_is_a_fault():
    found = read(f"<object>{CAT}{vertices((1, 1), (2, 2))}</object>")
    wrong = "object 1 (cat): its polygon has 2 points, at least 3 are needed; it is left out"
    assert found.faults == (wrong,)


def test_polygons_and_points_go_where_their_object_goes(tmp_path):
    root = object_datasets.voc(tmp_path / "in", [CAT + POLYGON + POINT])
    out, report = expanded(tmp_path, root)
    assert shape(out, "Annotations/a.xml") == [9, 5, 24, 5, 24, 12.25]
    assert object_datasets.xml(out, "Annotations/a.xml")[0] == [("cat", (9, 5, 24, 12))]
    assert shape(out, "Annotations/a.xml", "point") == [10, 6]
    assert shape(out, "Annotations/a__fliplr.xml", "point") == [55, 6]
    mirrored = shape(out, "Annotations/a__fliplr.xml")
    points = sorted(zip(mirrored[::2], mirrored[1::2], strict=True))
    assert points == sorted((W + 1 - x, y) for x, y in CORNERS)
    assert object_datasets.xml(out, "Annotations/a__fliplr.xml")[0] == [("cat", (41, 5, 56, 12))]
    assert report.losses == []


def test_a_point_has_no_other_side(tmp_path):
    root = object_datasets.voc(tmp_path / "in", [CAT + POINT])
    assert list(mirror_remarks(parse_recipe(FLIP, "r.yaml"), read_dataset(root))) == []


def test_polygons_and_points_of_originals_go_to_their_size(tmp_path):
    root = object_datasets.voc(tmp_path / "in", [CAT + vertices((1, 1), (32.5, 1), (32.5, 20.5)) + POINT])
    out, _ = expanded(tmp_path, root, "output: {size: 128x80}\n")
    assert shape(out, "Annotations/a.xml") == [1.5, 1.5, 64.5, 1.5, 64.5, 40.5]
    assert shape(out, "Annotations/a.xml", "point") == [19.5, 11.5]


def test_a_box_around_more_than_its_polygon_stays_until_it_moves(tmp_path):
    root = object_datasets.voc(tmp_path / "in", [CAT + vertices((10, 6), (20, 6), (20, 10))])
    out, _ = expanded(tmp_path, root)
    assert object_datasets.xml(out, "Annotations/a.xml")[0] == [("cat", (9, 5, 24, 12))]
    assert object_datasets.xml(out, "Annotations/a__fliplr.xml")[0] == [("cat", (45, 6, 55, 10))]


def test_a_polygon_that_is_cut_stays_in_the_picture(tmp_path):
    root = object_datasets.voc(tmp_path / "in", [CAT + vertices((9, 5), (24, 5), (24, 12), (9, 12)) + POINT])
    out, report = expanded(tmp_path, root, "variants: {moved: [translate: {x: -0.25}]}\n")
    found = shape(out, "Annotations/a__moved.xml")
    assert (min(found[::2]), max(found[::2])) == (1, 8)
    assert shape(out, "Annotations/a__moved.xml", "point") is None
    assert object_datasets.xml(out, "Annotations/a__moved.xml")[0] == [("cat", (1, 5, 8, 12))]
    assert report.losses == ["voc: 1 changed: its point lies outside of the picture"]


def test_other_coordinates_stay_with_an_object_that_stays_and_are_left_out_with_one_that_moves(tmp_path):
    turned = "<robndbox><cx>16</cx><cy>8</cy><angle>0.5</angle></robndbox>"
    eye = '<keypoint name="eye" x="9" y="5" />'
    out, report = expanded(tmp_path, object_datasets.voc(tmp_path / "in", [CAT + turned + eye]))
    assert shape(out, "Annotations/a.xml", "robndbox") == [16, 8, 0.5]
    tags = [child.tag for child in object_datasets.xml(out, "Annotations/a__fliplr.xml")[1].find("object")]
    assert tags == ["name", "pose", "truncated", "difficult", "bndbox"]
    assert report.losses == [
        "voc: 1 changed: its keypoint is not moved, and left out",
        "voc: 1 changed: its robndbox is not moved, and left out",
    ]


def test_an_object_in_the_middle_that_is_mirrored_faces_nowhere(tmp_path):
    middle = CAT.replace(BOX, object_datasets.box(9, 5, W - 8, 12))
    out, _ = expanded(tmp_path, object_datasets.voc(tmp_path / "in", [middle]))
    poses = [
        object_datasets.xml(out, f"Annotations/{name}.xml")[1].findtext("object/pose")
        for name in ("a", "a__fliplr")
    ]
    assert poses == ["Left", "Unspecified"]


def test_no_file_tells_of_a_path_on_another_machine(tmp_path):
    further = "<path>C:\\me\\a.png</path><source>mine</source>"
    out, _ = expanded(tmp_path, object_datasets.voc(tmp_path / "in", [CAT], further=further))
    for name in ("a", "a__fliplr"):
        tree = object_datasets.xml(out, f"Annotations/{name}.xml")[1]
        assert (tree.find("path"), tree.findtext("source")) == (None, "mine")
        assert tree.findtext("filename") == f"{name}.png"


@given(st.lists(st.tuples(st.integers(1, W), st.integers(1, H)), min_size=3, max_size=6, unique=True))
def test_a_polygon_that_lies_where_it_lay_is_written_as_it_stood(points):
    ((_, fields),) = read(f"<object>{CAT}{vertices(*points)}</object>").objects
    (polygon,) = shapes_of(fields, object_datasets.SIZE, is_same=True).elements
    assert [int(value.text) for value in polygon] == [value for point in points for value in point]


def test_lists_say_the_splits_and_are_written_again(tmp_path):
    root = object_datasets.voc(tmp_path / "in", [CAT])
    object_datasets.voc(root, [CAT], "JPEGImages/b.png")
    (root / "ImageSets/Main").mkdir(parents=True)
    (root / "ImageSets/Main/train.txt").write_text("a\n")
    (root / "ImageSets/Main/val.txt").write_text("b\n")
    (root / "ImageSets/Main/trainval.txt").write_text("a\nb\n")
    out, _ = expanded(tmp_path, root)
    assert (out / "ImageSets/Main/trainval.txt").read_text() == "a\na__fliplr\nb\n"
    assert (out / "ImageSets/Main/train.txt").read_text() == "a\na__fliplr\n"
    assert (out / "ImageSets/Main/val.txt").read_text() == "b\n"
    again = read_dataset(out)
    assert {item.key: item.split for item in again.items} == {
        "JPEGImages/a": "train",
        "JPEGImages/a__fliplr": "train",
        "JPEGImages/b": "val",
    }


def test_xml_beside_its_picture_is_read_and_written_there(tmp_path):
    root = object_datasets.voc(tmp_path / "in", [CAT], "photos/a.png")
    out, _ = expanded(tmp_path, root)
    assert object_datasets.xml(out, "photos/a__fliplr.xml")[0] == [("cat", (41, 5, 56, 12))]


def test_a_picture_is_found_by_the_name_in_the_file(tmp_path):
    root = object_datasets.voc(tmp_path / "in", [CAT], further="<filename>b.jpg</filename>")
    (root / "JPEGImages/a.png").rename(root / "JPEGImages/b.png")
    assert [item.image for item in read_dataset(root).items] == ["JPEGImages/b.png"]


def test_what_cannot_be_used_is_named(tmp_path):
    root = object_datasets.voc(tmp_path / "in", [CAT])
    object_datasets.photo(root, "JPEGImages/b.png")
    object_datasets.photo(root, "JPEGImages/c.png")
    (root / "Annotations/b.xml").write_text("<annotation><object></annotation>")
    (root / "Annotations/c.xml").write_text("<!DOCTYPE a []><annotation/>")
    (root / "Annotations/d.xml").write_text("<annotation><filename>d.jpg</filename></annotation>")
    found = read_dataset(root)
    assert found.annotation_files["Annotations"].faults == (
        "Annotations/b.xml: is broken: mismatched tag: line 1, column 22; its picture is left out",
        "Annotations/c.xml: has a document type, which VOC's files have not; its picture is left out",
    )
    assert found.skipped == ("Annotations/d.xml: its picture d.jpg is not there",)
    assert found.orphan_images == ("JPEGImages/b.png", "JPEGImages/c.png")


def test_two_files_of_one_picture_are_named(tmp_path):
    root = object_datasets.voc(tmp_path / "in", [CAT])
    (root / "Annotations/b.xml").write_text("<annotation><filename>a.png</filename></annotation>")
    assert read_dataset(root).annotation_files["Annotations"].faults == (
        "Annotations/b.xml: its picture JPEGImages/a.png is that of Annotations/a.xml; the file is left out",
    )


def test_a_size_that_is_not_the_pictures_fails_by_name(tmp_path):
    root = object_datasets.voc(tmp_path / "in", [CAT])
    datasets_on_disk.save(root / "JPEGImages/a.png", datasets_on_disk.photo())
    report = datasets_on_disk.run(FLIP, root, tmp_path / "out")
    assert {failure.sentence() for failure in report.failed} == {
        "JPEGImages/a.png: the picture is 37x29, Annotations says 64x40; "
        "mend the file, or turn the picture as it is annotated"
    }


@pytest.mark.parametrize("number", ["9" * 5000, "1e9", "-1", "0.5", ""])
def test_a_size_or_flag_that_is_no_usable_number_says_nothing(number):
    size = f"<size><width>{number}</width><height>29</height></size>"
    document = read(f"{size}<object>{CAT.replace('<difficult>1', f'<difficult>{number}')}</object>")
    assert {key: document.entry.get(key) for key in ("width", "height")} == {"width": None, "height": 29}
    ((_, cat),) = document.objects
    assert (cat["truncated"], cat.get("difficult")) == (0, None)


def test_boxes_and_masks_of_voc_are_two_readings(tmp_path):
    root = object_datasets.voc(tmp_path / "in", [CAT])
    datasets_on_disk.save(root / "SegmentationClass/a.png", datasets_on_disk.labels(width=W, height=H))
    with pytest.raises(DatasetError) as error:
        read_dataset(root)
    assert str(error.value) == (
        f"{root}: can be read in several ways; put one of these lines into the recipe: "
        "input: {layout: voc} or input: {layout: folders, images: JPEGImages, masks: SegmentationClass}"
    )


def test_nothing_of_voc_is_refused_by_name(tmp_path):
    root = datasets_on_disk.plain(tmp_path / "in")
    with pytest.raises(DatasetError) as error:
        read_dataset(root, layout="voc")
    assert str(error.value) == (
        f"{root}: no image has an XML file of Pascal VOC (JPEGImages/X.jpg and Annotations/X.xml); "
        "name each XML file after its image"
    )


def test_parts_are_no_objects_of_yolo(tmp_path):
    part = f"<part><name>head</name>{object_datasets.box(9, 5, 12, 8)}</part>"
    root = object_datasets.voc(tmp_path / "in", [CAT + part])
    out, report = expanded(tmp_path, root, FLIP + "output: {also: [yolo]}\n")
    assert report.losses == ["yolo: 2 left out: a part of another object"]
    assert (out / "JPEGImages/a.txt").read_text() == "0 0.25 0.2 0.25 0.2\n"


def test_a_faulty_object_is_counted_among_objects_and_not_among_their_parts():
    part = f"<part><name>head</name>{BOX}</part>"
    found = read(f"<object><name>cat</name>{BOX}{part}</object><object><name>dog</name></object>")
    assert found.faults == ("object 2 (dog): it has no bndbox; it is left out",)


@pytest.mark.parametrize("has_input", [False, True])
def test_in_coco_a_part_names_its_object_by_the_id_it_has_there(has_input, tmp_path):
    part = f"<part><name>head</name>{object_datasets.box(9, 5, 12, 8)}</part>"
    root = object_datasets.voc(tmp_path / "in", [CAT + part, f"<name>dog</name>{BOX}{part}"])
    out, _ = expanded(tmp_path, root, FLIP + "output: {also: [coco]}\n")
    data = json.loads((out / "annotations/instances.json").read_text())
    found = [(one["id"], one.get("part_of"), one.get("source_annotation_id")) for one in data["annotations"]]
    assert found == [
        *[(1, None, None), (2, 1, None), (3, None, None), (4, 3, None)],
        *[(5, None, 1), (6, 5, 2), (7, None, 3), (8, 7, 4)],
    ]
    again = replay(out, "JPEGImages/a__fliplr.png", tmp_path / "again", source=root if has_input else None)
    assert again.is_equal


def test_what_a_coco_file_calls_part_of_is_not_ours(tmp_path):
    root = object_datasets.coco(
        tmp_path / "in", [object_datasets.annotation(1, bbox=[8, 4, 16, 8], part_of="a herd")]
    )
    out, _ = expanded(tmp_path, root)
    data = json.loads((out / "annotations/instances_train.json").read_text())
    assert [one["part_of"] for one in data["annotations"]] == ["a herd", "a herd"]


@datasets_on_disk.needs("coco_datumaro_assets")
@pytest.mark.parametrize(("name", "boxes"), [("voc_dataset1", 2), ("voc_dataset3", 1)])
def test_real_files_come_out_as_they_went_in(name, boxes, tmp_path):
    root = datasets_on_disk.DATA / "coco_datumaro_assets/voc_dataset" / name
    out, _ = expanded(tmp_path, root, "input: {layout: voc}\nkeep_original: true\n")
    path = "Annotations/2007_000001.xml"
    before, after = object_datasets.xml(root, path)[0], object_datasets.xml(out, path)[0]
    assert before == after
    assert len(after) == boxes


@datasets_on_disk.needs("coco_mini80")
def test_what_a_coco_output_says_is_read_again_to_the_pixel(tmp_path):
    one, two = tmp_path / "one", tmp_path / "two"
    text = FLIP + "output: {also: [voc]}\n"
    datasets_on_disk.run(text, datasets_on_disk.DATA / "coco_mini80", one, selection=Selection(limit=3))
    datasets_on_disk.run("input: {layout: voc}\nkeep_original: true\n", one, two)
    files = [path.relative_to(one) for path in sorted(one.glob("Annotations/*/*.xml"))]
    assert len(files) == 6
    for path in files:
        assert object_datasets.xml(one, path)[0] == object_datasets.xml(two, path)[0]
