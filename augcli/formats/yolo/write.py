"""YOLO's label files and data.yaml, as Ultralytics reads them: boxes, segments or poses.

See https://docs.ultralytics.com/datasets/detect, /segment and /pose. `labels/a.txt` goes with `images/a.jpg`:
the last folder called `images` in the path is exchanged (`img2label_paths`). Where there is none, the labels
lie beside the picture.
"""

from __future__ import annotations

import json
import posixpath
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import msgspec
import yaml

from augcli.data import Dataset
from augcli.errors import DatasetError
from augcli.formats.coco.ids import AnnotatedPair
from augcli.formats.objects import LOST, Described, Losses, Object, OutputObjects, box_of, classes_of
from augcli.formats.voc.names import PART_OF
from augcli.formats.yolo.contours import contours_of, is_cut
from augcli.formats.yolo.names import KEYS, NAMES, label_path
from augcli.labels.coco_json import entry_of
from augcli.labels.keypoints import HALF, swapped

Form = Literal["boxes", "segments", "pose", "as read"]
Row = list[float]
FORMS: Mapping[str, Form] = {"yolo-boxes": "boxes", "yolo-segments": "segments", "yolo-pose": "pose"}
_CHOOSE = "write yolo-boxes, yolo-segments or yolo-pose"
DECIMALS = 6  # a thousandth of a pixel in a picture 1000 pixels wide
REPORT = "yolo.json"
ASKED_FOR = ("train", "val")
_CROWD = "a crowd (iscrowd), for which YOLO has no word"
_PART = "a part of another object"
_OUTSIDE = "it lies outside of the picture"
_CUT = "it is cut at the picture's edge"


@dataclass(frozen=True)
class RowOrLoss:
    """An object as the numbers of its row behind the class, or None.

    `lost` says why it has none, or what of it the row does not say as it is.
    """

    numbers: Row | None
    lost: tuple[str, ...] = ()


def described(
    objects: OutputObjects, form: Form, file: str = NAMES, rest: Mapping[str, Any] | None = None
) -> Described:
    """The label files, the lists of the splits and data.yaml, and yolo.json that counts what they do not say.

    `rest` are further keys of data.yaml, or other values for some (None: leave the key out). Raises
    DatasetError where a picture's labels would have the name of another of these files.
    """
    splits = objects.splits()
    lists = {f"{KEYS.get(split, split)}.txt": pairs for split, pairs in splits.items()}
    losses = Losses(left_out=objects.others())
    for pair in objects.pairs:
        for one in objects.of(pair):
            row = row_of(one, pair.size, form)
            (losses.changed if row.numbers else losses.left_out).update(row.lost)
    _check_names([label_path(pair.image) for pair in objects.pairs], [file, REPORT, *lists])
    labels = {label_path(pair.image): _labels(objects, pair, form) for pair in objects.pairs}
    return Described(
        {
            **labels,
            **{name: _list(pairs) for name, pairs in lists.items()},
            file: _yaml(objects, form, [posixpath.splitext(name)[0] for name in lists], rest or {}),
            REPORT: _report(form, losses),
        },
        losses,
    )


def described_as_read(objects: OutputObjects) -> Described:
    """The files of a data set that was read from such files: objects and data.yaml as they were."""
    (head,) = objects.heads.values()
    rest = {key: _as_yaml(text) for key, text in head.rest.items() if key not in head.keys}
    return described(objects, "as read", posixpath.basename(head.path.name) or NAMES, rest)


def _as_yaml(text: bytes) -> Any:
    """The value of a JSON text, whose mappings have numbers as keys again where they are written as text."""
    value = msgspec.json.decode(text)
    if not isinstance(value, dict):
        return value
    return {int(key) if key.isdecimal() else key: inner for key, inner in value.items()}


def form_of(name: str, dataset: Dataset) -> Form:
    """What the description called `name` says of objects, by all that the data set holds.

    `yolo` alone is pose where all classes have keypoints, else segments where there are segmentations, else
    boxes. Raises DatasetError where only some classes have keypoints, and where keypoints differ.
    """
    each = classes_of(dataset.annotation_files).keypoints
    kinds = {names for names in each if names}
    if name in FORMS:
        form = FORMS[name]
    elif kinds and () in each:
        what = "also: yolo may be segments or pose here, for some classes have keypoints and others none"
        raise DatasetError(what, where=str(dataset.root), hint=_CHOOSE)
    else:
        form = "pose" if kinds else "segments" if _has_segments(dataset) else "boxes"
    if form == "pose" and len(kinds) != 1:
        why = (
            "classes have different keypoints, and YOLO one list for all"
            if kinds
            else "there are no keypoints"
        )
        raise DatasetError(f"also: {name}: {why}", where=str(dataset.root), hint=_CHOOSE)
    return form


def _has_segments(dataset: Dataset) -> bool:
    texts = (text for item in dataset.items for own in item.annotations.values() for text in own)
    return any(entry_of(text).get("segmentation") for text in texts)


def row_of(one: Object, size: tuple[int, int], form: Form) -> RowOrLoss:
    """An object of a picture of this (width, height) as the numbers of a row, each a share of a side."""
    fields = one.fields
    if fields.get("iscrowd"):
        return RowOrLoss(None, (_CROWD,))
    if PART_OF in fields:
        return RowOrLoss(None, (_PART,))
    if form == "as read":
        form = "pose" if "keypoints" in fields else "segments" if fields.get("segmentation") else "boxes"
    return _segment(fields, size) if form == "segments" else _boxed(fields, size, form)


def _boxed(fields: Mapping[str, Any], size: tuple[int, int], form: Form) -> RowOrLoss:
    """A box, and behind it keypoints where it is a pose."""
    has_points = form == "pose"
    if has_points and not fields.get("keypoints"):
        return RowOrLoss(None, ("it has no keypoints",))
    box = _box(fields, size)
    if box is None:
        return RowOrLoss(None, (_OUTSIDE,))
    lost = (why for key, why in LOST.items() if fields.get(key) and not (has_points and key == "keypoints"))
    return RowOrLoss(box + (_points(fields, size) if has_points else []), tuple(lost))


def _segment(fields: Mapping[str, Any], size: tuple[int, int]) -> RowOrLoss:
    segmentation = fields.get("segmentation")
    if not segmentation:
        return RowOrLoss(None, ("it has no segmentation",))
    contours = contours_of(segmentation, size)
    if not contours.lines:
        return RowOrLoss(None, (_OUTSIDE,))
    points = (LOST["keypoints"],) if fields.get("keypoints") else ()
    cut = (_CUT,) if isinstance(segmentation, list) and is_cut(segmentation, size) else ()
    return RowOrLoss((contours.joined() / size).ravel().tolist(), (*points, *cut, *contours.lost))


def _box(fields: Mapping[str, Any], size: tuple[int, int]) -> Row | None:
    """The centre and the sides of what of a box lies in the picture."""
    box = box_of(fields)
    if not box:
        return None
    left, top = max(0.0, box[0]), max(0.0, box[1])
    right, bottom = min(size[0], box[0] + box[2]), min(size[1], box[1] + box[3])
    if right < left or bottom < top:
        return None
    centre = [(left + right) / 2 / size[0], (top + bottom) / 2 / size[1]]
    return [*centre, (right - left) / size[0], (bottom - top) / size[1]]


def _points(fields: Mapping[str, Any], size: tuple[int, int]) -> Row:
    """Keypoints, three numbers each; those that are not labelled or not in the picture are 0 0 0.

    COCO counts them in pixels from the centre of the first, YOLO from the picture's edge.
    """
    row: Row = []
    flat = fields["keypoints"]
    for x, y, flag in zip(flat[::3], flat[1::3], flat[2::3], strict=True):
        u, v = (x + HALF) / size[0], (y + HALF) / size[1]
        seen = flag and 0 <= u <= 1 and 0 <= v <= 1
        row += [u, v, flag] if seen else [0, 0, 0]
    return row


def _labels(objects: OutputObjects, pair: AnnotatedPair, form: Form) -> Iterator[bytes]:
    """A label file, a row for each object."""
    for one in objects.of(pair):
        if numbers := row_of(one, pair.size, form).numbers:
            yield f"{one.label} {' '.join(map(_number, numbers))}\n".encode()


def _number(value: float) -> str:
    return f"{round(value, DECIMALS) + 0.0:.{DECIMALS}f}".rstrip("0").rstrip(".")


def _list(pairs: Sequence[AnnotatedPair]) -> bytes:
    """The pictures of a split, a line each; `./` means the list's own folder."""
    return "".join(f"./{pair.image}\n" for pair in pairs).encode()


def _yaml(objects: OutputObjects, form: Form, keys: Sequence[str], rest: Mapping[str, Any]) -> bytes:
    """data.yaml. Without `path`, its own folder is the data set's, wherever that is moved to.

    A split that Ultralytics asks for (`check_det_dataset`) and that is not there has no pictures.
    """
    classes = objects.classes
    data: dict[str, Any] = {"names": dict(enumerate(classes.names))}
    if points := next((names for names in classes.keypoints if names and form in ("pose", "as read")), None):
        data["kpt_shape"] = [len(points), 3]
        pairs = swapped(points, objects.mirror)
        data["flip_idx"] = None if pairs == list(range(len(points))) else pairs  # nobody said left and right
        data["kpt_names"] = {n: list(names) for n, names in enumerate(classes.keypoints) if names}
    splits = dict.fromkeys(ASKED_FOR) | {key: f"{key}.txt" for key in keys}
    row = splits | {key: value for key, value in {**data, **rest}.items() if value is not None}
    text: str = yaml.safe_dump(row, sort_keys=False, allow_unicode=True, default_flow_style=False)
    return text.encode()


def _report(form: Form, losses: Losses) -> bytes:
    return (json.dumps({"form": form, **losses.as_json()}, ensure_ascii=False, indent=2) + "\n").encode()


def _check_names(labels: Sequence[str], others: Sequence[str]) -> None:
    """Raise DatasetError where a picture's labels would be called as those of another, or as another file."""
    times = Counter([*labels, *others])
    if taken := next((name for name in labels if times[name] > 1), None):
        what = f"YOLO would look for the labels of a picture in {taken}, which is another file's name"
        raise DatasetError(what, hint="rename the picture or its folder")
