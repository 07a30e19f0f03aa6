"""Cityscapes' polygons and label PNGs. What the format needs is imported where there is a file of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from augcli.formats.base import DetectedLayout, Format, OutputSources, ReadOptions, words_of
from augcli.formats.cityscapes.names import UNLABELED
from augcli.formats.tree import Tree
from augcli.recipe.options import InputOptions

if TYPE_CHECKING:
    from augcli.formats.objects import Described
    from augcli.labels.masks import MaskSpec


def _find(tree: Tree, options: ReadOptions) -> list[DetectedLayout]:
    if not tree.documents:
        return []
    from augcli.formats.cityscapes import read

    return read.find(tree)


def _own_mask(name: str, options: InputOptions) -> MaskSpec | None:
    """What a label PNG is: values, of which that for unlabeled pixels is ignored."""
    from augcli.labels.masks import MaskSpec

    if name not in UNLABELED:
        return None
    ignore = options.mask.ignore if isinstance(options.mask.ignore, int) else UNLABELED[name]
    return MaskSpec("index", fill=ignore, name=name, background=ignore, ignore=ignore)


def _write(sources: OutputSources) -> Described:
    from augcli.formats.cityscapes import write

    return write.described(sources.objects, own=True)


def _describe(name: str, sources: OutputSources) -> Described:
    from augcli.formats.cityscapes import write

    return write.described(sources.objects)


FORMAT = Format(
    words_of("cityscapes"),
    title="Cityscapes",
    labels="polygons, label and instance PNGs",
    page="cityscapes",
    find=_find,
    nothing=(
        "no image has polygons of Cityscapes (leftImg8bit/X_leftImg8bit.png, gtFine/X_gtFine_polygons.json)"
    ),
    hint="name each file of polygons after its image",
    own_mask=_own_mask,
    write=_write,
    describe=_describe,
)
