"""Spelling: an operation as an expression of NumPy's, given the names of its arguments."""

from functools import singledispatch
from typing import Any

import numpy as np
from attrs import frozen

from funcgrad.graph.op import Op, Result, Weakness
from funcgrad.primitives.contracting import MatMul
from funcgrad.primitives.indexing import Gather, Index
from funcgrad.primitives.kinds import Chain, Expand, Pointwise, Sum
from funcgrad.primitives.pointwise import Conjugate, Imaginary, PowerBy, Select, complex_abs, root
from funcgrad.primitives.reducing import Extreme, Truth
from funcgrad.primitives.shaping import Cast, Reshape, Transpose

#: Python's operators for NumPy's ufuncs.
SYMBOLS = {
    "add": "+", "subtract": "-", "multiply": "*", "divide": "/", "floor_divide": "//", "remainder": "%", "power": "**",
    "less": "<", "less_equal": "<=", "greater": ">", "greater_equal": ">=", "equal": "==", "not_equal": "!=",
    "bitwise_and": "&", "bitwise_or": "|", "bitwise_xor": "^", "left_shift": "<<", "right_shift": ">>",
}  # fmt: skip
#: Operators that raise for some of Python's numbers where NumPy has an answer.
RAISING = {"divide", "floor_divide", "remainder", "power"}


@frozen
class Spelled:
    """An expression, and how to write its answer into an array that is there already."""

    #: The expression; its precedence is that of an argument, or it stands alone on its line.
    text: str
    #: The call that writes into an array when ", out=name)" follows; empty where there is none.
    call: str = ""


@frozen(eq=False)
class Site:
    """Where an operation stands: the names and types of its arguments, and the type of its answer."""

    #: The names of the arguments, or literals.
    names: list[str]
    #: Their types.
    types: list[Any]
    #: The type of the answer.
    answer: Any


@singledispatch
def spelled(_op: Op, _at: Site) -> Spelled | None:
    """An operation where it stands; None for one that has no spelling: its `run` is called."""
    return None


@spelled.register
def _(op: Pointwise, at: Site) -> Spelled | None:
    name = op.ufunc.__name__
    weak = all([t.weak for t in at.types])
    if isinstance(op, Chain) or (weak and (name in RAISING or op.label)):
        return None
    call = f"np.{name}({', '.join(at.names)}"
    if op in (root, complex_abs):
        return Spelled(f"{call})", call)
    if name == "negative":
        return Spelled(f"-{at.names[0]}", call)
    if name == "positive" and weak:
        return Spelled(at.names[0])
    symbol = SYMBOLS.get(name)
    # A comparison of Python's numbers is Python's bool, and np.less of them NumPy's.
    if symbol is None or op.function is op.ufunc:
        return Spelled(f"{call})", call)
    return Spelled(f"{at.names[0]} {symbol} {at.names[1]}", "" if weak else call)


@spelled.register
def _(op: PowerBy, at: Site) -> Spelled | None:
    if at.types[0].weak:
        return None
    return Spelled(f"{at.names[0]} ** {op.exponent!r}", f"np.power({at.names[0]}, {op.exponent!r}")


@spelled.register
def _(_op: Select, at: Site) -> Spelled:
    return Spelled(f"np.where({', '.join(at.names)})" + ("[()]" if not at.answer.shape else ""))


@spelled.register
def _(op: Weakness, at: Site) -> Spelled:
    return Spelled(f"{at.names[0]}.item()" if op.weak else f"np.{at.answer.dtype.name}({at.names[0]})")


@spelled.register
def _(op: Result, at: Site) -> Spelled:
    return Spelled(f"{at.names[0]}[{op.index}]")


@spelled.register
def _(op: Sum, at: Site) -> Spelled:
    axis = "None" if len(op.axes) == at.types[0].ndim else repr(op.axes[0] if len(op.axes) == 1 else op.axes)
    call = f"np.add.reduce({at.names[0]}, {axis}"
    return Spelled(f"{call})", call)


@spelled.register
def _(op: Extreme, at: Site) -> Spelled:
    call = f"np.{op.ufunc}.reduce({at.names[0]}, {op.axes[0] if len(op.axes) == 1 else op.axes!r}"
    return Spelled(f"{call})", call)


@spelled.register
def _(op: Truth, at: Site) -> Spelled:
    return Spelled(f"np.{op.ufunc}.reduce({at.names[0]}, {op.axes!r})")


@spelled.register
def _(op: MatMul, at: Site) -> Spelled | None:
    if type(op) is not MatMul:
        return None
    return Spelled(
        f"{at.names[0]} @ {at.names[1]}", f"np.matmul({at.names[0]}, {at.names[1]}" if at.answer.shape else ""
    )


@spelled.register
def _(op: Reshape, at: Site) -> Spelled:
    return Spelled(f"{at.names[0]}.reshape({op.shape})" if op.shape else f"{at.names[0]}.reshape(())[()]")


@spelled.register
def _(op: Transpose, at: Site) -> Spelled:
    n = len(op.axes)
    if op.axes == tuple(range(n))[::-1]:
        return Spelled(f"{at.names[0]}.T")
    if op.axes == (*range(n - 2), n - 1, n - 2):
        return Spelled(f"{at.names[0]}.mT")
    return Spelled(f"{at.names[0]}.transpose({op.axes})")


@spelled.register
def _(op: Expand, at: Site) -> Spelled:
    x, inserted = at.names[0], [1 if i in op.axes else n for i, n in enumerate(op.shape)]
    if not at.types[0].shape:
        return Spelled(f"np.full({op.shape}, {x})")
    kept = tuple(n for i, n in enumerate(op.shape) if i not in op.axes)
    leading = kept == op.shape[len(op.axes) :] and op.axes == tuple(range(len(op.axes)))
    return Spelled(f"np.broadcast_to({x if leading else f'{x}.reshape({tuple(inserted)})'}, {op.shape})")


@spelled.register
def _(op: Cast, at: Site) -> Spelled:
    real = ".real" if at.types[0].dtype.kind == "c" and op.dtype.kind not in "cb" else ""
    return Spelled(f"{at.names[0]}{real}.astype({dtype_text(op.dtype)})")


@spelled.register
def _(_op: Conjugate, at: Site) -> Spelled:
    return Spelled(f"np.conjugate({at.names[0]})", f"np.conjugate({at.names[0]}")


@spelled.register
def _(_op: Imaginary, at: Site) -> Spelled:
    return Spelled(f"{at.names[0]}.imag")


@spelled.register
def _(op: Index, at: Site) -> Spelled:
    return Spelled(f"{at.names[0]}[{', '.join(map(entry_text, op.entries)) or '()'}]")


@spelled.register
def _(op: Gather, at: Site) -> Spelled:
    return Spelled(f"{at.names[0]}[{', '.join([':'] * op.axis + at.names[1:])}]")


def entry_text(entry: Any) -> str:
    """One entry of a basic index as it is written between brackets."""
    if isinstance(entry, slice):
        parts = ["" if part is None else str(part) for part in (entry.start, entry.stop)]
        return ":".join(parts) + ("" if entry.step is None else f":{entry.step}")
    return "..." if entry is Ellipsis else "None" if entry is None else str(entry)


def dtype_text(dtype: np.dtype[Any]) -> str:
    """A dtype as it is written."""
    return (
        f"np.{dtype.name}"
        if dtype.isnative and dtype.name in ("bool", "float64", "float32", "complex128", "int64")
        else repr(dtype.str)
    )
