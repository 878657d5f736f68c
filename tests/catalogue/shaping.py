"""Records of primitives/shaping.py and of NumPy's names for shapes, joining and repeating."""

from typing import Any

import numpy as np
from hypothesis import strategies as st
from numpy.lib.stride_tricks import sliding_window_view

from tests.catalogue.record import Record
from tests.strategies import Draw, array, axis, broadcastable, shape


def of_one(name: str, function: Any, least: int = 0, most: int = 3, **facts: Any) -> Record:
    """`function(draw, x)` draws the options for an x of at least `least` axes and returns the function of x alone."""

    def case(draw: Draw, dtype: str) -> Any:
        x = array(draw, shape(draw, least, most), dtype)
        return function(draw, x), (x,)

    return Record(name, case, complex=True, **facts)


def of_two(name: str, function: Any, least: int = 1, **facts: Any) -> Record:
    """`function(draw, x, y)` likewise, for two arrays of one shape."""

    def case(draw: Draw, dtype: str) -> Any:
        lengths = shape(draw, least)
        x, y = array(draw, lengths, dtype), array(draw, lengths, dtype)
        return function(draw, x, y), (x, y)

    return Record(name, case, complex=True, **facts)


def plain(function: Any) -> Any:
    """A function of the array alone."""
    return lambda draw, x: function


def along(function: Any) -> Any:
    """A function with one axis, negative at times."""

    def chosen(draw: Draw, x: Any) -> Any:
        k = axis(draw, np.ndim(x))
        return lambda x: function(x, k)

    return chosen


def reshape(draw: Draw, x: Any, order: str = "C") -> Any:
    lengths = [draw(st.sampled_from([(-1,), (1, x.size), x.shape[::-1], (x.size, 1, 1)]))]
    if 0 in x.shape:
        lengths = [x.shape[::-1]]
    return lambda x: np.reshape(x, lengths[0], order)


def transpose(draw: Draw, x: Any) -> Any:
    order = draw(st.permutations(range(x.ndim)))
    order = [k - x.ndim if draw(st.booleans()) else k for k in order]
    return lambda x: x.transpose(*order) if order else x.T


def moveaxis(draw: Draw, x: Any) -> Any:
    one, two = axis(draw, x.ndim), axis(draw, x.ndim)
    return lambda x: np.moveaxis(x, one, two)


def swapaxes(draw: Draw, x: Any) -> Any:
    one, two = axis(draw, x.ndim), axis(draw, x.ndim)
    return lambda x: x.swapaxes(one, two)


def expand_dims(draw: Draw, x: Any) -> Any:
    places = draw(st.sampled_from([0, -1, (0, -1), (1, 0)]))
    return lambda x: np.expand_dims(x, places)


def broadcast_to(draw: Draw, x: Any) -> Any:
    kept = [draw(st.integers(0, 2)) for _ in range(draw(st.integers(1, 2)))]
    return lambda x: np.broadcast_to(x, (*kept, *x.shape))


def roll(draw: Draw, x: Any) -> Any:
    shift = draw(st.integers(-5, 5))
    if draw(st.booleans()) or not x.ndim:
        return lambda x: np.roll(x, shift)
    axes = tuple(axis(draw, x.ndim) for _ in range(draw(st.integers(1, 3))))
    shifts = tuple(draw(st.integers(-5, 5)) for _ in axes) if draw(st.booleans()) else shift
    return lambda x: np.roll(x, shifts, axes)


def rot90(draw: Draw, x: Any) -> Any:
    k, axes = draw(st.integers(-4, 5)), draw(st.sampled_from([(0, 1), (1, 0), (-1, 0) if x.ndim == 2 else (-1, 1)]))
    return lambda x: np.rot90(x, k, axes)


def pad(mode: str, **options: Any) -> Any:
    """np.pad at a mode, with widths for all, for each side or for each axis."""

    def chosen(draw: Draw, x: Any) -> Any:
        width = draw(st.integers(0, 3))
        widths = draw(st.sampled_from([width, (width, 1), [(k + 1, width) for k in range(x.ndim)]]))
        if mode != "constant" and 0 in x.shape:
            widths = 0
        return lambda x: np.pad(x, widths, mode, **options)

    return chosen


def sliding(draw: Draw, x: Any) -> Any:
    axes = tuple(draw(st.lists(st.integers(-x.ndim, x.ndim - 1), min_size=1, max_size=2)))
    lengths = tuple(draw(st.integers(1, max(1, (x.shape[k] + 1) // 2))) for k in axes)
    if any(x.shape[k] == 0 for k in axes):
        return lambda x: sliding_window_view(x, (), ())
    return lambda x: sliding_window_view(x, lengths, axes)


def split(draw: Draw, x: Any) -> Any:
    k, parts = axis(draw, x.ndim), draw(st.sampled_from([1, 2, 3, [1], [1, 3], [-1], [2, 1]]))
    return lambda x: tuple(np.array_split(x, parts, k))


def tile(draw: Draw, x: Any) -> Any:
    reps = draw(st.sampled_from([2, (), (2,), (1, 2), (2, 1, 3, 1), 0]))
    return lambda x: np.tile(x, reps)


def repeat(draw: Draw, x: Any) -> Any:
    if draw(st.booleans()):
        count = draw(st.integers(0, 3))
        return lambda x: np.repeat(x, count)
    k = axis(draw, x.ndim)
    counts = [draw(st.integers(0, 3)) for _ in range(x.shape[k])]
    return lambda x: np.repeat(x, np.array(counts, int), k)


def concatenate(draw: Draw, x: Any, y: Any) -> Any:
    k = draw(st.sampled_from([None, axis(draw, x.ndim)]))
    return lambda x, y: np.concatenate([x, y, np.ones(x.shape), x], k)


def stack(draw: Draw, x: Any, y: Any) -> Any:
    k = draw(st.integers(-x.ndim - 1, x.ndim))
    return lambda x, y: np.stack([x, y, np.ones(x.shape), x], k)


def mixed(draw: Draw, dtype: str) -> Any:
    x = array(draw, shape(draw, 1, 1), dtype)
    return lambda x: np.concatenate([np.arange(3), x, [True]]), (x,)


def pad_values(draw: Draw, x: Any) -> Any:
    widths = draw(st.sampled_from([1, (0, 2), [(1, 2), (2, 0)]]))
    ends = draw(st.sampled_from([lambda x: np.sum(x), lambda x: np.stack([x[0, 0], 2 * x[0, 0]])]))
    return lambda x: np.pad(x[:, 1:], widths, constant_values=ends(x)) if x.size else x


def broadcast_arrays(draw: Draw, dtype: str) -> Any:
    shapes = broadcastable(draw, 3)
    return lambda *arrays: tuple(a[()] for a in np.broadcast_arrays(*arrays)), tuple(
        array(draw, one, dtype) for one in shapes
    )


def meshgrid(draw: Draw, dtype: str) -> Any:
    sparse, indexing = draw(st.booleans()), draw(st.sampled_from(["xy", "ij"]))
    arrays = tuple(array(draw, shape(draw, 0, 1), dtype) for _ in range(draw(st.integers(1, 3))))
    return lambda *arrays: tuple(np.meshgrid(*arrays, sparse=sparse, indexing=indexing)), arrays


RECORDS = [
    of_one("astype complex", plain(lambda x: np.astype(x, np.complex128))),
    of_one("reshape", reshape, representative=True),
    of_one("reshape order F", lambda draw, x: reshape(draw, x, "F")),
    of_one("ravel", plain(np.ravel)),
    of_one("flatten", plain(lambda x: x.flatten())),
    of_one("transpose", transpose, least=1, representative=True),
    of_one("mT", plain(lambda x: x.mT), least=2),
    of_one("swapaxes", swapaxes, least=1),
    of_one("moveaxis", moveaxis, least=1),
    of_one("rollaxis", along(np.rollaxis), least=1),
    of_one("expand_dims", expand_dims),
    of_one("squeeze", plain(lambda x: np.squeeze(np.expand_dims(x, (0, -1)), (0, -1)))),
    of_one("squeeze all", plain(lambda x: np.squeeze(x[None]))),
    of_one("atleast_1d", plain(np.atleast_1d)),
    of_one("atleast_2d", plain(np.atleast_2d)),
    of_one("atleast_3d", plain(np.atleast_3d)),
    of_one("broadcast_to", broadcast_to, representative=True),
    Record("broadcast_arrays", broadcast_arrays, complex=True),
    of_one("flip", plain(np.flip)),
    of_one("flip axis", along(np.flip), least=1),
    of_one("fliplr", plain(np.fliplr), least=2),
    of_one("flipud", plain(np.flipud), least=1),
    of_one("rot90", rot90, least=2),
    of_one("roll", roll, representative=True),
    *[of_one(f"pad {mode}", pad(mode), 1) for mode in ("constant", "edge", "reflect", "symmetric", "wrap")],
    *[of_one(f"pad {mode}", pad(mode), 1) for mode in ("linear_ramp", "mean")],
    of_one("pad reflect odd", pad("reflect", reflect_type="odd"), 1),
    of_one("pad mean stat_length", pad("mean", stat_length=2), 1),
    of_one("pad constant_values", pad_values, least=2, most=2),
    of_one("sliding_window_view", sliding, least=1, representative=True),
    of_two("concatenate", concatenate, representative=True),
    Record("concatenate mixed dtypes", mixed, complex=True),
    of_two("stack", stack, least=0, representative=True),
    of_two("vstack", lambda draw, x, y: lambda x, y: np.vstack([x, y]), least=0),
    of_two("hstack", lambda draw, x, y: lambda x, y: np.hstack([x, y]), least=0),
    of_two("dstack", lambda draw, x, y: lambda x, y: np.dstack([x, y]), least=0),
    of_two("column_stack", lambda draw, x, y: lambda x, y: np.column_stack([x, y])),
    of_two("append", lambda draw, x, y: lambda x, y: np.append(x, y), least=0),
    of_two("block", lambda draw, x, y: lambda x, y: np.block([[x, y], [y, 2 * x]])),
    of_one("array_split", split, least=1, representative=True),
    of_one("hsplit", plain(lambda x: tuple(np.hsplit(x, [1]))), least=1),
    of_one("vsplit", plain(lambda x: tuple(np.vsplit(x, [1]))), least=2),
    of_one("dsplit", plain(lambda x: tuple(np.dsplit(x, [1]))), least=3),
    Record("meshgrid", meshgrid, complex=True),
    of_one("tile", tile),
    of_one("repeat", repeat, least=1),
    of_one("resize", plain(lambda x: np.resize(x, (2, 3)))),
    of_one(
        "full_like", plain(lambda x: np.full_like(np.concatenate([x, x]), np.ravel(x)[0]) if x.size else x), least=1
    ),
]
