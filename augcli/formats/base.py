"""The contract of a format: what each of them says of itself, and does.

A format is a folder or a file of this room with a `FORMAT` in it, and a line in `formats.FORMATS`. Its words
for recipes stand in `recipe/format_words.py`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from augcli.data import AnnotationHead, Dataset, Item, SplitList
from augcli.formats.names import split_of
from augcli.formats.tree import File, Tree
from augcli.recipe.format_words import FORMAT_WORDS, FormatWords
from augcli.recipe.options import InputOptions
from augcli.text import count, yaml_flow

if TYPE_CHECKING:  # a recipe is checked, and folders of masks are read, without what these need
    from augcli.formats.coco.ids import Numbers
    from augcli.formats.objects import Described, OutputObjects
    from augcli.labels.masks import MaskSpec

MaskPaths = str | Mapping[str, str | None] | None
LineData = Mapping[str, Any]  # a line of the manifest


@dataclass(frozen=True)
class ReadOptions:
    """What the recipe says about the input, as `read_dataset` describes it.

    `is_named` says that the recipe names the layout: what only may be of the format is then taken for it.
    """

    images: str | None = None
    masks: MaskPaths = None
    suffix: str | None = None
    pairs: str | None = None
    optional: Collection[str] = ()
    several: Collection[str] = ()
    annotations: str | None = None
    classes: Mapping[int, str] = field(default_factory=dict)
    is_named: bool = False

    def given(self) -> dict[str, str]:
        """The keys of `input` that the recipe has, as text."""
        masks = yaml_flow(self.masks) if isinstance(self.masks, Mapping) else self.masks
        values = {
            "images": self.images,
            "masks": masks,
            "suffix": self.suffix,
            "pairs": self.pairs,
            "annotations": self.annotations,
        }
        return {key: value for key, value in values.items() if value is not None}


@dataclass(frozen=True)
class DetectedLayout:
    """A reading: `keys` are the recipe's `input:` keys that name it, `reason` is one sentence.

    `home` is the folder that holds this data set, relative to the root: readings with different homes are
    separate data sets. `skipped` has the images that are no part of this reading. `annotation_files`
    and `lists` are those of `Dataset`, and `maps` the images that only they explain, as labels.
    """

    keys: Mapping[str, Any]
    reason: str
    items: tuple[Item, ...]
    orphan_images: tuple[str, ...] = ()
    orphan_masks: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()
    home: str = ""
    annotation_files: Mapping[str, AnnotationHead] = field(default_factory=dict)
    maps: frozenset[str] = frozenset()
    lists: tuple[SplitList, ...] = ()


@dataclass(frozen=True)
class OutputSources:
    """What the files of a finished output are made from: the data set as it was read, and its objects.

    `objects` are those of the finished pairs; `numbers` are the ids of all their annotations.
    """

    dataset: Dataset
    objects: OutputObjects
    numbers: Numbers


@dataclass(frozen=True)
class Format:
    """A format. Functions import what they need when they are called: most data sets need one of them.

    For people:
      `title` is what the format is called in prose, `labels` the labels that it can hold, and `page` the
      page of the manual about it.

    Reading, of a format whose words have `is_read`:
      `find(tree, options)` gives the readings of a folder, one for each data set in it; none where the folder
      is of other formats. It raises DatasetError where the folder is of this format, and broken.
      `nothing` and `hint` are the refusal where the recipe names the layout, and `find` gives none.
      `takes_file(name)` says whether `input.annotations` of this name, with no layout, means this format.
      `own_mask(name, options)` is what a mask is that the format defines; None for others.
      `pairs_by_name` says that masks are found by the names of their images, so that an output has to be
      held against the names that it would be read by.

    Writing:
      `copy_name(item, tag, image_suffix)` has the paths of a copy, of a format that `output.layout` may be:
      the image, and without suffix the masks by name.
      `write(sources)` makes the files of annotations of an output whose input was in this format.
      `describe(name, sources)` makes those that `output.also: [name]` asks for, and `check(name, dataset)`
      raises DatasetError before the run where they cannot be made.
      `describe_lines(lines)` makes them for a description that knows no objects, from manifest lines.
      `keeps_ids` says that annotations keep the ids that they were read with.
      `splits_in_folders`, `splits_in_files`: where its outputs say the splits, so that no lists need to.
    """

    words: FormatWords
    title: str
    labels: str
    page: str
    find: Callable[[Tree, ReadOptions], list[DetectedLayout]] | None = None
    nothing: str = ""
    hint: str = ""
    takes_file: Callable[[str], bool] | None = None
    own_mask: Callable[[str, InputOptions], MaskSpec | None] | None = None
    pairs_by_name: bool = False
    copy_name: Callable[[Item, str, str], tuple[str, dict[str, str]]] | None = None
    write: Callable[[OutputSources], Described] | None = None
    describe: Callable[[str, OutputSources], Described] | None = None
    check: Callable[[str, Dataset], object] | None = None
    describe_lines: Callable[[Sequence[LineData]], dict[str, bytes]] | None = None
    keeps_ids: bool = False
    splits_in_folders: bool = False
    splits_in_files: bool = False

    @property
    def name(self) -> str:
        """What the recipe calls it."""
        return self.words.name


def words_of(name: str) -> FormatWords:
    """The row of a format in `FORMAT_WORDS`."""
    return next(words for words in FORMAT_WORDS if words.name == name)


def item(image: File, mask: File | None = None, label: str | None = None) -> Item:
    """The item of an image and its mask; the group is filled in later."""
    masks = {} if mask is None else {"mask": mask.path}
    return Item(image.key, image.path, masks, split_of(image.folder), label=label)


def recipe_line(keys: Mapping[str, Any]) -> str:
    """The line to paste into a recipe: `input: {layout: folders, images: a, masks: b}`."""
    return f"input: {yaml_flow(keys)}"


def outside(files: Iterable[File]) -> tuple[str, ...]:
    """One line per folder for images that are no part of a reading."""
    by_folder = Counter(file.folder or "." for file in files)
    return tuple(f"{folder}: {count(n, 'image')} outside the data set" for folder, n in by_folder.items())
