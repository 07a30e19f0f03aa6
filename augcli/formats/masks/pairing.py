"""Which mask belongs to which image, by their names."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from augcli.errors import DatasetError
from augcli.formats.names import MASK_SUFFIXES, core
from augcli.formats.tree import File
from augcli.text import count

SAME_STEM = ""


@dataclass(frozen=True)
class Match:
    """An image, its mask, and the mask's suffix (`""`: the image's own name)."""

    image: File
    mask: File
    suffix: str


def owners(images: Iterable[tuple[str, File]]) -> Mapping[str, File]:
    """The images by every name that a mask, less its suffix, may call them.

    `images` are (key relative to the image folder, file). The key itself comes first, then the full name
    (`X.jpg` in `X.jpg.png`), then the key without an image's own suffix (`00000` for `00000_img`) where it
    is that of one image only.
    """
    placed = list(images)
    shared = Counter(core(key) for key, _ in placed)
    found = {core(key): file for key, file in placed if shared[core(key)] == 1}
    found.update((key + file.suffix, file) for key, file in placed)
    # The first of two files with one key: the second one is reported as a duplicate later.
    found.update((key, file) for key, file in reversed(placed))
    return found


def suffixes(declared: str | None) -> tuple[str, ...]:
    """The mask suffixes to try, in their order: the declared one, the image's own name, the known ones."""
    first = (SAME_STEM,) if declared is None else (declared, SAME_STEM)
    return tuple(dict.fromkeys((*first, *MASK_SUFFIXES)))


def owner(key: str, images: Mapping[str, File], tried: Sequence[str]) -> tuple[File, str] | None:
    """The image that a mask's key names, and the suffix by which it does."""
    low = key.lower()
    for suffix in tried:
        if low.endswith(suffix.lower()):
            image = images.get(key[: len(key) - len(suffix)])
            if image is not None:
                return image, suffix
    return None


def match(
    images: Iterable[tuple[str, File]], masks: Iterable[tuple[str, File]], declared: str | None
) -> list[Match]:
    """Pair masks with images; both are (key relative to their folder, file)."""
    known, tried = owners(images), suffixes(declared)
    found = ((owner(key, known, tried), file) for key, file in masks)
    return [Match(hit[0], file, hit[1]) for hit, file in found if hit is not None]


def readings_by_suffix(
    matches: Sequence[Match], declared: str | None
) -> list[tuple[str | None, list[Match]]]:
    """The matches as one reading, or one reading per suffix where an image has masks of several.

    Each is (the suffix that must be named, or None where there is nothing to choose; its matches).
    """
    if declared is not None:
        chosen = [m for m in matches if m.suffix == declared]
        return [(declared, chosen)] if chosen else []
    per_image: dict[File, set[str]] = defaultdict(set)
    for m in matches:
        per_image[m.image].add(m.suffix)
    if all(len(said) == 1 for said in per_image.values()):
        return [(None, list(matches))] if matches else []
    used = sorted({m.suffix for m in matches})
    return [(suffix, [m for m in matches if m.suffix == suffix]) for suffix in used]


def passed_over(matches: Iterable[Match], chosen: Iterable[Match]) -> tuple[str, ...]:
    """One line per folder and suffix for masks of an image that were not chosen."""
    left = Counter((m.mask.folder or ".", m.suffix) for m in set(matches) - set(chosen))
    return tuple(
        f"{folder}: {count(n, 'mask')} {f'ending in {suffix}' if suffix else 'of equal name'} not chosen"
        for (folder, suffix), n in sorted(left.items())
    )


def check_one_mask_each(root: Path, matches: Iterable[Match]) -> None:
    """Raise DatasetError where two masks belong to one image."""
    seen: dict[File, File] = {}
    for m in matches:
        first = seen.setdefault(m.image, m.mask)
        if first is not m.mask:
            what = f"two masks for one image, {first.path} and {m.mask.path} for {m.image.path}"
            raise DatasetError(what, where=str(root), hint="move one of them away")
