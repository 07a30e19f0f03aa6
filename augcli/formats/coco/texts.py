"""An entry of an annotation file as its JSON text: what is not asked for stays as it is."""

from __future__ import annotations

from typing import Any

import msgspec

from augcli.errors import DatasetError


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
