"""COCO's annotation files: finding and reading them, as JSON texts; nothing of the pixels."""
