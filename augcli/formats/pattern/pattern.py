"""`pattern`: placeholders bind in the images' pattern and are filled in in the masks' patterns.

`{name}` stands for a part of one path component, and for the same text wherever it stands again; `**` for any
folders (the k-th of a mask's pattern for what the k-th of the images' pattern matched); `*` for anything
within a component. A mask's pattern with `*` may match several files: one for each instance.

A file that has masks of its own is an image, and not the mask of another. Longer names come first: where
masks are like `{name}_*.png`, `a_b_1.png` belongs to `a_b.png` and not to `a.png`.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from augcli.data import Item
from augcli.errors import DatasetError
from augcli.formats.base import DetectedLayout, outside, recipe_line
from augcli.formats.names import SPLITS, split_of
from augcli.formats.tree import File, Tree, is_image
from augcli.text import count, nfc

_TOKEN = re.compile(r"\{([A-Za-z_]\w*)\}|(?:(?<=/)|\A)(\*\*/)|(\*)")
SPLIT = "split"  # a placeholder of this name says which split a source belongs to


@dataclass(frozen=True)
class Pattern:
    """A path pattern, relative to the root. `tokens` are (kind, text), kind text, name, folders or any."""

    text: str

    @cached_property
    def tokens(self) -> tuple[tuple[str, str], ...]:
        """Its pieces; `**` is called `**0`, `**1`, ... in the order of their places."""
        return tuple(self._tokens())

    def _tokens(self) -> Iterator[tuple[str, str]]:
        end = folders = 0
        text = nfc(self.text)
        for hit in _TOKEN.finditer(text):
            if hit.start() > end:
                yield "text", text[end : hit.start()]
            end = hit.end()
            if hit[1]:
                yield "name", hit[1]
            elif hit[2]:
                yield "folders", f"**{folders}"
                folders += 1
            else:
                yield "any", "*"
        if text[end:]:
            yield "text", text[end:]

    @cached_property
    def names(self) -> tuple[str, ...]:
        """What it binds: placeholders, and `**0`, `**1`, ... for its folders."""
        return tuple(dict.fromkeys(name for kind, name in self.tokens if kind in ("name", "folders")))

    @property
    def is_open(self) -> bool:
        """Whether it may stand for several paths when everything is filled in."""
        return any(kind == "any" for kind, _ in self.tokens)

    def problem(self) -> str:
        """What is wrong with the pattern; empty where nothing is."""
        for kind, value in self.tokens:
            if kind == "text" and (found := re.search("[{}]", value)):
                return f"{found[0]} belongs to no placeholder like {{name}}"
        for (first, _), (second, _) in zip(self.tokens, self.tokens[1:], strict=False):
            if (first, second) == ("any", "any"):
                return "** stands for folders, and / stands before and after it"
            if {first, second} <= {"name", "any"}:
                return "two placeholders stand side by side: where one ends is open"
        return ""

    def _expression(self, tokens: Sequence[tuple[str, str]], bound: Mapping[str, str]) -> re.Pattern[str]:
        """Paths that fit these tokens, with what is bound filled in."""
        parts, seen, stars = [], dict[str, str](), 0
        for kind, value in tokens:
            if kind == "text":
                parts.append(re.escape(value))
            elif kind == "any":
                parts.append(f"(?P<s{stars}>[^/]*)")
                stars += 1
            elif value in bound:
                parts.append(re.escape(bound[value]))
            elif value in seen:
                parts.append(f"(?P={seen[value]})")
            else:
                seen[value] = f"b{len(seen)}"
                inner = "(?:[^/]+/)*" if kind == "folders" else "[^/]+?"
                parts.append(f"(?P<{seen[value]}>{inner})")
        return re.compile("".join(parts) + r"\Z")

    @cached_property
    def _free(self) -> re.Pattern[str]:
        return self._expression(self.tokens, {})

    def bind(self, path: str) -> dict[str, str] | None:
        """What the placeholders stand for in a path; None where it does not fit."""
        hit = self._free.match(nfc(path))
        return None if hit is None else {name: hit[f"b{number}"] for number, name in enumerate(self.names)}

    @cached_property
    def _before_star(self) -> int:
        """How many tokens stand before the first `*`."""
        return next((at for at, (kind, _) in enumerate(self.tokens) if kind == "any"), len(self.tokens))

    def start(self, bound: Mapping[str, str]) -> str:
        """What the paths begin with, up to the first `*`."""
        return nfc("".join(v if k == "text" else bound[v] for k, v in self.tokens[: self._before_star]))

    def stars(self, path: str, bound: Mapping[str, str]) -> tuple[str, ...] | None:
        """What each `*` stands for in a path, with everything else filled in; None where it does not fit."""
        start = self.start(bound)
        # Mostly nothing bound stands behind the first *: then this is one expression for all images.
        fits = self._expression(self.tokens[self._before_star :], bound)
        path = nfc(path)
        hit = fits.match(path, len(start)) if path.startswith(start) else None
        return None if hit is None else hit.groups()

    def filled(self, bound: Mapping[str, str], stars: Sequence[str] = ()) -> str:
        """The path with everything filled in; a `*` stays one where it is not given."""
        texts, left = [], iter(stars)
        for kind, value in self.tokens:
            if kind == "any":
                texts.append(next(left, value))
            else:
                texts.append(value if kind == "text" else bound[value])
        return nfc("".join(texts))

    def with_suffix(self, suffix: str) -> Pattern:
        """The same for files of another suffix, where it says what theirs is."""
        stem, own = posixpath.splitext(self.text)
        return Pattern(stem + suffix) if own != suffix and is_image(self.text) else self


def find(
    tree: Tree,
    images: str,
    masks: Mapping[str, str],
    optional: Collection[str] = (),
    several: Collection[str] = (),
) -> DetectedLayout:
    """The reading of a pattern: the images that have all masks but the `optional` ones.

    A mask's pattern with `*` gives an item's `parts` where its name is among `several`; any other mask is
    one file. Raises DatasetError for a pattern that is none, for a mask's placeholder that `images` does not
    bind, for several files where one is wanted, and where nothing fits.
    """
    pattern, targets = Pattern(images), {name: Pattern(path) for name, path in masks.items()}
    _check(pattern, targets)
    bound = {file: values for file in tree.files if (values := pattern.bind(file.path)) is not None}
    found = _PatternMatches(tree, targets, optional)
    for file in sorted(bound, key=lambda file: -len(file.path)):
        found.claim(file, bound[file])
    for file, values in bound.items():
        found.look(file, values)
    whole = [file for file in bound if found.is_whole(file)]
    if not whole:
        raise _nothing(tree, pattern, targets, bound, found.taken)
    items = tuple(_item(file, found.hits[file], bound[file], targets, several) for file in whole)
    kept = set(whole)
    orphans = tuple(file.path for file in bound if file.path not in found.taken and file not in kept)
    return _reading(tree, pattern, targets, items, orphans, found.taken)


@dataclass
class _PatternMatches:
    """Which masks the images have: `hits` by image and name, and the paths of all masks, `taken`."""

    tree: Tree
    targets: Mapping[str, Pattern]
    optional: Collection[str]
    hits: dict[File, dict[str, tuple[str, ...]]] = field(default_factory=dict)
    taken: set[str] = field(default_factory=set)
    owned: set[str] = field(default_factory=set)  # masks by a pattern with `*`: each belongs to one image
    images: set[str] = field(default_factory=set)

    @cached_property
    def _by_path(self) -> Mapping[str, File]:
        return {nfc(file.path): file for file in self.tree.files}

    def claim(self, file: File, bound: Mapping[str, str]) -> None:
        """Let a file that has all its masks, at least one, have them."""
        hits = {} if file.path in self.taken else self._matches(file, bound)
        if hits and self._has_all(hits):
            self.hits[file] = hits
            self.images.add(file.path)
            self._take(hits)

    def look(self, file: File, bound: Mapping[str, str]) -> None:
        """The masks of a file that has none or not all; another image's masks are no masks of it."""
        if file not in self.hits:
            self.hits[file] = self._matches(file, bound)
            self._take(self.hits[file])

    def is_whole(self, file: File) -> bool:
        """Whether a file is an image with all its masks."""
        return file.path in self.images or (file.path not in self.taken and self._has_all(self.hits[file]))

    def _has_all(self, hits: Mapping[str, tuple[str, ...]]) -> bool:
        return all(name in hits or name in self.optional for name in self.targets)

    def _take(self, hits: Mapping[str, tuple[str, ...]]) -> None:
        for name, paths in hits.items():
            self.taken.update(paths)
            if self.targets[name].is_open:
                self.owned.update(paths)

    def _matches(self, file: File, bound: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
        """The files of each mask that there is, in their order; none at all for a file that is a mask."""
        found = {}
        for name, target in self.targets.items():
            paths = _matches(self.tree, self._by_path, target, bound)
            if file.path in paths:
                self.taken.add(file.path)
                return {}
            if paths := tuple(path for path in paths if not self._is_given(path, target)):
                found[name] = paths
        return found

    def _is_given(self, path: str, target: Pattern) -> bool:
        """Whether a file is an image, or the mask of another one alone."""
        return path in self.images or (target.is_open and path in self.owned)


def _check(pattern: Pattern, targets: Mapping[str, Pattern]) -> None:
    """Raise DatasetError for a pattern that is none, and for a placeholder that nothing binds."""
    for key, one in {"images": pattern, **{f"masks {name}": t for name, t in targets.items()}}.items():
        if problem := one.problem():
            raise DatasetError(f"{key}: {problem} in {one.text}", hint="mend the pattern")
    for name, target in targets.items():
        free = [bound for bound in target.names if bound not in pattern.names]
        if free:
            shown = "**" if free[0].startswith("**") else f"{{{free[0]}}}"
            raise DatasetError(
                f"masks {name}: {shown} in {target.text} stands nowhere in images: {pattern.text}",
                hint="use it in images too, or * for anything",
            )
        if target.tokens == pattern.tokens:
            raise DatasetError(f"masks {name}: {target.text} names the images themselves")


def _matches(
    tree: Tree, by_path: Mapping[str, File], target: Pattern, bound: Mapping[str, str]
) -> tuple[str, ...]:
    """The files of one mask, in their order."""
    path = target.filled(bound)
    if not target.is_open:
        return (by_path[path].path,) if path in by_path else ()
    # Before the first * everything is known: only the files that begin so are looked at.
    near = tree.starting(target.start(bound))
    return tuple(file.path for file in near if target.stars(file.path, bound) is not None)


def _item(
    file: File,
    hits: Mapping[str, tuple[str, ...]],
    bound: Mapping[str, str],
    targets: Mapping[str, Pattern],
    several: Collection[str],
) -> Item:
    parts = {name: paths for name, paths in hits.items() if targets[name].is_open and name in several}
    for name, paths in hits.items():
        if len(paths) > 1 and name not in parts:
            text = targets[name].text
            raise DatasetError(
                f"masks {name}: {len(paths)} files fit {text} for {file.path}",
                hint=f'if each is one object say masks: {{{name}: {{path: "{text}", kind: instance}}}}',
            )
    said = bound.get(SPLIT)
    split = SPLITS.get(said.lower(), said) if said else split_of(file.folder)
    return Item(file.key, file.path, {name: paths[0] for name, paths in hits.items()}, split, parts=parts)


def _reading(
    tree: Tree,
    pattern: Pattern,
    targets: Mapping[str, Pattern],
    items: tuple[Item, ...],
    orphans: tuple[str, ...],
    taken: set[str],
) -> DetectedLayout:
    used = {item.image for item in items} | taken | set(orphans)
    left = [file for file in tree.files if file.path not in used]
    lonely = [file for file in left if any(t.bind(file.path) is not None for t in targets.values())]
    texts = {name: target.text for name, target in targets.items()}
    return DetectedLayout(
        keys=keys_of(pattern.text, texts),
        reason=f"{count(len(items), 'image')} like {pattern.text}"
        + "".join(f", {name} like {text}" for name, text in texts.items()),
        items=items,
        orphan_images=orphans,
        orphan_masks=tuple(file.path for file in lonely),
        skipped=outside(file for file in left if file not in set(lonely)),
    )


def keys_of(images: str, masks: Mapping[str, str]) -> dict[str, object]:
    """The recipe's `input:` keys of a pattern."""
    said: dict[str, object] = {"layout": "pattern", "images": images}
    if masks:
        said["masks"] = masks["mask"] if list(masks) == ["mask"] else dict(masks)
    return said


def _nothing(
    tree: Tree,
    pattern: Pattern,
    targets: Mapping[str, Pattern],
    bound: Mapping[File, Mapping[str, str]],
    taken: set[str],
) -> DatasetError:
    """Why there is no item: no path fits, or the first one that does has no mask."""
    where = str(tree.root)
    if not bound:
        hint = f"paths here are like {tree.files[len(tree.files) // 2].path}"
        return DatasetError(f"no path fits images: {pattern.text}", where=where, hint=hint)
    file, values = next(((f, v) for f, v in bound.items() if f.path not in taken), next(iter(bound.items())))
    wanted = ", ".join(f"{name} at {target.filled(values)}" for name, target in targets.items())
    return DatasetError(f"no image has all its masks; {file.path} has none of {wanted}", where=where)


def parts_line(tree: Tree) -> str:
    """The recipe line for folders with one image and a mask for each object: `a/images/a.png`, `a/masks/*`.

    Empty where no folder looks so.
    """
    for folder in tree.children:
        if folder.rpartition("/")[2].lower() not in ("masks", "mask"):
            continue
        home = folder.rpartition("/")[0]
        for other in tree.children[home]:
            line = _parts_line(tree, home, other, folder)
            if line and other != folder:
                return line
    return ""


def _parts_line(tree: Tree, home: str, images: str, masks: str) -> str:
    image_files, objects = tree.below(images), tree.below(masks)
    if (
        len(image_files) != 1
        or len(objects) < 2
        or {file.folder for file in (*image_files, *objects)} != {images, masks}
    ):
        return ""
    image = image_files[0]
    stem, name = image.key.rpartition("/")[2], home.rpartition("/")[2]
    start = f"{home.rpartition('/')[0]}/{{id}}/".removeprefix("/") if home else ""
    place = start + images.rpartition("/")[2]
    texts = (
        f"{place}/{{{'id' if stem == name and home else 'name'}}}{image.suffix}",
        (f"{start}{masks.rpartition('/')[2]}/*{objects[0].suffix}"),
    )
    path: Mapping[str, object] = {"path": texts[1], "kind": "instance"}
    return recipe_line({"layout": "pattern", "images": texts[0], "masks": {"mask": path}})
