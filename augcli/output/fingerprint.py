"""What decides the bytes besides the recipe and the sources: versions, and the CPU path OpenCV chose."""

from __future__ import annotations

from importlib.metadata import version


def fingerprint() -> dict[str, str]:
    """Versions of augcli, numpy, OpenCV and the codecs, and OpenCV's CPU features in use."""
    import cv2  # here, so that reading and checking a recipe does not load OpenCV
    import numpy as np
    import PIL
    import simplejpeg
    from PIL import features

    used = [name for name in cv2.getCPUFeaturesLine().split() if not name.endswith("?")]
    codecs = {name: str(features.version(name)) for name in ("libjpeg_turbo", "zlib", "webp", "libtiff")}
    return {
        "augcli": version("augcli"),
        "numpy": np.__version__,
        "opencv": cv2.__version__,
        "opencv cpu": " ".join(used),
        "pillow": PIL.__version__,
        "simplejpeg": simplejpeg.__version__,
        **codecs,
    }
