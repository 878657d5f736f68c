"""NumPy's histograms, by its own names and signatures: counts are locally constant, weighted ones linear in weights."""

from operator import index
from typing import Any

import numpy as np

from funcgrad.errors import UnsupportedFunction
from funcgrad.graph.dispatch import implements
from funcgrad.graph.node import Node
from funcgrad.graph.op import admit
from funcgrad.graph.provenance import refuse
from funcgrad.graph.types import Type, type_of
from funcgrad.numpy.reducing import of_dtype
from funcgrad.numpy.shaping import operand
from funcgrad.primitives.indexing import Gather, Scatter, demanded
from funcgrad.primitives.ranking import Ranks


def plain(a: Any, what: str) -> Any:
    """The numbers of a known value that a decision is made by."""
    return np.asarray(demanded(a, what, "Pass bins as a number or as an array of edges."))


def tallied(places: Any, weights: Any, n: int) -> Any:
    """Σ of the weights at each of n places, in double precision; how many there are of each where there are none."""
    if weights is None:
        weights = np.ones(type_of(places).shape, np.intp)
    else:
        kind = np.result_type(weights.dtype, np.float64)
        weights = weights if weights.dtype == kind else np.astype(weights, kind)
    return Scatter((n,), ((Gather(), 1),))(weights, places)


@implements(np.bincount)
def bincount(x: Any, /, weights: Any = None, minlength: Any = 0) -> Any:
    """How often each integer occurs in x, or the sum of its weights."""
    if type(x) is Node and x.dtype.kind not in "biu":
        np.bincount(np.zeros(x.shape))  # raises, in NumPy's words
    places = np.asarray(
        demanded(x, "The length of np.bincount(x)", "Write funcgrad.numpy.at(np.zeros(n))[x].add(weights).")
    )
    if weights is None:
        return np.bincount(places, None, minlength)
    weights = operand(weights)
    if weights.dtype.kind == "c" or weights.shape != places.shape or places.ndim != 1:
        np.bincount(places, np.zeros(weights.shape, weights.dtype))  # raises, in NumPy's words
    return tallied(places, weights, len(np.bincount(places, None, minlength)))


# ---- edges -----------------------------------------------------------------------------------------------------------
def ends(a: Any, span: Any) -> tuple[Any, Any]:
    """The first and the last edge: those given, or the extremes of `a`; half a unit off if they are equal."""
    if span is not None:
        first, last = map(admit, span)
    elif not type_of(a).size:
        first, last = 0, 1
    else:
        first, last = np.min(a), np.max(a)
    low, high = (one.value if type(one) is Node else one for one in (first, last))
    if type(low) is Type or type(high) is Type:
        equal = first == last
        return np.where(equal, first - 0.5, first), np.where(equal, last + 0.5, last)
    if span is not None:
        np.histogram_bin_edges(np.zeros(0), 1, (low, high))  # may raise, in NumPy's words
    if not (np.isfinite(low) and np.isfinite(high)):
        raise ValueError(f"autodetected range of [{low}, {high}] is not finite")
    return (first - 0.5, last + 0.5) if low == high else (first, last)


def divided(first: Any, last: Any, n: int) -> Any:
    """n + 1 edges at equal distances; plain if both ends are."""
    if type(first) is not Node and type(last) is not Node:
        return np.linspace(first, last, n + 1)
    if type(last) is not Node:
        last = np.broadcast_to(last, ())
    return np.concatenate([np.arange(n) * ((last - first) / n) + first, np.reshape(last, 1)])


def edges_of(a: Any, bins: Any, span: Any, weights: Any) -> Any:
    """The edges of the bins of a histogram."""
    if isinstance(bins, str):
        np.histogram_bin_edges(np.zeros(1), bins)  # raises if there is no such rule
        if weights is not None:
            raise TypeError("Automated estimation of the number of bins is not supported for weighted data")
        known, limits = (
            plain(a, "How many bins there are"),
            None if span is None else tuple([plain(s, "") for s in span]),
        )
        bins = len(np.histogram_bin_edges(known, bins, limits)) - 1
    if not type_of(admit(bins)).shape:
        try:
            n = index(bins)
        except TypeError as error:
            raise TypeError("`bins` must be an integer, a string, or an array") from error
        if n < 1:
            raise ValueError("`bins` must be positive, when an integer")
        first, last = ends(a, span)
        kind = np.result_type(*[one.dtype if type(one) is Node else one for one in (first, last)], a.dtype)
        edges = divided(first, last, n)
        edges = edges if kind.kind in "iu" or edges.dtype == kind else np.astype(edges, kind)
        fall = edges[:-1] >= edges[1:]
        if type(fall) is not Node and np.any(fall):
            raise ValueError(f"Too many bins for data range. Cannot create {n} finite-sized bins.")
        return edges
    return rising(operand(bins), "`bins` must increase monotonically, when an array")


def rising(edges: Any, message: str) -> Any:
    """Edges that do not fall."""
    if edges.ndim != 1:
        raise ValueError("`bins` must be 1d, when an array")
    falls = edges[:-1] > edges[1:]
    if type(falls) is not Node and np.any(falls):
        raise ValueError(message)
    return edges


def places_of(a: Any, edges: Any) -> Any:
    """The bin of each number, counted from 1: the last includes its right edge, 0 lies before and n + 1 behind all."""
    return Ranks("right")(edges, a) - (a == edges[-1])


def flattened(a: Any, weights: Any) -> tuple[Any, Any]:
    """Numbers and their weights, if any, in one axis each."""
    a = operand(a)
    if a.dtype == bool:
        a = np.astype(a, np.dtype(np.uint8))
    if weights is not None:
        weights = operand(weights)
        if weights.shape != a.shape:
            raise ValueError("weights should have the same shape as a.")
        weights = np.reshape(weights, -1)
    return np.reshape(a, -1), weights


# ---- histograms ------------------------------------------------------------------------------------------------------
@implements(np.histogram_bin_edges)
def histogram_bin_edges(a: Any, bins: Any = 10, range: Any = None, weights: Any = None) -> Any:
    """The edges of the bins that np.histogram would take."""
    a, weights = flattened(a, weights)
    return edges_of(a, bins, range, weights)


@implements(np.histogram)
def histogram(a: Any, bins: Any = 10, range: Any = None, density: Any = None, weights: Any = None) -> Any:
    """How many of `a`, or which weight, falls into each bin, and the edges of the bins.

    Counts do not change with small changes of `a`: their derivative is that of weights, and of edges in a density.
    """
    a, weights = flattened(a, weights)
    edges = edges_of(a, bins, range, weights)
    if type_of(edges).size < 2:
        return np.zeros(0, np.intp if weights is None else weights.dtype), edges
    n = tallied(places_of(a, edges), weights, len(edges) + 1)[1:-1]
    n = n if weights is None else of_dtype(n, weights)
    return (n / widths(edges) / np.sum(n), edges) if density else (n, edges)


def widths(edges: Any) -> Any:
    """The widths of bins in double precision."""
    w = np.diff(edges)
    return w if w.dtype == np.float64 else np.astype(w, np.dtype(np.float64))


@implements(np.histogramdd)
def histogramdd(sample: Any, bins: Any = 10, range: Any = None, density: Any = None, weights: Any = None) -> Any:
    """The same of points: how many, or which weight, falls into each box, and the edges along each axis."""
    if isinstance(sample, list | tuple):
        sample = np.stack([operand(one) for one in sample], 1)
    sample = operand(sample)
    sample = sample if sample.ndim == 2 else np.atleast_2d(sample).T
    D = sample.shape[1]
    every = list(bins) if np.iterable(bins) and not isinstance(bins, str) else [bins] * D
    if len(every) != D:
        raise ValueError("The dimension of bins must be equal to the dimension of the sample x.")
    spans = [None] * D if range is None else list(range)
    if len(spans) != D:
        raise ValueError("range argument must have one entry per dimension")
    columns = [sample[:, i] for i, _ in enumerate(every)]
    edges = [axis_edges(i, *one) for i, one in enumerate(zip(columns, every, spans, strict=True))]
    counts = tuple([type_of(e).size + 1 for e in edges])
    place: Any = 0
    for column, e, n in zip(columns, edges, counts, strict=True):
        place = place * n + places_of(column, e)
    if weights is not None:
        weights = operand(weights)
        if weights.dtype.kind == "c":
            refuse(UnsupportedFunction, "np.histogramdd takes no complex weights.", "Count both parts on their own.")
    boxes = np.reshape(tallied(place, weights, int(np.prod(counts))), counts)[(slice(1, -1),) * D]
    boxes = boxes if boxes.dtype == np.float64 else np.astype(boxes, np.dtype(np.float64))
    if density:
        total = np.sum(boxes)
        for i, e in enumerate(edges):
            boxes = boxes / np.reshape(np.diff(e), [-1 if k == i else 1 for k, _ in enumerate(edges)])
        boxes = boxes / total
    return boxes, edges


def axis_edges(i: int, column: Any, bins: Any, span: Any) -> Any:
    """The edges along one axis."""
    shape = type_of(admit(bins)).shape
    if len(shape) > 1:
        raise ValueError(f"`bins[{i}]` must be a scalar or 1d array")
    if shape:
        return rising(operand(bins), f"`bins[{i}]` must be monotonically increasing, when an array")
    if bins < 1:
        raise ValueError(f"`bins[{i}]` must be positive, when an integer")
    try:
        n = index(bins)
    except TypeError as error:
        raise TypeError(f"`bins[{i}]` must be an integer, when a scalar") from error
    return divided(*ends(column, span), n)


@implements(np.histogram2d)
def histogram2d(
    x: Any, y: Any, bins: Any = 10, range: Any = None, density: Any = None, weights: Any = None
) -> tuple[Any, Any, Any]:
    """The same of points of the plane."""
    if len(x) != len(y):
        raise ValueError("x and y must have the same length.")
    given = () if isinstance(bins, int | np.integer) else bins
    if len(given) not in (0, 1, 2):
        bins = [operand(bins)] * 2
    boxes, edges = histogramdd([x, y], bins, range, density, weights)
    return boxes, edges[0], edges[1]
