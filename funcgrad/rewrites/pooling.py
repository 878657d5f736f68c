"""Pooling: what is done along short axes of large arrays, slice by slice: NumPy's inner loops would be as short."""

from itertools import product
from math import prod
from typing import Any

from funcgrad.primitives import pointwise
from funcgrad.primitives.indexing import Index, Scatter
from funcgrad.primitives.kinds import Expand, Pointwise, Sum
from funcgrad.primitives.pointwise import Select
from funcgrad.primitives.reducing import Extreme
from funcgrad.primitives.shaping import ALL, Cast, Reshape
from funcgrad.rewrites.draft import Draft, identity

#: Over so many elements at most, of an array of so many at least, is a reduction taken apart into slices.
SLICES, SLICED = 8, 1 << 14
#: So many functions of functions are taken apart with it.
DEPTH = 4


@identity(Sum, Extreme)
def few_slices(b: Draft, op: Any, args: tuple[int, ...], kind: Any) -> int | None:
    """A reduction over short axes of a large array is that of its few slices: f(x₀, x₁, …), with long loops inside.

    NumPy reduces over short inner axes in loops as short. For sums the order, and so the rounding, may be another.
    """
    if not apart(b.shape(args[0]), op.axes) or kind.dtype.kind != "f":
        return None
    f = pointwise.add if isinstance(op, Sum) else {"maximum": pointwise.maximum, "minimum": pointwise.minimum}[op.ufunc]
    parts = [part(b, args[0], entries) for entries in slices(b.shape(args[0]), op.axes)]
    answer = parts[0]
    for one in parts[1:]:
        answer = b(f, answer, one)
    return answer


@identity(Select, after=(Reshape, Expand))
def few_choices(b: Draft, op: Any, args: tuple[int, ...], kind: Any) -> int | None:
    """where(c, x, 0) of an x repeated along short axes is made of slices where(cᵢ, x, 0). Loops are long inside.

    As they are put into zeros, -0.0 may become 0.0.
    """
    chosen, x, zero = args
    thin = b.thin(x)
    shape = (1,) * (len(kind.shape) - len(b.shape(thin))) + b.shape(thin)
    axes = tuple([k for k, n in enumerate(kind.shape) if n > 1 and shape[k] == 1])
    if b.factor(zero) != 0 or kind.dtype.kind != "f" or b.types[x].dtype != kind.dtype or not axes:
        return None
    if b.shape(chosen) != kind.shape or not apart(kind.shape, axes) or len(shape) != len(b.shape(thin)):
        return None
    places = slices(kind.shape, axes)
    share = b(Reshape(tuple([n for k, n in enumerate(kind.shape) if k not in axes])), thin)
    pieces = [b(op, part(b, chosen, entries), share, b.thin(zero)) for entries in places]
    return b(Scatter(kind.shape, tuple(map(Index, places))), *pieces)


def apart(shape: tuple[int, ...], axes: tuple[int, ...]) -> bool:
    """Whether an array is large, and these axes of it short and not the first."""
    lengths = [shape[axis] for axis in axes]
    return 1 < prod(lengths) <= SLICES and prod(shape) >= SLICED and min(axes) > 0


def slices(shape: tuple[int, ...], axes: tuple[int, ...]) -> list[tuple[Any, ...]]:
    """The basic indices of the slices along axes, which are gone in them."""
    last = max(axes) + 1
    return [
        tuple([where[axes.index(k)] if k in axes else ALL for k in range(last)])
        for where in product(*[range(shape[axis]) for axis in axes])
    ]


def part(b: Draft, n: int, entries: tuple[Any, ...], depth: int = DEPTH) -> int:
    """A slice of a value: of functions element by element, that of the slices of their arguments."""
    op, shape = b.ops[n], b.shape(n)
    if not depth or not isinstance(op, Pointwise | Cast) or any([b.shape(i) not in ((), shape) for i in b.args[n]]):
        thin = units(b, n, entries) if isinstance(op, Pointwise) and depth else None
        return b(Index(entries), n) if thin is None else thin
    return b(op, *[part(b, i, entries, depth - 1) if b.shape(i) else i for i in b.args[n]])


def units(b: Draft, n: int, entries: tuple[Any, ...]) -> int | None:
    """The same where an argument is repeated along the axes that go, and along no others."""
    shape, args = b.shape(n), []
    gone = [k for k, e in enumerate(entries) if type(e) is int]
    for i in b.args[n]:
        if b.shape(i) == shape:
            args.append(part(b, i, entries, 1))
        elif b.shape(i) == tuple([1 if k in gone else m for k, m in enumerate(shape)]):
            args.append(b(Reshape(tuple([m for k, m in enumerate(shape) if k not in gone])), i))
        elif not b.shape(i):
            args.append(i)
        else:
            return None
    return b(b.ops[n], *args)
