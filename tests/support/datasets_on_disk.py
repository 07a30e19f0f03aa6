"""Small made-up data sets, the real ones, and what an output holds: shared by the tests of the run."""

import json
import subprocess
import zlib
from contextlib import contextmanager

import numpy as np
import pytest
from PIL import Image as PilImage
from support.paths import DATA

from augcli.commands.expand.run import Settings, expand
from augcli.pipeline.plan import EVERYTHING
from augcli.recipe import parse_recipe

WIDTH, HEIGHT = 37, 29  # odd and unequal: a swapped axis or a half pixel shows

FLIPS = "variants: {flipud: [vertical_flip], fliplr: [horizontal_flip]}\n"
PNG_FLIPS = FLIPS + "output: {image: {format: png}}\n"
RANDOM = """
copies: 3
transforms:
  - rotate: {degrees: [-30, 30]}
  - elastic: {alpha: [20, 60], sigma: 4}
  - color_jitter: {brightness: 0.5, contrast: 0.5, saturation: 0.5, hue: 0.1}
  - gaussian_noise: {std: 0.02}
"""
PALETTE = bytes(np.random.default_rng(5).integers(0, 256, 768, dtype=np.uint8))
COLORS = np.array([[0, 0, 142], [70, 70, 70], [255, 0, 1], [254, 0, 1]], np.uint8)
ICC = bytes(range(256)) * 3


def needs(folder):
    missing = not (DATA / folder).is_dir()
    return pytest.mark.skipif(missing, reason=f"no test data: {folder} (set AUGCLI_TEST_DATA)")


# --- pictures and masks


def photo(seed=0, channels=3, width=WIDTH, height=HEIGHT):
    """Smooth colours with a little noise, uint8 (H, W, C)."""
    rng = np.random.default_rng(seed)
    coarse = PilImage.fromarray(rng.integers(0, 256, (4, 5, 4), dtype=np.uint8)[..., :channels].squeeze())
    smooth = np.asarray(coarse.resize((width, height), PilImage.Resampling.BICUBIC)).reshape(
        height, width, -1
    )
    return (smooth * 0.9 + rng.integers(0, 25, smooth.shape)).astype(np.uint8)


def labels(seed=0, values=(0, 1, 2, 7, 255), dtype=np.uint8, width=WIDTH, height=HEIGHT):
    """Blobs of the given values, (H, W); every value occurs."""
    rng = np.random.default_rng(seed)
    blobs = rng.integers(0, len(values), (5, 6))
    blobs.flat[: len(values)] = np.arange(len(values))
    rows, columns = np.arange(height) * 5 // height, np.arange(width) * 6 // width
    return np.array(values, dtype)[blobs[rows][:, columns]]


def picture(pixels):
    return PilImage.fromarray(pixels.squeeze())


def palette_mask(values):
    mask = PilImage.fromarray(values)
    mask.putpalette(PALETTE)
    return mask


def gif_mask(values):
    """As Carvana's: indices 0 and 1, shown as black and white."""
    mask = PilImage.fromarray(values)
    mask.putpalette(b"\0\0\0\xff\xff\xff" + bytes(762))
    return mask


MASKS = {  # name -> (suffix, picture of a mask by its seed)
    "index": (".png", lambda seed: PilImage.fromarray(labels(seed))),
    "index16": (".png", lambda seed: PilImage.fromarray(labels(seed, (0, 300, 40_000, 65_535), np.uint16))),
    "binary255": (".png", lambda seed: PilImage.fromarray(labels(seed, (0, 255)))),
    "binary1": (".png", lambda seed: PilImage.fromarray(labels(seed, (0, 1)))),
    "one_bit": (".png", lambda seed: PilImage.fromarray(labels(seed, (0, 1)).astype(bool))),
    "palette": (".png", lambda seed: palette_mask(labels(seed, (0, 3, 97, 183)))),
    "rgb": (".png", lambda seed: PilImage.fromarray(COLORS[labels(seed, (0, 1, 2, 3))])),
    "gif": (".gif", lambda seed: gif_mask(labels(seed, (0, 1)))),
}


def save(path, image, **options):
    """Save a PIL picture, or an array, under a name that says its format."""
    path.parent.mkdir(parents=True, exist_ok=True)
    (picture(image) if isinstance(image, np.ndarray) else image).save(path, **options)
    return path


def folders(root, count=3, mask="index", image=".jpg", channels=3):
    """`images/<letter>` and `masks/<letter>`; each pair depends on its letter alone."""
    suffix, draw = MASKS[mask]
    for number in range(count):
        name = "abcdefgh"[number]
        save(root / f"images/{name}{image}", photo(number, channels))
        save(root / f"masks/{name}{suffix}", draw(number))
    return root


def carvana(root, count=2):
    """`train/<car>_<view>.jpg` and `train_masks/<car>_<view>_mask.gif`."""
    for number in range(count):
        save(root / f"train/car_{number:02}.jpg", photo(number))
        save(root / f"train_masks/car_{number:02}_mask.gif", MASKS["gif"][1](number))
    return root


def plain(root, count=2, image=".png"):
    """Pictures without masks."""
    for number in range(count):
        save(root / f"{'abcdefgh'[number]}{image}", photo(number))
    return root


def exif(orientation, description="somewhere"):
    tags = PilImage.Exif()
    tags[274] = orientation
    tags[270] = description
    return tags


def huge_png():
    """A header of 20,000 x 20,000 pixels, and next to nothing behind it."""
    header = b"IHDR" + (20_000).to_bytes(4, "big") * 2 + bytes([8, 2, 0, 0, 0])
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        (len(c) - 4).to_bytes(4, "big") + c + zlib.crc32(c).to_bytes(4, "big")
        for c in (header, b"IDAT" + zlib.compress(bytes(1000)), b"IEND")
    )


# --- runs


def run(text, root, out, *, workers=1, selection=EVERYTHING, progress=None, **settings):
    """Expand in this process (with one worker), from a recipe's text."""
    recipe = parse_recipe(text, "recipe.yaml")
    return expand(recipe, root, out, Settings(workers, selection, **settings), progress)


@contextmanager
def mounted(folder, size="1m"):
    """A small file system of its own at a folder, where that is allowed."""
    folder.mkdir(parents=True, exist_ok=True)
    command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "none", str(folder)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        pytest.skip("there is no mount command")
    if done.returncode:
        pytest.skip(f"mounting is not allowed: {done.stderr.strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def tree(out):
    """Every file below a folder with its bytes, without what is not part of the data set."""
    paths = [path for path in sorted(out.rglob("*")) if path.is_file()]
    return {
        path.relative_to(out).as_posix(): path.read_bytes()
        for path in paths
        if ".augcli" not in path.relative_to(out).parts
    }


def manifest(out):
    return [json.loads(line) for line in (out / "manifest.jsonl").read_text("utf-8").splitlines()]


def failures(out):
    return [json.loads(line) for line in (out / "failures.jsonl").read_text("utf-8").splitlines()]


def read(path):
    """A picture as Pillow shows it: palettes stay indices, 1 bit stays boolean."""
    with PilImage.open(path) as image:
        return np.array(image)


def mask_lines(out):
    return [line for line in manifest(out) if line["mask_file_name"]]
