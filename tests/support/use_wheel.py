"""Uses the installed augcli as a newcomer does; `make wheel-check` runs it in a new environment."""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from importlib.metadata import metadata
from pathlib import Path

from PIL import Image

import augcli

BIN = Path(sys.executable).parent
CHECKOUT = Path(__file__).resolve().parents[2]


def augcli_says(folder: Path, *arguments: str) -> str:
    """What the command prints in a folder; it has to succeed."""
    result = subprocess.run(
        [BIN / "augcli", *arguments], cwd=folder, stdout=subprocess.PIPE, text=True, check=True
    )
    return result.stdout


def make_photos(root: Path) -> None:
    """Two images with masks, of two sizes."""
    for number, name in enumerate("ab"):
        for kind, mode, suffix in (("images", "RGB", "jpg"), ("masks", "L", "png")):
            path = root / kind / f"{name}.{suffix}"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.new(mode, (300 + 40 * number, 280), number).save(path)


def sizes(output: Path) -> set[tuple[int, int]]:
    """The sizes of all images and masks of an output."""
    return {Image.open(path).size for path in output.glob("*/*.*") if path.parent.name in ("images", "masks")}


def use(folder: Path) -> None:
    """Read the manual, follow its quick start, and check what it promises."""
    assert CHECKOUT / "augcli" not in Path(augcli.__file__).parents, "this is the checkout, not the wheel"
    assert metadata("augcli")["Author"] == "augcli maintainers"
    assert augcli_says(folder, "--version").startswith("augcli ")
    quick_start = augcli_says(folder, "help", "quickstart")
    recipe = re.search(r"```yaml\n(.*?)```", quick_start, re.DOTALL)
    assert recipe, quick_start
    (folder / "recipe.yaml").write_text(recipe[1], encoding="utf-8")
    make_photos(folder / "photos")
    said = augcli_says(folder, "expand", "recipe.yaml", "photos", "augmented", "-q")
    assert said.startswith("14 pairs written, 0 failed; "), said
    assert sizes(folder / "augmented") == {(256, 256)}
    sys.stdout.write(f"the wheel of augcli {metadata('augcli')['Version']} works: {said}")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        use(Path(folder))
