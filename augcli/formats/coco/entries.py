"""What is read of an image's or annotation's entry, and what may be wrong with it."""

from __future__ import annotations

import posixpath
import re
import unicodedata
from dataclasses import dataclass
from typing import Any

import msgspec

from augcli.wording import shown

MAX_ID = 2**53  # beyond it, programs that read numbers as doubles take one id for another
MAX_SOURCE_ID = MAX_ID - 2**32  # of an input: the ids of copies follow its largest
MAX_SIDE = 2**31 - 1
_DRIVE = re.compile(r"[A-Za-z]:")
_UNSAFE = ("Cc", "Zl", "Zp")  # control characters, line and paragraph separators


class _ImageFields(msgspec.Struct, gc=False):
    id: Any = None
    file_name: Any = None
    width: Any = None
    height: Any = None


class AnnotationFields(msgspec.Struct, gc=False):
    """What is read of an annotation; `segments_info` is unset where it is none of a panoptic file."""

    id: Any = None
    image_id: Any = None
    file_name: Any = None
    segments_info: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET


@dataclass(frozen=True, slots=True)
class ImageEntry:
    """An image of an annotation file: `width` and `height` in pixels, 0 where the file does not say them.

    `file_name` has no `.`, no empty components, and `/` for the backslashes of Windows; `with_backslash` is
    the name as it stands, `""` where it has none: elsewhere they may be a part of a name. `text` is the
    entry's JSON text.
    """

    id: int
    file_name: str
    width: int
    height: int
    text: bytes
    with_backslash: str = ""


@dataclass(frozen=True)
class Refused:
    """An entry of an image that is left out: what it is called in messages, its id if it has one, and why."""

    name: str
    id: int | None
    why: str


_images = msgspec.json.Decoder(_ImageFields)
_annotations = msgspec.json.Decoder(AnnotationFields)


def image_entry(text: bytes, place: int, max_id: int = MAX_ID) -> ImageEntry | Refused:
    """The image of a JSON text, or why there is none; `place` counts the entries from 1."""
    try:
        fields = _images.decode(text)
    except msgspec.MsgspecError as error:
        return Refused(f"entry {place} of images", None, f"cannot be read: {reason_of(error)}")
    if why := why_no_id(fields.id, max_id=max_id):
        return Refused(f"entry {place} of images", None, why)
    if why := why_no_path(fields.file_name):
        return Refused(f"image {fields.id}", fields.id, why)
    name = posixpath.normpath(slashed(fields.file_name))
    before = posixpath.normpath(fields.file_name) if "\\" in fields.file_name else ""
    return ImageEntry(fields.id, name, _side(fields.width), _side(fields.height), text, before)


def annotation_fields(text: bytes) -> AnnotationFields | str:
    """What is read of an annotation, or why it cannot be read."""
    try:
        return _annotations.decode(text)
    except msgspec.MsgspecError as error:
        return f"cannot be read: {reason_of(error)}"


def has_segments(fields: AnnotationFields) -> bool:
    """Whether an annotation has a list of segments, as those of panoptic files have."""
    text = fields.segments_info
    return isinstance(text, msgspec.Raw) and memoryview(text)[0] == ord("[")


def why_no_id(value: object, field: str = "id", max_id: int = MAX_ID) -> str:
    """Why a value is no id, or `""`."""
    if value is None:
        return f"has no {field}"
    if type(value) is not int:
        return f"its {field} {shown(value)} is no whole number"
    return f"its {field} {shown(value)} is too large" if abs(value) > max_id else ""


def slashed(name: str) -> str:
    """A `file_name` with `/` for the backslashes of Windows."""
    return name.replace("\\", "/")


def why_no_path(name: object) -> str:
    """Why a `file_name` is no path below a folder, or `""`; links are not looked at."""
    if not isinstance(name, str) or not name:
        return "has no file_name" if name in (None, "") else f"its file_name {shown(name)} is no text"
    said, name = f"its file_name {shown(name)}", slashed(name)
    if name.startswith("/") or _DRIVE.match(name):
        return f"{said} is absolute"
    if ".." in name.split("/"):
        return f"{said} leads out of the image folder"
    if not name.isprintable() and any(unicodedata.category(character) in _UNSAFE for character in name):
        return f"{said} holds a control character or a line break"
    return f"{said} names no file" if name.endswith(("/", "/.")) or name == "." else ""


def reason_of(error: Exception) -> str:
    """What a decoder says of one entry, without the place in it."""
    text = str(error).partition(" - at ")[0]
    return text[:1].lower() + text[1:]


def _side(value: object) -> int:
    return value if type(value) is int and 0 < value <= MAX_SIDE else 0
