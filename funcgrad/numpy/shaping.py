"""NumPy's names for the same numbers at other shapes: reshape, transpose, flip, roll, windows."""

from collections.abc import Sequence
from math import prod
from operator import index as integer
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index, normalize_axis_tuple

from funcgrad.graph.dispatch import implements
from funcgrad.graph.node import Node
from funcgrad.graph.op import admit, strong
from funcgrad.graph.protocols import unsupported
from funcgrad.primitives.indexing import Index
from funcgrad.primitives.shaping import ALL, Concatenate, Reshape, Transpose, Windows, ghost
from funcgrad.sweeps.edges import stretch_to


def operand(a: Any) -> Any:
    """An argument as an array: a node as it is, though no longer weak; anything else as a plain array."""
    return strong(a) if type(a) is Node else np.asarray(admit(a))


def at_shape(a: Any, shape: tuple[int, ...]) -> Any:
    """`a` at another shape."""
    return a if a.shape == shape else Reshape(shape)(a)


def with_order(a: Any, order: Sequence[int]) -> Any:
    """`a` with its axes in another order."""
    return a if list(order) == list(range(a.ndim)) else Transpose(tuple(order))(a)


def lengths_of(shape: Any, size: int, whole: tuple[int, ...]) -> tuple[int, ...]:
    """A shape that `reshape` was given, with -1 replaced."""
    lengths = tuple([integer(n) for n in shape]) if isinstance(shape, tuple | list) else (integer(shape),)
    negative = [n for n in lengths if n < 0]
    rest = prod([n for n in lengths if n >= 0])
    if len(negative) > 1 or (rest != size if not negative else rest == 0 or size % rest):
        np.reshape(ghost(whole), lengths)  # raises, in NumPy's words
    return tuple([size // rest if n < 0 else n for n in lengths]) if negative else lengths


# ---- shape -----------------------------------------------------------------------------------------------------------
@implements(np.reshape)
def reshape(
    a: Any,
    /,
    shape: Any,
    order: str = "C",
    *,
    copy: bool | None = None,  # noqa: ARG001  # REASON: a traced value cannot change, so that none need be copied
) -> Any:
    """The same elements at other lengths. With order "F" the first axis runs quickest; "A" and "K" mean "C" here."""
    lengths = lengths_of(shape, a.size, a.shape)
    if order == "F":
        return reversed_axes(Reshape(lengths[::-1])(reversed_axes(a)))
    return at_shape(strong(a), lengths)


def reversed_axes(a: Any) -> Any:
    """`a` with its axes from last to first."""
    return with_order(a, range(a.ndim)[::-1])


@implements(np.ravel)
def ravel(a: Any, order: str = "C") -> Any:
    """The elements in one axis."""
    return reshape(a, (a.size,), order)


@implements(np.expand_dims)
def expand_dims(a: Any, axis: Any) -> Any:
    """`a` with new axes of length 1."""
    return at_shape(strong(a), np.expand_dims(ghost(a.shape), axis).shape)


@implements(np.squeeze)
def squeeze(a: Any, axis: Any = None) -> Any:
    """`a` without axes of length 1."""
    return at_shape(strong(a), np.squeeze(ghost(a.shape), axis).shape)


def at_least(name: str) -> Any:
    """One of np.atleast_1d, atleast_2d and atleast_3d."""
    function = getattr(np, name)

    @implements(function)
    def padded(*arys: Any) -> Any:
        answers = [at_shape(a, function(ghost(a.shape)).shape) for a in map(operand, arys)]
        return answers[0] if len(answers) == 1 else tuple(answers)

    padded.__doc__ = f"np.{name}: new axes of length 1 up to that rank."
    return padded


atleast_1d, atleast_2d, atleast_3d = map(at_least, ("atleast_1d", "atleast_2d", "atleast_3d"))


@implements(np.broadcast_to)
def broadcast_to(
    array: Any,
    shape: Any,
    subok: bool = False,  # noqa: ARG001  # REASON: a traced value has no subclass
) -> Any:
    """`array` repeated along new axes and axes of length 1."""
    a = operand(array)
    return stretch_to(a, np.broadcast_to(ghost(a.shape), shape).shape)


@implements(np.broadcast_arrays)
def broadcast_arrays(
    *args: Any,
    subok: bool = False,  # noqa: ARG001  # REASON: a traced value has no subclass
) -> tuple[Any, ...]:
    """All arrays at the shape to which they broadcast together."""
    arrays = [operand(a) for a in args]
    shape = np.broadcast_shapes(*[a.shape for a in arrays])
    return tuple([stretch_to(a, shape) for a in arrays])


# ---- order of axes ---------------------------------------------------------------------------------------------------
@implements(np.transpose)
def transpose(a: Any, axes: Any = None) -> Any:
    """`a` with its axes in another order, reversed unless named."""
    if axes is None:
        return reversed_axes(a)
    order = [integer(k) for k in axes] if np.iterable(axes) else [integer(axes)]
    counted = [k % a.ndim if -a.ndim <= k < a.ndim else k for k in order]
    if sorted(counted) != list(range(a.ndim)):
        np.transpose(ghost(a.shape), order)  # raises, in NumPy's words
    return with_order(a, counted)


@implements(np.matrix_transpose)
def matrix_transpose(x: Any, /) -> Any:
    """The last two axes swapped."""
    if x.ndim < 2:
        raise ValueError(f"Input array must be at least 2-dimensional, but it is {x.ndim}")
    return swapaxes(x, -1, -2)


@implements(np.swapaxes)
def swapaxes(a: Any, axis1: int, axis2: int) -> Any:
    """Two axes swapped."""
    one, two = normalize_axis_index(axis1, a.ndim, "axis1"), normalize_axis_index(axis2, a.ndim, "axis2")
    return with_order(a, [two if i == one else one if i == two else i for i in range(a.ndim)])


@implements(np.moveaxis)
def moveaxis(a: Any, source: Any, destination: Any) -> Any:
    """Axes moved to other positions, the others in their order."""
    a = operand(a)
    sources = normalize_axis_tuple(source, a.ndim, "source")
    targets = normalize_axis_tuple(destination, a.ndim, "destination")
    if len(sources) != len(targets):
        raise ValueError("`source` and `destination` arguments must have the same number of elements")
    order = [n for n in range(a.ndim) if n not in sources]
    for target, one in sorted(zip(targets, sources, strict=True)):
        order.insert(target, one)
    return with_order(a, order)


@implements(np.rollaxis)
def rollaxis(a: Any, axis: int, start: int = 0) -> Any:
    """An axis moved back to before another."""
    axis = normalize_axis_index(axis, a.ndim)
    begin = start + a.ndim if start < 0 else start
    if not 0 <= begin <= a.ndim:
        np.rollaxis(ghost(a.shape), axis, start)  # raises, in NumPy's words
    return moveaxis(a, axis, begin - (axis < begin))


# ---- flip, roll ------------------------------------------------------------------------------------------------------
@implements(np.flip)
def flip(m: Any, axis: Any = None) -> Any:
    """The elements in reverse along all axes, or those named."""
    axes = range(m.ndim) if axis is None else normalize_axis_tuple(axis, m.ndim)
    return m[tuple([slice(None, None, -1) if i in axes else ALL for i in range(m.ndim)])]


@implements(np.fliplr)
def fliplr(m: Any) -> Any:
    """The second axis in reverse."""
    if m.ndim < 2:
        raise ValueError("Input must be >= 2-d.")
    return flip(m, 1)


@implements(np.flipud)
def flipud(m: Any) -> Any:
    """The first axis in reverse."""
    if m.ndim < 1:
        raise ValueError("Input must be >= 1-d.")
    return flip(m, 0)


@implements(np.rot90)
def rot90(m: Any, k: int = 1, axes: Any = (0, 1)) -> Any:
    """A quarter turn in the plane of two axes, k times, from the first towards the second."""
    np.rot90(ghost(m.shape), k, axes)  # raises, in NumPy's words
    one, two = [axis % m.ndim for axis in axes]
    k %= 4
    if k == 2:
        return flip(m, (one, two))
    turned = swapaxes(m if k != 1 else flip(m, two), one, two) if k else m
    return flip(turned, two) if k == 3 else turned


@implements(np.roll)
def roll(a: Any, shift: Any, axis: Any = None) -> Any:
    """Elements that leave at one end of an axis come in at the other."""
    a = operand(a)
    if axis is None:
        return at_shape(roll(a.reshape(-1), shift, 0), a.shape)
    axes = normalize_axis_tuple(axis, a.ndim, allow_duplicate=True)
    pairs = np.broadcast(shift, axes)
    if pairs.ndim > 1:
        raise ValueError("'shift' and 'axis' should be scalars or 1D sequences")
    for by, along in pairs:
        n = a.shape[along]
        cut = -integer(by) % n if n else 0
        if cut:
            before = (ALL,) * int(along)
            a = Concatenate(int(along))(Index((*before, slice(cut, None)))(a), Index((*before, slice(None, cut)))(a))
    return a


# ---- windows ---------------------------------------------------------------------------------------------------------
@implements(np.lib.stride_tricks.sliding_window_view)
def sliding_window_view(
    x: Any,
    window_shape: Any,
    axis: Any = None,
    *,
    subok: bool = False,  # noqa: ARG001  # REASON: a traced value has no subclass
    writeable: bool = False,
) -> Any:
    """Every window of a shape in x, the windows' own axes last."""
    if writeable:
        unsupported("lib.stride_tricks.sliding_window_view", "writeable")
    np.lib.stride_tricks.sliding_window_view(ghost(x.shape), window_shape, axis)  # raises, in NumPy's words
    window = tuple(window_shape) if np.iterable(window_shape) else (window_shape,)
    axes = range(x.ndim) if axis is None else normalize_axis_tuple(axis, x.ndim, allow_duplicate=True)
    for along, length in zip(axes, window, strict=True):
        x = Windows(along, integer(length))(x)
    return x
