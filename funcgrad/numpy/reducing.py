"""NumPy's reductions and scans, by its own names and signatures."""

import math
from functools import cache, lru_cache, partial
from operator import index
from typing import Any

import numpy as np
from numpy import ndarray
from numpy.lib.array_utils import normalize_axis_tuple

from funcgrad.graph.calls import frozen_array
from funcgrad.graph.dispatch import UFUNCS, implements
from funcgrad.graph.node import Node, born
from funcgrad.graph.op import admit
from funcgrad.graph.protocols import unsupported
from funcgrad.graph.types import type_of
from funcgrad.primitives.kinds import Sum, reduced, thinned
from funcgrad.primitives.pointwise import root
from funcgrad.primitives.reducing import Extreme, Product, Truth
from funcgrad.primitives.shaping import Cast, Reshape, made_of

#: What NumPy's signatures have for an option that is not given.
NONE: Any = np._NoValue
#: Operations that programs make again and again: to find one takes less time than to make one.
SUMS, EXTREMES, RESHAPES = cache(Sum), cache(Extreme), lru_cache(256)(Reshape)
HALF, SINGLE = np.dtype(np.float16), np.dtype(np.float32)


def refuse_given(name: str, dtype: Any = None, out: Any = None) -> None:
    """Refuse `dtype=` and `out=` where they are given."""
    if dtype is not None:
        unsupported(name, "dtype")
    if out is not None:
        unsupported(name, "out")


def asked(name: str, a: Any, dtype: Any, out: Any) -> Any:
    """`a` at the dtype in which a sum or product is asked for; an integer one, which has no derivative, is refused."""
    if out is not None or (dtype is not None and np.dtype(dtype).kind not in "fc"):
        refuse_given(name, dtype if out is None else None, out)
    return a if dtype is None else np.astype(a, dtype)


def axes_of(axis: Any, rank: int) -> tuple[int, ...]:
    """The axes that `axis` means, in ascending order, or NumPy's error."""
    if axis is None:
        return tuple(range(rank))
    if type(axis) is int and -rank <= axis < rank:
        return (axis % rank,)
    if rank == 0 and axis in (0, -1):  # NumPy reduces a number over its "only" axis
        return ()
    axes = normalize_axis_tuple(axis if type(axis) in (tuple, list) else index(axis), rank, allow_duplicate=True)
    if len(set(axes)) < len(axes):
        raise ValueError("duplicate value in 'axis'")
    return tuple(sorted(axes))


def kept(z: Any, shape: tuple[int, ...], axes: tuple[int, ...]) -> Any:
    """A reduced array with the axes that went back again, of length 1."""
    if not axes:
        return z
    lengths = thinned(shape, axes)
    if type(z) is Node and type(z.value) is ndarray:
        return made_of(z, RESHAPES(lengths), z.value.reshape(lengths))
    return Reshape(lengths)(z)


def summed(a: Any, axis: Any = 0, keepdims: Any = False) -> Any:
    """Σ over axes: np.add.reduce; of a known array as directly as can be, for no reduction is as frequent."""
    value = a.value
    if type(value) is ndarray:
        axes = axes_of(axis, value.ndim)
        z = made_of(a, SUMS(axes), reduced(np.add, value, axes))
    else:
        axes = axes_of(axis, a.ndim)
        z = Sum(axes)(a)
    return kept(z, a.shape, axes) if keepdims else z


def multiplied(a: Any, axis: Any = 0, keepdims: Any = False) -> Any:
    """Π over axes, one after the other: np.multiply.reduce."""
    axes = axes_of(axis, a.ndim)
    if len(axes) == a.ndim:  # all of it, and a number too, is the product of one row
        z = Product(0)(Reshape((type_of(a).size,))(a))
    else:
        z = a if axes else Reshape((1, *a.shape))(a)
        for one in reversed(axes or (0,)):
            z = Product(one)(z)
    return kept(z, a.shape, axes) if keepdims else z


def extreme(ufunc: Any, a: Any, axis: Any = 0, keepdims: Any = False) -> Any:
    """The largest or smallest over axes: np.maximum.reduce, np.minimum.reduce."""
    value = a.value
    axes = axes_of(axis, a.ndim)
    op = EXTREMES(ufunc, axes)
    if type(value) is ndarray:  # as `summed`
        answer = frozen_array(op.run(value))
        z = born(answer, op, (a,), answer, a.history.calls)
    else:
        z = op(a)
    return kept(z, a.shape, axes) if keepdims else z


def truth(ufunc: Any, a: Any, axis: Any = 0, keepdims: Any = False) -> Any:
    """Whether any or all over axes are true: np.logical_or.reduce, np.logical_and.reduce."""
    axes = axes_of(axis, a.ndim)
    z = Truth(ufunc, axes)(a)
    return kept(z, a.shape, axes) if keepdims else z


def masked(a: Any, where: Any, other: Any) -> Any:
    """`a` with `other` wherever the option `where` of a reduction leaves it out."""
    if where is True or where is NONE:
        return a
    shape = np.shape(where)
    if np.broadcast_shapes(shape, a.shape) != a.shape:
        raise ValueError(f"operands could not be broadcast together with shapes {a.shape} {shape}")
    return np.where(where, a, other)


def of_dtype(z: Any, like: Any) -> Any:
    """`z` with the dtype of `like`: NumPy's reductions keep theirs whatever count or initial value they meet."""
    return z if z.dtype == like.dtype else Cast(like.dtype)(z)


def started(ufunc: np.ufunc, z: Any, initial: Any) -> Any:
    """A reduction that starts from `initial` in place of 0 or 1."""
    if initial is None:
        unsupported(f"{ufunc.__name__}.reduce", "initial")
    return of_dtype(ufunc(z, initial), z)


@implements(np.sum)
def sum(
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    out: Any = None,
    keepdims: Any = False,
    initial: Any = NONE,
    where: Any = True,
) -> Any:
    """Σ a over `axis`."""
    if dtype is not None or out is not None:
        a = asked("sum", a, dtype, out)
    z = summed(a if where is True else masked(a, where, 0), axis, keepdims)
    return z if initial is NONE else started(np.add, z, initial)


@implements(np.prod)
def prod(
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    out: Any = None,
    keepdims: Any = False,
    initial: Any = NONE,
    where: Any = True,
) -> Any:
    """Π a over `axis`; right at zeros, to every order."""
    z = multiplied(masked(asked("prod", a, dtype, out), where, 1), axis, keepdims)
    return z if initial is NONE else started(np.multiply, z, initial)


def limited(name: str, ufunc: np.ufunc, a: Any, axis: Any, keepdims: Any, initial: Any, where: Any) -> Any:
    """The extreme of `a` and `initial`, where that is given."""
    if initial is NONE or initial is None:
        if where is not True and where is not NONE:
            raise ValueError(
                f"reduction operation '{name}' does not have an identity, "
                "so to use a where mask one has to specify 'initial'"
            )
        return extreme(name, a, axis, keepdims)
    within = masked(a, where, initial)
    if 0 in [a.shape[i] for i in axes_of(axis, a.ndim)]:  # nothing but `initial`, in the shape of a reduction
        return of_dtype(sum(a, axis, keepdims=keepdims) + initial, a)
    return of_dtype(ufunc(extreme(name, within, axis, keepdims), initial), a)


@implements(np.max, np.amax)
def max(
    a: Any, axis: Any = None, out: Any = None, keepdims: Any = False, initial: Any = NONE, where: Any = True
) -> Any:
    """The largest of `a` over `axis`; ties share the derivative equally."""
    refuse_given("max", out=out)
    return limited("maximum", np.maximum, a, axis, keepdims, initial, where)


@implements(np.min, np.amin)
def min(
    a: Any, axis: Any = None, out: Any = None, keepdims: Any = False, initial: Any = NONE, where: Any = True
) -> Any:
    """The smallest of `a` over `axis`; ties share the derivative equally."""
    refuse_given("min", out=out)
    return limited("minimum", np.minimum, a, axis, keepdims, initial, where)


@implements(np.ptp)
def ptp(a: Any, axis: Any = None, out: Any = None, keepdims: Any = False) -> Any:
    """The range of `a` over `axis`: its largest less its smallest."""
    refuse_given("ptp", out=out)
    return np.max(a, axis, keepdims=keepdims) - np.min(a, axis, keepdims=keepdims)


@implements(np.any)
def any(a: Any, axis: Any = None, out: Any = None, keepdims: Any = False, *, where: Any = True) -> Any:
    """Whether any of `a` over `axis` is true."""
    refuse_given("any", out=out)
    return truth("logical_or", masked(a, where, False), axis, keepdims)


@implements(np.all)
def all(a: Any, axis: Any = None, out: Any = None, keepdims: Any = False, *, where: Any = True) -> Any:
    """Whether all of `a` over `axis` are true."""
    refuse_given("all", out=out)
    return truth("logical_and", masked(a, where, True), axis, keepdims)


@implements(np.count_nonzero)
def count_nonzero(a: Any, axis: Any = None, *, keepdims: Any = False) -> Any:
    """How many of `a` over `axis` differ from zero."""
    if a.known:
        return np.count_nonzero(a.value, axis, keepdims=keepdims)
    return np.sum(a != 0, axis, keepdims=keepdims)


def number_of(a: Any, axis: Any, where: Any, keepdims: Any) -> Any:
    """How many elements a mean over `axis` is made of: a number, or an array where `where` leaves some out."""
    if where is True or where is NONE:
        return math.prod(a.shape if axis is None else [a.shape[i] for i in normalize_axis_tuple(axis, a.ndim)])
    return np.sum(np.broadcast_to(where, a.shape), axis, keepdims=keepdims)


@implements(np.mean)
def mean(
    a: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: Any = False, *, where: Any = True
) -> Any:
    """Σ a / n over `axis`."""
    a = asked("mean", a, dtype, out)
    if getattr(a.value, "dtype", None) == HALF:  # as in NumPy, summed in single precision
        return Cast(HALF)(mean(Cast(SINGLE)(a), axis, keepdims=keepdims, where=where))
    return divided(sum(a, axis, keepdims=keepdims, where=where), number_of(a, axis, where, keepdims))


def divided(total: Any, number: Any) -> Any:
    """total / number, in the precision of the total."""
    z = total / number
    return of_dtype(z, total) if type(number) is not int and total.dtype.kind in "fc" else z


@implements(np.var)
def var(
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    out: Any = None,
    ddof: Any = 0,
    keepdims: Any = False,
    *,
    where: Any = True,
    mean: Any = NONE,
    correction: Any = NONE,
) -> Any:
    """Σ |a - m|² / (n - ddof) over `axis`, where m is the mean over it."""
    refuse_given("var", dtype, out)
    if correction is not NONE:
        if ddof != 0:
            raise ValueError("ddof and correction can't be provided simultaneously.")
        ddof = correction
    if mean is NONE:
        mean = divided(sum(a, axis, keepdims=True, where=where), number_of(a, axis, where, True))
    distance = masked(a - mean, where, 0)
    if distance.dtype.kind == "c":
        square = np.square(np.real(distance)) + np.square(np.imag(distance))
    else:
        square = np.square(distance)
    number = number_of(a, axis, where, keepdims) - ddof
    number = np.maximum(number, 0) if type(number) is not int else number if number > 0 else 0
    return divided(np.sum(square, axis, keepdims=keepdims), number)


@implements(np.std)
def std(
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    out: Any = None,
    ddof: Any = 0,
    keepdims: Any = False,
    *,
    where: Any = True,
    mean: Any = NONE,
    correction: Any = NONE,
) -> Any:
    """√var over `axis`.  Where it is 0, all of `a` being equal, its derivative is taken to be 0."""
    refuse_given("std", dtype, out)
    return root(var(a, axis, ddof=ddof, keepdims=keepdims, where=where, mean=mean, correction=correction))


@implements(np.average)
def average(a: Any, axis: Any = None, weights: Any = None, returned: bool = False, *, keepdims: Any = False) -> Any:
    """Σ w a / Σ w over `axis`."""
    a = admit(a)
    if axis is not None:
        axis = normalize_axis_tuple(axis, np.ndim(a), argname="axis")
    if weights is None:
        z = np.mean(a, axis, keepdims=keepdims)
        total = number_of(a, axis, True, keepdims) + np.zeros(z.shape, z.dtype)
        return (z, total) if returned else z
    weights = weights_like(a, axis, weights)
    dtype = np.result_type(type_of(a).dtype, type_of(weights).dtype)
    weights = weights if type_of(weights).dtype == dtype else Cast(dtype)(weights)
    total = np.sum(weights, axis, keepdims=keepdims)
    if getattr(total, "known", True) and bool(np.any(total == 0.0)):
        raise ZeroDivisionError("Weights sum to zero, can't be normalized")
    z = np.sum(a * weights, axis, keepdims=keepdims) / total
    return (z, total) if returned else z


def weights_like(a: Any, axis: tuple[int, ...] | None, weights: Any) -> Any:
    """The weights of an average, with an axis, if only of length 1, for each axis of `a`."""
    weights = admit(weights)
    kind, wanted = type_of(a), type_of(weights)
    if wanted.shape == kind.shape:
        return weights
    if axis is None:
        raise TypeError("Axis must be specified when shapes of a and weights differ.")
    if wanted.shape != tuple([kind.shape[i] for i in axis]):
        raise ValueError("Shape of weights must be consistent with shape of a along specified axis.")
    ordered = np.transpose(weights, sorted(range(len(axis)), key=axis.__getitem__))
    return np.broadcast_to(
        np.reshape(ordered, tuple([n if i in axis else 1 for i, n in enumerate(kind.shape)])), kind.shape
    )


# ---- without NaN ----------------------------------------------------------------------------------------------------
@implements(np.nansum)
def nansum(
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    out: Any = None,
    keepdims: Any = False,
    initial: Any = NONE,
    where: Any = True,
) -> Any:
    """Σ of those `a` over `axis` that are no NaN."""
    refuse_given("nansum", dtype, out)
    return sum(np.where(np.isnan(a), 0, a), axis, keepdims=keepdims, initial=initial, where=where)


@implements(np.nanprod)
def nanprod(
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    out: Any = None,
    keepdims: Any = False,
    initial: Any = NONE,
    where: Any = True,
) -> Any:
    """Π of those `a` over `axis` that are no NaN."""
    refuse_given("nanprod", dtype, out)
    return prod(np.where(np.isnan(a), 1, a), axis, keepdims=keepdims, initial=initial, where=where)


@implements(np.nanmean)
def nanmean(
    a: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: Any = False, *, where: Any = True
) -> Any:
    """The mean of those `a` over `axis` that are no NaN."""
    refuse_given("nanmean", dtype, out)
    valid = np.logical_not(np.isnan(a))
    return mean(a, axis, keepdims=keepdims, where=valid if where is True else np.logical_and(valid, where))


def limited_by_numbers(name: str, ufunc: np.ufunc, a: Any, axis: Any, keepdims: Any, initial: Any, where: Any) -> Any:
    """The extreme of those `a` that are no NaN, or NaN where all are."""
    missing = np.isnan(a)
    worst = -np.inf if ufunc is np.maximum else np.inf
    z = limited(name, ufunc, np.where(missing, worst, a) if a.dtype.kind in "fc" else a, axis, keepdims, initial, where)
    if initial is not NONE or a.dtype.kind not in "fc":
        return z
    return of_dtype(np.where(np.all(missing, axis, keepdims=keepdims), np.nan, z), a)


@implements(np.nanmax)
def nanmax(
    a: Any, axis: Any = None, out: Any = None, keepdims: Any = False, initial: Any = NONE, where: Any = True
) -> Any:
    """The largest of those `a` over `axis` that are no NaN."""
    refuse_given("nanmax", out=out)
    return limited_by_numbers("maximum", np.maximum, a, axis, keepdims, initial, where)


@implements(np.nanmin)
def nanmin(
    a: Any, axis: Any = None, out: Any = None, keepdims: Any = False, initial: Any = NONE, where: Any = True
) -> Any:
    """The smallest of those `a` over `axis` that are no NaN."""
    refuse_given("nanmin", out=out)
    return limited_by_numbers("minimum", np.minimum, a, axis, keepdims, initial, where)


UFUNCS[np.add, "reduce"] = summed
UFUNCS[np.multiply, "reduce"] = multiplied
UFUNCS[np.maximum, "reduce"] = partial(extreme, "maximum")
UFUNCS[np.minimum, "reduce"] = partial(extreme, "minimum")
UFUNCS[np.logical_or, "reduce"] = partial(truth, "logical_or")
UFUNCS[np.logical_and, "reduce"] = partial(truth, "logical_and")
