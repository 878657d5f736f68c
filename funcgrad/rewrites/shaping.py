"""Shaping: reshapes, transposes and stretched arrays that cancel, or that broadcasting does not need."""

from math import prod
from typing import Any

from funcgrad.graph.types import Type
from funcgrad.primitives.kinds import Expand
from funcgrad.primitives.pointwise import Select
from funcgrad.primitives.shaping import Reshape, Transpose
from funcgrad.rewrites.draft import ELEMENTWISE, NUMBER, Draft, Key, identity

#: Every function that works element by element.
POINTWISE: tuple[Key, ...] = (ELEMENTWISE, Select)


# ---- one shape after another -----------------------------------------------------------------------------------------
@identity(Reshape, Transpose, Expand)
def nothing_moved(b: Draft, op: Any, args: tuple[int, ...], kind: Any) -> int | None:
    """A reshape to the shape that x has, or its axes in the order in which they are, is x. One step less."""
    (x,) = args
    if b.types[x] != kind:
        return None
    return None if isinstance(op, Transpose) and op.axes != tuple(range(len(op.axes))) else x


@identity(Reshape, after=(Reshape,))
def reshape_of_reshape(b: Draft, op: Any, args: tuple[int, ...], _kind: Any) -> int | None:
    """The shape of a shape is the last shape. One step less."""
    inner = b.made(args[0], Reshape)
    return b(op, inner[0]) if inner else None


@identity(Transpose, after=(Transpose,))
def transpose_of_transpose(b: Draft, op: Any, args: tuple[int, ...], _kind: Any) -> int | None:
    """(xᵖ)ᑫ = xᑫᵖ. One step less."""
    inner = b.made(args[0], Transpose)
    if not inner:
        return None
    before = b.ops[args[0]].axes
    return b(Transpose(tuple([before[axis] for axis in op.axes])), inner[0])


@identity(Transpose)
def only_units_move(b: Draft, op: Any, args: tuple[int, ...], kind: Any) -> int | None:
    """An order that moves only axes of length 1 is a reshape, of which two become one. As many steps, both views."""
    shape = b.shape(args[0])
    moving = [axis for axis in op.axes if shape[axis] != 1]
    return b(Reshape(kind.shape), *args) if moving == sorted(moving) and prod(kind.shape) else None


@identity(Expand)
def expand_by_units(b: Draft, op: Any, args: tuple[int, ...], kind: Any) -> int | None:
    """To repeat once is to reshape: no memory is written."""
    return b(Reshape(kind.shape), *args) if all(op.shape[axis] == 1 for axis in op.axes) else None


@identity(Expand, after=(Expand,))
def expand_of_expand(b: Draft, op: Any, args: tuple[int, ...], _kind: Any) -> int | None:
    """Repeated along some axes and then along others is repeated along all of them. One step less."""
    inner = b.made(args[0], Expand)
    if not inner:
        return None
    kept = [axis for axis in range(len(op.shape)) if axis not in op.axes]
    axes = sorted([*op.axes, *[kept[axis] for axis in b.ops[args[0]].axes]])
    return b(Expand(op.shape, tuple(axes)), *inner)


# ---- element by element ----------------------------------------------------------------------------------------------
@identity(*POINTWISE, after=NUMBER)
def broadcast_instead(b: Draft, op: Any, args: tuple[int, ...], kind: Any) -> int | None:
    """f(x repeated, y) = f(x, y) where NumPy repeats x itself: no repeated array is made."""
    if not kind.shape or not prod(kind.shape):
        return None
    thin = tuple([b.thin(i) for i in args])
    if thin == args:
        return None
    for k in range(len(args)):  # where all are repeated, one has to stay
        kept = thin if k == 0 else (*thin[: k - 1], args[k - 1], *thin[k:])
        if kept != args and b.fits(kind, op, kept):
            return b(op, *kept)
    return None


@identity(*POINTWISE, after=NUMBER)
def repeat_last(b: Draft, op: Any, args: tuple[int, ...], kind: Any) -> int | None:
    """f(x repeated, y repeated) = f(x, y) repeated: f is computed for fewer elements. As many steps, or fewer."""
    if not kind.shape or not prod(kind.shape):
        return None
    thin = tuple([b.thin(i) for i in args])
    shapes = [b.shape(i) for i in thin]
    rank = len(kind.shape)
    short = [(1,) * (rank - len(shape)) + shape for shape in shapes]
    axes = tuple([k for k in range(rank) if kind.shape[k] != 1 and all(shape[k] == 1 for shape in short)])
    units = thin != args and rank > max(map(len, shapes))  # all that is repeated is along axes of length 1
    if not (axes or units) or any(i in b.values for i in args if b.shape(i) == kind.shape and b.thin(i) == i):
        return None
    small = b(op, *thin)
    if b.types[small].dtype != kind.dtype:
        return None
    kept = tuple([n for k, n in enumerate(kind.shape) if k not in axes])
    return b(Expand(kind.shape, axes), b(Reshape(kept), small) if b.shape(small) != kept else small)


@identity(*POINTWISE, after=(Reshape,))
def reshape_last(b: Draft, op: Any, args: tuple[int, ...], kind: Any) -> int | None:
    """f(x reshaped, y reshaped) = f(x, y) reshaped. As many steps, or fewer: reshapes meet and go."""
    reshaped = [i for i in args if b.keys[i] is Reshape and b.shape(i) == kind.shape]
    if not reshaped or not kind.shape or not prod(kind.shape):
        return None
    inside = b.shape(b.args[reshaped[0]][0])
    units = units_dropped(kind.shape, inside)
    plain = []
    for i in args:
        source = b.args[i][0] if b.keys[i] is Reshape else i
        if b.keys[i] is Reshape and b.shape(i) == kind.shape and b.shape(source) == inside and (units or b.single(i)):
            plain.append(source)
        elif not b.shape(i):
            plain.append(i)
        elif units is None:
            return None
        else:
            shape = without_units(b.shape(i), len(kind.shape), units)
            if shape == b.shape(i):
                plain.append(i)
            elif b.shape(source) == shape:
                plain.append(source)
            elif i in b.values or b.keys[i] is Reshape:
                plain.append(b(Reshape(shape), i))
            else:
                return None
    if tuple(plain) == args or not b.fits(Type(inside, kind.dtype), op, tuple(plain)):
        return None
    return b(Reshape(kind.shape), b(op, *plain))


@identity(*POINTWISE, after=(Transpose,))
def transpose_last(b: Draft, op: Any, args: tuple[int, ...], kind: Any) -> int | None:
    """f(xᵀ, y) = f(x, yᵀ)ᵀ where no y is turned that was not. As many steps, or fewer: transposes meet and go."""
    turned = [i for i in args if b.keys[i] is Transpose and b.shape(i) == kind.shape]
    if not turned:
        return None
    axes, plain = b.ops[turned[0]].axes, []
    for i in args:
        if b.keys[i] is Transpose and b.ops[i].axes == axes and b.shape(i) == kind.shape and b.single(i):
            plain.append(b.args[i][0])
        elif not b.shape(i):
            plain.append(i)
        elif axes == (1, 0) and len(b.shape(i)) == 1:
            plain.append(b(Reshape((b.shape(i)[0], 1)), i))
        elif axes == (1, 0) and b.shape(i)[1] == 1 and b.keys[i] is Reshape and prod(b.shape(i)):
            plain.append(b(Reshape((b.shape(i)[0],)), i))
        else:
            return None
    return b(Transpose(axes), b(op, *plain))


def units_dropped(shape: tuple[int, ...], inside: tuple[int, ...]) -> tuple[int, ...] | None:
    """The axes of length 1 without which `shape` is `inside`; None if there are no such axes."""
    units, j = [], 0
    for i, n in enumerate(shape):
        if j < len(inside) and inside[j] == n:
            j += 1
        elif n == 1:
            units.append(i)
        else:
            return None
    return tuple(units) if j == len(inside) else None


def without_units(shape: tuple[int, ...], rank: int, units: tuple[int, ...]) -> tuple[int, ...]:
    """The shape of an argument that broadcasts to `rank` axes, when those axes of the answer are gone."""
    missing = rank - len(shape)
    return tuple([n for k, n in enumerate(shape, missing) if k not in units])
