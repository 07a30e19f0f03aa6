"""A stage in a Makefile, as the manual shows it: success is kept, the rest tried again or made anew."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

MAKEFILE = """\
.DELETE_ON_ERROR:
data/augmented/manifest.jsonl: recipe.yaml $(shell find data/raw)
\taugcli expand --overwrite recipe.yaml data/raw data/augmented
\ttouch $@
"""
RECIPE = """\
augcli: 1
variants:
  fliplr: [horizontal_flip]
"""

HOUR = 3600 * 10**9  # in nanoseconds

pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")


@contextmanager
def one_cpu() -> Iterator[None]:
    """Let augcli find one CPU: three pairs are made before a worker has started."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def make(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run make in `folder`, where `augcli` is the one beside this Python."""
    outer = {"MAKEFLAGS", "MFLAGS", "MAKELEVEL"}  # `make test` hands its own options down
    environment = {name: value for name, value in os.environ.items() if name not in outer}
    environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
    environment["LC_ALL"] = "C"  # make speaks the user's language
    command = ["make", *arguments]
    with one_cpu():
        return subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, check=False
        )


def write_pair(raw: Path, name: str) -> None:
    rows, columns = np.mgrid[0:48, 0:64]
    picture = np.stack([columns * 4, rows * 5, (rows + columns) * 2], axis=-1).astype(np.uint8)
    Image.fromarray(picture).save(raw / "images" / f"{name}.jpg", quality=95)
    Image.fromarray((columns // 22).astype(np.uint8)).save(raw / "masks" / f"{name}.png")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with three pairs."""
    (tmp_path / "Makefile").write_text(MAKEFILE, encoding="utf-8")
    (tmp_path / "recipe.yaml").write_text(RECIPE, encoding="utf-8")
    raw = tmp_path / "data" / "raw"
    for folder in ("images", "masks"):
        (raw / folder).mkdir(parents=True)
    for name in "abc":
        write_pair(raw, name)
    return tmp_path


def lines_of(project: Path) -> list[dict[str, Any]]:
    text = (project / "data/augmented/manifest.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


def age(project: Path) -> None:
    """Make everything an hour older: what is written from now on is newer."""
    for path in (project, *project.rglob("*")):
        found = path.stat()
        os.utime(path, ns=(found.st_atime_ns - HOUR, found.st_mtime_ns - HOUR))


def assert_is_up_to_date(project: Path) -> None:
    output = project / "data/augmented/manifest.jsonl"
    before = output.stat()
    assert make(project, "-q").returncode == 0
    assert make(project).returncode == 0
    assert output.stat() == before


def test_a_broken_picture_fails_the_stage_until_it_is_mended(project: Path) -> None:
    output = project / "data" / "augmented"
    broken = project / "data/raw/images/b.jpg"
    broken.write_bytes(broken.read_bytes()[: broken.stat().st_size // 2])
    for _ in range(2):
        run = make(project)
        assert run.returncode == 2, run.stderr
        assert "manifest.jsonl] Error 1" in run.stderr
        assert "b.jpg" in (output / "failures.jsonl").read_text(encoding="utf-8")
        assert not (output / "manifest.jsonl").exists()
        age(project)

    kept = (output / "images/a__fliplr.jpg").stat()
    write_pair(project / "data" / "raw", "b")
    run = make(project)
    assert run.returncode == 0, run.stderr
    assert [line["variant"] for line in lines_of(project)] == ["original", "fliplr"] * 3
    assert not (output / "failures.jsonl").exists()
    assert (output / "images/a__fliplr.jpg").stat() == kept
    assert_is_up_to_date(project)


def test_other_inputs_or_another_recipe_make_all_anew_and_a_comment_nothing(project: Path) -> None:
    raw, recipe = project / "data/raw", project / "recipe.yaml"
    assert make(project).returncode == 0

    def add_and_seed() -> None:
        write_pair(raw, "d")
        recipe.write_text(RECIPE + "seed: 7\n", "utf-8")

    def remove() -> None:
        for name in ("images/a.jpg", "masks/a.png"):
            (raw / name).unlink()

    changes: list[tuple[Callable[[], object], list[str], str]] = [
        (add_and_seed, ["a", "b", "c", "d"], "8 pairs written"),
        (remove, ["b", "c", "d"], "6 pairs written"),
        (lambda: recipe.write_text(RECIPE + "seed: 7  # a comment\n"), ["b", "c", "d"], "nothing to do"),
    ]
    for change, names, said in changes:
        age(project)
        change()
        run = make(project)
        assert (run.returncode, said in run.stdout) == (0, True), run.stderr
        assert [Path(line["file_name"]).stem for line in lines_of(project)[::2]] == names
        assert_is_up_to_date(project)
