"""NumPy's sorting and searching, by its own names and signatures."""

from operator import index
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from funcgrad.errors import UnknownValue
from funcgrad.graph.dispatch import implements
from funcgrad.graph.node import Node
from funcgrad.graph.protocols import unsupported
from funcgrad.graph.provenance import refuse
from funcgrad.numpy.reducing import kept, refuse_given
from funcgrad.primitives.ordering import Arranged, Order, Position


def along(a: Any, axis: Any) -> tuple[Any, int]:
    """`a` and an axis of it: the flattened array and its only one if the axis is None."""
    return (np.reshape(a, -1), 0) if axis is None else (a, normalize_axis_index(index(axis), a.ndim))


def searched_along(a: Any, axis: Any) -> tuple[Any, int]:
    """The same where NumPy, asked for positions, takes a number for an array of one."""
    return along(a if a.ndim else np.reshape(a, 1), axis)


def plain(a: Any) -> Any:
    """The numbers of a known value, as NumPy takes them."""
    return a.value if type(a) is Node else a


def refuse_order(name: str, order: Any) -> None:
    """Refuse `order=`, which names fields of structured arrays."""
    if order is not None:
        unsupported(name, "order")


@implements(np.argsort)
def argsort(a: Any, axis: Any = -1, kind: Any = None, order: Any = None, *, stable: Any = None) -> Any:
    """The order in which `a` has to be taken to ascend: integers, without a derivative."""
    refuse_order("argsort", order)
    np.argsort(np.zeros(1), kind=kind, stable=stable)  # raises NumPy's error for a kind that does not exist
    a, axis = searched_along(a, axis)
    return Order("argsort", axis, (("kind", kind), ("stable", stable)))(a)


@implements(np.sort)
def sort(a: Any, axis: Any = -1, kind: Any = None, order: Any = None, *, stable: Any = None) -> Any:
    """`a` in ascending order; ties share the derivative equally."""
    refuse_order("sort", order)
    a, axis = along(a, axis)
    return Arranged(axis)(a, np.argsort(a, axis, kind=kind, stable=stable))


@implements(np.argpartition)
def argpartition(a: Any, kth: Any, axis: Any = -1, kind: Any = "introselect", order: Any = None) -> Any:
    """An order in which element k is where sorting puts it, with none larger before it: integers."""
    refuse_order("argpartition", order)
    a, axis = searched_along(a, axis)
    places = tuple([normalized_place(int(k), a.shape[axis]) for k in np.atleast_1d(kth)]) if a.size else (0,)
    return Order("argpartition", axis, (("kth", places), ("kind", kind)))(a)


def normalized_place(k: int, length: int) -> int:
    """A place from the front, or NumPy's error."""
    if not -length <= k < length:
        raise ValueError(f"kth(={k}) out of bounds ({length})")
    return k % length


@implements(np.partition)
def partition(a: Any, kth: Any, axis: Any = -1, kind: Any = "introselect", order: Any = None) -> Any:
    """`a` with element k where sorting puts it and none larger before it; ties share the derivative equally."""
    refuse_order("partition", order)
    a, axis = along(a, axis)
    return Arranged(axis)(a, np.argpartition(a, kth, axis, kind))


def position(function: Any, a: Any, axis: Any, out: Any, keepdims: Any) -> Any:
    """Where along an axis, or in the flattened array, the first of the extreme elements stands."""
    refuse_given(function, out=out)
    flat, at = searched_along(a, axis)
    z = Position(function, at)(flat)
    return kept(z, a.shape, tuple(range(a.ndim)) if axis is None or not a.ndim else (at,)) if keepdims else z


@implements(np.argmax)
def argmax(a: Any, axis: Any = None, out: Any = None, *, keepdims: Any = False) -> Any:
    """Where the first of the largest elements stands: an integer, without a derivative."""
    return position("argmax", a, axis, out, keepdims)


@implements(np.argmin)
def argmin(a: Any, axis: Any = None, out: Any = None, *, keepdims: Any = False) -> Any:
    """Where the first of the smallest elements stands: an integer, without a derivative."""
    return position("argmin", a, axis, out, keepdims)


@implements(np.lexsort)
def lexsort(keys: Any, axis: Any = -1) -> Any:
    """The order by the last of `keys`, ties by the one before it, and so on: stable sorts, the last key last."""
    first, *others = keys
    if np.ndim(first) == 0:
        return np.intp(0)
    z = np.argsort(first, axis, stable=True)
    for key in others:
        z = np.take_along_axis(z, np.argsort(np.take_along_axis(key, z, axis), axis, stable=True), axis)
    return z


@implements(np.unique)
def unique(
    ar: Any,
    return_index: bool = False,
    return_inverse: bool = False,
    return_counts: bool = False,
    axis: Any = None,
    *,
    equal_nan: bool = True,
    sorted: bool = True,  # noqa: ARG001  # REASON: what is sorted is a right answer to a call that does not ask for it
) -> Any:
    """The different values of a known `ar`, ascending; equal ones share the derivative equally."""
    if not ar.known:
        refuse(
            UnknownValue,
            "How many different values an array has is not known while it is traced.",
            "Use np.sort, which keeps the shape, or call np.unique on a plain array outside the transform.",
        )
    if axis is not None:
        unsupported("unique", "axis")
    first = np.unique(np.sort(plain(ar), None), return_index=True, equal_nan=equal_nan)[1]
    values = np.sort(ar, None)[first]
    wanted: Any = {"return_index": return_index, "return_inverse": return_inverse, "return_counts": return_counts}
    if True not in wanted.values():
        return values
    return (values, *np.unique(plain(ar), equal_nan=equal_nan, **wanted)[1:])
