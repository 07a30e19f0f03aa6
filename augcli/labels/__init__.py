"""Annotations: checked, moved with the pixels of their picture, numbered and written."""
