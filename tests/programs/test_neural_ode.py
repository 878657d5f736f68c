"""A neural ordinary differential equation, after Chen and others (2018): a small network learns a spiral's slope."""

import numpy as np
import pytest

from funcgrad import grad, jit, random, tree, value_and_grad
from funcgrad.integrate import odeint

TIMES = np.linspace(0.0, 2.0, 6)
SPIRAL = np.array([[-0.2, 2.0], [-2.0, -0.2]])
START = np.array([1.5, 0.0])


def network(y, _t, params):
    """The slope that the network says."""
    hidden = np.tanh(y @ params["w"] + params["b"])
    return hidden @ params["v"]


def initial(key):
    w, v = random.split(key)
    return {"w": random.normal(w, (2, 8)), "b": np.zeros(8), "v": 0.3 * random.normal(v, (8, 2))}


@pytest.fixture(scope="module")
def truth():
    return odeint(lambda y, t: y @ SPIRAL, START, TIMES)


def loss(params, truth, gradient="adjoint"):
    return np.mean((odeint(network, START, TIMES, params, rtol=1e-6, atol=1e-6, gradient=gradient) - truth) ** 2)


def test_the_spiral_is_the_exponential(truth):
    values, vectors = np.linalg.eig(SPIRAL)
    exact = [np.real(START @ (vectors * np.exp(values * t)) @ np.linalg.inv(vectors)) for t in TIMES]
    np.testing.assert_allclose(truth, exact, atol=1e-6)


def test_both_gradients_agree(truth):
    params = initial(random.key(0))
    adjoint, direct = [grad(loss)(params, truth, way) for way in ("adjoint", "direct")]
    for one, other in zip(tree.leaves(adjoint), tree.leaves(direct), strict=True):
        np.testing.assert_allclose(one, other, atol=2e-4 * np.abs(other).max())


def test_training_brings_it_to_the_spiral(truth):
    params, step = initial(random.key(0)), jit(value_and_grad(loss))
    mean = square = tree.map(np.zeros_like, params)
    losses = []
    for i in range(1, 41):
        value, slopes = step(params, truth)
        losses.append(value)
        mean = tree.map(lambda m, g: 0.9 * m + 0.1 * g, mean, slopes)
        square = tree.map(lambda s, g: 0.99 * s + 0.01 * g * g, square, slopes)
        params = tree.map(
            lambda p, m, s, i=i: p - 0.1 * m / (1 - 0.9**i) / (np.sqrt(s / (1 - 0.99**i)) + 1e-8), params, mean, square
        )
    assert losses[-1] < losses[0] / 20
