"""Records of numpy/quantiles.py, numpy/statistics.py and numpy/counting.py: values differ, since order has kinks."""

from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import strategies as st

from tests.catalogue.record import Record
from tests.strategies import Draw, array, axis, distinct, shape, some_axes

Function = Callable[..., Any]

METHODS = (
    "inverted_cdf", "averaged_inverted_cdf", "closest_observation", "interpolated_inverted_cdf", "hazen", "weibull",
    "linear", "median_unbiased", "normal_unbiased", "lower", "higher", "midpoint", "nearest",
)  # fmt: skip
#: Edges from which distinct values stay 0.02 away.
EDGES = np.arange(-12.0, 12.5, 0.5)


def longer(lengths: tuple[int, ...]) -> tuple[int, ...]:
    """Lengths of at least 2, so that no lane is made of the one NaN that there is."""
    return tuple([n + 1 for n in lengths])


def over_axes(function: Function, *, name: str = "", **facts: Any) -> Record:
    """A reduction over any axes, kept or not."""

    def case(draw: Draw, dtype: str) -> Any:
        x = distinct(draw, longer(shape(draw, 1, empty=False)), dtype)
        axes, keepdims = some_axes(draw, np.ndim(x)), draw(st.booleans())
        return lambda x: function(x, axis=axes if axes != () else None, keepdims=keepdims), (x,)

    return Record(name or function.__name__, case, smooth=False, **facts)


def at_quantiles(function: Function, *, name: str = "", **facts: Any) -> Record:
    """Values and the quantiles that are asked of them, one or several."""

    def case(draw: Draw, dtype: str) -> Any:
        x = distinct(draw, longer(shape(draw, 1, 2, empty=False)), dtype)
        q = (array(draw, shape(draw, 0, 1), dtype, "unit") * 0.45 + 0.51).astype(dtype)
        along = draw(st.sampled_from([None, axis(draw, x.ndim)]))
        return lambda x, q: function(x, q, axis=along), (x, q)

    return Record(name or function.__name__, case, smooth=False, **facts)


def every_method(draw: Draw, dtype: str) -> Any:
    """A quantile by any method."""
    x = distinct(draw, shape(draw, 1, 2, empty=False), dtype)
    method, along = draw(st.sampled_from(METHODS)), axis(draw, x.ndim)
    q = draw(st.sampled_from([0.3, 0.5, 0.95, (0.1, 0.63)]))
    return lambda x: np.quantile(x, q, along, method=method), (x,)


def by_weights(function: Function) -> Record:
    """A weighted quantile, which is flat in the weights."""

    def case(draw: Draw, dtype: str) -> Any:
        x = distinct(draw, shape(draw, 1, 2, empty=False), dtype)
        along, w = axis(draw, x.ndim), distinct(draw, x.shape, dtype) ** 2 + np.asarray(1, dtype)
        return lambda x, w: function(x, [0.31, 0.7], along, weights=w, method="inverted_cdf"), (x, w)

    return Record(f"{function.__name__} weights", case, smooth=False)


def table(function: Function, *, name: str = "", least: int = 3, **facts: Any) -> Record:
    """A function of variables in rows and samples in columns."""

    def case(draw: Draw, dtype: str) -> Any:
        variables, samples = draw(st.integers(1, 3)), least + draw(st.integers(0, 2))
        return function, (distinct(draw, (variables, samples), dtype),)

    return Record(name or function.__name__, case, **facts)


def weighted_table(draw: Draw, dtype: str) -> Any:
    """A covariance of samples with weights and counts."""
    samples = draw(st.integers(2, 4))
    x, w = array(draw, (2, samples), dtype), array(draw, (samples,), dtype, "positive")
    counts = np.arange(samples) + 1
    return lambda x, w: np.cov(x, x[0] * x[1], aweights=w, fweights=counts), (x, w)


def tally(function: Function, *, name: str, **facts: Any) -> Record:
    """A histogram of weighted numbers."""

    def case(draw: Draw, dtype: str) -> Any:
        x = distinct(draw, shape(draw, empty=False), dtype)
        return function, (x, array(draw, np.shape(x), dtype, "positive"))

    return Record(name, case, smooth=False, **facts)


def boxes(x: Any, w: Any) -> Any:
    """A weighted density of points of the plane."""
    x, w = np.ravel(x), np.ravel(w)
    return np.histogram2d(x, -x, (EDGES, EDGES + 0.25), weights=w, density=True)[0]


def gap(x: Any) -> Any:
    """x with a NaN, unless it is but one number."""
    return np.where(np.arange(np.size(x)).reshape(np.shape(x)) == 1, np.nan, x)


RECORDS = [
    over_axes(np.median, representative=True),
    over_axes(lambda x, **options: np.nanmedian(gap(x), **options), name="nanmedian"),
    over_axes(lambda x, **options: np.quantile(x, 0.3, **options), name="quantile of axes"),
    over_axes(lambda x, **options: np.nanquantile(gap(x), [0.2, 0.7], **options), name="nanquantile of axes"),
    at_quantiles(np.quantile, representative=True),
    at_quantiles(lambda x, q, axis: np.percentile(x, 100 * q, axis, method="hazen"), name="percentile"),
    at_quantiles(lambda x, q, axis: np.nanquantile(gap(x), q, axis), name="nanquantile"),
    at_quantiles(lambda x, q, axis: np.nanpercentile(gap(x), 100 * q, axis, method="weibull"), name="nanpercentile"),
    Record("quantile by every method", every_method, smooth=False),
    by_weights(np.quantile),
    by_weights(np.nanquantile),
    # moments
    table(lambda x: np.nanvar(gap(x), -1, ddof=1), name="nanvar", complex=True, holomorphic=False),
    table(lambda x: np.nanstd(gap(x), -1, keepdims=True), name="nanstd", complex=True, holomorphic=False),
    table(np.cov, complex=True, holomorphic=False, representative=True),
    table(lambda x: np.cov(x, rowvar=False, ddof=0), name="cov of columns"),
    Record("cov weights", weighted_table),
    table(np.corrcoef, complex=True, holomorphic=False),
    table(lambda x: np.nanargmax(gap(x), -1), name="nanargmax", constant=True, smooth=False),
    table(lambda x: np.nanargmin(gap(x)), name="nanargmin", constant=True, smooth=False),
    # counts
    tally(lambda x, w: np.histogram(x, EDGES, weights=w)[0], name="histogram", representative=True),
    tally(lambda x, w: np.histogram(x, EDGES, weights=w, density=True)[0], name="histogram density"),
    tally(lambda x, w: np.histogram(x, 3, weights=w)[1], name="histogram edges"),
    tally(lambda x, w: np.histogram_bin_edges(x * w, 2), name="histogram_bin_edges"),
    tally(lambda x, _: np.histogram(x, EDGES)[0], name="histogram counts", constant=True),
    tally(boxes, name="histogram2d"),
    tally(lambda x, w: np.histogramdd([x.ravel()] * 2, [EDGES, EDGES], weights=w.ravel())[0], name="histogramdd"),
    tally(lambda x, w: np.bincount(np.arange(np.size(x)) % 3, (x * w).ravel(), minlength=4), name="bincount"),
]
