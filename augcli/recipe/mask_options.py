"""`input.mask` and `input.masks`: what masks there are, and what their values mean."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, TypeAdapter, model_validator

from augcli.recipe.fields import IGNORE_SCHEMA, Options, read_folder, read_ignore
from augcli.text import shown
from augcli.transforms.fields import ParsedField
from augcli.transforms.parameters import mistake

Kind = Literal["auto", "index", "binary", "rgb", "instance", "image"]
SOLE = "mask"  # the name of a data set's only mask

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_ENDINGS = ("_file_name", "_sha256")  # a mask's columns in the manifest
_COLUMNS = (
    "annotation_ids annotations_left_out applied attempts boxes copy dropped file_name filled group "
    "height image label matrix overlaps pixelmaps reencoded sha256 sources split variant warp width"
)
_FOLDERS = ("images", "masks")  # of the layout `folders`
_TAKEN = frozenset([*_COLUMNS.split(), *_FOLDERS, "source"])  # the last is a column of metadata.jsonl
_Threshold = Annotated[int, Field(ge=0, le=65535)] | None
_Ignore = Annotated[int | str | None, ParsedField(read_ignore, IGNORE_SCHEMA)]


class MaskOptions(Options):
    """`input.mask`: what the values of a mask mean."""

    kind: Kind = Field(default="auto", description="what a mask's values are; auto looks at some of them")
    threshold: _Threshold = Field(
        default=None, description="grey masks meant as binary: values strictly above this are foreground"
    )
    ignore: _Ignore = Field(
        default=None, description="the value (or colour) that means: no label here; also the fill of masks"
    )

    @model_validator(mode="after")
    def _threshold_and_ignore_fit_the_kind(self) -> MaskOptions:
        _check_kind(self.kind, self.threshold, self.ignore)
        return self


def _check_kind(kind: str, threshold: int | None, ignore: int | str | None) -> None:
    if threshold is not None and kind not in ("auto", "binary"):
        raise mistake(f"threshold goes with kind: binary, not with kind: {kind}")
    if isinstance(ignore, str) and kind in ("index", "binary"):
        raise mistake(f"a colour as ignore goes with kind: rgb, not with kind: {kind}")
    if ignore is not None and kind in ("instance", "image"):
        fills = "instances are filled with 0" if kind == "instance" else "it is filled with 0"
        raise mistake(f"ignore has no meaning for kind: {kind}: {fills}")


def _read_path(value: Any) -> str | None:
    """A folder or pattern below the input."""
    if value is None:
        return None
    if not isinstance(value, str) or not value.strip("/"):
        raise mistake(f"expected a path below the input, got {shown(value)}")
    if value.startswith("/") or ".." in value.split("/"):
        raise mistake(f"expected a path below the input, got {shown(value)}")
    return value.rstrip("/")


class NamedMask(Options):
    """`input.masks.NAME`: one of several masks. What is not said is as `input.mask` says it."""

    path: Annotated[str | None, ParsedField(_read_path, {"type": ["string", "null"]})] = Field(
        default=None,
        description="layout folders: its folder; layout pattern: its pattern, * for several files",
    )
    kind: Kind | None = Field(default=None, description="what its values are; default as input.mask.kind")
    threshold: _Threshold = Field(default=None, description="as input.mask.threshold")
    ignore: _Ignore = Field(default=None, description="as input.mask.ignore")
    optional: bool = Field(default=False, description="whether it may be missing")
    join: bool = Field(
        default=True, description="whether several files, one for each instance, become one map of instances"
    )

    @model_validator(mode="after")
    def _keys_fit_the_kind(self) -> NamedMask:
        if self.kind is not None:
            _check_kind(self.kind, self.threshold, self.ignore)
        return self

    def meaning(self, base: MaskOptions) -> MaskOptions:
        """What its values mean, with what it leaves open as `base` says it, as far as that fits its kind."""
        kind = self.kind or base.kind
        if self.kind is None and self.threshold is not None and kind not in ("auto", "binary"):
            kind = "binary"
        threshold = self.threshold
        if threshold is None and kind in ("auto", "binary"):
            threshold = base.threshold
        ignore = self.ignore
        if ignore is None and _takes(kind, base.ignore):
            ignore = base.ignore
        return MaskOptions(kind=kind, threshold=threshold, ignore=ignore)


def _takes(kind: Kind, ignore: int | str | None) -> bool:
    return kind not in ("instance", "image") and not (isinstance(ignore, str) and kind in ("index", "binary"))


def _checked_name(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise mistake(f"a mask's name is lower-case letters, digits and _, like nuclei_2, got {shown(name)}")
    if name in _TAKEN or name.endswith(_ENDINGS):
        raise mistake(f"the name {name} is taken: choose another, for example {name}_mask")
    return name


Masks = dict[str, NamedMask]
_MASKS: TypeAdapter[Masks] = TypeAdapter(dict[Annotated[str, AfterValidator(_checked_name)], NamedMask])


def is_mask_name(name: str) -> bool:
    """Whether a mask may be called so: no column of the manifest is, and no folder of the output."""
    return bool(_NAME.fullmatch(name)) and name not in _TAKEN and not name.endswith(_ENDINGS)


def read_masks(value: Any) -> str | Masks | None:
    """A folder or pattern, or masks by name: `{cells: cells/, depth: {path: depth/, kind: image}}`."""
    if value is None or isinstance(value, str):
        return read_folder(value)
    if not isinstance(value, dict) or not value:
        wanted = "expected a folder, a pattern or masks by name, like {cells: cells, depth: depth}"
        raise mistake(f"{wanted}, got {shown(value) if value else 'an empty mapping'}")
    return _MASKS.validate_python(
        {name: {"path": entry} if isinstance(entry, str) else entry for name, entry in value.items()}
    )


MASKS_SCHEMA = {
    "anyOf": [
        {"type": ["string", "null"]},
        {
            "type": "object",
            "propertyNames": {"pattern": f"^{_NAME.pattern}$"},
            "additionalProperties": {"anyOf": [{"type": "string"}, NamedMask.model_json_schema()]},
            "minProperties": 1,
        },
    ]
}
