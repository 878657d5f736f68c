"""NumPy's names for signals and samples: convolve, correlate, interp, unwrap, gradient."""

from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index, normalize_axis_tuple

from funcgrad.graph.dispatch import implements
from funcgrad.graph.node import Node
from funcgrad.graph.op import admit
from funcgrad.numpy.reducing import of_dtype
from funcgrad.numpy.shaping import operand
from funcgrad.numpy.spacing import decided
from funcgrad.primitives.correlating import Correlation
from funcgrad.primitives.indexing import getitem
from funcgrad.primitives.scanning import piece
from funcgrad.primitives.shaping import Cast, cast_into, ghost

#: How much of a correlation is asked for, by NumPy's names and numbers.
MODES = {"valid": "valid", "same": "same", "full": "full", 0: "valid", 1: "same", 2: "full"}


# ---- convolve, correlate ---------------------------------------------------------------------------------------------
def correlated(x: Any, y: Any, mode: Any) -> Any:
    """Σⱼ xₖ₊ⱼ yⱼ, where x is not the shorter one."""
    try:
        extent = MODES[mode]
    except (KeyError, TypeError):
        np.correlate(np.zeros(1), np.zeros(1), mode)  # raises, in NumPy's words
        raise
    z = Correlation(extent != "valid")(x, y)
    if extent != "same":
        return z
    n, m = x.shape[0], y.shape[0]
    start = m - 1 - m // 2
    return z[start : start + n]


@implements(np.convolve)
def convolve(a: Any, v: Any, mode: Any = "full") -> Any:
    """zₖ = Σⱼ aₖ₋ⱼ vⱼ."""
    a, v = np.atleast_1d(operand(a)), np.atleast_1d(operand(v))
    if len(a) == 0:
        raise ValueError("a cannot be empty")
    if len(v) == 0:
        raise ValueError("v cannot be empty")
    if a.ndim != 1 or v.ndim != 1:
        np.convolve(ghost(a.shape), ghost(v.shape))  # raises, in NumPy's words
    if len(v) > len(a):
        a, v = v, a
    return correlated(a, v[::-1], mode)


@implements(np.correlate)
def correlate(a: Any, v: Any, mode: Any = "valid") -> Any:
    """zₖ = Σⱼ aₖ₊ⱼ v̄ⱼ with the conjugate of v; if v is the longer one, from the last offset to the first."""
    a, v = operand(a), np.conjugate(operand(v))
    if a.ndim != 1 or v.ndim != 1 or 0 in (a.size, v.size):
        np.correlate(ghost(a.shape), ghost(v.shape))  # raises, in NumPy's words
    return correlated(v, a, mode)[::-1] if len(v) > len(a) else correlated(a, v, mode)


# ---- interp ----------------------------------------------------------------------------------------------------------
@implements(np.interp)
def interp(x: Any, xp: Any, fp: Any, left: Any = None, right: Any = None, period: Any = None) -> Any:
    """The function through the points (xp, fp), straight between them, at x; at a point its slope is that to the right.

    Beyond the points it is `left` and `right`, or as at the ends, and its slope there is 0.
    """
    x, xp, fp = doubled(x), doubled(xp), doubled(fp, np.complex128)
    if period is not None:
        left = right = None
        x, xp, fp = wrapped(x, xp, fp, period)
    if xp.ndim != 1 or fp.ndim != 1 or xp.shape != fp.shape or not xp.size:
        np.interp(0.0, ghost(xp.shape, float), ghost(fp.shape, float))  # raises, in NumPy's words
    z = broken_line(x, xp, fp)
    z = np.where(x < xp[0], fp[0] if left is None else end_value(left, fp), z)
    return np.where(x > xp[-1], fp[-1] if right is None else end_value(right, fp), z)


def doubled(a: Any, widest: Any = np.float64) -> Any:
    """An array in double precision, complex only if it may be."""
    a = operand(a)
    dtype = np.dtype(widest if a.dtype.kind == "c" else np.float64)
    if a.dtype.kind == "c" and dtype.kind != "c":
        np.interp(ghost((1,), complex), np.zeros(1), np.zeros(1))  # raises, in NumPy's words
    return a if a.dtype == dtype else Cast(dtype)(a)


def end_value(a: Any, fp: Any) -> Any:
    """What there is beyond the points: a number, complex only if `fp` is."""
    if np.ndim(a):
        raise TypeError("only 0-dimensional arrays can be converted to Python scalars")
    return doubled(a, fp.dtype)


def wrapped(x: Any, xp: Any, fp: Any, period: Any) -> tuple[Any, Any, Any]:
    """x and the points within one period, with a point more at both ends."""
    if xp.ndim != 1 or fp.ndim != 1:
        raise ValueError("Data points must be 1-D sequences")
    if xp.shape[0] != fp.shape[0]:
        raise ValueError("fp and xp are not of the same length")
    if decided(period) and period == 0:
        raise ValueError("period must be a non-zero value")
    period = np.abs(period)
    xp = xp % period
    order = np.argsort(xp)
    xp, fp = getitem(xp, order), getitem(fp, order)
    xp = np.concatenate((xp[-1:] - period, xp, xp[:1] + period))
    return x % period, xp, np.concatenate((fp[-1:], fp, fp[:1]))


def broken_line(x: Any, xp: Any, fp: Any) -> Any:
    """The straight pieces, the first and the last of them prolonged."""
    if len(xp) == 1:
        return fp[0] + 0 * (x - xp[0])
    stop = np.clip(np.searchsorted(xp, x, "right"), 1, len(xp) - 1)
    x0, x1, f0, f1 = [getitem(a, i) for a in (xp, fp) for i in (stop - 1, stop)]
    width = x1 - x0
    slope = np.where(width == 0, 0, (f1 - f0) / np.where(width == 0, 1, width))
    at_end = x == x1  # the last point only, where rounding would not give its value
    return np.where(at_end, f1, f0) + slope * (x - np.where(at_end, x1, x0))


# ---- unwrap ----------------------------------------------------------------------------------------------------------
@implements(np.unwrap)
def unwrap(p: Any, discont: Any = None, axis: int = -1, *, period: Any = 2 * np.pi) -> Any:
    """`p` with multiples of `period` added along an axis, so that no step is larger than half of it."""
    p = operand(p)
    if discont is None:
        discont = period / 2
    axis = normalize_axis_index(axis, p.ndim)
    steps = np.diff(p, axis=axis)
    dtype = np.result_type(steps, period)
    high, odd = divmod(period, 2) if dtype.kind in "iu" else (period / 2, 0)
    remainder = np.mod(steps + high, period) - high
    half_up = (remainder == -high) & (steps > 0) & (odd == 0)  # half a period is a step up where the step itself was
    remainder = np.where(half_up, high, remainder)
    change = np.where(np.abs(steps) < discont, 0, remainder - steps)
    later = piece(p, axis, 1) + np.cumsum(change, axis)
    return np.concatenate((of_dtype(piece(p, axis, None, 1), later), later), axis)


# ---- gradient --------------------------------------------------------------------------------------------------------
@implements(np.gradient)
def gradient(f: Any, *varargs: Any, axis: Any = None, edge_order: int = 1) -> Any:
    """∂f along each axis: central differences inside, one-sided ones of first or second order at the edges."""
    f = operand(f)
    if f.dtype.kind not in "fc":
        f = Cast(np.dtype(np.float64))(f)
    axes = tuple(range(f.ndim)) if axis is None else normalize_axis_tuple(axis, f.ndim)
    spacings = spacings_of(f, varargs, axes)
    if edge_order > 2:
        raise ValueError("'edge_order' greater than 2 not supported")
    slopes = [
        cast_into(slope(f, spacing, k, edge_order), f.dtype, "np.gradient")
        for k, spacing in zip(axes, spacings, strict=True)
    ]
    return slopes[0] if len(axes) == 1 else tuple(slopes)


def spacings_of(f: Any, given: tuple[Any, ...], axes: tuple[int, ...]) -> list[Any]:
    """The distances between samples for each axis: a number, or an array if they differ or may."""
    if not given:
        return [1.0] * len(axes)
    if len(given) == 1 and np.ndim(given[0]) == 0:
        return [admit(given[0])] * len(axes)
    if len(given) != len(axes):
        raise TypeError("invalid number of arguments")
    return [spacing_of(f.shape[axis], admit(one)) for one, axis in zip(given, axes, strict=True)]


def spacing_of(length: int, x: Any) -> Any:
    """The distances between samples at places x; a traced one is never taken for a number, for it may change."""
    rank = np.ndim(x)
    if rank == 0:
        return x
    if rank != 1:
        raise ValueError("distances must be either scalars or 1d")
    if len(x) != length:
        raise ValueError("when 1d, distances must match the length of the corresponding dimension")
    width = np.diff(x if x.dtype.kind in "fc" else np.astype(x, np.float64))
    return width[0] if type(width) is not Node and width.size and np.all(width == width[0]) else width


def slope(f: Any, spacing: Any, axis: int, edge_order: int) -> Any:
    """∂f along one axis."""
    n = f.shape[axis]
    if n < edge_order + 1:
        raise ValueError(
            "Shape of array too small to calculate a numerical gradient, "
            "at least (edge_order + 1) elements are required."
        )
    if np.ndim(spacing) == 0:
        first = second = before_last = last = 1.0 * spacing
        inside = (piece(f, axis, 2) - piece(f, axis, None, -2)) / (2.0 * first)
    else:
        column = np.reshape(spacing, (-1, *(1,) * (f.ndim - axis - 1)))
        first, last = column[:1], column[-1:]
        second, before_last = column[1:2], column[-2:-1]
        inside = at_middle(f, axis, column[:-1], column[1:])
    if edge_order == 1:
        start = (piece(f, axis, 1, 2) - piece(f, axis, None, 1)) / first
        end = (piece(f, axis, -1) - piece(f, axis, n - 2, n - 1)) / last
    else:
        start = at_start([piece(f, axis, k, k + 1) for k in (0, 1, 2)], first, second)
        end = -at_start([piece(f, axis, k, k + 1) for k in (n - 1, n - 2, n - 3)], last, before_last)
    return np.concatenate((start, inside, end), axis)


def at_middle(f: Any, axis: int, h: Any, k: Any) -> Any:
    """The slope in the second of three samples, h and then k apart, of the parabola through them."""
    a, b, c = -k / (h * (h + k)), (k - h) / (h * k), h / (k * (h + k))
    return a * piece(f, axis, None, -2) + b * piece(f, axis, 1, -1) + c * piece(f, axis, 2)


def at_start(samples: list[Any], h: Any, k: Any) -> Any:
    """The slope in the first of three samples, h and then k apart, of the parabola through them."""
    a, b, c = -(2.0 * h + k) / (h * (h + k)), (h + k) / (h * k), -h / (k * (h + k))
    return a * samples[0] + b * samples[1] + c * samples[2]
