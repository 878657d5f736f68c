"""NumPy's cumulative sums, products and extremes, and differences, by its own names and signatures."""

from collections.abc import Callable
from functools import partial
from operator import index
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from funcgrad.graph.dispatch import UFUNCS, implements
from funcgrad.graph.op import Op, admit
from funcgrad.graph.types import type_of
from funcgrad.numpy.reducing import NONE, asked, of_dtype
from funcgrad.primitives.ordering import RunningPosition
from funcgrad.primitives.scanning import CumulativeProduct, CumulativeSum, piece


def scanned(op: Callable[[int], Op], a: Any, axis: Any = 0) -> Any:
    """A scan along one axis: np.add.accumulate, np.multiply.accumulate."""
    if a.ndim == 0:
        raise TypeError("cannot accumulate on a scalar")
    if axis is None and a.ndim > 1:
        raise ValueError("accumulate does not allow multiple axes")
    return cumulated(op, a, axis)


def cumulated(op: Callable[[int], Op], a: Any, axis: Any) -> Any:
    """A scan along one axis, or through all elements if it is None."""
    if axis is None or a.ndim == 0:
        a = np.reshape(a, -1)
    return op(0 if axis is None else normalize_axis_index(index(axis), a.ndim))(a)


def record(ufunc: Any, a: Any, axis: Any = 0) -> Any:
    """The extreme so far: np.maximum.accumulate, np.minimum.accumulate.  Of ties the latest has the derivative."""
    positions = scanned(partial(RunningPosition, ufunc), a, axis)
    return np.take_along_axis(a, positions, 0 if axis is None else axis)


UFUNCS[np.add, "accumulate"] = partial(scanned, CumulativeSum)
UFUNCS[np.multiply, "accumulate"] = partial(scanned, CumulativeProduct)
UFUNCS[np.maximum, "accumulate"] = partial(record, "maximum")
UFUNCS[np.minimum, "accumulate"] = partial(record, "minimum")


@implements(np.cumsum)
def cumsum(a: Any, axis: Any = None, dtype: Any = None, out: Any = None) -> Any:
    """Σ aⱼ over j ≤ i along `axis`."""
    return cumulated(CumulativeSum, asked("cumsum", a, dtype, out), axis)


@implements(np.cumprod)
def cumprod(a: Any, axis: Any = None, dtype: Any = None, out: Any = None) -> Any:
    """Π aⱼ over j ≤ i along `axis`; right at zeros, to every order."""
    return cumulated(CumulativeProduct, asked("cumprod", a, dtype, out), axis)


@implements(np.nancumsum)
def nancumsum(a: Any, axis: Any = None, dtype: Any = None, out: Any = None) -> Any:
    """The cumulative sum of those `a` that are no NaN."""
    return cumsum(np.where(np.isnan(a), 0, a), axis, dtype, out)


@implements(np.nancumprod)
def nancumprod(a: Any, axis: Any = None, dtype: Any = None, out: Any = None) -> Any:
    """The cumulative product of those `a` that are no NaN."""
    return cumprod(np.where(np.isnan(a), 1, a), axis, dtype, out)


def cumulative(op: Callable[[int], Op], first: int, x: Any, axis: Any, include_initial: bool) -> Any:
    """A scan as in the array API standard, with the empty sum or product in front on request."""
    if axis is None and x.ndim > 1:
        raise ValueError("For arrays which have more than one dimension ``axis`` argument is required.")
    z = cumulated(op, x, axis)
    if not include_initial:
        return z
    at = 0 if axis is None else normalize_axis_index(axis, z.ndim)
    shape = tuple([1 if i == at else n for i, n in enumerate(z.shape)])
    return np.concatenate((np.full(shape, first, z.dtype), z), at)


@implements(np.cumulative_sum)
def cumulative_sum(
    x: Any, /, *, axis: Any = None, dtype: Any = None, out: Any = None, include_initial: bool = False
) -> Any:
    """Σ xⱼ over j ≤ i along `axis`."""
    return cumulative(CumulativeSum, 0, asked("cumulative_sum", x, dtype, out), axis, include_initial)


@implements(np.cumulative_prod)
def cumulative_prod(
    x: Any, /, *, axis: Any = None, dtype: Any = None, out: Any = None, include_initial: bool = False
) -> Any:
    """Π xⱼ over j ≤ i along `axis`."""
    return cumulative(CumulativeProduct, 1, asked("cumulative_prod", x, dtype, out), axis, include_initial)


# ---- differences -----------------------------------------------------------------------------------------------------
def joined_to(a: Any, other: Any, axis: int, *, front: bool) -> Any:
    """`a` with another array, or a number stretched to one, before or after it along `axis`."""
    if other is NONE:
        return a
    if np.ndim(other) == 0:
        other = np.broadcast_to(other, tuple([1 if i == axis else n for i, n in enumerate(type_of(a).shape)]))
    return np.concatenate((other, a) if front else (a, other), axis)


@implements(np.diff)
def diff(a: Any, n: int = 1, axis: int = -1, prepend: Any = NONE, append: Any = NONE) -> Any:
    """aᵢ₊₁ - aᵢ along `axis`, n times over."""
    if n == 0:
        return a
    if n < 0:
        raise ValueError(f"order must be non-negative but got {n!r}")
    a = admit(a)
    if np.ndim(a) == 0:
        raise ValueError("diff requires input that is at least one dimensional")
    along = normalize_axis_index(axis, np.ndim(a))
    a = joined_to(joined_to(a, prepend, along, front=True), append, along, front=False)
    for _ in range(n):
        later, earlier = piece(a, along, 1), piece(a, along, None, -1)
        a = np.not_equal(later, earlier) if a.dtype == bool else later - earlier
    return a


@implements(np.ediff1d)
def ediff1d(ary: Any, to_end: Any = None, to_begin: Any = None) -> Any:
    """aᵢ₊₁ - aᵢ of the flattened array, between further numbers at both ends."""
    flat = np.reshape(admit(ary), -1)
    z = flat[1:] - flat[:-1]
    for name, end in (("to_begin", to_begin), ("to_end", to_end)):
        if end is not None and not np.can_cast(type_of(admit(end)).promoting(), z.dtype, "same_kind"):
            raise TypeError(f"dtype of `{name}` must be compatible with input `ary` under the `same_kind` rule.")
    parts = [of_dtype(np.reshape(admit(end), -1), z) for end in (to_begin, z, to_end) if end is not None]
    return np.concatenate(parts) if len(parts) > 1 else z


@implements(np.trapezoid)
def trapezoid(y: Any, x: Any = None, dx: Any = 1.0, axis: int = -1) -> Any:
    """∫ y dx along `axis`, by straight lines between the points."""
    y = admit(y)
    along = normalize_axis_index(axis, np.ndim(y))
    width = dx
    if x is not None:
        width = np.diff(admit(x), axis=-1 if np.ndim(x) == 1 else axis)
        if np.ndim(x) == 1:
            width = np.reshape(width, (-1, *(1,) * (np.ndim(y) - along - 1)))
    return np.sum(width * (piece(y, along, 1) + piece(y, along, None, -1)) / 2.0, along)
