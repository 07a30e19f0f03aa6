"""The fingerprint names whatever can change a byte."""

import os
import subprocess
import sys
import zlib
from importlib.metadata import packages_distributions
from importlib.util import find_spec
from pathlib import Path

import pytest
import tifffile  # noqa: F401 - before a test puts an empty imagecodecs where it would look for one
from support.datasets_on_disk import folders, run
from support.imports import imported, third_parties

import augcli
from augcli.commands.expand import worker
from augcli.commands.expand.run import expand
from augcli.commands.replay.replay import replay
from augcli.errors import OutputError
from augcli.output.fingerprint import fingerprint

ROOT = Path(augcli.__file__).parent
TOUCH_NO_BYTE = {
    "pydantic": "checks the recipe's numbers, which stand in a pair's digest as they were understood",
    "pydantic_core": "as pydantic, whose part it is",
}


def parts_of(package: str) -> set[str]:
    """The fingerprint's names for an imported package: its distributions', in small letters."""
    names = {name.lower() for name in packages_distributions().get(package, [package])}
    return names | ({"opencv"} if package == "cv2" else set())  # has several distributions


@pytest.mark.parametrize("start", [worker.__name__, expand.__module__])
def test_every_library_that_the_encoding_path_imports_is_named(start):
    missing = {
        package: module
        for package, module in third_parties(ROOT, start).items()
        if package not in TOUCH_NO_BYTE and not parts_of(package) & fingerprint().keys()
    }
    assert missing == {}, "name it in augcli/output/fingerprint.py, or in TOUCH_NO_BYTE with the reason"


def test_no_reason_stands_for_a_library_that_is_not_imported():
    assert TOUCH_NO_BYTE.keys() <= third_parties(ROOT, expand.__module__).keys()


def test_an_import_is_found_wherever_it_stands(tmp_path):
    package = tmp_path / "package"
    (package / "inner").mkdir(parents=True)
    (package / "__init__.py").write_text("import unreached_by_start\n")
    (package / "start.py").write_text("import json\nfrom package.inner import deep\n")
    (package / "inner/__init__.py").touch()
    (package / "inner/deep.py").write_text(
        "def f():\n    from new_codec.fast import encode\n    import PIL.Image\n"
    )
    assert third_parties(package, "package.start") == {
        "new_codec": "package.inner.deep",
        "PIL": "package.inner.deep",
    }
    assert imported("from a.b import c") == {"a.b", "a.b.c"}


def test_every_part_is_text_that_says_something():
    for name, value in fingerprint().items():
        assert isinstance(value, str), name
        assert value, name
    assert fingerprint()["python zlib"] == zlib.ZLIB_RUNTIME_VERSION


@pytest.mark.parametrize(
    ("name", "value", "part"),
    [
        ("OPENCV_IPP", "disabled", "opencv ipp"),
        ("OPENCV_CPU_DISABLE", "SSE4.1", "opencv cpu"),
        ("NPY_DISABLE_CPU_FEATURES", "X86_V3", "numpy cpu"),
    ],
)
def test_a_feature_that_is_switched_off_is_another_fingerprint(name, value, part):
    here = fingerprint()[part]
    if here == "off" or (value not in here and value != "disabled"):
        pytest.skip(f"{value} is not in use here")
    code = f"from augcli.output.fingerprint import fingerprint; print(fingerprint()[{part!r}])"
    ran = subprocess.run([sys.executable, "-c", code], env={**os.environ, name: value}, capture_output=True)
    assert ran.stdout.decode().strip() not in ("", here)


@pytest.mark.parametrize("kept", [["baseline"], ["found"], []])
def test_a_cpu_without_features_has_a_fingerprint(monkeypatch, kept):
    """NumPy leaves out the keys of empty lists: `found` where no more than its baseline is there."""
    extensions = {"baseline": ["X86_V2"], "found": ["X86_V3"], "not found": ["AVX512_SPR"]}
    config = {"SIMD Extensions": {name: extensions[name] for name in kept}}
    monkeypatch.setattr("numpy.show_config", lambda mode: config)
    assert fingerprint()["numpy cpu"] == (extensions[kept[0]][0] if kept else "none")


# --- imagecodecs, which tifffile uses where it is there


@pytest.fixture
def uninstall(monkeypatch):
    """Call it, and nothing of the name is found."""
    return lambda: monkeypatch.setattr("augcli.output.fingerprint.find_spec", lambda name: None)


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Call it, and a package of the name is found, of version 2026.1.14."""
    described = tmp_path / "site/imagecodecs-2026.1.14.dist-info/METADATA"

    def call():
        for file in (described, tmp_path / "site/imagecodecs/__init__.py"):
            file.parent.mkdir(parents=True)
            file.touch()
        described.write_text("Metadata-Version: 2.1\nName: imagecodecs\nVersion: 2026.1.14\n")
        monkeypatch.setattr("augcli.output.fingerprint.find_spec", find_spec)
        monkeypatch.syspath_prepend(tmp_path / "site")

    return call


def test_the_fingerprint_says_whether_imagecodecs_is_there(uninstall, install):
    uninstall()
    without = fingerprint()
    install()
    assert without["imagecodecs"] == "absent"
    assert fingerprint() == without | {"imagecodecs": "2026.1.14"}


def test_a_tiff_made_without_imagecodecs_is_told_from_one_made_with_it(tmp_path, uninstall, install):
    folders(tmp_path / "in", 1)
    given = ("variants: {turned: [horizontal_flip]}\noutput: {image: {format: tiff}}\n", tmp_path / "in")
    uninstall()
    run(*given, tmp_path / "out")
    install()
    found = replay(tmp_path / "out", "images/a__turned.tif", tmp_path / "again", source=tmp_path / "in")
    assert found.lines()[0] == "another fingerprint: imagecodecs 2026.1.14 here, absent there"
    with pytest.raises(OutputError, match="another fingerprint: imagecodecs was absent, is 2026"):
        run(*given, tmp_path / "out")
