"""A data-prep stage in a Makefile, as the README shows it: failures are tried again, success is kept."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

MAKEFILE = """\
.DELETE_ON_ERROR:
data/augmented/manifest.jsonl: recipe.yaml $(shell find data/raw -type f)
\taugcli expand recipe.yaml data/raw data/augmented
"""
RECIPE = """\
augcli: 1
variants:
  fliplr: [horizontal_flip]
"""

pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")


def make(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run make in `folder`, where `augcli` is the one beside this Python."""
    outer = {"MAKEFLAGS", "MFLAGS", "MAKELEVEL"}  # `make test` hands its own options down
    environment = {name: value for name, value in os.environ.items() if name not in outer}
    environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
    environment["LC_ALL"] = "C"  # make speaks the user's language
    command = ["make", *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def write_pair(raw: Path, name: str) -> None:
    rows, columns = np.mgrid[0:48, 0:64]
    picture = np.stack([columns * 4, rows * 5, (rows + columns) * 2], axis=-1).astype(np.uint8)
    Image.fromarray(picture).save(raw / "images" / f"{name}.jpg", quality=95)
    Image.fromarray((columns // 22).astype(np.uint8)).save(raw / "masks" / f"{name}.png")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with three pairs; the picture of `b` is cut off in the middle."""
    (tmp_path / "Makefile").write_text(MAKEFILE, encoding="utf-8")
    (tmp_path / "recipe.yaml").write_text(RECIPE, encoding="utf-8")
    raw = tmp_path / "data" / "raw"
    for folder in ("images", "masks"):
        (raw / folder).mkdir(parents=True)
    for name in "abc":
        write_pair(raw, name)
    broken = raw / "images" / "b.jpg"
    broken.write_bytes(broken.read_bytes()[: broken.stat().st_size // 2])
    return tmp_path


def test_a_broken_picture_fails_the_stage_until_it_is_mended(project: Path) -> None:
    output = project / "data" / "augmented"
    for _ in range(2):
        run = make(project)
        assert run.returncode == 2, run.stderr
        assert "manifest.jsonl] Error 1" in run.stderr
        assert "b.jpg" in (output / "failures.jsonl").read_text(encoding="utf-8")
        assert not (output / "manifest.jsonl").exists()

    write_pair(project / "data" / "raw", "b")
    run = make(project)
    assert run.returncode == 0, run.stderr
    lines = (output / "manifest.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["variant"] for line in lines] == ["original", "fliplr"] * 3
    assert not (output / "failures.jsonl").exists()

    assert make(project, "-q").returncode == 0
    before = (output / "manifest.jsonl").stat()
    make(project)
    assert (output / "manifest.jsonl").stat() == before
