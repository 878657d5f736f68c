"""NumPy's functions that apply another to parts of an array: along an axis, over axes, between places."""

from functools import partial
from operator import index
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from funcgrad.graph.dispatch import UFUNCS, implements
from funcgrad.graph.op import strong
from funcgrad.numpy.shaping import operand
from funcgrad.primitives.indexing import Gather, Scatter, demanded
from funcgrad.primitives.shaping import ALL


@implements(np.apply_along_axis)
def apply_along_axis(func1d: Any, axis: Any, arr: Any, *args: Any, **kwargs: Any) -> Any:
    """A function of each line along an axis, its answers' axes in place of that axis."""
    a = operand(arr)
    axis = normalize_axis_index(axis, a.ndim)
    lines = np.moveaxis(a, axis, -1)
    lengths = lines.shape[:-1]
    answers = [operand(func1d(lines[place], *args, **kwargs)) for place in np.ndindex(lengths)]
    if not answers:
        raise ValueError("Cannot apply_along_axis when any iteration dimensions are 0")
    z = np.reshape(np.stack(answers), lengths + answers[0].shape)
    rank = answers[0].ndim
    return np.moveaxis(z, range(z.ndim - rank, z.ndim), range(axis, axis + rank))


@implements(np.apply_over_axes)
def apply_over_axes(func: Any, a: Any, axes: Any) -> Any:
    """A function over one axis after the other, each kept."""
    z = operand(a)
    rank = z.ndim
    for axis in [axes] if np.ndim(axes) == 0 else axes:
        at = axis + rank if axis < 0 else axis
        answer = func(z, at)
        answer = answer if answer.ndim == z.ndim else np.expand_dims(answer, at)
        if answer.ndim != z.ndim:
            raise ValueError("function is not returning an array of the correct shape")
        z = answer
    return z


# ---- ufunc.reduceat --------------------------------------------------------------------------------------------------
def reduced_at(ufunc: np.ufunc, a: Any, indices: Any, axis: Any = 0) -> Any:
    """The reductions between each place of `indices` and the next; the element alone where the next is no later."""
    a = strong(operand(a))
    places = np.asarray(demanded(indices, f"Where np.{ufunc.__name__}.reduceat reduces", "Pass plain integers."))
    if not a.ndim:
        if axis not in (None, 0, -1):
            normalize_axis_index(index(axis), 0)
        raise TypeError("cannot reduceat on a scalar")
    if axis is None and a.ndim > 1:
        raise ValueError("reduceat does not allow multiple axes")
    axis = 0 if axis is None else normalize_axis_index(index(axis), a.ndim)
    ufunc.reduceat(np.zeros(a.shape[axis]), places)  # raises, in NumPy's words, if a place is none
    stops = [*places[1:].tolist(), a.shape[axis]]
    pieces = [(start, max(start + 1, stop)) for start, stop in zip(places.tolist(), stops, strict=bool(places.size))]
    if ufunc is np.add:
        return added(a, pieces, axis)
    before = (ALL,) * axis
    parts = [ufunc.reduce(a[(*before, slice(*piece))], axis=axis) for piece in pieces]
    return np.stack(parts, axis) if parts else a[(*before, slice(0, 0))]


def added(a: Any, pieces: list[tuple[int, int]], axis: int) -> Any:
    """Sums of pieces, by one gathering and one adding up."""
    taken = np.concatenate([np.zeros(0, int), *[np.arange(*piece) for piece in pieces]])
    into = np.repeat(np.arange(len(pieces)), [stop - start for start, stop in pieces])
    shape = (*a.shape[:axis], len(pieces), *a.shape[axis + 1 :])
    return Scatter(shape, ((Gather(axis), 1),))(Gather(axis)(a, taken), into)


for _ufunc in (np.add, np.multiply, np.maximum, np.minimum):
    UFUNCS[_ufunc, "reduceat"] = partial(reduced_at, _ufunc)
