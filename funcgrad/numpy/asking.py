"""NumPy's names for questions about arrays whose answers have no derivative, and for what writes them out."""

from collections.abc import Callable
from typing import Any, NoReturn

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple

from funcgrad.errors import LostDerivative
from funcgrad.graph.dispatch import implements
from funcgrad.graph.node import Node
from funcgrad.graph.provenance import refuse
from funcgrad.graph.types import type_of
from funcgrad.numpy.shaping import operand
from funcgrad.primitives.indexing import demanded
from funcgrad.primitives.shaping import ALL, ghost


@implements(np.iscomplexobj)
def iscomplexobj(x: Any) -> bool:
    """Whether the dtype is complex."""
    return bool(type_of(x).dtype.kind == "c")


@implements(np.isrealobj)
def isrealobj(x: Any) -> bool:
    """Whether the dtype is not complex."""
    return not iscomplexobj(x)


@implements(np.array_equal)
def array_equal(a1: Any, a2: Any, equal_nan: bool = False) -> Any:
    """Whether two arrays have one shape and the same elements: a Python bool of known ones."""
    one, two = operand(a1), operand(a2)
    if one.shape != two.shape:
        return False
    same: Any = np.equal(one, two)
    if equal_nan:
        same = same | (np.isnan(one) & np.isnan(two))
    same = np.all(same)
    return same if type(same) is Node else bool(same)


def values(arguments: Any, what: str, remedy: str) -> Any:
    """Arguments, plain in place of each known traced value among them or in lists of them."""
    if type(arguments) in (list, tuple):
        return type(arguments)([values(a, what, remedy) for a in arguments])
    return demanded(arguments, what, remedy) if type(arguments) is Node else arguments


def plainly(function: Callable[..., Any], remedy: str) -> None:
    """Give a function that has no derivative its meaning: NumPy's own, of known values."""
    what = f"The answer of np.{function.__name__}"

    def answered(*args: Any, **options: Any) -> Any:
        return function(*values(args, what, remedy), **{k: values(v, what, remedy) for k, v in options.items()})

    implements(function)(answered)


LATER = "Ask it outside the transform."
SHAPE = "Print its shape and dtype."
WRITTEN: list[Any] = [np.array2string, np.array_repr, np.array_str]
#: The last four take integers and truth values only, as NumPy says by itself of others.
ASKED: list[Any] = [np.shares_memory, np.may_share_memory]
ASKED += [np.ravel_multi_index, np.unravel_index, np.packbits, np.unpackbits]
for _function in WRITTEN:
    plainly(_function, SHAPE)
for _function in ASKED:
    plainly(_function, LATER)


@implements(np.einsum_path)
def einsum_path(*operands: Any, optimize: Any = "greedy", einsum_call: bool = False) -> Any:
    """The order in which a sum of products is best taken, which the shapes say alone."""
    shown = [ghost(a.shape, a.dtype) if type(a) is Node else a for a in operands]
    options: Any = {"einsum_call": True} if einsum_call else {}
    return np.einsum_path(*shown, optimize=optimize, **options)


# ---- what depends on numbers that are known --------------------------------------------------------------------------
@implements(np.real_if_close)
def real_if_close(a: Any, tol: Any = 100) -> Any:
    """Re a where all imaginary parts are small, else `a`; a complex `a` must be known."""
    a = operand(a)
    if a.dtype.kind != "c":
        return a
    within = np.finfo(a.dtype).eps * tol if tol > 1 else tol
    imaginary = demanded(np.imag(a), "Whether np.real_if_close(x) is real", "Take np.real(x).")
    return np.real(a) if np.all(np.abs(imaginary) < within) else a


@implements(np.trim_zeros)
def trim_zeros(filt: Any, trim: str = "fb", axis: Any = None) -> Any:
    """`filt` without the zeros at its front, its back, or both."""
    a = operand(filt)
    places = np.argwhere(demanded(a, "The shape of np.trim_zeros(x)", "Keep the zeros."))
    trim = trim.lower()
    if trim not in ("fb", "bf", "f", "b"):
        raise ValueError(f"unexpected character(s) in `trim`: {trim!r}")
    axes = range(a.ndim) if axis is None else normalize_axis_tuple(axis, a.ndim, argname="axis")
    bounds = [slice(0, 0)] * a.ndim
    if len(places):
        ends = zip(places.min(0).tolist(), (places.max(0) + 1).tolist(), strict=True)
        bounds = [slice(first if "f" in trim else None, last if "b" in trim else None) for first, last in ends]
    return a[tuple([bounds[i] if i in axes else ALL for i in range(a.ndim)])] if len(axes) else a


@implements(np.sort_complex)
def sort_complex(a: Any) -> Any:
    """`a` as complex numbers in ascending order, by real parts first."""
    z = np.sort(a)
    if z.dtype.kind == "c":
        return z
    return np.astype(z, np.dtype(np.complex64 if z.dtype.char in "bhBH" else np.complex128))


# ---- files -----------------------------------------------------------------------------------------------------------
def unwritten(function: Callable[..., Any]) -> None:
    """Refuse a function that writes numbers to a file."""

    def refusing(*_args: Any, **_options: Any) -> NoReturn:
        refuse(LostDerivative, f"np.{function.__name__} of a traced value would drop its derivative.", "Pass x.value.")

    implements(function)(refusing)


FILES: list[Any] = [np.save, np.savez, np.savez_compressed, np.savetxt]
for _function in FILES:
    unwritten(_function)
