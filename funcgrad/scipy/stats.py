"""scipy.stats' distributions: densities, probabilities, distribution functions and quantiles, on traced values too.

Each is composed of NumPy's and scipy.special's functions. On plain values all are SciPy's own. The formulas are
those of Johnson, Kotz and Balakrishnan, *Continuous Univariate Distributions* (1994).

>>> from funcgrad import grad
>>> from funcgrad.scipy import stats
>>> grad(stats.norm.logpdf)(2.0), grad(stats.norm.logpdf, 2)(2.0, 0.0, 1.0)
(-2.0, 3.0)
"""

from typing import Any

import numpy as np
from scipy import special
from scipy import stats as _stats

from funcgrad.scipy.distributions import Continuous, Discrete, wide
from funcgrad.scipy.mirroring import traced, unsupported
from funcgrad.scipy.orthants import NormalBelow
from funcgrad.scipy.turning import VonMisesSeries

LOG_PI, LOG_2PI, LOG_2 = float(np.log(np.pi)), float(np.log(2 * np.pi)), float(np.log(2))
FROM_0, FROM_1, UNIT = (0.0, np.inf), (1.0, np.inf), (0.0, 1.0)


def log_student(y: Any, df: Any) -> Any:
    """log of Γ((ν+1)/2) / (√(νπ) Γ(ν/2)) · (1 + y²/ν)^(-(ν+1)/2), and of the normal density if ν is ∞."""
    infinite = np.isinf(df)
    df = np.where(infinite, 1, df)
    constant = np.log(special.poch(df / 2, 0.5)) - (np.log(df) + LOG_PI) / 2
    return np.where(infinite, -(y * y + LOG_2PI) / 2, constant - (df + 1) / 2 * np.log1p(y * y / df))


def log_mass(a: Any, b: Any) -> Any:
    """log(Φ(b) - Φ(a)), of two numbers in one tail by the logarithms there."""
    right = a > 0
    low, high = np.where(right, -b, a), np.where(right, -a, b)
    tail = high <= 0
    top, bottom = special.log_ndtr(np.where(tail, high, 0)), special.log_ndtr(np.where(tail, low, -1))
    within = np.log1p(-special.ndtr(np.where(tail, -1, low)) - special.ndtr(-np.where(tail, 1, high)))
    gap = np.where(bottom < top, bottom - top, -1)
    return np.where(tail, np.where(bottom < top, top + np.log1p(-np.exp(gap)), -np.inf), within)


def log_share(a: Any, y: Any, b: Any) -> tuple[Any, Any]:
    """The logarithms of (Φ(y) - Φ(a)) / (Φ(b) - Φ(a)) and of 1 minus that, the one near 0 by way of the other."""
    below, above = log_mass(a, y) - log_mass(a, b), log_mass(y, b) - log_mass(a, b)
    most, least = np.where(below > -0.1, above, -1), np.where(above > -0.1, below, -1)
    return (
        np.where(below > -0.1, np.log1p(-np.exp(most)), below),
        np.where(above > -0.1, np.log1p(-np.exp(least)), above),
    )


def truncated_quantile(q: Any, a: Any, b: Any) -> Any:
    """The quantile of the truncated normal distribution, from the end of which the tail is nearer."""
    mass, left = log_mass(a, b), a < 0
    lower = special.ndtri_exp(np.where(left, np.logaddexp(special.log_ndtr(a), np.log(q) + mass), -1))
    upper = -special.ndtri_exp(np.where(left, -1, np.logaddexp(special.log_ndtr(-b), np.log1p(-q) + mass)))
    return np.where(left, lower, upper)


def probability(p: Any) -> Any:
    """Whether p is a probability."""
    return (p >= 0) & (p <= 1)


def turned_below(y: Any, kappa: Any) -> Any:
    """von Mises' distribution function: ½ + y/2π and a Fourier series on a turn about 0, and 1 more each turn after."""
    turns = np.round(y / (2 * np.pi))
    y = y - 2 * np.pi * turns
    return turns + 0.5 + y / (2 * np.pi) + VonMisesSeries()(y, kappa)


norm = Continuous(
    "norm", log=lambda y: -(y * y + LOG_2PI) / 2, below=special.ndtr, above=lambda y: special.ndtr(-y),
    log_below=special.log_ndtr, log_above=lambda y: special.log_ndtr(-y), quantile=special.ndtri,
)  # fmt: skip
t = Continuous(
    "t", ("df",), possible=lambda df: df > 0, log=log_student, below=lambda y, df: special.stdtr(df, y),
    above=lambda y, df: special.stdtr(df, -y), quantile=lambda q, df: special.stdtrit(df, q),
)  # fmt: skip
gamma = Continuous(
    "gamma", ("a",), possible=lambda a: a > 0, support=lambda _: FROM_0, inner=lambda _: 1.0,
    log=lambda y, a: special.xlogy(a - 1, y) - y - special.gammaln(a), below=lambda y, a: special.gammainc(a, y),
    above=lambda y, a: special.gammaincc(a, y), quantile=lambda q, a: special.gammaincinv(a, q),
)  # fmt: skip
chi2 = Continuous(
    "chi2", ("df",), possible=lambda df: df > 0, support=lambda _: FROM_0, inner=lambda _: 1.0,
    log=lambda y, df: special.xlogy(df / 2 - 1, y) - y / 2 - special.gammaln(df / 2) - LOG_2 * df / 2,
    below=lambda y, df: special.gammainc(df / 2, y / 2), above=lambda y, df: special.gammaincc(df / 2, y / 2),
    quantile=lambda q, df: 2 * special.gammaincinv(df / 2, q),
)  # fmt: skip
beta = Continuous(
    "beta", ("a", "b"), possible=lambda a, b: (a > 0) & (b > 0), support=lambda _a, _b: UNIT,
    inner=lambda _a, _b: 0.5,
    log=lambda y, a, b: special.xlog1py(b - 1, -y) + special.xlogy(a - 1, y) - special.betaln(a, b),
    below=lambda y, a, b: special.betainc(a, b, y), above=lambda y, a, b: special.betaincc(a, b, y),
    quantile=lambda q, a, b: special.betaincinv(a, b, q),
)  # fmt: skip
expon = Continuous(
    "expon", support=lambda: FROM_0, inner=lambda: 1.0, log=lambda y: -y, below=lambda y: -np.expm1(-y),
    above=lambda y: np.exp(-y), log_above=lambda y: -y, quantile=lambda q: -np.log1p(-q),
)  # fmt: skip
laplace = Continuous(
    "laplace", log=lambda y: -LOG_2 - np.abs(y),
    below=lambda y: np.where(y > 0, 1 - np.exp(-np.abs(y)) / 2, np.exp(-np.abs(y)) / 2),
    above=lambda y: np.where(y > 0, np.exp(-np.abs(y)) / 2, 1 - np.exp(-np.abs(y)) / 2),
    quantile=lambda q: np.where(q > 0.5, -np.log(2 * (1 - q)), np.log(2 * q)),
)  # fmt: skip
logistic = Continuous(
    "logistic", log=lambda y: special.log_expit(y) + special.log_expit(-y), below=special.expit,
    above=lambda y: special.expit(-y), log_below=special.log_expit, log_above=lambda y: special.log_expit(-y),
    quantile=special.logit,
)  # fmt: skip
cauchy = Continuous(
    "cauchy", log=lambda y: -LOG_PI - np.log1p(y * y), below=lambda y: np.arctan2(1.0, -y) / np.pi,
    above=lambda y: np.arctan2(1.0, y) / np.pi,
    quantile=lambda q: np.where(q < 0.5, -1, 1) / np.tan(np.pi * np.where(q < 0.5, q, 1 - q)),
)  # fmt: skip
uniform = Continuous(
    "uniform", support=lambda: UNIT, inner=lambda: 0.5, log=lambda y: 0 * y, below=lambda y: y, above=lambda y: 1 - y,
    quantile=lambda q: q,
)  # fmt: skip
pareto = Continuous(
    "pareto", ("b",), possible=lambda b: b > 0, support=lambda _: FROM_1, inner=lambda _: 2.0,
    log=lambda y, b: np.log(b) - (b + 1) * np.log(y), below=lambda y, b: -np.expm1(-b * np.log(y)),
    above=lambda y, b: y**-b, log_above=lambda y, b: -b * np.log(y), quantile=lambda q, b: np.exp(-np.log1p(-q) / b),
)  # fmt: skip
truncnorm = Continuous(
    "truncnorm", ("a", "b"), possible=lambda a, b: a < b, support=lambda a, b: (a, b),
    inner=lambda a, b: np.minimum(np.maximum(0, a), b), log=lambda y, a, b: -(y * y + LOG_2PI) / 2 - log_mass(a, b),
    log_below=lambda y, a, b: log_share(a, y, b)[0], log_above=lambda y, a, b: log_share(a, y, b)[1],
    quantile=truncated_quantile,
)  # fmt: skip
vonmises = Continuous(
    "vonmises", ("kappa",), possible=lambda kappa: kappa >= 0,
    log=lambda y, kappa: kappa * special.cosm1(y) - LOG_2PI - np.log(special.i0e(kappa)),
    below=turned_below, above=lambda y, kappa: turned_below(-y, kappa),
)  # fmt: skip

bernoulli = Discrete(
    "bernoulli", ("p",), possible=probability, support=lambda _: UNIT, inner=lambda _: 0.0,
    log=lambda k, p: special.xlogy(k, p) + special.xlog1py(1 - k, -p), below=lambda _, p: 1 - p, above=lambda _, p: p,
)  # fmt: skip
binom = Discrete(
    "binom", ("n", "p"), possible=lambda n, p: (n >= 0) & (n == np.floor(n)) & probability(p),
    support=lambda n, _: (0.0, n), inner=lambda _n, _p: 0.0,
    log=lambda k, n, p: special.gammaln(n + 1) - special.gammaln(k + 1) - special.gammaln(n - k + 1)
    + special.xlogy(k, p) + special.xlog1py(n - k, -p),
    below=lambda k, n, p: special.betaincc(k + 1, n - k, p), above=lambda k, n, p: special.betainc(k + 1, n - k, p),
)  # fmt: skip
nbinom = Discrete(
    "nbinom", ("n", "p"), possible=lambda n, p: (n > 0) & (p > 0) & (p <= 1), support=lambda _n, _p: FROM_0,
    inner=lambda _n, _p: 0.0,
    log=lambda k, n, p: special.gammaln(n + k) - special.gammaln(k + 1) - special.gammaln(n)
    + n * np.log(p) + special.xlog1py(k, -p),
    below=lambda k, n, p: special.betainc(n, k + 1, p), above=lambda k, n, p: special.betaincc(n, k + 1, p),
)  # fmt: skip
poisson = Discrete(
    "poisson", ("mu",), possible=lambda mu: mu >= 0, support=lambda _: FROM_0, inner=lambda _: 0.0,
    log=lambda k, mu: special.xlogy(k, mu) - special.gammaln(k + 1) - mu,
    below=lambda k, mu: special.gammaincc(k + 1, mu), above=lambda k, mu: special.gammainc(k + 1, mu),
)  # fmt: skip


# ---- several variables -----------------------------------------------------------------------------------------------
def centred(x: Any, mean: Any, cov: Any) -> tuple[Any, Any]:
    """x - μ, its last axis that of the variables, and Σ, from all the forms in which SciPy takes them."""
    x, cov = wide(x), wide(cov)
    mean = None if mean is None else wide(mean)
    size = cov.shape[0] if cov.ndim == 2 else max([1, *np.shape(mean)])
    if cov.ndim < 2 and cov.shape in ((), (size,)):
        cov = np.eye(size) * cov
    if cov.shape != (size, size):
        raise ValueError(f"Array 'cov' must be square of size {size}, but cov.shape = {cov.shape}.")
    x = x[..., None] if size == 1 and (x.ndim == 0 or x.shape[-1:] != (1,) or x.ndim == 1) else x
    return (x if mean is None else x - mean), cov


class multivariate_normal:
    """The normal distribution of vectors, the last axis of x."""

    @staticmethod
    def logpdf(x: Any, mean: Any = None, cov: Any = 1, allow_singular: bool = False) -> Any:
        """-½ (|L⁻¹(x - μ)|² + log det 2πΣ) with Cholesky's Σ = L Lᵀ."""
        if not traced(x, mean, cov):
            return _stats.multivariate_normal.logpdf(x, mean, cov, allow_singular)
        if allow_singular:
            unsupported("stats.multivariate_normal", "allow_singular=True", "Leave out what has no variance.")
        apart, cov = centred(x, mean, cov)
        root = np.linalg.cholesky(cov)
        turned = np.linalg.solve(root, apart[..., None])[..., 0]
        log_det = 2 * np.sum(np.log(np.diagonal(root)))
        density = -(np.sum(turned * turned, -1) + log_det + cov.shape[-1] * LOG_2PI) / 2
        return np.squeeze(density)

    @classmethod
    def pdf(cls, x: Any, mean: Any = None, cov: Any = 1, allow_singular: bool = False) -> Any:
        """The density."""
        if not traced(x, mean, cov):
            return _stats.multivariate_normal.pdf(x, mean, cov, allow_singular)
        return np.exp(cls.logpdf(x, mean, cov, allow_singular))

    @staticmethod
    def cdf(
        x: Any,
        mean: Any = None,
        cov: Any = 1,
        allow_singular: bool = False,
        maxpts: Any = None,
        abseps: float = 1e-5,
        releps: float = 1e-5,
        **keywords: Any,
    ) -> Any:
        """The distribution function: exact for one and two variables, SciPy's integral to 1e-5 for more."""
        if not traced(x, mean, cov):
            return _stats.multivariate_normal.cdf(x, mean, cov, allow_singular, maxpts, abseps, releps, **keywords)
        for option, value in {"allow_singular": allow_singular or None, "maxpts": maxpts, **keywords}.items():
            if value is not None:
                unsupported("stats.multivariate_normal.cdf", f"{option}=", "Leave it out.")
        if (abseps, releps) != (1e-5, 1e-5):
            unsupported("stats.multivariate_normal.cdf", "other tolerances", "Leave abseps and releps out.")
        apart, cov = centred(x, mean, cov)
        return np.squeeze(NormalBelow()(apart, np.broadcast_to(cov, (*apart.shape[:-1], *cov.shape))))


class dirichlet:
    """The Dirichlet distribution of probabilities, axis 0 of x, of which the last may be left out."""

    @staticmethod
    def logpdf(x: Any, alpha: Any) -> Any:
        """Σ (αᵢ - 1) log xᵢ + log Γ(Σ αᵢ) - Σ log Γ(αᵢ)."""
        if not traced(x, alpha):
            return _stats.dirichlet.logpdf(x, alpha)
        x, alpha = wide(x), wide(alpha)
        if x.shape[0] == alpha.shape[0] - 1:
            x = np.concatenate([x, (1 - np.sum(x, 0))[None]])
        if x.shape[0] != alpha.shape[0]:
            raise ValueError(
                "Vector 'x' must have either the same number of entries as, or one entry fewer than, parameter vector "
                f"'a', but alpha.shape = {alpha.shape} and x.shape = {x.shape}."
            )
        powers = special.xlogy(np.reshape(alpha - 1, (-1, *(1,) * (x.ndim - 1))), x)
        return np.squeeze(np.sum(powers, 0) + special.gammaln(np.sum(alpha)) - np.sum(special.gammaln(alpha)))

    @classmethod
    def pdf(cls, x: Any, alpha: Any) -> Any:
        """The density."""
        return np.exp(cls.logpdf(x, alpha)) if traced(x, alpha) else _stats.dirichlet.pdf(x, alpha)


class multinomial:
    """The multinomial distribution of counts, the last axis of x."""

    @staticmethod
    def logpmf(x: Any, n: Any, p: Any) -> Any:
        """log n! + Σ (xᵢ log pᵢ - log xᵢ!); -∞ unless the counts add up to n."""
        if not traced(x, n, p):
            return _stats.multinomial.logpmf(x, n, p)
        x, n, p = wide(x), wide(n), wide(p)
        inside = np.all((x >= 0) & (x == np.floor(x)), -1) & (np.sum(x, -1) == n)
        safe = np.where(np.expand_dims(inside, -1), x, 0)
        value = special.gammaln(n + 1) + np.sum(special.xlogy(safe, p) - special.gammaln(safe + 1), -1)
        return np.where(inside, value, -np.inf)

    @classmethod
    def pmf(cls, x: Any, n: Any, p: Any) -> Any:
        """The probability."""
        return np.exp(cls.logpmf(x, n, p)) if traced(x, n, p) else _stats.multinomial.pmf(x, n, p)


def __getattr__(name: str) -> Any:
    """SciPy's own."""
    return getattr(_stats, name)


def __dir__() -> list[str]:
    return dir(_stats)
