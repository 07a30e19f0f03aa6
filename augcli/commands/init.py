"""A first recipe for a data set, with comments."""

from __future__ import annotations

import shlex
import textwrap
from collections.abc import Iterable, Iterator
from pathlib import Path

from augcli.commands.check.lint import is_black_and_white, stray_remark, void_value
from augcli.commands.check.survey import Survey
from augcli.errors import ChoiceError, printable
from augcli.labels.mask_statistics import ClassRow, MasksSeen, kind_reason, listed
from augcli.pipeline.prepare import border_of
from augcli.recipe import Recipe, parse_recipe
from augcli.text import scalar

COMMENT_WIDTH = 100
MOST_CLASSES = 64
MOST_NAMES = 20  # of categories
NOTHING_SAID = "augcli: 1\n"


def recipe_for_looking() -> Recipe:
    """The recipe that says nothing: a data set is looked at as `auto` reads it."""
    return parse_recipe(NOTHING_SAID, "a starter recipe")


def starter(survey: Survey, file: str) -> str:
    """A recipe for a data set, called `file` in its own comments. It parses, and names what was found."""
    is_grey = all(header.mode == "L" for header in survey.headers)
    labels = "annotations" if survey.dataset.annotation_files else "masks"
    variants = _variants(labels, is_grey=is_grey)
    return _text(_head(survey.dataset.root, file), _input(survey), variants, _output(survey))


def undecided(choices: ChoiceError, root: Path, file: str) -> str:
    """A recipe for a data set that can be read in several ways, with each of them as a comment.

    It parses, and says as little about `input` as the data set does, until one is chosen.
    """
    return _text(_head(root, file), _choices(choices), _variants("labels", is_grey=False), _any_output())


def _text(*parts: Iterable[str]) -> str:
    return "".join(f"{line}\n" for part in parts for line in part)


def _choices(choices: ChoiceError) -> Iterator[str]:
    yield from comment(f"{choices.where}: {choices.what}. To choose, remove the # before one of these lines.")
    yield from (f"# {printable(line)}" for line in choices.lines)
    yield ""


def comment(text: str, indent: str = "") -> list[str]:
    """Text as the lines of a YAML comment."""
    return textwrap.wrap(
        printable(text),
        COMMENT_WIDTH,
        initial_indent=f"{indent}# ",
        subsequent_indent=f"{indent}# ",
        break_long_words=False,
        break_on_hyphens=False,
    )


def _head(root: Path, file: str) -> Iterator[str]:
    place, file = (shlex.quote(printable(path)) for path in (str(root), file))
    yield from comment(f"A first recipe for {place}. Change what you like, then")
    yield f"#   augcli check {file} {place}"
    yield f"#   augcli preview {file} {place} -o sheet.png"
    yield f"#   augcli expand {file} {place} OUTPUT"
    yield ""
    yield "augcli: 1          # version of the recipe language"
    yield "seed: 0            # the same seed gives the same files"
    yield ""


def _input(survey: Survey) -> Iterator[str]:
    dataset = survey.dataset
    yield "input:"
    yield from comment(f"Found: {dataset.reason}.", "  ")
    yield from (f"  {key}: {scalar(value)}" for key, value in dataset.reading.items())
    if survey.splits:
        yield from _splits(survey)
    if survey.dataset.annotation_files:
        yield from _annotated(survey)
    else:
        for masks in survey.masks:  # what is found without being told is one mask a picture
            yield from _mask(survey, masks)
    yield ""


def _annotated(survey: Survey) -> Iterator[str]:
    """What the annotation files hold: their categories, and what becomes of left and right."""
    named: dict[str, int] = {}
    for file, head in survey.dataset.annotation_files.items():
        counts = survey.annotations[file].of_category
        named |= {one["name"]: counts[one["id"]] for one in head.categories if counts[one["id"]]}
    if named:
        shown = listed([f"{name} ({number})" for name, number in named.items()], MOST_NAMES)
        yield from comment(f"Categories and their annotations: {shown}.", "  ")
    if any(counts.posed for counts in survey.annotations.values()):
        yield from comment(
            "Mirrors exchange keypoints whose names differ in left and right alone (left_eye and right_eye, "
            "L_Paw and R_Paw). Others are told here, by their names:",
            "  ",
        )
        yield "  # mirror: [[port, starboard]]"


def _splits(survey: Survey) -> Iterator[str]:
    splits = survey.splits
    named = ", ".join(f"{name} ({number})" for name, number in splits.items())
    if len(splits) == 1:
        yield from comment(f"There is one split, {named}; it is expanded.", "  ")
        return
    chosen = "train" if "train" in splits else max(splits, key=lambda name: splits[name])
    yield from comment(f"Splits: {named}. Those that are not expanded pass through once.", "  ")
    yield f"  expand: [{scalar(chosen)}]"


def _mask(survey: Survey, masks: MasksSeen) -> Iterator[str]:
    if masks.spec is None:
        yield from comment(f"What the masks are is open: {survey.questions[0]}.", "  ")
        yield "  # mask: {kind: index}"
        return
    reason = kind_reason(masks.values, masks.spec, survey.recipe.input)
    yield from comment(f"The masks' kind is {reason}.", "  ")
    if masks.spec.kind == "rgb" and is_black_and_white(masks):
        yield from comment(
            "They hold black and white alone; {kind: binary} would write them as 0 and 255.", "  "
        )
    if stray := stray_remark(masks):
        yield from comment(f"Look at this first: {stray}.", "  ")
    void = void_value(masks) if masks.spec.kind == "index" else None
    if void is None:
        yield f"  mask: {{kind: {masks.spec.kind}}}"
    else:
        yield from comment(f"{void} is taken to mean: no label here.", "  ")
        yield f"  mask: {{kind: {masks.spec.kind}, ignore: {void}}}"
    yield from _classes(masks, void)


def _classes(masks: MasksSeen, void: int | None) -> Iterator[str]:
    """The values found, for the user to name: as comments, for nobody has said what they are."""
    rows = [row for row in masks.classes if row.value != void]
    if not rows or masks.spec is None or masks.spec.kind == "binary":
        return
    yield from comment("Give the classes names if you like; dataset.json will hold them.", "  ")
    yield "  # classes:"
    yield from (_class_line(row) for row in rows[:MOST_CLASSES])
    if len(rows) > MOST_CLASSES:
        yield f"  #   and {len(rows) - MOST_CLASSES} more"


def _class_line(row: ClassRow) -> str:
    if isinstance(row.value, str):
        return f'  #   class_{row.value[1:]}: "{row.value}"'
    return f"  #   {row.value}: class_{row.value}"


def _variants(labels: str, *, is_grey: bool) -> Iterator[str]:
    jitter = "brightness: 0.2, contrast: 0.2" + ("" if is_grey else ", saturation: 0.2, hue: 0.02")
    yield "variants:"
    yield "  # A fixed variant: one copy of each source. Leave flips out where left and right matter (text)."
    yield "  fliplr: [horizontal_flip]"
    yield ""
    yield "  # A random variant: `copies` of each source, each with draws of its own."
    yield "  jitter:"
    yield "    copies: 4"
    yield "    transforms:"
    yield "      - horizontal_flip: {p: 0.5}"
    yield "      - rotate: {degrees: [-10, 10]}"
    yield "      - scale: {factor: [0.9, 1.2]}"
    yield f"      # Colours change in pictures only; {labels} stay as they are."
    yield f"      - color_jitter: {{{jitter}}}"
    yield ""


def _border(survey: Survey) -> str:
    """What is said of the border."""
    if border_of(survey.recipe) == "constant":
        return (
            "What a turn or a shrink brings into view: `auto` is `constant` here, which fills the picture "
            "with `fill`: mirrored objects would have no label."
        )
    return (
        "What a turn or a shrink brings into view: `auto` is `reflect` here, picture and mask alike; "
        "`constant` fills the picture with `fill`, and the mask with `ignore`."
    )


def _output(survey: Survey) -> Iterator[str]:
    yield "output:"
    yield from comment(_border(survey), "  ")
    yield "  border: auto"
    if survey.dataset.annotation_files:
        yield from comment("To drop objects of which little is left (pixels, and a share of 1):", "  ")
        yield "  # annotations: {min_area: 16, min_visibility: 0.1}"
    if len(survey.sizes) > 1:
        yield from comment(f"There are {len(survey.sizes)} sizes. To bring all to one:", "  ")
        yield "  # size: 256          # 256 (square) or 384x192 (width x height)"


def _any_output() -> Iterator[str]:
    """What is said of the border before it is known what the labels are."""
    yield "output:"
    yield from comment(
        "What a turn or a shrink brings into view: `auto` is `reflect` for masks of classes, picture and "
        "mask alike, and `constant` for objects, which fills the picture with `fill`.",
        "  ",
    )
    yield "  border: auto"
