"""The survey: what is read of a data set, and what would fail of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from support.commands import looked, mask, pairs, picture

from augcli.commands.check.survey import Duplicate, Survey
from augcli.commands.expand.run import Settings, expand
from augcli.errors import DatasetError
from augcli.labels.masks import MaskSpec

CROP = "transforms: [random_crop: {size: 32}]"


def failures(survey: Survey) -> list[str]:
    return [failure.sentence() for failure in survey.failures]


def refusals(survey: Survey) -> list[str]:
    return [str(error) for error in survey.refusals]


def test_headers_of_all_files_and_values_of_masks_are_read(tmp_path: Path) -> None:
    found = looked(pairs(tmp_path, [0, 1], [0, 2]))
    assert [seen.key for seen in found.seen] == ["images/a", "images/b"]
    assert found.image_kinds == {"JPEG RGB": 2}
    assert found.sizes == {(40, 30): 2}
    assert found.specs == {"mask": MaskSpec("index", fill=255, ignore=255)}
    (masks,) = found.masks
    assert (masks.name, masks.kinds) == ("mask", {"PNG L": 2})
    assert [row.value for row in masks.classes] == [0, 1, 2]
    assert (found.pairs, found.failing_pairs, found.refusals) == (4, 0, [])


def test_two_workers_see_what_one_sees(tmp_path: Path) -> None:
    for number in range(70):
        picture(tmp_path / f"images/{number:02}.png", (8 + number, 8))
    (tmp_path / "images/07.png").write_bytes(b"")
    one, two = (looked(tmp_path, workers=workers) for workers in (1, 2))
    assert one.seen == two.seen
    assert one.duplicates == two.duplicates
    assert failures(one) == ["images/07.png: the file is empty (0 bytes); replace it or leave it out"]


def test_sizes_are_upright_and_orientations_are_counted(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[274] = 6
    picture(tmp_path / "a.jpg", exif=exif)
    found = looked(tmp_path)
    assert found.sizes == {(30, 40): 1}
    assert found.turned == 1


def test_all_masks_are_counted_and_not_only_those_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("augcli.labels.masks.MOST_LOOKED_AT", 1)
    (masks,) = looked(pairs(tmp_path, [0, 2], [0, 2], [0, 0, 0, 2])).masks
    assert len(masks.values) == 1
    names = ("masks/a.png", "masks/b.png", "masks/c.png")
    assert [(row.value, row.masks, row.held_by) for row in masks.classes] == [(0, 3, names), (2, 3, names)]
    assert sum(row.share for row in masks.classes) == pytest.approx(1)
    assert masks.classes[0].share == pytest.approx((0.5 + 0.5 + 0.75) / 3)


def test_all_files_of_a_mask_are_counted_and_an_empty_one_is_named(tmp_path: Path) -> None:
    picture(tmp_path / "a.png")
    for number, values in enumerate(([0, 9], [0], [9, 0, 9])):
        mask(tmp_path / f"a/{number}.png", values)
    (tmp_path / "a/3.png").write_bytes(b"")
    text = (
        "input: {layout: pattern, images: '{n}.png', masks: {n: {path: '{n}/*.png', kind: instance}}}\n"
        "transforms: [horizontal_flip]"
    )
    found = looked(tmp_path, text)
    (masks,) = found.masks
    assert (masks.tally.masks, masks.tally.instances, masks.tally.empty) == (1, 2, ["a/1.png"])
    assert failures(found) == ["a/3.png: the file is empty (0 bytes); replace it or leave it out"]


def test_splits_that_pass_through_are_decoded_too(tmp_path: Path) -> None:
    for split in ("train", "val"):
        picture(tmp_path / f"{split}/a.png")
    (tmp_path / "val/a.png").write_bytes(b"")
    found = looked(tmp_path, "input: {layout: images}\nkeep_original: false\ntransforms: [horizontal_flip]")
    assert [(job.item.split, len(job.pairs)) for job in found.jobs] == [("train", 1), ("val", 1)]
    assert failures(found) == ["val/a.png: the file is empty (0 bytes); replace it or leave it out"]


def test_files_that_cannot_be_read_are_no_equal_pictures(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}.png").write_bytes(b"")
    assert looked(tmp_path).duplicates == []


def test_what_is_open_of_one_mask_leaves_the_others_what_they_are(tmp_path: Path) -> None:
    picture(tmp_path / "images/a.png")
    for name in ("things", "parts", "rooms"):
        mask(tmp_path / f"{name}/a.png", [0] if name != "parts" else [0, 1, 2])
    text = (
        "input: {images: images,\n"
        "        masks: {things: things, rooms: rooms, parts: {path: parts, kind: instance}}}\n"
        "transforms: [horizontal_flip]"
    )
    found = looked(tmp_path, text)
    assert found.specs == {"parts": MaskSpec("instance", name="parts")}
    assert refusals(found) == [
        f"the 1 masks looked at hold only 0; say input: {{masks: {{{name}: {{kind: binary}}}}}} "
        f"or input: {{masks: {{{name}: {{kind: index}}}}}}"
        for name in ("things", "rooms")
    ]


def test_what_reading_converts_is_counted(tmp_path: Path) -> None:
    picture(tmp_path / "a.jpg", mode="CMYK")
    picture(tmp_path / "b.jpg")
    assert looked(tmp_path).notes == {"CMYK without a profile converted by the plain formula": 1}


def test_equal_pictures_are_found_with_their_splits_and_masks(tmp_path: Path) -> None:
    for number, split in enumerate(("train", "train", "val")):
        (tmp_path / f"{split}/images").mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (40, 30), 9).save(tmp_path / f"{split}/images/{number}.png")
        mask(tmp_path / f"{split}/masks/{number}.png", [0, 2 if number else 3])
    picture(tmp_path / "val/images/other.png")
    mask(tmp_path / "val/masks/other.png", [0, 2])
    images = ("train/images/0.png", "train/images/1.png", "val/images/2.png")
    assert looked(tmp_path).duplicates == [Duplicate(images, True, ("train", "val"))]


def test_splits_labels_and_groups_are_counted(tmp_path: Path) -> None:
    for name in ("train/cat/a1", "train/cat/a2", "train/dog/b1", "val/cat/c1"):
        picture(tmp_path / f"{name}.png")
    found = looked(tmp_path, 'input: {group: "(^.)"}\ntransforms: [horizontal_flip]')
    assert found.splits == {"train": 3, "val": 1}
    assert [found.is_expanded(split) for split in found.splits] == [True, False]
    assert found.labels == {"cat": 3, "dog": 1}
    assert found.groups == 3
    assert found.pairs == 7


def test_files_that_cannot_be_read_fail_by_name(tmp_path: Path) -> None:
    root = pairs(tmp_path, [0, 1], [0, 1], [0, 1])
    (root / "images/a.jpg").write_bytes(b"")
    whole = (root / "masks/b.png").read_bytes()
    (root / "masks/b.png").write_bytes(whole[:-20])
    found = looked(root)
    assert failures(found) == [
        "images/a.jpg: the file is empty (0 bytes); replace it or leave it out",
        "masks/b.png: cannot be read as PNG (the file is truncated); "
        "it is damaged or of a rare kind: replace it or save it again",
    ]
    assert (found.failing_pairs, found.pairs) == (4, 6)


def test_a_source_whose_picture_and_mask_are_both_bad_fails_once(tmp_path: Path) -> None:
    root = pairs(tmp_path, [0, 1], [0, 1])
    for name in ("images/a.jpg", "masks/a.png"):
        (root / name).write_bytes(b"")
    found = looked(root)
    assert len(found.failures) == 2
    assert found.failing_pairs == 2


def test_a_bomb_is_refused_by_its_header(tmp_path: Path) -> None:
    picture(tmp_path / "a.png", (100, 100))
    assert failures(looked(tmp_path, max_pixels=9_999)) == [
        "a.png: 10,000 pixels are more than the limit of 9,999; "
        "if the file is to be trusted, use `--max-pixels 10000`"
    ]


def test_a_name_that_lies_about_the_format_fails(tmp_path: Path) -> None:
    picture(tmp_path / "a.jpg", format="PNG")
    assert failures(looked(tmp_path)) == ["a.jpg: a PNG file called .jpg; rename it to end in .png"]


def test_a_mask_of_another_size_fails(tmp_path: Path) -> None:
    root = pairs(tmp_path, [0, 1])
    mask(root / "masks/a.png", [0, 1], (41, 30))
    assert failures(looked(root)) == [
        "images/a.jpg: the image is 40x30, its mask masks/a.png is 41x30; save both at one size"
    ]


def test_a_mask_whose_values_contradict_the_recipe_fails(tmp_path: Path) -> None:
    text = 'input: {classes: {car: "#00008e"}}\ntransforms: [horizontal_flip]'
    root = pairs(tmp_path, [(0, 0, 142)], [(0, 0, 142), (9, 9, 9)])
    assert failures(looked(root, text)) == [
        "masks/b.png: 1 colours that no class has, most often #090909 (600 pixels); "
        "declare it under input.classes, or save the mask without smoothing"
    ]


def test_a_mask_that_was_not_looked_at_and_is_of_another_mode_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("augcli.labels.masks.MOST_LOOKED_AT", 1)
    root = pairs(tmp_path, [0, 2], [0, 2])
    (looked_at,) = [one.look.where for one in looked(root).looks]
    other = "b" if looked_at == "masks/a.png" else "a"
    mask(root / f"masks/{other}.png", [(0, 0, 9)])
    assert failures(looked(root)) == [f"masks/{other}.png: a mask of mode RGB among index masks"]


def test_an_alpha_channel_that_the_output_format_cannot_hold_fails(tmp_path: Path) -> None:
    picture(tmp_path / "a.png", mode="RGBA")
    text = "variants: {flip: [horizontal_flip]}\noutput: {image: {format: jpeg}}"
    assert failures(looked(tmp_path, text)) == [
        f"a.png: variant {name}: JPEG cannot hold an alpha channel; set `output.image.format: png`"
        for name in ("original", "flip")
    ]


def test_a_crop_larger_than_the_picture_fails_in_its_variant_alone(tmp_path: Path) -> None:
    found = looked(pairs(tmp_path, [0, 1]), f"copies: 3\n{CROP}")
    assert failures(found) == [
        "images/a.jpg: variant aug: a crop of 32x32 does not fit in 40x30; "
        "crop less, resize first, or put pad_if_needed: {size: 32x32} before it"
    ]
    assert (found.failing_pairs, found.pairs) == (3, 4)


@settings(max_examples=15, deadline=None)
@given(
    sizes=st.lists(st.tuples(st.integers(20, 45), st.integers(20, 45)), min_size=1, max_size=4),
    side=st.integers(10, 60),
)
def test_what_fails_by_its_size_fails_in_expand(
    sizes: list[tuple[int, int]], side: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    root = tmp_path_factory.mktemp("law")
    for number, size in enumerate(sizes):
        picture(root / f"in/{number}.png", size)
    text = (
        f"copies: 2\ntransforms: [hue: {{shift: [0, 0.1]}}, scale: {{factor: [0.5, 2]}},\n"
        f"some_of: {{n: 1, transforms: [gamma: {{gamma: 2}}, rotate90: {{turns: [0, 3]}}, transpose]}},\n"
        f"random_crop: {{size: {side}x30, p: 0.5}}, pad: {{size: {side + 5}x50, p: 0.5}}]"
    )
    found = looked(root / "in", text)
    report = expand(found.recipe, root / "in", root / "out", Settings(workers=1))
    assert found.failing_pairs == len(report.failed)
    assert {f.key for f in found.failures} == {failed.pair.key for failed in report.failed}


def test_an_open_question_about_the_masks_is_a_refusal(tmp_path: Path) -> None:
    found = looked(pairs(tmp_path, [0], [0]))
    assert found.specs == {}
    assert refusals(found) == [
        "the 2 masks looked at hold only 0; say input: {mask: {kind: binary}} or input: {mask: {kind: index}}"
    ]
    assert [(row.value, row.masks) for row in found.masks[0].classes] == [(0, 2)]


def test_colliding_names_are_a_refusal(tmp_path: Path) -> None:
    picture(tmp_path / "a.png")
    picture(tmp_path / "a__flip.png")
    found = looked(tmp_path, "variants: {flip: [horizontal_flip]}")
    assert refusals(found) == [
        "two files would be called a__flip.png: of a.png and of a__flip.png; rename one of the sources"
    ]
    assert found.image_kinds == {"PNG RGB": 2}


def test_a_folder_without_images_cannot_be_looked_at(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="no images below this folder"):
        looked(tmp_path)


def test_looking_changes_no_file(tmp_path: Path) -> None:
    root = pairs(tmp_path, [0, 1])
    before = {path: path.stat().st_mtime_ns for path in root.rglob("*")}
    looked(root, CROP)
    assert {path: path.stat().st_mtime_ns for path in root.rglob("*")} == before


def test_looking_needs_no_opencv(tmp_path: Path) -> None:
    pairs(tmp_path / "in", [0, 1])
    (tmp_path / "recipe.yaml").write_text(
        "transforms:\n  - elastic: {displacement_px: 2, sigma: 9}\n  - elastic_grid: {sigma: 1}\n"
        "  - rotate: {degrees: [-5, 5]}\n  - hue: {shift: 0.1}\n  - gaussian_blur: {sigma: 1}\n"
    )
    code = (
        "import json, sys\nfrom augcli.cli.app import cli\n"
        "code = cli.main(['check', 'recipe.yaml', 'in'], standalone_mode=False)\n"
        "print(json.dumps([code, 'cv2' in sys.modules]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True, env=os.environ
    )
    assert json.loads(done.stdout.splitlines()[-1]) == [0, False]
