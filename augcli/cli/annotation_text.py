"""What `augcli check` and `augcli plan` tell of annotation files: as lines, and as JSON data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from augcli.cli.progress import shortened
from augcli.cli.tables import counted, fact, first, table
from augcli.commands.check.survey import Survey
from augcli.commands.plan import AnnotationCounts, Forecast
from augcli.data import AnnotationHead
from augcli.labels.statistics import Counts
from augcli.text import count

MOST_CATEGORIES = 40
MOST_UNUSED = 8


def annotation_lines(survey: Survey) -> Iterator[str]:
    """What the annotation files hold, and of which categories; nothing where there are none."""
    files = survey.dataset.annotation_files
    if not files:
        return
    yield from fact("annotations", *(_file_line(file, survey.annotations[file]) for file in files))
    for file, head in files.items():
        if head.categories and survey.annotations[file].annotations:
            shown = [file] if len(files) > 1 else []
            yield from fact("categories", *shown, *_category_lines(head, survey.annotations[file]))
    if survey.bare:
        number = count(len(survey.bare), "image")
        yield from fact("unlabelled", f"{number} without any annotation: {shortened(tuple(survey.bare))}")


def _file_line(file: str, counts: Counts) -> str:
    """`annotations/x.json: 79 images (1 without annotations), 12 annotations: 11 with polygons, ...`."""
    images = count(counts.images, "image")
    bare = f" ({counts.bare} without annotations)" if counts.bare else ""
    line = f"{file}: {images}{bare}, {count(counts.annotations, 'annotation')}"
    if counts.annotations:
        line += f": {counted(counts.kinds)}"
    further = (
        (f"{counts.crowds} with iscrowd", counts.crowds),
        (f"{counts.posed} with keypoints", counts.posed),
    )
    told = [words for words, number in further if number]
    return f"{line}; {', '.join(told)}" if told else line


def _category_lines(head: AnnotationHead, counts: Counts) -> Iterator[str]:
    """A table of the categories, those with the most annotations first, and those that are never used."""
    rows = category_rows(head, counts)
    used = [row for row in rows if row["annotations"]]
    shown = [
        (row["name"], str(row["id"]), str(row["annotations"]), str(row["images"]))
        for row in sorted(used, key=lambda row: -row["annotations"])
    ]
    if shown:
        yield from table([("category", "id", "annotations", "images"), *shown[:MOST_CATEGORIES]])
    if len(shown) > MOST_CATEGORIES:
        yield f"and {len(shown) - MOST_CATEGORIES} more"
    if unused := tuple(f"{row['name']} ({row['id']})" for row in rows if not row["annotations"]):
        yield f"{len(unused)} of {len(rows)} are never used: {shortened(unused, MOST_UNUSED)}"


def category_rows(head: AnnotationHead, counts: Counts) -> list[dict[str, Any]]:
    """The categories of a file in its order, with its own numbers, and how often they are there."""
    return [
        {
            "id": one["id"] - head.id_offset,
            "name": one["name"],
            "annotations": counts.of_category[one["id"]],
            "images": counts.images_of_category[one["id"]],
        }
        for one in head.categories
    ]


def fault_lines(survey: Survey) -> Iterator[str]:
    """What is wrong in the annotation files, and what becomes of it."""
    yield from first([f"fault: {line.sentence()}" for line in survey.left_out], ", all in --json")


def annotation_data(survey: Survey) -> Mapping[str, Any]:
    """The same as JSON data, by annotation file."""
    return {
        file: _file_data(head, survey.annotations[file])
        for file, head in survey.dataset.annotation_files.items()
    }


def _file_data(head: AnnotationHead, counts: Counts) -> dict[str, Any]:
    return {
        "split": head.split,
        "images": counts.images,
        "without_annotations": counts.bare,
        "annotations": counts.annotations,
        "kinds": dict(counts.kinds),
        "iscrowd": counts.crowds,
        "keypoints": counts.posed,
        "renumbered": [list(pair) for pair in head.renumbered],
        "categories": category_rows(head, counts),
    }


def planned_lines(outlook: Forecast) -> Iterator[str]:
    """How many annotations the pairs would have, file by file, and of which categories."""
    files = outlook.dataset.annotation_files
    if not files:
        return
    yield from fact(
        "annotations",
        *(
            f"{file}: {one.of_sources.annotations} in the sources, {one.of_pairs.annotations} in the pairs"
            for file, one in outlook.annotations.items()
        ),
        "less those that leave their picture or cannot be used",
    )
    for file, head in files.items():
        if rows := planned_rows(head, outlook.annotations[file]):
            ordered = sorted(rows, key=lambda row: -row["sources"])
            shown = [(row["name"], str(row["sources"]), str(row["pairs"])) for row in ordered]
            lines = table([("category", "of sources", "of pairs"), *shown[:MOST_CATEGORIES]])
            more = [f"and {len(rows) - MOST_CATEGORIES} more"] if len(rows) > MOST_CATEGORIES else []
            yield from fact("categories", *([file] if len(files) > 1 else []), *lines, *more)


def planned_rows(head: AnnotationHead, found: AnnotationCounts) -> list[dict[str, Any]]:
    """The categories of a file that are used, each with its annotations of the sources and of the pairs."""
    return [
        {
            "id": one["id"] - head.id_offset,
            "name": one["name"],
            "sources": found.of_sources.of_category[one["id"]],
            "pairs": found.of_pairs.of_category[one["id"]],
        }
        for one in head.categories
        if found.of_sources.of_category[one["id"]]
    ]


def planned_data(outlook: Forecast) -> Mapping[str, Any]:
    """The same as JSON data, by annotation file."""
    return {
        file: {
            "sources": found.of_sources.annotations,
            "pairs": found.of_pairs.annotations,
            "categories": planned_rows(outlook.dataset.annotation_files[file], found),
        }
        for file, found in outlook.annotations.items()
    }
