"""The categories of an annotation file: those that can be used, and why others cannot."""

from __future__ import annotations

from typing import Any

import msgspec

from augcli.formats.coco.entries import reason_of, why_no_id
from augcli.wording import shown


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
