"""Functions in which identities are met: what rules stage, and what takes more than a line to write."""

import numpy as np

from funcgrad.primitives import pointwise as pw
from funcgrad.primitives.kinds import Sum, chain
from funcgrad.primitives.shaping import Cast
from funcgrad.primitives.solving import TriangularInverse


def relu_share(x, c=0.0):
    """What the rule of np.maximum(x, c) stages."""
    return np.where(x == c, 0.5, (x > c) | (x != x))


def softplus_share(x):
    """What the rule of np.logaddexp(0, x) stages."""
    return pw.part(x, np.logaddexp(0.0, x), np.exp)


def logistic(x):
    """1/(1 + eˣ), and what it is made of."""
    e = np.exp(x)
    u = 1.0 + e
    return 1.0 / u, u, e


def logistic_slope(x, a, c):
    """What the rules of log(p) and log(1 - p) stage for p = 1/(1 + eˣ)."""
    p, u, e = logistic(x)
    return chain(chain(a / p - c / (1.0 - p), p / u), e)


def logistic_limit(x, a, c):
    """Where p is 0 or 1, and a·eˣ/(1 + eˣ) - c·p there."""
    p, u, e = logistic(x)
    return (p == 0) | (p == 1), a * np.where(e == np.inf, 1, e / u) - c * p


def softmax(x):
    """Shares, and what they are made of: the exponentials and their sum."""
    e = np.exp(x - np.max(x, axis=1, keepdims=True))
    s = total(e)
    return e / s, e, s


def slope_by_sum(x, a):
    """What the rules of log(p), with respect to the sums in p, stage."""
    p, _, s = softmax(x)
    return (a / p) * (p / s)


def slope_by_exponential(x, a, c):
    """What they stage with respect to the exponent in p."""
    p, e, s = softmax(x)
    return (total(c / s) - (a / p) * (1.0 / s)) * e


def total(x):
    """Σ over each row."""
    return np.sum(x, axis=1, keepdims=True)


def where_none(f):
    """Where an exponential is 0, f of the numbers and the softmax of the first of them is the right value."""
    return lambda x, *rest: (softmax(x)[0] == 0, f(x, *rest, *softmax(x)))


log_softmax = where_none(lambda x, p, e, s: x - np.max(x, 1, keepdims=True) - np.log(s))


def large(x):
    """An array of many rows."""
    return x + np.arange(2.0**13 * 3).reshape(-1, 3)


def pooled(x):
    """What the rule of np.max(x, axis=1) stages."""
    z = np.max(x, axis=1)
    hit = (x == z.reshape(-1, 1)) | (x != x)
    share = np.cos(z) / Cast(np.dtype(float))(Sum((1,))(hit))
    return np.where(hit, share.reshape(-1, 1), 0.0)


def diagonal(x, k=0):
    """A matrix of 48 rows made of a unit matrix, as Jacobians are."""
    return np.eye(48, k=k) * x[np.arange(48) % 3]


def factored(x):
    """A symmetric matrix of 48 rows, and its factor."""
    K = np.eye(48) * 4 + np.ones((48, 48)) * x[0] ** 2
    return K, np.linalg.cholesky(K)


def systems(x):
    """Systems of a matrix and of its factor, of which an inverse is there."""
    K, L = factored(x)
    b = np.arange(48.0).reshape(48, 1) * x[1]
    return np.linalg.solve(K, b) + np.linalg.solve(L.T, np.linalg.solve(L, b)) + TriangularInverse()(L) @ b
