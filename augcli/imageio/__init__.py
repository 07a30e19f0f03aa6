"""Bytes in, arrays out, and back: picture and mask files of the formats that augcli reads and writes."""

from augcli.imageio.decode import (
    decode_image,
    decode_mask,
    decode_mask_page,
    decode_mask_pages,
    decode_page,
    decode_pages,
)
from augcli.imageio.encode import FORMATS, encode_image, encode_mask, encode_mask_pages, encode_pages
from augcli.imageio.header import MAX_PIXELS, Header, count_frames, read_header
from augcli.imageio.jpeg import strip_metadata

__all__ = [
    "FORMATS",
    "MAX_PIXELS",
    "Header",
    "count_frames",
    "decode_image",
    "decode_mask",
    "decode_mask_page",
    "decode_mask_pages",
    "decode_page",
    "decode_pages",
    "encode_image",
    "encode_mask",
    "encode_mask_pages",
    "encode_pages",
    "read_header",
    "strip_metadata",
]
