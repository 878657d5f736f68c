"""NumPy's linear algebra, by its own names and signatures."""

from math import prod
from operator import index
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index, normalize_axis_tuple

from funcgrad.graph.dispatch import implements
from funcgrad.graph.protocols import unsupported
from funcgrad.graph.types import type_of
from funcgrad.numpy.contracting import operands
from funcgrad.primitives.contracting import matmul, turned
from funcgrad.primitives.factoring import SingularValues
from funcgrad.primitives.kinds import Sum
from funcgrad.primitives.pointwise import root
from funcgrad.primitives.reducing import Length
from funcgrad.primitives.shaping import Cast, Reshape, Transpose
from funcgrad.primitives.solving import Cholesky, Determinant, Inverse, SignLogDet, real_of
from funcgrad.primitives.solving import solve as solved

#: NumPy's own named tuple.
SlogdetResult: Any = type(np.linalg.slogdet(np.ones((1, 1))))


def square(a: Any) -> Any:
    """A stack of square matrices, or NumPy's error."""
    (a,) = operands(a)
    if a.ndim < 2:
        raise np.linalg.LinAlgError(f"{a.ndim}-dimensional array given. Array must be at least two-dimensional")
    if a.shape[-1] != a.shape[-2]:
        raise np.linalg.LinAlgError("Last 2 dimensions of the array must be square")
    return a


# ---- systems, inverses, determinants, factors ------------------------------------------------------------------------
@implements(np.linalg.solve)
def solve(a: Any, b: Any) -> Any:
    """np.linalg.solve: x with a x = b; b is a vector only if it has one axis."""
    a, (b,) = square(a), operands(b)
    name, signature = ("solve1", "(m,m),(m)->(m)") if b.ndim == 1 else ("solve", "(m,m),(m,n)->(m,n)")
    if not b.ndim:
        raise ValueError(
            f"{name}: Input operand 1 does not have enough dimensions "
            f"(has 0, gufunc core with signature {signature} requires 2)"
        )
    B = b if b.ndim > 1 else Reshape((*b.shape, 1))(b)
    if B.shape[-2] != a.shape[-1]:
        raise ValueError(
            f"{name}: Input operand 1 has a mismatch in its core dimension 0, with gufunc signature {signature} "
            f"(size {B.shape[-2]} is different from {a.shape[-1]})"
        )
    x = solved(a, B)
    return x if b.ndim > 1 else Reshape(x.shape[:-1])(x)


@implements(np.linalg.inv)
def inv(a: Any) -> Any:
    """np.linalg.inv: a⁻¹."""
    return Inverse()(square(a))


@implements(np.linalg.det)
def det(a: Any) -> Any:
    """np.linalg.det: the determinant, whose gradient is right at singular matrices too."""
    return Determinant()(square(a))


@implements(np.linalg.slogdet)
def slogdet(a: Any) -> Any:
    """np.linalg.slogdet: the sign of the determinant, and the logarithm of its absolute value."""
    return SlogdetResult(*SignLogDet()(square(a)))


@implements(np.linalg.cholesky)
def cholesky(a: Any, /, *, upper: bool = False) -> Any:
    """np.linalg.cholesky: the lower L with a = L Lᴴ, or the upper U with a = Uᴴ U."""
    a = square(a)
    return turned(np.conjugate(Cholesky()(turned(np.conjugate(a))))) if upper else Cholesky()(a)


@implements(np.linalg.matrix_power)
def matrix_power(a: Any, n: int) -> Any:
    """np.linalg.matrix_power: aⁿ by repeated squaring, of the inverse if n < 0."""
    a = square(a)
    try:
        n = index(n)
    except TypeError as error:
        raise TypeError("exponent must be an integer") from error
    if n == 0:
        return np.broadcast_to(np.eye(a.shape[-1], dtype=a.dtype), a.shape).copy()
    power, answer = Inverse()(a) if n < 0 else a, None
    n = abs(n)
    while True:
        n, odd = divmod(n, 2)
        if odd:
            answer = power if answer is None else matmul(answer, power)
        if not n:
            return answer
        power = matmul(power, power)


# ---- views -----------------------------------------------------------------------------------------------------------
@implements(np.linalg.matrix_transpose)
def matrix_transpose(x: Any, /) -> Any:
    """np.linalg.matrix_transpose: each matrix of a stack transposed."""
    if x.ndim < 2:
        raise ValueError(f"Input array must be at least 2-dimensional, but it is {x.ndim}")
    return turned(x)


@implements(np.linalg.diagonal)
def diagonal(x: Any, /, *, offset: int = 0) -> Any:
    """np.linalg.diagonal: of each matrix of a stack."""
    return np.diagonal(x, offset, -2, -1)


@implements(np.linalg.trace)
def trace(x: Any, /, *, offset: int = 0, dtype: Any = None) -> Any:
    """np.linalg.trace: of each matrix of a stack."""
    if dtype is not None:
        unsupported("linalg.trace", "dtype")
    return np.trace(x, offset, -2, -1)


# ---- norms -----------------------------------------------------------------------------------------------------------
@implements(np.linalg.norm)
def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    """np.linalg.norm, whose derivative at 0 is 0."""
    x = inexact(x)
    whole = axis is None
    if whole and (ord is None or (x.ndim == 2 and ord in ("f", "fro")) or (x.ndim == 1 and ord == 2)):
        flat = Reshape((type_of(x).size,))(x)
        z = root(matmul(flat, flat) if x.dtype.kind != "c" else Sum((0,))(squares(flat)))
        return Reshape((1,) * x.ndim)(z) if keepdims else z
    axes = axes_of(axis, x.ndim)
    if len(axes) == 1:
        z = of_vectors(x, ord, axes[0])
    elif len(axes) == 2:
        z = of_matrices(x, ord, *axes)
    else:
        raise ValueError("Improper number of dimensions to norm.")
    return Reshape(tuple([1 if i in axes else n for i, n in enumerate(x.shape)]))(z) if keepdims else z


@implements(np.linalg.vector_norm)
def vector_norm(x: Any, /, *, axis: Any = None, keepdims: bool = False, ord: Any = 2) -> Any:
    """np.linalg.vector_norm: over all axes, or over some as if they were one."""
    x = inexact(x)
    axes = tuple(range(x.ndim)) if axis is None else normalize_axis_tuple(axis, x.ndim)
    rest = tuple([i for i in range(x.ndim) if i not in axes])
    front = x if (*axes, *rest) == tuple(range(x.ndim)) else Transpose((*axes, *rest))(x)
    flat = Reshape((prod([x.shape[i] for i in axes]), *[x.shape[i] for i in rest]))(front)
    z = of_vectors(flat, ord, 0)
    return Reshape(tuple([1 if i in axes else n for i, n in enumerate(x.shape)]))(z) if keepdims else z


@implements(np.linalg.matrix_norm)
def matrix_norm(x: Any, /, *, keepdims: bool = False, ord: Any = "fro") -> Any:
    """np.linalg.matrix_norm: of each matrix of a stack."""
    return norm(x, ord, (-2, -1), keepdims)


def inexact(x: Any) -> Any:
    """An array of real or complex numbers; integers become floats."""
    (x,) = operands(x)
    return x if x.dtype.kind in "fc" else Cast(np.dtype(np.float64))(x)


def axes_of(axis: Any, rank: int) -> tuple[int, ...]:
    """The axes that `axis` means, or NumPy's error."""
    if axis is None:
        return tuple(range(rank))
    if not isinstance(axis, tuple):
        try:
            axis = (int(axis),)
        except Exception as error:
            raise TypeError("'axis' must be None, an integer or a tuple of integers") from error
    axes = tuple([normalize_axis_index(one, rank) for one in axis])
    if len(axes) == 2 and axes[0] == axes[1]:
        raise ValueError("Duplicate axes given.")
    return axes


def length(x: Any, axes: tuple[int, ...]) -> Any:
    """(Σ |x|²)^½ over some axes."""
    return root(Sum(axes)(squares(x))) if x.dtype.kind == "c" else Length(axes)(x)


def squares(x: Any) -> Any:
    """|x|² of complex numbers."""
    return Cast(real_of(x.dtype))(np.conjugate(x) * x)


def of_vectors(x: Any, ord: Any, axis: int) -> Any:
    """(Σ |x|ᵖ)^(1/p) over one axis."""
    if ord is None or ord == 2:
        return length(x, (axis,))
    if isinstance(ord, str):
        raise ValueError(f"Invalid norm order '{ord}' for vectors")
    if ord == np.inf:
        return largest(np.abs(x), axis)
    if ord == -np.inf:
        return np.min(np.abs(x), axis)
    if ord == 0:
        return np.sum((x != 0).astype(real_of(x.dtype)), axis)
    if ord == 1:
        return Sum((axis,))(np.abs(x))
    size, p = np.abs(x), float(ord)
    some = np.where(size == 0, 1, size)  # no derivative is asked for at 0
    total = Sum((axis,))(np.where(size == 0, 0.0 if p > 0 else np.inf, some**p))
    none = total == 0
    return np.where(none, 0.0 if p > 0 else np.inf, np.where(none, 1, total) ** (1 / p))


def of_matrices(x: Any, ord: Any, row: int, column: int) -> Any:
    """A norm over two axes."""
    if ord in (None, "fro", "f"):
        return length(x, tuple(sorted((row, column))))
    if ord in (2, -2, "nuc"):
        s = SingularValues()(np.moveaxis(x, (row, column), (-2, -1)))
        return np.sum(s, -1) if ord == "nuc" else np.min(s, -1) if ord == -2 else largest(s, s.ndim - 1)
    if ord not in (1, -1, np.inf, -np.inf):
        raise ValueError("Invalid norm order for matrices.")
    first, second = (row, column) if abs(ord) == 1 else (column, row)
    sums = Sum((first,))(np.abs(x))
    axis = second - (second > first)
    return largest(sums, axis) if ord > 0 else np.min(sums, axis)


def largest(x: Any, axis: int) -> Any:
    """The largest of numbers that are not negative; 0 of none."""
    return np.max(x, axis) if x.shape[axis] else Sum((axis,))(x)
