"""Records of primitives/banding.py."""

from typing import Any

from hypothesis import strategies as st

from funcgrad.primitives.banding import Banded, Diagonal
from tests.catalogue.record import Record
from tests.strategies import Draw, array, shape


def segment(draw: Draw, rows: int, columns: int) -> tuple[int, int, int]:
    """Part of a diagonal of a matrix."""
    row, column = draw(st.integers(0, rows)), draw(st.integers(0, columns))
    return row, column, draw(st.integers(0, min(rows - row, columns - column)))


def banded(draw: Draw, dtype: str) -> Any:
    rows, columns, stack = draw(st.integers(0, 4)), draw(st.integers(0, 4)), shape(draw, 0, 1)
    segments = tuple([segment(draw, rows, columns) for _ in range(draw(st.integers(1, 4)))])
    return Banded((rows, columns), segments), tuple([array(draw, (*stack, one[2]), dtype) for one in segments])


def diagonal(draw: Draw, dtype: str) -> Any:
    x = array(draw, shape(draw, 2), dtype)
    return Diagonal(segment(draw, *x.shape[-2:])), (x,)


RECORDS = [
    Record("banded", banded, complex=True, representative=True),
    Record("part of a diagonal", diagonal, complex=True),
]
