"""The tests as they run on other CPUs: each setting switches off what NumPy, OpenCV or OpenBLAS found here.

python other_cpus.py [--without-openblas] [arguments of pytest]
"""

import os
import platform
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence

import cv2
import numpy as np

OPENCV_OFF = ("AVX2", "AVX", "FP16", "FMA3")  # what the builds of OpenCV choose between on Intel and AMD
OLD_CORES = ("Nehalem", "Haswell")  # without AVX, and without AVX-512: two orders of adding


def settings(
    numpy_found: Sequence[str], opencv_used: Sequence[str], environ: Mapping[str, str]
) -> Iterator[str]:
    """One environment variable each, `NAME=value`; none for what is not there, or is set already."""
    if "X86_V3" in numpy_found:
        yield "NPY_DISABLE_CPU_FEATURES=X86_V3"
    if numpy_found and list(numpy_found) != ["X86_V3"]:
        yield f"NPY_DISABLE_CPU_FEATURES={' '.join(numpy_found)}"
    if "AVX2" in opencv_used:
        yield f"OPENCV_CPU_DISABLE={','.join(OPENCV_OFF)}"
    if platform.machine() in ("x86_64", "AMD64") and "OPENBLAS_CORETYPE" not in environ:
        yield from (f"OPENBLAS_CORETYPE={core}" for core in OLD_CORES)


def settings_here() -> list[str]:
    """The settings for this machine."""
    numpy_found = np.show_config(mode="dicts")["SIMD Extensions"].get("found", [])
    opencv_used = [name.lstrip("*") for name in cv2.getCPUFeaturesLine().split() if not name.endswith("?")]
    return list(settings(numpy_found, opencv_used, os.environ))


def passes(setting: str, arguments: Sequence[str]) -> bool:
    """Whether pytest with these arguments is green under a setting."""
    print(f"\n{setting}", flush=True)  # noqa: T201 - the heading of pytest's own output
    name, value = setting.split("=", 1)
    command = [sys.executable, "-m", "pytest", "-n", "auto", *arguments]
    return subprocess.run(command, env={**os.environ, name: value}, check=False).returncode == 0


def main(arguments: Sequence[str]) -> str:
    """What is wrong, in words for `sys.exit`; empty where all is green."""
    without = "--without-openblas"
    chosen = [one for one in settings_here() if not (without in arguments and one.startswith("OPENBLAS"))]
    failed = [one for one in chosen if not passes(one, [a for a in arguments if a != without])]
    return f"not green under {' and '.join(failed)}" if failed else ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]) or 0)
