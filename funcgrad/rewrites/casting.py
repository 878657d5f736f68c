"""Casting: dtypes, and numbers that are Python's or NumPy's."""

from math import prod
from typing import Any

import numpy as np

from funcgrad.graph.op import Weakness
from funcgrad.primitives.kinds import Sum
from funcgrad.primitives.marking import Named
from funcgrad.primitives.pointwise import PowerBy, Select
from funcgrad.primitives.shaping import Cast
from funcgrad.rewrites.draft import CONSTANT, ELEMENTWISE, NUMBER, Draft, identity

#: Functions that give Python's and NumPy's numbers the same answer in double precision.
ARITHMETIC = ("add", "subtract", "multiply", "divide", "negative", "chain", PowerBy)
#: Of these the answer in double precision, rounded to single, is the answer in single precision.
ROUNDED_ONCE = {"add": 2, "subtract": 2, "multiply": 2, "chain": 2, "divide": 2, "negative": 1, "sqrt": 1}
SINGLE, DOUBLE = np.dtype(np.float32), np.dtype(np.float64)


@identity(Cast)
def same_dtype(b: Draft, _op: Any, args: tuple[int, ...], kind: Any) -> int | None:
    """A cast to the dtype that x has is x. One step less."""
    return args[0] if b.types[args[0]] == kind else None


@identity(Cast, after=(Cast,))
def cast_of_cast(b: Draft, op: Any, args: tuple[int, ...], _kind: Any) -> int | None:
    """A cast of a cast that loses nothing is one cast. One step less."""
    inner = b.made(args[0], Cast)
    if not inner:
        return None
    source, between = b.types[inner[0]].dtype, b.types[args[0]].dtype
    lossless = np.can_cast(source, between, "safe") and (source.kind == between.kind or source.kind == "b")
    return b(op, inner[0]) if lossless else None


@identity(Cast)
def rounded_once(b: Draft, op: Any, args: tuple[int, ...], _kind: Any) -> int | None:
    """f(x, y) in double precision, cast to single, is f(x, y) in single, to the bit, for + - × ÷ √ of single x, y.

    As 53 ≥ 2·24 + 2, rounding twice is rounding once. Figueroa, *When is double rounding innocuous?* (1995). The step
    in single precision takes half the time, and the casts go.
    """
    key = b.keys[args[0]]
    if op.dtype != SINGLE or key not in ROUNDED_ONCE or b.types[args[0]].dtype != DOUBLE or not b.single(args[0]):
        return None
    thin = [narrow(b, i) for i in b.args[args[0]]]
    if any(i is None for i in thin):
        return None
    return b(b.ops[args[0]], *[i for i in thin if i is not None])


@identity(Cast, after=(Sum,))
def cast_of_count(b: Draft, op: Any, args: tuple[int, ...], _kind: Any) -> int | None:
    """The number of truths at another dtype is the sum of truths at that dtype, if they are fewer than 2²⁴.

    The sum then runs over numbers of its own dtype, where NumPy would convert truth values piece by piece.
    """
    (x,) = b.args[args[0]]
    count = prod([b.shape(x)[axis] for axis in b.ops[args[0]].axes])
    if b.types[x].dtype.kind != "b" or op.dtype not in (SINGLE, DOUBLE) or count >= 1 << 24 or not b.single(args[0]):
        return None
    return b(b.ops[args[0]], b(op, x))


@identity(ELEMENTWISE, Select, after=NUMBER)
def float_constant(b: Draft, op: Any, args: tuple[int, ...], kind: Any) -> int | None:
    """f(2, x) = f(2.0, x), to the bit, for real x: NumPy and Python convert the 2 each time, which takes longer."""
    for i, n in enumerate(args):
        if b.keys[n] == CONSTANT and type(b.values[n].value) is int and abs(b.values[n].value) < 1 << 53:
            others = [b.types[k] for k in (*args[:i], *args[i + 1 :]) if b.types[k].dtype.kind != "b"]
            changed = (*args[:i], b.constant(float(b.values[n].value)), *args[i + 1 :])
            if others and all(t.dtype.kind == "f" for t in others) and b.fits(kind, op, changed):
                return b(op, *changed)
    return None


def narrow(b: Draft, n: int) -> int | None:
    """The same numbers in single precision, where they are there already."""
    if b.types[n].dtype == SINGLE:
        return n
    inner = b.made(n, Cast)
    if inner and b.types[inner[0]].dtype == SINGLE:
        return inner[0]
    c = b.factor(n)
    return b.constant(SINGLE.type(c)) if c is not None and float(SINGLE.type(c)) == c else None


@identity(Weakness)
def same_weakness(b: Draft, op: Any, args: tuple[int, ...], kind: Any) -> int | None:
    """Python's number of NumPy's number of x is that of x; x itself if it is one. One step less."""
    (x,) = args
    if b.types[x] == kind:
        return x
    inner = b.made(x, Weakness)
    return b(op, inner[0]) if inner else None


@identity(*ARITHMETIC)
def weak_arithmetic(b: Draft, op: Any, args: tuple[int, ...], kind: Any) -> int | None:
    """f(NumPy's x, NumPy's y) is NumPy's f(x, y), to the bit, for arithmetic: Python's numbers take less time."""
    if kind.shape or kind.weak or kind.dtype != DOUBLE:
        return None
    weak = [python(b, i) for i in args]
    if all(i is not None for i in weak) and any(i not in b.values for i in args):
        return b(Weakness(False), b(op, *[i for i in weak if i is not None]))
    return None


@identity(*ARITHMETIC, after=(Weakness,))
def strong_arithmetic(b: Draft, op: Any, args: tuple[int, ...], kind: Any) -> int | None:
    """f(Python's x, Python's y) of NumPy's x and y is Python's f(x, y), to the bit. As many conversions, or fewer."""
    if not kind.weak or kind.dtype != DOUBLE or not any(b.keys[i] is Weakness for i in args):
        return None
    strong = [b.args[i][0] if b.keys[i] is Weakness else i for i in args]
    if any(b.types[i].dtype != DOUBLE and i not in b.values for i in strong):
        return None
    return b(Weakness(True), b(op, *strong))


def python(b: Draft, n: int) -> int | None:
    """The Python number that a NumPy number was made of."""
    kind = b.types[n]
    if kind.shape or kind.dtype != DOUBLE:
        return None
    if kind.weak:
        return n
    if b.keys[n] is Weakness:
        return b.args[n][0]
    return b.constant(b.values[n].value.item()) if n in b.values else None


@identity(ELEMENTWISE, after=(Weakness,))
def weakness_unseen(b: Draft, op: Any, args: tuple[int, ...], kind: Any) -> int | None:
    """f of NumPy's number is f of Python's, and back, where the answer's type is the same. One step less."""
    for i, n in enumerate(args):
        if b.keys[n] is Weakness and b.types[n].dtype == DOUBLE:
            changed = (*args[:i], b.args[n][0], *args[i + 1 :])
            if b.fits(kind, op, changed):
                return b(op, *changed)
    return None


@identity(Named)
def name_left_out(_b: Draft, _op: Any, args: tuple[int, ...], _kind: Any) -> int | None:
    """A value under a name is the value. One step less: a policy of `checkpoint` asked for names before."""
    return args[0]
