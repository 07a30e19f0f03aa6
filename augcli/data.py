"""What is on disk (Item, Dataset) and what is in memory (Image, Mask, Sample)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy.typing as npt

from augcli.rng import key_of

Array = npt.NDArray[Any]
Arrays = Array | Sequence[Array]  # a mask, or its parts where each instance has an array of its own
PANOPTIC = "panoptic"  # the mask of a panoptic data set: colours are ids of segments
Colors = Literal["grey", "rgb", "multi"]
Files = str | tuple[str, ...]  # a mask's file, or its files where each instance has its own
MaskKind = Literal["index", "binary", "rgb", "instance", "image"]


def each(files: Files) -> tuple[str, ...]:
    """The files of a mask, one or several."""
    return (files,) if isinstance(files, str) else files


PART = "#"  # stands between a mask's name and the number of its part, where the parts are kept apart


def keys_of(name: str, files: Files) -> tuple[str, ...]:
    """What the arrays of a mask are called in a sample: by its name, or each of several by a number, too."""
    if isinstance(files, str):
        return (name,)
    return tuple(f"{name}{PART}{number}" for number in range(1, len(files) + 1))


def name_of(key: str) -> str:
    """The mask's name in an array's key."""
    return key.partition(PART)[0]


@dataclass(frozen=True)
class Item:
    """One source of a data set; nothing is decoded.

    Paths are relative to the data set's root, with `/`. `key` is the image's path without its last
    suffix, in Unicode NFC. `masks` maps a mask's name (`mask` where there is one) to its path. For a mask of
    several files, one for each instance, that is the first one, and `parts` has them all, in their order.
    `pages` says how many pages those of its files have that are stacks. `page`, from 1, is the one of them
    that this source is (its key ends in `#` and the page); 0 where it is all that the files hold.
    `entries` and `annotations` are JSON texts of COCO by annotation file, as `Dataset.annotation_files` names
    it: the image's own entry, and those of its annotations in the order of the file.
    """

    key: str
    image: str
    masks: Mapping[str, str] = field(default_factory=dict)
    split: str | None = None
    group: str = ""
    label: str | None = None
    parts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    page: int = 0
    pages: Mapping[str, int] = field(default_factory=dict)
    entries: Mapping[str, bytes] = field(default_factory=dict)
    annotations: Mapping[str, tuple[bytes, ...]] = field(default_factory=dict)

    def files_of(self, name: str) -> tuple[str, ...]:
        """The files of a mask, at least one."""
        return self.parts.get(name) or (self.masks[name],)

    @property
    def files(self) -> tuple[str, ...]:
        """All its files: the image, then those of each mask."""
        return (self.image, *(path for name in self.masks for path in self.files_of(name)))

    def is_stack(self, name: str | None = None) -> bool:
        """Whether the image, or a mask, is several pages that stay together."""
        paths = (self.image,) if name is None else self.files_of(name)
        return not self.page and any(path in self.pages for path in paths)

    @cached_property
    def labels_digest(self) -> str:
        """What its entries and annotations say, as a hash; empty where there are none."""
        texts: list[bytes] = []
        for name, entry in self.entries.items():
            texts += (name.encode(), entry, *self.annotations.get(name, ()))
        return key_of(*(text.decode("utf-8", "surrogateescape") for text in texts)) if texts else ""


@dataclass(frozen=True)
class Missing:
    """An image that an annotation file names and that cannot be used: why not, and its annotations there."""

    image: str
    why: str
    annotations: int


@dataclass(frozen=True)
class AnnotationHead:
    """What a COCO file holds besides its images and annotations, and where things lie.

    `keys` are all its top-level keys in their order; `rest` has the JSON texts of those that are neither
    `images` nor `annotations`. `categories` are those entries of `categories` that have an `id` (a whole
    number) and a `name` (text). The largest ids are 0 where there are none. `faults` says what is wrong in
    the file, a line each, and `renumbered` which annotations got a new id: (old, new), in their order.
    `remarks` says what is read otherwise than it stands there, without anything being left out.

    `path` is the file. `written` is where it goes in an output, `image_root` the folder that `file_name`s
    start from, `map_root` that of the PNGs of a panoptic file (None: there is none); these three relative to
    the data set's root, with `/`, `""` for the root. `order` has the keys of its items in its own order,
    `missing` the images that it names in vain.

    `id_offset` is what the input's own files count less than the ids of the categories: YOLO's classes are 0
    for the category 1.
    """

    kind: Literal["objects", "panoptic"] = "objects"
    keys: tuple[str, ...] = ()
    rest: Mapping[str, bytes] = field(default_factory=dict)
    categories: tuple[Mapping[str, Any], ...] = ()
    largest_image_id: int = 0
    largest_annotation_id: int = 0
    faults: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    renumbered: tuple[tuple[int, int], ...] = ()
    path: Path = Path()
    written: str = ""
    image_root: str = ""
    map_root: str | None = None
    split: str | None = None
    order: tuple[str, ...] = ()
    missing: tuple[Missing, ...] = ()
    id_offset: int = 0

    @property
    def left_out(self) -> tuple[str, ...]:
        """The faults for which something is left out."""
        return self.faults[: len(self.faults) - len(self.renumbered)]

    @property
    def replaced_ids(self) -> tuple[str, ...]:
        """The faults that were mended: annotations that have another id now. They are said last."""
        return self.faults[len(self.faults) - len(self.renumbered) :]


@dataclass(frozen=True)
class SplitList:
    """A file that lists pictures of a split: the folder of its data set, and its path below that one.

    `lines` are those of it that name pictures, by the key of each picture's file.
    """

    home: str
    path: str
    lines: Mapping[str, str]


@dataclass(frozen=True)
class Dataset:
    """A data set on disk: its items in the order of their keys, and what did not pair up.

    `layout` is the layout's name, `reading` the recipe's `input:` keys that name this reading for good,
    `reason` one sentence that says what was found and why. `annotation_files` are those of COCO by their
    path: relative to the root, or where they lie elsewhere as they are written. `lists` are files that say
    the splits of the items.
    """

    root: Path
    layout: str
    reading: Mapping[str, Any]
    reason: str
    items: tuple[Item, ...]
    orphan_images: tuple[str, ...] = ()
    orphan_masks: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()
    annotation_files: Mapping[str, AnnotationHead] = field(default_factory=dict)
    lists: tuple[SplitList, ...] = ()


@dataclass(frozen=True)
class Image:
    """A decoded picture: `pixels` of shape (H, W, C), uint8, uint16 or float32.

    `colors` says what the channels are: one grey, three of RGB, or any number of bands (`multi`); with
    `alpha` one more follows them. EXIF orientation has been applied. `format` is the file's (`jpeg`, `png`,
    `webp`, `tiff`, `bmp`, `jp2`, `gif`). `note` says what was converted in reading it, if anything was.
    """

    pixels: Array
    format: str
    icc: bytes | None = None
    stored_size: tuple[int, int] = (0, 0)  # (width, height) in the file, before EXIF orientation
    colors: Colors = "rgb"
    alpha: bool = False
    note: str = ""


@dataclass(frozen=True)
class Coding:
    """How a mask's values are stored in a file, so that they can be stored the same way again.

    `mode` is Pillow's: `1`, `L`, `P`, `I;16` or `RGB`. `palette` is RGB bytes for mode `P`.
    """

    mode: str
    palette: bytes | None = None
    transparency: bytes | int | None = None


@dataclass(frozen=True)
class Mask:
    """A decoded mask: `values` of shape (H, W), uint8 or uint16, or (H, W, 3) uint8 for RGB colours.

    Mode `1` has values 0 and 1; mode `P` has palette indices.
    """

    values: Array
    coding: Coding
    format: str = "png"


@dataclass(frozen=True)
class PixelFormat:
    """What a picture's numbers mean: its colour channels, and the values of black and of full scale."""

    colors: Colors = "rgb"
    alpha: bool = False
    low: float = 0.0
    high: float = 255.0

    @staticmethod
    def of(pixels: Array) -> PixelFormat:
        """What (H, W, C) pixels mean that say nothing else: grey or RGB, with alpha for C = 2 and 4."""
        channels = pixels.shape[-1]
        high = {"B": 255.0, "H": 65535.0}.get(pixels.dtype.char, 1.0)
        colors: Colors = "grey" if channels < 3 else "rgb" if channels < 5 else "multi"
        return PixelFormat(colors, channels in (2, 4), 0.0, high)


Value = int | tuple[int, int, int]  # of a mask's pixel: a number, or a colour


@dataclass(frozen=True)
class LabelMap:
    """A mask as it lies in the frame of a step: `values` (H, W), or (H, W, 3) for colours.

    `background` is the value where nothing is, `ignore` that of where nothing is known (None: there is none);
    `classes` are values by name.
    """

    values: Array
    kind: MaskKind
    background: Value = 0
    ignore: Value | None = None
    classes: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True)
class FillValues:
    """What is written into a mask: `fill` where a border is filled, and `background` where nothing is."""

    fill: Value = 0
    background: Value = 0


@dataclass(frozen=True, eq=False)
class Objects:
    """The N labelled objects of a picture: row i of each field belongs to object i.

    Coordinates are continuous pixels: (0, 0) is the top left corner of the picture, (0.5, 0.5) the centre of
    its first pixel. A field that is None is not labelled.

    `boxes` is float64 (N, 4): x0, y0, x1, y1. `polygons` has N lists of parts, each part float64 (M, 2) with
    at least 3 points; an empty list where an object has no polygon. `instances` has N masks, bool (H, W);
    None where an object has no mask of its own. An object has polygons or a mask, not both.
    `keypoints` is float64 (N, K, 3): x, y and COCO's visibility (0 not labelled, 1 hidden, 2 visible).
    `keypoint_names` are the names of those K points, by which a mirrored copy exchanges left and right.
    `classes` has N names or numbers, which stay with their objects.

    Of a copy, `kept` are the rows, from 0, that these objects had in the source, and `dropped` says of the
    other rows why they are not in the copy.
    """

    boxes: Array | None = None
    polygons: Sequence[Sequence[Array]] | None = None
    instances: Sequence[Array | None] | None = None
    keypoints: Array | None = None
    keypoint_names: Sequence[str] = ()
    classes: Sequence[str | int] | None = None
    kept: tuple[int, ...] = ()
    dropped: Mapping[int, str] = field(default_factory=dict)


@dataclass
class Sample:
    """A picture with its labels in one frame: its masks by name, and its objects.

    `image` is (H, W, C), uint8, uint16 or float32; `format` says what its numbers mean. `masks` are (H, W)
    or (H, W, C). Those named in `continuous` (depth, mattes) are interpolated as pictures are; all others
    are labels, and exact. A mask whose instances stay apart has an array for each: `cells#1`, `cells#2`.
    Steps see the picture and its masks; `objects` are moved after them, by the same map.
    """

    image: Array
    masks: dict[str, Array] = field(default_factory=dict)
    format: PixelFormat | None = None
    continuous: frozenset[str] = frozenset()
    objects: Objects | None = None

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) in pixels."""
        height, width = self.image.shape[:2]
        return int(width), int(height)
