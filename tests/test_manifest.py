"""A manifest line: what it holds, that it reads back, and how points follow it."""

import json

import numpy as np
import pytest
from support.datasets_on_disk import RANDOM, folders, manifest, run

from augcli.manifest import Record, Source
from augcli.text import dumps
from augcli.transforms.operations import Applied

SOURCE = Source("x.jpg", "ab", 40, 30, {"mask": "x.gif"}, {"mask": "cd"})
MIRROR = [[-1.0, 0.0, 40.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]
KEYS = (
    "file_name mask_file_name sources group split label variant copy applied matrix warp width height "
    "filled attempts reencoded note sha256 mask_sha256"
)


def record(**changes):
    given = {
        "file_name": "x__flip.jpg",
        "masks": {"mask": "x__flip.png"},
        "sources": (SOURCE,),
        "group": "x",
        "split": "train",
        "label": None,
        "variant": "flip",
        "copy": 1,
        "applied": (Applied("horizontal_flip", {}),),
        "matrix": MIRROR,
        "warp": None,
        "width": 40,
        "height": 30,
        "sha256": "ef",
        "mask_sha256": {"mask": "01"},
    }
    return Record(**given | changes)


def test_a_line_holds_these_keys_in_this_order():
    line = record().as_line()
    assert list(line) == KEYS.split()
    assert line["sources"] == [
        {
            "image": "x.jpg",
            "mask": "x.gif",
            "sha256": "ab",
            "mask_sha256": "cd",
            "page": None,
            "width": 40,
            "height": 30,
        }
    ]
    assert line["applied"] == [{"name": "horizontal_flip", "params": {}}]


def test_without_a_mask_its_keys_are_null():
    line = record(masks={}, mask_sha256={}, sources=(Source("x.jpg", "ab", 40, 30),)).as_line()
    assert (line["mask_file_name"], line["mask_sha256"]) == (None, None)
    assert (line["sources"][0]["mask"], line["sources"][0]["mask_sha256"]) == (None, None)
    assert Record.of_line(line, "reflect").masks == {}


def test_further_masks_have_keys_of_their_names():
    source = Source("x.jpg", "ab", 40, 30, {"mask": "m", "depth": "d"}, {"mask": "1", "depth": "2"})
    line = record(sources=(source,), masks={"mask": "m.png", "depth": "d.png"}).as_line()
    assert line["depth_file_name"] == "d.png"
    assert line["sources"][0]["depth_sha256"] == "2"
    assert Record.of_line(line, "reflect").sources == (source,)


@pytest.mark.parametrize("one", [record(), record(masks={}, mask_sha256={}, filled=0.25, reencoded="why")])
def test_a_line_reads_back(one):
    assert Record.of_line(json.loads(dumps(one.as_line())), "reflect") == one


def test_points_follow_the_matrix_both_ways():
    assert record().to_output([[0.5, 2.0]]).tolist() == [[39.5, 2.0]]
    assert record().to_source([[39.5, 2.0]]).tolist() == [[0.5, 2.0]]


def test_a_point_that_a_constant_border_filled_has_no_source():
    shifted = [[1.0, 0.0, 10.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]
    filled = record(matrix=shifted, border="constant").to_source([[5.0, 5.0], [15.0, 5.0]])
    assert np.isnan(filled[0]).all()
    assert filled[1].tolist() == [5.0, 5.0]
    assert not np.isnan(record(matrix=shifted).to_source([[5.0, 5.0]])).any()


def test_every_line_of_a_run_reads_back_and_maps_points_there_and_back(tmp_path):
    run(RANDOM, folders(tmp_path / "in", 2), tmp_path / "out")
    points = np.array([[10.0, 9.0], [18.5, 14.5], [25.0, 20.0]])
    for line in manifest(tmp_path / "out"):
        one = Record.of_line(line, "reflect")
        assert one.as_line() == line
        assert (line["warp"] is not None) == (line["variant"] == "aug")  # a field needs the whole chain
        assert np.allclose(one.to_source(one.to_output(points)), points, atol=0.02)


def test_real_numbers_are_written_as_floats(tmp_path):
    run("transforms: [{rotate: {degrees: 10}}]", folders(tmp_path / "in", 1), tmp_path / "out")
    text = (tmp_path / "out/manifest.jsonl").read_text("utf-8").splitlines()[1]
    assert '"params": {"degrees": 10.0' in text
