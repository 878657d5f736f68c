"""Records of primitives/ordering.py and NumPy's spellings: values are distinct, since order has kinks at ties."""

from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import strategies as st

from tests.catalogue.record import Record
from tests.strategies import Draw, axis, distinct, shape

Function = Callable[..., Any]


def along_axis(function: Function, *, name: str = "", empty: bool = True, **facts: Any) -> Record:
    """A function that puts in order, or searches, along one axis."""

    def case(draw: Draw, dtype: str) -> Any:
        x = distinct(draw, shape(draw, 1, empty=empty), dtype)
        along = axis(draw, x.ndim)
        return lambda x: function(x, axis=along), (x,)

    return Record(name or function.__name__, case, smooth=False, **facts)


def flattened(function: Function, *, name: str, **facts: Any) -> Record:
    """The same for all elements at once, of an array of any shape."""

    def case(draw: Draw, dtype: str) -> Any:
        return lambda x: function(x, axis=None), (distinct(draw, shape(draw, empty=False), dtype),)

    return Record(name, case, smooth=False, **facts)


def split_at(function: Function, **facts: Any) -> Record:
    """A partition at one place or two."""

    def case(draw: Draw, dtype: str) -> Any:
        x = distinct(draw, shape(draw, 1, empty=False), dtype)
        along = axis(draw, x.ndim)
        kth = draw(st.sampled_from([0, -1, [x.shape[along] // 2, -1]]))
        return lambda x: function(x, kth, axis=along), (x,)

    return Record(function.__name__, case, smooth=False, **facts)


FLAT = {"constant": True}

RECORDS = [
    along_axis(np.sort, complex=True, representative=True),
    along_axis(lambda x, axis: np.sort(x, axis, kind="stable"), name="sort stable"),
    flattened(np.sort, name="sort flat"),
    along_axis(np.argsort, representative=True, **FLAT),
    flattened(np.argsort, name="argsort flat", **FLAT),
    split_at(np.partition, representative=True),
    flattened(lambda x, axis: np.sort(np.partition(x, 0, axis)), name="partition flat"),
    along_axis(lambda x, axis: np.median(x, axis), name="median along an axis", empty=False),
    along_axis(lambda x, axis: np.pad(x, 2, "median"), name="pad median", empty=False),
    along_axis(lambda x, axis: np.pad(x, 2, "maximum", stat_length=2), name="pad maximum", empty=False),
    along_axis(np.argmax, empty=False, representative=True, **FLAT),
    along_axis(np.argmin, empty=False, **FLAT),
    along_axis(lambda x, axis: np.argmax(x, axis, keepdims=True), name="argmax keepdims", empty=False, **FLAT),
    flattened(lambda x, axis: np.argmin(x, axis, keepdims=True), name="argmin flat", **FLAT),
    along_axis(lambda x, axis: np.lexsort((x * x, np.sign(x)), axis), name="lexsort", **FLAT),
    along_axis(
        lambda x, axis: np.take_along_axis(x, np.argpartition(x, 0, axis), axis), name="argpartition", empty=False
    ),
]
