"""Several masks of one picture, of every kind: what is written of them, and where."""

import json

import numpy as np
import pytest
from PIL import Image as PilImage
from support.datasets_on_disk import (
    COLORS,
    HEIGHT,
    WIDTH,
    failures,
    labels,
    manifest,
    needs,
    palette_mask,
    photo,
    read,
    run,
    save,
    tree,
)
from support.paths import DATA
from tifffile import imread, imwrite

from augcli import api
from augcli.errors import AugcliError

SPATIAL = "variants: {turned: [rotate: {degrees: 20}], mirrored: [horizontal_flip]}\n"
PATTERN = "input: {layout: pattern, images: '{n}/p.png', masks: "
NUCLEI = PATTERN + "{nuclei: {path: '{n}/m/*.png', kind: instance%s}}}\n"
IDS = (0, 1, 255, 300, 65_535)


def depth_ramp(dtype=np.uint16):
    across, down = np.meshgrid(np.arange(WIDTH), np.arange(HEIGHT))
    return (across * 1500 + down * 300 + 7).astype(dtype)


def planted(root, **masks):
    """One picture, and further files beside it by name: `cells_png` is cells.png."""
    save(root / "a/p.png", photo())
    for name, mask in masks.items():
        save(root / f"a/{'.'.join(name.rsplit('_', 1))}", mask)
    return root


def seen(values):
    """The values, or the colours, that a mask holds."""
    return set(map(tuple, values.reshape(-1, 3).tolist())) if values.ndim == 3 else set(values.flat)


def written(out, name, variant="turned"):
    (line,) = (line for line in manifest(out) if line["variant"] == variant)
    return out / line[f"{name}_file_name"]


def expanded(tmp_path, text, **settings):
    report = run(text, tmp_path / "in", tmp_path / "out", **settings)
    assert not report.failed, report.failed[0].sentence()
    return tmp_path / "out"


# --- every kind by its own rule

KINDS = {
    "index": (labels(1), "index"),
    "binary": (labels(2, (0, 255)), "binary"),
    "palette": (palette_mask(labels(3, (0, 3, 97, 183))), "index"),
    "rgb": (PilImage.fromarray(COLORS[labels(4, (0, 1, 2, 3))]), "rgb"),
    "instance": (labels(5, IDS, np.uint16), "instance"),
    "coloured": (palette_mask(labels(6, (0, 1, 2, 255))), "instance"),
}


def test_every_mask_keeps_to_the_rule_of_its_own_kind(tmp_path):
    planted(tmp_path / "in", **{f"{name}_png": mask for name, (mask, _) in KINDS.items()})
    named = ", ".join(
        f"{name}: {{path: '{{n}}/{name}.png', kind: {kind}}}" for name, (_, kind) in KINDS.items()
    )
    black = "mask: {ignore: '#000000'}"
    out = expanded(tmp_path, f"{PATTERN}{{{named}}}, {black}}}\n{SPATIAL}")
    fills = {"index": 255, "palette": 255, "rgb": (0, 0, 0)}
    for name in KINDS:
        before, after = read(tmp_path / f"in/a/{name}.png"), read(written(out, name))
        assert seen(after) <= seen(before) | {fills.get(name, 0)}, name
        assert after.dtype == before.dtype
        mirrored = read(written(out, name, "mirrored"))
        assert np.array_equal(mirrored, before[:, ::-1]), name
    assert json.loads((out / "dataset.json").read_text())["masks"]["coloured"]["kind"] == "instance"


def test_each_mask_has_its_column_and_its_place(tmp_path):
    planted(tmp_path / "in", cells_png=labels(1), notes_png=labels(2))
    out = expanded(tmp_path, PATTERN + "{cells: '{n}/cells.png', notes: '{n}/notes.png'}}\n" + SPATIAL)
    line = manifest(out)[1]
    assert (line["mask_file_name"], line["mask_sha256"]) == (None, None)
    assert (line["cells_file_name"], line["notes_file_name"]) == (
        "a__turned/cells.png",
        "a__turned/notes.png",
    )
    assert line["sources"][0]["cells"] == "a/cells.png"
    assert len(line["notes_sha256"]) == len(line["sources"][0]["notes_sha256"]) == 64


@pytest.mark.parametrize(
    ("layout", "names"),
    [
        ("folders", ("images/a/p__turned.png", "masks/a/p__turned.png", "depth/a/p__turned.png")),
        ("suffix", ("a/p__turned.png", "a/p__turned_mask.png", "a/p__turned_depth.png")),
        (
            "carvana",
            (
                "train/a/p__turned.png",
                "train_masks/a/p__turned_mask.png",
                "train_depth/a/p__turned_depth.png",
            ),
        ),
    ],
)
def test_other_layouts_give_each_mask_a_folder_or_suffix(tmp_path, layout, names):
    planted(tmp_path / "in", m_png=labels(1), d_png=depth_ramp())
    text = PATTERN + "{mask: '{n}/m.png', depth: {path: '{n}/d.png', kind: image}}}\n" + SPATIAL
    out = expanded(tmp_path, text + f"output: {{layout: {layout}}}")
    line = manifest(out)[1]
    assert (line["file_name"], line["mask_file_name"], line["depth_file_name"]) == names


def test_a_missing_optional_mask_is_null(tmp_path):
    planted(tmp_path / "in", cells_png=labels(1))
    save(tmp_path / "in/b/p.png", photo(1))
    text = PATTERN + "{cells: {path: '{n}/cells.png', optional: true}}}\nvariants: {f: [vertical_flip]}"
    lines = manifest(expanded(tmp_path, text))
    assert [line["cells_file_name"] for line in lines] == ["a/cells.png", "a__f/cells.png", None, None]
    assert [record.masks for record in api.read_manifest(tmp_path / "out")[-2:]] == [{}, {}]


def test_pictures_that_share_a_mask_are_told_what_to_write(tmp_path):
    planted(tmp_path / "in", m_png=labels(1))
    save(tmp_path / "in/a/q.png", photo(1))
    text = "input: {layout: pattern, images: '{n}/{k}.png', masks: {m: '{n}/m.png'}}\n" + SPATIAL
    with pytest.raises(AugcliError) as caught:
        run(text, tmp_path / "in", tmp_path / "out")
    assert str(caught.value) == (
        "two files would be called a/m.png: of a/p.png and of a/q.png; "
        "they share a mask: give each its own copy with output: {layout: folders}"
    )
    assert len(manifest(expanded(tmp_path, text + "output: {layout: folders}"))) == 6


def test_an_ignore_value_beyond_the_bits_of_a_mask_fails_by_name(tmp_path):
    planted(tmp_path / "in", m_png=labels(1))
    text = PATTERN + "{m: {path: '{n}/m.png', kind: index, ignore: 300}}}\noutput: {border: constant}\n"
    report = run(text + SPATIAL, tmp_path / "in", tmp_path / "out")
    assert report.written == 2  # the original and the mirrored one need no fill
    assert [failure.sentence() for failure in report.failed] == [
        "a/p.png: the label 300 does not fit a mask of 8 bits, which ends at 255; "
        "choose `ignore` and fill values within it, or store the masks with more bits"
    ]


# --- instances


def nuclei(root, number=3, value=255):
    """A picture with blobs in files of their own; the second and third overlap by 4 pixels."""
    planted(root)
    for index in range(number):
        blob = np.zeros((HEIGHT, WIDTH), np.uint8)
        blob[4 : 4 + 8, 3 + 7 * index : 3 + 7 * index + 8 - (index == 0)] = value
        save(root / f"a/m/{index}.png", blob)
    return root


def test_one_file_for_each_instance_becomes_one_map(tmp_path):
    nuclei(tmp_path / "in")
    out = expanded(tmp_path, NUCLEI % "" + SPATIAL)
    line = manifest(out)[0]
    assert line["nuclei_file_name"] == "a/m/p.png"
    assert line["sources"][0]["nuclei"] == ["a/m/0.png", "a/m/1.png", "a/m/2.png"]
    assert (line["overlaps"], line["dropped"]) == ({"nuclei": 8}, [])
    values = read(out / "a/m/p.png")
    assert set(values.flat) == {0, 1, 2, 3}
    assert values[5, 17] == 3
    assert set(read(written(out, "nuclei")).flat) == {0, 1, 2, 3}


def test_instances_may_be_kept_apart(tmp_path):
    nuclei(tmp_path / "in")
    out = expanded(tmp_path, NUCLEI % ", join: false" + SPATIAL)
    line = manifest(out)[2]
    assert line["nuclei_file_name"] == [f"a__mirrored/m/{number}.png" for number in range(3)]
    assert len(set(line["nuclei_sha256"])) == 3
    for number in range(3):
        before = read(tmp_path / f"in/a/m/{number}.png")
        assert np.array_equal(read(out / f"a__mirrored/m/{number}.png"), before[:, ::-1])
    originals = [(out / f"a/m/{n}.png").read_bytes() for n in range(3)]
    assert originals == [(tmp_path / f"in/a/m/{n}.png").read_bytes() for n in range(3)]
    record = api.read_manifest(out)[2]
    assert record.masks["nuclei"] == tuple(line["nuclei_file_name"])
    assert record.as_line() == line


def test_kept_apart_in_another_layout_they_are_numbered(tmp_path):
    nuclei(tmp_path / "in", 2)
    out = expanded(tmp_path, NUCLEI % ", join: false" + "output: {layout: folders}")
    assert manifest(out)[0]["nuclei_file_name"] == ["nuclei/a/p-1.png", "nuclei/a/p-2.png"]


def test_small_remains_are_dropped_and_listed_and_ids_numbered_anew(tmp_path):
    ids = np.zeros((HEIGHT, WIDTH), np.uint16)
    ids[2:12, 2:8], ids[2:12, 15:25], ids[20:22, 15:25] = 40_000, 7, 300
    for place in ("kept", "new"):
        planted(tmp_path / place / "in", ids_png=ids)
    text = PATTERN + "{ids: {path: '{n}/ids.png', kind: instance}}}\n"
    text += "variants: {cut: [crop: {x: 6, y: 0, width: 30, height: 29, unit: pixels}]}\n"
    kept = expanded(tmp_path / "kept", text + "output: {annotations: {min_area: 21}}")
    cut = manifest(kept)[1]
    assert cut["dropped"] == [{"mask": "ids", "id": 40_000, "area": 20}]
    assert set(read(written(kept, "ids", "cut")).flat) == {0, 7, 300}
    assert set(read(written(kept, "ids", "original")).flat) == {0, 7, 300, 40_000}
    new = "output: {annotations: {min_area: 21, renumber: true}}"
    again = expanded(tmp_path / "new", text + new)
    assert set(read(written(again, "ids", "cut")).flat) == {0, 1, 2}
    assert set(read(written(again, "ids", "original")).flat) == {0, 1, 2, 3}
    assert read(written(again, "ids", "cut")).dtype == np.uint16


def test_instances_are_filled_with_0_where_the_border_shows(tmp_path):
    planted(tmp_path / "in", ids_png=labels(1, (1, 2, 255)))
    out = expanded(tmp_path, PATTERN + "{ids: {path: '{n}/ids.png', kind: instance}}}\n" + SPATIAL)
    after = read(written(out, "ids"))
    assert (after[0, 0], set(after.flat)) == (0, {0, 1, 2, 255})
    assert manifest(out)[1]["filled"] > 0
    assert json.loads((out / "dataset.json").read_text())["border"] == "constant"


def test_a_jpeg_cannot_hold_instances(tmp_path):
    planted(tmp_path / "in", ids_jpg=labels(1, (0, 40)))
    text = PATTERN + "{ids: {path: '{n}/ids.jpg', kind: instance}}}\n" + SPATIAL
    with pytest.raises(AugcliError) as caught:
        run(text, tmp_path / "in", tmp_path / "out")
    assert str(caught.value) == "a/ids.jpg: a JPEG mask: compression has smeared its values; save it as PNG"


def test_a_part_with_two_values_fails_by_name(tmp_path):
    nuclei(tmp_path / "in")
    save(tmp_path / "in/a/m/1.png", labels(1, (0, 1, 2)))
    run(NUCLEI % "" + SPATIAL, tmp_path / "in", tmp_path / "out")
    line = failures(tmp_path / "out")[0]
    assert line["where"] == "a/m/1.png"
    assert line["what"] == "one of several files, each for one instance, and it holds 2 values besides 0"


def test_workers_killed_runs_and_one_file_changed_make_no_difference_to_parts(tmp_path):
    nuclei(tmp_path / "in")
    out = expanded(tmp_path, NUCLEI % ", join: false" + SPATIAL)
    before = tree(out)
    assert run(NUCLEI % ", join: false" + SPATIAL, tmp_path / "in", out).written == 0
    assert tree(out) == before
    save(tmp_path / "in/a/m/2.png", labels(1, (0, 9)))
    with pytest.raises(AugcliError, match=r"a/m/2\.png has changed"):
        run(NUCLEI % ", join: false" + SPATIAL, tmp_path / "in", out)


# --- pictures as labels

DEPTH = PATTERN + "{depth: {path: '{n}/depth.%s', kind: image}}}\n"


def test_a_16_bit_ramp_survives_an_identity_bit_for_bit(tmp_path):
    planted(tmp_path / "in", depth_png=depth_ramp())
    identity = "variants: {same: [rotate: {degrees: 0}], twice: [horizontal_flip, horizontal_flip]}"
    out = expanded(tmp_path, DEPTH % "png" + identity)
    for variant in ("original", "same", "twice"):
        assert np.array_equal(read(written(out, "depth", variant)), depth_ramp())
    assert (out / "a/depth.png").read_bytes() == (tmp_path / "in/a/depth.png").read_bytes()


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_a_tiff_stays_a_tiff_of_its_depth(tmp_path, dtype):
    planted(tmp_path / "in")
    ramp = (depth_ramp(np.float32) / 70_000 * (200 if dtype == np.uint8 else 1)).astype(dtype)
    imwrite(tmp_path / "in/a/depth.tif", ramp)
    out = expanded(tmp_path, DEPTH % "tif" + SPATIAL)
    after = imread(written(out, "depth", "mirrored"))
    assert written(out, "depth") == out / "a__turned/depth.tif"
    assert (after.dtype, after.tolist()) == (ramp.dtype, ramp[:, ::-1].tolist())


def test_a_jpeg_depth_map_is_written_as_png(tmp_path):
    planted(tmp_path / "in", depth_jpg=labels(1, (0, 90, 200)))
    out = expanded(tmp_path, DEPTH % "jpg" + SPATIAL)
    with PilImage.open(written(out, "depth")) as image:
        assert (image.format, image.mode) == ("PNG", "L")


def test_colour_never_touches_a_depth_map_and_a_warp_interpolates_it(tmp_path):
    planted(tmp_path / "in", depth_png=depth_ramp())
    text = DEPTH % "png" + "variants: {dark: [brightness: {factor: 0.5}], small: [resize: {size: 18x14}]}"
    out = expanded(tmp_path, text)
    assert np.array_equal(read(written(out, "depth", "dark")), depth_ramp())
    small = read(written(out, "depth", "small"))
    assert not set(small.flat) <= set(depth_ramp().flat)
    assert abs(small.mean() - depth_ramp().mean()) < 200


def test_a_depth_map_moves_with_its_picture_to_a_twentieth_of_a_pixel(tmp_path):
    across, down = np.meshgrid(np.arange(97) + 0.5, np.arange(81) + 0.5)
    blob = np.exp(-((across - 40) ** 2 + (down - 45) ** 2) / 50) * 60_000
    save(tmp_path / "in/a/p.png", (blob / 257).round().astype(np.uint8))
    save(tmp_path / "in/a/depth.png", blob.round().astype(np.uint16))
    steps = "[rotate: {degrees: 23}, scale: {factor: 1.2}, translate: {x: 0.03, y: -0.05}]"
    out = expanded(tmp_path, DEPTH % "png" + f"variants: {{turned: {steps}}}")
    (line,) = (line for line in manifest(out) if line["variant"] == "turned")
    expected = np.array(line["matrix"]) @ [40, 45, 1]
    for name in (out / line["file_name"], out / line["depth_file_name"]):
        weight = read(name).astype(float)
        weight[weight < 0.02 * weight.max()] = 0
        centre = [(weight * c).sum() / weight.sum() for c in (across, down)]
        assert np.allclose(centre, expected[:2], atol=0.05)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_depth_map_that_holds_no_numbers_is_refused_with_their_count(tmp_path, value):
    planted(tmp_path / "in")
    ramp = depth_ramp(np.float32)
    ramp[3:5, 7] = value
    imwrite(tmp_path / "in/a/depth.tif", ramp)
    report = run(DEPTH % "tif" + SPATIAL, tmp_path / "in", tmp_path / "out")
    assert [failure.sentence() for failure in report.failed] == [
        "a/depth.tif: holds values that are no numbers (NaN or infinite), 2 of 1073; replace them"
    ] * 3


def test_a_depth_map_of_another_size_is_refused_in_words(tmp_path):
    planted(tmp_path / "in", depth_png=depth_ramp()[::2, ::2])
    report = run(DEPTH % "png" + SPATIAL, tmp_path / "in", tmp_path / "out")
    assert report.failed[0].sentence() == (
        "a/p.png: the image is 37x29, its mask a/depth.png is 19x15; save both at one size"
    )


# --- open questions about one of several


def test_an_open_question_names_the_mask_it_is_about(tmp_path):
    planted(tmp_path / "in", cells_png=labels(1), zeros_png=np.zeros((HEIGHT, WIDTH), np.uint8))
    text = PATTERN + "{cells: '{n}/cells.png', zeros: '{n}/zeros.png'}}\n" + SPATIAL
    with pytest.raises(AugcliError) as caught:
        run(text, tmp_path / "in", tmp_path / "out")
    assert str(caught.value) == (
        "the 1 masks looked at hold only 0; say input: {masks: {zeros: {kind: binary}}} "
        "or input: {masks: {zeros: {kind: index}}}"
    )


# --- the Python API


def test_apply_takes_and_gives_masks_by_name(tmp_path):
    planted(tmp_path / "in", c_png=labels(1), i_png=labels(2, IDS, np.uint16), d_png=depth_ramp())
    text = (
        PATTERN
        + "{c: '{n}/c.png', i: {path: '{n}/i.png', kind: instance}, d: {path: '{n}/d.png', kind: image}}}\n"
    )
    text += SPATIAL + "output: {annotations: {min_area: 40, renumber: true}}"
    out = expanded(tmp_path, text)
    (tmp_path / "r.yaml").write_text(text)
    masks = {name: read(tmp_path / f"in/a/{name}.png") for name in "cid"}
    image, after = api.load_recipe(tmp_path / "r.yaml").apply(
        read(tmp_path / "in/a/p.png"), masks, key="a/p", variant="turned"
    )
    assert np.array_equal(image, read(out / "a__turned/p.png"))
    for name in "cid":
        assert np.array_equal(after[name], read(written(out, name))), name


def test_apply_refuses_a_picture_of_another_dtype_as_a_mask(tmp_path):
    (tmp_path / "r.yaml").write_text("input: {mask: {kind: image}}")
    recipe = api.load_recipe(tmp_path / "r.yaml")
    with pytest.raises(AugcliError) as caught:
        recipe.apply(photo(), np.zeros((HEIGHT, WIDTH)), key="a", variant="original")
    assert str(caught.value) == (
        "a mask of kind: image is uint8, uint16 or float32 (H, W) or (H, W, C), "
        "got float64 (29, 37); convert it first"
    )


# --- real sets


@needs("seg_nuclei")
@pytest.mark.parametrize("join", ["", ", join: false"])
def test_real_nuclei_become_one_map_of_46_or_46_files(tmp_path, join):
    text = (
        "input: {layout: pattern, images: '{id}/images/{id}.png', "
        f"masks: {{nuclei: {{path: '{{id}}/masks/*.png', kind: instance{join}}}}}}}\n"
        "variants: {flipud: [vertical_flip]}"
    )
    run(text, DATA / "seg_nuclei/dsb2018", tmp_path / "out")
    line = manifest(tmp_path / "out")[1]
    if join:
        assert len(line["nuclei_file_name"]) == 46
    else:
        assert set(read(tmp_path / "out" / line["nuclei_file_name"]).flat) == set(range(47))


@needs("seg_labelme")
def test_real_classes_and_objects_move_together(tmp_path):
    root = DATA / "seg_labelme/instance_segmentation/data_dataset_voc"
    text = (
        "input: {masks: {class: SegmentationClass, object: {path: SegmentationObject, kind: instance}}}\n"
        "variants: {turned: [rotate: {degrees: 30}]}\noutput: {originals: hardlink}"
    )
    report = run(text, root, tmp_path / "out")
    assert (report.written, report.failed) == (6, [])
    for line in manifest(tmp_path / "out"):
        classes, objects = (
            read(tmp_path / "out" / line[f"{name}_file_name"]) for name in ("class", "object")
        )
        before = read(root / line["sources"][0]["object"])
        assert set(objects.flat) <= set(before.flat) | {0}
        inside = objects != 0
        assert (classes[inside] != 0).mean() > 0.9


@needs("seg_mmseg_samples")
def test_a_real_depth_map_keeps_its_16_bits(tmp_path):
    root = DATA / "seg_mmseg_samples/pseudo_nyu_dataset"
    text = "input: {masks: {depth: {path: annotations, kind: image}}}\nvariants: {f: [horizontal_flip]}"
    run(text, root, tmp_path / "out")
    line = manifest(tmp_path / "out")[1]
    before, after = read(root / line["sources"][0]["depth"]), read(tmp_path / "out" / line["depth_file_name"])
    assert (after.dtype, before.max() > 255) == (np.uint16, True)
    assert np.array_equal(after, before[:, ::-1])


@needs("named_inputs")
def test_the_half_size_depth_map_of_the_quokka_is_refused_in_words(tmp_path):
    section = (
        "{layout: pattern, images: '{n}.jpg', "
        "masks: {depth: {path: '{n}_depth_map_halfres.png', kind: image}}}"
    )
    report = run(f"input: {section}", DATA / "named_inputs/imgaug", tmp_path / "out")
    assert report.failed[0].sentence() == (
        "quokka.jpg: the image is 960x643, its mask quokka_depth_map_halfres.png is 480x321; "
        "save both at one size"
    )


def test_two_annotators_are_two_names(tmp_path):
    save(tmp_path / "in/Image_01L.jpg", photo())
    for number, who in enumerate(("1stHO", "2ndHO")):
        save(tmp_path / f"in/Image_01L_{who}.png", PilImage.fromarray(labels(number, (0, 1)).astype(bool)))
    text = "input: {layout: pattern, images: '{n}.jpg', "
    text += "masks: {first: '{n}_1stHO.png', second: '{n}_2ndHO.png'}}\n"
    lines = manifest(expanded(tmp_path, text + SPATIAL))
    assert lines[1]["first_file_name"] == "Image_01L__turned_1stHO.png"
    assert lines[1]["second_file_name"] == "Image_01L__turned_2ndHO.png"
