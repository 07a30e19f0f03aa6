"""The layout `suffix`: `xyz.jpg` and `xyz_mask.png` in one folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from augcli.formats.base import DetectedLayout, Format, item, words_of
from augcli.formats.masks.output_names import beside_images
from augcli.formats.masks.pairing import (
    SAME_STEM,
    Match,
    check_one_mask_each,
    owner,
    owners,
    passed_over,
    readings_by_suffix,
    suffixes,
)
from augcli.formats.tree import File, Tree
from augcli.text import count


def find(tree: Tree, suffix: str | None = None) -> list[DetectedLayout]:
    """All readings in which at least one image has a mask beside it.

    `suffix` is what a mask's name has after the image's; without it the known ones are tried.
    """
    matches = _matches(tree, suffix)
    found = readings_by_suffix(matches, suffix)
    return [_reading(tree, matches, chosen, form) for form, chosen in found]


def _matches(tree: Tree, declared: str | None) -> list[Match]:
    """The masks and their images. A file that has a mask of its own is an image, whatever its name."""
    known = owners((file.key, file) for file in tree.files)
    tried = [suffix for suffix in suffixes(declared) if suffix != SAME_STEM]
    found: list[Match] = []
    images: set[File] = set()
    # Longest names first: x_seg_mask makes x_seg an image before x_seg can be taken for the mask of x.
    for file in sorted(tree.files, key=lambda file: -len(file.key)):
        hit = owner(file.key, known, tried) if file not in images else None
        if hit is not None:
            found.append(Match(hit[0], file, hit[1]))
            images.add(hit[0])
    return sorted(found, key=lambda m: m.image.key)


def _reading(
    tree: Tree, matches: Sequence[Match], chosen: Sequence[Match], suffix: str | None
) -> DetectedLayout:
    check_one_mask_each(tree.root, chosen)
    used = sorted({m.suffix for m in chosen})
    keys: Mapping[str, str] = {"layout": "suffix"} | ({"suffix": used[0]} if len(used) == 1 else {})
    known = {m.image for m in chosen} | {m.mask for m in matches}
    left = [file for file in tree.files if file not in known]
    ends = tuple(form.lower() for form in used)
    return DetectedLayout(
        keys=keys,
        reason=f"{count(len(chosen), 'image')} with a mask beside it, named like it with {' or '.join(used)}",
        items=tuple(item(m.image, m.mask) for m in chosen),
        orphan_images=tuple(file.path for file in left if not file.key.lower().endswith(ends)),
        orphan_masks=tuple(file.path for file in left if file.key.lower().endswith(ends)),
        skipped=passed_over(matches, chosen),
    )


FORMAT = Format(
    words_of("suffix"),
    title="masks beside images",
    labels="masks, as in mask folders",
    page="folders",
    find=lambda tree, options: find(tree, options.suffix),
    nothing="no image has a mask beside it (X.jpg and X_mask.png)",
    hint="name what the masks' names end in: input: {layout: suffix, suffix: _mask}",
    pairs_by_name=True,
    copy_name=beside_images,
)
