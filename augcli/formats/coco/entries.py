"""What is read of an image's or annotation's entry, and what may be wrong with it."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from typing import Any

import msgspec

from augcli.labels.coco_json import MAX_ID, Refused, reason_of, slashed, why_no_id, why_no_path

MAX_SIDE = 2**31 - 1


class _ImageFields(msgspec.Struct, gc=False):
    id: Any = None
    file_name: Any = None
    width: Any = None
    height: Any = None


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


_images = msgspec.json.Decoder(_ImageFields)


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


def _side(value: object) -> int:
    return value if type(value) is int and 0 < value <= MAX_SIDE else 0
