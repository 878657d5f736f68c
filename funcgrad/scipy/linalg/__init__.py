"""scipy.linalg's names, over stacks of matrices: those below differentiate, all others are SciPy's own.

Without a traced value among the arguments each is SciPy's own function. Nothing is ever overwritten, whatever
`overwrite_a` and its like say; `check_finite` looks at numbers that are known; which of LAPACK's drivers is asked for
changes nothing. A name that is not below refuses a traced value.

>>> import numpy as np
>>> from funcgrad import grad
>>> import funcgrad.scipy.linalg as linalg
>>> grad(lambda b: linalg.solve(np.array([[2.0, 1.0], [0.0, 4.0]]), b)[0])(np.ones(2))
array([ 0.5  , -0.125])
"""

from typing import Any

import scipy.linalg as _linalg

from funcgrad.scipy.linalg.factors import (
    cho_factor,
    cholesky,
    det,
    eig,
    eigh,
    eigvals,
    eigvalsh,
    lu,
    lu_factor,
    norm,
    polar,
    qr,
    svd,
    svdvals,
)
from funcgrad.scipy.linalg.functions import (
    coshm,
    cosm,
    expm,
    expm_frechet,
    logm,
    sinhm,
    sinm,
    solve_continuous_lyapunov,
    solve_discrete_lyapunov,
    solve_lyapunov,
    solve_sylvester,
    sqrtm,
    tanhm,
    tanm,
)
from funcgrad.scipy.linalg.structured import block_diag, circulant, hankel, toeplitz
from funcgrad.scipy.linalg.systems import (
    cho_solve,
    inv,
    lstsq,
    lu_solve,
    pinv,
    solve,
    solve_banded,
    solve_circulant,
    solve_toeplitz,
    solve_triangular,
    solveh_banded,
)

__all__ = [
    "block_diag", "cho_factor", "cho_solve", "cholesky", "circulant", "coshm", "cosm", "det", "eig", "eigh", "eigvals",
    "eigvalsh", "expm", "expm_frechet", "hankel", "inv", "logm", "lstsq", "lu", "lu_factor", "lu_solve", "norm", "pinv",
    "polar", "qr", "sinhm", "sinm", "solve", "solve_banded", "solve_circulant", "solve_continuous_lyapunov",
    "solve_discrete_lyapunov", "solve_lyapunov", "solve_sylvester", "solve_toeplitz", "solve_triangular",
    "solveh_banded", "sqrtm", "svd", "svdvals", "tanhm", "tanm", "toeplitz",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    """SciPy's own."""
    return getattr(_linalg, name)


def __dir__() -> list[str]:
    return sorted({*dir(_linalg), *__all__})
