"""The distribution function of angles: that of von Mises, by its Fourier series."""

import math
from typing import Any, ClassVar

import numpy as np
from attrs import frozen
from scipy import special

from funcgrad.graph.dispatch import saved
from funcgrad.graph.types import Type
from funcgrad.primitives.kinds import Opaque, with_rank


@saved
@frozen(eq=False, repr=False)
class VonMisesSeries(Opaque):
    """S = (1/π) Σ jᵐ⁻¹ Aⱼ⁽ⁿ⁾(κ) sin⁽ᵐ⁾(jy) over j ≥ 1, Aⱼ = Iⱼ(κ)/I₀(κ), element by element: of order n in κ, m in y.

    Of orders 0 and 0 it is the distribution function but for its straight part (Mardia and Jupp, *Directional
    Statistics* (2000), 3.5.25).  ∂S/∂y is the series of order m + 1 and ∂S/∂κ that of order n + 1, by
    2 Aⱼ' = Aⱼ₋₁ + Aⱼ₊₁ - 2 Aⱼ A₁ (DLMF 10.29.1).
    """

    reads: ClassVar[str] = "x y"

    #: The order of the derivative with respect to κ.
    order: int = 0
    #: That with respect to y.
    turns: int = 0

    def run(self, y: Any, kappa: Any) -> Any:
        return fourier(y, kappa, self.order, self.turns)

    def infer(self, y: Any, kappa: Any) -> Any:
        return Type(np.broadcast_shapes(y.shape, kappa.shape), np.dtype(np.float64))

    def vjp(self, Sbar: Any, _S: Any, y: Any, kappa: Any) -> tuple[Any, Any]:
        by_y = Sbar * VonMisesSeries(self.order, self.turns + 1)(y, kappa)
        return by_y, Sbar * VonMisesSeries(self.order + 1, self.turns)(y, kappa)

    def jvp(self, dots: Any, _S: Any, y: Any, kappa: Any) -> Any:
        series = (VonMisesSeries(self.order, self.turns + 1), VonMisesSeries(self.order + 1, self.turns))
        terms = [dot * one(y, kappa) for dot, one in zip(dots, series, strict=True) if dot is not None]
        return sum(terms[1:], terms[0])

    def batch(self, *args: Any) -> Any:
        rank = max([a.ndim for a in args]) - 1
        return self(*[with_rank(a, rank) for a in args])


def fourier(y: Any, kappa: Any, order: int, turns: int) -> Any:
    """The series, summed until Aⱼ, which is near exp(-j²/2κ), is below rounding; NaN where an argument is no number."""
    total = 0.0 * (y + kappa)
    finite = np.where(np.isfinite(kappa), np.maximum(kappa, 0.0), 0.0)
    terms = 12 + 4 * (order + turns) + math.ceil(9 * math.sqrt(np.max(finite, initial=0.0)))
    weights = ratios(finite, terms, order)
    for j in range(1, terms):
        total = total + float(j) ** (turns - 1) * weights[j] * np.sin(j * y + turns * np.pi / 2)
    return total / np.pi


def ratios(kappa: Any, terms: int, order: int) -> Any:
    """The derivatives of Aⱼ of an order, a row for each j: by Leibniz from those of lower orders."""
    j = np.arange(terms + order).reshape(-1, *[1] * np.ndim(kappa))
    found = [special.ive(j, kappa) / special.i0e(kappa)]
    for n in range(order):
        last = found[-1]
        lower = np.concatenate([last[1:2], last[:-2]])
        product = sum(math.comb(n, k) * found[k][: len(lower)] * found[n - k][1] for k in range(n + 1))
        found.append((lower + last[1:]) / 2 - product)
    return found[-1]
