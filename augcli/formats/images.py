"""The layout `images`: pictures without masks, in any folders."""

from __future__ import annotations

from augcli.formats.reading import Reading, count, item
from augcli.formats.walk import Tree


def find(tree: Tree) -> list[Reading]:
    """The reading: every image is an item."""
    items = tuple(item(file) for file in tree.files)
    return [Reading({"layout": "images"}, f"{count(len(items), 'image')}, no masks", items)]
