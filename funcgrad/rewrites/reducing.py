"""Reducing: sums of what is repeated, negated or multiplied, and axes of length 1."""

from math import prod
from typing import Any

from funcgrad.primitives import pointwise
from funcgrad.primitives.contracting import MatMul
from funcgrad.primitives.indexing import Index
from funcgrad.primitives.kinds import Expand, Sum
from funcgrad.primitives.reducing import Extreme
from funcgrad.primitives.shaping import Reshape
from funcgrad.rewrites.draft import Draft, identity

#: Up to so many elements a sum of products is one product of vectors: NumPy's sum in pairs is more exact for many.
DOTTED = 1 << 16
#: Up to so many elements a sum of arrays costs less than one over axes.
CHEAP = 1 << 12


@identity(Sum, Extreme)
def over_units(b: Draft, _op: Any, args: tuple[int, ...], kind: Any) -> int | None:
    """Σ over axes of length 1 is a reshape, but that Σ makes 0.0 of -0.0. A view for a pass."""
    shape = b.shape(args[0])
    if prod(shape) != prod(kind.shape) or not prod(shape):
        return None
    return b(Reshape(kind.shape) if kind.shape else Index((0,) * len(shape)), *args)


@identity(Sum, after=(Sum,))
def sum_of_sum(b: Draft, op: Any, args: tuple[int, ...], _kind: Any) -> int | None:
    """Σ Σ x is one sum over all the axes. One step less."""
    inner = b.made(args[0], Sum)
    if not inner or not b.single(args[0]) or b.types[args[0]].dtype != b.types[inner[0]].dtype:
        return None
    gone = b.ops[args[0]].axes
    kept = [axis for axis in range(len(b.shape(inner[0]))) if axis not in gone]
    return b(Sum(tuple(sorted([*gone, *[kept[axis] for axis in op.axes]]))), *inner)


@identity(Sum, after=(Expand,))
def sum_of_repeated(b: Draft, op: Any, args: tuple[int, ...], kind: Any) -> int | None:
    """Σ over the axes along which x is repeated n times is n·x: one rounding. A product for a pass over n times x."""
    inner = b.made(args[0], Expand)
    if not inner or kind.dtype.kind != "f":
        return None
    repeat = b.ops[args[0]]
    both = [axis for axis in op.axes if axis in repeat.axes]
    if not both:
        return None
    n = 1
    for axis in both:
        n *= repeat.shape[axis]
    left = [axis for axis in range(len(repeat.shape)) if axis not in both]
    axes = tuple([k for k, axis in enumerate(left) if axis in repeat.axes])
    shape = tuple([repeat.shape[axis] for axis in left])
    x = b(pointwise.mul, b.constant(float(n)), inner[0])
    x = b(Expand(shape, axes), x) if axes else x
    rest = tuple([k for k, axis in enumerate(left) if axis in op.axes])
    return b(Sum(rest), x) if rest else x


@identity(Sum, Extreme, after=(Reshape,))
def over_reshaped(b: Draft, op: Any, args: tuple[int, ...], kind: Any) -> int | None:
    """A reduction of x with axes of length 1 put in is that of x, reshaped. Fewer axes, as many steps."""
    inner = b.made(args[0], Reshape)
    if not inner or not prod(kind.shape):
        return None
    positions = inserted(b.shape(inner[0]), b.shape(args[0]))
    if positions is None:
        return None
    axes = tuple([positions[axis] for axis in op.axes if positions[axis] >= 0])
    small = b(Sum(axes) if isinstance(op, Sum) else Extreme(op.ufunc, axes), inner[0]) if axes else inner[0]
    return b(Reshape(kind.shape), small)


def inserted(inside: tuple[int, ...], shape: tuple[int, ...]) -> list[int] | None:
    """For each axis of `shape`, the axis of `inside` that it is, or -1 for one of length 1 put in; None if neither."""
    positions, j = [], 0
    for n in shape:
        if j < len(inside) and inside[j] == n:
            positions.append(j)
            j += 1
        elif n == 1:
            positions.append(-1)
        else:
            return None
    return positions if j == len(inside) else None


@identity(Sum, after=("negative",))
def sum_of_negative(b: Draft, op: Any, args: tuple[int, ...], kind: Any) -> int | None:
    """Σ -x = -Σ x, but for the sign of a zero that cancels. The sign of a sum costs no more than that of its terms."""
    inner = b.made(args[0], "negative")
    if not inner or not b.single(args[0]) or kind.dtype.kind not in "fc":
        return None
    return b(pointwise.neg, b(op, *inner))


@identity(Sum, after=("multiply",))
def sum_of_products(b: Draft, _op: Any, args: tuple[int, ...], kind: Any) -> int | None:
    """Σ xᵢ yᵢ over all elements is the product of two vectors: no array of products is made."""
    inner = b.made(args[0], "multiply")
    if not inner or not b.single(args[0]) or kind.shape or kind.dtype.kind != "f":
        return None
    whole = b.types[args[0]]
    if not 1 < whole.size <= DOTTED or any(b.types[i] != whole for i in inner):
        return None
    flat = Reshape((whole.size,))
    x, y = inner
    if whole.ndim > 1 and any(b.keys[i] not in CONTIGUOUS for i in inner):
        return None
    return b(MatMul(), b(flat, x), b(flat, y))


#: What makes arrays that can be flattened without a copy.
CONTIGUOUS = frozenset(
    {"add", "subtract", "multiply", "divide", "exp", "log", "tanh", "maximum", "minimum", "negative", "input", MatMul}
)


@identity("add", after=(Sum,))
def sum_of_sums(b: Draft, op: Any, args: tuple[int, ...], _kind: Any) -> int | None:
    """Σ x + Σ y = Σ (x + y), for x and y of one shape and few elements. One sum less."""
    x, y = args
    one, other = b.made(x, Sum), b.made(y, Sum)
    if not one or not other or not b.single(x) or not b.single(y) or b.types[one[0]] != b.types[other[0]]:
        return None
    if b.ops[x].axes != b.ops[y].axes or b.types[one[0]].size > CHEAP or b.types[x].dtype.kind != "f":
        return None
    return b(b.ops[x], b(op, one[0], other[0]))
