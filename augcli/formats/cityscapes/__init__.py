"""Cityscapes: its JSON polygons, read and written."""
