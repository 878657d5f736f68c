"""Records of numpy/polynomials.py."""

from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import strategies as st

from tests.catalogue.record import Record
from tests.strategies import Draw, array, shape

Function = Callable[..., Any]


def of(function: Function, *, name: str = "", **facts: Any) -> Record:
    """A function of one polynomial."""

    def case(draw: Draw, dtype: str) -> Any:
        return function, (array(draw, (draw(st.integers(1, 4)),), dtype),)

    return Record(name or function.__name__, case, **facts)


def of_two(function: Function, *, name: str = "", **facts: Any) -> Record:
    """A function of two polynomials, without zeros in front."""

    def case(draw: Draw, dtype: str) -> Any:
        lengths = [(draw(st.integers(1, 4)),) for _ in range(2)]
        return function, tuple([array(draw, one, dtype, "nonzero") for one in lengths])

    return Record(name or function.__name__, case, **facts)


def evaluated(draw: Draw, dtype: str) -> Any:
    """A polynomial at points."""
    return np.polyval, (array(draw, (draw(st.integers(0, 4)),), dtype), array(draw, shape(draw), dtype))


def matrices(draw: Draw, dtype: str) -> Any:
    """The characteristic polynomial of a matrix."""
    n = draw(st.integers(1, 3))
    return np.poly, (array(draw, (n, n), dtype),)


def fitted(function: Function, *, name: str) -> Record:
    """A fit to points apart from each other, with weights."""

    def case(draw: Draw, dtype: str) -> Any:
        n = draw(st.integers(5, 7))
        x = np.linspace(-1, 1, n) + 0.1 * array(draw, (n,), "float64", "unit")
        rest = array(draw, (n,), dtype), array(draw, (n,), dtype, "positive")
        return function, (x.astype(dtype), *rest)

    return Record(name, case)


RECORDS = [
    of_two(np.polyadd, complex=True),
    of_two(np.polysub, complex=True),
    of_two(np.polymul, complex=True, representative=True),
    of_two(lambda u, v: np.polydiv(u, v)[0], name="polydiv", complex=True),
    of_two(lambda u, v: np.polydiv(u, v)[1][-1], name="polydiv rest"),
    Record("polyval", evaluated, complex=True, representative=True),
    of(lambda p: np.polyder(p, 2), name="polyder", complex=True),
    of(lambda p: np.polyint(p, 2, p[:1]), name="polyint", complex=True),
    of(np.poly),
    Record("poly of a matrix", matrices),
    fitted(lambda x, y, w: np.polyfit(x, y, 2, w=w), name="polyfit"),
    fitted(lambda x, y, w: np.polyfit(x, np.stack([y, y * w], 1), 1, cov=True), name="polyfit cov"),
]
