"""Derivatives of what is drawn: those of the quantile, alone and under every pair of transforms."""

import numpy as np
import pytest

from funcgrad import grad, hessian, hvp, jacfwd, jacrev, jit, jvp, random, vmap
from funcgrad.testing import check_grads

KEY = random.key(3)
MATRIX = np.array([[2.0, 0.3], [0.3, 1.0]])

#: Functions of a key and a positive number.
SMOOTH = {
    "uniform": lambda key, a: np.sum(np.sin(random.uniform(key, (3,), minval=a, maxval=2 * a))),
    "normal": lambda key, a: np.sum(np.sin(a + a * random.normal(key, (3,)))),
    "exponential": lambda key, a: np.sum(np.sin(random.exponential(key, (3,)) / a)),
    "gamma": lambda key, a: np.sum(np.log(random.gamma(key, a * np.array([0.5, 4.0])))),
    "beta": lambda key, a: random.beta(key, a, 2 * a) ** 2,
    "dirichlet": lambda key, a: random.dirichlet(key, np.stack([a, 1 / a, 3 * a]))[1],
    "truncated_normal": lambda key, a: np.sum(np.sin(random.truncated_normal(key, -a, 2 * a, (3,)))),
    "truncated_normal of one bound": lambda key, a: random.truncated_normal(key, a, np.inf) ** 2,
    "multivariate_normal": lambda key, a: np.sum(
        np.sin(random.multivariate_normal(key, np.stack([a, a * a]), MATRIX * a, (2,)))
    ),
    "permutation": lambda key, a: random.permutation(key, np.stack([a, a * a, a**3]))[0],
    "choice": lambda key, a: np.sum(random.choice(key, np.stack([a, a * a, a**3]), (2,))),
}
#: Those that are drawn by rejection: a derivative is that of the quantile, and not that of the path of attempts.
REJECTED = {"gamma", "beta", "dirichlet"}
every_function = pytest.mark.parametrize("f", SMOOTH.values(), ids=SMOOTH)
every_path = pytest.mark.parametrize("name", [name for name in SMOOTH if name not in REJECTED])


@every_path
def test_both_modes_and_second_order(name):
    check_grads(lambda a: SMOOTH[name](KEY, a), (0.7,), order=2)


def test_gamma_numbers_move_with_their_quantile_to_second_order():
    special = pytest.importorskip("scipy.special")
    a = np.array([0.5, 1.2, 5.0, 40.0])
    u = special.gammainc(a, random.gamma(KEY, a))
    f = lambda a: np.sum(random.gamma(KEY, a))
    low, middle, high = [special.gammaincinv(a + h, u) for h in (-1e-3, 0.0, 1e-3)]
    np.testing.assert_allclose(grad(f)(a), (high - low) / 2e-3, rtol=1e-3)
    np.testing.assert_allclose(np.diag(hessian(f)(a)), (high - 2 * middle + low) / 1e-6, rtol=1e-3)


def test_means_move_as_they_should():
    """Of d/da E[x] = 1 for a gamma number, and of d/da E[x²] = 2a + 1."""
    first, second = [grad(lambda a, n=n: np.mean(random.gamma(KEY, a, (20_000,)) ** n))(0.8) for n in (1, 2)]
    assert abs(first - 1.0) < 0.03
    assert abs(second - 2.6) < 0.15
    keys = random.split(KEY, 2)
    assert abs(grad(lambda a: np.mean(random.beta(keys[0], a, 2.0, (20_000,))))(1.0) - 2 / 9) < 0.01


@every_function
def test_every_way_to_the_derivative(f):
    def g(a):
        return f(KEY, a)

    want = grad(g)(0.7)
    found = [jvp(g, (0.7,), (1.0,))[1], jacfwd(g)(0.7), jacrev(g)(0.7), jit(grad(g))(0.7), grad(jit(g))(0.7)]
    found += [vmap(grad(g))(np.array([0.7]))[0], grad(lambda a: vmap(g)(np.ones(2) * a)[1])(0.7)]
    np.testing.assert_allclose(found, want, rtol=1e-12)
    second = [grad(grad(g))(0.7), hessian(g)(0.7), hvp(g)(0.7, 1.0), jit(hessian(g))(0.7)]
    np.testing.assert_allclose(second, second[0], rtol=1e-10, atol=1e-12)


@every_function
def test_batches_of_keys(f):
    keys, a = random.split(KEY, 3), np.array([0.5, 0.7, 2.5])
    want = [grad(f, 1)(key, x) for key, x in zip(keys, a, strict=True)]
    np.testing.assert_allclose(vmap(grad(f, 1))(keys, a), want, rtol=1e-12)
    np.testing.assert_allclose(grad(lambda a: np.sum(vmap(f)(keys, a)))(a), want, rtol=1e-12)
    np.testing.assert_allclose(jit(vmap(grad(f, 1)))(keys, a), want, rtol=1e-12)


@pytest.mark.parametrize("method", ["cholesky", "eigh", "svd"])
def test_covariances_have_derivatives_by_every_method(method):
    check_grads(lambda c: random.multivariate_normal(KEY, np.zeros(2), c + c.T, method=method), (MATRIX,), order=1)


def test_small_floats_stay_small():
    a = np.float32(0.7)
    assert random.gamma(KEY, a, dtype=np.float32).dtype == np.float32
    assert grad(lambda a: random.gamma(KEY, a, dtype=np.float32))(a).dtype == np.float32


def test_infinite_bounds_have_no_derivative():
    assert grad(lambda a: random.truncated_normal(KEY, 0.0, a))(np.inf) == 0.0
