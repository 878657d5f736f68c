"""np.pad in every mode: an axis at a time, what is beside an array made of what is in it.

Derivatives flow through whatever stands there: the elements, and `constant_values` and `end_values` that are traced.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from funcgrad.graph.dispatch import implements
from funcgrad.graph.node import Node
from funcgrad.graph.protocols import unsupported
from funcgrad.numpy.shaping import broadcast_to, operand
from funcgrad.primitives.indexing import Index, Scatter
from funcgrad.primitives.scanning import piece, reversed_along
from funcgrad.primitives.shaping import Concatenate, cast_into
from funcgrad.sweeps.edges import stretch_to

#: The modes of a statistic, and NumPy's function for it.
STATISTICS: dict[str, Callable[..., Any]] = {"maximum": np.max, "minimum": np.min, "mean": np.mean, "median": np.median}
#: The options of each mode.
OPTIONS = {
    "edge": (),
    "wrap": (),
    "reflect": ("reflect_type",),
    "symmetric": ("reflect_type",),
    "linear_ramp": ("end_values",),
    **dict.fromkeys(STATISTICS, ("stat_length",)),
}


@implements(np.pad)
def pad(array: Any, pad_width: Any, mode: Any = "constant", **keywords: Any) -> Any:
    """`array` in the middle of a larger one, in every mode but a function, which would write into its argument."""
    a = operand(array)
    if callable(mode):
        unsupported("pad", "mode, a function that writes into its argument,")
    widths = widths_of(pad_width, a.ndim)
    if mode in ("constant", "empty"):
        return framed(a, widths, keywords.pop("constant_values", 0) if mode == "constant" else 0, mode, keywords)
    if mode not in OPTIONS or not set(keywords) <= set(OPTIONS[mode]):
        np.pad(np.zeros((1,) * a.ndim), 0, mode, **keywords)  # raises, in NumPy's words
    for axis, width in enumerate(widths):
        if not a.shape[axis] and any(width):
            raise ValueError(f"can't extend empty axis {axis} using modes other than 'constant' or 'empty'")
        if any(width):
            a = extended(a, axis, width, mode, keywords)
    return a


def extended(a: Any, axis: int, width: tuple[int, int], mode: str, keywords: dict[str, Any]) -> Any:
    """`a` with what stands beside it along one axis."""
    if mode in STATISTICS:
        sides = by_statistic(a, axis, width, STATISTICS[mode], per_axis(keywords.get("stat_length"), a.ndim, axis))
    elif mode == "linear_ramp":
        sides = by_ramp(a, axis, width, keywords.get("end_values", 0))
    elif mode == "edge" or (mode == "reflect" and a.shape[axis] == 1):
        sides = tuple([stretched_along(end, axis, n) for end, n in zip(ends_of(a, axis), width, strict=True)])
    else:
        return mirrored(a, axis, width, mode, keywords.get("reflect_type", "even"))
    return Concatenate(axis)(sides[0], a, sides[1])


def ends_of(a: Any, axis: int) -> tuple[Any, Any]:
    """The first and the last element along an axis, which stays with length 1."""
    return piece(a, axis, None, 1), piece(a, axis, -1)


def stretched_along(end: Any, axis: int, n: int) -> Any:
    """An element n times along an axis."""
    return stretch_to(end, (*end.shape[:axis], n, *end.shape[axis + 1 :]))


def mirrored(a: Any, axis: int, width: tuple[int, int], mode: str, kind: str) -> Any:
    """`a` continued by reflection at its last element or beyond it, or by repetition: as often as the width needs.

    Each turn adds no more than whole periods of the array that was given, as NumPy does.
    """
    if kind not in ("even", "odd"):
        np.pad(np.zeros(2), 1, "reflect", reflect_type=kind)  # type: ignore[call-overload]  # NumPy heeds no other kind
    before, after = width
    skip = 1 if mode == "reflect" else 0
    period = a.shape[axis] - skip
    while before or after:
        n = a.shape[axis]
        most = (n - skip) // period * period
        early, late = min(before, most), min(after, most)
        if mode == "wrap":
            left, right = piece(a, axis, most - early, most), piece(a, axis, n - most, n - most + late)
        else:
            left = reversed_along(piece(a, axis, skip, skip + early), axis)
            right = reversed_along(piece(a, axis, n - skip - late, n - skip), axis)
            if kind == "odd":
                first, last = ends_of(a, axis)
                left, right = 2 * first - left, 2 * last - right
        a = Concatenate(axis)(left, a, right)
        before, after = before - early, after - late
    return a


def by_statistic(
    a: Any, axis: int, width: tuple[int, int], function: Callable[..., Any], lengths: tuple[Any, Any]
) -> tuple[Any, Any]:
    """A statistic of the elements next to each end, as often as the width says."""
    n, sides = a.shape[axis], []
    for last, length, times in zip((False, True), lengths, width, strict=True):
        length = n if length is None else min(length, n)
        if length == 0 and function in (np.max, np.min):
            raise ValueError("stat_length of 0 yields no value for padding")
        near = piece(a, axis, n - length if last else None, None if last else length)
        value = function(near, axis=axis, keepdims=True)
        if a.dtype.kind in "iu":
            value = np.rint(value)
        sides.append(stretched_along(value if value.dtype == a.dtype else np.astype(value, a.dtype), axis, times))
    return sides[0], sides[1]


def by_ramp(a: Any, axis: int, width: tuple[int, int], end_values: Any) -> tuple[Any, Any]:
    """Straight lines from an end value to the elements at both ends."""
    pairs = broadcast_to(operand(end_values), (a.ndim, 2))
    sides = []
    for side, (edge, n) in enumerate(zip(ends_of(a, axis), width, strict=True)):
        shape = (*a.shape[:axis], *a.shape[axis + 1 :])
        start, stop = pairs[axis, side], np.reshape(edge, shape)
        ramp = np.linspace(start, stop, n, endpoint=False, axis=axis)
        ramp = ramp if ramp.dtype == a.dtype else cast_into(ramp, a.dtype, "np.pad")
        sides.append(reversed_along(ramp, axis) if side else ramp)
    return sides[0], sides[1]


def per_axis(lengths: Any, rank: int, axis: int) -> tuple[Any, Any]:
    """What np.pad takes as stat_length, for the two ends of an axis."""
    if lengths is None:
        return None, None
    pairs = np.broadcast_to(np.round(lengths).astype(np.intp), (rank, 2))
    if np.any(pairs < 0):
        raise ValueError("index can't contain negative values")
    return int(pairs[axis, 0]), int(pairs[axis, 1])


def widths_of(pad_width: Any, rank: int) -> list[tuple[int, int]]:
    """What np.pad takes as pad_width, as a pair (before, after) an axis."""
    if isinstance(pad_width, dict):
        given = {axis % rank: width for axis, width in pad_width.items()}
        pad_width = [given.get(axis, (0, 0)) for axis in range(rank)]
        pad_width = [(width, width) if isinstance(width, int) else width for width in pad_width]
    widths = np.asarray(pad_width)
    if widths.dtype.kind != "i":
        raise TypeError("`pad_width` must be of integral type.")
    if widths.size and widths.min() < 0:
        raise ValueError("index can't contain negative values")
    return [(int(before), int(after)) for before, after in np.broadcast_to(widths, (rank, 2))]


def framed(a: Any, widths: list[tuple[int, int]], values: Any, mode: str, keywords: dict[str, Any]) -> Any:
    """`a` with a frame of constants: zeros at once, others, which may be traced, an axis at a time as NumPy does."""
    if keywords:
        raise ValueError(f"unsupported keyword arguments for mode '{mode}': {set(keywords)}")
    if type(values) is not Node and not np.any(values):
        shape = tuple([before + n + after for (before, after), n in zip(widths, a.shape, strict=True)])
        inside = Index(tuple([slice(before, before + n) for (before, _), n in zip(widths, a.shape, strict=True)]))
        return Scatter(shape, (inside,))(a) if shape != a.shape else a
    pairs = broadcast_to(cast_into(operand(values), a.dtype, "np.pad"), (a.ndim, 2))
    for axis, width in enumerate(widths):
        ends = [
            stretch_to(pairs[axis, side], (*a.shape[:axis], n, *a.shape[axis + 1 :])) for side, n in enumerate(width)
        ]
        a = Concatenate(axis)(ends[0], a, ends[1])
    return a
