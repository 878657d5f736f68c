"""Entropies, logistic functions, power transforms and losses of statistics, and elementary functions of SciPy's own."""

from math import factorial
from typing import Any

import numpy as np
from scipy import special

from funcgrad.primitives.pointwise import lowered, or_one
from funcgrad.scipy.rows import polynomial, row

LOG2, LOG10 = float(np.log(2)), float(np.log(10))
DEGREE = float(np.pi / 180)
#: 1 / (k! (k+2)) from the last of so many terms on, which are exact to rounding where |t| < 1.
SLOPES = tuple([1 / (factorial(k) * (k + 2)) for k in reversed(range(20))])


def over(x: Any, y: Any, at: Any) -> Any:
    """x / y, and 0 where both vanish: there `x log` is 0 whatever the logarithm. `at` is where y vanishes."""
    return x / np.where((x == 0) & at, 1, y)


def doubly(t: Any) -> Any:
    """d/dt of (eᵗ - 1)/t: (eᵗ (t-1) + 1)/t², and where |t| < 1 the sum of tᵏ / (k! (k+2))."""
    near = np.abs(t) < 1
    small, large = np.where(near, t, 0), np.where(near, 1, t)
    return np.where(near, polynomial(SLOPES, small), (np.exp(large) * (large - 1) + 1) / (large * large))


def by_exponent(x: Any, lam: Any) -> Any:
    """∂/∂λ of (xᶫ - 1)/λ = log x · (eᵗ - 1)/t with t = λ log x; at x = 0 it is 1/λ²."""
    log = np.log(or_one(x))
    return np.where(x == 0, 1 / np.square(np.where(x == 0, lam, 1)), log * log * doubly(lam * log))


def by_exponent_1p(x: Any, lam: Any) -> Any:
    """The same of x + 1."""
    log = np.log1p(x)
    return log * log * doubly(lam * log)


def inverse_by_exponent(z: Any, y: Any, lam: Any) -> Any:
    """∂/∂λ of z = (1 + λy)^(1/λ): z y² g′(λy) with g(u) = log(1+u)/u = F(1, 1; 2; -u).  DLMF 15.4.1, 15.5.1."""
    return -z * y * y / 2 * special.hyp2f1(2.0, 2.0, 3.0, -lam * y)


def steepness(delta: Any, r: Any) -> Any:
    """√(1 + (r/δ)²)."""
    return np.sqrt(1 + np.square(r / delta))


# fmt: off
expit = row(special.expit,          lambda _z, x: (0.5 / np.cosh(0.5 * x)) ** 2)  # without overflow
logit = row(special.logit,          lambda _z, x: 1 / (x * (1 - x)))
log_expit = row(special.log_expit,  lambda _z, x: special.expit(-x))
xlogy = row(special.xlogy,          lambda _z, _x, y: np.log(y),            lambda _z, x, y: over(x, y, y == 0))
xlog1py = row(special.xlog1py,      lambda _z, _x, y: np.log1p(y),          lambda _z, x, y: over(x, 1 + y, y == -1))
entr = row(special.entr,            lambda _z, x: -np.log(x) - 1)
rel_entr = row(special.rel_entr,    lambda _z, x, y: np.log(x / y) + 1,     lambda _z, x, y: -over(x, y, y == 0))
kl_div = row(special.kl_div,        lambda _z, x, y: np.log(x / y),         lambda _z, x, y: 1 - over(x, y, y == 0))
huber = row(special.huber,          lambda _z, d, r: np.maximum(np.abs(r) - d, 0),
            lambda _z, d, r: np.minimum(np.maximum(r, -d), d))
pseudo_huber = row(special.pseudo_huber,
                   lambda _z, d, r: r**4 / (d**3 * steepness(d, r) * np.square(1 + steepness(d, r))),
                   lambda _z, d, r: r / steepness(d, r))
boxcox = row(special.boxcox,        lambda _z, x, lam: x ** (lam - 1),      lambda _z, x, lam: by_exponent(x, lam))
boxcox1p = row(special.boxcox1p,    lambda _z, x, lam: np.exp((lam - 1) * np.log1p(x)),
               lambda _z, x, lam: by_exponent_1p(x, lam))
inv_boxcox = row(special.inv_boxcox, lambda z, y, lam: z / (1 + lam * y),
                 lambda z, y, lam: inverse_by_exponent(z, y, lam))
inv_boxcox1p = row(special.inv_boxcox1p, lambda z, y, lam: (1 + z) / (1 + lam * y),
                   lambda z, y, lam: inverse_by_exponent(1 + z, y, lam))

exp2 = row(special.exp2,            lambda z, _x: LOG2 * z)
exp10 = row(special.exp10,          lambda z, _x: LOG10 * z)
expm1 = row(special.expm1,          lambda _z, x: np.exp(x))
exprel = row(special.exprel,        lambda _z, x: doubly(x))
log1p = row(special.log1p,          lambda _z, x: 1 / (1 + x))
cosm1 = row(special.cosm1,          lambda _z, x: -np.sin(x))
powm1 = row(special.powm1,          lambda _z, x, y: lowered(x, y),
            lambda z, x, _y: (1 + z) * np.log(or_one(x)))
cbrt = row(special.cbrt,            lambda z, _x: 1 / (3 * z * z))
sindg = row(special.sindg,          lambda _z, x: DEGREE * special.cosdg(x))
cosdg = row(special.cosdg,          lambda _z, x: -DEGREE * special.sindg(x))
tandg = row(special.tandg,          lambda z, _x: DEGREE * (1 + z * z))
cotdg = row(special.cotdg,          lambda z, _x: -DEGREE * (1 + z * z))
radian = row(special.radian,        lambda _z, _d, _m, _s: DEGREE, lambda _z, _d, _m, _s: DEGREE / 60,
             lambda _z, _d, _m, _s: DEGREE / 3600)
round = row(special.round,          None)
# fmt: on
