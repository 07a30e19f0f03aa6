"""Further descriptions of an output's files: what `output.also` asks for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from augcli.also import huggingface
from augcli.also.huggingface import Line

DESCRIPTIONS: Mapping[str, Callable[[Sequence[Line]], dict[str, bytes]]] = {
    "huggingface": huggingface.described,
}


def described(names: Iterable[str], lines: Sequence[Line]) -> dict[str, dict[str, bytes]]:
    """For each name of DESCRIPTIONS the files that describe a finished output in that way.

    `lines` are the manifest's. Paths are relative to the output; equal lines give equal bytes.
    """
    return {name: DESCRIPTIONS[name](lines) for name in names}
