"""Algebra: signs, ones, constant factors, powers; element by element."""

from typing import Any

import numpy as np

from funcgrad.graph.types import NUMBERS
from funcgrad.primitives import pointwise
from funcgrad.primitives.pointwise import PowerBy
from funcgrad.rewrites.draft import CONSTANT, NUMBER, Draft, identity


# ---- ones and zeros --------------------------------------------------------------------------------------------------
@identity("multiply", "chain", after=NUMBER)
def times_one(b: Draft, _op: Any, args: tuple[int, ...], kind: Any) -> int | None:
    """x·1 = 1·x = x, to the bit, for real x. One step less."""
    x, y = args
    if kind.dtype.kind not in "fi":
        return None
    return x if is_number(b, y, 1) else y if is_number(b, x, 1) else None


@identity("chain", after=NUMBER)
def plain_factor(b: Draft, _op: Any, args: tuple[int, ...], _kind: Any) -> int | None:
    """The careful product with a finite constant other than 0 is the ordinary one: 0·∞ does not occur. No test."""
    c = [b.factor(i) for i in args]
    return b(pointwise.mul, *args) if any(one is not None and one != 0 and np.isfinite(one) for one in c) else None


@identity("multiply", "chain", after=NUMBER)
def times_minus_one(b: Draft, _op: Any, args: tuple[int, ...], kind: Any) -> int | None:
    """x·(-1) = -x, to the bit, for real x. A sign costs less than a product."""
    x, y = args
    if kind.dtype.kind != "f":
        return None
    one = x if is_number(b, y, -1) else y if is_number(b, x, -1) else None
    return None if one is None or b.types[one] != kind else b(pointwise.neg, one)


@identity("divide", after=NUMBER)
def over_one(b: Draft, _op: Any, args: tuple[int, ...], kind: Any) -> int | None:
    """x/1 = x, to the bit, for real x. One step less."""
    return args[0] if kind.dtype.kind == "f" and is_number(b, args[1], 1) else None


@identity("add", "subtract", after=NUMBER)
def plus_zero(b: Draft, op: Any, args: tuple[int, ...], kind: Any) -> int | None:
    """x - 0.0 = x + (-0.0) = x, to the bit; x + 0.0 is another number at x = -0.0. One step less."""
    if kind.dtype.kind not in "fi":
        return None
    pairs = (args,) if op is pointwise.sub else (args, args[::-1])
    for x, y in pairs:
        c = b.factor(y)
        if c is not None and c == 0 and (kind.dtype.kind == "i" or np.signbit(c) == (op is pointwise.add)):
            return x
    return None


# ---- signs -----------------------------------------------------------------------------------------------------------
@identity("negative", after=("negative",))
def double_negation(b: Draft, _op: Any, args: tuple[int, ...], _kind: Any) -> int | None:
    """-(-x) = x, to the bit. Two steps less."""
    inner = b.made(args[0], "negative")
    return inner[0] if inner else None


@identity("negative", after=("subtract",))
def negative_of_difference(b: Draft, _op: Any, args: tuple[int, ...], _kind: Any) -> int | None:
    """-(x - y) = y - x, but for the sign of a zero where x = y. One step less."""
    inner = b.made(args[0], "subtract")
    return b(pointwise.sub, *inner[::-1]) if inner and b.single(args[0]) else None


@identity("negative", after=("multiply", "divide", "chain"))
def negative_of_product(b: Draft, _op: Any, args: tuple[int, ...], _kind: Any) -> int | None:
    """-(c·x) = (-c)·x and -(c/x) = (-c)/x, to the bit. One step less."""
    inner = b.made(args[0], "multiply", "divide", "chain")
    if not inner or not b.single(args[0]):
        return None
    for i in (0, 1):
        c = b.factor(inner[i])
        if c is not None and b.real(args[0]):
            flipped = (b.constant(-c), inner[1]) if i == 0 else (inner[0], b.constant(-c))
            return b(b.ops[args[0]], *flipped)
    return None


@identity("add", "subtract", after=("negative",))
def plus_negative(b: Draft, op: Any, args: tuple[int, ...], _kind: Any) -> int | None:
    """x + (-y) = x - y, (-x) + y = y - x, x - (-y) = x + y, to the bit. One step less."""
    x, y = args
    minus = b.made(y, "negative")
    if minus:
        return b(pointwise.sub if op is pointwise.add else pointwise.add, x, minus[0])
    minus = b.made(x, "negative")
    if minus and op is pointwise.add:
        return b(pointwise.sub, y, minus[0])
    if minus and b.single(x) and b.shape(x) == b.shape(y):
        return b(pointwise.neg, b(pointwise.add, minus[0], y))
    return None


@identity("multiply", "divide", "chain", after=("negative",))
def sign_of_product(b: Draft, op: Any, args: tuple[int, ...], kind: Any) -> int | None:
    """(-x)·y = -(x·y), (-x)/y = -(x/y), to the bit. As many steps of the same size; signs meet and go."""
    for i in (0, 1):
        minus = b.made(args[i], "negative")
        if not minus:
            continue
        other = args[1 - i]
        c = b.factor(other)
        if c is not None and b.real(minus[0]):
            flipped = (minus[0], b.constant(-c)) if i == 0 else (b.constant(-c), minus[0])
            return b(op, *flipped)
        if (b.single(args[i]) or b.keys[other] == "negative") and b.shape(args[i]) == kind.shape:
            plain = (minus[0], other) if i == 0 else (other, minus[0])
            return b(pointwise.neg, b(op, *plain))
    return None


# ---- constant factors ------------------------------------------------------------------------------------------------
@identity("multiply", "divide", after=NUMBER)
def constants_together(b: Draft, op: Any, args: tuple[int, ...], kind: Any) -> int | None:
    """c·(d·x) = (c·d)·x, c·(d/x) = (c·d)/x, c·(x/d) = (c/d)·x, (d·x)/c = (d/c)·x: one rounding less. One step less."""
    if kind.dtype.kind != "f":
        return None
    for i in (0, 1) if op is pointwise.mul else (1,):
        c, p = b.factor(args[i]), args[1 - i]
        inner = b.made(p, "multiply", "divide")
        if c is None or not inner or not b.real(p) or b.shape(p) != kind.shape:
            continue
        for j in (0, 1):
            d = b.factor(inner[j])
            if d is not None:
                return merged(b, c, d, inner[1 - j], (op is pointwise.div, b.keys[p] == "divide", j == 1))
    return None


def merged(b: Draft, c: Any, d: Any, x: int, how: tuple[bool, bool, bool]) -> int | None:
    """c and d as one factor of x; `how`: whether c divides, whether the inner step divides, whether d stands second."""
    dividing, inner, second = how
    if not safe(c) or not safe(d):
        return None
    if not dividing:
        e = c / d if inner and second else c * d
    elif inner and second:
        e, second = c * d, True
    else:
        e = d / c
    if not safe(e):
        return None
    if inner and not second:
        return b(pointwise.div, b.constant(e), x)
    return b(pointwise.div, x, b.constant(e)) if dividing and inner else b(pointwise.mul, b.constant(e), x)


def safe(c: Any) -> bool:
    """Whether a factor is a normal number, neither 0 nor near the ends of the range."""
    return bool(type(c) is not bool and np.dtype(type(c)).kind in "fi" and 1e-30 < abs(c) < 1e30)


@identity("multiply", "divide", after=("multiply",))
def factor_outside(b: Draft, op: Any, args: tuple[int, ...], kind: Any) -> int | None:
    """(c·x)·y = c·(x·y) and (c·x)/y = c·(x/y), where no array is larger. As many steps; factors meet and go."""
    for i in (0, 1) if op is pointwise.mul else (0,):
        c, x = coefficient(b, args[i]) if b.keys[args[i]] == "multiply" else (1, args[i])
        if x == args[i] or not b.single(args[i]) or b.types[x] != kind or kind.dtype.kind != "f" or not kind.shape:
            continue
        if b.factor(args[1 - i]) is None and b.real(args[1 - i]):
            return b(pointwise.mul, b.constant(c), b(op, *((x, args[1]) if i == 0 else (args[0], x))))
    return None


@identity("add", "subtract", after=("multiply",))
def common_factor(b: Draft, op: Any, args: tuple[int, ...], kind: Any) -> int | None:
    """c·x + c·y = c·(x + y) and c·x - c·y = c·(x - y): one rounding less. One step less."""
    (c, x), (d, y) = coefficient(b, args[0]), coefficient(b, args[1])
    if c != d or c == 1 or kind.dtype.kind != "f" or not (b.single(args[0]) and b.single(args[1])) or not safe(c):
        return None
    return b(pointwise.mul, b.constant(c), b(op, x, y)) if b.types[x] == b.types[y] == kind else None


@identity("add", after=("add", "subtract"))
def twice_in_a_sum(b: Draft, _op: Any, args: tuple[int, ...], kind: Any) -> int | None:
    """(x ± 2·y) + x = 2·(x ± y): one rounding less. One step less."""
    inner = b.made(args[0], "add", "subtract")
    if not inner or not b.single(args[0]) or kind.dtype.kind != "f" or not kind.shape:
        return None
    for x, term in (inner, inner[::-1]):
        c, y = coefficient(b, term)
        plus = b.keys[args[0]] == "add" or x == inner[0]
        if x == args[1] and c == 2 and b.single(term) and plus and b.types[y] == b.types[x] == kind:
            return b(pointwise.mul, b.constant(2.0), b(b.ops[args[0]], x, y))
    return None


@identity("add", "subtract", after=("negative", "multiply", "add"))
def like_terms(b: Draft, op: Any, args: tuple[int, ...], kind: Any) -> int | None:
    """c·x + d·x = (c + d)·x where c and d have one sign: one rounding less, nothing cancels. One step less."""
    if kind.dtype.kind != "f":
        return None
    (c, x), (d, y) = coefficient(b, args[0]), coefficient(b, args[1])
    d = -d if op is pointwise.sub else d
    if x == y and c * d > 0 and not (c == d == 1):
        total = c + d
        return b(pointwise.mul, b.constant(total), x) if safe(total) else None
    return None


@identity("add", "subtract", after=("add", "subtract"))
def like_terms_further(b: Draft, op: Any, args: tuple[int, ...], kind: Any) -> int | None:
    """(u + c·x) + d·x = u + (c + d)·x where c and d have one sign. One step less."""
    inner = b.made(args[0], "add", "subtract")
    if not inner or kind.dtype.kind != "f" or not b.single(args[0]):
        return None
    d, y = coefficient(b, args[1])
    d = -d if op is pointwise.sub else d
    minus = b.keys[args[0]] == "subtract"
    for i in (1, 0):
        c, x = coefficient(b, inner[i])
        c = -c if minus and i == 1 else c
        if x != y or c * d <= 0 or c == d == 1 or not safe(c + d) or b.types[inner[i]] != b.types[args[1]]:
            continue
        term = b(pointwise.mul, b.constant(abs(c + d)), x)
        rest = inner[1 - i]
        if i == 0 and minus:
            return b(pointwise.sub, term, rest) if c > 0 else None
        return b(pointwise.add if c > 0 else pointwise.sub, rest, term)
    return None


def coefficient(b: Draft, n: int) -> tuple[Any, int]:
    """A value as c·x."""
    if b.keys[n] == "negative":
        return -1, b.args[n][0]
    if b.keys[n] == "add" and b.args[n][0] == b.args[n][1] and b.types[b.args[n][0]] == b.types[n]:
        return 2, b.args[n][0]
    if b.keys[n] == "multiply":
        for i in (0, 1):
            c = b.factor(b.args[n][i])
            x = b.args[n][1 - i]
            if c is not None and safe(c) and b.types[x] == b.types[n]:
                return plain(c), x
    return 1, n


def plain(c: Any) -> Any:
    """A factor as Python's number."""
    return c if type(c) in NUMBERS else c.item()


@identity("add", after=NUMBER)
def constant_terms(b: Draft, _op: Any, args: tuple[int, ...], kind: Any) -> int | None:
    """c + (d + x) = (c + d) + x where c and d have one sign: one rounding less. One step less."""
    if kind.dtype.kind != "f":
        return None
    for i in (0, 1):
        c, p = b.factor(args[i]), args[1 - i]
        inner = b.made(p, "add")
        if c is None or not inner or not b.real(p) or not safe(c):
            continue
        for j in (0, 1):
            d = b.factor(inner[j])
            if d is not None and safe(d) and (c > 0) == (d > 0) and safe(c + d):
                return b(pointwise.add, inner[1 - j], b.constant(c + d))
    return None


# ---- quotients and powers --------------------------------------------------------------------------------------------
@identity("multiply", after=("divide", "reciprocal"))
def times_reciprocal(b: Draft, _op: Any, args: tuple[int, ...], kind: Any) -> int | None:
    """y·(1/x) = y/x: one rounding less. One step less, as large."""
    for i in (0, 1):
        inner = b.made(args[i], "divide", "reciprocal")
        whole = inner and b.single(args[i]) and b.shape(args[i]) == kind.shape and b.real(*args)
        if inner and whole and (len(inner) == 1 or is_number(b, inner[0], 1)):
            return b(pointwise.div, args[1 - i], inner[-1])
    return None


@identity("divide", after=("divide", "reciprocal"))
def one_over_both(b: Draft, _op: Any, args: tuple[int, ...], kind: Any) -> int | None:
    """(1/x)/y = 1/(x·y): a product costs less than a quotient. As many steps."""
    inner = b.made(args[0], "divide", "reciprocal")
    if not inner or not b.single(args[0]) or kind.dtype.kind != "f" or b.types[inner[-1]] != kind or not kind.shape:
        return None
    if len(inner) == 2 and not is_number(b, inner[0], 1):
        return None
    return b(pointwise.div, b.constant(1), b(pointwise.mul, inner[-1], args[1])) if b.real(args[1]) else None


@identity("divide", after=NUMBER)
def over_power_of_two(b: Draft, _op: Any, args: tuple[int, ...], kind: Any) -> int | None:
    """x/2ⁿ = x·2⁻ⁿ, to the bit. A product costs less than a quotient."""
    c = b.factor(args[1])
    if c is None or kind.dtype.kind != "f" or kind.weak or not b.real(args[0]) or not safe(c) or args[0] in b.values:
        return None
    inverse = 1 / c
    return b(pointwise.mul, args[0], b.constant(inverse)) if abs(np.frexp(float(c))[0]) == 0.5 else None


@identity(PowerBy)
def small_powers(b: Draft, op: Any, args: tuple[int, ...], kind: Any) -> int | None:
    """x¹ = x, x² = x·x, x³ = x·x·x, x⁴ = (x·x)·(x·x), x⁻¹ = 1/x, to a rounding. Products cost less."""
    (x,), n = args, op.exponent
    if b.types[x] != kind or kind.dtype.kind != "f":
        return None
    if n == 1:
        return x
    if n == -1:
        return b(pointwise.reciprocal, x) if kind.shape else b(pointwise.div, b.constant(1), x)
    if n not in (2, 3, 4):
        return None
    square = b(pointwise.mul, x, x)
    return square if n == 2 else b(pointwise.mul, square, x if n == 3 else square)


@identity(PowerBy)
def square_root(b: Draft, op: Any, args: tuple[int, ...], kind: Any) -> int | None:
    """x^½ = √x for arrays, to the bit: NumPy's `**` takes the root itself. A root costs less than a power."""
    if op.exponent == 0.5 and kind.shape and kind.dtype.kind == "f" and b.types[args[0]] == kind:
        return b(pointwise.sqrt, *args)
    return None


@identity("power", after=NUMBER)
def constant_exponent(b: Draft, _op: Any, args: tuple[int, ...], kind: Any) -> int | None:
    """xʸ for a constant number y is xⁿ: the small powers' identities may hold."""
    c = b.factor(args[1])
    if c is None or kind.dtype.kind != "f" or b.types[args[0]] != kind or c not in (-1, 1, 2, 3, 4):
        return None
    return b(PowerBy(plain(c)), args[0])


def is_number(b: Draft, n: int, c: int) -> bool:
    """Whether a value is this number everywhere."""
    if b.keys[n] != CONSTANT:
        return False
    found = b.factor(n)
    return found is not None and type(found) is not bool and bool(found == c)
