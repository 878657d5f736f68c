"""NumPy's names for sequences between traced ends, and for powers: linspace, logspace, geomspace, vander."""

from operator import index
from typing import Any

import numpy as np

from funcgrad.graph.dispatch import implements
from funcgrad.graph.node import Node
from funcgrad.graph.op import admit
from funcgrad.graph.protocols import unsupported
from funcgrad.numpy.describing import converted
from funcgrad.numpy.shaping import operand
from funcgrad.primitives.scanning import Powers
from funcgrad.sweeps.edges import stretch_to


@implements(np.linspace)
def linspace(
    start: Any,
    stop: Any,
    num: Any = 50,
    endpoint: bool = True,
    retstep: bool = False,
    dtype: Any = None,
    axis: int = 0,
    *,
    device: Any = None,
) -> Any:
    """`num` numbers from start to stop at equal distances."""
    if device not in (None, "cpu"):
        unsupported("linspace", "device")
    num = index(num)
    if num < 0:
        raise ValueError(f"Number of samples, {num}, must be non-negative.")
    kind = np.result_type(admit(start), admit(stop), 0.0)
    start, stop = converted(operand(start), kind), converted(operand(stop), kind)
    parts = num - 1 if endpoint else num
    distance = stop - start
    step = distance / parts if parts > 0 else np.nan
    inner = num - 1 if endpoint and num > 1 else num  # the last is `stop` itself
    places = np.arange(inner, dtype=kind).reshape(-1, *(1,) * np.ndim(distance))
    z = places * (step if parts > 0 else distance) + start
    if inner < num:
        z = np.concatenate((z, stretch_to(stop, distance.shape)[None]))
    z = moved(z, axis)
    if dtype is not None:
        z = converted(np.floor(z) if np.dtype(dtype).kind in "iu" else z, dtype)
    return (z, step) if retstep else z


def moved(z: Any, axis: int) -> Any:
    """`z` with its first axis in another place."""
    return np.moveaxis(z, 0, axis) if axis != 0 else z


@implements(np.logspace)
def logspace(
    start: Any, stop: Any, num: Any = 50, endpoint: bool = True, base: Any = 10.0, dtype: Any = None, axis: int = 0
) -> Any:
    """`num` powers of `base`, the exponents from start to stop at equal distances."""
    base = admit(base)
    if np.ndim(base):
        rank = max([np.ndim(admit(a)) for a in (start, stop, base)])
        start, stop, base = (with_rank(operand(a), rank) for a in (start, stop, base))
        base = np.expand_dims(base, axis)
    z = np.power(base, np.linspace(start, stop, num, endpoint, axis=axis))
    return z if dtype is None else converted(z, dtype)


def with_rank(a: Any, rank: int) -> Any:
    """`a` with axes of length 1 in front."""
    return np.reshape(a, (1,) * (rank - a.ndim) + a.shape)


@implements(np.geomspace)
def geomspace(start: Any, stop: Any, num: Any = 50, endpoint: bool = True, dtype: Any = None, axis: int = 0) -> Any:
    """`num` numbers from start to stop at equal ratios, negative or complex too."""
    start, stop = operand(start), operand(stop)
    if any([zero_among(a) for a in (start, stop)]):
        raise ValueError("Geometric sequence cannot include zero")
    kind = np.result_type(start, stop, float(index(num)), np.zeros((), dtype))
    start, stop = converted(start, kind), converted(stop, kind)
    turn = start / np.abs(start) if kind.kind == "c" else np.sign(start)  # so that the first logarithm is of |start|
    z = np.logspace(np.log10(start / turn), np.log10(stop / turn), num, endpoint) * turn
    if num > 0:  # the ends are what they are, for the power of a logarithm is not
        first = stretch_to(start, z.shape[1:])[None]
        last = [stretch_to(stop, z.shape[1:])[None]] if num > 1 and endpoint else []
        z = np.concatenate((first, z[1:-1] if last else z[1:], *last))
    z = moved(z, axis)
    return z if dtype is None else converted(z, dtype)


def zero_among(a: Any) -> bool:
    """Whether one of the numbers is zero, as far as can be told."""
    return decided(a) and bool(np.any(a == 0))


def decided(a: Any) -> bool:
    """Whether questions about `a` have answers: its numbers are known, or those of jit's first call."""
    return type(a) is not Node or a.known or a.value.witness is not None


@implements(np.vander)
def vander(x: Any, N: Any = None, increasing: bool = False) -> Any:
    """The powers xᵢᴺ⁻¹ … xᵢ 1 in row i, or the other way round."""
    if x.ndim != 1:
        raise ValueError("x must be a one-dimensional array or sequence.")
    n, count = len(x), len(x) if N is None else index(N)
    kind = np.promote_types(x.dtype, int)
    x = converted(x, kind)
    if count < 1:
        return np.empty((n, count), kind)  # or NumPy's error
    z = Powers(count)(x)
    return z if increasing else z[:, ::-1]
