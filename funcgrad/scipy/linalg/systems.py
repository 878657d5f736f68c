"""scipy.linalg's solvers of systems of equations."""

from typing import Any

import numpy as np
import scipy.linalg

from funcgrad.numpy.creation import take
from funcgrad.numpy.factoring import lstsq as least_squares
from funcgrad.numpy.factoring import matrix_rank
from funcgrad.numpy.factoring import pinv as pseudo_inverse
from funcgrad.primitives.contracting import turned
from funcgrad.primitives.shaping import Reshape
from funcgrad.primitives.solving import Inverse
from funcgrad.primitives.solving import solve as solved
from funcgrad.scipy.linalg.eliminating import BandedSolve, Order, in_columns, permuted, substitute
from funcgrad.scipy.linalg.structured import toeplitz
from funcgrad.scipy.mirroring import arrays, mirrors, unsupported

#: What a matrix may be assumed to be, by all its names.
STRUCTURES = {
    None: "general", "general": "general", "gen": "general", "banded": "general", "diagonal": "diagonal",
    "tridiagonal": "tridiagonal", "upper triangular": "upper", "lower triangular": "lower", "symmetric": "symmetric",
    "sym": "symmetric", "hermitian": "hermitian", "her": "hermitian", "positive definite": "hermitian",
    "pos": "hermitian",
}  # fmt: skip


def squares(a: Any) -> Any:
    """A stack of square matrices, or SciPy's error."""
    if a.ndim < 2:
        raise ValueError(f"Expected at least ndim=2, got a.ndim={a.ndim}")
    if a.shape[-1] != a.shape[-2]:
        raise ValueError(f"Expected square matrix, got a.shape={a.shape}")
    return a


def by_columns(solve: Any, a: Any, b: Any) -> Any:
    """What a solver of matrices makes of b, a vector if it has one axis."""
    if not b.ndim or b.shape[-2 if b.ndim > 1 else 0] != a.shape[-1]:
        raise ValueError(f"incompatible shapes: a.shape={a.shape} and b.shape={b.shape}")
    x = solve(a, b if b.ndim > 1 else Reshape((*b.shape, 1))(b))
    return x if b.ndim > 1 else Reshape(x.shape[:-1])(x)


def mirrored(a: Any, lower: bool, conjugated: bool) -> Any:
    """The symmetric or Hermitian matrix of which one triangle is given, and no more is read."""
    half = np.tril(a) if lower else np.triu(a)
    other = turned(np.tril(a, -1) if lower else np.triu(a, 1))
    if not conjugated or a.dtype.kind != "c":
        return half + other
    eye = np.eye(a.shape[-1], dtype=a.dtype)
    return half * (1 - eye) + np.real(half) * eye + np.conjugate(other)


def structured(a: Any, assume_a: Any, lower: bool) -> Any:
    """The matrix that is meant where only part of it is read."""
    if assume_a not in STRUCTURES:
        raise ValueError(f"{assume_a} is not a recognized matrix structure")
    kind = STRUCTURES[assume_a]
    if kind in ("symmetric", "hermitian"):
        return mirrored(a, lower, kind == "hermitian")
    if kind == "general":
        return a
    below, above = {"diagonal": (0, 0), "tridiagonal": (1, 1), "upper": (0, None), "lower": (None, 0)}[kind]
    a = a if above is None else np.tril(a, above)
    return a if below is None else np.triu(a, -below)


@mirrors(scipy.linalg.solve)
def solve(
    a: Any,
    b: Any,
    lower: bool = False,
    overwrite_a: bool = False,
    overwrite_b: bool = False,
    check_finite: bool = True,
    assume_a: Any = None,
    transposed: bool = False,
) -> Any:
    """x with a x = b, for stacks of matrices. Of a symmetric or triangular a, only what SciPy reads has a derivative.

    Nothing is ever overwritten. The structure of a general matrix is not looked for.
    """
    a, b = arrays(check_finite, a, b)
    a = structured(squares(a), assume_a, lower)
    a = turned(a) if transposed else a
    kind = STRUCTURES[assume_a]
    if kind in ("upper", "lower"):
        return by_columns(lambda a, b: substitute(a, b, (kind == "lower") != transposed), a, b)
    return by_columns(solved, a, b)


@mirrors(scipy.linalg.inv)
def inv(
    a: Any, overwrite_a: bool = False, check_finite: bool = True, *, assume_a: Any = None, lower: bool = False
) -> Any:
    """a⁻¹."""
    (a,) = arrays(check_finite, a)
    return Inverse()(structured(squares(a), assume_a, lower))


#: The ways to read a matrix: as it is, transposed, transposed and conjugated.
TRANS = {0: 0, "N": 0, 1: 1, "T": 1, 2: 2, "C": 2}


@mirrors(scipy.linalg.solve_triangular)
def solve_triangular(
    a: Any,
    b: Any,
    trans: Any = 0,
    lower: bool = False,
    unit_diagonal: bool = False,
    overwrite_b: bool = False,
    check_finite: bool = True,
) -> Any:
    """x with a x = b for a triangular a, by substitution; the other triangle has no derivative.

    >>> import numpy as np
    >>> from funcgrad import grad
    >>> a = np.array([[2.0, 0.0], [1.0, 4.0]])
    >>> grad(lambda b: solve_triangular(a, b, lower=True)[1])(np.array([2.0, 5.0]))
    array([-0.125,  0.25 ])
    """
    a, b = arrays(check_finite, a, b)
    return triangular(squares(a), b, trans, bool(lower), bool(unit_diagonal))


def triangular(a: Any, b: Any, trans: Any, lower: bool, unit: bool = False) -> Any:
    """x with a x = b, aᵀ x = b or aᴴ x = b for a triangular a."""
    if trans not in TRANS:
        raise ValueError(f"trans must be one of {list(TRANS)}, not {trans!r}")
    trans = TRANS[trans]
    a = turned(a) if trans else a
    a = np.conjugate(a) if trans == 2 else a
    return by_columns(lambda a, b: substitute(a, b, lower != bool(trans), unit), a, b)


@mirrors(scipy.linalg.cho_solve)
def cho_solve(c_and_lower: Any, b: Any, overwrite_b: bool = False, check_finite: bool = True) -> Any:
    """x with a x = b, from the Cholesky factor of a by `cho_factor`."""
    (c, lower), (b,) = c_and_lower, arrays(check_finite, b)
    (c,) = arrays(check_finite, c)
    first, second = (0, 2) if lower else (2, 0)

    def solve(c: Any, b: Any) -> Any:
        return triangular(c, triangular(c, b, first, bool(lower)), second, bool(lower))

    return by_columns(solve, squares(c), b)


@mirrors(scipy.linalg.lu_solve)
def lu_solve(lu_and_piv: Any, b: Any, trans: Any = 0, overwrite_b: bool = False, check_finite: bool = True) -> Any:
    """x with a x = b, aᵀ x = b (trans=1) or aᴴ x = b (trans=2), from the factors of a by `lu_factor`."""
    (lu, pivots), (b,) = lu_and_piv, arrays(check_finite, b)
    (lu,) = arrays(check_finite, lu)
    order = Order(squares(lu).shape[-1])(pivots if hasattr(pivots, "shape") else np.asarray(pivots))

    def forwards(a: Any, b: Any) -> Any:
        return substitute(a, substitute(a, rows_of(b, order), True, True), False)

    def backwards(a: Any, b: Any) -> Any:
        x = triangular(a, triangular(a, b, trans, False), trans, True, True)
        return rows_of(x, np.argsort(order, axis=-1))

    return by_columns(backwards if TRANS[trans] else forwards, lu, b)


def rows_of(b: Any, order: Any) -> Any:
    """The rows of stacks of matrices in an order for each, or in one order for all."""
    if order.ndim == 1:
        return take(b, order, axis=-2)
    stack = np.broadcast_shapes(order.shape[:-1], b.shape[:-2])
    return permuted(np.broadcast_to(b, (*stack, *b.shape[-2:])), np.broadcast_to(order, (*stack, order.shape[-1])))


# ---- bands -----------------------------------------------------------------------------------------------------------
@mirrors(scipy.linalg.solve_banded)
def solve_banded(
    l_and_u: Any, ab: Any, b: Any, overwrite_ab: bool = False, overwrite_b: bool = False, check_finite: bool = True
) -> Any:
    """x with a x = b, where ab[u + i - j, j] = a[i, j] for l diagonals below and u above the main one.

    What ab holds beside the matrix has no derivative.
    """
    below, above = map(int, l_and_u)
    ab, b = arrays(check_finite, ab, b)
    return banded(below, above, ab, b)


def banded(below: int, above: int, ab: Any, b: Any) -> Any:
    """x with a x = b for a matrix of bands."""
    if ab.ndim < 2 or below + above + 1 != ab.shape[-2]:
        rows = ab.shape[-2] if ab.ndim > 1 else 0
        raise ValueError(
            f"invalid values for the number of lower and upper diagonals: l+u+1 ({below + above + 1}) does not equal "
            f"ab.shape[0] ({rows})"
        )
    return by_columns(lambda a, b: in_columns(BandedSolve(below, above), a, b), ab, b)


@mirrors(scipy.linalg.solveh_banded)
def solveh_banded(
    ab: Any,
    b: Any,
    overwrite_ab: bool = False,
    overwrite_b: bool = False,
    lower: bool = False,
    check_finite: bool = True,
) -> Any:
    """x with a x = b for a Hermitian a, the diagonals of one of its triangles given. It need not be positive."""
    ab, b = arrays(check_finite, ab, b)
    k, n = ab.shape[-2] - 1, ab.shape[-1]
    d, j = np.arange(1, k + 1)[:, None], np.arange(n)
    if lower:  # row d has a[j + d, j]; its conjugate belongs in column j + d
        main, given = ab[..., :1, :], ab[..., 1:, :]
        moved = np.where(j >= d, np.conjugate(given[..., d - 1 + 0 * j, (j - d) % max(n, 1)]), 0)
        full = np.concatenate([moved[..., ::-1, :], np.real(main), given], axis=-2)
    else:
        main, given = ab[..., k:, :], ab[..., :k, :][..., ::-1, :]
        moved = np.where(j + d < n, np.conjugate(given[..., d - 1 + 0 * j, (j + d) % max(n, 1)]), 0)
        full = np.concatenate([given[..., ::-1, :], np.real(main), moved], axis=-2)
    return banded(k, k, full, b)


@mirrors(scipy.linalg.solve_toeplitz)
def solve_toeplitz(c_or_cr: Any, b: Any, check_finite: bool = True) -> Any:
    """x with T x = b, where T is the Toeplitz matrix of a column c and a row r, made and eliminated in full."""
    c, r = c_or_cr if isinstance(c_or_cr, tuple) else (c_or_cr, None)
    c, b = arrays(check_finite, c, b)
    r = r if r is None else arrays(check_finite, r)[0]
    return by_columns(solved, toeplitz(c, r), b)


@mirrors(scipy.linalg.solve_circulant)
def solve_circulant(
    c: Any, b: Any, singular: str = "raise", tol: Any = None, caxis: int = -1, baxis: int = 0, outaxis: int = 0
) -> Any:
    """x with C x = b, where c is the first column of a circulant matrix, by Fourier transforms."""
    if (caxis, baxis, outaxis) != (-1, 0, 0) or singular != "raise" or tol is not None:
        unsupported("linalg.solve_circulant", "caxis=, baxis=, outaxis=, singular= or tol=", "Leave them out.")
    c, b = arrays(False, c, b)
    if c.ndim != 1:
        unsupported("linalg.solve_circulant", "several columns", "Map it over them with vmap.")
    spectrum = np.fft.fft(b, axis=0) / Reshape((c.shape[0], *(1,) * (b.ndim - 1)))(np.fft.fft(c))
    x = np.fft.ifft(spectrum, axis=0)
    return x if "c" in (b.dtype.kind, c.dtype.kind) else np.real(x)


# ---- least squares ---------------------------------------------------------------------------------------------------
@mirrors(scipy.linalg.pinv)
def pinv(a: Any, *, atol: Any = None, rtol: Any = None, return_rank: bool = False, check_finite: bool = True) -> Any:
    """a⁺, its derivative that among matrices of the same rank."""
    if atol is not None and atol != 0:
        unsupported("linalg.pinv", "atol=", "Write rtol=atol / s, with s the largest singular value.")
    (a,) = arrays(check_finite, a)
    rtol = max(a.shape[-2:]) * float(np.finfo(a.dtype).eps) if rtol is None else rtol
    inverse = pseudo_inverse(a, rtol=rtol)
    return (inverse, matrix_rank(a, rtol=rtol)) if return_rank else inverse


@mirrors(scipy.linalg.lstsq)
def lstsq(
    a: Any,
    b: Any,
    cond: Any = None,
    overwrite_a: bool = False,
    overwrite_b: bool = False,
    check_finite: bool = True,
    lapack_driver: Any = None,
) -> Any:
    """x of least |x| among those of least |b - a x|, the residuals, the rank, the singular values of a."""
    if lapack_driver == "gelsy":
        unsupported("linalg.lstsq", "lapack_driver='gelsy'", "It finds no singular values. Leave it out.")
    a, b = arrays(check_finite, a, b)
    x, residuals, rank, s = least_squares(a, b, float(np.finfo(a.dtype).eps) if cond is None else cond)
    return x, (Reshape(())(residuals) if b.ndim == 1 and residuals.shape == (1,) else residuals), rank, s
