"""Shuffling: orders and samples of what is there already."""

from math import prod
from typing import Any

import numpy as np

from funcgrad.errors import BadArgument
from funcgrad.graph.provenance import refuse
from funcgrad.graph.types import type_of
from funcgrad.numpy.creation import take
from funcgrad.random.arguments import number, real, satisfies, shape_of
from funcgrad.random.continuous import fractions
from funcgrad.random.discrete import gumbel, randint
from funcgrad.random.drawing import Decisive
from funcgrad.random.keys import drawn


def things(name: str, value: Any) -> Any:
    """An array, or the numbers below n."""
    if isinstance(value, int | np.integer) and not isinstance(value, bool):
        satisfies(name, "n", value, lambda n: n >= 0, "n ≥ 0")
        return np.arange(value)
    found = number(name, "the array", value, "biufc")
    if not type_of(found).shape:
        refuse(
            BadArgument,
            f"random.{name} was given {type_of(found)!r} to take from. It takes a whole number n or an array.",
            "Pass an int that is known, or an array.",
        )
    return found


def permutation(key: Any, x: Any, axis: int = 0, independent: bool = False) -> Any:
    """The numbers below x in a random order, or an array's slices along an axis; or each column's by itself.

    The order sorts 64-bit words. Elements keep their derivatives.

    >>> from funcgrad import random
    >>> permutation(random.key(0), 5)
    array([0, 2, 1, 4, 3])
    """
    own = things("permutation", x)
    lengths = type_of(own).shape
    axis = np.lib.array_utils.normalize_axis_index(axis, len(lengths))
    if independent:
        order = np.argsort(drawn("permutation", key, lengths), axis=axis, kind="stable")
        return np.take_along_axis(own, order, axis)
    return take(own, np.argsort(drawn("permutation", key, (lengths[axis],)), kind="stable"), axis)


def choice(key: Any, a: Any, shape: Any = (), replace: bool = True, p: Any = None, axis: int = 0) -> Any:
    """A random sample of the numbers below a, or of an array's slices along an axis, by probabilities p if given.

    Without replacement it is the start of a `permutation`; with p too, the largest of log p - log(-log u). Elements
    keep their derivatives; one in p is refused (`NotReparameterised`). Probabilities are divided by their sum.

    >>> from funcgrad import random
    >>> choice(random.key(0), np.array([1.0, 2.0, 4.0]), (4,))
    array([1., 1., 1., 2.])
    """
    own, size = things("choice", a), shape_of("choice", shape)
    axis = np.lib.array_utils.normalize_axis_index(axis, len(type_of(own).shape))
    n, count = type_of(own).shape[axis], prod(size)
    if (n == 0 and count) or (count > n and not replace):
        refuse(
            BadArgument,
            f"random.choice was asked for {count} of {n} things{'' if replace else ' without replacement'}.",
            "Ask for fewer, or write replace=True." if n else "Give it something to choose from.",
        )
    weights = None if p is None else Decisive("choice", "p")(real("choice", "p", p))
    if weights is not None:
        if type_of(weights).shape != (n,):
            refuse(
                BadArgument,
                f"random.choice was given p of shape {type_of(weights).shape} for {n} things. Each has a probability.",
                f"Pass a vector of {n}.",
            )
        satisfies("choice", "p", weights, lambda x: x >= 0, "p ≥ 0")
        satisfies("choice", "sum of p", np.sum(weights), lambda x: x > 0, "a positive sum")
    return take(own, picked(key, n, size, replace, weights), axis)


def picked(key: Any, n: int, size: tuple[int, ...], replace: bool, weights: Any) -> Any:
    """The positions of a sample."""
    if weights is None and replace:
        return randint(key, size, 0, max(n, 1))
    if weights is None:
        order = np.argsort(drawn("choice", key, (n,)), kind="stable")
        return np.reshape(order[: prod(size)], size)
    if replace:
        sums = np.cumsum(weights)
        # 1 - u is never 0, so that nothing of probability 0 comes first; nor last, as it is at most the sum.
        return np.searchsorted(sums, sums[-1] * (1 - fractions("choice", key, size, np.float64)))
    with np.errstate(divide="ignore"):
        order = np.argsort(-(np.log(weights) + gumbel("choice", key, (n,))), kind="stable")
    return np.reshape(order[: prod(size)], size)
