"""Streams: truncated power series Σ cₖ tᵏ whose coefficients are computed in order, each when it is asked for."""

from collections.abc import Callable
from typing import Any

import numpy as np
from attrs import define, field

from funcgrad.graph.node import Node
from funcgrad.graph.types import type_of
from funcgrad.primitives.kinds import zeros_like
from funcgrad.sweeps.edges import stretch_to

#: So many products are summed by one call of NumPy's; fewer, or traced ones, one by one.
MANY = 3
#: Arrays of fewer numbers are multiplied and summed quicker as rows, by `vecdot`; larger ones by `einsum` (measured).
SMALL = 256


@define(eq=False, repr=False)
class Stream:
    """A power series. A coefficient is a plain value, a node, or None for zero."""

    #: The coefficients so far.
    known: list[Any]
    #: The number of the last coefficient that will be asked for.
    order: int
    #: The number of the last coefficient that may not be zero.
    last: int = field(init=False)
    #: What makes the function that computes coefficient k from those before it, when k > 0 is first asked for.
    begin: Callable[["Stream"], Callable[[int], Any]] | None = None
    #: That function.
    next: Callable[[int], Any] | None = None
    #: The coefficients along axis 0, where they are plain arrays of one type.
    rows: Any = None
    #: How many of them are there.
    filled: int = 0
    #: The series of the derivative, once it is asked for.
    rate: Any = field(default=None)

    @last.default
    def _last(self) -> int:
        return self.order

    def at(self, k: int) -> Any:
        """Coefficient k."""
        known = self.known
        if k < len(known):
            return known[k]
        if self.next is None:
            if self.begin is None:
                return None
            self.next = self.begin(self)
        shape = shape_of(known[0])
        while len(known) <= k:
            c = self.next(len(known)) if len(known) <= self.last else None
            if c is not None and shape_of(c) != shape:
                c = stretch_to(c, shape)
            known.append(c)
        return known[k]

    def slope(self) -> "Stream":
        """The series of the derivative with respect to t: coefficient k is (k+1) cₖ₊₁."""
        if self.rate is None:
            first = zeros_like(self.known[0]) if self.at(1) is None else self.at(1)
            self.rate = Stream([first], self.order - 1, lambda _: lambda k: times(k + 1, self.at(k + 1)))
            self.rate.last = self.last - 1
        rate: Stream = self.rate
        return rate

    def stack(self, stop: int) -> Any:
        """The coefficients before `stop` along axis 0; None where they are not all plain arrays of one type."""
        first = self.known[0]
        if type(first) is not np.ndarray or self.filled < 0:
            return None
        if self.rows is None:
            self.rows = np.zeros((self.order + 1, *first.shape), first.dtype)
        for k in range(self.filled, stop):
            c = self.at(k)
            if c is not None:
                if type(c) is not np.ndarray or c.dtype != first.dtype:
                    self.filled = -1
                    return None
                self.rows[k] = c
            self.filled = k + 1
        return self.rows


def times(factor: int, c: Any) -> Any:
    """A coefficient times a number."""
    return c if c is None or factor == 1 else factor * c


def plus(a: Any, b: Any) -> Any:
    """The sum of two coefficients, of which None is zero."""
    return b if a is None else a if b is None else a + b


def minus(a: Any, b: Any) -> Any:
    """Their difference."""
    return a if b is None else -b if a is None else a - b


def over(a: Any, b: Any) -> Any:
    """A coefficient divided by a number or a value."""
    return None if a is None else a / b


def convolved(a: Stream, b: Stream, k: int, low: int = 0, high: int = 0) -> Any:
    """Σ aⱼ bₖ₋ⱼ over low ≤ j ≤ k - high: coefficient k of the product, in part."""
    low, stop = max(low, k - b.last), min(k - high, a.last) + 1
    if stop <= low:
        return None
    if a is b and low + stop == k + 1:  # each product of two stands there twice
        middle = (low + stop) // 2
        half = times(2, convolved_between(a, b, k, low, middle)) if middle > low else None
        own = a.at(middle) if (stop - low) % 2 else None
        return half if own is None else plus(half, own * own)
    return convolved_between(a, b, k, low, stop)


def convolved_between(a: Stream, b: Stream, k: int, low: int, stop: int) -> Any:
    """Σ aⱼ bₖ₋ⱼ over low ≤ j < stop."""
    if stop - low >= MANY and shape_of(a.known[0]) == shape_of(b.known[0]) != ():
        one, other = a.stack(stop), b.stack(k - low + 1)
        if one is not None and other is not None and one.dtype == other.dtype:
            xs, ys = one[low:stop], other[k - low :: -1][: stop - low]
            if xs[0].size < SMALL and xs.dtype.kind == "f":
                return along_first(xs, ys)
            return np.einsum("k...,k...->...", xs, ys)
    total = None
    for j in range(low, stop):
        x, y = a.at(j), b.at(k - j)
        if x is not None and y is not None:
            total = x * y if total is None else total + x * y
    return total


def along_first(xs: Any, ys: Any) -> Any:
    """Σ xs·ys over axis 0."""
    dot: Any = np.vecdot
    return dot(xs, ys, axis=0)


def shape_of(value: Any) -> Any:
    """The shape of a value or a node."""
    return getattr(value, "shape", ())


def first(value: Any) -> Any:
    """The value at t = 0 of a series, or of a constant."""
    return value.known[0] if type(value) is Stream else value


def coefficient(value: Any, k: int) -> Any:
    """Coefficient k > 0 of a series, or of a constant."""
    return value.at(k) if type(value) is Stream else None


def traced(value: Any) -> bool:
    """Whether a value is a node, so that what it is cannot be asked for good."""
    return type(value) is Node


def bare(value: Any) -> Any:
    """The type of a value, alone."""
    return type_of(value).bare() if type(value) is not tuple else tuple(map(bare, value))
