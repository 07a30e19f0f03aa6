"""What decides the bytes besides the recipe and the sources: versions, and the CPU path OpenCV chose."""

from __future__ import annotations

from importlib.metadata import version


def fingerprint() -> dict[str, str]:
    """Versions of augcli, numpy, OpenCV and the codecs, and OpenCV's CPU features in use."""
    import cv2  # here, so that reading and checking a recipe does not load OpenCV
    from PIL import features

    used = [name for name in cv2.getCPUFeaturesLine().split() if not name.endswith("?")]
    codecs = {name: str(features.version(name)) for name in ("libjpeg_turbo", "zlib", "webp", "libtiff")}
    packages = ("augcli", "numpy", "opencv-python-headless", "pillow", "simplejpeg")
    return {name: version(name) for name in packages} | codecs | {"opencv cpu": " ".join(used)}
