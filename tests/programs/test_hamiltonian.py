"""Hamiltonian Monte Carlo: the posterior of a linear regression, whose mean and covariance are known.

Duane, Kennedy, Pendleton and Roweth, *Hybrid Monte Carlo*, Physics Letters B 195 (1987). Of y = X w + noise with w of
variance 1 and noise of variance s² the posterior is normal, of precision I + XᵀX/s² and mean that over XᵀY/s².
"""

import numpy as np
import pytest

from funcgrad import grad, jit, lax, random, vmap

NOISE, STEPS, LENGTH, KEPT = 0.5, 5, 0.04, 500
DATA, WEIGHTS, CHAINS = random.split(random.key(11), 3)
X = random.normal(random.fold_in(DATA, 0), (20, 3))
Y = X @ np.array([1.0, -2.0, 0.5]) + NOISE * random.normal(random.fold_in(DATA, 1), (20,))
PRECISION = np.eye(3) + X.T @ X / NOISE**2
MEAN = np.linalg.solve(PRECISION, X.T @ Y / NOISE**2)


def energy(w):
    """-log of the posterior, but for a constant."""
    return 0.5 * np.sum(w * w) + 0.5 * np.sum((Y - X @ w) ** 2) / NOISE**2


def leapfrog(w, p):
    """A path of the Hamiltonian energy(w) + |p|²/2."""

    def step(state, _):
        w, p = state
        p = p - 0.5 * LENGTH * grad(energy)(w)
        w = w + LENGTH * p
        return (w, p - 0.5 * LENGTH * grad(energy)(w)), None

    return lax.scan(step, (w, p), None, length=STEPS)[0]


def transition(w, key):
    """The next place of a chain, and whether the path was taken."""
    kick, toss = random.split(key)
    p = random.normal(kick, (3,))
    there, q = leapfrog(w, p)
    gain = energy(w) + 0.5 * p @ p - energy(there) - 0.5 * q @ q
    taken = np.log(random.uniform(toss)) < gain
    w = np.where(taken, there, w)
    return w, (w, taken)


def chain(key):
    """The places of a chain that begins anywhere."""
    return lax.scan(transition, np.zeros(3), random.split(key, KEPT))[1]


@pytest.fixture(scope="module")
def drawn():
    places, taken = jit(vmap(chain))(random.split(CHAINS, 4))
    return places[:, 50:].reshape(-1, 3), taken


def test_paths_keep_their_energy(drawn):
    assert 0.8 < np.mean(drawn[1]) < 0.999


def test_moments_are_the_posteriors(drawn):
    covariance = np.linalg.inv(PRECISION)
    deviation = np.sqrt(np.diag(covariance))
    np.testing.assert_allclose((np.mean(drawn[0], axis=0) - MEAN) / deviation, 0.0, atol=0.1)
    np.testing.assert_allclose((np.cov(drawn[0].T) - covariance) / np.outer(deviation, deviation), 0.0, atol=0.12)


def test_the_same_keys_draw_the_same_chain(drawn):
    alone = jit(chain)(random.split(CHAINS, 4)[2])[0]
    np.testing.assert_allclose(alone[:20], jit(vmap(chain))(random.split(CHAINS, 4))[0][2][:20], rtol=1e-9)
