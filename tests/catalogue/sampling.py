"""Records of primitives/correlating.py, numpy/sampling.py and numpy/spacing.py."""

from typing import Any

import numpy as np
from hypothesis import strategies as st

from tests.catalogue.record import Record
from tests.strategies import Draw, array, axis, broadcastable, distinct, shape


def of_two(function: Any, mode: str, **facts: Any) -> Record:
    """A convolution or correlation, of which either may be the longer one."""

    def case(draw: Draw, dtype: str) -> Any:
        x, y = (array(draw, (draw(st.integers(1, 6)),), dtype) for _ in range(2))
        return lambda x, y: function(x, y, mode), (x, y)

    return Record(f"{function.__name__} {mode}", case, complex=True, **facts)


def points(draw: Draw, dtype: str, count: int) -> Any:
    """Ascending numbers at least 0.1 apart."""
    return np.sort(distinct(draw, (count,), "float64")).astype(dtype)


def interp(draw: Draw, dtype: str) -> Any:
    """x strictly between the points, or beyond them; the points are sorted, for the laws move them."""
    real = "float64" if np.dtype(dtype).kind == "c" else dtype
    xp = points(draw, real, draw(st.integers(1, 5)))
    lengths = shape(draw, 0, 2)
    places = draw(st.lists(st.integers(-1, len(xp) - 1), min_size=12, max_size=16))
    ends = np.concatenate([xp[:1] - 1, xp, xp[-1:] + 1])
    parts = np.resize([k + 1 for k in places], lengths)
    share = 0.5 + 0.3 * array(draw, lengths, "float64", "unit")
    x = (ends[parts] + share * (ends[parts + 1] - ends[parts])).astype(real)[()]
    options = draw(st.sampled_from([{}, {"left": -5.0, "right": 7.0}]))
    if dtype == real:
        return lambda x, xp, fp: np.interp(x, np.sort(xp), fp, **options), (x, xp, array(draw, (len(xp),), dtype))
    return lambda fp: np.interp(x, xp, fp, **options), (array(draw, (len(xp),), dtype),)


def interp_period(draw: Draw, dtype: str) -> Any:
    xp, fp = distinct(draw, (4,), dtype), array(draw, (4,), dtype)
    x = (np.sort(xp)[draw(st.integers(0, 2))] + np.array([0.03, 10.03, -19.97])).astype(dtype)
    return lambda x, xp, fp: np.interp(x, xp, fp, period=10), (x, xp, fp)


def unwrap(draw: Draw, dtype: str) -> Any:
    x = array(draw, shape(draw, 1), dtype)
    along, period = axis(draw, x.ndim), draw(st.sampled_from([2 * np.pi, 1.7]))
    discont = draw(st.sampled_from([None, 2.0]))
    return lambda x: np.unwrap(x, discont, along, period=period), (x,)


def gradient(draw: Draw, dtype: str) -> Any:
    x = array(draw, tuple(n + 2 for n in shape(draw, 1, empty=False)), dtype)
    edge_order = draw(st.sampled_from([1, 2]))
    spacing = draw(st.sampled_from([(), (0.5,), tuple(0.3 + k for k in range(x.ndim))]))
    if len(spacing) < 2 and draw(st.booleans()):
        along = axis(draw, x.ndim)
        return lambda x: np.gradient(x, *spacing, axis=along, edge_order=edge_order), (x,)
    return lambda x: np.gradient(x, *spacing, edge_order=edge_order), (x,)


def gradient_at(draw: Draw, dtype: str) -> Any:
    """Samples at places that are traced too, equally spaced at times."""
    x = array(draw, tuple(n + 2 for n in shape(draw, 2, 2, empty=False)), dtype)
    places = tuple(points(draw, dtype, n) for n in x.shape)
    if draw(st.booleans()):
        places = tuple(np.arange(n).astype(dtype) for n in x.shape)
    edge_order = draw(st.sampled_from([1, 2]))
    return lambda x, t, u: np.gradient(x, t, u, edge_order=edge_order), (x, *places)


def gradient_by(draw: Draw, dtype: str) -> Any:
    """Samples at a distance that is traced too."""
    x, h = array(draw, (4, 3), dtype), array(draw, (), dtype, "positive")
    axes, edge_order = draw(st.sampled_from([None, 0, (1, 0)])), draw(st.sampled_from([1, 2]))
    return lambda x, h: np.gradient(x, h, axis=axes, edge_order=edge_order), (x, h)


def vander(draw: Draw, dtype: str) -> Any:
    x, count, increasing = array(draw, shape(draw, 1, 1), dtype), draw(st.integers(0, 4)), draw(st.booleans())
    count = draw(st.sampled_from([None, count]))
    return lambda x: np.vander(x, count, increasing), (x,)


def between(function: Any, domain: str = "reals", **facts: Any) -> Record:
    """Numbers between two ends, which may be arrays that broadcast."""

    def case(draw: Draw, dtype: str) -> Any:
        one, two = broadcastable(draw, 2, 2)
        num, endpoint = draw(st.integers(0, 5)), draw(st.booleans())
        along = draw(st.sampled_from([0, -1]))
        ends = array(draw, one, dtype, domain), array(draw, two, dtype, domain)
        return lambda a, b: function(a, b, num, endpoint, axis=along), ends

    return Record(function.__name__, case, complex=True, **facts)


def linspace_step(draw: Draw, dtype: str) -> Any:
    ends = array(draw, (2,), dtype), array(draw, (), dtype)
    return lambda a, b: np.linspace(a, b, 3, retstep=True), ends


def logspace_base(draw: Draw, dtype: str) -> Any:
    arguments = array(draw, (2,), dtype), array(draw, (3, 1), dtype), array(draw, (3, 2), dtype, "positive")
    return lambda a, b, base: np.logspace(a, b, 4, base=base), arguments


RECORDS = [
    of_two(np.convolve, "full", representative=True),
    of_two(np.convolve, "same"),
    of_two(np.convolve, "valid"),
    of_two(np.correlate, "full", holomorphic=False),
    of_two(np.correlate, "same", holomorphic=False),
    of_two(np.correlate, "valid", holomorphic=False),
    Record("interp", interp, smooth=False, complex=True, representative=True),
    Record("interp period", interp_period, smooth=False),
    Record("unwrap", unwrap, smooth=False),
    Record("gradient", gradient, complex=True, representative=True),
    Record("gradient at places", gradient_at),
    Record("gradient by a distance", gradient_by, complex=True),
    Record("vander", vander, complex=True),
    between(np.linspace),
    Record("linspace retstep", linspace_step, complex=True),
    between(np.logspace),
    Record("logspace base", logspace_base, complex=True),
    between(np.geomspace, "positive"),
]
