"""The transforms, a family a file. Importing this package registers them all in `TRANSFORMS`."""

from augcli.transforms import (
    blur,
    color,
    distortion,
    elastic,
    filters,
    geometric,
    histogram,
    light,
    noise,
    perspective,
    sharpen,
    tiles,
    tone,
    weather,
)
from augcli.transforms import channel as channels
from augcli.transforms import compression as artefact
from augcli.transforms import crop as frames
from augcli.transforms import dropout as dropping
from augcli.transforms import mask_aware as labelled
from augcli.transforms import mask_dropout as objects
from augcli.transforms import policy as policies
from augcli.transforms.base import TRANSFORMS, Transform

__all__ = [
    "TRANSFORMS",
    "Transform",
    "artefact",
    "blur",
    "channels",
    "color",
    "distortion",
    "dropping",
    "elastic",
    "filters",
    "frames",
    "geometric",
    "histogram",
    "labelled",
    "light",
    "noise",
    "objects",
    "perspective",
    "policies",
    "sharpen",
    "tiles",
    "tone",
    "weather",
]
