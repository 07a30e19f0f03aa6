"""Pascal VOC's XML files: finding and reading them, as COCO's JSON texts; nothing of the pixels."""
