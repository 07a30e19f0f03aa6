"""YAML text -> plain data, with the line and column of every key and value.

Scalars follow the YAML 1.2 core schema (https://yaml.org/spec/1.2.2/#103-core-schema): `1e-3` is a number,
`no` and `3:4` are text. Nothing is constructed from a tag, and a small file cannot expand into a large one.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from augcli.errors import Mistake, RecipeError
from augcli.text import shortened

KeyPath = tuple[str | int, ...]

MAX_BYTES = 1 << 20
MAX_LEVELS = 50
MAX_NODES = 100_000
MAX_MESSAGE = 1000
TAGGED = "a tag has no meaning in a recipe"

_NULL = re.compile(r"null|Null|NULL|~|")
_BOOL = re.compile(r"(true|True|TRUE)|false|False|FALSE")
_INTEGER = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_SPECIAL = re.compile(r"([-+]?)\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_BREAK = re.compile(r"\r\n|[\n\r\x85\u2028\u2029]")


@dataclass(frozen=True)
class Position:
    """A place in a file; line and column count from 1."""

    line: int
    column: int


@dataclass(frozen=True)
class YamlDocument:
    """A recipe's plain data, and where each path of keys stands: the key itself, and its value."""

    data: Any
    keys: Mapping[KeyPath, Position]
    values: Mapping[KeyPath, Position]
    mistakes: tuple[Mistake, ...]

    def place(self, path: KeyPath, *, key: bool) -> Position:
        """Where a path's key (or value) stands; of the nearest path above it where it does not exist."""
        known = self.keys if key else self.values
        while path and path not in known:
            path = path[:-1]
        return known.get(path, Position(1, 1))


def shown_path(path: KeyPath) -> str:
    """A path of keys as text: `variants.jitter.transforms[2].rotate`."""
    parts = (f"[{part}]" if isinstance(part, int) else f".{shortened(part, 60)}" for part in path)
    return "".join(parts).removeprefix(".")


def mistake_at(file: str, place: Position, path: KeyPath, message: str) -> Mistake:
    """A mistake whose path and message have a readable length."""
    return Mistake(file, place.line, place.column, shown_path(path), shortened(message, MAX_MESSAGE))


def parse_document(text: str | bytes, file: str) -> YamlDocument:
    """Parse one YAML document.

    Raises RecipeError where the text is no YAML, is above a limit, or where nothing can be read further;
    mistakes that leave something to read are in the Document.
    """
    source = _decoded(text, file)
    try:
        root, tagged = _composed(source)
        if root is None:
            raise _RefusedError(Position(1, 1), "the recipe is empty; `augcli init` writes a first one")
        _measure(root, {})
        return _NodeBuilder(file).document(root, tagged)
    except _RefusedError as refused:
        raise RecipeError([mistake_at(file, refused.place, (), refused.message)]) from None


class _RefusedError(Exception):
    """A document that cannot be read further."""

    def __init__(self, place: Position, message: str) -> None:
        super().__init__(place, message)
        self.place = place
        self.message = message


def _decoded(text: str | bytes, file: str) -> str:
    """The text without a byte order mark; refused if it is too long, not UTF-8, or not printable."""
    data = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    try:
        if len(data) > MAX_BYTES:
            raise _RefusedError(Position(1, 1), "a recipe is at most 1 MiB")
        source = data.decode("utf-8-sig")
        if bad := yaml.reader.Reader.NON_PRINTABLE.search(source):
            code = f"U+{ord(bad[0]):04X}"
            raise _RefusedError(
                _place_of(source[: bad.start()]), f"the character {code} may not stand in YAML"
            )
    except UnicodeDecodeError as error:
        place = _place_of(data[: error.start].decode("utf-8", "replace"))
        message = f"not UTF-8: byte 0x{data[error.start]:02x}; save the recipe as UTF-8"
        raise RecipeError([mistake_at(file, place, (), message)]) from None
    except _RefusedError as refused:
        raise RecipeError([mistake_at(file, refused.place, (), refused.message)]) from None
    return source


def _place_of(before: str) -> Position:
    """The place right after a text."""
    lines = _BREAK.split(before.removeprefix("\ufeff"))
    return Position(len(lines), len(lines[-1]) + 1)


def _at(mark: yaml.Mark) -> Position:
    return Position(mark.line + 1, mark.column + 1)


class _Loader(yaml.SafeLoader):
    """Composes nodes, counting levels and nodes as they come, and notes every explicit tag."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.level = 0
        self.nodes = 0
        self.tagged: list[tuple[Position, str]] = []

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        event = self.peek_event()  # type: ignore[no-untyped-call]
        self.level += 1
        self.nodes += 1
        if self.level > MAX_LEVELS:
            raise _RefusedError(_at(event.start_mark), _TOO_DEEP)
        if self.nodes > MAX_NODES:
            raise _RefusedError(_at(event.start_mark), _TOO_MANY)
        if tag := getattr(event, "tag", None):
            self.tagged.append((_at(event.start_mark), tag))
            event.tag, event.implicit = None, (True, False)
        node = super().compose_node(parent, index)
        self.level -= 1
        return node


_TOO_DEEP = f"more than {MAX_LEVELS} levels"
_TOO_MANY = f"more than {MAX_NODES:,} nodes, counted after aliases are expanded"


def _composed(source: str) -> tuple[yaml.Node | None, list[tuple[Position, str]]]:
    """The document's root node, and the explicit tags in it."""
    loader = _Loader(source)
    try:
        return loader.get_single_node(), loader.tagged
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark or loader.get_mark()
        raise _RefusedError(_at(mark), _syntax_message(error)) from None
    except (ValueError, OverflowError):
        # PyYAML passes escapes above U+10FFFF and version numbers of 5000 digits straight to chr and int.
        raise _RefusedError(_at(loader.get_mark()), "not valid YAML: a number here is too large") from None
    finally:
        loader.dispose()


def _syntax_message(error: yaml.MarkedYAMLError) -> str:
    problem = (error.problem or "unreadable here").strip()
    if error.context == "expected a single document in the stream":
        return "a recipe is one document; remove the second '---'"
    if "'\\t'" in problem:
        return "not valid YAML: a tab cannot indent; use spaces"
    if problem.startswith("expected <block end>"):
        return "not valid YAML: this line's indentation does not fit the lines above"
    if problem == "mapping values are not allowed here":
        return "not valid YAML: a second ': ' in one line; indent by lines, or put text in quotes"
    return f"not valid YAML: {problem}"


def _measure(node: yaml.Node, sizes: dict[int, tuple[int, int] | None]) -> tuple[int, int]:
    """(nodes, levels) of a node with its aliases expanded, each distinct node looked at once.

    An alias stands after its anchor, so the recursion is never deeper than the text.
    """
    if id(node) in sizes:
        if (known := sizes[id(node)]) is None:
            raise _RefusedError(_at(node.start_mark), "an alias that refers to itself")
        return known
    sizes[id(node)] = None
    nodes, levels = 1, 1
    for child in _children(node):
        more, below = _measure(child, sizes)
        nodes, levels = nodes + more, max(levels, below + 1)
    if nodes > MAX_NODES or levels > MAX_LEVELS:
        raise _RefusedError(_at(node.start_mark), _TOO_MANY if nodes > MAX_NODES else _TOO_DEEP)
    sizes[id(node)] = nodes, levels
    return nodes, levels


def _children(node: yaml.Node) -> list[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        return [part for pair in node.value for part in pair]
    return node.value if isinstance(node, yaml.SequenceNode) else []


@dataclass
class _NodeBuilder:
    """Builds plain data from nodes, remembering places and collecting mistakes."""

    file: str
    keys: dict[KeyPath, Position] = field(default_factory=dict)
    values: dict[KeyPath, Position] = field(default_factory=dict)
    mistakes: list[Mistake] = field(default_factory=list)

    def document(self, root: yaml.Node, tagged: list[tuple[Position, str]]) -> YamlDocument:
        for place, tag in tagged:
            self._add(place, (), f"{TAGGED}: remove {_shown_tag(tag)}")
        data = self._build(root, ())
        return YamlDocument(data, self.keys, self.values, tuple(self.mistakes))

    def _add(self, place: Position, path: KeyPath, message: str) -> None:
        self.mistakes.append(mistake_at(self.file, place, path, message))

    def _build(self, node: yaml.Node, path: KeyPath) -> Any:
        self.values[path] = _at(node.start_mark)
        self.keys.setdefault(path, _at(node.start_mark))
        if isinstance(node, yaml.SequenceNode):
            return [self._build(child, (*path, i)) for i, child in enumerate(node.value)]
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path)
        value = _scalar(node) if isinstance(node, yaml.ScalarNode) else None
        if isinstance(value, str) and not _is_unicode(value):
            self._add(_at(node.start_mark), path, "half of a surrogate pair is not a character")
            return ""
        return value

    def _mapping(self, node: yaml.MappingNode, path: KeyPath) -> dict[str | int, Any]:
        data: dict[str | int, Any] = {}
        first: dict[str, Position] = {}
        for key_node, value_node in node.value:
            key, place = self._key(key_node, path), _at(key_node.start_mark)
            if key is None:
                continue
            if str(key) in first:
                line = first[str(key)].line
                self._add(
                    place,
                    (*path, key),
                    f"the key '{shortened(str(key), 60)}' is given twice, first in line {line}",
                )
                continue
            first[str(key)] = self.keys[(*path, key)] = place
            data[key] = self._build(value_node, (*path, key))
        return data

    def _key(self, node: yaml.Node, path: KeyPath) -> str | int | None:
        """A key that is text or a whole number; else None and a mistake."""
        key = _scalar(node) if isinstance(node, yaml.ScalarNode) else None
        if key == "<<":
            self._add(_at(node.start_mark), path, "the merge key '<<' is not in YAML 1.2: write the keys out")
        elif type(key) is int or (isinstance(key, str) and _is_unicode(key)):
            return key
        else:
            self._add(_at(node.start_mark), path, "a key is text or a whole number; put other keys in quotes")
        return None


def _is_unicode(text: str) -> bool:
    """Whether text can be written as UTF-8: half of a surrogate pair, made by an escape, cannot."""
    return not any("\ud800" <= c <= "\udfff" for c in text)


def _shown_tag(tag: str) -> str:
    return tag.replace("tag:yaml.org,2002:", "!!")


def _scalar(node: yaml.ScalarNode) -> Any:
    """A scalar by the YAML 1.2 core schema; quoted and block scalars are text."""
    text: str = node.value
    if node.style:
        return text
    if _NULL.fullmatch(text):
        return None
    if match := _BOOL.fullmatch(text):
        return match[1] is not None
    if _INTEGER.fullmatch(text):
        return _integer(text)
    if match := _SPECIAL.fullmatch(text):
        return math.nan if match[3] else math.copysign(math.inf, -1 if match[1] == "-" else 1)
    return float(text) if _FLOAT.fullmatch(text) else text


def _integer(text: str) -> int | float:
    """A whole number of 64 bits; a longer one becomes a float, so that no code below meets a huge int."""
    base = {"0o": 8, "0x": 16}.get(text[:2], 10)
    if len(text) > 80:
        return math.copysign(math.inf, -1 if text[0] == "-" else 1)
    value = int(text.removeprefix("0o") if base == 8 else text, base)
    return value if -(2**63) <= value < 2**63 else float(value)
