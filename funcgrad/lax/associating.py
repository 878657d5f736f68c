"""Scans by an associative function, in as many rounds as the logarithm of the length."""

from collections.abc import Callable
from typing import Any

import numpy as np

from funcgrad import tree
from funcgrad.errors import BadArgument
from funcgrad.graph.types import type_of
from funcgrad.transforms.carrying import numbers_of


def associative_scan(fn: Callable[..., Any], elems: Any, reverse: bool = False, axis: int = 0) -> Any:
    """x₀, x₀∘x₁, x₀∘x₁∘x₂, … along an axis, for an associative ∘ of whole arrays, in O(log n) calls of it.

    associative_scan : (Xᵏ × Xᵏ → Xᵏ) × Xⁿ → Xⁿ.  `fn` takes two trees of arrays of many elements each and combines
    them pair by pair; `reverse` starts at the last one. Python's control flow is legal in it.
    Blelloch, *Prefix sums and their applications* (1990).

    >>> associative_scan(np.multiply, np.array([1.0, 2.0, 3.0, 4.0]))
    array([ 1.,  2.,  6., 24.])
    """
    leaves, structure = numbers_of("associative_scan", "elems", elems)
    for i, leaf in enumerate(leaves):
        kind = type_of(leaf)
        if not -kind.ndim <= axis < kind.ndim or kind.shape[axis] != type_of(leaves[0]).shape[axis]:
            raise BadArgument(
                f"associative_scan was given {kind!r} at {tree.path_name(structure.paths()[i], root='elems')}. All "
                f"arrays have one length along axis {axis}. Give elements of one length, or another axis."
            )

    def pairs(one: list[Any], other: list[Any]) -> list[Any]:
        back = [structure.unflatten([np.moveaxis(a, 0, axis) for a in x]) for x in (one, other)]
        return [np.moveaxis(a, axis, 0) for a in tree.leaves(fn(*back))]

    way = -1 if reverse else 1
    first = [np.moveaxis(a, axis, 0)[::way] for a in leaves]
    return structure.unflatten([np.moveaxis(a[::way], 0, axis) for a in prefixes(pairs, first)])


def prefixes(pairs: Callable[[list[Any], list[Any]], list[Any]], xs: list[Any]) -> list[Any]:
    """The combinations of the first 1, 2, … rows: those of even numbers by the prefixes of the pairs."""
    n = xs[0].shape[0] if xs else 0
    if n < 2:
        return xs
    odd = prefixes(pairs, pairs([x[0:-1:2] for x in xs], [x[1::2] for x in xs]))
    even = [x[:1] for x in xs]
    if n > 2:
        later = pairs([x[: (n - 1) // 2] for x in odd], [x[2::2] for x in xs])
        even = [np.concatenate([x, y]) for x, y in zip(even, later, strict=True)]
    return [woven(x, y) for x, y in zip(even, odd, strict=True)]


def woven(even: Any, odd: Any) -> Any:
    """The rows of two arrays in turn."""
    k = odd.shape[0]
    both = np.reshape(np.stack([even[:k], odd], 1), (2 * k, *odd.shape[1:]))
    return both if even.shape[0] == k else np.concatenate([both, even[k:]])
