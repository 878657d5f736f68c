"""scipy.sparse.linalg's names: `spsolve` differentiates, all others are SciPy's own, and refuse a traced value."""

from typing import Any

import scipy.sparse.linalg as _linalg

from funcgrad.errors import UnsupportedFunction
from funcgrad.graph.provenance import refuse
from funcgrad.primitives.shaping import Reshape
from funcgrad.scipy.mirroring import arrays, mirrors
from funcgrad.scipy.sparse.arrays import Sparse, parts
from funcgrad.scipy.sparse.multiplying import SparseSolve

__all__ = ["spsolve"]


@mirrors(_linalg.spsolve)
def spsolve(A: Any, b: Any, permc_spec: Any = None, use_umfpack: bool = True) -> Any:
    """x with A x = b for a sparse A, of which only the elements that it has can move.

    >>> import numpy as np
    >>> from funcgrad import grad
    >>> from funcgrad.scipy.sparse import diags_array
    >>> grad(lambda d: spsolve(diags_array(d).T, np.array([2.0, 3.0]))[1])(np.array([1.0, 2.0]))      # 3/d₁
    array([ 0.  , -0.75])
    """
    if permc_spec is not None:
        refuse(UnsupportedFunction, "spsolve with permc_spec= is not supported on a traced value.", "Leave it out.")
    if not isinstance(A, Sparse) or isinstance(b, Sparse):
        refuse(
            UnsupportedFunction,
            "spsolve takes a sparse matrix and a dense right side beside a traced value.",
            "Write np.linalg.solve(A, b) for a dense A, and b.toarray() for a sparse b.",
        )
    M, (b,) = parts(A), arrays(False, b)
    if M.shape[0] != M.shape[1]:
        raise ValueError(f"matrix must be square (has shape {M.shape})")
    if b.ndim not in (1, 2) or b.shape[0] != M.shape[0]:
        raise ValueError(f"matrix - rhs dimension mismatch ({M.shape} - {b.shape[0] if b.ndim else 0})")
    vector = b.ndim == 1 or b.shape[1] == 1  # as SciPy has it: a single column becomes a vector
    B = Reshape((M.shape[0], 1 if vector else b.shape[1]))(b)
    X = SparseSolve(M.shape[0], M.turned)(M.data, B, M.pattern.indices, M.pattern.indptr)
    return Reshape((M.shape[0],))(X) if vector else X


def __getattr__(name: str) -> Any:
    """SciPy's own."""
    return getattr(_linalg, name)


def __dir__() -> list[str]:
    return sorted({*dir(_linalg), *__all__})
