"""Records of primitives/indexing.py and primitives/placing.py, and of NumPy's names for taking and choosing."""

from typing import Any

import numpy as np
from hypothesis import strategies as st

from funcgrad.numpy.indexing import at
from tests.catalogue.record import Record
from tests.strategies import Draw, array, axis, broadcastable, distinct, shape


def entry(draw: Draw, n: int) -> Any:
    """A slice or, where there is something to take, an int, for an axis of length n."""
    if n and draw(st.booleans()):
        return draw(st.integers(-n, n - 1))
    bounds = st.one_of(st.none(), st.integers(-n - 1, n + 1))
    return slice(draw(bounds), draw(bounds), draw(st.sampled_from([None, 1, 2, -1, -2])))


def rows(draw: Draw, n: int, lengths: tuple[int, ...]) -> Any:
    """Integers that are indices into an axis of length n, with repetitions."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    return rng.integers(-n, n, lengths) if n else np.zeros((*lengths[:-1], 0), int)


def basic(draw: Draw, lengths: tuple[int, ...]) -> Any:
    """A basic index: ints, slices, new axes, an ellipsis."""
    index = [entry(draw, n) for n in lengths[: draw(st.integers(0, len(lengths)))]]
    if draw(st.booleans()):
        index.insert(draw(st.integers(0, len(index))), None)
    if draw(st.booleans()):
        index.append(Ellipsis)
    return tuple(index)


def advanced(draw: Draw, lengths: tuple[int, ...]) -> Any:
    """An index with at least one integer or boolean array among ints, slices and new axes."""
    lengths, index = list(lengths), []
    middle = draw(st.sampled_from([(2,), (3, 1), (0,), (2, 2)])) if all(lengths) else (0,)
    at_least_one = draw(st.integers(0, len(lengths) - 1))
    for k, n in enumerate(lengths):
        kind = draw(st.sampled_from(["entry", "array"])) if k != at_least_one else "array"
        index.append(
            rows(draw, n, middle[draw(st.integers(0, len(middle) - 1)) :]) if kind == "array" else entry(draw, n)
        )
    if draw(st.integers(0, 2)) == 0:
        index.insert(draw(st.integers(0, len(index))), None)
    return tuple(index)


def mask(draw: Draw, lengths: tuple[int, ...]) -> Any:
    """A boolean array for the first axes."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    return rng.random(lengths[: draw(st.integers(1, len(lengths)))]) < 0.5


def of_one(name: str, function: Any, least: int = 1, draw_array: Any = array, **facts: Any) -> Record:
    """`function(draw, x)` draws the options for an x and returns the function of x alone."""

    def case(draw: Draw, dtype: str) -> Any:
        x = draw_array(draw, shape(draw, least), dtype)
        return function(draw, x), (x,)

    return Record(name, case, **{"complex": True} | facts)


def indexed(drawn: Any) -> Any:
    """A function that takes x[index] for a drawn index."""

    def chosen(draw: Draw, x: Any) -> Any:
        index = drawn(draw, x.shape)
        return lambda x: x[index]

    return chosen


def take(draw: Draw, x: Any) -> Any:
    if draw(st.booleans()):
        chosen = rows(draw, x.size, (2, 3))
        return lambda x: np.take(x, chosen)
    k = axis(draw, x.ndim)
    chosen, mode = rows(draw, x.shape[k], (2, 2)), draw(st.sampled_from(["raise", "wrap", "clip"]))
    return lambda x: x.take(chosen, k, mode=mode)


def take_along_axis(draw: Draw, x: Any) -> Any:
    k = axis(draw, x.ndim)
    chosen = rows(draw, x.shape[k], tuple(2 if i == k % x.ndim else n for i, n in enumerate(x.shape)))
    if not x.shape[k]:
        chosen = np.zeros(x.shape, int)
    return lambda x: np.take_along_axis(x, chosen, k)


def compress(draw: Draw, x: Any) -> Any:
    k = axis(draw, x.ndim)
    chosen = [draw(st.booleans()) for _ in range(x.shape[k])]
    return lambda x: np.compress(chosen, x, k)


def extract(draw: Draw, x: Any) -> Any:
    chosen = mask(draw, x.shape)
    chosen = np.broadcast_to(chosen.reshape(chosen.shape + (1,) * (x.ndim - chosen.ndim)), x.shape)
    return lambda x: np.extract(chosen, x)


def delete(draw: Draw, x: Any) -> Any:
    k = axis(draw, x.ndim)
    gone = (
        draw(st.sampled_from([slice(1, None), slice(None, None, -2), [0], [-1, 0, 0]])) if x.shape[k] else slice(None)
    )
    return lambda x: np.delete(x, gone, k)


def diagonal(draw: Draw, x: Any) -> Any:
    offset = draw(st.integers(-4, 4))
    one = axis(draw, x.ndim)
    two = draw(st.sampled_from([k for k in range(x.ndim) if k != one % x.ndim]))
    return lambda x: x.diagonal(offset, one, two)


def trace(draw: Draw, x: Any) -> Any:
    offset = draw(st.integers(-2, 2))
    return lambda x: np.trace(x, offset, -2, -1)


def shifted(function: Any) -> Any:
    """A function with a diagonal's number."""

    def chosen(draw: Draw, x: Any) -> Any:
        k = draw(st.integers(-3, 3))
        return lambda x: function(x, k)

    return chosen


def insert(draw: Draw, dtype: str) -> Any:
    x = array(draw, shape(draw, 1, 2), dtype)
    k = axis(draw, x.ndim)
    n = x.shape[k]
    v = array(draw, draw(st.sampled_from([(), (1,)])), dtype)
    place = draw(st.sampled_from([0, n, -n, [n], [0, n], [0, 0, n], slice(0, None, 2)]))
    return lambda x, v: np.insert(x, place, v, k), (x, v)


def where(draw: Draw, dtype: str) -> Any:
    shapes = broadcastable(draw, 3)
    c = array(draw, shapes[0]) > 0
    return lambda x, y: np.where(c, x, y)[()], tuple(array(draw, one, dtype) for one in shapes[1:])


def where_traced(draw: Draw, dtype: str) -> Any:
    x, y = distinct(draw, (2, *shape(draw)), dtype)
    return lambda x, y: np.where(x > y, x * y, 2.0)[()], (x, y)


def select(draw: Draw, dtype: str) -> Any:
    shapes = broadcastable(draw, 4)
    conditions = [array(draw, one) > 0 for one in shapes[:2]]
    return lambda x, y: np.select(conditions, [x, y], 1.5)[()], tuple(array(draw, one, dtype) for one in shapes[2:])


def choose(draw: Draw, dtype: str) -> Any:
    shapes = broadcastable(draw, 3)
    chosen = np.random.default_rng(draw(st.integers(0, 99))).integers(0, 2, shapes[0])
    return lambda x, y: np.choose(chosen, [x, y])[()], tuple(array(draw, one, dtype) for one in shapes[1:])


def clip(draw: Draw, dtype: str) -> Any:
    lengths = shape(draw)
    x, low, high = distinct(draw, (3, *lengths), dtype)
    return np.clip, (x, low, high)


def placing(method: str, drawn: Any, domain: str = "reals", **facts: Any) -> Record:
    """x.at[index].method(v) for a drawn index, of x and v."""

    def case(draw: Draw, dtype: str) -> Any:
        x = array(draw, shape(draw, 1), dtype, domain)
        index = drawn(draw, x.shape)
        v = array(draw, draw(st.sampled_from([x[index].shape, ()])), dtype, domain)
        return lambda x, v: getattr(at(x)[index], method)(v), (x, v)

    name = f"at {method} {drawn.__name__}"
    return Record(name, case, **{"complex": True} | facts)


def extreme(method: str) -> Record:
    """x.at[index].min(v) or max, of values that are far apart."""

    def case(draw: Draw, dtype: str) -> Any:
        lengths = shape(draw, 1, 2)
        index = advanced(draw, lengths)
        size = np.empty(lengths)[index].shape
        x = distinct(draw, (2, *lengths), dtype)[0]
        return lambda x, v: getattr(at(x)[index], method)(v), (x, array(draw, size, dtype) * 20)

    return Record(f"at {method}", case)


def searchsorted(draw: Draw, dtype: str) -> Any:
    a, v = np.sort(distinct(draw, (5,), dtype)), array(draw, shape(draw), dtype)
    side = draw(st.sampled_from(["left", "right"]))
    return lambda v: np.searchsorted(a, v, side), (v,)


RECORDS = [
    of_one("x[basic]", indexed(basic), representative=True),
    of_one("x[advanced]", indexed(advanced), representative=True),
    of_one("x[mask]", indexed(mask), representative=True),
    of_one("x[i] for all i", lambda draw, x: lambda x: sum([k * x[k] for k in range(-len(x), len(x))], 0 * x[:1])),
    of_one("x[None]", lambda draw, x: lambda x: x[None], least=0),
    of_one("take", take, representative=True),
    of_one("take_along_axis", take_along_axis),
    of_one("compress", compress),
    of_one("extract", extract),
    of_one("delete", delete),
    Record("insert", insert, complex=True),
    of_one("diagonal", diagonal, least=2),
    of_one("trace", trace, least=2),
    Record("diag", lambda draw, dtype: (np.diag, (array(draw, shape(draw, 1, 2), dtype),)), complex=True),
    of_one("diagflat", shifted(np.diagflat)),
    of_one("tril", shifted(np.tril), least=2),
    of_one("triu", shifted(np.triu), least=2),
    Record("where", where, complex=True, representative=True),
    Record("where of a traced condition", where_traced, smooth=False),
    Record("select", select, complex=True),
    Record("choose", choose, complex=True),
    Record("clip", clip, smooth=False),
    placing("set", basic, representative=True),
    placing("set", advanced),
    placing("add", basic),
    placing("add", advanced, representative=True),
    placing("add", mask),
    placing("multiply", basic),
    placing("multiply", advanced),
    placing("divide", advanced, "nonzero"),
    placing("power", basic, "positive", complex=False),
    extreme("min"),
    extreme("max"),
    Record("searchsorted", searchsorted, constant=True),
]
