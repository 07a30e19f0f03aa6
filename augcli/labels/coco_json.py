"""An entry of an annotation file as its JSON text: what is not asked for stays as it is."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Any

import msgspec

from augcli.errors import DatasetError
from augcli.text import shown


def entry_of(text: bytes) -> dict[str, Any]:
    """The entry that a JSON text holds.

    Raises DatasetError where it is no object, or has a number that no computer holds (1e999).
    """
    try:
        return msgspec.json.decode(text, type=dict[str, Any])
    except (msgspec.MsgspecError, RecursionError) as error:
        reason = str(error).partition(" - at ")[0]
        raise DatasetError(f"an entry cannot be read: {reason}") from error


def text_of(value: Any) -> bytes:
    """The JSON text of a value, on one line; numbers that JSON does not have become null."""
    return msgspec.json.encode(value)


def with_fields(text: bytes, **changes: Any) -> bytes:
    """An entry's JSON text, on one line, with some fields replaced, or added at its end.

    The other fields keep their order, and their values their very text.
    """
    kept = msgspec.json.decode(text, type=dict[str, msgspec.Raw])
    return on_one_line(msgspec.json.encode({**kept, **changes}))


def on_one_line(text: bytes) -> bytes:
    """A JSON text without line breaks; of a text that has some, all its white space goes."""
    # JSON has no line breaks inside of strings: all of them stand between values.
    return msgspec.json.format(text, indent=-1) if b"\n" in text or b"\r" in text else text


MAX_ID = 2**53  # beyond it, programs that read numbers as doubles take one id for another


MAX_SOURCE_ID = MAX_ID - 2**32  # of an input: the ids of copies follow its largest


_DRIVE = re.compile(r"[A-Za-z]:")


_UNSAFE = ("Cc", "Zl", "Zp")  # control characters, line and paragraph separators


class AnnotationFields(msgspec.Struct, gc=False):
    """What is read of an annotation; `segments_info` is unset where it is none of a panoptic file."""

    id: Any = None
    image_id: Any = None
    file_name: Any = None
    segments_info: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET


@dataclass(frozen=True)
class Refused:
    """An entry of an image that is left out: what it is called in messages, its id if it has one, and why."""

    name: str
    id: int | None
    why: str


_annotations = msgspec.json.Decoder(AnnotationFields)


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


def read_categories(text: bytes | None) -> tuple[tuple[dict[str, Any], ...], list[str]]:
    """The entries of `categories` that have an id of their own and a name, and what is wrong, a line each."""
    if text is None:
        return (), []
    try:
        entries = msgspec.json.decode(text, type=list[Any])
    except msgspec.MsgspecError as error:
        return (), [f"categories cannot be read: {reason_of(error)}"]
    good: dict[int, dict[str, Any]] = {}
    faults = []
    for place, entry in enumerate(entries, 1):
        if why := _why_refused(entry, good):
            faults.append(f"entry {place} of categories: {why}; the category is left out")
        else:
            good[entry["id"]] = entry
    return tuple(good.values()), faults


def _why_refused(entry: Any, before: dict[int, dict[str, Any]]) -> str:
    if not isinstance(entry, dict):
        return f"{shown(entry)} is no category"
    if why := why_no_id(entry.get("id")):
        return why
    if not isinstance(entry.get("name"), str):
        return "has no name"
    return f"another one before it has the id {entry['id']}" if entry["id"] in before else ""
