"""Every real set: expanded, or refused in words that name the mend, and then with that mend expanded."""

import json
import shutil
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pytest
from PIL import Image as PilImage
from support.datasets_on_disk import manifest, run
from support.paths import DATA

from augcli.data import each
from augcli.errors import AugcliError
from augcli.imageio import decode_mask_pages, decode_pages, read_header
from augcli.labels.masks import packed
from augcli.pipeline.plan import Selection

STEPS = """
transforms:
  - rotate: {degrees: [-20, 20]}
  - random_resized_crop: {size: 64}
  - brightness: {factor: [0.7, 1.3]}
"""
MMSEG, VOC = "seg_mmseg_samples/pseudo_", "data_dataset_voc"
ADE = "mseg/ADE20K_test_data/ADEChallengeData2016"
NUCLEI = 'images: "%s{id}/images/{id}.png", masks: {mask: {path: "%s{id}/masks/*.png", kind: instance}}'
STARDIST = 'images: "img{d}.tif", masks: {cells: {path: "mask{d}.tif", kind: instance}}'
SUNRGBD = 'images: "image/{split}/img-{n}.jpg", masks: "semseg-label37/{split}/00{n}.png"'
UNPAIRED = "looks like masks, but no image has a mask of its name"
PAGES = "in one file, where one picture is expected; set `input: {pages: each}`"
TRUNCATED = "cannot be read as JPEG (Premature end of JPEG file); it is damaged or of a rare kind: replace it"
SUBSAMPLING = (
    "Could not determine subsampling level of JPEG image); it is damaged or of a rare kind: replace it"
)
AS_PNG = "save it as a PNG or TIFF of grey or RGB with 8 or 16 bits a channel"
NOT_READ = f"pictures of this kind are not read; {AS_PNG}"
UNREADABLE = {  # of fmt_16bit_etc, with any recipe
    f"CMYK: {NOT_READ}": 2,
    f"RGB and premultiplied alpha: {NOT_READ}": 2,
    f"floating-point 64-bit RGB: {NOT_READ}": 1,
    f"a TIFF with fax compression: damage in it goes unnoticed; {AS_PNG}": 1,
    f"a TIFF with JPEG compression: damage in it goes unnoticed; {AS_PNG}": 1,
    "an animation of 16 bits: it is not read; save each frame as a PNG of its own": 1,
}


ODD = ("cmyk_u8_edge_case", "cmyk_u8_trunc_case", "hpredict", "hpredict_packbits", "fax4", "ycbcr_jpeg_8bit")


@dataclass(frozen=True)
class Done:
    """A finished run of the first `limit` sources: pairs written, and files that fail, by words of why."""

    written: int
    failed: Mapping[str, int] = field(default_factory=dict)
    limit: int | None = 2


def layout(line, name="folders"):
    return f"input: {{layout: {name}, {line}}}"


# What comes of a set with nothing but the steps: done, or words of the refusal.
BARE = {
    "named_inputs": Done(2),
    "named_inputs/d2l": Done(10, limit=None),
    "named_inputs/dmlc_data_aug": Done(2),
    "named_inputs/imgaug": Done(4),
    "photo_exif_orientation": Done(18, limit=None),
    "photo_large": Done(4),
    "photo_odd_jpeg": "two images with one name before the suffix, libjpeg-turbo/testorig.jpg and "
    "libjpeg-turbo/testorig.png; rename one of them, or move it away",
    "fmt_16bit_etc": Done(114, {PAGES: 16, **UNREADABLE}, None),
    "seg_ade20k": "holds 2 separate data sets; put one of these lines into the recipe: ",
    f"seg_ade20k/{ADE}": Done(3),
    "seg_ade20k/mseg/SUNRGBD_test_data": UNPAIRED,
    "seg_camvid_train": Done(4),
    "seg_davis2017_palette": Done(4),
    "seg_labelme": f"holds 3 separate data sets; give one of them as the input: "
    f"{DATA}/seg_labelme/instance_segmentation/{VOC}, ",
    f"seg_labelme/instance_segmentation/{VOC}": "put one of these lines into the recipe: ",
    f"seg_labelme/semantic_segmentation/{VOC}": Done(4),
    f"seg_labelme/video_annotation/{VOC}": Done(4),
    "seg_mmseg_samples": "holds 11 separate data sets; give one of them as the input: ",
    f"{MMSEG}bdd100k_dataset": Done(4),
    f"{MMSEG}cityscapes_dataset": "put one of these lines into the recipe: ",
    f"{MMSEG}dataset": Done(4),
    f"{MMSEG}hsidrive20_dataset": UNPAIRED,
    f"{MMSEG}isaid_dataset": "none of the 2 masks looked at can be read",
    f"{MMSEG}lip_dataset": Done(3),
    f"{MMSEG}loveda_dataset": Done(4),
    f"{MMSEG}mapillary_dataset": "put one of these lines into the recipe: ",
    f"{MMSEG}nyu_dataset": Done(2),
    f"{MMSEG}potsdam_dataset": Done(2),
    f"{MMSEG}refuge_dataset": Done(2),
    f"{MMSEG}synapse_dataset": "the 2 masks looked at hold only 0; say ",
    f"{MMSEG}vaihingen_dataset": Done(2),
    "seg_nuclei": UNPAIRED,
    "seg_nuclei/dsb2018": UNPAIRED,
    "seg_nuclei/stardist": UNPAIRED,
    "seg_opensfm_berlin": Done(4),
}
CITYSCAPES = "images: leftImg8bit, masks: gtFine, suffix: _gtFine_"
# Lines that a refusal gives, to be pasted.
PASTED = {
    ("seg_ade20k", layout("images: images, masks: annotations")): Done(4),
    ("seg_ade20k", layout(f"images: {ADE}/images, masks: {ADE}/annotations")): Done(3),
    (
        f"seg_labelme/instance_segmentation/{VOC}",
        layout("images: JPEGImages, masks: SegmentationClass"),
    ): Done(4),
    (
        f"seg_labelme/instance_segmentation/{VOC}",
        layout("images: JPEGImages, masks: SegmentationObject"),
    ): Done(4),
    (f"{MMSEG}cityscapes_dataset", layout(f"{CITYSCAPES}labelIds")): Done(2),
    (f"{MMSEG}cityscapes_dataset", layout(f"{CITYSCAPES}labelTrainIds")): Done(2),
    (f"{MMSEG}cityscapes_dataset", layout(f"{CITYSCAPES}instanceIds")): Done(2),
    (f"{MMSEG}hsidrive20_dataset", "input: {layout: images}"): Done(6, limit=None),
    (f"{MMSEG}mapillary_dataset", layout("images: images, masks: v1.2")): Done(2),
    (f"{MMSEG}mapillary_dataset", layout("images: images, masks: v2.0")): Done(2),
    (f"{MMSEG}mapillary_dataset", "input: {layout: images}"): Done(4),
    (f"{MMSEG}synapse_dataset", "input: {mask: {kind: binary}}"): Done(4),
    (f"{MMSEG}synapse_dataset", "input: {mask: {kind: index}}"): Done(4),
    ("seg_nuclei", layout(NUCLEI % ("dsb2018/", "dsb2018/"), "pattern")): Done(2),
    ("seg_nuclei/dsb2018", layout(NUCLEI % ("", ""), "pattern")): Done(2),
}
QUOKKA = 'images: "{n}.jpg", masks: {depth: {path: "{n}_depth_map_halfres.png", kind: image}}'
TIFF = "\noutput: {image: {format: tiff}}"
# Lines that say what only a person can know.
WRITTEN = {
    ("named_inputs/imgaug", layout(QUOKKA, "pattern")): Done(0, {"save both at one size": 1}),
    ("photo_odd_jpeg", layout('images: "**/{n}.jpg"', "pattern")): Done(
        26, {"cannot handle 12-bit layers": 1, TRUNCATED: 1}, None
    ),
    ("photo_odd_jpeg", layout('images: "**/{n}.jpeg"', "pattern")): Done(
        60, {TRUNCATED: 2, SUBSAMPLING: 3}, None
    ),
    ("fmt_16bit_etc", "input: {pages: each}"): Done(262, UNREADABLE, None),
    ("fmt_16bit_etc", "input: {pages: together}" + TIFF): Done(146, UNREADABLE, None),
    ("seg_ade20k/mseg/SUNRGBD_test_data", layout(SUNRGBD, "pattern")): Done(3),
    (
        f"seg_labelme/instance_segmentation/{VOC}",
        "input: {masks: {class: SegmentationClass, object: {path: SegmentationObject, kind: instance}}}",
    ): Done(4),
    (f"{MMSEG}cityscapes_dataset", layout(f"{CITYSCAPES}instanceIds, mask: {{kind: instance}}")): Done(2),
    (f"{MMSEG}nyu_dataset", "input: {mask: {kind: image}}"): Done(2),
    ("seg_nuclei/stardist", layout(STARDIST, "pattern")): Done(2, {PAGES: 1}),
    ("seg_nuclei/stardist", layout(f"{STARDIST}, pages: together", "pattern")): Done(4),
    ("seg_nuclei/stardist", layout(f"{STARDIST}, pages: each", "pattern")): Done(4),
}


def expanded(root, out, lines, limit):
    if not root.is_dir():
        pytest.skip(f"no test data: {root.name} (set AUGCLI_TEST_DATA)")
    return run(f"{lines}\n{STEPS}", root, out, selection=Selection(limit=limit))


def check(report, root, out, wanted):
    """Hold a finished run against the table, and every file that it has written against its source."""
    found = Counter()
    for where in {failure.where: failure for failure in report.failed}.values():
        assert where.hint, where.sentence()
        known = [words for words in wanted.failed if words in where.sentence()]
        assert known, where.sentence()
        found[max(known, key=len)] += 1
    assert (report.written, found) == (wanted.written, wanted.failed)
    if report.written:
        check_files(root, out)


def check_files(root, out):
    """Every copy has its size, every picture its depth, every mask the values of its source and its fill."""
    kinds = json.loads((out / "dataset.json").read_text())["masks"]
    for line in manifest(out):
        (source,) = line["sources"]
        picture = pages(out / line["file_name"])[0].pixels
        assert picture.dtype == read_header((root / source["image"]).read_bytes(), where="").dtype
        assert picture.shape[:2] == ((64, 64) if line["applied"] else (source["height"], source["width"]))
        for name, said in kinds.items():
            files = [root / file for file in each(as_files(source[name]))]
            check_mask(out / line[f"{name}_file_name"], files, said, line["filled"] > 0)


def check_mask(written, files, said, filled):
    is_soft = said["kind"] == "image"
    after = labels(written, is_soft)
    before = np.concatenate([labels(file, is_soft) for file in files])
    fill = packed(np.array(said["fill"])[None, None]) if isinstance(said["fill"], list) else said["fill"]
    allowed = set(before.tolist()) if len(files) == 1 else set(range(len(files) + 1))
    allowed |= {int(fill)} if filled else set()
    if is_soft:
        assert after.dtype == before.dtype
        assert min(allowed) <= after.min() <= after.max() <= max(allowed)
    else:
        assert set(after.tolist()) <= allowed


def as_files(files):
    return files if isinstance(files, str) else tuple(files)


def pages(path):
    return decode_pages(path.read_bytes(), where=path.name)


def labels(path, is_soft):
    """The values that a mask's pages hold; colours as numbers."""
    if is_soft:
        return np.unique([page.pixels for page in pages(path)])
    found = [mask.values for mask in decode_mask_pages(path.read_bytes(), where=path.name)]
    return np.unique([packed(values) if values.ndim == 3 else values for values in found])


@pytest.mark.parametrize("folder", BARE)
def test_a_set_is_expanded_or_refused_in_words_that_help(tmp_path, folder):
    wanted = BARE[folder]
    if isinstance(wanted, Done):
        report = expanded(DATA / folder, tmp_path / "out", "", wanted.limit)
        check(report, DATA / folder, tmp_path / "out", wanted)
        return
    with pytest.raises(AugcliError) as caught:
        expanded(DATA / folder, tmp_path / "out", "", 2)
    lines = [line for name, line in PASTED if name == folder]
    assert [text for text in (wanted, *lines) if text not in str(caught.value)] == []
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(("folder", "lines"), [*PASTED, *WRITTEN])
def test_with_its_lines_a_set_is_expanded(tmp_path, folder, lines):
    wanted = (PASTED | WRITTEN)[folder, lines]
    report = expanded(DATA / folder, tmp_path / "out", lines, wanted.limit)
    check(report, DATA / folder, tmp_path / "out", wanted)


def copied(folder, tmp_path):
    if not (DATA / folder).is_dir():
        pytest.skip(f"no test data: {folder} (set AUGCLI_TEST_DATA)")
    shutil.copytree(DATA / folder, tmp_path / "in", copy_function=shutil.copyfile)
    for path in (tmp_path / "in", *(tmp_path / "in").rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    return tmp_path / "in"


def test_without_one_of_two_files_of_one_name_the_odd_jpegs_are_expanded(tmp_path):
    root = copied("photo_odd_jpeg", tmp_path)
    (root / "libjpeg-turbo/testorig.png").unlink()
    report = expanded(root, tmp_path / "out", "", None)
    failed = {"cannot handle 12-bit layers": 1, TRUNCATED: 3, SUBSAMPLING: 3}
    check(report, root, tmp_path / "out", Done(96, failed))


def test_saved_as_png_the_odd_formats_are_expanded(tmp_path):
    root = copied("fmt_16bit_etc", tmp_path)
    odd = [next(root.rglob(f"{name}.*")) for name in (*ODD, "rgba16")]
    for path in odd:
        with PilImage.open(path) as picture:
            pixels = picture.convert("RGBA" if "A" in picture.mode else "RGB")
        path.unlink()
        pixels.save(path.with_suffix(".png"))
    (root / "imageio/multipage_rgb.tif").unlink()
    report = expanded(root, tmp_path / "out", "input: {pages: each}", None)
    check(report, root, tmp_path / "out", Done(276))


def test_brought_to_the_size_of_its_picture_a_depth_map_is_expanded(tmp_path):
    root = copied("named_inputs/imgaug", tmp_path)
    depth = root / "quokka_depth_map_halfres.png"
    with PilImage.open(depth) as small:
        small.resize((960, 643)).save(depth)
    report = expanded(root, tmp_path / "out", layout(QUOKKA, "pattern"), 2)
    check(report, root, tmp_path / "out", Done(2))
