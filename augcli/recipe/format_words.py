"""What the recipe calls the formats: a row for each, in the order in which messages and the manual list them.

`input.layout`, `output.layout` and `output.also` take their words from here. A recipe is checked before any
data set is looked at, so the words stand here, above the code: `formats.FORMATS` has a `Format` for each row.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pydantic import GetCoreSchemaHandler
from pydantic_core import core_schema


@dataclass(frozen=True)
class FormatWords:
    """The words of one format.

    `name` is what `input.layout` calls it where it can be read (`is_read`), and what its page is about.
    `keys` are the keys of `input` that say more about it. `has_annotations` says that its labels are
    annotations, not masks. `is_written` says that `output.layout` may have it; `also` are the further
    descriptions of an output in this format, as `output.also` calls them.
    """

    name: str
    keys: tuple[str, ...] = ()
    is_read: bool = True
    has_annotations: bool = False
    is_written: bool = False
    also: tuple[str, ...] = ()


FORMAT_WORDS = (
    FormatWords("folders", keys=("images", "masks", "suffix"), is_written=True),
    FormatWords("suffix", keys=("suffix",), is_written=True),
    FormatWords("carvana", is_written=True),
    FormatWords("classes", is_written=True),
    FormatWords("images"),
    FormatWords("pattern", keys=("images", "masks", "pairs")),
    FormatWords(
        "coco", keys=("images", "annotations"), has_annotations=True, is_written=True, also=("coco",)
    ),
    FormatWords(
        "yolo",
        keys=("annotations",),
        has_annotations=True,
        also=("yolo", "yolo-boxes", "yolo-segments", "yolo-pose"),
    ),
    FormatWords("voc", has_annotations=True, also=("voc",)),
    FormatWords("cityscapes", has_annotations=True, also=("cityscapes",)),
    FormatWords("huggingface", is_read=False, also=("huggingface",)),
)

AUTO, LIKE_INPUT = "auto", "like-input"
LAYOUT_KEYS = tuple(dict.fromkeys(key for words in FORMAT_WORDS for key in words.keys))
_AUTO_KEYS = ("images", "masks", "suffix", "annotations")
INPUT_LAYOUTS = (AUTO, *(words.name for words in FORMAT_WORDS if words.is_read))
OUTPUT_LAYOUTS = (LIKE_INPUT, *(words.name for words in FORMAT_WORDS if words.is_written))
ANNOTATED = tuple(words.name for words in FORMAT_WORDS if words.has_annotations)
ALSO = tuple(name for words in FORMAT_WORDS for name in words.also)
ALSO_FORMATS = tuple(words.name for words in FORMAT_WORDS if words.also)


def keys_of(layout: str) -> tuple[str, ...]:
    """The keys of `input` that say more about a layout."""
    if layout == AUTO:
        return _AUTO_KEYS
    return next(words.keys for words in FORMAT_WORDS if words.name == layout)


def layout_for(key: str) -> str:
    """The layout that a key of `input` goes with: that of the key's name, or the first that has the key."""
    layouts = [words.name for words in FORMAT_WORDS if key in words.keys]
    return key if key in layouts else layouts[0]


@dataclass(frozen=True)
class OneOf:
    """Marks a field as one of these words, as `Literal` does for words that a type checker has to know."""

    words: tuple[str, ...]

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> Any:
        """Tell pydantic which words there are."""
        return core_schema.literal_schema(list(self.words))


def format_of(name: str) -> str:
    """The format of a further description: `yolo` of `yolo-boxes`. KeyError where there is none."""
    return _FORMAT_OF[name]


_FORMAT_OF = {name: words.name for words in FORMAT_WORDS for name in words.also}
