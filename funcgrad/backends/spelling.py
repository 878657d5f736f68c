"""Spelling: an operation as an expression of NumPy's, given the texts of its arguments."""

from collections.abc import Callable, Sequence
from functools import singledispatch
from math import isfinite, prod
from typing import Any

import numpy as np
from attrs import evolve, frozen

from funcgrad.backends.numbering import bytes_of
from funcgrad.graph.op import Op, Result, Weakness
from funcgrad.primitives.contracting import WORTH as MATRICES
from funcgrad.primitives.contracting import Einsum, MatMul, letters
from funcgrad.primitives.indexing import Gather, Index
from funcgrad.primitives.kinds import Chain, Expand, Pointwise, Sum, thinned
from funcgrad.primitives.pointwise import Conjugate, Imaginary, PowerBy, Select, complex_abs, root
from funcgrad.primitives.reducing import Extreme, Truth
from funcgrad.primitives.shaping import Cast, Reshape, Stack, Transpose
from funcgrad.primitives.stopping import Stop

#: Python's operators for NumPy's ufuncs, and how loosely they bind.
SYMBOLS = {
    "power": ("**", 1), "multiply": ("*", 3), "divide": ("/", 3), "floor_divide": ("//", 3), "remainder": ("%", 3),
    "add": ("+", 4), "subtract": ("-", 4), "left_shift": ("<<", 5), "right_shift": (">>", 5), "bitwise_and": ("&", 6),
    "bitwise_xor": ("^", 7), "bitwise_or": ("|", 8), "less": ("<", 9), "less_equal": ("<=", 9), "greater": (">", 9),
    "greater_equal": (">=", 9), "equal": ("==", 9), "not_equal": ("!=", 9),
}  # fmt: skip
#: How loosely a minus sign binds; a comparison, beside which no other may stand; and a conditional expression.
MINUS, COMPARISON, CONDITIONAL = 2, 9, 12
#: Operators that raise for some of Python's numbers where NumPy has an answer.
RAISING = {"divide", "floor_divide", "remainder", "power"}
#: The comparison by which a choice of two is made.
CHOICE = {"maximum": ">", "minimum": "<"}
#: Up to so many bytes an array is better copied than put together slice by slice (measured).
COPIED = 1 << 14
#: Up to so many numbers a sum by a product with ones is as exact as NumPy's sum by halves (measured: half the time).
ONES = 1 << 10
#: Up to so many numbers a reduction over inner axes is quicker by way of the transpose (measured: a third of the time).
NARROW = 32


@frozen
class Spelled:
    """An expression, and how to write its answer into an array that is there already."""

    #: The expression.
    text: str
    #: The call that writes into an array when ", out=name)" follows; empty where there is none.
    call: str = ""
    #: How loosely it binds: 0 for a name, a number or a call.
    loose: int = 0

    def within(self, most: int) -> str:
        """The text as part of another that allows so loose ones."""
        return self.text if self.loose <= most else f"({self.text})"


@frozen(eq=False)
class Site:
    """Where an operation stands: the texts and types of its arguments, and the type of its answer."""

    #: The arguments' expressions.
    args: list[Spelled]
    #: Their types.
    types: list[Any]
    #: The type of the answer.
    answer: Any
    #: The name of an array of n ones of a dtype.
    ones: Callable[[int, np.dtype[Any]], str]

    @property
    def names(self) -> list[str]:
        """The arguments as they stand between commas."""
        return [arg.text for arg in self.args]

    def atom(self, i: int = 0) -> str:
        """An argument as it stands before a dot or a bracket."""
        return self.args[i].within(0)


@singledispatch
def spelled(_op: Op, _at: Site) -> Spelled | None:
    """An operation where it stands; None for one that has no spelling: its `run` is called."""
    return None


def operator(name: str, at: Site, call: str = "") -> Spelled:
    """Two arguments with an operator between."""
    symbol, loose = SYMBOLS[name]
    left = loose - 1 if loose == COMPARISON or name == "power" else loose
    return Spelled(f"{at.args[0].within(left)} {symbol} {at.args[1].within(loose - 1)}", call, loose)


@spelled.register
def _(op: Pointwise, at: Site) -> Spelled | None:
    name = op.ufunc.__name__
    weak = all([t.weak for t in at.types])
    if weak and op == complex_abs:
        return Spelled(f"abs({at.names[0]})")
    if isinstance(op, Chain) or (weak and (name in RAISING or op.label) and op.home == "numpy"):
        return None
    call = f"{function_text(op)}({', '.join(at.names)}"
    if op in (root, complex_abs):
        return Spelled(f"{call})", call)
    if name == "negative":
        return Spelled(f"-{at.args[0].within(MINUS)}", call, MINUS)
    if name == "absolute" and (op.function is not op.ufunc if weak else not at.answer.shape):
        return Spelled(f"abs({at.names[0]})")
    if name in CHOICE and not at.answer.shape:
        return extreme(name, at) or Spelled(f"{call})")
    if name == "positive" and weak:
        return at.args[0]
    # A comparison of Python's numbers is Python's bool, and np.less of them NumPy's.
    if name not in SYMBOLS or op.function is op.ufunc:
        return Spelled(f"{call})", call)
    return operator(name, at, "" if weak else call)


def function_text(op: Any) -> str:
    """The function of an operation element by element, as it is written: np.sin, special.erf."""
    return f"np.{op.ufunc.__name__}" if op.home == "numpy" else ".".join(op.name.split(".")[-2:])


def extreme(name: str, at: Site) -> Spelled | None:
    """The larger or the smaller of two of NumPy's real numbers by Python's choice, where they may be written twice.

    A NaN or a tie is left to NumPy's function, so that the sign of a zero is its own.
    """
    same = all([kind.dtype == at.answer.dtype and kind.dtype.kind in "fiu" for kind in at.types])
    if not same or not all([a.text.isidentifier() for a in at.args]):
        return None
    (x, y), than = at.names, CHOICE[name]
    return Spelled(f"{x} if {x} {than} {y} else {y} if {y} {than} {x} else np.{name}({x}, {y})", loose=CONDITIONAL)


@spelled.register
def _(op: PowerBy, at: Site) -> Spelled | None:
    n = op.exponent
    if at.types[0].weak or not isfinite(n):
        return None
    # NumPy's operator has quicker ways for these than np.power has.
    call = f"np.square({at.names[0]}" if n == 2 else "" if n in (-1, 0, 0.5, 1) else f"np.power({at.names[0]}, {n!r}"
    return Spelled(f"{at.atom()} ** {n!r}", call if at.types[0].dtype.kind in "fc" else "", 1)


@spelled.register
def _(op: Stack, at: Site) -> Spelled | None:
    if any([kind.dtype != at.answer.dtype for kind in at.types]) or (op.axis and bytes_of(at.answer) > COPIED):
        return None
    # np.array looks at less than np.stack: a quarter of the time where arrays are small.
    array = f"np.array(({', '.join(at.names)},))"
    axes = (*range(1, op.axis + 1), 0, *range(op.axis + 1, at.answer.ndim))
    return Spelled(f"{array}.transpose({axes}).copy()" if op.axis else array)


@spelled.register
def _(_op: Stop, at: Site) -> Spelled:
    return at.args[0]


@spelled.register
def _(_op: Select, at: Site) -> Spelled:
    if not any([kind.shape for kind in at.types]) and all([kind.dtype == at.answer.dtype for kind in at.types[1:]]):
        c, x, y = at.args  # of numbers Python chooses ten times as quickly
        return Spelled(f"{x.within(11)} if {c.within(11)} else {y.within(CONDITIONAL)}", loose=CONDITIONAL)
    return Spelled(f"np.where({', '.join(at.names)})" + ("[()]" if not at.answer.shape else ""))


@spelled.register
def _(op: Weakness, at: Site) -> Spelled:
    if op.weak and at.types[0].weak:
        return at.args[0]
    return Spelled(f"{at.atom()}.item()" if op.weak else f"np.{at.answer.dtype.name}({at.names[0]})")


@spelled.register
def _(op: Result, at: Site) -> Spelled:
    return Spelled(f"{at.atom()}[{op.index}]")


@spelled.register
def _(op: Sum, at: Site) -> Spelled:
    kind, n = at.types[0], len(op.axes)
    summed = prod([kind.shape[axis] for axis in op.axes])
    kept = tuple([length for i, length in enumerate(kind.shape) if i not in op.axes])
    if kind.dtype.char in "df" and kind.dtype.isnative and op.axes:
        # A product with ones is a sum, several times quicker than NumPy's over a short axis.
        ones = at.ones(summed, kind.dtype) if op.axes == tuple(range(n)) and kept else ""
        if ones and len(kept) == n == 1:
            return called(f"{ones}.dot({at.names[0]}")
        if ones and len(kept) == 1:
            return called(f"{ones}.dot({at.atom()}.reshape({(summed, *kept)})")
        if op.axes == (1,) and kind.ndim == 2 and summed <= ONES:
            return called(f"{at.atom()}.dot({at.ones(summed, kind.dtype)}")
        if not kept and summed <= ONES:
            flat = at.atom() if kind.ndim == 1 else f"{at.atom()}.ravel()"
            return Spelled(f"{flat}.dot({at.ones(summed, kind.dtype)})")
    return reduced("add", op.axes, at)


def called(call: str) -> Spelled:
    """A call that can write its answer into an array."""
    return Spelled(f"{call})", call)


@spelled.register
def _(op: Extreme, at: Site) -> Spelled:
    return reduced(op.ufunc, op.axes, at)


def reduced(ufunc: str, axes: tuple[int, ...], at: Site) -> Spelled:
    """A reduction by a ufunc: over short inner axes, of a copy in which they are the outer ones."""
    shape, n = at.types[0].shape, len(axes)
    kept = [axis for axis in range(len(shape)) if axis not in axes]
    count, rows = prod([shape[axis] for axis in axes]), prod([shape[axis] for axis in kept])
    if n and kept and kept[-1] < axes[-1] and 2 * count <= rows and count <= NARROW:
        turned = f"{at.atom()}.T" if len(shape) == 2 else f"{at.atom()}.transpose({(*axes, *kept)})"
        return called(f"np.{ufunc}.reduce({turned}.copy(), {0 if n == 1 else tuple(range(n))}")
    axis = "None" if ufunc == "add" and not kept else repr(axes[0] if n == 1 else axes)
    return called(f"np.{ufunc}.reduce({at.names[0]}, {axis}")


@spelled.register
def _(op: Truth, at: Site) -> Spelled:
    return Spelled(f"np.{op.ufunc}.reduce({at.names[0]}, {op.axes!r})")


@spelled.register
def _(op: Einsum, at: Site) -> Spelled | None:
    x, y = at.types
    if type(op) is not Einsum or x.dtype != y.dtype or x.dtype.kind not in "fc" or x.size * y.size < MATRICES:
        return None
    xs, ys, zs = letters(op.subscripts)
    inner, left, right = [a for a in xs if a in ys], [a for a in xs if a not in ys], [a for a in ys if a not in xs]
    if not inner or not (left or right) or any([a in zs for a in inner]):
        return None  # what `multiplied` writes as one product of matrices is written out
    length = dict(zip(xs + ys, x.shape + y.shape, strict=True))
    rows, many, columns = [prod([length[a] for a in some]) for some in (left, inner, right)]
    X = arranged(at.atom(0), xs, [*left, *inner], x.shape, (rows, many))
    Y = arranged(at.atom(1), ys, [*inner, *right], y.shape, (many, columns))
    shape = tuple([length[a] for a in (*left, *right)])
    if (*left, *right) == tuple(zs) and shape == (rows, columns):
        return called(f"{X}.dot({Y}")
    text = f"{X}.dot({Y})" + ("" if shape == (rows, columns) else f".reshape({shape})")
    return Spelled(arranged(text, [*left, *right], list(zs), shape, at.answer.shape))


def arranged(text: str, axes: Sequence[str], order: Sequence[str], shape: tuple[int, ...], new: tuple[int, ...]) -> str:
    """An array with its axes in another order, and of a new shape."""
    places = tuple([axes.index(a) for a in order])
    if places != tuple(range(len(axes))):
        text, shape = f"{text}.transpose({places})", tuple([shape[i] for i in places])
    return text if shape == new else f"{text}.reshape({new})"


@spelled.register
def _(op: MatMul, at: Site) -> Spelled | None:
    if type(op) is not MatMul:
        return None
    x, y = at.types
    # For vectors and matrices dot is np.matmul, and has less to find out (the method less than the function).
    if x.ndim <= 2 and y.ndim <= 2 and x.dtype == y.dtype and x.dtype.kind in "fc":
        call = f"{at.atom()}.dot({at.names[1]}"
        return Spelled(f"{call})", call if at.answer.shape else "")
    call = f"np.matmul({', '.join(at.names)}"
    return Spelled(f"{at.args[0].within(3)} @ {at.args[1].within(2)}", call if at.answer.shape else "", 3)


@spelled.register
def _(op: Reshape, at: Site) -> Spelled:
    return Spelled(f"{at.atom()}.reshape({op.shape})" if op.shape else f"{at.atom()}.reshape(())[()]")


@spelled.register
def _(op: Transpose, at: Site) -> Spelled:
    n = len(op.axes)
    if op.axes == tuple(range(n))[::-1]:
        return Spelled(f"{at.atom()}.T")
    if op.axes == (*range(n - 2), n - 1, n - 2):
        return Spelled(f"{at.atom()}.mT")
    return Spelled(f"{at.atom()}.transpose({op.axes})")


@spelled.register
def _(op: Expand, at: Site) -> Spelled:
    if not at.types[0].shape:
        return Spelled(f"np.full({op.shape}, {at.names[0]})")
    kept = tuple(n for i, n in enumerate(op.shape) if i not in op.axes)
    leading = kept == op.shape[len(op.axes) :] and op.axes == tuple(range(len(op.axes)))
    inserted = at.names[0] if leading else f"{at.atom()}.reshape({thinned(op.shape, op.axes)})"
    return Spelled(f"np.broadcast_to({inserted}, {op.shape})")


@spelled.register
def _(op: Cast, at: Site) -> Spelled:
    real = ".real" if at.types[0].dtype.kind == "c" and op.dtype.kind not in "cb" else ""
    return Spelled(f"{at.atom()}{real}.astype({dtype_text(op.dtype)})")


@spelled.register
def _(_op: Conjugate, at: Site) -> Spelled:
    return called(f"np.conjugate({at.names[0]}")


@spelled.register
def _(_op: Imaginary, at: Site) -> Spelled:
    return Spelled(f"{at.atom()}.imag")


@spelled.register
def _(op: Index, at: Site) -> Spelled:
    return Spelled(f"{at.atom()}[{', '.join(map(entry_text, op.entries)) or '()'}]")


@spelled.register
def _(op: Gather, at: Site) -> Spelled:
    return Spelled(f"{at.atom()}[{', '.join([':'] * op.axis + at.names[1:])}]")


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


def as_strong(arg: Spelled, kind: Any) -> Spelled:
    """A Python number as NumPy's own."""
    return evolve(arg, text=f"np.{kind.dtype.name}({arg.text})", loose=0)
