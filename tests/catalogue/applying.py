"""Records of numpy/sets.py, numpy/asking.py and numpy/applying.py, of those functions that unknown values have too."""

from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import strategies as st

from tests.catalogue.record import Record
from tests.strategies import Draw, axis, distinct, shape

Function = Callable[..., Any]


def lines(function: Function, *, name: str, **facts: Any) -> Record:
    """A function along one axis."""

    def case(draw: Draw, dtype: str) -> Any:
        x = distinct(draw, shape(draw, 1, empty=False), dtype)
        along = axis(draw, x.ndim)
        return lambda x: function(x, along), (x,)

    return Record(name, case, **facts)


def between(ufunc: np.ufunc, **facts: Any) -> Record:
    """The reductions of a ufunc between places."""

    def case(draw: Draw, dtype: str) -> Any:
        x = distinct(draw, shape(draw, 1, empty=False), dtype)
        along = axis(draw, x.ndim)
        place = st.integers(0, x.shape[along] - 1)
        places = np.array(draw(st.lists(place, min_size=1, max_size=4)))
        return lambda x: ufunc.reduceat(x, places, along), (x,)

    return Record(f"{ufunc.__name__}.reduceat", case, **facts)


def questions(draw: Draw, dtype: str) -> Any:
    """What is among others."""
    x = distinct(draw, shape(draw, empty=False), dtype)
    return lambda x: (np.isin(x, [1.0, 2.0]), np.isin([2.0, 3.0], x, invert=True)), (x,)


def all_of(function: Function, *, name: str, **facts: Any) -> Record:
    """A function of an array of any shape."""

    def case(draw: Draw, dtype: str) -> Any:
        return function, (distinct(draw, shape(draw, empty=False), dtype),)

    return Record(name, case, **facts)


RECORDS = [
    lines(
        lambda x, axis: np.apply_along_axis(lambda row: row * row[0], axis, x), name="apply_along_axis", complex=True
    ),
    lines(lambda x, axis: np.apply_over_axes(np.prod, x, [axis, 0]), name="apply_over_axes"),
    between(np.add, complex=True, representative=True),
    between(np.multiply),
    between(np.maximum, smooth=False),
    between(np.minimum, smooth=False),
    Record("isin", questions, constant=True, smooth=False),
    lines(lambda x, _: np.sort_complex(x[(0,) * (x.ndim - 1)]).real, name="sort_complex", smooth=False),
    all_of(lambda x: np.real_if_close(x) * np.isrealobj(x), name="real_if_close"),
]
