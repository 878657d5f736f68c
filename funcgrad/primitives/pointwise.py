"""Pointwise functions: a table of derivatives.

A partial receives (z, x, y): the answer, then the arguments. A parameter with an underscore is not read, so that the
graph need not keep its value. A number is a constant partial; None is one that is zero wherever it exists.
At kinks: |x|′(0) = 0, ties of maximum and minimum are shared equally, x⁰ and 0ʸ have derivative 0, rounding is flat.
"""

import operator
from collections.abc import Callable, Sequence
from operator import gt, lt
from typing import Any, ClassVar

import numpy as np
from attrs import frozen
from numpy import count_nonzero, ndarray

from funcgrad.graph.dispatch import OPERATORS, UFUNCS
from funcgrad.graph.node import Node
from funcgrad.graph.op import Op, forget, strong
from funcgrad.graph.types import NUMBERS, WEAK, Type, type_of
from funcgrad.primitives.kinds import (
    Binary,
    Linear,
    Partial,
    Pointwise,
    Unary,
    careful_product,
    finite,
    ordinary,
    sums_up,
    with_rank,
)
from funcgrad.primitives.shaping import Cast

LOG2, LOG10 = float(np.log(2)), float(np.log(10))
#: Functions that take the one argument or the other, and so may leave out an infinity.
CHOICES = {np.maximum, np.minimum, np.fmax, np.fmin}
#: Functions whose meaning for complex numbers has no derivative, and is refused.
REAL = {np.sign, *CHOICES}
#: The operators under which Python's numbers stay Python's numbers.
ARITHMETIC = {"add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "neg", "pos", "abs"}


def pointwise(
    ufunc: np.ufunc, *partials: Partial, symbol: str = "", function: Callable[..., Any] | None = None
) -> Pointwise:
    """A row of the table: a ufunc, its partials, and the name in `operator` of Python's operator for it, if any."""
    quick = function or (getattr(operator, symbol + "_" if symbol in ("and", "or") else symbol) if symbol else ufunc)
    arithmetic, real = symbol in ARITHMETIC, ufunc in REAL
    op: Pointwise
    if len(partials) == 1:
        op = Unary(ufunc, quick, partials, arithmetic=arithmetic, real=real)
    else:
        op = Binary(ufunc, quick, partials, arithmetic=arithmetic, real=real, chooses=ufunc in CHOICES)
    UFUNCS[ufunc] = strongly(op) if op.arithmetic else op.__call__  # a bound method is quicker to call
    if symbol:
        OPERATORS[symbol] = op.__call__
    return op


def strongly(op: Pointwise) -> Callable[..., Any]:
    """`op` by its ufunc's name: unlike the operator, np.multiply makes NumPy's number of two Python numbers."""

    def called(*args: Any) -> Any:
        return op(*(map(as_numpy_number, args) if all([is_weak(a) for a in args]) else args))

    return called


def as_numpy_number(x: Any) -> Any:
    """A Python number as NumPy's own, of which the derivative with respect to the former is a Python number."""
    return pos(strong(x))


def is_weak(a: Any) -> bool:
    """Whether `a` is a Python number, known or not."""
    value = a.value if type(a) is Node else a
    return type(value) in WEAK or (type(value) is Type and value.weak)


def divide(x: Any, y: Any) -> Any:
    """x / y, with NumPy's answer where Python's numbers raise: ±inf or NaN at y = 0."""
    try:
        return x / y
    except ZeroDivisionError:
        return np.divide(x, y).item()


def floor_divide(x: Any, y: Any) -> Any:
    """x // y, with NumPy's answer where Python's numbers raise."""
    try:
        return x // y
    except ZeroDivisionError:
        return np.floor_divide(float(x), y).item()


def modulo(x: Any, y: Any) -> Any:
    """x % y, with NumPy's answer where Python's numbers raise."""
    try:
        return x % y
    except ZeroDivisionError:
        return np.mod(float(x), y).item()


def raised(x: Any, y: Any) -> Any:
    """xʸ, with NumPy's answer where Python's numbers raise or turn complex."""
    try:
        z = x**y
    except ArithmeticError:
        return np.float_power(x, y).item()
    return np.power(x, y).item() if type(z) is complex and complex not in (type(x), type(y)) else z


def or_one(x: Any) -> Any:
    """x, or 1 where it is 0: to divide by, or to take the logarithm of, where the quotient is to be 0."""
    return np.where(x == 0, 1, x)


def lowered(x: Any, y: Any) -> Any:
    """y xʸ⁻¹, and 0 where both are 0."""
    return y * x ** np.where((x == 0) & (y == 0), 1, y - 1)


def share(better: Callable[..., Any], x: Any, y: Any) -> Any:
    """The part of x in the better of x and y: ½ where they are equal, else 1 where it is better or a NaN, else 0."""
    wins = better(x, y)
    if decided(wins, better, x, y):  # as numbers, so that a product need not convert them piece by piece
        return wins.astype((y if type(x) in NUMBERS else x).dtype)
    return halved(wins | (x != x), x == y)


def fshare(better: Callable[..., Any], x: Any, y: Any) -> Any:
    """The same where the other's being a NaN makes it the better one, as in fmax."""
    wins = better(x, y)
    return wins if decided(wins, better, x, y) else halved(wins | (y != y), x == y)


def decided(wins: Any, better: Callable[..., Any], x: Any, y: Any) -> bool:
    """Whether it is known at a glance that of each two numbers one is the better: none are equal, and none is a NaN."""
    return type(wins) is ndarray and count_nonzero(wins) + count_nonzero(better(y, x)) == wins.size


def halved(wins: Any, ties: Any) -> Any:
    """½ where two are equal, else whether the one wins: that alone where it is known that no two are equal."""
    return np.where(ties, 0.5, wins) if type(ties) is Node or np.count_nonzero(ties) else wins


def part(x: Any, z: Any, exponential: Callable[..., Any]) -> Any:
    """eˣ⁻ᶻ; where z is infinite, 1 if x is +∞ too, else 0."""
    if type(z) is np.ndarray and sums_up(z):
        return exponential(x - z)
    infinite = np.isinf(z)
    return np.where(infinite, x == np.inf, exponential(np.where(infinite, 0, x - z)))


def over(a: Any, r: Any) -> Any:
    """a / r, and 0 where r is 0, to every order."""
    if type(r) is not Node and np.all(r):
        return a / r
    return np.where(r == 0, 0, a / or_one(r))


def over_square(a: Any, x: Any, y: Any) -> Any:
    """a / (x² + y²), where the squares may overflow; 0 at the origin."""
    square = x * x + y * y
    if ordinary(square):
        return a / square
    r = np.hypot(x, y)
    return over(over(a, r), r)


# fmt: off
#    function                         ∂z/∂x                                      ∂z/∂y
add  = pointwise(np.add,              1,                                         1, symbol="add")
sub  = pointwise(np.subtract,         1,                                         -1, symbol="sub")
mul  = pointwise(np.multiply,         lambda _z, _x, y: y,                       lambda _z, x, _y: x, symbol="mul")
div  = pointwise(np.divide,           lambda _z, _x, y: 1 / y,                   lambda z, _x, y: -z / y,
                 symbol="truediv", function=divide)
power = pointwise(np.power,           lambda _z, x, y: lowered(x, y),            lambda z, x, _y: z * np.log(or_one(x)),
                  symbol="pow", function=raised)
floordiv = pointwise(np.floor_divide, None,                                      None,
                     symbol="floordiv", function=floor_divide)
mod  = pointwise(np.remainder,        1,                                         lambda _z, x, y: -(x // y),
                 symbol="mod", function=modulo)
fmod = pointwise(np.fmod,             1,                                         lambda z, x, y: -np.rint((x - z) / y))
neg  = pointwise(np.negative,         -1, symbol="neg")
pos  = pointwise(np.positive,         1, symbol="pos")
real_abs = pointwise(np.absolute,     lambda _z, x: np.sign(x), symbol="abs")
fabs = pointwise(np.fabs,             lambda _z, x: np.sign(x))
sign = pointwise(np.sign,             None)
reciprocal = pointwise(np.reciprocal, lambda z, _x: -z * z)
square = pointwise(np.square,         lambda _z, x: 2 * x)
sqrt = pointwise(np.sqrt,             lambda z, _x: 0.5 / z)
cbrt = pointwise(np.cbrt,             lambda z, _x: 1 / (3 * z * z))

exp   = pointwise(np.exp,             lambda z, _x: z)
exp2  = pointwise(np.exp2,            lambda z, _x: LOG2 * z)
expm1 = pointwise(np.expm1,           lambda _z, x: np.exp(x))
log   = pointwise(np.log,             lambda _z, x: 1 / x)
log2  = pointwise(np.log2,            lambda _z, x: 1 / (LOG2 * x))
log10 = pointwise(np.log10,           lambda _z, x: 1 / (LOG10 * x))
log1p = pointwise(np.log1p,           lambda _z, x: 1 / (1 + x))
logaddexp  = pointwise(np.logaddexp,  lambda z, x, _y: part(x, z, np.exp),       lambda z, _x, y: part(y, z, np.exp))
logaddexp2 = pointwise(np.logaddexp2, lambda z, x, _y: part(x, z, np.exp2),      lambda z, _x, y: part(y, z, np.exp2))

sin  = pointwise(np.sin,              lambda _z, x: np.cos(x))
cos  = pointwise(np.cos,              lambda _z, x: -np.sin(x))
tan  = pointwise(np.tan,              lambda z, _x: 1 + z * z)
arcsin = pointwise(np.arcsin,         lambda _z, x: 1 / np.sqrt((1 - x) * (1 + x)))
arccos = pointwise(np.arccos,         lambda _z, x: -1 / np.sqrt((1 - x) * (1 + x)))
arctan = pointwise(np.arctan,         lambda _z, x: 1 / (1 + x * x))
arctan2 = pointwise(np.arctan2,       lambda _z, x, y: over_square(y, x, y),     lambda _z, x, y: over_square(-x, x, y))
hypot = pointwise(np.hypot,           lambda z, x, _y: over(x, z),              lambda z, _x, y: over(y, z))
deg2rad = pointwise(np.deg2rad,       lambda _z, _x: np.pi / 180)
rad2deg = pointwise(np.rad2deg,       lambda _z, _x: 180 / np.pi)
radians = pointwise(np.radians,       lambda _z, _x: np.pi / 180)
degrees = pointwise(np.degrees,       lambda _z, _x: 180 / np.pi)

sinh = pointwise(np.sinh,             lambda _z, x: np.cosh(x))
cosh = pointwise(np.cosh,             lambda _z, x: np.sinh(x))
tanh = pointwise(np.tanh,             lambda z, _x: 1 - z * z)
arcsinh = pointwise(np.arcsinh,       lambda _z, x: 1 / np.sqrt(1 + x * x))
arccosh = pointwise(np.arccosh,       lambda _z, x: 1 / (np.sqrt(x - 1) * np.sqrt(x + 1)))
arctanh = pointwise(np.arctanh,       lambda _z, x: 1 / ((1 - x) * (1 + x)))

maximum = pointwise(np.maximum,       lambda _z, x, y: share(gt, x, y),          lambda _z, x, y: share(gt, y, x))
minimum = pointwise(np.minimum,       lambda _z, x, y: share(lt, x, y),          lambda _z, x, y: share(lt, y, x))
fmax = pointwise(np.fmax,             lambda _z, x, y: fshare(gt, x, y),         lambda _z, x, y: fshare(gt, y, x))
fmin = pointwise(np.fmin,             lambda _z, x, y: fshare(lt, x, y),         lambda _z, x, y: fshare(lt, y, x))
copysign = pointwise(np.copysign,     lambda _z, x, y: np.sign(x) * np.copysign(1, y), None)
ldexp = pointwise(np.ldexp,           lambda _z, _x, y: np.ldexp(1.0, y),        None)
heaviside = pointwise(np.heaviside,   None,                                      lambda _z, x, _y: x == 0)

nextafter = pointwise(np.nextafter,   1,                                         None)
spacing = pointwise(np.spacing,       None)
gcd, lcm = pointwise(np.gcd, None, None), pointwise(np.lcm, None, None)
bitwise_count = pointwise(np.bitwise_count, None)

floor, ceil = pointwise(np.floor, None), pointwise(np.ceil, None)
trunc, rint = pointwise(np.trunc, None), pointwise(np.rint, None)
isnan, isinf, isfinite = pointwise(np.isnan, None), pointwise(np.isinf, None), pointwise(np.isfinite, None)
signbit, logical_not = pointwise(np.signbit, None), pointwise(np.logical_not, None)
invert = pointwise(np.invert, None, symbol="invert")
less = pointwise(np.less, None, None, symbol="lt")
less_equal = pointwise(np.less_equal, None, None, symbol="le")
greater = pointwise(np.greater, None, None, symbol="gt")
greater_equal = pointwise(np.greater_equal, None, None, symbol="ge")
equal = pointwise(np.equal, None, None, symbol="eq")
not_equal = pointwise(np.not_equal, None, None, symbol="ne")
logical_and, logical_or = pointwise(np.logical_and, None, None), pointwise(np.logical_or, None, None)
logical_xor = pointwise(np.logical_xor, None, None)
bitwise_and = pointwise(np.bitwise_and, None, None, symbol="and")
bitwise_or = pointwise(np.bitwise_or, None, None, symbol="or")
bitwise_xor = pointwise(np.bitwise_xor, None, None, symbol="xor")
left_shift = pointwise(np.left_shift, None, None, symbol="lshift")
right_shift = pointwise(np.right_shift, None, None, symbol="rshift")
# fmt: on

#: √x with derivative 0 at 0: what a norm needs there.
root = Unary(np.sqrt, np.sqrt, (lambda z, _x: np.where(z == 0, 0, 0.5 / or_one(z)),), label="root")
#: |x| of a complex x: dz = Re(x̄ dx / |x|), and 0 at 0.
complex_abs = Unary(
    np.absolute, operator.abs, (lambda z, x: over(np.conjugate(x), z),), arithmetic=True, label="complex_abs"
)


def absolute(x: Any) -> Any:
    """|x|, by the rule for real or for complex numbers."""
    return complex_abs(x) if type_of(x).dtype.kind == "c" else OPERATORS_ABS(x)


OPERATORS_ABS = OPERATORS["abs"]
OPERATORS["abs"] = absolute
_real_absolute = UFUNCS[np.absolute]
UFUNCS[np.absolute] = lambda x: (
    complex_abs(as_numpy_number(x) if is_weak(x) else x) if type_of(x).dtype.kind == "c" else _real_absolute(x)
)


@frozen(eq=False, repr=False)
class PowerBy(Op):
    """z = xⁿ for a constant number n.  ∂z/∂x = n xⁿ⁻¹, and 0 for n = 0."""

    defers: ClassVar[bool] = True

    #: The exponent, a Python number.
    exponent: Any

    keeps_weak: ClassVar[bool] = True

    def run(self, x: Any) -> Any:
        return raised(x, self.exponent)

    def infer(self, x: Any) -> Any:
        return power.infer(x, type_of(self.exponent))

    def keep(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        return args if self.exponent not in (0, 1) else (forget(args[0]),)

    def slope(self, x: Any) -> Any:
        """n xⁿ⁻¹."""
        n = self.exponent
        if n == 1:
            return 1
        return n * (x if n == 2 else PowerBy(n - 1)(x))

    def pull(self, zbar: Any, z: Any, args: tuple[Any, ...], wanted: Sequence[int]) -> list[Any]:
        return [None if self.exponent == 0 else zbar * self.slope(args[0])]

    def pull_carefully(self, zbar: Any, z: Any, args: tuple[Any, ...], wanted: Sequence[int]) -> list[Any]:
        return [None if self.exponent == 0 else careful_product(zbar, self.slope(args[0]))]

    def push(self, dots: list[Any], z: Any, args: tuple[Any, ...]) -> Any:
        return None if self.exponent == 0 else dots[0] * self.slope(args[0])

    def batched(self, size: int, which: tuple[bool, ...], args: tuple[Any, ...]) -> Any:
        return self(*args)


def to_power(x: Any, y: Any) -> Any:
    """x ** y, by the shorter rule where y is a Python number."""
    return PowerBy(y)(x) if type(y) in (int, float) and type(x) is Node else power(x, y)


OPERATORS["pow"] = to_power
OPERATORS["divmod"] = lambda x, y: (floordiv(x, y), mod(x, y))
_strong_power = UFUNCS[np.power]
UFUNCS[np.power] = lambda x, y: (
    PowerBy(y)(x) if type(y) in (int, float) and type(x) is Node and not x.weak else _strong_power(x, y)
)
UFUNCS[np.divmod] = lambda x, y: (UFUNCS[np.floor_divide](x, y), UFUNCS[np.remainder](x, y))


def float_power(x: Any, y: Any) -> Any:
    """x ** y in at least double precision."""
    return UFUNCS[np.power](*[a if type_of(a).dtype.char in "dDgG" else Cast(widened(a))(a) for a in (x, y)])


def widened(a: Any) -> np.dtype[Any]:
    """The dtype of `a` in at least double precision."""
    return np.result_type(type_of(a).dtype, np.float64)


UFUNCS[np.float_power] = float_power


@frozen(eq=False, repr=False)
class Conjugate(Linear):
    """z = the complex conjugate of x, linear over the reals.  Transpose: itself."""

    defers: ClassVar[bool] = True

    def run(self, x: Any) -> Any:
        return np.conjugate(x)

    def infer(self, x: Any) -> Any:
        return x

    def transpose(self, zbar: Any, x: Any, *data: Any) -> Any:
        return Conjugate()(zbar)

    def batch(self, *args: Any) -> Any:
        return self(*args)


def conjugate(x: Any) -> Any:
    """The complex conjugate; x itself if it is real, and NumPy's number of a Python number."""
    return Conjugate()(x) if type_of(x).dtype.kind == "c" else as_numpy_number(x) if is_weak(x) else x


UFUNCS[np.conjugate] = conjugate


@frozen(eq=False, repr=False)
class Imaginary(Linear):
    """z = Im x, that is Re(-i x).  Transpose: x̄ = -i z̄."""

    def run(self, x: Any) -> Any:
        return x.imag

    def infer(self, x: Any) -> Any:
        return Type(x.shape, np.zeros(0, x.dtype).real.dtype)

    def transpose(self, zbar: Any, x: Any, *data: Any) -> Any:
        return zbar * -1j

    def batch(self, *args: Any) -> Any:
        return self(*args)


@frozen(eq=False, repr=False)
class Select(Op):
    """z = x where c, else y, where shapes broadcast.  The branch not taken gets an exact 0, whatever z̄ is."""

    defers: ClassVar[bool] = True

    #: Whether x or y may hold infinities or NaN, which the choice may hide: then 0·∞ must be 0 further back.
    hides: bool = True  # type: ignore[misc]  # an instance's fact here, a class's elsewhere
    chooses: ClassVar[bool] = True

    keeps_weak: ClassVar[bool] = True

    def __call__(self, *args: Any) -> Any:
        _, x, y = args
        return Op.__call__(Select(hides=False) if finite(x) and finite(y) else self, *args)

    def run(self, c: Any, x: Any, y: Any) -> Any:
        return np.where(c, x, y)[()]

    def infer(self, c: Any, x: Any, y: Any) -> Any:
        dtype = np.result_type(*[t.promoting()(0) if t.weak else t.dtype for t in (x, y)])
        return Type(np.broadcast_shapes(c.shape, x.shape, y.shape), dtype)

    def keep(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        return (args[0], forget(args[1]), forget(args[2]))

    def pull(self, zbar: Any, z: Any, args: tuple[Any, ...], wanted: Sequence[int]) -> list[Any]:
        c = args[0]
        return [Select()(c, zbar, 0) if i == 1 else Select()(c, 0, zbar) if i == 2 else None for i in wanted]

    def push(self, dots: list[Any], z: Any, args: tuple[Any, ...]) -> Any:
        _, xdot, ydot = dots
        if xdot is None and ydot is None:
            return None
        return Select()(args[0], 0 if xdot is None else xdot, 0 if ydot is None else ydot)

    def batched(self, size: int, which: tuple[bool, ...], args: tuple[Any, ...]) -> Any:
        rank = max(len(type_of(a).shape) - b for a, b in zip(args, which, strict=True))
        return self(*[with_rank(a, rank) if b else a for a, b in zip(args, which, strict=True)])
