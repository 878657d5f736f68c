"""Discrete distributions: whole numbers, which have no derivative in what they are drawn by."""

from math import prod
from typing import Any

import numpy as np

from funcgrad.errors import BadArgument
from funcgrad.graph.node import Node
from funcgrad.graph.provenance import refuse
from funcgrad.graph.types import Type, type_of
from funcgrad.random.arguments import checked, common, number, real, real_dtype, satisfies, shape_of
from funcgrad.random.continuous import at, fractions
from funcgrad.random.drawing import Decisive, Poisson, Whole
from funcgrad.random.keys import drawn


def randint(key: Any, shape: Any, minval: Any, maxval: Any, dtype: Any = int) -> Any:
    """Whole numbers from minval to below maxval, which may be traced: the upper half of a word times the span.

    Each comes up as often as any other, but for one part in 2⁶⁴/(maxval - minval). Lemire, *Fast random integer
    generation in an interval*, ACM TOMACS 29 (2019), without its rejection. With unknown bounds that leave no number
    it is minval.

    >>> from funcgrad import random
    >>> randint(random.key(0), (5,), 1, 7)
    array([1, 2, 1, 4, 4])
    """
    kind, size = real_dtype("randint", dtype, "iu"), shape_of("randint", shape)
    low, top = number("randint", "minval", minval, "iu"), number("randint", "maxval", maxval, "iu")
    common("randint", size, low, top)
    bounds, limits = [one.value if type(one) is Node else one for one in (low, top)], np.iinfo(kind)
    if not any([type(one) is Type for one in bounds]):
        if np.any(bounds[0] >= bounds[1]):
            refuse(
                BadArgument,
                f"random.randint was given minval={minval!r} and maxval={maxval!r}. No number is below maxval.",
                "maxval is excluded: write maxval + 1 for a range that ends with it.",
            )
        if np.any(bounds[0] < limits.min) or np.any(bounds[1] > limits.max + (kind.itemsize < 8 or kind.kind == "i")):
            refuse(
                BadArgument,
                f"random.randint was asked for {kind.name} between {minval!r} and {maxval!r}. They do not hold these.",
                "Choose a larger dtype, or nearer bounds.",
            )
    return Whole(kind)(drawn("randint", key, size), low, top)


def bernoulli(key: Any, p: Any = 0.5, shape: Any = None) -> Any:
    """Truth values that hold with probability p: u < p.  A derivative in p is refused (`NotReparameterised`).

    >>> from funcgrad import random
    >>> bernoulli(random.key(0), 0.2, (4,))
    array([ True, False,  True, False])
    """
    own = Decisive("bernoulli", "p")(real("bernoulli", "p", p))
    satisfies("bernoulli", "p", own, lambda x: (x >= 0) & (x <= 1), "0 ≤ p ≤ 1")
    return fractions("bernoulli", key, common("bernoulli", shape, own), np.float64) < own


def categorical(key: Any, logits: Any, axis: int = -1, shape: Any = None) -> Any:
    """Which of n things, with probabilities in proportion to exp(logits) along `axis`: argmax(logits - log(-log u)).

    `shape` ends with the shape of logits without the axis. Gumbel, *Statistical theory of extreme values* (1954); the
    derivative in logits is refused (`NotReparameterised`).

    >>> from funcgrad import random
    >>> categorical(random.key(0), np.log(np.array([0.2, 0.3, 0.5])), shape=(4,))
    array([2, 1, 1, 1])
    """
    own = Decisive("categorical", "logits")(real("categorical", "logits", logits))
    lengths = type_of(own).shape
    if not lengths or not -len(lengths) <= axis < len(lengths) or not lengths[axis]:
        refuse(
            BadArgument,
            f"random.categorical was given logits of shape {lengths} and axis={axis}. There is nothing to choose from.",
            "Give logits an axis of the things to choose from, and name it.",
        )
    own = np.moveaxis(own, axis, -1)
    size = common("categorical", shape, own[..., 0])
    return np.argmax(own + gumbel("categorical", key, (*size, lengths[axis])), axis=-1)


def gumbel(name: str, key: Any, shape: tuple[int, ...]) -> Any:
    """-log(-log u) of fractions that are never 0 or 1."""
    return -np.log(-np.log(fractions(name, key, shape, np.float64) + 2.0**-54))


def poisson(key: Any, lam: Any, shape: Any = None, dtype: Any = int) -> Any:
    """Poisson numbers of mean lam: by counting below 10, else by Hörmann's transformed rejection (1993).

    Of an unknown lam that is negative, not a number or 2⁶² and more, -1. A derivative in lam is refused
    (`NotReparameterised`).

    >>> from funcgrad import random
    >>> poisson(random.key(0), 3.0, (5,)).tolist()
    [2, 3, 2, 3, 5]
    """
    kind = real_dtype("poisson", dtype, "iu")
    own = Decisive("poisson", "lam")(real("poisson", "lam", lam))
    satisfies("poisson", "lam", own, lambda x: (x >= 0) & (x < 2.0**62), "0 ≤ lam < 2**62")
    size = common("poisson", shape, own)
    flat = np.reshape(np.broadcast_to(own, size), (prod(size),))
    found = Poisson()(checked("poisson", key), flat).reshape(size)
    return at(kind, found[()] if type(found) is np.ndarray else found)
