"""NumPy's names for taking elements out of arrays, choosing between arrays, and putting elements in."""

from collections.abc import Callable
from typing import Any, Literal

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from funcgrad.graph.dispatch import implements
from funcgrad.graph.node import Node
from funcgrad.graph.op import admit, strong
from funcgrad.graph.protocols import unsupported
from funcgrad.graph.types import type_of
from funcgrad.numpy.shaping import at_shape, operand, ravel, with_order
from funcgrad.primitives.banding import Banded, Diagonal
from funcgrad.primitives.indexing import Gather, demanded, getitem
from funcgrad.primitives.kinds import Sum
from funcgrad.primitives.placing import At
from funcgrad.primitives.pointwise import Select
from funcgrad.primitives.ranking import Ranks
from funcgrad.primitives.shaping import ALL, Cast, Concatenate, Stack, cast_into

#: The remedy where a shape would depend on data.
KEEP_SHAPE = "Choose with np.where(mask, x, 0.0), which keeps the shape of x."


def at(x: Any) -> At:
    """What a traced value offers as x.at, for plain arrays too: the answer is a new array, and x stays as it is.

    >>> at(np.zeros(3))[1].set(5.0)
    array([0., 5., 0.])
    """
    return At(operand(x))


# ---- take ------------------------------------------------------------------------------------------------------------
def bounded(indices: Any, n: int, mode: str) -> Any:
    """Integer indices into an axis of length n, under np.take's mode."""
    i = operand(indices)
    if i.dtype.kind not in "iub" and i.size:
        raise TypeError(
            f"Cannot cast array data from {i.dtype!r} to {np.dtype(np.intp)!r} according to the rule 'safe'"
        )
    i = i if i.dtype.kind in "iu" else Cast(np.dtype(np.intp))(i)
    if mode == "clip":
        return np.minimum(np.maximum(i, 0), n - 1)
    if mode == "wrap":
        return np.remainder(i, n)
    if mode != "raise":
        raise ValueError(f"clipmode must be one of 'clip', 'raise', or 'wrap' (got '{mode}')")
    return i


@implements(np.take)
def take(a: Any, indices: Any, axis: Any = None, out: Any = None, mode: str = "raise") -> Any:
    """The elements of `a` at integer indices along an axis, or of all of it."""
    if out is not None:
        unsupported("take", "out")
    a = operand(a)
    a, axis = (ravel(a), 0) if axis is None else (a, normalize_axis_index(axis, a.ndim))
    return getitem(a, (*(ALL,) * axis, bounded(indices, a.shape[axis], mode)))


@implements(np.take_along_axis)
def take_along_axis(arr: Any, indices: Any, axis: Any = -1) -> Any:
    """z[…, k, …] = x[…, i[…, k, …], …]: for each line along an axis, its own indices."""
    a, i = operand(arr), operand(indices)
    if i.dtype.kind not in "iu":
        raise IndexError("`indices` must be an integer array")
    if axis is None:
        if i.ndim != 1:
            raise ValueError("when axis=None, `indices` must have a single dimension.")
        a, axis = ravel(a), 0
    axis = normalize_axis_index(axis, a.ndim)
    if a.ndim != i.ndim:
        raise ValueError("`indices` and `arr` must have the same number of dimensions")
    meshes = [np.arange(n).reshape([-1 if j == k else 1 for j in range(a.ndim)]) for k, n in enumerate(a.shape)]
    return Gather()(a, *[i if k == axis else mesh for k, mesh in enumerate(meshes)])


@implements(np.compress)
def compress(condition: Any, a: Any, axis: Any = None, out: Any = None) -> Any:
    """The slices of `a` along an axis where a list of truth values is true."""
    chosen = np.asarray(demanded(condition, "The shape of np.compress(mask, x)", KEEP_SHAPE))
    if chosen.ndim != 1:
        raise ValueError("condition must be a 1-d array")
    return take(a, np.flatnonzero(chosen), axis, out)


@implements(np.extract)
def extract(condition: Any, arr: Any) -> Any:
    """The elements of `arr` where a condition is true."""
    return take(arr, np.flatnonzero(demanded(condition, "The shape of np.extract(mask, x)", KEEP_SHAPE)))


@implements(np.delete)
def delete(arr: Any, obj: Any, axis: Any = None) -> Any:
    """`arr` without the slices that an index names."""
    a = operand(arr)
    a, axis = (ravel(a), 0) if axis is None else (a, normalize_axis_index(axis, a.ndim))
    obj = demanded(obj, "The shape of np.delete(x, i)", KEEP_SHAPE) if type(obj) is Node else obj
    return Gather(axis)(a, on_axis(axis, np.delete, np.arange(a.shape[axis]), obj))


def on_axis(axis: int, function: Callable[..., Any], *args: Any) -> Any:
    """A function of one axis alone; an index that it refuses is named as one of `axis`."""
    try:
        return function(*args)
    except IndexError as error:
        raise IndexError(str(error).replace("axis 0", f"axis {axis}")) from None


@implements(np.insert)
def insert(arr: Any, obj: Any, values: Any, axis: Any = None) -> Any:
    """`arr` with values put in before the places that an index names."""
    a = operand(arr)
    a, axis = (ravel(a), -1 if a.ndim else 0) if axis is None else (a, axis)
    axis = normalize_axis_index(axis, a.ndim)
    v = cast_into(operand(values), a.dtype, "np.insert")
    places: Any = obj
    if not isinstance(obj, slice):
        places = np.asarray(demanded(obj, "The order of np.insert(x, i, v)", "Choose with np.where."))
    count = len(on_axis(axis, np.insert, np.zeros(a.shape[axis]), places, 0.0)) - a.shape[axis]
    if count == 1:
        v = at_shape(v, (1,) * (a.ndim - v.ndim) + v.shape)
        v = np.moveaxis(v, 0, axis) if np.ndim(places) == 0 and not isinstance(obj, slice) else v
        count = v.shape[axis]
    n = a.shape[axis]
    v = np.broadcast_to(v, (*a.shape[:axis], count, *a.shape[axis + 1 :]))
    order = np.insert(np.arange(n), places, np.arange(n, n + count))
    return Gather(axis)(Concatenate(axis)(a, v), order)


# ---- diagonals -------------------------------------------------------------------------------------------------------
@implements(np.diagonal)
def diagonal(a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    """The elements whose indices on two axes differ by `offset`, as a new last axis."""
    a = operand(a)
    if a.ndim < 2:
        raise ValueError("diag requires an array of at least two dimensions")
    one, two = normalize_axis_index(axis1, a.ndim), normalize_axis_index(axis2, a.ndim)
    if one == two:
        raise ValueError("axis1 and axis2 cannot be the same")
    a = with_order(a, [*[k for k in range(a.ndim) if k not in (one, two)], one, two])
    length = max(0, min(a.shape[-2] + min(offset, 0), a.shape[-1] - max(offset, 0)))
    return Diagonal((max(0, -offset), max(0, offset), length))(a)


@implements(np.trace)
def trace(a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1, dtype: Any = None, out: Any = None) -> Any:
    """The sum along a diagonal."""
    for option, value in (("dtype", dtype), ("out", out)):
        if value is not None:
            unsupported("trace", option)
    on = diagonal(a, offset, axis1, axis2)
    return Sum((on.ndim - 1,))(on)


@implements(np.diag)
def diag(v: Any, k: int = 0) -> Any:
    """The matrix with a given diagonal, or the diagonal of a matrix."""
    v = operand(v)
    if v.ndim == 2:
        return diagonal(v, k)
    if v.ndim != 1:
        raise ValueError("Input must be 1- or 2-d.")
    n = v.size + abs(k)
    return Banded((n, n), ((max(0, -k), max(0, k), v.size),))(v)


@implements(np.diagflat)
def diagflat(v: Any, k: int = 0) -> Any:
    """The matrix with the elements of v as a diagonal."""
    return diag(ravel(operand(v)), k)


@implements(np.tril)
def tril(m: Any, k: int = 0) -> Any:
    """`m` with zeros above a diagonal."""
    m = operand(m)
    return Select()(np.tri(m.shape[-2], m.shape[-1], k, bool), m, np.zeros(1, m.dtype))


@implements(np.triu)
def triu(m: Any, k: int = 0) -> Any:
    """`m` with zeros below a diagonal."""
    m = operand(m)
    return Select()(np.tri(m.shape[-2], m.shape[-1], k - 1, bool), np.zeros(1, m.dtype), m)


# ---- choose ----------------------------------------------------------------------------------------------------------
def condition_of(c: Any) -> Any:
    """A condition as truth values: a number is true unless it is 0."""
    return c if type_of(admit(c)).dtype.kind == "b" else np.not_equal(c, 0)


@implements(np.where)
def where(condition: Any, x: Any = None, y: Any = None, /) -> Any:
    """Of two values, x where a condition holds, else y; the branch not taken has no part in the derivative."""
    if x is None and y is None:
        return nonzero(condition)
    if x is None or y is None:
        raise ValueError("either both or neither of x and y should be given")
    return Select()(condition_of(admit(condition)), admit(x), admit(y))


@implements(np.clip)
def clip(
    a: Any, a_min: Any = None, a_max: Any = None, out: Any = None, *, min: Any = None, max: Any = None, **options: Any
) -> Any:
    """`a`, but no less than a_min and no more than a_max; None is no bound. Half the derivative at either end."""
    if out is not None:
        unsupported("clip", "out")
    for option in options:
        unsupported("clip", option)
    low = given(min, a_min)
    high = given(max, a_max)
    z = a if low is None else np.maximum(a, low)
    z = z if high is None else np.minimum(z, high)
    return operand(z) if z is a else z


def given(one: Any, other: Any) -> Any:
    """The one of two spellings of an option that was given."""
    return other if one is None or one is np._NoValue else one


@implements(np.select)
def select(condlist: Any, choicelist: Any, default: Any = 0) -> Any:
    """Element by element, the choice that goes with the first condition that holds."""
    if len(condlist) != len(choicelist):
        raise ValueError("list of cases must be same length as list of conditions")
    if not len(condlist):
        raise ValueError("select with an empty condition list is not possible")
    choices = [admit(a) for a in (*choicelist, default)]
    kinds = [type_of(a) for a in choices]
    dtype = np.result_type(*[kind.promoting()(0) if kind.weak else kind.dtype for kind in kinds])
    *rest, z = [cast_into(a, dtype, "np.select") for a in choices]
    for i, (condition, choice) in reversed(list(enumerate(zip(condlist, rest, strict=True)))):
        if type_of(admit(condition)).dtype.kind != "b":
            raise TypeError(f"invalid entry {i} in condlist: should be boolean ndarray")
        z = Select()(admit(condition), choice, z)
    return z


@implements(np.choose)
def choose(a: Any, choices: Any, out: Any = None, mode: str = "raise") -> Any:
    """Element by element, the choice that an integer names."""
    if out is not None:
        unsupported("choose", "out")
    i, options = operand(a), [operand(c) for c in choices]
    shape = np.broadcast_shapes(i.shape, *[c.shape for c in options])
    if mode == "raise" and type(i) is not Node and i.size and not (i.min() >= 0 and i.max() < len(options)):
        raise ValueError("invalid entry in choice array")
    i = bounded(i, len(options), mode)
    stacked = Stack(0)(*[np.broadcast_to(c, shape) for c in options])
    meshes = [np.arange(n).reshape([-1 if j == k else 1 for j in range(len(shape))]) for k, n in enumerate(shape)]
    return Gather()(stacked, i, *meshes)


@implements(np.piecewise)
def piecewise(x: Any, condlist: Any, funclist: Any, *args: Any, **kw: Any) -> Any:
    """Where a condition holds, its function of x; where none does, the last function, or 0."""
    x = operand(x)
    single = not isinstance(condlist, list | tuple) or (
        not isinstance(condlist[0], list | np.ndarray | Node) and x.ndim
    )
    masks = [
        np.asarray(demanded(c, "Which function np.piecewise applies", "Write np.select or np.where."), bool)
        for c in ([condlist] if single and np.ndim(condlist) <= x.ndim else condlist)
    ]
    if len(masks) == len(funclist) - 1:
        masks.append(~np.any(masks, axis=0))
    elif len(masks) != len(funclist):
        n = len(masks)
        raise ValueError(f"with {n} condition(s), either {n} or {n + 1} functions are expected")
    z: Any = np.zeros(x.shape, x.dtype)
    for mask, function in zip(masks, funclist, strict=True):
        value = function(x[mask], *args, **kw) if callable(function) and np.any(mask) else function
        z = At(z)[mask].set(value) if np.any(mask) else z
    return z


# ---- where -----------------------------------------------------------------------------------------------------------
def asked(name: str) -> Callable[..., Any]:
    """A function of values alone, whose answer's shape depends on them: plain where they are known, else refused."""
    function = getattr(np, name)

    def answered(a: Any) -> Any:
        return function(demanded(a, f"The shape of np.{name}(x)", KEEP_SHAPE))

    answered.__doc__ = f"np.{name} of known values: plain integers."
    return implements(function)(answered)


nonzero, flatnonzero, argwhere = map(asked, ("nonzero", "flatnonzero", "argwhere"))


@implements(np.searchsorted)
def searchsorted(a: Any, v: Any, side: Literal["left", "right"] = "left", sorter: Any = None) -> Any:
    """Where each v belongs in sorted a: plain integers if both are known."""
    if side not in ("left", "right"):
        np.searchsorted(np.zeros(1), 0.0, side)  # raises, in NumPy's words
    a = operand(a)
    return Ranks(side)(a if sorter is None else take(a, sorter), strong(admit(v)))


@implements(np.digitize)
def digitize(x: Any, bins: Any, right: bool = False) -> Any:
    """Which bin each x falls into: plain integers if x is known."""
    edges = np.asarray(demanded(bins, "Whether bins rise or fall", "Pass bins as a plain array."))
    np.digitize(np.zeros(0), edges, right)  # raises if they are not sorted
    side: Literal["left", "right"] = "left" if right else "right"
    if edges.size > 1 and edges[0] > edges[-1]:
        return edges.size - searchsorted(edges[::-1], x, side)
    return searchsorted(edges, x, side)


@implements(np.ix_)
def ix_(*args: Any) -> tuple[Any, ...]:
    """An open mesh of index lists: x[np.ix_(rows, columns)]."""
    answers = []
    for k, one in enumerate(map(operand, args)):
        if one.ndim != 1:
            raise ValueError("Cross index must be 1 dimensional")
        i = flatnonzero(one) if one.dtype.kind == "b" else one
        answers.append(i.reshape((1,) * k + (i.size,) + (1,) * (len(args) - k - 1)))
    return tuple(answers)
