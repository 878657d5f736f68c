"""Convolutions over several axes, by their definition."""

from typing import Any

import numpy as np
from attrs import frozen
from scipy.signal import convolve

from funcgrad.graph.dispatch import saved
from funcgrad.graph.types import Type
from funcgrad.primitives.kinds import Multilinear


@saved
@frozen(eq=False, repr=False)
class Convolution(Multilinear):
    """zₖ = Σⱼ xₖ₋ⱼ yⱼ over the last axes, for all k; if not `full`, for those at which all of y lies within x.

    With ′ the reverse along these axes, x̄ and ȳ of a full one are those of z̄ and y′ and of z̄ and x′ that are not full;
    else x̄ is the full one of z̄ and y′, and ȳ the reverse of that of x and z̄′. Axes before the last are a batch.
    A primitive for speed: one loop of SciPy's over both arrays.
    """

    #: How many axes.
    rank: int
    #: Whether x has zeros on all sides.
    full: bool

    def run(self, x: Any, y: Any) -> Any:
        mode, stack = "full" if self.full else "valid", x.shape[: x.ndim - self.rank]
        sign = 1 if self.full else -1
        core = [n + sign * (m - 1) for n, m in zip(x.shape[-self.rank :], y.shape[-self.rank :], strict=True)]
        z = np.zeros((*stack, *core), np.result_type(x.dtype, y.dtype))
        for i in np.ndindex(stack):
            z[i] = convolve(x[i], y[i], mode, "direct")
        return z

    def infer(self, x: Any, y: Any) -> Any:
        sign, pairs = 1 if self.full else -1, zip(x.shape[-self.rank :], y.shape[-self.rank :], strict=True)
        core = [n + sign * (m - 1) for n, m in pairs]
        return Type((*x.shape[: x.ndim - self.rank], *core), np.result_type(x.dtype, y.dtype))

    def transpose_of(self, i: int, zbar: Any, *args: Any) -> Any:
        x, y = args
        within = Convolution(self.rank, False)
        if self.full:
            return within(zbar, self.reverse(args[1 - i]))
        if i == 0:
            return Convolution(self.rank, True)(zbar, self.reverse(y))
        return self.reverse(within(x, self.reverse(zbar)))

    def reverse(self, a: Any) -> Any:
        """An array, reversed along the axes of the convolution."""
        return a[(..., *(slice(None, None, -1),) * self.rank)]

    def batch(self, *args: Any) -> Any:
        return self(*args)
