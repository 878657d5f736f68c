"""NumPy's names for what is known without numbers, for new arrays like an array, and for conversions."""

import warnings
from collections.abc import Callable
from typing import Any, NoReturn

import numpy as np

from funcgrad.errors import ImmutableValue, UnsupportedFunction
from funcgrad.graph.dispatch import OPERATORS, implements
from funcgrad.graph.node import Node
from funcgrad.graph.op import strong
from funcgrad.graph.protocols import unsupported
from funcgrad.graph.provenance import refuse
from funcgrad.graph.types import type_of
from funcgrad.numpy.shaping import operand
from funcgrad.primitives.shaping import Cast, cast_into, ghost


# ---- what it is ------------------------------------------------------------------------------------------------------
@implements(np.shape)
def shape(a: Any) -> tuple[int, ...]:
    """The length of each axis."""
    return tuple(operand(a).shape)


@implements(np.ndim)
def ndim(a: Any) -> int:
    """The number of axes."""
    return int(operand(a).ndim)


@implements(np.size)
def size(a: Any, axis: Any = None) -> int:
    """The number of elements, or the length of an axis or several."""
    return np.size(ghost(a.shape), axis)


def promoting(a: Any) -> Any:
    """What stands for `a` in NumPy's promotion."""
    if type(a) is not Node:
        return a
    return a.type.promoting()(0) if a.weak else a.dtype


@implements(np.result_type)
def result_type(*arrays_and_dtypes: Any) -> np.dtype[Any]:
    """The dtype to which all promote."""
    return np.result_type(*map(promoting, arrays_and_dtypes))


@implements(np.can_cast)
def can_cast(from_: Any, to: Any, casting: Any = "safe") -> bool:
    """Whether one dtype converts to another under a rule."""
    return np.can_cast(promoting(from_), to, casting)


@implements(np.min_scalar_type)
def min_scalar_type(a: Any, /) -> np.dtype[Any]:
    """The dtype of an array; the smallest that holds it if it is a number."""
    return np.min_scalar_type(a.value if a.known else ghost(a.shape, a.dtype))


@implements(np.common_type)
def common_type(*arrays: Any) -> Any:
    """The inexact dtype to which all promote."""
    return np.common_type(*[ghost((), type_of(operand(a)).dtype) for a in arrays])


@implements(np.array_equiv)
def array_equiv(a1: Any, a2: Any) -> Any:
    """Whether two arrays broadcast together and have the same elements."""
    one, two = operand(a1), operand(a2)
    try:
        np.broadcast_shapes(one.shape, two.shape)
    except ValueError:
        return False
    same = np.equal(one, two)
    return np.all(same) if type(same) is Node else bool(np.all(same))


def by_shape(function: Callable[..., Any]) -> None:
    """Give a function that reads nothing but the shape of an array its meaning on traced values."""
    implements(function)(lambda a, *args, **options: function(ghost(a.shape), *args, **options))


by_shape(np.tril_indices_from)
by_shape(np.triu_indices_from)
by_shape(np.diag_indices_from)


# ---- like it ---------------------------------------------------------------------------------------------------------
def filled_like(function: Callable[..., Any]) -> Callable[..., Any]:
    """np.zeros_like, np.ones_like or np.empty_like: a plain array, of which nothing depends on the values of a."""

    def like(a: Any, /, *args: Any, **options: Any) -> Any:
        return function(ghost(a.shape, a.dtype), *args, **options)

    like.__doc__ = f"np.{function.__name__}: a plain array of the shape and dtype of a traced value."
    return implements(function)(like)


zeros_like, ones_like, empty_like = filled_like(np.zeros_like), filled_like(np.ones_like), filled_like(np.empty_like)


@implements(np.full_like)
def full_like(a: Any, fill_value: Any, *args: Any, **options: Any) -> Any:
    """An array of the shape and dtype of `a`, filled with a value, which may be traced."""
    kind = type_of(operand(a))
    like = np.empty_like(ghost(kind.shape, kind.dtype), *args, **options)
    if type(fill_value) is not Node:
        return np.full(like.shape, fill_value, like.dtype)
    return np.broadcast_to(cast_into(strong(fill_value), like.dtype, "np.full_like"), like.shape)


# ---- conversions -----------------------------------------------------------------------------------------------------
@implements(np.copy)
def copy(
    a: Any,
    order: str = "K",  # noqa: ARG001  # REASON: a traced value has no layout, no subclass, and need not be copied
    subok: bool = False,  # noqa: ARG001  # REASON: likewise
) -> Any:
    """`a` itself: a traced value does not change."""
    return strong(a)


def converted(x: Any, dtype: Any) -> Any:
    """The same numbers at another dtype; the derivative is that of the identity or of the real part, 0 for integers."""
    kind = np.dtype(dtype)
    if kind.kind not in "biufc":
        refuse(
            UnsupportedFunction,
            f"x.astype({kind.name}) of a traced value has no meaning here.",
            "Convert to a boolean, integer, real or complex dtype.",
        )
    x = strong(x)
    if x.dtype.kind == "c" and kind.kind not in "cb":
        warnings.warn("Casting complex values to real discards the imaginary part", np.exceptions.ComplexWarning, 4)
    return x if x.dtype == kind else Cast(kind)(x)


@implements(np.astype)
def astype(
    x: Any,
    dtype: Any,
    /,
    *,
    copy: bool = True,  # noqa: ARG001  # REASON: a traced value cannot change, so that none need be copied
    device: Any = None,
) -> Any:
    """The same numbers at another dtype."""
    if device not in (None, "cpu"):
        unsupported("astype", "device")
    return converted(x, dtype)


def astype_method(
    x: Any,
    dtype: Any,
    order: str = "K",  # noqa: ARG001  # REASON: a traced value has no layout, no subclass, and need not be copied
    casting: Any = "unsafe",
    subok: bool = True,  # noqa: ARG001  # REASON: likewise
    copy: bool = True,  # noqa: ARG001  # REASON: likewise
) -> Any:
    """The meaning of x.astype(dtype), with the options of ndarray's method."""
    if not np.can_cast(x.dtype, dtype, casting):
        raise TypeError(
            f"Cannot cast array data from {x.dtype!r} to {np.dtype(dtype)!r} according to the rule '{casting}'"
        )
    return converted(x, dtype)


OPERATORS["astype"] = astype_method


# ---- what would change an array --------------------------------------------------------------------------------------
def refused(function: Callable[..., Any], remedy: str) -> None:
    """Refuse a function that writes into its argument."""

    def refusing(*_args: Any, **_options: Any) -> NoReturn:
        refuse(ImmutableValue, f"np.{function.__name__} would change an array in place.", remedy)

    implements(function)(refusing)


SET = "Write x = x.at[i].set(v); where x is a plain array, funcgrad.numpy.at(x)[i].set(v)."
CHOOSE = "Write x = np.where(mask, v, x)."
refused(np.put, SET)
refused(np.put_along_axis, SET)
refused(np.fill_diagonal, SET)
refused(np.place, CHOOSE)
refused(np.putmask, CHOOSE)
refused(np.copyto, "Write np.where(mask, v, x); for np.full and np.full_like, np.broadcast_to(v, shape).")
