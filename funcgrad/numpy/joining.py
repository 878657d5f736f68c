"""NumPy's names for joining, cutting and repeating arrays."""

from itertools import pairwise
from operator import index as integer
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from funcgrad.graph.dispatch import implements
from funcgrad.graph.protocols import unsupported
from funcgrad.numpy.shaping import at_shape, operand, ravel
from funcgrad.primitives.indexing import Gather, Index, demanded
from funcgrad.primitives.kinds import Expand
from funcgrad.primitives.shaping import ALL, Concatenate, Stack, ghost


def arrays_of(name: str, arrays: Any, **options: Any) -> list[Any]:
    """The arrays to be joined; an array stands for its items. Options must be at their defaults."""
    for option, value in options.items():
        if value is not None and (option, value) != ("casting", "same_kind"):
            unsupported(name, option)
    return [operand(a) for a in arrays]


# ---- join ------------------------------------------------------------------------------------------------------------
@implements(np.concatenate)
def concatenate(
    arrays: Any, /, axis: Any = 0, out: Any = None, *, dtype: Any = None, casting: str = "same_kind"
) -> Any:
    """Arrays one after the other along an axis; with axis None, all their elements."""
    parts = arrays_of("concatenate", arrays, out=out, dtype=dtype, casting=casting)
    if axis is None:
        parts, axis = [a.reshape(-1) for a in parts], 0
    if not parts[0].ndim:
        raise ValueError("zero-dimensional arrays cannot be concatenated")
    return Concatenate(normalize_axis_index(axis, parts[0].ndim))(*parts)


@implements(np.stack)
def stack(arrays: Any, axis: int = 0, out: Any = None, *, dtype: Any = None, casting: str = "same_kind") -> Any:
    """Arrays of one shape side by side along a new axis."""
    parts = arrays_of("stack", arrays, out=out, dtype=dtype, casting=casting)
    if len({a.shape for a in parts}) > 1:
        raise ValueError("all input arrays must have the same shape")
    return Stack(normalize_axis_index(axis, parts[0].ndim + 1))(*parts)


@implements(np.vstack)
def vstack(tup: Any, *, dtype: Any = None, casting: str = "same_kind") -> Any:
    """Arrays one below the other."""
    parts = [np.atleast_2d(a) for a in arrays_of("vstack", tup, dtype=dtype, casting=casting)]
    return concatenate(parts, 0)


@implements(np.hstack)
def hstack(tup: Any, *, dtype: Any = None, casting: str = "same_kind") -> Any:
    """Arrays side by side: along the second axis, or the only one."""
    parts = [np.atleast_1d(a) for a in arrays_of("hstack", tup, dtype=dtype, casting=casting)]
    return concatenate(parts, 0 if parts and parts[0].ndim == 1 else 1)


@implements(np.dstack)
def dstack(tup: Any) -> Any:
    """Arrays one behind the other, along the third axis."""
    return concatenate([np.atleast_3d(a) for a in arrays_of("dstack", tup)], 2)


@implements(np.column_stack)
def column_stack(tup: Any) -> Any:
    """Arrays side by side, those of one axis as columns."""
    return concatenate([a if a.ndim >= 2 else a.reshape(-1, 1) for a in arrays_of("column_stack", tup)], 1)


@implements(np.append)
def append(arr: Any, values: Any, axis: Any = None) -> Any:
    """`arr` and `values` one after the other; all their elements if no axis is named."""
    return concatenate([operand(arr), operand(values)], axis)


@implements(np.block)
def block(arrays: Any) -> Any:
    """A nest of lists of blocks as one array: the innermost lists along the last axis."""
    depth = depth_of(arrays)
    rank = max(depth, *[a.ndim for a in leaves_of(arrays)])
    return joined(arrays, rank - depth, rank)


def depth_of(arrays: Any) -> int:
    """How deep lists are nested, everywhere alike."""
    if not isinstance(arrays, list):
        return 0
    depths = {depth_of(a) for a in arrays}
    if len(depths) != 1:
        raise ValueError("List depths are mismatched, or a list is empty.")
    return 1 + depths.pop()


def leaves_of(arrays: Any) -> list[Any]:
    """The blocks in a nest of lists."""
    return [leaf for a in arrays for leaf in leaves_of(a)] if isinstance(arrays, list) else [operand(arrays)]


def joined(arrays: Any, axis: int, rank: int) -> Any:
    """A nest of lists, joined along `axis` and the axes after it."""
    if isinstance(arrays, list):
        return concatenate([joined(a, axis + 1, rank) for a in arrays], axis)
    a = operand(arrays)
    return at_shape(a, (1,) * (rank - a.ndim) + a.shape)


# ---- cut -------------------------------------------------------------------------------------------------------------
@implements(np.array_split)
def array_split(ary: Any, indices_or_sections: Any, axis: int = 0) -> Any:
    """`ary` cut along an axis, at given places or into parts as equal as can be."""
    axis = normalize_axis_index(axis, ary.ndim)
    n = ary.shape[axis]
    if np.iterable(indices_or_sections):
        seams = [0, *[integer(i) for i in indices_or_sections], n]
    else:
        count = integer(indices_or_sections)
        if count <= 0:
            raise ValueError("number sections must be larger than 0.")
        seams = [k * (n // count) + min(k, n % count) for k in range(count + 1)]
    before = (ALL,) * axis
    return [Index((*before, slice(start, stop)))(ary) for start, stop in pairwise(seams)]


@implements(np.split)
def split(ary: Any, indices_or_sections: Any, axis: int = 0) -> Any:
    """`ary` cut along an axis, at given places or into equal parts."""
    if not np.iterable(indices_or_sections) and ary.shape[axis] % indices_or_sections:
        raise ValueError("array split does not result in an equal division")
    return array_split(ary, indices_or_sections, axis)


@implements(np.hsplit)
def hsplit(ary: Any, indices_or_sections: Any) -> Any:
    """`ary` cut along the second axis, or the only one."""
    if not ary.ndim:
        raise ValueError("hsplit only works on arrays of 1 or more dimensions")
    return split(ary, indices_or_sections, 1 if ary.ndim > 1 else 0)


@implements(np.vsplit)
def vsplit(ary: Any, indices_or_sections: Any) -> Any:
    """`ary` cut along the first axis."""
    if ary.ndim < 2:
        raise ValueError("vsplit only works on arrays of 2 or more dimensions")
    return split(ary, indices_or_sections, 0)


@implements(np.dsplit)
def dsplit(ary: Any, indices_or_sections: Any) -> Any:
    """`ary` cut along the third axis."""
    if ary.ndim < 3:
        raise ValueError("dsplit only works on arrays of 3 or more dimensions")
    return split(ary, indices_or_sections, 2)


@implements(np.unstack)
def unstack(x: Any, /, *, axis: int = 0) -> tuple[Any, ...]:
    """The items of x along an axis."""
    if not x.ndim:
        raise ValueError("Input array must be at least 1-d.")
    before = (ALL,) * normalize_axis_index(axis, x.ndim)
    return tuple([Index((*before, i))(x) for i in range(x.shape[len(before)])])


# ---- repeat ----------------------------------------------------------------------------------------------------------
@implements(np.tile)
def tile(A: Any, reps: Any) -> Any:
    """A laid side by side with itself, as often as `reps` says along each axis."""
    a = operand(A)
    counts = tuple([integer(n) for n in reps]) if np.iterable(reps) else (integer(reps),)
    rank = max(a.ndim, len(counts))
    counts, shape = (1,) * (rank - len(counts)) + counts, (1,) * (rank - a.ndim) + a.shape
    pairs = [n for pair in zip(counts, shape, strict=True) for n in pair]
    tiled = Expand(tuple(pairs), tuple(range(0, 2 * rank, 2)))(at_shape(a, shape))
    return at_shape(tiled, tuple([count * n for count, n in zip(counts, shape, strict=True)]))


@implements(np.repeat)
def repeat(a: Any, repeats: Any, axis: Any = None) -> Any:
    """Each element as often in a row as `repeats` says: one number for all, or one an element of the axis."""
    if axis is None:
        a, axis = ravel(operand(a)), 0
    a = operand(a)
    axis = normalize_axis_index(axis, a.ndim)
    counts = np.asarray(demanded(repeats, "The shape of np.repeat(x, repeats)", "Pass repeats as a plain number."))
    n = a.shape[axis]
    if counts.size == 1 and counts.dtype.kind in "iu" and counts.item() >= 0:
        count = counts.item()
        wide = Expand((*a.shape[: axis + 1], count, *a.shape[axis + 1 :]), (axis + 1,))(a)
        return at_shape(wide, (*a.shape[:axis], n * count, *a.shape[axis + 1 :]))
    return Gather(axis)(a, np.repeat(np.arange(n), counts))


@implements(np.meshgrid)
def meshgrid(
    *xi: Any,
    copy: bool = True,  # noqa: ARG001  # REASON: a traced value cannot change, so that none need be copied
    sparse: bool = False,
    indexing: str = "xy",
) -> tuple[Any, ...]:
    """Coordinates of a grid: each xₖ along an axis of its own, the first two swapped unless indexing is "ij"."""
    if indexing not in ("xy", "ij"):
        raise ValueError("Valid values for `indexing` are 'xy' and 'ij'.")
    arrays, rank = [operand(x) for x in xi], len(xi)
    axes = [1, 0, *range(2, rank)] if indexing == "xy" and rank > 1 else range(rank)
    lines = [a.reshape([-1 if i == axis else 1 for i in range(rank)]) for a, axis in zip(arrays, axes, strict=True)]
    return tuple(lines) if sparse else np.broadcast_arrays(*lines)


@implements(np.resize)
def resize(a: Any, new_shape: Any) -> Any:
    """The elements in order, from the start again where they do not suffice."""
    a = ravel(operand(a))
    shape = (integer(new_shape),) if not np.iterable(new_shape) else tuple([integer(n) for n in new_shape])
    if not a.size:
        return np.resize(ghost(a.shape, a.dtype), shape)
    return at_shape(Gather()(a, np.resize(np.arange(a.size), shape).reshape(-1)), shape)
