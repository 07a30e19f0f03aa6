"""Data sets on disk: finding images and their masks, and naming what is written."""

from __future__ import annotations

from augcli.formats.detect import LAYOUTS, read_dataset
from augcli.formats.group import group_of
from augcli.formats.naming import copy_name

__all__ = ["LAYOUTS", "copy_name", "group_of", "read_dataset"]
