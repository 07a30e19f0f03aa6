"""Patterns, CSV files of pairs, several mask folders: which files belong together."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.paths import DATA

from augcli.errors import DatasetError
from augcli.formats.detect import read_dataset
from augcli.formats.pattern.pattern import Pattern
from augcli.formats.suggest_pattern import equal_pattern
from augcli.pipeline.prepare import read_input
from augcli.recipe import parse_recipe

HEADER = "the header is image and a name for each mask, with commas between, like image,mask"


def plant(root, *names):
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    return root


def read(root, section):
    return read_input(parse_recipe(f"input: {section}", "r"), root)


def masks(root, section):
    return {item.image: dict(item.masks) for item in read(root, section).items}


def refusal(root, section):
    with pytest.raises(DatasetError) as caught:
        read(root, section)
    return str(caught.value).replace(str(root), "IN")


def needs(folder):
    missing = not (DATA / folder).is_dir()
    return pytest.mark.skipif(missing, reason=f"no test data: {folder} (set AUGCLI_TEST_DATA)")


# --- patterns

WORD = st.text(st.characters(categories=["L", "N"], include_characters=" .-"), min_size=1, max_size=4)
LITERAL = st.sampled_from(["_", "-x-", "/", "/a.b/", "é", "(1)", "00"])
TOKENS = st.lists(st.tuples(LITERAL, st.sampled_from("abc")), min_size=1, max_size=4)


@given(TOKENS, st.fixed_dictionaries(dict.fromkeys("abc", WORD)), st.booleans())
def test_what_a_pattern_binds_fills_it_to_the_same_path(tokens, values, is_deep):
    text = (
        ("**/" if is_deep else "")
        + "x"
        + "".join(f"{literal}{{{name}}}" for literal, name in tokens)
        + ".png"
    )
    folders = "d/e/" if is_deep else ""
    pattern = Pattern(text)
    path = pattern.filled(values | {"**0": folders})
    bound = pattern.bind(path)
    assert bound is not None
    assert pattern.filled(bound) == path
    assert pattern.stars(path, bound) == ()


def test_placeholders_bind_in_images_and_are_filled_in_in_masks(tmp_path):
    plant(tmp_path, "p1/s1_raw.tif", "p1/s1_cells.tif", "p2/s1_raw.tif", "p2/s1_cells.tif", "notes/x.png")
    found = read(
        tmp_path, "{layout: pattern, images: '{p}/{s}_raw.tif', masks: {cells: '{p}/{s}_cells.tif'}}"
    )
    assert [(item.key, dict(item.masks)) for item in found.items] == [
        ("p1/s1_raw", {"cells": "p1/s1_cells.tif"}),
        ("p2/s1_raw", {"cells": "p2/s1_cells.tif"}),
    ]
    assert found.skipped == ("notes: 1 image outside the data set",)
    assert found.reason == "2 images like {p}/{s}_raw.tif, cells like {p}/{s}_cells.tif"


def test_two_stars_walk_and_bind(tmp_path):
    plant(tmp_path, "img/x.jpg", "lab/x.png", "img/a/b/x.jpg", "lab/a/b/x.png", "lab/b/x.png")
    section = "{layout: pattern, images: 'img/**/{n}.jpg', masks: 'lab/**/{n}.png'}"
    assert masks(tmp_path, section) == {
        "img/a/b/x.jpg": {"mask": "lab/a/b/x.png"},
        "img/x.jpg": {"mask": "lab/x.png"},
    }
    assert read(tmp_path, section).orphan_masks == ("lab/b/x.png",)


def test_a_placeholder_that_stands_twice_means_the_same_text(tmp_path):
    plant(tmp_path, "a/a.png", "a/b.png")
    assert list(masks(tmp_path, "{layout: pattern, images: '{i}/{i}.png'}")) == ["a/a.png"]


def test_split_says_the_split(tmp_path):
    plant(tmp_path, "training/x.jpg", "fold1/x.jpg")
    found = read(tmp_path, "{layout: pattern, images: '{split}/{n}.jpg'}")
    assert [item.split for item in found.items] == ["fold1", "train"]


def test_an_optional_mask_may_be_missing_and_others_make_orphans(tmp_path):
    plant(tmp_path, "a.jpg", "a_m.png", "a_d.png", "b.jpg", "b_m.png", "c.jpg", "c_d.png", "z_m.png")
    found = read(
        tmp_path,
        "{layout: pattern, images: '{n}.jpg', masks: {m: '{n}_m.png', d: {path: '{n}_d.png', "
        "optional: true}}}",
    )
    assert [list(item.masks) for item in found.items] == [["m", "d"], ["m"]]
    assert (found.orphan_images, found.orphan_masks) == (("c.jpg",), ("z_m.png",))


def test_a_file_that_is_a_mask_is_no_image(tmp_path):
    plant(tmp_path, "a.png", "a_m.png")
    found = read(
        tmp_path, "{layout: pattern, images: '{n}.png', masks: {m: {path: '{n}_m.png', optional: true}}}"
    )
    assert [item.image for item in found.items] == ["a.png"]
    assert found.orphan_images == ()


def test_a_star_gives_the_files_of_all_instances_in_their_order(tmp_path):
    plant(tmp_path, "i/i.png", "i/m/b.png", "i/m/a.png", "i/m/x.txt")
    section = "{layout: pattern, images: '{i}/{i}.png', masks: {n: {path: '{i}/m/*.png', kind: instance}}}"
    (item,) = read(tmp_path, section).items
    assert item.masks == {"n": "i/m/a.png"}
    assert item.parts == {"n": ("i/m/a.png", "i/m/b.png")}
    assert item.files == ("i/i.png", "i/m/a.png", "i/m/b.png")


def test_a_star_may_stand_for_one_file_of_any_kind(tmp_path):
    plant(tmp_path, "a.png", "m/a_v7.png")
    assert masks(tmp_path, "{layout: pattern, images: '{n}.png', masks: 'm/{n}_*.png'}") == {
        "a.png": {"mask": "m/a_v7.png"}
    }


def test_a_file_that_fits_two_images_belongs_to_the_one_of_the_longer_name(tmp_path):
    plant(tmp_path, "a.png", "a_b.png", "m/a_1.png", "m/a_b_1.png", "m/a_b_2.png")
    section = "{layout: pattern, images: '{n}.png', masks: {o: {path: 'm/{n}_*.png', kind: instance}}}"
    found = read(tmp_path, section)
    assert {item.key: item.parts["o"] for item in found.items} == {
        "a": ("m/a_1.png",),
        "a_b": ("m/a_b_1.png", "m/a_b_2.png"),
    }


def test_a_file_with_a_mask_of_its_own_is_an_image_whatever_its_name(tmp_path):
    plant(tmp_path, "x.png", "x_m.png", "x_m_m.png")
    section = "{layout: pattern, images: '{n}.png', masks: '{n}_m.png'}"
    assert masks(tmp_path, section) == {"x_m.png": {"mask": "x_m_m.png"}}
    assert read(tmp_path, section).orphan_images == ("x.png",)


def test_a_file_that_would_be_its_own_mask_is_no_image(tmp_path):
    plant(tmp_path, "i/1.png", "a/1.png", "b/1.png")
    section = "{layout: pattern, images: '{x}/{n}.png', masks: {a: 'a/{n}.png', b: 'b/{n}.png'}}"
    assert list(masks(tmp_path, section)) == ["i/1.png"]


@pytest.mark.parametrize(
    ("images", "mask", "said"),
    [
        (
            "{a.jpg",
            "m",
            "images: { belongs to no placeholder like {name} in {a.jpg; mend the pattern",
        ),
        (
            "{a}{b}.jpg",
            "m",
            "images: two placeholders stand side by side: where one ends is open in {a}{b}.jpg; "
            "mend the pattern",
        ),
        (
            "{n}.jpg",
            "m**.png",
            "masks mask: ** stands for folders, and / stands before and after it in m**.png; mend "
            "the pattern",
        ),
        (
            "{n}.jpg",
            "{k}.png",
            "masks mask: {k} in {k}.png stands nowhere in images: {n}.jpg; use it in images too, "
            "or * for anything",
        ),
        (
            "{n}.jpg",
            "**/{n}.png",
            "masks mask: ** in **/{n}.png stands nowhere in images: {n}.jpg; use it in images "
            "too, or * for anything",
        ),
        ("{n}.jpg", "{n}.jpg", "masks mask: {n}.jpg names the images themselves"),
        ("{n}.tif", "{n}.png", "IN: no path fits images: {n}.tif; paths here are like m/a_1.png"),
        (
            "{n}.jpg",
            "m/{n}.png",
            "IN: no image has all its masks; a.jpg has none of mask at m/a.png",
        ),
        (
            "{n}.jpg",
            "m/{n}_*.png",
            "masks mask: 2 files fit m/{n}_*.png for a.jpg; if each is one object say "
            'masks: {mask: {path: "m/{n}_*.png", kind: instance}}',
        ),
    ],
)
def test_a_pattern_that_does_not_fit_is_refused(tmp_path, images, mask, said):
    plant(tmp_path, "a.jpg", "m/a_1.png", "m/a_2.png")
    assert refusal(tmp_path, f"{{layout: pattern, images: '{images}', masks: '{mask}'}}") == said


def test_a_folder_of_single_objects_is_answered_with_its_pattern(tmp_path):
    plant(tmp_path, "s/i/images/i.png", "s/i/masks/1.png", "s/i/masks/2.png")
    said = refusal(tmp_path, "{}")
    line = (
        'input: {layout: pattern, images: "s/{id}/images/{id}.png", '
        'masks: {mask: {path: "s/{id}/masks/*.png", kind: instance}}}'
    )
    assert said == (
        "IN: s/i/masks looks like masks, but no image has a mask of its name; "
        f"if each mask is one object say {line}, or if all are pictures input: {{layout: images}}"
    )
    (item,) = read(tmp_path, line.removeprefix("input: ")).items
    assert len(item.parts["mask"]) == 2


# --- the pattern of another layout

LAYOUTS = [
    ("images/x.jpg", "masks/x.png"),
    ("images/train/a/x.jpg", "masks/train/a/x.png", "images/val/x.jpg", "masks/val/x.png"),
    ("train/x.jpg", "trainannot/x.png", "val/y.jpg", "valannot/y.png"),
    ("train/images/x.jpg", "train/masks/x.png", "val/images/y.jpg", "val/masks/y.png"),
    ("imgs/1_img.jpg", "gts/1_gt.png", "imgs/2_img.jpg", "gts/2_gt.png"),
    ("images/x.jpg", "masks/x.jpg.png"),
    ("x.jpg", "x_mask.png", "sub/y.jpg", "sub/y_mask.png"),
    ("train/x.jpg", "train_masks/x_mask.gif", "test/z.jpg"),
]


@pytest.mark.parametrize("names", LAYOUTS, ids=lambda names: names[0])
def test_the_pattern_that_check_shows_reads_the_same_pairs(tmp_path, names):
    found = read_dataset(plant(tmp_path, *names))
    line = equal_pattern(found)
    again = read(tmp_path, line.removeprefix("input: "))
    assert again.layout == "pattern"
    assert [(i.key, i.masks, i.split) for i in again.items] == [
        (i.key, i.masks, i.split) for i in found.items
    ]


def test_where_no_pattern_reads_the_same_pairs_none_is_shown(tmp_path):
    assert (
        equal_pattern(
            read_dataset(plant(tmp_path, "images/a.jpg", "images/b.png", "masks/a.png", "masks/b.png"))
        )
        is None
    )
    assert equal_pattern(read_dataset(plant(tmp_path / "sub", "a.jpg"))) is None


# --- several folders


def test_several_folders_of_masks_belong_to_one_folder_of_images(tmp_path):
    plant(tmp_path, "imgs/a.jpg", "imgs/b.jpg", "cls/a.png", "cls/b.png", "obj/a.png", "obj/z.png")
    section = "{layout: folders, images: imgs, masks: {c: cls, o: obj}}"
    assert masks(tmp_path, section) == {"imgs/a.jpg": {"c": "cls/a.png", "o": "obj/a.png"}}
    found = read(tmp_path, section)
    assert (found.orphan_images, found.orphan_masks) == (("imgs/b.jpg",), ("obj/z.png",))
    assert found.reason == "the recipe names imgs (images) and cls, obj; 1 image with all masks"
    optional = "{images: imgs, masks: {c: cls, o: {path: obj, optional: true}}}"
    assert [list(found) for found in masks(tmp_path, optional).values()] == [["c", "o"], ["c"]]


def test_the_folder_of_images_is_found_by_its_masks(tmp_path):
    plant(tmp_path, "JPEGImages/a.jpg", "SegmentationClass/a.png", "SegmentationObject/a.png")
    assert list(masks(tmp_path, "{masks: {c: SegmentationClass, o: SegmentationObject}}")) == [
        "JPEGImages/a.jpg"
    ]


def test_a_folder_without_a_fitting_mask_is_named(tmp_path):
    plant(tmp_path, "imgs/a.jpg", "cls/a.png", "obj/z.png")
    assert refusal(tmp_path, "{images: imgs, masks: {c: cls, o: obj}}") == (
        "IN: masks o: no image has a mask of its name in obj; "
        "name the two folders in input.images and input.masks"
    )


# --- CSV


def table(root, text, *names):
    plant(root, "i/a.jpg", "i/b.jpg", "m/1.png", "m/2.png", *names)
    (root / "pairs.csv").write_bytes(text.encode() if isinstance(text, str) else text)
    return root


PAIRS = "{layout: pattern, pairs: pairs.csv}"


def test_a_csv_file_names_the_pairs(tmp_path):
    table(tmp_path, "\ufeffimage, mask\r\ni/b.jpg,m/1.png\r\n\r\n./i/a.jpg,m/2.png\r\n", "x/z.png")
    found = read(tmp_path, PAIRS)
    assert {item.image: item.masks["mask"] for item in found.items} == {
        "i/a.jpg": "m/2.png",
        "i/b.jpg": "m/1.png",
    }
    assert (found.reason, found.skipped) == ("pairs.csv names 2 images", ("x: 1 image outside the data set",))


def test_masks_by_name_choose_the_columns(tmp_path):
    table(tmp_path, "Age,image,one,two\n7,i/a.jpg,m/1.png,m/2.png\n9,i/b.jpg,m/2.png,\n")
    section = "{layout: pattern, pairs: pairs.csv, masks: {one: {kind: index}, two: {optional: true}}}"
    assert masks(tmp_path, section) == {
        "i/a.jpg": {"one": "m/1.png", "two": "m/2.png"},
        "i/b.jpg": {"one": "m/2.png"},
    }


def test_an_empty_cell_makes_an_orphan(tmp_path):
    found = read(table(tmp_path, "image,mask\ni/a.jpg,m/1.png\ni/b.jpg,\n"), PAIRS)
    assert found.orphan_images == ("i/b.jpg",)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "pairs.csv: is empty; begin it with the header image,mask"),
        ("picture,mask\n", f"pairs.csv:1: no column is called image; {HEADER}"),
        ("image;mask\n", f"pairs.csv:1: no column is called image; {HEADER}"),
        ("image,m,m\n", f"pairs.csv:1: two columns are called m; {HEADER}"),
        (
            "image,Age\n",
            "pairs.csv:1: no mask may be called Age; rename it, or name the columns that are masks: "
            "input: {masks: {NAME: {kind: auto}}}",
        ),
        ("image,mask\n", "pairs.csv: names no image that has its masks"),
        ("image,mask\ni/a.jpg\n", "pairs.csv:2: 1 cell, where the header has more; mend the line"),
        ("image,mask\n,m/1.png\n", "pairs.csv:2: names no image; mend the line"),
        (
            "image,mask\ni/a.jpg,m/1.png\n\ni/a.jpg,m/2.png\n",
            "pairs.csv:4: i/a.jpg stands in line 2 already; mend the line",
        ),
        ("image,mask\ni/a.jpg,i/a.jpg\n", "pairs.csv:2: i/a.jpg is its own mask; mend the line"),
        ("image,mask\ni/a.jpg,m/9.png\n", "pairs.csv:2: mask: there is no image file m/9.png; mend the path"),
        (
            "image,mask\n../a.jpg,m/1.png\n",
            "pairs.csv:2: image: ../a.jpg is no path below the input; "
            "paths are relative to the input, with / between folders",
        ),
        (
            "image,mask\ni\\a.jpg,m/1.png\n",
            "pairs.csv:2: image: i\\a.jpg is no path below the input; "
            "paths are relative to the input, with / between folders",
        ),
        ('image,mask\n"i/a.jpg\n', "pairs.csv:2: is no CSV: unexpected end of data; mend the line"),
        (b"image,mask\n\xff\n", "pairs.csv: is not UTF-8; save it as CSV UTF-8"),
    ],
)
def test_mistakes_in_a_csv_file_have_their_line(tmp_path, text, said):
    assert refusal(table(tmp_path, text), PAIRS) == said


def test_a_column_that_the_recipe_names_has_to_be_there(tmp_path):
    table(tmp_path, "image,one\ni/a.jpg,m/1.png\n")
    assert refusal(tmp_path, "{layout: pattern, pairs: pairs.csv, masks: {two: {kind: index}}}") == (
        f"pairs.csv:1: no column is called two, as input.masks has it; {HEADER}"
    )


def test_a_csv_file_lies_below_the_input(tmp_path):
    root = plant(tmp_path / "in", "a.jpg")
    assert refusal(root, PAIRS) == "pairs.csv: no such file below the input; check input.pairs"
    (tmp_path / "pairs.csv").write_text("image\na.jpg\n")
    (root / "pairs.csv").symlink_to(tmp_path / "pairs.csv")
    assert refusal(root, PAIRS) == "pairs.csv: no such file below the input; check input.pairs"


def test_a_csv_file_has_at_most_100_mb(tmp_path):
    table(tmp_path, "image,mask\n")
    os.truncate(tmp_path / "pairs.csv", 100_000_001)
    assert refusal(tmp_path, PAIRS) == "pairs.csv: has more than 100 MB; split the data set"


# --- real sets

REAL = [
    ("seg_nuclei/stardist", "{layout: pattern, images: img2d.tif, masks: mask2d.tif}", 1),
    (
        "seg_ade20k/mseg/SUNRGBD_test_data",
        "{layout: pattern, images: 'image/{split}/img-{n}.jpg', masks: 'semseg-label37/{split}/00{n}.png'}",
        2,
    ),
    (
        "seg_ade20k/mseg/ADE20K_test_data/ADEChallengeData2016",
        "{layout: pattern, images: 'images/{split}/{n}.jpg', masks: 'annotations/{split}/{n}.png'}",
        2,
    ),
    (
        "seg_mmseg_samples/pseudo_cityscapes_dataset",
        "{layout: pattern, images: 'leftImg8bit/**/{n}_leftImg8bit.png', "
        "masks: {train: 'gtFine/**/{n}_gtFine_labelTrainIds.png', "
        "ids: {path: 'gtFine/**/{n}_gtFine_instanceIds.png', kind: instance}}}",
        1,
    ),
]


@needs("seg_nuclei")
@pytest.mark.parametrize(("folder", "section", "number"), REAL, ids=lambda value: str(value)[:30])
def test_a_real_data_set_is_read_by_its_pattern(folder, section, number):
    found = read(DATA / folder, section)
    assert len(found.items) == number
    assert (found.orphan_images, found.orphan_masks) == ((), ())


@needs("seg_nuclei")
def test_the_nuclei_of_a_picture_are_its_46_files():
    section = (
        "{layout: pattern, images: '{id}/images/{id}.png', "
        "masks: {n: {path: '{id}/masks/*.png', kind: instance}}}"
    )
    (item,) = read(DATA / "seg_nuclei/dsb2018", section).items
    assert len(item.parts["n"]) == 46
