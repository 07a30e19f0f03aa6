"""Finished outputs of every kind, shared by the tests of verify and replay."""

import numpy as np
import tifffile
from PIL import Image as PilImage
from support.datasets_on_disk import (
    COLORS,
    HEIGHT,
    MASKS,
    RANDOM,
    WIDTH,
    carvana,
    folders,
    labels,
    photo,
    plain,
    run,
    save,
)

ERASED = "variants: {hole: {copies: 2, transforms: [random_erasing: {mask: ignore}]}}\n"
TURNED = "variants: {turned: {copies: 2, transforms: [rotate: {degrees: [-30, 30]}]}}\n"
MIXED = TURNED + "output: {border: constant}\n"
PATTERN = "input: {layout: pattern, images: '{n}/p.png', masks: "


def index(root):
    folders(root, 2)
    return RANDOM


def index_filled(root):
    folders(root, 2, "index16")
    return "input: {mask: {ignore: 65535}}\n" + MIXED


def palette_without_originals(root):
    folders(root, 2, "palette", image=".png")
    return "keep_original: false\n" + TURNED


def binary(root):
    folders(root, 2, "binary1")
    return "output: {mask: {foreground: 255}, size: 24x20}\n" + TURNED


def binary_by_threshold(root):
    folders(root, 2, "binary255", image=".png")
    for path in (root / "masks").iterdir():
        grey = np.array(PilImage.open(path))
        save(path, np.where(grey > 0, 200, 30).astype(np.uint8))
    return "input: {mask: {threshold: 100}}\n" + TURNED


def gifs(root):
    carvana(root)
    return TURNED


def colours(root):
    folders(root, 2, "rgb")
    names = ", ".join(f'c{n}: "#{r:02x}{g:02x}{b:02x}"' for n, (r, g, b) in enumerate(COLORS.tolist()))
    return f"input: {{mask: {{ignore: '#010203'}}, classes: {{{names}}}}}\n{MIXED}"


def classes(root):
    for name in ("cat/1", "dog/1"):
        save(root / f"{name}.jpg", photo())
    return TURNED


def pictures(root):
    plain(root)
    return RANDOM


def several(root):
    """Instances in one file and in several, kept apart and joined, a soft mask, one that may be missing."""
    for number, name in enumerate("ab"):
        save(root / name / "p.png", photo(number))
        save(root / name / "ids.png", labels(number, (0, 4, 255, 300), np.uint16))
        for part in range(3):
            for folder in "jm":
                save(
                    root / name / folder / f"{part}.png", np.where(labels(part) == 7, 255, 0).astype(np.uint8)
                )
        ramp = np.arange(WIDTH * HEIGHT, dtype=np.uint16).reshape(HEIGHT, WIDTH)
        save(root / name / "depth.png", ramp * 17)
    save(root / "a/extra.png", labels(5, (0, 1)))
    masks = (
        "ids: {path: '{n}/ids.png', kind: instance}, "
        "joined: {path: '{n}/j/*.png', kind: instance}, "
        "apart: {path: '{n}/m/*.png', kind: instance, join: false}, "
        "depth: {path: '{n}/depth.png', kind: image}, extra: {path: '{n}/extra.png', optional: true}"
    )
    return f"{PATTERN}{{{masks}}}}}\noutput: {{annotations: {{min_area: 40, renumber: true}}}}\n{TURNED}"


def stack(root, count=3):
    for folder, pages in (
        ("images", [photo(n, 1)[..., 0] for n in range(count)]),
        ("masks", [labels(n, (0, 1, 2)) for n in range(count)]),
    ):
        (root / folder).mkdir(parents=True)
        with tifffile.TiffWriter(root / folder / "a.tif") as writer:
            for page in pages:
                writer.write(page, contiguous=False, metadata=None)


def pages_together(root):
    stack(root)
    return "input: {pages: together, mask: {kind: index}}\n" + TURNED


def pages_each(root):
    stack(root)
    return "input: {pages: each, mask: {kind: index}}\n" + TURNED


def deep(root):
    ramp = np.arange(WIDTH * HEIGHT, dtype=np.uint16).reshape(HEIGHT, WIDTH) * 61
    save(root / "images/a.png", ramp)
    save(root / "masks/a.png", MASKS["index"][1](1))
    return RANDOM


def described(root):
    folders(root, 2)
    return "output: {also: [huggingface]}\n" + TURNED


def accepted(root):
    folders(root, 2)
    return (
        "copies: 4\naccept: {max_filled: 0.12, tries: 50}\ntransforms: [rotate: {degrees: [-20, 20]}]\n"
        + ("output: {border: constant}\n")
    )


def dropped(root):
    folders(root, 2)
    return ERASED


def tiled(root):
    folders(root, 2)
    return "variants: {cut: [tiles: {size: 20, overlap: 4}]}\n"


def split(root):
    for name in ("train", "val"):
        folders(root / name, 1)
    return TURNED


KINDS = {
    make.__name__: make
    for make in (
        index,
        index_filled,
        palette_without_originals,
        binary,
        binary_by_threshold,
        gifs,
        colours,
        classes,
        pictures,
        several,
        pages_together,
        pages_each,
        deep,
        described,
        accepted,
        dropped,
        tiled,
        split,
    )
}


def made(kind, tmp_path):
    """An output of a kind in `out`, made of `in`."""
    text = KINDS[kind](tmp_path / "in")
    report = run(text, tmp_path / "in", tmp_path / "out")
    assert not report.failed, report.failed[0].sentence()
    return tmp_path / "out"
