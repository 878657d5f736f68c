"""Records of primitives/reducing.py, primitives/scanning.py and their NumPy spellings."""

from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import strategies as st

from tests.catalogue.record import Record
from tests.strategies import Draw, array, axis, distinct, shape, some_axes

Function = Callable[..., Any]


def values(draw: Draw, lengths: tuple[int, ...], dtype: str, domain: str) -> Any:
    """An array of a domain, or, for "distinct", one in which all elements differ."""
    return distinct(draw, lengths, dtype) if domain == "distinct" else array(draw, lengths, dtype, domain)


def over_axes(function: Function, domain: str = "reals", *, name: str = "", empty: bool = True, **facts: Any) -> Record:
    """A reduction over any axes, kept or not."""

    def case(draw: Draw, dtype: str) -> Any:
        x = values(draw, shape(draw, empty=empty), dtype, domain)
        axes, keepdims = some_axes(draw, np.ndim(x)), draw(st.booleans())
        return lambda x: function(x, axis=axes, keepdims=keepdims), (x,)

    return Record(name or function.__name__, case, **facts)


def spread(function: Function, *, name: str = "", **facts: Any) -> Record:
    """A reduction that needs at least two elements which are not all equal: over one axis, or all of them."""

    def case(draw: Draw, dtype: str) -> Any:
        lengths = (2 + draw(st.integers(0, 2)), *shape(draw, 0, 2, empty=False))
        along = draw(st.sampled_from([None, 0, -len(lengths)]))
        return lambda x: function(x, axis=along), (distinct(draw, lengths, dtype),)

    return Record(name or function.__name__, case, **facts)


def along_axis(function: Function, domain: str = "reals", *, name: str = "", **facts: Any) -> Record:
    """A function of an array that works along one axis."""

    def case(draw: Draw, dtype: str) -> Any:
        x = values(draw, shape(draw, 1), dtype, domain)
        along = axis(draw, x.ndim)
        return lambda x: function(x, axis=along), (x,)

    return Record(name or function.__name__, case, **facts)


def of_all(function: Function, domain: str = "reals", *, name: str, least: int = 0, **facts: Any) -> Record:
    """A function of an array of any shape."""

    def case(draw: Draw, dtype: str) -> Any:
        return function, (values(draw, shape(draw, least, empty=False), dtype, domain),)

    return Record(name, case, **facts)


def averaged(draw: Draw, dtype: str) -> Any:
    """A weighted average along one axis."""
    x = array(draw, shape(draw, 1, empty=False), dtype)
    along = axis(draw, x.ndim)
    weights = array(draw, draw(st.sampled_from([x.shape, (x.shape[along],)])), dtype, "positive")
    return lambda x, w: np.average(x, axis=along, weights=w), (x, weights)


def joined_differences(draw: Draw, dtype: str) -> Any:
    """Differences between numbers in front and behind."""
    x = array(draw, shape(draw, 1, empty=False), dtype)
    along, times = axis(draw, x.ndim), draw(st.integers(0, 2))
    ends = array(draw, (), dtype), array(draw, x.shape, dtype)
    return lambda x, a, b: np.diff(x, n=times, axis=along, prepend=a, append=b), (x, *ends)


def mask_of(x: Any) -> Any:
    """Every other element, the first among them."""
    return np.arange(np.size(x)).reshape(np.shape(x)) % 2 == 0


def with_gaps(function: Function) -> Function:
    """`function` of an array with NaN in some places."""
    return lambda x, **options: function(np.where(np.arange(x.shape[-1]) == 1, np.nan, x), **options)


COMPLEX = {"complex": True}
REAL_VALUED = {"complex": True, "holomorphic": False}
KINKED = {"smooth": False}
FLAT = {"constant": True, "smooth": False}

RECORDS = [
    over_axes(np.sum, **COMPLEX, representative=True),
    over_axes(np.prod, **COMPLEX, representative=True),
    over_axes(np.mean, empty=False, **COMPLEX, representative=True),
    over_axes(np.max, "distinct", empty=False, **KINKED, representative=True),
    over_axes(np.min, "distinct", empty=False, **KINKED),
    over_axes(np.ptp, "distinct", empty=False, **KINKED),
    over_axes(np.var, empty=False, **REAL_VALUED, representative=True),
    over_axes(np.any, "nonzero", **FLAT),
    over_axes(np.all, "nonzero", **FLAT),
    over_axes(np.count_nonzero, "nonzero", **FLAT),
    spread(np.std, **REAL_VALUED),
    spread(lambda x, axis: np.var(x, axis, ddof=1), name="var ddof"),
    spread(lambda x, axis: np.std(x, axis, correction=1), name="std correction"),
    spread(lambda x, axis: np.var(x, axis, mean=np.mean(x, axis, keepdims=True)), name="var mean"),
    Record("average", averaged, complex=True),
    of_all(np.average, name="average unweighted", complex=True),
    # options
    of_all(lambda x: np.sum(x, initial=2.0, where=mask_of(x)), name="sum where", complex=True),
    of_all(lambda x: np.prod(x, initial=2.0, where=mask_of(x)), name="prod where", complex=True),
    of_all(lambda x: np.mean(x, where=mask_of(x)), name="mean where", complex=True),
    of_all(lambda x: np.var(x, where=mask_of(x)), name="var where"),
    of_all(lambda x: np.max(x, initial=0.38, where=mask_of(x)), "distinct", name="max where", **KINKED),
    of_all(lambda x: np.min(x, initial=0.38, where=mask_of(x)), "distinct", name="min where", **KINKED),
    of_all(lambda x: np.any(x > 0, where=mask_of(x)), "nonzero", name="any where", **FLAT),
    of_all(lambda x: np.all(x > 0, where=mask_of(x)), "nonzero", name="all where", **FLAT),
    # without NaN
    of_all(with_gaps(np.nansum), name="nansum", least=1),
    of_all(with_gaps(np.nanprod), name="nanprod", least=1),
    of_all(with_gaps(np.nanmean), name="nanmean", least=1),
    of_all(with_gaps(np.nanmax), "distinct", name="nanmax", least=1, **KINKED),
    of_all(with_gaps(np.nanmin), "distinct", name="nanmin", least=1, **KINKED),
    along_axis(lambda x, axis: np.nancumsum(np.where(x < -2, np.nan, x), axis), name="nancumsum"),
    along_axis(lambda x, axis: np.nancumprod(np.where(x < -2, np.nan, x), axis), name="nancumprod"),
    # scans
    along_axis(np.cumsum, **COMPLEX, representative=True),
    along_axis(np.cumprod, **COMPLEX, representative=True),
    of_all(np.cumsum, name="cumsum flat"),
    of_all(np.cumprod, name="cumprod flat"),
    along_axis(np.cumulative_sum),
    along_axis(lambda x, axis: np.cumulative_prod(x, axis=axis, include_initial=True), name="cumulative_prod"),
    along_axis(np.diff, **COMPLEX),
    Record("diff joined", joined_differences, complex=True),
    of_all(lambda x: np.ediff1d(x, to_begin=x, to_end=[1.0, 2.0]), name="ediff1d"),
    along_axis(np.trapezoid, name="trapezoid"),
    along_axis(lambda x, axis: np.trapezoid(x, x * x, axis=axis), name="trapezoid points"),
    # methods of ufuncs
    along_axis(np.add.reduce, name="add.reduce"),
    along_axis(np.multiply.reduce, name="multiply.reduce"),
    of_all(lambda x: np.maximum.reduce(x, axis=None, keepdims=True), "distinct", name="maximum.reduce", **KINKED),
    of_all(lambda x: np.minimum.reduce(x, axis=None, keepdims=True), "distinct", name="minimum.reduce", **KINKED),
    along_axis(lambda x, axis: np.logical_or.reduce(x > 0, axis=axis), "nonzero", name="logical_or.reduce", **FLAT),
    along_axis(lambda x, axis: np.logical_and.reduce(x > 0, axis=axis), "nonzero", name="logical_and.reduce", **FLAT),
    along_axis(np.add.accumulate, name="add.accumulate"),
    along_axis(np.multiply.accumulate, name="multiply.accumulate"),
    along_axis(np.maximum.accumulate, "distinct", name="maximum.accumulate", **KINKED),
    along_axis(np.minimum.accumulate, "distinct", name="minimum.accumulate", **KINKED),
    # the same on arrays' own methods
    of_all(lambda x: x.sum(0, keepdims=True) * x.mean(-1, keepdims=True), name="methods", least=2, representative=True),
]
