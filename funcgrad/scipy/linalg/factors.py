"""scipy.linalg's factors, eigenvalues, determinants and norms."""

from typing import Any

import numpy as np
import scipy.linalg

from funcgrad.primitives.contracting import matmul, turned
from funcgrad.primitives.shaping import Cast
from funcgrad.primitives.solving import Determinant
from funcgrad.scipy.linalg.eliminating import Lu, Pivots, permuted, substitute
from funcgrad.scipy.linalg.systems import mirrored, squares
from funcgrad.scipy.mirroring import arrays, double, mirrors, unsupported


@mirrors(scipy.linalg.det)
def det(a: Any, overwrite_a: bool = False, check_finite: bool = True) -> Any:
    """The determinant, whose gradient is right at singular matrices too."""
    (a,) = arrays(check_finite, a)
    return Determinant()(squares(double(a)))


@mirrors(scipy.linalg.norm)
def norm(a: Any, ord: Any = None, axis: Any = None, keepdims: bool = False, check_finite: bool = True) -> Any:
    """The norm of a vector or a matrix, its derivative at 0 being 0."""
    (a,) = arrays(check_finite, a)
    return np.linalg.norm(a, ord, axis, keepdims)


# ---- Cholesky --------------------------------------------------------------------------------------------------------
@mirrors(scipy.linalg.cholesky)
def cholesky(a: Any, lower: bool = False, overwrite_a: bool = False, check_finite: bool = True) -> Any:
    """The upper U with a = Uᴴ U, or the lower L with a = L Lᴴ; a moves as a Hermitian matrix."""
    (a,) = arrays(check_finite, a)
    return np.linalg.cholesky(squares(a), upper=not lower)


@mirrors(scipy.linalg.cho_factor)
def cho_factor(a: Any, lower: bool = False, overwrite_a: bool = False, check_finite: bool = True) -> Any:
    """The Cholesky factor for `cho_solve`, and whether it is the lower one; its other triangle is 0.

    >>> import numpy as np
    >>> from funcgrad import grad
    >>> from funcgrad.scipy.linalg import cho_solve
    >>> grad(lambda a: cho_solve(cho_factor(a), np.array([2.0, 3.0]))[1])(np.diag([1.0, 2.0]))
    array([[ 0.  , -0.5 ],
           [-0.5 , -0.75]])
    """
    return cholesky(a, lower, False, check_finite), lower


# ---- LU --------------------------------------------------------------------------------------------------------------
def factored(a: Any) -> tuple[Any, Any, Any]:
    """(p, L, U) of matrices of any shape: of wide ones, those of the first columns, and L⁻¹ times the others."""
    if a.ndim < 2:
        raise ValueError("The input array must be at least two-dimensional.")
    m, n = a.shape[-2:]
    if m >= n:
        p, L, U = Lu()(a)
        return plain(p), L, U
    p, L, U = Lu()(a[..., :m])
    p = plain(p)
    rest = substitute(L, permuted(a[..., m:], np.argsort(p, axis=-1)), True, True)
    return p, L, np.concatenate([U, rest], axis=-1)


def plain(p: Any) -> Any:
    """Integers, of which there is no derivative, as themselves where they are known."""
    return p.value if getattr(p, "known", False) else p


@mirrors(scipy.linalg.lu)
def lu(
    a: Any, permute_l: bool = False, overwrite_a: bool = False, check_finite: bool = True, p_indices: bool = False
) -> Any:
    """(P, L, U) with a = P L U; (P L, U) if `permute_l`; (p, L, U) with a = (L U)[p] if `p_indices`.

    >>> import numpy as np
    >>> from funcgrad import grad
    >>> grad(lambda a: lu(a)[2][1, 1])(np.array([[4.0, 2.0], [1.0, 3.0]]))      # a₁₁ - a₁₀ a₀₁/a₀₀
    array([[ 0.125, -0.25 ],
           [-0.5  ,  1.   ]])
    """
    (a,) = arrays(check_finite, a)
    p, L, U = factored(a)
    if permute_l:
        return permuted(L, p), U
    if p_indices:
        return p, L, U
    P = p[..., :, None] == np.arange(a.shape[-2])
    return P.astype(np.zeros(0, a.dtype).real.dtype), L, U


@mirrors(scipy.linalg.lu_factor)
def lu_factor(a: Any, overwrite_a: bool = False, check_finite: bool = True) -> Any:
    """(lu, piv): U and below it L without its diagonal of ones; row i was swapped with row piv[i]."""
    (a,) = arrays(check_finite, a)
    p, L, U = factored(a)
    (*stack, m, n), k = a.shape, min(a.shape[-2:])
    below = np.tril(L, -1)
    if m < n:
        below = np.concatenate([below, np.zeros((*stack, m, n - m), a.dtype)], axis=-1)
    elif m > n:
        U = np.concatenate([U, np.zeros((*stack, m - n, n), a.dtype)], axis=-2)
    return below + U, Pivots(k)(p)


# ---- QR, singular values ---------------------------------------------------------------------------------------------
#: NumPy's names of the modes.
MODES: dict[str, Any] = {"full": "complete", "r": "complete", "economic": "reduced"}


@mirrors(scipy.linalg.qr)
def qr(
    a: Any,
    overwrite_a: bool = False,
    lwork: Any = None,
    mode: str = "full",
    pivoting: bool = False,
    check_finite: bool = True,
) -> Any:
    """(Q, R) with a = Q R; a must have full column rank, or be wide."""
    if pivoting:
        unsupported("linalg.qr", "pivoting=True", "Choose the columns first, and leave it out.")
    if mode == "raw":
        unsupported("linalg.qr", "mode='raw'", "Use mode='economic'.")
    if mode not in MODES:
        raise ValueError("Mode argument should be one of ['full', 'r', 'economic', 'raw']")
    (a,) = arrays(check_finite, a)
    Q, R = np.linalg.qr(a, MODES[mode])
    return (R,) if mode == "r" else (Q, R)


@mirrors(scipy.linalg.svd)
def svd(
    a: Any,
    full_matrices: bool = True,
    compute_uv: bool = True,
    overwrite_a: bool = False,
    check_finite: bool = True,
    lapack_driver: str = "gesdd",
) -> Any:
    """(U, s, Vᴴ) with a = U diag(s) Vᴴ."""
    (a,) = arrays(check_finite, a)
    return tuple(np.linalg.svd(a, full_matrices)) if compute_uv else np.linalg.svd(a, compute_uv=False)


@mirrors(scipy.linalg.svdvals)
def svdvals(a: Any, overwrite_a: bool = False, check_finite: bool = True) -> Any:
    """The singular values, descending."""
    (a,) = arrays(check_finite, a)
    return np.linalg.svdvals(a)


@mirrors(scipy.linalg.polar)
def polar(a: Any, side: str = "right") -> Any:
    """(U, P) with a = U P, or P U if `side` is "left": UᴴU or UUᴴ is 1, P Hermitian and not negative."""
    if side not in ("right", "left"):
        raise ValueError("`side` must be either 'right' or 'left'")
    (a,) = arrays(False, a)
    U, s, W = np.linalg.svd(a, full_matrices=False)
    V = W if side == "right" else np.conjugate(turned(U))
    return matmul(U, W), matmul(np.conjugate(turned(V)) * s[..., None, :], V)


# ---- eigenvalues -----------------------------------------------------------------------------------------------------
def part(w: Any, subset_by_index: Any, subset_by_value: Any) -> slice:
    """Which eigenvalues are asked for."""
    if subset_by_value is not None:
        unsupported("linalg.eigh", "subset_by_value=", "How many there are depends on numbers. Use subset_by_index=.")
    if subset_by_index is None:
        return slice(None)
    low, high = map(int, subset_by_index)
    if not 0 <= low <= high < w.shape[-1]:
        raise ValueError(
            "Requested eigenvalue indices are not valid. Valid range is "
            f"[0, {w.shape[-1] - 1}] and start <= end, but start={low}, end={high} is given"
        )
    return slice(low, high + 1)


@mirrors(scipy.linalg.eigh)
def eigh(
    a: Any,
    b: Any = None,
    *,
    lower: bool = True,
    eigvals_only: bool = False,
    overwrite_a: bool = False,
    overwrite_b: bool = False,
    type: int = 1,
    check_finite: bool = True,
    subset_by_index: Any = None,
    subset_by_value: Any = None,
    driver: Any = None,
) -> Any:
    """(w, v) of a Hermitian matrix; with a positive definite b, of a v = w b v (type 1), a b v = w v or b a v = w v.

    a and b move as Hermitian matrices. With b = L Lᴴ the three are problems of L⁻¹ a L⁻ᴴ and Lᴴ a L. Golub and Van
    Loan, *Matrix computations* (2013), section 8.7.2.
    """
    if type not in (1, 2, 3):
        raise ValueError('"type" keyword only accepts 1, 2, and 3.')
    (a,) = arrays(check_finite, a)
    side: Any = "L" if lower else "U"
    L = None
    if b is not None:
        (b,) = arrays(check_finite, b)
        L = np.linalg.cholesky(b) if lower else np.conjugate(turned(np.linalg.cholesky(b, upper=True)))
        a = reduced(mirrored(a, lower, True), L, type)
    if eigvals_only:
        w = np.linalg.eigvalsh(a, side)
        return w[..., part(w, subset_by_index, subset_by_value)]
    w, v = np.linalg.eigh(a, side)
    some = part(w, subset_by_index, subset_by_value)
    if L is not None:
        v = matmul(L, v) if type == 3 else substitute(np.conjugate(turned(L)), v, False)
    return w[..., some], v[..., some]


def reduced(a: Any, L: Any, type: int) -> Any:
    """L⁻¹ a L⁻ᴴ, or Lᴴ a L."""
    if type == 1:
        half = substitute(L, a, True)
        return substitute(L, np.conjugate(turned(half)), True)
    return matmul(np.conjugate(turned(L)), matmul(a, L))


@mirrors(scipy.linalg.eigvalsh)
def eigvalsh(
    a: Any,
    b: Any = None,
    *,
    lower: bool = True,
    overwrite_a: bool = False,
    overwrite_b: bool = False,
    type: int = 1,
    check_finite: bool = True,
    subset_by_index: Any = None,
    subset_by_value: Any = None,
    driver: Any = None,
) -> Any:
    """The eigenvalues that `eigh` finds, where some are equal too."""
    return eigh(
        a, b, lower=lower, eigvals_only=True, type=type, check_finite=check_finite,
        subset_by_index=subset_by_index, subset_by_value=subset_by_value,
    )  # fmt: skip


@mirrors(scipy.linalg.eig)
def eig(
    a: Any,
    b: Any = None,
    left: bool = False,
    right: bool = True,
    overwrite_a: bool = False,
    overwrite_b: bool = False,
    check_finite: bool = True,
    homogeneous_eigvals: bool = False,
) -> Any:
    """(w, v) with a v = v diag(w), or a v = b v diag(w) for a regular b; w is complex."""
    if left:
        unsupported("linalg.eig", "left=True", "The left ones are those of a.T.")
    if homogeneous_eigvals:
        unsupported("linalg.eig", "homogeneous_eigvals=True", "Leave it out.")
    a = quotient(a, b, check_finite)
    if not right:
        return complex_of(np.linalg.eigvals(a))
    w, v = np.linalg.eig(a)
    return complex_of(w), v


@mirrors(scipy.linalg.eigvals)
def eigvals(
    a: Any, b: Any = None, overwrite_a: bool = False, check_finite: bool = True, homogeneous_eigvals: bool = False
) -> Any:
    """The complex eigenvalues that `eig` finds."""
    return eig(a, b, False, False, False, False, check_finite, homogeneous_eigvals)


def quotient(a: Any, b: Any, check_finite: bool) -> Any:
    """b⁻¹ a, or a."""
    (a,) = arrays(check_finite, a)
    return squares(a) if b is None else np.linalg.solve(squares(arrays(check_finite, b)[0]), squares(a))


def complex_of(w: Any) -> Any:
    """The same numbers as complex ones."""
    return w if w.dtype.kind == "c" else Cast(np.result_type(w.dtype, np.complex64))(w)
