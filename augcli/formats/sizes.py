"""The sizes of pictures, from their headers."""

from __future__ import annotations

import sys
from pathlib import Path

from augcli.errors import ImageError
from augcli.imageio import read_header

HEADER_BYTES = 1 << 19  # most files say their size in these; of the others all is read


def upright_size(path: Path, where: str) -> tuple[int, int] | None:
    """A picture's (width, height) after its EXIF orientation.

    None where it cannot be told: the source then fails when it is decoded, by name.
    """
    for length in (HEADER_BYTES, -1):
        try:
            with path.open("rb") as file:
                return read_header(file.read(length), where=where, max_pixels=sys.maxsize).upright_size
        except (ImageError, OSError, MemoryError):
            continue
    return None
