"""What decides the bytes besides the recipe and the sources: versions, and the CPU paths that are taken."""

from __future__ import annotations

import hashlib
import platform
import zlib
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec

DISTRIBUTIONS = (
    *("numpy", "pillow", "simplejpeg", "tifffile", "pycocotools", "shapely"),
    *("msgspec", "pyyaml"),  # annotation files and data.yaml are written with them
)
# Libraries inside of Pillow, by Pillow's names; its zlib is another than Python's.
PILLOW_CODECS = ("libjpeg_turbo", "zlib", "zlib_ng", "webp", "libtiff", "jpg_2000", "littlecms2")
ABSENT = "absent"


def fingerprint() -> dict[str, str]:
    """Each part by its name: augcli, Python, the libraries that touch a byte, and the CPU features in use.

    A part that is not installed is `absent`.
    """
    return {
        "augcli": version("augcli"),
        **{name: version(name) for name in DISTRIBUTIONS},
        "imagecodecs": _imagecodecs(),
        **_opencv(),
        **_pillow_codecs(),
        **_numpy_cpu(),
        **_geos(),
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "python zlib": zlib.ZLIB_RUNTIME_VERSION,
        "libc": " ".join(platform.libc_ver()).strip()
        or platform.system(),  # its sine, exponential, logarithm
    }


def _imagecodecs() -> str:
    """What tifffile compresses with where it is installed, and with Python's zlib where it is not."""
    try:
        return version("imagecodecs") if find_spec("imagecodecs") else ABSENT
    except PackageNotFoundError:
        return "unknown"


def _opencv() -> dict[str, str]:
    """OpenCV's version, how it was built (a digest), and the features that it and Intel's IPP use."""
    import cv2  # here, as all below, so that reading and checking a recipe loads none of them

    used = [name for name in cv2.getCPUFeaturesLine().split() if not name.endswith("?")]
    build = hashlib.sha256(cv2.getBuildInformation().encode()).hexdigest()
    return {
        "opencv": cv2.__version__,
        "opencv build": build[:12],
        "opencv cpu": " ".join(used),
        "opencv ipp": cv2.ipp.getIppVersion() if cv2.ipp.useIPP() else "off",
    }


def _pillow_codecs() -> dict[str, str]:
    from PIL import features

    return {name: features.version(name) or ABSENT for name in PILLOW_CODECS}


def _numpy_cpu() -> dict[str, str]:
    import numpy as np

    extensions = np.show_config(mode="dicts")["SIMD Extensions"]  # without the keys whose list is empty
    return {"numpy cpu": " ".join(extensions.get("baseline", []) + extensions.get("found", [])) or "none"}


def _geos() -> dict[str, str]:
    import shapely

    return {"geos": shapely.geos_version_string}
