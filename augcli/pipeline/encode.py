"""A finished pair as the bytes of its files: kept as they were where every rule holds, else encoded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from augcli.data import Array, Image, each, keys_of
from augcli.imageio import (
    FORMATS,
    encode_image,
    encode_mask,
    encode_mask_pages,
    encode_pages,
    read_header,
    strip_metadata,
)
from augcli.pipeline.augment import ORIGINAL, Augmented
from augcli.pipeline.load import Decoded
from augcli.pipeline.plan import Pair, format_of
from augcli.recipe import Recipe


def encoded(
    recipe: Recipe, source: Decoded, pair: Pair, result: Augmented
) -> tuple[dict[str, bytes], str | None]:
    """The bytes of a pair's files, and why an original is not the source's bytes."""
    kept, why = (None, None)
    if pair.variant == ORIGINAL:
        kept, why = _kept(recipe, source, result)
    files = {pair.image: kept if kept is not None else _image_bytes(recipe, source, pair, result)}
    for key, path in targets(pair):
        make = _soft_bytes if key in source.labels.soft else _mask_bytes
        files[path] = make(source, key, path, result, as_is=pair.variant == ORIGINAL and not result.applied)
    return files, why


def targets(pair: Pair) -> Iterator[tuple[str, str]]:
    """The key of each mask, or part of one, and the path that it is written to."""
    for name, files in pair.masks.items():
        yield from zip(keys_of(name, files), each(files), strict=True)


def _kept(recipe: Recipe, source: Decoded, result: Augmented) -> tuple[bytes | None, str | None]:
    """The source's own bytes where every output rule holds for them, else why not."""
    header, wanted = source.header, recipe.output.image.format
    data, item = source.data[source.item.image], source.item
    if item.page:
        return None, f"page {item.page} of {item.pages[item.image]}"
    if result.applied:
        return None, "output.size"
    if wanted not in ("same", header.format):
        return None, "output.image.format"
    if source.image.note and not (source.further and header.format == "png"):  # animated: kept whole
        return None, source.image.note
    if written_format(header.format) != header.format:
        return None, f"{header.format.upper()} is not written"
    if header.orientation != 1:
        return None, "EXIF orientation"
    if not header.has_metadata:
        return data, None
    if header.format == "jpeg":
        return strip_metadata(data), "metadata removed"
    return None, "metadata removed"


def written_format(format: str) -> str:  # noqa: A002
    """The format in which `same` writes a picture of this one."""
    return format if format in FORMATS else "png"


def _image_bytes(recipe: Recipe, source: Decoded, pair: Pair, result: Augmented) -> bytes:
    options, image = recipe.output.image, source.image
    written = written_format(source.header.format) if options.format == "same" else options.format
    if source.further:
        return _stack_bytes([page.image for page in result.pages], image, written, pair.image)
    return encode_image(
        result.sample.image,
        format=written,
        colors=image.colors,
        alpha=image.alpha,
        quality=options.quality,
        subsampling=options.subsampling,
        icc=image.icc,
        where=pair.image,
    )


def _stack_bytes(pages: Sequence[Array], like: Image, written: str, where: str) -> bytes:
    """Pages, each (H, W, C), as one file; what their channels are and the ICC profile are those of `like`."""
    return encode_pages(
        pages, format=written, colors=like.colors, alpha=like.alpha, icc=like.icc, where=where
    )


def _mask_bytes(source: Decoded, key: str, path: str, result: Augmented, *, as_is: bool) -> bytes:
    before = [page.masks[key] for page in source.pages if key in page.masks]
    after = [page.masks[key] for page in result.pages if key in page.masks]
    mask, written = before[0], format_of(path)
    is_same = all(np.array_equal(now, was.values) for now, was in zip(after, before, strict=True))
    is_whole = is_same and key in source.labels.untouched and not source.is_page_of(key)
    if as_is and is_whole and mask.format == written:
        data = source.data[source.path_of(key)]
        if not read_header(data, where=path).has_metadata:
            return data
    if written == "tiff":
        return encode_mask_pages(after, [was.coding for was in before])
    return encode_mask(after[0], mask.coding)


def _soft_bytes(source: Decoded, key: str, path: str, result: Augmented, *, as_is: bool) -> bytes:
    """The bytes of a second picture: in its own format, where its name says so."""
    image, data = source.labels.soft[key], source.data[source.path_of(key)]
    written = format_of(path)
    header = read_header(data, where=path)
    is_plain = header.orientation == 1 and not header.has_metadata and not image.note
    if as_is and is_plain and header.format == written and not source.is_page_of(key):
        return data
    pages = [page.masks[key] for page in result.pages if key in page.masks]
    if len(pages) > 1:
        return _stack_bytes(pages, image, written, path)
    return encode_image(
        pages[0], format=written, colors=image.colors, alpha=image.alpha, icc=image.icc, where=path
    )
