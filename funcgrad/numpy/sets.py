"""NumPy's sets: the different values of known arrays, and what several have in common, by its own names.

Values are gathered from sorted ones: equal elements, of whichever array, share the derivative equally.
"""

from typing import Any

import numpy as np

from funcgrad.graph.dispatch import implements
from funcgrad.graph.node import Node
from funcgrad.graph.op import admit
from funcgrad.numpy.ordering import plain
from funcgrad.numpy.shaping import operand
from funcgrad.primitives.indexing import demanded

ASKED = "Which values arrays have in common"
KEEP = "Choose with np.where and np.isin, which keep the shape, or ask it of plain arrays outside the transform."
#: NumPy's own named tuples.
AllResult: Any = type(np.unique_all(np.zeros(0)))
CountsResult: Any = type(np.unique_counts(np.zeros(0)))
InverseResult: Any = type(np.unique_inverse(np.zeros(0)))


# ---- different values ------------------------------------------------------------------------------------------------
@implements(np.unique_values)
def unique_values(x: Any) -> Any:
    """The different values, ascending; each NaN is one of its own."""
    return np.unique(x, equal_nan=False)


@implements(np.unique_counts)
def unique_counts(x: Any) -> Any:
    """The different values, and how often each occurs."""
    return CountsResult(*np.unique(x, return_counts=True, equal_nan=False))


@implements(np.unique_inverse)
def unique_inverse(x: Any) -> Any:
    """The different values, and for each element which it is."""
    return InverseResult(*np.unique(x, return_inverse=True, equal_nan=False))


@implements(np.unique_all)
def unique_all(x: Any) -> Any:
    """The different values, where each stands first, for each element which it is, and how often each occurs."""
    return AllResult(*np.unique(x, True, True, True, equal_nan=False))


# ---- several sets ----------------------------------------------------------------------------------------------------
def known(*arrays: Any) -> list[Any]:
    """Arrays as they are, if their values are known."""
    found = [operand(a) for a in arrays]
    for a in found:
        demanded(a, ASKED, KEEP)
    return found


def members(assume_unique: bool, *arrays: Any) -> list[Any]:
    """The different values of each array."""
    return [np.reshape(a, -1) if assume_unique else np.unique(a) for a in known(*arrays)]


@implements(np.union1d)
def union1d(ar1: Any, ar2: Any) -> Any:
    """The values of either array."""
    return np.unique(np.concatenate(known(ar1, ar2), axis=None))


@implements(np.intersect1d)
def intersect1d(ar1: Any, ar2: Any, assume_unique: bool = False, return_indices: bool = False) -> Any:
    """The values of both arrays, and where they stand first in each."""
    both = np.concatenate(members(assume_unique, ar1, ar2))
    numbers = np.sort(plain(both))
    z = np.sort(both)[:-1][numbers[1:] == numbers[:-1]]
    if not return_indices:
        return z
    one, other = map(plain, known(ar1, ar2))
    return (z, *np.intersect1d(one, other, assume_unique, return_indices=True)[1:])


@implements(np.setxor1d)
def setxor1d(ar1: Any, ar2: Any, assume_unique: bool = False) -> Any:
    """The values of one array alone."""
    both = np.sort(np.concatenate(members(assume_unique, ar1, ar2)))
    numbers = plain(both)
    differs = np.concatenate([[True], numbers[1:] != numbers[:-1], [True]]) if numbers.size else np.ones(1, bool)
    return both[differs[1:] & differs[:-1]]


@implements(np.setdiff1d)
def setdiff1d(ar1: Any, ar2: Any, assume_unique: bool = False) -> Any:
    """The values of the first array that the second has not."""
    one, other = members(assume_unique, ar1, ar2)
    return one[np.isin(plain(one), plain(other), invert=True)]


@implements(np.isin)
def isin(
    element: Any, test_elements: Any, assume_unique: bool = False, invert: bool = False, *, kind: Any = None
) -> Any:
    """Which elements are among others: plain truth values of known ones."""
    element, others = admit(element), np.reshape(admit(test_elements), -1)
    if all(type(a) is not Node or a.known for a in (element, others)):
        return np.isin(plain(element), plain(others), assume_unique, invert, kind=kind)
    among = np.any(np.expand_dims(element, -1) == others, -1)
    return np.logical_not(among) if invert else among
