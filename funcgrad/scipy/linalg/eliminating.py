"""Operations on matrices that LAPACK has and NumPy has not, by way of SciPy: elimination in triangles and bands, LU.

A cotangent is not conjugated, so that rules with plain transposes hold for complex matrices too.
"""

from typing import Any, ClassVar

import numpy as np
from attrs import frozen
from scipy.linalg import lu, solve_banded, solve_triangular

from funcgrad.graph.dispatch import saved
from funcgrad.graph.types import Type
from funcgrad.primitives.contracting import matmul, turned
from funcgrad.primitives.kinds import Opaque
from funcgrad.primitives.reducing import Flat
from funcgrad.primitives.shaping import Reshape, Transpose
from funcgrad.primitives.solving import dtype_of, raised


def stacks(*args: Any) -> tuple[int, ...]:
    """The shape of the stack of the matrices of several stacks that broadcast."""
    return np.broadcast_shapes(*[a.shape[:-2] for a in args])


def each(function: Any, shape: Any, dtype: Any, *args: Any) -> Any:
    """What a function makes of every matrix of stacks that broadcast: matrices of one shape."""
    stack = np.broadcast_shapes(*[a.shape[:-2] for a in args])
    answer = np.zeros((*stack, *shape), dtype)
    if answer.size:
        args = tuple([np.broadcast_to(a, (*stack, *a.shape[-2:])) for a in args])
        for i in np.ndindex(stack):
            answer[i] = function(*[a[i] for a in args])
    return answer


def sum_dtype(*args: Any) -> np.dtype[Any]:
    """The dtype in which several matrices are computed with."""
    return dtype_of(*[a.dtype for a in args])


# ---- triangles -------------------------------------------------------------------------------------------------------
@saved
@frozen(eq=False, repr=False)
class TriangularSolve(Opaque):
    """X with A X = B for a triangular A, of which no more is read.  Giles (2008), section 2.2.3, within the triangle:

    A Ẋ = Ḃ - Ȧ X, hence B̄ = A⁻ᵀ X̄ and Ā = -B̄ Xᵀ there. A primitive for speed: substitution, with no elimination.
    """

    #: Whether A is the lower triangle; else the upper.
    lower: bool
    #: Whether its diagonal is taken for ones.
    unit: bool
    reads: ClassVar[str] = "z x"

    def run(self, A: Any, B: Any) -> Any:
        dtype = sum_dtype(A, B)
        A, B = A.astype(dtype, copy=False), B.astype(dtype, copy=False)

        def solved(a: Any, b: Any) -> Any:
            return solve_triangular(a, b, lower=self.lower, unit_diagonal=self.unit, check_finite=False)

        return each(solved, B.shape[-2:], dtype, A, B)

    def infer(self, A: Any, B: Any) -> Any:
        return Type((*stacks(A, B), *B.shape[-2:]), sum_dtype(A, B))

    def vjp(self, Xbar: Any, X: Any, A: Any, B: Any) -> tuple[Any, Any]:
        Bbar = substitute(turned(A), Xbar, not self.lower, self.unit)
        full = -matmul(Bbar, turned(X))
        k = int(self.unit)
        return (np.tril(full, -k) if self.lower else np.triu(full, k)), Bbar

    def batched(self, size: int, which: tuple[bool, ...], args: tuple[Any, ...]) -> Any:
        return in_columns(self, *raised(which, args))


def in_columns(solve: Any, A: Any, B: Any) -> Any:
    """X = solve(A, B) for one matrix A: a stack of right sides becomes columns of one."""
    if A.ndim > 2 or B.ndim == 2:
        return solve(A, B)
    n, last = B.ndim - 2, B.ndim - 1
    front = Transpose((n, *range(n), last))(B)
    X = Reshape(front.shape)(solve(A, Reshape((front.shape[0], int(np.prod(front.shape[1:]))))(front)))
    return Transpose((*range(1, n + 1), 0, last))(X)


def substitute(A: Any, B: Any, lower: bool, unit: bool = False) -> Any:
    """X with A X = B for a triangular A."""
    return in_columns(TriangularSolve(lower, unit), A, B)


# ---- LU --------------------------------------------------------------------------------------------------------------
@saved
@frozen(eq=False, repr=False)
class Lu(Opaque):
    """(p, L, U): row i of A is row pᵢ of L U, with L lower triangular of unit diagonal and U upper triangular.

    Lütkepohl, *Handbook of matrices* (1996), section 10.6; with A′ = L U and A no wider than high, L = (L₁ L₂) above
    each other, F = L₁⁻¹ Ȧ₁′ U⁻¹ has L̇₁ = L₁ tril(F, -1), U̇ = triu(F) U and L̇₂ = Ȧ₂′ U⁻¹ - L₂ triu(F). Hence
    F̄ = tril(L₁ᵀ L̄₁, -1) + triu(Ū Uᵀ - L₂ᵀ L̄₂) and Ā′ = (L₁⁻ᵀ F̄  L̄₂) U⁻ᵀ. The order of rows is locally constant.
    """

    several: ClassVar[bool] = True
    reads: ClassVar[str] = "z"

    def run(self, A: Any) -> Any:
        dtype, (*stack, m, n) = dtype_of(A.dtype), A.shape
        if not A.size:
            p = np.zeros((*stack, m), np.int32) + np.arange(m, dtype=np.int32)
            return p, np.zeros((*stack, m, n), dtype), np.zeros((*stack, n, n), dtype)
        p, L, U = lu(A.astype(dtype, copy=False), p_indices=True, check_finite=False)
        return p.astype(np.int32), L, U

    def infer(self, A: Any) -> Any:
        dtype, (*stack, m, n) = dtype_of(A.dtype), A.shape
        return Type((*stack, m), np.dtype(np.int32)), Type((*stack, m, n), dtype), Type((*stack, n, n), dtype)

    def vjp(self, zbar: Any, z: Any, A: Any) -> tuple[Any]:
        (_, Lbar, Ubar), (p, L, U), n = zbar, z, A.shape[-1]
        Fbar = None if Lbar is None else np.tril(matmul(turned(L[..., :n, :]), Lbar[..., :n, :]), -1)
        M = None if Ubar is None else matmul(Ubar, turned(U))
        if Lbar is not None and A.shape[-2] > n:
            N = matmul(turned(L[..., n:, :]), Lbar[..., n:, :])
            M = -N if M is None else M - N
        if M is not None:
            Fbar = np.triu(M) if Fbar is None else Fbar + np.triu(M)
        rows = substitute(turned(L[..., :n, :]), Fbar, False, True)
        if A.shape[-2] > n:
            below = np.zeros((*rows.shape[:-2], A.shape[-2] - n, n), rows.dtype) if Lbar is None else Lbar[..., n:, :]
            rows = np.concatenate([rows, below], axis=-2)
        return (permuted(turned(substitute(U, turned(rows), False)), p),)

    def batch(self, *args: Any) -> Any:
        return self(*args)


def permuted(A: Any, p: Any) -> Any:
    """The rows pᵢ of each matrix."""
    return np.take_along_axis(A, p[..., None], axis=-2)


@saved
@frozen(eq=False, repr=False)
class Pivots(Flat):
    """LAPACK's interchanges of an order of rows p as in `Lu`: row i was swapped with row zᵢ ≥ i, in this order."""

    #: How many there are.
    count: int

    def run(self, p: Any) -> Any:
        pivots = np.zeros((*p.shape[:-1], self.count), np.int32)
        for i in np.ndindex(p.shape[:-1]):
            order = np.argsort(p[i])
            row, place = np.arange(order.size), np.arange(order.size)  # what is where, and where what is
            for k in range(self.count):
                j = place[order[k]]
                pivots[i][k] = j
                row[k], row[j] = row[j], row[k]
                place[row[k]], place[row[j]] = k, j
        return pivots

    def infer(self, p: Any) -> Any:
        return Type((*p.shape[:-1], self.count), np.dtype(np.int32))

    def batch(self, *args: Any) -> Any:
        return self(*args)


@saved
@frozen(eq=False, repr=False)
class Order(Flat):
    """The order of n rows after LAPACK's interchanges: row i of the answer is row zᵢ of what there was."""

    #: How many rows there are.
    rows: int

    def run(self, pivots: Any) -> Any:
        order = np.zeros((*pivots.shape[:-1], self.rows), np.int64) + np.arange(self.rows)
        for i in np.ndindex(pivots.shape[:-1]):
            for k, j in enumerate(pivots[i]):
                order[i][k], order[i][j] = order[i][j], order[i][k]
        return order

    def infer(self, pivots: Any) -> Any:
        return Type((*pivots.shape[:-1], self.rows), np.dtype(np.int64))

    def batch(self, *args: Any) -> Any:
        return self(*args)


# ---- bands -----------------------------------------------------------------------------------------------------------
@saved
@frozen(eq=False, repr=False)
class BandedSolve(Opaque):
    """X with A X = B, where element (u+i-j, j) of C is Aᵢⱼ: the diagonals of A, u of them above the main one.

    As `Solve`: B̄ = A⁻ᵀ X̄, and C̄ is what of -B̄ Xᵀ lies in the bands. A primitive for speed: n(l+u) numbers.
    """

    #: How many diagonals lie below the main one.
    below: int
    #: How many lie above.
    above: int
    reads: ClassVar[str] = "z x"

    def run(self, C: Any, B: Any) -> Any:
        def solved(c: Any, b: Any) -> Any:
            return solve_banded((self.below, self.above), c, b, check_finite=False)

        return each(solved, B.shape[-2:], sum_dtype(C, B), C, B)

    def infer(self, C: Any, B: Any) -> Any:
        return Type((*stacks(C, B), *B.shape[-2:]), sum_dtype(C, B))

    def vjp(self, Xbar: Any, X: Any, C: Any, B: Any) -> tuple[Any, Any]:
        i, j, inside = places(self.below, self.above, C.shape[-1])
        Bbar = in_columns(BandedSolve(self.above, self.below), of_transpose(C, self.below, self.above), Xbar)
        products = Bbar[..., i, :] * X[..., np.zeros_like(i) + j, :]
        return np.where(inside, -np.sum(products, axis=-1), 0), Bbar

    def batched(self, size: int, which: tuple[bool, ...], args: tuple[Any, ...]) -> Any:
        return in_columns(self, *raised(which, args))


def places(below: int, above: int, n: int) -> tuple[Any, Any, Any]:
    """The row, within the matrix, and the column of each element of its bands, and which are elements at all."""
    d, j = np.arange(-above, below + 1)[:, None], np.arange(n)
    return (j + d) % max(n, 1), j, (j + d >= 0) & (j + d < n)


def of_transpose(C: Any, below: int, above: int) -> Any:
    """The bands of Aᵀ: element (l+j-i, i) of the answer is Aᵢⱼ."""
    d, n = np.arange(-below, above + 1)[:, None], C.shape[-1]
    i = np.arange(n)  # the column in the answer; j = i + d is the row, and the column in C
    inside = (i + d >= 0) & (i + d < n)
    return np.where(inside, C[..., above - d + 0 * i, (i + d) % max(n, 1)], 0)
