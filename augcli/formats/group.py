"""What must stay together: the group of a source, read from its key."""

from __future__ import annotations

import re
from functools import lru_cache

from augcli.errors import DatasetError

_PLACEHOLDER = re.compile(r"\{([A-Za-z_]\w*)\}")


@lru_cache
def compile_group(pattern: str) -> re.Pattern[str]:
    """The expression whose first group is the source's group.

    `pattern` has placeholders (`{car}_{view}`: the group is the first one's text; each takes as little as it
    can and no `/`) or is a regular expression with exactly one group, searched for anywhere.
    Raises DatasetError for a pattern that is neither.
    """
    if _PLACEHOLDER.search(pattern):
        return _from_placeholders(pattern)
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        raise _bad(pattern, f"is not a regular expression ({error.msg})") from error
    if compiled.groups != 1:
        raise _bad(pattern, f"has {compiled.groups} groups instead of one")
    return compiled


def group_of(key: str, pattern: str | None) -> str:
    """The group of a source key: the key itself without a pattern.

    A pattern with `/` is held against the whole key, another against its last component.
    Raises DatasetError for a key that does not fit.
    """
    if pattern is None:
        return key
    text = key if "/" in pattern else key.rpartition("/")[2]
    compiled = compile_group(pattern)
    hit = compiled.search(text)
    if hit is None or not hit[1]:
        what = f"the source {key} does not fit group: {pattern}"
        raise DatasetError(what, hint="change the pattern so that it fits every source")
    return hit[1]


def _from_placeholders(pattern: str) -> re.Pattern[str]:
    """Placeholders as groups, what stands between them as it is; a name's second use means the same text."""
    seen: set[str] = set()
    parts = _PLACEHOLDER.split(pattern)
    for index in range(1, len(parts), 2):
        name = parts[index]
        parts[index] = f"(?P={name})" if name in seen else f"(?P<{name}>[^/]+?)"
        seen.add(name)
    parts[::2] = [re.escape(text) for text in parts[::2]]
    return re.compile(rf"\A{''.join(parts)}\Z")


def _bad(pattern: str, what: str) -> DatasetError:
    hint = 'write placeholders like "{car}_{view}", or a regular expression with one group'
    return DatasetError(f"group: {pattern} {what}", hint=hint)
