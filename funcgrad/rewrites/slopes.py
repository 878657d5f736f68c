"""Slopes: what the rules of kinked and of stable functions leave behind, in fewer passes over the array."""

from typing import Any

import numpy as np

from funcgrad.primitives import pointwise
from funcgrad.primitives.pointwise import Select
from funcgrad.primitives.shaping import Cast
from funcgrad.rewrites.draft import CONSTANT, Draft, identity

#: Up to so many elements NumPy's `heaviside`, one step, is quicker than three steps that the processor does at once.
FEW = 1 << 10


@identity(Select, after=("equal",))
def share_of_extreme(b: Draft, _op: Any, args: tuple[int, ...], kind: Any) -> int | None:
    """½ where x = c, else whether x > c, is ½·sign(x - c) + ½, but NaN and not 1 where x is NaN. Three passes for six.

    The slope of max(x, c) for a constant c; with < for > and a minus that of min(x, c).
    """
    ties, half, wins = args
    pair, c = b.made(ties, "equal"), b.factor(half)
    if not pair or c != 0.5 or type(c) is bool or not kind.shape:
        return None
    x, k = pair
    level = b.factor(k)
    up = side_of(b, wins, x, k)
    if level is None or up is None or not np.isfinite(level) or not b.real(x) or b.shape(x) != kind.shape:
        return None
    distance = x if level == 0 else b(pointwise.sub, x, k)
    if b.types[distance] != b.types[x]:
        return None
    slope = rising(b, distance) if up else falling(b, distance)
    return slope if b.types[slope] == kind else b(Cast(kind.dtype), slope)


def side_of(b: Draft, wins: int, x: int, k: int) -> bool | None:
    """Whether `wins` says x > k or x is NaN (True), or x < k or x is NaN (False); None if neither."""
    parts = b.made(wins, "bitwise_or")
    if not parts or b.made(parts[1], "not_equal") != (x, x):
        return None
    if b.made(parts[0], "greater") == (x, k) or b.made(parts[0], "less") == (k, x):
        return True
    return False if b.made(parts[0], "less") == (x, k) or b.made(parts[0], "greater") == (k, x) else None


def rising(b: Draft, x: int) -> int:
    """0 below 0, ½ at 0, 1 above."""
    if b.types[x].size <= FEW:
        return b(pointwise.heaviside, x, b.constant(0.5))
    return b(pointwise.add, b(pointwise.mul, b.constant(0.5), b(pointwise.sign, x)), b.constant(0.5))


def falling(b: Draft, x: int) -> int:
    """1 below 0, ½ at 0, 0 above."""
    if b.types[x].size <= FEW:
        return b(pointwise.heaviside, b(pointwise.neg, x), b.constant(0.5))
    return b(pointwise.sub, b.constant(0.5), b(pointwise.mul, b.constant(0.5), b(pointwise.sign, x)))


@identity(Select, after=("isinf",))
def share_of_logarithm(b: Draft, _op: Any, args: tuple[int, ...], _kind: Any) -> int | None:
    """The part of x in log(eᶜ + eˣ), exp(x - z) with care at infinities, is 1/(1 + exp(c - x)). Four steps for seven.

    For a finite constant c: at x = ±∞ both are 0 or 1, at NaN both NaN. Below x - c = -709 NumPy warns of an overflow,
    and the answer is 0 where a number below 1e-308 stood. It does not need z, a slow function.
    """
    hidden, one, power = args
    tested, ends, exponent = b.made(hidden, "isinf"), b.made(one, "equal"), b.made(power, "exp")
    if not tested or not ends or not exponent:
        return None
    (z,), (x, end) = tested, ends
    limit, sides, care = b.factor(end), b.made(z, "logaddexp"), b.made(exponent[0], Select)
    if limit != np.inf or not sides or x not in sides or not care or care[0] != hidden or not b.real(x):
        return None
    base = sides[0] if sides[1] == x else sides[1]
    level = b.factor(base)
    if b.factor(care[1]) != 0 or b.made(care[2], "subtract") != (x, z) or level is None or not np.isfinite(level):
        return None
    away = b(pointwise.neg, x) if level == 0 else b(pointwise.sub, base, x)
    if b.types[away] != b.types[x]:
        return None
    one = b.constant(1)
    return b(pointwise.div, one, b(pointwise.add, one, b(pointwise.exp, away)))


@identity(Select)
def nothing_hidden(b: Draft, op: Any, args: tuple[int, ...], _kind: Any) -> int | None:
    """A choice between truth values, integers and finite constants hides no infinity. As many steps, and no test."""
    if not op.hides:
        return None
    _, x, y = args
    return b(Select(hides=False), *args) if harmless(b, x) and harmless(b, y) else None


def harmless(b: Draft, n: int) -> bool:
    """Whether all numbers of a value are known to be finite."""
    if b.types[n].dtype.kind in "biu":
        return True
    return b.keys[n] == CONSTANT and bool(np.all(np.isfinite(b.values[n].value)))
