"""A Gaussian process: its hyper-parameters by the largest marginal likelihood, their gradient against the closed form.

Rasmussen and Williams, *Gaussian Processes for Machine Learning* (2006), equations 2.23, 2.30 and 5.9.
"""

import numpy as np
import pytest

from funcgrad import grad, jacobian, jit, tree, vmap
from funcgrad.optimize import minimize

RNG = np.random.default_rng(1)
T = np.sort(RNG.uniform(-3.0, 3.0, 25))
Y = np.sin(2 * T) + 0.1 * RNG.normal(size=25)
START = {"length": 0.0, "noise": -1.0, "scale": 0.0}
SQUARES = (T[:, None] - T[None, :]) ** 2


def covariance(p):
    """The squared exponential's, with logarithms of its parameters, and the noise."""
    return np.exp(2 * p["scale"] - 0.5 * SQUARES * np.exp(-2 * p["length"])) + np.exp(2 * p["noise"]) * np.eye(len(T))


def loss(p, y):
    """Minus the logarithm of the marginal likelihood: ½ yᵀK⁻¹y + ½ log |K| + n/2 log 2π."""
    L = np.linalg.cholesky(covariance(p))
    a = np.linalg.solve(L, y)
    return 0.5 * a @ a + np.sum(np.log(np.diagonal(L))) + 0.5 * len(T) * np.log(2 * np.pi)


def by_hand(p):
    """∂/∂θ = -½ tr((ααᵀ - K⁻¹) ∂K/∂θ) with α = K⁻¹y."""
    K = covariance(p)
    inverse = np.linalg.inv(K)
    alpha = inverse @ Y
    signal = np.exp(2 * p["scale"] - 0.5 * SQUARES * np.exp(-2 * p["length"]))
    slopes = {
        "length": signal * SQUARES * np.exp(-2 * p["length"]),
        "noise": 2 * np.exp(2 * p["noise"]) * np.eye(len(T)),
        "scale": 2 * signal,
    }
    return {name: -0.5 * np.trace((np.outer(alpha, alpha) - inverse) @ slope) for name, slope in slopes.items()}


@pytest.fixture(scope="module")
def found():
    return minimize(loss, START, (Y,))


@pytest.mark.parametrize("p", [START, {"length": -0.5, "noise": -2.0, "scale": 0.3}])
def test_the_gradient_is_that_of_the_closed_form(p):
    for name, slope in by_hand(p).items():
        assert grad(loss)(p, Y)[name] == pytest.approx(slope, rel=1e-10)


def test_the_fit_is_a_maximum_of_the_likelihood(found):
    assert found.success
    assert max(map(abs, by_hand(found.x).values())) < 1e-4
    assert np.exp(found.x["noise"]) == pytest.approx(0.1, rel=0.3)
    for name in START:
        for step in (-0.01, 0.01):
            assert loss(found.x | {name: found.x[name] + step}, Y) > found.fun


def test_methods_with_products_of_the_hessian_find_the_same(found):
    other = minimize(jit(loss), START, (Y,), method="trust-ncg")
    assert other.success
    assert other.fun == pytest.approx(found.fun, rel=1e-9)
    assert other.nhev > 0


def test_the_mean_goes_through_the_data(found):
    K = covariance(found.x)
    signal = K - np.exp(2 * found.x["noise"]) * np.eye(len(T))
    np.testing.assert_allclose(signal @ np.linalg.solve(K, Y), np.sin(2 * T), atol=0.2)


def test_how_the_fit_moves_with_the_data(found):
    """d log length / dy by the implicit function theorem, against fits of moved data."""

    def length(y):
        return minimize(loss, found.x, (y,), tol=1e-8).x["length"]

    v, h = np.cos(3 * T), 1e-4
    moved = (length(Y + h * v) - length(Y - h * v)) / (2 * h)
    assert jacobian(length)(Y) @ v == pytest.approx(moved, rel=1e-4)


def test_fits_of_several_data_sets_at_once(found):
    several = vmap(lambda y: minimize(loss, START, (y,)).x)(np.stack([Y, 2 * Y]))
    assert tree.map(lambda a: a[0], several) == pytest.approx(found.x, rel=1e-5)
    assert several["scale"][1] == pytest.approx(found.x["scale"] + np.log(2), abs=1e-4)
