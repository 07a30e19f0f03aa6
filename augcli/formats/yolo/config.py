"""data.yaml: the classes, the keypoints and the pictures of a data set of YOLO.

See https://docs.ultralytics.com/datasets/detect/#ultralytics-yolo-format.
"""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from augcli.errors import DatasetError
from augcli.formats.tree import beginning
from augcli.formats.yolo.names import NAMES, SPLITS
from augcli.text import shown, whole

MAX_BYTES = 1 << 20
_NOTHING: tuple[Any, ...] = (None, [], "", "null", "~")
_KEY = re.compile(rb"^[ \t]*(\w+)[ \t]*:", re.MULTILINE)
_OWN = ("path", "names", "nc", "kpt_shape", "download", "minival", "validation", *SPLITS)


@dataclass(frozen=True)
class Config:
    """What data.yaml says; `file` is its path, relative to the root.

    `keypoints` are names, a left and a right one for each pair of `flip_idx`; `dimensions` is how many
    numbers a row has for each, 2 or 3. `splits` are folders or lists of pictures, as they are written, by
    split, and `folder` is what they are relative to. `rest` are the further keys. `named_in` says where the
    names are, if not in the file.
    """

    file: str = ""
    names: tuple[str, ...] = ()
    keypoints: tuple[str, ...] = ()
    dimensions: int = 3
    folder: str = ""
    splits: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    rest: Mapping[str, Any] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()
    named_in: str = ""


def looks_like_config(path: Path) -> bool:
    """Whether a YAML file says names of classes, and pictures of a split, which data.yaml may leave out.

    One that is broken counts if lines of it begin so, and data.yaml always.
    """
    is_called_so = path.stem.lower() == posixpath.splitext(NAMES)[0]
    keys: set[str]
    try:
        keys = set(_loaded(path, path.name, yaml.BaseLoader))
    except DatasetError:
        keys = (
            {"names"} if is_called_so else {key.decode() for key in _KEY.findall(beginning(path, MAX_BYTES))}
        )
    return "names" in keys and (is_called_so or not keys.isdisjoint(SPLITS))


def is_sound(path: Path) -> bool:
    """Whether a file is YAML that can be read."""
    try:
        _loaded(path, path.name, yaml.BaseLoader)
    except DatasetError:
        return False
    return True


def read_config(path: Path, where: str) -> Config:
    """What a data.yaml says. Raises DatasetError for one that is broken or contradicts itself."""
    data = _loaded(path, where, yaml.BaseLoader)
    names = _names(data.get("names"), where)
    keypoints, remarks = _keypoints(data, where)
    texts = {split: data.get(split, data.get("validation") if split == "val" else None) for split in SPLITS}
    splits = {split: _texts(value) for split, value in texts.items() if value not in _NOTHING}
    folder = data.get("path")
    return Config(
        where,
        names,
        keypoints,
        _dimensions(data.get("kpt_shape"), where),
        folder if isinstance(folder, str) else "",
        splits,
        _rest(_loaded(path, where, yaml.SafeLoader)),
        remarks,
    )


def _loaded(path: Path, where: str, loader: type[yaml.BaseLoader | yaml.SafeLoader]) -> dict[str, Any]:
    """The mapping of a YAML file. With BaseLoader all scalars are text: a class may be called `no`."""
    hint = "write the file again, or mend it there"
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
        if len(data) > MAX_BYTES:
            raise DatasetError(f"is longer than {MAX_BYTES} bytes", where=where, hint="name another file")
        text = data.decode()
        if any(isinstance(token, yaml.AliasToken) for token in yaml.scan(text)):
            raise DatasetError("aliases (*name) are not read in it", where=where, hint="write them out")
        loaded = yaml.load(text, loader)  # noqa: S506 - both make nothing but plain values
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f": line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        what = f"is no YAML ({error.problem or error.context})"
        raise DatasetError(what, where=f"{where}{place}", hint=hint) from error
    except (OSError, ValueError, yaml.YAMLError, RecursionError) as error:
        what = "cannot be read" if isinstance(error, OSError) else "is no YAML"
        raise DatasetError(f"{what} ({' '.join(str(error).split())})", where=where, hint=hint) from error
    if not isinstance(loaded, dict):
        raise DatasetError("is no mapping", where=where, hint="give YOLO's data.yaml, with names:")
    return loaded


def _names(value: Any, where: str) -> tuple[str, ...]:
    """The names of the classes from 0; one that a mapping leaves out is called by its number."""
    if isinstance(value, list) and all(isinstance(name, str) for name in value):
        return tuple(value)
    if isinstance(value, dict) and all(isinstance(name, str) for name in value.values()):
        known = {number: name for key, name in value.items() if (number := whole(key)) is not None}
        if len(known) == len(value) and max(known, default=0) < MAX_BYTES:
            return tuple(known.get(number, str(number)) for number in range(max(known, default=-1) + 1))
    what = f"names is {shown(value)}, and not a list of names, or names by number"
    raise DatasetError(what, where=where, hint="write names: {0: cat, 1: dog}")


def _dimensions(shape: Any, where: str) -> int:
    if shape is None:
        return 3
    if isinstance(shape, list) and len(shape) == 2 and all(isinstance(n, str) for n in shape):
        count, dimensions = shape
        if 0 < (whole(count) or 0) <= MAX_BYTES and dimensions in ("2", "3"):
            return int(dimensions)
    what = f"kpt_shape is {shown(shape)}, and not [number of keypoints, 2 or 3]"
    raise DatasetError(what, where=where, hint="write kpt_shape: [17, 3]")


def _keypoints(data: Mapping[str, Any], where: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The names of the keypoints, and what is to be said of them."""
    if data.get("kpt_shape") is None:
        return (), ()
    _dimensions(data["kpt_shape"], where)
    count, flip = int(data["kpt_shape"][0]), data.get("flip_idx")
    if flip is not None:
        return _by_pairs(flip, count, where), ()
    names = _named(data.get("kpt_names"), count)
    by_name = "exchange left and right keypoints by their names alone"
    does = "do not exchange left and right keypoints" if names == _numbers(count) else by_name
    return names, (f"{where}: kpt_shape without flip_idx: mirrored copies {does}; say flip_idx",)


def _named(value: Any, count: int) -> tuple[str, ...]:
    """The names that the file gives to the keypoints of its first class, or else their numbers."""
    first = next(iter(value.values()), None) if isinstance(value, dict) else value
    if isinstance(first, list) and len(first) == count and len({*map(str, first)}) == count:
        return tuple(map(str, first))
    return _numbers(count)


def _numbers(count: int) -> tuple[str, ...]:
    return tuple(map(str, range(count)))


def _by_pairs(flip: Any, count: int, where: str) -> tuple[str, ...]:
    """Names of which the words left and right say which keypoints a mirror exchanges."""
    texts = _texts(flip) if isinstance(flip, list) else ()
    numbers = [number for text in texts if (number := whole(text)) is not None]
    is_exchange = sorted(numbers) == list(range(count)) and len(flip) == count
    if not is_exchange or any(numbers[other] != n for n, other in enumerate(numbers)):
        what = f"flip_idx is {shown(flip)}, and no exchange of {count} keypoints two and two"
        raise DatasetError(what, where=where, hint="write for each keypoint the number of its mirror image")
    sides = {n: "left" if n < other else "right" for n, other in enumerate(numbers) if n != other}
    return tuple(f"{sides[n]}_{min(n, other)}" if n in sides else str(n) for n, other in enumerate(numbers))


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(text for text in (value if isinstance(value, list) else [value]) if isinstance(text, str))


def _rest(data: Mapping[Any, Any]) -> dict[str, Any]:
    """The further keys as JSON data; without flip_idx, none is to be written."""
    kept = {key: value for key, value in data.items() if isinstance(key, str) and key not in _OWN}
    plain: dict[str, Any] = json.loads(json.dumps(kept, default=str, skipkeys=True))
    points = {key: plain.get(key) for key in ("flip_idx", "kpt_names")} if "kpt_shape" in data else {}
    return plain | points


def tails(folder: str, *texts: str) -> list[str]:
    """The places below a folder that a path may mean, the likeliest first.

    data.yaml is often moved away from the machine where its absolute paths hold: all ends of it are tried.
    """
    each = (part for text in texts for part in text.replace("\\", "/").split("/"))
    parts = [part for part in each if part not in ("", ".", "..")]
    return [posixpath.join(folder, *parts[at:]) for at in range(len(parts) + 1)]
