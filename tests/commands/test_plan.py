"""The estimate behind `augcli plan`: counts are exact, bytes and time are measured on a few pairs."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.commands import pairs, picture, recipe_of

from augcli.commands.expand.run import Settings, expand
from augcli.commands.plan import Cost, Forecast, Split, evenly, outlook
from augcli.data import Item
from augcli.errors import DatasetError
from augcli.pipeline.plan import EVERYTHING, Job, Selection

VARIANTS = """
variants:
  fliplr: [horizontal_flip]
  jitter: {copies: 3, transforms: [{rotate: {degrees: [-15, 15]}}]}
"""


def outlook_of(root: Path, text: str = VARIANTS, selection: Selection = EVERYTHING) -> Forecast:
    return outlook(recipe_of(text), root, selection, workers=1, max_pixels=10_000_000)


def test_pairs_and_files_are_those_that_expand_writes(tmp_path: Path) -> None:
    root = pairs(tmp_path / "in", [0, 1], [0, 2], [0, 3])
    found = outlook_of(root)
    report = expand(recipe_of(VARIANTS), root, tmp_path / "out", Settings(workers=1))
    written = [p for p in (tmp_path / "out").rglob("*.*") if p.is_file() and ".augcli" not in p.parts]
    assert found.pairs == report.written == 15
    assert found.variants == {"original": 3, "fliplr": 3, "jitter": 9}
    assert found.files + 2 == len(written)


def test_equal_pictures_are_estimated_to_the_byte(tmp_path: Path) -> None:
    picture(tmp_path / "in/a.png")
    for letter in "bcdefghijkl":
        (tmp_path / f"in/{letter}.png").write_bytes((tmp_path / "in/a.png").read_bytes())
    recipe = recipe_of("variants: {fliplr: [horizontal_flip]}")
    found = outlook(recipe, tmp_path / "in", EVERYTHING, workers=1, max_pixels=10_000_000)
    expand(recipe, tmp_path / "in", tmp_path / "out", Settings(workers=1))
    written = sum(path.stat().st_size for path in (tmp_path / "out").glob("*.png"))
    assert found.cost
    assert (found.cost.bytes, found.cost.from_pairs) == (written, 12)
    assert found.cost.seconds > 0


def test_splits_tell_what_passes_through(tmp_path: Path) -> None:
    for name in ("train/cat/1", "train/dog/1", "val/cat/2"):
        picture(tmp_path / f"{name}.png")
    found = outlook_of(tmp_path)
    assert found.splits == {"train": Split(2, 10, True), "val": Split(1, 1, False)}
    assert found.labels == {"cat": 6, "dog": 5}


def test_a_selection_is_counted_alone_but_masks_are_looked_at_as_in_the_full_run(tmp_path: Path) -> None:
    found = outlook_of(pairs(tmp_path, [0, 1], [0, 2], [0, 2]), selection=Selection(limit=1))
    (masks,) = found.masks
    assert (found.sources, found.pairs, masks.looked_at) == (1, 5, 3)
    assert [(row.value, row.masks) for row in masks.classes] == [(0, 3), (1, 1), (2, 2)]


def test_broken_sources_are_left_out_of_the_estimate(tmp_path: Path) -> None:
    root = pairs(tmp_path, [0, 1], [0, 2])
    (root / "images/a.jpg").write_bytes(b"")
    found = outlook_of(root)
    assert found.pairs == 10
    assert found.cost
    assert found.cost.from_pairs == 4


def test_without_one_good_source_there_is_no_estimate(tmp_path: Path) -> None:
    picture(tmp_path / "a.png")
    (tmp_path / "a.png").write_bytes(b"")
    found = outlook_of(tmp_path)
    assert found.cost is None
    assert found.trouble == "a.png: the file is empty (0 bytes); replace it or leave it out"


def test_a_variant_that_always_fails_costs_as_much_as_the_others(tmp_path: Path) -> None:
    picture(tmp_path / "a.png")
    found = outlook_of(tmp_path, "variants: {small: [center_crop: {size: 99}]}")
    assert isinstance(found.cost, Cost)
    assert found.cost.bytes == 2 * (tmp_path / "a.png").stat().st_size
    assert found.trouble == (
        "a crop of 99x99 does not fit in 40x30; "
        "crop less, resize first, or put pad_if_needed: {size: 99x99} before it"
    )


def test_what_a_run_would_refuse_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="hold only 0"):
        outlook_of(pairs(tmp_path, [0], [0]))


@given(st.integers(1, 60), st.integers(1, 9))
def test_samples_are_spread_evenly(sources: int, most: int) -> None:
    jobs = [Job(Item(str(number), f"{number}.png"), ()) for number in range(sources)]
    places = [int(job.item.key) for job in evenly(jobs, most)]
    assert len(places) == min(sources, most)
    steps = {b - a for a, b in pairwise(places)}
    assert all(step >= 1 for step in steps)
    assert max(steps, default=0) - min(steps, default=0) <= 1
    assert places[0] - (sources - 1 - places[-1]) in (-1, 0, 1)
