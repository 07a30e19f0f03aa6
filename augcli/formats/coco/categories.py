"""The categories of an annotation file: those that can be used, and why others cannot."""

from __future__ import annotations
