"""Wording: how numbers, arrays and operations are written in a picture."""

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from funcgrad.graph.op import Op, Result
from funcgrad.graph.types import dtype_name, type_of
from funcgrad.primitives.contracting import ChainMatMul, MatMul
from funcgrad.primitives.indexing import Index
from funcgrad.primitives.kinds import Pointwise
from funcgrad.primitives.placing import Place
from funcgrad.primitives.pointwise import PowerBy
from funcgrad.primitives.reducing import Extreme
from funcgrad.primitives.shaping import Cast

#: Signs between two arguments, by the ufunc's name.
SIGNS = {
    "add": "+", "subtract": "-", "multiply": "×", "chain": "×", "divide": "/", "floor_divide": "//", "remainder": "%",
    "power": "^", "less": "<", "less_equal": "≤", "greater": ">", "greater_equal": "≥", "equal": "=", "not_equal": "≠",
    "logical_and": "and", "logical_or": "or",
}  # fmt: skip
#: The names of some operations.
WORDS = {
    "negative": "-", "absolute": "abs", "complex_abs": "abs", "root": "sqrt", "MatMul": "@", "Select": "where",
    "Product": "prod", "CumulativeSum": "cumsum", "CumulativeProduct": "cumprod", "LogSumExp": "logsumexp",
    "Gather": "take", "Weakness": "number", "imaginary": "imag", "Order": "argsort",
}  # fmt: skip
#: Vectors of up to so many numbers are written out, if so many letters are enough.
WRITTEN, LETTERS = 4, 20
#: What stands for an argument that is no constant.
HOLE = "·"


def number(value: Any) -> str:
    """A number in four digits.

    >>> number(0.70710678), number(-1500000.0), number(3), number(True)
    ('0.7071', '-1.5e+06', '3', 'True')
    """
    kind = type_of(value).dtype.kind
    if kind in "bui":
        return str(value.item() if hasattr(value, "item") else value)
    if kind == "c":
        return f"{complex(value):.4g}"
    text = f"{float(value):.4g}"
    return "0" if text == "-0" else text


def shape_of(value: Any) -> str:
    """The shape of an array, and its dtype where that is not float64; that of a vector so that it is no number.

    >>> shape_of(np.ones((2, 3))), shape_of(np.ones(4, np.float32)), shape_of(np.ones(64))
    ('2×3', '4 float32', '64 numbers')
    """
    kind = type_of(value)
    lengths = "×".join(map(str, kind.shape))
    if kind.dtype == np.float64:
        return lengths if len(kind.shape) > 1 else f"{lengths} numbers"
    return f"{lengths} {dtype_name(kind.dtype)}"


def short(value: Any) -> str:
    """A value in few letters: a number, a small vector, or a shape.

    >>> short(2.0), short(np.array([1.0, 2.5])), short(np.ones((2, 3)))
    ('2', '[1, 2.5]', '2×3')
    """
    if value is None:
        return ""
    if type(value) is tuple:
        return f"{len(value)} result{'' if len(value) == 1 else 's'}"
    if np.ndim(value) == 0:
        return number(value)
    if np.ndim(value) == 1 and np.size(value) <= WRITTEN and value.dtype.kind in "biuf":
        text = f"[{', '.join(map(number, value))}]"
        if len(text) <= LETTERS:
            return text
    return shape_of(value)


def slope(value: Any) -> str:
    """A gradient in few letters: a number, a small vector, or the Euclidean norm of an array.

    >>> slope(0.5), slope(np.array([[3.0, 4.0]]))
    ('0.5', '‖5‖')
    """
    if value is None or type(value) is tuple:
        return ""
    text = short(value)
    return text if np.ndim(value) == 0 or text.startswith("[") else f"‖{number(np.linalg.norm(value.ravel()))}‖"


def word(op: Op) -> str:
    """The name of an operation, as a function is written: NumPy's where it has one."""
    name = op.name.removeprefix("Chain").removeprefix("scipy.special.")
    if isinstance(op, Extreme):
        return op.ufunc.removesuffix("imum")
    if name in WORDS:
        return WORDS[name]
    return name if isinstance(op, Pointwise) else re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower()


def operation_on(op: Op, args: Sequence[str], values: Sequence[Any]) -> str:
    """An operation on arguments that are written so and have these values: a complex number cast is its real part.

    >>> operation_on(Cast(np.dtype(np.float64)), ["z"], [1 + 2j])
    'real(z)'
    """
    if isinstance(op, Cast) and takes_real(op, type_of(values[0])):
        return "real" if args[0] == HOLE else f"real({args[0]})"
    return operation(op, args)


def takes_real(op: Cast, kind: Any) -> bool:
    """Whether a cast of values of a type takes their real part."""
    return bool(kind.dtype.kind == "c" and op.dtype.kind not in "cb")


def subscript(entry: Any) -> str:
    """One entry of an index.

    >>> subscript(slice(1, None)), subscript(0), subscript(None)
    ('1:', '0', 'None')
    """
    if not isinstance(entry, slice):
        return "…" if entry is Ellipsis else str(entry)
    ends = ["" if part is None else str(part) for part in (entry.start, entry.stop)]
    return ":".join(ends if entry.step is None else [*ends, str(entry.step)])


def operation(op: Op, args: Sequence[str]) -> str:
    """An operation on arguments that are written so; with `HOLE` for each, the sign or the name alone.

    >>> from funcgrad.primitives.pointwise import add, mul, tanh
    >>> operation(mul, ["2", "x"]), operation(tanh, ["x"])
    ('2 × x', 'tanh(x)')
    >>> operation(add, [HOLE, HOLE]), operation(add, ["1", HOLE])
    ('+', '1 + ·')
    """
    bare = all([arg == HOLE for arg in args])
    sign = SIGNS.get(op.name) if isinstance(op, Pointwise) else "@" if isinstance(op, MatMul | ChainMatMul) else None
    if sign:
        return sign if bare else f" {sign} ".join(args)
    arg = args[0] if args else ""
    before = "" if bare else arg
    if isinstance(op, Pointwise) and op.name == "negative":
        return f"-{before}"
    if isinstance(op, PowerBy):
        return f"{before}^{number(op.exponent)}"
    if isinstance(op, Index):
        return f"{before}[{', '.join(map(subscript, op.entries))}]"
    if isinstance(op, Place) and isinstance(op.place, Index):
        at = f"{before}.at[{', '.join(map(subscript, op.place.entries))}].set"
        return at if bare else f"{at}({args[1]})"
    if isinstance(op, Result):
        return f"result {op.index}" if bare else f"result {op.index} of {arg}"
    if isinstance(op, Cast):
        return f"{dtype_name(np.dtype(op.dtype))}{'' if bare else f'({arg})'}"
    return word(op) if bare else f"{word(op)}({', '.join(args)})"
