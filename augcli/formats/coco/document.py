"""An annotation file as JSON: its top-level keys with their texts, or the place where it is broken."""

from __future__ import annotations

import codecs
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import msgspec

from augcli.errors import DatasetError
from augcli.text import shown

Document = dict[str, msgspec.Raw]


class _Key(str):
    """A key of an object: a type of its own, so that one that stands there twice is seen twice."""

    __slots__ = ()


_HINT = "write the file again, or mend it there"
_OTHERS = (  # how a file begins that only has the name of a JSON file: what it is, how to mend it
    (b"\x1f\x8b", "is packed by gzip", "unpack it"),
    (b"version https://git-lfs", "is a pointer of Git LFS and not the file", "get the file: git lfs pull"),
    (codecs.BOM_UTF16_LE, "is UTF-16", "write it as UTF-8"),
    (codecs.BOM_UTF16_BE, "is UTF-16", "write it as UTF-8"),
)
_SLACK = 200  # frames
_CHUNK = 1 << 24  # bytes
_MAX_DIGITS = 4300  # of a number that Python reads: sys.get_int_max_str_digits()
_AS_ZEROS = bytes.maketrans(b"123456789", b"000000000")
_ENDLESS = re.compile(rb"[\s,:\[]-?([0-9]{%d})" % (_MAX_DIGITS + 1))
_TOKEN = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|-?Infinity|NaN', re.DOTALL)
_HALF_PAIR = re.compile(rb"\\u[dD][89a-fA-F]")
_BYTE = re.compile(r"JSON is malformed: (.*) \(byte (\d+)\)")


def read_document(path: Path, where: str) -> tuple[Document, list[str]]:
    """The top-level keys of a JSON file with their texts, and what was mended, a line each.

    NaN and Infinity, which Python writes and JSON does not have, are read as null. Raises DatasetError for a
    file that cannot be read, is no JSON (with line and column), is no object, or has a key twice.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        what = f"cannot be read ({error.strerror or error})"
        raise DatasetError(what, where=where, hint="check the path of the annotation file") from error
    data = data.removeprefix(codecs.BOM_UTF8)
    for start, what, hint in _OTHERS:
        if data.startswith(start):
            raise DatasetError(what, where=where, hint=hint)
    _check_text(data, where)
    _check_kind(data, where)
    try:
        return _keys(data, where), []
    except msgspec.DecodeError as error:
        repaired, count = _without_nan(data)
        if not count:
            raise _broken(data, error, where) from error
        return _repaired(data, repaired, count, error, where)


def elements(text: msgspec.Raw, key: str, where: str) -> list[msgspec.Raw]:
    """The texts of a list's elements. Raises DatasetError for what is no list."""
    try:
        return msgspec.json.decode(text, type=list[msgspec.Raw])
    except msgspec.ValidationError as error:
        raise DatasetError(
            f"{key} is no list", where=where, hint="give an annotation file of COCO"
        ) from error


def _keys(data: bytes, where: str) -> Document:
    """The top-level keys. What is nested so deeply that a later reader might give up is refused here."""
    keys: list[_Key] = []

    def seen(_: type, key: str) -> _Key:
        keys.append(_Key(key))
        return keys[-1]

    def deeper(frames: int) -> dict[_Key, msgspec.Raw]:
        if frames:
            return deeper(frames - 1)
        return msgspec.json.decode(data, type=dict[_Key, msgspec.Raw], dec_hook=seen)

    try:
        document = deeper(_SLACK)
    except RecursionError as error:
        raise DatasetError("lists and objects are nested too deeply", where=where, hint=_HINT) from error
    if len(keys) > len(document):
        twice = next(key for key, times in Counter(keys).items() if times > 1)
        raise DatasetError(f"holds {shown(twice)} twice", where=where, hint="leave one of them")
    return {str(key): text for key, text in document.items()}


def _check_text(data: bytes, where: str) -> None:
    """Raise DatasetError for bytes that are no UTF-8, and for a number that is too long for any reader."""
    for start, piece in _pieces(data):
        try:
            piece.decode()
        except UnicodeDecodeError as error:
            raise _at(data, start + error.start, "is no UTF-8", where) from error
        first = max(0, start - _MAX_DIGITS - 2)
        suspect = b"0" * (_MAX_DIGITS + 1) in data[first : start + len(piece)].translate(_AS_ZEROS)
        if suspect and (found := _ENDLESS.search(data, first, start + len(piece))):
            raise _at(data, found.start(1), f"a number of more than {_MAX_DIGITS} digits", where)


def _pieces(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The bytes piece by piece with their places; no piece ends within a character."""
    start = 0
    while start < len(data):
        end = start + _CHUNK
        while end < len(data) and data[end] & 0xC0 == 0x80:
            end += 1
        yield start, data[start:end]
        start = end


def _check_kind(data: bytes, where: str) -> None:
    """Raise DatasetError for a file that is empty, or no object of JSON."""
    first = data[:_CHUNK].lstrip()[:1]
    if not first:
        raise DatasetError("is empty", where=where, hint="give an annotation file of COCO")
    if first == b"[":
        is_results = b'"image_id"' in data[:_CHUNK]
        what = "a list of results, not a data set" if is_results else "a list, not a data set"
        raise DatasetError(what, where=where, hint="give the annotation file, with its images")
    if first != b"{":
        raise DatasetError("is no JSON object", where=where, hint="give an annotation file of COCO")


def _without_nan(data: bytes) -> tuple[bytes, int]:
    """The text with null for each NaN and Infinity that stands outside of strings, and how many there are."""
    count = 0

    def other(found: re.Match[bytes]) -> bytes:
        nonlocal count
        if found[0].startswith(b'"'):
            return found[0]
        count += 1
        return b"null"

    return _TOKEN.sub(other, data), count


def _repaired(
    data: bytes, repaired: bytes, count: int, error: Exception, where: str
) -> tuple[Document, list[str]]:
    """The keys of a text that has null for NaN. Raises DatasetError where it is broken otherwise, too."""
    nan = _at(data, _byte(data, error), "NaN and Infinity are no JSON", where)
    try:
        return _keys(repaired, where), [
            f"{nan.where}: {nan.what}; null is read for them ({count} in the file)"
        ]
    except msgspec.DecodeError:
        raise nan from error


def _broken(data: bytes, error: Exception, where: str) -> DatasetError:
    """The refusal of what is no JSON, with its place."""
    if found := _BYTE.fullmatch(str(error)):
        return _at(data, int(found[2]), found[1], where)
    if not data.rstrip().endswith(b"}"):
        return _at(data, len(data.rstrip()), "the file ends in the middle", where)
    half = _HALF_PAIR.search(data)
    what = "half a surrogate pair" if half else "the file ends in the middle"
    return _at(data, half.start() if half else len(data.rstrip()), what, where)


def _byte(data: bytes, error: Exception) -> int:
    """The place that an error names, or the end."""
    found = _BYTE.fullmatch(str(error))
    return int(found[2]) if found else len(data)


def _at(data: bytes, byte: int, what: str, where: str) -> DatasetError:
    """A refusal that names line and column (in characters), both from 1."""
    line = data.count(b"\n", 0, byte) + 1
    start = data.rfind(b"\n", 0, byte) + 1
    column = len(data[start:byte].decode(errors="replace")) + 1
    return DatasetError(what, where=f"{where}: line {line}, column {column}", hint=_HINT)
