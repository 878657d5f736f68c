"""Contracting: products of matrices."""

from math import prod
from typing import Any

import numpy as np

from funcgrad.primitives import pointwise
from funcgrad.primitives.banding import Banded
from funcgrad.primitives.contracting import ChainMatMul, MatMul
from funcgrad.primitives.kinds import chain
from funcgrad.primitives.shaping import Reshape, Transpose
from funcgrad.rewrites.draft import CONSTANT, Draft, identity

#: From so many elements on a column times a row is quicker element by element: a product of matrices copies.
WIDE = 64
PRODUCTS = (MatMul, ChainMatMul)


@identity(*PRODUCTS)
def outer_product(b: Draft, op: Any, args: tuple[int, ...], kind: Any) -> int | None:
    """A column times a row is a product element by element, but that a sum makes 0.0 of -0.0. Less time if large."""
    x, y = args
    if len(kind.shape) < 2 or prod(kind.shape[-2:]) < WIDE:
        return None
    if kind.dtype.kind != "f" or len(b.shape(x)) < 2 or len(b.shape(y)) < 2 or b.shape(x)[-1] != 1:
        return None
    return b(chain if isinstance(op, ChainMatMul) else pointwise.mul, x, y)


@identity(*PRODUCTS)
def rows_of_all(b: Draft, op: Any, args: tuple[int, ...], kind: Any) -> int | None:
    """A stack of matrices times one matrix is the product of all their rows with it. One product for many."""
    x, y = args
    shape = b.shape(x)
    if len(shape) < 3 or len(b.shape(y)) != 2 or not prod(kind.shape) or not shape[-1] or b.keys[x] is Transpose:
        return None
    flat = b(Reshape((b.types[x].size // shape[-1], shape[-1])), x)
    return b(Reshape(kind.shape), b(op, flat, y))


@identity(*PRODUCTS)
def columns_of_all(b: Draft, op: Any, args: tuple[int, ...], kind: Any) -> int | None:
    """A matrix times each of a stack of columns is the rows' product with its transpose. One product for many."""
    x, y = args
    shape = b.shape(y)
    if len(b.shape(x)) != 2 or len(shape) < 3 or shape[-1] != 1 or not prod(kind.shape) or not shape[-2]:
        return None
    flat = b(Reshape((b.types[y].size // shape[-2], shape[-2])), y)
    return b(Reshape(kind.shape), b(op, flat, b(Transpose((1, 0)), x)))


@identity(*PRODUCTS, after=(Reshape,))
def column_as_vector(b: Draft, op: Any, args: tuple[int, ...], kind: Any) -> int | None:
    """A v with v as a column is A v as a column, and as a row on the left. As many steps, or fewer: reshapes go."""
    x, y = args
    row, column = b.made(x, Reshape), b.made(y, Reshape)
    if len(b.shape(x)) == len(b.shape(y)) == 2 and prod(kind.shape):
        if column and b.shape(y)[1] == 1 and len(b.shape(column[0])) == 1:
            return b(Reshape(kind.shape), b(op, x, column[0]))
        if row and b.shape(x)[0] == 1 and len(b.shape(row[0])) == 1:
            return b(Reshape(kind.shape), b(op, row[0], y))
    return None


# ---- transposes ------------------------------------------------------------------------------------------------------
@identity(Transpose, after=PRODUCTS)
def transpose_of_product(b: Draft, op: Any, args: tuple[int, ...], _kind: Any) -> int | None:
    """(X Y)ᵀ = Yᵀ Xᵀ where X or Y is a transpose. One transpose less."""
    inner = b.made(args[0], *PRODUCTS)
    if not inner or op.axes != (1, 0) or not b.single(args[0]) or b.types[args[0]].dtype.kind != "f":
        return None
    x, y = inner
    if len(b.shape(x)) != 2 or len(b.shape(y)) != 2 or Transpose not in (b.keys[x], b.keys[y]):
        return None
    return b(b.ops[args[0]], b(op, y), b(op, x))


@identity(*PRODUCTS, after=(Transpose,))
def product_of_transposes(b: Draft, op: Any, args: tuple[int, ...], kind: Any) -> int | None:
    """Xᵀ Yᵀ = (Y X)ᵀ. One transpose less."""
    x, y = args
    if kind.dtype.kind != "f" or len(kind.shape) != 2 or b.keys[x] is not Transpose or b.keys[y] is not Transpose:
        return None
    if len(b.shape(x)) != 2 or len(b.shape(y)) != 2 or not (b.single(x) or b.single(y)):
        return None
    return b(Transpose((1, 0)), b(op, b.args[y][0], b.args[x][0]))


# ---- chains of products ----------------------------------------------------------------------------------------------
@identity(*PRODUCTS, after=(MatMul,))
def cheaper_order(b: Draft, op: Any, args: tuple[int, ...], _kind: Any) -> int | None:
    """(X Y) Z = X (Y Z) and back, where that takes less than two thirds of the products and X Y is used once."""
    for i in (0, 1):
        inner = b.made(args[i], MatMul)
        if not inner or not b.single(args[i]):
            continue
        x, y, z = (*inner, args[1]) if i == 0 else (args[0], *inner)
        if not all(0 < len(b.shape(n)) <= 2 for n in (x, y, z)) or not b.real(x, y, z) or len(b.shape(y)) != 2:
            continue
        p, q = (b.shape(x)[0] if len(b.shape(x)) > 1 else 1), b.shape(y)[0]
        r, s = b.shape(y)[1], b.shape(z)[1] if len(b.shape(z)) > 1 else 1
        left, right = p * q * r + p * r * s, q * r * s + p * q * s
        if i == 0 and 3 * right < 2 * left and len(b.shape(x)) == 2:
            return b(op, x, b(op, y, z))
        if i == 1 and 3 * left < 2 * right and len(b.shape(z)) == 2:
            return b(op, b(op, x, y), z)
    return None


# ---- identity matrices -----------------------------------------------------------------------------------------------
@identity(*PRODUCTS, after=(CONSTANT,))
def times_unit_matrix(b: Draft, _op: Any, args: tuple[int, ...], kind: Any) -> int | None:
    """I X = X I = X for a constant unit matrix I: 0·∞, which is NaN, stays out. No product at all."""
    x, y = args
    if len(kind.shape) != 2 or len(b.shape(x)) != 2 or len(b.shape(y)) != 2:
        return None
    return y if unit(b, x) and b.types[y] == kind else x if unit(b, y) and b.types[x] == kind else None


@identity(*PRODUCTS, after=("multiply", "chain", Banded))
def times_diagonal(b: Draft, op: Any, args: tuple[int, ...], kind: Any) -> int | None:
    """(I·v) X scales the rows of X by v, and X (I·v) its columns: 0·∞, which is NaN, stays out. n products for n²."""
    x, y = args
    if len(kind.shape) != 2 or len(b.shape(x)) != 2 or len(b.shape(y)) != 2 or kind.dtype.kind != "f":
        return None
    times = chain if isinstance(op, ChainMatMul) else pointwise.mul
    v, other = diagonal(b, x), y
    if v is not None and b.shape(v) != () and b.types[other] == kind:
        return b(times, b(Reshape((b.types[v].size, 1)), v), other)
    v, other = diagonal(b, y), x
    if v is not None and b.shape(v) != () and b.types[other] == kind:
        return b(times, other, b(Reshape((b.types[v].size,)), v))
    return None


def diagonal(b: Draft, n: int) -> int | None:
    """The vector v of a matrix I·v, where I is a constant unit matrix; None for any other matrix."""
    of = b.made(n, Banded)
    if of and b.ops[n].segments == ((0, 0, b.shape(n)[0]),) and b.shape(n)[0] == b.shape(n)[1]:
        return of[0]
    inner = b.made(n, "multiply", "chain")
    if not inner:
        return None
    for i in (0, 1):
        v = inner[1 - i]
        if unit(b, inner[i]) and b.types[v].size == b.shape(n)[0] and b.types[v].dtype == b.types[n].dtype:
            return v
    return None


def unit(b: Draft, n: int) -> bool:
    """Whether a value is a constant unit matrix."""
    shape = b.shape(n)
    if b.keys[n] != CONSTANT or len(shape) != 2 or shape[0] != shape[1] or b.types[n].dtype.kind != "f":
        return False
    return shape[0] > 1 and bool(np.array_equal(b.values[n].value, np.eye(shape[0])))
