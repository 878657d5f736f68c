"""NumPy's factors of matrices, and what is made of them, by its own names and signatures."""

from math import prod
from typing import Any

import numpy as np

from funcgrad.errors import UnsupportedFunction
from funcgrad.graph.dispatch import implements
from funcgrad.graph.node import Node
from funcgrad.graph.provenance import refuse
from funcgrad.graph.types import Type, type_of
from funcgrad.numpy.algebra import inexact, inv, norm, solve, square
from funcgrad.numpy.contracting import operands
from funcgrad.primitives.contracting import matmul, turned
from funcgrad.primitives.deficient import MatrixRank, PseudoInverse
from funcgrad.primitives.eigen import Eig, Eigh, EighValues, EigValues
from funcgrad.primitives.factoring import Qr, SingularValues, Svd
from funcgrad.primitives.shaping import Concatenate, Reshape
from funcgrad.primitives.solving import dtype_of, real_of

#: NumPy's own named tuples.
EighResult: Any = type(np.linalg.eigh(np.ones((1, 1))))
EigResult: Any = type(np.linalg.eig(np.ones((1, 1))))
SVDResult: Any = type(np.linalg.svd(np.ones((1, 1))))
QRResult: Any = type(np.linalg.qr(np.ones((1, 1))))
#: NumPy's own mark of an option not given, where None means something.
ABSENT: Any = np._NoValue


def matrices(a: Any) -> Any:
    """A stack of matrices, or NumPy's error."""
    (a,) = operands(a)
    if a.ndim < 2:
        raise np.linalg.LinAlgError(f"{a.ndim}-dimensional array given. Array must be at least two-dimensional")
    return a


def triangle(UPLO: Any) -> Any:
    """Which triangle NumPy reads."""
    UPLO = UPLO.upper()
    if UPLO not in ("L", "U"):
        raise ValueError("UPLO argument must be 'L' or 'U'")
    return UPLO


# ---- eigenvalues -----------------------------------------------------------------------------------------------------
@implements(np.linalg.eigh)
def eigh(a: Any, UPLO: Any = "L") -> Any:
    """np.linalg.eigh: eigenvalues and eigenvectors of Hermitian matrices; a moves as such."""
    return EighResult(*Eigh(triangle(UPLO))(square(a)))


@implements(np.linalg.eigvalsh)
def eigvalsh(a: Any, UPLO: Any = "L") -> Any:
    """np.linalg.eigvalsh: eigenvalues of Hermitian matrices, where they are equal too."""
    return EighValues(triangle(UPLO))(square(a))


@implements(np.linalg.eig)
def eig(a: Any) -> Any:
    """np.linalg.eig: eigenvalues and eigenvectors of any square matrices."""
    a = square(a)
    values, vectors = Eig()(a)
    return EigResult(np.real(values), np.real(vectors)) if all_real(a, values) else EigResult(values, vectors)


@implements(np.linalg.eigvals)
def eigvals(a: Any) -> Any:
    """np.linalg.eigvals: eigenvalues of any square matrices."""
    a = square(a)
    values = EigValues()(a)
    return np.real(values) if all_real(a, values) else values


def numberless(a: Any) -> bool:
    """Whether a value is unknown and no trace of `jit`'s knows the first call's numbers for it."""
    value = a.value if type(a) is Node else a
    return type(value) is Type and value.witness is None


def all_real(a: Any, values: Any) -> bool:
    """Whether NumPy gives real eigenvalues; complex ones, which hold for all, where numbers are not known."""
    return a.dtype.kind != "c" and not numberless(values) and bool(np.all(np.imag(values) == 0))


# ---- singular values -------------------------------------------------------------------------------------------------
@implements(np.linalg.svd)
def svd(a: Any, full_matrices: bool = True, compute_uv: bool = True, hermitian: bool = False) -> Any:
    """np.linalg.svd: singular values and vectors."""
    if hermitian:
        return svd_of_hermitian(a) if compute_uv else np.sort(np.abs(eigvalsh(a)))[..., ::-1]
    a = matrices(a)
    if not compute_uv:
        return SingularValues()(a)
    return SVDResult(*Svd(bool(full_matrices) and a.shape[-1] != a.shape[-2])(a))


def svd_of_hermitian(a: Any) -> Any:
    """Singular values and vectors by eigenvalues and eigenvectors: the sign of λ = ±s goes into Vᴴ."""
    w, V = eigh(a)
    s = np.abs(w)
    order = np.argsort(s)[..., ::-1]
    signs = np.take_along_axis(np.copysign(1.0, w), order, axis=-1).astype(s.dtype)
    V = np.take_along_axis(V, order[..., None, :], axis=-1)
    return SVDResult(V, np.take_along_axis(s, order, axis=-1), np.conjugate(turned(V * signs[..., None, :])))


@implements(np.linalg.svdvals)
def svdvals(x: Any, /) -> Any:
    """np.linalg.svdvals: singular values, where they are equal too."""
    return SingularValues()(matrices(x))


@implements(np.linalg.matrix_rank)
def matrix_rank(A: Any, tol: Any = None, hermitian: bool = False, *, rtol: Any = None) -> Any:
    """np.linalg.matrix_rank: an integer, of which there is no derivative."""
    if rtol is not None and tol is not None:
        raise ValueError("`tol` and `rtol` can't be both set.")
    (A,) = operands(A)
    if A.ndim < 2:
        return np.any(A != 0).astype(int)
    if tol is not None:
        return MatrixRank(hermitian, "tol")(A, *operands(tol))
    if rtol is None:
        rtol = max(A.shape[-2:]) * np.finfo(dtype_of(A.dtype)).eps
    return MatrixRank(hermitian, "rtol")(A, *operands(rtol))


@implements(np.linalg.cond)
def cond(x: Any, p: Any = None) -> Any:
    """np.linalg.cond: how near a matrix is to a singular one, by the norm of order p."""
    (x,) = operands(x)
    if type_of(x).size == 0 and prod(x.shape[-2:]) == 0:
        raise np.linalg.LinAlgError("cond is not defined on empty arrays")
    if p is None or p in (2, -2):
        s = svdvals(x)
        with np.errstate(all="ignore"):
            r = s[..., -1] / s[..., 0] if p == -2 else s[..., 0] / s[..., -1]
        return np.where(np.isnan(r) & ~np.any(np.isnan(x), (-2, -1)), np.inf, r)
    x = inexact(square(x))
    return norm(x, p, (-2, -1)) * norm(inv(x), p, (-2, -1))


# ---- QR --------------------------------------------------------------------------------------------------------------
@implements(np.linalg.qr)
def qr(a: Any, mode: str = "reduced") -> Any:
    """np.linalg.qr: of wide matrices, the factors of the first columns, and Qᴴ times the others.

    Walter and Lehmann, *Algorithmic differentiation of linear algebra functions with application in optimum
    experimental design* (2010).
    """
    if mode not in ("reduced", "complete", "r", "raw"):
        raise ValueError(f"Unrecognized mode '{mode}'")
    if mode == "raw":
        refuse(UnsupportedFunction, "np.linalg.qr with mode='raw' has no derivative rule.", "Use mode='reduced'.")
    a = matrices(a)
    m, n = a.shape[-2:]
    if m >= n:
        Q, R = Qr(mode == "complete" and m > n)(a)
    else:
        Q, R = Qr(False)(a[..., :m])
        R = Concatenate(a.ndim - 1)(R, matmul(np.conjugate(turned(Q)), a[..., m:]))
    return R if mode == "r" else QRResult(Q, R)


# ---- least squares ---------------------------------------------------------------------------------------------------
@implements(np.linalg.pinv)
def pinv(a: Any, rcond: Any = None, hermitian: bool = False, *, rtol: Any = ABSENT) -> Any:
    """np.linalg.pinv: the pseudo-inverse, its derivative that among matrices of the same rank."""
    a = matrices(a)
    if rcond is None:
        rcond = 1e-15 if rtol is ABSENT else rtol
        if rcond is None:
            rcond = max(a.shape[-2:]) * np.finfo(a.dtype).eps
    elif rtol is not ABSENT:
        raise ValueError("`rtol` and `rcond` can't be both set.")
    return PseudoInverse(hermitian)(a, *operands(rcond))


@implements(np.linalg.lstsq)
def lstsq(a: Any, b: Any, rcond: Any = None) -> Any:
    """np.linalg.lstsq: x of least |x| among those of least |b - a x|, the residuals, the rank and singular values.

    x = a⁺ b. Under `vmap`, where shapes cannot follow the rank, there are always residuals if a has more rows than
    columns.
    """
    a, b = operands(a, b)
    B = Reshape((*b.shape, 1))(b) if b.ndim == 1 else b
    for one in (a, B):
        if one.ndim != 2:
            raise np.linalg.LinAlgError(f"{one.ndim}-dimensional array given. Array must be two-dimensional")
    (m, n), dtype = a.shape, dtype_of(a.dtype, b.dtype)
    if m != B.shape[0]:
        raise np.linalg.LinAlgError("Incompatible dimensions")
    a, B = a.astype(dtype), B.astype(dtype)
    rcond = np.finfo(dtype).eps * max(n, m) if rcond is None else rcond
    x, s, rank = matmul(pinv(a, rcond), B), svdvals(a), matrix_rank(a, rtol=rcond)
    if m > n and (numberless(rank) or rank == n):
        r = B - matmul(a, x)
        residuals = np.sum(np.real(r * np.conjugate(r)), axis=0)
    else:
        residuals = np.zeros(0, real_of(dtype))
    return (x if b.ndim > 1 else Reshape((n,))(x)), residuals, rank.astype(np.int32), s


# ---- tensors ---------------------------------------------------------------------------------------------------------
@implements(np.linalg.tensorinv)
def tensorinv(a: Any, ind: int = 2) -> Any:
    """np.linalg.tensorinv: the inverse of a as a matrix of its first `ind` axes by the others."""
    (a,) = operands(a)
    if ind <= 0:
        raise ValueError("Invalid ind argument.")
    n = prod(a.shape[ind:])
    rows = type_of(a).size // n if n else 0
    return Reshape((*a.shape[ind:], *a.shape[:ind]))(inv(Reshape((n, rows))(a)))


@implements(np.linalg.tensorsolve)
def tensorsolve(a: Any, b: Any, axes: Any = None) -> Any:
    """np.linalg.tensorsolve: x with tensordot(a, x, x.ndim) = b."""
    a, b = operands(a, b)
    if axes is not None:
        order = list(range(a.ndim))
        for k in axes:
            order.remove(k)
            order.insert(a.ndim, k)
        a = np.transpose(a, order)
    shape = a.shape[-(a.ndim - b.ndim) :]
    n = prod(shape)
    if type_of(a).size != n * n:
        raise np.linalg.LinAlgError(
            "Input arrays must satisfy the requirement             prod(a.shape[b.ndim:]) == prod(a.shape[:b.ndim])"
        )
    return Reshape(shape)(solve(Reshape((n, n))(a), Reshape((type_of(b).size,))(b)))
