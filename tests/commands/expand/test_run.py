"""expand, end to end: which pairs there are, that labels stay exact, and that bytes stay the same."""

import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as PilImage
from support import dying_workers
from support.datasets_on_disk import (
    COLORS,
    FLIPS,
    HEIGHT,
    ICC,
    MASKS,
    PALETTE,
    PNG_FLIPS,
    RANDOM,
    WIDTH,
    carvana,
    exif,
    failures,
    folders,
    huge_png,
    labels,
    manifest,
    mask_lines,
    needs,
    photo,
    plain,
    read,
    run,
    save,
    tree,
)
from support.paths import DATA, RECIPES

from augcli.commands.expand import run as running
from augcli.errors import AugcliError
from augcli.imageio import decode_image, decode_mask
from augcli.labels.masks import MaskSpec, packed, specs_of_json
from augcli.pipeline.plan import Selection

NUMPY = {"original": lambda a: a, "flipud": np.flipud, "fliplr": np.fliplr}


@pytest.fixture
def out(tmp_path):
    return tmp_path / "out"


def refusal(*args, **options):
    with pytest.raises(AugcliError) as caught:
        run(*args, **options)
    return str(caught.value)


def image_of(path):
    return decode_image(path.read_bytes(), where=path.name).pixels


def mask_of(path):
    return decode_mask(path.read_bytes(), where=path.name).values


def coding_of(path):
    with PilImage.open(path) as mask:
        return mask.mode, mask.getpalette()


def values_of(mask):
    """The values of a mask, or its colours as 0xrrggbb."""
    return set(np.unique(mask if mask.ndim == 2 else packed(mask)).tolist())


def check_masks(source, out, fill=frozenset()):
    """Every written mask is a PNG, of its picture's size, and holds only values that its source holds."""
    lines = mask_lines(out)
    for line in lines:
        before, path = mask_of(source / line["sources"][0]["mask"]), out / line["mask_file_name"]
        assert values_of(mask_of(path)) <= values_of(before) | fill
        with PilImage.open(path) as mask, PilImage.open(out / line["file_name"]) as image:
            assert mask.format == "PNG"
            assert mask.size == image.size == (line["width"], line["height"])
    return lines


# --- the lab's formula


def check_flips(source, out):
    """Every pair is numpy's flip of its source: masks bit for bit, pictures too as they are PNG."""
    lines = manifest(out)
    for line in lines:
        flip, before = NUMPY[line["variant"]], line["sources"][0]
        assert np.array_equal(image_of(out / line["file_name"]), flip(image_of(source / before["image"])))
        assert np.array_equal(mask_of(out / line["mask_file_name"]), flip(mask_of(source / before["mask"])))
    return lines


def test_carvana_flips_are_numpys_and_three_pairs_for_each_source(tmp_path, out):
    source = carvana(tmp_path / "in")
    text = (RECIPES / "carvana_flips.yaml").read_text("utf-8") + "output: {image: {format: png}}\n"
    run(text, source, out)
    lines = check_flips(source, out)
    assert [line["file_name"] for line in lines[:3]] == [
        "train/car_00.png",
        "train/car_00__flipud.png",
        "train/car_00__fliplr.png",
    ]
    assert [line["mask_file_name"] for line in lines[3:5]] == [
        "train_masks/car_01_mask.png",
        "train_masks/car_01__flipud_mask.png",
    ]
    assert len(lines) == 6


@needs("seg_camvid_train")
def test_flips_of_real_pictures_are_numpys(tmp_path, out):
    source = DATA / "seg_camvid_train"
    run(FLIPS, source, out, selection=Selection(limit=4))  # PNG in, PNG out
    assert len(check_flips(source, out)) == 12


# --- masks stay exact


@pytest.mark.parametrize("kind", MASKS)
def test_a_mask_keeps_its_values_and_its_coding_through_flips(tmp_path, out, kind):
    source = folders(tmp_path / "in", 2, kind)
    run(PNG_FLIPS, source, out)
    assert len(check_flips(source, out)) == 6
    for line in check_masks(source, out):
        assert coding_of(out / line["mask_file_name"]) == coding_of(source / line["sources"][0]["mask"])


@pytest.mark.parametrize("kind", MASKS)
@pytest.mark.parametrize("border", ["reflect", "constant"])
def test_a_mask_gains_no_value_but_the_declared_fill_through_anything(tmp_path, out, kind, border):
    source = folders(tmp_path / "in", 2, kind)
    declared, fill = {
        "index16": ("7", 7),
        "rgb": ('"#010203"', 0x010203),
        "index": ("9", 9),
        "palette": ("9", 9),
    }.get(kind, ("null", 0))
    text = f"{RANDOM}input: {{mask: {{ignore: {declared}}}}}\noutput: {{border: {border}, size: 41x23}}\n"
    run(text, source, out)
    filled = frozenset([fill]) if border == "constant" else frozenset()
    lines = check_masks(source, out, filled)
    written = set().union(*(values_of(mask_of(out / line["mask_file_name"])) for line in lines))
    assert filled <= written
    assert all((line["filled"] > 0) == bool(filled) for line in lines if line["variant"] != "original")


def test_16_bit_values_survive(tmp_path, out):
    run(RANDOM, folders(tmp_path / "in", 1, "index16"), out)
    mask = read(out / "masks/a__aug-1.png")
    assert mask.dtype == np.uint16
    assert set(np.unique(mask)) == {0, 300, 40_000, 65_535}


def test_palette_bytes_survive(tmp_path, out):
    run(RANDOM, folders(tmp_path / "in", 1, "palette"), out)
    for name in ("a", "a__aug-1", "a__aug-3"):
        with PilImage.open(out / f"masks/{name}.png") as mask:
            assert bytes(mask.getpalette()) == PALETTE
            assert set(np.unique(np.array(mask))) <= {0, 3, 97, 183}


def test_colours_that_differ_by_one_survive(tmp_path, out):
    run(RANDOM, folders(tmp_path / "in", 1, "rgb"), out)
    assert values_of(read(out / "masks/a__aug-1.png")) == values_of(COLORS[None])


def test_one_bit_stays_one_bit(tmp_path, out):
    run(RANDOM, folders(tmp_path / "in", 1, "one_bit"), out)
    assert {PilImage.open(path).mode for path in (out / "masks").iterdir()} == {"1"}


def test_strictly_above_the_threshold_is_foreground(tmp_path, out):
    source = plain(tmp_path / "in", 0)
    grey = np.tile(np.array([0, 107, 108, 109, 255], np.uint8), (4, 1))
    save(source / "a.jpg", photo(width=5, height=4))
    save(source / "a_mask.png", grey)
    text = "variants: {flip: [vertical_flip]}\ninput: {mask: {kind: binary, threshold: 108}}\n"
    run(text, source, out)
    for name in ("a_mask.png", "a__flip_mask.png"):
        assert read(out / name).tolist() == [[0, 0, 0, 255, 255]] * 4


def test_a_grey_jpeg_mask_is_taken_with_a_threshold(tmp_path, out):
    source = tmp_path / "in"
    save(source / "images/a.jpg", photo())
    save(source / "masks/a.jpg", labels(values=(0, 255)), quality=95)
    assert "a JPEG mask: compression has smeared its values" in refusal(FLIPS, source, out)
    run(FLIPS + "input: {mask: {threshold: 127}}", source, out)
    assert np.array_equal(read(out / "masks/a.png"), labels(values=(0, 255)))


def test_a_binary_mask_is_written_with_another_foreground_where_one_is_wanted(tmp_path, out):
    run(FLIPS + "output: {mask: {foreground: 7}}", folders(tmp_path / "in", 1, "gif"), out)
    for path in (out / "masks").iterdir():
        assert set(np.unique(read(path))) == {0, 7}


def test_classes_and_pictures_without_masks_are_expanded_too(tmp_path, out):
    for name in ("cat/a", "dog/b"):
        save(tmp_path / f"in/{name}.png", photo())
    run(FLIPS, tmp_path / "in", out)
    lines = manifest(out)
    assert [line["label"] for line in lines] == ["cat"] * 3 + ["dog"] * 3
    assert {line["mask_file_name"] for line in lines} == {None}
    assert json.loads((out / "dataset.json").read_text())["masks"] == {}


# --- pictures


def test_exif_orientation_is_applied_once_in_every_copy(tmp_path, out):
    source = tmp_path / "in"
    save(source / "images/a.png", photo(), exif=exif(6))
    save(source / "masks/a.png", labels(width=HEIGHT, height=WIDTH))
    run(FLIPS, source, out)
    upright = np.rot90(photo(), -1)
    for line in check_masks(source, out):
        path = out / line["file_name"]
        assert np.array_equal(read(path), NUMPY[line["variant"]](upright))
        assert 274 not in PilImage.open(path).getexif()


def test_the_icc_profile_is_kept_and_gps_is_not(tmp_path, out):
    tags = exif(1, "secret")
    tags.get_ifd(0x8825)[1] = "N"
    save(tmp_path / "in/a.jpg", photo(), exif=tags, icc_profile=ICC)
    run(RANDOM, tmp_path / "in", out)
    for path in out.glob("*.jpg"):
        with PilImage.open(path) as image:
            assert image.info["icc_profile"] == ICC
            assert not image.getexif()
    assert [line["reencoded"] for line in manifest(out)] == ["metadata removed", None, None, None]


def test_hardlinked_originals_cost_no_space(tmp_path, out):
    source = folders(tmp_path / "in", 1)
    run(FLIPS + "output: {originals: hardlink}", source, out)
    assert (out / "images/a.jpg").samefile(source / "images/a.jpg")
    assert (out / "masks/a.png").samefile(source / "masks/a.png")
    assert os.stat(out / "images/a__flipud.jpg").st_nlink == 1


# --- the same bytes


def test_any_number_of_workers_gives_the_same_tree(tmp_path, out):
    source = folders(tmp_path / "in", 5)
    run(RANDOM, source, out)
    for workers in (2, 4):
        run(RANDOM, source, tmp_path / f"out{workers}", workers=workers)
        assert tree(tmp_path / f"out{workers}") == tree(out)


def test_the_order_of_files_on_disk_does_not_matter(tmp_path, out):
    source = folders(tmp_path / "in", 4)
    for path in sorted((path for path in source.rglob("*") if path.is_file()), reverse=True):
        copy = tmp_path / "again" / path.relative_to(source)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)
    run(RANDOM, source, out)
    run(RANDOM, tmp_path / "again", tmp_path / "out2")
    assert tree(tmp_path / "out2") == tree(out)


def test_images_that_are_added_change_no_other_pair(tmp_path, out):
    run(RANDOM, folders(tmp_path / "few", 2), out)
    run(RANDOM, folders(tmp_path / "many", 5), tmp_path / "more")
    before, after = tree(out), tree(tmp_path / "more")
    assert manifest(tmp_path / "more")[: len(manifest(out))] == manifest(out)
    assert all(after[name] == data for name, data in before.items() if "/" in name)


def test_variants_and_copies_that_are_added_change_no_other_pair(tmp_path, out):
    source = folders(tmp_path / "in", 2)
    steps = "transforms: [{rotate: {degrees: [-9, 9]}}, {gaussian_noise: {std: [0, 0.1]}}]"
    run(f"variants: {{v: {{copies: 2, {steps}}}}}", source, out)
    run(f"variants: {{w: [vertical_flip], v: {{copies: 3, {steps}}}}}", source, tmp_path / "more")
    after = tree(tmp_path / "more")
    assert all(after[name] == data for name, data in tree(out).items() if "/" in name)


@pytest.mark.parametrize(
    "selection", [Selection(limit=2), Selection(only="images/[bc]"), Selection("*b.jpg")]
)
def test_a_selection_has_the_bytes_of_the_full_run(tmp_path, out, selection):
    source = folders(tmp_path / "in", 4)
    run(RANDOM, source, tmp_path / "full")
    run(RANDOM, source, out, selection=selection)
    whole, part = tree(tmp_path / "full"), tree(out)
    assert 0 < len(manifest(out)) < len(manifest(tmp_path / "full"))
    assert set(map(json.dumps, manifest(out))) < set(map(json.dumps, manifest(tmp_path / "full")))
    assert all(whole[name] == data for name, data in part.items() if "/" in name)


def test_copies_differ_and_a_seed_changes_them(tmp_path, out):
    source = plain(tmp_path / "in", 1)
    run(RANDOM, source, out)
    run(RANDOM + "seed: 1", source, tmp_path / "other")
    copies = [path.read_bytes() for folder in (out, tmp_path / "other") for path in folder.glob("*__*")]
    assert len(set(copies)) == 6


def test_no_path_host_or_time_stands_in_the_output(tmp_path, out):
    run(FLIPS, folders(tmp_path / "in", 1), out)
    for name in ("manifest.jsonl", "dataset.json"):
        text = (out / name).read_text("utf-8")
        assert str(tmp_path) not in text
        assert os.uname().nodename not in text


def test_dataset_json_describes_the_run(tmp_path, out):
    source = folders(tmp_path / "in", 2)
    (source / "images/b.jpg").write_bytes(b"")
    report = run(FLIPS, source, out)
    found = json.loads((out / "dataset.json").read_text("utf-8"))
    assert found["counts"] == {
        "sources": 2,
        "pairs": 3,
        "failed": 3,
        "variants": {"original": 1, "flipud": 1, "fliplr": 1},
    }
    assert found["input"] == {"layout": "folders", "images": "images", "masks": "masks"}
    assert found["border"] == "reflect"
    assert specs_of_json(found["masks"]) == {"mask": MaskSpec("index", fill=255, ignore=255)}
    assert (report.planned, report.written, report.already, len(report.failed)) == (6, 3, 0, 3)
    assert report.sentence().startswith("3 pairs written, 3 failed; ")


def test_splits_that_are_not_expanded_pass_through(tmp_path, out):
    for split in ("train", "val"):
        save(tmp_path / f"in/{split}/images/a.jpg", photo())
        save(tmp_path / f"in/{split}/masks/a.png", labels())
    run(FLIPS, tmp_path / "in", out)
    assert [(line["split"], line["variant"]) for line in manifest(out)] == [
        ("train", "original"),
        ("train", "flipud"),
        ("train", "fliplr"),
        ("val", "original"),
    ]


# --- bad input


def broken_set(root):
    """A good pair, and one of each kind of broken ones: name -> where and what failures.jsonl says."""
    folders(root, 1)
    jpeg, png = (root / "images/a.jpg").read_bytes(), (root / "masks/a.png").read_bytes()
    broken = {
        "bomb": (".png", huge_png(), "400,000,000 pixels are more than the limit of 64,000,000"),
        "cut": (".jpg", jpeg[: len(jpeg) // 2], "cannot be read as JPEG ("),
        "empty": (".jpg", b"", "the file is empty (0 bytes)"),
        "html": (".jpg", b"<html>", "not an image of a format that is read ("),
        "lying": (".jpg", png, "a PNG file called .jpg"),
        "short": (".png", png[:-9], "cannot be read as PNG (the file is truncated)"),
    }
    for name, (suffix, data, _) in broken.items():
        (root / f"images/{name}{suffix}").write_bytes(data)
        shutil.copy(root / "masks/a.png", root / f"masks/{name}.png")
    save(root / "images/small.jpg", photo(width=8, height=8))
    save(root / "masks/small.png", labels())
    save(root / "images/turned.jpg", photo(), exif=exif(8))
    save(root / "masks/turned.png", labels())
    save(root / "images/jpegmask.jpg", photo())
    save(root / "masks/jpegmask.jpg", labels())
    save(root / "images/half.jpg", photo())
    (root / "masks/half.png").write_bytes(png[: len(png) // 2])
    expected = {f"images/{name}{suffix}": what for name, (suffix, _, what) in broken.items()}
    return expected | {
        "images/small.jpg": "the image is 8x8, its mask masks/small.png is 37x29",
        "images/turned.jpg": "the image is 29x37, its mask masks/turned.png is 37x29: the mask fits only the "
        "unrotated image (EXIF orientation 8)",
        "masks/jpegmask.jpg": "a JPEG mask: compression has smeared its values",
        "masks/half.png": "cannot be read as PNG (the file is truncated)",
    }


def test_each_broken_source_is_named_and_all_others_are_done(tmp_path, out):
    expected = broken_set(tmp_path / "in")
    report = run(FLIPS + "input: {mask: {kind: index}}", tmp_path / "in", out, max_pixels=64_000_000)
    lines = failures(out)
    assert len(lines) == len(report.failed) == 3 * len(expected)
    assert [line["variant"] for line in lines[:3]] == ["original", "flipud", "fliplr"]
    found = {line["where"]: line["what"] for line in lines}
    assert set(found) == set(expected)
    assert [where for where in expected if not found[where].startswith(expected[where])] == []
    assert [line["source"] for line in lines] == sorted(line["source"] for line in lines)
    assert [line["file_name"] for line in manifest(out)] == [
        "images/a.jpg",
        "images/a__flipud.jpg",
        "images/a__fliplr.jpg",
    ]
    assert sorted(path.name for path in (out / "images").iterdir()) == [
        "a.jpg",
        "a__fliplr.jpg",
        "a__flipud.jpg",
    ]


def test_failures_are_the_same_for_any_number_of_workers(tmp_path, out):
    broken_set(tmp_path / "in")
    text = FLIPS + "input: {mask: {kind: index}}"
    run(text, tmp_path / "in", out)
    run(text, tmp_path / "in", tmp_path / "out2", workers=2)
    assert tree(tmp_path / "out2") == tree(out)


def test_a_binary_mask_with_a_stray_value_fails_by_name(tmp_path, out):
    source = folders(tmp_path / "in", 4, "binary255")
    stray = labels(0, (0, 255))
    stray[3, 4] = 254
    save(source / "masks/b.png", stray)
    run(FLIPS + "input: {mask: {kind: binary}}", source, out)
    assert {line["where"]: line["what"] for line in failures(out)} == {
        "masks/b.png": "binary masks hold 0 and 255, this one also 254"
    }
    assert len(manifest(out)) == 9


def test_where_no_mask_can_be_read_the_run_is_refused(tmp_path, out):
    source = folders(tmp_path / "in", 2)
    for path in (source / "masks").iterdir():
        path.write_bytes(b"")
    assert refusal(FLIPS, source, out) == (
        "masks/a.png: the file is empty (0 bytes), and none of the 2 masks looked at can be read; "
        "replace it or leave it out"
    )
    assert os.listdir(tmp_path) == ["in"]


def test_a_threshold_for_other_masks_is_refused_before_anything_is_written(tmp_path, out):
    text = FLIPS + "input: {mask: {threshold: 108}}"
    message = refusal(text, folders(tmp_path / "in", 2, "binary1"), out)
    assert message.startswith("no mask looked at has a value above the threshold 108, the highest is 1; ")
    assert os.listdir(tmp_path) == ["in"]


@pytest.mark.parametrize("place", ["in", "in/deep/out"])
def test_an_output_in_the_input_is_refused(tmp_path, place):
    source = folders(tmp_path / "in", 1)
    before = sorted(tmp_path.rglob("*"))
    expected = f"{tmp_path / place}: the output lies in the input; put it beside the input"
    assert refusal(FLIPS, source, tmp_path / place) == expected
    assert sorted(tmp_path.rglob("*")) == before


def test_an_input_in_the_output_is_refused_also_through_a_link(tmp_path):
    source = folders(tmp_path / "out/in", 1)
    (tmp_path / "link").symlink_to(source)
    expected = f"{tmp_path / 'out'}: the input lies in the output; put the output beside it"
    assert refusal(FLIPS, tmp_path / "link", tmp_path / "out") == expected


def test_an_output_beside_an_input_of_a_similar_name_is_fine(tmp_path):
    run(FLIPS, folders(tmp_path / "in", 1), tmp_path / "in2")
    assert len(manifest(tmp_path / "in2")) == 3


def test_two_sources_with_one_output_name_are_refused_before_anything_is_written(tmp_path, out):
    source = plain(tmp_path / "in", 1)
    save(source / "a__flipud.png", photo(3))
    assert refusal(FLIPS, source, out) == (
        "two files would be called a__flipud.png: of a.png and of a__flipud.png; rename one of the sources"
    )
    assert os.listdir(tmp_path) == ["in"]


def test_orphans_are_reported_and_under_strict_an_error(tmp_path, out):
    source = folders(tmp_path / "in", 2)
    (source / "masks/b.png").rename(source / "masks/z.png")
    expected = (
        f"{source}: --strict: 1 image without a mask, 1 mask without an image: "
        "images/b.jpg, masks/z.png; pair them up, or leave out --strict"
    )
    assert refusal(FLIPS, source, out, strict=True) == expected
    report = run(FLIPS, source, out).as_json()
    assert (report["orphan_images"], report["orphan_masks"]) == (["images/b.jpg"], ["masks/z.png"])
    assert len(manifest(out)) == 3


def test_an_output_behind_a_link_is_built_beside_its_real_place(tmp_path, out):
    (tmp_path / "real").mkdir()
    out.symlink_to(tmp_path / "real")
    run(FLIPS, folders(tmp_path / "in", 1), out)
    assert len(manifest(tmp_path / "real")) == 3
    assert sorted(os.listdir(tmp_path)) == ["in", "out", "real"]


def test_the_current_folder_can_be_the_output(tmp_path, out, monkeypatch):
    source = folders(tmp_path / "in", 1)
    out.mkdir()
    monkeypatch.chdir(out)
    run(FLIPS, source, Path("."))
    assert len(manifest(out)) == 3


# --- workers that die


def test_a_worker_that_is_killed_costs_nothing(tmp_path, out, monkeypatch):
    source = folders(tmp_path / "in", 3)
    run(FLIPS, source, tmp_path / "undisturbed")
    monkeypatch.setattr(running, "set_up", dying_workers.set_up_killed_once)
    report = run(FLIPS, source, out, workers=2)
    assert (tmp_path / "killed").exists()
    assert (report.written, report.failed) == (9, [])
    assert tree(out) == tree(tmp_path / "undisturbed")
    assert not (out / ".augcli/tmp").exists()


def test_a_source_that_kills_its_worker_is_reported_and_the_others_are_done(tmp_path, out, monkeypatch):
    source = folders(tmp_path / "in", 2)
    for name in ("deadly", "empty"):
        save(source / f"images/{name}.jpg", photo())
        save(source / f"masks/{name}.png", labels())
    (source / "images/empty.jpg").write_bytes(b"")
    monkeypatch.setattr(running, "set_up", dying_workers.set_up_deadly)
    report = run(FLIPS, source, out, workers=2)
    dead, empty = (
        "images/deadly: the worker died: killed by signal 9 (SIGKILL), as when memory runs out; "
        "if memory ran out, use fewer workers (-j)",
        "images/empty.jpg: the file is empty (0 bytes); replace it or leave it out",
    )
    assert [failure.sentence() for failure in report.failed] == [*[dead] * 3, *[empty] * 3]  # as planned
    assert len(manifest(out)) == 6


# --- the recipes on real sets


def recipe(name, more=""):
    return (RECIPES / f"{name}.yaml").read_text("utf-8") + more


@pytest.mark.parametrize(
    ("name", "folder", "sources", "pairs"),
    [
        pytest.param(name, folder, sources, pairs, marks=needs(folder.split("/")[0]), id=f"{name}-{folder}")
        for name, folder, sources, pairs in [
            ("carvana_flips", "seg_davis2017_palette", 3, 9),
            ("carvana_flips", "seg_labelme/semantic_segmentation", 3, 9),
            (
                "carvana_flips",
                "seg_mmseg_samples/pseudo_dataset",
                5,
                13,
            ),  # its list val.txt holds one of five
            ("carvana_flips", "seg_mmseg_samples/pseudo_nyu_dataset", 1, 3),
            ("carvana_flips", "seg_mmseg_samples/pseudo_potsdam_dataset", 1, 3),
            ("gluon_masks", "named_inputs/dmlc_data_aug", 1, 6),
            ("unet_elastic", "seg_camvid_train", 1, 11),
            ("unet_elastic", "seg_labelme/video_annotation", 1, 11),
        ]
    ],
)
def test_recipes_on_real_sets_keep_every_mask_exact(tmp_path, out, name, folder, sources, pairs):
    report = run(recipe(name), DATA / folder, out, selection=Selection(limit=sources))
    assert report.failed == []
    assert len(check_masks(DATA / folder, out)) == pairs == len(manifest(out))
    for line in mask_lines(out):
        before = DATA / folder / line["sources"][0]["mask"]
        assert coding_of(out / line["mask_file_name"]) == coding_of(before)


@needs("seg_opensfm_berlin")
def test_masks_named_after_the_whole_file_and_stored_as_rgb_survive(tmp_path, out):
    source = DATA / "seg_opensfm_berlin"
    small = "variants: {small: [{resize: {long_side: 300}}]}\nkeep_original: false\n"
    run(small, source, out, selection=Selection(limit=1))
    (line,) = check_masks(source, out)
    assert line["mask_file_name"] == "masks/01__small.jpg.png"
    assert values_of(read(out / line["mask_file_name"])) <= {0, 0xFFFFFF}


@needs("seg_ade20k")
def test_two_sets_in_one_folder_are_a_question_and_its_answer_is_taken(tmp_path, out):
    source = DATA / "seg_ade20k"
    message = refusal(recipe("carvana_flips"), source, out)
    line = "input: {layout: folders, images: images, masks: annotations}"
    assert "holds 2 separate data sets" in message
    assert line in message
    run(recipe("carvana_flips", line), source, out)
    assert len(check_masks(source, out)) == 9


@needs("seg_nuclei")
def test_many_masks_in_one_picture_are_refused_by_name(out):
    message = refusal(FLIPS, DATA / "seg_nuclei", out)
    assert "looks like masks, but no image has a mask of its name" in message


@needs("seg_mmseg_samples")
def test_zero_byte_masks_of_a_real_set_are_refused(out):
    source = DATA / "seg_mmseg_samples/pseudo_isaid_dataset"
    assert "none of the 2 masks looked at can be read" in refusal(FLIPS, source, out)


@needs("named_inputs")
def test_the_books_augmentations_give_pictures_of_200_by_200(tmp_path, out):
    report = run(recipe("d2l_augs"), DATA / "named_inputs/d2l", out, selection=Selection(limit=2))
    assert report.failed == []
    copies = [line for line in manifest(out) if line["variant"] == "aug"]
    assert len(copies) == 16
    assert {(line["width"], line["height"]) for line in copies} == {(200, 200)}


@needs("photo_exif_orientation")
def test_all_real_orientations_come_out_upright(tmp_path, out):
    source = DATA / "photo_exif_orientation"
    run(
        "output: {size: 60x40}\ninput: {layout: images}", source, out, selection=Selection("*Landscape_[1-8]")
    )
    one, *others = (image_of(path).astype(int) for path in sorted(out.rglob("*.jpg")))
    assert len(others) == 7
    assert all(np.abs(other - one).mean() < 8 for other in others)


def test_whale_flukes_ends_at_its_size_with_binary_masks(tmp_path, out):
    source = plain(tmp_path / "in", 0)
    for number in range(2):
        save(source / f"w{number}.jpg", photo(number, width=90, height=50))
        save(source / f"w{number}_mask.png", photo(number, channels=1, width=90, height=50))
    report = run(recipe("whale_flukes"), source, out)
    assert report.written == 10
    for line in mask_lines(out):
        assert (line["width"], line["height"]) == (384, 192)
        assert read(out / line["mask_file_name"]).shape == (192, 384)
        assert set(np.unique(read(out / line["mask_file_name"]))) == {0, 255}


def test_a_carvana_mask_shown_black_and_white_is_binary(tmp_path, out):
    run(FLIPS, carvana(tmp_path / "in", 1), out)
    assert json.loads((out / "dataset.json").read_text())["masks"]["mask"]["kind"] == "binary"
    with PilImage.open(out / "train_masks/car_00__fliplr_mask.png") as mask:
        assert mask.getpalette()[:6] == [0, 0, 0, 255, 255, 255]
        assert np.array_equal(np.array(mask), np.fliplr(labels(0, (0, 1))))
