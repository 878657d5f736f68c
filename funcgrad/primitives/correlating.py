"""Correlations: products of two rows of numbers at every offset of one from the other."""

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from attrs import frozen

from funcgrad.graph.types import Type
from funcgrad.primitives.contracting import chained
from funcgrad.primitives.kinds import Multilinear, finite

#: Sums longer than twice this go by parts of it (measured: up to five times as quick).
PART = 2048


@frozen(eq=False, repr=False)
class Correlation(Multilinear):
    """zₖ = Σⱼ xₖ₊ⱼ yⱼ for the offsets k at which y lies within x; if `full`, for all at which they meet.

    With n and m the lengths of x and y and y′ the reverse of y, the transposes are correlations again, each of n m
    products as z is: if not full, x̄ᵢ = Σⱼ z̄ᵢ₋ⱼ yⱼ, the full one of z̄ and y′, and ȳⱼ = Σₖ xⱼ₊ₖ z̄ₖ, that of x and z̄; if
    full, x̄ that of z̄ and y′, and ȳ the reverse of that of z̄ and x. Axes before the last are a batch.
    A primitive for speed: a product of the windows of x with y would go over memory m times.
    """

    #: Whether x has zeros on both sides, so that there are n + m - 1 offsets and not n - m + 1.
    full: bool

    def run(self, x: Any, y: Any) -> Any:
        return correlated(x, y, self.full)

    def infer(self, x: Any, y: Any) -> Any:
        n, m = x.shape[-1], y.shape[-1]
        return Type((*x.shape[:-1], n + m - 1 if self.full else n - m + 1), np.result_type(x.dtype, y.dtype))

    def transpose_of(self, i: int, zbar: Any, *args: Any) -> Any:
        x, y = args
        within = type(self)(full=False)
        if i == 0:
            return (within if self.full else type(self)(full=True))(zbar, y[..., ::-1])
        return within(zbar, x)[..., ::-1] if self.full else within(x, zbar)

    def pull_carefully(self, zbar: Any, z: Any, args: tuple[Any, ...], wanted: Sequence[int]) -> list[Any]:
        careful = ChainCorrelation(self.full)
        return [(self if finite(args[1 - i]) else careful).transpose_of(i, zbar, *args) for i in wanted]

    def batch(self, *args: Any) -> Any:
        return self(*args)


@frozen(eq=False, repr=False)
class ChainCorrelation(Correlation):
    """zₖ = Σⱼ xₖ₊ⱼ yⱼ where 0·∞ = 0, as in `kinds.Chain`."""

    hides: ClassVar[bool] = True

    def run(self, x: Any, y: Any) -> Any:
        return chained(lambda x, y: correlated(x, y, self.full), x, y)


def correlated(x: Any, y: Any, full: bool) -> Any:
    """The correlation of plain arrays, row by row."""
    one = met if full else within
    if x.ndim == 1:
        return one(x, y)
    n, m = x.shape[-1], y.shape[-1]
    z = np.empty((*x.shape[:-1], n + m - 1 if full else n - m + 1), np.result_type(x, y))
    for row in np.ndindex(x.shape[:-1]):
        z[row] = one(x[row], y[row])
    return z


def met(x: Any, y: Any) -> Any:
    """zₖ = Σⱼ xₖ₊ⱼ yⱼ for all offsets at which two rows meet."""
    return np.convolve(x, y[::-1], "full")


def within(x: Any, y: Any) -> Any:
    """zₖ = Σⱼ xₖ₊ⱼ yⱼ for all offsets at which y lies within x: of a long y a part at a time, which the cache holds."""
    m = y.shape[0]
    if m <= 2 * PART:
        return np.convolve(x, y[::-1], "valid")
    z = np.zeros(x.shape[0] - m + 1, np.result_type(x, y))
    for start in range(0, m, PART):
        part = y[start : start + PART]
        z += np.convolve(x[start : start + z.size + part.size - 1], part[::-1], "valid")
    return z
