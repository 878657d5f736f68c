"""Sparse arrays: SciPy's own times a traced value, and arrays of traced elements.

`A @ x`, `x @ A`, `A.T @ x` and `A.dot(x)` differentiate for every format of `scipy.sparse`, with nothing to import. The
constructors below take traced elements, and are SciPy's own where nothing is traced; so are all other names.

>>> import numpy as np
>>> import scipy.sparse
>>> from funcgrad import grad
>>> A = scipy.sparse.csr_array([[1.0, 0.0, 2.0], [0.0, 3.0, 0.0]])
>>> grad(lambda x: np.sum(A @ x))(np.ones(3))
array([1., 3., 2.])
"""

from typing import Any

import scipy.sparse as _sparse

import funcgrad.scipy.sparse.krylov  # noqa: F401  # REASON: imported to fill the table of methods of linear_solve
from funcgrad.scipy.sparse import linalg
from funcgrad.scipy.sparse.arrays import SparseArray, coo_array, csc_array, csr_array, diags_array

__all__ = ["SparseArray", "coo_array", "csc_array", "csr_array", "diags_array", "linalg"]


def __getattr__(name: str) -> Any:
    """SciPy's own."""
    return getattr(_sparse, name)


def __dir__() -> list[str]:
    return sorted({*dir(_sparse), *__all__})
