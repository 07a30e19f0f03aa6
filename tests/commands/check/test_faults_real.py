"""Each kind of fault, planted in a copy of each real set in which it can exist: `augcli check` names it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from support.commands import looked, recipe_of, run
from support.damage import FLIP, Good
from support.fault_kinds import KINDS
from support.paths import DATA

from augcli.commands.check.survey import Survey
from augcli.pipeline.prepare import read_input

Capture = pytest.CaptureFixture[str]


@dataclass(frozen=True)
class Set:
    """A real set, what the recipe has to say of it, and from how many of its sources a copy is made.

    They are the first ones, with `holds` in their paths. In the short form of this test every so many-th kind
    of fault is planted, as `step` says.
    """

    folder: str
    said: Mapping[str, Any] = field(default_factory=dict)
    sources: int = 3
    step: int = 4
    holds: str = ""


LEAST = 10  # so many kinds of fault can exist in any set
VOC = {
    "class": {"path": "SegmentationClass", "ignore": 255},
    "object": {"path": "SegmentationObject", "kind": "instance"},
}
NUCLEI = {"path": "{id}/masks/*.png", "kind": "instance"}
STARDIST = {
    "layout": "pattern",
    "images": "img{n}.tif",
    "masks": "mask{n}.tif",
    "mask": {"kind": "instance"},
}
CITYSCAPES = {"layout": "suffix", "suffix": "_gtFine_labelTrainIds"}
SETS = {
    "ade20k": Set("seg_ade20k", {"layout": "folders", "images": "images", "masks": "annotations"}),
    "ade20k in splits": Set("seg_ade20k/mseg/ADE20K_test_data/ADEChallengeData2016"),
    "camvid": Set("seg_camvid_train"),
    "davis": Set("seg_davis2017_palette"),
    "labelme classes": Set("seg_labelme/semantic_segmentation/data_dataset_voc", {"mask": {"ignore": 255}}),
    "labelme objects": Set("seg_labelme/instance_segmentation/data_dataset_voc", {"masks": VOC}),
    "labelme video": Set("seg_labelme/video_annotation/data_dataset_voc"),
    "bdd100k": Set("seg_mmseg_samples/pseudo_bdd100k_dataset", sources=6),
    "gts": Set("seg_mmseg_samples/pseudo_dataset"),
    "lip": Set("seg_mmseg_samples/pseudo_lip_dataset"),
    "loveda": Set("seg_mmseg_samples/pseudo_loveda_dataset"),
    "mapillary": Set("seg_mmseg_samples/pseudo_mapillary_dataset", {"images": "images", "masks": "v2.0"}),
    "nyu": Set("seg_mmseg_samples/pseudo_nyu_dataset"),
    "nyu depth": Set(
        "seg_mmseg_samples/pseudo_nyu_dataset", {"masks": {"depth": {"path": "annotations", "kind": "image"}}}
    ),
    "potsdam": Set("seg_mmseg_samples/pseudo_potsdam_dataset"),
    "refuge": Set("seg_mmseg_samples/pseudo_refuge_dataset"),
    "synapse": Set("seg_mmseg_samples/pseudo_synapse_dataset", {"mask": {"kind": "binary"}}),
    "vaihingen": Set("seg_mmseg_samples/pseudo_vaihingen_dataset"),
    "nuclei": Set(
        "seg_nuclei/dsb2018",
        {"layout": "pattern", "images": "{id}/images/{id}.png", "masks": {"n": NUCLEI}},
        step=8,
    ),
    "stardist pages": Set("seg_nuclei/stardist", {**STARDIST, "pages": "together"}),
    "stardist each page": Set("seg_nuclei/stardist", {**STARDIST, "pages": "each"}, sources=40, step=16),
    "berlin": Set("seg_opensfm_berlin", sources=2, step=16),
    "berlin binary": Set("seg_opensfm_berlin", {"mask": {"kind": "binary"}}, step=16),
    "mxnet tutorial": Set("named_inputs/dmlc_data_aug"),
    "d2l": Set("named_inputs/d2l"),
    "imgaug": Set("named_inputs/imgaug"),
    "exif": Set("photo_exif_orientation"),
    "large": Set("photo_large"),
    "libvips": Set("photo_odd_jpeg/libvips"),
    "wuffs": Set("photo_odd_jpeg/wuffs"),
    "16 bit": Set("fmt_16bit_etc/image-rs/png", {"layout": "images"}, holds="16bpc/"),
    "float": Set("fmt_16bit_etc/image-rs/tiff", {"layout": "images"}, holds="rgb32f"),
    "png": Set("fmt_16bit_etc/image-rs/png", {"layout": "images"}, sources=29),
    "gif": Set("fmt_16bit_etc/image-rs/gif", {"layout": "images"}, sources=11),
    "jpg": Set("fmt_16bit_etc/image-rs/jpg"),
    "tiff": Set("fmt_16bit_etc/image-rs/tiff", sources=10),
    "webp": Set("fmt_16bit_etc/image-rs/webp", sources=8),
    "imageio": Set("fmt_16bit_etc/imageio", sources=8),
}


def recipe_text(said: Mapping[str, Any], transforms: list[Any]) -> str:
    return f"input: {json.dumps(said)}\ntransforms: {json.dumps(transforms)}\n"


def survey_of(root: Path, said: Mapping[str, Any]) -> Survey:
    return looked(root, recipe_text(said, FLIP), max_pixels=64_000_000)


GOOD: dict[str, Good] = {}


def good_copy(name: str, folder: Path) -> Good:
    """A copy of the first few sources of a set, without those in which something is wrong; made once."""
    if name not in GOOD:
        chosen, root = SETS[name], folder / name
        dataset = read_input(recipe_of(recipe_text(chosen.said, FLIP)), DATA / chosen.folder)
        items = [item for item in dataset.items if chosen.holds in item.image][: chosen.sources]
        for path in {path for item in items for path in item.files}:
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(DATA / chosen.folder / path, root / path)
        said = dict(chosen.said) or dict(dataset.reading)
        survey = survey_of(root, said)
        if bad := {failure.key for failure in survey.failures}:
            for path in {path for item in survey.dataset.items if item.key in bad for path in item.files}:
                (root / path).unlink()
            survey = survey_of(root, said)
        GOOD[name] = Good(root, said, survey)
    return GOOD[name]


@pytest.fixture(scope="session")
def copies(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("good")


def missing(folder: str) -> pytest.MarkDecorator:
    here = (DATA / folder).is_dir()
    return pytest.mark.skipif(not here, reason=f"no test data: {folder} (set AUGCLI_TEST_DATA)")


BY_SET = [pytest.param(name, marks=missing(SETS[name].folder)) for name in SETS]


def set_by_kind() -> Iterator[Any]:
    """Every set with every kind; those that are left out of the short form are marked as a campaign."""
    for row, (name, one) in enumerate(SETS.items()):
        for column, fault in enumerate(KINDS):
            marks = [missing(one.folder), *([pytest.mark.campaign] if (row + column) % one.step else [])]
            yield pytest.param(name, fault, marks=marks)


def checked(root: Path, text: str, capsys: Capture) -> tuple[int, str]:
    recipe = root.with_name("recipe.yaml")
    recipe.write_text(text)
    code, out, err = run(capsys, "check", recipe, root, "-j1")
    return code, out + err


@pytest.mark.parametrize("name", BY_SET)
def test_a_copy_without_a_fault_has_no_false_alarm(name: str, copies: Path) -> None:
    good = good_copy(name, copies)
    assert good.survey.pairs >= 1
    assert (good.survey.failures, good.survey.refusals) == ([], [])
    assert sum(kind.when(good) for kind in KINDS.values()) >= LEAST


@pytest.mark.parametrize(("name", "kind"), [*set_by_kind()])
def test_a_planted_fault_is_named(
    name: str, kind: str, copies: Path, tmp_path: Path, capsys: Capture
) -> None:
    good = good_copy(name, copies)
    if not KINDS[kind].when(good):
        pytest.skip("a fault that cannot exist in this set")
    plan = KINDS[kind].plan(good)
    root = shutil.copytree(good.root, tmp_path / "in")
    for path, data in plan.files.items():
        if data is None:
            (root / path).unlink()
        else:
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_bytes(data)
    for path, target in plan.links.items():
        (root / path).symlink_to(root / target)
    code, said = checked(root, recipe_text({**good.said, **plan.said}, plan.transforms), capsys)
    assert plan.says in said
    assert all(name in said for name in plan.names)
    assert code == plan.code
