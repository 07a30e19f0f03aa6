"""No pixel and no point goes through BLAS, whose sums differ in their last bits from CPU to CPU."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import augcli

ROOT = Path(augcli.__file__).parent
# What NumPy hands to BLAS or LAPACK, or may hand to it (convolve, cov, einsum); OpenCV's gemm and SVD too.
BLAS = """
dot vdot inner matmul matvec vecmat vecdot tensordot einsum multi_dot linalg convolve correlate cov corrcoef
polyfit lstsq matrix_power gemm mulTransposed solve SVDecomp eigen PCACompute calcCovarMatrix
""".split()  # noqa: SIM905 - words read better here than a list of strings


def through_blas(code: str) -> Iterator[str]:
    """The lines of `code` that name something of BLAS: `3: dot`."""
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.MatMult):
            yield f"{node.lineno}: @"
        names = {
            ast.Attribute: lambda n: [n.attr],
            ast.ImportFrom: lambda n: [*(n.module or "").split("."), *(alias.name for alias in n.names)],
            ast.Import: lambda n: [part for alias in n.names for part in alias.name.split(".")],
        }.get(type(node), lambda _: [])(node)
        yield from (f"{node.lineno}: {name}" for name in names if name in BLAS)


def test_no_module_goes_through_blas():
    wrong = [
        f"{path.relative_to(ROOT)}:{line}"
        for path in sorted(ROOT.rglob("*.py"))
        for line in through_blas(path.read_text())
    ]
    assert wrong == [], "use product or solved of augcli.geometry, or plain arithmetic on whole arrays"


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("colors @ matrix", "1: @"),
        ("colors @= matrix", "1: @"),
        ("np.dot(a, b)", "1: dot"),
        ("a.dot(b)", "1: dot"),
        ("np.linalg.norm(a)", "1: linalg"),
        ("from numpy.linalg import norm", "1: linalg"),
        ("from numpy import einsum", "1: einsum"),
        ("import scipy.linalg as la", "1: linalg"),
        ("f(np.convolve, a)", "1: convolve"),
    ],
)
def test_what_goes_through_blas_is_found(code, found):
    assert list(through_blas(code)) == [found]


def test_decorators_and_sums_are_not_blas():
    assert list(through_blas("@property\ndef total(a): return a.sum() + np.multiply.outer(a, a)")) == []
