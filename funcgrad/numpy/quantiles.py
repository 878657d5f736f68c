"""NumPy's quantiles and medians, by its own names and signatures: elements by rank, and a straight line between two."""

from collections.abc import Callable
from math import prod
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple

from funcgrad.graph.dispatch import implements
from funcgrad.graph.node import Node
from funcgrad.graph.op import strong, weak
from funcgrad.graph.types import type_of
from funcgrad.numpy.reducing import of_dtype, refuse_given, weights_like
from funcgrad.numpy.shaping import operand
from funcgrad.primitives.indexing import getitem
from funcgrad.primitives.kinds import thinned
from funcgrad.primitives.ordering import FEW, INDEX, OrderStatistics
from funcgrad.primitives.pointwise import is_weak
from funcgrad.primitives.ranking import Ranks

Virtual = Callable[[Any, Any], Any]


def line(alpha: float, beta: float) -> Virtual:
    """The place of a quantile q among n: n q + α + q (1 - α - β) - 1 (Hyndman and Fan, 1996)."""
    return lambda n, q: n * q + (alpha + q * (1 - alpha - beta)) - 1


def nearest_observation(n: Any, q: Any) -> Any:
    """The place nearest to n q - 1, the even one of the two that are (counted from 1)."""
    place = n * q - 1.5
    low = np.floor(place)
    return np.where((place == low) & (np.remainder(low, 2) == 1), low, low + 1)


#: Methods that take an element as it is: its place.
ELEMENTS: dict[str, Virtual] = {
    "inverted_cdf": lambda n, q: np.ceil(n * q - 1),
    "closest_observation": nearest_observation,
    "lower": lambda n, q: np.floor((n - 1) * q),
    "higher": lambda n, q: np.ceil((n - 1) * q),
    "nearest": lambda n, q: np.rint((n - 1) * q),
}
#: Methods that take an element or the middle of two: a place, and the weight of the later one at a whole place, or not.
STEPS: dict[str, tuple[Virtual, float, float]] = {
    "averaged_inverted_cdf": (lambda n, q: n * q - 1, 0.5, 1.0),
    "midpoint": (lambda n, q: (n - 1) * q, 0.0, 0.5),
}
#: Methods that draw straight lines: a place, mostly between two elements.
LINES: dict[str, Virtual] = {
    "interpolated_inverted_cdf": line(0, 1),
    "hazen": line(0.5, 0.5),
    "weibull": line(0, 0),
    "linear": lambda n, q: (n - 1) * q,
    "median_unbiased": line(1 / 3, 1 / 3),
    "normal_unbiased": line(3 / 8, 3 / 8),
}


# ---- shapes ----------------------------------------------------------------------------------------------------------
def axes_of(axis: Any, rank: int) -> tuple[int, ...]:
    """The axes that `axis` means."""
    return tuple(range(rank)) if axis is None else normalize_axis_tuple(axis, rank)


def heaped(a: Any, axes: tuple[int, ...]) -> Any:
    """`a` with some axes made one, in front."""
    rest = tuple([n for i, n in enumerate(a.shape) if i not in axes])
    front = np.moveaxis(a, axes, tuple(range(len(axes))))
    return np.reshape(front, (prod([a.shape[i] for i in axes]), *rest))


def unheaped(z: Any, shape: tuple[int, ...], axes: tuple[int, ...], q: tuple[int, ...], keepdims: Any) -> Any:
    """An answer for quantiles of shape q, with the axes that went back again if they are to be kept."""
    return np.reshape(z, q + thinned(shape, axes)) if keepdims else z


#: The elements at integer places in ascending order.
Ranked = Callable[[Any], Any]


def ranked(x: Any) -> Ranked:
    """The elements of x at places that are the same for all lanes."""

    def at(places: Any) -> Any:
        if type(places) is not Node:
            wanted, which = np.unique(places, return_inverse=True)
            if 0 < wanted.size <= FEW:
                return getitem(OrderStatistics(tuple(wanted.tolist()), 0)(x), (which.reshape(np.shape(places)),))
        return getitem(np.sort(x, 0), (places,))

    return at


def ranked_by_lane(s: Any) -> Ranked:
    """The elements of sorted s at places that are each lane's own."""

    def at(places: Any) -> Any:
        flat = np.reshape(places, (-1, *s.shape[1:]))
        return np.reshape(np.take_along_axis(s, flat, 0), type_of(places).shape)

    return at


def nan_if_any(z: Any, x: Any, at: Ranked) -> Any:
    """`z`, or NaN where x has one, which then is the last in order."""
    if x.dtype.kind not in "fc":
        return z
    missing = np.any(np.isnan(x), 0)
    return np.where(missing, at(np.intp(x.shape[0] - 1)), z) if type(missing) is Node or np.any(missing) else z


def counted(s: Any) -> Any:
    """How many numbers that are no NaN each lane of s has."""
    return np.sum(np.logical_not(np.isnan(s)), 0)


def within(place: Any, n: Any) -> Any:
    """A place as an integer, no less than 0 and no more than n - 1."""
    return np.maximum(np.minimum(place, n - 1), 0).astype(INDEX)


# ---- quantiles -------------------------------------------------------------------------------------------------------
def between(at: Ranked, x: Any, n: Any, q: Any, method: str, number: bool) -> Any:
    """The q-quantile of x by a method, where n is the number of its elements, or each lane's own number.

    `number` says whether q was one of Python's, which does not widen s.
    """
    lanes = type(n) is not int
    if method in ELEMENTS:
        return at(within(ELEMENTS[method](n, q), n))
    if method in STEPS:
        place, whole, broken = STEPS[method]
        v = place(n, q)
        low = np.floor(v)
        part = np.where(v == low, whole, broken).astype(type_of(v).dtype if type_of(v).dtype.kind == "f" else float)
    else:
        v = LINES[method](n, q)
        if method == "linear" and type_of(v).dtype.kind in "iu":
            return at(within(v, n))
        v = v if method == "linear" else np.minimum(np.maximum(v, 0), n - 1)
        low = np.floor(v)
        if type(q) is Node:  # at the upper end the line from the left, so that q = 1 has its slope
            low = np.maximum(np.minimum(low, n - 2), 0)
        part = v - low
    both = at(np.stack([within(low, n), within(low + 1, n)]))
    return lerp(both[0], both[1], stretched_part(part, x, lanes, number))


def stretched_part(part: Any, x: Any, lanes: bool, number: bool) -> Any:
    """A part of the way, which broadcasts against the elements at both ends, in a dtype that widens them or not."""
    if lanes:
        return of_dtype(part, x) if number and x.dtype.kind == "f" else part
    return weak(part) if number else np.reshape(part, type_of(part).shape + (1,) * (x.ndim - 1))


def lerp(a: Any, b: Any, t: Any) -> Any:
    """a + (b - a) t, from whichever end is nearer."""
    way = b - a
    near, far = a + way * t, b - way * (1 - t)
    return np.where(t >= 0.5, far, near)


def weighted(a: Any, w: Any, q: Any) -> Any:
    """The q-quantile of weighted numbers: the first at which the sum of weights so far reaches q of the whole."""
    order = np.argsort(a, 0)
    s = np.sort(a, 0)
    sums = np.cumsum(np.take_along_axis(w, order, 0).astype(np.float64), 0)
    total = sums[-1]
    if getattr(total, "known", True) and not np.all(np.isfinite(total) & (total != 0)):
        raise ValueError("Weights included NaN, inf or were all zero.")
    share = sums / total
    share = share.astype(q.dtype) if q.dtype.kind == "f" else share
    share = np.moveaxis(np.where(share == 0, -1, share), 0, -1)
    lanes = s.shape[1:]
    points = np.broadcast_to(np.reshape(q, (1,) * len(lanes) + (-1,)), (*lanes, q.size))
    places = np.minimum(Ranks("left")(share, points), s.shape[0] - 1)
    return np.reshape(np.take_along_axis(s, np.moveaxis(places, -1, 0), 0), q.shape + lanes)


def checked_quantile(a: Any, q: Any, hundredth: bool) -> Any:
    """q as an array of [0, 1]."""
    if a.dtype.kind == "c":
        raise TypeError("a must be an array of real numbers")
    q = strong(q) if type(q) is Node else np.asarray(q)
    q = np.true_divide(q, 100) if hundredth else q
    value = q.value if type(q) is Node else q
    if getattr(q, "known", True) and np.size(value) and not (np.min(value) >= 0 and np.max(value) <= 1):
        span = "Percentiles must be in the range [0, 100]" if hundredth else "Quantiles must be in the range [0, 1]"
        raise ValueError(span)
    if q.ndim > 2:
        raise ValueError("q must be a scalar or 1d")
    return q


def checked_weights(a: Any, axes: Any, weights: Any, method: str) -> Any:
    """The weights at the shape of `a`, or NumPy's error."""
    if method != "inverted_cdf":
        raise ValueError(f"Only method 'inverted_cdf' supports weights. Got: {method}.")
    weights = weights_like(a, axes, weights)
    if getattr(weights, "known", True) and np.any(weights < 0):
        raise ValueError("Weights must be non-negative.")
    return weights


def quantiles(
    a: Any, q: Any, axis: Any, method: str, keepdims: Any, weights: Any, *, hundredth: bool, numbers: bool
) -> Any:
    """np.quantile, of percentages if `hundredth`, and without NaN if `numbers`."""
    a, number = operand(a), is_weak(q)
    q = checked_quantile(a, q, hundredth)
    if method not in {*ELEMENTS, *STEPS, *LINES}:
        np.quantile(np.zeros(1), 0.5, method=method)  # type: ignore[call-overload]  # raises, in NumPy's words
    if weights is not None:
        axis = axis if axis is None else normalize_axis_tuple(axis, a.ndim, argname="axis")
        weights = checked_weights(a, axis, weights, method)
    axes = axes_of(axis, a.ndim)
    if numbers and not a.size:
        return np.nanmean(a, axis, keepdims=keepdims)
    x = heaped(a, axes)
    if not x.shape[0]:
        raise IndexError("index -1 is out of bounds for axis 0 with size 0")
    numbers = numbers and a.dtype.kind == "f"
    if weights is not None:
        z = by_weights(x, heaped(weights, axes), q, numbers)
    else:
        z = by_order(x, q, method, numbers, number)
    return unheaped(z, a.shape, axes, q.shape, keepdims)


def by_weights(x: Any, w: Any, q: Any, numbers: bool) -> Any:
    """The weighted quantiles. Without NaN, these get no weight, and a lane of nothing else has one weight for all."""
    if not numbers:
        return nan_if_any(weighted(x, w, q), x, ranked(x))
    missing = np.isnan(x)
    return weighted(x, np.where(missing, np.all(missing, 0), w), q)


def by_order(x: Any, q: Any, method: str, numbers: bool, number: bool) -> Any:
    """The quantiles of x."""
    if not numbers:
        at = ranked(x)
        return nan_if_any(between(at, x, x.shape[0], q, method, number), x, at)
    n = counted(x)
    n = n.astype(q.dtype) if q.dtype.kind == "f" else n
    at = ranked_by_lane(np.sort(x, 0))
    return between(at, x, n, np.reshape(q, q.shape + (1,) * (x.ndim - 1)), method, number)


def quantile(
    a: Any,
    q: Any,
    axis: Any = None,
    out: Any = None,
    overwrite_input: bool = False,  # noqa: ARG001  # REASON: a traced value cannot change, and so is not overwritten
    method: str = "linear",
    keepdims: Any = False,
    *,
    weights: Any = None,
    name: str,
) -> Any:
    """The value below which a part q of `a` lies; its derivative goes to the neighbours in order, ties sharing it."""
    refuse_given(name, out=out)
    options = {"hundredth": "percentile" in name, "numbers": name.startswith("nan")}
    return quantiles(a, q, axis, method, keepdims, weights, **options)


def named(name: str) -> None:
    """Give one of NumPy's four functions its meaning."""

    def meaning(a: Any, q: Any, *args: Any, **options: Any) -> Any:
        return quantile(a, q, *args, name=name, **options)

    implements(getattr(np, name))(meaning)


for _name in ("quantile", "percentile", "nanquantile", "nanpercentile"):
    named(_name)


# ---- medians ---------------------------------------------------------------------------------------------------------
@implements(np.median)
def median(
    a: Any,
    axis: Any = None,
    out: Any = None,
    overwrite_input: bool = False,  # noqa: ARG001  # REASON: a traced value cannot change, and so is not overwritten
    keepdims: Any = False,
) -> Any:
    """The middle of `a` in order, or the mean of the two middle ones; ties share the derivative equally."""
    refuse_given("median", out=out)
    a = operand(a)
    axes = axes_of(axis, a.ndim)
    x = heaped(a, axes)
    n, at = x.shape[0], ranked(x)
    if not n:
        return np.mean(a, axes, keepdims=keepdims)
    z = nan_if_any(np.mean(at(np.arange((n - 1) // 2, n // 2 + 1)), 0), x, at)
    return unheaped(z, a.shape, axes, (), keepdims)


@implements(np.nanmedian)
def nanmedian(
    a: Any,
    axis: Any = None,
    out: Any = None,
    overwrite_input: bool = False,  # noqa: ARG001  # REASON: a traced value cannot change, and so is not overwritten
    keepdims: Any = False,
) -> Any:
    """The median of those `a` that are no NaN."""
    refuse_given("nanmedian", out=out)
    a = operand(a)
    if not a.size:
        return np.nanmean(a, axis, keepdims=keepdims)
    axes = axes_of(axis, a.ndim)
    s = np.sort(heaped(a, axes), 0)
    n = counted(s)
    places = np.stack([np.maximum(n - 1, 0) // 2, n // 2])
    return unheaped(np.mean(np.take_along_axis(s, places, 0), 0), a.shape, axes, (), keepdims)
