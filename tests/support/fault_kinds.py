"""Kinds of fault, and how each is planted in a copy of a good data set, whatever its layout and its files.

A kind that cannot exist in a set is left out by its rule, `when`: a set without masks has no mask that is
missing, a JPEG has no checksum.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from PIL import Image
from support.damage import (
    EIGHT_BITS,
    HTML,
    Good,
    Plan,
    cut_short,
    huge_jpeg,
    huge_png,
    like,
    pil,
    saved,
    with_bad_checksum,
)

from augcli.data import Item


@dataclass(frozen=True)
class Kind:
    """A kind of fault: where it can exist, and how it is planted."""

    when: Callable[[Good], bool]
    plan: Callable[[Good], Plan]


KINDS: dict[str, Kind] = {}


def kind(name: str, when: Callable[[Good], Any]) -> Callable[[Callable[[Good], Plan]], None]:
    def keep(plan: Callable[[Good], Plan]) -> None:
        KINDS[name] = Kind(lambda good: bool(when(good)), plan)

    return keep


def always(good: Good) -> bool:
    return True


# --- files that are damaged, or are not what they seem


def unusable(good: Good, path: str) -> int:
    """The exit code where one file of the victim cannot be used."""
    return good.only_mask if path in good.survey.seen[0].masks and not good.parts else 1


def truncated(form: str, shown: str) -> None:
    @kind(f"truncated {shown}", lambda good: good.of_format(form))
    def plan(good: Good) -> Plan:
        path = good.of_format(form)
        assert path
        says = f"{path}: cannot be read as {shown} ("
        return Plan(says, {path: cut_short(good.read(path))}, unusable(good, path))


for form, shown in (("jpeg", "JPEG"), ("png", "PNG"), ("tiff", "TIFF"), ("webp", "WebP"), ("gif", "GIF")):
    truncated(form, shown)


@kind("PNG with a bad checksum", lambda good: good.of_format("png"))
def _(good: Good) -> Plan:
    path = good.of_format("png")
    assert path
    says = f"{path}: cannot be read as PNG (bad checksum of chunk IDAT)"
    return Plan(says, {path: with_bad_checksum(good.read(path))}, unusable(good, path))


@kind("empty image file", always)
def _(good: Good) -> Plan:
    return Plan(f"{good.image}: the file is empty (0 bytes); replace it", {good.image: b""})


@kind("empty mask file", lambda good: good.kind)
def _(good: Good) -> Plan:
    code = unusable(good, good.mask)
    return Plan(f"{good.mask}: the file is empty (0 bytes); replace it", {good.mask: b""}, code)


@kind("HTML instead of a picture", always)
def _(good: Good) -> Plan:
    return Plan(f"{good.image}: not an image of a format that is read (JPEG, ", {good.image: HTML})


@kind("another format than the name says", always)
def _(good: Good) -> Plan:
    other = saved(Image.new("RGB", good.header.size), "BMP")
    says = f"{good.image}: a BMP file called {Path(good.image).suffix.lower()}; rename it to end in .bmp"
    return Plan(says, {good.image: other})


@kind("bomb by its header", lambda good: good.header.format in ("jpeg", "png"))
def _(good: Good) -> Plan:
    data = good.read(good.image)
    huge = huge_png(data) if good.header.format == "png" else huge_jpeg(data, *good.header.size)
    return Plan(
        f"{good.image}: 1,600,000,000 pixels are more than the limit of 64,000,000; ", {good.image: huge}
    )


# --- masks that do not go with their image


def has_plain_mask(good: Good) -> bool:
    """A mask of one page that Pillow writes as it was: PNG or TIFF."""
    return (
        bool(good.kind) and good.mask not in good.victim.pages and good.mask_header.format in ("png", "tiff")
    )


def has_plain_image(good: Good) -> bool:
    """A picture that Pillow reads and writes as it is."""
    header = good.header
    return header.mode in EIGHT_BITS and header.format in ("jpeg", "png") and header.orientation == 1


def changed_mask(good: Good, values: Callable[[np.ndarray], np.ndarray], path: str = "") -> bytes:
    was = pil(good.read(path or good.mask))
    return saved(like(values(np.array(was)), was), good.mask_header.format.upper())


@kind("mask of another size", has_plain_mask)
def _(good: Good) -> Plan:
    width, height = good.mask_header.size
    says = f"{good.image}: the image is {width}x{height}, its mask {good.mask} is {width}x{height - 1}; save "
    return Plan(says, {good.mask: changed_mask(good, lambda values: values[:-1])})


def turned(good: Good) -> bytes:
    """The picture with an EXIF orientation, a quarter turn clockwise."""
    tags = Image.Exif()
    tags[274] = 6
    return saved(pil(good.read(good.image)), good.header.format.upper(), exif=tags)


def is_oblong(good: Good) -> bool:
    return has_plain_image(good) and good.header.width != good.header.height


@kind("mask of the unrotated image", lambda good: has_plain_mask(good) and is_oblong(good))
def _(good: Good) -> Plan:
    width, height = good.header.size
    says = (
        f"{good.image}: the image is {height}x{width}, its mask {good.mask} is {width}x{height}: "
        "the mask fits only the unrotated image (EXIF orientation 6); "
    )
    return Plan(says, {good.image: turned(good)})


@kind("EXIF orientation", lambda good: has_plain_image(good) and not good.survey.dataset.items[0].masks)
def _(good: Good) -> Plan:
    number = good.survey.turned + 1
    says = (
        f"EXIF        {number} image{'s' * (number > 1)} with an orientation: applied once, and not written"
    )
    return Plan(says, {good.image: turned(good)}, code=0)


@kind("JPEG mask", has_plain_mask)
def _(good: Good) -> Plan:
    jpeg = saved(Image.new("L", good.mask_header.size, 9), "JPEG")
    says = f"{good.mask}: a JPEG mask: compression has smeared its values; "
    return Plan(says, {good.mask: jpeg}, code=1 if several(good) else 2)


# --- values of masks


def first_row(value: int) -> Callable[[np.ndarray], np.ndarray]:
    def change(values: np.ndarray) -> np.ndarray:
        values[:1] = value
        return values

    return change


def is_index(good: Good) -> bool:
    return (
        good.kind == "index"
        and has_plain_mask(good)
        and len(good.values) < 250
        and good.mask_header.dtype == "uint8"
    )


def classes(good: Good, **more: int) -> dict[str, Any]:
    """What says that the values found are all the classes there are, and more."""
    return {"classes": {value: f"c{value}" for value in good.values} | {v: k for k, v in more.items()}}


@kind("value beyond the classes", is_index)
def _(good: Good) -> Plan:
    says = f", which input.classes does not name, first in {good.mask}\n"
    changed = changed_mask(good, first_row(good.unused))
    return Plan(says, {good.mask: changed}, code=0, said=classes(good))


@kind("class that is never used", is_index)
def _(good: Good) -> Plan:
    return Plan(
        "input.classes names ghost, in none of the masks\n", code=0, said=classes(good, ghost=good.unused)
    )


@kind("stray value in a binary mask", lambda good: good.kind == "binary" and 255 in good.values)
def _(good: Good) -> Plan:
    says = f"{good.mask}: binary masks hold 0 and 255, this one also 7; mend it, or say "
    return Plan(says, {good.mask: changed_mask(good, first_row(7))}, unusable(good, good.mask))


@kind("colour that no class has", lambda good: good.kind == "rgb")
def _(good: Good) -> Plan:
    width = good.mask_header.width
    says = f"{good.mask}: 1 colours that no class has, most often #010203 ({width} pixels); declare it under "
    declared = {f"c{number}": color for number, color in enumerate(good.values)}
    return Plan(says, {good.mask: changed_mask(good, first_row((1, 2, 3)))}, said={"classes": declared})


def colored(good: Good) -> bytes:
    return saved(Image.new("RGB", good.mask_header.size, (1, 2, 3)), good.mask_header.format.upper())


def is_grey(good: Good) -> bool:
    return has_plain_mask(good) and good.mask_header.mode != "RGB"


def can_be_said(good: Good) -> bool:
    """Whether the kind is said, or there is but one name to say it for."""
    return not good.parts and not (good.is_auto and isinstance(good.said.get("masks"), dict))


@kind("RGB mask among others of a kind that is said", lambda good: is_grey(good) and can_be_said(good))
def _(good: Good) -> Plan:
    said = {"mask": {"kind": good.kind}} if good.is_auto else {}
    says = f"{good.mask}: a mask of mode RGB among {good.kind} masks\n"
    return Plan(says, {good.mask: colored(good)}, said=said)


@kind("RGB mask among others", lambda good: is_grey(good) and good.is_auto and len(good.items) > 1)
def _(good: Good) -> Plan:
    says = f"masks of two kinds: {good.mask} is RGB, "
    return Plan(says, {good.mask: colored(good)}, code=2)


def is_drawn(good: Good) -> bool:
    return has_plain_mask(good) and good.masks is not None and good.mask not in good.masks.tally.empty


@kind("mask with nothing in it", is_drawn)
def _(good: Good) -> Plan:
    assert good.masks
    empty = sorted((*good.masks.tally.empty, good.mask))
    says = f"empty       {len(empty)} mask{'s' * (len(empty) > 1)}: {', '.join(empty)}\n"
    code = 2 if good.is_auto and len(good.items) == 1 and good.kind != "rgb" else 0
    return Plan(says, {good.mask: changed_mask(good, np.zeros_like)}, code)


@kind("two objects in the file of one", lambda good: good.parts)
def _(good: Good) -> Plan:
    says = f"{good.mask}: one of several files, each for one instance, and it holds 2 values besides 0; save "
    return Plan(says, {good.mask: changed_mask(good, first_row(7))})


# --- what is missing, superfluous, or there twice


def several(good: Good) -> bool:
    return len(good.items) > 1


def has_neighbours(good: Good) -> bool:
    """Whether the victim's folders stay what they are without it."""
    folder = Path(good.image).parent
    return sum(Path(item.image).parent == folder for item in good.items) > 1 and not good.victim.page


@kind("image without a mask", lambda good: good.kind and has_neighbours(good))
def _(good: Good) -> Plan:
    return Plan(f"1 image without a mask: {good.image}\n", {good.mask: None}, code=0)


@kind("mask without an image", lambda good: good.kind and has_neighbours(good))
def _(good: Good) -> Plan:
    masks = [path for path in good.victim.files if path != good.image]
    says = f"{len(masks)} mask{'s' * (len(masks) > 1)} without an image: "
    return Plan(says + ", ".join(masks) + "\n", {good.image: None}, code=0)


def is_free(good: Good) -> bool:
    """Whether a name's suffix is free, as it is where no pattern says it."""
    return good.survey.dataset.layout != "pattern"


@kind("two images of one name", is_free)
def _(good: Good) -> Plan:
    other = str(Path(good.image).with_suffix(".bmp"))
    files = {other: saved(Image.new("RGB", good.header.size), "BMP")}
    name, mask = Path(good.image), Path(good.mask) if good.kind else None
    if mask and not mask.stem.startswith(name.stem):
        both = sorted((good.image, other))
        return Plan(f"2 images without a mask: {', '.join(both)}\n", files, code=0)
    says = "two images with one name before the suffix, "
    return Plan(says, files, code=2, names=(good.image, other))


@kind("link", always)
def _(good: Good) -> Plan:
    path = str(Path(good.image).with_name(f"linked{Path(good.image).suffix}"))
    return Plan(f"{path}: is a link, and links are not followed\n", code=0, links={path: good.image})


def twins(good: Good) -> dict[str, bytes | None]:
    return {good.twin(path): good.read(path) for path in good.victim.files}


def equal(good: Good) -> str:
    return f"remark: equal pictures: {', '.join(sorted((good.image, good.twin(good.image))))}"


def can_be_twice(good: Good) -> bool:
    return bool(good.name) and not good.victim.page


@kind("picture twice", can_be_twice)
def _(good: Good) -> Plan:
    return Plan(f"{equal(good)}\n", twins(good), code=0)


def with_another_row(good: Good) -> Callable[[np.ndarray], np.ndarray]:
    """Makes the first row of a mask black, or where it is black something else."""

    def change(values: np.ndarray) -> np.ndarray:
        other = 255 if good.kind in ("rgb", "binary") else good.values[-1]
        values[:1] = 0 if values[:1].any() else other
        return values

    return change


@kind("picture twice with two masks", lambda good: can_be_twice(good) and has_plain_mask(good))
def _(good: Good) -> Plan:
    other = {good.twin(good.mask): changed_mask(good, with_another_row(good))}
    return Plan(f"{equal(good)}, and their masks differ\n", twins(good) | other, code=0)


# --- splits


def lists(good: Good, *val: str, train: tuple[str, ...] = ()) -> dict[str, bytes | None]:
    """Lists that put all sources into train, but for those that are named for val."""
    names = [name for name in map(listed, good.items) if name not in val]
    return {"train.txt": "\n".join((*names, *train)).encode(), "val.txt": "\n".join(val).encode()}


def listed(item: Item) -> str:
    return str(Path(item.image).with_suffix(""))


def can_be_split(good: Good) -> bool:
    return not good.survey.splits and not any(item.page for item in good.items)


@kind("picture in two splits", lambda good: can_be_twice(good) and can_be_split(good))
def _(good: Good) -> Plan:
    files = twins(good) | lists(good, str(Path(good.twin(good.image)).with_suffix("")))
    return Plan(f"{equal(good)}, in the splits train and val\n", files, code=0)


def family(good: Good) -> list[Item]:
    """The sources whose names begin as the victim's does."""
    first = Path(good.image).name[0]
    return [item for item in good.items if Path(item.image).name[0] == first]


@kind("group in two splits", lambda good: can_be_split(good) and len(family(good)) > 1)
def _(good: Good) -> Plan:
    says = f"remark: group {Path(good.image).name[0]} lies in train and val\n"
    return Plan(says, lists(good, listed(good.victim)), code=0, said={"group": "^(.)"})


@kind("picture in two lists", can_be_split)
def _(good: Good) -> Plan:
    says = f"{good.image} stands in train.txt and in val.txt; a picture belongs to one split"
    name = listed(good.victim)
    return Plan(says, lists(good, name, train=(name,)), code=2)


@kind("list that names no image", can_be_split)
def _(good: Good) -> Plan:
    return Plan("train.txt: 1 name without an image, first ghost\n", lists(good, train=("ghost",)), code=0)


# --- pictures that a recipe cannot take


def smallest(good: Good) -> tuple[int, int]:
    """The width of the narrowest picture, and the height of the lowest."""
    wide, high = (min(size[axis] for size in good.survey.sizes) for axis in (0, 1))
    return wide, high


def can_be_cropped(good: Good) -> bool:
    forms = {header.format for header in good.survey.seen[0].masks.values()}
    return has_plain_image(good) and smallest(good)[0] > 1 and forms <= {"png"}


@kind("picture smaller than the crop", can_be_cropped)
def _(good: Good) -> Plan:
    wide, high = smallest(good)
    says = f"{good.image}: variant aug: a crop of {wide}x{high} does not fit in {wide - 1}x"
    frame = (0, 0, wide - 1, good.header.height)
    headers = {good.image: good.header, **good.survey.seen[0].masks}
    files = {path: saved(pil(good.read(path)).crop(frame), h.format.upper()) for path, h in headers.items()}
    return Plan(says, files, transforms=[{"random_crop": {"size": f"{wide}x{high}"}}])


def is_float(good: Good) -> bool:
    return good.header.dtype == "float32"


@kind("NaN in a float picture", is_float)
def _(good: Good) -> Plan:
    pixels = tifffile.imread(good.root / good.image)
    pixels.flat[7] = np.nan
    says = f"{good.image}: holds values that are no numbers (NaN or infinite)"
    return Plan(says, {good.image: tiff_of(pixels)})


def tiff_of(pixels: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, pixels, photometric="rgb" if pixels.shape[-1] == 3 else "minisblack")
    return buffer.getvalue()


@kind("values beyond the range", lambda good: good.header.dtype == "uint16" and good.header.format == "tiff")
def _(good: Good) -> Plan:
    most = max(int(tifffile.imread(good.root / item.image).max()) for item in good.items)
    pixels = tifffile.imread(good.root / good.image)
    pixels.flat[7] = most + 1
    says = f"{good.image}: holds {pixels.min():g} to {most + 1:g}, beyond the range 0 to {most:g}; change "
    return Plan(says, {good.image: tiff_of(pixels)}, said={"image": {"range": [0, most]}})


@kind("several frames in a PNG", lambda good: has_plain_image(good) and good.header.format == "png")
def _(good: Good) -> Plan:
    first = pil(good.read(good.image))
    frames = saved(first, "PNG", save_all=True, append_images=[first.rotate(180)])
    return Plan(f"{good.image}: 2 frames in one file, where one picture is expected; ", {good.image: frames})


def is_plain_tiff(good: Good) -> bool:
    return good.header.format == "tiff" and not good.pages and good.header.dtype != "uint8"


@kind("several pages in a TIFF", is_plain_tiff)
def _(good: Good) -> Plan:
    pages = tiff_of(np.stack([tifffile.imread(good.root / good.image)] * 2))
    return Plan(f"{good.image}: 2 pages in one file, where one picture is expected; ", {good.image: pages})


@kind("mask of another number of pages", lambda good: good.kind and good.pages)
def _(good: Good) -> Plan:
    item = next(item for item in good.items if item.pages)
    masks = tifffile.imread(good.root / item.files[1])
    says = f"{item.image}: the image has {len(masks)} pages, its mask {item.files[1]} has {len(masks) - 1}; "
    return Plan(says, {item.files[1]: tiff_of(masks[:-1])})
