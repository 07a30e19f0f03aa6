"""The transforms, a family a file. Importing this package registers them all in `TRANSFORMS`."""

from augcli.transforms import color, elastic, filters, frames, geometric, tone
from augcli.transforms.base import TRANSFORMS, Transform

__all__ = ["TRANSFORMS", "Transform", "color", "elastic", "filters", "frames", "geometric", "tone"]
