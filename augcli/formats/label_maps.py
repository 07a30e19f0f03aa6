"""labels.json and segments.json: what pixel maps show, as `augcli coco pixelmaps` says it."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from augcli.data import AnnotationHead
from augcli.formats.coco.ids import AnnotatedPair, Numbers, annotations_of, ids_in, images_of
from augcli.formats.coco.write import write_annotation_file
from augcli.formats.objects import Content, Described, Losses
from augcli.labels.coco_json import entry_of, text_of
from augcli.labels.label_maps.draw import Annotation, DrawRules
from augcli.labels.label_maps.labels_json import LABELS, SEGMENTS, digest_of, labels_json
from augcli.labels.label_maps.of_pair import MapRules, OnMap
from augcli.labels.label_maps.options import map_path, maps_folder


def described(
    file: str, head: AnnotationHead, how: MapRules, numbers: Numbers, on_maps: Iterable[OnMap], folder: Path
) -> Described:
    """The files that say what the maps of an annotation file show; `on_maps` in plan order, read twice.

    They are written after the annotation file itself, which is in `folder`: they have its SHA-256.
    """
    place, losses = maps_folder(head), Losses()
    files: dict[str, Content] = {posixpath.join(place, LABELS): _labels(head, how.rules, folder)}
    for on_map in on_maps:
        losses.left_out.update(on_map.undrawn)
    if how.rules.kind != "semantic":
        # The images last, as where each map is known only when it is made.
        last = replace(head, keys=(*head.rest, "annotations", "images"))
        segments = _segments(file, head, how, numbers, on_maps)
        parts = write_annotation_file(last, images_of(file, head, numbers), segments)
        files[posixpath.join(place, SEGMENTS)] = parts
    return Described(files, losses)


def _labels(head: AnnotationHead, rules: DrawRules, folder: Path) -> Iterator[bytes]:
    written = folder / head.written
    yield labels_json(rules, head.categories, source=written.name, sha256=digest_of(written))


def _segments(
    file: str, head: AnnotationHead, how: MapRules, numbers: Numbers, on_maps: Iterable[OnMap]
) -> Iterator[bytes]:
    """What the map of each picture shows, as COCO's panoptic files say it."""
    root = maps_folder(head)
    images = (images[file] for _, images, _ in numbers.given if file in images)
    annotated = annotations_of(file, numbers)
    for image, (pair, texts), on_map in zip(images, annotated, on_maps, strict=True):
        known = _panoptic(texts) if how.is_panoptic else _objects(pair, file, texts)
        name = posixpath.relpath(map_path(head, pair.image), root)
        segments = [one.of(known[one.id]) for one in on_map.shown]
        yield text_of({"image_id": image, "file_name": name, "segments_info": segments})


def _objects(pair: AnnotatedPair, file: str, texts: Iterable[bytes]) -> dict[int | None, Annotation]:
    """A picture's annotations as they are written, by the ids of those that they came from."""
    entries = [entry_of(text) for text in texts]
    named = ({**entry, "annotation_id": entry["id"]} for entry in entries)
    return dict(zip(ids_in(pair.texts[file]), named, strict=True))


def _panoptic(texts: Iterable[bytes]) -> dict[int | None, Annotation]:
    """The segments of a picture's panoptic annotation, by their ids."""
    return {one["id"]: one for text in texts for one in entry_of(text)["segments_info"]}
