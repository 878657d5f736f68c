"""The cardinal sine, sin x / x, and its derivatives."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from attrs import frozen

from funcgrad.graph.op import Op


@frozen(eq=False, repr=False)
class Bessel(Op):
    """z = gₙ(x) = jₙ(x) / xⁿ with the spherical Bessel function jₙ, so that g₀(x) = sin x / x.  gₙ′(x) = -x gₙ₊₁(x).

    Even and smooth, which the quotient is not in rounded numbers: where |x| ≤ n + 1 it is the sum of
    (-x²/2)ᵏ / (k! (2n+2k+1)!!), elsewhere x² gₙ₊₁ = (2n+1) gₙ - gₙ₋₁ from g₀ and g₁, which is stable there.
    Abramowitz and Stegun, *Handbook of Mathematical Functions* (1964), 10.1.2, 10.1.19 and 10.1.25.
    """

    #: n.
    order: int

    def run(self, x: Any) -> Any:
        return bessel(self.order, x)

    def infer(self, x: Any) -> Any:
        return x

    def pull(self, zbar: Any, z: Any, args: tuple[Any, ...], wanted: Sequence[int]) -> list[Any]:
        return [self.push([zbar], z, args)]

    def push(self, dots: list[Any], z: Any, args: tuple[Any, ...]) -> Any:
        return -dots[0] * args[0] * Bessel(self.order + 1)(args[0])

    def batched(self, size: int, which: tuple[bool, ...], args: tuple[Any, ...]) -> Any:
        return self(*args)


def bessel(order: int, x: Any) -> Any:
    """gₙ(x)."""
    near = np.abs(x) <= order + 1
    z = np.where(near, series(order, np.where(near, x, 0)), recurrence(order, np.where(near, 1, x)))
    return z.astype(x.dtype)[()]


def series(order: int, x: Any) -> Any:
    """The power series."""
    term = total = np.ones_like(x) / np.prod(np.arange(1.0, 2 * order + 2, 2))
    for k in range(1, 2 * order + 16):
        term = term * (x * x) * (-0.5 / (k * (2 * order + 2 * k + 1)))
        total = total + term
    return total


def recurrence(order: int, x: Any) -> Any:
    """The recurrence upwards."""
    low, z = np.cos(x), np.sin(x) / x  # g₋₁ and g₀
    for n in range(order):
        low, z = z, ((2 * n + 1) * z - low) / (x * x)
    return z
