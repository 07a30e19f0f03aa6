"""Data sets on disk: finding images and their masks, and naming what is written."""

from __future__ import annotations

from augcli.formats.detect import LAYOUTS, read_dataset
from augcli.formats.group import group_of
from augcli.formats.naming import copy_name
from augcli.formats.pages import with_pages
from augcli.formats.roundtrip import check_again
from augcli.formats.splits import shared_groups
from augcli.formats.suggest_pattern import equal_pattern

__all__ = [
    "LAYOUTS",
    "check_again",
    "copy_name",
    "equal_pattern",
    "group_of",
    "read_dataset",
    "shared_groups",
    "with_pages",
]
