"""What auto offers to paste can be pasted, and then settles the question."""

import re
from pathlib import Path

import pytest
from support.paths import DATA

from augcli.errors import DatasetError
from augcli.pipeline.prepare import read_input
from augcli.recipe import parse_recipe

MADE_UP = {
    "two mask folders": ["images/a.png", "masks/a.png", "labels/a.png"],
    "three suffixes in a second folder": [
        "leftImg8bit/val/a_leftImg8bit.png",
        *(f"gtFine/val/a_gtFine_{kind}.png" for kind in ("labelIds", "instanceIds", "labelTrainIds")),
    ],
    "two suffixes in one folder": ["a.jpg", "a_mask.png", "a_seg.png"],
}
REAL = [
    "seg_labelme/instance_segmentation/data_dataset_voc",
    "seg_mmseg_samples/pseudo_cityscapes_dataset",
    "seg_mmseg_samples/pseudo_mapillary_dataset",
    "seg_ade20k",
]


def check_lines(root: Path, least: int) -> None:
    with pytest.raises(DatasetError) as caught:
        read_input(parse_recipe("augcli: 1", "r.yaml"), root)
    lines = re.findall(r"input: \{[^}]*\}", str(caught.value))
    assert len(lines) >= least
    for line in lines:
        assert read_input(parse_recipe(line, "r.yaml"), root).items


@pytest.mark.parametrize("name", MADE_UP)
def test_every_line_that_a_refusal_shows_can_be_pasted(tmp_path: Path, name: str):
    for path in MADE_UP[name]:
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).touch()
    check_lines(tmp_path, 2)


@pytest.mark.parametrize("name", REAL)
def test_the_lines_of_real_sets_can_be_pasted(name: str):
    if not DATA.is_dir():
        pytest.skip("needs AUGCLI_TEST_DATA")
    check_lines(DATA / name, 2)
