"""What is drawn has the distribution that it should: moments and Kolmogorov-Smirnov distances, for fixed keys."""

import numpy as np
import pytest

from funcgrad import random
from funcgrad.random import quantiles, rejection, slopes

stats = pytest.importorskip("scipy.stats")
special = pytest.importorskip("scipy.special")

KEY, MANY = random.key(2026), 4000

CONTINUOUS = {
    "uniform": (random.uniform(KEY, (MANY,), minval=-1.0, maxval=3.0), stats.uniform(-1, 4)),
    "uniform float32": (random.uniform(KEY, (MANY,), np.float32), stats.uniform()),
    "normal": (random.normal(KEY, (MANY,)), stats.norm()),
    "normal imaginary": (random.normal(KEY, (MANY,), complex).imag, stats.norm(scale=0.5**0.5)),
    "exponential": (random.exponential(KEY, (MANY,)), stats.expon()),
    "gamma 0.2": (random.gamma(KEY, 0.2, (MANY,)), stats.gamma(0.2)),
    "gamma 1": (random.gamma(KEY, 1.0, (MANY,)), stats.gamma(1.0)),
    "gamma 1000": (random.gamma(KEY, 1000.0, (MANY,)), stats.gamma(1000.0)),
    "beta": (random.beta(KEY, 0.5, 3.0, (MANY,)), stats.beta(0.5, 3.0)),
    "dirichlet": (random.dirichlet(KEY, np.array([1.0, 2.0, 3.0]), (MANY,))[:, 1], stats.beta(2.0, 4.0)),
    "truncated": (random.truncated_normal(KEY, -1.0, 2.0, (MANY,)), stats.truncnorm(-1.0, 2.0)),
    "truncated left": (random.truncated_normal(KEY, -np.inf, -5.0, (MANY,)), stats.truncnorm(-np.inf, -5.0)),
    "truncated right": (random.truncated_normal(KEY, 8.0, np.inf, (MANY,)), stats.truncnorm(8.0, np.inf)),
    "multivariate": (
        random.multivariate_normal(KEY, np.ones(2), np.array([[4.0, 1.0], [1.0, 2.0]]), (MANY,))
        @ np.array([1.0, -1.0]),
        stats.norm(scale=2.0),
    ),
}
DISCRETE = {
    "randint": (random.randint(KEY, (MANY,), -2, 5), stats.randint(-2, 5)),
    "bernoulli": (random.bernoulli(KEY, 0.3, (MANY,)).astype(int), stats.bernoulli(0.3)),
    "poisson 0.1": (random.poisson(KEY, 0.1, (MANY,)), stats.poisson(0.1)),
    "poisson 9.9": (random.poisson(KEY, 9.9, (MANY,)), stats.poisson(9.9)),
    "poisson 10": (random.poisson(KEY, 10.0, (MANY,)), stats.poisson(10.0)),
    "poisson 400": (random.poisson(KEY, 400.0, (MANY,)), stats.poisson(400.0)),
}
WEIGHTS = np.array([0.1, 0.0, 0.6, 0.3])
CHOSEN = {
    "categorical": random.categorical(KEY, np.array([np.log(0.1), -np.inf, np.log(0.6), np.log(0.3)]), shape=(MANY,)),
    "choice": random.choice(KEY, 4, (MANY,), p=WEIGHTS),
    "choice without replacement": np.array(
        [random.choice(key, 4, (1,), False, WEIGHTS)[0] for key in random.split(KEY, 1000)]
    ),
}


@pytest.mark.parametrize(("drawn", "law"), CONTINUOUS.values(), ids=CONTINUOUS)
def test_continuous(drawn, law):
    assert stats.kstest(drawn, law.cdf).pvalue > 0.01
    deviation = law.std() / np.sqrt(MANY)
    assert abs(np.mean(drawn) - law.mean()) < 3 * deviation


@pytest.mark.parametrize(("drawn", "law"), DISCRETE.values(), ids=DISCRETE)
def test_discrete(drawn, law):
    values, counts = np.unique(drawn, return_counts=True)
    likely = values[law.pmf(values) * MANY > 5]
    expected = law.pmf(likely) * MANY
    chi = np.sum((counts[np.isin(values, likely)] - expected) ** 2 / expected)
    assert stats.chi2(len(likely)).sf(chi) > 0.01
    assert abs(np.mean(drawn) - law.mean()) < 3 * law.std() / np.sqrt(MANY)


@pytest.mark.parametrize("drawn", CHOSEN.values(), ids=CHOSEN)
def test_chosen(drawn):
    counts = np.bincount(drawn, minlength=4)
    assert counts[1] == 0
    expected = WEIGHTS[[0, 2, 3]] * len(drawn)
    assert stats.chi2(2).sf(np.sum((counts[[0, 2, 3]] - expected) ** 2 / expected)) > 0.01


def test_every_order_is_as_likely():
    orders = np.array([random.permutation(key, 3) for key in random.split(KEY, 600)])
    counts = np.unique(orders @ np.array([9, 3, 1]), return_counts=True)[1]
    assert len(counts) == 6
    assert stats.chi2(5).sf(np.sum((counts - 100.0) ** 2 / 100)) > 0.01


def test_whole_numbers_and_bits_cover_their_range():
    wide = random.randint(KEY, (1000,), -(2**63), 2**63)
    assert stats.kstest(wide / 2.0**64, stats.uniform(-0.5, 1).cdf).pvalue > 0.01
    assert set(random.randint(KEY, (5000,), -128, 128, np.int8)) == set(range(-128, 128))
    assert set(random.bits(KEY, (5000,), np.uint8)) == set(range(256))


def test_large_means():
    drawn = random.poisson(KEY, 1e15, (1000,))
    assert abs(np.mean((drawn - 1e15) / np.sqrt(1e15))) < 0.1


# ---- the functions beneath -------------------------------------------------------------------------------------------
def test_normal_quantiles():
    p = np.concatenate([np.linspace(0.001, 0.5, 200), 10.0 ** -np.arange(1, 300)])
    want = special.ndtri(p)
    np.testing.assert_allclose(quantiles.quantile(p - 0.5, p), want, rtol=1e-14)
    np.testing.assert_allclose(quantiles.quantile(0.5 - p, p), -want, rtol=1e-14)


def test_normal_numbers_are_symmetric_and_finite():
    ends = quantiles.gaussian(np.array([0, 2**64 - 1], np.uint64))
    assert ends.tolist() == [-ends[1], ends[1]]
    assert 8.2 < ends[1] < 8.3


def test_uniform_numbers_are_below_one():
    for dtype in (np.float16, np.float32, np.float64):
        u = random.uniform(KEY, (3000,), dtype)
        assert u.dtype == dtype
        assert 0 <= u.min() <= u.max() < 1


def test_factorials_and_digamma():
    k = np.arange(200.0)
    np.testing.assert_allclose(rejection.log_factorial(k), special.gammaln(k + 1), rtol=1e-14, atol=1e-14)
    x = np.geomspace(1e-3, 1e4, 50)
    np.testing.assert_allclose(slopes.digamma(x), special.psi(x), rtol=1e-13, atol=1e-14)


@pytest.mark.parametrize("a", [0.05, 0.7, 1.9, 2.1, 30.0, 5000.0])
def test_gamma_numbers_move_with_their_quantile(a):
    """dx/da = -(∂P/∂a)/f, of which SciPy's P gives differences."""
    x = special.gammaincinv(a, np.array([0.001, 0.3, 0.5, 0.8, 0.999]))
    h = 1e-3 * min(a, 1)
    p = [special.gammainc(a + k * h, x) for k in (1, -1, 2, -2)]
    want = -(8 * (p[0] - p[1]) - (p[2] - p[3])) / (12 * h) / (x * stats.gamma(a).pdf(x))
    np.testing.assert_allclose(slopes.slope(np.log(x), np.full(5, a)), want, rtol=1e-5)
