"""The recipe's options: one frozen model a section, each field with its bounds and a description."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, GetCoreSchemaHandler, GetJsonSchemaHandler, model_validator
from pydantic_core import core_schema

from augcli.recipe.messages import shown
from augcli.transforms.base import Probability
from augcli.transforms.parameters import Distribution, Number, Size, mistake

MAX_SEED = 2**63 - 1
MAX_COPIES = 1_000_000

LayoutIn = Literal["auto", "folders", "suffix", "carvana", "classes", "images", "coco", "pattern"]
LayoutOut = Literal["like-input", "folders", "suffix", "carvana", "classes", "coco"]
Rgb = tuple[int, int, int]

_COLOR = re.compile(r"#[0-9a-fA-F]{6}")
_COLOR_SCHEMA = {"type": "string", "pattern": "^#[0-9a-fA-F]{6}$"}
_BYTE_SCHEMA = {"type": "integer", "minimum": 0, "maximum": 255}


@dataclass(frozen=True)
class Reading:
    """Reads a field by a function, so that its mistakes are in our words; `schema` is its JSON Schema."""

    read: Callable[[Any], Any]
    schema: dict[str, Any]

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> Any:
        """Tell pydantic to read the field by `read`."""
        return core_schema.no_info_plain_validator_function(self.read)

    def __get_pydantic_json_schema__(self, schema: Any, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """The field's form."""
        return self.schema


def _read_version(value: Any) -> int:
    if value != 1 or isinstance(value, bool):
        raise mistake(f"expected 1, the version of the recipe language, got {shown(value)}")
    return 1


def _read_color(value: Any) -> str:
    """A colour as `#rrggbb` in lower case."""
    if value is None:
        raise mistake(
            'expected a colour like "#00008e" in quotes, got nothing: without quotes # is a comment'
        )
    if not isinstance(value, str) or not _COLOR.fullmatch(value):
        raise mistake(f'expected a colour like "#00008e", got {shown(value)}')
    return value.lower()


def _read_ignore(value: Any) -> int | str | None:
    if isinstance(value, int) and not isinstance(value, bool):
        if not 0 <= value <= 65535:
            raise mistake(f"expected a mask value from 0 to 65535, got {value}")
        return value
    if isinstance(value, str):
        return _read_color(value)
    if value is None:
        return None
    raise mistake(
        f'expected a mask value like 255, or for rgb masks a colour like "#ffffff", got {shown(value)}'
    )


def _read_fill(value: Any) -> Rgb:
    """A picture's fill as (red, green, blue) of 0 to 255."""
    if isinstance(value, str):
        red, green, blue = bytes.fromhex(_read_color(value)[1:])
        return red, green, blue
    channels = value if isinstance(value, list | tuple) else [value] * 3
    if len(channels) != 3 or not all(type(c) is int and 0 <= c <= 255 for c in channels):
        raise mistake(f'expected a number from 0 to 255, "#rrggbb" or [r, g, b], got {shown(value)}')
    return channels[0], channels[1], channels[2]


def _read_classes(value: Any) -> dict[int, str] | dict[str, str] | None:
    """Class names by mask value, or colours by class name."""
    if value is None:
        return None
    if not isinstance(value, dict | list) or not value:
        raise mistake(f"expected {_CLASSES_FORMS}, got {shown(value)}")
    value = dict(enumerate(value)) if isinstance(value, list) else value
    numbers = {key: _class_number(key) for key in value}
    if all(n is not None for n in numbers.values()) and not any(_is_color(v) for v in value.values()):
        return _distinct(
            {n: _class_name(value[k]) for k, n in sorted(numbers.items(), key=lambda kn: kn[1] or 0)}
        )
    return _distinct({_class_name(key): _read_color(color) for key, color in value.items()})


_CLASSES_FORMS = '{0: background, 1: car}, [background, car] or, for rgb masks, {car: "#00008e"}'


def _distinct(classes: dict[Any, str]) -> dict[Any, str]:
    """Refuse two classes of one name, or of one colour."""
    seen: set[str] = set()
    for value in classes.values():
        if value in seen:
            raise mistake(f"'{value}' stands for two classes")
        seen.add(value)
    return classes


def _class_number(key: str | int) -> int | None:
    """A mask value, as a number or as the text that JSON makes of it."""
    if isinstance(key, str) and not re.fullmatch(r"(0|[1-9][0-9]{0,4})", key):
        return None
    return int(key) if 0 <= int(key) <= 65535 else None


def _class_name(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise mistake(f"a class's name is text, got {shown(value)}; the forms are {_CLASSES_FORMS}")
    return value


def _is_color(value: Any) -> bool:
    return isinstance(value, str) and _COLOR.fullmatch(value) is not None


def _read_range(value: Any) -> tuple[float, float] | None:
    """(low, high) of the values that mean black and full scale."""
    if value is None:
        return None
    pair = list(value) if isinstance(value, list | tuple) else []
    numbers = [v for v in pair if type(v) in (int, float) and math.isfinite(v)]
    if len(pair) != 2 or len(numbers) != 2 or not pair[0] < pair[1]:
        raise mistake(f"expected [low, high] like [0, 255], got {shown(value)}")
    return pair[0], pair[1]


def _read_subsampling(value: Any) -> str:
    if str(value) not in ("420", "422", "444") or isinstance(value, bool):
        raise mistake(f"expected 420, 422 or 444, got {shown(value)}")
    return str(value)


def _read_folder(value: Any) -> str | None:
    """A folder's name below the input."""
    if value is None:
        return None
    if not isinstance(value, str) or not value.strip("/"):
        raise mistake(f"expected a folder's name below the input, got {shown(value)}")
    if value.startswith("/") or ".." in value.split("/"):
        raise mistake(f"expected a folder below the input, got {shown(value)}")
    return value.rstrip("/")


def _read_texts(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list | tuple) or not all(isinstance(v, str) and v for v in value):
        raise mistake(f"expected a list of names in [brackets], got {shown(value)}")
    return tuple(value)


def _read_splits(value: Any) -> tuple[str, ...]:
    if not (splits := _read_texts(value)):
        raise mistake("expected at least one split, for example [train]")
    return splits


def _read_group(value: Any) -> str | None:
    """A pattern with placeholders, or a regular expression with exactly one group."""
    if value is None or (isinstance(value, str) and re.search(r"\{[A-Za-z_]\w*\}", value)):
        return value
    try:
        groups = re.compile(value).groups if isinstance(value, str) else 0
    except (re.error, OverflowError, RecursionError):
        groups = 0
    if groups != 1:
        raise mistake(
            'expected placeholders like "{car}_{view}" or a regular expression with one group, '
            f"got {shown(value)}"
        )
    return str(value)


_Text = Annotated[str, Field(min_length=1)]
_Folder = Annotated[str | None, Reading(_read_folder, {"type": ["string", "null"]})]
_TEXTS_SCHEMA = {"type": "array", "items": {"type": "string", "minLength": 1}}
_IGNORE_SCHEMA = {
    "anyOf": [{"type": "integer", "minimum": 0, "maximum": 65535}, _COLOR_SCHEMA, {"type": "null"}]
}
_FILL_SCHEMA = {
    "anyOf": [
        _BYTE_SCHEMA,
        _COLOR_SCHEMA,
        {"type": "array", "items": _BYTE_SCHEMA, "minItems": 3, "maxItems": 3},
    ]
}
_RANGE_SCHEMA = {
    "anyOf": [
        {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2},
        {"type": "null"},
    ]
}
_CLASSES_SCHEMA = {
    "anyOf": [
        {
            "type": "object",
            "patternProperties": {"^[0-9]{1,5}$": {"type": "string"}},
            "additionalProperties": _COLOR_SCHEMA,
        },
        {"type": "array", "items": {"type": "string"}, "minItems": 1},
        {"type": "null"},
    ]
}
_SUBSAMPLING_SCHEMA = {"enum": [420, 422, 444, "420", "422", "444"]}


class Options(BaseModel):
    """A section of the recipe: unknown keys are mistakes, and `5` is never text."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class MaskOptions(Options):
    """`input.mask`: what the values of a mask mean."""

    kind: Literal["auto", "index", "binary", "rgb", "instance"] = Field(
        default="auto", description="what a mask's values are; auto looks at some of them"
    )
    threshold: Annotated[int, Field(ge=0, le=65535)] | None = Field(
        default=None, description="grey masks meant as binary: values strictly above this are foreground"
    )
    ignore: Annotated[int | str | None, Reading(_read_ignore, _IGNORE_SCHEMA)] = Field(
        default=None, description="the value (or colour) that means: no label here; also the fill of masks"
    )

    @model_validator(mode="after")
    def _threshold_is_for_binary(self) -> MaskOptions:
        if self.threshold is not None and self.kind not in ("auto", "binary"):
            raise mistake(f"threshold goes with kind: binary, not with kind: {self.kind}")
        if isinstance(self.ignore, str) and self.kind in ("index", "binary"):
            raise mistake(f"a colour as ignore goes with kind: rgb, not with kind: {self.kind}")
        return self


class ImageRange(Options):
    """`input.image`: what the values of a picture mean."""

    range: Annotated[tuple[float, float] | None, Reading(_read_range, _RANGE_SCHEMA)] = Field(
        default=None, description="the values that mean black and full scale; default the type's range"
    )


class InputOptions(Options):
    """`input`: how the data set is read."""

    layout: LayoutIn = Field(default="auto", description="how images and masks pair up; auto finds out")
    images: _Folder = Field(default=None, description="layout folders: the folder of the images")
    masks: _Folder = Field(default=None, description="layout folders: the folder of the masks")
    suffix: _Text | None = Field(
        default=None, description="layout suffix: what a mask's name adds, like _mask"
    )
    expand: Annotated[tuple[str, ...], Reading(_read_splits, _TEXTS_SCHEMA | {"minItems": 1})] = Field(
        default=("train",), description="the splits that are expanded; the others pass through once"
    )
    group: Annotated[str | None, Reading(_read_group, {"type": ["string", "null"]})] = Field(
        default=None,
        description='what stays together in one split: "{car}_{view}" or a regular expression with one group',
    )
    classes: Annotated[dict[int, str] | dict[str, str] | None, Reading(_read_classes, _CLASSES_SCHEMA)] = (
        Field(
            default=None, description="names by mask value, a list of names, or colours by name for rgb masks"
        )
    )
    mask: MaskOptions = Field(default=MaskOptions(), description="what the values of a mask mean")
    image: ImageRange = Field(default=ImageRange(), description="what the values of a picture mean")

    @property
    def class_names(self) -> dict[int, str]:
        """Class names by mask value; empty where classes are colours or not given."""
        return {k: v for k, v in (self.classes or {}).items() if isinstance(k, int)}

    @property
    def class_colors(self) -> dict[str, str]:
        """`#rrggbb` by class name; empty where classes are values or not given."""
        return {k: v for k, v in (self.classes or {}).items() if isinstance(k, str)}

    @model_validator(mode="after")
    def _keys_fit_the_layout(self) -> InputOptions:
        for key, layouts in _KEYS_OF_LAYOUTS.items():
            if getattr(self, key) is not None and self.layout not in layouts:
                raise mistake(f"{key} goes with layout: {layouts[-1]}, not with layout: {self.layout}")
        return self


_KEYS_OF_LAYOUTS = {
    "images": ("auto", "pattern", "images", "folders"),
    "masks": ("auto", "pattern", "folders"),
    "suffix": ("auto", "suffix"),
}


class ImageOutput(Options):
    """`output.image`: how pictures are written."""

    format: Literal["same", "jpeg", "png", "webp", "tiff"] = Field(
        default="same", description="the format of the pictures; same: as the source"
    )
    quality: Annotated[int, Field(ge=1, le=100)] = Field(default=95, description="quality of JPEG and WebP")
    subsampling: Annotated[str, Reading(_read_subsampling, _SUBSAMPLING_SCHEMA)] = Field(
        default="420", description="JPEG's colour resolution: 420, 422 or 444"
    )


class MaskOutput(Options):
    """`output.mask`: how masks are written."""

    format: Literal["png"] = Field(default="png", description="the format of the masks")
    foreground: Annotated[int, Field(ge=1, le=65535)] | None = Field(
        default=None, description="what a binary mask's 1 is written as; default as the source"
    )


class OutputOptions(Options):
    """`output`: what is written, and how."""

    layout: LayoutOut = Field(default="like-input", description="how images and masks lie in the output")
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
    fill: Annotated[Rgb, Reading(_read_fill, _FILL_SCHEMA)] = Field(
        default=(0, 0, 0), description='picture fill with border: constant: 0 to 255, "#rrggbb" or [r, g, b]'
    )
    interpolation: Literal["linear", "cubic", "lanczos"] = Field(
        default="linear", description="how pictures are sampled; masks are always label-exact"
    )
    image: ImageOutput = Field(default=ImageOutput(), description="how pictures are written")
    mask: MaskOutput = Field(default=MaskOutput(), description="how masks are written")
    originals: Literal["copy", "hardlink"] = Field(
        default="copy", description="how unchanged originals arrive"
    )
    also: Annotated[tuple[str, ...], Reading(_read_texts, _TEXTS_SCHEMA)] = Field(
        default=(), description="further descriptions of the same files, like yolo"
    )


class RecipeOptions(Options):
    """The recipe's top level without its variants."""

    augcli: Annotated[int, Reading(_read_version, {"const": 1})] = Field(
        default=1, description="version of the recipe language"
    )
    seed: Annotated[int, Field(ge=0, le=MAX_SEED)] = Field(default=0, description="what all draws depend on")
    keep_original: bool = Field(default=True, description="whether the data set itself is part of the result")
    input: InputOptions = Field(default=InputOptions(), description="how the data set is read")
    output: OutputOptions = Field(default=OutputOptions(), description="what is written, and how")


class VariantOptions(Options):
    """A variant without its steps."""

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
