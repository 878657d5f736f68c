"""Records of funcgrad/lax: loops and choices, of which plain Python's are the reference in tests/unit/test_lax.py."""

from functools import partial
from typing import Any

import numpy as np
from hypothesis import strategies as st

from funcgrad import checkpoint, checkpoint_name, lax
from funcgrad import numpy as fnp
from funcgrad.transforms.policies import nothing_saveable, save_only_these_names
from tests.catalogue.record import Record
from tests.strategies import Draw, array, shape


def scanned(draw: Draw, dtype: str) -> Any:
    """A scan of trees, in either direction, with a value closed over."""
    kind, n, reverse = shape(draw, most=2), draw(st.integers(0, 3)), draw(st.booleans())
    xs, init, w = (array(draw, s, dtype) for s in ((n, *kind), kind, kind))

    def f(xs: Any, init: Any, w: Any) -> Any:
        def step(carry: Any, x: Any) -> Any:
            new = np.tanh(carry["c"] * x + w)
            return {"c": new, "t": carry["t"] + 1}, (new * x, carry["c"])

        last, rows = lax.scan(step, {"c": init, "t": 0}, xs, reverse=reverse)
        return last["c"], *rows

    return f, (xs, init, w)


def blocks(draw: Draw, dtype: str) -> Any:
    """A scan of several steps in one."""
    xs, count = array(draw, (draw(st.integers(0, 5)), 2), dtype), draw(st.integers(1, 4))
    return lambda xs: lax.scan(lambda c, x: (c + x * x, c * x), np.ones_like(xs, shape=2), xs, unroll=count), (xs,)


def scheduled(draw: Draw, dtype: str) -> Any:
    """A scan of which the carries of some steps are kept."""
    xs, way = array(draw, (draw(st.integers(0, 4)), 2), dtype), draw(st.sampled_from(["sqrt", "binomial", 1, 2]))

    def f(xs: Any) -> Any:
        return lax.scan(lambda c, x: (np.sin(c) + x, c * x), np.ones_like(xs, shape=2), xs, checkpoint=way)

    return f, (xs,)


def forgotten(draw: Draw, dtype: str) -> Any:
    """A function computed again, of which one value is kept."""
    x, w = (array(draw, shape(draw, most=2), dtype) for _ in range(2))
    policy = draw(st.sampled_from([nothing_saveable, save_only_these_names("h")]))

    @partial(checkpoint, policy=policy)
    def f(x: Any, w: Any) -> Any:
        h = checkpoint_name(np.sin(x) * np.sum(w), "h")
        return h * np.cos(h), w * w

    return lambda x, w: f(checkpoint_name(x, "x"), w), (x, w)


def chosen(draw: Draw, dtype: str) -> Any:
    """A choice by a sum that is far enough from its border."""
    x, sign = array(draw, shape(draw), dtype, "positive"), draw(st.sampled_from([-1.0, 1.0]))
    return lambda x: lax.cond(np.sum(np.real(x)) > -sign, np.sin, lambda x: x * x, x), (x,)


def switched(draw: Draw, dtype: str) -> Any:
    """A choice by an index that is an argument."""
    x, k = array(draw, shape(draw), dtype), np.asarray(draw(st.integers(-1, 3)))[()]
    return lambda x, k: lax.switch(k, [np.sin, lambda x: x * x, lambda x: x * x[..., None].sum()], x), (x, k)


def repeated(draw: Draw, dtype: str) -> Any:
    """Doubling until it is large: at least one item is far from the border at every step."""
    x, w = array(draw, (2,), dtype, "positive"), array(draw, (2,), dtype, "positive")
    return lambda x, w: lax.while_loop(lambda c: c[1] < 4, lambda c: (c[0] * w + np.sin(c[0]), c[1] + 1), (x, 0))[0], (
        x,
        w,
    )


def counted(draw: Draw, dtype: str) -> Any:
    """A loop over numbers that takes a row in each."""
    x = array(draw, (3, 2), dtype)
    return lambda x: lax.fori_loop(0, 3, lambda i, c: c * fnp.take(x, i, 0) + i, x[0]), (x,)


def mapped(draw: Draw, dtype: str) -> Any:
    """A map, in batches or row by row."""
    x, size = array(draw, (draw(st.integers(1, 5)), 2), dtype), draw(st.sampled_from([None, 2]))
    return lambda x: lax.map(lambda row: np.exp(row) * row[0], x, batch_size=size), (x,)


def associated(draw: Draw, dtype: str) -> Any:
    """Products of all that comes before."""
    x, reverse = array(draw, (2, draw(st.integers(0, 6))), dtype, "nonzero"), draw(st.booleans())
    return lambda x: lax.associative_scan(np.multiply, x, reverse=reverse, axis=-1), (x,)


RECORDS = [
    Record("lax.scan", scanned, representative=True),
    Record("lax.scan unroll", blocks, complex=True),
    Record("lax.scan checkpoint", scheduled),
    Record("checkpoint", forgotten, complex=True),
    Record("lax.cond", chosen, complex=True, holomorphic=False),
    Record("lax.while_loop", repeated, representative=True),
    Record("lax.fori_loop", counted, complex=True),
    Record("lax.map", mapped, complex=True),
    Record("lax.associative_scan", associated, complex=True),
]
