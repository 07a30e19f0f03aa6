"""The layout `folders`: images in one folder, masks of the same names in another."""

from __future__ import annotations

import difflib
import posixpath
import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from augcli.data import Item
from augcli.errors import DatasetError
from augcli.formats.base import DetectedLayout, Format, ReadOptions, item, outside, words_of
from augcli.formats.masks.output_names import in_folders
from augcli.formats.masks.pairing import Match, check_one_mask_each, match, passed_over, readings_by_suffix
from augcli.formats.names import SPLITS, role, split_word, with_placeholder
from augcli.formats.tree import File, Tree
from augcli.text import count, nfc

_SPLIT = "{split}"


@dataclass(frozen=True, order=True)
class FolderPair:
    """An image folder and its mask folder, relative to the root; `""` is the root."""

    images: str
    masks: str


def find(
    tree: Tree, images: str | None = None, masks: str | None = None, suffix: str | None = None
) -> list[DetectedLayout]:
    """All readings in which at least one image has a mask.

    `images` and `masks` name the folders relative to the root; in both, `{split}` stands for train, val,
    valid, validation or test. Where one of them is not given, folders of one parent whose names say what
    they hold are tried. Raises DatasetError for a named folder without images.
    """
    if images is not None and masks is not None:
        pairs = _named(tree, _clean(images), _clean(masks))
        return _read(tree, (_clean(images), _clean(masks)), pairs, suffix, named=True)
    wanted = _wanted(tree, "images", images), _wanted(tree, "masks", masks)
    found: dict[tuple[str, str], list[FolderPair]] = defaultdict(list)
    for pair in _candidates(tree, suffix):
        if (not wanted[0] or pair.images in wanted[0]) and (not wanted[1] or pair.masks in wanted[1]):
            found[_pattern(pair)].append(pair)
    named = ((_names(pattern, pairs), pairs) for pattern, pairs in found.items())
    return [reading for names, pairs in sorted(named) for reading in _read(tree, names, pairs, suffix)]


def find_several(
    tree: Tree,
    images: str | None,
    masks: Mapping[str, str],
    suffix: str | None = None,
    optional: Collection[str] = (),
) -> list[DetectedLayout]:
    """One reading of several mask folders for one image folder: the images that have all masks.

    `masks` are folders by the masks' names; those that are `optional` may be missing. Raises DatasetError
    where a folder holds no mask of any image, and where its images are open.
    """
    found = {name: _sole(tree, images, name, folder, suffix) for name, folder in masks.items()}
    places = {reading.keys["images"]: name for name, reading in found.items()}
    if len(places) > 1:
        shown = " and ".join(f"{name}'s in {place}" for place, name in places.items())
        hint = "name the one folder: input: {images: DIR}"
        raise DatasetError(f"masks of different images: {shown}", where=str(tree.root), hint=hint)
    return [_merged(found, optional)]


def _sole(tree: Tree, images: str | None, name: str, folder: str, suffix: str | None) -> DetectedLayout:
    readings = find(tree, images, folder, suffix)
    if not readings:
        what = f"masks {name}: no image has a mask of its name in {folder}"
        raise DatasetError(
            what, where=str(tree.root), hint="name the two folders in input.images and input.masks"
        )
    if len(readings) > 1:
        shown = " or ".join(str(reading.keys.get("suffix") or reading.keys["images"]) for reading in readings)
        what = f"masks {name}: {folder} can be read in several ways, with {shown}"
        hint = "say which images, or use layout: pattern"
        raise DatasetError(what, where=str(tree.root), hint=hint)
    return readings[0]


def _merged(found: Mapping[str, DetectedLayout], optional: Collection[str]) -> DetectedLayout:
    """One reading of several: the images that have all masks but the optional ones."""
    items: dict[str, Item] = {}
    for name, reading in found.items():
        for one in reading.items:
            before = items.get(one.image, replace(one, masks={}))
            items[one.image] = replace(before, masks={**before.masks, name: one.masks["mask"]})
    if all(name in optional for name in found):
        plain = {path for reading in found.values() for path in reading.orphan_images} - set(items)
        items |= {path: item(File(path)) for path in plain}
    whole = [one for one in items.values() if all(name in one.masks or name in optional for name in found)]
    images = {*items, *(path for reading in found.values() for path in reading.orphan_images)}
    used = {path for one in items.values() for path in one.masks.values()}
    first = next(iter(found.values()))
    keys = {**first.keys, "masks": {name: reading.keys["masks"] for name, reading in found.items()}}
    place = f"{keys['images']} (images) and {', '.join(reading.keys['masks'] for reading in found.values())}"
    return DetectedLayout(
        keys=keys,
        reason=f"the recipe names {place}; {count(len(whole), 'image')} with all masks",
        items=tuple(whole),
        orphan_images=tuple(sorted(images - {one.image for one in whole})),
        orphan_masks=tuple(path for r in found.values() for path in r.orphan_masks if path not in used),
    )


def _wanted(tree: Tree, key: str, folder: str | None) -> set[str]:
    """The folders that one name alone stands for; empty where it is not given."""
    return set() if folder is None else set(_expand(tree, key, _clean(folder)).values())


def _names(pattern: tuple[str, str], pairs: Sequence[FolderPair]) -> tuple[str, str]:
    """The names of a reading's folders: a single pair of them needs no placeholder."""
    return (pairs[0].images, pairs[0].masks) if len(pairs) == 1 else pattern


def _clean(folder: str) -> str:
    """A folder as the user wrote it, as a path relative to the root."""
    parts = [part for part in nfc(folder).split("/") if part not in ("", ".")]
    return "/".join(parts) or "."


def _named(tree: Tree, images: str, masks: str) -> list[FolderPair]:
    """The folders that two names stand for, one pair per split where they hold `{split}`."""
    if (_SPLIT in images) != (_SPLIT in masks) or images == masks:
        what = f"images: {images} and masks: {masks} do not name two folders of one data set"
        hint = "name two folders, with {split} in both or in neither; for one folder use layout: suffix"
        raise DatasetError(what, where=str(tree.root), hint=hint)
    left, right = _expand(tree, "images", images), _expand(tree, "masks", masks)
    return [FolderPair(left[split], right[split]) for split in left if split in right]


def _expand(tree: Tree, key: str, folder: str) -> Mapping[str, str]:
    """The folders that a name stands for, by their split word (`""` without `{split}`)."""
    before, _, after = folder.partition(_SPLIT)
    if _SPLIT not in folder:
        found = {"": "" if folder == "." else folder} if folder in (*tree.children, ".") else {}
    else:
        choice = f"{re.escape(before)}({'|'.join(SPLITS)}){re.escape(after)}"
        hits = (re.fullmatch(choice, path, re.IGNORECASE) for path in tree.children)
        found = {hit[1].lower(): hit[0] for hit in hits if hit}
    if not found:
        close = difflib.get_close_matches(folder, tree.children, 1, 0.5)
        hint = f"did you mean {close[0]}?" if close else "name a folder relative to the input"
        raise DatasetError(f"{key}: no images below a folder {folder}", where=str(tree.root), hint=hint)
    return found


def _candidates(tree: Tree, suffix: str | None) -> Iterator[FolderPair]:
    """Pairs of folders whose names say so, and in which some image has a mask."""
    for children in tree.children.values():
        named = {folder: folder.rpartition("/")[2] for folder in children}
        images = [folder for folder, name in named.items() if role(name) == "image"]
        masks = [folder for folder, name in named.items() if role(name) == "mask"]
        alone = len(images) == len(masks) == 1
        for left in images:
            for right in masks:
                if alone or split_word(named[left]) == split_word(named[right]):
                    yield from _deepened(tree, left, right, suffix)


def _deepened(tree: Tree, images: str, masks: str, suffix: str | None) -> list[FolderPair]:
    """The folders themselves, or those inside them that pair: `images/10k`, `labels/sem_seg/masks`."""
    chain = _chain(tree, masks)
    inside = [folder for folder in tree.children[chain[-1]] if role(folder.rpartition("/")[2]) == "mask"]
    for left in _chain(tree, images):
        for choice in (*([folder] for folder in chain), inside):
            hits = [
                FolderPair(left, right) for right in choice if _matches(tree, FolderPair(left, right), suffix)
            ]
            if hits:
                return hits
    return []


def _chain(tree: Tree, folder: str) -> list[str]:
    """A folder and, as long as it holds one folder and nothing else, the folder inside."""
    chain = [folder]
    while len(tree.children[chain[-1]]) == 1 and chain[-1] not in tree.image_folders:
        chain += tree.children[chain[-1]]
    return chain


def _pattern(pair: FolderPair) -> tuple[str, str]:
    """The folders of a pair with `{split}` for their split, where both name the same."""
    (left, first), (right, second) = with_placeholder(pair.images), with_placeholder(pair.masks)
    return (left, right) if first and first == second else (pair.images, pair.masks)


def _placed(tree: Tree, folder: str, other: str) -> list[tuple[str, File]]:
    """The files below a folder, with their keys relative to it; not those of the other folder inside it."""
    start = len(folder) + 1 if folder else 0
    nested = set(tree.below(other)) if not folder or other.startswith(f"{folder}/") else set()
    return [(file.key[start:], file) for file in tree.below(folder) if file not in nested]


def _matches(tree: Tree, pair: FolderPair, suffix: str | None) -> list[Match]:
    images, masks = _placed(tree, pair.images, pair.masks), _placed(tree, pair.masks, pair.images)
    return match(images, masks, suffix)


def _read(
    tree: Tree,
    names: tuple[str, str],
    pairs: Sequence[FolderPair],
    suffix: str | None,
    *,
    named: bool = False,
) -> list[DetectedLayout]:
    """The readings of one pair of names; more than one where images have masks of several suffixes."""
    matches = [m for pair in pairs for m in _matches(tree, pair, suffix)]
    return [
        _reading(tree, names, pairs, matches, chosen, form, named)
        for form, chosen in readings_by_suffix(matches, suffix)
    ]


def _reading(
    tree: Tree,
    names: tuple[str, str],
    pairs: Sequence[FolderPair],
    matches: Sequence[Match],
    chosen: Sequence[Match],
    suffix: str | None,
    named: bool,
) -> DetectedLayout:
    """The reading of the chosen matches; files outside named folders are of no interest to anybody."""
    check_one_mask_each(tree.root, chosen)
    left, right = names
    keys = {"layout": "folders", "images": left, "masks": right}
    if suffix is not None:
        keys["suffix"] = suffix
    images = [file for pair in pairs for _, file in _placed(tree, pair.images, pair.masks)]
    masks = [file for pair in pairs for _, file in _placed(tree, pair.masks, pair.images)]
    paired, taken, part = {m.image for m in chosen}, {m.mask for m in matches}, {*images, *masks}
    rest = () if named else outside(file for file in tree.files if file not in part)
    why = "the recipe names" if named else "the folders' names say so:"
    return DetectedLayout(
        keys=keys,
        reason=f"{why} {left} (images) and {right} (masks); {count(len(chosen), 'pair')} of matching names",
        items=tuple(item(m.image, m.mask) for m in sorted(chosen, key=lambda m: m.image.key)),
        orphan_images=tuple(file.path for file in images if file not in paired),
        orphan_masks=tuple(file.path for file in masks if file not in taken),
        skipped=(*passed_over(matches, chosen), *rest),
        home="/".join(part for part in posixpath.commonpath(names).split("/") if part != _SPLIT),
    )


def _find(tree: Tree, options: ReadOptions) -> list[DetectedLayout]:
    if isinstance(options.masks, Mapping):
        masks = {name: path for name, path in options.masks.items() if path is not None}
        return find_several(tree, options.images, masks, options.suffix, options.optional)
    return find(tree, options.images, options.masks, options.suffix)


FORMAT = Format(
    words_of("folders"),
    title="mask folders",
    labels="masks: index, binary, colours, instances, depth",
    page="folders",
    find=_find,
    nothing="no image has a mask of its name in the mask folder",
    hint="name the two folders: input: {layout: folders, images: DIR, masks: DIR}",
    pairs_by_name=True,
    copy_name=in_folders,
)
