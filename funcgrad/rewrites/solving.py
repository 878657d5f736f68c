"""Solving: triangles and symmetric matrices, known as such by how they were made."""

from math import prod
from typing import Any

import numpy as np

from funcgrad.primitives.banding import Banded, Diagonal
from funcgrad.primitives.pointwise import PowerBy
from funcgrad.primitives.shaping import Transpose
from funcgrad.primitives.solving import Cholesky, TriangularInverse
from funcgrad.rewrites import banding
from funcgrad.rewrites.draft import CONSTANT, Draft, identity

#: So far back is looked for what makes a matrix a triangle, or symmetric.
DEPTH = 12
#: Functions of which f(0, y) = 0, and those that work element by element, by what they do with a symmetric matrix.
ZERO = ("multiply", "chain", "negative")
ALIKE = (*ZERO, "add", "subtract", "divide", "exp", "log", "sqrt", "tanh", "sin", "cos", "power", "square", PowerBy)
LOWER, UPPER = "lower", "upper"


def triangle(b: Draft, n: int, depth: int = DEPTH) -> str | None:
    """Which triangle of a square matrix holds all that is not 0, as far as is seen; None if neither."""
    key, shape = b.keys[n], b.shape(n)
    if len(shape) != 2 or shape[0] != shape[1] or not depth:
        return None
    if key in (Cholesky, TriangularInverse):
        return LOWER
    if key is Transpose:
        inner = triangle(b, b.args[n][0], depth - 1)
        return {LOWER: UPPER, UPPER: LOWER}.get(inner or "")
    if key in ZERO:
        found = [triangle(b, i, depth - 1) for i in b.args[n] if b.keys[i] != CONSTANT]
        return next((one for one in found if one), None)
    return None


def triangle_of_constant(a: Any) -> set[str]:
    """The triangles that hold all of a constant that is not 0."""
    if not isinstance(a, np.ndarray) or not a.size or (a[-1, 0] != 0 and a[0, -1] != 0):
        return set()
    sides = {LOWER: np.triu(a, 1), UPPER: np.tril(a, -1)}
    return {side for side, outside in sides.items() if not outside.any()}


@identity("multiply", "chain", after=(CONSTANT, Cholesky, TriangularInverse, Transpose, *ZERO))
def triangles_meet(b: Draft, op: Any, args: tuple[int, ...], kind: Any) -> int | None:
    """A lower triangle times an upper one, element by element, is a diagonal: 0·∞, which is NaN, stays out."""
    if len(kind.shape) != 2 or any(b.shape(i) != kind.shape for i in args):
        return None
    n = kind.shape[0]
    one = next((i for i in (0, 1) if triangle(b, args[i])), None)
    if one is None or prod(kind.shape) < 2 * banding.LARGE:
        return None
    side, other = triangle(b, args[one]), args[1 - one]
    against = triangle_of_constant(b.values[other].value) if other in b.values else {triangle(b, other)}
    if (UPPER if side == LOWER else LOWER) not in against:
        return None
    on = Diagonal((0, 0, n))
    return b(Banded((n, n), ((0, 0, n),)), b(op, b(on, args[0]), b(on, args[1])))


@identity(Diagonal, after=(Transpose, "multiply", "chain"))
def diagonal_first(b: Draft, op: Any, args: tuple[int, ...], _kind: Any) -> int | None:
    """The diagonal of Xᵀ is that of X, and of X·v that of X times that of v. n products for n²."""
    (x,) = args
    row, column, length = op.segment
    if b.keys[x] is Transpose:
        return b(Diagonal((column, row, length)), *b.args[x]) if b.ops[x].axes == (1, 0) else None
    if len(b.shape(x)) != 2 or b.uses[x] > 1:
        return None
    a = banding.Bands(b.shape(x), 1, ())
    sides = [banding.along(b, i, a, (row, column, length, -1)) for i in b.args[x]]
    if None in sides or not any(side is not None and b.shape(side) for side in sides):
        return None
    return b(b.ops[x], *sides)  # type: ignore[arg-type]  # none of them is None


def symmetric(b: Draft, n: int, depth: int = DEPTH) -> bool:
    """Whether a matrix, or a number, is seen to be symmetric: made element by element of such."""
    if n not in b.symmetric:
        b.symmetric[n] = seen_symmetric(b, n, depth)
    return b.symmetric[n]


def seen_symmetric(b: Draft, n: int, depth: int) -> bool:
    """The same, looked for."""
    key, shape = b.keys[n], b.shape(n)
    if prod(shape) == 1:
        return True
    if len(shape) != 2 or shape[0] != shape[1] or not (shape[0] and depth and b.types[n].dtype.kind == "f"):
        return False
    if key == CONSTANT:
        a = b.values[n].value
        return bool(a[0, -1] == a[-1, 0] and np.array_equal(a, a.T))
    if key is Banded:
        return all([row == column for row, column, _ in b.ops[n].segments])
    return key in ALIKE and all([symmetric(b, i, depth - 1) for i in b.args[n]])


@identity(Transpose)
def symmetric_turned(b: Draft, op: Any, args: tuple[int, ...], _kind: Any) -> int | None:
    """Xᵀ = X for X made element by element of numbers and constant symmetric matrices, to a rounding. One step less."""
    return args[0] if op.axes == (1, 0) and len(b.shape(args[0])) == 2 and symmetric(b, args[0]) else None
