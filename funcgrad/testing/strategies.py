"""Hypothesis strategies: arrays and trees of them, with values where a function is smooth.

They are ordinary strategies, to be used with `given`; Hypothesis comes with `pip install funcgrad[test]`.

>>> import numpy as np
>>> from hypothesis import given
>>> from funcgrad.testing import check_grads
>>> @given(arrays(domain=(0.5, 3.0)))
... def check(x):
...     check_grads(np.log, [x])
>>> check()
"""

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np

try:
    from hypothesis import strategies as st
    from hypothesis.extra import numpy as hnp
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(
        "funcgrad.testing.strategies needs Hypothesis, which is not installed. Write pip install 'funcgrad[test]'.",
        name=error.name,
    ) from error

Strategy = st.SearchStrategy[Any]

#: How many bits a real number has, or each part of a complex one.
WIDTHS: dict[Any, Literal[16, 32, 64]] = {
    np.dtype("float16"): 16, np.dtype("float32"): 32, np.dtype("float64"): 64,
    np.dtype("complex64"): 32, np.dtype("complex128"): 64,
}  # fmt: skip


def shapes(min_dims: int = 0, max_dims: int = 3, min_side: int = 0, max_side: int = 4) -> Strategy:
    """Shapes, 0-d ones and empty ones among them: the ranks and lengths at which rules are most often wrong."""
    return hnp.array_shapes(min_dims=min_dims, max_dims=max_dims, min_side=min_side, max_side=max_side)


def arrays(
    dtype: Any = np.float64,
    shape: Strategy | tuple[int, ...] | None = None,
    domain: tuple[float, float] = (-3.0, 3.0),
) -> Strategy:
    """Arrays of real or complex numbers in an interval; 0-d ones come as NumPy's numbers.

    `shape` is a shape or a strategy for shapes. Of complex numbers both parts lie in the interval.

    >>> from hypothesis import given
    >>> @given(arrays(np.float32, shape=(2, 3), domain=(0.0, 1.0)))
    ... def check(x):
    ...     assert x.dtype == np.float32 and x.shape == (2, 3) and np.all(x >= 0)
    >>> check()
    """
    dtype = np.dtype(dtype)
    if dtype not in WIDTHS:
        raise TypeError(f"arrays takes a real or complex dtype; of others, such as {dtype}, there is no derivative")
    width = WIDTHS[dtype]
    low, high = np.asarray(domain, f"float{width}").tolist()
    part = st.floats(low, high, width=width, allow_subnormal=False)
    elements = st.builds(complex, part, part) if dtype.kind == "c" else part
    return hnp.arrays(dtype, shapes() if shape is None else shape, elements=elements).map(lambda a: a[()])


def away_from(points: Sequence[float], values: Strategy | None = None, distance: float = 0.1) -> Strategy:
    """What `values` (arrays) draws, with each number nearer than `distance` to one of `points` moved to that distance.

    >>> from hypothesis import given
    >>> @given(away_from([0.0], arrays(), distance=0.5))
    ... def check(x):
    ...     assert np.all(np.abs(x) >= 0.5)
    >>> check()
    """

    def moved(a: Any) -> Any:
        for point in points:
            offset = a - point
            size = np.abs(offset)
            direction = np.where(size > 0, offset / np.where(size > 0, size, 1), 1)
            a = np.where(size < distance, point + distance * direction, a).astype(a.dtype)[()]
        return a

    return (arrays() if values is None else values).map(moved)


def distinct(
    dtype: Any = np.float64, shape: Strategy | tuple[int, ...] | None = None, distance: float = 0.1
) -> Strategy:
    """Arrays of numbers at least `distance` apart, in any order: for max, sort and others with kinks where numbers tie.

    >>> from hypothesis import given
    >>> @given(distinct())
    ... def check(x):
    ...     assert np.all(np.diff(np.sort(x, axis=None)) >= 0.099)
    >>> check()
    """

    @st.composite
    def drawn(draw: Any) -> Any:
        lengths = shape if isinstance(shape, tuple) else draw(shape or shapes())
        size = int(np.prod(lengths, dtype=np.int64))
        ranks = np.array(draw(st.permutations(range(size))), float)
        return (distance * (ranks - size // 2)).reshape(lengths).astype(dtype)[()]

    return drawn()


def trees(leaves: Strategy | None = None, max_leaves: int = 5) -> Strategy:
    """Dicts, lists and tuples, nested at will, of what `leaves` draws (arrays).

    >>> from hypothesis import given
    >>> @given(trees(st.just(1.0)))
    ... def check(t):
    ...     assert t == 1.0 or type(t) in (dict, list, tuple)
    >>> check()
    """
    inner = arrays() if leaves is None else leaves
    return st.recursive(
        inner,
        lambda parts: st.one_of(
            st.dictionaries(st.sampled_from(["w", "b", "scale", "layer"]), parts, min_size=1, max_size=3),
            st.lists(parts, min_size=1, max_size=3),
            st.tuples(parts),
            st.tuples(parts, parts),
        ),
        max_leaves=max_leaves,
    )
