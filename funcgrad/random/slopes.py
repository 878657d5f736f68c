"""How gamma numbers move with their shape.

A number x = F⁻¹(u; a) of distribution function F and density f moves, at a fixed u, by dx/da = -(∂F/∂a)/f, however it
was drawn: Figurnov, Mohamed and Mnih, *Implicit reparameterization gradients* (NeurIPS 2018). For a gamma number and
its logarithm l the quotient is an integral without cancellation, over either tail,

    dl/da = ∫₀^∞ (c + s) exp(-as + x(1 - e⁻ˢ)) ds = ∫₀^∞ (s - c) exp(as - x(eˢ - 1)) ds,    c = ψ(a) - l,

by t = xe⁻ˢ and t = xeˢ in ∂F/∂a = ∫₀ˣ (log t - ψ(a)) f(t) dt = -∫ₓ^∞ (log t - ψ(a)) f(t) dt. Where x ≤ 2 the powers of
x are integrated one by one. Elsewhere the trapezoidal rule in r, of s = S exp(r - e⁻ʳ), converges exponentially:
Takahasi and Mori, *Double exponential formulas for numerical integration* (1974).
"""

from typing import Any

import numpy as np

from funcgrad.graph.op import admit
from funcgrad.primitives.stopping import Stop

#: The coefficients of ψ(x) - log x + 1/2x in 1/x², times it, the highest first: -B₂ₖ/2k.  DLMF 5.11.2.
DIGAMMA = (3617 / 8160, -1 / 12, 691 / 32760, -1 / 132, 1 / 240, -1 / 252, 1 / 120, -1 / 12)
#: So many powers of x ≤ 2 there are before they count no more.
POWERS = 30
#: The trapezoidal rule: nodes, as multiples of S, and weights.
STEP = 0.1
_PLACES = np.arange(-3.5, 3.9, STEP)
NODES = np.exp(_PLACES - np.exp(-_PLACES))
WEIGHTS = STEP * NODES * (1 + np.exp(-_PLACES))


def digamma(x: Any) -> Any:
    """ψ of positive numbers: the asymptotic series at x + 8, taken back by ψ(x) = ψ(x + 1) - 1/x.  DLMF 5.5.2."""
    back: Any = 0.0
    for i in range(8):
        back = back + 1 / (x + i)
    y = x + 8
    series: Any = 0.0
    for coefficient in DIGAMMA:
        series = (series + coefficient) / (y * y)
    return np.log(y) - 0.5 / y + series - back


def slope(log: Any, a: Any) -> Any:
    """dl/da of the logarithm l of a gamma number of shape a: of traced values, with derivatives of every order."""
    log, a = admit(log), admit(a)
    x, c = np.exp(log), digamma(a) - log
    small = x <= 2
    return np.where(small, by_powers(np.where(small, x, 2.0), a, c), by_nodes(np.where(small, 2.0, x), a, c))


def by_powers(x: Any, a: Any, c: Any) -> Any:
    """The first integral, eˣ Σ (-x)ᵏ/k! (c/(a+k) + 1/(a+k)²)."""
    total, power = (c + 1 / a) / a, 1.0
    for k in range(1, POWERS):
        power = -power * x / k
        total = total + power * (c + 1 / (a + k)) / (a + k)
    return np.exp(x) * total


def by_nodes(x: Any, a: Any, c: Any) -> Any:
    """The integral over the tail in which log t - ψ(a) has one sign, by the trapezoidal rule."""
    way = np.where(c < 0, -1.0, 1.0)
    gap = np.abs(a - x)
    scale = way * Stop()(2 / (gap + np.sqrt(gap * gap + 2 * x)))  # about where the exponent has fallen by one
    column = (-1,) + (1,) * np.ndim(x)
    s = scale * NODES.reshape(column)
    terms = WEIGHTS.reshape(column) * (s + c) * np.exp(-a * s - x * np.expm1(-s))
    return scale * np.sum(terms, axis=0)
