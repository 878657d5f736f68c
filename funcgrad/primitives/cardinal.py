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
    if order == 0:  # where the quotient is as accurate as its parts
        return np.where(x == 0, 1, np.sin(x) / np.where(x == 0, 1, x)).astype(x.dtype)[()]
    near = np.abs(x) <= order + 1
    z = np.empty_like(x)
    z[near], z[~near] = series(order, x[near]), recurrence(order, x[~near])
    return z[()]


def series(order: int, x: Any) -> Any:
    """The power series, by Horner's rule: 1 - y/(1 (2n+3)) (1 - y/(2 (2n+5)) (1 - …)) with y = x²/2, over (2n+1)!!."""
    y = x * x * -0.5
    total = np.ones_like(x)
    for k in range(2 * order + 10, 0, -1):
        total *= y
        total /= k * (2 * order + 2 * k + 1)
        total += 1
    return total / np.prod(np.arange(1.0, 2 * order + 2, 2))


def recurrence(order: int, x: Any) -> Any:
    """The recurrence upwards."""
    low, z = np.cos(x), np.sin(x) / x  # g₋₁ and g₀
    for n in range(order):
        low, z = z, ((2 * n + 1) * z - low) / (x * x)
    return z


@frozen(eq=False, repr=False)
class ModifiedBessel(Op):
    """z = Iₙ(x), the modified Bessel function.  I₀′ = I₁ and Iₙ′ = (Iₙ₋₁ + Iₙ₊₁) / 2.

    I₀ is NumPy's. Of the others, where |x| ≤ 30, the sum of (x/2)²ᵏ⁺ⁿ / (k! (k+n)!), in which nothing cancels;
    elsewhere eˣ / √(2πx) times the sum of Πⱼ ((2j-1)² - 4n²) / (8jx) over j ≤ k, of which 30 terms suffice.
    Abramowitz and Stegun (1964), 9.6.10, 9.6.27 and 9.7.1.
    """

    #: n.
    order: int

    def run(self, x: Any) -> Any:
        return np.i0(x)[()] if self.order == 0 else modified(self.order, x)

    def infer(self, x: Any) -> Any:
        return x

    def pull(self, zbar: Any, z: Any, args: tuple[Any, ...], wanted: Sequence[int]) -> list[Any]:
        return [self.push([zbar], z, args)]

    def push(self, dots: list[Any], z: Any, args: tuple[Any, ...]) -> Any:
        (x,) = args
        above = ModifiedBessel(self.order + 1)(x)
        return dots[0] * (above if self.order == 0 else (ModifiedBessel(self.order - 1)(x) + above) * 0.5)

    def batched(self, size: int, which: tuple[bool, ...], args: tuple[Any, ...]) -> Any:
        return self(*args)


def modified(order: int, x: Any) -> Any:
    """Iₙ(x), n > 0."""
    size = np.abs(x).astype(np.float64)
    near = size <= 30
    z = np.where(near, rising(order, np.where(near, size, 0)), asymptotic(order, np.where(near, 30, size)))
    return (z * np.sign(x) if order % 2 else z).astype(x.dtype)[()]


def rising(order: int, x: Any) -> Any:
    """The power series."""
    term = np.ones_like(x)
    for k in range(1, order + 1):
        term = term * (x / 2) / k
    total = term
    for k in range(1, 75):
        term = term * (x * x) / (4 * k * (k + order))
        total = total + term
    return total


def asymptotic(order: int, x: Any) -> Any:
    """The asymptotic series."""
    term = total = np.ones_like(x)
    for k in range(1, 31):
        term = term * ((2 * k - 1) ** 2 - 4 * order * order) / (8 * k * x)
        total = total + term
    return np.exp(x) / np.sqrt(2 * np.pi * x) * total
