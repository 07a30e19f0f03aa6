"""What `make portable` switches off."""

import pytest
from support.other_cpus import settings

ALL = [
    "NPY_DISABLE_CPU_FEATURES=X86_V3",
    "NPY_DISABLE_CPU_FEATURES=X86_V3 X86_V4",
    "OPENCV_CPU_DISABLE=AVX2,AVX,FP16,FMA3",
    "OPENBLAS_CORETYPE=Nehalem",
    "OPENBLAS_CORETYPE=Haswell",
]


@pytest.mark.parametrize(
    ("machine", "numpy_found", "opencv_used", "environ", "expected"),
    [
        ("x86_64", ["X86_V3", "X86_V4"], ["SSE4.1", "AVX2"], {}, ALL),
        ("x86_64", ["X86_V3"], ["AVX2"], {}, [ALL[0], *ALL[2:]]),
        ("x86_64", ["X86_V3", "X86_V4"], ["AVX2"], {"OPENBLAS_CORETYPE": "Zen"}, ALL[:3]),
        ("x86_64", ["AVX", "AVX2"], ["SSE4.1"], {}, ["NPY_DISABLE_CPU_FEATURES=AVX AVX2", *ALL[3:]]),
        ("x86_64", [], [], {}, ALL[3:]),
        ("arm64", ["ASIMDHP"], ["NEON"], {}, ["NPY_DISABLE_CPU_FEATURES=ASIMDHP"]),
    ],
)
def test_only_what_is_there_is_switched_off(
    monkeypatch, machine, numpy_found, opencv_used, environ, expected
):
    monkeypatch.setattr("platform.machine", lambda: machine)
    assert list(settings(numpy_found, opencv_used, environ)) == expected
