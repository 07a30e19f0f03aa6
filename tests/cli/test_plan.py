"""`augcli plan`: what it prints."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from support.commands import mask, pairs, picture, run

from augcli.cli.plan import size_text, time_text

Capture = pytest.CaptureFixture[str]
RECIPE = """
variants:
  fliplr: [horizontal_flip]
  jitter: {copies: 3, transforms: [{rotate: {degrees: [-15, 15]}}]}
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "recipe.yaml").write_text(RECIPE)
    return tmp_path


def plain(out: str) -> str:
    """The output with its measured bytes and time struck out."""
    return re.sub(r"(about .*?|a few seconds)(,| of work)", r"...\2", out)


def test_a_plan_is_told_in_aligned_lines(here: Path, capsys: Capture) -> None:
    pairs(here / "in", [0, 1], [0, 1], [0, 7])
    code, out, err = run(capsys, "plan", "recipe.yaml", "in", "-j", "2")
    assert (code, err) == (0, "")
    assert plain(out) == (
        """\
pairs       15 of 3 sources
variants    original  3
            fliplr    3
            jitter    9
classes     of the 3 masks looked at
            value  masks
            0          3
            1          2
            7          1
files       32, with manifest.jsonl and dataset.json
size        ..., estimated from 12 pairs
time        ... of work for 2 workers, estimated from 12 pairs made here
"""
    )


def test_splits_and_class_names_are_told(here: Path, capsys: Capture) -> None:
    Path("recipe.yaml").write_text(f"input: {{classes: [sky, car]}}\n{RECIPE}")
    for name in ("train/images/a", "train/images/b", "val/images/c"):
        picture(here / f"in/{name}.png")
        mask(here / f"in/{name.replace('images', 'masks')}.png", [0, 1, 9])
    _, out, _ = run(capsys, "plan", "recipe.yaml", "in", "-j1")
    assert "splits      train  2 sources  10 pairs  expanded\n" in out
    assert "            val    1 source   1 pair    passed through once\n" in out
    assert "            value  class  masks\n            0      sky        3\n" in out


def test_class_folders_are_told_by_their_pairs(here: Path, capsys: Capture) -> None:
    for name in ("cat/1", "cat/2", "dog/1"):
        picture(here / f"in/{name}.png")
    _, out, _ = run(capsys, "plan", "recipe.yaml", "in", "-j1")
    assert "classes     cat  10 pairs\n            dog  5 pairs\n" in out


def test_options_of_expand_change_the_plan(here: Path, capsys: Capture) -> None:
    pairs(here / "in", [0, 1], [0, 1], [0, 7])
    words = ("plan", "recipe.yaml", "in", "-n", "10", "--seed", "5", "--only", "*[ab]", "--limit", "1")
    code, out, err = run(capsys, *words, "-j1", "--json")
    assert (code, err) == (0, "")
    data = json.loads(out)
    estimate = data.pop("estimate")
    assert data == {
        "sources": 1,
        "pairs": 12,
        "files": 26,
        "variants": {"original": 1, "fliplr": 1, "jitter": 10},
        "splits": {},
        "labels": {},
        "masks": {
            "mask": {
                "looked_at": 3,
                "instances": None,
                "values": [
                    {"value": 0, "name": "", "masks": 3},
                    {"value": 1, "name": "", "masks": 2},
                    {"value": 7, "name": "", "masks": 1},
                ],
            }
        },
        "annotations": {},
    }
    assert estimate.keys() == {"bytes", "seconds", "workers", "from_pairs"}
    assert (estimate["workers"], estimate["from_pairs"]) == (1, 4)


def test_without_an_estimate_the_reason_is_told(here: Path, capsys: Capture) -> None:
    picture(here / "in/a.png")
    Path("in/a.png").write_bytes(b"")
    code, out, _ = run(capsys, "plan", "recipe.yaml", "in", "-j1")
    assert code == 0
    assert out.endswith(
        "estimate    none, for no pair tried could be made: "
        "a.png: the file is empty (0 bytes); replace it or leave it out\n"
    )


def test_a_plan_writes_nothing(here: Path, capsys: Capture) -> None:
    pairs(here / "in", [0, 1])
    before = sorted(here.rglob("*"))
    run(capsys, "plan", "recipe.yaml", "in", "-j1")
    assert sorted(here.rglob("*")) == before


def test_what_expand_refuses_ends_with_two(here: Path, capsys: Capture) -> None:
    pairs(here / "in", [0])
    code, out, err = run(capsys, "plan", "recipe.yaml", "in", "--only", "z*")
    assert (code, out, err) == (2, "", "augcli: in: no source matches --only z*\n")


def test_sizes_are_told_in_units_that_suit_them() -> None:
    assert [size_text(n) for n in (0, 999, 1000, 12_345, 123_456, 57_100_000, 3e9, 4.2e12)] == [
        "0 bytes",
        "999 bytes",
        "1.0 kB",
        "12.3 kB",
        "123 kB",
        "57.1 MB",
        "3.0 GB",
        "4.2 TB",
    ]


def test_times_are_told_in_units_that_suit_them() -> None:
    assert [time_text(s) for s in (0.1, 4.9, 5, 119, 120, 7199, 7200)] == [
        "a few seconds",
        "a few seconds",
        "about 5 s",
        "about 119 s",
        "about 2 min",
        "about 120 min",
        "about 2.0 h",
    ]
