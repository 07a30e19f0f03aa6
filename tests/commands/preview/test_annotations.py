"""Annotations on a contact sheet: objects, boxes and keypoints of sources and copies, and their legend."""

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image
from support.coco_examples import (
    CAR,
    CATEGORIES,
    EYES,
    HEIGHT,
    PERSON,
    POSE,
    SIGN,
    SQUARE,
    WIDTH,
    annotation,
    image,
    panoptic,
    ring,
    town,
)
from support.datasets_on_disk import needs
from support.paths import DATA

from augcli.cli.app import cli
from augcli.commands.preview.marks import Dot, DrawnLine, draw_marks
from augcli.commands.preview.objects import LEFT, MIDDLE, RIGHT, Legend, objects_of
from augcli.commands.preview.overlay import FINER, QUALITATIVE, overlaid
from augcli.commands.preview.preview import Selected, preview
from augcli.data import AnnotationHead
from augcli.labels.annotations import Annotated
from augcli.labels.coco_json import text_of
from augcli.labels.panoptic import colors_of_ids
from augcli.recipe import parse_recipe

FLIP = "variants: {fliplr: [horizontal_flip]}\n"
SIZE = (WIDTH, HEIGHT)
RED, BLUE = QUALITATIVE[:2]


def legend_of(*categories, mirror=()):
    return Legend({"f": AnnotationHead(categories=categories or CATEGORIES)}, mirror)


def objects(*annotations, legend=None, colors=None):
    texts = {"f": [text_of(one).decode() for one in annotations]}
    return objects_of(Annotated(texts, colors=colors), SIZE, legend or legend_of())


def color_at(found, x, y):
    number = int(found.numbers[y, x])
    return tuple(found.palette[3 * number : 3 * number + 3])


def drawn(root, text=FLIP, **wanted):
    return preview(parse_recipe(text, "recipe.yaml"), root, Selected(**{"cell": 160} | wanted))


# --- what is drawn of annotations


def test_polygons_and_rles_are_objects_in_the_colours_of_their_categories():
    found = objects(
        annotation(1, CAR, segmentation=[SQUARE]),
        annotation(2, PERSON, segmentation=ring()),
        annotation(3, CAR, segmentation=[[0, 20, 5, 20, 5, 25, 0, 25]]),
    )
    assert found.total == 3
    assert [color_at(found, *place) for place in ((12, 7), (29, 3), (2, 22))] == [RED, BLUE, RED]
    assert color_at(found, 31, 5) == (0, 0, 0)  # in the ring's hole
    assert (found.numbers != 0).sum() == 100 + 48 + 25


def test_small_objects_lie_over_large_ones_whatever_their_order():
    small, large = [[12, 7, 15, 7, 15, 10, 12, 10]], [SQUARE]
    for parts in ((small, large), (large, small)):
        found = objects(*(annotation(n, n, segmentation=one) for n, one in zip((3, 7), parts, strict=True)))
        assert len(np.unique(found.numbers)) == 3
        assert color_at(found, 13, 8) != color_at(found, 18, 13)
        assert (found.numbers == found.numbers[8, 13]).sum() == 9


def test_boxes_are_outlines_where_there_is_no_segmentation():
    box = {"bbox": [2, 20, 6, 8]}
    found = objects(annotation(1, SIGN, **box, segmentation=[]), annotation(2, CAR, **box))
    corners = ((2, 20), (8, 20), (8, 28), (2, 28), (2, 20))
    assert found.marks == (DrawnLine(corners, RED), DrawnLine(corners, BLUE))
    assert (found.total, found.numbers.any()) == (2, False)


def test_keypoints_are_dots_in_the_colours_of_their_sides_with_bones_between_them():
    found = objects(annotation(4, PERSON, keypoints=POSE))
    nose, left, right = (15.5, 10.5), (18.5, 8.5), (12.5, 8.5)
    assert found.marks == (
        Dot(nose, MIDDLE),
        Dot(left, LEFT),
        Dot(right, RIGHT, is_visible=False),
        DrawnLine((nose, left), LEFT),
        DrawnLine((nose, right), RIGHT),
    )


def test_keypoints_that_are_not_labelled_and_their_bones_are_left_out():
    found = objects(annotation(4, PERSON, keypoints=[*POSE[:6], 0, 0, 0]))
    assert [type(mark) for mark in found.marks] == [Dot, Dot, DrawnLine]


@pytest.mark.parametrize(
    ("names", "mirror", "expected"),
    [
        (["LEFT_eye", "RIGHT_eye"], (), [LEFT, RIGHT]),
        (["r_eye", "l_eye"], (), [RIGHT, LEFT]),
        (["port", "starboard"], (), [MIDDLE, MIDDLE]),
        (["port", "starboard"], (("starboard", "port"),), [LEFT, RIGHT]),
        (["left_eye", "nose"], (), [MIDDLE, MIDDLE]),
    ],
)
def test_sides_are_those_that_a_mirror_exchanges(names, mirror, expected):
    legend = legend_of({"id": 1, "name": "face", "keypoints": names}, mirror=mirror)
    found = objects(annotation(1, 1, keypoints=[1, 1, 2, 5, 5, 2]), legend=legend)
    assert [mark.color for mark in found.marks] == expected


@pytest.mark.parametrize("skeleton", ["1-2", [[1, 4]], [[0, 1]], [[1]], [["a", 1]], [3], None])
def test_bones_that_name_no_keypoints_are_left_out(skeleton):
    legend = legend_of({"id": 1, "name": "face", "keypoints": EYES, "skeleton": skeleton})
    assert len(objects(annotation(1, 1, keypoints=POSE), legend=legend).marks) == 3


def test_a_bone_between_left_and_right_is_of_neither():
    legend = legend_of({"id": 1, "name": "face", "keypoints": EYES, "skeleton": [[2, 3]]})
    assert objects(annotation(1, 1, keypoints=POSE), legend=legend).marks[-1].color == MIDDLE


def test_what_two_files_have_of_one_object_is_one_object():
    legend = Legend({name: AnnotationHead(categories=CATEGORIES) for name in "ab"})
    one = annotation(4, PERSON, segmentation=[SQUARE], bbox=[10, 5, 10, 10])
    texts = {"a": [text_of(one).decode()], "b": [text_of(one | {"keypoints": POSE}).decode()]}
    found = objects_of(Annotated(texts), SIZE, legend)
    assert (found.total, len(found.marks), len(found.palette)) == (1, 5, 6)


def test_captions_and_labels_of_pictures_are_no_objects():
    found = objects({"id": 1, "image_id": 1, "caption": "a square"}, annotation(2, CAR))
    assert (found.total, found.marks) == (0, ())


def test_segments_are_drawn_by_the_ids_of_the_map():
    ids = np.zeros((HEIGHT, WIDTH), np.uint32)
    ids[5:15, 10:20], ids[20:28, 2:8] = 300, 7
    segments = [{"id": 300, "category_id": CAR}, {"id": 7, "category_id": SIGN}]
    entry = {"image_id": 1, "segments_info": segments}
    found = objects(entry, colors=colors_of_ids(ids))
    assert (found.total, color_at(found, 12, 7), color_at(found, 3, 22)) == (2, RED, BLUE)
    assert not found.numbers[ids == 0].any()


def test_colours_are_given_out_by_name_as_categories_are_met():
    legend = legend_of()
    objects(annotation(1, SIGN, bbox=[1, 1, 2, 2]), annotation(2, PERSON, keypoints=POSE), legend=legend)
    assert list(legend.entries().items()) == [
        ("sign", RED),
        ("person", BLUE),
        ("left keypoints", LEFT),
        ("right keypoints", RIGHT),
        ("keypoints", MIDDLE),
    ]


# --- marks on a picture


def test_dots_and_lines_are_drawn_where_they_are_at_any_size():
    picture = Image.new("RGB", (WIDTH * 8, HEIGHT * 8), "white")
    marks = [
        Dot((30.0, 20.0), RED),
        Dot((30.0, 10.0), RED, is_visible=False),
        DrawnLine(((2, 5), (12, 5)), BLUE),
    ]
    draw_marks(marks, SIZE, picture)
    assert picture.getpixel((240, 160)) == RED
    assert picture.getpixel((240, 80)) == (16, 16, 16)  # the middle of a ring
    assert {picture.getpixel((x, 40)) for x in range(20, 92)} == {BLUE}
    assert picture.getpixel((130, 120)) == (255, 255, 255)


def test_dots_lie_over_lines():
    picture = Image.new("RGB", SIZE, "white")
    draw_marks([Dot((20.0, 15.0), RED), DrawnLine(((0, 15), (40, 15)), BLUE)], SIZE, picture)
    assert picture.getpixel((20, 15)) == RED


def test_what_is_drawn_over_a_picture_is_not_in_the_plain_one():
    black = np.zeros((8, 8, 3), np.uint8)
    seen = overlaid(black, {}, {}, 8, lambda picture: picture.paste("white", (0, 0, *picture.size)))
    assert (seen.picture.getpixel((4, 4)), seen.plain.getpixel((4, 4))) == ((255,) * 3, (0,) * 3)
    assert seen.picture.size == (8, 8)


# --- sheets


def test_a_sheet_shows_the_objects_of_sources_and_copies(tmp_path):
    made = drawn(town(tmp_path / "in"))
    (source, copy), _ = made.sheet.rows
    assert (source.details, copy.details) == (("4 objects",), ("4 objects", "horizontal_flip"))
    assert made.sheet.subtitle.split("  \u00b7  ")[3] == "coco annotations"
    assert [chip.name for chip in made.sheet.legend] == [
        "car",
        "person",
        "sign",
        "left keypoints",
        "right keypoints",
        "keypoints",
    ]
    pictures = [np.asarray(cell.picture, int) for cell in (source, copy)]
    plain = [np.asarray(cell.plain, int) for cell in (source, copy)]
    changed = [np.abs(p - q).sum(axis=2) > 60 for p, q in zip(pictures, plain, strict=True)]
    assert (changed[0] != changed[1][:, ::-1]).mean() < 0.02


def test_a_mirror_exchanges_the_colours_of_the_sides(tmp_path):
    root = town(tmp_path / "in", [annotation(4, PERSON, keypoints=POSE)], images=(1,))
    ((source, copy),) = drawn(root).sheet.rows
    scale = source.picture.width / WIDTH
    places = [(round(18.5 * scale), round(8.5 * scale)), (round(21.5 * scale), round(8.5 * scale))]
    assert source.picture.getpixel(places[0]) == LEFT  # the left eye is on the right
    assert copy.picture.getpixel(places[1]) == RIGHT  # it is mirrored, and is now the right one


def test_annotations_that_are_left_out_are_counted(tmp_path):
    lost = annotation(8, 99, bbox=[1, 1, 2, 2])
    made = drawn(town(tmp_path / "in", [annotation(1, CAR, segmentation=[SQUARE]), lost], images=(1,)))
    assert made.sheet.rows[0][0].details == ("1 object", "1 left out")


def test_the_command_says_the_first_of_what_cannot_be_used_whatever_the_picture(tmp_path):
    strange = [annotation(f"{n}", CAR, bbox=[1, 1, 2, 2]) for n in range(3)]
    town(tmp_path / "in", [annotation(1, CAR, segmentation=[SQUARE]), *strange], images=(1,))
    (tmp_path / "r.yaml").write_text(FLIP)
    command = ["preview", str(tmp_path / "r.yaml"), str(tmp_path / "in"), "-o", str(tmp_path / "sheet.png")]
    done = CliRunner().invoke(cli, command, standalone_mode=False)
    assert done.stderr.splitlines()[-1] == (
        "left out: annotations/instances.json: entry 2 of annotations: its id '0' is no whole number; the "
        "annotation is left out; and 2 more: augcli check names them"
    )


def test_objects_that_leave_the_picture_are_counted_as_left_out(tmp_path):
    root = town(tmp_path / "in", [annotation(3, SIGN, bbox=[2, 20, 6, 8])], images=(1,))
    made = drawn(root, "variants: {cut: [crop: {x: 0.5, y: 0, width: 0.5, height: 1}]}")
    assert made.sheet.rows[0][1].details[:2] == ("0 objects", "1 left out")


def test_panoptic_maps_are_shown_by_their_categories(tmp_path):
    made = drawn(panoptic(tmp_path / "in"))
    assert [chip.name for chip in made.sheet.legend] == ["car", "sign"]
    assert made.sheet.rows[0][1].details == ("2 objects", "horizontal_flip")


def test_a_picture_of_another_size_than_its_entry_says_is_a_reason(tmp_path):
    made = drawn(town(tmp_path / "in", images=(image(1, width=41),)))
    assert made.sheet.rows[0][0].reason == (
        "images/a.png: the picture is 40x30, annotations/instances.json says 41x30; "
        "mend the file, or turn the picture as it is annotated"
    )


def test_a_strip_shows_the_objects_after_each_step(tmp_path):
    text = "variants: {two: [horizontal_flip, crop: {x: 0.5, y: 0, width: 0.5, height: 1}]}"
    (row,) = drawn(town(tmp_path / "in", images=(1,)), text, strip=True).sheet.rows
    assert [cell.details[0] for cell in row] == ["4 objects", "4 objects", "3 objects"]


def test_a_page_switches_the_labels_off(tmp_path):
    page = drawn(town(tmp_path / "in")).page
    assert '<label for="masks"> labels</label>' in page
    assert page.count('class="plain"') == 4


def test_pictures_without_annotations_have_nothing_over_them(tmp_path):
    made = drawn(town(tmp_path / "in", [], images=(1,)))
    cell = made.sheet.rows[0][0]
    assert cell.details == ("0 objects",)
    assert cell.picture.tobytes() == cell.plain.tobytes()


def test_the_marks_are_drawn_finer_than_the_sheet():
    sizes = []
    overlaid(np.zeros((10, 20, 3), np.uint8), {}, {}, 40, lambda picture: sizes.append(picture.size))
    assert sizes == [(40 * FINER, 20 * FINER)]


@needs("coco_mini80")
def test_a_sheet_of_real_pictures(tmp_path):
    steps = "[rotate: {degrees: [-9, 9]}, elastic: {alpha: 500, sigma: 20}]"
    text = f"variants: {{bent: {{copies: 1, transforms: {steps}}}}}"
    made = drawn(DATA / "coco_mini80", text, rows=2, sample="val2017/000000109313", cols=1)
    assert made.failures == ()
    source, copy = made.sheet.rows[0]
    assert source.details[0] == copy.details[0] == "10 objects"
