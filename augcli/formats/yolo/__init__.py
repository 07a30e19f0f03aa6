"""YOLO's label files: finding and reading them, as COCO's JSON texts; nothing of the pixels."""
