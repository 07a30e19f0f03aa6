"""Decoding: pictures to arrays in the depth they have, masks to their exact values, one page or all."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from augcli.data import Array, Coding, Image, Mask
from augcli.errors import ImageError
from augcli.imageio import tiff
from augcli.imageio.header import MAX_PIXELS, OpenedFile, damaged, open_file, pillow, too_large
from augcli.imageio.pixels import DecodedPixels, picture_pixels, stored_pixels, tiff_picture
from augcli.imageio.png import check_png
from augcli.imageio.unsupported import CONVERT_MASK, mask_refusal, picture_refusal

_STACK = 4  # all pages together may have this many times the pixels of one picture


def decode_image(data: bytes, *, where: str, max_pixels: int = MAX_PIXELS) -> Image:
    """A picture file as pixels (H, W, C), upright: uint8, uint16 or float32; grey, RGB or bands; alpha last.

    EXIF orientation is applied; orientation in XMP is not. Palettes, CMYK, 1 to 7 bits and grey with white as
    zero are converted, and `note` says so. Raises ImageError for what `read_header` refuses, for damaged or
    truncated data, for more than one page, and by name for each kind of picture that is not read.
    """
    opened = _checked(data, where, max_pixels, picture_refusal, stack=False)
    return _image(opened, picture_pixels(opened))


def decode_mask(data: bytes, *, where: str, max_pixels: int = MAX_PIXELS) -> Mask:
    """A mask file as its exact values: uint8 or uint16 (H, W), or uint8 (H, W, 3).

    Palette masks give indices, 1-bit masks 0 and 1, 2-bit and 4-bit masks 0 to 3 and 0 to 15, a grey JPEG its
    grey values (the caller decides whether they can be trusted). Raises ImageError for what `read_header`
    refuses, for damaged or truncated data, for more than one page, and by name for each kind of file whose
    values are not exact or not clear.
    """
    return _mask(_checked(data, where, max_pixels, mask_refusal, stack=False), 0)


def decode_pages(data: bytes, *, where: str, max_pixels: int = MAX_PIXELS) -> list[Image]:
    """Every page of a TIFF, every frame of an animation as it is shown, as `decode_image` gives one.

    Raises ImageError as `decode_image` does, where pages differ in size or kind, and where they have
    more than four times `max_pixels` pixels together.
    """
    return _images(_checked(data, where, max_pixels, picture_refusal, stack=True))


def decode_page(data: bytes, page: int, *, where: str, max_pixels: int = MAX_PIXELS) -> Image:
    """One page of a stack, counted from 1, as `decode_pages` gives it. Raises what that raises.

    Also raises ImageError for a page that there is not. Of a TIFF no other page is decoded.
    """
    opened = _checked(data, where, max_pixels, picture_refusal, stack=True)
    _check_page(opened, page)
    if opened.pages:
        return _image(opened, _tiff_page(opened, opened.pages[page - 1]))
    return _images(opened)[page - 1]


def _images(opened: OpenedFile) -> list[Image]:
    if opened.pages:
        return [_image(opened, _tiff_page(opened, page)) for page in opened.pages]
    if opened.header.frames == 1:
        return [_image(opened, picture_pixels(opened))]
    return [_image(opened, picture) for picture in _shown_frames(opened)]


def decode_mask_pages(data: bytes, *, where: str, max_pixels: int = MAX_PIXELS) -> list[Mask]:
    """Every page of a TIFF as `decode_mask` gives one; also a file of one page in any format.

    Raises ImageError as `decode_mask` does, as `decode_pages` does for the stack, and for animations:
    their frames are composed colours, not labels.
    """
    opened = _checked(data, where, max_pixels, mask_refusal, stack=True)
    return [_mask(opened, number) for number in range(opened.header.frames)]


def decode_mask_page(data: bytes, page: int, *, where: str, max_pixels: int = MAX_PIXELS) -> Mask:
    """One page of a stack of masks, counted from 1, as `decode_mask_pages` gives it. Raises what that raises.

    Also raises ImageError for a page that there is not. No other page is decoded.
    """
    opened = _checked(data, where, max_pixels, mask_refusal, stack=True)
    _check_page(opened, page)
    return _mask(opened, page - 1)


def _checked(
    data: bytes,
    where: str,
    max_pixels: int,
    refusal: Callable[[OpenedFile], tuple[str, str] | None],
    *,
    stack: bool,
) -> OpenedFile:
    opened = open_file(data, where=where, max_pixels=max_pixels)
    _refuse(opened, refusal)
    (_check_stack if stack else _refuse_stack)(opened)
    return opened


def _refuse(opened: OpenedFile, refusal: Callable[[OpenedFile], tuple[str, str] | None]) -> None:
    """Raise ImageError for a file that `refusal` names, or whose PNG chunks are damaged."""
    if found := refusal(opened):
        raise ImageError(found[0], where=opened.where, hint=found[1])
    if opened.header.format == "png":
        try:
            check_png(opened.data)
        except ValueError as error:
            raise damaged("png", str(error), opened.where) from error


def _refuse_stack(opened: OpenedFile) -> None:
    frames = opened.header.frames
    if frames > 1:
        what = f"{frames} {'pages' if opened.pages else 'frames'} in one file, where one picture is expected"
        hint = "set `input: {pages: each}` for draws of their own, or `input: {pages: together}` for one draw"
        raise ImageError(what, where=opened.where, hint=hint)


def _check_page(opened: OpenedFile, page: int) -> None:
    frames = opened.header.frames
    if page > frames:
        what = f"page {page} is wanted, and it has {frames}"
        raise ImageError(what, where=opened.where, hint="if the file is being changed, run again later")


def _check_stack(opened: OpenedFile) -> None:
    """Raise ImageError where the pages are not of one size and kind, or too large together."""
    header, pages = opened.header, opened.pages
    for number, page in enumerate(pages, 1):
        first, other = (
            f"{p.width}x{p.height} {p.mode}" + f" turned {p.orientation}" * (p.orientation != 1)
            for p in (pages[0], page)
        )
        if first != other:
            what = f"its pages are not of one kind: page 1 is {first}, page {number} is {other}"
            raise ImageError(what, where=opened.where, hint="save each page as a file of its own")
    one = max(header.width * header.height, *(tiff.cost(page) for page in pages), 1)
    if one * header.frames > _STACK * opened.max_pixels:
        raise too_large(one * header.frames, opened.max_pixels, opened.where, _STACK)


def _image(opened: OpenedFile, picture: DecodedPixels) -> Image:
    header = opened.header
    return Image(
        pixels=_upright(picture.pixels, header.orientation),
        format=header.format,
        icc=opened.icc if picture.keeps_profile else None,
        colors=picture.colors,
        alpha=picture.alpha,
        note=picture.note,
        stored_size=header.size,
    )


def _tiff_page(opened: OpenedFile, page: tiff.Page) -> DecodedPixels:
    with pillow("tiff", where=opened.where, max_pixels=opened.max_pixels):
        return tiff_picture(opened.data, page)


def _shown_frames(opened: OpenedFile) -> list[DecodedPixels]:
    """The frames of an animation as they are shown, in RGB, with alpha where any pixel needs it."""
    frames = []
    with pillow(opened.header.format, where=opened.where, max_pixels=opened.max_pixels):
        if picture := opened.picture:
            start = picture.n_frames - opened.header.frames  # type: ignore[attr-defined]
            for number in range(start, start + opened.header.frames):
                picture.seek(number)
                frames.append(np.array(picture.convert("RGBA")))
    alpha = any(frame[..., 3].min() < 255 for frame in frames)
    note = "a frame of an animation, as it is shown"
    return [DecodedPixels(frame if alpha else frame[..., :3], "rgb", alpha, note) for frame in frames]


def _mask(opened: OpenedFile, number: int) -> Mask:
    """One page of a mask file that is not refused."""
    header = opened.header
    values = _mask_values(opened, number)
    if header.format == "jpeg":
        return Mask(_grey(values, opened.where), Coding("L"), header.format)
    transparency = opened.info.get("transparency")
    if header.mode == "P":
        return Mask(values, Coding("P", _palette(opened, number), transparency), header.format)
    deep = values.dtype == np.uint16
    mode = header.mode if header.mode in ("1", "RGB") else "I;16" if deep else "L"
    return Mask(values, Coding(mode, transparency=transparency), header.format)


def _mask_values(opened: OpenedFile, number: int) -> Array:
    if opened.pages:
        page = opened.pages[number]
        with pillow("tiff", where=opened.where, max_pixels=opened.max_pixels):
            values = tiff.page_pixels(opened.data, page)
        values = values if page.samples > 1 else values[..., 0]
        return 1 - values if page.mode == "1" and page.photometric == 0 else values
    values = stored_pixels(opened)
    if opened.header.mode in ("L;2", "L;4"):  # Pillow has scaled them to 255
        return values // (85 if opened.header.mode == "L;2" else 17)
    return values.astype(np.uint16 if opened.header.mode == "I;16" else np.uint8)


def _palette(opened: OpenedFile, number: int) -> bytes:
    if opened.pages:
        return opened.pages[number].palette
    return bytes((opened.picture and opened.picture.getpalette("RGB")) or ())


def _upright(pixels: Array, orientation: int) -> Array:
    """Pixels (H, W, ...) after EXIF orientation (CIPA DC-008, tag 274)."""
    if orientation > 4:
        pixels = pixels.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    return np.ascontiguousarray(pixels)


def _grey(values: Array, where: str) -> Array:
    """Grey values (H, W) of a decoded JPEG mask (H, W, 1 or 3)."""
    if not (values == values[..., :1]).all():
        what = "a JPEG in colour: no exact labels can be read from it"
        raise ImageError(what, where=where, hint=CONVERT_MASK)
    return np.ascontiguousarray(values[..., 0])
