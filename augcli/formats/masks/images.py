"""The layout `images`: pictures without masks, in any folders."""

from __future__ import annotations

from augcli.formats.base import DetectedLayout, Format, item, words_of
from augcli.formats.tree import Tree
from augcli.text import count


def find(tree: Tree) -> list[DetectedLayout]:
    """The reading: every image is an item."""
    items = tuple(item(file) for file in tree.files)
    return [DetectedLayout({"layout": "images"}, f"{count(len(items), 'image')}, no masks", items)]


FORMAT = Format(
    words_of("images"),
    title="images alone",
    labels="none",
    page="folders",
    find=lambda tree, options: find(tree),
)
