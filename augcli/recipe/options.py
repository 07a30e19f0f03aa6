"""The recipe's options: one frozen model a section, each field with its bounds and a description."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import Field, model_validator

from augcli.recipe.fields import (
    CLASSES_SCHEMA,
    MIRROR_SCHEMA,
    RANGE_SCHEMA,
    SUBSAMPLING_SCHEMA,
    TEXTS_SCHEMA,
    Folder,
    Options,
    Text,
    read_classes,
    read_group,
    read_mirror,
    read_range,
    read_splits,
    read_subsampling,
    read_texts,
    read_version,
)
from augcli.recipe.format_words import (
    ALSO_FORMATS,
    ANNOTATED,
    AUTO,
    INPUT_LAYOUTS,
    LAYOUT_KEYS,
    LIKE_INPUT,
    OUTPUT_LAYOUTS,
    OneOf,
    keys_of,
    layout_for,
)
from augcli.recipe.label_map_options import PIXELMAPS_SCHEMA, PixelMapOutput, read_pixelmaps
from augcli.recipe.mask_options import MASKS_SCHEMA, SOLE, MaskOptions, Masks, read_masks
from augcli.transforms.base import Probability
from augcli.transforms.fields import FILL_SCHEMA, Classes, ParsedField, Rgb, read_fill
from augcli.transforms.parameters import Distribution, Number, Size, mistake

MAX_SEED = 2**63 - 1
MAX_COPIES = 1_000_000
MAX_AREA = 2**31 - 1

Pages = Literal["refuse", "each", "together"]

_PLACEHOLDER = re.compile(r"\{(?!split\})[A-Za-z_]\w*\}|\*")


class ImageRange(Options):
    """`input.image`: what the values of a picture mean."""

    range: Annotated[tuple[float, float] | None, ParsedField(read_range, RANGE_SCHEMA)] = Field(
        default=None, description="the values that mean black and full scale; default the type's range"
    )


class InputOptions(Options):
    """`input`: how the data set is read."""

    layout: Annotated[str, OneOf(INPUT_LAYOUTS)] = Field(
        default=AUTO, description="how images and masks pair up; auto finds out"
    )
    images: Folder = Field(
        default=None,
        description='layout folders: the folder of the images; layout pattern: theirs, like "{id}/{n}.jpg"',
    )
    masks: Annotated[str | Masks | None, ParsedField(read_masks, MASKS_SCHEMA)] = Field(
        default=None,
        description="the folder of the masks, or their pattern; for several masks {name: {path: ...}}",
    )
    pairs: Folder = Field(
        default=None,
        description="layout pattern: a CSV file with the columns image and mask (or masks' names)",
    )
    annotations: Folder = Field(
        default=None,
        description="layout coco: the annotation file; default all in annotations/; layout yolo: data.yaml",
    )
    mirror: Annotated[tuple[tuple[str, str], ...], ParsedField(read_mirror, MIRROR_SCHEMA)] = Field(
        default=(),
        description="names of keypoints or classes that are exchanged in a mirror: [[left_eye, right_eye]]",
    )
    suffix: Text | None = Field(
        default=None, description="layout suffix: what a mask's name adds, like _mask"
    )
    expand: Annotated[tuple[str, ...], ParsedField(read_splits, TEXTS_SCHEMA | {"minItems": 1})] = Field(
        default=("train",), description="the splits that are expanded; the others pass through once"
    )
    group: Annotated[str | None, ParsedField(read_group, {"type": ["string", "null"]})] = Field(
        default=None,
        description='what stays together in one split: "{car}_{view}" or a regular expression with one group',
    )
    classes: Annotated[dict[int, str] | dict[str, str] | None, ParsedField(read_classes, CLASSES_SCHEMA)] = (
        Field(
            default=None,
            description="names by mask value or YOLO's class, a list of names, "
            "or colours by name for rgb masks",
        )
    )
    mask: MaskOptions = Field(default=MaskOptions(), description="what the values of a mask mean")
    image: ImageRange = Field(default=ImageRange(), description="what the values of a picture mean")
    pages: Pages = Field(
        default="refuse",
        description="files of several pages: each page with draws of its own, or together with one draw",
    )

    @property
    def class_names(self) -> dict[int, str]:
        """Class names by mask value; empty where classes are colours or not given."""
        return {k: v for k, v in (self.classes or {}).items() if isinstance(k, int)}

    @property
    def class_colors(self) -> dict[str, str]:
        """`#rrggbb` by class name; empty where classes are values or not given."""
        return {k: v for k, v in (self.classes or {}).items() if isinstance(k, str)}

    @property
    def named_masks(self) -> Masks:
        """The masks that the recipe names; empty where it names none, or their one folder or pattern."""
        return self.masks if isinstance(self.masks, dict) else {}

    @property
    def mask_paths(self) -> str | dict[str, str | None] | None:
        """The folder or pattern of the masks, or those of each mask by its name."""
        if isinstance(self.masks, dict):
            return {name: mask.path for name, mask in self.masks.items()}
        return self.masks

    def mask_of(self, name: str) -> MaskOptions:
        """What the values of a mask mean."""
        named = self.named_masks.get(name)
        return named.meaning(self.mask) if named else self.mask

    def is_apart(self, name: str) -> bool:
        """Whether a mask's several files stay several."""
        return name in self.named_masks and not self.named_masks[name].join

    @property
    def has_instances(self) -> bool:
        """Whether any mask tells objects apart."""
        return "instance" in [self.mask_of(name).kind for name in self.named_masks or (SOLE,)]

    @property
    def has_objects(self) -> bool:
        """Whether labels tell objects apart: annotations do, and maps of instances."""
        return self.layout in ANNOTATED or self.has_instances

    @model_validator(mode="after")
    def _keys_fit_the_layout(self) -> InputOptions:
        for key in LAYOUT_KEYS:
            if getattr(self, key) is not None and key not in keys_of(self.layout):
                raise mistake(f"{key} goes with layout: {layout_for(key)}, not with layout: {self.layout}")
        return self

    @model_validator(mode="after")
    def _paths_fit_the_layout(self) -> InputOptions:
        if self.layout == "pattern":
            self._check_pattern()
        else:
            self._check_folders()
        for name, entry in self.named_masks.items():
            if not entry.join and (self.mask_of(name).kind != "instance" or "*" not in (entry.path or "")):
                raise mistake(f"masks.{name}: join: false goes with kind: instance and a * in its path")
        return self

    def _check_pattern(self) -> None:
        paths = [path for _, path in self._mask_paths() if path]
        if self.pairs is None and self.images is None:
            raise mistake('layout: pattern needs images: and a pattern, like "{id}.jpg", or pairs:')
        if self.pairs is not None and (self.images is not None or paths):
            key = "images" if self.images is not None else "masks"
            raise mistake(f"{key} and pairs: the file {self.pairs} names them, leave {_LEFT_OUT[key]} out")
        if self.pairs is None:
            self._check_all_have_paths()

    def _check_folders(self) -> None:
        for key, path in (("images", self.images), *self._mask_paths()):
            if path and (found := _PLACEHOLDER.search(path)):
                raise mistake(f"{key}: {found[0]} in {path} goes with layout: pattern")
        self._check_all_have_paths()

    def _mask_paths(self) -> list[tuple[str, str | None]]:
        if isinstance(self.masks, dict):
            return [(f"masks.{name}", entry.path) for name, entry in self.masks.items()]
        return [("masks", self.masks)]

    def _check_all_have_paths(self) -> None:
        for name, entry in self.named_masks.items():
            if entry.path is None:
                raise mistake(f"masks.{name} needs a path, for example {{{name}: {{path: {name}}}}}")


_LEFT_OUT = {"images": "images", "masks": "their paths"}


class ImageOutput(Options):
    """`output.image`: how pictures are written."""

    format: Literal["same", "jpeg", "png", "webp", "tiff"] = Field(
        default="same", description="the format of the pictures; same: as the source"
    )
    quality: Annotated[int, Field(ge=1, le=100)] = Field(default=95, description="quality of JPEG and WebP")
    subsampling: Annotated[str, ParsedField(read_subsampling, SUBSAMPLING_SCHEMA)] = Field(
        default="420", description="JPEG's colour resolution: 420, 422 or 444"
    )


class MaskOutput(Options):
    """`output.mask`: how masks are written."""

    format: Literal["png"] = Field(default="png", description="the format of the masks")
    foreground: Annotated[int, Field(ge=1, le=65535)] | None = Field(
        default=None, description="what a binary mask's 1 is written as; default as the source"
    )


class AnnotationOutput(Options):
    """`output.annotations`: what becomes of objects."""

    min_area: Annotated[int, Field(ge=0, le=MAX_AREA)] = Field(
        default=0, description="instances with fewer pixels, that had as many before, are dropped"
    )
    min_visibility: Annotated[float, Field(ge=0, le=1)] = Field(
        default=0.0, description="annotations of which a smaller share stays in the picture are dropped"
    )
    boxes: Literal["corners", "ellipse"] = Field(
        default="corners",
        description="how a box without a segmentation turns: around its corners, or around its ellipse",
    )
    renumber: bool = Field(
        default=False, description="whether instances are numbered anew from 1 in each mask"
    )


class OutputOptions(Options):
    """`output`: what is written, and how."""

    layout: Annotated[str, OneOf(OUTPUT_LAYOUTS)] = Field(
        default=LIKE_INPUT, description="how images and masks lie in the output"
    )
    size: Size | None = Field(
        default=None, description="256 (square) or 384x192 (width x height): everything ends at this size"
    )
    fit: Literal["stretch", "letterbox", "crop"] = Field(
        default="stretch",
        description="how a picture is brought to size; the bars of a letterbox follow the border rule",
    )
    border: Literal["auto", "reflect", "replicate", "wrap", "constant"] = Field(
        default="auto", description="what lies outside the picture, for picture and labels alike"
    )
    fill: Annotated[Rgb, ParsedField(read_fill, FILL_SCHEMA)] = Field(
        default=(0, 0, 0), description='picture fill with border: constant: 0 to 255, "#rrggbb" or [r, g, b]'
    )
    interpolation: Literal["linear", "cubic", "lanczos"] = Field(
        default="linear", description="how pictures are sampled; masks are always label-exact"
    )
    image: ImageOutput = Field(default=ImageOutput(), description="how pictures are written")
    mask: MaskOutput = Field(default=MaskOutput(), description="how masks are written")
    annotations: AnnotationOutput = Field(default=AnnotationOutput(), description="what becomes of objects")
    pixelmaps: Annotated[PixelMapOutput | None, ParsedField(read_pixelmaps, PIXELMAPS_SCHEMA)] = Field(
        default=None,
        description="COCO: also draw the annotations as label PNGs: semantic, instance or panoptic",
    )
    originals: Literal["copy", "hardlink"] = Field(
        default="copy", description="how unchanged originals arrive"
    )
    also: Annotated[tuple[str, ...], ParsedField(read_texts, TEXTS_SCHEMA)] = Field(
        default=(),
        description=f"further descriptions of the same files: {', '.join(ALSO_FORMATS)}",
    )


class RecipeOptions(Options):
    """The recipe's top level without its variants."""

    augcli: Annotated[int, ParsedField(read_version, {"const": 1})] = Field(
        default=1, description="version of the recipe language"
    )
    seed: Annotated[int, Field(ge=0, le=MAX_SEED)] = Field(default=0, description="what all draws depend on")
    plugins: Annotated[tuple[str, ...], ParsedField(read_texts, TEXTS_SCHEMA)] = Field(
        default=(), description="the plugins whose transforms the recipe uses: see --plugin"
    )
    keep_original: bool = Field(default=True, description="whether the data set itself is part of the result")
    input: InputOptions = Field(default=InputOptions(), description="how the data set is read")
    output: OutputOptions = Field(default=OutputOptions(), description="what is written, and how")


class AcceptOptions(Options):
    """`accept`: what a copy has to be like; one that is not is drawn again."""

    min_foreground: Annotated[float, Field(ge=0, le=1)] | None = Field(
        default=None, description="the least share of pixels whose label is neither background nor ignored"
    )
    max_filled: Annotated[float, Field(ge=0, le=1)] | None = Field(
        default=None, description="the largest share of pixels that a constant border fills"
    )
    classes: Classes = Field(
        default=(), description="what counts as foreground: names or values of classes; default any label"
    )
    in_mask: Text | None = Field(default=None, description="which of several masks; default the first")
    tries: Annotated[int, Field(ge=1, le=1000)] = Field(
        default=10, description="how often a copy is drawn before it fails"
    )

    @model_validator(mode="after")
    def _asks_for_something(self) -> AcceptOptions:
        if self.min_foreground is None and self.max_filled is None:
            raise mistake("accept needs min_foreground or max_filled, for example {min_foreground: 0.01}")
        if self.min_foreground is None and (self.classes or self.in_mask):
            raise mistake(f"{'classes' if self.classes else 'in_mask'} goes with min_foreground")
        return self


class VariantOptions(Options):
    """A variant without its steps."""

    accept: AcceptOptions | None = Field(default=None, description="what a copy has to be like")

    copies: Annotated[int, Field(ge=1, le=MAX_COPIES)] = Field(
        default=1, description="how many copies of each source; above 1 only where something is drawn"
    )


class WeightOptions(Options):
    """What a child of one_of has besides its own parameters."""

    weight: Annotated[float, Field(gt=0, le=1e6)] = Field(
        default=1.0, description="how likely this one is chosen, relative to the others"
    )


class GroupOptions(Options):
    """A group without its steps."""

    p: Probability = Field(default=1.0, description="probability that the group is applied")


class SomeOfOptions(GroupOptions):
    """some_of without its steps."""

    n: Annotated[Distribution, Number(low=0, whole=True)] = Field(
        description="how many of the steps are chosen"
    )
