"""Products of small matrices and systems of linear equations, added up in one order on every CPU.

BLAS adds in the order that is fastest on the CPU at hand, and the last bits of a sum decide a tie.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Matrix = npt.NDArray[np.float64]


def product(left: npt.ArrayLike, right: npt.ArrayLike) -> Matrix:
    """A matrix (n, k) times one (k, m) or a vector (k,): each sum goes from the first of k to the last."""
    columns, rows = np.asarray(left, np.float64).T, np.asarray(right, np.float64)
    total: Matrix = np.multiply.outer(columns[0], rows[0])
    for column, row in zip(columns[1:], rows[1:], strict=True):
        total += np.multiply.outer(column, row)
    return total


def solved(system: npt.ArrayLike, values: npt.ArrayLike) -> Matrix:
    """The x (n, m) with system (n, n) times x = values (n, m), for a system that is not singular.

    Gauss-Jordan elimination with partial pivoting (Golub and Van Loan, "Matrix Computations", 3.4).
    """
    rows = np.concatenate([np.asarray(system, np.float64), np.asarray(values, np.float64)], axis=1)
    for step in range(len(rows)):
        pivot = step + int(np.argmax(np.abs(rows[step:, step])))
        rows[[step, pivot]] = rows[[pivot, step]]
        rows[step] /= rows[step, step]
        factors = rows[:, step].copy()
        factors[step] = 0
        rows -= np.multiply.outer(factors, rows[step])
    return rows[:, len(rows) :]
