"""What `augcli check` tells: as aligned lines, and as JSON data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from augcli.cli.annotation_text import annotation_data, annotation_lines, fault_lines
from augcli.cli.progress import shortened
from augcli.cli.tables import counted, fact, first, table
from augcli.commands.check.lint import data_remarks, recipe_remarks
from augcli.commands.check.survey import Survey
from augcli.data import PANOPTIC
from augcli.errors import DatasetError
from augcli.formats.base import recipe_line
from augcli.formats.orphans import missing_images, missing_words, orphans
from augcli.formats.splits import shared_groups
from augcli.formats.suggest_pattern import equal_pattern
from augcli.labels.mask_statistics import ClassRow, MasksSeen, kind_reason, percent
from augcli.output.report import missing_lines
from augcli.pipeline.prepare import refuse_orphans
from augcli.recipe import Recipe
from augcli.recipe.mask_options import SOLE
from augcli.text import count

MOST_VALUES = 40
MOST_NOTES = 8
MOST_RARE = 5
MOST_MASKS, RARE = 2, 10  # a value is rare in at most so many masks, and in at most one of so many


def refusals_of(survey: Survey, strict: bool) -> list[str]:
    """Why expand would do nothing at all."""
    refusals = [str(error) for error in survey.refusals]
    if strict:
        try:
            refuse_orphans(survey.dataset)
        except DatasetError as error:
            refusals.append(str(error))
    return refusals


def pairs_per_source(recipe: Recipe) -> int:
    """How many pairs come of a source that is expanded."""
    return int(recipe.keep_original) + sum(variant.copies for variant in recipe.variants)


def text(recipe: Recipe, survey: Survey | None, refusals: Sequence[str]) -> str:
    """The verdict on the recipe, the remarks, and what the data set holds."""
    per_source = count(pairs_per_source(recipe), "pair")
    verdict = f"{recipe.file}: ok: {count(len(recipe.variants), 'variant')}, {per_source} per source"
    lines = [verdict, *(f"remark: {remark}" for remark in recipe_remarks(recipe))]
    if survey:
        lines += ["", *_survey_lines(recipe, survey), "", *_closing_lines(survey, refused=bool(refusals))]
    return "\n".join(lines)


def _survey_lines(recipe: Recipe, survey: Survey) -> list[str]:
    """What the data set holds."""
    return [
        *_layout_lines(recipe, survey),
        *_image_lines(survey),
        *annotation_lines(survey),
        *_mask_lines(survey),
        *_left_over_lines(survey),
    ]


def _layout_lines(recipe: Recipe, survey: Survey) -> Iterator[str]:
    dataset = survey.dataset
    name_it = f"to name it for good: {recipe_line(dataset.reading)}"
    said = recipe.input.layout != "auto" or recipe.input.named_masks
    naming = [] if said else [name_it]
    if not said and (line := equal_pattern(dataset)):
        naming.append(f"as a pattern, to be changed: {line}")
    yield from fact("layout", f"{dataset.layout}: {dataset.reason}", *naming)
    yield from fact("sources", f"{len(dataset.items)}, for {count(survey.pairs, 'pair')}")
    if survey.splits:
        named = (
            f"{name} {number} ({'expanded' if survey.is_expanded(name) else 'passed through once'})"
            for name, number in survey.splits.items()
        )
        yield from fact("splits", ", ".join(named))
    if survey.labels:
        yield from fact("classes", counted(survey.labels))
    if survey.recipe.input.group:
        yield from fact("groups", f"{survey.groups}, by {survey.recipe.input.group}")


def _image_lines(survey: Survey) -> Iterator[str]:
    if not survey.headers:
        return
    yield from fact("images", counted(survey.image_kinds))
    yield from fact("sizes", *_size_lines(survey))
    if survey.turned:
        what = f"{count(survey.turned, 'image')} with an orientation: applied once, and not written again"
        yield from fact("EXIF", what)
    if survey.notes:
        notes = survey.notes.most_common()
        shown = [f"{count(number, 'image')}: {note}" for note, number in notes[:MOST_NOTES]]
        more = [f"and {len(notes) - MOST_NOTES} more kinds"] if len(notes) > MOST_NOTES else []
        yield from fact("in reading", *shown, *more)


def _size_lines(survey: Survey) -> list[str]:
    sizes = survey.sizes
    if len(sizes) == 1:
        ((size, number),) = sizes.items()
        return [f"{_size(size)} ({'all ' if number > 1 else ''}{number})"]
    smallest, median, largest = size_range(survey)
    common = (f"{_size(size)} ({number})" for size, number in sizes.most_common(3))
    spread = f"{_size(smallest)} to {_size(largest)}, median {_size(median)}"
    return [spread, f"{len(sizes)} sizes, most often {', '.join(common)}"]


def size_range(survey: Survey) -> list[tuple[int, int]]:
    """The smallest, the median and the largest (width, height), by area."""
    ordered = sorted(survey.sizes.elements(), key=lambda size: (size[0] * size[1], size))
    return [ordered[0], ordered[len(ordered) // 2], ordered[-1]]


def _size(size: tuple[int, int]) -> str:
    return f"{size[0]}x{size[1]}"


def _mask_lines(survey: Survey) -> Iterator[str]:
    if not any(item.masks for item in survey.dataset.items) and not survey.dataset.annotation_files:
        yield from fact("masks", "none")
        return
    for masks in survey.masks:
        if masks.name == PANOPTIC and survey.dataset.annotation_files:  # their values are ids of segments
            yield from fact(masks.name, counted(masks.kinds) or "none can be read")
            continue
        called = "masks" if masks.name == SOLE else masks.name
        yield from fact(called, counted(masks.kinds) or "none can be read")
        if masks.spec:
            yield from fact("kind", kind_reason(masks.values, masks.spec, survey.recipe.input))
        if masks.spec and masks.spec.kind == "instance":
            yield from fact("instances", f"{masks.tally.instances} in {count(masks.tally.masks, 'mask')}")
        if masks.classes:
            yield from fact("values", *_value_lines(masks.classes))
        if rare := _rare_lines(masks):
            yield from fact("rare", *rare)
        if empty := masks.tally.empty:
            yield from fact("empty", f"{count(len(empty), 'mask')}: {shortened(tuple(empty))}")


def _value_lines(rows: Sequence[ClassRow]) -> list[str]:
    head = ("value", "class" if any(row.name for row in rows) else "", "pixels", "masks")
    shown = [(str(r.value), r.name, percent(r.share), str(r.masks)) for r in rows[:MOST_VALUES]]
    more = [f"and {len(rows) - MOST_VALUES} more"] if len(rows) > MOST_VALUES else []
    return [*table([head, *shown], left=2), *more]


def _rare_lines(masks: MasksSeen) -> list[str]:
    """Values in so few of many masks that they may be slips, and the masks that hold them."""
    total = masks.tally.masks
    rare = [row for row in masks.classes if row.masks <= MOST_MASKS and RARE * row.masks <= total]
    lines = [f"{row.value} in {' and '.join(row.held_by)}" for row in rare[:MOST_RARE]]
    return [*lines, f"and {len(rare) - MOST_RARE} more"] if len(rare) > MOST_RARE else lines


def _left_over_lines(survey: Survey) -> Iterator[str]:
    dataset = survey.dataset
    alone = orphans(dataset)
    skipped = {f"{len(dataset.skipped)} skipped": dataset.skipped} if dataset.skipped else {}
    lines = [f"{what}: {shortened(names)}" for what, names in (alone | skipped).items()]
    if missing_images(dataset):
        lines.append(f"{missing_words(dataset)}; all in --json")
    if alone:
        lines.append("what does not pair up is left out, and was not decoded")
    if lines:
        yield from fact("left over", *lines)


def _closing_lines(survey: Survey, *, refused: bool) -> Iterator[str]:
    yield from (f"remark: {remark}" for remark in data_remarks(survey))
    pairs: Counter[str] = Counter()
    for failure in survey.failures:
        pairs[failure.sentence()] += failure.pairs
    # None are planned where names collide.
    named = {reason: f" ({count(n, 'pair')})" if n else "" for reason, n in pairs.items()}
    yield from first([f"would fail{n}: {reason}" for reason, n in named.items()], ", all in --json")
    yield from fault_lines(survey)
    if not refused:
        good = count(survey.pairs - survey.failing_pairs, "pair")
        yield f"{good} would be written, {survey.failing_pairs} would fail"


def as_data(recipe: Recipe, survey: Survey | None, refusals: Sequence[str]) -> dict[str, Any]:
    """The same as JSON data."""
    about = {
        "recipe": recipe.file,
        "variants": len(recipe.variants),
        "pairs_per_source": pairs_per_source(recipe),
        "remarks": recipe_remarks(recipe),
    }
    if survey is None:
        return about
    return about | {"data": survey_data(survey) | {"refusals": list(refusals)}}


def survey_data(survey: Survey) -> dict[str, Any]:
    """What the data set holds, as JSON data."""
    dataset = survey.dataset
    return {
        "input": str(dataset.root),
        "layout": dataset.layout,
        "reason": dataset.reason,
        "reading": dict(dataset.reading),
        "pattern": equal_pattern(dataset),
        "sources": len(dataset.items),
        "pairs": survey.pairs,
        "splits": {
            name: {"sources": number, "expanded": survey.is_expanded(name)}
            for name, number in survey.splits.items()
        },
        "labels": survey.labels,
        "groups": survey.groups,
        "shared_groups": dict(shared_groups(dataset.items)),
        **_image_data(survey),
        "notes": dict(survey.notes),
        "duplicates": [vars(duplicate) for duplicate in survey.duplicates],
        "annotations": annotation_data(survey),
        "without_annotations": survey.bare,
        "left_out": [line.as_line() for line in (*missing_lines(dataset), *survey.left_out)],
        "masks": {masks.name: _mask_data(survey, masks) for masks in survey.masks},
        "orphan_images": list(dataset.orphan_images),
        "orphan_masks": list(dataset.orphan_masks),
        "skipped": list(dataset.skipped),
        "failing_pairs": survey.failing_pairs,
        "failures": [failure.as_json() for failure in survey.failures],
        "remarks": data_remarks(survey),
    }


def _image_data(survey: Survey) -> dict[str, Any]:
    spread = map(_size, size_range(survey)) if survey.sizes else ()
    return {
        "images": dict(survey.image_kinds),
        "turned": survey.turned,
        "sizes": {
            **dict(zip(("smallest", "median", "largest"), spread, strict=False)),
            "counts": {_size(size): number for size, number in survey.sizes.most_common()},
        },
    }


def _mask_data(survey: Survey, masks: MasksSeen) -> dict[str, Any]:
    spec = masks.spec
    is_instances = spec is not None and spec.kind == "instance"
    return {
        "files": dict(masks.kinds),
        "kind": spec.kind if spec else None,
        "reason": kind_reason(masks.values, spec, survey.recipe.input) if spec else None,
        "looked_at": len(masks.values),
        "masks": masks.tally.masks,
        "instances": masks.tally.instances if is_instances else None,
        "empty": masks.tally.empty,
        "values": [vars(row) for row in masks.classes],
    }
