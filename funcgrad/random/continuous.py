"""Continuous distributions: what is drawn moves smoothly with parameters, and has their derivatives."""

from math import prod
from typing import Any

import numpy as np

from funcgrad.errors import BadArgument
from funcgrad.graph.provenance import refuse
from funcgrad.graph.types import type_of
from funcgrad.primitives.shaping import Cast
from funcgrad.primitives.stopping import Stop
from funcgrad.random.arguments import checked, common, real, real_dtype, satisfies, shape_of
from funcgrad.random.drawing import Gaussian, LogGamma, Truncated
from funcgrad.random.keys import drawn, split
from funcgrad.random.quantiles import fraction


def at(dtype: Any, value: Any) -> Any:
    """A value at a dtype."""
    return value if type_of(value).dtype == dtype else Cast(np.dtype(dtype))(value)


def fractions(name: str, key: Any, shape: tuple[int, ...], dtype: Any) -> Any:
    """Multiples of 2⁻⁵³ in [0, 1); of 2⁻²⁴ or 2⁻¹¹ at the smaller dtypes, so that none is rounded to 1."""
    digits = np.finfo(dtype).nmant + 1
    word = drawn(name, key, shape)
    return fraction(word) if digits == 53 else at(dtype, (word >> (64 - digits)) * 2.0**-digits)


def uniform(key: Any, shape: Any = (), dtype: Any = float, minval: Any = 0.0, maxval: Any = 1.0) -> Any:
    """Numbers between minval and maxval, which may be traced: z = minval + u (maxval - minval).

    The u are the upper bits of the words of `bits`, as many as the dtype has digits.

    >>> from funcgrad import grad, random
    >>> uniform(random.key(0), (3,)).round(4)
    array([0.0115, 0.2415, 0.1114])
    >>> round(grad(lambda b: uniform(random.key(0), maxval=b))(2.0), 4)
    0.0115
    """
    kind, size = real_dtype("uniform", dtype), shape_of("uniform", shape)
    low, top = real("uniform", "minval", minval, kind), real("uniform", "maxval", maxval, kind)
    common("uniform", size, low, top)
    u = fractions("uniform", key, size, kind)
    return u if type(minval) is type(maxval) is float and (minval, maxval) == (0.0, 1.0) else low + u * (top - low)


def normal(key: Any, shape: Any = (), dtype: Any = float) -> Any:
    """Standard normal numbers, Φ⁻¹(u); complex ones, of variance ½ in each part, at a complex dtype.

    For another mean and scale write mean + scale * z, which differentiates as it stands. Φ⁻¹ is Wichura's algorithm AS
    241 (Applied Statistics 37, 1988), to 16 digits: one word a number, increasing in it, and between ±1.44 made of
    sums, products and quotients alone, which are the same on every machine.

    >>> from funcgrad import random
    >>> normal(random.key(0), (3,)).round(4)
    array([-2.2719, -0.7013, -1.219 ])
    """
    kind, size = real_dtype("normal", dtype, "fc"), shape_of("normal", shape)
    if kind.kind == "f":
        return at(kind, Gaussian()(drawn("normal", key, size)))
    parts = Gaussian()(drawn("normal", key, (2, *size))) * 0.5**0.5
    return at(kind, parts[0] + 1j * parts[1])


def exponential(key: Any, shape: Any = (), dtype: Any = float) -> Any:
    """Exponential numbers of mean 1, -log(1 - u).

    >>> from funcgrad import random
    >>> exponential(random.key(0), (3,)).round(4)
    array([0.0116, 0.2765, 0.1181])
    """
    kind, size = real_dtype("exponential", dtype), shape_of("exponential", shape)
    return -np.log1p(-fractions("exponential", key, size, kind))


def positive(x: Any) -> Any:
    """Whether numbers are positive."""
    return x > 0


def log_gammas(name: str, key: Any, a: Any, shape: tuple[int, ...]) -> Any:
    """Logarithms of gamma numbers of shape parameters that broadcast, in double precision."""
    flat = np.reshape(np.broadcast_to(a, shape), (prod(shape),))
    found = LogGamma()(checked(name, key), flat).reshape(shape)
    return found[()] if type(found) is np.ndarray else found


def loggamma(key: Any, a: Any, shape: Any = None, dtype: Any = float) -> Any:
    """Logarithms of the numbers of `gamma`, which are right where those underflow.

    >>> from funcgrad import random
    >>> loggamma(random.key(0), 0.001).round(1)
    np.float64(-96.6)
    """
    kind, own = real_dtype("loggamma", dtype), real("loggamma", "a", a)
    satisfies("loggamma", "a", own, positive, "a > 0")
    return at(kind, log_gammas("loggamma", key, own, common("loggamma", shape, own)))


def gamma(key: Any, a: Any, shape: Any = None, dtype: Any = float) -> Any:
    """Gamma numbers of shape a and scale 1, of density xᵃ⁻¹e⁻ˣ/Γ(a), by Marsaglia and Tsang's rejection (2000).

    Multiply by the scale. The derivative in a is that of the quantile, dx/da = -(∂F/∂a)/f, by implicit
    reparameterisation: Figurnov, Mohamed and Mnih (NeurIPS 2018). It is exact to about 11 digits, at every order.

    >>> from funcgrad import grad, random
    >>> gamma(random.key(0), 2.0).round(4)
    np.float64(1.0739)
    >>> round(grad(lambda a: np.mean(gamma(random.key(0), a, (1000,))))(2.0), 2)   # the mean is a
    1.0
    """
    kind, own = real_dtype("gamma", dtype), real("gamma", "a", a)
    satisfies("gamma", "a", own, positive, "a > 0")
    return at(kind, np.exp(log_gammas("gamma", key, own, common("gamma", shape, own))))


def beta(key: Any, a: Any, b: Any, shape: Any = None, dtype: Any = float) -> Any:
    """Beta numbers x / (x + y) of gamma numbers x and y of shapes a and b, with derivatives in both.

    >>> from funcgrad import random
    >>> np.mean(beta(random.key(0), 2.0, 6.0, (10000,))).round(2)
    np.float64(0.25)
    """
    kind, own, other = real_dtype("beta", dtype), real("beta", "a", a), real("beta", "b", b)
    satisfies("beta", "a", own, positive, "a > 0")
    satisfies("beta", "b", other, positive, "b > 0")
    size, (one, two) = common("beta", shape, own, other), split(checked("beta", key))
    x, y = log_gammas("beta", one, own, size), log_gammas("beta", two, other, size)
    return at(kind, np.exp(x - np.logaddexp(x, y)))


def dirichlet(key: Any, alpha: Any, shape: Any = None, dtype: Any = float) -> Any:
    """Vectors along the last axis that sum to 1: gamma numbers of shapes alpha over their sum, with derivatives.

    `shape` is that of the batch, to which that of alpha without its last axis broadcasts.

    >>> from funcgrad import random
    >>> np.sum(dirichlet(random.key(0), np.array([1.0, 2.0, 3.0]))).round(12)
    np.float64(1.0)
    """
    kind, own = real_dtype("dirichlet", dtype), real("dirichlet", "alpha", alpha)
    if not type_of(own).shape:
        refuse(
            BadArgument,
            "random.dirichlet was given a number as alpha. It has a number for each part.",
            "Pass a vector.",
        )
    satisfies("dirichlet", "alpha", own, positive, "alpha > 0")
    size = common("dirichlet", shape, own[..., 0])
    logs = log_gammas("dirichlet", key, own, (*size, type_of(own).shape[-1]))
    parts = np.exp(logs - Stop()(np.max(logs, axis=-1, keepdims=True)))
    return at(kind, parts / np.sum(parts, axis=-1, keepdims=True))


def truncated_normal(key: Any, lower: Any, upper: Any, shape: Any = None, dtype: Any = float) -> Any:
    """Standard normal numbers between bounds, Φ⁻¹((1-u) Φ(lower) + u Φ(upper)), with derivatives in both.

    An infinite bound is none. Beyond 37 on one side double precision has no probability left, which is refused.

    >>> from funcgrad import random
    >>> truncated_normal(random.key(0), -1.0, 1.0, (3,)).round(4)
    array([-0.9679, -0.4578, -0.7234])
    """
    kind = real_dtype("truncated_normal", dtype)
    low, top = real("truncated_normal", "lower", lower), real("truncated_normal", "upper", upper)
    size = common("truncated_normal", shape, low, top)
    satisfies("truncated_normal", "upper - lower", top - low, positive, "lower < upper")
    satisfies("truncated_normal", "lower", low, lambda x: x <= 37, "lower ≤ 37")
    satisfies("truncated_normal", "upper", top, lambda x: x >= -37, "upper ≥ -37")
    half = 2.0**-54  # the fraction in the middle of its interval: never 0
    return at(kind, Truncated()(fractions("truncated_normal", key, size, np.float64) + half, low, top))


#: How a matrix is taken apart as A Aᵀ.
METHODS = ("cholesky", "eigh", "svd")


def multivariate_normal(
    key: Any, mean: Any, cov: Any, shape: Any = None, dtype: Any = None, method: str = "cholesky"
) -> Any:
    """Normal vectors mean + A z along the last axis, where A Aᵀ = cov; with derivatives in mean and in cov.

    A is Cholesky's factor; by the method "eigh" or "svd", which covariances of lower rank allow, eigenvectors times
    roots of eigenvalues. `shape` is that of the batch.

    >>> from funcgrad import random
    >>> multivariate_normal(random.key(0), np.zeros(2), np.array([[1.0, 0.5], [0.5, 1.0]])).round(4)
    array([-2.2719, -1.7433])
    """
    name = "multivariate_normal"
    if method not in METHODS:
        refuse(
            BadArgument,
            f"random.{name} was given method={method!r}. There are three ways to take a covariance apart.",
            "Write method='cholesky', 'eigh' or 'svd'.",
        )
    middle, matrix = real(name, "mean", mean), real(name, "cov", cov)
    shapes = type_of(middle).shape, type_of(matrix).shape
    n = shapes[0][-1] if shapes[0] else -1
    if shapes[1][-2:] != (n, n):
        refuse(
            BadArgument,
            f"random.{name} was given a mean of shape {shapes[0]} and a cov of shape {shapes[1]}. They are a vector of "
            "n and a matrix of n by n, or batches of these.",
            "Pass np.zeros(n) and np.eye(n).",
        )
    kind = real_dtype(name, np.result_type(type_of(mean).dtype, type_of(cov).dtype) if dtype is None else dtype)
    size = common(name, shape, middle[..., 0], matrix[..., 0, 0])
    z = Gaussian()(drawn(name, key, (*size, n)))
    return at(kind, middle + (factor(matrix, method) @ z[..., None])[..., 0])


def factor(matrix: Any, method: str) -> Any:
    """A with A Aᵀ = the matrix."""
    if method == "cholesky":
        return np.linalg.cholesky(matrix)
    if method == "eigh":
        values, vectors = np.linalg.eigh(matrix)
        return vectors * np.sqrt(np.maximum(values, 0.0))[..., None, :]
    vectors, values, _ = np.linalg.svd(matrix)
    return vectors * np.sqrt(values)[..., None, :]
