"""COCO's annotation files. What the format needs is imported where there is a file of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from augcli.data import PANOPTIC
from augcli.formats.base import DetectedLayout, Format, OutputSources, ReadOptions, words_of
from augcli.formats.tree import Tree
from augcli.recipe.options import InputOptions

if TYPE_CHECKING:
    from augcli.formats.objects import Described
    from augcli.labels.masks import MaskSpec


def _find(tree: Tree, options: ReadOptions) -> list[DetectedLayout]:
    if not tree.documents and options.annotations is None:
        return []
    from augcli.formats.coco import read

    return read.find(tree, options.annotations, options.images, is_named=options.is_named)


def _panoptic_mask(name: str, options: InputOptions) -> MaskSpec | None:
    """What a panoptic PNG is: colours, of which black is void."""
    from augcli.labels.mask_kinds import BLACK
    from augcli.labels.masks import MaskSpec

    if name != PANOPTIC:
        return None
    return MaskSpec("rgb", fill=BLACK, name=name, background=BLACK, ignore=BLACK)  # void has the id 0


def _write(sources: OutputSources) -> Described:
    from augcli.formats.coco.ids import annotation_files
    from augcli.formats.objects import Described

    return Described(annotation_files(sources.objects.heads, sources.numbers))


FORMAT = Format(
    words_of("coco"),
    title="COCO",
    labels="boxes, polygons, RLE, keypoints, captions, stuff, panoptic",
    page="coco",
    find=_find,
    nothing="there is no annotation file of COCO, like annotations/instances_train.json",
    hint="name it: input: {layout: coco, annotations: FILE}",
    own_mask=_panoptic_mask,
    write=_write,
    describe=lambda name, sources: _write(sources),
    keeps_ids=True,
)
