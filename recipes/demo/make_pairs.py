"""Makes the demo's data set: scikit-image's photographs, and masks drawn from annotations.json.

Writes DEST/images (the files' own bytes) and DEST/masks (palette PNGs whose values are category ids,
0 is background). A polygon becomes pixels by COCO's own rule; a later annotation lies on top of an
earlier one.
"""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

import click
import numpy as np
import numpy.typing as npt
from PIL import Image
from pycocotools import mask as coco_mask

BACKGROUND = (38, 43, 51)


def draw_mask(image: dict[str, Any], annotations: list[dict[str, Any]]) -> npt.NDArray[np.uint8]:
    """The index mask of one image: uint8 of shape (height, width), values are category ids."""
    height, width = image["height"], image["width"]
    mask = np.zeros((height, width), np.uint8)
    for annotation in annotations:
        if annotation["image_id"] == image["id"]:
            parts = coco_mask.frPyObjects(annotation["segmentation"], height, width)
            mask[coco_mask.decode(coco_mask.merge(parts)) == 1] = annotation["category_id"]
    return mask


def palette_of(categories: list[dict[str, Any]]) -> bytes:
    """256 RGB colours, so that every viewer shows the ids as colours; the unused ones are black."""
    palette = np.zeros((256, 3), np.uint8)
    palette[0] = BACKGROUND
    for category in categories:
        palette[category["id"]] = category["color"]
    return palette.tobytes()


def write_pairs(dest: Path) -> int:
    """Write every image and its mask below `dest`; the number of pairs."""
    coco = json.loads(Path(__file__).with_name("annotations.json").read_text(encoding="utf-8"))
    palette = palette_of(coco["categories"])
    for folder in ("images", "masks"):
        (dest / folder).mkdir(parents=True, exist_ok=True)
    for image in coco["images"]:
        name = image["file_name"]
        (dest / "images" / name).write_bytes((files("skimage") / "data" / name).read_bytes())
        mask = Image.fromarray(draw_mask(image, coco["annotations"]))
        mask.putpalette(palette)
        mask.save((dest / "masks" / name).with_suffix(".png"))
    return len(coco["images"])


@click.command()
@click.argument("dest", type=click.Path(file_okay=False, path_type=Path))
def main(dest: Path) -> None:
    """Write the demo's images and masks to DEST/images and DEST/masks."""
    count = write_pairs(dest)
    click.echo(f"{count} pairs written to {dest}")


if __name__ == "__main__":
    main()
