"""Records of funcgrad.scipy.sparse."""

from typing import Any

import numpy as np
from hypothesis import strategies as st

from funcgrad.scipy import sparse
from tests.catalogue.record import Record
from tests.strategies import Draw, array

#: Rows and columns of the elements of a matrix of 3 rows and 4 columns, and of one of 3 and 3 with a full diagonal.
PLACES = (np.array([0, 0, 2, 1, 2]), np.array([3, 1, 0, 1, 3]))
SQUARE = (np.array([0, 1, 2, 0, 2, 1]), np.array([0, 1, 2, 2, 1, 0]))


def made(draw: Draw, places: Any, lengths: tuple[int, int], kinds: str = "csr csc coo") -> Any:
    """What makes a sparse array by rows, by columns, or turned over, of its elements."""
    kind = getattr(sparse, draw(st.sampled_from(kinds.split())) + "_array")
    if draw(st.booleans()):
        return lambda data: kind((data, places[::-1]), shape=lengths[::-1]).T
    return lambda data: kind((data, places), shape=lengths)


def product_case(draw: Draw, dtype: str) -> Any:
    A = made(draw, PLACES, (3, 4))
    x = array(draw, draw(st.sampled_from([(4,), (4, 2), (4, 0)])), dtype)
    return lambda data, x: A(data) @ x, (array(draw, (5,), dtype), x)


def reversed_product_case(draw: Draw, dtype: str) -> Any:
    A, constant = made(draw, PLACES, (3, 4)), array(draw, (5,), dtype)
    x = array(draw, draw(st.sampled_from([(3,), (2, 3)])), dtype)
    return lambda x: x @ A(constant), (x,)


def solve_case(draw: Draw, dtype: str) -> Any:
    A = made(draw, SQUARE, (3, 3), "csr csc")
    data = (array(draw, (6,), dtype, "unit") + np.array([4, 4, 4, 0, 0, 0])).astype(dtype)
    b = array(draw, draw(st.sampled_from([(3,), (3, 2)])), dtype)
    return lambda data, b: sparse.linalg.spsolve(A(data), b), (data, b)


RECORDS = [
    Record("scipy.sparse A @ x", product_case, complex=True, representative=True),
    Record("scipy.sparse x @ A", reversed_product_case, complex=True),
    Record("scipy.sparse.linalg.spsolve", solve_case, complex=True),
]
