"""Gamma and Poisson numbers by rejection: attempts that a key and the place of an element decide, and nothing else."""

from typing import Any

import numpy as np

from funcgrad.random.philox import ATTEMPTS, attempts, words
from funcgrad.random.quantiles import centred, fraction, gaussian

#: Where counting through probabilities gives way to rejection.
SMALL = 10.0
#: The coefficients of Stirling's series of log Γ, B₂ₖ / (2k(2k-1)), the highest first.  DLMF 5.11.1.
STIRLING = (-3617 / 122400, 1 / 156, -691 / 360360, 1 / 1188, -1 / 1680, 1 / 1260, -1 / 360, 1 / 12)


def spread(key: Any, a: Any) -> tuple[Any, Any, Any]:
    """For keys (…, 2) and parameters (…, n), all flat: each element's key, its place in its own draw, its parameter."""
    n = a.shape[-1]
    keys = np.broadcast_to(key[..., None, :], (*a.shape, 2)).reshape(-1, 2)
    places = np.broadcast_to(np.arange(n, dtype=np.uint64), a.shape).reshape(-1)
    return keys, places, a.reshape(-1)


def blocks(key: Any, keys: Any, places: Any, left: Any, attempt: int) -> Any:
    """The four words of an attempt for the elements that are left; those of the first, for all, are one draw."""
    if attempt == 0:
        return words(key, 4 * (places.size // max(key.size // 2, 1)), 0, ATTEMPTS).reshape(-1, 4)[left]
    return attempts(keys[left], places[left], attempt)


def log_gamma(key: Any, a: Any) -> Any:
    """Logarithms of gamma numbers of shape a, one an element, without underflow where a is small.

    With d = a - ⅓ and c = 1/√(9d), v = (1 + cx)³ for a normal x makes dv a gamma number if log u < x²/2 + d - dv +
    d log v for a uniform u. Marsaglia and Tsang, *A simple method for generating gamma variables*, ACM TOMS 26 (2000).
    For a < 1 it is the number of shape a + 1 times a uniform to the power 1/a.
    """
    keys, places, shapes = spread(key, a)
    raised = shapes < 1
    d = np.where(raised, shapes + 1, shapes) - 1 / 3
    found = np.where(shapes == 0, -np.inf, np.where(shapes == np.inf, np.inf, np.nan))
    left = np.flatnonzero((shapes > 0) & (shapes < np.inf))
    attempt = 0
    while left.size:
        drawn, own = blocks(key, keys, places, left, attempt), d[left]
        x, u = gaussian(drawn[:, 0]), 0.5 + centred(drawn[:, 1])
        v = (1 + x / np.sqrt(9 * own)) ** 3
        log = np.log(np.where(v > 0, v, 1))
        good = (v > 0) & (np.log(u) < x * x / 2 + own * (1 - v + log))
        done = left[good]
        found[done] = (np.log(own) + log)[good]
        left, attempt = left[~good], attempt + 1
    small = np.flatnonzero(raised & (shapes > 0))
    if small.size:
        u = 0.5 + centred(blocks(key, keys, places, small, 0)[:, 2])
        found[small] += np.log(u) / shapes[small]
    return found.reshape(a.shape)


def log_factorial(k: Any) -> Any:
    """log k! of whole numbers as real ones, by Stirling's series at k + 1, raised by 8."""
    x, product = k + 9.0, np.ones_like(k)
    for i in range(1, 9):
        product = product * (k + i)
    series = np.zeros_like(k)
    for coefficient in STIRLING:
        series = series / (x * x) + coefficient
    return (x - 0.5) * np.log(x) - x + 0.5 * np.log(2 * np.pi) + series / x - np.log(product)


def poisson(key: Any, mean: Any) -> Any:
    """Poisson numbers, one an element; -1 where the mean is none.

    Below 10, one uniform counts through the probabilities; from there on by transformed rejection. Hörmann, *The
    transformed rejection method for generating Poisson random variables*, Insurance: Mathematics and Economics 12
    (1993), PTRS.
    """
    keys, places, means = spread(key, mean)
    found = np.where(means == 0, 0, -1)
    small = np.flatnonzero((means > 0) & (means < SMALL))
    if small.size:
        found[small] = counted(fraction(blocks(key, keys, places, small, 0)[:, 0]), means[small])
    left = np.flatnonzero((means >= SMALL) & (means < 2.0**62))
    attempt = 0
    while left.size:
        drawn = blocks(key, keys, places, left, attempt)
        k, good = transformed(centred(drawn[:, 0]), 0.5 + centred(drawn[:, 1]), means[left])
        found[left[good]] = k[good].astype(np.int64)
        left, attempt = left[~good], attempt + 1
    return found.reshape(mean.shape)


def counted(u: Any, mean: Any) -> Any:
    """The smallest k with u < P(0) + … + P(k)."""
    k, probability, rest = np.zeros(u.shape, np.int64), np.exp(-mean), u
    while True:
        beyond = (rest >= probability) & (probability > 0)
        if not beyond.any():
            return k
        rest = np.where(beyond, rest - probability, rest)
        k = k + beyond
        probability = np.where(beyond, probability * mean / np.maximum(k, 1), probability)


def transformed(u: Any, v: Any, mean: Any) -> tuple[Any, Any]:
    """Numbers by PTRS from u in (-½, ½) and v in (0, 1), and whether they are accepted."""
    b = 0.931 + 2.53 * np.sqrt(mean)
    a = 0.02483 * b - 0.059
    beside = 0.5 - np.abs(u)
    k = np.floor((2 * a / beside + b) * u + mean + 0.43)
    inside = k >= 0
    k = np.where(inside, k, 0)
    height = np.log(v * (1.1239 + 1.1328 / (b - 3.4)) / (a / (beside * beside) + b))
    likely = height <= k * np.log(mean) - mean - log_factorial(k)
    quick = (beside >= 0.07) & (v <= 0.9277 - 3.6224 / (b - 2))
    return k, inside & (quick | (((beside >= 0.013) | (v <= beside)) & likely))
