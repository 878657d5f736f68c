"""Records of primitives/pointwise.py and numpy/pointwise.py: one a row, in the interior of its domain."""

from collections.abc import Callable
from typing import Any

import numpy as np

from funcgrad.primitives.pointwise import root
from tests.catalogue.record import Record
from tests.strategies import Draw, array, broadcastable, distinct, shape

Function = Callable[..., Any]


def unary(function: Function, domain: str = "reals", *, name: str = "", **facts: Any) -> Record:
    """A function of one argument."""

    def case(draw: Draw, dtype: str) -> Any:
        return function, (array(draw, shape(draw), dtype, domain),)

    return Record(name or function.__name__, case, **facts)


def binary(function: Function, domain: str = "reals", other: str = "", *, name: str = "", **facts: Any) -> Record:
    """A function of two arguments, whose shapes broadcast."""

    def case(draw: Draw, dtype: str) -> Any:
        one, two = broadcastable(draw, 2)
        return function, (array(draw, one, dtype, domain), array(draw, two, dtype, other or domain))

    return Record(name or function.__name__, case, **facts)


def comparing(function: Function, *, name: str = "", **facts: Any) -> Record:
    """A function of two arguments with a kink or a jump where they are equal: every two elements differ."""

    def case(draw: Draw, dtype: str) -> Any:
        one, two = broadcastable(draw, 2)
        values = distinct(draw, (int(np.prod(one)) + int(np.prod(two)),), dtype)
        size = int(np.prod(one))
        return function, (values[:size].reshape(one)[()], values[size:].reshape(two)[()])

    return Record(name or function.__name__, case, smooth=False, **facts)


def away_from_integers(function: Function, *, name: str = "", **facts: Any) -> Record:
    """A function of one argument with jumps at integers and halves."""

    def case(draw: Draw, dtype: str) -> Any:
        quarter = array(draw, shape(draw), dtype, "unit") * np.asarray(0.2, dtype) + np.asarray(0.25, dtype)
        return function, (quarter + np.asarray(array(draw, np.shape(quarter))).round().astype(dtype)[()],)

    return Record(name or function.__name__, case, smooth=False, **facts)


def dividing(function: Function, *, name: str = "", **facts: Any) -> Record:
    """x mod y, away from the multiples of y."""

    def case(draw: Draw, dtype: str) -> Any:
        one, two = broadcastable(draw, 2)
        y = array(draw, two, dtype, "nonzero")
        quotient = np.asarray(0.5 + 0.3 * array(draw, np.broadcast_shapes(one, two), "float64", "unit"))
        whole = np.asarray(array(draw, quotient.shape)).round()
        return function, (np.asarray((quotient + whole) * y).astype(dtype)[()], y)

    return Record(name or function.__name__, case, smooth=False, **facts)


def to_the(exponent: float) -> Record:
    """x to the power of a constant."""
    return unary(lambda x: x**exponent, "positive", name=f"power by {exponent}", complex=True)


def boolean(function: Function) -> Record:
    """A function of truth values, here of whether numbers are positive."""
    return binary(lambda x, y: function(x > 0, y > 0), "nonzero", name=function.__name__, constant=True, smooth=False)


def integral(function: Function) -> Record:
    """A function of integers, here of numbers cut to them."""

    def case(draw: Draw, dtype: str) -> Any:
        x, y = (array(draw, one, dtype, "positive") + np.asarray(0.25, dtype) for one in broadcastable(draw, 2))
        return lambda x, y: function(np.astype(x, np.int64), np.astype(y, np.int64)), (x, y)

    return Record(function.__name__, case, constant=True, smooth=False)


HOLOMORPHIC = {"complex": True}
FLAT = {"constant": True, "smooth": False}
REAL_VALUED = {"complex": True, "holomorphic": False}

RECORDS = [
    # arithmetic
    binary(np.add, **HOLOMORPHIC),
    binary(np.subtract, **HOLOMORPHIC),
    binary(np.multiply, **HOLOMORPHIC, representative=True),
    binary(np.divide, "reals", "nonzero", **HOLOMORPHIC, representative=True),
    binary(np.power, "positive", "reals", **HOLOMORPHIC),
    binary(np.float_power, "positive", "reals", **HOLOMORPHIC),
    dividing(np.floor_divide, constant=True),
    dividing(np.remainder),
    dividing(np.fmod),
    dividing(lambda x, y: np.divmod(x, y)[1], name="divmod"),
    unary(np.negative, **HOLOMORPHIC),
    unary(np.positive, **HOLOMORPHIC),
    unary(np.absolute, "nonzero", **REAL_VALUED, representative=True),
    unary(np.fabs, "nonzero"),
    unary(np.sign, "nonzero", **FLAT),
    unary(np.reciprocal, "nonzero", **HOLOMORPHIC),
    unary(np.square, **HOLOMORPHIC),
    unary(np.sqrt, "positive", **HOLOMORPHIC),
    unary(np.cbrt, "nonzero"),
    unary(root, "positive", name="root"),
    *map(to_the, (0, 1, 2, 3, -1, 0.5)),
    # exponentials and logarithms
    unary(np.exp, **HOLOMORPHIC, representative=True),
    unary(np.exp2, **HOLOMORPHIC),
    unary(np.expm1, **HOLOMORPHIC),
    unary(np.log, "positive", **HOLOMORPHIC, representative=True),
    unary(np.log2, "positive", **HOLOMORPHIC),
    unary(np.log10, "positive", **HOLOMORPHIC),
    unary(np.log1p, "positive", **HOLOMORPHIC),
    binary(np.logaddexp),
    binary(np.logaddexp2),
    # trigonometry
    unary(np.sin, **HOLOMORPHIC, representative=True),
    unary(np.cos, **HOLOMORPHIC),
    unary(np.tan, "unit", **HOLOMORPHIC),
    unary(np.arcsin, "unit", **HOLOMORPHIC),
    unary(np.arccos, "unit", **HOLOMORPHIC),
    unary(np.arctan, "unit", **HOLOMORPHIC),
    binary(np.arctan2, "nonzero"),
    binary(np.hypot, "nonzero"),
    unary(np.deg2rad),
    unary(np.rad2deg),
    unary(np.radians, name="radians"),
    unary(np.degrees, name="degrees"),
    unary(np.sinc, representative=True),
    unary(lambda x: 1 * np.i0(x), name="i0", representative=True),
    unary(lambda x: 1e-15 * np.i0(33 + x), name="i0 far"),
    # hyperbolic functions
    unary(np.sinh, **HOLOMORPHIC),
    unary(np.cosh, **HOLOMORPHIC),
    unary(np.tanh, "unit", **HOLOMORPHIC),
    unary(np.arcsinh, "unit", **HOLOMORPHIC),
    unary(np.arccosh, "above_one", **HOLOMORPHIC),
    unary(np.arctanh, "unit", **HOLOMORPHIC),
    # choice
    comparing(np.maximum, representative=True),
    comparing(np.minimum),
    comparing(np.fmax),
    comparing(np.fmin),
    binary(np.copysign, "nonzero", smooth=False),
    binary(lambda x, h: np.heaviside(np.round(x), h), "unit", "reals", name="heaviside", smooth=False),
    unary(lambda x: np.ldexp(x, 3), name="ldexp"),
    # rounding
    away_from_integers(np.floor, constant=True),
    away_from_integers(np.ceil, constant=True),
    away_from_integers(np.trunc, constant=True),
    away_from_integers(np.rint, constant=True),
    away_from_integers(np.fix, constant=True),
    away_from_integers(np.round, constant=True),
    away_from_integers(lambda x: np.round(x / 7, 1), name="round to decimals", constant=True),
    away_from_integers(lambda x: np.round(x * 70, -1), name="round to tens", constant=True),
    away_from_integers(lambda x: np.modf(x), name="modf"),
    away_from_integers(lambda x: np.frexp(np.exp2(x)), name="frexp"),
    unary(np.spacing, **FLAT),
    binary(np.nextafter),
    # questions
    *[unary(f, "nonzero", **FLAT) for f in (np.isnan, np.isinf, np.isfinite, np.signbit, np.logical_not)],
    *[unary(f, "nonzero", **FLAT) for f in (np.isposinf, np.isneginf, np.isreal, np.iscomplex)],
    *[comparing(f, constant=True) for f in (np.less, np.less_equal, np.greater, np.greater_equal)],
    *[comparing(f, constant=True) for f in (np.equal, np.not_equal, np.isclose)],
    *[comparing(f, constant=True) for f in (np.logical_and, np.logical_or, np.logical_xor)],
    *map(boolean, (np.bitwise_and, np.bitwise_or, np.bitwise_xor)),
    *map(integral, (np.left_shift, np.right_shift, np.gcd, np.lcm)),
    unary(lambda x: np.bitwise_count(np.astype(x, np.int64)), name="bitwise_count", **FLAT),
    unary(lambda x: np.invert(x > 0), "nonzero", name="invert", **FLAT),
    # complex numbers
    unary(np.conjugate, **REAL_VALUED, representative=True),
    unary(np.real, **REAL_VALUED),
    unary(np.imag, **REAL_VALUED),
    unary(lambda x: np.angle(x * x), "nonzero", name="angle", **REAL_VALUED),
    # selection
    binary(lambda x, y: 1 * np.where(np.real(x) > 0, x, y * y), "nonzero", name="where by the sign", **HOLOMORPHIC),
    unary(lambda x: np.nan_to_num(np.log(x), nan=1.0), "nonzero", name="nan_to_num", smooth=False),
    # ufunc.outer
    binary(np.multiply.outer, name="multiply.outer", complex=True),
    binary(np.subtract.outer, name="subtract.outer", representative=True),
]
