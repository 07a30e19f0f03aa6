"""`pattern`: placeholders bind in the images' pattern and are filled in in the masks' patterns.

`{name}` stands for a part of one path component, and for the same text wherever it stands again; `**` for any
folders (the k-th of a mask's pattern for what the k-th of the images' pattern matched); `*` for anything
within a component. A mask's pattern with `*` may match several files: one for each instance.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from augcli.errors import DatasetError
from augcli.formats.names import SPLITS, split_of
from augcli.formats.reading import Reading, count, outside, recipe_line
from augcli.formats.walk import File, Tree, nfc
from augcli.sample import Item

_TOKEN = re.compile(r"\{([A-Za-z_]\w*)\}|(?:(?<=/)|\A)(\*\*/)|(\*)")
_SPLIT = "split"  # a placeholder of this name says which split a source belongs to


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

    def expression(self, bound: Mapping[str, str]) -> re.Pattern[str]:
        """Paths that fit, with what is bound filled in."""
        parts, seen = [], dict[str, str]()
        for kind, value in self.tokens:
            if kind == "text":
                parts.append(re.escape(value))
            elif kind == "any":
                parts.append("[^/]*")
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
        return self.expression({})

    def bind(self, path: str) -> dict[str, str] | None:
        """What the placeholders stand for in a path; None where it does not fit."""
        hit = self._free.match(nfc(path))
        return None if hit is None else dict(zip(self.names, hit.groups(), strict=True))

    def filled(self, bound: Mapping[str, str]) -> str:
        """The path with everything filled in; a `*` stays one."""
        return nfc("".join(value if kind in ("text", "any") else bound[value] for kind, value in self.tokens))


def find(
    tree: Tree,
    images: str,
    masks: Mapping[str, str],
    optional: Collection[str] = (),
    several: Collection[str] = (),
) -> Reading:
    """The reading of a pattern: the images that have all masks but the `optional` ones.

    A mask's pattern with `*` gives an item's `parts` where its name is among `several`; any other mask is
    one file. Raises DatasetError for a pattern that is none, for a mask's placeholder that `images` does not
    bind, for several files where one is wanted, and where nothing fits.
    """
    pattern, targets = Pattern(images), {name: Pattern(path) for name, path in masks.items()}
    _check(pattern, targets)
    bound = {file: values for file in tree.files if (values := pattern.bind(file.path)) is not None}
    by_path = {nfc(file.path): file for file in tree.files}
    found = {
        file: {name: hits for name, t in targets.items() if (hits := _matches(tree, by_path, t, values))}
        for file, values in bound.items()
    }
    taken = {path for hits in found.values() for paths in hits.values() for path in paths}
    free = [file for file in bound if file.path not in taken]
    whole = [file for file in free if all(name in found[file] or name in optional for name in targets)]
    if not whole:
        raise _nothing(tree, pattern, targets, bound, taken)
    items = tuple(_item(file, found[file], bound[file], targets, several) for file in whole)
    kept = {file.path for file in whole}
    return _reading(tree, pattern, targets, items, tuple(f.path for f in free if f.path not in kept), taken)


def _check(pattern: Pattern, targets: Mapping[str, Pattern]) -> None:
    """Raise DatasetError for a pattern that is none, and for a placeholder that nothing binds."""
    for key, one in {"images": pattern, **{f"masks {name}": t for name, t in targets.items()}}.items():
        if problem := one.problem():
            raise DatasetError(f"{key}: {problem} in {one.text}", mend="mend the pattern")
    for name, target in targets.items():
        free = [bound for bound in target.names if bound not in pattern.names]
        if free:
            shown = "**" if free[0].startswith("**") else f"{{{free[0]}}}"
            raise DatasetError(
                f"masks {name}: {shown} in {target.text} stands nowhere in images: {pattern.text}",
                mend="use it in images too, or * for anything",
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
    fits = target.expression(bound)
    # Before the first * everything is known: only the files that begin so are looked at.
    return tuple(
        file.path for file in tree.starting(_known_start(target, bound)) if fits.match(nfc(file.path))
    )


def _known_start(target: Pattern, bound: Mapping[str, str]) -> str:
    start = ""
    for kind, value in target.tokens:
        if kind == "any":
            break
        start += value if kind == "text" else bound[value]
    return start


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
                mend=f'if each is one object say masks: {{{name}: {{path: "{text}", kind: instance}}}}',
            )
    said = bound.get(_SPLIT)
    split = SPLITS.get(said.lower(), said) if said else split_of(file.folder)
    return Item(file.key, file.path, {name: paths[0] for name, paths in hits.items()}, split, parts=parts)


def _reading(
    tree: Tree,
    pattern: Pattern,
    targets: Mapping[str, Pattern],
    items: tuple[Item, ...],
    orphans: tuple[str, ...],
    taken: set[str],
) -> Reading:
    used = {item.image for item in items} | taken | set(orphans)
    left = [file for file in tree.files if file.path not in used]
    lonely = [file for file in left if any(t.bind(file.path) is not None for t in targets.values())]
    texts = {name: target.text for name, target in targets.items()}
    return Reading(
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
        mend = f"paths here are like {tree.files[len(tree.files) // 2].path}"
        return DatasetError(f"no path fits images: {pattern.text}", where=where, mend=mend)
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
    pictures, objects = tree.below(images), tree.below(masks)
    if (
        len(pictures) != 1
        or len(objects) < 2
        or {file.folder for file in (*pictures, *objects)} != {images, masks}
    ):
        return ""
    picture = pictures[0]
    stem, name = picture.key.rpartition("/")[2], home.rpartition("/")[2]
    start = f"{home.rpartition('/')[0]}/{{id}}/".removeprefix("/") if home else ""
    place = start + images.rpartition("/")[2]
    texts = (
        f"{place}/{{{'id' if stem == name and home else 'name'}}}{picture.suffix}",
        (f"{start}{masks.rpartition('/')[2]}/*{objects[0].suffix}"),
    )
    path: Mapping[str, object] = {"path": texts[1], "kind": "instance"}
    return recipe_line({"layout": "pattern", "images": texts[0], "masks": {"mask": path}})
