"""Linear algebra: systems of equations, inverses, determinants, factors.

Rules follow Giles, *An extended collection of matrix derivative results for forward and reverse mode automatic
differentiation* (2008), with plain transposes: a cotangent is not conjugated, so they hold for complex matrices too.
"""

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from attrs import frozen

from funcgrad.graph.op import Result
from funcgrad.graph.types import Type
from funcgrad.primitives.contracting import matmul, turned
from funcgrad.primitives.kinds import Opaque, Sum
from funcgrad.primitives.shaping import Cast, Reshape, Transpose


def dtype_of(*dtypes: Any) -> np.dtype[Any]:
    """The dtype in which np.linalg computes: single precision only where all are single, and never less."""
    for dtype in dtypes:
        if dtype.kind in "fc" and dtype.char not in "fdFD":
            raise TypeError(f"array type {dtype.name} is unsupported in linalg")
    single = all([dtype.char in "fF" for dtype in dtypes])
    if any([dtype.kind == "c" for dtype in dtypes]):
        return np.dtype(np.complex64 if single else np.complex128)
    return np.dtype(np.float32 if single else np.float64)


def real_of(dtype: Any) -> np.dtype[Any]:
    """The dtype of the real part of numbers of `dtype`."""
    return np.finfo(dtype).dtype


def scales(a: Any) -> Any:
    """A number for each matrix of a stack, with two axes of length 1 behind: a factor of that matrix."""
    return Reshape((*a.shape, 1, 1))(a)


def traces(a: Any, b: Any) -> Any:
    """tr(a b) for each pair of a stack."""
    products = a * turned(b)
    return Sum((products.ndim - 2, products.ndim - 1))(products)


# ---- systems of equations --------------------------------------------------------------------------------------------
@frozen(eq=False, repr=False)
class Solve(Opaque):
    """X with A X = B, for (stacks of) matrices.  Giles (2008), section 2.2.3:

    A Ẋ = Ḃ - Ȧ X, hence B̄ = A⁻ᵀ X̄ and Ā = -B̄ Xᵀ.
    """

    reads: ClassVar[str] = "z x"

    def run(self, A: Any, B: Any) -> Any:
        return np.linalg.solve(A, B)

    def infer(self, A: Any, B: Any) -> Any:
        stack = np.broadcast_shapes(A.shape[:-2], B.shape[:-2])
        return Type((*stack, *B.shape[-2:]), dtype_of(A.dtype, B.dtype))

    def vjp(self, Xbar: Any, X: Any, A: Any, B: Any) -> tuple[Any, Any]:
        Bbar = solve(turned(A), Xbar)
        return -matmul(Bbar, turned(X)), Bbar

    def pull(self, zbar: Any, z: Any, args: tuple[Any, ...], wanted: Sequence[int]) -> list[Any]:
        if 0 not in wanted:  # A is constant: no product for Ā
            return [solve(turned(args[0]), zbar)]
        return Opaque.pull(self, zbar, z, args, wanted)

    def batched(self, size: int, which: tuple[bool, ...], args: tuple[Any, ...]) -> Any:
        return solve(*raised(which, args))


def solve(A: Any, B: Any) -> Any:
    """X with A X = B. One matrix with a stack of right sides is factored once: they become columns of one B."""
    if A.ndim > 2 or B.ndim == 2:
        return Solve()(A, B)
    n, last = B.ndim - 2, B.ndim - 1
    front = Transpose((n, *range(n), last))(B)
    X = Reshape(front.shape)(Solve()(A, Reshape((front.shape[0], int(np.prod(front.shape[1:]))))(front)))
    return Transpose((*range(1, n + 1), 0, last))(X)


def raised(which: tuple[bool, ...], args: tuple[Any, ...]) -> list[Any]:
    """Stacks whose batch axis, where `which` says that there is one, broadcasts with the stacks of all others."""
    rank = max([a.ndim - has_batch for a, has_batch in zip(args, which, strict=True)])
    fronts = [(1,) * (rank + 1 - a.ndim) if has_batch else () for a, has_batch in zip(args, which, strict=True)]
    return [Reshape((a.shape[0], *ones, *a.shape[1:]))(a) if ones else a for a, ones in zip(args, fronts, strict=True)]


@frozen(eq=False, repr=False)
class Inverse(Opaque):
    """Z = A⁻¹.  Giles (2008), section 2.2.3: Ż = -Z Ȧ Z, hence Ā = -Zᵀ Z̄ Zᵀ."""

    reads: ClassVar[str] = "z"

    def run(self, A: Any) -> Any:
        return np.linalg.inv(A)

    def infer(self, A: Any) -> Any:
        return Type(A.shape, dtype_of(A.dtype))

    def vjp(self, Zbar: Any, Z: Any, A: Any) -> tuple[Any]:
        Zt = turned(Z)
        return (-matmul(matmul(Zt, Zbar), Zt),)

    def batch(self, *args: Any) -> Any:
        return self(*args)


# ---- determinants ----------------------------------------------------------------------------------------------------
@frozen(eq=False, repr=False)
class Determinant(Opaque):
    """z = det A.  Jacobi's formula ż = tr(adj(A) Ȧ) holds for singular A too: Ā = z̄ adj(A)ᵀ.

    Giles (2008), section 2.2.4, has Ā = z̄ z A⁻ᵀ, which is the same where A is regular.
    """

    reads: ClassVar[str] = "x"

    def run(self, A: Any) -> Any:
        return np.linalg.det(A)

    def infer(self, A: Any) -> Any:
        return Type(A.shape[:-2], dtype_of(A.dtype))

    def vjp(self, zbar: Any, z: Any, A: Any) -> tuple[Any]:
        return (scales(zbar) * Cofactors()(A),)

    def batch(self, *args: Any) -> Any:
        return self(*args)


def parts(A: Any) -> tuple[Any, Any, Any, Any]:
    """U*, σ, V* and the number c with A = U diag(σ) Vᴴ and det A = c·Πσ, where U* and V* are conjugated."""
    U, s, Vh = np.linalg.svd(A)
    c = np.linalg.det(U) * np.linalg.det(Vh)
    return np.conjugate(U), s, np.conjugate(Vh), np.asarray(c)[..., None, None]


def all_but_one(s: Any) -> Any:
    """Πₖ≠ᵢ sₖ along the last axis, without a division."""
    one = np.ones_like(s[..., :1])
    before = np.cumprod(np.concatenate([one, s[..., :-1]], -1), -1)
    after = np.cumprod(np.concatenate([one, s[..., :0:-1]], -1), -1)[..., ::-1]
    return before * after


def all_but_two(s: Any) -> Any:
    """Πₖ≠ᵢⱼ sₖ along the last axis, a matrix of zero diagonal, without a division."""
    n = s.shape[-1]
    E = np.zeros((*s.shape, n), s.dtype)
    for i in range(n - 1):
        rest = s[..., i + 1 :]
        E[..., i, i + 1 :] = np.prod(s[..., :i], -1)[..., None] * all_but_one(rest)
        E[..., i + 1 :, i] = E[..., i, i + 1 :]
    return E


#: Up to this condition number cofactors come from an inverse, which is quicker, with errors of no more than so many ε.
REGULAR = 1e3


def regular_cofactors(A: Any) -> Any:
    """det A · A⁻ᵀ, or None where one of the matrices is not well away from singular ones."""
    try:
        inverse = np.linalg.inv(A)
    except np.linalg.LinAlgError:
        return None
    sizes = np.abs(A).sum(-2).max(-1, initial=0) * np.abs(inverse).sum(-2).max(-1, initial=0)
    if not np.all(sizes <= REGULAR):
        return None
    Z = np.asarray(np.linalg.det(A))[..., None, None] * inverse.mT
    return Z if np.all(np.isfinite(Z)) else None


@frozen(eq=False, repr=False)
class Cofactors(Opaque):
    """Z = adj(A)ᵀ, the derivative of det A: Zᵢⱼ is ± the minor of A without row i and column j.

    With A = U diag(σ) Vᴴ, det A = c Πσ: Z = c U* diag(Πₖ≠ᵢ σₖ) V*, with no division. Stewart, *On the adjugate matrix*
    (1998). A primitive for stability: it is right where A is singular, and accurate where A nearly is.
    """

    reads: ClassVar[str] = "x"

    def run(self, A: Any) -> Any:
        Z = regular_cofactors(A)
        if Z is not None:
            return Z
        U, s, V, c = parts(A)
        return c * np.matmul(U * all_but_one(s)[..., None, :], V)

    def infer(self, A: Any) -> Any:
        return Type(A.shape, dtype_of(A.dtype))

    def vjp(self, Zbar: Any, Z: Any, A: Any) -> tuple[Any]:
        return (CofactorSlope()(A, Zbar),)

    def batch(self, *args: Any) -> Any:
        return self(*args)


@frozen(eq=False, repr=False)
class CofactorSlope(Opaque):
    """Z = D adj(A)ᵀ[Y], the second derivative of det A, applied to Y: symmetric, so its own transpose in Y.

    For A = diag(σ): Zᵢᵢ = Σⱼ Eᵢⱼ Yⱼⱼ and Zᵢⱼ = -Eᵢⱼ Yⱼᵢ with Eᵢⱼ = Πₖ≠ᵢⱼ σₖ; any A is turned so by its singular
    vectors. With W = A⁻¹ it is D²det A[Y, X] = det A (tr WY tr WX - tr WYWX); the rule differentiates this form,
    so a third derivative of det needs a regular A and raises NumPy's LinAlgError elsewhere.
    """

    reads: ClassVar[str] = "x y"

    def run(self, A: Any, Y: Any) -> Any:
        U, s, V, c = parts(A)
        E, Yd = all_but_two(s), np.matmul(np.matmul(U.mT, Y), V.mT)
        onto = np.matmul(E, np.diagonal(Yd, 0, -2, -1)[..., None])
        return c * np.matmul(np.matmul(U, onto * np.eye(s.shape[-1], dtype=s.dtype) - E * Yd.mT), V)

    def infer(self, A: Any, Y: Any) -> Any:
        return Type(np.broadcast_shapes(A.shape, Y.shape), dtype_of(A.dtype, Y.dtype))

    def vjp(self, Zbar: Any, Z: Any, A: Any, Y: Any) -> tuple[Any, Any]:
        W = Inverse()(A)
        WY, WZ = matmul(W, Y), matmul(W, Zbar)
        y, z = scales(traces(W, Y)), scales(traces(W, Zbar))
        WYWZ, WZWY = matmul(WY, WZ), matmul(WZ, WY)
        both = y * z - scales(traces(WY, WZ))
        slope = matmul(WYWZ + WZWY - z * WY - y * WZ, W) + both * W
        return scales(Determinant()(A)) * turned(slope), CofactorSlope()(A, Zbar)

    def pull(self, zbar: Any, z: Any, args: tuple[Any, ...], wanted: Sequence[int]) -> list[Any]:
        if 0 not in wanted:  # linear in Y at singular A too
            return [CofactorSlope()(args[0], zbar)]
        return Opaque.pull(self, zbar, z, args, wanted)

    def batched(self, size: int, which: tuple[bool, ...], args: tuple[Any, ...]) -> Any:
        return self(*raised(which, args))


@frozen(eq=False, repr=False)
class SignLogDet(Opaque):
    """(s, l) with det A = s eˡ and |s| = 1.  Giles (2008), section 2.2.4: (det A)˙/det A = tr(A⁻¹Ȧ) = t.

    l̇ = Re t and ṡ = i s Im t, which is 0 for real A. Hence Ā = (l̄ + i Im(s̄ s)) A⁻ᵀ.
    A primitive for stability: det A itself over- and underflows.
    """

    several: ClassVar[bool] = True
    reads: ClassVar[str] = "z x"

    def run(self, A: Any) -> Any:
        return tuple(np.linalg.slogdet(A))

    def infer(self, A: Any) -> Any:
        dtype = dtype_of(A.dtype)
        return Type(A.shape[:-2], dtype), Type(A.shape[:-2], real_of(dtype))

    def vjp(self, zbar: Any, z: Any, A: Any) -> tuple[Any]:
        sbar, lbar = zbar
        if A.dtype.kind == "c" and sbar is not None:
            turn = Cast(real_of(A.dtype))(sbar * Result(0)(z) * -1j) * 1j  # NumPy's number first: 1j * 2.0 is Python's
            lbar = turn if lbar is None else lbar + turn
        return (None if lbar is None else scales(lbar) * turned(Inverse()(A)),)

    def batch(self, *args: Any) -> Any:
        return self(*args)


# ---- triangles -------------------------------------------------------------------------------------------------------
#: So many rows at a time (measured: of 16 to 64 about the quickest at 100 to 600 rows).
ROWS = 32


@frozen(eq=False, repr=False)
class TriangularInverse(Opaque):
    """Z = L⁻¹ of a lower triangular L, of which no more is read: Ż = -Z L̇ Z, hence L̄ = -tril(Zᵀ Z̄ Zᵀ).

    Some rows at a time: those of L being (B C), those of Z are (-C⁻¹ B Z₀  C⁻¹), with Z₀ the rows above; Higham,
    *Accuracy and stability of numerical algorithms* (2002), section 14.2.2. What solves with Z has the forward error
    of substitution to a small factor. A primitive for speed: a general inverse takes seven times as long, and forgets
    that half of it is 0.
    """

    reads: ClassVar[str] = "z"

    def run(self, L: Any) -> Any:
        n, Z = L.shape[-1], np.zeros(L.shape, dtype_of(L.dtype))
        for k in range(0, n, ROWS):
            own = slice(k, min(k + ROWS, n))
            corner = np.linalg.inv(np.tril(L[..., own, own]).mT).mT  # an upper triangle needs no elimination
            Z[..., own, own] = corner
            if k:
                Z[..., own, :k] = -np.matmul(corner, np.matmul(L[..., own, :k], Z[..., :k, :k]))
        return Z

    def infer(self, L: Any) -> Any:
        return Type(L.shape, dtype_of(L.dtype))

    def vjp(self, Zbar: Any, Z: Any, L: Any) -> tuple[Any]:
        Zt = turned(Z)
        return (-np.tril(matmul(matmul(Zt, Zbar), Zt)),)

    def batch(self, *args: Any) -> Any:
        return self(*args)


# ---- factors ---------------------------------------------------------------------------------------------------------
@frozen(eq=False, repr=False)
class Cholesky(Opaque):
    """The lower triangular L with A = L Lᴴ. The derivative takes A to move as a Hermitian matrix: by ½(Ȧ + Ȧᴴ).

    Murray, *Differentiation of the Cholesky decomposition* (2016), equations 8 to 10: with Φ the lower triangle,
    its diagonal halved, L̇ = L Φ(L⁻¹ Ȧ L⁻ᴴ). Hence T = L⁻ᵀ Φ(Lᵀ L̄) L*⁻¹ and Ā = ½(T + Tᴴ).
    """

    reads: ClassVar[str] = "z"

    def run(self, A: Any) -> Any:
        return np.linalg.cholesky(A)

    def infer(self, A: Any) -> Any:
        return Type(A.shape, dtype_of(A.dtype))

    def vjp(self, Lbar: Any, L: Any, A: Any) -> tuple[Any]:
        Lt, n = turned(L), L.shape[-1]
        halved = np.tri(n, dtype=real_of(L.dtype)) - np.eye(n, dtype=real_of(L.dtype)) / 2
        S = matmul(Lt, Lbar) * halved
        W = TriangularInverse()(L)
        T = matmul(matmul(turned(W), S), np.conjugate(W))
        return ((T + np.conjugate(turned(T))) / 2,)

    def batch(self, *args: Any) -> Any:
        return self(*args)
